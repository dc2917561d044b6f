package specimen_test

import (
	"fmt"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// A picture of an invented card, and the truth read back from the code on it.
func Example() {
	person := specimen.Cast()[1]
	picture := specimen.Draw(person, shared.SideEmblem, specimen.Options{Width: 640})
	truth, ok := specimen.ReadStrip(picture)
	fmt.Println(ok, truth.Side, truth.Authority, truth.ValidFrom, truth.ValidUntil)
	// Output: true emblem 霁川县公安局 2018-09-05 long-term
}

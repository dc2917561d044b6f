package find_test

import (
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/find"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
)

func TestZExt(t *testing.T) {
	f, err := find.New()
	if err != nil {
		t.Fatal(err)
	}
	r := new(row)
	for i := range 40 {
		for _, s := range []specimen.Subject{"both", "two"} {
			data, truth := specimen.PhotoSet{Set: "tune", Seed: 1, Level: "extreme", Subject: s}.At(i)
			r.measure(t, f, string(s), data, &truth)
		}
	}
	t.Log(r)
}

package fields_test

import (
	"slices"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/internal/fields"
)

func TestANameThatIsAFieldIsNoWay(t *testing.T) {
	t.Parallel()
	d := described()
	if got := fields.Ways(d, d.Fields[1]); !slices.Equal(got, []string{fields.File, fields.Env, fields.Command}) {
		t.Errorf("%q", got)
	}
	if got := fields.Ways(d, d.Fields[2]); !slices.Equal(got, []string{fields.Env, fields.Command}) {
		t.Errorf("%q", got)
	}
}

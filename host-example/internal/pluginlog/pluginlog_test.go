package pluginlog_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/internal/pluginlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLinesArriveWithTheirLevelAndOrigin(t *testing.T) {
	t.Parallel()
	var got []string
	l := pluginlog.New(hclog.Info, func(level hclog.Level, msg string, pairs ...any) {
		got = append(got, fmt.Sprint(level, " ", msg, " ", pairs))
	})
	l.Debug("not this one")
	l.Info("one", "a", 1)
	l.Named("plugin").Warn("two", "b", 2)
	if want := []string{"info one [a 1]", "warn two [from plugin b 2]"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

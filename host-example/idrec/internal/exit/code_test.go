package exit_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCredentialsAndSettingsBeatLaterWhichBeatsFailed(t *testing.T) {
	t.Parallel()
	order := []int{exit.OK, exit.Failed, exit.Later, exit.NoInput, exit.Defect, exit.Plugin, exit.Config, exit.Refused}
	for i, light := range order {
		for _, heavy := range order[i:] {
			if got := exit.Heavier(light, heavy); got != heavy {
				t.Errorf("Heavier(%d, %d) = %d", light, heavy, got)
			}
			if got := exit.Heavier(heavy, light); got != heavy {
				t.Errorf("Heavier(%d, %d) = %d", heavy, light, got)
			}
		}
	}
}

func TestEveryCodeOfTheTableHasAWeightedExit(t *testing.T) {
	t.Parallel()
	for _, info := range shared.Codes() {
		got := exit.Of(fmt.Errorf("wrapped: %w", &shared.Error{Code: info.Code, Outcome: shared.OutcomeNotSent}))
		if got == exit.OK || info.Class != shared.ClassUnclear && got != info.Exit {
			t.Errorf("%s ends with %d, the table says %d", info.Code, got, info.Exit)
		}
		if exit.Heavier(exit.OK, got) != got {
			t.Errorf("%s: %d has no weight", info.Code, got)
		}
	}
}

func TestWhatMayBeBilledIsNeverLater(t *testing.T) {
	t.Parallel()
	err := &shared.Error{Code: shared.CodeDeadlineExceeded, Outcome: shared.OutcomeAmbiguous}
	if got := exit.Of(err); got != exit.Failed {
		t.Errorf("an ambiguous timeout ends with %d; running again would promise that it is asked again", got)
	}
}

func TestCodesOfNewerPluginsGoByTheirClass(t *testing.T) {
	t.Parallel()
	for class, want := range map[shared.Class]int{
		shared.ClassInput: exit.Failed, shared.ClassConfiguration: exit.Config, shared.ClassPaused: exit.Later,
		shared.ClassTransient: exit.Later, shared.ClassUnclear: exit.Failed, shared.ClassInternal: exit.Defect,
	} {
		if got := exit.OfClass("from_the_future", class); got != want {
			t.Errorf("class %s ends with %d, want %d", class, got, want)
		}
	}
}

func TestAdviceIsGivenOnce(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"it broke", "mend it", "it broke: mend it"}, {"it broke: mend it (code)", "mend it", "it broke: mend it (code)"}, {"it broke", "", "it broke"}} {
		if got := exit.Advise(c[0], c[1]); got != c[2] {
			t.Errorf("got %q, want %q", got, c[2])
		}
	}
}

func TestAnUntypedErrorIsADefect(t *testing.T) {
	t.Parallel()
	if got := exit.Of(errors.New("boom")); got != exit.Defect {
		t.Errorf("got %d", got)
	}
	if got := exit.Of(exit.Errorf(exit.NoInput, "nothing in %d folders", 2)); got != exit.NoInput {
		t.Errorf("got %d", got)
	}
	if got := exit.Of(os.ErrClosed); got != exit.Defect {
		t.Errorf("got %d", got)
	}
}

package open

import (
	"errors"
	"io/fs"
	"os"

	"github.com/seed-6b91b535/idrec/shared"
)

// exists refuses a ledger's file that is not there.
func exists(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err,
			Message: "there is no ledger at that place: it is made by the first paid call; check the setting ledger"}
	}
	return nil
}

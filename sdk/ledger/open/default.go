package open

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/seed-6b91b535/idrec/shared"
)

// fileName is the ledger's in its folder.
const fileName = "ledger.db"

// DefaultFile returns where the ledger lies when nobody says where: idrec/ledger.db in
// $XDG_STATE_HOME, or in what the system has in its place: ~/.local/state, ~/Library/Application Support
// on macOS, %LocalAppData% on Windows. lookup reads the environment; nil is [os.LookupEnv].
//
// An account without a home folder, as services have, has no such place: the error has
// [shared.CodeConfigurationInvalid] and says what to set.
func DefaultFile(lookup func(string) (string, bool)) (string, error) {
	if lookup == nil {
		lookup = os.LookupEnv
	}
	dir := stateFolder(runtime.GOOS, func(name string) string {
		v, _ := lookup(name)
		return v
	})
	if dir == "" {
		return "", noHome()
	}
	return filepath.Join(dir, "idrec", fileName), nil
}

func stateFolder(system string, env func(string) string) string {
	// The XDG base directory specification: a relative path is to be ignored.
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	if system == "windows" {
		if dir := env("LocalAppData"); filepath.IsAbs(dir) {
			return dir
		}
		return ""
	}
	home := env("HOME")
	switch {
	case !filepath.IsAbs(home):
		return ""
	case system == "darwin" || system == "ios":
		return filepath.Join(home, "Library", "Application Support")
	}
	return filepath.Join(home, ".local", "state")
}

func noHome() error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
		Message: "there is no home folder for the record of paid calls: set ledger to a file on a disk that stays, to postgres://…, or to memory"}
}

package open

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/sdk/ledger/sqlite"
	"github.com/seed-6b91b535/idrec/shared"
)

// KeyAdvice is what the user is told where the key lies in a file.
const KeyAdvice = "a key beside the ledger protects only copies of the ledger that were made without the key"

// Memory is the address of a record that ends with the process.
const Memory = "memory"

// Options say where the record lies and with which key it is sealed.
type Options struct {
	// Address is [Memory], the path of a file from the root, or postgres://… ; empty is [DefaultFile].
	Address shared.Secret
	// Key is the text of a key ring, or KeyFile the path of a file that holds one and is made on first
	// use; at most one is set. With neither, a file's key lies beside it, .key behind its name; a
	// database needs one of the two, since its processes lie on several machines.
	Key     shared.Secret
	KeyFile string
	// MustExist: a file that is not there is not made, for who only wants to look into it.
	MustExist bool
	// Lookup reads the environment; nil is [os.LookupEnv].
	Lookup func(string) (string, bool)
}

// Opened is a record that was opened, and what its user should know.
type Opened struct {
	ledger.Store

	// KeyFile is where the key lies, if it came from a file, and KeyCreated whether it was made just now.
	KeyFile    string
	KeyCreated bool
	// Warnings are lines on where the record lies: a disk that does not stay, say.
	Warnings []string
}

// Kind is the kind of store that an address names.
type Kind string

// The kinds.
const (
	KindMemory   Kind = "memory"
	KindFile     Kind = "file"
	KindPostgres Kind = "postgres"
)

// KindOf tells the kind of an address. Another scheme than PostgreSQL's is refused.
func KindOf(address string) (Kind, error) {
	scheme, _, isURL := strings.Cut(address, "://")
	switch {
	case address == Memory:
		return KindMemory, nil
	case !isURL:
		return KindFile, nil
	case scheme == "postgres" || scheme == "postgresql":
		return KindPostgres, nil
	}
	return "", wrong("the setting ledger is wrong: give a file, postgres://… or memory")
}

func wrong(message string) *shared.Error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

// Open opens the record. The errors have [shared.CodeConfigurationInvalid] where a setting is wrong or
// the key is not the record's, and [shared.CodeLedgerUnavailable] where it cannot be used now; they name
// no path and no address.
func Open(ctx context.Context, o Options) (*Opened, error) {
	o, kind, err := o.complete()
	if err != nil {
		return nil, err
	}
	if kind == KindMemory {
		return &Opened{Store: ledger.NewMemory(ledger.MemoryOptions{})}, nil
	}
	if kind == KindFile {
		there := exists(o.Address.Reveal())
		if there != nil && o.MustExist {
			return nil, there
		}
		if there == nil { // a new key would not open it
			if err := o.keyExists(); err != nil {
				return nil, err
			}
		}
	}
	ring, opened, err := o.ring()
	if err != nil {
		return nil, err
	}
	var s interface {
		ledger.Store
		Warnings() []string
	}
	if kind == KindPostgres {
		s, err = postgres.Open(ctx, o.Address.Reveal(), ring, postgres.Options{})
	} else {
		s, err = sqlite.Open(ctx, o.Address.Reveal(), ring, sqlite.Options{})
	}
	if err != nil {
		return nil, err
	}
	opened.Store, opened.Warnings = s, s.Warnings()
	return opened, nil
}

// complete fills in where the record and its key lie.
func (o Options) complete() (Options, Kind, error) {
	address := o.Address.Reveal()
	if address == "" {
		var err error
		if address, err = DefaultFile(o.Lookup); err != nil {
			return o, "", err
		}
	}
	kind, err := KindOf(address)
	switch {
	case err != nil:
		return o, "", err
	case kind == KindFile && !filepath.IsAbs(address):
		return o, "", wrong("the setting ledger is wrong: give the path from the root")
	case o.KeyFile != "" && !filepath.IsAbs(o.KeyFile):
		return o, "", wrong("the setting ledger_key_file is wrong: give the path from the root")
	case o.KeyFile != "" || !o.Key.IsZero():
	case kind == KindPostgres:
		return o, "", wrong("a ledger in a database needs a key: set ledger_key_file (it is made on first use; give the other machines a copy) or ledger_key")
	case kind == KindFile:
		o.KeyFile = address + ".key"
	}
	o.Address = shared.NewSecret(address)
	return o, kind, nil
}

// ring reads the key ring.
func (o Options) ring() (*seal.Ring, *Opened, error) {
	if o.KeyFile == "" {
		r, err := seal.Parse([]byte(o.Key.Reveal()))
		return r, &Opened{}, err
	}
	r, created, err := seal.LoadFile(o.KeyFile)
	return r, &Opened{KeyFile: o.KeyFile, KeyCreated: created}, err
}

// KeyFile returns where the key of a record lies, empty if it does not come from a file.
func KeyFile(o Options) (string, error) {
	o, _, err := o.complete()
	return o.KeyFile, err
}

// Ring reads the key ring of a record without opening the record.
func Ring(o Options) (*seal.Ring, error) {
	o, _, err := o.complete()
	if err != nil {
		return nil, err
	}
	if err := o.keyExists(); err != nil {
		return nil, err
	}
	r, _, err := o.ring()
	return r, err
}

// keyExists refuses a key file that is not there.
func (o Options) keyExists() error {
	if o.KeyFile == "" {
		return nil
	}
	if _, err := os.Stat(o.KeyFile); errors.Is(err, fs.ErrNotExist) {
		return wrong("the ledger's key file is not there: restore it, for without its key nothing in the ledger can be read")
	}
	return nil
}

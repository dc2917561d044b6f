package layers

import (
	"net/url"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// LedgerPlace says where the record of calls lies, as the user's settings have it. The zero value is
// the opener's default.
type LedgerPlace struct {
	// Address is memory, the path of a file, or the URL of a PostgreSQL database; empty is the default.
	// It may hold a password.
	Address shared.Secret
	// Key is the key that seals what is stored; KeyFile is the file that holds it, made on first use.
	// At most one of the two is set.
	Key     shared.Secret
	KeyFile string
}

// LedgerInMemory is the address of a record that ends with the process.
const LedgerInMemory = "memory"

const (
	fieldLedger        = "ledger"
	fieldLedgerDSN     = "ledger_dsn"
	fieldLedgerKey     = "ledger_key"
	fieldLedgerKeyFile = "ledger_key_file"
)

// LedgerFields describes the settings that [ParseLedger] takes.
func LedgerFields() []shared.ConfigField {
	return []shared.ConfigField{
		{Name: fieldLedger, Type: shared.TypePath, Enum: []string{LedgerInMemory}, Help: "where the record of paid calls lies: a file, postgres://… without a password, or memory; default: idrec/ledger.db in your state folder"},
		{Name: fieldLedgerDSN, Type: shared.TypeString, Secret: true, Help: "postgres://… with a password in it, instead of ledger"},
		{Name: fieldLedgerKey, Type: shared.TypeString, Secret: true, Help: "the key that seals what the ledger stores, instead of ledger_key_file"},
		{Name: fieldLedgerKeyFile, Type: shared.TypePath, Help: "the file with the key that seals what the ledger stores, made on first use; default: beside the ledger's file, .key behind its name"},
	}
}

// ParseLedger reads the settings of [LedgerFields]; others are left alone. An error has
// [shared.CodeConfigurationInvalid] and names the setting, never its value.
func ParseLedger(c shared.Configuration) (LedgerPlace, error) {
	address := strings.TrimSpace(c.Values[fieldLedger])
	p := LedgerPlace{Address: shared.NewSecret(address), Key: c.Secrets[fieldLedgerKey], KeyFile: c.Values[fieldLedgerKeyFile]}
	bad := func(message string) (LedgerPlace, error) {
		return LedgerPlace{}, notSent(shared.CodeConfigurationInvalid, message, nil)
	}
	for _, name := range []string{fieldLedgerDSN, fieldLedgerKey} {
		if _, plain := c.Values[name]; plain {
			return bad("the setting " + name + " is a secret and was given as a plain value: give it by file, environment or command")
		}
	}
	switch dsn := c.Secrets[fieldLedgerDSN]; {
	case HoldsPassword(address):
		return bad("the setting ledger has a password in it: give the whole address as ledger_dsn, by file, environment or command")
	case !dsn.IsZero() && address != "":
		return bad("the setting ledger is wrong: there is ledger_dsn too; give one of the two")
	case !dsn.IsZero():
		p.Address = shared.NewSecret(strings.TrimSpace(dsn.Reveal()))
	}
	if !p.Key.IsZero() && p.KeyFile != "" {
		return bad("the setting ledger_key_file is wrong: there is ledger_key too; give one of the two")
	}
	return p, nil
}

// HoldsPassword reports whether the address of a ledger is a URL with a password in it, in its user
// part or in its query, or one that cannot be read and so may hold one.
func HoldsPassword(address string) bool {
	if !strings.Contains(address, "://") {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return true
	}
	if _, has := u.User.Password(); has {
		return true
	}
	q, err := url.ParseQuery(u.RawQuery)
	return err != nil || q.Has("password") || q.Has("sslpassword")
}

// takeLedger reads and removes the ledger's settings.
func takeLedger(c shared.Configuration) (LedgerPlace, error) {
	p, err := ParseLedger(c)
	for _, f := range LedgerFields() {
		delete(c.Values, f.Name)
		delete(c.Secrets, f.Name)
	}
	return p, err
}

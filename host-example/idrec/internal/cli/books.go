package cli

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	ledgerSetting = "ledger"
	keySetting    = "ledger_key_file"
)

// ledgerFlags register the flags that say where the record of calls lies.
func (p *pluginFlags) ledgerFlags(f *pflag.FlagSet) {
	f.StringVar(&p.ledger, "ledger", "", "where the record of paid calls lies: `PLACE` is a file, postgres://… without a password, or memory; else IDREC_LEDGER, else idrec/ledger.db in your state folder")
	f.StringVar(&p.ledgerKey, "ledger-key-file", "", "`FILE` with the key that seals what the ledger stores, made on first use; else IDREC_LEDGER_KEY_FILE, else beside the ledger")
	f.StringArrayVar(&p.set, "set", nil, "any other of the plugin's settings, as `NAME=VALUE` (idrec config explain lists them); may be repeated")
}

// ledgerDefaults are the settings of the ledger that stand for every plugin, as far as the plugin has
// none of its own: IDREC_LEDGER, IDREC_LEDGER_KEY_FILE, and the default file.
func (a *app) ledgerDefaults(l settings.Layers, about *shared.Description, fields map[string]string) (map[string]string, error) {
	more := map[string]string{}
	if !settings.Known(about, ledgerSetting) {
		return more, nil
	}
	own := func(names ...string) bool {
		for _, n := range names {
			if _, ok := fields[n]; ok {
				return true
			}
			if v, ok := a.Lookup(settings.Env(about.Name, n)); ok && v != "" {
				return true
			}
		}
		return false
	}
	dsn := []string{"ledger_dsn_file", "ledger_dsn_env", "ledger_dsn_command"}
	key := []string{"ledger_key_env", "ledger_key_command"}
	if v, ok := a.Lookup(settings.Env("", ledgerSetting)); ok && v != "" && !own(append(dsn, ledgerSetting)...) {
		more[ledgerSetting] = v
	}
	if v, ok := a.Lookup(settings.Env("", keySetting)); ok && v != "" && !own(append(key, keySetting)...) {
		more[keySetting] = v
	}
	inFile := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return l.File.Has(about.Name, n) })
	}
	if more[ledgerSetting] == "" && !own(append(dsn, ledgerSetting)...) && !inFile(append(dsn, ledgerSetting)...) {
		// The plugin's default is the same, where it has the same environment.
		file, err := open.DefaultFile(a.Lookup)
		if err != nil {
			return nil, err
		}
		more[ledgerSetting] = file
	}
	return more, nil
}

// books are what the commands that open the ledger themselves need of the settings.
type books struct {
	ledger.Store

	plugin string // whose settings they are
	values map[string]string
	place  layers.LedgerPlace
}

// bookFlags registers the flags of a command that opens the ledger.
func bookFlags(c *cobra.Command) *pluginFlags {
	p := &pluginFlags{flags: c.Flags()}
	c.Flags().StringVar(&p.plugin, "plugin", "wapi", "plugin by `NAME` whose settings say where the ledger lies")
	p.ledgerFlags(c.Flags())
	return p
}

// bookSettings finds the settings of the ledger and of what is counted in it, as the plugin would get
// them, without starting it.
func (a *app) bookSettings(ctx context.Context, p *pluginFlags) (*books, error) {
	l, err := a.layers()
	if err != nil {
		return nil, err
	}
	if _, err := l.Apply(p.flags, pluginKeys()); err != nil {
		return nil, err
	}
	b := &books{plugin: pluginName(p.plugin)}
	about := &shared.Description{Name: b.plugin, Fields: layers.Fields(&shared.Description{Paid: true})}
	fields, err := p.fields()
	if err != nil {
		return nil, err
	}
	more, err := a.ledgerDefaults(l, about, fields)
	if err != nil {
		return nil, err
	}
	maps.Copy(fields, more)
	l.Flags = fields
	found, err := l.Resolve(about)
	if err != nil {
		return nil, err
	}
	c := shared.Configuration{Values: found.Values, Secrets: map[string]shared.Secret{}}
	for name, ref := range found.Secrets {
		if c.Secrets[name], err = a.reveal(ctx, name, ref); err != nil {
			return nil, err
		}
	}
	b.values = found.Values
	if b.place, err = layers.ParseLedger(c); err != nil {
		return nil, err
	}
	return b, nil
}

// openBooks opens the ledger. Plugins at work on it may go on: it is safe for several processes.
func (a *app) openBooks(ctx context.Context, p *pluginFlags) (*books, error) {
	b, err := a.bookSettings(ctx, p)
	if err != nil {
		return nil, err
	}
	if b.place.Address.Reveal() == layers.LedgerInMemory {
		return nil, exit.Errorf(exit.Config, "the ledger is in the memory of each plugin process, so there is nothing to look into: set ledger to a file or to postgres://…")
	}
	opened, err := a.openStore(ctx, b.place)
	if err != nil {
		return nil, ledgerError(err)
	}
	b.Store = opened.Store
	for _, w := range opened.Warnings {
		a.log.Warn(w)
	}
	return b, nil
}

// openStore opens a ledger that is there.
func (a *app) openStore(ctx context.Context, p layers.LedgerPlace) (*open.Opened, error) {
	f := a.openLedger
	if f == nil {
		f = open.Open
	}
	return f(ctx, open.Options{Address: p.Address, Key: p.Key, KeyFile: p.KeyFile, MustExist: true, Lookup: a.Lookup})
}

// ledgerError makes what a store says that is no typed error, and may name its place, one that does not.
func ledgerError(err error) error {
	if _, typed := errors.AsType[*shared.Error](err); typed || errors.Is(err, context.Canceled) {
		return err
	}
	if _, typed := errors.AsType[*exit.Error](err); typed {
		return err
	}
	return &shared.Error{Code: shared.CodeLedgerUnavailable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err,
		Message: "the record of calls cannot be read or written: see to its disk or database"}
}

// pluginName is the name in a name or path; of a cascade, that of the paid plugin, which is the last.
func pluginName(plugin string) string {
	if i := strings.LastIndexByte(plugin, ','); i >= 0 {
		plugin = plugin[i+1:]
	}
	if isPath(plugin) {
		name := filepath.Base(filepath.FromSlash(strings.ReplaceAll(plugin, `\`, "/")))
		plugin = strings.TrimSuffix(strings.TrimPrefix(name, "idrec-plugin-"), ".exe")
	}
	return plugin
}

// withBooks makes the work of a command that opens the ledger.
func (a *app) withBooks(p *pluginFlags, f func(ctx context.Context, b *books, args []string) error) func(*cobra.Command, []string) error {
	return do(func(ctx context.Context, args []string) error {
		b, err := a.openBooks(ctx, p)
		if err != nil {
			return err
		}
		defer func() { _ = b.Close() }()
		err = f(ctx, b, args)
		if _, done := errors.AsType[codeOnly](err); err == nil || done {
			return err
		}
		return ledgerError(err)
	})
}

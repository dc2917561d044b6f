package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/shared"
)

// pluginFlags name a plugin and its settings.
type pluginFlags struct {
	plugin string
	dirs   []string
	sha256 string
	lock   string

	url, appid, rate                     string
	ledger, ledgerKey                    string
	acceptConfidence, acceptStatus       float64
	secretFile, secretEnv, secretCommand string
	set                                  []string
	flags                                *pflag.FlagSet
}

// pluginKeys are those of the flags that can also stand in the environment and the file as the
// program's own settings. The others are fields that the plugin describes.
func pluginKeys() []string { return []string{"plugin", "plugin-dir", "sha256", "lock"} }

// place registers the flags that say which plugin, for commands that need none of its settings.
func (p *pluginFlags) place(f *pflag.FlagSet) {
	p.flags = f
	f.StringVar(&p.plugin, "plugin", "wapi", "plugin by `NAME`, or by the path of its file; two with a comma between them: a free one, and a paid one for what it is not sure of")
	f.StringArrayVar(&p.dirs, "plugin-dir", nil, "`FOLDER` where plugins are looked for besides idrec's own; may be repeated")
	_ = f.SetAnnotation("plugin-dir", settings.IsPath, nil)
	f.StringVar(&p.sha256, "sha256", "", "run the plugin only if its file has this `DIGEST`")
	f.StringVar(&p.lock, "lock", "", "run only what stands in this lock `FILE`, see idrec plugins lock")
	_ = f.SetAnnotation("lock", settings.IsPath, nil)
}

func (p *pluginFlags) register(f *pflag.FlagSet) {
	p.place(f)
	f.StringVar(&p.url, "url", "", "the plugin's setting url: the `URL` that the vendor gave you")
	f.StringVar(&p.appid, "appid", "", "the plugin's setting appid: the `ID` of your application at the vendor")
	f.StringVar(&p.rate, "rate", "", "the plugin's setting rate: calls a second, as a `NUMBER`")
	f.StringVar(&p.secretFile, "secret-file", "", "`FILE` that holds the secret, alone")
	f.StringVar(&p.secretEnv, "secret-env", "", "`NAME` of the variable of the environment that holds the secret")
	f.StringVar(&p.secretCommand, "secret-command", "", "`COMMAND` that prints the secret: words between spaces, run without a shell")
	p.ledgerFlags(f)
	// For a clear answer instead of an unknown flag.
	f.String("secret", "", "")
	_ = f.MarkHidden("secret")
}

// fields are the plugin's settings from the command line.
func (p *pluginFlags) fields() (map[string]string, error) {
	if p.flags.Changed("secret") {
		return nil, exit.Errorf(exit.Usage, "a secret on a command line can be seen by everybody on the machine: put it in a file and give --secret-file, or use --secret-env or --secret-command")
	}
	m := map[string]string{}
	for _, f := range []struct{ flag, field, value string }{
		{"url", "url", p.url}, {"appid", "appid", p.appid}, {"rate", "rate", p.rate}, {"secret-file", "secret_file", p.secretFile},
		{"secret-env", "secret_env", p.secretEnv}, {"secret-command", "secret_command", p.secretCommand},
		{"ledger", ledgerSetting, p.ledger}, {"ledger-key-file", keySetting, p.ledgerKey},
	} {
		if p.flags.Changed(f.flag) {
			m[f.field] = f.value
		}
	}
	for _, s := range p.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, exit.Errorf(exit.Usage, "--set takes NAME=VALUE")
		}
		name = strings.ReplaceAll(name, "-", "_")
		if _, twice := m[name]; twice {
			return nil, exit.Errorf(exit.Usage, "the setting %.40q is given twice", name)
		}
		m[name] = value
	}
	if layers.HoldsPassword(m[ledgerSetting]) {
		return nil, exit.Errorf(exit.Usage, "a password on a command line can be seen by everybody on the machine: put the ledger's whole address in a file and give --set ledger_dsn_file=FILE, or ledger_dsn_env or ledger_dsn_command")
	}
	return m, nil
}

// process is a plugin at work.
type process interface {
	shared.Recognizer
	shared.Configurer
	shared.Checker
	Close() error
}

// opened is a plugin that was configured.
type opened struct {
	process
	about    *shared.Description
	settings settings.Plugin
	given    shared.Configuration
}

// layers are the places where settings stand.
func (a *app) layers() (settings.Layers, error) {
	name, must := a.config, a.config != ""
	if !must {
		if v, ok := a.Lookup("IDREC_CONFIG"); ok && v != "" {
			name, must = v, true
		} else {
			name = settings.DefaultFile()
		}
	}
	file, err := settings.Load(name, must)
	return settings.Layers{Lookup: a.Lookup, File: file}, err
}

// start opens the plugin without settings.
func (a *app) start(ctx context.Context, p *pluginFlags) (process, *shared.Description, error) {
	open := a.openPlugin
	if open == nil {
		open = a.openProcess
	}
	proc, err := open(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	about, err := proc.Describe(ctx)
	if err != nil {
		_ = proc.Close()
		return nil, nil, err
	}
	return proc, about, nil
}

// open opens the plugin and configures it. more are settings as from the command line.
func (a *app) open(ctx context.Context, p *pluginFlags, l settings.Layers, more map[string]string) (*opened, error) {
	fields, err := p.fields()
	if err != nil {
		return nil, err
	}
	each, err := p.each()
	if err != nil {
		return nil, err
	}
	if len(each) > 1 {
		return a.openCascade(ctx, each, l, fields, more)
	}
	proc, about, err := a.start(ctx, p)
	if err != nil {
		return nil, err
	}
	o := &opened{process: proc, about: about}
	if err := a.configure(ctx, o, l, fields, more, about); err != nil {
		_ = proc.Close()
		return nil, err
	}
	return o, nil
}

// configure gives a plugin its settings. Keys in the file may be those of any of the plugins in use.
func (a *app) configure(ctx context.Context, o *opened, l settings.Layers, fields, more map[string]string, used ...*shared.Description) error {
	known := func(key string) bool {
		return programKey(key) || slices.ContainsFunc(used, func(d *shared.Description) bool { return settings.Known(d, key) })
	}
	if err := l.File.Unknown(o.about.Name, known); err != nil {
		return err
	}
	defaults, err := a.ledgerDefaults(l, o.about, fields)
	if err != nil {
		return err
	}
	maps.Copy(defaults, more)
	for name, v := range defaults {
		if _, given := fields[name]; !given && settings.Known(o.about, name) {
			fields[name] = v
		}
	}
	l.Flags = fields
	if o.settings, err = l.Resolve(o.about); err != nil {
		return err
	}
	c := shared.Configuration{Values: o.settings.Values, Secrets: map[string]shared.Secret{}}
	for name, ref := range o.settings.Secrets {
		secret, err := a.reveal(ctx, name, ref)
		if err != nil {
			return err
		}
		c.Secrets[name] = secret
	}
	o.given = c
	return o.Configure(ctx, c)
}

// programKey reports whether a key of the configuration file is the program's own.
func programKey(key string) bool {
	for _, names := range [][]string{pluginKeys(), recognizeKeys()} {
		for _, n := range names {
			if settings.Key(n) == key {
				return true
			}
		}
	}
	return false
}

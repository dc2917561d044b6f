package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/shared"
)

// setting is a row of config explain.
type setting struct {
	Key      string   `json:"key"`
	Of       string   `json:"of"` // idrec, or a plugin
	Type     string   `json:"type"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required,omitempty"`
	Secret   bool     `json:"secret,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Flag     string   `json:"flag"`
	Env      string   `json:"env"`
	Value    string   `json:"value,omitempty"`  // if somebody set it; never a secret
	Origin   string   `json:"origin,omitempty"` // where
	Help     string   `json:"help"`
}

func (a *app) configuration() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Explain the configuration", Args: noArgs, RunE: help, DisableFlagsInUseLine: true}
	p := &pluginFlags{}
	var output string
	explain := &cobra.Command{
		Use: "explain", Short: "Print every setting: default, flag, variable, where it is set and what it does", Args: noArgs,
		Long: `Print every setting of idrec and of the plugin, with its default, its flag, its variable of the
environment, where it is set now and what it does. The command line beats the environment, which beats
the file, which beats the default. The plugin's settings stand in the file at the top, or, for several
plugins, below plugins: and the plugin's name:

  concurrency: 8
  url: https://account.example/pyi/76/194
  appid: "1"
  secret_file: secret.txt
  plugins:
    wapi:
      rate: 5`,
	}
	p.register(explain.Flags())
	explain.Flags().StringVar(&output, "output", "table", "table or json")
	explain.RunE = do(func(ctx context.Context, _ []string) error {
		if output != "table" && output != "json" {
			return exit.Errorf(exit.Usage, "unknown output format: use table or json")
		}
		rows, err := a.explain(ctx, p)
		if err != nil && len(rows) == 0 {
			return err
		}
		if output == "json" {
			if pErr := a.printJSON(rows); pErr != nil {
				return pErr
			}
			return err
		}
		t := a.newTable("Key", "Of", "Default", "Flag", "Variable", "Now", "What it does")
		for _, r := range rows {
			now := r.Value
			if r.Origin != "" {
				now = strings.TrimSpace(now + " (" + a.origin(r.Origin) + ")")
			}
			def := r.Default
			if r.Required {
				def = a.text("(required)")
			}
			help := a.text(r.Help)
			if len(r.Enum) > 0 {
				help += " (" + strings.Join(r.Enum, ", ") + ")"
			}
			t.AppendRow(table.Row{r.Key, r.Of, def, r.Flag, r.Env, now, help})
		}
		if pErr := a.print(a.fit(t, 28, "Now", "What it does", "Variable", "Flag")); pErr != nil {
			return pErr
		}
		return err
	})
	c.AddCommand(explain)
	return c
}

// origin says where a setting was set.
func (a *app) origin(where string) string {
	if line, ok := strings.CutPrefix(where, settings.FileLine); ok {
		return a.format("file line %s", line)
	}
	return a.text(where)
}

// explain lists the settings. Where only the plugin's are wrong or cannot be told, the rows are there
// beside the error.
func (a *app) explain(ctx context.Context, p *pluginFlags) ([]setting, error) {
	layers, err := a.layers()
	if err != nil {
		return nil, err
	}
	r := &recognition{}
	flags := pflag.NewFlagSet("recognize", pflag.ContinueOnError)
	r.flagsOf(flags)
	names := append(pluginKeys(), recognizeKeys()...)
	p.flags.Visit(func(f *pflag.Flag) { // what was given here counts as it would there
		if g := flags.Lookup(f.Name); g != nil && f.Value.Type() == g.Value.Type() {
			_ = flags.Set(f.Name, f.Value.String())
		}
	})
	origins, err := layers.Apply(flags, names)
	if err != nil {
		return nil, err
	}
	if !p.flags.Changed("plugin") {
		p.plugin = r.plugin
	}
	if !p.flags.Changed("plugin-dir") {
		p.dirs = r.dirs
	}
	if !p.flags.Changed("sha256") {
		p.sha256 = r.sha256
	}
	if !p.flags.Changed("lock") {
		p.lock = r.lock
	}
	var rows []setting
	for _, n := range names {
		f := flags.Lookup(n)
		_, help := pflag.UnquoteUsage(f)
		s := setting{Key: settings.Key(n), Of: "idrec", Type: f.Value.Type(), Default: strings.Trim(f.DefValue, "[]"), Flag: "--" + n, Env: settings.Env("", n), Origin: origins[n], Help: help}
		if s.Origin != "" {
			s.Value = f.Value.String()
		}
		rows = append(rows, s)
	}
	each, err := p.each()
	if err != nil {
		return rows, err
	}
	var used []*shared.Description
	for _, one := range each {
		proc, about, err := a.start(ctx, one)
		if err != nil {
			return rows, err
		}
		_ = proc.Close()
		used = append(used, about)
	}
	for _, about := range used {
		more, err := explainPlugin(p, layers, about, used)
		if rows = append(rows, more...); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// explainPlugin lists the settings of one of the plugins in use.
func explainPlugin(p *pluginFlags, layers settings.Layers, about *shared.Description, used []*shared.Description) ([]setting, error) {
	fields, err := p.fields()
	if err != nil {
		return nil, err
	}
	if len(used) > 1 {
		maps.DeleteFunc(fields, func(name, _ string) bool { return !settings.Known(about, name) })
	}
	layers.Flags = fields
	resolved, err := layers.Resolve(about)
	var missing *exit.Error
	if errors.As(err, &missing) && missing.Code == exit.Config {
		err = nil // that something is missing shows in the table
	}
	var rows []setting
	for _, f := range about.Fields {
		s := setting{Key: f.Name, Of: about.Name, Type: string(f.Type), Default: f.Default, Required: f.Required, Secret: f.Secret, Enum: f.Enum,
			Flag: "--set " + f.Name + "=…", Env: settings.Env(about.Name, f.Name), Value: resolved.Values[f.Name], Origin: resolved.Origins[f.Name], Help: f.Help}
		if p.flags.Lookup(strings.ReplaceAll(f.Name, "_", "-")) != nil && !f.Secret {
			s.Flag = "--" + strings.ReplaceAll(f.Name, "_", "-")
		}
		if f.Secret {
			key, env, flag := waysText(about, f)
			s.Key += key
			s.Env += env
			s.Flag = flag
		}
		rows = append(rows, s)
	}
	return rows, errors.Join(err, layers.File.Unknown(about.Name, func(k string) bool {
		return programKey(k) || slices.ContainsFunc(used, func(d *shared.Description) bool { return settings.Known(d, k) })
	}))
}

// waysText lists the ways in which a secret can be given, as they stand in the file, in the environment
// and on the command line, where only the most common ones have a flag of their own.
func waysText(about *shared.Description, f shared.ConfigField) (key, env, flag string) {
	var keys []string
	for _, w := range settings.WaysOf(about, f) {
		keys = append(keys, "_"+string(w))
	}
	list := func(words []string) string {
		last := len(words) - 1
		return strings.Join(words[:last], ", ") + " or " + words[last]
	}
	key = list(keys)
	env = strings.ToUpper(key)
	if f.Name == "secret" {
		return key, env, "--" + f.Name + "-file, -env or -command"
	}
	return key, env, "--set " + f.Name + keys[0] + "=…"
}

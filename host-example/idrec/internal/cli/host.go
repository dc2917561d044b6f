package cli

import (
	"context"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// hosted is a plugin in a process of its own.
type hosted struct{ *host.Plugin }

// Close ends the process. What it waits for is bounded by the host's own limit.
func (h hosted) Close() error { return h.Plugin.Close(context.Background()) }

// openProcess starts the plugin that the flags name.
func (a *app) openProcess(ctx context.Context, p *pluginFlags) (process, error) {
	o, err := a.options(p)
	if err != nil {
		return nil, err
	}
	plugin, err := host.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return hosted{plugin}, nil
}

// options say how the plugin that the flags name is run.
func (a *app) options(p *pluginFlags) (host.Options, error) {
	o := host.Options{Dirs: p.folders(), SHA256: strings.ToLower(p.sha256), Lock: p.lock, Logger: pluginLog(a.log), Restart: true}
	if !isPath(p.plugin) {
		o.Name = p.plugin
		return o, nil
	}
	path, err := p.path()
	if err != nil {
		return o, exit.Errorf(exit.Plugin, "the plugin's path cannot be told: give it from the root")
	}
	o.Path = path
	return o, nil
}

// reveal gets a secret from where it lies. name is the setting's, for messages.
func (a *app) reveal(ctx context.Context, name string, ref settings.Reference) (shared.Secret, error) {
	if ref.Place == "" {
		return shared.Secret{}, exit.Errorf(exit.Config, "%s is to come by %s, and that is empty", name, ref.By)
	}
	s := host.SecretSource{}
	switch ref.By {
	case settings.ByFile:
		s.File = ref.Place
	case settings.ByCommand:
		s.Command = strings.Fields(ref.Place)
	case settings.ByEnv:
		v, ok := a.Lookup(ref.Place)
		if !ok || v == "" {
			return shared.Secret{}, exit.Errorf(exit.Config, "the variable of the environment that should hold %s is not set, or empty", name)
		}
		s.Value = shared.NewSecret(v)
	}
	return host.ResolveSecret(ctx, s, pluginLog(a.log))
}

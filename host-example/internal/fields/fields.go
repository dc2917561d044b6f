// Package fields turns settings, as the users of a workflow engine write them, into the configuration
// of a plugin: by the names of the fields that the plugin describes itself, so that no host knows any
// of them.
package fields

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// Resolve makes the configuration of the plugin that d describes. set holds texts by the names of
// fields; an empty one is not set, as engines leave inputs blank. A secret comes under its own name
// from a host with a vault, else under its name with [File], [Env] or [Command] behind it.
//
// The errors have the code [shared.CodeConfigurationInvalid] and name the setting, never its value.
func Resolve(ctx context.Context, d *shared.Description, set map[string]string, log hclog.Logger) (shared.Configuration, error) {
	c := shared.Configuration{Values: map[string]string{}, Secrets: map[string]shared.Secret{}}
	left := maps.Clone(set)
	take := func(name string) string {
		v := left[name]
		delete(left, name)
		return v
	}
	var missing []string
	for _, f := range d.Fields {
		if !f.Secret {
			if v := take(f.Name); v != "" {
				c.Values[f.Name] = FromHere(f, v)
			} else if f.Required {
				missing = append(missing, f.Name)
			}
			continue
		}
		source := host.SecretSource{Value: shared.NewSecret(take(f.Name))}
		for _, ending := range Ways(d, f) {
			switch v := take(f.Name + ending); ending {
			case File:
				source.File = v
			case Env:
				source.Env = v
			case Command:
				source.Command = strings.Fields(v)
			}
		}
		if source.Value.IsZero() && source.File == "" && source.Env == "" && len(source.Command) == 0 {
			if f.Required {
				missing = append(missing, f.Name)
			}
			continue
		}
		secret, err := host.ResolveSecret(ctx, source, log)
		if err != nil {
			return shared.Configuration{}, fmt.Errorf("setting %s: %w", f.Name, err)
		}
		c.Secrets[f.Name] = secret
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		return shared.Configuration{}, invalid("the plugin %s has no setting %.40q", d.Name, name)
	}
	if len(missing) > 0 {
		return shared.Configuration{}, invalid("the plugin %s needs the setting %s", d.Name, strings.Join(missing, ", "))
	}
	return c, nil
}

// FromEnvironment collects what the environment says of the plugin's fields, under the names that the
// command line program idrec uses: IDREC_WAPI_URL, IDREC_WAPI_SECRET_FILE. A secret's value itself is
// refused there, as that program does: it would be taken from a place that is not safe, or, passed over,
// leave the plugin with a key of its own.
func FromEnvironment(d *shared.Description, lookup func(string) (string, bool)) (map[string]string, error) {
	set := map[string]string{}
	for _, f := range d.Fields {
		names := []string{f.Name}
		if f.Secret {
			if v, ok := lookup(Variable(d.Name, f.Name)); ok && v != "" {
				return nil, invalid("%s holds a secret itself: put it in a file and set %s, or set %s to the name of the variable",
					Variable(d.Name, f.Name), Variable(d.Name, f.Name+File), Variable(d.Name, f.Name+Env))
			}
			names = nil
			for _, ending := range Ways(d, f) {
				names = append(names, f.Name+ending)
			}
		}
		for _, name := range names {
			if v, ok := lookup(Variable(d.Name, name)); ok && v != "" {
				set[name] = v
			}
		}
	}
	return set, nil
}

func invalid(format string, args ...any) error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
		Message: fmt.Sprintf(format, args...)}
}

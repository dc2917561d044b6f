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

// The endings of a secret's name that say how it is given, instead of the value.
const (
	File    = "_file"    // a file that holds nothing else
	Env     = "_env"     // the name of a variable of the environment
	Command = "_command" // words between spaces, run without a shell, that print it
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
				c.Values[f.Name] = v
			} else if f.Required {
				missing = append(missing, f.Name)
			}
			continue
		}
		source := host.SecretSource{Value: shared.NewSecret(take(f.Name))}
		for ending, put := range map[string]func(string){
			File:    func(v string) { source.File = v },
			Env:     func(v string) { source.Env = v },
			Command: func(v string) { source.Command = strings.Fields(v) },
		} {
			if HasWay(d, f, ending) {
				put(take(f.Name + ending))
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
// not taken from it.
func FromEnvironment(d *shared.Description, lookup func(string) (string, bool)) map[string]string {
	set := map[string]string{}
	for _, f := range d.Fields {
		names := []string{f.Name}
		if f.Secret {
			names = nil
			for _, ending := range []string{File, Env, Command} {
				if HasWay(d, f, ending) {
					names = append(names, f.Name+ending)
				}
			}
		}
		for _, name := range names {
			key := strings.ToUpper(strings.ReplaceAll("IDREC_"+d.Name+"_"+name, "-", "_"))
			if v, ok := lookup(key); ok && v != "" {
				set[name] = v
			}
		}
	}
	return set
}

// HasWay reports whether a secret can be given under its name with the ending: not where that is the
// name of a field of its own.
func HasWay(d *shared.Description, secret shared.ConfigField, ending string) bool {
	return !slices.ContainsFunc(d.Fields, func(f shared.ConfigField) bool { return f.Name == secret.Name+ending })
}

func invalid(format string, args ...any) error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
		Message: fmt.Sprintf(format, args...)}
}

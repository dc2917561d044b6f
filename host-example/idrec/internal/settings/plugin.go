package settings

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/internal/fields"
	"github.com/seed-6b91b535/idrec/shared"
)

// Reference says where a secret is to be found.
type Reference struct {
	By    By
	Place string // a path, the name of a variable, or a command line
}

// By is a way to give a secret.
type By string

// The ways.
const (
	ByFile    By = "file"
	ByEnv     By = "env"
	ByCommand By = "command"
)

// WaysOf returns the ways in which a secret can be given: not by a name that is a setting of its own.
func WaysOf(d *shared.Description, f shared.ConfigField) []By {
	var ways []By
	for _, ending := range fields.Ways(d, f) {
		ways = append(ways, By(strings.TrimPrefix(ending, "_")))
	}
	return ways
}

// Layers are the places where a plugin's settings can stand, the first deciding.
type Layers struct {
	// Flags are the values from the command line, by the name of the field, or for secrets by the name
	// and the way: secret_file.
	Flags  map[string]string
	Lookup func(name string) (string, bool) // the environment; os.LookupEnv
	File   *File
}

// Plugin is what a plugin is to be configured with.
type Plugin struct {
	Values  map[string]string
	Secrets map[string]Reference
	// Origins tells for each field where it was set: "--set", "IDREC_WAPI_URL", "file line 3".
	Origins map[string]string
}

// Env is the variable of the environment for a plugin's field, or with an empty plugin for one of the
// program's settings.
func Env(plugin, key string) string { return fields.Variable(plugin, key) }

// Resolve finds the value of every field that d describes. Values are not looked at: the plugin does
// that. A required field that nobody set is an error that says how to set it, beside what was found.
func (l Layers) Resolve(d *shared.Description) (Plugin, error) {
	p := Plugin{Values: map[string]string{}, Secrets: map[string]Reference{}, Origins: map[string]string{}}
	left := maps.Clone(l.Flags)
	var missing []string
	for _, f := range d.Fields {
		var found bool
		var err error
		if f.Secret {
			found, err = l.secret(&p, d.Name, f, WaysOf(d, f), left)
		} else {
			found, err = l.plain(&p, d.Name, f, left)
		}
		if err != nil {
			return Plugin{}, err
		}
		if !found && f.Required {
			missing = append(missing, f.Name)
		}
	}
	if len(left) > 0 {
		name := slices.Sorted(maps.Keys(left))[0]
		return Plugin{}, exit.Errorf(exit.Usage, "the plugin %s has no setting %.40q: see idrec config explain", d.Name, name)
	}
	if len(missing) > 0 {
		return p, missingFields(d, missing)
	}
	return p, nil
}

func (l Layers) plain(p *Plugin, plugin string, f shared.ConfigField, flags map[string]string) (bool, error) {
	set := func(v, origin string) (bool, error) {
		p.Values[f.Name], p.Origins[f.Name] = v, origin
		return true, nil
	}
	if v, ok := flags[f.Name]; ok {
		delete(flags, f.Name)
		return set(fields.FromHere(f, v), "command line")
	}
	if v, ok := l.lookup(Env(plugin, f.Name)); ok {
		return set(fields.FromHere(f, v), Env(plugin, f.Name))
	}
	if v, where, ok := l.File.get(plugin, f.Name); ok {
		if fields.IsPath(f, v) {
			v = l.File.path(v)
		}
		return set(v, where)
	}
	return false, nil
}

func (l Layers) secret(p *Plugin, plugin string, f shared.ConfigField, ways []By, flags map[string]string) (bool, error) {
	field := f.Name
	if _, ok := flags[field]; ok {
		return false, exit.Errorf(exit.Usage, "%s is a secret, and a command line can be seen by everybody on the machine: put it in a file and give --%s", field, byFlag(field, ByFile))
	}
	set := func(r Reference, origin string) {
		p.Secrets[field], p.Origins[field] = r, origin
	}
	for _, place := range []struct {
		get  func(By) (string, string, bool)
		exit int
	}{
		{func(w By) (string, string, bool) {
			v, ok := flags[field+"_"+string(w)]
			delete(flags, field+"_"+string(w))
			return v, "command line", ok
		}, exit.Usage},
		{func(w By) (string, string, bool) {
			v, ok := l.lookup(Env(plugin, field+"_"+string(w)))
			return v, Env(plugin, field+"_"+string(w)), ok
		}, exit.Config},
		{func(w By) (string, string, bool) {
			v, where, ok := l.File.get(plugin, field+"_"+string(w))
			if w == ByFile {
				v = l.File.path(v)
			}
			return v, where, ok
		}, exit.Config},
	} {
		found := 0
		for _, w := range ways {
			if v, origin, ok := place.get(w); ok {
				found++
				set(Reference{w, v}, origin)
			}
		}
		if found > 1 {
			return false, exit.Errorf(place.exit, "%s is given in several ways: give it by file, or by environment, or by command", field)
		}
		if found == 1 {
			return true, nil
		}
	}
	// A value where a reference belongs is not taken silently from a place that is not safe.
	if _, ok := l.lookup(Env(plugin, field)); ok {
		return false, exit.Errorf(exit.Config, "%s holds a secret itself: set %s to the name of the variable that holds it, or better, put it in a file and set %s",
			Env(plugin, field), Env(plugin, field+"_env"), Env(plugin, field+"_file"))
	}
	if _, where, ok := l.File.get(plugin, field); ok {
		return false, exit.Errorf(exit.Config, "configuration %s: %s is a secret: put it in a file of its own and give %s_file", strings.TrimPrefix(where, "file "), field, field)
	}
	return false, nil
}

// lookup takes an empty variable for one that is not set, as engines do with an input left blank.
func (l Layers) lookup(name string) (string, bool) {
	if l.Lookup == nil {
		return "", false
	}
	v, ok := l.Lookup(name)
	return v, ok && v != ""
}

// Known reports whether a key, in the file or of [Layers.Flags], is one of the plugin's.
func Known(d *shared.Description, key string) bool {
	for _, f := range d.Fields {
		if f.Name == key {
			return true
		}
		for _, w := range WaysOf(d, f) {
			if f.Secret && key == f.Name+"_"+string(w) {
				return true
			}
		}
	}
	return false
}

// byFlag is the flag for a secret.
func byFlag(field string, w By) string {
	return strings.ReplaceAll(field+"_"+string(w), "_", "-")
}

func missingFields(d *shared.Description, missing []string) error {
	how := make(messages.List, len(missing))
	for i, name := range missing {
		flag, env := "--set "+name+"=…", Env(d.Name, name)
		for _, f := range d.Fields {
			if f.Name == name && f.Secret {
				flag, env = "--"+byFlag(name, ByFile), Env(d.Name, name+"_file")
			}
		}
		if name == "url" || name == "appid" {
			flag = "--" + name
		}
		how[i] = messages.Of("%s (%s or %s)", name, flag, env)
	}
	return exit.Errorf(exit.Config, "the plugin %s needs %s: set them, or write a configuration file (idrec config explain)", d.Name, how)
}

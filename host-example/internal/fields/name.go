package fields

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// The endings of a secret's name that say how it is given, instead of the value.
const (
	File    = "_file"    // a file that holds nothing else
	Env     = "_env"     // the name of a variable of the environment
	Command = "_command" // words between spaces, run without a shell, that print it
)

// Ways are the endings with which a secret can be given: not those that make the name of a field of its
// own.
func Ways(d *shared.Description, secret shared.ConfigField) []string {
	var ways []string
	for _, ending := range []string{File, Env, Command} {
		if !slices.ContainsFunc(d.Fields, func(f shared.ConfigField) bool { return f.Name == secret.Name+ending }) {
			ways = append(ways, ending)
		}
	}
	return ways
}

// Variable is the variable of the environment for a plugin's setting, as in IDREC_WAPI_SECRET_FILE, or
// with an empty plugin for one of the host's own.
func Variable(plugin, setting string) string {
	name := "IDREC_"
	if plugin != "" {
		name += plugin + "_"
	}
	return strings.ToUpper(strings.ReplaceAll(name+setting, "-", "_"))
}

// FromHere makes the value of a path field absolute, since the plugin has a working directory of its
// own. Words that the field lists, and URLs, stay as they are.
func FromHere(f shared.ConfigField, v string) string {
	if !IsPath(f, v) {
		return v
	}
	if abs, err := filepath.Abs(v); err == nil {
		return abs
	}
	return v
}

// IsPath reports whether a field's value is a path: a field for a path may take words, which it lists,
// and URLs too.
func IsPath(f shared.ConfigField, v string) bool {
	return f.Type == shared.TypePath && v != "" && !slices.Contains(f.Enum, v) && !strings.Contains(v, "://")
}

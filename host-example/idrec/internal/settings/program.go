package settings

import (
	"github.com/spf13/pflag"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// Key is the name of a flag in the configuration file.
func Key(flag string) string {
	b := []byte(flag)
	for i, c := range b {
		if c == '-' {
			b[i] = '_'
		}
	}
	return string(b)
}

// Apply sets those of the named flags that the command line did not, from the environment or the file,
// and returns where each one's value is from.
func (l Layers) Apply(flags *pflag.FlagSet, names []string) (origins map[string]string, err error) {
	origins = map[string]string{}
	for _, name := range names {
		f := flags.Lookup(name)
		if f == nil {
			continue
		}
		if f.Changed {
			origins[name] = "command line"
			continue
		}
		v, ok := l.lookup(Env("", name))
		where := Env("", name)
		if !ok {
			if v, where, ok = l.File.get("", Key(name)); !ok {
				continue
			}
			if f.Annotations[IsPath] != nil {
				v = l.File.path(v)
			}
		}
		if err := flags.Set(name, v); err != nil {
			return nil, exit.Errorf(exit.Config, "%s is wrong: it takes %s", where, f.Value.Type())
		}
		origins[name] = where
	}
	return origins, nil
}

// IsPath is the annotation of flags that name a file: in the configuration file they are relative to
// its folder.
const IsPath = "idrec-path"

package settings

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// File is a configuration file. The zero value is an empty one.
type File struct {
	folder string // relative paths in it are relative to this
	keys   map[string]value
	// sections are those below plugins:, by plugin.
	sections map[string]map[string]value
}

type value struct {
	text string
	line int
}

// maxFile bounds what is read as a configuration.
const maxFile = 1 << 20

// DefaultFile is where the configuration is looked for when nobody names one; empty if the system
// knows no such place.
func DefaultFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "idrec", "config.yaml")
}

// Load reads a configuration file. must says that the file was named, and so has to be there.
func Load(name string, must bool) (*File, error) {
	if name == "" {
		return &File{}, nil
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !must:
		return &File{}, nil
	case err != nil:
		return nil, exit.Errorf(exit.Config, "the configuration file cannot be opened: check its name and permissions")
	case info.Size() > maxFile:
		return nil, exit.Errorf(exit.Config, "the configuration file is larger than 1 MiB: it is probably another file")
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, exit.Errorf(exit.Config, "the configuration file cannot be read: check its permissions")
	}
	folder, err := filepath.Abs(filepath.Dir(name))
	if err != nil {
		return nil, exit.Errorf(exit.Config, "the configuration file's folder cannot be told")
	}
	f, err := parse(text)
	if err != nil {
		return nil, err
	}
	f.folder = folder
	return f, nil
}

// lineOf finds the line in an error of the YAML parser, whose text may repeat what stands there.
var lineOf = regexp.MustCompile(`line (\d+)`)

func parse(text []byte) (*File, error) {
	f := &File{keys: map[string]value{}, sections: map[string]map[string]value{}}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		if m := lineOf.FindStringSubmatch(err.Error()); m != nil {
			return nil, exit.Errorf(exit.Config, "the configuration file is no YAML at line %s: write key: value, a key a line", m[1])
		}
		return nil, exit.Errorf(exit.Config, "the configuration file is no YAML: write key: value, a key a line")
	}
	if len(root.Content) == 0 {
		return f, nil
	}
	top := root.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, exit.Errorf(exit.Config, "the configuration file is not a list of key: value")
	}
	for i := 0; i < len(top.Content); i += 2 {
		key, val := top.Content[i], top.Content[i+1]
		if key.Value != "plugins" {
			if err := f.scalar(f.keys, key, val); err != nil {
				return nil, err
			}
			continue
		}
		if val.Kind != yaml.MappingNode {
			return nil, exit.Errorf(exit.Config, "configuration line %d: plugins takes a section for each plugin", key.Line)
		}
		for i := 0; i < len(val.Content); i += 2 {
			name, section := val.Content[i], val.Content[i+1]
			if section.Kind != yaml.MappingNode {
				return nil, exit.Errorf(exit.Config, "configuration line %d: a plugin's section is a list of key: value", name.Line)
			}
			keys := map[string]value{}
			for i := 0; i < len(section.Content); i += 2 {
				if err := f.scalar(keys, section.Content[i], section.Content[i+1]); err != nil {
					return nil, err
				}
			}
			f.sections[name.Value] = keys
		}
	}
	return f, nil
}

func (f *File) scalar(into map[string]value, key, val *yaml.Node) error {
	if val.Kind == yaml.AliasNode {
		val = val.Alias
	}
	if key.Kind != yaml.ScalarNode || val.Kind != yaml.ScalarNode {
		return exit.Errorf(exit.Config, "configuration line %d: a key takes one value", key.Line)
	}
	name := strings.ReplaceAll(key.Value, "-", "_")
	if _, twice := into[name]; twice {
		return exit.Errorf(exit.Config, "configuration line %d: this key stands above already", key.Line)
	}
	text := val.Value
	if val.Tag == "!!null" {
		text = ""
	}
	into[name] = value{text, key.Line}
	return nil
}

// Unknown refuses the first key that is neither the program's nor one of the plugin's.
func (f *File) Unknown(plugin string, known func(key string) bool) error {
	first, name := 0, ""
	look := func(keys map[string]value) {
		for k, v := range keys {
			if !known(k) && (first == 0 || v.line < first) {
				first, name = v.line, k
			}
		}
	}
	look(f.keys)
	look(f.sections[plugin])
	if first == 0 {
		return nil
	}
	return exit.Errorf(exit.Config, "configuration line %d: unknown key %.40q: see idrec config explain", first, name)
}

// FileLine begins the origin of a value in the file; the line's number follows.
const FileLine = "file line "

// get returns the value of a key; the plugin's section comes first.
func (f *File) get(plugin, key string) (text, where string, ok bool) {
	if f == nil {
		return "", "", false
	}
	if v, found := f.sections[plugin][key]; plugin != "" && found {
		return v.text, FileLine + strconv.Itoa(v.line), true
	}
	v, found := f.keys[key]
	return v.text, FileLine + strconv.Itoa(v.line), found
}

// Has reports whether the file has a key, in the plugin's section or at the top.
func (f *File) Has(plugin, key string) bool {
	_, _, ok := f.get(plugin, key)
	return ok
}

// path makes a path in the file absolute.
func (f *File) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(f.folder, p)
}

package host

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// binaryPrefix is what the file names of plugins begin with.
const binaryPrefix = "idrec-plugin-"

// pluginName keeps a name from being a path.
var pluginName = regexp.MustCompile(`^[a-z0-9]+([-_][a-z0-9]+)*$`)

// BinaryName returns the file name of the provider's plugin.
func BinaryName(name string) string {
	if runtime.GOOS == "windows" {
		return binaryPrefix + name + ".exe"
	}
	return binaryPrefix + name
}

// Found is a plugin's file. Nothing of it has been run.
type Found struct {
	Name string
	Path string
}

// Find returns the path of the provider's plugin: beside the host's own program, then in dirs, in their
// order. dirs are absolute; the working folder is never looked in, since it may be a folder of somebody
// else's files. The errors are [shared.CodePluginNotFound] and [shared.CodeConfigurationInvalid].
func Find(name string, dirs []string) (string, error) { return find(name, dirs, selfDir) }

// List returns all plugins beside the host's own program and in dirs, in the order in which [Find]
// looks; where a name is found twice, the first counts. A folder that cannot be read has none.
func List(dirs []string) ([]Found, error) { return list(dirs, selfDir) }

// selfDir is the folder of the running program, links resolved.
func selfDir() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		return "", err
	}
	return filepath.Dir(exe), nil
}

func find(name string, dirs []string, self func() (string, error)) (string, error) {
	if !pluginName.MatchString(name) {
		return "", fault(shared.CodePluginNotFound, "the name of a plugin has lower-case letters, digits and single hyphens only", nil)
	}
	places, err := places(dirs, self)
	if err != nil {
		return "", err
	}
	for _, d := range places {
		path := filepath.Join(d, BinaryName(name))
		if i, err := os.Stat(path); err == nil && i.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fault(shared.CodePluginNotFound,
		"no plugin "+BinaryName(name)+" beside the host's program or in the plugin folders: install it there, or give its path", nil)
}

func list(dirs []string, self func() (string, error)) ([]Found, error) {
	places, err := places(dirs, self)
	if err != nil {
		return nil, err
	}
	var out []Found
	seen := map[string]bool{}
	for _, d := range places {
		entries, err := os.ReadDir(d)
		if err != nil {
			continue
		}
		for _, e := range entries {
			name := strings.TrimPrefix(e.Name(), binaryPrefix)
			if runtime.GOOS == "windows" {
				name = strings.TrimSuffix(name, ".exe")
			}
			if !pluginName.MatchString(name) || e.Name() != BinaryName(name) || seen[name] {
				continue
			}
			path := filepath.Join(d, e.Name())
			if i, err := os.Stat(path); err != nil || !i.Mode().IsRegular() {
				continue
			}
			seen[name] = true
			out = append(out, Found{Name: name, Path: path})
		}
	}
	return out, nil
}

func places(dirs []string, self func() (string, error)) ([]string, error) {
	var out []string
	if d, err := self(); err == nil {
		out = append(out, d)
	}
	for _, d := range dirs {
		if !filepath.IsAbs(d) {
			return nil, fault(shared.CodeConfigurationInvalid, "a plugin folder must be an absolute path, so that it is the same wherever the host is started", nil)
		}
		out = append(out, d)
	}
	return out, nil
}

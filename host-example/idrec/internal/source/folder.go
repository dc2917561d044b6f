package source

import (
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// folder lists the pictures of a folder and of those below it, by name. A link to a file is followed, a
// link to a folder is not, so that a loop of links ends. Hidden folders and those that systems keep are
// not looked into.
func (e *expander) folder(name string, root *Root) error {
	entries, err := e.disk.ReadDir(name)
	if away(err) {
		return notThere(e.input, err)
	}
	if err != nil {
		return exit.Errorf(exit.NoInput, "input %d is a folder that cannot be read whole: check its permissions", e.input)
	}
	for _, d := range entries {
		path := filepath.Join(name, d.Name())
		kind, picture := kindOf(d.Name())
		switch {
		case d.IsDir() && (kind == KindHidden || isSystem(strings.ToLower(d.Name()))):
			e.passed[kind]++
		case d.IsDir():
			if err := e.folder(path, root); err != nil {
				return err
			}
		case !picture && e.own(path):
		case !picture:
			e.passed[kind]++
		default:
			info, err := d.Info()
			if d.Type()&fs.ModeSymlink != 0 {
				info, err = e.disk.Stat(path)
			}
			if away(err) {
				return notThere(e.input, err)
			}
			if err != nil {
				info = nil // its record will say so
			} else if info.IsDir() {
				continue
			}
			e.addFile(Item{Source: path, Side: e.side, Root: root}, path, info)
		}
	}
	return nil
}

// rootOf is the folder of a file, looked at once.
func (e *expander) rootOf(name string) *Root {
	folder := filepath.Dir(name)
	if r, known := e.roots[folder]; known {
		return r
	}
	r := e.root(folder)
	e.roots[folder] = r
	return r
}

// root is nil for a folder that is not there.
func (e *expander) root(folder string) *Root {
	info, err := e.disk.Stat(folder)
	if err != nil {
		return nil
	}
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	return &Root{disk: e.disk, name: folder, info: info}
}

// nothing is the error for inputs without a picture.
func (e *expander) nothing() error {
	if e.passed.Total() > 0 {
		return exit.Errorf(exit.NoInput, "no pictures in the input, but other files (%s): nothing to do", e.passed.List())
	}
	return exit.Errorf(exit.NoInput, "no pictures in the input: nothing to do")
}

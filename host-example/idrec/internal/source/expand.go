package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/shared"
)

// Inputs are what the user named.
type Inputs struct {
	// Args are files, folders, patterns and addresses; "-" reads a list of files and addresses, one a
	// line, from Stdin.
	Args []string
	// Manifest is a file of NDJSON or CSV lines, "-" for Stdin.
	Manifest string
	Stdin    io.Reader
	// Side is the side of pictures that the manifest does not give one for.
	Side shared.Side
}

// pictureNames are the endings by which a folder's pictures are known. A file that is named itself, or
// matched by a pattern, is taken whatever its name.
var pictureNames = []string{".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"}

// maxLine bounds a line of a list or manifest.
const maxLine = 1 << 20

// Expand lists the pictures of in, in the order given, a folder's by name. passed counts the files of
// folders that were passed over because their name is no picture's. An input that is not there, or
// has nothing in it, is an error with [exit.NoInput]: a typing error should not start half a batch.
func Expand(in Inputs) (items []Item, passed int, err error) {
	e := expander{side: in.Side, seen: map[string]int{}}
	stdin := in.Stdin
	for i, arg := range in.Args {
		e.input = i + 1
		if arg == "-" {
			if stdin == nil || in.Manifest == "-" {
				return nil, 0, exit.Errorf(exit.Usage, "standard input can be read once only: give - once")
			}
			err, stdin = e.list(stdin), nil
		} else {
			err = e.argument(arg)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if in.Manifest != "" {
		if err := e.manifest(in.Manifest, stdin); err != nil {
			return nil, 0, err
		}
	}
	if len(e.items) == 0 {
		if len(in.Args) == 0 && in.Manifest == "" {
			return nil, 0, exit.Errorf(exit.NoInput, "no input: name files, folders, patterns or addresses, - for a list on standard input, or --manifest FILE")
		}
		return nil, 0, exit.Errorf(exit.NoInput, "no pictures in the input: nothing to do")
	}
	return e.items, e.passed, nil
}

type expander struct {
	side   shared.Side
	input  int // the argument being read, from 1
	items  []Item
	seen   map[string]int
	passed int
}

func (e *expander) argument(arg string) error {
	if isURL(arg) {
		e.add(Item{Source: arg, Image: shared.Image{URL: arg}, Side: e.side})
		return nil
	}
	if arg == "" {
		return exit.Errorf(exit.Usage, "input %d is empty", e.input)
	}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return e.folder(arg)
	case err == nil:
		e.addFile(Item{Source: arg, Side: e.side}, arg)
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return exit.Errorf(exit.NoInput, "input %d cannot be looked at: check that it may be read", e.input)
	case strings.Contains(arg, "://"):
		return exit.Errorf(exit.Usage, "input %d is an address of a kind that is not read: give http or https", e.input)
	case strings.ContainsAny(arg, "*?[{"):
		return e.pattern(arg)
	}
	return exit.Errorf(exit.NoInput, "input %d does not exist: check its name", e.input)
}

// folder lists a folder and those below it. A link to a file is followed, a link to a folder is not,
// so that a loop of links ends.
func (e *expander) folder(root string) error {
	// With the separator, a root that is itself a link is followed.
	err := filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(d.Name(), ".") && len(path) > len(root)+1:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !slices.Contains(pictureNames, strings.ToLower(filepath.Ext(path))):
			e.passed++
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				return nil
			}
		}
		e.addFile(Item{Source: path, Side: e.side}, path)
		return nil
	})
	if err != nil {
		return exit.Errorf(exit.NoInput, "input %d is a folder that cannot be read whole: check its permissions", e.input)
	}
	return nil
}

// pattern lists what it matches, by the same rules as a folder: links to folders are not followed, hidden
// files are passed over, and a link that leads nowhere is an item whose record will say so.
func (e *expander) pattern(pattern string) error {
	paths, err := doublestar.FilepathGlob(pattern, doublestar.WithNoFollow(), doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors())
	if errors.Is(err, doublestar.ErrBadPattern) {
		return exit.Errorf(exit.Usage, "input %d is a malformed pattern: ** stands for any folders, * for any name, {a,b} for either", e.input)
	}
	if err != nil {
		return exit.Errorf(exit.NoInput, "input %d is a pattern over a folder that cannot be read: check its permissions", e.input)
	}
	paths = slices.DeleteFunc(paths, func(p string) bool {
		info, err := os.Stat(p)
		return err == nil && info.IsDir()
	})
	if len(paths) == 0 {
		return exit.Errorf(exit.NoInput, "input %d is a pattern that matches no file", e.input)
	}
	slices.Sort(paths)
	for _, p := range paths {
		e.addFile(Item{Source: p, Side: e.side}, p)
	}
	return nil
}

// list reads files and addresses, one a line; empty lines and those that begin with # are passed over.
func (e *expander) list(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if isURL(line) {
			e.add(Item{Source: line, Image: shared.Image{URL: line}, Side: e.side})
			continue
		}
		e.addFile(Item{Source: line, Side: e.side}, line)
	}
	if lines.Err() != nil {
		return exit.Errorf(exit.NoInput, "the list on standard input cannot be read: give one file or address a line, as text")
	}
	return nil
}

// addFile adds a file that may not be there: then its record will say so, as it would if the file went
// away a moment later.
func (e *expander) addFile(i Item, path string) {
	i.Image.Path = path
	// The plugin may have another working directory.
	if abs, err := filepath.Abs(path); err == nil {
		i.Image.Path = abs
	}
	if info, err := os.Stat(path); err == nil {
		i.Size, i.Modified = info.Size(), info.ModTime()
	}
	e.add(i)
}

func (e *expander) add(i Item) {
	i.N = len(e.items) + 1
	id := i.Image.Path + i.Image.URL
	e.seen[id]++
	i.Identity = fmt.Sprintf("%s\x00%d", id, e.seen[id])
	e.items = append(e.items, i)
}

func isURL(s string) bool {
	l := strings.ToLower(s[:min(len(s), len("https://"))])
	return strings.HasPrefix(l, "http://") || strings.HasPrefix(l, "https://")
}

package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	// Own reports whether a file is one that the run itself makes: it is not counted. Nil: none is.
	Own func(path string) bool
	// Disk is where files lie; nil is this machine's.
	Disk Disk
}

// maxLine bounds a line of a list or manifest.
const maxLine = 1 << 20

// Expand lists the pictures of in, in the order given, a folder's by name. passed counts the files of
// folders and patterns that were passed over because their name is no picture's; a file that is named
// itself is taken whatever its name. An input that is not there, or has nothing in it, is an error with
// [exit.NoInput]: a typing error should not start half a batch. One on a share that does not answer has
// [exit.Later].
func Expand(in Inputs) (items []Item, passed Passed, err error) {
	e := expander{side: in.Side, disk: in.Disk, own: in.Own, seen: map[string]int{}, passed: Passed{}, roots: map[string]*Root{}}
	if e.disk == nil {
		e.disk = system{}
	}
	if e.own == nil {
		e.own = func(string) bool { return false }
	}
	stdin := in.Stdin
	for i, arg := range in.Args {
		e.input = i + 1
		if arg == "-" {
			if stdin == nil || in.Manifest == "-" {
				return nil, nil, exit.Errorf(exit.Usage, "standard input can be read once only: give - once")
			}
			err, stdin = e.list(stdin), nil
		} else {
			err = e.argument(arg)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if in.Manifest != "" {
		if err := e.manifest(in.Manifest, stdin); err != nil {
			return nil, nil, err
		}
	}
	if len(e.items) == 0 {
		if len(in.Args) == 0 && in.Manifest == "" {
			return nil, nil, exit.Errorf(exit.NoInput, "no input: name files, folders, patterns or addresses, - for a list on standard input, or --manifest FILE")
		}
		return nil, e.passed, e.nothing()
	}
	return e.items, e.passed, nil
}

type expander struct {
	side   shared.Side
	input  int // the argument being read, from 1
	items  []Item
	seen   map[string]int
	passed Passed
	disk   Disk
	own    func(path string) bool
	roots  map[string]*Root
}

func (e *expander) argument(arg string) error {
	if isURL(arg) {
		e.add(Item{Source: arg, Image: shared.Image{URL: arg}, Side: e.side})
		return nil
	}
	if arg == "" {
		return exit.Errorf(exit.Usage, "input %d is empty", e.input)
	}
	info, err := e.disk.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return e.folder(arg, e.root(arg))
	case err == nil:
		e.addFile(Item{Source: arg, Side: e.side}, arg, info)
		return nil
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(arg, "://"):
		return exit.Errorf(exit.Usage, "input %d is an address of a kind that is not read: give http or https", e.input)
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?[{"):
		return e.pattern(arg)
	}
	return notThere(e.input, err)
}

// pattern lists what it matches, by the same rules as a folder: links to folders are not followed, hidden
// files are passed over, and so is what is of another kind by name, but not what is of none that is
// known; a link that leads nowhere is an item whose record will say so.
func (e *expander) pattern(pattern string) error {
	paths, err := doublestar.FilepathGlob(pattern, doublestar.WithNoFollow(), doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors())
	if errors.Is(err, doublestar.ErrBadPattern) {
		return exit.Errorf(exit.Usage, "input %d is a malformed pattern: ** stands for any folders, * for any name, {a,b} for either", e.input)
	}
	if away(err) {
		return notThere(e.input, err)
	}
	if err != nil {
		return exit.Errorf(exit.NoInput, "input %d is a pattern over a folder that cannot be read: check its permissions", e.input)
	}
	slices.Sort(paths)
	found := 0
	for _, p := range paths {
		info, err := e.disk.Stat(p)
		if err == nil && info.IsDir() {
			continue
		}
		found++
		if kind, picture := kindOf(filepath.Base(p)); !picture && (kind != KindOther || e.own(p)) {
			if !e.own(p) {
				e.passed[kind]++
			}
			continue
		}
		e.addFile(Item{Source: p, Side: e.side}, p, info)
	}
	if found == 0 {
		return exit.Errorf(exit.NoInput, "input %d is a pattern that matches no file", e.input)
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
		e.statFile(Item{Source: line, Side: e.side}, line)
	}
	if lines.Err() != nil {
		return exit.Errorf(exit.NoInput, "the list on standard input cannot be read: give one file or address a line, as text")
	}
	return nil
}

// statFile adds a file that may not be there: then its record will say so, as it would if the file went
// away a moment later.
func (e *expander) statFile(i Item, path string) {
	info, err := e.disk.Stat(path)
	if err != nil {
		info = nil
	}
	e.addFile(i, path, info)
}

// addFile adds a file; info is nil for one that could not be looked at.
func (e *expander) addFile(i Item, path string, info fs.FileInfo) {
	i.Image.Path = path
	// The plugin may have another working directory.
	if abs, err := filepath.Abs(path); err == nil {
		i.Image.Path = abs
	}
	if info != nil {
		i.Size, i.Modified = info.Size(), info.ModTime()
	}
	if i.Root == nil {
		i.Root = e.rootOf(path)
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

// Package source turns what the user names (files, folders, patterns, addresses, lists, manifests)
// into the pictures of a run, each with its place in the order given.
package source

import (
	"fmt"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// Item is one picture to be read. It is personal; [Item.Alias] is what logs and messages call it.
type Item struct {
	N      int    // from 1, in the order given
	Source string // as the user named it
	// Identity tells pictures apart between runs: the absolute path or the address, and which of its
	// occurrences in the inputs this is.
	Identity string
	Image    shared.Image
	Side     shared.Side
	Key      string
	Case     string
	Subject  string
	Purpose  string
	SHA256   string

	// Size and Modified are those of the file when it was listed; zero for addresses, and for files
	// that could not be looked at.
	Size     int64
	Modified time.Time
	// Root is the folder that was named, or the one of the file; nil for addresses, and where it was not
	// there.
	Root *Root
}

// Alias names the item without saying anything of it.
func (i Item) Alias() string { return Alias(i.N) }

// Alias is the name of the n-th item.
func Alias(n int) string { return fmt.Sprintf("#%d", n) }

// String is the alias.
func (i Item) String() string { return i.Alias() }

// Format writes the alias, whatever the verb.
func (i Item) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(i.Alias())) }

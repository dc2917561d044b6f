package source

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// Pairing says which pictures are of one person.
type Pairing string

// The pairings.
const (
	PairNone   Pairing = ""
	PairFolder Pairing = "folder" // the pictures that lie in one folder
	PairPrefix Pairing = "prefix" // those whose names differ in the mark of a side only: see [SplitMark]
	PairNext   Pairing = "next"   // two that follow one another in one folder
	PairPage   Pairing = "page"   // each picture, since it shows both sides
)

// Pairings are the names for --pair.
const Pairings = "folder, prefix, next or page"

// maxCase is the longest name of a case that the contract allows, in bytes.
const maxCase = 255

// ParsePairing reads a pairing as users write it; nothing is [PairNone].
func ParsePairing(s string) (Pairing, error) {
	switch p := Pairing(s); p {
	case PairNone, PairFolder, PairPrefix, PairNext, PairPage:
		return p, nil
	}
	return "", exit.Errorf(exit.Usage, "--pair takes %s", Pairings)
}

// Pair gives every item that has no case yet the name of one. The name is what the pictures' own names
// have in common, so it is as personal as they are; different cases never get the same name. A case
// may turn out to have one picture only: that a side is missing is for the check of the case to find.
func Pair(items []Item, p Pairing) {
	if p == PairNone {
		return
	}
	n := namer{taken: map[string]bool{}, names: map[string]string{}}
	for _, i := range items {
		n.taken[i.Case] = true
	}
	var series map[string]bool
	if p == PairPrefix {
		series = seriesOf(items)
	}
	open := -1 // with PairNext, the item that waits for its other side
	for at := range items {
		i := &items[at]
		if i.Case != "" {
			continue
		}
		folder, stem := place(i)
		shown, shownStem := shownPlace(i)
		switch p {
		case PairFolder:
			i.Case = n.name(folder, shown)
		case PairPrefix:
			prefix, mark := SplitMark(stem)
			if mark == "" || series[seriesKey(folder, prefix)] {
				prefix = stem
			}
			i.Case = n.name(seriesKey(folder, prefix), path.Join(shown, prefix))
		case PairNext:
			if open >= 0 {
				if before, _ := place(&items[open]); before == folder {
					i.Case, open = items[open].Case, -1
					continue
				}
			}
			i.Case, open = n.name(i.Identity, path.Join(shown, shownStem)), at
		case PairPage:
			i.Case = n.name(i.Identity, path.Join(shown, shownStem))
		case PairNone:
		}
	}
}

// seriesOf finds prefixes whose marks count further than a card has sides: those are a scanner's
// numbers, and 0001 and 0002 of them are as likely two people.
func seriesOf(items []Item) map[string]bool {
	series := map[string]bool{}
	for at := range items {
		if items[at].Case != "" {
			continue
		}
		folder, stem := place(&items[at])
		prefix, mark := SplitMark(stem)
		if n, err := strconv.Atoi(mark); err == nil && n > 2 || len(mark) == 1 && mark[0] > 'b' && mark[0] <= 'z' {
			series[seriesKey(folder, prefix)] = true
		}
	}
	return series
}

func seriesKey(folder, prefix string) string { return folder + "\x00" + strings.ToLower(prefix) }

// place is the folder and the name without its ending, of a file or behind an address; equal for what
// lies in one folder, however it was named.
func place(i *Item) (folder, stem string) {
	name := filepath.ToSlash(i.Image.Path)
	if i.Image.URL != "" {
		name = addressPath(i.Image.URL)
	}
	return path.Dir(name), stemOf(name)
}

// shownPlace is the same as the user named it, for names of cases. The folder that idrec works in has
// no name of its own there.
func shownPlace(i *Item) (folder, stem string) {
	name := filepath.ToSlash(i.Source)
	if i.Image.URL != "" {
		name = addressPath(i.Image.URL)
	}
	if folder = path.Dir(path.Clean(name)); folder == "." {
		folder = path.Base(path.Dir(filepath.ToSlash(i.Image.Path)))
	}
	return folder, stemOf(name)
}

// addressPath leaves out what may be a key to the picture.
func addressPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "address"
	}
	return path.Join(u.Host, u.Path)
}

func stemOf(name string) string {
	base := path.Base(name)
	if stem := strings.TrimSuffix(base, path.Ext(base)); stem != "" {
		return stem
	}
	return base
}

const sideWords = `front|back|portrait|emblem|正面|反面|背面|人像面|国徽面|人像|国徽`

// The forms of a name that says which side it is. A word of Latin letters must not be the end of
// another, and 正 and 反 are parts of people's names unless something stands between.
var markForms = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^(.*?)[\s_.-]*[(（\[【]\s*(` + sideWords + `|正|反|\d{1,2}|[a-z])\s*[)）\]】]$`),
	regexp.MustCompile(`(?i)^(.*?)[\s_.-]+(` + sideWords + `|正|反|\d{1,2}|[a-z])$`),
	regexp.MustCompile(`(?i)^(.*?[^a-z\s])(front|back|portrait|emblem)$`),
	regexp.MustCompile(`^(.+?)(正面|反面|背面|人像面|国徽面|人像|国徽)$`),
	regexp.MustCompile(`^(.*\p{Han})(\d{1,2})$`),
	regexp.MustCompile(`(?i)^(.*\d)([a-z])$`),
}

var leadingMark = regexp.MustCompile(`(?i)^(` + sideWords + `)[\s_.-]+(.+)$`)

// SplitMark splits a picture's name, without its ending, into what names the person and the mark that
// tells one picture of that person from another: 张三_1, 张三(2), 张三正面, 001a, card-front, front_card.
// A number or letter is returned without leading zeros and in lower case. Both parts are there, or the
// mark is empty and prefix is the whole name.
func SplitMark(stem string) (prefix, mark string) {
	for _, form := range markForms {
		if m := form.FindStringSubmatch(stem); m != nil && strings.Trim(m[1], " _.-") != "" {
			return m[1], markOf(m[2])
		}
	}
	if m := leadingMark.FindStringSubmatch(stem); m != nil && strings.Trim(m[2], " _.-") != "" {
		return m[2], markOf(m[1])
	}
	return stem, ""
}

func markOf(s string) string {
	if n, err := strconv.Atoi(s); err == nil {
		return strconv.Itoa(n)
	}
	return strings.ToLower(s)
}

// namer gives each group one name, and no two the same.
type namer struct {
	taken map[string]bool
	names map[string]string // by group
}

func (n *namer) name(group, wanted string) string {
	if name, ok := n.names[group]; ok {
		return name
	}
	wanted = strings.ToValidUTF8(wanted, "_")
	name := tail(wanted, maxCase)
	for again := 2; name == "" || n.taken[name]; again++ {
		end := fmt.Sprintf(" (%d)", again)
		name = tail(wanted, maxCase-len(end)) + end
	}
	n.taken[name] = true
	n.names[group] = name
	return name
}

// tail keeps the end of a long name, where the person stands.
func tail(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[len(s)-most:]
	for !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}

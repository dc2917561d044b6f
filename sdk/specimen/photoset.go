package specimen

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"github.com/seed-6b91b535/idrec/shared"
)

// Subject is what the photos of a set show.
type Subject string

// The subjects. The zero value mixes them as [PhotoSet.At] says.
const (
	SubjectMixed    Subject = ""
	SubjectPortrait Subject = "portrait" // a portrait side
	SubjectEmblem   Subject = "emblem"   // an emblem side
	SubjectBoth     Subject = "both"     // both sides of one card
	SubjectTwo      Subject = "two"      // the cards of two people
	SubjectOther    Subject = "other"    // another card: bank card, licence, permit or business card
	SubjectNone     Subject = "none"     // no card: text, a form, an empty sheet, a landscape, a desk
	SubjectCut      Subject = "cut"      // a side that the picture's edge cuts
	SubjectFragment Subject = "fragment" // a side of which about half is outside the picture
	SubjectBlurred  Subject = "blurred"  // a side too blurred to read
	SubjectBright   Subject = "bright"   // an over-exposed side
	SubjectDark     Subject = "dark"     // a side in the dark
)

// Subjects returns all subjects but [SubjectMixed].
func Subjects() []Subject {
	return []Subject{SubjectPortrait, SubjectEmblem, SubjectBoth, SubjectTwo, SubjectOther, SubjectNone, SubjectCut, SubjectFragment, SubjectBlurred, SubjectBright, SubjectDark}
}

// PhotoSet is an endless row of photos of invented people. The i-th photo depends on the fields and i
// alone, so any number of goroutines may ask for any of them.
type PhotoSet struct {
	Level    Level
	Set      Set
	Seed     uint64
	Subject  Subject
	Width    int       // of the picture's longer side, as [PhotoOptions.Width]
	Typeface *Typeface // as [PhotoOptions.Typeface]
	Strip    bool      // as [PhotoOptions.Strip]
}

// mixture is how often each subject comes in a mixed set, in hundredths.
var mixture = []struct {
	subject Subject
	weight  int
}{
	{SubjectPortrait, 42}, {SubjectEmblem, 28}, {SubjectBoth, 8}, {SubjectTwo, 4}, {SubjectOther, 5}, {SubjectNone, 5},
	{SubjectBlurred, 2}, {SubjectBright, 2}, {SubjectDark, 2}, {SubjectFragment, 2},
}

// At returns the i-th photo, a JPEG or PNG file, and its truth. A mixed set has 42 % portrait sides,
// 28 % emblem sides, 8 % both, 4 % two people's, 5 % other cards, 5 % none, and 2 % each that are
// blurred, too bright, too dark, or a fragment.
func (s PhotoSet) At(i int) ([]byte, PhotoTruth) {
	c := newChance(s.Set, 6, s.Seed, uint64(i))
	subject := s.Subject
	if subject == SubjectMixed {
		n := c.IntN(100)
		for _, m := range mixture {
			subject = m.subject
			if n -= m.weight; n < 0 {
				break
			}
		}
	}
	o := PhotoOptions{Level: s.Level, Set: s.Set, Seed: c.Uint64(), Width: s.Width, Typeface: s.Typeface, Strip: s.Strip}
	person, other := invent(c.Rand), invent(c.Rand)
	sides := []shared.Side{shared.SidePortrait, shared.SideEmblem}
	side := pick(c.Rand, sides)
	card := func(p Person, side shared.Side) PhotoCard { return PhotoCard{Person: p, Side: side} }
	cards := []PhotoCard{card(person, side)}
	switch subject {
	case SubjectPortrait:
		cards[0].Side = shared.SidePortrait
	case SubjectEmblem:
		cards[0].Side = shared.SideEmblem
	case SubjectBoth:
		cards = []PhotoCard{card(person, shared.SidePortrait), card(person, shared.SideEmblem)}
		if c.happens(0.3) {
			cards[0], cards[1] = cards[1], cards[0]
		}
	case SubjectTwo:
		cards = []PhotoCard{card(person, shared.SidePortrait), card(other, pick(c.Rand, sides))}
	case SubjectOther:
		cards = []PhotoCard{{Kind: pick(c.Rand, otherKinds)}}
	case SubjectNone:
		cards = nil
		o.Ground = pick(c.Rand, []Ground{GroundSurface, GroundPage, GroundPage, GroundForm, GroundForm, GroundBlank, GroundLandscape})
	case SubjectCut:
		o.Frame = FrameCut
	case SubjectFragment:
		o.Frame = FrameFragment
	case SubjectBlurred:
		o.Fault = shared.StatusBlurred
	case SubjectBright:
		o.Fault = shared.StatusOverExposure
	case SubjectDark:
		o.Fault = shared.StatusOverDark
	case SubjectMixed:
	}
	return Photo(cards, o)
}

// MaxPhotos is the most photos that [GeneratePhotos] writes at once.
const MaxPhotos = 1_000_000

// GeneratePhotos writes the first n photos of a set into dir, by the rules of [Generate]:
// photo-00001.jpg, or .png where there are two tones, photo-00001.truth.json with its [PhotoTruth], and
// so on.
func GeneratePhotos(ctx context.Context, dir string, set PhotoSet, n int) error {
	if n < 1 || n > MaxPhotos {
		return refuse(nil, "the number of photos must be 1 to %d", MaxPhotos)
	}
	return fillFolder(ctx, dir, n, func(i int) error {
		data, truth := set.At(i)
		f := File{Name: fmt.Sprintf("photo-%05d.%s", i+1, formatOf(data))}
		if err := writeNew(filepath.Join(dir, f.Name), data); err != nil {
			return err
		}
		return writeTruth(dir, f, truth)
	})
}

// formatOf tells the two formats of photos apart.
func formatOf(data []byte) string {
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		return FormatPNG
	}
	return FormatJPEG
}

package specimen

import (
	"slices"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/shared"
)

// measure notes for every line how well its print stands out in the picture taken.
func (s *shot) measure(p plane) {
	for i := range s.truth.Cards {
		for j := range s.truth.Cards[i].Lines {
			l := &s.truth.Cards[i].Lines[j]
			l.Contrast = p.contrast(l.Quad, utf8.RuneCountInString(l.Text))
		}
	}
}

// contrast cuts a line's box into as many parts as it has characters and returns the least difference,
// among them, between what is light and what is dark. The ends of each part's brightness are left out:
// there is noise.
func (p plane) contrast(q shared.Quad, characters int) int {
	const across, down, ends = 9, 9, 4
	at := quadMap(q)
	least := 255
	for c := range characters {
		var seen []int
		for y := range down {
			for x := range across {
				place := at((float64(c)+(float64(x)+0.5)/across)/float64(characters), (float64(y)+0.5)/down)
				if place.x < 0 || place.y < 0 || place.x >= float64(p.w) || place.y >= float64(p.h) {
					return 0
				}
				seen = append(seen, int(p.row(int(place.y))[int(place.x)]))
			}
		}
		slices.Sort(seen)
		least = min(least, seen[len(seen)-1-ends]-seen[ends])
	}
	return least
}

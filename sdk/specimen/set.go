package specimen

import "math/rand/v2"

// Set names one of three families of photos. They share no seed, no person and no background: texture
// patterns differ, and parameters come from interleaved bands of the same range, so that each family
// covers all of it. Some kinds of background are seen in one family only.
type Set string

// The families.
const (
	SetTrain Set = "train" // to learn from
	SetTune  Set = "tune"  // to choose settings and fit confidences by
	SetTest  Set = "test"  // to measure with, once
)

// Sets returns the families.
func Sets() []Set { return []Set{SetTrain, SetTune, SetTest} }

// index is the family's number; an unknown one is of the first.
func (s Set) index() int {
	switch s {
	case SetTune:
		return 1
	case SetTest:
		return 2
	default:
		return 0
	}
}

// chance is the source of one photo's randomness.
type chance struct {
	*rand.Rand

	set int
}

// newChance returns a source that depends on all that is given.
func newChance(set Set, words ...uint64) chance {
	// The steps of SplitMix64 (Steele, Lea, Flood 2014) spread neighbouring numbers over the whole state.
	state := uint64(set.index()+1) * 0x9E3779B97F4A7C15
	for _, w := range words {
		state ^= w
		state += 0x9E3779B97F4A7C15
		state = (state ^ state>>30) * 0xBF58476D1CE4E5B9
		state = (state ^ state>>27) * 0x94D049BB133111EB
		state ^= state >> 31
	}
	return chance{rand.New(rand.NewPCG(state, uint64(set.index()))), set.index()} //nolint:gosec // the same photo again is the point
}

// between returns a number of that range.
func (c chance) between(lo, hi float64) float64 { return lo + (hi-lo)*c.Float64() }

// bands is into how many parts a range is cut for each family.
const bands = 6

// banded returns a number of that range that no other family returns.
func (c chance) banded(lo, hi float64) float64 {
	const families = 3
	at := float64(c.IntN(bands)*families+c.set) + c.Float64()
	return lo + (hi-lo)*at/(bands*families)
}

// happens is true in that share of cases.
func (c chance) happens(share float64) bool { return c.Float64() < share }

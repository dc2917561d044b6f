package lines

import (
	"cmp"
	"math"
	"slices"
)

// TopK is the number of alternatives kept of a position.
const TopK = 10

// How long a character is, in frames. A network is trained to see a full-width character in the middle
// 70 % of its 22 to 30 pixels and a digit or letter in that of its 11 to 20; blur makes both longer.
const (
	minFull, maxFull = 3, 9
	minHalf, maxHalf = 1, 5
	// maxDigit is that of a digit among full-width characters, which is 11 to 17 pixels with the room around it. With
	// a frame more, two did for three like ones where blur hides the room between, one in a hundred addresses; of
	// 600 tuning photos no digit was longer, which would make two of it.
	maxDigit = 4
)

// What a character costs, in nats: without it, a doubtful one falls apart into several. A full-width
// character costs more because three frames of doubt already pay for one. Found with an earlier network
// on a sixth of the held-out lines; between 1 and 2.5 the results hardly differ.
const (
	costFull = 2.5
	costHalf = 1.0
)

// sharedDoubt is how much of a frame's doubt which character it shows is made up for in the question whether it shows
// one: the frames of a character that could be one of four are in doubt for the same reason, and counted in each of
// them that outweighed that all of them see ink. A vague character was read as none, and nothing was left that made
// the line doubtful. It is the same for all characters, and for all ways to divide the frames among some. Of 100
// tuning photos a level 76, 76 and 76 addresses at extreme and 88, 89 and 87 at copy are right with 0, 0.3 and 0.6.
const sharedDoubt = 0.3

const (
	// A class that far below the best of its frame adds next to nothing to the sum of probabilities, even
	// with thousands like it (8,600 e^-14 is 0.7 %).
	negligible = 14
	// A frame whose blank is that sure (0.9999) is never part of a character.
	sureBlank = -1e-4
)

// Candidate is a character that may stand at a position.
type Candidate struct {
	Rune rune
	LogP float32 // mean over the position's frames of the natural logarithm of its probability
}

// Position is one character of a line.
type Position struct {
	X          float32     // middle, in pixels of the line
	From, To   int         // its frames, To excluded
	Blank      float32     // mean log-probability that there is none
	Candidates []Candidate // best first, at most TopK
}

// decoder finds the most likely sequence of characters, each as long as characters are, with blanks
// between. A plain "best class of every frame" reads one doubtful character as two or three, and two
// digits 1 that touch as one.
type decoder struct {
	total []float32 // per frame: logarithm of the sum of the exponentials of its scores
	seen  []int32   // per class: 1 + its place in cands, or 0
	cands []int32   // classes among the TopK of some frame
	sum   []float32 // (frames+1) x cands: log-probabilities summed up to the frame
	best  []float32 // per boundary between frames: the best score of what lies left of it
	from  []int32   // per boundary: where the last step to it began
	with  []int32   // and its candidate, or -1 for a blank
	spare []float32 // per boundary: what is made up for of the doubts which character a frame shows, summed up to it
}

func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// decode reads frames x classes scores; classes behind the characters only pad.
func (d *decoder) decode(scores []float32, classes int, chars []rune) []Position {
	frames := len(scores) / classes
	d.total, d.spare = resized(d.total, frames), resized(d.spare, frames+1)
	d.spare[0] = 0
	d.seen = resized(d.seen, classes)
	clear(d.seen)
	d.cands = d.cands[:0]
	for t := range frames {
		d.frame(t, scores[t*classes:][:len(chars)+1])
	}
	d.accumulate(scores, classes, frames)
	return d.positions(d.path(scores, classes, frames, chars), scores, classes, chars)
}

// frame sums up one frame and notes its best classes.
func (d *decoder) frame(t int, row []float32) {
	peak := highest(row)
	var top [TopK]float32
	var class [TopK]int32
	var sum float32
	n, low, floor := 0, peak-negligible, peak-negligible
	for c, v := range row {
		if v <= low {
			continue
		}
		sum += exp(v - peak)
		if v <= floor || c == 0 {
			continue
		}
		i := min(n, TopK-1)
		for ; i > 0 && top[i-1] < v; i-- {
			top[i], class[i] = top[i-1], class[i-1]
		}
		top[i], class[i] = v, int32(c)
		if n < TopK {
			n++
		}
		if n == TopK {
			floor = top[TopK-1]
		}
	}
	d.total[t] = peak + float32(math.Log(float64(sum)))
	d.spare[t+1] = d.spare[t]
	if n == 0 || row[0]-d.total[t] > sureBlank {
		return
	}
	ink := 1 - math.Exp(float64(row[0]-d.total[t]))
	d.spare[t+1] += sharedDoubt * max(0, float32(math.Log(ink))-(top[0]-d.total[t]))
	for _, c := range class[:n] {
		if d.seen[c] == 0 {
			d.cands = append(d.cands, c)
			d.seen[c] = 1
		}
	}
}

// highest keeps four maxima at a time, since each comparison waits for the one before.
func highest(row []float32) float32 {
	m := [4]float32{row[0], row[0], row[0], row[0]}
	for ; len(row) >= 4; row = row[4:] {
		for i, v := range row[:4] {
			if v > m[i] {
				m[i] = v
			}
		}
	}
	for _, v := range row {
		m[0] = max(m[0], v)
	}
	return max(m[0], m[1], m[2], m[3])
}

// exp is e^x for -14 <= x <= 0 within 1e-5 of itself: 2 to the whole part, written into the exponent of a
// float32, times a polynomial for 2 to the rest. A line takes up to half a million of them.
func exp(x float32) float32 {
	const shift = 24
	y := x*math.Log2E + shift // positive, so that the conversion rounds down
	n := int32(y + 0.5)
	f := y - float32(n)
	p := 1 + f*(0.69314718+f*(0.24022651+f*(0.05550411+f*(0.00961813+f*0.00133336))))
	return math.Float32frombits(uint32(n+127-shift)<<23) * p
}

func (d *decoder) accumulate(scores []float32, classes, frames int) {
	n := len(d.cands)
	d.sum = resized(d.sum, (frames+1)*n)
	clear(d.sum[:n])
	for t := range frames {
		row, before, after := scores[t*classes:][:classes], d.sum[t*n:][:n], d.sum[(t+1)*n:][:n]
		for k, c := range d.cands {
			after[k] = before[k] + row[c] - d.total[t]
		}
	}
}

// half tells whether a character is about half an em wide; loose, whether it may be either.
func half(r rune) bool  { return r < 0x100 && r != '·' }
func loose(r rune) bool { return r == '·' || r == '—' }
func digit(r rune) bool { return '0' <= r && r <= '9' }

// path returns the boundaries at which the best sequence's characters end, last first.
func (d *decoder) path(scores []float32, classes, frames int, chars []rune) []int {
	n := len(d.cands)
	d.best, d.from, d.with = resized(d.best, frames+1), resized(d.from, frames+1), resized(d.with, frames+1)
	d.best[0] = 0
	mixed := slices.ContainsFunc(chars, func(r rune) bool { return !half(r) })
	var low, high [512]int8 // lengths a candidate may have
	var cost [512]float32
	if n > len(low) {
		n = len(low) // an unreadable line: what else might stand there does not matter
	}
	for k := range n {
		switch r := chars[d.cands[k]-1]; {
		case loose(r):
			low[k], high[k], cost[k] = minHalf, maxFull, costHalf
		case digit(r) && mixed:
			low[k], high[k], cost[k] = minHalf, maxDigit, costHalf
		case half(r):
			low[k], high[k], cost[k] = minHalf, maxHalf, costHalf
		default:
			low[k], high[k], cost[k] = minFull, maxFull, costFull
		}
	}
	all := len(d.cands)
	for j := 1; j <= frames; j++ {
		blank := scores[(j-1)*classes] - d.total[j-1]
		d.best[j], d.from[j], d.with[j] = d.best[j-1]+blank, int32(j-1), -1
		end := d.sum[j*all:][:n]
		for i := j - 1; i >= max(0, j-maxFull); i-- {
			if scores[i*classes]-d.total[i] > sureBlank {
				break
			}
			begin := d.sum[i*all:][:n]
			base := d.best[i] + d.spare[j] - d.spare[i]
			for k, v := range end {
				if v = base + v - begin[k] - cost[k]; v > d.best[j] && int8(j-i) >= low[k] && int8(j-i) <= high[k] {
					d.best[j], d.from[j], d.with[j] = v, int32(i), int32(k)
				}
			}
		}
	}
	var ends []int
	for j := frames; j > 0; j = int(d.from[j]) {
		if d.with[j] >= 0 {
			ends = append(ends, j)
		}
	}
	return ends
}

func (d *decoder) positions(ends []int, scores []float32, classes int, chars []rune) []Position {
	out := make([]Position, len(ends))
	all := len(d.cands)
	cands := make([]Candidate, all)
	for i, j := range ends {
		from := int(d.from[j])
		n := float32(j - from)
		p := Position{X: float32(from+j) / 2 * Stride, From: from, To: j}
		for t := from; t < j; t++ {
			p.Blank += (scores[t*classes] - d.total[t]) / n
		}
		chosen := d.with[j]
		for k, c := range d.cands {
			cands[k] = Candidate{Rune: chars[c-1], LogP: (d.sum[j*all+k] - d.sum[from*all+k]) / n}
		}
		cands[0], cands[chosen] = cands[chosen], cands[0] // the path's choice leads, whatever lengths allow others
		slices.SortFunc(cands[1:], func(a, b Candidate) int { return cmp.Compare(b.LogP, a.LogP) })
		p.Candidates = slices.Clone(cands[:min(TopK, all)])
		out[len(ends)-1-i] = p
	}
	return out
}

package language

import (
	_ "embed"
	"encoding/binary"
	"math"
	"sync"
)

//go:embed ngrams.bin
var ngramFile []byte

// Marks stand in the place of characters in n-grams.
const (
	Start     = '^' // before the first character of an address
	Authority = '@' // before the first character of an authority
	End       = '$'
	digit     = '0' // any digit: which one it is says nothing
	letter    = 'A' // any letter
)

// The kinds of n-grams, part of the hashed key.
const (
	kindPlace1 = 1 // address and authority: one character
	kindPlace2 = 2
	kindPlace3 = 3
	kindName   = 4 // a character of a given name
	kindFamily = 5 // the first character of a name
)

// Costs in nats. The value of a cell is a negative logarithm in these steps.
const (
	step = 1.0 / 14
	// backOff is what it costs to know only the shorter n-gram ("stupid back-off", Brants 2007: 0.4).
	backOff = 0.916
	// floor is the cost of a character that is in no table: one of some 2,000 beyond GB 2312 that no place
	// name has.
	floor = 15.5
)

// cell is a place in the table: 16 bits of the key's hash and the cost.
const cellSize = 3

// Model gives the costs (negative natural logarithms of probabilities) of characters. It is read-only.
type Model struct {
	cells []byte
	n     uint64
}

// Load returns the embedded model.
var Load = sync.OnceValue(func() *Model { return New(ngramFile) })

// New returns the model of a file that a [Table] made. The file must not be changed.
func New(file []byte) *Model {
	return &Model{cells: file, n: uint64(len(file) / cellSize)}
}

// key hashes an n-gram (splitmix64's finaliser over its characters).
func key(kind uint64, a, b, c rune) uint64 {
	h := kind<<60 ^ uint64(uint32(a))<<40 ^ uint64(uint32(b))<<20 ^ uint64(uint32(c))
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}

// find returns the cost of a key. One in some 5,000 keys that are not there is taken for another that
// is: that is the price of three bytes an n-gram.
func (m *Model) find(h uint64) (cost float32, ok bool) {
	if m.n == 0 {
		return 0, false
	}
	mark := markOf(h)
	i := h % m.n
	for range m.n { // a damaged table may have no empty cell
		if i == m.n {
			i = 0
		}
		at := m.cells[i*cellSize:]
		switch binary.LittleEndian.Uint16(at) {
		case mark:
			return float32(at[2]) * step, true
		case 0:
			return 0, false
		}
		i++
	}
	return 0, false
}

// markOf is what a cell keeps of a key; never 0, which is an empty cell.
func markOf(h uint64) uint16 { return max(1, uint16(h>>48)) }

// class maps what the model does not tell apart.
func class(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return digit
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return letter
	}
	return r
}

// choices is how many characters a class stands for, as a cost.
func choices(r rune) float32 {
	switch r {
	case digit:
		return 2.303 // ln 10
	case letter:
		return 3.258 // ln 26
	}
	return 0
}

// Place returns the cost of c in an address or an authority after a and then b. Before the first
// character stand [Start] or [Authority] (twice), behind the last one [End].
func (m *Model) Place(a, b, c rune) float32 {
	if c != End {
		c = class(c)
	}
	if a != Start && a != Authority {
		a = class(a)
	}
	if b != Start && b != Authority {
		b = class(b)
	}
	more := choices(c)
	if c == End {
		more = 0
	}
	if v, ok := m.find(key(kindPlace3, a, b, c)); ok {
		return v + more
	}
	if v, ok := m.find(key(kindPlace2, 0, b, c)); ok {
		return v + backOff + more
	}
	if v, ok := m.find(key(kindPlace1, 0, 0, c)); ok {
		return min(v+2*backOff, floor) + more
	}
	return floor + more
}

// Name returns the cost of a character of a name; first tells whether it is the first one.
func (m *Model) Name(c rune, first bool) float32 {
	kind := uint64(kindName)
	if first {
		kind = kindFamily
	}
	if v, ok := m.find(key(kind, 0, 0, c)); ok {
		return v
	}
	return nameFloor
}

// nameFloor is the cost of a character that the table of names does not have at all.
const nameFloor = 11.5

// Table collects n-grams for a file. It is used by the program that builds it.
type Table struct {
	keys  []uint64
	costs []float64
}

// Add adds an n-gram with its cost; kinds 1 to 3 are places by length, 4 a character of a given name, 5
// the first character of a name.
func (t *Table) Add(kind int, a, b, c rune, cost float64) {
	t.keys = append(t.keys, key(uint64(kind), a, b, c))
	t.costs = append(t.costs, cost)
}

// Len returns the number of n-grams.
func (t *Table) Len() int { return len(t.keys) }

// Bytes returns the file.
func (t *Table) Bytes() []byte {
	n := uint64(len(t.keys))*100/85 + 1 // 85 % full: some ten cells are looked at for a key that is not there
	out := make([]byte, n*cellSize)
	for k, h := range t.keys {
		i := h % n
		for binary.LittleEndian.Uint16(out[i*cellSize:]) != 0 {
			i = (i + 1) % n
		}
		binary.LittleEndian.PutUint16(out[i*cellSize:], markOf(h))
		out[i*cellSize+2] = byte(min(255, math.Round(t.costs[k]/step)))
	}
	return out
}

package lines

import (
	"math/rand/v2"
	"testing"
)

func noise(w int) []byte {
	r := rand.New(rand.NewPCG(7, 8))
	b := make([]byte, w*Height)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// The parts of a Chinese line.
func BenchmarkParts(b *testing.B) {
	net, err := Han()
	if err != nil {
		b.Fatal(err)
	}
	r, line := NewReader(net), noise(320)
	r.normalise(line, 320, 320)
	row := net.Features(&r.s, r.line, 320, Height).Row(0)
	scores := net.Scores(&r.s, row)
	b.Run("features", func(b *testing.B) {
		for b.Loop() {
			net.Features(&r.s, r.line, 320, Height)
		}
	})
	b.Run("classes", func(b *testing.B) {
		for b.Loop() {
			net.Scores(&r.s, row)
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			r.d.decode(scores, net.Classes(), net.Chars())
		}
	})
}

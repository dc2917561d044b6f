package nn

import (
	"math/rand/v2"
	"testing"
)

// shaped returns a network of random weights with the layers of the trained ones.
func shaped(tb testing.TB, c [5]int, embedding, classes int) *Net {
	tb.Helper()
	r := rand.New(rand.NewPCG(5, 6))
	var h fileHeader
	var data []byte
	put := func(t fileTensor) fileTensor {
		n := 1
		for _, s := range t.S {
			n *= s
		}
		t.O = len(data)
		if t.Q == 1 {
			for range t.S[0] { // scale 2^-11
				data = append(data, 0, 0, 0, 0x3a)
			}
			for range n {
				data = append(data, byte(r.Uint32()))
			}
			data = append(data, make([]byte, -n&3)...)
		} else {
			data = append(data, make([]byte, 4*n)...)
		}
		return t
	}
	add := func(t string, shape []int, stride, pad [2]int, groups, relu, res int) {
		h.Ops = append(h.Ops, fileOp{
			Type: t, Stride: stride, Pad: pad, Groups: groups, Relu: relu, Res: res,
			W: put(fileTensor{Q: 1, S: shape}), B: put(fileTensor{S: shape[:1]}),
		})
	}
	block := func(ci, co, kh, kw, sh int) {
		res := 0
		if ci == co && sh == 1 {
			res = 1
		}
		add("conv", []int{ci, 1, kh, kw}, [2]int{sh, 1}, [2]int{kh / 2, kw / 2}, ci, 1, 0)
		add("conv", []int{co, ci, 1, 1}, [2]int{1, 1}, [2]int{}, 1, 1, res)
	}
	add("conv", []int{c[0], 1, 3, 3}, [2]int{2, 2}, [2]int{1, 1}, 1, 1, 0)
	add("conv", []int{c[1], c[0], 3, 3}, [2]int{1, 2}, [2]int{1, 1}, 1, 1, 0)
	for _, b := range [][3]int{
		{c[1], c[2], 2}, {c[2], c[2], 1}, {c[2], c[2], 1}, {c[2], c[3], 2}, {c[3], c[3], 1}, {c[3], c[3], 1},
		{c[3], c[4], 2}, {c[4], c[4], 1},
	} {
		block(b[0], b[1], 3, 3, b[2])
	}
	add("conv", []int{c[4], c[4], 2, 1}, [2]int{1, 1}, [2]int{}, 1, 1, 0)
	block(c[4], c[4], 1, 5, 1)
	block(c[4], c[4], 1, 5, 1)
	add("conv", []int{embedding, c[4], 1, 1}, [2]int{1, 1}, [2]int{}, 1, 0, 0)
	add("fc", []int{(classes + nr - 1) / nr * nr, embedding}, [2]int{1, 1}, [2]int{}, 1, 0, 0)
	for i := range classes - 1 {
		h.Chars += string(rune(0x4e00 + i))
	}
	net, err := build(h, data)
	if err != nil {
		tb.Fatal(err)
	}
	return net
}

// The Chinese line network, by this machine's kernels and by Go.
func BenchmarkFeatures(b *testing.B) {
	const width, height = 320, 32
	net := shaped(b, [5]int{32, 64, 128, 256, 384}, 160, 8546)
	line := random(rand.New(rand.NewPCG(7, 8)), width*height)
	for _, kernels := range append(kernels(), kernelSet{"go", tileGo, depthGo}) {
		b.Run(kernels.name, func(b *testing.B) {
			t, d := tile, depth
			tile, depth = kernels.tile, kernels.depth
			defer func() { tile, depth = t, d }()
			s := new(Scratch)
			b.ReportAllocs()
			for b.Loop() {
				net.Scores(s, net.Features(s, line, width, height).Row(0))
			}
		})
	}
}

package nn

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// op is a layer of a test's network, with weights [out][in][taps].
type op struct {
	out, in, kh, kw, stride, pad int
	depthwise, relu, res         bool
	w, bias                      []float32
}

// file writes the layers as the training does, in float32.
func file(ops []op) []byte {
	var h fileHeader
	var data []byte
	put := func(shape []int, v []float32) fileTensor {
		t := fileTensor{O: len(data), S: shape}
		data, _ = binary.Append(data, binary.LittleEndian, v)
		return t
	}
	flag := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	for _, o := range ops {
		in, groups := o.in, 1
		if o.depthwise {
			in, groups = 1, o.out
		}
		h.Ops = append(h.Ops, fileOp{
			Type: "conv", W: put([]int{o.out, in, o.kh, o.kw}, o.w), B: put([]int{o.out}, o.bias),
			Stride: [2]int{o.stride, o.stride}, Pad: [2]int{o.pad, o.kw / 2}, Groups: groups,
			Relu: flag(o.relu), Res: flag(o.res),
		})
	}
	head, _ := json.Marshal(h)
	return sealed(head, data)
}

func sealed(head, data []byte) []byte {
	f := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(head)))
	f = append(append(f, head...), data...)
	return binary.LittleEndian.AppendUint32(f, crc32.ChecksumIEEE(f))
}

// picture is rows of places of channels.
type picture struct {
	h, w, c int
	p       []float32
}

// run computes a layer as the textbook has it.
func (o op) run(x, block picture) picture {
	y := picture{h: (x.h+2*o.pad-o.kh)/o.stride + 1, w: (x.w+2*(o.kw/2)-o.kw)/o.stride + 1, c: o.out}
	y.p = make([]float32, y.h*y.w*y.c)
	in := o.in
	if o.depthwise {
		in = 1
	}
	for r := range y.h {
		for c := range y.w {
			for k := range y.c {
				v := float64(o.bias[k])
				for i := range o.kh {
					for j := range o.kw {
						sr, sc := r*o.stride+i-o.pad, c*o.stride+j-o.kw/2
						if sr < 0 || sr >= x.h || sc < 0 || sc >= x.w {
							continue
						}
						for q := range in {
							from := q
							if o.depthwise {
								from = k
							}
							v += float64(o.w[((k*in+q)*o.kh+i)*o.kw+j]) * float64(x.p[(sr*x.w+sc)*x.c+from])
						}
					}
				}
				at := (r*y.w+c)*y.c + k
				if o.res {
					v += float64(block.p[at])
				}
				if o.relu {
					v = max(v, 0)
				}
				y.p[at] = float32(v)
			}
		}
	}
	return y
}

// Networks of all the layers there are agree with the textbook, on pictures of any size, in fresh and in
// used buffers.
func TestFeaturesAgreeWithConvolution(t *testing.T) {
	t.Parallel()
	s := new(Scratch)
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		weights := func(o op) op {
			in := o.in
			if o.depthwise {
				in = 1
			}
			o.w, o.bias = random(r, o.out*in*o.kh*o.kw), random(r, o.out)
			for i := range o.w {
				o.w[i] /= float32(in * o.kh * o.kw)
			}
			return o
		}
		in := rapid.IntRange(1, 3).Draw(rt, "inputs")
		k := rapid.SampledFrom([]int{3, 5}).Draw(rt, "kernel")
		ops := []op{weights(op{out: 16, in: in, kh: k, kw: k, stride: rapid.IntRange(1, 4).Draw(rt, "stride"), pad: k / 2, relu: true})}
		for range rapid.IntRange(0, 2).Draw(rt, "blocks") {
			step := rapid.IntRange(1, 2).Draw(rt, "step")
			d := rapid.SampledFrom([]int{1, 3, 5}).Draw(rt, "depth")
			out := 16 * rapid.IntRange(1, 2).Draw(rt, "width")
			c := ops[len(ops)-1].out
			ops = append(ops,
				weights(op{out: c, in: c, kh: d, kw: d, stride: step, pad: d / 2, depthwise: true, relu: true}),
				weights(op{out: out, in: c, kh: 1, kw: 1, stride: 1, relu: true, res: out == c && step == 1}))
		}
		ops = append(ops, weights(op{out: 16, in: ops[len(ops)-1].out, kh: 1, kw: 1, stride: 1}))
		net, err := Parse(file(ops))
		if err != nil {
			rt.Fatal(err)
		}
		_, across := net.Stride()
		x := picture{h: rapid.IntRange(1, 40).Draw(rt, "height"), w: mr*across + rapid.IntRange(0, 20).Draw(rt, "more"), c: in}
		x.p = random(r, x.h*x.w*x.c)
		want, block := x, picture{}
		for _, o := range ops {
			before := want
			want = o.run(want, block)
			if o.depthwise {
				block = before
			}
		}
		for range 2 {
			got := net.Features(s, x.p, x.w, x.h)
			if got.Rows != want.h || got.Cols != want.w || got.Channels != want.c {
				rt.Fatalf("a map of %d by %d by %d, want %d by %d by %d", got.Rows, got.Cols, got.Channels, want.h, want.w, want.c)
			}
			for y := range got.Rows {
				for i, v := range got.Row(y) {
					if d := v - want.p[y*want.w*want.c+i]; !(d < 1e-4 && d > -1e-4) {
						rt.Fatalf("row %d value %d: %v, want %v", y, i, v, want.p[y*want.w*want.c+i])
					}
				}
			}
		}
	})
}

func twoLayers() []byte {
	r := rand.New(rand.NewPCG(1, 1))
	return file([]op{
		{out: 16, in: 1, kh: 3, kw: 3, stride: 2, pad: 0, relu: true, w: random(r, 16*9), bias: random(r, 16)},
		{out: 16, in: 16, kh: 1, kw: 1, stride: 1, w: random(r, 16*16), bias: random(r, 16)},
	})
}

// A picture lower than the layers reach has no map, and one that is narrow is filled up.
func TestFeaturesOfTinyPictures(t *testing.T) {
	t.Parallel()
	net, err := Parse(twoLayers())
	if err != nil {
		t.Fatal(err)
	}
	for h := range 3 {
		if m := net.Features(new(Scratch), make([]float32, 40*h), 40, h); m.Rows != 0 {
			t.Errorf("%d rows from a picture of %d", m.Rows, h)
		}
	}
	if m := net.Features(new(Scratch), make([]float32, 3), 1, 3); m.Rows != 1 || m.Cols != mr {
		t.Errorf("a map of %d by %d", m.Rows, m.Cols)
	}
}

func TestFeaturesAllocateNothingTwice(t *testing.T) {
	net, err := Parse(twoLayers())
	if err != nil {
		t.Fatal(err)
	}
	s, x := new(Scratch), make([]float32, 40*40)
	if n := testing.AllocsPerRun(5, func() { net.Features(s, x, 40, 40) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestParseRefusesDamage(t *testing.T) {
	t.Parallel()
	whole := twoLayers()
	for _, n := range []int{0, 4, 11, 40, len(whole) - 1} {
		if _, err := Parse(whole[:n]); !errors.Is(err, ErrFile) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	for _, i := range []int{0, 5, 30, len(whole) / 2, len(whole) - 2} {
		b := slices.Clone(whole)
		b[i] ^= 4
		if _, err := Parse(b); !errors.Is(err, ErrFile) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

// No header makes Parse panic, and what it accepts runs.
func FuzzParse(f *testing.F) {
	whole := twoLayers()
	n := int(binary.LittleEndian.Uint32(whole[4:]))
	f.Add(whole[8 : 8+n])
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, header []byte) {
		net, err := Parse(sealed(header, whole[8+n:len(whole)-4]))
		if err != nil {
			return
		}
		s := new(Scratch)
		m := net.Features(s, make([]float32, 25*32*net.Inputs()), 25, 32)
		if m.Rows > 0 && net.Classes() > 0 {
			net.Scores(s, m.Row(0))
		}
	})
}

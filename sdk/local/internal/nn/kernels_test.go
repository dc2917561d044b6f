package nn

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

func TestAssemblyReadsFieldsAtTheirOffsets(t *testing.T) {
	t.Parallel()
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the assembly is for 64-bit machines")
	}
	var a tileArgs
	for i, o := range []uintptr{
		unsafe.Offsetof(a.a), unsafe.Offsetof(a.b), unsafe.Offsetof(a.c), unsafe.Offsetof(a.bias),
		unsafe.Offsetof(a.res), unsafe.Offsetof(a.lda), unsafe.Offsetof(a.ldc), unsafe.Offsetof(a.ldr),
		unsafe.Offsetof(a.k), unsafe.Offsetof(a.segs), unsafe.Offsetof(a.seg), unsafe.Offsetof(a.relu),
	} {
		if o != uintptr(8*i) {
			t.Errorf("tileArgs field %d at %d", i, o)
		}
	}
	var d depthArgs
	for i, o := range []uintptr{
		unsafe.Offsetof(d.x), unsafe.Offsetof(d.w), unsafe.Offsetof(d.bias), unsafe.Offsetof(d.y),
		unsafe.Offsetof(d.c), unsafe.Offsetof(d.row), unsafe.Offsetof(d.step),
		unsafe.Offsetof(d.n), unsafe.Offsetof(d.kh), unsafe.Offsetof(d.kw),
	} {
		if o != uintptr(8*i) {
			t.Errorf("depthArgs field %d at %d", i, o)
		}
	}
}

func random(r *rand.Rand, n int) []float32 {
	f := make([]float32, n)
	for i := range f {
		f[i] = r.Float32()*2 - 1
	}
	return f
}

func agree(t *testing.T, got, want []float32) {
	t.Helper()
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d < 1e-4) {
			t.Fatalf("value %d: %v, want %v", i, got[i], want[i])
		}
	}
}

// kernelSet is a way to compute.
type kernelSet struct {
	name  string
	tile  func(*tileArgs, int)
	depth func(*depthArgs)
}

// others are kernels of this machine that it leaves for better ones.
var others []kernelSet

func kernels() []kernelSet { return append([]kernelSet{{"machine", tile, depth}}, others...) }

// Each kernel of this machine against Go, over the shapes that the networks have and odd ones, with
// guards around what may be written.
func TestTileAgreesWithGo(t *testing.T) {
	t.Parallel()
	for _, set := range kernels() {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			tileAgreesWithGo(t, set.tile)
		})
	}
}

func tileAgreesWithGo(t *testing.T, tile func(*tileArgs, int)) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for _, k := range []int{1, 3, 4, 5, 9, 48, 160, 384} {
		for _, segs := range []int{1, 2, 3} {
			for mode := range 4 {
				const pixels, out = 9, 2 * nr
				lda, seg := k+5, (k+5)*pixels+3
				a, b := random(r, segs*seg+pixels*lda), random(r, segs*k*nr)
				bias, res := random(r, nr), random(r, pixels*out)
				got, want := random(r, (pixels+2)*out), []float32(nil)
				want = append(want, got...)
				args := tileArgs{
					a: ptr(a, 0), b: ptr(b, 0), bias: ptr(bias, 0), lda: 4 * lda, ldc: 4 * out, ldr: 4 * out,
					k: k, segs: segs, seg: 4 * seg, relu: mode & 1,
				}
				if mode&2 != 0 {
					args.res = ptr(res, 0)
				}
				for _, row := range []int{0, 3} {
					args.c = ptr(got, out)
					tile(&args, row)
					args.c = ptr(want, out)
					tileGo(&args, row)
				}
				agree(t, got, want)
			}
		}
	}
}

func TestDepthAgreesWithGo(t *testing.T) {
	t.Parallel()
	for _, set := range kernels() {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			depthAgreesWithGo(t, set.depth)
		})
	}
}

func depthAgreesWithGo(t *testing.T, depth func(*depthArgs)) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []int{16, 48, 64, 384} {
		for _, kernel := range [][2]int{{3, 3}, {1, 5}, {1, 1}, {2, 3}} {
			for _, step := range []int{1, 2} {
				const n = 5
				kh, kw := kernel[0], kernel[1]
				row := (n*step + kw) * c
				x, w, bias := random(r, kh*row), random(r, kh*kw*c), random(r, c)
				got := random(r, (n+2)*c)
				want := append([]float32(nil), got...)
				args := func(y []float32) *depthArgs {
					return &depthArgs{
						x: ptr(x, 0), w: ptr(w, 0), bias: ptr(bias, 0), y: ptr(y, c),
						c: 4 * c, row: 4 * row, step: 4 * step * c, n: n, kh: kh, kw: kw,
					}
				}
				depth(args(got))
				depthGo(args(want))
				agree(t, got, want)
			}
		}
	}
}

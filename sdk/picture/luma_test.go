package picture

import (
	"bytes"
	"image"
	"image/jpeg"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// apart is how far two grey pictures are at most.
func apart(t testing.TB, a, b *image.Gray) (most int) {
	t.Helper()
	if a.Rect != b.Rect {
		t.Fatalf("%v and %v", a.Rect, b.Rect)
	}
	for y := range a.Rect.Dy() {
		for x, v := range a.Pix[y*a.Stride:][:a.Rect.Dx()] {
			d := int(v) - int(b.Pix[y*b.Stride+x])
			most = max(most, d, -d)
		}
	}
	return most
}

// jpegs are ordinary ones of all kinds that the standard library writes.
func jpegs(t testing.TB) map[string][]byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	out := map[string][]byte{}
	for name, size := range map[string]image.Point{"even": {64, 48}, "odd": {37, 21}, "dot": {1, 1}, "row": {300, 3}} {
		grain := image.NewGray(image.Rect(0, 0, size.X, size.Y))
		for i := range grain.Pix {
			grain.Pix[i] = byte(r.Uint32())
		}
		for kind, m := range map[string]image.Image{"colour": scene(size.X, size.Y), "grain": grain} {
			for _, q := range []int{5, 60, 95, 100} {
				var b bytes.Buffer
				if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: q}); err != nil {
					t.Fatal(err)
				}
				out[name+" "+kind+" "+string(rune('0'+q/10))] = b.Bytes()
			}
		}
	}
	out["422"] = sample(t, "422.jpg")
	return out
}

func TestLumaIsThatOfTheStandardDecoder(t *testing.T) {
	t.Parallel()
	for name, data := range jpegs(t) {
		img, _, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := baselineLuma(data)
		if !ok {
			t.Errorf("%s is not taken for an ordinary one", name)
			continue
		}
		if d := apart(t, got, Luma(img)); d > 1 {
			t.Errorf("%s: off by %d", name, d)
		}
	}
	for _, name := range []string{"progressive.jpg", "cmyk.jpg", "rgb.jpg"} {
		data := sample(t, name)
		if _, ok := baselineLuma(data); ok {
			t.Errorf("%s is taken for an ordinary one", name)
		}
		got, _, err := DecodeLuma(data)
		img, _, err2 := Decode(data)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if d := apart(t, got, Luma(img)); d > 0 {
			t.Errorf("%s: off by %d", name, d)
		}
	}
}

// sameLuma fails unless Decode and DecodeLuma read or refuse a file alike, and see the same; it reports whether
// they read it.
func sameLuma(t testing.TB, data []byte) bool {
	t.Helper()
	img, info, err := Decode(data)
	got, gotInfo, gotErr := DecodeLuma(data)
	if (err == nil) != (gotErr == nil) || err != nil && err.Error() != gotErr.Error() || info != gotInfo {
		t.Fatalf("%v %+v, want %v %+v", gotErr, gotInfo, err, info)
	}
	if info, err := Inspect(data); err == nil && info.Format == JPEG {
		baselineLuma(data) // which must not panic, where DecodeLuma would hide that
	}
	if err != nil {
		return false
	}
	if d := apart(t, got, Luma(img)); d > 1 {
		t.Fatalf("off by %d", d)
	}
	return true
}

func TestAPanicLeavesAJPEGToTheStandardDecoder(t *testing.T) {
	t.Parallel()
	panics := func([]byte) (*image.Gray, bool) { panic("damaged") }
	if g, ok := unlessPanic(panics, []byte("damaged")); g != nil || ok {
		t.Errorf("it is taken for an ordinary one: %v", g)
	}
}

func TestDamagedJPEGsAreReadOrRefusedAsByTheStandardDecoder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	all := jpegs(t)
	read, refused := 0, 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for range 60 {
			data := slices.Clone(all[name])
			for range 1 + r.IntN(3) {
				i := r.IntN(len(data))
				if r.IntN(2) == 0 {
					i = r.IntN(min(700, len(data))) // the tables
				}
				data[i] ^= 1 << r.IntN(8)
			}
			if r.IntN(8) == 0 {
				data = data[:r.IntN(len(data))]
			}
			if info, err := Inspect(data); err == nil && info.pixels() > 1<<18 {
				continue
			}
			if sameLuma(t, data) {
				read++
			} else {
				refused++
			}
		}
	}
	if read < 300 || refused < 300 {
		t.Errorf("%d were read, %d refused: that shows little", read, refused)
	}
}

// Restart markers let a decoder begin anew; the standard library writes none.
func TestLumaBeginsAnewAtRestarts(t *testing.T) {
	t.Parallel()
	// A grey picture of three blocks, whose DC codes are one bit: no difference; AC: the end of the block.
	head := "\xff\xd8" + string(segment(0xdb, "\x00"+strings.Repeat("\x08", 64))) +
		string(segment(0xc0, "\x08\x00\x08\x00\x18\x01\x01\x11\x00")) +
		string(segment(0xc4, "\x00\x01\x01"+strings.Repeat("\x00", 14)+"\x00\x05")) +
		string(segment(0xc4, "\x10\x01"+strings.Repeat("\x00", 15)+"\x00")) +
		string(segment(0xdd, "\x00\x01")) + string(segment(0xda, "\x01\x01\x00\x00\x3f\x00"))
	// Bits of a block: 10 for five bits, of which 10000 is 16, then 0; filled up with ones.
	block := "\xa0"
	data := []byte(head + block + "\xff\xd0" + block + "\xff\xd1" + block + "\xff\xd9")
	if !sameLuma(t, data) {
		t.Fatal("it is refused")
	}
	g, ok := baselineLuma(data)
	if !ok || g.Pix[0] != 144 || g.Pix[23] != 144 {
		t.Errorf("taken %v", ok)
	}
	for _, bad := range []string{block + "\xff\xd1" + block + "\xff\xd0" + block, block + "\xff\xd0" + block + block, block + block + block} {
		sameLuma(t, []byte(head+bad+"\xff\xd9")) // read or not
	}
}

// Whatever the file, Decode and DecodeLuma read or refuse the same, and see the same.
func FuzzDecodeLuma(f *testing.F) {
	for _, data := range jpegs(f) {
		f.Add(data)
	}
	for _, data := range samples(f) {
		f.Add(data)
	}
	for _, k := range plainJPEGs() {
		f.Add(k.data)
	}
	f.Add(loudest64())
	f.Fuzz(func(t *testing.T, data []byte) {
		if info, err := Inspect(data); err == nil && info.pixels() > 1<<20 {
			return
		}
		sameLuma(t, data)
	})
}

func BenchmarkDecodeLuma(b *testing.B) {
	var data bytes.Buffer
	if err := jpeg.Encode(&data, scene(1600, 1200), &jpeg.Options{Quality: 85}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := DecodeLuma(data.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

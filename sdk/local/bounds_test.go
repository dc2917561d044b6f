package local

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// What a picture may take at most, whatever it shows: processor time, and the memory of a process that reads
// it and nothing else, in KiB.
const (
	mostTime   = 2 * time.Second
	mostMemory = 400 << 10
)

// childPicture names the file that the test's child process reads.
const childPicture = "IDREC_CHILD_PICTURE"

// tiled covers a picture of a size with copies of another one.
func tiled(w, h int, of image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	b := of.Bounds()
	for y := range h {
		row := out.Pix[y*out.Stride:][:out.Stride]
		if y >= b.Dy() {
			copy(row, out.Pix[(y-b.Dy())*out.Stride:])
			continue
		}
		for x := range w {
			out.Set(x, y, of.At(b.Min.X+x%b.Dx(), b.Min.Y+y))
		}
	}
	return out
}

// bent moves each row by a wave: the corners and marks of what it shows do not fit together.
func bent(img *image.RGBA, by, every float64) *image.RGBA {
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride:][:img.Stride]
		at := 4 * int(by*(1+math.Sin(float64(y)/every)))
		copy(row, append(slices.Clone(row[at:]), row[:at]...))
	}
	return img
}

// hostile are pictures that take much: the largest of their kind that are read, and such as show many cards,
// nothing but noise, or are a line.
func hostile(tb testing.TB) map[string]func() []byte {
	tb.Helper()
	card := specimen.Draw(specimen.Cast()[0], shared.SidePortrait, specimen.Options{NoStrip: true, Width: 300})
	r := rand.New(rand.NewPCG(1, 2))
	file := func(encode func(*bytes.Buffer) error) []byte {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			tb.Fatal(err)
		}
		return b.Bytes()
	}
	noise := func(w, h int) *image.Gray {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for i := range img.Pix {
			img.Pix[i] = byte(r.Uint32())
		}
		return img
	}
	return map[string]func() []byte{
		"52 megapixels, JPEG": func() []byte { return encoded(tb, tiled(8000, 6490, card)) },
		"17 megapixels, PNG": func() []byte {
			return file(func(b *bytes.Buffer) error {
				return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(b, tiled(4700, 3600, card))
			})
		},
		"16 bits a channel, PNG": func() []byte {
			img := image.NewNRGBA64(image.Rect(0, 0, 4700, 3600))
			return file(func(b *bytes.Buffer) error {
				return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(b, img)
			})
		},
		"17 megapixels, TIFF": func() []byte {
			return file(func(b *bytes.Buffer) error { return tiff.Encode(b, noise(4700, 3600), nil) })
		},
		"17 megapixels, BMP": func() []byte {
			return file(func(b *bytes.Buffer) error { return bmp.Encode(b, tiled(4700, 3600, card)) })
		},
		"17 megapixels, GIF": func() []byte {
			img := image.NewPaletted(image.Rect(0, 0, 4700, 3600), color.Palette{color.Black, color.White})
			for i := range img.Pix {
				img.Pix[i] = byte(r.Uint32() & 1)
			}
			return file(func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) })
		},
		"noise":      func() []byte { return encoded(tb, noise(2000, 2000)) },
		"many cards": func() []byte { return encoded(tb, tiled(2000, 1600, card)) },
		"bent cards": func() []byte { return encoded(tb, bent(tiled(2000, 1600, card), 4, 25)) },
		"many bent cards, 17 megapixels, PNG": func() []byte {
			return file(func(b *bytes.Buffer) error {
				return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(b, bent(tiled(4700, 3600, card), 4, 25))
			})
		},
		"large bent cards": func() []byte {
			large := specimen.Draw(specimen.Cast()[0], shared.SidePortrait, specimen.Options{NoStrip: true, Width: 900})
			return encoded(tb, bent(tiled(1900, 1400, large), 10, 70))
		},
		"a line across": func() []byte { return encoded(tb, noise(60000, 20)) },
		"a line down":   func() []byte { return encoded(tb, noise(3, 65000)) },
		"one pixel":     func() []byte { return encoded(tb, noise(1, 1)) },
	}
}

// TestReadInChild is what the child process of the next test does.
func TestReadInChild(t *testing.T) {
	path := os.Getenv(childPicture)
	if path == "" {
		t.Skip("only as a child")
	}
	// A picture without a side long enough is refused, which is an answer too.
	if _, err := New(Options{Readers: 1}).Recognize(context.Background(), &shared.Request{Image: shared.Image{Path: path}}); err != nil && !errors.Is(err, shared.CodePictureTooSmall) {
		t.Fatal(err)
	}
	if text, err := os.ReadFile("/proc/self/status"); err == nil {
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			if strings.HasPrefix(s.Text(), "VmHWM:") {
				fmt.Println(s.Text())
			}
		}
	}
}

// No picture takes more than its time and memory. Processor time is measured, so that other work on the
// machine does not fail the test.
func TestNoPictureTakesMoreThanItMay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute; short runs are those with the race detector, which is many times slower")
	}
	for name, draw := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "picture")
			if err := os.WriteFile(path, draw(), 0o600); err != nil {
				t.Fatal(err)
			}
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestReadInChild$", "-test.v")
			child.Env = append(os.Environ(), childPicture+"="+path, "GOMAXPROCS=1")
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			took := child.ProcessState.UserTime() + child.ProcessState.SystemTime()
			memory := 0
			if _, after, ok := strings.Cut(string(out), "VmHWM:"); ok {
				if _, err := fmt.Sscan(after, &memory); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%v, %d MiB", took, memory>>10)
			if took > mostTime || memory > mostMemory {
				t.Errorf("it takes %v and %d MiB", took, memory>>10)
			}
		})
	}
}

// A picture of 100 megapixels is refused before it is decoded.
func TestAHundredMegapixelsAreRefused(t *testing.T) {
	t.Parallel()
	data := encoded(t, image.NewGray(image.Rect(0, 0, 64, 64)))
	at := bytes.Index(data, []byte{0xFF, 0xC0})
	copy(data[at+5:], []byte{0x27, 0x10, 0x27, 0x10}) // height and width: 10,000
	if _, err := New(Options{Readers: 1}).Recognize(t.Context(), &shared.Request{Image: bytesOfPicture(data)}); !errors.Is(err, shared.CodePictureTooLarge) {
		t.Errorf("%v", err)
	}
}

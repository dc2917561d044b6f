// Command finddecoys runs the finder on photos that findset wrote and writes what it got wrong, for training
// it on its own mistakes: OUT.decoys.jsonl has a line for each photo with the corners of cards that are
// none, or whose corners are far from where they should be.
//
//	go run ./sdk/local/train/cmd/finddecoys -out DIR/train -n 4000
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/find"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/page"
	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// exact is the largest miss of a corner, as a share of the card's width, that there is nothing to learn
// from.
const exact = 0.015

type entry struct {
	Offset int64 `json:"offset"`
	Size   int   `json:"size"`
	Cards  []struct {
		Quad shared.Quad `json:"quad"`
	} `json:"cards"`
}

func main() {
	out := flag.String("out", "", "what findset wrote, without an ending")
	n := flag.Int("n", 4000, "how many photos")
	flag.Parse()
	if err := run(*out, *n); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out string, n int) error {
	index, err := os.Open(out + ".jsonl")
	if err != nil {
		return err
	}
	defer func() { _ = index.Close() }()
	pack, err := os.Open(out + ".pack")
	if err != nil {
		return err
	}
	defer func() { _ = pack.Close() }()
	w, err := os.Create(out + ".decoys.jsonl")
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	f, err := find.New()
	if err != nil {
		return err
	}
	lines := json.NewDecoder(bufio.NewReader(index))
	for range n {
		var e entry
		if err := lines.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		decoys, err := wrong(f, io.NewSectionReader(pack, e.Offset, int64(e.Size)), &e)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(w).Encode(decoys); err != nil {
			return err
		}
	}
	return w.Close()
}

// wrong returns what the finder finds and should not.
func wrong(f *find.Finder, file io.Reader, e *entry) ([]shared.Quad, error) {
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	img, _, err := picture.Decode(data)
	if err != nil {
		return nil, err
	}
	g := picture.Luma(img)
	out := []shared.Quad{}
	for _, c := range f.Find(&page.Plane{Pix: g.Pix, Stride: g.Stride, Width: g.Rect.Dx(), Height: g.Rect.Dy()}) {
		best := math.Inf(1)
		for _, t := range e.Cards {
			best = min(best, miss(c.Quad, t.Quad))
		}
		if best > exact {
			out = append(out, c.Quad)
		}
	}
	return out, nil
}

// miss is the largest distance of two corners, as a share of the true card's width.
func miss(a, b shared.Quad) float64 {
	far := 0.0
	for i := range a {
		far = max(far, math.Hypot(a[i].X-b[i].X, a[i].Y-b[i].Y))
	}
	return far / math.Hypot(b[1].X-b[0].X, b[1].Y-b[0].Y)
}

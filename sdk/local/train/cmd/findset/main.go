// Command findset writes photos of specimens for training the finder: OUT.pack, the photos one behind the
// other, and OUT.jsonl, a line for each with where it lies in the pack and what it shows.
//
//	go run ./sdk/local/train/cmd/findset -out DIR/train -n 20000
//
// A run that was stopped goes on where it was: the i-th photo depends on the flags and i alone.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// mixture is how often each subject comes, in hundredths: more of what is hard to find than a user sends.
var mixture = []struct {
	subject specimen.Subject
	weight  int
}{
	{specimen.SubjectPortrait, 27}, {specimen.SubjectEmblem, 23}, {specimen.SubjectBoth, 12}, {specimen.SubjectTwo, 8},
	{specimen.SubjectOther, 8}, {specimen.SubjectNone, 8}, {specimen.SubjectCut, 7}, {specimen.SubjectFragment, 1},
	{specimen.SubjectBlurred, 2}, {specimen.SubjectBright, 2}, {specimen.SubjectDark, 2},
}

type entry struct {
	Offset  int64            `json:"offset"`
	Size    int              `json:"size"`
	Level   specimen.Level   `json:"level"`
	Subject specimen.Subject `json:"subject"`
	Cards   []card           `json:"cards"`
}

type card struct {
	Kind    specimen.CardKind `json:"kind"`
	Side    shared.Side       `json:"side"`
	Visible float64           `json:"visible"`
	Quad    shared.Quad       `json:"quad"`
}

type photo struct {
	data []byte
	entry
}

func main() {
	out := flag.String("out", "", "where to write, without an ending")
	n := flag.Int("n", 20000, "how many photos")
	set := flag.String("set", string(specimen.SetTrain), "train, tune or test")
	seed := flag.Uint64("seed", 1, "")
	width := flag.Int("width", 640, "longer side in pixels; 0 is what the level asks for")
	level := flag.String("level", "", "one level only")
	subject := flag.String("subject", "", "one subject only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	levels := specimen.Levels()
	if *level != "" {
		levels = []specimen.Level{specimen.Level(*level)}
	}
	at := func(i int) photo {
		s := subjectOf(*seed, i)
		if *subject != "" {
			s = specimen.Subject(*subject)
		}
		l := levels[i%len(levels)]
		data, truth := specimen.PhotoSet{Level: l, Set: specimen.Set(*set), Seed: *seed, Subject: s, Width: *width}.At(i)
		e := entry{Size: len(data), Level: l, Subject: s, Cards: []card{}}
		for _, c := range truth.Cards {
			e.Cards = append(e.Cards, card{Kind: c.Kind, Side: c.Side, Visible: c.Visible, Quad: c.Quad})
		}
		return photo{data, e}
	}
	if err := write(ctx, *out, *n, at); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // exitAfterDefer: the signal handler dies with the process
	}
}

// subjectOf draws the subject of the i-th photo.
func subjectOf(seed uint64, i int) specimen.Subject {
	//nolint:gosec // G404, G115: training data, the same for the same seed
	n := rand.New(rand.NewPCG(seed, uint64(i))).IntN(100)
	for _, m := range mixture {
		if n -= m.weight; n < 0 {
			return m.subject
		}
	}
	return specimen.SubjectPortrait
}

// write appends the photos that the pack does not have yet.
func write(ctx context.Context, out string, n int, at func(int) photo) error {
	done, end, err := written(out + ".jsonl")
	if err != nil {
		return err
	}
	index, err := os.OpenFile(out+".jsonl", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = index.Close() }()
	pack, err := os.OpenFile(out+".pack", os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = pack.Close() }()
	lanes := make([]chan photo, runtime.GOMAXPROCS(0))
	for l := range lanes {
		lanes[l] = make(chan photo, 2)
		go func() {
			for i := done + l; i < n && ctx.Err() == nil; i += len(lanes) {
				lanes[l] <- at(i)
			}
			close(lanes[l])
		}()
	}
	for i := done; i < n; i++ {
		p, ok := <-lanes[(i-done)%len(lanes)]
		if !ok {
			return ctx.Err()
		}
		p.Offset = end
		if _, err := pack.WriteAt(p.data, end); err != nil {
			return err
		}
		end += int64(p.Size)
		line, err := json.Marshal(p.entry)
		if err != nil {
			return err
		}
		if _, err := index.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return errors.Join(index.Close(), pack.Close())
}

// written returns how many photos the index lists, and where the last one ends.
func written(index string) (n int, end int64, err error) {
	f, err := os.Open(index)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return n, end, nil
		}
		if err != nil {
			return 0, 0, err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, 0, err
		}
		n, end = n+1, e.Offset+int64(e.Size)
	}
}

package specimen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/seed-6b91b535/idrec/shared"
)

// Content says what a written file is.
type Content string

// The contents.
const (
	ContentCard   Content = "card"    // a picture of a card; the truth is beside it
	ContentNoCard Content = "no_card" // a picture without a card; the truth has no side
	ContentText   Content = "text"    // no picture, whatever its name says; it has no truth
)

// File is a file that was written.
type File struct {
	Name    string // within the folder; it tells nothing about the person
	Content Content
	Truth   Truth
}

// TruthName returns the name of the file with the truth: that of the picture, with .truth.json in
// place of its ending.
func (f File) TruthName() string {
	return strings.TrimSuffix(f.Name, filepath.Ext(f.Name)) + ".truth.json"
}

// MaxPeople is the most people that [Generate] writes at once.
const MaxPeople = 100_000

// The picture formats that are written.
const (
	FormatJPEG = "jpg"
	FormatPNG  = "png"
)

// GenerateOptions say what [Generate] writes.
type GenerateOptions struct {
	People  int // 1 to [MaxPeople]
	Seed    uint64
	Format  string // [FormatJPEG], the default, or [FormatPNG]
	Options        // how the cards are drawn
}

// jpegQuality is high enough to leave no traces that a person would see.
const jpegQuality = 90

// Generate writes both sides of the cards of [People](o.People, o.Seed) into dir, which is made if it
// is not there: person-001-portrait.jpg, person-001-portrait.truth.json, and so on. Files are made with
// mode 0644 and folders with 0755, less the umask.
//
// It never writes over a file: one that is there with the same content is left, one with another
// content is an error. It returns the files in the order of the people, portrait side first. Errors are
// [shared.Error] with [shared.CodeInvalidRequest], or the context's codes.
func Generate(ctx context.Context, dir string, o GenerateOptions) ([]File, error) {
	if o.People < 1 || o.People > MaxPeople {
		return nil, refuse(nil, "the number of people must be 1 to %d", MaxPeople)
	}
	switch o.Format {
	case "":
		o.Format = FormatJPEG
	case FormatJPEG, FormatPNG:
	default:
		return nil, refuse(nil, "unknown picture format: use %s or %s", FormatJPEG, FormatPNG)
	}
	var jobs []job
	for i, p := range People(o.People, o.Seed) {
		jobs = append(jobs, cardJobs(i+1, p, o.Format, o.Options)...)
	}
	return write(ctx, dir, jobs)
}

// job is a file to be made.
type job struct {
	File
	make func() ([]byte, error)
}

// cardJobs makes both sides of a person's card.
func cardJobs(number int, p Person, format string, o Options) []job {
	var jobs []job
	for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
		jobs = append(jobs, job{
			File: File{Name: fmt.Sprintf("person-%03d-%s.%s", number, side, format), Content: ContentCard, Truth: p.Truth(side)},
			make: func() ([]byte, error) {
				if format == FormatPNG {
					return encodePNG(Draw(p, side, o))
				}
				return encodeJPEG(Draw(p, side, o))
			},
		})
	}
	return jobs
}

func encodeJPEG(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality})
	return b.Bytes(), err
}

func encodePNG(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	return b.Bytes(), err
}

// write makes the files.
func write(ctx context.Context, dir string, jobs []job) ([]File, error) {
	files := make([]File, len(jobs))
	err := fillFolder(ctx, dir, len(jobs), func(i int) error {
		files[i] = jobs[i].File
		return jobs[i].write(dir)
	})
	if err != nil {
		return nil, err
	}
	return files, nil
}

// fillFolder makes the folder and calls f with 0 to n-1, as many at once as there are processors.
func fillFolder(ctx context.Context, dir string, n int, f func(i int) error) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a folder of invented people is for everybody to read
		return refuse(err, "the folder cannot be made: give one that can be written")
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f(i)
		})
	}
	if err := group.Wait(); err != nil {
		return shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
	}
	return nil
}

func (j job) write(dir string) error {
	data, err := j.make()
	if err != nil {
		return err
	}
	if err := writeNew(filepath.Join(dir, j.Name), data); err != nil || j.Content == ContentText {
		return err
	}
	return writeTruth(dir, j.File, j.Truth)
}

// writeTruth writes the truth beside a file.
func writeTruth(dir string, f File, truth any) error {
	text, err := json.MarshalIndent(truth, "", "  ")
	if err != nil {
		return err
	}
	return writeNew(filepath.Join(dir, f.TruthName()), append(text, '\n'))
}

// writeNew makes a file that is not there yet, or finds it there with the same content.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // invented people are for everybody to read
	if errors.Is(err, fs.ErrExist) {
		if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, data) {
			return refuse(err, "a file of that name is there with another content, and nothing is written over: give an empty folder")
		}
		return nil
	}
	if err != nil {
		return refuse(err, "a file cannot be made in the folder: give one that can be written")
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil { // half a file would stand in the way of the next run
		_ = os.Remove(path)
		return refuse(err, "a file cannot be written whole: see whether the disk is full")
	}
	return nil
}

func refuse(cause error, format string, args ...any) error {
	return &shared.Error{Code: shared.CodeInvalidRequest, Message: fmt.Sprintf(format, args...),
		Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

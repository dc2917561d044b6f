package specimen

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"slices"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// The names under which the engine answers.
const (
	EngineName = "specimen"
	// NoteKey is the key in [shared.Result.Extras] under which every result says Note.
	NoteKey = "specimen.note"
	// Note says what the engine is, so that nobody takes its answers for recognition.
	Note = "test engine: it reads the code on specimen cards only, and answers unknown to every other picture"
)

// Recognizer is a [shared.Recognizer] for tests and demonstrations: it reads the code of a specimen,
// free of charge, and answers [shared.StatusUnknown] to every other picture. Both sides in one picture
// give one card; the cards of several people give one of them and [shared.FindingSeveralCards]. What is no picture is an
// error of package picture. It takes pictures by bytes and by path. The zero value is ready for use.
type Recognizer struct {
	// Now tells the time, for the timings; nil is time.Now.
	Now func() time.Time
}

// Describe says what the engine is.
func (r *Recognizer) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{
		Name: EngineName, Version: "1", Product: "strip",
		Title: "Specimen cards (" + Note + ")",
		Limits: shared.Limits{MaxPixels: picture.DefaultMaxPixels,
			Formats: []string{picture.JPEG, picture.PNG, picture.BMP, picture.GIF, picture.WebP, picture.TIFF}},
	}, nil
}

// Recognize reads the code of one picture.
func (r *Recognizer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	now := r.Now
	if now == nil {
		now = time.Now
	}
	start := now()
	fail := func(err error) (*shared.Result, error) {
		e := *shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
		e.CallID = req.CallID
		return nil, &e
	}
	if err := req.Validate(); err != nil {
		return fail(err)
	}
	if len(req.Options) > 0 {
		return fail(refuse(nil, "the engine %s takes no options", EngineName))
	}
	data, err := pictureOf(req.Image)
	if err != nil {
		return fail(err)
	}
	digest := sha256.Sum256(data)
	hexDigest := hex.EncodeToString(digest[:])
	if req.SHA256 != "" && req.SHA256 != hexDigest {
		return fail(&shared.Error{Code: shared.CodePictureChanged, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved})
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	// The code is read any way up, also mirrored, so the picture need not be turned.
	img, info, err := picture.Decode(data)
	if err != nil {
		return fail(err)
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	res := &shared.Result{
		Status: shared.StatusUnknown, Fields: map[shared.FieldName]shared.Field{},
		Outcome: shared.OutcomeFree, Basis: shared.BasisProved, AnsweredBy: shared.AnsweredLive, Attempts: 1,
		Provider: EngineName, Product: "strip", CallID: req.CallID,
		Picture: shared.Picture{SHA256: hexDigest, Format: info.Format, Width: info.Width, Height: info.Height},
		Extras:  map[string]string{NoteKey: Note},
	}
	if t, people := oneCard(ReadStrips(img)); people > 0 {
		if err := show(res, t, req); err != nil {
			return fail(err)
		}
		if people > 1 {
			res.Findings = append(res.Findings, shared.Finding{Code: shared.FindingSeveralCards, Severity: shared.SeverityWarning,
				Count: people, Message: "the picture shows the cards of several people; one of them is given"})
		}
	}
	res.Timings.Total = now().Sub(start)
	return res, nil
}

// oneCard returns the first card, both of its sides where they are there alone, and of how many people
// there are cards. Nothing on a card's two sides says that they belong together: one of each are taken
// to do so.
func oneCard(sides []Truth) (t Truth, people int) {
	portraits := 0
	for _, s := range sides {
		if s.Side == shared.SidePortrait {
			portraits++
		}
	}
	people = max(portraits, len(sides)-portraits)
	switch {
	case people == 0:
		return Truth{}, 0
	case people == 1 && len(sides) == 2:
		return sides[0].with(sides[1]), 1
	}
	return sides[0], people
}

// show puts what was read into the result.
func show(res *shared.Result, t Truth, req *shared.Request) error {
	res.Status, res.Side, res.Fields = shared.StatusNormal, t.Side, t.Fields()
	if req.Side != shared.SideDetect && req.Side != t.Side && t.Side != shared.SideBoth {
		res.Status = shared.StatusReversedSide
	}
	if len(req.Fields) > 0 {
		for name := range res.Fields {
			if !slices.Contains(req.Fields, name) {
				delete(res.Fields, name)
			}
		}
	}
	if req.WantRaw {
		raw, err := json.Marshal(t)
		if err != nil {
			return err
		}
		res.Raw = raw
	}
	return nil
}

// maxFile bounds what is read of a file: the most pixels that are decoded, as a bitmap of four bytes
// each, and room for its head. Nothing that can be decoded is larger but by what it carries along.
const maxFile = 4*picture.DefaultMaxPixels + 1<<20

// pictureOf returns the bytes of the picture.
func pictureOf(i shared.Image) ([]byte, error) {
	switch i.Kind() {
	case "bytes":
		return i.Bytes, nil
	case "path":
		return readFile(i.Path)
	}
	return nil, &shared.Error{Code: shared.CodeNotSupported, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
		Message: "the engine " + EngineName + " takes a picture by bytes or by path, not by URL: give the picture itself"}
}

func readFile(path string) ([]byte, error) {
	unreadable := func(err error) error {
		return &shared.Error{Code: shared.CodePictureUnreadable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
	}
	// A pipe would be waited for, and a device never ends.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, unreadable(err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if n > maxFile {
		return nil, &shared.Error{Code: shared.CodePictureTooLarge, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
			Message: "the picture's file is larger than any that is read: make it smaller"}
	}
	return b.Bytes(), nil
}

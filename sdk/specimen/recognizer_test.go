package specimen

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

var _ shared.Recognizer = (*Recognizer)(nil)

func isCode(err error, code shared.Code) bool {
	var e *shared.Error
	return errors.As(err, &e) && e.Code == code && e.Outcome == shared.OutcomeNotSent && e.Basis == shared.BasisProved
}

// card returns a small picture of a card, as a file.
func card(t *testing.T, side shared.Side) []byte {
	t.Helper()
	data, err := encodeJPEG(Draw(Cast()[2], side, Options{Width: testWidth}))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func recognize(t *testing.T, req *shared.Request) *shared.Result {
	t.Helper()
	res, err := (&Recognizer{}).Recognize(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestEveryResultSaysThatItIsATestEngine(t *testing.T) {
	t.Parallel()
	landscape, err := encodeJPEG(Landscape(400, 300))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{card(t, shared.SideEmblem), landscape} {
		res := recognize(t, &shared.Request{Image: shared.Image{Bytes: data}, CallID: "c1"})
		if res.Extras["specimen.note"] != Note || res.Provider != "specimen" || res.CallID != "c1" {
			t.Errorf("%v, provider %s", res.Extras, res.Provider)
		}
		if res.Outcome != shared.OutcomeFree || res.Basis != shared.BasisProved || res.Price != 0 || res.AnsweredBy != shared.AnsweredLive {
			t.Errorf("%s", res)
		}
	}
	d, err := (&Recognizer{}).Describe(t.Context())
	if err != nil || d.Name != "specimen" || !strings.Contains(d.Title, Note) || d.Paid || d.Remote {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestTheOtherSideIsReadAndReported(t *testing.T) {
	t.Parallel()
	for _, shown := range bothSides {
		data := card(t, shown)
		for _, asked := range []shared.Side{shared.SideDetect, shared.SidePortrait, shared.SideEmblem} {
			res := recognize(t, &shared.Request{Image: shared.Image{Bytes: data}, Side: asked})
			want := shared.StatusNormal
			if asked != shared.SideDetect && asked != shown {
				want = shared.StatusReversedSide
			}
			if res.Status != want || res.Side != shown || !res.Usable() {
				t.Errorf("shown %s, asked %q: %s", shown, asked, res)
			}
		}
	}
}

func TestBothSidesOnAPageAreOneCard(t *testing.T) {
	t.Parallel()
	p, q := Cast()[1], Cast()[3]
	photo := func(second PhotoCard) []byte {
		cards := []PhotoCard{{Person: p, Side: shared.SidePortrait}, second}
		data, _ := Photo(cards, PhotoOptions{Level: LevelFlat, Seed: 1, Strip: true, Width: 1200})
		return data
	}
	for _, asked := range []shared.Side{shared.SideDetect, shared.SidePortrait, shared.SideEmblem} {
		res := recognize(t, &shared.Request{Image: shared.Image{Bytes: photo(PhotoCard{Person: p, Side: shared.SideEmblem})}, Side: asked})
		want := p.Truth(shared.SideBoth).Fields()
		if res.Status != shared.StatusNormal || res.Side != shared.SideBoth || !maps.Equal(res.Fields, want) || len(want) != 9 || len(res.Findings) > 0 {
			t.Errorf("asked for %q: %s, %s, %d fields of %d, %v", asked, res.Status, res.Side, len(res.Fields), len(want), res.Findings)
		}
	}
	res := recognize(t, &shared.Request{Image: shared.Image{Bytes: photo(PhotoCard{Person: q})}})
	if res.Side != shared.SidePortrait || len(res.Findings) != 1 || res.Findings[0].Code != shared.FindingSeveralCards || res.Findings[0].Count != 2 {
		t.Errorf("two people: %s, %v", res.Side, res.Findings)
	}
}

func TestOnlyTheFieldsAskedForAreReturned(t *testing.T) {
	t.Parallel()
	res := recognize(t, &shared.Request{Image: shared.Image{Bytes: card(t, shared.SidePortrait)},
		Fields: []shared.FieldName{shared.FieldNumber, shared.FieldValidFrom}})
	if len(res.Fields) != 1 || res.Value(shared.FieldNumber) != Cast()[2].Number {
		t.Errorf("%d fields", len(res.Fields))
	}
}

func TestRawIsTheTruthAndOnRequest(t *testing.T) {
	t.Parallel()
	image := shared.Image{Bytes: card(t, shared.SidePortrait)}
	var truth Truth
	if err := json.Unmarshal(recognize(t, &shared.Request{Image: image, WantRaw: true}).Raw, &truth); err != nil || truth != Cast()[2].Truth(shared.SidePortrait) {
		t.Errorf("%+v, %v", truth, err)
	}
	if raw := recognize(t, &shared.Request{Image: image}).Raw; raw != nil {
		t.Errorf("%d bytes without asking", len(raw))
	}
}

func TestPicturesByPathAndByBytesAnswerTheSame(t *testing.T) {
	t.Parallel()
	data := withOrientation(card(t, shared.SidePortrait), 3)
	path := filepath.Join(t.TempDir(), "a.jpg")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	ticks := 0
	engine := &Recognizer{Now: func() time.Time { ticks++; return start.Add(time.Duration(ticks) * time.Second) }}
	for _, image := range []shared.Image{{Bytes: data}, {Path: path}} {
		res, err := engine.Recognize(t.Context(), &shared.Request{Image: image})
		if err != nil {
			t.Fatal(err)
		}
		if res.Value(shared.FieldFullName) != Cast()[2].Name || res.Picture.Format != picture.JPEG || res.Picture.Width != testWidth ||
			len(res.Picture.SHA256) != 64 || res.Timings.Total != time.Second {
			t.Errorf("%s, %+v, %v", res, res.Picture, res.Timings)
		}
	}
}

func TestRecognizeRefusesWithTypedErrors(t *testing.T) {
	t.Parallel()
	data := card(t, shared.SideEmblem)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		ctx  context.Context
		req  shared.Request
		code shared.Code
	}{
		"no picture given": {t.Context(), shared.Request{}, shared.CodeInvalidRequest},
		"by URL":           {t.Context(), shared.Request{Image: shared.Image{URL: "http://127.0.0.1/a.jpg"}}, shared.CodeNotSupported},
		"an option":        {t.Context(), shared.Request{Image: shared.Image{Bytes: data}, Options: map[string]string{"a": "b"}}, shared.CodeInvalidRequest},
		"empty":            {t.Context(), shared.Request{Image: shared.Image{Bytes: []byte{}}}, shared.CodePictureEmpty},
		"a text":           {t.Context(), shared.Request{Image: shared.Image{Bytes: []byte("hello")}}, shared.CodeNotAPicture},
		"a cut picture":    {t.Context(), shared.Request{Image: shared.Image{Bytes: data[:len(data)/2]}}, shared.CodePictureBroken},
		"another digest":   {t.Context(), shared.Request{Image: shared.Image{Bytes: data}, SHA256: strings.Repeat("0", 64)}, shared.CodePictureChanged},
		"no such file":     {t.Context(), shared.Request{Image: shared.Image{Path: filepath.Join(dir, "none.jpg")}}, shared.CodePictureUnreadable},
		"a folder":         {t.Context(), shared.Request{Image: shared.Image{Path: dir}}, shared.CodePictureUnreadable},
		"a canceled call":  {canceled, shared.Request{Image: shared.Image{Bytes: data}}, shared.CodeCanceled},
		"an unknown side":  {t.Context(), shared.Request{Image: shared.Image{Bytes: data}, Side: "edge"}, shared.CodeInvalidRequest},
	} {
		c.req.CallID = "call"
		res, err := (&Recognizer{}).Recognize(c.ctx, &c.req)
		var e *shared.Error
		if !isCode(err, c.code) || res != nil || !errors.As(err, &e) || e.CallID != "call" || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, %v", name, res, err)
		}
	}
}

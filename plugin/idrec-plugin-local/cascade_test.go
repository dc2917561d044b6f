package main

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"strconv"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/local"
	"github.com/seed-6b91b535/idrec/shared"
)

// paid is the recognizer behind, which counts what it is asked.
type paid struct{ asked int }

func (p *paid) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "paid", Paid: true}, nil
}

func (p *paid) Recognize(context.Context, *shared.Request) (*shared.Result, error) {
	p.asked++
	return &shared.Result{Status: shared.StatusNormal, Provider: "paid"}, nil
}

// Whether the paid recognizer is asked of a picture that seems to show no card depends on how sure the engine
// is of that, and on the user's threshold.
func TestAMissedCardIsAskedOfThePaidProvider(t *testing.T) {
	t.Parallel()
	blank := image.NewGray(image.Rect(0, 0, 800, 600))
	for i := range blank.Pix {
		blank.Pix[i] = 140 + byte(i%7)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, blank); err != nil {
		t.Fatal(err)
	}
	engine := local.New(local.Options{Readers: 1})
	ask := func(r shared.Recognizer) *shared.Result {
		t.Helper()
		res, err := r.Recognize(t.Context(), &shared.Request{Image: shared.Image{Bytes: picture.Bytes()}})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	res := ask(engine)
	sure, err := strconv.ParseFloat(res.Extras["local."+layers.StatusConfidenceExtra], 64)
	if err != nil || res.Status != shared.StatusNonIDCard || sure < 0.01 || sure > 0.99 {
		t.Fatalf("%s with %v: %v", res.Status, sure, err)
	}
	for _, c := range []struct {
		threshold float64
		asked     int
		reason    string
	}{{sure - 0.001, 0, ""}, {sure + 0.001, 1, "status:non_idcard"}} {
		behind := &paid{}
		res := ask(layers.Cascade(engine, behind, layers.CascadeOptions{AcceptStatus: c.threshold}))
		if behind.asked != c.asked || res.Extras[layers.ExtraCascadeReason] != c.reason {
			t.Errorf("sure by %v, wanted by %v: asked %d times, because of %q", sure, c.threshold, behind.asked, res.Extras[layers.ExtraCascadeReason])
		}
	}
}

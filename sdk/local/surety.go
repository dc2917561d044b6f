package local

import (
	_ "embed"
	"encoding/json"
	"math"
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

//go:embed status.json
var statusFile []byte

// statusConfidence is the extra, behind the provider's name, that has the confidence of the status: layers
// that ask another recognizer look for it.
const statusConfidence = "status_confidence"

// statusEvidence is what the confidence of a status is made of. The order is that of the weights in
// status.json.
func (r *report) statusEvidence(chosen []*seen) [evidenceSize]float64 {
	l, read, found := r.whole, 0.0, 0.0
	for _, k := range chosen {
		l = k.light
		read = max(read, k.clear())
		found = max(found, k.p)
	}
	return [evidenceSize]float64{
		1,
		r.doubt,
		max(0, 1-(l.paper-l.ink)/80),    // print and paper are hardly apart
		max(0, 1-l.paper/(2*darkPaper)), // dark
		l.burnt,
		read,
		found,
		float64(min(1, r.others)),
	}
}

// surenesses are the weights of a logistic regression for each status: how often a picture with such
// evidence that was called so was one, on the tuning set. The test TestFitStatusConfidence makes them.
var surenesses = sync.OnceValue(func() map[shared.PictureStatus][evidenceSize]float64 {
	var m map[shared.PictureStatus][evidenceSize]float64
	if err := json.Unmarshal(statusFile, &m); err != nil {
		return nil
	}
	return m
})

// surety returns how probable it is that the picture's status is right, 0 to 1. A side that is not the one
// asked for was read as one that is normal.
func (r *report) surety(status shared.PictureStatus, chosen []*seen) float64 {
	if status == shared.StatusReversedSide {
		status = shared.StatusNormal
	}
	w, ok := surenesses()[status]
	if !ok {
		return 0
	}
	sum := 0.0
	for i, x := range r.statusEvidence(chosen) {
		sum += w[i] * x
	}
	return 1 / (1 + math.Exp(-sum))
}

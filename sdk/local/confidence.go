package local

import (
	_ "embed"
	"encoding/json"
	"math"
	"sync"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/shared"
)

//go:embed confidence.json
var confidenceFile []byte

// evidence is what a confidence is made of. The order is that of the weights in confidence.json.
const (
	evidenceSize = 8
	evidenceLost = 7 // what was taken for none of the field's; the fit looks at its weight
)

// evidenceOf turns what the decoding found into numbers of about the same size. company is that of the
// card's other fields.
func evidenceOf(f decode.Field, company float64) [evidenceSize]float64 {
	return [evidenceSize]float64{
		1,
		min(12, max(-6, f.Margin)) / 4,
		-math.Sqrt(min(40, f.Cost)) / 2,
		f.Worst / 4,
		f.Mean,
		math.Log1p(math.Exp(-max(0, f.Margin))) * 2,
		company,
		-min(4, f.Lost) / 2,
	}
}

// companies returns for each field of a card how well the others were read, 0 or less. Where a card was
// found that is none, or is not where it was thought to be, a line may read well by chance; all of them do
// not.
func companies(fields map[shared.FieldName]reading) map[shared.FieldName]float64 {
	const worst = -6
	quality := make(map[shared.FieldName]float64, len(fields))
	for name, f := range fields {
		quality[name] = max(worst, 1.5*f.Mean-0.5*f.Cost)
		if f.Text == "" {
			quality[name] = worst
		}
	}
	out := make(map[shared.FieldName]float64, len(fields))
	for name := range fields {
		sum, n := 0.0, 0.0
		for other, q := range quality {
			if other != name {
				sum, n = sum+q, n+1
			}
		}
		out[name] = sum / n / 2
	}
	return out
}

// rate fills in the confidences of a card's fields.
func rate(fields map[shared.FieldName]reading) {
	company := companies(fields)
	for name, f := range fields {
		f.confidence = confidence(name, f.Field, company[name])
		fields[name] = f
	}
}

// confidences are the weights of a logistic regression for each field: how often a field with such
// evidence was right on the tuning set. The test TestFitConfidence makes them.
var confidences = sync.OnceValue(func() map[shared.FieldName][evidenceSize]float64 {
	var m map[shared.FieldName][evidenceSize]float64
	if err := json.Unmarshal(confidenceFile, &m); err != nil {
		return nil
	}
	return m
})

// confidence returns how probable it is that the field was read right, 0 to 1.
func confidence(name shared.FieldName, f decode.Field, company float64) float64 {
	if f.Text == "" {
		return 0
	}
	w, x := confidences()[name], evidenceOf(f, company)
	sum := 0.0
	for i := range w {
		sum += w[i] * x[i]
	}
	p := 1 / (1 + math.Exp(-sum))
	if f.Missing > 0 {
		return min(p, mostIncomplete)
	}
	return p
}

// mostIncomplete is the most that the confidence of a field may be of which something seems to be missing: see
// [decode.Field]. What was read may be plain all the same.
const mostIncomplete = 0.3

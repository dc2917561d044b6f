package local

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// sample is a field that was read, and whether it was read right. weight is how many of its kind it stands for.
type sample struct {
	x      [evidenceSize]float64
	right  bool
	weight float64
}

// misledWeight is how much a card that is none counts beside one that was found. They are nearly as many, and in what
// the finder finds less than one in a hundred is none.
const misledWeight = 0.2

// misled is a finder that sees cards where there are none, so that confidence learns what that looks like:
// the card upside down, its other side, and one that lies beside it.
func misled(t specimen.PhotoTruth, seed uint64) finder {
	cards := known(0.004)(t, seed).find(nil)
	if len(cards) == 0 {
		return fixed(nil)
	}
	s := cards[0]
	turned, other := s, s
	turned.quad = shared.Quad{s.quad[2], s.quad[3], s.quad[0], s.quad[1]}
	other.side = shared.SideEmblem
	if s.side == shared.SideEmblem {
		other.side = shared.SidePortrait
	}
	beside := known(0.05)(t, seed).find(nil)[0]
	return fixed{turned, other, beside}
}

// TestFitConfidence fits confidence.json on the tuning set. It takes minutes:
//
//	IDREC_FIT=1 IDREC_N=100 go test ./sdk/local -run FitConfidence -v -timeout 1h
//
// IDREC_FACES names typefaces in which half as many cards each are read too: the card's own is one that the network
// has not seen, and what it is sure of in those that it has seen says little of that. `make -C sdk/local/train bent`
// makes two for it, 100.otf and 101.otf.
// With IDREC_QUADS the corners are the true ones, off by that share of the card's width; otherwise they are
// those that are found. Cards that are none are read too.
func TestFitConfidence(t *testing.T) {
	if os.Getenv("IDREC_FIT") == "" {
		t.Skip("rewrites confidence.json: set IDREC_FIT=1")
	}
	all := map[shared.FieldName][]sample{}
	collect := func(x trials, weight float64) {
		for _, x.level = range specimen.Levels() {
			for _, tr := range x.run(t) {
				for _, k := range tr.report.cards {
					company := companies(k.fields)
					for name, f := range k.fields {
						if f.Text != "" && f.Missing == 0 { // of others the confidence is bounded
							all[name] = append(all[name], sample{evidenceOf(f.Field, company[name]), f.Text == tr.truth.Values()[name], weight})
						}
					}
				}
			}
		}
	}
	n, sides := int(env(t, "IDREC_N", 40)), []specimen.Subject{specimen.SubjectPortrait, specimen.SubjectEmblem}
	collect(trials{set: specimen.SetTune, n: n, subjects: sides, finder: quads(t)}, 1)
	for _, f := range faces(t, "IDREC_FACES") {
		collect(trials{set: specimen.SetTune, n: n / 2, subjects: sides, face: f, finder: quads(t)}, 1)
	}
	collect(trials{set: specimen.SetTune, n: n / 2, subjects: sides, finder: misled}, misledWeight)
	weights := map[shared.FieldName][evidenceSize]float64{}
	for name, ss := range all {
		w := fit(ss)
		if w[evidenceLost] < 0 { // by the chance of a few: what is lost makes nothing surer
			for i := range ss {
				ss[i].x[evidenceLost] = 0
			}
			w = fit(ss)
		}
		weights[name] = w
		printReliability(string(name), ss, w)
	}
	text, err := json.MarshalIndent(weights, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("confidence.json", append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func logistic(w, x [evidenceSize]float64) float64 {
	sum := 0.0
	for i := range w {
		sum += w[i] * x[i]
	}
	return 1 / (1 + math.Exp(-sum))
}

// fit maximises the likelihood by Newton's method, with a ridge: a few hundred samples without an error
// must not make it infinitely sure.
func fit(ss []sample) [evidenceSize]float64 {
	const rounds, ridge = 30, 0.4
	var w [evidenceSize]float64
	for range rounds {
		var a [evidenceSize][evidenceSize + 1]float64
		for i := range w {
			a[i][i], a[i][evidenceSize] = ridge, -ridge*w[i]
		}
		for _, s := range ss {
			p := logistic(w, s.x)
			y := 0.0
			if s.right {
				y = 1
			}
			for i := range w {
				for j := range w {
					a[i][j] += s.weight * p * (1 - p) * s.x[i] * s.x[j]
				}
				a[i][evidenceSize] += s.weight * (y - p) * s.x[i]
			}
		}
		for i := range w { // Gauss and Jordan; the ridge keeps it regular
			for j := range w {
				if j == i {
					continue
				}
				f := a[j][i] / a[i][i]
				for k := range a[j] {
					a[j][k] -= f * a[i][k]
				}
			}
		}
		for i := range w {
			w[i] += a[i][evidenceSize] / a[i][i]
		}
	}
	for i := range w {
		w[i] = math.Round(w[i]*1e4) / 1e4
	}
	return w
}

// printReliability prints how much was right of each band of confidence, of cards that were found.
func printReliability(name string, ss []sample, w [evidenceSize]float64) {
	edges := []float64{0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999, 1.01}
	line := fmt.Sprintf("%-12s", name)
	for i := range len(edges) - 1 {
		n, right, mean := 0, 0, 0.0
		for _, s := range ss {
			if p := logistic(w, s.x); s.weight == 1 && p >= edges[i] && p < edges[i+1] {
				n++
				mean += p
				if s.right {
					right++
				}
			}
		}
		if n > 0 {
			line += fmt.Sprintf("  %s: %d/%d (%.3f)", strconv.FormatFloat(edges[i], 'g', -1, 64), right, n, mean/float64(n))
		}
	}
	fmt.Println(line)
}

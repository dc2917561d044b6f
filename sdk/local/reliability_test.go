package local

import (
	"fmt"
	"os"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// bands are the confidences between which fields are counted together.
var bands = []float64{0, 0.15, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0001}

// reliability counts for each band of confidence how many fields there are, how many were right, and what
// their confidences add up to.
type reliability [10]struct {
	all, right int
	sum        float64
}

func (r *reliability) add(ts []trial) {
	for _, t := range ts {
		for name, want := range t.truth.Values() {
			f := t.result.Fields[name]
			if f.State != shared.FieldPresent {
				continue
			}
			for i := range r {
				if c := f.Confidence.Value; c >= bands[i] && c < bands[i+1] {
					r[i].all++
					r[i].sum += c
					if f.Value == want {
						r[i].right++
					}
				}
			}
		}
	}
}

// print makes a table of it: were the confidences what they say, the shares would be the means.
func (r *reliability) print() {
	fmt.Println("\n| confidence | fields | mean confidence | right, % (95 % interval) | |\n|---|---|---|---|---|")
	for i, b := range r {
		if b.all == 0 {
			continue
		}
		share := float64(b.right) / float64(b.all)
		bar := ""
		for range int(share*20 + 0.5) {
			bar += "█"
		}
		fmt.Printf("| %.2f–%.2f | %d | %.3f | %s | %s |\n", bands[i], min(1, bands[i+1]), b.all, b.sum/float64(b.all), percent(b.right, b.all), bar)
	}
}

// printSure prints for each field how many of which the engine was sure are wrong.
func printSure(all map[shared.FieldName]*score) {
	fmt.Printf("\n| field | with a confidence of %v and more | wrong | wrong, %% (95 %% interval) |\n|---|---|---|---|\n", sure)
	for _, name := range shared.CardFields() {
		s := all[name]
		fmt.Printf("| %s | %d | %d | %s |\n", name, s.sure, s.wrong, percent(s.wrong, s.sure))
	}
}

// TestFalseCards counts the pictures without an identity card in which one is seen:
//
//	IDREC_SOAK=1 IDREC_SET=test IDREC_N=1000 go test ./sdk/local -run FalseCards -v -timeout 2h
//
// Two of three show no card at all, one another kind of card.
func TestFalseCards(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("takes minutes: set IDREC_SOAK=1")
	}
	levels := specimen.Levels()
	x := trials{set: setOf(), subjects: []specimen.Subject{specimen.SubjectNone, specimen.SubjectNone, specimen.SubjectOther}}
	all, read, seen := 0, 0, 0
	for i, level := range levels {
		x.level = level
		n := int(env(t, "IDREC_N", 60))
		n = n*(i+1)/len(levels) - n*i/len(levels)
		x.n = n/3 + 1
		for _, tr := range x.run(t)[:n] {
			all++
			switch tr.result.Status {
			case shared.StatusNormal, shared.StatusReversedSide:
				read++
				seen++
			case shared.StatusNonIDCard, shared.StatusOtherTypeCard, shared.StatusUnknown:
			default: // a card that cannot be read
				seen++
			}
			if tr.result.Usable() && os.Getenv("IDREC_SHOW") != "" {
				fmt.Printf("  %s %s %d: %s %v\n", tr.level, tr.subject, tr.i, tr.result.Status, tr.result.Extras)
			}
		}
	}
	fmt.Printf("of %d pictures without an identity card %d are read as one, %s %%; in %d one is seen, legible or not\n", all, read, percent(read, all), seen)
}

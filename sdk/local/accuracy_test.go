package local

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// sure is the confidence from which a wrong field is dangerous.
const sure = 0.9

// score counts a field: of all, how many were right, how many the engine was sure of, and how many of those
// were wrong.
type score struct{ all, right, sure, wrong int }

// scores counts the fields that the trials' photos show.
func scores(ts []trial) map[shared.FieldName]*score {
	out := map[shared.FieldName]*score{}
	for _, name := range shared.CardFields() {
		out[name] = &score{}
	}
	for _, t := range ts {
		for name, want := range t.truth.Values() {
			s, f := out[name], t.result.Fields[name]
			right := t.result.Value(name) == want
			s.all++
			if right {
				s.right++
			}
			if f.State == shared.FieldPresent && f.Confidence.Value >= sure {
				s.sure++
				if !right {
					s.wrong++
				}
			}
		}
	}
	return out
}

// String gives the share that was right, and how many of those that the engine was sure of were wrong.
func (s score) String() string {
	return fmt.Sprintf("%s %d/%d", percent(s.right, s.all), s.wrong, s.sure)
}

// percent is a share in per cent with its 95 % interval (Wilson 1927).
func percent(some, all int) string {
	const z = 1.96
	n, p := float64(max(all, 1)), float64(some)/float64(max(all, 1))
	mid, half := (p+z*z/(2*n))/(1+z*z/n), z/(1+z*z/n)*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return fmt.Sprintf("%.1f (%.1f–%.1f)", 100*p, 100*max(0, mid-half), 100*min(1, mid+half))
}

// setOf is the set that IDREC_SET names; not said, it is the tuning set.
func setOf() specimen.Set { return cmp.Or(specimen.Set(os.Getenv("IDREC_SET")), specimen.SetTune) }

// TestAccuracyTable prints how much of each field is read exactly, level by level, with 95 % intervals,
// and behind it how many of the fields with a confidence of 0.9 and more are wrong; then that of all levels
// together, and how much was right of each band of confidence. It takes minutes:
//
//	IDREC_SOAK=1 IDREC_SET=test IDREC_N=300 go test ./sdk/local -run AccuracyTable -v -timeout 3h
//
// IDREC_LEVEL asks for one level, IDREC_SUBJECT for one side, IDREC_FACE for a typeface (a file), IDREC_SHOW=1 for every error.
// IDREC_TEXTS names a file with other names, addresses and authorities (train/texts.py makes one of real places).
// IDREC_QUADS=0.004 gives it the true corners of the cards, off by that share of the card's width, to tell the
// reader's errors from the finder's.
func TestAccuracyTable(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("takes minutes: set IDREC_SOAK=1")
	}
	x := trials{set: setOf(), n: int(env(t, "IDREC_N", 30)), face: face(t), finder: quads(t), people: people(t),
		subjects: subjects(specimen.SubjectPortrait, specimen.SubjectEmblem)}
	head := "| level "
	for _, name := range shared.CardFields() {
		head += "| " + string(name) + " "
	}
	fmt.Println(head + "| ms |\n" + strings.Repeat("|---", len(shared.CardFields())+2) + "|")
	together, trust := scores(nil), reliability{}
	for _, x.level = range levels() {
		ts := x.run(t)
		trust.add(ts)
		var took time.Duration
		for _, tr := range ts {
			took += tr.took
		}
		ss, row := scores(ts), "| "+string(x.level)+" "
		for _, name := range shared.CardFields() {
			row += "| " + ss[name].String() + " "
			together[name].sure += ss[name].sure
			together[name].wrong += ss[name].wrong
		}
		fmt.Printf("%s| %.0f |\n", row, took.Seconds()*1000/float64(len(ts)))
		if os.Getenv("IDREC_SHOW") != "" {
			showErrors(ts)
		}
	}
	printSure(together)
	trust.print()
}

// showErrors prints every field that is wrong, with the evidence. The people are invented.
func showErrors(ts []trial) {
	for _, t := range ts {
		for _, name := range shared.CardFields() {
			want, ok := t.truth.Values()[name]
			if !ok || t.result.Value(name) == want {
				continue
			}
			f := t.result.Fields[name]
			line := fmt.Sprintf("  %s %s %d %s: %q, want %q, %s %.2f", t.level, t.subject, t.i, name, f.Value, want, f.State, f.Confidence.Value)
			for _, k := range t.report.cards {
				if e, ok := k.fields[name]; ok {
					line += fmt.Sprintf("; raw %q text %q margin %.1f cost %.1f worst %.1f mean %.1f spread %.1f", e.Raw, e.Text, e.Margin, e.Cost, e.Worst, e.Mean, k.spread)
				}
			}
			fmt.Println(line)
		}
	}
}

// exact reports whether every field was read right.
func (t *trial) exact() bool {
	for name, want := range t.truth.Values() {
		if t.result.Value(name) != want {
			return false
		}
	}
	return len(t.truth.Values()) > 0
}

// TestStatusTable prints what photos of each status are called, a row each:
//
//	IDREC_SOAK=1 IDREC_SET=test IDREC_N=30 go test ./sdk/local -run StatusTable -v -timeout 1h
func TestStatusTable(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("takes minutes: set IDREC_SOAK=1")
	}
	x := trials{set: setOf(), n: int(env(t, "IDREC_N", 10)), finder: quads(t), subjects: specimen.Subjects()}
	confusion := map[shared.PictureStatus]map[shared.PictureStatus]int{}
	all, right, readable := 0, 0, 0
	for _, x.level = range levels() {
		for _, tr := range x.run(t) {
			want, got := tr.truth.Status, tr.result.Status
			if got == shared.StatusNormal && tr.exact() {
				if want != got {
					readable++
				}
				want = got // legible all the same
			}
			if confusion[want] == nil {
				confusion[want] = map[shared.PictureStatus]int{}
			}
			confusion[want][got]++
			all++
			if want == got {
				right++
			} else if os.Getenv("IDREC_SHOW") != "" {
				line := fmt.Sprintf("  %s %s %d: %s, want %s; whole %+v doubt %.2f", tr.level, tr.subject, tr.i, got, want, tr.report.whole, tr.report.doubt)
				for i := range tr.report.cards {
					k := &tr.report.cards[i]
					line += fmt.Sprintf("; %s p %.2f spread %.1f clear %.2f light %+v", k.side, k.p, k.spread, k.clear(), k.light)
				}
				fmt.Println(line)
			}
		}
	}
	statuses := []shared.PictureStatus{
		shared.StatusNormal, shared.StatusNonIDCard, shared.StatusBlurred, shared.StatusOtherTypeCard,
		shared.StatusOverExposure, shared.StatusOverDark, shared.StatusUnknown,
	}
	fmt.Printf("right %.1f %% of %d; %d drawn as illegible are normal, since every field of them was read right\n%-16s", 100*float64(right)/float64(all), all, readable, "is \\ called")
	for _, s := range statuses {
		fmt.Printf(" %-15s", s)
	}
	fmt.Println()
	for _, want := range statuses {
		fmt.Printf("%-16s", want)
		for _, got := range statuses {
			fmt.Printf(" %-15d", confusion[want][got])
		}
		fmt.Println()
	}
}

// Some tens of cards, with the true corners: what is read may not get worse. The bounds lie well below what
// was measured on many.
func TestReadingKeepsItsAccuracy(t *testing.T) {
	t.Parallel()
	x := trials{set: specimen.SetTune, n: 5, finder: known(0.004), subjects: []specimen.Subject{specimen.SubjectPortrait, specimen.SubjectEmblem}}
	var ts []trial
	for _, x.level = range []specimen.Level{specimen.LevelFlat, specimen.LevelMedium, specimen.LevelHard} {
		ts = append(ts, x.run(t)...)
	}
	ss := scores(ts)
	for name, least := range map[shared.FieldName]float64{
		shared.FieldFullName: 0.8, shared.FieldSex: 0.85, shared.FieldEthnicity: 0.85, shared.FieldBirthDate: 0.85, shared.FieldAddress: 0.6,
		shared.FieldNumber: 0.85, shared.FieldAuthority: 0.8, shared.FieldValidFrom: 0.85, shared.FieldValidUntil: 0.85,
	} {
		if s := ss[name]; float64(s.right) < least*float64(s.all) {
			t.Errorf("%s: %d of %d are right", name, s.right, s.all)
		}
	}
	numbers := slices.DeleteFunc(ts, func(tr trial) bool { return tr.subject != specimen.SubjectPortrait })
	if s := scores(numbers)[shared.FieldNumber]; s.wrong > 0 {
		t.Errorf("%d numbers are wrong with a confidence of %v", s.wrong, sure)
	}
}

// The engine with its own finder: most of a few easy photos are read.
func TestEngineReadsPhotos(t *testing.T) {
	t.Parallel()
	ts := trials{set: specimen.SetTune, level: specimen.LevelEasy, n: 3, subjects: []specimen.Subject{specimen.SubjectPortrait, specimen.SubjectEmblem}}.run(t)
	ss := scores(ts)
	for _, name := range []shared.FieldName{shared.FieldNumber, shared.FieldFullName, shared.FieldValidUntil} {
		if ss[name].right < 2 {
			t.Errorf("%s: %d of 3 are right", name, ss[name].right)
		}
	}
	for _, tr := range ts {
		if tr.result.Usable() && tr.result.Side != tr.truth.Side {
			t.Errorf("%s %d: side %s", tr.subject, tr.i, tr.result.Side)
		}
	}
}

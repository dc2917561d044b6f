package local

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// shares is how often each subject comes, of eleven: as in a mixed set of photos, where most are cards. The fit
// counts each picture by it, since how often a status is right depends on what pictures there are.
var shares = map[specimen.Subject]float64{
	specimen.SubjectPortrait: 4.4, specimen.SubjectEmblem: 2.9, specimen.SubjectBoth: 0.9, specimen.SubjectTwo: 0.4,
	specimen.SubjectOther: 0.55, specimen.SubjectNone: 0.55, specimen.SubjectCut: 0.2, specimen.SubjectFragment: 0.2,
	specimen.SubjectBlurred: 0.3, specimen.SubjectBright: 0.3, specimen.SubjectDark: 0.3,
}

// TestFitStatusConfidence fits status.json on the tuning set. It takes minutes:
//
//	IDREC_FIT=1 IDREC_N=15 go test ./sdk/local -run FitStatusConfidence -v -timeout 2h
func TestFitStatusConfidence(t *testing.T) {
	if os.Getenv("IDREC_FIT") == "" {
		t.Skip("rewrites status.json: set IDREC_FIT=1")
	}
	all := map[shared.PictureStatus][]sample{}
	x := trials{set: specimen.SetTune, n: int(env(t, "IDREC_N", 15)), subjects: subjects(specimen.Subjects()...)}
	for _, x.level = range levels() {
		for _, tr := range x.run(t) {
			chosen, _ := tr.report.choose(shared.SideDetect)
			got := tr.result.Status
			right := got == tr.truth.Status || got == shared.StatusNormal && tr.exact()
			all[got] = append(all[got], sample{tr.report.statusEvidence(chosen), right, shares[tr.subject]})
			if os.Getenv("IDREC_SHOW") != "" {
				fmt.Printf("  %s %s %d: %s, want %s, %v; %.2f whole %+v\n", tr.level, tr.subject, tr.i, got, tr.truth.Status, right, tr.report.statusEvidence(chosen), tr.report.whole)
			}
		}
	}
	weights := map[shared.PictureStatus][evidenceSize]float64{}
	for status, ss := range all {
		w := fit(ss)
		weights[status] = w
		right := 0
		for _, s := range ss {
			if s.right {
				right++
			}
		}
		fmt.Printf("%s: %d of %d are right\n", status, right, len(ss))
		printReliability(string(status), ss, w)
	}
	text, err := json.MarshalIndent(weights, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("status.json", append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

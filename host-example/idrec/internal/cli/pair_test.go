package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestPairTiesThePicturesOfOnePersonTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.write("in/"+canaryFile+"_1.jpg", canaryName)
	two := b.write("in/"+canaryFile+"_2.jpg", canaryName+"乙")
	b.want(exit.OK, "", "recognize", one, two, "--pair", "prefix", "--out", b.path("out.ndjson"))
	all := records(t, b.read("out.ndjson"))
	if len(all) != 3 || all[0].Case == "" || all[0].Case != all[1].Case || all[2].Case != all[0].Case || all[2].Source != "" {
		t.Errorf("%d records, not two of one case and that of the case", len(all))
	}
	var tied report.CaseRecord
	lines := strings.Split(strings.TrimSpace(b.read("out.ndjson")), "\n")
	if err := json.Unmarshal([]byte(lines[2]), &tied); err != nil || tied.Type != "case" || tied.Pictures != 2 || len(tied.Sources) != 2 || tied.PriceYuan != 100 || !tied.Usable ||
		len(tied.Findings) != 2 || tied.Findings[1].Code != shared.FindingCaseMismatch || tied.Findings[1].Field != shared.FieldFullName {
		t.Errorf("%v %s", err, lines[2])
	}
	b.clean(b.out.String() + b.read("out.ndjson.state"))

	b.want(exit.OK, "", "recognize", one, two, "--pair", "prefix", "--output", "table")
	b.clean(b.out.String())
	for _, part := range []string{"case_incomplete", "case_mismatch(name)", " 0.100 "} {
		if n := strings.Count(b.out.String(), part); n != 1 {
			t.Errorf("%s is %d times in the table of one person:\n%s", part, n, b.out.String())
		}
	}

	for format, want := range map[string]int{"csv": 2, "ndjson": 3, "json": 5} { // lines
		for _, mask := range []string{"--mask", "--mask=false"} {
			b.want(exit.OK, "", "recognize", one, two, "--pair", "prefix", "--output", format, mask)
			if n := strings.Count(b.out.String(), "\n"); n != want || strings.Count(b.out.String(), "case_mismatch") != 1 {
				t.Errorf("%s: %d lines: %s", format, n, b.out.String())
			}
			if mask == "--mask" {
				b.clean(b.out.String())
			} else if !strings.Contains(b.out.String(), canaryName) {
				t.Errorf("%s names nobody", format)
			}
			if format == "json" && !json.Valid(b.out.Bytes()) {
				t.Errorf("no JSON: %s", b.out.String())
			}
		}
	}

	b.want(exit.Usage, "--pair", "recognize", one, two, "--out", b.path("out.ndjson"), "--pair", "page") // the state is of another pairing
	b.want(exit.Usage, "--pair takes", "recognize", one, "--pair", "name")
	b.want(exit.Usage, "give one of them", "recognize", one, "--pair", "page", "--case", "c")
}

func TestCSVWithAMarkSurvivesResuming(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one, two := b.write("in/1.jpg", "样本甲"), b.write("in/2.jpg", "样本乙")
	for _, inputs := range [][]string{{one}, {one, two}} {
		b.want(exit.OK, "", append([]string{"recognize", "--output", "csv-bom", "--out", b.path("out.csv")}, inputs...)...)
		text := b.read("out.csv")
		if !strings.HasPrefix(text, "\xEF\xBB\xBFsource,") || strings.Count(text, "\uFEFF") != 1 || strings.Count(text, "\n") != 1+len(inputs) {
			t.Errorf("%q", text)
		}
	}
}

package main_test

import (
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestTheDemonstrationAgreesWithTruthAndBill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	w.env = append(w.env, "IDREC_WAPI_URL=http://127.0.0.1:1/", "IDREC_WAPI_RATE=0.001") // a user's settings are none of its
	r := w.want(0, "", "demo")
	out := r.out.String()
	if strings.Count(out, "\nok ") != 10 || strings.Contains(out, "WRONG") {
		t.Errorf("%s", out)
	}
	for _, name := range []string{"demo/records-local.ndjson", "demo/records.ndjson"} {
		usable := 0
		for _, rec := range w.once(name, 16) {
			if rec.Usable != nil && *rec.Usable {
				usable++
			}
			for _, f := range []shared.FieldName{shared.FieldFullName, shared.FieldNumber} {
				if v := rec.Card[f]; v != "" && strings.Contains(out, v) {
					t.Errorf("the table shows a %s", f)
				}
			}
		}
		if usable != 14 {
			t.Errorf("%s: %d usable", name, usable)
		}
	}
}

// The engine of tests knows the code on specimens only, and has no plugin of its own.
func TestTheDemonstrationCanUseTheTestEngine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	r := w.want(0, "", "demo", "--engine", "specimen")
	if out := r.out.String(); strings.Count(out, "\nok ") != 5 || strings.Contains(out, "WRONG") {
		t.Errorf("%s", out)
	}
	w.want(64, "unknown engine", "demo", "--engine", "other")
}

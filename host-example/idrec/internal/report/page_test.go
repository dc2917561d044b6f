package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/shared"
)

// A file's name, or what stands on a card, cannot turn the direction of what is read in the report.
func TestPageHasNoControlsOfDirection(t *testing.T) {
	t.Parallel()
	r := one("scans/a\u202egpj.exe\u2066\u200f.jpg")
	r.Card[shared.FieldFullName] = "甲\u202e乙"
	r.Card[shared.FieldNumber] = "1\u202d2\u061c"
	var out bytes.Buffer
	if err := report.WritePage(&out, bound(t, r), report.PageOptions{Language: messages.English}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if strings.ContainsAny(text, "\u202d\u202e\u2066\u200f\u061c") {
		t.Error("a control of direction is in the page")
	}
	for _, want := range []string{"a\uFFFDgpj.exe", "甲\uFFFD乙"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

//go:build unix

package main_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
)

func TestNothingPersonalLeavesTheRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 50*time.Millisecond, nil)
	const file = "客户档案-欧阳"
	canaries := []string{file, secret, "pictures.example", "token=abc"}
	dir, err := cards()
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 12; n++ {
		w.card(fmt.Sprintf("in/%s-%d.jpg", file, n), n)
		b, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("person-%03d-portrait.truth.json", n)))
		if err != nil {
			t.Fatal(err)
		}
		var truth specimen.Truth
		if err := json.Unmarshal(b, &truth); err != nil {
			t.Fatal(err)
		}
		canaries = append(canaries, truth.Name, truth.Number, truth.Address)
	}
	w.write("in/"+file+"-broken.jpg", "text")
	clean := func(what, text string) {
		t.Helper()
		for _, c := range canaries {
			if strings.Contains(text, c) {
				t.Errorf("%s: %q is in %.2000s", what, c, text)
			}
		}
	}
	r := w.start("recognize", "in", "https://pictures.example/a.jpg?token=abc", "--out", "out.ndjson", "--log-level", "debug", "--concurrency", "4", "--rate", "10")
	w.counted(4, r)
	for _, pid := range children(r.Process.Pid) {
		for _, part := range []string{"cmdline", "environ"} {
			if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, part)); err == nil {
				clean("the plugin's "+part, string(b))
			}
		}
	}
	scan := func() {
		t.Helper()
		err := filepath.WalkDir(w.path("temp"), func(path string, d fs.DirEntry, err error) error {
			clean("the name of a temporary file", path)
			if err == nil && d.Type().IsRegular() { // else it is gone meanwhile
				if b, err := os.ReadFile(path); err == nil {
					clean("a temporary file", string(b))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	scan()
	if got := w.code(r); got != 65 {
		t.Errorf("exit %d", got)
	}
	scan()
	if left, err := os.ReadDir(w.path("temp")); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary folder: %v %v", left, err)
	}
	clean("standard output", r.out.String())
	clean("standard error", r.err.String())
	clean("the state", w.read("out.ndjson.state"))
	clean("the lock", w.read("out.ndjson.state.lock"))
	records := w.read("out.ndjson")
	if !strings.Contains(records, canaries[4]) || !strings.Contains(records, file) {
		t.Error("the records are not complete")
	}
	if strings.Contains(records, secret) {
		t.Error("the records hold the secret")
	}
	if !strings.Contains(r.err.String(), `"level":"DEBUG"`) && !strings.Contains(r.err.String(), `"level":"INFO"`) {
		t.Errorf("nothing was logged, so nothing was seen: %s", r.err.String())
	}
	// The ledger holds it all, and shows nothing of it.
	err = filepath.WalkDir(w.path(".local/state/idrec"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			clean("the ledger's file "+filepath.Base(path), string(b))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"ledger", "list"}, {"ledger", "list", "--json"}, {"ledger", "audit", "--json"}, {"usage"}, {"usage", "--json"}, {"account", "status"}, {"doctor"}} {
		r := w.want(0, "", args...)
		clean(strings.Join(args, " "), r.out.String()+r.err.String())
		if r.out.Len() == 0 {
			t.Errorf("%v shows nothing", args)
		}
	}
	for _, name := range []string{"out.ndjson", "out.ndjson.state"} {
		if info, err := os.Stat(w.path(name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}

	// Masked records have none of it either.
	w.want(65, "", "recognize", "in", "https://pictures.example/a.jpg?token=abc", "--out", "masked.ndjson", "--mask")
	clean("masked records", w.read("masked.ndjson"))
	// Nor has what is made of the records where it is masked, nor what they are kept in meanwhile.
	for _, args := range [][]string{
		{"--out", "masked.xlsx", "--report", "masked.html"}, {"--out", "masked.csv"}, {"--out", "cases.ndjson"}, {"--output", "ndjson"}, {"--output", "csv"},
	} {
		r := w.want(65, "", append([]string{"recognize", "in", "--mask", "--pair", "folder"}, args...)...)
		clean(strings.Join(args, " "), r.out.String()+r.err.String())
	}
	for _, name := range []string{"masked.xlsx", "masked.html", "masked.csv", "cases.ndjson"} {
		text := w.read(name)
		if name == "masked.xlsx" {
			text = unpacked(t, w.path(name))
		}
		clean(name, text)
		if !strings.Contains(text, "case_incomplete") {
			t.Errorf("%s holds nothing of the case", name)
		}
		if info, err := os.Stat(w.path(name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, info.Mode())
		}
		for _, beside := range []string{".state", ".records", ".state.made", ".state.report"} {
			if b, err := os.ReadFile(w.path(name + beside)); err == nil {
				clean(name+beside, string(b))
			}
		}
	}
	// The report is masked unless it is asked not to be.
	w.want(65, "", "recognize", "in", "--pair", "folder", "--out", "plain.ndjson", "--report", "report.html")
	clean("a report beside complete records", w.read("report.html"))
	if !strings.Contains(w.read("report.html"), `["/9j/`) {
		t.Error("the report shows no picture")
	}
	w.want(65, "", "recognize", "in", "--pair", "folder", "--out", "plain.ndjson", "--report", "named.html", "--show-personal")
	if !strings.Contains(w.read("named.html"), canaries[4]) {
		t.Error("a report that was asked to names nobody")
	}
	r = w.want(65, "", "recognize", "in", "--output", "table")
	clean("the table", r.out.String())
}

// unpacked is the text of all parts of a spreadsheet.
func unpacked(t *testing.T, name string) string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	var text strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, r); err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	return text.String()
}

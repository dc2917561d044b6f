package journal

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed reads every record in the order of the items given.
func listed(t *testing.T, j *Journal, items ...string) (texts []string) {
	t.Helper()
	r, err := j.Records()
	must(t, err)
	defer r.Close()
	for _, p := range r.Places(slices.Values(items)) {
		text, err := r.Read(p)
		must(t, err)
		texts = append(texts, fmt.Sprintf("%d %s", p.At, text))
	}
	return texts
}

func TestRecordsAreReadInTheOrderOfTheItems(t *testing.T) {
	t.Parallel()
	for _, sealed := range []bool{false, true} {
		o := options(t, array)
		o.Sealed = sealed
		j := open(t, o)
		must(t, j.Append([]Record{record("old", 1, true, "o1"), record("b", 2, false, "b1"), record("a", 3, true, "a1"), record("older", 9, true, "p1")}))
		want := []string{"0 a1", "2 b1", "-1 o1", "-1 p1"}
		if got := listed(t, j, "a", "none", "b", "a"); !slices.Equal(got, want) {
			t.Errorf("while it grows: %q", got)
		}
		must(t, j.Finish())
		if got := listed(t, j, "a", "none", "b"); !slices.Equal(got, want) {
			t.Errorf("finished: %q", got)
		}
		must(t, j.Append([]Record{record("b", 2, true, "b2")}))
		must(t, j.Finish())
		must(t, j.Close())
		j = open(t, o)
		if got := listed(t, j, "a", "none", "b"); !slices.Equal(got, []string{"0 a1", "2 b2", "-1 o1", "-1 p1"}) {
			t.Errorf("replaced, and opened again: %q", got)
		}
		must(t, j.Close())
		if shown := strings.Contains(content(t, o.Out), "a1"); shown == sealed {
			t.Errorf("sealed %v, and the file shows what is in it: %v", sealed, shown)
		}
	}
}

func TestASealedRecordThatWasChangedIsNotRead(t *testing.T) {
	t.Parallel()
	e, err := newEnvelope([]byte("key"))
	must(t, err)
	other, err := newEnvelope([]byte("another"))
	must(t, err)
	line := e.seal([]byte("text"))
	for name, open := range map[string]func() ([]byte, error){
		"changed":     func() ([]byte, error) { return e.open(append([]byte("A"), line[1:]...)) },
		"cut":         func() ([]byte, error) { return e.open(line[:4]) },
		"no base64":   func() ([]byte, error) { return e.open([]byte("*\n")) },
		"another key": func() ([]byte, error) { return other.open(line) },
	} {
		if line[0] == 'A' && name == "changed" {
			continue
		}
		if text, err := open(); err == nil {
			t.Errorf("%s: read as %q", name, text)
		}
	}
	if text, err := e.open(line); err != nil || string(text) != "text" {
		t.Errorf("%q %v", text, err)
	}
}

// What stands behind the records is there once and made of the latest ones, wherever the process ends.
func TestTheFootIsMadeAnewWhereverTheProcessEnds(t *testing.T) {
	t.Parallel()
	items := []string{"a", "b", "c", "d"}
	foot := func(w io.Writer, r *Records) error {
		for _, p := range r.Places(slices.Values(items)) {
			text, err := r.Read(p)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, ",\nfoot %s", strings.TrimSpace(string(text))); err != nil {
				return err
			}
		}
		return nil
	}
	for _, first := range []bool{true, false} {
		for k := 0; ; k++ {
			o := Options{Out: filepath.Join(t.TempDir(), "out"), Frame: array, Foot: foot}
			if !first {
				if _, err := run(o, items, 0); err != nil {
					t.Fatal(err)
				}
			}
			dying := o
			d := &disk{operations: k, room: 1 << 30}
			dying.open, dying.rename, dying.remove = d.open, d.rename, d.remove
			_, err := run(dying, items, map[bool]int{true: 0, false: 1}[first])
			if err == nil {
				break
			}
			for attempt := 1; attempt < 3; attempt++ {
				if _, err := run(o, items, attempt); err != nil {
					t.Fatalf("ended at operation %d of the first run (%v), going on: %v", k, first, err)
				}
			}
			got := content(t, o.Out)
			for _, item := range items {
				if strings.Count(got, "\n"+item+"/") != 1 || strings.Count(got, "foot "+item+"/") != 1 {
					t.Fatalf("ended at operation %d: %s is not there once in %q", k, item, got)
				}
				at := strings.Index(got, "\n"+item+"/")
				if record := got[at+1 : at+4]; !strings.Contains(got, "foot "+record) {
					t.Fatalf("ended at operation %d: the foot is of another record than %s: %q", k, record, got)
				}
			}
			if !strings.HasPrefix(got, "[\n") || !strings.HasSuffix(got, "\n]\n") {
				t.Fatalf("ended at operation %d: malformed %q", k, got)
			}
		}
	}
}

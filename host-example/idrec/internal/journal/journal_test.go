package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var lines = Frame{}
var array = Frame{Header: []byte("[\n"), Separator: []byte(",\n"), Footer: []byte("\n]\n")}

func options(t testing.TB, f Frame) Options {
	t.Helper()
	dir := t.TempDir()
	return Options{Out: filepath.Join(dir, "out"), Frame: f, Settings: map[string]string{"--output": "x"}}
}

func open(t testing.TB, o Options) *Journal {
	t.Helper()
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func record(item string, n int, final bool, text string) Record {
	return Record{Identity: item, Entry: Entry{N: n, Final: final, Kind: "x"}, Data: []byte(text)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func content(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return string(b)
}

func TestTheOutputAppearsWhenTheRunIsAtItsEnd(t *testing.T) {
	t.Parallel()
	o := options(t, array)
	j := open(t, o)
	must(t, j.Reserve(4))
	must(t, j.Append([]Record{record("a", 1, true, "1"), record("b", 2, true, "2")}))
	if _, err := os.Stat(o.Out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the output is there before the end: %v", err)
	}
	must(t, j.Finish())
	must(t, j.Close())
	if got := content(t, o.Out); got != "[\n1,\n2\n]\n" {
		t.Errorf("output %q", got)
	}
	for _, name := range []string{o.Out + ".part", o.Out + ".next"} {
		if exists(name) {
			t.Errorf("%s is left", filepath.Base(name))
		}
	}
	if info, _ := os.Stat(o.Out); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if info, _ := os.Stat(o.Out + ".state"); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestLaterRunsAddAndReplace(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		frame Frame
		want  string
	}{{lines, "a2\nb1\nc1\n"}, {array, "[\nb1,\na2,\nc1\n]\n"}} {
		o := options(t, f.frame)
		end := "\n"
		if f.frame.Header != nil {
			end = ""
		}
		j := open(t, o)
		must(t, j.Append([]Record{record("a", 1, false, "a1"+end), record("b", 2, true, "b1"+end)}))
		must(t, j.Finish())
		must(t, j.Close())

		j = open(t, o)
		if e, ok := j.Lookup("a"); !ok || e.Final {
			t.Errorf("a: %+v %v", e, ok)
		}
		if e, ok := j.Lookup("b"); !ok || !e.Final || e.N != 2 {
			t.Errorf("b: %+v %v", e, ok)
		}
		must(t, j.Finish()) // nothing was added
		if !exists(o.Out) {
			t.Error("a run without work took the output away")
		}
		must(t, j.Append([]Record{record("a", 1, true, "a2"+end)}))
		must(t, j.Finish())
		must(t, j.Append([]Record{record("c", 3, true, "c1"+end)}))
		must(t, j.Finish())
		must(t, j.Close())
		got := content(t, o.Out)
		if strings.Contains(got, "a1") || strings.Count(got, "a2") != 1 || strings.Count(got, "b1") != 1 || strings.Count(got, "c1") != 1 {
			t.Errorf("output %q", got)
		}
		if f.frame.Header != nil && got != f.want {
			t.Errorf("output %q, want %q", got, f.want)
		}
	}
}

func TestWhatTheStateDoesNotNameIsCut(t *testing.T) {
	t.Parallel()
	o := options(t, lines)
	j := open(t, o)
	must(t, j.Append([]Record{record("a", 1, true, "a\n")}))
	must(t, j.Close())
	for _, name := range []string{o.Out + ".part", o.Out + ".state"} {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteString(`{"item":"torn`)
		must(t, err)
		must(t, f.Close())
	}
	j = open(t, o)
	if got := content(t, o.Out+".part") + content(t, o.Out+".state"); strings.Contains(got, "torn") {
		t.Errorf("not cut: %q", got)
	}
	must(t, j.Append([]Record{record("b", 2, true, "b\n")}))
	must(t, j.Finish())
	must(t, j.Close())
	if got := content(t, o.Out); got != "a\nb\n" {
		t.Errorf("output %q", got)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	o := options(t, lines)
	j := open(t, o)
	_, err := Open(o)
	if exit.Of(err) != exit.Later || !strings.Contains(err.Error(), "another idrec") {
		t.Errorf("second: %v", err)
	}
	must(t, j.Close())
	must(t, open(t, o).Close())
}

func TestForeignFilesAreRefusedAndNotTouched(t *testing.T) {
	t.Parallel()
	valid := func(t *testing.T, o Options) {
		j := open(t, o)
		must(t, j.Append([]Record{record("a", 1, true, "a\n")}))
		must(t, j.Finish())
		must(t, j.Close())
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, o *Options)
		says    string
	}{
		"an output without a state": {func(t *testing.T, o *Options) { must(t, os.WriteFile(o.Out, []byte("mine"), 0o600)) }, "--overwrite"},
		"a part of another run":     {func(t *testing.T, o *Options) { must(t, os.WriteFile(o.Out+".part", []byte("mine"), 0o600)) }, ".part file"},
		"a state that is none":      {func(t *testing.T, o *Options) { must(t, os.WriteFile(o.Out+".state", []byte("mine\nmine\n"), 0o600)) }, "no state"},
		"a picture as state":        {func(t *testing.T, o *Options) { must(t, os.WriteFile(o.Out+".state", []byte("\xFF\xD8\xFF"), 0o600)) }, "no state"},
		"a newer state": {func(t *testing.T, o *Options) {
			must(t, os.WriteFile(o.Out+".state", []byte(`{"idrec_state":2,"key":"00"}`+"\n"), 0o600))
		}, "another version"},
		"other settings": {func(t *testing.T, o *Options) { valid(t, *o); o.Settings = map[string]string{"--output": "y"} }, "--output"},
		"output gone":    {func(t *testing.T, o *Options) { valid(t, *o); must(t, os.Remove(o.Out)) }, "not there"},
		"output edited":  {func(t *testing.T, o *Options) { valid(t, *o); must(t, os.WriteFile(o.Out, []byte("a\nmine\n"), 0o600)) }, "changed"},
		"no folder":      {func(t *testing.T, o *Options) { o.Out = filepath.Join(o.Out, "x", "y") }, "folder of --out"},
		"a device":       {func(t *testing.T, o *Options) { must(t, os.Symlink(os.DevNull, o.Out)) }, "names a device"},
		"a folder":       {func(t *testing.T, o *Options) { o.Out = filepath.Dir(o.Out) }, "names a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, lines)
			c.prepare(t, &o)
			before := snapshot(t, filepath.Dir(o.Out))
			j, err := Open(o)
			if err == nil {
				j.Close()
				t.Fatal("opened")
			}
			if exit.Of(err) != exit.Usage || !strings.Contains(err.Error(), c.says) {
				t.Errorf("exit %d, %v", exit.Of(err), err)
			}
			if after := snapshot(t, filepath.Dir(o.Out)); after != before {
				t.Errorf("files were\n%sand are\n%s", before, after)
			}
		})
	}
}

func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	names, _ := os.ReadDir(dir)
	for _, n := range names {
		if strings.HasSuffix(n.Name(), ".lock") || n.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, n.Name()))
		must(t, err)
		fmt.Fprintf(&b, "%s %q\n", n.Name(), text)
	}
	return b.String()
}

func TestOverwriteReplacesTheOutputAtTheEndOnly(t *testing.T) {
	t.Parallel()
	o := options(t, lines)
	must(t, os.WriteFile(o.Out, []byte("old"), 0o600))
	o.Overwrite = true
	j := open(t, o)
	must(t, j.Append([]Record{record("a", 1, true, "a\n")}))
	if got := content(t, o.Out); got != "old" {
		t.Errorf("before the end: %q", got)
	}
	must(t, j.Finish())
	must(t, j.Close())
	if got := content(t, o.Out); got != "a\n" {
		t.Errorf("output %q", got)
	}
}

// disk is a file system that loses its power after so many operations, the last of them half done, or
// that has so many bytes of room.
type disk struct {
	operations int // left; negative: no end
	room       int64
	// badSync fails that one sync, counted from 1, and nothing else.
	badSync int
	synced  map[string][]byte // what of a file would outlive the loss of power
}

var errPower = errors.New("the power went")

type diskFile struct {
	*os.File
	d *disk
}

// die loses what was not synced of the records, and nothing of the state: the order of the two must
// not rest on luck.
func (d *disk) die() {
	for name, text := range d.synced {
		if !strings.HasSuffix(name, ".state") && exists(name) {
			_ = os.WriteFile(name, text, 0o600)
		}
	}
	d.synced = nil
}

func (d *disk) step() error {
	if d.operations == 0 {
		d.die()
		return errPower
	}
	d.operations--
	return nil
}

func (d *disk) open(name string, flag int) (file, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if d.synced == nil {
		d.synced = map[string][]byte{}
	}
	d.synced[name] = text
	return &diskFile{f, d}, nil
}

func (d *disk) rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	if text, opened := d.synced[from]; opened {
		d.synced[to] = text
		delete(d.synced, from)
	}
	return os.Rename(from, to)
}

func (d *disk) remove(name string) error {
	if err := d.step(); err != nil {
		return err
	}
	return os.Remove(name)
}

func (f *diskFile) WriteAt(b []byte, at int64) (int, error) {
	if err := f.d.step(); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], at)
		return n, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if grow := at + int64(len(b)) - info.Size(); grow > 0 {
		if grow > f.d.room {
			return 0, syscall.ENOSPC
		}
		f.d.room -= grow
	}
	return f.File.WriteAt(b, at)
}

func (f *diskFile) Truncate(size int64) error {
	if err := f.d.step(); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	f.d.room += info.Size() - size
	return f.File.Truncate(size)
}

func (f *diskFile) Sync() error {
	if err := f.d.step(); err != nil {
		return err
	}
	if f.d.badSync--; f.d.badSync == 0 {
		return syscall.EIO
	}
	text, err := os.ReadFile(f.Name())
	f.d.synced[f.Name()] = text
	return err
}

// run plays a run over items, as a caller would: what is final is passed over, and every third item is
// not final at first.
func run(o Options, items []string, attempt int) (asked []string, err error) {
	j, err := Open(o)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	for n, item := range items {
		if e, ok := j.Lookup(item); ok && e.Final {
			continue
		}
		if err := j.Reserve(1); err != nil {
			return asked, err
		}
		asked = append(asked, item)
		r := record(item, n+1, attempt > 0 || n%3 != 0, fmt.Sprintf("%s/%d\n", item, attempt))
		if err := j.Append([]Record{r}); err != nil {
			return asked, err
		}
	}
	return asked, j.Finish()
}

func TestEveryRecordExactlyOnceWhereverTheProcessEnds(t *testing.T) {
	t.Parallel()
	items := []string{"a", "b", "c", "d"}
	for _, first := range []bool{true, false} { // the process ends in the first run, or in the second, which replaces
		for k := 0; ; k++ {
			dir := t.TempDir()
			o := Options{Out: filepath.Join(dir, "out"), Frame: array}
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
				if k < 10 {
					t.Fatalf("only %d operations", k)
				}
				break
			}
			for attempt := 1; attempt < 3; attempt++ {
				if _, err := run(o, items, attempt); err != nil {
					t.Fatalf("ended at operation %d of the first run (%v), going on: %v", k, first, err)
				}
			}
			got := content(t, o.Out)
			for _, item := range items {
				if strings.Count(got, item+"/") != 1 {
					t.Fatalf("ended at operation %d: %s is there %d times in %q", k, item, strings.Count(got, item+"/"), got)
				}
			}
			if strings.Count(got, ",\n") != len(items)-1 || !strings.HasPrefix(got, "[\n") || !strings.HasSuffix(got, "\n]\n") {
				t.Fatalf("ended at operation %d: malformed %q", k, got)
			}
		}
	}
}

func TestEveryRecordExactlyOnceWhicheverSyncFails(t *testing.T) {
	t.Parallel()
	items := []string{"a", "b", "c", "d"}
	for _, first := range []bool{true, false} {
		for k := 1; ; k++ {
			o := Options{Out: filepath.Join(t.TempDir(), "out"), Frame: array}
			if !first {
				if _, err := run(o, items, 0); err != nil {
					t.Fatal(err)
				}
			}
			failing := o
			d := &disk{operations: -1, room: 1 << 30, badSync: k}
			failing.open, failing.rename, failing.remove = d.open, d.rename, d.remove
			_, err := run(failing, items, map[bool]int{true: 0, false: 1}[first])
			if err == nil {
				break
			}
			if _, err := run(o, items, 1); err != nil {
				t.Fatalf("sync %d failed, going on: %v", k, err)
			}
			got := content(t, o.Out)
			for _, item := range items {
				if strings.Count(got, item+"/") != 1 {
					t.Fatalf("sync %d failed: %s is there %d times in %q", k, item, strings.Count(got, item+"/"), got)
				}
			}
		}
	}
}

func TestAFullDiskIsMetBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	items := make([]string, 40)
	for i := range items {
		items[i] = fmt.Sprint("item", i)
	}
	for _, room := range []int64{0, 100, 1 << 10, 20 << 10, 300 << 10} {
		o := options(t, lines)
		full := o
		d := &disk{operations: -1, room: room}
		full.open, full.rename, full.remove = d.open, d.rename, d.remove
		asked, err := run(full, items, 1)
		if err != nil && (exit.Of(err) != exit.Later || !strings.Contains(err.Error(), "no room")) {
			t.Fatalf("room %d: %v", room, err)
		}
		if room < 16<<10 && len(asked) > 0 {
			t.Errorf("room %d: %d were asked", room, len(asked))
		}
		more, err := run(o, items, 1)
		must(t, err)
		if len(asked)+len(more) != len(items) {
			t.Errorf("room %d: %d asked, then %d: an answer was lost", room, len(asked), len(more))
		}
	}
}

func TestAnyHistoryOfRunsLeavesEachLatestRecordOnce(t *testing.T) {
	t.Parallel()
	dir, runs := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		d := &disk{operations: -1, room: 1 << 40} // nothing fails, and nothing waits for the real one
		o := Options{open: d.open, rename: d.rename, remove: d.remove, Out: filepath.Join(dir, fmt.Sprint("out", runs)), Frame: rapid.SampledFrom([]Frame{lines, array}).Draw(rt, "frame")}
		want := map[string]string{}
		for range rapid.IntRange(1, 4).Draw(rt, "runs") {
			j, err := Open(o)
			if err != nil {
				rt.Fatal(err)
			}
			for i := range rapid.IntRange(0, 4).Draw(rt, "groups") {
				var group []Record
				for range rapid.IntRange(1, 3).Draw(rt, "size") {
					item := rapid.StringMatching("[a-e]").Draw(rt, "item")
					text := fmt.Sprintf("<%s%d>", item, len(want)*10+i)
					want[item] = text
					group = append(group, record(item, 1, rapid.Bool().Draw(rt, "final"), text))
				}
				if err := j.Append(group); err != nil {
					rt.Fatal(err)
				}
			}
			if rapid.Bool().Draw(rt, "finish") {
				if err := j.Finish(); err != nil {
					rt.Fatal(err)
				}
			}
			if err := j.Close(); err != nil {
				rt.Fatal(err)
			}
		}
		j, err := Open(o)
		if err != nil {
			rt.Fatal(err)
		}
		if err := j.Finish(); err != nil {
			rt.Fatal(err)
		}
		j.Close()
		b, err := os.ReadFile(o.Out)
		if err != nil {
			rt.Fatal(err)
		}
		var texts []string
		for _, text := range want {
			if strings.Count(string(b), text) != 1 {
				rt.Fatalf("%s in %q", text, b)
			}
			texts = append(texts, text)
		}
		body := strings.NewReplacer("[\n", "", ",\n", "", "\n]\n", "").Replace(string(b))
		if len(body) != len(strings.Join(texts, "")) {
			rt.Fatalf("more than %v in %q", texts, b)
		}
	})
}

func TestTheStateHoldsNoNames(t *testing.T) {
	t.Parallel()
	const canary = "李秀英"
	o := options(t, lines)
	j := open(t, o)
	r := record("/scans/"+canary+".jpg", 1, true, canary+"\n")
	r.Entry.Content = j.Content(strings.Repeat("ab", 32))
	must(t, j.Append([]Record{r}))
	must(t, j.Finish())
	must(t, j.Close())
	text := content(t, o.Out+".state")
	if strings.Contains(text, canary) || strings.Contains(text, strings.Repeat("ab", 32)) {
		t.Errorf("personal: %s", text)
	}
	// The same picture has another name in another state.
	p := open(t, options(t, lines))
	defer p.Close()
	if p.Content(strings.Repeat("ab", 32)) == r.Entry.Content {
		t.Error("the digest has no key of its own")
	}
	if slices.Equal(p.key, j.key) {
		t.Error("keys are equal")
	}
}

func FuzzStateIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"idrec_state":1,"key":"000102030405060708090a0b0c0d0e0f","settings":{}}` + "\n" + `{"item":"x","n":1,"final":true,"kind":"x","offset":0,"length":1}` + "\n"))
	f.Add([]byte(`{"idrec_state":1,"key":"00","run":"r"}` + "\n" + `{"rewrite":true}` + "\n" + `{"seal":1,"next":true}` + "\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o := options(t, lines)
		must(t, os.WriteFile(o.Out+".state", text, 0o600))
		j, err := Open(o)
		if err != nil {
			if exit.Of(err) == exit.Defect {
				t.Errorf("untyped: %v", err)
			}
			return
		}
		must(t, j.Close())
	})
}

package target

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func file(t *testing.T) File {
	t.Helper()
	dir := t.TempDir()
	return File{Flag: "--out", Name: filepath.Join(dir, "cards.xlsx"), Memo: filepath.Join(dir, "memo")}
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// want fails unless the file gets the name with the number.
func (f File) want(t *testing.T, number int, stamp, content string) {
	t.Helper()
	n, err := f.Make(stamp, text(content))
	if err != nil || n != number {
		t.Fatalf("%q got the name %d, not %d: %v", content, n, number, err)
	}
}

func (f File) has(t *testing.T, number int, content string) {
	t.Helper()
	b, err := os.ReadFile(Numbered(f.Name, number))
	if err != nil || string(b) != content {
		t.Errorf("name %d has %q, not %q (%v)", number, b, content, err)
	}
}

func TestAFileIsMadeAnewWhenItsRecordsChanged(t *testing.T) {
	t.Parallel()
	f := file(t)
	f.want(t, 1, "a", "one")
	f.want(t, 1, "a", "not written: nothing changed")
	f.has(t, 1, "one")
	f.want(t, 1, "b", "two")
	f.has(t, 1, "two")
	if err := os.Remove(f.Name); err != nil {
		t.Fatal(err)
	}
	f.want(t, 1, "b", "two again")
	f.has(t, 1, "two again")
	names, err := filepath.Glob(filepath.Join(filepath.Dir(f.Name), "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("left: %v %v", names, err)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", filepath.Base(name), info.Mode())
		}
	}
}

func TestWhatSomebodyChangedIsLeftAlone(t *testing.T) {
	t.Parallel()
	f := file(t)
	f.want(t, 1, "a", "one")
	if err := os.WriteFile(f.Name, []byte("with notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.want(t, 1, "a", "the records are the same, and so is the file but for the notes")
	f.has(t, 1, "with notes")
	f.want(t, 2, "b", "two")
	f.has(t, 1, "with notes")
	f.want(t, 2, "c", "three")
	f.has(t, 2, "three")
	f.Overwrite = true
	f.want(t, 1, "d", "four")
	f.has(t, 1, "four")
	f.has(t, 2, "three")
}

func TestAFileThatIsOpenGetsANameBesideIt(t *testing.T) {
	t.Parallel()
	for _, lock := range []string{".~lock.cards.xlsx#", "~$cards.xlsx"} { // of LibreOffice and of Excel
		f := file(t)
		f.want(t, 1, "a", "one")
		lock = filepath.Join(filepath.Dir(f.Name), lock)
		if err := os.WriteFile(lock, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		f.want(t, 2, "b", "two")
		f.has(t, 1, "one")
		if err := os.Remove(lock); err != nil {
			t.Fatal(err)
		}
		f.want(t, 1, "b", "two") // closed meanwhile
		f.has(t, 1, "two")
	}
	for _, number := range []syscall.Errno{syscall.EBUSY, syscall.ETXTBSY, syscall.EACCES} {
		f := file(t)
		f.want(t, 1, "a", "one")
		f.rename = func(from, to string) error {
			if to == f.Name {
				return &os.LinkError{Op: "rename", Old: from, New: to, Err: number}
			}
			return os.Rename(from, to)
		}
		f.want(t, 2, "b", "two")
		f.has(t, 1, "one")
		f.has(t, 2, "two")
	}
	f := file(t)
	f.rename = func(_, to string) error { return &os.LinkError{Op: "rename", New: to, Err: syscall.EBUSY} }
	var said *exit.Error
	if _, err := f.Make("a", text("one")); !errors.As(err, &said) || said.Code != exit.Later {
		t.Errorf("nothing is free: %v", err)
	}
}

func TestWhereverTheProcessEndsTheFileIsOurs(t *testing.T) {
	t.Parallel()
	f := file(t)
	f.want(t, 1, "a", "one")
	for _, before := range []bool{true, false} {
		dying := f
		dying.rename = func(from, to string) error {
			if !before {
				if err := os.Rename(from, to); err != nil {
					t.Fatal(err)
				}
			}
			panic("the end")
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = dying.Make("b", text("two"))
		}()
		f.want(t, 1, map[bool]string{true: "c", false: "d"}[before], "after the end")
		f.has(t, 1, "after the end")
	}
	if left, _ := filepath.Glob(f.Name + "*"); !slices.Equal(left, []string{f.Name}) {
		t.Errorf("left: %v", left)
	}
}

func TestWhatCannotBeWrittenIsSaid(t *testing.T) {
	t.Parallel()
	f := file(t)
	check := func(code int, says string, err error) {
		t.Helper()
		var said *exit.Error
		if !errors.As(err, &said) || said.Code != code || !strings.Contains(said.Error(), says) {
			t.Errorf("%v, not %d with %q", err, code, says)
		}
	}
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	_, err := f.Make("a", func(io.Writer) error { return syscall.ENOSPC })
	check(exit.Later, "free some space", err)
	if size(f.Name+".making") >= 0 {
		t.Error("what was begun is left")
	}
	if err := os.WriteFile(f.Name, []byte("of somebody"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(exit.Usage, "did not make it", f.Check())
	f.Overwrite = true
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	f.want(t, 1, "a", "one")
	f.Overwrite = false
	if err := f.Check(); err != nil {
		t.Error(err)
	}
	f.Name = filepath.Dir(f.Name)
	check(exit.Usage, "names a folder", f.Check())
	f.Name = filepath.Join(f.Name, "none", "x.html")
	check(exit.Usage, "does not exist", f.Check())
}

func TestALinkInTheWayLeadsNowhere(t *testing.T) {
	t.Parallel()
	f := file(t)
	dir := filepath.Dir(f.Name)
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, []byte("not idrec's"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{f.Name + ".making", f.Memo + ".next"} {
		if err := os.Symlink(mine, link); err != nil {
			t.Skip("no links here")
		}
	}
	f.want(t, 1, "a", "one")
	f.has(t, 1, "one")
	if b, err := os.ReadFile(mine); err != nil || string(b) != "not idrec's" {
		t.Errorf("what the link named has %q now (%v)", b, err)
	}
	if info, err := os.Lstat(f.Name); err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", info.Mode(), err)
	}
}

func TestADeviceIsNotReplaced(t *testing.T) {
	t.Parallel()
	f := file(t)
	f.Name = os.DevNull
	var said *exit.Error
	if err := f.Check(); !errors.As(err, &said) || said.Code != exit.Usage || !strings.Contains(err.Error(), "device") {
		t.Errorf("%v", err)
	}
	if f.free(memo{}, 1) {
		t.Error("a file may take the place of a device")
	}
}

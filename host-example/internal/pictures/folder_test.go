package pictures_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/internal/pictures"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"b.JPG", "a.jpeg", "c.txt", "sub/d.tiff", "dir.png/e.webp"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.jpg")
	if err := errors.Join(os.WriteFile(outside, []byte("outside"), 0o600), os.Symlink(outside, filepath.Join(dir, "out.jpg")),
		os.Symlink("b.JPG", filepath.Join(dir, "in.jpg")), os.Symlink("none", filepath.Join(dir, "none.jpg"))); err != nil {
		t.Skip(err)
	}
	return dir
}

func TestAFoldersPicturesAreListedWhole(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	got, err := pictures.Below(dir)
	want := []pictures.Entry{{"a.jpeg", false}, {"b.JPG", false}, {filepath.Join("dir.png", "e.webp"), false}, {"in.jpg", true}, {"none.jpg", true}, {"out.jpg", true}, {filepath.Join("sub", "d.tiff"), false}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	if _, err := pictures.Below(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestOnlyRegularFilesOfTheFolderAreOpened(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(folder(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for name, opened := range map[string]bool{"b.JPG": true, "in.jpg": true, "out.jpg": false, "none.jpg": false, "sub": false, "../x": false} {
		f, err := pictures.Open(root, name)
		if (err == nil) != opened {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if text, err := io.ReadAll(f); err != nil || string(text) != "b.JPG" {
				t.Errorf("%s: %s %v", name, text, err)
			}
			_ = f.Close()
		}
	}
	if _, err := pictures.Open(root, "sub"); !errors.Is(err, pictures.ErrNotRegular) {
		t.Error(err)
	}
}

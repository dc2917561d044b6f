package specimen

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

func generate(t *testing.T, dir string, o GenerateOptions) []File {
	t.Helper()
	files, err := Generate(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestGenerateWritesPicturesWithTheTruthBeside(t *testing.T) {
	t.Parallel()
	for _, format := range []string{FormatJPEG, FormatPNG} {
		dir := filepath.Join(t.TempDir(), "new", "folder")
		o := GenerateOptions{People: 3, Seed: 9, Format: format, Options: Options{Width: testWidth}}
		files := generate(t, dir, o)
		people := People(3, 9)
		if len(files) != 6 {
			t.Fatalf("%d files", len(files))
		}
		name := regexp.MustCompile(`^person-00[1-3]-(portrait|emblem)\.` + format + `$`)
		for i, f := range files {
			want := people[i/2].Truth(bothSides[i%2])
			if !name.MatchString(f.Name) || f.Content != ContentCard || f.Truth != want {
				t.Errorf("file %d is %+v", i, f)
			}
			data, err := os.ReadFile(filepath.Join(dir, f.Name))
			if err != nil {
				t.Fatal(err)
			}
			img, _, err := picture.Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			mustRead(t, img, want, f.Name)
			b, err := os.ReadFile(filepath.Join(dir, f.TruthName()))
			if err != nil {
				t.Fatal(err)
			}
			var truth Truth
			if err := json.Unmarshal(b, &truth); err != nil || truth != want {
				t.Errorf("%s: %+v, %v", f.TruthName(), truth, err)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 12 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	}
}

func TestGenerateMakesFilesForEverybodyToRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "out")
	files := generate(t, dir, GenerateOptions{People: 1, Options: Options{Width: MinWidth}})
	// The umask of the test's process may take away what it likes, but nothing may be added.
	for path, most := range map[string]fs.FileMode{dir: 0o755, filepath.Join(dir, files[0].Name): 0o644, filepath.Join(dir, files[0].TruthName()): 0o644} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&^most != 0 || mode&0o600 != 0o600 {
			t.Errorf("mode %o", mode)
		}
	}
}

func TestGenerateNeverWritesOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := GenerateOptions{People: 1, Seed: 1, Options: Options{Width: MinWidth}}
	files := generate(t, dir, o)
	generate(t, dir, o) // the same content is left

	picturePath := filepath.Join(dir, files[0].Name)
	if err := os.WriteFile(picturePath, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Generate(t.Context(), dir, o)
	if !errors.Is(err, shared.CodeInvalidRequest) || strings.Contains(err.Error(), dir) {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(picturePath); err != nil || string(b) != "mine" {
		t.Errorf("the file holds %d bytes now, %v", len(b), err)
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		dir  string
		o    GenerateOptions
		code shared.Code
	}{
		"nobody":             {t.Context(), t.TempDir(), GenerateOptions{}, shared.CodeInvalidRequest},
		"fewer than nobody":  {t.Context(), t.TempDir(), GenerateOptions{People: -1}, shared.CodeInvalidRequest},
		"a whole town":       {t.Context(), t.TempDir(), GenerateOptions{People: MaxPeople + 1}, shared.CodeInvalidRequest},
		"another format":     {t.Context(), t.TempDir(), GenerateOptions{People: 1, Format: "gif"}, shared.CodeInvalidRequest},
		"a file as a folder": {t.Context(), file, GenerateOptions{People: 1}, shared.CodeInvalidRequest},
		"a canceled context": {canceled, t.TempDir(), GenerateOptions{People: 1}, shared.CodeCanceled},
	} {
		files, err := Generate(c.ctx, c.dir, c.o)
		if !errors.Is(err, c.code) || files != nil || strings.Contains(err.Error(), c.dir) {
			t.Errorf("%s: %d files, %v", name, len(files), err)
		}
	}
}

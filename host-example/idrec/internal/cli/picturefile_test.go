package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyOrdinaryFilesOfAPicturesSizeAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large, fits := filepath.Join(dir, "large.jpg"), filepath.Join(dir, "fits.jpg")
	for name, size := range map[string]int64{large: 1 << 40, fits: 1 << 20} { // without a byte on the disk
		if err := errors.Join(os.WriteFile(name, nil, 0o600), os.Truncate(name, size)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{os.DevNull, large, filepath.Join(dir, "none.jpg"), dir} {
		if _, err := readPicture(name); err == nil {
			t.Errorf("%s was read", filepath.Base(name))
		}
	}
	if data, err := readPicture(fits); err != nil || len(data) != 1<<20 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := digestOf(os.DevNull); err == nil {
		t.Error("a device has a digest")
	}
	if thumbnail(large, "", blurredWidth) != nil {
		t.Error("a picture of what is none")
	}
}

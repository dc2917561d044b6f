package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
)

func TestPhotosAreWrittenWithTheirTruth(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.want(exit.OK, "", "specimen", "--out", b.path("p"), "--photo", "medium", "--set", "tune", "-n", "3", "--width", "200", "--subject", "both")
	pictures, err := filepath.Glob(filepath.Join(b.path("p"), "photo-0000[123].jpg"))
	if err != nil || len(pictures) != 3 {
		t.Errorf("%d pictures, %v", len(pictures), err)
	}
	data, err := os.ReadFile(filepath.Join(b.path("p"), "photo-00002.truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth specimen.PhotoTruth
	if err := json.Unmarshal(data, &truth); err != nil || truth.Set != specimen.SetTune || max(truth.Width, truth.Height) != 200 || len(truth.Cards) < 2 || truth.Number == "" {
		t.Errorf("the truth is %d × %d with %d cards, %v", truth.Width, truth.Height, len(truth.Cards), err)
	}
}

func TestFlagsOfPhotosAreChecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	photo := func(args ...string) []string {
		return append([]string{"specimen", "--out", b.path("p"), "--photo", "easy"}, args...)
	}
	b.want(exit.Usage, "--photo", "specimen", "--out", b.path("p"), "--photo", "harder")
	b.want(exit.Usage, "give --photo", "specimen", "--out", b.path("p"), "--set", "train")
	b.want(exit.Usage, "--people", photo("--people", "3")...)
	b.want(exit.Usage, "--set", photo("--set", "all")...)
	b.want(exit.Usage, "--subject", photo("--subject", "cat")...)
	b.want(exit.Usage, "--count", photo("-n", "0")...)
	b.want(exit.Usage, "--width", photo("--width", "5")...)
	b.want(exit.Usage, "number after #", photo("--typeface", "font.ttc#x")...)
	b.want(exit.Usage, "font cannot be opened", photo("--typeface", b.path("none.ttf"))...)
	b.want(exit.Usage, "font cannot be understood", photo("--typeface", b.write("text.ttf", "no font"))...)
	if _, err := os.Stat(b.path("p")); err == nil {
		t.Error("a folder was made for nothing")
	}
}

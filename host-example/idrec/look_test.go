package main_test

import (
	"context"
	"html"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// photograph makes a picture of a page in the folder that IDREC_LOOK names, or in a temporary one. Without
// chromium on this machine it skips the test, unless IDREC_REQUIRE_CHROMIUM=1 says that there must be one.
func photograph(t *testing.T, name, page string, width, height int) image.Image {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("IDREC_REQUIRE_CHROMIUM") == "1" {
			t.Fatal("IDREC_REQUIRE_CHROMIUM=1, and there is no chromium on this machine")
		}
		t.Skip("no chromium on this machine: nothing is looked at")
	}
	dir := t.TempDir()
	out := filepath.Join(dir, name+".png")
	if look := os.Getenv("IDREC_LOOK"); look != "" {
		if out, err = filepath.Abs(filepath.Join(look, name+".png")); err != nil {
			t.Fatal(err)
		}
	}
	source := filepath.Join(dir, name+".html")
	if err := os.WriteFile(source, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	profile, err := os.MkdirTemp("", "idrec-look-") //nolint:usetesting // its processes write into it a little longer than the test lasts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--disable-background-networking", "--user-data-dir="+profile, "--window-size="+strconv.Itoa(width)+","+strconv.Itoa(height), "--screenshot="+out, "file://"+filepath.ToSlash(source))
	cmd.WaitDelay = 5 * time.Second // its children hold the pipe
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// ink is the share of a picture that is dark, in a thousand.
func ink(m image.Image) int {
	dark, b := 0, m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, b, _ := m.At(x, y).RGBA(); r+g+b < 3*0x8000 {
				dark++
			}
		}
	}
	return dark * 1000 / (b.Dx() * b.Dy())
}

// The Chinese help is there to be looked at, as a terminal shows it:
//
//	IDREC_LOOK=FOLDER go test ./host-example/idrec -run Photographed
func TestTheChineseHelpIsPhotographed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	w.env = append(w.env, "LANG=zh_CN.UTF-8")
	for name, args := range map[string][]string{"help": {"--help"}, "help-recognize": {"recognize", "--help"}} {
		r := w.want(0, "", args...)
		page := `<!doctype html><meta charset="utf-8"><body style="margin:12px"><pre style="font:14px/1.35 'Noto Sans Mono CJK SC','WenQuanYi Zen Hei Mono',monospace">` +
			html.EscapeString(r.out.String()) + `</pre>`
		picture := photograph(t, name, page, 960, map[string]int{"help": 760, "help-recognize": 2150}[name])
		if share := ink(picture); share < 10 || share > 300 {
			t.Errorf("%s: %d of a thousand pixels are dark: no text is seen", name, share)
		}
	}
}

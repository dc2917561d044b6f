//go:build unix

package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// header is a PNG that claims to have so many pixels, and has none.
func header(width, height uint32) string {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data)))
		body := append([]byte(kind), data...)
		b.Write(body)
		_ = binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	dims := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(dims, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01})
	chunk("IEND", nil)
	return b.String()
}

func dot(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func flat(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 200, 120))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBadInputIsOneClearLineAndCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil).inMemory()
	good := w.card("good.jpg", 1)
	whole := w.read("good.jpg")
	w.write("empty.jpg", "")
	w.write("dot.png", dot(t))
	w.write("flat.jpg", flat(t))
	w.write("cut.jpg", whole[:len(whole)/3])
	w.write("bomb.png", header(10_000, 10_000))
	w.write("text.jpg", "not a picture")
	w.write("bare/notes.txt", "")
	w.write("wrong.txt", strings.Repeat("0", 32))
	w.write("c.yaml", "raet: 5\n")
	w.write("record.out", "mine")
	long := "http://127.0.0.1:9/" + strings.Repeat("x", 1100)
	for name, c := range map[string]struct {
		exit int
		says string
		args []string
	}{
		"zero bytes":       {65, "picture_empty", []string{"empty.jpg"}},
		"one pixel":        {65, "picture_too_small", []string{"dot.png"}},
		"one colour":       {65, "picture_blank", []string{"flat.jpg"}},
		"broken JPEG":      {65, "picture_broken", []string{"cut.jpg"}},
		"bomb":             {65, "picture_too_large", []string{"bomb.png"}},
		"text":             {65, "not_a_picture", []string{"text.jpg"}},
		"no such file":     {66, "does not exist", []string{"gone.jpg"}},
		"empty folder":     {66, "no pictures", []string{"bare"}},
		"long URL":         {65, "url_too_long", []string{"--url-mode", "vendor", long}},
		"private URL":      {65, "url_refused", []string{"--set", "url_hosts=*", "http://10.0.0.7/a.jpg"}},
		"metadata service": {65, "url_refused", []string{"--set", "url_hosts=*", "http://169.254.169.254/a.jpg"}},
		"URL not allowed":  {65, "url_refused", []string{"http://pictures.example/a.jpg"}},
		"unknown side":     {64, "side", []string{"--side", "left", "good.jpg"}},
		"negative":         {64, "concurrency", []string{"--concurrency", "-1", "good.jpg"}},
		"bad rate":         {78, "rate", []string{"--rate", "fast", "good.jpg"}},
		"http far away":    {78, "http", []string{"--url", "http://api.example/pyi/76/194", "good.jpg"}},
		"URL is none":      {78, "url", []string{"--url", "not a url", "good.jpg"}},
		"no secret file":   {78, "secret", []string{"--secret-file", "none.txt", "good.jpg"}},
		"no such plugin":   {69, "plugin", []string{"--plugin", "none", "good.jpg"}},
		"another file":     {69, "plugin", []string{"--sha256", strings.Repeat("0", 64), "good.jpg"}},
		"no program":       {69, "plugin", []string{"--plugin", "./good.jpg", "good.jpg"}},
		"typing error":     {78, "line 1", []string{"--config", "c.yaml", "good.jpg"}},
		"foreign output":   {64, "--overwrite", []string{"--out", "record.out", "good.jpg"}},
		"nobody listens":   {75, "upstream_unreachable", []string{"--wait", "0", "--url", "http://127.0.0.1:9/pyi/76/194", "good.jpg"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.want(c.exit, c.says, append([]string{"recognize"}, c.args...)...)
			if n := strings.Count(r.err.String(), "\n"); n != 1 || !strings.HasPrefix(r.err.String(), "idrec: ") {
				t.Errorf("%d lines: %s", n, r.err.String())
			}
		})
	}
	if a := w.account(); a.Requests != 0 {
		t.Errorf("%d requests, %d billed", a.Requests, a.Billed)
	}
	// These reach the vendor, which bills none of them.
	w.want(77, "check the secret", "recognize", "--secret-file", "wrong.txt", good)
	w.want(77, "check the appid", "recognize", "--appid", "2", good)
	w.want(78, "no_such_api", "recognize", "--url", strings.TrimSuffix(w.url, "/pyi/76/194")+"/pyi/1/2", good)
	w.env = w.env[:len(w.env)-4]
	w.want(78, "--secret-file", "recognize", good) // nothing is configured
	if a := w.account(); a.Billed != 0 {
		t.Errorf("%d billed", a.Billed)
	}
}

func TestAnUnreadableFileIsARecordAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	w.card("in/a.jpg", 1)
	if err := os.Symlink(w.path("gone.jpg"), w.path("in/b.jpg")); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 { // who may read everything has no unreadable file
		if err := os.Chmod(w.card("in/c.jpg", 2), 0); err != nil {
			t.Fatal(err)
		}
	}
	w.want(65, "picture_unreadable", "recognize", "in", "--out", "out.ndjson")
	if a := w.account(); a.Billed != 1 {
		t.Errorf("%d billed", a.Billed)
	}
}

func TestAPictureRewrittenWhileItIsReadIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	name := w.card("a.jpg", 1)
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Large, so that reading it takes longer than the writer's pause.
	if err := f.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				_, _ = f.WriteAt([]byte{0xff}, 0)
			}
		}
	}()
	w.want(65, "picture_changed", "recognize", "a.jpg", "--out", "out.ndjson")
	close(stop)
	<-stopped
	if a := w.account(); a.Requests != 0 {
		t.Errorf("%d requests", a.Requests)
	}
	// Nobody writes to it any more, so the same command reads it.
	if err := f.Truncate(300 << 10); err != nil {
		t.Fatal(err)
	}
	w.want(0, "", "recognize", "a.jpg", "--out", "out.ndjson")
	w.once("out.ndjson", 1)
}

// held answers when it is let.
type held struct {
	shared.Recognizer

	until chan struct{}
}

func (h *held) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	select {
	case <-h.until:
	case <-ctx.Done():
	}
	return h.Recognizer.Recognize(ctx, req)
}

func TestTwoProcessesWithOneState(t *testing.T) {
	t.Parallel()
	engine := &held{&specimen.Recognizer{}, make(chan struct{})}
	w := newWorldWith(t, engine, nil).inMemory()
	w.card("in/a.jpg", 1)
	w.card("in/b.jpg", 2)
	r := w.start("recognize", "in", "--concurrency", "1", "--out", "out.ndjson", "--state", "s")
	w.counted(1, r)
	second := w.want(75, "another idrec", "recognize", "in", "--out", "other.ndjson", "--state", "s")
	if strings.Count(second.err.String(), "\n") != 1 {
		t.Error(second.err.String())
	}
	close(engine.until)
	if got := w.code(r); got != 0 {
		t.Errorf("the first ended with %d: %s", got, r.err.String())
	}
	if a := w.account(); a.Requests != 2 {
		t.Errorf("%d requests", a.Requests)
	}
}

func TestAFullDiskUnderOutCostsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil).inMemory()
	w.card("in/a.jpg", 1)
	// A limit on the size of files fails like a full disk, and needs no right to mount one.
	limited := func(blocks string) *running {
		r := &running{Cmd: exec.Command("sh", "-c", "ulimit -f "+blocks+" && exec \"$0\" recognize in --out out.ndjson", filepath.Join(w.bin, "idrec")), done: make(chan struct{})}
		r.Stdout, r.Stderr, r.Dir, r.Env = &r.out, &r.err, w.dir, w.env
		w.begin(r)
		return r
	}
	r := limited("2")
	if got := w.code(r); got != 75 || strings.Count(r.err.String(), "\n") != 1 || !strings.Contains(r.err.String(), "no room") {
		t.Errorf("exit %d: %s", got, r.err.String())
	}
	if a := w.account(); a.Requests != 0 {
		t.Errorf("%d requests", a.Requests)
	}
	w.want(0, "", "recognize", "in", "--out", "out.ndjson")
	w.once("out.ndjson", 1)
}

func TestAClosedStandardOutputLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil).inMemory()
	for i := range 12 {
		w.card(filepath.Join("in", string(rune('a'+i))+".jpg"), i+1)
	}
	shell := func(line string) *running {
		r := &running{Cmd: exec.Command("sh", "-c", line, filepath.Join(w.bin, "idrec")), done: make(chan struct{})}
		r.Stdout, r.Stderr, r.Dir, r.Env = &r.out, &r.err, w.dir, w.env
		w.begin(r)
		return r
	}
	for name, line := range map[string]string{
		"closed":            `exec "$0" recognize in --output ndjson >&-`,
		"full, with a head": `exec "$0" recognize in --output csv >/dev/full`,
	} {
		r := shell(line)
		if got := w.code(r); got != 75 || strings.Count(r.err.String(), "\n") > 2 || !strings.Contains(r.err.String(), "--out FILE") {
			t.Errorf("%s: exit %d: %s", name, got, r.err.String())
		}
	}
	if a := w.account(); a.Requests != 0 {
		t.Errorf("%d requests", a.Requests)
	}
	// A reader that goes away after the first line, and a full disk that nobody could foresee.
	for name, line := range map[string]string{
		"reader gone": `"$0" recognize in --output ndjson --concurrency 2 --rate 20 | head -n 1 >/dev/null`,
		"full":        `"$0" recognize in --output ndjson --concurrency 2 >/dev/full`,
	} {
		before := w.account().Requests
		r := shell(line)
		w.code(r)
		asked := int(w.account().Requests - before)
		rescued, err := filepath.Glob(w.path("idrec-rescued-*.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		saved := 0
		for _, f := range rescued {
			saved += strings.Count(w.read(filepath.Base(f)), "\n")
			_ = os.Remove(f)
		}
		delivered := map[string]int{"reader gone": 1}[name]
		if asked > 8 || saved < asked-delivered-2 || saved == 0 && name == "full" || !strings.Contains(r.err.String(), "standard output") {
			t.Errorf("%s: %d asked, %d rescued: %s", name, asked, saved, r.err.String())
		}
	}
}

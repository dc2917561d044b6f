package main_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/shared"
)

// numbered writes n pictures that differ in a comment, in folders of a thousand.
func numbered(t *testing.T, dir string, n int) {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, specimen.Draw(specimen.Cast()[0], shared.SideEmblem, specimen.Options{Width: 320}), nil); err != nil {
		t.Fatal(err)
	}
	picture := out.Bytes()
	for i := range n {
		// A comment (ITU-T T.81, B.2.4.5) right behind the start of the image.
		comment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xFE}, 10)
		comment = binary.BigEndian.AppendUint64(comment, uint64(i))
		folder := filepath.Join(dir, strconv.Itoa(i/1000))
		if i%1000 == 0 {
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		text := append(append(append([]byte{}, picture[:2]...), comment...), picture[2:]...)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%06d.jpg", i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// resident is the memory of a process in MiB; zero where that cannot be told.
func resident(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(b)) {
		if kib, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")))
			return n / 1024
		}
	}
	return 0
}

// A folder of 100,000 pictures needs no more memory than its first thousand, in the program and in the
// plugin:
//
//	IDREC_SOAK=1 go test ./host-example/idrec -run LargeFolder -v -timeout 3h
//
// IDREC_PICTURES sets another number.
func TestALargeFolderNeedsNoMoreMemoryThanItsBeginning(t *testing.T) {
	if os.Getenv("IDREC_SOAK") == "" {
		t.Skip("takes many minutes: set IDREC_SOAK=1")
	}
	n := 100_000
	if v, err := strconv.Atoi(os.Getenv("IDREC_PICTURES")); err == nil {
		n = v
	}
	w := newWorldWith(t, blind{&specimen.Recognizer{}}, nil)
	numbered(t, w.path("scans"), n)
	r := w.start("recognize", w.path("scans"), "--concurrency", "8", "--output", "ndjson", "--out", w.path("out.ndjson"), "--quiet")
	type peak struct{ program, plugin int }
	var early, late peak
	last := int64(0)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for running := true; running; {
		select {
		case <-r.done:
			running = false
			continue
		case <-tick.C:
		}
		done := w.account().Requests
		p := &late
		switch {
		case done < 1000:
			continue
		case done < max(2000, int64(n)/10):
			p = &early
		}
		p.program = max(p.program, resident(r.Process.Pid))
		for _, c := range children(r.Process.Pid) {
			p.plugin = max(p.plugin, resident(c))
		}
		if done/10_000 > last/10_000 {
			t.Logf("%d pictures after %v: program %d MiB, plugin %d MiB", done, time.Since(began).Round(time.Second), resident(r.Process.Pid), p.plugin)
		}
		last = done
	}
	if got := r.ProcessState.ExitCode(); got != 0 {
		t.Fatalf("exit %d: %s", got, r.err.String())
	}
	a := w.account()
	if a.Billed != int64(n) || a.Requests != int64(n) {
		t.Errorf("%d requests, %d billed, of %d pictures", a.Requests, a.Billed, n)
	}
	t.Logf("%d pictures in %v; highest in the first tenth %+v MiB, afterwards %+v MiB", n, time.Since(began).Round(time.Second), early, late)
	// The garbage collector's pace is not as even as that.
	if late.program > early.program*5/4+8 || late.plugin > early.plugin*5/4+8 {
		t.Errorf("memory grew from %+v to %+v MiB", early, late)
	}
}

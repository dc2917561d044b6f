package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func reader(level hclog.Level) (*logReader, *bytes.Buffer) {
	var out bytes.Buffer
	return &logReader{log: hclog.New(&hclog.LoggerOptions{Output: &out, Level: level, JSONFormat: true}), clues: &clues{}}, &out
}

func entries(t testing.TB, out *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for l := range strings.Lines(out.String()) {
		m := map[string]any{}
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		all = append(all, m)
	}
	return all
}

func TestLinesKeepTheirLevel(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2*maxLogLine)
	for name, c := range map[string]struct{ line, level, message string }{
		"of hclog":         {`{"@level":"warn","@message":"m","@timestamp":"t","a":1}`, "warn", "m"},
		"without level":    {`{"@message":"m"}`, "debug", `{"@message":"m"}`},
		"unknown level":    {`{"@level":"loud","@message":"m"}`, "debug", "m"},
		"off":              {`{"@level":"off","@message":"m"}`, "debug", "m"},
		"two objects":      {`{"@level":"warn","@message":"m"}{}`, "debug", `{"@level":"warn","@message":"m"}{}`},
		"a prefix":         {"[WARN] m", "warn", "[WARN] m"},
		"text":             {"m", "debug", "m"},
		"a panic":          {"panic: m", "error", "panic: m"},
		"long, of hclog":   {`{"@level":"error","@message":"` + long + `"}`, "error", ""},
		"long, plain":      {long, "debug", long[:maxLogLine]},
		"Windows' newline": {"m\r", "debug", "m"},
	} {
		l, out := reader(hclog.Trace)
		fmt.Fprintln(l, c.line)
		got := entries(t, out)
		if len(got) != 1 || got[0]["@level"] != c.level || c.message != "" && got[0]["@message"] != c.message {
			t.Errorf("%s: %.200v", name, got)
		}
	}
}

func TestLinesAreTheSameHoweverTheyArrive(t *testing.T) {
	t.Parallel()
	const text = "one\n\n{\"@level\":\"info\",\"@message\":\"two\"}\nthree"
	for size := 1; size <= len(text); size++ {
		l, out := reader(hclog.Trace)
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			fmt.Fprint(l, rest[:min(size, len(rest))])
		}
		_ = l.Close()
		if got := entries(t, out); len(got) != 3 || got[1]["@message"] != "two" || got[2]["@message"] != "three" {
			t.Fatal(size, got)
		}
	}
}

func TestAStackIsAnError(t *testing.T) {
	t.Parallel()
	l, out := reader(hclog.Error)
	fmt.Fprint(l, "before\npanic: x\n\ngoroutine 1 [running]:\n")
	if got := entries(t, out); len(got) != 2 {
		t.Error(got)
	}
}

func TestAHugeLineKeepsNoMemory(t *testing.T) {
	t.Parallel()
	l, _ := reader(hclog.Off)
	for range 100 {
		fmt.Fprint(l, strings.Repeat("x", 1<<20))
	}
	if cap(l.line) > 2*maxLogLine {
		t.Error(cap(l.line))
	}
	fmt.Fprintln(l)
	if l.line != nil {
		t.Error("the memory of a long line is kept")
	}
}

func FuzzTheLogReaderNeverPanics(f *testing.F) {
	for _, s := range []string{`{"@message":1}`, `{"@level":{},"@message":"x"}`, "a\nb\r\n", `{"@level":"info","@message":"m","k":{"a":[1]}}`, "[WARN]", "panic: \n", "\x00\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, out := reader(hclog.Trace)
		if n, err := l.Write(b); n != len(b) || err != nil {
			t.Fatal(n, err)
		}
		_ = l.Close()
		entries(t, out)
	})
}

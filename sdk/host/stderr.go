package host

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
)

// maxLogLine is how much of a line of a plugin's log is kept. go-plugin's own reader loses the level of
// a line over 64 KiB.
const maxLogLine = 256 << 10

// logReader takes what a plugin writes to standard error, and logs it line by line with the level that
// the line says. It never fails and never panics, whatever comes; go-plugin's own reader panics the
// host at a line of JSON whose @message is no text.
type logReader struct {
	log   hclog.Logger
	raw   io.Writer // may be nil
	clues *clues

	line    []byte
	cut     bool // the line is longer than what is kept
	inPanic bool // the lines of a stack follow
}

// Write takes any part of the output.
func (l *logReader) Write(b []byte) (int, error) {
	n := len(b)
	for {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			l.keep(b)
			return n, nil
		}
		l.keep(b[:i])
		l.flush()
		b = b[i+1:]
	}
}

// Close logs a last line without an end.
func (l *logReader) Close() error {
	if len(l.line) > 0 {
		l.flush()
	}
	return nil
}

func (l *logReader) keep(b []byte) {
	if room := maxLogLine - len(l.line); len(b) > room {
		b, l.cut = b[:room], true
	}
	l.line = append(l.line, b...)
}

func (l *logReader) flush() {
	line, cut := bytes.TrimSuffix(l.line, []byte("\r")), l.cut
	if l.raw != nil {
		_, _ = l.raw.Write(append(slices.Clone(line), '\n'))
	}
	l.clues.add(line)
	l.entry(line, cut)
	l.line, l.cut = l.line[:0], false
	if cap(l.line) > 64<<10 {
		l.line = nil
	}
}

// levelField finds the level in a line that was cut, and so is no JSON any more.
var levelField = regexp.MustCompile(`"@level":"([a-z]+)"`)

func (l *logReader) entry(line []byte, cut bool) {
	if l.log.GetLevel() == hclog.Off || len(line) == 0 {
		return
	}
	if fields := jsonObject(line); fields != nil {
		msg, isText := fields["@message"].(string)
		level, hasLevel := fields["@level"].(string)
		if isText && hasLevel {
			module, _ := fields["@module"].(string)
			for _, k := range []string{"@message", "@level", "@timestamp", "@module", "@caller"} {
				delete(fields, k)
			}
			var args []any
			if module != "" {
				args = append(args, "module", module)
			}
			for _, k := range slices.Sorted(maps.Keys(fields)) {
				args = append(args, k, fields[k])
			}
			l.log.Log(known(hclog.LevelFromString(level)), msg, args...)
			return
		}
	}
	level := hclog.Debug
	text := string(line)
	if m := levelField.FindSubmatch(line); cut && m != nil {
		level = known(hclog.LevelFromString(string(m[1])))
	}
	switch {
	case strings.HasPrefix(text, "panic: "), strings.HasPrefix(text, "fatal error: "):
		l.inPanic = true
	case strings.HasPrefix(text, "[WARN]"):
		level = hclog.Warn
	case strings.HasPrefix(text, "[ERROR]"):
		level = hclog.Error
	}
	if l.inPanic {
		level = hclog.Error
	}
	l.log.Log(level, text)
}

// jsonObject returns the members of a JSON object, or nil if line is none.
func jsonObject(line []byte) (fields map[string]any) {
	if !bytes.HasPrefix(line, []byte("{")) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber() // as they were written: 1000000, not 1e+06
	if d.Decode(&fields) != nil || d.More() {
		return nil
	}
	return fields
}

// known gives a line of a level that hclog does not know the level debug.
func known(l hclog.Level) hclog.Level {
	if l == hclog.NoLevel || l == hclog.Off {
		return hclog.Debug
	}
	return l
}

// clues remembers what a plugin's output says about why it does not start. The output itself may be
// personal, so no error quotes it.
type clues struct {
	mu    sync.Mutex
	lines int
	found string
}

// hints are the texts by which the usual reasons are known, and what to say of them.
var hints = []struct{ text, means string }{
	{"error while loading shared libraries", "a shared library that it needs is missing: install it"},
	{"Library not loaded", "a shared library that it needs is missing: install it"},
	{"GLIBC_", "it was built for a newer system library: use a build for this system"},
	{"This binary is a plugin", "it is a plugin for another host program: check that it is an idrec plugin"},
	{"is a plugin: it reads identity cards", "it does not know this host's start cookie: use versions of host and plugin that belong together"},
	{"panic: ", "it panicked: report it to its author"},
	{"fatal error: ", "its runtime gave up: see its log"},
	{"out of memory", "it ran out of memory"},
	{"Traceback (most recent call last)", "it ended with an exception: see its log"},
}

func (c *clues) add(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines++
	if c.found != "" {
		return
	}
	for _, h := range hints {
		if bytes.Contains(line, []byte(h.text)) {
			c.found = h.means
			return
		}
	}
}

// summary says what is known, in a clause, or is empty.
func (c *clues) summary() (means string, lines int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found, c.lines
}

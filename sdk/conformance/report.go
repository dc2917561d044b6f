package conformance

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// A Verdict is what was found at a point.
type Verdict string

// The verdicts.
const (
	Passed  Verdict = "passed"
	Failed  Verdict = "failed"
	Advised Verdict = "advised" // advice that is not followed
	Skipped Verdict = "skipped" // the point does not apply, or could cost money
)

// Finding is what was found at one point.
type Finding struct {
	Point   string  // its name
	Promise string  // what is promised, one line
	Verdict Verdict // …
	Detail  string  // why, one line; empty for what passed
	Took    time.Duration
}

// Report is what was found of a plugin.
type Report struct {
	Name, Version string // what the plugin says of itself; empty if it has not said so
	Findings      []Finding
}

// OK reports whether no required point failed.
func (r *Report) OK() bool { return len(r.With(Failed)) == 0 }

// With returns the findings with the verdict.
func (r *Report) With(v Verdict) (out []Finding) {
	for _, f := range r.Findings {
		if f.Verdict == v {
			out = append(out, f)
		}
	}
	return out
}

// WriteTo writes the report as text, one line a point and one for the whole.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, r.String())
	return int64(n), err
}

// String is the report as text.
func (r *Report) String() string {
	var b strings.Builder
	name := strings.TrimSpace(r.Name + " " + r.Version)
	if name == "" {
		name = "a plugin that has not said its name"
	}
	fmt.Fprintf(&b, "conformance of %s\n", name)
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  %-8s %-20s %s", f.Verdict, f.Point, f.Promise)
		if f.Detail != "" {
			fmt.Fprintf(&b, ": %s", f.Detail)
		}
		b.WriteByte('\n')
	}
	verdict := "conforms"
	if !r.OK() {
		verdict = "does not conform"
	}
	fmt.Fprintf(&b, "%s: %d passed, %d failed, %d advised, %d skipped\n", verdict,
		len(r.With(Passed)), len(r.With(Failed)), len(r.With(Advised)), len(r.With(Skipped)))
	return b.String()
}

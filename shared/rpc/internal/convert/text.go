package convert

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// text makes s fit for a proto3 string, which must be UTF-8: without this, one bad byte in a vendor's
// text would lose the whole answer.
func text[S ~string](s S) string { return strings.ToValidUTF8(string(s), "\uFFFD") }

// capped is text, cut to at most n bytes at a character's boundary.
func capped[S ~string](s S, n int) string {
	t := text(s)
	if len(t) <= n {
		return t
	}
	for n > 0 && !utf8.RuneStart(t[n]) {
		n--
	}
	return t[:n]
}

func textsTo[S ~string](in []S) []string {
	if len(in) == 0 {
		return nil
	}
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = text(s)
	}
	return out
}

func textsFrom[S ~string](in []string) []S {
	if len(in) == 0 {
		return nil
	}
	out := make([]S, len(in))
	for i, s := range in {
		out[i] = S(s)
	}
	return out
}

func textMapTo(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[text(k)] = text(v)
	}
	return out
}

func textMapFrom(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	return in
}

func durationTo(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func timeTo(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func timeFrom(t *timestamppb.Timestamp) time.Time {
	if !t.IsValid() { // absent, or beyond the year 9999, which JSON cannot have
		return time.Time{}
	}
	return t.AsTime()
}

// finite is 0 for what is no number or infinite: JSON has no such numbers, and would lose a record for one.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

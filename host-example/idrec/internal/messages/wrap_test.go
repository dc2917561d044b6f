package messages_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
)

func TestLinesBreakBetweenWordsAndBetweenChineseCharacters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"one two three":     "one two\nthree",
		"识别中国居民身份证":         "识别中国\n居民身份\n证",
		"识别中国，居民":           "识别中\n国，居民", // no comma begins a line
		"识别中（国居）":           "识别中\n（国居）", // no bracket ends one
		"见 --help 的说明":      "见\n--help\n的说明",
		"averyverylongword": "averyverylongword",
		"":                  "",
	} {
		if got := strings.Join(messages.Wrap(text, 8), "\n"); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestWrappingLosesNothingButSpaces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab 身份证，。（）-./1"))).Draw(t, "text")
		width := rapid.IntRange(4, 30).Draw(t, "width")
		lines := messages.Wrap(text, width)
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if bare(strings.Join(lines, "")) != bare(text) {
			t.Fatalf("%q became %q", text, lines)
		}
		for _, l := range lines {
			if messages.Width(l) > width && strings.ContainsRune(l, ' ') && utf8.RuneCountInString(l) > width {
				t.Fatalf("%q is wider than %d", l, width)
			}
		}
	})
}

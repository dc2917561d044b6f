package messages_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
)

var verb = regexp.MustCompile(`%(?:\[(\d+)\])?([-+# 0]*(?:\d+)?(?:\.\d+)?[a-zA-Z%])`)

// verbs are those of a format, by the number of their argument.
func verbs(format string) map[int]string {
	all := map[int]string{}
	next := 1
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		if m[2] == "%" {
			continue
		}
		if m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		all[next] = m[2]
		next++
	}
	return all
}

func TestTwinsTakeTheSameArguments(t *testing.T) {
	t.Parallel()
	for _, english := range messages.Texts() {
		chinese := messages.Chinese.Text(english)
		if a, b := verbs(english), verbs(chinese); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%q takes %v, its twin %q %v", english, a, chinese, b)
		}
	}
}

// sameInBoth are names and punctuation.
var sameInBoth = []string{"JSON", "SHA-256", "jpg or png", "table or json", "text or json", "text, json or ndjson"}

func TestTwinsAreChineseAndStandOnce(t *testing.T) {
	t.Parallel()
	texts := messages.Texts()
	slices.Sort(texts)
	for i, english := range texts {
		if i > 0 && texts[i-1] == english {
			t.Errorf("%q stands twice", english)
		}
		chinese := messages.Chinese.Text(english)
		letters := regexp.MustCompile(`%[a-z]|sha256|--app|--guess`).ReplaceAllString(english, "")
		if strings.IndexFunc(letters, unicode.IsLetter) >= 0 && !slices.Contains(sameInBoth, english) &&
			!strings.ContainsFunc(chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%q is %q", english, chinese)
		}
		// A flag or a command that one of the two names, the other names.
		names := regexp.MustCompile(`--[a-z][a-z0-9-]+|IDREC_[A-Z_]+|idrec (?:ledger|account|plugins|config) [a-z]+|idrec (?:demo|sandbox|doctor|usage)`)
		a, b := names.FindAllString(english, -1), names.FindAllString(chinese, -1)
		slices.Sort(a)
		slices.Sort(b)
		if a, b := slices.Compact(a), slices.Compact(b); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%q names %v, its twin %q %v", english, a, chinese, b)
		}
	}
}

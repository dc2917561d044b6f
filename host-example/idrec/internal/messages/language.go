package messages

import "strings"

// Language is one that idrec speaks.
type Language string

// The languages.
const (
	English Language = "en"
	Chinese Language = "zh"
)

// Variable is that of the environment which sets the language.
const Variable = "IDREC_LANGUAGE"

// Parse reads a language as users write it: en, zh, or the name of a locale (zh_CN.UTF-8).
func Parse(s string) (Language, bool) {
	name, _, _ := strings.Cut(strings.ToLower(s), ".")
	name, _, _ = strings.Cut(strings.ReplaceAll(name, "-", "_"), "_")
	switch l := Language(name); l {
	case English, Chinese:
		return l, true
	}
	return English, false
}

// Detect finds the language of whoever looks: that of IDREC_LANGUAGE, or of the locale for messages, the
// first that is set of LC_ALL, LC_MESSAGES and LANG (POSIX.1-2024, chapter 8.2), or of the system. lookup
// reads the environment, nil is an empty one; system is the name of the system's language, empty where only the environment
// has one.
func Detect(lookup func(string) (string, bool), system string) Language {
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	if v, _ := lookup(Variable); v != "" {
		if l, ok := Parse(v); ok {
			return l
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v, _ := lookup(name); v != "" {
			l, _ := Parse(v) // any other is answered in English
			return l
		}
	}
	l, _ := Parse(system)
	return l
}

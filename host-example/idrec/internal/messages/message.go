package messages

import (
	"fmt"
	"strings"
)

// Localizer is what has a text in each language. As an argument of a format it is said in the format's.
type Localizer interface{ In(l Language) string }

// Word is a text of the catalogue that is an argument of another.
type Word string

// In returns the word in a language.
func (w Word) In(l Language) string { return l.Text(string(w)) }

// String is the word in English.
func (w Word) String() string { return string(w) }

// Message is a text with its arguments, to be said later.
type Message struct {
	format string
	args   []any
}

// Of makes a message of a format of the catalogue.
func Of(format string, args ...any) Message { return Message{format, args} }

// Plural makes a message of one of two formats, by the number: "1 picture", "%d pictures".
func Plural(n int, one, many string) Message {
	if n == 1 {
		return Of(one)
	}
	return Of(many, n)
}

// In returns the message in a language.
func (m Message) In(l Language) string {
	if len(m.args) == 0 {
		return l.Text(m.format)
	}
	return l.Format(m.format, m.args...)
}

// String is the message in English.
func (m Message) String() string { return m.In(English) }

// List is an enumeration.
type List []Localizer

// In returns the enumeration in a language.
func (s List) In(l Language) string {
	said := make([]string, len(s))
	for i, m := range s {
		said[i] = m.In(l)
	}
	return strings.Join(said, l.Text(", "))
}

// String is the enumeration in English.
func (s List) String() string { return s.In(English) }

// Text returns what a text of the catalogue is in the language. One that is not in it, as what a plugin
// of others says, stays as it is.
func (l Language) Text(english string) string {
	if l == Chinese {
		if text, known := chinese(english); known {
			return text
		}
	}
	return english
}

// Known reports whether a text has a twin in the language.
func (l Language) Known(english string) bool {
	_, known := chinese(english)
	return l == English || known
}

// Format is [fmt.Sprintf] with a format of the catalogue. The twin may take the arguments in another
// order, by their numbers.
func (l Language) Format(format string, args ...any) string {
	said := make([]any, len(args))
	for i, a := range args {
		if m, ok := a.(Localizer); ok {
			a = m.In(l)
		}
		said[i] = a
	}
	return fmt.Sprintf(l.Text(format), said...)
}

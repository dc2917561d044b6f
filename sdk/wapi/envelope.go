package wapi

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Envelope is an answer of the platform.
//
// The page leaves its form open in several places, so it is read tolerantly: json or xml by content;
// codeid as a number or as text; retdata as an object, a list, a text, null, or absent; any root
// element in xml.
type Envelope struct {
	Code    int    // codeid
	Message string // for people; it varies between answers with the same code
	Time    string // as the vendor writes it: perhaps only the request's own
	// RetData is retdata as it came: a JSON value, or what stands inside the XML element. Nil if absent.
	RetData []byte
	// Raw is the whole answer as it came. It may be personal.
	Raw []byte

	root *node
}

// Format writes code and length only, whatever the verb: an answer is personal.
func (e Envelope) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "envelope(code %d, %d bytes)", e.Code, len(e.Raw))
}

// MaxAnswerBytes is how much of an answer is read. A card's is below 1 KiB.
const MaxAnswerBytes = 1 << 20

var (
	errTooLong   = errors.New("the answer is too long")
	errForm      = errors.New("the answer is neither a json object nor an xml element")
	errNoCode    = errors.New("the answer has no codeid that is a number")
	errTwoCodes  = errors.New("the answer has two different codeids")
	errTooDeep   = errors.New("the answer is nested too deeply")
	errTooMany   = errors.New("the answer has too many parts")
	errTrailing  = errors.New("something follows the answer")
	errMalformed = errors.New("the answer is cut short or malformed")
)

// decode reads a whole answer. contentType is the header's, for a charset other than UTF-8.
func decode(raw []byte, contentType string) (*Envelope, error) {
	if len(raw) > MaxAnswerBytes {
		return nil, errTooLong
	}
	text, err := toUTF8(raw, contentType)
	if err != nil {
		return nil, err
	}
	e := &Envelope{Raw: raw}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return nil, errMalformed
	case text[0] == '{':
		e.root, e.RetData, err = parseJSON(text)
	case text[0] == '<':
		e.root, e.RetData, err = parseXML(text)
	default:
		return nil, errForm
	}
	if err != nil {
		return nil, err
	}
	if e.Code, err = e.root.code(); err != nil {
		return nil, err
	}
	e.Message, e.Time = e.root.text(NameMessage), e.root.text(NameTime)
	return e, nil
}

// code returns the codeid. Two that differ are no documented form: whichever is believed might hide
// that the call was billed.
func (n *node) code() (int, error) {
	found := false
	code := 0
	for _, k := range n.kids {
		if k.name != NameCodeID || k.kind != kindText {
			continue
		}
		c, err := parseCode(k.value)
		if err != nil {
			return 0, err
		}
		if found && c != code {
			return 0, errTwoCodes
		}
		code, found = c, true
	}
	if !found {
		return 0, errNoCode
	}
	return code, nil
}

func parseCode(s string) (int, error) {
	s = strings.TrimSpace(s)
	if whole, frac, ok := strings.Cut(s, "."); ok && frac != "" && strings.Trim(frac, "0") == "" {
		s = whole // 10000.0, as languages without integers write it
	}
	c, err := strconv.Atoi(s)
	if err != nil {
		return 0, errNoCode
	}
	return c, nil
}

// successShown finds the code of success in an answer that cannot be read as a whole. What follows the
// digits must have arrived too, or they might be the beginning of another number.
var successShown = regexp.MustCompile(
	`"codeid"\s*:\s*"?\s*10000(\.0+)?\s*["\s,}]|<codeid[^>]*>\s*(<!\[CDATA\[)?\s*10000(\.0+)?\s*[\]<]`)

// showsSuccess reports whether what arrived of an answer says that it was billed.
func showsSuccess(partial []byte) bool {
	return successShown.Match(partial)
}

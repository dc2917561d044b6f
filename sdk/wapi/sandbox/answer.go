package sandbox

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strconv"
	"time"
)

// reply is the judgement of one request.
type reply struct {
	code   int
	text   string
	data   object // of a success
	status int    // an HTTP status instead of a code; 0: none
}

// refuse is the reply with a code and its usual text.
func refuse(code int) *reply { return &reply{code: code, text: textOf(code)} }

// say is the reply with a text of its own.
func say(code int, text string) *reply { return &reply{code: code, text: text} }

// object is a JSON object or the children of an XML element, in order. A value is a string, an int, an
// object, a []object or nil.
type object []member

type member struct {
	name  string
	value any
}

// numberAs writes a number as a guess says.
func numberAs(n int, as string) any {
	if as == guessString {
		return strconv.Itoa(n)
	}
	return n
}

// envelope is the whole answer.
func envelope(rep *reply, requestTime string, now time.Time, g *Guesses) object {
	at := requestTime
	if g.AnswerTime == "server" || at == "" {
		at = strconv.FormatInt(now.Unix(), 10)
	}
	out := object{{"codeid", numberAs(rep.code, g.CodeID)}, {"message", rep.text}, {"time", at}}
	data, beside := rep.data, object(nil)
	if g.Fields == "beside" {
		data, beside = nil, rep.data
	}
	if len(data) > 0 {
		if g.Retdata == guessList {
			return append(out, member{"retdata", []object{data}})
		}
		return append(out, member{"retdata", data})
	}
	switch g.EmptyRetdata {
	case "text":
		out = append(out, member{"retdata", ""})
	case "null":
		out = append(out, member{"retdata", nil})
	case guessObject:
		out = append(out, member{"retdata", object{}})
	case guessList:
		out = append(out, member{"retdata", []object{}})
	}
	return append(out, beside...)
}

// MarshalJSON keeps the order of the members.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// renderXML writes the answer as XML: an element for each member, a list as repeated elements.
func renderXML(root string, o object) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	writeElement(&b, root, o)
	return b.Bytes()
}

func writeElement(b *bytes.Buffer, name string, value any) {
	if list, ok := value.([]object); ok && len(list) > 0 {
		for _, o := range list {
			writeElement(b, name, o)
		}
		return
	}
	b.WriteString("<" + name + ">")
	switch v := value.(type) {
	case object:
		for _, m := range v {
			writeElement(b, m.name, m.value)
		}
	case string:
		_ = xml.EscapeText(b, []byte(v)) // a bytes.Buffer takes everything
	case int:
		b.WriteString(strconv.Itoa(v))
	}
	b.WriteString("</" + name + ">")
}

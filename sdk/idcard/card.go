package idcard

import "github.com/seed-6b91b535/idrec/shared"

// card reads the fields of a result. A field that is present with a value that is not of the
// contract's form is normalised once more, so that results of careless providers are judged alike.
type card struct{ res *shared.Result }

// text returns the value of a field that is present, and whether it has the field's form.
func (c card) text(name shared.FieldName) (value string, ok bool) {
	f := c.res.Fields[name]
	if f.State != shared.FieldPresent {
		return "", false
	}
	if f.Value == "" {
		return Normalize(name, f.Raw)
	}
	return Normalize(name, f.Value)
}

// has reports whether something was read for the field.
func (c card) has(name shared.FieldName) bool {
	value, _ := c.text(name)
	return value != ""
}

// masked reports whether the field was read and then left out.
func (c card) masked(name shared.FieldName) bool {
	return c.res.Fields[name].State == shared.FieldMasked
}

// date returns the value of a field that is a date, the zero Date for every other.
func (c card) date(name shared.FieldName) Date {
	value, _ := c.text(name)
	d, err := ParseDate(value)
	if err != nil {
		return Date{}
	}
	return d
}

// number returns the number and what is wrong with it. ok is false if none was read.
func (c card) number() (n Number, problems *NumberError, ok bool) {
	value, _ := c.text(shared.FieldNumber)
	if value == "" {
		return Number{}, nil, false
	}
	n, problems = parseNumber(value)
	return n, problems, true
}

// birth returns the printed birth, or else the one that the number tells.
func (c card) birth() Date {
	if d := c.date(shared.FieldBirthDate); d != (Date{}) {
		return d
	}
	n, _, _ := c.number()
	return n.Birth()
}

// term returns the validity. ok is false unless both dates are at hand and in order.
func (c card) term() (t term, ok bool) {
	t.from = c.date(shared.FieldValidFrom)
	until, _ := c.text(shared.FieldValidUntil)
	if until == shared.LongTerm {
		t.longTerm = true
		return t, t.from != Date{}
	}
	t.until = c.date(shared.FieldValidUntil)
	return t, t.from != Date{} && t.until != Date{} && t.from.Before(t.until)
}

// read reports whether the picture showed a card that could be read.
func (c card) read() bool {
	return c.res.Status == shared.StatusNormal || c.res.Status == shared.StatusReversedSide
}

// shows reports whether the picture shows the side, or, where the provider did not say, whether a
// field of it was read.
func (c card) shows(side shared.Side) bool {
	switch c.res.Side {
	case side, shared.SideBoth:
		return true
	case shared.SideDetect:
		return c.any(side)
	case shared.SidePortrait, shared.SideEmblem:
	}
	return false
}

// any reports whether a field of the side was read, be it masked since.
func (c card) any(side shared.Side) bool {
	for _, name := range shared.CardFields() {
		if name.Side() == side && (c.has(name) || c.masked(name)) {
			return true
		}
	}
	return false
}

package specimen

import (
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// Truth is what a picture shows: the side, and the fields of that side named and normalised as the
// card of a [shared.Record] has them. As JSON it is one flat object. A picture that shows no card has
// an empty side and no fields.
type Truth struct {
	Side       shared.Side `json:"side"`
	Name       string      `json:"name,omitempty"`
	Sex        string      `json:"sex,omitempty"`
	Ethnicity  string      `json:"ethnicity,omitempty"`
	BirthDate  string      `json:"birth_date,omitempty"`
	Address    string      `json:"address,omitempty"`
	Number     string      `json:"number,omitempty"`
	Authority  string      `json:"authority,omitempty"`
	ValidFrom  string      `json:"valid_from,omitempty"`
	ValidUntil string      `json:"valid_until,omitempty"`
}

// with returns a portrait side's truth with an emblem side's: that of both sides of a card.
func (t Truth) with(emblem Truth) Truth {
	t.Side, t.Authority, t.ValidFrom, t.ValidUntil = shared.SideBoth, emblem.Authority, emblem.ValidFrom, emblem.ValidUntil
	return t
}

// Values returns the fields that are shown, normalised; the same as the card of a record.
func (t Truth) Values() map[shared.FieldName]string {
	all := map[shared.FieldName]string{
		shared.FieldFullName: t.Name, shared.FieldSex: t.Sex, shared.FieldEthnicity: t.Ethnicity,
		shared.FieldBirthDate: t.BirthDate, shared.FieldAddress: t.Address, shared.FieldNumber: t.Number,
		shared.FieldAuthority: t.Authority, shared.FieldValidFrom: t.ValidFrom, shared.FieldValidUntil: t.ValidUntil,
	}
	for name, v := range all {
		if v == "" {
			delete(all, name)
		}
	}
	return all
}

// Fields returns the fields that are shown, as a result has them. Raw is the text as it is printed.
func (t Truth) Fields() map[shared.FieldName]shared.Field {
	fields := map[shared.FieldName]shared.Field{}
	for name, v := range t.Values() {
		raw := v
		switch name {
		case shared.FieldBirthDate:
			raw = printedBirth(v)
		case shared.FieldValidFrom, shared.FieldValidUntil:
			raw = printedDay(v)
		default: // printed as it is
		}
		fields[name] = shared.Field{Raw: raw, Value: v, State: shared.FieldPresent,
			Confidence: shared.Confidence{Origin: shared.ConfidenceNone}}
	}
	return fields
}

// longTermText is how a card says that it does not expire.
const longTermText = "长期"

func printedDay(v string) string {
	if v == shared.LongTerm {
		return longTermText
	}
	return strings.ReplaceAll(v, "-", ".")
}

func printedBirth(v string) string {
	year, month, day := birthParts(v)
	return year + "年" + month + "月" + day + "日"
}

// birthParts returns year, month and day as they are printed, without leading zeros.
func birthParts(v string) (year, month, day string) {
	p := strings.SplitN(v, "-", 3)
	if len(p) != 3 {
		return v, "", ""
	}
	return p[0], strings.TrimPrefix(p[1], "0"), strings.TrimPrefix(p[2], "0")
}

// parseDay reads a normalised date.
func parseDay(v string) (idcard.Date, bool) {
	d, err := idcard.ParseDate(v)
	return d, err == nil && d.String() == v
}

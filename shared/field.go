package shared

import (
	"fmt"
	"log/slog"
)

// FieldName names a field of the card. The strings are those of the JSON record's card.
type FieldName string

// The fields of the portrait side, then those of the emblem side.
const (
	FieldFullName   FieldName = "name"        // runes as printed, minority names with U+00B7
	FieldSex        FieldName = "sex"         // 男 or 女
	FieldEthnicity  FieldName = "ethnicity"   // one of GB/T 3304, without 族
	FieldBirthDate  FieldName = "birth_date"  // YYYY-MM-DD
	FieldAddress    FieldName = "address"     // one line
	FieldNumber     FieldName = "number"      // 18 characters, X in upper case (or as older cards have it)
	FieldAuthority  FieldName = "authority"   // issuing authority
	FieldValidFrom  FieldName = "valid_from"  // YYYY-MM-DD
	FieldValidUntil FieldName = "valid_until" // YYYY-MM-DD or [LongTerm]
)

// LongTerm is the value of [FieldValidUntil] on a card that does not expire (长期).
const LongTerm = "long-term"

// CardFields returns all fields in the order in which they stand on the card.
func CardFields() []FieldName {
	return []FieldName{FieldFullName, FieldSex, FieldEthnicity, FieldBirthDate, FieldAddress, FieldNumber,
		FieldAuthority, FieldValidFrom, FieldValidUntil}
}

// Side returns the side of the card on which the field is printed, and SideDetect for a name that is
// not known.
func (f FieldName) Side() Side {
	switch f {
	case FieldFullName, FieldSex, FieldEthnicity, FieldBirthDate, FieldAddress, FieldNumber:
		return SidePortrait
	case FieldAuthority, FieldValidFrom, FieldValidUntil:
		return SideEmblem
	}
	return SideDetect
}

// Known reports whether f is one of [CardFields].
func (f FieldName) Known() bool { return f.Side() != SideDetect }

// FieldState says what became of a field.
type FieldState string

// The states of a field.
const (
	FieldPresent   FieldState = "present"   // read
	FieldAbsent    FieldState = "absent"    // not on the picture (the other side, say)
	FieldIllegible FieldState = "illegible" // on the picture, and not to be read
	FieldMasked    FieldState = "masked"    // read, and left out by the caller's choice
)

// ConfidenceOrigin says who stands behind a confidence.
type ConfidenceOrigin string

// The origins of a confidence.
const (
	ConfidenceNone    ConfidenceOrigin = "none"    // nobody gave one
	ConfidenceVendor  ConfidenceOrigin = "vendor"  // the provider's own figure
	ConfidenceDerived ConfidenceOrigin = "derived" // computed by us
)

// Confidence is how sure somebody is of a value, 0 to 1. Without an origin the value means nothing.
type Confidence struct {
	Value  float64          `json:"value"`
	Origin ConfidenceOrigin `json:"origin"`
}

// Point is a place in the picture as given, in pixels, from the top left, before any turning by EXIF.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Quad is a quadrilateral, its corners in reading order of the text: top left, top right, bottom
// right, bottom left.
type Quad [4]Point

// Field is one field of the card. It prints without its value.
type Field struct {
	Raw        string     `json:"raw,omitempty"`   // as the provider wrote it
	Value      string     `json:"value,omitempty"` // normalised; empty unless State is present
	State      FieldState `json:"state"`
	Confidence Confidence `json:"confidence"`
	Quad       *Quad      `json:"quad,omitempty"` // where it stands, if the provider says
}

// String tells the state only.
func (f Field) String() string { return "field(" + string(f.State) + ")" }

// Format writes what String returns, whatever the verb.
func (f Field) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(f.String())) }

// LogValue is what package log/slog writes.
func (f Field) LogValue() slog.Value { return slog.StringValue(f.String()) }

package shared

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// PictureStatus is what a picture turned out to be. Values that are not known here come from a newer
// peer and are kept.
type PictureStatus string

// The statuses, in the words of the hosted API.
const (
	StatusNormal        PictureStatus = "normal"
	StatusReversedSide  PictureStatus = "reversed_side" // read, but not the side asked for
	StatusNonIDCard     PictureStatus = "non_idcard"
	StatusBlurred       PictureStatus = "blurred"
	StatusOtherTypeCard PictureStatus = "other_type_card"
	StatusOverExposure  PictureStatus = "over_exposure"
	StatusOverDark      PictureStatus = "over_dark"
	StatusUnknown       PictureStatus = "unknown"
)

// Known reports whether s is one of the eight statuses.
func (s PictureStatus) Known() bool {
	switch s {
	case StatusNormal, StatusReversedSide, StatusNonIDCard, StatusBlurred, StatusOtherTypeCard,
		StatusOverExposure, StatusOverDark, StatusUnknown:
		return true
	}
	return false
}

// NumberCheck is a judgement of the number against the printed sex and birth, in the vendor's values.
type NumberCheck int

// The judgements.
const (
	NumberAllEmpty     NumberCheck = -1 // no field of the portrait side
	NumberInvalid      NumberCheck = 0  // not a valid number
	NumberAgrees       NumberCheck = 1  // with sex and birth
	NumberDisagrees    NumberCheck = 2  // with both
	NumberBirthDiffers NumberCheck = 3
	NumberSexDiffers   NumberCheck = 4
)

// NumberChecks holds the vendor's judgement and ours; nil where there is none.
type NumberChecks struct {
	Vendor   *NumberCheck `json:"vendor,omitempty"`
	Computed *NumberCheck `json:"computed,omitempty"`
}

// Picture describes the picture as it was given.
type Picture struct {
	SHA256   string // hex, of the bytes as given; empty where we never saw them
	Format   string // jpeg, png, …
	Width    int    // pixels, before any turning by EXIF
	Height   int
	Prepared bool // what was sent differs from what was given (turned, scaled, stripped)
}

// Timings tell where the time of this call went. Those of a stored answer are zero but for Total.
type Timings struct {
	Prepare time.Duration // decoding, turning, fitting
	Queue   time.Duration // waiting for the gate and the rate
	Send    time.Duration // connecting and uploading, all attempts
	Wait    time.Duration // from the last byte sent to the answer, all attempts
	Total   time.Duration
}

// Result is what was read from one picture, and what it cost. It prints without anything personal.
type Result struct {
	Status PictureStatus
	Side   Side
	// Fields holds the fields that were asked for; others that were read stand there as [FieldMasked],
	// without a value. A missing key is the same as [FieldAbsent].
	Fields map[FieldName]Field
	Number NumberChecks
	// Findings of the checks, in a stable order. They are computed anew at every return.
	Findings []Finding

	Outcome    Outcome
	Basis      Basis
	AnsweredBy AnsweredBy
	// Price is what this call cost; zero where this call did not pay, so that records add up to the
	// bill.
	Price Money
	// Unrecorded: the answer is real, but it could not be stored; the process keeps trying.
	Unrecorded bool
	// Attempts counts the requests that were begun for this answer, this call's only.
	Attempts int
	Timings  Timings

	Provider   string // Description.Name of who answered
	Product    string // Description.Product
	RequestKey string // keyed digest of picture, provider, product and options
	CallID     string
	Picture    Picture
	// VendorCode is the provider's status code as text, "10000" say.
	VendorCode string
	// Extras are the provider's additions, each key with the provider's name and a dot in front.
	Extras map[string]string
	// Raw is the provider's answer as it came, if [Request.WantRaw] asked for it. It is personal.
	Raw []byte
}

// Value returns the normalised value of a field, empty unless it is present.
func (r *Result) Value(f FieldName) string {
	if v, ok := r.Fields[f]; ok && v.State == FieldPresent {
		return v.Value
	}
	return ""
}

// Usable reports whether the picture gave what it is for: a status of normal or reversed_side, and at
// least one field read. Findings do not make a result unusable.
func (r *Result) Usable() bool {
	if r.Status != StatusNormal && r.Status != StatusReversedSide {
		return false
	}
	for _, f := range r.Fields {
		if f.State == FieldPresent || f.State == FieldMasked {
			return true
		}
	}
	return false
}

// Clone returns a copy that can be changed without changing r.
func (r *Result) Clone() *Result {
	c := *r
	if r.Fields != nil {
		c.Fields = make(map[FieldName]Field, len(r.Fields))
		for k, f := range r.Fields {
			if f.Quad != nil {
				q := *f.Quad
				f.Quad = &q
			}
			c.Fields[k] = f
		}
	}
	c.Number.Vendor = clonePointer(r.Number.Vendor)
	c.Number.Computed = clonePointer(r.Number.Computed)
	c.Findings = slices.Clone(r.Findings)
	c.Extras = maps.Clone(r.Extras)
	c.Raw = slices.Clone(r.Raw)
	return &c
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// String tells how the call went, without anything that was read.
func (r Result) String() string {
	return fmt.Sprintf("result(%s, side %s, %d findings, %s/%s, by %s, price %s, call %q)",
		r.Status, r.Side, len(r.Findings), r.Outcome, r.Basis, r.AnsweredBy, r.Price, r.CallID)
}

// Format writes what String returns, whatever the verb.
func (r Result) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(r.String())) }

// LogValue is what package log/slog writes.
func (r Result) LogValue() slog.Value { return slog.StringValue(r.String()) }

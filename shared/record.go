package shared

import (
	"encoding/json"
	"fmt"
	"time"
)

// Record is one picture's result or error as JSON: what the CLI writes and what engines pass on.
// Its field names are part of the contract. It is personal; [Record.Masked] gives a form that is not.
type Record struct {
	Source   string `json:"source"`
	SHA256   string `json:"sha256,omitempty"`
	Case     string `json:"case,omitempty"`
	Provider string `json:"provider,omitempty"`

	Side   Side          `json:"side,omitempty"`
	Status PictureStatus `json:"status,omitempty"`
	Usable *bool         `json:"usable,omitempty"`
	// Card has the values of the fields that are present.
	Card        map[FieldName]string `json:"card,omitempty"`
	Fields      map[FieldName]Field  `json:"fields,omitempty"`
	NumberCheck *NumberChecks        `json:"number_check,omitempty"`
	Findings    []Finding            `json:"findings,omitempty"`

	Outcome    Outcome           `json:"outcome,omitempty"`
	Basis      Basis             `json:"basis,omitempty"`
	AnsweredBy AnsweredBy        `json:"answered_by,omitempty"`
	PriceYuan  *Money            `json:"price_yuan,omitempty"`
	Unrecorded bool              `json:"unrecorded,omitempty"`
	Attempts   *int              `json:"attempts,omitempty"`
	ElapsedMS  *float64          `json:"elapsed_ms,omitempty"`
	RequestKey string            `json:"request_key,omitempty"`
	CallID     string            `json:"call_id,omitempty"`
	Extras     map[string]string `json:"extras,omitempty"`
	Raw        json.RawMessage   `json:"raw,omitempty"`

	Error *RecordError `json:"error,omitempty"`
}

// RecordError is an [Error] as JSON.
type RecordError struct {
	Code         Code    `json:"code"`
	Class        Class   `json:"class"`
	Message      string  `json:"message"`
	VendorCode   string  `json:"vendor_code,omitempty"`
	VendorText   string  `json:"vendor_text,omitempty"`
	Outcome      Outcome `json:"outcome"`
	Basis        Basis   `json:"basis,omitempty"`
	Retryable    bool    `json:"retryable"`
	RetryAfterMS int64   `json:"retry_after_ms,omitempty"`
	Attempts     int     `json:"attempts,omitempty"`
	PriceYuan    *Money  `json:"price_yuan,omitempty"`
	CallID       string  `json:"call_id,omitempty"`
	RequestKey   string  `json:"request_key,omitempty"`
}

// Format tells the status or the code only, whatever the verb; use encoding/json to write a record.
func (r Record) Format(s fmt.State, _ rune) {
	if r.Error != nil {
		_, _ = fmt.Fprintf(s, "record(error %s)", r.Error.Code)
		return
	}
	_, _ = fmt.Fprintf(s, "record(%s)", r.Status)
}

// NewRecord makes the record of one picture; exactly one of res and err is given. source is how the
// caller names the picture; elapsed is the time that the caller saw.
func NewRecord(source string, req *Request, res *Result, err error, elapsed time.Duration) Record {
	r := Record{Source: source}
	if req != nil {
		r.Case = req.Case
	}
	ms := float64(elapsed.Microseconds()) / 1000
	r.ElapsedMS = &ms
	if err != nil {
		e := ErrorOf(err, OutcomeAmbiguous, BasisProved)
		r.Error = newRecordError(e)
		return r
	}
	usable, price, attempts := res.Usable(), res.Price, res.Attempts
	r.SHA256, r.Provider = res.Picture.SHA256, res.Provider
	r.Side, r.Status, r.Usable = res.Side, res.Status, &usable
	for name, f := range res.Fields {
		if f.State == FieldAbsent || f.State == "" {
			continue
		}
		if f.State == FieldPresent {
			if r.Card == nil {
				r.Card = map[FieldName]string{}
			}
			r.Card[name] = f.Value
		}
	}
	r.Fields = res.Fields
	if res.Number.Vendor != nil || res.Number.Computed != nil {
		n := res.Number
		r.NumberCheck = &n
	}
	r.Findings = res.Findings
	r.Outcome, r.Basis, r.AnsweredBy = res.Outcome, res.Basis, res.AnsweredBy
	r.PriceYuan, r.Attempts, r.Unrecorded = &price, &attempts, res.Unrecorded
	r.RequestKey, r.CallID, r.Extras = res.RequestKey, res.CallID, res.Extras
	if len(res.Raw) > 0 {
		if json.Valid(res.Raw) {
			r.Raw = res.Raw
		} else if b, mErr := json.Marshal(string(res.Raw)); mErr == nil {
			r.Raw = b
		}
	}
	return r
}

func newRecordError(e *Error) *RecordError {
	msg := e.Message
	if msg == "" {
		info, _ := e.Code.Info()
		msg = info.Meaning
	}
	re := &RecordError{Code: e.Code, Class: e.Class(), Message: msg, VendorCode: e.VendorCode, VendorText: e.VendorText,
		Outcome: e.Outcome, Basis: e.Basis, Retryable: e.Retryable(), RetryAfterMS: e.RetryAfter.Milliseconds(),
		Attempts: e.Attempts, CallID: e.CallID, RequestKey: e.RequestKey}
	if e.Price != 0 {
		p := e.Price
		re.PriceYuan = &p
	}
	return re
}

// Masked returns a copy without what was read: values are dropped and their state is masked, the
// number keeps its first and last characters, and the source is replaced by alias.
func (r Record) Masked(alias string) Record {
	r.Source, r.Raw, r.Extras, r.Case = alias, nil, nil, ""
	card := make(map[FieldName]string, len(r.Card))
	for n, v := range r.Card {
		card[n] = Mask(n, v)
	}
	fields := make(map[FieldName]Field, len(r.Fields))
	for n, f := range r.Fields {
		f.Raw, f.Quad = "", nil
		if f.State == FieldPresent {
			f.Value, f.State = Mask(n, f.Value), FieldMasked
		}
		fields[n] = f
	}
	if r.Card != nil {
		r.Card = card
	}
	if r.Fields != nil {
		r.Fields = fields
	}
	if r.Error != nil { // a vendor may say of whom it speaks
		e := *r.Error
		e.VendorText = ""
		r.Error = &e
	}
	return r
}

// Mask returns the value of a field as it may be shown to bystanders: of a name the first character,
// of a number the first three and the last one, of an address the first six characters, of a birth
// date the year; what describes the card and not its holder stays.
func Mask(name FieldName, value string) string {
	rs := []rune(value)
	keep := func(head, tail int) string {
		if len(rs) <= head+tail {
			head, tail = 0, 0
		}
		out := make([]rune, len(rs))
		for i := range rs {
			out[i] = '*'
			if i < head || i >= len(rs)-tail {
				out[i] = rs[i]
			}
		}
		return string(out)
	}
	switch name {
	case FieldFullName:
		return keep(1, 0)
	case FieldNumber:
		return keep(3, 1)
	case FieldAddress:
		return keep(6, 0)
	case FieldBirthDate:
		return keep(4, 0)
	case FieldSex, FieldEthnicity, FieldAuthority, FieldValidFrom, FieldValidUntil:
		return value
	}
	return keep(0, 0)
}

package ledger

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// codecVersion is the form that this version writes. It changes only where an older version would
// misread a newer record; fields that it would merely miss do not change it.
const codecVersion = 1

// stored is the JSON of an answer. Its names are short words of their own, not those of Go's fields,
// so that renaming a field cannot lose a record.
type stored struct {
	Version int           `json:"v"`
	Result  *storedResult `json:"result,omitempty"`
	Error   *storedError  `json:"error,omitempty"`
}

type storedResult struct {
	Status     shared.PictureStatus              `json:"status,omitempty"`
	Side       shared.Side                       `json:"side,omitempty"`
	Fields     map[shared.FieldName]shared.Field `json:"fields,omitempty"`
	Number     shared.NumberChecks               `json:"number"`
	Findings   []shared.Finding                  `json:"findings,omitempty"`
	Outcome    shared.Outcome                    `json:"outcome,omitempty"`
	Basis      shared.Basis                      `json:"basis,omitempty"`
	AnsweredBy shared.AnsweredBy                 `json:"answered_by,omitempty"`
	Price      int64                             `json:"price,omitempty"`
	Attempts   int                               `json:"attempts,omitempty"`
	Timings    *storedTimings                    `json:"timings,omitempty"`
	Provider   string                            `json:"provider,omitempty"`
	Product    string                            `json:"product,omitempty"`
	RequestKey string                            `json:"key,omitempty"`
	CallID     string                            `json:"call,omitempty"`
	Picture    storedPicture                     `json:"picture"`
	VendorCode string                            `json:"vendor_code,omitempty"`
	Extras     map[string]string                 `json:"extras,omitempty"`
}

type storedTimings struct {
	Prepare time.Duration `json:"prepare,omitempty"`
	Queue   time.Duration `json:"queue,omitempty"`
	Send    time.Duration `json:"send,omitempty"`
	Wait    time.Duration `json:"wait,omitempty"`
	Total   time.Duration `json:"total,omitempty"`
}

type storedPicture struct {
	SHA256   string `json:"sha256,omitempty"`
	Format   string `json:"format,omitempty"`
	Width    int    `json:"width,omitempty"`
	Height   int    `json:"height,omitempty"`
	Prepared bool   `json:"prepared,omitempty"`
}

type storedError struct {
	Code       shared.Code    `json:"code"`
	Message    string         `json:"message,omitempty"`
	VendorCode string         `json:"vendor_code,omitempty"`
	VendorText string         `json:"vendor_text,omitempty"`
	Outcome    shared.Outcome `json:"outcome,omitempty"`
	Basis      shared.Basis   `json:"basis,omitempty"`
	Attempts   int            `json:"attempts,omitempty"`
	CallID     string         `json:"call,omitempty"`
	RequestKey string         `json:"key,omitempty"`
	RetryAfter time.Duration  `json:"retry_after,omitempty"`
	ClockSkew  time.Duration  `json:"clock_skew,omitempty"`
	Price      int64          `json:"price,omitempty"`
}

// EncodeResult writes a result for [Settlement.Answer]. Left out are Raw, which is large and can say
// more than was asked for, and Unrecorded, which would be untrue. It never fails, since the answer is
// paid: a confidence or a place that is no finite number is dropped, and bytes that are no UTF-8 are
// replaced.
func EncodeResult(r *shared.Result) []byte {
	s := &storedResult{
		Status: r.Status, Side: r.Side, Number: r.Number, Findings: r.Findings,
		Outcome: r.Outcome, Basis: r.Basis, AnsweredBy: r.AnsweredBy, Price: int64(r.Price), Attempts: r.Attempts,
		Provider: r.Provider, Product: r.Product, RequestKey: r.RequestKey, CallID: r.CallID,
		Picture: storedPicture(r.Picture), VendorCode: r.VendorCode, Extras: r.Extras,
	}
	if r.Timings != (shared.Timings{}) {
		t := storedTimings(r.Timings)
		s.Timings = &t
	}
	if len(r.Fields) > 0 {
		s.Fields = make(map[shared.FieldName]shared.Field, len(r.Fields))
		for name, f := range r.Fields {
			s.Fields[name] = finite(f)
		}
	}
	return encode(stored{Version: codecVersion, Result: s})
}

// EncodeError writes an error for [Settlement.Answer], without its local cause.
func EncodeError(e *shared.Error) []byte {
	return encode(stored{Version: codecVersion, Error: &storedError{
		Code: e.Code, Message: e.Message, VendorCode: e.VendorCode, VendorText: e.VendorText, Outcome: e.Outcome, Basis: e.Basis,
		Attempts: e.Attempts, CallID: e.CallID, RequestKey: e.RequestKey, RetryAfter: e.RetryAfter, ClockSkew: e.ClockSkew, Price: int64(e.Price),
	}})
}

func encode(s stored) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		// Strings, integers, finite numbers and maps with text keys only: json has nothing to refuse.
		panic("ledger: encoding an answer: " + err.Error())
	}
	return b
}

func finite(f shared.Field) shared.Field {
	if !isFinite(f.Confidence.Value) {
		f.Confidence = shared.Confidence{Origin: shared.ConfidenceNone}
	}
	if f.Quad != nil {
		for _, p := range f.Quad {
			if !isFinite(p.X) || !isFinite(p.Y) {
				f.Quad = nil
				break
			}
		}
	}
	return f
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Decode reads what EncodeResult or EncodeError wrote: exactly one of res and failure is not nil if err
// is nil. It fails for a damaged record and for one that a newer version wrote in a form of its own.
func Decode(b []byte) (res *shared.Result, failure *shared.Error, err error) {
	var s stored
	if err := json.Unmarshal(b, &s); err != nil {
		// The cause may quote what was read.
		return nil, nil, fmt.Errorf("ledger: the stored answer of %d bytes is damaged", len(b))
	}
	switch {
	case s.Version > codecVersion:
		return nil, nil, fmt.Errorf("ledger: the stored answer has version %d; this program reads up to %d", s.Version, codecVersion)
	case s.Version < 1 || (s.Result == nil) == (s.Error == nil):
		return nil, nil, fmt.Errorf("ledger: the stored answer of %d bytes is damaged", len(b))
	case s.Error != nil:
		e := s.Error
		return nil, &shared.Error{
			Code: e.Code, Message: e.Message, VendorCode: e.VendorCode, VendorText: e.VendorText, Outcome: e.Outcome, Basis: e.Basis,
			Attempts: e.Attempts, CallID: e.CallID, RequestKey: e.RequestKey, RetryAfter: e.RetryAfter, ClockSkew: e.ClockSkew, Price: shared.Money(e.Price),
		}, nil
	}
	r := s.Result
	res = &shared.Result{
		Status: r.Status, Side: r.Side, Fields: r.Fields, Number: r.Number, Findings: r.Findings,
		Outcome: r.Outcome, Basis: r.Basis, AnsweredBy: r.AnsweredBy, Price: shared.Money(r.Price), Attempts: r.Attempts,
		Provider: r.Provider, Product: r.Product, RequestKey: r.RequestKey, CallID: r.CallID,
		Picture: shared.Picture(r.Picture), VendorCode: r.VendorCode, Extras: r.Extras,
	}
	if r.Timings != nil {
		res.Timings = shared.Timings(*r.Timings)
	}
	return res, nil, nil
}

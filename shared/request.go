package shared

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
)

// Side is a side of the card. Vendors say front for the portrait side and back for the emblem side,
// everyday usage often the reverse; so the contract names what is printed on it.
type Side string

// The sides. The zero value in a [Request] means: find out.
const (
	SideDetect   Side = ""
	SidePortrait Side = "portrait" // name, sex, ethnicity, birth, address, number
	SideEmblem   Side = "emblem"   // authority and validity
	SideBoth     Side = "both"     // only in a [Result]: the picture shows both sides of one card
)

// ParseSide reads a side as users write it: portrait or front, emblem or back, detect, auto or
// nothing. SideBoth cannot be asked for.
func ParseSide(s string) (Side, error) {
	switch s {
	case "portrait", "front":
		return SidePortrait, nil
	case "emblem", "back":
		return SideEmblem, nil
	case "", "detect", "auto":
		return SideDetect, nil
	}
	return "", &Error{Code: CodeInvalidRequest, Outcome: OutcomeNotSent, Basis: BasisProved,
		Message: "unknown side: use portrait (front), emblem (back) or detect"}
}

// MaxImageBytes is the largest picture that crosses the process boundary by value, 32 MiB. A picture
// by path is not bound by it.
const MaxImageBytes = 32 << 20

// Image is a picture; exactly one of its fields is set.
type Image struct {
	// Bytes is the encoded picture (jpeg, png, …) as it lies on disk; at most [MaxImageBytes].
	Bytes []byte
	// Path names a file on the machine of the recognizer. It is opened once.
	Path string
	// URL is where the recognizer fetches the picture, within the limits it was configured with; see
	// [Request.URLMode].
	URL string
}

// Kind returns "bytes", "path" or "url", or "" if not exactly one field is set. An Image with
// non-nil, empty Bytes is of the kind "bytes".
func (i Image) Kind() string {
	k, n := "", 0
	if i.Bytes != nil {
		k, n = "bytes", n+1
	}
	if i.Path != "" {
		k, n = "path", n+1
	}
	if i.URL != "" {
		k, n = "url", n+1
	}
	if n != 1 {
		return ""
	}
	return k
}

// String tells the kind and, for bytes, the length; never the path, the address or the picture.
func (i Image) String() string {
	if i.Kind() == "bytes" {
		return fmt.Sprintf("image(%d bytes)", len(i.Bytes))
	}
	return "image(by " + i.Kind() + ")"
}

// Format writes what String returns, whatever the verb.
func (i Image) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(i.String())) }

// LogValue is what package log/slog writes.
func (i Image) LogValue() slog.Value { return slog.StringValue(i.String()) }

// MarshalJSON writes what String returns: a picture is never written to JSON.
func (i Image) MarshalJSON() ([]byte, error) { return []byte(`"` + i.String() + `"`), nil }

// URLMode says who fetches a picture that is given by URL.
type URLMode string

// The ways to treat a URL.
const (
	// URLFetch: the recognizer fetches the picture and sends its bytes. The default.
	URLFetch URLMode = "fetch"
	// URLVendor: the address is handed on, and the vendor fetches the picture. It cannot be made fit
	// beforehand, and it is recognised as the same picture only by [Request.SHA256] or by its whole
	// address, so the promises about double billing and useless pictures are weaker.
	URLVendor URLMode = "vendor"
)

// Budget bounds what may be spent in the name of Run. A zero bound is no bound.
type Budget struct {
	Run   string // which run's spend is counted; empty: this request alone
	Yuan  Money  // at most this much
	Calls int64  // at most this many calls that are or may be billed
}

// Request is one picture and what is wanted of it. It is not changed by who gets it; wrappers that
// change something work on a copy.
type Request struct {
	Image Image
	// Side is the side wanted. The other side is read too, with the status [StatusReversedSide].
	Side Side
	// Key is the caller's own name for this item, at most 255 bytes. It is bound to the picture: the
	// same key with another picture is refused with [CodeKeyReused].
	Key string
	// CallID names this call, so that its fate can be asked for later ([Recaller]). Empty: the client
	// half makes a random one. Never reuse one.
	CallID string
	// Attempt counts the deliveries of this item by the caller's engine, from 1; 0 is unknown. It is
	// for the books only and never changes the answer.
	Attempt int
	// Budget bounds the spend.
	Budget Budget
	// Retry bounds what the provider resends by itself; the zero value is [BasisDocumented]. An engine
	// with retries of its own asks for [BasisProved].
	Retry Basis
	// Fields are the card fields to return (data minimisation); empty is all of them.
	Fields []FieldName
	// Case ties the pictures of one person together; at most 255 bytes.
	Case string
	// Subject is whose document it is and Purpose why it is read; both for the record that a data
	// protection audit asks for, at most 255 bytes each. Subject is kept only as a keyed digest.
	Subject, Purpose string
	// URLMode says who fetches an image given by URL; the zero value is [URLFetch].
	URLMode URLMode
	// SHA256 is the hex digest of the picture behind a URL, if the caller knows it. A picture that
	// has another one is refused with [CodePictureChanged]. Optional for bytes and paths too.
	SHA256 string
	// Options are the provider's own, named in [Description.Options]; others are refused.
	Options map[string]string
	// WantRaw asks for the vendor's answer as it came, in [Result.Raw].
	WantRaw bool
	// UnsafeResendAmbiguous sends again what may have been billed already.
	UnsafeResendAmbiguous bool
	// UnsafeBuyAgain asks the provider again although a billed answer is on record.
	UnsafeBuyAgain bool
}

// Clone returns a copy that shares the image bytes.
func (r *Request) Clone() *Request {
	c := *r
	c.Fields = slices.Clone(r.Fields)
	c.Options = maps.Clone(r.Options)
	return &c
}

// maxName bounds the texts by which callers name things.
const maxName = 255

// Validate reports what no recognizer could accept, as an [Error] of class input with the code
// [CodeInvalidRequest] or [CodeMessageTooLarge]. Its text names the field and never its value.
func (r *Request) Validate() error {
	bad := func(msg string) error {
		return &Error{Code: CodeInvalidRequest, Message: msg, Outcome: OutcomeNotSent, Basis: BasisProved, CallID: r.CallID}
	}
	if r.Image.Kind() == "" {
		return bad("give the picture in exactly one way: bytes, path or URL")
	}
	if n := len(r.Image.Bytes); n > MaxImageBytes {
		return &Error{Code: CodeMessageTooLarge, Outcome: OutcomeNotSent, Basis: BasisProved, CallID: r.CallID,
			Message: fmt.Sprintf("the picture has %d bytes; at most %d (32 MiB) cross by value: give it by path, or make it smaller", n, MaxImageBytes)}
	}
	switch r.Side {
	case SideDetect, SidePortrait, SideEmblem:
	default:
		return bad("unknown side: use portrait, emblem or nothing")
	}
	switch r.Retry {
	case "", BasisProved, BasisDocumented, BasisAssumed:
	default:
		return bad("unknown retry bound: use proved, documented or assumed")
	}
	switch r.URLMode {
	case "", URLFetch, URLVendor:
	default:
		return bad("unknown URL mode: use fetch or vendor")
	}
	for _, t := range []struct{ name, v string }{{"key", r.Key}, {"call_id", r.CallID}, {"case", r.Case}, {"subject", r.Subject}, {"purpose", r.Purpose}, {"budget run", r.Budget.Run}} {
		if len(t.v) > maxName {
			return bad(fmt.Sprintf("%s has %d bytes, at most %d are allowed", t.name, len(t.v), maxName))
		}
	}
	if r.Attempt < 0 || r.Budget.Yuan < 0 || r.Budget.Calls < 0 {
		return bad("attempt and budget cannot be negative")
	}
	if r.SHA256 != "" && !isSHA256(r.SHA256) {
		return bad("sha256 must be 64 lower-case hex digits")
	}
	for _, f := range r.Fields {
		if !f.Known() {
			return bad("unknown card field asked for: see shared.CardFields for the names")
		}
	}
	return nil
}

func isSHA256(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// String tells what kind of request it is, without anything personal.
func (r Request) String() string {
	side := r.Side
	if side == SideDetect {
		side = "detect"
	}
	return fmt.Sprintf("request(%s, side %s, call %q)", r.Image, side, r.CallID)
}

// Format writes what String returns, whatever the verb.
func (r Request) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(r.String())) }

// LogValue is what package log/slog writes.
func (r Request) LogValue() slog.Value { return slog.StringValue(r.String()) }

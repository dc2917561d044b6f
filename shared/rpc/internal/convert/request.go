package convert

import (
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// RequestTo shares the image bytes with r.
func RequestTo(r *shared.Request) *recognizerpb.Request {
	p := &recognizerpb.Request{
		Side:                  text(r.Side),
		Key:                   text(r.Key),
		CallId:                text(r.CallID),
		Attempt:               int64(r.Attempt),
		Retry:                 text(r.Retry),
		Fields:                textsTo(r.Fields),
		Case:                  text(r.Case),
		Subject:               text(r.Subject),
		Purpose:               text(r.Purpose),
		UrlMode:               text(r.URLMode),
		Sha256:                text(r.SHA256),
		Options:               textMapTo(r.Options),
		WantRaw:               r.WantRaw,
		UnsafeResendAmbiguous: r.UnsafeResendAmbiguous,
		UnsafeBuyAgain:        r.UnsafeBuyAgain,
	}
	switch r.Image.Kind() {
	case "bytes":
		p.Image = &recognizerpb.Request_Data{Data: r.Image.Bytes}
	case "path":
		p.Image = &recognizerpb.Request_Path{Path: []byte(r.Image.Path)}
	case "url":
		p.Image = &recognizerpb.Request_Url{Url: text(r.Image.URL)}
	}
	if r.Budget != (shared.Budget{}) {
		p.Budget = &recognizerpb.Budget{Run: text(r.Budget.Run), Milliyuan: int64(r.Budget.Yuan), Calls: r.Budget.Calls}
	}
	return p
}

// RequestFrom shares the image bytes with p. A request without a picture becomes one whose Validate
// says so.
func RequestFrom(p *recognizerpb.Request) *shared.Request {
	r := &shared.Request{
		Side:                  shared.Side(p.GetSide()),
		Key:                   p.GetKey(),
		CallID:                p.GetCallId(),
		Attempt:               int(p.GetAttempt()),
		Budget:                shared.Budget{Run: p.GetBudget().GetRun(), Yuan: shared.Money(p.GetBudget().GetMilliyuan()), Calls: p.GetBudget().GetCalls()},
		Retry:                 shared.Basis(p.GetRetry()),
		Fields:                textsFrom[shared.FieldName](p.GetFields()),
		Case:                  p.GetCase(),
		Subject:               p.GetSubject(),
		Purpose:               p.GetPurpose(),
		URLMode:               shared.URLMode(p.GetUrlMode()),
		SHA256:                p.GetSha256(),
		Options:               textMapFrom(p.GetOptions()),
		WantRaw:               p.GetWantRaw(),
		UnsafeResendAmbiguous: p.GetUnsafeResendAmbiguous(),
		UnsafeBuyAgain:        p.GetUnsafeBuyAgain(),
	}
	switch i := p.GetImage().(type) {
	case *recognizerpb.Request_Data:
		r.Image.Bytes = i.Data
		if r.Image.Bytes == nil {
			r.Image.Bytes = []byte{} // nil would mean: not given by bytes
		}
	case *recognizerpb.Request_Path:
		r.Image.Path = string(i.Path)
	case *recognizerpb.Request_Url:
		r.Image.URL = i.Url
	}
	return r
}

// CheckRequest refuses a request with a text that cannot cross as it is, with
// [shared.CodeInvalidRequest]. The message names the field and never its value.
func CheckRequest(r *shared.Request) error {
	bad := ""
	for _, t := range []struct{ name, v string }{
		{"url", r.Image.URL}, {"key", r.Key}, {"call_id", r.CallID}, {"case", r.Case},
		{"subject", r.Subject}, {"purpose", r.Purpose}, {"budget run", r.Budget.Run},
	} {
		if !utf8.ValidString(t.v) {
			bad = t.name
		}
	}
	for k, v := range r.Options {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			bad = "an option"
		}
	}
	if bad == "" {
		return nil
	}
	return &shared.Error{Code: shared.CodeInvalidRequest, Message: bad + " is not UTF-8 text",
		Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, CallID: r.CallID}
}

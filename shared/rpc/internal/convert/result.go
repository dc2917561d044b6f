package convert

import (
	"time"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// ResultTo shares nothing that either side changes.
func ResultTo(r *shared.Result) *recognizerpb.Result {
	if r == nil {
		return nil
	}
	p := &recognizerpb.Result{
		Status:              text(r.Status),
		Side:                text(r.Side),
		NumberCheckVendor:   numberCheckTo(r.Number.Vendor),
		NumberCheckComputed: numberCheckTo(r.Number.Computed),
		Outcome:             text(r.Outcome),
		Basis:               text(r.Basis),
		AnsweredBy:          text(r.AnsweredBy),
		PriceMilliyuan:      int64(r.Price),
		Unrecorded:          r.Unrecorded,
		Attempts:            int64(r.Attempts),
		Provider:            text(r.Provider),
		Product:             text(r.Product),
		RequestKey:          text(r.RequestKey),
		CallId:              text(r.CallID),
		VendorCode:          text(r.VendorCode),
		Extras:              textMapTo(r.Extras),
		Raw:                 r.Raw,
	}
	if len(r.Fields) > 0 {
		p.Fields = make(map[string]*recognizerpb.CardField, len(r.Fields))
		for name, f := range r.Fields {
			p.Fields[text(name)] = fieldTo(f)
		}
	}
	for _, f := range r.Findings {
		p.Findings = append(p.Findings, &recognizerpb.Finding{Code: text(f.Code), Severity: text(f.Severity),
			Field: text(f.Field), Message: text(f.Message), Count: int64(f.Count)})
	}
	if t := r.Timings; t != (shared.Timings{}) {
		p.Timings = &recognizerpb.Timings{Prepare: durationTo(t.Prepare), Queue: durationTo(t.Queue),
			Send: durationTo(t.Send), Wait: durationTo(t.Wait), Total: durationTo(t.Total)}
	}
	if i := r.Picture; i != (shared.Picture{}) {
		p.Picture = &recognizerpb.Picture{Sha256: text(i.SHA256), Format: text(i.Format),
			Width: int64(i.Width), Height: int64(i.Height), Prepared: i.Prepared}
	}
	return p
}

// ResultFrom returns nil for nil.
func ResultFrom(p *recognizerpb.Result) *shared.Result {
	if p == nil {
		return nil
	}
	t, i := p.GetTimings(), p.GetPicture()
	r := &shared.Result{
		Status:     shared.PictureStatus(p.GetStatus()),
		Side:       shared.Side(p.GetSide()),
		Number:     shared.NumberChecks{Vendor: numberCheckFrom(p.NumberCheckVendor), Computed: numberCheckFrom(p.NumberCheckComputed)},
		Outcome:    shared.Outcome(p.GetOutcome()),
		Basis:      shared.Basis(p.GetBasis()),
		AnsweredBy: shared.AnsweredBy(p.GetAnsweredBy()),
		Price:      shared.Money(p.GetPriceMilliyuan()),
		Unrecorded: p.GetUnrecorded(),
		Attempts:   int(p.GetAttempts()),
		Timings: shared.Timings{Prepare: t.GetPrepare().AsDuration(), Queue: t.GetQueue().AsDuration(),
			Send: t.GetSend().AsDuration(), Wait: t.GetWait().AsDuration(), Total: t.GetTotal().AsDuration()},
		Provider:   p.GetProvider(),
		Product:    p.GetProduct(),
		RequestKey: p.GetRequestKey(),
		CallID:     p.GetCallId(),
		Picture: shared.Picture{SHA256: i.GetSha256(), Format: i.GetFormat(),
			Width: int(i.GetWidth()), Height: int(i.GetHeight()), Prepared: i.GetPrepared()},
		VendorCode: p.GetVendorCode(),
		Extras:     textMapFrom(p.GetExtras()),
		Raw:        p.GetRaw(),
	}
	if fields := p.GetFields(); len(fields) > 0 {
		r.Fields = make(map[shared.FieldName]shared.Field, len(fields))
		for name, f := range fields {
			r.Fields[shared.FieldName(name)] = fieldFrom(f)
		}
	}
	for _, f := range p.GetFindings() {
		r.Findings = append(r.Findings, shared.Finding{Code: shared.FindingCode(f.GetCode()), Severity: shared.Severity(f.GetSeverity()),
			Field: shared.FieldName(f.GetField()), Message: f.GetMessage(), Count: int(f.GetCount())})
	}
	return r
}

func fieldTo(f shared.Field) *recognizerpb.CardField {
	p := &recognizerpb.CardField{Raw: text(f.Raw), Value: text(f.Value), State: text(f.State),
		Confidence: f.Confidence.Value, ConfidenceOrigin: text(f.Confidence.Origin)}
	if f.Quad != nil {
		for _, c := range f.Quad {
			p.Quad = append(p.Quad, &recognizerpb.Point{X: c.X, Y: c.Y})
		}
	}
	return p
}

func fieldFrom(p *recognizerpb.CardField) shared.Field {
	f := shared.Field{Raw: p.GetRaw(), Value: p.GetValue(), State: shared.FieldState(p.GetState()),
		Confidence: shared.Confidence{Value: finite(p.GetConfidence()), Origin: shared.ConfidenceOrigin(p.GetConfidenceOrigin())}}
	// Another number of corners is no quadrilateral; a peer that sends one has no place to tell.
	if q := p.GetQuad(); len(q) == len(shared.Quad{}) {
		f.Quad = new(shared.Quad)
		for i, c := range q {
			f.Quad[i] = shared.Point{X: finite(c.GetX()), Y: finite(c.GetY())}
		}
	}
	return f
}

func numberCheckTo(n *shared.NumberCheck) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

func numberCheckFrom(n *int64) *shared.NumberCheck {
	if n == nil {
		return nil
	}
	v := shared.NumberCheck(*n)
	return &v
}

// TimeoutFrom returns the time that the caller leaves; ok is false for no limit. A time
// that is over already is 0 with ok true.
func TimeoutFrom(p *recognizerpb.RecognizeRequest) (d time.Duration, ok bool) {
	if p.GetTimeout() == nil {
		return 0, false
	}
	return p.GetTimeout().AsDuration(), true
}

package local

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// illegible is the confidence below which a field has no value: it is wrong nearly always. One doubtful
// character in forty of an address is no reason to withhold it; that is what the confidence says.
const illegible = 0.15

// result makes the answer of what was seen.
func (r *report) result(s *source, req *shared.Request) *shared.Result {
	res := &shared.Result{
		Status: shared.StatusNonIDCard, Fields: map[shared.FieldName]shared.Field{},
		Outcome: shared.OutcomeFree, Basis: shared.BasisProved, AnsweredBy: shared.AnsweredLive, Attempts: 1,
		Provider: Name, Product: product, CallID: req.CallID,
		Picture: shared.Picture{SHA256: s.sum, Format: s.info.Format, Width: s.info.Width, Height: s.info.Height},
	}
	chosen, people := r.choose(req.Side)
	unseen := 0
	for _, k := range chosen {
		if onto, ok := k.onto(); ok && k.side == shared.SidePortrait {
			q := onto.Box(portraitBox.left, portraitBox.top, portraitBox.right, portraitBox.bottom)
			if text, err := json.Marshal(s.givenQuad(q)); err == nil {
				res.Extras = map[string]string{Name + "." + picture.PortraitQuad: string(text)}
			}
		}
		switch {
		case res.Side == shared.SideDetect:
			res.Side = k.side
		case res.Side != k.side:
			res.Side = shared.SideBoth
		}
		for name, f := range k.fields {
			res.Fields[name] = k.field(f, s)
			unseen = max(unseen, f.Unseen)
		}
	}
	if people > 1 {
		res.Findings = append(res.Findings, shared.Finding{Code: shared.FindingSeveralCards, Severity: shared.SeverityWarning, Count: people,
			Message: "the picture shows cards of more than one person; this is the clearest of them"})
	}
	if r.mirror {
		res.Findings = append(res.Findings, shared.Finding{Code: "local.mirrored", Severity: shared.SeverityWarning,
			Message: "the picture shows a card mirrored, which is not read"})
	}
	res.Status = r.status(chosen, res.Side, req.Side)
	if res.Extras == nil {
		res.Extras = map[string]string{}
	}
	res.Extras[Name+"."+statusConfidence] = strconv.FormatFloat(round(r.surety(res.Status, chosen)), 'f', -1, 64)
	raw := map[shared.FieldName]string{}
	for name, f := range res.Fields {
		raw[name] = f.Raw
		if len(req.Fields) > 0 && !slices.Contains(req.Fields, name) {
			delete(res.Fields, name)
			if f.State == shared.FieldPresent {
				res.Fields[name] = shared.Field{State: shared.FieldMasked, Confidence: shared.Confidence{Origin: shared.ConfidenceNone}}
			}
			delete(raw, name)
		}
	}
	if unseen > 0 && res.Fields[shared.FieldNumber].State == shared.FieldPresent {
		res.Findings = append(res.Findings, shared.Finding{Code: "local.unseen_digits", Severity: shared.SeverityWarning, Field: shared.FieldNumber, Count: unseen,
			Message: "digits of the number cannot be seen: they follow from the birth and the check character"})
	}
	if req.WantRaw {
		if text, err := json.Marshal(raw); err == nil {
			res.Raw = text
		}
	}
	return res
}

// field makes a field of the contract.
func (k *seen) field(r reading, s *source) shared.Field {
	f := shared.Field{Raw: r.Raw, Value: r.Text, State: shared.FieldPresent, Confidence: shared.Confidence{Value: round(r.confidence), Origin: shared.ConfidenceDerived}}
	if onto, ok := k.onto(); ok {
		q := s.givenQuad(onto.Box(r.box.left, r.box.top, r.box.right, r.box.bottom))
		f.Quad = &q
	}
	if r.Text == "" || r.confidence < illegible {
		f.Raw, f.Value, f.State = "", "", shared.FieldIllegible
	}
	return f
}

package layers

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// verifyLayer judges every answer at its return, since validity depends on today, and gives each
// caller the side and the fields that it asked for, whoever asked first.
type verifyLayer struct {
	layer

	now func() time.Time
}

func (l *verifyLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	res, err := l.inner.Recognize(ctx, req)
	if err != nil {
		return nil, err
	}
	return judge(res, req.Side, req.Fields, idcard.Today(l.now())), nil
}

// judge returns res with its findings computed anew, its status seen from the side asked for, and the
// values of the fields asked for only; res is not changed.
func judge(res *shared.Result, asked shared.Side, fields []shared.FieldName, today idcard.Date) *shared.Result {
	res = res.Clone()
	res.Status = statusFor(res, asked)
	findings, computed := idcard.Verify(res, asked, today)
	res.Findings = slices.Concat(findings, foreign(res.Findings))
	res.Number.Computed = computed
	if len(fields) > 0 {
		for name, f := range res.Fields {
			switch {
			case slices.Contains(fields, name):
			case f.State == shared.FieldPresent:
				// That it was read stays, so that a good picture of which nothing was asked is not taken
				// for a useless one.
				res.Fields[name] = shared.Field{State: shared.FieldMasked, Confidence: shared.Confidence{Origin: shared.ConfidenceNone}}
			default:
				delete(res.Fields, name)
			}
		}
	}
	return res
}

// statusFor derives whether the picture shows the other side, where it shows a readable card: the
// answer may have been given to somebody who asked for another side.
func statusFor(res *shared.Result, asked shared.Side) shared.PictureStatus {
	if res.Status != shared.StatusNormal && res.Status != shared.StatusReversedSide {
		return res.Status
	}
	switch {
	case asked == shared.SideDetect:
		return shared.StatusNormal
	case res.Side == shared.SideDetect:
		return res.Status // nobody knows the side but whoever judged it
	case res.Side != shared.SideBoth && res.Side != asked:
		return shared.StatusReversedSide
	}
	return shared.StatusNormal
}

// foreign returns the findings that [idcard.Verify] does not compute: those that belong to the picture
// or the call, and the providers' own.
func foreign(findings []shared.Finding) []shared.Finding {
	var kept []shared.Finding
	for _, f := range findings {
		if f.Code == shared.FindingSeveralCards || f.Code == shared.FindingURLByVendor || strings.Contains(string(f.Code), ".") {
			kept = append(kept, f)
		}
	}
	return kept
}

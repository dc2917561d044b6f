package layers

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// DefaultAcceptConfidence is how sure the first recognizer must be of every field that matters. It is
// high, since what it gets wrong nobody looks at again.
const DefaultAcceptConfidence = 0.98

// DefaultAcceptStatus is how sure the first recognizer must be that a picture shows no card, or one of another
// kind. It is lower, since most pictures that are called so are so, and the second one says the same of them for
// money: docs/local.md has what is missed and what is saved by it.
const DefaultAcceptStatus = 0.8

// The extras that a cascade adds to a result.
const (
	// ExtraCascadeAnswered is the name of the recognizer that answered.
	ExtraCascadeAnswered = "cascade.answered_by"
	// ExtraCascadeSaved is what asking the second one would have cost at most, in yuan. It is there
	// where the first one's answer was taken.
	ExtraCascadeSaved = "cascade.saved_yuan"
	// ExtraCascadeReason is why the first one's answer was not taken: "confidence", "illegible" or
	// "absent" with a colon and the field, "finding" with the finding's code, "status" with the status,
	// "error" with the code, or "side" where nobody knows it.
	ExtraCascadeReason = "cascade.reason"
)

// StatusConfidenceExtra is the extra, behind the provider's name and a dot, in which a provider says how
// sure it is of the picture's status: a number from 0 to 1. Without it, it is taken to be sure.
const StatusConfidenceExtra = "status_confidence"

// CascadeOptions say when the first answer of a [Cascade] is good enough. The zero value is the default.
type CascadeOptions struct {
	// AcceptConfidence is the least confidence, from 0 to 1, of every field that matters; 0 is
	// [DefaultAcceptConfidence].
	AcceptConfidence float64
	// AcceptStatus is the least confidence, from 0 to 1, of the status of a picture that shows no card, or one of
	// another kind; 0 is [DefaultAcceptStatus].
	AcceptStatus float64
	// Fields are those that matter. Empty: those that the request asks for, or all of the side.
	Fields []shared.FieldName
	// Escalate lists the statuses, beside those without which nothing was read, with which the second
	// one is asked although it would most likely say the same for money: see [PointlessStatuses].
	Escalate []shared.PictureStatus
	// Now is the clock by which the validity of a card is judged. Default: [time.Now].
	Now func() time.Time
}

// PointlessStatuses are those for which the second recognizer is not asked, where the first one is sure
// of them: no other reader makes a card of what is none. A picture that is blurred or dark for one may
// well be legible for the other.
func PointlessStatuses() []shared.PictureStatus {
	return []shared.PictureStatus{shared.StatusNonIDCard, shared.StatusOtherTypeCard}
}

// Cascade asks first, a free recognizer, and then second, a paid one, only if the answer is not good
// enough. What the first one's answer was taken for is never billed. Both get the request as it is, but
// for options that they do not know; a picture by address is fetched by each.
//
// It goes around recognizers with their layers, and has the faces of the second.
func Cascade(first, second shared.Recognizer, o CascadeOptions) shared.Recognizer {
	if o.AcceptConfidence == 0 {
		o.AcceptConfidence = DefaultAcceptConfidence
	}
	if o.AcceptStatus == 0 {
		o.AcceptStatus = DefaultAcceptStatus
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &cascade{layer{second}, first, o}
}

type cascade struct {
	layer

	first   shared.Recognizer
	options CascadeOptions
}

// Describe tells the second one's description under both names: what it takes, costs and can do bounds
// what the two can.
func (c *cascade) Describe(ctx context.Context) (*shared.Description, error) {
	a, err := c.first.Describe(ctx)
	if err != nil {
		return nil, err
	}
	b, err := c.inner.Describe(ctx)
	if err != nil {
		return nil, err
	}
	d := *b
	d.Name, d.Title = a.Name+"+"+b.Name, a.Title+", then "+b.Title
	d.Remote, d.Paid = a.Remote || b.Remote, a.Paid || b.Paid
	for _, option := range a.Options {
		if !slices.Contains(d.Options, option) {
			d.Options = append(slices.Clone(d.Options), option)
		}
	}
	return &d, nil
}

func (c *cascade) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	start := time.Now()
	if err := req.Validate(); err != nil {
		return nil, err
	}
	a, err := c.first.Describe(ctx)
	if err != nil {
		return nil, err
	}
	b, err := c.inner.Describe(ctx)
	if err != nil {
		return nil, err
	}
	ask := optionsFor(a, req)
	if len(req.Fields) > 0 { // all of them tell whether it was read well
		ask = ask.Clone()
		ask.Fields = nil
	}
	res, err := c.first.Recognize(ctx, ask)
	var reason string
	if err != nil {
		e := shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
		if ctx.Err() != nil || e.Outcome.MayBeBilled() || hopeless(e.Code) {
			return nil, err
		}
		reason = "error:" + string(e.Code)
	} else if reason = c.options.doubt(res, req); reason == "" {
		res = judge(res, req.Side, req.Fields, idcard.Today(c.options.Now()))
		res = withExtras(res, map[string]string{ExtraCascadeAnswered: a.Name, ExtraCascadeSaved: highest(b).String()})
		res.Timings.Total = time.Since(start)
		return res, nil
	}
	res, err = c.inner.Recognize(ctx, optionsFor(b, req))
	if err != nil {
		return nil, err
	}
	res = withExtras(res, map[string]string{ExtraCascadeAnswered: b.Name, ExtraCascadeReason: reason})
	res.Timings.Total = time.Since(start)
	return res, nil
}

// optionsFor leaves out the options that a recognizer does not know.
func optionsFor(d *shared.Description, req *shared.Request) *shared.Request {
	for name := range req.Options {
		if !slices.Contains(d.Options, name) {
			req = req.Clone()
			for name := range req.Options {
				if !slices.Contains(d.Options, name) {
					delete(req.Options, name)
				}
			}
			return req
		}
	}
	return req
}

// hopeless reports whether the picture or request is at fault in a way that any recognizer would find.
func hopeless(c shared.Code) bool {
	switch c {
	case shared.CodeInvalidRequest, shared.CodeNotAPicture, shared.CodePictureEmpty, shared.CodePictureBroken, shared.CodePictureBlank,
		shared.CodePictureUnreadable, shared.CodePictureChanged, shared.CodeMessageTooLarge, shared.CodeURLInvalid, shared.CodeCanceled, shared.CodeDeadlineExceeded:
		return true
	default:
		return false
	}
}

// doubt returns why an answer is not good enough, empty if it is.
func (o CascadeOptions) doubt(res *shared.Result, req *shared.Request) string {
	switch {
	case res.Status == shared.StatusNormal || res.Status == shared.StatusReversedSide:
	case slices.Contains(PointlessStatuses(), res.Status) && !slices.Contains(o.Escalate, res.Status) && statusConfidence(res) >= o.AcceptStatus:
		return ""
	default:
		return "status:" + string(res.Status)
	}
	if res.Side == shared.SideDetect {
		return "side"
	}
	matter := o.matter(res.Side, req)
	for _, name := range matter {
		f := res.Fields[name]
		switch f.State {
		case shared.FieldPresent:
			if f.Confidence.Origin == shared.ConfidenceNone || f.Confidence.Value < o.AcceptConfidence {
				return "confidence:" + string(name)
			}
		case shared.FieldIllegible:
			return "illegible:" + string(name)
		case shared.FieldAbsent, shared.FieldMasked:
			return "absent:" + string(name)
		default:
			return "absent:" + string(name)
		}
	}
	for _, f := range res.Findings {
		if f.Severity == shared.SeverityError && (f.Field == "" || slices.Contains(matter, f.Field)) {
			return "finding:" + string(f.Code)
		}
	}
	return ""
}

// matter lists the fields that must be there. Those of the other side than the one that the picture
// shows cannot be.
func (o CascadeOptions) matter(side shared.Side, req *shared.Request) []shared.FieldName {
	wanted := o.Fields
	if len(wanted) == 0 {
		wanted = req.Fields
	}
	var names []shared.FieldName
	for _, f := range shared.CardFields() {
		on := side == shared.SideBoth || f.Side() == side
		if on && (len(wanted) == 0 || slices.Contains(wanted, f)) {
			names = append(names, f)
		}
	}
	return names
}

func statusConfidence(res *shared.Result) float64 {
	text, ok := res.Extras[res.Provider+"."+StatusConfidenceExtra]
	if !ok {
		return 1
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0
	}
	return v
}

// highest is the highest price of a call.
func highest(d *shared.Description) shared.Money {
	var most shared.Money
	for _, p := range d.Prices {
		most = max(most, p.PerCall)
	}
	return most
}

func withExtras(res *shared.Result, extras map[string]string) *shared.Result {
	res = res.Clone()
	if res.Extras == nil {
		res.Extras = map[string]string{}
	}
	maps.Copy(res.Extras, extras)
	return res
}

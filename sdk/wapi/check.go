package wapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// probe makes a call one that cannot be billed: it has no picture, it is never sent again, and its
// signature or its time is one that the vendor refuses.
type probe struct {
	forged bool          // the signature cannot be right
	stale  time.Duration // how old the time is

	// What the answer's headers said.
	skew      time.Duration
	skewKnown bool
}

// window is the difference of clocks that the vendor accepts.
const window = 10 * time.Minute

// staleBy is far outside of [window], whatever the clocks.
const staleBy = 365 * 24 * time.Hour

// Check implements [shared.Checker]. Without paid it sends requests that the vendor's page refuses in
// two ways at once, so that none of them can be billed:
//
//   - with a signature that cannot be right and no picture: whether the server answers, whether it
//     knows the appid, whether the account is in order, how the clocks differ;
//   - with a time of a year ago and no picture, once signed rightly and once not: if only the second is
//     refused for its signature, then the secret is right; if both are, it is wrong; if neither is, the
//     vendor looks at other things first, and nothing can be told.
//
// With paid it sends one picture of a grey square, which the vendor bills.
func (p *Provider) Check(ctx context.Context, paid bool) (*shared.Health, error) {
	client := p.client.Load()
	if client == nil {
		return nil, notSent(shared.CodeNotConfigured, nil)
	}
	c := &checkup{client: client, health: &shared.Health{
		Process:     shared.CheckItem{State: shared.CheckGood, Message: "the provider is configured"},
		Upstream:    unknown("not looked at"),
		Credentials: unknown("not looked at"),
		Clock:       unknown("the vendor's clock is not known"),
	}}
	first := c.probe(ctx, probe{forged: true})
	if ctx.Err() != nil && first.Outcome == shared.OutcomeNotSent {
		return nil, first
	}
	c.upstream(first)
	if c.health.Upstream.State != shared.CheckGood {
		return c.health, nil
	}
	c.credentials(first)
	if c.health.Credentials.State != shared.CheckBad {
		if paid {
			c.pay(ctx)
		} else if first.Code == shared.CodeSignatureRefused {
			c.secret(ctx)
		}
	}
	return c.health, nil
}

type checkup struct {
	client *Client
	health *shared.Health
}

func good(m string) shared.CheckItem {
	return shared.CheckItem{State: shared.CheckGood, Message: m}
}

func bad(m string) shared.CheckItem {
	return shared.CheckItem{State: shared.CheckBad, Message: m}
}

func unknown(m string) shared.CheckItem {
	return shared.CheckItem{State: shared.CheckUnknown, Message: m}
}

// probe sends one probe and returns how it was refused. It notes the clocks.
func (c *checkup) probe(ctx context.Context, p probe) *shared.Error {
	_, err := c.client.Call(ctx, Call{probe: &p, Retry: noResend})
	if p.skewKnown {
		c.clock(p.skew)
	}
	if err == nil {
		// Against its own page the vendor took a request without a picture.
		return &shared.Error{Code: shared.CodeInternal, Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, VendorCode: "10000"}
	}
	return shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
}

// noResend is a bound that allows nothing.
const noResend shared.Basis = "none"

func (c *checkup) clock(ahead time.Duration) {
	c.health.ClockSkew = ahead
	text := fmt.Sprintf("this clock differs from the vendor's by %s; %s are allowed", ahead.Abs(), window)
	c.health.Clock = good(text)
	if ahead.Abs() > window {
		c.health.Clock = bad(text)
	}
}

// upstream judges by the first probe whether the vendor's server is there.
func (c *checkup) upstream(e *shared.Error) {
	switch {
	case e.VendorCode != "":
		c.health.Upstream = good("the vendor's server answers")
		if e.Code == shared.CodeNoSuchAPI || e.Code == shared.CodeNoSuchSubAPI {
			c.health.Upstream = bad(e.Message)
		}
		if e.Code == shared.CodeClockSkew {
			c.health.Clock = bad(e.Message)
		}
	default:
		c.health.Upstream = bad(e.Message)
	}
}

// credentials judges by the first probe what can be said of the account.
func (c *checkup) credentials(e *shared.Error) {
	switch {
	case e.Code == shared.CodeAppIDUnknown:
		c.health.Credentials = bad(e.Message)
	case e.Class() == shared.ClassPaused:
		c.health.Credentials = bad("the account cannot be used now: " + e.Message)
	case e.Code == shared.CodeSignatureRefused:
		c.health.Credentials = unknown("the vendor knows the appid; the secret cannot be told without a paid call")
	default:
		c.health.Credentials = unknown("the vendor looked at other things than the credentials (" + string(e.Code) + "): they cannot be told without a paid call")
	}
}

// secret tells a right secret from a wrong one, if the vendor looks at the signature before the time.
func (c *checkup) secret(ctx context.Context) {
	forged := c.probe(ctx, probe{forged: true, stale: staleBy})
	if forged.Code != shared.CodeSignatureRefused {
		return
	}
	switch signed := c.probe(ctx, probe{stale: staleBy}); {
	case signed.Code == shared.CodeSignatureRefused:
		c.health.Credentials = bad(signed.Message)
	case signed.VendorCode != "":
		c.health.Credentials = good("the vendor takes the appid and the secret")
	}
}

// pay makes the one call that settles everything.
func (c *checkup) pay(ctx context.Context) {
	var square bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: uint8(i)}.Y // not one flat colour
	}
	if err := png.Encode(&square, img); err != nil {
		return
	}
	reply, err := c.client.Call(ctx, Call{Picture: shared.Image{Bytes: square.Bytes()}, PictureParam: ParamImage})
	var e *shared.Error
	switch {
	case err == nil:
		c.health.Credentials = good(fmt.Sprintf("the vendor takes the appid and the secret; the call cost %s yuan", reply.Price))
	case errors.As(err, &e) && (e.Outcome.MayBeBilled() || e.Outcome == shared.OutcomeNotSent):
		c.health.Credentials = unknown(e.Message)
	default:
		c.health.Credentials = bad(shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved).Message)
	}
}

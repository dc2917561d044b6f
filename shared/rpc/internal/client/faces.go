package client

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/convert"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// The limits of a call whose caller sets none, since a stopped process answers never. Check may reach
// for a vendor and wait for a billed answer.
const (
	controlLimit = 10 * time.Second
	checkLimit   = 2 * time.Minute
)

// control makes one call that cannot be billed.
func (c *Client) control(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return contextError(err)
	}
	if c.gone.Err() != nil {
		return unavailable(nil)
	}
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	err := call(ctx)
	if err == nil {
		return nil
	}
	if e, ok := convert.FromStatus(err); ok {
		if e.Outcome == "" {
			e.Outcome, e.Basis = shared.OutcomeNotSent, shared.BasisProved
		}
		return e
	}
	s := status.Convert(err)
	switch gaveUp := gaveUp(ctx, s); {
	case s.Code() == codes.Unimplemented:
		return notSupported(err)
	case errors.Is(gaveUp, context.DeadlineExceeded):
		e := contextError(gaveUp)
		e.Message = "the plugin did not answer in time: try again, or restart it"
		return e
	case gaveUp != nil:
		return contextError(gaveUp)
	}
	return unavailable(err)
}

// Describe asks the plugin what it is.
func (c *Client) Describe(ctx context.Context) (*shared.Description, error) {
	var d *shared.Description
	err := c.control(ctx, controlLimit, func(ctx context.Context) error {
		out, err := c.rpc.Describe(ctx, &recognizerpb.DescribeRequest{}, c.fixed...)
		if err == nil {
			d = convert.DescriptionFrom(out.GetDescription())
			c.lane.Open(out.GetTakesLane())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if d == nil {
		d = &shared.Description{Paid: true} // a plugin that says nothing is not trusted to be free
	}
	kept := *d
	c.desc.Store(&kept)
	return d, nil
}

// Configure hands all settings to the plugin.
func (c *Client) Configure(ctx context.Context, conf shared.Configuration) error {
	if err := convert.CheckConfiguration(conf); err != nil {
		return err
	}
	return c.control(ctx, controlLimit, func(ctx context.Context) error {
		_, err := c.rpc.Configure(ctx, convert.ConfigurationTo(conf), c.fixed...)
		c.desc.Store(nil)
		return err
	})
}

// Check asks the plugin whether it would work now. Where a billed call was allowed and no answer came,
// the error says that it may have been made.
func (c *Client) Check(ctx context.Context, paid bool) (*shared.Health, error) {
	var h *shared.Health
	err := c.control(ctx, checkLimit, func(ctx context.Context) error {
		out, err := c.rpc.Check(ctx, &recognizerpb.CheckRequest{Paid: paid}, c.fixed...)
		h = convert.HealthFrom(out)
		if _, typed := convert.FromStatus(err); paid && err != nil && !typed && status.Code(err) != codes.Unimplemented {
			return convert.Status(unknown(c.desc.Load(), err, gaveUp(ctx, status.Convert(err))))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Account asks the plugin for its books.
func (c *Client) Account(ctx context.Context) (*shared.Account, error) {
	var a *shared.Account
	err := c.control(ctx, controlLimit, func(ctx context.Context) error {
		out, err := c.rpc.Account(ctx, &recognizerpb.AccountRequest{}, c.fixed...)
		a = convert.AccountFrom(out)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Resume tells the plugin to lift a pause.
func (c *Client) Resume(ctx context.Context) error {
	return c.control(ctx, controlLimit, func(ctx context.Context) error {
		_, err := c.rpc.Resume(ctx, &recognizerpb.ResumeRequest{}, c.fixed...)
		return err
	})
}

// Recall asks the plugin what became of a call.
func (c *Client) Recall(ctx context.Context, q shared.RecallQuery) (*shared.Recollection, error) {
	var r *shared.Recollection
	err := c.control(ctx, controlLimit, func(ctx context.Context) error {
		out, err := c.rpc.Recall(ctx, &recognizerpb.RecallRequest{CallId: q.CallID, RequestKey: q.RequestKey}, c.fixed...)
		r = convert.RecollectionFrom(out)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

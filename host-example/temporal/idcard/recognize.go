package idcard

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/shared"
)

// Recognize is the activity [RecognizeName]: one picture.
func (a *Activities) Recognize(ctx context.Context, in RecognizeInput) (shared.Record, error) {
	if err := a.allowed(in.Wanted); err != nil {
		return shared.Record{}, a.fault(err)
	}
	defer beat(ctx, func() []any { return nil })()
	r, err := a.one(ctx, in.Picture, in.Wanted)
	switch {
	case err == nil:
		return r, nil
	case ctx.Err() != nil && !typed(err).Outcome.MayBeBilled():
		return shared.Record{}, ctx.Err()
	}
	return shared.Record{}, a.fault(err)
}

// allowed refuses results that this worker does not put into a history.
func (a *Activities) allowed(w Wanted) error {
	switch w.Results {
	case "", ResultReference:
		return nil
	case ResultRecord:
		if a.options.AllowRecords {
			return nil
		}
		return &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
			Message: "this worker puts nothing that was read into the history: give it the keys to encrypt it, or allow plain results, or ask for references"}
	}
	return invalid("unknown form of results: use reference or record")
}

// one fetches and recognises a picture and makes its record.
func (a *Activities) one(ctx context.Context, p Picture, w Wanted) (shared.Record, error) {
	start := time.Now()
	req, res, err := a.ask(ctx, p, w)
	a.count(ctx, res, err)
	if err != nil {
		return shared.Record{}, err
	}
	return reduce(shared.NewRecord(p.ID, req, res, nil, time.Since(start)), w), nil
}

func (a *Activities) ask(ctx context.Context, p Picture, w Wanted) (*shared.Request, *shared.Result, error) {
	side, err := shared.ParseSide(p.Side)
	if err != nil {
		return nil, nil, err
	}
	picture, err := fetch.Checked(ctx, a.fetcher, p.reference())
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.options.Timeout)
	defer cancel()
	req := &shared.Request{
		Image: shared.Image{Bytes: picture}, Side: side, Case: p.Case, Subject: p.Subject, Purpose: w.Purpose, Fields: w.Fields,
		Retry: shared.BasisProved, Attempt: int(activity.GetInfo(ctx).Attempt),
	}
	if w.Budget != nil {
		req.Budget = shared.Budget{Run: w.Budget.Run, Yuan: w.Budget.Yuan, Calls: w.Budget.Calls}
	}
	res, err := a.recognizer.Recognize(shared.WithImageHandedOver(ctx), req)
	return req, res, err
}

// reduce takes out of a record what was read, unless it is wanted.
func reduce(r shared.Record, w Wanted) shared.Record {
	if w.Results == ResultRecord {
		return r
	}
	r.Card, r.Fields, r.NumberCheck, r.Findings, r.Extras, r.Raw = nil, nil, nil, nil, nil, nil
	return r
}

// count adds to the worker's metrics; the labels have few values and none that is personal.
func (a *Activities) count(ctx context.Context, res *shared.Result, err error) {
	m := activity.GetMetricsHandler(ctx)
	if err != nil {
		e := typed(err)
		m.WithTags(map[string]string{"code": string(e.Code), "outcome": string(e.Outcome)}).Counter("idcard_errors").Inc(1)
		return
	}
	m.WithTags(map[string]string{"status": string(res.Status), "outcome": string(res.Outcome), "answered_by": string(res.AnsweredBy)}).Counter("idcard_results").Inc(1)
	if res.Price > 0 {
		m.Counter("idcard_spent_yuan_thousandths").Inc(int64(res.Price))
	}
}

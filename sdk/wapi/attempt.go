package wapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/seed-6b91b535/idrec/shared"
)

// run makes the attempts. go-retryablehttp is the engine: it asks for a body, sends the request through
// [exchange.RoundTrip], asks whether to go on and for how long to wait. What it cannot see (which
// attempt was whole, what the answer says) is decided below it, in RoundTrip, once per attempt; its
// callbacks only report that decision. There is one of its clients per call over a shared transport,
// since its callbacks know nothing of the call.
func (x *exchange) run() verdict {
	engine := &retryablehttp.Client{
		HTTPClient: &http.Client{Transport: x},
		RetryMax:   maxResends,
		CheckRetry: func(context.Context, *http.Response, error) (bool, error) { return x.again, nil },
		Backoff: func(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
			return x.client.cfg.Delay(x.wait)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	// The body is only made in RoundTrip, after the wait for the token, because it holds the time. Until
	// then a stand-in carries the length.
	standIn := retryablehttp.ReaderFunc(func() (io.Reader, error) { return unsigned{}, nil })
	req, err := retryablehttp.NewRequestWithContext(x.ctx, http.MethodPost, x.url, standIn)
	if err != nil {
		return fail(shared.CodeInternal, shared.OutcomeNotSent, shared.BasisProved).with(err)
	}
	resp, err := engine.Do(req)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil && x.again {
		// The wait before a resend was ended by the caller.
		return canceled(x.ctx)
	}
	return x.last
}

// unsigned stands for a body that is not made yet.
type unsigned struct{}

func (unsigned) Read([]byte) (int, error) { return 0, io.EOF }
func (unsigned) Close() error             { return nil }

// canceled is the verdict on an attempt that the caller gave up before it was whole.
func canceled(ctx context.Context) verdict {
	code := shared.CodeCanceled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = shared.CodeDeadlineExceeded
	}
	return fail(code, shared.OutcomeNotSent, shared.BasisProved).with(ctx.Err())
}

// errAttempt is what RoundTrip answers for every attempt that is no success; the verdict says more,
// and nothing that the engine could print.
var errAttempt = errors.New("wapi: the attempt failed")

// RoundTrip makes one attempt, from the wait for its token to the last byte of its answer.
func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	v := x.attempt(req.URL)
	x.last = v
	if x.heaviest.outcome == "" || weight(v.outcome, v.basis) > weight(x.heaviest.outcome, x.heaviest.basis) {
		x.heaviest = v
	}
	x.wait, x.again = x.budget.next(v, x.client.cfg.Rand)
	if deadline, ok := x.ctx.Deadline(); ok && x.again && x.client.cfg.Delay(x.wait) > time.Until(deadline) {
		x.again = false // the wait would only make the failure late
	}
	if x.ctx.Err() != nil {
		x.again = false
	}
	if v.envelope == nil {
		return nil, errAttempt
	}
	return &http.Response{StatusCode: http.StatusOK, Request: req, Header: http.Header{}, Body: http.NoBody}, nil
}

func (x *exchange) attempt(u *url.URL) verdict {
	if x.ctx.Err() != nil {
		return canceled(x.ctx)
	}
	if v, ok := x.admit(); !ok {
		return v
	}
	x.attempts++
	at := x.client.clock.stamp()
	if p := x.call.probe; p != nil {
		at = x.client.cfg.Now().Add(-p.stale)
	}
	body := x.form.body(at)
	body.forged = x.call.probe != nil && x.call.probe.forged
	a := &attempt{exchange: x, body: body, at: at, started: x.client.cfg.Now(), wrote: make(chan error, 1)}
	return a.run(u)
}

// admit asks the hooks.
func (x *exchange) admit() (verdict, bool) {
	var err error
	if shared.HasBeforeAttempt(x.ctx) {
		err = shared.BeforeAttempt(x.ctx) // who set it counts the wait
	} else {
		began := x.client.cfg.Now()
		err = x.client.cfg.Gate.Attempt(x.ctx)
		x.timings.Queue += x.client.cfg.Now().Sub(began)
	}
	if err == nil && !x.sent && x.call.probe == nil {
		x.sent = true
		err = shared.BeforeSend(x.ctx)
	}
	if err != nil {
		return verdict{raw: err, outcome: shared.OutcomeNotSent, basis: shared.BasisProved}, false
	}
	return verdict{}, true
}

// attempt is one request and its answer.
type attempt struct {
	*exchange

	body    *formBody
	at      time.Time // the time that was signed
	started time.Time

	mu        sync.Mutex
	connected bool
	wholeAt   time.Time
	wrote     chan error // the transport's word on writing the request
}

// Why an attempt is ended from here.
var (
	errCaller  = errors.New("the caller gave up")
	errStalled = errors.New("the upload made no progress")
	errTimeout = errors.New("no answer in time")
	errOver    = errors.New("the exchange is over")
)

// wroteWait is how long to wait for the transport's word on whether it wrote the whole request: it can
// come after the exchange failed.
const wroteWait = 100 * time.Millisecond

func (a *attempt) run(u *url.URL) verdict {
	cfg := &a.client.cfg
	// The caller's context must not end an exchange whose request is whole, so the exchange has its own.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(a.ctx))
	defer cancel(errOver)
	// From here on nobody reads the picture: it is the caller's again.
	defer a.body.abort(errOver)

	end := func(why error) {
		if a.body.abort(why) {
			cancel(why)
		}
	}
	stopCaller := context.AfterFunc(a.ctx, func() { end(errCaller) })
	defer stopCaller()
	stall := time.AfterFunc(cfg.StallTimeout, func() { end(errStalled) })
	defer stall.Stop()
	answer := time.AfterFunc(cfg.StallTimeout+cfg.AnswerTimeout, func() { cancel(errTimeout) })
	answer.Stop() // until the request is whole
	defer answer.Stop()
	a.body.onRead = func() { stall.Reset(cfg.StallTimeout) }
	a.body.onWhole = func() {
		stall.Stop()
		answer.Reset(cfg.AnswerTimeout)
		a.mu.Lock()
		a.wholeAt = cfg.Now()
		a.mu.Unlock()
	}

	req := (&http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Body: a.body, ContentLength: a.body.length,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		// GetBody stays nil, and there is no Idempotency-Key: net/http would send the request again by
		// itself, without a token and without asking whether it may.
		Header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded;charset=utf-8"},
			"Accept":       {"application/json, application/xml, text/xml"},
			// Said aloud, so that no transport unpacks an answer behind our back.
			"Accept-Encoding": {"identity"},
			"User-Agent":      {cfg.UserAgent},
		},
	}).WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			a.mu.Lock()
			a.connected = true
			a.mu.Unlock()
		},
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			select {
			case a.wrote <- i.Err:
			default:
			}
		},
	}))
	resp, err := a.client.transport.RoundTrip(req)
	if err != nil {
		v := a.lost(err)
		a.count()
		return v
	}
	data, readErr := io.ReadAll(io.LimitReader(resp.Body, MaxAnswerBytes+1))
	_ = resp.Body.Close()
	a.count()
	return a.answered(resp, data, readErr)
}

// count adds the times of this attempt to the call's.
func (a *attempt) count() {
	now := a.client.cfg.Now()
	a.mu.Lock()
	whole := a.wholeAt
	a.mu.Unlock()
	if whole.IsZero() {
		whole = now
	}
	a.timings.Send += whole.Sub(a.started)
	a.timings.Wait += now.Sub(whole)
}

// incomplete is the verdict on an attempt of which no answer can be had, if the request was not whole;
// ok is false if it may have been.
func (a *attempt) incomplete(cause error) (v verdict, ok bool) {
	if a.body.abort(errOver) {
		handed, why := a.body.state()
		a.mu.Lock()
		connected := a.connected
		a.mu.Unlock()
		var e *shared.Error
		switch {
		case errors.As(why, &e): // the picture itself
			return verdict{code: e.Code, message: e.Message, outcome: e.Outcome, basis: e.Basis, cause: e.Err}, true
		case errors.Is(why, errCaller):
			return canceled(a.ctx), true
		case !connected || handed == 0:
			return connectVerdict(cause), true
		}
		return interrupted(cause), true
	}
	timer := time.NewTimer(wroteWait)
	defer timer.Stop()
	select {
	case err := <-a.wrote:
		if err != nil {
			return interrupted(err), true
		}
	case <-timer.C:
	}
	return verdict{}, false
}

func interrupted(cause error) verdict {
	return fail(shared.CodeUploadInterrupted, shared.OutcomeNotSent, shared.BasisProved).with(cause).again(resendUpload)
}

// lost is the verdict on an attempt whose exchange failed.
func (a *attempt) lost(cause error) verdict {
	if v, ok := a.incomplete(cause); ok {
		return v
	}
	return fail(shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous, shared.BasisProved).with(cause)
}

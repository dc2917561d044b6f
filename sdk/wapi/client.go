package wapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// Client makes signed calls to one account of the platform. It is safe for concurrent use.
type Client struct {
	cfg       Config
	base      *url.URL
	baseText  string
	transport http.RoundTripper
	clock     *clock
}

// New checks the configuration and returns a client. It does not reach the network. An error has
// [shared.CodeConfigurationInvalid] and names the field.
func New(cfg Config) (*Client, error) {
	base, err := cfg.check()
	if err != nil {
		return nil, err
	}
	transport := cfg.Transport
	if transport == nil {
		if transport, err = newTransport(&cfg, base); err != nil {
			return nil, err
		}
	}
	return &Client{cfg: cfg, base: base, baseText: base.String(), transport: transport, clock: &clock{now: cfg.Now, without: cfg.OmitTime}}, nil
}

// Format writes no more than the type, whatever the verb: a client holds a secret.
func (c Client) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "wapi.Client") }

// Close closes the connections that are idle. Calls in flight go on.
func (c *Client) Close() error {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// Call is one call of an API of the platform.
type Call struct {
	// Path is the API's: empty for that of [Config.BaseURL], an absolute one ("/pyi/76/194") in its
	// place, a relative one below it.
	Path string
	// Params are the API's own parameters. Those with an empty value are left out. The platform's
	// (appid, format, time, sign) are the client's affair and refused here.
	Params map[string]string
	// Picture is sent as the parameter PictureParam, if it is set: by bytes or path in base64, by URL
	// as that URL.
	Picture      shared.Image
	PictureParam string
	// SHA256 is the hex digest of the picture, if known: another one is refused.
	SHA256 string
	// CallID names this call in errors.
	CallID string
	// Retry bounds what is sent again by how surely it was not billed. Zero: [shared.BasisDocumented].
	Retry shared.Basis

	// product: the picture must be within the product's limits.
	product bool
	// probe: the call cannot be billed, is not sent again, and deviates as this says.
	probe *probe
}

// Format writes the path only, whatever the verb: parameters and pictures are personal.
func (c Call) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "call(%s, %d parameters)", c.Path, len(c.Params))
}

// Reply is an answer with code 10000, which was billed.
type Reply struct {
	Envelope *Envelope
	Outcome  shared.Outcome // always billed
	Basis    shared.Basis   // always documented: the page says so
	Price    shared.Money
	Attempts int // requests that were begun
	Timings  shared.Timings
}

// Call makes a call and returns the answer, or a *[shared.Error] with the outcome. See the package
// comment for what is sent again and for how ctx counts.
func (c *Client) Call(ctx context.Context, call Call) (*Reply, error) {
	reply, _, err := c.send(ctx, call)
	return reply, err
}

// send is Call; info tells what the picture is, if it was looked at.
func (c *Client) send(ctx context.Context, call Call) (reply *Reply, info picture.Info, err error) {
	started := c.cfg.Now()
	x, err := c.prepare(ctx, call)
	if err != nil {
		e := *shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
		e.CallID = call.CallID
		return nil, info, &e
	}
	defer x.close()
	if x.form.pic != nil {
		info = x.form.pic.info
	}
	if !shared.HasBeforeAttempt(ctx) {
		leave, err := c.cfg.Gate.Enter(ctx)
		if err != nil {
			return nil, info, x.fail(verdict{raw: err, outcome: shared.OutcomeNotSent, basis: shared.BasisProved})
		}
		defer leave()
		x.timings.Queue = c.cfg.Now().Sub(started)
	}
	v := x.run()
	x.timings.Total = c.cfg.Now().Sub(started)
	if v.envelope == nil {
		return nil, info, x.fail(v)
	}
	return &Reply{
		Envelope: v.envelope, Outcome: v.outcome, Basis: v.basis, Price: c.cfg.PricePerCall,
		Attempts: x.attempts, Timings: x.timings,
	}, info, nil
}

// prepare makes what all attempts have in common.
func (c *Client) prepare(ctx context.Context, call Call) (*exchange, error) {
	u, err := c.target(call.Path)
	if err != nil {
		return nil, err
	}
	x := &exchange{client: c, ctx: ctx, url: u, call: call, budget: budget{bound: call.Retry}}
	f := &x.form
	f.secret = c.cfg.Secret
	f.params = append(make([]Param, 0, 3+len(call.Params)), Param{ParamAppID, c.cfg.AppID}, Param{ParamFormat, c.cfg.Format})
	for name, value := range call.Params {
		switch name {
		case "", ParamAppID, ParamFormat, ParamTime, ParamSign, call.PictureParam:
			return nil, notSentSaying(shared.CodeInvalidRequest, "a parameter without a name, or with one that the client sets itself: leave it out")
		}
		if value != "" { // the rule of signing drops them, so they are not sent either
			f.params = append(f.params, Param{name, value})
		}
	}
	switch kind := call.Picture.Kind(); {
	case call.PictureParam == "" && call.Picture.Bytes == nil && call.Picture.Path == "" && call.Picture.URL == "":
	case kind == "" || call.PictureParam == "":
		return nil, notSentSaying(shared.CodeInvalidRequest, "give the picture in exactly one way, with the name of its parameter")
	case kind == "url":
		f.params = append(f.params, Param{call.PictureParam, call.Picture.URL})
	default:
		if f.pic, err = openSource(call.Picture); err != nil {
			return nil, err
		}
		if err = f.pic.preflight(call.product, call.SHA256); err != nil {
			f.pic.close()
			return nil, err
		}
		f.picName = call.PictureParam
	}
	slices.SortFunc(f.params, compareNames)
	return x, nil
}

// target returns the URL of a path.
func (c *Client) target(path string) (string, error) {
	if path == "" {
		return c.baseText, nil
	}
	p, err := url.Parse(path)
	if err != nil || p.Scheme != "" || p.Host != "" || p.RawQuery != "" || p.Fragment != "" {
		return "", notSentSaying(shared.CodeInvalidRequest, "the path of the API is not a plain path: give it without host and query")
	}
	u := *c.base
	if strings.HasPrefix(path, "/") {
		u.Path, u.RawPath = p.Path, p.RawPath
		return u.String(), nil
	}
	return u.JoinPath(path).String(), nil
}

// exchange is one call on its way: all its attempts.
type exchange struct {
	client *Client
	ctx    context.Context // the caller's
	url    string
	form   form
	call   Call

	budget   budget
	attempts int
	timings  shared.Timings
	wait     time.Duration // before the attempt that follows
	again    bool          // whether one follows
	last     verdict       // on the latest attempt
	heaviest verdict       // of all attempts, by weight
	sent     bool          // BeforeSend was called
}

func (x *exchange) close() {
	if x.form.pic != nil {
		x.form.pic.close()
	}
}

// fail returns a verdict as the caller's error: with the outcome that all attempts together amount to.
func (x *exchange) fail(v verdict) error {
	e := v.err()
	if v.raw != nil {
		hook := shared.ErrorOf(v.raw, shared.OutcomeNotSent, shared.BasisProved)
		if x.attempts == 0 && errors.Is(v.raw, hook) {
			return v.raw
		}
		c := *hook
		e = &c
	}
	if h := x.heaviest; weight(h.outcome, h.basis) > weight(e.Outcome, e.Basis) {
		e.Outcome, e.Basis = h.outcome, h.basis
	}
	e.Attempts, e.CallID = x.attempts, x.call.CallID
	if e.Outcome.MayBeBilled() {
		e.Price = x.client.cfg.PricePerCall
	}
	return e
}

package wapi

import (
	"context"
	"sync/atomic"

	"github.com/seed-6b91b535/idrec/shared"
)

// Provider is the product as a recognizer. It knows the vendor's wire and nothing else: recording,
// fitting of pictures, pausing and verification are layers around it. It returns every field that it
// read; the projection on [shared.Request.Fields] is a layer's too.
//
// It takes pictures by bytes and by path, and by URL only with [shared.URLVendor].
type Provider struct {
	version string
	adjust  func(*Config)
	client  atomic.Pointer[Client]
}

var (
	_ shared.Recognizer = (*Provider)(nil)
	_ shared.Configurer = (*Provider)(nil)
	_ shared.Checker    = (*Provider)(nil)
)

// ProviderOption changes a [Provider] as it is made.
type ProviderOption func(*Provider)

// WithVersion sets the program's version, for the description and the User-Agent.
func WithVersion(v string) ProviderOption { return func(p *Provider) { p.version = v } }

// WithConfig lets f change what [ParseConfiguration] made of the settings: the world outside, or rules
// that are no text.
func WithConfig(f func(*Config)) ProviderOption { return func(p *Provider) { p.adjust = f } }

// NewProvider returns a provider that has to be configured before its first call.
func NewProvider(options ...ProviderOption) *Provider {
	p := &Provider{adjust: func(*Config) {}}
	for _, o := range options {
		o(p)
	}
	return p
}

// Describe implements [shared.Recognizer]. The prices are those of the page, and once the provider is
// configured the one that this account pays.
func (p *Provider) Describe(context.Context) (*shared.Description, error) {
	d := describe(p.version)
	if c := p.client.Load(); c != nil {
		d.Prices = pricesPaid(d.Prices, c.cfg.PricePerCall)
	}
	return d, nil
}

// Configure implements [shared.Configurer]. Calls in flight go on with the settings they began with.
func (p *Provider) Configure(_ context.Context, c shared.Configuration) error {
	cfg, err := ParseConfiguration(c)
	if err != nil {
		return err
	}
	cfg.UserAgent = "idrec-plugin-wapi"
	if p.version != "" {
		cfg.UserAgent += "/" + p.version
	}
	p.adjust(&cfg)
	client, err := New(cfg)
	if err != nil {
		return err
	}
	if old := p.client.Swap(client); old != nil {
		_ = old.Close()
	}
	return nil
}

// Close closes idle connections.
func (p *Provider) Close() error {
	if c := p.client.Load(); c != nil {
		return c.Close()
	}
	return nil
}

// Client returns the client as configured, for calls of other APIs of the platform; nil before that.
func (p *Provider) Client() *Client { return p.client.Load() }

// Recognize implements [shared.Recognizer]. A call whose last byte was sent waits for its answer up to
// the answer timeout, whatever ctx says: see the package comment.
func (p *Provider) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	call, err := p.call(req)
	if err != nil {
		e := *shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
		if req != nil {
			e.CallID = req.CallID
		}
		return nil, &e
	}
	release, _ := shared.HoldImage(ctx) // until the last body that reads it is closed, which send waits for
	defer release()
	reply, info, err := p.client.Load().send(ctx, call)
	if err != nil {
		return nil, err
	}
	res := readCard(reply.Envelope, req.Side)
	res.Outcome, res.Basis, res.Price = reply.Outcome, reply.Basis, reply.Price
	res.AnsweredBy = shared.AnsweredLive
	res.Attempts, res.Timings = reply.Attempts, reply.Timings
	res.Provider, res.Product, res.CallID = "wapi", describe("").Product, req.CallID
	res.Picture = shared.Picture{SHA256: req.SHA256, Format: info.Format, Width: info.Width, Height: info.Height}
	if call.Picture.URL != "" {
		res.Picture.SHA256 = "" // of what the vendor fetched nothing is known here
		res.Findings = append(res.Findings, shared.Finding{
			Code: shared.FindingURLByVendor, Severity: shared.SeverityInfo,
			Message: "the vendor fetched the picture itself: it was neither checked nor made fit here",
		})
	}
	if req.WantRaw {
		res.Raw = reply.Envelope.Raw
	}
	return res, nil
}

// call turns a request into a call, or refuses it.
func (p *Provider) call(req *shared.Request) (Call, error) {
	switch {
	case req == nil:
		return Call{}, notSent(shared.CodeInvalidRequest, nil)
	case p.client.Load() == nil:
		return Call{}, notSent(shared.CodeNotConfigured, nil)
	}
	if err := req.Validate(); err != nil {
		return Call{}, err
	}
	if len(req.Options) > 0 {
		return Call{}, notSentSaying(shared.CodeInvalidRequest, "this provider has no options: leave them out")
	}
	if req.Image.URL != "" {
		if req.URLMode != shared.URLVendor {
			return Call{}, notSentSaying(shared.CodeNotSupported,
				"this provider does not fetch pictures by itself: put the layers around it, give the picture itself, or let the vendor fetch it")
		}
		if err := checkURL(req.Image.URL); err != nil {
			return Call{}, err
		}
	}
	c := Call{
		Picture: req.Image, PictureParam: ParamImage, CallID: req.CallID, Retry: req.Retry,
		Params: map[string]string{}, product: true,
	}
	if req.Image.URL == "" {
		c.SHA256 = req.SHA256
	}
	switch req.Side {
	case shared.SidePortrait:
		c.Params[ParamSide] = SideFront
	case shared.SideEmblem:
		c.Params[ParamSide] = SideBack
	case shared.SideDetect, shared.SideBoth: // the vendor finds out
	}
	return c, nil
}

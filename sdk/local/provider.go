package local

import (
	"context"
	"runtime"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// Name is the name of the provider; its plugin is idrec-plugin-local.
const Name = "local"

// product names the generation of the engine, for the key of a request.
const product = "card-1"

// Options say how the engine works. The zero value is the default.
type Options struct {
	// Version is that of the program, for its description.
	Version string
	// Readers is how many pictures are read at a time; zero is one for each processor that Go uses. A
	// reader takes about 15 MB, and the picture being read 1.3 bytes a pixel.
	Readers int
	// Now tells the time, for the timings; nil is [time.Now].
	Now func() time.Time
}

// Provider reads cards on this machine. It is a [shared.Recognizer], free of charge, and takes pictures by
// bytes and by path. It is safe for concurrent use.
type Provider struct {
	opts    Options
	finder  func() (finder, error) // makes one for each reader
	places  chan struct{}          // one for each reader that is at work
	readers chan *cutter           // those at rest
}

// New returns the engine. The networks are unpacked at the first picture.
func New(opts Options) *Provider {
	if opts.Readers <= 0 {
		opts.Readers = runtime.GOMAXPROCS(0)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Version == "" {
		opts.Version = "dev"
	}
	return &Provider{opts: opts, finder: newNetworks, places: make(chan struct{}, opts.Readers), readers: make(chan *cutter, opts.Readers)}
}

// Describe says what the engine is.
func (p *Provider) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{
		Name: Name, Version: p.opts.Version, Product: product,
		Title: "Read on this machine",
		Limits: shared.Limits{
			MaxPixels: maxPixels, MinSide: minSide, Concurrency: p.opts.Readers,
			Formats: []string{picture.JPEG, picture.PNG, picture.BMP, picture.GIF, picture.WebP, picture.TIFF},
		},
	}, nil
}

// Recognize reads the card, or the two sides of one card, in a picture. Whatever can be decoded is
// answered with a status; what cannot is an error of package picture.
func (p *Provider) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	start := p.opts.Now()
	res, err := p.recognize(ctx, req)
	if err != nil {
		e := *shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
		if req != nil {
			e.CallID = req.CallID
		}
		return nil, &e
	}
	res.Timings.Total = p.opts.Now().Sub(start)
	return res, nil
}

func (p *Provider) recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if req == nil {
		return nil, failed(shared.CodeInvalidRequest, "there is no request: give one", nil)
	}
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if len(req.Options) > 0 {
		return nil, failed(shared.CodeInvalidRequest, "the provider local takes no options: leave them out", nil)
	}
	// Decoding takes most of the memory, so it waits for a reader too.
	c, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	defer p.give(c)
	s, err := open(req)
	if err != nil {
		return nil, err
	}
	r, err := c.look(ctx, s, c.finder)
	if err != nil {
		return nil, err
	}
	return r.result(s, req), nil
}

// take waits for a free reader.
func (p *Provider) take(ctx context.Context) (*cutter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case c := <-p.readers:
		return c, nil
	default:
	}
	c, err := newCutter()
	if err == nil {
		c.finder, err = p.finder()
	}
	if err != nil {
		<-p.places
		return nil, failed(shared.CodeInternal, "the embedded networks are damaged: install idrec again", err)
	}
	return c, nil
}

func (p *Provider) give(c *cutter) {
	p.readers <- c
	<-p.places
}

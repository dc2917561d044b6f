package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// Options say what to check.
type Options struct {
	// Host says which plugin, and how it is started. Its Logger and Stderr are told as ever; Restart is
	// the kit's own.
	Host host.Options
	// Configuration is what the plugin needs to work; nil: nothing.
	Configuration *shared.Configuration
	// Picture is of a card that the plugin can read: then the point recognize wants it read. Nil: a grey
	// picture, of which any answer is right.
	Picture []byte
	// MayCost makes the calls too that the plugin says cost money: a few dozen.
	MayCost bool
	// Only names the points to run; empty: all.
	Only []string
}

// pointLimit bounds one point: the longest waits for a start and for an end, both bounded by the options
// too.
const pointLimit = time.Minute

// Run checks a plugin and reports. The error is one of the options or of ctx; what is wrong with the
// plugin stands in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	s, err := newSubject(o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	r := &Report{}
	for _, p := range points {
		if !s.wanted(p.name) {
			continue
		}
		r.Findings = append(r.Findings, s.run(ctx, p))
		if err := ctx.Err(); err != nil {
			return nil, shared.ErrorOf(err, shared.OutcomeNotSent, shared.BasisProved)
		}
	}
	if s.about != nil {
		r.Name, r.Version = s.about.Name, s.about.Version
	}
	return r, nil
}

// Test checks a plugin, each point as a subtest.
func Test(t *testing.T, o Options) {
	t.Helper()
	s, err := newSubject(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, p := range points {
		if !s.wanted(p.name) {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			switch f := s.run(t.Context(), p); f.Verdict {
			case Failed:
				t.Errorf("%s: %s", f.Promise, f.Detail)
			case Skipped:
				t.Skip(f.Detail)
			case Advised:
				t.Logf("advice: %s: %s", f.Promise, f.Detail)
			case Passed:
			}
		})
	}
}

// point is one promise and how it is checked.
type point struct {
	name, promise string
	advice        bool
	// calls: it makes calls of Recognize, which may cost money.
	calls bool
	face  shared.Face // the point is about one that the plugin may not have
	check func(ctx context.Context, s *subject) error
}

// Points returns the names of all points, in their order.
func Points() (names []string) {
	for _, p := range points {
		names = append(names, p.name)
	}
	return names
}

// skip is why a point does not apply.
type skip string

func (s skip) Error() string { return string(s) }

// subject is the plugin that is checked.
type subject struct {
	Options

	ownPicture bool                // the caller's, which can be read
	about      *shared.Description // nil until it was started once
	log        seen                // all that it printed to standard error

	mu     sync.Mutex
	plugin *host.Plugin // for the points that leave it as it was; nil until one needs it
}

func newSubject(o Options) (*subject, error) {
	own := o.Picture != nil
	if !own {
		o.Picture = greyPicture()
	}
	if o.Host.StartTimeout <= 0 {
		o.Host.StartTimeout = host.DefaultStartTimeout
	}
	if o.Host.StopTimeout <= 0 {
		o.Host.StopTimeout = host.DefaultStopTimeout
	}
	if o.Host.Path == "" {
		path, err := host.Find(o.Host.Name, o.Host.Dirs)
		if err != nil {
			return nil, err
		}
		o.Host.Path = path
	}
	known := map[string]bool{}
	for _, p := range points {
		known[p.name] = true
	}
	for _, name := range o.Only {
		if !known[name] {
			return nil, &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
				Message: "there is no such point: see the report for their names"}
		}
	}
	return &subject{Options: o, ownPicture: own}, nil
}

func (s *subject) wanted(name string) bool {
	if len(s.Only) == 0 {
		return true
	}
	return slices.Contains(s.Only, name)
}

func (s *subject) run(ctx context.Context, p point) Finding {
	f := Finding{Point: p.name, Promise: p.promise, Verdict: Passed}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, pointLimit)
	defer cancel()
	err := s.applies(ctx, p)
	if err == nil {
		err = p.check(ctx, s)
	}
	f.Took = time.Since(start)
	if err == nil {
		return f
	}
	f.Verdict, f.Detail = Failed, strings.Join(strings.Fields(err.Error()), " ")
	switch why := skip(""); {
	case errors.As(err, &why):
		f.Verdict = Skipped
	case p.advice:
		f.Verdict = Advised
	}
	return f
}

func (s *subject) applies(ctx context.Context, p point) error {
	if !p.calls && p.face == "" {
		return nil
	}
	if s.about == nil {
		if _, err := s.shared(ctx); err != nil {
			return fmt.Errorf("the plugin does not start: %w", err)
		}
	}
	if p.face != "" && !s.about.HasFace(p.face) {
		return skip("the plugin does not have the face " + string(p.face))
	}
	if p.calls && s.about.Paid && !s.MayCost {
		return skip("its calls cost money, and that was not allowed")
	}
	return nil
}

// open starts a process for one point alone.
func (s *subject) open(ctx context.Context, more func(*host.Options)) (*host.Plugin, error) {
	o := s.Host
	if o.Stderr == nil {
		o.Stderr = &s.log
	} else {
		o.Stderr = io.MultiWriter(&s.log, o.Stderr)
	}
	if o.Logger == nil { // so that it logs all that it ever would
		o.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: io.Discard})
	}
	if more != nil {
		more(&o)
	}
	p, err := host.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	d, err := p.Describe(ctx)
	if err == nil {
		if s.about == nil {
			s.about = d
		}
		if s.Configuration != nil {
			err = p.Configure(ctx, *s.Configuration)
		}
	}
	if err != nil {
		_ = p.Close(ctx)
		return nil, err
	}
	return p, nil
}

// shared is the process for the points that leave it as it was. If one did not, the next gets another.
func (s *subject) shared(ctx context.Context) (*host.Plugin, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plugin != nil && s.plugin.Status().Up {
		return s.plugin, nil
	}
	if s.plugin != nil {
		_ = s.plugin.Close(ctx)
		s.plugin = nil
	}
	p, err := s.open(ctx, nil)
	if err != nil {
		return nil, err
	}
	s.plugin = p
	return p, nil
}

func (s *subject) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plugin != nil {
		_ = s.plugin.Close(context.Background())
	}
}

// greyPicture is a picture of nothing.
func greyPicture() []byte {
	img := image.NewGray(image.Rect(0, 0, 320, 200))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: uint8(96 + i%64)}.Y
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil) // into memory, from a picture that is one
	return b.Bytes()
}

// The texts that a plugin must not write to its log. They stand in requests.
const canary = "canary-that-must-not-be-logged"

// request is one for a picture, with what is personal in it.
func (s *subject) request(picture []byte) *shared.Request {
	return &shared.Request{
		Image: shared.Image{Bytes: picture},
		Case:  canary + "-case", Subject: canary + "-subject", Purpose: canary + "-purpose",
	}
}

// seen keeps what was written to it, up to a bound, in which a canary would show early.
type seen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const maxSeen = 4 << 20

func (s *seen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room := maxSeen - s.text.Len(); room > 0 {
		s.text.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}

func (s *seen) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Contains(s.text.Bytes(), []byte(text))
}

package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// answered checks what every answer must have: an outcome that is known, and no doubt about it where
// nothing went wrong.
func answered(res *shared.Result, err error) error {
	if err == nil {
		switch {
		case !knownOutcome(res.Outcome):
			return fmt.Errorf("the result has the outcome %.40q", res.Outcome)
		case res.Status == "":
			return errors.New("the result has no status")
		case res.Basis == "":
			return errors.New("the result does not say on what basis its outcome is known")
		}
		return nil
	}
	e := (*shared.Error)(nil)
	if !errors.As(err, &e) {
		return fmt.Errorf("the error is not typed: %w", err)
	}
	switch {
	case e.Code == shared.CodeOutcomeUnknown && e.Err != nil:
		return fmt.Errorf("the call ended without an answer of the plugin: %w", err)
	case e.Code == shared.CodePluginUnavailable || e.Code == shared.CodePanic:
		return err
	case !knownOutcome(e.Outcome):
		return fmt.Errorf("the error has the outcome %.40q", e.Outcome)
	case strings.ContainsAny(e.Message, "\n\r"):
		return errors.New("the error's message has more than one line")
	}
	return nil
}

func knownOutcome(o shared.Outcome) bool {
	switch o {
	case shared.OutcomeNotSent, shared.OutcomeRejected, shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeFree:
		return true
	}
	return false
}

func recognize(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	req := s.request(s.Picture)
	req.CallID = "the-kits-own"
	res, err := p.Recognize(ctx, req)
	if bad := answered(res, err); bad != nil {
		return bad
	}
	if err != nil {
		if e := (*shared.Error)(nil); errors.As(err, &e) && e.CallID != req.CallID {
			return errors.New("the error names another call")
		}
		if s.ownPicture {
			return fmt.Errorf("the picture that was given is not read: %w", err)
		}
		return nil
	}
	switch {
	case res.CallID != req.CallID:
		return errors.New("the result names another call")
	case s.ownPicture && !res.Usable():
		return fmt.Errorf("the picture that was given is not read: its status is %s", res.Status)
	case !s.about.Paid && res.Outcome == shared.OutcomeBilled:
		return errors.New("it says of itself that calls cost nothing, and bills one")
	}
	return nil
}

func junk(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	for _, picture := range [][]byte{[]byte("this is no picture"), {}, s.Picture[:len(s.Picture)/3], bytes.Repeat([]byte{0}, 1<<16)} {
		res, err := p.Recognize(ctx, s.request(picture))
		if bad := answered(res, err); bad != nil {
			return bad
		}
		if err == nil && res.Usable() && !bytes.HasPrefix(s.Picture, picture) {
			return errors.New("it reads a card where none is")
		}
		if e := (*shared.Error)(nil); errors.As(err, &e) && e.Outcome.MayBeBilled() || err == nil && res.Outcome.MayBeBilled() {
			return errors.New("it bills for one")
		}
	}
	return nil
}

func byPath(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", canary)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	there := filepath.Join(dir, "picture.jpg")
	if err := os.WriteFile(there, s.Picture, 0o600); err != nil {
		return err
	}
	req := s.request(nil)
	req.Image = shared.Image{Path: there}
	res, err := p.Recognize(ctx, req)
	if bad := answered(res, err); bad != nil {
		return bad
	}
	req.Image.Path = filepath.Join(dir, "absent.jpg")
	res, err = p.Recognize(ctx, req)
	if bad := answered(res, err); bad != nil {
		return bad
	}
	if e := (*shared.Error)(nil); !errors.As(err, &e) || e.Outcome.MayBeBilled() {
		return errors.New("it answers for a path where nothing is")
	} else if strings.Contains(e.Error(), canary) || strings.Contains(e.VendorText, canary) {
		return errors.New("its error has the path in it")
	}
	return nil
}

// large pads the picture: what follows the end of a JPEG is not looked at by most, and a typed refusal
// is right too. What counts is that it arrives.
func large(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	picture := append(bytes.Clone(s.Picture), make([]byte, 24<<20)...)
	res, err := p.Recognize(ctx, s.request(picture))
	if errors.Is(err, shared.CodeMessageTooLarge) {
		return err
	}
	return answered(res, err)
}

// tries is how often an answer may come too late before it is the plugin's doing: a machine with too much to
// do delays one now and then, and a flaw each time.
const tries = 3

func cancel(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	for _, after := range []time.Duration{0, time.Millisecond, 50 * time.Millisecond} {
		for n := 1; ; n++ {
			err := s.canceled(ctx, p, after)
			if err == nil {
				break
			}
			if n == tries {
				return err
			}
		}
	}
	return nil
}

// canceled makes one call and gives it up.
func (s *subject) canceled(ctx context.Context, p *host.Plugin, after time.Duration) error {
	given, giveUp := context.WithCancel(ctx)
	defer giveUp()
	stop := time.AfterFunc(after, giveUp)
	defer stop.Stop()
	start := time.Now()
	res, err := p.Recognize(given, s.request(s.Picture))
	took := time.Since(start)
	if e := (*shared.Error)(nil); err != nil && (!errors.As(err, &e) || !knownOutcome(e.Outcome)) {
		return fmt.Errorf("the call has no outcome: %w", err)
	} else if err == nil {
		if bad := answered(res, nil); bad != nil {
			return bad
		}
	} else if e.Err != nil && e.Outcome != shared.OutcomeNotSent {
		return errors.New("the call ends without an answer of the plugin")
	}
	if took > after+lateness {
		return fmt.Errorf("it takes %v", took.Round(time.Millisecond))
	}
	return nil
}

func concurrency(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	const callers = 16
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			req := s.request(s.Picture)
			req.CallID = fmt.Sprintf("caller-%d", i)
			res, err := p.Recognize(ctx, req)
			errs[i] = answered(res, err)
			if e := (*shared.Error)(nil); errs[i] == nil && (err == nil && res.CallID != req.CallID || errors.As(err, &e) && e.CallID != req.CallID) {
				errs[i] = errors.New("a caller gets the answer of another")
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package layers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/seed-6b91b535/idrec/shared"
)

// mostCredentials is how many credentials a provider can have: the one in use, its successor, and one
// in reserve.
const mostCredentials = 3

// credential is one of the credentials of an account, with a provider of its own that has it.
type credential struct {
	shared.Recognizer // guarded

	latch latch
}

// credentialLayer asks the provider that has the first credential which the vendor has not condemned. A
// call that is refused because of its credential, and so was not billed, is tried with the next one.
type credentialLayer struct {
	layer

	chain *chain
}

func (l *credentialLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	var announced atomic.Bool
	hooked := shared.WithBeforeSend(ctx, func(context.Context) error {
		if announced.Load() {
			return nil // the intent stands for the call, whatever its credential
		}
		if err := shared.BeforeSend(ctx); err != nil {
			return err
		}
		announced.Store(true)
		return nil
	})
	attempts := 0
	for i := l.chain.next(0); i >= 0; {
		c := l.chain.credentials[i]
		res, err := c.Recognize(hooked, req)
		var failure *shared.Error
		if err != nil {
			failure = shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
		}
		if c.latch.observe(verdictOf(res, failure), failure) && len(l.chain.credentials) > 1 {
			l.chain.stack.notice(fmt.Sprintf("the vendor refuses the credential number %d: it is not used any more until the settings are given again", i+1))
		}
		if failure == nil {
			res.Attempts += attempts
			return res, nil
		}
		next := l.chain.next(i + 1)
		if next < 0 || !ofCredential(failure) || !req.Retry.Allows(failure.Basis) {
			failure.Attempts += attempts
			return nil, failure
		}
		attempts += failure.Attempts
		i = next
	}
	return nil, l.chain.condemned()
}

// ofCredential reports whether the vendor refused the credential and did not bill.
func ofCredential(e *shared.Error) bool {
	return e.Outcome == shared.OutcomeRejected && (e.Code == shared.CodeSignatureRefused || e.Code == shared.CodeAppIDUnknown)
}

// next returns the first credential from i on that is not condemned, -1 if there is none.
func (c *chain) next(i int) int {
	for ; i < len(c.credentials); i++ {
		if c.credentials[i].latch.refusal() == nil {
			return i
		}
	}
	return -1
}

// condemned returns what calls are answered with once every credential is, nil before.
func (c *chain) condemned() *shared.Error {
	var e *shared.Error
	for _, k := range c.credentials {
		if e = k.latch.refusal(); e == nil {
			return nil
		}
	}
	return e
}

// further is the name of a setting of the credential number n.
func further(name string, n int) string { return name + "_" + strconv.Itoa(n) }

// credentialFields describes the further credentials, by the fields of the first.
func (s *Stack) credentialFields(d *shared.Description) []shared.ConfigField {
	if s.another == nil {
		return nil
	}
	var fields []shared.ConfigField
	for n := 2; n <= mostCredentials; n++ {
		for _, f := range d.Fields {
			if slices.Contains(s.credentialNames, f.Name) {
				fields = append(fields, shared.ConfigField{Name: further(f.Name, n), Type: f.Type, Secret: f.Secret,
					Help: fmt.Sprintf("%s of the credential number %d, for when the vendor refuses the one before", f.Name, n)})
			}
		}
	}
	return fields
}

// takeCredentials removes the further credentials from c, and returns the whole configuration of each
// that is given.
func (s *Stack) takeCredentials(c shared.Configuration) ([]shared.Configuration, error) {
	if s.another == nil {
		return nil, nil
	}
	type part struct{ name, numbered string }
	var all []shared.Configuration
	var taken []part
	for n := 2; n <= mostCredentials; n++ {
		given := 0
		one := shared.Configuration{Values: maps.Clone(c.Values), Secrets: maps.Clone(c.Secrets)}
		for _, name := range s.credentialNames {
			p := part{name, further(name, n)}
			taken = append(taken, p)
			v, plain := c.Values[p.numbered]
			secret, hidden := c.Secrets[p.numbered]
			if plain {
				one.Values[name] = v
			}
			if hidden {
				one.Secrets[name] = secret
			}
			if plain || hidden {
				given++
			}
		}
		switch given {
		case 0:
			continue
		case len(s.credentialNames):
			all = append(all, one)
		default:
			return nil, notSent(shared.CodeConfigurationInvalid, fmt.Sprintf("the credential number %d is not whole: give all of its settings, or none", n), nil)
		}
	}
	for _, p := range taken {
		for _, m := range append(all, c) {
			delete(m.Values, p.numbered)
			delete(m.Secrets, p.numbered)
		}
	}
	return all, nil
}

// spares makes a provider for each further credential.
func (s *Stack) spares(ctx context.Context, configurations []shared.Configuration) ([]shared.Recognizer, error) {
	var all []shared.Recognizer
	for _, c := range configurations {
		r := s.another()
		all = append(all, r)
		if err := configureProvider(ctx, r, c); err != nil {
			_ = closeAll(all)
			return nil, err
		}
	}
	return all, nil
}

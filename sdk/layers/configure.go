package layers

import (
	"context"
	"maps"

	"github.com/seed-6b91b535/idrec/shared"
)

// Configure takes the settings of the layers and of the provider. If any is wrong, nothing is changed.
// It lifts a pause, an open circuit and a latch: somebody has acted.
func (s *Stack) Configure(ctx context.Context, c shared.Configuration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := shared.Configuration{Values: maps.Clone(c.Values), Secrets: c.Secrets}
	if rest.Values == nil {
		rest.Values = map[string]string{}
	}
	next, err := s.draft(ctx, rest.Values)
	if err != nil {
		return err
	}
	if err := s.configureProvider(ctx, rest); err != nil {
		return err
	}
	// Its prices and limits may depend on its settings. It was described a moment ago, so that this
	// cannot fail for a reason that would have been a reason not to configure it.
	if d, err := s.provider.Describe(ctx); err == nil {
		next.description = d
	}
	next.finish(rest)
	s.chain.Store(next)
	// With the ledger out of reach nothing is sent, paused or not.
	_ = next.pause.resume(ctx)
	return nil
}

func (s *Stack) configureProvider(ctx context.Context, c shared.Configuration) error {
	configurer, ok := shared.As[shared.Configurer](s.provider)
	if ok {
		return configurer.Configure(ctx, c)
	}
	if len(c.Values)+len(c.Secrets) > 0 {
		return notSent(shared.CodeConfigurationInvalid, "a setting is given that neither the provider nor the layers know: ask the description for the names", nil)
	}
	return nil
}

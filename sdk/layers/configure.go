package layers

import (
	"context"
	"maps"

	"github.com/seed-6b91b535/idrec/shared"
)

// Configure takes the settings of the layers and of the provider. If any is wrong, nothing is changed.
// It lifts a latch, and from the second time on a pause and an open circuit too: somebody has acted. The
// first time is but the start of a process, and what others learnt of the account holds for it.
//
// With the same ledger, that stays open. Another one is opened first, and the old one closed when its
// calls are over.
func (s *Stack) Configure(ctx context.Context, c shared.Configuration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended() {
		return shuttingDown()
	}
	rest := shared.Configuration{Values: maps.Clone(c.Values), Secrets: maps.Clone(c.Secrets)}
	if rest.Values == nil {
		rest.Values = map[string]string{}
	}
	if rest.Secrets == nil {
		rest.Secrets = map[string]shared.Secret{}
	}
	next, err := s.draft(ctx, rest)
	if err != nil {
		return err
	}
	further, err := s.takeCredentials(rest)
	if err != nil {
		return err
	}
	spares, err := s.spares(ctx, further)
	if err != nil {
		return err
	}
	if next.book, err = s.openBook(ctx, next.description, next.settings.place); err != nil {
		_ = closeAll(spares)
		return err
	}
	old := s.chain.Load()
	if err := configureProvider(ctx, s.provider, rest); err != nil {
		_ = closeAll(spares)
		if next.book.opened && (old == nil || old.book != next.book) {
			_ = next.book.store.Close()
		}
		return err
	}
	// Its prices and limits may depend on its settings. It was described a moment ago, so that this
	// cannot fail for a reason that would have been a reason not to configure it.
	if d, err := s.provider.Describe(ctx); err == nil {
		next.description = d
	}
	next.finish(rest, spares)
	s.remember(next.book)
	s.chain.Store(next)
	if s.configured {
		// With the ledger out of reach nothing is sent, paused or not.
		_ = next.pause.resume(ctx)
	}
	s.configured = true
	if old != nil {
		s.retire(old, next)
	}
	next.clean()
	return nil
}

// retire ends what of a chain its calls in flight do not need.
func (s *Stack) retire(old, next *chain) {
	old.janitor.stop()
	for _, k := range old.credentials[1:] {
		_ = closeAll([]shared.Recognizer{k.Recognizer})
	}
	if old.book != next.book && old.book.opened {
		s.replace(old.book)
	}
}

func configureProvider(ctx context.Context, provider shared.Recognizer, c shared.Configuration) error {
	configurer, ok := shared.As[shared.Configurer](provider)
	if ok {
		return configurer.Configure(ctx, c)
	}
	if len(c.Values)+len(c.Secrets) > 0 {
		return notSent(shared.CodeConfigurationInvalid, "a setting is given that neither the provider nor the layers know: ask the description for the names", nil)
	}
	return nil
}

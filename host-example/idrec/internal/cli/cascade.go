package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/shared"
)

// cascaded is two plugins, of which the second is asked only where the first is not sure.
type cascaded struct {
	shared.Recognizer

	first, second process
}

// Unwrap lets the faces of the paid plugin be found.
func (c *cascaded) Unwrap() shared.Recognizer { return c.second }

// Configure is never called: each plugin was given its own settings.
func (c *cascaded) Configure(context.Context, shared.Configuration) error {
	return &shared.Error{Code: shared.CodeNotSupported, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

// Check asks the paid plugin, which has an upstream and credentials.
func (c *cascaded) Check(ctx context.Context, paid bool) (*shared.Health, error) {
	return c.second.Check(ctx, paid)
}

// Close ends both.
func (c *cascaded) Close() error { return errors.Join(c.first.Close(), c.second.Close()) }

// each returns the flags of each of several plugins.
func (p *pluginFlags) each() ([]*pluginFlags, error) {
	names := strings.Split(p.plugin, ",")
	if len(names) == 1 {
		return []*pluginFlags{p}, nil
	}
	if len(names) != 2 {
		return nil, exit.Errorf(exit.Usage, "--plugin takes one plugin, or two with a comma between them: a free one, and a paid one for what it is not sure of")
	}
	sums := strings.Split(p.sha256, ",")
	if p.sha256 != "" && len(sums) != len(names) {
		return nil, exit.Errorf(exit.Usage, "--sha256 takes two digests with a comma between them, as --plugin has two plugins")
	}
	all := make([]*pluginFlags, len(names))
	for i, name := range names {
		one := *p
		if one.plugin = strings.TrimSpace(name); p.sha256 != "" {
			one.sha256 = strings.TrimSpace(sums[i])
		}
		all[i] = &one
	}
	return all, nil
}

// openCascade opens two plugins.
func (a *app) openCascade(ctx context.Context, both []*pluginFlags, l settings.Layers, fields, more map[string]string) (_ *opened, err error) {
	var parts []*opened
	defer func() {
		if err != nil {
			for _, o := range parts {
				_ = o.Close()
			}
		}
	}()
	for _, p := range both {
		proc, about, err := a.start(ctx, p)
		if err != nil {
			return nil, err
		}
		parts = append(parts, &opened{process: proc, about: about})
	}
	first, second := parts[0], parts[1]
	if first.about.Paid {
		return nil, exit.Errorf(exit.Usage, "the first of two plugins is asked for every picture, so it must be a free one: swap them")
	}
	for name := range fields {
		if !settings.Known(first.about, name) && !settings.Known(second.about, name) {
			return nil, exit.Errorf(exit.Usage, "neither plugin has a setting %.40q: see idrec config explain", name)
		}
	}
	for _, o := range parts {
		own := map[string]string{}
		for name, v := range fields {
			if settings.Known(o.about, name) {
				own[name] = v
			}
		}
		if err := a.configure(ctx, o, l, own, more, first.about, second.about); err != nil {
			return nil, err
		}
	}
	r := layers.Cascade(first, second, layers.CascadeOptions{AcceptConfidence: both[0].acceptConfidence, AcceptStatus: both[0].acceptStatus})
	about, err := r.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return &opened{process: &cascaded{r, first, second}, about: about, settings: second.settings, given: second.given}, nil
}

package metrics

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	fieldListen   = "metrics_listen"
	fieldAnywhere = "unsafe_metrics_anywhere"
)

// Recognizer is a stack with the exporter's settings added to its own.
type Recognizer struct {
	*layers.Stack

	exporter *Exporter
	notice   func(string)

	mu     sync.Mutex
	server *server
}

// Around adds the exporter's settings to a stack's. notice is told what somebody should see; it may be
// nil.
func (e *Exporter) Around(s *layers.Stack, notice func(text string)) *Recognizer {
	if notice == nil {
		notice = func(string) {}
	}
	return &Recognizer{Stack: s, exporter: e, notice: notice}
}

// Unwrap returns the stack.
func (r *Recognizer) Unwrap() shared.Recognizer { return r.Stack }

func fields() []shared.ConfigField {
	return []shared.ConfigField{
		{Name: fieldListen, Type: shared.TypeString, Help: "where metrics in the form of Prometheus are served at /metrics: 127.0.0.1:PORT, or unix: and a path; default: nowhere"},
		{Name: fieldAnywhere, Type: shared.TypeBool, Default: "false", Help: "metrics_listen may be an address that other machines reach; everybody there can read the counts"},
	}
}

// Describe adds the exporter's settings.
func (r *Recognizer) Describe(ctx context.Context) (*shared.Description, error) {
	d, err := r.Stack.Describe(ctx)
	if err != nil {
		return nil, err
	}
	d.Fields = slices.Concat(d.Fields, fields())
	return d, nil
}

// Configure takes the exporter's settings and hands the others on. If any is wrong, nothing is changed.
func (r *Recognizer) Configure(ctx context.Context, c shared.Configuration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := shared.Configuration{Values: maps.Clone(c.Values), Secrets: c.Secrets}
	delete(rest.Values, fieldListen)
	delete(rest.Values, fieldAnywhere)
	anywhere := false
	if text := strings.TrimSpace(c.Values[fieldAnywhere]); text != "" {
		var err error
		if anywhere, err = strconv.ParseBool(text); err != nil {
			return &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
				Message: "the setting " + fieldAnywhere + " is wrong: give true or false"}
		}
	}
	text := strings.TrimSpace(c.Values[fieldListen])
	if text == "" {
		if err := r.Stack.Configure(ctx, rest); err != nil {
			return err
		}
		r.server.close()
		r.server = nil
		return nil
	}
	network, address, err := place(text, anywhere)
	if err != nil {
		return err
	}
	if r.server != nil && r.server.network == network && r.server.address == address {
		return r.Stack.Configure(ctx, rest)
	}
	next, err := listen(network, address, r.exporter.handler(r.Stack), r.notice)
	if err != nil {
		return err
	}
	if err := r.Stack.Configure(ctx, rest); err != nil {
		next.close()
		return err
	}
	r.server.close()
	r.server = next
	return nil
}

// Close stops serving and closes the stack.
func (r *Recognizer) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server.close()
	r.server = nil
	return r.Stack.Close()
}

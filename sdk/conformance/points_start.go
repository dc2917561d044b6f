package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"reflect"
	"regexp"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

func starts(ctx context.Context, s *subject) error {
	_, err := s.shared(ctx)
	return err
}

func handshake(ctx context.Context, s *subject) error {
	r, err := s.startRaw(ctx, true)
	if err != nil {
		return err
	}
	defer r.end()
	if r.before > 0 {
		return fmt.Errorf("it prints %d lines before the handshake, which a plain go-plugin host takes for it", r.before)
	}
	return nil
}

func encrypts(ctx context.Context, s *subject) error {
	r, err := s.startRaw(ctx, true)
	if err != nil {
		return err
	}
	defer r.end()
	if err := call(ctx, r.conn, "Describe", nil); err != nil {
		return fmt.Errorf("the encrypted connection does not work: %w", err)
	}
	other, err := r.stranger()
	if err != nil {
		return err
	}
	defer func() { _ = other.Close() }()
	if err := call(ctx, other, "Describe", nil); err == nil {
		return errors.New("it serves a stranger with another certificate")
	}
	return nil
}

func plain(ctx context.Context, s *subject) error {
	r, err := s.startRaw(ctx, false)
	if err != nil {
		return err
	}
	defer r.end()
	err = call(ctx, r.conn, "Describe", nil)
	return err
}

// byHandLimit is for a program that has nothing to do.
const byHandLimit = 5 * time.Second

func byHand(ctx context.Context, s *subject) error {
	cmd := s.command()
	var out, text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &text
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("it cannot be run: %w", err)
	}
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = cmd.Wait()
	}()
	late := error(nil)
	select {
	case <-done:
	case <-time.After(byHandLimit):
		late = errors.New("it does not end")
	case <-ctx.Done():
		late = ctx.Err()
	}
	if late != nil {
		kill(cmd)
		<-done
		return late
	}
	switch exit := (*exec.ExitError)(nil); {
	case err == nil:
		return errors.New("it ends as if all were well")
	case !errors.As(err, &exit):
		return err
	case bytes.Contains(out.Bytes(), []byte("|grpc")):
		return errors.New("it prints a handshake to whoever starts it")
	case text.Len() == 0:
		return errors.New("it does not say what it is on standard error")
	}
	return nil
}

var stableName = regexp.MustCompile(`^[a-z0-9]+([-_][a-z0-9]+)*$`)

func description(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	d, err := p.Describe(ctx)
	if err != nil {
		return err
	}
	again, err := p.Describe(ctx)
	if err != nil {
		return err
	}
	switch {
	case !stableName.MatchString(d.Name):
		return errors.New("its name is not of lower-case letters, digits and single hyphens")
	case d.Version == "":
		return errors.New("it has no version")
	case d.Title == "":
		return errors.New("it has no title for people")
	case !reflect.DeepEqual(d, again):
		return errors.New("it describes itself differently the second time")
	}
	fields := map[string]bool{}
	for _, f := range d.Fields {
		if f.Name == "" || f.Type == "" || f.Help == "" {
			return errors.New("a setting lacks its name, type or help")
		}
		if fields[f.Name] {
			return errors.New("a setting is described twice")
		}
		if f.Secret && f.Default != "" {
			return errors.New("a secret setting has a default")
		}
		fields[f.Name] = true
	}
	if len(fields) > 0 && !d.HasFace(shared.FaceConfigurer) {
		return errors.New("it describes settings and does not list the face configurer")
	}
	return nil
}

func unconfigured(ctx context.Context, s *subject) error {
	p, err := s.openUnconfigured(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close(ctx) }()
	needs := false
	for _, f := range s.about.Fields {
		needs = needs || f.Required
	}
	if !needs {
		return skip("it needs no settings")
	}
	_, err = p.Recognize(ctx, s.request(s.Picture))
	e := (*shared.Error)(nil)
	switch {
	case err == nil:
		return errors.New("it answers without the settings that it requires")
	case !errors.As(err, &e) || e.Outcome.MayBeBilled():
		return fmt.Errorf("the error does not say that nothing was sent: %w", err)
	}
	return nil
}

func (s *subject) openUnconfigured(ctx context.Context) (*host.Plugin, error) {
	bare := &subject{Options: s.Options, about: s.about}
	bare.Configuration = nil
	bare.Host.Stderr = &s.log
	return bare.open(ctx, nil)
}

func unknownSetting(ctx context.Context, s *subject) error {
	p, err := s.openUnconfigured(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close(ctx) }()
	c := shared.Configuration{Values: map[string]string{"no_such_setting": "x"}}
	if s.Configuration != nil {
		maps.Copy(c.Values, s.Configuration.Values)
		c.Secrets = s.Configuration.Secrets
	}
	err = p.Configure(ctx, c)
	if err == nil {
		return errors.New("it takes one, so a misspelt setting would not be noticed")
	}
	if !errors.Is(err, shared.CodeConfigurationInvalid) {
		return fmt.Errorf("the error is not configuration_invalid: %w", err)
	}
	return nil
}

func faces(ctx context.Context, s *subject) error {
	p, err := s.shared(ctx)
	if err != nil {
		return err
	}
	d, err := p.Describe(ctx)
	if err != nil {
		return err
	}
	asks := map[shared.Face]func() error{
		shared.FaceChecker:    func() error { _, err := p.Check(ctx, false); return err },
		shared.FaceAccountant: func() error { _, err := p.Account(ctx); return err },
		shared.FaceRecaller: func() error {
			r, err := p.Recall(ctx, shared.RecallQuery{CallID: "never-heard-of"})
			if err == nil && r.State != shared.RecallUnknown {
				return errors.New("it remembers a call that never was")
			}
			return err
		},
	}
	for _, f := range []shared.Face{shared.FaceChecker, shared.FaceAccountant, shared.FaceRecaller} {
		err := asks[f]()
		if s.Configuration == nil && errors.Is(err, shared.CodeNotConfigured) {
			err = nil // it is there, and cannot be tried
		}
		listed, absent := d.HasFace(f), errors.Is(err, shared.CodeNotSupported)
		switch {
		case listed && absent:
			return fmt.Errorf("it lists the face %s and does not have it", f)
		case !listed && err == nil:
			return fmt.Errorf("it has the face %s and does not list it", f)
		case listed && err != nil:
			return fmt.Errorf("the face %s: %w", f, err)
		case !listed && !absent:
			return fmt.Errorf("the face %s, which it does not list, answers something else than not_supported: %w", f, err)
		}
	}
	return nil
}

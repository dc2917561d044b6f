package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/shared"
)

// SecretSource says where a secret comes from, in exactly one way.
type SecretSource struct {
	// Value is the secret itself, from a host with a vault of its own.
	Value shared.Secret
	// File names a file that holds nothing else. One newline at its end is not part of the secret.
	File string
	// Env names a variable of the host's environment. An environment is visible to more than a file:
	// to debuggers, crash reports and every child process.
	Env string
	// Command is a program and its arguments, run without a shell, that prints the secret to its
	// standard output, as password stores do. It may take 10 seconds. One newline at the end is not
	// part of the secret.
	Command []string
}

const (
	// maxSecret is far above any key; a larger file is the wrong file.
	maxSecret = 64 << 10
	// commandTimeout leaves time to a store that must be unlocked on another machine, not to one that
	// waits for a person.
	commandTimeout = 10 * time.Second
)

// ResolveSecret gets the secret. log, which may be nil, is told of a file that others may read. The
// errors have the code [shared.CodeConfigurationInvalid] and hold no part of the secret.
func ResolveSecret(ctx context.Context, s SecretSource, log hclog.Logger) (shared.Secret, error) {
	given := 0
	for _, g := range []bool{!s.Value.IsZero(), s.File != "", s.Env != "", len(s.Command) > 0} {
		if g {
			given++
		}
	}
	if given != 1 {
		return shared.Secret{}, badSecret("give a secret in exactly one way: by value, file, environment name or command", nil)
	}
	var text []byte
	var err error
	switch {
	case !s.Value.IsZero():
		return s.Value, nil
	case s.File != "":
		text, err = secretFile(s.File, log)
	case s.Env != "":
		v, ok := os.LookupEnv(s.Env)
		if !ok {
			err = badSecret("the environment variable that should hold the secret is not set", nil)
		}
		text = []byte(v)
	default:
		text, err = secretCommand(ctx, s.Command)
	}
	if err != nil {
		return shared.Secret{}, err
	}
	if len(text) == 0 {
		return shared.Secret{}, badSecret("the secret is empty", nil)
	}
	return shared.NewSecret(string(text)), nil
}

func secretFile(path string, log hclog.Logger) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, badSecret("the secret's file cannot be opened: check that it exists and that this user may read it", err)
	}
	defer func() { _ = f.Close() }()
	if i, err := f.Stat(); err == nil && log != nil && exposed(i.Mode()) {
		log.Warn("other users of this machine may read the secret's file: take that right away with chmod o-rwx")
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, badSecret("the secret's file cannot be read", err)
	}
	if len(text) > maxSecret {
		return nil, badSecret("the secret's file is larger than 64 KiB: it must hold the secret and nothing else", nil)
	}
	return bare(text), nil
}

func secretCommand(ctx context.Context, argv []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the user's own command
	out := &capped{limit: maxSecret}
	cmd.Stdout = out
	cmd.WaitDelay = time.Second // for a child that holds the output
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, badSecret("the secret's command did not end in time: it must not wait for a person", ctx.Err())
	case ctx.Err() != nil:
		return nil, shared.ErrorOf(ctx.Err(), shared.OutcomeNotSent, shared.BasisProved)
	case out.over:
		return nil, badSecret("the secret's command printed more than 64 KiB: it must print the secret and nothing else", nil)
	case err != nil:
		return nil, badSecret("the secret's command failed: run it by hand to see why", err)
	}
	return bare(out.buf.Bytes()), nil
}

// capped keeps so much of what is written to it, and takes the rest without keeping it.
type capped struct {
	buf   bytes.Buffer
	limit int
	over  bool
}

func (c *capped) Write(b []byte) (int, error) {
	n := len(b)
	if room := c.limit - c.buf.Len(); n > room {
		b, c.over = b[:room], true
	}
	c.buf.Write(b)
	return n, nil
}

// bare takes off what editors add: a byte order mark before the text, and one newline behind it, which
// echo adds too.
func bare(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if t, ok := bytes.CutSuffix(b, []byte("\n")); ok {
		return bytes.TrimSuffix(t, []byte("\r"))
	}
	return b
}

func badSecret(msg string, cause error) error {
	return fault(shared.CodeConfigurationInvalid, msg, cause)
}

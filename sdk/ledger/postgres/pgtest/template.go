package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// template is a cluster that was never started. Making one takes a second of CPU, copying it much less.
type template struct {
	dir      string
	password string
}

var made struct {
	mu       sync.Mutex
	template *template
}

func theTemplate(bin string) (*template, error) {
	made.mu.Lock()
	defer made.mu.Unlock()
	if made.template != nil {
		return made.template, nil
	}
	dir, err := os.MkdirTemp("", "idrec-pg-")
	if err != nil {
		return nil, err
	}
	t := &template{dir: dir, password: rand.Text()}
	if err := t.init(bin); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	made.template = t
	return t, nil
}

func removeTemplate() {
	made.mu.Lock()
	defer made.mu.Unlock()
	if made.template != nil {
		_ = os.RemoveAll(made.template.dir)
		made.template = nil
	}
}

func (t *template) data() string { return filepath.Join(t.dir, "data") }

func (t *template) init(bin string) error {
	secret := filepath.Join(t.dir, "password")
	if err := os.WriteFile(secret, []byte(t.password), 0o600); err != nil {
		return err
	}
	if err := own(t.dir, secret); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), //nolint:gosec // the program that was looked for
		"--pgdata", t.data(), "--username", superuser, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	cmd.Dir = t.dir
	become(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	return nil
}

// copyTo copies the cluster, whose owner alone may look into it.
func (t *template) copyTo(dir string) error {
	return filepath.WalkDir(t.data(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(t.data(), path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if d.IsDir() {
			err = os.Mkdir(to, 0o700)
		} else {
			err = copyFile(path, to)
		}
		if err != nil {
			return err
		}
		return own(to)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}

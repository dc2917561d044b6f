//go:build linux

package host_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestOnlyWhatIsLockedRuns(t *testing.T) {
	t.Parallel()
	path, _ := copyPlugin(t)
	lock := filepath.Join(t.TempDir(), host.LockName)
	o := host.Options{Path: path, Env: []string{roleEnv + "=serve", noRaceSleep}}
	entry, err := host.Inspect(bounded(t), o)
	if err != nil || entry.Name != "trouble" || entry.Version != "1.2.3" || entry.Protocol != 1 {
		t.Fatal(entry, err)
	}
	write := func(change func(*host.Locked)) {
		e := entry
		change(&e)
		l := &host.Lock{}
		l.Put(e)
		if err := l.Write(lock); err != nil {
			t.Fatal(err)
		}
	}
	byPath := func(o *host.Options) { o.Path, o.Lock = path, lock }
	byName := func(o *host.Options) {
		o.Path, o.Name, o.Dirs, o.Lock = "", "trouble", []string{filepath.Dir(path)}, lock
	}
	for _, how := range []func(*host.Options){byPath, byName} {
		write(func(*host.Locked) {})
		p := open(t, "serve", how)
		if got, err := p.Locked(); err != nil || got != entry {
			t.Error(got, err)
		}
		for name, change := range map[string]func(*host.Locked){
			"another digest":   func(e *host.Locked) { e.SHA256 = strings.Repeat("0", 64) },
			"another name":     func(e *host.Locked) { e.Name = "other" },
			"another version":  func(e *host.Locked) { e.Version = "1.2.4" },
			"another protocol": func(e *host.Locked) { e.Protocol = 2 },
			"another platform": func(e *host.Locked) { e.Platform = "plan9/mips" },
		} {
			write(change)
			if p, err := tryOpen(t, "serve", how); err == nil {
				_ = p.Close(t.Context())
				t.Error(name, "was opened")
			} else if e := want(t, err, shared.CodePluginRefused, shared.OutcomeNotSent); !strings.Contains(e.Message, "lock") {
				t.Error(name, e)
			}
			// The file of a running plugin may be locked anew.
			if err := p.Upgrade(bounded(t), host.Upgrade{}); err == nil {
				t.Error("upgraded to", name)
			}
		}
		write(func(*host.Locked) {})
		if err := p.Upgrade(bounded(t), host.Upgrade{}); err != nil {
			t.Error(err)
		}
	}
	if _, err := tryOpen(t, "serve", func(o *host.Options) { o.Lock = filepath.Join(t.TempDir(), "absent") }); err == nil {
		t.Error("opened without the lock file")
	} else {
		want(t, err, shared.CodeConfigurationInvalid, shared.OutcomeNotSent)
	}
}

// A file that does not run can be written to, and keeps its descriptor.
func TestAPinnedFileThatIsWrittenToIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	path, sum := copyPlugin(t)
	p := open(t, "serve", func(o *host.Options) { o.Path, o.SHA256, o.Restart = path, sum, true })
	_, _ = p.Recognize(bounded(t), picture("crash"))
	eventually(t, patience, "the end", gone(p.PID()))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-1]++
	write(t, path, text, 0o755)
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil { // as if nothing had been
		t.Fatal(err)
	}
	for range 2 {
		_, err = p.Recognize(bounded(t), picture(""))
		if e := want(t, err, shared.CodePluginUnavailable, shared.OutcomeNotSent); e.RetryAfter != 0 {
			break
		} else if s := (*shared.Error)(nil); e.Err == nil || !asError(e.Err, &s) || s.Code != shared.CodePluginRefused {
			t.Error(e.Err)
		}
	}
}

func asError(err error, to **shared.Error) bool {
	e, ok := err.(*shared.Error) //nolint:errorlint // it is the cause itself
	*to = e
	return ok
}

// A command with arguments, and a script, run from the descriptor that was checked.
func TestAPluginMayBeACommandWithArguments(t *testing.T) {
	t.Parallel()
	sh, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	text := "[ \"$1 $2\" = 'a b' ] || exit 9\nexec " + os.Args[0] + " \"$@\"\n"
	byScript := script(t, "#!/bin/sh\n"+text)
	for name, c := range map[string]struct {
		path, sum string
		args      []string
	}{
		"interpreter":         {sh, "", []string{script(t, text), "a b", ""}},
		"interpreter, pinned": {sh, mustSum(t, sh), []string{"-c", text, "sh", "a", "b"}},
		"script":              {byScript, "", []string{"a", "b"}},
		"script, pinned":      {byScript, mustSum(t, byScript), []string{"a", "b"}},
	} {
		if name == "interpreter" { // sh takes the file's name as the first of its own arguments
			c.args = []string{c.args[0], "a", "b"}
		}
		p := open(t, "serve", func(o *host.Options) { o.Path, o.SHA256, o.Args = c.path, c.sum, c.args })
		res, err := p.Recognize(bounded(t), picture("inside"))
		if err != nil {
			t.Error(name, err)
			continue
		}
		if got := strings.Fields(res.Extras["t.args"]); !slices.Equal(got[1:], []string{"a", "b"}) {
			t.Error(name, got)
		}
	}
}

// In the window between the check and the start, and in the one between two starts.
func TestAPinnedScriptIsTheOneThatWasChecked(t *testing.T) {
	t.Parallel()
	path := script(t, "#!/bin/sh\nexec "+os.Args[0]+"\n")
	p := open(t, "serve", func(o *host.Options) { o.Path, o.SHA256, o.Restart = path, mustSum(t, path), true })
	other := script(t, "#!/bin/sh\nexit 7\n")
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	pid := p.PID()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the end", gone(pid))
	eventually(t, patience, "the same script again", func() bool {
		_, err := p.Recognize(bounded(t), picture(""))
		return err == nil
	})
}

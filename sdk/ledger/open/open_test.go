package open

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStateFolderOfEachSystem(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("paths are written as on Unix")
	}
	for _, c := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"linux", map[string]string{"HOME": "/home/me"}, "/home/me/.local/state"},
		{"linux", map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "/state"}, "/state"},
		{"linux", map[string]string{"HOME": "/home/me", "XDG_STATE_HOME": "relative"}, "/home/me/.local/state"},
		{"darwin", map[string]string{"HOME": "/Users/me"}, "/Users/me/Library/Application Support"},
		{"windows", map[string]string{"LocalAppData": "/c/me", "HOME": "/x"}, "/c/me"},
		{"linux", nil, ""},
		{"linux", map[string]string{"HOME": "."}, ""},
		{"windows", nil, ""},
	} {
		if got := stateFolder(c.system, func(n string) string { return c.env[n] }); got != c.want {
			t.Errorf("%s, %v: %q", c.system, c.env, got)
		}
	}
}

func nothing(string) (string, bool) { return "", false }

func TestWhatCannotBeOpenedIsRefusedWithoutNamingThePlace(t *testing.T) {
	t.Parallel()
	canary := filepath.Join(t.TempDir(), "canary")
	if err := os.WriteFile(canary+".bad", []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := shared.NewSecret
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"no home":            {Options{Lookup: nothing}, "set ledger to"},
		"relative":           {Options{Address: secret("canary.db")}, "from the root"},
		"relative key":       {Options{Address: secret(canary), KeyFile: "canary.key"}, "from the root"},
		"another scheme":     {Options{Address: secret("mysql://canary/idrec")}, "postgres://"},
		"database, no key":   {Options{Address: secret("postgres://canary/idrec")}, "needs a key"},
		"not there":          {Options{Address: secret(canary), MustExist: true}, "no ledger at that place"},
		"a file that is one": {Options{Address: secret(canary + ".db"), KeyFile: canary + ".bad"}, "key"},
		"a bad key":          {Options{Address: secret(canary + ".db"), Key: secret("canary")}, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), c.o)
			if !errors.Is(err, shared.CodeConfigurationInvalid) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFileAndItsKeyAreMadeOnFirstUse(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	lookup := func(n string) (string, bool) { return home, n == "XDG_STATE_HOME" || n == "LocalAppData" }
	settled := ledger.Settlement{Intent: ledger.Intent{Key: "key", CallID: "call", At: time.Now()}, At: time.Now(), Outcome: shared.OutcomeBilled, Answer: []byte("{}")}
	for i := range 2 {
		s, err := Open(t.Context(), Options{Lookup: lookup})
		if err != nil {
			t.Fatal(err)
		}
		want := filepath.Join(home, "idrec", "ledger.db.key")
		if s.KeyFile != want || s.KeyCreated != (i == 0) || !s.Durable() {
			t.Errorf("%q, made now: %v", s.KeyFile, s.KeyCreated)
		}
		if got, err := KeyFile(Options{Lookup: lookup}); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if i == 0 {
			if err := s.Settle(t.Context(), settled); err != nil {
				t.Fatal(err)
			}
		}
		if e, err := s.Call(t.Context(), "call"); err != nil || e.Outcome != shared.OutcomeBilled {
			t.Errorf("%+v, %v", e, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// A lost key is not made anew.
	key := filepath.Join(home, "idrec", "ledger.db.key")
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Lookup: lookup}); !errors.Is(err, shared.CodeConfigurationInvalid) || !strings.Contains(err.Error(), "restore it") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("another key was made")
	}
	// Another key is not the ledger's.
	if _, err := Open(t.Context(), Options{Lookup: lookup, Key: shared.NewSecret(string(seal.Generate()))}); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestMemoryNeedsNothing(t *testing.T) {
	t.Parallel()
	s, err := Open(context.Background(), Options{Address: shared.NewSecret(Memory), Lookup: nothing, MustExist: true})
	if err != nil || s.Durable() || s.KeyFile != "" {
		t.Errorf("%+v, %v", s, err)
	}
}

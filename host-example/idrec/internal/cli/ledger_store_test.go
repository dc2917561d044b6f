package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/shared"
)

// stored makes a ledger in a file, as a plugin would, with one answer in it.
func (b *bench) stored() string {
	b.t.Helper()
	file := b.path("ledger.db")
	s, err := open.Open(b.t.Context(), open.Options{Address: shared.NewSecret(file)})
	if err != nil {
		b.t.Fatal(err)
	}
	in := ledger.Intent{Key: strings.Repeat("a", 64), CallID: "one", At: time.Now(), Price: 50, Provider: "wapi", Subject: layers.SubjectDigest(s.Digester(), canaryName)}
	if _, ok, err := s.Begin(b.t.Context(), in); err != nil || !ok {
		b.t.Fatal(ok, err)
	}
	err = s.Settle(b.t.Context(), ledger.Settlement{Intent: in, At: time.Now(), Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, Price: 50, Answer: ledger.EncodeResult(result(canaryName)), HasResult: true})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.env["IDREC_LEDGER"] = file
	return file
}

func (b *bench) exported() int {
	b.t.Helper()
	b.want(exit.OK, "", "ledger", "export", "--subject", canaryName)
	return strings.Count(b.out.String(), canaryName)
}

func TestNewKeyOpensWhatTheOldOneSealed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	file := b.stored()
	before, err := os.ReadFile(file + ".key")
	if err != nil {
		t.Fatal(err)
	}
	b.want(exit.OK, "", "ledger", "rekey")
	after, err := os.ReadFile(file + ".key")
	if err != nil || !bytes.HasSuffix(after, before) || len(after) <= len(before) {
		t.Errorf("the key file has %d bytes, it had %d: %v", len(after), len(before), err)
	}
	if strings.Contains(b.out.String(), "idrec-key") {
		t.Error("a key was shown")
	}
	if n := b.exported(); n == 0 {
		t.Error("the answer cannot be read any more")
	}
	if !strings.Contains(b.out.String(), canaryName) {
		t.Error("the export is empty")
	}
	b.want(exit.OK, "", "ledger", "rekey", "--only-seal")
	if !strings.HasPrefix(b.out.String(), "0 values") {
		t.Errorf("sealed anew already: %s", b.out.String())
	}
	if same, err := os.ReadFile(file + ".key"); err != nil || !bytes.Equal(same, after) {
		t.Errorf("--only-seal changed the key file: %v", err)
	}
	if err := os.WriteFile(file+".key", after[:bytes.IndexByte(after, '\n')+1], 0o600); err != nil {
		t.Fatal(err)
	}
	if n := b.exported(); n == 0 {
		t.Error("the answer cannot be read without the old key, although it was sealed anew")
	}
	b.env["KEY"] = string(after)
	b.want(exit.Config, "does not come from a key file", "ledger", "rekey", "--set", "ledger_key_env=KEY")
	b.want(exit.Config, "no ledger", "ledger", "rekey", "--ledger", b.path("none.db"))
}

func TestDamagedLedgerIsSalvaged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	file := b.stored()
	b.want(exit.Usage, "--out", "ledger", "salvage")
	b.want(exit.OK, "", "ledger", "salvage", "--out", b.path("whole.ndjson"))
	if !strings.HasPrefix(b.out.String(), "1 calls, 1 of them with their answer") {
		t.Errorf("%s", b.out.String())
	}
	if text := b.read("whole.ndjson"); !strings.Contains(text, canaryName) {
		t.Errorf("salvaged: %s", text)
	}
	if info, err := os.Stat(b.path("whole.ndjson")); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	b.want(exit.Usage, "there already", "ledger", "salvage", "--out", b.path("whole.ndjson"))
	b.want(exit.Usage, "--into", "ledger", "salvage", "--out", b.path("z"), "--into", b.path("new.db"))
	b.want(exit.OK, "", "ledger", "salvage", "--into", b.path("new.db"))
	b.want(exit.OK, "", "ledger", "export", "--subject", canaryName, "--ledger", b.path("new.db"), "--ledger-key-file", file+".key")
	if n := strings.Count(b.out.String(), canaryName); n == 0 {
		t.Errorf("the new ledger holds: %s", b.out.String())
	}
	b.want(exit.Config, "there already", "ledger", "salvage", "--into", b.path("new.db"))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copy(text[:4096], bytes.Repeat([]byte{0xEE}, 4096)) // the first page: nothing opens it any more
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := b.run("ledger", "list"); code == exit.OK || code == exit.Defect || strings.Contains(b.err.String(), b.dir) {
		t.Errorf("exit %d: %s", code, b.err.String())
	}
	b.want(exit.Failed, "", "ledger", "salvage", "--out", b.path("rest.ndjson"))
	if text := b.read("rest.ndjson"); !strings.Contains(text, canaryName) {
		t.Errorf("salvaged: %s, %s", text, b.out.String())
	}
	b.want(exit.Usage, "in a file", "ledger", "salvage", "--out", b.path("x"), "--ledger", "memory")
	if err := os.Remove(file + ".key"); err != nil {
		t.Fatal(err)
	}
	b.want(exit.Config, "restore it", "ledger", "salvage", "--out", b.path("y"))
	if _, err := os.Stat(file + ".key"); err == nil {
		t.Error("another key was made")
	}
}

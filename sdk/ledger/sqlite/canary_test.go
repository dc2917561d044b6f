package sqlite

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// The stored bytes tell nobody who was read, and a forgotten answer is not there any more even sealed.
func TestStoredBytesHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	dir := memoryDir(t)
	path, keys := filepath.Join(dir, "ledger.db"), newKeys(t)
	s, err := Open(t.Context(), path, keys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := s.Digester()
	canaries := map[string]string{
		"name": "金丝雀", "number": "11010519491231002X", "address": "某省某市雀巢路", "file name": "canary-scan.jpg", "subject": "subject-canary",
		"purpose": "purpose-canary", "run": "run-canary", "caller's key": "alias-canary", "picture": "\xff\xd8\xff\xe0canary-picture", "vendor text": "203.0.113.77",
	}
	res := &shared.Result{
		Status: shared.StatusNormal, Outcome: shared.OutcomeBilled,
		Fields: map[shared.FieldName]shared.Field{
			shared.FieldFullName: {Value: canaries["name"], Raw: canaries["name"]}, shared.FieldNumber: {Value: canaries["number"]},
			shared.FieldAddress: {Value: canaries["address"]},
		},
		Extras: map[string]string{"test.file": canaries["file name"]},
	}
	answer := ledger.EncodeResult(res)
	for i, outcome := range []shared.Outcome{shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeRejected, shared.OutcomeBilled, ""} {
		in := newIntent(d.Sum("picture", canaries["picture"], string(rune('a'+i))), d.Sum("call", string(rune('a'+i))))
		in.Subject, in.Run, in.Alias, in.Purpose = d.Sum("subject", canaries["subject"]), d.Sum("run", canaries["run"]), d.Sum("alias", canaries["caller's key"], string(rune('a'+i))), canaries["purpose"]
		if _, began, err := s.Begin(t.Context(), in); err != nil || !began {
			t.Fatal(began, err)
		}
		if outcome != "" {
			end := billed(in)
			end.Outcome, end.HasResult, end.Answer = outcome, outcome == shared.OutcomeBilled, answer
			if err := s.Settle(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.Swap(t.Context(), "account", 0, []byte(canaries["vendor text"])); err != nil {
		t.Fatal(err)
	}
	search := func(when string, more map[string][]byte) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			content, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for what, c := range canaries {
				for _, form := range [][]byte{[]byte(c), []byte(hex.EncodeToString([]byte(c))), []byte(base64.StdEncoding.EncodeToString([]byte(c)))[:8]} {
					if bytes.Contains(content, form) {
						t.Errorf("%s: %s holds the %s", when, filepath.Base(f), what)
					}
				}
			}
			for what, c := range more {
				if bytes.Contains(content, c) {
					t.Errorf("%s: %s holds %s", when, filepath.Base(f), what)
				}
			}
		}
	}
	search("in use", nil)

	// What is sealed, as it lies in the file.
	sealed := map[string][]byte{}
	err = s.read(t.Context(), func(c *conn) error {
		for _, column := range []string{"answer", "purpose"} {
			b, err := c.blob(`SELECT ` + column + ` FROM held ORDER BY seq LIMIT 1`)
			if err != nil {
				return err
			}
			sealed["the sealed "+column+" that was forgotten"] = b[len(b)-24:]
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sealed["the subject's digest"] = []byte(d.Sum("subject", canaries["subject"]))
	if n, err := s.Forget(t.Context(), ledger.Filter{}, true, noon.Add(time.Hour)); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	delete(sealed, "the subject's digest") // of the call in flight
	search("forgotten", sealed)
	if n, err := s.Forget(t.Context(), ledger.Filter{}, false, noon.Add(time.Hour)); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	search("deleted", sealed)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	search("closed", sealed)
	reopened := mustOpen(t, path, keys)
	if n, err := reopened.Forget(t.Context(), ledger.Filter{}, true, noon); n != 1 || err != nil { // in doubt now
		t.Fatal(n, err)
	}
	sealed["the subject's digest"] = []byte(d.Sum("subject", canaries["subject"]))
	search("all forgotten", sealed)
}

package cli

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// onRecord puts calls on the bench's ledger: what the plugin would have written.
func onRecord(t *testing.T, b *bench, calls ...ledger.Settlement) {
	t.Helper()
	if b.ledger == nil {
		b.ledger = ledger.NewMemory(ledger.MemoryOptions{})
		b.env["IDREC_LEDGER"] = "/ledger.db"
	}
	owner := b.ledger.Share()
	for _, s := range calls {
		in := s.Intent
		in.Key = strings.Repeat(in.CallID[:1], 64)
		in.Provider, in.Product = "wapi", "card"
		if in.At.IsZero() {
			in.At = time.Now()
		}
		in.Price = 50
		if s.Intent = in; s.At.IsZero() {
			s.At = in.At
		}
		if _, ok, err := owner.Begin(t.Context(), in); err != nil || !ok {
			t.Fatalf("Begin: %v, %v", ok, err)
		}
		if s.Outcome == "" {
			continue // in doubt, once the owner has gone
		}
		if s.Basis, s.Price = shared.BasisDocumented, 50; s.Outcome == shared.OutcomeAmbiguous {
			s.Basis = shared.BasisProved
		}
		if err := owner.Settle(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
}

func call(id string, o shared.Outcome) ledger.Settlement {
	return ledger.Settlement{Intent: ledger.Intent{CallID: id}, Outcome: o}
}

func (b *bench) personal(s ledger.Settlement) ledger.Settlement {
	if b.ledger == nil {
		onRecord(b.t, b)
	}
	s.Intent.Subject = layers.SubjectDigest(b.ledger.Digester(), canaryName)
	s.Intent.Purpose = "开户"
	s.Answer, s.HasResult = ledger.EncodeResult(result(canaryName)), true
	return s
}

func jsonLines[T any](t *testing.T, text string) (all []T) {
	t.Helper()
	for line := range strings.Lines(text) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, v)
	}
	return all
}

func TestUnclearCallsAreListedAndSettled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	onRecord(t, b, call("a1", shared.OutcomeBilled), call("b1", shared.OutcomeAmbiguous), call("c1", ""), call("d1", shared.OutcomeRejected))
	b.want(exit.OK, "", "ledger", "list")
	for _, c := range []string{"a1", "b1", "c1", "d1"} {
		if !strings.Contains(b.out.String(), c) {
			t.Errorf("%s is missing in\n%s", c, b.out.String())
		}
	}
	unclear := func() string {
		t.Helper()
		b.want(exit.OK, "", "ledger", "list", "--unclear", "--json")
		var ids []string
		for _, l := range jsonLines[callLine](t, b.out.String()) {
			if !l.Unclear || l.PriceYuan != 50 {
				t.Errorf("%+v", l)
			}
			ids = append(ids, l.CallID)
		}
		return strings.Join(ids, " ")
	}
	if got := unclear(); got != "b1 c1" {
		t.Errorf("unclear are %s", got)
	}
	b.want(exit.OK, "", "ledger", "settle", "b1", "--billed")
	b.want(exit.OK, "", "ledger", "settle", strings.Repeat("c", 64), "--not-billed", "--json")
	if l := jsonLines[callLine](t, b.out.String()); len(l) != 1 || l[0].CallID != "c1" || l[0].Outcome != shared.OutcomeRejected {
		t.Errorf("%+v", l)
	}
	if got := unclear(); got != "" {
		t.Errorf("unclear are %s", got)
	}
	b.want(exit.OK, "", "ledger", "settle", "b1", "--billed") // again
	b.want(exit.Failed, "", "ledger", "settle", "a1", "--billed")
	b.want(exit.NoInput, "no call", "ledger", "settle", "unknown", "--billed")
	b.want(exit.Usage, "--billed or --not-billed", "ledger", "settle", "b1")
	b.want(exit.Usage, "--billed or --not-billed", "ledger", "settle", "b1", "--billed", "--not-billed")
	b.want(exit.Usage, "call_id", "ledger", "settle", canaryFile, "x", "--billed")
}

func TestAllThatIsHeldOnAPersonIsExportedAndForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	onRecord(t, b, b.personal(call("a1", shared.OutcomeBilled)), call("b1", shared.OutcomeBilled))
	b.in = canaryName + "\n"
	for _, who := range []string{canaryName, "-"} {
		b.want(exit.OK, "", "ledger", "export", "--subject", who)
		got := jsonLines[held](t, b.out.String())
		if len(got) != 1 || got[0].CallID != "a1" || got[0].Purpose != "开户" || got[0].Record == nil || got[0].Record.Card[shared.FieldFullName] != canaryName {
			t.Errorf("%+v", got)
		}
	}
	// The audit names nobody.
	b.want(exit.OK, "", "ledger", "audit")
	b.clean(b.out.String())
	if !strings.Contains(b.out.String(), "开户") || !strings.Contains(b.out.String(), "wapi") {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.OK, "", "ledger", "forget", "--subject", canaryName, "--json")
	if !strings.Contains(b.out.String(), `"forgotten": 1`) {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.OK, "", "ledger", "export", "--subject", canaryName)
	if b.out.Len() > 0 {
		t.Errorf("left: %s", b.out.String())
	}
	b.want(exit.OK, "", "ledger", "audit", "--json")
	deleted := 0
	for _, l := range jsonLines[audited](t, b.out.String()) {
		if l.Deleted != nil && !l.Held && l.Purpose == "" && l.Outcome == shared.OutcomeBilled {
			deleted++
		}
	}
	if deleted != 1 {
		t.Errorf("%d are said to be deleted: %s", deleted, b.out.String())
	}
	b.want(exit.OK, "", "ledger", "forget", "--key", strings.Repeat("b", 64), "--unsafe-forget-tombstone")
	if !strings.HasPrefix(b.out.String(), "1 calls") {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.Usage, "in one way", "ledger", "forget")
	b.want(exit.Usage, "in one way", "ledger", "forget", "--subject", canaryName, "--key", "x")
	b.want(exit.Usage, "a day", "ledger", "forget", "--before", canaryName)
	b.want(exit.Usage, "on whom", "ledger", "export")
	b.in = strings.Repeat("x", 300)
	b.want(exit.Usage, "no subject", "ledger", "export", "--subject", "-")
}

func TestPurgeDeletesWhatIsTooOld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	old := b.personal(call("a1", shared.OutcomeBilled))
	old.Intent.At = time.Now().AddDate(0, 0, -10)
	onRecord(t, b, old, b.personal(call("b1", shared.OutcomeBilled)))
	b.want(exit.Config, "result_ttl", "ledger", "purge")
	b.env["IDREC_WAPI_RESULT_TTL"] = "240000h"
	b.want(exit.OK, "", "ledger", "purge")
	if !strings.HasPrefix(b.out.String(), "0 calls") {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.OK, "", "ledger", "purge", "--older-than", "24h")
	if !strings.HasPrefix(b.out.String(), "1 calls") {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.Usage, "negative", "ledger", "purge", "--older-than", "-1h")
}

func TestUsageAddsUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	last := call("e1", shared.OutcomeBilled)
	last.Intent.At = time.Now().AddDate(0, -2, 0)
	onRecord(t, b, call("a1", shared.OutcomeBilled), call("b1", shared.OutcomeBilled), call("c1", ""), call("d1", shared.OutcomeRejected), last)
	if err := b.ledger.Answered(t.Context(), time.Now(), 50); err != nil {
		t.Fatal(err)
	}
	b.env["IDREC_WAPI_CALLS_PACKAGE"] = "100"
	b.want(exit.OK, "", "usage", "--json")
	var u usageReport
	if err := json.Unmarshal(b.out.Bytes(), &u); err != nil {
		t.Fatal(err)
	}
	if u.Today.SpentYuan != 100 || u.Today.SuspectedYuan != 50 || u.AnsweredToday != 1 || u.SavedToday != 50 || u.CallsLeft == nil || *u.CallsLeft != 96 || len(u.Today.By) != 3 {
		t.Errorf("%+v", u)
	}
	b.want(exit.OK, "", "usage", "--month", last.Intent.At.In(china).Format("2006-01"))
	if !strings.Contains(b.out.String(), "calls left of the package: 96") || !strings.Contains(b.out.String(), "0.050 in "+last.Intent.At.In(china).Format("2006-01")) {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.Usage, "--month takes", "usage", "--month", "May")
	b.env["IDREC_WAPI_CALLS_PACKAGE"] = "many"
	b.want(exit.Config, "calls_package", "usage")
}

func TestLedgerIsFoundAsThePluginWouldFindIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env    map[string]string
		config string
		args   []string
		want   string // the address; a path in the bench's folder
		key    string
		code   int
		says   string
	}{
		"flag beats all":      {env: map[string]string{"IDREC_LEDGER": "/b", "IDREC_WAPI_LEDGER": "/c"}, args: []string{"--ledger", "/a"}, want: "/a"},
		"set":                 {args: []string{"--set", "ledger=/a"}, want: "/a"},
		"the plugin's own":    {env: map[string]string{"IDREC_LEDGER": "/b", "IDREC_WAPI_LEDGER": "/c"}, want: "/c"},
		"for all plugins":     {env: map[string]string{"IDREC_LEDGER": "postgres://db/idrec"}, config: "ledger: x", want: "postgres://db/idrec"},
		"file, relative":      {config: "ledger: sub/l.db\nledger_key_file: k", want: "./sub/l.db", key: "./k"},
		"section":             {config: "ledger: x\nplugins:\n  wapi:\n    ledger: /y", want: "/y"},
		"other plugin":        {config: "ledger: /x\nplugins:\n  wapi:\n    ledger: /y", args: []string{"--plugin", "other"}, want: "/x"},
		"state folder":        {env: map[string]string{"XDG_STATE_HOME": "/state"}, want: "/state/idrec/ledger.db"},
		"home":                {env: map[string]string{"HOME": "/home/me"}, want: "/home/me/.local/state/idrec/ledger.db"},
		"no home":             {code: exit.Config, says: "set ledger to"},
		"memory":              {args: []string{"--ledger", "memory"}, code: exit.Config, says: "memory of each plugin process"},
		"secret":              {config: "ledger_dsn_env: DSN", env: map[string]string{"DSN": "postgres://me:p@db/idrec"}, want: "postgres://me:p@db/idrec"},
		"password":            {args: []string{"--ledger", "postgres://me:" + canarySecret + "@db/idrec"}, code: exit.Usage, says: "a password on a command line"},
		"password by --set":   {args: []string{"--set", "ledger=postgres://db/?password=" + canarySecret}, code: exit.Usage, says: "a password on a command line"},
		"password in a file":  {config: "ledger: postgres://me:" + canarySecret + "@db/idrec", code: exit.Config, says: "ledger_dsn"},
		"password in the env": {env: map[string]string{"IDREC_LEDGER": "postgres://me:" + canarySecret + "@db/idrec"}, code: exit.Config, says: "ledger_dsn"},
		"key by environment":  {args: []string{"--ledger", "/a"}, env: map[string]string{"IDREC_LEDGER_KEY_FILE": "/k"}, want: "/a", key: "/k"},
		"key by flag":         {args: []string{"--ledger", "/a", "--ledger-key-file", "/k"}, want: "/a", key: "/k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			onRecord(t, b)
			delete(b.env, "IDREC_LEDGER")
			maps.Copy(b.env, c.env)
			b.write("config.yaml", c.config)
			b.want(c.code, c.says, append([]string{"ledger", "list"}, c.args...)...)
			if c.code != exit.OK {
				return
			}
			here := func(p string) string {
				if rest, ok := strings.CutPrefix(p, "./"); ok {
					return filepath.Join(b.dir, filepath.FromSlash(rest))
				}
				return p
			}
			if got := b.opened.Address.Reveal(); got != here(c.want) || b.opened.KeyFile != here(c.key) || !b.opened.MustExist {
				t.Errorf("opened %q with %q", got, b.opened.KeyFile)
			}
		})
	}
}

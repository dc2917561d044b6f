package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/temporal/codec"
	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func environment(pairs map[string]string) func(string) (string, bool) {
	return func(n string) (string, bool) { v, ok := pairs[n]; return v, ok }
}

func TestTheEnvironmentIsTheConfiguration(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte(codec.NewKey("k")), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := configure(environment(map[string]string{
		"TEMPORAL_ADDRESS": "engine:7233", "IDREC_QUEUE": "q", "IDREC_QUEUE_RATE": "0.5", "IDREC_SLOTS": "3", "IDREC_DRAIN": "5s", "IDREC_SERVE": "activities",
		"IDREC_PAYLOAD_KEYS_FILE": keys, "IDREC_FETCH_FOLDERS": "/a:/b, c", "IDREC_FETCH_PROXY": "http://proxy:3128", "IDREC_FETCH_PRIVATE_HOSTS": "store.local",
		"IDREC_FETCH_ALIASES": "in=file:///a,out=s3://b", "IDREC_S3_ENDPOINT": "https://s3.example.com", "IDREC_S3_BUCKETS": "b", "IDREC_PLUGIN": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.address != "engine:7233" || c.queue != "q" || c.queueRate != 0.5 || c.slots != 3 || c.drain != 5*time.Second || c.workflows || !c.activities ||
		c.keys == nil || len(c.roots) != 2 || c.aliases["out"] != "s3://b" || c.proxy.Host != "proxy:3128" || c.plugin != "wapi" {
		t.Errorf("%+v", c)
	}
	f, err := c.fetcher()
	by, ok := f.(fetch.ByScheme)
	if err != nil || !ok {
		t.Fatal(err)
	}
	for _, scheme := range []string{"file", "http", "https", "s3", "alias"} {
		if by[scheme] == nil {
			t.Errorf("%s is not fetched from", scheme)
		}
	}
}

func TestAWrongSettingIsNamedWithoutItsValue(t *testing.T) {
	t.Parallel()
	const canary = "zhangsan-0123456789"
	for _, name := range []string{"IDREC_QUEUE_RATE", "IDREC_SLOTS", "IDREC_DRAIN", "IDREC_SERVE", "IDREC_PAYLOAD_KEYS_FILE", "IDREC_PLAIN_RESULTS",
		"IDREC_FETCH_CA", "IDREC_FETCH_ALIASES", "IDREC_CHUNK", "IDREC_FETCH_PROXY", "IDREC_FETCH_FOLDERS", "IDREC_PLAIN_REFERENCES"} {
		_, err := configure(environment(map[string]string{name: canary}))
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&config{s3: fetch.S3{Endpoint: canary}}).fetcher(); !errors.Is(err, shared.CodeConfigurationInvalid) || strings.Contains(err.Error(), canary) {
		t.Error(err)
	}
}

func TestAnAliasOfAnAliasIsRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []string{"x=alias://x", "x=alias://y,y=alias://x", "x=relative", "=file:///a", "x=", "x=file://"} {
		if _, err := configure(environment(map[string]string{"IDREC_FETCH_ALIASES": v})); err == nil {
			t.Errorf("%s is taken", v)
		}
	}
}

func TestAddressesStandInNoHistoryThatIsNotEncrypted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	const sum = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" // of "a"
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte(codec.NewKey("k")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, value string
		taken       bool
	}{{"IDREC_QUEUE", "q", false}, {"IDREC_PAYLOAD_KEYS_FILE", keys, true}, {"IDREC_PLAIN_RESULTS", "true", true}, {"IDREC_PLAIN_REFERENCES", "true", true}, {"IDREC_PLAIN_REFERENCES", "false", false}} {
		conf, err := configure(environment(map[string]string{"IDREC_FETCH_FOLDERS": dir, "IDREC_FETCH_ALIASES": "in=file://" + dir, c.name: c.value}))
		if err != nil {
			t.Fatal(err)
		}
		f, err := conf.fetcher()
		if err != nil {
			t.Fatal(err)
		}
		_, err = fetch.Checked(t.Context(), f, fetch.Reference{URI: "file://" + dir + "/a", SHA256: sum})
		if (err == nil) != c.taken || err != nil && !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Errorf("%s=%s: %v", c.name, c.value, err)
		}
		if _, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: "alias://in/a", SHA256: sum}); err != nil {
			t.Errorf("an alias with %s=%s: %v", c.name, c.value, err)
		}
	}
	// The starter does not begin: nobody is at this address.
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	if err := run([]string{"submit", dir}); !errors.Is(err, errReadable) || exitCode(err) != 78 {
		t.Error(err)
	}
}

func TestTheExitCodeIsThatOfTheProgramIdrec(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		64: errUsage, 66: errNoInput, 75: fmt.Errorf("x: %w", errEngine), 78: errors.New("a setting"),
		69: &shared.Error{Code: shared.CodePluginNotFound}, 77: &shared.Error{Code: shared.CodeSignatureRefused},
	} {
		if got := exitCode(err); got != want {
			t.Errorf("%v: %d, not %d", err, got, want)
		}
	}
	for _, args := range [][]string{nil, {"work", "x"}, {"submit"}, {"help"}} {
		if err := run(args); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestReferencesNameNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"zhangsan.jpg": "a", "lisi.PNG": "b", "notes.txt": "c"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.jpg")); err != nil {
		t.Fatal(err)
	}
	pictures, names, err := references(dir)
	if err != nil || len(pictures) != 2 || len(names) != 2 {
		t.Fatal(len(pictures), err)
	}
	for _, p := range pictures {
		if strings.ContainsAny(p.ID, "abcdefghijklmnopqrstuvwxyz") || len(p.SHA256) != 64 || p.Size != 1 || names[p.ID] == "" {
			t.Errorf("%+v", p)
		}
	}
	_, _, err = references(filepath.Join(dir, "zhangsan-none"))
	if !errors.Is(err, shared.CodePictureUnreadable) || strings.Contains(err.Error(), "zhangsan") {
		t.Error(err)
	}
}

func TestAChunkThatIsDeliveredAgainIsWrittenOnce(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	// Parts count their chunks from 0 each.
	for i, s := range newSinks(&b, map[string]string{"000000": "/a/b.jpg", "000001": "/a/c.jpg"}, 2) {
		for range 2 {
			if err := s.deliver(t.Context(), idcard.Delivery{Chunk: 4, Records: []shared.Record{{Source: fmt.Sprintf("%06d", i)}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if strings.Count(b.String(), "\n") != 2 || !strings.Contains(b.String(), "/a/b.jpg") || !strings.Contains(b.String(), "/a/c.jpg") {
		t.Error(b.String())
	}
}

func TestALongListIsGivenToSeveralWorkflows(t *testing.T) {
	t.Parallel()
	const n, limit = 20_000, 1 << 20
	list := make([]idcard.Picture, n)
	for i := range list {
		list[i] = idcard.Picture{ID: fmt.Sprintf("%06d", i), URI: "file:///srv/inbox/" + strings.Repeat("x", i%200), SHA256: strings.Repeat("0", 64), Size: 1 << 20}
	}
	at := 0
	for _, part := range split(list, limit) {
		text, err := json.Marshal(part)
		if err != nil || len(text) > limit+2 || len(part) < 2000 && at+len(part) < n {
			t.Errorf("%d pictures in %d bytes, %v", len(part), len(text), err)
		}
		for _, p := range part {
			if p.ID != list[at].ID {
				t.Fatalf("%s at the place of %s", p.ID, list[at].ID)
			}
			at++
		}
	}
	if at != n {
		t.Errorf("%d pictures", at)
	}
	// What is larger by itself is a part of its own, and no picture is left out.
	if parts := split(list[:3], 10); len(parts) != 3 {
		t.Errorf("%d parts", len(parts))
	}
	sum := idcard.WorkflowOutput{Outcomes: map[shared.Outcome]int{}, Errors: map[shared.Code]int{}}
	for range 2 {
		add(&sum, idcard.WorkflowOutput{Pictures: 3, Results: 2, Usable: 1, Spent: 50, Outcomes: map[shared.Outcome]int{shared.OutcomeBilled: 2}, Errors: map[shared.Code]int{shared.CodeURLFailed: 1}})
	}
	if sum.Pictures != 6 || sum.Results != 4 || sum.Usable != 2 || sum.Spent != 100 || sum.Outcomes[shared.OutcomeBilled] != 4 || sum.Errors[shared.CodeURLFailed] != 2 {
		t.Errorf("%+v", sum)
	}
}

package layers

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

// keyed is a provider that the vendor takes or refuses by its appid.
type keyed struct {
	*fakeVendor

	mu     sync.Mutex
	appid  string
	secret string
	closed bool
}

// vendorOf is the vendor's side: the fate of calls by appid, and how many there were.
type vendorOf struct {
	mu    sync.Mutex
	plays map[string]play
	all   []*keyed
}

func (v *vendorOf) provider() shared.Recognizer {
	k := &keyed{}
	k.fakeVendor = newVendor(func(int, *shared.Request) play {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.plays[k.id()]
	})
	k.description.Fields = []shared.ConfigField{{Name: "appid", Required: true}, {Name: "secret", Secret: true, Required: true}, {Name: "url"}}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, k)
	return k
}

func (k *keyed) id() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.appid
}

func (k *keyed) Configure(_ context.Context, c shared.Configuration) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(c.Values) != 2 || c.Values["url"] != "u" || len(c.Secrets) != 1 || c.Values["appid"] == "wrong" {
		return notSent(shared.CodeConfigurationInvalid, "not whole", nil)
	}
	k.appid, k.secret = c.Values["appid"], c.Secrets["secret"].Reveal()
	return nil
}

func (k *keyed) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	return nil
}

// sent counts the requests by appid.
func (v *vendorOf) sent() map[string]int {
	n := map[string]int{}
	for _, k := range v.all {
		r, _ := k.counts()
		if n[k.id()] += r; n[k.id()] == 0 {
			delete(n, k.id())
		}
	}
	return n
}

// credentials are the settings of so many.
func credentials(ids ...string) shared.Configuration {
	c := shared.Configuration{Values: quick("url", "u"), Secrets: map[string]shared.Secret{}}
	for i, id := range ids {
		suffix := ""
		if i > 0 {
			suffix = "_" + strconv.Itoa(i+1)
		}
		c.Values["appid"+suffix] = id
		c.Secrets["secret"+suffix] = shared.NewSecret("secret of " + id)
	}
	return c
}

func withCredentials(t *testing.T, v *vendorOf, said *[]string, ids ...string) *Stack {
	t.Helper()
	s := Around(v.provider(), Options{Another: v.provider, Credentials: []string{"appid", "secret"}, Notice: func(text string) { *said = append(*said, text) }})
	if err := s.Configure(t.Context(), credentials(ids...)); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRefusedCredentialGivesWayToTheNext(t *testing.T) {
	t.Parallel()
	refused := play{outcome: shared.OutcomeRejected, code: shared.CodeAppIDUnknown}
	var said []string
	v := &vendorOf{plays: map[string]play{"a": refused}}
	s := withCredentials(t, v, &said, "a", "b")
	res := read(t, s, request("1"))
	if res.Attempts != 2 || res.AnsweredBy != shared.AnsweredLive || res.Price != 40 {
		t.Errorf("got %+v", *res)
	}
	read(t, s, request("2"))
	if got := v.sent(); !maps.Equal(got, map[string]int{"a": 1, "b": 2}) {
		t.Errorf("sent %v", got)
	}
	if got := books(t, s); got.Billed != 2 || got.Rejected != 0 {
		t.Errorf("the books have %+v: a call is one, whatever its credential", got)
	}
	if len(said) != 1 || !strings.Contains(said[0], "number 1") {
		t.Errorf("it was said: %q", said)
	}
	// The other one goes too: only then nothing is sent any more.
	v.mu.Lock()
	v.plays["b"] = refused
	v.mu.Unlock()
	if e := fail(t, s, request("3"), shared.CodeAppIDUnknown, shared.OutcomeRejected); e.Attempts != 1 {
		t.Errorf("got %+v", *e)
	}
	fail(t, s, request("4"), shared.CodeCredentialsLatched, shared.OutcomeNotSent)
	if got := v.sent(); !maps.Equal(got, map[string]int{"a": 1, "b": 3}) {
		t.Errorf("sent %v", got)
	}
	if a, err := s.Account(t.Context()); err != nil || a.Paused == nil || a.Paused.Code != shared.CodeCredentialsLatched {
		t.Errorf("the account says %+v, %v", a, err)
	}
	// New settings, new trust; the spare of the old ones is closed.
	if err := s.Configure(t.Context(), credentials("c", "b")); err != nil {
		t.Fatal(err)
	}
	read(t, s, request("4"))
	if got := v.sent(); got["c"] != 2 || !v.all[1].closed { // the one that was "a" sent one before
		t.Errorf("sent %v, the old spare is closed: %v", got, v.all[1].closed)
	}
}

// One refusal of a signature may be a damaged upload: the call goes on with the next credential, and the
// first is tried again.
func TestSignatureRefusedOnceCondemnsNoCredential(t *testing.T) {
	t.Parallel()
	var said []string
	v := &vendorOf{plays: map[string]play{"a": {outcome: shared.OutcomeRejected, code: shared.CodeSignatureRefused}}}
	s := withCredentials(t, v, &said, "a", "b")
	for i := range 5 {
		read(t, s, request(strconv.Itoa(i)))
	}
	if got := v.sent(); !maps.Equal(got, map[string]int{"a": signaturesRefused, "b": 5}) {
		t.Errorf("sent %v", got)
	}
	if len(said) != 1 {
		t.Errorf("it was said: %q", said)
	}
}

func TestOnlyARefusedCredentialMovesACallOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play  play
		retry shared.Basis
	}{
		"unclear":          {play: play{outcome: shared.OutcomeAmbiguous, code: shared.CodeAppIDUnknown}},
		"paused":           {play: play{outcome: shared.OutcomeRejected, code: shared.CodeBalanceTooLow}},
		"billed":           {play: play{outcome: shared.OutcomeBilled, code: shared.CodeAnswerLost}},
		"retry not wanted": {play: play{outcome: shared.OutcomeRejected, code: shared.CodeSignatureRefused}, retry: shared.BasisProved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said []string
			v := &vendorOf{plays: map[string]play{"a": c.play}}
			s := withCredentials(t, v, &said, "a", "b")
			req := request("1")
			req.Retry = c.retry
			fail(t, s, req, c.play.code, c.play.outcome)
			if got := v.sent(); !maps.Equal(got, map[string]int{"a": 1}) {
				t.Errorf("sent %v", got)
			}
		})
	}
}

func TestFurtherCredentialsAreWholeAndDescribed(t *testing.T) {
	t.Parallel()
	var said []string
	v := &vendorOf{}
	s := withCredentials(t, v, &said, "a")
	half := credentials("a")
	half.Values["appid_2"] = "b"
	secretOnly := credentials("a")
	secretOnly.Secrets["secret_3"] = shared.NewSecret("s")
	for name, c := range map[string]shared.Configuration{"half": half, "a secret only": secretOnly, "refused by the provider": credentials("a", "wrong")} {
		if err := s.Configure(t.Context(), c); !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	read(t, s, request("1"))
	d, err := s.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range d.Fields {
		if strings.HasSuffix(f.Name, "_2") || strings.HasSuffix(f.Name, "_3") {
			got[f.Name] = f.Secret
			if f.Required || f.Help == "" {
				t.Errorf("%+v", f)
			}
		}
	}
	if !maps.Equal(got, map[string]bool{"appid_2": false, "secret_2": true, "appid_3": false, "secret_3": true}) {
		t.Errorf("described are %v", got)
	}
	// Without a way to make another provider there is nothing to describe.
	plain := Around(v.provider(), Options{})
	if d, err := plain.Describe(t.Context()); err != nil || len(d.Fields) != 3+len(settingFields(d)) {
		t.Errorf("%d fields, %v", len(d.Fields), err)
	}
}

func TestReconfiguringDropsNoCall(t *testing.T) {
	t.Parallel()
	var said []string
	v := &vendorOf{plays: map[string]play{"a": {outcome: shared.OutcomeRejected, code: shared.CodeAppIDUnknown}}}
	s := withCredentials(t, v, &said, "a", "b")
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if i%10 == 0 {
				if err := s.Configure(t.Context(), credentials("a", "b")); err != nil {
					t.Error(err)
				}
			}
			if _, err := s.Recognize(t.Context(), request(strconv.Itoa(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := books(t, s); got.Billed != 50 {
		t.Errorf("the books have %+v", got)
	}
}

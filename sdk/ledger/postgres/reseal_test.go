package postgres_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

// Rotation: a new key in front, everything sealed anew, the old key taken out. Request keys stay.
func TestRotationLeavesNothingToTheOldKey(t *testing.T) {
	t.Parallel()
	dsn, opts := pgtest.Shared(t).DSN(), postgres.Options{Schema: schema(), Timeout: generous}
	oldKey, newKey := seal.Generate(), seal.Generate()
	with := func(keys ...[]byte) *postgres.Store {
		t.Helper()
		s, err := postgres.Open(t.Context(), dsn, mustParse(bytes.Join(keys, nil)), opts)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := with(oldKey)
	requestKey := s.Digester().Sum("picture", "x")
	const calls = 250 // more than a page
	for i := range calls {
		in := intent(fmt.Sprint("k", i), fmt.Sprint("c", i))
		in.Purpose = "purpose"
		if err := s.Settle(t.Context(), billed(in)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Forget(t.Context(), ledger.Filter{CallID: "c7"}, true, intent("", "").At); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if ok, err := s.Swap(t.Context(), "register", 0, []byte("value")); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if n, err := s.Reseal(t.Context()); n != 0 || err != nil {
		t.Errorf("without a rotation: %d, %v", n, err)
	}
	_ = s.Close()

	s = with(newKey, oldKey)
	const held = 2*(calls-1) + 1
	if n, err := s.Reseal(t.Context()); n != held || err != nil {
		t.Errorf("%d values were sealed anew, %v; want %d", n, err, held)
	}
	_ = s.Close()

	s = with(newKey)
	defer func() { _ = s.Close() }()
	if got := s.Digester().Sum("picture", "x"); got != requestKey {
		t.Error("rotation changed the request keys")
	}
	n := 0
	for r, err := range s.Records(t.Context(), ledger.Filter{Held: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; len(r.Answer) == 0 || r.Purpose != "purpose" {
			t.Errorf("after the rotation: %+v", r)
		}
	}
	if v, rev, err := s.Load(t.Context(), "register"); n != calls-1 || string(v) != "value" || rev != 1 || err != nil {
		t.Errorf("%d calls, register %q at %d, %v", n, v, rev, err)
	}
	if _, err := postgres.Open(t.Context(), dsn, mustParse(oldKey), opts); !errors.Is(err, seal.ErrKey) {
		t.Errorf("the old key: %v", err)
	}
}

// A call that ends between the look at it and the write has another answer, and its purpose must not be left
// to the old key.
func TestCallThatEndsWhileItIsSealedAnewLeavesNothingToTheOldKey(t *testing.T) {
	t.Parallel()
	srv, opts := pgtest.Shared(t), postgres.Options{Schema: schema(), Timeout: generous}
	oldKey, newKey := seal.Generate(), seal.Generate()
	with := func(dsn string, keys ...[]byte) *postgres.Store {
		t.Helper()
		s, err := postgres.Open(t.Context(), dsn, mustParse(bytes.Join(keys, nil)), opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	in := intent("k", "c")
	in.Purpose = "purpose"
	begin(t, with(srv.DSN(), oldKey), in)
	proxy := pgtest.NewProxy(t, srv)
	s, other := with(proxy.DSN(), newKey, oldKey), with(srv.DSN(), newKey, oldKey)
	hook, ended := once(pgtest.Pass, func(m pgtest.Message) bool {
		write := m.Type == 'P' && bytes.Contains(m.Body, []byte("update call set answer = $4"))
		if write {
			if err := other.Settle(t.Context(), billed(in)); err != nil {
				t.Error(err)
			}
		}
		return write
	})
	proxy.Hook(hook)
	if n, err := s.Reseal(t.Context()); n != 1 || err != nil || !ended.Load() {
		t.Errorf("%d values were sealed anew, %v; ended meanwhile: %v", n, err, ended.Load())
	}
	for r, err := range with(srv.DSN(), newKey).Records(t.Context(), ledger.Filter{}) {
		if err != nil || r.Purpose != "purpose" || string(r.Answer) != "answer of c" {
			t.Errorf("after the rotation: %+v, %v", r, cause(err))
		}
	}
}

package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
)

// Rotation: a new key in front, everything sealed anew, the old key taken out. Request keys stay.
func TestRotationLeavesNothingToTheOldKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(memoryDir(t), "ledger.db")
	oldKey, newKey := seal.Generate(), seal.Generate()
	ring := func(keys ...[]byte) *seal.Ring {
		r, err := seal.Parse(bytes.Join(keys, nil))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	s, err := Open(t.Context(), path, ring(oldKey), Options{})
	if err != nil {
		t.Fatal(err)
	}
	requestKey := s.Digester().Sum("picture", "x")
	const calls = 450 // more than two steps
	for i := range calls {
		in := newIntent(fmt.Sprint("k", i), fmt.Sprint("c", i))
		in.Purpose = "purpose"
		if err := s.Settle(t.Context(), billed(in)); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := s.Swap(t.Context(), "register", 0, []byte("value")); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if n, err := s.Reseal(t.Context()); n != 0 || err != nil {
		t.Errorf("without a rotation: %d, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s, err = Open(t.Context(), path, ring(newKey, oldKey), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Reseal(t.Context()); n != 2*calls+1 || err != nil {
		t.Errorf("%d values were sealed anew, %v; want %d", n, err, 2*calls+1)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s, err = Open(t.Context(), path, ring(newKey), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if got := s.Digester().Sum("picture", "x"); got != requestKey {
		t.Error("rotation changed the request keys")
	}
	n := 0
	for r, err := range s.Records(t.Context(), ledger.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; len(r.Answer) == 0 || r.Purpose != "purpose" {
			t.Errorf("after the rotation: %+v", r)
		}
	}
	if v, rev, err := s.Load(t.Context(), "register"); n != calls || string(v) != "value" || rev != 1 || err != nil {
		t.Errorf("%d calls, register %q at %d, %v", n, v, rev, err)
	}
	if _, err := Open(t.Context(), path, ring(oldKey), Options{}); !errors.Is(err, seal.ErrKey) {
		t.Errorf("the old key: %v", err)
	}
}

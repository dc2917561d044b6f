package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

func ring(t interface {
	Helper()
	Fatal(args ...any)
}, texts ...[]byte,
) *seal.Ring {
	t.Helper()
	r, err := seal.Parse(bytes.Join(texts, nil))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The vectors were made by another implementation (Python's cryptography, from this package's text): what
// is sealed today is opened in years.
func TestVectorsOpen(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Ring        string `json:"ring"`
		Fingerprint string `json:"fingerprint"`
		Purpose     string `json:"purpose"`
		ID          string `json:"id"`
		Plain       string `json:"plain"`
		Sealed      string `json:"sealed"`
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors) == 0 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		r := ring(t, []byte(v.Ring))
		sealed, err := hex.DecodeString(v.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := r.Open(v.Purpose, v.ID, sealed)
		if err != nil || hex.EncodeToString(plain) != v.Plain || r.Fingerprint() != v.Fingerprint {
			t.Errorf("%s %q: %x by %s, %v", v.Purpose, v.ID, plain, r.Fingerprint(), err)
		}
	}
}

func TestOpensWhatItSealedForTheSameRecordOnly(t *testing.T) {
	t.Parallel()
	r := ring(t, seal.Generate())
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab\x00]{0,3}`)
		purpose, id := text.Draw(t, "purpose"), text.Draw(t, "id")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed := r.Seal(purpose, id, plain)
		if len(sealed) != len(plain)+seal.Overhead {
			t.Fatalf("%d bytes are sealed as %d", len(plain), len(sealed))
		}
		otherPurpose, otherID := text.Draw(t, "other purpose"), text.Draw(t, "other id")
		opened, err := r.Open(otherPurpose, otherID, sealed)
		if purpose == otherPurpose && id == otherID {
			if err != nil || !bytes.Equal(opened, plain) {
				t.Fatalf("opened %x, %v", opened, err)
			}
		} else if !errors.Is(err, seal.ErrDamaged) {
			t.Fatalf("sealed for %q %q, opened for %q %q: %v", purpose, id, otherPurpose, otherID, err)
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(t, "place")
		sealed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if opened, err := r.Open(purpose, id, sealed); err == nil {
			t.Fatalf("a changed bit in byte %d was not seen: %x", i, opened)
		}
		if opened, err := r.Open(purpose, id, sealed[:i]); err == nil {
			t.Fatalf("a cut to %d bytes was not seen: %x", i, opened)
		}
	})
}

func TestSameTextIsSealedDifferently(t *testing.T) {
	t.Parallel()
	r := ring(t, seal.Generate())
	if bytes.Equal(r.Seal("p", "id", []byte("x")), r.Seal("p", "id", []byte("x"))) {
		t.Error("two seals are the same")
	}
}

func TestRotationOpensTheOldAndSealsAnew(t *testing.T) {
	t.Parallel()
	oldKey, newKey := seal.Generate(), seal.Generate()
	before, both, after := ring(t, oldKey), ring(t, newKey, oldKey), ring(t, newKey)
	digestKey := bytes.Repeat([]byte{7}, 32)
	sealed, wrapped := before.Seal("p", "id", []byte("x")), before.WrapDigestKey(digestKey)
	if plain, err := both.Open("p", "id", sealed); err != nil || string(plain) != "x" {
		t.Errorf("the ring with the old key opened %q, %v", plain, err)
	}
	if before.Stale(sealed) || !both.Stale(sealed) || !both.Stale(nil) {
		t.Error("what the old key sealed is stale for the new ring only")
	}
	if _, err := after.Open("p", "id", sealed); !errors.Is(err, seal.ErrKey) {
		t.Errorf("without the old key: %v", err)
	}
	_, err := after.UnwrapDigestKey(wrapped)
	if !errors.Is(err, shared.CodeConfigurationInvalid) || !errors.Is(err, seal.ErrKey) {
		t.Errorf("another key than the ledger's: %v", err)
	}
	opened, err := both.UnwrapDigestKey(wrapped)
	if err != nil || !bytes.Equal(opened, digestKey) {
		t.Errorf("the digest key is %x, %v", opened, err)
	}
	opened, err = after.UnwrapDigestKey(both.WrapDigestKey(opened))
	if err != nil || !bytes.Equal(opened, digestKey) {
		t.Errorf("rotation changed the digest key to %x, %v", opened, err)
	}
	if both.Fingerprint() != after.Fingerprint() || both.Fingerprint() == before.Fingerprint() {
		t.Error("the fingerprint is not that of the active key")
	}
}

func TestNewerFormsAreNamed(t *testing.T) {
	t.Parallel()
	r := ring(t, seal.Generate())
	sealed := r.WrapDigestKey(make([]byte, 32))
	sealed[0] = 2
	if _, err := r.Open("digest key", "", sealed); !errors.Is(err, seal.ErrVersion) {
		t.Errorf("a newer form: %v", err)
	}
	if _, err := r.UnwrapDigestKey(sealed); !errors.Is(err, shared.CodeConfigurationInvalid) || !errors.Is(err, seal.ErrVersion) {
		t.Errorf("a newer form: %v", err)
	}
	if _, err := r.UnwrapDigestKey([]byte{1}); !errors.Is(err, shared.CodeConfigurationInvalid) || !errors.Is(err, seal.ErrDamaged) {
		t.Errorf("a damaged digest key: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	r := ring(f, []byte("idrec-key-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	f.Add([]byte(nil))
	f.Add([]byte{1})
	f.Add([]byte{2})
	f.Add(make([]byte, seal.Overhead))
	f.Add(r.Seal("p", "id", []byte("x"))[:seal.Overhead])
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := r.Open("another", "id", sealed); err == nil {
			t.Errorf("forged %x", plain)
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	r := ring(b, seal.Generate())
	plain := make([]byte, 2048)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		if _, err := r.Open("answer", "call", r.Seal("answer", "call", plain)); err != nil {
			b.Fatal(err)
		}
	}
}

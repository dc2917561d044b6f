package ledger

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// digestKeySize is the block of SHA-256's output: a longer HMAC key gains nothing (RFC 2104).
const digestKeySize = sha256.Size

// Digester makes the keyed digests by which a record knows pictures, callers' keys and people: the
// record by itself tells nobody whether a given picture or person is in it. Its key never leaves it.
type Digester struct{ key []byte }

// NewDigester returns the digester of a key of 32 bytes or more; a durable store keeps the key wrapped.
// A shorter one panics: it is a defect of the store.
func NewDigester(key []byte) *Digester {
	if len(key) < digestKeySize {
		panic("ledger: a digest key has at least 32 bytes")
	}
	return &Digester{append([]byte(nil), key...)}
}

// RandomDigester returns a digester with a fresh random key.
func RandomDigester() *Digester {
	key := make([]byte, digestKeySize)
	_, _ = rand.Read(key) // never fails, see crypto/rand
	return &Digester{key}
}

// Sum returns HMAC-SHA-256 of the kind and the parts as lower-case hex. Each has its length in front,
// so that no two lists of parts have the same bytes, and kinds never collide.
func (d *Digester) Sum(kind string, parts ...string) string {
	mac := hmac.New(sha256.New, d.key)
	var size [8]byte
	write := func(s string) {
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		mac.Write(size[:])
		mac.Write([]byte(s))
	}
	write(kind)
	for _, p := range parts {
		write(p)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// Format hides the key, whatever the verb.
func (d *Digester) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("ledger.Digester")) }

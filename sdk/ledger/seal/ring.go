package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

const (
	keySize = 32 // AES-256
	// keyPrefix begins the text of a key; the number is the version of the text and of what HKDF is told.
	keyPrefix = "idrec-key-1:"
	// idSize is how much of a key's fingerprint stands in front of what it sealed. 64 bits tell apart
	// the few keys of a ring with certainty.
	idSize = 8
)

// Ring is a set of keys. It is safe for concurrent use, never changes, and prints none of its keys.
type Ring struct{ keys []*key }

type key struct {
	secret []byte
	id     [idSize]byte
	aeads  sync.Map // purpose → cipher.AEAD
}

// configuration is the refusal of keys that cannot be used.
func configuration(message string, err error) *shared.Error {
	return &shared.Error{Code: shared.CodeConfigurationInvalid, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
}

// Parse reads the text of a ring; see the package's documentation. It fails with
// [shared.CodeConfigurationInvalid], and quotes nothing of the text.
func Parse(text []byte) (*Ring, error) {
	r := &Ring{}
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\uFEFF")) {
		line, _, _ = strings.Cut(line, "#")
		for word := range strings.FieldsSeq(line) {
			encoded, ok := strings.CutPrefix(word, keyPrefix)
			secret, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
			if !ok || err != nil || len(secret) != keySize {
				return nil, configuration("the ledger's key is not in the form that idrec writes ("+keyPrefix+" and 43 characters): restore it", nil)
			}
			k := newKey(secret)
			if r.find(k.id[:]) != nil {
				return nil, configuration("the ledger's keys hold the same key twice: take one out", nil)
			}
			r.keys = append(r.keys, k)
		}
	}
	if len(r.keys) == 0 {
		return nil, configuration("the ledger's key is empty: restore it, or start with a new ledger", nil)
	}
	return r, nil
}

// Generate returns the text of a ring with one fresh random key.
func Generate() []byte {
	secret := make([]byte, keySize)
	_, _ = rand.Read(secret) // never fails, see crypto/rand
	return []byte(keyPrefix + base64.RawURLEncoding.EncodeToString(secret) + "\n")
}

func newKey(secret []byte) *key {
	k := &key{secret: secret}
	copy(k.id[:], k.derive("idrec ledger key id 1", idSize))
	return k
}

func (k *key) derive(info string, size int) []byte {
	// The secret is random already, so that no salt is needed (RFC 5869, 3.1).
	b, err := hkdf.Key(sha256.New, k.secret, nil, info, size)
	if err != nil {
		panic("seal: HKDF: " + err.Error()) // only for more than 255 blocks
	}
	return b
}

func (k *key) aead(purpose string) cipher.AEAD {
	if a, ok := k.aeads.Load(purpose); ok {
		return a.(cipher.AEAD) //nolint:forcetypeassert // nothing else is stored
	}
	block, err := aes.NewCipher(k.derive("idrec ledger seal 1 "+purpose, keySize))
	if err != nil {
		panic("seal: AES: " + err.Error()) // only for a wrong key size
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: GCM: " + err.Error()) // only for a wrong block size
	}
	k.aeads.Store(purpose, a)
	return a
}

func (r *Ring) find(id []byte) *key {
	for _, k := range r.keys {
		if string(k.id[:]) == string(id) {
			return k
		}
	}
	return nil
}

// Fingerprint names the active key: 16 hexadecimal digits that may be shown and tell nothing of the key.
func (r *Ring) Fingerprint() string { return hex.EncodeToString(r.keys[0].id[:]) }

// Format hides the keys, whatever the verb.
func (r Ring) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte("seal.Ring")) }

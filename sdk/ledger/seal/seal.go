package seal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
)

// What is sealed is: version, id of the key, nonce, ciphertext with its tag.
const (
	version   = 1
	nonceSize = 12
	tagSize   = 16
	headSize  = 1 + idSize + nonceSize
	// Overhead is how many bytes sealing adds.
	Overhead = headSize + tagSize
)

// The causes for which something cannot be opened.
var (
	// ErrKey: it was sealed by a key that is not in the ring.
	ErrKey = errors.New("it was sealed with a key that is not among those given")
	// ErrDamaged: it is not what was sealed for this purpose and record.
	ErrDamaged = errors.New("it is damaged, or belongs to another record")
	// ErrVersion: it was sealed in a form that this version does not know.
	ErrVersion = errors.New("it was sealed by a newer version")
)

// associated is the authenticated text: no two pairs of purpose and id have the same.
func associated(purpose, id string) []byte {
	b := make([]byte, 0, 1+4+len(purpose)+len(id))
	b = append(b, version)
	b = binary.BigEndian.AppendUint32(b, uint32(len(purpose)))
	return append(append(b, purpose...), id...)
}

// Seal encrypts plain with the active key, for a purpose (a constant of the program such as "answer")
// and the record id.
func (r *Ring) Seal(purpose, id string, plain []byte) []byte {
	k := r.keys[0]
	b := make([]byte, headSize, Overhead+len(plain))
	b[0] = version
	copy(b[1:], k.id[:])
	nonce := b[1+idSize : headSize]
	_, _ = rand.Read(nonce) // never fails, see crypto/rand
	return k.aead(purpose).Seal(b, nonce, plain, associated(purpose, id))
}

// Open decrypts what [Ring.Seal] sealed with any key of the ring for the same purpose and id. It fails
// with [ErrKey], [ErrDamaged] or [ErrVersion].
func (r *Ring) Open(purpose, id string, sealed []byte) ([]byte, error) {
	switch {
	case len(sealed) > 0 && sealed[0] > version:
		return nil, ErrVersion
	case len(sealed) < Overhead || sealed[0] != version:
		return nil, ErrDamaged
	}
	k := r.find(sealed[1 : 1+idSize])
	if k == nil {
		return nil, ErrKey
	}
	plain, err := k.aead(purpose).Open(nil, sealed[1+idSize:headSize], sealed[headSize:], associated(purpose, id))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

// Stale reports whether sealed was sealed by a key that is not the active one any more.
func (r *Ring) Stale(sealed []byte) bool {
	return len(sealed) < Overhead || string(sealed[1:1+idSize]) != string(r.keys[0].id[:])
}

const digestPurpose = "digest key"

// WrapDigestKey seals a ledger's digest key with the active key.
func (r *Ring) WrapDigestKey(digestKey []byte) []byte { return r.Seal(digestPurpose, "", digestKey) }

// UnwrapDigestKey opens what [Ring.WrapDigestKey] sealed. It fails with
// [shared.CodeConfigurationInvalid], the cause being [ErrKey] where these are not the keys of the ledger.
func (r *Ring) UnwrapDigestKey(wrapped []byte) ([]byte, error) {
	digestKey, err := r.Open(digestPurpose, "", wrapped)
	switch {
	case errors.Is(err, ErrKey):
		return nil, configuration("this is not the key of this ledger: give the key with which it was made", err)
	case errors.Is(err, ErrVersion):
		return nil, configuration("the ledger's digest key was sealed by a newer version: use that version", err)
	case err != nil:
		return nil, configuration("the ledger's digest key is damaged: restore the ledger from a copy", err)
	}
	return digestKey, nil
}

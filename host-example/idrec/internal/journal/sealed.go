package journal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// envelope seals records for an output that nobody is to read but the next run: AES-256-GCM with a key
// that is derived from the state's, a line of base64 each.
type envelope struct{ aead cipher.AEAD }

// newEnvelope derives the key, so that it is not that of the digests.
func newEnvelope(key []byte) (*envelope, error) {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("records"))
	block, err := aes.NewCipher(m.Sum(nil))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &envelope{aead}, nil
}

func (e *envelope) seal(record []byte) []byte {
	box := e.aead.Seal(nil, nil, record, nil) //nolint:gosec // G407: this AEAD draws its nonce itself and takes none
	line := make([]byte, base64.StdEncoding.EncodedLen(len(box)), base64.StdEncoding.EncodedLen(len(box))+1)
	base64.StdEncoding.Encode(line, box)
	return append(line, '\n')
}

var errSealBroken = errors.New("a sealed record was changed")

func (e *envelope) open(line []byte) ([]byte, error) {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	box := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Decode(box, line)
	if err != nil {
		return nil, errSealBroken
	}
	record, err := e.aead.Open(nil, nil, box[:n], nil)
	if err != nil {
		return nil, errSealBroken
	}
	return record, nil
}

// keep seals a record where the output is sealed.
func (j *Journal) keep(record []byte) ([]byte, error) {
	if !j.o.Sealed {
		return record, nil
	}
	e, err := newEnvelope(j.key)
	if err != nil {
		return nil, err
	}
	return e.seal(record), nil
}

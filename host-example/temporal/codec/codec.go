// Package codec encrypts what goes into the engine's history: references, results and heartbeats. Only
// who has the keys can read it, which the engine's server has not.
//
// The form is that of the encryption samples which the engine's makers publish for all their languages:
// a payload with the encoding binary/encrypted and the metadata encryption-key-id, holding a nonce of 12
// bytes and the protobuf of the payload sealed with AES-256-GCM. So a workflow in Java, Python or
// TypeScript reads it with their sample codec and the same key.
package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	encoding = "binary/encrypted"
	keyID    = "encryption-key-id"
	keySize  = 32
)

// Keys are named keys of 256 bits. The first seals; all open.
type Keys struct {
	active string
	seals  map[string]cipher.AEAD
}

// ParseKeys reads keys, one a line: a name, blanks, and 32 bytes in base64. Lines that begin with # and
// empty ones are skipped. Its errors quote nothing of the text.
func ParseKeys(text string) (*Keys, error) {
	k := &Keys{seals: map[string]cipher.AEAD{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("line %d of the keys is not a name and a key", n)
		}
		raw, err := base64.StdEncoding.DecodeString(words[1])
		if err != nil || len(raw) != keySize {
			return nil, fmt.Errorf("line %d of the keys has no 32 bytes in base64", n)
		}
		if k.seals[words[0]] != nil {
			return nil, fmt.Errorf("line %d of the keys repeats a name", n)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, err
		}
		seal, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		if k.seals[words[0]] = seal; k.active == "" {
			k.active = words[0]
		}
	}
	if k.active == "" {
		return nil, errors.New("there is no key")
	}
	return k, nil
}

// NewKey returns a fresh line for [ParseKeys].
func NewKey(name string) string {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw)
	return name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// String names the active key.
func (k Keys) String() string { return "keys(" + k.active + ")" }

// Format hides the keys, whatever the verb.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// Converter is the engine's default data converter with encryption.
func Converter(k *Keys) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), k)
}

// Encode seals payloads with the active key.
func (k *Keys) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		seal := k.seals[k.active]
		nonce := make([]byte, seal.NonceSize(), seal.NonceSize()+len(plain)+seal.Overhead())
		_, _ = rand.Read(nonce)
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), keyID: []byte(k.active)},
			Data:     seal.Seal(nonce, nonce, plain, nil),
		}
	}
	return out, nil
}

// Decode opens what any of the keys sealed, and leaves payloads that are not encrypted as they are.
func (k *Keys) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			out[i] = p
			continue
		}
		seal := k.seals[string(p.GetMetadata()[keyID])]
		if seal == nil {
			return nil, errors.New("a payload was encrypted with a key that this program does not have: add the key")
		}
		if len(p.GetData()) < seal.NonceSize() {
			return nil, errors.New("an encrypted payload is damaged")
		}
		nonce, sealed := p.GetData()[:seal.NonceSize()], p.GetData()[seal.NonceSize():]
		plain, err := seal.Open(nil, nonce, sealed, nil)
		if err != nil {
			return nil, errors.New("an encrypted payload is damaged, or its key is another one of the same name")
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, errors.New("an encrypted payload is damaged")
		}
	}
	return out, nil
}

package journal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/seed-6b91b535/idrec/shared"
)

// Entry is what the state says of one item.
type Entry struct {
	N        int   `json:"n"`                  // its number in the run that asked for it
	Size     int64 `json:"size,omitempty"`     // of the file when it was listed
	Modified int64 `json:"modified,omitempty"` // likewise, in nanoseconds of Unix time
	// Content is a keyed digest of the picture's bytes, where they are known.
	Content string `json:"content,omitempty"`
	// Final: the record stands. Otherwise it says why the item has no answer yet, and the next run
	// asks again and replaces it.
	Final bool        `json:"final"`
	Kind  string      `json:"kind"` // for the summary
	Exit  int         `json:"exit,omitempty"`
	Code  shared.Code `json:"code,omitempty"`
	// Billed: money was spent on an answer that the record does not hold.
	Billed bool         `json:"billed,omitempty"`
	Price  shared.Money `json:"price_yuan,omitempty"`
	// Request is the key by which the ledger knows the picture, where its call is unclear.
	Request string `json:"request_key,omitempty"`

	Offset int64 `json:"offset"` // of the record in the output
	Length int64 `json:"length"`
}

// Record is a record on its way to the output.
type Record struct {
	Identity string
	Entry    Entry // but for Offset and Length
	Data     []byte
}

type header struct {
	Version  int               `json:"idrec_state"`
	Key      string            `json:"key"`
	Run      string            `json:"run"`
	Settings map[string]string `json:"settings"`
}

type row struct {
	Item string `json:"item,omitempty"`
	*Entry
	Rewrite bool  `json:"rewrite,omitempty"`
	Seal    int64 `json:"seal,omitempty"`
	Next    bool  `json:"next,omitempty"`
}

// digest is keyed, and short enough for a log: 128 bits do not collide by chance.
func digest(key []byte, text string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

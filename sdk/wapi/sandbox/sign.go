package sandbox

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"sort"
	"strings"
)

// signature is the lower-case hexadecimal MD5 of every name and value in the byte order of the names,
// without separators, sign itself and empty values left out, followed by the secret.
func signature(params []param, secret string) string {
	signed := make([]param, 0, len(params))
	for _, p := range params {
		if p.name != "sign" && len(p.value) > 0 {
			signed = append(signed, p)
		}
	}
	sort.Slice(signed, func(i, j int) bool { return signed[i].name < signed[j].name })
	h := md5.New()
	for _, p := range signed {
		_, _ = io.WriteString(h, p.name)
		_, _ = h.Write(p.value)
	}
	_, _ = io.WriteString(h, secret)
	return hex.EncodeToString(h.Sum(nil))
}

// signed reports whether the form carries the signature that the secret gives. It takes as long for a
// wrong one as for the right one.
func (f *form) signed(secret, letterCase string) bool {
	given := f.get("sign")
	if letterCase == guessAny {
		given = strings.ToLower(given)
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(signature(f.params, secret))) == 1
}

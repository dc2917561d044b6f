package wapi

import (
	"crypto/md5"
	"encoding/hex"
	"sort"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// The platform's rule of signing: take every parameter but sign, drop those whose value is the empty
// string (only that: "0" stays), sort by name in byte order, concatenate names and raw values without
// separators, append the secret, and write the MD5 of that in lower-case hex. Values are hashed as
// they are, not as the form escapes them; a picture is its base64 text.

// signLen is the length of a signature, in hex digits.
const signLen = 2 * md5.Size

// Sign returns the signature of params under the platform's rule. A parameter named sign is left out.
func Sign(params map[string]string, secret shared.Secret) string {
	h := md5.New()
	for _, p := range signedParams(params) {
		_, _ = h.Write([]byte(p.Name + p.Value))
	}
	_, _ = h.Write([]byte(secret.Reveal()))
	return hex.EncodeToString(h.Sum(nil))
}

// Param is one parameter of a call.
type Param struct{ Name, Value string }

// signedParams returns what is signed, in the order in which it is.
func signedParams(params map[string]string) []Param {
	ps := make([]Param, 0, len(params))
	for name, value := range params {
		if name != ParamSign && value != "" {
			ps = append(ps, Param{name, value})
		}
	}
	sort.Slice(ps, func(i, j int) bool { return ps[i].Name < ps[j].Name })
	return ps
}

// Signing shows how a signature comes about, step by step. It holds the parameters, so it may be
// personal; it does not hold the secret.
type Signing struct {
	Parts        []Param // what is signed, in order
	StringToSign string  // names and values concatenated, the secret shown as [MaskedSecret]
	Sign         string
}

// MaskedSecret stands for the secret in [Signing.StringToSign].
const MaskedSecret = "<secret>"

// Explain signs params and shows how.
func Explain(params map[string]string, secret shared.Secret) Signing {
	s := Signing{Parts: signedParams(params), Sign: Sign(params, secret)}
	var b strings.Builder
	for _, p := range s.Parts {
		b.WriteString(p.Name)
		b.WriteString(p.Value)
	}
	b.WriteString(MaskedSecret)
	s.StringToSign = b.String()
	return s
}

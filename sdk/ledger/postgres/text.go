package postgres

import (
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
)

// word makes a program's own word storable as PostgreSQL's text, which is UTF-8 without the character 0.
func word[T ~string](s T) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD")
}

// sealedPurpose returns the purpose as it is stored, nil where there is none.
func (s *Store) sealedPurpose(in ledger.Intent) []byte {
	if in.Purpose == "" {
		return nil
	}
	return s.keys.Seal(sealPurpose, in.CallID, []byte(in.Purpose))
}

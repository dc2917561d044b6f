package layers

import (
	"sync"

	"github.com/seed-6b91b535/idrec/shared"
)

// signaturesRefused is how many refusals of the signature in a row condemn a credential: a single one
// can be a damaged upload.
const signaturesRefused = 3

// latch keeps a credential that the vendor refuses from being tried again and again, which some vendors
// answer by locking the account. It belongs to one credential in one configuration: new settings come
// with a new latch.
type latch struct {
	mu      sync.Mutex
	refused int // signatures, in a row
	cause   *shared.Error
}

// observe learns from the end of a call that reached the vendor. It reports whether the credential was
// condemned by it.
func (l *latch) observe(v verdict, err *shared.Error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.cause
	switch {
	case err != nil && err.Outcome == shared.OutcomeRejected && err.Code == shared.CodeAppIDUnknown:
		l.cause = err
	case err != nil && err.Outcome == shared.OutcomeRejected && err.Code == shared.CodeSignatureRefused:
		if l.refused++; l.refused >= signaturesRefused {
			l.cause = err
		}
	case v == verdictAlive || v == verdictPaused:
		l.refused = 0
	}
	return before == nil && l.cause != nil
}

// refusal returns what calls are answered with once the credential is condemned, nil before.
func (l *latch) refusal() *shared.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause == nil {
		return nil
	}
	e := notSent(shared.CodeCredentialsLatched, "", nil)
	e.VendorCode, e.VendorText = l.cause.VendorCode, l.cause.VendorText
	return e
}

package shared

// Outcome says whether a call was billed. Every [Result] and every [Error] carries one.
type Outcome string

// The outcomes. An unknown value from a newer peer must be treated as [OutcomeAmbiguous].
const (
	// OutcomeNotSent: the request never reached the vendor whole, so it cannot have been billed.
	OutcomeNotSent Outcome = "not_sent"
	// OutcomeRejected: the vendor saw the request and did not bill it.
	OutcomeRejected Outcome = "rejected"
	// OutcomeBilled: the vendor billed it, whether or not the picture was of use.
	OutcomeBilled Outcome = "billed"
	// OutcomeAmbiguous: it may have been billed. It is never sent again by itself.
	OutcomeAmbiguous Outcome = "ambiguous"
	// OutcomeFree: the provider costs nothing.
	OutcomeFree Outcome = "free"
)

// MayBeBilled reports whether money may have been spent: true for billed, ambiguous and every value
// that is not known here.
func (o Outcome) MayBeBilled() bool {
	return o != OutcomeNotSent && o != OutcomeRejected && o != OutcomeFree
}

// Basis says how we know an [Outcome], and, in [Request.Retry], how sure we must be that an attempt
// was not billed before it is sent again.
type Basis string

// The bases, from the strongest to the weakest.
const (
	// BasisProved: known from the socket, whatever the vendor does.
	BasisProved Basis = "proved"
	// BasisDocumented: the vendor answered, and its page says what that answer means.
	BasisDocumented Basis = "documented"
	// BasisAssumed: a gateway answered with an HTTP status that usually means that nothing was done.
	BasisAssumed Basis = "assumed"
)

// Allows reports whether an attempt whose outcome is known on the given basis may be sent again
// under the bound b. The zero bound is [BasisDocumented]. An unknown value allows nothing.
func (b Basis) Allows(known Basis) bool {
	if b == "" {
		b = BasisDocumented
	}
	rb, rk := b.strength(), known.strength()
	return rb > 0 && rk >= rb
}

func (b Basis) strength() int {
	switch b {
	case BasisProved:
		return 3
	case BasisDocumented:
		return 2
	case BasisAssumed:
		return 1
	default:
		return 0
	}
}

// AnsweredBy says where a result came from.
type AnsweredBy string

// The places that answer.
const (
	AnsweredLive   AnsweredBy = "live"   // this call asked the provider
	AnsweredShared AnsweredBy = "shared" // an identical call in flight asked; its answer is shared
	AnsweredLedger AnsweredBy = "ledger" // recorded earlier; the provider was not asked
)

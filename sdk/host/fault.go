package host

import "github.com/seed-6b91b535/idrec/shared"

// fault is an error of the host itself; nothing was sent.
func fault(code shared.Code, msg string, cause error) *shared.Error {
	return &shared.Error{Code: code, Message: msg, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

func unavailable(msg string) *shared.Error { return fault(shared.CodePluginUnavailable, msg, nil) }

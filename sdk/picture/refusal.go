package picture

import (
	"fmt"

	"github.com/seed-6b91b535/idrec/shared"
)

// refuse makes the error for a picture that is not sent anywhere. Without a message the table of codes
// speaks.
func refuse(code shared.Code, message string, args ...any) *shared.Error {
	return &shared.Error{Code: code, Message: fmt.Sprintf(message, args...), Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
}

// broken is the error for a picture that is damaged or cut short; cause is kept for errors.Is.
func broken(cause error) *shared.Error {
	e := refuse(shared.CodePictureBroken, "the picture is damaged or cut short: copy or take it again")
	e.Err = cause
	return e
}

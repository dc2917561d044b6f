package exit

import (
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/shared"
)

// NotAsked begins the message of an error of a request that was never made, since others had failed; what
// the others' code means follows.
const NotAsked = "not asked, since the others failed: "

// Failure says an error of the contract to people: what happened and what to do.
func Failure(e *shared.Error) messages.Localizer { return failure{e} }

type failure struct{ err *shared.Error }

// In returns the text in a language. Where what a plugin says has no twin, it stands behind what its code
// means.
func (f failure) In(l messages.Language) string {
	info, _ := f.err.Code.Info()
	if l == messages.English {
		return Advise(f.err.Error(), info.Do)
	}
	what := l.Text(info.Meaning)
	meaning, notAsked := strings.CutPrefix(f.err.Message, NotAsked)
	heard, known := l.Heard(f.err.Message)
	switch m := f.err.Message; {
	case notAsked:
		what = l.Text(NotAsked) + l.Text(meaning)
	case m == "" || m == info.Meaning:
	case known:
		what = heard
	default:
		what = l.Format("%s: %s", what, m)
	}
	code := string(f.err.Code)
	if f.err.VendorCode != "" {
		code = l.Format("%s, vendor code %s", code, f.err.VendorCode)
	}
	if f.err.Outcome != "" {
		code = l.Format("%s, %s", code, string(f.err.Outcome))
	}
	return l.Format("%s: %s", l.Format("%s (%s)", what, code), l.Text(info.Do))
}

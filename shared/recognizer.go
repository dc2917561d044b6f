package shared

import "context"

// Recognizer reads one identity card picture at a time. It is what a plugin implements, what a host
// uses, and what every concern in between (verification, budget, rate, …) wraps.
//
// Implementations are safe for concurrent use. Recognize honours ctx: it returns soon after ctx is
// done, with an error whose [Outcome] says whether the call may have been billed. (A bare provider
// that has sent a paid call whole waits for the answer up to its own answer timeout all the same:
// giving up would lose what is paid. The layer share gives each caller its own deadline back.)
// Recognize returns either a result or an error, never both and never neither; the error is always an
// *[Error] or wraps one.
//
// The request and its image bytes are not changed by the implementation, and not by the caller
// before Recognize returns.
type Recognizer interface {
	// Describe says what the recognizer is and what it accepts. It costs nothing, needs no
	// configuration and reaches no network.
	Describe(ctx context.Context) (*Description, error)
	// Recognize reads one picture.
	Recognize(ctx context.Context, req *Request) (*Result, error)
}

// Unwrapper is implemented by a Recognizer that wraps another one.
type Unwrapper interface {
	// Unwrap returns the recognizer inside.
	Unwrap() Recognizer
}

// As finds the outermost recognizer in r's chain of wrappers that implements T, which is usually one
// of the optional faces [Configurer], [Checker], [Accountant] or [Recaller].
//
// A recognizer on the other side of a process boundary implements every face, because it cannot know
// at compile time what stands behind it; one that is absent there answers [CodeNotSupported].
// [Description.Faces] tells beforehand.
func As[T any](r Recognizer) (T, bool) {
	for r != nil {
		if t, ok := r.(T); ok {
			return t, true
		}
		u, ok := r.(Unwrapper)
		if !ok {
			break
		}
		r = u.Unwrap()
	}
	var zero T
	return zero, false
}

// A Face is the name of an optional interface of a recognizer.
type Face string

// The optional faces.
const (
	FaceConfigurer Face = "configurer" // [Configurer]
	FaceChecker    Face = "checker"    // [Checker]
	FaceAccountant Face = "accountant" // [Accountant]
	FaceRecaller   Face = "recaller"   // [Recaller]
)

type (
	beforeSendKey      struct{}
	beforeAttemptKey   struct{}
	imageHandedOverKey struct{}
)

// WithImageHandedOver says in ctx that the bytes of the request's picture are the recognizer's to
// keep: nobody else will use or change them, not even after Recognize returned. A layer whose calls may
// outlive their caller then need not copy them.
func WithImageHandedOver(ctx context.Context) context.Context {
	return context.WithValue(ctx, imageHandedOverKey{}, true)
}

// ImageHandedOver reports whether [WithImageHandedOver] was said, or [WithImageHold], whose memory is
// then the caller's for good.
func ImageHandedOver(ctx context.Context) bool {
	switch v := ctx.Value(imageHandedOverKey{}).(type) {
	case nil:
		return false
	case imageMemory:
		v.Keep()
	}
	return true
}

// imageMemory is what [WithImageHold] sets.
type imageMemory interface {
	Hold() (release func())
	Keep()
}

// WithImageHold says in ctx that the memory of the request's picture is wanted back. Hold keeps it until
// what it returns was called; Keep gives it up for good. It goes back only if somebody held it, all
// have released it, nobody kept it, and Recognize has returned: a provider that knows nothing of this
// never sees its picture change. A wrapper that reads the picture after its own Recognize returned holds it,
// or copies it, since what it wraps may have held and released it.
func WithImageHold(ctx context.Context, memory imageMemory) context.Context {
	return context.WithValue(ctx, imageHandedOverKey{}, memory)
}

// HoldImage keeps the bytes of the request's picture as they are until release is called, once, also
// after Recognize returned: until the call is settled and the last body that reads them is closed. ok is
// false where nobody but the caller of Recognize owns them; then they must be copied if they are used
// afterwards, and release does nothing. It costs next to nothing, and spares a copy and a picture's worth
// of garbage.
func HoldImage(ctx context.Context) (release func(), ok bool) {
	switch v := ctx.Value(imageHandedOverKey{}).(type) {
	case nil:
		return func() {}, false
	case imageMemory:
		return v.Hold(), true
	default:
		return func() {}, true // it is the recognizer's own
	}
}

// WithBeforeSend returns a context whose [BeforeSend] runs f. A layer that keeps the record of paid
// calls sets it; f makes the intention to send durable, and reserves the money.
func WithBeforeSend(ctx context.Context, f func(context.Context) error) context.Context {
	return context.WithValue(ctx, beforeSendKey{}, f)
}

// BeforeSend must be called by every provider that can be billed, once for each Recognize, after
// everything that can fail for free and before the first byte of the first attempt (so after
// [BeforeAttempt] of the first). If it returns an error, nothing may be sent and Recognize returns
// that error. Without a hook in ctx it returns nil.
func BeforeSend(ctx context.Context) error { return runHook(ctx, beforeSendKey{}) }

// WithBeforeAttempt returns a context whose [BeforeAttempt] runs f. The layer gate sets it; f waits
// for the rate token.
func WithBeforeAttempt(ctx context.Context, f func(context.Context) error) context.Context {
	return context.WithValue(ctx, beforeAttemptKey{}, f)
}

// BeforeAttempt must be called by every provider before each attempt, resends included, and before
// anything with a time in it is signed. If it returns an error, that attempt may not be made. Without
// a hook in ctx it returns nil; [HasBeforeAttempt] tells, for a client with a limit of its own.
func BeforeAttempt(ctx context.Context) error { return runHook(ctx, beforeAttemptKey{}) }

// HasBeforeAttempt reports whether somebody outside paces the attempts.
func HasBeforeAttempt(ctx context.Context) bool { return ctx.Value(beforeAttemptKey{}) != nil }

func runHook(ctx context.Context, key any) error {
	f, _ := ctx.Value(key).(func(context.Context) error)
	if f == nil {
		return nil
	}
	return f(ctx)
}

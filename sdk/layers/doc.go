// Package layers is what every provider of recognition needs around it: verification, the record of
// paid calls, sharing, picture fitting, pausing and pacing. Each layer is a [shared.Recognizer] around
// a [shared.Recognizer]; order.go writes down their order and why it is this one.
//
// A provider's main wraps it once:
//
//	r := layers.Around(provider, layers.Options{Ledger: store})
//
// The [Stack] that comes back is a Recognizer with all faces. It describes the settings of the layers
// beside the provider's own, and divides a configuration between the two.
//
// # What a caller can rely on
//
//   - No picture is billed twice, unless a request says so by a field with Unsafe in its name. With a
//     ledger in memory this holds while the process lives.
//   - A caller who gives up loses the wait and not the paid answer: a call that was sent goes on
//     without its callers, and its answer lands in the ledger.
//   - Prices add up to the bill: only the call that paid has one.
//   - A path is read once and an address fetched once; digest, preparation and every attempt use the
//     same bytes.
//
// # What a provider must do
//
// Call [shared.BeforeAttempt] before each attempt and [shared.BeforeSend] once before the first that
// could be billed, and honour the context until then. For one that does neither, [Options.Silent] makes
// the layers do it. One that was billed without a word is recorded all the same, and treated so from then
// on; but a crash, or a caller who gives up, in the middle of its first call leaves no trace.
package layers

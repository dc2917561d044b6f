// Package shared is the contract of idrec: what a host may ask of a recognizer of Chinese resident
// identity cards, what it gets back, and what both sides promise about money and about people.
//
// Read it in this order:
//
//   - [Recognizer] is the whole interface: describe yourself, recognize one picture.
//   - [Request] is one picture and what is wanted of it; [Result] is what was read.
//   - [Outcome] and [Basis] say, for every result and every error, whether it was billed and how we
//     know.
//   - [Error] is the only error type that crosses the boundary; [Code] is its stable name, and
//     [Codes] the one table of them.
//   - [Description] is what a recognizer says of itself; [Configuration] is what it is given.
//   - [Checker], [Accountant] and [Recaller] are optional faces, found with [As].
//   - [Record] is a result or an error as one JSON object; its field names are part of the contract.
//
// The package holds plain Go types and imports nothing but the standard library. Package
// shared/rpc carries it over hashicorp/go-plugin.
//
// # Money
//
// A recognition may cost money, so every implementation keeps these rules:
//
//   - Nothing is sent before [BeforeSend] returned nil; it is called once for each Recognize, before
//     the first attempt that could be billed.
//   - What may have been billed is never sent again, unless the request says so by a field with
//     Unsafe in its name.
//   - A result or an error always carries its Outcome.
//
// # People
//
// Pictures, names, numbers, addresses, file names and picture URLs are personal. They stand in
// [Request] and [Result], and nowhere else: no error text, log line or [Description] has them.
// Every type here that may hold them prints without them under all verbs of package fmt, and in
// package log/slog; encoding/json writes them only from [Result] and [Record].
package shared

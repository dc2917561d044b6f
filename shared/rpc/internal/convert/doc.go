// Package convert carries the types of the contract to those of the wire and back.
//
// What arrives is equal to what was sent, with these normalisations, none of which changes a meaning:
//
//   - A list or a map without elements arrives nil.
//   - Times arrive in UTC and without a monotonic clock.
//   - Bytes of a text that are no UTF-8 arrive as U+FFFD; in a request and in a configuration such
//     texts are refused instead ([CheckRequest], [CheckConfiguration]), since a key or a setting that
//     changes on its way would mean something else.
//   - The texts of an [shared.Error] are capped, see [Status]; [shared.Error.Err] stays where it is.
//
// Values of enumerations pass through as they are, known or not.
package convert

// Package local reads resident identity cards on this machine: no network, no account, no cost, and no
// files beside the binary. [New] returns a [shared.Recognizer].
//
// A picture goes through these steps, each in its own file:
//
//   - source.go, sight.go: the picture is decoded and reduced to its grey levels; cards are found in it.
//   - cut.go, layout.go: each line of print is sampled straight out of the picture, by its place on the
//     card, and looked for within 1.5 mm of it.
//   - internal/lines: a network reads the line, with alternatives for every character.
//   - internal/decode: what a card allows makes fields of them: check digit, days, ethnicities, terms,
//     and the customs of names and places (internal/language), each as evidence that clear print outweighs.
//   - confidence.go: how often a field with such evidence was right on the tuning set.
//   - status.go: what the picture is, by what could be read and by the light on the card.
//
// What is not legible is [shared.FieldIllegible] and has no value. Print that contradicts itself is given
// as it stands; the layer verify, and sdk/idcard, say so.
//
// The networks learned from drawn lines, and every figure published of this engine comes from drawn
// cards: no public set of real ones exists. Cards of the first generation, temporary cards and those with
// a second script have other layouts.
package local

// Package decode makes fields of what the line networks saw: each field is decoded with what a card
// allows there (a number ends in its check digit, there are two sexes and 58 ethnicities, a card is
// valid for 5, 10 or 20 years or without end), and those that say the same thing twice, the birth and
// the sex beside the number, are decoded together.
//
// Nothing is forced: each rule is a price in nats, set by how often real cards break it or a line is
// read wrongly in that way, and clear print that breaks a rule is reported as it stands.
package decode

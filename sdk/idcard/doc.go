// Package idcard holds the rules of the Chinese resident identity card and of the cards that share
// its number: what a number, a date, a name or a term may be, and what must fit together. It is pure:
// no clock, no network, no files.
//
// Sources, by the names used below:
//
//   - GB 11643-1999 is the citizen identification number: six digits of region, eight of birth, three
//     of sequence (odd is male) and a check character by ISO 7064 MOD 11-2. Its predecessor of 1989
//     has 15 digits, without century and check character.
//   - GB/T 2260 are the region codes. Codes are abolished over time while numbers keep them, so only
//     the first two digits, the province, are looked at.
//   - GB/T 3304 are the names of the 56 ethnicities.
//   - The Resident Identity Card Law, article 5, sets the term by age; article 12 the time in which a
//     card is made.
//
// [ParseNumber], [ParseDate] and [Normalize] read what people and machines write; [Verify] judges one
// picture's result and [VerifyCase] those of one person together, as [shared.Finding] values. No error
// and no finding repeats what was read.
package idcard

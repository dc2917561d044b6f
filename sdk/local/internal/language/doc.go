// Package language knows what Chinese place names, street names, authorities and personal names look
// like: how probable a character is after the two before it in an address, how probable it is in a name,
// and which county the first six digits of a number stand for.
//
// It is evidence of the weakest kind. People live in villages that no list has, and names are made of
// whatever characters parents find, so every figure has a floor: what was read clearly wins.
//
// The data are made by the program in build/ from the names of divisions and villages that the training
// of the line networks uses, and embedded: [Model] is a table of n-grams in hash form, [County] a list
// of the county-level divisions of GB/T 2260.
package language

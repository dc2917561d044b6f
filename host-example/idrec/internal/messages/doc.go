// Package messages says things to people in their language: English, or Chinese where the system speaks
// it. The English text is the key, so that code reads as it speaks and a text that is changed without
// its twin is found by a test: see [Language.Text].
//
// What programs read stays as it is in every language: records, codes, exit codes, logs and everything
// in JSON.
package messages

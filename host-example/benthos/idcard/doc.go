// Package idcard makes the recognition of identity cards a part of Benthos: the processor
// idcard_recognize, whose configuration is generated from the fields that the plugins describe, the input
// idcard_folder, and the scanner idcard_picture, which reads a file of other inputs as one picture of
// bounded size.
//
// The processor takes the picture out of every message, whatever happens: what follows it sees a
// record, with what was read or with the error, and never a picture. A message whose picture was not
// recognised carries the error too, so that errored(), catch, switch and reject_errored work as they do
// with every other processor.
package idcard

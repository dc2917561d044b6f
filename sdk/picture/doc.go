// Package picture makes pictures fit for a provider before money is spent on them: it looks at what
// they are, refuses the hopeless ones, turns them upright, brings them within the provider's limits
// and takes out what they say beside the picture. It is pure: no files, no network, no clock.
//
//   - [Inspect] tells format, size and orientation from the first bytes, without decoding, and refuses
//     pictures that would need too much memory ("decompression bombs").
//   - [Decode] and [Upright] give the pixels as a person sees them.
//   - [Measure] judges sharpness and light.
//   - [FormLength] is the exact size of a picture in a urlencoded form.
//   - [Preparer] does all of it for one picture after the other, in bounded memory.
//
// # What Prepare changes, and what it does not
//
// A picture that fits is returned as it was given, byte for byte. If only its metadata is in the way
// (where and with what it was taken, comments, previews, whatever follows the picture), jpeg and png
// files are copied without it and their pixels stay exactly what they were. Their colour profile stays
// too, since it changes how the pixels look and says nothing about people.
//
// Anything else is drawn anew, and then as a baseline JPEG (PNG if the provider takes no JPEG): upright,
// scaled down with an area filter, transparency over white, CMYK as RGB, grey staying grey, colour in
// 4:2:0 because that is what the standard library's encoder writes and a card's text is in the luma. The
// quality is the best from 95 down to 70, in steps of 5, that fits; below, letters fray, so the picture
// is made smaller instead.
//
// # Errors
//
// All errors are [shared.Error] with an outcome of not_sent: picture_empty, not_a_picture,
// picture_broken, picture_too_small, picture_too_large, picture_blank, format_unsupported, canceled and
// deadline_exceeded. Nothing of the picture stands in their texts but its size in pixels.
package picture

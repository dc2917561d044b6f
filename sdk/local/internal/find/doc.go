// Package find says where in a picture the cards are: their corners, in the order of the cards' own upright
// frames, which kind each is, and whether it is mirrored.
//
// Two small networks, made by sdk/local/train, run one after the other. The first looks at the whole
// picture, its longer side 192 pixels and then, if no large card was found, 336, and says every 16 pixels
// whether a card has its middle there, where its corners are as seen from there, and whether a corner is
// there. The second looks at each card straightened by that guess, at 152 pixels a card, and finds its
// corners and ten landmarks of its side: the portrait's corners, the emblem, the ends of headings and
// labels. A homography is fitted to all of them, by absolute errors, so that glare, a finger or the edge of
// the picture mislead it little; then it looks again, until the corners stand still. Where they do not fit together
// then, it starts anew from other places of each corner. It also tells the
// sides, whether the card was upside down, whether it is mirrored, and whether it is a card at all.
package find

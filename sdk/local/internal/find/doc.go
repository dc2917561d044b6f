// Package find says where in a picture the cards are: their corners, in the order of the cards' own upright
// frames, which kind each is, and whether it is mirrored.
//
// Two small networks, made by sdk/local/train, run one after the other. The first looks at the whole
// picture, its longer side 192 pixels, and says every 16 pixels whether a card has its middle there, and
// where its corners are. The second looks at each card straightened by that guess, at 152 pixels a card,
// and says every 16 pixels how far what it sees is from where it belongs. A homography is fitted to those
// shifts, each weighed by how sure the network is of it, so that glare, a finger or the edge of the
// picture count for nothing; then it looks again. It also tells the sides, whether the card was upside
// down, and whether it was a card at all.
package find

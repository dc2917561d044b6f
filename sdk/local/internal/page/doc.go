// Package page samples straightened parts of a picture: a plane of grey levels, the projection of a
// card onto it, and sharp, alias-free strips of the card at any scale.
package page

package wapi

import "slices"

// node is a part of an answer, the same for json and xml.
type node struct {
	name  string // in its parent; empty in a list and at the root
	kind  kind
	value string  // of a text
	kids  []*node // of an object or a list, in document order
}

type kind int

const (
	kindText   kind = iota // a string, number or boolean
	kindNull               // null, or an element without content
	kindObject             // named kids
	kindList               // kids without names
)

const (
	maxDepth = 32      // an answer about a card has three levels
	maxNodes = 1 << 14 // and some twenty parts
)

// last returns the last kid of that name: of names that are given twice the last one counts, as in
// most parsers.
func (n *node) last(name string) *node {
	if n == nil || n.kind != kindObject {
		return nil
	}
	for _, k := range slices.Backward(n.kids) {
		if k.name == name {
			return k
		}
	}
	return nil
}

// text returns the text of the kid of that name, empty if there is none.
func (n *node) text(name string) string {
	if k := n.last(name); k != nil {
		return k.value
	}
	return ""
}

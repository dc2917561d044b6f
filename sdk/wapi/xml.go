package wapi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// parseXML reads an XML element, whatever its name, and what stands inside its retdata. Attributes and
// name spaces mean nothing. An element with elements inside is an object, any other one a text.
func parseXML(text []byte) (root *node, retdata []byte, err error) {
	p := &xmlParser{text: text, dec: xml.NewDecoder(bytes.NewReader(text))}
	// The text is in UTF-8 by now, whatever it declares.
	p.dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		t, err := p.dec.Token()
		switch {
		case errors.Is(err, io.EOF) && root != nil:
			if root.kind != kindObject {
				return nil, nil, errForm
			}
			return root, p.retdata, nil
		case err != nil:
			return nil, nil, errMalformed // the parser's own text quotes the answer
		}
		switch t := t.(type) {
		case xml.StartElement:
			if root != nil {
				return nil, nil, errTrailing
			}
			if root, err = p.element(t, 0); err != nil {
				return nil, nil, err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, nil, errTrailing
			}
		}
	}
}

type xmlParser struct {
	text    []byte
	dec     *xml.Decoder
	nodes   int
	retdata []byte
}

func (p *xmlParser) element(start xml.StartElement, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	if p.nodes++; p.nodes > maxNodes {
		return nil, errTooMany
	}
	n := &node{name: start.Name.Local}
	var b strings.Builder
	from := p.dec.InputOffset()
	for {
		before := p.dec.InputOffset()
		t, err := p.dec.Token()
		if err != nil {
			return nil, errMalformed
		}
		switch t := t.(type) {
		case xml.StartElement:
			k, err := p.element(t, depth+1)
			if err != nil {
				return nil, err
			}
			n.kind, n.kids = kindObject, append(n.kids, k)
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			if depth == 1 && n.name == NameRetData {
				p.retdata = append([]byte{}, p.text[from:max(from, before)]...)
			}
			if n.kind != kindObject {
				n.value = strings.TrimSpace(b.String())
				if n.value == "" {
					n.kind = kindNull
				}
			}
			return n, nil
		}
	}
}

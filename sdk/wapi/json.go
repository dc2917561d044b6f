package wapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// parseJSON reads a JSON object, and the bytes of its retdata.
func parseJSON(text []byte) (root *node, retdata []byte, err error) {
	p := &jsonParser{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	root, err = p.value(0)
	if err != nil {
		return nil, nil, err
	}
	if root.kind != kindObject {
		return nil, nil, errForm
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errTrailing
	}
	return root, p.retdata, nil
}

type jsonParser struct {
	text    []byte
	dec     *json.Decoder
	nodes   int
	retdata []byte
}

func (p *jsonParser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	if p.nodes++; p.nodes > maxNodes {
		return nil, errTooMany
	}
	t, err := p.dec.Token()
	if err != nil {
		return nil, errMalformed // the parser's own text quotes the answer
	}
	switch t := t.(type) {
	case string:
		return &node{kind: kindText, value: t}, nil
	case json.Number:
		return &node{kind: kindText, value: t.String()}, nil
	case bool:
		if t {
			return &node{kind: kindText, value: "true"}, nil
		}
		return &node{kind: kindText, value: "false"}, nil
	case json.Delim:
		if t == '[' {
			return p.list(depth)
		}
		return p.object(depth)
	}
	return &node{kind: kindNull}, nil
}

func (p *jsonParser) list(depth int) (*node, error) {
	n := &node{kind: kindList}
	for p.dec.More() {
		k, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	return n, p.end()
}

func (p *jsonParser) object(depth int) (*node, error) {
	n := &node{kind: kindObject}
	for p.dec.More() {
		t, err := p.dec.Token()
		if err != nil {
			return nil, errMalformed
		}
		name, _ := t.(string)
		from := p.dec.InputOffset()
		k, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		k.name = name
		n.kids = append(n.kids, k)
		if depth == 0 && name == NameRetData {
			p.retdata = bytes.TrimLeft(p.text[from:p.dec.InputOffset()], ": \t\r\n")
		}
	}
	return n, p.end()
}

func (p *jsonParser) end() error {
	if _, err := p.dec.Token(); err != nil {
		return errMalformed
	}
	return nil
}

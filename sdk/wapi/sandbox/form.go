package sandbox

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

// maxParams bounds the names of one request, as the usual web servers do; those beyond it are not read.
const maxParams = 1000

// bodyHeadroom is what a body may hold beside the picture, in bytes.
const bodyHeadroom = 64 << 10

// maxDrain is how much of a body above the limit is read and thrown away, so that the answer reaches a
// caller who is still sending, 64 MiB.
const maxDrain = 64 << 20

// param is one parameter. The value lies in the request's own buffer.
type param struct {
	name  string
	value []byte
	raw   int // length of the value as it was sent
}

// form is the parameters of one request, each name once, in the order of arrival.
type form struct {
	params   []param
	repeated bool // some name came more than once
	over     bool // the body is above the limit; what fits was read
}

func (f *form) find(name string) *param {
	for i := range f.params {
		if f.params[i].name == name {
			return &f.params[i]
		}
	}
	return nil
}

// get returns a parameter's value as text, empty if there is none.
func (f *form) get(name string) string {
	if p := f.find(name); p != nil {
		return string(p.value)
	}
	return ""
}

// readForm reads the parameters of a request. Whatever is wrong with it, something comes back: a body
// that ends early gives what arrived.
func readForm(r *http.Request, g *Guesses) *form {
	f := &form{}
	var sent []param
	if r.Method == http.MethodPost {
		body, over := readBody(r, g.PictureLimit+bodyHeadroom)
		f.over = over
		sent = parseBody(r.Header.Get("Content-Type"), body, g.BodyType)
	}
	if r.Method == http.MethodGet && g.Get == guessAccept || r.Method == http.MethodPost && g.PostQuery == "merge" {
		query := parsePairs([]byte(r.URL.RawQuery))
		if g.Repeated == "last" { // the body goes before the query, so it stands where the guess looks
			sent = append(query, sent...)
		} else {
			sent = append(sent, query...)
		}
	}
	seen := make(map[string]int, len(sent))
	for _, p := range sent {
		i, again := seen[p.name]
		switch {
		case !again:
			seen[p.name] = len(f.params)
			f.params = append(f.params, p)
		case g.Repeated == "last":
			f.params[i] = p
		}
		f.repeated = f.repeated || again
	}
	return f
}

// readBody reads at most limit bytes, and throws away the rest within reason.
func readBody(r *http.Request, limit int) (body []byte, over bool) {
	var buf bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= int64(limit) {
		buf.Grow(int(n) + bytes.MinRead)
	}
	_, _ = buf.ReadFrom(io.LimitReader(r.Body, int64(limit)+1)) // a body cut short is judged by what came
	if buf.Len() <= limit {
		return buf.Bytes(), false
	}
	_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
	return buf.Bytes()[:limit], true
}

func parseBody(contentType string, body []byte, accepted string) []param {
	media, args, _ := mime.ParseMediaType(contentType)
	switch {
	case media == "application/x-www-form-urlencoded":
		return parsePairs(body)
	case accepted == "form":
		return nil
	case media == "multipart/form-data":
		return parseMultipart(body, args["boundary"])
	}
	return parsePairs(body)
}

// parsePairs reads name=value pairs, percent-decoding them in place. A broken escape stands for itself.
func parsePairs(b []byte) []param {
	var out []param
	for len(b) > 0 && len(out) < maxParams {
		var pair []byte
		pair, b, _ = bytes.Cut(b, []byte{'&'})
		name, value, _ := bytes.Cut(pair, []byte{'='})
		if len(name) == 0 {
			continue
		}
		out = append(out, param{name: string(unescape(name)), raw: len(value), value: unescape(value)})
	}
	return out
}

// parseMultipart reads the parts that are no files.
func parseMultipart(body []byte, boundary string) []param {
	if boundary == "" {
		return nil
	}
	var out []param
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for len(out) < maxParams {
		part, err := r.NextRawPart()
		if err != nil {
			break
		}
		if part.FormName() == "" || part.FileName() != "" {
			continue
		}
		value, _ := io.ReadAll(part) // bounded by body
		out = append(out, param{name: part.FormName(), value: value, raw: len(value)})
	}
	return out
}

// unescape decodes a form's percent-encoding in place and returns the shorter slice.
func unescape(b []byte) []byte {
	w := 0
	for r := 0; r < len(b); r++ {
		c := b[r]
		switch c {
		case '+':
			c = ' '
		case '%':
			if r+2 < len(b) {
				hi, lo := unhex[b[r+1]], unhex[b[r+2]]
				if hi|lo < 16 {
					c = hi<<4 | lo
					r += 2
				}
			}
		}
		b[w] = c
		w++
	}
	return b[:w]
}

// unhex gives the value of a hexadecimal digit, and notHex for other bytes.
var unhex = func() (t [256]byte) {
	const notHex = 0xFF
	for i := range t {
		t[i] = notHex
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

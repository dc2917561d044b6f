package wapi

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"hash"
	"hash/maphash"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// form is what one call sends, whatever the attempt: everything but time and signature.
type form struct {
	params  []Param // without time and picture, sorted by name, none of them empty
	picName string  // the name of the picture's parameter; empty without one
	pic     *source // nil: no picture
	secret  shared.Secret
}

// body returns the body of one attempt with the given time, or without one if it is zero.
func (f *form) body(at time.Time) *formBody {
	b := &formBody{form: f, md5: md5.New(), work: make([]byte, 0, 512)}
	params := f.params
	if !at.IsZero() {
		params = insertParam(params, Param{ParamTime, formatTime(at)})
	}
	// In the form the picture comes after all other parameters; in what is signed, at its place.
	first := len(params)
	if f.pic != nil {
		first, _ = slices.BinarySearchFunc(params, f.picName, func(p Param, name string) int { return strings.Compare(p.Name, name) })
		b.length = f.pic.formLength
		b.digest.SetSeed(digestSeed)
	}
	for _, p := range params[:first] { // before the prefix is made: they share memory
		b.sign(p.Name, p.Value)
	}
	b.sign(f.picName)
	b.rest = params[first:]
	prefix := b.work[:0]
	for _, p := range params {
		prefix = appendName(prefix, p.Name)
		prefix = append(prefix, url.QueryEscape(p.Value)...)
	}
	if f.pic != nil {
		prefix = appendName(prefix, f.picName)
	}
	b.pending, b.work = prefix, prefix[:0]
	b.length += int64(len(prefix) + len(b.tail))
	return b
}

func appendName(form []byte, name string) []byte {
	if len(form) > 0 {
		form = append(form, '&')
	}
	return append(append(form, url.QueryEscape(name)...), '=')
}

const signField = "&" + ParamSign + "="

func insertParam(params []Param, p Param) []Param {
	out := make([]Param, len(params), len(params)+1)
	copy(out, params)
	i, _ := slices.BinarySearchFunc(out, p, compareNames)
	return slices.Insert(out, i, p)
}

func compareNames(a, b Param) int { return strings.Compare(a.Name, b.Name) }

// scratch is the memory of one body in work.
type scratch struct {
	raw  [blockBytes]byte         // a block of a file
	text [blockBytes / 3 * 4]byte // its base64 text
	out  [encodeRoom * 8]byte     // what a reader with little room is given
}

var scratches sync.Pool

func newScratch() *scratch {
	if s, ok := scratches.Get().(*scratch); ok {
		return s
	}
	return new(scratch)
}

// formBody is the body of one attempt: it encodes, hashes and escapes the picture while it is read,
// and closes with the signature. The reader of a request may read and close it from different
// goroutines, and go on after the exchange is over, so everything is under one lock, and [formBody.abort]
// is the last word: once it returned, the picture is not touched any more.
type formBody struct {
	form   *form
	length int64

	// onRead and onWhole are told about progress: of each read, and when the signature is handed out.
	// They are called under the lock and must not call back.
	onRead, onWhole func()
	// forged: a signature that cannot be right takes the place of the right one.
	forged bool

	mu      sync.Mutex
	rest    []Param // signed after the picture
	md5     hash.Hash
	digest  maphash.Hash
	pending []byte // bytes ready to be handed out
	off     int64  // how much of the picture was encoded
	handed  int64  // bytes handed out
	whole   bool   // the signature is being, or has been, handed out
	err     error  // why nothing more is handed out
	closed  bool
	scratch *scratch
	work    []byte // for small texts, when nothing of it is pending
	tail    [len(signField) + signLen]byte
	sum     [md5.Size]byte
}

// errClosed is what a closed body answers.
var errClosed = errors.New("the body is closed")

// sign adds texts to what is signed.
func (b *formBody) sign(texts ...string) {
	for _, t := range texts {
		b.work = append(b.work[:0], t...) // a hash takes bytes only
		_, _ = b.md5.Write(b.work)
	}
}

// Len returns the length of the whole body.
func (b *formBody) Len() int { return int(b.length) }

// Read implements io.Reader.
func (b *formBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.onRead != nil {
		b.onRead()
	}
	n := 0
	for n < len(p) {
		if len(b.pending) > 0 {
			c := copy(p[n:], b.pending)
			b.pending = b.pending[c:]
			n += c
			continue
		}
		if b.whole { // nothing may fail from here on: the bytes may be on the wire
			break
		}
		if b.err == nil && b.closed {
			b.err = errClosed
		}
		if b.err != nil {
			return 0, b.err
		}
		c, err := b.produce(p[n:], n > 0)
		if err != nil {
			b.err = err
			return 0, err
		}
		if c < 0 {
			break
		}
		n += c
	}
	b.handed += int64(n)
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// produce makes the next bytes, in p or as pending ones, and returns how many it put into p. It
// returns -1 if p has too little room to be worth it while it already holds something (some).
func (b *formBody) produce(p []byte, some bool) (int, error) {
	if b.form.pic == nil || b.off == b.form.pic.size {
		return 0, b.finish()
	}
	if b.scratch == nil {
		b.scratch = newScratch()
	}
	if len(p) < len(b.scratch.out) && some {
		return -1, nil
	}
	src, err := b.form.pic.block(b.off, &b.scratch.raw)
	if err != nil {
		return 0, err
	}
	out := p
	if len(p) < len(b.scratch.out) {
		out = b.scratch.out[:]
	}
	used, written := encodeSome(out, b.scratch.text[:], src)
	b.take(src[:used], b.scratch.text[:used/3*4])
	if used == 0 { // fewer than eight bytes are left of the picture
		var text [12]byte
		t, e := encodeTail(src, &text, b.work[:0])
		b.take(src, t)
		b.pending = e
		return 0, nil
	}
	if len(p) < len(b.scratch.out) {
		b.pending = out[:written]
		return 0, nil
	}
	return written, nil
}

func (b *formBody) take(raw, text []byte) {
	b.off += int64(len(raw))
	_, _ = b.digest.Write(raw)
	_, _ = b.md5.Write(text)
}

// finish makes the signature, if what was sent is the picture that was looked at first.
func (b *formBody) finish() error {
	if pic := b.form.pic; pic != nil && (b.digest.Sum64() != pic.digest || !pic.unchanged()) {
		return notSent(shared.CodePictureChanged, nil)
	}
	for _, p := range b.rest {
		b.sign(p.Name, p.Value)
	}
	b.sign(b.form.secret.Reveal())
	clear(b.work)
	b.md5.Sum(b.sum[:0])
	if b.forged {
		clear(b.sum[:])
	}
	hex.Encode(b.tail[copy(b.tail[:], signField):], b.sum[:])
	b.pending = b.tail[:]
	b.whole = true
	if b.onWhole != nil {
		b.onWhole()
	}
	return nil
}

// abort ends the body with err, unless the signature was handed out already or it ended before. It
// reports whether the body will never be whole.
func (b *formBody) abort(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.whole {
		return false
	}
	if b.err == nil {
		b.err = err
	}
	return true
}

// state tells how many bytes were handed out, and why no more.
func (b *formBody) state() (handed int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.handed, b.err
}

// Close implements io.Closer. Only here the memory may be used again: until then somebody may read.
func (b *formBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.scratch != nil && !b.whole {
		b.pending = nil // it may lie in the scratch
	}
	if b.scratch != nil {
		scratches.Put(b.scratch)
		b.scratch = nil
	}
	return nil
}

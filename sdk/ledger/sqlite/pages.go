package sqlite

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
)

// pages reads the pages of a ledger's file and of its log without SQLite, which refuses a file whose
// first page or schema is damaged. The forms are those of https://sqlite.org/fileformat2.html.
type pages struct {
	file *os.File
	wal  *os.File // may be nil
	n    uint32   // pages
	// logged is where in the log the latest committed state of a page lies.
	logged map[uint32]int64
	// cut says that the log is damaged before its end, by the salts and the place.
	cut string
}

const (
	pageSize   = 4096 // as [create] makes it
	usableSize = pageSize - checksumSize
	walHead    = 32
	frameHead  = 24
	firstHead  = 100 // of the file, on its first page
)

func openPages(path string) (*pages, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	p := &pages{file: f, logged: map[uint32]int64{}}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.n = uint32(min(info.Size()/pageSize, 1<<32-2))
	if p.wal, err = os.Open(path + "-wal"); err != nil {
		p.wal = nil
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return p, err
	}
	if err := p.readLog(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pages) close() error {
	err := p.file.Close()
	if p.wal != nil {
		err = errors.Join(err, p.wal.Close())
	}
	return err
}

// readLog finds the committed frames of the log. SQLite reads them up to the first that does not continue
// the running checksum, and takes it for the end. That is right for a write that was under way when the
// power failed, or had failed before. But no more than [unsyncedAtMost] commits were ever without a sync, so behind
// such an end lie at most so many whose frames continue each other; where there are more, what does not
// continue did so once, and SQLite would silently lose what follows.
func (p *pages) readLog() error {
	r := bufio.NewReaderSize(p.wal, 1<<20)
	var head [walHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return ignoreEnd(err)
	}
	const magic = 0x377f0682 // its last bit says the byte order of the checksums
	order := binary.ByteOrder(binary.LittleEndian)
	switch m := binary.BigEndian.Uint32(head[0:]); {
	case m&^1 != magic || binary.BigEndian.Uint32(head[8:]) != pageSize:
		return nil // not a log that could be read
	case m&1 == 1:
		order = binary.BigEndian
	}
	sum := logSum{order: order}
	sum.add(head[:24])
	if !sum.is(head[24:]) {
		return nil
	}
	frame := make([]byte, frameHead+pageSize)
	pending, behind := map[uint32]int64{}, map[uint32]int64{}
	ended, commits := "", 0 // where SQLite sees the end, and the commits behind it that continue each other
	for at := int64(walHead); ; at += int64(len(frame)) {
		if _, err := io.ReadFull(r, frame); err != nil {
			if p.cut != "" {
				// What lies behind is still good for [Salvage].
				maps.Copy(p.logged, behind)
				for number := range behind {
					p.n = max(p.n, number)
				}
			}
			return ignoreEnd(err)
		}
		if string(frame[8:16]) != string(head[16:24]) {
			if ended == "" {
				ended = fmt.Sprintf("%x %d", head[16:24], at)
			}
			continue // of an older log, which this one overwrites
		}
		sum.add(frame[:8])
		sum.add(frame[frameHead:])
		number, size := binary.BigEndian.Uint32(frame), binary.BigEndian.Uint32(frame[4:])
		continues := sum.is(frame[16:])
		if !continues {
			sum.set(frame[16:])
			commits = 0
			if ended == "" {
				ended = fmt.Sprintf("%x %d", head[16:24], at)
			}
		}
		switch {
		case ended == "":
			pending[number] = at + frameHead
			if size > 0 { // a commit
				maps.Copy(p.logged, pending)
				clear(pending)
				p.n = size
			}
			continue
		case continues:
			behind[number] = at + frameHead
		}
		if size > 0 {
			if commits++; commits > unsyncedAtMost {
				p.cut = ended
			}
		}
	}
}

// isCut reports whether the log of a ledger is damaged before its end.
func isCut(path string) (bool, error) {
	// While another process begins the log anew, it looks like that for a moment.
	const looks = 3
	before := ""
	for range looks {
		p, err := openPages(path)
		if err != nil {
			return false, err
		}
		if err := p.close(); err != nil {
			return false, err
		}
		if p.cut == "" || before != "" && p.cut != before {
			return false, nil
		}
		before = p.cut
	}
	return true, nil
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// logSum is the running checksum of a log.
type logSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *logSum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		s.s0 += s.order.Uint32(b) + s.s1
		s.s1 += s.order.Uint32(b[4:]) + s.s0
	}
}

// set goes on from a sum that was written.
func (s *logSum) set(b []byte) {
	s.s0, s.s1 = binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
}

func (s *logSum) is(b []byte) bool {
	return s.s0 == binary.BigEndian.Uint32(b) && s.s1 == binary.BigEndian.Uint32(b[4:])
}

// read returns a page, and whether it is as it was written.
func (p *pages) read(number uint32, buf []byte) (page []byte, sound bool, err error) {
	buf = buf[:pageSize]
	if at, ok := p.logged[number]; ok {
		_, err := p.wal.ReadAt(buf, at)
		return buf, true, err // the log's own sum was right
	}
	if _, err := p.file.ReadAt(buf, int64(number-1)*pageSize); err != nil {
		return nil, false, err
	}
	sum := logSum{order: binary.LittleEndian}
	sum.add(buf[:usableSize])
	return buf, sum.s0 == binary.LittleEndian.Uint32(buf[usableSize:]) && sum.s1 == binary.LittleEndian.Uint32(buf[usableSize+4:]), nil
}

// The kinds of pages that have rows.
const (
	tableLeaf = 13
	indexLeaf = 10 // of an index, or of a table without row numbers
)

// cells calls f with the number (0 on an index leaf) and the payload of each row on a page of the given
// kind. What does not fit its form is left out.
func (p *pages) cells(kind byte, number uint32, page []byte, f func(rowid int64, payload []byte)) {
	const leafHead = 8
	head := 0
	if number == 1 {
		head = firstHead
	}
	if page[head] != kind {
		return
	}
	n := int(binary.BigEndian.Uint16(page[head+3:]))
	for i := range n {
		at := head + leafHead + 2*i
		if at+2 > usableSize {
			return
		}
		start := int(binary.BigEndian.Uint16(page[at:]))
		if start < head+leafHead || start >= usableSize {
			continue
		}
		cell := page[start:usableSize]
		size, k := varint(cell)
		rowid, m := int64(0), 0
		if kind == tableLeaf {
			if rowid, m = varint(cell[k:]); m == 0 {
				continue
			}
		}
		if k == 0 {
			continue
		}
		if payload, ok := p.payload(cell[k+m:], size); ok {
			f(rowid, payload)
		}
	}
}

// payloadAtMost is beyond what a row of a ledger can be: an answer is a few KiB.
const payloadAtMost = 16 << 20

// payload returns the whole payload of a cell, with what lies on overflow pages.
func (p *pages) payload(local []byte, size int64) ([]byte, bool) {
	const maxLocal = usableSize - 35 // of a table; a row that an index spills is none that is wanted here
	if size < 0 || size > payloadAtMost {
		return nil, false
	}
	if size <= maxLocal {
		if int64(len(local)) < size {
			return nil, false
		}
		return local[:size], true
	}
	const minLocal = (usableSize-12)*32/255 - 23
	here := minLocal + (size-minLocal)%(usableSize-4)
	if here > maxLocal {
		here = minLocal
	}
	if int64(len(local)) < here+4 {
		return nil, false
	}
	out := append(make([]byte, 0, size), local[:here]...)
	next := binary.BigEndian.Uint32(local[here:])
	buf := make([]byte, pageSize)
	for int64(len(out)) < size {
		if next == 0 || next > p.n {
			return nil, false
		}
		page, _, err := p.read(next, buf)
		if err != nil {
			return nil, false
		}
		next = binary.BigEndian.Uint32(page)
		out = append(out, page[4:min(usableSize, 4+size-int64(len(out)))]...)
	}
	return out, true
}

// varint reads SQLite's integer of one to nine bytes; n is 0 where it is cut.
func varint(b []byte) (v int64, n int) {
	for i := range min(9, len(b)) {
		if i == 8 {
			return v<<8 | int64(b[8]), 9
		}
		v = v<<7 | int64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// columnsOf reads a record: nil, int64, string or []byte for each column. ok is false where it is not one.
func columnsOf(record []byte) (values []any, ok bool) {
	size, n := varint(record)
	if n == 0 || size < int64(n) || size > int64(len(record)) {
		return nil, false
	}
	types, body := record[n:size], record[size:]
	take := func(n int64) ([]byte, bool) {
		if n > int64(len(body)) {
			return nil, false
		}
		b := body[:n]
		body = body[n:]
		return b, true
	}
	for len(types) > 0 {
		kind, n := varint(types)
		if n == 0 || kind < 0 {
			return nil, false
		}
		types = types[n:]
		switch {
		case kind == 0:
			values = append(values, nil)
		case kind <= 6:
			b, ok := take([...]int64{0, 1, 2, 3, 4, 6, 8}[kind])
			if !ok {
				return nil, false
			}
			v := int64(int8(b[0]))
			for _, c := range b[1:] {
				v = v<<8 | int64(c)
			}
			values = append(values, v)
		case kind == 8 || kind == 9:
			values = append(values, kind-8)
		case kind >= 12:
			b, ok := take((kind - 12) / 2)
			if !ok {
				return nil, false
			}
			if kind%2 == 0 {
				values = append(values, b)
			} else {
				values = append(values, string(b))
			}
		default:
			return nil, false // a floating point number or a reserved word, which a ledger does not have
		}
	}
	return values, len(values) > 0
}

package journal

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// Records reads the records that stand. It is not safe for concurrent use.
type Records struct {
	from    io.ReaderAt
	key     []byte
	entries map[string]Entry
	sealed  *envelope // nil: they are plain
	file    *os.File  // nil: it is not ours to close
}

// Version grows with everything that is written: equal versions of a state stand for equal records.
func (j *Journal) Version() int64 { return j.stateEnd }

// Place is where a record stands.
type Place struct {
	At             int // of the item among those given to [Records.Places]; -1 for one that is not among them
	offset, length int64
}

// Records opens the records that were written so far, for reading. Close them before the journal.
func (j *Journal) Records() (*Records, error) {
	if j.part != nil {
		return j.recordsIn(j.part, j.entries)
	}
	f, err := os.Open(j.o.Out)
	if err != nil {
		return nil, writeError(err, "--out")
	}
	r, err := j.recordsIn(f, j.entries)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	r.file = f
	return r, nil
}

func (j *Journal) recordsIn(from io.ReaderAt, entries map[string]Entry) (*Records, error) {
	r := &Records{from: from, key: j.key, entries: entries}
	if j.o.Sealed {
		e, err := newEnvelope(j.key)
		if err != nil {
			return nil, err
		}
		r.sealed = e
	}
	return r, nil
}

// Len is how many there are.
func (r *Records) Len() int { return len(r.entries) }

// Places are where the records of items stand, in the order of the items; behind them those of items that
// are not among them, in the order in which they were written. An item without a record has no place.
func (r *Records) Places(identities iter.Seq[string]) []Place {
	places := make([]Place, 0, len(r.entries))
	seen := make(map[string]bool, len(r.entries))
	at := 0
	for identity := range identities {
		item := digest(r.key, "item="+identity)
		if e, known := r.entries[item]; known && !seen[item] {
			seen[item] = true
			places = append(places, Place{at, e.Offset, e.Length})
		}
		at++
	}
	rest := len(places)
	for item, e := range r.entries {
		if !seen[item] {
			places = append(places, Place{-1, e.Offset, e.Length})
		}
	}
	slices.SortFunc(places[rest:], func(a, b Place) int { return cmp.Compare(a.offset, b.offset) })
	return places
}

// Read returns the record at a place, as it was given to [Journal.Append].
func (r *Records) Read(p Place) ([]byte, error) {
	text := make([]byte, p.length)
	if _, err := r.from.ReadAt(text, p.offset); err != nil {
		return nil, fmt.Errorf("read a record: %w", err)
	}
	if r.sealed != nil {
		return r.sealed.open(text)
	}
	return text, nil
}

// Close closes what [Journal.Records] opened.
func (r *Records) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

// Salvaged counts what [Salvage] found.
type Salvaged struct {
	Calls   int64 // written
	Answers int64 // of them with their answer
	Lost    int64 // of them with an answer that is not readable any more
	Damaged int64 // pages that are not as they were written
}

// SalvagedCall is one line that [Salvage] writes.
type SalvagedCall struct {
	Key      string         `json:"request_key"`
	CallID   string         `json:"call_id"`
	Outcome  shared.Outcome `json:"outcome,omitempty"` // empty: it had not ended
	Basis    shared.Basis   `json:"basis,omitempty"`
	Price    shared.Money   `json:"price_yuan"`
	Begun    time.Time      `json:"begun"`
	Ended    *time.Time     `json:"ended,omitempty"`
	Provider string         `json:"provider"`
	Product  string         `json:"product"`
	Run      string         `json:"run,omitempty"`
	Subject  string         `json:"subject,omitempty"`
	Purpose  string         `json:"purpose,omitempty"`
	// Answer is as package ledger encodes it.
	Answer json.RawMessage `json:"answer,omitempty"`
	// Unsure: the page on which the call stood is damaged, so that what lies in the clear may be wrong. An
	// answer is authenticated, and is right where it is there.
	Unsure bool `json:"unsure,omitempty"`
}

// Salvage writes to w, as one line of JSON for each call, what the damaged ledger at path still holds. It
// reads the file page by page, whatever is the matter with the rest, and changes nothing; no process
// should be writing to it. What it writes is personal.
//
// The error is of the kind of [Open]'s, or w's own.
func Salvage(ctx context.Context, path string, keys *seal.Ring, w io.Writer) (Salvaged, error) {
	s, err := newSalvager(path, keys)
	if err != nil {
		return Salvaged{}, refusal(wrap(ctx, err))
	}
	defer func() { _ = s.pages.close() }()
	out := json.NewEncoder(w)
	err = s.calls(ctx, func(c foundCall) error {
		if err := out.Encode(c.SalvagedCall); err != nil {
			return fmt.Errorf("writing what was salvaged: %w", err)
		}
		return nil
	})
	return s.found, err
}

// foundCall is a call as it was found, with its sealed parts.
type foundCall struct {
	SalvagedCall

	seq, owner, attempt         int64
	decided, hasResult          bool
	forgotten                   any // as it was stored
	sealedAnswer, sealedPurpose []byte
}

// salvager finds the calls of a damaged ledger.
type salvager struct {
	pages *pages
	keys  *seal.Ring
	held  map[int64]uint32 // where the sealed part of a call lies
	found Salvaged
}

func newSalvager(path string, keys *seal.Ring) (*salvager, error) {
	p, err := openPages(path)
	if err != nil {
		return nil, err
	}
	return &salvager{pages: p, keys: keys, held: map[int64]uint32{}}, nil
}

// calls calls f with each call that is found.
func (s *salvager) calls(ctx context.Context, f func(foundCall) error) error {
	err := s.each(ctx, tableLeaf, func(number uint32, _ bool, rowid int64, values []any) error {
		if isHeld(values) {
			s.held[rowid] = number
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.found.Damaged = 0 // each page is read again
	return s.each(ctx, tableLeaf, func(_ uint32, sound bool, rowid int64, values []any) error {
		if c, ok := s.call(sound, rowid, values); ok {
			return f(c)
		}
		return nil
	})
}

// each calls f with the rows on all pages of a kind.
func (s *salvager) each(ctx context.Context, kind byte, f func(number uint32, sound bool, rowid int64, values []any) error) error {
	buf := make([]byte, pageSize)
	for number := uint32(1); number <= s.pages.n; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		page, sound, err := s.pages.read(number, buf)
		if !sound {
			s.found.Damaged++
		}
		if err != nil {
			continue // a part of the disk that cannot be read
		}
		s.pages.cells(kind, number, page, func(rowid int64, payload []byte) {
			if values, ok := columnsOf(payload); ok && err == nil {
				err = f(number, sound, rowid, values)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isHeld reports whether a row is one of the table held.
func isHeld(values []any) bool {
	const columns = 3
	return len(values) == columns && values[0] == nil && isBlob(values[1], true) && isBlob(values[2], true)
}

func isBlob(v any, orNull bool) bool {
	_, ok := v.([]byte)
	return ok || (orNull && v == nil)
}

// call reads a row of the table call, as the first migration made it; columns that were added later follow.
func (s *salvager) call(sound bool, rowid int64, v []any) (c foundCall, ok bool) {
	const columns = 18
	if len(v) < columns || v[0] != nil || !isBlob(v[1], false) || !isBlob(v[2], false) || !isBlob(v[12], false) || !isBlob(v[13], false) {
		return c, false
	}
	text := func(i int) string { t, _ := v[i].(string); return t }
	blob := func(i int) string { b, _ := v[i].([]byte); return string(b) }
	number := func(i int) int64 { n, _ := v[i].(int64); return n }
	c = foundCall{seq: rowid, owner: number(3), attempt: number(16), decided: number(10) != 0, hasResult: number(11) != 0, forgotten: v[17]}
	c.SalvagedCall = SalvagedCall{
		CallID: blob(1), Key: blob(2), Begun: time.UnixMicro(number(5)).UTC(), Price: shared.Money(number(7)), Outcome: shared.Outcome(text(8)),
		Basis: shared.Basis(text(9)), Run: blob(12), Subject: blob(13), Provider: text(14), Product: text(15), Unsure: !sound,
	}
	if _, ok := v[6].(int64); ok {
		ended := time.UnixMicro(number(6)).UTC()
		c.Ended = &ended
	}
	answer, purpose := s.sealedOf(rowid)
	if plain, err := s.keys.Open(sealPurpose, c.CallID, purpose); err == nil {
		c.Purpose, c.sealedPurpose = string(plain), purpose
	}
	s.found.Calls++
	plain, err := s.keys.Open(sealAnswer, c.CallID, answer)
	switch {
	case err == nil && json.Valid(plain):
		c.Answer, c.sealedAnswer = plain, answer
		s.found.Answers++
	case c.hasResult && c.forgotten == nil:
		s.found.Lost++
	}
	return c, true
}

// sealedOf reads the sealed part of a call again.
func (s *salvager) sealedOf(seq int64) (answer, purpose []byte) {
	number, ok := s.held[seq]
	if !ok {
		return nil, nil
	}
	page, _, err := s.pages.read(number, make([]byte, pageSize))
	if err != nil {
		return nil, nil
	}
	s.pages.cells(tableLeaf, number, page, func(rowid int64, payload []byte) {
		if values, ok := columnsOf(payload); ok && rowid == seq && isHeld(values) {
			answer, _ = values[1].([]byte)
			purpose, _ = values[2].([]byte)
		}
	})
	return answer, purpose
}

// digestKey finds the digest key, by which pictures are known.
func (s *salvager) digestKey(ctx context.Context) (digestKey []byte, err error) {
	errFound := &failure{"found", nil}
	err = s.each(ctx, indexLeaf, func(_ uint32, _ bool, _ int64, values []any) error {
		const columns = 2
		if len(values) != columns || values[0] != digestKeyName {
			return nil
		}
		wrapped, _ := values[1].([]byte)
		if digestKey, err = s.keys.UnwrapDigestKey(wrapped); err != nil {
			return err
		}
		return errFound
	})
	switch {
	case err != nil && !errors.Is(err, errFound):
		return nil, err
	case digestKey == nil:
		return nil, &failure{"its digest key is lost, so that no picture in it would be known again: only salvage can read the rest", nil}
	}
	return digestKey, nil
}

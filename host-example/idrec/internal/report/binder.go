package report

import (
	"crypto/sha256"
	"encoding/json"
	"iter"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/shared"
)

// Binder puts the records of a run together by case, and reads them when they are wanted: what it keeps
// in memory is a few words for each.
type Binder struct {
	records *journal.Records
	places  []journal.Place
	cases   [][]int32 // places of each
	items   int
	caseOf  func(at int) string
	today   time.Time
	paired  bool
}

// Bind reads through the records once. items are the identities of the run's pictures, in their order,
// and caseOf tells the case of one of them as it is now; where it is nil, and for records of pictures that
// are not among them any more, the case is the one in the record. The cases come in the order of the first
// picture of each.
func Bind(records *journal.Records, items iter.Seq[string], caseOf func(at int) string, today time.Time) (*Binder, error) {
	b := &Binder{records: records, caseOf: caseOf, today: today}
	b.places = records.Places(func(yield func(string) bool) {
		for identity := range items {
			b.items++
			if !yield(identity) {
				return
			}
		}
	})
	known := make(map[[sha256.Size]byte]int, len(b.places))
	for i, p := range b.places {
		name, told := b.told(p)
		if !told {
			r, err := b.read(p)
			if err != nil {
				return nil, err
			}
			name = r.Case
		}
		at := len(b.cases)
		if name != "" {
			b.paired = true
			sum := sha256.Sum256([]byte(name))
			if first, there := known[sum]; there {
				at = first
			} else {
				known[sum] = at
			}
		}
		if at == len(b.cases) {
			b.cases = append(b.cases, nil)
		}
		b.cases[at] = append(b.cases[at], int32(i))
	}
	return b, nil
}

// told is the case of a picture of this run.
func (b *Binder) told(p journal.Place) (name string, told bool) {
	if p.At < 0 || b.caseOf == nil {
		return "", false
	}
	return b.caseOf(p.At), true
}

func (b *Binder) read(p journal.Place) (r shared.Record, err error) {
	text, err := b.records.Read(p)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, exit.Errorf(exit.Usage, "the records that were written so far cannot be read: put the file back as it was, or give another --out and --state")
	}
	if name, told := b.told(p); told {
		r.Case = name
	}
	return r, nil
}

// Pictures is how many records there are.
func (b *Binder) Pictures() int { return len(b.places) }

// Len is how many cases there are.
func (b *Binder) Len() int { return len(b.cases) }

// Paired reports whether any picture belongs to a case.
func (b *Binder) Paired() bool { return b.paired }

// Cases reads the cases one after the other. After an error there is no other.
func (b *Binder) Cases() iter.Seq2[Case, error] {
	return func(yield func(Case, error) bool) {
		for _, group := range b.cases {
			pictures := make([]Picture, len(group))
			for i, place := range group {
				p := b.places[place]
				r, err := b.read(p)
				if err != nil {
					yield(Case{}, err)
					return
				}
				n := p.At + 1
				if p.At < 0 { // behind those of this run
					n = b.items + int(place) + 1
				}
				pictures[i] = Picture{N: n, At: p.At, Record: r}
			}
			if !yield(NewCase(pictures[0].Record.Case, pictures, b.today), nil) {
				return
			}
		}
	}
}

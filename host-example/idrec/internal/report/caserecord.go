package report

import (
	"io"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// CaseRecord is a case as JSON: it follows the records of the pictures, one for each person. A record of
// a picture has no type.
type CaseRecord struct {
	Type     string                      `json:"type"` // "case"
	Case     string                      `json:"case"`
	Pictures int                         `json:"pictures"`
	Sources  []string                    `json:"sources"`
	Statuses []string                    `json:"statuses"` // and codes of errors, each once
	Usable   bool                        `json:"usable"`   // every picture is
	Card     map[shared.FieldName]string `json:"card,omitempty"`
	// Findings are those across the pictures; those of each stand in its own record.
	Findings  []shared.Finding `json:"findings,omitempty"`
	PriceYuan shared.Money     `json:"price_yuan"`
}

// Record is the case as JSON has it.
func (c Case) Record(mask bool) CaseRecord {
	r := CaseRecord{Type: "case", Case: c.Label(mask), Pictures: len(c.Pictures), Usable: true, Card: c.Card(mask), Findings: c.Findings, PriceYuan: c.Price()}
	r.Statuses = strings.Fields(c.Status(messages.English))
	for _, p := range c.Pictures {
		name := p.Record.Source
		if mask {
			name = source.Alias(p.N)
		}
		r.Sources = append(r.Sources, name)
		r.Usable = r.Usable && p.Record.Usable != nil && *p.Record.Usable
	}
	return r
}

// EncodeCase writes a case in a form that has one: a record of its own in JSON, a row in CSV.
func (f Format) EncodeCase(c Case, mask bool) ([]byte, error) {
	if f.rowsArePeople() {
		return csvLine(c.row(mask)), nil
	}
	return f.encode(c.Record(mask))
}

// rowsArePeople: there is no place for records of pictures beside those of cases.
func (f Format) rowsArePeople() bool { return f == CSV || f == CSVMark }

// caseHeader is the header where cases have records.
func (f Format) caseHeader() []byte {
	switch f {
	case CSV:
		return csvLine(caseColumns())
	case CSVMark:
		return append([]byte(byteOrderMark), csvLine(caseColumns())...)
	case JSON, NDJSON, Table, XLSX:
	}
	return f.Frame().Header
}

// shown is the record of a picture of a case whose first picture has the number given. Masked, the case
// is called by that, so that its pictures can still be told from others'.
func (p Picture) shown(first int, mask bool) shared.Record {
	r := p.Record
	if mask {
		r = r.Masked(source.Alias(p.N))
		if p.Record.Case != "" {
			r.Case = source.Alias(first)
		}
	}
	return r
}

// WriteCaseRecords writes the record of each case behind those of its pictures, which are there already.
func (f Format) WriteCaseRecords(w io.Writer, b *Binder) error {
	for c, err := range b.Cases() {
		if err != nil {
			return err
		}
		if c.Name == "" {
			continue
		}
		text, err := f.EncodeCase(c, false)
		if err == nil {
			_, err = w.Write(append(slices.Clone(f.Frame().Separator), text...))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// BoundOptions say how records that are bound are written.
type BoundOptions struct {
	Mask bool
	// People: a row of CSV is a person, not a picture.
	People bool
}

// WriteBound writes all that is bound: in CSV a row for each person or picture, in JSON the records of the
// pictures and then those of the cases.
func (f Format) WriteBound(w io.Writer, b *Binder, bound BoundOptions) error {
	o, mask := output{w: w, separator: f.Frame().Separator}, bound.Mask
	people := f.rowsArePeople() && bound.People
	if people {
		o.raw(f.caseHeader())
	} else {
		o.raw(f.Frame().Header)
	}
	if !people {
		for c, err := range b.Cases() {
			if err != nil {
				return err
			}
			for _, p := range c.Pictures {
				o.add(f.Encode(p.shown(c.Pictures[0].N, mask)))
			}
		}
	}
	if f.rowsArePeople() && !people {
		return o.err
	}
	for c, err := range b.Cases() {
		if err != nil {
			return err
		}
		if c.Name != "" || people {
			o.add(f.EncodeCase(c, mask))
		}
	}
	if f == JSON {
		o.raw(f.Frame().Footer)
	}
	return o.err
}

// output writes records with what stands between them, until it fails.
type output struct {
	w         io.Writer
	separator []byte
	n         int
	err       error
}

func (o *output) raw(text []byte) {
	if o.err == nil && len(text) > 0 {
		_, o.err = o.w.Write(text)
	}
}

func (o *output) add(text []byte, err error) {
	if o.err == nil {
		o.err = err
	}
	if o.n++; o.n > 1 {
		o.raw(o.separator)
	}
	o.raw(text)
}

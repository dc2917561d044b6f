package report

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/shared"
)

// Stream writes records to a stream, such as standard output, as they come. It is a [batch.Sink].
type Stream struct {
	w      io.Writer
	format Format
	mask   bool
	n      int

	sizes map[string]CaseSize  // nil where cases have no records
	open  map[string][]Picture // those that came
	order []string             // the cases that are open
}

// CaseSize says how many pictures a case has, and the number of the first.
type CaseSize struct{ Pictures, First int }

// NewStream writes the format's header, so that a stream that cannot be written to is met before
// anything is asked for.
func NewStream(w io.Writer, f Format, mask bool) (*Stream, error) {
	s := &Stream{w: w, format: f, mask: mask}
	return s, s.write(f.Frame().Header)
}

// NewCaseStream likewise, and writes a record of each case as soon as all its pictures have theirs; in CSV a
// row for each person and none for pictures. sizes says how many pictures each case has.
func NewCaseStream(w io.Writer, f Format, mask bool, sizes map[string]CaseSize) (*Stream, error) {
	s := &Stream{w: w, format: f, mask: mask, sizes: sizes, open: map[string][]Picture{}}
	return s, s.write(f.caseHeader())
}

// Reserve does nothing: a stream has no room to keep.
func (s *Stream) Reserve(int) error { return nil }

// Put writes a group of records in one piece.
func (s *Stream) Put(group []batch.Answer) error {
	o := &output{w: &bytes.Buffer{}, separator: s.format.Frame().Separator, n: s.n}
	for _, a := range group {
		s.add(o, a)
	}
	return s.flush(o)
}

func (s *Stream) add(o *output, a batch.Answer) {
	if s.sizes == nil {
		o.add(s.format.Encode(RecordOf(a, s.mask)))
		return
	}
	p := Picture{N: a.Item.N, At: -1, Record: a.Record()}
	name := p.Record.Case
	if _, known := s.open[name]; !known {
		s.order = append(s.order, name)
	}
	s.open[name] = append(s.open[name], p)
	if !s.format.rowsArePeople() {
		o.add(s.format.Encode(p.shown(s.sizes[name].First, s.mask)))
	}
	if len(s.open[name]) >= s.sizes[name].Pictures {
		s.endCase(o, name)
	}
}

func (s *Stream) endCase(o *output, name string) {
	pictures := s.open[name]
	slices.SortFunc(pictures, func(a, b Picture) int { return cmp.Compare(a.N, b.N) })
	o.add(s.format.EncodeCase(NewCase(name, pictures, time.Now()), s.mask))
	delete(s.open, name)
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
}

// EndCases writes the records of the cases of which not all pictures came.
func (s *Stream) EndCases() error {
	o := &output{w: &bytes.Buffer{}, separator: s.format.Frame().Separator, n: s.n}
	for _, name := range slices.Clone(s.order) {
		s.endCase(o, name)
	}
	return s.flush(o)
}

func (s *Stream) flush(o *output) error {
	if o.err != nil {
		return o.err
	}
	text, _ := o.w.(*bytes.Buffer)
	if err := s.write(text.Bytes()); err != nil {
		return err
	}
	s.n = o.n
	return nil
}

// Close writes the format's footer.
func (s *Stream) Close() error { return s.write(s.format.Frame().Footer) }

func (s *Stream) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if _, err := s.w.Write(text); err != nil {
		return exit.Errorf(exit.Later, "standard output was closed or is full: nothing more is sent; write the records to a file with --out FILE")
	}
	return nil
}

// RecordOf is the answer's record, masked if wanted.
func RecordOf(a batch.Answer, mask bool) shared.Record {
	r := a.Record()
	if mask {
		return r.Masked(a.Item.Alias())
	}
	return r
}

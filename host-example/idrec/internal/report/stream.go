package report

import (
	"io"

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
}

// NewStream writes the format's header, so that a stream that cannot be written to is met before
// anything is asked for.
func NewStream(w io.Writer, f Format, mask bool) (*Stream, error) {
	s := &Stream{w: w, format: f, mask: mask}
	return s, s.write(f.Frame().Header)
}

// Reserve does nothing: a stream has no room to keep.
func (s *Stream) Reserve(int) error { return nil }

// Put writes a group of records in one piece.
func (s *Stream) Put(group []batch.Answer) error {
	var text []byte
	for i, a := range group {
		if s.n+i > 0 {
			text = append(text, s.format.Frame().Separator...)
		}
		line, err := s.format.Encode(RecordOf(a, s.mask))
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	if err := s.write(text); err != nil {
		return err
	}
	s.n += len(group)
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

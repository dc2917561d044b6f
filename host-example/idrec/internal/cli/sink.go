package cli

import (
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/shared"
)

// journalSink writes records to the file of --out.
type journalSink struct {
	j      *journal.Journal
	format report.Format
	mask   bool
}

func (s *journalSink) Reserve(n int) error { return s.j.Reserve(n) }

func (s *journalSink) Put(group []batch.Answer) error {
	records := make([]journal.Record, len(group))
	for i, a := range group {
		data, err := s.format.Encode(report.RecordOf(a, s.mask))
		if err != nil {
			return err
		}
		records[i] = journal.Record{Identity: a.Item.Identity, Data: data, Entry: s.entry(a)}
	}
	return s.j.Append(records)
}

func (s *journalSink) entry(a batch.Answer) journal.Entry {
	e := journal.Entry{N: a.Item.N, Size: a.Item.Size, Final: a.Final(), Kind: string(a.Kind()), Exit: a.Exit(), Price: a.Price()}
	if !a.Item.Modified.IsZero() {
		e.Modified = a.Item.Modified.UnixNano()
	}
	if a.Err != nil {
		e.Code, e.Billed = a.Err.Code, a.Err.Outcome == shared.OutcomeBilled
		if a.Kind() == batch.Unclear {
			e.Request = a.Err.RequestKey
		}
	} else {
		e.Content = s.j.Content(a.Result.Picture.SHA256)
	}
	return e
}

// keep holds answers for a table, or drops them where nobody asked for records.
type keep struct{ w *work }

func (k *keep) Reserve(int) error { return nil }

func (k *keep) Put(group []batch.Answer) error {
	if k.w.want.format == report.Table {
		k.w.answers = append(k.w.answers, group...)
	}
	return nil
}

// watched is a stream that notices before an item is asked for that nobody reads any more.
type watched struct {
	*report.Stream
	gone func() bool
}

func (s *watched) Reserve(n int) error {
	if s.gone != nil && s.gone() {
		return exit.Errorf(exit.Later, "standard output was closed: nothing more is sent; write the records to a file with --out FILE")
	}
	return s.Stream.Reserve(n)
}

package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
)

// plan leaves out the items whose record stands, and counts them.
func (w *work) plan(ctx context.Context) []source.Item {
	if w.journal.Len() == 0 {
		return w.items // a copy of 100,000 is 30 MB
	}
	var todo []source.Item
	for _, i := range w.items {
		e, known := w.journal.Lookup(i.Identity)
		if !known || !w.stands(i, e) || w.cleared(ctx, e) {
			todo = append(todo, i)
			continue
		}
		w.tally.AddEarlier(i.N, batch.Kind(e.Kind), e.Code, e.Exit, e.Price)
	}
	return todo
}

func (w *work) stands(i source.Item, e journal.Entry) bool {
	switch {
	case !e.Final:
		return false
	case batch.Kind(e.Kind) == batch.Unclear && (e.Billed && w.r.buyAgain || !e.Billed && w.r.resend):
		return false
	case i.Image.URL != "", i.Modified.IsZero():
		return true // what lies behind an address, and a file that went away, cannot be compared
	}
	same := e.Size == i.Size && e.Modified == i.Modified.UnixNano()
	if same && !w.r.reread {
		return true
	}
	if e.Content == "" {
		return same
	}
	sum, err := digestOf(i.Image.Path)
	return err == nil && w.journal.Content(sum) == e.Content
}

func digestOf(path string) (string, error) {
	f, err := openPicture(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

package cli

import (
	"github.com/schollz/progressbar/v3"
)

// bar shows progress on a terminal, and nothing elsewhere.
type bar struct{ b *progressbar.ProgressBar }

func (a *app) newBar(total, done int, quiet bool) *bar {
	if quiet || !a.ErrTerminal || total == done {
		return &bar{}
	}
	b := progressbar.NewOptions(total, progressbar.OptionSetWriter(a.Err), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription("reading"), progressbar.OptionSetPredictTime(true), progressbar.OptionFullWidth())
	_ = b.Set(done)
	return &bar{b}
}

func (w *work) progress(total, done int) *bar { return w.newBar(total, done, w.r.quiet) }

func (p *bar) step() {
	if p.b != nil {
		_ = p.b.Add(1)
	}
}

func (p *bar) end() {
	if p.b != nil {
		_ = p.b.Clear()
	}
}

package cli

import (
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// plainEvery is between two lines of progress where nobody looks: enough for a log, and no flood.
	plainEvery = 30 * time.Second
	// rateOver is the span over which the rate is measured: an outage at the beginning should not weigh
	// on what is left for ever.
	rateOver = time.Minute
)

// progress tells how far a run is: on a terminal in a line that is written anew, elsewhere in a line of
// its own now and then.
type progress struct {
	app     *app
	bar     *progressbar.ProgressBar // nil where nobody looks
	silent  bool
	total   int
	done    int
	paid    shared.Money
	now     func() time.Time
	said    time.Time
	samples []sample // of the last rateOver, oldest first
}

type sample struct {
	at   time.Time
	done int
}

// progress begins to tell of so many pictures.
func (a *app) progress(total int, quiet bool) *progress {
	p := &progress{app: a, total: total, silent: quiet || total == 0, now: a.now}
	if p.now == nil {
		p.now = time.Now
	}
	if p.said = p.now(); !p.silent && a.ErrTerminal {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(a.Err), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetDescription(a.text("reading")), progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionFullWidth(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionUseANSICodes(false))
	}
	p.samples = []sample{{p.said, 0}}
	return p
}

// step counts an answer.
func (p *progress) step(a batch.Answer) {
	if p.silent {
		return
	}
	now := p.now()
	p.done++
	if a.Err == nil || a.Err.Outcome == shared.OutcomeBilled {
		p.paid += a.Price()
	}
	if last := p.samples[len(p.samples)-1]; now.Sub(last.at) >= time.Second {
		p.samples = append(p.samples, sample{now, p.done})
		for len(p.samples) > 2 && now.Sub(p.samples[1].at) >= rateOver {
			p.samples = p.samples[1:]
		}
	}
	switch {
	case p.bar != nil:
		p.bar.Describe(p.pace(now).In(p.app.lang()))
		_ = p.bar.Add(1)
	case now.Sub(p.said) >= plainEvery && p.done < p.total:
		p.said = now
		p.app.tellf("%d of %d pictures, %s", p.done, p.total, p.pace(now))
	}
}

// pace says how fast it goes, how long it will take and what was paid.
func (p *progress) pace(now time.Time) messages.Message {
	first := p.samples[0]
	took := now.Sub(first.at).Seconds()
	if took < 1 || p.done == first.done {
		return messages.Of("paid %s yuan", p.paid.String())
	}
	rate := float64(p.done-first.done) / took
	left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
	return messages.Of("%s a second, about %s left, paid %s yuan", strconv.FormatFloat(rate, 'f', 1, 64), duration(left), p.paid.String())
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/shared"
)

// scrapeTimeout bounds what a scrape waits for the ledger.
const scrapeTimeout = 3 * time.Second

// other stands for a value that the contract does not know, so that no provider can make labels up.
const other = "other"

// Exporter counts what it is told of.
type Exporter struct {
	registry *prometheus.Registry
	calls    *prometheus.CounterVec
	attempts prometheus.Counter
	elapsed  *prometheus.HistogramVec
	queued   prometheus.Histogram
	paid     *prometheus.CounterVec
}

// New returns an exporter to which nothing was told yet. It has a registry of its own, with the process
// and Go collectors.
func New() *Exporter {
	e := &Exporter{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idrec_calls_total",
			Help: "Calls of this process that came to their end. code is that of the error, status that of the picture; each is empty for the other."},
			[]string{"outcome", "class", "code", "status", "answered_by"}),
		attempts: prometheus.NewCounter(prometheus.CounterOpts{Name: "idrec_attempts_total", Help: "Requests to the vendor that were begun, resends included."}),
		elapsed: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "idrec_call_seconds", Help: "Time of a call, waits included.",
			Buckets: []float64{.001, .005, .02, .1, .25, .5, 1, 2, 5, 10, 30, 60, 180}}, []string{"answered_by"}),
		queued: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "idrec_queue_seconds", Help: "Time that a call waited for its place and for the rate.",
			Buckets: []float64{.001, .01, .1, .5, 1, 5, 15, 60, 180}}),
		paid: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "idrec_paid_yuan_total",
			Help: "What this process paid, in yuan; outcome ambiguous: what it may have paid."}, []string{"outcome"}),
	}
	e.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), e.calls, e.attempts, e.elapsed, e.queued, e.paid)
	return e
}

// Observe counts a call; it is for [layers.Options].
func (e *Exporter) Observe(o layers.Observation) {
	e.calls.WithLabelValues(outcome(o.Outcome), class(o.Class), code(o.Code), status(o.Status), answeredBy(o.AnsweredBy)).Inc()
	e.attempts.Add(float64(max(o.Attempts, 0)))
	e.elapsed.WithLabelValues(answeredBy(o.AnsweredBy)).Observe(o.Elapsed.Seconds())
	if o.AnsweredBy == shared.AnsweredLive {
		e.queued.Observe(o.Timings.Queue.Seconds())
	}
	if o.Price > 0 {
		e.paid.WithLabelValues(outcome(o.Outcome)).Add(yuan(o.Price))
	}
}

// handler serves the metrics, with what the stack knows at the moment of the scrape.
func (e *Exporter) handler(s *layers.Stack) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(&account{stack: s})
	return promhttp.HandlerFor(prometheus.Gatherers{e.registry, r}, promhttp.HandlerOpts{MaxRequestsInFlight: 2, Timeout: 2 * scrapeTimeout})
}

func yuan(m shared.Money) float64 { return float64(m) / float64(shared.Yuan) }

func outcome(o shared.Outcome) string {
	switch o {
	case shared.OutcomeNotSent, shared.OutcomeRejected, shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeFree:
		return string(o)
	}
	return other
}

func class(c shared.Class) string {
	switch c {
	case "", shared.ClassInput, shared.ClassConfiguration, shared.ClassPaused, shared.ClassTransient, shared.ClassUnclear, shared.ClassInternal:
		return string(c)
	}
	return other
}

func code(c shared.Code) string {
	if _, known := c.Info(); c == "" || known {
		return string(c)
	}
	return other
}

func status(s shared.PictureStatus) string {
	if s == "" || s.Known() {
		return string(s)
	}
	return other
}

func answeredBy(a shared.AnsweredBy) string {
	switch a {
	case "":
		return "nobody"
	case shared.AnsweredLive, shared.AnsweredShared, shared.AnsweredLedger:
		return string(a)
	}
	return other
}

// account tells the state of the books and of the account when it is asked.
type account struct{ stack *layers.Stack }

var (
	inside    = prometheus.NewDesc("idrec_calls_inside", "Calls of this process that are at work or wait.", nil, nil)
	up        = prometheus.NewDesc("idrec_ledger_up", "1 if the record of calls can be read.", nil, nil)
	durable   = prometheus.NewDesc("idrec_ledger_durable", "1 if the record survives the end of the process.", nil, nil)
	paused    = prometheus.NewDesc("idrec_paused", "1 for the code of the error with which the account is paused.", []string{"code"}, nil)
	circuit   = prometheus.NewDesc("idrec_circuit_open", "1 if nothing is sent because of too many unclear answers.", nil, nil)
	callsLeft = prometheus.NewDesc("idrec_calls_left", "Calls left of the package that was entered; absent without one.", nil, nil)
	recorded  = prometheus.NewDesc("idrec_ledger_calls_total", "Calls on record, of all processes.", []string{"outcome"}, nil)
	answered  = prometheus.NewDesc("idrec_ledger_answered_total", "Calls of all processes that were answered without asking the vendor.", nil, nil)
	spent     = prometheus.NewDesc("idrec_ledger_yuan_total", "Yuan on record: spent, suspected (for unclear calls) and saved (by not asking again).", []string{"kind"}, nil)
)

// Describe implements prometheus.Collector.
func (a *account) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{inside, up, durable, paused, circuit, callsLeft, recorded, answered, spent} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (a *account) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	send(inside, prometheus.GaugeValue, float64(a.stack.Waiting()))
	b, err := a.stack.Account(ctx)
	send(up, prometheus.GaugeValue, truth(err == nil))
	if err != nil {
		return
	}
	send(durable, prometheus.GaugeValue, truth(b.Durable))
	send(circuit, prometheus.GaugeValue, truth(b.CircuitOpen))
	if b.Paused != nil {
		send(paused, prometheus.GaugeValue, 1, code(b.Paused.Code))
	}
	for o, n := range map[shared.Outcome]int64{shared.OutcomeBilled: b.Total.Billed, shared.OutcomeRejected: b.Total.Rejected,
		shared.OutcomeNotSent: b.Total.NotSent, shared.OutcomeAmbiguous: b.Total.Ambiguous} {
		send(recorded, prometheus.CounterValue, float64(n), string(o))
	}
	send(answered, prometheus.CounterValue, float64(b.Total.Answered))
	for kind, m := range map[string]shared.Money{"spent": b.Total.Spent, "suspected": b.Total.Suspected, "saved": b.Total.Saved} {
		send(spent, prometheus.GaugeValue, yuan(m), kind)
	}
	if left, known, err := a.stack.CallsLeft(ctx); err == nil && known {
		send(callsLeft, prometheus.GaugeValue, float64(left))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

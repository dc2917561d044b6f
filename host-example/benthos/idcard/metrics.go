package idcard

import (
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/seed-6b91b535/idrec/shared"
)

// metrics counts calls. Their labels have few values, and none that is personal.
type metrics struct {
	results *service.MetricCounter
	errors  *service.MetricCounter
	spent   *service.MetricCounter
	latency *service.MetricTimer
}

func newMetrics(m *service.Metrics) metrics {
	return metrics{
		results: m.NewCounter("idcard_results", "status", "outcome", "answered_by"),
		errors:  m.NewCounter("idcard_errors", "code", "outcome"),
		spent:   m.NewCounter("idcard_spent_yuan_thousandths"),
		latency: m.NewTimer("idcard_latency"),
	}
}

func (m metrics) result(r *shared.Result, took time.Duration) {
	m.results.Incr(1, string(r.Status), string(r.Outcome), string(r.AnsweredBy))
	if r.Price > 0 {
		m.spent.Incr(int64(r.Price))
	}
	m.latency.Timing(took.Nanoseconds())
}

func (m metrics) error(e *shared.Error, took time.Duration) {
	m.errors.Incr(1, string(e.Code), string(e.Outcome))
	m.latency.Timing(took.Nanoseconds())
}

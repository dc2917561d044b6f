// Package metrics exports what a plugin does in the form of Prometheus: calls by outcome, durations, the
// queue, spend, pauses, calls left. No label holds anything personal; each has a small, fixed set of
// values.
//
//	exporter := metrics.New()
//	stack := layers.Around(provider, layers.Options{Observe: exporter.Observe})
//	serve.Main(exporter.Around(stack))
//
// It is off until the setting metrics_listen says where to listen.
package metrics

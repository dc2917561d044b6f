package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/uber-go/tally/v4"
	"github.com/uber-go/tally/v4/prometheus"
	"go.temporal.io/sdk/client"
	sdktally "go.temporal.io/sdk/contrib/tally"
)

// serveMetrics serves the metrics of the engine's library and of the activities to Prometheus, under
// /metrics, until end is called. Without an address there are none.
func serveMetrics(ctx context.Context, address string) (handler client.MetricsHandler, end func(), err error) {
	if address == "" {
		return client.MetricsNopHandler, func() {}, nil
	}
	registry := prom.NewRegistry()
	reporter := prometheus.NewReporter(prometheus.Options{Registerer: registry, Gatherer: registry,
		DefaultTimerType: prometheus.HistogramTimerType, OnRegisterError: func(error) {}})
	scope, closer := tally.NewRootScope(tally.ScopeOptions{CachedReporter: reporter, Separator: prometheus.DefaultSeparator,
		SanitizeOptions: &sdktally.PrometheusSanitizeOptions}, time.Second)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		_ = closer.Close()
		return nil, nil, errors.New("IDREC_METRICS is an address that cannot be listened on: it is in use, or not this machine's")
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return sdktally.NewMetricsHandler(sdktally.NewPrometheusNamingScope(scope)), func() {
		_ = server.Close()
		_ = closer.Close()
	}, nil
}

package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/hashicorp/go-hclog"
	"go.temporal.io/sdk/worker"

	"github.com/seed-6b91b535/idrec/host-example/internal/fields"
	"github.com/seed-6b91b535/idrec/host-example/internal/pluginlog"
	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
	"github.com/seed-6b91b535/idrec/sdk/host"
)

// work serves until ctx is done, then drains: it takes nothing new, lets what was begun end, and hands
// the rest of its batches back.
func work(ctx context.Context, log *slog.Logger) error {
	c, err := configure(os.LookupEnv)
	if err != nil {
		return err
	}
	metrics, endMetrics, err := serveMetrics(ctx, c.metrics)
	if err != nil {
		return err
	}
	defer endMetrics()
	conn, err := c.dial(log, metrics)
	if err != nil {
		return err
	}
	defer conn.Close()
	w := worker.New(conn, c.queue, worker.Options{
		MaxConcurrentActivityExecutionSize: c.slots, TaskQueueActivitiesPerSecond: c.queueRate, WorkerStopTimeout: c.drain,
		LocalActivityWorkerOnly: !c.activities, DisableWorkflowWorker: !c.workflows,
	})
	if c.workflows {
		idcard.RegisterWorkflow(w)
	}
	if c.activities {
		plugin, err := c.open(ctx, log)
		if err != nil {
			return err
		}
		// The activities end first, then their plugin.
		defer func() { _ = plugin.Close(context.WithoutCancel(ctx)) }()
		fetcher, err := c.fetcher()
		if err != nil {
			return err
		}
		idcard.RegisterActivities(w, plugin, fetcher, idcard.Options{AllowRecords: c.keys != nil || c.plain, Parallel: c.parallel})
		idcard.RegisterUnknown(w)
	}
	if err := w.Start(); err != nil {
		return err
	}
	log.Info("working", "queue", c.queue, "workflows", c.workflows, "activities", c.activities)
	<-ctx.Done()
	log.Info("draining")
	w.Stop()
	log.Info("ended")
	return nil
}

// open starts the plugin and configures it from the environment.
func (c *config) open(ctx context.Context, log *slog.Logger) (*host.Plugin, error) {
	to := pluginlog.New(hclog.Info, func(level hclog.Level, msg string, pairs ...any) {
		l := slog.LevelInfo
		switch level {
		case hclog.Error:
			l = slog.LevelError
		case hclog.Warn:
			l = slog.LevelWarn
		default:
		}
		log.Log(context.Background(), l, msg, pairs...)
	})
	plugin, err := host.Open(ctx, host.Options{Name: c.plugin, Path: c.pluginPath, Dirs: c.pluginDirs, Lock: c.lock, Logger: to, Restart: true})
	if err != nil {
		return nil, err
	}
	if err := fromEnvironment(ctx, plugin, to); err != nil {
		_ = plugin.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return plugin, nil
}

// fromEnvironment configures the plugin.
func fromEnvironment(ctx context.Context, plugin *host.Plugin, log hclog.Logger) error {
	about, err := plugin.Describe(ctx)
	if err != nil {
		return err
	}
	set, err := fields.FromEnvironment(about, os.LookupEnv)
	if err != nil {
		return err
	}
	settings, err := fields.Resolve(ctx, about, set, log)
	if err != nil {
		return err
	}
	return plugin.Configure(ctx, settings)
}

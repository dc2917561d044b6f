// Command idrec-temporal-worker is a Temporal worker that recognises identity cards, and a starter for
// the sample workflow.
//
//	idrec-temporal-worker work      serve the activities and the workflow until SIGTERM
//	idrec-temporal-worker submit FOLDER
//	                                read the pictures of a folder, and write their records
//	idrec-temporal-worker key NAME  print a fresh line for the file of keys
//
// Everything else is set in the environment, see -help.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a container's root may have no zones, and days are counted in China

	"github.com/seed-6b91b535/idrec/host-example/temporal/codec"
	"github.com/seed-6b91b535/idrec/shared"
)

// The exit codes are those of the program idrec.
const (
	exitUsage   = 64
	exitNoInput = 66
	exitLater   = 75
	exitConfig  = 78
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "idrec-temporal-worker:", err)
		os.Exit(exitCode(err))
	}
}

var errUsage = errors.New("usage: idrec-temporal-worker work | submit FOLDER | key NAME, with settings in the environment:\n" + settingsHelp())

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	switch {
	case len(args) == 1 && args[0] == "work":
		return work(ctx, log)
	case len(args) == 2 && args[0] == "submit":
		return submit(ctx, log, args[1])
	case len(args) == 2 && args[0] == "key":
		_, err := fmt.Print(codec.NewKey(args[1]))
		return err
	}
	return errUsage
}

func exitCode(err error) int {
	var e *shared.Error
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.As(err, &e):
		info, _ := e.Code.Info()
		return info.Exit
	case errors.Is(err, errEngine):
		return exitLater
	case errors.Is(err, errNoInput):
		return exitNoInput
	}
	return exitConfig
}

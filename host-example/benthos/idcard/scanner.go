package idcard

import (
	"bytes"
	"context"
	"io"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/seed-6b91b535/idrec/shared"
)

func scannerSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Reads a file as one picture, of which at most 32 MiB and a byte are taken into memory: a larger one is then refused by the processor idcard_recognize. An empty file is a message too.")
}

func newScanner(*service.ParsedConfig, *service.Resources) (service.BatchScannerCreator, error) {
	return scannerCreator{}, nil
}

type scannerCreator struct{}

// Create begins with a file.
func (scannerCreator) Create(r io.ReadCloser, ack service.AckFunc, _ *service.ScannerSourceDetails) (service.BatchScanner, error) {
	return service.AutoAggregateBatchScannerAcks(&scanner{r: r}, ack), nil
}

// Close has nothing to do.
func (scannerCreator) Close(context.Context) error { return nil }

// scanner reads one file.
type scanner struct {
	r    io.ReadCloser
	done bool
}

// NextBatch returns the picture, and then io.EOF.
func (s *scanner) NextBatch(context.Context) (service.MessageBatch, error) {
	if s.done {
		return nil, io.EOF
	}
	s.done = true
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(s.r, shared.MaxImageBytes+1)); err != nil {
		return nil, err
	}
	return service.MessageBatch{service.NewMessage(b.Bytes())}, nil
}

// Close closes the file.
func (s *scanner) Close(context.Context) error { return s.r.Close() }

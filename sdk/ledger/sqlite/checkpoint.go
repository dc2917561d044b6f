package sqlite

import (
	"context"
	"errors"
	"sync"

	sqlite3 "github.com/ncruces/go-sqlite3"
)

const (
	// checkpointFrom is how many pages of 4 KiB the log may have before they are brought home, beside the
	// writes that go on.
	checkpointFrom = 1000
	// checkpointNow is how many make the writer wait for it, so that the log does not grow for ever where
	// the writes never pause.
	checkpointNow = 16 * checkpointFrom
)

// checkpointer brings the log home in the background, on a connection of its own.
type checkpointer struct {
	due  chan struct{}
	stop context.CancelFunc
	wg   sync.WaitGroup
	dial func(context.Context) (*conn, error)
	log  *log

	mu     sync.Mutex
	cached *conn
	closed bool
}

func newCheckpointer(path, vfs string, log *log) *checkpointer {
	ctx, stop := context.WithCancel(context.Background())
	p := &checkpointer{due: make(chan struct{}, 1), stop: stop, log: log}
	p.dial = func(ctx context.Context) (*conn, error) { return dial(ctx, path, vfs) }
	p.wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.due:
				// What cannot be brought home now stays in the log, which is as good; what is wrong with
				// the disk shows at the next write.
				_ = p.run(ctx, sqlite3.CHECKPOINT_PASSIVE)
			}
		}
	})
	return p
}

// after is told how many pages the log has after a commit.
func (p *checkpointer) after(pages int) {
	switch {
	case pages >= checkpointNow:
		_ = p.run(context.Background(), sqlite3.CHECKPOINT_PASSIVE)
	case pages >= checkpointFrom:
		select {
		case p.due <- struct{}{}:
		default:
		}
	}
}

func (p *checkpointer) run(ctx context.Context, mode sqlite3.CheckpointMode) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	if p.cached == nil {
		c, err := p.dial(ctx)
		if err != nil {
			return err
		}
		err = c.unverified()
		if err == nil {
			_, err = c.number("PRAGMA user_version") // opens the log
		}
		if err != nil {
			return errors.Join(err, c.close())
		}
		p.cached = c
	}
	// SQLite syncs the log before it brings it home. But its own opening of the log may be younger than a
	// write that failed, of which only the older ones are told.
	if err := p.log.now(); err != nil {
		return err
	}
	defer p.cached.interruptible(ctx)()
	_, _, err := p.cached.WALCheckpoint("main", mode)
	return err
}

func (p *checkpointer) close() error {
	p.stop()
	p.wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.cached == nil {
		return nil
	}
	return p.cached.close()
}

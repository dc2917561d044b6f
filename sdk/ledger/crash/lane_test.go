//go:build unix

package crash_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/internal/proctest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

// place makes an empty ledger, and returns its address and the file with its key.
type place func(t *testing.T) (address, keyFile string)

func inSQLite(t *testing.T) (address, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	address, keyFile = filepath.Join(dir, "ledger.db"), filepath.Join(dir, "ledger.key")
	o, err := open.Open(t.Context(), open.Options{Address: shared.NewSecret(address), KeyFile: keyFile})
	if err != nil {
		t.Skip(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	return address, keyFile
}

var lastDatabase atomic.Int64

func inPostgres(t *testing.T) (address, keyFile string) {
	t.Helper()
	return database(t, pgtest.Shared(t).DSN()), filepath.Join(t.TempDir(), "ledger.key")
}

// database makes a schema's place in the address by a database of its own.
func database(t *testing.T, dsn string) string {
	t.Helper()
	return pgtest.NewDatabase(t, dsn, "crash"+strconv.FormatInt(lastDatabase.Add(1), 10))
}

// lane is one vendor, one ledger and the processes that use them.
type lane struct {
	t      *testing.T
	vendor *vendor
	traps  *traps
	env    []string
	other  *hostProcess // the second process, which is never killed
	spare  chan started // a first process, started beforehand
	last   int
	counts counts
}

// counts are what a lane has seen.
type counts struct {
	kills    int
	results  int
	received int // unclear, and the vendor had received the whole request and not answered
	cut      int // unclear, and it had not: the intent was durable, or the answer or upload was cut
}

func newLane(t *testing.T, at place, more ...string) *lane {
	t.Helper()
	address, keyFile := at(t)
	if _, _, err := seal.LoadFile(keyFile); err != nil {
		t.Fatal(err)
	}
	l := &lane{t: t, vendor: newVendor(t), traps: newTraps(t), spare: make(chan started, 1)}
	l.env = []string{ledgerEnv + "=" + address, keyEnv + "=" + keyFile, controlEnv + "=" + l.traps.server.URL, settings(l.vendor.url, more...)}
	l.other = startHost(t, l.env...)
	l.prepare()
	t.Cleanup(func() {
		if s := <-l.spare; s.err == nil {
			s.host.end()
		}
	})
	return l
}

// started is a host process, or why it did not start.
type started struct {
	host *hostProcess
	err  error
}

func (l *lane) prepare() {
	go func() {
		h, err := openHost(l.env)
		l.spare <- started{h, err}
	}()
}

// first returns a first process that was never used.
func (l *lane) first() *hostProcess {
	l.t.Helper()
	s := <-l.spare
	l.prepare()
	if s.err != nil {
		l.t.Fatal(s.err)
	}
	l.t.Cleanup(s.host.end)
	return s.host
}

func (l *lane) callID() string {
	l.last++
	return "call-" + strconv.Itoa(l.last)
}

func (l *lane) get(c <-chan reply) reply {
	l.t.Helper()
	select {
	case r := <-c:
		return r
	case <-time.After(2 * patience):
		l.t.Fatal("no reply")
		return reply{}
	}
}

func (l *lane) await(what string, c <-chan struct{}) {
	l.t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		l.t.Fatalf("not reached: %s", what)
	}
}

func (l *lane) gone(pid int) {
	l.t.Helper()
	proctest.Eventually(l.t, patience, "the process is gone", proctest.Gone(pid))
}

// verdict asks for a picture until there is an answer that stays: a result, or that nobody knows.
func (l *lane) verdict(name string) reply {
	l.t.Helper()
	var r reply
	for range 8 {
		r = l.get(l.other.send(name, l.callID(), 2))
		if c := r.class(); c != shared.ClassTransient && c != shared.ClassPaused {
			break
		}
	}
	return r
}

// holds checks a picture once everything is over.
func (l *lane) holds(what, name string, r reply) {
	l.t.Helper()
	if n := l.vendor.billed(name); n > 1 {
		l.t.Errorf("%s: billed %d times", what, n)
	}
	switch {
	case r.class() == "":
		l.counts.results++
	case r.class() != shared.ClassUnclear:
		l.t.Errorf("%s: in the end %v", what, r)
	case l.vendor.billed(name) == 1:
		l.counts.received++
	default:
		l.counts.cut++
	}
}

func (c counts) String() string {
	return fmt.Sprintf("%d kills; %d results, %d unclear after the vendor had received them, %d unclear and cut", c.kills, c.results, c.received, c.cut)
}

package pgtest

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Pool is a proxy that shares sessions of the server between its clients, transaction by transaction, as
// PgBouncer does with pool_mode = transaction; or that gives each client one for good, as with session.
type Pool struct {
	listener net.Listener
	free     chan net.Conn // sessions; a transaction takes the one that was given back first
	session  bool
	stop     context.CancelFunc
	ctx      context.Context
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

// NewPool starts a pool of so many sessions; it ends with the test.
func NewPool(tb testing.TB, s *Server, sessions int, session bool) *Pool {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's own
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Pool{listener: l, free: make(chan net.Conn, sessions), session: session, ctx: ctx, stop: stop}
	tb.Cleanup(p.close)
	for range sessions {
		c, err := pgconn.Connect(ctx, s.DSN())
		if err != nil {
			tb.Fatal(err)
		}
		h, err := c.Hijack()
		if err != nil {
			tb.Fatal(err)
		}
		p.keep(h.Conn)
		p.free <- h.Conn
	}
	p.wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.keep(client)
			p.wg.Go(func() { p.serve(client) })
		}
	})
	return p
}

// DSN names the database behind the pool.
func (p *Pool) DSN(s *Server, parameters ...string) string {
	return s.DSNAt(p.listener.Addr().String(), parameters...)
}

func (p *Pool) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, c)
}

func (p *Pool) close() {
	p.stop()
	_ = p.listener.Close()
	p.mu.Lock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// greeting lets a client in without a password, under a process number of the pool's own.
func greeting() []byte {
	var b []byte
	for _, m := range []Message{
		{Type: 'R', Body: make([]byte, 4)}, // AuthenticationOk
		{Type: 'S', Body: []byte("server_version\x0015.0\x00")},
		{Type: 'S', Body: []byte("client_encoding\x00UTF8\x00")},
		{Type: 'S', Body: []byte("standard_conforming_strings\x00on\x00")},
		{Type: 'K', Body: binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 4_000_000), 1)},
		{Type: 'Z', Body: []byte{'I'}},
	} {
		b = append(b, m.bytes()...)
	}
	return b
}

func (p *Pool) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	if _, err := readMessage(client, false); err != nil {
		return
	}
	if _, err := client.Write(greeting()); err != nil {
		return
	}
	var server net.Conn
	defer func() {
		if server != nil {
			_ = server.Close()
		}
	}()
	for {
		m, err := readMessage(client, true)
		if err != nil || m.Type == 'X' {
			return
		}
		if server == nil {
			select {
			case server = <-p.free:
			case <-p.ctx.Done():
				return
			}
		}
		if _, err := server.Write(m.bytes()); err != nil {
			return
		}
		if m.Type != 'Q' && m.Type != 'S' {
			continue
		}
		status, err := answer(server, client)
		if err != nil {
			return
		}
		if status == 'I' && !p.session {
			p.free <- server
			server = nil
		}
	}
}

// answer carries the server's messages to the client up to the next ready for query.
func answer(server, client net.Conn) (status byte, err error) {
	for {
		m, err := readMessage(server, true)
		if err != nil {
			return 0, err
		}
		m.FromServer = true
		if _, err := client.Write(m.bytes()); err != nil {
			return 0, err
		}
		if s := m.Status(); s != 0 {
			return s, nil
		}
	}
}

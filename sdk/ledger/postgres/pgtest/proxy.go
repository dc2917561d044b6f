package pgtest

import (
	"context"
	"net"
	"sync"
	"testing"
)

// Action is what a proxy does with a message.
type Action int

// The actions.
const (
	Pass  Action = iota
	Cut          // close both sides instead of passing it on
	Stall        // hold it back, and all that follows in its direction, until the proxy is closed
)

// Proxy stands between clients and a server and does to their messages what a test wants.
type Proxy struct {
	server   *Server
	listener net.Listener
	ctx      context.Context
	stop     context.CancelFunc
	wg       sync.WaitGroup

	mu    sync.Mutex
	hook  func(Message) Action
	links map[*link]struct{}
	deaf  bool
}

// link is one client's connection with its server's.
type link struct {
	client, server net.Conn
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// NewProxy starts a proxy in front of a server; it ends with the test.
func NewProxy(tb testing.TB, s *Server) *Proxy {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's own
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Proxy{server: s, listener: l, ctx: ctx, stop: stop, links: map[*link]struct{}{}}
	p.wg.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

// DSN names the server behind the proxy.
func (p *Proxy) DSN(parameters ...string) string {
	return p.server.DSNAt(p.listener.Addr().String(), parameters...)
}

// Hook sets what is asked about each message from now on; nil passes all. It is called by several
// goroutines, one at a time.
func (p *Proxy) Hook(f func(Message) Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = f
}

// CutAll closes all connections, and Refuse says whether new ones are closed at once.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close()
	}
}

// Refuse says whether new connections are closed at once.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = refuse
}

func (p *Proxy) close() {
	p.stop()
	_ = p.listener.Close()
	p.CutAll()
	p.wg.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		deaf := p.deaf || p.ctx.Err() != nil
		p.mu.Unlock()
		if deaf {
			_ = client.Close()
			continue
		}
		server, err := new(net.Dialer).DialContext(p.ctx, "unix", p.server.Socket())
		if err != nil {
			_ = client.Close()
			continue
		}
		l := &link{client, server}
		p.mu.Lock()
		p.links[l] = struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() { p.carry(l, false) })
		p.wg.Go(func() {
			p.carry(l, true)
			p.mu.Lock()
			delete(p.links, l)
			p.mu.Unlock()
		})
	}
}

// carry takes the messages of one direction to the other side.
func (p *Proxy) carry(l *link, fromServer bool) {
	defer l.close()
	from, to := l.client, l.server
	if fromServer {
		from, to = l.server, l.client
	}
	typed := fromServer
	for {
		m, err := readMessage(from, typed)
		if err != nil {
			return
		}
		typed = true
		m.FromServer = fromServer
		switch p.ask(m) {
		case Pass:
		case Cut:
			return
		case Stall:
			<-p.ctx.Done()
			return
		}
		if _, err := to.Write(m.bytes()); err != nil {
			return
		}
	}
}

func (p *Proxy) ask(m Message) Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hook == nil {
		return Pass
	}
	return p.hook(m)
}

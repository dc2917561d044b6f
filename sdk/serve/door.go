package serve

import (
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
)

// door knows the connections that were let in or knock, so that it can be shut. gRPC's own stop waits, for
// up to two minutes, for one that never says who it is.
type door struct {
	credentials.TransportCredentials

	mu    sync.Mutex
	shut  bool
	conns map[net.Conn]struct{}
}

func newDoor(c credentials.TransportCredentials) *door {
	return &door{TransportCredentials: c, conns: map[net.Conn]struct{}{}}
}

// ServerHandshake implements [credentials.TransportCredentials].
func (d *door) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	d.mu.Lock()
	if d.shut {
		d.mu.Unlock()
		return nil, nil, net.ErrClosed
	}
	d.conns[raw] = struct{}{}
	d.mu.Unlock()
	conn, info, err := d.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		d.forget(raw)
		return nil, nil, err
	}
	return &entered{conn, d, raw}, info, nil
}

// Clone implements [credentials.TransportCredentials]: it is the same door.
func (d *door) Clone() credentials.TransportCredentials { return d }

func (d *door) forget(raw net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, raw)
}

// close cuts every connection and lets none in any more.
func (d *door) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = true
	for raw := range d.conns {
		_ = raw.Close()
	}
}

// entered is a connection that was let in.
type entered struct {
	net.Conn

	door *door
	raw  net.Conn
}

func (e *entered) Close() error {
	e.door.forget(e.raw)
	return e.Conn.Close()
}

package rpc

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Credentials encrypts a connection as config says, like the credentials of gRPC itself, and hands what is
// encrypted to the system in larger pieces: Go's TLS makes a system call of each record of 16 KiB. config
// is read when a connection is made, so a host may learn whom to trust until then. Nil does not encrypt.
func Credentials(config *tls.Config) credentials.TransportCredentials { return &tuned{config} }

type tuned struct{ config *tls.Config }

func (c *tuned) inner() credentials.TransportCredentials {
	if c.config == nil {
		return insecure.NewCredentials()
	}
	config := c.config.Clone()
	config.DynamicRecordSizingDisabled = true // for networks, where a record is of no use until its last packet has come
	return credentials.NewTLS(config)
}

// ClientHandshake implements [credentials.TransportCredentials].
func (c *tuned) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c.shake(raw, func(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
		return c.inner().ClientHandshake(ctx, authority, conn)
	})
}

// ServerHandshake implements [credentials.TransportCredentials].
func (c *tuned) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c.shake(raw, c.inner().ServerHandshake)
}

func (c *tuned) shake(raw net.Conn, handshake func(net.Conn) (net.Conn, credentials.AuthInfo, error)) (net.Conn, credentials.AuthInfo, error) {
	if s, ok := raw.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = s.SetWriteBuffer(socketBytes) // the system may allow less
	}
	if c.config == nil {
		return handshake(raw)
	}
	under := &records{Conn: raw}
	conn, info, err := handshake(under)
	if err != nil {
		return nil, nil, err
	}
	return &grouped{Conn: conn, under: under}, info, nil
}

// Info implements [credentials.TransportCredentials].
func (c *tuned) Info() credentials.ProtocolInfo { return c.inner().Info() }

// Clone implements [credentials.TransportCredentials].
func (c *tuned) Clone() credentials.TransportCredentials { return &tuned{c.config} }

// OverrideServerName implements [credentials.TransportCredentials], which says not to use it.
func (*tuned) OverrideServerName(string) error { return nil }

// socketBytes is how much may lie in a socket that its reader has not taken yet.
const socketBytes = 1 << 20

// groupBytes is how much is written to the socket at once: enough to make system calls rare, and so
// little that the reader can decrypt the first part of a picture while the second is being encrypted.
const groupBytes = 128 << 10

// grouped is the encrypted connection, of which each larger write is one group of records.
type grouped struct {
	net.Conn

	under   *records
	writing atomic.Int64 // groups that are being written
}

func (g *grouped) Write(b []byte) (int, error) {
	if len(b) <= 16<<10 {
		return g.Conn.Write(b)
	}
	g.writing.Add(1)
	defer g.writing.Add(-1)
	g.under.hold()
	n, err := g.Conn.Write(b)
	if flushed := g.under.flush(); err == nil {
		err = flushed
	}
	return n, err
}

// Close does what TLS does: it says goodbye, unless something is being written, which it cuts. TLS does not
// know of the last part of a group, and would wait for a peer that takes nothing.
func (g *grouped) Close() error {
	if g.writing.Load() == 0 {
		return g.Conn.Close()
	}
	err := g.under.Close()
	_ = g.Conn.Close() // so that it knows
	return err
}

// records is the connection under the encryption. While it holds, it gathers what is written.
type records struct {
	net.Conn

	mu      sync.Mutex
	holding bool
	buf     []byte
	err     error // of the write that failed; nothing follows it, since the peer has a part of a record
}

func (r *records) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holding = true
}

func (r *records) flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holding = false
	return r.flushLocked()
}

func (r *records) flushLocked() error {
	if len(r.buf) == 0 {
		return nil
	}
	_, err := r.writeLocked(r.buf)
	r.buf = r.buf[:0]
	return err
}

func (r *records) writeLocked(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.Conn.Write(b)
	r.err = err
	return n, err
}

func (r *records) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.holding {
		return r.writeLocked(b)
	}
	if len(r.buf)+len(b) > groupBytes {
		if err := r.flushLocked(); err != nil {
			return 0, err
		}
	}
	r.buf = append(r.buf, b...)
	return len(b), nil
}

package rpc_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// counted counts what is written to the system.
type counted struct {
	net.Conn

	writes atomic.Int64
}

func (c *counted) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

// socketPair is the two ends of a connection.
func socketPair(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if client, err = net.Dial("unix", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return server, client
}

// encryptedPair is a connection between a host and a plugin, and what the host writes to the system.
func encryptedPair(t *testing.T) (host, plugin net.Conn, sent *counted) {
	t.Helper()
	return encryptedPairOver(t, func(raw net.Conn) net.Conn { return raw })
}

// encryptedPairOver is encryptedPair with something between the host and its socket.
func encryptedPairOver(t *testing.T, between func(net.Conn) net.Conn) (host, plugin net.Conn, sent *counted) {
	t.Helper()
	hostCert, pluginCert := newCertificate(t), newCertificate(t)
	server, raw := socketPair(t)
	serverConfig, err := pluginCert.ServerConfig(hostCert.PEM())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var err error
		plugin, _, err = rpc.Credentials(serverConfig).ServerHandshake(server)
		done <- err
	}()
	sent = &counted{Conn: between(raw)}
	clientConfig := hostCert.ClientConfig()
	creds := rpc.Credentials(clientConfig)
	block, _ := pem.Decode([]byte(pluginCert.PEM()))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	clientConfig.RootCAs.AddCert(leaf) // as a host does, which learns it in the handshake
	if host, _, err = creds.ClientHandshake(t.Context(), "localhost", sent); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = host.Close(), plugin.Close() })
	return host, plugin, sent
}

func newCertificate(t *testing.T) *rpc.Certificate {
	t.Helper()
	c, err := rpc.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecordsOfALargeWriteGoOutTogether(t *testing.T) {
	t.Parallel()
	host, plugin, sent := encryptedPair(t)
	for _, c := range []struct{ size, writes int }{{10, 1}, {16 << 10, 1}, {17 << 10, 1}, {1 << 20, 10}} { // 64 records
		message := bytes.Repeat([]byte{1, 2, 3, 4, 5}, c.size/5+1)[:c.size]
		before := sent.writes.Load()
		got := make(chan [sha256.Size]byte, 1)
		go func() {
			b := make([]byte, c.size)
			if _, err := io.ReadFull(plugin, b); err != nil {
				t.Error(err)
			}
			got <- sha256.Sum256(b)
		}()
		if n, err := host.Write(message); n != c.size || err != nil {
			t.Fatal(n, err)
		}
		if <-got != sha256.Sum256(message) {
			t.Error(c.size, "bytes arrived as others")
		}
		if n := int(sent.writes.Load() - before); n > c.writes {
			t.Errorf("%d bytes went out in %d pieces, at most %d were to be", c.size, n, c.writes)
		}
	}
	// What TLS itself says at the end is not held back.
	if err := host.Close(); err != nil {
		t.Error(err)
	}
	if _, err := plugin.Read(make([]byte, 1)); err != io.EOF { //nolint:errorlint // as net.Conn says it
		t.Error(err)
	}
}

func TestALargeWriteToNobodyIsAnError(t *testing.T) {
	t.Parallel()
	host, plugin, _ := encryptedPair(t)
	if err := plugin.Close(); err != nil {
		t.Fatal(err)
	}
	message := make([]byte, 1<<20)
	for range 3 { // one may still fit into the socket
		if _, err := host.Write(message); err != nil {
			return
		}
	}
	t.Error("it was lost without a word")
}

// deaf is a connection whose peer takes nothing any more. It says when a write has begun to wait.
type deaf struct {
	net.Conn

	on      atomic.Bool
	let     atomic.Int64 // writes that still pass
	waiting chan struct{}
	closed  chan struct{}
	once    sync.Once
}

func (s *deaf) Write(b []byte) (int, error) {
	if !s.on.Load() || s.let.Add(-1) >= 0 {
		return s.Conn.Write(b)
	}
	select {
	case s.waiting <- struct{}{}:
	default:
	}
	<-s.closed
	return 0, net.ErrClosed
}

func (s *deaf) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

// Closing does not wait for a peer that takes nothing, whichever part of a write waits for it: TLS itself
// would give it five seconds to hear of the end.
func TestClosingDoesNotWaitForAWriteThatIsStuck(t *testing.T) {
	t.Parallel()
	for passes := range int64(3) {
		under := &deaf{waiting: make(chan struct{}, 1), closed: make(chan struct{})}
		host, plugin, _ := encryptedPairOver(t, func(raw net.Conn) net.Conn {
			under.Conn = raw
			return under
		})
		go func() { _, _ = io.Copy(io.Discard, plugin) }()
		under.let.Store(passes)
		under.on.Store(true)
		wrote := make(chan error, 1)
		go func() {
			_, err := host.Write(make([]byte, 256<<10))
			wrote <- err
		}()
		<-under.waiting
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_ = host.Close()
		}()
		select {
		case <-closed:
		case <-time.After(3 * time.Second):
			t.Errorf("after %d pieces, closing waits for the peer", passes)
			_ = under.Close()
			<-closed
		}
		if err := <-wrote; err == nil {
			t.Error("what was never taken was written without a word")
		}
	}
}

// cut is a connection that fails once in the middle of a write.
type cut struct {
	net.Conn

	on   atomic.Bool
	sent atomic.Int64 // afterwards
}

func (c *cut) Write(b []byte) (int, error) {
	if c.on.CompareAndSwap(true, false) {
		n, _ := c.Conn.Write(b[:len(b)/2])
		return n, os.ErrDeadlineExceeded
	}
	n, err := c.Conn.Write(b)
	c.sent.Add(int64(n))
	return n, err
}

// As with TLS itself, nothing follows a write that was cut off: the peer could make nothing of it.
func TestNothingFollowsAWriteThatFailed(t *testing.T) {
	t.Parallel()
	under := &cut{}
	host, plugin, _ := encryptedPairOver(t, func(raw net.Conn) net.Conn {
		under.Conn = raw
		return under
	})
	go func() { _, _ = io.Copy(io.Discard, plugin) }()
	under.on.Store(true)
	if _, err := host.Write(make([]byte, 20<<10)); err == nil {
		t.Fatal("it did not fail")
	}
	before := under.sent.Load()
	for _, size := range []int{1, 20 << 10} {
		if _, err := host.Write(make([]byte, size)); err == nil {
			t.Error("what follows a failed write was written")
		}
	}
	_ = host.Close()
	if n := under.sent.Load() - before; n > 0 {
		t.Error(n, "bytes followed a write that failed")
	}
}

func TestCredentialsRefuseAnotherHost(t *testing.T) {
	t.Parallel()
	plugin, expected, stranger := newCertificate(t), newCertificate(t), newCertificate(t)
	config, err := plugin.ServerConfig(expected.PEM())
	if err != nil {
		t.Fatal(err)
	}
	for name, creds := range map[string]credentials.TransportCredentials{
		"another key": rpc.Credentials(insecurely(stranger.ClientConfig())),
		"plain text":  rpc.Credentials(nil),
	} {
		server, client := socketPair(t)
		go func() {
			if conn, _, err := creds.ClientHandshake(context.Background(), "localhost", client); err == nil {
				_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn)
			}
		}()
		if _, _, err := rpc.Credentials(config).ServerHandshake(server); err == nil {
			t.Errorf("%s: it was let in", name)
		}
		_, _ = server.Close(), client.Close()
	}
}

func insecurely(c *tls.Config) *tls.Config {
	c.InsecureSkipVerify = true // the stranger does not mind whom it talks to
	return c
}

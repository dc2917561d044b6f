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
	"path/filepath"
	"sync/atomic"
	"testing"

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
	sent = &counted{Conn: raw}
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

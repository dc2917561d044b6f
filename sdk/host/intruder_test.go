//go:build linux

package host_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// socketOf returns where the plugin listens.
func socketOf(t *testing.T, dir string) (path string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, _ error) error {
		if d != nil && d.Type()&os.ModeSocket != 0 {
			path = name
		}
		return nil
	})
	if path == "" {
		t.Fatal("no socket")
	}
	return path
}

// Another process of the same user finds the socket. Without the host's key it learns nothing, keeps
// nobody waiting, and what it leaves open delays no stop.
func TestAnIntruderAtThePluginsSocketGetsNothing(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"serve", "stock"} {
		dir := mkdirTemp(t)
		p := open(t, role, func(o *host.Options) { o.SocketDir = dir })
		path := socketOf(t, dir)
		own, err := rpc.NewCertificate()
		if err != nil {
			t.Fatal(err)
		}
		blind := own.ClientConfig()
		blind.InsecureSkipVerify = true // an intruder does not mind whom it talks to
		without := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
		for name, opt := range map[string]grpc.DialOption{
			"plain text": grpc.WithTransportCredentials(insecure.NewCredentials()),
			"own key":    grpc.WithTransportCredentials(rpc.Credentials(blind)),
			"no key":     grpc.WithTransportCredentials(rpc.Credentials(without)),
		} {
			conn, err := grpc.NewClient("unix:"+path, opt)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := (&rpc.Plugin{}).GRPCClient(t.Context(), nil, conn)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if d, err := raw.(shared.Recognizer).Describe(ctx); err == nil || !errors.Is(err, shared.CodePluginUnavailable) {
				t.Errorf("%s, %s: %v, %v", role, name, d, err)
			}
			cancel()
			_ = conn.Close()
		}
		var silent []net.Conn // which say nothing at all
		for range 20 {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			silent = append(silent, conn)
		}
		if _, err := p.Recognize(bounded(t), picture("")); err != nil {
			t.Error(role, err)
		}
		start := time.Now()
		if err := p.Close(context.Background()); err != nil {
			t.Error(role, err)
		}
		if took := time.Since(start); role == "serve" && took > time.Second {
			t.Error("the stop waited for an intruder:", took)
		}
		for _, conn := range silent {
			_ = conn.Close()
		}
	}
}

func TestAMissingTemporaryFolderIsGoneAround(t *testing.T) {
	t.Setenv("TMPDIR", "/no/such/folder")
	p, err := tryOpen(t, "serve", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Recognize(bounded(t), picture("")); err != nil {
		t.Error(err)
	}
	_ = p.Close(context.Background())
}

package fetch_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestAReferencePrintsWithoutItsAddress(t *testing.T) {
	t.Parallel()
	r := fetch.Reference{URI: "file:///" + canary, SHA256: sum(picture)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		for _, v := range []any{r, &r, []fetch.Reference{r}, struct{ R fetch.Reference }{r}} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
}

func TestAReferenceWithAPasswordIsRefused(t *testing.T) {
	t.Parallel()
	f := fetch.ByScheme{"https": fetch.NewHTTPS(fetch.HTTPS{Hosts: []string{"example.com"}})}
	for _, uri := range []string{"https://user:" + canary + "@example.com/x", "https://" + canary + "@example.com/x", "https:example.com/" + canary} {
		_, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: uri, SHA256: sum(picture)})
		wants(t, uri, err, shared.CodeURLInvalid, false)
	}
}

func TestANamedPipeDoesNotHoldTheWorker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, canary), 0o600); err != nil {
		t.Skip(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := fetch.Files{Roots: []string{dir}}.Fetch(t.Context(), &url.URL{Scheme: "file", Path: filepath.Join(dir, canary)}, 100)
		ended <- err
	}()
	select {
	case err := <-ended:
		wants(t, "a named pipe", err, shared.CodePictureUnreadable, false)
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for the writer of the pipe")
	}
}

// TestNoNameLeadsToTheCredentialsOfAMachine dials literal addresses, which is what a name that was bound
// anew would lead to: what counts is the address at the moment of dialling.
func TestNoNameLeadsToTheCredentialsOfAMachine(t *testing.T) {
	t.Parallel()
	for _, host := range []string{
		"169.254.169.254", "100.100.100.200", "[fe80::1]", "[fd00:ec2::254]", "[fd20:ce::254]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
		"[2002:a9fe:a9fe::1]", "0.0.0.0", "[::]", "255.255.255.255", "224.0.0.1",
	} {
		name := strings.Trim(host, "[]")
		for kind, c := range map[string]fetch.HTTPS{"public": {Hosts: []string{name}}, "private": {PrivateHosts: []string{name}}} {
			f := fetch.ByScheme{"https": fetch.NewHTTPS(c)}
			_, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: "https://" + host + "/latest/" + canary, SHA256: sum(picture)})
			wants(t, kind+" "+host, err, shared.CodeURLRefused, false)
		}
	}
	for _, host := range []string{"127.0.0.1", "10.0.0.1", "192.168.1.1", "[::1]", "[fc00::1]", "2130706433", "0x7f.1", "127.1"} {
		f := fetch.ByScheme{"https": fetch.NewHTTPS(fetch.HTTPS{Hosts: []string{strings.Trim(host, "[]")}})}
		_, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: "https://" + host + "/" + canary, SHA256: sum(picture)})
		if !errors.Is(err, shared.CodeURLRefused) && !errors.Is(err, shared.CodeURLFailed) { // not resolved as a name: nothing is dialled
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestAPublicHostChoosesNothingInside: whoever has a public host, or its redirects, must not send the
// worker to a private one, nor out of TLS.
func TestAPublicHostChoosesNothingInside(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the private host was asked") }))
	defer inside.Close()
	to := ""
	// The proxy stands for the public internet: it answers for every public host.
	proxied := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied++
		if r.Method != http.MethodConnect {
			t.Errorf("%s through the proxy", r.Method)
			return
		}
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 200 OK\r\n\r\n")
		_ = rw.Flush()
		serveTLS(t, conn, rw.Reader, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/good" {
				_, _ = w.Write([]byte(picture))
				return
			}
			http.Redirect(w, r, to, http.StatusFound)
		})
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := fetch.ByScheme{}
	f["https"] = fetch.NewHTTPS(fetch.HTTPS{Hosts: []string{"example.com"}, PrivateHosts: []string{"127.0.0.1"}, Proxy: at, RootCAs: authority.pool})
	f["http"] = f["https"]
	ask := func(uri string) error {
		_, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: uri, SHA256: sum(picture)})
		return err
	}
	if err := ask("https://example.com/good"); err != nil || proxied != 1 {
		t.Errorf("through the proxy: %v, asked %d times", err, proxied)
	}
	for _, to = range []string{inside.URL + "/" + canary, "http://example.com/good", "https://u:p@example.com/good", "file:///etc/passwd", "https://127.0.0.1/" + canary} {
		wants(t, "to "+to, ask("https://example.com/away"), shared.CodeURLRefused, false)
	}
	// A host that is not listed does not reach the proxy.
	before := proxied
	wants(t, "unlisted", ask("https://example.org/"+canary), shared.CodeURLRefused, false)
	if proxied != before {
		t.Error("the proxy was asked for a host that is not listed")
	}
}

func TestAPrivateHostIsDialledWithoutTheProxy(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(picture)) }))
	defer s.Close()
	f := fetch.ByScheme{"http": fetch.NewHTTPS(fetch.HTTPS{PrivateHosts: []string{"127.0.0.1"}, Proxy: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}})}
	if _, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: s.URL, SHA256: sum(picture)}); err != nil {
		t.Error(err)
	}
}

func TestAStoreOfOnesOwnIsTrustedByItsOwnAuthority(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{TLSConfig: authority.config, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		w.Header().Set("ETag", `"x"`)
		_, _ = w.Write([]byte(picture))
	})}
	go func() { _ = s.ServeTLS(l, "", "") }()
	defer s.Close()
	c := fetch.S3{Endpoint: "https://" + l.Addr().String(), PathStyle: true, Region: "cn-north-1", Buckets: []string{"cards"}, Credentials: credentials.NewStaticV4("id", "secret", "")}
	ask := func() error {
		f, err := fetch.NewS3(c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = fetch.Checked(t.Context(), f, fetch.Reference{URI: "s3://cards/x", SHA256: sum(picture)})
		return err
	}
	wants(t, "an unknown authority", ask(), shared.CodeURLFailed, true)
	c.RootCAs = authority.pool
	if err := ask(); err != nil {
		t.Error(err)
	}
	c.Proxy = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	wants(t, "a proxy that is not there", ask(), shared.CodeURLFailed, true)
}

// buffered is a connection of which some was read already.
type buffered struct {
	net.Conn

	r *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.r.Read(p) }

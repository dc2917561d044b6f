package fetch_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const picture = "a picture"

func sum(s string) string {
	d := sha256.Sum256([]byte(s))
	return hex.EncodeToString(d[:])
}

// canary stands in every address and must stand in no error.
const canary = "zhangsan"

func wants(t *testing.T, what string, err error, code shared.Code, temporary bool) {
	t.Helper()
	if !errors.Is(err, code) || errors.Is(err, fetch.ErrTemporary) != temporary {
		t.Errorf("%s: %v, temporary %v", what, err, errors.Is(err, fetch.ErrTemporary))
	}
	var e *shared.Error
	if !errors.As(err, &e) || e.Outcome != shared.OutcomeNotSent || strings.Contains(err.Error(), canary) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestAPictureIsComparedWithItsReference(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	at := file(canary+".jpg", picture)
	huge := filepath.Join(dir, canary+"-huge")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 1<<30); err != nil {
		t.Fatal(err)
	}
	f := fetch.ByScheme{"file": fetch.Files{Roots: []string{dir}}}
	got, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: at, SHA256: sum(picture), Size: int64(len(picture))})
	if err != nil || string(got) != picture {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		r    fetch.Reference
		code shared.Code
	}{
		"another digest":   {fetch.Reference{URI: at, SHA256: sum("x")}, shared.CodePictureChanged},
		"another size":     {fetch.Reference{URI: at, SHA256: sum(picture), Size: 3}, shared.CodePictureChanged},
		"larger":           {fetch.Reference{URI: at, SHA256: sum(picture), Size: 30}, shared.CodePictureChanged},
		"no digest":        {fetch.Reference{URI: at}, shared.CodeInvalidRequest},
		"no URI":           {fetch.Reference{URI: canary, SHA256: sum(picture)}, shared.CodeURLInvalid},
		"unknown scheme":   {fetch.Reference{URI: "ftp://" + canary, SHA256: sum(picture)}, shared.CodeURLRefused},
		"gone":             {fetch.Reference{URI: at + "x", SHA256: sum(picture)}, shared.CodePictureUnreadable},
		"a folder":         {fetch.Reference{URI: "file://" + dir, SHA256: sum(picture)}, shared.CodePictureUnreadable},
		"a gigabyte":       {fetch.Reference{URI: "file://" + huge, SHA256: sum(picture)}, shared.CodeMessageTooLarge},
		"said a gigabyte":  {fetch.Reference{URI: at, SHA256: sum(picture), Size: 1 << 30}, shared.CodeMessageTooLarge},
		"another machine":  {fetch.Reference{URI: "file://host" + dir + "/" + canary, SHA256: sum(picture)}, shared.CodeURLInvalid},
		"outside":          {fetch.Reference{URI: "file:///etc/passwd", SHA256: sum(picture)}, shared.CodeURLRefused},
		"outside, by dots": {fetch.Reference{URI: "file://" + dir + "/../" + canary, SHA256: sum(picture)}, shared.CodeURLRefused},
	} {
		_, err := fetch.Checked(t.Context(), f, c.r)
		wants(t, what, err, c.code, false)
	}
}

func TestNoLinkLeadsOutOfTheFolders(t *testing.T) {
	t.Parallel()
	out, in := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "secret"), []byte(picture), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(out, "secret"), filepath.Join(in, "link")); err != nil {
		t.Fatal(err)
	}
	f := fetch.Files{Roots: []string{in}}
	if _, err := f.Fetch(t.Context(), &url.URL{Scheme: "file", Path: filepath.Join(in, "link")}, 100); err == nil {
		t.Error("it was read")
	}
}

func TestAnAliasStandsForAPlace(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	inbox := filepath.Join(root, "inbox")
	if err := os.Mkdir(inbox, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{inbox, root} { // what lies beside the place is allowed too, but not by the alias
		if err := os.WriteFile(filepath.Join(dir, sum(picture)), []byte(picture), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "beside"), []byte(picture), 0o600); err != nil {
		t.Fatal(err)
	}
	files := fetch.ByScheme{"file": fetch.Files{Roots: []string{root}}}
	f := fetch.ByScheme{"alias": fetch.Alias{Of: map[string]string{"inbox": "file://" + inbox}, To: files}}
	if got, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: "alias://inbox/" + sum(picture), SHA256: sum(picture)}); err != nil || string(got) != picture {
		t.Error(err)
	}
	for uri, code := range map[string]shared.Code{
		"alias://other/x": shared.CodeURLRefused, "alias://inbox/../../etc/passwd": shared.CodePictureUnreadable,
		"alias://inbox/../beside": shared.CodePictureUnreadable, "alias://inbox/%2e%2e/beside": shared.CodePictureUnreadable,
	} {
		_, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: uri, SHA256: sum(picture)})
		if !errors.Is(err, code) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func server(t *testing.T) *url.URL {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/good/"+canary, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(picture)) })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for b := make([]byte, 1<<20); r.Context().Err() == nil; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/gigabyte", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1073741824") })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/"+canary, http.StatusFound)
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://example.com/"+canary, http.StatusFound)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestServersAreReachedOnlyWhereTheListsAllow(t *testing.T) {
	u := server(t)
	defer http.DefaultClient.CloseIdleConnections()
	private := fetch.ByScheme{}
	private["http"] = fetch.NewHTTPS(fetch.HTTPS{PrivateHosts: []string{"127.0.0.1"}, Hosts: []string{"169.254.169.254", "localhost"}})
	private["https"] = private["http"]
	ask := func(f fetch.Fetcher, uri string) ([]byte, error) {
		return fetch.Checked(t.Context(), f, fetch.Reference{URI: uri, SHA256: sum(picture)})
	}
	if got, err := ask(private, u.String()+"/good/"+canary); err != nil || string(got) != picture {
		t.Error(err)
	}
	for what, c := range map[string]struct {
		uri       string
		code      shared.Code
		temporary bool
	}{
		"404":                                   {u.String() + "/none/" + canary, shared.CodeURLFailed, false},
		"503":                                   {u.String() + "/busy", shared.CodeURLFailed, true},
		"endless":                               {u.String() + "/endless", shared.CodeMessageTooLarge, false},
		"a gigabyte":                            {u.String() + "/gigabyte", shared.CodeMessageTooLarge, false},
		"redirect to metadata":                  {u.String() + "/away", shared.CodeURLRefused, false},
		"redirect to a host that is not listed": {u.String() + "/elsewhere", shared.CodeURLRefused, false},
		"metadata":                              {"https://169.254.169.254/latest", shared.CodeURLRefused, false},
		"private behind a name":                 {"https://localhost/" + canary, shared.CodeURLRefused, false},
		"plain http":                            {"http://localhost:" + u.Port() + "/good", shared.CodeURLRefused, false},
		"unlisted":                              {"https://example.com/" + canary, shared.CodeURLRefused, false},
		"nobody there":                          {"http://127.0.0.1:1/" + canary, shared.CodeURLFailed, true},
	} {
		_, err := ask(private, c.uri)
		wants(t, what, err, c.code, c.temporary)
	}
}

func TestAStoreIsAskedByVirtualHostOrPath(t *testing.T) {
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Host+r.URL.Path)
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		switch r.URL.Path {
		case "/2026/card.jpg", "/cards/2026/card.jpg":
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			w.Header().Set("ETag", `"x"`)
			_, _ = w.Write([]byte(picture))
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`<Error><Code>NoSuchKey</Code></Error>`))
		}
	}))
	defer s.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}}
	defer transport.CloseIdleConnections()
	c := fetch.S3{Endpoint: "http://s3.example.com", Insecure: true, Region: "cn-north-1", Buckets: []string{"cards"},
		Credentials: credentials.NewStaticV4("id", "secret", ""), Transport: transport}
	for host, style := range map[string]bool{"cards.s3.example.com/2026/card.jpg": false, "s3.example.com/cards/2026/card.jpg": true} {
		asked = nil
		c.PathStyle = style
		f, err := fetch.NewS3(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: "s3://cards/2026/card.jpg", SHA256: sum(picture)})
		if err != nil || string(got) != picture || len(asked) != 1 || asked[0] != host {
			t.Error(asked, err)
		}
	}
	c.PathStyle = false
	f, err := fetch.NewS3(c)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(uri string) error {
		_, err := fetch.Checked(t.Context(), f, fetch.Reference{URI: uri, SHA256: sum(picture)})
		return err
	}
	wants(t, "404", ask("s3://cards/"+canary), shared.CodeURLFailed, false)
	wants(t, "500", ask("s3://cards/broken"), shared.CodeURLFailed, true)
	wants(t, "another bucket", ask("s3://"+canary+"/x"), shared.CodeURLRefused, false)
	for _, endpoint := range []string{"", "s3.example.com", "http://s3.example.com", "https://s3.example.com/path"} {
		if _, err := fetch.NewS3(fetch.S3{Endpoint: endpoint}); !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

package layers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// pictures is a server of pictures on this machine; its host is name, which must be allowed.
func pictures(t *testing.T) (address string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/picture", func(w http.ResponseWriter, r *http.Request) {
		if r.Referer() != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("the request carries %v", r.Header)
		}
		_, _ = w.Write([]byte("picture"))
	})
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(maxSourceBytes+1))
		w.WriteHeader(http.StatusOK)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		chunk := bytes.Repeat([]byte{1}, 1<<20)
		for range maxSourceBytes>>20 + 2 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte("half"))
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func fetch(t *testing.T, ctx context.Context, f *fetcher, address string) ([]byte, *shared.Error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.fetch(ctx, u, anyMuch)
	if err == nil {
		return data, nil
	}
	e := shared.ErrorOf(err, "", "")
	if e.Outcome != shared.OutcomeNotSent || strings.Contains(e.Error(), u.Host) || strings.Contains(e.Error(), "张") || strings.Contains(e.Error(), "127.") {
		t.Errorf("the error says %v", e)
	}
	return nil, e
}

func TestFetchedPictures(t *testing.T) {
	t.Parallel()
	srv := pictures(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(srv, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	named := "http://localhost:" + port // resolves to this machine
	private := newFetcher(nil, []string{"127.0.0.1"})
	for name, c := range map[string]struct {
		fetcher *fetcher
		address string
		code    shared.Code
	}{
		"allowed":                      {private, srv + "/picture?x=张", ""},
		"redirected to itself":         {private, srv + "/to?u=/picture", ""},
		"no host is allowed":           {newFetcher(nil, nil), srv + "/picture", shared.CodeURLRefused},
		"another host is allowed":      {newFetcher([]string{"pictures.example"}, nil), srv + "/picture", shared.CodeURLRefused},
		"every public host is allowed": {newFetcher([]string{"*"}, nil), srv + "/picture", shared.CodeURLRefused},
		"a name for this machine":      {newFetcher([]string{"*"}, []string{"127.0.0.1"}), named + "/picture", shared.CodeURLRefused},
		"its name is on the list":      {newFetcher([]string{"localhost"}, nil), named + "/picture", shared.CodeURLRefused},
		"its name may be private":      {newFetcher(nil, []string{"localhost"}), named + "/picture", ""},
		"written in capitals":          {newFetcher(nil, []string{"localhost"}), strings.Replace(named, "localhost", "LOCALHOST", 1) + "/picture", ""},
		"redirected to a private name": {newFetcher([]string{"*"}, []string{"127.0.0.1"}), srv + "/to?u=" + url.QueryEscape(named+"/picture"), shared.CodeURLRefused},
		"redirected to other host":     {private, srv + "/to?u=http://pictures.example/a", shared.CodeURLRefused},
		"redirected to a file":         {private, srv + "/to?u=file:///etc/passwd", shared.CodeURLRefused},
		"redirected for ever":          {private, srv + "/loop", shared.CodeURLFailed},
		"not there":                    {private, srv + "/none", shared.CodeURLFailed},
		"too large":                    {private, srv + "/huge", shared.CodePictureTooLarge},
		"cut short":                    {private, srv + "/cut", shared.CodeURLFailed},
		"cloud credentials":            {newFetcher(nil, []string{"169.254.169.254"}), "http://169.254.169.254/latest", shared.CodeURLRefused},
		"carrier-grade private":        {newFetcher([]string{"*"}, nil), "http://100.100.100.200/", shared.CodeURLRefused},
		"private":                      {newFetcher([]string{"*"}, nil), "http://192.168.1.1/", shared.CodeURLRefused},
		"private in IPv6":              {newFetcher([]string{"*"}, nil), "http://[fd00::1]/", shared.CodeURLRefused},
		"loopback in IPv6":             {newFetcher([]string{"*"}, nil), "http://[::1]/", shared.CodeURLRefused},
		"loopback mapped to IPv6":      {newFetcher([]string{"*"}, nil), "http://[::ffff:127.0.0.1]:" + port + "/picture", shared.CodeURLRefused},
		"loopback as a number":         {newFetcher([]string{"*"}, nil), "http://0.0.0.0:" + port + "/picture", shared.CodeURLRefused},
		"link-local":                   {newFetcher([]string{"*"}, []string{"169.254.1.1"}), "http://169.254.1.1/", shared.CodeURLRefused},
		"nobody listens":               {private, "http://127.0.0.1:1/", shared.CodeURLFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, e := fetch(t, t.Context(), c.fetcher, c.address)
			switch {
			case c.code == "" && (e != nil || string(data) != "picture"):
				t.Errorf("got %q, %v", data, e)
			case c.code != "" && (e == nil || e.Code != c.code):
				t.Errorf("got %q, %v; want %s", data, e, c.code)
			}
		})
	}
}

func TestDownloadIsBounded(t *testing.T) {
	t.Parallel()
	srv := pictures(t)
	f := newFetcher(nil, []string{"127.0.0.1"})
	if _, e := fetch(t, t.Context(), f, srv+"/endless"); e == nil || e.Code != shared.CodePictureTooLarge {
		t.Errorf("a download without an end: %v", e)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, e := fetch(t, ctx, f, srv+"/slow"); e == nil || e.Code != shared.CodeDeadlineExceeded {
		t.Errorf("a caller that gave up: %v", e)
	}
	f.client.Timeout = 20 * time.Millisecond
	if _, e := fetch(t, t.Context(), f, srv+"/slow"); e == nil || e.Code != shared.CodeURLFailed {
		t.Errorf("a server that does not answer: %v", e)
	}
}

func TestPictureByAddressIsThePictureItself(t *testing.T) {
	t.Parallel()
	srv := pictures(t)
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick("url_private_hosts", "127.0.0.1"))
	read(t, s, request("picture"))
	req := &shared.Request{Image: shared.Image{URL: srv + "/picture"}, SHA256: digest("picture")}
	if res := read(t, s, req); res.AnsweredBy != shared.AnsweredLedger || codes(res.Findings)[shared.FindingURLByVendor] != 0 {
		t.Errorf("got %v with %v", res, res.Findings)
	}
	req.SHA256 = digest("other")
	fail(t, s, req, shared.CodePictureChanged, shared.OutcomeNotSent)
	v.want(t, 1, 1)
}

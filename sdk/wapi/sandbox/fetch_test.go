package sandbox

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestPictureIsFetchedFromLoopback(t *testing.T) {
	t.Parallel()
	picture := testPNG(30, 30, 7)
	mux := http.NewServeMux()
	mux.HandleFunc("/card.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture) })
	mux.HandleFunc("/gone", http.NotFound)
	mux.HandleFunc("/empty", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5000)) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/card.png", http.StatusFound)
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	s := newTestServer(t, func(c *Config) { c.Guesses.PictureLimit = 4000 })
	for path, want := range map[string]struct {
		code int
		text string
	}{
		"/card.png": {10000, "成功"},
		"/gone":     {10019, "下载失败"},
		"/empty":    {10019, "下载失败"},
		"/large":    {10019, "过大"},
		"/away":     {10019, "fetch=any"},
	} {
		a := ask(t, s, post(DefaultPath, testForm("url_image", web.URL+path)))
		wantCode(t, a, want.code)
		if !strings.Contains(a.Message, want.text) {
			t.Errorf("%s: %s", path, a.Message)
		}
	}
	st := s.State().Apps[testID]
	if d := hexDigest(picture); st.Pictures[d] != 1 || st.PicturesRequested[d] != 1 {
		t.Errorf("%v %v", st.Pictures, st.PicturesRequested)
	}
	for _, far := range []string{"http://192.0.2.1/", "HTTPS://198.51.100.1/x", "http://[2001:db8::1]/"} {
		a := ask(t, s, post(DefaultPath, testForm("url_image", far)))
		wantCode(t, a, 10019)
		if !strings.Contains(a.Message, "fetch=any") {
			t.Errorf("%s: %s", far, a.Message)
		}
	}
}

func TestFetchedPictureIsHeldToTheByte(t *testing.T) {
	t.Parallel()
	picture := testPNG(30, 30, 7)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture) }))
	t.Cleanup(web.Close)
	n := base64.StdEncoding.EncodedLen(len(picture))
	for limit, code := range map[int]int{n: 10000, n - 1: 10019} {
		s := newTestServer(t, func(c *Config) { c.Guesses.PictureLimit = limit })
		wantCode(t, ask(t, s, post(DefaultPath, testForm("url_image", web.URL))), code)
	}
}

func TestAddressOfAPictureHasAtMost1024Bytes(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(testPNG(30, 30, 7)) }))
	t.Cleanup(web.Close)
	s := newTestServer(t, nil)
	for n, code := range map[int]int{1024: 10000, 1025: 10019} {
		address := web.URL + "/?" + strings.Repeat("a", n-len(web.URL)-2)
		wantCode(t, ask(t, s, post(DefaultPath, testForm("url_image", address))), code)
	}
}

func TestRefusedFetchesDoNotRepeatTheAddress(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	u := url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/personal"}
	if a := ask(t, s, post(DefaultPath, testForm("url_image", u.String()))); strings.Contains(a.Message, "personal") || a.Code != "10019" {
		t.Errorf("%s %s", a.Code, a.Message)
	}
}

package sandbox

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

const (
	testID     = "1"
	testSecret = "0123456789abcdef0123456789abcdef"
)

// testNow is the vendor's time in every test that does not set its own.
var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fakeEngine reads every picture as read says; by default as the emblem side of an invented card.
type fakeEngine struct {
	name string
	read func(context.Context, *shared.Request) (*shared.Result, error)
}

func (e *fakeEngine) Describe(context.Context) (*shared.Description, error) {
	name := e.name
	if name == "" {
		name = "fake"
	}
	return &shared.Description{Name: name, Title: "an engine for tests"}, nil
}

func (e *fakeEngine) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if e.read != nil {
		return e.read(ctx, req)
	}
	return emblemResult(), nil
}

func fields(pairs ...string) map[shared.FieldName]shared.Field {
	m := map[shared.FieldName]shared.Field{}
	for i := 0; i < len(pairs); i += 2 {
		m[shared.FieldName(pairs[i])] = shared.Field{Raw: pairs[i+1], Value: pairs[i+1], State: shared.FieldPresent}
	}
	return m
}

func emblemResult() *shared.Result {
	return &shared.Result{Status: shared.StatusNormal, Side: shared.SideEmblem,
		Fields: fields("authority", "样本市公安局", "valid_from", "2017-03-13", "valid_until", "2037-03-13")}
}

func newTestServer(t testing.TB, change func(*Config)) *Server {
	t.Helper()
	cfg := Config{Engine: &fakeEngine{}, Apps: []App{NewApp(testID, testSecret)}, Clock: func() time.Time { return testNow }}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// testSign signs by the page's words, in the plainest way.
func testSign(v url.Values, secret string) string {
	var names []string
	for n := range v {
		if n != "sign" && v.Get(n) != "" {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	var b strings.Builder
	for _, n := range names {
		b.WriteString(n + v.Get(n))
	}
	sum := md5.Sum([]byte(b.String() + secret))
	return hex.EncodeToString(sum[:])
}

// testForm is a request that is accepted, changed by pairs (an empty value takes the name away) and then
// signed.
func testForm(pairs ...string) url.Values {
	v := url.Values{"appid": {testID}, "time": {fmt.Sprint(testNow.Unix())}, "url_image": {base64.StdEncoding.EncodeToString(testPNG(20, 20, 1))}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	v.Set("sign", testSign(v, testSecret))
	return v
}

func testPNG(w, h int, seed byte) []byte {
	img := image.NewGray(image.Rect(0, 0, w, h))
	img.Set(0, 0, color.Gray{Y: seed})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func hexDigest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func post(path string, v url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	r.RemoteAddr = "127.0.0.1:40000"
	return r
}

// answer is a JSON answer, read loosely.
type answer struct {
	Code    json.Number
	Message string
	Time    string
	All     map[string]any
	Retdata map[string]any
}

func serve(s *Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func ask(t testing.TB, s *Server, r *http.Request) answer {
	t.Helper()
	w := serve(s, r)
	if w.Code != http.StatusOK {
		t.Fatalf("HTTP status %d", w.Code)
	}
	return readAnswer(t, w.Body.Bytes())
}

func readAnswer(t testing.TB, body []byte) answer {
	t.Helper()
	var a answer
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&a.All); err != nil {
		t.Fatalf("the answer is no JSON: %v\n%s", err, body)
	}
	switch c := a.All["codeid"].(type) {
	case json.Number:
		a.Code = c
	case string:
		a.Code = json.Number(c)
	default:
		t.Fatalf("no codeid in %s", body)
	}
	a.Message, _ = a.All["message"].(string)
	a.Time, _ = a.All["time"].(string)
	a.Retdata, _ = a.All["retdata"].(map[string]any)
	return a
}

func wantCode(t testing.TB, a answer, code int) {
	t.Helper()
	if a.Code.String() != fmt.Sprint(code) {
		t.Fatalf("code %s (%s), want %d", a.Code, a.Message, code)
	}
}

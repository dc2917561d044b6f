package wapi

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/shared"
)

// The benchmarks compare this client with the named alternative in the same run, each round doing both
// in turn, so that the ratio holds on a busy machine too.

// benchPicture is as large as the vendor takes: 2.8 MB of bytes like those of a JPEG.
func benchPicture() []byte {
	b := make([]byte, 2_800_000)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b)
	return b
}

// pieces keeps the best time of each piece of some work over many rounds: on a machine that does other
// things too, a whole round is hardly ever undisturbed, while most of its pieces are.
type pieces struct {
	best  []time.Duration
	i     int
	total time.Duration
}

func (p *pieces) time(f func()) {
	began := time.Now()
	f()
	took := time.Since(began)
	if p.i == len(p.best) {
		p.best = append(p.best, took)
	}
	p.best[p.i] = min(p.best[p.i], took)
	p.i++
	p.total += took
}

func (p *pieces) sum() (sum time.Duration) {
	for _, d := range p.best {
		sum += d
	}
	return sum
}

// byBest weighs work on the processor alone: the best time of each piece. byTotal weighs whole exchanges:
// all of the time, that for the garbage left behind included.
func byBest(p *pieces) time.Duration  { return p.sum() }
func byTotal(p *pieces) time.Duration { return p.total }

// compare runs ours and theirs in turn and reports the ratio of their times.
func compare(b *testing.B, by func(*pieces) time.Duration, ours, theirs func(*pieces)) {
	var o, t pieces
	for b.Loop() {
		o.i, t.i = 0, 0
		ours(&o)
		theirs(&t)
	}
	b.ReportMetric(float64(by(&o))/float64(by(&t)), "ratio")
	b.ReportMetric(float64(o.sum().Microseconds()), "ours-best-µs")
	b.ReportMetric(float64(t.sum().Microseconds()), "theirs-best-µs")
	b.ReportMetric(0, "ns/op")
}

func benchClient(tb testing.TB, url string, transport http.RoundTripper) *Client {
	g, err := gate.New(math.Inf(1), 1, 64)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := New(Config{BaseURL: url, AppID: testAppID, Secret: shared.NewSecret(testSecret), Gate: g, Transport: transport})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// prepareForm makes and drains one signed form, as a request does.
func prepareForm(tb testing.TB, c *Client, picture []byte, buf []byte, p *pieces) {
	var x *exchange
	var body *formBody
	p.time(func() {
		var err error
		x, err = c.prepare(context.Background(), Call{Picture: shared.Image{Bytes: picture}, PictureParam: ParamImage})
		if err != nil {
			tb.Fatal(err)
		}
		body = x.form.body(time.Unix(1700000000, 0))
	})
	var n int64
	for err := error(nil); err == nil; {
		p.time(func() {
			var m int
			m, err = body.Read(buf)
			n += int64(m)
		})
		if err != nil && !errors.Is(err, io.EOF) {
			tb.Fatal(err)
		}
	}
	_ = body.Close()
	x.close()
	if n != body.length {
		tb.Fatalf("the body has %d bytes, %d were announced", n, body.length)
	}
}

// BenchmarkForm prepares one signed form, against one MD5 of the base64 text and one copy of the body:
// what no way of preparing it can do without.
func BenchmarkForm(b *testing.B) {
	picture := benchPicture()
	c := benchClient(b, "https://vendor.test/p", nil)
	buf := make([]byte, 32<<10)
	text := []byte(base64.StdEncoding.EncodeToString(picture))
	body := []byte(url.QueryEscape(string(text)))
	out := make([]byte, len(body))
	compare(b, byBest,
		func(p *pieces) { prepareForm(b, c, picture, buf, p) },
		func(p *pieces) {
			h := md5.New()
			for part := range slices.Chunk(text, len(buf)) {
				p.time(func() { _, _ = h.Write(part) })
			}
			for off := 0; off < len(body); off += len(buf) {
				p.time(func() { copy(out[off:], body[off:min(off+len(buf), len(body))]) })
			}
		})
}

// BenchmarkFormAllocations counts what one form takes from the heap.
func BenchmarkFormAllocations(b *testing.B) {
	picture, c, buf := benchPicture(), benchClient(b, "https://vendor.test/p", nil), make([]byte, 32<<10)
	b.ReportAllocs()
	for b.Loop() {
		drainForm(b, c, picture, buf)
	}
}

func TestFormTakesLittleMemory(t *testing.T) {
	picture, c, buf := benchPicture(), benchClient(t, "https://vendor.test/p", nil), make([]byte, 32<<10)
	drainForm(t, c, picture, buf)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const rounds = 5
	if n := testing.AllocsPerRun(rounds, func() { drainForm(t, c, picture, buf) }); n > 10 {
		t.Errorf("%v allocations a form, want at most 10", n)
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / (rounds + 1); n > 64<<10 {
		t.Errorf("%d bytes a form, want at most 64 KiB", n)
	}
}

// drainForm is prepareForm without a clock.
func drainForm(tb testing.TB, c *Client, picture, buf []byte) {
	x, err := c.prepare(context.Background(), Call{Picture: shared.Image{Bytes: picture}, PictureParam: ParamImage})
	if err != nil {
		tb.Fatal(err)
	}
	body := x.form.body(time.Unix(1700000000, 0))
	for err == nil {
		_, err = body.Read(buf)
	}
	if !errors.Is(err, io.EOF) {
		tb.Fatal(err)
	}
	_ = body.Close()
	x.close()
}

func benchServer(b *testing.B) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"codeid":10000,"retdata":{"image_status":"normal"}}`)
	}))
	b.Cleanup(s.Close)
	return s
}

// sample posts a picture the way of the vendor's samples: everything built in memory, as strings.
func sample(b *testing.B, client *http.Client, address string, picture []byte) {
	params := map[string]string{
		"appid": testAppID, "format": "json", "time": "1700000000",
		"url_image": base64.StdEncoding.EncodeToString(picture),
	}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	sort.Strings(names)
	text := ""
	for _, name := range names {
		text += name + params[name]
	}
	sum := md5.Sum([]byte(text + testSecret))
	form := url.Values{"sign": {hex.EncodeToString(sum[:])}}
	for name, value := range params {
		form.Set(name, value)
	}
	resp, err := client.Post(address, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

// BenchmarkPost makes the whole signed call to a loopback server, against the way of the vendor's
// samples.
func BenchmarkPost(b *testing.B) {
	picture := benchPicture()
	s := benchServer(b)
	c := benchClient(b, s.URL, nil)
	defer c.Close()
	compare(b, byTotal,
		func(p *pieces) {
			p.time(func() {
				if _, err := c.Call(context.Background(), Call{Picture: shared.Image{Bytes: picture}, PictureParam: ParamImage}); err != nil {
					b.Fatal(err)
				}
			})
		},
		func(p *pieces) { p.time(func() { sample(b, s.Client(), s.URL, picture) }) })
}

// readyTransport sends a ready body in place of the one that it is given: what is left is the cost of
// the attempts' machinery.
type readyTransport struct {
	next http.RoundTripper
	body []byte
}

func (t *readyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(t.body)), int64(len(t.body))
	return t.next.RoundTrip(r)
}

// BenchmarkRetryLayer makes a call with a ready body through the machinery of attempts, against
// net/http alone with the same body.
func BenchmarkRetryLayer(b *testing.B) {
	body := []byte("url_image=" + url.QueryEscape(base64.StdEncoding.EncodeToString(benchPicture())))
	s := benchServer(b)
	transport := &readyTransport{next: s.Client().Transport, body: body}
	c := benchClient(b, s.URL, transport)
	plain := s.Client()
	compare(b, byTotal,
		func(p *pieces) {
			p.time(func() {
				if _, err := c.Call(context.Background(), Call{}); err != nil {
					b.Fatal(err)
				}
			})
		},
		func(p *pieces) {
			p.time(func() {
				resp, err := plain.Post(s.URL, "application/x-www-form-urlencoded", bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			})
		})
}

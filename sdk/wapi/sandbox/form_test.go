package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPairsAreReadAsNetURLReadsThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := url.Values{}
		for _, n := range rapid.SliceOfN(rapid.String(), 0, 6).Draw(t, "names") {
			if n != "" {
				v.Add(n, rapid.String().Draw(t, "value"))
			}
		}
		got := url.Values{}
		for _, p := range parsePairs([]byte(v.Encode())) {
			got.Add(p.name, string(p.value))
		}
		if got.Encode() != v.Encode() {
			t.Fatalf("%v, want %v", got, v)
		}
	})
}

func TestBrokenEscapesStandForThemselves(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"%": "%", "%4": "%4", "%zz": "%zz", "%4z": "%4z", "%z4": "%z4", "%41%4": "A%4", "a+b": "a b", "%2b": "+", "%2B": "+", "a=b": "a=b"} {
		if got := parsePairs([]byte("v=" + in)); len(got) != 1 || string(got[0].value) != want || got[0].raw != len(in) {
			t.Errorf("%q: %v, want %q", in, got, want)
		}
	}
	if got := parsePairs([]byte("&&=x&=&a")); len(got) != 1 || got[0].name != "a" {
		t.Errorf("%v", got)
	}
}

func TestNamesOfOneRequestAreBounded(t *testing.T) {
	t.Parallel()
	if n := len(parsePairs([]byte(strings.Repeat("a&", 5000)))); n != maxParams {
		t.Errorf("%d names", n)
	}
}

// cutBody gives the first bytes of a body and then the error of a broken connection.
type cutBody struct{ r io.Reader }

func (c cutBody) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestBodyCutAnywhereIsNeverBilled(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	v := testForm()
	sign := v.Get("sign")
	v.Del("sign")
	body := v.Encode() + "&sign=" + sign // sign last
	for n := range len(body) {
		r := httptest.NewRequest(http.MethodPost, DefaultPath, cutBody{strings.NewReader(body[:n])})
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a := ask(t, s, r)
		want := "10003" // inside the signature
		switch {
		case n <= len("appid="):
			want = "10001"
		case n <= len(body)-len(sign):
			want = "10002"
		}
		if a.Code.String() != want {
			t.Fatalf("cut at %d of %d: %s, want %s", n, len(body), a.Code, want)
		}
	}
	if n := s.State().Apps[testID].Billed; n != 0 {
		t.Errorf("billed %d", n)
	}
}

func TestUnescapedBase64IsAWrongSignature(t *testing.T) {
	t.Parallel()
	// As the vendor's Python sample sends it: + arrives as a space.
	s := newTestServer(t, nil)
	v := testForm("url_image", base64.StdEncoding.EncodeToString([]byte("\xFB\xEF\xBE")))
	body := fmt.Sprintf("appid=%s&time=%s&url_image=%s&sign=%s", v.Get("appid"), v.Get("time"), v.Get("url_image"), v.Get("sign"))
	r := httptest.NewRequest(http.MethodPost, DefaultPath, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	wantCode(t, ask(t, s, r), 10003)
}

func TestGetAndMultipartAreRead(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	wantCode(t, ask(t, s, httptest.NewRequest(http.MethodGet, DefaultPath+"?"+testForm().Encode(), nil)), 10000)
	wantCode(t, ask(t, s, httptest.NewRequest(http.MethodPut, DefaultPath+"?"+testForm().Encode(), nil)), 10001)
	wantCode(t, ask(t, s, httptest.NewRequest(http.MethodGet, DefaultPath+"/?"+testForm().Encode(), nil)), 10000)
	wantCode(t, ask(t, s, multipartRequest(testForm())), 10000)
}

func multipartRequest(v url.Values) *http.Request {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for n := range v {
		_ = w.WriteField(n, v.Get(n))
	}
	part, _ := w.CreateFormFile("file", "a.png")
	_, _ = part.Write([]byte("not looked at"))
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, DefaultPath, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// FuzzRequest holds that any bytes get a well-formed answer with a code of the table.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "application/x-www-form-urlencoded", "", testForm().Encode())
	f.Add("POST", "multipart/form-data; boundary=x", "", "--x\r\nContent-Disposition: form-data; name=appid\r\n\r\n1\r\n--x--")
	f.Add("GET", "", testForm("format", "xml").Encode(), "")
	f.Add("POST", "multipart/form-data", "a=%&%=b&&", "format=xml&time=%00\xff")
	f.Add("POST", "text/plain;;", "format=xml&appid=1&sign=1&time=<&", "\x00")
	s := newTestServer(f, nil)
	f.Fuzz(func(t *testing.T, method, contentType, query, body string) {
		r := httptest.NewRequest(http.MethodPost, DefaultPath, strings.NewReader(body))
		if method == http.MethodGet {
			r.Method = method
		}
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", contentType)
		w := serve(s, r)
		if w.Code != http.StatusOK {
			t.Fatalf("HTTP %d", w.Code)
		}
		var code string
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") {
			code = xmlCode(t, w.Body.Bytes())
		} else {
			code = readAnswer(t, w.Body.Bytes()).Code.String()
		}
		for _, c := range Codes() {
			if fmt.Sprint(c.Code) == code {
				return
			}
		}
		t.Fatalf("code %q is not of the table", code)
	})
}

func xmlCode(t testing.TB, body []byte) string {
	t.Helper()
	var root struct {
		Code string `xml:"codeid"`
	}
	if err := xml.Unmarshal(body, &root); err != nil {
		t.Fatalf("the answer is no XML: %v\n%s", err, body)
	}
	return root.Code
}

// BenchmarkForm reads forms of four million bytes, eight at once.
func BenchmarkForm(b *testing.B) {
	g, err := Guesses{}.complete()
	if err != nil {
		b.Fatal(err)
	}
	picture := make([]byte, 2_800_000)
	for i := range picture {
		picture[i] = byte(i * i >> 8)
	}
	body := []byte("appid=1&url_image=" + url.QueryEscape(base64.StdEncoding.EncodeToString(picture)) + "&sign=x")
	b.SetBytes(int64(len(body)))
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodPost, DefaultPath, bytes.NewReader(body))
			if f := readForm(r, &g); len(f.params) != 3 {
				b.Fail()
			}
		}
	})
}

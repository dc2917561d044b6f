package sandbox

import (
	"encoding/base64"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
)

// guessProbes show what each value of each guess does. A value that has no probe fails the test.
var guessProbes = []struct {
	guess, value string
	probe        func(t *testing.T, s *Server)
}{
	{"get", "accept", wantGet(10000)},
	{"get", "ignore", wantGet(10001)},
	{"post_query", "merge", wantSplit(10000)},
	{"post_query", "ignore", wantSplit(10015)},
	{"body_type", "any", wantMultipart(10000)},
	{"body_type", "form", wantMultipart(10001)},
	{"repeated", "last", wantRepeated("second")},
	{"repeated", "first", wantRepeated("first")},
	{"check_order", "api,sub_api,appid_given,sign_given,appid_known,sign,disabled,address,time_integer,time_window,included,nothing_ordered,ordered,term,suspended,parameters,format,side", func(t *testing.T, s *Server) {
		v := testForm("time", "noon")
		v.Set("sign", "wrong")
		wantCode(t, ask(t, s, post(DefaultPath, v)), 10003) // by default the time comes first
	}},
	{"parameters", "exact", wantCounts(10015, 10015, 10015)},
	{"parameters", "missing", wantCounts(10000, 10000, 10015)},
	{"parameters", "off", wantCounts(10000, 10000, 10019)},
	{"sign_case", "lower", wantUpperSign(10003)},
	{"sign_case", "any", wantUpperSign(10000)},
	{"window", "30", func(t *testing.T, s *Server) {
		wantCode(t, ask(t, s, post(DefaultPath, testForm("time", fmt.Sprint(testNow.Unix()-31)))), 10004)
		wantCode(t, ask(t, s, post(DefaultPath, testForm("time", fmt.Sprint(testNow.Unix()-30)))), 10000)
	}},
	{"window", "-1", func(t *testing.T, s *Server) { wantCode(t, ask(t, s, post(DefaultPath, testForm("time", "1"))), 10000) }},
	{"unknown_format", "json", wantForm(10000, "format", "yaml")},
	{"unknown_format", "refuse", wantForm(10019, "format", "yaml")},
	{"unknown_side", "refuse", wantForm(10019, "id_card_side", "inside")},
	{"unknown_side", "detect", wantForm(10000, "id_card_side", "inside")},
	{"picture_limit", "64", wantForm(10019)},
	{"oversize", "10019", wantOversize(http.StatusOK)},
	{"oversize", "413", wantOversize(http.StatusRequestEntityTooLarge)},
	{"base64", "strict", wantLooseBase64(10019)},
	{"base64", "tolerant", wantLooseBase64(10000)},
	{"undecodable", "non_idcard", wantStatus("non_idcard", []byte("no picture"))},
	{"undecodable", "unknown", wantStatus("unknown", []byte("no picture"))},
	{"undecodable", "refuse", wantForm(10019, "url_image", base64.StdEncoding.EncodeToString([]byte("no picture")))},
	{"pixel_limits", "refuse", wantForm(10019, "url_image", base64.StdEncoding.EncodeToString(testPNG(9, 9, 0)))},
	{"pixel_limits", "unknown", wantStatus("unknown", testPNG(9, 9, 0))},
	{"fetch", "loopback", func(t *testing.T, s *Server) { wantFetch(t, s, 10019) }},
	{"fetch", "any", func(t *testing.T, s *Server) { wantFetch(t, s, 10000) }},
	{"codeid", "number", wantText(`"codeid":10000,`)},
	{"codeid", "string", wantText(`"codeid":"10000",`)},
	{"number_type", "number", wantText(`"idcard_number_type":-1`)},
	{"number_type", "string", wantText(`"idcard_number_type":"-1"`)},
	{"answer_time", "request", wantText(fmt.Sprintf(`"time":"%d"`, testNow.Unix()-9))},
	{"answer_time", "server", wantText(fmt.Sprintf(`"time":"%d"`, testNow.Unix()))},
	{"fields", "inside", wantText(`"retdata":{"image_status":"normal","idcard_number_type":-1,"签发机关":"样本市公安局","签发日期":"20170313","失效日期":"20370313"}}`)},
	{"fields", "beside", wantText(`"retdata":"","image_status":"normal",`)},
	{"retdata", "object", wantText(`"retdata":{"image_status"`)},
	{"retdata", "list", wantText(`"retdata":[{"image_status"`)},
	{"empty_retdata", "text", wantRefused(`,"retdata":""}`)},
	{"empty_retdata", "null", wantRefused(`,"retdata":null}`)},
	{"empty_retdata", "object", wantRefused(`,"retdata":{}}`)},
	{"empty_retdata", "list", wantRefused(`,"retdata":[]}`)},
	{"empty_retdata", "absent", wantRefused(fmt.Sprintf(`,"time":"%d"}`, testNow.Unix()))},
	{"absent_fields", "omit", wantText(`"idcard_number_type":-1,"签发机关"`)},
	{"absent_fields", "empty", wantText(`"idcard_number_type":-1,"姓名":"","性别":"",`)},
	{"xml_root", "xml", func(t *testing.T, s *Server) {
		body := serve(s, post(DefaultPath, testForm("format", "xml"))).Body.String()
		if !strings.Contains(body, "<xml><codeid>10000</codeid>") {
			t.Error(body)
		}
	}},
}

// wantFetch asks for a picture at 0.0.0.0: no loopback address by name, and yet this machine by the
// system's reading, so that the test leads nowhere else.
func wantFetch(t *testing.T, s *Server, code int) {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(testPNG(20, 20, 0)) }))
	t.Cleanup(web.Close)
	address := strings.Replace(web.URL, "127.0.0.1", "0.0.0.0", 1)
	wantCode(t, ask(t, s, post(DefaultPath, testForm("url_image", address))), code)
}

func wantForm(code int, pairs ...string) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) { wantCode(t, ask(t, s, post(DefaultPath, testForm(pairs...))), code) }
}

func wantGet(code int) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		wantCode(t, ask(t, s, httptest.NewRequest(http.MethodGet, DefaultPath+"?"+testForm().Encode(), nil)), code)
	}
}

// wantSplit puts the picture into the query of a POST.
func wantSplit(code int) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		v := testForm()
		query := "?url_image=" + strings.NewReplacer("+", "%2B", "/", "%2F", "=", "%3D").Replace(v.Get("url_image"))
		v.Del("url_image")
		if code != codeSuccess {
			v.Set("sign", testSign(v, testSecret))
		}
		wantCode(t, ask(t, s, post(DefaultPath+query, v)), code)
	}
}

func wantMultipart(code int) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) { wantCode(t, ask(t, s, multipartRequest(testForm())), code) }
}

func wantRepeated(value string) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		f := readForm(post(DefaultPath, map[string][]string{"a": {"first", "second"}}), &s.guesses)
		if got := f.get("a"); got != value || !f.repeated {
			t.Errorf("%s, want %s", got, value)
		}
		merged := readForm(post(DefaultPath+"?a=query", map[string][]string{"a": {value}}), &s.guesses)
		if got := merged.get("a"); got != value {
			t.Errorf("%s: the query went before the body", got)
		}
	}
}

func wantCounts(extra, repeated, missing int) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		wantCode(t, ask(t, s, post(DefaultPath, testForm("more", "1"))), extra)
		v := testForm()
		v.Add("appid", testID)
		wantCode(t, ask(t, s, post(DefaultPath, v)), repeated)
		wantCode(t, ask(t, s, post(DefaultPath, testForm("url_image", ""))), missing)
	}
}

func wantUpperSign(code int) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		v := testForm()
		v.Set("sign", strings.ToUpper(v.Get("sign")))
		wantCode(t, ask(t, s, post(DefaultPath, v)), code)
	}
}

func wantOversize(status int) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		s.guesses.PictureLimit = 8
		if w := serve(s, post(DefaultPath, testForm())); w.Code != status {
			t.Errorf("HTTP %d, want %d", w.Code, status)
		}
	}
}

func wantLooseBase64(code int) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		loose := " " + strings.TrimRight(base64.StdEncoding.EncodeToString(append(testPNG(20, 20, 0), 0)), "=") + "-"
		wantCode(t, ask(t, s, post(DefaultPath, testForm("url_image", loose))), code)
	}
}

func wantStatus(status string, picture []byte) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		a := ask(t, s, post(DefaultPath, testForm("url_image", base64.StdEncoding.EncodeToString(picture))))
		wantCode(t, a, 10000)
		if a.Retdata["image_status"] != status {
			t.Errorf("%v, want %s", a.Retdata, status)
		}
	}
}

func wantText(text string) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		body := serve(s, post(DefaultPath, testForm("time", fmt.Sprint(testNow.Unix()-9)))).Body.String()
		if !strings.Contains(body, text) {
			t.Errorf("no %s in %s", text, body)
		}
	}
}

func wantRefused(end string) func(*testing.T, *Server) {
	return func(t *testing.T, s *Server) {
		body := serve(s, post(DefaultPath, testForm("appid", "2"))).Body.String()
		if !strings.HasSuffix(body, end) {
			t.Errorf("%s does not end with %s", body, end)
		}
	}
}

func TestEveryGuessIsASwitchThatWorks(t *testing.T) {
	t.Parallel()
	for _, p := range guessProbes {
		t.Run(p.guess+"="+p.value[:min(12, len(p.value))], func(t *testing.T) {
			t.Parallel()
			p.probe(t, newTestServer(t, func(c *Config) {
				if err := c.Guesses.Set(p.guess, p.value); err != nil {
					t.Fatal(err)
				}
			}))
		})
	}
	for _, g := range GuessTable() {
		values := g.Values
		if len(values) == 0 && !slices.ContainsFunc(guessProbes, func(p struct {
			guess, value string
			probe        func(*testing.T, *Server)
		}) bool {
			return p.guess == g.Name
		}) {
			t.Errorf("guess %s has no probe", g.Name)
		}
		for _, v := range values {
			found := false
			for _, p := range guessProbes {
				found = found || p.guess == g.Name && p.value == v
			}
			if !found {
				t.Errorf("guess %s=%s has no probe", g.Name, v)
			}
		}
	}
}

func TestZeroGuessesAreTheDefaults(t *testing.T) {
	t.Parallel()
	got, err := Guesses{}.complete()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range GuessTable() {
		if v := row.get(&got); v != row.Default {
			t.Errorf("%s is %s, want %s", row.Name, v, row.Default)
		}
	}
}

func TestWrongGuessesAreRefused(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"nothing": "x", "get": "maybe", "window": "ten", "picture_limit": "-1", "xml_root": "a b", "check_order": "api,sign",
	} {
		var g Guesses
		if err := g.Set(name, value); err == nil {
			t.Errorf("%s=%s was taken", name, value)
		}
	}
	if _, err := New(Config{Engine: &fakeEngine{}, Guesses: Guesses{Get: "maybe"}}); err == nil {
		t.Error("a server was made with a guess that does not exist")
	}
	names := checkNames()
	i, j := slices.Index(names, checkAppID), slices.Index(names, "sign")
	names[i], names[j] = names[j], names[i]
	if err := new(Guesses).Set("check_order", strings.Join(names, ",")); err == nil {
		t.Error("the signature cannot be checked before the app is known")
	}
}

var update = flag.Bool("update", false, "write the tables of docs/sandbox.md anew")

const docsFile = "../../../docs/sandbox.md"

// TestDocsHoldTheTables keeps the tables in the documentation equal to those in the code.
func TestDocsHoldTheTables(t *testing.T) {
	b, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for name, table := range map[string]string{"guesses": guessesMarkdown(), "codes": codesMarkdown()} {
		begin, end := "<!-- "+name+": generated -->\n", "<!-- "+name+": end -->"
		head, rest, ok := strings.Cut(doc, begin)
		old, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("no marks for %s", name)
		}
		if old != table && !*update {
			t.Errorf("the table of %s differs; go test ./sdk/wapi/sandbox -run Docs -update writes it anew", name)
		}
		doc = head + begin + table + end + tail
	}
	if *update {
		if err := os.WriteFile(docsFile, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func guessesMarkdown() string {
	var b strings.Builder
	b.WriteString("| guess | default | values | what it decides |\n|---|---|---|---|\n")
	for _, g := range GuessTable() {
		values := "see right"
		if len(g.Values) > 0 {
			values = "`" + strings.Join(g.Values, "` `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", g.Name, strings.ReplaceAll(g.Default, ",", " "), values, g.Doc)
	}
	return b.String()
}

func codesMarkdown() string {
	var b strings.Builder
	b.WriteString("| code | meaning | answered when |\n|---|---|---|\n")
	for _, c := range Codes() {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", c.Code, c.En, c.When)
	}
	return b.String()
}

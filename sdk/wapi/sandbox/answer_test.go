package sandbox

import (
	"encoding/xml"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestXMLSurvivesAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		body := renderXML("root", object{{"message", text}, {"n", 3}, {"retdata", []object{{{"姓名", "<&>"}}}}, {"empty", nil}})
		var got struct {
			Message string `xml:"message"`
			Data    []struct {
				Name string `xml:"姓名"`
			} `xml:"retdata"`
		}
		if err := xml.Unmarshal(body, &got); err != nil {
			t.Fatalf("%v: %q", err, body)
		}
		if len(got.Data) != 1 || got.Data[0].Name != "<&>" {
			t.Fatalf("%+v", got)
		}
		// What XML cannot hold at all becomes U+FFFD; everything else comes back.
		clean := strings.Map(func(r rune) rune {
			if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
				return 0xFFFD
			}
			return r
		}, text)
		if got.Message != clean {
			t.Fatalf("%q, want %q", got.Message, clean)
		}
	})
}

func TestXMLAnswersAreNestedAsJSONOnes(t *testing.T) {
	t.Parallel()
	for nesting, want := range map[string]string{
		"inside": "<retdata><image_status>normal</image_status>",
		"beside": "<retdata></retdata><image_status>normal</image_status>",
	} {
		s := newTestServer(t, func(c *Config) { c.Guesses.Fields = nesting })
		w := serve(s, post(DefaultPath, testForm("format", "xml")))
		if body := w.Body.String(); !strings.Contains(body, want) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") {
			t.Errorf("%s: no %s in %s", nesting, want, body)
		}
	}
	s := newTestServer(t, nil)
	if code := xmlCode(t, serve(s, post(DefaultPath, testForm("format", "xml", "appid", "9"))).Body.Bytes()); code != "10005" {
		t.Errorf("an error in XML: %s", code)
	}
}

func TestAnswerWithoutARequestTimeTellsTheServers(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	if a := ask(t, s, post(DefaultPath, testForm("time", ""))); a.Time != "1767323045" {
		t.Errorf("time %q", a.Time)
	}
}

func TestSpecimenEngineAnnouncesItself(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) { c.Engine = &fakeEngine{name: "specimen"} })
	if a := ask(t, s, post(DefaultPath, testForm())); !strings.Contains(a.Message, "specimen") {
		t.Errorf("message %q", a.Message)
	}
	if !strings.Contains(s.Announcement(), "specimen pictures only") {
		t.Error(s.Announcement())
	}
	s = newTestServer(t, nil)
	if a := ask(t, s, post(DefaultPath, testForm())); a.Message != "成功" || s.Announcement() != "engine fake: an engine for tests" {
		t.Errorf("message %q, %s", a.Message, s.Announcement())
	}
}

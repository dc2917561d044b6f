package wapi

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestEnvelopeIsReadInEveryFormThatThePageLeavesOpen(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(`{"codeid":10018,"message":"次数不足"}`)
	if err != nil {
		t.Fatal(err)
	}
	gbkXML, err := simplifiedchinese.GBK.NewEncoder().String(`<?xml version="1.0" encoding="GBK"?><a><codeid>10018</codeid><message>次数不足</message></a>`)
	if err != nil {
		t.Fatal(err)
	}
	const short = "次数不足"
	for name, c := range map[string]struct {
		raw, contentType string
		code             int
		message, retdata string
	}{
		"number":            {`{"codeid":10018,"message":"次数不足"}`, "", 10018, short, ""},
		"text":              {`{"codeid":"10018","message":"次数不足"}`, "", 10018, short, ""},
		"blanks":            {" \r\n{\"codeid\": \" 10018 \" , \"message\":\"次数不足\"}\n ", "", 10018, short, ""},
		"float":             {`{"codeid":10018.0}`, "", 10018, "", ""},
		"byte order mark":   {"\xEF\xBB\xBF" + `{"codeid":10018}`, "", 10018, "", ""},
		"object":            {`{"codeid":10000,"retdata": {"a": 1} ,"time":1}`, "", 10000, "", `{"a": 1}`},
		"list":              {`{"retdata":[{"a":1}],"codeid":10000}`, "", 10000, "", `[{"a":1}]`},
		"empty list":        {`{"codeid":10000,"retdata":[]}`, "", 10000, "", `[]`},
		"empty text":        {`{"codeid":10000,"retdata":""}`, "", 10000, "", `""`},
		"null":              {`{"codeid":10000,"message":null,"retdata":null}`, "", 10000, "", `null`},
		"message no text":   {`{"codeid":10018,"message":{"a":1}}`, "", 10018, "", ""},
		"same code twice":   {`{"codeid":10018,"codeid":"10018"}`, "", 10018, "", ""},
		"last message":      {`{"codeid":10018,"message":"a","message":"次数不足"}`, "", 10018, short, ""},
		"gbk by header":     {gbk, "application/json; charset=GBK", 10018, short, ""},
		"gbk by xml":        {gbkXML, "text/xml", 10018, short, ""},
		"gbk unsaid":        {gbk, "application/json", 10018, "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD", ""},
		"xml":               {`<root><codeid>10018</codeid><message>次数不足</message></root>`, "", 10018, short, ""},
		"xml, prolog":       {"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- a -->\n<x:y xmlns:x='u'><x:codeid>10018</x:codeid></x:y>\n", "", 10018, "", ""},
		"xml, cdata":        {`<r><codeid><![CDATA[10018]]></codeid><message><![CDATA[次数不足]]></message></r>`, "", 10018, short, ""},
		"xml, retdata":      {`<r><codeid>10000</codeid><retdata><a>1</a></retdata></r>`, "", 10000, "", `<a>1</a>`},
		"xml, self closing": {`<r><codeid>10000</codeid><retdata/></r>`, "", 10000, "", ""},
	} {
		e, err := decode([]byte(c.raw), c.contentType)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Code != c.code || string(e.RetData) != c.retdata || string(e.Raw) != c.raw {
			t.Errorf("%s: code %d, retdata %q", name, e.Code, e.RetData)
		}
		if e.Message != c.message && (name != "gbk unsaid" || !strings.Contains(e.Message, "\uFFFD")) {
			t.Errorf("%s: message %q", name, e.Message)
		}
	}
}

func TestEnvelopeRefusesWhatItCannotBeSureOf(t *testing.T) {
	deepJSON := `{"codeid":10000,"retdata":` + strings.Repeat(`[`, maxDepth+2) + strings.Repeat(`]`, maxDepth+2) + `}`
	deepXML := `<r><codeid>10000</codeid>` + strings.Repeat(`<a>`, maxDepth+2) + strings.Repeat(`</a>`, maxDepth+2) + `</r>`
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"nothing":          {"", errMalformed},
		"text":             {"10000", errForm},
		"list":             {`[{"codeid":10000}]`, errForm},
		"cut":              {`{"codeid":10000`, errMalformed},
		"trailing":         {`{"codeid":10000}{}`, errTrailing},
		"two codes":        {`{"codeid":10018,"codeid":10000}`, errTwoCodes},
		"no code":          {`{"message":"a"}`, errNoCode},
		"code is null":     {`{"codeid":null}`, errNoCode},
		"code is true":     {`{"codeid":true}`, errNoCode},
		"code is no int":   {`{"codeid":1e4}`, errNoCode},
		"code with a half": {`{"codeid":10000.5}`, errNoCode},
		"deep":             {deepJSON, errTooDeep},
		"deep xml":         {deepXML, errTooDeep},
		"many":             {`{"codeid":10000,"retdata":[1` + strings.Repeat(`,1`, maxNodes) + `]}`, errTooMany},
		"many xml":         {`<r>` + strings.Repeat(`<a/>`, maxNodes+1) + `</r>`, errTooMany},
		"long":             {`{"codeid":10000}` + strings.Repeat(" ", MaxAnswerBytes), errTooLong},
		"xml cut":          {`<r><codeid>10000</codeid>`, errMalformed},
		"xml text":         {`<codeid>10000</codeid>`, errForm},
		"xml trailing":     {`<r><codeid>10000</codeid></r>x`, errTrailing},
		"two roots":        {`<r><codeid>10000</codeid></r><r/>`, errTrailing},
		"html":             {`<!DOCTYPE html><html><head><meta charset="utf-8"><title>x</title></head></html>`, errMalformed},
		"entities":         {`<!DOCTYPE r [<!ENTITY a "aaaa">]><r><codeid>&a;</codeid></r>`, errMalformed},
	} {
		if _, err := decode([]byte(c.raw), ""); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := decode([]byte(`{"codeid":10018}`), "application/json; charset=shift_jis"); !errors.Is(err, errCharset) {
		t.Errorf("charset: %v", err)
	}
}

func TestSuccessIsSeenInWhatArrived(t *testing.T) {
	for text, want := range map[string]bool{
		`{"codeid":10000,`:                              true,
		`{"codeid": "10000"`:                            true,
		`{"codeid":10000.0,`:                            true,
		`{"a":1,"codeid":10000}`:                        true,
		`{"codeid":10000`:                               false, // perhaps 100001
		`{"codeid":1000`:                                false,
		`{"codeid":10018,`:                              false,
		`{"message":"10000"`:                            false,
		"<r><codeid>10000</":                            true,
		"<r><codeid><![CDATA[10000]]>":                  true,
		"<r><codeid>10000":                              false,
		`<br>Notice</br>{"codeid":10000,"retdata":{}}`:  true,
		`{"codeid":10018,"codeid":10000}`:               true,
		"{\"codeid\" :\n 10000 }":                       true,
		`{"retdata":{"x":"y"},"message":"","codeid":"1`: false,
	} {
		if showsSuccess([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"codeid":10000,"message":"ok","time":"1545829466","retdata":{"image_status":"normal","姓名":"样本"}}`,
		`{"codeid":"10000","retdata":[{"签发机关":"样本公安局"},{"姓名":"样本"}]}`,
		`{"codeid":10000,"retdata":"{\"image_status\":\"blurred\"}"}`,
		`<xml><codeid>10000</codeid><retdata><item><image_status>normal</image_status></item></retdata></xml>`,
		`<?xml version="1.0" encoding="gb2312"?><r><codeid>10018</codeid></r>`,
		"\xEF\xBB\xBF{}", `{"codeid":10018,"codeid":10000}`, `<a/>`, `[`, "\xff\xfe",
	} {
		f.Add([]byte(s), "application/json; charset=utf-8")
		f.Add([]byte(s), "text/xml; charset=gbk")
	}
	f.Fuzz(func(t *testing.T, raw []byte, contentType string) {
		e, err := decode(raw, contentType)
		if err != nil {
			if e != nil {
				t.Fatal("both an envelope and an error")
			}
			return
		}
		for _, side := range []string{"", "portrait", "emblem"} {
			res := readCard(e, parseSide(t, side))
			if res == nil || res.VendorCode == "" || res.Status == "" {
				t.Fatal("an answer that was read gave no result")
			}
		}
		// What is cut from a document is never a whole one.
		if trimmed := strings.TrimRight(string(raw), " \t\r\n"); len(trimmed) > 1 && len(raw) < 4096 {
			if cut, err := decode([]byte(trimmed[:len(trimmed)-1]), contentType); err == nil && cut.Code != e.Code {
				t.Fatal("a cut document has another code")
			}
		}
	})
}

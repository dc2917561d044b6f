package wapi

import (
	"maps"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func parseSide(t testing.TB, s string) shared.Side {
	side, err := shared.ParseSide(s)
	if err != nil {
		t.Fatal(err)
	}
	return side
}

// The example of the vendor's page, in every nesting and form that the page leaves open.
const (
	pagePortrait = `"姓名":"李义","性别":"男","民族":"汉","出生":"19940406","住址":"江西省抚州市广昌县","公民身份号码":"362532199404064129","idcard_number_type":1`
	pageEmblem   = `"签发机关":"广昌县公安局","签发日期":"20170313","失效日期":"20370313"`
)

var pageCard = map[shared.FieldName]string{
	shared.FieldFullName: "李义", shared.FieldSex: "男", shared.FieldEthnicity: "汉", shared.FieldBirthDate: "1994-04-06",
	shared.FieldAddress: "江西省抚州市广昌县", shared.FieldNumber: "362532199404064129",
	shared.FieldAuthority: "广昌县公安局", shared.FieldValidFrom: "2017-03-13", shared.FieldValidUntil: "2037-03-13",
}

func card(t testing.TB, raw string, asked shared.Side) *shared.Result {
	e, err := decode([]byte(raw), "")
	if err != nil {
		t.Fatal(err)
	}
	return readCard(e, asked)
}

func values(r *shared.Result) map[shared.FieldName]string {
	m := map[shared.FieldName]string{}
	for n := range r.Fields {
		if v := r.Value(n); v != "" {
			m[n] = v
		}
	}
	return m
}

func TestCardIsFoundWhereverItLies(t *testing.T) {
	xmlCard := `<image_status>normal</image_status><姓名>李义</姓名><性别>男</性别><民族>汉</民族><出生>19940406</出生><住址>江西省抚州市广昌县</住址>` +
		`<公民身份号码>362532199404064129</公民身份号码><idcard_number_type>1</idcard_number_type>` +
		`<签发机关>广昌县公安局</签发机关><签发日期>20170313</签发日期><失效日期>20370313</失效日期>`
	for name, raw := range map[string]string{
		"inside":            `{"codeid":10000,"retdata":{"image_status":"normal",` + pagePortrait + `,` + pageEmblem + `}}`,
		"beside":            `{"codeid":10000,"image_status":"normal",` + pagePortrait + `,` + pageEmblem + `,"retdata":""}`,
		"status inside":     `{"codeid":10000,"retdata":{"image_status":"normal"},` + pagePortrait + `,` + pageEmblem + `}`,
		"fields inside":     `{"codeid":10000,"image_status":"normal","retdata":{` + pagePortrait + `,` + pageEmblem + `}}`,
		"list of one":       `{"codeid":10000,"retdata":[{"image_status":"normal",` + pagePortrait + `,` + pageEmblem + `}]}`,
		"two sides":         `{"codeid":10000,"retdata":[{"image_status":"normal",` + pagePortrait + `},{"image_status":"normal",` + pageEmblem + `}]}`,
		"deeper":            `{"codeid":10000,"retdata":{"result":{"image_status":"normal",` + pagePortrait + `,` + pageEmblem + `}}}`,
		"as text":           `{"codeid":10000,"retdata":"{\"image_status\":\"normal\",\"姓名\":\"李义\",\"性别\":\"男\",\"民族\":\"汉\",\"出生\":\"19940406\",\"住址\":\"江西省抚州市广昌县\",\"公民身份号码\":\"362532199404064129\",\"idcard_number_type\":\"1\",\"签发机关\":\"广昌县公安局\",\"签发日期\":\"20170313\",\"失效日期\":\"20370313\"}"}`,
		"xml inside":        `<a><codeid>10000</codeid><retdata>` + xmlCard + `</retdata></a>`,
		"xml beside":        `<xml><codeid>10000</codeid>` + xmlCard + `<retdata/></xml>`,
		"xml item":          `<root><codeid>10000</codeid><retdata><item>` + xmlCard + `</item></retdata></root>`,
		"twice, first null": `{"codeid":10000,"retdata":null,"retdata":{"image_status":"normal",` + pagePortrait + `,` + pageEmblem + `}}`,
	} {
		r := card(t, raw, shared.SideDetect)
		if !maps.Equal(values(r), pageCard) {
			t.Errorf("%s: %d fields read", name, len(values(r)))
		}
		if r.Status != shared.StatusNormal || r.Side != shared.SideBoth || len(r.Findings) != 0 || r.VendorCode != "10000" {
			t.Errorf("%s: %v", name, r)
		}
		if r.Number.Vendor == nil || *r.Number.Vendor != shared.NumberAgrees {
			t.Errorf("%s: number check %v", name, r.Number.Vendor)
		}
		if len(r.Extras) != 0 {
			t.Errorf("%s: extras %v", name, r.Extras)
		}
		for n, f := range r.Fields {
			if f.Confidence.Origin != shared.ConfidenceNone || f.Quad != nil {
				t.Errorf("%s: %s has a confidence or a place that nobody gave", name, n)
			}
		}
	}
}

func TestEmptyAnswersAreResults(t *testing.T) {
	for _, retdata := range []string{`{}`, `[]`, `""`, `null`, `"free text"`, `7`, `[[]]`} {
		r := card(t, `{"codeid":10000,"retdata":`+retdata+`}`, shared.SideDetect)
		if r.Status != shared.StatusUnknown || r.Usable() || r.Side != shared.SideDetect {
			t.Errorf("retdata %s: %v", retdata, r)
		}
	}
	if r := card(t, `{"codeid":10000}`, shared.SidePortrait); r.Status != shared.StatusUnknown {
		t.Error(r)
	}
}

func TestEveryStatusAndNumberCheckArrives(t *testing.T) {
	for _, s := range []string{"normal", "reversed_side", "non_idcard", "blurred", "other_type_card", "over_exposure", "over_dark", "unknown", "something_new"} {
		if r := card(t, `{"codeid":10000,"retdata":{"image_status":"`+s+`"}}`, shared.SidePortrait); string(r.Status) != s {
			t.Errorf("%s became %s", s, r.Status)
		}
	}
	for _, n := range []string{"-1", "0", "1", "2", "3", "4", "9"} {
		for _, quoted := range []string{n, `"` + n + `"`} {
			r := card(t, `{"codeid":10000,"retdata":{"idcard_number_type":`+quoted+`}}`, shared.SideDetect)
			if r.Number.Vendor == nil || parseCheck(*r.Number.Vendor) != n {
				t.Errorf("%s became %v", n, r.Number.Vendor)
			}
		}
	}
	if r := card(t, `{"codeid":10000,"retdata":{"idcard_number_type":"?"}}`, shared.SideDetect); r.Number.Vendor != nil {
		t.Error("a check that is no number was kept")
	}
}

func parseCheck(n shared.NumberCheck) string {
	return map[shared.NumberCheck]string{-1: "-1", 0: "0", 1: "1", 2: "2", 3: "3", 4: "4", 9: "9"}[n]
}

func TestSideIsToldByWhatWasRead(t *testing.T) {
	for name, c := range map[string]struct {
		retdata string
		asked   shared.Side
		want    shared.Side
	}{
		"portrait":           {`{"image_status":"normal","姓名":"样本"}`, "", shared.SidePortrait},
		"emblem, reversed":   {`{"image_status":"reversed_side","签发机关":"样本公安局"}`, shared.SidePortrait, shared.SideEmblem},
		"nothing read":       {`{"image_status":"blurred"}`, shared.SidePortrait, shared.SideDetect},
		"normal and empty":   {`{"image_status":"normal","姓名":""}`, shared.SidePortrait, shared.SidePortrait},
		"reversed and empty": {`{"image_status":"reversed_side"}`, shared.SideEmblem, shared.SidePortrait},
		"reversed, unasked":  {`{"image_status":"reversed_side"}`, "", shared.SideDetect},
	} {
		if r := card(t, `{"codeid":10000,"retdata":`+c.retdata+`}`, c.asked); r.Side != c.want {
			t.Errorf("%s: side %q, want %q", name, r.Side, c.want)
		}
	}
}

func TestFieldStates(t *testing.T) {
	r := card(t, `{"codeid":10000,"retdata":{"image_status":"normal","姓名":"样本","性别":"","出生":"1994O406","住址":" \t","公民身份号码":"36253219940406412`+"\xff"+`"}}`, "")
	for name, want := range map[shared.FieldName]shared.FieldState{
		shared.FieldFullName:  shared.FieldPresent,
		shared.FieldSex:       shared.FieldIllegible, // of the side shown
		shared.FieldEthnicity: shared.FieldIllegible,
		shared.FieldBirthDate: shared.FieldPresent, // kept as it is, for the verification to complain
		shared.FieldAddress:   shared.FieldIllegible,
		shared.FieldNumber:    shared.FieldIllegible, // damaged on the way
		shared.FieldAuthority: shared.FieldAbsent,    // of the other side
	} {
		if got := r.Fields[name].State; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if r.Fields[shared.FieldBirthDate].Raw != "1994O406" {
		t.Error("the raw text was lost")
	}
	long := card(t, `{"codeid":10000,"retdata":{"失效日期":"长期"}}`, "")
	if long.Value(shared.FieldValidUntil) != shared.LongTerm || long.Status != shared.StatusNormal {
		t.Errorf("%v", long)
	}
}

func TestSeveralCardsAreCounted(t *testing.T) {
	r := card(t, `{"codeid":10000,"retdata":[{"image_status":"normal","姓名":"样本甲"},{"image_status":"normal","姓名":"样本乙"},{"姓名":"样本丙"}]}`, "")
	if len(r.Findings) != 1 || r.Findings[0].Code != shared.FindingSeveralCards || r.Findings[0].Count != 3 {
		t.Errorf("findings %+v", r.Findings)
	}
	if r.Value(shared.FieldFullName) != "样本甲" {
		t.Error("not the first card")
	}
}

func TestAdditionsAreKeptInTheirOwnPlace(t *testing.T) {
	r := card(t, `{"codeid":10000,"message":"ok","time":"1","retdata":{"image_status":"normal","direction":2,"nested":{"a":1}},"order_no":"A7"}`, "")
	want := map[string]string{"wapi.message": "ok", "wapi.direction": "2", "wapi.order_no": "A7"}
	if !maps.Equal(r.Extras, want) {
		t.Errorf("extras %v", r.Extras)
	}
}

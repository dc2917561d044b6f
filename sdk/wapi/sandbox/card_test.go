package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func cardJSON(t *testing.T, res *shared.Result, asked shared.Side) string {
	t.Helper()
	g, err := Guesses{}.complete()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(cardAnswer(res, asked, &g))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCardIsWrittenInTheProductsWords(t *testing.T) {
	t.Parallel()
	front := &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Fields: fields(
		"name", "阿依古丽·样本", "sex", "女", "ethnicity", "维吾尔", "birth_date", "1949-12-31", "address", "样本省样本市", "number", "11010519491231002X")}
	const want = `{"image_status":"normal","idcard_number_type":1,"姓名":"阿依古丽·样本","性别":"女","民族":"维吾尔","出生":"19491231","住址":"样本省样本市","公民身份号码":"11010519491231002X"}`
	if got := cardJSON(t, front, shared.SideDetect); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	back := emblemResult()
	back.Fields[shared.FieldValidUntil] = shared.Field{Value: shared.LongTerm, State: shared.FieldPresent}
	const wantBack = `{"image_status":"reversed_side","idcard_number_type":-1,"签发机关":"样本市公安局","签发日期":"20170313","失效日期":"长期"}`
	if got := cardJSON(t, back, shared.SidePortrait); got != wantBack {
		t.Errorf("%s\nwant %s", got, wantBack)
	}
}

func TestStatusFollowsTheSideAskedFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status      shared.PictureStatus
		side, asked shared.Side
		want        string
	}{
		{shared.StatusNormal, shared.SideEmblem, shared.SideEmblem, "normal"},
		{shared.StatusNormal, shared.SideEmblem, shared.SideDetect, "normal"},
		{shared.StatusNormal, shared.SideBoth, shared.SidePortrait, "normal"},
		{shared.StatusNormal, shared.SideEmblem, shared.SidePortrait, "reversed_side"},
		{shared.StatusReversedSide, shared.SideEmblem, shared.SidePortrait, "reversed_side"},
		{shared.StatusBlurred, shared.SideEmblem, shared.SidePortrait, "blurred"},
		{"", "", shared.SidePortrait, "unknown"},
	} {
		want := `{"image_status":"` + tt.want + `","idcard_number_type":-1}`
		if got := cardJSON(t, &shared.Result{Status: tt.status, Side: tt.side}, tt.asked); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestInvalidNumberAndIllegibleFieldsAreNotReturned(t *testing.T) {
	t.Parallel()
	res := &shared.Result{Status: shared.StatusNormal, Fields: fields("name", "样本", "number", "110105194912310021")}
	res.Fields[shared.FieldSex] = shared.Field{Raw: "?", State: shared.FieldIllegible}
	const want = `{"image_status":"normal","idcard_number_type":0,"姓名":"样本"}`
	if got := cardJSON(t, res, shared.SideDetect); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

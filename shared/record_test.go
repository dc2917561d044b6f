package shared_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestRecordOfAResult(t *testing.T) {
	t.Parallel()
	one := shared.NumberAgrees
	res := &shared.Result{
		Status: shared.StatusNormal, Side: shared.SidePortrait, Provider: "wapi",
		Fields: map[shared.FieldName]shared.Field{
			shared.FieldFullName:  {Raw: "李义", Value: "李义", State: shared.FieldPresent, Confidence: shared.Confidence{Origin: shared.ConfidenceNone}},
			shared.FieldAddress:   {State: shared.FieldIllegible, Confidence: shared.Confidence{Origin: shared.ConfidenceNone}},
			shared.FieldAuthority: {State: shared.FieldAbsent, Confidence: shared.Confidence{Origin: shared.ConfidenceNone}},
		},
		Number:  shared.NumberChecks{Vendor: &one},
		Outcome: shared.OutcomeBilled, Basis: shared.BasisDocumented, AnsweredBy: shared.AnsweredLive, Price: 50, Attempts: 1,
		RequestKey: "k", CallID: "c", Picture: shared.Picture{SHA256: "s"},
	}
	got, err := json.Marshal(shared.NewRecord("a.jpg", &shared.Request{Case: "7"}, res, nil, 12300*time.Microsecond))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"source":"a.jpg","sha256":"s","case":"7","provider":"wapi","side":"portrait","status":"normal","usable":true,` +
		`"card":{"name":"李义"},"fields":{"address":{"state":"illegible","confidence":{"value":0,"origin":"none"}},` +
		`"authority":{"state":"absent","confidence":{"value":0,"origin":"none"}},` +
		`"name":{"raw":"李义","value":"李义","state":"present","confidence":{"value":0,"origin":"none"}}},` +
		`"number_check":{"vendor":1},"outcome":"billed","basis":"documented","answered_by":"live","price_yuan":"0.050",` +
		`"attempts":1,"elapsed_ms":12.3,"request_key":"k","call_id":"c"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRecordOfAnError(t *testing.T) {
	t.Parallel()
	e := &shared.Error{Code: shared.CodeQuotaExhausted, Message: "no calls left: buy calls", VendorCode: "10018",
		Outcome: shared.OutcomeRejected, Basis: shared.BasisDocumented, Attempts: 1, CallID: "c"}
	got, err := json.Marshal(shared.NewRecord("b.jpg", nil, nil, e, time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"source":"b.jpg","elapsed_ms":1,"error":{"code":"quota_exhausted","class":"paused","message":"no calls left: buy calls",` +
		`"vendor_code":"10018","outcome":"rejected","basis":"documented","retryable":true,"attempts":1,"call_id":"c"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRecordOfAStrangeErrorIsUnclear(t *testing.T) {
	t.Parallel()
	r := shared.NewRecord("c.jpg", nil, nil, errors.New("anything"), 0)
	if r.Error.Class != shared.ClassUnclear || r.Error.Retryable {
		t.Errorf("%+v", r.Error)
	}
}

func TestRawAnswerThatIsNoJSONIsQuoted(t *testing.T) {
	t.Parallel()
	r := shared.NewRecord("d.jpg", nil, &shared.Result{Raw: []byte("<root/>")}, nil, 0)
	if string(r.Raw) != `"\u003croot/\u003e"` {
		t.Errorf("%s", r.Raw)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestAMaskedRecordHasNoWordsOfTheVendor(t *testing.T) {
	t.Parallel()
	e := &shared.Error{Code: shared.CodeQuotaExhausted, VendorCode: "10018", VendorText: "李义 has no calls left", Outcome: shared.OutcomeRejected}
	r := shared.NewRecord("李义.jpg", nil, nil, e, 0)
	masked := r.Masked("#1")
	if masked.Error.VendorText != "" || masked.Error.VendorCode != "10018" || r.Error.VendorText == "" {
		t.Errorf("masked %+v, and as it was %+v", masked.Error, r.Error)
	}
}

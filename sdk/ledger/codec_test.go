package ledger_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// anyStruct draws a value for every field that reflection finds, so that a field added to the contract
// is in the property without anybody thinking of it.
func anyStruct(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			anyStruct(t, f)
		}
	case reflect.String:
		v.SetString(rapid.String().Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			anyStruct(t, v.Elem())
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "length")
		if n == 0 {
			return // empty and missing are the same in a record
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			anyStruct(t, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			anyStruct(t, v.Index(i))
		}
	case reflect.Map:
		n := rapid.IntRange(0, 3).Draw(t, "length")
		if n == 0 {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for range n {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			anyStruct(t, key)
			anyStruct(t, value)
			v.SetMapIndex(key, value)
		}
	case reflect.Uint8:
		v.SetUint(uint64(rapid.Byte().Draw(t, "byte")))
	case reflect.Interface: // the local cause of an error
	default:
		t.Fatalf("no generator for %s", v.Type())
	}
}

func TestStoredResultIsTheWholeResultButRaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want shared.Result
		anyStruct(t, reflect.ValueOf(&want).Elem())
		got, failure, err := ledger.Decode(ledger.EncodeResult(&want))
		if err != nil || failure != nil {
			t.Fatalf("Decode: %v, %v", failure, err)
		}
		want.Raw, want.Unrecorded = nil, false
		if !reflect.DeepEqual(*got, want) {
			t.Fatalf("stored and read again:\n%#v\nwant\n%#v", *got, want)
		}
	})
}

func TestStoredErrorIsTheWholeErrorButItsCause(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want shared.Error
		anyStruct(t, reflect.ValueOf(&want).Elem())
		res, got, err := ledger.Decode(ledger.EncodeError(&want))
		if err != nil || res != nil {
			t.Fatalf("Decode: %v, %v", res, err)
		}
		if !reflect.DeepEqual(*got, want) {
			t.Fatalf("stored and read again: %+v, want %+v", *got, want)
		}
	})
}

// A paid answer must be storable whatever a provider put into it.
func TestAnyResultCanBeStored(t *testing.T) {
	t.Parallel()
	res := &shared.Result{
		Status: "normal\xff",
		Fields: map[shared.FieldName]shared.Field{
			"name\xfe":            {Raw: "\xc3(", Confidence: shared.Confidence{Value: math.NaN(), Origin: shared.ConfidenceVendor}},
			shared.FieldNumber:    {Value: "1", Confidence: shared.Confidence{Value: math.Inf(1)}},
			shared.FieldAddress:   {Value: "2", Quad: &shared.Quad{{}, {X: math.Inf(-1)}}},
			shared.FieldAuthority: {Value: "3", Quad: &shared.Quad{{X: 1, Y: 2}}},
		},
		Raw: []byte("raw answer"),
	}
	blob := ledger.EncodeResult(res)
	if bytes.Contains(blob, []byte("raw")) && bytes.Contains(blob, []byte("raw answer")) {
		t.Error("the raw answer is stored")
	}
	got, _, err := ledger.Decode(blob)
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Fields[shared.FieldNumber].Confidence; c != (shared.Confidence{Origin: shared.ConfidenceNone}) {
		t.Errorf("an infinite confidence is stored as %+v", c)
	}
	if got.Fields[shared.FieldAddress].Quad != nil || got.Fields[shared.FieldAuthority].Quad == nil {
		t.Error("an infinite place is kept, or a good one lost")
	}
	if q := res.Fields[shared.FieldAddress].Quad; q == nil || !math.IsNaN(res.Fields["name\xfe"].Confidence.Value) {
		t.Error("the result was changed by being stored")
	}
}

func TestDamagedOrNewerRecordIsAnErrorWithoutContent(t *testing.T) {
	t.Parallel()
	for _, blob := range []string{``, `{`, `null`, `{}`, `{"v":1}`, `{"v":0,"result":{}}`, `{"v":2,"result":{}}`, `{"v":1,"result":{},"error":{"code":"x"}}`,
		`{"v":1,"result":{"fields":"张三"}}`, `张三`} {
		res, failure, err := ledger.Decode([]byte(blob))
		if err == nil || res != nil || failure != nil {
			t.Errorf("%s: decoded as %v, %v, %v", blob, res, failure, err)
			continue
		}
		if strings.Contains(err.Error(), "张") {
			t.Errorf("the error quotes the record: %v", err)
		}
	}
}

// What this version wrote must be read for years: a record of the first form, as it lies in a store.
func TestFirstFormIsRead(t *testing.T) {
	t.Parallel()
	const blob = `{"v":1,"result":{"status":"normal","side":"portrait","fields":{"name":{"raw":"张三","value":"张三","state":"present","confidence":{"value":0.5,"origin":"vendor"},"quad":[{"x":1,"y":2},{"x":3,"y":4},{"x":5,"y":6},{"x":7,"y":8}]}},"number":{"vendor":1},"findings":[{"code":"several_cards","severity":"warning","message":"m","count":2}],"outcome":"billed","basis":"documented","answered_by":"live","price":50,"attempts":1,"timings":{"send":1000},"provider":"wapi","product":"76/194","key":"k","call":"c","picture":{"sha256":"s","format":"jpeg","width":3,"height":2,"prepared":true},"vendor_code":"10000","extras":{"wapi.x":"y"}}}`
	one := shared.NumberAgrees
	want := &shared.Result{
		Status: shared.StatusNormal, Side: shared.SidePortrait,
		Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: {Raw: "张三", Value: "张三", State: shared.FieldPresent,
			Confidence: shared.Confidence{Value: 0.5, Origin: shared.ConfidenceVendor}, Quad: &shared.Quad{{X: 1, Y: 2}, {X: 3, Y: 4}, {X: 5, Y: 6}, {X: 7, Y: 8}}}},
		Number:   shared.NumberChecks{Vendor: &one},
		Findings: []shared.Finding{{Code: shared.FindingSeveralCards, Severity: shared.SeverityWarning, Message: "m", Count: 2}},
		Outcome:  shared.OutcomeBilled, Basis: shared.BasisDocumented, AnsweredBy: shared.AnsweredLive, Price: 50, Attempts: 1,
		Timings: shared.Timings{Send: time.Microsecond}, Provider: "wapi", Product: "76/194", RequestKey: "k", CallID: "c",
		Picture:    shared.Picture{SHA256: "s", Format: "jpeg", Width: 3, Height: 2, Prepared: true},
		VendorCode: "10000", Extras: map[string]string{"wapi.x": "y"},
	}
	got, _, err := ledger.Decode([]byte(blob))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v", got, err)
	}
	if again := string(ledger.EncodeResult(want)); again != blob {
		t.Errorf("written again as\n%s", again)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(ledger.EncodeResult(&shared.Result{Status: shared.StatusNormal}))
	f.Add(ledger.EncodeError(&shared.Error{Code: shared.CodeOutcomeUnknown}))
	f.Add([]byte(`{"v":2}`))
	f.Fuzz(func(t *testing.T, blob []byte) {
		res, failure, err := ledger.Decode(blob)
		if err != nil {
			return
		}
		if (res == nil) == (failure == nil) {
			t.Fatal("neither or both of result and error")
		}
		var again []byte
		if res != nil {
			again = ledger.EncodeResult(res)
		} else {
			again = ledger.EncodeError(failure)
		}
		if _, _, err := ledger.Decode(again); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

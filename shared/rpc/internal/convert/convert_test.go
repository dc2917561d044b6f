package convert

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cross marshals and unmarshals, as gRPC does.
func cross[M proto.Message](t interface{ Fatal(args ...any) }, m M) M {
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	out := m.ProtoReflect().New().Interface().(M)
	if err := proto.Unmarshal(b, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// random fills every field of a type of the contract, whatever fields it has, so that one which is
// added and does not cross fails the tests below.
func random[T any](t *rapid.T) T {
	var v T
	fill(t, reflect.ValueOf(&v).Elem())
	return v
}

func fill(t *rapid.T, v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		if rapid.Bool().Draw(t, "time set") {
			sec := rapid.Int64Range(-60_000_000_000, 250_000_000_000).Draw(t, "sec")
			v.Set(reflect.ValueOf(time.Unix(sec, rapid.Int64Range(0, 999_999_999).Draw(t, "nsec")).UTC()))
		}
		return
	case reflect.TypeFor[shared.Secret]():
		v.Set(reflect.ValueOf(shared.NewSecret(string(rapid.SliceOf(rapid.Byte()).Draw(t, "secret")))))
		return
	case reflect.TypeFor[shared.Image]():
		img := shared.Image{}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			img.Bytes = append([]byte{}, rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")...)
		case 1:
			img.Path = string(rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "path")) // a file name may be GBK
		default:
			img.URL = rapid.StringN(1, 20, 80).Draw(t, "url")
		}
		v.Set(reflect.ValueOf(img))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.StringN(0, 20, 80).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float"))
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 3).Draw(t, "len"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(t, v.Index(i))
			}
		}
	case reflect.Uint8:
		v.SetUint(uint64(rapid.Byte().Draw(t, "byte")))
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 3).Draw(t, "len"); n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				fill(t, k)
				fill(t, e)
				v.SetMapIndex(k, e)
			}
		}
	case reflect.Struct:
		for _, f := range v.Fields() {
			fill(t, f)
		}
	case reflect.Interface: // Error.Err, which stays where it is
	default:
		panic("a kind of field that is not handled: " + v.Type().String())
	}
}

// normal makes lists and maps without elements nil, which is the one thing that may differ; bytes stay.
func normal(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			normal(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		if v.Len() == 0 {
			v.SetZero()
		}
		for i := range v.Len() {
			normal(v.Index(i))
		}
	case reflect.Map:
		if v.Len() == 0 {
			v.SetZero()
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for _, f := range v.Fields() {
			if f.CanSet() {
				normal(f)
			}
		}
	default: // nothing inside
	}
}

func arrivesEqual[T any](t *testing.T, there func(T) T) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		sent := random[T](t)
		got := there(sent)
		normal(reflect.ValueOf(&sent).Elem())
		if !reflect.DeepEqual(got, sent) {
			t.Fatalf("arrived as\n%s\nsent as\n%s", dump(got), dump(sent))
		}
	})
}

// dump shows what the types of the contract hide.
func dump(v any) string { return dumpValue(reflect.ValueOf(v)) }

func dumpValue(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return "nil"
		}
		return dumpValue(v.Elem())
	case reflect.Struct:
		var b strings.Builder
		for t, f := range v.Fields() {
			fmt.Fprintf(&b, "%s:%s ", t.Name, dumpValue(f))
		}
		return "{" + b.String() + "}"
	case reflect.String:
		return fmt.Sprintf("%q", v.String())
	case reflect.Slice, reflect.Array, reflect.Map:
		if v.Kind() != reflect.Array && v.IsNil() {
			return "nil"
		}
		if v.Kind() == reflect.Map {
			var b strings.Builder
			for _, k := range v.MapKeys() {
				fmt.Fprintf(&b, "%q:%s ", k.String(), dumpValue(v.MapIndex(k)))
			}
			return "map{" + b.String() + "}"
		}
		var b strings.Builder
		for i := range v.Len() {
			b.WriteString(dumpValue(v.Index(i)) + " ")
		}
		return "[" + b.String() + "]"
	default:
		return fmt.Sprint(v)
	}
}

func TestRequestArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(r shared.Request) shared.Request { return *RequestFrom(cross(t, RequestTo(&r))) })
}

func TestResultArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(r shared.Result) shared.Result { return *ResultFrom(cross(t, ResultTo(&r))) })
}

func TestErrorArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(e shared.Error) shared.Error {
		got, ok := FromStatus(Status(&e))
		if !ok {
			t.Fatal("the status carries no error")
		}
		return *got
	})
}

func TestDescriptionArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(d shared.Description) shared.Description { return *DescriptionFrom(cross(t, DescriptionTo(&d))) })
}

func TestConfigurationArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(c shared.Configuration) shared.Configuration {
		return ConfigurationFrom(cross(t, ConfigurationTo(c)))
	})
}

func TestHealthArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(h shared.Health) shared.Health { return *HealthFrom(cross(t, HealthTo(&h))) })
}

func TestAccountArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(a shared.Account) shared.Account { return *AccountFrom(cross(t, AccountTo(&a))) })
}

func TestRecollectionArrivesEqual(t *testing.T) {
	t.Parallel()
	arrivesEqual(t, func(r shared.Recollection) shared.Recollection {
		return *RecollectionFrom(cross(t, RecollectionTo(&r)))
	})
}

// An error without a message has its code's meaning in the status text only, not in the details.
func TestEveryCodeBecomesAStatusThatIsNeverRetriedBlindly(t *testing.T) {
	t.Parallel()
	for _, info := range shared.Codes() {
		for _, o := range []shared.Outcome{shared.OutcomeNotSent, shared.OutcomeRejected, shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeFree, "newer"} {
			e := &shared.Error{Code: info.Code, Outcome: o}
			err := Status(e)
			got, ok := FromStatus(err)
			if !ok || *got != *e {
				t.Fatalf("%s: arrived as %v", info.Code, got)
			}
			if o.MayBeBilled() && strings.Contains(err.Error(), "code = Unavailable") {
				t.Errorf("%s/%s: UNAVAILABLE invites others to send it again", info.Code, o)
			}
		}
	}
}

// The trailer of an error must fit where headers have 8 KiB in all (gRPC in C, and with it in Python).
func TestLargestErrorFitsASmallTrailer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("证", 5000)
	e := &shared.Error{Code: shared.Code(long), Message: long, VendorCode: long, VendorText: long, Outcome: shared.Outcome(long), Basis: shared.Basis(long), CallID: long, RequestKey: long}
	p := ErrorTo(e)
	b, err := proto.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	// The details are base64, the status text is in there once and beside it once more, percent-encoded.
	if n := (len(b)+maxStatus+100)*4/3 + 3*maxStatus; n > 8<<10 {
		t.Errorf("about %d bytes", n)
	}
	for _, s := range []string{p.GetMessage(), p.GetVendorText(), p.GetCallId()} {
		if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) {
			t.Error("cut in the middle of a character")
		}
	}
}

// A plugin without this package may send what it likes; gRPC takes megabytes of trailer.
func TestAForeignPluginsErrorIsCappedHere(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<16)
	e := ErrorFrom(&recognizerpb.Error{Code: long, Message: long, VendorCode: long, VendorText: long, Outcome: long, Basis: long, CallId: long, RequestKey: long})
	if n := len(e.Error()) + len(e.VendorText) + len(e.CallID) + len(e.RequestKey) + len(e.Basis); n > 6<<10 {
		t.Error(n, "bytes")
	}
}

// encoding/json refuses these numbers and times, so one of them would lose a paid record.
func TestWhatArrivesCanBeWrittenAsJSON(t *testing.T) {
	t.Parallel()
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		res := ResultFrom(&recognizerpb.Result{Fields: map[string]*recognizerpb.CardField{"name": {Confidence: bad,
			Quad: []*recognizerpb.Point{{X: bad}, {Y: bad}, {}, {}}}}})
		if _, err := json.Marshal(res.Fields); err != nil {
			t.Error(err)
		}
		d := DescriptionFrom(&recognizerpb.Description{Limits: &recognizerpb.Limits{CallsPerSecond: bad}})
		if _, err := json.Marshal(d.Limits.CallsPerSecond); err != nil {
			t.Error(err)
		}
	}
	a := AccountFrom(&recognizerpb.AccountResponse{PausedSince: &timestamppb.Timestamp{Seconds: math.MaxInt64}})
	if _, err := json.Marshal(a.PausedSince); err != nil {
		t.Error(err)
	}
}

func TestBadUTF8DoesNotLoseAnAnswer(t *testing.T) {
	t.Parallel()
	r := &shared.Result{Status: "normal", VendorCode: "1\xff0", Fields: map[shared.FieldName]shared.Field{"na\xffme": {Raw: "\xfe"}}, Extras: map[string]string{"\xff": "\xff"}}
	got := ResultFrom(cross(t, ResultTo(r)))
	if got.VendorCode != "1\uFFFD0" || got.Fields["na\uFFFDme"].Raw != "\uFFFD" || got.Extras["\uFFFD"] != "\uFFFD" {
		t.Error("not as documented: " + dump(got))
	}
}

func TestBadUTF8InARequestIsRefusedByFieldName(t *testing.T) {
	t.Parallel()
	const bad = "\xff"
	for field, r := range map[string]*shared.Request{
		"url":     {Image: shared.Image{URL: bad}},
		"key":     {Key: bad},
		"call_id": {CallID: bad},
		"case":    {Case: bad},
		"subject": {Subject: bad},
		"purpose": {Purpose: bad},
		"budget":  {Budget: shared.Budget{Run: bad}},
		"option":  {Options: map[string]string{"a": bad}},
	} {
		err := CheckRequest(r)
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := CheckRequest(&shared.Request{Image: shared.Image{Path: bad}}); err != nil {
		t.Error("a file name is bytes:", err)
	}
	if err := CheckConfiguration(shared.Configuration{Values: map[string]string{"rate": bad}}); err == nil || !strings.Contains(err.Error(), "rate") {
		t.Error(err)
	}
	if err := CheckConfiguration(shared.Configuration{Secrets: map[string]shared.Secret{"key": shared.NewSecret(bad)}}); err != nil {
		t.Error("a secret is bytes:", err)
	}
}

func TestAPictureOfNoBytesIsStillGivenByBytes(t *testing.T) {
	t.Parallel()
	for _, p := range []*recognizerpb.Request{
		{Image: &recognizerpb.Request_Data{}},
		cross(t, &recognizerpb.Request{Image: &recognizerpb.Request_Data{}}),
	} {
		if k := RequestFrom(p).Image.Kind(); k != "bytes" {
			t.Error(k)
		}
	}
}

// What a peer of a newer version knows and we do not.
func TestUnknownEnumValuesSurvive(t *testing.T) {
	t.Parallel()
	r := ResultFrom(cross(t, ResultTo(&shared.Result{Status: "laminated", Side: "edge", Outcome: "refunded", Basis: "sworn", AnsweredBy: "oracle"})))
	if r.Status != "laminated" || r.Side != "edge" || r.Outcome != "refunded" || r.Basis != "sworn" || r.AnsweredBy != "oracle" {
		t.Error(dump(r))
	}
	if !r.Outcome.MayBeBilled() {
		t.Error("an outcome that is not known must be taken as billed")
	}
}

func FuzzRequestFromNeverPanics(f *testing.F) {
	for _, r := range []*shared.Request{{}, {Image: shared.Image{Bytes: []byte{}}}, {Image: shared.Image{Path: "a"}, Options: map[string]string{"a": "b"}}} {
		b, err := proto.Marshal(&recognizerpb.RecognizeRequest{Request: RequestTo(r)})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		var p recognizerpb.RecognizeRequest
		if proto.Unmarshal(b, &p) == nil {
			_ = RequestFrom(p.GetRequest()).Validate()
			_, _ = TimeoutFrom(&p)
		}
	})
}

package codec_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/seed-6b91b535/idrec/host-example/temporal/codec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const canary = "110101199001011237"

func keys(t *testing.T, text string) *codec.Keys {
	t.Helper()
	k, err := codec.ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhatGoesThroughComesBackAndIsHiddenMeanwhile(t *testing.T) {
	t.Parallel()
	c := codec.Converter(keys(t, codec.NewKey("a")))
	p, err := c.ToPayloads(map[string]string{"number": canary}, 7)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := proto.Marshal(p)
	if err != nil || bytes.Contains(wire, []byte(canary)) || bytes.Contains(wire, []byte("number")) {
		t.Error("it can be read", err)
	}
	var m map[string]string
	var n int
	if err := c.FromPayloads(p, &m, &n); err != nil || m["number"] != canary || n != 7 {
		t.Error(m, n, err)
	}
	again, err := c.ToPayloads(map[string]string{"number": canary}, 7)
	if err != nil || bytes.Equal(again.GetPayloads()[0].GetData(), p.GetPayloads()[0].GetData()) {
		t.Error("the same content looks the same: the nonce is not fresh", err)
	}
}

func TestAnOldKeyStillOpensAndTheFirstSeals(t *testing.T) {
	t.Parallel()
	old, fresh := codec.NewKey("old"), codec.NewKey("new")
	p, err := codec.Converter(keys(t, old)).ToPayloads(canary)
	if err != nil {
		t.Fatal(err)
	}
	both := codec.Converter(keys(t, "# rotated\n\n"+fresh+old))
	var got string
	if err := both.FromPayloads(p, &got); err != nil || got != canary {
		t.Error(got, err)
	}
	sealed, err := both.ToPayloads(canary)
	if err != nil || string(sealed.GetPayloads()[0].GetMetadata()["encryption-key-id"]) != "new" {
		t.Error(err)
	}
	if err := codec.Converter(keys(t, fresh)).FromPayloads(p, &got); err == nil || !strings.Contains(err.Error(), "add the key") {
		t.Error(err)
	}
	if err := codec.Converter(keys(t, codec.NewKey("old"))).FromPayloads(p, &got); err == nil {
		t.Error("another key of the same name opened it")
	}
	plain, err := converter.GetDefaultDataConverter().ToPayloads(canary)
	if err != nil {
		t.Fatal(err)
	}
	if err := both.FromPayloads(plain, &got); err != nil || got != canary {
		t.Error("what was never encrypted cannot be read any more", err)
	}
}

func TestBadKeysAreRefusedByTheirLineAndNeverPrinted(t *testing.T) {
	t.Parallel()
	good := codec.NewKey("a")
	for text, says := range map[string]string{
		"": "no key", "# a\n": "no key", canary: "line 1", "\na " + canary: "line 2", good + good: "line 2", good + "x y z": "line 2", "a AAAA": "line 1",
	} {
		_, err := codec.ParseKeys(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %v", text, err)
		}
	}
	secret := strings.Fields(good)[1]
	if text := fmt.Sprintf("%v %+v %s %q", keys(t, good), *keys(t, good), keys(t, good), keys(t, good)); strings.Contains(text, secret) {
		t.Error(text)
	}
}

func FuzzDecode(f *testing.F) {
	k, err := codec.ParseKeys(codec.NewKey("a"))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := k.Encode([]*commonpb.Payload{{Data: []byte(canary)}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("binary/encrypted", "a", sealed[0].GetData())
	f.Add("binary/encrypted", "a", []byte{})
	f.Add("json/plain", "b", []byte("{}"))
	f.Fuzz(func(t *testing.T, encoding, id string, data []byte) {
		out, err := k.Decode([]*commonpb.Payload{{Metadata: map[string][]byte{"encoding": []byte(encoding), "encryption-key-id": []byte(id)}, Data: data}})
		if (err == nil) == (len(out) == 0) {
			t.Error("neither or both")
		}
	})
}

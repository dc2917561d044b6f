package shared_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

const canary = "CANARY"

// TestPersonalTypesPrintNothing prints every type that may hold a person or a secret in every way that
// a program comes upon by accident.
func TestPersonalTypesPrintNothing(t *testing.T) {
	t.Parallel()
	image := shared.Image{Bytes: []byte(canary)}
	field := shared.Field{Raw: canary, Value: canary, State: shared.FieldPresent}
	req := &shared.Request{Image: shared.Image{Path: canary}, Key: canary, Case: canary, Subject: canary, Purpose: canary, Options: map[string]string{canary: canary}}
	res := &shared.Result{Fields: map[shared.FieldName]shared.Field{shared.FieldFullName: field}, Extras: map[string]string{"x": canary}, Raw: []byte(canary)}
	secret := shared.NewSecret(canary)
	values := []any{
		image, &image, shared.Image{Path: canary}, shared.Image{URL: canary}, field, &field, req, res, *req, *res, shared.NewRecord(canary, req, res, nil, 0), secret, &secret,
		map[string]shared.Secret{"secret": secret}, []shared.Image{image}, struct{ S shared.Secret }{secret},
		map[shared.FieldName]shared.Field{shared.FieldNumber: field},
		shared.Configuration{Secrets: map[string]shared.Secret{"a": secret}},
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, canary) || strings.Contains(out, fmt.Sprintf("%x", canary)) ||
				strings.Contains(out, fmt.Sprintf("%X", canary)) || strings.Contains(out, "67 65 78") {
				t.Errorf("%T with %s prints %s", v, verb, out)
			}
		}
		var buf bytes.Buffer
		slog.New(slog.NewTextHandler(&buf, nil)).Info("x", "v", v)
		if strings.Contains(buf.String(), canary) {
			t.Errorf("%T in slog prints %s", v, &buf)
		}
	}
	for _, v := range []any{image, secret, struct{ S shared.Secret }{secret}, map[string]shared.Secret{"a": secret}} {
		b, err := json.Marshal(v)
		if err != nil || bytes.Contains(b, []byte(canary)) {
			t.Errorf("%T as JSON: %s, %v", v, b, err)
		}
	}
	if secret.Reveal() != canary || secret.IsZero() || !shared.NewSecret("").IsZero() {
		t.Error("a secret does not give its value back")
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name        shared.FieldName
		value, want string
	}{
		{shared.FieldFullName, "李义", "李*"},
		{shared.FieldFullName, "李", "*"},
		{shared.FieldFullName, "𠮷田", "𠮷*"},
		{shared.FieldNumber, "11010519491231002X", "110**************X"},
		{shared.FieldNumber, "1234", "****"},
		{shared.FieldAddress, "江西省抚州市广昌县", "江西省抚州市***"},
		{shared.FieldBirthDate, "1994-04-06", "1994******"},
		{shared.FieldSex, "男", "男"},
		{shared.FieldValidUntil, shared.LongTerm, shared.LongTerm},
		{"of_a_newer_peer", "abc", "***"},
		{shared.FieldFullName, "", ""},
	}
	for _, c := range cases {
		if got := shared.Mask(c.name, c.value); got != c.want {
			t.Errorf("Mask(%s, %s) = %s, want %s", c.name, c.value, got, c.want)
		}
	}
}

func TestMaskedRecordHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	fields := map[shared.FieldName]shared.Field{}
	for _, n := range shared.CardFields() {
		switch n {
		case shared.FieldFullName, shared.FieldNumber, shared.FieldAddress, shared.FieldBirthDate:
			fields[n] = shared.Field{Raw: canary + canary, Value: "1" + canary + "2", State: shared.FieldPresent, Quad: &shared.Quad{}}
		default:
		}
	}
	res := &shared.Result{Status: shared.StatusNormal, Fields: fields, Raw: []byte(`"` + canary + `"`), Extras: map[string]string{"x.y": canary}}
	rec := shared.NewRecord(canary, &shared.Request{Case: canary}, res, nil, 0)
	b, err := json.Marshal(rec.Masked("item 1"))
	if err != nil || bytes.Contains(b, []byte(canary)) {
		t.Errorf("%s, %v", b, err)
	}
	if full, err := json.Marshal(rec); err != nil || !bytes.Contains(full, []byte(canary)) {
		t.Errorf("masking changed the record itself: %s, %v", full, err)
	}
}

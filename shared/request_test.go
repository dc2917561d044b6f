package shared_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestValidateRefusesWhatNobodyCouldAccept(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	bytes := shared.Image{Bytes: []byte{1}}
	cases := map[string]struct {
		req  shared.Request
		code shared.Code
	}{
		"no picture":       {shared.Request{}, shared.CodeInvalidRequest},
		"two pictures":     {shared.Request{Image: shared.Image{Bytes: []byte{1}, Path: "p"}}, shared.CodeInvalidRequest},
		"both sides asked": {shared.Request{Image: bytes, Side: shared.SideBoth}, shared.CodeInvalidRequest},
		"unknown side":     {shared.Request{Image: bytes, Side: "front"}, shared.CodeInvalidRequest},
		"unknown retry":    {shared.Request{Image: bytes, Retry: "always"}, shared.CodeInvalidRequest},
		"unknown URL mode": {shared.Request{Image: bytes, URLMode: "x"}, shared.CodeInvalidRequest},
		"long key":         {shared.Request{Image: bytes, Key: long}, shared.CodeInvalidRequest},
		"long case":        {shared.Request{Image: bytes, Case: long}, shared.CodeInvalidRequest},
		"negative attempt": {shared.Request{Image: bytes, Attempt: -1}, shared.CodeInvalidRequest},
		"negative budget":  {shared.Request{Image: bytes, Budget: shared.Budget{Calls: -1}}, shared.CodeInvalidRequest},
		"bad digest":       {shared.Request{Image: bytes, SHA256: strings.Repeat("A", 64)}, shared.CodeInvalidRequest},
		"unknown field":    {shared.Request{Image: bytes, Fields: []shared.FieldName{"height"}}, shared.CodeInvalidRequest},
		"too large":        {shared.Request{Image: shared.Image{Bytes: make([]byte, shared.MaxImageBytes+1)}}, shared.CodeMessageTooLarge},
	}
	for name, c := range cases {
		c.req.CallID = "call-1"
		err := c.req.Validate()
		var e *shared.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Outcome != shared.OutcomeNotSent || e.CallID != "call-1" {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), long) {
			t.Errorf("%s: the text repeats the value", name)
		}
	}
	good := []shared.Request{
		{Image: bytes}, {Image: shared.Image{Bytes: []byte{}}}, {Image: shared.Image{Path: "p"}, Side: shared.SideEmblem},
		{Image: shared.Image{URL: "u"}, SHA256: strings.Repeat("a", 64), Fields: shared.CardFields()},
	}
	for i := range good {
		if err := good[i].Validate(); err != nil {
			t.Errorf("%v: %v", &good[i], err)
		}
	}
}

func TestParseSide(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]shared.Side{"front": shared.SidePortrait, "portrait": shared.SidePortrait,
		"back": shared.SideEmblem, "emblem": shared.SideEmblem, "": shared.SideDetect, "auto": shared.SideDetect, "detect": shared.SideDetect} {
		if got, err := shared.ParseSide(in); err != nil || got != want {
			t.Errorf("ParseSide(%q) = %q, %v", in, got, err)
		}
	}
	if _, err := shared.ParseSide("both"); !errors.Is(err, shared.CodeInvalidRequest) {
		t.Errorf("both: %v", err)
	}
}

func TestCloneIsIndependent(t *testing.T) {
	t.Parallel()
	r := &shared.Request{Image: shared.Image{Bytes: []byte{1}}, Fields: []shared.FieldName{shared.FieldSex}, Options: map[string]string{"a": "b"}}
	c := r.Clone()
	c.Fields[0], c.Options["a"] = shared.FieldNumber, "c"
	if r.Fields[0] != shared.FieldSex || r.Options["a"] != "b" {
		t.Error("the clone shares what may be changed")
	}
	one := shared.NumberAgrees
	res := &shared.Result{Fields: map[shared.FieldName]shared.Field{shared.FieldSex: {Quad: &shared.Quad{}}}, Number: shared.NumberChecks{Vendor: &one},
		Findings: []shared.Finding{{Code: "a"}}, Extras: map[string]string{"a": "b"}, Raw: []byte{1}}
	d := res.Clone()
	d.Fields[shared.FieldSex].Quad[0].X = 5
	*d.Number.Vendor, d.Findings[0].Code, d.Extras["a"], d.Raw[0] = shared.NumberInvalid, "b", "c", 2
	if res.Fields[shared.FieldSex].Quad[0].X != 0 || *res.Number.Vendor != shared.NumberAgrees || res.Findings[0].Code != "a" ||
		res.Extras["a"] != "b" || res.Raw[0] != 1 {
		t.Error("the result's clone shares what may be changed")
	}
}

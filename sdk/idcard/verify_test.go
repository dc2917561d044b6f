package idcard

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

var testDay = Date{2026, 1, 15}

func resultOf(side shared.Side, values map[shared.FieldName]string) *shared.Result {
	res := &shared.Result{Status: shared.StatusNormal, Side: side, Fields: map[shared.FieldName]shared.Field{}}
	for name, v := range values {
		res.Fields[name] = shared.Field{Raw: v, Value: v, State: shared.FieldPresent}
	}
	return res
}

// lines writes findings as "severity code field".
func lines(findings []shared.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%s %s %s", f.Severity, f.Code, f.Field))
	}
	return out
}

func TestVerifyVectors(t *testing.T) {
	t.Parallel()
	type vector struct {
		Why              string
		Side, Asked      shared.Side
		Status           shared.PictureStatus
		Vendor, Computed *shared.NumberCheck
		Card             map[shared.FieldName]string
		Findings         []string
	}
	for _, v := range vectors[vector](t, "verify.json") {
		t.Run(v.Why, func(t *testing.T) {
			t.Parallel()
			res := resultOf(v.Side, v.Card)
			if v.Status != "" {
				res.Status = v.Status
			}
			res.Number.Vendor = v.Vendor
			before := res.Clone()
			findings, computed := Verify(res, v.Asked, testDay)
			if got := lines(findings); !reflect.DeepEqual(got, v.Findings) {
				t.Errorf("findings\n got %q\nwant %q", got, v.Findings)
			}
			if !reflect.DeepEqual(computed, v.Computed) {
				t.Errorf("computed %v, want %v", show(computed), show(v.Computed))
			}
			if !reflect.DeepEqual(res, before) {
				t.Error("the result was changed")
			}
		})
	}
}

func show(c *shared.NumberCheck) string {
	if c == nil {
		return "none"
	}
	return fmt.Sprint(*c)
}

func TestVerifyLeavesMaskedFieldsAlone(t *testing.T) {
	t.Parallel()
	res := &shared.Result{Status: shared.StatusNormal, Side: shared.SidePortrait, Fields: map[shared.FieldName]shared.Field{}}
	for _, name := range shared.CardFields() {
		if name.Side() == shared.SidePortrait {
			res.Fields[name] = shared.Field{State: shared.FieldMasked}
		}
	}
	if findings, computed := Verify(res, shared.SideDetect, testDay); findings != nil || computed != nil {
		t.Errorf("%v %v", lines(findings), show(computed))
	}
}

func TestIllegibleIsMissing(t *testing.T) {
	t.Parallel()
	res := resultOf(shared.SideEmblem, map[shared.FieldName]string{"authority": "广昌县公安局", "valid_from": "2017-03-13"})
	res.Fields[shared.FieldValidUntil] = shared.Field{State: shared.FieldIllegible}
	findings, _ := Verify(res, shared.SideDetect, testDay)
	if got := lines(findings); !reflect.DeepEqual(got, []string{"warning field_missing valid_until"}) {
		t.Errorf("%q", got)
	}
}

func TestVerifyOfNothing(t *testing.T) {
	t.Parallel()
	if findings, computed := Verify(nil, shared.SideDetect, testDay); findings != nil || computed != nil {
		t.Error("findings about nothing")
	}
}

func TestFindingsNeverRepeatWhatWasRead(t *testing.T) {
	t.Parallel()
	odd := rapid.StringMatching(`[0-9]{2,20}[囍龘]{2,4}`)
	rapid.Check(t, func(t *rapid.T) {
		values := map[shared.FieldName]string{}
		for _, name := range shared.CardFields() {
			values[name] = odd.Draw(t, string(name))
		}
		values[shared.FieldNumber] = rapid.StringMatching(`[0-9]{18}`).Draw(t, "number")
		findings, _ := Verify(resultOf(shared.SideBoth, values), shared.SideDetect, testDay)
		for _, f := range findings {
			for _, v := range values {
				if strings.Contains(f.Message, v) {
					t.Fatalf("%s repeats a value", f.Code)
				}
			}
		}
	})
}

func TestVerifyIsStable(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{"", "样本", "男", "汉", "1949-12-31", "2017-03-13", "2037-03-13", "长期", "11010519491231002X", "362532199404064129", "CAN110081080310", "x"})
	rapid.Check(t, func(t *rapid.T) {
		values := map[shared.FieldName]string{}
		for _, name := range shared.CardFields() {
			values[name] = piece.Draw(t, string(name))
		}
		side := rapid.SampledFrom([]shared.Side{"", shared.SideBoth, shared.SidePortrait, shared.SideEmblem}).Draw(t, "side")
		first, computed := Verify(resultOf(side, values), shared.SidePortrait, testDay)
		again, computedAgain := Verify(resultOf(side, values), shared.SidePortrait, testDay)
		if !reflect.DeepEqual(first, again) || !reflect.DeepEqual(computed, computedAgain) {
			t.Fatalf("%q, then %q", lines(first), lines(again))
		}
	})
}

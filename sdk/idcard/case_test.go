package idcard

import (
	"maps"
	"reflect"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestVerifyCase(t *testing.T) {
	t.Parallel()
	type values = map[shared.FieldName]string
	portrait := func(change values) *shared.Result {
		v := values{"name": "李义", "sex": "女", "ethnicity": "汉", "birth_date": "1994-04-06", "address": "江西省抚州市广昌县", "number": "362532199404064129"}
		maps.Copy(v, change)
		return resultOf(shared.SidePortrait, v)
	}
	emblem := func(from, until string) *shared.Result {
		return resultOf(shared.SideEmblem, values{"authority": "广昌县公安局", "valid_from": from, "valid_until": until})
	}
	both := portrait(values{"authority": "广昌县公安局", "valid_from": "2017-03-13", "valid_until": "2037-03-13"})
	both.Side = shared.SideBoth
	blurred := emblem("2017-03-13", "2027-03-13")
	blurred.Status = shared.StatusBlurred

	for _, c := range []struct {
		why     string
		results []*shared.Result
		want    []string
	}{
		{"golden: the page's example on two pictures", []*shared.Result{portrait(nil), emblem("2017-03-13", "2037-03-13")}, []string{"warning term_unexpected valid_until"}},
		{"the other way round", []*shared.Result{emblem("2017-03-13", "2037-03-13"), portrait(nil)}, []string{"warning term_unexpected valid_until"}},
		{"the term that the law gives", []*shared.Result{portrait(nil), emblem("2017-03-13", "2027-03-13")}, nil},
		{"one picture of both sides was judged by Verify", []*shared.Result{both}, nil},
		{"a term that no card has was found by Verify", []*shared.Result{portrait(nil), emblem("2017-03-13", "2030-03-13")}, nil},
		{"no emblem side", []*shared.Result{portrait(nil)}, []string{"warning case_incomplete "}},
		{"no portrait side", []*shared.Result{nil, emblem("2017-03-13", "2027-03-13")}, []string{"warning case_incomplete "}},
		{"nothing", nil, []string{"warning case_incomplete ", "warning case_incomplete "}},
		{"a picture that could not be read is no side", []*shared.Result{portrait(nil), blurred}, []string{"warning case_incomplete "}},
		{"issued before the holder was born", []*shared.Result{portrait(nil), emblem("1990-03-13", "2010-03-13")}, []string{"error term_invalid valid_from"}},
		{"two people", []*shared.Result{portrait(nil), portrait(values{"name": "样本", "sex": "男", "birth_date": "1949-12-31", "number": "11010519491231001X"}), emblem("2017-03-13", "2027-03-13")}, []string{
			"warning case_mismatch name", "error case_mismatch sex", "error case_mismatch birth_date", "error case_mismatch number", "warning term_unexpected valid_until",
		}},
		{"an old card and a new one", []*shared.Result{portrait(nil), portrait(values{"address": "江西省南昌市"}), emblem("2017-03-13", "2027-03-13"), emblem("2020-03-13", "2030-03-13")}, []string{
			"warning case_mismatch address", "warning case_mismatch valid_from", "warning case_mismatch valid_until",
		}},
		{"the same number in 15 and 18 characters", []*shared.Result{
			portrait(values{"birth_date": "1949-12-31", "number": "11010519491231002X"}), portrait(values{"birth_date": "1949-12-31", "number": "110105491231002"}), emblem("2017-03-13", shared.LongTerm),
		}, nil},
		{"the same side twice, written differently", []*shared.Result{portrait(nil), portrait(values{"birth_date": "19940406", "ethnicity": "汉族"}), emblem("2017-03-13", "2027-03-13")}, nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			if got := lines(VerifyCase(c.results, testDay)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestCaseMismatchCountsTheVersions(t *testing.T) {
	t.Parallel()
	var results []*shared.Result
	for _, a := range []string{"甲", "乙", "丙", "甲"} {
		results = append(results, resultOf(shared.SideEmblem, map[shared.FieldName]string{"authority": a}))
	}
	for _, f := range VerifyCase(results, testDay) {
		if f.Code == shared.FindingCaseMismatch && f.Count != 3 {
			t.Errorf("%d versions", f.Count)
		}
	}
}

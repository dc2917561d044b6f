package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

func caseAnswer(n int, name string, side shared.Side, values map[shared.FieldName]string) batch.Answer {
	fields := map[shared.FieldName]shared.Field{}
	for f, v := range values {
		fields[f] = shared.Field{Value: v, State: shared.FieldPresent}
	}
	return batch.Answer{Item: source.Item{N: n, Source: "机密.jpg"}, Request: &shared.Request{Case: name},
		Result: &shared.Result{Side: side, Status: shared.StatusNormal, Fields: fields, Outcome: shared.OutcomeBilled, Price: 50}}
}

func TestACaseIsOneRowWithTheFindingsAcrossItsSides(t *testing.T) {
	t.Parallel()
	portrait := map[shared.FieldName]string{shared.FieldFullName: "李义样", shared.FieldSex: "女", shared.FieldBirthDate: "1994-04-06", shared.FieldNumber: "362532199404064129"}
	emblem := map[shared.FieldName]string{shared.FieldAuthority: "广昌县公安局", shared.FieldValidFrom: "2017-03-13", shared.FieldValidUntil: "2027-03-13"}
	other := map[shared.FieldName]string{shared.FieldFullName: "样本甲", shared.FieldNumber: "11010519491231002X"}
	answers := []batch.Answer{
		caseAnswer(4, "丙-机密", shared.SidePortrait, other),
		caseAnswer(3, "甲-机密", shared.SideEmblem, emblem), // they come in any order
		caseAnswer(1, "甲-机密", shared.SidePortrait, portrait),
		caseAnswer(2, "", shared.SidePortrait, portrait),
		caseAnswer(5, "丙-机密", shared.SidePortrait, portrait),
		caseAnswer(7, "", shared.SidePortrait, portrait), // two without a case are two people
		{Item: source.Item{N: 6}, Request: &shared.Request{Case: "丁-机密"}, Err: &shared.Error{Code: shared.CodePictureUnreadable}},
	}
	cases := report.CasesOf(answers, time.Unix(0, 0))
	var got []string
	for _, c := range cases {
		got = append(got, c.Name+": "+c.Status(messages.English)+": "+strings.Join(c.Notes(messages.English), " "))
	}
	want := []string{
		"甲-机密: normal: ", ": normal: ", "丙-机密: normal: case_incomplete case_mismatch(name) case_mismatch(number)",
		"丁-机密: " + string(shared.CodePictureUnreadable) + ": case_incomplete", ": normal: ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p := cases[0].Price(); p != 100 {
		t.Errorf("price %v", p)
	}
	if card := cases[0].Card(false); card[shared.FieldNumber] != "362532199404064129" || card[shared.FieldValidUntil] != "2027-03-13" {
		t.Error("the card has not both sides")
	}

	var text bytes.Buffer
	if err := report.WriteCases(&text, messages.English, cases, false, 0); err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"机密", "李义样", "样本甲", "362532199404064129", "11010519491231002X"} {
		if strings.Contains(text.String(), personal) {
			t.Errorf("masked rows show %q", personal)
		}
	}
	if n := strings.Count(text.String(), "2027-03-13"); n != 1 {
		t.Errorf("%d rows of the first case:\n%s", n, text.String())
	}
	text.Reset()
	if err := report.WriteCases(&text, messages.English, cases, true, 0); err != nil || !strings.Contains(text.String(), "甲-机密") || !strings.Contains(text.String(), "362532199404064129") {
		t.Errorf("with the people: %v\n%s", err, text.String())
	}
	if !report.HasCases(answers) || report.HasCases(answers[3:4]) {
		t.Error("HasCases")
	}
}

package idcard_test

import (
	"errors"
	"fmt"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

func ExampleParseNumber() {
	// The first example of GB 11643-1999.
	n, err := idcard.ParseNumber("110105 19491231 002x")
	fmt.Println(n, n.Province(), n.Birth(), n.Sex(), err)

	_, err = idcard.ParseNumber("110105194913310009")
	fmt.Println(err, errors.Is(err, idcard.ProblemBirth))
	// Output:
	// 110**************X 北京市 1949-12-31 女 <nil>
	// not a valid identity number: wrong birth, sequence, check digit true
}

func ExampleVerify() {
	field := func(value string) shared.Field { return shared.Field{Value: value, State: shared.FieldPresent} }
	res := &shared.Result{Status: shared.StatusNormal, Side: shared.SideBoth, Fields: map[shared.FieldName]shared.Field{
		shared.FieldFullName: field("李义"), shared.FieldSex: field("女"), shared.FieldEthnicity: field("汉"),
		shared.FieldBirthDate: field("1994-04-06"), shared.FieldAddress: field("江西省抚州市广昌县"), shared.FieldNumber: field("362532199404064129"),
		shared.FieldAuthority: field("广昌县公安局"), shared.FieldValidFrom: field("2017-03-13"), shared.FieldValidUntil: field("2037-03-13"),
	}}
	findings, _ := idcard.Verify(res, shared.SideDetect, idcard.Date{Year: 2026, Month: 1, Day: 15})
	for _, f := range findings {
		fmt.Println(f.Severity, f.Code, f.Message)
	}
	// Output:
	// error number_check_digit the number does not end in the check character of GB 11643
	// warning term_unexpected the term is not the one for the holder's age at issue
}

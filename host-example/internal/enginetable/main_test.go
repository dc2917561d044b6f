package main

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestATableFailsWhereAnEnginePaidTwiceOrLostAPicture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, says, fails string }{
		{`{"engine":"a","version":"v1","pictures":3,"results":2,"errors":1,"billed":2,"doubles":0,"rate":12.34,"ratio":0.97}`, "0.97", ""},
		{`{"engine":"a","pictures":3,"results":2,"errors":1,"billed":3,"doubles":1}`, "a", "[a]"},
		{`{"engine":"b","pictures":3,"results":2,"errors":0,"billed":2}`, "b", "[b]"},
		{`{"engine":"c","pictures":200,"results":200,"billed":200,"ratio":0.89,"least":0.9}`, "slower beside the program idrec than should be: c (at least 0.90)", ""},
		{`{"engine":"c","pictures":199,"results":199,"billed":199,"ratio":0.89,"least":0.9}`, "0.89", ""},
		{``, "engine", "no figures"},
		{`x`, "", "line 1"},
	} {
		var out strings.Builder
		err := run(strings.NewReader(c.in), &out)
		if !strings.Contains(strings.ToLower(out.String()), c.says) || (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v\n%s", c.in, err, out.String())
		}
	}
}

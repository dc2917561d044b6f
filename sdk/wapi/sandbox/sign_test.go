package sandbox

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSignatureOfThePagesWorkedForm(t *testing.T) {
	t.Parallel()
	// printf %s appid1formatjsontime15458294660123456789abcdef0123456789abcdef | md5sum
	const want = "cf118de175af65583ab72c993a3074d3"
	got := signature(parsePairs([]byte("time=1545829466&format=json&url_image=&sign=x&appid=1")), testSecret)
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestOnlyTheEmptyStringIsLeftOut(t *testing.T) {
	t.Parallel()
	with := signature(parsePairs([]byte("a=0&b=1")), testSecret)
	if without := signature(parsePairs([]byte("b=1")), testSecret); with == without {
		t.Error("a value of 0 was left out")
	}
	if blank := signature(parsePairs([]byte("a=0&b=1&c=")), testSecret); with != blank {
		t.Error("an empty value was signed")
	}
}

func TestSignatureAgreesWithThePlainForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := make(map[string][]string)
		for _, n := range rapid.SliceOfNDistinct(rapid.String(), 0, 8, rapid.ID).Draw(t, "names") {
			if n != "" {
				v[n] = []string{rapid.String().Draw(t, "value")}
			}
		}
		var params []param
		for n, values := range v {
			params = append(params, param{name: n, value: []byte(values[0])})
		}
		if got, want := signature(params, testSecret), testSign(v, testSecret); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

package wapi

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestSignFollowsTheWorkedForm(t *testing.T) {
	params := map[string]string{"time": "1545829466", "appid": "1", "format": "json", "empty": "", "sign": "ignored"}
	sum := md5.Sum([]byte("appid1formatjsontime1545829466" + testSecret))
	want := hex.EncodeToString(sum[:])
	if got := Sign(params, shared.NewSecret(testSecret)); got != want {
		t.Errorf("Sign = %s, want %s", got, want)
	}
	s := Explain(params, shared.NewSecret(testSecret))
	if s.Sign != want || s.StringToSign != "appid1formatjsontime1545829466<secret>" || len(s.Parts) != 3 {
		t.Errorf("Explain = %+v", s)
	}
	if strings.Contains(fmt.Sprintf("%#v", s), testSecret) {
		t.Error("the explanation holds the secret")
	}
}

func TestSignKeepsZeroAndDropsOnlyTheEmpty(t *testing.T) {
	secret := shared.NewSecret("s")
	if Sign(map[string]string{"a": "0"}, secret) == Sign(map[string]string{}, secret) {
		t.Error(`"0" was dropped`)
	}
	if Sign(map[string]string{"a": ""}, secret) != Sign(map[string]string{}, secret) {
		t.Error("the empty value was kept")
	}
	// Byte order: upper case before lower case, prefixes first.
	if got := Explain(map[string]string{"b": "1", "B": "2", "ab": "3", "a": "4"}, secret).StringToSign; got != "B2a4ab3b1<secret>" {
		t.Errorf("order: %s", got)
	}
}

package shared_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestMoneyTextIsReadBackEqual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		// The least int64 has no positive twin; no account holds it.
		m := shared.Money(rapid.Int64Min(-1<<62).Draw(rt, "m"))
		got, err := shared.ParseMoney(m.String())
		if err != nil || got != m {
			rt.Fatalf("%d: %q read back as %d, %v", int64(m), m.String(), int64(got), err)
		}
	})
}

func TestParseMoney(t *testing.T) {
	t.Parallel()
	good := map[string]shared.Money{"0.042": 42, "5": 5000, "0.1": 100, "12.34": 12340, "-0.005": -5, "1.": 1000, "007": 7000}
	if got, err := shared.ParseMoney(" 1\n"); err != nil || got != 1000 {
		t.Errorf("space around the amount: %d, %v", got, err)
	}
	for s, want := range good {
		if got, err := shared.ParseMoney(s); err != nil || got != want {
			t.Errorf("ParseMoney(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", ".", ".5", "0.0425", "1e3", "1,5", "--1", "0x10", "1_0", "99999999999999999999", "9300000000000000", "１"} {
		if got, err := shared.ParseMoney(s); err == nil {
			t.Errorf("ParseMoney(%q) = %d, want an error", s, got)
		}
	}
}

func TestMoneyIsAStringInJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(map[string]shared.Money{"price": 42})
	if err != nil || string(b) != `{"price":"0.042"}` {
		t.Fatalf("%s, %v", b, err)
	}
	var m map[string]shared.Money
	if err := json.Unmarshal(b, &m); err != nil || m["price"] != 42 {
		t.Fatalf("%v, %v", m, err)
	}
	if err := json.Unmarshal([]byte(`{"price":"x"}`), &m); err == nil {
		t.Fatal("an amount that is none was accepted")
	}
}

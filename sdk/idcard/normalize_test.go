package idcard

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

type normalizeVector struct {
	Field      shared.FieldName
	Raw, Value string
	OK         bool
}

func TestNormalizeVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors[normalizeVector](t, "normalize.json") {
		if value, ok := Normalize(v.Field, v.Raw); value != v.Value || ok != v.OK {
			t.Errorf("%s %q: %q %v, want %q %v", v.Field, v.Raw, value, ok, v.Value, v.OK)
		}
	}
}

func normalizesOnce(t rapid.TB, name shared.FieldName, raw string) {
	value, ok := Normalize(name, raw)
	again, ok2 := Normalize(name, value)
	if again != value || ok2 != ok || ok && value == "" {
		t.Fatalf("%s: %q gives %q %v, then %q %v", name, raw, value, ok, again, ok2)
	}
}

func TestNormalizeOfAValueGivesTheValue(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(rapid.SampledFrom([]string{"李", "𠮷", "A", "ａ", "．", ".", "•", " ", "　", "\n", "族", "汉", "Ⅹ", "12", "１", "年", "月", "日", "-", "－", "长期", "男", "\u200d"}), rapid.StringN(0, 2, -1))
	rapid.Check(t, func(t *rapid.T) {
		raw := ""
		for _, s := range rapid.SliceOfN(piece, 0, 8).Draw(t, "pieces") {
			raw += s
		}
		normalizesOnce(t, rapid.SampledFrom(shared.CardFields()).Draw(t, "field"), raw)
	})
}

func TestEthnicitiesAreThoseOfTheStandardAndTwoMore(t *testing.T) {
	t.Parallel()
	all := Ethnicities()
	seen := map[string]bool{}
	for _, e := range all {
		for _, raw := range []string{e, e + "族"} {
			if value, ok := Normalize(shared.FieldEthnicity, raw); !ok || value != e {
				t.Errorf("%s is not read: %q %v", raw, value, ok)
			}
		}
		seen[e] = true
	}
	if len(all) != 56+2 || len(seen) != len(all) || all[0] != "汉" || all[55] != "基诺" {
		t.Errorf("%d ethnicities, %d different", len(all), len(seen))
	}
	all[0] = "?"
	if Ethnicities()[0] != "汉" {
		t.Error("the table can be changed from outside")
	}
}

func FuzzNormalize(f *testing.F) {
	for _, v := range vectors[normalizeVector](f, "normalize.json") {
		f.Add(string(v.Field), v.Raw)
	}
	f.Fuzz(func(t *testing.T, name, raw string) { normalizesOnce(t, shared.FieldName(name), raw) })
}

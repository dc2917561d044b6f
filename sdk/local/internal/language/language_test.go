package language_test

import (
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/language"
)

func cost(m *language.Model, start rune, s string) float32 {
	var sum float32
	a, b := start, start
	for _, c := range s {
		sum += m.Place(a, b, c)
		a, b = b, c
	}
	return sum
}

func TestPlacesCostLessThanTheirLookAlikes(t *testing.T) {
	t.Parallel()
	m := language.Load()
	for _, c := range [][2]string{
		{"江西省赣州市", "江西省帻州市"}, {"山东省潍坊市", "山东省濉坊市"}, {"呼和浩特市", "呼和浩待市"},
		{"花园12栋3单元402室", "花园12拣3单元402室"}, {"人民路18号", "人民路18导"}, {"青云村5组", "青云村5俎"},
	} {
		if good, bad := cost(m, language.Start, c[0]), cost(m, language.Start, c[1]); good+2 > bad {
			t.Errorf("%s costs %.1f, %s %.1f", c[0], good, c[1], bad)
		}
	}
	if good, bad := cost(m, language.Authority, "赣县公安局"), cost(m, language.Authority, "赣县公妄局"); good+3 > bad {
		t.Errorf("an authority costs %.1f, with a misprint %.1f", good, bad)
	}
}

// Every character may stand anywhere: nothing costs more than the floor and the choice of a letter.
func TestEveryCostHasACeiling(t *testing.T) {
	t.Parallel()
	m := language.Load()
	for _, c := range []rune{'龘', '𠮷', 'Q', '7', '·', 0, -1, 0x10FFFF} {
		for _, before := range []rune{language.Start, '市', '龘', 'x'} {
			if v := m.Place(before, before, c); !(v >= 0 && v < 21) {
				t.Errorf("%q after %q costs %v", c, before, v)
			}
		}
		for _, first := range []bool{true, false} {
			if v := m.Name(c, first); !(v >= 0 && v < 21) {
				t.Errorf("%q in a name costs %v", c, v)
			}
		}
	}
}

func TestNamesKnowSurnames(t *testing.T) {
	t.Parallel()
	m := language.Load()
	if m.Name('王', true) > 4 || m.Name('王', true) > m.Name('伟', true) || m.Name('伟', false) > m.Name('胄', false) {
		t.Errorf("王 %v 伟 %v first; 伟 %v 胄 %v after", m.Name('王', true), m.Name('伟', true), m.Name('伟', false), m.Name('胄', false))
	}
}

func TestCountiesAreThoseInForce(t *testing.T) {
	t.Parallel()
	if n := len(language.Counties()); n < 2900 || n > 3100 {
		t.Errorf("%d counties", n)
	}
	path := language.County("110101")
	if len(path) != 2 || path[0] != "北京市" || path[1] != "东城区" {
		t.Errorf("110101 is %v", path)
	}
	if path := language.County("118801"); path != nil {
		t.Errorf("118801 is %v", path)
	}
	for _, c := range language.Counties() {
		for _, name := range language.County(c) {
			if name == "" {
				t.Errorf("%s has an empty name", c)
			}
		}
	}
}

func TestTableFindsWhatWasAdded(t *testing.T) {
	t.Parallel()
	var table language.Table
	for r := rune('一'); r < '一'+5000; r++ {
		table.Add(1, 0, 0, r, float64(r%100)/10)
	}
	m, mistaken := language.New(table.Bytes()), 0
	for r := rune('一'); r < '一'+5000; r++ {
		// Alone, a character has two steps of back-off.
		want := min(float32(r%100)/10+2*0.916, 15.5)
		if got := m.Place('x', 'y', r); got < want-0.1 || got > want+0.1 {
			mistaken++
		}
	}
	if mistaken > 5 { // a key may be taken for another one; one in some 5,000 is
		t.Errorf("%d of 5000 costs are wrong", mistaken)
	}
	if v := language.New(nil).Place('a', 'b', '省'); v != 15.5 {
		t.Errorf("an empty model says %v", v)
	}
}

func BenchmarkPlace(b *testing.B) {
	m := language.Load()
	for b.Loop() {
		m.Place('望', '澜', '区')
	}
}

package seal_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger/seal"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestParse(t *testing.T) {
	t.Parallel()
	one, two := strings.TrimSpace(string(seal.Generate())), strings.TrimSpace(string(seal.Generate()))
	for _, c := range []struct {
		about, text string
		ok          bool
	}{
		{"one key", one, true},
		{"a line", one + "\n", true},
		{"two lines of Windows", one + "\r\n" + two + "\r\n", true},
		{"two in an environment variable", one + " " + two, true},
		{"comments", "# a comment " + one + "\n\n  " + two + " # another\n#", true},
		{"byte order mark", "\uFEFF" + one, true},
		{"empty", "", false},
		{"only a comment", "# " + one, false},
		{"the same twice", one + "\n" + one, false},
		{"cut", one[:len(one)-1], false},
		{"longer", one + "A", false},
		{"no prefix", one[len("idrec-key-1:"):], false},
		{"another version", strings.Replace(one, "-1:", "-2:", 1), false},
		{"one bad of two", one + "\nx", false},
		{"loose last bits", "idrec-key-1:" + strings.Repeat("A", 42) + "B", false},
		{"no base64", "idrec-key-1:" + strings.Repeat("?", 43), false},
	} {
		r, err := seal.Parse([]byte(c.text))
		if c.ok {
			if err != nil || r == nil {
				t.Errorf("%s: %v", c.about, err)
			}
			continue
		}
		var e *shared.Error
		if !errors.As(err, &e) || e.Code != shared.CodeConfigurationInvalid || e.Outcome != shared.OutcomeNotSent {
			t.Errorf("%s: %v", c.about, err)
		} else if len(c.text) > 20 && strings.Contains(err.Error(), c.text[15:20]) {
			t.Errorf("%s: the error quotes the key: %v", c.about, err)
		}
	}
}

func TestRingDoesNotPrintItsKeys(t *testing.T) {
	t.Parallel()
	r := ring(t, []byte("idrec-key-1:p6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6c")) // 0xA7, 32 times
	key := bytes.Repeat([]byte{0xA7}, 4)
	for _, v := range []any{r, *r, struct{ R *seal.Ring }{r}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "167") || strings.Contains(out, string(key)) || strings.Contains(strings.ToLower(out), hex.EncodeToString(key)) ||
				strings.Contains(out, "0xa7") || strings.Contains(out, "p6enp6") {
				t.Errorf("%s of %T prints the key: %s", verb, v, out)
			}
		}
	}
	if b, err := json.Marshal(map[string]any{"ring": r}); err != nil || string(b) != `{"ring":{}}` {
		t.Errorf("as JSON: %s, %v", b, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("idrec-key-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	f.Add([]byte("# comment\r\nidrec-key-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA idrec-key-1:p6enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6c"))
	f.Add([]byte("\uFEFF"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := seal.Parse(text)
		if (r == nil) == (err == nil) {
			t.Fatal(r, err)
		}
		if err != nil {
			return
		}
		plain, err := r.Open("p", "id", r.Seal("p", "id", []byte("x")))
		if err != nil || string(plain) != "x" {
			t.Fatal(plain, err)
		}
	})
}

package host

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

type into struct{ bytes.Buffer }

func (*into) Close() error { return nil }

func TestOnlyTheHandshakeReachesGoPlugin(t *testing.T) {
	t.Parallel()
	const shake = "1|1|unix|/tmp/x|grpc|MIIB"
	for name, c := range map[string]struct {
		in, out string
		dropped int
	}{
		"alone":               {shake + "\n", shake, 0},
		"after prints":        {"a\n|||\n\n" + shake + "\nmore\n", shake, 3},
		"after a long line":   {strings.Repeat("1|1|unix|", 1<<16) + "\n" + shake + "\n", shake, 1},
		"of another protocol": {"9|7|tcp|127.0.0.1:1\n", "9|7|tcp|127.0.0.1:1", 0},
		"none":                {"a\nb", "", 2},
	} {
		var out into
		var seen string
		dropped := pumpStdout(strings.NewReader(c.in), &out, func(l string) { seen = l })
		if strings.TrimSpace(out.String()) != c.out || seen != c.out || dropped != c.dropped {
			t.Errorf("%s: %q, %q, %d", name, out.String(), seen, dropped)
		}
	}
}

func FuzzPumpStdoutPassesOneHandshakeOrNothing(f *testing.F) {
	f.Add([]byte("1|1|unix|/tmp/x|grpc\n"))
	f.Add([]byte("x\n1|1|tcp|a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out into
		pumpStdout(io.MultiReader(bytes.NewReader(b)), &out, func(string) {})
		if s := out.String(); s != "" && (strings.Count(s, "\n") != 1 || !handshakeShape.MatchString(strings.TrimSuffix(s, "\n"))) {
			t.Errorf("%q", s)
		}
	})
}

package serve

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

type closing struct {
	bytes.Buffer

	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestOnlyTheHandshakeReachesTheHost(t *testing.T) {
	t.Parallel()
	const shake = "1|1|unix|/tmp/x|grpc|MIIB"
	for name, in := range map[string]string{
		"alone":         shake + "\n",
		"after a print": "hello\n" + shake + "\n",
		"after a flood": strings.Repeat("x", 1<<20) + "\n" + shake + "\nmore\n",
		"twice":         shake + "\n" + shake + "\n",
		"in a long one": strings.Repeat(shake, 1<<12) + "\n" + shake + "\n",
	} {
		var out closing
		passHandshake(&out, strings.NewReader(in), "")
		if out.String() != shake+"\n" || !out.closed {
			t.Errorf("%s: %.100q", name, out.String())
		}
	}
}

func TestTheCertificateStandsInItsPlace(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"1|1|unix|/tmp/x|grpc|":      "1|1|unix|/tmp/x|grpc|CERT",
		"1|1|unix|/tmp/x|grpc||true": "1|1|unix|/tmp/x|grpc|CERT|true",
		"1|1|unix|/tmp/x|grpc":       "1|1|unix|/tmp/x|grpc",
	} {
		var out closing
		passHandshake(&out, strings.NewReader(in+"\n"), "CERT")
		if out.String() != want+"\n" {
			t.Errorf("%q", out.String())
		}
	}
}

func TestALogLineToNobodyIsDropped(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	_ = w.Close()
	if n, err := (dropping{w}).Write([]byte("x")); n != 1 || err != nil {
		t.Error(n, err)
	}
	if n, err := io.WriteString(dropping{io.Discard}, "xy"); n != 2 || err != nil {
		t.Error(n, err)
	}
}

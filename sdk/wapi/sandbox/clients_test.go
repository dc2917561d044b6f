package sandbox

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// The clients in testdata are written to the vendor's page alone, in other languages and with other
// tools' idea of base64, forms and MD5.
func TestForeignClientsAreAccepted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command []string
		needs   []string
	}{
		"shell":  {[]string{"sh", "testdata/client.sh"}, []string{"sh", "curl", "openssl", "sed", "date"}},
		"python": {[]string{"python3", "-I", "testdata/client.py"}, []string{"python3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range c.needs {
				if _, err := exec.LookPath(p); err != nil {
					if os.Getenv("IDREC_REQUIRE_CLIENTS") == "1" {
						t.Fatalf("IDREC_REQUIRE_CLIENTS=1, and there is no %s on this machine", p)
					}
					t.Skipf("no %s on this machine", p)
				}
			}
			var sides []shared.Side
			s := newTestServer(t, func(cfg *Config) {
				cfg.Clock = time.Now
				cfg.Engine = &fakeEngine{read: func(_ context.Context, r *shared.Request) (*shared.Result, error) {
					sides = append(sides, r.Side)
					return emblemResult(), nil
				}}
			})
			address, err := s.Start("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			picture := noisyPNG()
			file := filepath.Join(t.TempDir(), "card.png")
			if err := os.WriteFile(file, picture, 0o600); err != nil {
				t.Fatal(err)
			}
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(picture) }))
			t.Cleanup(web.Close)
			run := func(secret string, args ...string) string {
				cmd := exec.CommandContext(t.Context(), c.command[0], append(c.command[1:len(c.command):len(c.command)], args...)...)
				cmd.Env = append(os.Environ(), "IDREC_SECRET="+secret)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				return string(out)
			}
			for _, tt := range []struct {
				secret string
				args   []string
				want   string
			}{
				{testSecret, []string{file}, `"codeid":10000`},
				{testSecret, []string{web.URL + "/a b+c.png?x=1&y=%2B", "json", "back"}, `"codeid":10000`},
				{testSecret, []string{file, "xml", "front"}, "<codeid>10000</codeid>"},
				{strings.ToUpper(testSecret), []string{file}, `"codeid":10003`},
			} {
				args := append([]string{address, testID}, tt.args...)
				if out := run(tt.secret, args...); !strings.Contains(out, tt.want) {
					t.Errorf("%v: %s", tt.args, out)
				}
			}
			if n := s.State().Apps[testID].Pictures[hexDigest(picture)]; n != 3 {
				t.Errorf("the picture was billed %d times, want 3 with its bytes unchanged", n)
			}
			if len(sides) != 3 || sides[0] != shared.SideDetect || sides[1] != shared.SideEmblem || sides[2] != shared.SidePortrait {
				t.Errorf("sides %v", sides)
			}
		})
	}
}

// noisyPNG is a picture whose base64 has every character, too large for a command line, with bytes
// behind its end that no decoder looks at.
func noisyPNG() []byte {
	noise := make([]byte, 300_000)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(noise)
	return append(testPNG(20, 20, 1), noise...)
}

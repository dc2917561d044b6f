//go:build unix

package hotupgrade_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/sdk/internal/proctest"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// roleEnv makes this test binary the plugin.
const roleEnv = "IDREC_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(roleEnv) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	serve.Main(layers.Around(wapi.NewProvider(), layers.Options{
		Open: func(ctx context.Context, place layers.LedgerPlace) (ledger.Store, error) {
			opened, err := open.Open(ctx, open.Options{Address: place.Address, Key: place.Key, KeyFile: place.KeyFile})
			if err != nil {
				return nil, err
			}
			return opened.Store, nil
		},
	}))
}

// engine reads nothing, and takes its time for it.
type engine struct{}

func (engine) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "blank", Version: "1"}, nil
}

func (engine) Recognize(context.Context, *shared.Request) (*shared.Result, error) {
	time.Sleep(5 * time.Millisecond) // so that some are on their way whenever the process changes
	return &shared.Result{Status: shared.StatusUnknown, Outcome: shared.OutcomeFree, Basis: shared.BasisDocumented}, nil
}

// picture is the picture of that number: small, and no other has its bytes.
func picture(n int64) []byte {
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 37) // hopeless ones, all of one grey, are refused
	}
	for i := range 8 {
		img.SetGray(i, 0, color.Gray{Y: byte(n >> (8 * i))})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// No call fails when the process is changed under load, and no picture is billed twice: many are
// asked for again, of a later process or of both at once.
func TestAnUpgradeOnADurableLedgerFailsNoCallAndPaysOnce(t *testing.T) {
	t.Parallel()
	upgrades := 5
	if os.Getenv("IDREC_SOAK") != "" {
		upgrades = 100
	}
	const secret = "0123456789abcdef0123456789abcdef"
	app := sandbox.NewApp("1", secret)
	app.CallsLeft = 10_000_000
	vendor, err := sandbox.New(sandbox.Config{Engine: engine{}, Apps: []sandbox.App{app}, Concurrency: 64})
	if err != nil {
		t.Fatal(err)
	}
	url, err := vendor.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	p, err := host.Open(ctx, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=plugin", proctest.NoRaceSleep},
		Restart: true, StartTimeout: time.Minute, StopTimeout: time.Minute, Liveness: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close(context.Background()) }()
	dir := t.TempDir()
	err = p.Configure(ctx, shared.Configuration{
		Values: map[string]string{"url": url, "appid": "1", "rate": "1000", "concurrency": "16",
			"ledger": filepath.Join(dir, "ledger.db"), "ledger_key_file": filepath.Join(dir, "key")},
		Secrets: map[string]shared.Secret{"secret": shared.NewSecret(secret)},
	})
	if err != nil {
		t.Fatal(err)
	}

	stop := make(chan struct{})
	var next, calls atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// A new picture, or in turn one that was asked for before, most of them of another process.
				n := next.Add(1)
				if n%2 == 0 {
					n = 2*rand.N(n/2) + 1
				}
				res, err := p.Recognize(ctx, &shared.Request{Image: shared.Image{Bytes: picture(n)}})
				if err != nil || res.Outcome != shared.OutcomeBilled {
					t.Error("a call failed:", res, err)
					return
				}
				calls.Add(1)
			}
		})
	}
	pids := map[int]bool{p.PID(): true}
	for range upgrades {
		before := calls.Load()
		if err := p.Upgrade(ctx, host.Upgrade{}); err != nil {
			t.Error(err)
			break
		}
		pids[p.PID()] = true
		proctest.Eventually(t, time.Minute, "calls go on", func() bool { return calls.Load() > before+8 || t.Failed() })
	}
	close(stop)
	callers.Wait()

	billed := vendor.State().Apps["1"]
	doubles := 0
	for _, times := range billed.Pictures {
		if times > 1 {
			doubles++
		}
	}
	t.Log(fmt.Sprint(upgrades, " upgrades, ", calls.Load(), " calls, ", billed.Billed, " billed"))
	if want := (next.Load() + 1) / 2; doubles > 0 || billed.Billed > want {
		t.Errorf("%d pictures were billed twice; %d calls were billed, for %d pictures", doubles, billed.Billed, want)
	}
	if len(pids) != upgrades+1 {
		t.Error(len(pids), "processes")
	}
}

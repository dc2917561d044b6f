package sandbox

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestParallelCallsAreEachBilledOnce(t *testing.T) {
	t.Parallel()
	const calls, left = 1000, 900
	s := newTestServer(t, func(c *Config) { c.Apps[0].CallsLeft = left })
	form := testForm()
	var wg sync.WaitGroup
	var ok, refused atomic.Int64
	for range calls {
		wg.Go(func() {
			switch a := ask(t, s, post(DefaultPath, form)); a.Code {
			case "10000":
				ok.Add(1)
			case "10018":
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	st := s.State().Apps[testID]
	if ok.Load() != left || refused.Load() != calls-left {
		t.Errorf("%d read and %d refused, want %d and %d", ok.Load(), refused.Load(), left, calls-left)
	}
	price := shared.Money(left-freeCalls) * packagePrice
	if st.Requests != calls || st.Billed != left || st.CallsLeft != 0 || st.Billing != price {
		t.Errorf("requests %d, billed %d for %s, left %d", st.Requests, st.Billed, st.Billing, st.CallsLeft)
	}
	d := hexDigest(testPNG(20, 20, 1))
	if st.Pictures[d] != left || st.PicturesRequested[d] != calls {
		t.Errorf("pictures %v, requested %v", st.Pictures, st.PicturesRequested)
	}
	if st.Codes["10000"] != left || st.Codes["10018"] != calls-left || s.State().InFlight != 0 {
		t.Errorf("codes %v", st.Codes)
	}
}

func TestCallIsBilledBeforeRecognitionBegins(t *testing.T) {
	t.Parallel()
	var s *Server
	s = newTestServer(t, func(c *Config) {
		c.Engine = &fakeEngine{read: func(context.Context, *shared.Request) (*shared.Result, error) {
			if n := s.State().Apps[testID].Billed; n != 1 {
				t.Errorf("billed %d when recognition begins", n)
			}
			return emblemResult(), nil
		}}
	})
	wantCode(t, ask(t, s, post(DefaultPath, testForm())), 10000)
}

func TestFailureOfTheEngineTakesTheChargeBack(t *testing.T) {
	t.Parallel()
	for code, read := range map[int]func(context.Context, *shared.Request) (*shared.Result, error){
		10014: func(context.Context, *shared.Request) (*shared.Result, error) { panic("broken") },
		10021: func(context.Context, *shared.Request) (*shared.Result, error) { return nil, errors.New("broken") },
	} {
		for _, prepaid := range []int64{0, 7} {
			s := newTestServer(t, func(c *Config) {
				c.Engine = &fakeEngine{read: read}
				c.Apps[0].CallsLeft, c.Apps[0].PerCall, c.Apps[0].Balance = prepaid, 100, 100
			})
			wantCode(t, ask(t, s, post(DefaultPath, testForm())), code)
			st := s.State().Apps[testID]
			if st.Billed != 0 || st.Billing != 0 || st.CallsLeft != prepaid || st.Balance != 100 || len(st.Pictures) != 0 {
				t.Errorf("%d: %+v", code, st)
			}
		}
	}
}

func TestPictureThatTheEngineRefusesIsBilled(t *testing.T) {
	t.Parallel()
	for code, status := range map[shared.Code]string{shared.CodeNotAPicture: "non_idcard", shared.CodePictureBroken: "unknown"} {
		s := newTestServer(t, func(c *Config) {
			c.Engine = &fakeEngine{read: func(context.Context, *shared.Request) (*shared.Result, error) {
				return nil, fmt.Errorf("wrapped: %w", &shared.Error{Code: code, Outcome: shared.OutcomeFree})
			}}
		})
		a := ask(t, s, post(DefaultPath, testForm()))
		wantCode(t, a, 10000)
		if a.Retdata["image_status"] != status || s.State().Apps[testID].Billed != 1 {
			t.Errorf("%s: %v, billed %d", code, a.Retdata, s.State().Apps[testID].Billed)
		}
	}
}

func TestPriceFollowsThePackages(t *testing.T) {
	t.Parallel()
	a := App{Packages: []Package{{2, 0}, {3, 50}, {1, 40}}}
	for used, want := range []shared.Money{0, 0, 50, 50, 50, 40, 40, 40} {
		if got := a.price(int64(used)); got != want {
			t.Errorf("call %d costs %s, want %s", used+1, got, want)
		}
	}
	if (&App{}).price(3) != 0 {
		t.Error("without packages a call paid for in advance costs nothing more")
	}
}

func TestBalancePaysOnceTheCallsAreUsedUp(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, func(c *Config) {
		a := &c.Apps[0]
		a.CallsLeft, a.Packages, a.Balance, a.PerCall = 1, []Package{{1, 50}}, 250, 100
	})
	for _, code := range []int{10000, 10000, 10000, 10022} {
		wantCode(t, ask(t, s, post(DefaultPath, testForm())), code)
	}
	st := s.State().Apps[testID]
	if st.Billed != 3 || st.Billing != 250 || st.Balance != 50 || st.CallsLeft != 0 {
		t.Errorf("%+v", st)
	}
}

func TestChangesOfAnAppLoseNoCall(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() { ask(t, s, post(DefaultPath, testForm())) })
		wg.Go(func() {
			if err := s.UpdateApp(testID, func(a *App) { a.CallsLeft++ }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if st := s.State().Apps[testID]; st.CallsLeft != newAppsCalls || st.Billed != 200 {
		t.Errorf("left %d, billed %d", st.CallsLeft, st.Billed)
	}
}

func TestRequestsOfUnknownAppsAreCountedApart(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	ask(t, s, post(DefaultPath, testForm("appid", "nobody")))
	ask(t, s, post(DefaultPath, nil))
	st := s.State()
	if st.Unattributed.Requests != 2 || st.Unattributed.Codes["10005"] != 1 || st.Unattributed.Codes["10001"] != 1 || st.Apps[testID].Requests != 0 {
		t.Errorf("%+v", st)
	}
}

func TestDigestIsOfTheDecodedBytes(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for seed := range byte(3) {
		ask(t, s, post(DefaultPath, testForm("url_image", base64.StdEncoding.EncodeToString(testPNG(20, 20, seed)))))
	}
	for seed := range byte(3) {
		if n := s.State().Apps[testID].Pictures[hexDigest(testPNG(20, 20, seed))]; n != 1 {
			t.Errorf("picture %d billed %d times", seed, n)
		}
	}
}

func TestRecentIsARingWithoutAnythingPersonal(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, nil)
	for range maxRecent + 1 {
		ask(t, s, post(DefaultPath, testForm("appid", "somebody")))
	}
	ask(t, s, post(DefaultPath, testForm()))
	log := s.Recent()
	if len(log) != maxRecent {
		t.Fatalf("%d entries", len(log))
	}
	if last := log[maxRecent-1]; last.App != testID || last.Result != "10000" || !last.Billed || last.Picture != hexDigest(testPNG(20, 20, 1)) || last.Fault {
		t.Errorf("%+v", last)
	}
	if first := log[0]; first.App != "" || first.Result != "10005" {
		t.Errorf("%+v", first)
	}
}

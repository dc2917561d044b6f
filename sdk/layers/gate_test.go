package layers

import (
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestCallsAndAttemptsKeepToTheGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: 2 * time.Second}))
		s := around(t, v, nil, quick("concurrency", "3", "rate", "1", "burst", "1"))
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() { read(t, s, request(strconv.Itoa(i))) })
		}
		wg.Wait()
		// A token a second: the last one is sent after 5 s and answered after 7.
		if took := time.Since(start); v.most != 3 || took != 7*time.Second {
			t.Errorf("%d calls were in flight at once and 6 calls took %v, want 3 and 7s", v.most, took)
		}
	})
}

func TestEachAttemptTakesAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := around(t, newVendor(always(play{attempts: 3})), nil, quick("rate", "0.5", "burst", "1"))
		res := read(t, s, request("a"))
		if res.Timings.Queue != 6*time.Second || res.Timings.Total != 6*time.Second || res.Attempts != 4 {
			t.Errorf("4 attempts queued %v of %v", res.Timings.Queue, res.Timings.Total)
		}
	})
}

func TestDefaultIsARealLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{}))
		s := around(t, v, nil, map[string]string{"prepare": "false"})
		start := time.Now()
		for i := range 6 {
			read(t, s, request(strconv.Itoa(i)))
		}
		if took := time.Since(start); took != 2*time.Second { // a burst of 2, then 2 a second
			t.Errorf("6 calls took %v, want 2s", took)
		}
		v.description.Remote, v.description.Paid = false, false
		free := around(t, v, nil, map[string]string{"prepare": "false"})
		start = time.Now()
		for range 100 {
			read(t, free, request("a"))
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("100 calls of a provider on this machine took %v", took)
		}
	})
}

func TestCallInTheQueueGivesUpAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(always(play{delay: time.Minute}))
		s := around(t, v, nil, quick("concurrency", "1"))
		var wg sync.WaitGroup
		wg.Go(func() { read(t, s, request("a")) })
		synctest.Wait()
		ctx, cancel := contextWithTimeout(t, time.Second)
		defer cancel()
		failWith(t, ctx, s, request("b"), shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
		wg.Wait()
		v.want(t, 1, 1)
	})
}

// What reads on this machine is neither slowed down nor given another picture than the caller's, unless
// that is asked for.
func TestWhatReadsHereGetsThePictureAsItIs(t *testing.T) {
	t.Parallel()
	for _, remote := range []bool{true, false} {
		s, err := parseSettings(&shared.Description{Remote: remote}, map[string]string{})
		if err != nil || s.prepare != remote {
			t.Errorf("remote %v: prepare is %v, %v", remote, s.prepare, err)
		}
	}
	if s, err := parseSettings(&shared.Description{}, map[string]string{"prepare": "true"}); err != nil || !s.prepare {
		t.Errorf("asked for: %v, %v", s.prepare, err)
	}
}

package postgres_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/shared"
)

// The limits are far from the start on, so that the shared lock, the exclusive one and the change between
// them are all used; prices differ, so that the ceiling rises on the way.
func TestBudgetsAreExactFarAndNear(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*ledger.Intent){
		"calls of a run":          func(in *ledger.Intent) { in.Run, in.RunLimit.Calls = "r", 150 },
		"yuan of a day":           func(in *ledger.Intent) { in.DayLimit.Yuan = 9_000 },
		"yuan of a run and a day": func(in *ledger.Intent) { in.Run, in.RunLimit.Yuan, in.DayLimit.Yuan = "r", 9_000, 9_050 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn, opts := pgtest.Shared(t).DSN(), postgres.Options{Schema: schema(), MaxConns: 6}
			stores := []*postgres.Store{open(t, dsn, opts), open(t, dsn, opts)}
			var next, calls, money, over atomic.Int64
			var limit ledger.Intent
			set(&limit)
			var wg sync.WaitGroup
			for w := range 12 {
				wg.Go(func() {
					for range 40 {
						i := next.Add(1)
						in := intent("k"+strconv.FormatInt(i, 10), "c"+strconv.FormatInt(i, 10))
						set(&in)
						in.Price = []shared.Money{10, 50, 70}[i%3]
						_, began, err := stores[w%2].Begin(t.Context(), in)
						switch {
						case errors.Is(err, shared.CodeBudgetExhausted):
							over.Add(1)
							continue
						case err != nil || !began:
							t.Errorf("Begin: %v, %v (%v)", began, err, cause(err))
							continue
						}
						end := billed(in)
						end.Price = in.Price
						switch i % 5 {
						case 0: // stays open
						case 1:
							end.Outcome = shared.OutcomeAmbiguous
						case 2:
							end.Outcome = shared.OutcomeRejected
						}
						if i%5 != 2 {
							calls.Add(1)
							money.Add(int64(in.Price))
						}
						if i%5 == 0 {
							continue
						}
						if err := stores[w%2].Settle(t.Context(), end); err != nil {
							t.Errorf("Settle: %v", err)
						}
					}
				})
			}
			wg.Wait()
			if over.Load() == 0 {
				t.Fatal("the limit was not reached")
			}
			if limit.RunLimit.Calls > 0 && calls.Load() != limit.RunLimit.Calls {
				t.Errorf("%d calls were begun within a limit of %d", calls.Load(), limit.RunLimit.Calls)
			}
			if most := limit.DayLimit.Yuan; most > 0 && (money.Load() > int64(most) || money.Load() < int64(most)-2*70) {
				t.Errorf("%d were spent within a limit of %d", money.Load(), most)
			}
		})
	}
}

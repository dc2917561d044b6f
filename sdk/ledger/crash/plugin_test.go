//go:build unix

package crash_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
	"github.com/seed-6b91b535/idrec/shared"
)

// The environment of a plugin.
const (
	ledgerEnv  = "IDREC_CRASH_LEDGER"
	keyEnv     = "IDREC_CRASH_KEY"
	controlEnv = "IDREC_CRASH_CONTROL" // the URL of the test's traps; empty: none
)

// grace is how long a plugin stays to settle what is paid when its host has gone.
const grace = 10 * time.Second

func servePlugin() {
	opened, err := open.Open(context.Background(), open.Options{Address: shared.NewSecret(os.Getenv(ledgerEnv)), KeyFile: os.Getenv(keyEnv)})
	if err != nil {
		serve.Logger().Error("the ledger does not open", "error", err)
		os.Exit(1)
	}
	store := opened.Store
	if control := os.Getenv(controlEnv); control != "" {
		store = &trapped{Store: store, control: control}
	}
	serve.Main(layers.Around(wapi.NewProvider(), layers.Options{Ledger: store}), serve.WithGrace(grace))
}

// trapped is a store that asks the test at each point of a call what is to happen there.
type trapped struct {
	ledger.Store

	control string
}

// at returns when the test lets the call go on from the point; fail says that the store is to fail there.
func (s *trapped) at(p point, callID string) (fail bool) {
	res, err := http.Post(s.control+"/"+string(p)+"/"+callID, "text/plain", nil)
	if err != nil {
		return false // the test is over
	}
	defer func() { _ = res.Body.Close() }()
	word, _ := io.ReadAll(res.Body)
	return strings.TrimSpace(string(word)) == "fail"
}

func (s *trapped) Begin(ctx context.Context, in ledger.Intent) (ledger.Entry, bool, error) {
	s.at(beforeBegin, in.CallID)
	e, began, err := s.Store.Begin(ctx, in)
	if began {
		s.at(afterBegin, in.CallID)
	}
	return e, began, err
}

func (s *trapped) Settle(ctx context.Context, e ledger.Settlement) error {
	if s.at(beforeSettle, e.Intent.CallID) {
		return errors.New("the store is out of reach")
	}
	err := s.Store.Settle(ctx, e)
	s.at(afterSettle, e.Intent.CallID)
	return err
}

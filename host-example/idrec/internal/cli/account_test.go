package cli

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/shared"
)

// bookkeeper is a plugin with an account.
type bookkeeper struct {
	fake

	account shared.Account
	resumed int
}

func (k *bookkeeper) Describe(ctx context.Context) (*shared.Description, error) {
	d, err := k.fake.Describe(ctx)
	d.Faces = []shared.Face{shared.FaceAccountant}
	return d, err
}

func (k *bookkeeper) Account(context.Context) (*shared.Account, error) { return &k.account, nil }

func (k *bookkeeper) Resume(context.Context) error {
	k.resumed++
	return nil
}

func TestAccountSaysWhyNothingIsSent(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := &bookkeeper{account: shared.Account{Durable: true, Today: shared.Tally{Billed: 3, Spent: 150}}}
	b.others = map[string]process{"wapi": k}
	b.want(exit.OK, "", "account", "status")
	if !strings.HasPrefix(b.out.String(), "calls are sent\n") || !strings.Contains(b.out.String(), "today: 3 billed, 0.150 yuan") {
		t.Errorf("%s", b.out.String())
	}
	k.account.Paused = &shared.Error{Code: shared.CodeBalanceTooLow, Outcome: shared.OutcomeNotSent, VendorText: "余额\n不足"}
	k.account.PausedSince, k.account.NextProbe = time.Unix(1, 0), time.Unix(181, 0)
	b.want(exit.Later, "", "account", "status")
	if !strings.Contains(b.out.String(), "recharge the account") || !strings.Contains(b.out.String(), "余额 不足") || !strings.Contains(b.out.String(), "1970-01-01 08:03:01") {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.Later, "", "account", "status", "--json")
	var l accountLine
	if err := json.Unmarshal(b.out.Bytes(), &l); err != nil || l.Paused == nil || l.Paused.Code != shared.CodeBalanceTooLow || !l.NextProbe.Equal(k.account.NextProbe) || l.Today.SpentYuan != 150 {
		t.Errorf("%+v, %v", l, err)
	}
	k.account.Paused, k.account.CircuitOpen, k.account.Durable = nil, true, false
	b.want(exit.Later, "", "account", "status")
	if !strings.Contains(b.out.String(), "too many unclear answers") || !strings.Contains(b.out.String(), "memory") {
		t.Errorf("%s", b.out.String())
	}
	b.want(exit.OK, "", "account", "resume")
	if k.resumed != 1 {
		t.Errorf("resumed %d times", k.resumed)
	}
	b.others = nil
	b.want(exit.Config, "does not offer", "account", "status")
}

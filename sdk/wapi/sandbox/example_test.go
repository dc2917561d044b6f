package sandbox_test

import (
	"context"
	"fmt"

	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// blind is the least engine: every picture is unknown to it.
type blind struct{}

func (blind) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "blind", Title: "says unknown to every picture"}, nil
}

func (blind) Recognize(context.Context, *shared.Request) (*shared.Result, error) {
	return &shared.Result{Status: shared.StatusUnknown, Outcome: shared.OutcomeFree}, nil
}

// A test starts a vendor of its own, scripts what goes wrong, and asks afterwards what was billed.
func Example() {
	vendor, err := sandbox.New(sandbox.Config{
		Engine: blind{},
		Apps:   []sandbox.App{sandbox.NewApp("1", "0123456789abcdef0123456789abcdef")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = vendor.Close() }()
	url, err := vendor.Start("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = url // what the client under test is given

	// The next answer is lost after it was billed; the one after that is HTTP 503.
	err = vendor.SetFaults(
		sandbox.Fault{Drop: sandbox.DropAfterBilling},
		sandbox.Fault{Status: 503, RetryAfter: "1"},
	)
	fmt.Println(vendor.Announcement(), err)

	state := vendor.State().Apps["1"]
	fmt.Println("billed:", state.Billed, "for", state.Billing, "yuan; calls left:", state.CallsLeft)
	// Output:
	// engine blind: says unknown to every picture <nil>
	// billed: 0 for 0.000 yuan; calls left: 100000
}

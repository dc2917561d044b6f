package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// SecretLength is the number of characters of an app's secret.
const SecretLength = 32

// App is one customer's application. It prints without its secret.
type App struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty"` // never shown again
	// CallsLeft are the calls paid for in advance. Each billed one takes one.
	CallsLeft int64 `json:"calls_left"`
	// Balance pays for calls once none are left, PerCall each. A PerCall of 0 means that this customer
	// does not pay that way: without calls left the code is 10018, otherwise, with too little, 10022.
	Balance shared.Money `json:"balance"`
	PerCall shared.Money `json:"per_call"`
	// Packages say what the calls paid for in advance cost, used up in this order; calls beyond the last
	// cost what it says.
	Packages []Package `json:"packages"`
	// TermEnd is when the API's term ends (10011 from then on); zero: never.
	TermEnd time.Time `json:"term_end,omitzero"`
	// Addresses from which the app may be used (10006), as in 192.0.2.7 or 192.0.2.0/24; empty: any.
	Addresses []string `json:"addresses,omitempty"`
	// Included and Ordered are APIs by their paths (10008; 10010, and 10012 for an empty list); nil: all.
	Included  []string `json:"included"`
	Ordered   []string `json:"ordered"`
	Suspended bool     `json:"suspended"` // 10013
	Disabled  bool     `json:"disabled"`  // 10007
}

// Package is so many calls at so much each.
type Package struct {
	Calls   int64        `json:"calls"`
	PerCall shared.Money `json:"per_call"`
}

// What a new app has: the vendor's five free calls and then the price of its package of 2,000, with
// calls enough for a long test.
const (
	freeCalls     = 5
	packageCalls  = 2000
	packagePrice  = 50 * shared.Yuan / 1000
	newAppsCalls  = 100_000
	maxAppIDBytes = 64
)

// NewApp returns an app that may do everything: 100,000 calls left, the first five free, the others at
// 0.05 yuan.
func NewApp(id, secret string) App {
	return App{ID: id, Secret: secret, CallsLeft: newAppsCalls,
		Packages: []Package{{freeCalls, 0}, {packageCalls, packagePrice}}}
}

// ParseApp reads an app as command lines write it, ID:SECRET.
func ParseApp(s string) (App, error) {
	id, secret, ok := strings.Cut(s, ":")
	if !ok {
		return App{}, errors.New("write an app as ID:SECRET")
	}
	a := NewApp(id, secret)
	return a, a.validate()
}

// String tells the id only.
func (a App) String() string { return "app(" + a.ID + ")" }

// Format writes what String returns, whatever the verb.
func (a App) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(a.String())) }

// LogValue is what package log/slog writes.
func (a App) LogValue() slog.Value { return slog.StringValue(a.String()) }

// validate reports what makes the app unusable; the text holds no value of it.
func (a *App) validate() error {
	switch {
	case a.ID == "" || len(a.ID) > maxAppIDBytes || strings.ContainsAny(a.ID, "/ \t\r\n"):
		return fmt.Errorf("an app's id has 1 to %d bytes, no slash and no space", maxAppIDBytes)
	case len(a.Secret) != SecretLength:
		return fmt.Errorf("an app's secret has %d characters", SecretLength)
	case a.CallsLeft < 0:
		return errors.New("calls_left cannot be negative")
	case a.Balance < 0 || a.PerCall < 0:
		return errors.New("balance and per_call cannot be negative")
	}
	for _, p := range a.Packages {
		if p.Calls < 1 || p.PerCall < 0 {
			return errors.New("a package has at least one call and no negative price")
		}
	}
	for _, s := range a.Addresses {
		if _, err := parsePrefix(s); err != nil {
			return errors.New("addresses are IP addresses or networks in CIDR form")
		}
	}
	return nil
}

// clone returns a copy that shares nothing.
func (a *App) clone() App {
	c := *a
	c.Packages = slices.Clone(a.Packages)
	c.Addresses = slices.Clone(a.Addresses)
	c.Included = slices.Clone(a.Included)
	c.Ordered = slices.Clone(a.Ordered)
	return c
}

// allows reports whether the app may be used from an address, an IPv4 one in its own form.
func (a *App) allows(ip netip.Addr) bool {
	if len(a.Addresses) == 0 {
		return true
	}
	return slices.ContainsFunc(a.Addresses, func(s string) bool {
		p, err := parsePrefix(s)
		return err == nil && p.Contains(ip)
	})
}

func parsePrefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// price is what the next call paid for in advance costs, when so many were used.
func (a *App) price(used int64) shared.Money {
	var last shared.Money
	for _, p := range a.Packages {
		last = p.PerCall
		if used < p.Calls {
			break
		}
		used -= p.Calls
	}
	return last
}

// merge changes the app as a JSON merge patch says (RFC 7396): names that are there are set, null gives
// a name its zero value, the others stay. Amounts may be numbers or text.
func (a *App) merge(patch []byte) error {
	var changes map[string]any
	if err := decodeNumbers(patch, &changes); err != nil || changes == nil {
		return errors.New("the body must be one JSON object")
	}
	amountsAsText(changes)
	was, err := json.Marshal(a) //nolint:gosec // the secret goes from here back into the app
	if err != nil {
		return err
	}
	var whole map[string]any
	if err := decodeNumbers(was, &whole); err != nil {
		return err
	}
	maps.Copy(whole, changes) // a null gives the zero value when it is read
	now, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	var next App
	if err := decodeStrict(now, &next); err != nil {
		return err
	}
	if next.ID != a.ID {
		return errors.New("an app's id cannot be changed")
	}
	if err := next.validate(); err != nil {
		return err
	}
	*a = next
	return nil
}

// amountsAsText turns amounts that are written as JSON numbers into the text that they are read from.
func amountsAsText(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if n, ok := inner.(json.Number); ok && (name == "balance" || name == "per_call") {
				v[name] = n.String()
			}
			amountsAsText(inner)
		}
	case []any:
		for _, inner := range v {
			amountsAsText(inner)
		}
	}
}

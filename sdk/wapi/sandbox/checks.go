package sandbox

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// check is one condition that a request must meet; judge returns nil if it does.
type check struct {
	name     string
	needsApp bool
	judge    func(*call) *reply
}

// The names of checks that the order of checks depends on.
const checkAppID = "appid_known"

// checks are the conditions in the default order.
func checks() []check {
	return []check{
		{"api", false, (*call).checkAPI},
		{"sub_api", false, (*call).checkSubAPI},
		{"appid_given", false, func(c *call) *reply { return c.given("appid", codeAppIDMissing) }},
		{"sign_given", false, func(c *call) *reply { return c.given("sign", codeSignMissing) }},
		{checkAppID, false, func(c *call) *reply { return refuseIf(c.app == nil, codeAppIDWrong) }},
		{"disabled", true, func(c *call) *reply { return refuseIf(c.app.Disabled, codeDisabled) }},
		{"address", true, (*call).checkAddress},
		{"time_integer", false, (*call).checkTimeInteger},
		{"time_window", false, (*call).checkTimeWindow},
		{"sign", true, (*call).checkSign},
		{"included", true, func(c *call) *reply { return c.lists(c.app.Included, codeNotIncluded) }},
		{"nothing_ordered", true, func(c *call) *reply {
			return refuseIf(c.app.Ordered != nil && len(c.app.Ordered) == 0, codeNothingOrdered)
		}},
		{"ordered", true, func(c *call) *reply { return c.lists(c.app.Ordered, codeNotOrdered) }},
		{"term", true, func(c *call) *reply {
			return refuseIf(!c.app.TermEnd.IsZero() && !c.now.Before(c.app.TermEnd), codeTermExpired)
		}},
		{"suspended", true, func(c *call) *reply { return refuseIf(c.app.Suspended, codeSuspended) }},
		{"parameters", false, (*call).checkParameters},
		{"format", false, (*call).checkFormat},
		{"side", false, (*call).checkSide},
	}
}

func checkNames() []string {
	all := checks()
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.name
	}
	return names
}

// validOrder reports an order that does not hold every check once, or asks something of an app before
// there is one.
func validOrder(order string) error {
	names := strings.Split(order, ",")
	want, got := checkNames(), slices.Clone(names)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		return fmt.Errorf("guess check_order must hold each of these once: %s", strings.Join(checkNames(), ","))
	}
	for _, c := range ordered(order) {
		switch {
		case c.name == checkAppID:
			return nil
		case c.needsApp:
			return fmt.Errorf("guess check_order must have %s before %s", checkAppID, c.name)
		}
	}
	return nil
}

// ordered returns the checks in a valid order.
func ordered(order string) []check {
	all := checks()
	out := make([]check, 0, len(all))
	for name := range strings.SplitSeq(order, ",") {
		if i := slices.IndexFunc(all, func(c check) bool { return c.name == name }); i >= 0 {
			out = append(out, all[i])
		}
	}
	return out
}

func refuseIf(bad bool, code int) *reply {
	if bad {
		return refuse(code)
	}
	return nil
}

func (c *call) given(name string, code int) *reply { return refuseIf(c.form.get(name) == "", code) }

func (c *call) lists(apis []string, code int) *reply {
	return refuseIf(apis != nil && !slices.Contains(apis, c.srv.path), code)
}

func (c *call) checkAPI() *reply {
	return refuseIf(c.path != c.srv.path && !strings.HasPrefix(c.path, c.srv.path+"/"), codeNoSuchAPI)
}

func (c *call) checkSubAPI() *reply {
	return refuseIf(strings.HasPrefix(c.path, c.srv.path+"/"), codeNoSuchSubAPI)
}

func (c *call) checkAddress() *reply {
	ap, err := netip.ParseAddrPort(c.r.RemoteAddr)
	ip := ap.Addr().Unmap()
	if err == nil && c.app.allows(ip) || len(c.app.Addresses) == 0 {
		return nil
	}
	return say(codeAddress, textOf(codeAddress)+": "+ip.String())
}

func (c *call) checkTimeInteger() *reply {
	t := c.form.get("time")
	_, err := strconv.ParseInt(t, 10, 64)
	return refuseIf(t != "" && err != nil && !errors.Is(err, strconv.ErrRange), codeTimeNotInteger)
}

func (c *call) checkTimeWindow() *reply {
	t := c.form.get("time")
	window := int64(c.srv.guesses.Window)
	if t == "" || window < 0 {
		return nil
	}
	at, err := strconv.ParseInt(t, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return nil // the other check's
	}
	now := c.now.Unix()
	return refuseIf(err != nil || at < now-window || at > now+window, codeTimeWindow)
}

func (c *call) checkSign() *reply {
	return refuseIf(!c.form.signed(c.app.Secret, c.srv.guesses.SignCase), codeSignWrong)
}

// pageParams are the parameters that the page lists.
var pageParams = []string{"appid", "format", "id_card_side", "time", "url_image", "sign"}

func (c *call) checkParameters() *reply {
	mode := c.srv.guesses.Parameters
	if mode == guessOff {
		return nil
	}
	bad := c.form.get("url_image") == ""
	if mode == "exact" {
		bad = bad || c.form.repeated
		for _, p := range c.form.params {
			bad = bad || !slices.Contains(pageParams, p.name)
		}
	}
	return refuseIf(bad, codeParameterCount)
}

func (c *call) checkFormat() *reply {
	switch c.form.get("format") {
	case "", "json", "xml":
		return nil
	}
	if c.srv.guesses.UnknownFormat == guessRefuse {
		return say(codeText, "format 只能是 json 或 xml")
	}
	return nil
}

func (c *call) checkSide() *reply {
	switch c.form.get("id_card_side") {
	case "", "front", "back":
		return nil
	}
	if c.srv.guesses.UnknownSide == guessRefuse {
		return say(codeText, "id_card_side 只能是 front 或 back")
	}
	return nil
}

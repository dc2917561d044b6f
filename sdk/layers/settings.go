package layers

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// settings are those of the layers. The defaults stand in [settingFields].
type settings struct {
	rate           float64
	burst          int
	concurrency    int
	prepare        bool
	urlHosts       []string
	urlPrivate     []string
	budgetDay      ledger.Limit
	circuit        circuitSettings
	pausedInterval time.Duration

	queue     int
	memoryMiB int
	budgetKey ledger.Limit
	ttl       time.Duration
	pack      Package
	place     LedgerPlace

	resend, buyAgain, forgetTombstone bool
}

// settingFields describes the settings of the layers around a provider.
func settingFields(d *shared.Description) []shared.ConfigField {
	perSecond, concurrency := gate.DefaultPerSecond, gate.DefaultConcurrency
	if !d.Remote {
		perSecond = math.Inf(1) // nobody to be spared
	}
	if d.Limits.CallsPerSecond > 0 {
		perSecond = d.Limits.CallsPerSecond
	}
	if d.Limits.Concurrency > 0 {
		concurrency = d.Limits.Concurrency
	}
	return []shared.ConfigField{
		{Name: "rate", Type: shared.TypeFloat, Default: strings.ToLower(strconv.FormatFloat(perSecond, 'g', -1, 64)), Help: "attempts a second, resends included; inf for no limit"},
		{Name: "burst", Type: shared.TypeInt, Default: strconv.Itoa(gate.DefaultBurst), Help: "attempts that may be made at once after a pause"},
		{Name: "concurrency", Type: shared.TypeInt, Default: strconv.Itoa(concurrency), Help: "calls at once, 1 to 4096"},
		// What reads here takes the picture as it is: nothing has to fit, and nothing leaves the machine.
		{Name: "prepare", Type: shared.TypeBool, Default: strconv.FormatBool(d.Remote), Help: "make pictures upright and fit the provider's limits, strip their metadata and refuse hopeless ones"},
		{Name: "url_hosts", Type: shared.TypeString, Help: "hosts from which pictures may be fetched, separated by commas; * for every public one"},
		{Name: "url_private_hosts", Type: shared.TypeString, Help: "hosts from which pictures may be fetched although they lie in a private network or on this machine, separated by commas"},
		{Name: "budget_day_yuan", Type: shared.TypeMoney, Default: "0", Help: "the most that may be spent on a day in China, in yuan, unclear calls included; 0 for no limit"},
		{Name: "budget_day_calls", Type: shared.TypeInt, Default: "0", Help: "the most calls on a day in China that are or may be billed; 0 for no limit"},
		{Name: "budget_key_yuan", Type: shared.TypeMoney, Default: "0", Help: "the most that may be spent on one picture, which only the unsafe settings and requests can buy again, in yuan; 0 for no limit"},
		{Name: "budget_key_calls", Type: shared.TypeInt, Default: "3", Help: "the most calls for one picture that are or may be billed; 0 for no limit"},
		{Name: "calls_package", Type: shared.TypeInt, Default: "0", Help: "the calls that you bought, to be warned before they run out; 0 if you do not want to be"},
		{Name: "calls_package_since", Type: shared.TypeString, Help: "the day in China since which calls count against calls_package, as in 2026-01-31; default: all on record"},
		{Name: "result_ttl", Type: shared.TypeDuration, Default: "0s", Help: "how long answers and personal data are kept, as in 2160h for 90 days; then the picture is answered as forgotten. 0s: until they are deleted by hand"},
		{Name: "queue", Type: shared.TypeInt, Default: "1000", Help: "calls that may wait beside those at work; more are answered with overloaded"},
		{Name: "picture_memory_mib", Type: shared.TypeInt, Default: "512", Help: "the most memory for the pictures of all calls as they were given, in MiB, at least 128"},
		{Name: "unsafe_resend_ambiguous", Type: shared.TypeBool, Default: "false", Help: "send again what may have been billed already, for every request: it may be billed twice"},
		{Name: "unsafe_buy_again", Type: shared.TypeBool, Default: "false", Help: "ask again although a billed answer is on record, for every request: it is billed again"},
		{Name: "unsafe_forget_tombstone", Type: shared.TypeBool, Default: "false", Help: "result_ttl deletes too that a picture was paid for: a late delivery of it is billed again"},
		{Name: "circuit_failures", Type: shared.TypeInt, Default: "5", Help: "so many unclear answers within circuit_window stop the sending"},
		{Name: "circuit_window", Type: shared.TypeDuration, Default: "1m0s", Help: "the time in which unclear answers are counted"},
		{Name: "circuit_probe", Type: shared.TypeDuration, Default: "30s", Help: "the time until the first item tries again after unclear answers stopped the sending; it doubles up to five minutes"},
		{Name: "probe_interval", Type: shared.TypeDuration, Default: "3m0s", Help: "the time between two items that try whether a paused account is served again"},
	}
}

// Fields describes the settings that the layers have around a paid provider, those of its ledger
// included.
func Fields(d *shared.Description) []shared.ConfigField {
	return append(settingFields(d), LedgerFields()...)
}

// parseSettings reads the values of its own fields and removes them from values. The error names the
// first field that is wrong, in the order of settingFields.
func parseSettings(d *shared.Description, values map[string]string) (settings, error) {
	var s settings
	p := settingParser{values: values}
	for _, f := range settingFields(d) {
		text, given := values[f.Name]
		delete(values, f.Name)
		if !given {
			text = f.Default
		}
		if p.err == nil {
			p.set(&s, f.Name, strings.TrimSpace(text))
		}
	}
	return s, p.err
}

type settingParser struct {
	values map[string]string
	err    error
}

func (p *settingParser) bad(name, want string) {
	p.err = notSent(shared.CodeConfigurationInvalid, fmt.Sprintf("the setting %s is wrong: give %s", name, want), nil)
}

func (p *settingParser) set(s *settings, name, text string) {
	switch name {
	case "rate":
		s.rate = p.number(name, text)
	case "burst":
		s.burst = p.count(name, text, 1, math.MaxInt32)
	case "concurrency":
		s.concurrency = p.count(name, text, 1, 4096)
	case "prepare":
		s.prepare = p.bool(name, text)
	case "url_hosts":
		s.urlHosts = p.hosts(name, text, true)
	case "url_private_hosts":
		s.urlPrivate = p.hosts(name, text, false)
	case "budget_day_yuan":
		s.budgetDay.Yuan = p.money(name, text)
	case "budget_day_calls":
		s.budgetDay.Calls = int64(p.count(name, text, 0, math.MaxInt32))
	case "budget_key_yuan":
		s.budgetKey.Yuan = p.money(name, text)
	case "budget_key_calls":
		s.budgetKey.Calls = int64(p.count(name, text, 0, math.MaxInt32))
	case "calls_package":
		s.pack.Calls = int64(p.count(name, text, 0, math.MaxInt32))
	case "calls_package_since":
		if _, err := time.Parse(time.DateOnly, text); err != nil && text != "" {
			p.bad(name, "a day, as in 2026-01-31")
		}
		s.pack.Since = text
	case "result_ttl":
		s.ttl = p.duration(name, text, 0)
	case "queue":
		s.queue = p.count(name, text, 0, math.MaxInt32)
	case "picture_memory_mib":
		s.memoryMiB = p.count(name, text, maxSourceBytes>>20, 1<<20)
	case "unsafe_resend_ambiguous":
		s.resend = p.bool(name, text)
	case "unsafe_buy_again":
		s.buyAgain = p.bool(name, text)
	case "unsafe_forget_tombstone":
		s.forgetTombstone = p.bool(name, text)
	case "circuit_failures":
		s.circuit.failures = p.count(name, text, 1, maxFailures)
	case "circuit_window":
		s.circuit.window = p.duration(name, text, 1)
	case "circuit_probe":
		s.circuit.probe = p.duration(name, text, 1)
	case "probe_interval":
		s.pausedInterval = p.duration(name, text, 1)
	}
}

func (p *settingParser) number(name, text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || v <= 0 {
		p.bad(name, "a number above 0, or inf")
	}
	return v
}

func (p *settingParser) count(name, text string, least, most int) int {
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		p.bad(name, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return v
}

func (p *settingParser) duration(name, text string, least time.Duration) time.Duration {
	v, err := time.ParseDuration(text)
	switch {
	case err == nil && v >= least:
	case least > 0:
		p.bad(name, "a duration above 0, as in 1m30s")
	default:
		p.bad(name, "a duration, as in 2160h, or 0s")
	}
	return v
}

func (p *settingParser) bool(name, text string) bool {
	v, err := strconv.ParseBool(text)
	if err != nil {
		p.bad(name, "true or false")
	}
	return v
}

func (p *settingParser) money(name, text string) shared.Money {
	v, err := shared.ParseMoney(text)
	if err != nil || v < 0 {
		p.bad(name, "an amount in yuan, as in 20 or 0.5")
	}
	return v
}

func (p *settingParser) hosts(name, text string, star bool) []string {
	var hosts []string
	for h := range strings.SplitSeq(text, ",") {
		h = hostOf(strings.TrimSpace(h))
		h = strings.TrimSuffix(strings.TrimPrefix(h, "["), "]") // an IPv6 address as in a URL
		if h == "" {
			continue
		}
		if strings.ContainsAny(h, "/ @") || (h == "*" && !star) || (strings.Contains(h, "*") && h != "*") {
			p.bad(name, "host names without scheme, port and path, separated by commas")
			return nil
		}
		hosts = append(hosts, h)
	}
	return hosts
}

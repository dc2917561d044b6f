package wapi

import (
	"context"
	"crypto/x509"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/shared"
)

// The defaults of [Config].
const (
	// DefaultAnswerTimeout is how long a sent request is waited for: gateways of this kind give up
	// after 30 to 60 s themselves, and what comes later than that was lost on the way.
	DefaultAnswerTimeout = 60 * time.Second
	// DefaultStallTimeout is how long an upload may make no progress.
	DefaultStallTimeout = 30 * time.Second
	// DefaultDialTimeout bounds a connection, and again its TLS handshake.
	DefaultDialTimeout = 10 * time.Second
	// idleTimeout is below what servers keep idle connections for, so that a request seldom meets one
	// that is just being closed.
	idleTimeout = 15 * time.Second
)

// Proxy settings of [Config.Proxy] besides a URL.
const (
	ProxyEnvironment = "environment" // HTTPS_PROXY, HTTP_PROXY, NO_PROXY
	ProxyNone        = "none"
)

// Config is what a [Client] is made from. A field with its zero value has the default that its comment
// gives.
type Config struct {
	// BaseURL is the account's host, with the path of the API: https://HOST/pyi/76/194. Required.
	BaseURL string
	AppID   string        // required
	Secret  shared.Secret // required
	// Format is the form of the answers, [FormatJSON] (default) or [FormatXML].
	Format string
	// OmitTime leaves the parameter time out. The vendor allows it; a request is then not bound to its
	// moment.
	OmitTime bool
	// Insecure allows plain http to a host other than this machine.
	Insecure bool

	// AnswerTimeout bounds the wait for an answer from the moment when the last byte of a request was
	// handed to the network. The caller's context does not end that wait.
	AnswerTimeout time.Duration // DefaultAnswerTimeout
	StallTimeout  time.Duration // DefaultStallTimeout
	DialTimeout   time.Duration // DefaultDialTimeout

	// CAFile holds certificates in PEM that are trusted besides the system's.
	CAFile string
	// Proxy is a URL, [ProxyEnvironment] (default) or [ProxyNone]. Plain http to this machine goes
	// through none.
	Proxy string

	// PricePerCall is what an answer with code 10000 costs.
	PricePerCall shared.Money
	// MessageRule decides by the vendor's text whether an answer with code 10019, whose meaning stands
	// only there, is sent again. Nil: never.
	MessageRule func(text string) bool
	// Gate paces calls whose context has no hook for that. Nil: one of its own, 2 attempts a second,
	// 4 calls at once.
	Gate *gate.Gate

	// UserAgent defaults to "idrec".
	UserAgent string

	// What follows is the world outside; nil is the real one.

	// Transport replaces the whole of the network; then the dial and TLS settings are not used. It must
	// speak HTTP/1 and call the hooks of net/http/httptrace.
	Transport http.RoundTripper
	// DialContext opens connections.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	Now         func() time.Time
	// Rand returns a number in [0, 1), for jitter.
	Rand func() float64
	// Delay maps the wait before a resend to the one that is made.
	Delay func(time.Duration) time.Duration
}

// check fills in the defaults and returns the base URL, or an error that names the first field that is
// wrong. The names are those of the provider's configuration.
func (c *Config) check() (*url.URL, error) {
	base, err := c.checkURL()
	if err != nil {
		return nil, err
	}
	switch {
	case c.AppID == "":
		return nil, invalid("appid is missing: give the application's id")
	case c.Secret.IsZero():
		return nil, invalid("secret is missing: give the application's secret, by file, environment or command")
	case strings.ContainsFunc(c.Secret.Reveal(), notPrintable):
		return nil, invalid("secret has a space, a line break or another character that no secret has: give the secret alone")
	case strings.ContainsFunc(c.AppID, notPrintable):
		return nil, invalid("appid has a space, a line break or another character that no appid has")
	case c.Format != "" && c.Format != FormatJSON && c.Format != FormatXML:
		return nil, invalid("format is neither json nor xml")
	case c.AnswerTimeout < 0 || c.StallTimeout < 0 || c.DialTimeout < 0:
		return nil, invalid("answer_timeout, stall_timeout and dial_timeout cannot be negative")
	case c.PricePerCall < 0:
		return nil, invalid("price_per_call cannot be negative")
	}
	setDefault(&c.Format, FormatJSON)
	setDefault(&c.AnswerTimeout, DefaultAnswerTimeout)
	setDefault(&c.StallTimeout, DefaultStallTimeout)
	setDefault(&c.DialTimeout, DefaultDialTimeout)
	setDefault(&c.UserAgent, "idrec")
	setDefault(&c.Proxy, ProxyEnvironment)
	if c.Gate == nil {
		if c.Gate, err = gate.New(gate.DefaultPerSecond, gate.DefaultBurst, gate.DefaultConcurrency); err != nil {
			return nil, err
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	if c.Delay == nil {
		c.Delay = func(d time.Duration) time.Duration { return d }
	}
	return base, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func notPrintable(r rune) bool { return r <= ' ' || r >= 0x7F }

func (c *Config) checkURL() (*url.URL, error) {
	if c.BaseURL == "" {
		return nil, invalid("url is missing: give the account's URL, as the vendor shows it after login")
	}
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, invalid("url is not a URL of the form https://HOST/PATH")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, invalid("url is neither https nor http")
	case u.User != nil:
		return nil, invalid("url has a user or password in it: URLs end up in logs")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, invalid("url has a query or fragment: everything is sent in the body")
	case u.Scheme == "http" && !c.Insecure && !loopback(u.Hostname()):
		return nil, invalid("url is plain http to another machine, where anybody on the way can read the pictures: use https, or set insecure")
	}
	return u, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

func invalid(message string) error {
	return notSentSaying(shared.CodeConfigurationInvalid, message)
}

func (c *Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil // the system's
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, invalid("ca_file cannot be read")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, invalid("ca_file holds no certificate in PEM")
	}
	return pool, nil
}

// proxy returns whom requests to base go through, nil for nobody. Plain http to this machine is allowed
// only because nothing leaves it, so it goes through none.
func (c *Config) proxy(base *url.URL) (func(*http.Request) (*url.URL, error), error) {
	var through func(*http.Request) (*url.URL, error)
	switch c.Proxy {
	case ProxyEnvironment:
		through = http.ProxyFromEnvironment
	case ProxyNone:
	default:
		u, err := url.Parse(c.Proxy)
		if err != nil || u.Hostname() == "" {
			return nil, invalid("proxy is neither a URL, nor environment, nor none")
		}
		switch u.Scheme {
		case "http", "https", "socks5", "socks5h":
			through = http.ProxyURL(u)
		default:
			return nil, invalid("proxy has a scheme that is not supported: use http, https, socks5 or socks5h")
		}
	}
	if base.Scheme == "http" && loopback(base.Hostname()) {
		return nil, nil
	}
	return through, nil
}

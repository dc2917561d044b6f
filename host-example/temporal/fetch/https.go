package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"github.com/seed-6b91b535/idrec/shared"
)

// fetchTimeout bounds one download: 32 MiB at one MiB a second.
const fetchTimeout = 32 * time.Second

// HTTPS says from which servers pictures are fetched by https.
type HTTPS struct {
	// Hosts may be public only: the address of every connection is checked when it is dialled.
	Hosts []string
	// PrivateHosts may lie on this machine or in a private network, never at an address where cloud
	// machines get their credentials. From them plain http is taken too.
	PrivateHosts []string
	// RootCAs are trusted besides the system's; nil: none.
	RootCAs *x509.CertPool
	// Proxy is the URL of a proxy to the public hosts, which then resolves their names and dials instead
	// of us, and must refuse what we would; nil: none. Private hosts are dialled without it.
	Proxy *url.URL
}

var (
	public = ssrf.New(ssrf.WithAnyPort())
	inward = ssrf.New(ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
			netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("127.0.0.0/8")),
		ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("::1/128")))
	// metadata are addresses within the private networks where clouds (AWS, Google) serve the credentials of
	// a machine. Those of IPv4 are link-local, or in 100.64.0.0/10 (Alibaba), which nobody may reach.
	metadata = []netip.Prefix{netip.MustParsePrefix("fd00:ec2::/32"), netip.MustParsePrefix("fd20:ce::/32")}
)

type web struct {
	HTTPS

	client *http.Client
}

// NewHTTPS returns the fetcher of https:// (and http://) addresses.
func NewHTTPS(c HTTPS) Fetcher {
	w := &web{HTTPS: c}
	w.client = &http.Client{Timeout: fetchTimeout, Transport: w.transport(), CheckRedirect: func(req *http.Request, via []*http.Request) error {
		from := via[len(via)-1].URL
		switch {
		case len(via) > 3:
			return refuse(shared.CodeURLFailed, "the picture's address redirects too often", nil)
		case from.Scheme == "https" && req.URL.Scheme != "https", req.URL.User != nil,
			w.private(req.URL) && !w.private(from): // whoever has the public host must not choose what we ask for inside
			return refuse(shared.CodeURLRefused, "the picture's address redirects to where it may not: give the address that it leads to", nil)
		}
		req.Header.Del("Referer")
		return w.allowed(req.URL)
	}}
	return w
}

func (w *web) transport() *http.Transport {
	t := &http.Transport{
		DialContext: w.dial, DisableCompression: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: w.RootCAs, MinVersion: tls.VersionTLS12},
	}
	if w.Proxy != nil {
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			if w.private(r.URL) {
				return nil, nil
			}
			return w.Proxy, nil
		}
	}
	return t
}

func (w *web) private(u *url.URL) bool { return slices.Contains(w.PrivateHosts, hostOf(u.Hostname())) }

// allowed refuses hosts that are not on the lists, and plain http to any that is not private.
func (w *web) allowed(u *url.URL) error {
	host := hostOf(u.Hostname())
	switch {
	case w.private(u) && (u.Scheme == "https" || u.Scheme == "http"):
		return nil
	case slices.Contains(w.Hosts, host) && u.Scheme == "https":
		return nil
	}
	return refuse(shared.CodeURLRefused, "the picture's host is not on this worker's list, or not by https: allow it, or move the picture", nil)
}

func hostOf(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func (w *web) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: 10 * time.Second}
	switch {
	case w.Proxy != nil && address == authority(w.Proxy): // the operator's own choice
	case slices.Contains(w.PrivateHosts, hostOf(host)):
		d.Control = guarded(inward)
	default:
		d.Control = guarded(public)
	}
	return d.DialContext(ctx, network, address)
}

// authority is the host and port to which a transport dials for a proxy.
func authority(proxy *url.URL) string {
	port := proxy.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme]
	}
	return net.JoinHostPort(proxy.Hostname(), port)
}

// guarded looks at the address that a name has led to, at the moment of dialling: another answer of the
// name server does not count.
func guarded(by *ssrf.Guardian) func(network, address string, c syscall.RawConn) error {
	return func(network, address string, c syscall.RawConn) error {
		err := by.Safe(network, address, c)
		if at, wrong := netip.ParseAddrPort(address); err == nil && wrong == nil &&
			slices.ContainsFunc(metadata, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap().WithZone("")) }) {
			err = ssrf.ErrProhibitedIP
		}
		if err != nil {
			return refuse(shared.CodeURLRefused, "the picture's host leads to a private or reserved network: list it as a private host if that is meant", err)
		}
		return nil
	}
}

// Fetch downloads the picture.
func (w *web) Fetch(ctx context.Context, u *url.URL, limit int64) ([]byte, error) {
	if err := w.allowed(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, refuse(shared.CodeURLInvalid, "", err)
	}
	req.Header.Set("Accept", "image/*")
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, status(resp.StatusCode)
	}
	if resp.ContentLength > limit { // the caller would refuse it after the first limit bytes
		return nil, tooLarge()
	}
	data, err := readUpTo(resp.Body, limit)
	if err != nil {
		return nil, failed(err)
	}
	return data, nil
}

// status is the error for an HTTP status that is not 200: another try helps only where the server says
// that it is its own fault, or too much.
func status(code int) error {
	message := fmt.Sprintf("the picture's server answered with HTTP status %d", code)
	switch {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return temporary(message, nil)
	}
	return refuse(shared.CodeURLFailed, message+": check the reference, and whether this worker may read it", nil)
}

func failed(err error) error {
	if ours, ok := errors.AsType[*shared.Error](err); ok {
		return ours
	}
	return temporary("the picture could not be fetched: its server cannot be reached, or broke off", err)
}

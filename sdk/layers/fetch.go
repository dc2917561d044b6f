package layers

import (
	"context"
	"errors"
	"fmt"
	"io"
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

const (
	// fetchTimeout bounds one download with its redirects: 128 MiB at 4 MiB a second.
	fetchTimeout = 32 * time.Second
	// maxRedirects is enough for a short link and a store's own hop.
	maxRedirects = 5
)

// fetcher downloads pictures from the hosts that the configuration allows. The address of every
// connection is checked when it is dialled, after the name was resolved and for every redirect, so
// that no name leads into the machine or the network around it.
type fetcher struct {
	hosts   []string
	private []string
	client  *http.Client
}

var (
	public = ssrf.New(ssrf.WithAnyPort())
	// inward allows this machine and private networks, for hosts that the configuration names. Never
	// link-local and the rest: cloud machines serve their credentials there.
	inward = ssrf.New(ssrf.WithAnyPort(),
		ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
			netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("127.0.0.0/8")),
		ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("::1/128")))
)

// newFetcher takes two lists of host names, without ports, in lower case. "*" among hosts allows every
// public one.
func newFetcher(hosts, private []string) *fetcher {
	f := &fetcher{hosts: hosts, private: private}
	f.client = &http.Client{
		Timeout: fetchTimeout,
		Transport: &http.Transport{
			Proxy:                 nil, // a proxy would dial where we may not
			DialContext:           f.dial,
			DisableKeepAlives:     true, // hosts differ from picture to picture
			DisableCompression:    true,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 20 * time.Second,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errors.New("too many redirects")
			}
			if req.URL.Scheme == "http" && via[len(via)-1].URL.Scheme == "https" {
				return errors.New("a redirect from https to http")
			}
			req.Header.Del("Referer")
			return f.allowed(req.URL)
		},
	}
	return f
}

// allowed returns the refusal of a URL whose host is not on the lists.
func (f *fetcher) allowed(u *url.URL) error {
	host := hostOf(u.Hostname())
	if slices.Contains(f.private, host) || slices.Contains(f.hosts, host) {
		return nil
	}
	if slices.Contains(f.hosts, "*") && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	return notSent(shared.CodeURLRefused, "the host of the picture's address is not allowed: add it to url_hosts, or give the picture itself", nil)
}

func hostOf(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func (f *fetcher) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	guardian := public
	if slices.Contains(f.private, hostOf(host)) {
		guardian = inward
	}
	d := &net.Dialer{Timeout: 10 * time.Second, Control: func(network, address string, c syscall.RawConn) error {
		if err := guardian.Safe(network, address, c); err != nil {
			return notSent(shared.CodeURLRefused,
				"the picture's address leads to a private or reserved network: add its host to url_private_hosts if it is meant, or give the picture itself", err)
		}
		return nil
	}}
	return d.DialContext(ctx, network, address)
}

// fetch downloads a picture. reserve waits for the memory.
func (f *fetcher) fetch(ctx context.Context, u *url.URL, reserve func(int64) error) ([]byte, error) {
	if err := f.allowed(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, notSent(shared.CodeURLInvalid, "", err)
	}
	req.Header.Set("Accept", "image/*")
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, fetchFailed(ctx, "", err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, notSent(shared.CodeURLFailed, fmt.Sprintf("the server of the picture's address answered with HTTP status %d: check the address, or give the picture itself", resp.StatusCode), nil)
	case resp.ContentLength > maxSourceBytes:
		return nil, tooLarge()
	}
	size := resp.ContentLength
	if size < 0 { // the server does not say
		size = maxSourceBytes
	}
	if err := reserve(size); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxSourceBytes+1))
	switch {
	case err != nil:
		return nil, fetchFailed(ctx, "the picture's download broke off: try again, or give the picture itself", err)
	case len(data) > maxSourceBytes:
		return nil, tooLarge()
	}
	return data, nil
}

func fetchFailed(ctx context.Context, message string, err error) error {
	var refused *shared.Error
	switch {
	case errors.As(err, &refused):
		return refused
	case ctx.Err() != nil:
		return gaveUp(ctx.Err())
	}
	return notSent(shared.CodeURLFailed, message, err)
}

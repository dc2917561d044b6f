package sandbox

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// maxURLBytes is the page's limit of a picture's address.
const maxURLBytes = 1024

// fetchTimeout bounds the fetch of one picture.
const fetchTimeout = 15 * time.Second

var (
	errNotLoopback = errors.New("sandbox: the address is not loopback")
	errTooLarge    = errors.New("sandbox: the picture is above the limit")
	errFetch       = errors.New("sandbox: the server did not give the picture")
)

// newFetcher returns a client that connects to loopback addresses only, unless from is "any". The
// address is looked at when the connection is made, so neither a name nor a redirect leads elsewhere.
func newFetcher(from string) *http.Client {
	dialer := &net.Dialer{Timeout: fetchTimeout}
	if from != guessAny {
		dialer.Control = loopbackOnly
	}
	return &http.Client{Timeout: fetchTimeout, Transport: &http.Transport{
		DialContext: dialer.DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: fetchTimeout,
	}}
}

// loopbackOnly refuses a connection before it is made; the address is an IP address here.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !ap.Addr().Unmap().IsLoopback() {
		return errNotLoopback
	}
	return nil
}

// fetch gets the picture behind a URL. limit is that of the picture in base64, in bytes.
func (s *Server) fetch(ctx context.Context, address string, limit int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil) //nolint:gosec // the guess fetch decides which addresses are reached
	if err != nil {
		return nil, errFetch
	}
	res, err := s.fetcher.Do(req) //nolint:gosec // same
	if err != nil {
		if errors.Is(err, errNotLoopback) {
			return nil, errNotLoopback
		}
		return nil, errFetch // the cause holds the address
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, errFetch
	}
	most := int64(base64.StdEncoding.DecodedLen(limit))
	picture, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	switch {
	case base64.StdEncoding.EncodedLen(len(picture)) > limit:
		return nil, errTooLarge
	case err != nil || len(picture) == 0:
		return nil, errFetch
	}
	return picture, nil
}

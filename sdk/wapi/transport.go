package wapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/seed-6b91b535/idrec/shared"
)

// newTransport returns the shared network of one client.
func newTransport(c *Config, base *url.URL) (*http.Transport, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	proxy, err := c.proxy(base)
	if err != nil {
		return nil, err
	}
	dial := c.DialContext
	if dial == nil {
		dial = (&net.Dialer{Timeout: c.DialTimeout}).DialContext
	}
	// HTTP/2 gains nothing for one large upload at a time, and its own replays and shared connections
	// would blur what the socket proves.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    c.DialTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		Protocols:              protocols,
	}, nil
}

// connectVerdict is the verdict on an attempt that got no connection, or one that was dead before the
// first byte of the body: nothing was sent, whatever the reason.
func connectVerdict(err error) verdict {
	v := fail(shared.CodeUpstreamUnreachable, shared.OutcomeNotSent, shared.BasisProved).with(err)
	var dns *net.DNSError
	var header tls.RecordHeaderError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound && !dns.IsTemporary:
		v.code = shared.CodeHostNotFound
		return v
	case untrusted(err):
		v.code = shared.CodeTLSUntrusted
		return v
	case errors.As(err, &header):
		return v.says("the server does not speak https at this address: check the URL")
	}
	return v.again(resendConnect)
}

func untrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var cert x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &cert)
}

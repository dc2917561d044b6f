package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"strings"

	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"

	"github.com/seed-6b91b535/idrec/host-example/temporal/codec"
)

// errEngine says that the server of the engine cannot be reached.
var errEngine = errors.New("the engine's server cannot be reached: check TEMPORAL_ADDRESS, or try again later")

// dial connects to the engine.
func (c *config) dial(log *slog.Logger, metrics client.MetricsHandler) (client.Client, error) {
	o := client.Options{HostPort: c.address, Namespace: c.namespace, Logger: tlog.NewStructuredLogger(log), MetricsHandler: metrics}
	if c.keys != nil {
		o.DataConverter = codec.Converter(c.keys)
	}
	secure, err := c.tls()
	if err != nil {
		return nil, err
	}
	o.ConnectionOptions.TLS = secure
	if c.apiKeyFile != "" {
		key, err := os.ReadFile(c.apiKeyFile)
		if err != nil {
			return nil, errors.New("TEMPORAL_API_KEY_FILE names a file that cannot be read")
		}
		o.Credentials = client.NewAPIKeyStaticCredentials(strings.TrimSpace(string(key)))
	}
	conn, err := client.Dial(o)
	if err != nil {
		return nil, errors.Join(errEngine, err)
	}
	return conn, nil
}

func (c *config) tls() (*tls.Config, error) {
	if c.tlsCA == "" && c.tlsCert == "" && c.apiKeyFile == "" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.tlsCA != "" {
		raw, err := os.ReadFile(c.tlsCA)
		t.RootCAs = x509.NewCertPool()
		if err != nil || !t.RootCAs.AppendCertsFromPEM(raw) {
			return nil, errors.New("TEMPORAL_TLS_CA names no file with certificates in PEM")
		}
	}
	if c.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(c.tlsCert, c.tlsKey)
		if err != nil {
			return nil, errors.New("TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY name no certificate with its key")
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

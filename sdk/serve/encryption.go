package serve

import (
	"crypto/tls"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// encryption returns how to encrypt for the host whose certificate is given in PEM, and the plugin's own
// certificate, which the handshake is to say. Both are empty for a host that gives none. go-plugin would do it
// with a slower key, see [rpc.Certificate].
func encryption(host string) (config *tls.Config, cert *rpc.Certificate, err error) {
	if host == "" {
		return nil, nil, nil
	}
	if cert, err = rpc.NewCertificate(); err != nil {
		return nil, nil, err
	}
	if config, err = cert.ServerConfig(host); err != nil {
		return nil, nil, err
	}
	return config, cert, nil
}

// provider is config as go-plugin takes it, which makes no certificate of its own then.
func provider(config *tls.Config) func() (*tls.Config, error) {
	if config == nil {
		return nil
	}
	return func() (*tls.Config, error) { return config, nil }
}

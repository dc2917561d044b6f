package serve

import (
	"crypto/tls"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// encryption returns how to encrypt for the host whose certificate is given in PEM, and the plugin's own
// certificate, which the handshake is to say. Both are empty for a host that gives none. go-plugin would do it
// with a slower key, see [rpc.Certificate].
func encryption(host string) (provider func() (*tls.Config, error), cert *rpc.Certificate, err error) {
	if host == "" {
		return nil, nil, nil
	}
	if cert, err = rpc.NewCertificate(); err != nil {
		return nil, nil, err
	}
	config, err := cert.ServerConfig(host)
	if err != nil {
		return nil, nil, err
	}
	return func() (*tls.Config, error) { return config, nil }, cert, nil
}

package rpc

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
)

// EnvAttach names the file that a plugin of package sdk/serve writes when it is started by hand with
// this variable, under a debugger say: an [Attachment], as JSON, for nobody but its user to read.
const EnvAttach = "IDREC_PLUGIN_ATTACH"

// Attachment says where a plugin listens that no host started, and has the keys of the one connection
// that it takes. There is no form of it without keys.
type Attachment struct {
	Network string `json:"network"` // unix or tcp
	Address string `json:"address"`
	// Plugin is the plugin's certificate, as the handshake has it.
	Plugin string `json:"plugin_certificate"`
	// Certificate and Key are the host's, in PEM.
	Certificate string `json:"host_certificate"`
	Key         string `json:"host_key"`
}

// Attachment is what a host needs that is not told c in a handshake; host is the key pair made for it.
func (c *Certificate) Attachment(network, address string, host *Certificate) (*Attachment, error) {
	key, err := x509.MarshalPKCS8PrivateKey(host.pair.PrivateKey)
	if err != nil {
		return nil, err
	}
	return &Attachment{Network: network, Address: address, Plugin: c.Handshake(), Certificate: host.PEM(),
		Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))}, nil
}

// Target is the address as gRPC takes it.
func (a *Attachment) Target() string {
	if a.Network == "unix" {
		return "unix:" + a.Address
	}
	return "dns:" + a.Address
}

// ClientConfig is the host's side of the encryption.
func (a *Attachment) ClientConfig() (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(a.Certificate), []byte(a.Key))
	if err != nil {
		return nil, errors.New("the attachment has no key pair for the host")
	}
	der, err := base64.RawStdEncoding.DecodeString(a.Plugin)
	if err != nil {
		return nil, errors.New("the attachment has no certificate of the plugin")
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("the attachment has no certificate of the plugin")
	}
	config := (&Certificate{pair}).ClientConfig()
	config.RootCAs.AddCert(cert)
	return config, nil
}

package rpc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"time"
)

// EnvClientCert is how go-plugin hands the host's certificate to the plugin, in PEM. A plugin that gets
// one serves nobody else, and says its own certificate in the handshake.
const EnvClientCert = "PLUGIN_CLIENT_CERT"

// certificateName stands in both certificates; go-plugin's peers expect this one.
const certificateName = "localhost"

// Certificate is a key pair for one connection between a host and a plugin, each of which makes its own.
// It is never written anywhere.
//
// Its key is on the curve P-256. go-plugin's AutoMTLS makes one on P-521, for which Go takes tens of
// milliseconds, and which BoringSSL, and so gRPC in Python, C++ and Ruby, refuses.
type Certificate struct{ pair tls.Certificate }

// NewCertificate makes a key pair.
func NewCertificate() (*Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:      pkix.Name{CommonName: certificateName},
		DNSNames:     []string{certificateName},
		SerialNumber: serial,
		NotBefore:    now.Add(-time.Minute), // clocks of containers may be set while they run
		// As long as go-plugin's: a process that runs for years must be able to connect again.
		NotAfter:              now.AddDate(30, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true, // the peer trusts it as the root that it is
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Certificate{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}}, nil
}

// PEM is the certificate as [EnvClientCert] carries it.
func (c *Certificate) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.pair.Certificate[0]}))
}

// Handshake is the certificate as the sixth part of the handshake line carries it.
func (c *Certificate) Handshake() string {
	return base64.RawStdEncoding.EncodeToString(c.pair.Certificate[0])
}

// ClientConfig is the host's side. The plugin's certificate, which it must have, comes with the
// handshake: go-plugin adds it.
func (c *Certificate) ClientConfig() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{c.pair},
		RootCAs:      x509.NewCertPool(), // nobody, until the handshake
		ServerName:   certificateName,
		MinVersion:   tls.VersionTLS12,
	}
}

// ServerConfig is the plugin's side. It lets in only who holds the key of the certificate in peer, as
// PEM.
func (c *Certificate) ServerConfig(peer string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(peer)) {
		return nil, errors.New("the host's certificate cannot be read")
	}
	return &tls.Config{
		Certificates: []tls.Certificate{c.pair},
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   tls.VersionTLS12,
	}, nil
}

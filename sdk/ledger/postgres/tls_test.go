package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
	"github.com/seed-6b91b535/idrec/shared"
)

// certificate writes a self-signed certificate for 127.0.0.1 and its key into a cluster's folder.
func certificate(t *testing.T, srv *pgtest.Server) (file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"server.crt": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := srv.WriteFile(name, pem.EncodeToMemory(block)); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTLSIsAsTheAddressSays(t *testing.T) {
	t.Parallel()
	srv := pgtest.Own(t, pgtest.Options{TCP: true})
	refused(t, srv.DSNAt(srv.Address(), "sslmode", "require"), ring, postgres.Options{}, shared.CodeLedgerUnavailable, "cannot be reached")
	ca := certificate(t, srv)
	if err := srv.Configure(map[string]string{"ssl": "on"}); err != nil {
		t.Fatal(err)
	}
	if err := srv.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	const asks = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()"
	for mode, want := range map[string]string{"disable": "false", "require": "true"} {
		s := open(t, srv.DSNAt(srv.Address(), "sslmode", mode), postgres.Options{})
		if got, err := s.Ask(t.Context(), asks); got != want || err != nil {
			t.Errorf("sslmode %s: encrypted %s, %v", mode, got, err)
		}
	}
	refused(t, srv.DSNAt(srv.Address(), "sslmode", "verify-full"), ring, postgres.Options{}, shared.CodeConfigurationInvalid, "certificate is not trusted")
	s := open(t, srv.DSNAt(srv.Address(), "sslmode", "verify-full", "sslrootcert", ca), postgres.Options{})
	if got, err := s.Ask(t.Context(), asks); got != "true" || err != nil {
		t.Errorf("verified: encrypted %s, %v", got, err)
	}
}

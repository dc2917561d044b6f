package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/seed-6b91b535/idrec/shared"
)

// S3 says from which buckets of an S3-compatible store pictures are fetched, as s3://BUCKET/KEY.
type S3 struct {
	Endpoint string // https://HOST[:PORT]; plain http only to this machine, unless Insecure
	Region   string
	Buckets  []string
	// PathStyle addresses buckets as ENDPOINT/BUCKET instead of BUCKET.ENDPOINT.
	PathStyle bool
	// Insecure allows plain http to another machine.
	Insecure bool
	// Credentials; nil: the environment, the credentials file, or the machine's role, in this order.
	Credentials *credentials.Credentials
	// RootCAs sign the store's certificate; nil: the system's.
	RootCAs *x509.CertPool
	// Proxy is the URL of a proxy to the store; nil: none.
	Proxy *url.URL
	// Transport; nil: one with the library's timeouts, and RootCAs and Proxy.
	Transport http.RoundTripper
}

type store struct {
	client  *minio.Client
	buckets []string
}

// NewS3 returns the fetcher of s3:// addresses. It reaches no network.
func NewS3(c S3) (Fetcher, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || (u.Path != "" && u.Path != "/") {
		return nil, refuse(shared.CodeConfigurationInvalid, "the store's endpoint must be a URL without a path, as in https://s3.example.com", nil)
	}
	if u.Scheme != "https" && !c.Insecure && u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" {
		return nil, refuse(shared.CodeConfigurationInvalid, "the store's endpoint must be https: pictures would travel in plain text", nil)
	}
	if c.Credentials == nil {
		c.Credentials = credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		})
	}
	if c.Transport == nil {
		t, err := minio.DefaultTransport(u.Scheme == "https")
		if err != nil {
			return nil, err
		}
		t.Proxy = http.ProxyURL(c.Proxy) // the environment's would be one that nobody sees in the configuration
		if t.TLSClientConfig != nil && c.RootCAs != nil {
			t.TLSClientConfig.RootCAs = c.RootCAs
		}
		c.Transport = t
	}
	lookup := minio.BucketLookupDNS
	if c.PathStyle {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(u.Host, &minio.Options{Creds: c.Credentials, Secure: u.Scheme == "https", Region: c.Region,
		BucketLookup: lookup, Transport: c.Transport, MaxRetries: 1}) // the engine tries again
	if err != nil {
		return nil, refuse(shared.CodeConfigurationInvalid, "the store's endpoint or credentials are malformed", err)
	}
	return &store{client, c.Buckets}, nil
}

// Fetch downloads the object.
func (s *store) Fetch(ctx context.Context, u *url.URL, limit int64) ([]byte, error) {
	if !slices.Contains(s.buckets, u.Host) {
		return nil, refuse(shared.CodeURLRefused, "the picture's bucket is not on this worker's list: allow it, or move the picture", nil)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	object, err := s.client.GetObject(ctx, u.Host, strings.TrimPrefix(u.Path, "/"), minio.GetObjectOptions{})
	if err != nil {
		return nil, storeFailed(err)
	}
	defer func() { _ = object.Close() }()
	data, err := readUpTo(object, limit)
	if err != nil {
		return nil, storeFailed(err)
	}
	return data, nil
}

func storeFailed(err error) error {
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && answer.StatusCode != 0 {
		return status(answer.StatusCode)
	}
	return failed(err)
}

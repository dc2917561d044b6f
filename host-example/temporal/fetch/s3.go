package fetch

import (
	"context"
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
	// Transport; nil: a plain one with the library's timeouts.
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

// Package fetch brings the pictures that a workflow names to the worker. In the engine's history a
// picture is a reference: where it lies, its digest and its size; the picture itself never travels
// there.
//
// What a worker may reach is what its configuration allows: folders, hosts, buckets. Addresses of this
// machine, of private networks and of the services that give cloud machines their credentials are
// refused, also behind names and redirects, unless a host is allowed to be private.
package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// Reference names a picture. The address may name a person, so it prints without.
type Reference struct {
	URI    string
	SHA256 string // hex, required: what lies there now may be another picture
	Size   int64  // bytes; 0 is unknown
}

// Format writes the digest only, whatever the verb.
func (r Reference) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "reference(%.64q)", r.SHA256) }

// Fetcher brings a picture. Implementations are safe for concurrent use and check nothing of what they
// bring: [Checked] does.
type Fetcher interface {
	// Fetch returns the content behind the address, at most limit bytes of it. The errors are
	// [shared.Error] of class input, and wrap [ErrTemporary] where another try may help.
	Fetch(ctx context.Context, uri *url.URL, limit int64) ([]byte, error)
}

// ErrTemporary marks an error that may go away by itself.
var ErrTemporary = errors.New("fetch: temporary")

// Checked fetches the picture and compares it with its reference. What is larger than
// [shared.MaxImageBytes] or than the reference says is not taken into memory.
func Checked(ctx context.Context, f Fetcher, r Reference) ([]byte, error) {
	want, err := hex.DecodeString(r.SHA256)
	if err != nil || len(want) != sha256.Size {
		return nil, refuse(shared.CodeInvalidRequest, "a reference needs the picture's SHA-256 as 64 hex digits", nil)
	}
	if r.Size > shared.MaxImageBytes {
		return nil, tooLarge()
	}
	u, err := url.Parse(r.URI)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return nil, refuse(shared.CodeURLInvalid, "the reference is not a URI: use file://, https:// or s3://", nil)
	}
	if u.User != nil {
		return nil, refuse(shared.CodeURLInvalid, "the reference holds a user or password, which do not belong into a workflow: give the worker access instead", nil)
	}
	limit := int64(shared.MaxImageBytes)
	if r.Size > 0 {
		limit = r.Size
	}
	data, err := f.Fetch(ctx, u, limit+1)
	if err != nil {
		return nil, err
	}
	switch got := sha256.Sum256(data); {
	case r.Size > 0 && int64(len(data)) != r.Size:
		return nil, refuse(shared.CodePictureChanged, "the picture is not of the size that its reference says: make the reference again", nil)
	case int64(len(data)) > limit:
		return nil, tooLarge()
	case !bytes.Equal(got[:], want):
		return nil, refuse(shared.CodePictureChanged, "the picture is not the one of its reference: the SHA-256 differs", nil)
	}
	return data, nil
}

// ByScheme hands an address to the fetcher of its scheme.
type ByScheme map[string]Fetcher

// Fetch refuses schemes that the worker is not configured for.
func (m ByScheme) Fetch(ctx context.Context, u *url.URL, limit int64) ([]byte, error) {
	f := m[strings.ToLower(u.Scheme)]
	if f == nil {
		return nil, refuse(shared.CodeURLRefused, "this worker does not fetch from addresses of this kind: configure it, or use another kind", nil)
	}
	return f.Fetch(ctx, u, limit)
}

// Alias lets references say alias://NAME/PLACE instead of an address that names a person or a machine:
// the worker's configuration knows what NAME stands for. A place that is the digest of the picture
// names nobody.
type Alias struct {
	Of map[string]string // what stands before /PLACE, as in file:///srv/inbox or s3://cards/2026
	To Fetcher
}

// Fetch fetches from the address that the alias stands for.
func (a Alias) Fetch(ctx context.Context, u *url.URL, limit int64) ([]byte, error) {
	base, ok := a.Of[u.Host]
	if !ok {
		return nil, refuse(shared.CodeURLRefused, "this worker knows no such alias: configure it", nil)
	}
	to, err := url.Parse(base)
	if err != nil {
		return nil, refuse(shared.CodeConfigurationInvalid, "what the alias stands for is not a URI", nil)
	}
	// From the root, so that no ".." leads out of the place.
	return a.To.Fetch(ctx, to.JoinPath(path.Clean("/"+u.Path)), limit)
}

func refuse(code shared.Code, message string, cause error) error {
	return &shared.Error{Code: code, Message: message, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: cause}
}

func temporary(message string, cause error) error {
	return refuse(shared.CodeURLFailed, message, errors.Join(ErrTemporary, cause))
}

func tooLarge() error {
	return refuse(shared.CodeMessageTooLarge, "the picture is larger than 32 MiB: make it smaller", nil)
}

// readUpTo reads at most limit bytes.
func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, limit))
}

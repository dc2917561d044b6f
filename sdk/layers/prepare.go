package layers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// prepareLayer makes the picture fit for the provider, and refuses one that cannot be read before it
// costs anything. What the provider says of places is told in the picture as given.
type prepareLayer struct {
	layer

	preparer *picture.Preparer
	limits   shared.Limits
}

func (l *prepareLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	if req.Image.Bytes == nil {
		return l.inner.Recognize(ctx, req) // the vendor fetches it, and nobody here sees it
	}
	start := time.Now()
	p, err := l.preparer.Prepare(ctx, req.Image.Bytes, l.limits)
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	fit := req
	if p.Changed {
		fit = req.Clone()
		sum := sha256.Sum256(p.Bytes)
		fit.Image, fit.SHA256 = shared.Image{Bytes: p.Bytes}, hex.EncodeToString(sum[:])
	}
	res, err := l.inner.Recognize(ctx, fit)
	if err != nil {
		return nil, err
	}
	res.Timings.Prepare += took
	res.Picture.Format, res.Picture.Width, res.Picture.Height, res.Picture.Prepared = p.Info.Format, p.Info.Width, p.Info.Height, p.Changed
	if p.Changed {
		for _, f := range res.Fields {
			if f.Quad != nil {
				for i, at := range f.Quad {
					f.Quad[i] = p.Given(at)
				}
			}
		}
	}
	return res, nil
}

package idcard

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
)

// Manifest is the activity [ManifestName]: a part of a list of pictures that is too long for an input.
func (a *Activities) Manifest(ctx context.Context, in ManifestInput) (ManifestOutput, error) {
	if in.From < 0 || in.Limit < 1 {
		return ManifestOutput{}, a.fault(invalid("from and limit count lines"))
	}
	text, err := fetch.Checked(ctx, a.fetcher, in.Manifest.reference())
	if err != nil {
		return ManifestOutput{}, a.fault(err)
	}
	var out ManifestOutput
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if len(bytes.TrimSpace(line)) == 0 || n <= in.From {
			continue
		}
		if n > in.From+in.Limit {
			out.More = true
			break
		}
		var p Picture
		if err := json.Unmarshal(line, &p); err != nil {
			// A reference that cannot be read fails by itself, not the manifest with it.
			p = Picture{}
		}
		if p.ID == "" {
			p.ID = fmt.Sprintf("line-%d", n)
		}
		out.Pictures = append(out.Pictures, p)
	}
	return out, nil
}

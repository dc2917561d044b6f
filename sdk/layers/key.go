package layers

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

// identity is how the ledger knows a request, as keyed digests.
type identity struct {
	key string
	// alias is that of the caller's own key, empty if there is none.
	alias string
	// owned: the picture's bytes were read here, and belong to no caller.
	owned bool
}

type identityKey struct{}

func withIdentity(ctx context.Context, id identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

func identityOf(ctx context.Context) identity {
	id, _ := ctx.Value(identityKey{}).(identity)
	return id
}

// identify digests what decides the answer: the picture, who is asked, and the options that the
// provider declares answer-changing. Left out are the attempt, the fields and the account, which
// change nothing in it, and the side wanted, since the other side is read as well: asking again with
// another side must not pay again.
//
// A caller's own key is bound to the picture, so it is digested with everything but the picture: the
// same key may be used for one picture with several providers.
//
// The picture is named by the digest in req.SHA256, which the layer source has set for bytes; by its
// address where neither we nor the caller know the bytes. The query is part of the address: without it
// an address like /picture?id=2 would be answered with the card of ?id=1. So a query that holds a
// signature which changes makes another key, unless the caller gives the digest.
func identify(d *ledger.Digester, desc *shared.Description, req *shared.Request) identity {
	asked := []string{desc.Name, desc.Product}
	names := slices.Clone(desc.AnswerChanging)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if v, ok := req.Options[name]; ok {
			asked = append(asked, name, v)
		}
	}
	kind, picture := "picture", req.SHA256
	if picture == "" {
		kind, picture = "address", plainAddress(req.Image.URL)
	}
	id := identity{key: d.Sum(kind, append([]string{picture}, asked...)...)}
	if req.Key != "" {
		id.alias = d.Sum("caller's key", append([]string{req.Key}, asked...)...)
	}
	return id
}

// plainAddress drops from an address what does not say which picture it is.
func plainAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // the layer source has refused it
	}
	u.Host = strings.ToLower(u.Host)
	u.Fragment, u.RawFragment, u.User = "", "", nil
	return u.String()
}

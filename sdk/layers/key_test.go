package layers

import (
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/ledger"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestKeyIsMadeOfWhatDecidesTheAnswer(t *testing.T) {
	t.Parallel()
	d := ledger.NewDigester(make([]byte, 32))
	desc := func() *shared.Description {
		return &shared.Description{Name: "wapi", Product: "76/194", Options: []string{"a", "b", "c"}, AnswerChanging: []string{"b", "a"}}
	}
	req := func() *shared.Request {
		return &shared.Request{Image: shared.Image{Bytes: []byte("x")}, SHA256: "digest", Key: "mine", Options: map[string]string{"a": "1"}}
	}
	base := identify(d, desc(), req())
	for _, c := range []struct {
		name         string
		change       func(*shared.Description, *shared.Request)
		key, aliased bool // differ
	}{
		{"nothing", func(*shared.Description, *shared.Request) {}, false, false},
		{"the picture", func(_ *shared.Description, r *shared.Request) { r.SHA256 = "other" }, true, false},
		{"the provider", func(d *shared.Description, _ *shared.Request) { d.Name = "other" }, true, true},
		{"the product", func(d *shared.Description, _ *shared.Request) { d.Product = "other" }, true, true},
		{"the border between them", func(d *shared.Description, _ *shared.Request) { d.Name, d.Product = "wapi7", "6/194" }, true, true},
		{"an option", func(_ *shared.Description, r *shared.Request) { r.Options["a"] = "2" }, true, true},
		{"another option", func(_ *shared.Description, r *shared.Request) { r.Options = map[string]string{"b": "1"} }, true, true},
		{"no option", func(_ *shared.Description, r *shared.Request) { r.Options = nil }, true, true},
		{"an option that changes nothing", func(_ *shared.Description, r *shared.Request) { r.Options["c"] = "2" }, false, false},
		{"the order in which options are declared", func(d *shared.Description, _ *shared.Request) { d.AnswerChanging = []string{"a", "b", "a"} }, false, false},
		{"the caller's key", func(_ *shared.Description, r *shared.Request) { r.Key = "other" }, false, true},
		{"what the caller may wish", func(d *shared.Description, r *shared.Request) {
			r.Attempt, r.Side, r.Fields, r.WantRaw = 3, shared.SideEmblem, []shared.FieldName{shared.FieldSex}, true
			r.Budget, r.Case, r.Subject, r.Purpose, r.Retry, r.CallID = shared.Budget{Calls: 1}, "c", "s", "p", shared.BasisAssumed, "id"
			r.UnsafeBuyAgain, r.UnsafeResendAmbiguous = true, true
			d.Version, d.Title = "2", "t"
		}, false, false},
	} {
		de, re := desc(), req()
		c.change(de, re)
		got := identify(d, de, re)
		if (got.key != base.key) != c.key || (got.alias != base.alias) != c.aliased {
			t.Errorf("with %s changed the key differs: %v, the alias: %v", c.name, got.key != base.key, got.alias != base.alias)
		}
	}
	if identify(ledger.RandomDigester(), desc(), req()).key == base.key {
		t.Error("two ledgers know the picture by the same key")
	}
	if identify(d, desc(), &shared.Request{SHA256: "digest"}).alias != "" {
		t.Error("a request without a key has an alias")
	}
}

func TestAddressIsNamedWithItsQuery(t *testing.T) {
	t.Parallel()
	d := ledger.RandomDigester()
	key := func(url, sha string) string {
		return identify(d, &shared.Description{Name: "wapi"}, &shared.Request{Image: shared.Image{URL: url}, SHA256: sha}).key
	}
	base := key("https://pictures.example/a.jpg", "")
	for _, same := range []string{"https://pictures.example/a.jpg#x", "https://u:p@pictures.example/a.jpg", "HTTPS://Pictures.Example/a.jpg"} {
		if key(same, "") != base {
			t.Errorf("%s is another picture", same)
		}
	}
	for _, other := range []string{"https://pictures.example/a.jpg?id=2", "https://pictures.example/b.jpg", "https://other.example/a.jpg", "http://pictures.example/a.jpg"} {
		if key(other, "") == base {
			t.Errorf("%s is the same picture", other)
		}
	}
	if key("https://pictures.example/a.jpg", "digest") != key("https://other.example/x", "digest") || key("https://pictures.example/a.jpg", "digest") == base {
		t.Error("the caller's digest does not name the picture")
	}
}

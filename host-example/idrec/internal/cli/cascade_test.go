package cli

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/shared"
)

// reader is a free plugin that is as sure as the picture's text says: "sure", or anything else.
type reader struct {
	fake

	closed bool
}

func (r *reader) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "local", Version: "1", Fields: []shared.ConfigField{
		{Name: "threads", Type: shared.TypeInt, Default: "1", Help: "at once"},
		{Name: "concurrency", Type: shared.TypeInt, Default: "1", Help: "calls at once"},
	}}, nil
}

func (r *reader) Configure(_ context.Context, c shared.Configuration) error {
	r.configured = &c
	return nil
}

func (r *reader) Recognize(_ context.Context, req *shared.Request) (*shared.Result, error) {
	text, err := os.ReadFile(req.Image.Path)
	if err != nil {
		return nil, err
	}
	res := result(string(text))
	res.Outcome, res.Basis, res.Price, res.Provider, res.Side = shared.OutcomeFree, shared.BasisProved, 0, "local", shared.SideEmblem
	confidence := shared.Confidence{Value: 0.95, Origin: shared.ConfidenceDerived}
	if strings.HasPrefix(string(text), "sure") {
		confidence.Value = 0.99
	}
	res.Fields = map[shared.FieldName]shared.Field{}
	for name, v := range map[shared.FieldName]string{shared.FieldAuthority: "样本", shared.FieldValidFrom: "2020-01-01", shared.FieldValidUntil: "2040-01-01"} {
		res.Fields[name] = shared.Field{State: shared.FieldPresent, Value: v, Confidence: confidence}
	}
	if strings.HasPrefix(string(text), "nothing") {
		res.Status, res.Side, res.Fields = shared.StatusNonIDCard, shared.SideDetect, nil
		res.Extras = map[string]string{"local.status_confidence": "0.9"}
	}
	return res, nil
}

func (r *reader) Close() error {
	r.closed = true
	return nil
}

func TestTwoPluginsAreACascade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	near := &reader{}
	b.others = map[string]process{"local": near}
	b.write("in/1.jpg", "sure 1")
	b.write("in/2.jpg", "doubtful")
	b.write("config.yaml", "plugins:\n  local:\n    threads: 2\n  wapi:\n    rate: 5\n")
	b.want(exit.OK, "", "recognize", b.path("in"), "--plugin", "local,wapi", "--output", "ndjson", "--set", "concurrency=7")
	got := map[string]string{}
	for _, r := range records(t, b.out.String()) {
		got[r.Source[len(r.Source)-5:]] = r.Extras["cascade.answered_by"] + " " + string(r.Outcome) + " " + r.Extras["cascade.reason"]
	}
	if got["1.jpg"] != "local free " || got["2.jpg"] != "wapi billed confidence:authority" {
		t.Errorf("%v", got)
	}
	if b.fake.asked["sure 1"] != 0 || b.fake.asked["doubtful"] != 1 {
		t.Errorf("the paid plugin was asked %v", b.fake.asked)
	}
	if v := near.configured.Values; v["threads"] != "2" || v["concurrency"] != "7" || len(v) != 2 {
		t.Errorf("the free plugin has %v", v)
	}
	if v := b.fake.configured.Values; v["rate"] != "5" || v["concurrency"] != "7" || v["threads"] != "" {
		t.Errorf("the paid plugin has %v", v)
	}
	if !near.closed {
		t.Error("the free plugin was not closed")
	}
	b.want(exit.OK, "", "recognize", b.path("in"), "--plugin", "local,wapi", "--output", "ndjson", "--accept-confidence", "0.95")
	if b.fake.asked["doubtful"] != 1 {
		t.Error("the paid plugin was asked although the free one was sure enough")
	}
	b.want(exit.OK, "", "config", "explain", "--plugin", "local,wapi", "--output", "json")
	if !strings.Contains(b.out.String(), `"threads"`) || !strings.Contains(b.out.String(), `"appid"`) {
		t.Errorf("%s", b.out.String())
	}
}

// How sure the free plugin must be of a picture without a card has a threshold of its own.
func TestThresholdForPicturesWithoutACard(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.others = map[string]process{"local": &reader{}}
	b.write("in/1.jpg", "nothing there")
	run := []string{"recognize", b.path("in"), "--plugin", "local,wapi", "--output", "ndjson", "--accept-unusable"}
	b.want(exit.OK, "", run...)
	if b.fake.asked["nothing there"] != 0 {
		t.Error("the paid plugin was asked of a picture that is surely enough none of a card")
	}
	b.write("config.yaml", "accept-status: 0.95\n")
	b.want(exit.OK, "", run...)
	if b.fake.asked["nothing there"] != 1 {
		t.Error("the paid plugin was not asked although the free one was less sure than the configuration wants")
	}
}

func TestCascadeThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.others = map[string]process{"local": &reader{}, "dear": &paidReader{}}
	b.write("in/1.jpg", "sure 1")
	for says, args := range map[string][]string{
		"two with a comma":    {"--plugin", "local,wapi,other"},
		"must be a free one":  {"--plugin", "dear,local"},
		"two digests":         {"--plugin", "local,wapi", "--sha256", strings.Repeat("0", 64)},
		"neither plugin has":  {"--plugin", "local,wapi", "--set", "colour=red"},
		"--accept-confidence": {"--plugin", "local,wapi", "--accept-confidence", "1.5"},
		"--accept-status":     {"--plugin", "local,wapi", "--accept-status", "-1"},
		"unknown flag":        {"--accept-confidenc", "1"},
	} {
		b.want(exit.Usage, says, append([]string{"recognize", b.path("in"), "--output", "ndjson"}, args...)...)
	}
	b.write("config.yaml", "colour: red\n")
	b.want(exit.Config, "unknown key", "recognize", b.path("in"), "--plugin", "local,wapi", "--output", "ndjson")
	if len(b.fake.asked) > 0 {
		t.Error("something was sent")
	}
}

type paidReader struct{ reader }

func (p *paidReader) Describe(ctx context.Context) (*shared.Description, error) {
	d, err := p.reader.Describe(ctx)
	d.Paid = true
	return d, err
}

package layers

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestEverySettingIsCheckedAndItsErrorNamesIt(t *testing.T) {
	t.Parallel()
	good := map[string][]string{
		"rate": {"0.5", "100", "inf", " 2 "}, "burst": {"1", "50"}, "concurrency": {"1", "4096"}, "prepare": {"true", "false"},
		"url_hosts": {"", "*", "a.example, B.example", "127.0.0.1,[::1]"}, "url_private_hosts": {"", "minio.internal", "[::1]"},
		"budget_day_yuan": {"0", "0.5", "20"}, "budget_day_calls": {"0", "100"}, "circuit_failures": {"1", "1000"},
		"circuit_window": {"1s", "2m"}, "circuit_probe": {"5s"}, "probe_interval": {"1m30s"},
		"budget_key_yuan": {"0", "0.5"}, "budget_key_calls": {"0", "7"}, "calls_package": {"0", "2000"}, "calls_package_since": {"", "2026-01-31"},
		"result_ttl": {"0s", "2160h"}, "queue": {"0", "5000"}, "picture_memory_mib": {"128", "4096"},
		"unsafe_resend_ambiguous": {"true"}, "unsafe_buy_again": {"true"}, "unsafe_forget_tombstone": {"true"},
	}
	bad := map[string][]string{
		"rate": {"0", "-1", "nan", "-inf", "x", ""}, "burst": {"0", "-1", "1.5", ""}, "concurrency": {"0", "-3", "4097"}, "prepare": {"maybe", ""},
		"url_hosts": {"http://a.example", "a.example/x", "*.example", "a b"}, "url_private_hosts": {"*", "u@h"},
		"budget_day_yuan": {"-1", "x", "0.0001"}, "budget_day_calls": {"-1", "x"}, "circuit_failures": {"0", "1001"},
		"circuit_window": {"0s", "-1s", "60"}, "circuit_probe": {"0s"}, "probe_interval": {"x"},
		"budget_key_yuan": {"-1"}, "budget_key_calls": {"-1"}, "calls_package": {"-1", "many"}, "calls_package_since": {"yesterday", "2026-02-30"},
		"result_ttl": {"-1s", "90 days"}, "queue": {"-1"}, "picture_memory_mib": {"127", ""},
		"unsafe_resend_ambiguous": {"perhaps"}, "unsafe_buy_again": {""}, "unsafe_forget_tombstone": {"2"},
	}
	s := Around(newVendor(always(play{})), Options{})
	for _, f := range settingFields(&shared.Description{}) {
		for _, v := range append(good[f.Name], f.Default) {
			if err := s.Configure(t.Context(), shared.Configuration{Values: map[string]string{f.Name: v}}); err != nil {
				t.Errorf("%s = %q: %v", f.Name, v, err)
			}
		}
		for _, v := range bad[f.Name] {
			err := s.Configure(t.Context(), shared.Configuration{Values: map[string]string{f.Name: v}})
			if !errors.Is(err, shared.CodeConfigurationInvalid) || !strings.Contains(err.Error(), "setting "+f.Name+" ") {
				t.Errorf("%s = %q: %v", f.Name, v, err)
			}
		}
		if len(good[f.Name]) == 0 || len(bad[f.Name]) == 0 || f.Help == "" {
			t.Errorf("%s is not tested, or not explained", f.Name)
		}
	}
}

func TestBadSettingsChangeNothing(t *testing.T) {
	t.Parallel()
	v := &configurable{fakeVendor: newVendor(always(play{}))}
	s := around(t, v, nil, quick("budget_day_calls", "1", "appid", "1"))
	for _, values := range []map[string]string{
		quick("appid", "2", "rate", "0"),
		quick("appid", "refused"),
	} {
		v.refuse = values["appid"] == "refused"
		if err := s.Configure(t.Context(), shared.Configuration{Values: values}); !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Errorf("Configure: %v", err)
		}
		v.refuse = false
		if v.values["appid"] != "1" {
			t.Errorf("the provider has %v", v.values)
		}
	}
	read(t, s, request("a"))
	fail(t, s, request("b"), shared.CodeBudgetExhausted, shared.OutcomeNotSent) // the first settings hold
}

func TestSettingsAreDividedBetweenLayersAndProvider(t *testing.T) {
	t.Parallel()
	v := &configurable{fakeVendor: newVendor(always(play{}))}
	given := quick("appid", "1", "timeout", "3s")
	before := maps.Clone(given)
	around(t, v, nil, given)
	if want := map[string]string{"appid": "1", "timeout": "3s"}; !maps.Equal(v.values, want) {
		t.Errorf("the provider has %v, want %v", v.values, want)
	}
	if !maps.Equal(given, before) {
		t.Error("the caller's map was changed")
	}
	// A provider without settings has nobody to ask.
	bare := Around(newVendor(always(play{})), Options{})
	for _, c := range []shared.Configuration{
		{Values: map[string]string{"appid": "1"}},
		{Secrets: map[string]shared.Secret{"secret": shared.NewSecret("x")}},
	} {
		if err := bare.Configure(t.Context(), c); !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Errorf("Configure: %v", err)
		}
	}
}

func TestDescriptionTellsLayersFacesAndSettings(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	v.description.Faces = []shared.Face{shared.FaceConfigurer}
	v.description.Fields = []shared.ConfigField{{Name: "appid"}, {Name: "rate", Help: "the provider's own"}}
	v.description.Limits.CallsPerSecond, v.description.Limits.Concurrency = 7.5, 9
	s := Around(v, Options{})
	d, err := s.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []shared.Layer{shared.LayerVerify, shared.LayerSource, shared.LayerRecall, shared.LayerShare, shared.LayerPrepare, shared.LayerPause, shared.LayerGate}
	if !slices.Equal(d.Layers, want) {
		t.Errorf("the layers are %v", d.Layers)
	}
	if !slices.Equal(d.Faces, []shared.Face{shared.FaceConfigurer, shared.FaceAccountant, shared.FaceRecaller}) {
		t.Errorf("the faces are %v", d.Faces)
	}
	defaults := map[string]string{}
	for _, f := range d.Fields {
		if _, twice := defaults[f.Name]; twice {
			t.Errorf("the setting %s stands there twice", f.Name)
		}
		defaults[f.Name] = f.Default
	}
	if defaults["rate"] != "7.5" || defaults["concurrency"] != "9" || d.Fields[0].Name != "appid" || d.Name != "fake" {
		t.Errorf("the description is %+v", d)
	}
	if len(v.description.Faces) != 1 || len(v.description.Fields) != 2 {
		t.Error("the provider's own description was changed")
	}
	if err := s.Configure(t.Context(), shared.Configuration{Values: quick()}); err != nil {
		t.Fatal(err)
	}
	v.description.Paid = false
	if d, err = s.Describe(t.Context()); err != nil || slices.Contains(d.Layers, shared.LayerPrepare) || slices.Contains(d.Layers, shared.LayerRecall) {
		t.Errorf("the layers of a free provider, without prepare, are %v, %v", d.Layers, err)
	}
	if inner, ok := shared.As[*fakeVendor](s); !ok || inner != v {
		t.Error("the provider is not found through the layers")
	}
}

func TestProviderWithLayersInsideIsRefused(t *testing.T) {
	t.Parallel()
	s := Around(Around(newVendor(always(play{})), Options{}), Options{})
	fail(t, s, request("a"), shared.CodeConfigurationInvalid, shared.OutcomeNotSent)
	if err := s.Configure(t.Context(), shared.Configuration{}); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Errorf("Configure: %v", err)
	}
}

func TestRequestsThatNobodyCouldAcceptAreRefused(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick())
	both := request("a")
	both.Image.Path = "b"
	unknown := request("a")
	unknown.Options = map[string]string{"colour": "red"}
	side := request("a")
	side.Side = shared.SideBoth
	for _, req := range []*shared.Request{{}, both, unknown, side} {
		fail(t, s, req, shared.CodeInvalidRequest, shared.OutcomeNotSent)
	}
	known := request("a")
	known.Options = map[string]string{"mode": "1"}
	read(t, s, known)
	v.want(t, 1, 1)
}

func TestPricesOfTheConfiguredProviderAreReserved(t *testing.T) {
	t.Parallel()
	v := &configurable{fakeVendor: newVendor(always(play{}))}
	s := around(t, v, nil, quick())
	v.description.Prices = []shared.Price{{Calls: 1, PerCall: 990}}
	if err := s.Configure(t.Context(), shared.Configuration{Values: quick("budget_day_yuan", "0.99")}); err != nil {
		t.Fatal(err)
	}
	read(t, s, request("a")) // cost 0.040
	e := fail(t, s, request("b"), shared.CodeBudgetExhausted, shared.OutcomeNotSent)
	if e.RetryAfter <= 0 || e.RetryAfter > 24*time.Hour {
		t.Errorf("retry after %v", e.RetryAfter)
	}
}

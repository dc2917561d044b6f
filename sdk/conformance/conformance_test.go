//go:build linux

package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/conformance"
	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/sdk/internal/proctest"
	"github.com/seed-6b91b535/idrec/shared"
)

const theSecret = "5ecret-0f-the-pr0vider"

func options(flaw string) conformance.Options {
	return conformance.Options{
		Host:          host.Options{Path: os.Args[0], Env: []string{flawEnv + "=" + flaw, proctest.NoRaceSleep}, StopTimeout: 2 * time.Second},
		Configuration: &shared.Configuration{Secrets: map[string]shared.Secret{"secret": shared.NewSecret(theSecret)}},
	}
}

func report(t *testing.T, o conformance.Options) *conformance.Report {
	t.Helper()
	r, err := conformance.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func names(findings []conformance.Finding) (out []string) {
	for _, f := range findings {
		out = append(out, f.Point)
	}
	return out
}

func TestAGoodPluginConforms(t *testing.T) {
	t.Parallel()
	r := report(t, options("none"))
	if !r.OK() || len(r.With(conformance.Advised)) != 0 || len(r.With(conformance.Skipped)) != 0 || r.Name != "good" {
		t.Error(r)
	}
	if len(r.Findings) != len(conformance.Points()) {
		t.Error("points were left out")
	}
}

func TestThePointsAsSubtests(t *testing.T) {
	t.Parallel()
	o := options("none")
	o.Only = []string{"starts", "faces", "recognize", "stop"}
	conformance.Test(t, o)
}

// One that was made with go-plugin alone conforms, and is advised.
func TestAStockPluginConforms(t *testing.T) {
	t.Parallel()
	r := report(t, options("stock"))
	if !r.OK() {
		t.Error(r)
	}
	if got := names(r.With(conformance.Advised)); !slices.Equal(got, []string{"terminal"}) {
		t.Error(r)
	}
}

// Each of these does one thing wrong, and fails at the point that is about it.
// advice are the points that a plugin without package serve cannot keep all of.
var advice = map[string]bool{"quiet": true, "polite-stop": true, "terminal": true}

// flaws are deliberately broken plugins, each with the point that it violates.
var flaws = map[string]string{
	"does not start":              "starts",
	"prints first":                "handshake",
	"serves anybody":              "by-hand",
	"nameless":                    "description",
	"fickle":                      "description",
	"needs no settings after all": "unconfigured",
	"takes any setting":           "unknown-setting",
	"lists a face too many":       "faces",
	"lists a face too few":        "faces",
	"plain errors":                "no-picture",
	"answers without a picture":   "no-picture",
	"no outcome":                  "recognize",
	"bills what is free":          "recognize",
	"bills junk":                  "junk",
	"dies of junk":                "junk",
	"panics at junk":              "junk",
	"says the path":               "by-path",
	"finds anything":              "by-path",
	"stock with 4 MiB":            "large",
	"no deadline":                 "deadline",
	"no cancel":                   "cancel",
	"mixes up calls":              "concurrency",
	"leaves a child":              "stop",
	"stock and stubborn":          "orphan",
	"prints later":                "quiet",
	"floods its log":              "unread",
	"logs requests":               "log",
	"logs secrets":                "log",

	"lets strangers in":                "encrypts",
	"insists on encryption":            "plain",
	"stock that dies of a bad message": "malformed",
	"takes any size":                   "too-large",
	"stock that knows every method":    "unknown-method",
	"dies of garbage":                  "garbage",
	"refuses what is new":              "new-fields",
	"dies of many":                     "drain",
	"starts once":                      "killed",
	"ends when it goes on":             "stopped",
	"stock and stubborn to a stop":     "polite-stop",
	"stock":                            "terminal",
}

func TestEveryPointHasAPluginThatViolatesIt(t *testing.T) {
	t.Parallel()
	violated := map[string]bool{}
	for _, point := range flaws {
		violated[point] = true
	}
	for _, point := range conformance.Points() {
		if !violated[point] {
			t.Error("nothing shows that the point can fail:", point)
		}
	}
}

func TestAFlawedPluginFailsAtThePoint(t *testing.T) {
	t.Parallel()
	for flaw, want := range flaws {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			o := options(flaw)
			o.Only = []string{want}
			o.MayCost = true
			o.Host.Env = append(o.Host.Env, onceEnv+"="+filepath.Join(t.TempDir(), "once"))
			r := report(t, o)
			t.Log(r)
			if len(r.Findings) != 1 || r.Findings[0].Verdict != conformance.Failed && !advice[want] || r.Findings[0].Verdict == conformance.Passed {
				t.Error(r)
			}
			if strings.Contains(r.String(), theSecret) || strings.Contains(r.String(), "canary") {
				t.Error("the report has in it what it looked for:", r)
			}
		})
	}
}

func TestNothingIsPaidForUnlessItIsAllowed(t *testing.T) {
	t.Parallel()
	r := report(t, options("paid"))
	skipped := names(r.With(conformance.Skipped))
	if !r.OK() || !slices.Contains(skipped, "recognize") || !slices.Contains(skipped, "drain") || slices.Contains(skipped, "malformed") {
		t.Error(r)
	}
}

func TestOptionsThatNameNothingAreRefused(t *testing.T) {
	t.Parallel()
	o := options("none")
	o.Only = []string{"no such point"}
	if _, err := conformance.Run(t.Context(), o); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Error(err)
	}
	if _, err := conformance.Run(t.Context(), conformance.Options{Host: host.Options{Name: "absent"}}); !errors.Is(err, shared.CodePluginNotFound) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := conformance.Run(ctx, options("none")); !errors.Is(err, shared.CodeCanceled) {
		t.Error(err)
	}
}

func ExampleReport() {
	r := &conformance.Report{Name: "wapi", Version: "1.0.0", Findings: []conformance.Finding{
		{Point: "starts", Promise: "starts, and says what it is, within the start timeout", Verdict: conformance.Passed},
		{Point: "large", Promise: "takes a picture of 24 MiB by value", Verdict: conformance.Failed, Detail: "it takes 4 MiB"},
	}}
	fmt.Print(r)
	// Output:
	// conformance of wapi 1.0.0
	//   passed   starts               starts, and says what it is, within the start timeout
	//   failed   large                takes a picture of 24 MiB by value: it takes 4 MiB
	// does not conform: 1 passed, 1 failed, 0 advised, 0 skipped
}

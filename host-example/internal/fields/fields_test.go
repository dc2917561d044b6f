package fields_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/internal/fields"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func described() *shared.Description {
	return &shared.Description{Name: "wapi", Fields: []shared.ConfigField{
		{Name: "url", Type: shared.TypeURL, Required: true},
		{Name: "secret", Type: shared.TypeString, Required: true, Secret: true},
		{Name: "key", Type: shared.TypeString, Secret: true},
		{Name: "key_file", Type: shared.TypePath},
		{Name: "rate", Type: shared.TypeFloat, Default: "2"},
	}}
}

const canary = "0123456789abcdef0123456789abcdef"

func TestSecretsComeByEveryWay(t *testing.T) {
	name := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(name, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FIELDS_TEST_SECRET", canary)
	for way, v := range map[string]string{"secret": canary, "secret_file": name, "secret_env": "FIELDS_TEST_SECRET", "secret_command": "echo " + canary} {
		c, err := fields.Resolve(t.Context(), described(), map[string]string{"url": "u", way: v, "rate": ""}, nil)
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if c.Secrets["secret"].Reveal() != canary || len(c.Values) != 1 || c.Values["url"] != "u" {
			t.Errorf("%s: %v %v", way, c.Values, len(c.Secrets))
		}
	}
}

func TestANameThatIsAFieldOfItsOwnIsNoWayToGiveASecret(t *testing.T) {
	t.Parallel()
	c, err := fields.Resolve(t.Context(), described(), map[string]string{"url": "u", "secret": canary, "key_file": "/somewhere"}, nil)
	if err != nil || c.Values["key_file"] != "/somewhere" || len(c.Secrets) != 1 {
		t.Errorf("%v %v", c.Values, err)
	}
}

func TestWhatIsWrongIsNamedWithoutItsValue(t *testing.T) {
	t.Parallel()
	for says, set := range map[string]map[string]string{
		"needs the setting url, secret": {},
		`no setting "raet"`:             {"url": "u", "secret": canary, "raet": canary},
		"exactly one way":               {"url": "u", "secret": canary, "secret_env": "X"},
		"setting secret":                {"url": "u", "secret_file": "/none/" + canary},
	} {
		_, err := fields.Resolve(t.Context(), described(), set, nil)
		if !errors.Is(err, shared.CodeConfigurationInvalid) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestTheEnvironmentNamesAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	env := map[string]string{"IDREC_WAPI_URL": "u", "IDREC_WAPI_SECRET_FILE": "f", "IDREC_WAPI_RATE": "", "IDREC_WAPI_KEY_FILE": "k"}
	lookup := func(n string) (string, bool) { v, ok := env[n]; return v, ok }
	set, err := fields.FromEnvironment(described(), lookup)
	if err != nil || len(set) != 3 || set["url"] != "u" || set["secret_file"] != "f" || set["key_file"] != "k" {
		t.Error(len(set), err)
	}
	// Also of a secret that is not required, which would be passed over in silence.
	for _, name := range []string{"IDREC_WAPI_SECRET", "IDREC_WAPI_KEY"} {
		env[name] = canary
		_, err := fields.FromEnvironment(described(), lookup)
		if !errors.Is(err, shared.CodeConfigurationInvalid) || !strings.Contains(err.Error(), name+" holds a secret itself") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
		delete(env, name)
	}
	if got := fields.Variable("other-vendor", "a-key"); got != "IDREC_OTHER_VENDOR_A_KEY" {
		t.Error(got)
	}
}

func TestAPathIsTheHostsAndNotThePlugins(t *testing.T) {
	t.Parallel()
	d := &shared.Description{Name: "wapi", Fields: []shared.ConfigField{
		{Name: "ledger", Type: shared.TypePath, Enum: []string{"memory", "none"}}, {Name: "ca_file", Type: shared.TypePath}, {Name: "proxy", Type: shared.TypePath},
		{Name: "folder", Type: shared.TypePath}, {Name: "appid", Type: shared.TypeString},
	}}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	c, err := fields.Resolve(t.Context(), d, map[string]string{"ledger": "memory", "ca_file": "ca.pem", "proxy": "http://p:1", "folder": "/abs", "appid": "a.b"}, nil)
	if err != nil || c.Values["ledger"] != "memory" || c.Values["ca_file"] != filepath.Join(here, "ca.pem") || c.Values["proxy"] != "http://p:1" ||
		c.Values["folder"] != "/abs" || c.Values["appid"] != "a.b" {
		t.Errorf("%v %v", c.Values, err)
	}
}

package layers

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

func TestPlaceOfTheLedger(t *testing.T) {
	t.Parallel()
	secret := shared.NewSecret
	for name, c := range map[string]struct {
		values  map[string]string
		secrets map[string]shared.Secret
		want    LedgerPlace
		wrong   string // the setting that is wrong
	}{
		"nothing":          {want: LedgerPlace{Address: secret("")}},
		"file and its key": {values: map[string]string{"ledger": " /a ", "ledger_key_file": "/k"}, want: LedgerPlace{Address: secret("/a"), KeyFile: "/k"}},
		"database":         {values: map[string]string{"ledger": "postgres://me@db/idrec"}, secrets: map[string]shared.Secret{"ledger_key": secret("k")}, want: LedgerPlace{Address: secret("postgres://me@db/idrec"), Key: secret("k")}},
		"password":         {secrets: map[string]shared.Secret{"ledger_dsn": secret("postgres://me:canary@db/idrec\n")}, want: LedgerPlace{Address: secret("postgres://me:canary@db/idrec")}},
		"plain password":   {values: map[string]string{"ledger": "postgres://me:canary@db/idrec"}, wrong: "ledger "},
		"password behind":  {values: map[string]string{"ledger": "postgres://db/idrec?password=canary"}, wrong: "ledger "},
		"no URL":           {values: map[string]string{"ledger": "postgres://me:canary\x7f@db"}, wrong: "ledger "},
		"two addresses":    {values: map[string]string{"ledger": "/canary"}, secrets: map[string]shared.Secret{"ledger_dsn": secret("postgres://db")}, wrong: "ledger "},
		"two keys":         {values: map[string]string{"ledger_key_file": "/canary"}, secrets: map[string]shared.Secret{"ledger_key": secret("canary")}, wrong: "ledger_key_file "},
		"plain key":        {values: map[string]string{"ledger_key": "canary"}, wrong: "ledger_key "},
		"plain dsn":        {values: map[string]string{"ledger_dsn": "canary"}, wrong: "ledger_dsn "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseLedger(shared.Configuration{Values: c.values, Secrets: c.secrets})
			if c.wrong == "" {
				if err != nil || got != c.want {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if !errors.Is(err, shared.CodeConfigurationInvalid) || !strings.Contains(err.Error(), "setting "+c.wrong) || strings.Contains(err.Error(), "canary") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSettingsOfTheLedgerDoNotReachTheProvider(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	v := &configurable{fakeVendor: newVendor(always(play{}))}
	st := Around(v, Options{Open: s.Open})
	given := shared.Configuration{Values: quick("ledger", "/a", "appid", "1"), Secrets: map[string]shared.Secret{"ledger_key": shared.NewSecret("k")}}
	if err := st.Configure(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"appid": "1"}; !maps.Equal(v.values, want) || len(given.Secrets) != 1 {
		t.Errorf("the provider has %v; the caller %v", v.values, given.Secrets)
	}
	d, err := st.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range d.Fields {
		if strings.HasPrefix(f.Name, "ledger") {
			found++
		}
	}
	if found != len(LedgerFields()) {
		t.Errorf("%d settings of the ledger are described", found)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

package postgres_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres"
	"github.com/seed-6b91b535/idrec/sdk/ledger/postgres/pgtest"
)

// statementsOf returns the statements of a version of the schema, as it was released.
func statementsOf(t *testing.T, version int) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "statements", strconv.Itoa(version)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// A rollout runs two versions of the program against one database, so the newest schema has to take the
// statements of each version that it calls compatible. The test prepares them: the server then has looked
// up every table, column, type and unique constraint that they name.
func TestStatementsOfCompatibleVersionsRunOnTheNewestSchema(t *testing.T) {
	t.Parallel()
	dsn, opts := pgtest.Shared(t).DSN(), postgres.Options{Schema: schema()}
	open(t, dsn, opts)
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(t.Context(), "set search_path to "+opts.Schema); err != nil {
		t.Fatal(err)
	}
	versions, compatible := postgres.Migrations()
	newest := len(versions) - 1
	for v := compatible[newest]; v <= versions[newest]; v++ {
		for name, sql := range statementsOf(t, v) {
			if _, err := c.Prepare(t.Context(), "v"+strconv.Itoa(v)+name, sql); err != nil {
				t.Errorf("version %d's %s: %v", v, name, err)
			}
		}
	}
}

// What is kept for later versions is what this one runs. After a change of a statement write the list
// anew with IDREC_WRITE=1, unless the version was released: then the change belongs to the next one.
func TestStatementsOfThisVersionAreKept(t *testing.T) {
	t.Parallel()
	versions, _ := postgres.Migrations()
	version := versions[len(versions)-1]
	now := postgres.Statements()
	if os.Getenv("IDREC_WRITE") == "1" {
		b, err := json.MarshalIndent(now, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("testdata", "statements", strconv.Itoa(version)+".json"), append(b, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept := statementsOf(t, version)
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if kept[name] != now[name] {
			t.Errorf("%s is not kept as it is: run this test with IDREC_WRITE=1", name)
		}
	}
	if len(kept) != len(now) {
		t.Errorf("%d statements are kept of %d", len(kept), len(now))
	}
}

func TestEveryStepLeavesTheVersionBeforeWorking(t *testing.T) {
	t.Parallel()
	versions, compatible := postgres.Migrations()
	for i, v := range versions {
		if v != i+1 {
			t.Errorf("step %d has the version %d", i+1, v)
		}
		if v > 1 && compatible[i] >= v {
			t.Errorf("step %d shuts out the version before it", v)
		}
	}
}

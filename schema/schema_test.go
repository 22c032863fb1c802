package schema_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"zhucan/schema"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, nil) }

func connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// Invariant 1. A released migration gets its line here once, and keeps it.
func TestAReleasedMigrationIsNotEdited(t *testing.T) {
	t.Parallel()
	released := map[string]string{"0001_control.sql": "0d065850ceadd74c"}
	all, err := schema.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		sum := sha256.Sum256([]byte(m.SQL))
		if want, ok := released[m.Name]; ok && want != hex.EncodeToString(sum[:8]) {
			t.Errorf("migration %s was edited: %x", m.Name, sum[:8])
		}
		delete(released, m.Name)
	}
	for name := range released {
		t.Errorf("migration %s is gone", name)
	}
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	conn := connect(t, schematest.NewURL(t))
	for range 2 {
		if err := schema.Migrate(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
	}
	var version, locks int
	if err := conn.QueryRow(t.Context(), "select version, (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) from meta.schema_version").Scan(&version, &locks); err != nil {
		t.Fatal(err)
	}
	if all, _ := schema.Migrations(); version != len(all) || locks != 0 {
		t.Errorf("version %d, %d locks held", version, locks)
	}
}

// Invariant 3.
func TestManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	address := schematest.NewURL(t)
	var g errgroup.Group
	for range 4 {
		conn := connect(t, address)
		g.Go(func() error { return schema.Migrate(t.Context(), conn) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// Invariant 2.
func TestANewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	conn := connect(t, schematest.NewURL(t))
	if err := schema.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "update meta.schema_version set version = 999"); err != nil {
		t.Fatal(err)
	}
	if err := schema.Migrate(t.Context(), conn); !errors.Is(err, schema.ErrNewer) {
		t.Errorf("got %v", err)
	}
}

func TestEveryTableSaysWhoOwnsIt(t *testing.T) {
	t.Parallel()
	conn := connect(t, schematest.NewURL(t))
	if err := schema.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'v') and n.nspname in ('meta', 'archive', 'vault', 'read') and c.relname <> 'schema_version'
		and obj_description(c.oid, 'pg_class') is null`)
	if err != nil {
		t.Fatal(err)
	}
	silent, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(silent) > 0 {
		t.Errorf("without a comment: %v, %v", silent, err)
	}
}

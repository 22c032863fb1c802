package projections_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/indicators"
	"zhucan/projections/levies"
	"zhucan/projections/sampletest"
	"zhucan/schema"
	"zhucan/schema/embedded"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, schema.Migrate) }

// all is every projection of the program.
func all() []projections.Projection {
	return []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New(), indicators.New()}
}

func runner(pool *pgxpool.Pool, log events.Log, change ...func(*projections.Config)) *projections.Runner {
	cfg := projections.Config{Projections: all()}
	for _, c := range change {
		c(&cfg)
	}
	return projections.New(pool, log, cfg)
}

// cluster returns a server of the test's own whose database is migrated.
func cluster(t *testing.T) *embedded.Server {
	t.Helper()
	server := schematest.Cluster(t)
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err == nil {
		err = errors.Join(schema.Migrate(t.Context(), conn), conn.Close(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// connect opens a pool with settings of its own.
func connect(t *testing.T, address string, settings map[string]string) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range settings {
		cfg.ConnConfig.RuntimeParams[name] = value
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// digest returns a hash of each table of a schema, and of the archive under
// "archive.record".
func digest(t testing.TB, pool *pgxpool.Pool, version string) map[string]string {
	t.Helper()
	sums := make(map[string]string)
	for _, table := range runner(pool, nil).Tables() {
		sums[table.Name] = dump(t, pool, fmt.Sprintf("select * from rm_%s.%s order by %s", version, table.Name, strings.Join(table.Key, ", ")))
	}
	sums["archive.record"] = dump(t, pool, "select * from archive.record order by seq")
	sums["meta.read_model"] = dump(t, pool, "select seq, root from meta.read_model where name in ('archive', '"+version+"') order by name")
	return sums
}

func dump(t testing.TB, pool *pgxpool.Pool, query string) string {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	h := sha256.New()
	tag, err := conn.Conn().PgConn().CopyTo(t.Context(), h, "copy ("+query+") to stdout")
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return fmt.Sprintf("%d rows %s", tag.RowsAffected(), hex.EncodeToString(h.Sum(nil)[:8]))
}

func compare(t testing.TB, what string, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: table %s has %s, want %s", what, name, got[name], want[name])
		}
	}
}

// wanted is the digest that a plain catch-up of the records gives.
func wanted(t testing.TB, records []events.Record) map[string]string {
	t.Helper()
	pool := schematest.New(t)
	log := new(memlog.Log)
	sampletest.Extend(t, log, records)
	if err := runner(pool, log).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return digest(t, pool, "v0001")
}

func query[T any](t testing.TB, pool *pgxpool.Pool, sql string, args ...any) []T {
	t.Helper()
	rows, err := pool.Query(context.WithoutCancel(t.Context()), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

package projections_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/events"
	"zhucan/projections"
	"zhucan/projections/archive"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// shrinking is a log that says it is shorter than it was.
type shrinking struct {
	events.Log
	shrunk atomic.Bool
}

func (l *shrinking) Last(ctx context.Context) (uint64, error) {
	last, err := l.Log.Last(ctx)
	if l.shrunk.Load() {
		last -= 2
	}
	return last, err
}

// other makes the same rows under another name of its fold.
func other(c *projections.Config) {
	c.Projections[0] = broken{c.Projections[0], 0, nil, "books/test"}
}

func TestAReadModelOfOtherCodeIsNotFollowedButReplaced(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	pool, log := schematest.New(t), b.Log()
	if err := runner(pool, log).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := runner(pool, log, other)
	halted(t, r.CatchUp(t.Context()), projections.FoldChanged, uint64(len(all)))
	if err := r.Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	if err := r.Switch(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query[string](t, pool, "select status from meta.read_model where name = 'v0001'"); got[0] != "retired" {
		t.Errorf("v0001 is %s", got[0])
	}
	if err := runner(pool, log).Switch(t.Context(), "v0001"); !errors.Is(err, projections.ErrVersion) {
		t.Errorf("switch to a retired version: %v", err)
	}
}

// A version that was built while the log grew is brought to the present by the
// active runner, which notices it by itself.
func TestALaggardIsCaughtUpAndFollowed(t *testing.T) {
	t.Parallel()
	_, all := records(t)
	want := wanted(t, all)
	pool, log := schematest.New(t), (&sampletest.Book{}).Log()
	sampletest.Extend(t, log, all[:50])
	r := runner(pool, log, func(c *projections.Config) { c.Live = 20; c.Retry = 20 * time.Millisecond })
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	// v0002 falls behind, as if it had been built long before.
	exec(t, pool, "update meta.read_model set status = 'building' where name = 'v0002'")
	sampletest.Extend(t, log, all[:90])
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "update meta.read_model set status = 'ready' where name = 'v0002'")
	if err := r.Switch(t.Context(), "v0002"); !errors.Is(err, projections.ErrVersion) {
		t.Errorf("switch to a version that is behind: %v", err)
	}
	sampletest.Extend(t, log, all)
	follow(t, r, len(all))
	compare(t, "laggard", digest(t, pool, "v0002"), want)
	compare(t, "the other", digest(t, pool, "v0001"), want)
}

// Invariant 7: readers see one version or the other.
func TestASwitchUnderReaders(t *testing.T) {
	t.Parallel()
	b, _ := records(t)
	pool, log := schematest.New(t), b.Log()
	r := runner(pool, log)
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "update rm_v0002.posting set amount = amount + 1 where seq = 2 and n = 1")

	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const sum = "select sum(amount)::text from read.posting"
	before := queryTx(t, tx, sum)
	switched := make(chan error, 1)
	go func() { switched <- r.Switch(t.Context(), "v0002") }()
	// The switch waits for the open reader, who goes on seeing the old version.
	for range 20 {
		if got := queryTx(t, tx, sum); got != before {
			t.Fatalf("an open reader sees %s after %s", got, before)
		}
		select {
		case err := <-switched:
			t.Fatalf("switched under an open reader: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-switched; err != nil {
		t.Fatal(err)
	}
	if got := query[string](t, pool, sum); got[0] == before {
		t.Error("readers still see the old version")
	}
	if got := query[string](t, pool, "select version from read.position"); got[0] != "v0002" {
		t.Errorf("version %s", got[0])
	}
	// The old one is kept up to date, can be switched back to, and dropped.
	if err := r.Drop(t.Context(), "v0002"); !errors.Is(err, projections.ErrVersion) {
		t.Errorf("drop of the version that is served: %v", err)
	}
	if err := r.Switch(t.Context(), "v0001"); err != nil {
		t.Fatal(err)
	}
	if got := query[string](t, pool, sum); got[0] != before {
		t.Error("switching back changed the figures")
	}
	if err := r.Drop(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	if got := query[int64](t, pool, "select count(*) from pg_namespace where nspname = 'rm_v0002'"); got[0] != 0 {
		t.Error("the schema is still there")
	}
}

func queryTx(t testing.TB, tx pgx.Tx, sql string) string {
	t.Helper()
	var s string
	if err := tx.QueryRow(t.Context(), sql).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAnInterruptedRebuildBeginsAnew(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	pool, log := schematest.New(t), b.Log()
	if err := runner(pool, log).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"filled", "settled", "built"} {
		func() {
			defer func() { _ = recover() }()
			_ = runner(pool, log, func(c *projections.Config) {
				c.Bulk = 30
				c.Step = func(step string) {
					if step == at {
						panic("crash")
					}
				}
			}).Rebuild(t.Context(), "v0002")
		}()
		if got := query[string](t, pool, "select status from meta.read_model where name = 'v0002'"); got[0] != "building" {
			t.Errorf("after a crash at %s it is %s", at, got[0])
		}
	}
	if err := runner(pool, log).Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	compare(t, "rebuilt", digest(t, pool, "v0002"), want)
}

func TestNamesOfVersionsAreStrict(t *testing.T) {
	t.Parallel()
	r := runner(schematest.New(t), (&sampletest.Book{}).Log())
	for _, name := range []string{"", "archive", "V1", `x"; drop schema meta cascade; --`, "a b", "é", "0123456789012345678901234567890123456789x"} {
		if err := r.Rebuild(t.Context(), name); !errors.Is(err, projections.ErrVersion) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestTheArchiveIsAppendOnly(t *testing.T) {
	t.Parallel()
	b, _ := records(t)
	pool := schematest.New(t)
	if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"update archive.record set actor = 'x'", "delete from archive.record", "truncate archive.record"} {
		if _, err := pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s is accepted", sql)
		}
	}
}

func TestQueriesPrepare(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	if err := runner(pool, (&sampletest.Book{}).Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, queries := range []map[string]string{projections.Queries, archive.Queries} {
		for name, sql := range queries {
			sql, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), conn.Conn(), sql, nil)
			if err == nil {
				_, err = conn.Conn().Prepare(t.Context(), name, sql)
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

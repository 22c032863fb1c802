package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"zhucan/events"
	"zhucan/events/merkle"
)

// Rebuild makes a version of the read models from the log, beside the others, in a
// schema of its own. It reads up to the record that is the last one when it begins;
// the runner brings the version to the present afterwards. An earlier version of
// that name is dropped first; one that is served is refused ([ErrVersion]). It does
// not disturb the active runner.
func (r *Runner) Rebuild(ctx context.Context, version string) error {
	last, err := r.log.Last(ctx)
	if err != nil {
		return fmt.Errorf("read the log's last number: %w", err)
	}
	return r.rebuild(ctx, version, last)
}

// rebuild makes a version from the records up to last.
func (r *Runner) rebuild(ctx context.Context, version string, last uint64) error {
	schema, err := schemaOf(version)
	if err != nil {
		return err
	}
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer free(ctx, conn)
	if ok, err := try(ctx, conn, tryBuild, pgx.NamedArgs{"class": lockBuild, "name": version}); err != nil {
		return err
	} else if !ok {
		return fmt.Errorf("%w: %s is being built or dropped", ErrVersion, version)
	}
	var empty merkle.Frontier
	root := empty.Root()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := r.remove(ctx, tx, version); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertModel, pgx.NamedArgs{"name": version, "root": root[:], "fold": r.fold})
		return err
	})
	if err != nil {
		return fmt.Errorf("prepare version %s: %w", version, err)
	}
	var tree merkle.Frontier
	var filled filling
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		tree, filled, err = r.fill(ctx, tx, schema, last)
		return err
	})
	if err != nil {
		return err
	}
	if err := r.index(ctx, conn, schema, filled); err != nil {
		return poisoned(err, 1, last)
	}
	r.cfg.Step("built")
	root = tree.Root()
	tag, err := conn.Exec(ctx, finishModel, pgx.NamedArgs{"name": version, "seq": tree.Size(), "root": root[:]})
	if err != nil {
		return fmt.Errorf("finish version %s: %w", version, err)
	}
	if tag.RowsAffected() != 1 {
		return fmt.Errorf("%w: %s was dropped while it was built", ErrVersion, version)
	}
	return nil
}

// Refold makes the tables of the read models in a schema of tx, from the first
// records of the log, and returns the tree over these. The schema does not exist
// yet; a caller who rolls back leaves nothing behind.
func (r *Runner) Refold(ctx context.Context, tx pgx.Tx, schema string, last uint64) (merkle.Frontier, error) {
	tree, _, err := r.fill(ctx, tx, schema, last)
	return tree, err
}

// A filling is what is known of tables that were filled.
type filling struct {
	rows  map[*Table]int
	keyed map[*Table]bool // have their primary key already
}

// fill makes the tables of a schema and fills them. Of the keys it makes those that
// it needs to write changes by.
func (r *Runner) fill(ctx context.Context, tx pgx.Tx, schema string, last uint64) (merkle.Frontier, filling, error) {
	var tree merkle.Frontier
	filled := filling{make(map[*Table]int), make(map[*Table]bool)}
	if err := r.createTables(ctx, tx, schema); err != nil {
		return tree, filled, err
	}
	var src iter.Seq2[events.Record, error] = func(func(events.Record, error) bool) {}
	if last > 0 {
		src = upTo(r.log.Read(ctx, 0), last)
	}
	f := &folder{r: r, models: true, bulk: true}
	settle := func(rows *Rows) error {
		for _, t := range rows.tables {
			if len(t.changes) == 0 || filled.keyed[t.Table] {
				continue
			}
			if _, err := tx.Exec(ctx, t.key(schema)); err != nil {
				return fmt.Errorf("key of %s: %w", t.Name, err)
			}
			filled.keyed[t.Table] = true
		}
		return r.change(ctx, tx, schema, rows)
	}
	for c := range f.chunks(ctx, src, r.cfg.Bulk) {
		if c.err != nil {
			return tree, filled, c.err
		}
		// Rows of a table made in the same transaction need no later freezing.
		err := r.copyRows(ctx, tx, schema, c.rows, ", freeze")
		if err == nil && c.settle {
			err = settle(c.rows)
		}
		if err != nil {
			return tree, filled, poisoned(err, c.before.Size()+1, c.last())
		}
		for _, t := range c.rows.tables {
			filled.rows[t.Table] += t.copy.Rows()
		}
		tree = c.after
		r.cfg.Step("filled")
	}
	if err := ctx.Err(); err != nil {
		return tree, filled, err
	}
	if tree.Size() != last {
		return tree, filled, &Halt{Behind, last, fmt.Sprintf("the log ends at %d", tree.Size())}
	}
	rest := newRows(r.tables)
	if f.carried != nil {
		rest.exchange(f.carried)
	}
	if err := settle(rest); err != nil {
		return tree, filled, poisoned(err, 1, last)
	}
	r.cfg.Step("settled")
	return tree, filled, nil
}

// second is how long a rebuild waits for a second connection to make indexes on. It
// does without when the pool has none to give.
const second = 100 * time.Millisecond

// index makes the keys and indexes of tables that were filled, the largest first,
// on two connections.
func (r *Runner) index(ctx context.Context, conn *pgxpool.Conn, schema string, filled filling) error {
	tables := slices.Clone(r.tables)
	slices.SortStableFunc(tables, func(a, b *Table) int { return filled.rows[b] - filled.rows[a] })
	var indexes, rest []string
	for _, t := range tables {
		if !filled.keyed[t] {
			indexes = append(indexes, t.unique(schema))
			rest = append(rest, t.keyed(schema))
		}
		indexes = append(indexes, t.secondary(schema)...)
	}
	for _, t := range tables {
		rest = append(rest, "analyze "+quote(schema)+"."+t.Name)
	}
	conns := []*pgxpool.Conn{conn}
	wait, stop := context.WithTimeout(ctx, second)
	if more, err := r.pool.Acquire(wait); err == nil {
		defer more.Release()
		conns = append(conns, more)
	}
	stop()
	for _, c := range conns {
		if _, err := c.Exec(ctx, forIndexes, pgx.NamedArgs{"workers": strconv.Itoa(max(0, runtime.NumCPU()/2-1))}); err != nil {
			return fmt.Errorf("settings for indexes: %w", err)
		}
		defer func() { _, _ = c.Exec(context.WithoutCancel(ctx), "reset all") }()
	}
	for _, statements := range [][]string{indexes, rest} {
		todo := make(chan string, len(statements))
		for _, sql := range statements {
			todo <- sql
		}
		close(todo)
		g, ctx := errgroup.WithContext(ctx)
		for _, c := range conns {
			g.Go(func() error {
				for sql := range todo {
					if _, err := c.Exec(ctx, sql); err != nil {
						return fmt.Errorf("%s: %w", sql, err)
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// forIndexes gives sorting room, and helpers where there are more processors than the two that
// the connections keep busy: more than processors only hinder each other. Statistics are good
// enough from a smaller sample: the tables have few columns that are searched by ranges.
const forIndexes = `
select
	set_config('maintenance_work_mem', '256MB', false),
	set_config('max_parallel_maintenance_workers', @workers, false),
	set_config('default_statistics_target', '25', false)`

// poisoned turns what Postgres does not accept into a halt. A bulk fill knows only
// between which records; the live runner finds the one.
func poisoned(err error, from, to uint64) error {
	if !deterministic(err) {
		return err
	}
	detail := err.Error()
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		detail += " (" + pg.Detail + pg.Where + ")"
	}
	return &Halt{Poison, from, fmt.Sprintf("among records %d to %d: %s", from, to, detail)}
}

// switchTries is how often a switch waits for readers to finish, two seconds each.
const switchTries = 10

// Switch points readers at a version, which must be made by this program's fold
// and be as far as the one it replaces. That one goes on being kept up to date, so
// that it can be switched back to, unless other code made it.
func (r *Runner) Switch(ctx context.Context, version string) error {
	schema, err := schemaOf(version)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error { return r.switchTo(ctx, tx, version, schema) })
		pg, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || pg.Code != "55P03" && pg.Code != "40P01" || n == switchTries {
			if err != nil {
				return fmt.Errorf("switch to %s: %w", version, err)
			}
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(n) * 20 * time.Millisecond):
		}
	}
	// A connection that has prepared a statement on the old views would fail once
	// if a column's type is another now (0A000).
	r.pool.Reset()
	return nil
}

func (r *Runner) switchTo(ctx context.Context, tx pgx.Tx, version, schema string) error {
	if _, err := tx.Exec(ctx, "set local lock_timeout to '2s'"); err != nil {
		return err
	}
	all, err := targets(ctx, tx, lockTargets, nil)
	if err != nil {
		return err
	}
	find := func(is func(target) bool) (t target, ok bool) {
		if i := slices.IndexFunc(all, is); i >= 0 {
			return all[i], true
		}
		return target{}, false
	}
	next, ok := find(func(t target) bool { return t.Name == version && !t.archive() })
	if !ok {
		return fmt.Errorf("%w: there is no finished version %s", ErrVersion, version)
	}
	if next.Fold != r.fold {
		return fmt.Errorf("%w: version %s was made by fold %s, this program has %s", ErrVersion, version, next.Fold, r.fold)
	}
	old, serving := find(func(t target) bool { return t.Status == "serving" })
	if serving && old.Seq > next.Seq {
		return fmt.Errorf("%w: %s is at %d, behind %s at %d; let it catch up", ErrVersion, version, next.Seq, old.Name, old.Seq)
	}
	if err := r.createViews(ctx, tx, schema); err != nil {
		return err
	}
	if serving && old.Name != version {
		status := "ready"
		if old.Fold != r.fold {
			status = "retired"
		}
		if _, err := tx.Exec(ctx, setStatus, pgx.NamedArgs{"name": old.Name, "status": status}); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, setStatus, pgx.NamedArgs{"name": version, "status": "serving"})
	return err
}

// Drop removes a version that is not served.
func (r *Runner) Drop(ctx context.Context, version string) error {
	if _, err := schemaOf(version); err != nil {
		return err
	}
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer free(ctx, conn)
	if ok, err := try(ctx, conn, tryBuild, pgx.NamedArgs{"class": lockBuild, "name": version}); err != nil {
		return err
	} else if !ok {
		return fmt.Errorf("%w: %s is being built or dropped", ErrVersion, version)
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return r.remove(ctx, tx, version) })
}

// remove drops a version if there is one. One that is served is refused.
func (r *Runner) remove(ctx context.Context, tx pgx.Tx, version string) error {
	schema, err := schemaOf(version)
	if err != nil {
		return err
	}
	all, err := targets(ctx, tx, lockOne, pgx.NamedArgs{"name": version})
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.Status == "serving" {
			return fmt.Errorf("%w: %s is %s", ErrVersion, version, t.Status)
		}
	}
	if _, err := tx.Exec(ctx, "drop schema if exists "+quote(schema)+" cascade"); err != nil {
		return fmt.Errorf("drop schema %s: %w", schema, err)
	}
	if _, err := tx.Exec(ctx, deleteModel, pgx.NamedArgs{"name": version}); err != nil {
		return fmt.Errorf("drop version %s: %w", version, err)
	}
	return nil
}

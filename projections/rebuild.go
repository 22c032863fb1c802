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
	return r.rebuild(ctx, version, last, "ready")
}

// RebuildTo is Rebuild as of an earlier record. The version stays as it is, to be compared with
// others, and is never served.
func (r *Runner) RebuildTo(ctx context.Context, version string, to uint64) error {
	last, err := r.log.Last(ctx)
	if err != nil {
		return fmt.Errorf("read the log's last number: %w", err)
	}
	if to > last {
		return ErrVersion.Of("record %d is not in the log, which has %d", to, last)
	}
	return r.rebuild(ctx, version, to, "retired")
}

// rebuild makes a version from the records up to last.
func (r *Runner) rebuild(ctx context.Context, version string, last uint64, status string) error {
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
		return ErrVersion.Of("%s is being built or dropped", version)
	}
	var empty merkle.Frontier
	root := empty.Root()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := r.remove(ctx, tx, version); err != nil {
			return err
		}
		if err := createSchema(ctx, tx, schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertModel, pgx.NamedArgs{"name": version, "root": root[:], "fold": r.fold})
		return err
	})
	if err != nil {
		return fmt.Errorf("prepare version %s: %w", version, err)
	}
	tree, err := r.build(ctx, conn, schema, last)
	if err != nil {
		return err
	}
	r.cfg.Step("built")
	root = tree.Root()
	tag, err := conn.Exec(ctx, finishModel, pgx.NamedArgs{"name": version, "status": status, "seq": tree.Size(), "root": root[:]})
	if err != nil {
		return fmt.Errorf("finish version %s: %w", version, err)
	}
	if tag.RowsAffected() != 1 {
		return ErrVersion.Of("%s was dropped while it was built", version)
	}
	return nil
}

// Refold makes the tables of the read models in a schema of tx, from the first
// records of the log, and returns the tree over these. The schema does not exist
// yet; a caller who rolls back leaves nothing behind.
func (r *Runner) Refold(ctx context.Context, tx pgx.Tx, schema string, last uint64) (merkle.Frontier, error) {
	if err := createSchema(ctx, tx, schema); err != nil {
		return merkle.Frontier{}, err
	}
	return r.fill(ctx, []*lane{newLane(tx)}, schema, last)
}

// A lane is a transaction in which some of the tables are made, filled and indexed.
type lane struct {
	tx     pgx.Tx
	tables []int           // numbers among those of the runner
	load   int             // bytes that the tables began with
	made   int             // tables that are made
	keyed  map[*Table]bool // have their primary key already
}

func newLane(tx pgx.Tx) *lane { return &lane{tx: tx, keyed: make(map[*Table]bool)} }

// lanes is how many there are: one more than two processors keep busy, since each waits for
// the disk now and then.
const lanes = 3

// second is how long a rebuild waits for further connections. It does with those it gets.
const second = 100 * time.Millisecond

// build makes the tables of a schema, with their keys and indexes, on conn and on
// further connections.
func (r *Runner) build(ctx context.Context, conn *pgxpool.Conn, schema string, last uint64) (tree merkle.Frontier, err error) {
	conns := []*pgxpool.Conn{conn}
	wait, stop := context.WithTimeout(ctx, second)
	defer stop()
	for len(conns) < lanes {
		more, err := r.pool.Acquire(wait)
		if err != nil {
			break
		}
		defer more.Release()
		conns = append(conns, more)
	}
	var all []*lane
	for _, c := range conns {
		tx, err := c.Begin(ctx)
		if err != nil {
			return tree, fmt.Errorf("begin: %w", err)
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		if _, err := tx.Exec(ctx, forLane); err != nil {
			return tree, fmt.Errorf("settings for a lane: %w", err)
		}
		all = append(all, newLane(tx))
	}
	if tree, err = r.fill(ctx, all, schema, last); err != nil {
		return tree, err
	}
	err = each(ctx, all, func(ctx context.Context, l *lane) error {
		if err := r.index(ctx, l, schema); err != nil {
			return poisoned(err, 1, last)
		}
		return l.tx.Commit(ctx)
	})
	return tree, err
}

// forLane lets a lane be idle for long, and has Postgres sync the files of tables and indexes from
// 64 kB on. At wal_level minimal it would do so from 2 MB on, and compress into its own log
// what is smaller, which takes longer; at other levels that says nothing.
const forLane = `
select
	set_config('idle_in_transaction_session_timeout', '0', true),
	set_config('wal_skip_threshold', '64kB', true)`

// each works on all lanes at once.
func each(ctx context.Context, all []*lane, f func(context.Context, *lane) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, l := range all {
		g.Go(func() error { return f(ctx, l) })
	}
	return g.Wait()
}

// deal gives the tables that are wanted, and have no lane yet, to the lanes that have the least
// to do by now, the largest first.
func deal(all []*lane, rows *Rows, wanted func(*tableRows) bool) {
	var news []int
	for i, t := range rows.tables {
		if wanted(t) && !slices.ContainsFunc(all, func(l *lane) bool { return slices.Contains(l.tables, i) }) {
			news = append(news, i)
		}
	}
	size := func(i int) int { return rows.tables[i].copy.Size() }
	slices.SortStableFunc(news, func(a, b int) int { return size(b) - size(a) })
	for _, i := range news {
		l := slices.MinFunc(all, func(a, b *lane) int { return a.load - b.load })
		l.tables, l.load = append(l.tables, i), l.load+size(i)
	}
}

// fill makes the tables of a schema and fills them. Of the keys it makes those that
// it needs to write changes by.
func (r *Runner) fill(ctx context.Context, all []*lane, schema string, last uint64) (merkle.Frontier, error) {
	var tree merkle.Frontier
	var src iter.Seq2[events.Record, error] = func(func(events.Record, error) bool) {}
	if last > 0 {
		src = upTo(r.log.Read(ctx, 0), last)
	}
	f := &folder{r: r, models: true, bulk: true}
	write := func(rows *Rows, settle bool) error {
		return each(ctx, all, func(ctx context.Context, l *lane) error { return r.write(ctx, l, schema, rows, settle) })
	}
	for c := range f.chunks(ctx, src, r.cfg.Bulk) {
		if c.err != nil {
			return tree, c.err
		}
		deal(all, c.rows, func(t *tableRows) bool { return t.copy.Rows() > 0 || c.settle && len(t.changes) > 0 })
		if err := write(c.rows, c.settle); err != nil {
			return tree, poisoned(err, c.before.Size()+1, c.last())
		}
		tree = c.after
		r.cfg.Step("filled")
	}
	if err := ctx.Err(); err != nil {
		return tree, err
	}
	if tree.Size() != last {
		return tree, &Halt{Behind, last, fmt.Sprintf("the log ends at %d", tree.Size())}
	}
	rest := newRows(r.tables)
	if f.carried != nil {
		rest.exchange(f.carried)
	}
	deal(all, rest, func(*tableRows) bool { return true })
	if err := write(rest, true); err != nil {
		return tree, poisoned(err, 1, last)
	}
	r.cfg.Step("settled")
	return tree, nil
}

// write makes the tables that are new to a lane, copies its rows, and with settle makes its
// changes.
func (r *Runner) write(ctx context.Context, l *lane, schema string, rows *Rows, settle bool) error {
	mine := rows.some(l.tables)
	for ; l.made < len(mine); l.made++ {
		t := mine[l.made]
		if _, err := l.tx.Exec(ctx, t.create(schema), pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("create table %s: %w", t.Name, err)
		}
	}
	// Rows of a table made in the same transaction need no later freezing.
	if err := r.copyRows(ctx, l.tx, schema, mine, ", freeze"); err != nil || !settle {
		return err
	}
	for _, t := range mine {
		if len(t.changes) > 0 {
			if err := l.key(ctx, t.Table, schema); err != nil {
				return err
			}
		}
	}
	return r.change(ctx, l.tx, schema, mine)
}

// key makes the primary key of a table that has none yet.
func (l *lane) key(ctx context.Context, t *Table, schema string) error {
	if l.keyed[t] {
		return nil
	}
	l.keyed[t] = true
	if _, err := l.tx.Exec(ctx, t.key(schema)); err != nil {
		return fmt.Errorf("key of %s: %w", t.Name, err)
	}
	return nil
}

// index makes the keys and indexes of the tables of a lane.
func (r *Runner) index(ctx context.Context, l *lane, schema string) error {
	if _, err := l.tx.Exec(ctx, forIndexes, pgx.NamedArgs{"workers": strconv.Itoa(max(0, runtime.NumCPU()/2-1))}); err != nil {
		return fmt.Errorf("settings for indexes: %w", err)
	}
	for _, i := range l.tables {
		t := r.tables[i]
		if err := l.key(ctx, t, schema); err != nil {
			return err
		}
		for _, sql := range append(t.secondary(schema), "analyze "+quote(schema)+"."+t.Name) {
			if _, err := l.tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
	}
	return nil
}

// forIndexes gives sorting room, and helpers where there are more processors than the two that
// the lanes keep busy: more than processors only hinder each other. Statistics are good
// enough from a smaller sample: the tables have few columns that are searched by ranges.
const forIndexes = `
select
	set_config('maintenance_work_mem', '256MB', true),
	set_config('max_parallel_maintenance_workers', @workers, true),
	set_config('default_statistics_target', '25', true)`

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
		return ErrVersion.Of("there is no finished version %s that is kept up to date", version)
	}
	if next.Fold != r.fold {
		return ErrVersion.Of("version %s was made by fold %s, this program has %s", version, next.Fold, r.fold)
	}
	old, serving := find(func(t target) bool { return t.Status == "serving" })
	if serving && old.Seq > next.Seq {
		return ErrVersion.Of("%s is at %d, behind %s at %d; let it catch up", version, next.Seq, old.Name, old.Seq)
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
		return ErrVersion.Of("%s is being built or dropped", version)
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
			return ErrVersion.Of("%s is %s", version, t.Status)
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

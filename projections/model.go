package projections

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events/merkle"
	"zhucan/projections/archive"
)

// archiveName is the checkpoint of the archive in meta.read_model.
const archiveName = "archive"

// A target is something the runner writes, with its checkpoint: the archive or a
// version of the read models.
type target struct {
	Name   string
	Status string
	Seq    uint64
	Root   []byte
	Epoch  int64
	Fold   string
}

func (t target) archive() bool { return t.Name == archiveName }

var versionName = regexp.MustCompile(`^[a-z0-9][a-z0-9_]{0,39}$`)

// schemaOf returns the schema of a version, whose name must be plain.
func schemaOf(version string) (string, error) {
	if !versionName.MatchString(version) || version == archiveName {
		return "", ErrVersion.Of("%q is no name of small letters, digits and _", version)
	}
	return "rm_" + version, nil
}

// The advisory locks of a database: one for the active runner, one for each
// version that is being built.
const (
	lockRunner = 0x7a6863 // "zhc"
	lockBuild  = 0x7a6864
)

const (
	tryRunner = `select pg_try_advisory_lock(@class::int, 0)`
	tryBuild  = `select pg_try_advisory_lock(@class::int, hashtext(@name))`
	unlockAll = `select pg_advisory_unlock_all()`

	ensureArchive = `
insert into meta.read_model (name, status, root, fold)
values ('archive', 'archive', @root, '')
on conflict (name) do nothing`

	takeOver = `
update meta.read_model
set epoch = (select max(epoch) + 1 from meta.read_model)
where status in ('archive', 'ready', 'serving')
returning name, status, seq, root, epoch, fold`

	lockTargets = `
select name, status, seq, root, epoch, fold
from meta.read_model
where status in ('archive', 'ready', 'serving')
order by name
for update`

	advance = `
update meta.read_model
set seq = @to, root = @root
where name = any (@names) and seq = @from and epoch = @epoch`

	listTargets = `
select name, status, seq, root, epoch, fold
from meta.read_model
order by name`

	lockOne = `
select name, status, seq, root, epoch, fold
from meta.read_model
where name = @name
for update`

	insertModel = `
insert into meta.read_model (name, status, root, fold)
values (@name, 'building', @root, @fold)`

	deleteModel = `
delete from meta.read_model
where name = @name`

	finishModel = `
update meta.read_model
set status = @status, seq = @seq, root = @root, built_at = now()
where name = @name and status = 'building'`

	setStatus = `
update meta.read_model
set status = @status
where name = @name`

	putHalt = `
insert into meta.halt (reason, seq, detail)
values (@reason, @seq, @detail)
on conflict (one) do update set reason = excluded.reason, seq = excluded.seq, detail = excluded.detail, since = now()`

	clearHalt = `delete from meta.halt`

	selectHalt = `
select reason, seq, detail
from meta.halt`

	selectArchived = `
select seq, substr(hashes, 1, 32)
from archive.record
where seq > @after and seq <= @upto
order by seq`

	selectRecordedAt = `
select recorded_at
from archive.record
where seq = @seq`

	listViews = `
select quote_ident(c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'read' and c.relkind = 'v' and obj_description(c.oid, 'pg_class') like 'read model: %'
order by 1`
)

// Queries are the statements of this package, for a test to prepare.
var Queries = map[string]string{
	"tryRunner": tryRunner, "tryBuild": tryBuild, "unlockAll": unlockAll, "ensureArchive": ensureArchive,
	"takeOver": takeOver, "lockTargets": lockTargets, "advance": advance, "listTargets": listTargets, "lockOne": lockOne,
	"insertModel": insertModel, "deleteModel": deleteModel, "finishModel": finishModel, "setStatus": setStatus,
	"putHalt": putHalt, "clearHalt": clearHalt, "selectHalt": selectHalt, "selectArchived": selectArchived,
	"selectRecordedAt": selectRecordedAt, "listViews": listViews,
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func targets(ctx context.Context, db querier, sql string, args pgx.NamedArgs) ([]target, error) {
	rows, err := db.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[target])
	if err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	return all, nil
}

// try takes an advisory lock for as long as conn lives.
func try(ctx context.Context, conn *pgxpool.Conn, sql string, args pgx.NamedArgs) (ok bool, err error) {
	if err := conn.QueryRow(ctx, sql, args).Scan(&ok); err != nil {
		return false, fmt.Errorf("take the lock: %w", err)
	}
	return ok, nil
}

// free gives locks and connection back, whatever state they are in.
func free(ctx context.Context, conn *pgxpool.Conn) {
	// When this fails the connection is broken, and its locks went with it.
	_, _ = conn.Exec(context.WithoutCancel(ctx), unlockAll)
	conn.Release()
}

// createSchema makes the schema of a version, with nothing in it.
func createSchema(ctx context.Context, tx pgx.Tx, schema string) error {
	if _, err := tx.Exec(ctx, "create schema "+quote(schema)); err != nil {
		return fmt.Errorf("create schema %s: %w", schema, err)
	}
	return nil
}

// createViews points the views of schema read at a version, in one transaction
// with whatever else tx does.
func (r *Runner) createViews(ctx context.Context, tx pgx.Tx, schema string) error {
	rows, err := tx.Query(ctx, listViews)
	if err != nil {
		return fmt.Errorf("list views: %w", err)
	}
	old, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list views: %w", err)
	}
	for _, name := range old {
		if _, err := tx.Exec(ctx, "drop view read."+name); err != nil {
			return fmt.Errorf("drop view %s: %w", name, err)
		}
	}
	// The query of a view names the tables of its version plainly and is bound to
	// them here, once.
	if _, err := tx.Exec(ctx, "set local search_path to "+quote(schema)+", pg_catalog"); err != nil {
		return fmt.Errorf("search path: %w", err)
	}
	for _, t := range r.tables {
		query := t.View
		if query == "" {
			query = "select " + t.ColumnNames() + " from " + t.Name
		}
		sql := fmt.Sprintf("create view read.%s as %s; comment on view read.%s is %s", t.Name, query, t.Name, literal("read model: "+t.Comment))
		if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return fmt.Errorf("create view %s: %w", t.Name, err)
		}
	}
	if _, err := tx.Exec(ctx, "set local search_path to default"); err != nil {
		return fmt.Errorf("search path: %w", err)
	}
	return nil
}

// checkRoot compares the root of a checkpoint with the tree in the archive.
func checkRoot(t target, tree merkle.Frontier) error {
	if root := tree.Root(); !slices.Equal(t.Root, root[:]) {
		return &Halt{Fork, t.Seq, fmt.Sprintf("the root at the checkpoint of %s is %x, that of the archived log %s", t.Name, t.Root, root)}
	}
	return nil
}

// frontierAt reads the right edge of the archived tree of a size.
func frontierAt(ctx context.Context, db archive.DB, size uint64) (merkle.Frontier, error) {
	tree, err := merkle.FrontierAt(size, archive.Tree(ctx, db))
	if errors.Is(err, merkle.ErrStored) {
		return tree, &Halt{Fork, size, fmt.Sprintf("the archive is damaged: %v", err)}
	}
	return tree, err
}

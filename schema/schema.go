// Package schema brings the control tables of a Postgres database to the shape
// that this version of the program expects.
//
// What is migrated is only what is not a read model: the checkpoints and signed
// notes (meta), the second copy of the log (archive), the keys of persons (vault)
// and the schema that readers look at (read). Read models are never migrated: the
// runner of package projections builds them anew beside the old ones, in a schema
// of their own.
//
// # Tables
//
// Each file NNNN_what.sql is one migration and one transaction. The comment on
// each table says who writes it.
//
// # Invariants
//
//  1. A migration that was released is not edited; a test compares checksums.
//  2. Migrations go forward only. A database that is newer than the program is
//     refused and not touched ([ErrNewer]).
//  3. Two programs that migrate at once do it one after the other, once.
//
// # Failures
//
// A migration that fails is rolled back as a whole; those before it stay.
//
// # Design
//
// jackc/tern applies the migrations. Its templates are not used: a file is what
// is run.
package schema

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed *.sql
var files embed.FS

// ErrNewer refuses a database that a newer program has migrated.
var ErrNewer = errors.New("the database is of a newer version than this program（数据库版本高于本程序）")

// lock is the advisory lock under which a database is migrated: "zhucan" in ASCII.
const lock = 0x7a687563616e

// Migrate brings the database to the newest version. It waits while another
// program migrates, and does nothing when there is nothing to do.
func Migrate(ctx context.Context, conn *pgx.Conn) (err error) {
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, lock); err != nil {
		return fmt.Errorf("lock for migration: %w", err)
	}
	defer func() {
		_, unlocked := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, lock)
		err = errors.Join(err, unlocked)
	}()
	// The version is kept in a schema that the first migration could not create.
	if _, err := conn.Exec(ctx, `create schema if not exists meta`); err != nil {
		return fmt.Errorf("create schema meta: %w", err)
	}
	m, err := migrate.NewMigrator(ctx, conn, "meta.schema_version")
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	all, err := Migrations()
	if err != nil {
		return err
	}
	for _, f := range all {
		m.AppendMigration(f.Name, f.SQL, "")
	}
	version, err := m.GetCurrentVersion(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if int(version) > len(all) {
		return fmt.Errorf("%w: version %d, the program knows %d", ErrNewer, version, len(all))
	}
	if err := m.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate from version %d: %w", version, err)
	}
	return nil
}

// A Migration is one file.
type Migration struct{ Name, SQL string }

// Migrations returns every migration in its order. Numbers begin at 1 and have no
// gap.
func Migrations() ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	slices.Sort(names)
	var all []Migration
	for i, name := range names {
		number, _, _ := strings.Cut(name, "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 || len(number) != 4 {
			return nil, fmt.Errorf("migration %s does not have number %04d", name, i+1)
		}
		sql, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		all = append(all, Migration{name, string(sql)})
	}
	return all, nil
}

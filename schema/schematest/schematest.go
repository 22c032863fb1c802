// Package schematest gives each test a private database on a real Postgres.
//
// A package's TestMain hands over its migrations:
//
//	func TestMain(m *testing.M) { schematest.Main(m, schema.Migrate) }
//
// and a test takes a database with [New], which is migrated, empty, its own, and
// dropped when the test ends, so tests run in parallel. One server serves the test
// process; it is started by the first test that needs it. A machine without
// Postgres fails these tests and does not skip them: a test that did not run
// proves nothing.
//
// # Design
//
// Databases are cloned from a template that is migrated once: a clone takes some
// tens of milliseconds, whatever the number of migrations. The server is not
// durable, since a crash of the machine ends the tests anyway. Tests that kill
// their server take a durable one with [Cluster]. The process's one server is
// package state, which the house otherwise avoids: testing offers no value that
// lives as long as the process and reaches every test.
package schematest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/schema/embedded"
)

// How long starting the server and migrating the template, and ending either a
// server or a pool, may take on a machine busy with other tests.
const (
	beginning = 2 * time.Minute
	ending    = 30 * time.Second
)

// template is the database that the tests' own are cloned from.
const template = "template_zhucan"

// process is what the tests of this process share.
var process struct {
	migrate func(context.Context, *pgx.Conn) error // set by Main before any test
	called  bool                                   // Main was called

	once   sync.Once
	err    error
	dir    string
	server *embedded.Server
	admin  *pgxpool.Pool // makes and drops databases

	databases atomic.Int64 // made so far; numbers their names
}

// Main runs the tests of m and stops the server that they used. The package's
// TestMain calls it and does nothing afterwards. migrate brings an empty database
// to the newest schema; nil leaves it empty.
func Main(m *testing.M, migrate func(context.Context, *pgx.Conn) error) {
	process.migrate, process.called = migrate, true
	m.Run() // keeps the exit code in m, from where testing takes it
	if err := end(); err != nil {
		fmt.Fprintln(os.Stderr, "schematest:", err)
		os.Exit(1)
	}
}

func end() error {
	if process.admin != nil {
		process.admin.Close()
	}
	var err error
	if process.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), ending)
		defer cancel()
		err = process.server.Stop(ctx)
	}
	if process.dir != "" {
		err = errors.Join(err, os.RemoveAll(process.dir))
	}
	return err
}

// New returns a pool on a private, migrated database, which is dropped when t
// ends. A connection that the test still holds then is a failure.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), NewURL(t))
	if err != nil {
		t.Fatalf("schematest: open a pool: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() {
			pool.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(ending):
			t.Error("schematest: the test ended without releasing a connection of its pool")
		}
	})
	return pool
}

// NewURL returns the address of a private, migrated database, which is dropped
// when t ends, whoever is still connected to it.
func NewURL(t testing.TB) string {
	t.Helper()
	process.once.Do(func() { process.err = begin() })
	if process.err != nil {
		t.Fatalf("schematest: %v", process.err)
	}
	name := "test_" + strconv.FormatInt(process.databases.Add(1), 10)
	if _, err := process.admin.Exec(t.Context(), "create database "+name+" template "+template); err != nil {
		t.Fatalf("schematest: make a database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), ending) // that of t has ended
		defer cancel()
		if _, err := process.admin.Exec(ctx, "drop database "+name+" with (force)"); err != nil {
			t.Errorf("schematest: drop the database: %v", err)
		}
	})
	address, err := at(process.server.URL(), name)
	if err != nil {
		t.Fatalf("schematest: %v", err)
	}
	return address
}

// Prepare has every statement parsed and planned on the tables there are.
func Prepare(t testing.TB, pool *pgxpool.Pool, statements map[string]string) {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatalf("schematest: %v", err)
	}
	defer conn.Release()
	for name, sql := range statements {
		sql, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), conn.Conn(), sql, nil)
		if err == nil {
			_, err = conn.Conn().Prepare(t.Context(), name, sql)
		}
		if err != nil {
			t.Errorf("statement %s: %v", name, err)
		}
	}
}

// Cluster returns a durable server of t's own, for a test that kills it. Its
// database is empty, not migrated. It is stopped when t ends, unless it is gone by
// then; one that the test starts anew on its Dir, the test stops.
func Cluster(t testing.TB) *embedded.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), beginning)
	defer cancel()
	s, err := embedded.Start(ctx, embedded.Config{Dir: filepath.Join(Dir(t), "cluster"), Durable: true})
	if err != nil {
		t.Fatalf("schematest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), ending)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("schematest: %v", err)
		}
	})
	return s
}

// Dir returns a folder, removed when t ends, below which a server may keep its
// data even if the tests run as root and the server therefore as somebody else,
// who is kept out of the folders of testing's own TempDir.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := folder()
	if err != nil {
		t.Fatalf("schematest: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("schematest: %v", err)
		}
	})
	return dir
}

// begin starts the process's server and makes the template.
func begin() error {
	if !process.called {
		return errors.New("TestMain does not call schematest.Main")
	}
	ctx, cancel := context.WithTimeout(context.Background(), beginning)
	defer cancel()
	sweep()
	var err error
	if process.dir, err = folder(); err != nil {
		return err
	}
	process.server, err = embedded.Start(ctx, embedded.Config{Dir: filepath.Join(process.dir, "cluster")})
	if err != nil {
		return err
	}
	if process.admin, err = pgxpool.New(ctx, process.server.URL()); err != nil {
		return fmt.Errorf("open a pool: %w", err)
	}
	if _, err := process.admin.Exec(ctx, "create database "+template); err != nil {
		return fmt.Errorf("make the template: %w", err)
	}
	if process.migrate == nil {
		return nil
	}
	address, err := at(process.server.URL(), template)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect to the template: %w", err)
	}
	if err := process.migrate(ctx, conn); err != nil {
		return errors.Join(fmt.Errorf("migrate the template: %w", err), conn.Close(ctx))
	}
	return conn.Close(ctx)
}

// at returns address with another database in it.
func at(address, database string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("address of the server: %w", err)
	}
	u.Path = "/" + database
	return u.String(), nil
}

// prefix begins the names of this package's folders; the number of the process
// that made it follows.
const prefix = "zhucan-schematest-"

// folder makes an empty folder that anybody may pass.
func folder() (string, error) {
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", prefix, os.Getpid()))
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// sweep removes what test processes left that were killed or ran out of time: some
// fifty megabytes each. What it may not remove is another user's.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*")) // a temporary folder's name is no pattern
	for _, dir := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		pid, err := strconv.Atoi(number)
		if err != nil || running(pid) {
			continue
		}
		_ = os.RemoveAll(dir)
	}
}

// running reports whether there may be a process of that number.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	return err != nil || !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

package schematest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/schema/embedded"
	"zhucan/schema/schematest"
)

// bare makes the test binary, run as a child, one whose TestMain forgets Main;
// broken one whose migration fails.
const (
	bare   = "ZHUCAN_TEST_BARE"
	broken = "ZHUCAN_TEST_BROKEN"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(bare) != "":
		m.Run()
	case os.Getenv(broken) != "":
		schematest.Main(m, func(context.Context, *pgx.Conn) error { return errors.New("no such migration") })
	default:
		schematest.Main(m, func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, "create table figure (fen bigint not null); insert into figure values (1)")
			return err
		})
	}
}

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two", "three", "four"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := schematest.New(t)
			if _, err := pool.Exec(t.Context(), "insert into figure values (2)"); err != nil {
				t.Fatal(err)
			}
			var sum int
			if err := pool.QueryRow(t.Context(), "select sum(fen) from figure").Scan(&sum); err != nil {
				t.Fatal(err)
			}
			if sum != 3 {
				t.Errorf("the sum is %d, want the migration's 1 and this test's 2", sum)
			}
		})
	}
}

func TestADatabaseIsDroppedWhenItsTestEnds(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("user", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), schematest.NewURL(t)) // and stays connected
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), "select current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	var there bool
	err := schematest.New(t).QueryRow(t.Context(), "select exists (select from pg_database where datname = $1)", name).Scan(&there)
	if err != nil {
		t.Fatal(err)
	}
	if name == "" || there {
		t.Errorf("database %q is there after its test", name)
	}
}

func TestAPrivateClusterMayBeKilledAndStartedAnew(t *testing.T) {
	t.Parallel()
	s := schematest.Cluster(t)
	p, err := os.FindProcess(s.Pid())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	again, err := embedded.Start(t.Context(), embedded.Config{Dir: s.Dir(), Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// child runs this test binary with one of the settings above.
func child(t *testing.T, temp, setting string) (output string, ok bool) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.run=^TestEachTestHas")
	cmd.Env = append(os.Environ(), setting+"=1", "TMPDIR="+temp)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

func TestAPackageThatForgetsMainIsTold(t *testing.T) {
	t.Parallel()
	out, ok := child(t, schematest.Dir(t), bare)
	if ok || !strings.Contains(out, "TestMain does not call schematest.Main") {
		t.Errorf("a test without Main: ok %v, says\n%s", ok, out)
	}
}

func TestAFailingMigrationFailsEveryTestWithItsReason(t *testing.T) {
	t.Parallel()
	out, ok := child(t, schematest.Dir(t), broken)
	if ok || strings.Count(out, "migrate the template: no such migration") != 4 {
		t.Errorf("tests on a failing migration: ok %v, say\n%s", ok, out)
	}
}

func TestNothingIsLeftOfATestProcessAndItsDeadPredecessors(t *testing.T) {
	t.Parallel()
	temp := schematest.Dir(t)
	dead := filepath.Join(temp, "zhucan-schematest-2147483646-1") // above the largest process number
	alive := filepath.Join(temp, "zhucan-schematest-1-1")
	for _, dir := range []string{dead, alive} {
		if err := os.MkdirAll(filepath.Join(dir, "cluster"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if out, ok := child(t, temp, "ZHUCAN_TEST_PLAIN"); !ok {
		t.Fatal(out)
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != filepath.Base(alive) {
		t.Errorf("the folder for temporary files holds %v, want %s alone", entries, filepath.Base(alive))
	}
}

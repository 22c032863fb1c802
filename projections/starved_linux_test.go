package projections_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	osexec "os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/projections"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// F31: the kernel, out of memory, kills the process of the server that works for the runner.
// The server breaks off every connection and recovers by itself.
func TestABackendThatTheKernelKillsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	server := cluster(t)
	ask := func(do func(*pgx.Conn) error) {
		conn, err := pgx.Connect(t.Context(), server.URL())
		if err == nil {
			err = errors.Join(do(conn), conn.Close(t.Context()))
		}
		if err != nil {
			t.Error(err)
		}
	}
	pool := connect(t, server.URL(), nil)
	if err := runner(pool, (&sampletest.Book{}).Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	killed := make(map[string]bool)
	r := runner(pool, b.Log(), func(c *projections.Config) {
		c.Live, c.Retry = 40, 100*time.Millisecond
		c.Step = func(step string) {
			if killed[step] || step == "chunk-begin" {
				return
			}
			killed[step] = true
			var pid int
			ask(func(c *pgx.Conn) error {
				return c.QueryRow(t.Context(), "select pid from pg_locks where locktype = 'advisory'").Scan(&pid)
			})
			if pid == 0 { // kill has a meaning for it
				return
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
	})
	follow(t, r, len(all))
	if len(killed) != 4 {
		t.Errorf("killed at %v", killed)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Halted || s.Counters.Retries == 0 {
		t.Errorf("status %+v, %v", s, err)
	}
	compare(t, "killed", digest(t, pool, "v0001"), want)
}

// starving names the database of a process that is to be short of everything.
const starving = "ZHUCAN_TEST_STARVING"

// F31: a runner with one core, which somebody else keeps busy, with little memory, and from
// one moment on without a file descriptor left to connect again. It waits, and goes on when
// there are some. All of this is of a process, so that it has one of its own.
func TestARunnerThatIsShortOfEverythingGoesOnWhenItIsNot(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	if address := os.Getenv(starving); address != "" {
		starve(t, address, b, len(all))
		return
	}
	want, pool := wanted(t, all), schematest.New(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := osexec.CommandContext(t.Context(), self, "-test.run=^TestARunnerThatIsShortOfEverythingGoesOnWhenItIsNot$", "-test.v")
	c.Env = append(os.Environ(), starving+"="+pool.Config().ConnString())
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "descriptors again") {
		t.Fatalf("%v: %s", err, out)
	}
	compare(t, "starved", digest(t, pool, "v0001"), want)
}

func starve(t *testing.T, address string, b *sampletest.Book, last int) {
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(16 << 20)
	var done atomic.Bool
	defer done.Store(true)
	go func() {
		for !done.Load() {
		}
	}()
	pool := connect(t, address, nil)
	other, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.WithoutCancel(t.Context()))
	if err := runner(pool, (&sampletest.Book{}).Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	// What is open stays open; nothing else can be opened.
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &usual); err != nil {
		t.Fatal(err)
	}
	descriptors := func(most uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: most, Max: usual.Max}); err != nil {
			t.Error(err)
		}
	}
	met, chunks := 0, 0
	r := runner(pool, b.Log(), func(c *projections.Config) {
		c.Live, c.Retry = 100, 20*time.Millisecond
		c.Step = func(step string) {
			if step != "written" {
				return
			}
			if chunks++; chunks == 2 {
				descriptors(3)
				if _, err := other.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"); err != nil {
					t.Error(err)
				}
			}
		}
		c.Logger = slog.New(retries(func(why string, _ time.Duration) {
			if !strings.Contains(why, syscall.EMFILE.Error()) {
				return // that the connection was lost
			}
			if met++; met == 3 {
				descriptors(usual.Cur)
				t.Log("descriptors again")
			}
		}))
	})
	follow(t, r, last)
	if s, err := r.Status(context.WithoutCancel(t.Context())); err != nil || s.Halted || met != 3 || chunks < 3 || s.Counters.Events != uint64(last) {
		t.Errorf("met %d times, %d chunks: %+v, %v", met, chunks, s, err)
	}
}

package projections_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/projections"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// retries is a logger that is told of every retry: why, and how long the runner waits.
type retries func(why string, pause time.Duration)

func (f retries) Enabled(context.Context, slog.Level) bool { return true }
func (f retries) WithAttrs([]slog.Attr) slog.Handler       { return f }
func (f retries) WithGroup(string) slog.Handler            { return f }

func (f retries) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "projection retries" {
		return nil
	}
	var why string
	var pause time.Duration
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "error":
			why = a.Value.String()
		case "after":
			pause = a.Value.Duration()
		}
		return true
	})
	f(why, pause)
	return nil
}

// F20: somebody else is at the rows that a chunk needs. Who is refused begins again, waits
// longer each time up to a bound, and has its effect once.
func TestAConflictIsRetriedAndHasOneEffect(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	for name, c := range map[string]struct {
		code     string
		times    int // that it is met
		settings map[string]string
		holds    string // what somebody else locks in front of a chunk, until it was met so often
		crosses  string // what they want once the runner waits for them
		changes  string // what they change within chunks
	}{
		"a serialisation failure": {"40001", 3, map[string]string{"default_transaction_isolation": "repeatable read"}, "", "", "update rm_v0001.balance set debit = debit"},
		"a deadlock": { // the checkpoints are locked in the order of their names
			"40P01", 1, map[string]string{"deadlock_timeout": "2s"},
			"select from meta.read_model where name = 'v0001' for update", "select from meta.read_model where name = 'archive' for update", "",
		},
		"a statement timeout": {"57014", 3, map[string]string{"statement_timeout": "500ms"}, "select from meta.read_model for update", "", ""},
		"a lock timeout":      {"55P03", 3, map[string]string{"lock_timeout": "100ms"}, "select from meta.read_model for update", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := schematest.NewURL(t)
			pool, other := connect(t, address, c.settings), connect(t, address, map[string]string{"deadlock_timeout": "1h"})
			if err := runner(pool, (&sampletest.Book{}).Log()).CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop() // whoever holds something lets go of it
			var held pgx.Tx
			crossed := make(chan error, 1)
			hold := func() (err error) {
				if held, err = other.Begin(ctx); err != nil {
					return err
				}
				if _, err = held.Exec(ctx, c.holds); err != nil || c.crosses == "" {
					crossed <- nil
					return err
				}
				go func() {
					for len(query[int32](t, other, "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")) == 0 {
					}
					_, err := held.Exec(ctx, c.crosses)
					crossed <- err
				}()
				return nil
			}
			met, chunks := 0, 0
			const longest = 30 * time.Millisecond
			r := runner(pool, b.Log(), func(cfg *projections.Config) {
				cfg.Live, cfg.Retry = 40, longest
				cfg.Step = func(step string) {
					var err error
					switch {
					case step == "copied" && c.changes != "" && met < c.times:
						_, err = other.Exec(ctx, c.changes)
					case step == "chunk-begin" && c.holds != "":
						if chunks++; chunks == 2 {
							err = hold()
						}
					}
					if err != nil {
						t.Errorf("somebody else: %v", err)
					}
				}
				cfg.Logger = slog.New(retries(func(why string, pause time.Duration) {
					if !strings.Contains(why, "SQLSTATE "+c.code) || pause > longest {
						t.Errorf("retried after %s: %s", pause, why)
					}
					if met++; met >= c.times && held != nil {
						if err := errors.Join(<-crossed, held.Rollback(ctx)); err != nil {
							t.Errorf("somebody else: %v", err)
						}
						held = nil
					}
				}))
			})
			defer func() { // or a failure waits for the pool for ever
				if held != nil {
					_ = held.Rollback(ctx)
				}
			}()
			follow(t, r, len(all))
			if s, err := r.Status(t.Context()); err != nil || s.Halted || met < c.times || s.Counters.Retries != uint64(met) || s.Counters.Events != uint64(len(all)) {
				t.Errorf("met %d times: %+v, %v", met, s, err)
			}
			compare(t, name, digest(t, pool, "v0001"), want)
		})
	}
}

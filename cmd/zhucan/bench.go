package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/bench"
	"zhucan/cmd/zhucan/sampledata"
	"zhucan/events"
	"zhucan/events/natslog"
	"zhucan/projections"
	"zhucan/projections/verify"
	"zhucan/schema"
)

func (p *program) benchCommand() *cobra.Command {
	var n int
	var keep bool
	var province, restart string
	c := &cobra.Command{
		Use:   "bench",
		Short: "our figures beside the raw limit of this machine, in one run (性能基准)",
		Long: `Measures the program beside the raw limit of the same machine, in the same run and
on the same disk, in a folder of its own below --data that is removed afterwards.
Machines are noisy: read the ratios. The workload is synthetic.

With --province it measures the plan instead of the books: levy compute, a roster as a
workbook, and a synthetic province (see sample-data) that is taken in through the ordinary
imports, with its indicators, a rebuild and verify. Of year that is a million filings, a
roster of a hundred thousand rows and a million events: some ten minutes.`,
		Example: "  zhucan bench\n  zhucan bench --events 1000000 -o json\n  zhucan bench --province year",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if restart != "" {
				return p.benchRestart(cmd.Context(), restart)
			}
			scale := sampledata.Scale(province)
			switch {
			case province != "" && !slices.Contains(sampledata.Scales, scale):
				return usage("--province %q is none of %v", province, sampledata.Scales)
			case province == "" && n < 20_000:
				return usage("--events %d: at least 20000", n)
			}
			return p.benchIn(cmd.Context(), keep, func(q *program, say func(bench.Figure)) error {
				if province != "" {
					return q.benchPlan(cmd.Context(), scale, say)
				}
				return q.benchBooks(cmd.Context(), n, say)
			})
		},
	}
	c.Flags().IntVar(&n, "events", 200_000, "how many payments to record")
	c.Flags().StringVar(&province, "province", "", "measure the plan on a synthetic province of this `size`: small, year, five-years")
	c.Flags().BoolVar(&keep, "keep", false, "keep the folder")
	c.Flags().StringVar(&p.profiles, "profiles", "", "write a CPU profile of each figure into this `folder`")
	c.Flags().StringVar(&restart, "restart", "", "measure only how long an appender takes to be ready in this `folder`")
	_ = c.Flags().MarkHidden("restart")
	return c
}

// profiled runs f under a CPU profile of a name, where profiles are wanted.
func (p *program) profiled(name string, f func() error) error {
	if p.profiles == "" {
		return f()
	}
	if err := os.MkdirAll(p.profiles, 0o755); err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(p.profiles, name+".pprof"))
	if err != nil {
		return err
	}
	defer out.Close()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return f()
}

type benchResult struct {
	Machine string         `json:"machine"`
	Figures []bench.Figure `json:"figures"`
}

// benchIn has measurements made in a folder of their own below the data folder, and prints
// the figures.
func (p *program) benchIn(ctx context.Context, keep bool, measure func(q *program, say func(bench.Figure)) error) error {
	if err := os.MkdirAll(p.data, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(p.data, "bench-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if keep {
		fmt.Fprintln(p.stderr, dir)
	} else {
		defer os.RemoveAll(dir)
	}
	debug.SetMemoryLimit(math.MaxInt64) // the tapes of what was copied are held in memory
	q := *p
	q.data, q.nats, q.postgres = dir, "", ""
	r := benchResult{Machine: bench.Machine()}
	say := func(f bench.Figure) {
		r.Figures = append(r.Figures, f)
		fmt.Fprintf(p.stderr, "%-18s %12.2f %-9s %s\n", f.Name, f.Value, f.Unit, f.Note)
	}
	if err := measure(&q, say); err != nil {
		return err
	}
	t := table{head: []string{p.say("指标", "figure"), p.say("单位", "unit"), ">" + p.say("本程序", "ours"), ">" + p.say("裸极限", "raw"), ">" + p.say("比值", "ratio"), ">" + p.say("事件数", "events"), p.say("说明", "note")}}
	measured := func(v float64) string {
		if v == 0 {
			return ""
		}
		return fmt.Sprintf("%.2f", v)
	}
	for _, f := range r.Figures {
		t.rows = append(t.rows, []string{f.Name, f.Unit, measured(f.Value), measured(f.Raw), measured(f.Ratio), number(f.Events), f.Note})
	}
	t.foot = r.Machine
	return p.print(r, t)
}

// benchBooks measures the books: n payments recorded, projected, rebuilt, verified, loaded.
func (p *program) benchBooks(ctx context.Context, n int, say func(bench.Figure)) error {
	if err := p.benchStores(ctx, n, say); err != nil {
		return err
	}
	return p.benchReady(ctx, say)
}

func (p *program) benchStores(ctx context.Context, n int, say func(bench.Figure)) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := p.benchAppender(ctx, s, n, say); err != nil {
		return err
	}
	return p.benchRead(ctx, s, say)
}

// benchAppender measures the appender and lets go of it: what reads runs in a
// process of its own otherwise, without the book in memory.
func (p *program) benchAppender(ctx context.Context, s *stores, n int, say func(bench.Figure)) error {
	a := events.NewAppender(s.log, events.Config{Book: bookCode})
	if _, err := a.Load(ctx); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	defer func() { stop(); <-ended }()
	if err := bench.Prepare(ctx, a, n); err != nil {
		return err
	}
	return p.benchAppend(ctx, s, a, n, say)
}

// turns is how often ours and raw take turns; of bulk appends, a second each, more often.
const turns, bulkTurns = 5, 9

// benchAppend records n payments in bulk, in turns with raw batches, then one
// client's and many clients' single ones.
func (p *program) benchAppend(ctx context.Context, s *stores, a *events.Appender, n int, say func(bench.Figure)) error {
	const clients, per, singles = 64, 250, 500
	// The raw messages are copies of records; some must be there first.
	at := 2 * events.MaxAppend
	if _, err := bench.Bulk(ctx, a, 0, at); err != nil {
		return err
	}
	raw, err := bench.NewRaw(ctx, s.js, s.log, bookCode)
	if err != nil {
		return fmt.Errorf("raw stream: %w", err)
	}
	bulk := n - at - clients*per - singles
	var ours, limit, ratios []float64
	for turn := range bulkTurns {
		size := bulk / bulkTurns
		if turn == bulkTurns-1 {
			size = bulk - (bulkTurns-1)*(bulk/bulkTurns)
		}
		var rate float64
		err := p.profiled(fmt.Sprintf("append_bulk-%d", turn), func() (err error) {
			rate, err = bench.Bulk(ctx, a, at, size)
			return err
		})
		if err != nil {
			return err
		}
		at += size
		rawRate, err := raw.Batches(ctx, min(size, 50_000))
		if err != nil {
			return err
		}
		ours, limit, ratios = append(ours, rate), append(limit, rawRate), append(ratios, rate/rawRate)
	}
	say(bench.Figure{
		Name: "append_bulk", Unit: "events/s", Value: bench.Median(ours), Raw: bench.Median(limit), Ratio: bench.Median(ratios), Events: bulk,
		Note: bench.Wall("acknowledged on disk; turns", ours) + "; " + bench.Wall("raw atomic batches of 1000", limit),
	})
	say(bench.Figure{
		Name: "append_growth", Unit: "ratio", Value: bench.Median(ratios[:bulkTurns/3]) / bench.Median(ratios[bulkTurns-bulkTurns/3:]), Events: n,
		Note: "cost of an event in the last third relative to the first, each against the raw one of its turn",
	})
	rate, latencies, err := bench.Clients(ctx, a, at, clients, per)
	if err != nil {
		return err
	}
	at += clients * per
	p99 := latencies[len(latencies)*99/100]
	say(bench.Figure{Name: "append_concurrent", Unit: "events/s", Value: rate, Events: clients * per, Note: fmt.Sprintf("%d clients, one command each at a time", clients)})
	say(bench.Figure{Name: "append_p99", Unit: "ms", Value: bench.Milliseconds(p99), Events: clients * per, Note: "of the same; median " + latencies[len(latencies)/2].String()})
	_, latencies, err = bench.Clients(ctx, a, at, 1, singles)
	if err != nil {
		return err
	}
	rawLatencies, err := raw.Singles(ctx, singles)
	if err != nil {
		return err
	}
	one, oneRaw := latencies[singles/2], bench.MedianOf(rawLatencies)
	say(bench.Figure{
		Name: "append_single", Unit: "ms", Value: bench.Milliseconds(one), Raw: bench.Milliseconds(oneRaw), Ratio: float64(oneRaw) / float64(one), Events: singles,
		Note: "one client, median; raw: a single publish",
	})
	return nil
}

// benchRead projects, rebuilds and verifies what was recorded.
func (p *program) benchRead(ctx context.Context, s *stores, say func(bench.Figure)) error {
	m, err := p.gauge(ctx, s, say)
	if err != nil {
		return err
	}
	if err := m.live(ctx); err != nil {
		return err
	}
	if err := m.rebuild(ctx); err != nil {
		return err
	}
	return m.verify(ctx)
}

// A gauge measures what is made of a log.
type gauge struct {
	p      *program
	s      *stores
	events int // in the log
	say    func(bench.Figure)
}

func (p *program) gauge(ctx context.Context, s *stores, say func(bench.Figure)) (gauge, error) {
	last, err := s.log.Last(ctx)
	return gauge{p, s, int(last), say}, err
}

// settle ends what is left of the turn before: garbage, pages to be written.
func (m gauge) settle(ctx context.Context) error {
	runtime.GC()
	if _, err := m.s.pool.Exec(ctx, "checkpoint"); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// timed returns how long f takes.
func (m gauge) timed(ctx context.Context, f func() error) (time.Duration, error) {
	if err := m.settle(ctx); err != nil {
		return 0, err
	}
	begin := time.Now()
	err := f()
	return time.Since(begin), err
}

// rate is how many events a second it is when all of them take d.
func (m gauge) rate(d time.Duration) float64 { return float64(m.events) / d.Seconds() }

// project brings the read models of a database to the end of the log.
func (m gauge) project(ctx context.Context, pool *pgxpool.Pool, tap func(projections.Copy)) (time.Duration, error) {
	r := projections.New(pool, m.s.log, projectorConfig(projections.Config{Tap: tap}))
	spent, err := m.timed(ctx, func() error { return r.CatchUp(ctx) })
	if err != nil {
		return 0, fmt.Errorf("project: %w", err)
	}
	return spent, nil
}

// copy copies a tape, and returns how long the copying alone takes.
func (m gauge) copy(ctx context.Context, tape *bench.Tape, pool *pgxpool.Pool, indexed bool) (time.Duration, error) {
	if err := m.settle(ctx); err != nil {
		return 0, err
	}
	spent, err := tape.Copy(ctx, pool, indexed)
	if err != nil {
		return 0, fmt.Errorf("raw copy: %w", err)
	}
	return spent, nil
}

// live measures the projector. Its tape is taken in a run that is not measured.
func (m gauge) live(ctx context.Context) error {
	tape := &bench.Tape{}
	if _, err := m.project(ctx, m.s.pool, tape.Tap); err != nil {
		return err
	}
	var ours, limit, ratios []float64
	for turn := range turns {
		err := m.s.apart(ctx, fmt.Sprintf("bench%d", turn), func(pool *pgxpool.Pool) error {
			var spent time.Duration
			err := m.p.profiled("project_live", func() (err error) {
				spent, err = m.project(ctx, pool, nil)
				return err
			})
			if err != nil {
				return err
			}
			raw, err := m.copy(ctx, tape, pool, true)
			ours, limit, ratios = append(ours, m.rate(spent)), append(limit, m.rate(raw)), append(ratios, raw.Seconds()/spent.Seconds())
			return err
		})
		if err != nil {
			return err
		}
	}
	m.say(bench.Figure{
		Name: "project_live", Unit: "events/s", Value: bench.Median(ours), Raw: bench.Median(limit), Ratio: bench.Median(ratios), Events: m.events,
		Note: fmt.Sprintf("all read models and the archive, indexed; raw: COPY of the same %d rows, %d MB", tape.Rows, tape.Bytes>>20),
	})
	return nil
}

func (m gauge) rebuild(ctx context.Context) error {
	tape := &bench.Tape{}
	var filled time.Time // when the last rebuild had its rows and began with the keys
	rebuild := func(tap func(projections.Copy)) (time.Duration, error) {
		r := projections.New(m.s.pool, m.s.log, projectorConfig(projections.Config{Tap: tap, Step: func(step string) {
			if step == "settled" {
				filled = time.Now()
			}
		}}))
		if err := r.Drop(ctx, "bench"); err != nil {
			return 0, err
		}
		spent, err := m.timed(ctx, func() error { return r.Rebuild(ctx, "bench") })
		if err != nil {
			return 0, fmt.Errorf("rebuild: %w", err)
		}
		return spent, nil
	}
	if _, err := rebuild(tape.Tap); err != nil {
		return err
	}
	// What was projected live is vacuumed now, or Postgres does so beside what is measured.
	if _, err := m.s.pool.Exec(ctx, "vacuum (freeze, analyze)"); err != nil {
		return fmt.Errorf("vacuum: %w", err)
	}
	var ours, limit, ratios, keys []float64
	for range turns {
		var spent time.Duration
		err := m.p.profiled("rebuild", func() (err error) {
			spent, err = rebuild(nil)
			return err
		})
		if err != nil {
			return err
		}
		indexing := time.Since(filled)
		raw, err := m.copy(ctx, tape, m.s.pool, false)
		if err != nil {
			return err
		}
		keys = append(keys, 1e6*indexing.Seconds()/float64(m.events))
		ours, limit, ratios = append(ours, m.rate(spent)), append(limit, m.rate(raw)), append(ratios, raw.Seconds()/spent.Seconds())
	}
	m.say(bench.Figure{
		Name: "rebuild", Unit: "events/s", Value: bench.Median(ours), Raw: bench.Median(limit), Ratio: bench.Median(ratios), Events: m.events,
		Note: fmt.Sprintf("keys, indexes and the commit included, %.1f µs an event; raw: COPY of the same %d rows without keys, indexes and checks", bench.Median(keys), tape.Rows),
	})
	return nil
}

func (m gauge) verify(ctx context.Context) error {
	var ours, limit []float64
	for range turns {
		var spent time.Duration
		err := m.p.profiled("verify_log", func() (err error) {
			spent, err = m.timed(ctx, func() error {
				result, err := verify.Log(ctx, m.s.pool, m.s.log, verify.Options{Documents: m.s.papers.Store})
				if err == nil && result.Verdict != verify.Verified {
					err = fmt.Errorf("the log does not verify: %+v", result)
				}
				return err
			})
			return err
		})
		if err != nil {
			return err
		}
		raw, err := bench.Read(ctx, m.s.log)
		if err != nil {
			return err
		}
		ours, limit = append(ours, m.rate(spent)), append(limit, raw)
	}
	m.say(bench.Figure{
		Name: "verify_log", Unit: "events/s", Value: bench.Median(ours), Raw: bench.Median(limit), Ratio: bench.Median(ours) / bench.Median(limit), Events: m.events,
		Note: "every record decoded, hashed, compared with the archive; raw: reading the log and doing nothing",
	})
	return nil
}

// apart runs f with a further database on the stores' server, which is dropped at once:
// Postgres would go on vacuuming what is new in it.
func (s *stores) apart(ctx context.Context, name string, f func(*pgxpool.Pool) error) error {
	pool, err := s.database(ctx, name)
	if err != nil {
		return err
	}
	err = f(pool)
	pool.Close()
	if _, dropped := s.pool.Exec(ctx, "drop database "+name); dropped != nil {
		err = errors.Join(err, fmt.Errorf("drop database %s: %w", name, dropped))
	}
	return err
}

// database makes a further, empty database on the stores' server and connects to
// it.
func (s *stores) database(ctx context.Context, name string) (*pgxpool.Pool, error) {
	if _, err := s.pool.Exec(ctx, "create database "+name); err != nil {
		return nil, fmt.Errorf("make database %s: %w", name, err)
	}
	cfg := s.pool.Config()
	cfg.ConnConfig.Database = name
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", name, err)
	}
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", name, err)
	}
	defer conn.Release()
	if err := schema.Migrate(ctx, conn.Conn()); err != nil {
		return nil, fmt.Errorf("migrate %s: %w", name, err)
	}
	return pool, nil
}

// benchReady measures in a process of its own how long an appender takes to be
// ready on what was recorded, and how much memory that takes.
func (p *program) benchReady(ctx context.Context, say func(bench.Figure)) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, self, "bench", "--restart", filepath.Join(p.data, logFolder), "--data", p.data, "--profiles", p.profiles, "-o", "json").Output()
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	var f bench.Figure
	if err := json.Unmarshal(out, &f); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	say(f)
	return nil
}

func (p *program) benchRestart(ctx context.Context, dir string) error {
	begin := time.Now()
	server, err := natslog.StartServer(ctx, natslog.ServerConfig{Dir: dir})
	if err != nil {
		return err
	}
	defer server.Shutdown()
	nc, err := server.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	log, err := natslog.Open(ctx, js, natslog.Config{Book: bookCode, Server: server})
	if err != nil {
		return err
	}
	served := time.Since(begin)
	a := events.NewAppender(log, events.Config{Book: bookCode})
	var last uint64
	if err := p.profiled("restart", func() (err error) { last, err = a.Load(ctx); return err }); err != nil {
		return err
	}
	ready := time.Since(begin)
	peak := peakMemory()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if p.profiles != "" {
		if err := writeHeap(filepath.Join(p.profiles, "restart.heap")); err != nil {
			return err
		}
	}
	runtime.KeepAlive(a)
	return printJSON(p.stdout, bench.Figure{
		Name: "restart", Unit: "s", Value: math.Round(ready.Seconds()*100) / 100, Events: int(last),
		Note: fmt.Sprintf("the log's server after %.2f s; peak memory %s, of which the book is %d MB", served.Seconds(), peak, m.HeapAlloc>>20),
	})
}

func writeHeap(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(f), f.Close())
}

// peakMemory is the most memory this process had, where the system says it.
func peakMemory() string {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

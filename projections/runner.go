package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events"
	"zhucan/events/merkle"
)

// A Config says what a runner projects and how. Projections are required; the rest
// of the zero Config works.
type Config struct {
	Projections []Projection
	Version     string           // of the first read models; default "v0001"
	Live        int              // most records of a transaction; default 5000
	Bulk        int              // most records copied at once in a rebuild; default 20000
	Pending     int              // most changes that a rebuild keeps in memory, some 300 bytes each; default 1048576
	Watch       time.Duration    // how often an idle log is compared; default 10 s
	Retry       time.Duration    // longest wait before a retry; default 5 s
	Clock       func() time.Time // default time.Now
	Logger      *slog.Logger     // default none

	// Step, when set, is told each step of a transaction by name: chunk-begin,
	// copied (once for each read model), written, checkpointed, committed; and
	// filled, settled and built in a rebuild. Tests crash there.
	Step func(step string)

	// Tap, when set, is given what is copied, to be copied again elsewhere for
	// comparison; in a rebuild by several goroutines at once.
	Tap func(Copy)
}

// A Runner keeps read models and archive up to date with a log.
type Runner struct {
	pool   *pgxpool.Pool
	log    events.Log
	cfg    Config
	tables []*Table
	fold   string

	counters struct {
		events, rows, chunks, retries, duplicates atomic.Uint64
	}

	mu      sync.Mutex
	seq     uint64        // projected by this runner, archive and all read models
	leaf    merkle.Hash   // of the record at seq; zero before the first chunk
	active  bool          // this runner holds the lock
	trouble string        // why it is retrying
	halt    *Halt         // why it stands still
	changed chan struct{} // closed, and replaced, when any of these changes
}

// New returns a runner. It does nothing before it is told to.
func New(pool *pgxpool.Pool, log events.Log, cfg Config) *Runner {
	if cfg.Version == "" {
		cfg.Version = "v0001"
	}
	if cfg.Live == 0 {
		cfg.Live = 5000
	}
	if cfg.Bulk == 0 {
		cfg.Bulk = 20_000
	}
	if cfg.Pending == 0 {
		cfg.Pending = 1 << 20
	}
	if cfg.Watch == 0 {
		cfg.Watch = 10 * time.Second
	}
	if cfg.Retry == 0 {
		cfg.Retry = 5 * time.Second
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Step == nil {
		cfg.Step = func(string) {}
	}
	return &Runner{
		pool: pool, log: log, cfg: cfg, tables: tablesOf(cfg.Projections), fold: fingerprint(cfg.Projections),
		changed: make(chan struct{}),
	}
}

// Tables returns the tables of the read models in their order.
func (r *Runner) Tables() []*Table { return r.tables }

// Run keeps everything up to date until ctx ends or a [Halt] stops it, which it
// returns. While another runner is active it waits to take over. Faults that may
// go away are retried for ever.
func (r *Runner) Run(ctx context.Context) error {
	return r.retry(ctx, true, func(ctx context.Context, s *session) error {
		g, err := s.level(ctx)
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancelCause(ctx)
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			stop(r.watch(ctx))
		}()
		err = s.follow(ctx, g, r.log.Follow(ctx, g.tree.Size()))
		seen := context.Cause(ctx)
		stop(nil)
		<-watched
		if _, halted := errors.AsType[*Halt](seen); halted {
			return seen
		}
		if err == nil {
			err = errEnded
		}
		return err
	})
}

// errEnded is a log that stops yielding records while it is followed.
var errEnded = errors.New("the log ended while it was followed")

// CatchUp brings everything to what the log holds now, and returns. It returns
// [ErrNotActive] while another runner is active.
func (r *Runner) CatchUp(ctx context.Context) error {
	return r.retry(ctx, false, func(ctx context.Context, s *session) error {
		g, err := s.level(ctx)
		if err != nil {
			return err
		}
		return s.follow(ctx, g, r.log.Read(ctx, g.tree.Size()))
	})
}

// retry runs sessions until one ends well, or in a way that no retry heals.
func (r *Runner) retry(ctx context.Context, wait bool, work func(context.Context, *session) error) error {
	pause := 10 * time.Millisecond
	for {
		before := r.counters.chunks.Load()
		err := r.session(ctx, work)
		if r.counters.chunks.Load() > before {
			pause = 10 * time.Millisecond
		}
		halt, halted := errors.AsType[*Halt](err)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case halted:
			r.stop(ctx, halt)
			return err
		case errors.Is(err, ErrNotActive):
			if !wait {
				return err
			}
		case moved(err):
			// A version came or went, or another runner took over: look again.
		case transient(err):
			r.counters.retries.Add(1)
			r.state(func() { r.trouble = err.Error() })
			r.cfg.Logger.Warn("projection retries", slog.String("error", err.Error()), slog.Duration("after", pause))
		default:
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, r.cfg.Retry)
	}
}

func (r *Runner) session(ctx context.Context, work func(context.Context, *session) error) error {
	s, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		r.state(func() { r.active = false })
		s.end(ctx)
	}()
	r.state(func() { r.active, r.trouble, r.halt = true, "", nil })
	return work(ctx, s)
}

// stop puts a halt on record, for whoever asks from another process.
func (r *Runner) stop(ctx context.Context, h *Halt) {
	r.state(func() { r.halt = h })
	r.cfg.Logger.Error("projection halted", slog.String("reason", string(h.Reason)), slog.Uint64("seq", h.Seq), slog.String("detail", h.Detail))
	args := pgx.NamedArgs{"reason": string(h.Reason), "seq": h.Seq, "detail": h.Detail}
	if _, err := r.pool.Exec(ctx, putHalt, args); err != nil {
		r.cfg.Logger.Error("record the halt", slog.String("error", err.Error()))
	}
}

// watch compares the log with what was projected last, now and then: a log that
// lost its tail while nothing was added to it yields no record that would tell.
func (r *Runner) watch(ctx context.Context) error {
	tick := time.NewTicker(r.cfg.Watch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		r.mu.Lock()
		seq, leaf := r.seq, r.leaf
		r.mu.Unlock()
		last, err := r.log.Last(ctx)
		switch {
		case err != nil:
			continue // follow meets the same fault, and retries
		case last < seq:
			return &Halt{Behind, seq, fmt.Sprintf("the log ends at %d", last)}
		case leaf == merkle.Hash{}:
			continue
		}
		for rec, err := range upTo(r.log.Read(ctx, seq-1), seq) {
			if err != nil {
				break
			}
			if now, _ := rec.Leaf(nil); now != leaf {
				return &Halt{Fork, seq, fmt.Sprintf("the log has leaf %s, projected was %s", now, leaf)}
			}
		}
	}
}

// state changes the runner's state and wakes who waits for it.
func (r *Runner) state(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// projected says how far everything is, at the start.
func (r *Runner) projected(seq uint64) {
	r.state(func() { r.seq, r.leaf = seq, merkle.Hash{} })
}

// wrote says that a chunk is committed.
func (r *Runner) wrote(s *session, c *chunk) {
	r.counters.chunks.Add(1)
	r.counters.events.Add(uint64(len(c.records)))
	least := c.last()
	for _, t := range s.targets {
		least = min(least, t.Seq)
	}
	if least == c.last() {
		r.state(func() { r.seq, r.leaf = least, c.records[len(c.records)-1].Leaf })
	}
}

// Fingerprint names the fold of this program: its projections and their tables.
// Two programs with the same one make the same read models.
func (r *Runner) Fingerprint() string { return r.fold }

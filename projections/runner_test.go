package projections_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"pgregory.net/rapid"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/projections"
	"zhucan/projections/sampletest"
	"zhucan/schema/embedded"
	"zhucan/schema/schematest"
)

// records are those of a story with some bulk after it.
func records(t testing.TB) (*sampletest.Book, []events.Record) {
	b := sampletest.Story(t)
	b.Record(60)
	return b, b.Records
}

func TestARebuildEqualsACatchUp(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	pool := schematest.New(t)
	r := runner(pool, b.Log(), func(c *projections.Config) { c.Bulk = 50 })
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	compare(t, "rebuild", digest(t, pool, "v0002"), want)
	// With too little memory for the changes they are written in between.
	tight := runner(pool, b.Log(), func(c *projections.Config) { c.Bulk, c.Pending = 7, 3 })
	if err := tight.Rebuild(t.Context(), "v0003"); err != nil {
		t.Fatal(err)
	}
	compare(t, "rebuild in little memory", digest(t, pool, "v0003"), want)
	// A pool that has no further connection to give.
	cfg := pool.Config()
	cfg.MaxConns = 1
	one, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if err := runner(one, b.Log()).Rebuild(t.Context(), "v0004"); err != nil {
		t.Fatal(err)
	}
	compare(t, "rebuild on one connection", digest(t, pool, "v0004"), want)
}

func TestAnyChunkingGivesTheSameTables(t *testing.T) {
	t.Parallel()
	_, all := records(t)
	want := wanted(t, all)
	sizes := rapid.SliceOfN(rapid.IntRange(1, 80), 1, 40)
	for seed := range 6 {
		pool, log := schematest.New(t), (&sampletest.Book{}).Log()
		// The log grows by parts; each part is projected in chunks of its own size.
		parts := sizes.Example(seed)
		for i := 0; ; i++ {
			size := parts[i%len(parts)]
			last, _ := log.Last(t.Context())
			end := min(int(last)+3*size, len(all))
			sampletest.Extend(t, log, all[:end])
			if err := runner(pool, log, func(c *projections.Config) { c.Live = size }).CatchUp(t.Context()); err != nil {
				t.Fatalf("seed %d, part %d: %v", seed, i, err)
			}
			if end == len(all) {
				break
			}
		}
		compare(t, fmt.Sprintf("seed %d", seed), digest(t, pool, "v0001"), want)
	}
}

// Invariant 1: each record has its effect once, wherever the runner crashes.
func TestACrashBetweenAnyTwoStepsLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	pool, log := schematest.New(t), b.Log()
	for crash := 1; ; crash++ {
		steps, finished := 0, false
		func() {
			defer func() {
				if p := recover(); p != nil && p != "crash" {
					panic(p)
				}
			}()
			r := runner(pool, log, func(c *projections.Config) {
				c.Live = 25
				c.Step = func(string) {
					if steps++; steps == 1+crash%9 { // before, in and after a transaction, and in the next one
						panic("crash")
					}
				}
			})
			if err := r.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			finished = true
		}()
		if finished {
			break
		}
		if crash > 500 {
			t.Fatal("no progress between crashes")
		}
	}
	compare(t, "crashed", digest(t, pool, "v0001"), want)
}

// follow runs r until it has projected seq, then stops it.
func follow(t testing.TB, r *projections.Runner, seq int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	waited := make(chan error, 1)
	go func() { waited <- r.Wait(ctx, uint64(seq)) }()
	select {
	case err := <-ended:
		t.Fatalf("the runner ended: %v", err)
	case err := <-waited:
		if err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatalf("the runner ended with %v", err)
	}
}

func TestABackendThatIsTerminatedLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	pool := schematest.New(t)
	if err := runner(pool, (&sampletest.Book{}).Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	killed := map[string]bool{}
	r := runner(pool, b.Log(), func(c *projections.Config) {
		c.Live, c.Retry = 40, 50*time.Millisecond
		c.Step = func(step string) {
			if killed[step] {
				return
			}
			killed[step] = true
			exec(t, pool, `select pg_terminate_backend(pid) from pg_stat_activity
				where datname = current_database() and pid <> pg_backend_pid()
				and pid in (select pid from pg_locks where locktype = 'advisory')`)
		}
	})
	follow(t, r, len(all))
	if len(killed) < 5 {
		t.Errorf("killed at %v only", killed)
	}
	if s, err := r.Status(t.Context()); err != nil || s.Counters.Retries == 0 {
		t.Errorf("status %+v, %v", s, err)
	}
	compare(t, "terminated", digest(t, pool, "v0001"), want)
}

func TestAServerThatIsKilledLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	server := cluster(t)
	pool := connect(t, server.URL(), nil)
	if err := runner(pool, (&sampletest.Book{}).Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	chunks := 0
	r := runner(pool, b.Log(), func(c *projections.Config) {
		c.Live, c.Retry = 40, 100*time.Millisecond
		c.Step = func(step string) {
			if step != "written" {
				return
			}
			if chunks++; chunks != 3 {
				return
			}
			if err := syscall.Kill(server.Pid(), syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			<-server.Done()
			again, err := embedded.Start(t.Context(), embedded.Config{Dir: server.Dir(), Durable: true})
			if err != nil {
				t.Errorf("start again: %v", err)
				return
			}
			t.Cleanup(func() {
				pool.Close()
				if err := again.Stop(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			})
		}
	})
	follow(t, r, len(all))
	if chunks < 4 {
		t.Errorf("%d chunks", chunks)
	}
	compare(t, "killed", digest(t, pool, "v0001"), want)
}

func TestTwoRunnersAtOnceHaveOneEffect(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	pool, log := schematest.New(t), b.Log()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 2)
	var runners []*projections.Runner
	for range 2 {
		r := runner(pool, log, func(c *projections.Config) { c.Live, c.Retry = 30, 20*time.Millisecond })
		runners = append(runners, r)
		go func() { ended <- r.Run(ctx) }()
	}
	for _, r := range runners {
		if err := r.Wait(ctx, uint64(len(all))); err != nil {
			t.Fatal(err)
		}
	}
	if err := runner(pool, log).CatchUp(ctx); !errors.Is(err, projections.ErrNotActive) {
		t.Errorf("a third runner: %v", err)
	}
	stop()
	for range 2 {
		<-ended
	}
	compare(t, "two runners", digest(t, pool, "v0001"), want)
	if one, two := count(t, runners[0]), count(t, runners[1]); one+two != uint64(len(all)) {
		t.Errorf("%d and %d records projected, of %d", one, two, len(all))
	}
}

func count(t testing.TB, r *projections.Runner) uint64 {
	t.Helper()
	s, err := r.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Counters.Events
}

// Invariant 5: what a runner of an older epoch writes matches no checkpoint.
func TestARunnerThatWasOvertakenBeginsAnew(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	pool := schematest.New(t)
	var epochs []int64
	chunks := 0
	r := runner(pool, b.Log(), func(c *projections.Config) {
		c.Live = 40
		c.Step = func(step string) {
			if step == "chunk-begin" {
				if chunks++; chunks == 2 {
					exec(t, pool, "update meta.read_model set epoch = epoch + 5")
				}
				epochs = append(epochs, query[int64](t, pool, "select max(epoch) from meta.read_model")...)
			}
		}
	})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first, last := epochs[0], epochs[len(epochs)-1]; last != first+6 {
		t.Errorf("epochs %v", epochs)
	}
	compare(t, "overtaken", digest(t, pool, "v0001"), want)
}

// A log that a test has altered.
type altered struct {
	events.Log
	read func(after uint64) []events.Record
}

func (l altered) Read(_ context.Context, after uint64) iter.Seq2[events.Record, error] {
	return func(yield func(events.Record, error) bool) {
		for _, r := range l.read(after) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestADuplicateDeliveryHasNoEffect(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	want := wanted(t, all)
	pool := schematest.New(t)
	log := altered{b.Log(), func(after uint64) (out []events.Record) {
		for i := after; i < uint64(len(all)); i++ {
			back := i - min(i, 7)
			out = append(out, all[i], all[i])
			if i%10 == 9 {
				out = append(out, all[back:i+1]...)
			}
		}
		return out
	}}
	r := runner(pool, log, func(c *projections.Config) { c.Live = 30 })
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, _ := r.Status(t.Context()); s.Counters.Duplicates < uint64(len(all)) {
		t.Errorf("%d duplicates counted", s.Counters.Duplicates)
	}
	compare(t, "duplicates", digest(t, pool, "v0001"), want)
}

func halted(t testing.TB, err error, reason projections.Reason, seq uint64) *projections.Halt {
	t.Helper()
	halt, ok := errors.AsType[*projections.Halt](err)
	if !ok || halt.Reason != reason || halt.Seq != seq {
		t.Fatalf("got %v, want %s at %d", err, reason, seq)
	}
	return halt
}

func TestAGapHalts(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	pool := schematest.New(t)
	r := runner(pool, altered{b.Log(), func(after uint64) []events.Record {
		return slices.Concat(all[after:40], all[41:])
	}})
	halted(t, r.CatchUp(t.Context()), projections.Gap, 41)
	if got := query[int64](t, pool, "select seq from meta.read_model order by name"); !slices.Equal(got, []int64{40, 40}) {
		t.Errorf("checkpoints %v: what came before the gap has its effect", got)
	}
	s, err := runner(pool, b.Log()).Status(t.Context())
	if err != nil || !s.Halted || s.Reason != "gap" {
		t.Errorf("another process sees %+v, %v", s, err)
	}
	// A log that is whole again is followed.
	if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err = r.Status(t.Context()); err != nil || s.LagEvents != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestALogThatLostItsTailHalts(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	pool := schematest.New(t)
	if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	short := (&sampletest.Book{}).Log()
	sampletest.Extend(t, short, all[:len(all)-3])
	halted(t, runner(pool, short).CatchUp(t.Context()), projections.Behind, uint64(len(all)))
}

// The tail was lost and other records were written under the same numbers.
func TestALogThatForkedHalts(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	pool := schematest.New(t)
	if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := slices.Clone(all)
	n := len(all) - 5
	other[n].Header = slices.Clone(all[n].Header)
	for i, f := range other[n].Header {
		if f.Key == "ce-actor" {
			other[n].Header[i].Value = "somebody"
		}
	}
	log := (&sampletest.Book{}).Log()
	sampletest.Extend(t, log, other)
	halted(t, runner(pool, log).CatchUp(t.Context()), projections.Fork, uint64(n)+1)
}

// A tampered archive no longer has the root of its checkpoint.
func TestAnArchiveThatContradictsItsCheckpointHalts(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	pool := schematest.New(t)
	if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "update meta.read_model set root = sha256('x') where name = 'v0001'")
	halted(t, runner(pool, b.Log()).CatchUp(t.Context()), projections.Fork, uint64(len(all)))
}

func TestALogThatLosesItsTailWhileItIsFollowedHalts(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	pool := schematest.New(t)
	log := &shrinking{Log: b.Log()}
	r := runner(pool, log, func(c *projections.Config) { c.Watch = 10 * time.Millisecond })
	ended := make(chan error, 1)
	go func() { ended <- r.Run(t.Context()) }()
	if err := r.Wait(t.Context(), uint64(len(all))); err != nil {
		t.Fatal(err)
	}
	log.shrunk.Store(true)
	halted(t, <-ended, projections.Behind, uint64(len(all)))
	if err := r.Wait(t.Context(), uint64(len(all))+1); err == nil {
		t.Error("a halted runner promises more records")
	}
}

func TestAnUnknownTypeAndAMalformedRecordHalt(t *testing.T) {
	t.Parallel()
	_, all := records(t)
	for name, alter := range map[string]func(*events.Record){
		"type": func(r *events.Record) {
			for i, f := range r.Header {
				if f.Key == "ce-type" {
					r.Header[i].Value = "claim.imagined.v1"
				}
			}
		},
		"form": func(r *events.Record) { r.Data = []byte(`{"unknown":1}`) },
	} {
		pool := schematest.New(t)
		bad := slices.Clone(all)
		bad[29].Header, bad[29].Data = slices.Clone(bad[29].Header), slices.Clone(bad[29].Data)
		alter(&bad[29])
		log := (&sampletest.Book{}).Log()
		sampletest.Extend(t, log, bad)
		r := runner(pool, log)
		halt := halted(t, r.CatchUp(t.Context()), projections.Poison, 30)
		t.Log(name, halt.Detail)
		if got := query[int64](t, pool, "select count(*) from archive.record"); got[0] != 29 {
			t.Errorf("%s: %d records archived", name, got[0])
		}
	}
}

// A record that Postgres does not accept is found among those of its chunk.
func TestARecordThatCannotBeWrittenIsNamed(t *testing.T) {
	t.Parallel()
	b, _ := records(t)
	pool, log := schematest.New(t), b.Log()
	if err := runner(pool, (&sampletest.Book{}).Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "alter table rm_v0001.claim add check (claim <> 'C3')")
	seq := uint64(slices.IndexFunc(b.Events, func(e ledger.Event) bool { return e.Case() == "C3" }) + 1)
	halt := halted(t, runner(pool, log).CatchUp(t.Context()), projections.Poison, seq)
	if want := "claim.submitted.v1"; len(halt.Detail) < len(want) || halt.Detail[:len(want)] != want {
		t.Errorf("detail %q", halt.Detail)
	}
	if got := query[int64](t, pool, "select seq from meta.read_model order by name"); got[0] != int64(seq)-1 {
		t.Errorf("checkpoints %v", got)
	}
}

// Invariant 8: a change to a row that is not there is a fault.
func TestAChangeThatFindsNoRowHalts(t *testing.T) {
	t.Parallel()
	b, all := records(t)
	pool := schematest.New(t)
	n := slices.IndexFunc(b.Events, func(e ledger.Event) bool { return e.Case() == "C1" })
	log := (&sampletest.Book{}).Log()
	sampletest.Extend(t, log, all[:n+1])
	if err := runner(pool, log).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, "delete from rm_v0001.claim where claim = 'C1'")
	sampletest.Extend(t, log, all)
	halted(t, runner(pool, log).CatchUp(t.Context()), projections.Poison, uint64(n)+2)
}

// broken is a projection whose fold fails at one record.
type broken struct {
	projections.Projection
	at   uint64
	how  func() error
	name string
}

func (b broken) Name() string { return b.name }

func (b broken) Fold(rows *projections.Rows, r events.Recorded) error {
	if r.Seq == b.at {
		return b.how()
	}
	return b.Projection.Fold(rows, r)
}

func TestAFoldThatFailsHaltsInFrontOfTheRecord(t *testing.T) {
	t.Parallel()
	b, _ := records(t)
	for name, how := range map[string]func() error{
		"error": func() error { return errors.New("synthetic") },
		"panic": func() error { panic("synthetic") },
	} {
		pool := schematest.New(t)
		broke := func(c *projections.Config) {
			c.Projections[0] = broken{c.Projections[0], 33, how, c.Projections[0].Name()}
		}
		halted(t, runner(pool, b.Log(), broke).CatchUp(t.Context()), projections.Poison, 33)
		if got := query[int64](t, pool, "select seq from meta.read_model order by name"); !slices.Equal(got, []int64{32, 32}) {
			t.Errorf("%s: checkpoints %v", name, got)
		}
		// A rebuild halts too, and leaves nothing that could be switched to.
		halted(t, runner(pool, b.Log(), broke).Rebuild(t.Context(), "v0002"), projections.Poison, 33)
		if err := runner(pool, b.Log()).Switch(t.Context(), "v0002"); !errors.Is(err, projections.ErrVersion) {
			t.Errorf("switch to an unfinished version: %v", err)
		}
		// Corrected, it goes on.
		if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

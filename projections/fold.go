package projections

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"

	"zhucan/events"
	"zhucan/events/merkle"
	"zhucan/projections/archive"
	"zhucan/projections/pgcopy"
)

// A chunk is records that are written in one transaction, folded.
type chunk struct {
	records []events.Recorded
	before  merkle.Frontier // of the tree in front of the first
	after   merkle.Frontier
	rows    *Rows          // nil when no read model takes part
	archive *pgcopy.Buffer // nil when the archive does not
	settle  bool           // bulk: write the changes now
	err     error          // why there are no more; the chunk is empty then
}

func (c *chunk) last() uint64 { return c.after.Size() }

// A folder turns records into chunks. It is used from one goroutine.
type folder struct {
	r       *Runner
	tree    merkle.Frontier
	models  bool                 // fold into rows
	archive bool                 // fold into the archive
	bulk    bool                 // keep changes until the end
	carried []map[string]*Change // bulk: changes not yet written, by table
	scratch []byte
}

// chunks reads src and yields chunks, folded on another goroutine so that one is
// made while the one before it is written. A chunk may be used until the next one
// is taken. An error comes in the last chunk.
func (f *folder) chunks(ctx context.Context, src iter.Seq2[events.Record, error], most int) iter.Seq[*chunk] {
	return func(yield func(*chunk) bool) {
		ctx, cancel := context.WithCancel(ctx)
		out := make(chan *chunk)
		free := make(chan *chunk, 3)
		for range 3 { // one written, one waiting, one being folded
			free <- f.empty()
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer close(out)
			f.run(ctx, src, most, free, out)
		}()
		defer func() {
			cancel()
			<-done
		}()
		for c := range out {
			if !yield(c) {
				return
			}
			if c.err == nil {
				free <- c
			}
		}
	}
}

func (f *folder) empty() *chunk {
	c := &chunk{}
	if f.models {
		c.rows = newRows(f.r.tables)
	}
	if f.archive {
		c.archive = pgcopy.NewBuffer(archive.Types)
	}
	return c
}

func (f *folder) run(ctx context.Context, src iter.Seq2[events.Record, error], most int, free <-chan *chunk, out chan<- *chunk) {
	give := func(c *chunk) bool {
		select {
		case out <- c:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for batch, err := range events.Batches(ctx, src, most) {
		if err != nil {
			give(&chunk{err: interpret(err, f.tree.Size())})
			return
		}
		if batch = f.fresh(batch); len(batch) == 0 {
			continue
		}
		var c *chunk
		select {
		case c = <-free:
		case <-ctx.Done():
			return
		}
		n, err := f.fold(c, batch)
		if err != nil && n > 0 && !f.bulk {
			// What comes before the record that does not fold has its effect.
			if _, again := f.fold(c, batch[:n]); again != nil {
				err, n = again, 0
			}
		}
		if n > 0 && (err == nil || !f.bulk) && !give(c) {
			return
		}
		if err != nil {
			give(&chunk{err: err})
			return
		}
	}
}

// fresh leaves out what was delivered a second time: it has had its effect.
func (f *folder) fresh(batch []events.Recorded) []events.Recorded {
	last, kept := f.tree.Size(), batch[:0]
	for _, r := range batch {
		if r.Seq <= last {
			f.r.counters.duplicates.Add(1)
			continue
		}
		last, kept = r.Seq, append(kept, r)
	}
	return kept
}

// fold folds records into c, which is emptied first. It returns how many records
// come before one that does not fold, and leaves f as it was then.
func (f *folder) fold(c *chunk, records []events.Recorded) (int, error) {
	c.records, c.before, c.after, c.settle = records, f.tree, f.tree, false
	if f.models {
		c.rows.reset()
		if f.carried != nil {
			c.rows.exchange(f.carried)
			f.carried = nil
		}
	}
	if f.archive {
		c.archive.Reset()
	}
	for i, r := range records {
		if r.Seq != c.after.Size()+1 {
			return i, &Halt{Gap, c.after.Size() + 1, fmt.Sprintf("the log yields %d after %d", r.Seq, c.after.Size())}
		}
		stored := c.after.Append(r.Leaf)
		if f.archive {
			f.scratch = archive.Append(c.archive, r, stored, f.scratch)
		}
		if f.models {
			if err := f.r.foldOne(c.rows, r); err != nil {
				return i, &Halt{Poison, r.Seq, fmt.Sprintf("%s: %v", r.Name, err)}
			}
		}
	}
	f.tree = c.after
	if f.models {
		c.rows.merge()
		switch {
		case !f.bulk:
		case c.rows.pending() >= f.r.cfg.Pending:
			c.settle = true
		default:
			f.carried = c.rows.exchange(nil)
		}
	}
	return len(records), nil
}

// foldOne folds one record through every projection. A projection that panics has
// met a record that it does not understand.
func (r *Runner) foldOne(rows *Rows, d events.Recorded) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("fold panics: %v\n%s", p, debug.Stack())
		}
	}()
	for _, p := range r.cfg.Projections {
		if err := p.Fold(rows, d); err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
		if rows.err != nil {
			return fmt.Errorf("%s: %w", p.Name(), rows.err)
		}
	}
	return nil
}

// upTo ends src after the record numbered last.
func upTo(src iter.Seq2[events.Record, error], last uint64) iter.Seq2[events.Record, error] {
	return func(yield func(events.Record, error) bool) {
		for r, err := range src {
			if !yield(r, err) || err != nil || r.Seq >= last {
				return
			}
		}
	}
}

package events

import (
	"context"
	"iter"
	"sync"
)

// Batches reads src ahead, decodes it on another goroutine, and yields whatever
// is ready: at least one record, at most most of them, in order. It ends after src
// or after the first error, which comes with no records. Records that src yields
// while the consumer is busy are waiting when it comes back, so a slow consumer
// gets large batches and a fast one gets each record at once.
//
// Whoever leaves early ends ctx where src was made with it and may be waiting, as
// [Log.Follow] does: Batches cannot call it back.
func Batches(ctx context.Context, src iter.Seq2[Record, error], most int) iter.Seq2[[]Recorded, error] {
	return func(yield func([]Recorded, error) bool) {
		var scratch []byte
		batches(ctx, src, most, func(r Record) (Recorded, error) {
			d, err := Decode(r)
			if err == nil {
				d.Leaf, scratch = r.Leaf(scratch)
			}
			return d, err
		})(yield)
	}
}

// batches is [Batches] with a decoder of its own, which is called for one record after
// the other. The book is folded without leaves: nobody asks it for a proof.
func batches(ctx context.Context, src iter.Seq2[Record, error], most int, decode func(Record) (Recorded, error)) iter.Seq2[[]Recorded, error] {
	return func(yield func([]Recorded, error) bool) {
		step := min(most, 256) // decoded at a time
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		// No more waits than keeps everybody at work: it is looked through whenever garbage is collected.
		raw, ready := newMailbox[Record](ctx, 4*step, step), newMailbox[Recorded](ctx, most, most)
		defer raw.stop()
		defer ready.stop()

		go func() {
			one := make([]Record, 1) // put copies it
			for r, err := range src {
				if err != nil {
					raw.close(err)
					return
				}
				if one[0] = r; !raw.put(one...) {
					return
				}
			}
			raw.close(nil)
		}()
		go func() {
			var decoded []Recorded
			for {
				records, err := raw.take(step)
				ended := len(records) == 0
				decoded = decoded[:0]
				for i := 0; i < len(records) && err == nil; i++ {
					var d Recorded
					if d, err = decode(records[i]); err == nil {
						decoded = append(decoded, d)
					}
				}
				if !ready.put(decoded...) {
					return
				}
				if ended || err != nil {
					ready.close(err)
					return
				}
			}
		}()

		for {
			batch, err := ready.take(most)
			if len(batch) == 0 {
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					yield(nil, err)
				}
				return
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// A mailbox hands items from one goroutine to another: the taker gets all that
// have come since it last asked.
type mailbox[T any] struct {
	mu      sync.Mutex
	changed sync.Cond
	blocks  [][]T // what waits, none of them empty; in one slice it would be moved whenever there is more
	waiting int   // items in them
	filled  int   // items that the last block came to: the next one has room for twice as many
	most    int   // room of a block
	room    int   // items that may wait
	closed  bool
	err     error
	unwatch func() bool
}

func newMailbox[T any](ctx context.Context, room, most int) *mailbox[T] {
	m := &mailbox[T]{room: room, most: most}
	m.changed.L = &m.mu
	m.unwatch = context.AfterFunc(ctx, func() { m.close(ctx.Err()) })
	return m
}

// put waits for room and adds items, which are copied; false means that nobody takes
// any more.
func (m *mailbox[T]) put(items ...T) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.waiting >= m.room && !m.closed {
		m.changed.Wait()
	}
	if m.closed {
		return false
	}
	if m.waiting == 0 {
		m.changed.Broadcast()
	}
	m.waiting += len(items)
	for len(items) > 0 {
		last := len(m.blocks) - 1
		if last < 0 || len(m.blocks[last]) == cap(m.blocks[last]) {
			m.blocks, last = append(m.blocks, make([]T, 0, min(2*m.filled+1, m.most))), last+1
			m.filled = 0
		}
		n := min(len(items), cap(m.blocks[last])-len(m.blocks[last]))
		m.blocks[last] = append(m.blocks[last], items[:n]...)
		m.filled, items = m.filled+n, items[n:]
	}
	return true
}

// take waits for items and returns at most most of them. None means that the
// mailbox is closed and why. What was put before an error is still handed over.
func (m *mailbox[T]) take(most int) ([]T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.waiting == 0 && !m.closed {
		m.changed.Wait()
	}
	if m.waiting == 0 {
		return nil, m.err
	}
	n := min(most, m.waiting)
	m.waiting -= n
	m.changed.Broadcast()
	if first := m.blocks[0]; n <= len(first) { // in bulk, mostly
		m.drop(n)
		return first[:n:n], nil
	}
	taken := make([]T, 0, n)
	for len(taken) < n {
		next := m.blocks[0][:min(n-len(taken), len(m.blocks[0]))]
		m.drop(len(next))
		taken = append(taken, next...)
	}
	return taken, nil
}

// drop takes n items from the first block.
func (m *mailbox[T]) drop(n int) {
	if m.blocks[0] = m.blocks[0][n:]; len(m.blocks[0]) == 0 {
		m.blocks[0], m.blocks = nil, m.blocks[1:]
	}
}

func (m *mailbox[T]) close(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed, m.err = true, err
		m.changed.Broadcast()
	}
}

func (m *mailbox[T]) stop() {
	m.unwatch()
	m.close(nil)
}

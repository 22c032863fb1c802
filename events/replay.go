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
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		raw, ready := newMailbox[Record](ctx, 4*most), newMailbox[Recorded](ctx, 2*most)
		defer raw.stop()
		defer ready.stop()

		go func() {
			for r, err := range src {
				if err != nil {
					raw.close(err)
					return
				}
				if !raw.put(r) {
					return
				}
			}
			raw.close(nil)
		}()
		go func() {
			var decoded []Recorded
			for {
				records, err := raw.take(min(most, 256))
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
	items   []T
	came    int // items since there were none
	before  int // came, when there were none again: how many to make room for at once
	room    int
	closed  bool
	err     error
	unwatch func() bool
}

func newMailbox[T any](ctx context.Context, room int) *mailbox[T] {
	m := &mailbox[T]{room: room}
	m.changed.L = &m.mu
	m.unwatch = context.AfterFunc(ctx, func() { m.close(ctx.Err()) })
	return m
}

// put waits for room and adds items, which are copied; false means that nobody takes
// any more.
func (m *mailbox[T]) put(items ...T) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.items) >= m.room && !m.closed {
		m.changed.Wait()
	}
	if m.closed {
		return false
	}
	if m.items == nil {
		m.items, m.came = make([]T, 0, min(max(1, m.before), m.room)), 0
	}
	waiting := len(m.items)
	m.items = append(m.items, items...)
	m.came += len(items)
	if waiting == 0 {
		m.changed.Broadcast()
	}
	return true
}

// take waits for items and returns at most most of them. None means that the
// mailbox is closed and why. What was put before an error is still handed over.
func (m *mailbox[T]) take(most int) ([]T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.items) == 0 && !m.closed {
		m.changed.Wait()
	}
	if len(m.items) == 0 {
		return nil, m.err
	}
	n := min(most, len(m.items))
	taken := m.items[:n:n]
	if m.items = m.items[n:]; len(m.items) == 0 {
		m.items, m.before = nil, m.came
	}
	m.changed.Broadcast()
	return taken, nil
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

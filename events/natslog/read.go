package natslog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
)

// A reader reads from disk if it can. One that follows looks again after each Append of its own
// Log, and each glance for those of others; what the server says is there and the disk does not
// show after patience looks, it asks a consumer for.
//
// Of a consumer it asks for window messages at a time, or as many as come to pullBytes, and is
// never without a request: one being delivered, one waiting. When it is far behind all the same
// it looks at the disk again.
const (
	glance    = 100 * time.Millisecond
	patience  = 3
	window    = 1000
	pullBytes = 4 << 20
	far       = 2 * window
)

// Read yields the records numbered above after, up to the last one that the
// leader has when the loop begins. Reading after a record that the log does not
// have is [events.ErrGap] too: the reader has seen more than the log still knows.
func (l *Log) Read(ctx context.Context, after uint64) iter.Seq2[events.Record, error] {
	return l.records(ctx, after, false)
}

// Follow is [Log.Read] that waits for further records. It ends with the error of
// ctx. A server that comes back within Config.Timeout is not noticed; one that
// stays away longer ends it with an error, and the caller follows again from where
// it was.
func (l *Log) Follow(ctx context.Context, after uint64) iter.Seq2[events.Record, error] {
	return l.records(ctx, after, true)
}

func (l *Log) records(ctx context.Context, after uint64, follow bool) iter.Seq2[events.Record, error] {
	return func(yield func(events.Record, error) bool) {
		last, err := l.Last(ctx)
		if err == nil && last < after {
			err = missing(last + 1)
		}
		if err != nil {
			yield(events.Record{}, err)
			return
		}
		r := reader{log: l, at: after, end: last, yield: yield}
		if follow {
			r.end = math.MaxUint64
		}
		if l.cfg.Dir != "" {
			r.disk = newDisk(l.cfg.Dir, l.stream)
		}
		for fruitless := 0; r.at < r.end; {
			began := r.at
			more, err := r.run(ctx)
			if fruitless++; r.at > began {
				fruitless = 0
			}
			if err == nil && fruitless == tries {
				err = errNotDelivered
			}
			if err != nil {
				yield(events.Record{}, fmt.Errorf("read %s after %d: %w", l.stream, r.at, err))
				return
			}
			if !more {
				return
			}
			if fruitless > 0 {
				select {
				case <-ctx.Done():
				case <-time.After(10 * time.Millisecond << fruitless):
				}
			}
		}
	}
}

// A reader yields records from one consumer after another: a consumer that does
// not deliver what the log has is given up for a new one.
type reader struct {
	log   *Log
	at    uint64 // last record yielded
	end   uint64 // last record wanted
	disk  *disk  // nil if the server's files are elsewhere
	yield func(events.Record, error) bool
}

// tries is how many consumers in a row may deliver nothing, with longer and longer pauses
// between them, 620 ms in all: a server of a cluster may be asked that has not got as far
// as the leader.
const tries = 6

var errNotDelivered = errors.New("the next record is stored and is not delivered")

// fromDisk yields what is on disk, and what comes to it. It returns true when a consumer is to
// be asked for the rest.
func (r *reader) fromDisk(ctx context.Context) (rest bool, err error) {
	for fruitless := 0; r.at < r.end; {
		appended := r.log.appended() // before the look, so that nothing comes between
		last, err := r.log.Last(ctx)
		if err != nil {
			return false, err
		}
		if last < r.at {
			return false, missing(last + 1)
		}
		began, more := r.at, true
		r.disk.read(ctx, r.at, min(last, r.end), func(d delivered) bool {
			next, err := d.record()
			if err != nil {
				return false // as the server will say
			}
			r.at++
			more = r.yield(next, nil)
			return more
		})
		switch {
		case !more:
			return false, nil
		case r.at > began:
			fruitless = 0
			continue
		case last == r.at:
			fruitless = 0
		default: // of a batch that is being written the server may tell before the file has it
			fruitless++
		}
		if fruitless == patience {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-appended:
		case <-time.After(glance):
		}
	}
	return false, nil
}

// run yields what is on disk and then what one consumer delivers. It returns true when it
// should be tried again. The consumer acknowledges nothing, filters nothing and lives in
// the server's memory.
func (r *reader) run(ctx context.Context) (more bool, err error) {
	if r.disk != nil {
		if rest, err := r.fromDisk(ctx); !rest {
			return false, err
		}
	}
	began := r.at
	l, nc := r.log, r.log.js.Conn()
	from, err := newFeed(nc)
	if err != nil {
		return false, err
	}
	defer from.close()
	c, err := ask(ctx, l, func(ctx context.Context) (jetstream.Consumer, error) {
		return l.js.CreateConsumer(ctx, l.stream, jetstream.ConsumerConfig{
			DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
			OptStartSeq:       r.at + 1,
			AckPolicy:         jetstream.AckNonePolicy,
			MemoryStorage:     true,
			Replicas:          1,
			InactiveThreshold: time.Minute,
		})
	})
	if err != nil {
		return false, err
	}
	name := c.CachedInfo().Name
	// Nothing waits for the answer: a consumer left over dies of inactivity.
	defer nc.Publish(l.api+"CONSUMER.DELETE."+l.stream+"."+name, nil)

	pull, _ := json.Marshal(map[string]int{"batch": window, "max_bytes": pullBytes})
	asked := 0
	idle := time.NewTicker(l.cfg.Timeout)
	defer idle.Stop()
	for seen := r.at; r.at < r.end; {
		for asked <= window {
			err := from.ask(l.api+"CONSUMER.MSG.NEXT."+l.stream+"."+name, pull)
			if errors.Is(err, nats.ErrReconnectBufExceeded) {
				break // not connected just now: ask again when something comes, or at the next tick
			}
			if err != nil {
				return false, err
			}
			asked += window
		}
		d, err := from.next(ctx, idle.C)
		switch {
		case errors.Is(err, errIdle) && r.at > seen:
			seen = r.at
		case errors.Is(err, errIdle):
			if more, err := r.undelivered(ctx); more || err != nil {
				return more, err
			}
		case err != nil:
			return false, err
		case d.seq == 0 && d.left >= 0:
			asked -= d.left
		case d.seq != r.at+1: // the end of the consumer, or another record
			_, err := r.undelivered(ctx)
			return true, err
		default:
			asked--
			next, err := d.record()
			if err != nil {
				return false, err
			}
			r.at++
			if !r.yield(next, nil) {
				return false, nil
			}
			if r.disk != nil && d.behind >= far && r.at-began >= 10*window {
				return true, nil
			}
		}
	}
	return false, nil
}

// undelivered finds out why the next record has not come: it returns false if
// there is none yet, true if the log has it, and an error if the log lacks it.
func (r *reader) undelivered(ctx context.Context) (bool, error) {
	last, err := r.log.Last(ctx)
	switch {
	case err != nil:
		return false, err
	case last == r.at:
		return false, nil
	case last < r.at:
		return false, missing(last + 1)
	}
	_, err = r.log.stored(ctx, r.at+1)
	return err == nil, err
}

func missing(seq uint64) error { return fmt.Errorf("%w: %d", events.ErrGap, seq) }

// Tail returns the records from..to as the leader has them, one request for each,
// for what must not come from a replica that lags: what became of an append.
func (l *Log) Tail(ctx context.Context, from, to uint64) ([]events.Record, error) {
	var records []events.Record
	for seq := from; seq <= to; seq++ {
		r, err := l.stored(ctx, seq)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// stored returns one record from the leader. Any error that the leader answers
// means that it does not have the record, or not whole.
func (l *Log) stored(ctx context.Context, seq uint64) (events.Record, error) {
	request, _ := json.Marshal(map[string]uint64{"seq": seq})
	m, err := ask(ctx, l, func(ctx context.Context) (*nats.Msg, error) {
		return l.js.Conn().RequestWithContext(ctx, l.api+"STREAM.MSG.GET."+l.stream, request)
	})
	if err != nil {
		return events.Record{}, err
	}
	var answer struct {
		Error   *jetstream.APIError
		Message struct {
			Subject string
			Seq     uint64
			Hdrs    []byte
			Data    []byte
		}
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return events.Record{}, err
	}
	if answer.Error != nil {
		return events.Record{}, fmt.Errorf("%w: %w", missing(seq), answer.Error)
	}
	d := delivered{seq: answer.Message.Seq, subject: answer.Message.Subject, data: answer.Message.Data}
	d.header, d.err = parseHeader(answer.Message.Hdrs)
	return d.record()
}

package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"zhucan/events"
	"zhucan/projections"
)

// Raw publishes bytes of ours to a stream configured like the book's, with nothing
// of ours in between.
type Raw struct {
	js       jetstream.JetStream
	messages []*nats.Msg
	next     int
}

const rawSubject = "raw.bench"

// NewRaw makes a stream like that of the book and messages like its records.
func NewRaw(ctx context.Context, js jetstream.JetStream, log events.Log, book string) (*Raw, error) {
	like, err := js.Stream(ctx, "BOOK_"+book)
	if err != nil {
		return nil, err
	}
	cfg := like.CachedInfo().Config
	cfg.Name, cfg.Subjects, cfg.Metadata = "RAW", []string{"raw.>"}, nil
	if _, err := js.CreateStream(ctx, cfg); err != nil {
		return nil, err
	}
	last, err := log.Last(ctx)
	if err != nil {
		return nil, err
	}
	r := &Raw{js: js}
	after := last - min(last, events.MaxAppend)
	for record, err := range log.Read(ctx, after) {
		if err != nil {
			return nil, err
		}
		m := nats.NewMsg(rawSubject)
		for _, f := range record.Header {
			m.Header[f.Key] = []string{f.Value}
		}
		m.Data = record.Data
		r.messages = append(r.messages, m)
	}
	return r, nil
}

// batch returns n messages; the client writes its own headers into them.
func (r *Raw) batch(n int) []*nats.Msg {
	all := make([]*nats.Msg, n)
	for i := range all {
		like := r.messages[(r.next+i)%len(r.messages)]
		m := nats.NewMsg(rawSubject)
		for k, v := range like.Header {
			m.Header[k] = []string{v[0]}
		}
		m.Data = like.Data
		all[i] = m
	}
	r.next += n
	return all
}

// Batches publishes n messages as atomic batches of a thousand, made as any client
// must make them, and returns the rate.
func (r *Raw) Batches(ctx context.Context, n int) (float64, error) {
	begin := time.Now()
	for sent := 0; sent < n; sent += events.MaxAppend {
		batch := r.batch(min(events.MaxAppend, n-sent))
		if _, err := jetstreamext.PublishMsgBatch(ctx, r.js, batch, jetstreamext.BatchFlowControl{AckTimeout: 10 * time.Second}); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(begin).Seconds(), nil
}

// Singles publishes n messages one after the other and returns the latencies.
func (r *Raw) Singles(ctx context.Context, n int) ([]time.Duration, error) {
	all := make([]time.Duration, n)
	for i, m := range r.batch(n) {
		begin := time.Now()
		if _, err := r.js.PublishMsg(ctx, m); err != nil {
			return nil, err
		}
		all[i] = time.Since(begin)
	}
	return all, nil
}

// Read reads the whole log with nothing done to it and returns the rate.
func Read(ctx context.Context, log events.Log) (float64, error) {
	begin, n := time.Now(), 0
	for _, err := range log.Read(ctx, 0) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(begin).Seconds(), nil
}

// A Tape is the bytes that a projection copied, in its order, to be copied again.
type Tape struct {
	mu     sync.Mutex
	copies []projections.Copy
	Bytes  int
	Rows   int
}

// Tap records one copy.
func (t *Tape) Tap(c projections.Copy) {
	c.Data = bytes.Clone(c.Data)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.copies = append(t.copies, c)
	t.Bytes += len(c.Data)
	t.Rows += c.Rows
}

// Copy copies the tape into tables of the same shape in a schema of their own, with
// the checks, primary keys and indexes of the originals or without, one transaction for
// each chunk of the original, and returns how long that took. The schema is
// dropped afterwards.
func (t *Tape) Copy(ctx context.Context, pool *pgxpool.Pool, indexed bool) (spent time.Duration, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "drop schema if exists bench_raw cascade; create schema bench_raw"); err != nil {
		return 0, err
	}
	defer func() {
		if _, dropErr := conn.Exec(ctx, "drop schema bench_raw cascade"); err == nil {
			err = dropErr
		}
	}()
	names := make(map[string]string)
	like := "including defaults"
	if indexed {
		like += " including indexes including constraints"
	}
	for _, c := range t.copies {
		if _, ok := names[c.Table]; ok {
			continue
		}
		name := fmt.Sprintf("bench_raw.t%d", len(names))
		names[c.Table] = name
		if _, err := conn.Exec(ctx, fmt.Sprintf("create table %s (like %s %s)", name, c.Table, like)); err != nil {
			return 0, err
		}
	}
	begin := time.Now()
	for i := 0; i < len(t.copies); {
		// A chunk is what lies between two copies into the same table.
		seen := make(map[string]bool)
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for ; i < len(t.copies) && !seen[t.copies[i].Table]; i++ {
				c := t.copies[i]
				seen[c.Table] = true
				sql := fmt.Sprintf("copy %s (%s) from stdin (format binary)", names[c.Table], strings.TrimSpace(c.Columns))
				if _, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(c.Data), sql); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

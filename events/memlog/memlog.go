// Package memlog is a log in memory that fails on demand, and a store of documents: for
// property tests and for comparing a real log with a model.
//
// # Invariants
//
//  1. Without a fault it does what package logtest demands of every Log.
//  2. A fault tells the truth: [events.ErrFull], [events.ErrConflict] and a refusal
//     leave the log as it was, an unknown outcome is one of the three there are.
//
// # Design
//
// Records are copied on their way in and out, so that a caller who alters a slice
// cannot alter the log, just as with a server.
package memlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"zhucan/events"
)

// A Fault is what goes wrong with one Append.
type Fault int

// The faults. The three after Refused answer [events.ErrUnknown].
const (
	None     Fault = iota
	Refused        // nothing is written; the error is ErrRefused
	Dropped        // nothing is written: the request was lost
	Lost           // the records are written: the acknowledgement was lost
	Late           // the records are written when the next Append arrives, in front of it, unless the log has grown
	Full           // nothing is written; the error is events.ErrFull
	Conflict       // nothing is written; the error is events.ErrConflict
)

// ErrRefused is the error of [Refused]: a failure of which it is known that
// nothing was written.
var ErrRefused = errors.New("the log refuses")

// A Log keeps records in memory. The zero Log is empty.
type Log struct {
	// Fail, where set, chooses the fault of each Append: n counts them from 1, in
	// the order in which they are looked at, r are its records. It is set before
	// the log is used, and is not called concurrently.
	Fail func(n int, r []events.Record) Fault

	mu      sync.Mutex
	n       int
	records []events.Record
	late    []events.Record // of a Late append, with the Seq it would take
	grown   chan struct{}   // closed, and replaced, when records are added
}

var _ events.Log = (*Log)(nil)

// Append adds r after the record numbered last.
func (l *Log) Append(ctx context.Context, last uint64, r ...events.Record) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(r) == 0 || len(r) > events.MaxAppend {
		return 0, fmt.Errorf("append %d records: from 1 to %d are taken", len(r), events.MaxAppend)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.late) > 0 && l.late[0].Seq == uint64(len(l.records))+1 {
		l.add(l.late)
	}
	l.late = nil

	l.n++
	fault := None
	if l.Fail != nil {
		fault = l.Fail(l.n, r)
	}
	switch fault {
	case Refused:
		return 0, ErrRefused
	case Dropped:
		return 0, events.ErrUnknown
	case Full:
		return 0, events.ErrFull
	case Conflict:
		return 0, events.ErrConflict
	}
	if last != uint64(len(l.records)) {
		return 0, fmt.Errorf("%w: record %d is not the last, %d is", events.ErrConflict, last, len(l.records))
	}
	added := make([]events.Record, len(r))
	for i, r := range r {
		added[i] = clone(r)
		added[i].Seq = last + 1 + uint64(i)
	}
	switch fault {
	case Late:
		l.late = added
		return 0, events.ErrUnknown
	case Lost:
		l.add(added)
		return 0, events.ErrUnknown
	}
	l.add(added)
	return last + 1, nil
}

func (l *Log) add(r []events.Record) {
	l.records = append(l.records, r...)
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
}

// Last returns how many records there are.
func (l *Log) Last(ctx context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.records)), ctx.Err()
}

// Read yields the records numbered above after, up to the last one.
func (l *Log) Read(ctx context.Context, after uint64) iter.Seq2[events.Record, error] {
	return func(yield func(events.Record, error) bool) {
		end, err := l.Last(ctx)
		if err == nil && after > end {
			err = fmt.Errorf("%w: %d", events.ErrGap, end+1)
		}
		if err != nil {
			yield(events.Record{}, err)
			return
		}
		for at := after; at < end; at++ {
			r, err := l.wait(ctx, at)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Follow is [Log.Read] that waits for further records.
func (l *Log) Follow(ctx context.Context, after uint64) iter.Seq2[events.Record, error] {
	return func(yield func(events.Record, error) bool) {
		for at := after; ; at++ {
			r, err := l.wait(ctx, at)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// wait returns the record that follows the one numbered at.
func (l *Log) wait(ctx context.Context, at uint64) (events.Record, error) {
	for {
		if err := ctx.Err(); err != nil {
			return events.Record{}, err
		}
		l.mu.Lock()
		n := uint64(len(l.records))
		if at < n {
			defer l.mu.Unlock()
			return clone(l.records[at]), nil
		}
		if l.grown == nil {
			l.grown = make(chan struct{})
		}
		grown := l.grown
		l.mu.Unlock()
		if at > n {
			return events.Record{}, fmt.Errorf("%w: %d", events.ErrGap, n+1)
		}
		select {
		case <-grown:
		case <-ctx.Done():
		}
	}
}

func clone(r events.Record) events.Record {
	r.Header, r.Data = slices.Clone(r.Header), bytes.Clone(r.Data)
	return r
}

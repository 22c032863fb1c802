package events

import (
	"context"
	"errors"
	"iter"
)

// MaxAppend is the most records that one Append takes: what JetStream accepts
// as one atomic batch.
const MaxAppend = 1000

// A Log keeps one book's records in the order in which they were appended,
// numbered from 1 without a gap. Package logtest holds what every Log must do.
type Log interface {
	// Read yields the records numbered above after, without a gap, up to the last
	// one there is when it is called, then ends. It yields an error that wraps
	// [ErrGap] where a number is missing, and nothing after an error.
	Read(ctx context.Context, after uint64) iter.Seq2[Record, error]

	// Follow is Read that waits for further records, until ctx ends.
	Follow(ctx context.Context, after uint64) iter.Seq2[Record, error]

	// Append adds records after the one numbered last, all of them or none, and
	// returns the number of the first once they are on disk. It sets no Seq in r.
	// An error wraps [ErrConflict] when the book has grown since last, [ErrFull]
	// when nothing was written for want of room, [ErrUnknown] when it cannot tell
	// whether they were written; any other error means that nothing was.
	Append(ctx context.Context, last uint64, r ...Record) (first uint64, err error)

	// Last returns the number of the last record, as its leader knows it; 0 when
	// there is none.
	Last(ctx context.Context) (uint64, error)
}

// What may be wrong with a log.
var (
	ErrConflict = errors.New("the book has grown since it was read")
	ErrUnknown  = errors.New("it is unknown whether the records were written")
	ErrFull     = errors.New("the log has no room; nothing was written")
	ErrGap      = errors.New("a record is missing from the log")
	ErrDrift    = errors.New("the log is not configured as a ledger's log must be")
)

package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/events"
	"zhucan/events/merkle"
)

// ErrOther refuses to restore a log from an archive of another history.
var ErrOther = errors.New("the log and the archive have different histories")

const (
	selectArchivedHead = `
select coalesce(max(seq), 0)
from archive.record`

	selectMissing = `
select ` + Columns + `
from archive.record
where seq > @after
order by seq
limit @limit`
)

// Restore appends to the log what only the archive has: the records behind the
// log's last one, byte for byte, so that numbers and leaves are what they were. It
// returns where the log ended and where it ends now. Before it writes anything it
// compares the tree over what the log still has with that of the archive, and each
// archived row with its own hash; what does not agree is [ErrOther].
func Restore(ctx context.Context, db DB, log events.Log) (from, to uint64, err error) {
	if from, err = log.Last(ctx); err != nil {
		return 0, 0, fmt.Errorf("restore: %w", err)
	}
	var tree merkle.Frontier
	for r, err := range log.Read(ctx, 0) {
		if err != nil {
			return from, from, fmt.Errorf("restore: read the log: %w", err)
		}
		leaf, _ := r.Leaf(nil)
		tree.Append(leaf)
	}
	head, err := archivedHead(ctx, db)
	if err != nil {
		return from, from, err
	}
	if head < from {
		return from, from, fmt.Errorf("%w: the log has %d records, the archive %d", ErrOther, from, head)
	}
	known, err := merkle.FrontierAt(from, Tree(ctx, db))
	if err != nil {
		return from, from, fmt.Errorf("restore: %w", err)
	}
	if known.Root() != tree.Root() {
		return from, from, fmt.Errorf("%w: the roots over the first %d records differ", ErrOther, from)
	}
	for to = from; to < head; {
		records, err := missing(ctx, db, to)
		if err != nil {
			return from, to, err
		}
		if _, err := log.Append(ctx, to, records...); err != nil {
			return from, to, fmt.Errorf("restore after %d: %w", to, err)
		}
		to += uint64(len(records))
	}
	return from, to, nil
}

func archivedHead(ctx context.Context, db DB) (head uint64, err error) {
	rows, err := db.Query(ctx, selectArchivedHead)
	if err != nil {
		return 0, fmt.Errorf("read the archive: %w", err)
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[uint64])
}

// missing returns archived records after a number, each checked against its hash.
func missing(ctx context.Context, db DB, after uint64) ([]events.Record, error) {
	rows, err := db.Query(ctx, selectMissing, pgx.NamedArgs{"after": after, "limit": events.MaxAppend})
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Row, err error) {
		var on *time.Time
		return r, row.Scan(&r.Seq, &r.Time, &on, &r.Name, &r.Case, &r.Command, &r.Actor, &r.Subject, &r.Header, &r.Data, &r.Hashes)
	})
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	records := make([]events.Record, len(found))
	for i, r := range found {
		if leaf, ok := r.Leaf(); r.Seq != after+uint64(i)+1 || !ok || leaf != r.Hash() {
			return nil, fmt.Errorf("%w: archived record %d is missing or was changed", ErrOther, after+uint64(i)+1)
		}
		header, err := events.ParseHeader(r.Header)
		if err != nil {
			return nil, fmt.Errorf("archived record %d: %w", r.Seq, err)
		}
		records[i] = events.Record{Subject: r.Subject, Header: header, Data: r.Data}
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%w: the archive ends at %d", ErrOther, after)
	}
	return records, nil
}

// Package archive is the second copy of the log in Postgres: every record as
// stored, beside the Merkle tree over all of them.
//
// # Tables
//
// archive.record, one row to a record. Its column hashes is the row of the tree's
// stored hashes that the record completes (package merkle). The columns besides
// subject, header, data and hashes repeat what header and data say, to be searched
// by; [Check] compares them.
//
// # Invariants
//
//  1. Rows are added in the order of the log, without a gap, in the transaction
//     that moves the archive's checkpoint; they are never changed.
//  2. A row gives back the record byte for byte: its leaf is that of the log.
//
// # Failures
//
// Stored hashes that are missing or malformed are [merkle.ErrStored]; a row that
// does not agree with itself is named by its number and columns.
package archive

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"zhucan/events"
	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/projections/pgcopy"
)

// Table is where records are kept, and Columns are its columns in their order.
const (
	Table   = "archive.record"
	Columns = "seq, recorded_at, effective, name, case_id, command, actor, subject, header, data, hashes"
)

// Types are the types of Columns.
var Types = []pgcopy.Type{
	pgcopy.Int8, pgcopy.Timestamp, pgcopy.Date, pgcopy.Text, pgcopy.Text, pgcopy.Text, pgcopy.Text, pgcopy.Text,
	pgcopy.Bytea, pgcopy.Bytea, pgcopy.Bytea,
}

// Append adds the row of a record, which completes these hashes, to b. It returns
// scratch, grown perhaps.
func Append(b *pgcopy.Buffer, r events.Recorded, stored []merkle.Hash, scratch []byte) []byte {
	scratch = r.Header.Append(scratch[:0])
	b.Row().Int8(int64(r.Seq)).Timestamp(r.Meta.Time).Date(r.Event.Effective()).Text(r.Name).Text(r.Event.Case()).
		Text(string(r.Meta.Command)).Text(string(r.Meta.Actor)).Text(r.Subject).Bytea(scratch).Bytea(r.Data)
	scratch = scratch[:0]
	for _, h := range stored {
		scratch = append(scratch, h[:]...)
	}
	b.Bytea(scratch)
	return scratch
}

// A Row is a record as archived.
type Row struct {
	Seq     uint64
	Time    time.Time
	On      time.Time // effective date; zero when there is none
	Name    string
	Case    string
	Command string
	Actor   string
	Subject string
	Header  []byte
	Data    []byte
	Hashes  []byte
}

// Leaf returns the leaf that the row says it has.
func (r Row) Leaf() (leaf merkle.Hash, ok bool) {
	if len(r.Hashes) < tlog.HashSize {
		return leaf, false
	}
	return merkle.Hash(r.Hashes[:tlog.HashSize]), true
}

// Hash computes the leaf from the row's own bytes.
func (r Row) Hash() merkle.Hash {
	return merkle.Leaf{Seq: r.Seq, Subject: r.Subject, Header: r.Header, Data: r.Data}.Hash()
}

// Record decodes the row.
func (r Row) Record() (events.Recorded, error) {
	header, err := events.ParseHeader(r.Header)
	if err != nil {
		return events.Recorded{}, fmt.Errorf("archived record %d: %w", r.Seq, err)
	}
	d, err := events.Decode(events.Record{Seq: r.Seq, Subject: r.Subject, Header: header, Data: r.Data})
	if err != nil {
		return events.Recorded{}, fmt.Errorf("archive: %w", err)
	}
	d.Leaf = r.Hash()
	return d, nil
}

// Check compares the row with a record and the hashes it completes, and names the
// group of columns in which they differ: "" when they agree.
func (r Row) Check(d events.Recorded, header []byte, stored []merkle.Hash) string {
	switch {
	case r.Seq != d.Seq:
		return "seq"
	case !bytes.Equal(r.Data, d.Data):
		return "data"
	case !bytes.Equal(r.Header, header):
		return "header"
	case r.Subject != d.Subject:
		return "subject"
	case len(r.Hashes) != len(stored)*tlog.HashSize:
		return "hashes"
	}
	for i, h := range stored {
		if !bytes.Equal(r.Hashes[i*tlog.HashSize:(i+1)*tlog.HashSize], h[:]) {
			return "hashes"
		}
	}
	switch on := d.Event.Effective(); {
	case r.Name != d.Name:
		return "name"
	case r.Case != d.Event.Case():
		return "case_id"
	case r.Command != string(d.Meta.Command):
		return "command"
	case r.Actor != string(d.Meta.Actor):
		return "actor"
	case !r.Time.Equal(d.Meta.Time):
		return "recorded_at"
	case on.IsZero() != r.On.IsZero(), !on.IsZero() && on != ledger.DateOf(r.On.Date()):
		return "effective"
	}
	return ""
}

// DB is what reading needs; a pool, a connection and a transaction have it.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

const selectHashes = `
select seq - 1, hashes
from archive.record
where seq = any (@seqs)`

// Tree returns a reader of the tree's stored hashes. It keeps what it has read,
// and is meant for one answer.
func Tree(ctx context.Context, db DB) tlog.HashReader {
	seen := make(map[int64][]byte)
	return merkle.RowReader(func(rows []int64) (map[int64][]byte, error) {
		var seqs []int64
		for _, n := range rows {
			if _, ok := seen[n]; !ok {
				seqs = append(seqs, n+1)
			}
		}
		if len(seqs) == 0 {
			return seen, nil
		}
		found, err := db.Query(ctx, selectHashes, pgx.NamedArgs{"seqs": seqs})
		if err != nil {
			return nil, fmt.Errorf("read hashes: %w", err)
		}
		var (
			row    int64
			hashes []byte
		)
		_, err = pgx.ForEachRow(found, []any{&row, &hashes}, func() error {
			seen[row] = hashes
			hashes = nil
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read hashes: %w", err)
		}
		return seen, nil
	})
}

// Queries are the statements of this package, for a test to prepare.
var Queries = map[string]string{
	"selectHashes": selectHashes, "selectArchivedHead": selectArchivedHead, "selectMissing": selectMissing,
}

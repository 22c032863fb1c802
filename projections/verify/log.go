package verify

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events"
	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/ledger/policy"
	"zhucan/projections/archive"
)

const (
	selectNewest = `
select size, root, note
from meta.checkpoint_note
where size >= @seq
order by size desc
limit 1`

	selectCheckpoints = `
select name, seq, root
from meta.read_model
where status in ('archive', 'ready', 'serving')
order by name`

	selectNotes = `
select size, root, note
from meta.checkpoint_note
order by size`

	selectArchived = `
select seq
from meta.read_model
where name = 'archive'`
)

// Queries are the statements of this package, for a test to prepare.
var Queries = map[string]string{
	"selectCheckpoints": selectCheckpoints, "selectNotes": selectNotes, "selectArchived": selectArchived, "selectServed": selectServed,
	"selectNewest": selectNewest,
}

// A stored root is one that the database has, of the tree of some size.
type stored struct {
	name string
	size uint64
	root []byte
	note []byte
}

// A pass is one reading of the log.
type pass struct {
	result Result
	head   uint64
	tree   merkle.Frontier
	roots  map[uint64]*merkle.Hash // wanted, by size
	chart  ledger.Chart
	latest time.Time

	store  events.Documents
	stored int // documents that are as their events say

	contiguous, decodes, times, entries, rows, copies, kept, notes, documents check
}

// Log verifies the log as far as it goes when it is called, beside the archive.
func Log(ctx context.Context, pool *pgxpool.Pool, log events.Log, o Options) (Result, error) {
	return damage(readLog(ctx, pool, log, o))
}

func readLog(ctx context.Context, pool *pgxpool.Pool, log events.Log, o Options) (Result, error) {
	head, err := log.Last(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("read the log's last number: %w", err)
	}
	if err := settle(ctx, pool, head); err != nil {
		return Result{}, err
	}
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Result{}, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	all, notes, err := roots(ctx, tx)
	if err != nil {
		return Result{}, err
	}
	p := &pass{
		head: head, roots: make(map[uint64]*merkle.Hash),
		contiguous: check{name: "log-contiguous"}, decodes: check{name: "log-decodes"}, times: check{name: "time-monotonic"},
		entries: check{name: "entries-balanced"}, copies: check{name: "archive-complete"}, rows: check{name: "archive-rows"},
		kept: check{name: "tree-roots"}, notes: check{name: "signed-checkpoints"}, documents: check{name: "documents"}, store: o.Documents,
	}
	for _, s := range slices.Concat(all, notes) {
		p.roots[s.size] = nil
	}
	var archived uint64
	for _, s := range all {
		if s.name == "archive" {
			archived = s.size
		}
	}
	if err := p.read(ctx, tx, log, archived, o); err != nil {
		return p.result, err
	}
	p.compareRoots(all)
	p.compareNotes(notes, o)
	return p.close(archived, len(notes)), nil
}

// patience is how long a runner at work is given to archive what was recorded just
// before.
const patience = 2 * time.Second

func settle(ctx context.Context, pool *pgxpool.Pool, head uint64) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for {
		var seq uint64
		err := pool.QueryRow(ctx, selectArchived).Scan(&seq)
		switch {
		case errors.Is(err, pgx.ErrNoRows), err == nil && seq >= head, ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("read the archive's checkpoint: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func roots(ctx context.Context, tx pgx.Tx) (kept, notes []stored, err error) {
	rows, err := tx.Query(ctx, selectCheckpoints)
	if err != nil {
		return nil, nil, fmt.Errorf("read checkpoints: %w", err)
	}
	var s stored
	if _, err = pgx.ForEachRow(rows, []any{&s.name, &s.size, &s.root}, func() error {
		s.root = bytes.Clone(s.root)
		kept = append(kept, s)
		return nil
	}); err != nil {
		return nil, nil, fmt.Errorf("read checkpoints: %w", err)
	}
	if rows, err = tx.Query(ctx, selectNotes); err != nil {
		return nil, nil, fmt.Errorf("read notes: %w", err)
	}
	if _, err = pgx.ForEachRow(rows, []any{&s.size, &s.root, &s.note}, func() error {
		s.name, s.root, s.note = fmt.Sprintf("note of %d", s.size), bytes.Clone(s.root), bytes.Clone(s.note)
		notes = append(notes, s)
		return nil
	}); err != nil {
		return nil, nil, fmt.Errorf("read notes: %w", err)
	}
	return kept, notes, nil
}

// read reads log and archive side by side.
func (p *pass) read(ctx context.Context, tx pgx.Tx, log events.Log, archived uint64, o Options) error {
	ctx, stop := context.WithCancel(ctx)
	rows := archive.Stream(ctx, tx)
	next, done := iter.Pull2(rows)
	defer done()
	defer stop() // before done, which waits for the stream to end
	p.want(0)
	var (
		row     archive.Row
		have    bool // row is the next one of the archive
		ended   bool
		header  []byte
		failure error
	)
	pull := func() {
		if have || ended {
			return
		}
		r, err, ok := next()
		switch {
		case !ok:
			ended = true
		case err != nil:
			ended, failure = true, err
		default:
			row, have = r, true
		}
	}
	for batch, err := range events.Batches(ctx, first(log.Read(ctx, 0), p.head), 2000) {
		if err != nil {
			if fatal := p.stopped(err); fatal != nil {
				return fatal
			}
			break
		}
		for _, d := range batch {
			if d.Seq != p.tree.Size()+1 {
				p.contiguous.fail("record %d is missing: %d comes after %d", p.tree.Size()+1, d.Seq, p.tree.Size())
				p.open("the log breaks off")
				return nil
			}
			completed := p.tree.Append(d.Leaf)
			p.want(d.Seq)
			p.record(d)
			if err := p.document(ctx, d); err != nil {
				return err
			}
			header = d.Header.Append(header[:0])
			if pull(); failure != nil {
				return fmt.Errorf("read the archive: %w", failure)
			}
			for have && row.Seq < d.Seq {
				p.rows.fail("archive row %d stands twice or out of order", row.Seq)
				have = false
				pull()
			}
			switch {
			case have && row.Seq == d.Seq:
				p.archived(row, d, header, completed)
				have = false
			case d.Seq <= archived:
				p.rows.fail("archive row %d is missing", d.Seq)
			}
		}
		if o.Progress != nil {
			o.Progress(len(batch))
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// The archive may have grown past the head since that was read; what it has beyond
	// its own checkpoint is not its.
	if pull(); failure != nil {
		return fmt.Errorf("read the archive: %w", failure)
	}
	for ; have; pull() {
		if row.Seq > archived {
			p.rows.fail("archive row %d is beyond the checkpoint at %d", row.Seq, archived)
			break
		}
		have = false
	}
	return nil
}

// first ends src after n records; of none there is nothing to read.
func first(src iter.Seq2[events.Record, error], n uint64) iter.Seq2[events.Record, error] {
	return func(yield func(events.Record, error) bool) {
		if n == 0 {
			return
		}
		var seen uint64
		for r, err := range src {
			if seen++; !yield(r, err) || err != nil || seen >= n {
				return
			}
		}
	}
}

// stopped files an error of reading under the check it belongs to, or returns it.
func (p *pass) stopped(err error) error {
	seq := p.tree.Size() + 1
	switch {
	case errors.Is(err, events.ErrGap):
		p.contiguous.fail("record %d: %v", seq, err)
	case errors.Is(err, events.ErrType), errors.Is(err, events.ErrMalformed):
		p.decodes.fail("record %d: %v", seq, err)
	default:
		return fmt.Errorf("read the log after %d: %w", seq-1, err)
	}
	p.open(fmt.Sprintf("the log could not be read from record %d on", seq))
	return nil
}

// open leaves every check open that has not failed: there are records that were not
// looked at.
func (p *pass) open(why string) {
	for _, c := range []*check{&p.contiguous, &p.decodes, &p.times, &p.entries, &p.copies, &p.rows, &p.kept, &p.notes, &p.documents} {
		c.open = why
	}
}

// want keeps the root at a size if something is to be compared with it.
func (p *pass) want(size uint64) {
	if _, ok := p.roots[size]; ok {
		root := p.tree.Root()
		p.roots[size] = &root
	}
}

// record checks what an event says by itself.
func (p *pass) record(d events.Recorded) {
	if d.Meta.Time.Before(p.latest) {
		p.times.fail("record %d was recorded at %s, before the one in front of it", d.Seq, d.Meta.Time.Format(time.RFC3339Nano))
	} else {
		p.latest = d.Meta.Time
	}
	if e, ok := d.Event.(policy.Published); ok {
		chart, err := ledger.NewChart(e.Pack.Accounts)
		if err != nil {
			p.entries.fail("record %d: policy %s: %v", d.Seq, e.Pack.Version, err)
		} else {
			p.chart, p.result.Policy = chart, e.Pack.Version
		}
	}
	if entry, ok := d.Event.Booked(); ok {
		if err := entry.Check(p.chart); err != nil {
			p.entries.fail("record %d: %v", d.Seq, err)
		}
	}
}

// archived compares a row with its record and says which of the two is not what it
// was.
func (p *pass) archived(row archive.Row, d events.Recorded, header []byte, completed []merkle.Hash) {
	group := row.Check(d, header, completed)
	if group == "" {
		return
	}
	leaf, ok := row.Leaf()
	if ok && leaf != d.Leaf && row.Hash() == leaf {
		p.rows.fail("record %d of the log is not the one archived: its leaf is %s, archived is %s", d.Seq, d.Leaf, leaf)
		return
	}
	p.rows.fail("archive row %d was changed: column %s", d.Seq, group)
}

func (p *pass) compareRoots(all []stored) {
	for _, s := range all {
		root := p.roots[s.size]
		switch {
		case root == nil && s.size > p.head:
			p.kept.fail("%s is at %d, the log ends at %d: record %d is missing", s.name, s.size, p.head, p.head+1)
		case root == nil:
			p.kept.open = fmt.Sprintf("the log could not be read up to %d", s.size)
		case !bytes.Equal(s.root, root[:]):
			p.kept.fail("the root of %s at %d is %x, that of the log %x", s.name, s.size, s.root, root[:])
		}
	}
}

func (p *pass) compareNotes(notes []stored, o Options) {
	for _, s := range notes {
		root := p.roots[s.size]
		switch {
		case root == nil && s.size > p.head:
			p.notes.fail("a checkpoint of %d is signed, the log ends at %d: record %d is missing", s.size, p.head, p.head+1)
			continue
		case root == nil:
			p.notes.open = fmt.Sprintf("the log could not be read up to %d", s.size)
			continue
		case !bytes.Equal(s.root, root[:]):
			p.notes.fail("the root kept with the checkpoint of %d is %x, that of the log %x", s.size, s.root, root[:])
			continue
		case o.Known == nil:
			p.notes.open = "signatures were not checked: no public key was given"
			continue
		}
		c, _, err := merkle.Open(s.note, o.Known)
		switch {
		case err != nil:
			p.notes.fail("checkpoint of %d: %v", s.size, err)
		case c.Size != s.size || c.Root != *root:
			p.notes.fail("the checkpoint of %d is signed for %d and root %s, that of the log is %s", s.size, c.Size, c.Root, *root)
		}
	}
}

func (p *pass) close(archived uint64, notes int) Result {
	r := &p.result
	r.Events, r.Seq = p.tree.Size(), p.tree.Size()
	root := p.tree.Root()
	r.Root = hex.EncodeToString(root[:])
	switch {
	case archived > p.head:
		p.copies.fail("the log ends at %d, the archive has %d: record %d is missing from the log", p.head, archived, p.head+1)
	case archived < p.head && p.copies.open == "":
		p.copies.open = fmt.Sprintf("the archive has %d of %d records", archived, p.head)
	}
	r.add(p.contiguous.result(fmt.Sprintf("records 1 to %d, none missing", r.Seq)))
	r.add(p.decodes.result("every record is of a known type and strictly formed"))
	r.add(p.times.result("no record is dated before the one in front of it"))
	r.add(p.entries.result("debits equal credits in each book, under the chart then in force"))
	r.add(p.copies.result(fmt.Sprintf("the archive has all %d records", p.head)))
	r.add(p.rows.result("every archived row is its record, byte for byte, and has its hashes"))
	r.add(p.kept.result("the roots at all checkpoints are those of the log"))
	r.add(p.notes.result(fmt.Sprintf("%d signed checkpoints agree with the log", notes)))
	r.add(p.documents.result(fmt.Sprintf("all %d documents that events refer to are stored, with their hashes", p.stored)))
	return *r
}

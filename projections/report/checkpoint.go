package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/events/merkle"
	"zhucan/projections/archive"
)

// A Tree is the Merkle tree over the archived log.
type Tree struct {
	Size uint64
	Root merkle.Hash
}

const (
	selectHead = `
select seq, root
from meta.read_model
where name = 'archive'`

	selectNote = `
select note
from meta.checkpoint_note
where size = @size::bigint or @size::bigint = 0
order by size desc
limit 1`

	selectSigned = `
select size, encode(root, 'hex'), signed_at
from meta.checkpoint_note
order by size desc
limit 1`

	insertNote = `
insert into meta.checkpoint_note (size, root, note)
values (@size, @root, @note)`
)

// Head returns the tree as far as the log is archived. A tree whose stored hashes
// do not have the root of its checkpoint is [merkle.ErrStored]: it must not be
// signed.
func Head(ctx context.Context, db DB) (t Tree, err error) {
	err = pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var root []byte
		switch err := tx.QueryRow(ctx, selectHead).Scan(&t.Size, &root); {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotServed
		case err != nil:
			return err
		}
		tree, err := merkle.FrontierAt(t.Size, archive.Tree(ctx, tx))
		if err != nil {
			return err
		}
		if t.Root = tree.Root(); string(t.Root[:]) != string(root) {
			return fmt.Errorf("%w: root %x at the checkpoint of %d, %s in the tree", merkle.ErrStored, root, t.Size, t.Root)
		}
		return nil
	})
	if err != nil {
		return Tree{}, fmt.Errorf("head of the archived log: %w", err)
	}
	return t, nil
}

// Checkpoint returns the signed note of the tree of a size, or of the largest one
// that was signed when size is 0; nil when there is none.
func Checkpoint(ctx context.Context, db DB, size uint64) ([]byte, error) {
	var note []byte
	err := db.QueryRow(ctx, selectNote, pgx.NamedArgs{"size": size}).Scan(&note)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint of %d: %w", size, err)
	}
	return note, nil
}

// A Signed is what a checkpoint says, and when it was signed.
type Signed struct {
	Size     uint64
	Root     string // in hexadecimal
	SignedAt time.Time
}

// LastSigned returns the largest checkpoint that was signed, nil when there is
// none.
func LastSigned(ctx context.Context, db DB) (*Signed, error) {
	var s Signed
	err := db.QueryRow(ctx, selectSigned).Scan(&s.Size, &s.Root, &s.SignedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("last checkpoint: %w", err)
	}
	return &s, nil
}

// KeepCheckpoint keeps a signed note: the one thing of this package that writes. A
// size is signed once; a second note of it is an error.
func KeepCheckpoint(ctx context.Context, db DB, t Tree, note []byte) error {
	args := pgx.NamedArgs{"size": t.Size, "root": t.Root[:], "note": string(note)}
	if _, err := db.Exec(ctx, insertNote, args); err != nil {
		return fmt.Errorf("keep the checkpoint of %d: %w", t.Size, err)
	}
	return nil
}

// Consistency proves that the archived log of newSize begins with that of oldSize.
func Consistency(ctx context.Context, db DB, oldSize, newSize uint64) (merkle.ConsistencyProof, error) {
	return merkle.Consistency(oldSize, newSize, archive.Tree(ctx, db))
}

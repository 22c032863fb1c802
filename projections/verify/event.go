package verify

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events"
	"zhucan/events/merkle"
	"zhucan/projections"
	"zhucan/projections/archive"
)

// All verifies the log and then the read model; the checks of both are in the
// result.
func All(ctx context.Context, pool *pgxpool.Pool, log events.Log, r *projections.Runner, o Options) (Result, error) {
	result, err := Log(ctx, pool, log, o)
	if err != nil {
		return result, err
	}
	o.Progress = nil // a second reading of the same records
	model, err := ReadModel(ctx, pool, r, o)
	if err != nil {
		return result, err
	}
	for _, c := range model.Checks {
		result.add(c)
	}
	result.Differences = model.Differences
	return result, nil
}

// Event proves that one record of the log stands under the newest signed checkpoint
// that covers it. Without one, or without a key, the answer is INCOMPLETE.
func Event(ctx context.Context, pool *pgxpool.Pool, log events.Log, seq uint64, o Options) (Result, error) {
	result := Result{Seq: seq}
	record := check{name: "record"}
	proof := check{name: "inclusion"}
	leaf, err := leafOf(ctx, log, seq)
	switch {
	case errors.Is(err, events.ErrGap), errors.Is(err, events.ErrType), errors.Is(err, events.ErrMalformed):
		record.fail("record %d: %v", seq, err)
		proof.open = "there is no record to be proved"
		result.add(record.result(""))
		result.add(proof.result(""))
		return result, nil
	case err != nil:
		return result, fmt.Errorf("read record %d: %w", seq, err)
	}
	result.Events = 1
	result.add(record.result(fmt.Sprintf("record %d is in the log, of a known type and strictly formed; leaf %s", seq, hex.EncodeToString(leaf[:]))))

	var s stored
	switch err := pool.QueryRow(ctx, selectNewest, pgx.NamedArgs{"seq": seq}).Scan(&s.size, &s.root, &s.note); {
	case errors.Is(err, pgx.ErrNoRows):
		proof.open = "no signed checkpoint covers the record yet"
		result.add(proof.result(""))
		return result, nil
	case err != nil:
		return result, fmt.Errorf("read the newest checkpoint: %w", err)
	}
	result.Root = hex.EncodeToString(s.root)
	head := merkle.Checkpoint{Size: s.size, Root: merkle.Hash(s.root)}
	if o.Known == nil {
		proof.open = "the signature was not checked: no public key was given"
	} else {
		signed, _, err := merkle.Open(s.note, o.Known)
		switch {
		case err != nil:
			proof.fail("checkpoint of %d: %v", s.size, err)
		case signed.Size != s.size || !bytes.Equal(signed.Root[:], s.root):
			proof.fail("the checkpoint of %d is signed for %d and root %s", s.size, signed.Size, signed.Root)
		default:
			head = signed
		}
	}
	if proof.count == 0 {
		p, err := merkle.Inclusion(head.Size, seq-1, archive.Tree(ctx, pool))
		switch {
		case errors.Is(err, merkle.ErrStored):
			proof.fail("the archived tree is damaged: %v", err)
		case err != nil:
			return result, fmt.Errorf("prove record %d: %w", seq, err)
		default:
			if err := merkle.CheckInclusion(head, seq, leaf, p); err != nil {
				proof.fail("record %d: %v", seq, err)
			}
		}
	}
	result.add(proof.result(fmt.Sprintf("the record is under the signed checkpoint of %d", s.size)))
	return result, nil
}

// leafOf reads one record of the log.
func leafOf(ctx context.Context, log events.Log, seq uint64) (leaf merkle.Hash, err error) {
	for r, err := range log.Read(ctx, seq-1) {
		if err != nil {
			return leaf, err
		}
		if r.Seq != seq {
			break
		}
		if _, err := events.Decode(r); err != nil {
			return leaf, err
		}
		leaf, _ = r.Leaf(nil)
		return leaf, nil
	}
	return leaf, fmt.Errorf("%w: %d", events.ErrGap, seq)
}

package report

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/policy"
)

const (
	selectDocument = `
select seq, kind, hash, media, size, object, coalesce(sealed, '') as sealed, stored
from read.document
where claim = @claim and kind = @kind and (@hash = '' or hash = @hash)
order by seq desc
limit 1`

	selectClaimant = `
select c.party, p.kind, jsonb_array_length(coalesce(convert_from(r.data, 'UTF8')::jsonb -> 'persons', '[]')) as persons
from read.claim c
join read.party p on p.party = c.party
join archive.record r on r.seq = c.seq
where c.claim = @claim`
)

// A KeptDocument is a document of a claim, and the record that says so.
type KeptDocument struct {
	claim.Document
	Seq uint64
}

// DocumentOf returns the document of a kind that was attached to a claim last, or
// the one with a hash if one is given.
func DocumentOf(ctx context.Context, db DB, id ledger.ClaimID, kind, hash string) (d KeptDocument, err error) {
	err = db.QueryRow(ctx, selectDocument, pgx.NamedArgs{"claim": string(id), "kind": kind, "hash": hash}).
		Scan(&d.Seq, &d.Kind, &d.Hash, &d.Media, &d.Size, &d.Object, &d.Sealed, &d.Stored)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return KeptDocument{}, ErrNothing.Of("no document %s of claim %s is kept", kind, id)
	case err != nil:
		return KeptDocument{}, fmt.Errorf("look for %s of claim %s: %w", kind, id, err)
	}
	return d, nil
}

// ClaimantOf returns whose claim it is, and whether its documents are personal.
func ClaimantOf(ctx context.Context, db DB, id ledger.ClaimID) (party ledger.PartyID, personal bool, err error) {
	var kind policy.Kind
	var persons int
	err = db.QueryRow(ctx, selectClaimant, pgx.NamedArgs{"claim": string(id)}).Scan(&party, &kind, &persons)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", false, claim.ErrUnknown.Of("%s", id)
	case err != nil:
		return "", false, fmt.Errorf("look for claim %s: %w", id, err)
	}
	return party, claim.Case{Persons: make([]ledger.PartyID, persons)}.Personal(kind), nil
}

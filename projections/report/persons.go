package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
)

const (
	selectPersons = `
select party
from read.party
where kind = 'person' and not erased`

	selectErased = `
select case_id, seq
from archive.record
where name = 'party.erased.v1'`
)

// Persons returns every person who is not erased: those the vault must have a key
// for.
func Persons(ctx context.Context, db DB) ([]ledger.PartyID, error) {
	rows, err := db.Query(ctx, selectPersons)
	if err != nil {
		return nil, fmt.Errorf("list persons: %w", err)
	}
	persons, err := pgx.CollectRows(rows, pgx.RowTo[ledger.PartyID])
	if err != nil {
		return nil, fmt.Errorf("list persons: %w", err)
	}
	return persons, nil
}

// Erased returns the parties whose erasure is on record, and where.
func Erased(ctx context.Context, db DB) (map[ledger.PartyID]uint64, error) {
	rows, err := db.Query(ctx, selectErased)
	if err != nil {
		return nil, fmt.Errorf("list erasures: %w", err)
	}
	erased := make(map[ledger.PartyID]uint64)
	var id ledger.PartyID
	var seq uint64
	if _, err := pgx.ForEachRow(rows, []any{&id, &seq}, func() error {
		erased[id] = seq
		return nil
	}); err != nil {
		return nil, fmt.Errorf("list erasures: %w", err)
	}
	return erased, nil
}

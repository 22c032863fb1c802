package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

const (
	selectPersons = `
select party
from read.party
where kind = 'person' and not erased`

	selectEveryParty = `
select party
from read.party`

	selectErased = `
select case_id, seq
from archive.record
where name = 'party.erased.v1'`

	selectRegistered = `
select party, kind, case when kind = 'person' then '' else name end, coalesce(convert_from(data, 'UTF8')::jsonb ->> 'sealed', '')
from unnest(@parties::text[]) asked (party)
join (select party, kind, name, seq from read.party) party using (party)
join (select seq, data from archive.record) record using (seq)`
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

// EveryParty returns every party that was ever registered.
func EveryParty(ctx context.Context, db DB) ([]ledger.PartyID, error) {
	rows, err := db.Query(ctx, selectEveryParty)
	if err != nil {
		return nil, fmt.Errorf("list parties: %w", err)
	}
	parties, err := pgx.CollectRows(rows, pgx.RowTo[ledger.PartyID])
	if err != nil {
		return nil, fmt.Errorf("list parties: %w", err)
	}
	return parties, nil
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

// Registered is what a party was registered as: an organisation by name, a person
// sealed.
type Registered struct {
	Kind   policy.Kind
	Name   string
	Sealed ledger.Sealed
}

// RegisteredAs returns those of parties that are registered. One question answers for
// a thousand.
func RegisteredAs(ctx context.Context, db DB, parties []ledger.PartyID) (map[ledger.PartyID]Registered, error) {
	all := make(map[ledger.PartyID]Registered, len(parties))
	if len(parties) == 0 {
		return all, nil
	}
	asked := make([]string, len(parties))
	for i, id := range parties {
		asked[i] = string(id)
	}
	rows, err := db.Query(ctx, selectRegistered, pgx.NamedArgs{"parties": asked})
	if err != nil {
		return nil, fmt.Errorf("look up parties: %w", err)
	}
	var id ledger.PartyID
	var r Registered
	if _, err := pgx.ForEachRow(rows, []any{&id, &r.Kind, &r.Name, &r.Sealed}, func() error {
		all[id] = r
		return nil
	}); err != nil {
		return nil, fmt.Errorf("look up parties: %w", err)
	}
	return all, nil
}

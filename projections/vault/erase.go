package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
)

const (
	lockMaster = `
select
from vault.master
for share`

	insertDestroyed = `
insert into vault.destroyed (party, seq)
select party, seq
from unnest(@parties::text[], @seqs::bigint[]) erased (party, seq)
on conflict (party) do nothing`

	selectSurviving = `
select party
from vault.key
where party = any(@parties::text[])
order by party`

	selectReserved = `
select party
from vault.key
where created_at < @before
	and not exists (
		select
		from unnest(@registered::text[]) book (party)
		where book.party = key.party
	)
order by party`

	deleteReserved = `
delete from vault.key
where party = any(@parties::text[]) and created_at < @before`

	deleteKeys = `
delete from vault.key
where party = any(@parties::text[])` // identity and display go with it
)

// Erase destroys the key of party, by what the person was found again, and the
// display name (个人信息保护法 art. 47), once the event that says so is on record as
// seq. Repeating it changes nothing. The person may be registered anew, as another
// party.
func (v *Vault) Erase(ctx context.Context, id ledger.PartyID, seq uint64) error {
	_, err := v.Reconcile(ctx, map[ledger.PartyID]uint64{id: seq})
	return err
}

// Reconcile is Erase for every party that the book has erased, each with the number
// of the event. It is done at every start, and returns how many keys there still
// were: those whose erasure a crash had interrupted, or a backup brought back.
func (v *Vault) Reconcile(ctx context.Context, erased map[ledger.PartyID]uint64) (finished int, err error) {
	parties, seqs := make([]string, 0, len(erased)), make([]uint64, 0, len(erased))
	for id, seq := range erased {
		parties, seqs = append(parties, string(id)), append(seqs, seq)
	}
	args := pgx.NamedArgs{"parties": parties, "seqs": seqs}
	err = pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockMaster); err != nil { // holds off rotation
			return err
		}
		if _, err := tx.Exec(ctx, insertDestroyed, args); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, deleteKeys, args)
		finished = int(tag.RowsAffected())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("destroy keys of %d erased: %w", len(erased), err)
	}
	return finished, nil
}

// Surviving returns those of erased that there still is a key of: what
// [Vault.Reconcile] would destroy.
func (v *Vault) Surviving(ctx context.Context, erased []ledger.PartyID) ([]ledger.PartyID, error) {
	rows, err := v.pool.Query(ctx, selectSurviving, pgx.NamedArgs{"parties": list(erased)})
	if err != nil {
		return nil, fmt.Errorf("look for keys of the erased: %w", err)
	}
	surviving, err := pgx.CollectRows(rows, pgx.RowTo[ledger.PartyID])
	if err != nil {
		return nil, fmt.Errorf("look for keys of the erased: %w", err)
	}
	return surviving, nil
}

// Reserved returns the parties that were reserved before a moment and are none of
// registered, which are all that the book has: those of rows that were refused and never
// came again.
func (v *Vault) Reserved(ctx context.Context, registered []ledger.PartyID, before time.Time) ([]ledger.PartyID, error) {
	rows, err := v.pool.Query(ctx, selectReserved, pgx.NamedArgs{"registered": list(registered), "before": before})
	if err != nil {
		return nil, fmt.Errorf("look for reservations: %w", err)
	}
	reserved, err := pgx.CollectRows(rows, pgx.RowTo[ledger.PartyID])
	if err != nil {
		return nil, fmt.Errorf("look for reservations: %w", err)
	}
	return reserved, nil
}

// Release gives back what [Vault.Reserved] found, so that nothing is kept of a person
// whom the book does not know (个人信息保护法 art. 47). Nobody may be registering
// meanwhile: Identify finds a reservation however old, and the key would be gone when
// its event is recorded.
func (v *Vault) Release(ctx context.Context, reserved []ledger.PartyID, before time.Time) error {
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockMaster); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteReserved, pgx.NamedArgs{"parties": list(reserved), "before": before})
		return err
	})
	if err != nil {
		return fmt.Errorf("release %d reservations: %w", len(reserved), err)
	}
	return nil
}

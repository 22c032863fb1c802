package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/events/seal"
	"zhucan/ledger"
)

// page is how many keys are moved to another master key by one statement.
const page = 10_000

const (
	selectPage = `
select party, wrapped, kind, sealed
from vault.key
join vault.identity using (party)
where party > @after
order by party
limit @page`

	updateKeys = `
update vault.key
set wrapped = moved.wrapped, master_id = @master
from unnest(@parties::text[], @wrapped::bytea[]) moved (party, wrapped)
where key.party = moved.party`

	updateIdentities = `
update vault.identity
set hash = moved.hash
from unnest(@parties::text[], @hashes::bytea[]) moved (party, hash)
where identity.party = moved.party`

	countBehind = `
select count(*)
from vault.key
where master_id <> @master`

	lockMasterAlone = `
select id
from vault.master
for update`

	updateMaster = `
update vault.master
set id = @master`
)

// Rotate moves the whole vault to the next master key, in one transaction: every
// key is wrapped and every identity hashed anew. What is sealed in events stays as
// it is. Make sure that the file of next is on disk and copied first. Afterwards v
// answers [ErrMaster], as does every program that still has the old key; open a new
// Vault with next. Rotating again to the same key changes nothing.
func (v *Vault) Rotate(ctx context.Context, next *seal.Master) error {
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		var id string
		err := tx.QueryRow(ctx, lockMasterAlone).Scan(&id)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("%w: it does not say its master key", ErrIncomplete)
		case err != nil:
			return err
		case id == next.ID():
			return nil
		case id != v.master.ID():
			return fmt.Errorf("%w: it is under %s, given is %s", ErrMaster, id, v.master.ID())
		}
		after, more := ledger.PartyID(""), true
		for more {
			if after, more, err = v.move(ctx, tx, after, next); err != nil {
				return err
			}
		}
		var behind int
		if err := tx.QueryRow(ctx, countBehind, pgx.NamedArgs{"master": next.ID()}).Scan(&behind); err != nil {
			return err
		}
		if behind > 0 {
			return fmt.Errorf("%w: %d keys have no identity", ErrIncomplete, behind)
		}
		_, err = tx.Exec(ctx, updateMaster, pgx.NamedArgs{"master": next.ID()})
		return err
	})
	if err != nil {
		return fmt.Errorf("rotate the master key: %w", err)
	}
	return nil
}

// move moves the first keys after a party, and returns the last one moved.
func (v *Vault) move(ctx context.Context, tx pgx.Tx, after ledger.PartyID, next *seal.Master) (last ledger.PartyID, more bool, err error) {
	rows, err := tx.Query(ctx, selectPage, pgx.NamedArgs{"after": string(after), "page": page})
	if err != nil {
		return "", false, err
	}
	var (
		parties         []string
		wrapped, hashes [][]byte

		id     ledger.PartyID
		old    []byte
		kind   seal.Kind
		sealed ledger.Sealed
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &old, &kind, &sealed}, func() error {
		k, err := v.unwrap(id, old)
		if err != nil {
			return err
		}
		number, err := seal.Open(k, id, identityField(kind), sealed)
		if err != nil {
			return err
		}
		moved, err := next.Wrap(id, k)
		parties, wrapped, hashes = append(parties, string(id)), append(wrapped, moved), append(hashes, next.Index(kind, number))
		return err
	})
	if err != nil || len(parties) == 0 {
		return "", false, err
	}
	if _, err := tx.Exec(ctx, updateKeys, pgx.NamedArgs{"parties": parties, "wrapped": wrapped, "master": next.ID()}); err != nil {
		return "", false, err
	}
	_, err = tx.Exec(ctx, updateIdentities, pgx.NamedArgs{"parties": parties, "hashes": hashes})
	return id, len(parties) == page, err
}

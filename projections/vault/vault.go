package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/party"
)

// What keeps the vault from being used.
var (
	ErrIncomplete = errors.New("keys are missing from the vault: restore it from a backup（密钥库不完整，请从备份恢复）")
	ErrMaster     = errors.New("the vault is kept under another master key（主密钥与密钥库不符）")
)

// A Vault is the keys of one book. It is safe for concurrent use.
type Vault struct {
	pool     *pgxpool.Pool
	master   *seal.Master
	complete atomic.Bool // the last Check found it so
}

// New returns the vault in the database of pool. It registers nobody before
// [Vault.Check].
func New(pool *pgxpool.Pool, master *seal.Master) *Vault {
	return &Vault{pool: pool, master: master}
}

const (
	selectMaster = `
select id
from vault.master
for share`

	insertMaster = `
insert into vault.master (id)
select @id
where not exists (select from vault.key)
on conflict do nothing`
)

// enter refuses a vault that is kept under another master key, and holds off
// rotation until tx ends. An empty vault takes the master key it is given.
func (v *Vault) enter(ctx context.Context, tx pgx.Tx) error {
	var id string
	err := tx.QueryRow(ctx, selectMaster).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err := tx.Exec(ctx, insertMaster, pgx.NamedArgs{"id": v.master.ID()}); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, selectMaster).Scan(&id)
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%w: it does not say its master key", ErrIncomplete)
	case err != nil:
		return err
	case id != v.master.ID():
		return fmt.Errorf("%w: it is under %s, given is %s", ErrMaster, id, v.master.ID())
	}
	return nil
}

const selectMissing = `
select count(*), coalesce(min(asked.party), '')
from unnest(@parties::text[]) asked (party)
where not exists (
	select
	from vault.key
	join vault.identity using (party)
	where party = asked.party
)`

// Check compares the vault with the book: each of parties, which are all that must
// have a key, has one and can be found again. Until this has succeeded, and after
// it has failed with [ErrIncomplete] or [ErrMaster], nobody is registered.
func (v *Vault) Check(ctx context.Context, parties []ledger.PartyID) error {
	v.complete.Store(false)
	err := pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if err := v.enter(ctx, tx); err != nil {
			return err
		}
		var missing int
		var first ledger.PartyID
		if err := tx.QueryRow(ctx, selectMissing, pgx.NamedArgs{"parties": list(parties)}).Scan(&missing, &first); err != nil {
			return err
		}
		if missing > 0 {
			return fmt.Errorf("%w: %d of %d, among them %s", ErrIncomplete, missing, len(parties), first)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("check the vault: %w", err)
	}
	v.complete.Store(true)
	return nil
}

const countKeys = `
select count(*)
from vault.key`

// Count returns the number of keys there are. It may exceed the number of parties
// in the book by those reserved and never registered, so that it is a figure to
// show; [Vault.Check] is exact.
func (v *Vault) Count(ctx context.Context) (n int, err error) {
	if err := v.pool.QueryRow(ctx, countKeys).Scan(&n); err != nil {
		return 0, fmt.Errorf("count keys: %w", err)
	}
	return n, nil
}

const selectKeys = `
select asked.party, wrapped, destroyed.party is not null
from unnest(@parties::text[]) asked (party)
left join vault.key using (party)
left join vault.destroyed using (party)`

// Open returns the keys of parties. An erased party is not among them. A party that
// has lost its key, or never had one, is [ErrIncomplete]; the keys there are come
// with it.
func (v *Vault) Open(ctx context.Context, parties ...ledger.PartyID) (map[ledger.PartyID]*seal.Key, error) {
	asked := list(parties)
	slices.Sort(asked)
	asked = slices.Compact(asked)

	keys := make(map[ledger.PartyID]*seal.Key, len(asked))
	var (
		missing   error
		id        ledger.PartyID
		wrapped   []byte
		destroyed bool
	)
	rows, err := v.pool.Query(ctx, selectKeys, pgx.NamedArgs{"parties": asked})
	if err == nil {
		_, err = pgx.ForEachRow(rows, []any{&id, &wrapped, &destroyed}, func() (err error) {
			switch {
			case destroyed:
			case wrapped == nil:
				missing = fmt.Errorf("open keys: %w: %s has none", ErrIncomplete, id)
			default:
				keys[id], err = v.unwrap(id, wrapped)
			}
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return keys, missing
}

// unwrap is [seal.Master.Unwrap] that calls the wrong master key by this
// package's name.
func (v *Vault) unwrap(id ledger.PartyID, wrapped []byte) (*seal.Key, error) {
	k, err := v.master.Unwrap(id, wrapped)
	if errors.Is(err, seal.ErrMaster) {
		return nil, fmt.Errorf("%w: %w", ErrMaster, err)
	}
	return k, err
}

type (
	// Sealed is what is asked to be seen of one party.
	Sealed struct {
		Accounts map[ledger.AccountRef]ledger.Sealed
		Person   ledger.Sealed // empty for an organisation
	}

	// Clear is the same in the clear.
	Clear struct {
		Accounts map[ledger.AccountRef]string
		Person   seal.Person
	}
)

// Format writes nothing of the content, whatever the verb, so that no error shows
// it by accident.
func (Clear) Format(f fmt.State, _ rune) { io.WriteString(f, "vault.Clear(…)") }

// LogValue is what Format writes, for a log in JSON too.
func (c Clear) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// Reveal opens what is sealed of party. The caller has made sure that the user may
// see it and records who saw whom (个人信息保护法 arts. 28, 51). It refuses an erased
// party with [party.ErrErased].
func (v *Vault) Reveal(ctx context.Context, id ledger.PartyID, s Sealed) (Clear, error) {
	keys, err := v.Open(ctx, id)
	if err != nil {
		return Clear{}, err
	}
	k, ok := keys[id]
	if !ok {
		return Clear{}, party.ErrErased.Of("%s", id)
	}
	var c Clear
	if s.Person != "" {
		if c.Person, err = seal.OpenPerson(k, id, s.Person); err != nil {
			return Clear{}, err
		}
	}
	c.Accounts = make(map[ledger.AccountRef]string, len(s.Accounts))
	for ref, account := range s.Accounts {
		if c.Accounts[ref], err = seal.OpenAccount(k, id, ref, account); err != nil {
			return Clear{}, err
		}
	}
	return c, nil
}

// An Account is one bank account of a party, sealed.
type Account struct {
	Party  ledger.PartyID
	Ref    ledger.AccountRef
	Sealed ledger.Sealed
}

// LastFour returns of each account what an ordinary user sees, ****9992, and ""
// for that of an erased party.
func (v *Vault) LastFour(ctx context.Context, accounts ...Account) ([]string, error) {
	parties := make([]ledger.PartyID, len(accounts))
	for i, a := range accounts {
		parties[i] = a.Party
	}
	keys, err := v.Open(ctx, parties...)
	if err != nil {
		return nil, err
	}
	masked := make([]string, len(accounts))
	for i, a := range accounts {
		k, ok := keys[a.Party]
		if !ok {
			continue
		}
		number, err := seal.OpenAccount(k, a.Party, a.Ref, a.Sealed)
		if err != nil {
			return nil, err
		}
		masked[i] = seal.MaskAccount(number)
	}
	return masked, nil
}

// list returns parties as Postgres takes them; never nil, which would be NULL.
func list(parties []ledger.PartyID) []string {
	texts := make([]string, len(parties))
	for i, p := range parties {
		texts[i] = string(p)
	}
	return texts
}

// violates tells whether err is a row that is there already.
func violates(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505" // unique_violation
}

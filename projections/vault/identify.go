package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/party"
)

// What a caller of Identify did wrong. The particulars name the place in the list.
var (
	ErrIdentity = errors.New("an identity number is not in its normal form, or a name is missing（身份号码格式不规范或缺少姓名）")
	ErrTaken    = errors.New("the party proposed is another one's already（拟用编号已属他人）")
)

// An Identity is one to be found or reserved.
type Identity struct {
	Kind   seal.Kind
	Name   string         // of a person, whose masked form is kept for lists
	Number string         // in its normal form, as its Parse function in package ledger returns it
	Party  ledger.PartyID // proposed: reserved if the number is not known; a fresh one for each try
}

// Format writes the kind and the party, whatever the verb.
func (i Identity) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "vault.Identity(%s %s)", i.Kind, i.Party)
}

// LogValue is what Format writes, for a log in JSON too.
func (i Identity) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(i)) }

// A Known is the party of an identity, with the key to seal for it.
type Known struct {
	Key   *seal.Key
	New   bool // reserved by this call; a party reserved earlier need not be registered either
	Party ledger.PartyID
}

// entry is an identity on its way into the tables, all instances of it in a call.
type entry struct {
	Identity
	hash   []byte
	places []int
	known  Known
}

// Identify returns the party of each of who, in order: the one the number is known
// by, or else the one proposed, reserved with a key, an index entry and a display
// name that are on disk when it returns. Whether a party is registered is for the
// book to say; Identify then may be repeated at will and finds the same. Concurrent
// callers get one party per number. All of who or none are reserved.
//
// It takes a hundred thousand in a few seconds; more are better asked in parts.
func (v *Vault) Identify(ctx context.Context, who []Identity) ([]Known, error) {
	if !v.complete.Load() {
		return nil, fmt.Errorf("identify: %w: it has not been checked against the book", ErrIncomplete)
	}
	var entries []*entry
	for try := 1; ; try++ {
		var err error
		if entries, err = v.index(who); err == nil {
			err = v.identify(ctx, entries)
		}
		pg, ok := errors.AsType[*pgconn.PgError](err)
		if err == nil {
			break
		}
		if !ok || pg.Code != deadlock || try == tries {
			return nil, fmt.Errorf("identify: %w", err)
		}
	}
	known := make([]Known, len(who))
	for _, e := range entries {
		for _, i := range e.places {
			known[i] = e.known
		}
	}
	return known, nil
}

// Of two who wait for each other Postgres ends one, which may begin anew: in a later round it
// inserted behind what it had inserted before.
const (
	deadlock = "40P01"
	tries    = 3
)

// identify is one try of Identify: it fills in the entries, in one transaction.
func (v *Vault) identify(ctx context.Context, entries []*entry) error {
	return pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if err := v.enter(ctx, tx); err != nil {
			return err
		}
		// Who loses a race for a number finds the winner in the next round; a third is
		// for one erased in between.
		rest, err := entries, error(nil)
		for range 3 {
			if rest, err = v.find(ctx, tx, rest); err != nil {
				return err
			}
			if rest, err = v.reserve(ctx, tx, rest); err != nil {
				return err
			}
			if len(rest) == 0 {
				return nil
			}
		}
		return fmt.Errorf("%w: %d numbers are known of parties without a key", ErrIncomplete, len(rest))
	})
}

var personNumber = regexp.MustCompile(`^\d{17}[\dX]$`) // GB 11643-1999

// normal tells whether a number is in the form in which it is hashed; two forms of
// one number would make two parties of one person.
func (i Identity) normal() bool {
	switch i.Kind {
	case seal.OfPerson:
		return personNumber.MatchString(i.Number) && mask(i.Name) != ""
	case seal.OfOrganisation:
		code, err := ledger.ParseCreditCode(i.Number)
		return err == nil && string(code) == i.Number
	case seal.OfName:
		return i.Number != "" && strings.TrimSpace(i.Number) == i.Number && printable(i.Number)
	}
	return false
}

// mask returns the masked form of a name, or "" when it is none.
func mask(name string) string {
	if !printable(name) {
		return ""
	}
	return ledger.MaskName(name)
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// index hashes who and brings instances of one number together, in the order of
// the primary key: who inserts in one order does not wait in a circle.
func (v *Vault) index(who []Identity) ([]*entry, error) {
	all := make([]*entry, len(who))
	for i, w := range who {
		if !w.normal() {
			return nil, fmt.Errorf("%w: number %d of %d", ErrIdentity, i+1, len(who))
		}
		if err := ledger.CheckID(w.Party); err != nil {
			return nil, err
		}
		all[i] = &entry{Identity: w, hash: v.master.Index(w.Kind, w.Number), places: []int{i}}
	}
	slices.SortStableFunc(all, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.hash, b.hash))
	})
	var entries []*entry
	for _, e := range all {
		if n := len(entries); n > 0 && entries[n-1].Kind == e.Kind && bytes.Equal(entries[n-1].hash, e.hash) {
			entries[n-1].places = append(entries[n-1].places, e.places...)
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

const selectIdentities = `
select ord - 1, party, wrapped
from unnest(@kinds::text[], @hashes::bytea[]) with ordinality asked (kind, hash, ord)
join vault.identity using (kind, hash)
join vault.key using (party)`

// find fills in those of entries that are known and returns the others.
func (v *Vault) find(ctx context.Context, tx pgx.Tx, entries []*entry) (rest []*entry, err error) {
	kinds, hashes := columns(entries)
	rows, err := tx.Query(ctx, selectIdentities, pgx.NamedArgs{"kinds": kinds, "hashes": hashes})
	if err != nil {
		return nil, err
	}
	var (
		place   int
		id      ledger.PartyID
		wrapped []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&place, &id, &wrapped}, func() error {
		k, err := v.unwrap(id, wrapped)
		entries[place].known = Known{Key: k, Party: id}
		return err
	})
	if err != nil {
		return nil, err
	}
	return unknown(entries), nil
}

const (
	insertIdentities = `
with asked as (
	select *
	from unnest(@kinds::text[], @hashes::bytea[], @parties::text[], @sealed::text[])
		with ordinality asked (kind, hash, party, sealed, ord)
), won as (
	insert into vault.identity (kind, hash, party, sealed)
	select kind, hash, party, sealed
	from asked
	order by ord
	on conflict (kind, hash) do nothing
	returning kind, hash
)
select ord - 1
from asked
join won using (kind, hash)`

	insertKeys = `
insert into vault.key (party, wrapped, master_id)
select party, wrapped, @master
from unnest(@parties::text[], @wrapped::bytea[]) asked (party, wrapped)
where not exists (
	select
	from vault.destroyed
	where party = asked.party
)`

	insertDisplay = `
insert into vault.display (party, masked)
select party, masked
from unnest(@parties::text[], @masked::text[]) asked (party, masked)
where masked <> ''`
)

// reserve makes keys for entries and returns those that somebody else was faster
// with.
func (v *Vault) reserve(ctx context.Context, tx pgx.Tx, entries []*entry) (rest []*entry, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	kinds, hashes := columns(entries)
	parties, sealed := make([]string, len(entries)), make([]string, len(entries))
	keys := make([]*seal.Key, len(entries))
	for i, e := range entries {
		keys[i] = seal.NewKey()
		number, err := seal.Seal(keys[i], e.Party, identityField(e.Kind), e.Number)
		if err != nil {
			return nil, err
		}
		parties[i], sealed[i] = string(e.Party), string(number)
	}
	rows, err := tx.Query(ctx, insertIdentities, pgx.NamedArgs{"kinds": kinds, "hashes": hashes, "parties": parties, "sealed": sealed})
	if err != nil {
		return nil, err
	}
	won, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return nil, err
	}

	parties = parties[:0]
	var wrapped [][]byte
	var masked []string
	for _, i := range won {
		e := entries[i]
		w, err := v.master.Wrap(e.Party, keys[i])
		if err != nil {
			return nil, err
		}
		name := ""
		if e.Kind == seal.OfPerson {
			name = mask(e.Name)
		}
		parties, wrapped, masked = append(parties, string(e.Party)), append(wrapped, w), append(masked, name)
		e.known = Known{Key: keys[i], New: true, Party: e.Party}
	}
	tag, err := tx.Exec(ctx, insertKeys, pgx.NamedArgs{"parties": parties, "wrapped": wrapped, "master": v.master.ID()})
	switch {
	case violates(err):
		return nil, fmt.Errorf("%w: %w", ErrTaken, err)
	case err != nil:
		return nil, err
	case tag.RowsAffected() != int64(len(parties)):
		return nil, party.ErrErased.Of("a party proposed for a new person")
	}
	if _, err := tx.Exec(ctx, insertDisplay, pgx.NamedArgs{"parties": parties, "masked": masked}); err != nil {
		return nil, err
	}
	return unknown(entries), nil
}

const upsertDisplay = `
insert into vault.display (party, masked)
select party, masked
from unnest(@parties::text[], @masked::text[]) asked (party, masked)
join vault.key using (party)
order by party
for key share of key -- waits for who erases
on conflict (party) do update
set masked = excluded.masked`

// Display keeps the masked form of the names that persons are registered by. It is
// for a party that was reserved earlier, under a name corrected since, and never
// registered: Identify leaves the display of a known party alone. Who has no key is
// passed over.
func (v *Vault) Display(ctx context.Context, names map[ledger.PartyID]string) error {
	parties, masked := make([]string, 0, len(names)), make([]string, 0, len(names))
	for id, name := range names {
		m := mask(name)
		if m == "" {
			return fmt.Errorf("display %s: %w", id, ErrIdentity)
		}
		parties, masked = append(parties, string(id)), append(masked, m)
	}
	if _, err := v.pool.Exec(ctx, upsertDisplay, pgx.NamedArgs{"parties": parties, "masked": masked}); err != nil {
		return fmt.Errorf("display names: %w", err)
	}
	return nil
}

// identityField is the field of an identity number sealed in vault.identity.
func identityField(kind seal.Kind) seal.Field { return "identity/" + seal.Field(kind) }

func columns(entries []*entry) (kinds []string, hashes [][]byte) {
	kinds, hashes = make([]string, len(entries)), make([][]byte, len(entries))
	for i, e := range entries {
		kinds[i], hashes[i] = string(e.Kind), e.hash
	}
	return kinds, hashes
}

// unknown returns those of entries whose party is not found yet.
func unknown(entries []*entry) (rest []*entry) {
	for _, e := range entries {
		if e.known.Key == nil {
			rest = append(rest, e)
		}
	}
	return rest
}

package vault_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/oklog/ulid/v2"

	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/party"
	"zhucan/projections/vault"
	"zhucan/schema"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, schema.Migrate) }

const card = "6217992200000000000"

var zhang = seal.Person{Certificate: "22240119001231023542", Name: "张某三", Number: "222401190012310235"}

func newMaster(t testing.TB) *seal.Master {
	t.Helper()
	m, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// opened returns a vault found complete for parties.
func opened(t testing.TB, pool *pgxpool.Pool, m *seal.Master, parties ...ledger.PartyID) *vault.Vault {
	t.Helper()
	v := vault.New(pool, m)
	if err := v.Check(t.Context(), parties); err != nil {
		t.Fatal(err)
	}
	return v
}

func fresh() ledger.PartyID { return ledger.PartyID(ulid.Make().String()) }

func asPerson(p seal.Person) vault.Identity {
	return vault.Identity{Kind: seal.OfPerson, Name: p.Name, Number: string(p.Number), Party: fresh()}
}

// persons proposes n synthetic persons born in 1900.
func persons(n int) []vault.Identity {
	who := make([]vault.Identity, n)
	for i := range who {
		number := fmt.Sprintf("22%04d19000101%03d0", i/1000, i%1000)
		who[i] = vault.Identity{Kind: seal.OfPerson, Name: fmt.Sprintf("王%d某", i), Number: number, Party: fresh()}
	}
	return who
}

func identify(t testing.TB, v *vault.Vault, who ...vault.Identity) []vault.Known {
	t.Helper()
	known, err := v.Identify(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// register identifies a person with one account, and seals both as events would.
func register(t testing.TB, v *vault.Vault, p seal.Person) (vault.Known, vault.Sealed) {
	t.Helper()
	k := identify(t, v, asPerson(p))[0]
	sealed, err := seal.SealPerson(k.Key, k.Party, p)
	if err != nil {
		t.Fatal(err)
	}
	account, err := seal.SealAccount(k.Key, k.Party, party.FirstAccount, card)
	if err != nil {
		t.Fatal(err)
	}
	return k, vault.Sealed{Accounts: map[ledger.AccountRef]ledger.Sealed{party.FirstAccount: account}, Person: sealed}
}

func count(t testing.TB, v *vault.Vault) int {
	t.Helper()
	n, err := v.Count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// dump returns everything in the tables of schema vault, bytes also as text.
func dump(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	rows, err := pool.Query(t.Context(), "select table_name from information_schema.tables where table_schema = 'vault'")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 5 {
		t.Fatalf("tables %v: %v", tables, err)
	}
	var out strings.Builder
	for _, table := range tables {
		rows, err := pool.Query(t.Context(), "select * from vault."+pgx.Identifier{table}.Sanitize())
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				t.Fatal(err)
			}
			for _, value := range values {
				if b, ok := value.([]byte); ok {
					fmt.Fprintf(&out, "%x %s\n", b, strings.ToValidUTF8(string(b), "?"))
					continue
				}
				fmt.Fprintf(&out, "%v\n", value)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestAPersonIsFoundAgainAndRevealed(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	first, sealed := register(t, v, zhang)
	again, _ := register(t, opened(t, pool, m, first.Party), zhang)
	if !first.New || again.New || again.Party != first.Party {
		t.Errorf("known as %s, then as %s (new %v)", first.Party, again.Party, again.New)
	}
	if n := count(t, v); n != 1 {
		t.Errorf("%d keys for one person", n)
	}
	clear, err := v.Reveal(t.Context(), first.Party, sealed)
	if err != nil || clear.Person != zhang || clear.Accounts[party.FirstAccount] != card {
		t.Errorf("revealed something else, or %v", err)
	}
	masked, err := v.LastFour(t.Context(), vault.Account{Party: first.Party, Ref: party.FirstAccount, Sealed: sealed.Accounts[party.FirstAccount]})
	if err != nil || len(masked) != 1 || masked[0] != "****0000" {
		t.Errorf("account is shown as %q, %v", masked, err)
	}
	var name string
	if err := pool.QueryRow(t.Context(), "select masked from vault.display where party = $1", first.Party).Scan(&name); err != nil || name != "张*三" {
		t.Errorf("name is shown as %q, %v", name, err)
	}
	stored := dump(t, pool)
	for _, plain := range []string{"张某三", "222401190012310235", card} {
		if strings.Contains(stored, plain) {
			t.Errorf("%q is in the vault", plain)
		}
	}
}

func TestAnOrganisationHasAKeyAndNoDisplay(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	v := opened(t, pool, newMaster(t))
	who := []vault.Identity{
		{Kind: seal.OfOrganisation, Number: "91220101999999998G", Party: fresh()},
		{Kind: seal.OfName, Number: "某某福利厂", Party: fresh()},
	}
	known := identify(t, v, who...)
	if known[0].Party != who[0].Party || known[1].Party != who[1].Party || known[0].Key == nil || known[1].Key == nil {
		t.Errorf("known as %v", known)
	}
	var shown int
	if err := pool.QueryRow(t.Context(), "select count(*) from vault.display").Scan(&shown); err != nil || shown != 0 {
		t.Errorf("%d names on display, %v", shown, err)
	}
}

func TestOnePersonTwiceInOneCallIsOneParty(t *testing.T) {
	t.Parallel()
	v := opened(t, schematest.New(t), newMaster(t))
	li := asPerson(seal.Person{Name: "李四", Number: "220102190001010016"})
	a, b := asPerson(zhang), asPerson(zhang)
	known := identify(t, v, a, li, b)
	if known[0].Party != a.Party || known[2].Party != a.Party || known[1].Party != li.Party {
		t.Errorf("known as %v", known)
	}
	if n := count(t, v); n != 2 {
		t.Errorf("%d keys for two persons", n)
	}
}

// Invariant 1.
func TestConcurrentCallersAgreeOnOnePartyPerPerson(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	const callers, n = 4, 500
	known := make([][]vault.Known, callers)
	var wait sync.WaitGroup
	for c := range callers {
		v := opened(t, pool, m)
		who := persons(n)
		if c%2 == 1 { // in the opposite order
			for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
				who[i], who[j] = who[j], who[i]
			}
		}
		wait.Go(func() {
			// In parts, so that the callers overlap in every way.
			for at := 0; at < n; at += 50 {
				part, err := v.Identify(t.Context(), who[at:at+50])
				if err != nil {
					t.Errorf("caller %d: %v", c, err)
					return
				}
				known[c] = append(known[c], part...)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	for i := range n {
		news := 0
		for c := range callers {
			j := i
			if c%2 == 1 {
				j = n - 1 - i
			}
			if known[c][j].Party != known[0][i].Party {
				t.Errorf("person %d is %s to one and %s to another", i, known[0][i].Party, known[c][j].Party)
			}
			s, err := seal.Seal(known[c][j].Key, known[c][j].Party, "f", "x")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := seal.Open(known[0][i].Key, known[0][i].Party, "f", s); err != nil {
				t.Errorf("person %d has two keys: %v", i, err)
			}
			if known[c][j].New {
				news++
			}
		}
		if news != 1 {
			t.Errorf("person %d was new %d times", i, news)
		}
	}
	if got := count(t, opened(t, pool, m)); got != n {
		t.Errorf("%d keys for %d persons", got, n)
	}
}

// waiting returns once a session of the database waits for another's lock.
func waiting(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		var n int
		err := pool.QueryRow(t.Context(), "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'").Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
	t.Fatal("nobody waits")
}

// hold reserves who under the party proposed, by hand, in a transaction that is
// still open.
func hold(t testing.TB, tx pgx.Tx, m *seal.Master, who vault.Identity) {
	t.Helper()
	wrapped, err := m.Wrap(who.Party, seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(t.Context(), "insert into vault.identity values ($1, $2, $3, 's1.x')", who.Kind, m.Index(who.Kind, who.Number), who.Party)
	if err == nil {
		_, err = tx.Exec(t.Context(), "insert into vault.key values ($1, $2, $3)", who.Party, wrapped, m.ID())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// rivals returns two persons in the order in which they are reserved.
func rivals(m *seal.Master) (low, high vault.Identity) {
	low, high = persons(2)[0], persons(2)[1]
	if bytes.Compare(m.Index(low.Kind, low.Number), m.Index(high.Kind, high.Number)) > 0 {
		return high, low
	}
	return low, high
}

func TestWhoLosesARaceTakesTheWinnersPartyAndNobodyWaitsInACircle(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	low, high := rivals(m)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	hold(t, tx, m, low)

	type answer struct {
		known []vault.Known
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		a, b := high, low
		a.Party, b.Party = fresh(), fresh()
		known, err := v.Identify(t.Context(), []vault.Identity{a, b})
		answered <- answer{known, err}
	}()
	waiting(t, pool)
	hold(t, tx, m, high) // a deadlock, had the other begun with this one
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := <-answered
	if got.err != nil || got.known[0].Party != high.Party || got.known[1].Party != low.Party || got.known[0].New || got.known[1].New {
		t.Errorf("the loser has %v, %v, want %s and %s", got.known, got.err, high.Party, low.Party)
	}
	if n := count(t, v); n != 2 {
		t.Errorf("%d keys for two persons", n)
	}
}

// Of two who wait for each other one is ended by Postgres; it begins anew.
func TestWhoIsEndedByADeadlockBeginsAnew(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	low, high := rivals(m)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	if _, err := tx.Exec(t.Context(), "set local deadlock_timeout = '10min'"); err != nil { // the other finds it
		t.Fatal(err)
	}
	hold(t, tx, m, high)
	answered := make(chan error, 1)
	var known []vault.Known
	go func() {
		a, b := low, high
		a.Party, b.Party = fresh(), fresh()
		var err error
		known, err = v.Identify(t.Context(), []vault.Identity{a, b})
		answered <- err
	}()
	waiting(t, pool)
	hold(t, tx, m, low) // once the other was ended
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil || known[0].Party != low.Party || known[1].Party != high.Party {
		t.Errorf("%v, %v: want %s and %s", known, err, low.Party, high.Party)
	}
}

func TestANumberWhosePartyHasNoKeyIsNotTakenForNew(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	v := opened(t, pool, newMaster(t))
	k, _ := register(t, v, zhang)
	// As a restore without constraints would leave it.
	if _, err := pool.Exec(t.Context(), "alter table vault.identity drop constraint identity_party_fkey"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "delete from vault.key where party = $1", k.Party); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Identify(t.Context(), []vault.Identity{asPerson(zhang)}); !errors.Is(err, vault.ErrIncomplete) {
		t.Errorf("a known number without a key: %v", err)
	}
}

func TestAnIdentityOutOfItsNormalFormIsRefused(t *testing.T) {
	t.Parallel()
	v := opened(t, schematest.New(t), newMaster(t))
	for _, i := range []vault.Identity{
		{Kind: seal.OfPerson, Name: "张某三", Number: ""},
		{Kind: seal.OfPerson, Name: "张某三", Number: "22018419000615008x"},
		{Kind: seal.OfPerson, Name: "张某三", Number: "222401190012310235 "},
		{Kind: seal.OfPerson, Name: "张某三", Number: "22240119001231023542"},
		{Kind: seal.OfPerson, Name: " ", Number: "222401190012310235"},
		{Kind: seal.OfPerson, Name: "张某\x00", Number: "222401190012310235"},
		{Kind: seal.OfPerson, Name: "张某\xff", Number: "222401190012310235"},
		{Kind: seal.OfOrganisation, Number: "91220101999999998g"},
		{Kind: seal.OfName, Number: ""},
		{Kind: seal.OfName, Number: " 某某福利厂"},
		{Kind: "passport", Number: "222401190012310235"},
	} {
		i.Party = fresh()
		_, err := v.Identify(t.Context(), []vault.Identity{asPerson(zhang), i})
		if !errors.Is(err, vault.ErrIdentity) || !strings.Contains(err.Error(), "number 2 of 2") {
			t.Errorf("%s %q: %v", i.Kind, i.Number, err)
		}
	}
	bad := asPerson(zhang)
	bad.Party = "not an identifier"
	if _, err := v.Identify(t.Context(), []vault.Identity{bad}); !errors.Is(err, ledger.ErrID) {
		t.Errorf("party with blanks: %v", err)
	}
	if n := count(t, v); n != 0 {
		t.Errorf("%d keys after refusals", n)
	}
}

func TestAProposedPartyOfAnotherPersonIsRefusedAndNothingIsReserved(t *testing.T) {
	t.Parallel()
	v := opened(t, schematest.New(t), newMaster(t))
	k, _ := register(t, v, zhang)
	other := asPerson(seal.Person{Name: "李四", Number: "220102190001010016"})
	other.Party = k.Party
	if _, err := v.Identify(t.Context(), append(persons(3), other)); !errors.Is(err, vault.ErrTaken) {
		t.Errorf("another person's party: %v", err)
	}
	twice := persons(2)
	twice[1].Party = twice[0].Party
	if _, err := v.Identify(t.Context(), twice); !errors.Is(err, vault.ErrTaken) {
		t.Errorf("one party for two persons: %v", err)
	}
	if n := count(t, v); n != 1 {
		t.Errorf("%d keys, want the first person's", n)
	}
}

func TestACorrectedNameIsDisplayed(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	v := opened(t, pool, newMaster(t))
	k, _ := register(t, v, zhang)
	if err := v.Display(t.Context(), map[ledger.PartyID]string{k.Party: "张某山", fresh(): "李四"}); err != nil {
		t.Fatal(err)
	}
	stored := dump(t, pool)
	if !strings.Contains(stored, "张*山") || strings.Contains(stored, "张*三") || strings.Contains(stored, "李") {
		t.Errorf("on display is\n%s", stored)
	}
	if err := v.Display(t.Context(), map[ledger.PartyID]string{k.Party: ""}); !errors.Is(err, vault.ErrIdentity) {
		t.Errorf("no name: %v", err)
	}
}

// Whoever displays a name while its key is being destroyed waits, and leaves none behind.
func TestANameDoesNotOutliveItsKey(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	k, _ := register(t, v, zhang)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), "delete from vault.key where party = $1", k.Party); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- v.Display(t.Context(), map[ledger.PartyID]string{k.Party: "张某山"}) }()
	waiting(t, pool)
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	var shown int
	if err := pool.QueryRow(t.Context(), "select count(*) from vault.display").Scan(&shown); err != nil || shown != 0 {
		t.Errorf("%d names on display, %v", shown, err)
	}
}

func TestAnErasedPersonIsInNoTableAndDoesNotOpen(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	k, sealed := register(t, v, zhang)
	li, _ := register(t, v, seal.Person{Name: "李四", Number: "220102190001010016"})
	var wrapped []byte
	if err := pool.QueryRow(t.Context(), "select wrapped from vault.key where party = $1", k.Party).Scan(&wrapped); err != nil {
		t.Fatal(err)
	}
	hash := m.Index(seal.OfPerson, string(zhang.Number))
	gone := []string{"张", hex.EncodeToString(wrapped), hex.EncodeToString(hash)}
	before := dump(t, pool)
	for _, trace := range gone {
		if !strings.Contains(before, trace) {
			t.Errorf("%q is not there before", trace)
		}
	}

	for range 2 { // repeating it changes nothing
		if err := v.Erase(t.Context(), k.Party, 7); err != nil {
			t.Fatal(err)
		}
	}
	after := dump(t, pool)
	for _, trace := range append(gone, "张某三", "222401190012310235") {
		if strings.Contains(after, trace) {
			t.Errorf("%q is there after erasure:\n%s", trace, after)
		}
	}
	var seq uint64
	if err := pool.QueryRow(t.Context(), "select seq from vault.destroyed where party = $1", k.Party).Scan(&seq); err != nil || seq != 7 {
		t.Errorf("destroyed by %d, %v, want 7", seq, err)
	}
	if _, err := v.Reveal(t.Context(), k.Party, sealed); !errors.Is(err, party.ErrErased) {
		t.Errorf("revealed after erasure: %v", err)
	}
	keys, err := v.Open(t.Context(), k.Party, li.Party, k.Party)
	if err != nil || len(keys) != 1 || keys[li.Party] == nil {
		t.Errorf("keys %v, %v, want the other person's", keys, err)
	}
	masked, err := v.LastFour(t.Context(), vault.Account{Party: k.Party, Ref: party.FirstAccount, Sealed: sealed.Accounts[party.FirstAccount]})
	if err != nil || len(masked) != 1 || masked[0] != "" {
		t.Errorf("account is shown as %q, %v", masked, err)
	}

	// Invariant 3: the key comes back neither under the old party …
	stale := asPerson(zhang)
	stale.Party = k.Party
	if _, err := v.Identify(t.Context(), []vault.Identity{stale}); !errors.Is(err, party.ErrErased) {
		t.Errorf("the erased party was reserved again: %v", err)
	}
	// … nor for the person registered anew, who is somebody else.
	anew, _ := register(t, v, zhang)
	if !anew.New || anew.Party == k.Party {
		t.Errorf("registered anew as %s, was %s", anew.Party, k.Party)
	}
	if _, err := seal.OpenPerson(anew.Key, k.Party, sealed.Person); !errors.Is(err, seal.ErrKey) {
		t.Errorf("opened with the new key: %v", err)
	}
}

func TestAnErasureThatWasInterruptedOrRestoredIsFinishedAtStart(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	known := identify(t, v, persons(5)...)
	erased := map[ledger.PartyID]uint64{known[0].Party: 11, known[1].Party: 12, known[2].Party: 13}
	if err := v.Erase(t.Context(), known[0].Party, 11); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		left, err := v.Surviving(t.Context(), slices.Collect(maps.Keys(erased)))
		if err != nil || len(left) != want || slices.Contains(left, known[0].Party) {
			t.Errorf("keys of %v are left, %v, want %d", left, err, want)
		}
		if n, err := v.Reconcile(t.Context(), erased); err != nil || n != want {
			t.Errorf("finished %d erasures, %v, want %d", n, err, want)
		}
	}
	if n, err := v.Reconcile(t.Context(), nil); err != nil || n != 0 {
		t.Errorf("finished %d erasures of none, %v", n, err)
	}
	if n := count(t, v); n != 2 {
		t.Errorf("%d keys are left, want 2", n)
	}
	if err := v.Check(t.Context(), []ledger.PartyID{known[3].Party, known[4].Party}); err != nil {
		t.Error(err)
	}
}

// Invariant 4.
func TestAVaultThatLostKeysIsNoticedAndRegistersNobody(t *testing.T) {
	t.Parallel()
	for name, loss := range map[string]string{
		"key":      "delete from vault.key where party = $1",
		"identity": "delete from vault.identity where party = $1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, m := schematest.New(t), newMaster(t)
			v := opened(t, pool, m)
			known := identify(t, v, persons(3)...)
			book := []ledger.PartyID{known[0].Party, known[1].Party, known[2].Party}
			if err := v.Check(t.Context(), book); err != nil {
				t.Fatal(err)
			}
			if _, err := pool.Exec(t.Context(), loss, known[1].Party); err != nil {
				t.Fatal(err)
			}
			identify(t, v, asPerson(zhang)) // a key that no event has: the count is right again
			if err := v.Check(t.Context(), book); !errors.Is(err, vault.ErrIncomplete) || !strings.Contains(err.Error(), string(known[1].Party)) {
				t.Errorf("check: %v", err)
			}
			if _, err := v.Identify(t.Context(), persons(1)); !errors.Is(err, vault.ErrIncomplete) {
				t.Errorf("registered in an incomplete vault: %v", err)
			}
			keys, err := v.Open(t.Context(), book...)
			if name == "key" && (!errors.Is(err, vault.ErrIncomplete) || len(keys) != 2) {
				t.Errorf("opened %d keys, %v", len(keys), err)
			}
		})
	}
}

func TestAVaultThatWasNotCheckedRegistersNobody(t *testing.T) {
	t.Parallel()
	v := vault.New(schematest.New(t), newMaster(t))
	if _, err := v.Identify(t.Context(), persons(1)); !errors.Is(err, vault.ErrIncomplete) {
		t.Errorf("registered unchecked: %v", err)
	}
}

func TestTheWrongMasterKeyIsNamed(t *testing.T) {
	t.Parallel()
	pool, m, other := schematest.New(t), newMaster(t), newMaster(t)
	right := opened(t, pool, m)
	k, sealed := register(t, right, zhang)
	wrong := vault.New(pool, other)
	named := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, vault.ErrMaster) || !strings.Contains(err.Error(), m.ID()) || !strings.Contains(err.Error(), other.ID()) {
			t.Errorf("%s: %v, want both master keys named", what, err)
		}
	}
	named("check", wrong.Check(t.Context(), nil))
	_, err := wrong.Open(t.Context(), k.Party)
	named("open", err)
	_, err = wrong.Reveal(t.Context(), k.Party, sealed)
	named("reveal", err)
	named("rotate", wrong.Rotate(t.Context(), newMaster(t)))
	if _, err := wrong.Identify(t.Context(), persons(1)); err == nil {
		t.Error("registered under the wrong master key")
	}

	// Restored without the row that names the master key, the vault takes none.
	if _, err := pool.Exec(t.Context(), "delete from vault.master"); err != nil {
		t.Fatal(err)
	}
	if err := wrong.Check(t.Context(), nil); !errors.Is(err, vault.ErrIncomplete) {
		t.Errorf("without the name of its master key: %v", err)
	}
}

func TestAfterRotationTheSamePersonsAreFoundWithTheSameKeys(t *testing.T) {
	t.Parallel()
	pool, old, next := schematest.New(t), newMaster(t), newMaster(t)
	before := opened(t, pool, old)
	k, sealed := register(t, before, zhang)
	gone, _ := register(t, before, seal.Person{Name: "李四", Number: "220102190001010016"})
	if err := before.Erase(t.Context(), gone.Party, 3); err != nil {
		t.Fatal(err)
	}
	who := persons(12_345) // more than a page
	first := identify(t, before, who...)
	org := identify(t, before, vault.Identity{Kind: seal.OfOrganisation, Number: "91220101999999998G", Party: fresh()})[0]
	for range 2 { // repeating it changes nothing
		if err := before.Rotate(t.Context(), next); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := before.Identify(t.Context(), persons(1)); !errors.Is(err, vault.ErrMaster) {
		t.Errorf("the old master key still registers: %v", err)
	}
	stored := dump(t, pool)
	if strings.Contains(stored, old.ID()) || strings.Contains(stored, hex.EncodeToString(old.Index(seal.OfPerson, string(zhang.Number)))) {
		t.Error("something is still under the old master key")
	}

	after := opened(t, pool, next, k.Party, first[0].Party, org.Party)
	again, _ := register(t, after, zhang)
	if again.New || again.Party != k.Party {
		t.Errorf("%s is found as %s", k.Party, again.Party)
	}
	if clear, err := after.Reveal(t.Context(), k.Party, sealed); err != nil || clear.Person != zhang {
		t.Errorf("revealed something else, or %v", err)
	}
	for i := range who {
		who[i].Party = fresh()
	}
	for i, known := range identify(t, after, who...) {
		if known.New || known.Party != first[i].Party {
			t.Fatalf("person %d, %s, is found as %s", i, first[i].Party, known.Party)
		}
	}
	if found := identify(t, after, vault.Identity{Kind: seal.OfOrganisation, Number: "91220101999999998G", Party: fresh()})[0]; found.Party != org.Party {
		t.Errorf("%s is found as %s", org.Party, found.Party)
	}
	if err := after.Rotate(t.Context(), old); err != nil {
		t.Errorf("back: %v", err)
	}
}

func TestARotationThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	known := identify(t, v, persons(2)...)
	before := dump(t, pool)
	// The key of one is that of the other: it does not unwrap.
	_, err := pool.Exec(t.Context(), "update vault.key set wrapped = (select wrapped from vault.key where party = $1) where party = $2", known[0].Party, known[1].Party)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := dump(t, pool)
	if spoilt == before {
		t.Fatal("nothing was spoilt")
	}
	if err := v.Rotate(t.Context(), newMaster(t)); !errors.Is(err, seal.ErrTampered) {
		t.Errorf("rotated a key that is another party's: %v", err)
	}
	if _, err := pool.Exec(t.Context(), "delete from vault.identity where party = $1", known[1].Party); err != nil {
		t.Fatal(err)
	}
	spoilt = dump(t, pool)
	if err := v.Rotate(t.Context(), newMaster(t)); !errors.Is(err, vault.ErrIncomplete) {
		t.Errorf("rotated a key without identity: %v", err)
	}
	if dump(t, pool) != spoilt {
		t.Error("a rotation that failed left something changed")
	}
}

// Invariant 5.
func TestNoPersonalDataIsInAnErrorOrALog(t *testing.T) {
	t.Parallel()
	pool, m := schematest.New(t), newMaster(t)
	v := opened(t, pool, m)
	k, sealed := register(t, v, zhang)
	clear, err := v.Reveal(t.Context(), k.Party, sealed)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	note := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("no error")
		}
		fmt.Fprintln(&out, err)
	}
	who := asPerson(zhang)
	fmt.Fprintf(&out, "%v %+v %#v %s %q %x\n", who, who, who, who, who, who)
	fmt.Fprintf(&out, "%v %+v %#v %s %q %x %+v\n", clear, clear, clear, clear, clear, clear, k)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "who", who, "clear", clear, "known", k)

	odd := who
	odd.Name += "\x00"
	_, err = v.Identify(t.Context(), []vault.Identity{odd})
	note(err)
	note(v.Display(t.Context(), map[ledger.PartyID]string{k.Party: odd.Name}))
	taken := persons(1)[0]
	taken.Party, taken.Name = k.Party, zhang.Name
	_, err = v.Identify(t.Context(), []vault.Identity{taken})
	note(err)
	lower := who
	lower.Number += "x"
	_, err = v.Identify(t.Context(), []vault.Identity{lower})
	note(err)
	_, err = v.Reveal(t.Context(), k.Party, vault.Sealed{Person: sealed.Accounts[party.FirstAccount]})
	note(err)
	_, err = v.LastFour(t.Context(), vault.Account{Party: k.Party, Ref: "2", Sealed: sealed.Accounts[party.FirstAccount]})
	note(err)
	_, err = vault.New(pool, newMaster(t)).Reveal(t.Context(), k.Party, sealed)
	note(err)
	pool.Close()
	_, err = v.Identify(t.Context(), []vault.Identity{who})
	note(err)
	note(v.Erase(t.Context(), k.Party, 1))

	for _, plain := range []string{"张", "某三", "222401", "0012310235", card, "6217", hex.EncodeToString([]byte("张某三"))} {
		if strings.Contains(out.String(), plain) {
			t.Errorf("%q is in\n%s", plain, out.String())
		}
	}
}

func BenchmarkIdentify(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		b.StopTimer()
		pool, m := schematest.New(b), newMaster(b)
		v := opened(b, pool, m)
		who := persons(n)
		b.StartTimer()

		start := time.Now()
		known := identify(b, v, who...)
		b.ReportMetric(time.Since(start).Seconds(), "s/new")

		for i := range who {
			who[i].Party = fresh()
		}
		start = time.Now()
		identify(b, v, who...)
		b.ReportMetric(time.Since(start).Seconds(), "s/known")

		parties := make([]ledger.PartyID, n)
		for i, k := range known {
			parties[i] = k.Party
		}
		start = time.Now()
		if err := v.Check(b.Context(), parties); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/check")

		start = time.Now()
		if _, err := v.Open(b.Context(), parties...); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/open")

		start = time.Now()
		if err := v.Rotate(b.Context(), newMaster(b)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/rotate")
	}
}

func BenchmarkIdentifyOne(b *testing.B) {
	pool, m := schematest.New(b), newMaster(b)
	v := opened(b, pool, m)
	identify(b, v, persons(100_000)...)
	i := 0
	for b.Loop() {
		i++
		who := persons(1)
		who[0].Number = fmt.Sprintf("21%04d19000101%03d0", i/1000, i%1000)
		identify(b, v, who...)
	}
}

func TestAReservationThatIsNeverRegisteredIsGivenBack(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	v := opened(t, pool, newMaster(t))
	known := identify(t, v, persons(3)...)
	registered, old, young := known[0].Party, known[1].Party, known[2].Party
	day := time.Now().Add(-24 * time.Hour)
	if _, err := pool.Exec(t.Context(), "update vault.key set created_at = $1 where party <> $2", day.Add(-time.Second), young); err != nil {
		t.Fatal(err)
	}
	reserved, err := v.Reserved(t.Context(), []ledger.PartyID{registered}, day)
	if err != nil || !slices.Equal(reserved, []ledger.PartyID{old}) {
		t.Errorf("reserved are %v, %v, want %s", reserved, err, old)
	}
	if err := v.Release(t.Context(), []ledger.PartyID{old, young}, day); err != nil { // age decides
		t.Fatal(err)
	}
	if stored := dump(t, pool); strings.Contains(stored, string(old)) || !strings.Contains(stored, string(young)) || !strings.Contains(stored, string(registered)) {
		t.Errorf("kept is\n%s", stored)
	}
	if again := identify(t, v, persons(3)...); again[0].New || !again[1].New || again[2].New {
		t.Errorf("known again: %v", again)
	}
}

package document_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/cmd/zhucan/document"
	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
	"zhucan/projections/vault"
	"zhucan/schema"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, schema.Migrate) }

// A desk is a keeper over a book with the claims of a person (C1 of P1), of an
// institution (C2 of N1) and of an institution on account of a person (C3).
type desk struct {
	*document.Keeper
	store *memlog.Documents
	book  *sampletest.Book
	log   *memlog.Log
	pool  *pgxpool.Pool
	t     testing.TB
}

func open(t testing.TB) *desk {
	t.Helper()
	pool := schematest.New(t)
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	v := vault.New(pool, master)
	if err := v.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// Synthetic: a birthday of 1900, a code of nines.
	if _, err := v.Identify(t.Context(), []vault.Identity{
		{Kind: seal.OfPerson, Name: "样某", Number: "220102190001010016", Party: "P1"},
		{Kind: seal.OfName, Number: "示例机构", Party: "N1"},
	}); err != nil {
		t.Fatal(err)
	}
	d := &desk{store: new(memlog.Documents), book: sampletest.New(t), log: new(memlog.Log), pool: pool, t: t}
	d.Keeper = &document.Keeper{Store: d.store, Vault: v, DB: pool, Max: 1 << 20}
	b := d.book
	b.Person("P1")
	b.Do(ledgertest.Clerk, sampletest.Day, party.Register{Account: ledgertest.Sealed, Kind: policy.Institution, Name: "示例机构", Party: "N1", Region: "220104"})
	march := ledger.PeriodOf(2023, 3)
	submit := claim.Submit{Account: "1", Claim: "C1", Evidence: []claim.Evidence{{Hash: hashed(page), Kind: "certificate"}, {Hash: sampletest.Hash, Kind: "licence"}}, From: march, Party: "P1", Region: "220104", Scheme: "startup", To: march, Units: 1}
	b.Do(ledgertest.Clerk, sampletest.Day, submit)
	submit.Claim, submit.Party, submit.Scheme, submit.Evidence = "C2", "N1", "assisted", []claim.Evidence{{Hash: hashed(page), Kind: "roster"}}
	b.Do(ledgertest.Clerk, sampletest.Day, submit)
	submit.Claim, submit.Persons, submit.From, submit.To = "C3", []ledger.PartyID{"P9"}, ledger.PeriodOf(2023, 4), ledger.PeriodOf(2023, 4)
	b.Person("P9")
	b.Do(ledgertest.Clerk, sampletest.Day, submit)
	d.project()
	return d
}

// page is a document. Synthetic.
var page = []byte("%PDF-1.4 synthetic page of 样某 " + strings.Repeat("x", 1000))

func hashed(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

func (d *desk) project() {
	d.t.Helper()
	sampletest.Extend(d.t, d.log, d.book.Records)
	r := projections.New(d.pool, d.log, projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New()}})
	if err := r.CatchUp(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// attach keeps a document and puts it on record.
func (d *desk) attach(id ledger.ClaimID, kind string, data []byte, object string) claim.Document {
	d.t.Helper()
	do, seq, err := d.Keep(d.t.Context(), ledgertest.Clerk, id, kind, data, object)
	if err != nil || seq != 0 {
		d.t.Fatal(err, seq)
	}
	d.book.Do(ledgertest.Clerk, sampletest.Day, do)
	d.project()
	return do.Document
}

func (d *desk) stored(name string) []byte {
	d.t.Helper()
	var b bytes.Buffer
	if _, err := d.store.Get(d.t.Context(), name, &b); err != nil {
		d.t.Fatal(err)
	}
	return b.Bytes()
}

func TestADocumentIsHandedOutAsItWasHandedIn(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, c := range []struct {
		claim  ledger.ClaimID
		kind   string
		sealed ledger.PartyID
	}{{"C1", "certificate", "P1"}, {"C2", "roster", ""}, {"C3", "roster", "N1"}} {
		object := "O-" + string(c.claim)
		got := d.attach(c.claim, c.kind, page, object)
		if got.Sealed != c.sealed || got.Hash != hashed(page) || got.Size != len(page) || got.Media != "application/pdf" || got.Object != object || got.Stored != hashed(d.stored(object)) {
			t.Errorf("%s: %+v", c.claim, got)
		}
		if inside := bytes.Contains(d.stored(object), page[:20]); inside != (c.sealed == "") {
			t.Errorf("%s: in the clear %t", c.claim, inside)
		}
		for _, by := range []ledger.Actor{ledgertest.Clerk, ledgertest.First, ledgertest.Approver, {ID: "auditor", Roles: []ledger.Role{ledger.Auditor}}} {
			kept, data, err := d.Fetch(t.Context(), by, c.claim, c.kind, "")
			if err != nil || !bytes.Equal(data, page) || kept.Document != got || kept.Seq != uint64(len(d.book.Records)) {
				t.Errorf("%s by %s: %d bytes, %+v, %v", c.claim, by.ID, len(data), kept, err)
			}
		}
		// The same again is on record already, and nothing more is stored.
		do, seq, err := d.Keep(t.Context(), ledgertest.Clerk, c.claim, c.kind, page, "again")
		if err != nil || seq != uint64(len(d.book.Records)) || do.Document != got {
			t.Errorf("%s again: %+v, %d, %v", c.claim, do, seq, err)
		}
	}
	if all, err := d.store.List(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestTheDocumentAttachedLastIsHandedOutAndTheOthersByHash(t *testing.T) {
	t.Parallel()
	d := open(t)
	second := append(bytes.Clone(page), '2')
	d.attach("C2", "photo", page, "O1")
	d.attach("C2", "photo", second, "O2")
	for hash, want := range map[string][]byte{"": second, hashed(page): page, hashed(second): second} {
		if _, data, err := d.Fetch(t.Context(), ledgertest.First, "C2", "photo", hash); err != nil || !bytes.Equal(data, want) {
			t.Errorf("%q: %d bytes, %v", hash, len(data), err)
		}
	}
}

func TestOnlyThoseWhoNeedToReadADocument(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.attach("C1", "certificate", page, "O1")
	for _, by := range []ledger.Actor{ledgertest.Cashier, ledgertest.Accountant, ledgertest.Operator, {ID: "nobody"}} {
		if _, data, err := d.Fetch(t.Context(), by, "C1", "certificate", ""); !errors.Is(err, ledger.ErrRole) || data != nil {
			t.Errorf("%s: %d bytes, %v", by.ID, len(data), err)
		}
	}
}

func TestWhatCannotBeKeptIsRefusedAndNotStored(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, c := range []struct {
		name  string
		by    ledger.Actor
		claim ledger.ClaimID
		kind  string
		data  []byte
		want  error
	}{
		{"who is no clerk", ledgertest.First, "C1", "certificate", page, ledger.ErrRole},
		{"nothing", ledgertest.Clerk, "C1", "certificate", nil, document.ErrSize},
		{"more than is taken", ledgertest.Clerk, "C1", "certificate", make([]byte, 1<<20+1), document.ErrSize},
		{"a claim that is not there", ledgertest.Clerk, "C9", "certificate", page, claim.ErrUnknown},
		{"a name that is no kind", ledgertest.Clerk, "C1", "身份证 张三.pdf", page, ledger.ErrID},
	} {
		if _, _, err := d.Keep(t.Context(), c.by, c.claim, c.kind, c.data, "O1"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, _, err := d.Keep(t.Context(), ledgertest.Clerk, "C1", "certificate", make([]byte, 1<<20), "O2"); err != nil {
		t.Errorf("the most that is taken: %v", err)
	}
	if all, err := d.store.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

// full is a store without room.
type full struct{ *memlog.Documents }

func (full) Put(context.Context, string, []byte) error { return events.ErrFull }

func TestAFullStoreRefusesWithTheCodeOfTheLog(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Store = full{d.store}
	if _, _, err := d.Keep(t.Context(), ledgertest.Clerk, "C1", "certificate", page, "O1"); !errors.Is(err, events.ErrNoRoom) {
		t.Errorf("%v", err)
	}
}

func TestADocumentThatIsNotAsItWasIsNotHandedOut(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.attach("C1", "certificate", page, "O1") // sealed
	d.attach("C2", "roster", page, "O2")      // not
	for object, at := range map[string]ledger.ClaimID{"O1": "C1", "O2": "C2"} {
		kind := map[ledger.ClaimID]string{"C1": "certificate", "C2": "roster"}[at]
		d.store.Change(object, func(b []byte) []byte { b[len(b)-20] ^= 4; return b })
		if _, data, err := d.Fetch(t.Context(), ledgertest.First, at, kind, ""); !errors.Is(err, document.ErrDamaged) || data != nil {
			t.Errorf("%s changed: %d bytes, %v", object, len(data), err)
		}
		if err := d.store.Remove(t.Context(), events.Stored{Name: object}); err != nil {
			t.Fatal(err)
		}
		if _, data, err := d.Fetch(t.Context(), ledgertest.First, at, kind, ""); !errors.Is(err, document.ErrDamaged) || data != nil {
			t.Errorf("%s removed: %d bytes, %v", object, len(data), err)
		}
	}
	for _, kind := range []string{"licence", "none"} {
		if _, _, err := d.Fetch(t.Context(), ledgertest.First, "C1", kind, ""); !errors.Is(err, report.ErrNothing) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// 个人信息保护法 art. 47.
func TestErasingAPersonMakesTheDocumentUnreadableForEver(t *testing.T) {
	t.Parallel()
	d := open(t)
	doc := d.attach("C1", "certificate", page, "O1")
	d.book.Do(ledgertest.Clerk, sampletest.Day, claim.Withdraw{Claim: "C1", Reason: "withdrawn by the applicant"})
	d.book.Do(ledgertest.Operator, sampletest.Day, party.Erase{Basis: "个人信息保护法 art. 47", Party: "P1"})
	d.project()
	if err := d.Vault.Erase(t.Context(), "P1", uint64(len(d.book.Records))); err != nil {
		t.Fatal(err)
	}
	if _, data, err := d.Fetch(t.Context(), ledgertest.First, "C1", "certificate", ""); !errors.Is(err, party.ErrErased) || data != nil {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	// No key that is left opens what is stored, and it is what its event says.
	keys, err := d.Vault.Open(t.Context(), "P1", "N1")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	for id, k := range keys {
		for _, as := range []ledger.PartyID{"P1", id} {
			if _, err := seal.OpenDocument(k, as, sha256.Sum256(page), d.stored("O1")); !errors.Is(err, seal.ErrKey) {
				t.Errorf("with the key of %s: %v", id, err)
			}
		}
	}
	if _, err := events.CheckStored(t.Context(), d.store, doc); err != nil {
		t.Error(err)
	}
	if _, _, err := d.Keep(t.Context(), ledgertest.Clerk, "C1", "licence", page, "O9"); !errors.Is(err, party.ErrErased) {
		t.Errorf("a document of an erased person: %v", err)
	}
}

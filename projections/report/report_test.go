package report_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/payment"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/indicators"
	"zhucan/projections/levies"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
	"zhucan/schema"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, schema.Migrate) }

func story(t testing.TB) (*sampletest.Book, *pgxpool.Pool, *projections.Runner) {
	t.Helper()
	b, pool := sampletest.Story(t), schematest.New(t)
	r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New(), indicators.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, pool, r
}

// sums are debits and credits by account, folded from the events: the model.
func sums(b *sampletest.Book, cut report.Cut) map[ledger.AccountCode][2]ledger.Money {
	all := make(map[ledger.AccountCode][2]ledger.Money)
	for i, e := range b.Events {
		entry := ledgertest.Booked(e)
		if entry == nil || !cut.AsOf.IsZero() && entry.Date.After(cut.AsOf) || cut.KnownBy != 0 && uint64(i)+1 > cut.KnownBy {
			continue
		}
		for _, p := range entry.Postings {
			s := all[p.Account]
			if p.Side == ledger.Debit {
				s[0] = s[0].Add(p.Amount)
			} else {
				s[1] = s[1].Add(p.Amount)
			}
			all[p.Account] = s
		}
	}
	return all
}

// Invariants 1 and 2: the same cut gives what the events add up to, whichever table
// it is summed from.
func TestATrialBalanceIsTheSumOfTheEventsThatCount(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	last := uint64(len(b.Records))
	for _, cut := range []report.Cut{
		{}, {KnownBy: last}, {KnownBy: 60}, {AsOf: ledger.DateOf(2023, 3, 31)}, {AsOf: ledger.DateOf(2023, 4, 3), KnownBy: 65}, {KnownBy: 1},
	} {
		got, err := report.TrialBalance(t.Context(), pool, cut)
		if err != nil {
			t.Fatal(err)
		}
		want := sums(b, cut)
		if len(got.Accounts) != len(want) || !got.Balanced() || !got.DebitTotal.Equal(got.CreditTotal) {
			t.Errorf("%+v: %d accounts, want %d; balanced %v", cut, len(got.Accounts), len(want), got.Balanced())
		}
		for _, a := range got.Accounts {
			if w := want[a.Code]; !a.Debits.Equal(w[0]) || !a.Credits.Equal(w[1]) {
				t.Errorf("%+v: account %s has %s and %s, want %s and %s", cut, a.Code, a.Debits, a.Credits, w[0], w[1])
			}
		}
		seq := last
		if cut.KnownBy != 0 {
			seq = cut.KnownBy
		}
		if got.Seq != seq || got.AsOf != cut.AsOf.String() || got.Policy != "test-1" {
			t.Errorf("%+v rests on %+v", cut, got.Basis)
		}
	}
}

func TestSumsLargerThanAnyAmountAreExact(t *testing.T) {
	t.Parallel()
	_, pool, _ := story(t)
	if _, err := pool.Exec(t.Context(), "update rm_v0001.balance set debit = 1234567890123456789012345678.91 where account = '1011' and period = '2023-03' and year = 2024"); err != nil {
		t.Fatal(err)
	}
	got, err := report.TrialBalance(t.Context(), pool, report.Cut{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range got.Accounts {
		if a.Code == "1011" && !strings.HasPrefix(a.Debits.String(), "12345678901234567890") {
			t.Errorf("debits %s", a.Debits)
		}
	}
}

func TestAnAccountsRegisterEndsWithItsBalance(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	f := report.Filter{Region: "220104", Year: 2023}
	balance, err := report.AccountBalanceOf(t.Context(), pool, "9101", f, report.Cut{})
	if err != nil {
		t.Fatal(err)
	}
	if want := b.State.Budget().Use(sampletest.Line).Available(); !balance.Balance.Equal(want) || balance.Side != ledger.Credit {
		t.Errorf("balance %s %s, want %s", balance.Balance, balance.Side, want)
	}
	var last ledger.Money
	lines, after := 0, report.Place{}
	for {
		page, err := report.RegisterOf(t.Context(), pool, "9101", f, report.Cut{}, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if !page.Opening.Equal(last) {
			t.Errorf("the page after %d lines opens with %s, not %s", lines, page.Opening, last)
		}
		lines += len(page.Lines)
		last = page.Lines[len(page.Lines)-1].Balance
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	if !last.Equal(balance.Balance) || lines < 6 {
		t.Errorf("%d lines end with %s, want %s", lines, last, balance.Balance)
	}
	if _, err := report.AccountBalanceOf(t.Context(), pool, "0000", f, report.Cut{}); !errors.Is(err, ledger.ErrAccount) {
		t.Errorf("an account of no chart: %v", err)
	}
}

func TestATraceTellsTheWholeStoryWithProofs(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	head, err := report.Head(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"PAY1", "PAY2", "C1"} {
		got, err := report.Trace(t.Context(), pool, "", id, report.Cut{})
		if err != nil {
			t.Fatal(err)
		}
		var types []string
		for _, s := range got.Steps {
			types = append(types, s.Type)
			if err := merkle.CheckInclusion(merkle.Checkpoint{Size: head.Size, Root: head.Root}, s.Seq, s.Proof.Leaf, s.Proof); err != nil {
				t.Errorf("%s, step %d: %v", id, s.Seq, err)
			}
			if leaf, _ := b.Records[s.Seq-1].Leaf(nil); leaf != s.Proof.Leaf {
				t.Errorf("%s, step %d proves another leaf", id, s.Seq)
			}
		}
		told := strings.Join(types, " ")
		for _, part := range []string{
			"party.registered.v1", "party.account-added.v1", "claim.submitted.v1", "claim.approved.v1", "payment.batch-opened.v1", "payment.instructed.v1",
			"payment.batch-sent.v1", "payment.confirmed.v1", "payment.returned.v1", "payment.correction-approved.v1", "payment.reissued.v1",
			"payment.failed.v1", "payment.returned-to-treasury.v1",
		} {
			if !strings.Contains(told, part) {
				t.Errorf("the story of %s has no %s: %s", id, part, told)
			}
		}
	}
	reversed, err := report.Trace(t.Context(), pool, "", "OLD3", report.Cut{})
	if err != nil || reversed.Steps[len(reversed.Steps)-1].Type != "journal.entry-reversed.v1" {
		t.Errorf("the story of a payment that was reversed: %+v, %v", reversed.Cases, err)
	}
	if _, err := report.Trace(t.Context(), pool, "", "nobody", report.Cut{}); !errors.Is(err, report.ErrNothing) {
		t.Errorf("got %v", err)
	}
}

func TestAnEventIsShownAsItWasRecorded(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	e, err := report.EventAt(t.Context(), pool, 13, report.Cut{})
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Data) != string(b.Records[12].Data) || e.Subject != b.Records[12].Subject || len(e.Header) != len(b.Records[12].Header) {
		t.Errorf("%+v", e)
	}
	encoded, err := json.Marshal(e)
	var back struct {
		Seq   uint64
		Basis struct{ Seq uint64 }
	}
	if err != nil || json.Unmarshal(encoded, &back) != nil || back.Seq != 13 || back.Basis.Seq != uint64(len(b.Records)) {
		t.Errorf("%s, %v", encoded, err)
	}
	if _, err := report.EventAt(t.Context(), pool, 9999, report.Cut{}); !errors.Is(err, report.ErrNothing) {
		t.Errorf("got %v", err)
	}
	list, err := report.Events(t.Context(), pool, "claim.submitted.v1", "", report.Cut{}, 10, 2)
	if err != nil || len(list.Events) != 2 || list.Events[0].Seq != 14 || list.Events[0].Leaf == "" || list.Next == "" {
		t.Errorf("%+v, %v", list, err)
	}
	// Earlier the tree was smaller, and the record is proved in that one.
	early, err := report.EventAt(t.Context(), pool, 13, report.Cut{KnownBy: 20})
	if err != nil || early.Basis.Seq != 20 || early.Proof.Size != 20 || early.Root == e.Root {
		t.Errorf("known by 20: %+v, %v", early.Basis, err)
	}
	for _, cut := range []report.Cut{{KnownBy: 12}, {AsOf: ledger.DateOf(2023, 2, 28)}} {
		if _, err := report.EventAt(t.Context(), pool, 13, cut); !errors.Is(err, report.ErrNothing) {
			t.Errorf("%+v: %v", cut, err)
		}
		if list, err := report.Events(t.Context(), pool, "claim.submitted.v1", "", cut, 0, 10); err != nil || len(list.Events) != 0 {
			t.Errorf("%+v: %+v, %v", cut, list, err)
		}
	}
}

// Versions that different programs made have other columns, keys and tables.
func TestVersionsOfDifferentProgramsAreComparedByWhatBothHave(t *testing.T) {
	t.Parallel()
	_, pool, r := story(t)
	if err := r.Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"alter table rm_v0002.posting drop column place",
		"update rm_v0002.posting set amount = amount + 1 where seq = (select min(seq) from rm_v0002.posting) and n = 1",
		"alter table rm_v0002.payment add column later text",
		"update rm_v0002.payment set reason = 'later' where payment = 'PAY1'",
		"drop table rm_v0002.suspect",
		"create table rm_v0002.later as select 1 as seq",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	d, err := report.Compare(t.Context(), pool, "v0001", "v0002", r.Tables(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range d.Tables {
		same, changed, added, removed, left := c.Same > 0, int64(0), int64(0), int64(0), ""
		switch c.Name {
		case "posting": // without its key a row that changed is another
			added, removed, left = 1, 1, "place"
		case "payment":
			changed, left = 1, "later"
		case "suspect":
			same, removed = false, 2
		case "later":
			same, added = false, 1
		}
		if (c.Same > 0) != same || c.Changed != changed || c.Added != added || c.Removed != removed || strings.Join(c.Left, " ") != left {
			t.Errorf("%+v", c)
		}
	}
	if len(d.Differences) != 6 {
		t.Errorf("%+v", d.Differences)
	}
	if _, err := report.Compare(t.Context(), pool, "v0001", "v0003", r.Tables(), 10); !errors.Is(err, projections.ErrVersion) {
		t.Errorf("a version that is not there: %v", err)
	}
}

func TestVersionsAreComparedRowByRow(t *testing.T) {
	t.Parallel()
	_, pool, r := story(t)
	if err := r.Rebuild(t.Context(), "v0002"); err != nil {
		t.Fatal(err)
	}
	d, err := report.Compare(t.Context(), pool, "v0001", "v0002", r.Tables(), 10)
	if err != nil || !d.Same() || len(d.Differences) != 0 {
		t.Fatalf("%+v, %v", d, err)
	}
	a, err := report.Digest(t.Context(), pool, "v0001", r.Tables())
	if err != nil {
		t.Fatal(err)
	}
	b, err := report.Digest(t.Context(), pool, "v0002", r.Tables())
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		if a[i] != b[i] {
			t.Errorf("%+v, %+v", a[i], b[i])
		}
	}
	for _, sql := range []string{
		"update rm_v0002.payment set amount = 4999.99, reason = null where payment = 'PAY1'",
		"delete from rm_v0002.entry where seq = 2",
		"insert into rm_v0002.suspect select 7, payment, earlier, party, amount, date from rm_v0002.suspect limit 1",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	d, err = report.Compare(t.Context(), pool, "v0001", "v0002", r.Tables(), 10)
	if err != nil || d.Same() {
		t.Fatalf("%+v, %v", d, err)
	}
	counts := make(map[string]report.TableDiff)
	for _, c := range d.Tables {
		counts[c.Name] = c
	}
	if c := counts["payment"]; c.Changed != 1 || c.Same != 7 {
		t.Errorf("%+v", c)
	}
	if c := counts["entry"]; c.Removed != 1 {
		t.Errorf("%+v", c)
	}
	if c := counts["suspect"]; c.Added != 1 {
		t.Errorf("%+v", c)
	}
	if len(d.Differences) != 4 {
		t.Fatalf("%+v", d.Differences)
	}
	var amount *report.Difference
	for i, x := range d.Differences {
		if x.Column == "amount" {
			amount = &d.Differences[i]
		}
	}
	if amount == nil || amount.Table != "payment" || amount.Key != "PAY1" || *amount.Before != "5000.00" || *amount.After != "4999.99" || amount.Seq == 0 {
		t.Errorf("%+v", amount)
	}
}

func TestNothingIsShownBeforeAnythingIsServed(t *testing.T) {
	t.Parallel()
	if _, err := report.TrialBalance(t.Context(), schematest.New(t), report.Cut{}); !errors.Is(err, report.ErrNotServed) {
		t.Errorf("got %v", err)
	}
}

func TestQueriesPrepare(t *testing.T) {
	t.Parallel()
	_, pool, _ := story(t)
	schematest.Prepare(t, pool, report.Queries)
}

// A claim of somebody else has the number of a payment: neither story has a word of the other.
func TestAClaimAndAPaymentOfOneNumberHaveTwoStories(t *testing.T) {
	t.Parallel()
	b := sampletest.New(t)
	b.Person("P1")
	b.Approve("C1", "P1")
	b.Batch("B1", ledger.DateOf(2023, 4, 3), payment.Instruct{Batch: "B1", Claim: "C1", Payment: "PAY1"})
	before := uint64(len(b.Records)) // so far it is one thing
	b.Person("P99")
	b.Approve("PAY1", "P99")
	pool := schematest.New(t)
	r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New(), indicators.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := report.Trace(t.Context(), pool, "", "PAY1", report.Cut{}); !errors.Is(err, report.ErrSeveral) || !strings.Contains(err.Error(), "claim, payment") {
		t.Errorf("without a kind: %v", err)
	}
	if _, err := report.Trace(t.Context(), pool, "", "PAY1", report.Cut{KnownBy: before}); err != nil {
		t.Errorf("as known before: %v", err)
	}
	for kind, c := range map[string]struct{ has, not string }{"payment": {"C1", "P99"}, "claim": {"P99", "C1"}} {
		told, err := report.Trace(t.Context(), pool, kind, "PAY1", report.Cut{})
		if err != nil || !slices.Contains(told.Cases, c.has) || slices.Contains(told.Cases, c.not) {
			t.Errorf("%s: %v, %v", kind, told.Cases, err)
		}
		for _, s := range told.Steps {
			if s.Case == c.not || s.Case == "PAY1" && !strings.HasPrefix(s.Type, kind+".") {
				t.Errorf("the %s has step %s of %s", kind, s.Type, s.Case)
			}
		}
	}
	if _, err := report.Trace(t.Context(), pool, "batch", "PAY1", report.Cut{}); !errors.Is(err, report.ErrFilter) {
		t.Errorf("of a kind that it is not: %v", err)
	}
}

// A month that was closed with a later one, and reopened, was never closed by itself.
func TestAMonthThatIsReopenedIsListedThoughItHasNoClosing(t *testing.T) {
	t.Parallel()
	b := sampletest.New(t)
	march, april := ledger.PeriodOf(2023, 3), ledger.DateOf(2023, 4, 3)
	b.Do(ledgertest.Accountant, april, b.Closing(march))
	b.Do(sampletest.Second, april, journal.Reopen{Period: march, Reason: "closed too early"})
	b.Do(sampletest.Second, april, journal.Reopen{Period: ledger.PeriodOf(2023, 2), Reason: "an invoice came late"})
	pool := schematest.New(t)
	r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New(), indicators.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := report.Months(t.Context(), pool, report.Cut{}, "", 10)
	if err != nil || len(all.Periods) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	if m := all.Periods[0]; m.Period != "2023-02" || m.Status != "open" || m.ClosedBy != "" || m.Debits != nil || m.ReopenedBy != "accountant-2" || m.Reason != "an invoice came late" {
		t.Errorf("%+v", m)
	}
	if m := all.Periods[1]; m.Period != "2023-03" || m.Status != "open" || m.ClosedBy != "accountant" || m.Debits == nil || m.Debits.String() != "60000000.00" {
		t.Errorf("%+v", m)
	}
	all, err = report.Months(t.Context(), pool, report.Cut{KnownBy: uint64(len(b.Records)) - 1}, "", 10)
	if err != nil || len(all.Periods) != 1 {
		t.Errorf("before it was reopened: %+v, %v", all, err)
	}
}

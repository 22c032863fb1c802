package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/ledger"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/levies"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

const all = 1000

// lists reads every list whole.
func lists(t testing.TB, pool *pgxpool.Pool, cut report.Cut) map[string]any {
	t.Helper()
	ctx := t.Context()
	got := make(map[string]any)
	keep := func(name string, list any, err error) {
		if err != nil {
			t.Fatalf("%s at %+v: %v", name, cut, err)
		}
		got[name] = list
	}
	claims, err := report.Claims(ctx, pool, report.ClaimFilter{}, cut, "", all)
	keep("claims", claims, err)
	payments, err := report.Payments(ctx, pool, report.PaymentFilter{}, cut, "", all)
	keep("payments", payments, err)
	for _, on := range []ledger.Date{ledger.DateOf(2023, 3, 30), ledger.DateOf(2023, 6, 30)} {
		arrears, err := report.Arrears(ctx, pool, report.InstalmentFilter{}, on, cut, "", all)
		keep("arrears on "+on.String(), arrears, err)
	}
	overpaid, err := report.Overpaid(ctx, pool, report.InstalmentFilter{}, cut, "", all)
	keep("overpaid", overpaid, err)
	levies, err := report.Levies(ctx, pool, report.LevyFilter{On: ledger.DateOf(2023, 12, 31)}, cut, "", all)
	keep("levies", levies, err)
	income, err := report.LevyIncome(ctx, pool, cut, "", all)
	keep("income", income, err)
	lines, err := report.Budgets(ctx, pool, cut, ledger.BudgetLine{}, all)
	keep("budgets", lines, err)
	suspects, err := report.Suspects(ctx, pool, cut, 0, all)
	keep("suspects", suspects, err)
	months, err := report.Months(ctx, pool, cut, "", all)
	keep("months", months, err)
	proposals, err := report.Proposals(ctx, pool, cut, 0, all)
	keep("proposals", proposals, err)
	records, err := report.Events(ctx, pool, "", "", cut, 0, all)
	keep("events", records, err)
	return got
}

// cancelled is the story of package sampletest, after which PAY4 comes back and is
// issued again three times: as PAY15, which is taken out of its batch, as PAY16, whose
// batch is cancelled, and for good. Then its posts, and levies that take every step.
func cancelled(t testing.TB) *sampletest.Book {
	b := sampletest.Story(t)
	on := ledger.DateOf(2023, 4, 20)
	b.Do(ledgertest.Clerk, on, party.AddAccount{Account: ledgertest.Sealed, Party: "P4", Ref: "2"})
	b.Do(ledgertest.Cashier, on, payment.Return{Payment: "PAY4", Reason: "account closed", Serial: "S-9"})
	b.Do(ledgertest.Cashier, on, payment.CorrectPayee{Account: "2", Payment: "PAY4", Reason: "the payee's second account"})
	b.Do(ledgertest.Approver, on, payment.ApproveCorrection{Account: "2", Payment: "PAY4"})
	b.Do(ledgertest.Cashier, on, payment.OpenBatch{Batch: "B13"})
	b.Do(ledgertest.Cashier, on, payment.Reissue{As: "PAY15", Batch: "B13", Payment: "PAY4"})
	b.Do(ledgertest.Cashier, on.AddDays(1), payment.RemoveLine{Payment: "PAY15"})
	b.Do(ledgertest.Cashier, on.AddDays(2), payment.Reissue{As: "PAY16", Batch: "B13", Payment: "PAY4"})
	b.Do(ledgertest.Cashier, on.AddDays(3), payment.CancelBatch{Batch: "B13"})
	b.Batch("B14", on.AddDays(4), payment.Reissue{As: "PAY17", Batch: "B14", Payment: "PAY4"})
	b.Do(ledgertest.Cashier, on.AddDays(5), payment.Confirm{Payment: "PAY17", Serial: "S-10"})
	b.Posts()
	b.Levy()
	day := func(month time.Month, day int) ledger.Date { return ledger.DateOf(2023, month, day) }
	filed := levy.Declare{Class: ledger.Enterprise, Employer: "E1", Region: "220104", Registered: ledger.DateOf(2015, 6, 1), Staff: levy.Int(100), Wage: ledger.Fen(60_000_00), Year: 2023}
	b.Do(ledgertest.Clerk, day(11, 11), filed) // again, for less
	b.Do(ledgertest.Accountant, day(11, 12), levy.Assess{Employer: "E1", Year: 2023})
	chief := ledger.Actor{ID: "chief", Roles: []ledger.Role{ledger.Approver, ledger.Accountant}}
	b.Do(chief, day(11, 13), levy.Relieve{Amount: ledger.Fen(5_000_00), Decision: "示例减免1号", Employer: "E1", Reason: "洪涝", Year: 2023})
	b.Do(chief, day(11, 13), levy.Warn{Document: "示例警告2号", Employer: "E1", Year: 2023})
	b.Do(chief, day(11, 13), levy.OrderPayment{Deadline: day(11, 18), Document: "示例限缴2号", Employer: "E1", Year: 2023})
	b.Do(chief, day(11, 14), levy.Defer{Decision: "示例缓缴1号", Employer: "E1", Reason: "洪涝", Until: day(11, 20), Year: 2023})
	b.Do(chief, day(11, 21), levy.Warn{Document: "示例警告1号", Employer: "E1", Year: 2023})
	b.Do(chief, day(11, 21), levy.OrderPayment{Deadline: day(11, 28), Document: "示例限缴1号", Employer: "E1", Year: 2023})
	b.Do(chief, day(12, 2), levy.ChargeLateFee{Document: "示例加收1号", Employer: "E1", Year: 2023})
	b.Do(ledgertest.First, day(6, 1), levy.Review{Confirmation: "示例确认1号", Employer: "E1", Region: "220104", Year: 2023, Persons: []levy.Person{
		{Card: levy.DisabilityCard, Grade: 1, Party: "P3", From: ledger.PeriodOf(2022, 1), To: ledger.PeriodOf(2022, 12)},
	}})
	b.Do(ledgertest.Accountant, day(12, 3), levy.Receive{Amount: ledger.Fen(1_00), Employer: "E1", Kind: levy.LateFees, Receipt: "示例缴款书2号", Year: 2023})
	b.Do(ledgertest.Accountant, day(12, 3), levy.Receive{Amount: ledger.Fen(200_000_00), Employer: "E1", Kind: levy.Principal, Receipt: "示例缴款书3号", Year: 2023})
	b.Do(ledgertest.Accountant, day(12, 3), levy.Receive{Amount: ledger.Fen(300_00), Employer: "E1", Kind: levy.Principal, Receipt: "示例缴款书4号", Year: 2023})
	b.Do(chief, day(12, 4), levy.WithdrawReceipt{Reason: "属其他单位", Receipt: "示例缴款书4号"})
	b.Do(chief, day(12, 4), levy.DecideRefund{Amount: ledger.Fen(500_00), Claim: "示例申请1", Decision: "示例退1号", Employer: "E1", Year: 2023})
	b.Do(ledgertest.Accountant, day(12, 5), levy.PayRefund{Amount: ledger.Fen(500_00), Employer: "E1", Voucher: "5209-1", Year: 2023})
	b.Do(ledgertest.Accountant, day(12, 6), levy.Assess{Employer: "E1", Year: 2023}) // takes late fee back
	filed.Wage = ledger.Fen(90_000_00)
	b.Do(ledgertest.Clerk, day(12, 7), filed)
	b.Do(ledgertest.Accountant, day(12, 8), levy.Assess{Employer: "E1", Year: 2023}) // more, to be warned of anew
	return b
}

// As of a day, a proposal is decided if it was by then; its entry is dated before.
func TestAProposalWaitsUntilTheDayOfItsDecision(t *testing.T) {
	t.Parallel()
	b, pool, log := sampletest.Story(t), schematest.New(t), new(memlog.Log)
	sampletest.Extend(t, log, b.Records)
	if err := projections.New(pool, log, projections.Config{Projections: []projections.Projection{books.New(), budgets.New()}}).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	decided := 0
	for _, e := range b.Events {
		posted, ok := e.(journal.EntryPosted)
		if !ok || posted.Prepared == "" {
			continue
		}
		decided++
		for _, c := range []struct {
			on           ledger.Date
			status, said string
		}{{posted.On.AddDays(-1), "proposed", ""}, {posted.On, "posted", posted.On.String()}} {
			page, err := report.Proposals(t.Context(), pool, report.Cut{AsOf: c.on}, 0, all)
			i := slices.IndexFunc(page.Proposals, func(p report.Proposal) bool { return p.Entry == string(posted.Entry.ID) })
			if err != nil || i < 0 || page.Proposals[i].Status != c.status || page.Proposals[i].DecidedOn != c.said {
				t.Errorf("as of %s: %+v, %v", c.on, page.Proposals, err)
			}
		}
	}
	if decided == 0 {
		t.Error("nothing was posted")
	}
}

// What a list said when the log ended at a record, it says for ever when it is asked
// what was known by that record.
func TestAListKnownByARecordIsWhatItWasThen(t *testing.T) {
	t.Parallel()
	b, pool, log := cancelled(t), schematest.New(t), new(memlog.Log)
	r := projections.New(pool, log, projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New()}})
	var then []map[string]any
	for n := range b.Records {
		sampletest.Extend(t, log, b.Records[:n+1])
		if err := r.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		then = append(then, lists(t, pool, report.Cut{}))
	}
	// Every event of a claim, a payment or a levy is among them, so that a new one that changes
	// where one stands is not forgotten.
	missing := make(map[string]bool)
	for _, name := range events.Names() {
		// A concurrence and a document leave the claim where it stands, and who is no more
		// has settled every levy.
		at := slices.Contains([]string{"claim.concurred.v1", "claim.evidence-attached.v1", "levy.deregistered.v1"}, name)
		missing[name] = !at && (strings.HasPrefix(name, "claim.") || strings.HasPrefix(name, "payment.") || strings.HasPrefix(name, "levy."))
	}
	for _, e := range then[len(then)-1]["events"].(report.EventPage).Events {
		missing[e.Type] = false
	}
	for name, lacks := range missing {
		if lacks {
			t.Errorf("the story has no %s", name)
		}
	}
	for n, want := range then {
		for name, list := range lists(t, pool, report.Cut{KnownBy: uint64(n) + 1}) {
			if !reflect.DeepEqual(list, want[name]) {
				t.Errorf("%s known by %d are\n%s\nand were\n%s", name, n+1, text(t, list), text(t, want[name]))
			}
		}
	}
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAListAsOfADayHasWhatIsDatedUpToIt(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	for _, c := range []struct {
		day                  ledger.Date
		claim, payment, mark string // C1 and PAY1 at the end of the day, "" before they were there
		suspects             int
	}{
		{ledger.DateOf(2023, 2, 28), "", "", "", 0},
		{ledger.DateOf(2023, 3, 1), "publicised", "", "", 0},
		{ledger.DateOf(2023, 3, 8), "publicity-ended", "", "", 0},
		{ledger.DateOf(2023, 3, 9), "approved", "", "", 0},
		{ledger.DateOf(2023, 3, 21), "approved", "", "recorded", 2},
		{ledger.DateOf(2023, 4, 3), "approved", "paid", "recorded", 2},
		{ledger.DateOf(2023, 4, 4), "approved", "returned", "recorded", 2},
		{ledger.DateOf(2023, 4, 5), "approved", "re-issued", "recorded", 2},
		{ledger.DateOf(2023, 4, 7), "approved", "re-issued", "reversed", 2},
	} {
		got := lists(t, pool, report.Cut{AsOf: c.day})
		var claim, paid, mark string
		for _, k := range got["claims"].(report.ClaimPage).Claims {
			if k.Claim == "C1" {
				claim = k.Status
			}
		}
		for _, p := range got["payments"].(report.PaymentPage).Payments {
			switch p.Payment {
			case "PAY1":
				paid = p.Status
			case "OLD3":
				mark = p.Status
			}
		}
		suspects := got["suspects"].(report.SuspectPage).Suspects
		if claim != c.claim || paid != c.payment || mark != c.mark || len(suspects) != c.suspects {
			t.Errorf("as of %s C1 is %q, PAY1 %q, OLD3 %q, with %d suspects; want %+v", c.day, claim, paid, mark, len(suspects), c)
		}
		if len(suspects) == 2 && suspects[1].Status != c.mark {
			t.Errorf("as of %s the suspect is %s", c.day, suspects[1].Status)
		}
		// The lines are those of the control accounts on that day.
		want := make(map[ledger.AccountCode]ledger.Money)
		for code, s := range sums(b, report.Cut{AsOf: c.day}) {
			want[code] = s[1].Sub(s[0])
		}
		var voted, committed, disbursed, available ledger.Money
		for _, l := range got["budgets"].(report.BudgetPage).Budgets {
			voted, committed, disbursed, available = voted.Add(l.Voted), committed.Add(l.Committed), disbursed.Add(l.Disbursed), available.Add(l.Available)
			if !l.Voted.Equal(l.Available.Add(l.Committed).Add(l.Disbursed)) {
				t.Errorf("as of %s %+v does not add up", c.day, l)
			}
		}
		if !voted.Equal(ledger.Money{}.Sub(want["9001"])) || !available.Equal(want["9101"]) || !committed.Equal(want["9102"]) || !disbursed.Equal(want["9103"]) {
			t.Errorf("as of %s the lines have %s %s %s %s, the accounts %v", c.day, voted, available, committed, disbursed, want)
		}
	}
}

func TestAListIsNarrowedByItsFiltersAtAnyCut(t *testing.T) {
	t.Parallel()
	_, pool, _ := story(t)
	count := func(f report.PaymentFilter, cut report.Cut) int {
		p, err := report.Payments(t.Context(), pool, f, cut, "", all)
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Payments)
	}
	for _, c := range []struct {
		f    report.PaymentFilter
		cut  report.Cut
		want int
	}{
		{report.PaymentFilter{Status: "paid"}, report.Cut{}, 1},
		{report.PaymentFilter{Status: "paid"}, report.Cut{AsOf: ledger.DateOf(2023, 4, 3)}, 2},
		{report.PaymentFilter{Status: "recorded"}, report.Cut{AsOf: ledger.DateOf(2023, 4, 3)}, 3},
		{report.PaymentFilter{Status: "reversed"}, report.Cut{}, 1},
		{report.PaymentFilter{Status: "reversed"}, report.Cut{AsOf: ledger.DateOf(2023, 4, 7)}, 1},
		{report.PaymentFilter{Claim: "C1"}, report.Cut{}, 2},
		{report.PaymentFilter{Claim: "C1"}, report.Cut{AsOf: ledger.DateOf(2023, 4, 4)}, 1},
		{report.PaymentFilter{Batch: "B2", Party: "P1"}, report.Cut{}, 1},
		{report.PaymentFilter{Batch: "B2", Party: "P4"}, report.Cut{}, 0},
	} {
		if got := count(c.f, c.cut); got != c.want {
			t.Errorf("%+v at %+v: %d payments, want %d", c.f, c.cut, got, c.want)
		}
	}
	claims, err := report.Claims(t.Context(), pool, report.ClaimFilter{Status: "approved"}, report.Cut{KnownBy: 40}, "", 1)
	if err != nil || len(claims.Claims) != 1 || claims.Next != "" && claims.Next != claims.Claims[0].Claim {
		t.Errorf("%+v, %v", claims, err)
	}
}

func TestPartiesAreListedMaskedAndErasedForGood(t *testing.T) {
	t.Parallel()
	_, pool, _ := story(t)
	got, err := report.Parties(t.Context(), pool, report.Cut{KnownBy: 8}, "", all)
	if err != nil || len(got.Parties) != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, p := range got.Parties {
		if p.Party == "P2" && (!p.Erased || p.Name != "[erased]") {
			t.Errorf("an erased person at an earlier cut: %+v", p)
		}
		if p.Kind == "person" && p.Party != "P2" && p.Name != "" {
			t.Errorf("a person without a name in the vault: %+v", p)
		}
	}
	if got, err = report.Parties(t.Context(), pool, report.Cut{KnownBy: 5}, "P1", 1); err != nil || len(got.Parties) != 1 || got.Parties[0].Party != "P2" || got.Next != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestATimeIsTheLastRecordThatIsNotLater(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	began, last := time.Date(2023, 3, 1, 1, 0, 0, 0, time.UTC), uint64(len(b.Records))
	now := began.Add(time.Hour)
	seq := func(text string) (uint64, bool, error) {
		m, err := report.ParseMoment(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return m.Seq(t.Context(), pool, now)
	}
	for n := range last { // a record each second
		for _, late := range []time.Duration{0, 999 * time.Millisecond} {
			at := began.Add(time.Duration(n)*time.Second + late)
			if got, end, err := seq(at.Format(time.RFC3339Nano)); err != nil || got != n+1 || end != (n+1 == last) {
				t.Errorf("by %s: %d, %v, %v; want %d", at, got, end, err, n+1)
			}
		}
	}
	for text, want := range map[string]uint64{
		"2023-03-01T09:00:06+08:00": 7, "2023-03-01T09:00:06": 7, "2023-03-01 09:00:06": 7, "2023-03-01T09:01": 61, "2023-03-01T01:30:00Z": last, "12": 12,
	} {
		if got, _, err := seq(text); err != nil || got != want {
			t.Errorf("by %s: %d, %v", text, got, err)
		}
	}
	if _, _, err := seq("2023-03-01T00:59:59Z"); !errors.Is(err, report.ErrKnownBy) {
		t.Errorf("before the first record: %v", err)
	}
	if _, _, err := seq("2023-03-01T02:00:01Z"); !errors.Is(err, report.ErrAhead) {
		t.Errorf("a time that has not come: %v", err)
	}
	for _, text := range []string{"0", "-1", "+3", "03", "1e3", "2023-03-01", "yesterday", "2023-03-01T25:00:00Z", "18446744073709551616"} {
		if _, err := report.ParseMoment(text); !errors.Is(err, report.ErrKnownBy) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if m, err := report.ParseMoment(""); err != nil || m != (report.Moment{}) {
		t.Errorf("no moment: %+v, %v", m, err)
	}
}

func TestWhatIsNotProjectedYetIsNotCounted(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	cut := report.Cut{KnownBy: uint64(len(b.Records)) + 1}
	for name, ask := range map[string]func(context.Context) error{
		"trial balance": func(ctx context.Context) error { _, err := report.TrialBalance(ctx, pool, cut); return err },
		"story":         func(ctx context.Context) error { _, err := report.Trace(ctx, pool, "", "C1", cut); return err },
		"claims": func(ctx context.Context) error {
			_, err := report.Claims(ctx, pool, report.ClaimFilter{}, cut, "", 1)
			return err
		},
	} {
		if err := ask(t.Context()); !errors.Is(err, report.ErrAhead) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A story known by a record names nothing that was not there.
func TestAStoryKnownByARecordNamesNothingLater(t *testing.T) {
	t.Parallel()
	b, pool, _ := story(t)
	for n := range b.Records {
		told, err := report.Trace(t.Context(), pool, "", "C1", report.Cut{KnownBy: uint64(n) + 1})
		if errors.Is(err, report.ErrNothing) && n < 13 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{"C1": true}
		for _, step := range told.Steps {
			known[step.Case] = true
			if step.Seq > uint64(n)+1 || step.Proof.Size != uint64(n)+1 {
				t.Errorf("known by %d: record %d, proved in %d", n+1, step.Seq, step.Proof.Size)
			}
		}
		for _, id := range told.Cases {
			if !known[id] && id != fmt.Sprintf("payment:%s", "PAY1") && id != "payment:PAY2" {
				t.Errorf("known by %d the story names %s", n+1, id)
			}
		}
	}
}

// What was spent of the levy is what was paid of it, from here or elsewhere, less what came back, was reversed or recovered.
func TestTheUseOfTheLevyIsWhatWasPaidLessWhatCameBack(t *testing.T) {
	t.Parallel()
	b, pool := cancelled(t), schematest.New(t)
	r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	sum := func(query string) (text string) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), query).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	want := sum(`
select (sum(amount) filter (where status in ('paid', 'recorded')) - (
	select sum((e.data ->> 'amount')::numeric)
	from read.event e
	join read.payment p on p.payment = e.case_id
	where e.name like 'payment.recovery-received.%' and p.fund = 'levy'))::text
from read.payment
where fund = 'levy'`)
	page, err := report.LevyIncome(t.Context(), pool, report.Cut{}, "", all)
	if err != nil {
		t.Fatal(err)
	}
	var used ledger.Money
	for _, i := range page.Income {
		used = used.Add(i.Use)
	}
	if used.String() != want || used.Sign() <= 0 {
		t.Errorf("%s spent, want %s: %+v", used, want, page.Income)
	}
}

package projections_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/payment"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// story is a database that Story was projected into.
func story(t testing.TB) (*sampletest.Book, *pgxpool.Pool) {
	t.Helper()
	b, pool := sampletest.Story(t), schematest.New(t)
	if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, pool
}

// rows returns rows as lines of text, null as ~.
func rows(t testing.TB, pool *pgxpool.Pool, columns, from string) []string {
	t.Helper()
	list := strings.Split(columns, ",")
	for i, c := range list {
		list[i] = "coalesce((" + strings.TrimSpace(c) + ")::text, '~')"
	}
	return query[string](t, pool, "select concat_ws(' ', "+strings.Join(list, ", ")+") from "+from)
}

func TestGivenTheStoryTheseAreTheRows(t *testing.T) {
	t.Parallel()
	b, pool := story(t)
	var slots []string
	for _, e := range b.Events {
		if e, ok := e.(claim.Submitted); ok && e.Claim == "C1" {
			slots = e.Slots
		}
	}
	for _, c := range []struct {
		name, columns, from string
		want                []string
	}{{
		"claims stand at their last step",
		"claim, party, status, amount, objections, line_fund, approved_on, ended_on, comparison", "read.claim order by claim",
		[]string{
			"C1 P1 approved 5000.00 0 levy 2023-03-09 2023-04-06 differs",
			"C2 P2 rejected 5000.00 0 levy 2023-03-09 2023-03-10 differs",
			"C3 P3 withdrawn 5000.00 0 ~ ~ 2023-03-01 ~",
			"C4 P4 approved 5000.00 0 levy 2023-03-09 ~ differs",
			"C5 P5 approved 5000.00 0 levy 2023-03-09 ~ differs",
		},
	}, {
		"a claim keeps what it occupies",
		"slots", "read.claim where claim = 'C1'",
		[]string{"{" + strings.Join(slots, ",") + "}"},
	}, {
		"payments stand where they are, with what replaced them and what came back",
		"payment, batch, claim, account, status, paid_on, returned_on, failed_on, ended_on, replaces, replaced_by, suspect, demanded, recovered",
		"read.payment order by payment",
		[]string{
			"OLD1 ~ ~ ~ recorded 2023-03-21 ~ ~ ~ ~ ~ ~ 0.00 0.00",
			"OLD2 ~ ~ ~ recorded 2023-03-21 ~ ~ ~ ~ ~ OLD1 5000.00 4999.99",
			"OLD3 ~ ~ ~ reversed 2023-03-21 ~ ~ ~ ~ ~ OLD1 0.00 0.00",
			"PAY1 B1 C1 1 re-issued 2023-04-03 2023-04-04 ~ ~ ~ PAY2 ~ 0.00 0.00",
			"PAY2 B2 C1 2 returned-to-treasury ~ ~ 2023-04-06 2023-04-06 PAY1 ~ ~ 0.00 0.00",
			"PAY4 B1 C4 1 paid 2023-04-03 ~ ~ ~ ~ ~ ~ 0.00 0.00",
			"PAY5 B3 C5 1 cancelled ~ ~ ~ 2023-04-03 ~ ~ ~ 0.00 0.00",
			"PAY6 B3 C5 1 cancelled ~ ~ ~ ~ ~ ~ ~ 0.00 0.00",
		},
	}, {
		"batches have the lines and totals of their payments",
		"batch, status, lines, total, voucher, sent_on, cancelled_on, cancelled_by", "read.batch order by batch",
		[]string{"B1 sent 2 10000.00 V-B1 2023-04-03 ~ ~", "B2 sent 1 5000.00 V-B2 2023-04-05 ~ ~", "B3 cancelled 1 5000.00 ~ ~ 2023-04-04 cashier"},
	}, {
		"proposed entries were posted or rejected",
		"status, date, proposed_by, decided_by, decided_on, reason", "read.proposal order by seq",
		[]string{"posted 2023-04-08 accountant accountant-2 2023-04-09 ~", "rejected 2023-04-09 accountant-2 accountant 2023-04-09 proposed before"},
	}, {
		"suspects are listed once each",
		"payment, earlier, party, amount", "read.suspect order by seq",
		[]string{"OLD2 OLD1 P3 5000.00", "OLD3 OLD1 P3 5000.00"},
	}, {
		"periods are closed or open",
		"period, status, closed_by, at_seq, reopened_by, debits", "read.period",
		[]string{"2023-03 closed accountant 60 accountant-2 60011999.85"},
	}, {
		"an entry names what it reverses, and what reversed it",
		"case_id, amount, reverses, reversed_by is not null, adjusts", "read.entry where entry_id like 'payment:OLD3' or reverses like 'payment:%' order by seq",
		[]string{"OLD3 5000.00 ~ true 2023-03", "payment:OLD3 5000.00 payment:OLD3 false 2023-03"},
	}, {
		"budget lines stand as the book decides with them",
		"region, scheme, fund, year, voted, committed, disbursed, available", "read.budget_line order by 1",
		[]string{
			"220102 startup levy 2023 10000500.10 0.00 0.00 10000500.10",
			"220104 startup levy 2023 9998399.86 5000.00 5000.00 9988399.86",
			"220104 startup levy 2024 99.99 0.00 0.00 99.99",
		},
	}, {
		"documents say what changed a line",
		"kind, amount, year, to_region, to_year", "read.budget_document order by seq",
		[]string{"appropriated 10000000.00 2023 ~ ~", "appropriated 10000000.00 2023 ~ ~", "reduced 1000.05 2023 ~ ~", "transferred 500.10 2023 220102 2023", "carried-over 99.99 2023 220104 2024"},
	}, {
		"policy and schemes are those published",
		"p.version, s.code, s.purpose, s.cap, s.funds", "read.policy p join read.scheme s on s.version = p.version order by s.code",
		[]string{"test-1 assisted assisted ~ {levy}", "test-1 employer reward 30000.00 {levy}", "test-1 startup startup ~ {levy,general}", "test-1 unset unset ~ {levy}"},
	}} {
		if got := rows(t, pool, c.columns, c.from); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

// Invariant 2 of package budgets.
func TestBudgetLinesAgreeWithTheBook(t *testing.T) {
	t.Parallel()
	b, pool := story(t)
	n := 0
	for line, use := range b.State.Budget().Lines() {
		n++
		got := rows(t, pool, "voted, committed, disbursed, available", fmt.Sprintf(
			"read.budget_line where region = '%s' and scheme = '%s' and fund = '%s' and year = %d", line.Region, line.Scheme, line.Fund, line.Year))
		want := fmt.Sprintf("%s %s %s %s", use.Voted, use.Committed, use.Disbursed, use.Available())
		if len(got) != 1 || got[0] != want {
			t.Errorf("line %s: %v, want %s", line, got, want)
		}
	}
	if got := query[int64](t, pool, "select count(*) from read.budget_line"); got[0] != int64(n) {
		t.Errorf("%d lines, the book has %d", got[0], n)
	}
}

// Invariant 1 of package books; and the control accounts agree with the budget.
func TestBalancesAreTheSumsOfPostings(t *testing.T) {
	t.Parallel()
	b, pool := story(t)
	if got := rows(t, pool, "account, region, year, period", `(
		select account, region, scheme, fund, year, to_char(date, 'YYYY-MM') as period,
			coalesce(sum(amount) filter (where side = 'debit'), 0) as debit, coalesce(sum(amount) filter (where side = 'credit'), 0) as credit
		from read.posting group by 1, 2, 3, 4, 5, 6
		except select account, region, scheme, fund, year, period, debit, credit from read.balance) d`); len(got) != 0 {
		t.Errorf("differ: %v", got)
	}
	if got := rows(t, pool, "count(*) > 10", "read.balance"); got[0] != "true" {
		t.Error("there are no balances")
	}
	if got := rows(t, pool, "book, sum(debit) - sum(credit)", "read.balance b join read.account a on a.code = b.account group by book order by book"); !reflect.DeepEqual(got, []string{"budget 0.00", "control 0.00", "financial 0.00"}) {
		t.Errorf("books: %v", got)
	}
	use := b.State.Budget().Use(sampletest.Line)
	for account, want := range map[string]ledger.Money{"9101": use.Available(), "9102": use.Committed, "9103": use.Disbursed} {
		got := rows(t, pool, "sum(credit - debit)", fmt.Sprintf("read.balance where account = '%s' and region = '220104' and year = 2023", account))
		if got[0] != want.String() {
			t.Errorf("account %s has %s, the budget %s", account, got[0], want)
		}
	}
	entries := 0
	for _, e := range b.Events {
		if ledgertest.Booked(e) != nil {
			entries++
		}
	}
	if got := query[int64](t, pool, "select count(*) from read.entry"); got[0] != int64(entries) {
		t.Errorf("%d entries, want %d", got[0], entries)
	}
}

func TestAPersonHasOnlyTheMaskedNameAndAnErasedOneNone(t *testing.T) {
	t.Parallel()
	_, pool := story(t)
	for _, p := range []string{"P1", "P2"} {
		exec(t, pool, "insert into vault.key (party, wrapped, master_id) values ($1, decode(repeat('ab', 69), 'hex'), repeat('ab', 8))", p)
		exec(t, pool, "insert into vault.display (party, masked) values ($1, '张*三')", p)
	}
	got := rows(t, pool, "party, kind, name, code, erased, accounts", "read.party order by party")
	want := []string{
		"E1 employer 示例单位 ~ false 1",
		"P1 person 张*三 ~ false 2",
		"P2 person [erased] ~ true 1",
		"P3 person ~ ~ false 1",
		"P4 person ~ ~ false 1",
		"P5 person ~ ~ false 1",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	// The key is destroyed: the name goes with it, and nothing else changes.
	exec(t, pool, "delete from vault.key where party = 'P1'")
	if got := rows(t, pool, "name", "read.party where party = 'P1'"); got[0] != "~" {
		t.Errorf("name %s", got[0])
	}
}

func TestTheArchiveHasEveryRecordAndItsDataAsJSON(t *testing.T) {
	t.Parallel()
	b, pool := story(t)
	got := rows(t, pool, "seq, name, case_id, command, data->>'payment'", "read.event where case_id = 'PAY4' order by seq")
	if len(got) != 2 || !strings.Contains(got[0], "payment.instructed.v1 PAY4 synthetic-") || !strings.HasSuffix(got[1], "PAY4") {
		t.Errorf("got %v", got)
	}
	if n := query[int64](t, pool, "select count(*) from read.event"); n[0] != int64(len(b.Records)) {
		t.Errorf("%d events", n[0])
	}
}

// A payment that was re-issued waits again when its re-issue is cancelled, alone or
// with its batch.
func TestWhatWasReissuedWaitsAgainWhenTheReissueIsCancelled(t *testing.T) {
	t.Parallel()
	b, on := sampletest.New(t), sampletest.Day.AddDays(20)
	for i, p := range []ledger.PartyID{"P1", "P2"} {
		b.Person(p)
		b.Approve(ledger.ClaimID(fmt.Sprint("C", i+1)), p)
	}
	b.Batch("B1", on, payment.Instruct{Batch: "B1", Claim: "C1", Payment: "Y1"}, payment.Instruct{Batch: "B1", Claim: "C2", Payment: "Y2"})
	b.Do(ledgertest.Cashier, on, payment.Fail{Payment: "Y1", Reason: "closed"})
	b.Do(ledgertest.Cashier, on, payment.Confirm{Payment: "Y2", Serial: "S-1"})
	b.Do(ledgertest.Cashier, on, payment.Return{Payment: "Y2", Reason: "closed", Serial: "S-2"})
	b.Do(ledgertest.Cashier, on, payment.OpenBatch{Batch: "B2"})
	for _, id := range []ledger.PaymentID{"Y1", "Y2"} {
		b.Do(ledgertest.Cashier, on, payment.CorrectPayee{Account: "1", Payment: id, Reason: "the bank's mistake"})
		b.Do(ledgertest.Approver, on, payment.ApproveCorrection{Account: "1", Payment: id})
		b.Do(ledgertest.Cashier, on, payment.Reissue{As: id + "-2", Batch: "B2", Payment: id})
	}
	b.Do(ledgertest.Cashier, on, payment.RemoveLine{Payment: "Y2-2"})
	b.Do(ledgertest.Cashier, on, payment.CancelBatch{Batch: "B2"})
	b.Do(ledgertest.Cashier, on, payment.OpenBatch{Batch: "B3"})
	b.Do(ledgertest.Cashier, on, payment.Reissue{As: "Y2-3", Batch: "B3", Payment: "Y2"})
	pool := schematest.New(t)
	if err := runner(pool, b.Log()).CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := rows(t, pool, "payment, status, replaced_by", "read.payment order by payment")
	want := []string{"Y1 failed Y1-2", "Y1-2 cancelled ~", "Y2 re-issued Y2-3", "Y2-2 cancelled ~", "Y2-3 instructed ~"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

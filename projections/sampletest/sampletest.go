// Package sampletest decides synthetic books for the tests of projections: records
// as the appender would have made them, without an appender.
package sampletest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/book"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// Lines and days of the stories.
var (
	Line    = ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}
	Other   = ledger.BudgetLine{Region: "220102", Scheme: "startup", Fund: "levy", Year: 2023}
	Day     = ledger.DateOf(2023, 3, 1)
	Hash    = strings.Repeat("0123456789abcdef", 4)
	Licence = strings.Repeat("123456789abcdef0", 4) // of another paper

	// Second is a second accountant, since who reverses is not who posted.
	Second = ledger.Actor{ID: "accountant-2", Roles: []ledger.Role{ledger.Accountant}}
)

// A Book is a book under way.
type Book struct {
	t       testing.TB
	State   *book.State
	Records []events.Record
	Events  []ledger.Event
	began   time.Time
}

// New returns a book with the synthetic policy in force and 10,000,000.00 voted
// for each of the two lines.
func New(t testing.TB) *Book {
	b := &Book{t: t, State: &book.State{}, began: time.Date(2023, 3, 1, 1, 0, 0, 0, time.UTC)}
	pack := ledgertest.Pack()
	pack.LateReturn = policy.Restore
	b.Do(ledgertest.Operator, Day, policy.Publish{Pack: pack})
	for _, l := range []ledger.BudgetLine{Line, Other} {
		b.Do(ledgertest.Accountant, Day, budget.Appropriate{Amount: ledger.Fen(10_000_000_00), Document: "示例指标〔2023〕1号", Line: l})
	}
	return b
}

// Do has an order decided and recorded, and returns its event. A refusal fails the
// test.
func (b *Book) Do(by ledger.Actor, on ledger.Date, do any) ledger.Event {
	b.t.Helper()
	id := ledger.CommandID(fmt.Sprintf("synthetic-%04d", len(b.Records)+1))
	decided, err := book.Decide(b.State, book.Command{Order: ledger.Order{ID: id, By: by, On: on}, Do: do})
	if err != nil || len(decided) != 1 {
		b.t.Fatalf("%T: %d events, %v", do, len(decided), err)
	}
	b.State = book.Evolve(b.State, decided[0])
	b.add(decided[0], events.Meta{Command: id, Actor: by.ID})
	return decided[0]
}

func (b *Book) add(e ledger.Event, m events.Meta) {
	b.t.Helper()
	m.Time = b.began.Add(time.Duration(len(b.Records)) * time.Second)
	m.Correlation = "test"
	r, err := events.Encode("220000", e, m)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Seq = uint64(len(b.Records)) + 1
	b.Records, b.Events = append(b.Records, r), append(b.Events, e)
}

// Closing is the order to close a month with what the books are.
func (b *Book) Closing(month ledger.Period) journal.Close {
	var tree merkle.Frontier
	net := make(map[ledger.AccountCode]ledger.Money)
	for i, e := range b.Events {
		leaf, _ := b.Records[i].Leaf(nil)
		tree.Append(leaf)
		if entry, ok := e.Booked(); ok && !entry.Date.After(month.Last()) {
			for _, p := range entry.Postings {
				net[p.Account] = net[p.Account].Add(p.Signed())
			}
		}
	}
	root := tree.Root()
	do := journal.Close{Period: month, Root: hex.EncodeToString(root[:]), Seq: tree.Size()}
	for _, m := range net {
		if m.Sign() > 0 {
			do.Debits = ledger.Total(ledger.Money(do.Debits).Add(m))
		} else {
			do.Credits = ledger.Total(ledger.Money(do.Credits).Sub(m))
		}
	}
	return do
}

// Log returns a log of the records so far; of the zero Book, an empty one.
func (b *Book) Log() *memlog.Log {
	log := new(memlog.Log)
	if b.t != nil {
		b.t.Helper()
		Extend(b.t, log, b.Records)
	}
	return log
}

// Extend appends to log those of records that it does not have.
func Extend(t testing.TB, log events.Log, records []events.Record) {
	t.Helper()
	last, err := log.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for at := last; at < uint64(len(records)); {
		end := min(at+events.MaxAppend, uint64(len(records)))
		if _, err := log.Append(t.Context(), at, records[at:end]...); err != nil {
			t.Fatal(err)
		}
		at = end
	}
}

// Person registers a person with one account.
func (b *Book) Person(id ledger.PartyID) {
	b.t.Helper()
	b.Do(ledgertest.Clerk, Day, party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: id, Region: "220104", Sealed: ledgertest.Sealed})
}

// Approve takes a claim of a person through all its steps on Line.
func (b *Book) Approve(id ledger.ClaimID, p ledger.PartyID) {
	b.t.Helper()
	march := ledger.PeriodOf(2023, 3)
	evidence := []claim.Evidence{{Hash: Hash, Kind: "certificate"}, {Hash: Licence, Kind: "licence"}}
	b.Do(ledgertest.Clerk, Day, claim.Submit{Account: "1", Claim: id, Evidence: evidence, From: march, Party: p, Region: "220104", Scheme: "startup", To: march, Units: 1})
	b.Do(ledgertest.First, Day, claim.FirstReview{Claim: id})
	b.Do(ledgertest.First, Day, claim.Compare{Claim: id, Manifest: Hash, Outcome: claim.Differs, Sources: []string{"disability register", "tax register"}})
	b.Do(ledgertest.Second, Day, claim.SecondReview{Claim: id, Reason: "the register is a month late"})
	b.Do(ledgertest.First, Day, claim.Publicise{Claim: id, From: Day, Notice: Hash, Place: "示例公示栏", To: Day.AddDays(6)})
	b.Do(ledgertest.Clerk, Day, claim.Object{Claim: id, Objection: "O1", Statement: Hash})
	b.Do(ledgertest.First, Day.AddDays(1), claim.Resolve{Claim: id, Objection: "O1", Outcome: claim.Dismissed, Reason: "about another person"})
	b.Do(ledgertest.First, Day.AddDays(7), claim.EndPublicity{Claim: id})
	b.Do(ledgertest.Approver, Day.AddDays(8), claim.Approve{Claim: id, Decision: "示例决定1号", Line: Line})
}

// Batch pays claims, or re-issues payments, of 5000.00 each, in a batch of their own that is
// sent.
func (b *Book) Batch(id ledger.BatchID, on ledger.Date, fill ...any) {
	b.t.Helper()
	b.batch(id, on, ledger.Fen(5_000_00), fill...)
}

func (b *Book) batch(id ledger.BatchID, on ledger.Date, each ledger.Money, fill ...any) {
	b.t.Helper()
	b.Do(ledgertest.Cashier, on, payment.OpenBatch{Batch: id})
	for _, do := range fill {
		b.Do(ledgertest.Cashier, on, do)
	}
	total := each.Times(int64(len(fill)))
	b.Do(ledgertest.Cashier, on, payment.SubmitBatch{Batch: id, Lines: len(fill), Total: total})
	b.Do(ledgertest.Approver, on, payment.ApproveBatch{Batch: id, Lines: len(fill), Total: total})
	b.Do(ledgertest.Cashier, on, payment.SendBatch{Batch: id, Voucher: "V-" + string(id)})
}

// Story returns a book with an event of every type but those of [Book.Facts] and [Book.Posts]. C1 of P1 is paid as PAY1,
// which comes back, is paid again as PAY2, which fails and goes back to the
// treasury; C2 of P2 is approved and rejected, and P2 erased; C3 is withdrawn; C4 of
// P4 is paid as PAY4; C5 of P5 waits, since PAY5 was taken out of its batch and PAY6
// cancelled with it. OLD1, OLD2 and OLD3 were paid elsewhere: OLD2 looks like OLD1
// and is partly recovered, OLD3 is reversed.
func Story(t testing.TB) *Book {
	b := New(t)
	march := ledger.PeriodOf(2023, 3)
	for _, id := range []ledger.PartyID{"P1", "P2", "P3", "P4", "P5"} {
		b.Person(id)
	}
	b.Do(ledgertest.Clerk, Day, party.Register{
		Account: ledgertest.Sealed, Kind: policy.Employer, Name: "示例单位", Party: "E1", Place: "长春市（示例）", Region: "220104",
	})
	b.Do(ledgertest.Clerk, Day, party.AddAccount{Account: ledgertest.Sealed, Party: "P1", Ref: "2"})
	b.Do(ledgertest.Accountant, Day, budget.Adjust{Amount: ledger.Fen(1_000_05), Document: "示例指标〔2023〕2号", Line: Line, Side: ledger.Credit})
	b.Do(ledgertest.Accountant, Day, budget.Transfer{Amount: ledger.Fen(500_10), Document: "示例指标〔2023〕3号", Line: Line, To: Other})
	b.Do(ledgertest.Accountant, Day, budget.CarryOver{Amount: ledger.Fen(99_99), Document: "示例指标〔2023〕4号", Line: Line})
	b.Approve("C1", "P1")
	b.Approve("C2", "P2")
	b.Do(ledgertest.Approver, Day.AddDays(9), claim.Reject{Claim: "C2", Reason: "approved by mistake"})
	evidence := []claim.Evidence{{Hash: Hash, Kind: "certificate"}, {Hash: Licence, Kind: "licence"}}
	b.Do(ledgertest.Clerk, Day, claim.Submit{Account: "1", Claim: "C3", Evidence: evidence, From: march, Party: "P3", Region: "220104", Scheme: "startup", To: march, Units: 1})
	b.Do(ledgertest.Clerk, Day, claim.Withdraw{Claim: "C3", Reason: "withdrawn by the applicant"})
	b.Approve("C4", "P4")
	b.Approve("C5", "P5")

	later := ledger.DateOf(2023, 4, 3)
	b.Batch("B1", later, payment.Instruct{Batch: "B1", Claim: "C1", Payment: "PAY1"}, payment.Instruct{Batch: "B1", Claim: "C4", Payment: "PAY4"})
	b.Do(ledgertest.Accountant, later, b.Closing(march))
	b.Do(Second, later, journal.Reopen{Period: march, Reason: "closed too early"})
	b.Do(ledgertest.Accountant, later, b.Closing(march))
	b.Do(ledgertest.Cashier, later, payment.Confirm{Payment: "PAY1", Serial: "S-1"})
	b.Do(ledgertest.Cashier, later, payment.Confirm{Payment: "PAY4", Serial: "S-4"})
	b.Do(ledgertest.Cashier, later.AddDays(1), payment.Return{Payment: "PAY1", Reason: "account closed", Serial: "S-2"})
	b.Do(ledgertest.Cashier, later.AddDays(1), payment.CorrectPayee{Account: "2", Payment: "PAY1", Reason: "the payee's second account"})
	b.Do(ledgertest.Approver, later.AddDays(1), payment.ApproveCorrection{Account: "2", Payment: "PAY1"})
	b.Batch("B2", later.AddDays(2), payment.Reissue{As: "PAY2", Batch: "B2", Payment: "PAY1"})
	b.Do(ledgertest.Cashier, later.AddDays(3), payment.Fail{Payment: "PAY2", Reason: "account frozen"})
	b.Do(ledgertest.Approver, later.AddDays(3), payment.ReturnToTreasury{Payment: "PAY2", Reason: "no account can be paid to"})

	b.Do(ledgertest.Cashier, later, payment.OpenBatch{Batch: "B3"})
	b.Do(ledgertest.Cashier, later, payment.Instruct{Batch: "B3", Claim: "C5", Payment: "PAY5"})
	b.Do(ledgertest.Cashier, later, payment.RemoveLine{Payment: "PAY5", Reason: "entered too early"})
	b.Do(ledgertest.Cashier, later, payment.Instruct{Batch: "B3", Claim: "C5", Payment: "PAY6"})
	b.Do(ledgertest.Cashier, later, payment.SubmitBatch{Batch: "B3", Lines: 1, Total: ledger.Fen(5_000_00)})
	b.Do(ledgertest.Cashier, later.AddDays(1), payment.CancelBatch{Batch: "B3", Reason: "the list was of another month"})

	var recorded payment.Recorded
	for _, id := range []ledger.PaymentID{"OLD1", "OLD2", "OLD3"} { // made in the closed month
		recorded = b.Do(ledgertest.Clerk, Day.AddDays(20), payment.Record{
			Amount: ledger.Fen(5_000_00), Line: Line, Note: "from the list of 2023", Party: "P3", Payment: id, Source: Hash + ":7",
		}).(payment.Recorded)
	}
	b.Do(ledgertest.Approver, later, payment.DemandRecovery{
		Amount: ledger.Fen(5_000_00), Deadline: later.AddDays(30), Decision: "示例决定2号", Ground: "paid twice", Payment: "OLD2",
	})
	b.Do(ledgertest.Accountant, later.AddDays(4), payment.ReceiveRecovery{Amount: ledger.Fen(4_999_99), Payment: "OLD2", Voucher: "V-3"})
	b.Do(ledgertest.Accountant, later.AddDays(4), journal.Reverse{Entry: recorded.Entry, Reason: "recorded by mistake"})
	adjusting := journal.ProposeEntry{
		Adjusts: march, Line: Line, Memo: "interest booked as expense",
		Postings: []ledger.Posting{
			{Account: "5001", Amount: ledger.Fen(7), Side: ledger.Debit},
			{Account: "2103", Amount: ledger.Fen(7), Line: Other, Side: ledger.Credit},
		},
	}
	proposed := b.Do(ledgertest.Accountant, later.AddDays(5), adjusting).(journal.EntryProposed)
	posted := b.Do(Second, later.AddDays(6), journal.ApproveEntry{Entry: proposed.Entry.ID}).(journal.EntryPosted)
	proposed = b.Do(Second, later.AddDays(6), adjusting).(journal.EntryProposed)
	b.Do(ledgertest.Accountant, later.AddDays(6), journal.RejectEntry{Entry: proposed.Entry.ID, Reason: "proposed before"})
	b.Do(ledgertest.Accountant, later.AddDays(6), journal.Reverse{Entry: posted.Entry, Reason: "posted to the wrong account"})
	b.Do(ledgertest.Operator, later.AddDays(7), party.Erase{Basis: "个人信息保护法 art. 47", Party: "P2"})
	return b
}

// Facts adds to a story one fact of each way to end: A1 lasts, A2 of P1 ended, A3 is
// withdrawn.
func (b *Book) Facts() {
	b.t.Helper()
	b.Do(ledgertest.Clerk, Day, achievement.Record{Achievement: "A1", Body: "BASE1", Evidence: Hash, Kind: "base", Name: "示例基地", Region: "220104", Type: "incubator"})
	b.Do(ledgertest.Clerk, Day, achievement.Record{Achievement: "A2", Evidence: Hash, Kind: "post", Party: "P1", Quality: "urban", Region: "220104", Type: "public-welfare"})
	b.Do(ledgertest.Clerk, Day, achievement.Record{Achievement: "A3", Course: "K1", Evidence: Hash, Kind: "training", Party: "P1", Region: "220104", Type: "skills"})
	b.Do(ledgertest.Clerk, Day.AddDays(60), achievement.End{Achievement: "A2", Evidence: Hash})
	b.Do(ledgertest.First, Day.AddDays(61), achievement.Withdraw{Achievement: "A3", Reason: "another person's course"})
}

// Document adds a claim C8 of P8 with a document that is in the store as object D8, a
// hundred synthetic bytes.
func (b *Book) Document(store events.Documents) claim.Document {
	b.t.Helper()
	data := bytes.Repeat([]byte("synthetic "), 10)
	if err := store.Put(b.t.Context(), "D8", data); err != nil {
		b.t.Fatal(err)
	}
	march := ledger.PeriodOf(2023, 3)
	evidence := []claim.Evidence{{Hash: Hash, Kind: "certificate"}, {Hash: Licence, Kind: "licence"}}
	b.Person("P8")
	b.Do(ledgertest.Clerk, Day, claim.Submit{Account: "1", Claim: "C8", Evidence: evidence, From: march, Party: "P8", Region: "220104", Scheme: "startup", To: march, Units: 1})
	d := claim.Document{Hash: Hash, Kind: "certificate", Media: "image/png", Object: "D8", Sealed: "P8", Size: 60, Stored: fmt.Sprintf("%x", sha256.Sum256(data))}
	b.Do(ledgertest.Clerk, Day, claim.Attach{Claim: "C8", Document: d})
	return d
}

// Posts publishes the synthetic policy anew with a scheme that recurs, and has M1 of P6 awarded
// for half a year: January is paid as POST1; February fails as POST2 and is issued again as
// POST3, which is taken out of its batch; March is paid as POST4 and April at the bank as POST5
// when M1 is stopped in May, first from May, then from March. POST5 arrives, POST4 comes back
// in part, February goes back to the treasury, and POST5 is demanded back for two days. June of M2, of E1 on account of P7, is not
// paid.
func (b *Book) Posts() {
	b.t.Helper()
	pack := ledgertest.Pack()
	pack.Version, pack.LateReturn = "test-4", policy.Restore
	ledgertest.Monthly(&pack)
	b.Do(ledgertest.Operator, Day, policy.Publish{Pack: pack})
	posts := ledger.BudgetLine{Region: "220104", Scheme: "welfare-post", Fund: "employment", Year: 2023}
	b.Person("P6")
	b.Person("P7")
	april := func(day int) ledger.Date { return ledger.DateOf(2023, 4, day) } // March is closed
	b.Do(ledgertest.Accountant, april(10), budget.Appropriate{Amount: ledger.Fen(10_000_00), Document: "示例指标〔2023〕5号", Line: posts})
	month := func(m time.Month) ledger.Period { return ledger.PeriodOf(2023, m) }
	award := func(submit claim.Submit) {
		submit.Account, submit.Evidence, submit.Region, submit.Scheme, submit.Units = "1", []claim.Evidence{{Hash: Hash, Kind: "certificate"}}, "220104", "welfare-post", 1
		b.Do(ledgertest.Clerk, Day, submit)
		b.Do(ledgertest.First, Day, claim.FirstReview{Claim: submit.Claim})
		b.Do(ledgertest.First, Day, claim.Compare{Claim: submit.Claim, Manifest: Hash, Outcome: claim.Matched, Sources: []string{"disability register"}})
		b.Do(ledgertest.Second, Day, claim.SecondReview{Claim: submit.Claim})
		b.Do(ledgertest.First, Day, claim.Publicise{Claim: submit.Claim, From: Day, Notice: Hash, Place: "示例公示栏", To: Day.AddDays(6)})
		b.Do(ledgertest.First, Day.AddDays(7), claim.EndPublicity{Claim: submit.Claim})
		b.Do(ledgertest.Approver, april(10), claim.Approve{Claim: submit.Claim, Decision: "示例决定5号", Line: posts})
	}
	award(claim.Submit{Claim: "M1", From: month(1), Party: "P6", To: month(6)})
	award(claim.Submit{Claim: "M2", From: month(6), Party: "E1", Persons: []ledger.PartyID{"P7"}, To: month(7)})
	pay := func(id ledger.BatchID, on ledger.Date, fill ...any) { b.batch(id, on, ledger.Fen(1_000_00), fill...) }
	pay("BM1", april(11),
		payment.Instruct{Batch: "BM1", Claim: "M1", Month: month(1), Payment: "POST1"}, payment.Instruct{Batch: "BM1", Claim: "M1", Month: month(2), Payment: "POST2"})
	b.Do(ledgertest.Cashier, april(12), payment.Confirm{Payment: "POST1", Serial: "S-M1"})
	b.Do(ledgertest.Cashier, april(12), payment.Fail{Payment: "POST2", Reason: "account frozen"})
	b.Do(ledgertest.Cashier, april(13), payment.CorrectPayee{Account: "1", Payment: "POST2", Reason: "the account is open again"})
	b.Do(ledgertest.Approver, april(13), payment.ApproveCorrection{Account: "1", Payment: "POST2"})
	b.Do(ledgertest.Cashier, april(14), payment.OpenBatch{Batch: "BM2"})
	b.Do(ledgertest.Cashier, april(14), payment.Reissue{As: "POST3", Batch: "BM2", Payment: "POST2"})
	b.Do(ledgertest.Cashier, april(14), payment.RemoveLine{Payment: "POST3"})
	pay("BM3", april(28),
		payment.Instruct{Batch: "BM3", Claim: "M1", Month: month(3), Payment: "POST4"}, payment.Instruct{Batch: "BM3", Claim: "M1", Month: month(4), Payment: "POST5"})
	b.Do(ledgertest.Cashier, april(29), payment.Confirm{Payment: "POST4", Serial: "S-M3"})
	may := func(day int) ledger.Date { return ledger.DateOf(2023, 5, day) }
	b.Do(ledgertest.Approver, may(8), claim.Stop{Claim: "M1", Evidence: Hash, From: month(5), Reason: "the contract ended"})
	b.Do(ledgertest.Approver, may(9), claim.Stop{Claim: "M1", Evidence: Hash, From: month(3), Reason: "it ended in February"})
	b.Do(ledgertest.Cashier, may(10), payment.Confirm{Payment: "POST5", Serial: "S-M3"})
	b.Do(ledgertest.Approver, may(11), payment.DemandRecovery{Amount: ledger.Fen(1_000_00), Deadline: may(31), Decision: "示例决定6号", Ground: "M1 is stopped from 2023-03", Payment: "POST4"})
	b.Do(ledgertest.Accountant, may(20), payment.ReceiveRecovery{Amount: ledger.Fen(400_00), Payment: "POST4", Voucher: "V-M4"})
	b.Do(ledgertest.Approver, may(21), payment.ReturnToTreasury{Payment: "POST2", Reason: "no account can be paid to"})
	b.Do(ledgertest.Approver, may(22), payment.DemandRecovery{Amount: ledger.Fen(1_000_00), Deadline: may(31), Decision: "示例决定7号", Ground: "M1 is stopped from 2023-03", Payment: "POST5"})
	b.Do(ledger.Actor{ID: "approver-2", Roles: []ledger.Role{ledger.Approver}}, may(23), payment.WithdrawRecovery{Decision: "示例决定8号", Payment: "POST5", Reason: "addressed to somebody else"})
}

// Promise publishes the synthetic policy anew with a target of the plan and a split of it.
func (b *Book) Promise() {
	b.t.Helper()
	pack := ledgertest.Pack()
	pack.Version, pack.LateReturn = "test-2", policy.Restore
	pack.Targets = []policy.Target{{
		Action: "三（三）", Clause: "synthetic", Code: "T10", DefinitionEN: "synthetic", DefinitionZH: "示例", Facts: []policy.Fact{"paid/F05"}, From: ledger.DateOf(2022, 1, 1),
		Kind: policy.Persons, NameEN: "Entrepreneurs", NameZH: "自主创业", Quote: "示例", Strength: policy.AtLeast, TextEN: "synthetic", To: ledger.DateOf(2024, 12, 31), Unit: "人", Value: "2",
		Splits: []policy.Split{{Author: "planner", Date: Day, Region: "220100", Source: policy.UserInput, Value: "1"}},
	}}
	b.Do(ledgertest.Operator, Day, policy.Publish{Pack: pack})
}

// Levy publishes the synthetic policy anew with the rules of the levy, and has E1 file,
// be assessed and pay 1000.00 of it.
func (b *Book) Levy() {
	b.t.Helper()
	pack := ledgertest.Pack()
	pack.Version, pack.LateReturn = "test-3", policy.Restore
	ledgertest.Levied(&pack)
	b.Do(ledgertest.Operator, Day, policy.Publish{Pack: pack})
	b.Do(ledgertest.Clerk, ledger.DateOf(2023, 11, 2), levy.Declare{
		Class: ledger.Enterprise, Employer: "E1", Region: "220104", Registered: ledger.DateOf(2015, 6, 1), Staff: levy.Int(100), Wage: ledger.Fen(110_000_00), Year: 2023,
	})
	b.Do(ledgertest.Accountant, ledger.DateOf(2023, 11, 3), levy.Assess{Employer: "E1", Year: 2023})
	b.Do(ledgertest.Accountant, ledger.DateOf(2023, 11, 10), levy.Receive{Amount: ledger.Fen(1_000_00), Employer: "E1", Kind: levy.Principal, Receipt: "示例缴款书1号", Year: 2023})
}

// Record adds n payments made elsewhere to 50 persons on both lines, the bulk of a
// migration. Amounts differ, so that none looks like another.
func (b *Book) Record(n int) {
	b.t.Helper()
	const people = 50
	from := len(b.Records)
	for i := range people {
		b.Person(ledger.PartyID(fmt.Sprintf("R%d-%d", from, i)))
	}
	for i := range n {
		line := Line
		if i%2 == 1 {
			line = Other
		}
		b.Do(ledgertest.Clerk, ledger.DateOf(2023, 5, 1).AddDays(i%150), payment.Record{
			Amount: ledger.Fen(int64(100_00 + 1 + i)), Line: line, Party: ledger.PartyID(fmt.Sprintf("R%d-%d", from, i%people)),
			Payment: ledger.PaymentID(fmt.Sprintf("R%d-pay-%d", from, i)), Source: fmt.Sprintf("%s:%d", Hash, i),
		})
	}
}

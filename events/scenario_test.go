package events_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhucan/events"
	"zhucan/events/memlog"
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

var (
	line  = ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}
	other = ledger.BudgetLine{Region: "220102", Scheme: "startup", Fund: "levy", Year: 2023}
	hash  = strings.Repeat("0123456789abcdef", 4)
	day   = ledger.DateOf(2023, 3, 1)
)

// order makes a command of the tests.
func order(id ledger.CommandID, by ledger.Actor, on ledger.Date, do any) events.Request {
	return events.Request{Command: book.Command{Order: ledger.Order{ID: id, By: by, On: on}, Do: do}, Correlation: "test"}
}

// scenario is commands that lead to every type of event. All values are synthetic.
func scenario() []events.Request {
	var rs []events.Request
	do := func(by ledger.Actor, on ledger.Date, do any) {
		rs = append(rs, order(ledger.CommandID(fmt.Sprintf("synthetic-%02d", len(rs)+1)), by, on, do))
	}
	auditor := ledger.Actor{ID: "accountant-2", Roles: []ledger.Role{ledger.Accountant}}
	march := ledger.PeriodOf(2023, 3)
	evidence := []claim.Evidence{{Hash: hash, Kind: "certificate"}, {Hash: strings.Repeat("123456789abcdef0", 4), Kind: "licence"}}

	pack := ledgertest.Pack()
	pack.LateReturn = policy.Restore
	pack.Schemes[3].To = ledger.DateOf(2030, 12, 31)
	ledgertest.Levied(&pack)
	do(ledgertest.Operator, day, policy.Publish{Pack: pack})
	for _, id := range []ledger.PartyID{"P1", "P2", "P3"} {
		do(ledgertest.Clerk, day, party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: id, Region: "220104", Sealed: ledgertest.Sealed})
	}
	do(ledgertest.Clerk, day, party.Register{
		Account: ledgertest.Sealed, Kind: policy.Employer, Name: "示例单位", Party: "E1", Place: "长春市（示例）", Region: "220104",
	})
	do(ledgertest.Clerk, day, party.AddAccount{Account: ledgertest.Sealed, Party: "P1", Ref: "2"})
	do(ledgertest.Accountant, day, budget.Appropriate{Amount: ledger.Fen(100_000_00), Document: "示例指标〔2023〕1号", Line: line})
	do(ledgertest.Accountant, day, budget.Adjust{Amount: ledger.Fen(1_000_05), Document: "示例指标〔2023〕2号", Line: line, Side: ledger.Credit})
	do(ledgertest.Accountant, day, budget.Transfer{Amount: ledger.Fen(500_10), Document: "示例指标〔2023〕3号", Line: line, To: other})
	do(ledgertest.Accountant, day, budget.CarryOver{Amount: ledger.Fen(99_99), Document: "示例指标〔2023〕4号", Line: line})

	do(ledgertest.Clerk, day, party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: "P4", Region: "220104", Sealed: ledgertest.Sealed})
	for _, id := range []ledger.ClaimID{"C1", "C2", "C4", "C3"} {
		p := ledger.PartyID("P" + id[1:])
		do(ledgertest.Clerk, day, claim.Submit{Account: "1", Claim: id, Evidence: evidence, From: march, Party: p, Region: "220104", Scheme: "startup", To: march, Units: 1})
		if id == "C3" {
			do(ledgertest.Clerk, day, claim.Withdraw{Claim: id, Reason: "withdrawn by the applicant"})
			break
		}
		do(ledgertest.First, day, claim.FirstReview{Claim: id})
		do(ledgertest.First, day, claim.Compare{Claim: id, Manifest: hash, Outcome: claim.Differs, Sources: []string{"disability register", "tax register"}})
		do(ledgertest.Second, day, claim.SecondReview{Claim: id, Reason: "the register is a month late"})
		do(ledgertest.First, day, claim.Publicise{Claim: id, From: day, Notice: hash, Place: "示例公示栏", To: day.AddDays(6)})
		do(ledgertest.Clerk, day, claim.Object{Claim: id, Objection: "O1", Statement: hash})
		do(ledgertest.First, day.AddDays(1), claim.Resolve{Claim: id, Objection: "O1", Outcome: claim.Dismissed, Reason: "about another person"})
		do(ledgertest.First, day.AddDays(7), claim.EndPublicity{Claim: id})
		if id == "C2" { // beside OTHER, a purpose that the matrix does not know
			do(ledgertest.Clerk, day.AddDays(8), payment.Record{
				Amount: ledger.Fen(7), Line: ledger.BudgetLine{Region: "220104", Scheme: "unset", Fund: "levy", Year: 2023}, Party: "P2", Payment: "OTHER", Source: hash + ":9",
			})
			do(ledger.Actor{ID: "approver-2", Roles: []ledger.Role{ledger.Approver}}, day.AddDays(8), claim.Concur{Against: "OTHER", Claim: id, Reason: "another purpose"})
		}
		do(ledgertest.Approver, day.AddDays(8), claim.Approve{Claim: id, Decision: "示例决定1号", Line: line})
	}
	do(ledgertest.Approver, day.AddDays(9), claim.Reject{Claim: "C2", Reason: "approved by mistake"})

	pay := func(batch ledger.BatchID, on ledger.Date, fill any) {
		do(ledgertest.Cashier, on, payment.OpenBatch{Batch: batch})
		do(ledgertest.Cashier, on, fill)
		do(ledgertest.Cashier, on, payment.SubmitBatch{Batch: batch, Lines: 1, Total: ledger.Fen(5_000_00)})
		do(ledgertest.Approver, on, payment.ApproveBatch{Batch: batch, Lines: 1, Total: ledger.Fen(5_000_00)})
		do(ledgertest.Cashier, on, payment.SendBatch{Batch: batch, Voucher: "V-" + string(batch)})
	}
	later := ledger.DateOf(2023, 4, 3)
	pay("B1", later, payment.Instruct{Batch: "B1", Claim: "C1", Payment: "PAY1"})
	do(ledgertest.Accountant, later, journal.Close{Credits: ledger.Total(ledger.Fen(123_45)), Debits: ledger.Total(ledger.Fen(123_45)), Period: march, Root: hash, Seq: 30})
	do(auditor, later, journal.Reopen{Period: march, Reason: "closed too early"})
	do(ledgertest.Accountant, later, journal.Close{Credits: ledger.Total(ledger.Fen(123_45)), Debits: ledger.Total(ledger.Fen(123_45)), Period: march, Root: hash, Seq: 37})
	do(ledgertest.Cashier, later, payment.Confirm{Payment: "PAY1", Serial: "S-1"})
	do(ledgertest.Cashier, later.AddDays(1), payment.Return{Payment: "PAY1", Reason: "account closed", Serial: "S-2"})
	do(ledgertest.Cashier, later.AddDays(1), payment.CorrectPayee{Account: "2", Payment: "PAY1", Reason: "the payee's second account"})
	do(ledgertest.Approver, later.AddDays(1), payment.ApproveCorrection{Account: "2", Payment: "PAY1"})
	pay("B2", later.AddDays(2), payment.Reissue{As: "PAY2", Batch: "B2", Payment: "PAY1"})
	do(ledgertest.Cashier, later.AddDays(3), payment.Fail{Payment: "PAY2", Reason: "account frozen"})
	do(ledgertest.Approver, later.AddDays(3), payment.ReturnToTreasury{Payment: "PAY2", Reason: "no account can be paid to"})

	do(ledgertest.Cashier, later, payment.OpenBatch{Batch: "B3"})
	do(ledgertest.Cashier, later, payment.Instruct{Batch: "B3", Claim: "C4", Payment: "PAY3"})
	do(ledgertest.Cashier, later, payment.RemoveLine{Payment: "PAY3", Reason: "entered too early"})
	do(ledgertest.Cashier, later, payment.Instruct{Batch: "B3", Claim: "C4", Payment: "PAY4"})
	do(ledgertest.Cashier, later, payment.SubmitBatch{Batch: "B3", Lines: 1, Total: ledger.Fen(5_000_00)})
	do(ledgertest.Cashier, later.AddDays(1), payment.CancelBatch{Batch: "B3", Reason: "the list was of another month"})

	for _, id := range []ledger.PaymentID{"OLD1", "OLD2"} { // made in the closed month; the second looks like the first
		do(ledgertest.Clerk, day.AddDays(20), payment.Record{Amount: ledger.Fen(5_000_00), Line: line, Note: "from the list of 2023", Party: "P3", Payment: id, Source: hash + ":7"})
	}
	do(ledgertest.Approver, later, payment.DemandRecovery{
		Amount: ledger.Fen(5_000_00), Deadline: later.AddDays(30), Decision: "示例决定2号", Ground: "paid twice", Payment: "OLD2",
	})
	do(ledgertest.Accountant, later.AddDays(4), payment.ReceiveRecovery{Amount: ledger.Fen(4_999_99), Payment: "OLD2", Voucher: "V-3"})
	do(ledger.Actor{ID: "approver-2", Roles: []ledger.Role{ledger.Approver}}, later.AddDays(4), payment.WithdrawRecovery{Decision: "示例决定3号", Payment: "OLD2", Reason: "a fen is not pursued"})

	adjusting := journal.ProposeEntry{
		Adjusts: march, Line: line, Memo: "interest booked as expense",
		Postings: []ledger.Posting{
			{Account: "5001", Amount: ledger.Fen(7), Side: ledger.Debit},
			{Account: "2103", Amount: ledger.Fen(7), Line: other, Side: ledger.Credit},
		},
	}
	do(ledgertest.Accountant, later.AddDays(5), adjusting)
	id := ledger.EntryID(rs[len(rs)-1].Command.ID)
	do(auditor, later.AddDays(6), journal.ApproveEntry{Entry: id})
	do(auditor, later.AddDays(6), adjusting)
	do(ledgertest.Accountant, later.AddDays(6), journal.RejectEntry{Entry: ledger.EntryID(rs[len(rs)-1].Command.ID), Reason: "proposed before"})
	do(ledgertest.Accountant, later.AddDays(6), journal.Reverse{
		Entry: ledger.Entry{
			Adjusts: march, Date: later.AddDays(5), ID: id, Line: line, Memo: adjusting.Memo, Postings: adjusting.Postings,
		},
		Reason: "posted to the wrong account",
	})
	do(ledgertest.Clerk, day, achievement.Record{
		Achievement: "A1", Beneficiary: "P3", Evidence: hash, Kind: "support", Party: "P1", Region: "220104", Source: hash + ":8", Type: "planting",
	})
	do(ledgertest.Clerk, day, achievement.Record{
		Achievement: "A2", Employer: "E1", Evidence: hash, Kind: "post", Party: "P1", Quality: "urban", Region: "220104", To: ledger.DateOf(2024, 2, 29), Type: "public-welfare",
	})
	do(ledgertest.Clerk, day, achievement.Record{Achievement: "A3", Course: "K1", Evidence: hash, Kind: "training", Party: "P1", Region: "220104", Type: "skills"})
	do(ledgertest.Clerk, day, achievement.Record{
		Achievement: "A4", Body: "B1", Evidence: hash, Headcount: &achievement.Headcount{Disabled: 1, Posts: 50, Staff: 48, Weighted: 2}, Kind: "headcount", Name: "示例机关", Region: "220100", Type: "organ",
	})
	do(ledgertest.Clerk, day, achievement.Record{Achievement: "A5", Body: "S1", Evidence: hash, Kind: "sites", Region: "220104", Sites: &achievement.Sites{Allotted: 1, New: 10}, Type: "kiosk"})
	do(ledgertest.Clerk, later, achievement.End{Achievement: "A2", Evidence: hash})
	do(ledgertest.First, later, achievement.Withdraw{Achievement: "A3", Reason: "another person's course"})
	do(ledgertest.Operator, later.AddDays(7), party.Erase{Basis: "个人信息保护法 art. 47", Party: "P2"})

	filing := levy.Declare{
		Class: ledger.Enterprise, Closing: true, Employer: "E1", Payroll: ledger.Fen(11_000_000_00), Region: "220104", Registered: ledger.DateOf(2015, 6, 1), Staff: levy.Int(100), Year: 2023,
	}
	fewer := filing
	fewer.Payroll, fewer.Wage, fewer.Staff, fewer.Closing = ledger.Money{}, ledger.Fen(110_000_00), levy.Int(80), false
	few := fewer
	few.Staff = levy.Frac(121, 12)
	assess := levy.Assess{Employer: "E1", Year: 2023}
	do(ledgertest.First, ledger.DateOf(2023, 4, 11), levy.Review{
		Confirmation: "示例确认〔2023〕1号", Employer: "E1", Region: "220104", Year: 2023,
		Persons: []levy.Person{{Card: levy.DisabilityCard, From: ledger.PeriodOf(2022, 1), Grade: 3, PartMonths: 1, Party: "P1", To: ledger.PeriodOf(2022, 12)}},
	})
	do(ledgertest.Clerk, ledger.DateOf(2023, 11, 2), filing)
	do(ledgertest.Accountant, ledger.DateOf(2023, 11, 3), assess)
	do(ledgertest.Approver, ledger.DateOf(2023, 11, 6), levy.Relieve{Amount: ledger.Fen(20_000_00), Decision: "示例减免〔2023〕1号", Employer: "E1", Reason: "flood", Year: 2023})
	do(ledgertest.Approver, ledger.DateOf(2023, 11, 6), levy.Defer{Decision: "示例缓缴〔2023〕1号", Employer: "E1", Reason: "flood", Until: ledger.DateOf(2023, 12, 31), Year: 2023})
	do(ledgertest.Accountant, ledger.DateOf(2023, 11, 10), levy.Receive{Amount: ledger.Fen(1_000_00), Employer: "E1", Kind: levy.Principal, Receipt: "示例缴款书1号", Year: 2023})
	do(ledgertest.Accountant, ledger.DateOf(2023, 11, 10), levy.Receive{Amount: ledger.Fen(1_000_00), Employer: "E1", Kind: levy.LateFees, Receipt: "示例缴款书2号", Year: 2023})
	do(ledger.Actor{ID: "accountant-2", Roles: []ledger.Role{ledger.Accountant}}, ledger.DateOf(2023, 11, 13), levy.WithdrawReceipt{Reason: "typed twice", Receipt: "示例缴款书2号"})
	do(ledgertest.Approver, ledger.DateOf(2024, 1, 2), levy.Warn{Document: "示例警告〔2024〕1号", Employer: "E1", Year: 2023})
	do(ledgertest.Approver, ledger.DateOf(2024, 1, 3), levy.OrderPayment{Deadline: ledger.DateOf(2024, 1, 5), Document: "示例限缴〔2024〕1号", Employer: "E1", Year: 2023})
	do(ledgertest.Approver, ledger.DateOf(2024, 1, 10), levy.ChargeLateFee{Document: "示例加收〔2024〕1号", Employer: "E1", Year: 2023})
	do(ledgertest.Clerk, ledger.DateOf(2024, 1, 11), fewer)
	do(ledgertest.Accountant, ledger.DateOf(2024, 1, 12), assess) // less is due: relief and late fee go with it
	do(ledgertest.Approver, ledger.DateOf(2024, 1, 15), levy.DecideRefund{Amount: ledger.Fen(1_000_00), Claim: "示例申请1号", Decision: "示例退费〔2024〕1号", Employer: "E1", Year: 2023})
	do(ledgertest.Accountant, ledger.DateOf(2024, 1, 16), levy.PayRefund{Amount: ledger.Fen(1_000_00), Employer: "E1", Voucher: "示例5209-1", Year: 2023})
	do(ledgertest.Clerk, ledger.DateOf(2024, 1, 17), few)
	do(ledgertest.Accountant, ledger.DateOf(2024, 1, 18), assess)
	do(ledgertest.Clerk, ledger.DateOf(2024, 1, 19), party.Register{Code: "91350100M000100Y43", Kind: policy.Institution, Name: "示例机构", Party: party.OfCode("91350100M000100Y43"), Region: "220104"})
	do(ledgertest.Clerk, ledger.DateOf(2024, 1, 19), levy.Deregister{Document: "示例注销〔2024〕1号", Employer: "E1"})

	last := ledger.DateOf(2024, 1, 19)
	do(ledgertest.Clerk, last, party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: "P5", Region: "220104", Sealed: ledgertest.Sealed})
	do(ledgertest.Clerk, last, claim.Submit{Account: "1", Claim: "C5", Evidence: evidence, From: march, Party: "P5", Region: "220104", Scheme: "startup", To: march, Units: 1})
	do(ledgertest.Clerk, last, claim.Attach{Claim: "C5", Document: paper})
	pack.Version = "test-2"
	ledgertest.Monthly(&pack)
	do(ledgertest.Operator, ledger.DateOf(2024, 1, 20), policy.Publish{Pack: pack})
	posts, in := ledger.BudgetLine{Region: "220104", Scheme: "welfare-post", Fund: "employment", Year: 2024}, ledger.DateOf(2024, 1, 22)
	first, until := ledger.PeriodOf(2024, 1), ledger.PeriodOf(2024, 12)
	do(ledgertest.Accountant, in, budget.Appropriate{Amount: ledger.Fen(12_000_00), Document: "示例指标〔2024〕1号", Line: posts})
	do(ledgertest.Clerk, in, claim.Submit{Account: "1", Claim: "C6", Evidence: evidence, From: first, Party: "E1", Persons: []ledger.PartyID{"P4"}, Region: "220104", Scheme: "welfare-post", To: until, Units: 1})
	do(ledgertest.First, in, claim.FirstReview{Claim: "C6"})
	do(ledgertest.First, in, claim.Compare{Claim: "C6", Manifest: hash, Outcome: claim.Matched, Sources: []string{"disability register"}})
	do(ledgertest.Second, in, claim.SecondReview{Claim: "C6"})
	do(ledgertest.First, in, claim.Publicise{Claim: "C6", From: in, Notice: hash, Place: "示例公示栏", To: in.AddDays(6)})
	do(ledgertest.First, in.AddDays(7), claim.EndPublicity{Claim: "C6"})
	do(ledgertest.Approver, in.AddDays(8), claim.Approve{Claim: "C6", Decision: "示例决定3号", Line: posts})
	month := func(batch ledger.BatchID, on ledger.Date, fill any) {
		do(ledgertest.Cashier, on, payment.OpenBatch{Batch: batch})
		do(ledgertest.Cashier, on, fill)
		do(ledgertest.Cashier, on, payment.SubmitBatch{Batch: batch, Lines: 1, Total: ledger.Fen(1_000_00)})
		do(ledger.Actor{ID: "approver-2", Roles: []ledger.Role{ledger.Approver}}, on, payment.ApproveBatch{Batch: batch, Lines: 1, Total: ledger.Fen(1_000_00)})
		do(ledgertest.Cashier, on, payment.SendBatch{Batch: batch, Voucher: "V-" + string(batch)})
	}
	month("B4", ledger.DateOf(2024, 2, 5), payment.Instruct{Batch: "B4", Claim: "C6", Month: first, Payment: "PAY5"})
	do(ledgertest.Cashier, ledger.DateOf(2024, 2, 6), payment.Fail{Payment: "PAY5", Reason: "account frozen"})
	do(ledgertest.Cashier, ledger.DateOf(2024, 2, 7), payment.CorrectPayee{Account: "1", Payment: "PAY5", Reason: "the account is open again"})
	do(ledgertest.Approver, ledger.DateOf(2024, 2, 7), payment.ApproveCorrection{Account: "1", Payment: "PAY5"})
	month("B5", ledger.DateOf(2024, 2, 8), payment.Reissue{As: "PAY6", Batch: "B5", Payment: "PAY5"})
	do(ledgertest.Cashier, ledger.DateOf(2024, 2, 9), payment.Fail{Payment: "PAY6", Reason: "account frozen"})
	do(ledgertest.Approver, ledger.DateOf(2024, 2, 10), claim.Stop{Claim: "C6", Evidence: hash, From: first, Reason: "the contract ended"})
	do(ledgertest.Approver, ledger.DateOf(2024, 2, 11), payment.ReturnToTreasury{Payment: "PAY6", Reason: "not due"})
	return rs
}

// written returns the records that an appender makes of the scenario.
func written(t testing.TB) []events.Record {
	t.Helper()
	log := new(memlog.Log)
	store := papers(t, time.Date(2023, 3, 1, 8, 0, 0, 0, time.UTC))
	a := run(t, log, events.Config{Clock: ticking(), Documents: store})
	rs := scenario()
	receipts, err := a.SubmitAll(t.Context(), rs)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.Err != nil || r.Seq != uint64(i)+1 || r.Repeats {
			t.Fatalf("command %d, %T: %+v", i+1, rs[i].Command.Do, r)
		}
	}
	return read(t, log)
}

// read returns every record of a log.
func read(t testing.TB, log events.Log) []events.Record {
	t.Helper()
	var records []events.Record
	for r, err := range log.Read(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

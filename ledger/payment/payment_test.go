package payment_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/payment"
)

var (
	line   = ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}
	amount = ledger.Fen(5_000_00)
	duties = []ledger.ActorID{"clerk", "first", "second", "approver"}
	award  = payment.Award{Account: "1", Actors: duties, Amount: amount, Clause: "clause", Line: line, On: on(1), Party: "P1", Policy: "test-1"}

	// Who approves payments here is not who approves claims; a second cashier.
	chief = ledger.Actor{ID: "chief", Roles: []ledger.Role{ledger.Approver}}
	till  = ledger.Actor{ID: "till", Roles: []ledger.Role{ledger.Cashier}}
)

func on(day int) ledger.Date { return ledger.DateOf(2023, 5, day) }

func ask(by ledger.Actor, day int, do payment.Action) payment.Command {
	return payment.Command{Order: ledger.Order{ID: "c1", By: by, On: on(day)}, Award: award, Do: do}
}

func as(a ledger.Actor, id ledger.ActorID) ledger.Actor { a.ID = id; return a }

func with[A any](a A, change func(*A)) A {
	change(&a)
	return a
}

// The life of a payment, a step a day.
var (
	opened     = payment.BatchOpened{Batch: "B1", By: "cashier", On: on(1)}
	instructed = payment.Instructed{
		Account: "1", Amount: amount, Batch: "B1", By: "cashier", Claim: "C1", Clause: "clause", Duties: duties, Line: line, On: on(2), Party: "P1", Payment: "Y1", Policy: "test-1",
	}
	submitted = payment.BatchSubmitted{Batch: "B1", By: "cashier", Lines: 1, On: on(3), Total: amount}
	approved  = payment.BatchApproved{Batch: "B1", By: "chief", Lines: 1, On: on(4), Total: amount}
	sent      = payment.BatchSent{Batch: "B1", By: "cashier", Lines: 1, On: on(5), Total: amount, Voucher: "V1"}
	cancelled = payment.BatchCancelled{Batch: "B1", By: "cashier", Lines: 1, On: on(5), Reason: "wrong list", Total: amount}
	removed   = payment.LineRemoved{Amount: amount, Batch: "B1", By: "cashier", On: on(3), Payment: "Y1"}
	confirmed = payment.Confirmed{Amount: amount, Clause: "clause", Line: line, On: on(6), Payment: "Y1", Policy: "test-1", Serial: "S1"}
	returned  = payment.Returned{Amount: amount, Clause: "clause", Line: line, On: on(7), Payment: "Y1", Policy: "test-1", Reason: "closed", Serial: "S2"}
	failed    = payment.Failed{Amount: amount, On: on(6), Payment: "Y1", Reason: "closed"}
	corrected = payment.PayeeCorrected{Account: "2", By: "cashier", On: on(8), Payment: "Y1", Reason: "new card"}
	agreed    = payment.CorrectionApproved{Account: "2", By: "chief", On: on(9), Payment: "Y1"}
	again     = payment.BatchOpened{Batch: "B2", By: "cashier", On: on(9)}
	reissued  = payment.Reissued{
		Account: "2", Amount: amount, As: "Y2", Batch: "B2", By: "cashier", Claim: "C1", Clause: "clause", Duties: append(slices.Clone(duties), "chief"),
		Line: line, On: on(10), Party: "P1", Payment: "Y1", Policy: "test-1",
	}
	treasury = payment.ReturnedToTreasury{Amount: amount, By: "chief", Claim: "C1", Clause: "clause", Line: line, On: on(8), Payment: "Y1", Policy: "test-1", Reason: "moved away"}
	demanded = payment.RecoveryDemanded{
		Amount: ledger.Fen(3_000_00), By: "chief", Clause: "clause", Deadline: on(31), Decision: "D1", Ground: "427号 art. 14", Line: line, On: on(8), Payment: "Y1", Policy: "test-1",
	}
	received = payment.RecoveryReceived{Amount: ledger.Fen(1_000_00), Clause: "clause", Line: line, On: on(9), Payment: "Y1", Policy: "test-1", Voucher: "V9"}
	recorded = payment.Recorded{Amount: amount, By: "clerk", Line: line, On: on(2), Party: "P1", Payment: "R1", Source: "list.csv:1"}

	life = []payment.Event{opened, instructed, submitted, approved, sent, confirmed, returned, corrected, agreed, again, reissued}
)

func since(n int, more ...payment.Event) []payment.Event { return slices.Concat(life[:n], more) }

func TestPaymentDecider(t *testing.T) {
	t.Parallel()
	type c = ledgertest.Case[payment.Command, payment.Event]
	cashier := ledgertest.Cashier
	then := func(e ...payment.Event) []payment.Event { return e }
	instruct := payment.Instruct{Batch: "B1", Claim: "C1", Payment: "Y1"}
	totals := payment.SubmitBatch{Batch: "B1", Lines: 1, Total: amount}
	approve := payment.ApproveBatch{Batch: "B1", Lines: 1, Total: amount}
	send := payment.SendBatch{Batch: "B1", Voucher: "V1"}
	correct := payment.CorrectPayee{Account: "2", Payment: "Y1", Reason: "new card"}
	agree := payment.ApproveCorrection{Account: "2", Payment: "Y1"}
	reissue := payment.Reissue{As: "Y2", Batch: "B2", Payment: "Y1"}
	demand := payment.DemandRecovery{Amount: ledger.Fen(3_000_00), Deadline: on(31), Decision: "D1", Ground: "427号 art. 14", Payment: "Y1"}
	receive := payment.ReceiveRecovery{Amount: ledger.Fen(1_000_00), Payment: "Y1", Voucher: "V9"}
	withdraw := payment.WithdrawRecovery{Decision: "D9", Payment: "Y1", Reason: "no ground"}
	withdrawn := payment.RecoveryWithdrawn{
		Amount: ledger.Fen(3_000_00), By: ledgertest.Approver.ID, Clause: demanded.Clause, Decision: "D9", Line: line, On: on(9), Payment: "Y1", Policy: demanded.Policy, Reason: "no ground",
	}
	record := payment.Record{Amount: amount, Line: line, Party: "P1", Payment: "R1", Source: "list.csv:1"}
	cancel := payment.CancelBatch{Batch: "B1", Reason: "wrong list"}
	remove := payment.RemoveLine{Payment: "Y1"}
	why := payment.RemoveLine{Payment: "Y1", Reason: "twice"}
	second := with(instructed, func(x *payment.Instructed) { x.Claim, x.Payment = "C2", "Y2" })
	third := with(again, func(x *payment.BatchOpened) { x.Batch = "B3" })
	reissueCancelled := with(cancelled, func(x *payment.BatchCancelled) { x.Batch, x.On = "B2", on(11) })
	owed := with(demanded, func(x *payment.RecoveryDemanded) { x.Payment = "R1" })
	resent := then(
		with(submitted, func(x *payment.BatchSubmitted) { x.Batch, x.On = "B2", on(11) }),
		with(approved, func(x *payment.BatchApproved) { x.Batch, x.On = "B2", on(11) }),
		with(sent, func(x *payment.BatchSent) { x.Batch, x.On, x.Voucher = "B2", on(11), "V2" }))
	bothRoles := ledger.Actor{ID: "both", Roles: []ledger.Role{ledger.Cashier, ledger.Approver}}
	early := with(ask(cashier, 2, instruct), func(c *payment.Command) { c.Award.On = on(3) })
	// A payment that failed is corrected and re-issued as one that came back is.
	unpaid := since(5, failed, corrected, agreed, again)
	twice := since(5, confirmed, demanded)

	ledgertest.Run(t, payment.Decider, []c{
		{Name: "a cashier opens a batch", When: ask(cashier, 1, payment.OpenBatch{Batch: "B1"}), Then: then(opened)},
		{Name: "an order has an actor", When: payment.Command{Order: ledger.Order{ID: "c"}, Do: payment.OpenBatch{Batch: "B1"}}, Reject: ledger.ErrActor},
		{Name: "an approver opens no batch", When: ask(chief, 1, payment.OpenBatch{}), Reject: ledger.ErrRole},
		{Name: "a batch has an identifier", When: ask(cashier, 1, payment.OpenBatch{}), Reject: ledger.ErrID},
		{Name: "an identifier names one batch", Given: since(1), When: ask(cashier, 1, payment.OpenBatch{Batch: "B1"}), Reject: payment.ErrTaken},
		{Name: "a batch does not take the name of a payment", Given: since(2), When: ask(cashier, 2, payment.OpenBatch{Batch: "Y1"}), Reject: payment.ErrTaken},
		{Name: "a batch does not take the name of a recorded payment", Given: then(recorded), When: ask(cashier, 2, payment.OpenBatch{Batch: "R1"}), Reject: payment.ErrTaken},

		{Name: "a cashier instructs what a claim is awarded", Given: since(1), When: ask(cashier, 2, instruct), Then: then(instructed)},
		{Name: "a payment has an identifier", Given: since(1), When: ask(cashier, 2, with(instruct, func(x *payment.Instruct) { x.Payment = "" })), Reject: ledger.ErrID},
		{Name: "an identifier names one payment", Given: since(2), When: ask(cashier, 2, with(instruct, func(x *payment.Instruct) { x.Claim = "C2" })), Reject: payment.ErrTaken},
		{Name: "a payment does not take the name of a recorded one", Given: since(1, recorded), When: ask(cashier, 2, with(instruct, func(x *payment.Instruct) { x.Payment = "R1" })), Reject: payment.ErrTaken},
		{Name: "a payment does not take the name of a batch", Given: since(1), When: ask(cashier, 2, with(instruct, func(x *payment.Instruct) { x.Payment = "B1" })), Reject: payment.ErrTaken},
		{Name: "a payment is in a batch", When: ask(cashier, 2, instruct), Reject: payment.ErrUnknown},
		{Name: "nothing is added to a batch that is submitted", Given: since(3), When: ask(cashier, 3, payment.Instruct{Batch: "B1", Claim: "C2", Payment: "Y2"}), Reject: payment.ErrStep},
		{Name: "a claim is not paid before it was approved", Given: since(1), When: early, Reject: payment.ErrStep},
		{Name: "nothing is put into a batch before it was opened", Given: then(with(opened, func(x *payment.BatchOpened) { x.On = on(3) })), When: ask(cashier, 2, instruct), Reject: payment.ErrStep},
		{Name: "nothing is re-issued in a batch before it was opened", Given: slices.Concat(life[:9], then(with(again, func(x *payment.BatchOpened) { x.On = on(11) }))), When: ask(cashier, 10, reissue), Reject: payment.ErrStep},
		{Name: "a claim has one live payment", Given: since(2), When: ask(cashier, 2, with(instruct, func(x *payment.Instruct) { x.Payment = "Y2" })), Reject: payment.ErrPaid},
		{Name: "a claim whose payment came back is re-issued, not instructed again", Given: since(7, again), When: ask(cashier, 9, payment.Instruct{Batch: "B2", Claim: "C1", Payment: "Y2"}), Reject: payment.ErrPaid},
		{Name: "a claim whose payment was re-issued is not instructed again", Given: life, When: ask(cashier, 10, payment.Instruct{Batch: "B2", Claim: "C1", Payment: "Y3"}), Reject: payment.ErrPaid},
		{Name: "who entered a claim does not pay it", Given: since(1), When: ask(as(cashier, "clerk"), 2, instruct), Reject: ledger.ErrDuties},
		{Name: "who reviewed a claim first does not pay it", Given: since(1), When: ask(as(cashier, "first"), 2, instruct), Reject: ledger.ErrDuties},
		{Name: "who opened the batch did nothing else for its claims", Given: then(with(opened, func(x *payment.BatchOpened) { x.By = "approver" })), When: ask(cashier, 2, instruct), Reject: ledger.ErrDuties},
		{Name: "nor for those that are paid again", Given: slices.Concat(life[:9], then(with(again, func(x *payment.BatchOpened) { x.By = "chief" }))), When: ask(till, 10, reissue), Reject: ledger.ErrDuties},
		{Name: "who had another part in a claim does not pay it", Given: since(1), When: with(ask(till, 2, instruct), func(c *payment.Command) { c.Award.Others = []ledger.ActorID{"till"} }), Reject: ledger.ErrDuties},
		{
			Name: "nor does who had one approve its batch", Given: then(opened, with(instructed, func(x *payment.Instructed) { x.Others = []ledger.ActorID{"chief"} }), submitted),
			When: ask(chief, 4, approve), Reject: ledger.ErrDuties,
		},
		{Name: "who approved a claim does not submit its batch", Given: since(2), When: ask(as(till, "approver"), 3, totals), Reject: ledger.ErrDuties},
		{Name: "who reviewed a claim second does not pay it", Given: since(1), When: ask(as(cashier, "second"), 2, instruct), Reject: ledger.ErrDuties},
		{Name: "who approved a claim does not pay it", Given: since(1), When: ask(as(cashier, "approver"), 2, instruct), Reject: ledger.ErrDuties},
		{Name: "a batch has no more money than an amount can say", Given: since(1, with(instructed, func(x *payment.Instructed) { x.Amount = ledger.MaxMoney })), When: ask(cashier, 2, payment.Instruct{Batch: "B1", Claim: "C2", Payment: "Y2"}), Reject: payment.ErrFull},

		{Name: "a batch is submitted with its totals", Given: since(2), When: ask(cashier, 3, totals), Then: then(submitted)},
		{Name: "a batch is not submitted with a line more", Given: since(2), When: ask(cashier, 3, with(totals, func(x *payment.SubmitBatch) { x.Lines = 2 })), Reject: payment.ErrTotals},
		{Name: "a batch is not submitted with a fen more", Given: since(2), When: ask(cashier, 3, with(totals, func(x *payment.SubmitBatch) { x.Total = amount.Add(ledger.Fen(1)) })), Reject: payment.ErrTotals},
		{Name: "an empty batch is not submitted", Given: since(1), When: ask(cashier, 3, payment.SubmitBatch{Batch: "B1"}), Reject: payment.ErrTotals},
		{Name: "a batch is not submitted before its last line", Given: since(2), When: ask(cashier, 1, totals), Reject: payment.ErrStep},
		{Name: "a batch is submitted that is there", When: ask(cashier, 3, totals), Reject: payment.ErrUnknown},

		{Name: "an approver approves the totals", Given: since(3), When: ask(chief, 4, approve), Then: then(approved)},
		{Name: "who approved a claim may approve its batch", Given: since(3), When: ask(ledgertest.Approver, 4, approve), Then: then(with(approved, func(x *payment.BatchApproved) { x.By = "approver" }))},
		{Name: "a cashier approves no batch", Given: since(3), When: ask(cashier, 4, approve), Reject: ledger.ErrRole},
		{Name: "a batch is not approved before it is submitted", Given: since(2), When: ask(chief, 4, approve), Reject: payment.ErrStep},
		{Name: "a batch is not approved with other totals", Given: since(3), When: ask(chief, 4, with(approve, func(x *payment.ApproveBatch) { x.Total = ledger.Fen(1) })), Reject: payment.ErrTotals},
		{Name: "a batch is not approved twice", Given: since(4), When: ask(ledgertest.Approver, 4, approve), Reject: payment.ErrStep},
		{Name: "a batch is not approved on a day before it was submitted", Given: since(3), When: ask(chief, 2, approve), Reject: payment.ErrStep},
		{Name: "who opened a batch does not approve it", Given: since(3), When: ask(as(chief, "cashier"), 4, approve), Reject: ledger.ErrDuties},
		{Name: "who instructed a line does not approve the batch", Given: then(opened, with(instructed, func(x *payment.Instructed) { x.By = "both" }), submitted), When: ask(bothRoles, 4, approve), Reject: ledger.ErrDuties},
		{Name: "who submitted a batch does not approve it", Given: then(opened, instructed, with(submitted, func(x *payment.BatchSubmitted) { x.By = "both" })), When: ask(bothRoles, 4, approve), Reject: ledger.ErrDuties},
		{Name: "who entered a claim does not approve its batch", Given: since(3), When: ask(as(chief, "clerk"), 4, approve), Reject: ledger.ErrDuties},
		{Name: "who reviewed a claim does not approve its batch", Given: since(3), When: ask(as(chief, "second"), 4, approve), Reject: ledger.ErrDuties},

		{Name: "a cashier sends the batch", Given: since(4), When: ask(cashier, 5, send), Then: then(sent)},
		{Name: "a batch is not sent before it is approved", Given: since(3), When: ask(cashier, 5, send), Reject: payment.ErrStep},
		{Name: "a batch is not sent twice", Given: since(5), When: ask(cashier, 5, send), Reject: payment.ErrStep},
		{Name: "a batch is not sent on a day before it was approved", Given: since(4), When: ask(cashier, 3, send), Reject: payment.ErrStep},
		{Name: "who approved a batch does not send it", Given: since(4), When: ask(as(till, "chief"), 5, send), Reject: ledger.ErrDuties},
		{Name: "who entered a claim does not send its batch", Given: since(4), When: ask(as(till, "clerk"), 5, send), Reject: ledger.ErrDuties},
		{Name: "who reviewed a claim does not send its batch", Given: since(4), When: ask(as(till, "first"), 5, send), Reject: ledger.ErrDuties},
		{Name: "who approved a claim does not send its batch", Given: since(4), When: ask(as(till, "approver"), 5, send), Reject: ledger.ErrDuties},
		{Name: "a voucher number sends one batch", Given: slices.Concat(life, resent[:2]), When: ask(cashier, 11, payment.SendBatch{Batch: "B2", Voucher: "V1"}), Reject: payment.ErrBooked},
		{Name: "a batch is sent under a voucher number", Given: since(4), When: ask(cashier, 5, payment.SendBatch{Batch: "B1"}), Reject: payment.ErrReason},

		{Name: "a cashier cancels an open batch", Given: since(2), When: ask(cashier, 3, payment.CancelBatch{Batch: "B1"}), Then: then(with(cancelled, func(x *payment.BatchCancelled) { x.On, x.Reason = on(3), "" }))},
		{Name: "an empty batch is cancelled", Given: since(1), When: ask(cashier, 1, payment.CancelBatch{Batch: "B1"}), Then: then(payment.BatchCancelled{Batch: "B1", By: "cashier", On: on(1)})},
		{Name: "a submitted batch is cancelled for a reason", Given: since(3), When: ask(cashier, 5, cancel), Then: then(cancelled)},
		{Name: "a submitted batch is not cancelled without a reason", Given: since(3), When: ask(cashier, 5, payment.CancelBatch{Batch: "B1"}), Reject: payment.ErrReason},
		{Name: "an approved batch is cancelled for a reason", Given: since(4), When: ask(cashier, 5, cancel), Then: then(cancelled)},
		{Name: "an approved batch is not cancelled without a reason", Given: since(4), When: ask(cashier, 5, payment.CancelBatch{Batch: "B1"}), Reject: payment.ErrReason},
		{Name: "who may not send a batch may cancel it", Given: since(4), When: ask(as(till, "clerk"), 5, cancel), Then: then(with(cancelled, func(x *payment.BatchCancelled) { x.By = "clerk" }))},
		{Name: "a batch that is sent is never cancelled", Given: since(5), When: ask(cashier, 5, cancel), Reject: payment.ErrStep},
		{Name: "a batch is cancelled once", Given: since(4, cancelled), When: ask(cashier, 6, cancel), Reject: payment.ErrStep},
		{Name: "a batch is not cancelled on a day before its last step", Given: since(4), When: ask(cashier, 3, cancel), Reject: payment.ErrStep},
		{Name: "a batch is cancelled that is there", When: ask(cashier, 5, cancel), Reject: payment.ErrUnknown},
		{Name: "an approver cancels no batch", Given: since(3), When: ask(chief, 5, cancel), Reject: ledger.ErrRole},
		{Name: "what is cancelled is not submitted", Given: since(2, cancelled), When: ask(cashier, 6, totals), Reject: payment.ErrStep},
		{Name: "what is cancelled is not approved", Given: since(3, cancelled), When: ask(chief, 6, approve), Reject: payment.ErrStep},
		{Name: "what is cancelled is not sent", Given: since(4, cancelled), When: ask(cashier, 6, send), Reject: payment.ErrStep},
		{Name: "what is cancelled is not confirmed", Given: since(4, cancelled), When: ask(cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S1"}), Reject: payment.ErrStep},
		{Name: "nothing is added to a batch that is cancelled", Given: since(4, cancelled), When: ask(cashier, 6, payment.Instruct{Batch: "B1", Claim: "C2", Payment: "Y2"}), Reject: payment.ErrStep},
		{Name: "a batch that is cancelled keeps its name", Given: since(4, cancelled), When: ask(cashier, 6, payment.OpenBatch{Batch: "B1"}), Reject: payment.ErrTaken},
		{Name: "a payment that is cancelled keeps its name", Given: since(4, cancelled, again), When: ask(cashier, 9, payment.Instruct{Batch: "B2", Claim: "C1", Payment: "Y1"}), Reject: payment.ErrTaken},
		{Name: "a claim whose payment is cancelled is instructed again", Given: since(4, cancelled, again), When: ask(cashier, 9, payment.Instruct{Batch: "B2", Claim: "C1", Payment: "Y2"}), Then: then(with(instructed, func(x *payment.Instructed) { x.Batch, x.On, x.Payment = "B2", on(9), "Y2" }))},

		{Name: "a cashier takes a line out of an open batch", Given: since(2), When: ask(cashier, 3, remove), Then: then(removed)},
		{Name: "a line is taken out of a batch with its reason", Given: since(2), When: ask(cashier, 3, with(remove, func(x *payment.RemoveLine) { x.Reason = "twice" })), Then: then(with(removed, func(x *payment.LineRemoved) { x.Reason = "twice" }))},
		{Name: "a line is taken out once", Given: since(2, removed), When: ask(cashier, 3, remove), Reject: payment.ErrStep},
		{Name: "a line is taken out of a batch that is submitted", Given: since(3), When: ask(cashier, 3, why), Then: then(with(removed, func(x *payment.LineRemoved) { x.Reason = "twice" }))},
		{Name: "a line is taken out of a batch that is approved", Given: since(4), When: ask(cashier, 4, why), Then: then(with(removed, func(x *payment.LineRemoved) { x.On, x.Reason = on(4), "twice" }))},
		{Name: "no line is taken out of a batch before it was approved", Given: since(4), When: ask(cashier, 3, why), Reject: payment.ErrStep},
		{Name: "no line is taken out of a batch that is submitted without a reason", Given: since(3), When: ask(cashier, 3, remove), Reject: payment.ErrReason},
		{Name: "who had a part in a line that was taken out approves the others", Given: since(2, with(second, func(x *payment.Instructed) { x.Duties = []ledger.ActorID{"clerk", "chief", "second", "approver"} }), with(removed, func(x *payment.LineRemoved) { x.Payment = "Y2" }), submitted), When: ask(chief, 4, approve), Then: then(approved)},
		{Name: "a batch out of which a line was taken is submitted again", Given: since(2, second, with(submitted, func(x *payment.BatchSubmitted) { x.Lines, x.Total = 2, ledger.Fen(10_000_00) }), removed), When: ask(cashier, 3, totals), Then: then(submitted)},
		{Name: "a batch out of which a line was taken is not sent as it was approved", Given: since(2, second, with(submitted, func(x *payment.BatchSubmitted) { x.Lines, x.Total = 2, ledger.Fen(10_000_00) }), with(approved, func(x *payment.BatchApproved) { x.Lines, x.Total = 2, ledger.Fen(10_000_00) }), with(removed, func(x *payment.LineRemoved) { x.On = on(4) })), When: ask(cashier, 5, send), Reject: payment.ErrStep},
		{Name: "no line is taken out of a batch that is sent", Given: since(5), When: ask(cashier, 5, remove), Reject: payment.ErrStep},
		{Name: "a line is not taken out before it was put in", Given: since(2), When: ask(cashier, 1, remove), Reject: payment.ErrStep},
		{Name: "a line is taken out that is there", Given: since(1), When: ask(cashier, 3, remove), Reject: payment.ErrUnknown},
		{Name: "a recorded payment is in no batch", Given: then(recorded), When: ask(cashier, 3, payment.RemoveLine{Payment: "R1"}), Reject: payment.ErrStep},
		{Name: "an approver takes out no line", Given: since(2), When: ask(chief, 3, remove), Reject: ledger.ErrRole},
		{Name: "a claim whose line was taken out is instructed again, in the same batch", Given: since(2, removed), When: ask(cashier, 3, payment.Instruct{Batch: "B1", Claim: "C1", Payment: "Y2"}), Then: then(with(instructed, func(x *payment.Instructed) { x.On, x.Payment = on(3), "Y2" }))},
		{Name: "a batch is submitted without the line that was taken out", Given: since(2, removed, second), When: ask(cashier, 3, totals), Then: then(submitted)},
		{Name: "a batch is not submitted with the line that was taken out", Given: since(2, removed, second), When: ask(cashier, 3, payment.SubmitBatch{Batch: "B1", Lines: 2, Total: ledger.Fen(10_000_00)}), Reject: payment.ErrTotals},
		{Name: "a batch whose only line was taken out is not submitted", Given: since(2, removed), When: ask(cashier, 3, payment.SubmitBatch{Batch: "B1"}), Reject: payment.ErrTotals},

		{Name: "what came back is re-issued again when its re-issue is cancelled", Given: slices.Concat(life, then(reissueCancelled, third)), When: ask(cashier, 12, with(reissue, func(x *payment.Reissue) { x.As, x.Batch = "Y3", "B3" })), Then: then(with(reissued, func(x *payment.Reissued) { x.As, x.Batch, x.On = "Y3", "B3", on(12) }))},
		{Name: "what came back is re-issued again when its re-issue is taken out", Given: slices.Concat(life, then(with(removed, func(x *payment.LineRemoved) { x.Batch, x.On, x.Payment = "B2", on(11), "Y2" }))), When: ask(cashier, 12, with(reissue, func(x *payment.Reissue) { x.As = "Y3" })), Then: then(with(reissued, func(x *payment.Reissued) { x.As, x.On = "Y3", on(12) }))},
		{Name: "a claim is not instructed because the re-issue of its payment is cancelled", Given: slices.Concat(life, then(reissueCancelled, third)), When: ask(cashier, 12, payment.Instruct{Batch: "B3", Claim: "C1", Payment: "Y3"}), Reject: payment.ErrPaid},
		{Name: "what came back is given up when its re-issue is cancelled", Given: slices.Concat(life, then(reissueCancelled)), When: ask(chief, 12, payment.ReturnToTreasury{Payment: "Y1", Reason: "moved away"}), Then: then(with(treasury, func(x *payment.ReturnedToTreasury) { x.On = on(12) }))},
		{Name: "a re-issue that is cancelled is not re-issued itself", Given: slices.Concat(life, then(reissueCancelled, third)), When: ask(cashier, 12, payment.Reissue{As: "Y3", Batch: "B3", Payment: "Y2"}), Reject: payment.ErrStep},

		{Name: "who approved a claim does not confirm its payment", Given: since(5), When: ask(as(till, "approver"), 6, payment.Confirm{Payment: "Y1", Serial: "S1"}), Reject: ledger.ErrDuties},
		{Name: "who approved the batch does not say that it failed", Given: since(5), When: ask(as(till, "chief"), 6, payment.Fail{Payment: "Y1", Reason: "closed"}), Reject: ledger.ErrDuties},
		{Name: "who reviewed a claim does not say that its money came back", Given: since(6), When: ask(as(till, "second"), 7, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S2"}), Reject: ledger.ErrDuties},
		{Name: "who approved a claim does not correct its payee", Given: since(7), When: ask(as(till, "approver"), 8, correct), Reject: ledger.ErrDuties},
		{Name: "the bank's payment is confirmed", Given: since(5), When: ask(cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S1"}), Then: then(confirmed)},
		{Name: "nothing is confirmed that is not there", When: ask(cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S1"}), Reject: payment.ErrUnknown},
		{Name: "nothing is confirmed before it is sent", Given: since(4), When: ask(cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S1"}), Reject: payment.ErrStep},
		{Name: "nothing is confirmed twice", Given: since(6), When: ask(cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S3"}), Reject: payment.ErrStep},
		{Name: "nothing is confirmed that failed", Given: since(5, failed), When: ask(cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S3"}), Reject: payment.ErrStep},
		{Name: "the bank did not pay before it was told to", Given: since(5), When: ask(cashier, 4, payment.Confirm{Payment: "Y1", Serial: "S1"}), Reject: payment.ErrStep},
		{Name: "the bank's serial is on record", Given: since(5), When: ask(cashier, 6, payment.Confirm{Payment: "Y1"}), Reject: payment.ErrReason},
		{Name: "the bank may pay a batch under one serial", Given: since(2, second, with(submitted, func(x *payment.BatchSubmitted) { x.Lines = 2 }), approved, sent, confirmed), When: ask(cashier, 6, payment.Confirm{Payment: "Y2", Serial: "S1"}), Then: then(with(confirmed, func(x *payment.Confirmed) { x.Payment = "Y2" }))},
		{Name: "a serial does not pay in another batch", Given: slices.Concat(life, resent), When: ask(cashier, 12, payment.Confirm{Payment: "Y2", Serial: "S1"}), Reject: payment.ErrBooked},
		{Name: "a serial that returned money may pay: two movements may have one number", Given: slices.Concat(life, resent), When: ask(cashier, 12, payment.Confirm{Payment: "Y2", Serial: "S2"}), Then: then(with(confirmed, func(x *payment.Confirmed) { x.On, x.Payment, x.Serial = on(12), "Y2", "S2" }))},
		{Name: "a serial does not return money in another batch", Given: slices.Concat(life, resent, then(with(confirmed, func(x *payment.Confirmed) { x.On, x.Payment, x.Serial = on(12), "Y2", "S3" }))), When: ask(cashier, 13, payment.Return{Payment: "Y2", Reason: "closed", Serial: "S2"}), Reject: payment.ErrBooked},
		{Name: "a recorded payment needs no bank", Given: then(recorded), When: ask(cashier, 6, payment.Confirm{Payment: "R1", Serial: "S1"}), Reject: payment.ErrStep},

		{Name: "the bank's refusal is recorded", Given: since(5), When: ask(cashier, 6, payment.Fail{Payment: "Y1", Reason: "closed"}), Then: then(failed)},
		{Name: "what is paid has not failed", Given: since(6), When: ask(cashier, 6, payment.Fail{Payment: "Y1", Reason: "closed"}), Reject: payment.ErrStep},
		{Name: "a failure has a reason", Given: since(5), When: ask(cashier, 6, payment.Fail{Payment: "Y1"}), Reject: payment.ErrReason},

		{Name: "money comes back", Given: since(6), When: ask(cashier, 7, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S2"}), Then: then(returned)},
		{Name: "money comes back once", Given: since(7), When: ask(cashier, 7, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S2"}), Reject: payment.ErrStep},
		{Name: "what was not paid does not come back", Given: since(5), When: ask(cashier, 7, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S2"}), Reject: payment.ErrStep},
		{Name: "money does not come back before it was paid", Given: since(6), When: ask(cashier, 5, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S2"}), Reject: payment.ErrStep},
		{Name: "a return has a serial", Given: since(6), When: ask(cashier, 7, payment.Return{Payment: "Y1", Reason: "closed"}), Reject: payment.ErrReason},
		{Name: "a return has a reason", Given: since(6), When: ask(cashier, 7, payment.Return{Payment: "Y1", Serial: "S2"}), Reject: payment.ErrReason},
		{Name: "what comes back by itself is demanded no more", Given: twice, When: ask(cashier, 9, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S2"}), Then: then(with(returned, func(x *payment.Returned) { x.Cancelled, x.On = ledger.Fen(3_000_00), on(9) }))},
		{Name: "what was recovered in part does not come back whole", Given: append(slices.Clone(twice), received), When: ask(cashier, 9, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S2"}), Reject: payment.ErrRecovery},
		{Name: "what came back is not received", Given: append(slices.Clone(twice), with(returned, func(x *payment.Returned) { x.Cancelled, x.On = ledger.Fen(3_000_00), on(9) })), When: ask(ledgertest.Accountant, 10, receive), Reject: payment.ErrStep},

		{Name: "another approver withdraws a demand", Given: twice, When: ask(ledgertest.Approver, 9, withdraw), Then: then(withdrawn)},
		{Name: "of a demand what was not received is withdrawn", Given: append(slices.Clone(twice), received), When: ask(ledgertest.Approver, 9, withdraw), Then: then(with(withdrawn, func(x *payment.RecoveryWithdrawn) { x.Amount = ledger.Fen(2_000_00) }))},
		{Name: "who demanded does not withdraw it", Given: twice, When: ask(chief, 9, withdraw), Reject: ledger.ErrDuties},
		{Name: "a cashier withdraws nothing", Given: twice, When: ask(cashier, 9, withdraw), Reject: ledger.ErrRole},
		{Name: "a demand is withdrawn once", Given: append(slices.Clone(twice), withdrawn), When: ask(ledgertest.Approver, 9, withdraw), Reject: payment.ErrRecovery},
		{Name: "what is withdrawn is not received", Given: append(slices.Clone(twice), withdrawn), When: ask(ledgertest.Accountant, 9, receive), Reject: payment.ErrRecovery},
		{Name: "what is withdrawn is demanded anew", Given: append(slices.Clone(twice), withdrawn), When: ask(chief, 9, with(demand, func(x *payment.DemandRecovery) { x.Amount, x.Decision = amount, "D10" })), Then: then(with(demanded, func(x *payment.RecoveryDemanded) { x.Amount, x.Decision, x.On = amount, "D10", on(9) }))},
		{Name: "a demand is not withdrawn before it was made", Given: twice, When: ask(ledgertest.Approver, 7, withdraw), Reject: payment.ErrStep},
		{Name: "a withdrawal has a decision", Given: twice, When: ask(ledgertest.Approver, 9, with(withdraw, func(x *payment.WithdrawRecovery) { x.Decision = "" })), Reject: payment.ErrReason},
		{Name: "a withdrawal has a reason", Given: twice, When: ask(ledgertest.Approver, 9, with(withdraw, func(x *payment.WithdrawRecovery) { x.Reason = "" })), Reject: payment.ErrReason},
		{Name: "a recorded payment does not come back to us", Given: then(recorded), When: ask(cashier, 9, payment.Return{Payment: "R1", Reason: "closed", Serial: "S2"}), Reject: payment.ErrStep},

		{Name: "a payee is corrected", Given: since(7), When: ask(cashier, 8, correct), Then: then(corrected), Again: true},
		{Name: "a payee is corrected after a failure", Given: since(5, failed), When: ask(cashier, 8, correct), Then: then(corrected), Again: true},
		{Name: "the payee of what is paid is not corrected", Given: since(6), When: ask(cashier, 8, correct), Reject: payment.ErrStep},
		{Name: "a correction has a reason", Given: since(7), When: ask(cashier, 8, with(correct, func(x *payment.CorrectPayee) { x.Reason = "" })), Reject: payment.ErrReason},

		{Name: "an approver approves exactly that account", Given: since(8), When: ask(chief, 9, agree), Then: then(agreed)},
		{Name: "another account is not approved", Given: since(8), When: ask(chief, 9, with(agree, func(x *payment.ApproveCorrection) { x.Account = "3" })), Reject: payment.ErrCorrection},
		{Name: "no correction, nothing to approve", Given: since(7), When: ask(chief, 9, with(agree, func(x *payment.ApproveCorrection) { x.Account = "" })), Reject: payment.ErrCorrection},
		{Name: "a correction is not approved before it was made", Given: since(8), When: ask(chief, 7, agree), Reject: payment.ErrStep},
		{Name: "a correction is not used before it was approved", Given: since(10), When: ask(cashier, 8, reissue), Reject: payment.ErrStep},
		{Name: "a payee is not corrected again before the correction was approved", Given: since(9), When: ask(cashier, 8, correct), Reject: payment.ErrStep},
		{Name: "a correction is approved once", Given: since(9), When: ask(chief, 9, agree), Reject: payment.ErrCorrection},
		{Name: "who corrected a payee does not approve it", Given: since(8), When: ask(as(chief, "cashier"), 9, agree), Reject: ledger.ErrDuties},
		{Name: "who entered the claim does not approve where its money goes now", Given: since(8), When: ask(as(chief, "clerk"), 9, agree), Reject: ledger.ErrDuties},
		{Name: "a cashier approves no correction", Given: since(8), When: ask(till, 9, agree), Reject: ledger.ErrRole},

		{Name: "what came back is paid again as another payment", Given: since(10), When: ask(cashier, 10, reissue), Then: then(reissued)},
		{Name: "what failed is paid again as another payment", Given: unpaid, When: ask(cashier, 10, reissue), Then: then(reissued)},
		{Name: "nothing is paid again without a correction", Given: since(7, again), When: ask(cashier, 10, reissue), Reject: payment.ErrCorrection},
		{Name: "nothing is paid again before the correction is approved", Given: since(8, again), When: ask(cashier, 10, reissue), Reject: payment.ErrCorrection},
		{Name: "a correction after the approval must be approved anew", Given: since(10, with(corrected, func(x *payment.PayeeCorrected) { x.Account = "3" })), When: ask(cashier, 10, reissue), Reject: payment.ErrCorrection},
		{Name: "nothing is paid again twice", Given: life, When: ask(cashier, 11, with(reissue, func(x *payment.Reissue) { x.As = "Y3" })), Reject: payment.ErrStep},
		{Name: "what is paid again has a new identifier", Given: since(10), When: ask(cashier, 10, with(reissue, func(x *payment.Reissue) { x.As = "Y1" })), Reject: payment.ErrTaken},
		{Name: "what is paid again is in an open batch", Given: since(9), When: ask(cashier, 10, with(reissue, func(x *payment.Reissue) { x.Batch = "B1" })), Reject: payment.ErrStep},
		{Name: "what arrived is not paid again", Given: since(6, again), When: ask(cashier, 10, reissue), Reject: payment.ErrStep},
		{Name: "who approved the correction does not pay it", Given: since(10), When: ask(as(till, "chief"), 10, reissue), Reject: ledger.ErrDuties},
		{Name: "who reviewed the claim does not pay it again", Given: since(10), When: ask(as(till, "second"), 10, reissue), Reject: ledger.ErrDuties},

		{Name: "an approver gives the money up", Given: since(7), When: ask(chief, 8, payment.ReturnToTreasury{Payment: "Y1", Reason: "moved away"}), Then: then(treasury)},
		{Name: "a cashier gives no money up", Given: since(7), When: ask(cashier, 8, payment.ReturnToTreasury{Payment: "Y1", Reason: "moved away"}), Reject: ledger.ErrRole},
		{Name: "what is paid is not given up", Given: since(6), When: ask(chief, 8, payment.ReturnToTreasury{Payment: "Y1", Reason: "moved away"}), Reject: payment.ErrStep},
		{Name: "money is given up once", Given: since(7, treasury), When: ask(chief, 8, payment.ReturnToTreasury{Payment: "Y1", Reason: "moved away"}), Reject: payment.ErrStep},
		{Name: "money is given up for a reason", Given: since(7), When: ask(chief, 8, payment.ReturnToTreasury{Payment: "Y1"}), Reject: payment.ErrReason},
		{Name: "what was paid again is not given up as the old payment", Given: life, When: ask(chief, 11, payment.ReturnToTreasury{Payment: "Y1", Reason: "moved away"}), Reject: payment.ErrStep},
		{Name: "what was given up is not paid again", Given: since(9, treasury, again), When: ask(cashier, 10, reissue), Reject: payment.ErrStep},

		{Name: "money paid is demanded back", Given: since(6), When: ask(chief, 8, demand), Then: then(demanded)},
		{Name: "money paid elsewhere is demanded back", Given: then(recorded), When: ask(chief, 8, with(demand, func(x *payment.DemandRecovery) { x.Payment = "R1" })), Then: then(with(demanded, func(x *payment.RecoveryDemanded) { x.Payment, x.Clause, x.Policy = "R1", "", "" }))},
		{Name: "a second demand is for the rest", Given: twice, When: ask(chief, 9, with(demand, func(x *payment.DemandRecovery) { x.Amount, x.Decision = ledger.Fen(2_000_00), "D2" })), Then: then(with(demanded, func(x *payment.RecoveryDemanded) { x.Amount, x.Decision, x.On = ledger.Fen(2_000_00), "D2", on(9) }))},
		{Name: "no fen more is demanded than was paid", Given: twice, When: ask(chief, 9, with(demand, func(x *payment.DemandRecovery) { x.Amount, x.Decision = ledger.Fen(2_000_01), "D2" })), Reject: payment.ErrRecovery},
		{Name: "a decision demands a payment back once", Given: twice, When: ask(chief, 9, with(demand, func(x *payment.DemandRecovery) { x.Amount, x.Decision = ledger.Fen(1_00), "d 1" })), Reject: payment.ErrBooked},
		{Name: "nothing is not demanded", Given: since(6), When: ask(chief, 8, with(demand, func(x *payment.DemandRecovery) { x.Amount = ledger.Fen(0) })), Reject: payment.ErrRecovery},
		{Name: "what came back is not demanded", Given: since(7), When: ask(chief, 8, demand), Reject: payment.ErrStep},
		{Name: "a demand has a ground", Given: since(6), When: ask(chief, 8, with(demand, func(x *payment.DemandRecovery) { x.Ground = "" })), Reject: payment.ErrReason},
		{Name: "a demand has a decision", Given: since(6), When: ask(chief, 8, with(demand, func(x *payment.DemandRecovery) { x.Decision = "" })), Reject: payment.ErrReason},
		{Name: "a demand leaves time", Given: since(6), When: ask(chief, 8, with(demand, func(x *payment.DemandRecovery) { x.Deadline = on(7) })), Reject: payment.ErrDeadline},
		{Name: "a demand says until when", Given: since(6), When: ask(chief, 8, with(demand, func(x *payment.DemandRecovery) { x.Deadline = ledger.Date{} })), Reject: payment.ErrReason},
		{Name: "a cashier demands nothing", Given: since(6), When: ask(cashier, 8, demand), Reject: ledger.ErrRole},

		{Name: "a part of what is demanded arrives", Given: twice, When: ask(ledgertest.Accountant, 9, receive), Then: then(received)},
		{Name: "nothing arrives of a demand that is dated later", Given: append(slices.Clone(twice), with(demanded, func(x *payment.RecoveryDemanded) { x.Amount, x.On = ledger.Fen(1), on(20) })), When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Amount = ledger.Fen(3_000_01) })), Reject: payment.ErrRecovery},
		{Name: "what two demands ask arrives when both are dated", Given: append(slices.Clone(twice), with(demanded, func(x *payment.RecoveryDemanded) { x.Amount, x.On = ledger.Fen(1), on(9) })), When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Amount = ledger.Fen(3_000_01) })), Then: then(with(received, func(x *payment.RecoveryReceived) { x.Amount = ledger.Fen(3_000_01) }))},
		{Name: "no fen more arrives than is demanded", Given: append(slices.Clone(twice), received), When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Amount, x.Voucher = ledger.Fen(2_000_01), "V10" })), Reject: payment.ErrRecovery},
		{Name: "nothing arrives before it was demanded", Given: twice, When: ask(ledgertest.Accountant, 7, receive), Reject: payment.ErrRecovery},
		{Name: "nothing arrives that nobody demands", Given: since(6), When: ask(ledgertest.Accountant, 9, receive), Reject: payment.ErrRecovery},
		{Name: "nothing arrives that was withdrawn later", Given: append(slices.Clone(twice), with(withdrawn, func(x *payment.RecoveryWithdrawn) { x.On = on(20) })), When: ask(ledgertest.Accountant, 9, receive), Reject: payment.ErrRecovery},
		{Name: "what was withdrawn arrives when it is demanded again", Given: append(slices.Clone(twice), with(withdrawn, func(x *payment.RecoveryWithdrawn) { x.On = on(20) }), with(demanded, func(x *payment.RecoveryDemanded) { x.Decision = "D2" })), When: ask(ledgertest.Accountant, 9, receive), Then: then(received)},
		{Name: "nothing arrives that a later day needs", Given: append(slices.Clone(twice), with(withdrawn, func(x *payment.RecoveryWithdrawn) { x.On = on(20) }), with(demanded, func(x *payment.RecoveryDemanded) { x.Decision, x.On = "D2", on(21) })), When: ask(ledgertest.Accountant, 9, receive), Reject: payment.ErrRecovery},
		{Name: "what arrived of a later demand is not in the way", Given: append(slices.Clone(twice), with(demanded, func(x *payment.RecoveryDemanded) { x.Amount, x.On = ledger.Fen(1_000_00), on(20) }), with(received, func(x *payment.RecoveryReceived) { x.On, x.Voucher = on(21), "V8" })), When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Amount = ledger.Fen(3_000_00) })), Then: then(with(received, func(x *payment.RecoveryReceived) { x.Amount = ledger.Fen(3_000_00) }))},
		{Name: "nothing is not received", Given: twice, When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Amount = ledger.Fen(0) })), Reject: payment.ErrRecovery},
		{Name: "what arrives has a voucher", Given: twice, When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Voucher = "" })), Reject: payment.ErrReason},
		{Name: "a slip brings money back for a payment once", Given: append(slices.Clone(twice), received), When: ask(ledgertest.Accountant, 9, receive), Reject: payment.ErrBooked},
		{Name: "a second slip brings more", Given: append(slices.Clone(twice), received), When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Voucher = "V10" })), Then: then(with(received, func(x *payment.RecoveryReceived) { x.Voucher = "V10" }))},
		{Name: "a slip brings money back for several payments of one party", Given: slices.Concat(twice, then(received, recorded, owed)), When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Payment = "R1" })), Then: then(with(received, func(x *payment.RecoveryReceived) { x.Clause, x.Payment, x.Policy = "", "R1", "" }))},
		{Name: "a slip does not bring money back for another party", Given: slices.Concat(twice, then(received, with(recorded, func(x *payment.Recorded) { x.Party = "P2" }), owed)), When: ask(ledgertest.Accountant, 9, with(receive, func(x *payment.ReceiveRecovery) { x.Payment = "R1" })), Reject: payment.ErrBooked},
		{Name: "a cashier books no recovery", Given: twice, When: ask(cashier, 9, receive), Reject: ledger.ErrRole},

		{Name: "a payment made elsewhere is recorded", When: ask(ledgertest.Clerk, 2, record), Then: then(recorded)},
		{Name: "a cashier records nothing", When: ask(cashier, 2, record), Reject: ledger.ErrRole},
		{Name: "a recorded payment has an identifier", When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Payment = "R 1" })), Reject: ledger.ErrID},
		{Name: "a recorded payment is recorded once", Given: then(recorded), When: ask(ledgertest.Clerk, 2, record), Reject: payment.ErrTaken},
		{Name: "a recorded payment does not take the name of another", Given: since(2), When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Payment = "Y1" })), Reject: payment.ErrTaken},
		{Name: "a recorded payment paid something", When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Amount = ledger.Fen(0) })), Reject: ledger.ErrAmountSign},
		{Name: "a recorded payment says where it was read", When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Source = "" })), Reject: payment.ErrReason},
		{
			Name: "a payment like one of this book is flagged and never refused", Given: since(6), When: ask(ledgertest.Clerk, 6, record),
			Then: then(with(recorded, func(x *payment.Recorded) { x.On, x.Suspect = on(6), "Y1" })),
		},
		{
			Name: "a payment like one that the bank has not paid is not known to be like it", Given: since(5), When: ask(ledgertest.Clerk, 6, record),
			Then: then(with(recorded, func(x *payment.Recorded) { x.On = on(6) })),
		},
		{
			Name: "a payment like one that came back is not flagged", Given: since(7), When: ask(ledgertest.Clerk, 7, record),
			Then: then(with(recorded, func(x *payment.Recorded) { x.On = on(7) })),
		},
		{
			Name: "a payment like one that came back and was paid again is flagged", Given: slices.Concat(life, resent, then(with(confirmed, func(x *payment.Confirmed) { x.On, x.Payment, x.Serial = on(12), "Y2", "S3" }))), When: ask(ledgertest.Clerk, 7, record),
			Then: then(with(recorded, func(x *payment.Recorded) { x.On, x.Suspect = on(7), "Y2" })),
		},
		{
			Name: "the same amount in another month is another payment", Given: then(recorded), When: ask(ledgertest.Clerk, 32, with(record, func(x *payment.Record) { x.Payment = "R2" })),
			Then: then(with(recorded, func(x *payment.Recorded) { x.On, x.Payment = on(32), "R2" })),
		},
		{
			Name: "the same amount from another region, fund and year is flagged", Given: then(recorded), When: ask(ledgertest.Clerk, 3, with(record, func(x *payment.Record) {
				x.Line, x.Payment = ledger.BudgetLine{Region: "220000", Scheme: "startup", Fund: "general", Year: 2022}, "R2"
			})),
			Then: then(with(recorded, func(x *payment.Recorded) {
				x.Line, x.On, x.Payment, x.Suspect = ledger.BudgetLine{Region: "220000", Scheme: "startup", Fund: "general", Year: 2022}, on(3), "R2", "R1"
			})),
		},
		{
			Name: "the same amount under another scheme is another payment", Given: then(recorded), When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Line.Scheme, x.Payment = "assisted", "R2" })),
			Then: then(with(recorded, func(x *payment.Recorded) { x.Line.Scheme, x.Payment = "assisted", "R2" })),
		},
		{
			Name: "the same amount to another party is another payment", Given: then(recorded), When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Party, x.Payment = "P2", "R2" })),
			Then: then(with(recorded, func(x *payment.Recorded) { x.Party, x.Payment = "P2", "R2" })),
		},
		{
			Name: "a payment like a recorded one is flagged", Given: then(recorded), When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Payment = "R2" })),
			Then: then(with(recorded, func(x *payment.Recorded) { x.Payment, x.Suspect = "R2", "R1" })),
		},
		{
			Name: "another amount is another payment", Given: then(recorded), When: ask(ledgertest.Clerk, 2, with(record, func(x *payment.Record) { x.Payment, x.Amount = "R2", ledger.Fen(1) })),
			Then: then(with(recorded, func(x *payment.Recorded) { x.Payment, x.Amount = "R2", ledger.Fen(1) })),
		},
	})
}

func TestARefusalForAVoucherNamesWhatItStandsFor(t *testing.T) {
	t.Parallel()
	s := payment.Decider.Fold(new(payment.State), life...)
	s = payment.Decider.Fold(s, payment.Event(with(submitted, func(x *payment.BatchSubmitted) { x.Batch, x.On = "B2", on(11) })),
		with(approved, func(x *payment.BatchApproved) { x.Batch, x.On = "B2", on(11) }))
	_, err := payment.Decide(s, ask(ledgertest.Cashier, 11, payment.SendBatch{Batch: "B2", Voucher: "V1"}))
	if _, particulars := ledger.Refused(err); particulars != "voucher V1 sent batch B1" {
		t.Errorf("it says %v", err)
	}
	s = payment.Evolve(s, with(sent, func(x *payment.BatchSent) { x.Batch, x.On, x.Voucher = "B2", on(11), "V2" }))
	_, err = payment.Decide(s, ask(ledgertest.Cashier, 12, payment.Confirm{Payment: "Y2", Serial: "S1"}))
	if _, particulars := ledger.Refused(err); particulars != "S1 paid payment Y1" {
		t.Errorf("it says %v", err)
	}
}

func TestABatchHasAHundredThousandLinesAtMost(t *testing.T) {
	t.Parallel()
	s := payment.Evolve(new(payment.State), opened)
	for i := range payment.MaxLines {
		if i == payment.MaxLines-1 {
			if _, err := payment.Decide(s, ask(ledgertest.Cashier, 2, payment.Instruct{Batch: "B1", Claim: "last", Payment: "last"})); err != nil {
				t.Fatalf("the last line: %v", err)
			}
		}
		id := fmt.Sprint("X", i)
		s = payment.Evolve(s, with(instructed, func(x *payment.Instructed) {
			x.Payment, x.Claim, x.Amount = ledger.PaymentID(id), ledger.ClaimID(id), ledger.Fen(1)
		}))
	}
	if _, err := payment.Decide(s, ask(ledgertest.Cashier, 2, payment.Instruct{Batch: "B1", Claim: "C", Payment: "Y"})); !errors.Is(err, payment.ErrFull) {
		t.Errorf("one more: %v", err)
	}
}

// suspect records a payment like all the others of this file and returns whom it
// suspects.
func suspect(t *testing.T, s *payment.State) ledger.PaymentID {
	t.Helper()
	events, err := payment.Decide(s, ask(ledgertest.Clerk, 20, payment.Record{Amount: amount, Line: line, Party: "P1", Payment: "new", Source: "x"}))
	if err != nil {
		t.Fatal(err)
	}
	return events[0].(payment.Recorded).Suspect
}

func TestAPaymentThatWasVoidedIsSuspectedNoMore(t *testing.T) {
	t.Parallel()
	s := payment.Evolve(new(payment.State), recorded)
	if got := suspect(t, s); got != "R1" {
		t.Errorf("it suspects %q", got)
	}
	s.Void("R1", on(3))
	if got := suspect(t, s); got != "" {
		t.Errorf("voided, it is still suspected: %q", got)
	}
	if p, ok := s.Find("R1"); !ok || p.Status != payment.Voided {
		t.Errorf("it is %+v", p)
	}
}

func TestVoidingOneOfTwoDoesNotHideTheOther(t *testing.T) {
	t.Parallel()
	third := with(recorded, func(x *payment.Recorded) { x.Payment = "R3" })
	for _, c := range []struct {
		voided []ledger.PaymentID
		want   ledger.PaymentID
	}{
		{[]ledger.PaymentID{"R1"}, "R2"}, {[]ledger.PaymentID{"R2"}, "R1"}, {[]ledger.PaymentID{"R3", "R1"}, "R2"},
		{[]ledger.PaymentID{"R1", "R2"}, "R3"}, {[]ledger.PaymentID{"R2", "R3", "R1"}, ""},
	} {
		s := payment.Decider.Fold(new(payment.State), payment.Event(recorded), with(recorded, func(x *payment.Recorded) { x.Payment = "R2" }), third)
		for _, id := range c.voided {
			s.Void(id, on(3))
		}
		if got := suspect(t, s); got != c.want {
			t.Errorf("with %v voided it suspects %q", c.voided, got)
		}
	}
}

func TestTheLivePaymentOfAClaimIsTheLastThatWasIssued(t *testing.T) {
	t.Parallel()
	s := new(payment.State)
	for i, want := range []ledger.PaymentID{"", "Y1", "Y1", "Y1", "Y1", "Y1", "Y1", "Y1", "Y1", "Y1", "Y2"} {
		s = payment.Evolve(s, life[i])
		if got, _ := s.Live(payment.Instalment{Claim: "C1"}); got != want || s.Ended(payment.Instalment{Claim: "C1"}) {
			t.Errorf("after %T it is %q", life[i], got)
		}
	}
	s = payment.Decider.Fold(new(payment.State), since(7, treasury)...)
	if _, ok := s.Live(payment.Instalment{Claim: "C1"}); ok || !s.Ended(payment.Instalment{Claim: "C1"}) {
		t.Error("given back, it is live")
	}
}

func TestWhatIsCancelledIsNoPaymentOfItsClaim(t *testing.T) {
	t.Parallel()
	for name, events := range map[string][]payment.Event{"with its batch": since(4, cancelled), "alone": since(2, removed)} {
		s := payment.Decider.Fold(new(payment.State), events...)
		if live, ok := s.Live(payment.Instalment{Claim: "C1"}); ok || s.Ended(payment.Instalment{Claim: "C1"}) {
			t.Errorf("%s: %q is live", name, live)
		}
		if p, _ := s.Find("Y1"); p.Status != payment.Cancelled {
			t.Errorf("%s: it is %s", name, p.Status)
		}
	}
	s := payment.Decider.Fold(new(payment.State), life...)
	s = payment.Evolve(s, with(removed, func(x *payment.LineRemoved) { x.Batch, x.On, x.Payment = "B2", on(11), "Y2" }))
	if live, _ := s.Live(payment.Instalment{Claim: "C1"}); live != "Y1" {
		t.Errorf("%q is live", live)
	}
}

func TestACancellationIsTakenBackWithAllItsLines(t *testing.T) {
	t.Parallel()
	s := payment.Decider.Fold(new(payment.State), since(2, with(instructed, func(x *payment.Instructed) { x.Claim, x.Payment = "C2", "Y2" }))...)
	for _, part := range s.Tentative() {
		part.Begin()
	}
	s = payment.Decider.Fold(s, removed, with(instructed, func(x *payment.Instructed) { x.Claim, x.Payment = "C3", "Y3" }), cancelled)
	for _, part := range s.Tentative() {
		part.Rollback()
	}
	s = payment.Decider.Fold(s, cancelled)
	for _, id := range []ledger.PaymentID{"Y1", "Y2"} {
		if p, _ := s.Find(id); p.Status != payment.Cancelled {
			t.Errorf("%s is %s", id, p.Status)
		}
	}
	if _, ok := s.Find("Y3"); ok {
		t.Error("Y3 is there")
	}
}

func TestEveryPartOfThePaymentsIsTakenBack(t *testing.T) {
	t.Parallel()
	s := payment.Decider.Fold(new(payment.State), since(5)...)
	for _, part := range s.Tentative() {
		part.Begin()
	}
	s = payment.Decider.Fold(s, confirmed, returned, corrected, agreed, again, reissued, recorded,
		with(treasury, func(x *payment.ReturnedToTreasury) { x.Payment = "Y2" }))
	for _, part := range s.Tentative() {
		part.Rollback()
	}
	if live, _ := s.Live(payment.Instalment{Claim: "C1"}); live != "Y1" || s.Ended(payment.Instalment{Claim: "C1"}) {
		t.Errorf("live is %q", live)
	}
	if _, ok := s.Find("R1"); ok || suspect(t, s) != "" {
		t.Error("the recorded payment is still there")
	}
	for name, c := range map[string]payment.Command{
		"the confirmation is taken back": ask(ledgertest.Cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S"}),
		"the serial is taken back":       ask(ledgertest.Cashier, 6, payment.Confirm{Payment: "Y1", Serial: "S1"}),
		"the batch is taken back":        ask(ledgertest.Cashier, 6, payment.OpenBatch{Batch: "B2"}),
	} {
		if _, err := payment.Decide(s, c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s = payment.Evolve(s, failed)
	if _, err := payment.Decide(s, ask(ledgertest.Cashier, 10, payment.Reissue{As: "Y2", Batch: "B2", Payment: "Y1"})); !errors.Is(err, payment.ErrCorrection) {
		t.Errorf("the correction is still there: %v", err)
	}
}

func TestEventsOfPaymentsAreTheirCases(t *testing.T) {
	t.Parallel()
	moves := []payment.Event{confirmed, returned, treasury, demanded, received, recorded}
	for want, events := range map[string][]payment.Event{
		"B1": {opened, submitted, approved, sent, cancelled},
		"Y1": {instructed, removed, confirmed, returned, failed, corrected, agreed, treasury, demanded, received},
		"Y2": {reissued},
		"R1": {recorded},
	} {
		for _, e := range events {
			booked := slices.ContainsFunc(moves, func(m payment.Event) bool { return fmt.Sprintf("%T", m) == fmt.Sprintf("%T", e) })
			if e.Case() != want || e.Effective().IsZero() || (ledgertest.Booked(e) != nil) != booked {
				t.Errorf("%T: %s on %s books %v", e, e.Case(), e.Effective(), ledgertest.Booked(e))
			}
		}
	}
}

// 2^64 fen and 1 fen are the same 64 bits.
func TestAnAmountThatDoesNotFitIsNeverTakenForAnother(t *testing.T) {
	t.Parallel()
	one := with(recorded, func(x *payment.Recorded) { x.Amount = ledger.Fen(1) })
	wrapped := ledger.Fen(1 << 32).Times(1 << 32).Add(ledger.Fen(1))
	s := payment.Decider.Fold(new(payment.State), payment.Event(one))
	events, err := payment.Decide(s, ask(ledgertest.Clerk, 2, payment.Record{Amount: wrapped, Line: line, Party: "P1", Payment: "R2", Source: "list.csv:2"}))
	if err != nil {
		t.Fatal(err)
	}
	if e := events[0].(payment.Recorded); e.Suspect != "" {
		t.Errorf("%s is suspected to be %s of %s", e.Amount, e.Suspect, one.Amount)
	}
	defer func() {
		if recover() == nil {
			p, _ := s.Find("R2")
			t.Errorf("%s was folded as %s", wrapped, p.Amount)
		}
	}()
	payment.Evolve(s, events[0])
}

func ExampleDecider() {
	s := payment.Decider.Fold(new(payment.State), payment.Event(opened), instructed, submitted)
	_, err := payment.Decide(s, payment.Command{
		Order: ledger.Order{ID: "c9", By: ledgertest.Cashier, On: ledger.DateOf(2023, 5, 6)},
		Do:    payment.SendBatch{Batch: "B1", Voucher: "V1"},
	})
	r, particulars := ledger.Refused(err)
	fmt.Println(r.Code, "-", particulars)

	events, err := payment.Decide(payment.Evolve(s, approved), payment.Command{
		Order: ledger.Order{ID: "c9", By: ledgertest.Cashier, On: ledger.DateOf(2023, 5, 6)},
		Do:    payment.SendBatch{Batch: "B1", Voucher: "V1"},
	})
	fmt.Println(events[0].(payment.BatchSent).Total, err)
	// Output:
	// payment-step - batch B1 is submitted
	// 5000.00 <nil>
}

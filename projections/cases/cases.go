// Package cases projects parties, claims, batches and payments: where each stands
// now.
//
// # Tables
//
// party, claim, batch and payment, one row each, with the records that made the row
// (seq) and changed it last (last_seq); document, the documents of claims that are
// kept; suspect, payments that may have been made twice.
//
// # Invariants
//
//  1. No personal data: a person's name, numbers and bank accounts are sealed in the
//     events, and nothing of that is unsealed here. What a list shows of a person's
//     name is joined by the view, from the vault, where erasing the person removes
//     it.
//  2. A step of a case changes the row of that case, which is there.
//  3. A payment says when and by which record it was paid, returned and reversed, so that
//     what counts at a day, as known by a record, is a condition on rows: it counts from
//     the day the bank confirmed it until the day before it came back.
package cases

import (
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/pgcopy"
)

// New returns the projection.
func New() projections.Projection { return cases{} }

type cases struct{}

func (cases) Name() string { return "cases/5" }

func (cases) Tables() []*projections.Table {
	return []*projections.Table{parties, claims, documents, batches, payments, suspects}
}

// Fold brings the row of the case that an event is about to its new state.
func (cases) Fold(rows *projections.Rows, r events.Recorded) error {
	switch e := r.Event.(type) {
	case party.Event:
		foldParty(rows, r.Seq, e)
	case claim.Event:
		foldClaim(rows, r.Seq, e)
	case payment.Event:
		foldPayment(rows, r, e)
	case journal.EntryReversed:
		if id, ok := payment.OfEntry(e.Reverses); ok {
			rows.Update(payments, string(id)).Seq("reversed_seq", r.Seq)
		}
	}
	return nil
}

func foldParty(rows *projections.Rows, seq uint64, e party.Event) {
	switch e := e.(type) {
	case party.Registered:
		name, accounts := e.Name, int64(0)
		if e.Kind == policy.Person {
			name = ""
		}
		if e.Account != "" {
			accounts = 1
		}
		rows.Insert(parties, string(e.Party)).
			Text(string(e.Kind)).TextOrNull(name).TextOrNull(string(e.Code)).TextOrNull(e.Place).TextOrNull(string(e.Region)).
			Bool(false).Date(e.On).Int8(accounts).Int8(int64(seq)).Int8(int64(seq))
	case party.AccountAdded:
		rows.Update(parties, string(e.Party)).Count("accounts", 1).Seq("last_seq", seq)
	case party.Erased:
		rows.Update(parties, string(e.Party)).Bool("erased", true).Seq("last_seq", seq)
	}
}

func foldClaim(rows *projections.Rows, seq uint64, e claim.Event) {
	if e, ok := e.(claim.Submitted); ok {
		row := rows.Insert(claims, string(e.Claim)).
			Text(string(e.Scheme)).Text(e.Group).Text(string(e.Party)).Text(string(e.Account)).Text(string(e.Region)).Text(string(ledger.Prefecture(e.Region, e.On))).
			Text(e.From.String()).Text(e.To.String()).Int4(int32(e.Units)).Money(rows.Amount(e.Amount))
		if e.Monthly.IsZero() {
			row.Null()
		} else {
			row.Money(rows.Amount(e.Monthly))
		}
		row.Text(string(claim.SubmittedStep)).Text(e.Policy).Text(e.Clause).TextArray(e.Slots).Date(e.On).Text(string(e.By)).
			Null().Null().Null().Null().Null().Int8(0)
		row.Null().Null().Null().Null().Null().Null().Null().Null().Null().Int8(int64(seq)).Int8(int64(seq))
		return
	}
	c := rows.Update(claims, e.Case()).Seq("last_seq", seq)
	switch e := e.(type) {
	case claim.EvidenceAttached:
		d := e.Document
		rows.Append(documents).Int8(int64(seq)).Text(string(e.Claim)).Text(d.Kind).Text(d.Hash).Text(d.Media).Int8(int64(d.Size)).
			Text(d.Object).TextOrNull(string(d.Sealed)).Text(d.Stored).Text(string(e.By)).Date(e.On)
	case claim.FirstReviewed:
		c.Text("status", string(claim.FirstStep)).Text("first_by", string(e.By))
	case claim.Compared:
		c.Text("status", string(claim.ComparedStep)).Text("comparison", string(e.Outcome))
	case claim.SecondReviewed:
		c.Text("status", string(claim.SecondStep)).Text("second_by", string(e.By))
	case claim.Publicised:
		c.Text("status", string(claim.PublicStep)).Date("shown_from", e.From).Date("shown_to", e.To)
	case claim.Objected:
		c.Count("objections", 1)
	case claim.Resolved:
		c.Count("objections", -1)
	case claim.PublicityEnded:
		c.Text("status", string(claim.PublicDoneStep))
	case claim.Approved:
		c.Text("status", string(claim.ApprovedStep)).Date("approved_on", e.On).Text("approved_by", string(e.By)).
			Text("decision", e.Decision).
			Text("line_region", string(e.Line.Region)).Text("line_fund", string(e.Line.Fund)).Int4("line_year", e.Line.Year)
	case claim.Rejected:
		c.Text("status", string(claim.RejectedStep)).Date("ended_on", e.On).Text("reason", e.Reason)
	case claim.Stopped:
		c.Text("stopped_from", e.From.String()).Text("reason", e.Reason)
	case claim.Withdrawn:
		c.Text("status", string(claim.WithdrawnStep)).Date("ended_on", e.On).Text("reason", e.Reason)
	}
}

func foldPayment(rows *projections.Rows, r events.Recorded, e payment.Event) {
	seq, known := r.Seq, ledger.DayOf(r.Meta.Time)
	update := func(id ledger.PaymentID) *projections.Change {
		return rows.Update(payments, string(id)).Seq("last_seq", seq)
	}
	batch := func(id ledger.BatchID) *projections.Change {
		return rows.Update(batches, string(id)).Seq("last_seq", seq)
	}
	switch e := e.(type) {
	case payment.BatchOpened:
		rows.Insert(batches, string(e.Batch)).
			Text(string(payment.Opened)).Int8(0).Money(pgcopy.Sum{}).Date(e.On).Text(string(e.By)).
			Null().Null().Null().Null().Null().Null().Null().Null().Null().Null().Int8(int64(seq)).Int8(int64(seq))
	case payment.BatchSubmitted:
		batch(e.Batch).Text("status", string(payment.Submitted)).Date("submitted_on", e.On).Text("submitted_by", string(e.By))
	case payment.BatchApproved:
		batch(e.Batch).Text("status", string(payment.Approved)).Date("approved_on", e.On).Text("approved_by", string(e.By))
	case payment.BatchSent:
		batch(e.Batch).Text("status", string(payment.Sent)).Date("sent_on", e.On).Text("sent_by", string(e.By)).Text("voucher", e.Voucher)
	case payment.BatchCancelled:
		batch(e.Batch).Text("status", string(payment.Cancelled)).Date("cancelled_on", e.On).Text("cancelled_by", string(e.By)).Text("reason", e.Reason)
	case payment.LineRemoved:
		update(e.Payment).Text("status", string(payment.Cancelled)).Date("ended_on", e.On).Text("reason", e.Reason)
		batch(e.Batch).Text("status", string(payment.Opened)).Date("submitted_on", ledger.Date{}).Text("submitted_by", "").Date("approved_on", ledger.Date{}).Text("approved_by", "").
			Count("lines", -1).Add("total", rows.Amount(e.Amount).Negative())
	case payment.Instructed:
		amount := rows.Amount(e.Amount)
		insert(rows, seq, row{
			payment: e.Payment, batch: e.Batch, claim: e.Claim, month: e.Month, party: e.Party, account: e.Account, amount: amount,
			status: payment.Waiting, line: e.Line, clause: e.Clause, policy: e.Policy, instructed: e.On,
		})
		batch(e.Batch).Count("lines", 1).Add("total", amount)
	case payment.Reissued:
		amount := rows.Amount(e.Amount)
		update(e.Payment).Text("status", string(payment.Replaced)).Text("replaced_by", string(e.As))
		insert(rows, seq, row{
			payment: e.As, batch: e.Batch, claim: e.Claim, month: e.Month, party: e.Party, account: e.Account, amount: amount,
			status: payment.Waiting, line: e.Line, clause: e.Clause, policy: e.Policy, instructed: e.On, replaces: e.Payment,
		})
		batch(e.Batch).Count("lines", 1).Add("total", amount)
	case payment.Confirmed:
		update(e.Payment).Text("status", string(payment.Paid)).Date("paid_on", e.On).Seq("paid_seq", seq).Date("known_on", known).Text("serial", e.Serial)
	case payment.Failed:
		update(e.Payment).Text("status", string(payment.Unpaid)).Date("failed_on", e.On).Text("reason", e.Reason)
	case payment.Returned:
		update(e.Payment).Text("status", string(payment.GivenBack)).Date("returned_on", e.On).Seq("returned_seq", seq).Text("reason", e.Reason).
			Add("demanded", rows.Amount(e.Cancelled).Negative())
	case payment.PayeeCorrected:
		update(e.Payment).Text("new_account", string(e.Account)).Text("corrected_by", string(e.By)).Text("correction_approved_by", "")
	case payment.CorrectionApproved:
		update(e.Payment).Text("correction_approved_by", string(e.By))
	case payment.ReturnedToTreasury:
		update(e.Payment).Text("status", string(payment.Ended)).Date("ended_on", e.On).Text("reason", e.Reason)
		c := rows.Update(claims, string(e.Claim)).Seq("last_seq", seq)
		if e.Month.IsZero() { // of a recurring claim only the month ends
			c.Date("ended_on", e.On).Text("reason", e.Reason)
		}
	case payment.RecoveryDemanded:
		update(e.Payment).Add("demanded", rows.Amount(e.Amount))
	case payment.RecoveryWithdrawn:
		update(e.Payment).Add("demanded", rows.Amount(e.Amount).Negative())
	case payment.RecoveryReceived:
		update(e.Payment).Add("recovered", rows.Amount(e.Amount))
	case payment.Recorded:
		amount := rows.Amount(e.Amount)
		insert(rows, seq, row{
			payment: e.Payment, party: e.Party, amount: amount, status: payment.Elsewhere, line: e.Line,
			clause: e.Entry.Clause, policy: e.Entry.Policy, paid: e.On, known: known, suspect: e.Suspect, source: e.Source, note: e.Note,
		})
		if e.Suspect != "" {
			rows.Append(suspects).Int8(int64(seq)).Text(string(e.Payment)).Text(string(e.Suspect)).Text(string(e.Party)).Money(amount).Date(e.On)
		}
	}
}

// A row is a payment as it begins.
type row struct {
	payment        ledger.PaymentID
	batch          ledger.BatchID
	claim          ledger.ClaimID
	month          ledger.Period
	party          ledger.PartyID
	account        ledger.AccountRef
	amount         pgcopy.Sum
	status         payment.Status
	line           ledger.BudgetLine
	clause, policy string
	instructed     ledger.Date
	paid, known    ledger.Date // where that is told at once
	replaces       ledger.PaymentID
	suspect        ledger.PaymentID
	source, note   string
}

func insert(rows *projections.Rows, seq uint64, p row) {
	on := p.instructed
	if on.IsZero() {
		on = p.paid
	}
	r := rows.Insert(payments, string(p.payment)).
		Text(string(p.line.Scheme)).Text(string(p.party)).TextOrNull(string(p.claim)).Text(string(p.line.Region)).
		Text(string(ledger.Prefecture(p.line.Region, on))).Date(p.paid)
	if p.paid.IsZero() {
		r.Null().Null()
	} else {
		r.Int8(int64(seq)).Date(p.known)
	}
	r.Null().Null().Null().Money(pgcopy.Sum{}).
		TextOrNull(string(p.batch)).TextOrNull(p.month.String()).TextOrNull(string(p.account)).
		Money(p.amount).Text(string(p.status)).
		Text(string(p.line.Fund)).Int4(int32(p.line.Year)).
		Text(p.clause).Text(p.policy).Date(p.instructed).
		Null().Null().Null().Null().Null().Null().Null().
		TextOrNull(string(p.replaces)).Null().TextOrNull(string(p.suspect)).TextOrNull(p.source).TextOrNull(p.note).
		Money(pgcopy.Sum{}).Int8(int64(seq)).Int8(int64(seq))
}

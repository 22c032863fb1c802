// Package levies projects how the levy of each employer and filing year stands, and what
// came in and went back.
//
// # Tables
//
// levy, one row for each employer and filing year; levy_receipt, each receipt of the
// treasury, each that was withdrawn, and each refund.
//
// # Invariants
//
//  1. owed = due − relieved + late fee − received + refund decided, as package levy has it:
//     the balance of the receivable in the books.
//  2. Overdue is not a status: it depends on the day that is asked about. Neither is stale,
//     what was filed or reviewed after it was assessed: it is owed as it was assessed.
package levies

import (
	"fmt"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/levy"
	"zhucan/projections"
	"zhucan/projections/pgcopy"
)

// New returns the projection.
func New() projections.Projection { return levies{} }

type levies struct{}

func (levies) Name() string { return "levies/3" }

func (levies) Tables() []*projections.Table { return []*projections.Table{cases, receipts} }

var cases = &projections.Table{
	Name:    "levy",
	Comment: "owner: projections/levies. How the levy of each employer and filing year stands.",
	Mode:    projections.Merged,
	Columns: []projections.Column{
		{Name: "employer", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "region", Type: pgcopy.Text},
		{Name: "class", Type: pgcopy.Text},
		{Name: "declared_on", Type: pgcopy.Date},
		{Name: "late", Type: pgcopy.Bool},
		{Name: "staff", Type: pgcopy.Text}, // as used once it is assessed
		{Name: "disabled", Type: pgcopy.Text},
		{Name: "gap", Type: pgcopy.Text}, // staff × ratio − disabled, exactly; below zero is above the ratio
		{Name: "reviewed_on", Type: pgcopy.Date},
		{Name: "confirmation", Type: pgcopy.Text},
		{Name: "assessed_on", Type: pgcopy.Date},
		{Name: "stale", Type: pgcopy.Bool}, // filed or reviewed since it was assessed, if it was
		{Name: "policy", Type: pgcopy.Text},
		{Name: "outcome", Type: pgcopy.Text},
		{Name: "full_levy", Type: pgcopy.Money, Rest: "check (full_levy >= 0)"},
		{Name: "relief", Type: pgcopy.Money, Rest: "check (relief >= 0)"},
		{Name: "due", Type: pgcopy.Money, Rest: "check (due >= 0)"},
		{Name: "last_day", Type: pgcopy.Date},
		{Name: "deferred_until", Type: pgcopy.Date},
		{Name: "warned_on", Type: pgcopy.Date},
		{Name: "ordered_by", Type: pgcopy.Date},
		{Name: "relieved", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "late_fee", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "paid", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "late_fee_paid", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "refund", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "refunded", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key:  []string{"employer", "year"},
	View: fmt.Sprintf(Standing, "levy"),
}

// Statuses are how a levy may stand.
var Statuses = []string{"reviewed", "declared", "owing", "overpaid", "to-refund", "settled"}

// Standing is the query that says how levies stand, of rows as the table has them; %s is
// where these come from.
const Standing = `select l.*,
       case
           when l.declared_on is null then 'reviewed'
           when l.due is null then 'declared'
           when l.owed > 0 then 'owing'
           when l.owed < 0 then 'overpaid'
           when l.refund > l.refunded then 'to-refund'
           else 'settled'
       end as status
from (
    select employer, year, region, class, declared_on, late, staff, disabled, gap, reviewed_on, confirmation, assessed_on, coalesce(stale, false) and due is not null as stale, policy, outcome,
           full_levy, relief, due, coalesce(deferred_until, last_day) as deadline, deferred_until, warned_on, ordered_by, relieved, late_fee,
           paid, late_fee_paid, refund, refunded, coalesce(due, 0) - relieved + late_fee - paid - late_fee_paid + refund as owed, last_seq
    from %s) l`

var receipts = &projections.Table{
	Name:    "levy_receipt",
	Comment: "owner: projections/levies. What the treasury received of the levy, and paid back.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "kind", Type: pgcopy.Text, Rest: "not null check (kind in ('levy', 'late-fee', 'levy-withdrawn', 'late-fee-withdrawn', 'refund'))"},
		{Name: "document", Type: pgcopy.Text, Rest: "not null"}, // receipt, or voucher of a refund
		{Name: "employer", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "date", Type: pgcopy.Date, Rest: "not null"},
		{Name: "amount", Type: pgcopy.Money, Rest: "not null check (amount > 0)"},
	},
	Key: []string{"seq"},
}

// Fold changes the row of the levy an event is about.
func (levies) Fold(rows *projections.Rows, r events.Recorded) error {
	of := func(employer ledger.PartyID, year int) *projections.Change {
		return rows.Merge(cases, rows.Key().Text(string(employer)).Int4(year)).Seq("last_seq", r.Seq)
	}
	receipt := func(kind, document string, employer ledger.PartyID, year int, e ledger.Entry, on ledger.Date, amount pgcopy.Sum) {
		rows.Append(receipts).
			Int8(int64(r.Seq)).Text(kind).Text(document).Text(string(employer)).Int4(int32(year)).Text(string(e.Line.Region)).Date(on).Money(amount)
	}
	switch e := r.Event.(type) {
	case levy.Declared:
		of(e.Employer, e.Year).Text("region", string(e.Region)).Text("class", string(e.Class)).Date("declared_on", e.On).Bool("late", e.Late).Text("staff", e.Staff.String()).Bool("stale", true)
	case levy.Reviewed:
		of(e.Employer, e.Year).Date("reviewed_on", e.On).Text("confirmation", e.Confirmation).Bool("stale", true)
	case levy.Assessed:
		c := of(e.Employer, e.Year).Text("staff", e.Staff.String()).Text("disabled", e.Disabled.String()).Text("gap", e.Gap.String()).Date("assessed_on", e.On).
			Text("policy", e.Policy).Text("outcome", string(e.Outcome)).Money("full_levy", e.Full).Money("relief", e.Relief).Money("due", e.Due).
			Date("last_day", e.Deadline).Bool("stale", false)
		if e.Raises() { // what is added is warned of and ordered anew
			c.Date("warned_on", ledger.Date{}).Date("ordered_by", ledger.Date{})
		}
		if !e.FeeReversed.IsZero() {
			c.Add("late_fee", rows.Amount(e.FeeReversed).Negative())
		}
		if !e.ReliefTakenIn.IsZero() {
			c.Add("relieved", rows.Amount(e.ReliefTakenIn).Negative())
		}
	case levy.Relieved:
		of(e.Employer, e.Year).Add("relieved", rows.Amount(e.Amount))
	case levy.Deferred:
		of(e.Employer, e.Year).Date("deferred_until", e.Until).Date("warned_on", ledger.Date{}).Date("ordered_by", ledger.Date{})
	case levy.Received:
		column, amount := "paid", rows.Amount(e.Amount)
		if e.Kind == levy.LateFees {
			column = "late_fee_paid"
		}
		of(e.Employer, e.Year).Add(column, amount)
		receipt(string(e.Kind), e.Receipt, e.Employer, e.Year, e.Entry, e.On, amount)
	case levy.ReceiptWithdrawn:
		column, amount := "paid", rows.Amount(e.Amount)
		if e.Kind == levy.LateFees {
			column = "late_fee_paid"
		}
		of(e.Employer, e.Year).Add(column, amount.Negative())
		receipt(string(e.Kind)+"-withdrawn", e.Receipt, e.Employer, e.Year, e.Entry, e.On, amount)
	case levy.Warned:
		of(e.Employer, e.Year).Date("warned_on", e.On)
	case levy.PaymentOrdered:
		of(e.Employer, e.Year).Date("ordered_by", e.Deadline)
	case levy.LateFeeCharged:
		of(e.Employer, e.Year).Add("late_fee", rows.Amount(e.Amount))
	case levy.RefundDecided:
		of(e.Employer, e.Year).Add("refund", rows.Amount(e.Amount))
	case levy.Refunded:
		amount := rows.Amount(e.Amount)
		of(e.Employer, e.Year).Add("refunded", amount)
		receipt("refund", e.Voucher, e.Employer, e.Year, e.Entry, e.On, amount)
	}
	return nil
}

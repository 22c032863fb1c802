// Package budgets projects how the money of each budget line stands, the documents
// that voted it, and the policies under which it is given out.
//
// # Tables
//
// budget_line, what is voted, promised and paid on each line; budget_document, what
// changed it; policy and scheme, every version that was published.
//
// # Invariants
//
//  1. voted = available + committed + disbursed; the view computes available.
//  2. The sums are those that package budget decides with: they move with the same
//     events.
package budgets

import (
	"fmt"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/pgcopy"
)

// New returns the projection.
func New() projections.Projection { return budgets{} }

type budgets struct{}

func (budgets) Name() string { return "budgets/1" }

func (budgets) Tables() []*projections.Table {
	return []*projections.Table{lines, documents, policies, schemes}
}

var lines = &projections.Table{
	Name:    "budget_line",
	Comment: "owner: projections/budgets. How the money of each budget line stands.",
	Mode:    projections.Merged,
	Columns: []projections.Column{
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "scheme", Type: pgcopy.Text, Rest: "not null"},
		{Name: "fund", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "voted", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "committed", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "disbursed", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"region", "scheme", "fund", "year"},
	View: `select region, scheme, fund, year, voted, committed, disbursed, voted - committed - disbursed as available, last_seq
from budget_line`,
}

var documents = &projections.Table{
	Name:    "budget_document",
	Comment: "owner: projections/budgets. What voted, changed or moved the money of a line.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "kind", Type: pgcopy.Text, Rest: "not null check (kind in ('appropriated', 'added', 'reduced', 'transferred', 'carried-over'))"},
		{Name: "document", Type: pgcopy.Text, Rest: "not null"},
		{Name: "date", Type: pgcopy.Date, Rest: "not null"},
		{Name: "amount", Type: pgcopy.Money, Rest: "not null check (amount > 0)"},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "scheme", Type: pgcopy.Text, Rest: "not null"},
		{Name: "fund", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "to_region", Type: pgcopy.Text},
		{Name: "to_year", Type: pgcopy.Int4},
	},
	Key: []string{"seq"},
}

var policies = &projections.Table{
	Name:    "policy",
	Comment: "owner: projections/budgets. Versions of the policy; the last one is in force.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "version", Type: pgcopy.Text, Rest: "not null"},
		{Name: "label", Type: pgcopy.Text, Rest: "not null"},
		{Name: "source", Type: pgcopy.Text, Rest: "not null"},
		{Name: "late_return", Type: pgcopy.Text, Rest: "not null"},
		{Name: "published_on", Type: pgcopy.Date, Rest: "not null"},
		{Name: "published_by", Type: pgcopy.Text, Rest: "not null"},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"version"},
}

var schemes = &projections.Table{
	Name:    "scheme",
	Comment: "owner: projections/budgets. Schemes of each version of the policy.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "version", Type: pgcopy.Text, Rest: "not null"},
		{Name: "code", Type: pgcopy.Text, Rest: "not null"},
		{Name: "name_zh", Type: pgcopy.Text, Rest: "not null"},
		{Name: "name_en", Type: pgcopy.Text, Rest: "not null"},
		{Name: "purpose", Type: pgcopy.Text, Rest: "not null"}, // its group
		{Name: "once", Type: pgcopy.Text, Rest: "not null"},
		{Name: "unit", Type: pgcopy.Text, Rest: "not null"},
		{Name: "clause", Type: pgcopy.Text, Rest: "not null"},
		{Name: "flow", Type: pgcopy.Text, Rest: "not null"},
		{Name: "valid_from", Type: pgcopy.Date, Rest: "not null"},
		{Name: "valid_to", Type: pgcopy.Date},
		{Name: "cap", Type: pgcopy.Money, Rest: "check (cap > 0)"},
		{Name: "funds", Type: pgcopy.TextArray, Rest: "not null"},
		{Name: "claimants", Type: pgcopy.TextArray, Rest: "not null"},
		{Name: "evidence", Type: pgcopy.TextArray, Rest: "not null"},
		{Name: "publicity_days", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "publicity_working", Type: pgcopy.Bool, Rest: "not null"},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"version", "code"},
}

// Fold moves the sums of the line an event is about.
func (budgets) Fold(rows *projections.Rows, r events.Recorded) error {
	move := func(l ledger.BudgetLine, column string, amount pgcopy.Sum) {
		rows.Merge(lines, rows.Key().Line(l)).Add(column, amount).Seq("last_seq", r.Seq)
	}
	switch e := r.Event.(type) {
	case policy.Published:
		publish(rows, r.Seq, e)
	case budget.Appropriated:
		amount := rows.Amount(e.Amount)
		move(e.Line, "voted", amount)
		document(rows, r, "appropriated", e.Document, e.On, amount, e.Line, ledger.BudgetLine{})
	case budget.Adjusted:
		amount := rows.Amount(e.Amount)
		if e.Side == ledger.Debit {
			move(e.Line, "voted", amount)
			document(rows, r, "added", e.Document, e.On, amount, e.Line, ledger.BudgetLine{})
		} else {
			move(e.Line, "voted", amount.Negative())
			document(rows, r, "reduced", e.Document, e.On, amount, e.Line, ledger.BudgetLine{})
		}
	case budget.Transferred:
		amount := rows.Amount(e.Amount)
		move(e.Line, "voted", amount.Negative())
		move(e.To, "voted", amount)
		document(rows, r, "transferred", e.Document, e.On, amount, e.Line, e.To)
	case budget.CarriedOver:
		amount := rows.Amount(e.Amount)
		move(e.Line, "voted", amount.Negative())
		move(e.To, "voted", amount)
		document(rows, r, "carried-over", e.Document, e.On, amount, e.Line, e.To)
	case claim.Approved:
		move(e.Line, "committed", rows.Amount(e.Amount))
	case claim.Rejected:
		if e.Entry == nil {
			return nil // nothing was committed
		}
		if len(e.Entry.Postings) == 0 {
			return fmt.Errorf("the entry of claim %s has no postings", e.Claim)
		}
		move(e.Entry.Line, "committed", rows.Amount(e.Entry.Postings[0].Amount).Negative())
	case claim.Stopped:
		if e.Entry != nil { // something was promised of what is not due any more
			move(e.Entry.Line, "committed", rows.Amount(e.Amount).Negative())
		}
	case payment.Confirmed:
		amount := rows.Amount(e.Amount)
		move(e.Line, "committed", amount.Negative())
		move(e.Line, "disbursed", amount)
	case payment.Returned:
		amount := rows.Amount(e.Amount)
		move(e.Line, "committed", amount)
		move(e.Line, "disbursed", amount.Negative())
	case payment.ReturnedToTreasury:
		move(e.Line, "committed", rows.Amount(e.Amount).Negative())
	}
	return nil
}

func document(rows *projections.Rows, r events.Recorded, kind, document string, on ledger.Date, amount pgcopy.Sum, l, to ledger.BudgetLine) {
	row := rows.Append(documents).
		Int8(int64(r.Seq)).Text(kind).Text(document).Date(on).Money(amount).
		Line(l)
	if to.IsZero() {
		row.Null().Null()
	} else {
		row.Text(string(to.Region)).Int4(int32(to.Year))
	}
}

func publish(rows *projections.Rows, seq uint64, e policy.Published) {
	p := e.Pack
	rows.Append(policies).
		Text(p.Version).Text(p.Label).Text(p.Source).Text(p.LateReturn).Date(e.On).Text(string(e.By)).Int8(int64(seq))
	for _, s := range p.Schemes {
		row := rows.Append(schemes).
			Text(p.Version).Text(string(s.Code)).Text(s.NameZH).Text(s.NameEN).Text(s.Group).Text(string(s.Once)).
			Text(s.Unit).Text(s.Clause).Text(s.Flow).Date(s.From).Date(s.To)
		if s.Cap != nil {
			row.Money(rows.Amount(*s.Cap))
		} else {
			row.Null()
		}
		row.TextArray(texts(s.Funds)).TextArray(texts(s.Claimants)).TextArray(s.Evidence).
			Int4(int32(s.Publicity.Days)).Bool(s.Publicity.Working).Int8(int64(seq))
	}
}

func texts[S ~string](list []S) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = string(s)
	}
	return all
}

// Package books projects the books: every entry with its postings, the balances of
// the accounts, the chart, and which months are closed.
//
// # Tables
//
// entry and posting, one row to an entry and one to each of its postings, dated by
// the accounting date and numbered by the record (the order of knowing); balance,
// debits and credits of an account on a budget line in a month; account, the chart
// in force with every account that ever was in one; period, the months that were
// closed; proposal, adjusting entries that were proposed and what became of them.
//
// # Invariants
//
//  1. The balance of an account is the sum of its postings, to the fen.
//  2. A posting without a budget line has the empty one: three empty strings and 0.
//  3. The postings of an account in the order of their places are its register.
package books

import (
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/pgcopy"
)

// New returns the projection.
func New() projections.Projection { return books{} }

type books struct{}

func (books) Name() string { return "books/4" }

func (books) Tables() []*projections.Table {
	return []*projections.Table{entries, postings, balances, accounts, periods, proposals}
}

var entries = &projections.Table{
	Name:    "entry",
	Comment: "owner: projections/books. Entries in the order of knowing.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "entry_id", Type: pgcopy.Text, Rest: "not null"},
		{Name: "reverses", Type: pgcopy.Text}, // here, since its index reads each row up to it
		{Name: "name", Type: pgcopy.Text, Rest: "not null"},
		{Name: "case_id", Type: pgcopy.Text, Rest: "not null"},
		{Name: "date", Type: pgcopy.Date, Rest: "not null"},
		{Name: "adjusts", Type: pgcopy.Text},
		{Name: "clause", Type: pgcopy.Text, Rest: "not null"},
		{Name: "policy", Type: pgcopy.Text, Rest: "not null"},
		{Name: "memo", Type: pgcopy.Text, Rest: "not null"},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "scheme", Type: pgcopy.Text, Rest: "not null"},
		{Name: "fund", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "amount", Type: pgcopy.Money, Rest: "check (amount > 0)"}, // null: that of an adjusting entry or a reversal is told by its postings
	},
	Key:     []string{"seq"},
	Indexes: []string{"(entry_id)", "(reverses) where reverses is not null"},
	View: `select e.seq, e.entry_id, e.name, e.case_id, e.date, e.adjusts, e.clause, e.policy, e.memo,
       e.region, e.scheme, e.fund, e.year,
       coalesce(e.amount, (
           select coalesce(nullif(sum(p.amount) filter (where a.book = 'financial'), 0), sum(p.amount))
           from posting p
           join account a on a.code = p.account
           where p.seq = e.seq and p.side = 'debit')) as amount,
       e.reverses,
       (select min(r.seq) from entry r where r.reverses = e.entry_id and r.seq > e.seq) as reversed_by
from entry e`,
}

var postings = &projections.Table{
	Name:    "posting",
	Comment: "owner: projections/books. Postings by accounting date and order of knowing.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "place", Type: pgcopy.Int8, Rest: "not null"}, // see [Place]
		{Name: "n", Type: pgcopy.Int2, Rest: "not null"},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "date", Type: pgcopy.Date, Rest: "not null"},
		{Name: "account", Type: pgcopy.Text, Rest: "not null"},
		{Name: "side", Type: pgcopy.Text, Rest: "not null check (side in ('debit', 'credit'))"},
		{Name: "amount", Type: pgcopy.Money, Rest: "not null check (amount > 0)"},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "scheme", Type: pgcopy.Text, Rest: "not null"},
		{Name: "fund", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
	},
	// The key is in the order of a register, and one number, since sorting by account,
	// date and seq takes four times as long. Rows lie in the order of the log, so that a
	// range index finds the postings of a record at next to no cost.
	Key:     []string{"place", "n"},
	Indexes: []string{"using brin (seq) with (pages_per_range = 8)"},
}

var balances = &projections.Table{
	Name:    "balance",
	Comment: "owner: projections/books. Sums of the postings of an account on a budget line dated in a month.",
	Mode:    projections.Merged,
	Columns: []projections.Column{
		{Name: "account", Type: pgcopy.Text, Rest: "not null"},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "scheme", Type: pgcopy.Text, Rest: "not null"},
		{Name: "fund", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "period", Type: pgcopy.Text, Rest: "not null"},
		{Name: "debit", Type: pgcopy.Total, Rest: "not null default 0 check (debit >= 0)", Sum: true},
		{Name: "credit", Type: pgcopy.Total, Rest: "not null default 0 check (credit >= 0)", Sum: true},
	},
	Key: []string{"account", "region", "scheme", "fund", "year", "period"},
}

var accounts = &projections.Table{
	Name:    "account",
	Comment: "owner: projections/books. The chart in force; an account that is no longer in it keeps what it last was.",
	Mode:    projections.Merged,
	Columns: []projections.Column{
		{Name: "code", Type: pgcopy.Text, Rest: "not null"},
		{Name: "name_zh", Type: pgcopy.Text, Rest: "not null"},
		{Name: "name_en", Type: pgcopy.Text, Rest: "not null"},
		{Name: "book", Type: pgcopy.Text, Rest: "not null check (book in ('financial', 'budget', 'control'))"},
		{Name: "normal", Type: pgcopy.Text, Rest: "not null check (normal in ('debit', 'credit'))"},
		{Name: "duty", Type: pgcopy.Text, Rest: "not null"},
		{Name: "position", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "policy", Type: pgcopy.Text, Rest: "not null"},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"code"},
}

var periods = &projections.Table{
	Name:    "period",
	Comment: "owner: projections/books. Months that were closed, and whether they are.",
	Mode:    projections.Merged,
	Columns: []projections.Column{
		{Name: "period", Type: pgcopy.Text, Rest: "not null"},
		{Name: "status", Type: pgcopy.Text, Rest: "not null check (status in ('closed', 'open'))"},
		{Name: "closed_by", Type: pgcopy.Text},
		{Name: "closed_on", Type: pgcopy.Date},
		{Name: "debits", Type: pgcopy.Money},
		{Name: "credits", Type: pgcopy.Money},
		{Name: "root", Type: pgcopy.Text},
		{Name: "at_seq", Type: pgcopy.Int8}, // up to which record the totals and the root are
		{Name: "reopened_by", Type: pgcopy.Text},
		{Name: "reopened_on", Type: pgcopy.Date},
		{Name: "reason", Type: pgcopy.Text},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"period"},
}

var proposals = &projections.Table{
	Name:    "proposal",
	Comment: "owner: projections/books. Adjusting entries that were proposed; those posted are in entry.",
	Mode:    projections.Keyed,
	Columns: []projections.Column{
		{Name: "entry", Type: pgcopy.Text, Rest: "not null"},
		{Name: "status", Type: pgcopy.Text, Rest: "not null check (status in ('proposed', 'posted', 'rejected'))"},
		{Name: "date", Type: pgcopy.Date, Rest: "not null"},
		{Name: "memo", Type: pgcopy.Text, Rest: "not null"},
		{Name: "proposed_by", Type: pgcopy.Text, Rest: "not null"},
		{Name: "decided_by", Type: pgcopy.Text},
		{Name: "decided_on", Type: pgcopy.Date},
		{Name: "reason", Type: pgcopy.Text},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
		{Name: "last_seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"entry"},
}

// Fold adds the entry that an event carries, whatever the event, and the chart and
// periods that some are about.
func (books) Fold(rows *projections.Rows, r events.Recorded) error {
	if e, ok := r.Event.Booked(); ok {
		post(rows, r, &e)
	}
	switch e := r.Event.(type) {
	case policy.Published:
		for i, a := range e.Pack.Accounts {
			rows.Merge(accounts, rows.Key().Text(string(a.Code))).
				Text("name_zh", a.NameZH).Text("name_en", a.NameEN).Text("book", string(a.Book)).
				Text("normal", string(a.Normal)).Text("duty", string(a.Duty)).Int4("position", i+1).
				Text("policy", e.Pack.Version).Seq("last_seq", r.Seq)
		}
	case journal.EntryProposed:
		rows.Insert(proposals, string(e.Entry.ID)).
			Text("proposed").Date(e.Entry.Date).Text(e.Entry.Memo).Text(string(e.By)).Null().Null().Null().Int8(int64(r.Seq)).Int8(int64(r.Seq))
	case journal.EntryPosted:
		if e.Prepared != "" {
			rows.Update(proposals, string(e.Entry.ID)).
				Text("status", "posted").Text("decided_by", string(e.By)).Date("decided_on", e.On).Seq("last_seq", r.Seq)
		}
	case journal.EntryRejected:
		rows.Update(proposals, string(e.Entry)).
			Text("status", "rejected").Text("decided_by", string(e.By)).Date("decided_on", e.On).Text("reason", e.Reason).Seq("last_seq", r.Seq)
	case journal.PeriodClosed:
		rows.Merge(periods, rows.Key().Text(e.Period.String())).
			Text("status", "closed").Text("closed_by", string(e.By)).Date("closed_on", e.On).
			Money("debits", ledger.Money(e.Debits)).Money("credits", ledger.Money(e.Credits)).Text("root", e.Root).Seq("at_seq", e.Seq).Seq("last_seq", r.Seq)
	case journal.PeriodReopened:
		rows.Merge(periods, rows.Key().Text(e.Period.String())).
			Text("status", "open").Text("reopened_by", string(e.By)).Date("reopened_on", e.On).
			Text("reason", e.Reason).Seq("last_seq", r.Seq)
	}
	return nil
}

func post(rows *projections.Rows, r events.Recorded, e *ledger.Entry) {
	reversed, _ := r.Event.(journal.EntryReversed)
	row := rows.Append(entries).
		Int8(int64(r.Seq)).Text(string(e.ID)).TextOrNull(string(reversed.Reverses)).
		Text(r.Name).Text(r.Event.Case()).Date(e.Date).TextOrNull(e.Adjusts.String()).
		Text(e.Clause).Text(e.Policy).Text(e.Memo).Line(e.Line)
	if amount, ok := size(r.Event); ok {
		row.Money(rows.Amount(amount))
	} else {
		row.Null()
	}
	period := e.Date.Period().String()
	for i := range e.Postings {
		p := &e.Postings[i]
		l, amount := p.Of(*e), rows.Amount(p.Amount)
		rows.Append(postings).
			Int8(Place(p.Account, e.Date, r.Seq)).Int2(int16(i + 1)).Int8(int64(r.Seq)).Date(e.Date).Text(string(p.Account)).Text(string(p.Side)).Money(amount).
			Line(l)
		rows.Merge(balances, rows.Key().Text(string(p.Account)).Line(l).Text(period)).Add(string(p.Side), amount)
	}
}

// Bits of a place, from the top: a number made of the account, the day, the record.
const (
	accountBits = 12
	dayBits     = 9 + 4 + 5
	seqBits     = 64 - accountBits - dayBits
)

// Place says where a posting stands among those of its account: by day, then by record.
// Two accounts may come to share their places, seldom, so that who looks for places asks
// for the account too. Days after 2410 stand among each other as if in one year.
func Place(account ledger.AccountCode, day ledger.Date, seq uint64) int64 {
	if seq >= 1<<seqBits {
		panic("books: more records than a register has places for")
	}
	number := uint64(14695981039346656037) // FNV-1a
	for i := range len(account) {
		number = (number ^ uint64(account[i])) * 1099511628211
	}
	year := min(day.Year()-1900, 1<<9-1)
	days := uint64(year)<<9 | uint64(day.Month())<<5 | uint64(day.Day())
	return int64(number<<(64-accountBits) | days<<seqBits | seq)
}

// Places returns the first and the last place of an account up to a day; no day is the
// last one.
func Places(account ledger.AccountCode, last ledger.Date) (from, to int64) {
	if last.IsZero() {
		last = ledger.DateOf(9999, 12, 31)
	}
	return Place(account, ledger.DateOf(1900, 1, 1), 0), Place(account, last, 1<<seqBits-1)
}

// size returns the amount that an event is about, where it says one.
func size(e ledger.Event) (ledger.Money, bool) {
	switch e := e.(type) {
	case budget.Appropriated:
		return e.Amount, true
	case budget.Adjusted:
		return e.Amount, true
	case budget.Transferred:
		return e.Amount, true
	case budget.CarriedOver:
		return e.Amount, true
	case claim.Approved:
		return e.Amount, true
	case claim.Rejected:
		return e.Entry.Postings[0].Amount, true // of the approval it takes back
	case claim.Stopped:
		return e.Amount, true
	case payment.Confirmed:
		return e.Amount, true
	case payment.Returned:
		return e.Amount, true
	case payment.ReturnedToTreasury:
		return e.Amount, true
	case payment.RecoveryDemanded:
		return e.Amount, true
	case payment.RecoveryWithdrawn:
		return e.Amount, true
	case payment.RecoveryReceived:
		return e.Amount, true
	case payment.Recorded:
		return e.Amount, true
	}
	return ledger.Money{}, false
}

package journal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zhucan/ledger"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
)

var (
	chart, _ = ledgertest.Pack().Check()
	april    = ledger.PeriodOf(2023, 4)
	may      = ledger.PeriodOf(2023, 5)
	other    = ledger.Actor{ID: "second-accountant", Roles: []ledger.Role{ledger.Accountant}}

	postings = []ledger.Posting{
		{Account: "5001", Amount: ledger.Fen(10_00), Side: ledger.Debit},
		{Account: "1002", Amount: ledger.Fen(10_00), Side: ledger.Credit},
	}
	entry  = ledger.Entry{Date: day(4, 20), ID: "e1", Memo: "fee", Postings: postings}
	posted = journal.EntryPosted{By: "accountant", Entry: entry}

	proposed = journal.EntryProposed{By: "accountant", Entry: entry}
	agreed   = journal.EntryPosted{By: "second-accountant", Entry: entry, On: day(4, 22), Prepared: "accountant"}
	refused  = journal.EntryRejected{By: "second-accountant", Entry: "e1", On: day(4, 22), Reason: "wrong account"}
)

var root = strings.Repeat("0a", 32)

func day(month time.Month, d int) ledger.Date { return ledger.DateOf(2023, month, d) }

func ask(by ledger.Actor, id ledger.CommandID, on ledger.Date, do journal.Action) journal.Command {
	return journal.Command{Order: ledger.Order{ID: id, By: by, On: on}, Chart: chart, Do: do}
}

func with[A any](a A, change func(*A)) A {
	change(&a)
	return a
}

func closed(p ledger.Period) journal.PeriodClosed {
	return journal.PeriodClosed{By: "accountant", Credits: ledger.Total(ledger.Fen(1)), Debits: ledger.Total(ledger.Fen(1)), On: p.Next().First(), Period: p, Root: root, Seq: 7}
}

func TestJournalDecider(t *testing.T) {
	t.Parallel()
	type c = ledgertest.Case[journal.Command, journal.Event]
	accountant := ledgertest.Accountant
	given := func(e ...journal.Event) []journal.Event { return e }
	post := journal.ProposeEntry{Memo: "fee", Postings: postings}
	posts := func(name string, change func(*journal.ProposeEntry), reject error) c {
		return c{Name: name, When: ask(accountant, "e1", day(4, 20), with(post, change)), Reject: reject}
	}
	control := func(p *journal.ProposeEntry) {
		p.Postings = []ledger.Posting{{Account: "9101", Amount: ledger.Fen(1), Side: ledger.Debit}, {Account: "9102", Amount: ledger.Fen(1), Side: ledger.Credit}}
	}
	approve, reject := journal.ApproveEntry{Entry: "e1"}, journal.RejectEntry{Entry: "e1", Reason: "wrong account"}
	reverse := journal.Reverse{Entry: entry, Reason: "twice"}
	reversed := func(id ledger.EntryID, on ledger.Date, adjusts ledger.Period) journal.EntryReversed {
		mirror := ledger.Entry{Adjusts: adjusts, Date: on, ID: id, Memo: "twice", Postings: []ledger.Posting{
			{Account: "5001", Amount: ledger.Fen(10_00), Side: ledger.Credit},
			{Account: "1002", Amount: ledger.Fen(10_00), Side: ledger.Debit},
		}}
		return journal.EntryReversed{By: "second-accountant", Entry: mirror, Reason: "twice", Reverses: "e1"}
	}
	late := with(entry, func(e *ledger.Entry) { e.Adjusts, e.Date = april, day(5, 2) })
	close := journal.Close{Credits: ledger.Total(ledger.Fen(1)), Debits: ledger.Total(ledger.Fen(1)), Period: april, Root: root, Seq: 7}
	over := ledger.Total(ledger.Money(ledger.MaxTotal).Add(ledger.Fen(1)))

	ledgertest.Run(t, journal.Decider, []c{
		{Name: "an accountant proposes an adjusting entry", When: ask(accountant, "e1", day(4, 20), post), Then: given(proposed)},
		{Name: "an entry may name the closed month it belongs to", When: ask(accountant, "e1", day(5, 2), with(post, func(p *journal.ProposeEntry) { p.Adjusts = april })), Given: given(closed(april)), Then: given(journal.EntryProposed{By: "accountant", Entry: late})},
		{Name: "a clerk proposes nothing", When: ask(ledgertest.Clerk, "e1", day(4, 20), journal.ProposeEntry{}), Reject: ledger.ErrRole},
		{Name: "an order has a day", When: ask(accountant, "e1", ledger.Date{}, post), Reject: ledger.ErrDate},
		posts("an entry says what it is for", func(p *journal.ProposeEntry) { p.Memo = "" }, journal.ErrReason),
		{Name: "an identifier names one entry", Given: given(posted), When: ask(accountant, "e1", day(4, 21), post), Reject: journal.ErrTaken},
		{Name: "an identifier names one proposal", Given: given(proposed), When: ask(accountant, "e1", day(4, 21), post), Reject: journal.ErrTaken},
		{Name: "the identifier of a rejected proposal is not used again", Given: given(proposed, refused), When: ask(accountant, "e1", day(4, 21), post), Reject: journal.ErrTaken},
		{Name: "nothing is proposed in a closed month", Given: given(closed(april)), When: ask(accountant, "e1", day(4, 30), post), Reject: journal.ErrClosed},
		{Name: "closing a month closes those before it", Given: given(closed(april)), When: ask(accountant, "e1", day(1, 30), post), Reject: journal.ErrClosed},
		posts("an adjusting entry leaves the control accounts alone", control, journal.ErrControl),
		posts("an account is one of the chart", func(p *journal.ProposeEntry) {
			p.Postings = []ledger.Posting{{Account: "nowhere", Amount: ledger.Fen(1), Side: ledger.Debit}, postings[1]}
		}, ledger.ErrAccount),
		posts("an entry has two postings", func(p *journal.ProposeEntry) { p.Postings = postings[:1] }, ledger.ErrEmptyEntry),
		posts("an entry balances", func(p *journal.ProposeEntry) {
			p.Postings = append(postings[:1:1], with(postings[1], func(p *ledger.Posting) { p.Amount = ledger.Fen(9_99) }))
		}, ledger.ErrUnbalanced),
		posts("a side is debit or credit, and an unknown one does not stop the program", func(p *journal.ProposeEntry) {
			p.Postings = append(postings[:1:1], with(postings[1], func(p *ledger.Posting) { p.Side = "left" }))
		}, ledger.ErrSide),
		posts("an amount is positive", func(p *journal.ProposeEntry) {
			p.Postings = append(postings[:1:1], with(postings[1], func(p *ledger.Posting) { p.Amount = ledger.Fen(-10_00) }))
		}, ledger.ErrAmountSign),

		{Name: "another accountant approves an entry as it was proposed", Given: given(proposed), When: ask(other, "a1", day(4, 22), approve), Then: given(agreed)},
		{Name: "who proposed an entry does not approve it", Given: given(proposed), When: ask(accountant, "a1", day(4, 22), approve), Reject: ledger.ErrDuties},
		{Name: "a clerk approves no entry", Given: given(proposed), When: ask(ledgertest.Clerk, "a1", day(4, 22), approve), Reject: ledger.ErrRole},
		{Name: "nothing is approved that was not proposed", When: ask(other, "a1", day(4, 22), approve), Reject: journal.ErrProposal},
		{Name: "an entry from before there were proposals is not approved again", Given: given(posted), When: ask(other, "a1", day(4, 22), approve), Reject: journal.ErrProposal},
		{Name: "an entry is approved once", Given: given(proposed, agreed), When: ask(other, "a2", day(4, 22), approve), Reject: journal.ErrProposal},
		{Name: "what is rejected is not approved", Given: given(proposed, refused), When: ask(other, "a1", day(4, 22), approve), Reject: journal.ErrProposal},
		{Name: "an entry is not approved before its day", Given: given(proposed), When: ask(other, "a1", day(4, 19), approve), Reject: journal.ErrDate},
		{Name: "an entry whose month was closed meanwhile is not approved", Given: given(proposed, closed(april)), When: ask(other, "a1", day(5, 2), approve), Reject: journal.ErrClosed},
		{Name: "an entry whose adjusted month was reopened is not approved", Given: given(closed(ledger.PeriodOf(2023, 3)), with(proposed, func(e *journal.EntryProposed) {
			e.Entry.Adjusts = ledger.PeriodOf(2023, 3)
		}), journal.PeriodReopened{Period: ledger.PeriodOf(2023, 3)}), When: ask(other, "a1", day(4, 22), approve), Reject: journal.ErrAdjusts},
		{Name: "an entry to an account that the chart has no more is not approved", Given: given(with(proposed, func(e *journal.EntryProposed) {
			e.Entry.Postings = []ledger.Posting{{Account: "old", Amount: ledger.Fen(10_00), Side: ledger.Debit}, postings[1]}
		})), When: ask(other, "a1", day(4, 22), approve), Reject: ledger.ErrAccount},
		{Name: "another accountant rejects a proposal", Given: given(proposed), When: ask(other, "a1", day(4, 22), reject), Then: given(refused)},
		{Name: "who proposed an entry may take it back", Given: given(proposed), When: ask(accountant, "a1", day(4, 22), reject), Then: given(with(refused, func(e *journal.EntryRejected) { e.By = "accountant" }))},
		{Name: "a proposal of a month that is closed is rejected", Given: given(proposed, closed(april)), When: ask(other, "a1", day(5, 2), reject), Then: given(with(refused, func(e *journal.EntryRejected) { e.On = day(5, 2) }))},
		{Name: "a proposal is rejected for a reason", Given: given(proposed), When: ask(other, "a1", day(4, 22), journal.RejectEntry{Entry: "e1"}), Reject: journal.ErrReason},
		{Name: "nothing is rejected that was not proposed", When: ask(other, "a1", day(4, 22), reject), Reject: journal.ErrProposal},
		{Name: "what is posted is not rejected", Given: given(proposed, agreed), When: ask(other, "a1", day(4, 22), reject), Reject: journal.ErrProposal},
		{Name: "a proposal is not rejected before its day", Given: given(proposed), When: ask(other, "a1", day(4, 19), reject), Reject: journal.ErrDate},
		{Name: "a proposal is not reversed: it is not in the books", Given: given(proposed), When: ask(other, "r1", day(4, 21), reverse), Reject: journal.ErrNoEntry},
		{Name: "who approved an entry does not reverse it", Given: given(proposed, agreed), When: ask(other, "r1", day(4, 23), reverse), Reject: ledger.ErrDuties},
		{Name: "who proposed an entry may have it reversed, since another posted it", Given: given(proposed, agreed), When: ask(accountant, "r1", day(4, 21), reverse), Then: given(with(reversed("r1", day(4, 21), ledger.Period{}), func(e *journal.EntryReversed) { e.By = "accountant" }))},
		{Name: "a reversal does not take the name of a proposal", Given: given(posted, with(proposed, func(e *journal.EntryProposed) { e.Entry.ID = "e2" })), When: ask(other, "e2", day(4, 21), reverse), Reject: journal.ErrTaken},

		{Name: "another accountant reverses an entry by its mirror image", Given: given(posted), When: ask(other, "r1", day(4, 21), reverse), Then: given(reversed("r1", day(4, 21), ledger.Period{}))},
		{Name: "a reversal in a later month names the one it adjusts", Given: given(posted, closed(april)), When: ask(other, "r1", day(5, 21), reverse), Then: given(reversed("r1", day(5, 21), april))},
		{Name: "a reversal belongs where the entry belonged, not where it was booked", Given: given(closed(april), journal.EntryPosted{By: "accountant", Entry: late}), When: ask(other, "r1", day(5, 21), journal.Reverse{Entry: late, Reason: "twice"}), Then: given(reversed("r1", day(5, 21), april))},
		{Name: "who posted an entry does not reverse it", Given: given(posted), When: ask(accountant, "r1", day(4, 21), reverse), Reject: ledger.ErrDuties},
		{Name: "an entry is reversed for a reason", Given: given(posted), When: ask(other, "r1", day(4, 21), journal.Reverse{Entry: entry}), Reject: journal.ErrReason},
		{Name: "what was never booked is not reversed", When: ask(other, "r1", day(4, 21), reverse), Reject: journal.ErrNoEntry},
		{Name: "an entry is reversed once", Given: given(posted, reversed("r1", day(4, 21), ledger.Period{})), When: ask(other, "r2", day(4, 22), reverse), Reject: journal.ErrReversed},
		{Name: "a reversal is not reversed", Given: given(posted, reversed("r1", day(4, 21), ledger.Period{})), When: ask(accountant, "r2", day(4, 22), journal.Reverse{Entry: reversed("r1", day(4, 21), ledger.Period{}).Entry, Reason: "again"}), Reject: journal.ErrNoEntry},
		{Name: "a reversal does not take the name of an entry", Given: given(posted), When: ask(other, "e1", day(4, 21), reverse), Reject: journal.ErrTaken},
		{Name: "nothing is reversed in a closed month", Given: given(posted, closed(april)), When: ask(other, "r1", day(4, 21), reverse), Reject: journal.ErrClosed},
		{Name: "nothing is reversed before it was booked", Given: given(posted), When: ask(other, "r1", day(4, 19), reverse), Reject: journal.ErrDate},

		{Name: "an accountant closes a month that is over", When: ask(accountant, "c1", day(5, 1), close), Then: given(closed(april))},
		{Name: "a month is not closed before it is over", When: ask(accountant, "c1", day(4, 30), close), Reject: journal.ErrOrder},
		{Name: "a month is closed once", Given: given(closed(april)), When: ask(accountant, "c1", day(5, 1), close), Reject: journal.ErrOrder},
		{Name: "no month is left out", Given: given(closed(april)), When: ask(accountant, "c1", day(7, 1), with(close, func(x *journal.Close) { x.Period = ledger.PeriodOf(2023, 6) })), Reject: journal.ErrOrder},
		{Name: "a closing names its month", When: ask(accountant, "c1", day(7, 1), with(close, func(x *journal.Close) { x.Period = ledger.Period{} })), Reject: journal.ErrOrder},
		{Name: "a month is closed when it balances", When: ask(accountant, "c1", day(5, 1), with(close, func(x *journal.Close) { x.Debits = ledger.Total(ledger.Fen(2)) })), Reject: journal.ErrTrial},
		{Name: "the order is checked before the balance", When: ask(accountant, "c1", day(4, 1), with(close, func(x *journal.Close) { x.Debits = ledger.Total(ledger.Fen(2)) })), Reject: journal.ErrOrder},
		{Name: "totals are such that the log can read them back", When: ask(accountant, "c1", day(5, 1), with(close, func(x *journal.Close) { x.Debits, x.Credits = over, over })), Reject: ledger.ErrTotalRange},
		{Name: "totals of all books are more than one amount may be", When: ask(accountant, "c1", day(5, 1), with(close, func(x *journal.Close) { x.Debits, x.Credits = ledger.MaxTotal, ledger.MaxTotal })), Then: given(with(closed(april), func(x *journal.PeriodClosed) { x.Debits, x.Credits = ledger.MaxTotal, ledger.MaxTotal }))},
		{Name: "a month is closed under the root of a tree", When: ask(accountant, "c1", day(5, 1), with(close, func(x *journal.Close) { x.Root = "abc" })), Reject: journal.ErrBooks},
		{Name: "the next month is closed after it", Given: given(closed(april)), When: ask(accountant, "c1", day(6, 1), with(close, func(x *journal.Close) { x.Period = may })), Then: given(closed(may))},

		{Name: "a month is not closed before the one in front of it was", Given: given(with(closed(april), func(x *journal.PeriodClosed) { x.On = day(6, 10) })), When: ask(accountant, "c1", day(6, 1), with(close, func(x *journal.Close) { x.Period = may })), Reject: journal.ErrOrder},
		{Name: "a month is not reopened before it was closed", Given: given(with(closed(april), func(x *journal.PeriodClosed) { x.On = day(6, 10) })), When: ask(other, "o1", day(6, 1), journal.Reopen{Period: april, Reason: "late bill"}), Reject: journal.ErrOrder},
		{Name: "a month is not closed again before it was reopened", Given: given(closed(april), journal.PeriodReopened{Period: april, On: day(6, 10)}), When: ask(accountant, "c2", day(6, 1), close), Reject: journal.ErrOrder},
		{Name: "another accountant reopens the latest month", Given: given(closed(april)), When: ask(other, "o1", day(5, 2), journal.Reopen{Period: april, Reason: "late bill"}), Then: given(journal.PeriodReopened{By: "second-accountant", On: day(5, 2), Period: april, Reason: "late bill"})},
		{Name: "who closed a month does not reopen it", Given: given(closed(april)), When: ask(accountant, "o1", day(5, 2), journal.Reopen{Period: april, Reason: "late bill"}), Reject: ledger.ErrDuties},
		{Name: "a month is reopened for a reason", Given: given(closed(april)), When: ask(other, "o1", day(5, 2), journal.Reopen{Period: april}), Reject: journal.ErrReason},
		{Name: "an earlier month is not reopened", Given: given(closed(april), closed(may)), When: ask(other, "o1", day(6, 2), journal.Reopen{Period: april, Reason: "late bill"}), Reject: journal.ErrOrder},
		{Name: "what is open is not reopened", When: ask(other, "o1", day(6, 2), journal.Reopen{Period: april, Reason: "late bill"}), Reject: journal.ErrOrder},
		{Name: "no month is no month", When: ask(other, "o1", day(6, 2), journal.Reopen{Reason: "late bill"}), Reject: journal.ErrOrder},
		{Name: "who closed the first month closed those before it", Given: given(closed(april), journal.PeriodReopened{Period: april}), When: ask(accountant, "o2", day(5, 2), journal.Reopen{Period: ledger.PeriodOf(2023, 3), Reason: "late bill"}), Reject: ledger.ErrDuties},
		{Name: "a month that was reopened takes entries", Given: given(closed(april), journal.PeriodReopened{Period: april}), When: ask(accountant, "e1", day(4, 20), post), Then: given(proposed)},
		{Name: "the month before a reopened one does not", Given: given(closed(april), journal.PeriodReopened{Period: april}), When: ask(accountant, "e1", day(3, 31), post), Reject: journal.ErrClosed},
		{Name: "a month that was reopened is closed again", Given: given(closed(april), journal.PeriodReopened{Period: april}), When: ask(accountant, "c2", day(5, 3), close), Then: given(with(closed(april), func(x *journal.PeriodClosed) { x.On = day(5, 3) }))},
	})
}

// Whatever part of an entry is changed, it is not the one on record.
func TestOnlyTheEntryOnRecordIsReversed(t *testing.T) {
	t.Parallel()
	whole := func() ledger.Entry {
		e := entry
		e.Clause, e.Policy, e.Line = "clause", "p1", ledger.BudgetLine{Region: "220104", Scheme: "s", Fund: "f", Year: 2023}
		e.Postings = append([]ledger.Posting(nil), postings...)
		return e
	}
	s := new(journal.State)
	s.Remember(whole(), "accountant")
	ask := func(e ledger.Entry) *ledger.Rejection {
		_, err := journal.Decide(s, ask(other, "r1", day(4, 21), journal.Reverse{Entry: e, Reason: "why"}))
		r, _ := ledger.Refused(err)
		return r
	}
	if r := ask(whole()); r != nil {
		t.Errorf("the entry itself: %v", r)
	}
	for name, change := range map[string]func(*ledger.Entry){
		"amount":         func(e *ledger.Entry) { e.Postings[0].Amount = ledger.Fen(10_01) },
		"account":        func(e *ledger.Entry) { e.Postings[0].Account = "4001" },
		"side":           func(e *ledger.Entry) { e.Postings[0].Side = ledger.Credit },
		"posting's line": func(e *ledger.Entry) { e.Postings[0].Line = e.Line },
		"order":          func(e *ledger.Entry) { e.Postings[0], e.Postings[1] = e.Postings[1], e.Postings[0] },
		"fewer":          func(e *ledger.Entry) { e.Postings = e.Postings[:1] },
		"line":           func(e *ledger.Entry) { e.Line.Year++ },
		"date":           func(e *ledger.Entry) { e.Date = e.Date.AddDays(-1) },
		"memo":           func(e *ledger.Entry) { e.Memo = "other" },
		"clause":         func(e *ledger.Entry) { e.Clause = "other" },
		"policy":         func(e *ledger.Entry) { e.Policy = "other" },
		"adjusts":        func(e *ledger.Entry) { e.Adjusts = april },
		"shifted text":   func(e *ledger.Entry) { e.Clause, e.Memo = "clausefee", "" },
	} {
		e := whole()
		change(&e)
		if r := ask(e); r != journal.ErrNoEntry {
			t.Errorf("another %s: %v", name, r)
		}
	}
}

func TestAFactIsBookedInTheFirstOpenMonth(t *testing.T) {
	t.Parallel()
	s := new(journal.State)
	books := func(on ledger.Date, date ledger.Date, adjusts ledger.Period) {
		t.Helper()
		if d, a := s.Booking(on); d != date || a != adjusts {
			t.Errorf("%s is booked on %s for %s", on, d, a)
		}
	}
	books(day(4, 20), day(4, 20), ledger.Period{})
	s = journal.Decider.Fold(s, journal.Event(closed(april)), closed(may))
	books(day(4, 20), day(6, 1), april)
	books(day(5, 31), day(6, 1), may)
	books(day(6, 1), day(6, 1), ledger.Period{})
	books(day(9, 9), day(9, 9), ledger.Period{})
}

func TestEveryPartOfTheJournalIsTakenBack(t *testing.T) {
	t.Parallel()
	s := journal.Decider.Fold(new(journal.State), journal.Event(posted))
	for _, part := range s.Tentative() {
		part.Begin()
	}
	s = journal.Decider.Fold(s, journal.Event(journal.EntryReversed{Reverses: "e1", Entry: ledger.Entry{ID: "r1", Date: day(4, 21)}}), journal.EntryPosted{Entry: ledger.Entry{ID: "e2"}}, with(proposed, func(e *journal.EntryProposed) { e.Entry.ID = "e3" }), closed(april), journal.PeriodReopened{Period: april})
	for _, part := range s.Tentative() {
		part.Rollback()
	}
	for name, c := range map[string]journal.Command{
		"the reversal is taken back": ask(other, "r1", day(4, 21), journal.Reverse{Entry: entry, Reason: "why"}),
		"the entry is taken back":    ask(other, "e2", day(1, 1), journal.ProposeEntry{Memo: "m", Postings: postings}),
		"the proposal is taken back": ask(other, "e3", day(1, 1), journal.ProposeEntry{Memo: "m", Postings: postings}),
		"the closing is taken back":  ask(other, "c1", day(5, 1), journal.Close{Period: april, Root: root}),
	} {
		if _, err := journal.Decide(s, c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEventsOfTheJournalAreOfTheirEntryOrMonth(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]journal.Event{
		"e1":             posted,
		"e2":             with(proposed, func(e *journal.EntryProposed) { e.Entry.ID = "e2" }),
		"e3":             with(refused, func(e *journal.EntryRejected) { e.Entry = "e3" }),
		"e0":             journal.EntryReversed{Reverses: "e0", Entry: entry},
		"period:2023-04": closed(april),
		"period:2023-05": journal.PeriodReopened{Period: may, On: day(6, 1)},
	} {
		_, a := e.(journal.EntryPosted) // a proposal is not in the books
		_, b := e.(journal.EntryReversed)
		if e.Case() != want || e.Effective().IsZero() || (ledgertest.Booked(e) != nil) != (a || b) {
			t.Errorf("%T: %s on %s books %v", e, e.Case(), e.Effective(), ledgertest.Booked(e))
		}
	}
}

func ExampleDecider() {
	s := new(journal.State)
	order := func(id ledger.CommandID, by ledger.Actor) ledger.Order {
		return ledger.Order{ID: id, By: by, On: ledger.DateOf(2023, 4, 20)}
	}
	events, _ := journal.Decide(s, journal.Command{Order: order("e1", ledgertest.Accountant), Chart: chart, Do: journal.ProposeEntry{Memo: "bank fee", Postings: postings}})
	s = journal.Decider.Fold(s, events...)

	approve := journal.ApproveEntry{Entry: "e1"}
	_, err := journal.Decide(s, journal.Command{Order: order("a1", ledgertest.Accountant), Chart: chart, Do: approve})
	r, _ := ledger.Refused(err)
	fmt.Println(r.Code)

	events, err = journal.Decide(s, journal.Command{Order: order("a1", other), Chart: chart, Do: approve})
	fmt.Println(ledgertest.Booked(events[0]).ID, err)
	// Output:
	// duties-not-separated
	// e1 <nil>
}

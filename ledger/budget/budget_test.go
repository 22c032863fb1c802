package budget_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"zhucan/ledger"
	"zhucan/ledger/budget"
	"zhucan/ledger/ledgertest"
)

var (
	today = ledger.DateOf(2023, 4, 3)
	line  = ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}
	other = ledger.BudgetLine{Region: "220102", Scheme: "startup", Fund: "levy", Year: 2023}
	next  = ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2024}
)

func ask(do budget.Action) budget.Command {
	return budget.Command{Order: ledger.Order{ID: "c1", By: ledgertest.Accountant, On: today}, Do: do}
}

func day(n int) ledger.Date { return ledger.DateOf(2023, 6, n) }

func yuan(n int64) ledger.Money { return ledger.Fen(n * 100) }

func TestBudgetDecider(t *testing.T) {
	t.Parallel()
	type c = ledgertest.Case[budget.Command, budget.Event]
	given := func(e ...budget.Event) []budget.Event { return e }
	voted := budget.Appropriated{Amount: yuan(100), Document: "D1", Line: line, On: today}
	to := func(change func(*ledger.BudgetLine)) ledger.BudgetLine {
		l := other
		change(&l)
		return l
	}
	move := func(amount ledger.Money, to ledger.BudgetLine) budget.Command {
		return ask(budget.Transfer{Amount: amount, Document: "D2", Line: line, To: to})
	}
	clerk := ask(budget.Appropriate{})
	clerk.By = ledgertest.Clerk
	past := line
	past.Year = 2022
	late := line
	late.Year = 9999
	ledgertest.Run(t, budget.Decider, []c{
		{Name: "an accountant enters what is voted", When: ask(budget.Appropriate{Amount: yuan(100), Document: "D1", Line: line}), Then: given(voted)},
		{Name: "a document votes for a line once", Given: given(voted), When: ask(budget.Appropriate{Amount: yuan(7), Document: "D1", Line: line}), Reject: budget.ErrBooked},
		{Name: "a document votes for several lines", Given: given(voted), When: ask(budget.Appropriate{Amount: yuan(7), Document: "D1", Line: other}), Then: given(budget.Appropriated{Amount: yuan(7), Document: "D1", Line: other, On: today})},
		{Name: "a document that votes may also take away", Given: given(voted), When: ask(budget.Adjust{Amount: yuan(7), Document: "D1", Line: line, Side: ledger.Credit}), Then: given(budget.Adjusted{Amount: yuan(7), Document: "D1", Line: line, On: today, Side: ledger.Credit})},
		{Name: "a document adds to a line once", Given: given(voted, budget.Adjusted{Amount: yuan(5), Document: "D2", Line: line, On: today, Side: ledger.Debit}), When: ask(budget.Adjust{Amount: yuan(7), Document: "D2", Line: line, Side: ledger.Debit}), Reject: budget.ErrBooked},
		{Name: "a document takes from a line once", Given: given(voted, budget.Adjusted{Amount: yuan(5), Document: "D2", Line: line, On: today, Side: ledger.Credit}), When: ask(budget.Adjust{Amount: yuan(7), Document: "D2", Line: line, Side: ledger.Credit}), Reject: budget.ErrBooked},
		{Name: "a document moves money between two lines once", Given: given(voted, budget.Transferred{Amount: yuan(5), Document: "D2", Line: line, On: today, To: other}), When: move(yuan(7), other), Reject: budget.ErrBooked},
		{Name: "a document moves money from a line to several", Given: given(voted, budget.Transferred{Amount: yuan(5), Document: "D2", Line: line, On: today, To: to(func(l *ledger.BudgetLine) { l.Region = "220103" })}), When: move(yuan(7), other), Then: given(budget.Transferred{Amount: yuan(7), Document: "D2", Line: line, On: today, To: other})},
		{Name: "a document carries the money of a line over once", Given: given(voted, budget.CarriedOver{Amount: yuan(5), Document: "D2", Line: line, On: today, To: next}), When: ask(budget.CarryOver{Amount: yuan(7), Document: "D2", Line: line}), Reject: budget.ErrBooked},
		{Name: "whether a document was booked is asked before what is available", Given: given(voted, budget.Transferred{Amount: yuan(5), Document: "D2", Line: line, On: today, To: other}), When: move(yuan(700), other), Reject: budget.ErrBooked},
		{Name: "an order without an identifier is refused first", When: budget.Command{Do: budget.Appropriate{}}, Reject: ledger.ErrID},
		{Name: "the role is checked before the line", When: clerk, Reject: ledger.ErrRole},
		{Name: "an appropriation names its line", When: ask(budget.Appropriate{Amount: yuan(1), Document: "D1"}), Reject: budget.ErrLine},
		{Name: "an appropriation names a whole line", When: ask(budget.Appropriate{Amount: yuan(1), Document: "D1", Line: to(func(l *ledger.BudgetLine) { l.Fund = "" })}), Reject: budget.ErrLine},
		{Name: "a line is named so that the log can read it back", When: ask(budget.Appropriate{Amount: yuan(1), Document: "D1", Line: to(func(l *ledger.BudgetLine) { l.Fund = "levy/x" })}), Reject: budget.ErrLine},
		{Name: "an appropriation names its document", When: ask(budget.Appropriate{Amount: yuan(1), Line: line}), Reject: budget.ErrLine},
		{Name: "the line is checked before the amount", When: ask(budget.Appropriate{Document: "D1"}), Reject: budget.ErrLine},
		{Name: "nothing is no appropriation", When: ask(budget.Appropriate{Document: "D1", Line: line}), Reject: ledger.ErrAmountSign},
		{Name: "an appropriation is not taken back with a minus", When: ask(budget.Appropriate{Amount: yuan(-1), Document: "D1", Line: line}), Reject: ledger.ErrAmountSign},
		{Name: "an appropriation has a limit", When: ask(budget.Appropriate{Amount: ledger.MaxMoney.Add(ledger.Fen(1)), Document: "D1", Line: line}), Reject: ledger.ErrAmountRange},

		{Name: "more is voted", When: ask(budget.Adjust{Amount: yuan(5), Document: "D2", Line: line, Side: ledger.Debit}), Then: given(budget.Adjusted{Amount: yuan(5), Document: "D2", Line: line, On: today, Side: ledger.Debit})},
		{Name: "all that is available is voted away", Given: given(voted), When: ask(budget.Adjust{Amount: yuan(100), Document: "D2", Line: line, Side: ledger.Credit}), Then: given(budget.Adjusted{Amount: yuan(100), Document: "D2", Line: line, On: today, Side: ledger.Credit})},
		{Name: "no fen more is voted away than is available", Given: given(voted), When: ask(budget.Adjust{Amount: yuan(100).Add(ledger.Fen(1)), Document: "D2", Line: line, Side: ledger.Credit}), Reject: budget.ErrExceeded},
		{Name: "an adjustment is more or less", Given: given(voted), When: ask(budget.Adjust{Amount: yuan(1), Document: "D2", Line: line, Side: "left"}), Reject: budget.ErrLine},
		{Name: "an adjustment names its document", Given: given(voted), When: ask(budget.Adjust{Amount: yuan(1), Line: line, Side: ledger.Debit}), Reject: budget.ErrLine},

		{Name: "money moves to another region of its scheme", Given: given(voted), When: move(yuan(60), other), Then: given(budget.Transferred{Amount: yuan(60), Document: "D2", Line: line, On: today, To: other})},
		{Name: "no more moves than is available", Given: given(voted), When: move(yuan(101), other), Reject: budget.ErrExceeded},
		{Name: "money of one scheme pays no other", Given: given(voted), When: move(yuan(1), to(func(l *ledger.BudgetLine) { l.Scheme = "employer" })), Reject: budget.ErrEarmark},
		{Name: "money of one fund is not another's", Given: given(voted), When: move(yuan(1), to(func(l *ledger.BudgetLine) { l.Fund = "general" })), Reject: budget.ErrEarmark},
		{Name: "money moves within its year", Given: given(voted), When: move(yuan(1), to(func(l *ledger.BudgetLine) { l.Year = 2024 })), Reject: budget.ErrEarmark},
		{Name: "money moves to another line", Given: given(voted), When: move(yuan(1), line), Reject: budget.ErrEarmark},
		{Name: "money moves to a region", Given: given(voted), When: move(yuan(1), to(func(l *ledger.BudgetLine) { l.Region = "" })), Reject: budget.ErrEarmark},
		{Name: "money moves to a region that the log can read back", Given: given(voted), When: move(yuan(1), to(func(l *ledger.BudgetLine) { l.Region = "2201/02" })), Reject: budget.ErrEarmark},
		{Name: "the purpose is checked before what is available", When: move(yuan(1), line), Reject: budget.ErrEarmark},
		{Name: "a transfer moves something", Given: given(voted), When: move(yuan(0), other), Reject: ledger.ErrAmountSign},

		{Name: "what is available is carried into the next year", Given: given(voted), When: ask(budget.CarryOver{Amount: yuan(100), Document: "D2", Line: line}), Then: given(budget.CarriedOver{Amount: yuan(100), Document: "D2", Line: line, On: today, To: next})},
		{Name: "no more is carried over than is available", Given: given(voted), When: ask(budget.CarryOver{Amount: yuan(101), Document: "D2", Line: line}), Reject: budget.ErrExceeded},
		{Name: "what is carried over cannot be carried over again", Given: given(voted, budget.CarriedOver{Amount: yuan(100), Line: line, To: next}), When: ask(budget.CarryOver{Amount: yuan(1), Document: "D2", Line: line}), Reject: budget.ErrExceeded},
		{Name: "no year is carried over into one that the log cannot write", Given: given(budget.Appropriated{Amount: yuan(1), Line: late}), When: ask(budget.CarryOver{Amount: yuan(1), Document: "D2", Line: late}), Reject: budget.ErrLine},
		{Name: "a year that has not come is not carried over", Given: given(budget.Appropriated{Amount: yuan(1), Line: next}), When: ask(budget.CarryOver{Amount: yuan(1), Document: "D2", Line: next}), Reject: budget.ErrYear},
		{Name: "a year that is over is carried over", Given: given(budget.Appropriated{Amount: yuan(1), Line: past}), When: ask(budget.CarryOver{Amount: yuan(1), Document: "D2", Line: past}), Then: given(budget.CarriedOver{Amount: yuan(1), Document: "D2", Line: past, On: today, To: line})},
		{Name: "a carry-over names its document", Given: given(voted), When: ask(budget.CarryOver{Amount: yuan(1), Line: line}), Reject: budget.ErrLine},
	})
}

func TestALineIsVotedAvailableCommittedAndDisbursed(t *testing.T) {
	t.Parallel()
	s := new(budget.State)
	stands := func(voted, committed, disbursed, available int64) {
		t.Helper()
		u := s.Use(line)
		if !u.Voted.Equal(yuan(voted)) || !u.Committed.Equal(yuan(committed)) || !u.Disbursed.Equal(yuan(disbursed)) || !u.Available().Equal(yuan(available)) {
			t.Errorf("voted %s, committed %s, disbursed %s, available %s", u.Voted, u.Committed, u.Disbursed, u.Available())
		}
	}
	stands(0, 0, 0, 0)
	s = budget.Evolve(s, budget.Appropriated{Amount: yuan(100), Line: line})
	s = budget.Evolve(s, budget.Adjusted{Amount: yuan(20), Line: line, Side: ledger.Debit})
	s = budget.Evolve(s, budget.Adjusted{Amount: yuan(10), Line: line, Side: ledger.Credit})
	s = budget.Evolve(s, budget.Transferred{Amount: yuan(5), Line: line, To: other})
	s = budget.Evolve(s, budget.CarriedOver{Amount: yuan(5), Line: line, To: next})
	stands(100, 0, 0, 100)
	s.Commit(line, yuan(60), ledger.DateOf(2023, 6, 1))
	stands(100, 60, 0, 40)
	s.Disburse(line, yuan(50))
	stands(100, 10, 50, 40)
	s.Restore(line, yuan(50))
	stands(100, 60, 0, 40)
	s.Release(line, yuan(60), ledger.DateOf(2023, 6, 1))
	stands(100, 0, 0, 100)
	n := 0
	for l, u := range s.Lines() {
		if n++; l != line && !u.Voted.Equal(yuan(5)) {
			t.Errorf("%s has %s", l, u.Voted)
		}
	}
	if n != 3 {
		t.Errorf("%d lines", n)
	}
}

func TestWhatIsCommittedIsNotAvailable(t *testing.T) {
	t.Parallel()
	s := budget.Evolve(new(budget.State), budget.Appropriated{Amount: yuan(100), Line: line})
	s.Commit(line, yuan(100), day(1))
	if r, _ := ledger.Refused(s.Check(line, ledger.Fen(1), day(1))); r != budget.ErrExceeded {
		t.Errorf("got %v", r)
	}
	s.Disburse(line, yuan(100))
	if r, _ := ledger.Refused(s.Check(line, ledger.Fen(1), day(1))); r != budget.ErrExceeded {
		t.Errorf("after paying %v", r)
	}
}

// Whatever the order in which things become known, no day has less than nothing available.
func TestMoneyIsPromisedFromTheDayItIsThere(t *testing.T) {
	t.Parallel()
	s := budget.Evolve(new(budget.State), budget.Appropriated{Amount: yuan(100), Line: line, On: day(5)})
	s = budget.Evolve(s, budget.Adjusted{Amount: yuan(50), Line: line, On: day(20), Side: ledger.Debit})
	s = budget.Evolve(s, budget.Transferred{Amount: yuan(30), Line: other, On: day(10), To: line})
	has := func(on int, want int64) {
		t.Helper()
		if err := s.Check(line, yuan(want), day(on)); want > 0 && err != nil {
			t.Errorf("on %d: %v", on, err)
		}
		if r, _ := ledger.Refused(s.Check(line, yuan(want).Add(ledger.Fen(1)), day(on))); r != budget.ErrExceeded {
			t.Errorf("on %d there is more than %d", on, want)
		}
	}
	has(4, 0)
	has(5, 100)
	has(9, 100)
	has(10, 130)
	has(20, 180)
	s.Commit(line, yuan(60), day(5))
	has(4, 0)
	has(5, 40)
	has(10, 70)
	has(20, 120)
	s.Disburse(line, yuan(10))
	has(5, 40)
	s.Restore(line, yuan(10))
	s.Release(line, yuan(25), day(15)) // of the promise
	s.Release(line, yuan(5), day(15))
	has(5, 40)
	has(14, 70)
	has(15, 100)
	has(20, 150)
	s = budget.Evolve(s, budget.Adjusted{Amount: yuan(20), Line: line, On: day(25), Side: ledger.Credit})
	has(5, 40)
	has(20, 130)
	has(25, 130)
	s.Commit(line, yuan(120), day(26))
	has(5, 10) // what is promised later is not there to be promised before either
	has(26, 10)
	s.Release(line, yuan(120), day(27))
	has(5, 10)
	has(27, 130)
}

// 100 is taken of 200 that came in two parts, and 50 of the first: each day has something left.
func TestWhatIsTakenAwayLaterIsNotTakenTwice(t *testing.T) {
	t.Parallel()
	s := budget.Evolve(new(budget.State), budget.Appropriated{Amount: yuan(100), Line: line, On: day(1)})
	s = budget.Evolve(s, budget.Appropriated{Amount: yuan(100), Line: line, On: day(10)})
	s = budget.Evolve(s, budget.Adjusted{Amount: yuan(150), Line: line, On: day(20), Side: ledger.Credit})
	take := ask(budget.Adjust{Amount: yuan(50), Document: "D9", Line: line, Side: ledger.Credit})
	take.On = day(5)
	events, err := budget.Decide(s, take)
	if err != nil {
		t.Fatal(err)
	}
	s = budget.Decider.Fold(s, events...)
	_, err = budget.Decide(s, budget.Command{Order: take.Order, Do: budget.Adjust{Amount: ledger.Fen(1), Document: "D10", Line: line, Side: ledger.Credit}})
	if r, particulars := ledger.Refused(err); r != budget.ErrExceeded || particulars != "0.01 asked of 220104/startup/levy/2023, which has 0.00 available on 2023-06-20" {
		t.Errorf("it says %v", err)
	}
}

// What is refused is exactly what would leave a day with less than nothing.
func TestWhatIsRefusedWouldLeaveADayWithLessThanNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := new(budget.State)
		var change [30]int64
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			n, on := rapid.Int64Range(1, 50).Draw(t, "amount"), rapid.IntRange(1, 29).Draw(t, "day")
			if rapid.Bool().Draw(t, "more") {
				s = budget.Evolve(s, budget.Appropriated{Amount: yuan(n), Line: line, On: day(on)})
				change[on] += n
				continue
			}
			err := s.Check(line, yuan(n), day(on))
			change[on] -= n
			var left, least int64
			for _, c := range change {
				left += c
				least = min(least, left)
			}
			if (err != nil) != (least < 0) {
				t.Fatalf("%d of day %d: %v, the least of a day is %d", n, on, err, least)
			}
			if err != nil {
				change[on] += n
				continue
			}
			s.Commit(line, yuan(n), day(on))
		}
	})
}

func TestEveryPartOfTheBudgetIsTakenBack(t *testing.T) {
	t.Parallel()
	s := budget.Evolve(new(budget.State), budget.Appropriated{Amount: yuan(100), Line: line})
	for _, part := range s.Tentative() {
		part.Begin()
	}
	s.Commit(line, yuan(60), day(2))
	s.Disburse(line, yuan(50))
	s = budget.Evolve(s, budget.Transferred{Amount: yuan(5), Document: "D2", Line: line, To: other})
	for _, part := range s.Tentative() {
		part.Rollback()
	}
	if u := s.Use(line); !u.Available().Equal(yuan(100)) || !u.Disbursed.IsZero() || !s.Use(other).Voted.IsZero() {
		t.Errorf("%+v", u)
	}
	if _, err := budget.Decide(s, ask(budget.Transfer{Amount: yuan(5), Document: "D2", Line: line, To: other})); err != nil {
		t.Errorf("the document is still booked: %v", err)
	}
}

func TestARefusalForADocumentNamesTheFirstEntry(t *testing.T) {
	t.Parallel()
	first := budget.Appropriated{Amount: yuan(100), Document: "D1", Entry: ledger.Entry{ID: "e1"}, Line: line}
	second := budget.Appropriated{Amount: yuan(100), Document: "D1", Entry: ledger.Entry{ID: "e2"}, Line: line} // from before there was the rule
	s := budget.Decider.Fold(new(budget.State), budget.Event(first), second)
	_, err := budget.Decide(s, ask(budget.Appropriate{Amount: yuan(1), Document: "D1", Line: line}))
	if r, particulars := ledger.Refused(err); r != budget.ErrBooked || particulars != "document D1, line 220104/startup/levy/2023, entry e1" {
		t.Errorf("it says %v", err)
	}
}

func TestEventsOfABudgetAreOfItsLineAndCarryTheirEntry(t *testing.T) {
	t.Parallel()
	entry := ledger.Entry{ID: "e"}
	for _, e := range []budget.Event{
		budget.Appropriated{Entry: entry, Line: line, On: today}, budget.Adjusted{Entry: entry, Line: line, On: today},
		budget.Transferred{Entry: entry, Line: line, On: today, To: other}, budget.CarriedOver{Entry: entry, Line: line, On: today, To: next},
	} {
		if e.Case() != "budget:220104/startup/levy/2023" || e.Effective() != today || ledgertest.Booked(e) == nil || ledgertest.Booked(e).ID != "e" {
			t.Errorf("%T: %s", e, e.Case())
		}
	}
}

func ExampleDecider() {
	order := ledger.Order{ID: "c1", By: ledgertest.Accountant, On: ledger.DateOf(2023, 1, 5)}
	line, _ := ledger.ParseBudgetLine("220104/startup/levy/2023")
	s := new(budget.State)
	events, _ := budget.Decide(s, budget.Command{Order: order, Do: budget.Appropriate{Amount: ledger.Fen(100_00), Document: "吉财社指〔2023〕1号", Line: line}})
	s = budget.Decider.Fold(s, events...)
	fmt.Println(s.Use(line).Available())

	_, err := budget.Decide(s, budget.Command{Order: order, Do: budget.CarryOver{Amount: ledger.Fen(100_01), Document: "结转", Line: line}})
	r, particulars := ledger.Refused(err)
	fmt.Println(r.Code, "-", particulars)
	// Output:
	// 100.00
	// budget-exceeded - 100.01 asked of 220104/startup/levy/2023, which has 100.00 available on 2023-01-05
}

package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zhucan/ledger"
)

func TestABudgetLineHasFourPartsAndOneSpelling(t *testing.T) {
	t.Parallel()
	l, err := ledger.ParseBudgetLine("220104/startup/levy/2023")
	want := ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}
	if err != nil || l != want || l.String() != "220104/startup/levy/2023" || l.IsZero() {
		t.Errorf("%+v, %v", l, err)
	}
	for _, text := range []string{
		"", "220104", "220104/startup/levy", "220104/startup/levy/2023/1", "220104/startup/levy/23", "220104/startup/levy/02023",
		"220104/startup/levy/1899", "/startup/levy/2023", "220104//levy/2023", "220104/startup//2023", "220104/start up/levy/2023",
		"220104/startup/levy/20a3", "220104/创业/levy/2023",
	} {
		l, err := ledger.ParseBudgetLine(text)
		refusedWith(t, err, ledger.ErrBudgetLine)
		if !l.IsZero() {
			t.Errorf("%q is refused and yet %s", text, l)
		}
	}
	if b, err := l.MarshalText(); err != nil || l.UnmarshalText(b) != nil || l != want {
		t.Errorf("came back as %s, %v", l, err)
	}
	if err := l.UnmarshalText(nil); err != nil || !l.IsZero() || l.String() != "" {
		t.Errorf("no line is %q, %v", l, err)
	}
	refusedWith(t, l.UnmarshalText([]byte("x")), ledger.ErrBudgetLine)
}

func TestAnEntryIsRefusedForTheFirstThingThatIsWrong(t *testing.T) {
	t.Parallel()
	c := chart(t)
	post := func(account ledger.AccountCode, fen int64, side ledger.Side) ledger.Posting {
		return ledger.Posting{Account: account, Amount: ledger.Fen(fen), Side: side}
	}
	const most = 99_999_999_999_99
	for name, e := range map[string]struct {
		reject   *ledger.Rejection
		postings []ledger.Posting
	}{
		"balanced":                 {nil, []ledger.Posting{post("X1", 5, ledger.Debit), post("A0", 5, ledger.Credit)}},
		"balanced in two books":    {nil, []ledger.Posting{post("X1", 5, ledger.Debit), post("A0", 5, ledger.Credit), post("A6", 7, ledger.Debit), post("A7", 7, ledger.Credit)}},
		"balanced by three":        {nil, []ledger.Posting{post("X1", 5, ledger.Debit), post("A0", 2, ledger.Credit), post("A0", 3, ledger.Credit)}},
		"no posting":               {ledger.ErrEmptyEntry, nil},
		"one posting":              {ledger.ErrEmptyEntry, []ledger.Posting{post("nowhere", 5, ledger.Debit)}},
		"an account of no chart":   {ledger.ErrAccount, []ledger.Posting{post("nowhere", 5, "left"), post("A0", 5, ledger.Credit)}},
		"a side that is none":      {ledger.ErrSide, []ledger.Posting{post("X1", -5, "left"), post("A0", 5, ledger.Credit)}},
		"nothing moved":            {ledger.ErrAmountSign, []ledger.Posting{post("X1", 0, ledger.Debit), post("A0", 0, ledger.Credit)}},
		"less than nothing":        {ledger.ErrAmountSign, []ledger.Posting{post("X1", -5, ledger.Debit), post("A0", -5, ledger.Credit)}},
		"the most there is":        {nil, []ledger.Posting{post("X1", most, ledger.Debit), post("A0", most, ledger.Credit)}},
		"more than there is":       {ledger.ErrAmountRange, []ledger.Posting{post("X1", most+1, ledger.Debit), post("A0", 5, ledger.Credit)}},
		"unbalanced by a fen":      {ledger.ErrUnbalanced, []ledger.Posting{post("X1", 5, ledger.Debit), post("A0", 4, ledger.Credit)}},
		"credits exceed by a fen":  {ledger.ErrUnbalanced, []ledger.Posting{post("X1", 4, ledger.Debit), post("A0", 5, ledger.Credit)}},
		"balanced across books":    {ledger.ErrUnbalanced, []ledger.Posting{post("X1", 5, ledger.Debit), post("A7", 5, ledger.Credit)}},
		"two books out by as much": {ledger.ErrUnbalanced, []ledger.Posting{post("X1", 5, ledger.Debit), post("A0", 4, ledger.Credit), post("A6", 4, ledger.Debit), post("A7", 5, ledger.Credit)}},
	} {
		t.Run(name, func(t *testing.T) { refusedWith(t, ledger.Entry{ID: "e", Postings: e.postings}.Check(c), e.reject) })
	}
}

func TestAnEntryAndItsMirrorCancelAndShareNothing(t *testing.T) {
	t.Parallel()
	c := chart(t)
	rapid.Check(t, func(t *rapid.T) {
		e := ledger.Entry{ID: "e", Date: testDay, Clause: "c", Memo: "m", Policy: "p", Adjusts: ledger.PeriodOf(2023, 1), Line: ledger.BudgetLine{Region: "220104", Scheme: "s", Fund: "f", Year: 2023}}
		for range rapid.IntRange(1, 5).Draw(t, "moves") {
			fen := ledger.Fen(rapid.Int64Range(1, 1e9).Draw(t, "fen"))
			pair := rapid.SampledFrom([][2]ledger.AccountCode{{"X1", "A0"}, {"A3", "A5"}, {"A6", "A7"}, {"A9", "A10"}}).Draw(t, "pair")
			e.Postings = append(e.Postings, ledger.Posting{Account: pair[0], Amount: fen, Side: ledger.Debit}, ledger.Posting{Account: pair[1], Amount: fen, Side: ledger.Credit})
		}
		before := slices.Clone(e.Postings)
		m := e.Mirror("m", testDay.AddDays(1), "why")
		both := ledger.Entry{ID: "both", Postings: slices.Concat(e.Postings, m.Postings)}
		if err := both.Check(c); err != nil {
			t.Fatal(err)
		}
		sums := make(map[ledger.AccountCode]ledger.Money)
		for _, p := range both.Postings {
			sums[p.Account] = sums[p.Account].Add(p.Signed())
		}
		for account, sum := range sums {
			if !sum.IsZero() {
				t.Fatalf("%s is left with %s", account, sum)
			}
		}
		if !slices.Equal(e.Postings, before) {
			t.Fatal("the mirror changed the entry")
		}
		if m.ID != "m" || m.Date != testDay.AddDays(1) || m.Memo != "why" || !m.Adjusts.IsZero() || m.Line != e.Line || m.Clause != e.Clause || m.Policy != e.Policy {
			t.Fatalf("mirror %+v", m)
		}
		if back := m.Mirror("e", e.Date, "m"); !back.Equal(withoutAdjusts(e)) || back.Equal(m) {
			t.Fatal("the mirror of the mirror is another entry")
		}
		if !e.Total(c).Equal(m.Total(c)) {
			t.Fatalf("totals %s and %s", e.Total(c), m.Total(c))
		}
	})
}

func withoutAdjusts(e ledger.Entry) ledger.Entry {
	e.Adjusts = ledger.Period{}
	return e
}

func TestTwoEntriesAreEqualWhenAllTheirPartsAre(t *testing.T) {
	t.Parallel()
	whole := func() ledger.Entry {
		return ledger.Entry{
			ID: "e", Date: testDay, Clause: "c", Memo: "m", Policy: "p",
			Postings: []ledger.Posting{{Account: "X1", Amount: ledger.Fen(1), Side: ledger.Debit}, {Account: "A0", Amount: ledger.Fen(1), Side: ledger.Credit}},
		}
	}
	line := ledger.BudgetLine{Region: "220104", Scheme: "s", Fund: "f", Year: 2023}
	if !whole().Equal(whole()) {
		t.Error("an entry is not itself")
	}
	for name, change := range map[string]func(*ledger.Entry){
		"id":      func(e *ledger.Entry) { e.ID = "f" },
		"date":    func(e *ledger.Entry) { e.Date = e.Date.AddDays(1) },
		"clause":  func(e *ledger.Entry) { e.Clause = "d" },
		"memo":    func(e *ledger.Entry) { e.Memo = "n" },
		"policy":  func(e *ledger.Entry) { e.Policy = "q" },
		"line":    func(e *ledger.Entry) { e.Line = line },
		"adjusts": func(e *ledger.Entry) { e.Adjusts = testDay.Period() },
		"account": func(e *ledger.Entry) { e.Postings[0].Account = "A1" },
		"amount":  func(e *ledger.Entry) { e.Postings[0].Amount = ledger.Fen(2) },
		"side":    func(e *ledger.Entry) { e.Postings[0].Side = ledger.Credit },
		"of line": func(e *ledger.Entry) { e.Postings[0].Line = line },
		"fewer":   func(e *ledger.Entry) { e.Postings = e.Postings[:1] },
	} {
		e := whole()
		change(&e)
		if e.Equal(whole()) {
			t.Errorf("another %s makes no difference", name)
		}
	}
}

func TestAPostingMovesItsOwnLineOrTheEntrys(t *testing.T) {
	t.Parallel()
	a, b := ledger.BudgetLine{Year: 2023}, ledger.BudgetLine{Year: 2024}
	e := ledger.Entry{Line: a}
	if got := (ledger.Posting{}).Of(e); got != a {
		t.Errorf("%v", got)
	}
	if got := (ledger.Posting{Line: b}).Of(e); got != b {
		t.Errorf("%v", got)
	}
}

func ExampleEntry_Total() {
	c, _ := ledger.NewChart(accounts())
	e := ledger.Entry{Postings: []ledger.Posting{
		{Account: c.For(ledger.Expense), Amount: ledger.Fen(5000_00), Side: ledger.Debit},
		{Account: c.For(ledger.Payable), Amount: ledger.Fen(5000_00), Side: ledger.Credit},
		{Account: c.For(ledger.Available), Amount: ledger.Fen(5000_00), Side: ledger.Debit},
		{Account: c.For(ledger.Committed), Amount: ledger.Fen(5000_00), Side: ledger.Credit},
	}}
	fmt.Println(e.Total(c), e.Check(c))
	// Output: 5000.00 <nil>
}

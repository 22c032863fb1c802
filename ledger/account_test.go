package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"zhucan/ledger"
)

// accounts is a chart with one account for each duty, coded by its place in
// [ledger.Duties], and "X1", which has none.
func accounts() []ledger.Account {
	var list []ledger.Account
	for i, d := range ledger.Duties {
		a := ledger.Account{Code: ledger.AccountCode(fmt.Sprintf("A%d", i)), Duty: d, Book: ledger.Financial, Normal: ledger.Debit, NameZH: "科目", NameEN: string(d)}
		switch d {
		case ledger.BudgetIncome, ledger.BudgetExpense, ledger.BudgetFunds:
			a.Book = ledger.Budgetary
		case ledger.Voted, ledger.Available, ledger.Committed, ledger.Disbursed:
			a.Book = ledger.Control
		}
		list = append(list, a)
	}
	return append(list, ledger.Account{Code: "X1", Book: ledger.Financial, Normal: ledger.Credit, NameZH: "其他", NameEN: "other"})
}

func chart(t testing.TB) ledger.Chart {
	t.Helper()
	c, err := ledger.NewChart(accounts())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAChartHasOneAccountForEachDuty(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func([]ledger.Account) []ledger.Account{
		"a duty without an account":   func(a []ledger.Account) []ledger.Account { return a[1:] },
		"a duty with two accounts":    func(a []ledger.Account) []ledger.Account { a[13].Duty = ledger.Bank; return a },
		"a code twice":                func(a []ledger.Account) []ledger.Account { a[1].Code = a[0].Code; return a },
		"no code":                     func(a []ledger.Account) []ledger.Account { a[13].Code = ""; return a },
		"no normal side":              func(a []ledger.Account) []ledger.Account { a[0].Normal = ""; return a },
		"a book nobody keeps":         func(a []ledger.Account) []ledger.Account { a[0].Book = "tax"; return a },
		"a duty that no rule knows":   func(a []ledger.Account) []ledger.Account { a[13].Duty = "tips"; return a },
		"no account at all":           func([]ledger.Account) []ledger.Account { return nil },
		"an unknown duty for a known": func(a []ledger.Account) []ledger.Account { a[0].Duty = "tips"; return a },
	} {
		if _, err := ledger.NewChart(change(accounts())); err == nil {
			t.Errorf("%s is taken", name)
		} else {
			refusedWith(t, err, ledger.ErrChart)
		}
	}
}

func TestAChartFindsAccountsByCodeAndDuty(t *testing.T) {
	t.Parallel()
	c := chart(t)
	for i, d := range ledger.Duties {
		code := ledger.AccountCode(fmt.Sprintf("A%d", i))
		if got := c.For(d); got != code {
			t.Errorf("%s is for %s, not %s", got, d, code)
		}
		if a, ok := c.Find(code); !ok || a.Duty != d {
			t.Errorf("%s is %+v", code, a)
		}
	}
	if _, ok := c.Find("1002"); ok {
		t.Error("an account is found that is not there")
	}
	if !slices.Equal(c.Accounts(), accounts()) {
		t.Error("the accounts are in another order")
	}
}

func TestWhatNoRuleKnowsIsAProgrammersError(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]func(){
		"a duty of the zero chart": func() { ledger.Chart{}.For(ledger.Bank) },
		"the opposite of no side":  func() { ledger.Side("left").Opposite() },
		"the sign of no side":      func() { ledger.Posting{Amount: ledger.Fen(1), Side: "left"}.Signed() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is answered", name)
				}
			}()
			mistake()
		}()
	}
}

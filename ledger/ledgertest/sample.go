package ledgertest

import (
	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// Actors of the tests, one duty each; two reviewers, since two must differ.
var (
	Clerk      = ledger.Actor{ID: "clerk", Roles: []ledger.Role{ledger.Clerk}}
	First      = ledger.Actor{ID: "first", Roles: []ledger.Role{ledger.Reviewer}}
	Second     = ledger.Actor{ID: "second", Roles: []ledger.Role{ledger.Reviewer}}
	Approver   = ledger.Actor{ID: "approver", Roles: []ledger.Role{ledger.Approver}}
	Cashier    = ledger.Actor{ID: "cashier", Roles: []ledger.Role{ledger.Cashier}}
	Accountant = ledger.Actor{ID: "accountant", Roles: []ledger.Role{ledger.Accountant}}
	Operator   = ledger.Actor{ID: "operator", Roles: []ledger.Role{ledger.Operator}}
)

// Pack is a synthetic policy for tests: its amounts come from no document.
//
// startup: a person, once for life, 5000.00 each, 7 calendar days of publicity.
// employer: an employer, once a year, 3000.00 each, capped at 30000.00, 5 working
// days. assisted: an institution, once a month, 2000.00; excludes startup's
// purpose for life. unset: a scheme without a standard.
func Pack() policy.Pack {
	account := func(code ledger.AccountCode, book ledger.Book, normal ledger.Side, duty ledger.Duty, zh, en string) ledger.Account {
		return ledger.Account{Book: book, Code: code, Duty: duty, NameEN: en, NameZH: zh, Normal: normal}
	}
	from := ledger.DateOf(2022, 1, 1)
	standard := func(fen int64) []policy.Standard {
		return []policy.Standard{{Amount: ledger.Fen(fen), From: from, Region: "220000", Source: "synthetic"}}
	}
	most := ledger.Fen(30_000_00)
	return policy.Pack{
		Version: "test-1", Label: "synthetic policy for tests", Source: "synthetic",
		Accounts: []ledger.Account{
			account("1002", ledger.Financial, ledger.Debit, "", "银行存款", "Bank deposits"),
			account("1011", ledger.Financial, ledger.Debit, ledger.Bank, "零余额账户用款额度", "Zero-balance account limit"),
			account("1218.01", ledger.Financial, ledger.Debit, ledger.Recoverable, "应收追回补贴款", "Subsidies to be recovered"),
			account("2103", ledger.Financial, ledger.Credit, ledger.DueToTreasury, "应缴财政款", "Due to the treasury"),
			account("2303", ledger.Financial, ledger.Credit, ledger.Payable, "应付政府补贴款", "Subsidies payable"),
			account("4001", ledger.Financial, ledger.Credit, ledger.Income, "财政拨款收入", "Appropriation income"),
			account("5001", ledger.Financial, ledger.Debit, ledger.Expense, "业务活动费用", "Programme expense"),
			account("6001", ledger.Budgetary, ledger.Credit, ledger.BudgetIncome, "财政拨款预算收入", "Budget income"),
			account("7201", ledger.Budgetary, ledger.Debit, ledger.BudgetExpense, "事业支出", "Budget expenditure"),
			account("8001", ledger.Budgetary, ledger.Debit, ledger.BudgetFunds, "资金结存", "Budget funds"),
			account("9001", ledger.Control, ledger.Debit, ledger.Voted, "下达指标", "Appropriations voted"),
			account("9101", ledger.Control, ledger.Credit, ledger.Available, "可用指标", "Appropriations available"),
			account("9102", ledger.Control, ledger.Credit, ledger.Committed, "已承诺指标", "Appropriations committed"),
			account("9103", ledger.Control, ledger.Credit, ledger.Disbursed, "已支付指标", "Appropriations disbursed"),
		},
		// A sample calendar: one holiday in each year makes the year known.
		Days: []policy.Day{{Date: ledger.DateOf(2023, 5, 1)}, {Date: ledger.DateOf(2023, 5, 6), Working: true}},
		Schemes: []policy.Scheme{
			{
				Code: "startup", NameZH: "自主创业扶持", NameEN: "Entrepreneurship grant", Clause: "吉政办发〔2022〕35号 三（三）", Flow: "F05",
				Claimants: []policy.Kind{policy.Person}, Unit: "person", Once: policy.Life, Group: "startup", From: from,
				Evidence: []string{"certificate", "licence"}, Funds: []ledger.FundCode{"levy", "general"}, Standards: standard(5_000_00),
				Publicity: policy.Publicity{Days: 7, Source: "synthetic"},
			},
			{
				Code: "employer", NameZH: "超比例安排奖励", NameEN: "Employer reward", Clause: "吉政办发〔2022〕35号 三（二）", Flow: "F02",
				Claimants: []policy.Kind{policy.Employer}, Unit: "person", Once: policy.Year, Group: "reward", From: from, Cap: &most,
				Evidence: []string{"review"}, Funds: []ledger.FundCode{"levy"}, Standards: standard(3_000_00),
				Publicity: policy.Publicity{Days: 5, Working: true, Source: "synthetic"},
			},
			{
				Code: "assisted", NameZH: "辅助性就业机构扶持", NameEN: "Assisted-employment support", Clause: "吉政办发〔2022〕35号 三（五）", Flow: "F10",
				Claimants: []policy.Kind{policy.Institution, policy.Person}, Unit: "person-month", Once: policy.Month, Group: "assisted", From: from,
				Evidence: []string{"roster"}, Funds: []ledger.FundCode{"levy"}, Standards: standard(2_000_00),
				Publicity: policy.Publicity{Days: 7, Source: "synthetic"},
				Excludes:  []policy.Exclusion{{Group: "startup", Scope: policy.Life, Source: "synthetic"}},
			},
			{
				Code: "unset", NameZH: "未定标准项目", NameEN: "Scheme without a standard", Clause: "synthetic",
				Claimants: []policy.Kind{policy.Person}, Unit: "person", Once: policy.Year, Group: "unset", From: from,
				Funds: []ledger.FundCode{"levy"},
			},
		},
	}
}

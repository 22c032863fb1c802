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

// Sealed is a text in the form of a sealed one, which no key opens.
const Sealed ledger.Sealed = "s1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// LevyAccounts are the accounts that a chart must have for the levy to be booked.
func LevyAccounts() []ledger.Account {
	account := func(code ledger.AccountCode, normal ledger.Side, duty ledger.Duty, zh, en string) ledger.Account {
		return ledger.Account{Book: ledger.Financial, Code: code, Duty: duty, NameEN: en, NameZH: zh, Normal: normal}
	}
	return []ledger.Account{
		account("1001", ledger.Debit, ledger.LevyTreasury, "国库存款", "Treasury deposits"),
		account("1021.1030218", ledger.Debit, ledger.LevyReceivable, "应收残疾人就业保障金", "Levy receivable"),
		account("2307.1030218", ledger.Credit, ledger.LevyRefund, "应退残疾人就业保障金", "Levy to be refunded"),
		account("4002.1030218", ledger.Credit, ledger.LevyIncome, "残疾人就业保障金收入", "Levy income"),
		account("4002.1030218.01", ledger.Debit, ledger.LevyRelief, "残疾人就业保障金困难减免", "Levy relieved for hardship"),
		account("4002.1030218.02", ledger.Credit, ledger.LevyLateFee, "残疾人就业保障金滞纳金收入", "Late fees of the levy"),
	}
}

// Levied adds to a pack what the levy of filing years from 2022 in 长春市 needs. The values
// are synthetic.
func Levied(p *policy.Pack) {
	p.Accounts = append(p.Accounts, LevyAccounts()...)
	p.Days = append([]policy.Day{{Date: ledger.DateOf(2022, 10, 3)}}, p.Days...)
	for _, v := range [][2]string{
		{"levy.disabled.double_weight", "2"}, {"levy.disabled.double_weight.certificate_max_grade", "2"},
		{"levy.disabled.part_month_rule", "counted"}, {"levy.filing_window", "08-01/10-31"},
		{"levy.filing_window.holiday_roll_forward", "true"}, {"levy.hardship.max_deferral", "6"}, {"levy.hardship.max_relief", "1"},
		{"levy.late_fee.cap_multiple_of_principal", "1"}, {"levy.late_fee.daily_rate", "0.005"}, {"levy.late_fee.first_day", "day_after_deadline"},
		{"levy.late_fee.payment_day_counts", "true"}, {"levy.ratio", "0.016"}, {"levy.ratio.national_floor", "0.015"}, {"levy.refund.allowed", "true"},
		{"levy.new_enterprise.max_staff", "30"}, {"levy.new_enterprise.start_rule", "first_day_of_month_after_registration"}, {"levy.new_enterprise.years", "3"},
		{"levy.review_window", "01-01/06-30"}, {"levy.rounding.profile.D", "2dp_half_up"}, {"levy.rounding.profile.N", "int_half_up"},
		{"levy.rounding.profile.W", "2dp_half_up"}, {"levy.rounding.profile.gap", "exact"}, {"levy.rounding.profile.money", "fen_half_up"},
		{"levy.small_enterprise.max_staff", "30"}, {"levy.small_enterprise.unit_classes", "enterprise"}, {"levy.tier.rate_at_or_above_threshold", "0.5"},
		{"levy.tier.rate_below_threshold", "0.9"}, {"levy.tier.threshold", "0.01"}, {"levy.unreviewed_counts_as_zero", "true"},
		{"levy.wage_cap.base_series", "weighted_nonprivate_private"}, {"levy.wage_cap.deregistration_lookback", "ordinary"}, {"levy.wage_cap.multiple", "2"}, {"social_average_wage.weighted", "50000.00"},
	} {
		x := policy.Parameter{Certainty: policy.Verified, Name: v[0], Region: policy.Nation, Source: "synthetic", Value: v[1]}
		switch v[0] {
		case "levy.disabled.double_weight", "levy.disabled.double_weight.certificate_max_grade", "levy.hardship.max_deferral", "levy.hardship.max_relief",
			"levy.new_enterprise.max_staff", "levy.new_enterprise.years", "levy.small_enterprise.max_staff":
			x.Unit = "months" // whole numbers
		case "levy.filing_window", "levy.review_window":
			x.Unit = "MM-DD/MM-DD"
		case "levy.filing_window.holiday_roll_forward", "levy.late_fee.payment_day_counts", "levy.refund.allowed", "levy.unreviewed_counts_as_zero":
			x.Unit = "bool"
		case "levy.late_fee.cap_multiple_of_principal", "levy.wage_cap.multiple":
			x.Unit = "multiplier"
		case "levy.late_fee.daily_rate", "levy.ratio", "levy.ratio.national_floor", "levy.tier.rate_at_or_above_threshold", "levy.tier.rate_below_threshold", "levy.tier.threshold":
			x.Unit = "ratio"
		case "social_average_wage.weighted":
			x.Unit, x.Region = "yuan", "220100"
		}
		p.Parameters = append(p.Parameters, x)
	}
}

// Insured adds to a pack a scheme that pays a share, month by month: two thirds of the contributions
// that a person paid, for 18 months, or until retirement with fewer than five years left. The values are synthetic.
func Insured(p *policy.Pack) {
	from := ledger.DateOf(2022, 1, 1)
	p.Schemes = append(p.Schemes, policy.Scheme{
		Code: "insurance", NameZH: "社会保险补贴", NameEN: "Social-insurance subsidy", Clause: "吉政办发〔2022〕35号 三（五）", Flow: "F13",
		Claimants: []policy.Kind{policy.Person, policy.Institution}, Unit: "person", Once: policy.Month, Group: "insurance", From: from,
		Evidence: []string{"certificate"}, Funds: []ledger.FundCode{"employment"},
		Publicity: policy.Publicity{Days: 7, Source: "synthetic"},
		Recurring: &policy.Recurring{Every: policy.Month, NearRetirement: 5, Placements: policy.None, Source: "synthetic", Term: 18},
		Standards: []policy.Standard{{From: from, Region: "220000", Share: "2/3", Source: "synthetic"}},
	})
}

// Monthly adds to a pack a scheme that recurs: welfare-post, 1000.00 a month for a person or for
// who employs one, 18 months and two placements at most. The values are synthetic.
func Monthly(p *policy.Pack) {
	from := ledger.DateOf(2022, 1, 1)
	p.Schemes = append(p.Schemes, policy.Scheme{
		Code: "welfare-post", NameZH: "公益性岗位补贴", NameEN: "Welfare post", Clause: "吉政办发〔2022〕35号 三（五）", Flow: "F15",
		Claimants: []policy.Kind{policy.Person, policy.Employer}, Unit: "person", Once: policy.Month, Group: "welfare-post", From: from,
		Evidence: []string{"certificate"}, Funds: []ledger.FundCode{"employment"}, Needs: []policy.Need{policy.NeedPersons},
		Publicity: policy.Publicity{Days: 7, Source: "synthetic"},
		Recurring: &policy.Recurring{Every: policy.Month, Placements: 2, Source: "synthetic", Term: 18},
		Standards: []policy.Standard{{Amount: ledger.Fen(1_000_00), From: from, Region: "220000", Source: "synthetic"}},
	})
}

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

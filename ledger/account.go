package ledger

import "fmt"

// An AccountCode names a leaf of the chart of accounts (会计科目编码), such as
// 2303 or 1218.01.
type AccountCode string

// A Side is a column of the books. It has no sign.
type Side string

// The two sides.
const (
	Debit  Side = "debit"  // 借
	Credit Side = "credit" // 贷
)

// Opposite returns the other side.
func (s Side) Opposite() Side {
	switch s {
	case Debit:
		return Credit
	case Credit:
		return Debit
	}
	panic(fmt.Sprintf("ledger: side %q", s))
}

// A Book is a part of an entry that balances on its own.
type Book string

// The books kept side by side (政府会计制度, 财会〔2017〕25号, 平行记账).
const (
	Financial Book = "financial" // 财务会计
	Budgetary Book = "budget"    // 预算会计
	Control   Book = "control"   // 预算指标账
)

// A Duty says what the rules use an account for, so that a province can give it
// its own code and name.
type Duty string

// The duties an entry of the rules posts to. A chart has exactly one account for
// each, except that those of the levy come all together or not at all; it may have
// further accounts, without a duty, for adjusting entries.
const (
	Bank          Duty = "bank"           // 零余额账户用款额度: what may still be paid out
	Recoverable   Duty = "recoverable"    // 应收追回补贴款: demanded back from a payee
	DueToTreasury Duty = "due-treasury"   // 应缴财政款
	Payable       Duty = "payable"        // 应付政府补贴款: approved and not yet paid
	Income        Duty = "income"         // 财政拨款收入
	Expense       Duty = "expense"        // 业务活动费用
	BudgetIncome  Duty = "budget-income"  // 财政拨款预算收入
	BudgetExpense Duty = "budget-expense" // 事业支出（行政支出）
	BudgetFunds   Duty = "budget-funds"   // 资金结存
	Voted         Duty = "voted"          // 下达指标
	Available     Duty = "available"      // 可用指标
	Committed     Duty = "committed"      // 已承诺指标
	Disbursed     Duty = "disbursed"      // 已支付指标

	LevyTreasury   Duty = "levy-treasury"   // 国库存款
	LevyReceivable Duty = "levy-receivable" // 应收非税收入: assessed and not yet paid
	LevyRefund     Duty = "levy-refund"     // 应退: decided and not yet paid back
	LevyIncome     Duty = "levy-income"     // 残疾人就业保障金收入 (1030218)
	LevyRelief     Duty = "levy-relief"     // 减免: taken from income for hardship
	LevyLateFee    Duty = "levy-late-fee"   // 滞纳金收入
)

// LevyDuties lists the duties of the levy. A chart published before them has none, and no
// levy is booked under it.
var LevyDuties = []Duty{LevyTreasury, LevyReceivable, LevyRefund, LevyIncome, LevyRelief, LevyLateFee}

// Duties lists every duty that a chart must have.
var Duties = []Duty{
	Bank, Recoverable, DueToTreasury, Payable, Income, Expense, BudgetIncome, BudgetExpense, BudgetFunds,
	Voted, Available, Committed, Disbursed,
}

// An Account is one leaf of the chart.
type Account struct {
	Book   Book        `json:"book"`
	Code   AccountCode `json:"code"`
	Duty   Duty        `json:"duty,omitempty"`
	NameEN string      `json:"name_en"`
	NameZH string      `json:"name_zh"`
	Normal Side        `json:"normal"` // the side on which its balance grows
}

// A Chart is the accounts in force (会计科目表). The zero Chart has none.
type Chart struct {
	accounts []Account
	code     map[AccountCode]Account
	duty     map[Duty]AccountCode
}

// Refusals of charts.
var (
	ErrChart = &Rejection{
		Code: "chart-incomplete", Rule: "a chart has each code once and exactly one account for each duty", RuleZH: "科目表中科目编码不重复，每一用途恰有一个科目",
		Source: "政府会计制度（财会〔2017〕25号）", Next: "complete the chart", NextZH: "请补全科目表",
	}
	ErrAccount = &Rejection{
		Code: "account-unknown", Rule: "postings go to accounts of the chart", RuleZH: "分录只能使用科目表中的科目",
		Next: "use an account of the chart, or publish a chart that has it", NextZH: "请使用科目表中的科目",
	}
)

// NewChart returns the chart of accounts, in their order.
func NewChart(accounts []Account) (Chart, error) {
	c := Chart{accounts: accounts, code: make(map[AccountCode]Account), duty: make(map[Duty]AccountCode)}
	for _, a := range accounts {
		if _, ok := c.code[a.Code]; ok || a.Code == "" {
			return Chart{}, ErrChart.Of("account %q twice or empty", a.Code)
		}
		if a.Normal != Debit && a.Normal != Credit {
			return Chart{}, ErrChart.Of("account %s has normal side %q", a.Code, a.Normal)
		}
		if a.Book != Financial && a.Book != Budgetary && a.Book != Control {
			return Chart{}, ErrChart.Of("account %s is in book %q", a.Code, a.Book)
		}
		c.code[a.Code] = a
		if a.Duty == "" {
			continue
		}
		if other, ok := c.duty[a.Duty]; ok {
			return Chart{}, ErrChart.Of("%s and %s both have duty %s", other, a.Code, a.Duty)
		}
		c.duty[a.Duty] = a.Code
	}
	for _, d := range Duties {
		if _, ok := c.duty[d]; !ok {
			return Chart{}, ErrChart.Of("no account has duty %s", d)
		}
	}
	most := len(Duties)
	if c.Levies() {
		most += len(LevyDuties)
	}
	if len(c.duty) != most {
		return Chart{}, ErrChart.Of("an account has a duty no rule knows, or some duties of the levy are missing")
	}
	return c, nil
}

// Accounts returns the accounts in their order. Callers do not change them.
func (c Chart) Accounts() []Account { return c.accounts }

// Find returns the account with code.
func (c Chart) Find(code AccountCode) (Account, bool) {
	a, ok := c.code[code]
	return a, ok
}

// Levies tells whether the chart has the accounts of the levy.
func (c Chart) Levies() bool {
	for _, d := range LevyDuties {
		if _, ok := c.duty[d]; !ok {
			return false
		}
	}
	return true
}

// For returns the account of a duty.
func (c Chart) For(d Duty) AccountCode {
	code, ok := c.duty[d]
	if !ok {
		panic(fmt.Sprintf("ledger: chart without duty %q", d))
	}
	return code
}

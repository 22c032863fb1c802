package book

import (
	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
)

// A move is one debit and one credit of the same amount between two duties,
// each on its own line where that is not the entry's.
type move struct {
	debit, credit ledger.Duty
	to, from      ledger.BudgetLine // of the debit, of the credit
	amount        ledger.Money
}

// voting: money is voted and the limit to draw it given in one step, as the
// integrated budget system does (预算管理一体化); 财政授权支付 额度到账: Dr 零余额账户
// Cr 财政拨款收入, in parallel Dr 资金结存 Cr 财政拨款预算收入 (政府会计制度, 财会〔2017〕25号,
// 1011, 8001).
func voting(m ledger.Money) []move {
	return []move{
		{debit: ledger.Bank, credit: ledger.Income, amount: m},
		{debit: ledger.BudgetFunds, credit: ledger.BudgetIncome, amount: m},
		{debit: ledger.Voted, credit: ledger.Available, amount: m},
	}
}

// moving: what is voted, and the limit with it, passes from one line to another.
func moving(from, to ledger.BudgetLine, m ledger.Money) []move {
	return []move{
		{debit: ledger.Bank, credit: ledger.Bank, to: to, from: from, amount: m},
		{debit: ledger.BudgetFunds, credit: ledger.BudgetFunds, to: to, from: from, amount: m},
		{debit: ledger.Voted, credit: ledger.Voted, to: to, from: from, amount: m},
		{debit: ledger.Available, credit: ledger.Available, to: from, from: to, amount: m},
	}
}

// approving: the subsidy is owed (Dr 业务活动费用 Cr 应付政府补贴款, 政府会计制度 2303) and its
// money promised.
func approving(m ledger.Money) []move {
	return []move{
		{debit: ledger.Expense, credit: ledger.Payable, amount: m},
		{debit: ledger.Available, credit: ledger.Committed, amount: m},
	}
}

// paying: what is owed is paid out of the limit (Dr 应付政府补贴款 Cr 零余额账户; in parallel
// Dr 事业支出 Cr 资金结存) and the promise kept.
func paying(m ledger.Money) []move {
	return []move{
		{debit: ledger.Payable, credit: ledger.Bank, amount: m},
		{debit: ledger.BudgetExpense, credit: ledger.BudgetFunds, amount: m},
		{debit: ledger.Committed, credit: ledger.Disbursed, amount: m},
	}
}

// demanding: money is demanded back for the treasury (Dr 其他应收款 Cr 应缴财政款).
func demanding(m ledger.Money) []move {
	return []move{{debit: ledger.Recoverable, credit: ledger.DueToTreasury, amount: m}}
}

// recording: a payment made elsewhere went past our account, as a direct payment
// of the treasury does (财政直接支付: Dr 业务活动费用 Cr 财政拨款收入, in parallel Dr 事业支出 Cr
// 财政拨款预算收入).
func recording(m ledger.Money) []move {
	return []move{
		{debit: ledger.Expense, credit: ledger.Income, amount: m},
		{debit: ledger.BudgetExpense, credit: ledger.BudgetIncome, amount: m},
	}
}

// levying: what is assessed is owed to the treasury (Dr 应收非税收入 Cr 非税收入, 财政总会计制度,
// 财库〔2022〕41号, to be checked). The relief of the law is no entry: it never was owed.
func levying(m ledger.Money) []move {
	return []move{{debit: ledger.LevyReceivable, credit: ledger.LevyIncome, amount: m}}
}

// relieving: what is forgiven for hardship is taken from income, and is seen there.
func relieving(m ledger.Money) []move {
	return []move{{debit: ledger.LevyRelief, credit: ledger.LevyReceivable, amount: m}}
}

// chargingLate: the late fee goes where the levy goes (财税〔2015〕72号).
func chargingLate(m ledger.Money) []move {
	return []move{{debit: ledger.LevyReceivable, credit: ledger.LevyLateFee, amount: m}}
}

// collecting: money reached the treasury. More than was owed stands as a credit of the
// receivable until it is refunded.
func collecting(m ledger.Money) []move {
	return []move{{debit: ledger.LevyTreasury, credit: ledger.LevyReceivable, amount: m}}
}

// refunding: what was overpaid is owed to the employer; refunded: the treasury paid it back.
func refunding(m ledger.Money) []move {
	return []move{{debit: ledger.LevyReceivable, credit: ledger.LevyRefund, amount: m}}
}

func refunded(m ledger.Money) []move {
	return []move{{debit: ledger.LevyRefund, credit: ledger.LevyTreasury, amount: m}}
}

// reassessing: an assessment books the difference to the one before.
func reassessing(e levy.Assessed) []move {
	difference := e.Due
	if e.Previous != nil {
		difference = difference.Sub(*e.Previous)
	}
	var moves []move
	switch difference.Sign() {
	case 1:
		moves = levying(difference)
	case -1:
		moves = reversed(levying(ledger.Money{}.Sub(difference)))
	}
	if !e.FeeReversed.IsZero() {
		moves = append(moves, reversed(chargingLate(e.FeeReversed))...)
	}
	if !e.ReliefTakenIn.IsZero() {
		moves = append(moves, reversed(relieving(e.ReliefTakenIn))...)
	}
	return moves
}

// comingBack: a payment is undone, and what was demanded of it back.
func comingBack(e payment.Returned) []move {
	moves := reversed(paying(e.Amount))
	if !e.Cancelled.IsZero() {
		moves = append(moves, reversed(demanding(e.Cancelled))...)
	}
	return moves
}

// reversed swaps debits and credits.
func reversed(moves []move) []move {
	for i, m := range moves {
		moves[i] = move{debit: m.credit, credit: m.debit, to: m.from, from: m.to, amount: m.amount}
	}
	return moves
}

// A basis is what an entry rests on.
type basis struct {
	clause string
	policy string // version decided under; empty: the one in force
	line   ledger.BudgetLine
	memo   string
	id     ledger.EntryID // empty: the order's
	after  ledger.Date    // of the entry that it follows, which may be booked later than it happened
}

// entry makes the entry of a decision, dated on the day of the order.
func (s *State) entry(o ledger.Order, b basis, moves ...move) (ledger.Entry, error) {
	return s.dated(o, b, o.On, ledger.Period{}, moves)
}

// fact makes the entry of something that happened, whether or not its period is
// still open.
func (s *State) fact(o ledger.Order, b basis, moves ...move) (ledger.Entry, error) {
	date, adjusts := s.journal.Booking(o.On)
	return s.dated(o, b, date, adjusts, moves)
}

// dated makes an entry on a day, but not before the one it follows: what comes back was paid
// before, in the books too.
func (s *State) dated(o ledger.Order, b basis, date ledger.Date, adjusts ledger.Period, moves []move) (ledger.Entry, error) {
	chart := s.Chart()
	if b.id == "" {
		b.id = ledger.EntryID(o.ID)
	}
	if b.policy == "" {
		b.policy = s.Policy().Version
	}
	if date.Before(b.after) {
		date = b.after
		if date.Period() != o.On.Period() {
			adjusts = o.On.Period()
		}
	}
	e := ledger.Entry{
		Adjusts: adjusts, Clause: b.clause, Date: date, ID: b.id, Line: b.line, Memo: b.memo, Policy: b.policy,
		Postings: make([]ledger.Posting, 0, 2*len(moves)),
	}
	for _, m := range moves {
		e.Postings = append(e.Postings,
			ledger.Posting{Account: chart.For(m.debit), Amount: m.amount, Line: m.to, Side: ledger.Debit},
			ledger.Posting{Account: chart.For(m.credit), Amount: m.amount, Line: m.from, Side: ledger.Credit})
	}
	return e, e.Check(chart)
}

// documents returns the numbers of documents and decisions: something is booked once by each, and a
// personal number could be written in its place.
func documents(do any) []string {
	switch do := do.(type) {
	case budget.Appropriate:
		return []string{do.Document}
	case budget.Adjust:
		return []string{do.Document}
	case budget.Transfer:
		return []string{do.Document}
	case budget.CarryOver:
		return []string{do.Document}
	case claim.Approve:
		return []string{do.Decision}
	case payment.DemandRecovery:
		return []string{do.Decision}
	case payment.WithdrawRecovery:
		return []string{do.Decision}
	case levy.Review:
		return []string{do.Confirmation}
	case levy.Relieve:
		return []string{do.Decision}
	case levy.Defer:
		return []string{do.Decision}
	case levy.Warn:
		return []string{do.Document}
	case levy.OrderPayment:
		return []string{do.Document}
	case levy.ChargeLateFee:
		return []string{do.Document}
	case levy.DecideRefund:
		return []string{do.Claim, do.Decision}
	case levy.Deregister:
		return []string{do.Document}
	}
	return nil
}

// serials returns the numbers of banks and treasuries, by which something is booked once. They may look like
// anything.
func serials(do any) []string {
	switch do := do.(type) {
	case payment.SendBatch:
		return []string{do.Voucher}
	case payment.Confirm:
		return []string{do.Serial}
	case payment.Return:
		return []string{do.Serial}
	case payment.ReceiveRecovery:
		return []string{do.Voucher}
	case levy.Receive:
		return []string{do.Receipt}
	case levy.WithdrawReceipt:
		return []string{do.Receipt}
	case levy.PayRefund:
		return []string{do.Voucher}
	}
	return nil
}

// names returns the identifiers and codes that come with an order, and where something was
// read: a column that was mistaken for another would put a person's number in their place.
func names(do any) []string {
	switch do := do.(type) {
	case party.Register:
		return []string{string(do.Region)}
	case budget.Appropriate:
		return parts(do.Line)
	case budget.Adjust:
		return parts(do.Line)
	case budget.Transfer:
		return append(parts(do.Line), parts(do.To)...)
	case budget.CarryOver:
		return parts(do.Line)
	case claim.Submit:
		all := []string{string(do.Claim), do.Household, do.Base}
		for _, x := range do.Costs {
			all = append(all, x.Item, x.Invoice)
		}
		return all
	case claim.Object:
		return []string{do.Objection}
	case payment.OpenBatch:
		return []string{string(do.Batch)}
	case payment.Instruct:
		return []string{string(do.Payment)}
	case payment.Reissue:
		return []string{string(do.As)}
	case payment.Record:
		return append(parts(do.Line), string(do.Payment), do.Source)
	case achievement.Record:
		return []string{string(do.Achievement), do.Source}
	case journal.ProposeEntry:
		all := parts(do.Line)
		for _, p := range do.Postings {
			all = append(all, parts(p.Line)...)
		}
		return all
	case journal.Close:
		return []string{do.Root}
	}
	return nil
}

func parts(l ledger.BudgetLine) []string {
	return []string{string(l.Region), string(l.Scheme), string(l.Fund)}
}

// freeText returns what people write in their own words, where a personal number
// could be written by mistake and would then be on record for ever.
func freeText(do any) []string {
	switch do := do.(type) {
	case party.Register:
		return []string{do.Name, do.Place, string(do.Code)}
	case party.Erase:
		return []string{do.Basis}
	case claim.Submit:
		kinds := make([]string, len(do.Evidence))
		for i, e := range do.Evidence {
			kinds[i] = e.Kind
		}
		return kinds
	case claim.Attach:
		return []string{do.Document.Kind, do.Document.Object}
	case claim.Compare:
		return do.Sources
	case claim.SecondReview:
		return []string{do.Reason}
	case claim.Publicise:
		return []string{do.Place}
	case claim.Resolve:
		return []string{do.Reason}
	case claim.Concur:
		return []string{do.Reason}
	case claim.Reject:
		return []string{do.Reason}
	case claim.Stop:
		return []string{do.Reason}
	case claim.Withdraw:
		return []string{do.Reason}
	case payment.CancelBatch:
		return []string{do.Reason}
	case payment.RemoveLine:
		return []string{do.Reason}
	case payment.Fail:
		return []string{do.Reason}
	case payment.Return:
		return []string{do.Reason}
	case payment.CorrectPayee:
		return []string{do.Reason}
	case payment.ReturnToTreasury:
		return []string{do.Reason}
	case payment.DemandRecovery:
		return []string{do.Ground}
	case payment.WithdrawRecovery:
		return []string{do.Reason}
	case payment.Record:
		return []string{do.Note}
	case levy.Relieve:
		return []string{do.Reason}
	case levy.Defer:
		return []string{do.Reason}
	case levy.WithdrawReceipt:
		return []string{do.Reason}
	case achievement.Record:
		return []string{do.Body, do.Course, do.Name}
	case achievement.Withdraw:
		return []string{do.Reason}
	case journal.ProposeEntry:
		return []string{do.Memo}
	case journal.RejectEntry:
		return []string{do.Reason}
	case journal.Reverse:
		return []string{do.Reason}
	case journal.Reopen:
		return []string{do.Reason}
	}
	return nil
}

// Package payment decides what is paid: batches, instructions, what the bank
// answered line by line, returned payments (退汇), recoveries (追回), and payments
// that were made elsewhere.
//
// A cashier opens a batch, instructs one payment for each approved claim, or for each month
// of a recurring one, and submits the batch with its control totals; an approver approves exactly those
// totals; a cashier sends it. The bank then confirms or fails each line. A
// confirmed payment may come back. A failed or returned one waits: its payee is
// corrected by one person and approved by another, and it is paid again under a
// new identifier that names the old one; or the money goes back to the treasury.
//
// Until a batch is sent it can be cancelled, or a line taken out of it: what was submitted or
// approved then is open again, and is submitted and approved with what it has. The payment ends as
// cancelled and its identifier stays used; what it was to pay is as before it: an approved claim, committed, that may be
// instructed again, or a failed or returned payment that may be re-issued again.
// What is sent is never cancelled: only the bank says what became of it.
//
//	instructed → sent → confirmed → returned ┐
//	└ cancelled       └ failed ──────────────┴→ (payee corrected) → re-issued
//	                                          └→ returned to treasury
//
// # Suspected doubles
//
// A payment made elsewhere is suspected when the same party had the same amount
// under the same scheme in the same calendar month, from this book (as the bank
// confirmed it, unless it came back) or from elsewhere (unless it was reversed):
// another region, fund or source of the same payment changes nothing. Equal amounts
// in different months are what a monthly subsidy is, and are not suspected for being
// equal. Package book adds the rule of the scheme: another award for the same purpose
// within its scope, of whatever amount, so that what is given once a year or once
// for life is suspected in the next month too. A scheme that no policy knows has no
// scope, and only the first rule.
//
// # Invariants
//
//  1. An instalment, a claim or a month of a recurring one, has at most one payment that is not cancelled, replaced by another or
//     given back to the treasury: a failed or returned one is re-issued, never
//     instructed a second time.
//  2. What is approved is a batch of so many lines and so much money; a line
//     added or lost in between refuses the approval.
//  3. Who entered, reviewed or approved a claim of the batch, or approved the batch, does not
//     pay it: open, fill, submit or send it, record what the bank answered, or correct a payee. Who
//     made the batch, or entered or reviewed a claim of it, does not approve it;
//     the same goes for the correction of a payee.
//  4. A payment that was made elsewhere is a fact: it is recorded whatever the
//     rules would have said, and a suspected double is flagged, never refused.
//  5. Recovered never exceeds demanded, as of any day, demanded never exceeds paid. What comes
//     back by itself (退汇) is demanded no more; whoever demanded does not withdraw the demand.
//     What was withdrawn is demanded again before it is received.
//  6. A source voucher is booked once (DA/T 95—2022 §8.2.2): a payment voucher number
//     sends one batch; a bank's serial pays, or returns, payments of one batch, since
//     the bank may answer a batch under one number; a pay-in slip (一般缴款书) brings
//     back money of one party, for each payment once; a decision demands a payment back
//     once. Numbers that read the same are the same. This is asked of movements of this
//     book, not of payments made elsewhere.
//  7. No step is dated before the one it follows: nothing is paid before it was
//     approved and sent, no line stands in a batch before that was opened, no
//     correction is approved before it was made or used before it was approved.
package payment

import (
	"fmt"
	"slices"

	"zhucan/ledger"
)

// An Instalment is what is paid once: a claim, or a month of a recurring one.
type Instalment struct {
	Claim ledger.ClaimID
	Month ledger.Period // zero where the claim does not recur
}

// String writes "C1", or "C1 for 2023-04".
func (i Instalment) String() string {
	if i.Month.IsZero() {
		return string(i.Claim)
	}
	return string(i.Claim) + " for " + i.Month.String()
}

// An Award is what a claim or an earlier payment entitles to: the book looks it
// up and gives it with the command.
type Award struct {
	Account ledger.AccountRef
	Actors  []ledger.ActorID // who entered, reviewed, reviewed again, approved and concurred, in this order
	Amount  ledger.Money
	Clause  string
	Line    ledger.BudgetLine
	On      ledger.Date      // of the approval
	Others  []ledger.ActorID // who had another part in its entry or review
	Party   ledger.PartyID
	Policy  string
}

// A Command asks for a change of one batch or payment.
type Command struct {
	ledger.Order
	Award Award // for Instruct
	Do    Action
}

// An Action is what a command asks for.
//
//sumtype:decl
type Action interface{ payment() }

type (
	// OpenBatch begins a batch (支付批次).
	OpenBatch struct {
		Batch ledger.BatchID `json:"batch"`
	}
	// Instruct adds a payment for an approved claim, or for a month of a recurring one.
	Instruct struct {
		Batch   ledger.BatchID   `json:"batch"`
		Claim   ledger.ClaimID   `json:"claim"`
		Month   ledger.Period    `json:"month,omitzero"`
		Payment ledger.PaymentID `json:"payment"`
	}
	// SubmitBatch closes the batch to further lines and states its control totals.
	SubmitBatch struct {
		Batch ledger.BatchID `json:"batch"`
		Lines int            `json:"lines"`
		Total ledger.Money   `json:"total"`
	}
	// ApproveBatch approves so many lines and so much money, no more and no less.
	ApproveBatch struct {
		Batch ledger.BatchID `json:"batch"`
		Lines int            `json:"lines"`
		Total ledger.Money   `json:"total"`
	}
	// SendBatch hands the batch to the bank under a voucher number (支付凭证号).
	SendBatch struct {
		Batch   ledger.BatchID `json:"batch"`
		Voucher string         `json:"voucher"`
	}
	// CancelBatch gives a batch up that was not sent, with all its lines (批次作废).
	CancelBatch struct {
		Batch  ledger.BatchID `json:"batch"`
		Reason string         `json:"reason,omitempty"` // once it is submitted
	}
	// RemoveLine takes a payment out of a batch that is not sent (撤销支付明细): the batch is open
	// again.
	RemoveLine struct {
		Payment ledger.PaymentID `json:"payment"`
		Reason  string           `json:"reason,omitempty"` // once the batch is submitted
	}
	// Confirm records that the bank paid a line.
	Confirm struct {
		Payment ledger.PaymentID `json:"payment"`
		Serial  string           `json:"serial"` // 银行交易流水号
	}
	// Fail records that the bank did not pay a line.
	Fail struct {
		Payment ledger.PaymentID `json:"payment"`
		Reason  string           `json:"reason"`
	}
	// Return records that money paid came back (退汇).
	Return struct {
		Payment ledger.PaymentID `json:"payment"`
		Reason  string           `json:"reason"`
		Serial  string           `json:"serial"`
	}
	// CorrectPayee names the account a failed or returned payment should go to.
	CorrectPayee struct {
		Account ledger.AccountRef `json:"account"`
		Payment ledger.PaymentID  `json:"payment"`
		Reason  string            `json:"reason"`
	}
	// ApproveCorrection approves exactly that account.
	ApproveCorrection struct {
		Account ledger.AccountRef `json:"account"`
		Payment ledger.PaymentID  `json:"payment"`
	}
	// Reissue pays a failed or returned payment again, in a batch, as a new payment.
	Reissue struct {
		As      ledger.PaymentID `json:"replacement"`
		Batch   ledger.BatchID   `json:"batch"`
		Payment ledger.PaymentID `json:"payment"`
	}
	// ReturnToTreasury gives up a failed or returned payment: the money goes back
	// and the award ends (缴回国库).
	ReturnToTreasury struct {
		Payment ledger.PaymentID `json:"payment"`
		Reason  string           `json:"reason"`
	}
	// DemandRecovery demands money paid back (追回决定).
	DemandRecovery struct {
		Amount   ledger.Money     `json:"amount"`
		Deadline ledger.Date      `json:"deadline"`
		Decision string           `json:"decision"`
		Ground   string           `json:"ground"` // finding and legal ground
		Payment  ledger.PaymentID `json:"payment"`
	}
	// WithdrawRecovery gives up what is demanded back and was not received (撤销追回决定).
	WithdrawRecovery struct {
		Decision string           `json:"decision"`
		Payment  ledger.PaymentID `json:"payment"`
		Reason   string           `json:"reason"`
	}
	// ReceiveRecovery records that demanded money reached the treasury.
	ReceiveRecovery struct {
		Amount  ledger.Money     `json:"amount"`
		Payment ledger.PaymentID `json:"payment"`
		Voucher string           `json:"voucher"` // 一般缴款书号
	}
	// Record takes a payment made elsewhere: a migration or an outside list. The
	// order's day is the day it was paid.
	Record struct {
		Amount  ledger.Money      `json:"amount"`
		Line    ledger.BudgetLine `json:"line"`
		Note    string            `json:"note,omitempty"`
		Party   ledger.PartyID    `json:"party"`
		Payment ledger.PaymentID  `json:"payment"`
		Source  string            `json:"source"` // where it was read: file hash and row
	}
)

func (OpenBatch) payment()         {}
func (Instruct) payment()          {}
func (SubmitBatch) payment()       {}
func (ApproveBatch) payment()      {}
func (SendBatch) payment()         {}
func (CancelBatch) payment()       {}
func (RemoveLine) payment()        {}
func (Confirm) payment()           {}
func (Fail) payment()              {}
func (Return) payment()            {}
func (CorrectPayee) payment()      {}
func (ApproveCorrection) payment() {}
func (Reissue) payment()           {}
func (ReturnToTreasury) payment()  {}
func (DemandRecovery) payment()    {}
func (WithdrawRecovery) payment()  {}
func (ReceiveRecovery) payment()   {}
func (Record) payment()            {}

// MaxLines is the most payments of one batch.
const MaxLines = 100_000

// Refusals, in the order of checking.
var (
	ErrTaken = &ledger.Rejection{
		Code: "payment-taken", Rule: "an identifier names one batch or one payment", RuleZH: "同一编号只能对应一个批次或一笔支付",
		Next: "use another identifier", NextZH: "请更换编号",
	}
	ErrUnknown = &ledger.Rejection{
		Code: "payment-unknown", Rule: "only a batch or payment that exists is acted on", RuleZH: "只能办理已存在的批次或支付",
		Next: "check the identifier", NextZH: "请核对编号",
	}
	ErrStep = &ledger.Rejection{
		Code: "payment-step", Rule: "a payment takes its steps in their order, each on the day of the one before or later", RuleZH: "支付须按批次、审批、发送、回单的顺序办理，后一环节日期不得早于前一环节",
		Source: "预算法实施条例 arts. 56, 57", Next: "take the step that is due; correct the day where two days contradict each other", NextZH: "请先办理当前应办环节；日期矛盾的请核对日期",
	}
	ErrPaid = &ledger.Rejection{
		Code: "claim-paid", Rule: "a claim, or a month of a recurring one, has one live payment", RuleZH: "一项申报（按月发放的，一个月份）只能有一笔有效支付",
		Source: "吉政办发〔2022〕35号 四（二）（避免交叉使用）", Next: "wait for the payment that is named", NextZH: "请以已列明的支付为准",
	}
	ErrFull = &ledger.Rejection{
		Code: "batch-full", Rule: "a batch has at most 100000 lines and 99999999999.99", RuleZH: "每批不超过100000笔、99,999,999,999.99元",
		Next: "open another batch", NextZH: "请另开批次",
	}
	ErrTotals = &ledger.Rejection{
		Code: "batch-totals", Rule: "a batch is submitted, approved and sent with the lines and the total it has", RuleZH: "批次笔数和金额须与提交、审批时一致",
		Source: "财政支付业务电子化管理要求（DA/T 95—2022 B.1 核对关系）", Next: "compare the lines of the batch", NextZH: "请核对批次明细",
	}
	ErrReason = &ledger.Rejection{
		Code: "payment-reason", Rule: "what the bank or a decision said is stated: serial, voucher, reason, deadline", RuleZH: "须写明流水号、凭证号、原因或期限",
		Next: "state it", NextZH: "请补充说明",
	}
	ErrDeadline = &ledger.Rejection{
		Code: "recovery-deadline", Rule: "what is demanded back may be paid until a day that is not before the demand", RuleZH: "追回决定的缴款期限不得早于决定日期",
		Next: "give a later deadline, or the day on which it was decided", NextZH: "请更正缴款期限或决定日期",
	}
	ErrBooked = &ledger.Rejection{
		Code: "voucher-booked", Rule: "a voucher number sends one batch, a bank serial moves money of one batch, a pay-in slip of one party, each payment once; a decision demands a payment back once", RuleZH: "同一凭证不得重复入账：支付凭证号对应一个批次，银行流水号对应同一批次，缴款书对应同一对象，每笔支付一次；同一决定对同一支付只追回一次",
		Source: "DA/T 95—2022 §8.2.2", Next: "look at what is named, then correct the number; where numbers begin again each year or day, write it with the year or day", NextZH: "请核对已列明的业务并更正号码；号码按年或按日重新编排的，请加注年度或日期",
	}
	ErrCorrection = &ledger.Rejection{
		Code: "correction-not-approved", Rule: "a corrected payee is approved by another person, exactly as corrected", RuleZH: "更正收款账户须经他人审批且与更正内容一致",
		Source: "行政事业单位内部控制规范（试行）财会〔2012〕21号 art. 12", Next: "have the correction approved", NextZH: "请先审批账户更正",
	}
	ErrRecovery = &ledger.Rejection{
		Code: "recovery-amount", Rule: "no more is demanded than was paid, no more received than was demanded", RuleZH: "追回金额不得超过已付金额，收回金额不得超过追回决定金额",
		Source: "财政违法行为处罚处分条例 art. 14", Next: "correct the amount or the day; demand again what was withdrawn before it is received", NextZH: "请更正金额或日期；已撤销追回的，须先重新作出追回决定",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{
	ErrTaken, ErrUnknown, ErrStep, ErrPaid, ErrFull, ErrTotals, ErrReason, ErrDeadline, ErrBooked, ErrCorrection, ErrRecovery,
}

// Decider holds the rules about batches and payments. Entries are added by the
// book, which knows the chart and the accounting period.
var Decider = ledger.Decider[*State, Command, Event]{Decide: Decide, Evolve: Evolve}

// Decide answers c in state s.
func Decide(s *State, c Command) ([]Event, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if role := duty(c.Do); role != "" {
		if err := c.Needs(role); err != nil {
			return nil, err
		}
	}
	switch do := c.Do.(type) {
	case OpenBatch:
		return s.openBatch(c, do)
	case Instruct:
		return s.instruct(c, do)
	case SubmitBatch:
		return s.submitBatch(c, do)
	case ApproveBatch:
		return s.approveBatch(c, do)
	case SendBatch:
		return s.sendBatch(c, do)
	case CancelBatch:
		return s.cancelBatch(c, do)
	case RemoveLine:
		return s.removeLine(c, do)
	case Confirm:
		return s.confirm(c, do)
	case Fail:
		return s.fail(c, do)
	case Return:
		return s.giveBack(c, do)
	case CorrectPayee:
		return s.correctPayee(c, do)
	case ApproveCorrection:
		return s.approveCorrection(c, do)
	case Reissue:
		return s.reissue(c, do)
	case ReturnToTreasury:
		return s.returnToTreasury(c, do)
	case DemandRecovery:
		return s.demandRecovery(c, do)
	case WithdrawRecovery:
		return s.withdrawRecovery(c, do)
	case ReceiveRecovery:
		return s.receiveRecovery(c, do)
	case Record:
		return s.record(c, do)
	}
	panic(fmt.Sprintf("payment: action %T", c.Do))
}

// duty returns the role an action asks for.
func duty(do Action) ledger.Role {
	switch do.(type) {
	case ApproveBatch, ApproveCorrection, DemandRecovery, ReturnToTreasury, WithdrawRecovery:
		return ledger.Approver
	case Record:
		return ledger.Clerk
	case ReceiveRecovery:
		return ledger.Accountant
	}
	return ledger.Cashier
}

func (s *State) openBatch(c Command, do OpenBatch) ([]Event, error) {
	if err := ledger.CheckID(do.Batch); err != nil {
		return nil, err
	}
	if s.batches.Has(do.Batch) || s.taken(ledger.PaymentID(do.Batch)) {
		return nil, ErrTaken.Of("batch %s", do.Batch)
	}
	return []Event{BatchOpened{Batch: do.Batch, By: c.By.ID, On: c.On}}, nil
}

// open returns a batch at a step that it did not take after on.
func (s *State) open(id ledger.BatchID, on ledger.Date, at Status) (batch, error) {
	b, err := s.find(id, at)
	if err == nil && on.Before(b.on) {
		return batch{}, ErrStep.Of("batch %s is %s since %s, which is after %s", id, b.status, b.on, on)
	}
	return b, err
}

// find returns a batch at a step.
func (s *State) find(id ledger.BatchID, at Status) (batch, error) {
	b, ok := s.batches.Get(id)
	if !ok {
		return batch{}, ErrUnknown.Of("batch %s", id)
	}
	if b.status != at {
		return batch{}, ErrStep.Of("batch %s is %s", id, b.status)
	}
	return b, nil
}

func (s *State) instruct(c Command, do Instruct) ([]Event, error) {
	if err := s.room(do.Batch, do.Payment, c.Award.Amount, c.On); err != nil {
		return nil, err
	}
	if c.On.Before(c.Award.On) {
		return nil, ErrStep.Of("claim %s is approved since %s, which is after %s", do.Claim, c.Award.On, c.On)
	}
	of := Instalment{do.Claim, do.Month}
	if live, ok := s.live.Get(of); ok {
		return nil, ErrPaid.Of("claim %s by payment %s", of, live)
	}
	if err := s.payer(c, do.Batch, slices.Concat(c.Award.Actors, c.Award.Others)); err != nil {
		return nil, err
	}
	return []Event{Instructed{
		Account: c.Award.Account, Amount: c.Award.Amount, Batch: do.Batch, By: c.By.ID, Claim: do.Claim, Clause: c.Award.Clause,
		Duties: c.Award.Actors, Line: c.Award.Line, Month: do.Month, On: c.On, Others: c.Award.Others, Party: c.Award.Party, Payment: do.Payment, Policy: c.Award.Policy,
	}}, nil
}

// payer refuses a line whose payer, or who opened the batch, had a part in its claim.
func (s *State) payer(c Command, id ledger.BatchID, actors []ledger.ActorID) error {
	if opener := s.batches.At(id).makers[0]; slices.Contains(actors, opener) {
		return ledger.ErrDuties.Of("%s, who opened batch %s, has already acted in this case", opener, id)
	}
	return c.Apart(actors...)
}

// pays refuses who had another part in a claim of the batch, or approved the batch.
func (b batch) pays(c Command) error {
	return c.Apart(slices.Concat(b.reviewers, b.approvers)...)
}

func (s *State) taken(id ledger.PaymentID) bool {
	return s.payments.Has(id) || s.recorded.At(s.ids.Find(id)) != (elsewhere{}) || s.batches.Has(ledger.BatchID(id))
}

// room refuses a line that the batch cannot take.
func (s *State) room(id ledger.BatchID, p ledger.PaymentID, amount ledger.Money, on ledger.Date) error {
	if err := ledger.CheckID(p); err != nil {
		return err
	}
	if s.taken(p) || s.batches.Has(ledger.BatchID(p)) {
		return ErrTaken.Of("payment %s", p)
	}
	// Lines may come in any order of days: the batch is of the latest of them.
	b, err := s.find(id, Opened)
	if err != nil {
		return err
	}
	if on.Before(b.opened) {
		return ErrStep.Of("batch %s is open since %s, which is after %s", id, b.opened, on)
	}
	if b.lines >= MaxLines || b.total.Add(amount).Cmp(ledger.MaxMoney) > 0 {
		return ErrFull.Of("batch %s", id)
	}
	return nil
}

func (s *State) submitBatch(c Command, do SubmitBatch) ([]Event, error) {
	b, err := s.open(do.Batch, c.On, Opened)
	if err != nil {
		return nil, err
	}
	if err := b.pays(c); err != nil {
		return nil, err
	}
	if err := b.agrees(do.Batch, do.Lines, do.Total); err != nil {
		return nil, err
	}
	return []Event{BatchSubmitted{Batch: do.Batch, By: c.By.ID, Lines: do.Lines, On: c.On, Total: do.Total}}, nil
}

func (b batch) agrees(id ledger.BatchID, lines int, total ledger.Money) error {
	if b.lines == 0 || b.lines != lines || !b.total.Equal(total) {
		return ErrTotals.Of("batch %s has %d lines of %s, not %d of %s", id, b.lines, b.total, lines, total)
	}
	return nil
}

func (s *State) approveBatch(c Command, do ApproveBatch) ([]Event, error) {
	b, err := s.open(do.Batch, c.On, Submitted)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(b.makers...); err != nil {
		return nil, err
	}
	if err := c.Apart(b.reviewers...); err != nil {
		return nil, err
	}
	if err := b.agrees(do.Batch, do.Lines, do.Total); err != nil {
		return nil, err
	}
	return []Event{BatchApproved{Batch: do.Batch, By: c.By.ID, Lines: do.Lines, On: c.On, Total: do.Total}}, nil
}

func (s *State) sendBatch(c Command, do SendBatch) ([]Event, error) {
	b, err := s.open(do.Batch, c.On, Approved)
	if err != nil {
		return nil, err
	}
	if err := b.pays(c); err != nil {
		return nil, err
	}
	if do.Voucher == "" {
		return nil, ErrReason.Of("batch %s has no voucher number", do.Batch)
	}
	if first, ok := s.booked.Get(movement(sending, do.Voucher)); ok {
		return nil, ErrBooked.Of("voucher %s sent batch %s", do.Voucher, first)
	}
	return []Event{BatchSent{Batch: do.Batch, By: c.By.ID, Lines: b.lines, On: c.On, Total: b.total, Voucher: do.Voucher}}, nil
}

// cancelBatch asks for no other person: nothing is paid, and who may not send the
// batch may still say that it must not be sent.
func (s *State) cancelBatch(c Command, do CancelBatch) ([]Event, error) {
	b, ok := s.batches.Get(do.Batch)
	if !ok {
		return nil, ErrUnknown.Of("batch %s", do.Batch)
	}
	if b.status == Sent || b.status == Cancelled {
		return nil, ErrStep.Of("batch %s is %s", do.Batch, b.status)
	}
	if c.On.Before(b.on) {
		return nil, ErrStep.Of("batch %s is %s since %s, which is after %s", do.Batch, b.status, b.on, c.On)
	}
	if do.Reason == "" && b.status != Opened {
		return nil, ErrReason.Of("batch %s is %s", do.Batch, b.status)
	}
	return []Event{BatchCancelled{Batch: do.Batch, By: c.By.ID, Lines: b.lines, On: c.On, Reason: do.Reason, Total: b.total}}, nil
}

func (s *State) removeLine(c Command, do RemoveLine) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Waiting)
	if err != nil {
		return nil, err
	}
	// Lines of an open batch come and go in any order of days.
	if b := s.batches.At(p.Batch); b.status != Opened {
		if c.On.Before(b.on) {
			return nil, ErrStep.Of("batch %s is %s since %s, which is after %s", p.Batch, b.status, b.on, c.On)
		}
		if do.Reason == "" {
			return nil, ErrReason.Of("line %s of batch %s, which is %s", do.Payment, p.Batch, b.status)
		}
	}
	return []Event{LineRemoved{Amount: p.Amount, Batch: p.Batch, By: c.By.ID, On: c.On, Payment: do.Payment, Reason: do.Reason}}, nil
}

// at returns a payment at one of the steps, which it did not take after on. An
// instructed payment is sent when its batch is.
func (s *State) at(id ledger.PaymentID, on ledger.Date, steps ...Status) (Case, error) {
	p, ok := s.Find(id)
	if !ok {
		return Case{}, ErrUnknown.Of("payment %s", id)
	}
	if p.Status == Waiting {
		if b := s.batches.At(p.Batch); b.status == Sent {
			p.Status, p.On = Sent, b.on
		}
	}
	if !slices.Contains(steps, p.Status) {
		return Case{}, ErrStep.Of("payment %s is %s", id, p.Status)
	}
	if on.Before(p.On) {
		return Case{}, ErrStep.Of("payment %s is %s since %s, which is after %s", id, p.Status, p.On, on)
	}
	return p, nil
}

// What a number on a voucher can stand for.
const (
	demanding  = "demanded"
	sending    = "sent"
	paying     = "paid"
	returning  = "returned"
	recovering = "recovered"
)

// movement is the key under which it is remembered what a number stood for.
func movement(kind, number string, of ...string) [16]byte {
	return ledger.Digest(append([]string{kind, ledger.FoldNumber(number)}, of...)...)
}

// once refuses a number under which money of another batch moved already, or, where
// it is money recovered, of another party.
func (s *State) once(kind, number string, p Case) error {
	first, ok := s.booked.Get(movement(kind, number))
	if !ok {
		return nil
	}
	other, _ := s.Find(ledger.PaymentID(first))
	if kind == recovering && other.Party == p.Party || kind != recovering && other.Batch == p.Batch {
		return nil
	}
	return ErrBooked.Of("%s %s payment %s", number, kind, first)
}

func (s *State) confirm(c Command, do Confirm) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Sent)
	if err != nil {
		return nil, err
	}
	if err := s.batches.At(p.Batch).pays(c); err != nil {
		return nil, err
	}
	if do.Serial == "" {
		return nil, ErrReason.Of("payment %s has no bank serial", do.Payment)
	}
	if err := s.once(paying, do.Serial, p); err != nil {
		return nil, err
	}
	return []Event{Confirmed{Amount: p.Amount, Clause: p.Clause, Line: p.Line, On: c.On, Payment: do.Payment, Policy: p.Policy, Serial: do.Serial}}, nil
}

func (s *State) fail(c Command, do Fail) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Sent)
	if err != nil {
		return nil, err
	}
	if err := s.batches.At(p.Batch).pays(c); err != nil {
		return nil, err
	}
	if do.Reason == "" {
		return nil, ErrReason.Of("payment %s", do.Payment)
	}
	return []Event{Failed{Amount: p.Amount, On: c.On, Payment: do.Payment, Reason: do.Reason}}, nil
}

func (s *State) giveBack(c Command, do Return) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Paid)
	if err != nil {
		return nil, err
	}
	if err := s.batches.At(p.Batch).pays(c); err != nil {
		return nil, err
	}
	if do.Reason == "" || do.Serial == "" {
		return nil, ErrReason.Of("return of payment %s, serial %q", do.Payment, do.Serial)
	}
	if err := s.once(returning, do.Serial, p); err != nil {
		return nil, err
	}
	if !p.Recovered.IsZero() {
		return nil, ErrRecovery.Of("payment %s comes back, of which %s was recovered", do.Payment, p.Recovered)
	}
	return []Event{Returned{
		Amount: p.Amount, Cancelled: p.Demanded, Clause: p.Clause, Line: p.Line, On: c.On, Payment: do.Payment, Policy: p.Policy, Reason: do.Reason, Serial: do.Serial,
	}}, nil
}

func (s *State) correctPayee(c Command, do CorrectPayee) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Unpaid, GivenBack)
	if err != nil {
		return nil, err
	}
	if err := s.batches.At(p.Batch).pays(c); err != nil {
		return nil, err
	}
	if err := s.corrections.At(do.Payment).before(do.Payment, c.On); err != nil {
		return nil, err
	}
	if do.Reason == "" {
		return nil, ErrReason.Of("payment %s", do.Payment)
	}
	return []Event{PayeeCorrected{Account: do.Account, By: c.By.ID, On: c.On, Payment: do.Payment, Reason: do.Reason}}, nil
}

// before refuses a day before that of the correction or of its approval.
func (k correction) before(id ledger.PaymentID, on ledger.Date) error {
	if on.Before(k.on) {
		return ErrStep.Of("the payee of payment %s is corrected since %s, which is after %s", id, k.on, on)
	}
	return nil
}

func (s *State) approveCorrection(c Command, do ApproveCorrection) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Unpaid, GivenBack)
	if err != nil {
		return nil, err
	}
	k, ok := s.corrections.Get(do.Payment)
	if !ok || k.account != do.Account || k.approved != "" {
		return nil, ErrCorrection.Of("payment %s to account %q", do.Payment, do.Account)
	}
	if err := k.before(do.Payment, c.On); err != nil {
		return nil, err
	}
	if err := c.Apart(k.by); err != nil {
		return nil, err
	}
	if err := c.Apart(p.reviewers()...); err != nil {
		return nil, err
	}
	return []Event{CorrectionApproved{Account: do.Account, By: c.By.ID, On: c.On, Payment: do.Payment}}, nil
}

func (s *State) reissue(c Command, do Reissue) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Unpaid, GivenBack)
	if err != nil {
		return nil, err
	}
	k, ok := s.corrections.Get(do.Payment)
	if !ok || k.approved == "" {
		return nil, ErrCorrection.Of("payment %s", do.Payment)
	}
	if err := k.before(do.Payment, c.On); err != nil {
		return nil, err
	}
	if err := s.room(do.Batch, do.As, p.Amount, c.On); err != nil {
		return nil, err
	}
	duties := with(p.duties, k.approved)
	if err := s.payer(c, do.Batch, slices.Concat(duties, p.others)); err != nil {
		return nil, err
	}
	return []Event{Reissued{
		Account: k.account, Amount: p.Amount, As: do.As, Batch: do.Batch, By: c.By.ID, Claim: p.Claim, Clause: p.Clause, Duties: duties,
		Line: p.Line, Month: p.Month, On: c.On, Others: p.others, Party: p.Party, Payment: do.Payment, Policy: p.Policy,
	}}, nil
}

func (s *State) returnToTreasury(c Command, do ReturnToTreasury) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Unpaid, GivenBack)
	if err != nil {
		return nil, err
	}
	if do.Reason == "" {
		return nil, ErrReason.Of("payment %s", do.Payment)
	}
	return []Event{ReturnedToTreasury{
		Amount: p.Amount, By: c.By.ID, Claim: p.Claim, Clause: p.Clause, Line: p.Line, Month: p.Month, On: c.On, Payment: do.Payment, Policy: p.Policy, Reason: do.Reason,
	}}, nil
}

func (s *State) demandRecovery(c Command, do DemandRecovery) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Paid, Elsewhere)
	if err != nil {
		return nil, err
	}
	if do.Ground == "" || do.Decision == "" || do.Deadline.IsZero() {
		return nil, ErrReason.Of("recovery of payment %s: ground %q, decision %q, deadline %q", do.Payment, do.Ground, do.Decision, do.Deadline)
	}
	if do.Deadline.Before(c.On) {
		return nil, ErrDeadline.Of("recovery of payment %s on %s until %s", do.Payment, c.On, do.Deadline)
	}
	if s.booked.Has(movement(demanding, do.Decision, string(do.Payment))) {
		return nil, ErrBooked.Of("decision %s for payment %s", do.Decision, do.Payment)
	}
	if do.Amount.Sign() <= 0 || p.Demanded.Add(do.Amount).Cmp(p.Amount) > 0 {
		return nil, ErrRecovery.Of("%s demanded of payment %s of %s, %s already demanded", do.Amount, do.Payment, p.Amount, p.Demanded)
	}
	return []Event{RecoveryDemanded{
		Amount: do.Amount, By: c.By.ID, Clause: p.Clause, Deadline: do.Deadline, Decision: do.Decision, Ground: do.Ground,
		Line: p.Line, On: c.On, Payment: do.Payment, Policy: p.Policy,
	}}, nil
}

func (s *State) withdrawRecovery(c Command, do WithdrawRecovery) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Paid, Elsewhere)
	if err != nil {
		return nil, err
	}
	if do.Decision == "" || do.Reason == "" {
		return nil, ErrReason.Of("withdrawal of what is demanded of payment %s: decision %q", do.Payment, do.Decision)
	}
	left := p.Demanded.Sub(p.Recovered)
	if left.Sign() <= 0 {
		return nil, ErrRecovery.Of("payment %s, of which %s is demanded and %s received", do.Payment, p.Demanded, p.Recovered)
	}
	for _, d := range s.demands.At(do.Payment) {
		if d.by == "" { // received
			continue
		}
		if c.On.Before(d.on) {
			return nil, ErrStep.Of("payment %s is demanded back since %s, which is after %s", do.Payment, d.on, c.On)
		}
		if d.amount.Sign() > 0 {
			if err := c.Apart(d.by); err != nil {
				return nil, err
			}
		}
	}
	return []Event{RecoveryWithdrawn{
		Amount: left, By: c.By.ID, Clause: p.Clause, Decision: do.Decision, Line: p.Line, On: c.On, Payment: do.Payment, Policy: p.Policy, Reason: do.Reason,
	}}, nil
}

func (s *State) receiveRecovery(c Command, do ReceiveRecovery) ([]Event, error) {
	p, err := s.at(do.Payment, c.On, Paid, Elsewhere)
	if err != nil {
		return nil, err
	}
	if do.Voucher == "" {
		return nil, ErrReason.Of("recovery of payment %s has no voucher", do.Payment)
	}
	if s.booked.Has(movement(recovering, do.Voucher, string(do.Payment))) {
		return nil, ErrBooked.Of("slip %s for payment %s", do.Voucher, do.Payment)
	}
	if err := s.once(recovering, do.Voucher, p); err != nil {
		return nil, err
	}
	if do.Amount.Sign() <= 0 || p.Recovered.Add(do.Amount).Cmp(p.Demanded) > 0 {
		return nil, ErrRecovery.Of("%s received for payment %s, of which %s is demanded and %s received", do.Amount, do.Payment, p.Demanded, p.Recovered)
	}
	if since := owed(s.demands.At(do.Payment), do.Amount, func(d demand) ledger.Date { return d.on }); c.On.Before(since) {
		return nil, ErrRecovery.Of("%s received for payment %s on %s; so much is owed since %s", do.Amount, do.Payment, c.On, since)
	}
	return []Event{RecoveryReceived{
		Amount: do.Amount, Clause: p.Clause, Line: p.Line, On: c.On, Payment: do.Payment, Policy: p.Policy, Voucher: do.Voucher,
	}}, nil
}

func (s *State) record(c Command, do Record) ([]Event, error) {
	if err := ledger.CheckID(do.Payment); err != nil {
		return nil, err
	}
	if s.taken(do.Payment) {
		return nil, ErrTaken.Of("payment %s", do.Payment)
	}
	if do.Amount.Sign() <= 0 {
		return nil, ledger.ErrAmountSign.Of("payment %s of %s", do.Payment, do.Amount)
	}
	if do.Source == "" {
		return nil, ErrReason.Of("payment %s does not say where it was read", do.Payment)
	}
	e := Recorded{Amount: do.Amount, By: c.By.ID, Line: do.Line, Note: do.Note, On: c.On, Party: do.Party, Payment: do.Payment, Source: do.Source}
	if like, ok := s.like(do.Party, do.Line.Scheme, do.Amount, c.On); ok {
		e.Suspect = s.ids.Name(s.seen.At(like))
	}
	return []Event{e}, nil
}

package levy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// Refusals of cases, in the order of checking. Those of the rule of one step come where
// it is asked.
var (
	ErrEmployer = &ledger.Rejection{
		Code: "levy-employer", Rule: "the levy is of a registered employer, and persons count for it", RuleZH: "残保金缴费人须为已登记的单位，计入人数的须为已登记的个人",
		Source: "残疾人就业条例 art. 3", Next: "register the employer or the person under its kind", NextZH: "请先按类别登记单位或个人",
	}
	ErrLeft = &ledger.Rejection{
		Code: "levy-deregistered", Rule: "an employer that is deregistered files no more", RuleZH: "已注销的单位不再申报",
		Next: "check the employer", NextZH: "请核对单位",
	}
	ErrWindow = &ledger.Rejection{
		Code: "levy-filing-window", Rule: "a filing comes after the data year and not before the filing window, unless the employer is closing", RuleZH: "申报不得早于申报期开始（注销清算的除外），且不得早于所属年度终了",
		Source: "吉财税〔2022〕684号 items 1, 2", Next: "file within the window; a late filing is recorded as late", NextZH: "请在申报期内申报；逾期申报将标记为逾期",
	}
	ErrReview = &ledger.Rejection{
		Code: "levy-review", Rule: "a review has a confirmation number of its own and months of the data year, and one after the review window replaces none within it", RuleZH: "审核确认须有独立的确认书编号，月份须在所属年度内；审核期后的审核不得替代审核期内的审核",
		Source: "吉财税〔2016〕726号；吉林省地方税务局·省残联公告2017年第1号", Next: "compare with the confirmation", NextZH: "请与审核确认书核对",
	}
	ErrCounted = &ledger.Rejection{
		Code: "levy-person-counted", Rule: "a disabled person is counted by one employer at a time", RuleZH: "同一残疾职工同一时间只能由一家用人单位计入",
		Source: "残疾人就业条例 art. 8；审核办法（不得重复计入）", Next: "find out who employed the person in which months", NextZH: "请核实各月实际用人单位",
	}
	ErrExpired = &ledger.Rejection{
		Code: "levy-card-expired", Rule: "who is counted holds a card that is valid on the day of the review", RuleZH: "计入人数的残疾人证（残疾军人证）在审核当日须在有效期内",
		Source: "吉财税〔2016〕726号 art. 4；levy.disabled.expired_certificate_counts of the policy", Next: "have the card renewed and reviewed, or confirm without the person", NextZH: "请换证后再审核，或不将该人员计入",
	}
	ErrCase = &ledger.Rejection{
		Code: "levy-unknown", Rule: "a levy is filed, then assessed, then changed and collected; its region stays once it is assessed or paid", RuleZH: "残保金须先申报、再核定，方可办理后续事项；核定或缴款后不得变更所属地区",
		Next: "record the filing and the assessment first; withdraw a receipt that is of elsewhere", NextZH: "请先办理申报和核定；票据误登的请先撤销",
	}
	ErrStated = &ledger.Rejection{
		Code: "levy-stated", Rule: "decisions, documents, receipts and reasons are stated", RuleZH: "须写明决定文号、文书号、票据号或原因",
		Next: "state it", NextZH: "请补充说明",
	}
	ErrHardship = &ledger.Rejection{
		Code: "levy-hardship", Rule: "relief for hardship stays within what is due and the limit of the policy, a deferral within its months", RuleZH: "困难减免不得超过应缴额和规定限额，缓缴不得超过规定期限",
		Source: "财税〔2015〕72号 art. 17", Next: "decide within the limits", NextZH: "请在限额、期限内决定",
	}
	ErrReceipt = &ledger.Rejection{
		Code: "levy-receipt", Rule: "a receipt of the treasury is recorded once, as levy or late fee, and withdrawn only as it is recorded", RuleZH: "同一国库票据只能登记一次，并注明为残保金或滞纳金；只能撤销已登记的票据",
		Source: "预算法 art. 56", Next: "compare with the receipt that is recorded", NextZH: "请与已登记票据核对",
	}
	ErrDefault = &ledger.Rejection{
		Code: "levy-default", Rule: "who owes is warned after the last day to pay, then ordered to pay by a deadline, and charged when that has passed", RuleZH: "逾期未缴的，先警告并责令限期缴纳，限期届满仍未缴的方可加收滞纳金",
		Source: "残疾人就业条例 art. 27", Next: "take the step that is due", NextZH: "请先办理当前应办环节",
	}
	ErrRefund = &ledger.Rejection{
		Code: "levy-refund", Rule: "what is refunded was overpaid, and what is paid back was decided", RuleZH: "退费不得超过多缴额，退付不得超过退费决定",
		Source: "财政部公告2023年第8号", Next: "assess anew first, or correct the amount", NextZH: "请先重新核定，或更正金额",
	}
	ErrBooked = &ledger.Rejection{
		Code: "levy-booked", Rule: "a decision relieves or refunds a levy once, and a voucher pays refunds of one employer back, each levy once", RuleZH: "同一决定对同一笔残保金只减免或退费一次；同一退付凭证只对应一个单位，每一年度一次",
		Source: "DA/T 95—2022 §8.2.2", Next: "compare with the decision or voucher that is recorded", NextZH: "请与已登记的决定或凭证核对",
	}
	ErrUnsettled = &ledger.Rejection{
		Code: "levy-unsettled", Rule: "an employer is deregistered when what was filed and reviewed last is assessed and nothing is owed either way", RuleZH: "单位注销前，最后的申报和审核须已核定，并结清残保金（含滞纳金和退费）",
		Source: "吉财税〔2022〕684号 item 2", Next: "settle the year that is named", NextZH: "请结清所列年度",
	}
)

// caseRejections are the refusals of cases.
var caseRejections = []*ledger.Rejection{
	ErrEmployer, ErrLeft, ErrWindow, ErrReview, ErrCounted, ErrExpired, ErrCase, ErrStated, ErrHardship, ErrReceipt, ErrDefault, ErrRefund, ErrBooked, ErrUnsettled,
}

// Decider holds the rules about levies. Entries are added by the book, which knows the
// chart and the accounting period, and asks whether parties are registered.
var Decider = ledger.Decider[*State, Command, Event]{Decide: Decide, Evolve: Evolve}

// Decide answers c in state s.
func Decide(s *State, c Command) ([]Event, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := c.Needs(duty(c.Do)); err != nil {
		return nil, err
	}
	switch do := c.Do.(type) {
	case Declare:
		return s.declare(c, do)
	case Review:
		return s.review(c, do)
	case Assess:
		return s.assess(c, do)
	case Relieve:
		return s.relieve(c, do)
	case Defer:
		return s.postpone(c, do)
	case Receive:
		return s.receive(c, do)
	case WithdrawReceipt:
		return s.withdrawReceipt(c, do)
	case Warn:
		return s.warn(c, do)
	case OrderPayment:
		return s.orderPayment(c, do)
	case ChargeLateFee:
		return s.chargeLateFee(c, do)
	case DecideRefund:
		return s.decideRefund(c, do)
	case PayRefund:
		return s.payRefund(c, do)
	case Deregister:
		return s.deregister(c, do)
	}
	panic(fmt.Sprintf("levy: action %T", c.Do))
}

// duty returns the role an action asks for.
func duty(do Action) ledger.Role {
	switch do.(type) {
	case Declare, Deregister:
		return ledger.Clerk
	case Review:
		return ledger.Reviewer
	case Assess, Receive, WithdrawReceipt, PayRefund:
		return ledger.Accountant
	}
	return ledger.Approver
}

func (s *State) declare(c Command, do Declare) ([]Event, error) {
	if err := ledger.CheckID(do.Employer); err != nil {
		return nil, err
	}
	if do.Class != ledger.Individual && !slices.Contains(classes, do.Class) {
		return nil, ErrClass.Of("%s", quote(string(do.Class)))
	}
	if do.Staff.bad() || do.Staff.Sign() < 0 || do.Staff.Sign() == 0 && do.Seasonal <= 0 || do.Staff.Cmp(Int(maxStaff)) > 0 {
		return nil, ErrStaff.Of("N %s and %d months of seasonal workers", do.Staff, do.Seasonal)
	}
	if do.Seasonal < 0 || do.Seasonal > 12*maxStaff {
		return nil, ErrStaff.Of("%d months of seasonal workers", do.Seasonal)
	}
	if do.Registered.After(c.On) {
		return nil, ErrDates.Of("registered on %s, filed on %s", do.Registered, c.On)
	}
	if do.Payroll.Sign() < 0 || do.Wage.Sign() < 0 || do.Payroll.IsZero() == do.Wage.IsZero() {
		return nil, ErrWage.Of("payroll %s, average wage %s: one of them", do.Payroll, do.Wage)
	}
	if do.Payroll.Cmp(ledger.MaxMoney) > 0 || do.Wage.Cmp(ledger.MaxMoney) > 0 {
		return nil, ErrRange.Of("payroll %s, average wage %s", do.Payroll, do.Wage)
	}
	if left := s.employers.At(do.Employer).left; !left.IsZero() {
		return nil, ErrLeft.Of("%s since %s", do.Employer, left)
	}
	late, err := inWindow(c, do)
	if err != nil {
		return nil, err
	}
	e := Declared{
		By: c.By.ID, Class: do.Class, Closing: do.Closing, Employer: do.Employer, Late: late, On: c.On, Payroll: do.Payroll,
		Region: do.Region, Registered: do.Registered, Seasonal: do.Seasonal, Staff: do.Staff, Wage: do.Wage, Year: do.Year,
	}
	if k := s.cases.At(Key{do.Employer, do.Year}); k.Declared != nil {
		if k.Declared.says(e) {
			return nil, nil
		}
		if c.On.Before(k.Declared.On) {
			return nil, ErrDates.Of("filed on %s, corrected on %s", k.Declared.On, c.On)
		}
		if k.Assessed != nil && k.Assessed.Region != e.Region {
			return nil, ErrCase.Of("%s was assessed in region %s", Key{do.Employer, do.Year}, k.Assessed.Region)
		}
		if len(k.payments) > 0 && k.Declared.Region != e.Region {
			return nil, ErrCase.Of("%s was paid in region %s", Key{do.Employer, do.Year}, k.Declared.Region)
		}
	}
	return []Event{e}, nil
}

// says tells whether two filings have the same figures.
func (e Declared) says(f Declared) bool {
	return e.Class == f.Class && e.Closing == f.Closing && e.Payroll.Equal(f.Payroll) && e.Wage.Equal(f.Wage) &&
		e.Region == f.Region && e.Registered == f.Registered && e.Seasonal == f.Seasonal && e.Staff.Cmp(f.Staff) == 0
}

// inWindow tells whether a filing is late, and refuses one that is early.
func inWindow(c Command, do Declare) (late bool, err error) {
	if do.Year < 1900 || do.Year > 9998 || c.On.Year() < do.Year {
		return false, ErrWindow.Of("filed on %s for filing year %d", c.On, do.Year)
	}
	r, err := rulesOf(c, do.Region, do.Year, c.On)
	if err != nil {
		return false, err
	}
	var basis Basis
	window, err := r.filing.use(&basis)
	if err != nil {
		return false, err
	}
	first, last := window.In(do.Year)
	if c.On.Before(first) && !do.Closing {
		return false, ErrWindow.Of("filed on %s; the window begins on %s", c.On, first)
	}
	if !c.On.After(last) {
		return false, nil
	}
	last, _, err = r.Deadline()
	return c.On.After(last), err
}

// rulesOf reads the rules of a filing: those of its day, and of a late one those of the
// last day of the window, so that nobody gets another year's rules by waiting. A region that has
// another code since had the rules of where it lay in the filing year.
func rulesOf(c Command, region ledger.RegionCode, year int, filed ledger.Date) (*Rules, error) {
	region = ledger.StoodIn(region, ledger.DateOf(year, 12, 31))
	last, err := FilingDay(c.Policy, region, year, c.On)
	if err != nil {
		return nil, err
	}
	if filed.After(last) {
		filed = last
	}
	return NewRules(c.Policy, region, filed, c.On, "")
}

func (s *State) review(c Command, do Review) ([]Event, error) {
	if err := ledger.CheckID(do.Employer); err != nil {
		return nil, err
	}
	key := Key{do.Employer, do.Year}
	if strings.TrimSpace(do.Confirmation) == "" || do.Year < 1900 || do.Year > 9998 || c.On.Year() < do.Year {
		return nil, ErrReview.Of("%s, confirmation %q on %s", key, do.Confirmation, c.On)
	}
	e := Reviewed{By: c.By.ID, Confirmation: do.Confirmation, Employer: do.Employer, On: c.On, Persons: do.Persons, Region: do.Region, Year: do.Year}
	old := s.cases.At(key).Reviewed
	if of, ok := s.confirmations.Get(ledger.FoldNumber(do.Confirmation)); ok {
		if of == key && old != nil && ledger.FoldNumber(old.Confirmation) == ledger.FoldNumber(do.Confirmation) && slices.Equal(old.Persons, do.Persons) {
			return nil, nil
		}
		return nil, ErrReview.Of("confirmation %q is of %s", do.Confirmation, of)
	}
	if old != nil && c.On.Before(old.On) {
		return nil, ErrReview.Of("%s was reviewed on %s, and again on %s", key, old.On, c.On)
	}
	if old != nil && c.On.After(old.On) {
		if err := replaces(c, do, old.On); err != nil {
			return nil, err
		}
	}
	r, err := NewRules(c.Policy, do.Region, c.On, c.On, "")
	if err != nil {
		return nil, err
	}
	for i, p := range do.Persons {
		if p.From.Year() != do.Year-1 || p.To.Year() != do.Year-1 || p.To.Compare(p.From) < 0 {
			return nil, ErrReview.Of("%s from %s to %s, data year %d", p.Party, p.From, p.To, do.Year-1)
		}
		if err := r.valid(p, c.On); err != nil {
			return nil, err
		}
		for _, q := range do.Persons[:i] {
			if p.Party == q.Party && p.meets(q.From, q.To) {
				return nil, ErrCounted.Of("%s twice from %s to %s", p.Party, p.From, p.To)
			}
		}
		for _, x := range s.counted.At(stint{p.Party, do.Year - 1}) {
			if x.employer != do.Employer && p.meets(x.from, x.to) {
				return nil, ErrCounted.Of("%s by %s from %s to %s", p.Party, x.employer, x.from, x.to)
			}
		}
	}
	if _, _, err := r.Disabled(spells(do.Persons)); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

// replaces refuses a review that comes after the window when one within it is recorded: who is
// not declared in the window is not counted, and who is stays counted (policy.md §1.4).
func replaces(c Command, do Review, before ledger.Date) error {
	r, err := rulesOf(c, do.Region, do.Year, c.On)
	if err != nil {
		return err
	}
	var basis Basis
	counts, err := r.reviewed(do.Year, before, &basis)
	if err != nil || !counts {
		return err
	}
	if counts, err = r.reviewed(do.Year, c.On, &basis); err == nil && !counts {
		err = ErrReview.Of("%s was reviewed within the window on %s, and again on %s", Key{do.Employer, do.Year}, before, c.On)
	}
	return err
}

// reviewed tells whether a day is within the review window of a filing year.
func (r *Rules) reviewed(year int, on ledger.Date, basis *Basis) (bool, error) {
	window, err := r.review.use(basis)
	if err != nil {
		return false, err
	}
	first, last := window.In(year)
	return !on.Before(first) && !on.After(last), nil
}

func (p Person) meets(from, to ledger.Period) bool {
	return p.From.Compare(to) <= 0 && from.Compare(p.To) <= 0
}

func spells(persons []Person) []Spell {
	all := make([]Spell, len(persons))
	for i, p := range persons {
		months := int(p.To.Last().Month()) - int(p.From.Last().Month()) + 1
		all[i] = Spell{Card: p.Card, Grade: p.Grade, Months: months - p.PartMonths, PartMonths: p.PartMonths}
	}
	return all
}

func (s *State) assess(c Command, do Assess) ([]Event, error) {
	key := Key(do)
	k := s.cases.At(key)
	if k.Declared == nil {
		return nil, ErrCase.Of("%s is not filed", key)
	}
	if c.On.Before(k.Declared.On) || k.Assessed != nil && c.On.Before(k.Assessed.On) {
		return nil, ErrDates.Of("%s filed on %s, assessed on %s", key, k.Declared.On, c.On)
	}
	if c.On.Before(k.charged) {
		return nil, ErrDates.Of("%s was charged a late fee until %s, assessed on %s", key, k.charged, c.On)
	}
	e, err := k.assess(c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if k.Assessed != nil && !k.Stale && k.Assessed.says(e) {
		return nil, nil
	}
	return []Event{e}, nil
}

// says tells whether two assessments have the same figures, of the same policy.
func (e Assessed) says(f Assessed) bool {
	return e.Policy == f.Policy && e.Outcome == f.Outcome && e.Confirmation == f.Confirmation && e.Rules == f.Rules && e.Deadline == f.Deadline &&
		e.Full.Equal(f.Full) && e.Due.Equal(f.Due) && e.Staff.Cmp(f.Staff) == 0 && e.Disabled.Cmp(f.Disabled) == 0 && e.Wage.Equal(f.Wage) &&
		e.Class == f.Class && f.FeeReversed.IsZero() && f.ReliefTakenIn.IsZero()
}

// assess computes what is due under the policy of c as known on its day.
func (k Case) assess(c Command) (Assessed, error) {
	d := k.Declared
	r, err := rulesOf(c, d.Region, d.Year, d.On)
	if err != nil {
		return Assessed{}, err
	}
	f := Facts{Class: d.Class, Staff: d.Staff, Seasonal: d.Seasonal, Payroll: d.Payroll, Wage: d.Wage, Registered: d.Registered}
	confirmation, counting := "", Basis(0)
	if d.Class != ledger.Individual {
		if f.Disabled, confirmation, counting, err = k.disabled(r); err != nil {
			return Assessed{}, err
		}
	}
	a, err := r.Assess(f)
	if err != nil {
		return Assessed{}, err
	}
	e := Assessed{
		Base: a.Base, By: c.By.ID, Capped: a.Capped, Class: d.Class, Confirmation: confirmation, Disabled: a.Disabled, Due: a.Due,
		Employer: d.Employer, Full: a.Full, Gap: a.Gap, Known: c.On, On: c.On, Outcome: a.Outcome, Policy: c.Policy.Version, Ratio: a.Ratio,
		Region: d.Region, Relief: a.Relief, Rules: r.Filed(), Staff: a.Staff, Tier: a.Tier, Wage: a.Wage, Year: d.Year,
	}
	if d.Closing && a.Full.Sign() > 0 {
		// The cap of who leaves before the window looks back by a rule of its own (吉财税〔2022〕684号 item 2).
		if _, err := r.closing.use(&a.Basis); err != nil {
			return Assessed{}, err
		}
	}
	deadline, basis, err := r.Deadline()
	switch {
	case err == nil:
		e.Deadline = deadline
	case !errors.Is(err, policy.ErrUnset):
		return Assessed{}, err
	}
	e.Clauses = r.Clauses(a.Basis | counting | basis)
	if k.Assessed == nil {
		return e, nil
	}
	before := k.Assessed.Due
	e.Previous = &before
	if over := k.Relieved.Sub(e.Due); over.Sign() > 0 {
		e.ReliefTakenIn = over
	}
	if k.LateFee.Sign() > 0 {
		until := c.On
		if until.Before(k.charged) { // asked as known then, of what was charged since
			until = k.charged
		}
		_, fee, _, err := k.late(r, e.Due.Sub(k.Relieved).Add(e.ReliefTakenIn), until)
		if err != nil {
			return Assessed{}, err
		}
		if over := k.LateFee.Sub(fee); over.Sign() > 0 {
			e.FeeReversed = over
		}
	}
	return e, nil
}

// disabled computes D of the review, if there is one that counts: no review in the window is
// none employed (Jilin 2021 review notice).
func (k Case) disabled(r *Rules) (n Number, confirmation string, basis Basis, err error) {
	if k.Reviewed != nil {
		counts, err := r.reviewed(k.Declared.Year, k.Reviewed.On, &basis)
		if err != nil {
			return n, "", 0, err
		}
		if counts {
			n, by, err := r.Disabled(spells(k.Reviewed.Persons))
			if slices.ContainsFunc(k.Reviewed.Persons, func(p Person) bool { return !p.Until.IsZero() && p.Until.Before(k.Reviewed.On) }) {
				by |= onExpired
			}
			return n, k.Reviewed.Confirmation, basis | by, err
		}
	}
	none, err := r.unreviewed.use(&basis)
	if err == nil && !none {
		err = policy.ErrUnset.Of("how many count without a review, since levy.unreviewed_counts_as_zero is false")
	}
	return n, "", basis, err
}

// assessed returns a case that is assessed, not after a day.
func (s *State) assessed(key Key, on ledger.Date) (Case, error) {
	k := s.cases.At(key)
	if k.Assessed == nil {
		return k, ErrCase.Of("%s is not assessed", key)
	}
	if on.Before(k.Assessed.On) {
		return k, ErrDates.Of("%s was assessed on %s, which is after %s", key, k.Assessed.On, on)
	}
	return k, nil
}

// stated refuses what has no words.
func stated(key Key, words ...string) error {
	for _, w := range words {
		if strings.TrimSpace(w) == "" {
			return ErrStated.Of("%s", key)
		}
	}
	return nil
}

func positive(m ledger.Money) error {
	switch {
	case m.Sign() <= 0:
		return ledger.ErrAmountSign.Of("%s", m)
	case m.Cmp(ledger.MaxMoney) > 0:
		return ledger.ErrAmountRange.Of("%s", m)
	}
	return nil
}

// inForce is the policy on the day of an order, where the levy's region lies then.
func inForce(c Command, k Case) (policy.View, error) {
	lies, err := ledger.StandsIn(k.Assessed.Region, c.On)
	if err != nil {
		return policy.View{}, err
	}
	return c.Policy.In(lies.Code, c.On, c.On)
}

// limit reads a limit of hardship in force on the day of an order.
func limit(c Command, k Case, name string) (int, policy.Parameter, error) {
	v, err := inForce(c, k)
	if err != nil {
		return 0, policy.Parameter{}, err
	}
	x, err := v.Find(name)
	if err != nil {
		return 0, x, err
	}
	n, err := x.Int()
	return n, x, err
}

func (s *State) relieve(c Command, do Relieve) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	k, err := s.assessed(key, c.On)
	if err != nil {
		return nil, err
	}
	if err := stated(key, do.Decision, do.Reason); err != nil {
		return nil, err
	}
	if err := positive(do.Amount); err != nil {
		return nil, err
	}
	if old, ok := s.papers.Get(numbered(reliefDecision, do.Decision, key)); ok {
		return nil, old.unless(c.On, do.Amount, do.Decision)
	}
	if err := c.Apart(k.Declared.By, k.Assessed.By); err != nil {
		return nil, err
	}
	years, x, err := limit(c, k, "levy.hardship.max_relief")
	if err != nil {
		return nil, err
	}
	sum := k.Relieved.Add(do.Amount)
	if sum.Cmp(k.Assessed.Due.Times(int64(years))) > 0 || sum.Cmp(k.Assessed.Due) > 0 {
		return nil, ErrHardship.Of("%s in all of %s due, limit %d years of levy", sum, k.Assessed.Due, years)
	}
	return []Event{Relieved{Amount: do.Amount, By: c.By.ID, Clause: x.Source, Decision: do.Decision, Employer: do.Employer, On: c.On, Reason: do.Reason, Year: do.Year}}, nil
}

func (s *State) postpone(c Command, do Defer) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	k, err := s.assessed(key, c.On)
	if err != nil {
		return nil, err
	}
	if err := stated(key, do.Decision, do.Reason); err != nil {
		return nil, err
	}
	if err := c.Apart(k.Declared.By, k.Assessed.By); err != nil {
		return nil, err
	}
	if k.Assessed.Deadline.IsZero() {
		return nil, policy.ErrUnset.Of("the last day to pay of %s", key)
	}
	months, x, err := limit(c, k, "levy.hardship.max_deferral")
	if err != nil {
		return nil, err
	}
	if do.Until.Before(c.On) {
		return nil, ErrDates.Of("%s deferred on %s until %s", key, c.On, do.Until)
	}
	if last := k.Assessed.Deadline.AddMonths(months); !do.Until.After(k.Deadline) || do.Until.After(last) {
		return nil, ErrHardship.Of("deferred from %s until %s, at most until %s", k.Deadline, do.Until, last)
	}
	return []Event{Deferred{
		By: c.By.ID, Clause: x.Source, Decision: do.Decision, Employer: do.Employer, On: c.On, Policy: c.Policy.Version, Reason: do.Reason, Until: do.Until, Year: do.Year,
	}}, nil
}

// receive takes money that came in whether or not it was expected: more than is owed is
// seen as overpaid. Only what belongs to no levy is refused.
func (s *State) receive(c Command, do Receive) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	if err := stated(key, do.Receipt); err != nil {
		return nil, err
	}
	if do.Kind != Principal && do.Kind != LateFees {
		return nil, ErrReceipt.Of("%q is neither levy nor late-fee", do.Kind)
	}
	if err := positive(do.Amount); err != nil {
		return nil, err
	}
	if old, ok := s.receipts.Get(ledger.FoldNumber(do.Receipt)); ok {
		if old.of == key && old.kind == do.Kind && old.amount.Equal(do.Amount) && old.on == c.On {
			return nil, nil
		}
		return nil, ErrReceipt.Of("receipt %q of %s over %s", do.Receipt, old.of, old.amount)
	}
	k := s.cases.At(key)
	if k.Declared == nil {
		return nil, ErrCase.Of("%s is not filed", key)
	}
	if c.On.Year() < do.Year {
		return nil, ErrDates.Of("paid on %s for filing year %d", c.On, do.Year)
	}
	return []Event{Received{
		Amount: do.Amount, By: c.By.ID, Employer: do.Employer, Kind: do.Kind, On: c.On, Receipt: do.Receipt, Region: k.Declared.Region, Year: do.Year,
	}}, nil
}

// withdrawReceipt takes a receipt back on a day that is not before its own. What was decided
// with it stands: what it paid is owed, a refund of it too.
func (s *State) withdrawReceipt(c Command, do WithdrawReceipt) ([]Event, error) {
	old, ok := s.receipts.Get(ledger.FoldNumber(do.Receipt))
	if !ok {
		return nil, ErrReceipt.Of("no receipt %q is recorded", do.Receipt)
	}
	if err := stated(old.of, do.Reason); err != nil {
		return nil, err
	}
	if c.On.Before(old.on) {
		return nil, ErrDates.Of("receipt %q is of %s, withdrawn on %s", old.number, old.on, c.On)
	}
	if err := c.Apart(old.by); err != nil {
		return nil, err
	}
	return []Event{ReceiptWithdrawn{
		Amount: old.amount, By: c.By.ID, Employer: old.of.Employer, Kind: old.kind, On: c.On, Reason: do.Reason, Receipt: old.number, Region: old.region, Year: old.of.Year,
	}}, nil
}

// owing returns a case of which something is owed after the last day to pay.
func (s *State) owing(key Key, on ledger.Date) (Case, error) {
	k, err := s.assessed(key, on)
	if err != nil {
		return k, err
	}
	if k.Deadline.IsZero() {
		return k, policy.ErrUnset.Of("the last day to pay of %s", key)
	}
	if k.Owed().Sign() <= 0 || !on.After(k.Deadline) {
		return k, ErrDefault.Of("%s owes %s, to be paid until %s", key, k.Owed(), k.Deadline)
	}
	return k, nil
}

func (s *State) warn(c Command, do Warn) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	k, err := s.owing(key, c.On)
	if err != nil {
		return nil, err
	}
	if err := stated(key, do.Document); err != nil {
		return nil, err
	}
	return []Event{Warned{By: c.By.ID, Document: do.Document, Employer: do.Employer, On: c.On, Owed: k.Owed(), Year: do.Year}}, nil
}

func (s *State) orderPayment(c Command, do OrderPayment) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	k, err := s.owing(key, c.On)
	if err != nil {
		return nil, err
	}
	if err := stated(key, do.Document); err != nil {
		return nil, err
	}
	if k.Warned.IsZero() || c.On.Before(k.Warned) || do.Deadline.Before(c.On) {
		return nil, ErrDefault.Of("%s warned on %q, ordered on %s to pay until %s", key, k.Warned, c.On, do.Deadline)
	}
	if k.LateFee.Sign() > 0 && k.ordered().Cmp(k.Net()) >= 0 {
		return nil, ErrDefault.Of("%s was ordered to pay until %s, and a late fee is charged", key, k.OrderedBy)
	}
	return []Event{PaymentOrdered{By: c.By.ID, Deadline: do.Deadline, Document: do.Document, Employer: do.Employer, On: c.On, Owed: k.Owed(), Year: do.Year}}, nil
}

func (s *State) chargeLateFee(c Command, do ChargeLateFee) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	k, err := s.assessed(key, c.On)
	if err != nil {
		return nil, err
	}
	if err := stated(key, do.Document); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(k.orders, func(o order) bool { return c.On.After(o.by) }) {
		return nil, ErrDefault.Of("%s is ordered to pay until %q, charged on %s", key, k.OrderedBy, c.On)
	}
	if named := k.Received(LateFees).Sub(k.LateFee); k.Owed().Sign() <= 0 && k.paid().Cmp(k.Net()) < 0 {
		return nil, ErrDefault.Of("%s owes nothing: %s more came as late fee than is charged; withdraw its receipt and record it as principal", key, named)
	}
	r, err := rulesOf(c, k.Declared.Region, do.Year, k.Declared.On)
	if err != nil {
		return nil, err
	}
	parts, sum, basis, err := k.late(r, k.Net(), c.On)
	if err != nil {
		return nil, err
	}
	more := sum.Sub(k.LateFee)
	if more.Sign() <= 0 {
		return nil, ErrDefault.Of("%s: a late fee of %s until %s, of which %s is charged", key, sum, c.On, k.LateFee)
	}
	return []Event{LateFeeCharged{
		Amount: more, By: c.By.ID, Clauses: r.Clauses(basis), Document: do.Document, Employer: do.Employer, From: k.Deadline, On: c.On,
		Parts: parts, Policy: c.Policy.Version, Year: do.Year,
	}}, nil
}

func (s *State) decideRefund(c Command, do DecideRefund) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	k, err := s.assessed(key, c.On)
	if err != nil {
		return nil, err
	}
	if err := stated(key, do.Claim, do.Decision); err != nil {
		return nil, err
	}
	if err := positive(do.Amount); err != nil {
		return nil, err
	}
	if old, ok := s.papers.Get(numbered(refundDecision, do.Decision, key)); ok {
		return nil, old.unless(c.On, do.Amount, do.Decision)
	}
	if err := c.Apart(k.Declared.By, k.Assessed.By); err != nil {
		return nil, err
	}
	v, err := inForce(c, k)
	if err != nil {
		return nil, err
	}
	x, err := v.Find("levy.refund.allowed")
	if err != nil {
		return nil, err
	}
	allowed, err := x.Bool()
	if err != nil {
		return nil, err
	}
	if over := (ledger.Money{}).Sub(k.Owed()); !allowed || do.Amount.Cmp(over) > 0 {
		return nil, ErrRefund.Of("%s of %s, which is overpaid by %s", do.Amount, key, over)
	}
	return []Event{RefundDecided{Amount: do.Amount, By: c.By.ID, Claim: do.Claim, Clause: x.Source, Decision: do.Decision, Employer: do.Employer, On: c.On, Year: do.Year}}, nil
}

func (s *State) payRefund(c Command, do PayRefund) ([]Event, error) {
	key := Key{do.Employer, do.Year}
	k, err := s.assessed(key, c.On)
	if err != nil {
		return nil, err
	}
	if err := stated(key, do.Voucher); err != nil {
		return nil, err
	}
	if err := positive(do.Amount); err != nil {
		return nil, err
	}
	if err := c.Apart(k.deciders...); err != nil {
		return nil, err
	}
	if old, ok := s.papers.Get(numbered(refundVoucher, do.Voucher, key)); ok {
		return nil, old.unless(c.On, do.Amount, do.Voucher)
	}
	if first, ok := s.papers.Get(numbered(refundVoucher, do.Voucher, Key{})); ok && first.of.Employer != do.Employer {
		return nil, ErrBooked.Of("%s is of %s", do.Voucher, first.of)
	}
	if left := k.Refund.Sub(k.Refunded); do.Amount.Cmp(left) > 0 {
		return nil, ErrRefund.Of("%s of %s, for which %s is decided and not paid back", do.Amount, key, left)
	}
	return []Event{Refunded{Amount: do.Amount, By: c.By.ID, Employer: do.Employer, On: c.On, Voucher: do.Voucher, Year: do.Year}}, nil
}

func (s *State) deregister(c Command, do Deregister) ([]Event, error) {
	of, ok := s.employers.Get(do.Employer)
	if !ok {
		return nil, ErrCase.Of("%s has filed nothing", do.Employer)
	}
	if strings.TrimSpace(do.Document) == "" {
		return nil, ErrStated.Of("%s", do.Employer)
	}
	if !of.left.IsZero() {
		if of.left == c.On {
			return nil, nil
		}
		return nil, ErrLeft.Of("%s since %s", do.Employer, of.left)
	}
	if c.On.Before(of.last) {
		return nil, ErrDates.Of("%s is deregistered on %s, and the last that was recorded of it is of %s", do.Employer, c.On, of.last)
	}
	for _, year := range of.years {
		key := Key{do.Employer, year}
		k := s.cases.At(key)
		if k.Stale {
			return nil, ErrUnsettled.Of("%s was corrected after it was assessed", key)
		}
		if k.Declared != nil && k.Assessed == nil || !k.Owed().IsZero() || !k.Refund.Equal(k.Refunded) {
			return nil, ErrUnsettled.Of("%s: owed %s, to be refunded %s", key, k.Owed(), k.Refund.Sub(k.Refunded))
		}
	}
	return []Event{Deregistered{By: c.By.ID, Document: do.Document, Employer: do.Employer, On: c.On}}, nil
}

// An Affected assessment is one that would be another today.
type Affected struct {
	Key   Key
	Then  Assessed
	Now   Assessed // without figures where Err says why there are none
	Delta ledger.Money
	Err   error
}

// Affected lists the last assessments that were decided under one of the policies that old
// names, or with less known than today, and what each would be under pack as known on a day.
// Those that would be the same are among them, with a difference of nothing.
func (s *State) Affected(pack *policy.Pack, known ledger.Date, old func(Assessed) bool) []Affected {
	var all []Affected
	for key, k := range s.Cases() {
		if k.Assessed == nil || !old(*k.Assessed) {
			continue
		}
		a := Affected{Key: key, Then: *k.Assessed}
		a.Now, a.Err = k.assess(Command{Order: ledger.Order{On: known}, Policy: pack})
		if a.Err == nil {
			a.Delta = a.Now.Due.Sub(a.Then.Due)
		}
		all = append(all, a)
	}
	return all
}

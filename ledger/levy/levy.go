package levy

import (
	"errors"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// Facts are what is known of an employer and the data year. The zero Money, Number and
// Date mean: not given.
type Facts struct {
	Class      ledger.UnitClass
	Staff      Number       // N, annual average, before rounding; without seasonal workers where these are given
	Seasonal   int          // seasonal workers of the data year, heads × months; none is none beside the staff
	Disabled   Number       // D, weighted and reviewed, before rounding; no review in the window: none
	Payroll    ledger.Money // total wages of the data year; the average wage follows from them
	Wage       ledger.Money // own average wage W, where no payroll is given
	Social     ledger.Money // local average wage S; not given: the policy's
	Uncapped   bool         // the wage may stand uncapped where no local average wage is known
	Ratio      Number       // r; not given: the policy's
	Registered ledger.Date  // for the exemption of new enterprises
}

// An Outcome is why an employer owes nothing; the empty Outcome is that it owes.
type Outcome string

// The outcomes, in the order in which they are asked (policy.md §1.8).
const (
	NotLiable       Outcome = "not-liable"       // no 用人单位, which is not the same as exempt
	QuotaMet        Outcome = "quota-met"        // D ≥ N × r
	SmallEnterprise Outcome = "small-enterprise" // exempt; the full levy is its relief
	NewEnterprise   Outcome = "new-enterprise"   // exempt; the full levy is its relief
)

// An Assessment is the levy of one employer and year. Full = Due + Relief.
type Assessment struct {
	Outcome  Outcome
	Staff    Number // as used
	Disabled Number // as used
	Ratio    Number
	Gap      Number // N × r − D; negative: the surplus that a reward looks at
	Wage     ledger.Money
	Base     ledger.Money // the wage, or the cap
	Capped   bool         // the wage is above the cap
	Uncapped bool         // no cap was known
	Full     ledger.Money
	Tier     Number // 0 unless the employer owes
	Relief   ledger.Money
	Due      ledger.Money
	Basis    Basis
}

// Refusals of facts, in the order of checking. [policy.ErrUnset] comes where a parameter
// is first needed.
var (
	ErrClass = &ledger.Rejection{
		Code: "levy-unit-class", Rule: "the levy knows organs, social organisations, enterprises, institutions, private non-enterprise units, and individual businesses, which are not liable; where the credit code settles the class, it is this one",
		RuleZH: "用人单位类别须为机关、社会团体、企业、事业单位、民办非企业单位或个体工商户（不属征收对象）；统一社会信用代码能确定类别的，须与其一致", Source: "残疾人就业条例 art. 3；吉财税〔2016〕726号 art. 2",
		Next: "give one of organ, social_org, enterprise, institution, nonprofit, individual; others are to be configured", NextZH: "请填写所列类别之一；其他类别须先有依据",
	}
	ErrStaff = &ledger.Rejection{
		Code: "levy-staff", Rule: "an employer has staff: N is above zero after rounding, at most ten million", RuleZH: "在职职工人数须大于零（取整后）且不超过一千万",
		Source: "财税〔2015〕72号 art. 8", Next: "correct the number of staff", NextZH: "请更正在职职工人数",
	}
	ErrDisabled = &ledger.Rejection{
		Code: "levy-disabled", Rule: "the weighted disabled staff are between none and all the staff, each counted double", RuleZH: "安排残疾人就业人数（折算后）不得为负，也不得多于在职职工全部加倍计算的人数",
		Source: "财税〔2015〕72号 art. 7；吉财税〔2016〕726号 art. 4", Next: "compare with the federation's confirmation", NextZH: "请与残联审核确认书核对",
	}
	ErrRatio = &ledger.Rejection{
		Code: "levy-ratio", Rule: "the required ratio is no less than the national floor and less than ten times as much: 16 %, 15 % and 0.16 % are lost decimal points", RuleZH: "应安排比例不得低于国家规定下限，也不得达到其十倍：16%、15%、0.16%系小数点错位",
		Source: "残疾人就业条例 art. 8", Next: "write 1.6 % as 0.016, or leave it out", NextZH: "1.6%请填0.016，或留空取政策值",
	}
	ErrWage = &ledger.Rejection{
		Code: "levy-wage", Rule: "the average wage, or the payroll it follows from, is given and above zero", RuleZH: "须给出年平均工资或工资总额，且大于零",
		Source: "财税〔2015〕72号 art. 8", Next: "give the wages of the data year", NextZH: "请填写上年工资",
	}
	ErrRange = &ledger.Rejection{
		Code: "levy-range", Rule: "figures of the levy stay within what an amount may be", RuleZH: "残保金各项数值不得超出金额范围",
		Next: "check the units of staff and wages", NextZH: "请核对人数和工资的单位",
	}
	ErrDates = &ledger.Rejection{
		Code: "levy-dates", Rule: "an employer is registered before it files, nothing of a filing year is assessed or paid before the year begins, and no step is dated before one it rests on", RuleZH: "登记日期不得晚于申报日，评定、缴纳日期不得早于申报年度，各环节日期不得早于其所依据的环节",
		Next: "correct the date", NextZH: "请更正日期",
	}
	ErrPerson = &ledger.Rejection{
		Code: "levy-disabled-person", Rule: "a disabled person counts by a certificate and its grade, for at most twelve months of a year", RuleZH: "残疾职工按证件种类、等级计算，每年不超过十二个月",
		Source: "财税〔2015〕72号 art. 7；吉财税〔2016〕726号 art. 4", Next: "correct kind, grade or months", NextZH: "请更正证件种类、等级或月数",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = append([]*ledger.Rejection{ErrNumber, ErrClass, ErrStaff, ErrDisabled, ErrRatio, ErrDates, ErrWage, ErrRange, ErrPerson}, caseRejections...)

// maxStaff is the largest number of staff that is not a slip of the pen.
const maxStaff = 10_000_000

// Assess computes the levy. With a refusal it returns the figures reached before: those
// of persons may be there, amounts are not.
func (r *Rules) Assess(f Facts) (Assessment, error) {
	a := Assessment{}
	if f.Class == ledger.Individual {
		a.Outcome, a.Basis = NotLiable, onLiable
		return a, nil
	}
	if !slices.Contains(classes, f.Class) {
		return a, ErrClass.Of("%s", quote(string(f.Class)))
	}
	if err := r.average(&f, &a.Basis); err != nil {
		return a, err
	}
	if err := r.persons(&a, f); err != nil {
		return a, err
	}
	if err := r.relieve(&a, f); err != nil {
		return a, err
	}
	base, err := r.base(&a, f)
	if err != nil {
		return a, err
	}
	return r.amounts(a, base)
}

var classes = []ledger.UnitClass{ledger.Organ, ledger.SocialOrg, ledger.Enterprise, ledger.Institution, ledger.Nonprofit}

// persons settles N, D, r and the gap.
func (r *Rules) persons(a *Assessment, f Facts) (err error) {
	if f.Staff.bad() || f.Staff.Sign() <= 0 || f.Staff.Cmp(Int(maxStaff)) > 0 {
		return ErrStaff.Of("N %s", f.Staff)
	}
	if a.Staff, err = round(f.Staff, r.rounding.n, &a.Basis); err != nil {
		return err
	}
	if a.Staff.Sign() == 0 {
		return ErrStaff.Of("N %s is rounded to 0", f.Staff)
	}
	if f.Disabled.bad() {
		return ErrDisabled.Of("D %s", f.Disabled)
	}
	if a.Disabled, err = round(f.Disabled, r.rounding.d, &a.Basis); err != nil {
		return err
	}
	most := a.Staff
	if a.Disabled.Cmp(most) > 0 {
		double, err := r.weight.use(&a.Basis)
		if err != nil {
			return err
		}
		most = most.Mul(Int(double))
	}
	if f.Disabled.Sign() < 0 || a.Disabled.Cmp(most) > 0 {
		return ErrDisabled.Of("D %s, N %s", f.Disabled, f.Staff)
	}
	if a.Ratio, err = r.required(a, f.Ratio); err != nil {
		return err
	}
	a.Gap, err = round(a.Staff.Mul(a.Ratio).Sub(a.Disabled), r.rounding.gap, &a.Basis)
	return err
}

// required is the ratio given, if it can be meant, or the policy's.
func (r *Rules) required(a *Assessment, given Number) (Number, error) {
	if given == (Number{}) {
		return r.ratio.use(&a.Basis)
	}
	a.Basis |= onGiven
	floor, err := r.floor.use(&a.Basis)
	if err != nil {
		return Number{}, err
	}
	if given.bad() || given.Cmp(floor) < 0 || given.Cmp(floor.Mul(Int(10))) >= 0 {
		return Number{}, ErrRatio.Of("%s, national floor %s", given, floor)
	}
	return given, nil
}

// relieve settles whether the employer owes, and its tier.
func (r *Rules) relieve(a *Assessment, f Facts) error {
	if f.Registered.After(r.Filed()) {
		return ErrDates.Of("registered on %s, filed on %s", f.Registered, r.Filed())
	}
	a.Basis |= onFormula
	if a.Gap.Sign() <= 0 {
		a.Outcome = QuotaMet
		return nil
	}
	if yes, err := r.small(a, f); err != nil {
		return err
	} else if yes {
		a.Outcome = SmallEnterprise
		return nil
	}
	if yes, err := r.fresh(a, f); err != nil {
		return err
	} else if yes {
		a.Outcome = NewEnterprise
		return nil
	}
	high, err := r.high.use(&a.Basis)
	if err != nil {
		return err
	}
	low, err := r.low.use(&a.Basis)
	if err != nil {
		return err
	}
	if a.Tier = high; high == low {
		return nil
	}
	threshold, err := r.threshold.use(&a.Basis)
	if err != nil {
		return err
	}
	// D/N against the threshold, inclusive, with the D and the N of the formula: 100 × D ≥ N.
	if a.Disabled.Cmp(a.Staff.Mul(threshold)) < 0 {
		a.Tier = low
	}
	return nil
}

// small is the exemption of small enterprises. Organs, institutions, social organisations
// and private non-enterprise units of the same size pay, whatever the limit is.
func (r *Rules) small(a *Assessment, f Facts) (bool, error) {
	of, unset := r.smallClasses.use(&a.Basis)
	if unset == nil && !slices.Contains(strings.Fields(of), string(f.Class)) {
		return false, nil
	}
	limit, err := r.smallMax.use(&a.Basis)
	if err != nil || limit == 0 {
		return false, err
	}
	if unset != nil {
		return false, unset
	}
	return r.atMost(a, f.Staff, limit)
}

// atMost tells whether the staff are at most a limit. Which N is meant, the exact or the
// rounded one, is asked only where they differ about it.
func (r *Rules) atMost(a *Assessment, exact Number, limit int) (bool, error) {
	rounded, precise := a.Staff.Cmp(Int(limit)) <= 0, exact.Cmp(Int(limit)) <= 0
	if rounded == precise {
		return rounded, nil
	}
	test, err := r.smallTest.use(&a.Basis)
	if err != nil {
		return false, err
	}
	if test == "exact_N" {
		return precise, nil
	}
	return rounded, nil
}

// fresh is the exemption of new enterprises: whole years from registration, counted as
// the policy says, on the filing day. Who gives no day of registration is not one.
func (r *Rules) fresh(a *Assessment, f Facts) (bool, error) {
	if f.Class != ledger.Enterprise || f.Registered.IsZero() {
		return false, nil
	}
	limit, err := r.newMax.use(&a.Basis)
	if err != nil {
		return false, err
	}
	if few, err := r.atMost(a, f.Staff, limit); err != nil || !few {
		return false, err
	}
	years, err := r.newYears.use(&a.Basis)
	if err != nil {
		return false, err
	}
	start, err := r.newStart.use(&a.Basis)
	if err != nil {
		return false, err
	}
	begins := f.Registered
	if start == "first_day_of_month_after_registration" {
		begins = begins.Period().Next().First()
	}
	return r.Filed().Before(ledger.DateOf(begins.Year()+years, begins.Month(), begins.Day())), nil
}

// base is the own average wage, at most the cap, in fen.
func (r *Rules) base(a *Assessment, f Facts) (int64, error) {
	if f.Payroll.Sign() < 0 || f.Wage.Sign() < 0 || f.Payroll.IsZero() && f.Wage.IsZero() {
		return 0, ErrWage.Of("payroll %s, average wage %s", f.Payroll, f.Wage)
	}
	wage, _ := f.Wage.Fen()
	if !f.Payroll.IsZero() {
		payroll, ok := f.Payroll.Fen()
		if !ok {
			return 0, ErrRange.Of("payroll %s", f.Payroll)
		}
		if _, err := r.rounding.w.use(&a.Basis); err != nil {
			return 0, err
		}
		if wage, ok = half(Number{a.Staff.denominator(), a.Staff.num}, payroll); !ok || wage == 0 {
			return 0, ErrWage.Of("payroll %s of %s staff", f.Payroll, a.Staff)
		}
	}
	a.Wage = ledger.Fen(wage)
	social, err := r.local(a, f)
	if err != nil {
		return wage, r.uncapped(a, f, err)
	}
	multiple, err := r.multiple.use(&a.Basis)
	if err != nil {
		return wage, r.uncapped(a, f, err)
	}
	limit, ok := half(multiple, social)
	if !ok {
		return 0, ErrRange.Of("cap of %s × %s", multiple, ledger.Fen(social))
	}
	if a.Capped = wage > limit; a.Capped {
		return limit, nil
	}
	return wage, nil
}

// uncapped lets the wage stand where no cap is known, if that was asked for or nothing is due
// whatever the cap is.
func (r *Rules) uncapped(a *Assessment, f Facts, why error) error {
	switch {
	case !errors.Is(why, policy.ErrUnset) || !f.Uncapped && a.Outcome != QuotaMet:
		return why
	case f.Uncapped:
		a.Basis |= onUncapped
	}
	a.Uncapped = true
	return nil
}

// local is the local average wage in fen: the one given, or the policy's.
func (r *Rules) local(a *Assessment, f Facts) (int64, error) {
	if f.Social.IsZero() {
		return r.social.use(&a.Basis)
	}
	n, ok := f.Social.Fen()
	if !ok || n < 0 {
		return 0, ErrWage.Of("local average wage %s", f.Social)
	}
	return n, nil
}

// amounts computes full, due and relief. The full levy comes first and is rounded once,
// then the tier; relief is the difference (policy.md §1.9).
func (r *Rules) amounts(a Assessment, base int64) (Assessment, error) {
	before := a
	if _, err := r.rounding.money.use(&a.Basis); err != nil {
		return before, err
	}
	var full, due int64
	ok, fits := true, true
	if a.Gap.Sign() > 0 {
		full, ok = half(a.Gap, base)
		due, fits = half(a.Tier, full)
	}
	a.Base, a.Full, a.Due, a.Relief = ledger.Fen(base), ledger.Fen(full), ledger.Fen(due), ledger.Fen(full-due)
	if !ok || !fits || a.Full.Cmp(ledger.MaxMoney) > 0 || a.Base.Cmp(ledger.MaxMoney) > 0 {
		return before, ErrRange.Of("gap %s × base %s", a.Gap, ledger.Fen(base))
	}
	return a, nil
}

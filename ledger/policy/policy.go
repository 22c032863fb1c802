// Package policy says what the rules are: the schemes that pay, their standards,
// limits, exclusions and publicity, the targets of the plan, the parameters of the levy
// and of everything else that is computed, the calendar of working days and the chart of accounts,
// each in force from a date and bound to the document it comes from.
//
// A policy is published as an event ([Published]) and replaced by publishing the
// next version. Rules read the version in force; every event decided under it
// names version and clause, so that a later version changes nothing that was
// decided before.
//
// # Invariants
//
//  1. A scheme is data. A new kind of subsidy needs no code.
//  2. What no source gives is unset, and what is unset computes nothing: the
//     refusal names the parameter, the region and the date.
//  3. A version is published once, and never under another content.
//  4. A rule is in force for days (From, To) and known from another day (Published):
//     one published later may be in force earlier. Whoever asks says both days, and
//     as known on a day the answer never changes ([View]).
//
// # Failures
//
// [Pack.Check] refuses a pack that contradicts itself; nothing of it is
// published then.
package policy

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"zhucan/ledger"
)

// A Pack is one version of the policy.
type Pack struct {
	Accounts []ledger.Account `json:"accounts"`
	Days     []Day            `json:"days,omitempty"`
	Flows    []Flow           `json:"flows,omitempty"`
	Label    string           `json:"label"` // a sentence for readers; says so when it is a sample

	// LateReturn says what happens to money that comes back in a later year than
	// its line's (年度终了后退汇): "restore" gives it back to the line; empty is unset.
	LateReturn string `json:"late_return,omitempty"`

	Parameters []Parameter `json:"parameters,omitempty"`

	Schemes []Scheme `json:"schemes"`
	Source  string   `json:"source"`
	Targets []Target `json:"targets,omitempty"`
	Version string   `json:"version"`
}

// Publish asks for a pack to come into force.
type Publish struct {
	Pack Pack `json:"pack"`
}

// A Day is an exception of the working calendar: a holiday on a weekday, or a
// weekend day that is worked (调休), as the yearly notice of the State Council's
// office lists them.
type Day struct {
	Date    ledger.Date `json:"date"`
	Working bool        `json:"working"`
}

// Restore gives money that comes back in a later year to the line it came from.
const Restore = "restore"

// A Kind says what a claimant is.
type Kind string

// The kinds of claimants and payees.
const (
	Person      Kind = "person"      // 残疾人个人
	Employer    Kind = "employer"    // 用人单位
	Institution Kind = "institution" // 辅助性就业机构等机构
)

// Kinds lists every kind.
var Kinds = []Kind{Person, Employer, Institution}

// A Scope says how often something may be had.
type Scope string

// The scopes. An award occupies its group in one bucket of the scope for each
// part of its period: the life, each year, or each month.
const (
	Life  Scope = "life"  // 终身一次
	Year  Scope = "year"  // 每年一次
	Month Scope = "month" // 每月一次
)

// A Scheme is a kind of subsidy (补贴项目).
type Scheme struct {
	Cap       *ledger.Money `json:"cap,omitempty"` // most that one claim is paid, or one month of a recurring one; nil: none
	Claimants []Kind        `json:"claimants"`     // who may claim

	// Classes are those of the organisations that may claim, as the credit code tells; none: any.
	Classes []ledger.UnitClass `json:"classes,omitempty"`

	Clause    string            `json:"clause"` // document and article it rests on
	Code      ledger.SchemeCode `json:"code"`
	Evidence  []string          `json:"evidence"`            // kinds of documents a claim must have
	Excludes  []Exclusion       `json:"excludes,omitempty"`  // groups not held beside it
	Flow      string            `json:"flow,omitempty"`      // F01–F30 of the plan's map
	From      ledger.Date       `json:"from"`                // in force from
	Funds     []ledger.FundCode `json:"funds"`               // sources that may pay it (专款专用)
	Group     string            `json:"group"`               // purpose: one live award of a group per scope
	Kept      bool              `json:"kept,omitzero"`       // the documents themselves, by the time of approval; else their hashes do, with the claim
	MinMonths int               `json:"min_months,omitzero"` // least months in operation when applied for; 0: none
	NameEN    string            `json:"name_en"`
	NameZH    string            `json:"name_zh"`
	Needs     []Need            `json:"needs,omitempty"` // what a claim states beside the papers
	Once      Scope             `json:"once"`
	Publicity Publicity         `json:"publicity"`
	Published ledger.Date       `json:"published,omitzero"`  // of the document it rests on, where known
	Recurring *Recurring        `json:"recurring,omitempty"` // paid month by month; nil: once for a claim
	Standards []Standard        `json:"standards,omitempty"` // amount of one unit, in a month of a recurring scheme
	To        ledger.Date       `json:"to,omitzero"`         // in force to, inclusive; none: open
	Unit      string            `json:"unit"`                // what is counted: see CountsPersons
	UnitsEach int               `json:"units_each,omitzero"` // most units of one claim for each person, or other thing, it is for; 0: one
}

// An Exclusion is a row of the matrix of purposes: whether the same party may be
// paid for a purpose beside the scheme that declares it, in the same scope
// (避免交叉使用). A pair that no row declares is unknown.
type Exclusion struct {
	Group     string      `json:"group"`
	Published ledger.Date `json:"published,omitzero"` // of its source, where known
	Scope     Scope       `json:"scope"`
	Source    string      `json:"source"`
	Verdict   Verdict     `json:"verdict,omitempty"` // none: deny
}

// A Verdict says what the matrix says of a pair.
type Verdict string

// The verdicts.
const (
	Deny  Verdict = "deny"  // not both
	Allow Verdict = "allow" // both
	Cap   Verdict = "cap"   // both, up to what the thing cost: each names its cost items
)

// A Need is what a scheme may want a claim to state, so that rules can compare it.
type Need string

// The needs.
const (
	NeedHousehold Need = "household" // the household, which has the purpose once (户)
	NeedPersons   Need = "persons"   // on whose account an organisation claims; a person claims for itself
	NeedCosts     Need = "costs"     // the cost items, of which no more than the cost is paid
	NeedBase      Need = "base"      // the base (基地) at an address
)

// Needs lists every one.
var Needs = []Need{NeedHousehold, NeedPersons, NeedCosts, NeedBase}

// Recurring says that a claim is paid once for each of its months, and how long one person
// may be paid so: over all claims of the scheme's group, whoever claims. What no source gives
// is unset, and refuses every claim that rests on it; [None] is for a source that says there is none.
type Recurring struct {
	Every          Scope  `json:"every"`                    // month
	NearRetirement int    `json:"near_retirement,omitzero"` // years: who had fewer left when first approved is paid until retirement, whatever the term
	Placements     int    `json:"placements,omitzero"`      // most times a person is placed; months that follow each other with one claimant are one
	Source         string `json:"source,omitempty"`         // of the limits
	Term           int    `json:"term,omitzero"`            // most months a person has
}

// None is a limit, or an exception from one, of which a source says that there is none.
const None = -1

// Publicity is how long a decision is shown before it counts (公示).
type Publicity struct {
	Days    int    `json:"days"` // least length; 0: unset, nothing can be approved
	Source  string `json:"source,omitempty"`
	Working bool   `json:"working"` // working days (工作日) instead of calendar days
}

// A Standard is the amount of one unit in a region for a time (补贴标准): one that is fixed, or
// a share of what was paid for the unit.
type Standard struct {
	Amount    ledger.Money      `json:"amount,omitzero"`
	From      ledger.Date       `json:"from"`
	Published ledger.Date       `json:"published,omitzero"` // of its source, where known
	Region    ledger.RegionCode `json:"region"`
	Share     string            `json:"share,omitempty"` // 2/3, or 0.5: of the contributions that a claim states
	Source    string            `json:"source"`
	To        ledger.Date       `json:"to,omitzero"`
}

// String is the amount, or the share of what.
func (s Standard) String() string {
	if s.Share != "" {
		return s.Share + " of contributions"
	}
	return s.Amount.String()
}

// Refusals of policies, in the order of checking.
var (
	ErrPack = &ledger.Rejection{
		Code: "policy-malformed", Rule: "a policy pack does not contradict itself", RuleZH: "政策包内容须完整且不自相矛盾",
		Next: "correct the row that is named", NextZH: "请更正所指明的行",
	}
	ErrVersion = &ledger.Rejection{
		Code: "policy-version-taken", Rule: "a version names one policy", RuleZH: "政策版本号不得重复使用",
		Next: "publish under another version", NextZH: "请使用新的版本号",
	}
	ErrAccounts = &ledger.Rejection{
		Code: "policy-accounts-changed", Rule: "an account in force keeps its code, book, side and duty; a later chart renames and adds only", RuleZH: "已启用的科目不得删除或变更账簿、方向和用途，只能更名或新增",
		Source: "会计法 art. 18（会计处理方法前后各期应当一致）", Next: "keep the account as it is and add the new one", NextZH: "请保留原科目并新增科目",
	}
	ErrNone = &ledger.Rejection{
		Code: "policy-missing", Rule: "nothing is decided before a policy is published", RuleZH: "未发布政策之前不得办理业务",
		Next: "import a policy pack", NextZH: "请先导入政策包",
	}
	ErrScheme = &ledger.Rejection{
		Code: "scheme-unknown", Rule: "claims are made under a scheme in force", RuleZH: "只能按现行有效的补贴项目申报",
		Next: "use a scheme of the policy in force", NextZH: "请使用现行政策中的项目",
	}
	ErrUnset = &ledger.Rejection{
		Code: "parameter-unset", Rule: "what no source gives is not computed", RuleZH: "没有政策依据的参数不作计算",
		Next: "publish a policy that sets it, with its source", NextZH: "请发布含该参数及其依据的政策",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrPack, ErrVersion, ErrAccounts, ErrNone, ErrScheme, ErrUnset}

// Published says that a pack is in force from now on.
type Published struct {
	By   ledger.ActorID `json:"by"`
	On   ledger.Date    `json:"on"`
	Pack Pack           `json:"pack"`
}

// Case is the version.
func (e Published) Case() string { return "policy:" + e.Pack.Version }

// Effective is the day of publication.
func (e Published) Effective() ledger.Date { return e.On }

// Booked is nil: no money moves.
func (e Published) Booked() (ledger.Entry, bool) { return ledger.Entry{}, false }

// Check refuses a pack that contradicts itself and returns its chart.
func (p Pack) Check() (ledger.Chart, error) {
	if err := ledger.CheckID(p.Version); err != nil {
		return ledger.Chart{}, ErrPack.Of("version: %v", err)
	}
	chart, err := ledger.NewChart(p.Accounts)
	if err != nil {
		return ledger.Chart{}, err
	}
	codes := make(map[ledger.SchemeCode]bool)
	for _, s := range p.Schemes {
		if codes[s.Code] {
			return ledger.Chart{}, ErrPack.Of("scheme %s twice", s.Code)
		}
		codes[s.Code] = true
		if err := s.check(); err != nil {
			return ledger.Chart{}, fmt.Errorf("scheme %s: %w", s.Code, err)
		}
	}
	if p.LateReturn != "" && p.LateReturn != Restore {
		return ledger.Chart{}, ErrPack.Of("late_return %q", p.LateReturn)
	}
	for i, d := range p.Days {
		if i > 0 && !p.Days[i-1].Date.Before(d.Date) {
			return ledger.Chart{}, ErrPack.Of("calendar day %s is not after the one before it", d.Date)
		}
	}
	if i, err := CheckParameters(p.Parameters); err != nil {
		return ledger.Chart{}, fmt.Errorf("parameter %d: %w", i+1, err)
	}
	if i, err := CheckTargets(p.Targets); err != nil {
		return ledger.Chart{}, fmt.Errorf("target %d: %w", i+1, err)
	}
	if _, err := CheckFlows(p.Flows, p.Schemes); err != nil {
		return ledger.Chart{}, err
	}
	return chart, nil
}

func (s Scheme) check() error {
	if err := ledger.CheckID(s.Code); err != nil {
		return ErrPack.Of("%v", err)
	}
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"claimants", len(s.Claimants) == 0},
		{"clause", s.Clause == ""},
		{"funds", len(s.Funds) == 0},
		{"group", s.Group == ""},
		{"name", s.NameZH == "" || s.NameEN == ""},
		{"from", s.From.IsZero()},
		{"unit", s.Unit == ""},
	} {
		if field.missing {
			return ErrPack.Of("no %s", field.name)
		}
	}
	if !s.To.IsZero() && s.To.Before(s.From) {
		return ErrPack.Of("in force from %s to %s", s.From, s.To)
	}
	for _, f := range s.Funds {
		if err := ledger.CheckID(f); err != nil {
			return ErrPack.Of("fund: %v", err)
		}
	}
	for _, k := range s.Claimants {
		if !slices.Contains(Kinds, k) {
			return ErrPack.Of("claimant %q", k)
		}
	}
	for i, c := range s.Classes {
		if !slices.Contains(ledger.UnitClasses, c) || slices.Contains(s.Classes[:i], c) {
			return ErrPack.Of("class %q, which is none or there twice", c)
		}
	}
	for i, n := range s.Needs {
		if !slices.Contains(Needs, n) || slices.Contains(s.Needs[:i], n) {
			return ErrPack.Of("needs %q, which is none or there twice", n)
		}
	}
	if s.MinMonths < 0 || s.MinMonths > 600 || s.UnitsEach < 0 || s.UnitsEach > 1000 {
		return ErrPack.Of("min_months %d, units_each %d", s.MinMonths, s.UnitsEach)
	}
	if !s.Once.known() {
		return ErrPack.Of("once %q", s.Once)
	}
	if err := s.recurs(); err != nil {
		return err
	}
	for _, x := range s.Excludes {
		if !x.Scope.known() || x.Group == "" || x.Source == "" {
			return ErrPack.Of("exclusion of %q per %q without group, scope or source", x.Group, x.Scope)
		}
		if x.Verdict != "" && x.Verdict != Deny && x.Verdict != Allow && x.Verdict != Cap {
			return ErrPack.Of("verdict %q on group %s", x.Verdict, x.Group)
		}
	}
	if s.Publicity.Days < 0 || s.Publicity.Days > 366 || (s.Publicity.Days > 0 && s.Publicity.Source == "") {
		return ErrPack.Of("publicity of %d days, source %q", s.Publicity.Days, s.Publicity.Source)
	}
	if s.Cap != nil && s.Cap.Sign() <= 0 {
		return ErrPack.Of("cap %s", s.Cap)
	}
	for i, a := range s.Standards {
		if a.Amount.Sign() < 0 || a.Amount.IsZero() == (a.Share == "") || a.Region == "" || a.From.IsZero() || a.Source == "" {
			return ErrPack.Of("standard %d without region, date or source, or without one of amount and share", i+1)
		}
		if f := fraction(a.Share); a.Share != "" && (f == nil || f.Sign() <= 0 || f.Cmp(big.NewRat(1, 1)) > 0) {
			return ErrPack.Of("standard %d: share %q is not above 0 and up to 1", i+1, a.Share)
		}
		if _, err := ledger.FindRegion(a.Region, a.From); err != nil || (!a.To.IsZero() && a.To.Before(a.From)) {
			return ErrPack.Of("standard %d of region %q from %s to %s would never be found", i+1, a.Region, a.From, a.To)
		}
		for _, b := range s.Standards[:i] {
			if a.Region == b.Region && overlap(a, b) {
				return ErrPack.Of("standards of region %s overlap from %s", a.Region, a.From)
			}
		}
	}
	return nil
}

// recurs refuses a recurring scheme that contradicts itself. Cost items are paid once.
func (s Scheme) recurs() error {
	r := s.Recurring
	switch {
	case r == nil:
	case r.Every != Month || s.Once != Month:
		return ErrPack.Of("recurring every %q, once %q: both are month", r.Every, s.Once)
	case r.Term < None || r.Term > 600 || r.Placements < None || r.Placements > 600 || r.NearRetirement < None || r.NearRetirement > 60:
		return ErrPack.Of("recurring for %d months, %d placements, %d years before retirement", r.Term, r.Placements, r.NearRetirement)
	case (r.Term != 0 || r.Placements != 0 || r.NearRetirement != 0) && r.Source == "":
		return ErrPack.Of("limits without source")
	case slices.Contains(s.Needs, NeedCosts):
		return ErrPack.Of("recurring, and needs %s", NeedCosts)
	}
	return nil
}

// ForClass tells whether an organisation of a class may claim. One whose credit code tells
// none may where the scheme asks for none.
func (s Scheme) ForClass(c ledger.UnitClass) bool {
	return len(s.Classes) == 0 || slices.Contains(s.Classes, c)
}

// CountsPersons tells whether the unit of the scheme is a person, a person-time or the
// like: one that begins with 人 or person. Of any other (an institution 机构, a base 基地) a claim
// has one, since whoever claims is one.
func (s Scheme) CountsPersons() bool {
	return strings.HasPrefix(s.Unit, "人") || strings.HasPrefix(strings.ToLower(s.Unit), "person")
}

// Limits returns the most months that one person has of a recurring scheme and the most
// times one is placed, perhaps [None], and refuses what is unset.
func (s Scheme) Limits(on ledger.Date) (term, placements int, err error) {
	if s.Recurring.Term == 0 {
		return 0, 0, ErrUnset.Of("%s.term on %s", s.Code, on)
	}
	if s.Recurring.Placements == 0 {
		return 0, 0, ErrUnset.Of("%s.placements on %s", s.Code, on)
	}
	return s.Recurring.Term, s.Recurring.Placements, nil
}

func (s Scope) known() bool { return s == Life || s == Year || s == Month }

func overlap(a, b Standard) bool {
	return (b.To.IsZero() || !a.From.After(b.To)) && (a.To.IsZero() || !b.From.After(a.To))
}

// Find returns the scheme with code that is in force on a day.
func (p Pack) Find(code ledger.SchemeCode, on ledger.Date) (Scheme, error) {
	for _, s := range p.Schemes {
		if s.Code == code && !on.Before(s.From) && (s.To.IsZero() || !on.After(s.To)) {
			return s, nil
		}
	}
	return Scheme{}, ErrScheme.Of("%q on %s under policy %s", code, on, p.Version)
}

// Scheme returns the scheme with code, whether it is in force or not.
func (p Pack) Scheme(code ledger.SchemeCode) (Scheme, bool) {
	for _, s := range p.Schemes {
		if s.Code == code {
			return s, true
		}
	}
	return Scheme{}, false
}

// UntilRetirement tells whether a person who was first approved on a day and retires on
// another is paid until then, whatever the term: with fewer years left than the scheme says. It refuses
// what is unset.
func (s Scheme) UntilRetirement(approved, retires ledger.Date) (bool, error) {
	switch n := s.Recurring.NearRetirement; n {
	case 0:
		return false, ErrUnset.Of("%s.near_retirement on %s", s.Code, approved)
	case None:
		return false, nil
	default:
		return retires.AddMonths(-12 * n).Before(approved), nil
	}
}

// Standard returns the standard of the scheme in a region on a day. The most specific
// region that has one wins: the region itself, then what the table of regions says it is under.
func (s Scheme) Standard(region ledger.RegionCode, on ledger.Date) (Standard, error) {
	for r := region; r != ""; r = above(r, on) {
		for _, a := range s.Standards {
			if a.Region == r && !on.Before(a.From) && (a.To.IsZero() || !on.After(a.To)) {
				return a, nil
			}
		}
	}
	return Standard{}, ErrUnset.Of("%s.standard for region %s on %s", s.Code, region, on)
}

// Award computes what units of the scheme are worth by a standard, in one month if it
// recurs: units times its amount, or times its share of the contribution for one unit, at most the cap. A
// share is rounded down to the fen, for it is the most that may be paid. The result may exceed [ledger.MaxMoney].
func (s Scheme) Award(by Standard, units int, contribution ledger.Money) ledger.Money {
	each := by.Amount
	if by.Share != "" {
		each = contribution.Part(fraction(by.Share))
	}
	amount := each.Times(int64(units))
	if s.Cap != nil && amount.Cmp(*s.Cap) > 0 {
		amount = *s.Cap
	}
	return amount
}

// above returns the region that r is under on a day, or "". It follows the table,
// since not every region has a code whose digits say so.
func above(r ledger.RegionCode, on ledger.Date) ledger.RegionCode {
	region, err := ledger.FindRegion(r, on)
	if err != nil {
		return ""
	}
	return region.Parent
}

// Last returns the last day of a publicity that starts on a day. The first day
// counts (policy.md §4: 2020-11-02 to 2020-11-08 is seven calendar days). A
// working-day count needs a calendar that covers every year it touches.
func (p Pack) Last(pub Publicity, start ledger.Date) (ledger.Date, error) {
	if pub.Days == 0 {
		return ledger.Date{}, ErrUnset.Of("publicity.days on %s", start)
	}
	if !pub.Working {
		return start.AddDays(pub.Days - 1), nil
	}
	day := start
	for n := 0; ; day = day.AddDays(1) {
		working, err := p.working(day)
		if err != nil {
			return ledger.Date{}, err
		}
		if working {
			n++
		}
		if n == pub.Days {
			return day, nil
		}
	}
}

// working tells whether d is a working day. A year without a single exception
// listed has no calendar: guessing that it has no holidays would end a publicity
// too early.
func (p Pack) working(d ledger.Date) (bool, error) {
	covered := false
	for _, x := range p.Days {
		if x.Date == d {
			return x.Working, nil
		}
		covered = covered || x.Date.Year() == d.Year()
	}
	if !covered {
		return false, ErrUnset.Of("calendar of working days for %d", d.Year())
	}
	weekday := d.Time().Weekday()
	return weekday >= 1 && weekday <= 5, nil
}

// Wider returns the scope that comes round less often.
func (s Scope) Wider(t Scope) Scope {
	if s == Life || t == Life {
		return Life
	}
	if s == Year || t == Year {
		return Year
	}
	return Month
}

// Meets tells whether two spans of months share a part in the scope: their lives,
// a year, or a month.
func (s Scope) Meets(from, to, otherFrom, otherTo ledger.Period) bool {
	switch s {
	case Life:
		return true
	case Year:
		return from.Year() <= otherTo.Year() && otherFrom.Year() <= to.Year()
	case Month:
		return from.Compare(otherTo) <= 0 && otherFrom.Compare(to) <= 0
	}
	panic(fmt.Sprintf("policy: scope %q", s))
}

// Equal tells whether p and q say the same. A list that is absent and one that is
// empty say the same: the log does not keep them apart.
func (p Pack) Equal(q Pack) bool { return reflect.DeepEqual(p.plain(), q.plain()) }

// plain returns p with nil for every empty list.
func (p Pack) plain() Pack {
	p.Accounts, p.Days, p.Schemes = filled(p.Accounts), filled(p.Days), slices.Clone(filled(p.Schemes))
	p.Parameters, p.Targets = filled(p.Parameters), slices.Clone(filled(p.Targets))
	for i, t := range p.Targets {
		t.Departments, t.Facts, t.Overlaps, t.Splits = filled(t.Departments), filled(t.Facts), filled(t.Overlaps), filled(t.Splits)
		p.Targets[i] = t
	}
	p.Flows, p.Parameters = slices.Clone(filled(p.Flows)), filled(p.Parameters)
	for i, f := range p.Flows {
		p.Flows[i].Schemes = filled(f.Schemes)
	}
	for i, s := range p.Schemes {
		s.Claimants, s.Classes, s.Evidence, s.Excludes = filled(s.Claimants), filled(s.Classes), filled(s.Evidence), filled(s.Excludes)
		s.Funds, s.Needs, s.Standards = filled(s.Funds), filled(s.Needs), filled(s.Standards)
		p.Schemes[i] = s
	}
	return p
}

func filled[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

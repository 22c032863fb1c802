// Package book is the whole book of a province as one decider: the deciders of
// parties, budgets, claims, payments, the levy and the journal, and the rules that
// cross them.
//
// The rules that cross are these. A claim is made by a registered party, in a
// region that exists, and not beside another award for the same purpose. An
// approval commits money that is available. A payment pays an approved claim. An
// entry is dated in an open period and balances. Each event that moves money
// carries its entry, made here, where the chart is known. A person is not erased
// while a claim of theirs or on their account is open, a payment under way or money demanded back.
//
// # Streams
//
// A book is a province. Its events are one log in one order; whatever one of its
// rules must know lies in the state that this package folds from it.
//
// # Invariants
//
//  1. Every entry that is decided passes [ledger.Entry.Check] under the chart in
//     force and is dated in an open period.
//  2. The balance of the control accounts of a budget line agrees with what
//     package budget remembers of it.
//  3. A purpose is occupied by at most one live claim in the scope of its scheme:
//     the same party is not paid twice for one purpose and period, across schemes,
//     years and counties (避免交叉使用, 吉政办发〔2022〕35号 四（二）; policy.md §6, X1, X8). That
//     is tested when a claim is submitted, again when it is approved, and against
//     payments made elsewhere once more when money is to leave: when a line is instructed,
//     and when its batch is approved and sent.
//  4. Money that a command may move is decided in the order in which commands come
//     to the one appender; no two can spend the same fen.
//  5. A decision carries exactly one event.
//
// # Failures
//
// A refusal is a [ledger.Rejection]. Rules are checked in this order: the order
// itself, the policy, free text, the party, the region, the rule of the one case,
// then the rules that cross: exclusion, budget, period.
//
// # Design
//
// Facts are never refused for a rule they break (rules of policy.md §0, item 4):
// what a bank did, or what was paid elsewhere, is recorded; if its period is
// closed it is booked in the first open one and names the period it adjusts. What
// undoes an entry, and only that, is booked behind it: what comes back behind what paid it
// and the demands that it cancels, what is received or withdrawn behind the demands it needs.
//
// A stop is refused while a payment of a month after it can still be cancelled: it is
// cancelled first. So every month after a stop is released, or has a payment that the bank
// knows of, and no promise is left that nobody can pay or take back.
//
// An award occupies its purpose for a span of months, "purpose|2023-04|2023-06",
// from the day it is applied for until it ends. The event keeps the slot, so that
// a later policy changes nothing about what was occupied when; where it gives the scheme
// another group, the award is of both. Whether two spans
// collide is a question of the scope (life, year, month), asked under the policy
// in force when the later one is decided; keeping the span and not the buckets of
// today's scopes lets an exclusion published later see earlier awards.
//
// A recurring claim occupies its months. A stop, a month given back to the treasury and
// money recovered shorten what it occupies; a month that is overpaid stays occupied until its
// money is back, so that nobody has it twice meanwhile. What a person has of a term is counted
// from what is occupied.
package book

import (
	"errors"
	"fmt"
	"slices"

	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// A Command is an order to do one thing: Do is a [policy.Publish] or an Action
// of one of the deciders.
type Command struct {
	ledger.Order
	Do any
}

// Refusals of the rules that cross, in the order of checking.
var (
	ErrExclusive = &ledger.Rejection{
		Code: "already-awarded", Rule: "the same party is not paid twice for the same purpose and period, nor for purposes that exclude each other, within or across schemes, years and counties", RuleZH: "同一对象同一用途同一期间不得重复享受补贴，互斥的用途不得并享（避免交叉使用）",
		Source: "吉政办发〔2022〕35号 四（二）", Next: "look at the award that is named; withdraw this claim, take its line out of a batch that is not sent, or have the earlier one ended first", NextZH: "请核对已列明的补贴；撤回本申报或将其从未发送的批次中撤出，或先终止在先补贴",
	}
	ErrCost = &ledger.Rejection{
		Code: "cost-exceeded", Rule: "all that is given for a cost item, in kind too, is no more than its cost; an item has one cost and one invoice, an invoice one item", RuleZH: "同一成本项各项资助（含实物）之和不得超过其成本；一项一票，一票一项",
		Source: "吉政办发〔2022〕35号 四（二）", Next: "look at the item that is named; claim what is left of it", NextZH: "请核对所列成本项；仅就未获资助部分申报",
	}
	ErrBase = &ledger.Rejection{
		Code: "base-cost-item", Rule: "one base has money of several schemes in a year for different cost items only", RuleZH: "同一基地同一年度不得就同一成本项从多个项目取得资金",
		Source: "吉政办发〔2022〕35号 四（二）", Next: "claim other cost items", NextZH: "请就其他成本项申报",
	}
	ErrCapped = &ledger.Rejection{
		Code: "pair-capped", Rule: "two awards that are held together up to the cost both name the cost items", RuleZH: "以实际成本为限并享的，各项均须列明成本项",
		Source: "the row of exclusions.csv that is named", Next: "name the cost items, and what others gave for them", NextZH: "请列明成本项及其他资助金额",
	}
	ErrPair = &ledger.Rejection{
		Code: "pair-unknown", Rule: "two purposes of which the matrix does not say whether the same person may have both in a year take a second approver", RuleZH: "互斥清单未列明的用途组合，同一对象同一年度并享须经第二审批人同意",
		Source: "吉政办发〔2022〕35号 四（二）（避免交叉使用）", Next: "have another approver concur (claim.concur), or publish a policy that says so", NextZH: "请由另一审批人办理并享同意（claim.concur），或在政策中列明",
	}
	ErrTermLimit = &ledger.Rejection{
		Code: "term-exhausted", Rule: "one person has no more months of a recurring purpose than its term, over all claims and claimants", RuleZH: "同一人同一用途按月补贴累计不得超过规定期限（跨申报、跨单位合并计算）",
		Source: "the scheme's term", Next: "claim the months that are left", NextZH: "仅就剩余月数申报",
	}
	ErrPlacements = &ledger.Rejection{
		Code: "placements-exhausted", Rule: "one person is placed no more often than the scheme says; months that follow each other with one claimant are one placement", RuleZH: "同一人累计安置次数不得超过规定次数（同一单位连续月份计为一次）",
		Source: "the scheme's placements", Next: "look at the awards that are named", NextZH: "请核对已列明的补贴",
	}
	ErrNotApproved = &ledger.Rejection{
		Code: "claim-not-approved", Rule: "only an approved claim is paid", RuleZH: "只能支付已审批通过的申报",
		Source: "预算法 art. 13", Next: "have the claim approved first", NextZH: "请先完成审批",
	}
	ErrInstructed = &ledger.Rejection{
		Code: "claim-instructed", Rule: "an approved claim is not rejected once it is paid, being paid or stopped, nor stopped from a month whose payment is not sent", RuleZH: "已发起支付或已停发的申报不得撤销审批；支付尚未发送的月份不得停发",
		Next: "cancel the payment if it is not sent; otherwise return it to the treasury, or demand recovery", NextZH: "支付未发送的请先作废；已发送的请办理缴回国库或追回",
	}
)

// ErrUnknownLine refuses money for what there is not.
var ErrUnknownLine = &ledger.Rejection{
	Code: "budget-line-unknown", Rule: "money is voted for a region that exists, and a scheme of the policy from a source that may pay it", RuleZH: "指标须下达至现有地区和政策所列项目，资金来源须为该项目可用来源",
	Source: "预算法 art. 13", Next: "correct the code that is named, or publish a policy that has it", NextZH: "请更正所指明的代码，或先发布列明该项目的政策",
}

// ErrUnfinished refuses to erase a person too early.
var ErrUnfinished = &ledger.Rejection{
	Code: "erasure-too-early", Rule: "a person is not erased while a claim of theirs or on their account is open, a payment under way or money demanded back", RuleZH: "本人或单位为其所作申报未办结、支付未完成或追回未结清的，不得删除个人信息",
	Source: "个人信息保护法 art. 47", Next: "finish what is named, or have it withdrawn or rejected; until then do nothing with the data but keep it safe", NextZH: "请先办结、撤回或不予通过所列事项；在此之前仅可安全存储",
}

// Rejections lists every published refusal of the book, in the order in which
// they are declared.
func Rejections() []*ledger.Rejection {
	return slices.Concat(
		[]*ledger.Rejection{
			ledger.ErrID, ledger.ErrCharacter, ledger.ErrNumber, ledger.ErrActor, ledger.ErrDate, ledger.ErrRole, ledger.ErrDuties,
			ledger.ErrAmountForm, ledger.ErrAmountSign, ledger.ErrAmountRange, ledger.ErrTotalRange,
			ledger.ErrChart, ledger.ErrAccount, ledger.ErrBudgetLine, ledger.ErrEmptyEntry, ledger.ErrSide, ledger.ErrUnbalanced,
		},
		ledger.IdentifierRejections, ledger.RegionRejections,
		policy.Rejections, levy.Rejections, party.Rejections, budget.Rejections, claim.Rejections, payment.Rejections, journal.Rejections, achievement.Rejections,
		[]*ledger.Rejection{ErrExclusive, ErrCost, ErrBase, ErrCapped, ErrPair, ErrTermLimit, ErrPlacements, ErrNotApproved, ErrInstructed, ErrUnknownLine, ErrUnfinished},
	)
}

// State is the whole book. The zero State is a book before its first event.
type State struct {
	policy   ledger.Table[struct{}, inForce]
	versions ledger.Table[string, struct{}]
	sources  ledger.Table[source, struct{}] // of every policy there was
	parties  party.State
	budget   budget.State
	claims   claim.State
	payments payment.State
	journal  journal.State
	levies   levy.State
	facts    achievement.State
	awards   ledger.Table[ledger.Number, []held] // by holder
	holders  ledger.Names[string]
	named    ledger.Names[ledger.ClaimID] // that hold or held an award
	purposes ledger.Values[purpose]
	items    ledger.Table[string, []grant] // by number, folded
	invoices ledger.Table[string, string]  // the item that an invoice is of
}

type inForce struct {
	pack   *policy.Pack
	chart  ledger.Chart
	groups map[ledger.SchemeCode]string // of its schemes
}

// A source is money that a policy lets a scheme be paid from.
type source struct {
	scheme ledger.SchemeCode
	fund   ledger.FundCode
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return slices.Concat(
		[]ledger.Tentative{&s.policy, &s.versions, &s.sources, &s.awards, &s.items, &s.invoices},
		s.parties.Tentative(), s.budget.Tentative(), s.claims.Tentative(), s.payments.Tentative(), s.journal.Tentative(), s.levies.Tentative(), s.facts.Tentative(),
	)
}

// Policy returns the pack in force, or nil before the first.
func (s *State) Policy() *policy.Pack { return s.policy.At(struct{}{}).pack }

// Chart returns the chart of accounts in force.
func (s *State) Chart() ledger.Chart { return s.policy.At(struct{}{}).chart }

// Budget returns how the money of every line stands.
func (s *State) Budget() *budget.State { return &s.budget }

// Persons returns the persons that the vault must hold a key for.
func (s *State) Persons() []ledger.PartyID { return s.parties.Persons() }

// Decider is the whole book.
var Decider = ledger.Decider[*State, Command, ledger.Event]{Decide: Decide, Evolve: Evolve}

// Decide answers c in state s.
func Decide(s *State, c Command) ([]ledger.Event, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if do, ok := c.Do.(policy.Publish); ok {
		return s.publish(c.Order, do)
	}
	if s.Policy() == nil {
		return nil, policy.ErrNone.Of("order %s", c.ID)
	}
	if _, ok := payment.OfEntry(ledger.EntryID(c.ID)); ok {
		return nil, ledger.ErrID.Of("%q: entries of recorded payments are named so", c.ID)
	}
	papers := documents(c.Do)
	for _, n := range slices.Concat(papers, serials(c.Do)) {
		if err := ledger.CheckNumber(n); err != nil {
			return nil, fmt.Errorf("order %s: %w", c.ID, err)
		}
	}
	for _, id := range append(names(c.Do), string(c.ID)) {
		if ledger.HoldsPersonNumber(id) {
			return nil, ledger.ErrPersonalText.Of("an identifier of the order")
		}
	}
	for _, text := range slices.Concat(freeText(c.Do), papers) {
		if err := ledger.CheckText(text); err != nil {
			return nil, fmt.Errorf("order %s: %w", c.ID, err)
		}
		if ledger.FindPersonalNumber(text) {
			return nil, ledger.ErrPersonalText.Of("order %s", c.ID)
		}
	}
	switch do := c.Do.(type) {
	case party.Action:
		return s.decideParty(c.Order, do)
	case budget.Action:
		return s.decideBudget(c.Order, do)
	case claim.Action:
		return s.decideClaim(c.Order, do)
	case payment.Action:
		return s.decidePayment(c.Order, do)
	case levy.Action:
		return s.decideLevy(c.Order, do)
	case journal.Action:
		return s.decideJournal(c.Order, do)
	case achievement.Action:
		return s.decideAchievement(c.Order, do)
	}
	panic(fmt.Sprintf("book: order to do %T", c.Do))
}

// one turns the events of a part into events of the book.
func one[E ledger.Event](events []E, err error) ([]ledger.Event, error) {
	if err != nil {
		return nil, err
	}
	var all []ledger.Event
	for _, e := range events {
		all = append(all, e)
	}
	return all, nil
}

// only returns the event of a decision, or nil when there is nothing to do.
func only[E ledger.Event](events []E, err error) (ledger.Event, error) {
	if err != nil || len(events) == 0 {
		return nil, err
	}
	return events[0], nil
}

func (s *State) publish(o ledger.Order, do policy.Publish) ([]ledger.Event, error) {
	if err := o.Needs(ledger.Operator); err != nil {
		return nil, err
	}
	chart, err := do.Pack.Check()
	if err != nil {
		return nil, err
	}
	if s.versions.Has(do.Pack.Version) {
		if now := s.Policy(); now.Version == do.Pack.Version && now.Equal(do.Pack) {
			return nil, nil
		}
		return nil, policy.ErrVersion.Of("%s; in force is %s", do.Pack.Version, s.Policy().Version)
	}
	for _, a := range s.Chart().Accounts() {
		if b, ok := chart.Find(a.Code); !ok || b.Book != a.Book || b.Duty != a.Duty || b.Normal != a.Normal {
			return nil, policy.ErrAccounts.Of("account %s %s", a.Code, a.NameZH)
		}
	}
	return []ledger.Event{policy.Published{By: o.By.ID, On: o.On, Pack: do.Pack}}, nil
}

// decideParty adds that a person is erased when nothing of theirs is unfinished.
func (s *State) decideParty(o ledger.Order, do party.Action) ([]ledger.Event, error) {
	event, err := only(party.Decide(&s.parties, party.Command{Order: o, Do: do}))
	if err != nil || event == nil {
		return nil, err
	}
	if e, ok := event.(party.Erased); ok {
		if err := s.finished(e.Party); err != nil {
			return nil, err
		}
	}
	return []ledger.Event{event}, nil
}

// finished refuses a party of whom something is not at its end: a claim lies in what its
// claimant holds until it ends, and each person on whose account an organisation claims.
func (s *State) finished(p ledger.PartyID) error {
	for a := range s.heldBy(holder{party: p}) {
		if a.elsewhere {
			continue
		}
		id := ledger.ClaimID(s.idOf(a))
		k, _ := s.claims.Find(id)
		if k.Status != claim.ApprovedStep {
			return ErrUnfinished.Of("claim %s is %s", id, k.Status)
		}
		months := []ledger.Period{{}}
		if k.Recurs() {
			months = ledger.Months(a.from, a.to)
		}
		for _, month := range months {
			of := payment.Instalment{Claim: id, Month: month}
			live, ok := s.payments.Live(of)
			if !ok {
				return ErrUnfinished.Of("claim %s is approved and not paid", of)
			}
			paid, _ := s.payments.Find(live)
			switch {
			case paid.Status != payment.Paid:
				return ErrUnfinished.Of("payment %s of claim %s is %s", live, of, paid.Status)
			case k.Stopped(month):
				return ErrUnfinished.Of("payment %s of claim %s is overpaid", live, of)
			case paid.Recovered.Cmp(paid.Demanded) < 0:
				return ErrUnfinished.Of("payment %s is demanded back", live)
			}
		}
	}
	if id, ok := s.payments.Owing(p); ok {
		return ErrUnfinished.Of("payment %s is demanded back", id)
	}
	return nil
}

func (s *State) decideBudget(o ledger.Order, do budget.Action) ([]ledger.Event, error) {
	event, err := only(budget.Decide(&s.budget, budget.Command{Order: o, Do: do}))
	if err != nil || event == nil {
		return nil, err
	}
	if err := s.journal.Open(o.On); err != nil {
		return nil, err
	}
	switch e := event.(type) {
	case budget.Appropriated:
		if err := s.votable(e.Line); err != nil {
			return nil, err
		}
		if e.Entry, err = s.entry(o, basis{line: e.Line, memo: e.Document}, voting(e.Amount)...); err != nil {
			return nil, err
		}
		event = e
	case budget.Adjusted:
		moves := voting(e.Amount)
		if e.Side == ledger.Credit {
			moves = reversed(moves)
		} else if err := s.votable(e.Line); err != nil {
			return nil, err
		}
		if e.Entry, err = s.entry(o, basis{line: e.Line, memo: e.Document}, moves...); err != nil {
			return nil, err
		}
		event = e
	case budget.Transferred:
		if err := s.votable(e.To); err != nil {
			return nil, err
		}
		if e.Entry, err = s.entry(o, basis{line: e.Line, memo: e.Document}, moving(e.Line, e.To, e.Amount)...); err != nil {
			return nil, err
		}
		event = e
	case budget.CarriedOver:
		if e.Entry, err = s.entry(o, basis{line: e.Line, memo: e.Document}, moving(e.Line, e.To, e.Amount)...); err != nil {
			return nil, err
		}
		event = e
	}
	return []ledger.Event{event}, nil
}

// votable refuses a line that no claim could ever be paid from: a code mistyped would keep its money
// from everybody. A code withdrawn since, and a scheme or source that a later policy has not, still
// have claims under way and budgets of former years.
func (s *State) votable(l ledger.BudgetLine) error {
	switch {
	case !ledger.KnownHere(l.Region):
		return ErrUnknownLine.Of("%s: there is no region %s", l, l.Region)
	case !s.sources.Has(source{l.Scheme, l.Fund}):
		return ErrUnknownLine.Of("%s: no policy so far has scheme %s paid from %s", l, l.Scheme, l.Fund)
	}
	return nil
}

func (s *State) decideClaim(o ledger.Order, do claim.Action) ([]ledger.Event, error) {
	if submit, ok := do.(claim.Submit); ok {
		if err := s.mayClaim(o, submit); err != nil {
			return nil, err
		}
	}
	event, err := only(claim.Decide(&s.claims, claim.Command{Order: o, Policy: s.Policy(), Do: do}))
	if err != nil || event == nil {
		return nil, err
	}
	switch e := event.(type) {
	case claim.Submitted:
		scheme, err := s.Policy().Find(e.Scheme, o.On)
		if err != nil {
			return nil, err
		}
		c := contest{string(e.Claim), e.Party, e.Persons, e.Household, scheme, e.From, e.To, e.Retires}
		if err := s.denied(c, s.meetings(c, func(award) bool { return true })); err != nil {
			return nil, err
		}
		if err := s.limited(c, o.On, func(award) bool { return true }); err != nil {
			return nil, err
		}
		if err := s.share(&e); err != nil {
			return nil, err
		}
		e.Slots = []string{span(scheme.Group, e.From, e.To)}
		event = e
	case claim.EvidenceAttached:
		k, _ := s.claims.Find(e.Claim)
		if err := s.parties.Check(k.Party, ""); err != nil {
			return nil, err
		}
		// What is about persons is not kept in the clear, nor under another's key, for
		// erasing the person would leave it readable (个人信息保护法 arts. 47, 51).
		want := ledger.PartyID("")
		if k.Personal(s.parties.Kind(k.Party)) {
			want = k.Party
		}
		if e.Document.Sealed != want {
			return nil, claim.ErrDocument.Of("%s of claim %s is sealed for %q, not %q", e.Document.Kind, e.Claim, e.Document.Sealed, want)
		}
	case claim.Approved:
		k, _ := s.claims.Find(e.Claim)
		if err := s.parties.Check(k.Party, k.Account); err != nil {
			return nil, err
		}
		scheme, err := s.Policy().Find(k.Scheme, o.On)
		if err != nil {
			return nil, err
		}
		// A claim that is only applied for waits its turn: the first to be approved wins.
		c := contestOf(e.Claim, k, scheme)
		met := s.meetings(c, s.counts)
		if err := s.denied(c, met); err != nil {
			return nil, err
		}
		if err := s.limited(c, o.On, s.counts); err != nil {
			return nil, err
		}
		if e.Checks, err = s.checks(k, e.Claim, met); err != nil {
			return nil, err
		}
		if e.Line.Year != o.On.Year() {
			return nil, budget.ErrYear.Of("line %s on %s", e.Line, o.On)
		}
		if err := s.budget.Check(e.Line, e.Amount, o.On); err != nil {
			return nil, err
		}
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		if e.Entry, err = s.entry(o, basis{clause: e.Clause, line: e.Line, memo: string(e.Claim)}, approving(e.Amount)...); err != nil {
			return nil, err
		}
		event = e
	case claim.Concurred:
		k, _ := s.claims.Find(e.Claim)
		scheme, err := s.Policy().Find(k.Scheme, o.On)
		if err != nil {
			return nil, err
		}
		open := false
		for m := range s.meetings(contestOf(e.Claim, k, scheme), s.counts) {
			open = open || s.idOf(m.award) == e.Against && m.verdict == ""
		}
		if !open {
			return nil, ErrPair.Of("claim %s meets no award %q of a purpose that the matrix does not know", e.Claim, e.Against)
		}
	case claim.Rejected:
		k, _ := s.claims.Find(e.Claim)
		if k.Status != claim.ApprovedStep {
			break
		}
		if !k.Stop.IsZero() {
			return nil, ErrInstructed.Of("claim %s is stopped from %s", e.Claim, k.Stop)
		}
		for _, month := range k.Instalments() {
			of := payment.Instalment{Claim: e.Claim, Month: month}
			if p, ok := s.payments.Live(of); ok {
				return nil, ErrInstructed.Of("claim %s by payment %s", of, p)
			}
			if s.payments.Ended(of) {
				return nil, ErrInstructed.Of("claim %s ended", of)
			}
		}
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		entry, err := s.entry(o, basis{clause: k.Clause, line: k.Line, memo: string(e.Claim)}, reversed(approving(k.Amount))...)
		if err != nil {
			return nil, err
		}
		e.Entry = &entry
		event = e
	case claim.Stopped:
		if err := s.release(o, &e); err != nil {
			return nil, err
		}
		event = e
	}
	return []ledger.Event{event}, nil
}

// release takes back what is promised of the months that a stop is the first to end and
// that have no payment.
func (s *State) release(o ledger.Order, e *claim.Stopped) error {
	k, _ := s.claims.Find(e.Claim)
	for _, month := range ledger.Months(e.From, k.To) {
		of := payment.Instalment{Claim: e.Claim, Month: month}
		p, live := s.payments.Live(of)
		switch {
		case k.Stopped(month):
		case live && s.payments.Unsent(p):
			return ErrInstructed.Of("claim %s by payment %s", of, p)
		case !live && !s.payments.Ended(of):
			e.Months = append(e.Months, month)
		}
	}
	if len(e.Months) == 0 {
		return nil
	}
	if err := s.journal.Open(o.On); err != nil {
		return err
	}
	e.Amount = k.Monthly.Times(int64(len(e.Months)))
	entry, err := s.entry(o, basis{clause: k.Clause, line: k.Line, memo: string(e.Claim)}, reversed(approving(e.Amount))...)
	e.Entry = &entry
	return err
}

// mayClaim refuses a claim by who it is for and where.
func (s *State) mayClaim(o ledger.Order, do claim.Submit) error {
	if do.Account == "" {
		return party.ErrNoAccount.Of("claim %s names none", do.Claim)
	}
	if err := s.parties.Check(do.Party, do.Account); err != nil {
		return err
	}
	if _, err := ledger.FindRegion(do.Region, o.On); err != nil {
		return err
	}
	scheme, err := s.Policy().Find(do.Scheme, o.On)
	if err != nil {
		return err
	}
	kind := s.parties.Kind(do.Party)
	if !slices.Contains(scheme.Claimants, kind) {
		return claim.ErrClaimant.Of("%s is %s; scheme %s is for %v", do.Party, kind, do.Scheme, scheme.Claimants)
	}
	if class := s.parties.Code(do.Party).UnitClass(); kind != policy.Person && !scheme.ForClass(class) {
		return claim.ErrClaimant.Of("%s is of class %q by its credit code; scheme %s is for %v", do.Party, class, do.Scheme, scheme.Classes)
	}
	counted := len(do.Persons)
	if kind == policy.Person || !scheme.CountsPersons() {
		counted = 1
	}
	if most := counted * max(1, scheme.UnitsEach); counted > 0 && do.Units > most { // none: the scheme lets an organisation name nobody
		return claim.ErrUnits.Of("%d units for %d × %s under scheme %s; %d are the most", do.Units, counted, scheme.Unit, do.Scheme, most)
	}
	if kind != policy.Person && len(do.Persons) == 0 && slices.Contains(scheme.Needs, policy.NeedPersons) {
		return claim.ErrFacts.Of("claim %s states no %s", do.Claim, policy.NeedPersons)
	}
	for _, p := range do.Persons {
		if err := s.parties.Check(p, ""); err != nil {
			return err
		}
		if s.parties.Kind(p) != policy.Person {
			return claim.ErrFacts.Of("claim %s is on account of %s, who is no person", do.Claim, p)
		}
	}
	return nil
}

// suspect names an award as what a recorded payment of a month may have paid a second
// time: a payment, or a claim that has none yet.
func (s *State) suspect(a award, month ledger.Period) ledger.PaymentID {
	if !a.elsewhere {
		of := payment.Instalment{Claim: ledger.ClaimID(s.idOf(a))}
		if k, _ := s.claims.Find(of.Claim); k.Recurs() {
			of.Month = month
		}
		if p, ok := s.payments.Live(of); ok {
			return p
		}
	}
	return ledger.PaymentID(s.idOf(a))
}

func (s *State) decidePayment(o ledger.Order, do payment.Action) ([]ledger.Event, error) {
	c := payment.Command{Order: o, Do: do}
	switch do := do.(type) {
	case payment.Instruct:
		due, err := s.due(payment.Instalment{Claim: do.Claim, Month: do.Month}, o.On)
		if err != nil {
			return nil, err
		}
		c.Award = due
	case payment.Reissue:
		if p, ok := s.payments.Find(do.Payment); ok && p.Claim != "" {
			if err := s.parties.Check(p.Party, ""); err != nil {
				return nil, err
			}
			k, _ := s.claims.Find(p.Claim)
			if k.Stopped(p.Month) {
				return nil, claim.ErrStopped.Of("claim %s from %s; payment %s is for %s", p.Claim, k.Stop, do.Payment, p.Month)
			}
			if k.Status == claim.ApprovedStep {
				if err := s.unpaidElsewhere(payment.Instalment{Claim: p.Claim, Month: p.Month}, k); err != nil {
					return nil, err
				}
			}
		}
	case payment.CorrectPayee:
		if p, ok := s.payments.Find(do.Payment); ok {
			if do.Account == "" {
				return nil, party.ErrNoAccount.Of("correction of %s names none", do.Payment)
			}
			if err := s.parties.Check(p.Party, do.Account); err != nil {
				return nil, err
			}
		}
	case payment.Record:
		if err := s.parties.Check(do.Party, ""); err != nil && !errors.Is(err, party.ErrErased) {
			return nil, err
		}
		if _, err := ledger.ParseBudgetLine(do.Line.String()); err != nil {
			return nil, err
		}
	}
	event, err := only(payment.Decide(&s.payments, c))
	if err != nil || event == nil {
		return nil, err
	}
	switch e := event.(type) {
	case payment.BatchApproved:
		err = s.linesUnpaid(e.Batch)
	case payment.BatchSent:
		err = s.linesUnpaid(e.Batch)
	}
	if err != nil {
		return nil, err
	}
	return s.book(o, event)
}

// due looks up what an instalment of an approved claim entitles to.
func (s *State) due(of payment.Instalment, on ledger.Date) (payment.Award, error) {
	k, ok := s.claims.Find(of.Claim)
	if !ok {
		return payment.Award{}, claim.ErrUnknown.Of("%s", of.Claim)
	}
	if k.Status != claim.ApprovedStep || !k.Recurs() && s.payments.Ended(of) {
		return payment.Award{}, ErrNotApproved.Of("claim %s is %s", of.Claim, k.Status)
	}
	amount, err := k.Worth(of.Month)
	switch {
	case err != nil:
		return payment.Award{}, fmt.Errorf("claim %s: %w", of.Claim, err)
	case k.Stopped(of.Month):
		return payment.Award{}, claim.ErrStopped.Of("claim %s from %s; asked for is %s", of.Claim, k.Stop, of.Month)
	case k.Recurs() && s.payments.Ended(of):
		return payment.Award{}, claim.ErrMonth.Of("claim %s was given back to the treasury", of)
	case k.Recurs() && on.Before(of.Month.First()):
		return payment.Award{}, claim.ErrMonth.Of("claim %s on %s", of, on)
	}
	if err := s.parties.Check(k.Party, k.Account); err != nil {
		return payment.Award{}, err
	}
	if err := s.unpaidElsewhere(of, k); err != nil {
		return payment.Award{}, err
	}
	return payment.Award{
		Account: k.Account, Actors: append([]ledger.ActorID{k.Entered, k.First, k.Second, k.Approved}, k.Concurrers()...), Amount: amount,
		Clause: k.Clause, Line: k.Line, On: k.On, Others: k.Others(), Party: k.Party, Policy: k.Policy,
	}, nil
}

// book adds the entry to an event of package payment that moves money.
func (s *State) book(o ledger.Order, event ledger.Event) (_ []ledger.Event, err error) {
	before, _ := s.payments.Find(ledger.PaymentID(event.Case()))
	switch e := event.(type) {
	case payment.Confirmed:
		e.Entry, err = s.fact(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment)}, paying(e.Amount)...)
		event = e
	case payment.Returned:
		if err := s.late(o, e.Line); err != nil {
			return nil, err
		}
		after := before.Booked
		if since := s.payments.OwedBooked(e.Payment, e.Cancelled); since.After(after) {
			after = since
		}
		e.Entry, err = s.fact(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment), after: after}, comingBack(e)...)
		event = e
	case payment.ReturnedToTreasury:
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		e.Entry, err = s.entry(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment), after: before.Booked}, reversed(approving(e.Amount))...)
		event = e
	case payment.RecoveryDemanded:
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		e.Entry, err = s.entry(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment), after: before.Booked}, demanding(e.Amount)...)
		event = e
	case payment.RecoveryWithdrawn:
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		e.Entry, err = s.entry(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment), after: s.payments.OwedBooked(e.Payment, e.Amount)}, reversed(demanding(e.Amount))...)
		event = e
	case payment.RecoveryReceived:
		e.Entry, err = s.fact(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment), after: s.payments.OwedBooked(e.Payment, e.Amount)}, reversed(demanding(e.Amount))...)
		event = e
	case payment.Recorded:
		b := basis{line: e.Line, memo: string(e.Payment), id: payment.EntryOf(e.Payment)}
		if scheme, err := s.Policy().Find(e.Line.Scheme, o.On); err == nil {
			month := o.On.Period()
			b.clause = scheme.Clause
			e.Slots = []string{span(scheme.Group, month, month)}
			met := s.meetings(contest{party: e.Party, scheme: scheme, from: month, to: month}, func(award) bool { return true })
			if m, ok := first(met, policy.Deny); ok && e.Suspect == "" {
				e.Suspect = s.suspect(m.award, month)
			}
		}
		e.Entry, err = s.fact(o, b, recording(e.Amount)...)
		event = e
	}
	if err != nil {
		return nil, err
	}
	return []ledger.Event{event}, nil
}

// late refuses money that comes back after the year of its line unless the
// policy says where it belongs (policy.md §11, item 3: configuration). What is given up
// never left, or is back: its promise ends on its own line, whatever the year.
func (s *State) late(o ledger.Order, l ledger.BudgetLine) error {
	if o.On.Year() != l.Year && s.Policy().LateReturn == "" {
		return policy.ErrUnset.Of("late_return for line %s on %s", l, o.On)
	}
	return nil
}

// Evolve changes s into the book as it is after e, in place, and returns it.
func Evolve(s *State, e ledger.Event) *State {
	switch e := e.(type) {
	case policy.Published:
		chart, err := ledger.NewChart(e.Pack.Accounts)
		if err != nil {
			panic(fmt.Sprintf("book: policy %s on record has no chart: %v", e.Pack.Version, err))
		}
		pack := e.Pack
		s.versions.Set(pack.Version, struct{}{})
		groups := make(map[ledger.SchemeCode]string, len(pack.Schemes))
		for _, x := range pack.Schemes {
			groups[x.Code] = x.Group
			for _, fund := range x.Funds {
				s.sources.Set(source{x.Code, fund}, struct{}{})
			}
		}
		s.policy.Set(struct{}{}, inForce{&pack, chart, groups})
	case party.Event:
		party.Evolve(&s.parties, e)
	case budget.Event:
		budget.Evolve(&s.budget, e)
	case claim.Event:
		s.evolveClaim(e)
	case payment.Event:
		s.evolvePayment(e)
	case levy.Event:
		levy.Evolve(&s.levies, e)
	case achievement.Event:
		achievement.Evolve(&s.facts, e)
	case journal.Event:
		journal.Evolve(&s.journal, e)
		if r, ok := e.(journal.EntryReversed); ok {
			s.void(r)
		}
	default:
		panic(fmt.Sprintf("book: event %T", e))
	}
	return s
}

func (s *State) evolveClaim(e claim.Event) {
	before, _ := s.claims.Find(ledger.ClaimID(e.Case()))
	claim.Evolve(&s.claims, e)
	switch e := e.(type) {
	case claim.Submitted:
		s.occupy(holders(e.Party, e.Persons, e.Household), e.Slots, s.named.Number(e.Claim), e.Party, purpose{scheme: e.Scheme, others: len(e.Persons) > 0})
		s.grant(e)
	case claim.Approved:
		s.budget.Commit(e.Line, e.Amount, e.On)
	case claim.Rejected:
		if before.Status == claim.ApprovedStep {
			s.budget.Release(before.Line, before.Amount, e.Entry.Date)
		}
		s.end(e.Claim, before)
	case claim.Stopped:
		s.budget.Release(before.Line, e.Amount, e.On)
		s.hold(e.Claim)
	case claim.Withdrawn:
		s.end(e.Claim, before)
	}
}

func (s *State) evolvePayment(e payment.Event) {
	payment.Evolve(&s.payments, e)
	switch e := e.(type) {
	case payment.Confirmed:
		s.budget.Disburse(e.Line, e.Amount)
	case payment.Returned:
		s.budget.Restore(e.Line, e.Amount)
	case payment.ReturnedToTreasury:
		s.budget.Release(e.Line, e.Amount, e.Entry.Date)
		if k, _ := s.claims.Find(e.Claim); k.Recurs() {
			s.hold(e.Claim)
		} else {
			s.end(e.Claim, k)
		}
	case payment.RecoveryReceived:
		p, _ := s.payments.Find(e.Payment)
		switch k, _ := s.claims.Find(p.Claim); {
		case p.Status == payment.Elsewhere && p.Recovered.Cmp(p.Amount) >= 0: // it is as if it had not been paid
			s.vacate(holders(p.Party, nil, ""), s.payments.Number(e.Payment), true)
		case k.Stopped(p.Month):
			s.hold(p.Claim)
		}
	case payment.Recorded:
		s.occupy(holders(e.Party, nil, ""), e.Slots, s.payments.Number(e.Payment), e.Party, purpose{scheme: e.Line.Scheme, elsewhere: true})
		s.journal.Remember(e.Entry, e.By)
	}
}

// of returns the recorded payment that an entry is of.
func (s *State) of(entry ledger.EntryID) (ledger.PaymentID, payment.Case, bool) {
	id, ok := payment.OfEntry(entry)
	if !ok {
		return "", payment.Case{}, false
	}
	p, ok := s.payments.Find(id)
	return id, p, ok && p.Status == payment.Elsewhere
}

// decideJournal adds that a payment made elsewhere is not reversed while money is
// demanded back for it, nor once some came in: that would belong to nothing.
func (s *State) decideJournal(o ledger.Order, do journal.Action) ([]ledger.Event, error) {
	event, err := only(journal.Decide(&s.journal, journal.Command{Order: o, Chart: s.Chart(), Do: do}))
	if err != nil || event == nil {
		return nil, err
	}
	if r, ok := event.(journal.EntryReversed); ok {
		if id, p, ok := s.of(r.Reverses); ok && (!p.Demanded.IsZero() || !p.Recovered.IsZero()) {
			return nil, payment.ErrRecovery.Of("payment %s reversed, of which %s is demanded back and %s received", id, p.Demanded, p.Recovered)
		}
	}
	return []ledger.Event{event}, nil
}

// void takes a recorded payment back whose entry was reversed.
func (s *State) void(r journal.EntryReversed) {
	if id, p, ok := s.of(r.Reverses); ok {
		s.payments.Void(id, r.Effective())
		s.vacate(holders(p.Party, nil, ""), s.payments.Number(id), true)
	}
}

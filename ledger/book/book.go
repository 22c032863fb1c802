// Package book is the whole book of a province as one decider: the deciders of
// parties, budgets, claims, payments and the journal, and the rules that cross
// them.
//
// The rules that cross are these. A claim is made by a registered party, in a
// region that exists, and not beside another award for the same purpose. An
// approval commits money that is available. A payment pays an approved claim. An
// entry is dated in an open period and balances. Each event that moves money
// carries its entry, made here, where the chart is known.
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
//  3. A slot is occupied by at most one live claim in the scope of its scheme: the
//     same party is not paid twice for one purpose and period, across schemes,
//     years and counties (避免交叉使用, 吉政办发〔2022〕35号 四（二）; policy.md §6, X1, X8).
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
// closed it is booked in the first open one and names the period it adjusts.
//
// A claim occupies slots: "purpose|life", "purpose|2023", "purpose|2023-04",
// one for each scope that any scheme or exclusion asks about and each part of its
// period. The event keeps them, so that a later policy changes nothing about
// what was occupied when.
package book

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
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
		Code: "already-awarded", Rule: "the same party is not paid twice for the same purpose and period, within or across schemes, years and counties", RuleZH: "同一对象同一用途同一期间不得重复享受补贴（避免交叉使用）",
		Source: "吉政办发〔2022〕35号 四（二）", Next: "look at the award that is named; withdraw this claim, or have the earlier one ended first", NextZH: "请核对已列明的补贴；撤回本申报，或先终止在先补贴",
	}
	ErrNotApproved = &ledger.Rejection{
		Code: "claim-not-approved", Rule: "only an approved claim is paid", RuleZH: "只能支付已审批通过的申报",
		Source: "预算法 art. 13", Next: "have the claim approved first", NextZH: "请先完成审批",
	}
	ErrInstructed = &ledger.Rejection{
		Code: "claim-instructed", Rule: "an approved claim is not rejected while a payment for it is under way or made", RuleZH: "已发起支付的申报不得撤销审批",
		Next: "return the payment to the treasury, or demand recovery", NextZH: "请办理缴回国库或追回",
	}
)

// Rejections lists every published refusal of the book, in the order in which
// they are declared.
func Rejections() []*ledger.Rejection {
	return slices.Concat(
		[]*ledger.Rejection{
			ledger.ErrID, ledger.ErrActor, ledger.ErrDate, ledger.ErrRole, ledger.ErrDuties,
			ledger.ErrAmountForm, ledger.ErrAmountSign, ledger.ErrAmountRange,
			ledger.ErrChart, ledger.ErrAccount, ledger.ErrBudgetLine, ledger.ErrEmptyEntry, ledger.ErrUnbalanced,
		},
		ledger.IdentifierRejections, ledger.RegionRejections,
		policy.Rejections, party.Rejections, budget.Rejections, claim.Rejections, payment.Rejections, journal.Rejections,
		[]*ledger.Rejection{ErrExclusive, ErrNotApproved, ErrInstructed},
	)
}

// State is the whole book. The zero State is a book before its first event.
type State struct {
	policy   ledger.Table[struct{}, inForce]
	versions ledger.Table[string, *policy.Pack]
	parties  party.State
	budget   budget.State
	claims   claim.State
	payments payment.State
	journal  journal.State
	slots    ledger.Table[slot, string] // live awards by identifier, separated by blanks
}

type inForce struct {
	pack  *policy.Pack
	chart ledger.Chart
}

type slot struct {
	party ledger.PartyID
	name  string
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return slices.Concat(
		[]ledger.Tentative{&s.policy, &s.versions, &s.slots},
		s.parties.Tentative(), s.budget.Tentative(), s.claims.Tentative(), s.payments.Tentative(), s.journal.Tentative(),
	)
}

// Policy returns the pack in force, or nil before the first.
func (s *State) Policy() *policy.Pack { return s.policy.At(struct{}{}).pack }

// Chart returns the chart of accounts in force.
func (s *State) Chart() ledger.Chart { return s.policy.At(struct{}{}).chart }

// Budget returns how the money of every line stands.
func (s *State) Budget() *budget.State { return &s.budget }

// Persons counts the persons that the vault must hold a key for.
func (s *State) Persons() int { return s.parties.Persons() }

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
	for _, text := range freeText(c.Do) {
		if ledger.FindPersonalNumber(text) {
			return nil, ledger.ErrPersonalText.Of("order %s", c.ID)
		}
	}
	switch do := c.Do.(type) {
	case party.Action:
		return one(party.Decide(&s.parties, party.Command{Order: c.Order, Do: do}))
	case budget.Action:
		return s.decideBudget(c.Order, do)
	case claim.Action:
		return s.decideClaim(c.Order, do)
	case payment.Action:
		return s.decidePayment(c.Order, do)
	case journal.Action:
		return one(journal.Decide(&s.journal, journal.Command{Order: c.Order, Chart: s.Chart(), Do: do}))
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
	if _, err := do.Pack.Check(); err != nil {
		return nil, err
	}
	if old, ok := s.versions.Get(do.Pack.Version); ok {
		if old.Equal(do.Pack) {
			return nil, nil
		}
		return nil, policy.ErrVersion.Of("%s", do.Pack.Version)
	}
	return []ledger.Event{policy.Published{By: o.By.ID, On: o.On, Pack: do.Pack}}, nil
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
		if e.Entry, err = s.entry(o, basis{line: e.Line, memo: e.Document}, voting(e.Amount)...); err != nil {
			return nil, err
		}
		event = e
	case budget.Adjusted:
		moves := voting(e.Amount)
		if e.Side == ledger.Credit {
			moves = reversed(moves)
		}
		if e.Entry, err = s.entry(o, basis{line: e.Line, memo: e.Document}, moves...); err != nil {
			return nil, err
		}
		event = e
	case budget.Transferred:
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
		if err := s.free(e.Party, scheme, e.From, e.To); err != nil {
			return nil, err
		}
		e.Slots = slotNames(scheme.Group, s.Policy().Scopes(scheme.Group), e.From, e.To)
		event = e
	case claim.Approved:
		k, _ := s.claims.Find(e.Claim)
		if err := s.parties.Check(k.Party, k.Account); err != nil {
			return nil, err
		}
		if e.Line.Year != o.On.Year() {
			return nil, budget.ErrYear.Of("line %s on %s", e.Line, o.On)
		}
		if err := s.budget.Check(e.Line, e.Amount); err != nil {
			return nil, err
		}
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		if e.Entry, err = s.entry(o, basis{clause: e.Clause, line: e.Line, memo: string(e.Claim)}, approving(e.Amount)...); err != nil {
			return nil, err
		}
		event = e
	case claim.Rejected:
		k, _ := s.claims.Find(e.Claim)
		if k.Status != claim.ApprovedStep {
			break
		}
		if p, ok := s.payments.Live(e.Claim); ok {
			return nil, ErrInstructed.Of("claim %s by payment %s", e.Claim, p)
		}
		if s.payments.Ended(e.Claim) {
			return nil, ErrInstructed.Of("claim %s ended", e.Claim)
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
	}
	return []ledger.Event{event}, nil
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
	if kind := s.parties.Kind(do.Party); !slices.Contains(scheme.Claimants, kind) {
		return claim.ErrClaimant.Of("%s is %s; scheme %s is for %v", do.Party, kind, do.Scheme, scheme.Claimants)
	}
	return nil
}

// free refuses a claim of a party that has a live award which excludes it.
func (s *State) free(p ledger.PartyID, scheme policy.Scheme, from, to ledger.Period) error {
	blocked := slotNames(scheme.Group, []policy.Scope{scheme.Once}, from, to)
	for _, x := range scheme.Excludes {
		blocked = append(blocked, slotNames(x.Group, []policy.Scope{x.Scope}, from, to)...)
	}
	for _, other := range s.Policy().Schemes {
		for _, x := range other.Excludes {
			if x.Group == scheme.Group {
				blocked = append(blocked, slotNames(other.Group, []policy.Scope{x.Scope}, from, to)...)
			}
		}
	}
	for _, name := range blocked {
		if ids, ok := s.slots.Get(slot{p, name}); ok {
			return ErrExclusive.Of("%s already has %s in %s; scheme %s", p, strings.Fields(ids)[0], name, scheme.Code)
		}
	}
	return nil
}

// slotNames returns the slots of a purpose for a span of months: one for each
// part of the span in each scope.
func slotNames(group string, scopes []policy.Scope, from, to ledger.Period) []string {
	var names []string
	for _, scope := range scopes {
		switch scope {
		case policy.Life:
			names = append(names, group+"|life")
		case policy.Year:
			for y := from.Year(); y <= to.Year(); y++ {
				names = append(names, fmt.Sprintf("%s|%d", group, y))
			}
		case policy.Month:
			for p := from; p.Compare(to) <= 0; p = p.Next() {
				names = append(names, group+"|"+p.String())
			}
		default:
			panic(fmt.Sprintf("book: scope %q", scope))
		}
	}
	return names
}

func (s *State) decidePayment(o ledger.Order, do payment.Action) ([]ledger.Event, error) {
	c := payment.Command{Order: o, Do: do}
	switch do := do.(type) {
	case payment.Instruct:
		award, err := s.award(do.Claim)
		if err != nil {
			return nil, err
		}
		c.Award = award
	case payment.CorrectPayee:
		if p, _, ok := s.payments.Find(do.Payment); ok {
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
	return s.book(o, event)
}

// award looks up what an approved claim entitles to.
func (s *State) award(id ledger.ClaimID) (payment.Award, error) {
	k, ok := s.claims.Find(id)
	if !ok {
		return payment.Award{}, claim.ErrUnknown.Of("%s", id)
	}
	if k.Status != claim.ApprovedStep || s.payments.Ended(id) {
		return payment.Award{}, ErrNotApproved.Of("claim %s is %s", id, k.Status)
	}
	if err := s.parties.Check(k.Party, k.Account); err != nil {
		return payment.Award{}, err
	}
	return payment.Award{
		Account: k.Account, Actors: []ledger.ActorID{k.Entered, k.First, k.Second, k.Approved}, Amount: k.Amount,
		Clause: k.Clause, Line: k.Line, Party: k.Party, Policy: k.Policy,
	}, nil
}

// book adds the entry to an event of package payment that moves money.
func (s *State) book(o ledger.Order, event ledger.Event) (_ []ledger.Event, err error) {
	switch e := event.(type) {
	case payment.Confirmed:
		e.Entry, err = s.fact(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment)}, paying(e.Amount)...)
		event = e
	case payment.Returned:
		if err := s.late(o, e.Line); err != nil {
			return nil, err
		}
		e.Entry, err = s.fact(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment)}, reversed(paying(e.Amount))...)
		event = e
	case payment.ReturnedToTreasury:
		if err := s.late(o, e.Line); err != nil {
			return nil, err
		}
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		e.Entry, err = s.entry(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment)}, reversed(approving(e.Amount))...)
		event = e
	case payment.RecoveryDemanded:
		if err := s.journal.Open(o.On); err != nil {
			return nil, err
		}
		e.Entry, err = s.entry(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment)}, demanding(e.Amount)...)
		event = e
	case payment.RecoveryReceived:
		e.Entry, err = s.fact(o, basis{clause: e.Clause, policy: e.Policy, line: e.Line, memo: string(e.Payment)}, reversed(demanding(e.Amount))...)
		event = e
	case payment.Recorded:
		b := basis{line: e.Line, memo: string(e.Payment), id: ledger.EntryID("payment:" + string(e.Payment))}
		if scheme, err := s.Policy().Find(e.Line.Scheme, o.On); err == nil {
			b.clause = scheme.Clause
			e.Slots = slotNames(scheme.Group, s.Policy().Scopes(scheme.Group), o.On.Period(), o.On.Period())
			if e.Suspect == "" {
				e.Suspect = s.occupied(e.Party, e.Slots)
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

// occupied returns the first live award in one of the slots, or "".
func (s *State) occupied(p ledger.PartyID, names []string) ledger.PaymentID {
	for _, name := range names {
		if ids, ok := s.slots.Get(slot{p, name}); ok {
			return ledger.PaymentID(strings.Fields(ids)[0])
		}
	}
	return ""
}

// late refuses money that comes back after the year of its line unless the
// policy says where it belongs (policy.md §11, item 3: configuration).
func (s *State) late(o ledger.Order, l ledger.BudgetLine) error {
	if o.On.Year() != l.Year && s.Policy().LateReturn == "" {
		return policy.ErrUnset.Of("late_return for line %s on %s", l, o.On)
	}
	return nil
}

// Evolve returns the book as it is after e.
func Evolve(s *State, e ledger.Event) *State {
	switch e := e.(type) {
	case policy.Published:
		chart, err := ledger.NewChart(e.Pack.Accounts)
		if err != nil {
			panic(fmt.Sprintf("book: policy %s on record has no chart: %v", e.Pack.Version, err))
		}
		pack := e.Pack
		s.versions.Set(pack.Version, &pack)
		s.policy.Set(struct{}{}, inForce{&pack, chart})
	case party.Event:
		party.Evolve(&s.parties, e)
	case budget.Event:
		budget.Evolve(&s.budget, e)
	case claim.Event:
		s.evolveClaim(e)
	case payment.Event:
		s.evolvePayment(e)
	case journal.Event:
		journal.Evolve(&s.journal, e)
		if r, ok := e.(journal.EntryReversed); ok {
			s.voidRecorded(r.Reverses)
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
		s.occupy(e.Party, e.Slots, string(e.Claim))
	case claim.Approved:
		s.budget.Commit(e.Line, e.Amount)
	case claim.Rejected:
		if before.Status == claim.ApprovedStep {
			s.budget.Release(before.Line, before.Amount)
		}
		s.vacate(before.Party, before.Slots, string(e.Claim))
	case claim.Withdrawn:
		s.vacate(before.Party, before.Slots, string(e.Claim))
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
		s.budget.Release(e.Line, e.Amount)
		k, _ := s.claims.Find(e.Claim)
		s.vacate(k.Party, k.Slots, string(e.Claim))
	case payment.Recorded:
		s.occupy(e.Party, e.Slots, string(e.Payment))
		s.journal.Remember(e.Entry, e.By)
	}
}

// voidRecorded takes a recorded payment back whose entry was reversed.
func (s *State) voidRecorded(entry ledger.EntryID) {
	id, ok := strings.CutPrefix(string(entry), "payment:")
	if !ok {
		return
	}
	p, paid, ok := s.payments.Find(ledger.PaymentID(id))
	if !ok || p.Status != payment.Elsewhere {
		return
	}
	s.payments.Void(ledger.PaymentID(id))
	if scheme, err := s.Policy().Find(p.Line.Scheme, paid); err == nil {
		s.vacate(p.Party, slotNames(scheme.Group, []policy.Scope{policy.Life, policy.Year, policy.Month}, paid.Period(), paid.Period()), id)
	}
}

func (s *State) occupy(p ledger.PartyID, names []string, id string) {
	for _, name := range names {
		k := slot{p, name}
		if ids, ok := s.slots.Get(k); ok {
			id = ids + " " + id
		}
		s.slots.Set(k, id)
	}
}

func (s *State) vacate(p ledger.PartyID, names []string, id string) {
	for _, name := range names {
		k := slot{p, name}
		ids, ok := s.slots.Get(k)
		if !ok {
			continue
		}
		left := slices.DeleteFunc(strings.Fields(ids), func(held string) bool { return held == id })
		if len(left) == 0 {
			s.slots.Delete(k)
		} else {
			s.slots.Set(k, strings.Join(left, " "))
		}
	}
}

package book

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// The rules against cross-use (避免交叉使用), X1–X8 of policy.md §6. An award is held by
// its claimant, by each person on whose account an organisation claims, and by the
// household; what two awards of one holder are to each other, the groups of their
// schemes and the matrix of the policy in force say.

// A holder is a party, or a household.
type holder struct {
	party     ledger.PartyID
	household string
}

// name is the holder's among those of parties and households.
func (h holder) name() string {
	if h.household != "" {
		return "/" + ledger.FoldNumber(h.household) // no identifier of a party begins so
	}
	return string(h.party)
}

// holders lists who holds an award.
func holders(p ledger.PartyID, persons []ledger.PartyID, household string) []holder {
	all := []holder{{party: p}}
	for _, p := range persons {
		all = append(all, holder{party: p})
	}
	if household != "" {
		all = append(all, holder{household: household})
	}
	return all
}

// An award is a purpose for a span of months: of a claim, or a payment made elsewhere.
type award struct {
	held
	purpose
	now string // the group that the policy in force gives its scheme, if it knows it
}

// of tells whether a is of a purpose: the one it was applied for, or the one that its scheme
// has since, for a policy that renames a group frees nobody to have the purpose again.
func (a award) of(group string) bool { return a.group == group || a.now == group }

// A held is an award as its holders have it: there are millions.
type held struct {
	id       ledger.Number // of a claim among s.named, of a payment in package payment
	party    ledger.Number // who claims it, among s.holders
	purpose  ledger.Number
	from, to ledger.Period
}

// A purpose is what awards have in common: there are few.
type purpose struct {
	scheme    ledger.SchemeCode
	group     string
	elsewhere bool // paid elsewhere
	others    bool // on account of other persons
}

// heldBy yields the awards of a holder, in the order in which it got them.
func (s *State) heldBy(h holder) iter.Seq[award] {
	groups := s.policy.At(struct{}{}).groups
	return func(yield func(award) bool) {
		for _, a := range s.awards.At(s.holders.Find(h.name())) {
			of := s.purposes.Value(a.purpose)
			if !yield(award{a, of, groups[of.scheme]}) {
				return
			}
		}
	}
}

// idOf returns the claim or the payment that an award is of.
func (s *State) idOf(a award) string {
	if a.elsewhere {
		return string(s.payments.Name(a.id))
	}
	return string(s.named.Name(a.id))
}

// A contest is what is to be awarded.
type contest struct {
	id        string
	party     ledger.PartyID
	persons   []ledger.PartyID
	household string
	scheme    policy.Scheme
	from, to  ledger.Period
	retires   ledger.Date
}

// contestOf is a claim on record.
func contestOf(id ledger.ClaimID, k claim.Case, scheme policy.Scheme) contest {
	return contest{string(id), k.Party, k.Persons, k.Household, scheme, k.From, k.To, k.Retires}
}

// A meeting is another award in the same hands, and what the matrix says of the two.
// Without a verdict it is a pair that the matrix does not know.
type meeting struct {
	award
	verdict      policy.Verdict
	rule, source string
}

// meetings yields the awards among those that count which share a holder and a time
// with c: those of the same purpose first, then those that the matrix tells about. Who
// needs only the first stops there, however many a party has.
func (s *State) meetings(c contest, counts func(award) bool) iter.Seq[meeting] {
	return func(yield func(meeting) bool) {
		by := holders(c.party, c.persons, c.household)
		own := s.named.Find(ledger.ClaimID(c.id))
		type key struct {
			id        ledger.Number
			elsewhere bool
		}
		seen := make(map[key]bool) // of several holders
		for _, same := range []bool{true, false} {
			for _, h := range by {
				for a := range s.heldBy(h) {
					if a.of(c.scheme.Group) != same || a.id == own && !a.elsewhere || !counts(a) {
						continue
					}
					if (!same || c.scheme.Recurring != nil) && h.party == c.party && a.others && len(c.persons) > 0 {
						continue // an organisation has several awards, for other persons: they are compared one by one
					}
					m, ok := s.meet(c, a, h.household == "" && h.party != c.party && s.holders.Find(h.name()) != a.party)
					if !ok || len(by) > 1 && seen[key{a.id, a.elsewhere}] {
						continue
					}
					if len(by) > 1 {
						seen[key{a.id, a.elsewhere}] = true
					}
					if !yield(m) {
						return
					}
				}
			}
		}
	}
}

// meet says what c and a are to each other, if anything. Listed says that both are had on
// account of the holder, not by it.
func (s *State) meet(c contest, a award, listed bool) (meeting, bool) {
	m := meeting{award: a, rule: "X1"}
	if listed {
		m.rule = "X2"
	}
	other, known := s.Policy().Scheme(a.scheme)
	if a.of(c.scheme.Group) {
		scope := c.scheme.Once
		if known {
			scope = scope.Wider(other.Once)
		}
		if scope == policy.Life {
			m.rule = "X8"
		}
		m.verdict = policy.Deny
		return m, scope.Meets(c.from, c.to, a.from, a.to)
	}
	declared := false
	take := func(rows []policy.Exclusion, concerns func(group string) bool) {
		for _, x := range rows {
			if !concerns(x.Group) {
				continue
			}
			declared = true
			verdict := x.Verdict
			if verdict == "" {
				verdict = policy.Deny
			}
			if x.Scope.Meets(c.from, c.to, a.from, a.to) && stricter(verdict, m.verdict) {
				m.verdict, m.source = verdict, x.Source
			}
		}
	}
	take(c.scheme.Excludes, a.of)
	if known {
		take(other.Excludes, func(group string) bool { return group == c.scheme.Group })
	}
	switch {
	case declared:
		return m, m.verdict != ""
	case !policy.Year.Meets(c.from, c.to, a.from, a.to):
		return m, false
	case listed && known && policy.OneEmployment(c.scheme, other):
		m.verdict, m.rule = policy.Deny, "X7"
	}
	return m, true
}

// stricter tells whether v takes the place of w.
func stricter(v, w policy.Verdict) bool {
	order := []policy.Verdict{"", policy.Allow, policy.Cap, policy.Deny}
	return slices.Index(order, v) > slices.Index(order, w)
}

// first returns the first meeting with a verdict.
func first(met iter.Seq[meeting], v policy.Verdict) (meeting, bool) {
	for m := range met {
		if m.verdict == v {
			return m, true
		}
	}
	return meeting{}, false
}

// denied refuses what an award in the way excludes.
func (s *State) denied(c contest, met iter.Seq[meeting]) error {
	m, ok := first(met, policy.Deny)
	if !ok {
		return nil
	}
	kind := "claim"
	if m.elsewhere {
		kind = "payment"
	}
	return ErrExclusive.Of("%s has %s %s under scheme %s for %s to %s; scheme %s, rule %s", s.holders.Name(m.party), kind, s.idOf(m.award), m.scheme, m.from, m.to, c.scheme.Code, m.rule)
}

// checks records what an approval was compared with, and refuses a pair that nobody has
// answered for.
func (s *State) checks(k claim.Case, id ledger.ClaimID, met iter.Seq[meeting]) ([]claim.Check, error) {
	var all []claim.Check
	var elsewhere ledger.Money // paid in all of what is had up to the cost
	for m := range met {
		against, party := s.idOf(m.award), ledger.PartyID(s.holders.Name(m.party))
		x := claim.Check{
			Against: against, Amount: s.worth(m.award), From: m.from, Outcome: m.verdict, Party: party, Rule: m.rule, Scheme: m.scheme, Source: m.source, To: m.to,
		}
		switch m.verdict {
		case policy.Cap:
			if m.elsewhere {
				elsewhere = elsewhere.Add(x.Amount)
			}
			if !s.capped(k, m.award, elsewhere) {
				return nil, ErrCapped.Of("claim %s of scheme %s and %s of scheme %s: %s", id, k.Scheme, against, m.scheme, m.source)
			}
		case "":
			by, ok := k.Concurred(against)
			if !ok {
				return nil, ErrPair.Of("claim %s of scheme %s beside %s of scheme %s, held by %s for %s to %s", id, k.Scheme, against, m.scheme, party, m.from, m.to)
			}
			x.By, x.Outcome = by, claim.Concurs
		}
		all = append(all, x)
	}
	return all, nil
}

// worth returns the amount of an award.
func (s *State) worth(a award) ledger.Money {
	if a.elsewhere {
		p, _ := s.payments.Find(ledger.PaymentID(s.idOf(a)))
		return p.Amount
	}
	k, _ := s.claims.Find(ledger.ClaimID(s.idOf(a)))
	return k.Amount
}

// capped tells whether a claim and another award say what they pay for: a claim by its
// cost items, payments made elsewhere, up to this one, by what the claim says others gave.
func (s *State) capped(k claim.Case, a award, elsewhere ledger.Money) bool {
	if !a.elsewhere {
		other, _ := s.claims.Find(ledger.ClaimID(s.idOf(a)))
		return len(k.Costs) > 0 && len(other.Costs) > 0
	}
	var given ledger.Money
	for _, x := range k.Costs {
		given = given.Add(x.Other)
	}
	return len(k.Costs) > 0 && given.Cmp(elsewhere) >= 0
}

// counts tells whether an award is decided: a payment made elsewhere, or an approved claim.
func (s *State) counts(a award) bool { return a.elsewhere || s.approved(a) }

// approved tells whether an award is a claim that is approved.
func (s *State) approved(a award) bool {
	if a.elsewhere {
		return false
	}
	k, _ := s.claims.Find(ledger.ClaimID(s.idOf(a)))
	return k.Status == claim.ApprovedStep
}

// unpaidElsewhere refuses to pay an approved claim whose purpose was paid for
// elsewhere meanwhile. Exclusions are not asked again: a policy published since
// changes nothing that was decided before.
func (s *State) unpaidElsewhere(of payment.Instalment, k claim.Case) error {
	scheme, ok := s.Policy().Scheme(k.Scheme)
	if !ok {
		return nil
	}
	elsewhere := func(a award) bool { return a.elsewhere && a.of(scheme.Group) }
	c := contestOf(of.Claim, k, scheme)
	if k.Recurs() {
		c.from, c.to = of.Month, of.Month
	}
	return s.denied(c, s.meetings(c, elsewhere))
}

// linesUnpaid refuses a batch of which a line was paid for elsewhere since it was instructed.
// Whether a holder was paid elsewhere at all is asked once: of a hundred thousand lines of one
// employer it hardly ever was.
func (s *State) linesUnpaid(id ledger.BatchID) error {
	asked := make(map[string]bool)
	elsewhere := func(h holder) bool {
		is, ok := asked[h.name()]
		if !ok {
			for a := range s.heldBy(h) {
				is = is || a.elsewhere
			}
			asked[h.name()] = is
		}
		return is
	}
	for _, line := range s.payments.Lines(id) {
		p, _ := s.payments.Find(line)
		k, _ := s.claims.Find(p.Claim)
		if !slices.ContainsFunc(holders(k.Party, k.Persons, k.Household), elsewhere) {
			continue
		}
		if err := s.unpaidElsewhere(payment.Instalment{Claim: p.Claim, Month: p.Month}, k); err != nil {
			return fmt.Errorf("line %s of batch %s: %w", line, id, err)
		}
	}
	return nil
}

// limited refuses a person more months of a recurring purpose than its term, and more
// placements. The person is the claimant, or the one on whose account an organisation claims.
// One who is near retirement is paid until then, by the years that were left when first
// approved (parameters.csv: age fixed at first approval), or are left on the day asked about.
func (s *State) limited(c contest, on ledger.Date, counts func(award) bool) error {
	if c.scheme.Recurring == nil {
		return nil
	}
	term, placements, err := c.scheme.Limits(on)
	if err != nil {
		return err
	}
	persons := c.persons
	if s.parties.Kind(c.party) == policy.Person {
		persons = []ledger.PartyID{c.party}
	}
	if len(persons) == 0 && !c.retires.IsZero() {
		return claim.ErrRetirement.Of("claim %s is for no person, who retires on %s", c.id, c.retires)
	}
	for _, p := range persons {
		own := award{held: held{id: s.named.Find(ledger.ClaimID(c.id)), party: s.holders.Find(string(c.party)), from: c.from, to: c.to}}
		all := []award{own}
		var approved, retires ledger.Date // when the person was first approved, and what was said then
		for a := range s.heldBy(holder{party: p}) {
			if !a.of(c.scheme.Group) || a.id == own.id && !a.elsewhere || !counts(a) {
				continue
			}
			all = append(all, a)
			if day, stated := s.awarded(a); !day.IsZero() && (approved.IsZero() || day.Before(approved)) {
				approved, retires = day, stated
			}
		}
		slices.SortStableFunc(all, func(a, b award) int { return a.from.Compare(b.from) })
		months, placed := 0, 0
		var had []string
		for i, a := range all {
			months += len(ledger.Months(a.from, a.to))
			again := slices.ContainsFunc(all[:i], func(b award) bool { return b.id == a.id && b.elsewhere == a.elsewhere }) // a month between came back
			if !again && (i == 0 || all[i-1].party != a.party || all[i-1].to.Next().Compare(a.from) < 0) {
				placed++
			}
			if a != own {
				had = append(had, fmt.Sprintf("%s for %s to %s", s.idOf(a), a.from, a.to))
			}
		}
		if term != policy.None && months > term {
			until := false
			if !c.retires.IsZero() {
				until, err = c.scheme.UntilRetirement(cmp.Or(approved, on), cmp.Or(retires, c.retires))
			}
			switch {
			case err != nil:
				return err
			case !until:
				return ErrTermLimit.Of("%s would have %d months, %d are the term of scheme %s; had: %s", p, months, term, c.scheme.Code, strings.Join(had, ", "))
			}
		}
		if placements != policy.None && placed > placements {
			return ErrPlacements.Of("%s would be placed %d times, scheme %s allows %d; had: %s", p, placed, c.scheme.Code, placements, strings.Join(had, ", "))
		}
	}
	return nil
}

// awarded returns the day on which an award was approved or paid elsewhere, if it was, and
// the day on which its person retires, if it says so.
func (s *State) awarded(a award) (on, retires ledger.Date) {
	if a.elsewhere {
		p, _ := s.payments.Find(ledger.PaymentID(s.idOf(a)))
		return p.On, ledger.Date{}
	}
	k, _ := s.claims.Find(ledger.ClaimID(s.idOf(a)))
	return k.Awarded, k.Retires
}

// hold makes a recurring claim occupy the months that are still its own: those that are due
// and not given back to the treasury, and those after its stop whose money is out.
func (s *State) hold(id ledger.ClaimID) {
	k, _ := s.claims.Find(id)
	group, _, _ := readSpan(k.Slots[0])
	var slots []string
	var from, to ledger.Period
	for _, month := range k.Instalments() {
		if !s.holds(payment.Instalment{Claim: id, Month: month}, k) {
			continue
		}
		if !from.IsZero() && to.Next() != month {
			slots = append(slots, span(group, from, to))
			from = ledger.Period{}
		}
		if from.IsZero() {
			from = month
		}
		to = month
	}
	if !from.IsZero() {
		slots = append(slots, span(group, from, to))
	}
	by := holders(k.Party, k.Persons, k.Household)
	n := s.named.Number(id)
	s.vacate(by, n, false)
	s.occupy(by, slots, n, k.Party, purpose{scheme: k.Scheme, others: len(k.Persons) > 0})
}

func (s *State) holds(of payment.Instalment, k claim.Case) bool {
	id, live := s.payments.Live(of)
	if !live {
		return !k.Stopped(of.Month) && !s.payments.Ended(of)
	}
	p, _ := s.payments.Find(id)
	return !k.Stopped(of.Month) || p.Recovered.Cmp(p.Amount) < 0
}

// A grant is what a claim is given for a thing that costs something, an item. Items, invoices, bases and
// households are known by their numbers as [ledger.FoldNumber] writes them.
type grant struct {
	claim    ledger.ClaimID
	cost     ledger.Money // of the item; that of its other grants, unless they were known by different numbers once
	invoice  string       // likewise
	base     string
	scheme   ledger.SchemeCode
	from, to ledger.Period
	other    ledger.Money
	share    ledger.Money
}

// share gives a claim with cost items what is left of their cost, and no more than its
// standard. Rules X3 and X4.
func (s *State) share(e *claim.Submitted) error {
	if len(e.Costs) == 0 {
		return nil
	}
	left, costs := e.Amount, slices.Clone(e.Costs)
	for i, x := range costs {
		id, invoice := ledger.FoldNumber(x.Item), ledger.FoldNumber(x.Invoice)
		if of, ok := s.invoices.Get(invoice); ok && of != id {
			return ErrCost.Of("invoice %s is of item %s, not of %s", x.Invoice, of, x.Item)
		}
		grants := s.items.At(id)
		if n := len(grants); n > 0 && !slices.ContainsFunc(grants, func(g grant) bool { return g.cost.Equal(x.Cost) && g.invoice == invoice }) {
			return ErrCost.Of("item %s costs %s by invoice %s, not %s by %s", x.Item, grants[n-1].cost, grants[n-1].invoice, x.Cost, x.Invoice)
		}
		given, other := ledger.Money{}, x.Other
		for _, g := range grants {
			if e.Base != "" && g.base == ledger.FoldNumber(e.Base) && g.scheme != e.Scheme && policy.Year.Meets(e.From, e.To, g.from, g.to) {
				return ErrBase.Of("base %s has item %s paid for %s to %s by claim %s of scheme %s; scheme %s for %s to %s", e.Base, x.Item, g.from, g.to, g.claim, g.scheme, e.Scheme, e.From, e.To)
			}
			given = given.Add(g.share)
			if g.other.Cmp(other) > 0 {
				other = g.other
			}
		}
		room := x.Cost.Sub(given).Sub(other)
		if room.Sign() < 0 {
			return ErrCost.Of("item %s costs %s; %s is given by claims, %s by others", x.Item, x.Cost, given, other)
		}
		if room.Cmp(left) > 0 {
			room = left
		}
		costs[i].Share, left = room, left.Sub(room)
	}
	amount := e.Amount.Sub(left)
	if amount.Sign() <= 0 {
		return ErrCost.Of("nothing is left of the cost of the items of claim %s", e.Claim)
	}
	e.Amount, e.Costs = amount, costs
	return nil
}

// grant remembers what a claim is given for its cost items.
func (s *State) grant(e claim.Submitted) {
	for _, x := range e.Costs {
		id, invoice := ledger.FoldNumber(x.Item), ledger.FoldNumber(x.Invoice)
		s.items.Set(id, append(slices.Clip(s.items.At(id)), grant{e.Claim, x.Cost, invoice, ledger.FoldNumber(e.Base), e.Scheme, e.From, e.To, x.Other, x.Share}))
		s.invoices.Set(invoice, id)
	}
}

// end frees what a claim held.
func (s *State) end(id ledger.ClaimID, k claim.Case) {
	s.vacate(holders(k.Party, k.Persons, k.Household), s.named.Number(id), false)
	for _, x := range k.Costs {
		number, invoice := ledger.FoldNumber(x.Item), ledger.FoldNumber(x.Invoice)
		left := slices.DeleteFunc(slices.Clone(s.items.At(number)), func(g grant) bool { return g.claim == id })
		if !slices.ContainsFunc(left, func(g grant) bool { return g.invoice == invoice }) {
			s.invoices.Delete(invoice)
		}
		if len(left) == 0 {
			s.items.Delete(number)
			continue
		}
		s.items.Set(number, left)
	}
}

// occupy gives holders the award of slots to a party for what w says beside the group.
func (s *State) occupy(by []holder, slots []string, id ledger.Number, p ledger.PartyID, w purpose) {
	for _, text := range slots {
		a := held{id: id, party: s.holders.Number(string(p))}
		w.group, a.from, a.to = readSpan(text)
		a.purpose = s.purposes.Number(w)
		for _, h := range by {
			n := s.holders.Number(h.name())
			all := s.awards.At(n)
			s.awards.Set(n, append(append(make([]held, 0, len(all)+1), all...), a)) // values are replaced, and no longer than they must be
		}
	}
}

func (s *State) vacate(by []holder, id ledger.Number, elsewhere bool) {
	for _, h := range by {
		n := s.holders.Find(h.name())
		left := slices.DeleteFunc(slices.Clone(s.awards.At(n)), func(a held) bool {
			return a.id == id && s.purposes.Value(a.purpose).elsewhere == elsewhere
		})
		if len(left) == 0 {
			s.awards.Delete(n)
		} else {
			s.awards.Set(n, left)
		}
	}
}

// span writes a slot.
func span(group string, from, to ledger.Period) string {
	return group + "|" + from.String() + "|" + to.String()
}

// readSpan reads a slot. The months are last, so that a purpose may have any name.
func readSpan(text string) (group string, from, to ledger.Period) {
	last := strings.LastIndexByte(text, '|')
	first := strings.LastIndexByte(text[:max(last, 0)], '|')
	if first < 0 {
		panic(fmt.Sprintf("book: slot %q on record", text))
	}
	from, err := ledger.ParsePeriod(text[first+1 : last])
	to, err2 := ledger.ParsePeriod(text[last+1:])
	if err != nil || err2 != nil {
		panic(fmt.Sprintf("book: slot %q on record", text))
	}
	return text[:first], from, to
}

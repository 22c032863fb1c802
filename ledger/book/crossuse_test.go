package book_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// more adds schemes to the sample policy: leader, a person once a year; post, an employer
// once a month on account of persons; training, anybody once a month; base-a and base-b, an
// institution once a year for a base and its cost items. The reward of employers names
// persons too.
func more(p *policy.Pack) {
	of := func(code string, once policy.Scope, kinds []policy.Kind, needs ...policy.Need) {
		s := p.Schemes[0]
		s.Code, s.Group, s.Once, s.Claimants, s.Needs, s.Excludes = ledger.SchemeCode(code), code, once, kinds, needs, nil
		p.Schemes = append(p.Schemes, s)
	}
	of("leader", policy.Year, []policy.Kind{policy.Person})
	of("post", policy.Month, []policy.Kind{policy.Employer}, policy.NeedPersons)
	p.Schemes[len(p.Schemes)-1].Flow = "F15"
	of("training", policy.Month, []policy.Kind{policy.Person, policy.Institution})
	of("base-a", policy.Year, []policy.Kind{policy.Institution}, policy.NeedBase, policy.NeedCosts)
	of("base-b", policy.Year, []policy.Kind{policy.Institution}, policy.NeedBase, policy.NeedCosts)
}

// row adds a row to the matrix.
func row(scheme ledger.SchemeCode, group string, verdict policy.Verdict) func(*policy.Pack) {
	return func(p *policy.Pack) {
		for i, s := range p.Schemes {
			if s.Code == scheme {
				p.Schemes[i].Excludes = append(slices.Clip(s.Excludes), policy.Exclusion{Group: group, Scope: policy.Year, Source: "matrix row 1", Verdict: verdict})
			}
		}
	}
}

func stating(a ask, change func(*claim.Submit)) ask { return with(a, change) }

func accountOf(persons ...ledger.PartyID) func(*claim.Submit) {
	return func(s *claim.Submit) { s.Persons = persons }
}

func item(id string, cost, other int64) claim.Cost {
	return claim.Cost{Cost: yuan(cost), Invoice: "INV-" + id, Item: id, Other: yuan(other)}
}

func costing(base string, items ...claim.Cost) func(*claim.Submit) {
	return func(s *claim.Submit) { s.Base, s.Costs = base, items }
}

// decided takes a claim to its approval.
func decided(first ask) []ask {
	do := first.do.(claim.Submit)
	l := startup
	l.Scheme = do.Scheme
	a := with(approve(do.Claim), func(a *claim.Approve) { a.Line = l })
	return join([]ask{first, {ledgertest.Accountant, "2023-04-03", budget.Appropriate{Amount: yuan(10_000), Document: "D-" + string(do.Claim), Line: l}}}, reviewed(do.Claim), []ask{a})
}

// pending takes a claim to the end of its publicity, and returns its approval.
func pending(first ask) ([]ask, ask) {
	all := decided(first)
	return all[:len(all)-1], all[len(all)-1]
}

func concur(id ledger.ClaimID, against string) ask {
	return ask{chief, "2023-04-17", claim.Concur{Against: against, Claim: id, Reason: "one is for rent, the other for tools"}}
}

var (
	startupOne = submit("C1", "P1", "startup", "2023-04", "2023-04")
	leaderTwo  = submit("C2", "P1", "leader", "2023-06", "2023-06")
	rewardOne  = submit("C1", "E1", "employer", "2023-01", "2023-12")
	postTwo    = stating(submit("C2", "E1", "post", "2023-04", "2023-04"), accountOf("P1"))
	postOne    = stating(submit("C1", "E1", "post", "2023-04", "2023-04"), accountOf("P1"))
	taughtTwo  = stating(submit("C2", "I1", "training", "2023-04", "2023-04"), accountOf("P1"))
	baseOne    = submit("C1", "I1", "base-a", "2023-04", "2023-04")
	baseTwo    = submit("C2", "I1", "base-b", "2023-05", "2023-05")
)

// crossUse is the rules X1–X9 against cross-use (policy.md §6), each as it refuses.
func crossUse(t testing.TB) []refusal {
	household := func(p *policy.Pack) { p.Schemes[0].Needs = []policy.Need{policy.NeedHousehold} }
	at := func(h string) func(*claim.Submit) { return func(s *claim.Submit) { s.Household = h } }
	leading := func(p *policy.Pack) { p.Schemes[4].Group = "startup" }
	renamed := func(p *policy.Pack) {
		for i := range p.Schemes {
			if p.Schemes[i].Group == "startup" {
				p.Schemes[i].Group = "startup-v2"
			}
		}
	}
	anybody := func(p *policy.Pack) { p.Schemes[5].Claimants = policy.Kinds }
	minimum := func(p *policy.Pack) { p.Schemes[0].MinMonths = 12 }
	since := func(day ledger.Date) func(*claim.Submit) { return func(s *claim.Submit) { s.Since = day } }
	unknown, approveUnknown := pending(leaderTwo)
	capped, approveCapped := pending(leaderTwo)
	short, approveShort := pending(stating(leaderTwo, func(s *claim.Submit) { s.Costs = []claim.Cost{item("roof", 2_000, 1_000)} }))
	taught, approveTaught := pending(taughtTwo)
	paidElsewhere := record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")
	return []refusal{
		{"X1: a person has a purpose once in its period", append(known(more), leaderTwo), submit("C3", "P1", "leader", "2023-09", "2023-09"), book.ErrExclusive},
		{"X1: a household has a purpose once, whoever of it claims", append(known(household), stating(startupOne, at("H1"))), stating(submit("C2", "P2", "startup", "2023-04", "2023-04"), at("H1")), book.ErrExclusive},
		{"X1: a household has one number, however it is written", append(known(household), stating(startupOne, at("H-1"))), stating(submit("C2", "P2", "startup", "2023-04", "2023-04"), at("h-1")), book.ErrExclusive},
		{"X1: a scheme for households is told which", known(household), startupOne, claim.ErrFacts},
		{"X1: purposes that the matrix keeps apart are not had beside each other", append(known(more, row("leader", "startup", policy.Deny)), startupOne), leaderTwo, book.ErrExclusive},
		{"X1: a pair that the matrix does not know takes a second approver", join(known(more), decided(startupOne), unknown), approveUnknown, book.ErrPair},
		{"X1: so does a payment made elsewhere", join(known(more), []ask{paidElsewhere}, unknown), approveUnknown, book.ErrPair},
		{"X1: who concurred does not approve as well", join(known(more), decided(startupOne), unknown, []ask{concur("C2", "C1")}), by(approveUnknown, chief), ledger.ErrDuties},
		{"X1: an approver concurs", join(known(more), decided(startupOne), unknown), by(concur("C2", "C1"), ledgertest.Clerk), ledger.ErrRole},
		{"X1: nobody concurs in advance", join(known(more), []ask{startupOne}, unknown), concur("C2", "C1"), book.ErrPair},
		{"X1: nobody concurs without a reason", join(known(more), decided(startupOne), unknown), with(concur("C2", "C1"), func(c *claim.Concur) { c.Reason = "" }), claim.ErrReason},
		{"X2: two employers are not paid for one purpose, person and month", append(known(more, anybody), postOne), stating(submit("C3", "I1", "post", "2023-04", "2023-04"), accountOf("P1")), book.ErrExclusive},
		{"X2: two purposes on account of one person take a second approver where the matrix does not know them", join(known(more), decided(postOne), taught), approveTaught, book.ErrPair},
		{"X2: a claim on account of persons names them", known(more), submit("C2", "E1", "post", "2023-04", "2023-04"), claim.ErrFacts},
		{"X2: nobody unknown is named", known(more), stating(postTwo, accountOf("P9")), party.ErrUnknown},
		{"X2: an organisation is not named as a person", known(more), stating(postTwo, accountOf("I1")), claim.ErrFacts},
		{"X2: a person is named once", known(more), stating(postTwo, accountOf("P1", "P1")), claim.ErrFacts},
		{"X2: up to the actual cost means that both say what it was", join(known(more, row("leader", "startup", policy.Cap)), decided(startupOne), capped), approveCapped, book.ErrCapped},
		{"X2: payments made elsewhere are one sum", join(known(more, row("leader", "startup", policy.Cap), row("leader", "training", policy.Cap)), []ask{paidElsewhere, record("R2", "P1", "220104/training/employment/2023", "2023-04-10")}, short), approveShort, book.ErrCapped},
		{"X3: grants on a cost item are no more than its cost, in kind too", known(more), stating(baseOne, costing("B1", item("roof", 3_000, 3_000))), book.ErrCost},
		{"X3: what others gave is no more than the cost", known(more), stating(baseOne, costing("B1", item("roof", 3_000, 3_001))), book.ErrCost},
		{"X3: nothing is left of an item that is paid", append(known(more), stating(baseOne, costing("B1", item("roof", 3_000, 0)))), stating(baseTwo, costing("B2", item("roof", 3_000, 0))), book.ErrCost},
		{"X3: an invoice is of one item", append(known(more), stating(baseOne, costing("B1", item("roof", 3_000, 0)))), stating(baseTwo, costing("B2", claim.Cost{Cost: yuan(3_000), Invoice: "INV-roof", Item: "door"})), book.ErrCost},
		{"X3: an invoice has one number, however it is written", append(known(more), stating(baseOne, costing("B1", item("roof", 3_000, 0)))), stating(baseTwo, costing("B2", claim.Cost{Cost: yuan(3_000), Invoice: "inv-ROOF", Item: "door"})), book.ErrCost},
		{"X3: so has an item", append(known(more), stating(baseOne, costing("B1", item("roof", 3_000, 0)))), stating(baseTwo, costing("B2", item("Roof", 3_000, 0))), book.ErrCost},
		{"X3: an invoice is named once in a claim, however it is written", known(more), stating(baseOne, costing("B1", item("roof", 3_000, 0), claim.Cost{Cost: yuan(3_000), Invoice: "inv-roof", Item: "door"})), claim.ErrFacts},
		{"X3: an item has one cost", append(known(more), stating(baseOne, costing("B1", item("roof", 3_000, 0)))), stating(baseTwo, costing("B2", item("roof", 9_000, 0))), book.ErrCost},
		{"X3: an item is named once", known(more), stating(baseOne, costing("B1", item("roof", 3_000, 0), item("roof", 3_000, 0))), claim.ErrFacts},
		{"X4: a base has no cost item paid by two schemes in a year", append(known(more), stating(baseOne, costing("B1", item("roof", 9_000, 0)))), stating(baseTwo, costing("B1", item("roof", 9_000, 0))), book.ErrBase},
		{"X4: nor in a year that only one of them begins in", append(known(more), stating(baseOne, costing("B1", item("roof", 9_000, 0)))), stating(submit("C2", "I1", "base-b", "2022-12", "2023-12"), costing("B1", item("roof", 9_000, 0))), book.ErrBase},
		{"X4: a base has one number, however it is written", append(known(more), stating(baseOne, costing("B1", item("roof", 9_000, 0)))), stating(baseTwo, costing("b1", item("ROOF", 9_000, 0))), book.ErrBase},
		{"X5: a fund pays what it may pay", join(submitted("C1"), reviewed("C1")), with(approve("C1"), func(a *claim.Approve) { a.Line = line("220104/startup/employment/2023") }), claim.ErrLine},
		{"X6: who counts for two targets is paid for a purpose once", append(known(more, leading), startupOne), leaderTwo, book.ErrExclusive},
		{"X7: one employment earns no reward and no post subsidy", append(known(more), stating(rewardOne, accountOf("P1", "P2"))), postTwo, book.ErrExclusive},
		{"X8: once for life is once", append(known(), startupOne), on(submit("C2", "P1", "startup", "2032-04", "2032-04"), "2032-04-03"), book.ErrExclusive},
		{"X8: once for life is once, whatever the purpose is called since", append(known(), startupOne, pack(version("test-2"), renamed)), on(submit("C2", "P1", "startup", "2032-04", "2032-04"), "2032-04-03"), book.ErrExclusive},
		{"X8: nor does another scheme of the purpose give it again", append(known(more, leading), startupOne, pack(version("test-2"), more, leading, renamed)), on(submit("C2", "P1", "leader", "2032-04", "2032-04"), "2032-04-03"), book.ErrExclusive},
		{"X8: a minimum term has passed", known(minimum), stating(startupOne, since(ledger.DateOf(2022, 4, 4))), claim.ErrTerm},
		{"X8: the last day of its last month, too", known(func(p *policy.Pack) { p.Schemes[0].MinMonths = 6 }), on(stating(startupOne, since(ledger.DateOf(2023, 3, 31))), "2023-09-29"), claim.ErrTerm},
		{"X8: a minimum term has begun", known(minimum), startupOne, claim.ErrTerm},
		{"X9: an award found out too late is not edited away", append(paid(), paidElsewhere), on(reject("C1"), "2023-05-10"), book.ErrInstructed},
	}
}

func TestCrossUseIsRefused(t *testing.T) {
	t.Parallel()
	for _, r := range crossUse(t) {
		s := book.Decider.Fold(new(book.State), given(t, r.given...)...)
		if events, err := book.Decide(s, r.when.command(t, "w1")); !errors.Is(err, r.reject) || len(events) > 0 {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}

func TestEveryRuleAgainstCrossUseHasATest(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, r := range crossUse(t) {
		rule, _, _ := strings.Cut(r.name, ":")
		seen[rule] = true
	}
	for _, rule := range []string{"X1", "X2", "X3", "X4", "X5", "X6", "X7", "X8", "X9"} {
		if !seen[rule] {
			t.Errorf("no case for %s", rule)
		}
	}
}

// What the rules let pass, with what an approval puts on record about it.
func TestAnApprovalKeepsWhatItWasComparedWith(t *testing.T) {
	t.Parallel()
	check := func(rule string, outcome policy.Verdict, by ledger.ActorID, source string) []claim.Check {
		return []claim.Check{{
			Against: "C1", Amount: yuan(5_000), By: by, From: month("2023-04"), Outcome: outcome, Party: "P1", Rule: rule, Scheme: "startup", Source: source, To: month("2023-04"),
		}}
	}
	unknown, approval := pending(leaderTwo)
	taught, approveTaught := pending(taughtTwo)
	employed := check("X2", claim.Concurs, "chief", "")
	employed[0].Party, employed[0].Scheme = "E1", "post"
	roof := func(s *claim.Submit) { s.Costs = []claim.Cost{item("roof", 9_000, 0)} }
	for name, c := range map[string]struct {
		story  []ask
		want   []claim.Check
		amount int64
	}{
		"nothing else in these hands": {join(known(more), decided(leaderTwo)), nil, 5_000},
		"a pair that is allowed":      {join(known(more, row("leader", "startup", policy.Allow)), decided(startupOne), decided(leaderTwo)), check("X1", policy.Allow, "", "matrix row 1"), 5_000},
		"allowed by the other scheme": {join(known(more, row("startup", "leader", policy.Allow)), decided(startupOne), decided(leaderTwo)), check("X1", policy.Allow, "", "matrix row 1"), 5_000},
		"a pair a second approver answers for": {
			join(known(more), decided(startupOne), unknown, []ask{concur("C2", "C1"), approval}), check("X1", claim.Concurs, "chief", ""), 5_000,
		},
		"a pair on account of one person, too": {
			join(known(more), decided(postOne), taught, []ask{concur("C2", "C1"), approveTaught}), employed, 5_000,
		},
		"up to the actual cost": {
			join(known(more, row("leader", "startup", policy.Cap)), decided(stating(startupOne, roof)), decided(stating(leaderTwo, roof))), check("X1", policy.Cap, "", "matrix row 1"), 4_000,
		},
		"a pair of another year": {join(known(more), decided(startupOne), decided(submit("C2", "P1", "leader", "2022-12", "2022-12"))), nil, 5_000},
		"one only applied for":   {join(known(more), []ask{startupOne}, decided(leaderTwo)), nil, 5_000},
	} {
		events := given(t, c.story...)
		e := events[len(events)-1].(claim.Approved)
		if !reflect.DeepEqual(e.Checks, c.want) || !e.Amount.Equal(yuan(c.amount)) || e.Policy != "test-1" {
			t.Errorf("%s: %s, %+v", name, e.Amount, e.Checks)
		}
	}
}

// X2, X7: what the policy says of a pair holds on one employment too.
func TestOneEmploymentEarnsTwoAwardsWhereThePolicySaysSo(t *testing.T) {
	t.Parallel()
	given(t, append(known(more), stating(rewardOne, accountOf("P2")), postTwo)...) // other persons: nothing to compare
	given(t, append(known(more, row("post", "employment", policy.Allow), func(p *policy.Pack) { p.Schemes[1].Group = "employment" }), stating(rewardOne, accountOf("P1")), postTwo)...)
}

// X8: six months after 31 March are over on 30 September, which is the last of its month.
func TestAMinimumTermEndsWithTheMonth(t *testing.T) {
	t.Parallel()
	half := func(p *policy.Pack) { p.Schemes[0].MinMonths = 6 }
	given(t, append(known(half), on(stating(startupOne, func(s *claim.Submit) { s.Since = ledger.DateOf(2023, 3, 31) }), "2023-09-30"))...)
}

// X3, X4: two schemes share an item up to its cost, and one base has different items paid.
func TestCostItemsAreSharedUpToTheirCost(t *testing.T) {
	t.Parallel()
	one := stating(baseOne, costing("B1", item("roof", 6_000, 0)))
	for name, c := range map[string]struct {
		story []ask
		want  []int64 // shares
	}{
		"as much as the standard":        {[]ask{one}, []int64{5_000}},
		"what is left":                   {[]ask{one, stating(baseTwo, costing("B2", item("roof", 6_000, 0)))}, []int64{1_000}},
		"what others gave counts":        {[]ask{stating(baseOne, costing("B1", item("roof", 6_000, 2_500)))}, []int64{3_500}},
		"one item after the other":       {[]ask{stating(baseOne, costing("B1", item("roof", 3_000, 0), item("door", 9_000, 0)))}, []int64{3_000, 2_000}},
		"other items of the base":        {[]ask{one, stating(baseTwo, costing("B1", item("door", 2_000, 0)))}, []int64{2_000}},
		"all again when a claim is over": {[]ask{one, withdraw("C1"), stating(baseTwo, costing("B1", item("roof", 6_000, 0)))}, []int64{5_000}},
	} {
		events := given(t, append(known(more), c.story...)...)
		e := events[len(events)-1].(claim.Submitted)
		var total int64
		for i, x := range e.Costs {
			if !x.Share.Equal(yuan(c.want[i])) {
				t.Errorf("%s: %s of %s", name, x.Share, x.Item)
			}
			total += c.want[i]
		}
		if !e.Amount.Equal(yuan(total)) {
			t.Errorf("%s: %s", name, e.Amount)
		}
	}
}

// X9: what comes to light late is recovered by further events; the award stays as it was.
func TestALateDiscoveryIsRecoveredAndNothingIsEdited(t *testing.T) {
	t.Parallel()
	events := given(t, join(paid(), []ask{record("R1", "P1", "220104/startup/levy/2023", "2023-04-10"), demand("Y1", 5_000)},
		[]ask{{ledgertest.Accountant, "2023-06-01", payment.ReceiveRecovery{Amount: yuan(5_000), Payment: "Y1", Voucher: "V"}}})...)
	found := events[len(events)-3].(payment.Recorded)
	back := events[len(events)-1].(payment.RecoveryReceived)
	if found.Suspect != "Y1" || !back.Amount.Equal(yuan(5_000)) {
		t.Errorf("%+v, %+v", found, back)
	}
}

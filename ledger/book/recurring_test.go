package book_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

var posts = line("220104/welfare-post/employment/2023")

// monthly is the policy with a scheme that recurs, changed, and 30000.00 for it.
func monthly(change ...func(*policy.Scheme)) []ask {
	return join(known(ledgertest.Monthly, func(p *policy.Pack) {
		for _, c := range change {
			c(&p.Schemes[len(p.Schemes)-1])
		}
	}), []ask{
		{ledgertest.Clerk, "2023-01-02", party.Register{Account: ledgertest.Sealed, Kind: policy.Employer, Party: "E2", Name: "另一公司"}},
		{ledgertest.Accountant, "2023-01-03", budget.Appropriate{Amount: yuan(30_000), Document: "D1", Line: posts}},
	})
}

// post is an application for a post: of a person, or of an employer on account of one.
func post(id ledger.ClaimID, claimant ledger.PartyID, from, to string, persons ...ledger.PartyID) ask {
	return with(submit(id, claimant, "welfare-post", from, to), func(s *claim.Submit) { s.Persons = persons })
}

func approvePost(id ledger.ClaimID) ask {
	return with(approve(id), func(a *claim.Approve) { a.Line = posts })
}

// posted is a post awarded.
func posted(first ask) []ask {
	id := first.do.(claim.Submit).Claim
	return join([]ask{first}, reviewed(id), []ask{approvePost(id)})
}

func instructMonth(id ledger.ClaimID, m, on string) ask {
	return ask{ledgertest.Cashier, on, payment.Instruct{Batch: ledger.BatchID("B-" + m), Claim: id, Month: month(m), Payment: of(id, m)}}
}

// of names the payment of a month.
func of(id ledger.ClaimID, m string) ledger.PaymentID {
	return ledger.PaymentID(string(id) + "-" + m)
}

// sentMonth is a month of a claim at the bank; paidMonth has it confirmed.
func sentMonth(id ledger.ClaimID, m, on string) []ask {
	b := ledger.BatchID("B-" + m)
	return []ask{
		open(b, on), instructMonth(id, m, on),
		{ledgertest.Cashier, on, payment.SubmitBatch{Batch: b, Lines: 1, Total: yuan(1_000)}},
		{chief, on, payment.ApproveBatch{Batch: b, Lines: 1, Total: yuan(1_000)}},
		{ledgertest.Cashier, on, payment.SendBatch{Batch: b, Voucher: "V-" + m}},
	}
}

func paidMonth(id ledger.ClaimID, m, on string) []ask {
	return append(sentMonth(id, m, on), confirm(of(id, m), on))
}

func stop(id ledger.ClaimID, from, on string) ask {
	return ask{chief, on, claim.Stop{Claim: id, Evidence: hash, From: month(from), Reason: "employed elsewhere"}}
}

func bankReturn(p ledger.PaymentID, on string) ask {
	return ask{ledgertest.Cashier, on, payment.Return{Payment: p, Reason: "closed", Serial: "S-back-" + string(p)}}
}

func giveUp(p ledger.PaymentID, on string) ask {
	return ask{chief, on, payment.ReturnToTreasury{Payment: p, Reason: "not due"}}
}

func demandBack(p ledger.PaymentID, on string) ask {
	return ask{chief, on, payment.DemandRecovery{Amount: yuan(1_000), Deadline: ledger.DateOf(2024, 6, 1), Decision: "D-" + string(p), Ground: "stopped", Payment: p}}
}

func receive(p ledger.PaymentID, n int64, on string) ask {
	return ask{ledgertest.Accountant, on, payment.ReceiveRecovery{Amount: yuan(n), Payment: p, Voucher: fmt.Sprint("slip-", p, n)}}
}

// year is P1's post for 2023, paid for January to October, month by month: those before the
// award in April together (补发), the others when each has begun.
func year() []ask {
	story := join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12")))
	for m := time.January; m <= time.October; m++ {
		story = append(story, paidMonth("C1", ledger.PeriodOf(2023, m).String(), ledger.DateOf(2023, max(m, time.April), 25).String())...)
	}
	return story
}

// One recurring scheme over twelve months: awarded for the year, paid until October, stopped
// in November from September on, two months recovered, the next year limited by the term.
func TestAPostOverTwelveMonths(t *testing.T) {
	t.Parallel()
	story := year()
	now := func(events []ledger.Event) *book.State { return book.Decider.Fold(new(book.State), events...) }
	stands := func(name string, voted, committed, disbursed int64) *book.State {
		t.Helper()
		events := given(t, story...)
		s := now(events)
		if got, want := s.Budget().Use(posts), (budget.Use{Voted: yuan(voted), Committed: yuan(committed), Disbursed: yuan(disbursed)}); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s: %+v, want %+v", name, got, want)
		}
		balanced(t, name, events)
		return s
	}
	refused := func(s *book.State, a ask, r *ledger.Rejection, says string) {
		t.Helper()
		_, err := book.Decide(s, a.command(t, "w1"))
		if !errors.Is(err, r) || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("%T: %v, want %s with %q", a.do, err, r.Code, says)
		}
	}
	stands("paid until October", 30_000, 2_000, 10_000)

	story = append(story, stop("C1", "2023-09", "2023-11-20"))
	events := given(t, story...)
	stopped := events[len(events)-1].(claim.Stopped)
	if fmt.Sprint(stopped.Months) != "[2023-11 2023-12]" || !stopped.Amount.Equal(yuan(2_000)) || text(stopped.Entry) != "2023-11-20, 2303/5001 2000.00, 9102/9101 2000.00" {
		t.Errorf("%+v", stopped)
	}
	s := stands("stopped from September", 30_000, 0, 10_000)
	refused(s, instructMonth("C1", "2023-11", "2023-11-25"), claim.ErrStopped, "2023-09")
	again := with(post("C2", "P1", "2024-01", "2024-10"), func(*claim.Submit) {})
	refused(s, again, book.ErrTermLimit, "C1 for 2023-01 to 2023-10") // 10 + 10 of 18: September and October are not back
	refused(s, post("C2", "P1", "2023-10", "2023-12"), book.ErrExclusive, "C1")
	refused(s, on(erase("P1"), "2023-11-21"), book.ErrUnfinished, "overpaid")

	story = append(story, demandBack(of("C1", "2023-09"), "2023-11-21"), demandBack(of("C1", "2023-10"), "2023-11-21"),
		receive(of("C1", "2023-09"), 1_000, "2023-12-05"), receive(of("C1", "2023-10"), 600, "2023-12-05"))
	s = stands("recovered in part", 30_000, 0, 10_000)
	refused(s, post("C2", "P1", "2023-10", "2023-12"), book.ErrExclusive, "2023-10 to 2023-10")
	refused(s, again, book.ErrTermLimit, "C1 for 2023-10 to 2023-10")
	story = append(story, receive(of("C1", "2023-10"), 400, "2023-12-06"))
	s = stands("recovered", 30_000, 0, 10_000)
	refused(s, with(again, func(s *claim.Submit) { s.To = month("2024-11") }), book.ErrTermLimit, "C1 for 2023-01 to 2023-08")
	story = append(story, again)
	stands("applied for what is left of the term", 30_000, 0, 10_000)
}

// balanced demands that the entries of every book are balanced together, and that no claim has
// more paid, under way and promised than it was approved for.
func balanced(t *testing.T, name string, events []ledger.Event) {
	t.Helper()
	chart, _ := ledgertest.Pack().Check()
	sums := make(map[ledger.Book]int64)
	for _, e := range events {
		if b := ledgertest.Booked(e); b != nil {
			if err := b.Check(chart); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, p := range b.Postings {
				a, _ := chart.Find(p.Account)
				n := fen(p.Amount)
				if p.Side == ledger.Credit {
					n = -n
				}
				sums[a.Book] += n
			}
		}
	}
	for b, n := range sums {
		if n != 0 {
			t.Fatalf("%s: the %s book is out by %d", name, b, n)
		}
	}
}

// insured is the policy with a scheme that pays two thirds of contributions, changed, and
// 30000.00 for it.
func insured(change ...func(*policy.Scheme)) []ask {
	return join(known(ledgertest.Insured, func(p *policy.Pack) {
		for _, c := range change {
			c(&p.Schemes[len(p.Schemes)-1])
		}
	}), []ask{{ledgertest.Accountant, "2023-01-03", budget.Appropriate{Amount: yuan(30_000), Document: "D1", Line: insurance}}})
}

var insurance = line("220104/insurance/employment/2023")

// contributed is an application of a person who paid 1000.01 a month and retires on a day, or
// does not say when.
func contributed(id ledger.ClaimID, from, to, retires string) ask {
	return with(submit(id, "P1", "insurance", from, to), func(s *claim.Submit) {
		s.Contribution = ledger.Fen(1000_01)
		if retires != "" {
			s.Retires, _ = ledger.ParseDate(retires)
		}
	})
}

// covered is such a claim, awarded on 2023-04-18.
func covered(first ask) []ask {
	id := first.do.(claim.Submit).Claim
	return join([]ask{first}, reviewed(id), []ask{with(approve(id), func(a *claim.Approve) { a.Line = insurance })})
}

// A share of contributions (社会保险补贴), month by month: two thirds of 1000.01 is 666.67333…, of which no more than 666.67
// is paid.
func TestAShareOfContributionsIsPaidByTheMonth(t *testing.T) {
	t.Parallel()
	events := given(t, join(insured(), covered(contributed("C1", "2023-01", "2023-12", "")), []ask{
		open("B1", "2023-04-25"), {ledgertest.Cashier, "2023-04-25", payment.Instruct{Batch: "B1", Claim: "C1", Month: month("2023-01"), Payment: "Y1"}},
	})...)
	balanced(t, "a share", events)
	var seen int
	for _, e := range events {
		switch e := e.(type) {
		case claim.Submitted:
			seen++
			if e.Monthly.String() != "666.67" || e.Amount.String() != "8000.04" || e.Contribution.String() != "1000.01" || e.Standard.Share != "2/3" {
				t.Errorf("%+v", e)
			}
		case payment.Instructed:
			seen++
			if e.Amount.String() != "666.67" {
				t.Errorf("%+v", e)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d events looked at", seen)
	}
	if u := book.Decider.Fold(new(book.State), events...).Budget().Use(insurance); u.Committed.String() != "8000.04" {
		t.Errorf("%+v", u)
	}
}

// The term is 18 months. Who had fewer than five years left when first approved, on 2023-04-18, is
// paid until retirement; later claims do not change what it was then.
func TestATermRunsUntilRetirementForWhoIsNear(t *testing.T) {
	t.Parallel()
	long := func(first, second string) []ask {
		return join(insured(), covered(contributed("C1", "2023-01", "2023-12", first)), []ask{contributed("C2", "2024-01", "2025-12", second)})
	}
	for name, story := range map[string][]ask{
		"near, in one claim":                            append(insured(), contributed("C1", "2023-01", "2025-12", "2028-04-02")),
		"near, in two claims":                           long("2028-04-17", "2028-04-17"),
		"near, until the month of it":                   append(insured(), contributed("C1", "2023-01", "2026-01", "2026-01-31")),
		"near when first approved, though it is later":  long("2028-04-17", "2030-01-01"),
		"near when first approved, as is stated later":  long("", "2028-04-17"),
		"far, within the term":                          append(insured(), contributed("C1", "2023-01", "2024-06", "2050-01-01")),
		"retired by now, for months before":             append(insured(), contributed("C1", "2022-01", "2023-02", "2023-02-10")),
		"no exception, within the term":                 append(insured(func(s *policy.Scheme) { s.Recurring.NearRetirement = policy.None }), contributed("C1", "2023-01", "2024-06", "2026-01-01")),
		"nobody says whether there is one, in the term": append(insured(func(s *policy.Scheme) { s.Recurring.NearRetirement = 0 }), contributed("C1", "2023-01", "2024-06", "2026-01-01")),
	} {
		events := given(t, story...)
		balanced(t, name, events)
	}
}

func recurring() []refusal {
	awarded := join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12")))
	at := func(story []ask, more ...ask) []ask { return join(story, more) }
	sent := join(awarded, sentMonth("C1", "2023-04", "2023-04-25"))
	failedMonth := at(sent, ask{ledgertest.Cashier, "2023-04-26", payment.Fail{Payment: of("C1", "2023-04"), Reason: "closed"}})
	correct := []ask{
		{ledgertest.Cashier, "2023-04-27", payment.CorrectPayee{Account: "1", Payment: of("C1", "2023-04"), Reason: "open again"}},
		{chief, "2023-04-27", payment.ApproveCorrection{Account: "1", Payment: of("C1", "2023-04")}},
		open("B2", "2023-04-28"),
	}
	reissue := ask{ledgertest.Cashier, "2023-04-28", payment.Reissue{As: "Y2", Batch: "B2", Payment: of("C1", "2023-04")}}
	ended := at(failedMonth, giveUp(of("C1", "2023-04"), "2023-04-27"))
	unset := func(s *policy.Scheme) {
		s.Recurring = &policy.Recurring{Every: policy.Month, Placements: policy.None, Source: "synthetic"}
	}
	unplaced := func(s *policy.Scheme) {
		s.Recurring = &policy.Recurring{Every: policy.Month, Source: "synthetic", Term: policy.None}
	}
	malformed := func(change func(*policy.Scheme)) ask {
		p := ledgertest.Pack()
		ledgertest.Monthly(&p)
		change(&p.Schemes[4])
		return ask{ledgertest.Operator, "2023-01-01", policy.Publish{Pack: p}}
	}
	one := post("C1", "P1", "2023-01", "2023-12")
	placed := join(monthly(), []ask{post("C1", "E1", "2023-01", "2023-02", "P1"), post("C2", "E2", "2023-03", "2023-04", "P1")})
	elsewhere := record("R1", "P1", "220104/welfare-post/employment/2023", "2023-05-10")
	return []refusal{
		{"a recurring scheme is had once a month", nil, malformed(func(s *policy.Scheme) { s.Once = policy.Year }), policy.ErrPack},
		{"a recurring scheme is paid every month", nil, malformed(func(s *policy.Scheme) { s.Recurring.Every = policy.Year }), policy.ErrPack},
		{"a recurring scheme has no cost items", nil, malformed(func(s *policy.Scheme) { s.Needs = append(s.Needs, policy.NeedCosts) }), policy.ErrPack},
		{"a term has a source", nil, malformed(func(s *policy.Scheme) { s.Recurring.Source = "" }), policy.ErrPack},
		{"a term is not below nothing", nil, malformed(func(s *policy.Scheme) { s.Recurring.Term = -2 }), policy.ErrPack},
		{"nothing is computed while the term is unset", monthly(unset), one, policy.ErrUnset},
		{"nothing is computed while the placements are unset", monthly(unplaced), one, policy.ErrUnset},

		{"years before retirement have a source", nil, malformed(func(s *policy.Scheme) { s.Recurring = &policy.Recurring{Every: policy.Month, NearRetirement: 5} }), policy.ErrPack},
		{"years before retirement are not below nothing", nil, malformed(func(s *policy.Scheme) { s.Recurring.NearRetirement = -2 }), policy.ErrPack},

		{"a share is of something", insured(), with(contributed("C1", "2023-01", "2023-12", ""), func(s *claim.Submit) { s.Contribution = ledger.Money{} }), claim.ErrFacts},
		{"a share is of no debt", insured(), with(contributed("C1", "2023-01", "2023-12", ""), func(s *claim.Submit) { s.Contribution = ledger.Fen(-1) }), claim.ErrFacts},
		{"a share that is less than a fen is nothing", insured(), with(contributed("C1", "2023-01", "2023-12", ""), func(s *claim.Submit) { s.Contribution = ledger.Fen(1) }), claim.ErrFacts},
		{"an amount is of no contributions", monthly(), with(one, func(s *claim.Submit) { s.Contribution = yuan(1_000) }), claim.ErrFacts},
		{"a term is the term of who says nothing of retirement", insured(), contributed("C1", "2023-01", "2024-07", ""), book.ErrTermLimit},
		{"a term is the term of who is far from retirement", insured(), contributed("C1", "2023-01", "2024-07", "2028-04-03"), book.ErrTermLimit},
		{"who was far when first approved is not near later", join(insured(), covered(contributed("C1", "2023-01", "2023-12", "2028-04-18"))), on(contributed("C2", "2024-01", "2024-12", "2028-04-18"), "2024-01-03"), book.ErrTermLimit},
		{"nor by another day of retirement", join(insured(), covered(contributed("C1", "2023-01", "2023-12", "2028-04-18"))), contributed("C2", "2024-01", "2024-12", "2028-04-17"), book.ErrTermLimit},
		{"a source that says no knows no exception", insured(func(s *policy.Scheme) { s.Recurring.NearRetirement = policy.None }), contributed("C1", "2023-01", "2024-07", "2026-01-01"), book.ErrTermLimit},
		{"an exception of which no source tells is not made", insured(func(s *policy.Scheme) { s.Recurring.NearRetirement = 0 }), contributed("C1", "2023-01", "2024-07", "2026-01-01"), policy.ErrUnset},
		{"nothing is paid after retirement", insured(), contributed("C1", "2023-01", "2023-06", "2023-05-31"), claim.ErrRetirement},
		{"what is paid once does not depend on retirement", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) { s.Retires = ledger.DateOf(2026, 1, 1) }), claim.ErrRetirement},
		{"an institution does not retire", insured(), with(contributed("C1", "2023-01", "2023-06", "2026-01-01"), func(s *claim.Submit) { s.Party = "I1" }), claim.ErrRetirement},

		{"a recurring claim is for one unit", monthly(func(s *policy.Scheme) { s.UnitsEach = 2 }), with(one, func(s *claim.Submit) { s.Units = 2 }), claim.ErrOnePerson},
		{"a recurring claim is on account of one person", monthly(), post("C1", "E1", "2023-01", "2023-12", "P1", "P2"), claim.ErrOnePerson},
		{"a recurring claim has no cost items", monthly(), with(one, func(s *claim.Submit) { s.Costs = []claim.Cost{item("roof", 9_000, 0)} }), claim.ErrOnePerson},
		{"posts do not overlap", at(monthly(), one), post("C2", "P1", "2023-12", "2024-01"), book.ErrExclusive},
		{"posts of one person at two employers do not overlap", at(monthly(), post("C1", "E1", "2023-01", "2023-06", "P1")), post("C2", "E2", "2023-06", "2023-07", "P1"), book.ErrExclusive},
		{"a post of a person does not overlap its employer's", at(monthly(), one), post("C2", "E1", "2023-06", "2023-07", "P1"), book.ErrExclusive},
		{"a term is one person's, over claims and claimants", at(monthly(), one), post("C2", "E1", "2024-01", "2024-07", "P1"), book.ErrTermLimit},
		{"a first claim is no longer than the term", monthly(), post("C1", "P1", "2023-01", "2024-07"), book.ErrTermLimit},
		{"months paid elsewhere count for the term", at(monthly(), elsewhere), post("C1", "P1", "2023-06", "2024-11"), book.ErrTermLimit},
		{"a third placement is one too many", placed, post("C3", "E1", "2023-05", "2023-06", "P1"), book.ErrPlacements},
		{"a gap begins another placement", placed, post("C3", "E2", "2023-06", "2023-06", "P1"), book.ErrPlacements},

		{"a recurring claim is paid by the month", at(awarded, open("B1", "2023-04-25")), instruct("B1", "C1", "Y1"), claim.ErrMonth},
		{"a month is of its claim", at(awarded, open("B-2024-01", "2024-01-25")), instructMonth("C1", "2024-01", "2024-01-25"), claim.ErrMonth},
		{"a month before its claim is not paid", at(awarded, open("B-2022-12", "2023-04-25")), instructMonth("C1", "2022-12", "2023-04-25"), claim.ErrMonth},
		{"a month is not paid before it begins", at(awarded, open("B-2023-05", "2023-04-25")), instructMonth("C1", "2023-05", "2023-04-30"), claim.ErrMonth},
		{"a claim that is paid once has no months", join(known(), decided(submit("C1", "P1", "startup", "2023-04", "2023-04")), []ask{open("B-2023-04", "2023-04-25")}), instructMonth("C1", "2023-04", "2023-04-25"), claim.ErrMonth},
		{"a month is paid once", at(sent, open("B2", "2023-04-26")), with(instructMonth("C1", "2023-04", "2023-04-26"), func(i *payment.Instruct) { i.Batch, i.Payment = "B2", "Y2" }), payment.ErrPaid},
		{"a month given back is not paid again", at(ended, open("B2", "2023-04-28")), with(instructMonth("C1", "2023-04", "2023-04-28"), func(i *payment.Instruct) { i.Batch, i.Payment = "B2", "Y2" }), claim.ErrMonth},
		{"a month that was paid elsewhere is not paid", at(awarded, elsewhere, open("B-2023-05", "2023-05-25")), instructMonth("C1", "2023-05", "2023-05-25"), book.ErrExclusive},
		{"a month after the stop is not paid", at(awarded, stop("C1", "2023-05", "2023-05-20"), open("B-2023-05", "2023-05-25")), instructMonth("C1", "2023-05", "2023-05-25"), claim.ErrStopped},
		{"a month after the stop is not issued again", join(failedMonth, correct, []ask{stop("C1", "2023-04", "2023-04-28")}), reissue, claim.ErrStopped},

		{"an approver stops", awarded, by(stop("C1", "2023-05", "2023-05-20"), ledgertest.Clerk), ledger.ErrRole},
		{"who entered a claim does not stop it", awarded, by(stop("C1", "2023-05", "2023-05-20"), as(chief, "clerk")), ledger.ErrDuties},
		{"nothing is stopped without a reason", awarded, with(stop("C1", "2023-05", "2023-05-20"), func(s *claim.Stop) { s.Reason = "" }), claim.ErrReason},
		{"nothing is stopped without evidence", awarded, with(stop("C1", "2023-05", "2023-05-20"), func(s *claim.Stop) { s.Evidence = "he left" }), claim.ErrReason},
		{"a personal number is no reason of a stop", awarded, with(stop("C1", "2023-05", "2023-05-20"), func(s *claim.Stop) { s.Reason = "11010519491231002X" }), ledger.ErrPersonalText},
		{"what is not approved is not stopped", at(monthly(), one), stop("C1", "2023-05", "2023-05-20"), claim.ErrStep},
		{"a stop is not dated before the approval", awarded, stop("C1", "2023-05", "2023-04-17"), claim.ErrStep},
		{"a claim is stopped from a month of its own", awarded, stop("C1", "2024-01", "2023-05-20"), claim.ErrMonth},
		{"a claim that is paid once is not stopped", join(known(), decided(submit("C1", "P1", "startup", "2023-04", "2023-04"))), stop("C1", "2023-04", "2023-05-20"), claim.ErrMonth},
		{"a stop is not moved to a later month", at(awarded, stop("C1", "2023-05", "2023-05-20")), stop("C1", "2023-06", "2023-05-21"), claim.ErrStopped},
		{"a month whose payment is not sent is cancelled before the stop", at(awarded, open("B-2023-04", "2023-04-25"), instructMonth("C1", "2023-04", "2023-04-25")), stop("C1", "2023-03", "2023-04-26"), book.ErrInstructed},
		{"so is one that is issued again", join(failedMonth, correct, []ask{reissue}), stop("C1", "2023-04", "2023-04-29"), book.ErrInstructed},
		{"a promise is not taken back in a closed month", at(awarded, closing("2023-04", "2023-05-01")), stop("C1", "2023-05", "2023-04-30"), journal.ErrClosed},
		{"a claim of which a month is paid is not rejected", sent, on(reject("C1"), "2023-05-20"), book.ErrInstructed},
		{"a claim of which a month is given back is not rejected", ended, on(reject("C1"), "2023-05-20"), book.ErrInstructed},
		{"a claim that is stopped is not rejected", at(awarded, stop("C1", "2023-05", "2023-05-20")), on(reject("C1"), "2023-05-20"), book.ErrInstructed},

		{"a person of whom a month is not paid is not erased", sent, on(erase("P1"), "2023-05-20"), book.ErrUnfinished},
	}
}

func TestRecurringClaimsAreRefused(t *testing.T) {
	t.Parallel()
	var cases []ledgertest.Case[book.Command, ledger.Event]
	for _, r := range recurring() {
		cases = append(cases, ledgertest.Case[book.Command, ledger.Event]{Name: r.name, Given: given(t, r.given...), When: r.when.command(t, "w1"), Reject: r.reject})
	}
	ledgertest.Run(t, book.Decider, cases)
}

func TestRecurringClaimsThatDoNotMeetAreHadBesideEachOther(t *testing.T) {
	t.Parallel()
	unlimited := func(s *policy.Scheme) {
		s.Recurring = &policy.Recurring{Every: policy.Month, Placements: policy.None, Source: "synthetic", Term: policy.None}
	}
	stopped := join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12")), []ask{stop("C1", "2023-05", "2023-05-20")})
	failedMonth := join(monthly(), posted(post("C1", "P1", "2023-04", "2023-12")), sentMonth("C1", "2023-04", "2023-04-25"),
		[]ask{{ledgertest.Cashier, "2023-04-26", payment.Fail{Payment: of("C1", "2023-04"), Reason: "closed"}}})
	elsewhere := record("R1", "P1", "220104/welfare-post/employment/2023", "2023-05-10")
	for name, story := range map[string][]ask{
		"two persons at one employer":                append(monthly(), post("C1", "E1", "2023-01", "2023-12", "P1"), post("C2", "E1", "2023-01", "2023-12", "P2")),
		"the months to the term, and no more":        append(monthly(), post("C1", "P1", "2023-01", "2023-12"), post("C2", "P1", "2024-01", "2024-06")),
		"months that follow each other with one":     append(monthly(), post("C1", "E1", "2023-01", "2023-02", "P1"), post("C2", "E1", "2023-03", "2023-04", "P1"), post("C3", "E1", "2023-05", "2023-06", "P1")),
		"no limit, where a source says so":           append(monthly(unlimited), post("C1", "P1", "2022-01", "2022-12"), post("C2", "P1", "2023-02", "2023-12"), post("C3", "P1", "2024-02", "2026-12")),
		"another post from the month of a stop":      append(stopped, post("C2", "P1", "2023-05", "2023-12")),
		"a stop moved to an earlier month":           append(stopped, stop("C1", "2023-02", "2023-05-21"), post("C2", "P1", "2023-02", "2023-12")),
		"a whole claim that is stopped":              append(stopped, stop("C1", "2023-01", "2023-05-21"), post("C2", "P1", "2023-01", "2023-12")),
		"a month given back, by another":             append(failedMonth, giveUp(of("C1", "2023-04"), "2023-04-27"), post("C2", "P1", "2023-04", "2023-04")),
		"a month after the stop that never went out": append(failedMonth, stop("C1", "2023-04", "2023-04-27"), giveUp(of("C1", "2023-04"), "2023-04-28"), post("C2", "P1", "2023-04", "2023-12")),
		"a month whose payment was cancelled": append(join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12")), []ask{
			open("B0", "2023-04-24"), with(instructMonth("C1", "2023-04", "2023-04-24"), func(i *payment.Instruct) { i.Batch, i.Payment = "B0", "Y0" }),
			{ledgertest.Cashier, "2023-04-24", payment.RemoveLine{Payment: "Y0"}},
		}), paidMonth("C1", "2023-04", "2023-04-25")...),
		"the other months of one paid elsewhere": append(join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12")), []ask{elsewhere}), paidMonth("C1", "2023-04", "2023-05-25")...),
	} {
		events := given(t, story...)
		balanced(t, name, events)
	}
}

// Whatever became of a month before its stop or after it, nothing stays promised that nobody
// can pay or take back.
func TestAStopLeavesNothingPromised(t *testing.T) {
	t.Parallel()
	awarded := join(monthly(), posted(post("C1", "P1", "2023-04", "2023-05")))
	sent := join(awarded, sentMonth("C1", "2023-04", "2023-04-25"))
	y := of("C1", "2023-04")
	halt := stop("C1", "2023-04", "2023-04-26")
	for name, story := range map[string][]ask{
		"nothing instructed":             append(awarded, halt),
		"cancelled before":               append(awarded, open("B-2023-04", "2023-04-25"), instructMonth("C1", "2023-04", "2023-04-25"), ask{ledgertest.Cashier, "2023-04-25", payment.RemoveLine{Payment: y}}, halt),
		"paid after the stop":            append(sent, halt, confirm(y, "2023-04-27")),
		"failed after the stop":          append(sent, halt, ask{ledgertest.Cashier, "2023-04-27", payment.Fail{Payment: y, Reason: "closed"}}, giveUp(y, "2023-04-28")),
		"failed before the stop":         append(sent, ask{ledgertest.Cashier, "2023-04-25", payment.Fail{Payment: y, Reason: "closed"}}, halt, giveUp(y, "2023-04-28")),
		"returned after the stop":        append(sent, confirm(y, "2023-04-25"), halt, bankReturn(y, "2023-04-27"), giveUp(y, "2023-04-28")),
		"returned and stopped earlier":   append(sent, confirm(y, "2023-04-25"), stop("C1", "2023-05", "2023-04-25"), bankReturn(y, "2023-04-27"), on(halt, "2023-04-27"), giveUp(y, "2023-04-28")),
		"given back before the stop":     append(sent, ask{ledgertest.Cashier, "2023-04-25", payment.Fail{Payment: y, Reason: "closed"}}, giveUp(y, "2023-04-25"), halt),
		"stopped late, known a month on": append(sent, confirm(y, "2023-04-25"), closing("2023-04", "2023-05-01"), on(halt, "2023-05-02")),
	} {
		events := given(t, story...)
		balanced(t, name, events)
		u := book.Decider.Fold(new(book.State), events...).Budget().Use(posts)
		if !u.Committed.IsZero() || u.Available().Add(u.Disbursed).Cmp(yuan(30_000)) != 0 {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

func TestAStopIsMadeOnce(t *testing.T) {
	t.Parallel()
	s := book.Decider.Fold(new(book.State), given(t, append(join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12"))), stop("C1", "2023-05", "2023-05-20"))...)...)
	if events, err := book.Decide(s, stop("C1", "2023-05", "2023-05-21").command(t, "w1")); err != nil || len(events) > 0 {
		t.Errorf("%v, %v", events, err)
	}
}

func TestAPersonIsErasedWhenEveryMonthIsPaidOrEnded(t *testing.T) {
	t.Parallel()
	story := join(monthly(), posted(post("C1", "P1", "2023-04", "2023-06")), paidMonth("C1", "2023-04", "2023-04-25"), []ask{stop("C1", "2023-05", "2023-05-20"), on(erase("P1"), "2023-05-21")})
	given(t, story...)
}

// An employer's claim on account of a person is open or unpaid: what it rests on is the person's.
func TestAPersonIsNotErasedWhileAClaimOnTheirAccountIsOpen(t *testing.T) {
	t.Parallel()
	first := post("C1", "E1", "2023-04", "2023-04", "P1")
	awarded := join(monthly(), posted(first))
	atBank, back := of("C1", "2023-04"), []ask{demandBack(of("C1", "2023-04"), "2023-05-10")}
	for want, story := range map[string][]ask{
		"claim C1 is submitted":                                                append(monthly(), first),
		"claim C1 for 2023-04 is approved and not paid":                        awarded,
		"payment " + string(atBank) + " of claim C1 for 2023-04 is instructed": join(awarded, sentMonth("C1", "2023-04", "2023-04-25")),
		"payment " + string(atBank) + " is demanded back":                      join(awarded, paidMonth("C1", "2023-04", "2023-04-25"), back),
	} {
		s := book.Decider.Fold(new(book.State), given(t, story...)...)
		_, err := book.Decide(s, on(erase("P1"), "2023-12-31").command(t, "w1"))
		if r, particulars := ledger.Refused(err); r != book.ErrUnfinished || particulars != want {
			t.Errorf("it says %v, want %s", err, want)
		}
		given(t, append(story, on(erase("P2"), "2023-12-31"))...)
	}
	given(t, join(awarded, paidMonth("C1", "2023-04", "2023-04-25"), []ask{on(erase("P1"), "2023-12-31")})...)
	given(t, join(awarded, paidMonth("C1", "2023-04", "2023-04-25"), back, []ask{receive(atBank, 1_000, "2023-06-01"), on(erase("P1"), "2023-12-31")})...)
	given(t, join(monthly(), []ask{first, withdraw("C1"), on(erase("P1"), "2023-12-31")})...)
}

func TestARecordedPaymentSuspectsTheMonthThatItMayHavePaid(t *testing.T) {
	t.Parallel()
	story := append(join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12")), paidMonth("C1", "2023-04", "2023-04-25")), record("R1", "P1", posts.String(), "2023-04-28"), record("R2", "P2", posts.String(), "2023-04-28"))
	events := given(t, story...)
	if e := events[len(events)-2].(payment.Recorded); e.Suspect != of("C1", "2023-04") {
		t.Errorf("it suspects %q", e.Suspect)
	}
	if e := events[len(events)-1].(payment.Recorded); e.Suspect != "" {
		t.Errorf("another person's suspects %q", e.Suspect)
	}
}

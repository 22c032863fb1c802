package book_test

import (
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
)

// filing is the levy of E1 of 2023: 100 staff, a wage of 60000.00.
func filing(on string) ask {
	return ask{ledgertest.Clerk, on, levy.Declare{Class: ledger.Enterprise, Employer: "E1", Region: "220104", Staff: levy.Int(100), Wage: yuan(60_000), Year: 2023}}
}

func review(confirmation string, employer, person ledger.PartyID) ask {
	return ask{ledgertest.First, "2023-04-11", levy.Review{Confirmation: confirmation, Employer: employer, Region: "220104", Year: 2023, Persons: []levy.Person{
		{Card: levy.DisabilityCard, Grade: 3, Party: person, From: ledger.PeriodOf(2022, 1), To: ledger.PeriodOf(2022, 12)},
	}}}
}

func assess(on string) ask {
	return ask{ledgertest.Accountant, on, levy.Assess{Employer: "E1", Year: 2023}}
}

func levyOrder(on string, do any) ask { return ask{chief, on, do} }

func collect(on, receipt string, amount int64) ask {
	return ask{ledgertest.Accountant, on, levy.Receive{Amount: yuan(amount), Employer: "E1", Kind: levy.Principal, Receipt: receipt, Year: 2023}}
}

func unbook(on, receipt string) ask {
	by := ledgertest.Accountant
	by.ID = "accountant-2"
	return ask{by, on, levy.WithdrawReceipt{Reason: "误登", Receipt: receipt}}
}

// levied owes 18000.00: 0.6 persons × 60000.00 × 50 %.
func levied() []ask {
	return join(known(ledgertest.Levied), []ask{review("Q1", "E1", "P1"), filing("2023-09-01"), assess("2023-09-04")})
}

var (
	relieve = levyOrder("2023-09-05", levy.Relieve{Amount: yuan(8_000), Decision: "减免1", Employer: "E1", Reason: "洪涝", Year: 2023})
	warn    = levyOrder("2023-11-01", levy.Warn{Document: "警告1", Employer: "E1", Year: 2023})
	ordered = levyOrder("2023-11-02", levy.OrderPayment{Deadline: ledger.DateOf(2023, 11, 15), Document: "限缴1", Employer: "E1", Year: 2023})
	charge  = levyOrder("2023-11-16", levy.ChargeLateFee{Document: "加收1", Employer: "E1", Year: 2023})
	refund  = levyOrder("2023-12-01", levy.DecideRefund{Amount: yuan(500), Claim: "申请1", Decision: "退1", Employer: "E1", Year: 2023})
	repay   = ask{ledgertest.Accountant, "2023-12-04", levy.PayRefund{Amount: yuan(500), Employer: "E1", Voucher: "5209-1", Year: 2023}}
	leave   = ask{ledgertest.Clerk, "2023-12-31", levy.Deregister{Document: "注销1", Employer: "E1"}}
)

func levyRefusals() []refusal {
	organ := ask{ledgertest.Clerk, "2023-01-02", party.Register{Code: "12220104999999939X", Kind: policy.Employer, Name: "样本机关（合成）", Party: "U12220104999999939X"}}
	settled := join(levied(), []ask{collect("2023-09-10", "R1", 18_000)})
	return []refusal{
		{"no levy is booked under a chart without its accounts", known(), filing("2023-09-01"), policy.ErrUnset},
		{"a levy is of a registered party", known(ledgertest.Levied), with(filing("2023-09-01"), func(d *levy.Declare) { d.Employer = "E9" }), party.ErrUnknown},
		{"a levy is of an employer", known(ledgertest.Levied), with(filing("2023-09-01"), func(d *levy.Declare) { d.Employer = "P1" }), levy.ErrEmployer},
		{"persons count", known(ledgertest.Levied), review("Q1", "E1", "I1"), levy.ErrEmployer},
		{"a levy is of a region", known(ledgertest.Levied), with(filing("2023-09-01"), func(d *levy.Declare) { d.Region = "110000" }), ledger.ErrRegion},
		{"a personal number is in no reason of relief", levied(), with(relieve, func(r *levy.Relieve) { r.Reason = "身份证11010519491231002X" }), ledger.ErrPersonalText},
		{"a class is that of the credit code", join(known(ledgertest.Levied), []ask{organ}), with(filing("2023-09-01"), func(d *levy.Declare) { d.Employer = "U12220104999999939X" }), levy.ErrClass},
		{"nothing is filed before the window", known(ledgertest.Levied), filing("2023-07-31"), levy.ErrWindow},
		{"months are of the data year", known(ledgertest.Levied), with(review("Q1", "E1", "P1"), func(r *levy.Review) { r.Year = 2022 }), levy.ErrReview},
		{"a person is counted by one employer", levied(), review("Q2", "I1", "P1"), levy.ErrCounted},
		{"a card is valid on the day of the review", known(ledgertest.Levied, func(p *policy.Pack) {
			p.Parameters = append(p.Parameters, policy.Parameter{Certainty: policy.Verified, Name: "levy.disabled.expired_certificate_counts", Region: policy.Nation, Source: "synthetic", Unit: "bool", Value: "false"})
		}), with(review("Q1", "E1", "P1"), func(r *levy.Review) { r.Persons[0].Until = ledger.DateOf(2023, 4, 10) }), levy.ErrExpired},
		{"what is not filed is not assessed", known(ledgertest.Levied), assess("2023-09-04"), levy.ErrCase},
		{"relief has a reason", levied(), with(relieve, func(r *levy.Relieve) { r.Reason = "" }), levy.ErrStated},
		{"relief stays within what is due", levied(), with(relieve, func(r *levy.Relieve) { r.Amount = yuan(18_001) }), levy.ErrHardship},
		{"a decision relieves once", append(levied(), relieve), with(relieve, func(r *levy.Relieve) { r.Amount = yuan(1) }), levy.ErrBooked},
		{"a receipt is used once", settled, collect("2023-09-10", "R1", 1), levy.ErrReceipt},
		{"a personal number is in no reason of a withdrawal", settled, with(unbook("2023-09-11", "R1"), func(w *levy.WithdrawReceipt) { w.Reason = "身份证11010519491231002X" }), ledger.ErrPersonalText},
		{"no receipt is withdrawn in a closed month", append(settled, closing("2023-09", "2023-10-01")), unbook("2023-09-30", "R1"), journal.ErrClosed},
		{"nobody is warned who paid", settled, warn, levy.ErrDefault},
		{"nothing is refunded that was not overpaid", settled, refund, levy.ErrRefund},
		{"who owes is not deregistered", levied(), leave, levy.ErrUnsettled},
		{"who left files no more", join(settled, []ask{leave}), filing("2023-12-31"), levy.ErrLeft},
		{"nothing is assessed in a closed month", join(levied()[:len(levied())-1], []ask{closing("2023-09", "2023-10-01")}), assess("2023-09-04"), journal.ErrClosed},
	}
}

func TestEachStepOfALevyThatMovesMoneyCarriesItsEntry(t *testing.T) {
	t.Parallel()
	owing := join(levied(), []ask{warn, ordered})
	less := with(filing("2023-09-20"), func(d *levy.Declare) { d.Wage = yuan(30_000) })
	for name, c := range map[string]struct {
		story []ask
		want  string
	}{
		"an assessment":               {levied(), "2023-09-04, 1021.1030218/4002.1030218 18000.00"},
		"relief for hardship":         {append(levied(), relieve), "2023-09-05, 4002.1030218.01/1021.1030218 8000.00"},
		"a receipt":                   {append(levied(), collect("2023-09-10", "R1", 18_000)), "2023-09-10, 1001/1021.1030218 18000.00"},
		"a receipt of a closed month": {append(levied(), closing("2023-09", "2023-10-01"), collect("2023-09-30", "R1", 18_000)), "2023-10-01 for 2023-09, 1001/1021.1030218 18000.00"},
		"a receipt withdrawn":         {append(levied(), collect("2023-09-10", "R1", 18_000), unbook("2023-09-11", "R1")), "2023-09-11, 1021.1030218/1001 18000.00"},
		"a late fee":                  {append(owing, charge), "2023-11-16, 1021.1030218/4002.1030218.02 1440.00"},
		"a decision to refund":        {append(levied(), collect("2023-09-10", "R1", 18_500), refund), "2023-12-01, 1021.1030218/2307.1030218 500.00"},
		"a refund":                    {append(levied(), collect("2023-09-10", "R1", 18_500), refund, repay), "2023-12-04, 2307.1030218/1001 500.00"},
		"an assessment of less":       {append(levied(), less, assess("2023-09-20")), "2023-09-20, 4002.1030218/1021.1030218 9000.00"},
		"an assessment that takes relief in": {append(levied(), with(relieve, func(r *levy.Relieve) { r.Amount = yuan(12_000) }), less, assess("2023-09-20")),
			"2023-09-20, 4002.1030218/1021.1030218 9000.00, 1021.1030218/4002.1030218.01 3000.00"},
	} {
		events := given(t, c.story...)
		e := ledgertest.Booked(events[len(events)-1])
		if e == nil || text(e) != c.want || e.Line.String() != "220104/1030218/levy/2023" || e.Policy != "test-1" {
			t.Errorf("%s: %+v, want %s", name, e, c.want)
		}
	}
}

// What the books say a levy still owes is what its case says.
func TestTheReceivableIsWhatIsOwed(t *testing.T) {
	t.Parallel()
	story := append(levied(), relieve, collect("2023-09-10", "R1", 4_000), warn, ordered, charge, collect("2023-11-20", "R2", 10_000),
		with(refund, func(r *levy.DecideRefund) { r.Amount = yuan(1_000) }))
	s, balance := new(book.State), ledger.Money{}
	for _, e := range given(t, story...) {
		s = book.Decider.Fold(s, e)
		entry := ledgertest.Booked(e)
		if entry == nil {
			continue
		}
		for _, p := range entry.Postings {
			if p.Account == "1021.1030218" {
				balance = balance.Add(p.Signed())
			}
		}
		if k, ok := s.Levies().Find(levy.Key{Employer: "E1", Year: 2023}); ok && !k.Owed().Equal(balance) {
			t.Errorf("after %T: %s owed, %s receivable", e, k.Owed(), balance)
		}
	}
}

func TestAPolicyWithoutLevyAccountsIsFollowedByOneWithThem(t *testing.T) {
	t.Parallel()
	given(t, join(known(), []ask{pack(version("test-2"), ledgertest.Levied), filing("2023-09-01"), assess("2023-09-04")})...)
	some := pack(func(p *policy.Pack) { p.Accounts = append(p.Accounts, ledgertest.LevyAccounts()[1:]...) })
	if _, err := book.Decide(new(book.State), some.command(t, "c")); err == nil {
		t.Error("a chart with some accounts of the levy is published")
	}
}

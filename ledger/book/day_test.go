package book_test

import (
	"errors"
	"strings"
	"testing"

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

// Things become known in any order; what the books say of a day must make sense for every day
// all the same.

// stood returns what an account had on a day, debits positive, in fen.
func stood(events []ledger.Event, account ledger.AccountCode, day string) (sum int64) {
	on, err := ledger.ParseDate(day)
	if err != nil {
		panic(err)
	}
	for _, e := range events {
		b := ledgertest.Booked(e)
		if b == nil || b.Date.After(on) {
			continue
		}
		for _, p := range b.Postings {
			switch {
			case p.Account != account:
			case p.Side == ledger.Debit:
				sum += fen(p.Amount)
			default:
				sum -= fen(p.Amount)
			}
		}
	}
	return sum
}

// eachRefused demands that each order is refused after its story.
func eachRefused(t *testing.T, all []refusal) {
	t.Helper()
	for _, r := range all {
		s := book.Decider.Fold(new(book.State), given(t, r.given...)...)
		if events, err := book.Decide(s, r.when.command(t, "w1")); !errors.Is(err, r.reject) || len(events) > 0 {
			t.Errorf("%s: %d events, %v, want %s", r.name, len(events), err, r.reject.Code)
		}
	}
}

func TestNothingIsPromisedBeforeItIsVoted(t *testing.T) {
	t.Parallel()
	city := startup
	city.Region = "220100"
	voted := func(day string) ask {
		return ask{ledgertest.Accountant, day, budget.Appropriate{Amount: yuan(5_000), Document: "D9", Line: city}}
	}
	applied := join(known(), []ask{voted("2023-06-01"), submit("C1", "P1", "startup", "2023-04", "2023-04")}, reviewed("C1"))
	promise := with(approve("C1"), func(a *claim.Approve) { a.Line = city })
	move := ask{ledgertest.Accountant, "2023-05-31", budget.Transfer{Amount: yuan(1), Document: "D10", Line: city, To: startup}}
	eachRefused(t, []refusal{
		{"an approval dated before the vote", applied, promise, budget.ErrExceeded},
		{"a transfer dated before the vote", applied, move, budget.ErrExceeded},
		{"an approval dated before money of another is released", join(known(), awarded("C1", "P1"), []ask{
			{ledgertest.Accountant, "2023-04-18", budget.Transfer{Amount: yuan(15_000), Document: "D10", Line: startup, To: city}},
			on(reject("C1"), "2023-05-20"), submit("C2", "P2", "startup", "2023-04", "2023-04"),
		}, reviewed("C2")), approve("C2"), budget.ErrExceeded},
	})
	given(t, append(applied, on(promise, "2023-06-01"))...)
	given(t, append(applied, on(move, "2023-06-01"))...)
}

// The month of a payment was closed when the bank's answer came, so that it was booked in the next; then it
// was opened again, and what came back in it is booked behind the payment.
func TestWhatComesBackIsNotBookedBeforeItWasPaid(t *testing.T) {
	t.Parallel()
	events := given(t, join(paying(), []ask{
		closing("2023-04", "2023-05-01"), confirm("Y1", "2023-04-24"),
		{second, "2023-05-02", journal.Reopen{Period: month("2023-04"), Reason: "late facts"}}, back("2023-04-26"), treasury("2023-04-27"),
	})...)
	for _, day := range []string{"2023-04-23", "2023-04-24", "2023-04-26", "2023-04-30", "2023-05-01", "2023-12-31"} {
		if paid, bank := stood(events, "9103", day), stood(events, "1011", day); paid != 0 || bank < 0 || bank > 20_000_00 {
			t.Errorf("on %s %d fen are disbursed, the bank has %d", day, -paid, bank)
		}
	}
	for _, e := range events[len(events)-2:] {
		if b := ledgertest.Booked(e); b.Date.String() != "2023-05-01" || b.Adjusts.String() != "2023-04" || e.Effective().Period().String() != "2023-04" {
			t.Errorf("%T of %s is booked on %s for %s", e, e.Effective(), b.Date, b.Adjusts)
		}
	}
	owed := given(t, join(paying(), []ask{
		closing("2023-04", "2023-05-01"), confirm("Y1", "2023-04-24"), {second, "2023-05-02", journal.Reopen{Period: month("2023-04"), Reason: "late facts"}},
		on(demand("Y1", 5_000), "2023-04-26"), {ledgertest.Accountant, "2023-04-27", payment.ReceiveRecovery{Amount: yuan(5_000), Payment: "Y1", Voucher: "J"}},
	})...)
	if n := stood(owed, "1218.01", "2023-04-30"); n != 0 {
		t.Errorf("%d fen are to be recovered of what is not paid", n)
	}
	levy := given(t, join(levied(), []ask{
		closing("2023-09", "2023-10-01"), collect("2023-09-10", "R1", 18_000), {second, "2023-10-02", journal.Reopen{Period: month("2023-09"), Reason: "late facts"}}, unbook("2023-09-20", "R1"),
	})...)
	for _, day := range []string{"2023-09-19", "2023-09-20", "2023-09-30", "2023-10-01"} {
		if n := stood(levy, "1001", day); n != 0 {
			t.Errorf("on %s the treasury has %d fen of a receipt that is withdrawn", day, n)
		}
	}
}

// What was demanded or withdrawn on other days does not move an entry out of its month.
func TestWhatHappenedInAnOpenMonthIsBookedOnItsDay(t *testing.T) {
	t.Parallel()
	claimed := func(on, decision string, n int64) ask {
		return with(ask{chief, on, demand("Y1", n).do}, func(d *payment.DemandRecovery) { d.Deadline, d.Decision = ledger.DateOf(2024, 6, 1), decision })
	}
	withdraw := ask{ledgertest.Approver, "2023-11-01", payment.WithdrawRecovery{Decision: "W", Payment: "Y1", Reason: "no ground"}}
	for name, c := range map[string]struct {
		story []ask
		day   string // on which the last is booked
	}{
		"it came back before a demand was withdrawn":   {append(paid(), claimed("2023-07-01", "D3", 5_000), withdraw, back("2023-08-01")), "2023-08-01"},
		"it came back before it was demanded":          {append(paid(), claimed("2023-09-01", "D3", 5_000), back("2023-08-01")), "2023-09-01"},
		"it came back and only the last demand stands": {append(paid(), claimed("2023-07-01", "D3", 5_000), withdraw, claimed("2023-12-01", "D4", 5_000), back("2023-08-01")), "2023-12-01"},
		"received before another demand":               {append(paid(), claimed("2023-09-01", "D3", 2_000), claimed("2023-12-01", "D4", 1_000), receive("Y1", 2_000, "2023-10-01")), "2023-10-01"},
		"demanded before another demand":               {append(paid(), claimed("2023-12-01", "D3", 2_000), claimed("2023-09-01", "D4", 1_000)), "2023-09-01"},
		"received on a day before another receipt":     {append(paid(), claimed("2023-07-01", "D3", 5_000), receive("Y1", 2_000, "2023-10-01"), receive("Y1", 3_000, "2023-09-01")), "2023-09-01"},
	} {
		events := given(t, c.story...)
		e := events[len(events)-1]
		if b := ledgertest.Booked(e); b.Date.String() != c.day || b.Adjusts.IsZero() != (b.Date == e.Effective()) {
			t.Errorf("%s: %T of %s is booked on %s for %q", name, e, e.Effective(), b.Date, b.Adjusts)
		}
		for day := ledger.DateOf(2023, 4, 24); day.Year() == 2023; day = day.AddDays(1) {
			if owed := stood(events, "1218.01", day.String()); owed < 0 || owed > 5_000_00 {
				t.Errorf("%s: on %s %d fen are to be recovered", name, day, owed)
			}
		}
	}
}

// What comes in on a demand that was withdrawn belongs to nothing, nor would it once the payment was reversed.
func TestNothingIsReceivedThatWasWithdrawn(t *testing.T) {
	t.Parallel()
	owed := append(known(), record("R1", "P1", "220104/startup/levy/2023", "2023-04-19"), demand("R1", 700))
	withdraw := ask{ledgertest.Approver, "2023-11-01", payment.WithdrawRecovery{Decision: "W", Payment: "R1", Reason: "no ground"}}
	eachRefused(t, []refusal{
		{"all withdrawn later", append(owed, withdraw), receive("R1", 700, "2023-10-01"), payment.ErrRecovery},
		{"a part received, the rest withdrawn later", append(owed, receive("R1", 300, "2023-09-01"), withdraw), receive("R1", 1, "2023-10-01"), payment.ErrRecovery},
		{"a part received, then reversed", append(owed, receive("R1", 300, "2023-09-01"), withdraw), on(reverse(t, owed, 7), "2023-12-01"), payment.ErrRecovery},
	})
	// A log may have received what was withdrawn, from before that was refused.
	s := book.Decider.Fold(new(book.State), append(given(t, append(owed, withdraw)...), payment.RecoveryReceived{Amount: yuan(700), On: ledger.DateOf(2023, 10, 1), Payment: "R1", Voucher: "J"})...)
	if events, err := book.Decide(s, on(reverse(t, owed, 7), "2023-12-01").command(t, "w1")); !errors.Is(err, payment.ErrRecovery) {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// The bank's answer is a fact, also about a payment of which something is demanded back: then there
// is nothing more to be demanded. A demand that was wrong is taken back by another approver.
func TestWhatIsDemandedBackMayComeBackByItselfOrBeWithdrawn(t *testing.T) {
	t.Parallel()
	withdraw := ask{ledgertest.Approver, "2023-05-12", payment.WithdrawRecovery{Decision: "D4", Payment: "Y1", Reason: "no ground"}}
	for name, c := range map[string]struct {
		story                []ask
		bank, due, payable   int64 // 1011, 2103, 2303
		disbursed, committed int64
	}{
		"comes back":              {append(paid(), demand("Y1", 3_000), back("2023-05-12")), 20_000_00, 0, 5_000_00, 0, 5_000_00},
		"comes back and is ended": {append(paid(), demand("Y1", 3_000), back("2023-05-12"), treasury("2023-05-13")), 20_000_00, 0, 0, 0, 0},
		"withdrawn":               {append(paid(), demand("Y1", 3_000), withdraw), 15_000_00, 0, 0, 5_000_00, 0},
		"received in part":        {append(paid(), demand("Y1", 3_000), slip("0012345"), on(withdraw, "2023-06-02")), 15_000_00, 0, 0, 5_000_00, 0},
	} {
		events := given(t, c.story...)
		balanced(t, name, events)
		got := [...]int64{stood(events, "1011", "2023-12-31"), -stood(events, "2103", "2023-12-31"), -stood(events, "2303", "2023-12-31"), -stood(events, "9103", "2023-12-31"), -stood(events, "9102", "2023-12-31"), stood(events, "1218.01", "2023-12-31")}
		if got != [...]int64{c.bank, c.due, c.payable, c.disbursed, c.committed, 0} {
			t.Errorf("%s: bank, due to the treasury, payable, disbursed, committed, to be recovered %v", name, got)
		}
	}
}

func TestAPaperIsBookedOnceHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	eachRefused(t, papered())
	given(t, append(paid(), demand("Y1", 3_000), slip("0012345"), slip("0012346"))...)
}

func slip(number string) ask {
	return ask{ledgertest.Accountant, "2023-06-01", payment.ReceiveRecovery{Amount: yuan(1_000), Payment: "Y1", Voucher: number}}
}

func papered() []refusal {
	owed := append(paid(), demand("Y1", 3_000), slip("0012345"))
	vote := func(document string) ask {
		return ask{ledgertest.Accountant, "2023-01-04", budget.Appropriate{Amount: yuan(1_000), Document: document, Line: startup}}
	}
	voted := append(known(), vote("吉财指〔2023〕7号"))
	batch := func(id ledger.BatchID, voucher string) ask {
		return ask{ledgertest.Cashier, "2023-04-21", payment.SendBatch{Batch: id, Voucher: voucher}}
	}
	var all []refusal
	for number, r := range map[string]*ledger.Rejection{
		"00 12345": payment.ErrBooked, "００１２３４５": payment.ErrBooked, "0012345 ": ledger.ErrNumber, " 0012345": ledger.ErrNumber, "0012345\u200b": ledger.ErrCharacter, " ": ledger.ErrNumber,
	} {
		all = append(all, refusal{"slip " + number, owed, slip(number), r})
	}
	for number, r := range map[string]*ledger.Rejection{
		"吉财指〔2023〕 7号": budget.ErrBooked, "吉财指[2023]7号": budget.ErrBooked, "吉财指〔2023〕7号\u3000": ledger.ErrNumber, "\u3000": ledger.ErrNumber, "": budget.ErrLine,
	} {
		all = append(all, refusal{"document " + number, voted, vote(number), r})
	}
	approved := join(known(), awarded("C1", "P1"), awarded("C2", "P2"), []ask{open("B1", "2023-04-19"), instruct("B1", "C1", "Y1")}, sent("B1", "2023-04-21"),
		[]ask{open("B2", "2023-04-19"), instruct("B2", "C2", "Y2")}, sent("B2", "2023-04-21")[:2])
	return append(all,
		refusal{"a voucher in small letters", approved, batch("B2", "v-b1"), payment.ErrBooked},
		refusal{"a serial with a blank", append(approved, batch("B2", "V2"), confirm("Y1", "2023-04-24")), with(confirm("Y2", "2023-04-24"), func(c *payment.Confirm) { c.Serial = "S- Y1" }), payment.ErrBooked},
		refusal{"a decision that demands the same back again", append(paid(), demand("Y1", 2_000)), with(demand("Y1", 2_000), func(d *payment.DemandRecovery) { d.Decision = "d3" }), payment.ErrBooked},
	)
}

// A claim is for a time in which its scheme pays, and for no more units than there are persons.
func TestWhoClaimsDoesNotChooseTimeAndUnitsFreely(t *testing.T) {
	t.Parallel()
	eachRefused(t, freely())
	for _, story := range [][]ask{
		append(known(), submit("C1", "P1", "startup", "2022-01", "2022-01")),
		append(known(ends), submit("C1", "P1", "startup", "2023-06", "2023-06")),
		append(known(), submit("C1", "P1", "startup", "2023-12", "2024-06")),
		append(monthly(), post("C1", "P1", "2024-12", "2025-02")),
		append(known(several), units(submit("C1", "P1", "startup", "2023-04", "2023-04"), 2)),
		append(known(several), reward(6, "P1", "P2")), append(known(), reward(2, "P1", "P2")), append(known(), reward(8)),
		append(known(institutions), units(assisted, 1)), append(known(institutions, func(p *policy.Pack) { p.Schemes[2].UnitsEach = 3 }), units(assisted, 3)), append(known(), units(assisted, 50)),
	} {
		given(t, story...)
	}
}

// institutions is a policy by which what is counted is institutions; assisted is a claim of one.
func institutions(p *policy.Pack) { p.Schemes[2].Unit = "机构 · institution" }

var assisted = submit("C1", "I1", "assisted", "2023-04", "2023-04")

// several is a policy by which a person has two grants, or is rewarded three times over; ends is one in which the grant ends in June.
func several(p *policy.Pack) { p.Schemes[0].UnitsEach, p.Schemes[1].UnitsEach = 2, 3 }
func ends(p *policy.Pack)    { p.Schemes[0].To = ledger.DateOf(2023, 6, 30) }

func units(a ask, n int) ask { return with(a, func(s *claim.Submit) { s.Units = n }) }

func reward(n int, persons ...ledger.PartyID) ask {
	return with(units(submit("C1", "E1", "employer", "2023-01", "2023-12"), n), func(s *claim.Submit) { s.Persons = persons })
}

func freely() []refusal {
	grant := units(submit("C1", "P1", "startup", "2023-04", "2023-04"), 2)
	another := ask{ledgertest.Clerk, "2023-01-02", party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: "P3", Sealed: ledgertest.Sealed}}
	return []refusal{
		{"a month before the scheme", known(), submit("C1", "P1", "startup", "2021-12", "2022-01"), claim.ErrPeriod},
		{"a month after the scheme", known(ends), submit("C1", "P1", "startup", "2023-06", "2023-07"), claim.ErrPeriod},
		{"a month of the next year", known(), submit("C1", "P1", "startup", "2024-01", "2024-01"), claim.ErrPeriod},
		{"a recurring claim of the year after the next", monthly(), post("C1", "P1", "2025-01", "2025-02"), claim.ErrPeriod},
		{"a person twice", known(), grant, claim.ErrUnits},
		{"a person more often than the scheme says", known(several), units(grant, 3), claim.ErrUnits},
		{"more units than persons", append(known(), another), reward(4, "P1", "P2", "P3"), claim.ErrUnits},
		{"an institution twice", known(institutions), units(assisted, 2), claim.ErrUnits},
		{"an institution as often as it names persons", known(institutions), stating(units(assisted, 2), accountOf("P1", "P2")), claim.ErrUnits},
		{"more units than the persons have", known(several), reward(7, "P1", "P2"), claim.ErrUnits},
	}
}

// A month that came back and went to the treasury leaves the person where it was placed.
func TestAMonthThatCameBackIsNoOtherPlacement(t *testing.T) {
	t.Parallel()
	story := join(monthly(), posted(post("C1", "P1", "2023-01", "2023-03")),
		paidMonth("C1", "2023-01", "2023-04-25"), paidMonth("C1", "2023-02", "2023-04-25"), paidMonth("C1", "2023-03", "2023-04-25"),
		[]ask{bankReturn(of("C1", "2023-02"), "2023-04-26"), giveUp(of("C1", "2023-02"), "2023-04-27"), on(post("C2", "P1", "2023-07", "2023-08"), "2023-06-01")})
	given(t, story...)
	eachRefused(t, []refusal{{"a third placement", story, on(post("C3", "P1", "2023-10", "2023-10"), "2023-06-01"), book.ErrPlacements}})
}

// Paid elsewhere and all given back, it is not in the way of what is rightly paid here.
func TestWhatWasPaidElsewhereAndGivenBackIsInNobodysWay(t *testing.T) {
	t.Parallel()
	story := func(back int64) []ask {
		return join(known(), awarded("C1", "P1"), []ask{
			record("R1", "P1", "220104/startup/levy/2023", "2023-04-19"), demand("R1", 700),
			{ledgertest.Accountant, "2023-05-11", payment.ReceiveRecovery{Amount: yuan(back), Payment: "R1", Voucher: "J"}}, open("B1", "2023-05-12"),
		})
	}
	pay := on(instruct("B1", "C1", "Y1"), "2023-05-12")
	eachRefused(t, []refusal{{"of which a part is given back", story(699), pay, book.ErrExclusive}})
	given(t, append(story(700), pay)...)
}

// An identifier goes into the log in the clear for ever, whoever made it up (个人信息保护法 art. 28).
func TestNoIdentifierIsAPersonsNumber(t *testing.T) {
	t.Parallel()
	const number = "11010519491231002X"
	grant := submit("C1", "P1", "startup", "2023-04", "2023-04")
	id := func(a ask) book.Command {
		c := a.command(t, "w1")
		c.ID = "import:" + number
		return c
	}
	eachRefused(t, []refusal{
		{"a claim", known(), submit(number, "P1", "startup", "2023-04", "2023-04"), ledger.ErrPersonalText},
		{"a household", known(), with(grant, func(s *claim.Submit) { s.Household = number }), ledger.ErrPersonalText},
		{"a base", known(), with(grant, func(s *claim.Submit) { s.Base = "B-" + strings.ToLower(number) }), ledger.ErrPersonalText},
		{"an invoice", known(), with(grant, func(s *claim.Submit) { s.Costs = []claim.Cost{{Cost: yuan(1), Invoice: number, Item: "roof"}} }), ledger.ErrPersonalText},
		{"a batch", known(), open(number, "2023-04-19"), ledger.ErrPersonalText},
		{"a payment", known(), record(number, "P1", "220104/startup/levy/2023", "2023-04-19"), ledger.ErrPersonalText},
		{"a source", known(), with(record("R1", "P1", "220104/startup/levy/2023", "2023-04-19"), func(r *payment.Record) { r.Source = "list of " + number }), ledger.ErrPersonalText},
	})
	s := book.Decider.Fold(new(book.State), given(t, known()...)...)
	if _, err := book.Decide(s, id(grant)); !errors.Is(err, ledger.ErrPersonalText) {
		t.Errorf("a command: %v", err)
	}
	given(t, append(known(), record("20230419123456789012", "P1", "220104/startup/levy/2023", "2023-04-19"))...)
}

func TestAnIdentifierIsOfABatchOrAPayment(t *testing.T) {
	t.Parallel()
	eachRefused(t, []refusal{{"a recorded payment with the name of a batch", append(known(), open("B1", "2023-04-19")), record("B1", "P1", "220104/startup/levy/2023", "2023-04-19"), payment.ErrTaken}})
}

func TestAnAdjustmentBelongsToAMonthThatIsClosed(t *testing.T) {
	t.Parallel()
	eachRefused(t, adjustments())
	given(t, append(known(), closing("2023-04", "2023-05-01"), adjust("2023-04"), adjust("2022-12"))...)
}

func adjust(m string) ask {
	return ask{ledgertest.Accountant, "2023-05-22", journal.ProposeEntry{Adjusts: month(m), Memo: "m", Postings: []ledger.Posting{
		{Account: "5001", Amount: yuan(1), Side: ledger.Debit}, {Account: "2303", Amount: yuan(1), Side: ledger.Credit},
	}}}
}

func adjustments() []refusal {
	closed := append(known(), closing("2023-04", "2023-05-01"))
	return []refusal{
		{"a month to come", closed, adjust("2030-01"), journal.ErrAdjusts},
		{"a month that is open", closed, adjust("2023-05"), journal.ErrAdjusts},
		{"a month while none is closed", known(), adjust("2023-04"), journal.ErrAdjusts},
	}
}

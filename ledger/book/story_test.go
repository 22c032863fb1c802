package book_test

import (
	"encoding/json"
	"fmt"
	"slices"
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

// text writes an entry as "2023-04-18: 5001/2303 5000.00, …": debit, credit and
// amount of each pair, "@" and the line where a posting has its own.
func text(e *ledger.Entry) string {
	var b strings.Builder
	b.WriteString(e.Date.String())
	if !e.Adjusts.IsZero() {
		b.WriteString(" for " + e.Adjusts.String())
	}
	for i := 0; i < len(e.Postings); i += 2 {
		d, c := e.Postings[i], e.Postings[i+1]
		fmt.Fprintf(&b, ", %s%s/%s%s %s", d.Account, at(d), c.Account, at(c), d.Amount)
		if d.Side != ledger.Debit || c.Side != ledger.Credit {
			b.WriteString(" reversed")
		}
	}
	return b.String()
}

func at(p ledger.Posting) string {
	if p.Line.IsZero() {
		return ""
	}
	return "@" + string(p.Line.Region) + "." + fmt.Sprint(p.Line.Year)
}

// Entries as the accounting rules ask for them: financial, budget and control
// books side by side.
func TestEachDecisionThatMovesMoneyCarriesItsEntry(t *testing.T) {
	t.Parallel()
	accountant := func(do any) ask { return ask{ledgertest.Accountant, "2023-12-31", do} }
	returned := append(paid(), back("2023-05-04"))
	closed := []ask{closing("2023-04", "2023-05-01")}
	for name, c := range map[string]struct {
		story []ask
		want  string
	}{
		"an appropriation": {known(), "2023-01-03, 1011/4001 20000.00, 8001/6001 20000.00, 9001/9101 20000.00"},
		"more is voted":    {append(known(), accountant(budget.Adjust{Amount: yuan(5), Document: "D", Line: startup, Side: ledger.Debit})), "2023-12-31, 1011/4001 5.00, 8001/6001 5.00, 9001/9101 5.00"},
		"less is voted":    {append(known(), accountant(budget.Adjust{Amount: yuan(5), Document: "D", Line: startup, Side: ledger.Credit})), "2023-12-31, 4001/1011 5.00, 6001/8001 5.00, 9101/9001 5.00"},
		"a transfer": {
			append(known(), accountant(budget.Transfer{Amount: yuan(5), Document: "D", Line: startup, To: line("220102/startup/levy/2023")})),
			"2023-12-31, 1011@220102.2023/1011@220104.2023 5.00, 8001@220102.2023/8001@220104.2023 5.00, 9001@220102.2023/9001@220104.2023 5.00, 9101@220104.2023/9101@220102.2023 5.00",
		},
		"a carry-over": {
			append(known(), accountant(budget.CarryOver{Amount: yuan(5), Document: "D", Line: startup})),
			"2023-12-31, 1011@220104.2024/1011@220104.2023 5.00, 8001@220104.2024/8001@220104.2023 5.00, 9001@220104.2024/9001@220104.2023 5.00, 9101@220104.2023/9101@220104.2024 5.00",
		},
		"an approval":                             {join(known(), awarded("C1", "P1")), "2023-04-18, 5001/2303 5000.00, 9101/9102 5000.00"},
		"an approval taken back":                  {join(known(), awarded("C1", "P1"), []ask{reject("C1")}), "2023-04-25, 2303/5001 5000.00, 9102/9101 5000.00"},
		"a payment":                               {paid(), "2023-04-24, 2303/1011 5000.00, 7201/8001 5000.00, 9102/9103 5000.00"},
		"a payment known after the month":         {join(paying(), closed, []ask{confirm("Y1", "2023-04-24")}), "2023-05-01 for 2023-04, 2303/1011 5000.00, 7201/8001 5000.00, 9102/9103 5000.00"},
		"a return":                                {returned, "2023-05-04, 1011/2303 5000.00, 8001/7201 5000.00, 9103/9102 5000.00"},
		"a return in the next year, with a rule":  {join(known(func(p *policy.Pack) { p.LateReturn = policy.Restore }), paid()[len(known()):], []ask{back("2024-01-04")}), "2024-01-04, 1011/2303 5000.00, 8001/7201 5000.00, 9103/9102 5000.00"},
		"a return to the treasury":                {append(returned, treasury("2023-05-05")), "2023-05-05, 2303/5001 5000.00, 9102/9101 5000.00"},
		"a demand":                                {append(paid(), demand("Y1", 3_000)), "2023-05-10, 1218.01/2103 3000.00"},
		"a recovery":                              {append(paid(), demand("Y1", 3_000), ask{ledgertest.Accountant, "2023-06-01", payment.ReceiveRecovery{Amount: yuan(1_000), Payment: "Y1", Voucher: "V"}}), "2023-06-01, 2103/1218.01 1000.00"},
		"a recovery known after the month":        {join(paid(), []ask{demand("Y1", 3_000), closing("2023-06", "2023-07-01"), {ledgertest.Accountant, "2023-06-01", payment.ReceiveRecovery{Amount: yuan(1_000), Payment: "Y1", Voucher: "V"}}}), "2023-07-01 for 2023-06, 2103/1218.01 1000.00"},
		"a payment made elsewhere":                {append(known(), record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")), "2023-04-10, 5001/4001 700.00, 7201/6001 700.00"},
		"a payment made elsewhere, after a month": {join(known(), closed, []ask{record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")}), "2023-05-01 for 2023-04, 5001/4001 700.00, 7201/6001 700.00"},
	} {
		events := given(t, c.story...)
		e := ledgertest.Booked(events[len(events)-1])
		if e == nil || text(e) != c.want {
			t.Errorf("%s books\n %s\nwant\n %s", name, text(e), c.want)
			continue
		}
		chart, _ := ledgertest.Pack().Check()
		if err := e.Check(chart); err != nil || e.Policy != "test-1" || e.ID == "" || e.Memo == "" {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestAnIdentifierOfAnEntryIsThatOfItsCommand(t *testing.T) {
	t.Parallel()
	for i, e := range given(t, append(paid(), record("R1", "P2", "220104/startup/levy/2023", "2023-04-10"))...) {
		want := ledger.EntryID(fmt.Sprint("g", i+1))
		if _, ok := e.(payment.Recorded); ok {
			want = "payment:R1"
		}
		if b := ledgertest.Booked(e); b != nil && b.ID != want {
			t.Errorf("%T books %s", e, b.ID)
		}
	}
}

// What is in the way of a claim is out of the way when it ends.
func TestAPurposeIsFreeAgainWhenTheAwardEnds(t *testing.T) {
	t.Parallel()
	again := submit("C9", "P1", "startup", "2023-07", "2023-07")
	elsewhere := join(known(), []ask{record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")})
	regrouped := pack(version("test-2"), func(p *policy.Pack) { p.Schemes[0].Group = "other" })
	dropped := pack(version("test-2"), func(p *policy.Pack) { p.Schemes = p.Schemes[1:] })
	back1 := pack(version("test-3"))
	for name, story := range map[string][]ask{
		"withdrawn":                   append(submitted("C1"), withdraw("C1")),
		"rejected":                    append(submitted("C1"), reject("C1")),
		"rejected after the approval": join(known(), awarded("C1", "P1"), []ask{reject("C1")}),
		"given back to the treasury":  append(paid(), back("2023-05-04"), treasury("2023-05-05")),
		"failed and given back":       append(paying(), failed(), treasury("2023-05-05")),
		"reversed":                    append(elsewhere, reverse(t, elsewhere, len(elsewhere))),
		"reversed after the purpose had another name": join(elsewhere, []ask{regrouped, reverse(t, elsewhere, len(elsewhere)), back1}),
		"reversed after its scheme was dropped":       join(elsewhere, []ask{dropped, reverse(t, elsewhere, len(elsewhere)), back1}),
	} {
		given := given(t, append(slices.Clip(story), again)...)
		if _, ok := given[len(given)-1].(claim.Submitted); !ok {
			t.Errorf("%s: %T", name, given[len(given)-1])
		}
	}
}

func TestWhatEndsFreesItsOwnPlaceOnly(t *testing.T) {
	t.Parallel()
	again := submit("C9", "P1", "startup", "2023-07", "2023-07")
	elsewhere := record("C1", "P1", "220104/startup/levy/2023", "2023-04-10")
	other := record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")
	for name, c := range map[string]struct {
		story []ask
		named string
	}{
		"a recorded payment with the name of the claim": {append(submitted("C1"), elsewhere, withdraw("C1")), "payment C1"},
		"a claim with the name of the recorded payment": {append(submitted("C1"), elsewhere, reverse(t, append(submitted("C1"), elsewhere), 8)), "claim C1"},
		"one of two recorded payments":                  {append(known(), other, elsewhere, reverse(t, append(known(), other), 7)), "payment C1"},
	} {
		s := book.Decider.Fold(new(book.State), given(t, c.story...)...)
		_, err := book.Decide(s, again.command(t, "w1"))
		if r, particulars := ledger.Refused(err); r != book.ErrExclusive || !strings.Contains(particulars, "has "+c.named+" ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARefusalForASecondAwardNamesTheFirst(t *testing.T) {
	t.Parallel()
	s := book.Decider.Fold(new(book.State), given(t, join(known(), awarded("C1", "P1"))...)...)
	_, err := book.Decide(s, submit("C2", "P1", "assisted", "2023-12", "2023-12").command(t, "w1"))
	if _, particulars := ledger.Refused(err); !strings.Contains(particulars, "claim C1") {
		t.Errorf("it says %v", err)
	}
}

func TestAwardsThatDoNotMeetAreHadBesideEachOther(t *testing.T) {
	t.Parallel()
	// A scheme of the purpose that excludes startup grants, which does not itself.
	sibling := func(p *policy.Pack) {
		s := p.Schemes[2]
		s.Code, s.Excludes = "visiting", nil
		p.Schemes = append(p.Schemes, s)
	}
	for name, claims := range map[string][]ask{
		"a scheme and one that excludes its sibling only": {submit("C1", "P1", "visiting", "2023-04", "2023-04"), submit("C2", "P1", "startup", "2023-04", "2023-04")},
		"two persons":                            {submit("C1", "P1", "startup", "2023-04", "2023-04"), submit("C2", "P2", "startup", "2023-04", "2023-04")},
		"a reward in each of two years":          {submit("C1", "E1", "employer", "2022-01", "2022-12"), submit("C2", "E1", "employer", "2023-01", "2023-12")},
		"a month after another":                  {submit("C1", "I1", "assisted", "2023-01", "2023-03"), submit("C2", "I1", "assisted", "2023-04", "2023-04"), submit("C3", "I1", "assisted", "2022-12", "2022-12")},
		"purposes that nothing keeps apart":      {submit("C1", "E1", "employer", "2023-01", "2023-12"), submit("C2", "I1", "assisted", "2023-04", "2023-04")},
		"a claim that another's withdrawal left": {submit("C1", "P1", "startup", "2023-04", "2023-04"), withdraw("C1"), submit("C2", "P1", "startup", "2023-04", "2023-04")},
	} {
		if got := given(t, append(known(sibling), claims...)...); len(got) != len(known())+len(claims) {
			t.Errorf("%s: %d events", name, len(got))
		}
	}
}

func TestAPaymentMadeElsewhereIsFlaggedAndNeverRefused(t *testing.T) {
	t.Parallel()
	l := "220104/startup/levy/2023"
	elsewhere := join(known(), []ask{record("R1", "P1", l, "2023-04-10")})
	for name, c := range map[string]struct {
		story []ask
		when  ask
		want  ledger.PaymentID
	}{
		"the first of its kind":                    {known(), record("R2", "P1", l, "2023-04-10"), ""},
		"one like it":                              {elsewhere, record("R2", "P1", l, "2023-04-10"), "R1"},
		"of another person":                        {elsewhere, record("R2", "P2", l, "2023-04-10"), ""},
		"another amount for the same purpose":      {elsewhere, with(record("R2", "P1", l, "2023-04-10"), func(r *payment.Record) { r.Amount = yuan(1) }), "R1"},
		"another line of the same purpose":         {elsewhere, record("R2", "P1", "220000/startup/levy/2022", "2022-04-10"), "R1"},
		"a purpose that excludes it":               {elsewhere, record("R2", "P1", "220104/assisted/levy/2023", "2023-04-10"), "R1"},
		"beside a claim that is only submitted":    {submitted("C1"), record("R2", "P1", l, "2023-04-10"), "C1"},
		"beside a claim that is paid: its payment": {paid(), record("R2", "P1", l, "2023-04-10"), "Y1"},
		"the first was reversed":                   {append(elsewhere, reverse(t, elsewhere, len(elsewhere))), record("R2", "P1", l, "2023-04-10"), ""},
		"of a scheme that no policy knows":         {known(), record("R2", "P1", "220104/old/levy/2019", "2019-04-10"), ""},
		"of a person erased since":                 {append(known(), erase("P1")), record("R2", "P1", l, "2023-04-10"), ""},
		"equal monthly subsidies of two months":    {append(known(), record("R1", "I1", "220104/assisted/levy/2023", "2023-03-10")), record("R2", "I1", "220104/assisted/levy/2023", "2023-04-10"), ""},
		"a monthly subsidy twice in a month":       {append(known(), record("R1", "I1", "220104/assisted/levy/2023", "2023-03-10")), with(record("R2", "I1", "220104/assisted/levy/2023", "2023-03-31"), func(r *payment.Record) { r.Amount = yuan(1) }), "R1"},
		"a yearly reward in another month":         {append(known(), record("R1", "E1", "220104/employer/levy/2023", "2023-03-10")), record("R2", "E1", "220104/employer/levy/2023", "2023-12-10"), "R1"},
		"equal yearly rewards of two years":        {append(known(), record("R1", "E1", "220104/employer/levy/2022", "2022-12-10")), record("R2", "E1", "220104/employer/levy/2023", "2023-01-10"), ""},
		"equal, of a scheme that no policy knows":  {append(known(), record("R1", "E1", "220104/old/levy/2019", "2019-04-10")), record("R2", "E1", "220104/old/central/2019", "2019-04-10"), "R1"},
		"equal a month later, of such a scheme":    {append(known(), record("R1", "E1", "220104/old/levy/2019", "2019-04-10")), record("R2", "E1", "220104/old/levy/2019", "2019-05-10"), ""},
	} {
		s := book.Decider.Fold(new(book.State), given(t, c.story...)...)
		events, err := book.Decide(s, c.when.command(t, "w1"))
		if err != nil || len(events) != 1 || events[0].(payment.Recorded).Suspect != c.want {
			t.Errorf("%s: %+v, %v", name, events, err)
		}
	}
}

// No money comes back in the next year when what failed, or came back in its own year, is given up then.
func TestWhatIsGivenUpInTheNextYearIsAvailableOnItsOwnLine(t *testing.T) {
	t.Parallel()
	for name, story := range map[string][]ask{
		"failed":                       append(paying(), on(failed(), "2024-01-03"), treasury("2024-01-05")),
		"came back in its year":        append(paid(), back("2023-12-29"), treasury("2024-01-05")),
		"failed and then carried over": append(paying(), on(failed(), "2024-01-03"), treasury("2024-01-05"), carry(20_000, "2024-01-08")),
	} {
		events := given(t, story...)
		balanced(t, name, events)
		if n := stood(events, "2303", "2024-12-31"); n != 0 {
			t.Errorf("%s: %d fen are owed", name, -n)
		}
	}
}

// A month that was paid elsewhere after it was instructed does not leave with its batch.
func TestABatchDoesNotLeaveWithALineThatWasPaidElsewhere(t *testing.T) {
	t.Parallel()
	batch := sentMonth("C1", "2023-04", "2023-04-25")
	instructed := join(monthly(), posted(post("C1", "P1", "2023-01", "2023-12")), batch[:3])
	elsewhere := record("R1", "P1", posts.String(), "2023-04-26")
	out := ask{ledgertest.Cashier, "2023-04-27", payment.RemoveLine{Payment: of("C1", "2023-04"), Reason: "paid elsewhere"}}
	eachRefused(t, []refusal{
		{"approved", append(instructed, elsewhere), on(batch[3], "2023-04-27"), book.ErrExclusive},
		{"sent", append(instructed, batch[3], elsewhere), on(batch[4], "2023-04-27"), book.ErrExclusive},
	})
	s := book.Decider.Fold(new(book.State), given(t, append(instructed, elsewhere)...)...)
	_, err := book.Decide(s, on(batch[3], "2023-04-27").command(t, "w1"))
	if _, particulars := ledger.Refused(err); !strings.Contains(particulars, "line C1-2023-04 of batch B-2023-04") || !strings.Contains(particulars, "R1") {
		t.Errorf("it says %v", err)
	}
	given(t, append(instructed, elsewhere, out)...)
	given(t, append(instructed, batch[3], elsewhere, out)...)
	given(t, append(instructed, record("R1", "P1", posts.String(), "2023-05-02"), on(batch[3], "2023-05-03"))...) // another month
}

// yearEnd is claim C1 of P1 for 5000.00, approved in December and not paid, and P2's
// C2 whose publicity ran into the new year.
func yearEnd() []ask {
	var story []ask
	for i, a := range join(reviewed("C1"), []ask{approve("C1")}) {
		story = append(story, on(a, fmt.Sprintf("2023-12-%02d", 10+i)))
	}
	december := func(a ask) ask {
		return with(a, func(p *claim.Publicise) { p.From, p.To = ledger.DateOf(2023, 12, 13), ledger.DateOf(2023, 12, 19) })
	}
	story[3] = december(story[3])
	story[4], story[5] = on(story[4], "2023-12-20"), on(story[5], "2023-12-21")
	second := reviewed("C2")
	for i := range second {
		second[i] = on(second[i], "2023-12-28")
	}
	second[3] = with(second[3], func(p *claim.Publicise) { p.From, p.To = ledger.DateOf(2023, 12, 28), ledger.DateOf(2024, 1, 3) })
	second[4] = on(second[4], "2024-01-04")
	return join(known(), []ask{submit("C1", "P1", "startup", "2023-04", "2023-04"), submit("C2", "P2", "startup", "2023-04", "2023-04")}, story, second)
}

func carry(n int64, day string) ask {
	return ask{ledgertest.Accountant, day, budget.CarryOver{Amount: yuan(n), Document: "结转1号", Line: startup}}
}

func TestWhatIsApprovedInDecemberIsPaidInJanuaryFromItsOwnLine(t *testing.T) {
	t.Parallel()
	next := line("220104/startup/levy/2024")
	story := join(yearEnd(), []ask{carry(15_000, "2024-01-02"), open("B1", "2024-01-05"), on(instruct("B1", "C1", "Y1"), "2024-01-05")}, sent("B1", "2024-01-08"), []ask{confirm("Y1", "2024-01-09")})
	events := given(t, story...)
	paid := events[len(events)-1].(payment.Confirmed)
	if paid.Line != startup || text(ledgertest.Booked(paid)) != "2024-01-09, 2303/1011 5000.00, 7201/8001 5000.00, 9102/9103 5000.00" || paid.Entry.Line != startup {
		t.Errorf("paid from %s: %s", paid.Line, text(ledgertest.Booked(paid)))
	}
	s := book.Decider.Fold(new(book.State), events...)
	if u := s.Budget().Use(startup); !u.Committed.IsZero() || !u.Disbursed.Equal(yuan(5_000)) || !u.Available().IsZero() {
		t.Errorf("the old line has %+v", u)
	}
	if u := s.Budget().Use(next); !u.Available().Equal(yuan(15_000)) {
		t.Errorf("the new line has %+v", u)
	}
}

func TestWhatIsCommittedStaysOnItsLineWhenTheYearEnds(t *testing.T) {
	t.Parallel()
	s := book.Decider.Fold(new(book.State), given(t, yearEnd()...)...)
	_, err := book.Decide(s, on(with(carry(15_000, "2024-01-02"), func(c *budget.CarryOver) { c.Amount = c.Amount.Add(ledger.Fen(1)) }), "2024-01-02").command(t, "w1"))
	if r, _ := ledger.Refused(err); r != budget.ErrExceeded {
		t.Errorf("a fen of what is committed is carried over: %v", err)
	}
	// Even years later, as long as the claim stands.
	given(t, join(yearEnd(), []ask{open("B1", "2026-03-02"), on(instruct("B1", "C1", "Y1"), "2026-03-02")}, sent("B1", "2026-03-03"), []ask{confirm("Y1", "2026-03-04")})...)
}

func TestWhatIsApprovedInTheNewYearIsPaidFromWhatWasCarriedOver(t *testing.T) {
	t.Parallel()
	approved := on(with(approve("C2"), func(a *claim.Approve) { a.Line.Year = 2024 }), "2024-01-05")
	s := book.Decider.Fold(new(book.State), given(t, yearEnd()...)...)
	if _, err := book.Decide(s, approved.command(t, "w1")); err == nil {
		t.Error("it is approved before anything was carried over")
	}
	if _, err := book.Decide(s, on(approve("C2"), "2024-01-05").command(t, "w1")); err == nil {
		t.Error("it is approved on the line of last year")
	}
	story := join(yearEnd(), []ask{carry(15_000, "2024-01-02"), approved, open("B1", "2024-01-08"), on(instruct("B1", "C2", "Y2"), "2024-01-08")}, sent("B1", "2024-01-09"), []ask{confirm("Y2", "2024-01-10")})
	events := given(t, story...)
	if l := events[len(events)-1].(payment.Confirmed).Line; l != line("220104/startup/levy/2024") {
		t.Errorf("paid from %s", l)
	}
}

func TestAClaimRejectedAfterItsYearFreesMoneyThatIsCarriedOver(t *testing.T) {
	t.Parallel()
	s := book.Decider.Fold(new(book.State), given(t, join(yearEnd(), []ask{carry(15_000, "2024-01-02"), on(reject("C1"), "2024-01-10"),
		with(carry(5_000, "2024-01-11"), func(c *budget.CarryOver) { c.Document = "结转2号" })})...)...)
	if u := s.Budget().Use(startup); !u.Available().IsZero() || !u.Committed.IsZero() || !u.Voted.IsZero() {
		t.Errorf("the old line has %+v", u)
	}
	if u := s.Budget().Use(line("220104/startup/levy/2024")); !u.Available().Equal(yuan(20_000)) {
		t.Errorf("the new line has %+v", u)
	}
}

func TestAPersonIsErasedWhenEverythingIsAtItsEnd(t *testing.T) {
	t.Parallel()
	received := ask{ledgertest.Accountant, "2023-06-01", payment.ReceiveRecovery{Amount: yuan(3_000), Payment: "Y1", Voucher: "V"}}
	for name, story := range map[string][]ask{
		"nothing was claimed":                known(),
		"the claim was withdrawn":            append(submitted("C1"), withdraw("C1")),
		"the approved claim was rejected":    join(known(), awarded("C1", "P1"), []ask{reject("C1")}),
		"the claim is paid":                  paid(),
		"the money is all recovered":         append(paid(), demand("Y1", 3_000), received),
		"the award went to the treasury":     append(paid(), back("2023-05-04"), treasury("2023-05-05")),
		"another's claim is open":            append(known(), submit("C1", "P2", "startup", "2023-04", "2023-04")),
		"money was paid elsewhere":           append(known(), record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")),
		"what was paid elsewhere was voided": join(known(), []ask{record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")}, []ask{reverse(t, append(known(), record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")), 7)}),
	} {
		given := given(t, append(slices.Clip(story), on(erase("P1"), "2023-12-31"))...)
		if _, ok := given[len(given)-1].(party.Erased); !ok {
			t.Errorf("%s: %T", name, given[len(given)-1])
		}
	}
}

// A log may have an erasure from before it was refused.
func TestNothingIsDoneForAPersonErasedWhileAClaimWasOpen(t *testing.T) {
	t.Parallel()
	returned := join(paid(), []ask{back("2023-05-04")}, corrected("2023-05-05"), []ask{open("B2", "2023-05-05")})
	for name, c := range map[string]struct {
		story []ask
		when  ask
	}{
		"an approval":   {join(submitted("C1"), reviewed("C1")), approve("C1")},
		"a payment":     {join(known(), awarded("C1", "P1"), []ask{open("B1", "2023-04-19")}), instruct("B1", "C1", "Y1")},
		"a re-issue":    {returned, ask{ledgertest.Cashier, "2023-05-06", payment.Reissue{As: "Y2", Batch: "B2", Payment: "Y1"}}},
		"a correction":  {append(paid(), back("2023-05-04")), ask{ledgertest.Cashier, "2023-05-05", payment.CorrectPayee{Account: "1", Payment: "Y1", Reason: "r"}}},
		"another claim": {submitted("C1"), submit("C2", "P1", "assisted", "2023-04", "2023-04")},
	} {
		s := book.Decider.Fold(new(book.State), append(given(t, c.story...), party.Erased{Basis: "b", By: "operator", On: ledger.DateOf(2023, 4, 3), Party: "P1"})...)
		_, err := book.Decide(s, c.when.command(t, "w1"))
		if r, _ := ledger.Refused(err); r != party.ErrErased {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARefusalToEraseNamesWhatIsOpen(t *testing.T) {
	t.Parallel()
	for want, story := range map[string][]ask{
		"claim C1 is submitted":                submitted("C1"),
		"claim C1 is approved and not paid":    join(known(), awarded("C1", "P1")),
		"payment Y1 of claim C1 is instructed": paying(),
		"payment Y1 is demanded back":          append(paid(), demand("Y1", 100)),
	} {
		s := book.Decider.Fold(new(book.State), given(t, story...)...)
		_, err := book.Decide(s, on(erase("P1"), "2023-12-31").command(t, "w1"))
		if _, particulars := ledger.Refused(err); particulars != want {
			t.Errorf("it says %v, want %s", err, want)
		}
	}
}

func TestAPaymentThatCameBackIsPaidAgainAndAgain(t *testing.T) {
	t.Parallel()
	story := append(paid(), back("2023-05-04"))
	from, n := ledger.PaymentID("Y1"), 2
	for ; n < 5; n++ {
		b, to, on := ledger.BatchID(fmt.Sprint("B", n)), ledger.PaymentID(fmt.Sprint("Y", n)), fmt.Sprintf("2023-0%d-05", n+4)
		story = append(story,
			ask{ledgertest.Cashier, on, payment.CorrectPayee{Account: "1", Payment: from, Reason: "the bank's mistake"}},
			ask{chief, on, payment.ApproveCorrection{Account: "1", Payment: from}},
			open(b, on), ask{ledgertest.Cashier, on, payment.Reissue{As: to, Batch: b, Payment: from}})
		story = append(story, sent(b, on)...)
		if n == 3 { // the second time it does not even arrive
			story = append(story, ask{ledgertest.Cashier, on, payment.Fail{Payment: to, Reason: "closed"}})
		} else {
			story = append(story, confirm(to, on))
		}
		if n == 2 {
			story = append(story, ask{ledgertest.Cashier, on, payment.Return{Payment: to, Reason: "closed", Serial: "S-again"}})
		}
		from = to
	}
	s := book.Decider.Fold(new(book.State), given(t, story...)...)
	if u := s.Budget().Use(startup); !u.Committed.IsZero() || !u.Disbursed.Equal(yuan(5_000)) || !u.Available().Equal(yuan(15_000)) {
		t.Errorf("%+v", u)
	}
	for _, p := range []ledger.PaymentID{"Y1", "Y2", "Y3"} {
		_, err := book.Decide(s, ask{ledgertest.Cashier, "2023-12-01", payment.Reissue{As: "Y9", Batch: "B9", Payment: p}}.command(t, "w1"))
		if r, _ := ledger.Refused(err); r != payment.ErrStep {
			t.Errorf("%s is issued again: %v", p, err)
		}
	}
}

// A claim approved and then rejected is not approved or paid with what a policy
// says later; the amount stays what it was when it was submitted.
func TestALaterPolicyChangesNothingThatWasDecided(t *testing.T) {
	t.Parallel()
	dearer := pack(version("test-2"), func(p *policy.Pack) { p.Schemes[0].Standards[0].Amount = yuan(9_000) })
	story := join(submitted("C1"), []ask{dearer}, reviewed("C1"), []ask{approve("C1"), open("B1", "2023-04-19"), instruct("B1", "C1", "Y1")})
	events := given(t, story...)
	if e := events[len(events)-1].(payment.Instructed); !e.Amount.Equal(yuan(5_000)) || e.Policy != "test-1" {
		t.Errorf("%s under %s", e.Amount, e.Policy)
	}
	// What was approved is paid even if the policy drops the scheme.
	dropped := pack(version("test-3"), func(p *policy.Pack) { p.Schemes = p.Schemes[1:] })
	given(t, join(known(), awarded("C1", "P1"), []ask{dropped, open("B1", "2023-04-19"), instruct("B1", "C1", "Y1")}, sent("B1", "2023-04-21"), []ask{confirm("Y1", "2023-04-24")})...)
}

func TestAPolicyInForceIsPublishedAgainWithoutEffect(t *testing.T) {
	t.Parallel()
	s := book.Decider.Fold(new(book.State), given(t, pack())...)
	var read policy.Pack
	data, err := json.Marshal(ledgertest.Pack())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]policy.Pack{"as it is": ledgertest.Pack(), "as the log has it": read} {
		if events, err := book.Decide(s, ask{ledgertest.Operator, "2023-02-01", policy.Publish{Pack: p}}.command(t, "w1")); err != nil || len(events) != 0 {
			t.Errorf("%s: %v, %v", name, events, err)
		}
	}
	if s.Policy().Version != "test-1" || s.Chart().For(ledger.Bank) != "1011" || len(s.Persons()) != 0 {
		t.Error("the policy in force is another")
	}
}

func TestWhatNoRuleKnowsIsAProgrammersError(t *testing.T) {
	t.Parallel()
	s := book.Decider.Fold(new(book.State), given(t, pack())...)
	for name, mistake := range map[string]func(){
		"an order to do what nobody does": func() { _, _ = book.Decide(s, ask{ledgertest.Clerk, "2023-01-01", 7}.command(t, "w")) },
		"an event of nobody":              func() { book.Evolve(s, stranger{}) },
		"a slot that says nothing":        func() { book.Evolve(s, claim.Submitted{Claim: "C", Slots: []string{"startup"}}) },
		"a slot without months":           func() { book.Evolve(s, claim.Submitted{Claim: "C", Slots: []string{"startup|life|2023"}}) },
		"a policy without a chart":        func() { book.Evolve(s, policy.Published{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is answered", name)
				}
			}()
			mistake()
		}()
	}
}

// A stranger passes for an event of the journal and is none.
type stranger struct{ journal.PeriodClosed }

// One payment, from the policy to the bank's confirmation.
func ExampleDecider() {
	day := func(month, d int) ledger.Date { return ledger.DateOf(2023, 1, 1).AddDays(30*(month-1) + d) }
	n, s := 0, new(book.State)
	do := func(by ledger.Actor, on ledger.Date, do any) {
		n++
		events, err := book.Decide(s, book.Command{Order: ledger.Order{ID: ledger.CommandID(fmt.Sprint("c", n)), By: by, On: on}, Do: do})
		if err != nil {
			fmt.Println(err)
			return
		}
		s = book.Decider.Fold(s, events...)
		if e := ledgertest.Booked(events[0]); e != nil {
			fmt.Println(text(e))
		}
	}
	april := ledger.PeriodOf(2023, 4)
	do(ledgertest.Operator, day(1, 1), policy.Publish{Pack: ledgertest.Pack()})
	do(ledgertest.Accountant, day(1, 5), budget.Appropriate{Amount: ledger.Fen(20_000_00), Document: "D1", Line: startup})
	do(ledgertest.Clerk, day(4, 1), party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: "P1", Sealed: ledgertest.Sealed})
	do(ledgertest.Clerk, day(4, 1), claim.Submit{Account: "1", Claim: "C1", Evidence: papers, From: april, Party: "P1", Region: "220104", Scheme: "startup", To: april, Units: 1})
	do(ledgertest.First, day(4, 2), claim.FirstReview{Claim: "C1"})
	do(ledgertest.First, day(4, 2), claim.Compare{Claim: "C1", Manifest: hash, Outcome: claim.Matched, Sources: []string{"民政"}})
	do(ledgertest.Second, day(4, 3), claim.SecondReview{Claim: "C1"})
	do(ledgertest.Second, day(4, 4), claim.Publicise{Claim: "C1", From: day(4, 4), Notice: hash, Place: "www", To: day(4, 10)})
	do(ledgertest.Second, day(4, 11), claim.EndPublicity{Claim: "C1"})
	do(ledgertest.Approver, day(4, 12), claim.Approve{Claim: "C1", Decision: "D2", Line: startup})
	do(ledgertest.Cashier, day(4, 13), payment.OpenBatch{Batch: "B1"})
	do(ledgertest.Cashier, day(4, 13), payment.Instruct{Batch: "B1", Claim: "C1", Payment: "Y1"})
	do(ledgertest.Cashier, day(4, 13), payment.SubmitBatch{Batch: "B1", Lines: 1, Total: ledger.Fen(5_000_00)})
	do(ledgertest.Approver, day(4, 14), payment.ApproveBatch{Batch: "B1", Lines: 1, Total: ledger.Fen(5_000_00)})
	do(ledgertest.Cashier, day(4, 15), payment.SendBatch{Batch: "B1", Voucher: "V1"})
	do(ledgertest.Cashier, day(4, 16), payment.Confirm{Payment: "Y1", Serial: "S1"})
	u := s.Budget().Use(startup)
	fmt.Println("voted", u.Voted, "disbursed", u.Disbursed, "available", u.Available())
	// Output:
	// 2023-01-06, 1011/4001 20000.00, 8001/6001 20000.00, 9001/9101 20000.00
	// 2023-04-13, 5001/2303 5000.00, 9101/9102 5000.00
	// 2023-04-17, 2303/1011 5000.00, 7201/8001 5000.00, 9102/9103 5000.00
	// voted 20000.00 disbursed 5000.00 available 15000.00
}

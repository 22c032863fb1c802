package book_test

import (
	"fmt"
	"maps"
	"slices"

	"zhucan/ledger"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/levy"
)

// A taxed is how the levy of one employer and year stands in the model.
type taxed struct {
	region   ledger.RegionCode // of the filing
	assessed bool
	stale    bool // filed or reviewed since
	due      int64
	relieved int64
	fee      int64 // charged and not reversed
	received map[levy.Kind]int64
	refund   int64 // decided
	repaid   int64
	warned   bool          // of all that is due
	ordered  []ledger.Date // last days of the orders to pay
}

// owed is what is still to be paid; below nothing: what was paid too much and is not
// decided to go back.
func (k *taxed) owed() int64 {
	return k.due - k.relieved + k.fee - k.received[levy.Principal] - k.received[levy.LateFees] + k.refund
}

// A till is what the books of one region and filing year must say of the levy.
type till struct{ treasury, receivable, refund, income, relief, fee int64 }

func (m *model) till(region ledger.RegionCode, year int) *till {
	l := ledger.BudgetLine{Region: region, Scheme: "1030218", Fund: "levy", Year: year}
	if m.tills[l] == nil {
		m.tills[l] = new(till)
	}
	return m.tills[l]
}

func (m *model) levy(e levy.Event) {
	filed := func(of levy.Key) (*taxed, *till) {
		k := m.levies[of]
		m.must(k != nil, "%T of %s, which is not filed", e, of)
		return k, m.till(k.region, of.Year)
	}
	assessed := func(of levy.Key) (*taxed, *till) {
		k, t := filed(of)
		m.must(k.assessed, "%T of %s, which is not assessed", e, of)
		return k, t
	}
	if b := ledgertest.Booked(e); b != nil {
		m.levied = append(m.levied, *b)
	}
	switch e := e.(type) {
	case levy.Declared:
		of := levy.Key{Employer: e.Employer, Year: e.Year}
		m.must(!m.erased[e.Employer] && !m.left[e.Employer], "%s filed, who is erased or gone", of)
		k := m.levies[of]
		if k == nil {
			k = &taxed{region: e.Region, received: make(map[levy.Kind]int64)}
			m.levies[of] = k
		}
		m.must(!k.assessed || k.region == e.Region, "%s moved from %s to %s after it was assessed", of, k.region, e.Region)
		m.must(k.region == e.Region || k.received[levy.Principal]+k.received[levy.LateFees] == 0, "%s moved from %s to %s after it was paid", of, k.region, e.Region)
		k.region, k.stale = e.Region, true
	case levy.Reviewed:
		if k := m.levies[levy.Key{Employer: e.Employer, Year: e.Year}]; k != nil {
			k.stale = true
		}
		m.shared("confirmation", e.Confirmation, levy.Key{Employer: e.Employer, Year: e.Year}.String())
		maps.DeleteFunc(m.counted, func(_ stint, by levy.Key) bool { return by == levy.Key{Employer: e.Employer, Year: e.Year} })
		for _, p := range e.Persons { // each of the whole year
			at := stint{p.Party, e.Year}
			by, ok := m.counted[at]
			m.must(!ok, "%s of %d is counted by %s and by %s", p.Party, e.Year, by, e.Employer)
			m.counted[at] = levy.Key{Employer: e.Employer, Year: e.Year}
		}
	case levy.Assessed:
		k, t := filed(levy.Key{Employer: e.Employer, Year: e.Year})
		k.stale = false
		m.must(k.assessed == (e.Previous != nil) && (e.Previous == nil || fen(*e.Previous) == k.due), "%s was due before, the assessment says %v", ledger.Fen(k.due), e.Previous)
		m.must(fen(e.Full) == fen(e.Due)+fen(e.Relief) && e.Due.Sign() >= 0 && e.Relief.Sign() >= 0 && e.Region == k.region, "%+v", e)
		t.receivable += fen(e.Due) - k.due + fen(e.ReliefTakenIn) - fen(e.FeeReversed)
		t.income += fen(e.Due) - k.due
		t.relief -= fen(e.ReliefTakenIn)
		t.fee -= fen(e.FeeReversed)
		k.warned = k.warned && fen(e.Due) <= k.due
		k.assessed, k.due = true, fen(e.Due)
		k.relieved -= fen(e.ReliefTakenIn)
		k.fee -= fen(e.FeeReversed)
		m.must(k.relieved >= 0 && k.relieved <= k.due && k.fee >= 0 && k.fee <= k.due-k.relieved, "assessed, %+v", k)
	case levy.Relieved:
		k, t := assessed(levy.Key{Employer: e.Employer, Year: e.Year})
		m.once("levy relief", e.Decision, e.Case())
		k.relieved += fen(e.Amount)
		t.relief += fen(e.Amount)
		t.receivable -= fen(e.Amount)
		m.must(e.Amount.Sign() > 0 && k.relieved <= k.due, "relieved, %+v", k)
	case levy.Deferred:
		assessed(levy.Key{Employer: e.Employer, Year: e.Year})
	case levy.Received:
		k, t := filed(levy.Key{Employer: e.Employer, Year: e.Year})
		m.once("levy receipt", e.Receipt)
		m.must(e.Amount.Sign() > 0 && e.Region == k.region, "%+v received of %+v", e, k)
		k.received[e.Kind] += fen(e.Amount)
		t.treasury += fen(e.Amount)
		t.receivable -= fen(e.Amount)
	case levy.ReceiptWithdrawn:
		k, t := filed(levy.Key{Employer: e.Employer, Year: e.Year})
		number := fmt.Sprint([]string{"levy receipt", e.Receipt})
		m.must(m.booked[number] != "" && e.Region == k.region, "%+v withdrawn of %+v", e, k)
		delete(m.booked, number)
		k.received[e.Kind] -= fen(e.Amount)
		t.treasury -= fen(e.Amount)
		t.receivable += fen(e.Amount)
	case levy.Warned:
		k, _ := assessed(levy.Key{Employer: e.Employer, Year: e.Year})
		m.must(k.owed() > 0 && k.owed() == fen(e.Owed), "warned of %s, %d is owed", e.Owed, k.owed())
		k.warned = true
	case levy.PaymentOrdered:
		k, _ := assessed(levy.Key{Employer: e.Employer, Year: e.Year})
		m.must(k.warned && k.owed() > 0 && k.owed() == fen(e.Owed), "ordered to pay %s, %+v", e.Owed, k)
		k.ordered = append(k.ordered, e.Deadline)
	case levy.LateFeeCharged:
		k, t := assessed(levy.Key{Employer: e.Employer, Year: e.Year})
		m.must(slices.ContainsFunc(k.ordered, e.On.After) && e.Amount.Sign() > 0, "charged on %s, %+v", e.On, k)
		k.fee += fen(e.Amount)
		t.fee += fen(e.Amount)
		t.receivable += fen(e.Amount)
		var parts int64
		for _, p := range e.Parts {
			parts += fen(p.Fee)
		}
		m.must(k.fee == parts && k.fee <= k.due-k.relieved, "late fees of %d in all, the parts make %d, %+v", k.fee, parts, k)
	case levy.RefundDecided:
		k, t := assessed(levy.Key{Employer: e.Employer, Year: e.Year})
		m.once("levy refund", e.Decision, e.Case())
		k.refund += fen(e.Amount)
		t.refund += fen(e.Amount)
		t.receivable += fen(e.Amount)
		m.must(e.Amount.Sign() > 0 && k.owed() <= 0, "refund of %s decided, %+v", e.Amount, k)
	case levy.Refunded:
		k, t := assessed(levy.Key{Employer: e.Employer, Year: e.Year})
		m.once("levy voucher", e.Voucher, e.Case())
		m.shared("levy voucher", e.Voucher, string(e.Employer))
		k.repaid += fen(e.Amount)
		t.refund -= fen(e.Amount)
		t.treasury -= fen(e.Amount)
		m.must(e.Amount.Sign() > 0 && k.repaid <= k.refund, "refunded, %+v", k)
	case levy.Deregistered:
		for of, k := range m.levies {
			m.must(of.Employer != e.Employer || k.assessed && !k.stale && k.owed() == 0 && k.refund == k.repaid, "%s is gone with %+v", of, k)
		}
		m.left[e.Employer] = true
	}
}

// checkLevy compares the accounts of the levy and the cases of the book with the model.
func (w *world) checkLevy() {
	m := w.model
	for duty, of := range map[ledger.Duty]func(*till) int64{
		ledger.LevyTreasury:   func(t *till) int64 { return t.treasury },
		ledger.LevyReceivable: func(t *till) int64 { return t.receivable },
		ledger.LevyRefund:     func(t *till) int64 { return -t.refund },
		ledger.LevyIncome:     func(t *till) int64 { return -t.income },
		ledger.LevyRelief:     func(t *till) int64 { return t.relief },
		ledger.LevyLateFee:    func(t *till) int64 { return -t.fee },
	} {
		booked := m.balance[w.chart.For(duty)]
		for l, t := range m.tills {
			if got := booked[l]; got != of(t) {
				w.Fatalf("account %s of %s has %d, want %d", duty, l, got, of(t))
			}
		}
		for l, n := range booked {
			if m.tills[l] == nil {
				w.Fatalf("account %s has %d of %s, of which nothing is known", duty, n, l)
			}
		}
	}
	var receivable, owed int64
	for _, t := range m.tills {
		receivable += t.receivable
	}
	for of, k := range m.levies {
		owed += k.owed()
		c, ok := w.state.Levies().Find(of)
		got := [...]int64{fen(c.Net()), fen(c.LateFee), fen(c.Received(levy.Principal)), fen(c.Received(levy.LateFees)), fen(c.Refund), fen(c.Refunded), fen(c.Owed())}
		want := [...]int64{k.due - k.relieved, k.fee, k.received[levy.Principal], k.received[levy.LateFees], k.refund, k.repaid, k.owed()}
		if !ok || got != want {
			w.Fatalf("%s stands at %v, want %v", of, got, want)
		}
	}
	if receivable != owed {
		w.Fatalf("%d is receivable, %d is owed", receivable, owed)
	}
}

// A stint is a person in a filing year.
type stint struct {
	person ledger.PartyID
	year   int
}

// levyKeys are the levies there may be: of an employer and an institution, of a year that was
// due before the first day and of one that is not due yet.
func levyKeys() (all []levy.Key) {
	for _, p := range []ledger.PartyID{"P8", "P9"} {
		all = append(all, levy.Key{Employer: p, Year: 2022}, levy.Key{Employer: p, Year: 2023})
	}
	return all
}

// overdue takes a levy that was not paid through its late fee, an assessment that leaves it
// overpaid and the refund to the end of its employer, or part of the way.
func (w *world) overdue() {
	of := levy.Key{Employer: "P8", Year: 2022}
	declare := levy.Declare{Class: ledger.Enterprise, Employer: of.Employer, Region: "220104", Staff: levy.Int(100), Wage: yuan(60_000), Year: of.Year}
	deadline := w.today.AddDays(2)
	clerk, chief, accountant := ledgertest.Clerk, chief, ledgertest.Accountant
	for i := range w.roll(13, "overdue") {
		switch i {
		case 0:
			w.order(clerk, declare, true)
		case 1:
			w.order(accountant, levy.Assess(of), true)
		case 2:
			w.order(chief, levy.Warn{Document: "警告", Employer: of.Employer, Year: of.Year}, true)
		case 3:
			w.order(chief, levy.OrderPayment{Deadline: deadline, Document: "限缴", Employer: of.Employer, Year: of.Year}, true)
		case 4:
			w.today = deadline.AddDays(1)
			w.order(chief, levy.ChargeLateFee{Document: "加收", Employer: of.Employer, Year: of.Year}, true)
		case 5:
			w.order(accountant, levy.Receive{Amount: ledger.Fen(w.model.levies[of].due), Employer: of.Employer, Kind: levy.Principal, Receipt: "R0", Year: of.Year}, true)
		case 6:
			w.order(chief, levy.Relieve{Amount: yuan(50_000), Decision: "减免", Employer: of.Employer, Reason: "洪涝", Year: of.Year}, true)
		case 7:
			declare.Wage = yuan(30_000)
			w.order(clerk, declare, true)
		case 8: // less than is relieved
			w.order(accountant, levy.Assess(of), true)
		case 9:
			w.order(chief, levy.DecideRefund{Amount: ledger.Fen(-w.model.levies[of].owed()), Claim: "申请", Decision: "退", Employer: of.Employer, Year: of.Year}, true)
		case 10:
			w.order(accountant, levy.PayRefund{Amount: ledger.Fen(w.model.levies[of].refund), Employer: of.Employer, Voucher: "5209", Year: of.Year}, true)
		case 11:
			w.order(clerk, levy.Deregister{Document: "注销", Employer: of.Employer}, true)
		}
	}
}

// levy gives an order about a levy: usually the one that is due.
func (w *world) levy(do func(ledger.Actor, any), roll func(int, string) int, amount ledger.Money) {
	keys := levyKeys()
	of := keys[roll(len(keys), "levy")]
	k := w.model.levies[of]
	region := []ledger.RegionCode{"220104", "220104", "220102"}[roll(3, "region")]
	declare := func() {
		do(ledgertest.Clerk, levy.Declare{
			Class: []ledger.UnitClass{ledger.Enterprise, ledger.Institution}[roll(2, "class")], Closing: true, Employer: of.Employer, Region: region,
			Staff: levy.Int([]int{100, 100, 40, 20}[roll(4, "staff")]), Wage: yuan(int64(1+roll(4, "wage")) * 30_000), Year: of.Year,
		})
	}
	receive := func(most int64) {
		kind := levy.Principal
		if roll(4, "kind of receipt") == 3 {
			kind = levy.LateFees
		}
		do(ledgertest.Accountant, levy.Receive{Amount: ledger.Fen(most), Employer: of.Employer, Kind: kind, Receipt: fmt.Sprint("R", roll(40, "receipt")), Year: of.Year})
	}
	switch {
	case k == nil:
		declare()
		return
	case !k.assessed && roll(4, "hurry") > 0:
		do(ledgertest.Accountant, levy.Assess(of))
		return
	}
	switch roll(14, "levy order") {
	case 0:
		declare()
	case 1:
		var persons []levy.Person
		for i := range roll(3, "counted") {
			persons = append(persons, levy.Person{
				Card: levy.DisabilityCard, Grade: 1 + roll(4, "grade"), Party: ledger.PartyID(fmt.Sprint("P", 3*i+roll(4, "person"))), From: ledger.PeriodOf(of.Year-1, 1), To: ledger.PeriodOf(of.Year-1, 12),
			})
		}
		do(ledgertest.First, levy.Review{Confirmation: fmt.Sprint("Q", roll(20, "confirmation")), Employer: of.Employer, Persons: persons, Region: region, Year: of.Year})
	case 2, 3:
		do(ledgertest.Accountant, levy.Assess(of))
	case 4:
		do(chief, levy.Relieve{Amount: amount, Decision: fmt.Sprint("减免", roll(9, "decision")), Employer: of.Employer, Reason: "洪涝", Year: of.Year})
	case 5:
		do(chief, levy.Defer{Decision: "缓缴", Employer: of.Employer, Reason: "洪涝", Until: ledger.DateOf(of.Year, 11, 1).AddDays(roll(200, "until")), Year: of.Year})
	case 6:
		receive(max(1, fen(amount)))
	case 7:
		receive(max(1, k.owed()) + int64(roll(2, "more")))
	case 8:
		do(chief, levy.Warn{Document: "警告", Employer: of.Employer, Year: of.Year})
	case 9:
		do(chief, levy.OrderPayment{Deadline: w.today.AddDays(roll(3, "to pay")), Document: "限缴", Employer: of.Employer, Year: of.Year})
	case 10:
		do(chief, levy.ChargeLateFee{Document: "加收", Employer: of.Employer, Year: of.Year})
	case 11:
		do(chief, levy.DecideRefund{Amount: ledger.Fen(max(1, -k.owed()/int64(1+roll(2, "part"))) + int64(roll(6, "more")/5)), Claim: "申请", Decision: fmt.Sprint("退", roll(9, "decision")), Employer: of.Employer, Year: of.Year})
	case 12:
		do(ledgertest.Accountant, levy.PayRefund{Amount: ledger.Fen(max(1, k.refund-k.repaid) + int64(roll(6, "more")/5)), Employer: of.Employer, Voucher: fmt.Sprint("5209-", roll(9, "voucher")), Year: of.Year})
	default:
		if roll(3, "withdraw") == 0 {
			by := ledgertest.Accountant
			by.ID = "accountant-2"
			do(by, levy.WithdrawReceipt{Reason: "误登", Receipt: fmt.Sprint("R", roll(40, "receipt"))})
			return
		}
		if len(w.model.levied) > 0 && roll(2, "reverse") == 0 {
			do(second, journal.Reverse{Entry: w.model.levied[roll(len(w.model.levied), "entry")], Reason: "r"})
			return
		}
		do(ledgertest.Clerk, levy.Deregister{Document: "注销", Employer: of.Employer})
	}
}

// printLevy asks what may be done about every levy.
func (w *world) printLevy(ask func(ledger.Actor, any)) {
	for _, of := range levyKeys() {
		k := w.model.levies[of]
		if k == nil {
			continue
		}
		ask(ledgertest.Accountant, levy.Assess(of))
		ask(ledgertest.Accountant, levy.Receive{Amount: yuan(1), Employer: of.Employer, Kind: levy.Principal, Receipt: "R1", Year: of.Year})
		ask(chief, levy.Relieve{Amount: yuan(5_000), Decision: "D", Employer: of.Employer, Reason: "r", Year: of.Year})
		ask(chief, levy.Warn{Document: "D", Employer: of.Employer, Year: of.Year})
		ask(chief, levy.OrderPayment{Deadline: ledger.DateOf(2023, 11, 30), Document: "D", Employer: of.Employer, Year: of.Year})
		ask(chief, levy.ChargeLateFee{Document: "D", Employer: of.Employer, Year: of.Year})
		ask(chief, levy.DecideRefund{Amount: ledger.MaxMoney, Claim: "c", Decision: "D", Employer: of.Employer, Year: of.Year})
		ask(ledgertest.Accountant, levy.PayRefund{Amount: ledger.MaxMoney, Employer: of.Employer, Voucher: "v", Year: of.Year})
		ask(ledgertest.Clerk, levy.Deregister{Document: "D", Employer: of.Employer})
		for i := range 3 {
			ask(ledgertest.First, levy.Review{Confirmation: fmt.Sprint("Q", i), Employer: of.Employer, Region: "220104", Year: of.Year, Persons: []levy.Person{
				{Card: levy.DisabilityCard, Grade: 1, Party: ledger.PartyID(fmt.Sprint("P", 2*i)), From: ledger.PeriodOf(of.Year-1, 3), To: ledger.PeriodOf(of.Year-1, 3)},
			}})
		}
	}
}

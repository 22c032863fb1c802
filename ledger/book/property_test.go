package book_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

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

// A world is a book, what has happened to it, and the model of its money. Groups
// of tentative events are open at marks.
type world struct {
	*rapid.T
	state  *book.State
	events []ledger.Event
	model  *model
	marks  []mark
	today  ledger.Date
	n      int
	chart  ledger.Chart

	accepted map[string]int
}

type mark struct {
	events int
	print  string
}

// people hold one duty, or all: those who hold all try what they may not.
var people = []ledger.Actor{
	ledgertest.Clerk, ledgertest.First, ledgertest.Second, ledgertest.Approver, ledgertest.Cashier, ledgertest.Accountant, ledgertest.Operator, chief, second,
	{ID: "all-1", Roles: ledger.Roles}, {ID: "all-2", Roles: ledger.Roles}, {ID: "all-3", Roles: ledger.Roles}, {ID: "all-4", Roles: ledger.Roles},
}

// TestTheMoneyIsWhatThePlainModelSays tries random commands, most of them
// sensible, against a book and the model. make soak runs it with more
// -rapid.checks.
func TestTheMoneyIsWhatThePlainModelSays(t *testing.T) {
	t.Parallel()
	total := make(map[string]int)
	wanted := []string{
		"Submitted", "Approved", "Rejected", "Stopped", "Instructed", "BatchSent", "BatchCancelled", "LineRemoved", "Confirmed", "Failed", "Returned", "Reissued", "ReturnedToTreasury",
		"RecoveryDemanded", "RecoveryWithdrawn", "RecoveryReceived", "Recorded", "EntryProposed", "EntryPosted", "EntryRejected", "EntryReversed", "PeriodClosed", "PeriodReopened", "Transferred", "CarriedOver",
		"Declared", "Reviewed", "Assessed", "Relieved", "Deferred", "Received", "Warned", "PaymentOrdered", "LateFeeCharged", "RefundDecided", "Refunded", "Deregistered", "rollback",
	}
	missing := func(name string) bool { return total[name] == 0 }
	// Of a hundred books some come to a rare event four times, which is not at all once in fifty
	// rounds: then there is another round.
	for round := 0; round < 5 && (round == 0 || slices.ContainsFunc(wanted, missing)); round++ {
		rapid.Check(t, func(t *rapid.T) {
			w := &world{T: t, state: new(book.State), model: newModel(t), today: ledger.DateOf(2023, 1, 10), accepted: total}
			total["runs"]++
			w.begin()
			w.head()
			w.overdue()
			for range 18 + w.roll(36, "commands") {
				w.step()
			}
			w.afresh()
		})
		if t.Failed() || total["runs"] < 100 {
			return
		}
	}
	for _, name := range wanted {
		if missing(name) {
			t.Errorf("it never came to %s: %v", name, total)
		}
	}
}

// begin makes twelve parties known and votes little money, so that it runs out.
func (w *world) begin() {
	pack := ledgertest.Pack()
	ledgertest.Monthly(&pack)
	ledgertest.Levied(&pack)
	w.chart, _ = pack.Check()
	w.order(ledgertest.Operator, policy.Publish{Pack: pack}, true)
	for i := range 12 {
		do := party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: ledger.PartyID(fmt.Sprint("P", i)), Sealed: ledgertest.Sealed}
		if i >= 8 {
			do = party.Register{Account: ledgertest.Sealed, Kind: policy.Kinds[1+i%2], Party: do.Party, Name: "某单位"}
		}
		w.order(ledgertest.Clerk, do, true)
	}
	for _, l := range append(lines[:6:6], posts) {
		w.order(ledgertest.Accountant, budget.Appropriate{Amount: yuan(18_000), Document: "D0", Line: l}, true)
	}
}

// head gives some runs a head start: claims that are approved, and payments that
// the bank has.
func (w *world) head() {
	if w.roll(2, "monthly") == 1 {
		w.monthly()
	}
	n := w.roll(5, "head start")
	for i := range n {
		id := ledger.ClaimID(fmt.Sprint("C", i))
		w.order(ledgertest.Clerk, claim.Submit{
			Account: "1", Claim: id, Evidence: papers, From: month("2023-01"), Party: ledger.PartyID(fmt.Sprint("P", i)), Region: "220104", Scheme: "startup", To: month("2023-01"), Units: 1,
		}, true)
		for range 4 {
			w.advance(w.model.claims[id], func(by ledger.Actor, do any) { w.order(by, do, true) }, func(int, string) int { return 0 })
		}
	}
	w.today = w.today.AddDays(7)
	for i := range n {
		id := ledger.ClaimID(fmt.Sprint("C", i))
		w.order(ledgertest.Second, claim.EndPublicity{Claim: id}, true)
		if i < 3 { // there is money for three
			w.order(ledgertest.Approver, claim.Approve{Claim: id, Decision: "D", Line: lines[0]}, true)
		}
	}
	if n < 3 {
		return
	}
	w.order(ledgertest.Cashier, payment.OpenBatch{Batch: "B0"}, true)
	for i := range 2 {
		w.order(ledgertest.Cashier, payment.Instruct{Batch: "B0", Claim: ledger.ClaimID(fmt.Sprint("C", i)), Payment: ledger.PaymentID(fmt.Sprint("Y", i))}, true)
	}
	w.order(ledgertest.Cashier, payment.SubmitBatch{Batch: "B0", Lines: 2, Total: yuan(10_000)}, true)
	w.order(chief, payment.ApproveBatch{Batch: "B0", Lines: 2, Total: yuan(10_000)}, true)
	w.order(ledgertest.Cashier, payment.SendBatch{Batch: "B0", Voucher: "V0"}, true)
	if n == 4 {
		w.far()
	}
}

// monthly gives a run a post for half a year, approved, of which some months are
// paid and the last of them is at the bank or given back.
func (w *world) monthly() {
	today := w.today
	w.order(ledgertest.Clerk, claim.Submit{
		Account: "1", Claim: "M0", Evidence: papers, From: month("2023-01"), Party: "P7", Region: "220104", Scheme: "welfare-post", To: month("2023-06"), Units: 1,
	}, true)
	for range 4 {
		w.advance(w.model.claims["M0"], func(by ledger.Actor, do any) { w.order(by, do, true) }, func(int, string) int { return 0 })
	}
	w.today = w.today.AddDays(7)
	w.order(ledgertest.Second, claim.EndPublicity{Claim: "M0"}, true)
	w.order(ledgertest.Approver, claim.Approve{Claim: "M0", Decision: "D", Line: posts}, true)
	paid := w.roll(5, "months paid")
	for i, m := range ledger.Months(month("2023-01"), month("2023-06"))[:paid] {
		day := m.Last()
		b, y := ledger.BatchID(fmt.Sprint("BM", i)), ledger.PaymentID(fmt.Sprint("YM", i))
		w.order(ledgertest.Cashier, payment.OpenBatch{Batch: b}, true, day)
		w.order(ledgertest.Cashier, payment.Instruct{Batch: b, Claim: "M0", Month: m, Payment: y}, true, day)
		w.order(ledgertest.Cashier, payment.SubmitBatch{Batch: b, Lines: 1, Total: yuan(1_000)}, true, day)
		w.order(chief, payment.ApproveBatch{Batch: b, Lines: 1, Total: yuan(1_000)}, true, day)
		w.order(ledgertest.Cashier, payment.SendBatch{Batch: b, Voucher: "V-" + string(b)}, true, day)
		if i+1 < paid {
			w.order(ledgertest.Cashier, payment.Confirm{Payment: y, Serial: "S-" + string(y)}, true, day)
		}
		today = day
	}
	if paid == 0 {
		return
	}
	w.today = today
	if w.roll(3, "given back") == 2 {
		last := ledger.PaymentID(fmt.Sprint("YM", paid-1))
		w.order(ledgertest.Cashier, payment.Fail{Payment: last, Reason: "r"}, true)
		w.order(chief, payment.ReturnToTreasury{Payment: last, Reason: "r"}, true)
	}
}

// far goes on to what random orders seldom come to.
func (w *world) far() {
	for _, o := range []struct {
		by ledger.Actor
		do any
	}{
		{ledgertest.Cashier, payment.Confirm{Payment: "Y0", Serial: "S0"}},
		{ledgertest.Cashier, payment.Return{Payment: "Y0", Reason: "r", Serial: "S0"}},
		{ledgertest.Cashier, payment.CorrectPayee{Account: "1", Payment: "Y0", Reason: "r"}},
		{chief, payment.ApproveCorrection{Account: "1", Payment: "Y0"}},
		{ledgertest.Cashier, payment.OpenBatch{Batch: "B1"}},
		{ledgertest.Cashier, payment.Reissue{As: "Z0", Batch: "B1", Payment: "Y0"}},
		{ledgertest.Cashier, payment.Fail{Payment: "Y1", Reason: "r"}},
		{chief, payment.ReturnToTreasury{Payment: "Y1", Reason: "r"}},
		{ledgertest.Clerk, payment.Record{Amount: yuan(2), Line: lines[3], Party: "P8", Payment: "R0", Source: "s"}},
		{ledgertest.Clerk, payment.Record{Amount: yuan(2), Line: lines[3], Party: "P8", Payment: "R1", Source: "s"}},
		{chief, payment.DemandRecovery{Amount: yuan(1), Deadline: w.today, Decision: "D", Ground: "g", Payment: "R0"}},
		{ledgertest.Accountant, payment.ReceiveRecovery{Amount: ledger.Fen(50), Payment: "R0", Voucher: "V0"}},
		{ledgertest.Accountant, budget.Transfer{Amount: yuan(1), Document: "D0", Line: lines[0], To: lines[4]}},
		{ledgertest.Accountant, budget.CarryOver{Amount: yuan(1), Document: "D0", Line: lines[0]}},
		{ledgertest.Accountant, journal.Close{Period: month("2022-12"), Root: hash}},
		{second, journal.Reopen{Period: month("2022-12"), Reason: "r"}},
	} {
		w.order(o.by, o.do, true)
	}
	w.order(second, journal.Reverse{Entry: w.model.entries["payment:R1"], Reason: "r"}, true)
	for _, decide := range []func(ledger.EntryID) any{
		func(id ledger.EntryID) any { return journal.ApproveEntry{Entry: id} },
		func(id ledger.EntryID) any { return journal.RejectEntry{Entry: id, Reason: "r"} },
	} {
		w.order(ledgertest.Accountant, adjusting("5001"), true)
		id, _ := pickKey(w, w.model.waiting, "proposal")
		w.order(second, decide(id), true)
	}
}

var lines = []ledger.BudgetLine{
	line("220104/startup/levy/2023"), line("220000/startup/general/2023"), line("220104/employer/levy/2023"), line("220100/assisted/levy/2023"),
	line("220102/startup/levy/2023"), line("220000/startup/levy/2024"), line("220000/assisted/levy/2024"), line("220104/startup/levy/2024"), posts,
}

// order decides one command, today or on the day given, and checks everything
// that must hold after it.
func (w *world) order(by ledger.Actor, do any, must bool, on ...ledger.Date) {
	w.n++
	c := book.Command{Order: ledger.Order{ID: ledger.CommandID(fmt.Sprint("c", w.n)), By: by, On: w.today}, Do: do}
	if len(on) > 0 {
		c.On = on[0]
	}
	before := ""
	if w.n%40 == 0 {
		before = w.print()
	}
	events, err := book.Decide(w.state, c)
	again, err2 := book.Decide(w.state, c)
	if fmt.Sprint(err) != fmt.Sprint(err2) || !reflect.DeepEqual(events, again) {
		w.Fatalf("decided twice, %T gives %v, %v and %v, %v", do, events, err, again, err2)
	}
	if before != "" {
		if after := w.print(); after != before {
			w.Fatalf("deciding %T changed the book:\n%s", do, difference(after, before))
		}
	}
	if err != nil {
		if r, _ := ledger.Refused(err); r == nil || must {
			w.Fatalf("%T %+v: %v", do, do, err)
		}
		return
	}
	if len(events) > 1 {
		w.Fatalf("%T decided %d events", do, len(events))
	}
	for _, e := range events {
		w.accepted[reflect.TypeOf(e).Name()]++
		w.events = append(w.events, e)
		w.state = book.Evolve(w.state, e)
		if b := ledgertest.Booked(e); b != nil {
			if err := b.Check(w.chart); err != nil {
				w.Fatalf("%T: %v", e, err)
			}
		}
		w.model.happened(e)
		w.check()
	}
}

// check compares the balances of all entries, the book's budget and the model.
func (w *world) check() {
	m := w.model
	sums := make(map[ledger.Book]int64)
	for code, lines := range m.balance {
		a, _ := w.chart.Find(code)
		for _, n := range lines {
			sums[a.Book] += n
		}
	}
	for b, n := range sums {
		if n != 0 {
			w.Fatalf("the %s book is out by %d", b, n)
		}
	}
	known := 0
	for l, u := range w.state.Budget().Lines() {
		known++
		want := m.line(l)
		if got := (use{fen(u.Voted), fen(u.Committed), fen(u.Disbursed)}); got != *want {
			w.Fatalf("%s is %+v, want %+v", l, got, *want)
		}
	}
	if known > len(m.lines) {
		w.Fatalf("the budget has %d lines, the model %d", known, len(m.lines))
	}
	for l, u := range m.lines {
		left := u.voted - u.committed - u.disbursed
		if left < 0 || u.committed < 0 || u.disbursed < 0 {
			w.Fatalf("%s has %+v, %d left", l, *u, left)
		}
		for duty, want := range map[ledger.Duty]int64{
			ledger.Voted: u.voted, ledger.Available: -left, ledger.Committed: -u.committed, ledger.Disbursed: -u.disbursed,
			ledger.Bank: left + u.committed, ledger.BudgetFunds: left + u.committed, ledger.Payable: -u.committed,
		} {
			if got := m.balance[w.chart.For(duty)][l]; got != want {
				w.Fatalf("account %s of %s has %d, want %d", duty, l, got, want)
			}
		}
	}
	var owed int64
	for _, n := range m.balance[w.chart.For(ledger.Recoverable)] {
		owed += n
	}
	if owed != m.owed {
		w.Fatalf("%d is to be recovered, want %d", owed, m.owed)
	}
	w.checkLevy()
	live := make(map[payment.Instalment]ledger.PaymentID)
	used := make(map[ledger.ClaimID]int64) // paid, under way or given back
	for id, p := range m.payments {
		if p.claim == "" || p.status == "replaced" || p.status == "cancelled" {
			continue
		}
		used[p.claim] += p.amount
		if p.status == "ended" {
			continue
		}
		of := payment.Instalment{Claim: p.claim, Month: p.month}
		if other, ok := live[of]; ok {
			w.Fatalf("claim %s has two live payments, %s and %s", of, id, other)
		}
		live[of] = id
	}
	var claims []*claimed
	months := make(map[ledger.PartyID]int)
	for _, c := range m.claims {
		if used[c.Claim]+c.released > fen(c.Amount) {
			w.Fatalf("of claim %s for %s, %d is paid, under way or given back and %d released", c.Claim, c.Amount, used[c.Claim], c.released)
		}
		if !c.Monthly.IsZero() && c.live() {
			if months[c.person()] += len(m.held(c)); months[c.person()] > 18 {
				w.Fatalf("%s has %d months", c.person(), months[c.person()])
			}
		}
		for _, other := range claims {
			if c.live() && other.live() && m.collide(c, other) {
				w.Fatalf("%s and %s are both live", c.Claim, other.Claim)
			}
		}
		claims = append(claims, c)
	}
}

// print writes what the book answers to many questions: a state that prints the
// same is taken for the same.
func (w *world) print() string {
	var b strings.Builder
	ask := func(by ledger.Actor, do any) {
		events, err := book.Decide(w.state, book.Command{Order: ledger.Order{ID: "probe", By: by, On: ledger.DateOf(2023, 11, 30)}, Do: do})
		data, _ := json.Marshal(events)
		fmt.Fprintf(&b, "%T %s %v\n", do, data, err)
	}
	m := w.model
	for _, id := range slices.Sorted(maps.Keys(m.claims)) {
		ask(chief, claim.Reject{Claim: id, Reason: "r"})
		ask(ledgertest.Second, claim.EndPublicity{Claim: id})
		ask(chief, claim.Approve{Claim: id, Decision: "D", Line: lines[0]})
		for _, p := range m.claims[id].months() {
			ask(ledgertest.Cashier, payment.Instruct{Batch: "probe", Claim: id, Month: p, Payment: "probe"})
			ask(chief, claim.Stop{Claim: id, Evidence: hash, From: p, Reason: "r"})
		}
		ask(ledgertest.First, claim.Resolve{Claim: id, Objection: "O1", Outcome: claim.Dismissed, Reason: "r"})
	}
	for _, id := range slices.Sorted(maps.Keys(m.payments)) {
		ask(ledgertest.Cashier, payment.RemoveLine{Payment: id})
		ask(ledgertest.Cashier, payment.Confirm{Payment: id, Serial: "S1"})
		ask(ledgertest.Cashier, payment.Return{Payment: id, Reason: "r", Serial: "S1"})
		ask(chief, payment.ApproveCorrection{Account: m.payments[id].account, Payment: id})
		ask(ledgertest.Cashier, payment.Reissue{As: "probe", Batch: "probe", Payment: id})
		ask(chief, payment.DemandRecovery{Amount: yuan(3_000), Deadline: ledger.DateOf(2030, 1, 1), Decision: "D", Ground: "g", Payment: id})
		ask(ledgertest.Approver, payment.WithdrawRecovery{Decision: "W", Payment: id, Reason: "r"})
		ask(ledgertest.Accountant, payment.ReceiveRecovery{Amount: yuan(1_000), Payment: id, Voucher: "V1"})
	}
	for _, id := range slices.Sorted(maps.Keys(m.batches)) {
		ask(ledgertest.Cashier, payment.SubmitBatch{Batch: id})
		ask(chief, payment.ApproveBatch{Batch: id})
		ask(ledgertest.Cashier, payment.SendBatch{Batch: id, Voucher: "V1"})
		ask(ledgertest.Cashier, payment.CancelBatch{Batch: id, Reason: "r"})
	}
	for i := range 12 {
		p := ledger.PartyID(fmt.Sprint("P", i))
		for _, scheme := range []ledger.SchemeCode{"startup", "employer", "assisted", "welfare-post"} {
			ask(ledgertest.Clerk, claim.Submit{Account: "2", Claim: "probe", Evidence: papers, From: month("2023-03"), Party: p, Region: "220104", Scheme: scheme, To: month("2023-03"), Units: 1})
			ask(ledgertest.Clerk, claim.Submit{Account: "1", Claim: "probe", Evidence: papers, From: month("2023-03"), Party: "P8", Persons: []ledger.PartyID{p}, Region: "220104", Scheme: scheme, To: month("2024-03"), Units: 1})
		}
		ask(ledgertest.Operator, party.Erase{Basis: "b", Party: p})
		ask(ledgertest.Clerk, payment.Record{Amount: yuan(700), Line: lines[i%len(lines)], Party: p, Payment: "probe", Source: "s"})
	}
	for _, id := range slices.Sorted(maps.Keys(m.entries)) {
		ask(second, journal.Reverse{Entry: m.entries[id], Reason: "r"})
	}
	for _, id := range slices.Sorted(maps.Keys(m.waiting)) {
		ask(chief, journal.ApproveEntry{Entry: id})
		ask(second, journal.ApproveEntry{Entry: id})
	}
	w.printLevy(ask)
	for _, l := range lines {
		fmt.Fprintf(&b, "%s %+v\n", l, w.state.Budget().Use(l))
		ask(ledgertest.Accountant, budget.CarryOver{Amount: yuan(2_000), Document: "D1", Line: l})
	}
	ask(second, journal.Close{Period: month("2023-03"), Root: hash})
	ask(second, journal.Reopen{Period: m.through, Reason: "r"})
	persons := w.state.Persons()
	slices.Sort(persons)
	fmt.Fprintln(&b, persons, w.state.Policy().Version)
	return b.String()
}

// afresh folds the events into a new book, as they are and as the log gives them
// back, and demands the same answers.
func (w *world) afresh() {
	want := w.print()
	was := w.state
	for name, events := range map[string][]ledger.Event{"as they are": w.events, "written and read": w.read()} {
		w.state = book.Decider.Fold(new(book.State), events...)
		if got := w.print(); got != want {
			w.Fatalf("folded from scratch, %s, the book answers\n%s", name, difference(got, want))
		}
	}
	w.state = was
}

func (w *world) read() []ledger.Event {
	events := make([]ledger.Event, len(w.events))
	for i, e := range w.events {
		data, err := json.Marshal(e)
		if err != nil {
			w.Fatalf("%T: %v", e, err)
		}
		into := reflect.New(reflect.TypeOf(e))
		if err := json.Unmarshal(data, into.Interface()); err != nil {
			w.Fatalf("%T does not come back: %v", e, err)
		}
		events[i] = into.Elem().Interface().(ledger.Event)
	}
	return events
}

func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\nand not\n" + b[i]
		}
	}
	return fmt.Sprintf("%d lines and not %d", len(a), len(b))
}

// rollback takes back every open group, in the book and in the model.
func (w *world) rollback() {
	for _, part := range w.state.Tentative() {
		part.Rollback()
	}
	first := w.marks[0]
	w.marks, w.events = nil, slices.Clone(w.events[:first.events])
	w.model = newModel(w.T)
	for _, e := range w.events {
		w.model.happened(e)
	}
	w.check()
	if got := w.print(); got != first.print {
		w.Fatalf("rolled back, the book answers\n%s", difference(got, first.print))
	}
	w.accepted["rollback"]++
}

// roll draws a number below n. rapid likes small numbers; what is rolled should
// come up equally often.
func (w *world) roll(n int, name string) int {
	return int(rapid.Uint32().Draw(w.T, name) * 2654435761 >> 8 % uint32(n))
}

// step gives one order, or begins, commits or takes back a group.
func (w *world) step() {
	m := w.model
	roll := w.roll
	w.today = w.today.AddDays([]int{0, 0, 1, 2, 9}[roll(5, "days")])
	kind := roll(38, "kind")
	// Who asks: usually one who may, sometimes anybody.
	by := func(a ledger.Actor) ledger.Actor {
		if roll(6, "stranger") == 5 {
			return people[roll(len(people), "who")]
		}
		return a
	}
	on := w.today
	if roll(12, "late") == 11 {
		on = on.AddDays(-roll(70, "days ago"))
	}
	do := func(a ledger.Actor, action any) { w.order(by(a), action, false, on) }
	p := ledger.PartyID(fmt.Sprint("P", roll(12, "party")))
	id := fmt.Sprint(roll(40, "identifier")) // new, or taken
	amount := yuan(int64(roll(9, "thousands")) * 1_000)

	switch {
	case roll(5, "levy") == 4:
		w.levy(do, roll, amount)
	case kind < 4:
		scheme := []ledger.SchemeCode{"startup", "employer", "assisted", "unset", "welfare-post"}[roll(10, "scheme")%5]
		from := ledger.PeriodOf(2023+roll(2, "year"), time.Month(1+roll(12, "month")))
		if scheme == "welfare-post" {
			if roll(3, "again") == 0 {
				p, from = "P7", ledger.PeriodOf(2023, time.Month(1+roll(12, "month"))) // who may have one
			}
			submit := claim.Submit{Account: "1", Claim: ledger.ClaimID("C" + id), Evidence: papers, From: from, Party: p, Region: "220104", Scheme: scheme, To: from.First().AddDays(roll(400, "days")).Period(), Units: 1}
			if p == "P8" || p == "P10" {
				submit.Persons = []ledger.PartyID{ledger.PartyID(fmt.Sprint("P", roll(8, "person")))}
			}
			do(ledgertest.Clerk, submit)
			break
		}
		do(ledgertest.Clerk, claim.Submit{
			Account: "1", Claim: ledger.ClaimID("C" + id), Evidence: papers, From: from, Party: p,
			Region: []ledger.RegionCode{"220104", "220102", "R-CBS"}[roll(3, "region")], Scheme: scheme, To: from, Units: 1 + roll(3, "units"),
		})
	case kind < 14:
		if c := pick(w, m.claims, "claim"); c != nil {
			w.advance(c, do, roll)
		}
	case kind == 14:
		if c := pick(w, m.claims, "claim"); c != nil {
			do(ledgertest.Clerk, claim.Object{Claim: c.Claim, Objection: fmt.Sprint("O", roll(2, "objection")), Statement: hash})
		}
	case kind == 15:
		if c := pick(w, m.claims, "claim"); c != nil {
			outcome := []claim.Outcome{claim.Dismissed, claim.Dismissed, claim.Upheld}[roll(3, "outcome")]
			do(ledgertest.First, claim.Resolve{Claim: c.Claim, Objection: fmt.Sprint("O", roll(2, "objection")), Outcome: outcome, Reason: "r"})
		}
	case kind == 16:
		if c := pick(w, m.claims, "claim"); c != nil {
			if months := c.months(); !c.Monthly.IsZero() && c.status == "approved" && roll(4, "stop") > 0 {
				do(chief, claim.Stop{Claim: c.Claim, Evidence: hash, From: months[roll(len(months), "from")], Reason: "r"})
			} else if roll(2, "against") == 0 {
				do(chief, claim.Reject{Claim: c.Claim, Reason: "r"})
			} else {
				do(ledgertest.Clerk, claim.Withdraw{Claim: c.Claim, Reason: "r"})
			}
		}
	case kind == 17:
		w.money(do, roll, amount)
	case kind < 20:
		if c := w.approved(); c != nil {
			months := c.months()
			do(ledgertest.Cashier, payment.Instruct{Batch: w.batch(do, roll), Claim: c.Claim, Month: months[roll(len(months), "month")], Payment: ledger.PaymentID("Y" + id)})
		}
	case kind < 23:
		if b, bundle := pickKey(w, m.batches, "batch"); bundle != nil {
			if roll(8, "give up") == 7 {
				do(ledgertest.Cashier, payment.CancelBatch{Batch: b, Reason: []string{"", "r"}[roll(2, "reason")]})
				break
			}
			total := ledger.Fen(bundle.total)
			if roll(9, "wrong total") == 8 {
				total = total.Add(ledger.Fen(1))
			}
			switch bundle.status {
			case "open":
				do(ledgertest.Cashier, payment.SubmitBatch{Batch: b, Lines: bundle.lines, Total: total})
			case "submitted":
				do(chief, payment.ApproveBatch{Batch: b, Lines: bundle.lines, Total: total})
			default:
				do(ledgertest.Cashier, payment.SendBatch{Batch: b, Voucher: fmt.Sprint("V", roll(12, "voucher"))})
			}
		}
	case kind < 26, kind >= 30 && kind < 35:
		if id, p := pickKey(w, m.payments, "payment"); p != nil {
			w.bank(id, p, do, roll, amount)
		}
	case kind == 26:
		if roll(2, "record") == 0 {
			do(ledgertest.Clerk, payment.Record{Amount: yuan(int64(1 + roll(2, "amount"))), Line: lines[roll(3, "line")], Party: p, Payment: ledger.PaymentID("R" + id), Source: "s"})
		} else if e := pick(w, m.entries, "entry"); e.ID != "" {
			if roll(5, "forged") == 4 {
				e.Memo += "x"
			}
			do(second, journal.Reverse{Entry: e, Reason: "r"})
		}
	case kind == 27, kind == 35:
		w.books(do, roll)
	case kind == 28:
		if roll(4, "erase") == 3 {
			do(ledgertest.Operator, party.Erase{Basis: "b", Party: p})
		} else {
			do(ledgertest.Clerk, party.AddAccount{Account: ledgertest.Sealed, Party: p, Ref: "2"})
		}
	default:
		w.group(roll)
	}
}

func pickKey[K ~string, V any](w *world, from map[K]V, name string) (k K, v V) {
	if len(from) == 0 {
		return k, v
	}
	keys := slices.Sorted(maps.Keys(from))
	k = keys[rapid.IntRange(0, len(keys)-1).Draw(w.T, name)]
	return k, from[k]
}

func pick[K ~string, V any](w *world, from map[K]V, name string) V {
	_, v := pickKey(w, from, name)
	return v
}

// approved returns a claim that may be paid, if there is one, or any.
func (w *world) approved() *claimed {
	ready := make(map[ledger.ClaimID]*claimed)
	for id, c := range w.model.claims {
		if c.status == "approved" {
			ready[id] = c
		}
	}
	if len(ready) == 0 {
		ready = w.model.claims
	}
	return pick(w, ready, "claim to pay")
}

// batch returns an open batch, opening one if need be.
func (w *world) batch(do func(ledger.Actor, any), roll func(int, string) int) ledger.BatchID {
	for _, id := range slices.Sorted(maps.Keys(w.model.batches)) {
		if w.model.batches[id].status == "open" {
			return id
		}
	}
	id := ledger.BatchID(fmt.Sprint("B", roll(30, "batch")))
	do(ledgertest.Cashier, payment.OpenBatch{Batch: id})
	return id
}

// advance gives the order for the step that a claim is due.
func (w *world) advance(c *claimed, do func(ledger.Actor, any), roll func(int, string) int) {
	switch c.status {
	case "submitted":
		do(ledgertest.First, claim.FirstReview{Claim: c.Claim})
	case "first":
		do(ledgertest.First, claim.Compare{Claim: c.Claim, Manifest: hash, Outcome: claim.Matched, Sources: []string{"民政"}})
	case "compared":
		do(ledgertest.Second, claim.SecondReview{Claim: c.Claim})
	case "second":
		do(ledgertest.Second, claim.Publicise{Claim: c.Claim, From: w.today, Notice: hash, Place: "www", To: w.today.AddDays(6 + roll(2, "longer") - roll(2, "shorter"))})
	case "public":
		do(ledgertest.Second, claim.EndPublicity{Claim: c.Claim})
	default:
		var fit []ledger.BudgetLine
		for _, l := range lines {
			if l.Scheme == c.Scheme {
				fit = append(fit, l)
			}
		}
		if len(fit) > 0 {
			do(ledgertest.Approver, claim.Approve{Claim: c.Claim, Decision: "D", Line: fit[roll(len(fit), "line")]})
		}
	}
}

func (w *world) money(do func(ledger.Actor, any), roll func(int, string) int, amount ledger.Money) {
	from, to := lines[roll(len(lines), "line")], lines[roll(len(lines), "to")]
	document := fmt.Sprint("D", roll(12, "document"))
	switch roll(6, "budget") {
	case 0:
		do(ledgertest.Accountant, budget.Appropriate{Amount: amount, Document: document, Line: from})
	case 1:
		do(ledgertest.Accountant, budget.Adjust{Amount: amount, Document: document, Line: from, Side: []ledger.Side{ledger.Debit, ledger.Credit}[roll(2, "side")]})
	case 2, 3:
		if roll(2, "fit") == 0 {
			from, to = lines[0], lines[4]
		}
		do(ledgertest.Accountant, budget.Transfer{Amount: amount, Document: document, Line: from, To: to})
	default:
		do(ledgertest.Accountant, budget.CarryOver{Amount: amount, Document: document, Line: from})
	}
}

// bank gives an order about a payment: usually one that fits.
func (w *world) bank(id ledger.PaymentID, p *due, do func(ledger.Actor, any), roll func(int, string) int, amount ledger.Money) {
	status := p.status
	if roll(8, "misfit") == 7 {
		status = []string{"instructed", "paid", "failed", "recorded"}[roll(4, "as if")]
	}
	switch status {
	case "instructed":
		if roll(5, "taken out") == 4 {
			do(ledgertest.Cashier, payment.RemoveLine{Payment: id, Reason: []string{"", "r"}[roll(2, "reason")]})
		} else if roll(3, "fails") == 0 {
			do(ledgertest.Cashier, payment.Fail{Payment: id, Reason: "r"})
		} else {
			do(ledgertest.Cashier, payment.Confirm{Payment: id, Serial: fmt.Sprint("S", roll(5, "serial"))})
		}
	case "paid", "recorded":
		switch roll(5, "paid") {
		case 0, 1:
			if status == "paid" {
				do(ledgertest.Cashier, payment.Return{Payment: id, Reason: "r", Serial: fmt.Sprint("S", roll(5, "serial"))})
			}
		case 2:
			do(chief, payment.DemandRecovery{Amount: ledger.Fen(max(1, fen(amount)/4)), Deadline: w.today, Decision: fmt.Sprint("D", roll(6, "decision")), Ground: "g", Payment: id})
		case 3:
			do(ledgertest.Approver, payment.WithdrawRecovery{Decision: "W", Payment: id, Reason: "r"})
		default:
			do(ledgertest.Accountant, payment.ReceiveRecovery{Amount: ledger.Fen(max(1, fen(amount)/8)), Payment: id, Voucher: fmt.Sprint("V", roll(12, "slip"))})
		}
	default:
		switch {
		case roll(5, "gives up") == 4:
			do(chief, payment.ReturnToTreasury{Payment: id, Reason: "r"})
		case p.account == "":
			do(ledgertest.Cashier, payment.CorrectPayee{Account: "1", Payment: id, Reason: "r"})
		case !p.agreed:
			do(chief, payment.ApproveCorrection{Account: "1", Payment: id})
		default:
			do(ledgertest.Cashier, payment.Reissue{As: ledger.PaymentID(fmt.Sprint("Z", roll(60, "as"))), Batch: w.batch(do, roll), Payment: id})
		}
	}
}

func (w *world) books(do func(ledger.Actor, any), roll func(int, string) int) {
	switch roll(7, "books") {
	case 0, 1, 2:
		if id, _ := pickKey(w, w.model.waiting, "proposal"); id != "" && roll(3, "decide") > 0 {
			if roll(4, "reject") == 3 {
				do(second, journal.RejectEntry{Entry: id, Reason: "r"})
			} else {
				do(second, journal.ApproveEntry{Entry: id})
			}
			break
		}
		do(ledgertest.Accountant, adjusting([]ledger.AccountCode{"5001", "5001", "9101", "x"}[roll(4, "account")]))
	case 3, 4:
		p := w.model.through.Next()
		if w.model.through.IsZero() {
			p = month("2022-12")
		}
		do([]ledger.Actor{ledgertest.Accountant, second}[roll(2, "closer")], journal.Close{Period: p, Root: hash})
	default:
		opener := second
		if w.model.closer == second.ID {
			opener = ledgertest.Accountant
		}
		do(opener, journal.Reopen{Period: w.model.through, Reason: "r"})
	}
}

func adjusting(a ledger.AccountCode) journal.ProposeEntry {
	return journal.ProposeEntry{Memo: "m", Line: lines[0], Postings: []ledger.Posting{
		{Account: a, Amount: yuan(1), Side: ledger.Debit}, {Account: "1002", Amount: yuan(1), Side: ledger.Credit},
	}}
}

// group begins a group, makes the oldest final, or takes all back.
func (w *world) group(roll func(int, string) int) {
	switch n := roll(4, "group"); {
	case n < 2 || len(w.marks) == 0:
		w.marks = append(w.marks, mark{len(w.events), w.print()})
		for _, part := range w.state.Tentative() {
			part.Begin()
		}
	case n == 2:
		w.marks = w.marks[1:]
		for _, part := range w.state.Tentative() {
			part.Commit()
		}
	default:
		w.rollback()
	}
}

package book_test

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"zhucan/ledger"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
)

// A model is the money as a plain person would keep it: a few maps and what has
// happened to each case. It shares no code with the rules and fails the test when
// an event happens that it holds impossible.
type model struct {
	t        *rapid.T
	lines    map[ledger.BudgetLine]*use
	balance  map[ledger.AccountCode]map[ledger.BudgetLine]int64 // debits less credits, of entries
	claims   map[ledger.ClaimID]*claimed
	payments map[ledger.PaymentID]*due
	batches  map[ledger.BatchID]*bundle
	erased   map[ledger.PartyID]bool
	entries  map[ledger.EntryID]ledger.Entry // that journal.Reverse may name
	posters  map[ledger.EntryID]ledger.ActorID
	waiting  map[ledger.EntryID]waits // proposed and not decided
	booked   map[string]string        // documents, serials, vouchers and slips, and whose they are
	reversed map[ledger.EntryID]bool
	ids      map[ledger.EntryID]bool
	through  ledger.Period
	closer   ledger.ActorID
	latest   ledger.Date // of closing and reopening
	owed     int64       // demanded and not received
	levies   map[levy.Key]*taxed
	tills    map[ledger.BudgetLine]*till
	left     map[ledger.PartyID]bool // employers that are gone
	counted  map[stint]levy.Key
	levied   []ledger.Entry // of the levy, which journal.Reverse may not name
}

type waits struct {
	entry ledger.Entry
	by    ledger.ActorID
}

type use struct{ voted, committed, disbursed int64 }

type claimed struct {
	claim.Submitted
	status   string
	hands    []ledger.ActorID // entered, first, second, approved
	open     int
	upheld   bool
	shown    ledger.Date
	line     ledger.BudgetLine
	decided  ledger.Date
	given    bool          // back to the treasury
	stop     ledger.Period // from which on nothing is due
	released int64         // by stops
	outcomes map[string]claim.Outcome
}

type due struct {
	claim               ledger.ClaimID
	month               ledger.Period
	batch               ledger.BatchID
	party               ledger.PartyID
	line                ledger.BudgetLine
	amount              int64
	status              string // instructed, cancelled, paid, failed, returned, replaced, ended, recorded, void
	replaces            ledger.PaymentID
	was                 string // what that was before
	demanded, recovered int64
	account             ledger.AccountRef // proposed
	agreed              bool
	corrector           ledger.ActorID
	corrected           ledger.Date // or agreed
	on                  ledger.Date
}

type bundle struct {
	status string // open, submitted, approved, sent, cancelled
	lines  int
	total  int64
	makers []ledger.ActorID
	on     ledger.Date
}

func newModel(t *rapid.T) *model {
	return &model{
		t: t, lines: make(map[ledger.BudgetLine]*use), balance: make(map[ledger.AccountCode]map[ledger.BudgetLine]int64),
		claims: make(map[ledger.ClaimID]*claimed), payments: make(map[ledger.PaymentID]*due), batches: make(map[ledger.BatchID]*bundle),
		erased: make(map[ledger.PartyID]bool), entries: make(map[ledger.EntryID]ledger.Entry), posters: make(map[ledger.EntryID]ledger.ActorID),
		waiting: make(map[ledger.EntryID]waits), booked: make(map[string]string), reversed: make(map[ledger.EntryID]bool), ids: make(map[ledger.EntryID]bool),
		levies: make(map[levy.Key]*taxed), tills: make(map[ledger.BudgetLine]*till), left: make(map[ledger.PartyID]bool), counted: make(map[stint]levy.Key),
	}
}

func (m *model) must(ok bool, format string, args ...any) {
	m.t.Helper()
	if !ok {
		m.t.Fatalf("impossible: "+format, args...)
	}
}

func fen(x ledger.Money) int64 {
	n, _ := x.Fen()
	return n
}

func (m *model) line(l ledger.BudgetLine) *use {
	if m.lines[l] == nil {
		m.lines[l] = new(use)
	}
	return m.lines[l]
}

// happened takes an event.
func (m *model) happened(e ledger.Event) {
	if b := ledgertest.Booked(e); b != nil {
		m.book(*b)
	}
	switch e := e.(type) {
	case party.Erased:
		m.finished(e.Party)
		m.erased[e.Party] = true
	case budget.Appropriated:
		m.once("voted", e.Document, e.Line.String())
		m.line(e.Line).voted += fen(e.Amount)
	case budget.Adjusted:
		m.once("adjusted", string(e.Side), e.Document, e.Line.String())
		if e.Side == ledger.Debit {
			m.line(e.Line).voted += fen(e.Amount)
		} else {
			m.line(e.Line).voted -= fen(e.Amount)
		}
	case budget.Transferred:
		m.once("moved", e.Document, e.Line.String(), e.To.String())
		m.move(e.Line, e.To, fen(e.Amount))
		m.must(e.Line.Scheme == e.To.Scheme && e.Line.Fund == e.To.Fund && e.Line.Year == e.To.Year, "money moved from %s to %s", e.Line, e.To)
	case budget.CarriedOver:
		m.once("carried", e.Document, e.Line.String())
		m.move(e.Line, e.To, fen(e.Amount))
		m.must(e.Line.Scheme == e.To.Scheme && e.Line.Fund == e.To.Fund && e.Line.Year+1 == e.To.Year && e.On.Year() >= e.Line.Year, "money carried from %s to %s", e.Line, e.To)
	case claim.Event:
		m.claim(e)
	case payment.Event:
		m.payment(e)
	case journal.Event:
		m.journal(e)
	case levy.Event:
		m.levy(e)
	}
}

// once demands that nothing of the kind happened before.
func (m *model) once(what ...string) {
	k := fmt.Sprint(what)
	m.must(m.booked[k] == "", "booked twice: %s", k)
	m.booked[k] = "once"
}

// shared demands that a number stood for no other owner before.
func (m *model) shared(kind, number, owner string) {
	k := fmt.Sprint(kind, number)
	m.must(m.booked[k] == "" || m.booked[k] == owner, "%s %s is of %s and of %s", kind, number, m.booked[k], owner)
	m.booked[k] = owner
}

// finished demands that every claim of a party was paid or ended, and all that was
// demanded back came.
func (m *model) finished(p ledger.PartyID) {
	for _, c := range m.claims {
		if c.Party != p && !slices.Contains(c.Persons, p) || !c.live() {
			continue
		}
		for _, month := range m.held(c) {
			paid := false
			for _, y := range m.payments {
				paid = paid || y.claim == c.Claim && y.month == month && y.status == "paid"
			}
			m.must(paid && !c.stopped(month), "%s erased while claim %s for %s is %s and not paid, or overpaid", p, c.Claim, month, c.status)
		}
	}
	for id, y := range m.payments {
		mine := y.party == p || m.claims[y.claim] != nil && slices.Contains(m.claims[y.claim].Persons, p)
		m.must(!mine || y.demanded == y.recovered, "%s erased, who owes for %s", p, id)
	}
}

func (m *model) move(from, to ledger.BudgetLine, n int64) {
	m.line(from).voted -= n
	m.line(to).voted += n
}

func (m *model) book(e ledger.Entry) {
	m.must(!m.ids[e.ID], "two entries are called %s", e.ID)
	m.ids[e.ID] = true
	m.must(m.through.IsZero() || e.Date.Period().Compare(m.through) > 0, "entry %s of %s in a month closed through %s", e.ID, e.Date, m.through)
	for _, p := range e.Postings {
		l := p.Line
		if l.IsZero() {
			l = e.Line
		}
		if m.balance[p.Account] == nil {
			m.balance[p.Account] = make(map[ledger.BudgetLine]int64)
		}
		n := fen(p.Amount)
		if p.Side == ledger.Credit {
			n = -n
		}
		m.balance[p.Account][l] += n
	}
}

func (m *model) claim(e claim.Event) {
	c := m.claims[ledger.ClaimID(e.Case())]
	at := func(status ...string) { m.must(slices.Contains(status, c.status), "%T while %s", e, c.status) }
	next := func(from, to string, by ledger.ActorID) {
		at(from)
		m.must(!slices.Contains(c.hands, by), "%T by %s, who is one of %v", e, by, c.hands)
		c.status = to
		c.hands = append(c.hands, by)
	}
	switch e := e.(type) {
	case claim.Submitted:
		m.must(c == nil, "claim %s twice", e.Claim)
		m.must(!m.erased[e.Party], "a claim of the erased %s", e.Party)
		m.claims[e.Claim] = &claimed{Submitted: e, status: "submitted", hands: []ledger.ActorID{e.By}, outcomes: make(map[string]claim.Outcome)}
	case claim.FirstReviewed:
		next("submitted", "first", e.By)
	case claim.Compared:
		at("first")
		c.status = "compared"
	case claim.SecondReviewed:
		next("compared", "second", e.By)
	case claim.Publicised:
		at("second")
		c.status, c.shown = "public", e.To
		m.must(e.To.Time().Sub(e.From.Time()).Hours() >= 6*24 || c.Scheme == "employer", "%s is shown %s to %s", e.Claim, e.From, e.To)
	case claim.Objected:
		at("public", "ended")
		_, known := c.outcomes[e.Objection]
		m.must(!known, "objection %s twice", e.Objection)
		c.outcomes[e.Objection] = ""
		c.open++
	case claim.Resolved:
		outcome, known := c.outcomes[e.Objection]
		m.must(known && outcome == "", "objection %s was %q", e.Objection, outcome)
		c.outcomes[e.Objection] = e.Outcome
		c.open--
		c.upheld = c.upheld || e.Outcome == claim.Upheld
	case claim.PublicityEnded:
		at("public")
		m.must(e.On.After(c.shown) && c.open == 0 && !c.upheld, "publicity of %s until %s ends on %s", e.Claim, c.shown, e.On)
		c.status = "ended"
	case claim.Approved:
		next("ended", "approved", e.By)
		m.must(c.open == 0 && !c.upheld && e.On.After(c.shown), "%s approved on %s, shown until %s", e.Claim, e.On, c.shown)
		m.must(e.Amount.Equal(c.Amount) && e.Line.Scheme == c.Scheme && e.Line.Year == e.On.Year(), "%s approved for %s on %s", e.Claim, e.Amount, e.Line)
		m.must(!m.erased[c.Party], "an approval for the erased %s", c.Party)
		m.must(fen(e.Amount) == fen(c.Monthly)*int64(len(c.months())) || c.Monthly.IsZero(), "%s is approved for %s, %s a month", e.Claim, e.Amount, c.Monthly)
		for _, p := range m.payments {
			m.must(p.status != "recorded" || p.party != c.Party || p.line.Scheme != "startup" || c.Scheme != "startup", "%s approved beside a grant paid elsewhere", e.Claim)
		}
		c.line, c.decided = e.Line, e.On
		m.line(e.Line).committed += fen(e.Amount)
	case claim.Rejected:
		m.must(len(c.hands) > 0 && e.By != c.hands[0], "%s rejected by who entered it", e.Claim)
		if c.status == "approved" {
			for _, p := range m.payments {
				m.must(p.claim != e.Claim || p.status == "cancelled", "%s rejected with a payment %s", e.Claim, p.status)
			}
			m.line(c.line).committed -= fen(c.Amount)
		} else {
			at("submitted", "first", "compared", "second", "public", "ended")
		}
		m.must((e.Entry != nil) == (c.status == "approved"), "rejection of a claim that was %s books %v", c.status, e.Entry)
		c.status = "rejected"
	case claim.Stopped:
		at("approved")
		m.must(!slices.Contains(c.hands[:1], e.By), "%s stopped by who entered it", e.Claim)
		m.must(slices.Contains(c.months(), e.From) && !c.stopped(e.From) && !c.Monthly.IsZero(), "%s of %s to %s stopped from %s, and before from %s", e.Claim, c.From, c.To, e.From, c.stop)
		free := 0
		for _, month := range c.months() {
			if month.Compare(e.From) < 0 || c.stopped(month) {
				continue
			}
			free++
			for id, p := range m.payments {
				if p.claim == e.Claim && p.month == month && p.status != "cancelled" {
					m.must(p.status != "instructed" || m.batches[p.batch].status == "sent", "%s stopped while %s waits", e.Claim, id)
					if p.replaces == "" {
						free--
						m.must(!slices.Contains(e.Months, month), "%s of %s released, which has payment %s", month, e.Claim, id)
					}
				}
			}
		}
		m.must(free == len(e.Months) && fen(e.Amount) == fen(c.Monthly)*int64(free) && (e.Entry != nil) == (free > 0), "%s releases %v, %s; %d are free", e.Claim, e.Months, e.Amount, free)
		c.stop = e.From
		c.released += fen(e.Amount)
		m.line(c.line).committed -= fen(e.Amount)
	case claim.Withdrawn:
		at("submitted", "first", "compared", "second", "public", "ended")
		c.status = "withdrawn"
	}
}

func (m *model) add(id ledger.PaymentID, p *due, by ledger.ActorID) {
	c, b := m.claims[p.claim], m.batches[p.batch]
	m.must(m.payments[id] == nil, "payment %s twice", id)
	m.must(c.status == "approved" && !c.given, "payment of a claim that is %s", c.status)
	m.must(b.status == "open", "payment in a batch that is %s", b.status)
	m.must(!slices.Contains(c.hands, by), "payment by %s, who is one of %v", by, c.hands)
	m.must(!m.erased[p.party], "a payment to the erased %s", p.party)
	worth := fen(c.Amount)
	if !c.Monthly.IsZero() {
		worth = fen(c.Monthly)
	}
	m.must(slices.Contains(c.months(), p.month) && !c.stopped(p.month), "payment of %s of a claim for %s to %s, stopped from %s", p.month, c.From, c.To, c.stop)
	m.must(p.amount == worth && p.line == c.line && p.party == c.Party, "payment %+v of claim %s", p, c.Claim)
	p.status = "instructed"
	m.payments[id] = p
	b.lines++
	b.total += p.amount
	b.makers = append(b.makers, by)
}

func (m *model) payment(e payment.Event) {
	p := m.payments[ledger.PaymentID(e.Case())]
	b := m.batches[ledger.BatchID(e.Case())]
	at := func(status ...string) { m.must(slices.Contains(status, p.status), "%T while %s", e, p.status) }
	step := func(from, to string, lines int, total ledger.Money, on ledger.Date) {
		m.must(b.status == from && b.lines == lines && b.total == fen(total) && lines > 0, "%T with %d of %s while %+v", e, lines, total, b)
		m.must(!on.Before(b.on), "%T on %s, before %s", e, on, b.on)
		b.status, b.on = to, on
	}
	apart := func(by ledger.ActorID, all bool) {
		for _, p := range m.payments {
			if hands := m.claims[p.claim]; p.batch == ledger.BatchID(e.Case()) {
				n := 3
				if all {
					n = 4
				}
				m.must(!slices.Contains(hands.hands[:n], by), "%T by %s, who is one of %v", e, by, hands.hands)
			}
		}
	}
	switch e := e.(type) {
	case payment.BatchOpened:
		m.must(b == nil && p == nil, "batch %s twice", e.Batch)
		m.batches[e.Batch] = &bundle{status: "open", makers: []ledger.ActorID{e.By}, on: e.On}
	case payment.Instructed:
		for _, other := range m.payments {
			m.must(other.claim != e.Claim || other.month != e.Month || other.status == "cancelled", "claim %s has a payment that is %s", e.Claim, other.status)
		}
		m.must(!e.On.Before(m.claims[e.Claim].decided), "%s instructed on %s", e.Claim, e.On)
		m.must(e.Month.IsZero() || !e.On.Before(e.Month.First()), "%s instructed on %s", e.Month, e.On)
		m.add(e.Payment, &due{claim: e.Claim, month: e.Month, batch: e.Batch, party: e.Party, line: e.Line, amount: fen(e.Amount)}, e.By)
	case payment.Reissued:
		old := m.payments[e.Payment]
		m.must(old.status == "failed" || old.status == "returned", "%s issued again while %s", e.Payment, old.status)
		m.must(old.agreed && old.account == e.Account, "%s issued again to account %s", e.Payment, e.Account)
		m.must(!e.On.Before(old.corrected), "%s issued again on %s, before %s", e.Payment, e.On, old.corrected)
		was := old.status
		old.status = "replaced"
		m.must(e.Month == old.month, "%s of %s issued again for %s", e.Payment, old.month, e.Month)
		m.add(e.As, &due{claim: old.claim, month: old.month, replaces: e.Payment, was: was, batch: e.Batch, party: e.Party, line: e.Line, amount: fen(e.Amount)}, e.By)
	case payment.BatchSubmitted:
		step("open", "submitted", e.Lines, e.Total, e.On)
		b.makers = append(b.makers, e.By)
	case payment.BatchApproved:
		step("submitted", "approved", e.Lines, e.Total, e.On)
		m.must(!slices.Contains(b.makers, e.By), "batch approved by %s, who made it", e.By)
		apart(e.By, false)
	case payment.BatchSent:
		step("approved", "sent", e.Lines, e.Total, e.On)
		m.once("sent", e.Voucher)
		apart(e.By, true)
	case payment.BatchCancelled:
		m.must(b.status != "sent" && b.status != "cancelled" && !e.On.Before(b.on), "batch %+v cancelled on %s", b, e.On)
		m.must(b.lines == e.Lines && b.total == fen(e.Total) && (e.Reason != "" || b.status == "open"), "%+v of %+v", e, b)
		b.status = "cancelled"
		for id, p := range m.payments {
			if p.batch == e.Batch && p.status == "instructed" {
				m.cancel(id)
			}
		}
	case payment.LineRemoved:
		at("instructed")
		b := m.batches[p.batch]
		m.must((b.status == "open" || !e.On.Before(b.on) && e.Reason != "") && fen(e.Amount) == p.amount, "%+v of %+v", e, b)
		b.status = "open"
		b.lines--
		b.total -= p.amount
		m.cancel(e.Payment)
	case payment.Confirmed:
		at("instructed")
		sent := m.batches[p.batch]
		m.must(sent.status == "sent" && !e.On.Before(sent.on), "%s paid on %s by a batch that is %+v", e.Payment, e.On, sent)
		m.shared("paid", e.Serial, string(p.batch))
		p.status, p.on = "paid", e.On
		m.line(p.line).committed -= p.amount
		m.line(p.line).disbursed += p.amount
	case payment.Failed:
		at("instructed")
		m.must(m.batches[p.batch].status == "sent", "%s failed before it was sent", e.Payment)
		p.status = "failed"
	case payment.Returned:
		at("paid")
		m.must(p.recovered == 0 && fen(e.Cancelled) == p.demanded && !e.On.Before(p.on) && e.On.Year() == p.line.Year, "%s of %+v returned on %s", e.Payment, p, e.On)
		m.shared("returned", e.Serial, string(p.batch))
		m.owed -= p.demanded
		p.demanded, p.status = 0, "returned"
		m.line(p.line).committed += p.amount
		m.line(p.line).disbursed -= p.amount
	case payment.PayeeCorrected:
		at("failed", "returned")
		m.must(!e.On.Before(p.corrected), "%s corrected on %s, before %s", e.Payment, e.On, p.corrected)
		p.account, p.agreed, p.corrector, p.corrected = e.Account, false, e.By, e.On
	case payment.CorrectionApproved:
		at("failed", "returned")
		m.must(!p.agreed && p.account == e.Account && p.corrector != e.By, "correction of %s approved by %s", e.Payment, e.By)
		m.must(!e.On.Before(p.corrected), "correction of %s approved on %s, before %s", e.Payment, e.On, p.corrected)
		p.agreed, p.corrected = true, e.On
	case payment.ReturnedToTreasury:
		at("failed", "returned")
		p.status = "ended"
		m.must(e.Month == p.month, "%s of %s ends %s", e.Payment, p.month, e.Month)
		m.claims[p.claim].given = p.month.IsZero()
		m.line(p.line).committed -= p.amount
	case payment.RecoveryDemanded:
		at("paid", "recorded")
		p.demanded += fen(e.Amount)
		m.owed += fen(e.Amount)
		m.must(e.Amount.Sign() > 0 && p.demanded <= p.amount, "%d of %d demanded back", p.demanded, p.amount)
	case payment.RecoveryWithdrawn:
		at("paid", "recorded")
		m.must(fen(e.Amount) == p.demanded-p.recovered && e.Amount.Sign() > 0, "%d of %d withdrawn, %d received", e.Amount, p.demanded, p.recovered)
		p.demanded -= fen(e.Amount)
		m.owed -= fen(e.Amount)
	case payment.RecoveryReceived:
		at("paid", "recorded")
		m.shared("slip", e.Voucher, string(p.party))
		m.once("slip for", string(e.Payment), e.Voucher)
		p.recovered += fen(e.Amount)
		m.owed -= fen(e.Amount)
		m.must(e.Amount.Sign() > 0 && p.recovered <= p.demanded, "%d of %d received back", p.recovered, p.demanded)
	case payment.Recorded:
		m.must(p == nil && b == nil, "payment %s twice", e.Payment)
		m.payments[e.Payment] = &due{party: e.Party, line: e.Line, amount: fen(e.Amount), status: "recorded", on: e.On}
		m.keep(e.Entry, e.By)
		like, named := false, m.claims[ledger.ClaimID(e.Suspect)] != nil
		for id, other := range m.payments {
			if id == e.Payment || other.status == "void" || other.party != e.Party {
				continue
			}
			paid := other.status == "paid" || other.status == "recorded"
			like = like || paid && other.line.Scheme == e.Line.Scheme && other.amount == fen(e.Amount) && other.on.Period() == e.On.Period()
			named = named || id == e.Suspect
		}
		m.must(!like || e.Suspect != "", "%s is like another payment and suspects none", e.Payment)
		m.must(e.Suspect == "" || named, "%s suspects %s, which is of another party or void", e.Payment, e.Suspect)
	}
}

// cancel ends a payment; one that it replaced waits again as it did.
func (m *model) cancel(id ledger.PaymentID) {
	p := m.payments[id]
	p.status = "cancelled"
	if old := m.payments[p.replaces]; old != nil {
		old.status = p.was
	}
}

func (m *model) keep(e ledger.Entry, by ledger.ActorID) { m.entries[e.ID], m.posters[e.ID] = e, by }

func (m *model) journal(e journal.Event) {
	switch e := e.(type) {
	case journal.EntryProposed:
		m.must(!m.ids[e.Entry.ID] && m.waiting[e.Entry.ID].by == "", "two entries are called %s", e.Entry.ID)
		m.waiting[e.Entry.ID] = waits{e.Entry, e.By}
	case journal.EntryRejected:
		_, ok := m.waiting[e.Entry]
		m.must(ok, "%s rejected, which does not wait", e.Entry)
		delete(m.waiting, e.Entry)
	case journal.EntryPosted:
		p, ok := m.waiting[e.Entry.ID]
		m.must(ok && p.entry.Equal(e.Entry) && p.by == e.Prepared && p.by != e.By && !e.On.Before(e.Entry.Date), "%+v posted as %+v", p, e)
		delete(m.waiting, e.Entry.ID)
		m.keep(e.Entry, e.By)
	case journal.EntryReversed:
		old, ok := m.entries[e.Reverses]
		m.must(ok && !m.reversed[e.Reverses] && m.posters[e.Reverses] != e.By, "%s reversed by %s", e.Reverses, e.By)
		m.must(len(old.Postings) == len(e.Entry.Postings) && !e.Entry.Date.Before(old.Date), "%+v mirrored as %+v", old, e.Entry)
		for i, p := range old.Postings {
			q := e.Entry.Postings[i]
			m.must(p.Account == q.Account && p.Amount.Equal(q.Amount) && p.Line == q.Line && p.Side != q.Side, "%+v mirrored as %+v", p, q)
		}
		m.reversed[e.Reverses] = true
		if p := m.payments[ledger.PaymentID(trim(e.Reverses))]; p != nil && p.status == "recorded" {
			m.must(p.demanded == 0, "%s reversed while it is demanded back", e.Reverses)
			p.status = "void"
		}
	case journal.PeriodClosed:
		m.must(m.through.IsZero() || m.through.Next() == e.Period, "%s closed after %s", e.Period, m.through)
		m.must(!e.On.Before(m.latest), "%s closed on %s, before %s", e.Period, e.On, m.latest)
		m.latest = e.On
		m.through, m.closer = e.Period, e.By
	case journal.PeriodReopened:
		m.must(m.through == e.Period && m.closer != e.By, "%s reopened by %s", e.Period, e.By)
		m.must(!e.On.Before(m.latest), "%s reopened on %s, before %s", e.Period, e.On, m.latest)
		m.latest = e.On
		m.through = e.Period.First().AddDays(-1).Period()
		m.closer = ""
	}
}

func trim(id ledger.EntryID) string {
	if len(id) < len("payment:") {
		return ""
	}
	return string(id[len("payment:"):])
}

// months lists what a claim is paid in: the zero month where it is paid once.
func (c *claimed) months() []ledger.Period {
	if c.Monthly.IsZero() {
		return []ledger.Period{{}}
	}
	var all []ledger.Period
	for p := c.From; p.Compare(c.To) <= 0; p = p.Next() {
		all = append(all, p)
	}
	return all
}

func (c *claimed) stopped(month ledger.Period) bool {
	return !c.stop.IsZero() && month.Compare(c.stop) >= 0
}

// person is who has a post: the claimant, or the person it claims for.
func (c *claimed) person() ledger.PartyID {
	if len(c.Persons) > 0 {
		return c.Persons[0]
	}
	return c.Party
}

// held lists the months of a claim that nobody else may have: those that are due and not given
// back, and those after its stop whose money is out.
func (m *model) held(c *claimed) []ledger.Period {
	var all []ledger.Period
	for _, month := range c.months() {
		held := !c.stopped(month)
		for _, p := range m.payments {
			if p.claim != c.Claim || p.month != month {
				continue
			}
			switch p.status {
			case "ended":
				held = false
			case "instructed", "paid", "failed", "returned":
				held = !c.stopped(month) || p.recovered < p.amount
			}
		}
		if held {
			all = append(all, month)
		}
	}
	return all
}

// live tells whether a claim occupies its purpose.
func (c *claimed) live() bool { return c.status != "rejected" && c.status != "withdrawn" && !c.given }

// collide tells whether two claims of the sample policy may not be had together.
func (m *model) collide(a, b *claimed) bool {
	if !a.Monthly.IsZero() && !b.Monthly.IsZero() {
		months := m.held(b)
		return a.person() == b.person() && slices.ContainsFunc(m.held(a), func(p ledger.Period) bool { return slices.Contains(months, p) })
	}
	if a.Party != b.Party {
		return false
	}
	schemes := []ledger.SchemeCode{a.Scheme, b.Scheme}
	slices.Sort(schemes)
	switch fmt.Sprint(schemes) {
	case "[startup startup]", "[assisted startup]":
		return true
	case "[employer employer]":
		return a.From.Year() <= b.To.Year() && b.From.Year() <= a.To.Year()
	case "[assisted assisted]":
		return a.From.Compare(b.To) <= 0 && b.From.Compare(a.To) <= 0
	}
	return false
}

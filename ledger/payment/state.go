package payment

import (
	"fmt"
	"slices"
	"strings"

	"zhucan/ledger"
)

// An Event is something that has happened to a batch or a payment.
//
//sumtype:decl
type Event interface {
	ledger.Event
	happened()
}

type (
	// BatchOpened says that lines can be added.
	BatchOpened struct {
		Batch ledger.BatchID `json:"batch"`
		By    ledger.ActorID `json:"by"`
		On    ledger.Date    `json:"on"`
	}
	// Instructed says that a claim is to be paid, to whom and from which line.
	Instructed struct {
		Account ledger.AccountRef `json:"account"`
		Amount  ledger.Money      `json:"amount"`
		Batch   ledger.BatchID    `json:"batch"`
		By      ledger.ActorID    `json:"by"`
		Claim   ledger.ClaimID    `json:"claim"`
		Clause  string            `json:"clause"`
		Duties  []ledger.ActorID  `json:"duties"` // who entered, reviewed, reviewed again, approved the claim and concurred, in this order
		Line    ledger.BudgetLine `json:"line"`
		Month   ledger.Period     `json:"month,omitzero"` // of a recurring claim
		On      ledger.Date       `json:"on"`
		Others  []ledger.ActorID  `json:"others,omitempty"` // who else attached, compared, showed the claim or resolved objections
		Party   ledger.PartyID    `json:"party"`
		Payment ledger.PaymentID  `json:"payment"`
		Policy  string            `json:"policy"`
	}
	// BatchSubmitted says that the batch is complete.
	BatchSubmitted struct {
		Batch ledger.BatchID `json:"batch"`
		By    ledger.ActorID `json:"by"`
		Lines int            `json:"lines"`
		On    ledger.Date    `json:"on"`
		Total ledger.Money   `json:"total"`
	}
	// BatchApproved says that these lines and this total may be paid.
	BatchApproved struct {
		Batch ledger.BatchID `json:"batch"`
		By    ledger.ActorID `json:"by"`
		Lines int            `json:"lines"`
		On    ledger.Date    `json:"on"`
		Total ledger.Money   `json:"total"`
	}
	// BatchSent says that the bank has the batch.
	BatchSent struct {
		Batch   ledger.BatchID `json:"batch"`
		By      ledger.ActorID `json:"by"`
		Lines   int            `json:"lines"`
		On      ledger.Date    `json:"on"`
		Total   ledger.Money   `json:"total"`
		Voucher string         `json:"voucher"`
	}
	// BatchCancelled says that the batch is never sent; its lines are cancelled
	// with it.
	BatchCancelled struct {
		Batch  ledger.BatchID `json:"batch"`
		By     ledger.ActorID `json:"by"`
		Lines  int            `json:"lines"`
		On     ledger.Date    `json:"on"`
		Reason string         `json:"reason,omitempty"`
		Total  ledger.Money   `json:"total"`
	}
	// LineRemoved says that a payment is taken out of its batch and cancelled. The batch is open.
	LineRemoved struct {
		Amount  ledger.Money     `json:"amount"`
		Batch   ledger.BatchID   `json:"batch"`
		By      ledger.ActorID   `json:"by"`
		On      ledger.Date      `json:"on"`
		Payment ledger.PaymentID `json:"payment"`
		Reason  string           `json:"reason,omitempty"`
	}
	// Confirmed says that the bank paid.
	Confirmed struct {
		Amount  ledger.Money      `json:"amount"`
		Clause  string            `json:"clause"`
		Entry   ledger.Entry      `json:"entry"`
		Line    ledger.BudgetLine `json:"line"`
		On      ledger.Date       `json:"on"`
		Payment ledger.PaymentID  `json:"payment"`
		Policy  string            `json:"policy"`
		Serial  string            `json:"serial"`
	}
	// Failed says that the bank did not pay; no money moved.
	Failed struct {
		Amount  ledger.Money     `json:"amount"`
		On      ledger.Date      `json:"on"`
		Payment ledger.PaymentID `json:"payment"`
		Reason  string           `json:"reason"`
	}
	// Returned says that money paid came back.
	Returned struct {
		Amount    ledger.Money      `json:"amount"`
		Cancelled ledger.Money      `json:"cancelled,omitzero"` // of what was demanded back
		Clause    string            `json:"clause"`
		Entry     ledger.Entry      `json:"entry"`
		Line      ledger.BudgetLine `json:"line"`
		On        ledger.Date       `json:"on"`
		Payment   ledger.PaymentID  `json:"payment"`
		Policy    string            `json:"policy"`
		Reason    string            `json:"reason"`
		Serial    string            `json:"serial"`
	}
	// PayeeCorrected says which account is proposed instead.
	PayeeCorrected struct {
		Account ledger.AccountRef `json:"account"`
		By      ledger.ActorID    `json:"by"`
		On      ledger.Date       `json:"on"`
		Payment ledger.PaymentID  `json:"payment"`
		Reason  string            `json:"reason"`
	}
	// CorrectionApproved says that the proposed account may be paid to.
	CorrectionApproved struct {
		Account ledger.AccountRef `json:"account"`
		By      ledger.ActorID    `json:"by"`
		On      ledger.Date       `json:"on"`
		Payment ledger.PaymentID  `json:"payment"`
	}
	// Reissued says that a payment that did not arrive is paid again as another.
	Reissued struct {
		Account ledger.AccountRef `json:"account"`
		Amount  ledger.Money      `json:"amount"`
		As      ledger.PaymentID  `json:"as"`
		Batch   ledger.BatchID    `json:"batch"`
		By      ledger.ActorID    `json:"by"`
		Claim   ledger.ClaimID    `json:"claim"`
		Clause  string            `json:"clause"`
		Duties  []ledger.ActorID  `json:"duties"` // of the payment replaced, then who approved the correction
		Line    ledger.BudgetLine `json:"line"`
		Month   ledger.Period     `json:"month,omitzero"` // of the payment replaced
		On      ledger.Date       `json:"on"`
		Others  []ledger.ActorID  `json:"others,omitempty"` // who else attached, compared, showed the claim or resolved objections
		Party   ledger.PartyID    `json:"party"`
		Payment ledger.PaymentID  `json:"payment"`
		Policy  string            `json:"policy"`
	}
	// ReturnedToTreasury says that the award ended, or its month did, and its money went back.
	ReturnedToTreasury struct {
		Amount  ledger.Money      `json:"amount"`
		By      ledger.ActorID    `json:"by"`
		Claim   ledger.ClaimID    `json:"claim"`
		Clause  string            `json:"clause"`
		Entry   ledger.Entry      `json:"entry"`
		Line    ledger.BudgetLine `json:"line"`
		Month   ledger.Period     `json:"month,omitzero"` // of a recurring claim: only the month ends
		On      ledger.Date       `json:"on"`
		Payment ledger.PaymentID  `json:"payment"`
		Policy  string            `json:"policy"`
		Reason  string            `json:"reason"`
	}
	// RecoveryDemanded says how much is demanded back, why and until when.
	RecoveryDemanded struct {
		Amount   ledger.Money      `json:"amount"`
		By       ledger.ActorID    `json:"by"`
		Clause   string            `json:"clause"`
		Deadline ledger.Date       `json:"deadline"`
		Decision string            `json:"decision"`
		Entry    ledger.Entry      `json:"entry"`
		Ground   string            `json:"ground"`
		Line     ledger.BudgetLine `json:"line"`
		On       ledger.Date       `json:"on"`
		Payment  ledger.PaymentID  `json:"payment"`
		Policy   string            `json:"policy"`
	}
	// RecoveryWithdrawn says that what was demanded and not received is demanded no more.
	RecoveryWithdrawn struct {
		Amount   ledger.Money      `json:"amount"`
		By       ledger.ActorID    `json:"by"`
		Clause   string            `json:"clause"`
		Decision string            `json:"decision"`
		Entry    ledger.Entry      `json:"entry"`
		Line     ledger.BudgetLine `json:"line"`
		On       ledger.Date       `json:"on"`
		Payment  ledger.PaymentID  `json:"payment"`
		Policy   string            `json:"policy"`
		Reason   string            `json:"reason"`
	}
	// RecoveryReceived says that demanded money reached the treasury.
	RecoveryReceived struct {
		Amount  ledger.Money      `json:"amount"`
		Clause  string            `json:"clause"`
		Entry   ledger.Entry      `json:"entry"`
		Line    ledger.BudgetLine `json:"line"`
		On      ledger.Date       `json:"on"`
		Payment ledger.PaymentID  `json:"payment"`
		Policy  string            `json:"policy"`
		Voucher string            `json:"voucher"`
	}
	// Recorded says that a payment was made elsewhere. Suspect names another payment
	// to the same party of the same amount under the same scheme in the same month,
	// if there is one, or else a payment or a claim that has the same purpose and
	// period: a person must look whether it was paid twice.
	Recorded struct {
		Amount  ledger.Money      `json:"amount"`
		By      ledger.ActorID    `json:"by"`
		Entry   ledger.Entry      `json:"entry"`
		Line    ledger.BudgetLine `json:"line"`
		Note    string            `json:"note,omitempty"`
		On      ledger.Date       `json:"on"`
		Party   ledger.PartyID    `json:"party"`
		Payment ledger.PaymentID  `json:"payment"`
		Slots   []string          `json:"slots,omitempty"` // what it occupies, "purpose|2023-04|2023-04": see package book
		Source  string            `json:"source"`
		Suspect ledger.PaymentID  `json:"suspect,omitempty"`
	}
)

func (BatchOpened) happened()        {}
func (Instructed) happened()         {}
func (BatchSubmitted) happened()     {}
func (BatchApproved) happened()      {}
func (BatchSent) happened()          {}
func (BatchCancelled) happened()     {}
func (LineRemoved) happened()        {}
func (Confirmed) happened()          {}
func (Failed) happened()             {}
func (Returned) happened()           {}
func (PayeeCorrected) happened()     {}
func (CorrectionApproved) happened() {}
func (Reissued) happened()           {}
func (ReturnedToTreasury) happened() {}
func (RecoveryDemanded) happened()   {}
func (RecoveryWithdrawn) happened()  {}
func (RecoveryReceived) happened()   {}
func (Recorded) happened()           {}

// Case is the batch or the payment.
func (e BatchOpened) Case() string        { return string(e.Batch) }
func (e Instructed) Case() string         { return string(e.Payment) }
func (e BatchSubmitted) Case() string     { return string(e.Batch) }
func (e BatchApproved) Case() string      { return string(e.Batch) }
func (e BatchSent) Case() string          { return string(e.Batch) }
func (e BatchCancelled) Case() string     { return string(e.Batch) }
func (e LineRemoved) Case() string        { return string(e.Payment) }
func (e Confirmed) Case() string          { return string(e.Payment) }
func (e Failed) Case() string             { return string(e.Payment) }
func (e Returned) Case() string           { return string(e.Payment) }
func (e PayeeCorrected) Case() string     { return string(e.Payment) }
func (e CorrectionApproved) Case() string { return string(e.Payment) }
func (e Reissued) Case() string           { return string(e.As) }
func (e ReturnedToTreasury) Case() string { return string(e.Payment) }
func (e RecoveryDemanded) Case() string   { return string(e.Payment) }
func (e RecoveryWithdrawn) Case() string  { return string(e.Payment) }
func (e RecoveryReceived) Case() string   { return string(e.Payment) }
func (e Recorded) Case() string           { return string(e.Payment) }

// Effective is the day of the order: for what the bank did, the day it did it.
func (e BatchOpened) Effective() ledger.Date        { return e.On }
func (e Instructed) Effective() ledger.Date         { return e.On }
func (e BatchSubmitted) Effective() ledger.Date     { return e.On }
func (e BatchApproved) Effective() ledger.Date      { return e.On }
func (e BatchSent) Effective() ledger.Date          { return e.On }
func (e BatchCancelled) Effective() ledger.Date     { return e.On }
func (e LineRemoved) Effective() ledger.Date        { return e.On }
func (e Confirmed) Effective() ledger.Date          { return e.On }
func (e Failed) Effective() ledger.Date             { return e.On }
func (e Returned) Effective() ledger.Date           { return e.On }
func (e PayeeCorrected) Effective() ledger.Date     { return e.On }
func (e CorrectionApproved) Effective() ledger.Date { return e.On }
func (e Reissued) Effective() ledger.Date           { return e.On }
func (e ReturnedToTreasury) Effective() ledger.Date { return e.On }
func (e RecoveryDemanded) Effective() ledger.Date   { return e.On }
func (e RecoveryWithdrawn) Effective() ledger.Date  { return e.On }
func (e RecoveryReceived) Effective() ledger.Date   { return e.On }
func (e Recorded) Effective() ledger.Date           { return e.On }

// Booked is the entry where money moved, or nil.
func (BatchOpened) Booked() (ledger.Entry, bool)          { return ledger.Entry{}, false }
func (Instructed) Booked() (ledger.Entry, bool)           { return ledger.Entry{}, false }
func (BatchSubmitted) Booked() (ledger.Entry, bool)       { return ledger.Entry{}, false }
func (BatchApproved) Booked() (ledger.Entry, bool)        { return ledger.Entry{}, false }
func (BatchSent) Booked() (ledger.Entry, bool)            { return ledger.Entry{}, false }
func (BatchCancelled) Booked() (ledger.Entry, bool)       { return ledger.Entry{}, false }
func (LineRemoved) Booked() (ledger.Entry, bool)          { return ledger.Entry{}, false }
func (e Confirmed) Booked() (ledger.Entry, bool)          { return e.Entry, true }
func (Failed) Booked() (ledger.Entry, bool)               { return ledger.Entry{}, false }
func (e Returned) Booked() (ledger.Entry, bool)           { return e.Entry, true }
func (PayeeCorrected) Booked() (ledger.Entry, bool)       { return ledger.Entry{}, false }
func (CorrectionApproved) Booked() (ledger.Entry, bool)   { return ledger.Entry{}, false }
func (Reissued) Booked() (ledger.Entry, bool)             { return ledger.Entry{}, false }
func (e ReturnedToTreasury) Booked() (ledger.Entry, bool) { return e.Entry, true }
func (e RecoveryDemanded) Booked() (ledger.Entry, bool)   { return e.Entry, true }
func (e RecoveryWithdrawn) Booked() (ledger.Entry, bool)  { return e.Entry, true }
func (e RecoveryReceived) Booked() (ledger.Entry, bool)   { return e.Entry, true }
func (e Recorded) Booked() (ledger.Entry, bool)           { return e.Entry, true }

// A Status is where a batch or a payment stands.
type Status string

// The steps of a batch (Opened, Submitted, Approved, Sent or Cancelled) and of a
// payment (Sent and Cancelled too).
const (
	Opened    Status = "open"
	Submitted Status = "submitted"
	Approved  Status = "approved"
	Sent      Status = "sent"
	Cancelled Status = "cancelled"

	Waiting   Status = "instructed"
	Paid      Status = "paid"
	Unpaid    Status = "failed"
	GivenBack Status = "returned"
	Replaced  Status = "re-issued"
	Ended     Status = "returned-to-treasury"
	Elsewhere Status = "recorded"
	Voided    Status = "reversed"
)

// A Case is what the rules remember of a payment. It is not modified in place.
type Case struct {
	Status  Status
	On      ledger.Date // of the latest step; a demand or a recovery is none, they may overlap
	Batch   ledger.BatchID
	Claim   ledger.ClaimID
	Month   ledger.Period // of a recurring claim
	Party   ledger.PartyID
	Account ledger.AccountRef
	Amount  ledger.Money
	Line    ledger.BudgetLine
	Clause  string
	Policy  string

	Demanded, Recovered ledger.Money

	Booked ledger.Date // of the entry by which this book paid it or it came back; later than that day where its month was closed

	duties []ledger.ActorID
	others []ledger.ActorID
}

// of returns what the payment is for.
func (p Case) of() Instalment { return Instalment{p.Claim, p.Month} }

// reviewers returns who entered and reviewed the claim.
func (p Case) reviewers() []ledger.ActorID {
	return slices.Concat(p.duties[:min(3, len(p.duties))], p.others)
}

// approvers returns who approved the claim, concurred, or approved a correction of its payee.
func (p Case) approvers() []ledger.ActorID { return p.duties[min(3, len(p.duties)):] }

type batch struct {
	status Status
	opened ledger.Date
	on     ledger.Date // of the latest step or line
	lines  int
	total  ledger.Money
	unsent []ledger.PaymentID // its lines, while they can be cancelled

	makers    []ledger.ActorID // who opened and submitted it and instructed its lines
	reviewers []ledger.ActorID // who entered and reviewed the claims in it
	approvers []ledger.ActorID // who approved the claims in it, and it
}

// A replacement is what a re-issued payment stands for, and how that stood.
type replacement struct {
	of     ledger.PaymentID
	status Status
}

type correction struct {
	account  ledger.AccountRef
	by       ledger.ActorID
	approved ledger.ActorID // "" while it is not
	on       ledger.Date    // of the latest of the two
}

// like is what two payments share that may be one payment made twice.
type like struct {
	fen   int64
	party ledger.Number
	kind  ledger.Number
}

// A kind is what payments have in common that may be like each other: there are few.
type kind struct {
	scheme ledger.SchemeCode
	month  ledger.Period
}

// elsewhere is a recorded payment that nothing has happened to since: there may
// be millions.
type elsewhere struct {
	fen   int64
	party ledger.Number
	line  ledger.Number
	paid  ledger.Date
}

// A demand is an amount that is demanded back since a day; less than nothing, one that is
// demanded no more or was received.
type demand struct {
	on, booked ledger.Date
	amount     ledger.Money
	by         ledger.ActorID // who demanded it or withdrew that
}

// State is the batches and payments there are.
type State struct {
	batches     ledger.Table[ledger.BatchID, batch]
	payments    ledger.Table[ledger.PaymentID, Case]
	recorded    ledger.Column[elsewhere]
	corrections ledger.Table[ledger.PaymentID, correction]
	replaces    ledger.Table[ledger.PaymentID, replacement]
	live        ledger.Table[Instalment, ledger.PaymentID]
	ended       ledger.Table[Instalment, ledger.PaymentID] // given back to the treasury
	seen        ledger.Table[like, ledger.Number]          // the first of those that are like each other
	alike       ledger.Table[like, []ledger.Number]        // the others, where there are any
	demands     ledger.Table[ledger.PaymentID, []demand]
	booked      ledger.Table[[16]byte, string] // movement → the batch sent, or the first payment moved

	// What the tables above have numbers of: payments that were made, and their parties.
	ids     ledger.Names[ledger.PaymentID]
	parties ledger.Names[ledger.PartyID]
	lines   ledger.Values[ledger.BudgetLine]
	kinds   ledger.Values[kind]
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return []ledger.Tentative{&s.batches, &s.payments, &s.recorded, &s.corrections, &s.replaces, &s.live, &s.ended, &s.seen, &s.alike, &s.demands, &s.booked}
}

// recording begins the identifier of the entry of a payment made elsewhere. No command
// may begin so: its entry would take that place.
const recording = "payment:"

// EntryOf names the entry of a payment made elsewhere.
func EntryOf(id ledger.PaymentID) ledger.EntryID { return ledger.EntryID(recording + string(id)) }

// OfEntry returns the payment that an entry is named after, and false if it is none's.
func OfEntry(e ledger.EntryID) (ledger.PaymentID, bool) {
	id, ok := strings.CutPrefix(string(e), recording)
	return ledger.PaymentID(id), ok
}

// Number returns the number of a recorded payment, or 0 when there is none.
func (s *State) Number(id ledger.PaymentID) ledger.Number { return s.ids.Find(id) }

// Name returns the payment that has a number.
func (s *State) Name(n ledger.Number) ledger.PaymentID { return s.ids.Name(n) }

// Find returns what is remembered of a payment.
func (s *State) Find(id ledger.PaymentID) (Case, bool) {
	if r := s.recorded.At(s.ids.Find(id)); r != (elsewhere{}) {
		return Case{Status: Elsewhere, On: r.paid, Party: s.parties.Name(r.party), Amount: ledger.Fen(r.fen), Line: s.lines.Value(r.line)}, true
	}
	return s.payments.Get(id)
}

// like returns the key under which payments that may be the same are found, and false
// where no payment was like it.
func (s *State) like(p ledger.PartyID, scheme ledger.SchemeCode, amount ledger.Money, on ledger.Date) (like, bool) {
	n, fits := amount.Fen()
	k := like{n, s.parties.Find(p), s.kinds.Find(kind{scheme, on.Period()})}
	return k, fits && k.party != 0 && k.kind != 0
}

// fen returns an amount on record in hundredths. What is decided fits; a log in which
// it does not is not folded into wrong figures.
func fen(id ledger.PaymentID, m ledger.Money) int64 {
	n, ok := m.Fen()
	if !ok {
		panic(fmt.Sprintf("payment: %s of payment %s on record", m, id))
	}
	return n
}

// Live returns the live payment of an instalment.
func (s *State) Live(of Instalment) (ledger.PaymentID, bool) { return s.live.Get(of) }

// Unsent tells whether a payment can still be cancelled.
func (s *State) Unsent(id ledger.PaymentID) bool {
	p := s.payments.At(id)
	return p.Status == Waiting && s.batches.At(p.Batch).status != Sent
}

// Lines returns the lines of a batch that are not sent.
func (s *State) Lines(id ledger.BatchID) []ledger.PaymentID { return s.batches.At(id).unsent }

// Owing returns a payment to a party that is demanded back and not all received.
func (s *State) Owing(p ledger.PartyID) (first ledger.PaymentID, ok bool) {
	for id := range s.demands.All() {
		if of := s.payments.At(id); of.Party == p && of.Recovered.Cmp(of.Demanded) < 0 && (!ok || id < first) {
			first, ok = id, true
		}
	}
	return first, ok
}

// OwedBooked returns the day since which the books have at least an amount demanded back of a
// payment and not received.
func (s *State) OwedBooked(id ledger.PaymentID, amount ledger.Money) ledger.Date {
	return owed(s.demands.At(id), amount, func(d demand) ledger.Date { return d.booked })
}

// owed returns the day since which, by one of their days, at least an amount is left of demands.
func owed(demands []demand, amount ledger.Money, day func(demand) ledger.Date) (since ledger.Date) {
	demands = slices.SortedStableFunc(slices.Values(demands), func(a, b demand) int { return day(a).Compare(day(b)) })
	var left ledger.Money
	for i, d := range demands {
		if begins := i == 0 || day(demands[i-1]) != day(d); begins && left.Cmp(amount) < 0 {
			since = day(d)
		}
		left = left.Add(d.amount)
	}
	return since
}

// Ended tells whether an instalment went back to the treasury.
func (s *State) Ended(of Instalment) bool { return s.ended.Has(of) }

// Evolve returns the batches and payments as they are after e.
func Evolve(s *State, e Event) *State {
	switch e := e.(type) {
	case BatchOpened:
		s.batches.Set(e.Batch, batch{status: Opened, opened: e.On, on: e.On, makers: []ledger.ActorID{e.By}})
	case Instructed:
		s.add(e.Payment, e.By, Case{
			Status: Waiting, On: e.On, Batch: e.Batch, Claim: e.Claim, Month: e.Month, Party: e.Party, Account: e.Account, Amount: e.Amount,
			Line: e.Line, Clause: e.Clause, Policy: e.Policy, duties: e.Duties, others: e.Others,
		})
	case Reissued:
		old, _ := s.Find(e.Payment)
		s.replaces.Set(e.As, replacement{e.Payment, old.Status})
		s.change(e.Payment, e.On, func(p *Case) { p.Status = Replaced })
		s.add(e.As, e.By, Case{
			Status: Waiting, On: e.On, Batch: e.Batch, Claim: e.Claim, Month: e.Month, Party: e.Party, Account: e.Account, Amount: e.Amount,
			Line: e.Line, Clause: e.Clause, Policy: e.Policy, duties: e.Duties, others: e.Others,
		})
	case BatchSubmitted:
		s.batch(e.Batch, e.On, func(b *batch) { b.status, b.makers = Submitted, with(b.makers, e.By) })
	case BatchApproved:
		s.batch(e.Batch, e.On, func(b *batch) { b.status, b.approvers = Approved, with(b.approvers, e.By) })
	case BatchSent:
		s.batch(e.Batch, e.On, func(b *batch) { b.status, b.unsent = Sent, nil })
		s.book(movement(sending, e.Voucher), string(e.Batch))
	case BatchCancelled:
		for _, id := range s.batches.At(e.Batch).unsent {
			s.cancel(id, e.On)
		}
		s.batch(e.Batch, e.On, func(b *batch) { b.status, b.unsent = Cancelled, nil })
	case LineRemoved:
		s.cancel(e.Payment, e.On)
		s.batch(e.Batch, e.On, func(b *batch) {
			b.status = Opened
			b.lines--
			b.total = b.total.Sub(e.Amount)
			b.unsent = slices.DeleteFunc(slices.Clone(b.unsent), func(id ledger.PaymentID) bool { return id == e.Payment })
			b.reviewers, b.approvers = nil, nil
			for _, id := range b.unsent {
				s.parts(b, id)
			}
		})
	case Confirmed:
		s.change(e.Payment, e.On, func(p *Case) { p.Status, p.Booked = Paid, e.Entry.Date })
		p := s.payments.At(e.Payment)
		s.see(e.Payment, p.Party, p.Line.Scheme, p.Amount, e.On)
		s.book(movement(paying, e.Serial), string(e.Payment))
	case Failed:
		s.change(e.Payment, e.On, func(p *Case) { p.Status = Unpaid })
	case Returned:
		paid, _ := s.Find(e.Payment)
		s.forget(e.Payment, paid)
		s.change(e.Payment, e.On, func(p *Case) { p.Status, p.Booked = GivenBack, e.Entry.Date })
		s.undemand(e.Payment, demand{on: e.On, booked: e.Entry.Date, amount: e.Cancelled})
		s.book(movement(returning, e.Serial), string(e.Payment))
	case PayeeCorrected:
		s.corrections.Set(e.Payment, correction{account: e.Account, by: e.By, on: e.On})
	case CorrectionApproved:
		k := s.corrections.At(e.Payment)
		k.approved, k.on = e.By, e.On
		s.corrections.Set(e.Payment, k)
	case ReturnedToTreasury:
		s.change(e.Payment, e.On, func(p *Case) { p.Status = Ended })
		of := Instalment{e.Claim, e.Month}
		s.live.Delete(of)
		s.ended.Set(of, e.Payment)
	case RecoveryDemanded:
		s.change(e.Payment, ledger.Date{}, func(p *Case) { p.Demanded = p.Demanded.Add(e.Amount) })
		s.demand(e.Payment, demand{e.On, e.Entry.Date, e.Amount, e.By})
		s.book(movement(demanding, e.Decision, string(e.Payment)), string(e.Payment))
	case RecoveryWithdrawn:
		s.undemand(e.Payment, demand{e.On, e.Entry.Date, e.Amount, e.By})
	case RecoveryReceived:
		s.change(e.Payment, ledger.Date{}, func(p *Case) { p.Recovered = p.Recovered.Add(e.Amount) })
		s.demand(e.Payment, demand{on: e.On, booked: e.Entry.Date, amount: ledger.Money{}.Sub(e.Amount)})
		s.book(movement(recovering, e.Voucher), string(e.Payment))
		s.book(movement(recovering, e.Voucher, string(e.Payment)), string(e.Payment))
	case Recorded:
		s.recorded.Set(s.ids.Number(e.Payment), elsewhere{
			fen: fen(e.Payment, e.Amount), party: s.parties.Number(e.Party), line: s.lines.Number(e.Line), paid: e.On,
		})
		s.see(e.Payment, e.Party, e.Line.Scheme, e.Amount, e.On)
	default:
		panic(fmt.Sprintf("payment: event %T", e))
	}
	return s
}

// Void takes a recorded payment back: its entry was reversed.
func (s *State) Void(id ledger.PaymentID, on ledger.Date) {
	p, _ := s.Find(id)
	s.forget(id, p)
	s.change(id, on, func(p *Case) { p.Status = Voided })
}

// cancel ends a payment that was not sent. What it stood for is as it was before.
func (s *State) cancel(id ledger.PaymentID, on ledger.Date) {
	s.change(id, on, func(p *Case) { p.Status = Cancelled })
	p := s.payments.At(id)
	if old, ok := s.replaces.Get(id); ok {
		s.change(old.of, on, func(p *Case) { p.Status = old.status })
		s.live.Set(p.of(), old.of)
	} else {
		s.live.Delete(p.of())
	}
}

// book remembers what a number stood for first.
func (s *State) book(m [16]byte, first string) {
	if !s.booked.Has(m) {
		s.booked.Set(m, first)
	}
}

// demand remembers a demand.
func (s *State) demand(id ledger.PaymentID, d demand) {
	s.demands.Set(id, append(slices.Clip(s.demands.At(id)), d))
}

// undemand demands less of a payment, by the amount of d.
func (s *State) undemand(id ledger.PaymentID, d demand) {
	if d.amount.IsZero() {
		return
	}
	s.change(id, ledger.Date{}, func(p *Case) { p.Demanded = p.Demanded.Sub(d.amount) })
	d.amount = ledger.Money{}.Sub(d.amount)
	s.demand(id, d)
}

// see puts a payment among those like it.
func (s *State) see(id ledger.PaymentID, p ledger.PartyID, scheme ledger.SchemeCode, amount ledger.Money, on ledger.Date) {
	n := s.ids.Number(id)
	like := like{fen(id, amount), s.parties.Number(p), s.kinds.Number(kind{scheme, on.Period()})}
	if !s.seen.Has(like) {
		s.seen.Set(like, n)
		return
	}
	s.alike.Set(like, append(s.alike.At(like), n)) // nobody reads beyond the end of an earlier value
}

// forget takes a payment out of those like it, since the day it was paid.
func (s *State) forget(id ledger.PaymentID, p Case) {
	like, ok := s.like(p.Party, p.Line.Scheme, p.Amount, p.On)
	if !ok {
		return
	}
	n := s.ids.Find(id)
	others := s.alike.At(like)
	switch first := s.seen.At(like); {
	case first == n && len(others) == 0:
		s.seen.Delete(like)
		return
	case first == n:
		s.seen.Set(like, others[0])
		others = slices.Clone(others[1:])
	default:
		others = slices.DeleteFunc(slices.Clone(others), func(other ledger.Number) bool { return other == n })
	}
	if len(others) == 0 {
		s.alike.Delete(like)
	} else {
		s.alike.Set(like, others)
	}
}

func (s *State) add(id ledger.PaymentID, by ledger.ActorID, p Case) {
	s.payments.Set(id, p)
	s.live.Set(p.of(), id)
	s.batch(p.Batch, p.On, func(b *batch) {
		b.lines++
		b.total = b.total.Add(p.Amount)
		b.unsent = append(b.unsent, id) // nobody reads beyond the end of an earlier value
		b.makers = with(b.makers, by)
		s.parts(b, id)
	})
}

// parts adds who had a part in the claim of a line to those of its batch.
func (s *State) parts(b *batch, line ledger.PaymentID) {
	p, _ := s.Find(line)
	b.reviewers = with(b.reviewers, p.reviewers()...)
	b.approvers = with(b.approvers, p.approvers()...)
}

// with returns list with those of more that it has not. It leaves list as it is.
func with(list []ledger.ActorID, more ...ledger.ActorID) []ledger.ActorID {
	for _, a := range more {
		if !slices.Contains(list, a) {
			list = append(slices.Clip(list), a)
		}
	}
	return list
}

func (s *State) change(id ledger.PaymentID, on ledger.Date, f func(*Case)) {
	p, _ := s.Find(id)
	if on.After(p.On) {
		p.On = on
	}
	f(&p)
	if n := s.ids.Find(id); n != 0 {
		s.recorded.Set(n, elsewhere{})
	}
	s.payments.Set(id, p)
}

func (s *State) batch(id ledger.BatchID, on ledger.Date, f func(*batch)) {
	b := s.batches.At(id)
	if on.After(b.on) {
		b.on = on
	}
	f(&b)
	s.batches.Set(id, b)
}

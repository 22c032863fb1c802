package levy

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"zhucan/ledger"
)

// A Case is how the levy of one employer and year stands.
type Case struct {
	Declared *Declared // the last filing; nil: none yet
	Reviewed *Reviewed // the last confirmation; nil: none
	Assessed *Assessed // the last assessment, without its entry; nil: none yet
	Stale    bool      // filed or reviewed again since it was assessed

	Deadline  ledger.Date // last day to pay
	Relieved  ledger.Money
	LateFee   ledger.Money // charged and not reversed
	Refund    ledger.Money // decided
	Refunded  ledger.Money
	Warned    ledger.Date // first time, of all that is due now; none: an assessment added to it, or it was deferred, since
	OrderedBy ledger.Date // deadline of the order to pay, likewise

	deferred bool
	payments []receipt
	returned ledger.Money     // of the levy itself, by refunds that are decided
	deciders []ledger.ActorID // of refunds
	orders   []order          // in the order of what they reach up to
	charged  ledger.Date      // day of the last late fee
}

type receipt struct {
	number string // as it was recorded
	amount ledger.Money
	kind   Kind
	on     ledger.Date
}

// An order is one to pay the net levy, as far as no order before it does, up to an amount by a day.
type order struct {
	upTo ledger.Money
	by   ledger.Date
}

// within returns the orders as far as they are of an amount.
func within(orders []order, most ledger.Money) (kept []order) {
	reached := ledger.Money{}
	for _, o := range orders {
		o.upTo = least(o.upTo, most)
		if o.upTo.Cmp(reached) > 0 {
			kept, reached = append(kept, o), o.upTo
		}
	}
	return kept
}

func least(a, b ledger.Money) ledger.Money {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

// Received sums the receipts of a kind.
func (k Case) Received(kind Kind) ledger.Money {
	var sum ledger.Money
	for _, r := range k.payments {
		if r.kind == kind {
			sum = sum.Add(r.amount)
		}
	}
	return sum
}

// Net is what is due after hardship relief.
func (k Case) Net() ledger.Money {
	if k.Assessed == nil {
		return ledger.Money{}
	}
	return k.Assessed.Due.Sub(k.Relieved)
}

// Owed is what is still to be paid, late fee included; negative: what was paid too much.
func (k Case) Owed() ledger.Money {
	return k.Net().Add(k.LateFee).Sub(k.Received(Principal)).Sub(k.Received(LateFees)).Add(k.Refund)
}

// ordered is how much of the net levy there is an order to pay for.
func (k Case) ordered() ledger.Money {
	if len(k.orders) == 0 {
		return ledger.Money{}
	}
	return k.orders[len(k.orders)-1].upTo
}

// paid is what was paid of the levy itself and did not go back.
func (k Case) paid() ledger.Money { return k.Received(Principal).Sub(k.returned) }

// filling returns the receipts of the levy itself in the order of their days. What went back
// is taken off the last.
func (k Case) filling() []receipt {
	all := slices.DeleteFunc(slices.Clone(k.payments), func(p receipt) bool { return p.kind != Principal })
	slices.SortStableFunc(all, func(a, b receipt) int { return a.on.Compare(b.on) })
	back := k.returned
	for i := len(all) - 1; i >= 0 && back.Sign() > 0; i-- {
		part := least(all[i].amount, back)
		all[i].amount, back = all[i].amount.Sub(part), back.Sub(part)
	}
	return all
}

// late returns the parts of a net levy that were unpaid when the deadline of their order had
// passed, with their fees up to a day. Payments fill the levy in the order of their days; what
// no order reaches bears no fee (残疾人就业条例 art. 27). The sum is rounded once
// (policy.md §1.11): the fee of a part is what it adds to the rounded sum.
func (k Case) late(r *Rules, net ledger.Money, on ledger.Date) (parts []LatePart, sum ledger.Money, basis Basis, err error) {
	var filled ledger.Money
	var exact Number // the sum, in fen
	fill := func(amount ledger.Money, until ledger.Date) error {
		to := least(filled.Add(amount), net)
		for _, o := range k.orders {
			part := least(to, o.upTo).Sub(filled)
			if part.Sign() <= 0 {
				continue
			}
			if filled = filled.Add(part); !until.After(o.by) {
				continue
			}
			fee, err := r.LateFeeFrom(k.Deadline, part, until)
			if err != nil {
				return err
			}
			exact = exact.Add(fee.exact)
			fen, ok := half(exact, 1)
			if !ok {
				return ErrRange.Of("late fee of %d days on %s", fee.Days, part)
			}
			before := sum
			sum, basis = ledger.Fen(fen), basis|fee.Basis
			parts = append(parts, LatePart{Days: fee.Days, Fee: sum.Sub(before), Principal: part, Until: until})
		}
		filled = to
		return nil
	}
	for _, p := range k.filling() {
		if err := fill(p.amount, p.on); err != nil {
			return nil, ledger.Money{}, 0, err
		}
	}
	err = fill(net, on)
	return parts, sum, basis, err
}

// State is the levy of every employer and year.
type State struct {
	cases         ledger.Table[Key, Case]
	employers     ledger.Table[ledger.PartyID, employer]
	counted       ledger.Table[stint, []span]
	confirmations ledger.Table[string, Key]
	receipts      ledger.Table[string, received]
	papers        ledger.Table[paper, booking]
}

// A paper is a number of a decision or voucher, and what levy it is of. Those of no levy tell
// which they were first of.
type paper struct {
	kind, number string
	of           Key
}

// The kinds of papers.
const (
	reliefDecision = "relief"
	refundDecision = "refund"
	refundVoucher  = "voucher"
)

func numbered(kind, number string, of Key) paper { return paper{kind, ledger.FoldNumber(number), of} }

// A booking is what a paper was booked for.
type booking struct {
	of     Key
	on     ledger.Date
	amount ledger.Money
}

// unless refuses what is booked already, unless it is the same.
func (b booking) unless(on ledger.Date, amount ledger.Money, number string) error {
	if b.on == on && b.amount.Equal(amount) {
		return nil
	}
	return ErrBooked.Of("%s of %s over %s on %s", number, b.of, b.amount, b.on)
}

// received is what a receipt is of.
type received struct {
	of     Key
	booked ledger.Date
	by     ledger.ActorID
	region ledger.RegionCode
	receipt
}

type employer struct {
	years []int
	last  ledger.Date // latest day of what is recorded
	left  ledger.Date
}

// A stint is a person in a data year.
type stint struct {
	person ledger.PartyID
	year   int
}

type span struct {
	employer ledger.PartyID
	from, to ledger.Period
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return []ledger.Tentative{&s.cases, &s.employers, &s.counted, &s.confirmations, &s.receipts, &s.papers}
}

// Find returns how the levy of an employer and year stands.
func (s *State) Find(k Key) (Case, bool) { return s.cases.Get(k) }

// Booked returns the day on which a receipt was booked: a later one than its own where its month
// was closed.
func (s *State) Booked(receipt string) ledger.Date {
	return s.receipts.At(ledger.FoldNumber(receipt)).booked
}

// Cases yields every levy in the order of employers and years.
func (s *State) Cases() iter.Seq2[Key, Case] {
	return func(yield func(Key, Case) bool) {
		keys := slices.SortedFunc(maps.Keys(maps.Collect(s.cases.All())), func(a, b Key) int {
			return cmp.Or(cmp.Compare(a.Employer, b.Employer), cmp.Compare(a.Year, b.Year))
		})
		for _, k := range keys {
			if !yield(k, s.cases.At(k)) {
				return
			}
		}
	}
}

// Evolve returns the levies as they are after e.
func Evolve(s *State, e Event) *State {
	change := func(k Key, f func(*Case)) {
		c := s.cases.At(k)
		f(&c)
		if of, known := s.employers.At(k.Employer), s.cases.Has(k); !known || e.Effective().After(of.last) {
			if !known {
				of.years = append(slices.Clip(of.years), k.Year)
			}
			if e.Effective().After(of.last) {
				of.last = e.Effective()
			}
			s.employers.Set(k.Employer, of)
		}
		s.cases.Set(k, c)
	}
	switch e := e.(type) {
	case Declared:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.Declared, c.Stale = &e, c.Assessed != nil })
	case Reviewed:
		k := Key{e.Employer, e.Year}
		if old := s.cases.At(k).Reviewed; old != nil {
			s.release(*old)
		}
		s.hold(e)
		s.confirmations.Set(ledger.FoldNumber(e.Confirmation), k)
		change(k, func(c *Case) { c.Reviewed, c.Stale = &e, c.Assessed != nil })
	case Assessed:
		e.Entry = nil // no rule asks for it again, and it is most of what there is
		change(Key{e.Employer, e.Year}, func(c *Case) {
			if !c.deferred { // a re-assessment does not undo a deferral
				c.Deadline = e.Deadline
			}
			c.Assessed, c.Stale, c.LateFee, c.Relieved = &e, false, c.LateFee.Sub(e.FeeReversed), c.Relieved.Sub(e.ReliefTakenIn)
			c.orders = within(c.orders, c.Net())
			if e.Raises() {
				c.Warned, c.OrderedBy = ledger.Date{}, ledger.Date{}
			}
		})
	case Relieved:
		change(Key{e.Employer, e.Year}, func(c *Case) {
			c.Relieved = c.Relieved.Add(e.Amount)
			c.orders = within(c.orders, c.Net())
		})
		s.book(reliefDecision, e.Decision, booking{Key{e.Employer, e.Year}, e.On, e.Amount})
	case Deferred:
		change(Key{e.Employer, e.Year}, func(c *Case) {
			c.Deadline, c.deferred = e.Until, true
			if !e.Until.Before(e.On) { // who has a new last day to pay is warned and ordered when that has passed (残疾人就业条例 art. 27)
				c.Warned, c.OrderedBy, c.orders = ledger.Date{}, ledger.Date{}, nil
			}
		})
	case Received:
		r := received{Key{e.Employer, e.Year}, e.Entry.Date, e.By, e.Region, receipt{number: e.Receipt, amount: e.Amount, kind: e.Kind, on: e.On}}
		s.receipts.Set(ledger.FoldNumber(e.Receipt), r)
		change(r.of, func(c *Case) { c.payments = append(slices.Clip(c.payments), r.receipt) })
	case ReceiptWithdrawn:
		if number := ledger.FoldNumber(e.Receipt); s.receipts.At(number).number == e.Receipt {
			s.receipts.Delete(number)
		}
		change(Key{e.Employer, e.Year}, func(c *Case) {
			if i := slices.IndexFunc(c.payments, func(p receipt) bool { return p.number == e.Receipt }); i >= 0 {
				c.payments = slices.Delete(slices.Clone(c.payments), i, i+1)
			}
		})
	case Warned:
		change(Key{e.Employer, e.Year}, func(c *Case) {
			if c.Warned.IsZero() {
				c.Warned = e.On
			}
		})
	case PaymentOrdered:
		change(Key{e.Employer, e.Year}, func(c *Case) {
			c.OrderedBy = e.Deadline
			kept := c.orders
			if c.LateFee.IsZero() { // who has been charged nothing gets more time for what is unpaid
				kept = within(kept, c.paid())
			}
			c.orders = append(slices.Clip(kept), order{c.Net(), e.Deadline})
		})
	case LateFeeCharged:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.LateFee, c.charged = c.LateFee.Add(e.Amount), e.On })
	case RefundDecided:
		change(Key{e.Employer, e.Year}, func(c *Case) {
			if over := c.paid().Sub(c.Net()); over.Sign() > 0 { // the rest is late fee
				c.returned = c.returned.Add(least(e.Amount, over))
			}
			c.Refund, c.deciders = c.Refund.Add(e.Amount), append(slices.Clip(c.deciders), e.By)
		})
		s.book(refundDecision, e.Decision, booking{Key{e.Employer, e.Year}, e.On, e.Amount})
	case Refunded:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.Refunded = c.Refunded.Add(e.Amount) })
		s.book(refundVoucher, e.Voucher, booking{Key{e.Employer, e.Year}, e.On, e.Amount})
	case Deregistered:
		of := s.employers.At(e.Employer)
		of.left = e.On
		s.employers.Set(e.Employer, of)
	default:
		panic(fmt.Sprintf("levy: event %T", e))
	}
	return s
}

func (s *State) book(kind, number string, b booking) {
	s.papers.Set(numbered(kind, number, b.of), b)
	if first := numbered(kind, number, Key{}); !s.papers.Has(first) {
		s.papers.Set(first, b)
	}
}

func (s *State) hold(e Reviewed) {
	for _, p := range e.Persons {
		k := stint{p.Party, e.Year - 1}
		s.counted.Set(k, append(slices.Clip(s.counted.At(k)), span{e.Employer, p.From, p.To}))
	}
}

func (s *State) release(e Reviewed) {
	for _, p := range e.Persons {
		k := stint{p.Party, e.Year - 1}
		s.counted.Set(k, slices.DeleteFunc(slices.Clone(s.counted.At(k)), func(x span) bool { return x.employer == e.Employer }))
	}
}

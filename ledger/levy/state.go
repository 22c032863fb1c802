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

	Deadline  ledger.Date // last day to pay
	Relieved  ledger.Money
	LateFee   ledger.Money // charged and not reversed
	Refund    ledger.Money // decided
	Refunded  ledger.Money
	Warned    ledger.Date // first time
	OrderedBy ledger.Date // deadline of the order to pay

	deferred bool
	payments []receipt
}

type receipt struct {
	amount ledger.Money
	kind   Kind
	on     ledger.Date
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

// late returns the parts of a net levy that were unpaid when the deadline of the order had
// passed, with their fees up to a day. Payments fill the levy in the order of their days.
func (k Case) late(r *Rules, net ledger.Money, on ledger.Date) (parts []LatePart, sum ledger.Money, basis Basis, err error) {
	if k.OrderedBy.IsZero() || !on.After(k.OrderedBy) {
		return nil, sum, 0, nil
	}
	add := func(principal ledger.Money, until ledger.Date) error {
		if principal.Sign() <= 0 || !until.After(k.OrderedBy) {
			return nil
		}
		fee, err := r.LateFeeFrom(k.Deadline, principal, until)
		if err != nil {
			return err
		}
		parts = append(parts, LatePart{Days: fee.Days, Fee: fee.Fee, Principal: principal, Until: until})
		sum, basis = sum.Add(fee.Fee), basis|fee.Basis
		return nil
	}
	paid := slices.DeleteFunc(slices.Clone(k.payments), func(p receipt) bool { return p.kind != Principal })
	slices.SortStableFunc(paid, func(a, b receipt) int { return a.on.Compare(b.on) })
	for _, p := range paid {
		part := p.amount
		if part.Cmp(net) > 0 {
			part = net
		}
		net = net.Sub(part)
		if err := add(part, p.on); err != nil {
			return nil, sum, 0, err
		}
	}
	err = add(net, on)
	return parts, sum, basis, err
}

// State is the levy of every employer and year.
type State struct {
	cases         ledger.Table[Key, Case]
	employers     ledger.Table[ledger.PartyID, employer]
	counted       ledger.Table[stint, []span]
	confirmations ledger.Table[string, Key]
	receipts      ledger.Table[string, received]
}

// received is what a receipt is of.
type received struct {
	of Key
	receipt
}

type employer struct {
	years []int
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
	return []ledger.Tentative{&s.cases, &s.employers, &s.counted, &s.confirmations, &s.receipts}
}

// Find returns how the levy of an employer and year stands.
func (s *State) Find(k Key) (Case, bool) { return s.cases.Get(k) }

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
		if !s.cases.Has(k) {
			of := s.employers.At(k.Employer)
			of.years = append(slices.Clip(of.years), k.Year)
			s.employers.Set(k.Employer, of)
		}
		s.cases.Set(k, c)
	}
	switch e := e.(type) {
	case Declared:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.Declared = &e })
	case Reviewed:
		k := Key{e.Employer, e.Year}
		if old := s.cases.At(k).Reviewed; old != nil {
			s.release(*old)
		}
		s.hold(e)
		s.confirmations.Set(e.Confirmation, k)
		change(k, func(c *Case) { c.Reviewed = &e })
	case Assessed:
		e.Entry = nil // no rule asks for it again, and it is most of what there is
		change(Key{e.Employer, e.Year}, func(c *Case) {
			if !c.deferred { // a re-assessment does not undo a deferral
				c.Deadline = e.Deadline
			}
			c.Assessed, c.LateFee, c.Relieved = &e, c.LateFee.Sub(e.FeeReversed), c.Relieved.Sub(e.ReliefTakenIn)
		})
	case Relieved:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.Relieved = c.Relieved.Add(e.Amount) })
	case Deferred:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.Deadline, c.deferred = e.Until, true })
	case Received:
		r := received{Key{e.Employer, e.Year}, receipt{e.Amount, e.Kind, e.On}}
		s.receipts.Set(e.Receipt, r)
		change(r.of, func(c *Case) { c.payments = append(slices.Clip(c.payments), r.receipt) })
	case Warned:
		change(Key{e.Employer, e.Year}, func(c *Case) {
			if c.Warned.IsZero() {
				c.Warned = e.On
			}
		})
	case PaymentOrdered:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.OrderedBy = e.Deadline })
	case LateFeeCharged:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.LateFee = c.LateFee.Add(e.Amount) })
	case RefundDecided:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.Refund = c.Refund.Add(e.Amount) })
	case Refunded:
		change(Key{e.Employer, e.Year}, func(c *Case) { c.Refunded = c.Refunded.Add(e.Amount) })
	case Deregistered:
		of := s.employers.At(e.Employer)
		of.left = e.On
		s.employers.Set(e.Employer, of)
	default:
		panic(fmt.Sprintf("levy: event %T", e))
	}
	return s
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

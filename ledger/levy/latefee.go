package levy

import (
	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// A LateFee is what article 27 of 残疾人就业条例 adds to a levy that was paid late. It
// presupposes that the finance department ordered payment by a deadline and that this
// passed too; the fee then runs from the day of default.
type LateFee struct {
	Deadline ledger.Date // last day of the filing window, rolled over holidays
	Days     int
	Rates    []policy.Span // of each day; more than one where the rate changed
	Fee      ledger.Money
	Basis    Basis
	exact    Number // the fee in fen, before it is rounded
}

// Deadline returns the last day of the filing window, rolled over holidays where the policy
// says so: the last day to pay.
func (r *Rules) Deadline() (day ledger.Date, basis Basis, err error) {
	window, err := r.filing.use(&basis)
	if err != nil {
		return day, 0, err
	}
	_, day = window.In(r.Filed().Year())
	roll, err := r.rollForward.use(&basis)
	if err != nil || !roll {
		return day, basis, err
	}
	day, err = r.view.Pack().WorkingDay(day)
	return day, basis, err
}

// LateFee computes the fee on what was due and paid on a day. The rates of the days are
// added up, the fee is rounded once and then held at its ceiling (policy.md §1.11).
func (r *Rules) LateFee(due ledger.Money, paid ledger.Date) (LateFee, error) {
	year := r.Filed().Year()
	if paid.Year() < year {
		return LateFee{}, ErrDates.Of("paid on %s for filing year %d", paid, year)
	}
	l := LateFee{}
	window, err := r.filing.use(&l.Basis)
	if err != nil {
		return l, err
	}
	if _, l.Deadline = window.In(year); !paid.After(l.Deadline) || due.IsZero() {
		return l, nil // no holiday makes it earlier
	}
	if l.Deadline, l.Basis, err = r.Deadline(); err != nil || !paid.After(l.Deadline) {
		return l, err
	}
	return r.charge(l, due, paid)
}

// LateFeeFrom is LateFee with another last day to pay, as a deferral gives it.
func (r *Rules) LateFeeFrom(deadline ledger.Date, due ledger.Money, paid ledger.Date) (LateFee, error) {
	l := LateFee{Deadline: deadline}
	if deadline.IsZero() || due.IsZero() || !paid.After(deadline) {
		return l, nil
	}
	return r.charge(l, due, paid)
}

func (r *Rules) charge(l LateFee, due ledger.Money, paid ledger.Date) (LateFee, error) {
	begins, err := r.firstDay.use(&l.Basis)
	if err != nil {
		return l, err
	}
	counts, err := r.paymentDay.use(&l.Basis)
	if err != nil {
		return l, err
	}
	ceiling, err := r.dailyCap.use(&l.Basis)
	if err != nil {
		return l, err
	}
	first, last := l.Deadline, paid
	if begins == "day_after_deadline" {
		first = first.AddDays(1)
	}
	if !counts {
		last = last.AddDays(-1)
	}
	l.Basis |= onDailyRate
	if l.Rates, err = r.view.Spans("levy.late_fee.daily_rate", first, last); err != nil {
		return l, err
	}
	share := Number{}
	for _, s := range l.Rates {
		rate, err := number(s.Parameter)
		if err != nil {
			return l, err
		}
		days := int(s.To.Time().Sub(s.From.Time()).Hours() / 24)
		l.Days += days + 1
		share = share.Add(rate.Mul(Int(days + 1)))
	}
	if share.Cmp(ceiling) > 0 {
		share = ceiling
	}
	principal, ok := due.Fen()
	l.exact = share.Mul(Number{principal, 1})
	fee, fits := half(l.exact, 1)
	if !ok || !fits {
		return l, ErrRange.Of("late fee of %d days on %s", l.Days, due)
	}
	l.Fee = ledger.Fen(fee)
	return l, nil
}

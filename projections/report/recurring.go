package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
)

// An Arrear is a month of a recurring claim that is due and not paid.
type Arrear struct {
	Claim   string       `json:"claim"`
	Month   string       `json:"month"`
	Scheme  string       `json:"scheme"`
	Region  string       `json:"region"`
	Party   string       `json:"party"`
	Amount  ledger.Money `json:"amount"`
	Status  string       `json:"status"`            // not-instructed, failed or returned
	Payment string       `json:"payment,omitempty"` // which failed or came back
}

// An ArrearPage is a page of the list of arrears.
type ArrearPage struct {
	Arrears []Arrear `json:"arrears"`
	Next    string   `json:"next,omitempty"`
	Basis
}

// An Overpayment is a month of a recurring claim that is paid and not due, since the claim is
// stopped from it or from a month before, until all of it is recovered.
type Overpayment struct {
	Claim       string       `json:"claim"`
	Month       string       `json:"month"`
	StoppedFrom string       `json:"stopped_from"`
	Scheme      string       `json:"scheme"`
	Region      string       `json:"region"`
	Party       string       `json:"party"`
	Payment     string       `json:"payment"`
	PaidOn      string       `json:"paid_on"`
	Amount      ledger.Money `json:"amount"`
	Demanded    ledger.Money `json:"demanded"`
	Recovered   ledger.Money `json:"recovered"`
	Outstanding ledger.Money `json:"outstanding"` // of the amount, demanded or not
}

// An OverpaymentPage is a page of the list of overpaid months.
type OverpaymentPage struct {
	Overpaid []Overpayment `json:"overpaid"`
	Next     string        `json:"next,omitempty"`
	Basis
}

// An InstalmentFilter narrows lists of months. Empty parts count all.
type InstalmentFilter struct{ Party, Claim, Scheme string }

// claimMonth is claim and month. A month has seven characters, so the last colon parts them.
const claimMonth = `claim.claim || ':' || month`

// A month is due when it is over. One that is under way (instructed, sent) is no arrear, nor
// is one that went back to the treasury.
func selectArrears(claim, payment string) string {
	return `
select claim.claim, month, claim.scheme, claim.region, claim.party, claim.monthly::text, coalesce(p.status, 'not-instructed'), coalesce(p.payment, '')
from ` + claim + `
cross join lateral (
	select to_char(d, 'YYYY-MM') as month
	from generate_series((claim.period_from || '-01')::timestamp, (claim.period_to || '-01')::timestamp, interval '1 month') d
	where d + interval '1 month' <= @on::timestamp + interval '1 day') due
left join lateral (
	select payment.payment, payment.status
	from ` + payment + `
	where payment.claim = claim.claim and payment.month = due.month and payment.status not in ('cancelled', 're-issued')) p on true
where claim.monthly is not null and claim.status = 'approved'
	and (claim.stopped_from is null or month < claim.stopped_from)
	and (p.status is null or p.status in ('failed', 'returned'))` + monthsWhere
}

// What is demanded and recovered is asked of the records, which know when.
func selectOverpaid(claim, payment string) string {
	return `
select claim.claim, month, claim.stopped_from, claim.scheme, claim.region, claim.party, payment.payment, payment.paid_on, payment.amount::text,
	r.demanded::numeric(20,2)::text, r.recovered::numeric(20,2)::text, (payment.amount - r.recovered)::numeric(20,2)::text
from ` + claim + `
join ` + payment + ` on payment.claim = claim.claim and payment.month >= claim.stopped_from and payment.status = 'paid'
cross join lateral (
	select coalesce(sum((e.data ->> 'amount')::numeric) filter (where e.name like 'payment.recovery-demanded.%'), 0)
		- coalesce(sum((e.data ->> 'amount')::numeric) filter (where e.name like 'payment.recovery-withdrawn.%'), 0) as demanded,
		coalesce(sum((e.data ->> 'amount')::numeric) filter (where e.name like 'payment.recovery-received.%'), 0) as recovered
	from read.event e
	where e.case_id = payment.payment and e.name like 'payment.recovery-%'
		and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)) r
where claim.monthly is not null and claim.status = 'approved'
	and r.recovered < payment.amount` + monthsWhere
}

const monthsWhere = `
	and (@party = '' or claim.party = @party)
	and (@claim = '' or claim.claim = @claim)
	and (@scheme = '' or claim.scheme = @scheme)
	and ` + claimMonth + ` > @after
order by ` + claimMonth + `
limit @limit`

var (
	selectArrearsNow   = selectArrears("read.claim", "read.payment")
	selectArrearsThen  = selectArrears(claimsThen, paymentsThen)
	selectOverpaidNow  = selectOverpaid("read.claim", "read.payment")
	selectOverpaidThen = selectOverpaid(claimsThen, paymentsThen)
)

func (f InstalmentFilter) args(after string) pgx.NamedArgs {
	return pgx.NamedArgs{"after": after, "party": f.Party, "claim": f.Claim, "scheme": f.Scheme, "status": ""}
}

// Arrears lists the months that are over on a day, due and not paid; after is CLAIM:MONTH.
func Arrears(ctx context.Context, db DB, f InstalmentFilter, on ledger.Date, cut Cut, after string, limit int) (ArrearPage, error) {
	args := f.args(after)
	args["on"] = on.Time()
	all, next, b, err := page(ctx, db, cut, cut.choose(selectArrearsNow, selectArrearsThen), args, limit, func(row pgx.CollectableRow) (a Arrear, err error) {
		amount := make([]string, 1)
		if err := row.Scan(&a.Claim, &a.Month, &a.Scheme, &a.Region, &a.Party, &amount[0], &a.Status, &a.Payment); err != nil {
			return a, err
		}
		return a, amounts(amount, &a.Amount)
	}, func(a Arrear) string { return a.Claim + ":" + a.Month })
	if err != nil {
		return ArrearPage{}, fmt.Errorf("list arrears: %w", err)
	}
	return ArrearPage{all, next, b}, nil
}

// Overpaid lists the months that were paid after a stop and are not recovered; after is
// CLAIM:MONTH.
func Overpaid(ctx context.Context, db DB, f InstalmentFilter, cut Cut, after string, limit int) (OverpaymentPage, error) {
	all, next, b, err := page(ctx, db, cut, cut.choose(selectOverpaidNow, selectOverpaidThen), f.args(after), limit, func(row pgx.CollectableRow) (o Overpayment, err error) {
		var paid *time.Time
		var sums [4]string
		if err := row.Scan(&o.Claim, &o.Month, &o.StoppedFrom, &o.Scheme, &o.Region, &o.Party, &o.Payment, &paid,
			&sums[0], &sums[1], &sums[2], &sums[3]); err != nil {
			return o, err
		}
		o.PaidOn = date(paid)
		return o, amounts(sums[:], &o.Amount, &o.Demanded, &o.Recovered, &o.Outstanding)
	}, func(o Overpayment) string { return o.Claim + ":" + o.Month })
	if err != nil {
		return OverpaymentPage{}, fmt.Errorf("list overpaid months: %w", err)
	}
	return OverpaymentPage{all, next, b}, nil
}

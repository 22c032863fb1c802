package report

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
	"zhucan/projections/levies"
)

// A Levy is one line of the list of levies.
type Levy struct {
	Levy       string       `json:"levy"` // levy:EMPLOYER:YEAR
	Employer   string       `json:"employer"`
	Name       string       `json:"name"`
	Year       int          `json:"year"`
	Region     string       `json:"region"`
	Class      string       `json:"class"`
	Status     string       `json:"status"`
	Staff      string       `json:"staff"`
	Disabled   string       `json:"disabled"`
	Gap        string       `json:"gap,omitempty"` // persons short of the ratio; below zero: above it
	Full       ledger.Money `json:"full"`
	Relief     ledger.Money `json:"relief"`
	Due        ledger.Money `json:"due"`
	Relieved   ledger.Money `json:"relieved"`
	LateFee    ledger.Money `json:"late_fee"`
	Paid       ledger.Money `json:"paid"` // late fee included
	Refunded   ledger.Money `json:"refunded"`
	Owed       ledger.Money `json:"owed"`
	Deadline   string       `json:"deadline,omitempty"`  // last day to pay
	Age        int          `json:"age"`                 // days of default on the day that is asked about; 0: none
	WarnedOn   string       `json:"warned_on,omitempty"` // last time
	OrderedBy  string       `json:"ordered_by,omitempty"`
	Policy     string       `json:"decided_policy,omitempty"`
	Stale      bool         `json:"stale,omitempty"` // filed or reviewed since it was assessed
	LastRecord uint64       `json:"last_record"`
}

// A LevyPage is a page of the list of levies.
type LevyPage struct {
	Levies []Levy `json:"levies"`
	Next   string `json:"next,omitempty"`
	Basis
}

// A LevyFilter narrows the list of levies. Empty parts count all. A region counts what lies in it
// or below it on the day, also under codes it had before. On is the day on which the
// age of what is owed is counted; Overdue keeps only what is owed after its last day to pay,
// Above only employers above the ratio, Unassessed only what was filed and is not assessed, or
// not since it was filed or reviewed last.
type LevyFilter struct {
	Employer, Region, Status string
	Year                     int
	On                       ledger.Date
	Overdue, Above           bool
	Unassessed               bool
}

const (
	levyColumns = `
select 'levy:' || l.employer || ':' || l.year as levy, l.employer, coalesce(p.name, ''), l.year, coalesce(l.region, ''), coalesce(l.class, ''), l.status,
	coalesce(l.staff, ''), coalesce(l.disabled, ''), coalesce(l.gap, ''), coalesce(l.full_levy, 0)::numeric(20,2)::text, coalesce(l.relief, 0)::numeric(20,2)::text,
	coalesce(l.due, 0)::numeric(20,2)::text, l.relieved::numeric(20,2)::text, l.late_fee::numeric(20,2)::text, (l.paid + l.late_fee_paid)::numeric(20,2)::text,
	l.refunded::numeric(20,2)::text, l.owed::numeric(20,2)::text, l.deadline,
	case when l.owed > 0 and l.deadline < @on::date then @on::date - l.deadline else 0 end as age,
	l.warned_on, l.ordered_by, coalesce(l.policy, ''), l.stale, l.last_seq
from `

	levyWhere = ` l
left join read.party p on p.party = l.employer
where 'levy:' || l.employer || ':' || l.year > @after
	and (@employer = '' or l.employer = @employer)
	and (@regions::text[] is null or l.region = any(@regions))
	and (@year::int = 0 or l.year = @year::int)
	and (@status = '' or l.status = @status)
	and (not @above::bool or l.gap like '-%')
	and (not @unassessed::bool or l.status = 'declared' or l.stale)
	and (not @overdue::bool or l.owed > 0 and l.deadline < @on::date)
order by levy
limit @limit`

	selectLevies = levyColumns + `read.levy` + levyWhere

	// leviesThen is the table of levies as it was: what the last record said that counts,
	// and sums of those that do.
	leviesThen = `(
	select k.employer, k.year, t.declared ->> 'region' as region, t.declared ->> 'class' as class, (t.declared ->> 'on')::date as declared_on,
		(t.declared ->> 'late')::boolean as late, t.staff, t.assessed ->> 'disabled' as disabled, t.assessed ->> 'gap' as gap,
		(t.reviewed ->> 'on')::date as reviewed_on, t.reviewed ->> 'confirmation' as confirmation,
		(t.assessed ->> 'on')::date as assessed_on, t.stale, t.assessed ->> 'policy' as policy, t.assessed ->> 'outcome' as outcome,
		(t.assessed ->> 'full')::numeric as full_levy, (t.assessed ->> 'relief')::numeric as relief, (t.assessed ->> 'due')::numeric as due,
		nullif(t.assessed ->> 'deadline', '')::date as last_day, t.deferred_until, t.warned_on, t.ordered_by,
		t.relieved, t.late_fee, t.paid, t.late_fee_paid, t.refund, t.refunded, t.last_seq
	from read.levy k
	cross join lateral (
		select coalesce(max(e.seq), 0) as anew -- from which on it is warned of and ordered anew
		from read.event e
		where e.case_id = 'levy:' || k.employer || ':' || k.year and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)
			and (e.name like 'levy.deferred.%' or e.name like 'levy.assessed.%' and (e.data ->> 'due')::numeric > (e.data ->> 'previous')::numeric)) r
	cross join lateral (
		select (array_agg(e.data order by e.seq desc) filter (where s.step = 'declared'))[1] as declared,
			(array_agg(e.data order by e.seq desc) filter (where s.step = 'reviewed'))[1] as reviewed,
			(array_agg(e.data order by e.seq desc) filter (where s.step = 'assessed'))[1] as assessed,
			(array_agg(e.data ->> 'staff' order by e.seq desc) filter (where s.step in ('declared', 'assessed')))[1] as staff,
			max(e.seq) filter (where s.step in ('declared', 'reviewed')) > max(e.seq) filter (where s.step = 'assessed') as stale,
			(array_agg((e.data ->> 'until')::date order by e.seq desc) filter (where s.step = 'deferred'))[1] as deferred_until,
			(array_agg(e.effective order by e.seq desc) filter (where s.step = 'warned' and e.seq > r.anew))[1] as warned_on,
			(array_agg((e.data ->> 'deadline')::date order by e.seq desc) filter (where s.step = 'payment-ordered' and e.seq > r.anew))[1] as ordered_by,
			coalesce(sum(s.amount) filter (where s.step = 'relieved'), 0) - coalesce(sum((e.data ->> 'relief_taken_in')::numeric) filter (where s.step = 'assessed'), 0) as relieved,
			coalesce(sum(s.amount) filter (where s.step = 'late-fee-charged'), 0) - coalesce(sum((e.data ->> 'fee_reversed')::numeric) filter (where s.step = 'assessed'), 0) as late_fee,
			coalesce(sum(s.came) filter (where e.data ->> 'kind' <> 'late-fee'), 0) as paid,
			coalesce(sum(s.came) filter (where e.data ->> 'kind' = 'late-fee'), 0) as late_fee_paid,
			coalesce(sum(s.amount) filter (where s.step = 'refund-decided'), 0) as refund,
			coalesce(sum(s.amount) filter (where s.step = 'refunded'), 0) as refunded,
			max(e.seq) as last_seq
		from read.event e
		cross join lateral (select substring(e.name from '^levy\.(.*)\.v[0-9]+$') as step, (e.data ->> 'amount')::numeric as amount) n
		cross join lateral (select n.step, n.amount, case n.step when 'received' then n.amount when 'receipt-withdrawn' then -n.amount end as came) s
		where e.case_id = 'levy:' || k.employer || ':' || k.year and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)) t
	where t.last_seq is not null) levy`
)

var selectLeviesThen = levyColumns + `(` + fmt.Sprintf(levies.Standing, leviesThen) + `)` + levyWhere

// Levies lists levies whose identifier comes after a place; "" begins at the
// beginning.
func Levies(ctx context.Context, db DB, f LevyFilter, cut Cut, after string, limit int) (LevyPage, error) {
	if err := oneOf("status", f.Status, levies.Statuses...); err != nil {
		return LevyPage{}, err
	}
	var regions []string
	if f.Region != "" {
		code := ledger.RegionCode(f.Region)
		if !ledger.KnownHere(code) {
			return LevyPage{}, ledger.ErrRegion.Of("%q", f.Region)
		}
		regions = []string{f.Region} // filings keep it though it was withdrawn since
		for _, below := range ledger.CodesIn(code, f.On) {
			regions = append(regions, string(below))
		}
	}
	args := pgx.NamedArgs{
		"after": after, "employer": f.Employer, "regions": regions, "year": f.Year, "status": f.Status, "overdue": f.Overdue, "above": f.Above, "unassessed": f.Unassessed, "on": f.On.Time(),
	}
	all, next, b, err := page(ctx, db, cut, cut.choose(selectLevies, selectLeviesThen), args, limit, func(row pgx.CollectableRow) (l Levy, err error) {
		var sums [8]string
		var deadline, warned, ordered *time.Time
		if err := row.Scan(&l.Levy, &l.Employer, &l.Name, &l.Year, &l.Region, &l.Class, &l.Status, &l.Staff, &l.Disabled, &l.Gap,
			&sums[0], &sums[1], &sums[2], &sums[3], &sums[4], &sums[5], &sums[6], &sums[7], &deadline, &l.Age, &warned, &ordered, &l.Policy, &l.Stale, &l.LastRecord); err != nil {
			return l, err
		}
		l.Deadline, l.WarnedOn, l.OrderedBy = date(deadline), date(warned), date(ordered)
		return l, amounts(sums[:], &l.Full, &l.Relief, &l.Due, &l.Relieved, &l.LateFee, &l.Paid, &l.Refunded, &l.Owed)
	}, func(l Levy) string { return l.Levy })
	return LevyPage{all, next, b}, err
}

// An Income is what the fund received of the levy in one region and year, and what was spent of it
// there: the region and the year are those of the receipt, and of the payment's line and day.
type Income struct {
	Region  string       `json:"region"`
	Year    int          `json:"year"`
	Levy    ledger.Money `json:"levy"`
	LateFee ledger.Money `json:"late_fee"`
	Refund  ledger.Money `json:"refund"`
	Net     ledger.Money `json:"net"`
	Count   int          `json:"receipts"`
	Use     ledger.Money `json:"use"` // paid from the levy, less what came back or was recovered
}

// An IncomePage is a page of the fund's income.
type IncomePage struct {
	Income []Income `json:"income"`
	Next   string   `json:"next,omitempty"`
	Basis
}

const (
	// incomeOf takes what was paid from the accounts, in which what came back is taken off again.
	// What is recovered goes to the treasury and is taken off on its own day.
	incomeOf = `
with received as (
	select region, extract(year from date)::int as year,
		coalesce(sum(signed) filter (where kind in ('levy', 'levy-withdrawn')), 0) as levy,
		coalesce(sum(signed) filter (where kind in ('late-fee', 'late-fee-withdrawn')), 0) as late_fee,
		coalesce(sum(amount) filter (where kind = 'refund'), 0) as refund,
		sum(signed) as net,
		count(*) filter (where kind in ('levy', 'late-fee')) - count(*) filter (where kind like '%%-withdrawn') as receipts
	from read.levy_receipt
	cross join lateral (select case when kind = 'refund' or kind like '%%-withdrawn' then -amount else amount end as signed) s
	where seq <= @seq and (@as_of::date is null or date <= @as_of)
	group by 1, 2
), used as (
	select region, year, sum(amount) as use
	from (%s
		union all
		select p.region, extract(year from e.effective)::int, -(e.data ->> 'amount')::numeric
		from read.payment p
		join read.event e on e.case_id = p.payment and e.name like 'payment.recovery-received.%%'
		where p.recovered > 0 and p.fund = 'levy' and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)) u
	group by 1, 2
)
select region, year, coalesce(levy, 0)::numeric(20,2)::text, coalesce(late_fee, 0)::numeric(20,2)::text, coalesce(refund, 0)::numeric(20,2)::text,
	coalesce(net, 0)::numeric(20,2)::text, coalesce(receipts, 0), coalesce(use, 0)::numeric(20,2)::text
from received
full join used using (region, year)
where (region, year) > (@region, @year::int)
order by region, year
limit @limit`

	usedNow = `
		select b.region, left(b.period, 4)::int as year, b.debit - b.credit as amount
		from read.balance b
		join read.account a on a.code = b.account
		where a.duty = 'budget-expense' and b.fund = 'levy'`

	usedThen = `
		select p.region, extract(year from p.date)::int as year, case p.side when 'debit' then p.amount else -p.amount end as amount
		from read.posting p
		join read.account a on a.code = p.account
		where a.duty = 'budget-expense' and p.fund = 'levy' and p.seq <= @seq and (@as_of::date is null or p.date <= @as_of)`
)

var selectIncome, selectIncomeThen = fmt.Sprintf(incomeOf, usedNow), fmt.Sprintf(incomeOf, usedThen)

// LevyIncome lists what came in, went back and was spent by region and year; after is REGION/YEAR.
func LevyIncome(ctx context.Context, db DB, cut Cut, after string, limit int) (IncomePage, error) {
	region, rest, _ := strings.Cut(after, "/")
	year, _ := strconv.Atoi(rest) // no year: all of the region
	args := pgx.NamedArgs{"region": region, "year": year}
	all, next, b, err := page(ctx, db, cut, cut.choose(selectIncome, selectIncomeThen), args, limit, func(row pgx.CollectableRow) (i Income, err error) {
		var sums [5]string
		if err := row.Scan(&i.Region, &i.Year, &sums[0], &sums[1], &sums[2], &sums[3], &i.Count, &sums[4]); err != nil {
			return i, err
		}
		return i, amounts(sums[:], &i.Levy, &i.LateFee, &i.Refund, &i.Net, &i.Use)
	}, func(i Income) string { return i.Region + "/" + strconv.Itoa(i.Year) })
	return IncomePage{all, next, b}, err
}

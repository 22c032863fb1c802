package report

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/payment"
)

// page reads a page of a list in one snapshot: at most limit rows of a statement,
// the key of the last when there are more, and what they rest on. Postgres plans the
// statement for these very arguments, so that an empty filter costs nothing and one
// that is given finds its index.
func page[R any](
	ctx context.Context, db DB, cut Cut, sql string, args pgx.NamedArgs, limit int, scan pgx.RowToFunc[R], key func(R) string,
) (all []R, next string, basis Basis, err error) {
	err = snapshot(ctx, db, cut, func(tx pgx.Tx, b Basis) error {
		args["seq"], args["as_of"], args["limit"] = b.Seq, day(cut.AsOf), limit+1
		rows, err := tx.Query(ctx, sql, pgx.QueryExecModeExec, args)
		if err != nil {
			return err
		}
		if all, err = pgx.AppendRows([]R{}, rows, scan); err != nil {
			return err
		}
		if len(all) > limit {
			all, next = all[:limit], key(all[limit-1])
		}
		basis = b
		return nil
	})
	if err != nil {
		return nil, "", Basis{}, err
	}
	return all, next, basis, nil
}

// amounts reads columns that Postgres wrote as text.
func amounts(columns []string, into ...*ledger.Money) (err error) {
	for i, m := range into {
		if *m, err = money(columns[i]); err != nil {
			return err
		}
	}
	return nil
}

// date is a day as text, "" when there is none.
func date(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.DateOnly)
}

// A Claim is one line of the list of claims.
type Claim struct {
	Claim       string       `json:"claim"`
	Status      string       `json:"status"`
	Scheme      string       `json:"scheme"`
	Region      string       `json:"region"`
	Party       string       `json:"party"`
	From        string       `json:"from"`
	To          string       `json:"to"`
	Units       int          `json:"units"`
	Amount      ledger.Money `json:"amount"`
	Monthly     ledger.Money `json:"monthly,omitzero"`       // of a recurring claim
	StoppedFrom string       `json:"stopped_from,omitempty"` // first month that is not due any more
	SubmittedOn string       `json:"submitted_on"`
	ApprovedOn  string       `json:"approved_on,omitempty"`
	Clause      string       `json:"clause"`
	DecidedBy   string       `json:"decided_policy"` // version it was submitted under
	FirstRecord uint64       `json:"first_record"`
	LastRecord  uint64       `json:"last_record"`
}

// A ClaimPage is a page of the list of claims. In this and every other page, Next
// is the parameter after of the page that follows; "" after the last.
type ClaimPage struct {
	Claims []Claim `json:"claims"`
	Next   string  `json:"next,omitempty"`
	Basis
}

// A ClaimFilter narrows the list of claims. Empty parts count all.
type ClaimFilter struct{ Party, Status string }

const (
	claimColumns = `
select claim, status, scheme, region, party, period_from, period_to, units, amount::text, coalesce(monthly, 0)::numeric(20,2)::text, coalesce(stopped_from, ''), submitted_on, approved_on, clause, policy, seq, last_seq
from `

	claimWhere = `
where claim > @after
	and (@party = '' or party = @party)
	and (@status = '' or status = @status)
order by claim
limit @limit`

	selectClaims = claimColumns + `read.claim` + claimWhere

	// claimsThen is read.claim as it was: a claim stands where the last step left it
	// that counts. An award that goes back to the treasury is recorded with its payment.
	claimsThen = `(
	select c.claim, t.status, c.scheme, c.region, c.party, c.period_from, c.period_to, c.units, c.amount, c.monthly, c.submitted_on, (
			select e.data ->> 'from'
			from read.event e
			where c.monthly is not null and e.case_id = c.claim and e.name like 'claim.stopped.%'
				and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)
			order by e.seq desc
			limit 1) as stopped_from,
		t.approved_on, c.clause, c.policy, c.seq, greatest(t.last_seq, (
			select max(e.seq)
			from read.payment p
			join archive.record e on e.case_id = p.payment
			where p.claim = c.claim and e.name like 'payment.returned-to-treasury.%'
				and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of))) as last_seq
	from read.claim c
	cross join lateral (
		select (array_agg(s.status order by e.seq desc) filter (where s.status <> ''))[1] as status,
			max(e.effective) filter (where s.status = 'approved') as approved_on,
			max(e.seq) as last_seq
		from archive.record e
		join (values
			('claim.submitted', 'submitted'),
			('claim.evidence-attached', ''),
			('claim.first-reviewed', 'first-reviewed'),
			('claim.compared', 'compared'),
			('claim.second-reviewed', 'second-reviewed'),
			('claim.publicised', 'publicised'),
			('claim.objected', ''),
			('claim.objection-resolved', ''),
			('claim.publicity-ended', 'publicity-ended'),
			('claim.concurred', ''),
			('claim.approved', 'approved'),
			('claim.rejected', 'rejected'),
			('claim.stopped', ''),
			('claim.withdrawn', 'withdrawn')) s (name, status) on s.name = regexp_replace(e.name, '\.v[0-9]+$', '')
		where e.case_id = c.claim and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)) t
	where c.seq <= @seq and t.status is not null) claim`

	selectClaimsThen = claimColumns + claimsThen + claimWhere
)

// Claims lists claims whose identifier comes after a place; "" begins at the
// beginning.
func Claims(ctx context.Context, db DB, f ClaimFilter, cut Cut, after string, limit int) (ClaimPage, error) {
	if err := oneOf("status", f.Status, claim.SubmittedStep, claim.FirstStep, claim.ComparedStep, claim.SecondStep, claim.PublicStep, claim.PublicDoneStep,
		claim.ApprovedStep, claim.RejectedStep, claim.WithdrawnStep); err != nil {
		return ClaimPage{}, err
	}
	args := pgx.NamedArgs{"after": after, "party": f.Party, "status": f.Status}
	rows, next, b, err := page(ctx, db, cut, cut.choose(selectClaims, selectClaimsThen), args, limit, func(row pgx.CollectableRow) (c Claim, err error) {
		var submitted, approved *time.Time
		amount := make([]string, 2)
		if err := row.Scan(&c.Claim, &c.Status, &c.Scheme, &c.Region, &c.Party, &c.From, &c.To, &c.Units, &amount[0], &amount[1], &c.StoppedFrom,
			&submitted, &approved, &c.Clause, &c.DecidedBy, &c.FirstRecord, &c.LastRecord); err != nil {
			return c, err
		}
		c.SubmittedOn, c.ApprovedOn = date(submitted), date(approved)
		return c, amounts(amount, &c.Amount, &c.Monthly)
	}, func(c Claim) string { return c.Claim })
	if err != nil {
		return ClaimPage{}, fmt.Errorf("list claims: %w", err)
	}
	return ClaimPage{rows, next, b}, nil
}

// choose returns the statement for everything that counts now, or for a cut.
func (c Cut) choose(now, then string) string {
	if c == (Cut{}) {
		return now
	}
	return then
}

// A Payment is one line of the list of payments.
type Payment struct {
	Payment      string            `json:"payment"`
	Status       string            `json:"status"`
	Claim        string            `json:"claim,omitempty"`
	Month        string            `json:"month,omitempty"` // of a recurring claim
	Batch        string            `json:"batch,omitempty"`
	Party        string            `json:"party"`
	Line         ledger.BudgetLine `json:"line"`
	Amount       ledger.Money      `json:"amount"`
	InstructedOn string            `json:"instructed_on,omitempty"`
	PaidOn       string            `json:"paid_on,omitempty"`
	ReturnedOn   string            `json:"returned_on,omitempty"`
	Suspect      string            `json:"suspect,omitempty"` // what it may have paid a second time
	Clause       string            `json:"clause"`
	DecidedBy    string            `json:"decided_policy"`
	FirstRecord  uint64            `json:"first_record"`
	LastRecord   uint64            `json:"last_record"`
}

// A PaymentPage is a page of the list of payments.
type PaymentPage struct {
	Payments []Payment `json:"payments"`
	Next     string    `json:"next,omitempty"`
	Basis
}

// A PaymentFilter narrows the list of payments. Empty parts count all.
type PaymentFilter struct{ Party, Claim, Batch, Status string }

const (
	paymentColumns = `
select payment, status, coalesce(claim, ''), coalesce(month, ''), coalesce(batch, ''), party, region, scheme, fund, year, amount::text,
	instructed_on, paid_on, returned_on, coalesce(suspect, ''), clause, policy, seq, last_seq
from `

	paymentWhere = `
where payment > @after
	and (@party = '' or party = @party)
	and (@claim = '' or claim = @claim)
	and (@batch = '' or batch = @batch)
	and (@status = '' or status = @status)
order by payment
limit @limit`

	selectPayments = paymentColumns + `read.payment` + paymentWhere

	// paymentsThen is read.payment as it was. A payment is sent or cancelled with its
	// batch, replaced by the record of the one that replaces it until that is
	// cancelled, and reversed with its entry.
	paymentsThen = `(
	select p.payment, case
			when r.live then 're-issued'
			when t.status = 'instructed' then coalesce((
				select case when e.name like 'payment.batch-sent.%' then 'sent' else 'cancelled' end
				from archive.record e
				where e.case_id = p.batch and (e.name like 'payment.batch-sent.%' or e.name like 'payment.batch-cancelled.%')
					and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)), t.status)
			when t.status = 'recorded' and exists (
				select
				from read.entry e
				where e.reverses = 'payment:' || p.payment
					and e.seq <= @seq and (@as_of::date is null or e.date <= @as_of)) then 'reversed'
			else t.status
		end as status,
		p.claim, p.month, p.batch, p.party, p.region, p.scheme, p.fund, p.year, p.amount, p.instructed_on, t.paid_on, t.returned_on, p.suspect,
		p.clause, p.policy, p.seq, greatest(t.last_seq, r.seq) as last_seq
	from read.payment p
	cross join lateral (
		select (array_agg(s.status order by e.seq desc) filter (where s.status <> ''))[1] as status,
			max(e.effective) filter (where s.status in ('paid', 'recorded')) as paid_on,
			max(e.effective) filter (where s.status = 'returned') as returned_on,
			max(e.seq) as last_seq
		from archive.record e
		join (values
			('payment.instructed', 'instructed'),
			('payment.reissued', 'instructed'),
			('payment.line-removed', 'cancelled'),
			('payment.confirmed', 'paid'),
			('payment.failed', 'failed'),
			('payment.returned', 'returned'),
			('payment.payee-corrected', ''),
			('payment.correction-approved', ''),
			('payment.returned-to-treasury', 'returned-to-treasury'),
			('payment.recovery-demanded', ''),
			('payment.recovery-withdrawn', ''),
			('payment.recovery-received', ''),
			('payment.recorded', 'recorded')) s (name, status) on s.name = regexp_replace(e.name, '\.v[0-9]+$', '')
		where e.case_id = p.payment and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)) t
	left join lateral (
		select max(n.seq) as seq, coalesce(bool_or(not exists (
			select
			from archive.record e
			where (e.case_id = n.payment and e.name like 'payment.line-removed.%' or e.case_id = n.batch and e.name like 'payment.batch-cancelled.%')
				and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of))), false) as live
		from read.payment n
		where n.claim = p.claim and n.replaces = p.payment
			and n.seq <= @seq and (@as_of::date is null or n.instructed_on <= @as_of)) r on true
	where p.seq <= @seq and t.status is not null
		-- Of a payment made elsewhere, which has no batch, no other status need be asked.
		and (@status = '' or (p.batch is null) = (@status in ('recorded', 'reversed')))) payment`

	selectPaymentsThen = paymentColumns + paymentsThen + paymentWhere
)

// Payments lists payments whose identifier comes after a place.
func Payments(ctx context.Context, db DB, f PaymentFilter, cut Cut, after string, limit int) (PaymentPage, error) {
	if err := oneOf("status", f.Status, payment.Waiting, payment.Sent, payment.Paid, payment.Unpaid, payment.GivenBack, payment.Replaced, payment.Cancelled,
		payment.Ended, payment.Elsewhere, payment.Voided); err != nil {
		return PaymentPage{}, err
	}
	args := pgx.NamedArgs{"after": after, "party": f.Party, "claim": f.Claim, "batch": f.Batch, "status": f.Status}
	rows, next, b, err := page(ctx, db, cut, cut.choose(selectPayments, selectPaymentsThen), args, limit, func(row pgx.CollectableRow) (p Payment, err error) {
		var instructed, paid, returned *time.Time
		amount := make([]string, 1)
		if err := row.Scan(&p.Payment, &p.Status, &p.Claim, &p.Month, &p.Batch, &p.Party, &p.Line.Region, &p.Line.Scheme, &p.Line.Fund, &p.Line.Year,
			&amount[0], &instructed, &paid, &returned, &p.Suspect, &p.Clause, &p.DecidedBy, &p.FirstRecord, &p.LastRecord); err != nil {
			return p, err
		}
		p.InstructedOn, p.PaidOn, p.ReturnedOn = date(instructed), date(paid), date(returned)
		return p, amounts(amount, &p.Amount)
	}, func(p Payment) string { return p.Payment })
	if err != nil {
		return PaymentPage{}, fmt.Errorf("list payments: %w", err)
	}
	return PaymentPage{rows, next, b}, nil
}

// A Budget is how the money of one line stands: voted = available + committed +
// disbursed.
type Budget struct {
	Line      ledger.BudgetLine `json:"line"`
	Voted     ledger.Money      `json:"voted"`
	Committed ledger.Money      `json:"committed"`
	Disbursed ledger.Money      `json:"disbursed"`
	Available ledger.Money      `json:"available"`
}

// A BudgetPage is a page of the list of budget lines.
type BudgetPage struct {
	Budgets []Budget `json:"budgets"`
	Next    string   `json:"next,omitempty"`
	Basis
}

const (
	selectLinesNow = `
select region, scheme, fund, year, voted::text, committed::text, disbursed::text, available::text
from read.budget_line
where (region, scheme, fund, year) > (@region, @scheme, @fund, @year)
order by region, scheme, fund, year
limit @limit`

	// selectLinesThen asks the control accounts, on which every budget event is booked.
	selectLinesThen = `
select p.region, p.scheme, p.fund, p.year,
	coalesce(sum(case p.side when 'debit' then p.amount else -p.amount end) filter (where a.duty = 'voted'), 0)::text,
	coalesce(sum(case p.side when 'credit' then p.amount else -p.amount end) filter (where a.duty = 'committed'), 0)::text,
	coalesce(sum(case p.side when 'credit' then p.amount else -p.amount end) filter (where a.duty = 'disbursed'), 0)::text,
	coalesce(sum(case p.side when 'credit' then p.amount else -p.amount end) filter (where a.duty = 'available'), 0)::text
from read.posting p
join read.account a on a.code = p.account
where a.book = 'control' and p.seq <= @seq and (@as_of::date is null or p.date <= @as_of)
	and (p.region, p.scheme, p.fund, p.year) > (@region, @scheme, @fund, @year)
group by p.region, p.scheme, p.fund, p.year
order by p.region, p.scheme, p.fund, p.year
limit @limit`
)

// Budgets lists budget lines after one; the zero line begins at the beginning. As
// of a date, entries count that are dated up to it, as in every balance.
func Budgets(ctx context.Context, db DB, cut Cut, after ledger.BudgetLine, limit int) (BudgetPage, error) {
	args := pgx.NamedArgs{"region": after.Region, "scheme": after.Scheme, "fund": after.Fund, "year": after.Year}
	rows, next, b, err := page(ctx, db, cut, cut.choose(selectLinesNow, selectLinesThen), args, limit, func(row pgx.CollectableRow) (l Budget, err error) {
		sums := make([]string, 4)
		if err := row.Scan(&l.Line.Region, &l.Line.Scheme, &l.Line.Fund, &l.Line.Year, &sums[0], &sums[1], &sums[2], &sums[3]); err != nil {
			return l, err
		}
		return l, amounts(sums, &l.Voted, &l.Committed, &l.Disbursed, &l.Available)
	}, func(l Budget) string { return l.Line.String() })
	if err != nil {
		return BudgetPage{}, fmt.Errorf("list budget lines: %w", err)
	}
	return BudgetPage{rows, next, b}, nil
}

// A Suspect is a payment made elsewhere that looks like an earlier one.
type Suspect struct {
	Seq     uint64           `json:"seq"`
	Payment ledger.PaymentID `json:"payment"`
	Earlier string           `json:"earlier"` // a payment, or the claim that had the purpose already
	Party   ledger.PartyID   `json:"party"`
	Amount  ledger.Money     `json:"amount"`
	Date    string           `json:"date"`
	Status  string           `json:"status"` // of the payment: somebody may have reversed it
}

// A SuspectPage is a page of the list of suspects.
type SuspectPage struct {
	Suspects []Suspect `json:"suspects"`
	Next     string    `json:"next,omitempty"`
	Basis
}

const selectSuspects = `
select s.seq, s.payment, s.earlier, s.party, s.amount::text, s.date::text, case
		when exists (
			select
			from read.entry e
			where e.reverses = 'payment:' || s.payment
				and e.seq <= @seq and (@as_of::date is null or e.date <= @as_of)) then 'reversed'
		else 'recorded'
	end
from read.suspect s
where s.seq > @after and s.seq <= @seq and (@as_of::date is null or s.date <= @as_of)
order by s.seq
limit @limit`

// Suspects lists payments that may have been made twice, from records above after.
func Suspects(ctx context.Context, db DB, cut Cut, after uint64, limit int) (SuspectPage, error) {
	rows, next, b, err := page(ctx, db, cut, selectSuspects, pgx.NamedArgs{"after": after}, limit, func(row pgx.CollectableRow) (s Suspect, err error) {
		amount := make([]string, 1)
		if err := row.Scan(&s.Seq, &s.Payment, &s.Earlier, &s.Party, &amount[0], &s.Date, &s.Status); err != nil {
			return s, err
		}
		return s, amounts(amount, &s.Amount)
	}, func(s Suspect) string { return strconv.FormatUint(s.Seq, 10) })
	if err != nil {
		return SuspectPage{}, fmt.Errorf("list suspects: %w", err)
	}
	return SuspectPage{rows, next, b}, nil
}

// A Party is one line of the list of parties. A person is named masked.
type Party struct {
	Seq    uint64 `json:"seq"`
	Party  string `json:"party"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Code   string `json:"code"`
	Place  string `json:"place"`
	Region string `json:"region"`
	Erased bool   `json:"erased"`
}

// A PartyPage is a page of the list of parties.
type PartyPage struct {
	Parties []Party `json:"parties"`
	Next    string  `json:"next,omitempty"`
	Basis
}

const selectParties = `
select seq, party, kind, coalesce(name, ''), coalesce(code, ''), coalesce(place, ''), coalesce(region, ''), erased
from read.party
where party > @after and seq <= @seq and (@as_of::date is null or registered_on <= @as_of)
order by party
limit @limit`

// Parties lists parties whose identifier comes after a place. One that was erased is
// erased at every cut: its name is nowhere any more.
func Parties(ctx context.Context, db DB, cut Cut, after string, limit int) (PartyPage, error) {
	rows, next, b, err := page(ctx, db, cut, selectParties, pgx.NamedArgs{"after": after}, limit,
		pgx.RowToStructByPos[Party], func(p Party) string { return p.Party })
	if err != nil {
		return PartyPage{}, fmt.Errorf("list parties: %w", err)
	}
	return PartyPage{rows, next, b}, nil
}

// A Month is one line of the list of months that were closed or reopened. One that was closed
// together with a later one, and reopened, has no closing and no totals of its own.
type Month struct {
	Period     string        `json:"period"`
	Status     string        `json:"status"`
	ClosedBy   string        `json:"closed_by"`
	ClosedOn   string        `json:"closed_on"`
	Debits     *ledger.Money `json:"debits"`
	Credits    *ledger.Money `json:"credits"`
	AtSeq      uint64        `json:"at_seq"` // up to which record the totals are
	ReopenedBy string        `json:"reopened_by,omitempty"`
	ReopenedOn string        `json:"reopened_on,omitempty"`
	Reason     string        `json:"reason,omitempty"` // why it was reopened
}

// A MonthPage is a page of the list of months.
type MonthPage struct {
	Periods []Month `json:"periods"`
	Next    string  `json:"next,omitempty"`
	Basis
}

// A month stands where the last of its records left it; there are few.
const selectPeriods = `
select p.period, case when r.seq > coalesce(c.seq, 0) then 'open' else 'closed' end,
	coalesce(c.data ->> 'by', ''), coalesce(c.data ->> 'on', ''), c.data ->> 'debits', c.data ->> 'credits', coalesce((c.data ->> 'seq')::bigint, 0),
	coalesce(r.data ->> 'by', ''), coalesce(r.data ->> 'on', ''), coalesce(r.data ->> 'reason', '')
from read.period p
left join lateral (
	select e.seq, e.data
	from read.event e
	where e.case_id = 'period:' || p.period and e.name like 'journal.period-closed.%'
		and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)
	order by e.seq desc
	limit 1) c on true
left join lateral (
	select e.seq, e.data
	from read.event e
	where e.case_id = 'period:' || p.period and e.name like 'journal.period-reopened.%'
		and e.seq <= @seq and (@as_of::date is null or e.effective <= @as_of)
	order by e.seq desc
	limit 1) r on true
where p.period > @after and (c.seq is not null or r.seq is not null)
order by p.period
limit @limit`

// Months lists the months that were closed or reopened, and whether they are closed.
func Months(ctx context.Context, db DB, cut Cut, after string, limit int) (MonthPage, error) {
	rows, next, b, err := page(ctx, db, cut, selectPeriods, pgx.NamedArgs{"after": after}, limit, func(row pgx.CollectableRow) (m Month, err error) {
		var debits, credits *string
		err = row.Scan(&m.Period, &m.Status, &m.ClosedBy, &m.ClosedOn, &debits, &credits, &m.AtSeq, &m.ReopenedBy, &m.ReopenedOn, &m.Reason)
		if err != nil || debits == nil {
			return m, err
		}
		m.Debits, m.Credits = new(ledger.Money), new(ledger.Money)
		return m, amounts([]string{*debits, *credits}, m.Debits, m.Credits)
	}, func(m Month) string { return m.Period })
	if err != nil {
		return MonthPage{}, fmt.Errorf("list months: %w", err)
	}
	return MonthPage{rows, next, b}, nil
}

package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"zhucan/ledger"
	"zhucan/projections/report"
)

// Statements of what package report does not answer: lists with filters, and what
// pages show besides.
const (
	selectBasis = `
select p.seq, coalesce(v.version, ''), coalesce(v.label, '')
from read.position p
left join lateral (
    select version, label
    from read.policy
    where seq <= p.seq
    order by seq desc
    limit 1) v on true`

	selectNote = `
select size, encode(root, 'hex'), signed_at
from read.note
order by size desc
limit 1`

	selectAccountNames = `
select code, name_zh, name_en
from read.account`

	selectKnown = `
select exists (
    select
    from read.event
    where case_id = @id)`

	selectBudgets = `
select region, scheme, fund, year, voted, committed, disbursed, available
from read.budget_line
where (region, scheme, fund, year) > (@region, @scheme, @fund, @year)
order by region, scheme, fund, year
limit @limit`

	selectClaims = `
select claim, status, scheme, region, party, period_from, period_to, units, amount, clause, policy, seq, last_seq
from read.claim
where claim > @after
  and (@party = '' or party = @party)
  and (@status = '' or status = @status)
order by claim
limit @limit`

	selectPayments = `
select payment, status, coalesce(claim, ''), coalesce(batch, ''), party, region, scheme, fund, year, amount, paid_on,
       clause, policy, seq, last_seq
from read.payment
where payment > @after
  and (@party = '' or party = @party)
  and (@claim = '' or claim = @claim)
  and (@batch = '' or batch = @batch)
  and (@status = '' or status = @status)
order by payment
limit @limit`
)

// look calls f in one read-only snapshot, with what it is a function of.
func (s *server) look(ctx context.Context, f func(pgx.Tx, report.Basis) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.DB, options, func(tx pgx.Tx) error {
		b, _, err := basisIn(ctx, tx)
		if err != nil {
			return err
		}
		return f(tx, b)
	})
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// basisIn returns what figures are a function of, and the label of the policy.
func basisIn(ctx context.Context, db querier) (b report.Basis, label string, err error) {
	err = db.QueryRow(ctx, selectBasis).Scan(&b.Seq, &b.Policy, &label)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return b, "", fmt.Errorf("read the position: %w", err)
	}
	return b, label, nil
}

func (s *server) basis(ctx context.Context) (report.Basis, string, error) { return basisIn(ctx, s.DB) }

// A note is a signed checkpoint.
type note struct {
	Size     uint64
	Root     string
	SignedAt time.Time
}

// lastNote returns the last signed checkpoint, nil when there is none.
func (s *server) lastNote(ctx context.Context) (*note, error) {
	var n note
	err := s.DB.QueryRow(ctx, selectNote).Scan(&n.Size, &n.Root, &n.SignedAt)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the last checkpoint: %w", err)
	}
	return &n, nil
}

// accountNames returns what accounts are called.
func (s *server) accountNames(ctx context.Context) (map[ledger.AccountCode]phrase, error) {
	rows, err := s.DB.Query(ctx, selectAccountNames)
	if err != nil {
		return nil, fmt.Errorf("read the chart: %w", err)
	}
	names := make(map[ledger.AccountCode]phrase)
	var code, zh, en string
	_, err = pgx.ForEachRow(rows, []any{&code, &zh, &en}, func() error {
		names[ledger.AccountCode(code)] = phrase{zh, en}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the chart: %w", err)
	}
	return names, nil
}

// known tells whether anything is recorded about a case.
func (s *server) known(ctx context.Context, id string) (known bool, err error) {
	if err := s.DB.QueryRow(ctx, selectKnown, pgx.NamedArgs{"id": id}).Scan(&known); err != nil {
		return false, fmt.Errorf("find a case: %w", err)
	}
	return known, nil
}

// pageOf collects at most limit rows, and tells whether there are more. Postgres plans
// the statement for these very arguments, so that an empty filter costs nothing and
// one that is given finds its index.
func pageOf[R any](ctx context.Context, tx pgx.Tx, sql string, args pgx.NamedArgs, limit int, scan func(pgx.CollectableRow) (R, error)) ([]R, bool, error) {
	args["limit"] = limit + 1
	rows, err := tx.Query(ctx, sql, pgx.QueryExecModeExec, args)
	if err != nil {
		return nil, false, err
	}
	all, err := pgx.AppendRows([]R{}, rows, scan)
	if err != nil {
		return nil, false, err
	}
	if len(all) > limit {
		return all[:limit], true, nil
	}
	return all, false, nil
}

// amounts turns what numeric columns hold into amounts, exactly.
func amounts(columns []decimal.Decimal, into ...*ledger.Money) error {
	for i, m := range into {
		fen := columns[i].Shift(2)
		if !fen.IsInteger() || !fen.BigInt().IsInt64() {
			return fmt.Errorf("amount %s in the database is not a number of fen", columns[i])
		}
		*m = ledger.Fen(fen.IntPart())
	}
	return nil
}

func (s *server) listBudgets(ctx context.Context, after ledger.BudgetLine, limit int) (a budgetsAnswer, err error) {
	err = s.look(ctx, func(tx pgx.Tx, b report.Basis) error {
		a.Basis = b
		rows, more, err := pageOf(ctx, tx, selectBudgets, pgx.NamedArgs{
			"region": string(after.Region), "scheme": string(after.Scheme), "fund": string(after.Fund), "year": after.Year,
		}, limit, func(row pgx.CollectableRow) (r budgetRow, err error) {
			sums := make([]decimal.Decimal, 4)
			if err := row.Scan(&r.Line.Region, &r.Line.Scheme, &r.Line.Fund, &r.Line.Year, &sums[0], &sums[1], &sums[2], &sums[3]); err != nil {
				return r, err
			}
			return r, amounts(sums, &r.Voted, &r.Committed, &r.Disbursed, &r.Available)
		})
		a.Budgets = rows
		if more {
			a.Next = rows[limit-1].Line.String()
		}
		return err
	})
	if err != nil {
		return a, fmt.Errorf("list budget lines: %w", err)
	}
	return a, nil
}

// arguments turns filters into arguments of a statement.
func arguments(filters map[string]string) pgx.NamedArgs {
	args := make(pgx.NamedArgs)
	for name, v := range filters {
		args[name] = v
	}
	return args
}

func (s *server) listClaims(ctx context.Context, filters map[string]string, limit int) (a claimsAnswer, err error) {
	err = s.look(ctx, func(tx pgx.Tx, b report.Basis) error {
		a.Basis = b
		rows, more, err := pageOf(ctx, tx, selectClaims, arguments(filters), limit, func(row pgx.CollectableRow) (r claimRow, err error) {
			amount := make([]decimal.Decimal, 1)
			if err := row.Scan(&r.Claim, &r.Status, &r.Scheme, &r.Region, &r.Party, &r.From, &r.To, &r.Units, &amount[0], &r.Clause,
				&r.DecidedBy, &r.FirstRecord, &r.LastRecord); err != nil {
				return r, err
			}
			return r, amounts(amount, &r.Amount)
		})
		a.Claims = rows
		if more {
			a.Next = rows[limit-1].Claim
		}
		return err
	})
	if err != nil {
		return a, fmt.Errorf("list claims: %w", err)
	}
	return a, nil
}

func (s *server) listPayments(ctx context.Context, filters map[string]string, limit int) (a paymentsAnswer, err error) {
	err = s.look(ctx, func(tx pgx.Tx, b report.Basis) error {
		a.Basis = b
		rows, more, err := pageOf(ctx, tx, selectPayments, arguments(filters), limit, func(row pgx.CollectableRow) (r paymentRow, err error) {
			amount := make([]decimal.Decimal, 1)
			var paid *time.Time
			if err := row.Scan(&r.Payment, &r.Status, &r.Claim, &r.Batch, &r.Party, &r.Line.Region, &r.Line.Scheme, &r.Line.Fund,
				&r.Line.Year, &amount[0], &paid, &r.Clause, &r.DecidedBy, &r.FirstRecord, &r.LastRecord); err != nil {
				return r, err
			}
			if paid != nil {
				r.PaidOn = ledger.DateOf(paid.Date())
			}
			return r, amounts(amount, &r.Amount)
		})
		a.Payments = rows
		if more {
			a.Next = rows[limit-1].Payment
		}
		return err
	})
	if err != nil {
		return a, fmt.Errorf("list payments: %w", err)
	}
	return a, nil
}

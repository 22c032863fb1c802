package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/ledger"
	"zhucan/projections"
	"zhucan/projections/report"
)

const selectServed = `
select m.name, m.seq, m.root, m.fold
from meta.read_model m
where m.status = 'serving'`

const selectClosings = `
select e.seq, e.data ->> 'period', e.data ->> 'debits', e.data ->> 'credits', e.data ->> 'root', (e.data ->> 'seq')::bigint
from read.period p
join read.event e on e.case_id = 'period:' || p.period
where e.name like 'journal.period-closed.%' and e.seq <= @seq
order by e.seq`

// listed is how many differing rows of a table are listed.
const listed = 100

// ReadModel folds the log anew up to the checkpoint of the version that is served
// and compares every row. It works in a transaction that is rolled back, beside the
// served tables and on the same snapshot as them; the disk needs room for both.
func ReadModel(ctx context.Context, pool *pgxpool.Pool, r *projections.Runner, o Options) (Result, error) {
	return damage(compareModel(ctx, pool, r, o))
}

func compareModel(ctx context.Context, pool *pgxpool.Pool, r *projections.Runner, o Options) (Result, error) {
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return Result{}, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var (
		result     Result
		name, fold string
		root       []byte
	)
	switch err := tx.QueryRow(ctx, selectServed).Scan(&name, &result.Seq, &root, &fold); {
	case errors.Is(err, pgx.ErrNoRows):
		return result, report.ErrNotServed
	case err != nil:
		return result, fmt.Errorf("read the checkpoint: %w", err)
	}
	if fold != r.Fingerprint() {
		result.add(Check{"read-model", Incomplete, fmt.Sprintf("version %s was made by fold %s; this program has %s", name, fold, r.Fingerprint())})
		return result, nil
	}
	const scratch = "rm_verify"
	tree, err := r.Refold(ctx, tx, scratch, result.Seq)
	if o.Progress != nil {
		o.Progress(int(tree.Size()))
	}
	if halt, ok := errors.AsType[*projections.Halt](err); ok {
		result.add(Check{"checkpoint", Failed, halt.Error()})
		return result, nil
	}
	if err != nil {
		return result, fmt.Errorf("fold the log: %w", err)
	}
	result.Events = tree.Size()
	computed := tree.Root()
	result.Root = hex.EncodeToString(computed[:])
	checkpoint := check{name: "checkpoint"}
	if result.Root != hex.EncodeToString(root) {
		checkpoint.fail("the root of version %s at %d is %x, that of the log %s", name, result.Seq, root, result.Root)
		before := hex.EncodeToString(root)
		result.Differences = append(result.Differences, report.Difference{
			Table: "meta.read_model", Key: name, Column: "root", Before: &before, After: &result.Root, Seq: result.Seq,
		})
	}
	result.add(checkpoint.result(fmt.Sprintf("version %s is at record %d of the log", name, result.Seq)))
	if err := tx.QueryRow(ctx, "select coalesce((select version from "+scratch+".policy order by seq desc limit 1), '')").Scan(&result.Policy); err != nil {
		return result, fmt.Errorf("read the policy: %w", err)
	}
	diff, err := report.CompareIn(ctx, tx, "rm_"+name, scratch, r.Tables(), listed)
	if err != nil {
		return result, err
	}
	result.Differences = append(result.Differences, diff.Differences...)
	for _, t := range diff.Tables {
		c := check{name: "table " + t.Name}
		if t.Changed+t.Added+t.Removed > 0 {
			c.fail("%d rows changed, %d missing, %d too many%s", t.Changed, t.Added, t.Removed, examples(diff.Differences, t.Name))
		}
		if len(t.Left) > 0 {
			c.fail("columns that are missing, or too many: %s", strings.Join(t.Left, ", "))
		}
		result.add(c.result(fmt.Sprintf("%d rows", t.Same)))
	}
	months, err := closings(ctx, pool, result.Seq)
	if err != nil {
		return result, err
	}
	result.add(months)
	return result, nil
}

// closings computes again what each closing of a month says of the books: the totals of all that
// was dated up to its end and recorded up to its record, and the root of the tree there.
func closings(ctx context.Context, pool *pgxpool.Pool, seq uint64) (Check, error) {
	type closing struct {
		seq                            uint64
		period, debits, credits, stood string
		at                             uint64
	}
	rows, err := pool.Query(ctx, selectClosings, pgx.NamedArgs{"seq": seq})
	if err != nil {
		return Check{}, fmt.Errorf("read closings: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k closing, err error) {
		err = row.Scan(&k.seq, &k.period, &k.debits, &k.credits, &k.stood, &k.at)
		return k, err
	})
	if err != nil {
		return Check{}, fmt.Errorf("read closings: %w", err)
	}
	c := check{name: "period-totals"}
	for _, k := range all {
		period, err := ledger.ParsePeriod(k.period)
		if err != nil || k.at >= k.seq {
			c.fail("record %d closes %s as of record %d", k.seq, k.period, k.at)
			continue
		}
		var trial report.Trial
		var root string
		if k.at > 0 {
			if trial, err = report.TrialBalance(ctx, pool, report.Cut{AsOf: period.Last(), KnownBy: k.at}); err != nil {
				return Check{}, err
			}
		}
		if root, err = report.Root(ctx, pool, k.at); err != nil {
			return Check{}, err
		}
		if debits, credits := trial.DebitTotal.String(), trial.CreditTotal.String(); debits != k.debits || credits != k.credits {
			c.fail("record %d closes %s with debits %s and credits %s; up to record %d they are %s and %s", k.seq, k.period, k.debits, k.credits, k.at, debits, credits)
		}
		if root != k.stood {
			c.fail("record %d closes %s under root %s; that of record %d is %s", k.seq, k.period, k.stood, k.at, root)
		}
	}
	return c.result(fmt.Sprintf("closings computed again: %d", len(all))), nil
}

// examples names the first rows of a table that differ.
func examples(all []report.Difference, table string) string {
	text, n := "", 0
	for _, d := range all {
		if d.Table != table {
			continue
		}
		if n++; n > 5 {
			return text + " …"
		}
		switch {
		case d.After == nil && d.Column == "*":
			text += fmt.Sprintf("; %s should not be there", d.Key)
		case d.Before == nil && d.Column == "*":
			text += fmt.Sprintf("; %s is missing", d.Key)
		default:
			text += fmt.Sprintf("; %s column %s is %s, must be %s", d.Key, d.Column, shown(d.Before), shown(d.After))
		}
	}
	return text
}

func shown(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

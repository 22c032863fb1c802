package report

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/ledger"
)

// A List is a page of a list: rows of text under the names of their columns.
// Amounts have two decimals; what is not known is empty.
type List struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	More    bool       `json:"more"`
	Next    string     `json:"next"` // where the following page begins; "" after the last
	Basis
}

// A list is read in pages by one column that is its key.
type list struct {
	columns string // of the view, in their order; the first is the key
	view    string
	amounts string // columns that are amounts, for whoever prints them
}

var lists = map[string]list{
	"claims":   {"seq, claim, scheme, region, party, period_from, period_to, units, amount, status, submitted_on, approved_on", "claim", "amount"},
	"payments": {"seq, payment, claim, batch, scheme, region, party, amount, status, instructed_on, paid_on, returned_on, suspect", "payment", "amount"},
	"parties":  {"seq, party, kind, name, code, place, region, erased", "party", ""},
	"batches":  {"seq, batch, status, lines, total, opened_on, sent_on, voucher", "batch", "total"},
	"suspects": {"seq, payment, earlier, party, amount, date", "suspect", "amount"},
	"periods":  {"period, status, closed_by, closed_on, debits, credits, at_seq, reopened_by, reason", "period", "debits credits"},
	"schemes":  {"code, version, name_zh, name_en, once, unit, clause, publicity_days", "scheme", ""},
	"policies": {"seq, version, label, source, published_on", "policy", ""},
	"budgets":  {"region || '/' || scheme || '/' || fund || '/' || year as line, voted, committed, disbursed, available", "budget_line", "voted committed disbursed available"},
}

// ErrList refuses a list that does not exist.
var ErrList = &ledger.Rejection{
	Code: "list-unknown", Rule: "only lists that exist are shown", RuleZH: "只能查询已有的清单",
	Next: "use claims, payments, parties, batches, suspects, periods, schemes, policies or budgets", NextZH: "请使用已有清单名称",
}

// Page lists the rows of a list whose key comes after a place; "" begins at the
// beginning. Persons are named masked.
func Page(ctx context.Context, pool *pgxpool.Pool, name, after string, limit int) (out List, err error) {
	l, ok := lists[name]
	if !ok {
		return List{}, ErrList.Of("%q", name)
	}
	err = snapshot(ctx, pool, Cut{}, func(tx pgx.Tx, b Basis) error {
		out = List{Rows: [][]string{}, Basis: b}
		rows, err := tx.Query(ctx, l.query(), pgx.NamedArgs{"after": after, "limit": limit + 1})
		if err != nil {
			return err
		}
		defer rows.Close()
		for _, f := range rows.FieldDescriptions() {
			out.Columns = append(out.Columns, f.Name)
		}
		for rows.Next() {
			values, err := rows.Values()
			if err != nil {
				return err
			}
			if len(out.Rows) == limit {
				out.More, out.Next = true, out.Rows[limit-1][0]
				break
			}
			row := make([]string, len(values))
			for i, v := range values {
				if v != nil {
					row[i] = fmt.Sprint(v)
				}
			}
			out.Rows = append(out.Rows, row)
		}
		return rows.Err()
	})
	if err != nil {
		return List{}, fmt.Errorf("list %s: %w", name, err)
	}
	return out, nil
}

// Amount tells whether a column of a list holds amounts.
func Amount(name, column string) bool {
	for c := range strings.FieldsSeq(lists[name].amounts) {
		if c == column {
			return true
		}
	}
	return false
}

// query writes every column as text. Its parts are constants of this file.
func (l list) query() string {
	var texts []string
	var key string
	for i, c := range strings.Split(l.columns, ", ") {
		value, name, ok := strings.Cut(c, " as ")
		if !ok {
			name = c
		}
		texts = append(texts, fmt.Sprintf("(%s)::text as %s", value, name))
		if i == 0 {
			key = value
		}
	}
	after := "(" + key + ")::text > @after"
	if key == "seq" {
		after = "seq > coalesce(nullif(@after, ''), '0')::bigint"
	}
	return fmt.Sprintf("select %s from read.%s where %s order by %s limit @limit", strings.Join(texts, ", "), l.view, after, key)
}

package intake

import (
	"iter"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/budget"
)

// A Budget is one row of a list of appropriations (指标).
type Budget struct {
	Origin
	Appropriate budget.Appropriate
	On          ledger.Date
}

// BudgetColumns are the columns of a list of appropriations, in any order:
// region (code), scheme, fund, year, amount (in yuan, 1234.56), document (指标文号),
// date (2023-04-30).
var BudgetColumns = []string{"region", "scheme", "fund", "year", "amount", "document", "date"}

// ReadBudget gives the appropriations of f, a [Refused] for each row that is
// refused, and any other error last.
func ReadBudget(f *File) iter.Seq2[Budget, error] {
	if err := f.exactly(BudgetColumns, nil); err != nil {
		return failed[Budget](err)
	}
	none := func(Row, int) privacy { return open }
	return rows(f, none, func(r Row) (Budget, error) {
		text := f.cells(r)
		of := func(column string) cell { return cell{column, text(column)} }
		b := Budget{Origin: r.Origin}
		var err error
		if b.On, err = ledger.ParseDate(text("date")); err != nil {
			return Budget{}, in("date", err)
		}
		if _, err := ledger.FindRegion(ledger.RegionCode(text("region")), b.On); err != nil {
			return Budget{}, in("region", err)
		}
		do := &b.Appropriate
		if do.Line, err = budgetLine(of("region"), of("scheme"), of("fund"), of("year")); err != nil {
			return Budget{}, err
		}
		if do.Amount, err = (AmountForm{}).Parse(text("amount")); err != nil {
			return Budget{}, in("amount", err)
		}
		if do.Document, err = note(of("document")); err != nil {
			return Budget{}, err
		}
		if do.Document == "" {
			return Budget{}, in("document", budget.ErrLine.Of("no document"))
		}
		if startsFormula(do.Document) {
			return Budget{}, in("document", ErrFormula.Of("document"))
		}
		return b, nil
	})
}

// exactly refuses a file of a fixed form that has not the needed columns, or has
// others than these and the optional ones.
func (f *File) exactly(needed, optional []string) error {
	for _, c := range needed {
		if f.Column(c) < 0 {
			return ErrColumns.Of("%s has no column %q", f.Name, c)
		}
	}
	for i, c := range f.Columns {
		if !slices.Contains(needed, c) && !slices.Contains(optional, c) {
			return ErrColumns.Of("%s: column %d is none of %s", f.Name, i+1, strings.Join(slices.Concat(needed, optional), ", "))
		}
	}
	return nil
}

// cells returns a function that gives the cell of a column, trimmed; "" where the
// file has not the column.
func (f *File) cells(r Row) func(string) string {
	return func(column string) string {
		i := f.Column(column)
		if i < 0 {
			return ""
		}
		return strings.TrimSpace(r.Cells[i])
	}
}

package intake

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// A Payment is one row of a list of payments that were made elsewhere.
type Payment struct {
	Origin
	Payee  Party
	Amount ledger.Money // in the currency of the mapping
	Date   ledger.Date
	Budget ledger.BudgetLine
	Note   string // begins with the currency and a colon unless it is CNY
	Source string // hash of the file, row and line
}

// Record returns the action that records p for a party that is registered. The
// payment has the name of its row, so that the same file records nothing twice.
func (p Payment) Record(id ledger.PartyID) payment.Record {
	return payment.Record{
		Amount: p.Amount, Line: p.Budget, Note: p.Note, Party: id, Payment: ledger.PaymentID(p.ID), Source: p.Source,
	}
}

// ErrCurrency refuses a row that is in another currency than the list.
var ErrCurrency = &ledger.Rejection{
	Code: "currency-differs", Rule: "every amount of a list is in the currency of its mapping; nothing is converted", RuleZH: "清单金额须与映射文件所列币种一致，不作换算",
	Next: "import rows of another currency into a book of their own", NextZH: "其他币种的行请导入单独账簿",
}

// ReadPayments gives the payments of f in the order of its rows, a [Refused] for
// each row that is refused, and any other error last. f was opened with the
// options of m.
func ReadPayments(f *File, m Mapping) iter.Seq2[Payment, error] {
	for _, c := range m.columns() {
		if f.Column(c) < 0 {
			return failed[Payment](ErrColumns.Of("%s has no column %q", f.Name, c))
		}
	}
	return rows(f, m.personal(f), func(r Row) (Payment, error) { return m.payment(f, r) })
}

func failed[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yield(none, err)
	}
}

// of returns what s gives for a row.
func (s Source) of(f *File, r Row) (cell, error) {
	if s.Column == "" {
		return cell{text: s.Value}, nil
	}
	c := cell{s.Column, r.Cells[f.Column(s.Column)]}
	if s.Values == nil {
		return c, nil
	}
	value, ok := s.Values[c.trimmed()]
	if !ok {
		return cell{}, in(s.Column, ErrValue.Of("%s is not among the values of the mapping", quote(c.text)))
	}
	return cell{s.Column, value}, nil
}

func (m Mapping) payment(f *File, r Row) (Payment, error) {
	p := Payment{Origin: r.Origin, Source: fmt.Sprintf("sha256:%s row %d line %d", f.SHA256, r.Row, r.Line)}
	var err error
	if p.Date, err = m.Date.Parse(r.Cells[f.Column(m.DateColumn)]); err != nil {
		return Payment{}, in(m.DateColumn, err)
	}
	if m.CurrencyColumn != "" {
		if c := strings.TrimSpace(r.Cells[f.Column(m.CurrencyColumn)]); c != m.Currency {
			if !currencyCode.MatchString(c) {
				c = quote(c)
			}
			return Payment{}, in(m.CurrencyColumn, ErrCurrency.Of("%s in a list in %s", c, m.Currency))
		}
	}
	if p.Amount, err = m.Amount.Parse(r.Cells[f.Column(m.AmountColumn)]); err != nil {
		return Payment{}, in(m.AmountColumn, err)
	}
	var value [10]cell
	for i, s := range m.sources() {
		if value[i], err = s.of(f, r); err != nil {
			return Payment{}, err
		}
	}
	payee := partyRow{value[0], value[1], value[2], value[3], value[4], value[5]}
	if p.Payee, err = payee.read(p.Date); err != nil {
		return Payment{}, err
	}
	if p.Budget, err = budgetLine(value[7], value[6], value[8], cell{text: strconv.Itoa(p.Date.Year())}); err != nil {
		return Payment{}, err
	}
	if p.Note, err = note(value[9]); err != nil {
		return Payment{}, err
	}
	if m.Currency != "CNY" {
		p.Note = strings.TrimSpace(m.Currency + ": " + p.Note)
	}
	return p, nil
}

// budgetLine makes a budget line of its parts, and names the part that is none.
func budgetLine(region, scheme, fund, year cell) (ledger.BudgetLine, error) {
	line, err := ledger.ParseBudgetLine(strings.Join([]string{region.trimmed(), scheme.trimmed(), fund.trimmed(), year.trimmed()}, "/"))
	if err == nil {
		return line, nil
	}
	for _, part := range []cell{region, scheme, fund} {
		if ledger.CheckID(part.trimmed()) != nil {
			return ledger.BudgetLine{}, in(part.column, err)
		}
	}
	return ledger.BudgetLine{}, in(year.column, err)
}

// personal says which cells are masked in refusals. In a list that may hold
// persons these are numbers of persons, which tell as much when they are nearly
// right, names, notes and every column that the mapping does not read, where a
// telephone or an address may stand.
func (m Mapping) personal(f *File) func(Row, int) privacy {
	public := []string{m.DateColumn, m.AmountColumn, m.CurrencyColumn, m.Kind.Column, m.Scheme.Column, m.Region.Column, m.Fund.Column, m.Code.Column}
	return func(r Row, i int) privacy {
		switch c := f.Columns[i]; {
		case c == m.Person.Column, c == m.Certificate.Column:
			return private
		case slices.Contains(public, c):
			return open
		}
		kind, err := m.Kind.of(f, r)
		if err != nil || kind.text != string(policy.Employer) && kind.text != string(policy.Institution) {
			return private
		}
		if m.Person.Column == "" && m.Certificate.Column == "" {
			return open
		}
		person, _ := m.Person.of(f, r)
		certificate, _ := m.Certificate.of(f, r)
		if person.text+certificate.text == "" && slices.Contains([]string{m.Name.Column, m.Place.Column, m.Note.Column}, f.Columns[i]) {
			return open
		}
		return private
	}
}

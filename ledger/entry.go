package ledger

import (
	"slices"
	"strconv"
	"strings"
)

// A BudgetLine is what money is voted for: a region, a scheme, a fund source and
// a fiscal year. Money of one line pays nothing of another (专款专用; 预算法
// art. 13). Its text form is "220104/startup/levy/2023"; the zero BudgetLine is
// none and is written as "".
type BudgetLine struct {
	Region RegionCode
	Scheme SchemeCode
	Fund   FundCode
	Year   int
}

// ErrBudgetLine refuses a line that does not name all four parts.
var ErrBudgetLine = &Rejection{
	Code: "budget-line-form", Rule: "a budget line is region/scheme/fund/year", RuleZH: "指标须写明地区/项目/资金来源/年度",
	Source: "预算法 art. 13", Next: "name region, scheme, fund and year", NextZH: "请写明地区、项目、资金来源和年度",
}

// ParseBudgetLine reads "220104/startup/levy/2023".
func ParseBudgetLine(s string) (BudgetLine, error) {
	region, rest, _ := strings.Cut(s, "/")
	scheme, rest, _ := strings.Cut(rest, "/")
	fund, year, ok := strings.Cut(rest, "/")
	if !ok || len(year) != 4 || digits(year) < 1900 || CheckID(region) != nil || CheckID(scheme) != nil || CheckID(fund) != nil {
		return BudgetLine{}, ErrBudgetLine.Of("%q", clip(s))
	}
	return BudgetLine{RegionCode(region), SchemeCode(scheme), FundCode(fund), digits(year)}, nil
}

// IsZero tells whether l is none.
func (l BudgetLine) IsZero() bool { return l == BudgetLine{} }

func (l BudgetLine) String() string {
	if l.IsZero() {
		return ""
	}
	return string(l.Region) + "/" + string(l.Scheme) + "/" + string(l.Fund) + "/" + strconv.Itoa(l.Year)
}

// AppendText appends what String writes.
func (l BudgetLine) AppendText(b []byte) ([]byte, error) {
	if l.IsZero() {
		return b, nil
	}
	b = append(append(append(b, l.Region...), '/'), l.Scheme...)
	b = append(append(append(b, '/'), l.Fund...), '/')
	return strconv.AppendInt(b, int64(l.Year), 10), nil
}

// MarshalText writes l as String does.
func (l BudgetLine) MarshalText() ([]byte, error) { return l.AppendText(nil) }

// UnmarshalText reads what MarshalText wrote.
func (l *BudgetLine) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*l = BudgetLine{}
		return nil
	}
	*l, err = ParseBudgetLine(string(b))
	return err
}

// A Posting moves one account on one side.
type Posting struct {
	Account AccountCode `json:"account"`
	Amount  Money       `json:"amount"`
	Line    BudgetLine  `json:"line,omitzero"` // when it is not the entry's
	Side    Side        `json:"side"`
}

// An Entry is a balanced set of postings (会计分录), bound to the clause and the
// policy version it was decided under.
//
// Date is the accounting date and lies in a period that was open. When the fact
// belongs to a period closed before it was known, Adjusts names that period and
// Date lies in the first one open (以前期间调整).
type Entry struct {
	Adjusts  Period     `json:"adjusts,omitzero"`
	Clause   string     `json:"clause,omitempty"`
	Date     Date       `json:"date"`
	ID       EntryID    `json:"id"`
	Line     BudgetLine `json:"line,omitzero"`
	Memo     string     `json:"memo,omitempty"`
	Policy   string     `json:"policy,omitempty"`
	Postings []Posting  `json:"postings"`
}

// Refusals of entries, in the order of checking. [ErrAccount] comes second,
// then [ErrSide], [ErrAmountSign] and [ErrAmountRange].
var (
	ErrEmptyEntry = &Rejection{
		Code: "entry-empty", Rule: "an entry has at least two postings", RuleZH: "一笔分录至少有两行",
		Source: "会计法 art. 9; 政府会计准则——基本准则 art. 10", Next: "complete the entry", NextZH: "请补全分录",
	}
	ErrSide = &Rejection{
		Code: "posting-side", Rule: "a posting is a debit or a credit", RuleZH: "分录须为借方或贷方",
		Next: "write debit or credit", NextZH: "请填写借方或贷方",
	}
	ErrUnbalanced = &Rejection{
		Code: "entry-unbalanced", Rule: "debits equal credits in each book", RuleZH: "有借必有贷，各账簿借贷必相等",
		Source: "政府会计制度（财会〔2017〕25号）", Next: "correct the amounts", NextZH: "请更正金额",
	}
)

// Check refuses an entry that may not be posted under chart.
func (e Entry) Check(chart Chart) error {
	if len(e.Postings) < 2 {
		return ErrEmptyEntry.Of("entry %s", e.ID)
	}
	// In hundredths: amounts have at most 13 digits, so the sums of an entry that a
	// record can hold are exact in 64 bits.
	var books [3]struct {
		book Book
		sum  int64
	}
	most, _ := MaxMoney.Fen()
	for i, p := range e.Postings {
		a, ok := chart.Find(p.Account)
		if !ok {
			return ErrAccount.Of("entry %s, posting %d: account %q", e.ID, i+1, p.Account)
		}
		if p.Side != Debit && p.Side != Credit {
			return ErrSide.Of("entry %s, posting %d: side %q", e.ID, i+1, clip(string(p.Side)))
		}
		if p.Amount.Sign() <= 0 {
			return ErrAmountSign.Of("entry %s, posting %d: %s", e.ID, i+1, p.Amount)
		}
		fen, ok := p.Amount.Fen()
		if !ok || fen > most {
			return ErrAmountRange.Of("entry %s, posting %d: %s", e.ID, i+1, p.Amount)
		}
		if p.Side == Credit {
			fen = -fen
		}
		for j := range books {
			if books[j].book == "" {
				books[j].book = a.Book
			}
			if books[j].book == a.Book {
				books[j].sum += fen
				break
			}
		}
	}
	for _, b := range books {
		if b.sum != 0 {
			return ErrUnbalanced.Of("entry %s: debits exceed credits by %s in the %s book", e.ID, Fen(b.sum), b.book)
		}
	}
	return nil
}

// Signed is the amount with debits positive, for sums alone.
func (p Posting) Signed() Money {
	switch p.Side {
	case Debit:
		return p.Amount
	case Credit:
		return Money{}.Sub(p.Amount)
	}
	panic("ledger: posting on side " + string(p.Side))
}

// Of returns the budget line that a posting of e moves.
func (p Posting) Of(e Entry) BudgetLine {
	if p.Line.IsZero() {
		return e.Line
	}
	return p.Line
}

// Booked returns the entry of an event that may carry none, see [Event].
func (e *Entry) Booked() (Entry, bool) {
	if e == nil {
		return Entry{}, false
	}
	return *e, true
}

// Mirror returns the reversal of e: the same accounts and amounts on the other
// sides, as entry id on day on. It shares nothing with e.
func (e Entry) Mirror(id EntryID, on Date, memo string) Entry {
	e.ID, e.Date, e.Memo, e.Adjusts = id, on, memo, Period{}
	e.Postings = slices.Clone(e.Postings)
	for i := range e.Postings {
		e.Postings[i].Side = e.Postings[i].Side.Opposite()
	}
	return e
}

// Equal tells whether e and f say the same.
func (e Entry) Equal(f Entry) bool {
	return e.Adjusts == f.Adjusts && e.Clause == f.Clause && e.Date == f.Date && e.ID == f.ID && e.Line == f.Line &&
		e.Memo == f.Memo && e.Policy == f.Policy &&
		slices.EqualFunc(e.Postings, f.Postings, func(p, q Posting) bool {
			return p.Account == q.Account && p.Amount.Equal(q.Amount) && p.Line == q.Line && p.Side == q.Side
		})
}

// Total returns the sum of the debits in the financial book, or in all books if
// none is financial: the size of what happened, once.
func (e Entry) Total(chart Chart) Money {
	var financial, all Money
	for _, p := range e.Postings {
		if p.Side != Debit {
			continue
		}
		all = all.Add(p.Amount)
		if a, ok := chart.Find(p.Account); ok && a.Book == Financial {
			financial = financial.Add(p.Amount)
		}
	}
	if financial.IsZero() {
		return all
	}
	return financial
}

// An Event is something that has happened to the book. Its name and version in
// the log are given by the catalogue in [zhucan/events].
type Event interface {
	// Case names what it happened to: a claim, payment, batch, party, budget line…
	Case() string
	// Effective is the day it is about.
	Effective() Date
	// Booked returns the balanced entry it carries; false when no money moved.
	Booked() (Entry, bool)
}

// Package budget decides what may be voted, moved and promised on each budget
// line: appropriations (指标), commitments, and what is left.
//
// A line is region × scheme × fund source × year. Money is voted for it
// ([Appropriate]), changed ([Adjust]), moved to another ([Transfer]) or carried
// into the next year ([CarryOver]). An approved claim commits part of it, a
// payment turns commitment into disbursement, a rejection or return releases it;
// those three happen inside the events of claims and payments, so that neither
// can be recorded without the other.
//
// # Year end
//
// Money of a year is promised in that year: an approval names a line of the year it
// is made in (预算法 art. 18). What is promised and not paid when the year ends stays
// promised on its own line, with its claim, and is paid from that line in a later
// year: the line it was approved on is the one a payment names, always. It is the
// part of the carried-over money that the next year spends on the item it was voted
// for (结转资金, 预算法 art. 42). What is not promised is carried over by a document
// ([CarryOver]), which moves what is available and never what is committed; claims of
// the new year are approved on the line it came to. A claim rejected, stopped or given
// up after its year makes its money available on the old line, from where it is carried over too.
//
// Money unspent for two years is no longer carried over but managed as surplus (结余
// 资金, 预算法 art. 42; 预算法实施条例 art. 50). That is a decision of the finance
// department with a document of its own, entered as [Adjust]; which part of what a
// line spent was carried-over money no source here says, so nothing is computed.
//
// # Invariants
//
//  1. voted = available + committed + disbursed, on every line.
//  2. available is never negative, as of any day: nothing is approved, transferred, carried over
//     or adjusted away beyond it, nor before the day on which it became available
//     (预算法 art. 13; 预算法实施条例 arts. 56, 57).
//  3. Money voted for one scheme pays no other (专款专用): a transfer between
//     schemes is refused.
//  4. A document (指标文号) votes, adds to, takes from, moves or carries over the money
//     of a line once; it may do so for any number of lines (no source voucher is
//     booked twice, DA/T 95—2022 §8.2.2).
package budget

import (
	"fmt"
	"slices"

	"zhucan/ledger"
)

// A Command asks for a change of one budget line.
type Command struct {
	ledger.Order
	Do Action
}

// An Action is what a command asks for.
//
//sumtype:decl
type Action interface{ budget() }

type (
	// Appropriate votes money for a line (指标下达).
	Appropriate struct {
		Amount   ledger.Money      `json:"amount"`
		Document string            `json:"document"` // 指标文号
		Line     ledger.BudgetLine `json:"line"`
	}
	// Adjust adds to or takes from what was voted (指标调整).
	Adjust struct {
		Amount   ledger.Money      `json:"amount"` // positive
		Document string            `json:"document"`
		Line     ledger.BudgetLine `json:"line"`
		Side     ledger.Side       `json:"side"` // debit: more, credit: less
	}
	// Transfer moves available money between two lines of one scheme and year (指标调剂).
	Transfer struct {
		Amount   ledger.Money      `json:"amount"`
		Document string            `json:"document"`
		Line     ledger.BudgetLine `json:"line"` // from
		To       ledger.BudgetLine `json:"to"`
	}
	// CarryOver moves what is available into the next year (结转).
	CarryOver struct {
		Amount   ledger.Money      `json:"amount"`
		Document string            `json:"document"`
		Line     ledger.BudgetLine `json:"line"` // of the year that ends
	}
)

func (Appropriate) budget() {}
func (Adjust) budget()      {}
func (Transfer) budget()    {}
func (CarryOver) budget()   {}

// An Event is something that has happened to a budget line.
//
//sumtype:decl
type Event interface {
	ledger.Event
	happened()
}

type (
	// Appropriated says that money is voted.
	Appropriated struct {
		Amount   ledger.Money      `json:"amount"`
		Document string            `json:"document"`
		Entry    ledger.Entry      `json:"entry"`
		Line     ledger.BudgetLine `json:"line"`
		On       ledger.Date       `json:"on"`
	}
	// Adjusted says that more or less is voted.
	Adjusted struct {
		Amount   ledger.Money      `json:"amount"`
		Document string            `json:"document"`
		Entry    ledger.Entry      `json:"entry"`
		Line     ledger.BudgetLine `json:"line"`
		On       ledger.Date       `json:"on"`
		Side     ledger.Side       `json:"side"`
	}
	// Transferred says that money moved to another line.
	Transferred struct {
		Amount   ledger.Money      `json:"amount"`
		Document string            `json:"document"`
		Entry    ledger.Entry      `json:"entry"`
		Line     ledger.BudgetLine `json:"line"`
		On       ledger.Date       `json:"on"`
		To       ledger.BudgetLine `json:"to"`
	}
	// CarriedOver says that money moved into the next year.
	CarriedOver struct {
		Amount   ledger.Money      `json:"amount"`
		Document string            `json:"document"`
		Entry    ledger.Entry      `json:"entry"`
		Line     ledger.BudgetLine `json:"line"`
		On       ledger.Date       `json:"on"`
		To       ledger.BudgetLine `json:"to"`
	}
)

func (Appropriated) happened() {}
func (Adjusted) happened()     {}
func (Transferred) happened()  {}
func (CarriedOver) happened()  {}

// Case is the budget line.
func (e Appropriated) Case() string { return Case(e.Line) }
func (e Adjusted) Case() string     { return Case(e.Line) }
func (e Transferred) Case() string  { return Case(e.Line) }
func (e CarriedOver) Case() string  { return Case(e.Line) }

// Effective is the day of the order.
func (e Appropriated) Effective() ledger.Date { return e.On }
func (e Adjusted) Effective() ledger.Date     { return e.On }
func (e Transferred) Effective() ledger.Date  { return e.On }
func (e CarriedOver) Effective() ledger.Date  { return e.On }

// Booked is the entry.
func (e Appropriated) Booked() (ledger.Entry, bool) { return e.Entry, true }
func (e Adjusted) Booked() (ledger.Entry, bool)     { return e.Entry, true }
func (e Transferred) Booked() (ledger.Entry, bool)  { return e.Entry, true }
func (e CarriedOver) Booked() (ledger.Entry, bool)  { return e.Entry, true }

// Case names a budget line as the case of an event.
func Case(l ledger.BudgetLine) string { return "budget:" + l.String() }

// Refusals, in the order of checking. [ledger.ErrAmountSign] comes second.
var (
	ErrLine = &ledger.Rejection{
		Code: "budget-line-missing", Rule: "a budget order names its line and document", RuleZH: "指标业务须写明指标和文号",
		Source: "预算法 art. 13", Next: "name the line as region/scheme/fund/year and the document number", NextZH: "请写明指标（地区/项目/资金来源/年度）及文号",
	}
	ErrEarmark = &ledger.Rejection{
		Code: "budget-earmarked", Rule: "money voted for one scheme pays no other; it moves within its scheme and year, and is carried into the next year only", RuleZH: "专款专用：指标只能在同一项目、同一年度内调剂，或结转至下一年度",
		Source: "预算法 art. 13; 财税〔2015〕72号 arts. 21–24", Next: "vote money for the other scheme", NextZH: "请为该项目另行下达指标",
	}
	ErrYear = &ledger.Rejection{
		Code: "budget-year", Rule: "money of a year is promised in that year, and carried over when the year is there", RuleZH: "当年指标当年安排；年度未到不得结转",
		Source: "预算法 art. 18", Next: "carry the money over first, or use a line of the year", NextZH: "请先办理结转，或使用当年指标",
	}
	ErrBooked = &ledger.Rejection{
		Code: "document-booked", Rule: "a document changes a line once in one way", RuleZH: "同一指标文号对同一指标的同类业务只能入账一次",
		Source: "DA/T 95—2022 §8.2.2", Next: "look at the entry that is named; if it is wrong, correct it by an adjustment", NextZH: "请核对已列明的分录；有误的请办理指标调整",
	}
	ErrExceeded = &ledger.Rejection{
		Code: "budget-exceeded", Rule: "nothing is promised or paid beyond what is available", RuleZH: "不得超出可用指标安排支出",
		Source: "预算法 art. 13; 预算法实施条例 arts. 56, 57", Next: "have more voted for the line, or wait until commitments are released", NextZH: "请追加指标，或待已承诺指标释放后再办理",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrLine, ErrEarmark, ErrYear, ErrBooked, ErrExceeded}

// A Use is how the money of one line stands.
type Use struct{ Voted, Committed, Disbursed ledger.Money }

// A day is one of a line.
type day struct {
	line ledger.BudgetLine
	on   ledger.Date
}

// Available returns what may still be promised.
func (u Use) Available() ledger.Money { return u.Voted.Sub(u.Committed).Sub(u.Disbursed) }

// State is how the money of every line stands.
type State struct {
	lines  ledger.Table[ledger.BudgetLine, Use]
	days   ledger.Table[ledger.BudgetLine, []ledger.Date] // on which what is available changed, in their order
	change ledger.Table[day, ledger.Money]                // by how much
	booked ledger.Table[[16]byte, ledger.EntryID]         // document, line and what it did to it
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return []ledger.Tentative{&s.lines, &s.days, &s.change, &s.booked}
}

// Use returns how the money of a line stands.
func (s *State) Use(l ledger.BudgetLine) Use { return s.lines.At(l) }

// Lines yields every line and how its money stands, in no particular order.
func (s *State) Lines() func(func(ledger.BudgetLine, Use) bool) { return s.lines.All() }

// Decider holds the rules about budgets. Entries are added by the book, which
// knows the chart.
var Decider = ledger.Decider[*State, Command, Event]{Decide: Decide, Evolve: Evolve}

// Decide answers c in state s.
func Decide(s *State, c Command) ([]Event, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := c.Needs(ledger.Accountant); err != nil {
		return nil, err
	}
	switch do := c.Do.(type) {
	case Appropriate:
		if err := check(do.Line, do.Document, do.Amount); err != nil {
			return nil, err
		}
		if err := s.once(voting, do.Document, do.Line, do.Line); err != nil {
			return nil, err
		}
		return []Event{Appropriated{Amount: do.Amount, Document: do.Document, Line: do.Line, On: c.On}}, nil
	case Adjust:
		if err := check(do.Line, do.Document, do.Amount); err != nil {
			return nil, err
		}
		if do.Side != ledger.Debit && do.Side != ledger.Credit {
			return nil, ErrLine.Of("side %q", do.Side)
		}
		if err := s.once(adjusting+string(do.Side), do.Document, do.Line, do.Line); err != nil {
			return nil, err
		}
		if do.Side == ledger.Credit {
			if err := s.Check(do.Line, do.Amount, c.On); err != nil {
				return nil, err
			}
		}
		return []Event{Adjusted{Amount: do.Amount, Document: do.Document, Line: do.Line, On: c.On, Side: do.Side}}, nil
	case Transfer:
		if err := check(do.Line, do.Document, do.Amount); err != nil {
			return nil, err
		}
		if do.To.Scheme != do.Line.Scheme || do.To.Year != do.Line.Year || do.To.Fund != do.Line.Fund || do.To == do.Line || !formed(do.To) {
			return nil, ErrEarmark.Of("from %s to %s", do.Line, do.To)
		}
		if err := s.once(moving, do.Document, do.Line, do.To); err != nil {
			return nil, err
		}
		if err := s.Check(do.Line, do.Amount, c.On); err != nil {
			return nil, err
		}
		return []Event{Transferred{Amount: do.Amount, Document: do.Document, Line: do.Line, On: c.On, To: do.To}}, nil
	case CarryOver:
		if err := check(do.Line, do.Document, do.Amount); err != nil {
			return nil, err
		}
		to := do.Line
		to.Year++
		if !formed(to) {
			return nil, ErrLine.Of("line %q", to)
		}
		if c.On.Year() < do.Line.Year {
			return nil, ErrYear.Of("line %s on %s", do.Line, c.On)
		}
		if err := s.once(carrying, do.Document, do.Line, to); err != nil {
			return nil, err
		}
		if err := s.Check(do.Line, do.Amount, c.On); err != nil {
			return nil, err
		}
		return []Event{CarriedOver{Amount: do.Amount, Document: do.Document, Line: do.Line, On: c.On, To: to}}, nil
	}
	panic(fmt.Sprintf("budget: action %T", c.Do))
}

func check(l ledger.BudgetLine, document string, amount ledger.Money) error {
	if !formed(l) || document == "" {
		return ErrLine.Of("line %q, document %q", l, document)
	}
	if amount.Sign() <= 0 {
		return ledger.ErrAmountSign.Of("%s on %s", amount, l)
	}
	if amount.Cmp(ledger.MaxMoney) > 0 {
		return ledger.ErrAmountRange.Of("%s on %s", amount, l)
	}
	return nil
}

// What a document can do to a line.
const (
	voting    = "voted"
	adjusting = "adjusted "
	moving    = "moved"
	carrying  = "carried over"
)

func deed(kind, document string, l, to ledger.BudgetLine) [16]byte {
	return ledger.Digest(kind, ledger.FoldNumber(document), l.String(), to.String())
}

// once refuses what a document has already done.
func (s *State) once(kind, document string, l, to ledger.BudgetLine) error {
	if first, ok := s.booked.Get(deed(kind, document, l, to)); ok {
		return ErrBooked.Of("document %s, line %s, entry %s", document, l, first)
	}
	return nil
}

// formed tells whether a line can be read back from the log.
func formed(l ledger.BudgetLine) bool {
	_, err := ledger.ParseBudgetLine(l.String())
	return err == nil
}

// Check refuses an amount that is more than a line has available on a day or on one after it: what
// became available later is not promised before, and what is promised later is promised, whatever
// the order in which things become known.
func (s *State) Check(l ledger.BudgetLine, amount ledger.Money, on ledger.Date) error {
	left := s.lines.At(l).Available() // at the end of the latest day, which mostly is the one asked about
	days := s.days.At(l)
	for i := len(days) - 1; ; i-- {
		at := on
		if i >= 0 && days[i].After(on) {
			at = days[i]
		}
		if amount.Cmp(left) > 0 {
			return ErrExceeded.Of("%s asked of %s, which has %s available on %s", amount, l, left, at)
		}
		if at == on {
			return nil
		}
		left = left.Sub(s.change.At(day{l, at}))
	}
}

// Evolve returns the budget as it is after e.
func Evolve(s *State, e Event) *State {
	switch e := e.(type) {
	case Appropriated:
		s.vote(e.Line, e.Amount, e.On)
		s.book(deed(voting, e.Document, e.Line, e.Line), e.Entry.ID)
	case Adjusted:
		s.book(deed(adjusting+string(e.Side), e.Document, e.Line, e.Line), e.Entry.ID)
		if e.Side == ledger.Debit {
			s.vote(e.Line, e.Amount, e.On)
		} else {
			s.vote(e.Line, ledger.Money{}.Sub(e.Amount), e.On)
		}
	case Transferred:
		s.book(deed(moving, e.Document, e.Line, e.To), e.Entry.ID)
		s.vote(e.Line, ledger.Money{}.Sub(e.Amount), e.On)
		s.vote(e.To, e.Amount, e.On)
	case CarriedOver:
		s.book(deed(carrying, e.Document, e.Line, e.To), e.Entry.ID)
		s.vote(e.Line, ledger.Money{}.Sub(e.Amount), e.On)
		s.vote(e.To, e.Amount, e.On)
	default:
		panic(fmt.Sprintf("budget: event %T", e))
	}
	return s
}

// book remembers the first entry under which a document did something.
func (s *State) book(d [16]byte, first ledger.EntryID) {
	if !s.booked.Has(d) {
		s.booked.Set(d, first)
	}
}

// vote adds what was voted on a day, or takes it away.
func (s *State) vote(l ledger.BudgetLine, amount ledger.Money, on ledger.Date) {
	u := s.lines.At(l)
	u.Voted = u.Voted.Add(amount)
	s.lines.Set(l, u)
	s.gain(l, amount, on)
}

// gain remembers on which day an amount became available, or, less than nothing, was so no more.
func (s *State) gain(l ledger.BudgetLine, amount ledger.Money, on ledger.Date) {
	k := day{l, on}
	if !s.change.Has(k) {
		days := s.days.At(l)
		i, _ := slices.BinarySearchFunc(days, on, ledger.Date.Compare)
		s.days.Set(l, slices.Insert(slices.Clone(days), i, on)) // values are replaced
	}
	s.change.Set(k, s.change.At(k).Add(amount))
}

// Commit promises an amount of a line on a day: an approval happened.
func (s *State) Commit(l ledger.BudgetLine, amount ledger.Money, on ledger.Date) {
	u := s.lines.At(l)
	u.Committed = u.Committed.Add(amount)
	s.lines.Set(l, u)
	s.gain(l, ledger.Money{}.Sub(amount), on)
}

// Release takes a promise back on a day: a rejection, a stop or a return to the treasury happened.
func (s *State) Release(l ledger.BudgetLine, amount ledger.Money, on ledger.Date) {
	s.Commit(l, ledger.Money{}.Sub(amount), on)
}

// Disburse turns a promise into money paid: a bank's confirmation happened.
func (s *State) Disburse(l ledger.BudgetLine, amount ledger.Money) {
	u := s.lines.At(l)
	u.Committed, u.Disbursed = u.Committed.Sub(amount), u.Disbursed.Add(amount)
	s.lines.Set(l, u)
}

// Restore turns money paid back into a promise: the bank returned it (退汇).
func (s *State) Restore(l ledger.BudgetLine, amount ledger.Money) {
	s.Disburse(l, ledger.Money{}.Sub(amount))
}

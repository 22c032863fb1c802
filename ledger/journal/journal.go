// Package journal decides what may be written in the books of a period: closing
// and reopening months, adjusting entries, reversals.
//
// An adjusting entry takes two accountants: one proposes it (制单), another approves
// it (审核), and only then it stands in the books (DA/T 95—2022 table C.1: INPUTER and
// AUDITOR are not the same person). What is approved is what was proposed, under the
// same identifier and date; it is not changed in between. A proposal that is
// rejected, by anybody or by who made it, is never posted.
//
// Months are closed in their order and stay closed: figures once reported do not
// change. What becomes known later is booked in the first open month, naming the
// month it belongs to (以前期间调整). The latest closed month can be reopened, by a
// person other than the one who closed it.
//
// # Invariants
//
//  1. No entry is dated in a closed period. Months are closed and reopened on days
//     that follow each other.
//  2. An entry is reversed at most once, by its exact mirror image, by a person
//     other than the one who posted it; a reversal is not reversed.
//  3. An identifier names one entry for ever, proposed ones included. Identifiers of
//     entries are those of the commands that proposed or made them, which are never
//     reused; see package events.
//  4. Who proposes an entry does not approve it; a proposal is approved or rejected
//     once. Entries posted before there were proposals name only who posted them.
//  5. An adjusting entry leaves the control accounts alone: what is voted,
//     committed and disbursed changes by the events that say so. The period that it
//     adjusts is a closed one.
//
// # Design
//
// The state keeps a digest of each entry that can be reversed, not the entry: at
// a million entries the difference is most of a gigabyte. Who asks for a reversal
// brings the entry along, and the digest proves that it is the one on record.
package journal

import (
	"fmt"
	"strings"

	"zhucan/ledger"
)

// A Command asks for a change of the journal, under the chart in force.
type Command struct {
	ledger.Order
	Chart ledger.Chart
	Do    Action
}

// An Action is what a command asks for.
//
//sumtype:decl
type Action interface{ journal() }

type (
	// ProposeEntry prepares an adjusting entry (调整分录), dated on the day of the
	// order and named after it.
	ProposeEntry struct {
		Adjusts  ledger.Period     `json:"adjusts,omitzero"` // the closed period it belongs to
		Line     ledger.BudgetLine `json:"line,omitzero"`
		Memo     string            `json:"memo"`
		Postings []ledger.Posting  `json:"postings"`
	}
	// ApproveEntry posts an entry as it was proposed.
	ApproveEntry struct {
		Entry ledger.EntryID `json:"entry"`
	}
	// RejectEntry ends a proposal.
	RejectEntry struct {
		Entry  ledger.EntryID `json:"entry"`
		Reason string         `json:"reason"`
	}
	// Reverse undoes an entry by its mirror image (冲正).
	Reverse struct {
		Entry  ledger.Entry `json:"entry"` // as on record
		Reason string       `json:"reason"`
	}
	// Close closes a month (结账). Seq, Root and the totals are what the books were
	// when it was decided, so that the report can be proved later; the state does not hold
	// them, so that who takes the order compares them with the read model.
	Close struct {
		Credits ledger.Total  `json:"credits"`
		Debits  ledger.Total  `json:"debits"`
		Period  ledger.Period `json:"period"`
		Root    string        `json:"root"` // of the tree over the log at Seq
		Seq     uint64        `json:"seq,string"`
	}
	// Reopen opens the latest closed month again (反结账).
	Reopen struct {
		Period ledger.Period `json:"period"`
		Reason string        `json:"reason"`
	}
)

func (ProposeEntry) journal() {}
func (ApproveEntry) journal() {}
func (RejectEntry) journal()  {}
func (Reverse) journal()      {}
func (Close) journal()        {}
func (Reopen) journal()       {}

// An Event is something that has happened to the journal.
//
//sumtype:decl
type Event interface {
	ledger.Event
	happened()
}

type (
	// EntryProposed says that an adjusting entry waits for another's approval. It is
	// not in the books.
	EntryProposed struct {
		By    ledger.ActorID `json:"by"`
		Entry ledger.Entry   `json:"entry"`
	}
	// EntryRejected says that a proposal is never posted.
	EntryRejected struct {
		By     ledger.ActorID `json:"by"`
		Entry  ledger.EntryID `json:"entry"`
		On     ledger.Date    `json:"on"`
		Reason string         `json:"reason"`
	}
	// EntryPosted says that an adjusting entry stands in the books: By approved it
	// On that day. Entries from before there were proposals have neither On nor
	// Prepared; By posted them alone.
	EntryPosted struct {
		By       ledger.ActorID `json:"by"`
		Entry    ledger.Entry   `json:"entry"`
		On       ledger.Date    `json:"on,omitzero"`
		Prepared ledger.ActorID `json:"prepared,omitempty"` // who proposed it
	}
	// EntryReversed says that an entry is undone by its mirror image.
	EntryReversed struct {
		By       ledger.ActorID `json:"by"`
		Entry    ledger.Entry   `json:"entry"`
		Reason   string         `json:"reason"`
		Reverses ledger.EntryID `json:"reverses"`
	}
	// PeriodClosed says that nothing is dated in the month any more.
	PeriodClosed struct {
		By      ledger.ActorID `json:"by"`
		Credits ledger.Total   `json:"credits"`
		Debits  ledger.Total   `json:"debits"`
		On      ledger.Date    `json:"on"`
		Period  ledger.Period  `json:"period"`
		Root    string         `json:"root"`
		Seq     uint64         `json:"seq,string"`
	}
	// PeriodReopened says that the month takes entries again.
	PeriodReopened struct {
		By     ledger.ActorID `json:"by"`
		On     ledger.Date    `json:"on"`
		Period ledger.Period  `json:"period"`
		Reason string         `json:"reason"`
	}
)

func (EntryProposed) happened()  {}
func (EntryRejected) happened()  {}
func (EntryPosted) happened()    {}
func (EntryReversed) happened()  {}
func (PeriodClosed) happened()   {}
func (PeriodReopened) happened() {}

// Case is the entry or the period.
func (e EntryProposed) Case() string  { return string(e.Entry.ID) }
func (e EntryRejected) Case() string  { return string(e.Entry) }
func (e EntryPosted) Case() string    { return string(e.Entry.ID) }
func (e EntryReversed) Case() string  { return string(e.Reverses) }
func (e PeriodClosed) Case() string   { return "period:" + e.Period.String() }
func (e PeriodReopened) Case() string { return "period:" + e.Period.String() }

// Effective is the accounting date, or the day of the order.
func (e EntryProposed) Effective() ledger.Date  { return e.Entry.Date }
func (e EntryRejected) Effective() ledger.Date  { return e.On }
func (e EntryPosted) Effective() ledger.Date    { return e.Entry.Date }
func (e EntryReversed) Effective() ledger.Date  { return e.Entry.Date }
func (e PeriodClosed) Effective() ledger.Date   { return e.On }
func (e PeriodReopened) Effective() ledger.Date { return e.On }

// Booked is the entry, or nil. A proposal books nothing.
func (EntryProposed) Booked() (ledger.Entry, bool)   { return ledger.Entry{}, false }
func (EntryRejected) Booked() (ledger.Entry, bool)   { return ledger.Entry{}, false }
func (e EntryPosted) Booked() (ledger.Entry, bool)   { return e.Entry, true }
func (e EntryReversed) Booked() (ledger.Entry, bool) { return e.Entry, true }
func (PeriodClosed) Booked() (ledger.Entry, bool)    { return ledger.Entry{}, false }
func (PeriodReopened) Booked() (ledger.Entry, bool)  { return ledger.Entry{}, false }

// Refusals, in the order of checking. Those of [ledger.Entry.Check] come last.
var (
	ErrReason = &ledger.Rejection{
		Code: "journal-reason", Rule: "an adjusting entry, its rejection, a reversal or a reopening states its reason", RuleZH: "调整及其退回、冲正、反结账须说明理由",
		Source: "会计基础工作规范 art. 51", Next: "state the reason", NextZH: "请说明理由",
	}
	ErrProposal = &ledger.Rejection{
		Code: "proposal-unknown", Rule: "an entry is approved or rejected once, after it was proposed", RuleZH: "调整分录须先制单，且只能审核一次",
		Source: "DA/T 95—2022 表C.1（制单、审核）", Next: "look at the proposals that wait; propose the entry again if it was rejected", NextZH: "请查看待审核的分录；已退回的请重新制单",
	}
	ErrNoEntry = &ledger.Rejection{
		Code: "entry-unknown", Rule: "only an entry on record is reversed, exactly as it is on record", RuleZH: "只能冲正已入账的分录，且内容须与账上一致",
		Next: "check the identifier; a claim or a payment is corrected by its own verbs", NextZH: "请核对编号；申报和支付请使用其相应操作更正",
	}
	ErrTaken = &ledger.Rejection{
		Code: "entry-id-taken", Rule: "an identifier names one entry", RuleZH: "同一编号只能对应一笔分录",
		Next: "use another identifier", NextZH: "请更换编号",
	}
	ErrReversed = &ledger.Rejection{
		Code: "entry-reversed", Rule: "an entry is reversed once", RuleZH: "同一分录只能冲正一次",
		Source: "会计基础工作规范 art. 62", Next: "look at the reversal that is named", NextZH: "请查看已有的冲正分录",
	}
	ErrClosed = &ledger.Rejection{
		Code: "period-closed", Rule: "nothing is dated in a closed period", RuleZH: "已结账期间不得记账",
		Source: "会计基础工作规范 art. 63", Next: "date it in an open period and name the period it adjusts", NextZH: "请记入未结账期间并注明所调整的期间",
	}
	ErrDate = &ledger.Rejection{
		Code: "reversal-date", Rule: "an entry is approved, rejected or reversed on its own day or later", RuleZH: "审核、退回或冲正日期不得早于原分录日期",
		Source: "会计基础工作规范 art. 51", Next: "give the day on which it is done", NextZH: "请按实际办理日期填写",
	}
	ErrAdjusts = &ledger.Rejection{
		Code: "adjusts-open", Rule: "an adjusting entry names the closed period that it belongs to, or none", RuleZH: "调整分录所调整的期间须为已结账期间",
		Next: "leave the period out: in an open one the entry is dated in it; a proposal whose period was reopened is rejected and proposed again", NextZH: "属于未结账期间的，请直接记入该期间，不填所调整期间；所调整期间已反结账的，请退回后重新制单",
	}
	ErrControl = &ledger.Rejection{
		Code: "control-account", Rule: "an adjusting entry posts to no control account", RuleZH: "调整分录不得使用预算指标账科目",
		Source: "预算指标核算管理办法（试行）财办〔2022〕36号", Next: "change the budget by its own verbs", NextZH: "请通过指标业务办理",
	}
	ErrOrder = &ledger.Rejection{
		Code: "period-order", Rule: "months are closed in their order and reopened from the latest, each on the day of the one before or later", RuleZH: "须按月份顺序结账，反结账须从最近月份开始，且日期不得早于上次结账或反结账",
		Source: "会计基础工作规范 art. 63", Next: "close or reopen the month that is due", NextZH: "请按顺序办理",
	}
	ErrTrial = &ledger.Rejection{
		Code: "trial-unbalanced", Rule: "a month is closed when its debits equal its credits", RuleZH: "借贷平衡方可结账",
		Source: "会计基础工作规范 art. 63", Next: "run verify: the read model does not agree with the log", NextZH: "请运行 verify 核对账表",
	}
	ErrBooks = &ledger.Rejection{
		Code: "closing-books", Rule: "a month is closed with the totals that the books have, under the root of the record at which they were taken", RuleZH: "结账所载合计、序号和根哈希须与账簿一致",
		Source: "会计基础工作规范 art. 63", Next: "take the totals again once everything is projected, or close with period close, which does", NextZH: "请待全部记录入账后重新取数，或使用 period close 自动取数结账",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrReason, ErrProposal, ErrNoEntry, ErrTaken, ErrReversed, ErrClosed, ErrDate, ErrAdjusts, ErrControl, ErrOrder, ErrTrial, ErrBooks}

// State is what the rules must remember of the journal.
type State struct {
	through ledger.Table[struct{}, ledger.Period]        // every month up to this one is closed
	latest  ledger.Table[struct{}, ledger.Date]          // day of the latest closing or reopening
	closers ledger.Table[ledger.Period, ledger.ActorID]  // who closed it
	entries ledger.Table[[16]byte, ledger.Number]        // by their digests: who posted them
	posted  ledger.Table[ledger.EntryID, struct{}]       // of those, the adjusting entries
	waiting ledger.Table[ledger.EntryID, proposal]       // every proposal there was
	reverse ledger.Table[ledger.EntryID, ledger.EntryID] // reversed → reversal
	actors  ledger.Values[ledger.ActorID]
}

// A proposal waits for its decision; what remains of it then is its name.
type proposal struct {
	entry   ledger.Entry
	by      ledger.ActorID
	decided bool
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return []ledger.Tentative{&s.through, &s.latest, &s.closers, &s.entries, &s.posted, &s.waiting, &s.reverse}
}

// Decider holds the journal's rules.
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
	case ProposeEntry:
		return s.propose(c, do)
	case ApproveEntry:
		return s.approve(c, do)
	case RejectEntry:
		return s.reject(c, do)
	case Reverse:
		return s.undo(c, do)
	case Close:
		return s.close(c, do)
	case Reopen:
		return s.reopen(c, do)
	}
	panic(fmt.Sprintf("journal: action %T", c.Do))
}

func (s *State) propose(c Command, do ProposeEntry) ([]Event, error) {
	if do.Memo == "" {
		return nil, ErrReason.Of("entry %s has no memo", c.ID)
	}
	if s.taken(ledger.EntryID(c.ID)) {
		return nil, ErrTaken.Of("%s", c.ID)
	}
	e := ledger.Entry{Adjusts: do.Adjusts, Date: c.On, ID: ledger.EntryID(c.ID), Line: do.Line, Memo: do.Memo, Postings: do.Postings}
	if err := s.postable(e, c.Chart); err != nil {
		return nil, err
	}
	return []Event{EntryProposed{By: c.By.ID, Entry: e}}, nil
}

// postable refuses an adjusting entry that may not stand in the books, now and
// again when it is approved: the month may have been closed, the one it adjusts
// reopened and the chart changed.
func (s *State) postable(e ledger.Entry, chart ledger.Chart) error {
	if err := s.Open(e.Date); err != nil {
		return err
	}
	if through := s.through.At(struct{}{}); !e.Adjusts.IsZero() && (through.IsZero() || e.Adjusts.Compare(through) > 0) {
		return ErrAdjusts.Of("entry %s adjusts %s; closed through %q", e.ID, e.Adjusts, through)
	}
	for _, p := range e.Postings {
		if a, ok := chart.Find(p.Account); ok && a.Book == ledger.Control {
			return ErrControl.Of("account %s", p.Account)
		}
	}
	return e.Check(chart)
}

func (s *State) taken(id ledger.EntryID) bool { return s.posted.Has(id) || s.waiting.Has(id) }

func (s *State) approve(c Command, do ApproveEntry) ([]Event, error) {
	p, err := s.find(do.Entry)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(p.by); err != nil {
		return nil, err
	}
	if c.On.Before(p.entry.Date) {
		return nil, ErrDate.Of("%s of %s approved on %s", do.Entry, p.entry.Date, c.On)
	}
	if err := s.postable(p.entry, c.Chart); err != nil {
		return nil, err
	}
	return []Event{EntryPosted{By: c.By.ID, Entry: p.entry, On: c.On, Prepared: p.by}}, nil
}

func (s *State) reject(c Command, do RejectEntry) ([]Event, error) {
	if do.Reason == "" {
		return nil, ErrReason.Of("rejection of %s", do.Entry)
	}
	p, err := s.find(do.Entry)
	if err != nil {
		return nil, err
	}
	if c.On.Before(p.entry.Date) {
		return nil, ErrDate.Of("%s of %s rejected on %s", do.Entry, p.entry.Date, c.On)
	}
	return []Event{EntryRejected{By: c.By.ID, Entry: do.Entry, On: c.On, Reason: do.Reason}}, nil
}

// find returns a proposal that waits.
func (s *State) find(id ledger.EntryID) (proposal, error) {
	p, ok := s.waiting.Get(id)
	if !ok {
		return proposal{}, ErrProposal.Of("%q", id)
	}
	if p.decided {
		return proposal{}, ErrProposal.Of("%s is decided", id)
	}
	return p, nil
}

func (s *State) undo(c Command, do Reverse) ([]Event, error) {
	if do.Reason == "" {
		return nil, ErrReason.Of("reversal of %s", do.Entry.ID)
	}
	poster, ok := s.entries.Get(digest(do.Entry))
	if !ok {
		return nil, ErrNoEntry.Of("%q", do.Entry.ID)
	}
	if s.taken(ledger.EntryID(c.ID)) {
		return nil, ErrTaken.Of("%s", c.ID)
	}
	if by, ok := s.reverse.Get(do.Entry.ID); ok {
		return nil, ErrReversed.Of("%s by %s", do.Entry.ID, by)
	}
	if err := c.Apart(s.actors.Value(poster)); err != nil {
		return nil, err
	}
	if err := s.Open(c.On); err != nil {
		return nil, err
	}
	if c.On.Before(do.Entry.Date) {
		return nil, ErrDate.Of("%s of %s reversed on %s", do.Entry.ID, do.Entry.Date, c.On)
	}
	mirror := do.Entry.Mirror(ledger.EntryID(c.ID), c.On, do.Reason)
	belongs := do.Entry.Adjusts
	if belongs.IsZero() {
		belongs = do.Entry.Date.Period()
	}
	if belongs != c.On.Period() {
		mirror.Adjusts = belongs
	}
	if err := mirror.Check(c.Chart); err != nil {
		return nil, err
	}
	return []Event{EntryReversed{By: c.By.ID, Entry: mirror, Reason: do.Reason, Reverses: do.Entry.ID}}, nil
}

func (s *State) close(c Command, do Close) ([]Event, error) {
	through := s.through.At(struct{}{})
	if do.Period.IsZero() || (!through.IsZero() && do.Period != through.Next()) || !c.On.After(do.Period.Last()) {
		return nil, ErrOrder.Of("closing %s on %s; closed through %q", do.Period, c.On, through)
	}
	if err := s.after(c.On); err != nil {
		return nil, err
	}
	if ledger.Money(do.Debits).Cmp(ledger.Money(ledger.MaxTotal)) > 0 {
		return nil, ledger.ErrTotalRange.Of("%s: debits %s", do.Period, do.Debits)
	}
	if !ledger.Money(do.Debits).Equal(ledger.Money(do.Credits)) {
		return nil, ErrTrial.Of("%s: debits %s, credits %s", do.Period, do.Debits, do.Credits)
	}
	if len(do.Root) != 64 || strings.Trim(do.Root, "0123456789abcdef") != "" {
		return nil, ErrBooks.Of("%s: %q is no hash", do.Period, do.Root)
	}
	return []Event{PeriodClosed{
		By: c.By.ID, Credits: do.Credits, Debits: do.Debits, On: c.On, Period: do.Period, Root: do.Root, Seq: do.Seq,
	}}, nil
}

func (s *State) reopen(c Command, do Reopen) ([]Event, error) {
	through := s.through.At(struct{}{})
	if do.Reason == "" {
		return nil, ErrReason.Of("reopening %s", do.Period)
	}
	if do.Period.IsZero() || do.Period != through {
		return nil, ErrOrder.Of("reopening %s; closed through %q", do.Period, through)
	}
	if err := s.after(c.On); err != nil {
		return nil, err
	}
	if err := c.Apart(s.closers.At(do.Period)); err != nil {
		return nil, err
	}
	return []Event{PeriodReopened{By: c.By.ID, On: c.On, Period: do.Period, Reason: do.Reason}}, nil
}

// after refuses to close or reopen a month on a day before that was last done.
func (s *State) after(on ledger.Date) error {
	if last := s.latest.At(struct{}{}); on.Before(last) {
		return ErrOrder.Of("on %s; months were last closed or reopened on %s", on, last)
	}
	return nil
}

// Open refuses a day that lies in a closed period.
func (s *State) Open(on ledger.Date) error {
	if through := s.through.At(struct{}{}); !through.IsZero() && on.Period().Compare(through) <= 0 {
		return ErrClosed.Of("%s lies in %s; closed through %s", on, on.Period(), through)
	}
	return nil
}

// Booking returns where a fact of a day is booked: on that day, or, when its
// period is closed, on the first day of the first open one, adjusting the
// fact's own.
func (s *State) Booking(on ledger.Date) (date ledger.Date, adjusts ledger.Period) {
	if s.Open(on) == nil {
		return on, ledger.Period{}
	}
	return s.through.At(struct{}{}).Next().First(), on.Period()
}

// Remember keeps an entry of another part of the book as one that can be
// reversed here. Its identifier is one that no order can have.
func (s *State) Remember(e ledger.Entry, by ledger.ActorID) {
	s.entries.Set(digest(e), s.actors.Number(by))
}

// digest stands for an entry with all its parts, its identifier among them.
func digest(e ledger.Entry) [16]byte {
	b, text := make([]byte, 0, 1024), make([]byte, 0, 64)
	b = ledger.AppendPart(b, e.Adjusts.String())
	b = ledger.AppendPart(b, e.Clause)
	text, _ = e.Date.AppendText(text[:0]) // these have no error
	b = ledger.AppendPart(b, text)
	b = ledger.AppendPart(b, e.ID)
	text, _ = e.Line.AppendText(text[:0])
	b = ledger.AppendPart(b, text)
	b = ledger.AppendPart(b, e.Memo)
	b = ledger.AppendPart(b, e.Policy)
	for _, p := range e.Postings {
		b = ledger.AppendPart(b, p.Account)
		text, _ = p.Amount.AppendText(text[:0])
		b = ledger.AppendPart(b, text)
		text, _ = p.Line.AppendText(text[:0])
		b = ledger.AppendPart(b, text)
		b = ledger.AppendPart(b, p.Side)
	}
	return ledger.DigestParts(b)
}

// Evolve returns the journal as it is after e.
func Evolve(s *State, e Event) *State {
	switch e := e.(type) {
	case EntryProposed:
		s.waiting.Set(e.Entry.ID, proposal{entry: e.Entry, by: e.By})
	case EntryRejected:
		s.waiting.Set(e.Entry, proposal{decided: true})
	case EntryPosted:
		s.Remember(e.Entry, e.By)
		s.posted.Set(e.Entry.ID, struct{}{})
		if s.waiting.Has(e.Entry.ID) {
			s.waiting.Set(e.Entry.ID, proposal{decided: true})
		}
	case EntryReversed:
		s.reverse.Set(e.Reverses, e.Entry.ID)
	case PeriodClosed:
		s.through.Set(struct{}{}, e.Period)
		s.closers.Set(e.Period, e.By)
		s.latest.Set(struct{}{}, e.On)
	case PeriodReopened:
		s.latest.Set(struct{}{}, e.On)
		// The first closing closed every month before it as well.
		before := e.Period.First().AddDays(-1).Period()
		if !s.closers.Has(before) {
			s.closers.Set(before, s.closers.At(e.Period))
		}
		s.through.Set(struct{}{}, before)
	default:
		panic(fmt.Sprintf("journal: event %T", e))
	}
	return s
}

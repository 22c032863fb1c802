// Package achievement decides what is on record of the plan's results that are no money:
// courses completed, people placed, bases opened, posts filled, bodies counted.
//
// A fact is recorded with its evidence, may be ended if it is one that lasts, and is
// corrected by withdrawing it and recording it anew; nothing is edited. What is counted
// towards which target is policy ([policy.Target]) and asked when somebody reads.
//
// # Invariants
//
//  1. An identifier names one fact for ever, also after it is withdrawn.
//  2. The same thing is on record once: a person completes a course once, is placed with an
//     employer once a day, holds one post at a time; a base of a kind is open once at a time.
//  3. Persons are parties. No name, number or certificate is in a fact.
//  4. Every fact has evidence, by the SHA-256 of its document.
//
// # Failures
//
// Whether a party is registered and what an employer is, is for package book.
package achievement

import (
	"fmt"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// An ID names a fact. The caller chooses it.
type ID string

// A Command asks for a change of one fact.
type Command struct {
	ledger.Order
	Do Action
}

// An Action is what a command asks for.
//
//sumtype:decl
type Action interface{ achievement() }

// Headcount is how a body stood on a day. Posts (编制) and staff in post (在职职工) are two
// things: the plan's duty counts the first, the levy the second (policy.md §2). Of a
// federation, staff are its officials (机关干部).
type Headcount struct {
	Disabled int `json:"disabled"` // people
	Posts    int `json:"posts"`
	Staff    int `json:"staff"`
	Weighted int `json:"weighted"` // the same people, those of double weight twice
}

// Sites are newly built kiosks and how many of them were given to disabled people.
type Sites struct {
	Allotted int `json:"allotted"`
	New      int `json:"new"`
}

type (
	// Record puts a fact on record. The order's day is when it happened, or began.
	Record struct {
		Achievement ID                `json:"achievement"`
		Beneficiary ledger.PartyID    `json:"beneficiary,omitempty"` // family member who was supported in the person's stead
		Body        string            `json:"body,omitempty"`        // identifier of a base, body, contest or batch of sites
		Course      string            `json:"course,omitempty"`
		Employer    ledger.PartyID    `json:"employer,omitempty"`
		Evidence    string            `json:"evidence"` // SHA-256 of the document
		Headcount   *Headcount        `json:"headcount,omitempty"`
		Kind        string            `json:"kind"`              // as [policy.Fact] names it
		Name        string            `json:"name,omitempty"`    // of a body, which is public; never of a person
		Party       ledger.PartyID    `json:"party,omitempty"`   // the disabled person
		Quality     string            `json:"quality,omitempty"` // rural of a course, urban or rural of a post; of a placement the book says the class of the employer
		Region      ledger.RegionCode `json:"region"`
		Sites       *Sites            `json:"sites,omitempty"`
		Source      string            `json:"source,omitempty"` // where it was read: file hash and row
		To          ledger.Date       `json:"to,omitzero"`      // last day, of what lasts, where it is known
		Type        string            `json:"type"`
	}
	// End says that a fact that lasts ended; the order's day is the last one.
	End struct {
		Achievement ID     `json:"achievement"`
		Evidence    string `json:"evidence"`
	}
	// Withdraw takes a fact back that is wrong: as known from then on it never was.
	Withdraw struct {
		Achievement ID     `json:"achievement"`
		Reason      string `json:"reason"`
	}
)

func (Record) achievement()   {}
func (End) achievement()      {}
func (Withdraw) achievement() {}

// An Event is something that has happened to a fact.
//
//sumtype:decl
type Event interface {
	ledger.Event
	happened()
}

type (
	// Recorded says that a fact is on record. Its members are those of [Record].
	Recorded struct {
		Achievement ID                `json:"achievement"`
		Beneficiary ledger.PartyID    `json:"beneficiary,omitempty"`
		Body        string            `json:"body,omitempty"`
		By          ledger.ActorID    `json:"by"`
		Course      string            `json:"course,omitempty"`
		Employer    ledger.PartyID    `json:"employer,omitempty"`
		Evidence    string            `json:"evidence"`
		Headcount   *Headcount        `json:"headcount,omitempty"`
		Kind        string            `json:"kind"`
		Name        string            `json:"name,omitempty"`
		On          ledger.Date       `json:"on"`
		Party       ledger.PartyID    `json:"party,omitempty"`
		Quality     string            `json:"quality,omitempty"`
		Region      ledger.RegionCode `json:"region"`
		Sites       *Sites            `json:"sites,omitempty"`
		Source      string            `json:"source,omitempty"`
		To          ledger.Date       `json:"to,omitzero"`
		Type        string            `json:"type"`
	}
	// Ended says that a fact that lasts ended; On is its last day.
	Ended struct {
		Achievement ID             `json:"achievement"`
		By          ledger.ActorID `json:"by"`
		Evidence    string         `json:"evidence"`
		On          ledger.Date    `json:"on"`
	}
	// Withdrawn says that a fact was wrong and never counts.
	Withdrawn struct {
		Achievement ID             `json:"achievement"`
		By          ledger.ActorID `json:"by"`
		On          ledger.Date    `json:"on"`
		Reason      string         `json:"reason"`
	}
)

func (Recorded) happened()  {}
func (Ended) happened()     {}
func (Withdrawn) happened() {}

// Case is the fact.
func (e Recorded) Case() string  { return string(e.Achievement) }
func (e Ended) Case() string     { return string(e.Achievement) }
func (e Withdrawn) Case() string { return string(e.Achievement) }

// Effective is the day of the order.
func (e Recorded) Effective() ledger.Date  { return e.On }
func (e Ended) Effective() ledger.Date     { return e.On }
func (e Withdrawn) Effective() ledger.Date { return e.On }

// Booked is nil: no money moves.
func (Recorded) Booked() (ledger.Entry, bool)  { return ledger.Entry{}, false }
func (Ended) Booked() (ledger.Entry, bool)     { return ledger.Entry{}, false }
func (Withdrawn) Booked() (ledger.Entry, bool) { return ledger.Entry{}, false }

// Refusals, in the order of checking.
var (
	ErrUnknown = &ledger.Rejection{
		Code: "achievement-unknown", Rule: "only a fact on record is ended or withdrawn", RuleZH: "只能终止或撤销已记录的成效事实",
		Next: "check the identifier", NextZH: "请核对编号",
	}
	ErrTaken = &ledger.Rejection{
		Code: "achievement-taken", Rule: "an identifier names one fact, also after it was withdrawn", RuleZH: "同一编号只能对应一项成效事实，撤销后也不得再用",
		Next: "use another identifier", NextZH: "请更换编号",
	}
	ErrKind = &ledger.Rejection{
		Code: "achievement-kind", Rule: "a fact is of a kind, type and quality that are counted", RuleZH: "成效事实须属于已定义的种类、类型和属性",
		Next: "use one that import --help lists", NextZH: "请使用 import --help 所列种类",
	}
	ErrMembers = &ledger.Rejection{
		Code: "achievement-members", Rule: "a fact says who or what it is about, with exactly the members of its kind", RuleZH: "成效事实须写明对象，且只含该种类应有的内容",
		Next: "complete it, or leave out what does not belong to it", NextZH: "请补全或删去不属于该种类的内容",
	}
	ErrNumbers = &ledger.Rejection{
		Code: "achievement-numbers", Rule: "disabled staff are no more than the staff, weighted they are no fewer and at most twice as many; sites given are no more than sites built", RuleZH: "残疾职工数不得超过在职人数，加权后不少于且不超过其两倍；提供网点数不得超过新增网点数",
		Source: "财税〔2015〕72号 art. 8", Next: "compare the numbers with the document", NextZH: "请与原始材料核对",
	}
	ErrEvidence = &ledger.Rejection{
		Code: "achievement-evidence", Rule: "a fact has evidence: the SHA-256 of its document", RuleZH: "成效事实须附佐证材料的SHA-256",
		Source: "吉政办发〔2022〕35号 四（五）（督促落实与评估）", Next: "hand in the document", NextZH: "请提交佐证材料",
	}
	ErrTwice = &ledger.Rejection{
		Code: "achievement-twice", Rule: "the same thing is on record once: one completion of a course, one post at a time, one opening of a base", RuleZH: "同一事实只记录一次：同一课程结业一次，同一时间一个岗位，同一基地一次在册",
		Source: "吉政办发〔2022〕35号 二（人次、人、个的计数）", Next: "look at the fact that is named; withdraw it if it is the wrong one", NextZH: "请核对已列明的记录；如其有误请先撤销",
	}
	ErrDays = &ledger.Rejection{
		Code: "achievement-days", Rule: "only what lasts ends, once, on its first day or later and within the span on record", RuleZH: "只有持续性事实可以终止，且只终止一次，不早于开始日、不晚于已记录的截止日",
		Next: "correct the day", NextZH: "请更正日期",
	}
	ErrWithdrawn = &ledger.Rejection{
		Code: "achievement-withdrawn", Rule: "a fact is withdrawn once, with a reason", RuleZH: "成效事实只撤销一次，并须说明理由",
		Next: "state the reason, or record the fact anew under another identifier", NextZH: "请说明理由，或以新编号重新记录",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrUnknown, ErrTaken, ErrKind, ErrMembers, ErrNumbers, ErrEvidence, ErrTwice, ErrDays, ErrWithdrawn}

// A form says which members a kind of fact has besides type, region and evidence, and
// what makes two of them the same thing.
type form struct {
	must, may []string
	same      []string
	lasts     bool
}

var forms = map[string]form{
	"training":   {must: []string{"party", "course"}, may: []string{"quality"}, same: []string{"party", "course"}},
	"attendance": {must: []string{"party", "course"}, may: []string{"quality"}, same: []string{"party", "course"}},
	"placement":  {must: []string{"party"}, may: []string{"employer", "quality"}, same: []string{"type", "party", "employer", "on"}},
	"support":    {must: []string{"party"}, may: []string{"beneficiary"}, same: []string{"type", "party", "beneficiary", "on"}},
	"talent":     {must: []string{"party"}, same: []string{"type", "party"}},
	"post":       {must: []string{"party", "quality"}, may: []string{"employer", "to"}, same: []string{"party"}, lasts: true},
	"jobless":    {must: []string{"party"}, may: []string{"to"}, same: []string{"party"}, lasts: true},
	"service":    {must: []string{"party"}, same: []string{"type", "party", "on"}},
	"base":       {must: []string{"body"}, may: []string{"name", "to"}, same: []string{"type", "body"}, lasts: true},
	"headcount":  {must: []string{"body", "headcount"}, may: []string{"name"}, same: []string{"type", "body", "on"}},
	"contest":    {must: []string{"body"}, may: []string{"name"}, same: []string{"type", "body"}},
	"sites":      {must: []string{"body", "sites"}, may: []string{"name"}, same: []string{"type", "body"}},
}

// Lasts tells whether facts of a kind have a last day.
func Lasts(kind string) bool { return forms[kind].lasts }

// members are what a fact says beside what all say, by name, in the order of checking. A body and a
// course are the same however their identifiers are written: jd-1 is JD-1.
var members = []struct {
	name string
	of   func(Recorded) string
}{
	{"beneficiary", func(e Recorded) string { return string(e.Beneficiary) }},
	{"body", func(e Recorded) string { return ledger.FoldNumber(e.Body) }},
	{"course", func(e Recorded) string { return ledger.FoldNumber(e.Course) }},
	{"employer", func(e Recorded) string { return string(e.Employer) }},
	{"headcount", func(e Recorded) string { return given(e.Headcount != nil) }},
	{"name", func(e Recorded) string { return e.Name }},
	{"on", func(e Recorded) string { return e.On.String() }},
	{"party", func(e Recorded) string { return string(e.Party) }},
	{"quality", func(e Recorded) string { return e.Quality }},
	{"sites", func(e Recorded) string { return given(e.Sites != nil) }},
	{"to", func(e Recorded) string { return e.To.String() }},
	{"type", func(e Recorded) string { return e.Type }},
}

func given(is bool) string {
	if is {
		return "given"
	}
	return ""
}

// State is the facts there are.
type State struct {
	ids    ledger.Names[ID]
	facts  ledger.Column[fact]
	first  ledger.Table[[16]byte, span]   // by what they are of; nearly always there is one
	others ledger.Table[[16]byte, []span] // those after it
}

type fact struct {
	same     [16]byte
	from, to ledger.Date // to: none while it lasts
	lasts    bool
	ended    bool
	gone     bool
}

type span struct {
	id       ledger.Number
	from, to ledger.Date
}

// find returns a fact on record.
func (s *State) find(id ID) (fact, bool) {
	k := s.facts.At(s.ids.Find(id))
	return k, k != (fact{})
}

// spans returns the facts of one thing that count, in the order of their recording.
func (s *State) spans(same [16]byte) []span {
	first, ok := s.first.Get(same)
	if !ok {
		return nil
	}
	return append([]span{first}, s.others.At(same)...)
}

func (s *State) keep(same [16]byte, all []span) {
	if len(all) == 0 {
		s.first.Delete(same)
	} else {
		s.first.Set(same, all[0])
	}
	if len(all) < 2 {
		s.others.Delete(same)
	} else {
		s.others.Set(same, all[1:])
	}
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return []ledger.Tentative{&s.facts, &s.first, &s.others}
}

// Decider holds the rules about facts.
var Decider = ledger.Decider[*State, Command, Event]{Decide: Decide, Evolve: Evolve}

// Decide answers c in state s.
func Decide(s *State, c Command) ([]Event, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	switch do := c.Do.(type) {
	case Record:
		return s.record(c.Order, do)
	case End:
		return s.end(c.Order, do)
	case Withdraw:
		return s.withdraw(c.Order, do)
	}
	panic(fmt.Sprintf("achievement: action %T", c.Do))
}

func (s *State) record(o ledger.Order, do Record) ([]Event, error) {
	if err := o.Needs(ledger.Clerk); err != nil {
		return nil, err
	}
	if err := ledger.CheckID(do.Achievement); err != nil {
		return nil, err
	}
	if _, ok := s.find(do.Achievement); ok {
		return nil, ErrTaken.Of("%s", do.Achievement)
	}
	e := Recorded{
		Achievement: do.Achievement, Beneficiary: do.Beneficiary, Body: do.Body, By: o.By.ID, Course: do.Course, Employer: do.Employer,
		Evidence: do.Evidence, Headcount: do.Headcount, Kind: do.Kind, Name: do.Name, On: o.On, Party: do.Party, Quality: do.Quality,
		Region: do.Region, Sites: do.Sites, Source: do.Source, To: do.To, Type: do.Type,
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	if _, err := ledger.FindRegion(do.Region, o.On); err != nil {
		return nil, err
	}
	for _, other := range s.spans(e.same()) {
		if !forms[e.Kind].lasts || meet(e.On, e.To, other.from, other.to) {
			return nil, ErrTwice.Of("%s is on record as %s from %s", e.Kind+"/"+e.Type, s.ids.Name(other.id), other.from)
		}
	}
	return []Event{e}, nil
}

// check refuses a fact that is not one of its kind.
func (e Recorded) check() error {
	f, ok := forms[e.Kind]
	if !ok || e.Type == "" || !policy.FactOf(e.Kind, e.Type, e.Quality).Known() {
		return ErrKind.Of("%s", policy.FactOf(e.Kind, e.Type, e.Quality))
	}
	for _, m := range members {
		name, value := m.name, m.of(e)
		switch must := slices.Contains(f.must, name); {
		case name == "on" || name == "type":
		case must && value == "":
			return ErrMembers.Of("%s without %s", e.Kind, name)
		case value != "" && !must && !slices.Contains(f.may, name):
			return ErrMembers.Of("%s with %s", e.Kind, name)
		}
	}
	for _, id := range []string{e.Body, e.Course} {
		if id == "" {
			continue
		}
		if err := ledger.CheckID(id); err != nil {
			return err
		}
	}
	if h := e.Headcount; h != nil && (h.Posts < 0 || h.Disabled < 0 || h.Staff < h.Disabled || h.Weighted < h.Disabled || h.Weighted > 2*h.Disabled) {
		return ErrNumbers.Of("posts %d, staff %d, disabled %d, weighted %d", h.Posts, h.Staff, h.Disabled, h.Weighted)
	}
	if k := e.Sites; k != nil && (k.Allotted < 0 || k.New < 1 || k.Allotted > k.New) {
		return ErrNumbers.Of("%d of %d sites", k.Allotted, k.New)
	}
	if !isHash(e.Evidence) {
		return ErrEvidence.Of("fact %s", e.Achievement)
	}
	if !e.To.IsZero() && e.To.Before(e.On) {
		return ErrDays.Of("from %s to %s", e.On, e.To)
	}
	return nil
}

// same names what a fact is of. No two facts of it are on record at a time.
func (e Recorded) same() [16]byte {
	parts := append(make([]string, 0, 8), e.Kind)
	for _, m := range members {
		if slices.Contains(forms[e.Kind].same, m.name) {
			parts = append(parts, m.of(e))
		}
	}
	return ledger.Digest(parts...)
}

func isHash(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

func meet(aFrom, aTo, bFrom, bTo ledger.Date) bool {
	return (bTo.IsZero() || !aFrom.After(bTo)) && (aTo.IsZero() || !bFrom.After(aTo))
}

func (s *State) end(o ledger.Order, do End) ([]Event, error) {
	if err := o.Needs(ledger.Clerk); err != nil {
		return nil, err
	}
	k, ok := s.find(do.Achievement)
	switch {
	case !ok:
		return nil, ErrUnknown.Of("%s", do.Achievement)
	case !isHash(do.Evidence):
		return nil, ErrEvidence.Of("end of %s", do.Achievement)
	case k.gone:
		return nil, ErrWithdrawn.Of("%s", do.Achievement)
	case k.ended && k.to == o.On:
		return nil, nil
	case !k.lasts || k.ended || o.On.Before(k.from) || !k.to.IsZero() && o.On.After(k.to):
		return nil, ErrDays.Of("%s, from %s to %s, ends on %s", do.Achievement, k.from, k.to, o.On)
	}
	return []Event{Ended{Achievement: do.Achievement, By: o.By.ID, Evidence: do.Evidence, On: o.On}}, nil
}

func (s *State) withdraw(o ledger.Order, do Withdraw) ([]Event, error) {
	if err := o.Needs(ledger.Reviewer); err != nil {
		return nil, err
	}
	k, ok := s.find(do.Achievement)
	if !ok {
		return nil, ErrUnknown.Of("%s", do.Achievement)
	}
	if k.gone || do.Reason == "" {
		return nil, ErrWithdrawn.Of("%s, reason %q", do.Achievement, do.Reason)
	}
	return []Event{Withdrawn{Achievement: do.Achievement, By: o.By.ID, On: o.On, Reason: do.Reason}}, nil
}

// Evolve returns the facts as they are after e.
func Evolve(s *State, e Event) *State {
	switch e := e.(type) {
	case Recorded:
		n := s.ids.Number(e.Achievement)
		k := fact{same: e.same(), from: e.On, to: e.To, lasts: forms[e.Kind].lasts}
		s.facts.Set(n, k)
		s.keep(k.same, append(s.spans(k.same), span{n, k.from, k.to}))
	case Ended:
		n := s.ids.Number(e.Achievement)
		k := s.facts.At(n)
		k.to, k.ended = e.On, true
		s.facts.Set(n, k)
		all := s.spans(k.same)
		for i := range all {
			if all[i].id == n {
				all[i].to = e.On
			}
		}
		s.keep(k.same, all)
	case Withdrawn:
		n := s.ids.Number(e.Achievement)
		k := s.facts.At(n)
		k.gone = true
		s.facts.Set(n, k)
		s.keep(k.same, slices.DeleteFunc(s.spans(k.same), func(x span) bool { return x.id == n }))
	default:
		panic(fmt.Sprintf("achievement: event %T", e))
	}
	return s
}

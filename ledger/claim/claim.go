// Package claim decides one subsidy claim: application, review, publicity (公示),
// decision.
//
// The steps follow one another and none is left out (policy.md §7, steps 4–10):
//
//	submitted → first review (初审) → data comparison (数据比对) → second review (复核)
//	→ publicity (公示) → publicity ended → approved
//
// From any of them a claim can be rejected or withdrawn. What is paid on an
// approved claim is decided by package payment.
//
// A claim of a recurring scheme is awarded for months, an amount for each, and is paid
// month by month. What ends it early (death, re-employment, a contract that ends) stops it
// from a month on: it stays approved, its months before that are due, those after are not.
// What was paid of them is overpaid and is recovered (追回) like any other payment.
//
// # Invariants
//
//  1. A claim is approved only after every step, after its whole publicity, and
//     with no objection open or upheld.
//  2. Who entered, who reviewed first, who reviewed second and who approved are
//     four people. Who attached documents entered, too; who compared, showed the claim to
//     the public, ended that or resolved an objection reviewed; who concurred approved.
//  3. The amount is computed once, when the claim is submitted, from the standard
//     in force in its region on that day, and from the contributions that it states where the standard is a
//     share of them; the event keeps all of these and the clause, and nothing computes it again.
//  4. A required kind of evidence that is missing refuses the claim: when it is
//     submitted, and again when it is approved under the policy then in force. Where
//     the scheme asks that documents be kept, a claim may be submitted without them
//     and is approved only once every kind is attached.
//  5. A document is attached until the claim is decided, by a person who reviews and
//     approves nothing of it, and is the one handed in: where the claim named a hash
//     of its kind, it has that hash.
//  6. A recurring claim is for one person, so that its months, its stop and its term are
//     that person's (policy.md §6, X2). None of its months is after the one in which the person
//     retires, where it says when.
//  7. A stop comes once for a month, and again only from an earlier one: what is stopped is
//     not resumed, it is applied for anew.
//
// # Documents
//
// Evidence is named by kind and by the SHA-256 of the document. Whether the document
// itself must be kept is the scheme's to say ([policy.Scheme], Kept): without it a hash
// with the claim is enough, for papers that stay in a county's archive; with it a hash
// is not, and documents may follow the claim. Either way they can be attached.
//
// # Failures
//
// What is not a step the claim can take now, or is dated before the step that it
// follows, is refused with [ErrStep].
//
// Budget, exclusion of double payment and accounting periods are rules across
// claims: package book has them.
package claim

import (
	"fmt"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// A Command asks for a change of one claim under the policy in force.
type Command struct {
	ledger.Order
	Policy *policy.Pack
	Do     Action
}

// An Action is what a command asks for.
//
//sumtype:decl
type Action interface{ claim() }

// Evidence is a document handed in, by its kind and the SHA-256 of its bytes.
type Evidence struct {
	Hash string `json:"hash"`
	Kind string `json:"kind"`
}

// A Cost is a thing that a claim pays a part of, or all (成本项). An item has one
// cost and one invoice, whoever pays what of it.
type Cost struct {
	Cost    ledger.Money `json:"cost"`           // what it cost in all
	Invoice string       `json:"invoice"`        // code and number
	Item    string       `json:"item"`           // its identifier
	Other   ledger.Money `json:"other,omitzero"` // what others gave for it, in kind too
	Share   ledger.Money `json:"share,omitzero"` // what this claim is worth of it: computed, not asked for
}

// A Check is what an approval compared with one other award, and what came of it.
type Check struct {
	Against string            `json:"against"` // claim, or payment made elsewhere
	Amount  ledger.Money      `json:"amount"`
	By      ledger.ActorID    `json:"by,omitempty"` // who concurred
	From    ledger.Period     `json:"from"`
	Outcome policy.Verdict    `json:"outcome"` // allow, cap, or concurred
	Party   ledger.PartyID    `json:"party"`   // who has it
	Rule    string            `json:"rule"`    // X1–X8 of the rules against cross-use
	Scheme  ledger.SchemeCode `json:"scheme"`
	Source  string            `json:"source,omitempty"` // of the row of the matrix
	To      ledger.Period     `json:"to"`
}

// Concurs is the outcome of a pair that the matrix does not know.
const Concurs policy.Verdict = "concurred"

// An Outcome is how a comparison or an objection ended.
type Outcome string

// The outcomes.
const (
	Matched   Outcome = "matched"   // the data agree
	Differs   Outcome = "differs"   // they do not; the second review says why the claim goes on
	Dismissed Outcome = "dismissed" // the objection does not hold
	Upheld    Outcome = "upheld"    // the objection holds; the claim can only be rejected
)

// A Document is evidence that is kept: where its bytes are, and what they are the
// bytes of. No name that a person gave the file is on record.
type Document struct {
	Hash   string         `json:"hash"`             // SHA-256 of the document
	Kind   string         `json:"kind"`             // what the scheme calls it
	Media  string         `json:"media"`            // its media type
	Object string         `json:"object"`           // name of what is stored
	Sealed ledger.PartyID `json:"sealed,omitempty"` // under whose key; none: stored as it is
	Size   int            `json:"size"`             // bytes of the document
	Stored string         `json:"stored"`           // SHA-256 of what is stored
}

type (
	// Submit applies for a subsidy (申报).
	Submit struct {
		Account      ledger.AccountRef `json:"account"`        // where it is to be paid
		Base         string            `json:"base,omitempty"` // identifier of the base, where the scheme needs it
		Claim        ledger.ClaimID    `json:"claim"`
		Contribution ledger.Money      `json:"contribution,omitzero"` // paid for one unit, in one month if the scheme recurs: where the standard is a share of it
		Costs        []Cost            `json:"costs,omitempty"`
		Evidence     []Evidence        `json:"evidence"`
		From         ledger.Period     `json:"from"`                // first month it is for
		Household    string            `json:"household,omitempty"` // identifier of the household
		Party        ledger.PartyID    `json:"party"`
		Persons      []ledger.PartyID  `json:"persons,omitempty"` // on whose account an organisation claims
		Region       ledger.RegionCode `json:"region"`
		Retires      ledger.Date       `json:"retires,omitzero"` // day on which the person retires, where the term may end then
		Scheme       ledger.SchemeCode `json:"scheme"`
		Since        ledger.Date       `json:"since,omitzero"` // in operation since
		To           ledger.Period     `json:"to"`             // last month it is for
		Units        int               `json:"units"`
	}
	// Attach puts a document of the claim on record that is stored already (附件).
	Attach struct {
		Claim    ledger.ClaimID `json:"claim"`
		Document Document       `json:"document"`
	}
	// FirstReview passes the first review (初审).
	FirstReview struct {
		Claim ledger.ClaimID `json:"claim"`
	}
	// Compare records the comparison with other registers (数据比对).
	Compare struct {
		Claim    ledger.ClaimID `json:"claim"`
		Manifest string         `json:"manifest"` // SHA-256 of what was compared
		Outcome  Outcome        `json:"outcome"`
		Sources  []string       `json:"sources"`
	}
	// SecondReview passes the second review (复核). Reason is required where the
	// comparison differs.
	SecondReview struct {
		Claim  ledger.ClaimID `json:"claim"`
		Reason string         `json:"reason,omitempty"`
	}
	// Publicise starts the publicity (公示) on From, shown until To.
	Publicise struct {
		Claim  ledger.ClaimID `json:"claim"`
		From   ledger.Date    `json:"from"`
		Notice string         `json:"notice"` // SHA-256 of the masked list shown
		Place  string         `json:"place"`
		To     ledger.Date    `json:"to"`
	}
	// Object records an objection (异议): of anybody, entered by a clerk or a reviewer.
	Object struct {
		Claim     ledger.ClaimID `json:"claim"`
		Objection string         `json:"objection"` // its identifier
		Statement string         `json:"statement"` // SHA-256 of the letter
	}
	// Resolve decides an objection.
	Resolve struct {
		Claim     ledger.ClaimID `json:"claim"`
		Objection string         `json:"objection"`
		Outcome   Outcome        `json:"outcome"`
		Reason    string         `json:"reason"`
	}
	// EndPublicity says that the publicity ran its length.
	EndPublicity struct {
		Claim ledger.ClaimID `json:"claim"`
	}
	// Concur lets a claim stand beside an award where the matrix does not know the
	// pair. It takes an approver other than the one who approves.
	Concur struct {
		Against string         `json:"against"` // the award that the refusal named
		Claim   ledger.ClaimID `json:"claim"`
		Reason  string         `json:"reason"`
	}
	// Approve decides for the claim and commits its amount on a budget line.
	Approve struct {
		Claim    ledger.ClaimID    `json:"claim"`
		Decision string            `json:"decision"` // number of the decision
		Line     ledger.BudgetLine `json:"line"`
	}
	// Reject decides against the claim, at any step; an approved one while nothing
	// is instructed on it.
	Reject struct {
		Claim  ledger.ClaimID `json:"claim"`
		Reason string         `json:"reason"`
	}
	// Stop ends a recurring claim from a month on (停发).
	Stop struct {
		Claim    ledger.ClaimID `json:"claim"`
		Evidence string         `json:"evidence"` // SHA-256 of what shows the event
		From     ledger.Period  `json:"from"`     // first month that is not due
		Reason   string         `json:"reason"`
	}
	// Withdraw takes the claim back before it is decided.
	Withdraw struct {
		Claim  ledger.ClaimID `json:"claim"`
		Reason string         `json:"reason"`
	}
)

func (Submit) claim()       {}
func (Attach) claim()       {}
func (FirstReview) claim()  {}
func (Compare) claim()      {}
func (SecondReview) claim() {}
func (Publicise) claim()    {}
func (Object) claim()       {}
func (Resolve) claim()      {}
func (EndPublicity) claim() {}
func (Concur) claim()       {}
func (Approve) claim()      {}
func (Reject) claim()       {}
func (Stop) claim()         {}
func (Withdraw) claim()     {}

// An Event is something that has happened to a claim.
//
//sumtype:decl
type Event interface {
	ledger.Event
	happened()
}

type (
	// Submitted says what is applied for and what it would be worth.
	Submitted struct {
		Account      ledger.AccountRef `json:"account"`
		Amount       ledger.Money      `json:"amount"`
		Base         string            `json:"base,omitempty"`
		By           ledger.ActorID    `json:"by"`
		Claim        ledger.ClaimID    `json:"claim"`
		Clause       string            `json:"clause"`
		Contribution ledger.Money      `json:"contribution,omitzero"`
		Costs        []Cost            `json:"costs,omitempty"`
		Evidence     []Evidence        `json:"evidence"`
		From         ledger.Period     `json:"from"`
		Group        string            `json:"group"`
		Household    string            `json:"household,omitempty"`
		Monthly      ledger.Money      `json:"monthly,omitzero"` // of a recurring claim: what one month is worth; Amount is that times its months
		On           ledger.Date       `json:"on"`
		Party        ledger.PartyID    `json:"party"`
		Persons      []ledger.PartyID  `json:"persons,omitempty"`
		Policy       string            `json:"policy"`
		Region       ledger.RegionCode `json:"region"`
		Retires      ledger.Date       `json:"retires,omitzero"`
		Scheme       ledger.SchemeCode `json:"scheme"`
		Since        ledger.Date       `json:"since,omitzero"`
		Slots        []string          `json:"slots"` // what the claim occupies until it ends, "purpose|2023-04|2023-06": see package book
		Standard     policy.Standard   `json:"standard"`
		To           ledger.Period     `json:"to"`
		Units        int               `json:"units"`
	}
	// EvidenceAttached says that a document of the claim is kept, and where.
	EvidenceAttached struct {
		By       ledger.ActorID `json:"by"`
		Claim    ledger.ClaimID `json:"claim"`
		Document Document       `json:"document"`
		On       ledger.Date    `json:"on"`
	}
	// FirstReviewed says that the first review is passed.
	FirstReviewed struct {
		By    ledger.ActorID `json:"by"`
		Claim ledger.ClaimID `json:"claim"`
		On    ledger.Date    `json:"on"`
	}
	// Compared says what the comparison found.
	Compared struct {
		By       ledger.ActorID `json:"by"`
		Claim    ledger.ClaimID `json:"claim"`
		Manifest string         `json:"manifest"`
		On       ledger.Date    `json:"on"`
		Outcome  Outcome        `json:"outcome"`
		Sources  []string       `json:"sources"`
	}
	// SecondReviewed says that the second review is passed.
	SecondReviewed struct {
		By     ledger.ActorID `json:"by"`
		Claim  ledger.ClaimID `json:"claim"`
		On     ledger.Date    `json:"on"`
		Reason string         `json:"reason,omitempty"`
	}
	// Publicised says that the publicity started, and its least last day.
	Publicised struct {
		By     ledger.ActorID   `json:"by"`
		Claim  ledger.ClaimID   `json:"claim"`
		From   ledger.Date      `json:"from"`
		Notice string           `json:"notice"`
		On     ledger.Date      `json:"on"`
		Place  string           `json:"place"`
		Policy string           `json:"policy"`
		Rule   policy.Publicity `json:"rule"`
		To     ledger.Date      `json:"to"`
	}
	// Objected says that somebody objects.
	Objected struct {
		Claim     ledger.ClaimID `json:"claim"`
		Objection string         `json:"objection"`
		On        ledger.Date    `json:"on"`
		Statement string         `json:"statement"`
	}
	// Resolved says how an objection was decided.
	Resolved struct {
		By        ledger.ActorID `json:"by"`
		Claim     ledger.ClaimID `json:"claim"`
		Objection string         `json:"objection"`
		On        ledger.Date    `json:"on"`
		Outcome   Outcome        `json:"outcome"`
		Reason    string         `json:"reason"`
	}
	// PublicityEnded says that the publicity ran its length.
	PublicityEnded struct {
		By    ledger.ActorID `json:"by"`
		Claim ledger.ClaimID `json:"claim"`
		On    ledger.Date    `json:"on"`
	}
	// Concurred says that a second approver lets the claim stand beside an award.
	Concurred struct {
		Against string         `json:"against"`
		By      ledger.ActorID `json:"by"`
		Claim   ledger.ClaimID `json:"claim"`
		On      ledger.Date    `json:"on"`
		Reason  string         `json:"reason"`
	}
	// Approved says that the amount is owed, and on which line it is committed.
	Approved struct {
		Amount   ledger.Money      `json:"amount"`
		By       ledger.ActorID    `json:"by"`
		Checks   []Check           `json:"checks,omitempty"` // other awards that it was compared with, under Policy
		Claim    ledger.ClaimID    `json:"claim"`
		Clause   string            `json:"clause"`
		Decision string            `json:"decision"`
		Entry    ledger.Entry      `json:"entry"`
		Line     ledger.BudgetLine `json:"line"`
		On       ledger.Date       `json:"on"`
		Policy   string            `json:"policy"`
	}
	// Rejected says that nothing is owed; Entry takes back an approval's.
	Rejected struct {
		By     ledger.ActorID `json:"by"`
		Claim  ledger.ClaimID `json:"claim"`
		Entry  *ledger.Entry  `json:"entry,omitempty"`
		On     ledger.Date    `json:"on"`
		Reason string         `json:"reason"`
	}
	// Stopped says from which month nothing is due, and takes back what was promised of the
	// months that were neither paid nor under way.
	Stopped struct {
		Amount   ledger.Money    `json:"amount"` // of Months
		By       ledger.ActorID  `json:"by"`
		Claim    ledger.ClaimID  `json:"claim"`
		Entry    *ledger.Entry   `json:"entry,omitempty"`
		Evidence string          `json:"evidence"`
		From     ledger.Period   `json:"from"`
		Months   []ledger.Period `json:"months,omitempty"` // neither paid nor under way
		On       ledger.Date     `json:"on"`
		Reason   string          `json:"reason"`
	}
	// Withdrawn says that the claim was taken back.
	Withdrawn struct {
		By     ledger.ActorID `json:"by"`
		Claim  ledger.ClaimID `json:"claim"`
		On     ledger.Date    `json:"on"`
		Reason string         `json:"reason"`
	}
)

func (Submitted) happened()        {}
func (EvidenceAttached) happened() {}
func (FirstReviewed) happened()    {}
func (Compared) happened()         {}
func (SecondReviewed) happened()   {}
func (Publicised) happened()       {}
func (Objected) happened()         {}
func (Resolved) happened()         {}
func (PublicityEnded) happened()   {}
func (Concurred) happened()        {}
func (Approved) happened()         {}
func (Rejected) happened()         {}
func (Stopped) happened()          {}
func (Withdrawn) happened()        {}

// Case is the claim.
func (e Submitted) Case() string        { return string(e.Claim) }
func (e EvidenceAttached) Case() string { return string(e.Claim) }
func (e FirstReviewed) Case() string    { return string(e.Claim) }
func (e Compared) Case() string         { return string(e.Claim) }
func (e SecondReviewed) Case() string   { return string(e.Claim) }
func (e Publicised) Case() string       { return string(e.Claim) }
func (e Objected) Case() string         { return string(e.Claim) }
func (e Resolved) Case() string         { return string(e.Claim) }
func (e PublicityEnded) Case() string   { return string(e.Claim) }
func (e Concurred) Case() string        { return string(e.Claim) }
func (e Approved) Case() string         { return string(e.Claim) }
func (e Rejected) Case() string         { return string(e.Claim) }
func (e Stopped) Case() string          { return string(e.Claim) }
func (e Withdrawn) Case() string        { return string(e.Claim) }

// Effective is the day of the order.
func (e Submitted) Effective() ledger.Date        { return e.On }
func (e EvidenceAttached) Effective() ledger.Date { return e.On }
func (e FirstReviewed) Effective() ledger.Date    { return e.On }
func (e Compared) Effective() ledger.Date         { return e.On }
func (e SecondReviewed) Effective() ledger.Date   { return e.On }
func (e Publicised) Effective() ledger.Date       { return e.On }
func (e Objected) Effective() ledger.Date         { return e.On }
func (e Resolved) Effective() ledger.Date         { return e.On }
func (e PublicityEnded) Effective() ledger.Date   { return e.On }
func (e Concurred) Effective() ledger.Date        { return e.On }
func (e Approved) Effective() ledger.Date         { return e.On }
func (e Rejected) Effective() ledger.Date         { return e.On }
func (e Stopped) Effective() ledger.Date          { return e.On }
func (e Withdrawn) Effective() ledger.Date        { return e.On }

// Booked is the entry of a decision, nil for every other step.
func (Submitted) Booked() (ledger.Entry, bool)        { return ledger.Entry{}, false }
func (EvidenceAttached) Booked() (ledger.Entry, bool) { return ledger.Entry{}, false }
func (FirstReviewed) Booked() (ledger.Entry, bool)    { return ledger.Entry{}, false }
func (Compared) Booked() (ledger.Entry, bool)         { return ledger.Entry{}, false }
func (SecondReviewed) Booked() (ledger.Entry, bool)   { return ledger.Entry{}, false }
func (Publicised) Booked() (ledger.Entry, bool)       { return ledger.Entry{}, false }
func (Objected) Booked() (ledger.Entry, bool)         { return ledger.Entry{}, false }
func (Resolved) Booked() (ledger.Entry, bool)         { return ledger.Entry{}, false }
func (PublicityEnded) Booked() (ledger.Entry, bool)   { return ledger.Entry{}, false }
func (Concurred) Booked() (ledger.Entry, bool)        { return ledger.Entry{}, false }
func (e Approved) Booked() (ledger.Entry, bool)       { return e.Entry, true }
func (e Rejected) Booked() (ledger.Entry, bool)       { return e.Entry.Booked() }
func (e Stopped) Booked() (ledger.Entry, bool)        { return e.Entry.Booked() }
func (Withdrawn) Booked() (ledger.Entry, bool)        { return ledger.Entry{}, false }

// Refusals, in the order of checking.
var (
	ErrTaken = &ledger.Rejection{
		Code: "claim-taken", Rule: "an identifier names one claim", RuleZH: "同一编号只能对应一项申报",
		Next: "use another identifier", NextZH: "请更换编号",
	}
	ErrUnknown = &ledger.Rejection{
		Code: "claim-unknown", Rule: "only a submitted claim is acted on", RuleZH: "只能办理已提交的申报",
		Next: "check the identifier", NextZH: "请核对编号",
	}
	ErrClaimant = &ledger.Rejection{
		Code: "claimant-kind", Rule: "a scheme is claimed by those it is for", RuleZH: "申报人须属于该项目的扶持对象",
		Source: "the scheme's clause", Next: "claim under the scheme for this kind of party", NextZH: "请按适用的项目申报",
	}
	ErrPeriod = &ledger.Rejection{
		Code: "claim-period", Rule: "a claim is for one unit at least and a million at most, and for months with a beginning and an end in ten years, while its scheme is in force, the first in the year of the claim or before (of a recurring one, in the next)", RuleZH: "申报须写明数量（1至100万）和所属期起止月份（不超过十年，且在项目有效期内；起始月份不晚于申报当年，按月发放的不晚于次年）",
		Next: "correct units and months", NextZH: "请更正数量或所属期",
	}
	ErrUnits = &ledger.Rejection{
		Code: "claim-units", Rule: "a person has one unit of a scheme, an organisation one for each person on whose account it claims, or one where the unit is no person but an institution, a base or the like, unless the scheme says how many", RuleZH: "个人申报数量为一；单位为个人申报的，数量不超过所列人数；以机构、基地等为单位的，一份申报数量为一；项目另有规定的除外",
		Source: "吉政办发〔2022〕35号 四（二）（避免交叉使用）", Next: "correct the units, or list the persons", NextZH: "请更正数量或补列人员",
	}
	ErrEvidence = &ledger.Rejection{
		Code: "evidence-missing", Rule: "every kind of evidence the scheme asks for is handed in, each as a document of its own", RuleZH: "须提交项目要求的全部材料，一份材料不得充作两种",
		Source: "吉政办发〔2022〕35号 四（二）（对符合条件的给予补贴）", Next: "hand in the kind that is named; to a submitted claim with claim attach", NextZH: "请补交所列材料；已提交的申报请用 claim attach 补交",
	}
	ErrDocument = &ledger.Rejection{
		Code: "document-differs", Rule: "a document that is kept is the one handed in, named by its bytes, of one kind, and in no other form than its claim asks for", RuleZH: "留存的材料须与申报时提交的材料一致，一份材料只作一种，并按规定方式留存",
		Next: "attach the document whose hash the claim states; if that one was wrong, withdraw the claim and submit it anew", NextZH: "请附上与申报所列哈希一致的材料；如申报有误，请撤回后重新申报",
	}
	ErrFacts = &ledger.Rejection{
		Code: "claim-facts", Rule: "a claim states the household, persons, cost items, base and contributions that its scheme asks for, each once and nothing else", RuleZH: "须按项目要求写明户、人员、成本项、基地和缴费额，且不得重复",
		Source: "吉政办发〔2022〕35号 四（二）（避免交叉使用）", Next: "state what is named", NextZH: "请补充所列事项",
	}
	ErrTerm = &ledger.Rejection{
		Code: "minimum-term", Rule: "what is in operation for fewer months than the scheme asks for is not paid", RuleZH: "经营（在岗）月数未达到项目要求的，不予补贴",
		Source: "the scheme's minimum term", Next: "apply when the months have passed", NextZH: "请在达到月数后申报",
	}
	ErrOnePerson = &ledger.Rejection{
		Code: "recurring-one-person", Rule: "a claim of a recurring scheme is for one person and one unit, without cost items", RuleZH: "按月发放的项目一人一份申报，数量为一，不列成本项",
		Source: "吉政办发〔2022〕35号 四（二）（避免交叉使用）", Next: "submit a claim for each person", NextZH: "请按人分别申报",
	}
	ErrRetirement = &ledger.Rejection{
		Code: "claim-retirement", Rule: "support by the month is not paid beyond the month in which the person retires; what is not paid by the month does not depend on it", RuleZH: "按月发放的补贴不超过本人退休当月；非按月发放的项目不填退休日期",
		Source: "the scheme's limits", Next: "correct the months or the day of retirement", NextZH: "请更正所属期或退休日期",
	}
	ErrStep = &ledger.Rejection{
		Code: "claim-step", Rule: "a claim takes its steps in their order, each on the day of the one before or later: submitted, first review, comparison, second review, publicity, decision", RuleZH: "申报须按初审、数据比对、复核、公示、审批的顺序办理，后一环节日期不得早于前一环节",
		Source: "吉政办发〔2022〕35号 四（二）", Next: "take the step that is due", NextZH: "请先办理当前应办环节",
	}
	ErrReason = &ledger.Rejection{
		Code: "reason-missing", Rule: "a decision against a claim, or in spite of a difference, states its reason", RuleZH: "不予通过或存在差异仍通过的，须说明理由",
		Next: "state the reason", NextZH: "请说明理由",
	}
	ErrPublicity = &ledger.Rejection{
		Code: "publicity-cut-short", Rule: "a publicity is shown for its whole length before anything is decided", RuleZH: "公示期满方可审批",
		Source: "the scheme's publicity rule", Next: "wait until the publicity has run its length", NextZH: "请待公示期满",
	}
	ErrObjection = &ledger.Rejection{
		Code: "objection-open", Rule: "nothing is approved while an objection is open or upheld", RuleZH: "异议未处理完毕或成立的，不得审批通过",
		Next: "resolve the objection, or reject the claim", NextZH: "请先处理异议，或作出不予通过决定",
	}
	ErrMonth = &ledger.Rejection{
		Code: "claim-month", Rule: "a recurring claim is paid, and stopped, by a month of its own that is not given back, and paid when the month has begun; another claim has no months", RuleZH: "按月发放的申报须按其所属月份支付或停发，已缴回国库的月份除外，当月开始后方可支付；其他申报不分月",
		Source: "the months of the award", Next: "name a month of the award; leave it out where the claim does not recur", NextZH: "请填写补贴所属月份；非按月发放的请勿填写",
	}
	ErrStopped = &ledger.Rejection{
		Code: "claim-stopped", Rule: "nothing is paid for a month from which a claim is stopped; a stop is moved to an earlier month only", RuleZH: "停发月份起不得再支付；停发月份只能提前",
		Source: "the stop of the claim", Next: "give a failed or returned payment back to the treasury; apply anew if support is due again", NextZH: "失败或退汇的请缴回国库；重新符合条件的请重新申报",
	}
	ErrLine = &ledger.Rejection{
		Code: "claim-budget-line", Rule: "a claim is paid from a line of its own scheme, of its region or one above, from a fund the scheme allows", RuleZH: "须使用本项目、本地区或其上级地区且资金来源符合规定的指标（专款专用）",
		Source: "预算法 art. 13; 财税〔2015〕72号 arts. 21–24", Next: "choose a line of the scheme", NextZH: "请选择本项目的指标",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{
	ErrTaken, ErrUnknown, ErrClaimant, ErrPeriod, ErrUnits, ErrEvidence, ErrDocument, ErrFacts, ErrTerm, ErrOnePerson, ErrRetirement, ErrStep, ErrReason, ErrPublicity, ErrObjection, ErrMonth, ErrStopped, ErrLine,
}

// A Status is the last step a claim has taken.
type Status string

// The steps, in their order.
const (
	SubmittedStep  Status = "submitted"
	FirstStep      Status = "first-reviewed"
	ComparedStep   Status = "compared"
	SecondStep     Status = "second-reviewed"
	PublicStep     Status = "publicised"
	PublicDoneStep Status = "publicity-ended"
	ApprovedStep   Status = "approved"
	RejectedStep   Status = "rejected"
	WithdrawnStep  Status = "withdrawn"
)

// A Case is what the rules remember of a claim. It is not modified in place.
type Case struct {
	Status        Status
	On            ledger.Date // of the latest step
	Scheme        ledger.SchemeCode
	Slots         []string
	Party         ledger.PartyID
	Account       ledger.AccountRef
	Region        ledger.RegionCode
	From, To      ledger.Period
	Retires       ledger.Date // the person, if stated
	Awarded       ledger.Date // day of the approval
	Amount        ledger.Money
	Monthly       ledger.Money      // of a recurring claim
	Stop          ledger.Period     // from which on nothing is due, if any
	Line          ledger.BudgetLine // once approved
	Clause        string
	Policy        string
	Entered       ledger.ActorID
	First, Second ledger.ActorID
	Approved      ledger.ActorID
	Base          string
	Costs         []Cost
	Household     string
	Persons       []ledger.PartyID
	evidence      []Evidence       // as submitted; forgotten once the claim is decided
	kept          []kept           // likewise
	reviewed      []ledger.ActorID // who compared, showed it and resolved objections
	concurred     []concurrence
	differs       bool
	public, shown ledger.Date // first and last day of the publicity
	open          int         // objections not resolved
	upheld        bool
}

type concurrence struct {
	against string
	by      ledger.ActorID
}

// A kept is what the rules remember of a document.
type kept struct {
	Evidence
	by ledger.ActorID
}

// entered returns who entered the claim or attached documents.
func (k Case) entered() []ledger.ActorID {
	all := []ledger.ActorID{k.Entered}
	for _, d := range k.kept {
		all = append(all, d.by)
	}
	return all
}

// Others returns who took part in the claim beside who entered, reviewed and approved it:
// who attached, compared, showed it or resolved objections. For most claims it is nobody.
func (k Case) Others() []ledger.ActorID { return k.reviewed }

// Concurrers returns who let the claim stand beside other awards.
func (k Case) Concurrers() (all []ledger.ActorID) {
	for _, x := range k.concurred {
		all = append(all, x.by)
	}
	return all
}

// takePart adds to who reviewed the claim.
func (k *Case) takePart(by ...ledger.ActorID) {
	for _, a := range by {
		if a != k.Entered && a != k.First && a != k.Second && !slices.Contains(k.reviewed, a) {
			k.reviewed = append(slices.Clip(k.reviewed), a)
		}
	}
}

// lacks returns the kinds of evidence that the scheme asks for and the claim has
// not.
func (k Case) lacks(scheme policy.Scheme) (kinds []string) {
	for _, kind := range scheme.Evidence {
		has := slices.ContainsFunc(k.kept, func(d kept) bool { return d.Kind == kind }) ||
			!scheme.Kept && slices.ContainsFunc(k.evidence, func(e Evidence) bool { return e.Kind == kind })
		if !has {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Personal tells whether the documents of the claim are about persons: its claimant,
// or those on whose account it is made.
func (k Case) Personal(claimant policy.Kind) bool {
	return claimant == policy.Person || len(k.Persons) > 0
}

// Recurs tells whether the claim is paid by the month.
func (k Case) Recurs() bool { return !k.Monthly.IsZero() }

// Instalments lists what the claim is paid in: its months, stopped or not, or the zero
// Period where it is paid once.
func (k Case) Instalments() []ledger.Period {
	if !k.Recurs() {
		return []ledger.Period{{}}
	}
	return ledger.Months(k.From, k.To)
}

// Stopped tells whether a month is not due any more.
func (k Case) Stopped(month ledger.Period) bool {
	return !k.Stop.IsZero() && month.Compare(k.Stop) >= 0
}

// Worth returns what is paid for an instalment, and refuses one that the claim has not.
func (k Case) Worth(month ledger.Period) (ledger.Money, error) {
	switch {
	case !k.Recurs() && month.IsZero():
		return k.Amount, nil
	case !k.Recurs():
		return ledger.Money{}, ErrMonth.Of("%s of a claim that is paid once", month)
	case month.IsZero() || month.Compare(k.From) < 0 || month.Compare(k.To) > 0:
		return ledger.Money{}, ErrMonth.Of("month %q; the claim is for %s to %s", month, k.From, k.To)
	}
	return k.Monthly, nil
}

// Concurred returns who let the claim stand beside an award.
func (k Case) Concurred(award string) (ledger.ActorID, bool) {
	for _, x := range k.concurred {
		if x.against == award {
			return x.by, true
		}
	}
	return "", false
}

// State is the claims there are.
type State struct {
	claims     ledger.Table[ledger.ClaimID, Case]
	objections ledger.Table[objection, Outcome] // "" while open
}

type objection struct {
	claim ledger.ClaimID
	id    string
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return []ledger.Tentative{&s.claims, &s.objections}
}

// Find returns what is remembered of a claim.
func (s *State) Find(id ledger.ClaimID) (Case, bool) { return s.claims.Get(id) }

// Decider holds the rules about one claim. The entry of a decision is added by
// the book, which knows the chart.
var Decider = ledger.Decider[*State, Command, Event]{Decide: Decide, Evolve: Evolve}

// Decide answers c in state s.
func Decide(s *State, c Command) ([]Event, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	switch do := c.Do.(type) {
	case Submit:
		return s.submit(c, do)
	case Attach:
		return s.attach(c, do)
	case FirstReview:
		return s.firstReview(c, do)
	case Compare:
		return s.compare(c, do)
	case SecondReview:
		return s.secondReview(c, do)
	case Publicise:
		return s.publicise(c, do)
	case Object:
		return s.object(c, do)
	case Resolve:
		return s.resolve(c, do)
	case EndPublicity:
		return s.endPublicity(c, do)
	case Concur:
		return s.concur(c, do)
	case Approve:
		return s.approve(c, do)
	case Reject:
		return s.reject(c, do)
	case Stop:
		return s.stop(c, do)
	case Withdraw:
		return s.withdraw(c, do)
	}
	panic(fmt.Sprintf("claim: action %T", c.Do))
}

func (s *State) submit(c Command, do Submit) ([]Event, error) {
	if err := c.Needs(ledger.Clerk); err != nil {
		return nil, err
	}
	if err := ledger.CheckID(do.Claim); err != nil {
		return nil, err
	}
	if s.claims.Has(do.Claim) {
		return nil, ErrTaken.Of("%s", do.Claim)
	}
	scheme, err := c.Policy.Find(do.Scheme, c.On)
	if err != nil {
		return nil, err
	}
	if do.Units < 1 || do.Units > 1_000_000 || do.From.IsZero() || do.To.Compare(do.From) < 0 || do.To.Year()-do.From.Year() > 10 {
		return nil, ErrPeriod.Of("%d units for %s to %s", do.Units, do.From, do.To)
	}
	latest := c.On.Year() // in which it begins
	if scheme.Recurring != nil {
		latest++
	}
	if do.From.Compare(scheme.From.Period()) < 0 || !scheme.To.IsZero() && do.To.Compare(scheme.To.Period()) > 0 || do.From.Year() > latest {
		return nil, ErrPeriod.Of("%s to %s on %s; scheme %s is in force from %s to %s", do.From, do.To, c.On, scheme.Code, scheme.From, scheme.To)
	}
	for i, e := range do.Evidence {
		if !isHash(e.Hash) {
			return nil, ErrEvidence.Of("claim %s has %s without its SHA-256", do.Claim, e.Kind)
		}
		if j := slices.IndexFunc(do.Evidence[:i], func(f Evidence) bool { return f.Hash == e.Hash }); j >= 0 {
			return nil, ErrEvidence.Of("claim %s has one document for %s and %s", do.Claim, do.Evidence[j].Kind, e.Kind)
		}
	}
	// Where documents are kept they may follow, until the approval.
	if lacks := (Case{evidence: do.Evidence}).lacks(scheme); len(lacks) > 0 && !scheme.Kept {
		return nil, ErrEvidence.Of("claim %s has no %s", do.Claim, strings.Join(lacks, ", "))
	}
	if err := facts(scheme, do, c.On); err != nil {
		return nil, err
	}
	standard, err := scheme.Standard(do.Region, c.On)
	if err != nil {
		return nil, err
	}
	if do.Contribution.Sign() < 0 || do.Contribution.IsZero() != (standard.Share == "") {
		return nil, ErrFacts.Of("claim %s states %s of contributions; the standard is %s", do.Claim, do.Contribution, standard)
	}
	amount := scheme.Award(standard, do.Units, do.Contribution)
	if amount.IsZero() {
		return nil, ErrFacts.Of("claim %s is worth nothing: %s of %s", do.Claim, standard, do.Contribution)
	}
	var monthly ledger.Money
	if scheme.Recurring != nil {
		if _, _, err := scheme.Limits(c.On); err != nil {
			return nil, err
		}
		monthly, amount = amount, amount.Times(int64(len(ledger.Months(do.From, do.To))))
	}
	if amount.Cmp(ledger.MaxMoney) > 0 {
		return nil, ledger.ErrAmountRange.Of("%d units of %s for %s to %s", do.Units, standard, do.From, do.To)
	}
	return []Event{Submitted{
		Account: do.Account, Amount: amount, Base: do.Base, By: c.By.ID, Claim: do.Claim, Clause: scheme.Clause, Contribution: do.Contribution, Costs: do.Costs, Evidence: do.Evidence,
		From: do.From, Group: scheme.Group, Household: do.Household, Monthly: monthly, On: c.On, Party: do.Party, Persons: do.Persons, Policy: c.Policy.Version, Region: do.Region, Retires: do.Retires,
		Scheme: do.Scheme, Since: do.Since, Standard: standard, To: do.To, Units: do.Units,
	}}, nil
}

// MaxPersons is the most persons on whose account one claim is made.
const MaxPersons = 2000

// facts refuses a claim that does not state what its scheme asks for.
func facts(scheme policy.Scheme, do Submit, on ledger.Date) error {
	for _, need := range scheme.Needs {
		stated := map[policy.Need]bool{
			policy.NeedHousehold: do.Household != "", policy.NeedCosts: len(do.Costs) > 0, policy.NeedBase: do.Base != "",
			policy.NeedPersons: true, // asked of organisations: see package book
		}
		if !stated[need] {
			return ErrFacts.Of("claim %s states no %s", do.Claim, need)
		}
	}
	if len(do.Persons) > MaxPersons {
		return ErrFacts.Of("claim %s is on account of %d persons; %d are taken", do.Claim, len(do.Persons), MaxPersons)
	}
	persons := make(map[ledger.PartyID]bool)
	for _, p := range do.Persons {
		if persons[p] || p == do.Party {
			return ErrFacts.Of("claim %s is twice on account of %s", do.Claim, p)
		}
		persons[p] = true
	}
	for i, k := range do.Costs {
		if ledger.CheckID(k.Item) != nil || ledger.CheckID(k.Invoice) != nil || k.Cost.Sign() <= 0 || k.Other.Sign() < 0 || !k.Share.IsZero() {
			return ErrFacts.Of("cost item %d of claim %s without item, invoice or cost, or with a share", i+1, do.Claim)
		}
		if slices.ContainsFunc(do.Costs[:i], func(l Cost) bool { return same(l.Item, k.Item) || same(l.Invoice, k.Invoice) }) {
			return ErrFacts.Of("cost item %s of claim %s, or its invoice, is there twice", k.Item, do.Claim)
		}
	}
	for _, id := range []string{do.Base, do.Household} {
		if id != "" && ledger.CheckID(id) != nil {
			return ErrFacts.Of("base %q, household %q of claim %s", do.Base, do.Household, do.Claim)
		}
	}
	if n := scheme.MinMonths; n > 0 && (do.Since.IsZero() || do.Since.AddMonths(n).After(on)) {
		return ErrTerm.Of("claim %s since %s on %s; scheme %s asks for %d months", do.Claim, do.Since, on, scheme.Code, n)
	}
	if !do.Retires.IsZero() && (scheme.Recurring == nil || do.To.Compare(do.Retires.Period()) > 0) {
		return ErrRetirement.Of("claim %s of scheme %s for %s to %s; the person retires on %s", do.Claim, scheme.Code, do.From, do.To, do.Retires)
	}
	if scheme.Recurring != nil && (do.Units != 1 || len(do.Persons) > 1 || len(do.Costs) > 0) {
		return ErrOnePerson.Of("claim %s of scheme %s for %d units, on account of %d persons, with %d cost items", do.Claim, scheme.Code, do.Units, len(do.Persons), len(do.Costs))
	}
	return nil
}

// same tells whether two numbers of papers or things read the same.
func same(a, b string) bool { return ledger.FoldNumber(a) == ledger.FoldNumber(b) }

// isHash tells whether s is a SHA-256 in lower-case hexadecimal: nothing else
// goes on record where a document is named by its bytes.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// undecided are the steps before a decision.
var undecided = []Status{SubmittedStep, FirstStep, ComparedStep, SecondStep, PublicStep, PublicDoneStep}

// due returns the claim if it is at one of the steps from, and on is not before
// the day it took it.
func (s *State) due(id ledger.ClaimID, on ledger.Date, from ...Status) (Case, error) {
	c, err := s.at(id, from...)
	if err == nil && on.Before(c.On) {
		return Case{}, ErrStep.Of("claim %s is %s since %s, which is after %s", id, c.Status, c.On, on)
	}
	return c, err
}

// at returns the claim if it is at one of the steps from.
func (s *State) at(id ledger.ClaimID, from ...Status) (Case, error) {
	c, ok := s.claims.Get(id)
	if !ok {
		return Case{}, ErrUnknown.Of("%s", id)
	}
	if !slices.Contains(from, c.Status) {
		return Case{}, ErrStep.Of("claim %s is %s", id, c.Status)
	}
	return c, nil
}

// MaxMedia is the most characters of a media type.
const MaxMedia = 100

func (s *State) attach(c Command, do Attach) ([]Event, error) {
	if err := c.Needs(ledger.Clerk); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, undecided...)
	if err != nil {
		return nil, err
	}
	d := do.Document
	for _, id := range []string{d.Kind, d.Object} {
		if err := ledger.CheckID(id); err != nil {
			return nil, err
		}
	}
	if err := c.Apart(append(slices.Clip(k.reviewed), k.First, k.Second)...); err != nil {
		return nil, err
	}
	switch {
	case slices.ContainsFunc(k.kept, func(x kept) bool { return x.Kind == d.Kind && x.Hash == d.Hash }):
		return nil, nil
	case !isHash(d.Hash) || !isHash(d.Stored) || d.Size < 1 || !isMedia(d.Media):
		return nil, ErrDocument.Of("%s of claim %s with hash %q, %d bytes of %q", d.Kind, do.Claim, d.Hash, d.Size, d.Media)
	case d.Sealed == "" && d.Stored != d.Hash:
		return nil, ErrDocument.Of("%s of claim %s is stored neither sealed nor as it is", d.Kind, do.Claim)
	}
	of := func(e Evidence) bool { return e.Kind == d.Kind }
	stated := slices.Contains(k.evidence, Evidence{Hash: d.Hash, Kind: d.Kind})
	if slices.ContainsFunc(k.evidence, of) && !stated {
		return nil, ErrDocument.Of("%s of claim %s has hash %s; the claim states another", d.Kind, do.Claim, d.Hash)
	}
	scheme, _ := c.Policy.Scheme(k.Scheme)
	asked := func(kind string) bool { return slices.Contains(scheme.Evidence, kind) }
	used := func(e Evidence) bool { return e.Kind != d.Kind && e.Hash == d.Hash && asked(e.Kind) }
	if !stated && asked(d.Kind) && (slices.ContainsFunc(k.evidence, used) || slices.ContainsFunc(k.kept, func(x kept) bool { return used(x.Evidence) })) {
		return nil, ErrDocument.Of("%s of claim %s has hash %s, which is that of another kind that scheme %s asks for", d.Kind, do.Claim, d.Hash, k.Scheme)
	}
	return []Event{EvidenceAttached{By: c.By.ID, Claim: do.Claim, Document: d, On: c.On}}, nil
}

// isMedia tells whether s is a media type without parameters: "application/pdf".
func isMedia(s string) bool {
	before, after, ok := strings.Cut(s, "/")
	return ok && len(s) <= MaxMedia && ledger.CheckID(before) == nil && ledger.CheckID(strings.ReplaceAll(after, "+", "-")) == nil
}

func (s *State) firstReview(c Command, do FirstReview) ([]Event, error) {
	if err := c.Needs(ledger.Reviewer); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, SubmittedStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(k.entered()...); err != nil {
		return nil, err
	}
	return []Event{FirstReviewed{By: c.By.ID, Claim: do.Claim, On: c.On}}, nil
}

func (s *State) compare(c Command, do Compare) ([]Event, error) {
	if err := c.Needs(ledger.Reviewer); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, FirstStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(k.entered()...); err != nil {
		return nil, err
	}
	if (do.Outcome != Matched && do.Outcome != Differs) || len(do.Sources) == 0 || !isHash(do.Manifest) {
		return nil, ErrReason.Of("comparison of %s with outcome %q, %d sources, and a SHA-256 of them", do.Claim, do.Outcome, len(do.Sources))
	}
	return []Event{Compared{By: c.By.ID, Claim: do.Claim, Manifest: do.Manifest, On: c.On, Outcome: do.Outcome, Sources: do.Sources}}, nil
}

func (s *State) secondReview(c Command, do SecondReview) ([]Event, error) {
	if err := c.Needs(ledger.Reviewer); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, ComparedStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(append(k.entered(), k.First)...); err != nil {
		return nil, err
	}
	if k.differs && do.Reason == "" {
		return nil, ErrReason.Of("the comparison of %s differs", do.Claim)
	}
	return []Event{SecondReviewed{By: c.By.ID, Claim: do.Claim, On: c.On, Reason: do.Reason}}, nil
}

func (s *State) publicise(c Command, do Publicise) ([]Event, error) {
	if err := c.Needs(ledger.Reviewer); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, SecondStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(k.entered()...); err != nil {
		return nil, err
	}
	scheme, err := c.Policy.Find(k.Scheme, c.On)
	if err != nil {
		return nil, err
	}
	least, err := c.Policy.Last(scheme.Publicity, do.From)
	if err != nil {
		return nil, fmt.Errorf("scheme %s: %w", k.Scheme, err)
	}
	switch {
	case do.From.IsZero() || do.From.Before(c.On):
		return nil, ErrPublicity.Of("claim %s shown from %s; it begins on %s or later", do.Claim, do.From, c.On)
	case do.To.Before(least):
		return nil, ErrPublicity.Of("claim %s shown %s to %s; from %s it must be shown until %s at least", do.Claim, do.From, do.To, do.From, least)
	case do.Place == "":
		return nil, ErrPublicity.Of("claim %s shown nowhere: no place is given", do.Claim)
	case !isHash(do.Notice):
		return nil, ErrPublicity.Of("claim %s: the notice is no SHA-256 of the list that is shown", do.Claim)
	}
	return []Event{Publicised{
		By: c.By.ID, Claim: do.Claim, From: do.From, Notice: do.Notice, On: c.On, Place: do.Place,
		Policy: c.Policy.Version, Rule: scheme.Publicity, To: do.To,
	}}, nil
}

func (s *State) object(c Command, do Object) ([]Event, error) {
	if !c.By.Is(ledger.Reviewer) {
		if err := c.Needs(ledger.Clerk); err != nil {
			return nil, err
		}
	}
	// A letter that lay somewhere until the publicity was over still counts.
	k, err := s.at(do.Claim, PublicStep, PublicDoneStep)
	if err != nil {
		return nil, err
	}
	if c.On.Before(k.public) {
		return nil, ErrStep.Of("objection %s to claim %s on %s, which is shown from %s", do.Objection, do.Claim, c.On, k.public)
	}
	if err := ledger.CheckID(do.Objection); err != nil {
		return nil, err
	}
	if s.objections.Has(objection{do.Claim, do.Objection}) {
		return nil, nil
	}
	if !isHash(do.Statement) {
		return nil, ErrReason.Of("objection %s without the SHA-256 of its letter", do.Objection)
	}
	return []Event{Objected{Claim: do.Claim, Objection: do.Objection, On: c.On, Statement: do.Statement}}, nil
}

func (s *State) resolve(c Command, do Resolve) ([]Event, error) {
	if err := c.Needs(ledger.Reviewer); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, PublicStep, PublicDoneStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(k.entered()...); err != nil {
		return nil, err
	}
	old, ok := s.objections.Get(objection{do.Claim, do.Objection})
	switch {
	case !ok:
		return nil, ErrObjection.Of("claim %s has no objection %q", do.Claim, do.Objection)
	case old == do.Outcome && old != "":
		return nil, nil
	case old != "":
		return nil, ErrObjection.Of("objection %s was %s", do.Objection, old)
	case (do.Outcome != Dismissed && do.Outcome != Upheld) || do.Reason == "":
		return nil, ErrReason.Of("objection %s %q", do.Objection, do.Outcome)
	}
	return []Event{Resolved{By: c.By.ID, Claim: do.Claim, Objection: do.Objection, On: c.On, Outcome: do.Outcome, Reason: do.Reason}}, nil
}

func (s *State) endPublicity(c Command, do EndPublicity) ([]Event, error) {
	if err := c.Needs(ledger.Reviewer); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, PublicStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(k.entered()...); err != nil {
		return nil, err
	}
	if !c.On.After(k.shown) {
		return nil, ErrPublicity.Of("claim %s is shown until %s; today is %s", do.Claim, k.shown, c.On)
	}
	if k.open > 0 || k.upheld {
		return nil, ErrObjection.Of("claim %s", do.Claim)
	}
	return []Event{PublicityEnded{By: c.By.ID, Claim: do.Claim, On: c.On}}, nil
}

func (s *State) concur(c Command, do Concur) ([]Event, error) {
	if err := c.Needs(ledger.Approver); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, PublicDoneStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(slices.Concat(k.entered(), k.reviewed, []ledger.ActorID{k.First, k.Second})...); err != nil {
		return nil, err
	}
	if ledger.CheckID(do.Against) != nil || do.Reason == "" {
		return nil, ErrReason.Of("concurrence on %s beside %q", do.Claim, do.Against)
	}
	if _, ok := k.Concurred(do.Against); ok {
		return nil, nil
	}
	return []Event{Concurred{Against: do.Against, By: c.By.ID, Claim: do.Claim, On: c.On, Reason: do.Reason}}, nil
}

func (s *State) approve(c Command, do Approve) ([]Event, error) {
	if err := c.Needs(ledger.Approver); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, PublicDoneStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(slices.Concat(k.entered(), k.reviewed, []ledger.ActorID{k.First, k.Second})...); err != nil {
		return nil, err
	}
	if err := c.Apart(k.Concurrers()...); err != nil {
		return nil, err
	}
	if k.open > 0 || k.upheld {
		return nil, ErrObjection.Of("claim %s", do.Claim)
	}
	scheme, err := c.Policy.Find(k.Scheme, c.On)
	if err != nil {
		return nil, err
	}
	if lacks := k.lacks(scheme); len(lacks) > 0 {
		return nil, ErrEvidence.Of("claim %s has no %s that policy %s asks for", do.Claim, strings.Join(lacks, ", "), c.Policy.Version)
	}
	l := do.Line
	if l.Scheme != k.Scheme || (l.Region != k.Region && !ledger.Under(l.Region, k.Region, c.On)) || !slices.Contains(scheme.Funds, l.Fund) || do.Decision == "" {
		return nil, ErrLine.Of("claim %s of scheme %s in %s on line %q, decision %q", do.Claim, k.Scheme, k.Region, l, do.Decision)
	}
	return []Event{Approved{
		Amount: k.Amount, By: c.By.ID, Claim: do.Claim, Clause: k.Clause, Decision: do.Decision, Line: l, On: c.On, Policy: c.Policy.Version,
	}}, nil
}

func (s *State) reject(c Command, do Reject) ([]Event, error) {
	if !c.By.Is(ledger.Reviewer) {
		if err := c.Needs(ledger.Approver); err != nil {
			return nil, err
		}
	}
	k, err := s.due(do.Claim, c.On, append(slices.Clip(undecided), ApprovedStep)...)
	if err != nil {
		return nil, err
	}
	if k.Status == ApprovedStep {
		if err := c.Needs(ledger.Approver); err != nil {
			return nil, err
		}
	}
	if err := c.Apart(k.Entered); err != nil {
		return nil, err
	}
	if do.Reason == "" {
		return nil, ErrReason.Of("rejection of %s", do.Claim)
	}
	return []Event{Rejected{By: c.By.ID, Claim: do.Claim, On: c.On, Reason: do.Reason}}, nil
}

func (s *State) stop(c Command, do Stop) ([]Event, error) {
	if err := c.Needs(ledger.Approver); err != nil {
		return nil, err
	}
	k, err := s.due(do.Claim, c.On, ApprovedStep)
	if err != nil {
		return nil, err
	}
	if err := c.Apart(k.Entered); err != nil {
		return nil, err
	}
	if do.Reason == "" || !isHash(do.Evidence) {
		return nil, ErrReason.Of("stop of %s, and a SHA-256 of what shows why", do.Claim)
	}
	if _, err := k.Worth(do.From); err != nil || !k.Recurs() {
		return nil, ErrMonth.Of("claim %s, for %s to %s, stopped from %q", do.Claim, k.From, k.To, do.From)
	}
	if do.From == k.Stop {
		return nil, nil
	}
	if k.Stopped(do.From) {
		return nil, ErrStopped.Of("claim %s from %s", do.Claim, k.Stop)
	}
	return []Event{Stopped{By: c.By.ID, Claim: do.Claim, Evidence: do.Evidence, From: do.From, On: c.On, Reason: do.Reason}}, nil
}

func (s *State) withdraw(c Command, do Withdraw) ([]Event, error) {
	if err := c.Needs(ledger.Clerk); err != nil {
		return nil, err
	}
	if _, err := s.due(do.Claim, c.On, undecided...); err != nil {
		return nil, err
	}
	if do.Reason == "" {
		return nil, ErrReason.Of("withdrawal of %s", do.Claim)
	}
	return []Event{Withdrawn{By: c.By.ID, Claim: do.Claim, On: c.On, Reason: do.Reason}}, nil
}

// Evolve returns the claims as they are after e.
func Evolve(s *State, e Event) *State {
	id := ledger.ClaimID(e.Case())
	k := s.claims.At(id)
	if on := e.Effective(); on.After(k.On) {
		if _, stop := e.(Stopped); !stop { // what was due before it may still be paid on an earlier day
			k.On = on
		}
	}
	switch e := e.(type) {
	case Submitted:
		k = Case{
			Status: SubmittedStep, On: e.On, Scheme: e.Scheme, Slots: e.Slots, Party: e.Party, Account: e.Account, Region: e.Region,
			From: e.From, To: e.To, Retires: e.Retires, Amount: e.Amount, Monthly: e.Monthly, Clause: e.Clause, Policy: e.Policy, Entered: e.By,
			Base: e.Base, Costs: e.Costs, Household: e.Household, Persons: e.Persons, evidence: e.Evidence,
		}
	case EvidenceAttached:
		k.kept = append(slices.Clip(k.kept), kept{Evidence{Hash: e.Document.Hash, Kind: e.Document.Kind}, e.By})
	case FirstReviewed:
		k.Status, k.First = FirstStep, e.By
	case Compared:
		k.Status, k.differs = ComparedStep, e.Outcome == Differs
		k.takePart(e.By)
	case SecondReviewed:
		k.Status, k.Second = SecondStep, e.By
	case Publicised:
		k.Status, k.public, k.shown = PublicStep, e.From, e.To
		k.takePart(e.By)
	case Objected:
		s.objections.Set(objection{id, e.Objection}, "")
		k.open++
	case Resolved:
		s.objections.Set(objection{id, e.Objection}, e.Outcome)
		k.open--
		k.upheld = k.upheld || e.Outcome == Upheld
		k.takePart(e.By)
	case PublicityEnded:
		k.Status = PublicDoneStep
		k.takePart(e.By)
	case Concurred:
		k.concurred = append(slices.Clip(k.concurred), concurrence{e.Against, e.By})
	case Approved:
		k.Status, k.Approved, k.Awarded, k.Line = ApprovedStep, e.By, e.On, e.Line
		k.takePart(k.entered()...) // nobody attaches any more
	case Rejected:
		k.Status = RejectedStep
	case Stopped:
		k.Stop = e.From
	case Withdrawn:
		k.Status = WithdrawnStep
	default:
		panic(fmt.Sprintf("claim: event %T", e))
	}
	switch k.Status {
	case ApprovedStep, RejectedStep, WithdrawnStep:
		k.evidence, k.kept = nil, nil
	}
	s.claims.Set(id, k)
	return s
}

package book_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/budget"
	"zhucan/ledger/claim"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/levy"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// An ask is a command without its identifier.
type ask struct {
	by ledger.Actor
	on string
	do any
}

func (a ask) command(t testing.TB, id string) book.Command {
	t.Helper()
	day, err := ledger.ParseDate(a.on)
	if err != nil {
		t.Fatal(err)
	}
	return book.Command{Order: ledger.Order{ID: ledger.CommandID(id), By: a.by, On: day}, Do: a.do}
}

// given decides one ask after the other, as commands g1, g2 …, and returns what
// happened. Nothing may be refused.
func given(t testing.TB, asks ...ask) []ledger.Event {
	t.Helper()
	var all []ledger.Event
	s := new(book.State)
	for i, a := range asks {
		events, err := book.Decide(s, a.command(t, fmt.Sprint("g", i+1)))
		if err != nil || len(events) != 1 {
			t.Fatalf("step %d, %T: %d events, %v", i+1, a.do, len(events), err)
		}
		all = append(all, events...)
		s = book.Decider.Fold(s, events...)
	}
	return all
}

// join returns the parts one after the other, with no room for an append to
// write into.
func join(parts ...[]ask) []ask { return slices.Clip(slices.Concat(parts...)) }

func month(text string) ledger.Period {
	p, err := ledger.ParsePeriod(text)
	if err != nil {
		panic(err)
	}
	return p
}

func line(text string) ledger.BudgetLine {
	l, err := ledger.ParseBudgetLine(text)
	if err != nil {
		panic(err)
	}
	return l
}

func yuan(n int64) ledger.Money { return ledger.Fen(n * 100) }

var (
	hash    = strings.Repeat("0a", 32)
	second  = ledger.Actor{ID: "second-accountant", Roles: []ledger.Role{ledger.Accountant}}
	chief   = ledger.Actor{ID: "chief", Roles: []ledger.Role{ledger.Approver}}
	startup = line("220104/startup/levy/2023")
)

// pack publishes the sample policy, changed.
func pack(change ...func(*policy.Pack)) ask {
	p := ledgertest.Pack()
	for _, c := range change {
		c(&p)
	}
	return ask{ledgertest.Operator, "2023-01-01", policy.Publish{Pack: p}}
}

func version(v string) func(*policy.Pack) { return func(p *policy.Pack) { p.Version = v } }

// known is a policy, two persons, an employer, an institution and 20000.00 voted.
func known(change ...func(*policy.Pack)) []ask {
	return []ask{
		pack(change...),
		{ledgertest.Clerk, "2023-01-02", party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: "P1", Sealed: ledgertest.Sealed}},
		{ledgertest.Clerk, "2023-01-02", party.Register{Account: ledgertest.Sealed, Kind: policy.Person, Party: "P2", Sealed: ledgertest.Sealed}},
		{ledgertest.Clerk, "2023-01-02", party.Register{Account: ledgertest.Sealed, Kind: policy.Employer, Party: "E1", Name: "某公司"}},
		{ledgertest.Clerk, "2023-01-02", party.Register{Account: ledgertest.Sealed, Kind: policy.Institution, Party: "I1", Name: "某机构"}},
		{ledgertest.Accountant, "2023-01-03", budget.Appropriate{Amount: yuan(20_000), Document: "D1", Line: startup}},
	}
}

var papers = []claim.Evidence{{Kind: "certificate", Hash: hash}, {Kind: "licence", Hash: strings.Repeat("1a", 32)}, {Kind: "review", Hash: strings.Repeat("1b", 32)}, {Kind: "roster", Hash: strings.Repeat("1c", 32)}}

func submit(id ledger.ClaimID, p ledger.PartyID, scheme ledger.SchemeCode, from, to string) ask {
	return ask{ledgertest.Clerk, "2023-04-03", claim.Submit{
		Account: "1", Claim: id, Evidence: papers, From: month(from), Party: p, Region: "220104", Scheme: scheme, To: month(to), Units: 1,
	}}
}

// reviewed takes a submitted claim to the end of its publicity.
func reviewed(id ledger.ClaimID) []ask {
	day := func(n int) ledger.Date { return ledger.DateOf(2023, 4, n) }
	return []ask{
		{ledgertest.First, "2023-04-04", claim.FirstReview{Claim: id}},
		{ledgertest.First, "2023-04-05", claim.Compare{Claim: id, Manifest: hash, Outcome: claim.Matched, Sources: []string{"民政"}}},
		{ledgertest.Second, "2023-04-06", claim.SecondReview{Claim: id}},
		{ledgertest.Second, "2023-04-07", claim.Publicise{Claim: id, From: day(10), Notice: hash, Place: "www", To: day(16)}},
		{ledgertest.Second, "2023-04-17", claim.EndPublicity{Claim: id}},
	}
}

func approve(id ledger.ClaimID) ask {
	return ask{ledgertest.Approver, "2023-04-18", claim.Approve{Claim: id, Decision: "D2", Line: startup}}
}

// awarded is a startup grant of 5000.00 to a person, approved.
func awarded(id ledger.ClaimID, p ledger.PartyID) []ask {
	return join([]ask{submit(id, p, "startup", "2023-04", "2023-04")}, reviewed(id), []ask{approve(id)})
}

func open(b ledger.BatchID, on string) ask {
	return ask{ledgertest.Cashier, on, payment.OpenBatch{Batch: b}}
}

func instruct(b ledger.BatchID, c ledger.ClaimID, p ledger.PaymentID) ask {
	return ask{ledgertest.Cashier, "2023-04-20", payment.Instruct{Batch: b, Claim: c, Payment: p}}
}

// sent takes a batch of one grant to the bank.
func sent(b ledger.BatchID, on string) []ask {
	return []ask{
		{ledgertest.Cashier, on, payment.SubmitBatch{Batch: b, Lines: 1, Total: yuan(5_000)}},
		{chief, on, payment.ApproveBatch{Batch: b, Lines: 1, Total: yuan(5_000)}},
		{ledgertest.Cashier, on, payment.SendBatch{Batch: b, Voucher: "V-" + string(b)}},
	}
}

func confirm(p ledger.PaymentID, on string) ask {
	return ask{ledgertest.Cashier, on, payment.Confirm{Payment: p, Serial: "S-" + string(p)}}
}

// paying is claim C1 of P1 as payment Y1 at the bank; paid has it confirmed.
func paying() []ask {
	return join(known(), awarded("C1", "P1"), []ask{open("B1", "2023-04-19"), instruct("B1", "C1", "Y1")}, sent("B1", "2023-04-21"))
}

func paid() []ask { return append(paying(), confirm("Y1", "2023-04-24")) }

func back(on string) ask {
	return ask{ledgertest.Cashier, on, payment.Return{Payment: "Y1", Reason: "closed", Serial: "S-back"}}
}

func failed() ask {
	return ask{ledgertest.Cashier, "2023-04-24", payment.Fail{Payment: "Y1", Reason: "closed"}}
}

func corrected(on string) []ask {
	return []ask{
		{ledgertest.Clerk, on, party.AddAccount{Account: ledgertest.Sealed, Party: "P1", Ref: "2"}},
		{ledgertest.Cashier, on, payment.CorrectPayee{Account: "2", Payment: "Y1", Reason: "new card"}},
		{chief, on, payment.ApproveCorrection{Account: "2", Payment: "Y1"}},
	}
}

func treasury(on string) ask {
	return ask{chief, on, payment.ReturnToTreasury{Payment: "Y1", Reason: "moved away"}}
}

func record(id ledger.PaymentID, p ledger.PartyID, l, on string) ask {
	return ask{ledgertest.Clerk, on, payment.Record{Amount: yuan(700), Line: line(l), Party: p, Payment: id, Source: "list.csv:1"}}
}

func demand(p ledger.PaymentID, n int64) ask {
	return ask{chief, "2023-05-10", payment.DemandRecovery{Amount: yuan(n), Deadline: ledger.DateOf(2023, 8, 1), Decision: "D3", Ground: "427号 art. 14", Payment: p}}
}

func closing(p, on string) ask {
	return ask{ledgertest.Accountant, on, journal.Close{Period: month(p), Root: hash}}
}

func erase(p ledger.PartyID) ask {
	return ask{ledgertest.Operator, "2023-04-23", party.Erase{Basis: "个人信息保护法 art. 47", Party: p}}
}

func withdraw(id ledger.ClaimID) ask {
	return ask{ledgertest.Clerk, "2023-04-25", claim.Withdraw{Claim: id, Reason: "mistake"}}
}

func reject(id ledger.ClaimID) ask {
	return ask{ledgertest.Approver, "2023-04-25", claim.Reject{Claim: id, Reason: "mistake"}}
}

// reverse reverses the entry of the n-th event of a story.
func reverse(t testing.TB, story []ask, n int) ask {
	t.Helper()
	return ask{second, "2023-05-20", journal.Reverse{Entry: *ledgertest.Booked(given(t, story...)[n-1]), Reason: "mistake"}}
}

func as(a ledger.Actor, id ledger.ActorID) ledger.Actor { a.ID = id; return a }

func with[A any](a ask, change func(*A)) ask {
	do := a.do.(A)
	change(&do)
	a.do = do
	return a
}

func by(a ask, who ledger.Actor) ask { a.by = who; return a }

func on(a ask, day string) ask { a.on = day; return a }

// A refusal is one rule of the book saying no.
type refusal struct {
	name   string
	given  []ask
	when   ask
	reject *ledger.Rejection
}

// A policy that has a scheme or a source no more, and a code that was withdrawn, leave money to be
// moved, and budgets of former years.
func TestMoneyOfWhatAPolicyHasNoMoreIsMoved(t *testing.T) {
	t.Parallel()
	last := func(p *policy.Pack) { p.Version, p.Schemes = "test-2", p.Schemes[1:] }
	given(t, append(known(), pack(last),
		ask{ledgertest.Accountant, "2023-12-01", budget.Transfer{Amount: yuan(100), Document: "D8", Line: startup, To: line("220100/startup/levy/2023")}},
		ask{ledgertest.Accountant, "2022-03-01", budget.Appropriate{Amount: yuan(100), Document: "D9", Line: line("220104/startup/levy/2022")}},
		ask{ledgertest.Accountant, "2023-03-01", budget.Appropriate{Amount: yuan(100), Document: "D9", Line: line("220381/startup/levy/2023")}})...)
}

func refusals(t testing.TB) []refusal {
	months := func(scheme ledger.SchemeCode, from, to string) []ask {
		return append(known(), submit("C1", "P1", scheme, from, to))
	}
	elsewhere := join(known(), []ask{record("R1", "P1", "220104/startup/levy/2023", "2023-04-10")})
	year := func(p *policy.Pack) { p.Schemes[2].Once = policy.Year }
	sameGroup := func(p *policy.Pack) { p.Schemes[2].Group, p.Schemes[2].Excludes = "startup", nil }
	excludeYear := func(p *policy.Pack) { p.Schemes[2].Excludes[0].Scope = policy.Year }
	fresh := func(p *policy.Pack) { p.Version, p.Schemes[2].Excludes = "test-0", nil }
	closedApril := join(paying(), []ask{closing("2023-04", "2023-05-01")})
	post := ask{ledgertest.Accountant, "2023-04-20", journal.ProposeEntry{Memo: "fee", Postings: []ledger.Posting{
		{Account: "5001", Amount: yuan(1), Side: ledger.Debit}, {Account: "1002", Amount: yuan(1), Side: ledger.Credit},
	}}}
	postings := func(change func([]ledger.Posting)) ask {
		return with(post, func(p *journal.ProposeEntry) { p.Postings = slices.Clone(p.Postings); change(p.Postings) })
	}
	enterprises := func(p *policy.Pack) { p.Schemes[1].Classes = []ledger.UnitClass{ledger.Enterprise} }
	registered := func(code ledger.CreditCode, change func(*policy.Pack)) []ask {
		return append(known(change), ask{ledgertest.Clerk, "2023-01-02", party.Register{Account: ledgertest.Sealed, Code: code, Kind: policy.Employer, Name: "某单位", Party: party.OfCode(code)}})
	}
	given(t, append(registered("91350100M000100Y43", enterprises), submit("C1", "U91350100M000100Y43", "employer", "2023-01", "2023-12"))...)
	vote := ask{ledgertest.Accountant, "2023-01-03", budget.Appropriate{Amount: yuan(1), Document: "D1", Line: startup}}
	transfer := ask{ledgertest.Accountant, "2023-01-03", budget.Transfer{Amount: yuan(1), Document: "D1", Line: startup, To: line("220104/employer/levy/2023")}}
	attach := func(sealed ledger.PartyID) ask {
		return ask{ledgertest.Clerk, "2023-04-04", claim.Attach{Claim: "C1", Document: claim.Document{
			Hash: hash, Kind: "certificate", Media: "image/png", Object: "O1", Sealed: sealed, Size: 1, Stored: strings.Repeat("0c", 32),
		}}}
	}
	compare := ask{ledgertest.First, "2023-04-05", claim.Compare{Claim: "C1", Manifest: hash, Outcome: claim.Matched, Sources: []string{"民政"}}}
	object := ask{ledgertest.Clerk, "2023-04-18", claim.Object{Claim: "C1", Objection: "O1", Statement: hash}}
	twice := join(known(), []ask{submit("C1", "P1", "startup", "2023-04", "2023-04"), submit("C2", "P2", "startup", "2023-04", "2023-04")}, reviewed("C1"), reviewed("C2"))
	poor := join([]ask{{ledgertest.Accountant, "2023-01-03", budget.Transfer{Amount: yuan(11_000), Document: "D1", Line: startup, To: line("220102/startup/levy/2023")}}})
	ready := join(submitted("C1"), reviewed("C1"))
	reissue := ask{ledgertest.Cashier, "2023-05-06", payment.Reissue{As: "Y2", Batch: "B2", Payment: "Y1"}}
	returned := join(paid(), []ask{back("2023-05-04")}, corrected("2023-05-05"), []ask{open("B2", "2023-05-05")})
	assistedNow := submit("C2", "P1", "assisted", "2023-07", "2023-07")
	startupNow := submit("C2", "P1", "startup", "2023-07", "2023-07")

	return append(append(levyRefusals(), factRefusals()...), []refusal{
		// The order, the policy, free text.
		{"nothing is decided before a policy is published", nil, known()[1], policy.ErrNone},
		{"an operator publishes", nil, by(pack(), ledgertest.Clerk), ledger.ErrRole},
		{"a pack does not contradict itself", nil, pack(func(p *policy.Pack) { p.Schemes[0].Clause = "" }), policy.ErrPack},
		{"a pack has a whole chart", nil, pack(func(p *policy.Pack) { p.Accounts = nil }), ledger.ErrChart},
		{"a version is not published with another content", known(), pack(func(p *policy.Pack) { p.Label = "other" }), policy.ErrVersion},
		{"an old version is not brought back under its name", append(known(), pack(version("test-2"))), pack(), policy.ErrVersion},
		{"an account in force is not dropped", known(), pack(version("test-2"), func(p *policy.Pack) { p.Accounts = p.Accounts[1:] }), policy.ErrAccounts},
		{"an account in force keeps its duty", known(), pack(version("test-2"), func(p *policy.Pack) { p.Accounts[0].Duty, p.Accounts[1].Duty = ledger.Bank, "" }), policy.ErrAccounts},
		{"an account in force keeps its side", known(), pack(version("test-2"), func(p *policy.Pack) { p.Accounts[0].Normal = ledger.Credit }), policy.ErrAccounts},
		{"a personal number is in no reason", submitted("C1"), with(withdraw("C1"), func(w *claim.Withdraw) { w.Reason = "身份证11010519491231002X" }), ledger.ErrPersonalText},
		{"a personal number is in no kind of evidence", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) {
			s.Evidence = []claim.Evidence{{Kind: "11010519491231002X", Hash: hash}}
		}), ledger.ErrPersonalText},
		{"a personal number is no source of a comparison", submitted("C1"), with(compare, func(c *claim.Compare) { c.Sources = []string{"11010519491231002X"} }), ledger.ErrPersonalText},
		{"a reason holds nothing that is not read", submitted("C1"), with(withdraw("C1"), func(w *claim.Withdraw) { w.Reason = "撤\u202e回" }), ledger.ErrCharacter},
		{"a personal number is no credit code", known(), ask{ledgertest.Clerk, "2023-01-02", party.Register{Code: "11010519491231002X", Kind: policy.Employer, Name: "n", Party: "E2"}}, ledger.ErrPersonalText},
		{"a personal number is no identifier of a party", known(), ask{ledgertest.Clerk, "2023-01-02", party.Register{Kind: policy.Person, Sealed: ledgertest.Sealed, Party: "11010519491231002X"}}, ledger.ErrPersonalText},
		{"a personal number is no region of a party", known(), ask{ledgertest.Clerk, "2023-01-02", party.Register{Kind: policy.Employer, Name: "n", Party: "E2", Region: "11010519491231002X"}}, ledger.ErrPersonalText},
		{"nor of a payment made elsewhere", known(), ask{ledgertest.Clerk, "2023-01-02", payment.Record{Amount: yuan(1), Line: line("11010519491231002X/startup/levy/2023"), Party: "P1", Payment: "X1", Source: hash + ":1"}}, ledger.ErrPersonalText},
		{"nor is it a scheme of the budget", known(), ask{ledgertest.Accountant, "2023-01-03", budget.Appropriate{Amount: yuan(1), Document: "D9", Line: line("220104/11010519491231002X/levy/2023")}}, ledger.ErrPersonalText},
		{"nor a source of money", known(), ask{ledgertest.Accountant, "2023-01-03", budget.Transfer{Amount: yuan(1), Document: "D9", Line: startup, To: line("220104/startup/11010519491231002X/2023")}}, ledger.ErrPersonalText},
		{"nor a part of a line of an adjusting entry", known(), with(post, func(p *journal.ProposeEntry) { p.Line = line("11010519491231002X/startup/levy/2023") }), ledger.ErrPersonalText},
		{"nor of one of its postings", known(), with(post, func(p *journal.ProposeEntry) {
			p.Postings = slices.Clone(p.Postings)
			p.Postings[0].Line = line("220104/startup/11010519491231002X/2023")
		}), ledger.ErrPersonalText},
		{"nor a root", known(), ask{ledgertest.Accountant, "2023-02-01", journal.Close{Period: ledger.PeriodOf(2023, 1), Root: "11010519491231002X"}}, ledger.ErrPersonalText},
		{"free text is checked before the role", submitted("C1"), by(with(withdraw("C1"), func(w *claim.Withdraw) { w.Reason = "11010519491231002X" }), ledgertest.Cashier), ledger.ErrPersonalText},

		// Parties.
		{"a person is registered sealed", known(), ask{ledgertest.Clerk, "2023-01-02", party.Register{Kind: policy.Person, Name: "张三", Party: "P3"}}, party.ErrKind},
		{"an identifier names one party", known(), known()[1], party.ErrTaken},
		{"a region is a code", known(), ask{ledgertest.Clerk, "2023-01-02", party.Register{Kind: policy.Employer, Name: "n", Party: "E2", Region: "长春 张三"}}, ledger.ErrID},
		{"a credit code has its check digit", known(), ask{ledgertest.Clerk, "2023-01-02", party.Register{Code: "91350100M000100Y44", Kind: policy.Employer, Name: "n", Party: "U91350100M000100Y44"}}, ledger.ErrCreditCheck},
		{"one credit code is one party", known(), ask{ledgertest.Clerk, "2023-01-02", party.Register{Code: "91350100M000100Y43", Kind: policy.Employer, Name: "n", Party: "E2"}}, party.ErrCode},
		{"an account is added sealed", known(), ask{ledgertest.Clerk, "2023-01-02", party.AddAccount{Account: "6217992200000000000", Party: "P1", Ref: "2"}}, party.ErrSealed},
		{"an account is added once", known(), ask{ledgertest.Clerk, "2023-01-02", party.AddAccount{Account: ledgertest.Sealed, Party: "P1", Ref: "1"}}, party.ErrAccountTaken},
		{"a person is erased on a ground", known(), with(erase("P1"), func(e *party.Erase) { e.Basis = "" }), party.ErrBasis},
		{"nobody unknown claims", known(), submit("C1", "P9", "startup", "2023-04", "2023-04"), party.ErrUnknown},
		{"nobody erased claims", append(known(), erase("P1")), submit("C1", "P1", "startup", "2023-04", "2023-04"), party.ErrErased},
		{"a claim names an account", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) { s.Account = "" }), party.ErrNoAccount},
		{"a claim names an account of the party", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) { s.Account = "7" }), party.ErrNoAccount},
		{"a person whose claim is open is not erased", submitted("C1"), erase("P1"), book.ErrUnfinished},
		{"a person whose claim is approved and not paid is not erased", join(known(), awarded("C1", "P1")), erase("P1"), book.ErrUnfinished},
		{"a person whose payment is at the bank is not erased", paying(), erase("P1"), book.ErrUnfinished},
		{"a person whose payment came back is not erased", append(paid(), back("2023-05-04")), on(erase("P1"), "2023-05-05"), book.ErrUnfinished},
		{"a person whose payment failed is not erased", append(paying(), failed()), on(erase("P1"), "2023-05-05"), book.ErrUnfinished},
		{"a person whose payment was cancelled is not erased", join(known(), awarded("C1", "P1"), []ask{open("B1", "2023-04-19"), instruct("B1", "C1", "Y1"), {ledgertest.Cashier, "2023-04-20", payment.CancelBatch{Batch: "B1"}}}), erase("P1"), book.ErrUnfinished},
		{"a person of whom money is demanded back is not erased", append(paid(), demand("Y1", 100)), on(erase("P1"), "2023-05-11"), book.ErrUnfinished},
		{"a person of whom money paid elsewhere is demanded back is not erased", append(known(), record("R1", "P1", "220104/old/levy/2019", "2019-04-10"), demand("R1", 100)), on(erase("P1"), "2023-05-11"), book.ErrUnfinished},
		{"a person whose claim is of a purpose that the policy has no more is not erased", append(submitted("C1"), pack(version("test-2"), func(p *policy.Pack) { p.Schemes = p.Schemes[1:] })), erase("P1"), book.ErrUnfinished},
		{"a payee is corrected to an account of the party", join(paid(), []ask{back("2023-05-04")}), ask{ledgertest.Cashier, "2023-05-05", payment.CorrectPayee{Account: "9", Payment: "Y1", Reason: "r"}}, party.ErrNoAccount},
		{"a payee is corrected to some account", join(paid(), []ask{back("2023-05-04")}), ask{ledgertest.Cashier, "2023-05-05", payment.CorrectPayee{Payment: "Y1", Reason: "r"}}, party.ErrNoAccount},
		{"a recorded payment went to a party that is known", known(), record("R1", "P9", "220104/startup/levy/2023", "2023-04-10"), party.ErrUnknown},

		// Claims.
		{"a claim is made in a region", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) { s.Region = "220199" }), ledger.ErrRegion},
		{"a claim is made in a region that still exists", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) { s.Region = "220381" }), ledger.ErrRegionRetired},
		{"a claim is made under a scheme", known(), submit("C1", "P1", "none", "2023-04", "2023-04"), policy.ErrScheme},
		{"a scheme is claimed by those it is for", known(), submit("C1", "E1", "startup", "2023-04", "2023-04"), claim.ErrClaimant},
		{"an organ does not claim what is for enterprises", registered("112201029999999987", enterprises), submit("C1", "U112201029999999987", "employer", "2023-01", "2023-12"), claim.ErrClaimant},
		{"nor does one of which no credit code tells that it is an enterprise", known(enterprises), submit("C1", "E1", "employer", "2023-01", "2023-12"), claim.ErrClaimant},
		{"a claim has months", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) { s.Units = 0 }), claim.ErrPeriod},
		{"a document of a person is kept under the person's key", submitted("C1"), attach("P2"), claim.ErrDocument},
		{"a document of a person is not kept in the clear", submitted("C1"), with(attach(""), func(a *claim.Attach) { a.Document.Stored = hash }), claim.ErrDocument},
		{"a personal number is no kind of document", submitted("C1"), with(attach("P1"), func(a *claim.Attach) { a.Document.Kind = "11010519491231002X" }), ledger.ErrPersonalText},
		{"a claim has its evidence", known(), with(submit("C1", "P1", "startup", "2023-04", "2023-04"), func(s *claim.Submit) { s.Evidence = nil }), claim.ErrEvidence},
		{"what has no standard is not computed", known(), submit("C1", "P1", "unset", "2023-04", "2023-04"), policy.ErrUnset},
		{"an identifier names one claim", submitted("C1"), submit("C1", "P2", "startup", "2023-04", "2023-04"), claim.ErrTaken},
		{"a claim is there before it is reviewed", known(), reviewed("C1")[0], claim.ErrUnknown},
		{"a claim takes its steps in order", submitted("C1"), approve("C1"), claim.ErrStep},
		{"a claim is not decided on a day before its last step", ready, on(approve("C1"), "2023-04-16"), claim.ErrStep},
		{"who compared a claim does not pay it", join(submitted("C1"), reviewed("C1")[:1], []ask{by(compare, as(ledgertest.Second, "cashier"))}, reviewed("C1")[2:], []ask{approve("C1"), open("B1", "2023-04-19")}), by(instruct("B1", "C1", "Y1"), ledgertest.Cashier), ledger.ErrDuties},
		{"a comparison has sources", join(submitted("C1"), reviewed("C1")[:1]), with(compare, func(c *claim.Compare) { c.Sources = nil }), claim.ErrReason},
		{"a publicity is not cut short", join(submitted("C1"), reviewed("C1")[:4]), on(reviewed("C1")[4], "2023-04-16"), claim.ErrPublicity},
		{"an objection is resolved first", append(ready, object), on(approve("C1"), "2023-04-19"), claim.ErrObjection},
		{"a claim is paid from a line of its scheme", ready, with(approve("C1"), func(a *claim.Approve) { a.Line = line("220104/employer/levy/2023") }), claim.ErrLine},
		{"who reviewed does not approve", ready, by(approve("C1"), as(ledgertest.Approver, "second")), ledger.ErrDuties},

		// Exclusion.
		{"a life-time grant is had once", months("startup", "2023-04", "2023-04"), on(submit("C2", "P1", "startup", "2029-01", "2029-01"), "2029-01-05"), book.ErrExclusive},
		{"a life-time grant is had once in all counties", months("startup", "2023-04", "2023-04"), with(startupNow, func(s *claim.Submit) { s.Region = "220602" }), book.ErrExclusive},
		{"a yearly reward is had once a year", append(known(), submit("C1", "E1", "employer", "2023-01", "2023-06")), submit("C2", "E1", "employer", "2023-07", "2023-12"), book.ErrExclusive},
		{"a span over two years meets the second", append(known(), submit("C1", "E1", "employer", "2022-06", "2023-01")), submit("C2", "E1", "employer", "2023-12", "2023-12"), book.ErrExclusive},
		{"a monthly subsidy is had once a month", months("assisted", "2023-01", "2023-06"), submit("C2", "P1", "assisted", "2023-06", "2023-08"), book.ErrExclusive},
		{"what a scheme excludes is not had beside it", months("startup", "2023-04", "2023-04"), assistedNow, book.ErrExclusive},
		{"a scheme is not had beside one that excludes it", months("assisted", "2023-04", "2023-04"), startupNow, book.ErrExclusive},
		{"an exclusion per year holds in the year", append(known(excludeYear), submit("C1", "P1", "startup", "2023-04", "2023-04")), submit("C2", "P1", "assisted", "2023-12", "2023-12"), book.ErrExclusive},
		{"two schemes of one purpose meet in the wider scope, first the wide one", append(known(sameGroup), submit("C1", "P1", "startup", "2023-04", "2023-04")), assistedNow, book.ErrExclusive},
		{"two schemes of one purpose meet in the wider scope, first the narrow one", append(known(sameGroup), submit("C1", "P1", "assisted", "2023-04", "2023-04")), startupNow, book.ErrExclusive},
		{"an exclusion published later sees earlier awards", join(known(fresh, year), []ask{submit("C1", "P1", "startup", "2022-04", "2022-04"), pack(year)}), assistedNow, book.ErrExclusive},
		{"an approved award is in the way", join(known(), awarded("C1", "P1")), startupNow, book.ErrExclusive},
		{"a paid award is in the way", paid(), startupNow, book.ErrExclusive},
		{"a payment made elsewhere is in the way", elsewhere, startupNow, book.ErrExclusive},
		{"a payment made elsewhere after the claim was submitted stops its approval", append(ready, record("R1", "P1", "220104/startup/levy/2023", "2023-04-17")), approve("C1"), book.ErrExclusive},
		{"a payment made elsewhere after the approval stops the payment", join(known(), awarded("C1", "P1"), []ask{open("B1", "2023-04-19"), record("R1", "P1", "220104/startup/levy/2023", "2023-04-17")}), instruct("B1", "C1", "Y1"), book.ErrExclusive},
		{"a payment made elsewhere instead of the returned one stops its re-issue", append(returned, record("R1", "P1", "220104/startup/levy/2023", "2023-05-05")), reissue, book.ErrExclusive},
		{"of two claims that a later policy excludes the first to be approved is the only one", join(known(fresh), awardedBeside(), []ask{pack()}), ask{ledgertest.Approver, "2023-04-18", claim.Approve{Claim: "C2", Decision: "D", Line: line("220104/assisted/levy/2023")}}, book.ErrExclusive},

		// Budget.
		{"an appropriation has a document", known(), with(vote, func(a *budget.Appropriate) { a.Document = "" }), budget.ErrLine},
		{"money is voted for a region that exists", known(), with(vote, func(a *budget.Appropriate) { a.Line.Region = "999999" }), book.ErrUnknownLine},
		{"and for a scheme of the policy", known(), with(vote, func(a *budget.Appropriate) { a.Line.Scheme = "startupp" }), book.ErrUnknownLine},
		{"and from a source that may pay it", known(), with(vote, func(a *budget.Appropriate) { a.Line.Fund = "levyy" }), book.ErrUnknownLine},
		{"so is it when a line is raised", known(), ask{ledgertest.Accountant, "2023-01-03", budget.Adjust{Amount: yuan(1), Document: "D9", Line: line("220104/strtup/levy/2022"), Side: ledger.Debit}}, book.ErrUnknownLine},
		{"so is it moved", known(), ask{ledgertest.Accountant, "2023-01-03", budget.Transfer{Amount: yuan(1), Document: "D9", Line: startup, To: line("999999/startup/levy/2023")}}, book.ErrUnknownLine},
		{"a document votes for a line once", known(), vote, budget.ErrBooked},
		{"an appropriation is something", known(), with(vote, func(a *budget.Appropriate) { a.Amount = yuan(0) }), ledger.ErrAmountSign},
		{"an appropriation has a limit", known(), with(vote, func(a *budget.Appropriate) { a.Amount = ledger.MaxMoney.Add(ledger.Fen(1)) }), ledger.ErrAmountRange},
		{"money voted for one scheme pays no other", known(), transfer, budget.ErrEarmark},
		{"money of a year is used in that year", append(ready, ask{ledgertest.Accountant, "2023-04-17", budget.CarryOver{Amount: yuan(10_000), Document: "D", Line: startup}}), with(approve("C1"), func(a *claim.Approve) { a.Line.Year = 2024 }), budget.ErrYear},
		{"money of last year is carried over first", ready, on(approve("C1"), "2024-01-10"), budget.ErrYear},
		{"the second of two approvals does not spend the fen of the first", join(twice, poor, []ask{approve("C1")}), approve("C2"), budget.ErrExceeded},
		{"what is committed is not carried over", join(known(), awarded("C1", "P1")), ask{ledgertest.Accountant, "2023-12-31", budget.CarryOver{Amount: yuan(15_001), Document: "D", Line: startup}}, budget.ErrExceeded},
		{"what is paid is not voted away", paid(), ask{ledgertest.Accountant, "2023-12-31", budget.Adjust{Amount: yuan(15_001), Document: "D", Line: startup, Side: ledger.Credit}}, budget.ErrExceeded},
		{"a recorded payment names a line", known(), with(record("R1", "P1", "220104/startup/levy/2023", "2023-04-10"), func(r *payment.Record) { r.Line.Fund = "" }), ledger.ErrBudgetLine},

		// Payments.
		{"only an approved claim is paid", append(ready, open("B1", "2023-04-19")), instruct("B1", "C1", "Y1"), book.ErrNotApproved},
		{"a rejected claim is not paid", join(known(), awarded("C1", "P1"), []ask{open("B1", "2023-04-19"), reject("C1")}), on(instruct("B1", "C1", "Y1"), "2023-04-26"), book.ErrNotApproved},
		{"a claim that is not there is not paid", append(known(), open("B1", "2023-04-19")), instruct("B1", "C1", "Y1"), claim.ErrUnknown},
		{"an award given back to the treasury is not paid", join(paid(), []ask{back("2023-05-04"), treasury("2023-05-05"), open("B2", "2023-05-05")}), on(instruct("B2", "C1", "Y2"), "2023-05-06"), book.ErrNotApproved},
		{"an award given back to the treasury is not rejected as well", join(paid(), []ask{back("2023-05-04"), treasury("2023-05-05")}), on(reject("C1"), "2023-05-06"), book.ErrInstructed},
		{"an award under payment is not rejected", paying(), reject("C1"), book.ErrInstructed},
		{"an award paid is not rejected", paid(), reject("C1"), book.ErrInstructed},
		{"an award returned is not rejected but given back", append(paid(), back("2023-05-04")), on(reject("C1"), "2023-05-06"), book.ErrInstructed},
		{"a claim has one live payment", append(paying(), open("B2", "2023-05-05")), on(instruct("B2", "C1", "Y2"), "2023-05-06"), payment.ErrPaid},
		{"an identifier names one batch", paying(), open("B1", "2023-04-30"), payment.ErrTaken},
		{"a batch is there before it is submitted", known(), sent("B1", "2023-04-21")[0], payment.ErrUnknown},
		{"a batch is sent before it is confirmed", join(known(), awarded("C1", "P1"), []ask{open("B1", "2023-04-19"), instruct("B1", "C1", "Y1")}), confirm("Y1", "2023-04-24"), payment.ErrStep},
		{"a batch is submitted with its totals", join(known(), awarded("C1", "P1"), []ask{open("B1", "2023-04-19"), instruct("B1", "C1", "Y1")}), with(sent("B1", "2023-04-21")[0], func(b *payment.SubmitBatch) { b.Total = yuan(5_001) }), payment.ErrTotals},
		{"a confirmation has the bank's serial", paying(), with(confirm("Y1", "2023-04-24"), func(c *payment.Confirm) { c.Serial = "" }), payment.ErrReason},
		{"a payee is corrected before a payment is issued again", join(paid(), []ask{back("2023-05-04"), open("B2", "2023-05-05")}), reissue, payment.ErrCorrection},
		{"a serial of the bank does not pay again", join(paid(), awarded("C2", "P2"), []ask{open("B2", "2023-04-19"), instruct("B2", "C2", "Y2")}, sent("B2", "2023-04-21")), with(confirm("Y2", "2023-04-24"), func(c *payment.Confirm) { c.Serial = "S-Y1" }), payment.ErrBooked},
		{"no more is demanded than was paid", paid(), demand("Y1", 5_001), payment.ErrRecovery},
		{"a demand leaves time to pay", paid(), with(demand("Y1", 100), func(d *payment.DemandRecovery) { d.Deadline = ledger.DateOf(2023, 5, 9) }), payment.ErrDeadline},
		{"who approved the claim does not send its batch", paying()[:len(paying())-1], by(paying()[len(paying())-1], as(ledgertest.Cashier, "approver")), ledger.ErrDuties},

		// The journal.
		{"an adjusting entry has a reason", known(), with(post, func(p *journal.ProposeEntry) { p.Memo = "" }), journal.ErrReason},
		{"an adjusting entry leaves the control accounts alone", known(), postings(func(p []ledger.Posting) { p[0].Account = "9102" }), journal.ErrControl},
		{"who proposes an adjusting entry does not approve it", append(known(), post), approveEntry(ledgertest.Accountant, len(known())+1), ledger.ErrDuties},
		{"an adjusting entry is approved once", append(known(), post, approveEntry(second, len(known())+1)), approveEntry(second, len(known())+1), journal.ErrProposal},
		{"a personal number is in no reason of a rejection", append(known(), post), ask{second, "2023-04-21", journal.RejectEntry{Entry: "g7", Reason: "11010519491231002X"}}, ledger.ErrPersonalText},
		{"an adjusting entry posts to the chart", known(), postings(func(p []ledger.Posting) { p[0].Account = "x" }), ledger.ErrAccount},
		{"an adjusting entry has two postings", known(), with(post, func(p *journal.ProposeEntry) { p.Postings = p.Postings[:1] }), ledger.ErrEmptyEntry},
		{"an adjusting entry has sides", known(), postings(func(p []ledger.Posting) { p[0].Side = "left" }), ledger.ErrSide},
		{"an adjusting entry balances", known(), postings(func(p []ledger.Posting) { p[0].Amount = yuan(2) }), ledger.ErrUnbalanced},
		{"nothing is decided in a closed month: an appropriation", closedApril, on(with(vote, func(a *budget.Appropriate) { a.Document = "D9" }), "2023-04-30"), journal.ErrClosed},
		{"nothing is decided in a closed month: an approval", join(ready, []ask{closing("2023-04", "2023-05-01")}), approve("C1"), journal.ErrClosed},
		{"nothing is decided in a closed month: a rejection of an approved claim", join(known(), awarded("C1", "P1"), []ask{closing("2023-04", "2023-05-01")}), reject("C1"), journal.ErrClosed},
		{"nothing is decided in a closed month: a return to the treasury", join(paying(), []ask{failed(), closing("2023-04", "2023-05-01")}), treasury("2023-04-30"), journal.ErrClosed},
		{"nothing is decided in a closed month: a demand", join(paid(), []ask{closing("2023-05", "2023-06-01")}), demand("Y1", 1), journal.ErrClosed},
		{"months are closed in their order", closedApril, closing("2023-06", "2023-07-01"), journal.ErrOrder},
		{"a month is closed that balances", known(), with(closing("2023-04", "2023-05-01"), func(c *journal.Close) { c.Debits = ledger.Total(yuan(1)) }), journal.ErrTrial},
		{"totals of the books are such that the log can read them back", known(), with(closing("2023-04", "2023-05-01"), func(c *journal.Close) {
			c.Debits = ledger.Total(ledger.Money(ledger.MaxTotal).Add(ledger.Fen(1)))
		}), ledger.ErrTotalRange},
		{"a month is closed under the root of a tree", known(), with(closing("2023-04", "2023-05-01"), func(c *journal.Close) { c.Root = "abc" }), journal.ErrBooks},
		{"money that comes back in a later year needs a rule", paid(), back("2024-01-10"), policy.ErrUnset},
		{"an approval is not reversed: a claim has verbs of its own", paid(), reverse(t, paid(), 13), journal.ErrNoEntry},
		{"a confirmation is not reversed: money comes back by its own verb", paid(), reverse(t, paid(), len(paid())), journal.ErrNoEntry},
		{"a recorded payment is reversed once", append(elsewhere, reverse(t, elsewhere, len(elsewhere))), reverse(t, elsewhere, len(elsewhere)), journal.ErrReversed},
		{"who recorded a payment does not reverse it", elsewhere, by(reverse(t, elsewhere, len(elsewhere)), as(second, "clerk")), ledger.ErrDuties},
		{"a recorded payment is reversed as it is on record", elsewhere, with(reverse(t, elsewhere, len(elsewhere)), func(r *journal.Reverse) { r.Entry.Memo = "x" }), journal.ErrNoEntry},
		{"a recorded payment is not reversed before it was made", elsewhere, on(reverse(t, elsewhere, len(elsewhere)), "2023-04-09"), journal.ErrDate},
		{"a recorded payment is not reversed while it is demanded back", append(elsewhere, demand("R1", 100)), reverse(t, elsewhere, len(elsewhere)), payment.ErrRecovery},
	}...)
}

// approveEntry approves what the n-th ask of a story proposed.
func approveEntry(by ledger.Actor, n int) ask {
	return ask{by, "2023-04-22", journal.ApproveEntry{Entry: ledger.EntryID(fmt.Sprint("g", n))}}
}

// submitted is claim id of P1 for a startup grant.
func submitted(id ledger.ClaimID) []ask {
	return append(known(), submit(id, "P1", "startup", "2023-04", "2023-04"))
}

// awardedBeside is a startup grant to P1, approved, and another claim that has
// run its publicity.
func awardedBeside() []ask {
	return join(
		[]ask{{ledgertest.Accountant, "2023-01-03", budget.Appropriate{Amount: yuan(9_000), Document: "D1", Line: line("220104/assisted/levy/2023")}}},
		awarded("C1", "P1"), []ask{submit("C2", "P1", "assisted", "2023-07", "2023-07")}, reviewed("C2"),
	)
}

func TestTheBookRefuses(t *testing.T) {
	t.Parallel()
	var cases []ledgertest.Case[book.Command, ledger.Event]
	for _, r := range refusals(t) {
		cases = append(cases, ledgertest.Case[book.Command, ledger.Event]{Name: r.name, Given: given(t, r.given...), When: r.when.command(t, "w1"), Reject: r.reject})
	}
	ledgertest.Run(t, book.Decider, cases)
}

func TestOneIdentifierNamesOneEntry(t *testing.T) {
	t.Parallel()
	post := ask{ledgertest.Accountant, "2023-04-21", journal.ProposeEntry{Memo: "fee", Postings: []ledger.Posting{
		{Account: "5001", Amount: yuan(1), Side: ledger.Debit}, {Account: "1002", Amount: yuan(1), Side: ledger.Credit},
	}}}
	story := join(known(), []ask{record("R1", "P1", "220104/startup/levy/2023", "2023-04-10"), post})
	s := book.Decider.Fold(new(book.State), given(t, story...)...)
	for id, want := range map[string]*ledger.Rejection{"payment:R1": ledger.ErrID, "payment:R2": ledger.ErrID, "g8": journal.ErrTaken, "g9": nil} {
		_, err := book.Decide(s, post.command(t, id))
		if r, _ := ledger.Refused(err); r != want {
			t.Errorf("an entry called %s: %v", id, err)
		}
	}
}

// parses raises the refusals that no case of the book reaches: of the vocabulary,
// met where files and forms are read, of a batch with more money than there is,
// and of an entry that comes twice under one name.
func parses() []error {
	day := ledger.DateOf(2023, 1, 1)
	person := func(s string) error { _, err := ledger.ParsePersonNumber(s, day); return err }
	certificate := func(s string) error { _, err := ledger.ParseCertificateNumber(s, day); return err }
	credit := func(s string) error { _, err := ledger.ParseCreditCode(s); return err }
	card := func(s string) error { _, err := ledger.ParseBankCard(s); return err }
	amount := func(s string) error { _, err := ledger.ParseMoney(s); return err }
	full := payment.Decider.Fold(new(payment.State), payment.Event(payment.BatchOpened{Batch: "B1"}), payment.Instructed{Batch: "B1", Payment: "Y1", Claim: "C1", Amount: ledger.MaxMoney})
	_, batch := payment.Decide(full, payment.Command{
		Order: ledger.Order{ID: "c", By: ledgertest.Cashier, On: day}, Award: payment.Award{Amount: ledger.Fen(1)}, Do: payment.Instruct{Batch: "B1", Claim: "C2", Payment: "Y2"},
	})
	chart, _ := ledgertest.Pack().Check()
	posted := journal.Evolve(new(journal.State), journal.EntryPosted{Entry: ledger.Entry{ID: "e"}})
	_, taken := journal.Decide(posted, journal.Command{Order: ledger.Order{ID: "e", By: ledgertest.Accountant, On: day}, Chart: chart, Do: journal.ProposeEntry{Memo: "m"}})
	return append(levies(day), []error{
		taken, ledger.Order{}.Check(), ledger.Order{ID: "c"}.Check(), ledger.Order{ID: "c", By: ledgertest.Clerk}.Check(), amount("1,000"), batch,
		person("1"), person("A1010519491231002X"), person("11010519491331002X"), person("11010529491231002X"), person("110105194912310021"),
		certificate("11010519491231002X"), certificate("11010519491231002X84"), certificate("11010519491231002X17"), certificate("x"),
		credit("1"), credit("9135010OM000100Y43"), credit("91350100M000100Y44"), credit("91350100M000100Z43"), credit("91220101999999997D"),
		card("1"), card("6222021234567890"),
	}...)
}

// levies raises the refusals of the levy.
func levies(day ledger.Date) []error {
	pack := &policy.Pack{}
	for name, value := range map[string]string{
		"levy.rounding.profile.N": "int_half_up", "levy.rounding.profile.D": "2dp_half_up", "levy.rounding.profile.gap": "exact", "levy.rounding.profile.money": "fen_half_up",
		"levy.ratio": "0.016", "levy.ratio.national_floor": "0.015", "levy.small_enterprise.max_staff": "0", "levy.wage_cap.multiple": "2", "levy.disabled.double_weight": "2",
		"levy.tier.rate_at_or_above_threshold": "1", "levy.tier.rate_below_threshold": "1",
	} {
		pack.Parameters = append(pack.Parameters, policy.Parameter{Name: name, Region: policy.Nation, Value: value})
	}
	rules, err := levy.NewRules(pack, "220100", day, ledger.Date{}, "")
	assess := func(f levy.Facts) error { _, err := rules.Assess(f); return err }
	of := func(n, d int) levy.Facts {
		return levy.Facts{Class: ledger.Organ, Staff: levy.Int(n), Disabled: levy.Int(d), Wage: ledger.MaxMoney, Social: ledger.MaxMoney}
	}
	misprint, later, unpaid := of(100, 0), of(100, 0), of(100, 0)
	misprint.Ratio, later.Registered, unpaid.Wage = levy.Frac(16, 100), day.AddDays(1), ledger.Money{}
	_, number := levy.ParseNumber("16%")
	_, _, card := rules.Disabled([]levy.Spell{{Card: "paper"}})
	return []error{err, number, card, assess(levy.Facts{}), assess(of(0, 0)), assess(of(1, 3)), assess(misprint), assess(later), assess(unpaid), assess(of(10_000_000, 0))}
}

// Every published refusal has been raised by a test, and can be read by who is
// refused.
func TestEveryPublishedRefusalIsRaisedAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	seen := make(map[*ledger.Rejection]bool)
	for _, r := range slices.Concat(refusals(t), crossUse(t), recurring(), papered(), freely(), adjustments()) {
		s := book.Decider.Fold(new(book.State), given(t, r.given...)...)
		_, err := book.Decide(s, r.when.command(t, "w1"))
		got, _ := ledger.Refused(err)
		seen[got] = true
	}
	for _, err := range parses() {
		got, _ := ledger.Refused(err)
		seen[got] = true
	}
	codes := make(map[string]bool)
	for _, r := range book.Rejections() {
		if codes[r.Code] {
			t.Errorf("code %s is published twice", r.Code)
		}
		codes[r.Code] = true
		if !seen[r] {
			t.Errorf("no case raises %s", r.Code)
		}
		if strings.Trim(r.Code, "abcdefghijklmnopqrstuvwxyz-") != "" || r.Code == "" || strings.Contains("-"+r.Code+"-", "--") {
			t.Errorf("code %q is not kebab-case", r.Code)
		}
		if !chinese(r.RuleZH) || !chinese(r.NextZH) || r.Rule == "" || r.Next == "" || chinese(r.Rule) || chinese(r.Next) {
			t.Errorf("%s does not say rule and next step in both languages", r.Code)
		}
	}
	for r := range seen {
		if r != nil && !codes[r.Code] {
			t.Errorf("%s is raised and not published", r.Code)
		}
	}
}

func chinese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// Every rejection that is declared in the ledger is published by the book.
func TestEveryDeclaredRefusalIsPublished(t *testing.T) {
	t.Parallel()
	var published []string
	for _, r := range book.Rejections() {
		published = append(published, r.Code)
	}
	code := regexp.MustCompile(`Code: "([a-z-]+)", Rule:`)
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	core, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range slices.Concat(files, core) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range code.FindAllSubmatch(source, -1) {
			if found++; !slices.Contains(published, string(m[1])) {
				t.Errorf("%s declares %s, which the book does not publish", file, m[1])
			}
		}
	}
	if found != len(published) {
		t.Errorf("%d codes are declared, %d published", found, len(published))
	}
}

// Package party decides who may be paid: persons, employers and institutions,
// each known by an identifier that says nothing about them.
//
// What identifies a person (name, identity and certificate number, bank account)
// is sealed in the event under a key of the person's own; who registers a person
// finds in the vault whether that person is known already. An organisation's name
// and credit code are public and stand in the clear; its bank accounts are sealed
// like a person's.
//
// # Invariants
//
//  1. A party is registered once and keeps its kind for ever.
//  2. An account is added, never changed; a payment names the one it goes to.
//  3. A person is erased once nothing of theirs is open: what the law asks to be kept
//     until then is kept (个人信息保护法 art. 47). Package book knows and asks.
//  4. After a party is erased nothing can be added to it or claimed for it; what
//     was paid stays, and no total changes.
//  5. What has not the form of a sealed text is not recorded as one.
//  6. An organisation that has a credit code is registered under it ([OfCode]), so one
//     code is one party.
package party

import (
	"cmp"
	"fmt"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// A Command asks for a change of one party.
type Command struct {
	ledger.Order
	Do Action
}

// An Action is what a command asks for.
//
//sumtype:decl
type Action interface{ party() }

type (
	// Register makes a party known, with a bank account or without. With Ref the
	// account is what is asked for: it is added where the party is known already.
	Register struct {
		Account ledger.Sealed     `json:"account,omitempty"` // a bank account, sealed
		Code    ledger.CreditCode `json:"code,omitempty"`    // of an organisation, where it has one
		Kind    policy.Kind       `json:"kind"`
		Name    string            `json:"name,omitempty"`   // of an organisation
		Party   ledger.PartyID    `json:"party"`            //
		Place   string            `json:"place,omitempty"`  // of an organisation, as its source gives it
		Ref     ledger.AccountRef `json:"ref,omitempty"`    // of the account; empty: FirstAccount
		Region  ledger.RegionCode `json:"region,omitempty"` //
		Sealed  ledger.Sealed     `json:"sealed,omitempty"` // of a person: name, identity and certificate number
	}
	// AddAccount adds a bank account.
	AddAccount struct {
		Account ledger.Sealed     `json:"account"`
		Party   ledger.PartyID    `json:"party"`
		Ref     ledger.AccountRef `json:"ref"`
	}
	// Erase forgets a person: the key is destroyed once this is on record.
	Erase struct {
		Basis string         `json:"basis"` // legal ground (个人信息保护法 art. 47)
		Party ledger.PartyID `json:"party"`
	}
)

func (Register) party()   {}
func (AddAccount) party() {}
func (Erase) party()      {}

// An Event is something that has happened to a party.
//
//sumtype:decl
type Event interface {
	ledger.Event
	happened()
}

type (
	// Registered says that a party is known.
	Registered struct {
		Account ledger.Sealed     `json:"account,omitempty"`
		Code    ledger.CreditCode `json:"code,omitempty"`
		Kind    policy.Kind       `json:"kind"`
		Name    string            `json:"name,omitempty"`
		On      ledger.Date       `json:"on"`
		Party   ledger.PartyID    `json:"party"`
		Place   string            `json:"place,omitempty"`
		Ref     ledger.AccountRef `json:"ref,omitempty"` // of the account; empty: FirstAccount
		Region  ledger.RegionCode `json:"region,omitempty"`
		Sealed  ledger.Sealed     `json:"sealed,omitempty"`
	}
	// AccountAdded says that a party has a further bank account.
	AccountAdded struct {
		Account ledger.Sealed     `json:"account"`
		On      ledger.Date       `json:"on"`
		Party   ledger.PartyID    `json:"party"`
		Ref     ledger.AccountRef `json:"ref"`
	}
	// Erased says that the person's key is to be destroyed, by whom and why.
	Erased struct {
		Basis string         `json:"basis"`
		By    ledger.ActorID `json:"by"`
		On    ledger.Date    `json:"on"`
		Party ledger.PartyID `json:"party"`
	}
)

func (Registered) happened()   {}
func (AccountAdded) happened() {}
func (Erased) happened()       {}

// Case is the party.
func (e Registered) Case() string   { return string(e.Party) }
func (e AccountAdded) Case() string { return string(e.Party) }
func (e Erased) Case() string       { return string(e.Party) }

// Effective is the day of the order.
func (e Registered) Effective() ledger.Date   { return e.On }
func (e AccountAdded) Effective() ledger.Date { return e.On }
func (e Erased) Effective() ledger.Date       { return e.On }

// Booked is nil: no money moves.
func (Registered) Booked() (ledger.Entry, bool)   { return ledger.Entry{}, false }
func (AccountAdded) Booked() (ledger.Entry, bool) { return ledger.Entry{}, false }
func (Erased) Booked() (ledger.Entry, bool)       { return ledger.Entry{}, false }

// OfCode returns the identifier of the organisation that has a credit code.
func OfCode(code ledger.CreditCode) ledger.PartyID { return ledger.PartyID("U" + code) }

// FirstAccount is the account a party is registered with where nothing names it.
const FirstAccount ledger.AccountRef = "1"

// Refusals, in the order of checking.
var (
	ErrKind = &ledger.Rejection{
		Code: "party-kind", Rule: "a person is registered sealed, an organisation by name", RuleZH: "个人信息须加密登记，单位须登记名称",
		Source: "个人信息保护法 arts. 28, 51", Next: "give a person's particulars sealed and an organisation's name in the clear", NextZH: "请按规定方式登记",
	}
	ErrSealed = &ledger.Rejection{
		Code: "not-sealed", Rule: "a person's particulars and bank accounts are recorded sealed, never in the clear", RuleZH: "个人信息和银行账户须加密登记，不得以明文记录",
		Source: "个人信息保护法 arts. 28, 51", Next: "have zhucan import seal them under the party's key", NextZH: "请通过 zhucan import 加密登记",
	}
	ErrCode = &ledger.Rejection{
		Code: "party-code", Rule: "an organisation that has a credit code is registered under U and the code", RuleZH: "有统一社会信用代码的单位以“U”加该代码为编号登记",
		Source: "GB 32100-2015", Next: "register it under that identifier, or use it where it is registered already", NextZH: "请以该编号登记；已登记的请直接使用",
	}
	ErrTaken = &ledger.Rejection{
		Code: "party-taken", Rule: "an identifier names one party", RuleZH: "同一编号只能登记一个对象",
		Next: "use the party that is registered", NextZH: "请使用已登记的对象",
	}
	ErrUnknown = &ledger.Rejection{
		Code: "party-unknown", Rule: "only a registered party is acted for", RuleZH: "只能为已登记的对象办理",
		Next: "register the party first", NextZH: "请先登记",
	}
	ErrErased = &ledger.Rejection{
		Code: "party-erased", Rule: "nothing new is done for an erased person", RuleZH: "个人信息已删除的对象不再办理新业务",
		Source: "个人信息保护法 art. 47", Next: "register the person anew, with consent", NextZH: "请重新登记",
	}
	ErrAccountTaken = &ledger.Rejection{
		Code: "account-ref-taken", Rule: "an account is added once and never changed", RuleZH: "账户一经登记不得更改",
		Next: "add the new account under the next number", NextZH: "请以新的序号登记新账户",
	}
	ErrNoAccount = &ledger.Rejection{
		Code: "payee-account-unknown", Rule: "money is paid to a registered account of the payee", RuleZH: "只能向收款人已登记的账户付款",
		Next: "add the account first", NextZH: "请先登记账户",
	}
	ErrBasis = &ledger.Rejection{
		Code: "erasure-basis-missing", Rule: "a person is erased on a stated legal ground", RuleZH: "删除个人信息须注明法律依据",
		Source: "个人信息保护法 art. 47", Next: "state the ground", NextZH: "请注明依据",
	}
)

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrKind, ErrSealed, ErrCode, ErrTaken, ErrUnknown, ErrErased, ErrAccountTaken, ErrNoAccount, ErrBasis}

// State is the parties there are.
type State struct {
	parties  ledger.Table[ledger.PartyID, known]
	accounts ledger.Table[account, struct{}]
}

type known struct {
	kind   policy.Kind
	name   string
	code   ledger.CreditCode
	erased bool
}

type account struct {
	party ledger.PartyID
	ref   ledger.AccountRef
}

// Tentative returns the parts of s that can be taken back.
func (s *State) Tentative() []ledger.Tentative {
	return []ledger.Tentative{&s.parties, &s.accounts}
}

// Decider holds the rules about parties.
var Decider = ledger.Decider[*State, Command, Event]{Decide: Decide, Evolve: Evolve}

// Decide answers c in state s.
func Decide(s *State, c Command) ([]Event, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	switch do := c.Do.(type) {
	case Register:
		return s.register(c.Order, do)
	case AddAccount:
		return s.addAccount(c.Order, do)
	case Erase:
		return s.erase(c.Order, do)
	}
	panic(fmt.Sprintf("party: action %T", c.Do))
}

func (s *State) register(o ledger.Order, do Register) ([]Event, error) {
	if err := ledger.CheckID(do.Party); err != nil {
		return nil, err
	}
	if !o.By.Is(ledger.Clerk) && !o.By.Is(ledger.Operator) {
		return nil, o.Needs(ledger.Clerk)
	}
	person := do.Kind == policy.Person
	if person != (do.Sealed != "") || person != (do.Name == "") || (person && (do.Code != "" || do.Place != "")) ||
		(!person && do.Kind != policy.Employer && do.Kind != policy.Institution) {
		return nil, ErrKind.Of("party %s of kind %q", do.Party, do.Kind)
	}
	if err := checkSealed(do.Party, do.Sealed, do.Account); err != nil {
		return nil, err
	}
	if _, err := ledger.ParsePersonNumber(string(do.Party), o.On); err == nil {
		return nil, ledger.ErrPersonalText.Of("identifier of a party")
	}
	if do.Region != "" {
		if err := ledger.CheckID(do.Region); err != nil {
			return nil, err
		}
	}
	if old, ok := s.parties.Get(do.Party); ok {
		same := old.kind == do.Kind && old.name == do.Name && old.code == do.Code
		paid := s.accounts.Has(account{do.Party, FirstAccount})
		switch {
		case same && do.Ref != "":
			return s.addAccount(o, AddAccount{Account: do.Account, Party: do.Party, Ref: do.Ref})
		case same && (paid || do.Account == "") && !person:
			return nil, nil
		}
		return nil, ErrTaken.Of("%s", do.Party)
	}
	if do.Code != "" {
		if code, err := ledger.ParseCreditCode(string(do.Code)); err != nil {
			return nil, err
		} else if code != do.Code || do.Party != OfCode(code) {
			return nil, ErrCode.Of("%s has the code %s", do.Party, do.Code)
		}
	}
	if do.Ref != "" {
		if err := ledger.CheckID(do.Ref); err != nil {
			return nil, err
		}
		if do.Account == "" {
			return nil, ErrNoAccount.Of("account %s of %s is empty", do.Ref, do.Party)
		}
	}
	return []Event{Registered{
		Account: do.Account, Code: do.Code, Kind: do.Kind, Name: do.Name, On: o.On,
		Party: do.Party, Place: do.Place, Ref: do.Ref, Region: do.Region, Sealed: do.Sealed,
	}}, nil
}

// isSealed tells whether s has the form of what package events/seal makes: the 32 bytes at
// least of key mark, nonce and tag, in base64url. Whether it opens is known to who has the key.
func isSealed(s ledger.Sealed) bool {
	text, ok := strings.CutPrefix(string(s), "s1.")
	for i := range len(text) {
		c := text[i]
		ok = ok && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
	}
	return ok && len(text) >= 43
}

// checkSealed refuses what is in the clear. What was recorded once is read as it is.
func checkSealed(id ledger.PartyID, texts ...ledger.Sealed) error {
	for _, s := range texts {
		if s != "" && !isSealed(s) {
			return ErrSealed.Of("of party %s", id)
		}
	}
	return nil
}

func (s *State) addAccount(o ledger.Order, do AddAccount) ([]Event, error) {
	if err := o.Needs(ledger.Clerk); err != nil {
		return nil, err
	}
	if err := checkSealed(do.Party, do.Account); err != nil {
		return nil, err
	}
	if err := s.Check(do.Party, ""); err != nil {
		return nil, err
	}
	if err := ledger.CheckID(do.Ref); err != nil {
		return nil, err
	}
	if s.accounts.Has(account{do.Party, do.Ref}) {
		return nil, ErrAccountTaken.Of("account %s of %s", do.Ref, do.Party)
	}
	if do.Account == "" {
		return nil, ErrNoAccount.Of("account %s of %s is empty", do.Ref, do.Party)
	}
	return []Event{AccountAdded{Account: do.Account, On: o.On, Party: do.Party, Ref: do.Ref}}, nil
}

func (s *State) erase(o ledger.Order, do Erase) ([]Event, error) {
	if err := o.Needs(ledger.Operator); err != nil {
		return nil, err
	}
	known, ok := s.parties.Get(do.Party)
	switch {
	case !ok:
		return nil, ErrUnknown.Of("%s", do.Party)
	case known.erased:
		return nil, nil
	case known.kind != policy.Person:
		return nil, ErrKind.Of("%s is not a person", do.Party)
	case do.Basis == "":
		return nil, ErrBasis.Of("%s", do.Party)
	}
	return []Event{Erased{Basis: do.Basis, By: o.By.ID, On: o.On, Party: do.Party}}, nil
}

// Check refuses a party that nothing new can be done for, or that has not the
// account ref; an empty ref asks for none.
func (s *State) Check(id ledger.PartyID, ref ledger.AccountRef) error {
	known, ok := s.parties.Get(id)
	switch {
	case !ok:
		return ErrUnknown.Of("%s", id)
	case known.erased:
		return ErrErased.Of("%s", id)
	case ref != "" && !s.accounts.Has(account{id, ref}):
		return ErrNoAccount.Of("account %s of %s", ref, id)
	}
	return nil
}

// Kind returns what the party is, or "" when it is not known.
func (s *State) Kind(id ledger.PartyID) policy.Kind { return s.parties.At(id).kind }

// Code returns the credit code of an organisation, or "" where it has none.
func (s *State) Code(id ledger.PartyID) ledger.CreditCode { return s.parties.At(id).code }

// Persons returns the persons registered and not erased, in no particular order:
// those that the vault must hold a key for.
func (s *State) Persons() []ledger.PartyID {
	var ids []ledger.PartyID
	for id, p := range s.parties.All() {
		if p.kind == policy.Person && !p.erased {
			ids = append(ids, id)
		}
	}
	return ids
}

// Evolve returns the parties as they are after e.
func Evolve(s *State, e Event) *State {
	switch e := e.(type) {
	case Registered:
		s.parties.Set(e.Party, known{kind: e.Kind, name: e.Name, code: e.Code})
		if e.Account != "" {
			s.accounts.Set(account{e.Party, cmp.Or(e.Ref, FirstAccount)}, struct{}{})
		}
	case AccountAdded:
		s.accounts.Set(account{e.Party, e.Ref}, struct{}{})
	case Erased:
		p := s.parties.At(e.Party)
		p.erased = true
		s.parties.Set(e.Party, p)
	default:
		panic(fmt.Sprintf("party: event %T", e))
	}
	return s
}

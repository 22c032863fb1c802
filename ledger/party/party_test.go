package party_test

import (
	"fmt"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
)

var (
	today = ledger.DateOf(2023, 4, 3)

	person      = party.Registered{Account: ledgertest.Sealed, Kind: policy.Person, On: today, Party: "P1", Region: "220104", Sealed: ledgertest.Sealed}
	named       = party.Registered{Account: ledgertest.Sealed, Kind: policy.Person, On: today, Party: "P1", Ref: "C1", Sealed: ledgertest.Sealed}
	bare        = party.Registered{Kind: policy.Person, On: today, Party: "P2", Sealed: ledgertest.Sealed}
	company     = party.OfCode("91350100M000100Y43")
	employer    = party.Registered{Account: ledgertest.Sealed, Code: "91350100M000100Y43", Kind: policy.Employer, Name: "长春某公司", On: today, Party: company, Place: "长春"}
	institution = party.Registered{Kind: policy.Institution, Name: "某辅助性就业机构", On: today, Party: "I1"}
	gone        = party.Erased{Basis: "个人信息保护法 art. 47", By: "operator", On: today, Party: "P1"}
)

func ask(by ledger.Actor, do party.Action) party.Command {
	return party.Command{Order: ledger.Order{ID: "c1", By: by, On: today}, Do: do}
}

func register(e party.Registered) party.Register {
	return party.Register{Account: e.Account, Code: e.Code, Kind: e.Kind, Name: e.Name, Party: e.Party, Place: e.Place, Ref: e.Ref, Region: e.Region, Sealed: e.Sealed}
}

func with(e party.Registered, change func(*party.Registered)) party.Registered {
	change(&e)
	return e
}

func TestPartyDecider(t *testing.T) {
	t.Parallel()
	type c = ledgertest.Case[party.Command, party.Event]
	clerk, operator := ledgertest.Clerk, ledgertest.Operator
	given := func(e ...party.Event) []party.Event { return e }
	second := party.AddAccount{Account: ledgertest.Sealed, Party: "P1", Ref: "2"}
	ledgertest.Run(t, party.Decider, []c{
		{Name: "a clerk registers a person sealed", When: ask(clerk, register(person)), Then: given(person)},
		{Name: "a person may be registered without an account", When: ask(clerk, register(bare)), Then: given(bare)},
		{Name: "a clerk registers an employer by name", When: ask(clerk, register(employer)), Then: given(employer)},
		{Name: "a clerk registers an institution by name", When: ask(clerk, register(institution)), Then: given(institution)},
		{Name: "an operator imports a register", When: ask(operator, register(employer)), Then: given(employer)},
		{Name: "nobody else registers", When: ask(ledgertest.Cashier, register(person)), Reject: ledger.ErrRole},
		{Name: "an order without a day is refused before its role", When: party.Command{Order: ledger.Order{ID: "c", By: ledgertest.Cashier}, Do: register(person)}, Reject: ledger.ErrDate},
		{Name: "an identifier is checked before the role", When: ask(ledgertest.Cashier, register(with(person, func(e *party.Registered) { e.Party = "P 1" }))), Reject: ledger.ErrID},
		{Name: "a person is never registered in the clear", When: ask(clerk, register(with(person, func(e *party.Registered) { e.Name = "张三" }))), Reject: party.ErrKind},
		{Name: "a person's particulars are sealed, not left out", When: ask(clerk, register(with(person, func(e *party.Registered) { e.Sealed = "" }))), Reject: party.ErrKind},
		{Name: "a person has no credit code", When: ask(clerk, register(with(person, func(e *party.Registered) { e.Code = "91350100M000100Y43" }))), Reject: party.ErrKind},
		{Name: "a person's address does not stand in the clear", When: ask(clerk, register(with(person, func(e *party.Registered) { e.Place = "长春" }))), Reject: party.ErrKind},
		{Name: "an organisation has a name", When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Name = "" }))), Reject: party.ErrKind},
		{Name: "an organisation is not sealed", When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Sealed = "x" }))), Reject: party.ErrKind},
		{Name: "a person's particulars are sealed and not only called so", When: ask(clerk, register(with(person, func(e *party.Registered) { e.Sealed = "张三 11010519491231002X" }))), Reject: party.ErrSealed},
		{Name: "nothing short of a key mark, a nonce and a tag is sealed", When: ask(clerk, register(with(person, func(e *party.Registered) { e.Sealed = "s1.6217992200000000000" }))), Reject: party.ErrSealed},
		{Name: "an account is registered sealed", When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Account = "6217992200000000000" }))), Reject: party.ErrSealed},
		{Name: "an account is added sealed", Given: given(person), When: ask(clerk, party.AddAccount{Account: "6217992200000000000", Party: "P1", Ref: "2"}), Reject: party.ErrSealed},
		{Name: "a party is of a kind that is known", When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Kind = "dog" }))), Reject: party.ErrKind},
		{Name: "an identifier is no identity number", When: ask(clerk, register(with(person, func(e *party.Registered) { e.Party = "11010519491231002X" }))), Reject: ledger.ErrPersonalText},
		{Name: "an organisation registered again as it is changes nothing", Given: given(employer), When: ask(clerk, register(employer))},
		{Name: "an identifier does not change its name", Given: given(employer), When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Name = "另一公司" }))), Reject: party.ErrTaken},
		{Name: "an identifier does not change its kind", Given: given(employer), When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Kind = policy.Institution }))), Reject: party.ErrTaken},
		{Name: "an account is not lost because the organisation is known", Given: given(institution), When: ask(clerk, register(with(institution, func(e *party.Registered) { e.Account = ledgertest.Sealed }))), Reject: party.ErrTaken},
		{Name: "a person is registered once, since what is sealed cannot be compared", Given: given(person), When: ask(clerk, register(person)), Reject: party.ErrTaken},
		{Name: "the kind is checked before the identifier is taken", Given: given(person), When: ask(clerk, register(with(person, func(e *party.Registered) { e.Name = "张三" }))), Reject: party.ErrKind},

		{Name: "a person is registered with the account that is named", When: ask(clerk, register(named)), Then: given(named)},
		{Name: "an account that is named is not left out", When: ask(clerk, register(with(named, func(e *party.Registered) { e.Account = "" }))), Reject: party.ErrNoAccount},
		{Name: "an account is named as identifiers are", When: ask(clerk, register(with(named, func(e *party.Registered) { e.Ref = "C 1" }))), Reject: ledger.ErrID},
		{Name: "of a person who is known the account that is named is added", Given: given(person), When: ask(clerk, register(named)), Then: given(party.AccountAdded{Account: ledgertest.Sealed, On: today, Party: "P1", Ref: "C1"})},
		{Name: "so it is of one that was registered under another identifier before that was the rule", Given: given(with(employer, func(e *party.Registered) { e.Party = "E1" })), When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Party, e.Ref = "E1", "C1" }))), Then: given(party.AccountAdded{Account: ledgertest.Sealed, On: today, Party: "E1", Ref: "C1"})},
		{Name: "of an organisation who is known the account that is named is added", Given: given(employer), When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Ref = "C1" }))), Then: given(party.AccountAdded{Account: ledgertest.Sealed, On: today, Party: company, Ref: "C1"})},
		{Name: "an organisation of another name gets no account", Given: given(employer), When: ask(clerk, register(with(employer, func(e *party.Registered) { e.Name, e.Ref = "另一公司", "C1" }))), Reject: party.ErrTaken},
		{Name: "a person becomes no organisation by an account", Given: given(employer), When: ask(clerk, register(with(named, func(e *party.Registered) { e.Party = company }))), Reject: party.ErrTaken},
		{Name: "the account that a person was registered with is not changed", Given: given(named), When: ask(clerk, register(named)), Reject: party.ErrAccountTaken},
		{Name: "the account that a person was registered with is not the first of others", Given: given(named), When: ask(clerk, party.AddAccount{Account: ledgertest.Sealed, Party: "P1", Ref: party.FirstAccount}), Then: given(party.AccountAdded{Account: ledgertest.Sealed, On: today, Party: "P1", Ref: "1"})},
		{Name: "nothing is added to an erased person by registering", Given: given(person, gone), When: ask(clerk, register(named)), Reject: party.ErrErased},
		{Name: "an operator adds no account by registering", Given: given(person), When: ask(operator, register(named)), Reject: ledger.ErrRole},

		{Name: "a clerk adds an account", Given: given(person), When: ask(clerk, second), Then: given(party.AccountAdded{Account: ledgertest.Sealed, On: today, Party: "P1", Ref: "2"})},
		{Name: "a person registered without an account gets the first", Given: given(bare), When: ask(clerk, party.AddAccount{Account: ledgertest.Sealed, Party: "P2", Ref: party.FirstAccount}), Then: given(party.AccountAdded{Account: ledgertest.Sealed, On: today, Party: "P2", Ref: "1"})},
		{Name: "an operator adds no account", Given: given(person), When: ask(operator, second), Reject: ledger.ErrRole},
		{Name: "an account belongs to a party that is known", When: ask(clerk, second), Reject: party.ErrUnknown},
		{Name: "nothing is added to an erased person", Given: given(person, gone), When: ask(clerk, second), Reject: party.ErrErased},
		{Name: "an account has a number", Given: given(person), When: ask(clerk, party.AddAccount{Account: ledgertest.Sealed, Party: "P1"}), Reject: ledger.ErrID},
		{Name: "the account of the registration is not changed", Given: given(person), When: ask(clerk, party.AddAccount{Account: ledgertest.Sealed, Party: "P1", Ref: party.FirstAccount}), Reject: party.ErrAccountTaken},
		{Name: "an account added is not changed", Given: given(person, party.AccountAdded{Account: ledgertest.Sealed, On: today, Party: "P1", Ref: "2"}), When: ask(clerk, second), Reject: party.ErrAccountTaken},
		{Name: "an account is not empty", Given: given(person), When: ask(clerk, party.AddAccount{Party: "P1", Ref: "2"}), Reject: party.ErrNoAccount},

		{Name: "an operator erases a person on a ground", Given: given(person), When: ask(operator, party.Erase{Basis: gone.Basis, Party: "P1"}), Then: given(gone)},
		{Name: "a clerk erases nobody", Given: given(person), When: ask(clerk, party.Erase{Basis: gone.Basis, Party: "P1"}), Reject: ledger.ErrRole},
		{Name: "nobody is erased who is not known", When: ask(operator, party.Erase{Basis: gone.Basis, Party: "P1"}), Reject: party.ErrUnknown},
		{Name: "a person is erased once", Given: given(person, gone), When: ask(operator, party.Erase{Basis: gone.Basis, Party: "P1"})},
		{Name: "an organisation is not erased", Given: given(employer), When: ask(operator, party.Erase{Basis: gone.Basis, Party: company}), Reject: party.ErrKind},
		{Name: "a person is not erased without a ground", Given: given(person), When: ask(operator, party.Erase{Party: "P1"}), Reject: party.ErrBasis},
	})
}

func TestNothingNewIsDoneForWhoIsNotKnownOrErased(t *testing.T) {
	t.Parallel()
	s := party.Decider.Fold(new(party.State), party.Event(person), bare, gone)
	for _, c := range []struct {
		id     ledger.PartyID
		ref    ledger.AccountRef
		reject *ledger.Rejection
	}{
		{"P1", "", party.ErrErased}, {"P1", "1", party.ErrErased}, {"P2", "", nil}, {"P2", "1", party.ErrNoAccount}, {"P3", "", party.ErrUnknown},
	} {
		err := s.Check(c.id, c.ref)
		if r, _ := ledger.Refused(err); r != c.reject {
			t.Errorf("%s, account %q: %v", c.id, c.ref, err)
		}
	}
	if s.Kind("P1") != policy.Person || s.Kind("P3") != "" {
		t.Error("kinds")
	}
}

func TestAsManyKeysAreNeededAsPersonsAreNotErased(t *testing.T) {
	t.Parallel()
	s := new(party.State)
	for i, want := range []int{1, 2, 2, 1} {
		s = party.Evolve(s, []party.Event{person, bare, employer, gone}[i])
		if got := len(s.Persons()); got != want {
			t.Errorf("after %d events %d, want %d", i+1, got, want)
		}
	}
}

func TestEveryPartOfThePartiesIsTakenBack(t *testing.T) {
	t.Parallel()
	s := new(party.State)
	for _, part := range s.Tentative() {
		part.Begin()
	}
	s = party.Decider.Fold(s, party.Event(person), party.AccountAdded{Party: "P1", Ref: "2", Account: ledgertest.Sealed}, gone)
	for _, part := range s.Tentative() {
		part.Rollback()
	}
	if len(s.Persons()) != 0 || s.Kind("P1") != "" {
		t.Error("the person is still there")
	}
	s = party.Evolve(s, person)
	if r, _ := ledger.Refused(s.Check("P1", "2")); r != party.ErrNoAccount {
		t.Errorf("the account is still there: %v", r)
	}
}

func TestEventsOfAPartyAreItsCaseAndMoveNoMoney(t *testing.T) {
	t.Parallel()
	for _, e := range []party.Event{person, party.AccountAdded{Party: "P1", On: today}, gone} {
		if e.Case() != "P1" || e.Effective() != today || ledgertest.Booked(e) != nil {
			t.Errorf("%T: %s on %s", e, e.Case(), e.Effective())
		}
	}
}

func ExampleDecider() {
	command := party.Command{
		Order: ledger.Order{ID: "c1", By: ledgertest.Clerk, On: ledger.DateOf(2023, 4, 3)},
		Do:    party.Register{Party: company, Kind: policy.Employer, Name: "长春某公司"},
	}
	events, err := party.Decide(new(party.State), command)
	fmt.Printf("%T of %s, %v\n", events[0], events[0].Case(), err)

	command.Do = party.Register{Party: "P1", Kind: policy.Person, Name: "张三"}
	_, err = party.Decide(new(party.State), command)
	r, _ := ledger.Refused(err)
	fmt.Println(r.Code)
	// Output:
	// party.Registered of U91350100M000100Y43, <nil>
	// party-kind
}

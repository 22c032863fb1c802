package ledger

import "slices"

// A Role is a duty a person may be given.
type Role string

// The roles. What each may do is said by the rule that asks for it.
const (
	Clerk      Role = "clerk"      // 经办: enters applications and batches
	Reviewer   Role = "reviewer"   // 审核: first and second review, data comparison, publicity
	Approver   Role = "approver"   // 审批: decides claims, batches, corrections of payees
	Cashier    Role = "cashier"    // 出纳: instructs and sends payments, records what the bank answered
	Accountant Role = "accountant" // 会计: budgets, adjusting entries, reversals, periods
	Operator   Role = "operator"   // 运维: policy, read models, keys
	Auditor    Role = "auditor"    // 审计: reads, changes nothing
)

// Roles lists every role.
var Roles = []Role{Clerk, Reviewer, Approver, Cashier, Accountant, Operator, Auditor}

// ActorID names a person (or a service) that acts in the books: an account name,
// never a personal name.
type ActorID string

// An Actor is who gives an order, with the roles held at that moment.
type Actor struct {
	ID    ActorID
	Roles []Role
}

// Is tells whether a holds role.
func (a Actor) Is(role Role) bool { return slices.Contains(a.Roles, role) }

// Refusals of who asks.
var (
	ErrActor = &Rejection{
		Code: "actor-missing", Rule: "every order has an actor", RuleZH: "每项操作须有操作人",
		Next: "name the actor", NextZH: "请指明操作人",
	}
	ErrRole = &Rejection{
		Code: "role-missing", Rule: "an order is given by a person who holds the role for it", RuleZH: "操作人须具有相应岗位权限",
		Source: "会计法 art. 35（内部会计监督、职责权限）", Next: "let a person with that role do it", NextZH: "请由具有该岗位的人员办理",
	}
	ErrDuties = &Rejection{
		Code: "duties-not-separated", Rule: "enter, review, approve and pay are different people for one case", RuleZH: "同一事项的经办、审核、审批、支付须由不同人员办理（不相容岗位分离）",
		Source: "行政事业单位内部控制规范（试行）财会〔2012〕21号 art. 12", Next: "let another person do it", NextZH: "请由其他人员办理",
	}
)

// An Order is what every command carries besides its own particulars. ID makes
// it repeatable, By answers for it, On is the day it is about: the accounting
// date of what it posts.
type Order struct {
	ID CommandID
	By Actor
	On Date
}

// Check refuses an order without an identifier, an actor or a day.
func (o Order) Check() error {
	if err := CheckID(o.ID); err != nil {
		return err
	}
	if o.By.ID == "" {
		return ErrActor.Of("order %s", o.ID)
	}
	if err := CheckID(o.By.ID); err != nil {
		return err
	}
	if o.On.IsZero() {
		return ErrDate.Of("order %s has no date", o.ID)
	}
	if y := o.On.Year(); y < 1900 || y > 9999 {
		return ErrDate.Of("order %s is dated in year %d", o.ID, y)
	}
	return nil
}

// Needs refuses the order unless its actor holds role.
func (o Order) Needs(role Role) error {
	if !o.By.Is(role) {
		return ErrRole.Of("%s has not the role %s", o.By.ID, role)
	}
	return nil
}

// Apart refuses the order if its actor is one of others, who did another part of
// the same case.
func (o Order) Apart(others ...ActorID) error {
	if slices.Contains(others, o.By.ID) {
		return ErrDuties.Of("%s has already acted in this case", o.By.ID)
	}
	return nil
}

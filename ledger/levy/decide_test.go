package levy_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/levy"
	"zhucan/ledger/policy"
)

// sample is the committed pack with synthetic values for what it leaves unset.
func sample(t testing.TB, changes ...string) *policy.Pack {
	t.Helper()
	for _, value := range []string{
		"levy.review_window=01-01/06-30", "levy.late_fee.first_day=day_after_deadline", "levy.late_fee.payment_day_counts=true",
		"social_average_wage.weighted=50000.00", "levy.wage_cap.deregistration_lookback=ordinary",
	} {
		name, _, _ := strings.Cut(value, "=")
		if !slices.ContainsFunc(changes, func(c string) bool { return strings.HasPrefix(c, name+"=") }) {
			changes = append(slices.Clip(changes), value)
		}
	}
	p := jilin(t, changes...)
	for i := range p.Parameters {
		if p.Parameters[i].Name == "social_average_wage.weighted" {
			p.Parameters[i].Region = "220100" // the figure of a prefecture
		}
	}
	p.Version = "synthetic"
	for _, day := range []string{"2022-10-03", "2023-10-02", "2024-10-01"} {
		p.Days = append(p.Days, policy.Day{Date: date(t, day)})
	}
	return p
}

type asked struct {
	by ledger.Actor
	on string
	do levy.Action
}

func (a asked) command(t testing.TB, pack *policy.Pack) levy.Command {
	t.Helper()
	return levy.Command{Order: ledger.Order{ID: "c", By: a.by, On: date(t, a.on)}, Policy: pack, Do: a.do}
}

// after decides one thing after the other. Nothing may be refused.
func after(t testing.TB, pack *policy.Pack, asks ...asked) (events []levy.Event) {
	t.Helper()
	s := new(levy.State)
	for i, a := range asks {
		got, err := levy.Decide(s, a.command(t, pack))
		if err != nil || len(got) != 1 {
			t.Fatalf("step %d, %T: %+v, %v", i+1, a.do, got, err)
		}
		s = levy.Decider.Fold(s, got...)
		events = append(events, got...)
	}
	return events
}

func declare(t testing.TB, on string, year int) asked {
	return asked{ledgertest.Clerk, on, levy.Declare{
		Class: ledger.Enterprise, Employer: "E1", Region: "220100", Staff: levy.Int(100), Wage: yuan(t, "60000.00"), Year: year,
	}}
}

func review(on, confirmation string, year int, persons ...levy.Person) asked {
	return asked{ledgertest.First, on, levy.Review{Confirmation: confirmation, Employer: "E1", Persons: persons, Region: "220100", Year: year}}
}

func person(year int) levy.Person {
	return levy.Person{Card: levy.DisabilityCard, Grade: 3, Party: "P1", From: ledger.PeriodOf(year-1, 1), To: ledger.PeriodOf(year-1, 12)}
}

// until is a person of data year 2021 whose card is valid until a day.
func until(t testing.TB, last string) levy.Person {
	t.Helper()
	p := person(2022)
	p.Until = date(t, last)
	return p
}

func assess(on string, year int) asked {
	return asked{ledgertest.Accountant, on, levy.Assess{Employer: "E1", Year: year}}
}

func receive(t testing.TB, on, receipt, amount string, year int) asked {
	return asked{ledgertest.Accountant, on, levy.Receive{Amount: yuan(t, amount), Employer: "E1", Kind: levy.Principal, Receipt: receipt, Year: year}}
}

// feePaid is a receipt of 2022 under the name of a late fee.
func feePaid(t testing.TB, on, amount string) asked {
	return change(receive(t, on, "F1", amount, 2022), func(r *levy.Receive) { r.Kind = levy.LateFees })
}

// withdraw is by another accountant than records receipts.
func withdraw(on, receipt string) asked {
	by := ledgertest.Accountant
	by.ID = "accountant-2"
	return asked{by, on, levy.WithdrawReceipt{Reason: "误登", Receipt: receipt}}
}

func change[A levy.Action](a asked, f func(*A)) asked {
	do := a.do.(A)
	f(&do)
	a.do = do
	return a
}

// assessed owes 18000.00 of 2022: 100 staff, one disabled, 0.6 persons × 60000 × 50 %.
func assessed(t testing.TB) []asked {
	return []asked{review("2022-04-11", "Q1", 2022, person(2022)), declare(t, "2022-09-01", 2022), assess("2022-09-02", 2022)}
}

// wage corrects the filing of 2022.
func wage(t testing.TB, on, amount string) asked {
	return change(declare(t, on, 2022), func(d *levy.Declare) { d.Wage = yuan(t, amount) })
}

func warn(on string) asked {
	return asked{ledgertest.Approver, on, levy.Warn{Document: "警告〔2022〕1号", Employer: "E1", Year: 2022}}
}

func orderPayment(t testing.TB, on, until string) asked {
	return asked{ledgertest.Approver, on, levy.OrderPayment{Deadline: date(t, until), Document: "限缴〔2022〕1号", Employer: "E1", Year: 2022}}
}

func charge(on string) asked {
	return asked{ledgertest.Approver, on, levy.ChargeLateFee{Document: "加收〔2022〕1号", Employer: "E1", Year: 2022}}
}

func relieve(t testing.TB, amount string) asked {
	return asked{ledgertest.Approver, "2022-09-20", levy.Relieve{Amount: yuan(t, amount), Decision: "减免〔2022〕1号", Employer: "E1", Reason: "洪涝", Year: 2022}}
}

func postpone(t testing.TB, until string) asked {
	return asked{ledgertest.Approver, "2022-09-20", levy.Defer{Decision: "缓缴〔2022〕1号", Employer: "E1", Reason: "洪涝", Until: date(t, until), Year: 2022}}
}

func refund(t testing.TB, on, amount string, year int) asked {
	return asked{ledgertest.Approver, on, levy.DecideRefund{Amount: yuan(t, amount), Claim: "申请1", Decision: "退〔2023〕1号", Employer: "E1", Year: year}}
}

func payRefund(t testing.TB, on, amount string, year int) asked {
	return asked{ledgertest.Accountant, on, levy.PayRefund{Amount: yuan(t, amount), Employer: "E1", Voucher: "5209-1", Year: year}}
}

var deregister = asked{ledgertest.Clerk, "2023-01-05", levy.Deregister{Document: "注销1", Employer: "E1"}}

func with(asks []asked, more ...asked) []asked { return append(asks[:len(asks):len(asks)], more...) }

func TestTheLevyRefuses(t *testing.T) {
	t.Parallel()
	other := func(a asked) asked {
		return change(a, func(r *levy.Review) { r.Employer = "E2" })
	}
	half := person(2022)
	half.To = ledger.PeriodOf(2021, 6)
	rest := person(2022)
	rest.From = ledger.PeriodOf(2021, 7)
	straddling := person(2022)
	straddling.From, straddling.To = ledger.PeriodOf(2020, 11), ledger.PeriodOf(2021, 2)
	closing := change(declare(t, "2023-01-20", 2023), func(d *levy.Declare) { d.Closing = true })
	own := ledgertest.Accountant
	own.Roles = []ledger.Role{ledger.Accountant, ledger.Approver}
	overdue := with(assessed(t), warn("2022-11-01"))
	ordered := with(overdue, orderPayment(t, "2022-11-02", "2022-11-15"))
	paid := with(assessed(t), receive(t, "2022-09-10", "R1", "18000.00", 2022))
	over := with(paid, receive(t, "2022-09-11", "R2", "18000.00", 2022))
	for _, c := range []struct {
		name    string
		given   []asked
		when    asked
		reject  *ledger.Rejection
		changes []string
	}{
		{"a clerk files", nil, asked{ledgertest.Accountant, "2022-09-01", levy.Declare{}}, ledger.ErrRole, nil},
		{"an employer has an identifier", nil, asked{ledgertest.Clerk, "2022-09-01", levy.Declare{}}, ledger.ErrID, nil},
		{"a class is one that the levy knows", nil, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Class = "circus" }), levy.ErrClass, nil},
		{"an employer has staff", nil, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Staff = levy.Int(0) }), levy.ErrStaff, nil},
		{"payroll or wage is given", nil, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Wage = ledger.Money{} }), levy.ErrWage, nil},
		{"payroll and wage are not both given", nil, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Payroll = yuan(t, "1.00") }), levy.ErrWage, nil},
		{"who files is registered", nil, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Registered = date(t, "2022-09-02") }), levy.ErrDates, nil},
		{"nothing is filed before the window", nil, declare(t, "2022-07-31", 2022), levy.ErrWindow, nil},
		{"nothing is filed before the data year is over", nil, closing.at("2022-12-31"), levy.ErrWindow, nil},
		{"a window that is unset is not guessed", nil, declare(t, "2022-09-01", 2022), policy.ErrUnset, []string{"levy.filing_window="}},
		{"a correction comes after what it corrects", []asked{declare(t, "2022-09-10", 2022)}, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Staff = levy.Int(99) }), levy.ErrDates, nil},

		{"a review has a confirmation", nil, review("2022-04-11", " ", 2022), levy.ErrReview, nil},
		{"a confirmation is of one employer", []asked{review("2022-04-11", "Q1", 2022)}, other(review("2022-04-11", "Q1", 2022)), levy.ErrReview, nil},
		{"a confirmation is one however its number is written", []asked{review("2022-04-11", "Q1", 2022)}, other(review("2022-04-11", "ｑ 1", 2022)), levy.ErrReview, nil},
		{"months are of the data year", nil, review("2022-04-11", "Q1", 2022, person(2023)), levy.ErrReview, nil},
		{"months that are of two years are no number of months", nil, review("2022-04-11", "Q1", 2022, straddling), levy.ErrReview, nil},
		{"a review after the window replaces none within it", assessed(t), review("2022-07-01", "Q2", 2022), levy.ErrReview, nil},
		{"whether a review is within the window is not guessed", assessed(t), review("2022-06-30", "Q2", 2022), policy.ErrUnset, []string{"levy.review_window="}},
		{"a person has a card", nil, review("2022-04-11", "Q1", 2022, levy.Person{Card: "paper", Party: "P1", From: half.From, To: half.To}), levy.ErrPerson, nil},
		{"a person is counted by one employer at a time", []asked{review("2022-04-11", "Q1", 2022, half)}, other(review("2022-04-12", "Q2", 2022, person(2022))), levy.ErrCounted, nil},
		{"a person is counted once", nil, review("2022-04-11", "Q1", 2022, half, half), levy.ErrCounted, nil},

		{"a card is valid on the day of the review", nil, review("2022-04-11", "Q1", 2022, until(t, "2022-04-10")), levy.ErrExpired, []string{"levy.disabled.expired_certificate_counts=false"}},
		{"whether an expired card counts is not guessed", nil, review("2022-04-11", "Q1", 2022, until(t, "2022-04-10")), policy.ErrUnset, nil},

		{"what is not filed is not assessed", nil, assess("2022-09-02", 2022), levy.ErrCase, nil},
		{"D is not above N", []asked{review("2022-04-11", "Q1", 2022, person(2022)), change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Staff = num(t, "0.6"); d.Wage = yuan(t, "1") }),
			{ledgertest.First, "2022-04-12", levy.Review{Confirmation: "Q2", Employer: "E1", Region: "220100", Year: 2022, Persons: []levy.Person{person(2022), {Card: levy.DisabilityCard, Grade: 1, Party: "P2", From: half.From, To: rest.To}}}}},
			assess("2022-09-02", 2022), levy.ErrDisabled, nil},
		{"a review window that is unset is not guessed", assessed(t)[:2], assess("2022-09-02", 2022), policy.ErrUnset, []string{"levy.review_window="}},
		{"without a review the policy says who counts", []asked{declare(t, "2022-09-01", 2022)}, assess("2022-09-02", 2022), policy.ErrUnset, []string{"levy.unreviewed_counts_as_zero="}},
		{"no local wage, no levy", assessed(t)[:2], assess("2022-09-02", 2022), policy.ErrUnset, []string{"social_average_wage.weighted="}},
		{"nothing is assessed before it is filed", assessed(t)[:2], assess("2022-08-31", 2022), levy.ErrDates, nil},

		{"relief is decided on a levy that is assessed", assessed(t)[:2], relieve(t, "1.00"), levy.ErrCase, nil},
		{"relief has a reason", assessed(t), change(relieve(t, "1.00"), func(r *levy.Relieve) { r.Reason = "" }), levy.ErrStated, nil},
		{"relief is something", assessed(t), relieve(t, "0.00"), ledger.ErrAmountSign, nil},
		{"relief is an amount", assessed(t), change(relieve(t, "1.00"), func(r *levy.Relieve) { r.Amount = ledger.MaxMoney.Add(ledger.Fen(1)) }), ledger.ErrAmountRange, nil},
		{"who assessed gives no relief", assessed(t), asked{own, "2022-09-20", relieve(t, "1.00").do}, ledger.ErrDuties, nil},
		{"no more is relieved than is due", assessed(t), relieve(t, "18000.01"), levy.ErrHardship, nil},
		{"no more is relieved than the policy says", assessed(t), relieve(t, "1.00"), levy.ErrHardship, []string{"levy.hardship.max_relief=0"}},
		{"a limit of relief that is unset is not guessed", assessed(t), relieve(t, "1.00"), policy.ErrUnset, []string{"levy.hardship.max_relief="}},
		{"a decision relieves a levy once", with(assessed(t), relieve(t, "1.00")), change(relieve(t, "2.00"), func(r *levy.Relieve) { r.Decision = "减免[2022]1号 " }), levy.ErrBooked, nil},
		{"a deferral ends within its months", assessed(t), postpone(t, "2023-05-01"), levy.ErrHardship, nil},
		{"a deferral is until a day to come", assessed(t), postpone(t, "2022-11-05").at("2022-11-10"), levy.ErrDates, nil},
		{"an employer has somebody", nil, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Staff = levy.Int(0) }), levy.ErrStaff, nil},
		{"a deferral gives more time", assessed(t), postpone(t, "2022-10-31"), levy.ErrHardship, nil},
		{"a limit of deferral that is unset is not guessed", assessed(t), postpone(t, "2022-12-01"), policy.ErrUnset, []string{"levy.hardship.max_deferral="}},

		{"a receipt has a number", assessed(t), receive(t, "2022-09-10", "", "1.00", 2022), levy.ErrStated, nil},
		{"a receipt is for something", assessed(t), change(receive(t, "2022-09-10", "R1", "1.00", 2022), func(r *levy.Receive) { r.Kind = "tip" }), levy.ErrReceipt, nil},
		{"a receipt is used once", paid, receive(t, "2022-09-10", "R1", "1.00", 2022), levy.ErrReceipt, nil},
		{"a receipt is one however its number is written", paid, receive(t, "2022-09-11", "ｒ１ ", "18000.00", 2022), levy.ErrReceipt, nil},
		{"a filing does not move from where it was paid", []asked{declare(t, "2022-09-01", 2022), receive(t, "2022-09-01", "R1", "18000.00", 2022)},
			change(declare(t, "2022-09-02", 2022), func(d *levy.Declare) { d.Region = "220200" }), levy.ErrCase, nil},
		{"money belongs to a levy that is filed", nil, receive(t, "2022-09-10", "R1", "1.00", 2022), levy.ErrCase, nil},

		{"a receipt that is withdrawn was recorded", paid, withdraw("2022-09-12", "R2"), levy.ErrReceipt, nil},
		{"a receipt is withdrawn once", with(paid, withdraw("2022-09-12", "R1")), withdraw("2022-09-12", "R1"), levy.ErrReceipt, nil},
		{"a receipt is withdrawn for a reason", paid, change(withdraw("2022-09-12", "R1"), func(w *levy.WithdrawReceipt) { w.Reason = " " }), levy.ErrStated, nil},
		{"a receipt is not withdrawn before its day", paid, withdraw("2022-09-09", "R1"), levy.ErrDates, nil},
		{"who recorded a receipt does not withdraw it", paid, asked{ledgertest.Accountant, "2022-09-12", withdraw("", "R1").do}, ledger.ErrDuties, nil},
		{"an accountant withdraws a receipt", paid, asked{ledgertest.Approver, "2022-09-12", withdraw("", "R1").do}, ledger.ErrRole, nil},
		{"who paid by a receipt that was withdrawn owes", with(paid, withdraw("2022-09-12", "R1")), deregister, levy.ErrUnsettled, nil},
		{"nobody is warned in time", assessed(t), warn("2022-10-31"), levy.ErrDefault, nil},
		{"nobody is warned who paid", paid, warn("2022-11-01"), levy.ErrDefault, nil},
		{"an order follows a warning", assessed(t), orderPayment(t, "2022-11-02", "2022-11-15"), levy.ErrDefault, nil},
		{"an order gives time", overdue, orderPayment(t, "2022-11-02", "2022-11-01"), levy.ErrDefault, nil},
		{"a late fee follows an order", overdue, charge("2022-11-16"), levy.ErrDefault, nil},
		{"a late fee waits for the deadline", ordered, charge("2022-11-15"), levy.ErrDefault, nil},
		{"who paid by the deadline owes no late fee", with(ordered, receive(t, "2022-11-15", "R1", "18000.00", 2022)), charge("2022-12-01"), levy.ErrDefault, nil},
		{"nobody is charged for an increase that no order reaches", with(ordered, receive(t, "2022-11-10", "R1", "18000.00", 2022), wage(t, "2023-03-01", "90000.00"), assess("2023-03-02", 2022)), charge("2023-03-03"), levy.ErrDefault, nil},
		{"an increase is warned of before it is ordered", with(ordered, wage(t, "2022-11-20", "90000.00"), assess("2022-11-20", 2022)), orderPayment(t, "2022-11-21", "2022-11-30"), levy.ErrDefault, nil},
		{"no more time is given to who was charged", with(ordered, charge("2022-11-16")), orderPayment(t, "2022-11-17", "2022-11-30"), levy.ErrDefault, nil},
		{"an order that a deferral overtook bears no late fee", with(ordered, postpone(t, "2023-04-30").at("2022-11-10")), charge("2023-05-02"), levy.ErrDefault, nil},
		{"after a deferral an order follows a new warning", with(ordered, postpone(t, "2023-04-30").at("2022-11-10")), orderPayment(t, "2023-05-02", "2023-05-15"), levy.ErrDefault, nil},
		{"who paid under the name of a late fee that is not charged owes none", with(ordered, feePaid(t, "2022-11-10", "18000.00")), charge("2022-12-01"), levy.ErrDefault, nil},
		{"nothing is assessed before a late fee that was charged", with(ordered, charge("2022-12-31"), wage(t, "2022-12-30", "30000.00")), assess("2022-12-30", 2022), levy.ErrDates, nil},
		{"how days count is not guessed", ordered, charge("2022-11-16"), policy.ErrUnset, []string{"levy.late_fee.first_day="}},

		{"no more is refunded than was overpaid", over, refund(t, "2023-04-03", "18000.01", 2022), levy.ErrRefund, nil},
		{"nothing is refunded where the policy does not say so", over, refund(t, "2022-09-30", "1.00", 2022), policy.ErrUnset, nil},
		{"nothing is refunded where the policy forbids it", over, refund(t, "2023-04-03", "1.00", 2022), levy.ErrRefund, []string{"levy.refund.allowed=false"}},
		{"a decision refunds a levy once", with(over, refund(t, "2023-04-03", "5.00", 2022)), refund(t, "2023-04-04", "5.00", 2022), levy.ErrBooked, nil},
		{"a voucher pays a levy back once", with(over, refund(t, "2023-04-03", "5.00", 2022), payRefund(t, "2023-04-05", "2.00", 2022)), payRefund(t, "2023-04-05", "3.00", 2022), levy.ErrBooked, nil},
		{"who decided a refund does not pay it", with(over, refund(t, "2023-04-03", "5.00", 2022)),
			asked{ledger.Actor{ID: ledgertest.Approver.ID, Roles: []ledger.Role{ledger.Accountant, ledger.Approver}}, "2023-04-05", levy.PayRefund{Amount: yuan(t, "5.00"), Employer: "E1", Voucher: "5209-1", Year: 2022}}, ledger.ErrDuties, nil},
		{"no more is paid back than was decided", over, payRefund(t, "2023-04-05", "1.00", 2022), levy.ErrRefund, nil},

		{"who filed nothing is not deregistered", nil, deregister, levy.ErrCase, nil},
		{"who owes is not deregistered", assessed(t), deregister, levy.ErrUnsettled, nil},
		{"who is owed is not deregistered", over, deregister, levy.ErrUnsettled, nil},
		{"who is not assessed is not deregistered", assessed(t)[:2], deregister, levy.ErrUnsettled, nil},
		{"who filed anew is not deregistered before it is assessed", with(paid, wage(t, "2022-10-01", "90000.00")), deregister, levy.ErrUnsettled, nil},
		{"who was reviewed anew is not deregistered before it is assessed", with(paid, review("2022-06-30", "Q2", 2022)), deregister, levy.ErrUnsettled, nil},
		{"nobody is deregistered before what is recorded of it", paid, deregister.at("2022-09-09"), levy.ErrDates, nil},
		{"who left files no more", with(paid, deregister), closing, levy.ErrLeft, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			state := levy.Decider.Fold(new(levy.State), after(t, sample(t), c.given...)...)
			pack := sample(t)
			if c.changes != nil {
				pack = sample(t, c.changes...)
			}
			if got, err := levy.Decide(state, c.when.command(t, pack)); !errors.Is(err, c.reject) || len(got) != 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func (a asked) at(on string) asked { a.on = on; return a }

func TestTheLevyDecides(t *testing.T) {
	t.Parallel()
	pack := sample(t)
	type c = ledgertest.Case[levy.Command, levy.Event]
	ordered := with(assessed(t), warn("2022-11-01"), orderPayment(t, "2022-11-02", "2022-11-15"))
	over := with(assessed(t), receive(t, "2022-09-10", "R1", "18000.00", 2022), receive(t, "2022-09-11", "R2", "5.00", 2022))
	half, rest := person(2022), person(2022)
	half.To, rest.From = ledger.PeriodOf(2021, 6), ledger.PeriodOf(2021, 7)
	var cases []c
	for _, d := range []struct {
		name  string
		given []asked
		when  asked
		again bool
	}{
		{"an employer files within the window", nil, declare(t, "2022-09-01", 2022), false},
		{"a filing is corrected", []asked{declare(t, "2022-09-01", 2022)}, change(declare(t, "2022-09-02", 2022), func(d *levy.Declare) { d.Staff = levy.Int(99) }), false},
		{"an employer that closes files before the window", nil, change(declare(t, "2023-01-20", 2023), func(d *levy.Declare) { d.Closing = true }), false},
		{"the federation confirms who counts", nil, review("2022-04-11", "Q1", 2022, person(2022)), false},
		{"a card is valid on its last day", nil, review("2022-04-11", "Q1", 2022, until(t, "2022-04-11")), false},
		{"a person who changes employers counts for both, one after the other", []asked{review("2022-04-11", "Q1", 2022, half)},
			change(review("2022-04-11", "Q2", 2022, rest), func(r *levy.Review) { r.Employer = "E2" }), false},
		{"a later confirmation frees whom it leaves out", []asked{review("2022-04-11", "Q1", 2022, person(2022)), review("2022-04-12", "Q2", 2022)},
			change(review("2022-04-13", "Q3", 2022, person(2022)), func(r *levy.Review) { r.Employer = "E2" }), false},
		{"the levy is assessed", assessed(t)[:2], assess("2022-09-02", 2022), false},
		{"relief is given", assessed(t), relieve(t, "8000.00"), false},
		{"time is given", assessed(t), postpone(t, "2023-04-30"), false},
		{"money is received", assessed(t), receive(t, "2022-09-10", "R1", "18000.00", 2022), false},
		{"money that was not expected is received", assessed(t)[:2], receive(t, "2022-09-10", "R1", "18000.00", 2022), false},
		{"a receipt is withdrawn however its number is written", with(assessed(t), receive(t, "2022-09-10", "R1", "18000.00", 2022)), withdraw("2022-09-12", "ｒ1"), false},
		{"who owes is warned", assessed(t), warn("2022-11-01"), true},
		{"who was warned is ordered to pay", with(assessed(t), warn("2022-11-01")), orderPayment(t, "2022-11-02", "2022-11-15"), true},
		{"who did not pay is charged", ordered, charge("2022-11-16"), false},
		{"a refund is decided", over, refund(t, "2023-04-03", "5.00", 2022), false},
		{"a refund is paid back", with(over, refund(t, "2023-04-03", "5.00", 2022)), payRefund(t, "2023-04-05", "5.00", 2022), false},
		{"who settled leaves", with(assessed(t), receive(t, "2022-09-10", "R1", "18000.00", 2022)), deregister, false},
	} {
		given := after(t, pack, d.given...)
		then, err := levy.Decide(levy.Decider.Fold(new(levy.State), given...), d.when.command(t, pack))
		if err != nil || len(then) != 1 {
			t.Fatalf("%s: %+v, %v", d.name, then, err)
		}
		k := c{Name: d.name, Given: given, When: d.when.command(t, pack), Then: then, Again: d.again}
		cases = append(cases, k)
	}
	ledgertest.Run(t, levy.Decider, cases)
}

func find(t testing.TB, pack *policy.Pack, year int, asks ...asked) levy.Case {
	t.Helper()
	k, ok := levy.Decider.Fold(new(levy.State), after(t, pack, asks...)...).Find(levy.Key{Employer: "E1", Year: year})
	if !ok {
		t.Fatal("no case")
	}
	return k
}

// policy.md §1.4 condition 5.
func TestAnExpiredCardCountsWhereThePolicySaysSo(t *testing.T) {
	t.Parallel()
	asks := assessed(t)
	asks[0] = review("2022-04-11", "Q1", 2022, until(t, "2022-04-10"))
	a := find(t, sample(t, "levy.disabled.expired_certificate_counts=true"), 2022, asks...).Assessed
	if a.Gap.String() != "0.6" {
		t.Errorf("%+v", a)
	}
}

func TestAnAssessmentKeepsItsFigures(t *testing.T) {
	t.Parallel()
	a := find(t, sample(t), 2022, assessed(t)...).Assessed
	if a.Full.String() != "36000.00" || a.Due.String() != "18000.00" || a.Relief.String() != "18000.00" || a.Gap.String() != "0.6" || a.Tier.String() != "0.5" ||
		a.Confirmation != "Q1" || a.Policy != "synthetic" || a.Deadline.String() != "2022-10-31" || len(a.Clauses) < 8 || a.Previous != nil {
		t.Errorf("%+v", a)
	}
}

// Each figure names the clauses that decided it, and no others.
func TestAnAssessmentNamesTheClausesOfEachFigure(t *testing.T) {
	t.Parallel()
	cited := func(pack *policy.Pack, story ...asked) (names []string) {
		for _, c := range find(t, pack, 2022, story...).Assessed.Clauses {
			names = append(names, strings.TrimPrefix(c.Parameter, "levy."))
		}
		return names
	}
	military, part, expired := person(2022), person(2022), until(t, "2022-04-10")
	military.Card, part.PartMonths = levy.MilitaryCard, 1
	always := []string{"filing_window", "filing_window.holiday_roll_forward", "wage_cap.base_series"}
	for name, c := range map[string]struct {
		story []asked
		has   []string
		not   []string
	}{
		"whole months":    {assessed(t), []string{"review_window", "disabled.double_weight", "disabled.double_weight.certificate_max_grade"}, []string{"disabled.part_month_rule", "unreviewed_counts_as_zero", "disabled.military_max_grade", "disabled.expired_certificate_counts"}},
		"a part of one":   {[]asked{review("2022-04-11", "Q1", 2022, part), declare(t, "2022-09-01", 2022), assess("2022-09-02", 2022)}, []string{"disabled.part_month_rule"}, nil},
		"a soldier":       {[]asked{review("2022-04-11", "Q1", 2022, military), declare(t, "2022-09-01", 2022), assess("2022-09-02", 2022)}, []string{"disabled.military_max_grade", "disabled.double_weight.military_max_grade"}, []string{"disabled.double_weight.certificate_max_grade"}},
		"an expired card": {[]asked{review("2022-04-11", "Q1", 2022, expired), declare(t, "2022-09-01", 2022), assess("2022-09-02", 2022)}, []string{"disabled.expired_certificate_counts"}, nil},
		"no review":       {[]asked{declare(t, "2022-09-01", 2022), assess("2022-09-02", 2022)}, []string{"unreviewed_counts_as_zero"}, []string{"review_window", "disabled.double_weight"}},
		"a late review":   {[]asked{review("2022-07-01", "Q1", 2022, person(2022)), declare(t, "2022-09-01", 2022), assess("2022-09-02", 2022)}, []string{"unreviewed_counts_as_zero", "review_window"}, []string{"disabled.double_weight"}},
	} {
		got := cited(sample(t, "levy.disabled.part_month_rule=counted", "levy.disabled.expired_certificate_counts=true"), c.story...)
		for _, want := range append(slices.Clip(always), c.has...) {
			if !slices.Contains(got, want) {
				t.Errorf("%s: no %s among %v", name, want, got)
			}
		}
		for _, not := range c.not {
			if slices.Contains(got, not) {
				t.Errorf("%s: %s among %v", name, not, got)
			}
		}
	}
}

func TestAReviewOutsideItsWindowCountsNobody(t *testing.T) {
	t.Parallel()
	a := find(t, sample(t), 2022, review("2022-07-01", "Q1", 2022, person(2022)), declare(t, "2022-09-01", 2022), assess("2022-09-02", 2022)).Assessed
	if a.Confirmation != "" || a.Disabled.Sign() != 0 || a.Due.String() != "86400.00" { // 1.6 × 60000 × 90 %
		t.Errorf("%+v", a)
	}
}

func TestALateFilingHasTheRulesOfItsWindow(t *testing.T) {
	t.Parallel()
	k := find(t, sample(t), 2022, review("2022-04-11", "Q1", 2022, person(2022)), declare(t, "2023-02-01", 2022), assess("2023-02-02", 2022))
	if !k.Declared.Late || k.Assessed.Rules.String() != "2022-10-31" || k.Assessed.Due.String() != "18000.00" {
		t.Errorf("%+v", k.Assessed)
	}
}

// 公主岭 was 220381, under 四平, until 2020 and is 220184, under 长春, since: a late filing for 2019 has the rules of where
// it lay then, and one that was in time is relieved where it lies now.
func TestALateFilingIsMadeWhereTheRegionLiesNow(t *testing.T) {
	t.Parallel()
	pack := sample(t)
	for i := range pack.Parameters {
		if pack.Parameters[i].Name == "social_average_wage.urban_unit" || pack.Parameters[i].Name == "social_average_wage.weighted" {
			pack.Parameters[i].Region, pack.Parameters[i].Value = "220300", "50000.00"
			pack.Parameters[i].From, pack.Parameters[i].To = date(t, "2018-01-01"), date(t, "2018-12-31")
			pack.Parameters[i].Published = ledger.Date{}
		}
		if pack.Parameters[i].Name == "levy.unreviewed_counts_as_zero" {
			pack.Parameters[i].From, pack.Parameters[i].Published = ledger.Date{}, ledger.Date{}
		}
	}
	pack.Days = append(pack.Days, policy.Day{Date: date(t, "2019-10-01")}, policy.Day{Date: date(t, "2020-10-01")}, policy.Day{Date: date(t, "2021-10-01")})
	in := func(region ledger.RegionCode, on string) asked {
		return change(declare(t, on, 2019), func(d *levy.Declare) { d.Region = region })
	}
	late := []asked{in("220184", "2021-03-01"), assess("2021-03-02", 2019)}
	if k := find(t, pack, 2019, late...); !k.Declared.Late || k.Assessed.Region != "220184" || k.Assessed.Rules.Year() != 2019 || k.Assessed.Due.IsZero() {
		t.Errorf("%+v", k.Assessed)
	}
	timely := []asked{in("220381", "2019-08-20"), assess("2019-08-21", 2019), change(relieve(t, "1.00"), func(r *levy.Relieve) { r.Year = 2019 }).at("2021-03-01")}
	if k := find(t, pack, 2019, timely...); k.Relieved.String() != "1.00" {
		t.Errorf("%+v", k)
	}
}

// 16 days at 5‰ of 18000.00 are 1440.00; what was paid by the deadline of the order bears
// no fee, what came after it bears it until its day.
func TestTheLateFeeIsOnWhatTheOrderLeftUnpaid(t *testing.T) {
	t.Parallel()
	ordered := with(assessed(t), warn("2022-11-01"), orderPayment(t, "2022-11-02", "2022-11-15"))
	if k := find(t, sample(t), 2022, with(ordered, charge("2022-11-16"))...); k.LateFee.String() != "1440.00" || k.Owed().String() != "19440.00" {
		t.Errorf("%s", k.LateFee)
	}
	part := with(ordered, receive(t, "2022-11-15", "R1", "8000.00", 2022), receive(t, "2022-11-20", "R2", "6000.00", 2022), charge("2022-11-30"))
	if k := find(t, sample(t), 2022, part...); k.LateFee.String() != "1200.00" { // 6000 × 20 × 5‰ + 4000 × 30 × 5‰
		t.Errorf("%s", k.LateFee)
	}
	if k := find(t, sample(t), 2022, with(ordered, charge("2022-11-16"), charge("2022-11-17"))...); k.LateFee.String() != "1530.00" {
		t.Errorf("charged again a day later: %s", k.LateFee)
	}
	deferred := with(assessed(t), postpone(t, "2022-12-31"), warn("2023-01-03"), orderPayment(t, "2023-01-03", "2023-01-05"), charge("2023-01-10"))
	if k := find(t, sample(t), 2022, deferred...); k.LateFee.String() != "900.00" { // 10 days after the deferral
		t.Errorf("deferred: %s", k.LateFee)
	}
	again := with(ordered, postpone(t, "2022-12-31").at("2022-11-10"), warn("2023-01-03"), orderPayment(t, "2023-01-03", "2023-01-05"), charge("2023-01-10"))
	if k := find(t, sample(t), 2022, again...); k.LateFee.String() != "900.00" || k.OrderedBy.String() != "2023-01-05" {
		t.Errorf("deferred after an order: %s, ordered by %s", k.LateFee, k.OrderedBy)
	}
	// What came as late fee is none of the levy, whether it came before the fee was charged or after.
	principal, fee := receive(t, "2022-11-16", "R1", "18000.00", 2022), feePaid(t, "2022-11-16", "1440.00")
	for name, steps := range map[string][]asked{"before": {principal, fee, charge("2022-11-17")}, "after": {principal, charge("2022-11-17"), fee}} {
		if k := find(t, sample(t), 2022, with(ordered, steps...)...); k.LateFee.String() != "1440.00" || k.Owed().String() != "0.00" {
			t.Errorf("paid as late fee %s it was charged: %s, %s owed", name, k.LateFee, k.Owed())
		}
	}
}

// Warning, order and its deadline come before the fee (残疾人就业条例 art. 27), also on what an
// assessment adds; what was ordered before bears its fee meanwhile. The fee runs from the default.
func TestAnIncreaseIsWarnedOfAndOrderedAnew(t *testing.T) {
	t.Parallel()
	ordered := with(assessed(t), warn("2022-11-01"), orderPayment(t, "2022-11-02", "2022-11-15"))
	fee := change(receive(t, "2022-11-22", "R2", "1800.00", 2022), func(r *levy.Receive) { r.Kind = levy.LateFees })
	settled := with(ordered, receive(t, "2022-11-20", "R1", "18000.00", 2022), charge("2022-11-21"), fee)
	more := []asked{wage(t, "2022-12-01", "90000.00"), assess("2022-12-01", 2022)} // 27000.00
	again := []asked{warn("2022-12-02"), orderPayment(t, "2022-12-02", "2022-12-15")}
	for name, c := range map[string]struct {
		story []asked
		fee   string
	}{
		"what was charged stays charged":                {with(settled, more...), "1800.00"},
		"an increase after a fee that was paid":         {with(with(with(settled, more...), again...), charge("2022-12-20")), "4050.00"},                                                                                                // 18000 × 20 and 9000 × 50 days
		"an increase of what is not paid":               {with(with(ordered, more...), charge("2022-12-10")), "3600.00"},                                                                                                                // 18000 × 40 days
		"ordered anew, it has until the new deadline":   {with(with(with(ordered, more...), again...), receive(t, "2022-12-15", "R1", "20000.00", 2022), charge("2022-12-20")), "1750.00"},                                              // 7000 × 50 days
		"ordered after a fee, it joins what was before": {with(with(with(with(ordered, charge("2022-11-16")), more...), again...), charge("2022-12-20")), "6750.00"},                                                                    // 27000 × 50 days
		"less and as much again is an increase":         {with(ordered, wage(t, "2022-11-20", "30000.00"), assess("2022-11-20", 2022), wage(t, "2022-11-21", "60000.00"), assess("2022-11-21", 2022), charge("2022-11-30")), "1350.00"}, // 9000 × 30 days
	} {
		if k := find(t, sample(t), 2022, c.story...); k.LateFee.String() != c.fee {
			t.Errorf("%s: %s, want %s", name, k.LateFee, c.fee)
		}
	}
	if k := find(t, sample(t), 2022, with(settled, more...)...); !k.Warned.IsZero() || !k.OrderedBy.IsZero() {
		t.Errorf("warned on %s, ordered by %s", k.Warned, k.OrderedBy)
	}
}

// What went back was not paid, and a late fee that went back was no levy.
func TestRefundedMoneyDoesNotCountAsPaid(t *testing.T) {
	t.Parallel()
	owed := []asked{wage(t, "2023-04-25", "60000.00"), assess("2023-04-26", 2022), warn("2023-05-01"), orderPayment(t, "2023-05-02", "2023-05-15"), charge("2023-05-16")}
	paid := with(assessed(t), receive(t, "2022-09-10", "R1", "18000.00", 2022), wage(t, "2022-10-01", "30000.00"), assess("2022-10-02", 2022))
	if k := find(t, sample(t), 2022, with(with(paid, refund(t, "2023-04-10", "9000.00", 2022)), owed...)...); k.LateFee.String() != "8865.00" { // 9000 × 197 days
		t.Errorf("all of it went back: %s", k.LateFee)
	}
	twice := with(paid, receive(t, "2022-10-05", "R2", "4000.00", 2022), refund(t, "2023-04-10", "13000.00", 2022))
	if k := find(t, sample(t), 2022, with(twice, owed...)...); k.LateFee.String() != "8865.00" {
		t.Errorf("of two receipts: %s", k.LateFee)
	}
	fee := change(receive(t, "2022-11-20", "R2", "1800.00", 2022), func(r *levy.Receive) { r.Kind = levy.LateFees })
	charged := with(assessed(t), warn("2022-11-01"), orderPayment(t, "2022-11-02", "2022-11-15"), receive(t, "2022-11-20", "R1", "18000.00", 2022), charge("2022-11-20"), fee,
		wage(t, "2022-11-21", "30000.00"), assess("2022-11-21", 2022), refund(t, "2023-04-10", "9900.00", 2022), wage(t, "2023-04-11", "15000.00"), assess("2023-04-11", 2022))
	if k := find(t, sample(t), 2022, charged...); k.LateFee.String() != "450.00" || k.Owed().String() != "-4950.00" { // 4500 × 20 days
		t.Errorf("with its late fee: %s, %s owed", k.LateFee, k.Owed())
	}
}

// Three receipts of one day bear what one of their sum would: 18000.00 × 3 days × 5‰ (policy.md §1.11).
func TestTheLateFeeOfManyPartsIsRoundedOnce(t *testing.T) {
	t.Parallel()
	story := with(assessed(t), warn("2022-11-01"), orderPayment(t, "2022-11-02", "2022-11-02"))
	for i, amount := range []string{"0.33", "0.33", "0.33", "17999.01"} {
		story = with(story, receive(t, "2022-11-03", fmt.Sprint("R", i), amount, 2022))
	}
	events := after(t, sample(t), with(story, charge("2022-11-04"))...)
	e := events[len(events)-1].(levy.LateFeeCharged)
	sum := ledger.Money{}
	for _, p := range e.Parts {
		sum = sum.Add(p.Fee)
		if p.Fee.Sign() < 0 {
			t.Errorf("%+v", p)
		}
	}
	if len(e.Parts) != 4 || e.Amount.String() != "270.00" || !sum.Equal(e.Amount) {
		t.Errorf("%s of %+v", e.Amount, e.Parts)
	}
}

// As known on a day before a late fee was charged, the fee was right if the levy was.
func TestALateFeeIsNoneTheLessWhatItWasAsKnownBefore(t *testing.T) {
	t.Parallel()
	pack := sample(t)
	story := with(assessed(t), warn("2022-11-01"), orderPayment(t, "2022-11-02", "2022-11-15"), charge("2022-12-31"))
	s := levy.Decider.Fold(new(levy.State), after(t, pack, story...)...)
	for _, a := range s.Affected(pack, date(t, "2022-11-10"), func(levy.Assessed) bool { return true }) {
		if a.Err != nil || !a.Now.FeeReversed.IsZero() {
			t.Errorf("%s reversed, %v", a.Now.FeeReversed, a.Err)
		}
	}
}

// A levy that was paid in full before 财政部公告2023年第8号 was right as then known and is overpaid
// as now known (policy.md §1.13).
func TestARuleThatComesLaterIsRefunded(t *testing.T) {
	t.Parallel()
	pack := sample(t)
	closing := change(declare(t, "2023-02-10", 2023), func(d *levy.Declare) { d.Closing = true })
	story := []asked{review("2023-01-20", "Q1", 2023, person(2023)), closing, assess("2023-02-10", 2023), receive(t, "2023-02-13", "R1", "36000.00", 2023)}
	s := levy.Decider.Fold(new(levy.State), after(t, pack, story...)...)
	all := func(levy.Assessed) bool { return true }
	if a := s.Affected(pack, date(t, "2023-03-25"), all); len(a) != 1 || !a[0].Delta.IsZero() || a[0].Err != nil {
		t.Errorf("the day before: %+v", a)
	}
	if a := s.Affected(pack, date(t, "2023-03-26"), all); len(a) != 1 || a[0].Delta.String() != "-18000.00" {
		t.Errorf("that day: %+v", a)
	}
	k := find(t, pack, 2023, with(story, assess("2023-04-03", 2023))...)
	if k.Assessed.Previous.String() != "36000.00" || k.Assessed.Due.String() != "18000.00" || k.Owed().String() != "-18000.00" {
		t.Errorf("%+v", k.Assessed)
	}
	k = find(t, pack, 2023, with(story, assess("2023-04-03", 2023), refund(t, "2023-04-06", "18000.00", 2023), payRefund(t, "2023-04-10", "18000.00", 2023))...)
	if !k.Owed().IsZero() || !k.Refunded.Equal(k.Refund) {
		t.Errorf("owed %s, refunded %s", k.Owed(), k.Refunded)
	}
}

// What is due less takes relief beyond it and the late fee on it back.
func TestALowerAssessmentTakesReliefAndLateFeeWithIt(t *testing.T) {
	t.Parallel()
	lower := change(declare(t, "2022-11-20", 2022), func(d *levy.Declare) { d.Wage = yuan(t, "30000.00") })
	ordered := with(assessed(t), warn("2022-11-01"), orderPayment(t, "2022-11-02", "2022-11-15"), charge("2022-11-16"))
	k := find(t, sample(t), 2022, with(ordered, lower, assess("2022-11-20", 2022))...)
	// 20 days at 5‰ of 9000.00 are 900.00 of the 1440.00 that were charged.
	if k.Assessed.Due.String() != "9000.00" || k.Assessed.FeeReversed.String() != "540.00" || k.LateFee.String() != "900.00" {
		t.Errorf("%s due, %s of the late fee reversed", k.Assessed.Due, k.Assessed.FeeReversed)
	}
	relieved := with(assessed(t), relieve(t, "12000.00"), lower, assess("2022-11-20", 2022))
	if k := find(t, sample(t), 2022, relieved...); k.Assessed.ReliefTakenIn.String() != "3000.00" || !k.Owed().IsZero() {
		t.Errorf("%s of the relief taken in, %s owed", k.Assessed.ReliefTakenIn, k.Owed())
	}
}

// A correction that leaves the figures as they are is assessed too, so that it is seen to be.
func TestWhatWasCorrectedIsAssessedAnew(t *testing.T) {
	t.Parallel()
	same := change(declare(t, "2022-09-10", 2022), func(d *levy.Declare) { d.Staff = num(t, "100.2") })
	if k := find(t, sample(t), 2022, with(assessed(t), same)...); !k.Stale {
		t.Error("a correction leaves the assessment as it was")
	}
	k := find(t, sample(t), 2022, with(assessed(t), same, assess("2022-09-11", 2022))...)
	if k.Stale || !k.Assessed.Due.Equal(*k.Assessed.Previous) {
		t.Errorf("%+v", k.Assessed)
	}
}

// A receipt that was withdrawn pays nothing, its number is free and its levy may move; what was
// refunded of it is owed.
func TestAReceiptThatIsWithdrawnDoesNotCount(t *testing.T) {
	t.Parallel()
	twice := with(assessed(t), receive(t, "2022-09-10", "R1", "18000.00", 2022), receive(t, "2022-09-10", "R2", "18000.00", 2022))
	if k := find(t, sample(t), 2022, with(twice, withdraw("2022-09-12", "R1"))...); k.Received(levy.Principal).String() != "18000.00" || !k.Owed().IsZero() {
		t.Errorf("%s owed", k.Owed())
	}
	if k := find(t, sample(t), 2022, with(twice, withdraw("2022-09-12", "R1"), receive(t, "2022-09-11", "R1", "5.00", 2022))...); k.Owed().String() != "-5.00" {
		t.Errorf("recorded again: %s owed", k.Owed())
	}
	late := with(twice, refund(t, "2023-04-03", "18000.00", 2022), withdraw("2023-04-04", "R2"), warn("2023-04-05"), orderPayment(t, "2023-04-05", "2023-04-10"), charge("2023-04-11"))
	if k := find(t, sample(t), 2022, late...); k.LateFee.String() != "14580.00" || k.Owed().String() != "32580.00" { // 18000 × 162 days
		t.Errorf("refunded: a late fee of %s, %s owed", k.LateFee, k.Owed())
	}
	find(t, sample(t), 2022, declare(t, "2022-09-01", 2022), receive(t, "2022-09-01", "R1", "18000.00", 2022), withdraw("2022-09-01", "R1"),
		change(declare(t, "2022-09-02", 2022), func(d *levy.Declare) { d.Region = "220200" }))
}

// One voucher may pay back several years of an employer, and of nobody else.
func TestAVoucherIsOfOneEmployer(t *testing.T) {
	t.Parallel()
	var story []asked
	of := func(employer ledger.PartyID, year int) []asked {
		receipt := fmt.Sprint(employer, year)
		return []asked{
			change(declare(t, fmt.Sprint(year, "-09-01"), year), func(d *levy.Declare) { d.Employer, d.Class = employer, ledger.Individual }),
			change(assess(fmt.Sprint(year, "-09-02"), year), func(a *levy.Assess) { a.Employer = employer }),
			change(receive(t, fmt.Sprint(year, "-09-03"), receipt, "5.00", year), func(r *levy.Receive) { r.Employer = employer }),
			change(refund(t, "2023-10-10", "5.00", year), func(r *levy.DecideRefund) { r.Employer = employer }),
		}
	}
	for _, asks := range [][]asked{of("E1", 2022), of("E1", 2023), of("E2", 2022)} {
		story = with(story, asks...)
	}
	story = with(story, payRefund(t, "2023-10-11", "5.00", 2022), payRefund(t, "2023-10-11", "5.00", 2023))
	state := levy.Decider.Fold(new(levy.State), after(t, sample(t), story...)...)
	other := change(payRefund(t, "2023-10-11", "5.00", 2022), func(r *levy.PayRefund) { r.Employer = "E2" })
	if got, err := levy.Decide(state, other.command(t, sample(t))); !errors.Is(err, levy.ErrBooked) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnIndividualBusinessIsNotLiable(t *testing.T) {
	t.Parallel()
	k := find(t, sample(t), 2022, change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Class = ledger.Individual }), assess("2022-09-02", 2022))
	if k.Assessed.Outcome != levy.NotLiable || !k.Assessed.Due.IsZero() {
		t.Errorf("%+v", k.Assessed)
	}
}

// A state that takes a group back is the state before it.
func TestALevyIsTakenBack(t *testing.T) {
	t.Parallel()
	events := after(t, sample(t), with(assessed(t), receive(t, "2022-09-10", "R1", "5.00", 2022))...)
	s := levy.Decider.Fold(new(levy.State), events[:2]...)
	before, _ := s.Find(levy.Key{Employer: "E1", Year: 2022})
	for _, part := range s.Tentative() {
		part.Begin()
	}
	s = levy.Decider.Fold(s, events[2:]...)
	for _, part := range s.Tentative() {
		part.Rollback()
	}
	if now, _ := s.Find(levy.Key{Employer: "E1", Year: 2022}); !reflect.DeepEqual(now, before) {
		t.Errorf("%+v, was %+v", now, before)
	}
}

// Whose cap looks back, and how, is in no text that was read: nothing is computed from the
// ordinary cap until somebody publishes that it is the one (吉财税〔2022〕684号 item 2).
func TestTheCapOfWhoClosesIsAskedOfThePolicy(t *testing.T) {
	t.Parallel()
	pack := sample(t)
	unset := *pack
	unset.Parameters = slices.Clone(pack.Parameters)
	for i, x := range unset.Parameters {
		if x.Name == "levy.wage_cap.deregistration_lookback" {
			unset.Parameters[i].Value, unset.Parameters[i].Certainty = "", policy.Unknown
		}
	}
	closing := change(declare(t, "2023-02-10", 2023), func(d *levy.Declare) { d.Closing = true })
	s := levy.Decider.Fold(new(levy.State), after(t, &unset, closing)...)
	if _, err := levy.Decide(s, assess("2023-02-10", 2023).command(t, &unset)); !errors.Is(err, policy.ErrUnset) || !strings.Contains(err.Error(), "deregistration_lookback") {
		t.Errorf("unset: %v", err)
	}
	if k := find(t, pack, 2023, closing, assess("2023-02-10", 2023)); !slices.ContainsFunc(k.Assessed.Clauses, func(c levy.Clause) bool { return c.Parameter == "levy.wage_cap.deregistration_lookback" }) {
		t.Errorf("set: %+v", k.Assessed.Clauses)
	}
	if k := find(t, &unset, 2023, declare(t, "2023-09-01", 2023), assess("2023-09-04", 2023)); k.Assessed.Due.IsZero() {
		t.Error("who stays does not ask for it")
	}
}

package book_test

import (
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
)

func fact(do achievement.Record) ask {
	if do.Achievement == "" {
		do.Achievement = "A1"
	}
	do.Evidence, do.Region = hash, "220104"
	return ask{ledgertest.Clerk, "2023-04-03", do}
}

var (
	course = fact(achievement.Record{Course: "K1", Kind: "training", Party: "P1", Type: "skills"})
	placed = fact(achievement.Record{Employer: "E1", Kind: "placement", Party: "P1", Type: "placed"})
	body   = fact(achievement.Record{Body: "B1", Headcount: &achievement.Headcount{Posts: 60, Staff: 50, Disabled: 1, Weighted: 2}, Kind: "headcount", Type: "organ"})
)

func factRefusals() []refusal {
	end := ask{ledgertest.Clerk, "2023-05-01", achievement.End{Achievement: "A1", Evidence: hash}}
	withdraw := ask{ledgertest.First, "2023-05-01", achievement.Withdraw{Achievement: "A1", Reason: "mistake"}}
	return []refusal{
		{"a fact is about a registered person", known(), with(course, func(r *achievement.Record) { r.Party = "P9" }), party.ErrUnknown},
		{"a fact is about nobody erased", append(known(), erase("P1")), course, party.ErrErased},
		{"a course is completed by a person", known(), with(course, func(r *achievement.Record) { r.Party = "E1" }), party.ErrKind},
		{"nobody is placed with a person", known(), with(placed, func(r *achievement.Record) { r.Employer = "P2" }), party.ErrKind},
		{"a personal number is no name of a course", known(), with(course, func(r *achievement.Record) { r.Course = "11010519491231002X" }), ledger.ErrPersonalText},
		{"only a fact on record ends", known(), end, achievement.ErrUnknown},
		{"an identifier names one fact", append(known(), course), with(course, func(r *achievement.Record) { r.Course = "K2" }), achievement.ErrTaken},
		{"a fact is of a kind that is counted", known(), with(course, func(r *achievement.Record) { r.Type = "juggling" }), achievement.ErrKind},
		{"a course has a name", known(), with(course, func(r *achievement.Record) { r.Course = "" }), achievement.ErrMembers},
		{"no more are disabled than there are", known(), with(body, func(r *achievement.Record) { r.Headcount = &achievement.Headcount{Staff: 1, Disabled: 2, Weighted: 2} }), achievement.ErrNumbers},
		{"a fact has evidence", known(), with(course, func(r *achievement.Record) { r.Evidence = "seen it" }), achievement.ErrEvidence},
		{"a course is completed once", append(known(), course), with(course, func(r *achievement.Record) { r.Achievement = "A2" }), achievement.ErrTwice},
		{"a course does not end", append(known(), course), end, achievement.ErrDays},
		{"a fact is withdrawn once", append(known(), course, withdraw), withdraw, achievement.ErrWithdrawn},
	}
}

// Who reports a placement does not say what the employer is.
func TestTheClassOfAnEmployerIsThatOfItsCreditCode(t *testing.T) {
	t.Parallel()
	company := ask{ledgertest.Clerk, "2023-01-02", party.Register{Code: "91350100M000100Y43", Kind: policy.Employer, Name: "n", Party: "U91350100M000100Y43"}}
	for name, c := range map[string]struct {
		employer ledger.PartyID
		claimed  string
		want     string
	}{
		"a company":                 {"U91350100M000100Y43", "", "enterprise"},
		"a company called an organ": {"U91350100M000100Y43", "organ", "enterprise"},
		"an employer without code":  {"E1", "enterprise", ""},
		"no employer":               {"", "enterprise", ""},
	} {
		story := append(known(), company, with(placed, func(r *achievement.Record) { r.Employer, r.Quality = c.employer, c.claimed }))
		all := given(t, story...)
		if e := all[len(all)-1].(achievement.Recorded); e.Quality != c.want {
			t.Errorf("%s is recorded as %q, want %q", name, e.Quality, c.want)
		}
	}
}

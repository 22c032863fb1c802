package achievement_test

import (
	"slices"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
)

var (
	hash  = strings.Repeat("0a", 32)
	march = ledger.DateOf(2023, 3, 1)
)

type (
	command = achievement.Command
	events  = []achievement.Event
)

func ask(by ledger.Actor, on ledger.Date, do achievement.Action) command {
	return command{Order: ledger.Order{ID: "c1", By: by, On: on}, Do: do}
}

// clerk orders on a day; record fills in what every fact has.
func clerk(on ledger.Date, do achievement.Action) command { return ask(ledgertest.Clerk, on, do) }

func record(do achievement.Record) achievement.Record {
	if do.Achievement == "" {
		do.Achievement = "A1"
	}
	do.Evidence, do.Region = hash, "220104"
	return do
}

// recorded is the event of a record.
func recorded(on ledger.Date, r achievement.Record) achievement.Recorded {
	return achievement.Recorded{
		Achievement: r.Achievement, Beneficiary: r.Beneficiary, Body: r.Body, By: "clerk", Course: r.Course, Employer: r.Employer, Evidence: r.Evidence,
		Headcount: r.Headcount, Kind: r.Kind, Name: r.Name, On: on, Party: r.Party, Quality: r.Quality, Region: r.Region, Sites: r.Sites,
		Source: r.Source, To: r.To, Type: r.Type,
	}
}

var (
	course = record(achievement.Record{Course: "K1", Kind: "training", Party: "P1", Quality: "rural", Type: "special"})
	post   = record(achievement.Record{Employer: "E1", Kind: "post", Party: "P1", Quality: "urban", Type: "public-welfare"})
	base   = record(achievement.Record{Body: "B1", Kind: "base", Name: "示例基地", Type: "incubator"})
	family = record(achievement.Record{Beneficiary: "P2", Kind: "support", Party: "P1", Type: "planting"})
	organ  = record(achievement.Record{Body: "B1", Headcount: &achievement.Headcount{Posts: 50, Staff: 40, Disabled: 1, Weighted: 2}, Kind: "headcount", Type: "organ"})
	kiosks = record(achievement.Record{Body: "S1", Kind: "sites", Sites: &achievement.Sites{Allotted: 1, New: 10}, Type: "kiosk"})
)

// another returns a record under another identifier, changed.
func another(r achievement.Record, change func(*achievement.Record)) achievement.Record {
	r.Achievement = "A2"
	if change != nil {
		change(&r)
	}
	return r
}

func TestFacts(t *testing.T) {
	t.Parallel()
	day := march.AddDays
	end := func(n int) command { return clerk(day(n), achievement.End{Achievement: "A1", Evidence: hash}) }
	withdraw := func(reason string) command {
		return ask(ledgertest.First, day(30), achievement.Withdraw{Achievement: "A1", Reason: reason})
	}
	ended := achievement.Ended{Achievement: "A1", By: "clerk", Evidence: hash, On: day(10)}
	gone := achievement.Withdrawn{Achievement: "A1", By: "first", On: day(30), Reason: "wrong person"}
	var cases []ledgertest.Case[command, achievement.Event]
	for name, r := range map[string]achievement.Record{
		"a course completed": course, "a post": post, "a base": base, "support of a family member": family, "a body": organ, "kiosks": kiosks,
		"a placement without an employer": record(achievement.Record{Kind: "placement", Party: "P1", Type: "employed"}),
		"an organ of two people of double weight": another(organ, func(r *achievement.Record) {
			r.Headcount = &achievement.Headcount{Staff: 2, Disabled: 2, Weighted: 4}
		}),
	} {
		cases = append(cases, ledgertest.Case[command, achievement.Event]{Name: name + " is recorded", When: clerk(march, r), Then: events{recorded(march, r)}})
	}
	allowed := func(name string, given events, when command, then achievement.Event) {
		cases = append(cases, ledgertest.Case[command, achievement.Event]{Name: name, Given: given, When: when, Then: events{then}})
	}
	refused := func(name string, given events, when command, why error) {
		cases = append(cases, ledgertest.Case[command, achievement.Event]{Name: name, Given: given, When: when, Reject: why})
	}
	began := events{recorded(march, post)}

	allowed("what lasts ends", began, end(10), ended)
	allowed("what is wrong is withdrawn", began, withdraw("wrong person"), gone)
	allowed("after the end of a post another is held", append(slices.Clip(began), ended), clerk(day(11), another(post, nil)), recorded(day(11), another(post, nil)))
	allowed("after a withdrawal the fact is recorded anew", append(slices.Clip(began), gone), clerk(march, another(post, nil)), recorded(march, another(post, nil)))
	allowed("a base that closed opens again", events{recorded(march, base), ended}, clerk(day(40), another(base, nil)), recorded(day(40), another(base, nil)))
	allowed("one body is a base of two types", events{recorded(march, base)}, clerk(march, another(base, func(r *achievement.Record) { r.Type = "rural" })), recorded(march, another(base, func(r *achievement.Record) { r.Type = "rural" })))
	allowed("a person completes two courses", events{recorded(march, course)}, clerk(march, another(course, func(r *achievement.Record) { r.Course = "K2" })), recorded(march, another(course, func(r *achievement.Record) { r.Course = "K2" })))
	allowed("a body is counted again on another day", events{recorded(march, organ)}, clerk(day(1), another(organ, nil)), recorded(day(1), another(organ, nil)))
	cases = append(cases, ledgertest.Case[command, achievement.Event]{Name: "what ended on that day has ended", Given: append(slices.Clip(began), ended), When: end(10)})

	refused("a clerk records", nil, ask(ledgertest.First, march, course), ledger.ErrRole)
	refused("a clerk does not withdraw", began, clerk(day(30), achievement.Withdraw{Achievement: "A1", Reason: "r"}), ledger.ErrRole)
	refused("an identifier can be quoted", nil, clerk(march, another(course, func(r *achievement.Record) { r.Achievement = "甲" })), ledger.ErrID)
	refused("what is not on record is not withdrawn", nil, withdraw("r"), achievement.ErrUnknown)
	refused("an identifier names one fact", began, clerk(march, record(achievement.Record{Kind: "talent", Party: "P2", Type: "influencer"})), achievement.ErrTaken)
	refused("an identifier is not used again after a withdrawal", append(slices.Clip(began), gone), clerk(march, post), achievement.ErrTaken)
	for name, c := range map[string]struct {
		r   achievement.Record
		why error
	}{
		"a kind that is none":                           {another(course, func(r *achievement.Record) { r.Kind = "lesson" }), achievement.ErrKind},
		"money is no fact":                              {another(course, func(r *achievement.Record) { r.Kind, r.Type = "paid", "F05" }), achievement.ErrKind},
		"no type":                                       {another(course, func(r *achievement.Record) { r.Type = "" }), achievement.ErrKind},
		"a quality of another kind":                     {another(course, func(r *achievement.Record) { r.Quality = "urban" }), achievement.ErrKind},
		"a post neither urban nor rural":                {another(post, func(r *achievement.Record) { r.Quality = "" }), achievement.ErrMembers},
		"a course of nobody":                            {another(course, func(r *achievement.Record) { r.Party = "" }), achievement.ErrMembers},
		"a course with an end":                          {another(course, func(r *achievement.Record) { r.To = day(9) }), achievement.ErrMembers},
		"a course with a body":                          {another(course, func(r *achievement.Record) { r.Body = "B1" }), achievement.ErrMembers},
		"a course with a name, which may be a person's": {another(course, func(r *achievement.Record) { r.Name = "张三" }), achievement.ErrMembers},
		"a base of a person":                            {another(base, func(r *achievement.Record) { r.Party = "P1" }), achievement.ErrMembers},
		"a body without numbers":                        {another(organ, func(r *achievement.Record) { r.Headcount = nil }), achievement.ErrMembers},
		"more disabled than staff":                      {another(organ, func(r *achievement.Record) { r.Headcount = &achievement.Headcount{Staff: 1, Disabled: 2, Weighted: 2} }), achievement.ErrNumbers},
		"a weight of three":                             {another(organ, func(r *achievement.Record) { r.Headcount = &achievement.Headcount{Staff: 5, Disabled: 1, Weighted: 3} }), achievement.ErrNumbers},
		"a weight of less than one":                     {another(organ, func(r *achievement.Record) { r.Headcount = &achievement.Headcount{Staff: 5, Disabled: 1} }), achievement.ErrNumbers},
		"posts below nothing":                           {another(organ, func(r *achievement.Record) { r.Headcount = &achievement.Headcount{Posts: -1, Staff: 5} }), achievement.ErrNumbers},
		"more sites given than built":                   {another(kiosks, func(r *achievement.Record) { r.Sites = &achievement.Sites{Allotted: 11, New: 10} }), achievement.ErrNumbers},
		"no site built":                                 {another(kiosks, func(r *achievement.Record) { r.Sites = &achievement.Sites{} }), achievement.ErrNumbers},
		"no evidence":                                   {another(course, func(r *achievement.Record) { r.Evidence = "" }), achievement.ErrEvidence},
		"an end before the beginning":                   {another(post, func(r *achievement.Record) { r.To = day(-1) }), achievement.ErrDays},
		"no region":                                     {another(course, func(r *achievement.Record) { r.Region = "220199" }), ledger.ErrRegion},
		"a region that was abolished":                   {another(course, func(r *achievement.Record) { r.Region = "220381" }), ledger.ErrRegionRetired},
		"a body that cannot be quoted":                  {another(base, func(r *achievement.Record) { r.Body = "基地" }), ledger.ErrID},
	} {
		refused("refused: "+name, nil, clerk(march, c.r), c.why)
	}
	refused("a course is completed once, also as another type", events{recorded(march, course)}, clerk(day(5), another(course, func(r *achievement.Record) { r.Type = "skills" })), achievement.ErrTwice)
	refused("two posts do not overlap", began, clerk(day(5), another(post, func(r *achievement.Record) { r.Quality = "rural" })), achievement.ErrTwice)
	refused("two posts do not overlap on the last day", append(slices.Clip(began), ended), clerk(day(10), another(post, nil)), achievement.ErrTwice)
	refused("an earlier post does not run into the later one", began, clerk(day(-5), another(post, nil)), achievement.ErrTwice)
	refused("a base is open once", events{recorded(march, base)}, clerk(day(5), another(base, nil)), achievement.ErrTwice)
	refused("a base is open once, however its identifier is written", events{recorded(march, base)}, clerk(day(5), another(base, func(r *achievement.Record) { r.Body = "b1" })), achievement.ErrTwice)
	refused("a course is completed once, however its identifier is written", events{recorded(march, course)}, clerk(day(5), another(course, func(r *achievement.Record) { r.Course = "k1" })), achievement.ErrTwice)
	refused("what does not last does not end", events{recorded(march, course)}, end(10), achievement.ErrDays)
	refused("what lasts does not end before it begins", began, end(-1), achievement.ErrDays)
	refused("what lasts ends once", append(slices.Clip(began), ended), end(11), achievement.ErrDays)
	refused("an end has evidence", began, clerk(day(10), achievement.End{Achievement: "A1"}), achievement.ErrEvidence)
	refused("a contract does not end after its last day", events{recorded(march, another(post, func(r *achievement.Record) { r.Achievement, r.To = "A1", day(5) }))}, end(10), achievement.ErrDays)
	refused("what was withdrawn does not end", append(slices.Clip(began), gone), end(10), achievement.ErrWithdrawn)
	refused("a withdrawal has a reason", began, withdraw(""), achievement.ErrWithdrawn)
	refused("a fact is withdrawn once", append(slices.Clip(began), gone), withdraw("again"), achievement.ErrWithdrawn)
	ledgertest.Run(t, achievement.Decider, cases)
}

// Policy names what feeds a target; every such name must be one that somebody can record.
func TestEveryFactOfThePolicyHasAForm(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"training", "attendance", "placement", "support", "talent", "post", "jobless", "service", "base", "headcount", "contest", "sites"} {
		if len(policy.FactTypes(kind)) == 0 {
			t.Errorf("policy knows no %s", kind)
		}
		for _, typ := range policy.FactTypes(kind) {
			r := record(achievement.Record{Kind: kind, Type: typ})
			switch kind {
			case "base", "contest", "headcount", "sites":
				r.Body = "B1"
			default:
				r.Party = "P1"
			}
			switch kind {
			case "training", "attendance":
				r.Course = "K1"
			case "post":
				r.Quality = "rural"
			case "headcount":
				r.Headcount = &achievement.Headcount{}
			case "sites":
				r.Sites = &achievement.Sites{New: 1}
			}
			if _, err := achievement.Decide(new(achievement.State), clerk(march, r)); err != nil {
				t.Errorf("%s/%s: %v", kind, typ, err)
			}
		}
	}
}

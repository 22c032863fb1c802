package report_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/indicators"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// promise is a target of the tests.
func promise(code string, kind policy.TargetKind, strength policy.Strength, value, unit string, facts ...policy.Fact) policy.Target {
	return policy.Target{
		Action: "三（" + code + "）", Clause: "synthetic", Code: code, DefinitionEN: "synthetic", DefinitionZH: "示例", Facts: facts, From: ledger.DateOf(2022, 1, 1),
		Kind: kind, NameEN: code, NameZH: code, Quote: "示例", Strength: strength, TextEN: "synthetic", To: ledger.DateOf(2024, 12, 31), Unit: unit, Value: value,
	}
}

func with(t policy.Target, change func(*policy.Target)) policy.Target {
	change(&t)
	return t
}

func promises() []policy.Target {
	always := func(t *policy.Target) { t.From, t.To = ledger.Date{}, ledger.Date{} }
	return []policy.Target{
		with(promise("T01", policy.PersonTimes, policy.AtLeast, "3", "人次", "training"), func(t *policy.Target) { t.Overlaps = []string{"T16"} }),
		with(promise("T02", policy.Persons, policy.About, "2", "人", "placement/employed"), func(t *policy.Target) { t.Overlaps = []string{"T09"} }),
		with(promise("T03", policy.ActionsHeld, policy.Exact, "10", "个"), func(t *policy.Target) { t.Action = "二" }),
		with(promise("T04", policy.Coverage, policy.AtLeast, "1", "人", "headcount/organ"), func(t *policy.Target) { always(t); t.MinPosts, t.Level = 50, ledger.LevelPrefecture }),
		with(promise("T06", policy.Coverage, policy.AtLeast, "1.6", "%", "headcount/member"), always),
		with(promise("T07", policy.Coverage, policy.AtLeast, "15", "%", "headcount/federation"), always),
		with(promise("T08", policy.Quotient, policy.AtLeast, "10", "%", "sites/kiosk"), func(t *policy.Target) {
			always(t)
			one := policy.Split{Author: "planner", Date: ledger.DateOf(2023, 1, 1), Region: "220100", Source: policy.UserInput, Value: "12"}
			other := one
			other.Region = "220200"
			t.Splits = []policy.Split{one, other}
		}),
		promise("T09", policy.Persons, policy.Strive, "5", "人", "placement/placed:enterprise"),
		with(promise("T10", policy.Persons, policy.AtLeast, "2", "人", "paid/F05"), func(t *policy.Target) {
			part := policy.Split{Author: "planner", Date: ledger.DateOf(2023, 1, 1), Region: "220102", Source: policy.UserInput, Value: "1"}
			city, other := part, part
			city.Region, city.Value, other.Region = "220100", "4", "220202" // 220102 lies in 220100
			t.Splits = []policy.Split{part, city, other}
		}),
		with(promise("T11", policy.Stock, policy.Steady, "2", "个", "base/incubator"), func(t *policy.Target) { t.Overlaps = []string{"T12"} }),
		with(promise("T12", policy.Stock, policy.AtLeast, "2", "个", "base/network-incubator"), func(t *policy.Target) { t.Level = ledger.LevelCounty }),
		promise("T15", policy.Stock, policy.About, "1", "人", "post/public-welfare:urban"),
		promise("T16", policy.PersonTimes, policy.Exact, "1", "人次", "training:rural"),
		with(promise("T21", policy.Checklist, policy.AtLeast, "100", "%", "jobless", "service"), always),
		with(promise("T22", policy.Coverage, policy.AtLeast, "100", "%", "base/service-body", "base/service-standard"), always),
		with(promise("T23", policy.PersonTimes, policy.AtLeast, "3", "人次", "training"), func(t *policy.Target) { t.Restates = "T01" }),
		promise("T18", policy.Stock, policy.AtLeast, "2", "个", "base/incubator"), // the facts of T11
		with(promise("T19", policy.PersonsYearly, policy.AtLeast, "9", "人", "paid/F05"), func(t *policy.Target) {
			each := policy.Split{Author: "planner", Date: ledger.DateOf(2023, 1, 1), Region: "220100", Source: policy.UserInput, Value: "3"}
			of := each
			of.Value, of.Year = "4", 2023
			t.Splits = []policy.Split{each, of}
		}),
		with(promise("T25", policy.Occurrences, policy.Exact, "1", "次", "contest/skills"), func(t *policy.Target) { t.Level = ledger.LevelProvince }),
		promise("T17", policy.PersonTimes, policy.Exact, "9", "人次", "support/planting", "paid/F05:startup"),
		promise("T13", policy.PersonTimes, policy.Exact, "9", "人次", "support/planting", "paid/F05:another"),
		promise("T24", policy.PersonsYearly, policy.AtLeast, "5", "人", "paid/F26"),
	}
}

// plan is the story with the targets, and what was done towards them.
func plan(t *testing.T) (*sampletest.Book, *pgxpool.Pool) {
	t.Helper()
	b := sampletest.Story(t)
	pack := ledgertest.Pack()
	pack.Version, pack.LateReturn, pack.Targets = "test-2", policy.Restore, promises()
	b.Do(ledgertest.Operator, sampletest.Day, policy.Publish{Pack: pack})
	company := party.OfCode("91350100M000100Y43")
	b.Do(ledgertest.Clerk, sampletest.Day, party.Register{Code: "91350100M000100Y43", Kind: policy.Employer, Name: "示例企业", Party: company, Region: "220104"})
	b.Person("P6")
	n := 0
	do := func(on string, r achievement.Record) {
		n++
		r.Achievement, r.Evidence = achievement.ID(fmt.Sprintf("F%02d", n)), sampletest.Hash
		if r.Region == "" {
			r.Region = "220104"
		}
		day, err := ledger.ParseDate(on)
		if err != nil {
			t.Fatal(err)
		}
		b.Do(ledgertest.Clerk, day, r)
	}
	course := func(on string, p ledger.PartyID, k, quality string, region ledger.RegionCode) {
		do(on, achievement.Record{Course: k, Kind: "training", Party: p, Quality: quality, Region: region, Type: "skills"})
	}
	course("2023-02-01", "P1", "K1", "", "220104")      // F01
	course("2023-05-01", "P1", "K2", "rural", "220104") // F02
	course("2024-02-01", "P1", "K3", "", "220202")      // F03
	course("2023-06-01", "P3", "K1", "", "220104")      // F04: withdrawn below
	do("2023-03-01", achievement.Record{Employer: company, Kind: "placement", Party: "P1", Type: "placed"})
	do("2023-03-01", achievement.Record{Kind: "placement", Party: "P1", Type: "employed"})
	do("2023-03-02", achievement.Record{Employer: company, Kind: "placement", Party: "P1", Type: "employed"}) // again: one person
	do("2023-03-02", achievement.Record{Employer: "E1", Kind: "placement", Party: "P3", Type: "employed"})
	body := func(id, typ string, region ledger.RegionCode, posts, staff, disabled, weighted int) {
		do("2023-06-30", achievement.Record{Body: id, Headcount: &achievement.Headcount{Posts: posts, Staff: staff, Disabled: disabled, Weighted: weighted}, Kind: "headcount", Region: region, Type: typ})
	}
	body("O1", "organ", "220100", 50, 40, 1, 1)
	body("O2", "organ", "220100", 50, 40, 0, 0)
	body("O3", "organ", "220100", 49, 40, 0, 0)  // not asked
	body("O4", "organ", "220104", 80, 80, 0, 0)  // of a county: not asked
	body("M1", "member", "220104", 9, 125, 1, 2) // 1.6 % exactly, weighted
	body("M2", "member", "220104", 9, 126, 1, 2) // just below
	body("U1", "federation", "220104", 9, 20, 3, 3)
	body("U2", "federation", "220102", 9, 7, 1, 2) // 14.3 %: people, not weights
	do("2023-06-30", achievement.Record{Body: "S1", Kind: "sites", Sites: &achievement.Sites{Allotted: 1, New: 11}, Type: "kiosk"})
	do("2023-07-30", achievement.Record{Body: "S2", Kind: "sites", Sites: &achievement.Sites{Allotted: 1, New: 9}, Type: "kiosk"})
	do("2022-05-01", achievement.Record{Body: "B1", Kind: "base", Type: "incubator"}) // F19: ends below
	do("2022-05-01", achievement.Record{Body: "B2", Kind: "base", Type: "incubator"})
	do("2022-05-01", achievement.Record{Body: "B2", Kind: "base", Type: "network-incubator"})
	do("2023-01-01", achievement.Record{Kind: "post", Party: "P1", Quality: "urban", To: ledger.DateOf(2023, 6, 30), Type: "public-welfare"})
	do("2023-01-01", achievement.Record{Kind: "post", Party: "P3", Quality: "rural", Type: "public-welfare"})
	for i, p := range []ledger.PartyID{"P1", "P3", "P4"} {
		do("2023-01-01", achievement.Record{Kind: "jobless", Party: p, Type: []string{"need", "need", "no-need"}[i]})
		do("2023-01-02", achievement.Record{Kind: "service", Party: p, Type: "check"})
	}
	for _, typ := range []string{"assessment", "registration", "service"} {
		do("2023-01-03", achievement.Record{Kind: "service", Party: "P1", Type: typ})
	}
	do("2023-01-03", achievement.Record{Kind: "service", Party: "P3", Type: "assessment"})
	do("2023-01-03", achievement.Record{Body: "V1", Kind: "base", Type: "service-body"})
	do("2023-01-03", achievement.Record{Body: "V2", Kind: "base", Type: "service-body"})
	do("2023-01-03", achievement.Record{Body: "V2", Kind: "base", Type: "service-standard"})
	body("U0", "federation", "220104", 9, 0, 0, 0) // no officials: not asked
	do("2024-05-01", achievement.Record{Body: "O5", Headcount: &achievement.Headcount{Posts: 60, Staff: 60}, Kind: "headcount", Region: "220200", Type: "organ"})
	do("2024-06-30", achievement.Record{Body: "O5", Headcount: &achievement.Headcount{Posts: 60, Staff: 60}, Kind: "headcount", Region: "220300", Type: "organ"}) // moved
	do("2019-06-01", achievement.Record{Body: "B5", Kind: "base", Region: "220381", Type: "network-incubator"})                                                   // 220184 since 2020
	do("2019-06-01", achievement.Record{Body: "V4", Kind: "base", Region: "220381", Type: "service-body"})
	do("2024-05-01", achievement.Record{Body: "V3", Kind: "base", Region: "220200", Type: "service-body"})
	do("2024-05-02", achievement.Record{Body: "V3", Kind: "base", Region: "220000", Type: "service-standard"})
	do("2023-01-04", achievement.Record{Kind: "jobless", Party: "P6", Region: "220202", Type: "need"}) // served in the city they come from
	for _, typ := range []string{"check", "assessment", "registration", "service"} {
		do("2023-01-05", achievement.Record{Kind: "service", Party: "P6", Type: typ})
	}
	do("2023-01-05", achievement.Record{Kind: "service", Party: "P4", Region: "220202", Type: "service"}) // of no jobless there
	do("2023-05-01", achievement.Record{Body: "GAMES", Kind: "contest", Region: "220000", Type: "skills"})
	do("2023-05-02", achievement.Record{Body: "CITY-GAMES", Kind: "contest", Region: "220100", Type: "skills"})
	b.Do(ledgertest.Clerk, ledger.DateOf(2023, 5, 2), payment.Record{Amount: ledger.Fen(100_00), Line: sampletest.Line, Note: "to an organisation", Party: party.OfCode("91350100M000100Y43"), Payment: "ORG1", Source: sampletest.Hash + ":8"})
	b.Do(ledgertest.Approver, ledger.DateOf(2024, 2, 1), payment.DemandRecovery{Amount: ledger.Fen(5_000_00), Deadline: ledger.DateOf(2024, 3, 31), Decision: "示例决定9号", Ground: "no business", Payment: "PAY4"})
	b.Do(ledgertest.Accountant, ledger.DateOf(2024, 2, 2), payment.ReceiveRecovery{Amount: ledger.Fen(2_000_00), Payment: "PAY4", Voucher: "V-9"})
	b.Do(ledgertest.Accountant, ledger.DateOf(2024, 3, 1), payment.ReceiveRecovery{Amount: ledger.Fen(3_000_00), Payment: "PAY4", Voucher: "V-10"})
	b.Do(ledgertest.First, ledger.DateOf(2023, 9, 1), achievement.Withdraw{Achievement: "F04", Reason: "another person's course"})
	b.Do(ledgertest.Clerk, ledger.DateOf(2023, 9, 30), achievement.End{Achievement: "F19", Evidence: sampletest.Hash})
	pool := schematest.New(t)
	r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), indicators.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b, pool
}

// line writes what matters of an indicator.
func line(x report.Indicator) string {
	s := fmt.Sprintf("%s/%d", x.Actual, x.Of)
	return fmt.Sprintf("%s %dp %dt %s %s", s, x.Persons, x.Times, x.Rate, x.Verdict)
}

func TestTargetsAreCountedAsOfADayAndARecord(t *testing.T) {
	t.Parallel()
	b, pool := plan(t)
	last := uint64(len(b.Records))
	for _, c := range []struct {
		name, code string
		ask        report.Ask
		want       string
	}{
		{"person-times every time, persons once", "T01", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "3/0 1p 3t 100.00 reached"},
		{"what was withdrawn counts as long as it was not known to be", "T01", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31), KnownBy: last - 2}}, "4/0 2p 4t 133.33 reached"},
		{"a year, without a target of its own", "T01", report.Ask{Year: 2023, Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "2/0 1p 2t  unset"},
		{"a day within the period", "T01", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 30)}}, "1/0 1p 1t 33.33 under-way"},
		{"a city", "T01", report.Ask{Region: "220200", Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "1/0 1p 1t  unset"},
		{"a county", "T01", report.Ask{Region: "220104", Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "2/0 1p 2t  unset"},
		{"the same target said again has the same count", "T23", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "3/0 1p 3t 100.00 reached"},
		{"about is not judged", "T02", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2025, 1, 1)}}, "2/0 2p 3t 100.00 not-judged"},
		{"an aspiration that falls short", "T09", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2025, 1, 1)}}, "1/0 1p 1t 20.00 shortfall"},
		{"an aspiration whose time is not over", "T09", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "1/0 1p 1t 20.00 under-way"},
		{"organs of 50 posts or more, of a prefecture or above", "T04", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "1/2 0p 1t 50.00 under-way"},
		{"no body reported yet", "T04", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 6, 29)}}, "0/0 0p 0t  unset"},
		{"the ratio is exact and weighted", "T06", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "1/2 0p 1t 50.00 under-way"},
		{"officials are people", "T07", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "1/2 0p 1t 50.00 under-way"},
		{"sites by their sums", "T08", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "10.00/20 0p 2t 100.00 reached"},
		{"sites of half a year", "T08", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 6, 30)}}, "9.09/11 0p 1t 90.91 under-way"},
		{"a stock before a base closed", "T11", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 9, 30)}}, "2/0 2p 2t 100.00 reached"},
		{"a stock after a base closed", "T11", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 10, 1)}}, "1/0 1p 1t 50.00 short"},
		{"a closing that was not known", "T11", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 10, 1), KnownBy: last - 1}}, "2/0 2p 2t 100.00 reached"},
		{"a post on the last day of its contract", "T15", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 6, 30)}}, "1/0 1p 1t 100.00 not-judged"},
		{"a post after its contract", "T15", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 7, 1)}}, "0/0 0p 0t 0.00 not-judged"},
		{"the four ones", "T21", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "75.00/4 3p 3t 75.00 under-way"},
		{"the four ones of those who are jobless here, wherever they were served", "T21", report.Ask{Region: "220202", Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "100.00/1 1p 1t 100.00 reached"},
		{"the contest of the province", "T25", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "1/0 1p 1t 100.00 reached"},
		{"a contest of a city is none of the province", "T25", report.Ask{Region: "220100", Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "0/0 0p 0t  unset"},
		{"standardised bodies", "T22", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "1/3 0p 1t 33.33 under-way"},
		{"a body under a code that was retired", "T22", report.Ask{Region: "220184", Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "0/1 0p 0t 0.00 under-way"},
		{"a base lies where it stands", "T12", report.Ask{Region: "220100", Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "2/0 2p 2t  unset"},
		{"and no more where it was opened", "T12", report.Ask{Region: "220300", Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "0/0 0p 0t  unset"},
		{"but then it did", "T12", report.Ask{Region: "220300", Cut: report.Cut{AsOf: ledger.DateOf(2019, 12, 31)}}, "1/0 1p 1t  unset"},
		{"bodies are not short before the time they have", "T04", report.Ask{Year: 2023, Cut: report.Cut{AsOf: ledger.DateOf(2024, 6, 30)}}, "1/2 0p 1t 50.00 under-way"},
		{"a stock to be reached by the end has no number in a year", "T12", report.Ask{Year: 2023, Cut: report.Cut{AsOf: ledger.DateOf(2024, 6, 30)}}, "2/0 2p 2t  unset"},
		{"a stock that must stay", "T11", report.Ask{Year: 2023, Cut: report.Cut{AsOf: ledger.DateOf(2024, 6, 30)}}, "1/0 1p 1t 50.00 short"},
		{"a year after the plan", "T11", report.Ask{Year: 2025, Cut: report.Cut{AsOf: ledger.DateOf(2025, 6, 30)}}, "1/0 1p 1t  unset"},
		{"a day before the plan", "T11", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2021, 6, 30)}}, "0/0 0p 0t  unset"},
		{"a day before the year", "T04", report.Ask{Year: 2024, Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "1/2 0p 1t  unset"},
		{"a number of every year, in one that is over", "T19", report.Ask{Year: 2023, Cut: report.Cut{AsOf: ledger.DateOf(2024, 6, 30)}}, "1/0 1p 2t 11.11 short"},
		{"a number of every year, of the year of the day", "T19", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 6, 30)}}, "2/0 2p 3t 22.22 under-way"},
		{"a split of the year, without asking for one", "T19", report.Ask{Region: "220100", Cut: report.Cut{AsOf: ledger.DateOf(2023, 6, 30)}}, "2/0 2p 3t 50.00 under-way"},
		{"a split of every year", "T19", report.Ask{Region: "220100", Year: 2022, Cut: report.Cut{AsOf: ledger.DateOf(2023, 6, 30)}}, "0/0 0p 0t 0.00 short"},
		{"a body that moved, where it was", "T04", report.Ask{Region: "220200", Cut: report.Cut{AsOf: ledger.DateOf(2024, 5, 31)}}, "0/1 0p 0t 0.00 under-way"},
		{"a body that moved, where it is no more", "T04", report.Ask{Region: "220200", Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "0/0 0p 0t  unset"},
		{"a body that moved, where it is", "T04", report.Ask{Region: "220300", Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "0/1 0p 0t 0.00 under-way"},
		{"a standard goes with its body", "T22", report.Ask{Region: "220200", Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}, "1/1 0p 1t 100.00 reached"},
		{"actions with something on record", "T03", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "18/21 0p 18t 180.00 reached"},
		{"what no scheme pays is not zero", "T24", report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, "/0 0p 0t  unset"},
	} {
		got, err := report.ListIndicators(t.Context(), pool, c.ask)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := got.Find(c.code)
		if line(x) != c.want {
			t.Errorf("%s: %s is %q, want %q (%s)", c.name, c.code, line(x), c.want, x.ReasonEN)
		}
	}
}

// The story: C4 of P4 is paid as PAY4 and stays paid; C1 of P1 is paid on 2023-04-03 and
// comes back the next day, PAY4 is recovered in two parts, ORG1 went to an organisation; OLD1 and OLD2 of P3 were paid elsewhere, OLD3 was reversed.
func TestWhatWasPaidCountsUntilItComesBack(t *testing.T) {
	t.Parallel()
	b, pool := plan(t)
	var returned, recovered uint64
	for i, e := range b.Events {
		if _, ok := e.(payment.Returned); ok {
			returned = uint64(i) + 1
		}
		if _, ok := e.(payment.RecoveryReceived); ok {
			recovered = uint64(i) + 1
		}
	}
	for name, c := range map[string]struct {
		ask     report.Ask
		persons int64
		target  string
	}{
		"the day before":              {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 2)}}, 1, "2"},
		"on the day it was paid":      {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 3)}}, 3, "2"},
		"after it came back":          {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 4)}}, 2, "2"},
		"before that was known":       {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 4), KnownBy: returned - 1}}, 2, ""},
		"an organisation is nobody":   {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}, 2, "2"},
		"recovered in part":           {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 2, 29)}}, 2, "2"},
		"recovered in full":           {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 3, 1)}}, 1, "2"},
		"before the rest was known":   {report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 3, 1), KnownBy: recovered - 1}}, 2, "2"},
		"in the region of the claim":  {report.Ask{Region: "220104", Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 4)}}, 2, ""},
		"in the city, with its split": {report.Ask{Region: "220100", Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 4)}}, 2, "4"},
		"in another city":             {report.Ask{Region: "220200", Cut: report.Cut{AsOf: ledger.DateOf(2023, 4, 4)}}, 0, ""},
	} {
		got, err := report.ListIndicators(t.Context(), pool, c.ask)
		if name == "before that was known" { // the policy of then had no targets
			if rule, _ := ledger.Refused(err); rule != report.ErrTarget {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		flow, _ := got.Find("T10")
		one, _ := got.Find("T17")
		if none, _ := got.Find("T13"); none.Times != 0 || one.Times != flow.Times || one.Persons != c.persons {
			t.Errorf("%s: %d times under the scheme that is named, %d under another; want %d and none", name, one.Times, none.Times, flow.Times)
		}
		if x, _ := got.Find("T10"); x.Persons != c.persons || x.Target != c.target {
			t.Errorf("%s: %d persons of %q, want %d of %q", name, x.Persons, x.Target, c.persons, c.target)
		}
	}
}

func TestOverlapsAreShownInsideAndOutsideAndNeverSummed(t *testing.T) {
	t.Parallel()
	_, pool := plan(t)
	got, err := report.ListIndicators(t.Context(), pool, report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 9, 30)}})
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		"T01": "[{T16 1 1}]", // rural courses among the courses
		"T02": "[{T09 1 1}]", // P1 was also placed in an enterprise, P3 not
		"T11": "[{T12 1 1}]", // B2 is both
	} {
		if x, _ := got.Find(code); fmt.Sprint(x.Overlaps) != want {
			t.Errorf("%s overlaps %v, want %s", code, x.Overlaps, want)
		}
	}
	if x, _ := got.Find("T12"); x.Covered != 2 || x.Regions != 69 {
		t.Errorf("T12 covers %d of %d regions", x.Covered, x.Regions)
	}
}

// everyRow pages through the rows behind every figure.
func everyRow(t *testing.T, b *sampletest.Book, pool *pgxpool.Pool, ask report.Ask) {
	t.Helper()
	all, err := report.ListIndicators(t.Context(), pool, ask)
	if err != nil {
		t.Fatal(err)
	}
	everyLate := make(map[string]bool)
	for _, x := range all.Indicators {
		var rows, late int64
		for after := uint64(0); ; {
			d, err := report.ShowIndicator(t.Context(), pool, x.Code, ask, after, 2)
			if err != nil {
				t.Fatal(err)
			}
			if d.Rows == nil {
				t.Errorf("the rows of %s are null and not none", x.Code)
			}
			for _, r := range d.Rows {
				rows++
				if r.Late {
					late++
					everyLate[r.Fact] = true
				}
				id := strings.TrimPrefix(strings.TrimPrefix(r.Fact, "achievement:"), "payment:")
				if got := b.Events[r.Seq-1].Case(); got != id {
					t.Errorf("%s: record %d is of %s, the row of %s", x.Code, r.Seq, got, r.Fact)
				}
			}
			if after = d.Next; !d.More {
				break
			}
		}
		if rows != x.Sources || late != x.Late {
			t.Errorf("%s has %d sources, %d late, and lists %d, %d late", x.Code, x.Sources, x.Late, rows, late)
		}
	}
	if all.Late != int64(len(everyLate)) || all.Late == 0 && ask.Region == "" {
		t.Errorf("%d rows are late, and %d are listed", all.Late, len(everyLate))
	}
}

func TestADrillDownListsTheRecordsBehindAFigure(t *testing.T) {
	t.Parallel()
	b, pool := plan(t)
	ask := report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}
	for _, region := range []ledger.RegionCode{"", "220202"} {
		everyRow(t, b, pool, report.Ask{Region: region, Cut: ask.Cut})
	}
	d, err := report.ShowIndicator(t.Context(), pool, "T01", ask, 0, 10)
	if err != nil || fmt.Sprint(d.Indicator.Years) != "[{2022 0 0 0} {2023 1 2 0} {2024 1 1 0}]" {
		t.Errorf("years %v, %v", d.Indicator.Years, err)
	}
	if here, err := report.ListIndicators(t.Context(), pool, report.Ask{Region: "220100", Cut: ask.Cut}); err != nil {
		t.Error(err)
	} else if x, _ := here.Find("T10"); x.Target != "4" || x.TargetSource != "user input: planner 2023-01-01" {
		t.Errorf("the part of 220100 is %q, from %q", x.Target, x.TargetSource)
	}
	if d, err = report.ShowIndicator(t.Context(), pool, "T10", ask, 0, 10); err != nil || d.SplitSum != "5" || d.Gap != "-3" {
		t.Errorf("splits add up to %q, the plan less them is %q, %v", d.SplitSum, d.Gap, err)
	}
	if d, err = report.ShowIndicator(t.Context(), pool, "T08", ask, 0, 10); err != nil || len(d.Splits) != 2 || d.SplitSum != "" || d.Gap != "" {
		t.Errorf("shares add up to %q, the plan less them is %q, %v", d.SplitSum, d.Gap, err)
	}
	if _, err := report.ShowIndicator(t.Context(), pool, "T99", ask, 0, 10); !errors.Is(err, report.ErrTarget) {
		t.Errorf("a target that is none: %v", err)
	}
}

func TestEachBodyThatATargetAsksIsListedThoseThatFallShortFirst(t *testing.T) {
	t.Parallel()
	_, pool := plan(t)
	ask := report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2023, 12, 31)}}
	for code, want := range map[string]string{
		"T04": "O2 no 50/40/0/0, O1 yes 50/40/1/1", // not O3 with 49 posts, nor O4 of a county
		"T06": "M2 no 9/126/1/2, M1 yes 9/125/1/2", // 1.6 % exactly, weighted
		"T07": "U2 no 9/7/1/2, U1 yes 9/20/3/3",    // 15 % of people
		"T22": "V1 no, V4 no, V2 yes",              // a standard, and no count
	} {
		l, err := report.Bodies(t.Context(), pool, code, ask)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, b := range l.Bodies {
			s := b.Subject + map[bool]string{true: " yes", false: " no"}[b.Met]
			if b.Staff != nil {
				s += fmt.Sprintf(" %d/%d/%d/%d", *b.Posts, *b.Staff, *b.Disabled, *b.Weighted)
			}
			all = append(all, s)
		}
		if got := strings.Join(all, ", "); got != want || l.Met != 1 {
			t.Errorf("%s: %s; want %s", code, got, want)
		}
	}
	if _, err := report.Bodies(t.Context(), pool, "T01", ask); !errors.Is(err, report.ErrBodies) {
		t.Errorf("person-times are of no bodies: %v", err)
	}
	if _, err := report.Bodies(t.Context(), pool, "T99", ask); !errors.Is(err, report.ErrTarget) {
		t.Errorf("an unknown target: %v", err)
	}
}

// counted returns what is counted of the plan through as many connections as are wanted.
func counted(t *testing.T) (*pgxpool.Pool, report.Ask, report.Indicators) {
	t.Helper()
	_, pool := plan(t)
	ask := report.Ask{Cut: report.Cut{AsOf: ledger.DateOf(2024, 12, 31)}}
	all, err := report.ListIndicators(t.Context(), pool, ask)
	if err != nil {
		t.Fatal(err)
	}
	return pool, ask, all
}

// Counting takes a second connection if it gets one, and never waits for one that waits for it.
func TestManyCountOnFewConnections(t *testing.T) {
	t.Parallel()
	pool, ask, want := counted(t)
	for _, connections := range []int32{1, 2, 3} {
		cfg := pool.Config()
		cfg.MaxConns = connections
		few, err := pgxpool.NewWithConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer few.Close()
		var g errgroup.Group
		for range 4 {
			g.Go(func() error {
				got, err := report.ListIndicators(t.Context(), few, ask)
				if err == nil && !reflect.DeepEqual(got, want) {
					err = fmt.Errorf("%d connections: %+v, want %+v", connections, got, want)
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// A meddler changes the tables in front of the second transaction.
type meddler struct {
	report.DB
	change string
	begun  int
}

func (m *meddler) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	if m.begun++; m.begun == 2 {
		if _, err := m.Exec(ctx, m.change); err != nil {
			return nil, err
		}
	}
	return m.DB.BeginTx(ctx, options)
}

func TestTwoConnectionsCountTheSame(t *testing.T) {
	t.Parallel()
	pool, ask, want := counted(t)
	db := &meddler{DB: pool, change: "delete from rm_v0001.fact; delete from rm_v0001.payment"}
	got, err := report.ListIndicators(t.Context(), db, ask)
	if err != nil || db.begun != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d transactions, %v: %+v, want %+v", db.begun, err, got, want)
	}
}

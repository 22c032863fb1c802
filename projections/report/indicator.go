package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// An Ask is which indicators are wanted. A region counts what lies in it or below it; a
// year counts what happened in it, and what stood at its end. AsOf is required: what
// stands is always asked of a day.
type Ask struct {
	Region ledger.RegionCode // "": the province
	Year   int               // 0: the whole period of each target
	Cut
}

// A Verdict says how a target stands.
type Verdict string

// The verdicts. An aspiration that falls short breaks nothing, and what the plan gives no
// tolerance for (左右) is not judged.
const (
	Reached   Verdict = "reached"
	UnderWay  Verdict = "under-way"  // not reached, and its time is not over
	Short     Verdict = "short"      // not reached
	Shortfall Verdict = "shortfall"  // an aspiration (力争) not reached
	NotJudged Verdict = "not-judged" // approximate (左右)
	Unset     Verdict = "unset"      // no target, or nothing that could be counted: Reason says which
)

// An Indicator is a target and what is on record towards it. Persons and Times come from
// the same rows: each person once, and every row. Actual is the one the target asks for.
type Indicator struct {
	Code         string            `json:"code"`
	Action       string            `json:"action"`
	NameZH       string            `json:"name_zh"`
	NameEN       string            `json:"name_en"`
	Quote        string            `json:"quote"`
	TextEN       string            `json:"text_en"`
	Clause       string            `json:"clause"`
	Departments  []string          `json:"departments"`
	DefinitionZH string            `json:"definition_zh"`
	DefinitionEN string            `json:"definition_en"`
	Kind         policy.TargetKind `json:"kind"`
	Strength     policy.Strength   `json:"strength"`
	Unit         string            `json:"unit"`
	Region       ledger.RegionCode `json:"region"`
	Year         int               `json:"year"` // 0: the whole period
	From         ledger.Date       `json:"from"` // first day that counts; "" for all
	Day          ledger.Date       `json:"day"`  // last day that counts, or on which it stands
	Target       string            `json:"target"`
	TargetSource string            `json:"target_source"` // plan, or user input with its author and day; "" for no target
	Actual       string            `json:"actual"`        // "" when it cannot be told
	Of           int64             `json:"of"`            // of how many, where it is a share
	Persons      int64             `json:"persons"`
	Times        int64             `json:"times"`
	Rate         string            `json:"rate"` // Actual of Target in per cent, two decimals; "" where there is none
	Verdict      Verdict           `json:"verdict"`
	Sources      int64             `json:"sources"` // rows behind it; none of actions, whose rows are those of their targets
	Late         int64             `json:"late"`    // of these, recorded after the end of the year they happened in
	Reason       string            `json:"reason,omitempty"`
	ReasonEN     string            `json:"reason_en,omitempty"`
	Restates     string            `json:"restates,omitempty"`
	Years        []YearCount       `json:"years,omitempty"`
	Steps        *Steps            `json:"steps,omitempty"`
	Covered      int64             `json:"covered,omitempty"` // regions with at least one, where all are asked
	Regions      int64             `json:"regions,omitempty"` // of so many
	Overlaps     []Overlap         `json:"overlaps,omitempty"`
}

// A YearCount is what happened in one year. Persons of several years are person-years.
type YearCount struct {
	Year    int   `json:"year"`
	Persons int64 `json:"persons"`
	Times   int64 `json:"times"`
	Late    int64 `json:"late"`
}

// Steps are the four ones of service (四个一) with their two denominators.
type Steps struct {
	Jobless int64 `json:"jobless"` // unemployed on the day
	Checked int64 `json:"checked"`
	Need    int64 `json:"need"` // of them, with a need
	Served  int64 `json:"served"`
	Done    int64 `json:"done"` // everything that is due was done
}

// An Overlap is what another target may count as well: never summed.
type Overlap struct {
	With    string `json:"with"`
	Inside  int64  `json:"inside"` // of what this one counts, counted by the other too
	Outside int64  `json:"outside"`
}

// Indicators is the answer to an [Ask].
type Indicators struct {
	Region     ledger.RegionCode `json:"region"`
	Year       int               `json:"year"`
	Indicators []Indicator       `json:"indicators"`
	Late       int64             `json:"late"` // rows recorded after the end of the year they happened in, each once
	Basis
}

// Find returns the indicator of a target.
func (a Indicators) Find(code string) (Indicator, bool) {
	i := slices.IndexFunc(a.Indicators, func(x Indicator) bool { return x.Code == code })
	if i < 0 {
		return Indicator{}, false
	}
	return a.Indicators[i], true
}

// ErrTarget refuses to show what the policy does not promise.
var ErrTarget = &ledger.Rejection{
	Code: "target-unknown", Rule: "indicators are of targets of the policy in force, asked of a day", RuleZH: "只能查询现行政策所列目标，并须指明截止日",
	Next: "import a policy pack with targets, or use one of its codes", NextZH: "请导入含目标的政策包，或使用其目标编号",
}

// roomy lets the places of a million claims be joined in memory. Compiling such a query
// takes longer than it saves, and a plan for any counters and days is half as quick as
// one for these.
const roomy = `select set_config('work_mem', '128MB', true), set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)`

const selectTargets = `
select code, action, name_zh, name_en, quote, text_en, clause, departments, value, unit, kind, strength,
       coalesce(valid_from::text, '') as valid_from, coalesce(valid_to::text, '') as valid_to,
       facts, level, min_posts, overlapping, restates, definition_zh, definition_en
from read.target
where version = @version
order by n`

const selectSplits = `
select code, region, year, value, author, entered_on::text, source
from read.target_split
where version = @version
order by code, n`

// selectFlows finds the schemes of each flow of the plan in every version known: what was
// paid under an earlier one counts as well.
const selectFlows = `
select distinct flow, code
from read.scheme
where seq <= @seq and flow <> ''
order by flow, code`

// Rows that count, of some counters: they lie between two days (no first one: ever before),
// stand on a day, and are known. What is asked with one set of days is asked in one pass;
// joining each row to what is asked of its counter takes longer than passing over them twice.
//
// What happened lies where it was on its day, and what stands where it is on the day it
// stands (@lies): 公主岭 was under 四平 until 2020.
//
// What was done for a subject (@done) counts anywhere, where the subject stands here (@here),
// and of what is asked of a level the rows of these regions do (@at; null: of all).
//
// A payment is where its claim was made, and one without a claim where its line is. It counts
// for the person paid, none for an organisation, until it comes back or all of it is recovered. Who
// asks for none does not make Postgres pass over all.
const (
	here = `(@region = '' or case when @lies::text[] is null then f.prefecture = @region or f.region = @region else f.region = any(@lies) end)`

	counts = `
and (@first::date is null or f.day >= @first) and f.day <= @last
and f.seq <= @seq
and (f.withdrawn_seq is null or f.withdrawn_seq > @seq)
and (f.until is null or f.until >= @stands)
and (f.ended_seq is null or f.ended_seq > @seq or f.ended_on >= @stands)`

	facts = `
from read.fact f
where cardinality(@counters::text[]) > 0 and f.counter = any(@counters)
and (` + here + ` or f.counter = any(@done) and f.subject in (select f.subject from read.fact f where f.counter = any(@here) and ` + here + counts + `))
and (@at::text[] is null or f.region = any(@at))` + counts

	payments = `
from read.payment p
left join read.claim c on c.claim = p.claim
where cardinality(@schemes::text[]) > 0 and p.scheme = any(@schemes)
and (@region = '' or coalesce(c.prefecture, p.prefecture) = @region or coalesce(c.region, p.region) = @region)
and (@first::date is null or p.paid_on >= @first) and p.paid_on <= @last
and p.paid_seq <= @seq
and (p.reversed_seq is null or p.reversed_seq > @seq)
and (p.returned_seq is null or p.returned_seq > @seq or p.returned_on > @stands)
and p.party not in (select o.party from read.party o where o.kind <> 'person')
and p.payment not in (
	select r.payment
	from read.payment r
	where r.recovered > 0 and r.amount <= (
		select coalesce(sum((e.data ->> 'amount')::numeric), 0)
		from read.event e
		where e.case_id = r.payment and e.name like 'payment.recovery-received.%' and e.seq <= @seq and e.effective <= @stands))`
)

// What is counted names its subjects, one to a line: a person is told from another here in
// half the time that grouping takes there.
const (
	countFacts = `
select counter, count(*), count(*) filter (where date_part('year', recorded_on) > date_part('year', day)), coalesce(sum(part), 0), coalesce(sum(base), 0), string_agg(subject, E'\n')` + facts + `
group by counter`

	countPayments = `
select 'paid/' || p.scheme, count(*), count(*) filter (where date_part('year', p.known_on) > date_part('year', p.paid_on)), 0::bigint, 0::bigint,
	string_agg(p.party, E'\n')` + payments + `
group by p.scheme`
)

const selectCovered = `
select f.region` + facts + `
union
select coalesce(c.region, p.region)` + payments

// selectBodies is how each body stood when it was counted last: it is where it was then. A
// standard goes with its body, wherever it was recorded.
const selectBodies = `
select counter, subject, coalesce(name, ''), region, day::text, seq, posts, base, part, weight,
	'achievement:' || achievement, recorded_on::text, date_part('year', recorded_on) > date_part('year', day)
from (
	select distinct on (counter, subject) achievement, counter, subject, name, region, prefecture, day, recorded_on, seq, posts, base, part, weight
	from read.fact f
	where f.counter = any(@counters)` + counts + `
	order by counter, subject, day desc, seq desc
) f
where ` + here + ` or counter = 'base/service-standard'
order by counter, subject`

const selectFacts = `
select seq, fact, counter, subject, region, day::text, recorded_on::text, date_part('year', recorded_on) > date_part('year', day) as late
from (
	select f.seq, 'achievement:' || f.achievement as fact, f.counter, f.subject, f.region, f.day, f.recorded_on` + facts + `
	union all
	select p.paid_seq, 'payment:' || p.payment, 'paid/' || p.scheme, p.party, coalesce(c.region, p.region), p.paid_on, p.known_on` + payments + `
) f
where seq > @after
order by seq
limit @limit`

// ListIndicators counts every target of the policy in force.
func ListIndicators(ctx context.Context, db DB, ask Ask) (Indicators, error) {
	out := Indicators{Region: ask.Region, Year: ask.Year}
	err := asked(ctx, db, ask, func(c *counter) (err error) {
		out.Basis = c.basis
		out.Indicators, out.Late, err = c.count(ctx, c.targets)
		return err
	})
	if err != nil {
		return Indicators{}, fmt.Errorf("indicators: %w", err)
	}
	return out, nil
}

// A FactRow is one row behind an indicator: achievement:ID or payment:ID. Subject is a party or a body, never a name of
// a person.
type FactRow struct {
	Seq        uint64 `json:"seq"`
	Fact       string `json:"fact"`
	Counter    string `json:"counter"` // kind/type:quality, or paid/ and the scheme
	Subject    string `json:"subject"`
	Region     string `json:"region"`
	Day        string `json:"day"`
	RecordedOn string `json:"recorded_on"`
	Late       bool   `json:"late"`
}

// A Drill is one indicator with the rows behind it, the splits of its target and what
// these leave open.
type Drill struct {
	Indicator Indicator      `json:"indicator"`
	Splits    []policy.Split `json:"splits"`
	SplitSum  string         `json:"split_sum"` // of the splits for regions over the whole period; "" for none
	Gap       string         `json:"gap"`       // the plan's number less their sum
	Rows      []FactRow      `json:"rows"`
	More      bool           `json:"more"`
	Next      uint64         `json:"next"`
	Basis
}

// ShowIndicator counts one target and lists rows behind it, by their records.
func ShowIndicator(ctx context.Context, db DB, code string, ask Ask, after uint64, limit int) (out Drill, err error) {
	err = asked(ctx, db, ask, func(c *counter) error {
		i := slices.IndexFunc(c.targets, func(t policy.Target) bool { return t.Code == code })
		if i < 0 {
			return ErrTarget.Of("%q under policy %s", code, c.basis.Policy)
		}
		t := c.targets[i]
		out = Drill{Splits: append([]policy.Split{}, t.Splits...), Rows: []FactRow{}, Basis: c.basis}
		all, _, err := c.count(ctx, c.targets) // an overlap, or a restatement, is of others
		if err != nil {
			return err
		}
		out.Indicator = all[i]
		if out.Indicator.Years, err = c.years(ctx, t); err != nil {
			return err
		}
		if out.SplitSum, out.Gap, err = gap(t); err != nil {
			return err
		}
		out.Rows, err = c.behind(ctx, t, after, limit+1)
		if len(out.Rows) > limit {
			out.Rows, out.More = out.Rows[:limit], true
			out.Next = out.Rows[limit-1].Seq
		}
		return err
	})
	if err != nil {
		return Drill{}, fmt.Errorf("indicator %s: %w", code, err)
	}
	return out, nil
}

// behind lists rows behind a target, those of bodies as they were counted last.
func (c *counter) behind(ctx context.Context, t policy.Target, after uint64, limit int) ([]FactRow, error) {
	if t.Kind == policy.Coverage {
		days, _ := c.window(t)
		_, all, err := c.bodies(ctx, t, days.last)
		slices.SortFunc(all, func(a, b FactRow) int { return cmp.Compare(a.Seq, b.Seq) })
		all = slices.DeleteFunc(all, func(r FactRow) bool { return r.Seq <= after })
		return all[:min(len(all), limit)], err
	}
	args := c.argsOf(t)
	args["after"], args["limit"] = after, limit
	rows, err := c.tx.Query(ctx, selectFacts, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[FactRow])
}

// gap adds up what regions were asked for over the whole period, not again those that lie in
// one of them. Shares, and what is asked of each body, do not add up.
func gap(t policy.Target) (sum, left string, err error) {
	switch t.Kind {
	case policy.Quotient, policy.Coverage, policy.Checklist:
		return "", "", nil
	}
	of := func(s policy.Split) bool { return s.Region != "" && s.Region != policy.Province && s.Year == 0 }
	total, any := new(big.Rat), false
	for _, s := range t.Splits {
		if !of(s) || slices.ContainsFunc(t.Splits, func(o policy.Split) bool {
			return of(o) && o.Region != s.Region && ledger.Under(o.Region, s.Region, s.Date)
		}) {
			continue
		}
		n, err := policy.Number(s.Value)
		if err != nil {
			return "", "", err
		}
		total, any = total.Add(total, n), true
	}
	if !any {
		return "", "", nil
	}
	whole, err := policy.Number(t.Value)
	if err != nil {
		return "", "", err
	}
	return decimalText(total), decimalText(new(big.Rat).Sub(whole, total)), nil
}

// decimalText writes a number that was read as a decimal.
func decimalText(r *big.Rat) string {
	text := r.FloatString(6)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// A counter counts in one snapshot.
type counter struct {
	db      DB
	tx      pgx.Tx
	ask     Ask
	basis   Basis
	targets []policy.Target
	schemes map[string][]string // by flow of the plan
	late    map[string]bool     // facts of bodies that were recorded late
}

func asked(ctx context.Context, db DB, ask Ask, f func(*counter) error) error {
	if ask.AsOf.IsZero() {
		return ErrTarget.Of("no day")
	}
	if ask.Region == policy.Province {
		ask.Region = ""
	}
	if ask.Region != "" {
		if _, err := ledger.FindRegion(ask.Region, ask.AsOf); err != nil {
			return err
		}
	}
	return snapshot(ctx, db, ask.Cut, func(tx pgx.Tx, b Basis) error {
		c := &counter{db: db, tx: tx, ask: ask, basis: b, schemes: make(map[string][]string)}
		if err := c.load(ctx); err != nil {
			return err
		}
		if len(c.targets) == 0 {
			return ErrTarget.Of("policy %q has none", b.Policy)
		}
		return f(c)
	})
}

func (c *counter) load(ctx context.Context) error {
	if _, err := c.tx.Exec(ctx, roomy); err != nil {
		return fmt.Errorf("set up counting: %w", err)
	}
	rows, err := c.tx.Query(ctx, selectTargets, pgx.NamedArgs{"version": c.basis.Policy})
	if err != nil {
		return fmt.Errorf("read the targets: %w", err)
	}
	c.targets, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (t policy.Target, err error) {
		var from, to string
		var facts []string
		if err := row.Scan(&t.Code, &t.Action, &t.NameZH, &t.NameEN, &t.Quote, &t.TextEN, &t.Clause, &t.Departments, &t.Value, &t.Unit,
			(*string)(&t.Kind), (*string)(&t.Strength), &from, &to, &facts, (*string)(&t.Level), &t.MinPosts, &t.Overlaps, &t.Restates,
			&t.DefinitionZH, &t.DefinitionEN); err != nil {
			return t, err
		}
		for _, f := range facts {
			t.Facts = append(t.Facts, policy.Fact(f))
		}
		return t, errors.Join(t.From.UnmarshalText([]byte(from)), t.To.UnmarshalText([]byte(to)))
	})
	if err != nil {
		return fmt.Errorf("read the targets: %w", err)
	}
	if rows, err = c.tx.Query(ctx, selectSplits, pgx.NamedArgs{"version": c.basis.Policy}); err != nil {
		return fmt.Errorf("read the splits: %w", err)
	}
	var code, region, day string
	var s policy.Split
	_, err = pgx.ForEachRow(rows, []any{&code, &region, &s.Year, &s.Value, &s.Author, &day, &s.Source}, func() error {
		s.Region = ledger.RegionCode(region)
		err := s.Date.UnmarshalText([]byte(day))
		for i := range c.targets {
			if c.targets[i].Code == code {
				c.targets[i].Splits = append(c.targets[i].Splits, s)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the splits: %w", err)
	}
	if rows, err = c.tx.Query(ctx, selectFlows, pgx.NamedArgs{"seq": c.basis.Seq}); err != nil {
		return fmt.Errorf("read the flows: %w", err)
	}
	var flow, scheme string
	_, err = pgx.ForEachRow(rows, []any{&flow, &scheme}, func() error {
		c.schemes[flow] = append(c.schemes[flow], scheme)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the flows: %w", err)
	}
	return nil
}

// A window is the days between which a row must lie, and the one on which it must stand; of
// a level, the regions it must be of.
type window struct {
	first, last, stands ledger.Date
	level               ledger.RegionLevel
	standing            bool // where it stands, and not where it happened
	follows             bool // of the checklist: services follow the jobless
}

// A want is one counter that is asked for, with the targets it counts towards as bits of
// a mask.
type want struct {
	counter string
	mask    int64
	window
}

// Bits of a mask: one for each target, and above them the parts of the checklist.
const (
	most    = 48 // targets that one pass counts
	bitNeed = 48 + iota
	bitJobless
	bitCheck
	bitAssess
	bitRegister
	bitServe
)

var checklistBits = map[policy.Fact]int64{
	"jobless/need": 1<<bitNeed | 1<<bitJobless, "jobless/no-need": 1 << bitJobless, "service/check": 1 << bitCheck,
	"service/assessment": 1 << bitAssess, "service/registration": 1 << bitRegister, "service/service": 1 << bitServe,
}

// counters lists the counters that feed a target, nothing twice, and the flows that no
// scheme pays.
func (c *counter) counters(t policy.Target) (all []policy.Fact, missing []string) {
	for _, fact := range t.Facts {
		for _, f := range fact.Each() {
			each := []policy.Fact{f}
			if kind, flow, only := f.Parts(); kind == "paid" {
				each = nil
				for _, scheme := range c.schemes[flow] {
					if only == "" || only == scheme {
						each = append(each, policy.FactOf(kind, scheme, ""))
					}
				}
				if len(each) == 0 {
					missing = append(missing, flow)
				}
			}
			for _, f := range each {
				if !slices.Contains(all, f) {
					all = append(all, f)
				}
			}
		}
	}
	return all, missing
}

// wants lists what feeds targets: one want for a counter and its days, with a bit for
// each target it counts towards. Bodies are asked on their own.
func (c *counter) wants(targets []policy.Target) []want {
	var all []want
	for i, t := range targets {
		if t.Kind == policy.Coverage {
			continue
		}
		days, _ := c.window(t)
		counters, _ := c.counters(t)
		for _, f := range counters {
			w := want{counter: string(f), mask: 1 << i, window: days}
			if t.Kind == policy.Checklist {
				w.mask |= checklistBits[f]
			}
			at := slices.IndexFunc(all, func(o want) bool { o.mask = w.mask; return o == w })
			if at < 0 {
				all = append(all, w)
			} else {
				all[at].mask |= w.mask
			}
		}
	}
	return all
}

// window returns the days that count towards a target, and the year they are of.
func (c *counter) window(t policy.Target) (w window, year int) {
	year, w.last = c.ask.Year, c.ask.AsOf
	if !t.To.IsZero() && t.To.Before(w.last) {
		w.last = t.To
	}
	if t.Kind == policy.PersonsYearly && year == 0 {
		year = w.last.Year()
	}
	w.first = t.From
	if year != 0 {
		if begin := ledger.DateOf(year, 1, 1); w.first.Before(begin) {
			w.first = begin
		}
		if end := ledger.DateOf(year, 12, 31); end.Before(w.last) {
			w.last = end
		}
	}
	w.stands = c.ask.AsOf
	switch t.Kind {
	case policy.Stock, policy.Coverage, policy.Checklist:
		w.first, w.stands, w.standing, w.follows = ledger.Date{}, w.last, true, t.Kind == policy.Checklist
	case policy.Occurrences:
		w.level = t.Level
	}
	return w, year
}

// args are those of a query for the rows of some counters in one window.
func (c *counter) args(w window, counters []policy.Fact) pgx.NamedArgs {
	of, schemes, here, done := []string{}, []string{}, []string{}, []string{}
	for _, f := range counters {
		switch kind, _, _ := f.Parts(); {
		case w.follows && kind == "jobless":
			here = append(here, string(f))
		case w.follows:
			done = append(done, string(f))
		}
		if scheme, ok := strings.CutPrefix(string(f), "paid/"); ok {
			schemes = append(schemes, scheme)
		} else {
			of = append(of, string(f))
		}
	}
	var at []string
	var lies []ledger.RegionCode
	if w.standing && c.ask.Region != "" {
		lies = append([]ledger.RegionCode{}, ledger.CodesIn(c.ask.Region, w.last)...)
	}
	if w.level != "" {
		for _, r := range ledger.RegionsIn(w.last) {
			if reaches(r.Code, w.level, w.last) {
				at = append(at, string(r.Code))
			}
		}
	}
	return pgx.NamedArgs{
		"region": string(c.ask.Region), "seq": c.basis.Seq, "counters": of, "schemes": schemes,
		"first": day(w.first), "last": day(w.last), "stands": day(w.stands), "here": here, "done": done, "at": at, "lies": lies,
	}
}

// argsOf are those for the rows of one target.
func (c *counter) argsOf(t policy.Target) pgx.NamedArgs {
	days, _ := c.window(t)
	counters, _ := c.counters(t)
	return c.args(days, counters)
}

// A tally is how many rows there are of each want, and how many subjects have each mask.
type tally struct {
	wants    []want
	rows     []rowCount // by want
	subjects map[int64]int64
}

type rowCount struct{ times, late, part, base int64 }

func (c *counter) tally(ctx context.Context, targets []policy.Target) (tally, error) {
	y := tally{wants: c.wants(targets), subjects: make(map[int64]int64)}
	y.rows = make([]rowCount, len(y.wants))
	windows := make(map[window]map[string]int)
	for i, w := range y.wants {
		if windows[w.window] == nil {
			windows[w.window] = make(map[string]int)
		}
		windows[w.window][w.counter] = i
	}
	passes := make(chan func(pgx.Tx) error, 2*len(windows))
	// Persons are told apart while Postgres passes over what is counted next.
	told, ended := make(chan named, len(y.wants)), make(chan error)
	for days, at := range windows {
		var counters []policy.Fact
		for counter := range at {
			counters = append(counters, policy.Fact(counter))
		}
		for _, query := range []string{countFacts, countPayments} {
			passes <- func(tx pgx.Tx) error { return c.add(ctx, tx, y, at, told, query, c.args(days, counters)) }
		}
	}
	close(passes)
	go func() { ended <- y.tellApart(told) }()
	err := c.inTwo(ctx, func(tx pgx.Tx) error {
		for pass := range passes {
			if err := pass(tx); err != nil {
				return err
			}
		}
		return nil
	})
	close(told)
	return y, errors.Join(err, <-ended)
}

// inTwo has f work in two transactions at once, the counter's own and one on another connection
// that sees the same. The second is waited for no longer than the first works: all connections
// may be counting.
func (c *counter) inTwo(ctx context.Context, f func(pgx.Tx) error) error {
	var seen string
	if err := c.tx.QueryRow(ctx, "select pg_export_snapshot()").Scan(&seen); err != nil {
		return fmt.Errorf("share what is seen: %w", err)
	}
	wait, stop := context.WithCancel(ctx)
	var g errgroup.Group
	g.Go(func() error {
		tx, err := c.db.BeginTx(wait, reading)
		if err != nil {
			return ctx.Err()
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		// SET TRANSACTION takes no parameter; Postgres made the text.
		if _, err := tx.Exec(ctx, "set transaction snapshot '"+seen+"'"); err != nil {
			return fmt.Errorf("see the same: %w", err)
		}
		if _, err := tx.Exec(ctx, roomy); err != nil {
			return fmt.Errorf("set up counting: %w", err)
		}
		return f(tx)
	})
	err := f(c.tx)
	stop()
	return errors.Join(err, g.Wait())
}

// named are the subjects of the rows of one want, one to a line.
type named struct {
	want     int
	subjects string
}

// add counts the rows of a query.
func (c *counter) add(ctx context.Context, tx pgx.Tx, y tally, at map[string]int, told chan<- named, query string, args pgx.NamedArgs) error {
	rows, err := tx.Query(ctx, query, args)
	if err != nil {
		return err
	}
	var counter, subjects string
	var r rowCount
	_, err = pgx.ForEachRow(rows, []any{&counter, &r.times, &r.late, &r.part, &r.base, &subjects}, func() error {
		y.rows[at[counter]] = r
		told <- named{at[counter], subjects}
		return nil
	})
	return err
}

// tellApart counts the subjects by their masks.
func (y tally) tellApart(told <-chan named) (err error) {
	masks := make(map[string]int64) // by subject
	for n := range told {
		w, times := y.wants[n.want], int64(0)
		for subject := range strings.SplitSeq(n.subjects, "\n") {
			masks[subject] |= w.mask
			times++
		}
		if r := y.rows[n.want]; times != r.times {
			err = fmt.Errorf("%s: %d rows name %d subjects", w.counter, r.times, times)
		}
	}
	for _, mask := range masks {
		y.subjects[mask]++
	}
	return err
}

// of adds up the rows that have every one of some bits.
func (y tally) of(bits int64) (sum rowCount) {
	for i, w := range y.wants {
		if w.mask&bits == bits {
			r := y.rows[i]
			sum.times, sum.late, sum.part, sum.base = sum.times+r.times, sum.late+r.late, sum.part+r.part, sum.base+r.base
		}
	}
	return sum
}

// who counts the subjects that have every one of some bits.
func (y tally) who(bits int64) (n int64) {
	for mask, count := range y.subjects {
		if mask&bits == bits {
			n += count
		}
	}
	return n
}

// late adds up the rows that were recorded late, each once: of one counter in two windows
// the wider one has the rows of both.
func (y tally) late() (sum int64) {
	each := make(map[string]int64)
	for i, w := range y.wants {
		each[w.counter] = max(each[w.counter], y.rows[i].late)
	}
	for _, n := range each {
		sum += n
	}
	return sum
}

// count counts targets, and the rows behind all of them that were recorded late.
func (c *counter) count(ctx context.Context, targets []policy.Target) (all []Indicator, late int64, err error) {
	if len(targets) > most {
		return nil, 0, ErrTarget.Of("%d targets, more than %d", len(targets), most)
	}
	y, err := c.tally(ctx, targets)
	if err != nil {
		return nil, 0, err
	}
	all, c.late = make([]Indicator, len(targets)), make(map[string]bool)
	for i, t := range targets {
		if all[i], err = c.one(ctx, t, y, 1<<i); err != nil {
			return nil, 0, fmt.Errorf("count %s: %w", t.Code, err)
		}
	}
	index := func(code string) int {
		return slices.IndexFunc(targets, func(o policy.Target) bool { return o.Code == code })
	}
	for i, t := range targets {
		x := &all[i]
		if t.Kind == policy.ActionsHeld {
			actions(t, all, x)
		}
		if o := index(t.Restates); o >= 0 { // one counter, shown in both
			x.Actual, x.Of, x.Persons, x.Times, x.Sources, x.Late = all[o].Actual, all[o].Of, all[o].Persons, all[o].Times, all[o].Sources, all[o].Late
		}
		if x.Verdict == "" {
			if err := judge(t, c.ask.AsOf, x); err != nil {
				return nil, 0, err
			}
		}
		for _, code := range t.Overlaps {
			o := index(code)
			if o < 0 {
				continue
			}
			both := int64(1)<<i | int64(1)<<o
			inside, whole := y.who(both), x.Persons
			if t.Kind == policy.PersonTimes {
				inside, whole = y.of(both).times, x.Times
			}
			x.Overlaps = append(x.Overlaps, Overlap{With: code, Inside: inside, Outside: whole - inside})
		}
	}
	return all, y.late() + int64(len(c.late)), nil
}

// years counts a target year by year, where that says something.
func (c *counter) years(ctx context.Context, t policy.Target) (all []YearCount, err error) {
	switch t.Kind {
	case policy.Persons, policy.PersonTimes, policy.PersonsYearly, policy.Occurrences:
	default:
		return nil, nil
	}
	days, _ := c.window(t)
	if t.From.Year() > 0 && c.ask.Year == 0 {
		days.first = t.From
	}
	for year := max(days.first.Year(), 1); year <= days.last.Year() && !days.first.IsZero(); year++ {
		one := *c
		one.ask.Year = year
		y, err := one.tally(ctx, []policy.Target{t})
		if err != nil {
			return nil, err
		}
		r := y.of(1)
		all = append(all, YearCount{Year: year, Persons: y.who(1), Times: r.times, Late: r.late})
	}
	return all, nil
}

// one counts a target that has a bit, but for what others say of it.
func (c *counter) one(ctx context.Context, t policy.Target, y tally, bit int64) (Indicator, error) {
	days, year := c.window(t)
	x := Indicator{
		Code: t.Code, Action: t.Action, NameZH: t.NameZH, NameEN: t.NameEN, Quote: t.Quote, TextEN: t.TextEN, Clause: t.Clause, Departments: t.Departments,
		DefinitionZH: t.DefinitionZH, DefinitionEN: t.DefinitionEN, Kind: t.Kind, Strength: t.Strength, Unit: t.Unit, Region: c.ask.Region, Year: year,
		From: days.first, Day: days.last, Restates: t.Restates,
	}
	if value, by, ok := t.Of(c.ask.Region, year); ok {
		x.Target, x.TargetSource = value, "plan"
		if by.Author != "" {
			x.TargetSource = fmt.Sprintf("%s: %s %s", by.Source, by.Author, by.Date)
		}
	}
	counters, missing := c.counters(t)
	if len(counters) == 0 && len(missing) > 0 {
		flows := strings.Join(missing, ", ")
		x.Verdict, x.Reason, x.ReasonEN = Unset, "现行政策中没有对应资金流向"+flows+"的补贴项目，未计数", "no scheme of the policy pays flow "+flows+": not counted"
		return x, nil
	}
	rows := y.of(bit)
	x.Persons, x.Times, x.Sources, x.Late = y.who(bit), rows.times, rows.times, rows.late
	switch t.Kind {
	case policy.ActionsHeld:
	case policy.Coverage:
		err := c.coverage(ctx, t, &x)
		return x, err
	case policy.Quotient:
		x.Persons, x.Times, x.Of = 0, rows.part, rows.base
		x.Actual = percent(big.NewRat(rows.part, 1), big.NewRat(rows.base, 1))
	case policy.Checklist:
		of := func(bits ...int) (all int64) {
			for _, b := range bits {
				all |= 1 << b
			}
			return y.who(bit | all)
		}
		served := of(bitNeed, bitAssess, bitRegister, bitServe)
		done := of(bitJobless, bitCheck) - of(bitNeed, bitCheck) + of(bitNeed, bitCheck, bitAssess, bitRegister, bitServe)
		x.Steps = &Steps{Jobless: of(bitJobless), Checked: of(bitJobless, bitCheck), Need: of(bitNeed), Served: served, Done: done}
		x.Persons, x.Times, x.Of = done, done, x.Steps.Jobless
		x.Actual = percent(big.NewRat(done, 1), big.NewRat(x.Of, 1))
	case policy.PersonTimes, policy.Occurrences:
		x.Actual = fmt.Sprint(x.Times)
	default:
		x.Actual = fmt.Sprint(x.Persons)
	}
	if t.Kind == policy.Stock && t.Level != "" {
		err := c.cover(ctx, t, &x)
		return x, err
	}
	return x, nil
}

// cover counts the regions down to a level that have at least one.
func (c *counter) cover(ctx context.Context, t policy.Target, x *Indicator) error {
	rows, err := c.tx.Query(ctx, selectCovered, c.argsOf(t))
	if err != nil {
		return err
	}
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	covered := make(map[ledger.RegionCode]bool)
	for _, code := range codes {
		if r, err := ledger.StandsIn(ledger.RegionCode(code), x.Day); err == nil {
			covered[r.Code] = true
		}
	}
	for _, r := range ledger.RegionsIn(x.Day) {
		if r.Level != ledger.LevelPrefecture && r.Level != ledger.LevelCounty || r.To != 0 || c.ask.Region != "" && !ledger.Under(c.ask.Region, r.Code, x.Day) {
			continue
		}
		x.Regions++
		if covered[r.Code] {
			x.Covered++
		}
	}
	return nil
}

// coverage counts the bodies that are asked, and those that reach the value, each on its
// own and exactly.
func (c *counter) coverage(ctx context.Context, t policy.Target, x *Indicator) error {
	bodies, rows, err := c.bodies(ctx, t, x.Day)
	if err != nil {
		return err
	}
	for _, b := range bodies {
		x.Of++
		if b.Met {
			x.Times++
		}
	}
	x.Sources = int64(len(rows))
	for _, r := range rows {
		if r.Late {
			x.Late++
			c.late[r.Fact] = true
		}
	}
	x.Actual = fmt.Sprint(x.Times)
	return nil
}

// A Body is one that a coverage target asks, as it stood when it was counted last. What
// it has no count of is null: a service body meets a standard or does not.
type Body struct {
	Counter  string `json:"counter"` // headcount/organ and the like
	Subject  string `json:"body"`
	Name     string `json:"name"`
	Region   string `json:"region"`
	Day      string `json:"day"`
	Seq      uint64 `json:"seq"`
	Posts    *int   `json:"posts"` // authorised (编制), what a duty goes by
	Staff    *int   `json:"staff"` // in post (在职职工), what a ratio goes by
	Disabled *int   `json:"disabled"`
	Weighted *int   `json:"weighted"`
	Met      bool   `json:"met"`
}

// bodies lists the bodies that a target asks, and the rows that say how they stand.
func (c *counter) bodies(ctx context.Context, t policy.Target, day ledger.Date) (asked []Body, behind []FactRow, err error) {
	value, err := policy.Number(t.Value)
	if err != nil {
		return nil, nil, err
	}
	rows, err := c.tx.Query(ctx, selectBodies, c.argsOf(t))
	if err != nil {
		return nil, nil, err
	}
	var all []Body
	behind = []FactRow{}
	facts, standard := make(map[uint64]FactRow), make(map[string]uint64)
	var b Body
	var f FactRow
	_, err = pgx.ForEachRow(rows, []any{
		&b.Counter, &b.Subject, &b.Name, &b.Region, &b.Day, &b.Seq, &b.Posts, &b.Staff, &b.Disabled, &b.Weighted, &f.Fact, &f.RecordedOn, &f.Late,
	}, func() error {
		f.Seq, f.Counter, f.Subject, f.Region, f.Day = b.Seq, b.Counter, b.Subject, b.Region, b.Day
		if facts[b.Seq] = f; b.Counter == "base/service-standard" {
			standard[b.Subject] = b.Seq
		} else {
			all = append(all, b)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	share := func(part, of int) bool { // part / of ≥ value %, exactly
		return big.NewRat(int64(part)*100, 1).Cmp(new(big.Rat).Mul(value, big.NewRat(int64(of), 1))) >= 0
	}
	for _, b := range all {
		if !reaches(ledger.RegionCode(b.Region), t.Level, day) || b.Posts != nil && *b.Posts < t.MinPosts {
			continue
		}
		if t.Unit == "%" && b.Staff != nil && *b.Staff == 0 {
			continue // nobody to be a share of
		}
		behind = append(behind, facts[b.Seq])
		switch {
		case b.Staff == nil:
			seq, met := standard[b.Subject]
			if b.Met = met; met {
				behind = append(behind, facts[seq])
			}
		case t.Unit != "%":
			b.Met = big.NewRat(int64(*b.Disabled), 1).Cmp(value) >= 0
		case b.Counter == "headcount/federation": // officials are not weighted
			b.Met = share(*b.Disabled, *b.Staff)
		default:
			b.Met = share(*b.Weighted, *b.Staff)
		}
		asked = append(asked, b)
	}
	return asked, behind, nil
}

// A BodyList is the bodies that a coverage target asks.
type BodyList struct {
	Target string      `json:"target"`
	Day    ledger.Date `json:"day"`
	Bodies []Body      `json:"bodies"`
	Met    int         `json:"met"`
	Basis
}

// ErrBodies refuses to list the bodies of a target that asks none.
var ErrBodies = &ledger.Rejection{
	Code: "target-of-no-bodies", Rule: "bodies are listed of a target that asks bodies, each on its own", RuleZH: "仅逐单位考核的目标可列出单位清单",
	Next: "see indicator list for the kinds of targets", NextZH: "请用 indicator list 查看目标类别",
}

// coverageOf finds a target that asks bodies.
func (c *counter) coverageOf(code string) (policy.Target, error) {
	i := slices.IndexFunc(c.targets, func(t policy.Target) bool { return t.Code == code })
	if i < 0 {
		return policy.Target{}, ErrTarget.Of("%q under policy %s", code, c.basis.Policy)
	}
	if c.targets[i].Kind != policy.Coverage {
		return policy.Target{}, ErrBodies.Of("%s is of kind %s", code, c.targets[i].Kind)
	}
	return c.targets[i], nil
}

// Bodies lists the bodies that a coverage target asks, those that fall short first.
func Bodies(ctx context.Context, db DB, code string, ask Ask) (out BodyList, err error) {
	err = asked(ctx, db, ask, func(c *counter) error {
		t, err := c.coverageOf(code)
		if err != nil {
			return err
		}
		days, _ := c.window(t)
		out = BodyList{Target: code, Day: days.last, Bodies: []Body{}, Basis: c.basis}
		found, _, err := c.bodies(ctx, t, out.Day)
		for _, met := range []bool{false, true} {
			for _, b := range found {
				if b.Met == met {
					out.Bodies = append(out.Bodies, b)
				}
			}
		}
		for _, b := range out.Bodies {
			if b.Met {
				out.Met++
			}
		}
		return err
	})
	if err != nil {
		return BodyList{}, fmt.Errorf("bodies of %s: %w", code, err)
	}
	return out, nil
}

// employing are the kinds of bodies whose employment is public (吉政办发〔2022〕35号 三（一）).
// A member body may be an organ as well, and is listed once.
var employing = []policy.Fact{"headcount/organ", "headcount/institution", "headcount/school", "headcount/member"}

const selectEmploying = `
select subject, coalesce(name, ''), region, day::text, counter
from (
	select distinct on (subject) subject, name, region, prefecture, day, counter, part
	from read.fact f
	where f.counter = any(@counters)` + counts + `
	order by subject, day desc, counter = 'headcount/member', seq desc
) f
where part > 0 and ` + here + `
order by region, counter, subject`

// An Employer is a body that employs disabled people, as it was counted last: what the
// public may know of it.
type Employer struct {
	Name    string
	Region  string // its name
	Counter policy.Fact
}

// Employing lists every body that employs somebody, whatever its posts and its level: the
// duty to publish has no limit of 50 or 67 (三（一）应向社会公示). With a target only those of
// the kinds that it asks.
func Employing(ctx context.Context, db DB, code string, ask Ask) (all []Employer, basis Basis, err error) {
	err = asked(ctx, db, ask, func(c *counter) error {
		kinds := employing
		if code != "" {
			t, err := c.coverageOf(code)
			if err != nil {
				return err
			}
			counters, _ := c.counters(t)
			kinds = slices.DeleteFunc(slices.Clone(kinds), func(f policy.Fact) bool { return !slices.Contains(counters, f) })
		}
		basis = c.basis
		days, _ := c.window(policy.Target{Kind: policy.Coverage})
		rows, err := c.tx.Query(ctx, selectEmploying, c.args(days, kinds))
		if err != nil {
			return err
		}
		var subject, region, day string
		var e Employer
		_, err = pgx.ForEachRow(rows, []any{&subject, &e.Name, &region, &day, (*string)(&e.Counter)}, func() error {
			if e.Name == "" {
				return ErrEmploying.Of("body %s has no name", subject)
			}
			on, err := ledger.ParseDate(day)
			if err != nil {
				return err
			}
			r, err := ledger.StandsIn(ledger.RegionCode(region), days.last)
			if err != nil {
				r, err = ledger.FindRegion(ledger.RegionCode(region), on)
			}
			e.Region = r.NameZH
			all = append(all, e)
			return err
		})
		if err == nil && len(all) == 0 {
			err = ErrEmploying.Of("no body employs anybody: region %q, target %q", ask.Region, code)
		}
		return err
	})
	if err != nil {
		return nil, Basis{}, fmt.Errorf("employing bodies: %w", err)
	}
	return all, basis, nil
}

// reaches tells whether what is under a code lies on a day in a region of a level or above it.
func reaches(code ledger.RegionCode, level ledger.RegionLevel, on ledger.Date) bool {
	r, err := ledger.StandsIn(code, on)
	if err != nil || level == "" {
		return err == nil
	}
	rank := []ledger.RegionLevel{ledger.LevelProvince, ledger.LevelPrefecture, ledger.LevelCounty}
	return slices.Contains(rank[:slices.Index(rank, level)+1], r.Level)
}

// actions counts the actions of the plan with something on record. The plan as a whole,
// whose target this is, is none of them.
func actions(t policy.Target, all []Indicator, x *Indicator) {
	held, there := make(map[string]bool), make(map[string]bool)
	for _, o := range all {
		if o.Action == t.Action {
			continue
		}
		there[o.Action] = true
		if o.Sources > 0 {
			held[o.Action] = true
		}
	}
	x.Times, x.Of, x.Actual = int64(len(held)), int64(len(there)), fmt.Sprint(len(held))
}

// percent is part of whole in per cent with two decimals, half up; "" of nothing.
func percent(part, whole *big.Rat) string {
	if whole.Sign() <= 0 {
		return ""
	}
	p := new(big.Rat).Mul(part, big.NewRat(100, 1))
	return p.Quo(p, whole).FloatString(2) // rounds half away from zero
}

// NoSplit is the reason why a target of a region or a year is unset.
const NoSplit = "方案附件未公布分解数，也没有使用者填报的分解目标"

// judge says how a target stands on a day.
func judge(t policy.Target, asOf ledger.Date, x *Indicator) error {
	begin := t.From
	if first := ledger.DateOf(x.Year, 1, 1); x.Year != 0 && begin.Before(first) {
		begin = first
	}
	switch {
	case !t.In(x.Year):
		x.Verdict, x.Reason, x.ReasonEN = Unset, "该年度不在目标期限内", "the year is none of the target's period"
		return nil
	case asOf.Before(begin):
		x.Verdict, x.Reason, x.ReasonEN = Unset, "截止日早于起始日，尚未开始", "the day is before the first one that counts"
		return nil
	case x.Actual == "":
		x.Verdict, x.Reason, x.ReasonEN = Unset, "没有可计算的记录（分母为零），不适用", "nothing on record to divide by: not applicable"
		return nil
	case x.Target == "":
		x.Verdict, x.Reason, x.ReasonEN = Unset, NoSplit, "the plan publishes no split, and no user entered one"
		return nil
	case t.Kind == policy.Coverage && x.Of == 0:
		x.Verdict, x.Reason, x.ReasonEN = Unset, "没有填报任何单位，不适用", "no body is on record: not applicable"
		return nil
	}
	target, err := policy.Number(x.Target)
	if err != nil {
		return err
	}
	actual, ok := new(big.Rat).SetString(x.Actual)
	if !ok {
		return fmt.Errorf("%q is no number", x.Actual)
	}
	reached := actual.Cmp(target) >= 0
	switch t.Kind {
	case policy.Coverage:
		x.Rate, reached = percent(actual, big.NewRat(x.Of, 1)), x.Times == x.Of
	case policy.Quotient, policy.Checklist: // exactly, not as printed
		whole := new(big.Rat).Mul(target, big.NewRat(x.Of, 1))
		reached = big.NewRat(x.Times*100, 1).Cmp(whole) >= 0
		x.Rate = percent(big.NewRat(x.Times*100, 1), whole)
	default:
		x.Rate = percent(actual, target)
	}
	_, by, _ := t.Of(x.Region, x.Year)
	ofYear := x.Year != 0 && (t.EveryYear() || by.Year != 0) // any other is to be reached by the end of the period
	over := !t.To.IsZero() && asOf.After(t.To) || ofYear && asOf.Year() > x.Year
	switch {
	case t.Strength == policy.About:
		x.Verdict = NotJudged
	case reached:
		x.Verdict = Reached
	case t.Strength == policy.Steady:
		x.Verdict = Short
	case !over:
		x.Verdict = UnderWay
	case t.Strength == policy.Strive:
		x.Verdict = Shortfall
	default:
		x.Verdict = Short
	}
	return nil
}

const selectLabel = `
select label
from read.policy
where version = @version`

// PolicyLabel returns what a version of the policy says of itself, "" of none.
func PolicyLabel(ctx context.Context, db DB, version string) (label string, err error) {
	err = db.QueryRow(ctx, selectLabel, pgx.NamedArgs{"version": version}).Scan(&label)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return label, err
}

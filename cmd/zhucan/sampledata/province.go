package sampledata

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"zhucan/ledger"
)

// A Scale is how much there is of everything.
type Scale string

// The scales.
const (
	Small     Scale = "small"      // a few thousand events, of 2023
	Year      Scale = "year"       // about a million events, of 2023
	FiveYears Scale = "five-years" // five of these, of the filing years 2020 to 2024; many persons are the same
)

// Scales lists every scale.
var Scales = []Scale{Small, Year, FiveYears}

// A size is how many there are in a county and year.
type size struct {
	employers, rewarded                 int
	monthly, founders, students         int // paid
	applicants, growers                 int // apply
	trainees, graduates, posts, jobless int
	doubles                             int // of so many payments one is made twice
	faults                              int // every so manieth county has a fault of one sort
	statement                           int // of so many receipts there is one fault of each sort
}

var small = size{
	employers: 6, rewarded: 1, monthly: 1, founders: 1, students: 1, applicants: 2, growers: 2, trainees: 5, graduates: 1, posts: 2, jobless: 3,
	doubles: 20, faults: 12, statement: 25,
}

var large = size{
	employers: 500, rewarded: 50, monthly: 400, founders: 60, students: 200, applicants: 300, growers: 400, trainees: 1000, graduates: 50, posts: 200, jobless: 450,
	doubles: 100, faults: 6, statement: 500,
}

// Federation is the actor who imports reviews: a clerk and reviewer.
const Federation = "sample-federation"

// A province is being written.
type province struct {
	seed     uint64
	size     size
	years    []int
	counties []county
	create   func(path string) (io.WriteCloser, error)
	tell     func(rows int)
	truth    Truth

	year    int              // at hand
	tallies [][schemes]tally // of the year at hand, by county
	met     []uint64         // a bit for each person and each employer
	targets []Indicator      // as far as they are counted

	sums struct{ voted, paid, due, received, receipts, sites, allotted, jobless int }
}

// Write writes the sample of a seed and a scale through create, which is given slash-separated
// paths, and tells how many rows were written since it told last. It returns what is in truth.json.
func Write(seed uint64, scale Scale, create func(path string) (io.WriteCloser, error), tell func(rows int)) (Truth, error) {
	switch scale {
	case Small:
		return writeProvince(seed, scale, small, []int{2023}, create, tell)
	case Year:
		return writeProvince(seed, scale, large, []int{2023}, create, tell)
	case FiveYears:
		return writeProvince(seed, scale, large, fiveYears, create, tell)
	}
	return Truth{}, fmt.Errorf("no scale %q", scale)
}

var fiveYears = []int{2020, 2021, 2022, 2023, 2024}

func writeProvince(seed uint64, scale Scale, size size, years []int, create func(path string) (io.WriteCloser, error), tell func(rows int)) (Truth, error) {
	p := &province{seed: seed, size: size, years: years, counties: counties(), create: create, tell: tell}
	p.met = make([]uint64, (len(p.counties)*(persons+maxEmployers)+63)/64)
	p.truth = Truth{Label: Label, Seed: seed, Scale: scale, Policy: policyVersion, Years: p.years}

	if _, err := p.write("README.md", README(seed, scale)); err != nil {
		return Truth{}, err
	}
	if _, err := p.write("payments.yaml", "# "+Label+"\n"+mapping); err != nil {
		return Truth{}, err
	}
	if err := p.policy(); err != nil {
		return Truth{}, err
	}
	for _, p.year = range p.years {
		p.tallies = make([][schemes]tally, len(p.counties))
		for _, file := range []func() error{p.budgets, p.levies, p.achievements, p.payments, p.applications} {
			if err := file(); err != nil {
				return Truth{}, err
			}
		}
		p.lines()
	}
	p.year = p.years[len(p.years)-1]
	p.truth.AsOf = p.on(12, 31)
	p.conclude()
	if _, err := p.write("import.sh", p.script()); err != nil {
		return Truth{}, err
	}
	text, err := p.truth.text()
	if err != nil {
		return Truth{}, err
	}
	_, err = p.write("truth.json", text)
	return p.truth, err
}

func (t Truth) text() (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(t)
	return b.String(), err
}

// path is that of a file of the year at hand.
func (p *province) path(kind string) string { return fmt.Sprintf("%d/%s.csv", p.year, kind) }

// on is a day of the year at hand.
func (p *province) on(month, day int) string { return fmt.Sprintf("%d-%02d-%02d", p.year, month, day) }

// past is how many years there were before the one at hand.
func (p *province) past() int { return p.year - p.years[0] }

// last tells whether it is the last one.
func (p *province) last() bool { return p.year == p.years[len(p.years)-1] }

// fault is which sort of wrong row a county has in each file.
func (p *province) fault(c county) int { return c.n % p.size.faults }

// meet registers a person, unless an earlier row did.
func (p *province) meet(who person) bool {
	first := p.first(who.county.n*persons + who.n)
	if first {
		p.truth.Persons++
	}
	return first
}

func (p *province) meetEmployer(e employer) {
	if p.first(len(p.counties)*persons + e.county.n*maxEmployers + e.n) {
		p.truth.Employers++
	}
}

// first tells whether a party is met for the first time, which is an event.
func (p *province) first(n int) bool {
	if p.met[n/64]&(1<<(n%64)) != 0 {
		return false
	}
	p.met[n/64] |= 1 << (n % 64)
	p.truth.Events++
	return true
}

// The targets of the plan count what happened from 2022 to 2024.
func (p *province) counted() bool { return p.year >= 2022 && p.year <= 2024 }

func (p *province) target(code string) *Indicator {
	at := slices.IndexFunc(p.targets, func(x Indicator) bool { return x.Code == code })
	if at < 0 {
		at = len(p.targets)
		p.targets = append(p.targets, Indicator{Code: code})
	}
	return &p.targets[at]
}

// count counts persons who are the same every year, and person-times.
func (p *province) count(code string, persons, times int) {
	if !p.counted() {
		return
	}
	x := p.target(code)
	if p.year == max(p.years[0], 2022) {
		x.Persons += persons
	}
	x.Times += times
}

// countNew counts a person who is another one every year, once.
func (p *province) countNew(code string, times int) {
	if p.counted() {
		x := p.target(code)
		x.Persons, x.Times = x.Persons+1, x.Times+times
	}
}

// countLast counts what is asked of the last year only.
func (p *province) countLast(code string, persons, times int) {
	if p.last() {
		x := p.target(code)
		x.Persons, x.Times = x.Persons+persons, x.Times+times
	}
}

// stands counts a body that stays.
func (p *province) stands(code string) {
	x := p.target(code)
	x.Persons, x.Times = x.Persons+1, x.Times+1
}

// lines adds what the counties have of each scheme in the year at hand.
func (p *province) lines() {
	for _, c := range p.counties {
		for s, t := range p.tallies[c.n] {
			p.truth.Regions = append(p.truth.Regions, RegionLine{
				Year: p.year, Region: c.in(p.year), Scheme: schemeCodes[s], Voted: yuan(t.voted), Payments: t.payments, Paid: yuan(t.paid), Claims: t.claims,
			})
		}
	}
}

// conclude sums up.
func (p *province) conclude() {
	t := &p.truth
	voted, paid, due, received := p.sums.voted, p.sums.paid, p.sums.due, p.sums.received
	debits := 0 // accounts in the order of the chart
	side := func(code string, debit, credit int) {
		debits += debit
		t.Accounts = append(t.Accounts, Account{Code: code, Debit: yuan(debit), Credit: yuan(credit)})
	}
	side("1011", voted, 0)
	side("1001", received, 0)
	side("1021.1030218", due-received, 0)
	side("4001", 0, voted+paid)
	side("4002.1030218", 0, due)
	side("5001", paid, 0)
	side("6001", 0, voted+paid)
	side("7201", paid, 0)
	side("8001", voted, 0)
	side("9001", voted, 0)
	side("9101", 0, voted)
	t.Total = yuan(debits)

	sites := p.target("T08")
	sites.Actual, sites.Times = percent(p.sums.allotted, p.sums.sites), p.sums.allotted
	served := p.target("T21")
	served.Actual = percent(served.Persons, p.sums.jobless)
	for _, x := range p.targets {
		switch x.Code {
		case "T01", "T04", "T05", "T06", "T07", "T16", "T17", "T23", "T25": // person-times, occurrences and bodies
			x.Actual = fmt.Sprint(x.Times)
		case "T08", "T21":
		default:
			x.Actual = fmt.Sprint(x.Persons)
		}
		t.Indicators = append(t.Indicators, x)
	}
	slices.SortFunc(t.Indicators, func(a, b Indicator) int { return strings.Compare(a.Code, b.Code) })
}

// prefectures are those that have counties in a year of the sample.
func (p *province) prefectures() []ledger.RegionCode {
	var all []ledger.RegionCode
	for _, c := range p.counties {
		if at := p.prefecture(c, 2024); !slices.Contains(all, at) {
			all = append(all, at)
		}
	}
	return all
}

package policy

import (
	"math/big"
	"slices"
	"strings"

	"zhucan/ledger"
)

// A Target is a number that the plan promises, as the plan words it, and what is
// counted towards it.
//
// Persons and person-times are never added or converted: a target is judged by its own
// unit, and the other one is shown beside it.
type Target struct {
	Action       string             `json:"action"` // section of the plan, 三（三）
	Clause       string             `json:"clause"` // document and section
	Code         string             `json:"code"`   // T01–T25 of the plan's map
	DefinitionEN string             `json:"definition_en"`
	DefinitionZH string             `json:"definition_zh"`         // how it is counted, printed beside every figure
	Departments  []string           `json:"departments,omitempty"` // as printed; none where the plan names none
	Facts        []Fact             `json:"facts,omitempty"`       // what feeds it
	From         ledger.Date        `json:"from,omitzero"`         // first day that counts; none: no beginning
	Kind         TargetKind         `json:"kind"`
	Level        ledger.RegionLevel `json:"level,omitempty"`    // lowest level of bodies or regions that are asked
	MinPosts     int                `json:"min_posts,omitzero"` // of bodies that are asked: least authorised posts (编制), included
	NameEN       string             `json:"name_en"`
	NameZH       string             `json:"name_zh"`
	Overlaps     []string           `json:"overlaps,omitempty"` // targets that may count the same: shown inside and outside, never summed
	Quote        string             `json:"quote"`              // verbatim
	Restates     string             `json:"restates,omitempty"` // the target that this one says again: one counter, shown in both
	Splits       []Split            `json:"splits,omitempty"`
	Strength     Strength           `json:"strength"`
	TextEN       string             `json:"text_en"`
	To           ledger.Date        `json:"to,omitzero"` // last day, included; none: the plan gives none
	Unit         string             `json:"unit"`        // 人, 人次, 个, 家, %
	Value        string             `json:"value"`       // a decimal, read exactly
}

// A Split is the part of a target that a region or a year is to bring. The plan's annex
// with the yearly progress is not in its published text, so that every split is somebody's
// own input: nothing derives one, and Source says so.
type Split struct {
	Author string            `json:"author"`
	Date   ledger.Date       `json:"date"` // when it was entered
	Region ledger.RegionCode `json:"region,omitempty"`
	Source string            `json:"source"` // begins with [UserInput]
	Value  string            `json:"value"`
	Year   int               `json:"year,omitzero"`
}

// UserInput begins the source of every split.
const UserInput = "user input"

// A TargetKind says what is counted.
type TargetKind string

// The kinds of targets.
const (
	Persons       TargetKind = "persons"           // distinct people in the period (人)
	PersonTimes   TargetKind = "person-times"      // every time (人次)
	PersonsYearly TargetKind = "persons-yearly"    // distinct people in a calendar year (每年)
	Stock         TargetKind = "stock"             // what stands on a day (个, 家, 人)
	Occurrences   TargetKind = "occurrences"       // how often something was held
	Quotient      TargetKind = "ratio"             // one sum over another
	Coverage      TargetKind = "coverage"          // how many of the bodies asked reach the value, each on its own
	Checklist     TargetKind = "checklist"         // persons for whom every step was taken
	ActionsHeld   TargetKind = "actions-under-way" // actions of the plan with something on record
)

// TargetKinds lists every kind.
var TargetKinds = []TargetKind{Persons, PersonTimes, PersonsYearly, Stock, Occurrences, Quotient, Coverage, Checklist, ActionsHeld}

// Strength is how strongly the plan words a target.
type Strength string

// The strengths. About gives no tolerance: it is shown and never judged. Strive is an
// aspiration: falling short is reported and breaks nothing. Steady must hold on every day,
// the others by the end of the period.
const (
	AtLeast Strength = "at-least" // 以上、（含）、不低于、至少: the number itself included
	About   Strength = "about"    // 左右
	Strive  Strength = "strive"   // 力争
	Steady  Strength = "steady"   // 稳定在…以上
	Exact   Strength = "exact"    // a number alone; more is allowed
)

// Strengths lists every strength.
var Strengths = []Strength{AtLeast, About, Strive, Steady, Exact}

// A Fact names what is counted: kind, or kind/type, and perhaps :quality, such as
// training, training/skills, training:rural or placement/placed:enterprise. Money paid
// under the schemes of a flow of the plan is paid/F05, under one of them paid/F16:rural-production.
type Fact string

// factKinds are the facts there are, by kind. The first six are of a person.
var factKinds = []struct {
	kind      string
	types     []string
	qualities []string
}{
	{"training", trainings, []string{"rural"}},   // completed
	{"attendance", trainings, []string{"rural"}}, // attended and not completed
	{"placement", []string{"employed", "placed"}, []string{string(ledger.Organ), string(ledger.SocialOrg), string(ledger.Enterprise), string(ledger.Institution), string(ledger.Nonprofit), string(ledger.Individual)}},
	{"support", []string{"planting", "graduate"}, nil},
	{"talent", []string{"influencer"}, nil},
	{"post", []string{"public-welfare"}, []string{"urban", "rural"}},
	{"jobless", []string{"need", "no-need"}, nil},
	{"service", []string{"check", "assessment", "registration", "service"}, nil},
	{"base", []string{"incubator", "network-incubator", "assisted", "rural", "massage", "service-body", "service-standard"}, nil},
	{"headcount", []string{"organ", "institution", "school", "member", "federation"}, nil},
	{"contest", []string{"skills", "network", "livestream"}, nil},
	{"sites", []string{"kiosk"}, nil},
	{"paid", flows(), nil},
}

var trainings = []string{"skills", "upgrading", "startup", "special"} // 就业技能、岗位技能提升、创业创新、专项

func flows() []string {
	all := make([]string, 30)
	for i := range all {
		all[i] = "F" + string([]byte{byte('0' + (i+1)/10), byte('0' + (i+1)%10)})
	}
	return all
}

// Parts takes a fact apart; what it leaves open is empty.
func (f Fact) Parts() (kind, typ, quality string) {
	rest, quality, _ := strings.Cut(string(f), ":")
	kind, typ, _ = strings.Cut(rest, "/")
	return kind, typ, quality
}

// Known tells whether facts of that name are recorded by somebody.
func (f Fact) Known() bool {
	kind, typ, quality := f.Parts()
	for _, k := range factKinds {
		if k.kind == kind {
			scheme := kind == "paid" && typ != "" && ledger.CheckID(quality) == nil
			return f == FactOf(kind, typ, quality) && (typ == "" || slices.Contains(k.types, typ)) && (quality == "" || scheme || slices.Contains(k.qualities, quality))
		}
	}
	return false
}

// FactOf puts a fact together.
func FactOf(kind, typ, quality string) Fact {
	f := kind
	if typ != "" {
		f += "/" + typ
	}
	if quality != "" {
		f += ":" + quality
	}
	return Fact(f)
}

// Each lists the facts that f stands for: with every type and quality that it leaves open.
// Of money paid it is f itself, of each flow.
func (f Fact) Each() []Fact {
	kind, typ, quality := f.Parts()
	if kind == "paid" && quality != "" {
		return []Fact{f}
	}
	var all []Fact
	for _, k := range factKinds {
		if k.kind != kind {
			continue
		}
		for _, t := range k.types {
			if typ != "" && typ != t {
				continue
			}
			if quality == "" {
				all = append(all, FactOf(kind, t, ""))
			}
			for _, q := range k.qualities {
				if quality == "" || quality == q {
					all = append(all, FactOf(kind, t, q))
				}
			}
		}
	}
	return all
}

// FactTypes returns the types of a kind of facts, none where there is no such kind.
func FactTypes(kind string) []string {
	for _, k := range factKinds {
		if k.kind == kind {
			return slices.Clone(k.types)
		}
	}
	return nil
}

// FindTarget returns the target with a code.
func (p Pack) FindTarget(code string) (Target, bool) {
	for _, t := range p.Targets {
		if t.Code == code {
			return t, true
		}
	}
	return Target{}, false
}

// Of returns what a region is to bring in a year, 0 for the whole period, and whose input
// that is. Without a split of exactly that region and year only the plan's own number
// counts: for the province (region "" or its code) over the whole period, or, where the
// number is of every year or of each body, for every year as well. No year outside the
// period has a number.
func (t Target) Of(region ledger.RegionCode, year int) (value string, by Split, ok bool) {
	if !t.In(year) {
		return "", Split{}, false
	}
	province := region == "" || region == Province
	of := func(year int) bool {
		i := slices.IndexFunc(t.Splits, func(s Split) bool {
			return s.Year == year && (s.Region == region || province && (s.Region == "" || s.Region == Province))
		})
		if i >= 0 {
			value, by, ok = t.Splits[i].Value, t.Splits[i], true
		}
		return i >= 0
	}
	if of(year) || t.EveryYear() && of(0) {
		return value, by, ok
	}
	switch t.Kind {
	case Quotient, Coverage, Checklist: // of each region as of all
		return t.Value, Split{}, true
	}
	return t.Value, Split{}, province && (year == 0 || t.EveryYear())
}

// EveryYear tells whether the number must hold in every year of the period: 每年 (T19, T24)
// and 稳定在 (T11, T15, T20). Any other is to be reached by the end of it.
func (t Target) EveryYear() bool {
	return t.Kind == PersonsYearly || t.Kind == Stock && (t.Strength == Steady || t.Strength == About)
}

// In tells whether a year, 0 for the whole period, is one of the period.
func (t Target) In(year int) bool {
	return year == 0 || (t.From.IsZero() || year >= t.From.Year()) && (t.To.IsZero() || year <= t.To.Year())
}

// Province is the region that a target without a split is of.
const Province ledger.RegionCode = "220000"

// CheckTargets refuses targets that cannot be meant, and returns the index of the row.
func CheckTargets(rows []Target) (int, error) {
	for i, t := range rows {
		if err := t.check(rows); err != nil {
			return i, err
		}
		if slices.ContainsFunc(rows[:i], func(o Target) bool { return o.Code == t.Code }) {
			return i, ErrPack.Of("target %s twice", t.Code)
		}
	}
	return 0, nil
}

func (t Target) check(all []Target) error {
	if err := ledger.CheckID(t.Code); err != nil {
		return ErrPack.Of("target: %v", err)
	}
	known := func(code string) bool {
		return code != t.Code && slices.ContainsFunc(all, func(o Target) bool { return o.Code == code })
	}
	if t.Action == "" || t.Clause == "" || t.DefinitionEN == "" || t.DefinitionZH == "" || t.NameEN == "" || t.NameZH == "" || t.Quote == "" || t.TextEN == "" || t.Unit == "" {
		return ErrPack.Of("target %s without action, clause, definition, name, quote or unit", t.Code)
	}
	switch {
	case !slices.Contains(TargetKinds, t.Kind):
		return ErrPack.Of("target %s of kind %q", t.Code, t.Kind)
	case !slices.Contains(Strengths, t.Strength):
		return ErrPack.Of("target %s of strength %q", t.Code, t.Strength)
	case !amount(t.Value):
		return ErrPack.Of("target %s of %q", t.Code, t.Value)
	case !t.From.IsZero() && !t.To.IsZero() && t.To.Before(t.From):
		return ErrPack.Of("target %s from %s to %s", t.Code, t.From, t.To)
	case t.MinPosts < 0:
		return ErrPack.Of("target %s of at least %d posts", t.Code, t.MinPosts)
	case t.Level != "" && !slices.Contains([]ledger.RegionLevel{ledger.LevelProvince, ledger.LevelPrefecture, ledger.LevelCounty}, t.Level):
		return ErrPack.Of("target %s of level %q", t.Code, t.Level)
	case t.Restates != "" && !known(t.Restates):
		return ErrPack.Of("target %s restates %s, which there is not", t.Code, t.Restates)
	case len(t.Facts) == 0 && t.Kind != ActionsHeld:
		return ErrPack.Of("nothing feeds target %s", t.Code)
	}
	for _, o := range t.Overlaps {
		if !known(o) {
			return ErrPack.Of("target %s overlaps %s, which there is not", t.Code, o)
		}
	}
	for _, f := range t.Facts {
		if !f.Known() {
			return ErrPack.Of("target %s is fed by %q, which nobody records", t.Code, f)
		}
	}
	for i, s := range t.Splits {
		if err := s.check(t); err != nil {
			return err
		}
		if slices.ContainsFunc(t.Splits[:i], func(o Split) bool { return o.Region == s.Region && o.Year == s.Year }) {
			return ErrPack.Of("target %s is split twice for region %q and year %d", t.Code, s.Region, s.Year)
		}
	}
	return nil
}

func (s Split) check(t Target) error {
	if s.Author == "" || s.Date.IsZero() || !strings.HasPrefix(s.Source, UserInput) {
		return ErrPack.Of("a split of target %s without author or date, or whose source does not begin with %q: the plan publishes none", t.Code, UserInput)
	}
	if s.Region == "" && s.Year == 0 || !amount(s.Value) {
		return ErrPack.Of("a split of target %s for no region and no year, or of %q", t.Code, s.Value)
	}
	if s.Year != 0 && (s.Year < 1900 || s.Year > 9999 || !t.From.IsZero() && s.Year < t.From.Year() || !t.To.IsZero() && s.Year > t.To.Year()) {
		return ErrPack.Of("a split of target %s for %d, outside its period", t.Code, s.Year)
	}
	if s.Region != "" {
		if _, err := ledger.FindRegion(s.Region, s.Date); err != nil {
			return ErrPack.Of("a split of target %s: %v", t.Code, err)
		}
	}
	return nil
}

// amount tells whether s is a number of things or a percentage: 2000, 1.6.
func amount(s string) bool {
	r := fraction(s)
	return r != nil && !strings.Contains(s, "/") && r.Sign() > 0
}

// Number reads the value of a target or a split, exactly.
func Number(value string) (*big.Rat, error) {
	if !amount(value) {
		return nil, ErrPack.Of("%q is no number of a target", value)
	}
	return fraction(value), nil
}

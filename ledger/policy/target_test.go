package policy_test

import (
	"errors"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
)

// target returns a target that can be meant, changed.
func target(change func(*policy.Target)) policy.Target {
	t := policy.Target{
		Action: "三（三）", Clause: "synthetic", Code: "T10", DefinitionEN: "paid", DefinitionZH: "已支付", Facts: []policy.Fact{"paid/F05"},
		From: ledger.DateOf(2022, 1, 1), Kind: policy.Persons, NameEN: "Entrepreneurs", NameZH: "自主创业", Quote: "扶持2000名以上",
		Strength: policy.AtLeast, TextEN: "support 2000", To: ledger.DateOf(2024, 12, 31), Unit: "人", Value: "2000",
	}
	if change != nil {
		change(&t)
	}
	return t
}

func split(region ledger.RegionCode, year int, value string) policy.Split {
	return policy.Split{Author: "planner", Date: ledger.DateOf(2023, 1, 10), Region: region, Source: "user input", Value: value, Year: year}
}

func TestATargetThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*policy.Target){
		"no quote":                     func(t *policy.Target) { t.Quote = "" },
		"no definition":                func(t *policy.Target) { t.DefinitionZH = "" },
		"a kind that is none":          func(t *policy.Target) { t.Kind = "people" },
		"a strength that is none":      func(t *policy.Target) { t.Strength = ">=" },
		"no number":                    func(t *policy.Target) { t.Value = "" },
		"a number of nothing":          func(t *policy.Target) { t.Value = "0" },
		"a fraction":                   func(t *policy.Target) { t.Value = "1/3" },
		"an end before the beginning":  func(t *policy.Target) { t.To = ledger.DateOf(2021, 12, 31) },
		"a fact that nobody records":   func(t *policy.Target) { t.Facts = []policy.Fact{"approved/F05"} },
		"a type of another kind":       func(t *policy.Target) { t.Facts = []policy.Fact{"training/kiosk"} },
		"a quality of another kind":    func(t *policy.Target) { t.Facts = []policy.Fact{"training:enterprise"} },
		"a fact written in two ways":   func(t *policy.Target) { t.Facts = []policy.Fact{"training/"} },
		"a scheme of no flow":          func(t *policy.Target) { t.Facts = []policy.Fact{"paid:startup"} },
		"a scheme that is no name":     func(t *policy.Target) { t.Facts = []policy.Fact{"paid/F05:a b"} },
		"a flow that the plan has not": func(t *policy.Target) { t.Facts = []policy.Fact{"paid/F31"} },
		"nothing that feeds it":        func(t *policy.Target) { t.Facts = nil },
		"an overlap with nothing":      func(t *policy.Target) { t.Overlaps = []string{"T99"} },
		"an overlap with itself":       func(t *policy.Target) { t.Overlaps = []string{"T10"} },
		"a restatement of nothing":     func(t *policy.Target) { t.Restates = "T99" },
		"a level that is none":         func(t *policy.Target) { t.Level = "township" },
		"a split that is called official": func(t *policy.Target) {
			s := split("220100", 0, "5")
			s.Source = "附件"
			t.Splits = []policy.Split{s}
		},
		"a split by nobody":                func(t *policy.Target) { s := split("220100", 0, "5"); s.Author = ""; t.Splits = []policy.Split{s} },
		"a split of nothing in particular": func(t *policy.Target) { t.Splits = []policy.Split{split("", 0, "5")} },
		"a split of no region":             func(t *policy.Target) { t.Splits = []policy.Split{split("220381", 0, "5")} },
		"a split of a year outside":        func(t *policy.Target) { t.Splits = []policy.Split{split("", 2025, "5")} },
		"two splits of one region and year": func(t *policy.Target) {
			t.Splits = []policy.Split{split("220100", 2023, "5"), split("220100", 2023, "6")}
		},
		"a split that is no number":           func(t *policy.Target) { t.Splits = []policy.Split{split("220100", 0, "many")} },
		"an identifier that cannot be quoted": func(t *policy.Target) { t.Code = "目标一" },
	} {
		if _, err := policy.CheckTargets([]policy.Target{target(change)}); !errors.Is(err, policy.ErrPack) {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := []policy.Target{target(nil), target(nil)}
	if i, err := policy.CheckTargets(twice); i != 1 || !errors.Is(err, policy.ErrPack) {
		t.Errorf("a code twice: %d, %v", i, err)
	}
	p := ledgertest.Pack()
	p.Targets = []policy.Target{target(func(t *policy.Target) { t.Value = "" })}
	if _, err := p.Check(); !errors.Is(err, policy.ErrPack) || !strings.Contains(err.Error(), "target 1") {
		t.Errorf("in a pack: %v", err)
	}
}

// Nothing is derived: a third of a target is not the target of a year, and the target of
// the province is not that of a city.
func TestWithoutASplitOnlyThePlansOwnNumberCounts(t *testing.T) {
	t.Parallel()
	whole := target(nil)
	stock := target(func(t *policy.Target) { t.Kind, t.Facts = policy.Stock, []policy.Fact{"base/incubator"} })
	steady := target(func(t *policy.Target) { t.Kind, t.Strength = policy.Stock, policy.Steady })
	about := target(func(t *policy.Target) { t.Kind, t.Strength = policy.Stock, policy.About })
	shared := target(func(t *policy.Target) {
		t.Kind, t.Splits = policy.PersonsYearly, []policy.Split{split("220100", 0, "60"), split("220100", 2023, "70")}
	})
	yearly := target(func(t *policy.Target) { t.Kind = policy.PersonsYearly })
	each := target(func(t *policy.Target) { t.Kind, t.Facts = policy.Coverage, []policy.Fact{"headcount/organ"} })
	entered := target(func(t *policy.Target) {
		t.Splits = []policy.Split{split("220100", 2023, "300"), split("", 2023, "700"), split("220100", 0, "900")}
	})
	for _, c := range []struct {
		name   string
		target policy.Target
		region ledger.RegionCode
		year   int
		want   string
	}{
		{"the province, whole period", whole, "", 0, "2000"},
		{"the province by its code", whole, "220000", 0, "2000"},
		{"the province in a year", whole, "", 2023, ""},
		{"a city", whole, "220100", 0, ""},
		{"a stock to be reached by the end (到2024年), whole period", stock, "", 0, "2000"},
		{"a stock to be reached by the end, in a year", stock, "", 2023, ""},
		{"a stock that stays (稳定在) holds on every day", steady, "", 2023, "2000"},
		{"a stock that stays at about holds on every day", about, "", 2023, "2000"},
		{"a stock of a city", steady, "220100", 2023, ""},
		{"a stock that stays, before the plan", steady, "", 2021, ""},
		{"a number of every year, after the plan", yearly, "", 2025, ""},
		{"a share of each body, after the plan", each, "", 2025, ""},
		{"a split of every year", shared, "220100", 2022, "60"},
		{"a split of one of the years", shared, "220100", 2023, "70"},
		{"a number of every year", yearly, "", 2023, "2000"},
		{"a share of each body holds everywhere", each, "220104", 2023, "2000"},
		{"a split of a city and year", entered, "220100", 2023, "300"},
		{"a split of a city", entered, "220100", 0, "900"},
		{"a split of a year", entered, "220000", 2023, "700"},
		{"a split of another year", entered, "220100", 2024, ""},
		{"a split of another city", entered, "220200", 2023, ""},
	} {
		value, by, ok := c.target.Of(c.region, c.year)
		if ok != (c.want != "") || ok && value != c.want || (by.Author != "") != (strings.Contains(c.name, "split") && ok) {
			t.Errorf("%s: %q of %q, %t", c.name, value, by.Author, ok)
		}
	}
}

func TestTargetsAreComparedAndKept(t *testing.T) {
	t.Parallel()
	p, q := ledgertest.Pack(), ledgertest.Pack()
	p.Targets = []policy.Target{target(nil)}
	q.Targets = []policy.Target{target(func(t *policy.Target) {
		t.Value, t.Departments, t.Splits = "2100", []string{}, []policy.Split{split("220100", 2023, "300")}
	})}
	if p.Equal(q) {
		t.Error("another value makes no difference")
	}
	var got []string
	for _, c := range p.Changes(q) {
		got = append(got, c.Kind+" "+c.Key+" "+c.Field)
	}
	if want := "target T10 value,split T10 220100 2023 "; strings.Join(got, ",") != want {
		t.Errorf("%q, want %q", got, want)
	}
	q.Targets[0].Value, q.Targets[0].Splits = "2000", []policy.Split{}
	if !p.Equal(q) || q.Targets[0].Splits == nil {
		t.Error("an empty list is another than none, or comparing changed a pack")
	}
}

package policy_test

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
)

// row reads name|region|from|to|published|value|unit; a value is verified, none unknown.
func row(t testing.TB, line string) policy.Parameter {
	t.Helper()
	cell := strings.Split(line, "|")
	date := func(s string) (d ledger.Date) {
		if s != "" {
			d = day(t, s)
		}
		return d
	}
	x := policy.Parameter{
		Certainty: policy.Verified, Name: cell[0], Region: ledger.RegionCode(cell[1]), From: date(cell[2]), To: date(cell[3]),
		Published: date(cell[4]), Value: cell[5], Unit: cell[6], Source: "synthetic",
	}
	if x.Value == "" {
		x.Certainty = policy.Unknown
	}
	return x
}

func packOf(t testing.TB, lines ...string) *policy.Pack {
	t.Helper()
	p := ledgertest.Pack()
	for _, l := range lines {
		p.Parameters = append(p.Parameters, row(t, l))
	}
	return &p
}

func TestAParameterThatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	const floor = "levy.ratio.national_floor|CN||||0.015|ratio"
	for line, good := range map[string]bool{
		"levy.ratio|220000||||0.016|ratio":                               true,
		"levy.ratio|220000||||0.015|ratio":                               true,
		"levy.ratio|220000||||0.017|ratio":                               true,
		"levy.ratio|220000||||0.16|ratio":                                false, // 16 %
		"levy.ratio|220000||||0.15|ratio":                                false, // 15 % for 1.5 %
		"levy.ratio|220000||||0.0016|ratio":                              false, // 0.16 %
		"levy.ratio|220000||||1.6|ratio":                                 false,
		"levy.ratio|220000||||1.6%|ratio":                                false,
		"levy.ratio|220000||||0.016|yuan":                                false,
		"levy.ratoi|220000||||0.016|ratio":                               false,
		"levy.ratio|220000|||||ratio":                                    true, // unset
		"levy.ratio|220199||||0.016|ratio":                               false,
		"levy.ratio|210000||||0.016|ratio":                               false,
		"levy.ratio|220381|2019-01-01|||0.016|ratio":                     true,
		"levy.ratio|220381|2021-01-01|||0.016|ratio":                     false,
		"levy.ratio|R-CBS||||0.016|ratio":                                true,
		"levy.ratio|220000|2023-01-01|2022-12-31||0.016|ratio":           false,
		"levy.ratio.national_floor|220000||||0.15|ratio":                 true, // another region's; only the nation's counts
		"levy.tier.threshold|CN||||0.01|ratio (inclusive)":               true,
		"levy.tier.threshold|CN||||1.01|ratio (inclusive)":               false,
		"levy.tier.rate_below_threshold|CN||||0.9|multiplier":            true,
		"levy.tier.rate_below_threshold|CN||||9|multiplier":              false,
		"levy.small_enterprise.max_staff|CN||||30|persons (inclusive)":   true,
		"levy.small_enterprise.max_staff|CN||||30.5|persons (inclusive)": false,
		"levy.small_enterprise.max_staff|CN||||030|persons (inclusive)":  false,
		"levy.small_enterprise.max_staff|CN||||-1|persons (inclusive)":   false,
		"levy.small_enterprise.unit_classes|CN||||enterprise|unit class": true,
		"levy.small_enterprise.unit_classes|CN||||company|unit class":    false,
		"levy.filing_window|220000||||08-01/10-31|MM-DD/MM-DD":           true,
		"levy.filing_window|220000||||/04-30|MM-DD/MM-DD":                true,
		"levy.filing_window|220000||||10-31/08-01|MM-DD/MM-DD":           false,
		"levy.filing_window|220000||||08-01/10-32|MM-DD/MM-DD":           false,
		"levy.filing_window|220000||||08-01|MM-DD/MM-DD":                 false,
		"levy.filing_window.holiday_roll_forward|220000||||true|bool":    true,
		"levy.filing_window.holiday_roll_forward|220000||||yes|bool":     false,
		"levy.late_fee.daily_rate|CN||||0.005|per day":                   true,
		"levy.late_fee.daily_rate|CN||||5|per day":                       false,
		"levy.late_fee.first_day|CN||||tomorrow|rule":                    false,
		"levy.rounding.profile.N|220000||||int_half_up|profile":          true,
		"levy.rounding.profile.N|220000||||int_half_even|profile":        false,
		"levy.rounding.profile.X|220000||||exact|profile":                false,
		"levy.rounding.other.gap|220000||||2dp_half_up|profile":          true,
		"social_average_wage.weighted|220100||||97134|yuan/year":         true,
		"social_average_wage.weighted|220100||||97134.005|yuan/year":     false,
		"social_average_wage.weighed|220100||||97134|yuan/year":          false,
		"grant.startup.amount|220000||||5000|yuan":                       true, // of a scheme: its unit says how it is read
		"grant.startup.amount|220000||||5k|yuan":                         false,
		"subsidy.share|CN||||2/3|share of actual contributions":          true,
		"subsidy.share|CN||||3/2|share of actual contributions":          false,
		"subsidy.share|CN||||2/0|share of actual contributions":          false,
		"subsidy.share|CN||||1e-1|share of actual contributions":         false,
		"grant.apply_by|220200||||09-15|MM-DD":                           true,
		"grant.apply_by|220200||||02-29|MM-DD":                           false,
		"plan.period_end|220000||||2024-12-31|date":                      true,
		"plan.period_end|220000||||2024-12-32|date":                      false,
		"a name|CN||||1|count":                                           false,
	} {
		p := packOf(t, floor, line)
		if _, err := p.Check(); good != (err == nil) || !good && !errors.Is(err, policy.ErrPack) {
			t.Errorf("%s: %v", line, err)
		}
	}
	if _, err := packOf(t, "levy.ratio|220000||||0.016|ratio").Check(); !errors.Is(err, policy.ErrPack) {
		t.Errorf("a ratio that nothing is held against: %v", err)
	}
	for name, change := range map[string]func(*policy.Parameter){
		"no source":               func(x *policy.Parameter) { x.Source = "" },
		"no certainty":            func(x *policy.Parameter) { x.Certainty = "" },
		"a value that is unknown": func(x *policy.Parameter) { x.Certainty = policy.Unknown },
		"no value and verified":   func(x *policy.Parameter) { x.Value = "" },
	} {
		p := packOf(t, floor)
		change(&p.Parameters[0])
		if _, err := p.Check(); !errors.Is(err, policy.ErrPack) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRowsOfOneDayOverlapOnlyWhereOneWasPublishedLater(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines []string
		good  bool
	}{
		"one after the other":       {[]string{"x|CN||2022-12-31||1|persons", "x|CN|2023-01-01|||2|persons"}, true},
		"one day in common":         {[]string{"x|CN||2022-12-31||1|persons", "x|CN|2022-12-31|||2|persons"}, false},
		"both open":                 {[]string{"x|CN||||1|persons", "x|CN||||1|persons"}, false},
		"another region":            {[]string{"x|CN||||1|persons", "x|220000||||2|persons"}, true},
		"published later":           {[]string{"x|CN||||1|persons", "x|CN|2023-01-01||2023-03-26|2|persons"}, true},
		"published on the same day": {[]string{"x|CN|||2023-03-26|1|persons", "x|CN|2023-01-01||2023-03-26|2|persons"}, false},
	} {
		if _, err := packOf(t, c.lines...).Check(); c.good != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheMostSpecificRowKnownOnTheDayHolds(t *testing.T) {
	t.Parallel()
	p := packOf(t,
		"x|CN||2022-12-31||1|persons",
		"x|CN|2023-01-01|2027-12-31||2|persons",
		"x|CN|2023-01-01|2027-12-31|2023-03-26|3|persons", // in force before it was published
		"x|220100|2023-01-01|2023-12-31||4|persons",
		"x|220104|2023-06-01|2023-06-30|||persons", // unset there, whatever the city says
		"x|R-CCXQ|2023-01-01|2023-12-31||6|persons",
	)
	if _, err := p.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ region, on, known, want string }{
		{"220000", "2022-12-31", "", "1"},
		{"220000", "2023-01-01", "", "3"},
		{"220000", "2023-01-01", "2023-03-26", "3"},
		{"220000", "2023-01-01", "2023-03-25", "2"},
		{"220000", "2027-12-31", "", "3"},
		{"220000", "2028-01-01", "", ""},
		{"220100", "2023-05-01", "", "4"},
		{"220104", "2023-05-31", "", "4"},
		{"220104", "2023-06-15", "", ""},
		{"220104", "2023-07-01", "", "4"},
		{"220104", "2024-01-01", "", "3"},
		{"R-CCXQ", "2023-05-01", "", "6"},
		{"R-CBS", "2023-05-01", "", "3"},
		{"220171", "2023-05-01", "", "4"}, // a zone is its city's
		{"220381", "2020-06-01", "", "1"}, // retired in that year
	} {
		known := ledger.Date{}
		if c.known != "" {
			known = day(t, c.known)
		}
		v, err := p.In(ledger.RegionCode(c.region), day(t, c.on), known)
		if err != nil {
			t.Fatal(err)
		}
		x, err := v.Find("x")
		if c.want == "" {
			if _, says := ledger.Refused(err); !errors.Is(err, policy.ErrUnset) || !strings.Contains(says, "x for region "+c.region+" on "+c.on) {
				t.Errorf("%+v: %s, %v", c, x.Value, err)
			}
		} else if err != nil || x.Value != c.want {
			t.Errorf("%+v: %s, %v", c, x.Value, err)
		}
	}
	for region, want := range map[ledger.RegionCode]error{"220381": ledger.ErrRegionRetired, "220199": ledger.ErrRegion, policy.Nation: ledger.ErrRegion} {
		if _, err := p.In(region, day(t, "2023-01-01"), ledger.Date{}); !errors.Is(err, want) {
			t.Errorf("%s: %v", region, err)
		}
	}
}

func TestDaysAreCutWhereAParameterChanges(t *testing.T) {
	t.Parallel()
	p := packOf(t,
		"x|CN||2023-03-31||1|persons",
		"x|CN|2023-04-01|||2|persons",
		"x|CN|2023-04-10|2023-04-12|2023-05-01|3|persons",
		"y|CN|2023-04-05|||7|persons",
	)
	v, err := p.In("220000", day(t, "2023-01-01"), ledger.Date{})
	if err != nil {
		t.Fatal(err)
	}
	spans, err := v.Spans("x", day(t, "2023-03-30"), day(t, "2023-04-20"))
	got := fmt.Sprint(err)
	for _, s := range spans {
		got += fmt.Sprintf(" %s–%s:%s", s.From, s.To, s.Parameter.Value)
	}
	if want := "<nil> 2023-03-30–2023-03-31:1 2023-04-01–2023-04-09:2 2023-04-10–2023-04-12:3 2023-04-13–2023-04-20:2"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := v.Spans("y", day(t, "2023-04-01"), day(t, "2023-04-20")); !errors.Is(err, policy.ErrUnset) {
		t.Errorf("days without a row: %v", err)
	}
}

func TestOneEditionIsKnownFromOnePublicationToTheNext(t *testing.T) {
	t.Parallel()
	p := packOf(t, "x|CN|||2016-09-13|1|persons", "y|CN|||2023-03-26|1|persons")
	for known, want := range map[string]string{
		"1900-01-01": "1900-01-01", "2016-09-12": "1900-01-01", "2016-09-13": "2016-09-13", "2023-03-25": "2016-09-13", "2023-03-26": "2023-03-26", "2030-01-01": "2023-03-26",
	} {
		if got := p.Editions().Of(day(t, known)); got.String() != want {
			t.Errorf("%s: %s, want %s", known, got, want)
		}
	}
	if got := p.Editions().Of(ledger.Date{}); !got.IsZero() {
		t.Errorf("everything known became %s", got)
	}
}

func TestValuesAreReadExactlyAndOnlyAsWhatTheyAre(t *testing.T) {
	t.Parallel()
	of := func(value string) policy.Parameter { return policy.Parameter{Value: value} }
	if r, err := of("0.016").Fraction(); err != nil || r.Cmp(big.NewRat(16, 1000)) != 0 {
		t.Errorf("%v, %v", r, err)
	}
	if r, err := of("2/3").Fraction(); err != nil || r.Cmp(big.NewRat(2, 3)) != 0 {
		t.Errorf("%v, %v", r, err)
	}
	if n, err := of("30").Int(); err != nil || n != 30 {
		t.Errorf("%d, %v", n, err)
	}
	if m, err := of("97134").Money(); err != nil || m.String() != "97134.00" {
		t.Errorf("%s, %v", m, err)
	}
	if b, err := of("true").Bool(); err != nil || !b {
		t.Errorf("%t, %v", b, err)
	}
	w, err := of("08-01/10-31").Window()
	if from, to := w.In(2022); err != nil || from.String() != "2022-08-01" || to.String() != "2022-10-31" {
		t.Errorf("%s to %s, %v", from, to, err)
	}
	if w, err = of("/04-30").Window(); err != nil {
		t.Fatal(err)
	}
	if from, to := w.In(2017); !from.IsZero() || to.String() != "2017-04-30" {
		t.Errorf("%s to %s", from, to)
	}
	odd := of("spring")
	for name, read := range map[string]func() error{
		"fraction": func() error { _, err := odd.Fraction(); return err }, "int": func() error { _, err := odd.Int(); return err },
		"money": func() error { _, err := odd.Money(); return err }, "bool": func() error { _, err := odd.Bool(); return err },
		"window": func() error { _, err := odd.Window(); return err },
	} {
		if err := read(); !errors.Is(err, policy.ErrPack) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package levy_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhucan/ledger"
	"zhucan/ledger/levy"
	"zhucan/ledger/policy"
)

// jilin is the committed pack, as far as it is parameters, with changes: name=value in
// the whole country for all time, replacing what the pack says.
func jilin(t testing.TB, changes ...string) *policy.Pack {
	t.Helper()
	p := &policy.Pack{}
	for _, row := range table(t, "../../schema/policy/jilin/parameters.csv") {
		if slices.ContainsFunc(changes, func(c string) bool { return strings.HasPrefix(c, row["name"]+"=") }) {
			continue
		}
		p.Parameters = append(p.Parameters, policy.Parameter{
			Certainty: policy.Certainty(row["certainty"]), Name: row["name"], Region: ledger.RegionCode(row["region"]), From: date(t, row["valid_from"]),
			To: date(t, row["valid_to"]), Published: date(t, row["published"]), Value: row["value"], Unit: row["unit"], Source: row["source"],
		})
	}
	for _, c := range changes {
		name, value, _ := strings.Cut(c, "=")
		p.Parameters = append(p.Parameters, policy.Parameter{Certainty: policy.Verified, Name: name, Region: policy.Nation, Value: value, Source: "synthetic"})
	}
	return p
}

func table(t testing.TB, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := make(map[string]string)
		for i, cell := range line {
			row[lines[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

func date(t testing.TB, s string) ledger.Date {
	t.Helper()
	if s == "" {
		return ledger.Date{}
	}
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func num(t testing.TB, s string) levy.Number {
	t.Helper()
	if s == "" {
		return levy.Number{}
	}
	n, err := levy.ParseNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func yuan(t testing.TB, s string) ledger.Money {
	t.Helper()
	if s == "" {
		return ledger.Money{}
	}
	m, err := ledger.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// on are the rules of 长春市 on a filing day, everything known.
func on(t testing.TB, p *policy.Pack, filed string) *levy.Rules {
	t.Helper()
	r, err := levy.NewRules(p, "220100", date(t, filed), ledger.Date{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// An enterprise of N staff, D disabled, an average wage of 60000 and a cap far above.
func enterprise(t testing.TB, n, d string) levy.Facts {
	t.Helper()
	return levy.Facts{Class: ledger.Enterprise, Staff: num(t, n), Disabled: num(t, d), Wage: yuan(t, "60000"), Social: yuan(t, "90000")}
}

func TestTheWorkedExamplesComeOut(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	for _, row := range table(t, "testdata/examples.csv") {
		year := row["filing_year"]
		r, err := levy.NewRules(pack, "220000", date(t, year+"-08-31"), ledger.Date{}, "")
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Assess(levy.Facts{
			Class: ledger.UnitClass(row["unit_class"]), Staff: num(t, row["staff"]), Disabled: num(t, row["disabled_weighted"]), Payroll: yuan(t, row["payroll"]),
			Wage: yuan(t, row["average_wage"]), Social: yuan(t, row["social_average_wage"]), Ratio: num(t, row["ratio"]), Uncapped: true,
		})
		switch row["id"] {
		case "P8": // 2012: before 财税〔2015〕72号, nothing of the pack is in force
			if !errors.Is(err, policy.ErrUnset) {
				t.Errorf("P8: %+v, %v", a, err)
			}
			continue
		case "P9", "P10": // no wage is given
			if !errors.Is(err, levy.ErrWage) || a.Gap.String() != row["expected_gap"] || row["tier"] != "" && a.Tier.String() != row["tier"] {
				t.Errorf("%s: %+v, %v", row["id"], a, err)
			}
			continue
		}
		tier := a.Tier.String()
		switch a.Outcome {
		case levy.QuotaMet:
			tier = "none"
		case levy.SmallEnterprise:
			tier = "exempt"
		}
		if err != nil || a.Gap.String() != row["expected_gap"] || a.Full.String() != row["expected_full"] || tier != row["tier"] || a.Due.String() != row["expected_due"] {
			t.Errorf("%s: gap %s full %s tier %s due %s, %v; want %s %s %s %s", row["id"], a.Gap, a.Full, tier, a.Due, err, row["expected_gap"], row["expected_full"], row["tier"], row["expected_due"])
		}
		if w := row["average_wage"]; w != "" && a.Wage.String() != w {
			t.Errorf("%s: average wage %s, want %s", row["id"], a.Wage, w)
		}
		if a.Due.Equal(yuan(t, "45000")) {
			t.Errorf("%s: the misprint is reproduced", row["id"])
		}
	}
}

func TestTheRulesOfTheFilingDayApply(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	for filed, want := range map[string]string{ // of 60000 full with D/N = 1 %, and with D/N < 1 %, and of a small enterprise
		"2019-12-31": "36000.00 96000.00 24000.00",
		"2020-01-01": "18000.00 86400.00 0.00",
		"2022-12-31": "18000.00 86400.00 0.00",
		"2023-01-01": "18000.00 86400.00 0.00",
		"2027-12-31": "18000.00 86400.00 0.00",
		"2028-01-01": "parameter-unset parameter-unset parameter-unset",
	} {
		var got []string
		for _, f := range []levy.Facts{enterprise(t, "100", "1"), enterprise(t, "100", "0"), enterprise(t, "25", "0")} {
			a, err := on(t, pack, filed).Assess(f)
			if err != nil {
				rule, _ := ledger.Refused(err)
				got = append(got, rule.Code)
			} else {
				got = append(got, a.Due.String())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("filed on %s: %v, want %s", filed, got, want)
		}
	}
}

// 财政部公告2023年第8号 of 2023-03-26 holds from 2023-01-01 (policy.md §1.13).
func TestAReportAsKnownBeforeThePublicationShowsTheOldFigure(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	for known, want := range map[string]string{"2023-03-25": "36000.00 24000.00", "2023-03-26": "18000.00 0.00", "": "18000.00 0.00"} {
		r, err := levy.NewRules(pack, "220100", date(t, "2023-01-15"), date(t, known), "")
		if err != nil {
			t.Fatal(err)
		}
		tiered, err := r.Assess(enterprise(t, "100", "1"))
		if err != nil {
			t.Fatal(err)
		}
		small, err := r.Assess(enterprise(t, "25", "0"))
		if err != nil {
			t.Fatal(err)
		}
		if got := tiered.Due.String() + " " + small.Due.String(); got != want {
			t.Errorf("known on %q: %s, want %s", known, got, want)
		}
	}
}

func TestTheTiersAreACliffAtOnePerCent(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	for _, c := range []struct{ n, d, tier string }{
		{"100", "1", "0.5"}, {"101", "1", "0.9"}, {"99", "1", "0.5"}, {"100", "0.99", "0.9"}, {"1000", "10", "0.5"}, {"1000", "9.99", "0.9"}, {"150", "2", "0.5"},
	} {
		if a, err := r.Assess(enterprise(t, c.n, c.d)); err != nil || a.Tier.String() != c.tier {
			t.Errorf("%s of %s: tier %s, %v", c.d, c.n, a.Tier, err)
		}
	}
}

func TestWhoeverMeetsTheQuotaOwesNothing(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	for _, c := range []struct{ n, d, gap string }{{"125", "2", "0"}, {"62", "1", "-0.008"}, {"100", "100", "-98.4"}, {"5", "8", "-7.92"}, {"5", "10", "-9.92"}} {
		a, err := r.Assess(enterprise(t, c.n, c.d))
		if err != nil || a.Outcome != levy.QuotaMet || a.Gap.String() != c.gap || !a.Full.IsZero() || !a.Due.IsZero() || !a.Relief.IsZero() {
			t.Errorf("%+v: %+v, %v", c, a, err)
		}
	}
	if a, err := r.Assess(enterprise(t, "63", "1")); err != nil || a.Outcome != "" || a.Due.String() != "240.00" {
		t.Errorf("a tiny gap: %+v, %v", a, err)
	}
	f := enterprise(t, "125", "2")
	f.Social = ledger.Money{}
	if a, err := r.Assess(f); err != nil || a.Outcome != levy.QuotaMet || !a.Due.IsZero() || !a.Uncapped || strings.Contains(fmt.Sprint(r.Clauses(a.Basis)), "asked for") {
		t.Errorf("whatever the local average wage is: %+v, %v", a, err)
	}
}

// Persons of grades that count double may weigh more than the staff (吉财税〔2016〕726号 art. 4).
func TestMoreThanTheStaffAreWeighedOnlyWhereTheWeightIsKnown(t *testing.T) {
	t.Parallel()
	if _, err := on(t, jilin(t, "levy.disabled.double_weight="), "2022-10-31").Assess(enterprise(t, "5", "5.01")); !errors.Is(err, policy.ErrUnset) {
		t.Error(err)
	}
	if _, err := on(t, jilin(t, "levy.disabled.double_weight="), "2022-10-31").Assess(enterprise(t, "5", "5")); err != nil {
		t.Error(err)
	}
}

func TestSmallEnterprisesAreExemptAndOthersOfTheirSizePay(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	for class, want := range map[ledger.UnitClass]levy.Outcome{
		ledger.Enterprise: levy.SmallEnterprise, ledger.Institution: "", ledger.Organ: "", ledger.SocialOrg: "", ledger.Nonprofit: "",
	} {
		f := enterprise(t, "30", "0")
		f.Class = class
		if a, err := r.Assess(f); err != nil || a.Outcome != want || a.Full.String() != "28800.00" || !a.Relief.Add(a.Due).Equal(a.Full) || a.Due.IsZero() != (want != "") {
			t.Errorf("%s: %+v, %v", class, a, err)
		}
	}
	if a, err := r.Assess(enterprise(t, "31", "0")); err != nil || a.Outcome != "" {
		t.Errorf("31 staff: %+v, %v", a, err)
	}
	f := enterprise(t, "30", "0")
	f.Class = ledger.Institution
	if a, err := on(t, jilin(t, "levy.small_enterprise.max_staff="), "2022-10-31").Assess(f); err != nil || a.Outcome != "" {
		t.Errorf("which enterprises are small does not concern others: %+v, %v", a, err)
	}
	f.Class = ledger.Individual
	if a, err := r.Assess(f); err != nil || a.Outcome != levy.NotLiable || !a.Full.IsZero() {
		t.Errorf("an individual business: %+v, %v", a, err)
	}
}

// Whether 30.4 staff are "at most 30" is not stated anywhere: it is asked only there.
func TestWhichNIsMeantIsAskedOnlyWhereItMatters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, test, want string }{
		{"30.4", "", "parameter-unset"}, {"30.4", "rounded_N", "small-enterprise"}, {"30.4", "exact_N", ""}, {"30", "", "small-enterprise"}, {"29.5", "", "small-enterprise"}, {"30.5", "", ""},
	} {
		pack := jilin(t)
		if c.test != "" {
			pack = jilin(t, "levy.small_enterprise.test_on="+c.test)
		}
		a, err := on(t, pack, "2022-10-31").Assess(enterprise(t, c.n, "0"))
		got := string(a.Outcome)
		if err != nil {
			rule, _ := ledger.Refused(err)
			got = rule.Code
		}
		if got != c.want {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}

func TestNewEnterprisesAreExemptForThreeYearsFromTheNextMonth(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2019-08-31")
	for _, c := range []struct {
		n, registered string
		want          levy.Outcome
	}{
		{"30", "2016-08-31", levy.NewEnterprise}, // counted from 2016-09-01 to 2019-08-31
		{"30", "2016-07-31", ""},                 // to 2019-07-31
		{"30", "2019-08-31", levy.NewEnterprise},
		{"31", "2019-01-01", ""},
		{"30", "", ""},
	} {
		f := enterprise(t, c.n, "0")
		f.Registered = date(t, c.registered)
		a, err := r.Assess(f)
		if err != nil || a.Outcome != c.want || !a.Due.Add(a.Relief).Equal(a.Full) {
			t.Errorf("%+v: %+v, %v", c, a, err)
		}
	}
	f := enterprise(t, "30", "0")
	f.Class, f.Registered = ledger.Nonprofit, date(t, "2019-01-01")
	if a, err := r.Assess(f); err != nil || a.Outcome != "" {
		t.Errorf("a non-enterprise: %+v, %v", a, err)
	}
	if a, err := on(t, jilin(t), "2016-08-31").Assess(withRegistration(t, "20")); !errors.Is(err, policy.ErrUnset) {
		t.Errorf("how years are counted before 2017 is not known: %+v, %v", a, err)
	}
}

func withRegistration(t testing.TB, n string) levy.Facts {
	f := enterprise(t, n, "0")
	f.Registered = date(t, "2015-01-01")
	return f
}

func TestTheWageIsCappedAboveTwiceTheLocalAverage(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	for _, c := range []struct {
		wage, base string
		capped     bool
	}{{"194268", "194268.00", false}, {"194268.01", "194268.00", true}, {"194267.99", "194267.99", false}, {"230000", "194268.00", true}} {
		f := enterprise(t, "120", "0")
		f.Wage, f.Social = yuan(t, c.wage), yuan(t, "97134")
		if a, err := r.Assess(f); err != nil || a.Base.String() != c.base || a.Capped != c.capped {
			t.Errorf("%s: %+v, %v", c.wage, a, err)
		}
	}
	f := enterprise(t, "120", "0")
	f.Social = ledger.Money{}
	if _, err := r.Assess(f); !errors.Is(err, policy.ErrUnset) || !strings.Contains(err.Error(), "social_average_wage.weighted") {
		t.Errorf("no local average wage: %v", err)
	}
	f.Uncapped = true
	if a, err := r.Assess(f); err != nil || !a.Uncapped || a.Base.String() != "60000.00" {
		t.Errorf("uncapped: %+v, %v", a, err)
	}
	for filed, want := range map[string]string{"2017-03-31": "", "2017-08-31": "270000.00", "2018-03-31": "270000.00", "2018-08-31": "180000.00"} {
		f := enterprise(t, "120", "0")
		f.Wage = yuan(t, "300000")
		a, err := on(t, jilin(t), filed).Assess(f)
		if want == "" && !errors.Is(err, policy.ErrUnset) || want != "" && (err != nil || a.Base.String() != want) {
			t.Errorf("filed on %s: base %s, %v", filed, a.Base, err)
		}
	}
}

// The province's figure stands for nobody below it (公告2017年第1号).
func TestTheLocalAverageWageIsThatOfThePrefecture(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	set := func(region, value string) {
		for i, x := range pack.Parameters {
			if x.Name == "social_average_wage.weighted" && string(x.Region) == region && x.From == date(t, "2021-01-01") {
				pack.Parameters[i].Value = value
				return
			}
		}
		pack.Parameters = append(pack.Parameters, policy.Parameter{
			Name: "social_average_wage.weighted", Region: ledger.RegionCode(region), From: date(t, "2021-01-01"), To: date(t, "2021-12-31"), Value: value, Source: "synthetic",
		})
	}
	f := enterprise(t, "120", "0")
	f.Wage, f.Social = yuan(t, "300000"), ledger.Money{}
	base := func(region ledger.RegionCode) string {
		r, err := levy.NewRules(pack, region, date(t, "2022-10-31"), ledger.Date{}, "")
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Assess(f)
		if err != nil {
			rule, _ := ledger.Refused(err)
			return rule.Code
		}
		return a.Base.String()
	}
	set("220000", "70000")
	pack.Parameters = slices.DeleteFunc(pack.Parameters, func(x policy.Parameter) bool {
		return x.Name == "social_average_wage.weighted" && x.Region == "220200"
	})
	set("220100", "80000")
	for region, want := range map[ledger.RegionCode]string{"220000": "140000.00", "220100": "160000.00", "220104": "160000.00", "220202": "parameter-unset", "R-CCXQ": "160000.00"} {
		if got := base(region); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}

func TestFactsThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	for name, c := range map[string]struct {
		change func(*levy.Facts)
		want   *ledger.Rejection
	}{
		"no class":                           {func(f *levy.Facts) { f.Class = "" }, levy.ErrClass},
		"a foundation, which is not settled": {func(f *levy.Facts) { f.Class = "foundation" }, levy.ErrClass},
		"nobody":                             {func(f *levy.Facts) { f.Staff = levy.Int(0) }, levy.ErrStaff},
		"nobody after rounding":              {func(f *levy.Facts) { f.Staff = num(t, "0.49") }, levy.ErrStaff},
		"fewer than nobody":                  {func(f *levy.Facts) { f.Staff = levy.Int(-100) }, levy.ErrStaff},
		"more than there are people":         {func(f *levy.Facts) { f.Staff = num(t, "10000000.5") }, levy.ErrStaff},
		"D above all of N counted double":    {func(f *levy.Facts) { f.Disabled = num(t, "200.01") }, levy.ErrDisabled},
		"D below none":                       {func(f *levy.Facts) { f.Disabled = levy.Int(-1) }, levy.ErrDisabled},
		"a ratio of 16 %":                    {func(f *levy.Facts) { f.Ratio = num(t, "0.16") }, levy.ErrRatio},
		"a ratio of 15 %":                    {func(f *levy.Facts) { f.Ratio = num(t, "0.15") }, levy.ErrRatio},
		"a ratio of 0.16 %":                  {func(f *levy.Facts) { f.Ratio = num(t, "0.0016") }, levy.ErrRatio},
		"a ratio of nothing":                 {func(f *levy.Facts) { f.Ratio = num(t, "0") }, levy.ErrRatio},
		"a ratio of 16":                      {func(f *levy.Facts) { f.Ratio = num(t, "16") }, levy.ErrRatio},
		"a registration to come":             {func(f *levy.Facts) { f.Registered = date(t, "2022-11-01") }, levy.ErrDates},
		"no wage":                            {func(f *levy.Facts) { f.Wage = ledger.Money{} }, levy.ErrWage},
		"a negative wage":                    {func(f *levy.Facts) { f.Wage = yuan(t, "-1") }, levy.ErrWage},
		"a negative payroll":                 {func(f *levy.Facts) { f.Payroll = yuan(t, "-1") }, levy.ErrWage},
		"a payroll of a fen for a hundred":   {func(f *levy.Facts) { f.Payroll = yuan(t, "0.01") }, levy.ErrWage},
		"a negative local wage":              {func(f *levy.Facts) { f.Social = yuan(t, "-1") }, levy.ErrWage},
		"a negative local wage, uncapped":    {func(f *levy.Facts) { f.Social, f.Uncapped = yuan(t, "-1"), true }, levy.ErrWage},
		"amounts beyond all amounts": {func(f *levy.Facts) {
			f.Staff, f.Wage, f.Social = levy.Int(10_000_000), yuan(t, "99999999999.99"), yuan(t, "99999999999.99")
		}, levy.ErrRange},
	} {
		f := enterprise(t, "100", "0")
		c.change(&f)
		a, err := r.Assess(f)
		if !errors.Is(err, c.want) || !a.Full.IsZero() || !a.Due.IsZero() || !a.Relief.IsZero() {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	for region, want := range map[ledger.RegionCode]error{"220199": ledger.ErrRegion, "220381": ledger.ErrRegionRetired, "110000": ledger.ErrRegion} {
		if _, err := levy.NewRules(jilin(t), region, date(t, "2022-10-31"), ledger.Date{}, ""); !errors.Is(err, want) {
			t.Errorf("%s: %v", region, err)
		}
	}
	if _, err := levy.NewRules(jilin(t), "220381", date(t, "2020-08-31"), ledger.Date{}, ""); err != nil {
		t.Errorf("a code in the year in which it ended: %v", err)
	}
}

func TestAnotherRatioIsTakenWhereItCanBeMeant(t *testing.T) {
	t.Parallel()
	f := enterprise(t, "200", "0")
	f.Ratio = num(t, "0.017")
	if a, err := on(t, jilin(t), "2022-10-31").Assess(f); err != nil || a.Gap.String() != "3.4" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestFiguresAreRoundedAsTheProfileSays(t *testing.T) {
	t.Parallel()
	pack := jilin(t, "levy.rounding.fine.N=2dp_half_up", "levy.rounding.fine.D=exact", "levy.rounding.fine.W=2dp_half_up", "levy.rounding.fine.gap=2dp_half_up", "levy.rounding.fine.money=fen_half_up")
	for profile, want := range map[string]string{"": "101 1.13 0.486", "default": "101 1.13 0.486", "fine": "100.5 1.125 0.48", "unheard-of": "parameter-unset"} {
		r, err := levy.NewRules(pack, "220100", date(t, "2022-10-31"), ledger.Date{}, profile)
		if err != nil {
			t.Fatal(err)
		}
		a, err := r.Assess(enterprise(t, "100.5", "1.125"))
		got := a.Staff.String() + " " + a.Disabled.String() + " " + a.Gap.String()
		if err != nil {
			rule, _ := ledger.Refused(err)
			got = rule.Code
		}
		if got != want {
			t.Errorf("profile %q: %s, %v", profile, got, err)
		}
	}
}

func TestEveryFigureNamesTheClauseItRestsOn(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	a, err := r.Assess(enterprise(t, "100", "1"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.Clauses(a.Basis) {
		got = append(got, c.Figure+" "+c.Source)
	}
	for _, want := range []string{"full 财税〔2015〕72号 art. 8", "ratio 吉财税〔2016〕726号 art. 2", "tier 财政部公告2019年第98号 art. 3", "relief 财政部公告2019年第98号 art. 4"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among %q", want, got)
		}
	}
	if a, err = on(t, jilin(t), "2024-10-31").Assess(enterprise(t, "30", "0")); err != nil {
		t.Fatal(err)
	}
	if c := r.Clauses(a.Basis); c[len(c)-1].Figure != "relief" {
		t.Errorf("%+v", c)
	}
}

func TestLateFeesRunFromTheDefaultToTheirCeiling(t *testing.T) {
	t.Parallel()
	pack := jilin(t, "levy.late_fee.first_day=day_after_deadline", "levy.late_fee.payment_day_counts=true")
	pack.Days = []policy.Day{{Date: date(t, "2022-10-03")}} // the calendar of 2022 is known; 31 October was a Monday
	r := on(t, pack, "2022-10-31")
	due := yuan(t, "31104.00")
	for _, c := range []struct {
		days int
		fee  string
	}{{0, "0.00"}, {1, "155.52"}, {30, "4665.60"}, {199, "30948.48"}, {200, "31104.00"}, {201, "31104.00"}, {900, "31104.00"}} {
		l, err := r.LateFee(due, date(t, "2022-10-31").AddDays(c.days))
		if err != nil || l.Days != c.days || l.Fee.String() != c.fee {
			t.Errorf("%d days: %+v, %v", c.days, l, err)
		}
	}
	if l, err := r.LateFee(due, date(t, "2022-09-01")); err != nil || !l.Fee.IsZero() {
		t.Errorf("in time: %+v, %v", l, err)
	}
	if l, err := r.LateFee(ledger.Money{}, date(t, "2023-09-01")); err != nil || !l.Fee.IsZero() {
		t.Errorf("nothing was due: %+v, %v", l, err)
	}
	if _, err := r.LateFee(due, date(t, "2021-12-31")); !errors.Is(err, levy.ErrDates) {
		t.Errorf("paid before the year: %v", err)
	}
}

func TestHowDaysAreCountedIsAskedAndNotGuessed(t *testing.T) {
	t.Parallel()
	paid := date(t, "2022-11-10") // ten days after the deadline
	for _, c := range []struct {
		changes []string
		days    int
	}{
		{nil, -1},
		{[]string{"levy.late_fee.first_day=deadline"}, -1},
		{[]string{"levy.late_fee.first_day=deadline", "levy.late_fee.payment_day_counts=true"}, 11},
		{[]string{"levy.late_fee.first_day=deadline", "levy.late_fee.payment_day_counts=false"}, 10},
		{[]string{"levy.late_fee.first_day=day_after_deadline", "levy.late_fee.payment_day_counts=false"}, 9},
	} {
		pack := jilin(t, c.changes...)
		pack.Days = []policy.Day{{Date: date(t, "2022-10-03")}}
		l, err := on(t, pack, "2022-10-31").LateFee(yuan(t, "100"), paid)
		if c.days < 0 && !errors.Is(err, policy.ErrUnset) || c.days >= 0 && (err != nil || l.Days != c.days) {
			t.Errorf("%v: %+v, %v", c.changes, l, err)
		}
	}
	// 31 August 2024 was a Saturday; without a calendar of the year the deadline is not known.
	window := []string{"levy.filing_window=08-01/08-31", "levy.late_fee.first_day=day_after_deadline", "levy.late_fee.payment_day_counts=true"}
	pack := jilin(t, window...)
	if _, err := on(t, pack, "2024-08-31").LateFee(yuan(t, "100"), date(t, "2024-09-02")); !errors.Is(err, policy.ErrUnset) {
		t.Errorf("no calendar: %v", err)
	}
	pack.Days = []policy.Day{{Date: date(t, "2024-10-01")}}
	if l, err := on(t, pack, "2024-08-31").LateFee(yuan(t, "100"), date(t, "2024-09-02")); err != nil || !l.Fee.IsZero() || l.Deadline != date(t, "2024-09-02") {
		t.Errorf("rolled over a weekend: %+v, %v", l, err)
	}
}

func TestALateFeeOverAChangeOfRateIsAddedUpAndRoundedOnce(t *testing.T) {
	t.Parallel()
	pack := jilin(t, "levy.late_fee.first_day=day_after_deadline", "levy.late_fee.payment_day_counts=true", "levy.late_fee.daily_rate=0.005")
	pack.Days = []policy.Day{{Date: date(t, "2022-10-03")}}
	pack.Parameters = append(pack.Parameters, policy.Parameter{
		Certainty: policy.Verified, Name: "levy.late_fee.daily_rate", Region: policy.Nation, From: date(t, "2022-11-03"), Published: date(t, "2022-11-01"), Value: "0.0005", Source: "synthetic",
	})
	l, err := on(t, pack, "2022-10-31").LateFee(yuan(t, "0.99"), date(t, "2022-11-04")) // 2 × 0.00495 + 2 × 0.000495 = 0.01089
	if err != nil || len(l.Rates) != 2 || l.Days != 4 || l.Fee.String() != "0.01" {
		t.Errorf("%+v, %v", l, err)
	}
}

// N is the staff of the year on average; who was hired for a part of it counts by the month (policy.md §1.3).
func TestSeasonalWorkersCountByTheMonth(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t, "social_average_wage.weighted=50000.00"), "2022-10-31")
	for _, c := range []struct {
		seasonal int
		staff    string
		cited    bool
	}{{0, "30", false}, {12, "31", true}, {60, "35", true}} {
		a, err := r.Assess(levy.Facts{Class: ledger.Enterprise, Staff: levy.Int(30), Seasonal: c.seasonal, Wage: yuan(t, "60000.00"), Uncapped: true})
		cited := slices.ContainsFunc(r.Clauses(a.Basis), func(x levy.Clause) bool { return x.Parameter == "levy.staff.seasonal_divisor" })
		if err != nil || a.Staff.String() != c.staff || cited != c.cited || (a.Outcome == levy.SmallEnterprise) != (c.staff == "30") {
			t.Errorf("%d: N %s, %q, cited %t, %v", c.seasonal, a.Staff, a.Outcome, cited, err)
		}
	}
	only := change(declare(t, "2022-09-01", 2022), func(d *levy.Declare) { d.Staff, d.Seasonal = levy.Int(0), 600 })
	if k := find(t, sample(t), 2022, only, assess("2022-09-02", 2022)); k.Assessed.Staff.String() != "50" {
		t.Errorf("seasonal workers only: N %s", k.Assessed.Staff)
	}
	for _, bad := range []int{-1, 120_000_001} {
		if _, err := r.Assess(levy.Facts{Class: ledger.Enterprise, Staff: levy.Int(30), Seasonal: bad, Wage: yuan(t, "1.00")}); !errors.Is(err, levy.ErrStaff) {
			t.Errorf("%d: %v", bad, err)
		}
	}
}

func TestDisabledStaffAreWeightedByGradeAndMonths(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	year := func(card levy.Card, grade int) levy.Spell { return levy.Spell{Card: card, Grade: grade, Months: 12} }
	for _, c := range []struct {
		spell levy.Spell
		want  string
	}{
		{year(levy.DisabilityCard, 1), "2"}, {year(levy.DisabilityCard, 2), "2"}, {year(levy.DisabilityCard, 3), "1"}, {year(levy.DisabilityCard, 4), "1"},
		{year(levy.MilitaryCard, 3), "2"}, {year(levy.MilitaryCard, 4), "1"}, {year(levy.MilitaryCard, 8), "1"}, {year(levy.MilitaryCard, 9), "0"},
		{levy.Spell{Card: levy.DisabilityCard, Grade: 3, Months: 7}, "7/12"}, {levy.Spell{Card: levy.DisabilityCard, Grade: 1, Months: 3}, "0.5"},
		{year(levy.PoliceCard, 3), "parameter-unset"}, {year(levy.DisabilityCard, 5), "levy-disabled-person"}, {year(levy.DisabilityCard, 0), "levy-disabled-person"},
		{year("paper", 1), "levy-disabled-person"}, {levy.Spell{Card: levy.DisabilityCard, Grade: 3, Months: 13}, "levy-disabled-person"},
		{levy.Spell{Card: levy.DisabilityCard, Grade: 3, Months: 6, PartMonths: 1}, "parameter-unset"},
	} {
		n, _, err := r.Disabled([]levy.Spell{c.spell})
		got := n.String()
		if err != nil {
			rule, _ := ledger.Refused(err)
			got = rule.Code
		}
		if got != c.want {
			t.Errorf("%+v: %s, %v", c.spell, got, err)
		}
	}
	// A grade that changed within the year.
	if n, _, err := r.Disabled([]levy.Spell{{levy.DisabilityCard, 3, 6, 0}, {levy.DisabilityCard, 2, 6, 0}}); err != nil || n.String() != "1.5" {
		t.Errorf("%s, %v", n, err)
	}
	for rule, want := range map[string]string{"counted": "7/12", "not_counted": "0.5"} {
		r := on(t, jilin(t, "levy.disabled.part_month_rule="+rule), "2022-10-31")
		if n, _, err := r.Disabled([]levy.Spell{{levy.DisabilityCard, 3, 6, 1}}); err != nil || n.String() != want {
			t.Errorf("%s: %s, %v", rule, n, err)
		}
	}
}

func TestTheFilingDayIsTheLastOfTheWindow(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	for year, want := range map[int]string{2016: "2016-08-31", 2021: "2021-08-31", 2022: "2022-10-31", 2027: "2027-10-31"} {
		if d, err := levy.FilingDay(pack, "220100", year, ledger.Date{}); err != nil || d.String() != want {
			t.Errorf("%d: %s, %v", year, d, err)
		}
	}
	// As known before 吉财税〔2022〕684号 the month was August.
	if d, err := levy.FilingDay(pack, "220100", 2022, date(t, "2022-08-08")); err != nil || d.String() != "2022-08-31" {
		t.Errorf("%s, %v", d, err)
	}
	if _, err := levy.FilingDay(pack, "220100", 2015, ledger.Date{}); !errors.Is(err, policy.ErrUnset) {
		t.Error(err)
	}
}

// The oracle says the same with fractions of any size and a rounding of its own.
func TestEveryAssessmentIsWhatTheFormulaSays(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		a, err := r.Assess(f)
		if err != nil {
			t.Fatal(err)
		}
		n, d := ratOf(f.Staff), ratOf(f.Disabled)
		n, d = roundRat(n, 1), roundRat(d, 100)
		gap := new(big.Rat).Sub(new(big.Rat).Mul(n, big.NewRat(16, 1000)), d)
		wage := moneyRat(f.Wage)
		if !f.Payroll.IsZero() {
			wage = roundRat(new(big.Rat).Quo(moneyRat(f.Payroll), n), 100)
		}
		limit := new(big.Rat).Mul(moneyRat(f.Social), big.NewRat(2, 1))
		base := wage
		if base.Cmp(limit) > 0 {
			base = limit
		}
		tier := big.NewRat(9, 10)
		if new(big.Rat).Mul(d, big.NewRat(100, 1)).Cmp(n) >= 0 {
			tier = big.NewRat(1, 2)
		}
		if f.Class == ledger.Enterprise && n.Cmp(big.NewRat(30, 1)) <= 0 || gap.Sign() <= 0 {
			tier = new(big.Rat)
		}
		full := new(big.Rat)
		if gap.Sign() > 0 {
			full = roundRat(new(big.Rat).Mul(gap, base), 100)
		}
		due := roundRat(new(big.Rat).Mul(full, tier), 100)
		if ratOf(a.Gap).Cmp(gap) != 0 || moneyRat(a.Full).Cmp(full) != 0 || moneyRat(a.Due).Cmp(due) != 0 || moneyRat(a.Base).Cmp(base) != 0 {
			t.Fatalf("%+v: %+v; gap %s full %s due %s", f, a, gap.FloatString(6), full.FloatString(2), due.FloatString(2))
		}
		if !a.Due.Add(a.Relief).Equal(a.Full) || a.Relief.Sign() < 0 {
			t.Fatalf("%s is not %s and %s", a.Full, a.Due, a.Relief)
		}
	})
}

// More disabled staff, lower wages and a lower local average never cost more.
func TestHiringMoreNeverCostsMore(t *testing.T) {
	t.Parallel()
	r := on(t, jilin(t), "2022-10-31")
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		a, err := r.Assess(f)
		if err != nil {
			t.Fatal(err)
		}
		more := f
		more.Disabled = f.Disabled.Add(levy.Frac(rapid.Int64Range(0, 300).Draw(t, "more"), 100))
		if b, err := r.Assess(more); err == nil && b.Due.Cmp(a.Due) > 0 {
			t.Fatalf("%+v owes %s, with %s disabled staff %s", f, a.Due, more.Disabled, b.Due)
		}
		richer := f
		richer.Payroll, richer.Wage, richer.Social = ledger.Money{}, a.Wage.Add(ledger.Fen(rapid.Int64Range(0, 1e8).Draw(t, "raise"))), f.Social.Add(ledger.Fen(1))
		if b, err := r.Assess(richer); err != nil || b.Full.Cmp(a.Full) < 0 {
			t.Fatalf("%+v is %s in full, with a higher wage %s, %v", f, a.Full, b.Full, err)
		}
	})
}

func drawFacts(t *rapid.T) levy.Facts {
	n := rapid.Int64Range(100, 2_000_000_00).Draw(t, "N")
	if rapid.Bool().Draw(t, "small") {
		n = rapid.Int64Range(100, 200_00).Draw(t, "small N")
	}
	n += 50 - n%100 // halves, and others
	n += rapid.Int64Range(-50, 49).Draw(t, "part")
	f := levy.Facts{
		Class:    rapid.SampledFrom([]ledger.UnitClass{ledger.Enterprise, ledger.Institution, ledger.Organ, ledger.SocialOrg, ledger.Nonprofit}).Draw(t, "class"),
		Disabled: levy.Frac(rapid.Int64Range(0, n*2/100).Draw(t, "D"), 100),
		Staff:    levy.Frac(n, 100),
		Wage:     ledger.Fen(rapid.Int64Range(1, 1_000_000_00).Draw(t, "W")),
		Social:   ledger.Fen(rapid.Int64Range(1, 200_000_00).Draw(t, "S")),
	}
	if f.Staff.Round(0).Cmp(levy.Int(31)) < 0 && f.Staff.Cmp(levy.Int(30)) > 0 {
		f.Staff = levy.Int(30) // which N is meant is not settled
	}
	if rapid.Bool().Draw(t, "payroll") {
		f.Payroll = ledger.Fen(n*1000 + rapid.Int64Range(0, 1e12).Draw(t, "P"))
	}
	return f
}

func ratOf(n levy.Number) *big.Rat {
	r, _ := new(big.Rat).SetString(n.String())
	return r
}

func moneyRat(m ledger.Money) *big.Rat { return m.Decimal().Rat() }

// roundRat is floor(x × scale + 1/2) / scale, of what is not negative.
func roundRat(x *big.Rat, scale int64) *big.Rat {
	y := new(big.Rat).Mul(x, big.NewRat(scale, 1))
	y.Add(y, big.NewRat(1, 2))
	q := new(big.Int).Quo(y.Num(), y.Denom())
	return new(big.Rat).SetFrac(q, big.NewInt(scale))
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"0", "0.016", "-1.5", "999999999.999999", "01", "1e3", "1.6%", "", ".", "１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := levy.ParseNumber(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || ratOf(n).Cmp(want) != 0 {
			t.Fatalf("%q is read as %s", s, n)
		}
		text, err := n.MarshalText()
		var again levy.Number
		if err != nil || again.UnmarshalText(text) != nil || again.Cmp(n) != 0 {
			t.Fatalf("%q is written as %s and read as %s", s, text, again)
		}
	})
}

func TestNumbersAreExactOrNone(t *testing.T) {
	t.Parallel()
	part := rapid.Int64Range(-1e12, 1e12)
	size := rapid.Int64Range(1, 1e6)
	rapid.Check(t, func(t *rapid.T) {
		a, b := levy.Frac(part.Draw(t, "a"), size.Draw(t, "/")), levy.Frac(part.Draw(t, "b"), size.Draw(t, "/"))
		x, y := ratOf(a), ratOf(b)
		if x.Cmp(y) != a.Cmp(b) && (x.Cmp(y) > 0) != (a.Cmp(b) > 0) {
			t.Fatalf("%s and %s", a, b)
		}
		for _, c := range []struct {
			got  levy.Number
			want *big.Rat
		}{{a.Add(b), new(big.Rat).Add(x, y)}, {a.Sub(b), new(big.Rat).Sub(x, y)}, {a.Mul(b), new(big.Rat).Mul(x, y)}} {
			if s := c.got.String(); s != "(too long)" && ratOf(c.got).Cmp(c.want) != 0 {
				t.Fatalf("%s and %s: %s, want %s", a, b, s, c.want)
			}
		}
	})
	huge := levy.Frac(1<<61, 1)
	if got := huge.Mul(levy.Int(4)); got.String() != "(too long)" {
		t.Errorf("an overflow is %s", got)
	}
	if _, err := huge.Mul(huge).MarshalText(); !errors.Is(err, levy.ErrRange) {
		t.Errorf("an overflow is written: %v", err)
	}
	for s, want := range map[string]string{"0.125": "0.13", "-0.125": "-0.13", "0.124999": "0.12", "2.5": "2.5", "1": "1"} {
		if got := num(t, s).Round(2); got.String() != want {
			t.Errorf("%s becomes %s, want %s", s, got, want)
		}
	}
}

package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
)

func day(t testing.TB, text string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAPackThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	startup := func(p *policy.Pack) *policy.Scheme { return &p.Schemes[0] }
	for name, c := range map[string]struct {
		change func(*policy.Pack)
		reject *ledger.Rejection
	}{
		"the sample pack is whole":                  {func(*policy.Pack) {}, nil},
		"no version":                                {func(p *policy.Pack) { p.Version = "" }, policy.ErrPack},
		"an account without a duty that is needed":  {func(p *policy.Pack) { p.Accounts = p.Accounts[:3] }, ledger.ErrChart},
		"a scheme twice":                            {func(p *policy.Pack) { p.Schemes[1].Code = "startup" }, policy.ErrPack},
		"a scheme without code":                     {func(p *policy.Pack) { startup(p).Code = "" }, policy.ErrPack},
		"nobody may claim":                          {func(p *policy.Pack) { startup(p).Claimants = nil }, policy.ErrPack},
		"a claimant of no kind":                     {func(p *policy.Pack) { startup(p).Claimants = []policy.Kind{"dog"} }, policy.ErrPack},
		"a class that there is not":                 {func(p *policy.Pack) { p.Schemes[1].Classes = []ledger.UnitClass{"企业"} }, policy.ErrPack},
		"a class twice":                             {func(p *policy.Pack) { p.Schemes[1].Classes = []ledger.UnitClass{"enterprise", "enterprise"} }, policy.ErrPack},
		"no clause":                                 {func(p *policy.Pack) { startup(p).Clause = "" }, policy.ErrPack},
		"no fund":                                   {func(p *policy.Pack) { startup(p).Funds = nil }, policy.ErrPack},
		"a fund that no budget line could name":     {func(p *policy.Pack) { startup(p).Funds = []ledger.FundCode{"levy/other"} }, policy.ErrPack},
		"no purpose":                                {func(p *policy.Pack) { startup(p).Group = "" }, policy.ErrPack},
		"no Chinese name":                           {func(p *policy.Pack) { startup(p).NameZH = "" }, policy.ErrPack},
		"no English name":                           {func(p *policy.Pack) { startup(p).NameEN = "" }, policy.ErrPack},
		"no beginning":                              {func(p *policy.Pack) { startup(p).From = ledger.Date{} }, policy.ErrPack},
		"an end before the beginning":               {func(p *policy.Pack) { startup(p).To = startup(p).From.AddDays(-1) }, policy.ErrPack},
		"an end on the first day":                   {func(p *policy.Pack) { startup(p).To = startup(p).From }, nil},
		"no unit":                                   {func(p *policy.Pack) { startup(p).Unit = "" }, policy.ErrPack},
		"no scope":                                  {func(p *policy.Pack) { startup(p).Once = "decade" }, policy.ErrPack},
		"an exclusion of nothing":                   {func(p *policy.Pack) { p.Schemes[2].Excludes[0].Group = "" }, policy.ErrPack},
		"an exclusion without scope":                {func(p *policy.Pack) { p.Schemes[2].Excludes[0].Scope = "" }, policy.ErrPack},
		"an exclusion without source":               {func(p *policy.Pack) { p.Schemes[2].Excludes[0].Source = "" }, policy.ErrPack},
		"a publicity shorter than nothing":          {func(p *policy.Pack) { startup(p).Publicity.Days = -1 }, policy.ErrPack},
		"a publicity longer than a year":            {func(p *policy.Pack) { startup(p).Publicity.Days = 367 }, policy.ErrPack},
		"a publicity without source":                {func(p *policy.Pack) { startup(p).Publicity.Source = "" }, policy.ErrPack},
		"a publicity that is unset needs no source": {func(p *policy.Pack) { startup(p).Publicity = policy.Publicity{} }, nil},
		"a cap of nothing":                          {func(p *policy.Pack) { startup(p).Cap = new(ledger.Money) }, policy.ErrPack},
		"a standard of nothing":                     {func(p *policy.Pack) { startup(p).Standards[0].Amount = ledger.Fen(0) }, policy.ErrPack},
		"a standard of nowhere":                     {func(p *policy.Pack) { startup(p).Standards[0].Region = "" }, policy.ErrPack},
		"a standard of a region there is not":       {func(p *policy.Pack) { startup(p).Standards[0].Region = "220199" }, policy.ErrPack},
		"a standard of another province":            {func(p *policy.Pack) { startup(p).Standards[0].Region = "210100" }, policy.ErrPack},
		"a standard from no day":                    {func(p *policy.Pack) { startup(p).Standards[0].From = ledger.Date{} }, policy.ErrPack},
		"a standard that ends before it begins":     {func(p *policy.Pack) { startup(p).Standards[0].To = day(t, "2021-12-31") }, policy.ErrPack},
		"a standard of an amount and a share":       {func(p *policy.Pack) { startup(p).Standards[0].Share = "2/3" }, policy.ErrPack},
		"a share of more than all":                  {func(p *policy.Pack) { startup(p).Standards[0] = share("4/3") }, policy.ErrPack},
		"a share of nothing":                        {func(p *policy.Pack) { startup(p).Standards[0] = share("0") }, policy.ErrPack},
		"a share that is no number":                 {func(p *policy.Pack) { startup(p).Standards[0] = share("two thirds") }, policy.ErrPack},
		"a share by nothing":                        {func(p *policy.Pack) { startup(p).Standards[0] = share("2/0") }, policy.ErrPack},
		"a share":                                   {func(p *policy.Pack) { startup(p).Standards[0] = share("2/3") }, nil},
		"a standard without source":                 {func(p *policy.Pack) { startup(p).Standards[0].Source = "" }, policy.ErrPack},
		"two standards of a region and a day": {func(p *policy.Pack) {
			s := startup(p).Standards[0]
			s.From = day(t, "2030-01-01")
			startup(p).Standards = append(startup(p).Standards, s)
		}, policy.ErrPack},
		"two standards that meet on one day": {func(p *policy.Pack) {
			first, second := startup(p).Standards[0], startup(p).Standards[0]
			first.To, second.From = day(t, "2023-12-31"), day(t, "2023-12-31")
			startup(p).Standards = []policy.Standard{second, first}
		}, policy.ErrPack},
		"two standards one after the other": {func(p *policy.Pack) {
			first, second := startup(p).Standards[0], startup(p).Standards[0]
			first.To, second.From = day(t, "2023-12-31"), day(t, "2024-01-01")
			startup(p).Standards = []policy.Standard{first, second}
		}, nil},
		"money of a later year to nowhere":     {func(p *policy.Pack) { p.LateReturn = "keep" }, policy.ErrPack},
		"money of a later year to its line":    {func(p *policy.Pack) { p.LateReturn = policy.Restore }, nil},
		"a calendar out of order":              {func(p *policy.Pack) { p.Days[0], p.Days[1] = p.Days[1], p.Days[0] }, policy.ErrPack},
		"a day of the calendar twice":          {func(p *policy.Pack) { p.Days[1] = p.Days[0] }, policy.ErrPack},
		"the version is checked before charts": {func(p *policy.Pack) { p.Version, p.Accounts = "a b", nil }, policy.ErrPack},
		"the chart is checked before schemes":  {func(p *policy.Pack) { p.Accounts, startup(p).Code = nil, "" }, ledger.ErrChart},
	} {
		t.Run(name, func(t *testing.T) {
			p := ledgertest.Pack()
			c.change(&p)
			_, err := p.Check()
			if c.reject == nil && err != nil || c.reject != nil && !errors.Is(err, c.reject) {
				t.Errorf("got %v, want %v", err, c.reject)
			}
		})
	}
}

func TestASchemeIsFoundFromItsFirstDayToItsLast(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack()
	p.Schemes[0].To = day(t, "2024-06-30")
	for on, want := range map[string]bool{"2021-12-31": false, "2022-01-01": true, "2024-06-30": true, "2024-07-01": false} {
		if _, err := p.Find("startup", day(t, on)); (err == nil) != want || !want && !errors.Is(err, policy.ErrScheme) {
			t.Errorf("on %s: %v", on, err)
		}
	}
	if _, err := p.Find("other", day(t, "2023-01-01")); !errors.Is(err, policy.ErrScheme) {
		t.Errorf("another scheme: %v", err)
	}
	if s, ok := p.Scheme("startup"); !ok || s.Code != "startup" {
		t.Errorf("%+v", s)
	}
	if _, ok := p.Scheme("other"); ok {
		t.Error("a scheme that is not there is found")
	}
}

func TestAnAwardIsUnitsTimesTheMostSpecificStandardUpToTheCap(t *testing.T) {
	t.Parallel()
	most := ledger.Fen(2_500_00)
	standard := func(region ledger.RegionCode, from, to string, fen int64) policy.Standard {
		s := policy.Standard{Amount: ledger.Fen(fen), Region: region, From: day(t, from), Source: "synthetic"}
		if to != "" {
			s.To = day(t, to)
		}
		return s
	}
	s := policy.Scheme{Code: "s", Cap: &most, Standards: []policy.Standard{
		standard("220000", "2022-01-01", "", 100_00),
		standard("220100", "2022-01-01", "2023-12-31", 200_00),
		standard("220104", "2023-01-01", "", 300_00),
	}}
	for name, c := range map[string]struct {
		region ledger.RegionCode
		on     string
		units  int
		want   string
	}{
		"its own":                                  {"220104", "2023-06-01", 1, "300.00"},
		"its prefecture's before it has one":       {"220104", "2022-06-01", 1, "200.00"},
		"its prefecture's":                         {"220102", "2022-06-01", 1, "200.00"},
		"the province's after the prefecture's":    {"220102", "2024-01-01", 1, "100.00"},
		"the last day of the prefecture's":         {"220102", "2023-12-31", 1, "200.00"},
		"the province's":                           {"220203", "2023-06-01", 1, "100.00"},
		"a zone's is its city's":                   {"220171", "2023-06-01", 1, "200.00"},
		"a reporting body's is what it is under":   {"R-CBS", "2023-06-01", 1, "100.00"},
		"a reporting body's is its city's":         {"R-CCXQ", "2023-06-01", 1, "200.00"},
		"seven units":                              {"220104", "2023-06-01", 7, "2100.00"},
		"exactly the cap":                          {"220102", "2024-01-01", 25, "2500.00"},
		"no more than the cap":                     {"220102", "2024-01-01", 26, "2500.00"},
		"nothing before the first":                 {"220104", "2021-12-31", 1, ""},
		"nothing for a region that does not exist": {"220199", "2023-06-01", 1, ""},
		"nothing in another province":              {"210100", "2023-06-01", 1, ""},
	} {
		by, err := s.Standard(c.region, day(t, c.on))
		got := s.Award(by, c.units, ledger.Money{})
		if c.want == "" {
			if !errors.Is(err, policy.ErrUnset) {
				t.Errorf("%s: %s, %v", name, got, err)
			}
			continue
		}
		if err != nil || got.String() != c.want || by.Source == "" {
			t.Errorf("%s: %s by %+v, %v", name, got, by, err)
		}
	}
	s.Cap = nil
	if got := s.Award(s.Standards[2], 1000, ledger.Money{}); got.String() != "300000.00" {
		t.Errorf("without a cap %s", got)
	}
}

func TestAShareIsOfTheContributionsAndNeverMoreThanThat(t *testing.T) {
	t.Parallel()
	most := ledger.Fen(900_00)
	for _, c := range []struct {
		share, paid string
		units       int
		want        string
	}{
		{"2/3", "1000.00", 1, "666.66"}, // 666.666…: half a fen more would be more than two thirds
		{"2/3", "900.00", 1, "600.00"},
		{"2/3", "0.01", 1, "0.00"},
		{"2/3", "0.02", 1, "0.01"},
		{"0.5", "1234.57", 1, "617.28"},
		{"1", "812.34", 1, "812.34"},
		{"2/3", "1000.00", 3, "1999.98"}, // one by one
	} {
		s := policy.Scheme{Code: "s"}
		paid, err := ledger.ParseMoney(c.paid)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Award(policy.Standard{Share: c.share}, c.units, paid); got.String() != c.want {
			t.Errorf("%s of %s, %d times: %s, want %s", c.share, c.paid, c.units, got, c.want)
		}
		s.Cap = &most
		if got := s.Award(policy.Standard{Share: c.share}, c.units, paid); got.Cmp(most) > 0 {
			t.Errorf("%s of %s, %d times: %s is above the cap", c.share, c.paid, c.units, got)
		}
	}
}

// Five years before retirement to the day are not fewer than five.
func TestWhoIsNearRetirementIsPaidUntilThen(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack()
	ledgertest.Insured(&p)
	s := p.Schemes[4]
	for approved, want := range map[string]bool{"2023-06-29": false, "2023-06-30": false, "2023-07-01": true, "2028-06-30": true, "2017-01-01": false} {
		if got, err := s.UntilRetirement(day(t, approved), day(t, "2028-06-30")); err != nil || got != want {
			t.Errorf("approved on %s: %v, %v", approved, got, err)
		}
	}
	s.Recurring = &policy.Recurring{NearRetirement: policy.None}
	if got, err := s.UntilRetirement(day(t, "2028-01-01"), day(t, "2028-06-30")); err != nil || got {
		t.Errorf("where a source says that there is no such exception: %v, %v", got, err)
	}
	s.Recurring = &policy.Recurring{}
	if _, err := s.UntilRetirement(day(t, "2028-01-01"), day(t, "2028-06-30")); !errors.Is(err, policy.ErrUnset) {
		t.Errorf("unset: %v", err)
	}
}

func TestAPublicityEndsAfterItsDays(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack()
	calendar, working := policy.Publicity{Days: 7}, policy.Publicity{Days: 5, Working: true}
	for name, c := range map[string]struct {
		pub         policy.Publicity
		start, want string
	}{
		"seven calendar days, the first included": {calendar, "2020-11-02", "2020-11-08"},
		"over the end of a year":                  {calendar, "2022-12-28", "2023-01-03"},
		"one day is the first":                    {policy.Publicity{Days: 1}, "2023-04-10", "2023-04-10"},
		"a week's working days":                   {working, "2023-04-10", "2023-04-14"},
		"from a Friday over a weekend":            {working, "2023-04-14", "2023-04-20"},
		"from a Saturday that does not count":     {working, "2023-04-15", "2023-04-21"},
		"over a holiday and a worked Saturday":    {working, "2023-05-01", "2023-05-06"},
		"one working day from a holiday":          {policy.Publicity{Days: 1, Working: true}, "2023-05-01", "2023-05-02"},
		"unset":                                   {policy.Publicity{}, "2023-04-10", ""},
		"working days in a year without calendar": {working, "2024-04-10", ""},
		"working days into such a year":           {working, "2023-12-29", ""},
		"working days just within the year":       {working, "2023-12-25", "2023-12-29"},
	} {
		got, err := p.Last(c.pub, day(t, c.start))
		if c.want == "" {
			if !errors.Is(err, policy.ErrUnset) {
				t.Errorf("%s: %s, %v", name, got, err)
			}
		} else if err != nil || got.String() != c.want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
	}
}

func TestTheWiderScopeIsTheOneThatComesRoundLessOften(t *testing.T) {
	t.Parallel()
	order := []policy.Scope{policy.Month, policy.Year, policy.Life}
	for i, a := range order {
		for j, b := range order {
			if got := a.Wider(b); got != order[max(i, j)] {
				t.Errorf("%s and %s: %s", a, b, got)
			}
		}
	}
}

func TestSpansMeetWhereTheyShareAPartOfTheScope(t *testing.T) {
	t.Parallel()
	month := func(text string) ledger.Period {
		p, err := ledger.ParsePeriod(text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		from, to, otherFrom, otherTo string
		month, year                  bool
	}{
		{"2023-04", "2023-04", "2023-04", "2023-04", true, true},
		{"2023-04", "2023-04", "2023-05", "2023-05", false, true},
		{"2023-01", "2023-06", "2023-06", "2023-12", true, true},
		{"2023-01", "2023-12", "2023-05", "2023-05", true, true},
		{"2023-12", "2023-12", "2024-01", "2024-01", false, false},
		{"2022-12", "2024-01", "2023-05", "2023-06", true, true},
		{"2022-01", "2022-12", "2024-01", "2024-12", false, false},
	} {
		for scope, want := range map[policy.Scope]bool{policy.Month: c.month, policy.Year: c.year, policy.Life: true} {
			a, b, x, y := month(c.from), month(c.to), month(c.otherFrom), month(c.otherTo)
			if got, other := scope.Meets(a, b, x, y), scope.Meets(x, y, a, b); got != want || other != want {
				t.Errorf("%+v per %s: %t and %t", c, scope, got, other)
			}
		}
	}
}

// The log writes an absent list as an empty one; the pack that comes back must
// still be the pack that was published.
func TestAPackIsItselfAfterItWasWrittenAndRead(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack()
	var q policy.Pack
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &q); err != nil {
		t.Fatal(err)
	}
	q.Schemes[3].Evidence, q.Schemes[3].Standards, q.Schemes[3].Excludes = []string{}, []policy.Standard{}, []policy.Exclusion{}
	if !p.Equal(q) || !q.Equal(p) {
		t.Error("it is another")
	}
	q.Schemes[3].Unit = "piece"
	if p.Equal(q) || q.Equal(p) {
		t.Error("another unit makes no difference")
	}
	if p.Schemes[3].Evidence != nil || q.Schemes[3].Evidence == nil {
		t.Error("comparing changed a pack")
	}
}

func TestAPolicyIsACaseOfItsOwnAndMovesNoMoney(t *testing.T) {
	t.Parallel()
	e := policy.Published{On: day(t, "2023-01-01"), Pack: ledgertest.Pack()}
	if e.Case() != "policy:test-1" || e.Effective() != e.On || ledgertest.Booked(e) != nil {
		t.Errorf("%s on %s", e.Case(), e.Effective())
	}
}

func ExampleScheme_Award() {
	scheme, _ := ledgertest.Pack().Find("employer", ledger.DateOf(2023, 5, 1))
	standard, err := scheme.Standard("220104", ledger.DateOf(2023, 5, 1))
	fmt.Println(scheme.Award(standard, 4, ledger.Money{}), "at", standard.Amount, "each, standard of", standard.Region, err)

	_, err = scheme.Standard("220104", ledger.DateOf(2021, 5, 1))
	r, particulars := ledger.Refused(err)
	fmt.Println(r.Code, "-", particulars)
	// Output:
	// 12000.00 at 3000.00 each, standard of 220000 <nil>
	// parameter-unset - employer.standard for region 220104 on 2021-05-01
}

func ExamplePack_Last() {
	p := ledgertest.Pack()
	last, err := p.Last(policy.Publicity{Days: 7}, ledger.DateOf(2020, 11, 2))
	fmt.Println(last, err)
	// Output: 2020-11-08 <nil>
}

// share is a standard of a share.
func share(text string) policy.Standard {
	return policy.Standard{From: ledger.DateOf(2022, 1, 1), Region: "220000", Share: text, Source: "synthetic"}
}

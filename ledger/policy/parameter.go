package policy

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"zhucan/ledger"
)

// A Parameter is one row of what the rules compute with: a rate, a limit, a window,
// an amount, the choice of a rule. Its value is text and read with the method of its
// kind, exactly.
type Parameter struct {
	Certainty Certainty         `json:"certainty"`
	From      ledger.Date       `json:"from,omitzero"` // in force from; none: open
	Name      string            `json:"name"`
	Published ledger.Date       `json:"published,omitzero"` // when it could be known; none: always
	Region    ledger.RegionCode `json:"region"`             // [Nation], or a region
	Source    string            `json:"source"`             // document and article, or why there is none
	To        ledger.Date       `json:"to,omitzero"`        // in force to, inclusive; none: open
	Unit      string            `json:"unit,omitempty"`     // what the value counts; its first word says how it is read
	Value     string            `json:"value,omitempty"`    // empty: unset
}

// Nation is the region of what holds in the whole country.
const Nation ledger.RegionCode = "CN"

// A Certainty says how well a parameter is known.
type Certainty string

// The certainties. What is unknown has no value, and what has none is unknown.
const (
	Verified Certainty = "verified" // read in a published copy of its source
	Memory   Certainty = "memory"   // general knowledge, to be confirmed
	Derived  Certainty = "derived"  // our own reasoning
	Unknown  Certainty = "unknown"  // no source: to be configured
)

// A form is how a value is written.
type form int

const (
	text     form = iota
	number        // a decimal or a fraction, not negative
	ratio         // a number of at most 1
	count         // a whole number, not negative
	yuan          // an amount, not negative
	yes           // true or false
	day           // 2006-01-02
	monthDay      // 01-02
	window        // 01-02/03-04, or /03-04 with an open beginning
)

// units says how values of a unit are written, by how the unit begins. Of any other
// unit they are text.
var units = []struct {
	begins string
	form   form
}{
	{"ratio", ratio}, {"share", ratio}, {"per day", ratio},
	{"multiplier", number}, {"x ", number}, {"points", number}, {"percent", number},
	{"persons", count}, {"months", count}, {"years", count}, {"grade", count}, {"times", count}, {"authorised posts", count},
	{"days", count}, {"calendar days", count}, {"working days", count},
	{"yuan", yuan}, {"bool", yes}, {"date", day}, {"MM-DD/MM-DD", window}, {"MM-DD", monthDay},
}

func formOf(unit string) form {
	for _, u := range units {
		if strings.HasPrefix(unit, u.begins) {
			return u.form
		}
	}
	return text
}

// A shape is what a rule expects of a parameter that it reads.
type shape struct {
	form form
	one  []string // of a text: the words that are allowed; none: any
}

var rounding = shape{text, []string{"exact", "int_half_up", "2dp_half_up"}}

// shapes are the parameters that rules written in code read. A name that begins as
// one of these and is none is a slip of the pen, and nothing would read it.
var shapes = map[string]shape{
	"levy.disabled.double_weight":                       {form: count},
	"levy.disabled.double_weight.certificate_max_grade": {form: count},
	"levy.disabled.double_weight.military_max_grade":    {form: count},
	"levy.disabled.expired_certificate_counts":          {form: yes},
	"levy.disabled.military_max_grade":                  {form: count},
	"levy.disabled.min_contract_months":                 {form: count},
	"levy.disabled.part_month_rule":                     {text, []string{"counted", "not_counted"}},
	"levy.disabled.police_certificate_counts":           {form: yes},
	"levy.filing_window":                                {form: window},
	"levy.filing_window.holiday_roll_forward":           {form: yes},
	"levy.hardship.approval_path":                       {},
	"levy.hardship.max_deferral":                        {form: count},
	"levy.hardship.max_relief":                          {form: count},
	"levy.late_fee.cap_multiple_of_principal":           {form: number},
	"levy.late_fee.daily_rate":                          {form: ratio},
	"levy.late_fee.daily_rate.as_applied":               {form: ratio},
	"levy.late_fee.first_day":                           {text, []string{"deadline", "day_after_deadline"}},
	"levy.late_fee.payment_day_counts":                  {form: yes},
	"levy.level_share.city_county":                      {form: ratio},
	"levy.level_share.province":                         {form: ratio},
	"levy.new_enterprise.max_staff":                     {form: count},
	"levy.new_enterprise.start_rule":                    {text, []string{"registration_day", "first_day_of_month_after_registration"}},
	"levy.new_enterprise.years":                         {form: count},
	"levy.ratio":                                        {form: ratio},
	"levy.ratio.change_after_2023":                      {form: ratio},
	"levy.ratio.national_floor":                         {form: ratio},
	"levy.refund.allowed":                               {form: yes},
	"levy.review_window":                                {form: window},
	"levy.small_enterprise.max_staff":                   {form: count},
	"levy.small_enterprise.test_on":                     {text, []string{"rounded_N", "exact_N"}},
	"levy.small_enterprise.unit_classes":                {text, []string{string(ledger.Enterprise)}},
	"levy.staff.min_contract_months":                    {form: count},
	"levy.staff.seasonal_divisor":                       {form: count},
	"levy.tier.policy_year_basis":                       {text, []string{"filing_year"}},
	"levy.tier.rate_at_or_above_threshold":              {form: ratio},
	"levy.tier.rate_below_threshold":                    {form: ratio},
	"levy.tier.ratio_basis":                             {text, []string{"weighted_D/N"}},
	"levy.tier.threshold":                               {form: ratio},
	"levy.unreviewed_counts_as_zero":                    {form: yes},
	"levy.wage_cap.base_area":                           {text, []string{"prefecture_or_county_statistics_office"}},
	"levy.wage_cap.base_series":                         {text, []string{"urban_unit_average", "weighted_nonprivate_private"}},
	"levy.wage_cap.deregistration_lookback":             {text, []string{"ordinary"}}, // the cap of everybody
	"levy.wage_cap.multiple":                            {form: number},
	"social_average_wage.urban_unit":                    {form: yuan},
	"social_average_wage.weighted":                      {form: yuan},
}

// shapeOf returns what rules expect of a name, and whether any reads it. A rounding
// profile is levy.rounding.PROFILE.FIGURE.
func shapeOf(name string) (shape, bool) {
	if rest, ok := strings.CutPrefix(name, "levy.rounding."); ok {
		_, figure, _ := strings.Cut(rest, ".")
		switch figure {
		case "N", "D", "gap":
			return rounding, true
		case "W":
			return shape{text, []string{"2dp_half_up"}}, true
		case "money":
			return shape{text, []string{"fen_half_up"}}, true
		}
		return shape{}, false
	}
	s, ok := shapes[name]
	return s, ok
}

// CheckParameters refuses rows that cannot be meant, and returns the index of the
// row. A typing error is caught where that can be done without a source of our own:
// a value is read as its unit says, a name is one that is read, and a ratio of the
// levy is held against the national floor.
func CheckParameters(rows []Parameter) (int, error) {
	type of struct {
		name   string
		region ledger.RegionCode
	}
	before := make(map[of][]Parameter)
	for i, x := range rows {
		if err := x.check(); err != nil {
			return i, err
		}
		key := of{x.Name, x.Region}
		for _, y := range before[key] {
			if meet(x.From, x.To, y.From, y.To) && x.Published == y.Published {
				return i, ErrPack.Of("%s of region %s has two rows from %s to %s, published on the same day", x.Name, x.Region, later(x.From, y.From), earlier(x.To, y.To))
			}
		}
		before[key] = append(before[key], x)
	}
	for i, x := range rows {
		if x.Name != "levy.ratio" || x.Value == "" {
			continue
		}
		floors := slices.DeleteFunc(slices.Clone(before[of{"levy.ratio.national_floor", Nation}]), func(f Parameter) bool {
			return f.Value == "" || !meet(x.From, x.To, f.From, f.To)
		})
		if len(floors) == 0 {
			return i, ErrPack.Of("levy.ratio %s without levy.ratio.national_floor beside it", x.Value)
		}
		for _, f := range floors {
			if !PlausibleRatio(fraction(x.Value), fraction(f.Value)) {
				return i, ErrPack.Of("levy.ratio %s against a national floor of %s: a point is in the wrong place", x.Value, f.Value)
			}
		}
	}
	return 0, nil
}

// PlausibleRatio tells whether a ratio of the levy can be meant: it is no less than
// the national floor (残疾人就业条例 art. 8), and less than ten times as much. The
// misprints that go about, 16 %, 15 % and 0.16 %, are lost decimal points (policy.md §1.6).
func PlausibleRatio(r, floor *big.Rat) bool {
	return r.Cmp(floor) >= 0 && r.Cmp(new(big.Rat).Mul(floor, big.NewRat(10, 1))) < 0
}

func (x Parameter) check() error {
	where := func(format string, args ...any) error {
		return ErrPack.Of("%s of region %s: %s", x.Name, x.Region, fmt.Sprintf(format, args...))
	}
	if err := ledger.CheckID(x.Name); err != nil {
		return ErrPack.Of("name: %v", err)
	}
	switch {
	case x.Source == "":
		return where("no source")
	case !slices.Contains([]Certainty{Verified, Memory, Derived, Unknown}, x.Certainty):
		return where("certainty %q", x.Certainty)
	case (x.Value == "") != (x.Certainty == Unknown):
		return where("value %q is %s: what is unknown has no value, and what has none is unknown", x.Value, x.Certainty)
	case !x.From.IsZero() && !x.To.IsZero() && x.To.Before(x.From):
		return where("in force from %s to %s", x.From, x.To)
	}
	if x.Region != Nation {
		on := x.From
		if on.IsZero() {
			on = x.To
		}
		if on.IsZero() {
			on = ledger.DateOf(9999, 12, 31)
		}
		if _, err := ledger.FindRegion(x.Region, on); err != nil {
			return where("%v", err)
		}
	}
	want := shape{form: formOf(x.Unit)}
	if known, ok := shapeOf(x.Name); ok {
		if known.form != want.form && (known.form != ratio || want.form != number) {
			return where("unit %q is not what the rule reads", x.Unit)
		}
		want = known
	} else if strings.HasPrefix(x.Name, "levy.") || strings.HasPrefix(x.Name, "social_average_wage.") {
		return where("no rule reads this name")
	}
	if x.Value != "" && !want.fits(x.Value) {
		return where("%q is no value of unit %q", x.Value, x.Unit)
	}
	return nil
}

func (s shape) fits(value string) bool {
	ok := true
	switch s.form {
	case text:
		ok = len(s.one) == 0 || slices.Contains(s.one, value)
	case number:
		ok = fraction(value) != nil
	case ratio:
		r := fraction(value)
		ok = r != nil && r.Cmp(big.NewRat(1, 1)) <= 0
	case count:
		_, ok = whole(value)
	case yuan:
		m, err := ledger.ParseMoney(value)
		ok = err == nil && m.Sign() >= 0
	case yes:
		ok = value == "true" || value == "false"
	case day:
		_, err := ledger.ParseDate(value)
		ok = err == nil
	case monthDay:
		_, ok = dayOfYear(value)
	case window:
		_, ok = parseWindow(value)
	}
	return ok
}

// fraction reads 0.016, 3 or 2/3, or returns nil.
func fraction(s string) *big.Rat {
	if len(s) == 0 || len(s) > 18 || s[0] == '/' || strings.Trim(s, "0123456789./") != "" || strings.Count(s, ".")+strings.Count(s, "/") > 1 {
		return nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

func whole(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= 0 && n < 1e9 && strconv.Itoa(n) == s
}

// A Window is a span of days that comes round every year.
type Window struct {
	from, to string // 01-02; from may be empty
}

func parseWindow(s string) (Window, bool) {
	from, to, found := strings.Cut(s, "/")
	_, first := dayOfYear(from)
	_, last := dayOfYear(to)
	return Window{from, to}, found && (first || from == "") && last && from <= to
}

// dayOfYear reads 01-02, a day that every year has.
func dayOfYear(s string) (ledger.Date, bool) {
	d, err := ledger.ParseDate("2001-" + s)
	return d, err == nil
}

// In returns the first and the last day of the window in a year. There is no first
// day where only the end is set.
func (w Window) In(year int) (from, to ledger.Date) {
	if d, ok := dayOfYear(w.from); ok {
		from = ledger.DateOf(year, d.Month(), d.Day())
	}
	d, _ := dayOfYear(w.to)
	return from, ledger.DateOf(year, d.Month(), d.Day())
}

func (x Parameter) misread() error {
	return ErrPack.Of("%s %q of unit %q is read as another kind", x.Name, x.Value, x.Unit)
}

// Fraction reads a number, exactly.
func (x Parameter) Fraction() (*big.Rat, error) {
	if r := fraction(x.Value); r != nil {
		return r, nil
	}
	return nil, x.misread()
}

// Int reads a whole number.
func (x Parameter) Int() (int, error) {
	if n, ok := whole(x.Value); ok {
		return n, nil
	}
	return 0, x.misread()
}

// Money reads an amount.
func (x Parameter) Money() (ledger.Money, error) {
	m, err := ledger.ParseMoney(x.Value)
	if err != nil {
		return ledger.Money{}, x.misread()
	}
	return m, nil
}

// Bool reads true or false.
func (x Parameter) Bool() (bool, error) {
	if x.Value != "true" && x.Value != "false" {
		return false, x.misread()
	}
	return x.Value == "true", nil
}

// Window reads a span of days of the year.
func (x Parameter) Window() (Window, error) {
	if w, ok := parseWindow(x.Value); ok {
		return w, nil
	}
	return Window{}, x.misread()
}

func (x Parameter) inForce(on ledger.Date) bool {
	return (x.From.IsZero() || !on.Before(x.From)) && (x.To.IsZero() || !on.After(x.To))
}

func meet(aFrom, aTo, bFrom, bTo ledger.Date) bool {
	return (bTo.IsZero() || !aFrom.After(bTo)) && (aTo.IsZero() || !bFrom.After(aTo))
}

func later(a, b ledger.Date) ledger.Date {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b ledger.Date) ledger.Date {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// A View is a pack as one region sees it on a day, as known on another.
type View struct {
	pack    *Pack
	regions []ledger.RegionCode // the most specific first
	on      ledger.Date
	known   ledger.Date
}

// In returns the view of a region on a day. Known is the day up to which
// publications count; the zero Date counts them all. A region not in force on the
// day is refused as [ledger.FindRegion] does.
func (p *Pack) In(region ledger.RegionCode, on, known ledger.Date) (View, error) {
	if _, err := ledger.FindRegion(region, on); err != nil {
		return View{}, err
	}
	v := View{pack: p, on: on, known: known}
	for r := region; r != ""; r = above(r, on) {
		v.regions = append(v.regions, r)
	}
	v.regions = append(v.regions, Nation)
	return v, nil
}

// On returns the view of the same regions on another day: series by year are read
// on a day of the year whose data they are, from the place where the unit is now.
func (v View) On(day ledger.Date) View {
	v.on = day
	return v
}

// Day returns the day of the view.
func (v View) Day() ledger.Date { return v.on }

// Pack returns what is viewed.
func (v View) Pack() *Pack { return v.pack }

// Find returns the row of a parameter that is in force: of the most specific region
// that has one, and there the one published last. A row without a value, or none at
// all, is [ErrUnset]; the row says why where there is one.
func (v View) Find(name string) (Parameter, error) {
	var best Parameter
	rank := len(v.regions)
	for i := range v.pack.Parameters {
		x := &v.pack.Parameters[i]
		if x.Name != name || !x.inForce(v.on) || !v.known.IsZero() && x.Published.After(v.known) {
			continue
		}
		at := slices.Index(v.regions, x.Region)
		if at >= 0 && (at < rank || at == rank && x.Published.After(best.Published)) {
			best, rank = *x, at
		}
	}
	if best.Value == "" {
		known, why := "", ""
		if !v.known.IsZero() {
			known = ", as known on " + v.known.String()
		}
		if best.Source != "" {
			why = " (" + best.Source + ")"
		}
		return best, ErrUnset.Of("%s for region %s on %s%s%s", name, v.regions[0], v.on, known, why)
	}
	return best, nil
}

// A Span is the days on which one row of a parameter is in force.
type Span struct {
	From, To  ledger.Date // inclusive
	Parameter Parameter
}

// Spans cuts the days from one to another where a parameter changes.
func (v View) Spans(name string, from, to ledger.Date) ([]Span, error) {
	var spans []Span
	for !from.After(to) {
		x, err := v.On(from).Find(name)
		if err != nil {
			return nil, err
		}
		end := to
		for _, y := range v.pack.Parameters {
			if y.Name != name {
				continue
			}
			if !y.To.IsZero() && !y.To.Before(from) {
				end = earlier(end, y.To)
			}
			if y.From.After(from) {
				end = earlier(end, y.From.AddDays(-1))
			}
		}
		if n := len(spans); n > 0 && spans[n-1].Parameter == x {
			spans[n-1].To = end
		} else {
			spans = append(spans, Span{from, end, x})
		}
		from = end.AddDays(1)
	}
	return spans, nil
}

// Editions are the days on which parameters were published, from the first to the last.
// Between two of them the same was known, so that what is computed for one edition holds
// for all its days.
type Editions []ledger.Date

// Editions lists the editions of the pack.
func (p *Pack) Editions() Editions {
	days := Editions{ledger.DateOf(1900, 1, 1)} // before all of them
	for _, x := range p.Parameters {
		if !x.Published.IsZero() {
			days = append(days, x.Published)
		}
	}
	slices.SortFunc(days, ledger.Date.Compare)
	return slices.Compact(days)
}

// Of returns the edition that a day knows; the zero Date, which knows everything, is its
// own.
func (e Editions) Of(known ledger.Date) ledger.Date {
	if known.IsZero() {
		return known
	}
	at, exact := slices.BinarySearchFunc(e, known, ledger.Date.Compare)
	if exact {
		return known
	}
	return e[max(at-1, 0)]
}

// WorkingDay returns the first working day from d on. It needs a calendar of the
// year, as [Pack.Last] does.
func (p Pack) WorkingDay(d ledger.Date) (ledger.Date, error) {
	for {
		working, err := p.working(d)
		if err != nil || working {
			return d, err
		}
		d = d.AddDays(1)
	}
}

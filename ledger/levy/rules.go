package levy

import (
	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// A Basis is a set of the rows that figures rest on; [Rules.Clauses] names them.
type Basis uint64

const (
	onLiable Basis = 1 << iota
	onFormula
	onRatio
	onFloor
	onGiven // the ratio is the employer's own
	onRoundN
	onRoundD
	onRoundW
	onRoundGap
	onRoundMoney
	onMultiple
	onSeries
	onSocial
	onClosing
	onUncapped
	onHigh
	onLow
	onThreshold
	onSmallMax
	onSmallClasses
	onSmallTest
	onNewMax
	onNewYears
	onNewStart
	onRollForward
	onDailyRate
	onFeeCap
	onFirstDay
	onPaymentDay
	onFilingWindow
	onReviewWindow
	onUnreviewed
	onWeight
	onCardGrade
	onMilitaryGrade
	onMilitary
	onPolice
	onExpired
	onPartMonth
	onSeasonal
	basisEnd
)

// A Clause is one row that a figure rests on.
type Clause struct {
	Certainty policy.Certainty `json:"certainty"`
	Figure    string           `json:"figure"`              // what it decides
	Parameter string           `json:"parameter,omitempty"` // its name in the policy
	Source    string           `json:"source"`              // document and article
}

// A setting is a parameter as it stands: a value, or why there is none. It is asked for
// only where the answer depends on it.
type setting[T any] struct {
	value T
	at    Basis
	err   error
}

func (s setting[T]) use(b *Basis) (T, error) {
	*b |= s.at
	return s.value, s.err
}

// Rules are the parameters of the levy in one region for one filing day, as known on
// one day. They may be used by many at once.
type Rules struct {
	view    policy.View
	clauses map[Basis]Clause

	ratio, floor, multiple        setting[Number]
	high, low, threshold          setting[Number]
	series, smallTest, newStart   setting[string]
	smallClasses                  setting[string]
	smallMax, newMax, newYears    setting[int]
	social                        setting[int64] // fen
	closing                       setting[string]
	dailyCap                      setting[Number]
	firstDay                      setting[string]
	rollForward, paymentDay       setting[bool]
	part                          setting[string]
	weight, cardMax               setting[int]
	militaryMax, militaryTwiceMax setting[int]
	divisor                       setting[int]
	police, expired, unreviewed   setting[bool]
	filing, review                setting[policy.Window]
	rounding                      profile
}

// A profile is how figures are rounded (policy.md §1.9): to how many decimals, -1 exact.
type profile struct{ n, d, w, gap, money setting[int] }

// FilingDay returns the last day of the filing window of a year, before it is rolled over
// holidays: the day whose rules apply when nothing but the filing year is known. The
// rule in force in the filing year applies to the data of the year before (policy.md §1.7).
func FilingDay(pack *policy.Pack, region ledger.RegionCode, year int, known ledger.Date) (ledger.Date, error) {
	v, err := pack.In(region, ledger.DateOf(year, 12, 31), known)
	if err != nil {
		return ledger.Date{}, err
	}
	x, err := v.Find("levy.filing_window")
	if err != nil {
		return ledger.Date{}, err
	}
	w, err := x.Window()
	_, last := w.In(year)
	return last, err
}

// NewRules reads the parameters of a region that are in force on the filing day, as
// known on a day; the zero Date knows everything. Rounding names a profile: "" and
// "default" are the policy's own (levy.rounding.profile.FIGURE), others the rows
// levy.rounding.NAME.FIGURE. It refuses a region that does not exist on the filing day;
// what is unset refuses when it is needed.
func NewRules(pack *policy.Pack, region ledger.RegionCode, filed, known ledger.Date, rounding string) (*Rules, error) {
	v, err := pack.In(region, filed, known)
	if err != nil {
		return nil, err
	}
	r := &Rules{view: v, clauses: make(map[Basis]Clause)}
	r.clauses[onLiable] = Clause{Figure: "liable", Source: "残疾人就业条例 art. 3；吉财税〔2016〕726号 art. 2", Certainty: policy.Verified}
	r.clauses[onFormula] = Clause{Figure: "full", Source: "财税〔2015〕72号 art. 8", Certainty: policy.Verified}
	r.clauses[onGiven] = Clause{Figure: "ratio", Source: "as given", Certainty: policy.Unknown}
	r.clauses[onUncapped] = Clause{Figure: "base", Source: "not capped: asked for, since no local average wage is known", Certainty: policy.Unknown}

	r.ratio = read(r, v, onRatio, "ratio", "levy.ratio", number)
	r.floor = read(r, v, onFloor, "floor of the ratio", "levy.ratio.national_floor", number)
	r.multiple = read(r, v, onMultiple, "base", "levy.wage_cap.multiple", number)
	r.series = read(r, v, onSeries, "base", "levy.wage_cap.base_series", word)
	r.social = r.findSocial(region)
	r.closing = read(r, v, onClosing, "base", "levy.wage_cap.deregistration_lookback", word)
	r.high = read(r, v, onHigh, "tier", "levy.tier.rate_at_or_above_threshold", number)
	r.low = read(r, v, onLow, "tier", "levy.tier.rate_below_threshold", number)
	r.threshold = read(r, v, onThreshold, "tier", "levy.tier.threshold", number)
	r.smallMax = read(r, v, onSmallMax, "relief", "levy.small_enterprise.max_staff", policy.Parameter.Int)
	r.smallClasses = read(r, v, onSmallClasses, "relief", "levy.small_enterprise.unit_classes", word)
	r.smallTest = read(r, v, onSmallTest, "relief", "levy.small_enterprise.test_on", word)
	r.newMax = read(r, v, onNewMax, "relief", "levy.new_enterprise.max_staff", policy.Parameter.Int)
	r.newYears = read(r, v, onNewYears, "relief", "levy.new_enterprise.years", policy.Parameter.Int)
	r.newStart = read(r, v, onNewStart, "relief", "levy.new_enterprise.start_rule", word)
	r.filing = read(r, v, onFilingWindow, "deadline", "levy.filing_window", policy.Parameter.Window)
	r.review = read(r, v, onReviewWindow, "D", "levy.review_window", policy.Parameter.Window)
	r.unreviewed = read(r, v, onUnreviewed, "D", "levy.unreviewed_counts_as_zero", policy.Parameter.Bool)
	r.rollForward = read(r, v, onRollForward, "late_fee", "levy.filing_window.holiday_roll_forward", policy.Parameter.Bool)
	r.dailyCap = read(r, v, onFeeCap, "late_fee", "levy.late_fee.cap_multiple_of_principal", number)
	r.firstDay = read(r, v, onFirstDay, "late_fee", "levy.late_fee.first_day", word)
	r.paymentDay = read(r, v, onPaymentDay, "late_fee", "levy.late_fee.payment_day_counts", policy.Parameter.Bool)
	r.weight = read(r, v, onWeight, "D", "levy.disabled.double_weight", policy.Parameter.Int)
	r.cardMax = read(r, v, onCardGrade, "D", "levy.disabled.double_weight.certificate_max_grade", policy.Parameter.Int)
	r.militaryTwiceMax = read(r, v, onMilitaryGrade, "D", "levy.disabled.double_weight.military_max_grade", policy.Parameter.Int)
	r.militaryMax = read(r, v, onMilitary, "D", "levy.disabled.military_max_grade", policy.Parameter.Int)
	r.police = read(r, v, onPolice, "D", "levy.disabled.police_certificate_counts", policy.Parameter.Bool)
	r.expired = read(r, v, onExpired, "D", "levy.disabled.expired_certificate_counts", policy.Parameter.Bool)
	r.part = read(r, v, onPartMonth, "D", "levy.disabled.part_month_rule", word)
	r.divisor = read(r, v, onSeasonal, "N", "levy.staff.seasonal_divisor", policy.Parameter.Int)
	if rounding == "" || rounding == "default" {
		rounding = "profile"
	}
	profiled := func(at Basis, figure string) setting[int] {
		return read(r, v, at, figure, "levy.rounding."+rounding+"."+figure, decimals)
	}
	r.rounding = profile{profiled(onRoundN, "N"), profiled(onRoundD, "D"), profiled(onRoundW, "W"), profiled(onRoundGap, "gap"), profiled(onRoundMoney, "money")}
	read(r, v, onDailyRate, "late_fee", "levy.late_fee.daily_rate", number) // its clause; the rates are read by days
	return r, nil
}

// read finds a parameter and keeps what it says, or why it says nothing.
func read[T any](r *Rules, v policy.View, at Basis, figure, name string, parse func(policy.Parameter) (T, error)) setting[T] {
	s := setting[T]{at: at}
	x, err := v.Find(name)
	if err != nil {
		s.err = err
		return s
	}
	s.value, s.err = parse(x)
	if _, ok := r.clauses[at]; !ok {
		r.clauses[at] = Clause{Figure: figure, Parameter: name, Source: x.Source, Certainty: x.Certainty}
	}
	return s
}

func number(x policy.Parameter) (Number, error) {
	f, err := x.Fraction()
	if err != nil {
		return none, err
	}
	return of(f)
}

func word(x policy.Parameter) (string, error) { return x.Value, nil }

func fen(x policy.Parameter) (int64, error) {
	m, err := x.Money()
	n, _ := m.Fen() // a parameter is an amount that was parsed
	return n, err
}

// findSocial reads the local average wage of the data year, in the series that the cap
// is taken of. It is the figure of the prefecture or county (公告2017年第1号): the
// province's stands for nobody below it.
func (r *Rules) findSocial(region ledger.RegionCode) setting[int64] {
	if r.series.err != nil {
		return setting[int64]{at: r.series.at, err: r.series.err}
	}
	name := "social_average_wage.weighted"
	if r.series.value == "urban_unit_average" {
		name = "social_average_wage.urban_unit"
	}
	data := r.view.On(ledger.DateOf(r.Filed().Year()-1, 12, 31))
	s := read(r, data, onSocial, "base", name, fen)
	s.at |= r.series.at
	if x, err := data.Find(name); err == nil && x.Region != region {
		if where, err := ledger.FindRegion(x.Region, r.Filed()); err != nil || where.Level == ledger.LevelProvince {
			s.err = policy.ErrUnset.Of("%s for region %s or its prefecture, data year %d", name, region, data.Day().Year())
		}
	}
	return s
}

// Filed returns the day whose rules these are.
func (r *Rules) Filed() ledger.Date { return r.view.Day() }

// Clauses names the rows of a basis, those of one figure after another.
func (r *Rules) Clauses(b Basis) []Clause {
	var all []Clause
	for at := onLiable; at < basisEnd; at <<= 1 {
		if c, ok := r.clauses[at]; ok && b&at != 0 {
			all = append(all, c)
		}
	}
	return all
}

var places = map[string]int{"exact": -1, "int_half_up": 0, "2dp_half_up": 2, "fen_half_up": 2}

func decimals(x policy.Parameter) (int, error) {
	n, ok := places[x.Value]
	if !ok {
		return 0, policy.ErrPack.Of("%s %q is no rounding", x.Name, x.Value)
	}
	return n, nil
}

// round rounds a figure as its profile says.
func round(n Number, s setting[int], b *Basis) (Number, error) {
	decimals, err := s.use(b)
	if err != nil || decimals < 0 {
		return n, err
	}
	return n.Round(decimals), nil
}

package sampledata

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"zhucan/ledger"
)

// A filing is what an employer files in a year about the year before, and what is paid.
type filing struct {
	tenths     int // staff, in tenths of a person
	wage       int // average, in fen
	payroll    int // in fen; 0: the wage is filed
	month, day int
	late       bool
	registered string
	paid       int // in per cent of what is due
	paidAfter  int // days
}

// heads is the staff as a whole number, half up (levy.rounding.profile.N).
func (f filing) heads() int { return halfUp(f.tenths, 10) }

func (p *province) filing(e employer, year int) filing {
	d := cast(p.seed, 'f', e.county.n, e.n, year)
	f := filing{
		tenths: 10 * max(1, e.heads+d.below(5)-2), wage: 3_000_000 + d.below(13_000_000), day: 15 + d.below(16),
		registered: fmt.Sprintf("%d-%02d-01", 2001+e.n%18, 1+e.n%12),
	}
	if d.below(4) == 0 {
		f.tenths += 5
	}
	if d.below(2) == 0 {
		f.payroll = f.wage*f.heads() + d.below(f.heads())
		f.wage = halfUp(f.payroll, f.heads())
	}
	// The window is August until 2021 and August to October from 2022 (吉财税〔2022〕684号).
	months := 1
	if year >= 2022 {
		months = 3
	}
	f.month = 8 + d.below(months)
	if f.late = d.below(50) == 0; f.late {
		f.month, f.day = 8+months, 5+d.below(11)
	}
	switch pays := d.below(100); {
	case pays < 80:
		f.paid = 100
	case pays < 90:
		f.paid = 50
	}
	f.paidAfter = d.below(6)
	if e.closing {
		f.month, f.day, f.late, f.paid = 2, 10, false, 100
	}
	return f
}

// assessed is the day of a year on which what is filed is assessed: after every filing.
func assessed(year int) string {
	if year >= 2022 {
		return fmt.Sprintf("%d-11-20", year)
	}
	return fmt.Sprintf("%d-09-20", year)
}

// A review is how many disabled persons of an employer are confirmed, and for which months
// of the year before.
type review struct {
	from, to []int // months, of each
	day      string
	counts   bool // within the window
}

func (p *province) review(e employer, year int) review {
	d := cast(p.seed, 'r', e.county.n, e.n, year)
	if n := p.filing(e, year).heads(); !e.liable() || e.closing || n < 10 || d.below(10) >= 4 {
		return review{}
	}
	r := review{counts: true}
	for range min(most, 1+d.below(e.heads/30+1)) {
		from, to := 1, 12
		if d.below(10) >= 7 {
			from = 1 + d.below(9)
			to = from + d.below(13-from)
		}
		r.from, r.to = append(r.from, from), append(r.to, to)
	}
	// The window is April until 2021 and the first half year from 2022.
	r.day = fmt.Sprintf("%d-04-%02d", year, 1+d.below(30))
	if d.below(40) == 0 {
		r.day, r.counts = fmt.Sprintf("%d-07-%02d", year, 5+d.below(10)), false
	}
	return r
}

// A sum is the levy of an employer and year.
type sum struct {
	met, small, capped bool
	full, due          int
	again              int // due by what was published later
}

// levyOf reckons the levy by plain whole numbers (财税〔2015〕72号 art. 8): a gap in
// thousandths of a person, times the wage or twice the local one, half up to the fen; of that
// the tier (50 % from one disabled person in a hundred on, else 90 %: 财政部公告2019年第98号,
// 2023年第8号). Enterprises of at most 30 owe nothing. Who closed in 2023 before the second of
// these was published, on 26 March, owes the levy in full until it is assessed again.
func (p *province) levyOf(e employer, year int) (s sum) {
	if !e.liable() {
		return s
	}
	f, r := p.filing(e, year), p.review(e, year)
	n, twelfths := f.heads(), 0
	if r.counts {
		for i := range r.from {
			weight := 1
			if e.worker(i).grade() <= 2 {
				weight = 2
			}
			twelfths += weight * (r.to[i] - r.from[i] + 1)
		}
	}
	hundredths := halfUp(twelfths*100, 12)
	gap := 16*n - 10*hundredths
	if gap <= 0 {
		s.met = true
		return s
	}
	base, limit := f.wage, 2*p.localWage(e.county, year)
	if s.capped = base > limit; s.capped {
		base = limit
	}
	s.full = halfUp(gap*base, 1000)
	switch {
	case e.enterprise() && n <= 30:
		s.small = true
	case hundredths >= n:
		s.due = halfUp(s.full, 2)
	default:
		s.due = halfUp(s.full*9, 10)
	}
	if s.again = s.due; e.closing {
		s.due, s.small = s.full, false
	}
	return s
}

// localWage is the sample value of the average wage of a county's prefecture in the year
// before a filing year, in fen.
func (p *province) localWage(c county, year int) int {
	return averageWage(p.prefecture(c, year), year-1)
}

// prefecture is what a county lay under in a year.
func (p *province) prefecture(c county, year int) ledger.RegionCode {
	r, err := ledger.FindRegion(ledger.RegionCode(c.in(year)), ledger.DateOf(year, 12, 31))
	if err != nil {
		panic(err) // a county of the table
	}
	return r.Parent
}

// averageWage is the same in every county below a prefecture.
func averageWage(prefecture ledger.RegionCode, year int) int {
	n := int(prefecture[2]-'0')*10 + int(prefecture[3]-'0')
	return 100 * (55_000 + 1_000*(year-2019) + 250*n)
}

// levies writes what employers file, what the federation confirms, and what they pay.
func (p *province) levies() error {
	for _, file := range []func() error{p.closings, p.declarations, p.reviews} {
		if err := file(); err != nil {
			return err
		}
	}
	p.assess(assessed(p.year), len(p.counties)*p.size.employers)
	return p.receipts()
}

// assess assesses what is filed so far.
func (p *province) assess(day string, n int) {
	p.truth.Steps = append(p.truth.Steps, Step{Args: []string{"levy", "assess", "--year", fmt.Sprint(p.year), "--on", day}, Assessed: n})
	p.truth.Events += n
}

var declarationColumns = []string{"filing_year", "region", "name", "uscc", "unit_class", "staff", "average_wage", "payroll", "registered_on", "closing", "date"}

func (p *province) declaration(e employer) []string {
	x := p.filing(e, p.year)
	staff := fmt.Sprint(x.tenths / 10)
	if x.tenths%10 != 0 {
		staff = fmt.Sprintf("%d.%d", x.tenths/10, x.tenths%10)
	}
	cells := []string{fmt.Sprint(p.year), e.county.in(p.year), e.name(), e.code(), "", staff, yuan(x.wage), "", x.registered, "", p.on(x.month, x.day)}
	if x.payroll > 0 {
		cells[6], cells[7] = "", yuan(x.payroll)
	}
	if e.closing {
		cells[9] = "yes"
	}
	return cells
}

// closings are filings before the window, assessed by what was known then.
func (p *province) closings() error {
	if p.year != 2023 {
		return nil
	}
	f, err := p.beginImport("declarations", "closings", declarationColumns)
	if err != nil {
		return err
	}
	for _, c := range p.counties {
		if e, ok := p.closer(c); ok {
			p.meetEmployer(e)
			f.accept(0, p.declaration(e)...)
		}
	}
	p.assess(p.on(2, 28), f.truth.Accepted)
	return f.end()
}

func (p *province) declarations() error {
	f, err := p.beginImport("declarations", "declarations", declarationColumns)
	if err != nil {
		return err
	}
	for _, c := range p.counties {
		for n := range p.size.employers {
			e := p.employer(c, n)
			p.meetEmployer(e)
			if p.filing(e, p.year).late {
				f.truth.Late++
			}
			f.accept(0, p.declaration(e)...)
		}
		bad := p.employer(c, p.size.employers) // files nothing that is accepted
		cells := p.declaration(bad)
		switch p.fault(c) {
		case 0:
			cells[3] = damaged(cells[3])
			f.refuse("credit-code-check", "the check character of the credit code", "统一社会信用代码校验码有误", cells...)
		case 1:
			cells[6], cells[7] = "60000.00", "600000.00"
			f.refuse("row-levy", "payroll and average wage both", "工资总额与平均工资同时填写", cells...)
		case 2:
			cells[10] = p.on(7, 20)
			f.refuse("levy-filing-window", "filed before the window", "申报期开始前申报", cells...)
		case 3:
			cells[5] = "-5"
			f.refuse("levy-staff", "a negative number of staff", "职工人数为负", cells...)
		}
	}
	return f.end()
}

func (p *province) reviews() error {
	f, err := p.beginImport("reviews", "reviews", []string{"filing_year", "region", "name", "uscc", "confirmation", "persons", "date"}, "--as", Federation)
	if err != nil {
		return err
	}
	one := func(w person, from, to int) string {
		return fmt.Sprintf("%s/%s/%d-%02d/%d-%02d", w.name(), w.certificate(), p.year-1, from, p.year-1, to)
	}
	row := func(e employer, day string, persons ...string) []string {
		return []string{fmt.Sprint(p.year), e.county.in(p.year), e.name(), e.code(), fmt.Sprintf("示例确认〔%d〕%02d-%d号", p.year, e.county.n, e.n), strings.Join(persons, ";"), day}
	}
	for _, c := range p.counties {
		var last employer
		var months [2]int // of its first person
		for n := range p.size.employers {
			e := p.employer(c, n)
			r := p.review(e, p.year)
			if len(r.from) == 0 {
				continue
			}
			p.meetEmployer(e)
			var list []string
			for i := range r.from {
				p.meet(e.worker(i))
				list = append(list, one(e.worker(i), r.from[i], r.to[i]))
			}
			f.accept(0, row(e, r.day, list...)...)
			last, months = e, [2]int{r.from[0], r.to[0]}
		}
		if last.class == "" {
			continue
		}
		bad := p.employer(c, p.size.employers+1)
		first := one(last.worker(0), months[0], months[1])
		day := p.on(6, 20)
		switch p.fault(c) {
		case 0:
			f.refuse("levy-person-counted", "another employer counts the person in the same months", "同一职工同一月份已由另一单位计入", row(bad, day, first)...)
		case 1:
			certificate := last.worker(0).certificate()
			f.refuse("person-number-check", "the check character of the identity number in a certificate", "残疾人证号中的身份证号校验码有误",
				row(bad, day, strings.Replace(first, certificate, damaged(certificate[:18])+certificate[18:], 1))...)
		case 2:
			w := bad.worker(0)
			f.refuse("levy-review", "months that are not of the data year", "月份不在所属年度内",
				row(bad, day, fmt.Sprintf("%s/%s/%d-01/%d-12", w.name(), w.certificate(), p.year, p.year))...)
		case 3:
			w := bad.worker(0)
			cells := row(bad, day, one(w, 1, 12))
			cells[4] = row(last, day)[4]
			f.refuse("levy-review", "a confirmation number of another employer", "确认书编号与另一单位重复", cells...)
		}
	}
	return f.end()
}

// A receipt is kept until the statement of its year is written.
type receipt struct {
	number, name string
	day          ledger.Date
	amount       int // by the bank
	line         StatementError
	out          bool // stands among what went out
}

func (p *province) receipts() error {
	f, err := p.beginImport("receipts", "receipts", []string{"filing_year", "uscc", "name", "receipt", "kind", "amount", "date"})
	if err != nil {
		return err
	}
	row := func(e employer, number string, amount int, day string) []string {
		return []string{fmt.Sprint(p.year), e.code(), e.name(), number, "levy", yuan(amount), day}
	}
	t := Levy{Year: p.year}
	var full, due, change int
	var bank []receipt
	var errs []StatementError
	for _, c := range p.counties {
		var last employer
		var number, day string
		collect := func(e employer) {
			s, x := p.levyOf(e, p.year), p.filing(e, p.year)
			t.Assessed++
			full, due = full+s.full, due+s.due
			switch {
			case !e.liable():
				t.NotLiable++
			case s.met:
				t.QuotaMet++
			case s.small:
				t.Small++
			default:
				t.Owing++
			}
			if s.capped {
				t.Capped++
			}
			amount := halfUp(s.due*x.paid, 100)
			if s.again != s.due {
				t.Affected++
				change += s.again - s.due
			}
			if amount == 0 {
				return
			}
			on := ledger.DateOf(p.year, time.Month(x.month), x.day).AddDays(x.paidAfter)
			last, number, day = e, fmt.Sprintf("示例票%d-%02d-%d", p.year, c.n, e.n), on.String()
			f.accept(amount, row(e, number, amount, day)...)
			bank, errs = p.misprint(bank, errs, receipt{number: number, name: e.name(), day: on, amount: amount})
		}
		if e, ok := p.closer(c); ok {
			collect(e)
		}
		for n := range p.size.employers {
			collect(p.employer(c, n))
		}
		bad := p.employer(c, p.size.employers+2)
		switch p.fault(c) {
		case 0:
			if number != "" {
				f.refuse("levy-receipt", "a receipt that is recorded, over another amount", "票据号已登记，金额不同", row(last, number, 1_00, day)...)
			}
		case 1:
			f.refuse("levy-unknown", "an employer that filed nothing", "单位未申报", row(bad, fmt.Sprintf("示例票%d-%02d-X", p.year, c.n), 500_00, p.on(11, 1))...)
		case 2:
			f.refuse("amount-not-positive", "an amount of nothing", "金额为零", row(bad, fmt.Sprintf("示例票%d-%02d-Y", p.year, c.n), 0, p.on(11, 1))...)
		}
	}
	t.Full, t.Due, t.Relief, t.Received, t.Change = yuan(full), yuan(due), yuan(full-due), yuan(f.total), yuan(change)
	p.truth.Levies = append(p.truth.Levies, t)
	p.sums.due, p.sums.received = p.sums.due+due, p.sums.received+f.total
	if err := f.end(); err != nil {
		return err
	}
	return p.statement(bank, errs, f.total)
}

// misprint adds what the bank has of a receipt, and where that is not what the books have.
// Codes are those of breaks in a reconciliation.
func (p *province) misprint(bank []receipt, errs []StatementError, r receipt) ([]receipt, []StatementError) {
	p.sums.receipts++
	right := r.amount
	fault := func(code, why, whyZH string) StatementError {
		return StatementError{Code: code, Receipt: r.number, Bank: yuan(r.amount), Books: yuan(right), Why: why, WhyZH: whyZH}
	}
	switch p.sums.receipts % p.size.statement {
	case 1:
		e := fault("BOOK_ONLY_CREDIT", "the bank has no line", "银行无此笔")
		e.Bank = ""
		return bank, append(errs, e)
	case 4:
		r.amount += 90
		r.line = fault("AMOUNT", "the bank has 0.90 more", "银行金额多0.90")
	case 7:
		bank = append(bank, r)
		r.line = fault("DUPLICATE", "the bank has the line twice", "银行重复记录")
	case 10:
		r.line = fault("PAYEE", "the bank has another name", "银行户名不符")
		r.name = "示例其他单位（合成）"
	case 13:
		r.line = fault("TIMING", "the bank booked it ten days later", "银行入账晚十日")
		r.day = r.day.AddDays(10)
	case 16:
		r.line = fault("DIRECTION", "the bank has it as money that went out", "银行记为支出")
		r.out = true
	case 19:
		extra := r
		extra.number, extra.name, extra.amount = fmt.Sprintf("示例票%d-银行-%d", p.year, p.sums.receipts), "示例未知单位（合成）", 12_345
		extra.line = StatementError{Code: "BANK_ONLY_CREDIT", Receipt: extra.number, Bank: yuan(extra.amount), Why: "the books have no receipt", WhyZH: "账上无此笔"}
		bank = append(bank, extra)
	}
	return append(bank, r), errs
}

// statement writes what the bank has in the order of days, with its running balance.
func (p *province) statement(bank []receipt, errs []StatementError, books int) error {
	slices.SortStableFunc(bank, func(a, b receipt) int { return a.day.Compare(b.day) })
	f, err := p.csv(p.path("statement"), []string{"交易日期", "流水号", "收入金额", "支出金额", "余额", "对方户名", "摘要"})
	if err != nil {
		return err
	}
	balance := 0
	for i, r := range bank {
		in, out := yuan(r.amount), ""
		if balance += r.amount; r.out {
			in, out, balance = "", in, balance-2*r.amount
		}
		f.put(r.day.String(), fmt.Sprintf("SLDZ%d%06d", p.year, i+1), in, out, yuan(balance), r.name, r.number)
		if r.line.Code != "" {
			r.line.Line = f.line
			errs = append(errs, r.line)
		}
	}
	sum, err := f.close()
	p.truth.Statements = append(p.truth.Statements, Statement{
		Path: p.path("statement"), SHA256: sum, Lines: len(bank), Opening: yuan(0), Closing: yuan(balance), Books: yuan(books), Errors: errs,
	})
	return err
}

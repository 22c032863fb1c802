package sampledata

import "fmt"

// The schemes of the sample policy, by their place in totals.
const (
	startup = iota
	flexible
	tuition
	rural
	reward
	schemes
)

var schemeCodes = [schemes]string{"startup", "flexible-work", "tuition", "rural-production", "employer-reward"}

// A tally is what a county has of a scheme in a year.
type tally struct{ voted, payments, paid, claims int }

func (p *province) budgets() error {
	f, err := p.beginImport("budget", "budget", []string{"region", "scheme", "fund", "year", "amount", "document", "date"})
	if err != nil {
		return err
	}
	row := func(c county, scheme, amount int) []string {
		return []string{c.in(p.year), schemeCodes[scheme], "levy", fmt.Sprint(p.year), yuan(amount), fmt.Sprintf("示例指标〔%d〕%02d%d号", p.year, c.n, scheme), p.on(1, 10+c.n%10)}
	}
	for _, c := range p.counties {
		for s := range schemes {
			d := cast(p.seed, 'b', c.n, s, p.year)
			amount := 100 * 10_000 * (10 + d.below(90))
			f.accept(amount, row(c, s, amount)...)
			p.tallies[c.n][s].voted += amount
		}
		switch p.fault(c) {
		case 0:
			cells := row(c, startup, 100_00)
			cells[0] = "229999"
			f.refuse("region-unknown", "no region of the province", "不存在的行政区划", cells...)
		case 1:
			f.refuse("document-booked", "a document that has voted for the line already", "同一文号对同一指标重复下达", row(c, startup, 100_00)...)
		case 2:
			cells := row(c, startup, -100_00)
			cells[5] += "之二"
			f.refuse("amount-not-positive", "a negative amount", "金额为负", cells...)
		}
	}
	p.sums.voted += f.total
	return f.end()
}

// mapping is how the lists of payments are read.
const mapping = `source: 合成样本，非真实数据 · synthetic sample, no real payments
format: csv
encoding: utf-8
comma: ","
currency: CNY
amount:
  column: 金额（元）
  decimal: "."
  thousands: ","
date:
  column: 支付日期
  formats: [YYYY-MM-DD]
payee:
  kind:
    column: 收款人类型
    values: {个人: person, 用人单位: employer}
  name: {column: 收款人}
  person_number: {column: 身份证号}
  uscc: {column: 统一社会信用代码}
scheme:
  column: 补贴项目
  values: {自主创业扶持: startup, 灵活就业资金扶持: flexible-work, 扶残助学金: tuition, 安排残疾人就业奖励: employer-reward}
region: {column: 行政区划代码}
fund:
  column: 资金来源
  values: {残疾人就业保障金: levy}
note: {column: 摘要}
`

var schemeNames = [schemes]string{"自主创业扶持", "灵活就业资金扶持", "扶残助学金", "", "安排残疾人就业奖励"}

// payments writes what was paid elsewhere, and counts what that does to indicators.
func (p *province) payments() error {
	f, err := p.beginImport("payments", "payments", []string{"支付日期", "收款人类型", "收款人", "身份证号", "统一社会信用代码", "行政区划代码", "补贴项目", "资金来源", "金额（元）", "摘要"}, "--mapping", "payments.yaml")
	if err != nil {
		return err
	}
	row := func(who person, c county, scheme, amount int, day string) []string {
		return []string{day, "个人", who.name(), who.number(), "", c.in(p.year), schemeNames[scheme], "残疾人就业保障金", grouped(amount), "合成样本，非真实数据"}
	}
	pay := func(who person, c county, scheme, amount int, day string) int {
		p.meet(who)
		f.accept(amount, row(who, c, scheme, amount, day)...)
		p.paid(c, scheme, amount)
		return f.truth.Rows
	}
	suspect := func(of int) {
		f.truth.Suspects = append(f.truth.Suspects, Suspect{Row: f.truth.Rows, Of: of})
	}
	for _, c := range p.counties {
		other := p.counties[(c.n+1)%len(p.counties)]
		for n := range p.size.monthly {
			who := person{c, monthly + n}
			d := cast(p.seed, 'm', c.n, n, p.year)
			amount := 100 * (300 + 50*d.below(7))
			for month := 1; month <= 12; month++ {
				day := 10 + d.below(15)
				first := pay(who, c, flexible, amount, p.on(month, day))
				if month == 6 && (c.n+n)%p.size.doubles == 0 { // the same month, in the next county
					pay(who, other, flexible, amount, p.on(month, day+2))
					suspect(first)
				}
			}
		}
		for n := range p.size.founders {
			who := p.founder(c, n)
			d := cast(p.seed, 's', c.n, n, p.year)
			month, day := 3+d.below(6), 1+d.below(28)
			first := pay(who, c, startup, 6_000_00, p.on(month, day))
			p.countNew("T10", 1)
			if (c.n+n)%p.size.doubles == 1 { // what is had once in a life, in another month and of another amount
				pay(who, c, startup, 5_000_00, p.on(month+1, day))
				suspect(first)
				p.count("T10", 0, 1)
			}
		}
		for n := range p.size.students {
			pay(person{c, students + n}, c, tuition, 3_000_00, p.on(9, 1+n%28))
			p.countLast("T24", 1, 1)
		}
		for n := range p.size.rewarded {
			e := p.employer(c, n)
			p.meetEmployer(e)
			amount := 3_600_00 * (1 + n%3)
			f.accept(amount, p.on(12, 1+n%28), "用人单位", e.name(), "", e.code(), c.in(p.year), schemeNames[reward], "残疾人就业保障金", grouped(amount), "合成样本，非真实数据")
			p.paid(c, reward, amount)
		}
		cells := row(person{c, monthly + p.size.monthly}, c, flexible, 300_00, p.on(6, 15))
		switch p.fault(c) {
		case 0:
			cells[6] = "其他项目"
			f.refuse("row-value", "a scheme that the mapping does not know", "映射文件未列的项目", cells...)
		case 1:
			cells[8] = "300.005"
			f.refuse("amount-form", "three decimals", "金额有三位小数", cells...)
		case 2:
			cells[0] = p.on(2, 30)
			f.refuse("date-form", "a day that is none", "不存在的日期", cells...)
		case 3:
			cells[3] = damaged(cells[3])
			f.refuse("person-number-check", "the check character of the identity number", "身份证号校验码有误", cells...)
		}
	}
	p.sums.paid += f.total
	return f.end()
}

// founder is one of those who are paid for starting a business, others in every year.
func (p *province) founder(c county, n int) person {
	return person{c, founders + p.past()*p.size.founders + n}
}

func (p *province) paid(c county, scheme, amount int) {
	p.tallies[c.n][scheme].payments++
	p.tallies[c.n][scheme].paid += amount
}

// applications writes claims, of which the book refuses who was paid for the same thing.
func (p *province) applications() error {
	f, err := p.beginImport("applications", "applications", []string{"claim", "scheme", "region", "from", "to", "units", "evidence", "date", "kind", "name", "person_number", "certificate", "uscc", "bank_card", "bank_account"})
	if err != nil {
		return err
	}
	row := func(who person, c county, scheme int, id string) []string {
		d := cast(p.seed, 'a', c.n, who.n, p.year)
		cells := []string{
			fmt.Sprintf("SL%d-%02d-%s", p.year, c.n, id), schemeCodes[scheme], c.in(p.year), fmt.Sprintf("%d-01", p.year), fmt.Sprintf("%d-12", p.year), "1",
			"application-form:" + d.hash() + " disability-certificate:" + d.hash(), p.on(3+d.below(8), 1+d.below(28)),
			"person", who.name(), "", who.certificate(), "", who.card(), "",
		}
		if who.n%3 == 0 { // some give the identity number and an account that is no card
			cells[10], cells[11], cells[13], cells[14] = who.number(), "", "", fmt.Sprintf("9999%02d%09d", c.n, who.n)
		}
		return cells
	}
	decided := func(who person) { // a person is registered with the account, or known and given it
		if !p.meet(who) {
			p.truth.Events++
		}
	}
	for _, c := range p.counties {
		applicant := func(n int) person { return person{c, applicants + p.past()*(p.size.applicants+1) + n} }
		for n := range p.size.applicants {
			decided(applicant(n))
			f.accept(0, row(applicant(n), c, startup, fmt.Sprintf("S%d", n))...)
			p.tallies[c.n][startup].claims++
		}
		for n := range p.size.growers {
			who := person{c, growers + n}
			decided(who)
			f.accept(0, row(who, c, rural, fmt.Sprintf("R%d", n))...)
			p.tallies[c.n][rural].claims++
		}
		spare := applicant(p.size.applicants)
		switch p.fault(c) {
		case 0:
			cells := row(spare, c, startup, "X")
			cells[6] = cells[6][:len("application-form:")+64]
			f.refuse("evidence-missing", "no disability certificate among the evidence", "缺少残疾人证材料", cells...)
		case 1:
			f.refuse("already-awarded", "the same person applies in another county", "同一人已在另一县申报", row(applicant(0), p.counties[(c.n+1)%len(p.counties)], startup, fmt.Sprintf("X%d", c.n))...)
		case 2:
			f.refuse("already-awarded", "the same person was paid for it elsewhere", "同一人已在别处领取", row(p.founder(c, 0), c, startup, "X")...)
		case 3:
			cells := row(spare, c, startup, "X")
			cells[13], cells[14] = damaged(spare.card()), ""
			f.refuse("bank-card-check", "the check digit of the card", "银行卡校验位有误", cells...)
		case 4:
			e := p.employer(c, p.size.employers+3)
			cells := row(spare, c, startup, "X")
			cells[8], cells[9], cells[10], cells[11], cells[12], cells[13], cells[14] = "employer", e.name(), "", "", e.code(), "", "999900000001"
			f.refuse("claimant-kind", "an employer claims what is for persons", "单位申报面向个人的项目", cells...)
		}
	}
	return f.end()
}

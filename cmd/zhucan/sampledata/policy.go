package sampledata

import (
	"fmt"
	"io/fs"
	"strings"

	"zhucan/schema"
)

const policyVersion = "sample-province.2"

const packHead = `version: ` + policyVersion + `
label: 合成省份样本政策包：残保金规则照录，金额、标准、期限、社会平均工资均为样本值，非官方 · policy of the synthetic province, the rules of the levy as they are; amounts, standards, terms and average wages are sample values, not official
source: 样本 · sample
`

const packSchemes = `schemes:
  - code: startup
    name_zh: 自主创业扶持
    name_en: Support for starting a business
    flow: F05
    clause: 吉政办发〔2022〕35号 三（三）
    claimants: [person]
    funds: [levy]
    group: startup
    once: life
    unit: 人 · person
    evidence: [application-form, disability-certificate]
    from: 2020-01-01
    publicity: {days: 7, source: 样本值，非官方 · sample value}
  - code: flexible-work
    name_zh: 灵活就业资金扶持
    name_en: Support for flexible work
    flow: F12
    clause: 吉政办发〔2022〕35号 三（五）
    claimants: [person]
    funds: [levy]
    group: flexible-work
    once: month
    unit: 人 · person
    evidence: [application-form, disability-certificate]
    from: 2020-01-01
    publicity: {days: 7, source: 样本值，非官方 · sample value}
  - code: tuition
    name_zh: 扶残助学金
    name_en: Tuition grant
    flow: F26
    clause: 吉政办发〔2022〕35号 三（十）
    claimants: [person]
    funds: [levy]
    group: tuition
    once: year
    unit: 人 · person
    evidence: [application-form, disability-certificate]
    from: 2020-01-01
    publicity: {days: 7, source: 样本值，非官方 · sample value}
  - code: rural-production
    name_zh: 种植、养殖等扶持
    name_en: Support for planting, breeding and the like
    flow: F16
    clause: 吉政办发〔2022〕35号 三（六）
    claimants: [person]
    funds: [levy]
    group: rural-production
    once: year
    unit: 人次 · person-time
    evidence: [application-form, disability-certificate]
    from: 2020-01-01
    publicity: {days: 7, source: 样本值，非官方 · sample value}
  - code: employer-reward
    name_zh: 安排残疾人就业奖励（超比例、新安排）
    name_en: Reward for employing above quota or newly
    flow: F02
    clause: 吉政办发〔2022〕35号 三（二）
    claimants: [employer]
    funds: [levy]
    group: employment-reward
    once: year
    unit: 人 · person
    evidence: [application-form]
    from: 2020-01-01
    publicity: {days: 7, source: 样本值，非官方 · sample value}
`

const packStandards = `scheme,region,amount,from,to,source
startup,220000,6000.00,2020-01-01,,样本值，非官方 · sample value
flexible-work,220000,300.00,2020-01-01,,样本值，非官方 · sample value
tuition,220000,3000.00,2020-01-01,,样本值，非官方 · sample value
rural-production,220000,2000.00,2020-01-01,,样本值，非官方 · sample value
employer-reward,220000,3600.00,2020-01-01,,样本值，非官方 · sample value
`

// policy writes the pack: rules of the levy, chart and calendar as in the sample pack of the
// program, targets as in Jilin's, and what the filing years need beside.
func (p *province) policy() error {
	parameters, err := table("policy/sample/parameters.csv", "social_average_wage.")
	if err != nil {
		return err
	}
	chart, err := table("policy/sample/chart.csv", "")
	if err != nil {
		return err
	}
	calendar, err := table("policy/sample/calendar.csv", "")
	if err != nil {
		return err
	}
	targets, err := table("policy/jilin/targets.csv", "")
	if err != nil {
		return err
	}
	const sample = "样本值，非官方 · sample value,derived\n"
	parameters += "levy.review_window,220000,2020-01-01,2020-12-31,,04-01/04-30,MM-DD/MM-DD," + sample
	parameters += "levy.unreviewed_counts_as_zero,220000,2020-01-01,2020-12-31,,true,bool," + sample
	for _, at := range p.prefectures() {
		for year := 2019; year <= 2023; year++ {
			parameters += fmt.Sprintf("social_average_wage.weighted,%s,%d-01-01,%d-12-31,,%s,yuan,%s", at, year, year, yuan(averageWage(at, year)), sample)
		}
	}
	// A calendar has no year without a day in it. The two before the sample's have one each.
	const days = "date,working,source\n"
	calendar = days + "2020-10-01,no,样本值 · sample value\n2021-10-01,no,样本值 · sample value\n" + strings.TrimPrefix(calendar, days)
	for _, file := range []struct{ name, text string }{
		{"pack.yaml", packHead}, {"schemes.yaml", packSchemes}, {"standards.csv", packStandards}, {"exclusions.csv", "scheme,group,scope,source\n"},
		{"parameters.csv", parameters}, {"chart.csv", chart}, {"calendar.csv", calendar}, {"targets.csv", targets},
	} {
		if _, err := p.write("policy/"+file.name, "# "+Label+"\n"+file.text); err != nil {
			return err
		}
	}
	p.truth.Steps = append(p.truth.Steps, Step{Args: []string{"import", "policy", "policy"}})
	p.truth.Events++
	return nil
}

// table is a table of the program without its first line, which is a remark, and without rows
// that begin so.
func table(name, without string) (string, error) {
	text, err := fs.ReadFile(schema.Files, name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, line := range strings.SplitAfter(string(text), "\n") {
		if i > 0 && (without == "" || !strings.HasPrefix(line, without)) {
			b.WriteString(line)
		}
	}
	return b.String(), nil
}

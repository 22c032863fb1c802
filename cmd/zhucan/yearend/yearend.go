// Package yearend makes the report that the working committee of a prefecture sends to
// that of the province at the end of a year (吉政办发〔2022〕35号 四（五）: 各市（州）政府残工委每年年底前
// 要向省政府残工委报送本地行动落实情况): a page to be printed, and a workbook.
//
// Both are functions of one [Report], whose figures are those of package report and carry
// what they rest on. What was recorded after the end of the year it happened in stands
// apart. No person is named.
package yearend

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"zhucan/ledger"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
)

// A Report is what is reported of a region and a year.
type Report struct {
	Region     ledger.Region
	Year       int
	Sample     bool // the policy says that it is one
	Indicators report.Indicators
}

// Due is the last day on which the report is in time.
func (r Report) Due() ledger.Date { return ledger.DateOf(r.Year, 12, 31) }

// AfterDue tells whether the figures are of a later day than that.
func (r Report) AfterDue() bool { return r.Indicators.AsOf > r.Due().String() }

// Title names the report.
func (r Report) Title() string {
	return fmt.Sprintf("%s%d年促进残疾人就业三年行动落实情况报告", r.Region.NameZH, r.Year)
}

// Late counts what was recorded after the end of the year, each fact once.
func (r Report) Late() int64 { return r.Indicators.Late }

// An Action is one action of the plan with its targets.
type Action struct {
	Code string
	Name string
	Rows []Row
}

// Actions groups the targets, in the order of the plan.
func (r Report) Actions() []Action {
	var all []Action
	for _, x := range r.Indicators.Indicators {
		i := slices.IndexFunc(all, func(a Action) bool { return a.Code == x.Action })
		if i < 0 {
			i, all = len(all), append(all, Action{Code: x.Action, Name: names[x.Action]})
		}
		all[i].Rows = append(all[i].Rows, Row{x})
	}
	return all
}

// names are the actions as 吉政办发〔2022〕35号 calls them.
var names = map[string]string{
	"二": "任务目标", "三（一）": "机关、事业单位带头安排残疾人就业行动", "三（二）": "企业安排残疾人就业行动", "三（三）": "残疾人组织助残就业行动",
	"三（四）": "残疾人网络创业专项行动", "三（五）": "就业困难残疾人就业帮扶行动", "三（六）": "农村残疾人就业帮扶行动", "三（七）": "残疾人大学生就业帮扶行动",
	"三（八）": "盲人按摩就业促进行动", "三（九）": "残疾人就业服务提升行动", "三（十）": "残疾人职业技能提升行动",
}

// A Row is one target as it is printed.
type Row struct{ report.Indicator }

var verdicts = map[report.Verdict]string{
	report.Reached: "已达到", report.UnderWay: "进行中", report.Short: "未达到", report.Shortfall: "力争未达", report.NotJudged: "不作判断", report.Unset: "未定",
}

// Promised is the target as the plan words it.
func (r Row) Promised() string {
	if r.Target == "" {
		return "未填报"
	}
	number := r.Target + r.Unit
	switch r.Strength {
	case policy.AtLeast:
		return number + "以上"
	case policy.About:
		return number + "左右"
	case policy.Strive:
		return "力争" + number
	case policy.Steady:
		return "稳定在" + number + "以上"
	}
	return number
}

// Counted is what is on record, with its denominator where it is a share.
func (r Row) Counted() string {
	switch {
	case r.Actual == "":
		return "—"
	case r.Kind == policy.Quotient, r.Kind == policy.Checklist:
		return fmt.Sprintf("%s%%（%d/%d）", r.Actual, r.Times, r.Of)
	case r.Kind == policy.Coverage, r.Kind == policy.ActionsHeld:
		return fmt.Sprintf("%s/%d", r.Actual, r.Of)
	}
	return r.Actual + r.Unit
}

// Both are persons and person-times, where both mean something.
func (r Row) Both() string {
	switch r.Kind {
	case policy.Persons, policy.PersonTimes, policy.PersonsYearly:
		return fmt.Sprintf("%d人 / %d人次", r.Persons, r.Times)
	}
	return ""
}

// Done is the rate, or that there is none.
func (r Row) Done() string {
	if r.Rate == "" {
		return "不适用"
	}
	return r.Rate + "%"
}

// Judged is how it stands.
func (r Row) Judged() string { return verdicts[r.Verdict] }

// Notes says what the figure must not be read without.
func (r Row) Notes() string {
	var all []string
	if r.Reason != "" && r.Reason != report.NoSplit { // which stands under the target
		all = append(all, r.Reason)
	}
	if r.Target != "" && r.TargetSource != "plan" {
		all = append(all, "目标来源 "+r.TargetSource)
	}
	if r.Restates != "" {
		all = append(all, "与"+r.Restates+"同一计数，不相加")
	}
	for _, o := range r.Overlaps {
		if o.Inside+o.Outside > 0 {
			all = append(all, fmt.Sprintf("同时计入%s：%d，不计入：%d", o.With, o.Inside, o.Outside))
		}
	}
	if r.Regions > 0 {
		all = append(all, fmt.Sprintf("覆盖市县 %d/%d", r.Covered, r.Regions))
	}
	if s := r.Steps; s != nil {
		all = append(all, fmt.Sprintf("核对 %d/%d；有需求 %d，评估、登记、服务齐全 %d", s.Checked, s.Jobless, s.Need, s.Served))
	}
	return strings.Join(all, "；")
}

// The picture is drawn in these units.
const (
	lineHeight = 30
	barLeft    = 250
	barWidth   = 330 // of the promised number
)

// A Bar is one target in the picture of an action.
type Bar struct {
	Row
	Y, TextY, Width int
	Known, Over     bool
}

// Bars are the bars of an action. What is over its target ends at the edge and says so.
func (a Action) Bars() []Bar {
	all := make([]Bar, len(a.Rows))
	for i, r := range a.Rows {
		b := Bar{Row: r, Y: 8 + i*lineHeight, TextY: 8 + i*lineHeight + 14}
		if rate, err := decimal.NewFromString(r.Rate); err == nil {
			b.Known, b.Over = true, rate.GreaterThan(decimal.NewFromInt(100))
			b.Width = int(decimal.Min(rate, decimal.NewFromInt(110)).Mul(decimal.NewFromInt(barWidth)).Div(decimal.NewFromInt(100)).IntPart())
		}
		all[i] = b
	}
	return all
}

// Known tells whether any target of an action has a rate.
func (a Action) Known() bool {
	return slices.ContainsFunc(a.Rows, func(r Row) bool { return r.Rate != "" })
}

// Height is that of the picture of an action.
func (a Action) Height() int { return 16 + len(a.Rows)*lineHeight }

// Says is the picture in words.
func (a Action) Says() string {
	var all []string
	for _, r := range a.Rows {
		all = append(all, fmt.Sprintf("%s %s 完成率%s，%s", r.Code, r.NameZH, r.Done(), r.Judged()))
	}
	return strings.Join(all, "；")
}

//go:embed page.html style.css
var files embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(Style()) }}).ParseFS(files, "page.html"))

// Style is the style sheet that stands in the page.
func Style() string {
	css, err := files.ReadFile("style.css")
	if err != nil {
		panic("yearend: " + err.Error()) // it is part of the program
	}
	return string(css)
}

// HTML writes the page. It needs no other file.
func (r Report) HTML(w io.Writer) error {
	if err := page.Execute(w, r); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// XLSX writes the workbook: figures as numbers, so that they can be added up elsewhere, and
// every text as text.
func (r Report) XLSX(w io.Writer) (err error) {
	f := excelize.NewFile()
	defer func() { err = closed(f, err) }()
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	wrap, err := f.NewStyle(&excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	if err != nil {
		return err
	}
	sheet := func(name string, widths []float64, top, head []any, rows [][]any) error {
		if _, err := f.NewSheet(name); err != nil {
			return err
		}
		s, err := f.NewStreamWriter(name)
		if err != nil {
			return err
		}
		for i, width := range widths {
			if err := s.SetColWidth(i+1, i+1, width); err != nil {
				return err
			}
		}
		if err := s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 2, TopLeftCell: "A3", ActivePane: "bottomLeft"}); err != nil {
			return err
		}
		all := append([][]any{top, head}, rows...)
		for i, row := range all {
			style := wrap
			if i < 2 {
				style = bold
			}
			for j, v := range row {
				row[j] = excelize.Cell{StyleID: style, Value: v}
			}
			cell, err := excelize.CoordinatesToCellName(1, i+1)
			if err != nil {
				return err
			}
			if err := s.SetRow(cell, row); err != nil {
				return err
			}
		}
		return s.Flush()
	}
	var figures, how [][]any
	for _, a := range r.Actions() {
		for _, x := range a.Rows {
			actual := figure(x.Actual)
			if x.Kind == policy.Coverage { // a number of bodies, while the unit is that of each body
				actual = x.Counted()
			}
			figures = append(figures, []any{
				x.Code, a.Code, a.Name, x.NameZH, figure(x.Target), x.Unit, x.Promised(), actual, x.Of, x.Persons, x.Times, figure(x.Rate), x.Judged(),
				x.Sources, x.Late, x.From.String(), x.Day.String(), x.TargetSource, x.Notes(),
			})
			how = append(how, []any{x.Code, x.NameZH, x.Quote, x.Clause, strings.Join(x.Departments, "、"), x.DefinitionZH})
		}
	}
	if err := sheet("完成情况", []float64{6, 9, 30, 24, 10, 6, 12, 10, 8, 8, 8, 9, 10, 8, 8, 12, 12, 24, 50},
		[]any{r.Title() + "；" + r.Basis()},
		[]any{"编号", "行动", "行动名称", "目标", "目标值", "单位", "措辞", "实际", "分母", "人", "人次", "完成率%", "情况", "记录数", "其中迟报", "起", "止", "目标来源", "说明"}, figures); err != nil {
		return err
	}
	if err := sheet("口径", []float64{6, 24, 60, 26, 40, 70}, []any{"引文逐字；口径中注明derived者为本项目推定"}, []any{"编号", "目标", "引文", "依据", "责任部门", "统计口径"}, how); err != nil {
		return err
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		return err
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}
	return nil
}

func closed(f *excelize.File, err error) error {
	if again := f.Close(); err == nil && again != nil {
		return again
	}
	return err
}

// figure is a number for a sheet, exact as far as the sheet keeps it, or nothing.
func figure(s string) any {
	d, err := decimal.NewFromString(s)
	if err != nil {
		return nil
	}
	if d.IsInteger() {
		return d.IntPart()
	}
	return d.InexactFloat64() // of a percentage with two decimals, for a cell; nothing is computed with it
}

// Basis says what the figures are a function of.
func (r Report) Basis() string {
	b := r.Indicators.Basis
	return fmt.Sprintf("截至序号%d，业务日期%s，政策%s", b.Seq, b.AsOf, b.Policy)
}

// IsSample tells whether the label of a policy says that it is a sample.
func IsSample(label string) bool {
	return slices.ContainsFunc([]string{"sample", "synthetic", "样本", "示例"}, func(w string) bool { return strings.Contains(label, w) })
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/yearend"
	"zhucan/ledger"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
)

func (p *program) indicatorCommand() *cobra.Command {
	return group("indicator", "what is on record towards the targets of the plan (目标完成情况)", p.indicatorListCommand(), p.indicatorShowCommand(), p.indicatorBodiesCommand(), p.indicatorReportCommand())
}

func (p *program) achievementCommand() *cobra.Command {
	return group("achievement", "facts of the plan that are no money: record, end, withdraw (成效事实)",
		p.orderCommand("achievement.record", "put a fact on record (记录)", `record A1 --kind base --type incubator --body B1 --region 220104 --evidence … --on 2023-04-01`),
		p.orderCommand("achievement.end", "say that what lasts ended (终止)", "end A1 --evidence … --on 2023-12-31"),
		p.orderCommand("achievement.withdraw", "take a wrong fact back (撤销)", "withdraw A1 --reason 重复填报 --as reviewer-1"),
	)
}

// indicatorFlags are what every question about indicators may say.
func indicatorFlags(c *cobra.Command, region *string, year *int) {
	c.Flags().StringVar(region, "region", "", "only this `region` and what lies below it (default: the province)")
	c.Flags().IntVar(year, "year", 0, "only this `year` (default: the whole period of each target)")
}

// ask is what the flags mean. What stands is asked of a day: today, unless --as-of says.
func (p *program) ask(region string, year int, cut report.Cut) (report.Ask, error) {
	if year < 0 || year > 9999 {
		return report.Ask{}, usage("--year %d", year)
	}
	cut.AsOf = p.dayOr(cut.AsOf)
	return report.Ask{Region: ledger.RegionCode(region), Year: year, Cut: cut}, nil
}

// asking is [program.reading] with what is asked of the indicators.
func (p *program) asking(ctx context.Context, region string, year int, f func(*stores, report.Ask) error) error {
	return p.reading(ctx, func(s *stores, cut report.Cut) error {
		ask, err := p.ask(region, year, cut)
		if err != nil {
			return err
		}
		return f(s, ask)
	})
}

func (p *program) indicatorListCommand() *cobra.Command {
	var region string
	var year int
	var code string
	c := &cobra.Command{
		Use:   "list",
		Short: "every target, what is on record and how it stands (目标完成情况表)",
		Long: `Counts every target of the policy in force as of a day (--as-of, default today) as known by a
record (--known-by). Persons are counted once and person-times every time; both are shown, a
target is judged by its own unit. 左右 is not judged; 力争 that falls short breaks nothing.
A region or a year has a target only where a user entered one: the plan publishes no split. 每年 and
稳定在 hold in every year of the plan; any other target is judged when its own time is over.`,
		Example: "  zhucan indicator list --as-of 2023-12-31\n  zhucan indicator list --region 220100 --year 2023 -o csv",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.asking(cmd.Context(), region, year, func(s *stores, ask report.Ask) error {
				got, err := report.ListIndicators(cmd.Context(), s.pool, ask)
				if err != nil {
					return err
				}
				if code != "" {
					x, ok := got.Find(code)
					if !ok {
						return report.ErrTarget.Of("%q under policy %s", code, got.Policy)
					}
					got.Indicators = []report.Indicator{x}
				}
				return p.print(got, p.indicatorTable(got))
			})
		},
	}
	indicatorFlags(c, &region, &year)
	c.Flags().StringVar(&code, "target", "", "only this `target`")
	return c
}

var verdictWords = map[report.Verdict][2]string{
	report.Reached: {"已达到", "reached"}, report.UnderWay: {"进行中", "under way"}, report.Short: {"未达到", "short"}, report.Shortfall: {"力争未达（不作违规）", "short of an aspiration"},
	report.NotJudged: {"不作判断", "not judged"}, report.Unset: {"未定", "unset"},
}

// promised writes a target as the plan words it.
func (p *program) promised(x report.Indicator) string {
	if x.Target == "" {
		return p.say("未填报", "none entered")
	}
	number := x.Target + x.Unit
	switch x.Strength {
	case policy.AtLeast:
		return p.say(number+"以上", "at least "+number)
	case policy.About:
		return p.say(number+"左右", "about "+number)
	case policy.Strive:
		return p.say("力争"+number, "strive for "+number)
	case policy.Steady:
		return p.say("稳定在"+number+"以上", "stays at "+number)
	}
	return number
}

// counted writes what is on record: as the target asks, with its denominator.
func counted(x report.Indicator) string {
	switch {
	case x.Actual == "":
		return "—"
	case x.Kind == policy.Quotient, x.Kind == policy.Checklist:
		return fmt.Sprintf("%s%% (%d/%d)", x.Actual, x.Times, x.Of)
	case x.Kind == policy.Coverage, x.Kind == policy.ActionsHeld:
		return fmt.Sprintf("%s/%d", x.Actual, x.Of)
	}
	return x.Actual
}

func (p *program) indicatorTable(got report.Indicators) table {
	t := table{head: []string{
		p.say("编号", "code"), p.say("行动", "action"), p.say("目标", "target"), ">" + p.say("目标值", "promised"), ">" + p.say("实际", "actual"), ">" + p.say("人", "persons"), ">" + p.say("人次", "times"),
		">" + p.say("完成率%", "rate %"), p.say("情况", "verdict"), ">" + p.say("记录数", "sources"), p.say("说明", "notes"),
	}}
	for _, x := range got.Indicators {
		v := verdictWords[x.Verdict]
		rate := x.Rate
		if rate == "" {
			rate = p.say("不适用", "n/a")
		}
		persons, times := number(int(x.Persons)), number(int(x.Times))
		switch x.Kind {
		case policy.Quotient, policy.Coverage, policy.ActionsHeld, policy.Checklist:
			persons, times = "", ""
		}
		t.rows = append(t.rows, []string{
			x.Code, x.Action, p.say(x.NameZH, x.NameEN), p.promised(x), counted(x), persons, times, rate, p.say(v[0], v[1]), number(int(x.Sources)), p.notes(x),
		})
	}
	t.foot = p.basis(got.Basis) + "\n" + p.say("口径见 indicator show；人按人计一次，人次逐次计，二者不相加、不折算", "definitions: indicator show; persons once, person-times every time, never added or converted")
	return t
}

// notes says what a figure must not be read without.
func (p *program) notes(x report.Indicator) string {
	var all []string
	if x.Year != 0 {
		all = append(all, fmt.Sprint(x.Year))
	}
	if x.Target != "" && x.TargetSource != "plan" {
		all = append(all, x.TargetSource)
	}
	if x.Reason != "" {
		all = append(all, p.say(x.Reason, x.ReasonEN))
	}
	if x.Restates != "" {
		all = append(all, p.say("同", "same as ")+x.Restates)
	}
	for _, o := range x.Overlaps {
		all = append(all, fmt.Sprintf("%s%s %d/%d", p.say("内外 ", "in/out "), o.With, o.Inside, o.Outside))
	}
	if x.Regions > 0 {
		all = append(all, fmt.Sprintf("%s %d/%d", p.say("覆盖", "covers"), x.Covered, x.Regions))
	}
	if s := x.Steps; s != nil {
		all = append(all, fmt.Sprintf("%s %d/%d, %s %d/%d", p.say("核对", "checked"), s.Checked, s.Jobless, p.say("有需求且三项齐全", "with need and served"), s.Served, s.Need))
	}
	if x.Late > 0 {
		all = append(all, fmt.Sprintf("%s %d", p.say("迟报", "late"), x.Late))
	}
	return strings.Join(all, "；")
}

func (p *program) indicatorShowCommand() *cobra.Command {
	var region string
	var year, limit int
	var after uint64
	c := &cobra.Command{
		Use:   "show CODE",
		Short: "one target: how it is counted, year by year, and the records behind it (目标明细)",
		Long: `Prints the quote, the definition in use, the count of each year, what other targets may count
as well, and the records behind the figure, each with its sequence: zhucan event show SEQ.
Persons appear by their party, never by name.`,
		Example: "  zhucan indicator show T10 --as-of 2023-12-31\n  zhucan indicator show T01 --year 2023 --limit 20 -o csv",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.asking(cmd.Context(), region, year, func(s *stores, ask report.Ask) error {
				return p.showIndicator(cmd.Context(), s, arg[0], ask, after, limit)
			})
		},
	}
	indicatorFlags(c, &region, &year)
	c.Flags().IntVar(&limit, "limit", 100, "most `records` shown")
	c.Flags().Uint64Var(&after, "after", 0, "begin after this `sequence`")
	return c
}

func (p *program) showIndicator(ctx context.Context, s *stores, code string, ask report.Ask, after uint64, limit int) error {
	got, err := report.ShowIndicator(ctx, s.pool, code, ask, after, limit)
	if err != nil {
		return err
	}
	x := got.Indicator
	t := table{head: []string{">seq", p.say("事实", "fact"), p.say("种类", "counter"), p.say("对象", "subject"), p.say("区划", "region"), p.say("日期", "day"), p.say("记录日", "recorded")}}
	for _, r := range got.Rows {
		late := ""
		if r.Late {
			late = p.say("（迟报）", " (late)")
		}
		t.rows = append(t.rows, []string{number(int(r.Seq)), r.Fact, r.Counter, r.Subject, r.Region, r.Day, r.RecordedOn + late})
	}
	var b strings.Builder
	v := verdictWords[x.Verdict]
	fmt.Fprintf(&b, "%s %s · %s\n%s: %s\n", x.Code, p.say(x.NameZH, x.NameEN), x.Clause, p.say("引文", "quote"), x.Quote)
	fmt.Fprintf(&b, "%s: %s\n", p.say("口径", "definition"), p.say(x.DefinitionZH, x.DefinitionEN))
	fmt.Fprintf(&b, "%s %s · %s %s · %s %s%% · %s · %s %d · %s\n", p.say("目标值", "promised"), p.promised(x), p.say("实际", "actual"), counted(x), p.say("完成率", "rate"), x.Rate, p.say(v[0], v[1]), p.say("记录数", "sources"), x.Sources, p.notes(x))
	for _, y := range x.Years {
		fmt.Fprintf(&b, "%d: %d %s, %d %s", y.Year, y.Persons, p.say("人", "persons"), y.Times, p.say("人次", "times"))
		if y.Late > 0 {
			fmt.Fprintf(&b, " (%s %d)", p.say("迟报", "late"), y.Late)
		}
		b.WriteString("\n")
	}
	if got.SplitSum != "" {
		fmt.Fprintf(&b, "%s %s · %s %s\n", p.say("分地区目标合计", "splits for regions add up to"), got.SplitSum, p.say("与方案目标差", "less than the plan by"), got.Gap)
	}
	t.foot = b.String() + p.basis(got.Basis)
	if got.More {
		t.foot += fmt.Sprintf("\n%s --after %d", p.say("下一页", "next page"), got.Next)
	}
	return p.print(got, t)
}

func (p *program) indicatorBodiesCommand() *cobra.Command {
	var region, out string
	var year int
	c := &cobra.Command{
		Use:   "bodies [CODE]",
		Short: "the bodies that a target asks, each with its counts and whether it is met (逐单位清单)",
		Long: `Lists every body that a target asks on its own, as it was counted last: organs with 50 authorised
posts or more (T04), institutions with 67 or more (T05), member bodies of the Working Committees (T06),
federations and their share of 15 % (T07). Those that fall short stand first. A duty goes by authorised
posts (编制), a ratio by staff in post (在职职工); both are shown.

With --out, the list to be shown to the public is written (吉政办发〔2022〕35号 三（一）「应向社会公示」):
every organ, institution, school and department that employs somebody, of any level and number of
posts, or with CODE those of the kinds it asks. It has name, region and kind, and no figure that could
point at a person; its SHA-256 is printed.`,
		Example: "  zhucan indicator bodies T04 --as-of 2023-12-31\n  zhucan indicator bodies --region 220100 --out disclosure.csv",
		Args: args(func(cmd *cobra.Command, arg []string) error {
			if out != "" {
				return cobra.MaximumNArgs(1)(cmd, arg)
			}
			return cobra.ExactArgs(1)(cmd, arg)
		}),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.asking(cmd.Context(), region, year, func(s *stores, ask report.Ask) error {
				if out != "" {
					return p.writeEmploying(cmd.Context(), s, strings.Join(arg, ""), ask, out)
				}
				list, err := report.Bodies(cmd.Context(), s.pool, arg[0], ask)
				if err != nil {
					return err
				}
				return p.print(list, p.bodyTable(list))
			})
		},
	}
	indicatorFlags(c, &region, &year)
	c.Flags().StringVar(&out, "out", "", "`file` to write for the public (CSV)")
	return c
}

func (p *program) bodyTable(l report.BodyList) table {
	t := table{head: []string{
		p.say("单位", "body"), p.say("名称", "name"), p.say("区划", "region"), p.say("种类", "kind"), p.say("日期", "day"),
		">" + p.say("编制", "posts"), ">" + p.say("在职", "staff"), ">" + p.say("残疾", "disabled"), ">" + p.say("加权", "weighted"), p.say("达标", "met"), ">seq",
	}}
	count := func(n *int) string {
		if n == nil {
			return ""
		}
		return number(*n)
	}
	for _, b := range l.Bodies {
		met := p.say("否", "no")
		if b.Met {
			met = p.say("是", "yes")
		}
		t.rows = append(t.rows, []string{b.Subject, b.Name, b.Region, b.Counter, b.Day, count(b.Posts), count(b.Staff), count(b.Disabled), count(b.Weighted), met, number(b.Seq)})
	}
	t.foot = fmt.Sprintf("%s %d/%d · %s\n%s", l.Target, l.Met, len(l.Bodies), l.Day, p.basis(l.Basis))
	return t
}

var employing = map[policy.Fact]string{"headcount/organ": "机关", "headcount/institution": "事业单位", "headcount/school": "学校", "headcount/member": "残工委成员单位"}

func (p *program) writeEmploying(ctx context.Context, s *stores, code string, ask report.Ask, out string) error {
	all, basis, err := report.Employing(ctx, s.pool, code, ask)
	if err != nil {
		return err
	}
	t := table{head: []string{">" + "序号", "单位名称", "区划", "种类"}}
	for i, e := range all {
		t.rows = append(t.rows, []string{number(i + 1), e.Name, e.Region, employing[e.Counter]})
	}
	hash, err := writePublic(out, t)
	if err != nil {
		return err
	}
	return p.print(map[string]any{"file": out, "sha256": hash, "rows": len(t.rows), "seq": basis.Seq, "as_of": basis.AsOf, "policy": basis.Policy},
		table{head: []string{p.say("文件", "file"), ">" + p.say("行", "rows"), "sha256"}, rows: [][]string{{out, number(len(t.rows)), hash}}, foot: p.basis(basis)})
}

func (p *program) indicatorReportCommand() *cobra.Command {
	var region, out string
	var year int
	c := &cobra.Command{
		Use:   "report",
		Short: "the year-end report of a prefecture, as a page or a workbook (各市州年底报送)",
		Long: `Writes what is on record towards every target in a region and a year: a page for A4 with a
picture of each action beside its table (.html), or a workbook (.xlsx). The day is the end of the
year unless --as-of says; what was recorded after the end of the year it happened in stands apart.`,
		Example: "  zhucan indicator report --region 220100 --year 2023 --out changchun-2023.html\n  zhucan indicator report --region 220100 --year 2023 --out changchun-2023.xlsx",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if year < 1900 || year > 9999 {
				return usage("--year %d", year)
			}
			form := filepath.Ext(out)
			if form != ".html" && form != ".xlsx" {
				return usage("--out %q ends neither in .html nor in .xlsx", out)
			}
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error {
				return p.writeYearEnd(cmd.Context(), s, cut, ledger.RegionCode(region), year, out)
			})
		},
	}
	indicatorFlags(c, &region, &year)
	c.Flags().StringVar(&out, "out", "", "`file` to write, .html or .xlsx")
	_ = c.MarkFlagRequired("out")
	_ = c.MarkFlagRequired("year")
	return c
}

func (p *program) writeYearEnd(ctx context.Context, s *stores, cut report.Cut, region ledger.RegionCode, year int, out string) (err error) {
	ask, err := p.ask(string(region), year, cut)
	if err != nil {
		return err
	}
	if p.asOf == "" {
		ask.AsOf = ledger.DateOf(year, 12, 31)
	}
	if region == "" {
		region = policy.Province
	}
	of, err := ledger.FindRegion(region, ask.AsOf)
	if err != nil {
		return err
	}
	got, err := report.ListIndicators(ctx, s.pool, ask)
	if err != nil {
		return err
	}
	label, err := report.PolicyLabel(ctx, s.pool, got.Policy)
	if err != nil {
		return err
	}
	r := yearend.Report{Region: of, Year: year, Sample: yearend.IsSample(label), Indicators: got}
	f, err := os.Create(out)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	write := r.HTML
	if filepath.Ext(out) == ".xlsx" {
		write = r.XLSX
	}
	if err := write(f); err != nil {
		return err
	}
	return p.print(map[string]any{"file": out, "region": region, "year": year, "late": r.Late(), "seq": got.Seq, "as_of": got.AsOf, "policy": got.Policy},
		table{head: []string{p.say("文件", "file"), p.say("区划", "region"), ">" + p.say("年度", "year"), ">" + p.say("迟报", "late")}, rows: [][]string{{out, string(region), fmt.Sprint(year), number(int(r.Late()))}}, foot: p.basis(got.Basis)})
}

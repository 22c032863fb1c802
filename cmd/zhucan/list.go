package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"zhucan/ledger"
	"zhucan/projections/report"
)

// A place is where a page of a list begins and how long it is.
type place struct {
	after string
	limit int
}

// flags gives a verb that lists something its flags.
func (l *place) flags(c *cobra.Command) {
	c.Flags().IntVar(&l.limit, "limit", 100, "most `rows` shown")
	c.Flags().StringVar(&l.after, "after", "", "begin after this `key`, as the foot of a page prints it")
}

func (l *place) check() error {
	if l.limit < 1 {
		return usage("--limit %d is less than 1", l.limit)
	}
	return nil
}

// seq is the place in a list by records.
func (l *place) seq() (uint64, error) {
	if l.after == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(l.after, 10, 64)
	if err != nil {
		return 0, usage("--after %q is no sequence number", l.after)
	}
	return n, nil
}

// listing is a verb that shows a page of a list: read reads it, show makes its rows.
// As JSON it is what the HTTP interface answers.
func listing[P any](
	p *program, use, short, example string,
	read func(context.Context, *stores, report.Cut, place) (P, error),
	show func(P) (rows table, next string, b report.Basis),
) *cobra.Command {
	var at place
	c := &cobra.Command{
		Use: use, Short: short, Example: example, Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := at.check(); err != nil {
				return err
			}
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error {
				found, err := read(cmd.Context(), s, cut, at)
				if err != nil {
					return err
				}
				t, next, b := show(found)
				t.foot = p.basis(b)
				if next != "" {
					t.foot += fmt.Sprintf("\n%s --after %s", p.say("下一页", "next page"), next)
				}
				return p.print(found, t)
			})
		},
	}
	at.flags(c)
	return c
}

func (p *program) claimList() *cobra.Command {
	var f report.ClaimFilter
	c := listing(p, "list", "list claims, also as they stood on an earlier day (申报清单)",
		"  zhucan claim list --status approved\n  zhucan claim list --as-of 2023-04-30 -o csv",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.ClaimPage, error) {
			return report.Claims(ctx, s.pool, f, cut, at.after, at.limit)
		},
		func(l report.ClaimPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("申报", "claim"), p.say("状态", "status"), p.say("项目", "scheme"), p.say("地区", "region"), p.say("对象", "party"),
				p.say("起", "from"), p.say("止", "to"), ">" + p.say("数量", "units"), ">" + p.say("金额", "amount"),
				p.say("申报日期", "submitted"), p.say("批准日期", "approved"), ">seq", ">" + p.say("每月", "monthly"), p.say("停发自", "stopped from"),
			}}
			for _, c := range l.Claims {
				t.rows = append(t.rows, []string{
					c.Claim, c.Status, c.Scheme, c.Region, c.Party, c.From, c.To, number(c.Units), grouped(c.Amount), c.SubmittedOn, c.ApprovedOn, number(c.FirstRecord), monthly(c.Monthly), c.StoppedFrom,
				})
			}
			return t, l.Next, l.Basis
		})
	c.Flags().StringVar(&f.Party, "party", "", "only of this `party`")
	c.Flags().StringVar(&f.Status, "status", "", "only in this `status`")
	return c
}

// monthly is the amount of one month, "" of what does not recur.
func monthly(m ledger.Money) string {
	if m.IsZero() {
		return ""
	}
	return grouped(m)
}

func instalmentFilter(c *cobra.Command, f *report.InstalmentFilter) *cobra.Command {
	c.Flags().StringVar(&f.Party, "party", "", "only of this `party`")
	c.Flags().StringVar(&f.Claim, "claim", "", "only of this `claim`")
	c.Flags().StringVar(&f.Scheme, "scheme", "", "only of this `scheme`")
	return c
}

func (p *program) claimArrears() *cobra.Command {
	var f report.InstalmentFilter
	c := listing(p, "arrears", "list months of recurring claims that are over, due and not paid (欠发清单)",
		"  zhucan claim arrears --as-of 2023-06-30\n  zhucan claim arrears --scheme public-post -o csv",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.ArrearPage, error) {
			on := cut.AsOf
			if on.IsZero() {
				on = p.today()
			}
			return report.Arrears(ctx, s.pool, f, on, cut, at.after, at.limit)
		},
		func(l report.ArrearPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("申报", "claim"), p.say("月份", "month"), p.say("项目", "scheme"), p.say("地区", "region"), p.say("对象", "party"),
				">" + p.say("金额", "amount"), p.say("状态", "status"), p.say("支付", "payment"),
			}}
			for _, a := range l.Arrears {
				t.rows = append(t.rows, []string{a.Claim, a.Month, a.Scheme, a.Region, a.Party, grouped(a.Amount), a.Status, a.Payment})
			}
			return t, l.Next, l.Basis
		})
	return instalmentFilter(c, &f)
}

func (p *program) claimOverpaid() *cobra.Command {
	var f report.InstalmentFilter
	c := listing(p, "overpaid", "list months that were paid after a stop, until they are recovered (多发清单)",
		"  zhucan claim overpaid\n  zhucan claim overpaid --as-of 2023-11-30 -o json",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.OverpaymentPage, error) {
			return report.Overpaid(ctx, s.pool, f, cut, at.after, at.limit)
		},
		func(l report.OverpaymentPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("申报", "claim"), p.say("月份", "month"), p.say("停发自", "stopped from"), p.say("项目", "scheme"), p.say("地区", "region"), p.say("对象", "party"), p.say("支付", "payment"),
				p.say("支付日期", "paid"), ">" + p.say("金额", "amount"), ">" + p.say("追回决定", "demanded"), ">" + p.say("已追回", "recovered"), ">" + p.say("未追回", "outstanding"),
			}}
			for _, o := range l.Overpaid {
				t.rows = append(t.rows, []string{
					o.Claim, o.Month, o.StoppedFrom, o.Scheme, o.Region, o.Party, o.Payment, o.PaidOn, grouped(o.Amount), grouped(o.Demanded), grouped(o.Recovered), grouped(o.Outstanding),
				})
			}
			return t, l.Next, l.Basis
		})
	return instalmentFilter(c, &f)
}

func (p *program) paymentList() *cobra.Command {
	var f report.PaymentFilter
	c := listing(p, "list", "list payments, also as they stood on an earlier day (支付清单)",
		"  zhucan payment list --batch B1\n  zhucan payment list --status returned --known-by 2023-05-31T18:00",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.PaymentPage, error) {
			return report.Payments(ctx, s.pool, f, cut, at.after, at.limit)
		},
		func(l report.PaymentPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("支付", "payment"), p.say("状态", "status"), p.say("申报", "claim"), p.say("批次", "batch"), p.say("指标", "line"), p.say("对象", "party"),
				">" + p.say("金额", "amount"), p.say("指令日期", "instructed"), p.say("支付日期", "paid"), p.say("退汇日期", "returned"), p.say("疑似重复", "suspect"), ">seq", p.say("月份", "month"),
			}}
			for _, y := range l.Payments {
				t.rows = append(t.rows, []string{
					y.Payment, y.Status, y.Claim, y.Batch, y.Line.String(), y.Party, grouped(y.Amount), y.InstructedOn, y.PaidOn, y.ReturnedOn, y.Suspect, number(y.FirstRecord), y.Month,
				})
			}
			return t, l.Next, l.Basis
		})
	c.Flags().StringVar(&f.Party, "party", "", "only to this `party`")
	c.Flags().StringVar(&f.Claim, "claim", "", "only for this `claim`")
	c.Flags().StringVar(&f.Batch, "batch", "", "only in this `batch`")
	c.Flags().StringVar(&f.Status, "status", "", "only in this `status`")
	return c
}

func (p *program) partyList() *cobra.Command {
	return listing(p, "list", "list parties, persons masked (对象清单)", "  zhucan party list --limit 20",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.PartyPage, error) {
			return report.Parties(ctx, s.pool, cut, at.after, at.limit)
		},
		func(l report.PartyPage) (table, string, report.Basis) {
			t := table{head: []string{p.say("对象", "party"), p.say("类别", "kind"), p.say("名称", "name"), p.say("代码", "code"), p.say("地址", "place"), p.say("地区", "region"), p.say("已删除", "erased"), ">seq"}}
			for _, y := range l.Parties {
				t.rows = append(t.rows, []string{y.Party, y.Kind, y.Name, y.Code, y.Place, y.Region, strconv.FormatBool(y.Erased), number(y.Seq)})
			}
			return t, l.Next, l.Basis
		})
}

func (p *program) suspectsCommand() *cobra.Command {
	return listing(p, "suspects", "list payments that may have been made twice (疑似重复支付)", "  zhucan suspects\n  zhucan suspects -o csv",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.SuspectPage, error) {
			after, err := at.seq()
			if err != nil {
				return report.SuspectPage{}, err
			}
			return report.Suspects(ctx, s.pool, cut, after, at.limit)
		},
		func(l report.SuspectPage) (table, string, report.Basis) {
			t := table{head: []string{p.say("支付", "payment"), p.say("相似于", "resembles"), p.say("对象", "party"), ">" + p.say("金额", "amount"), p.say("业务日期", "date"), p.say("状态", "status"), ">seq"}}
			for _, y := range l.Suspects {
				t.rows = append(t.rows, []string{string(y.Payment), y.Earlier, string(y.Party), grouped(y.Amount), y.Date, y.Status, number(y.Seq)})
			}
			return t, l.Next, l.Basis
		})
}

func (p *program) periodList() *cobra.Command {
	return listing(p, "list", "list closed and reopened months (期间清单)", "  zhucan period list",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.MonthPage, error) {
			return report.Months(ctx, s.pool, cut, at.after, at.limit)
		},
		func(l report.MonthPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("期间", "period"), p.say("状态", "status"), p.say("结账人", "closed by"), p.say("结账日期", "closed on"),
				">" + p.say("借方", "debits"), ">" + p.say("贷方", "credits"), ">seq", p.say("反结账人", "reopened by"), p.say("原因", "reason"),
			}}
			for _, m := range l.Periods {
				debits, credits, seq := "", "", ""
				if m.Debits != nil {
					debits, credits, seq = grouped(*m.Debits), grouped(*m.Credits), number(m.AtSeq)
				}
				t.rows = append(t.rows, []string{m.Period, m.Status, m.ClosedBy, m.ClosedOn, debits, credits, seq, m.ReopenedBy, m.Reason})
			}
			return t, l.Next, l.Basis
		})
}

func (p *program) proposalList() *cobra.Command {
	return listing(p, "list", "list proposed entries and what became of them (调整分录清单)", "  zhucan correct list",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.ProposalPage, error) {
			after, err := at.seq()
			if err != nil {
				return report.ProposalPage{}, err
			}
			return report.Proposals(ctx, s.pool, cut, after, at.limit)
		},
		func(l report.ProposalPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("分录", "entry"), p.say("状态", "status"), p.say("业务日期", "date"), p.say("摘要", "memo"), p.say("制单", "proposed by"),
				p.say("审核", "decided by"), p.say("审核日期", "decided on"), p.say("原因", "reason"), ">seq",
			}}
			for _, y := range l.Proposals {
				t.rows = append(t.rows, []string{y.Entry, y.Status, y.Date, y.Memo, y.ProposedBy, y.DecidedBy, y.DecidedOn, y.Reason, number(y.Seq)})
			}
			return t, l.Next, l.Basis
		})
}

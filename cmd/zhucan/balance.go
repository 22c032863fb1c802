package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"zhucan/ledger"
	"zhucan/projections/report"
)

// reading opens the stores with the read models brought to what the log holds,
// and calls f with what --as-of and --known-by say.
func (p *program) reading(ctx context.Context, f func(*stores, report.Cut) error) error {
	asOf, err := p.asOfDate()
	if err != nil {
		return err
	}
	known, err := report.ParseMoment(p.knownBy)
	if err != nil {
		return err
	}
	now := p.now() // before the head of the log is asked for: nothing later belongs before it
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := p.project(ctx, s); err != nil {
		return err
	}
	seq, _, err := known.Seq(ctx, s.pool, now)
	if err != nil {
		return err
	}
	return f(s, report.Cut{AsOf: asOf, KnownBy: seq})
}

// basis says below a table what it rests on.
func (p *program) basis(b report.Basis) string {
	asOf := b.AsOf
	if asOf == "" {
		asOf = p.say("全部", "all")
	}
	return fmt.Sprintf("%s %d · %s %s · %s %s", p.say("截至序号", "seq"), b.Seq, p.say("业务日期", "as of"), asOf, p.say("政策", "policy"), b.Policy)
}

func (p *program) trialBalanceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "trial-balance",
		Short: "the balances of all accounts; debits equal credits (试算平衡表)",
		Long: `Shows the balance of every account that moved. The financial books, the budget
books and the control of appropriations each balance on their own. --as-of counts
entries dated up to a day, --known-by what had been recorded by a sequence or a
time.`,
		Example: "  zhucan trial-balance\n  zhucan trial-balance --as-of 2023-05-31 -o csv\n  zhucan trial-balance --known-by 500\n  zhucan trial-balance --known-by 2023-05-31T18:00",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error { return p.printTrialBalance(cmd.Context(), s, cut) })
		},
	}
}

func (p *program) printTrialBalance(ctx context.Context, s *stores, cut report.Cut) error {
	t, err := report.TrialBalance(ctx, s.pool, cut)
	if err != nil {
		return err
	}
	books := map[ledger.Book]string{ledger.Financial: p.say("财务会计", "financial"), ledger.Budgetary: p.say("预算会计", "budget"), ledger.Control: p.say("预算指标", "control")}
	out := table{head: []string{p.say("账簿", "book"), p.say("科目", "account"), p.say("名称", "name"), ">" + p.say("借方余额", "debit"), ">" + p.say("贷方余额", "credit")}}
	for _, a := range t.Accounts {
		out.rows = append(out.rows, []string{books[a.Book], string(a.Code), p.say(a.Name, a.NameEN), grouped(a.Debit), grouped(a.Credit)})
	}
	for _, b := range t.Books {
		verdict := p.say("平衡", "balanced")
		if !b.Balanced {
			verdict = p.say("不平衡", "NOT BALANCED")
		}
		out.rows = append(out.rows, []string{books[b.Book], "", p.say("小计：", "subtotal: ") + verdict, grouped(b.Debit), grouped(b.Credit)})
	}
	out.rows = append(out.rows, []string{"", "", p.say("合计", "total"), grouped(t.DebitTotal), grouped(t.CreditTotal)})
	out.foot = p.basis(t.Basis)
	if err := p.print(t, out); err != nil {
		return err
	}
	if !t.Balanced() {
		return errFound
	}
	return nil
}

func filterFlags(c *cobra.Command) *report.Filter {
	f := &report.Filter{}
	c.Flags().StringVar((*string)(&f.Region), "region", "", "only this `region` code")
	c.Flags().StringVar((*string)(&f.Scheme), "scheme", "", "only this `scheme`")
	c.Flags().StringVar((*string)(&f.Fund), "fund", "", "only this `fund` source")
	c.Flags().IntVar(&f.Year, "year", 0, "only this fiscal `year`")
	return f
}

func (p *program) balanceCommand() *cobra.Command {
	var f *report.Filter
	c := &cobra.Command{
		Use:     "balance ACCOUNT",
		Short:   "the balance of one account, also of one region, scheme, fund or year (余额)",
		Example: "  zhucan balance 2303\n  zhucan balance 5001 --scheme startup --as-of 2023-06-30",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error {
				b, err := report.AccountBalanceOf(cmd.Context(), s.pool, ledger.AccountCode(arg[0]), *f, cut)
				if err != nil {
					return err
				}
				side := p.say("借", "debit")
				if b.Side == ledger.Credit {
					side = p.say("贷", "credit")
				}
				return p.print(b, table{
					head: []string{p.say("科目", "account"), p.say("名称", "name"), ">" + p.say("借方发生", "debits"), ">" + p.say("贷方发生", "credits"), ">" + p.say("余额", "balance"), p.say("方向", "side")},
					rows: [][]string{{string(b.Account), p.say(b.Name, b.NameEN), grouped(b.Debits), grouped(b.Credits), grouped(b.Balance), side}},
					foot: p.basis(b.Basis),
				})
			})
		},
	}
	f = filterFlags(c)
	return c
}

func (p *program) registerCommand() *cobra.Command {
	var f *report.Filter
	var at place
	c := &cobra.Command{
		Use:     "register ACCOUNT",
		Short:   "the postings of one account with the running balance (明细账)",
		Example: "  zhucan register 1011\n  zhucan register 2303 --limit 50 --after 2023-05-29:310:2",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			if err := at.check(); err != nil {
				return err
			}
			after, err := parsePlace(at.after)
			if err != nil {
				return err
			}
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error {
				r, err := report.RegisterOf(cmd.Context(), s.pool, ledger.AccountCode(arg[0]), *f, cut, after, at.limit)
				if err != nil {
					return err
				}
				t := table{head: []string{p.say("日期", "date"), ">seq", p.say("事项", "case"), p.say("摘要", "memo"), ">" + p.say("借方", "debit"), ">" + p.say("贷方", "credit"), ">" + p.say("余额", "balance")}, foot: p.basis(r.Basis)}
				for _, l := range r.Lines {
					debit, credit := grouped(l.Amount), ""
					if l.Side == ledger.Credit {
						debit, credit = "", debit
					}
					t.rows = append(t.rows, []string{l.Date, number(l.Seq), l.Case, l.Memo, debit, credit, grouped(l.Balance)})
				}
				if r.Next != nil {
					t.foot += fmt.Sprintf("\n%s --after %s:%d:%d", p.say("下一页", "next page"), r.Next.Date, r.Next.Seq, r.Next.N)
				}
				return p.print(r, t)
			})
		},
	}
	f = filterFlags(c)
	at.flags(c)
	return c
}

// parsePlace reads date:seq:n.
func parsePlace(s string) (report.Place, error) {
	var place report.Place
	if s == "" {
		return place, nil
	}
	if len(s) < 12 {
		return place, usage("--after %q is not date:seq:n", s)
	}
	date, err := ledger.ParseDate(s[:10])
	if err != nil {
		return place, err
	}
	place.Date = date
	if _, err := fmt.Sscanf(s[10:], ":%d:%d", &place.Seq, &place.N); err != nil {
		return place, usage("--after %q is not date:seq:n", s)
	}
	return place, nil
}

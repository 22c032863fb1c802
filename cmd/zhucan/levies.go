package main

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/claim"
	"zhucan/ledger/levy"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
)

// levyVerbs are the verbs about levies in the books.
func (p *program) levyVerbs() []*cobra.Command {
	return []*cobra.Command{
		p.levyList(), p.levyArrears(), p.levySurplus(), p.levyIncome(), p.levyAffected(), p.levyNotice(), p.levyAssess(),
		p.orderCommand("levy.relieve", "forgive a part for hardship (困难减免)", "relieve --employer U… --year 2023 --amount 500.00 --decision … --reason …"),
		p.orderCommand("levy.defer", "give more time to pay, for hardship (缓缴)", "defer --employer U… --year 2023 --until 2024-03-31 --decision … --reason …"),
		p.orderCommand("levy.withdraw-receipt", "take back a receipt that was recorded wrongly (撤销缴库登记)", "withdraw-receipt --receipt … --reason …"),
		p.orderCommand("levy.warn", "record the warning of an employer in default (警告)", "warn --employer U… --year 2023 --document …"),
		p.orderCommand("levy.order-payment", "order payment by a deadline (责令限期缴纳)", "order-payment --employer U… --year 2023 --deadline 2023-11-15 --document …"),
		p.orderCommand("levy.charge-late-fee", "charge the late fee up to a day (加收滞纳金)", "charge-late-fee --employer U… --year 2023 --document … --on 2023-11-30"),
		p.orderCommand("levy.decide-refund", "grant back what was overpaid (退费决定)", "decide-refund --employer U… --year 2023 --amount 500.00 --claim … --decision …"),
		p.orderCommand("levy.pay-refund", "record that the treasury paid a refund back (收入退付)", "pay-refund --employer U… --year 2023 --amount 500.00 --voucher …"),
		p.orderCommand("levy.deregister", "record that an employer is no more (注销)", "deregister --employer U… --document …"),
	}
}

// onDay is a day given by a flag, or else another one if there is one, or today.
func (p *program) onDay(text string, other ledger.Date) (ledger.Date, error) {
	if text == "" {
		return p.dayOr(other), nil
	}
	return ledger.ParseDate(text)
}

func (p *program) levyList() *cobra.Command {
	var f report.LevyFilter
	c := listing(p, "list", "list levies and how each stands (残保金清单)", "  zhucan levy list --year 2023 --status owing",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.LevyPage, error) {
			f.On = p.dayOr(cut.AsOf)
			return report.Levies(ctx, s.pool, f, cut, at.after, at.limit)
		},
		func(l report.LevyPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("残保金", "levy"), p.say("单位", "employer"), p.say("地区", "region"), p.say("状态", "status"), ">" + p.say("职工", "staff"), ">" + p.say("残疾职工", "disabled"),
				">" + p.say("应缴", "due"), ">" + p.say("减免", "relieved"), ">" + p.say("滞纳金", "late fee"), ">" + p.say("已缴", "paid"), ">" + p.say("已退", "refunded"), ">" + p.say("欠缴", "owed"),
				p.say("缴款期限", "deadline"), p.say("须重新核定", "stale"), ">seq",
			}}
			for _, v := range l.Levies {
				stale := ""
				if v.Stale {
					stale = p.say("是", "yes")
				}
				t.rows = append(t.rows, []string{
					v.Levy, v.Name, v.Region, v.Status, v.Staff, v.Disabled, grouped(v.Due), grouped(v.Relieved), grouped(v.LateFee), grouped(v.Paid), grouped(v.Refunded), grouped(v.Owed), v.Deadline, stale, number(v.LastRecord),
				})
			}
			return t, l.Next, l.Basis
		})
	levyFilter(c, &f)
	c.Flags().StringVar(&f.Status, "status", "", "only in this `status`: reviewed, declared, owing, overpaid, to-refund, settled")
	return c
}

func levyFilter(c *cobra.Command, f *report.LevyFilter) {
	c.Flags().StringVar(&f.Employer, "employer", "", "only of this `party`")
	c.Flags().StringVar(&f.Region, "region", "", "only of this `region` and what lies below it")
	c.Flags().IntVar(&f.Year, "year", 0, "only of this filing `year`")
}

func (p *program) levyArrears() *cobra.Command {
	f := report.LevyFilter{Overdue: true}
	var on string
	c := listing(p, "arrears", "list what is owed after its last day to pay, with its age (欠缴清单)", "  zhucan levy arrears --on 2023-12-31 -o csv",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (_ report.LevyPage, err error) {
			if f.On, err = p.onDay(on, cut.AsOf); err != nil {
				return report.LevyPage{}, err
			}
			return report.Levies(ctx, s.pool, f, cut, at.after, at.limit)
		},
		func(l report.LevyPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("残保金", "levy"), p.say("单位", "employer"), p.say("地区", "region"), ">" + p.say("欠缴", "owed"), p.say("缴款期限", "deadline"), ">" + p.say("逾期天数", "days"),
				p.say("警告日期", "warned"), p.say("限期", "ordered by"),
			}}
			for _, v := range l.Levies {
				t.rows = append(t.rows, []string{v.Levy, v.Name, v.Region, grouped(v.Owed), v.Deadline, strconv.Itoa(v.Age), v.WarnedOn, v.OrderedBy})
			}
			return t, l.Next, l.Basis
		})
	levyFilter(c, &f)
	c.Flags().StringVar(&on, "on", "", "`date` on which ages are counted (default: today)")
	return c
}

// A surplus is what levy surplus prints of an employer above the ratio.
type surplus struct {
	Levy     string        `json:"levy"`
	Employer string        `json:"employer"`
	Name     string        `json:"name"`
	Region   string        `json:"region"`
	Staff    string        `json:"staff"`
	Disabled string        `json:"disabled"`
	Excess   string        `json:"excess"`           // persons above the ratio, exactly
	Persons  int           `json:"persons"`          // whole ones
	Reward   *ledger.Money `json:"reward,omitempty"` // of whole persons, at most
	Reason   string        `json:"reason,omitempty"` // why there is none
}

type surplusPage struct {
	Scheme string    `json:"scheme"`
	Levies []surplus `json:"surplus"`
	Next   string    `json:"next,omitempty"`
	report.Basis
}

// levySurplus is the report of who may claim the reward of 残疾人保障法 art. 33.
func (p *program) levySurplus() *cobra.Command {
	f := report.LevyFilter{Above: true}
	scheme := "employer-reward"
	c := listing(p, "surplus", "list employers above the ratio and the reward they could claim (超比例单位)", "  zhucan levy surplus --year 2023\n  zhucan levy surplus --year 2023 --scheme employer-reward -o csv",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (surplusPage, error) {
			f.On = p.dayOr(cut.AsOf)
			l, err := report.Levies(ctx, s.pool, f, cut, at.after, at.limit)
			if err != nil || l.Policy == "" {
				return surplusPage{Scheme: scheme, Levies: []surplus{}, Basis: l.Basis}, err
			}
			pack, err := p.publishedPolicy(ctx, s, l.Policy)
			if err != nil {
				return surplusPage{}, err
			}
			out := surplusPage{Scheme: scheme, Levies: []surplus{}, Next: l.Next, Basis: l.Basis}
			for _, v := range l.Levies {
				x, err := aboveRatio(pack, ledger.SchemeCode(scheme), v, f.On)
				if err != nil {
					return surplusPage{}, err
				}
				out.Levies = append(out.Levies, x)
			}
			return out, nil
		},
		func(l surplusPage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("残保金", "levy"), p.say("单位", "employer"), p.say("地区", "region"), ">" + p.say("职工", "staff"), ">" + p.say("残疾职工", "disabled"),
				">" + p.say("超出", "above"), ">" + p.say("整人数", "whole persons"), ">" + p.say("可申请奖励", "reward"), p.say("说明", "reason"),
			}}
			for _, v := range l.Levies {
				reward := ""
				if v.Reward != nil {
					reward = grouped(*v.Reward)
				}
				t.rows = append(t.rows, []string{v.Levy, v.Name, v.Region, v.Staff, v.Disabled, v.Excess, strconv.Itoa(v.Persons), reward, v.Reason})
			}
			return t, l.Next, l.Basis
		})
	levyFilter(c, &f)
	c.Flags().StringVar(&scheme, "scheme", scheme, "the `scheme` that rewards them")
	return c
}

// aboveRatio says what an employer above the ratio could claim under a scheme on a day:
// the award for as many whole persons as it has more than it must. Whether it may claim
// is for the claim to show.
func aboveRatio(pack policy.Pack, scheme ledger.SchemeCode, v report.Levy, on ledger.Date) (surplus, error) {
	excess, ok := new(big.Rat).SetString(strings.TrimPrefix(v.Gap, "-"))
	if !ok {
		return surplus{}, fmt.Errorf("%s: %q is no number of persons", v.Levy, v.Gap)
	}
	x := surplus{
		Levy: v.Levy, Employer: v.Employer, Name: v.Name, Region: v.Region, Staff: v.Staff, Disabled: v.Disabled,
		Excess: strings.TrimPrefix(v.Gap, "-"), Persons: int(new(big.Int).Quo(excess.Num(), excess.Denom()).Int64()),
	}
	s, err := pack.Find(scheme, on)
	if err == nil && v.Class != "" && !s.ForClass(ledger.UnitClass(v.Class)) { // none: not declared
		err = claim.ErrClaimant.Of("%s is %s; scheme %s is for %v", v.Name, v.Class, scheme, s.Classes)
	}
	if err == nil && x.Persons > 0 {
		var by policy.Standard
		by, err = s.Standard(ledger.RegionCode(v.Region), on)
		switch {
		case err != nil:
		case by.Share != "":
			err = claim.ErrFacts.Of("what %s would pay is %s", scheme, by)
		default:
			reward := s.Award(by, x.Persons, ledger.Money{})
			x.Reward = &reward
		}
	}
	if rule, detail := ledger.Refused(err); rule != nil {
		x.Reason = rule.Code + ": " + detail
	} else if err != nil {
		return surplus{}, err
	}
	return x, nil
}

func (p *program) levyIncome() *cobra.Command {
	return listing(p, "income", "list what the treasury received, paid back and spent of the levy, by region and year (残保金收入、使用)", "  zhucan levy income --as-of 2023-12-31",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.IncomePage, error) {
			return report.LevyIncome(ctx, s.pool, cut, at.after, at.limit)
		},
		func(l report.IncomePage) (table, string, report.Basis) {
			t := table{head: []string{
				p.say("地区", "region"), p.say("年度", "year"), ">" + p.say("笔数", "receipts"), ">" + p.say("残保金", "levy"), ">" + p.say("滞纳金", "late fee"), ">" + p.say("退付", "refunded"), ">" + p.say("净额", "net"), ">" + p.say("使用", "use"),
			}}
			for _, v := range l.Income {
				t.rows = append(t.rows, []string{v.Region, strconv.Itoa(v.Year), number(v.Count), grouped(v.Levy), grouped(v.LateFee), grouped(v.Refund), grouped(v.Net), grouped(v.Use)})
			}
			return t, l.Next, l.Basis
		})
}

// levyAssess assesses one levy, or all of a year that are filed and not assessed yet, or filed
// or reviewed since.
func (p *program) levyAssess() *cobra.Command {
	var employer, on string
	var year int
	c := &cobra.Command{
		Use:   "assess",
		Short: "assess levies with what is declared and reviewed (核定)",
		Long: `Computes what is due under the rules of the filing day as known on the day of the
order, and books it. Without --employer, all levies of the year that are filed and not
assessed yet, or were filed or reviewed again since (须重新核定 in levy list). A levy that is
assessed already is assessed anew when --employer names it. The difference is booked, and
nothing if there is none.

Exit code 2 when every one of them was refused; the reasons are on stderr.`,
		Example: "  zhucan levy assess --year 2023\n  zhucan levy assess --year 2023 --employer U… --on 2023-04-03",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			day, err := p.onDay(on, ledger.Date{})
			if err != nil {
				return err
			}
			return p.assessLevies(cmd.Context(), ledger.PartyID(employer), year, day)
		},
	}
	c.Flags().StringVar(&employer, "employer", "", "only of this `party`, also anew")
	c.Flags().IntVar(&year, "year", 0, "filing `year`")
	c.Flags().StringVar(&on, "on", "", "accounting `date` (default: today)")
	_ = c.MarkFlagRequired("year")
	return c
}

func (p *program) assessLevies(ctx context.Context, employer ledger.PartyID, year int, on ledger.Date) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	who, stop, err := p.submitter(ctx, s)
	if err != nil {
		return err
	}
	defer stop()
	if err := p.project(ctx, s); err != nil {
		return err
	}
	employers := []ledger.PartyID{employer}
	if employer == "" {
		employers = nil
		for after := ""; ; {
			l, err := report.Levies(ctx, s.pool, report.LevyFilter{Year: year, Unassessed: true, On: on}, report.Cut{}, after, batch)
			if err != nil {
				return err
			}
			for _, v := range l.Levies {
				employers = append(employers, ledger.PartyID(v.Employer))
			}
			if after = l.Next; after == "" {
				break
			}
		}
	}
	var done, refused, same int
	var first error
	for part := range slices.Chunk(employers, batch) {
		var requests []events.Request
		for _, id := range part {
			o, err := p.order(s, "", on)
			if err != nil {
				return err
			}
			requests = append(requests, events.Request{Command: book.Command{Order: o, Do: levy.Assess{Employer: id, Year: year}}})
		}
		receipts, err := who.SubmitAll(ctx, requests)
		if err != nil {
			return err
		}
		for i, r := range receipts {
			switch {
			case r.Err != nil:
				if rule, _ := ledger.Refused(r.Err); rule == nil {
					return r.Err
				}
				if refused++; first == nil {
					first = r.Err
				}
				fmt.Fprintf(p.stderr, "%s: %v\n", levy.Key{Employer: part[i], Year: year}, r.Err)
			case r.Seq == 0:
				same++
			default:
				done++
			}
		}
	}
	if err := p.project(ctx, s); err != nil {
		return err
	}
	if first != nil && refused == len(employers) {
		return first
	}
	return p.print(map[string]any{"assessed": done, "unchanged": same, "refused": refused}, table{
		head: []string{">" + p.say("核定", "assessed"), ">" + p.say("未变", "unchanged"), ">" + p.say("拒绝", "refused")},
		rows: [][]string{{number(done), number(same), number(refused)}},
	})
}

// An affectedLevy is what levy affected prints of one.
type affectedLevy struct {
	Levy     string       `json:"levy"`
	Region   string       `json:"region"`
	Decided  string       `json:"decided_policy"`
	Known    string       `json:"decided_as_known"`
	Record   uint64       `json:"record"`
	Due      ledger.Money `json:"due"`
	DueNow   ledger.Money `json:"due_now"`
	Change   ledger.Money `json:"change"`
	Fee      ledger.Money `json:"fee_reversed"`          // late fee that would be taken back
	Relieved ledger.Money `json:"relief_taken_in"`       // hardship relief beyond what would be due
	Sources  []string     `json:"new_sources,omitempty"` // clauses that the assessment did not rest on
	Refusal  string       `json:"refusal,omitempty"`     // why there is none now
	hasError bool
}

func (p *program) levyAffected() *cobra.Command {
	var asKnown uint64
	var before, known string
	var all bool
	c := &cobra.Command{
		Use:   "affected",
		Short: "list assessments that would be other ones today (受追溯影响的核定)",
		Long: `Computes the last assessment of each levy again, from what is declared and reviewed,
under the policy in force and as known on a day, and lists those that would be others with
the difference, and with the late fee and the hardship relief that would be taken back with
it: of a levy that was paid earlier than it seemed, only these change. Nothing is recorded: levy assess does that, levy by levy.

  --as-known SEQ     only assessments recorded up to SEQ
  --policy-before V  only assessments decided under a version published before V
  --all              also those that stay the same`,
		Example: "  zhucan levy affected --known 2023-03-26\n  zhucan levy affected --policy-before jilin-2022-2024.2 -o csv",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			day, err := p.onDay(known, ledger.Date{})
			if err != nil {
				return err
			}
			return p.affectedLevies(cmd.Context(), asKnown, before, day, all)
		},
	}
	c.Flags().Uint64Var(&asKnown, "as-known", 0, "only assessments recorded up to this `seq`")
	c.Flags().StringVar(&before, "policy-before", "", "only assessments under a `version` published before this one")
	c.Flags().StringVar(&known, "known", "", "`date` up to which publications count (default: today)")
	c.Flags().BoolVar(&all, "all", false, "also assessments that stay the same")
	return c
}

func (p *program) affectedLevies(ctx context.Context, asKnown uint64, before string, known ledger.Date, all bool) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	var pack *policy.Pack
	levies, versions, at := new(levy.State), map[string]int{}, map[levy.Key]uint64{}
	of := []string{events.Subject(bookCode, "policy."), events.Subject(bookCode, "levy.")}
	for r, err := range s.log.Read(ctx, 0) {
		if err != nil {
			return err
		}
		if !slices.Contains(of, r.Subject) {
			continue
		}
		d, err := events.Decode(r)
		if err != nil {
			return err
		}
		switch e := d.Event.(type) {
		case policy.Published:
			pack, versions[e.Pack.Version] = &e.Pack, len(versions)
		case levy.Event:
			levy.Evolve(levies, e)
			if a, ok := e.(levy.Assessed); ok {
				at[levy.Key{Employer: a.Employer, Year: a.Year}] = d.Seq
			}
		}
	}
	if pack == nil {
		return policy.ErrNone.Of("nothing is assessed")
	}
	limit, ok := versions[before]
	if before != "" && !ok {
		return usage("--policy-before %q is no version that was published", before)
	}
	old := func(a levy.Assessed) bool {
		k := levy.Key{Employer: a.Employer, Year: a.Year}
		return (asKnown == 0 || at[k] <= asKnown) && (before == "" || versions[a.Policy] < limit)
	}
	list := []affectedLevy{}
	var sum ledger.Money
	for _, a := range levies.Affected(pack, known, old) {
		if a.Err == nil && a.Delta.IsZero() && a.Now.FeeReversed.IsZero() && a.Now.ReliefTakenIn.IsZero() && !all {
			continue
		}
		v := affectedLevy{
			Levy: a.Key.String(), Region: string(a.Then.Region), Decided: a.Then.Policy, Known: a.Then.Known.String(), Record: at[a.Key],
			Due: a.Then.Due, DueNow: a.Now.Due, Change: a.Delta, Fee: a.Now.FeeReversed, Relieved: a.Now.ReliefTakenIn,
		}
		if a.Err != nil {
			rule, detail := ledger.Refused(a.Err)
			if rule == nil {
				return a.Err
			}
			v.Refusal, v.hasError = rule.Code+": "+detail, true
		}
		for _, c := range a.Now.Clauses {
			if !slices.ContainsFunc(a.Then.Clauses, func(d levy.Clause) bool { return c.Source == d.Source }) && !slices.Contains(v.Sources, c.Source) {
				v.Sources = append(v.Sources, c.Source)
			}
		}
		sum = sum.Add(a.Delta)
		list = append(list, v)
	}
	t := table{head: []string{
		p.say("残保金", "levy"), p.say("地区", "region"), p.say("核定政策", "decided under"), p.say("当时已知", "as known"), ">" + p.say("原应缴", "due"), ">" + p.say("现应缴", "due now"), ">" + p.say("差额", "change"), ">" + p.say("冲回滞纳金", "fee reversed"), ">" + p.say("冲回减免", "relief taken in"),
		p.say("新依据", "new sources"),
	}, foot: p.say("差额合计 ", "changes in all ") + grouped(sum)}
	for _, v := range list {
		cells := []string{v.Levy, v.Region, v.Decided, v.Known, grouped(v.Due), grouped(v.DueNow), grouped(v.Change), grouped(v.Fee), grouped(v.Relieved), strings.Join(v.Sources, "; ")}
		if v.hasError {
			cells[5], cells[6], cells[7], cells[8], cells[9] = "", "", "", "", v.Refusal
		}
		t.rows = append(t.rows, cells)
	}
	return p.print(map[string]any{"affected": list, "change": sum, "known": known, "policy": pack.Version}, t)
}

func (p *program) levyNotice() *cobra.Command {
	var on string
	c := &cobra.Command{
		Use:   "notice ID",
		Short: "print the text of a notice of arrears (催缴通知书)",
		Long: `Prints a notice for one levy that is owed after its last day to pay, as plain text in
Chinese. It is a text and no decision: levy warn and levy order-payment record those.`,
		Example: "  zhucan levy notice levy:U91220101MA0000000X:2023",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error {
				day, err := p.onDay(on, cut.AsOf)
				if err != nil {
					return err
				}
				return p.printNotice(cmd.Context(), s, arg[0], day, cut)
			})
		},
	}
	c.Flags().StringVar(&on, "on", "", "`date` of the notice (default: today)")
	return c
}

func (p *program) printNotice(ctx context.Context, s *stores, id string, on ledger.Date, cut report.Cut) error {
	rest, ok := strings.CutPrefix(id, "levy:")
	at := strings.LastIndexByte(rest, ':')
	if !ok || at < 0 {
		return usage("%q is no levy: levy:EMPLOYER:YEAR", id)
	}
	year, err := strconv.Atoi(rest[at+1:])
	if err != nil {
		return usage("%q is no levy: levy:EMPLOYER:YEAR", id)
	}
	if cut.AsOf.IsZero() {
		cut.AsOf = on // what it says stands on its day
	}
	l, err := report.Levies(ctx, s.pool, report.LevyFilter{Employer: rest[:at], Year: year, On: on, Overdue: true}, cut, "", 1)
	if err != nil {
		return err
	}
	if len(l.Levies) == 0 {
		return levy.ErrDefault.Of("%s: of what was assessed by %s nothing is overdue", id, on)
	}
	v := l.Levies[0]
	region, err := ledger.StandsIn(ledger.RegionCode(v.Region), on)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "残疾人就业保障金催缴通知书\n\n%s（%s）：\n\n", v.Name, v.Employer)
	fmt.Fprintf(&b, "  你单位%d年度应缴残疾人就业保障金%s元", v.Year, grouped(v.Due))
	if !v.Relieved.IsZero() {
		fmt.Fprintf(&b, "，经批准减免%s元", grouped(v.Relieved))
	}
	if !v.LateFee.IsZero() {
		fmt.Fprintf(&b, "，应缴滞纳金%s元", grouped(v.LateFee))
	}
	fmt.Fprintf(&b, "，已缴%s元", grouped(v.Paid))
	if !v.Refunded.IsZero() {
		fmt.Fprintf(&b, "，已退%s元", grouped(v.Refunded))
	}
	fmt.Fprintf(&b, "。缴款期限为%s，截至%s已逾期%d天，尚欠%s元。\n", chineseDay(v.Deadline), chineseDay(on.String()), v.Age, grouped(v.Owed))
	if v.OrderedBy != "" {
		fmt.Fprintf(&b, "  财政部门已责令你单位于%s前缴纳。逾期仍不缴纳的，", chineseDay(v.OrderedBy))
	} else {
		b.WriteString("  请尽快足额缴纳。经财政部门警告并责令限期缴纳后逾期仍不缴纳的，")
	}
	b.WriteString("除补缴欠缴数额外，自欠缴之日起按日加收滞纳金（《残疾人就业条例》第二十七条）。\n")
	fmt.Fprintf(&b, "  对核定数额有异议的，请向税务机关或残疾人就业服务机构核实。\n\n%s\n%s\n\n编号：%s　核定依据：%s　记录：%d\n", region.NameZH, chineseDay(on.String()), v.Levy, v.Policy, v.LastRecord)
	if p.output == "json" {
		return printJSON(p.stdout, map[string]any{"levy": v, "notice": b.String()})
	}
	_, err = fmt.Fprint(p.stdout, b.String())
	return err
}

// chineseDay writes 2023-10-31 as 2023年10月31日.
func chineseDay(day string) string {
	d, err := ledger.ParseDate(day)
	if err != nil {
		return day
	}
	return fmt.Sprintf("%d年%d月%d日", d.Year(), d.Month(), d.Day())
}

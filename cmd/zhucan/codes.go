package main

import (
	"slices"

	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/access"
	"zhucan/cmd/zhucan/api"
	"zhucan/cmd/zhucan/document"
	"zhucan/cmd/zhucan/intake"
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/projections"
	"zhucan/projections/report"
)

func (p *program) codesCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "codes",
		Short:   "list the published codes of refusals, with rule and source (拒绝代码表)",
		Example: "  zhucan codes\n  zhucan codes -o json",
		Args:    args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			t := table{head: []string{p.say("代码", "code"), p.say("规则", "rule"), p.say("依据", "source")}}
			var all []refusal
			for _, r := range rejections() {
				all = append(all, refusal{Code: r.Code, Rule: r.Rule, RuleZH: r.RuleZH, Source: r.Source, Next: r.Next, NextZH: r.NextZH})
				t.rows = append(t.rows, []string{r.Code, p.say(r.RuleZH, r.Rule), r.Source})
			}
			return p.print(map[string]any{"codes": all}, t)
		},
	}
}

// rejections lists every published refusal of the program.
func rejections() []*ledger.Rejection {
	return slices.Concat(book.Rejections(), events.Rejections, access.Rejections, intake.Rejections, document.Rejections, api.Rejections, report.Rejections, projections.Rejections, []*ledger.Rejection{ErrUsage, ErrInUse, ErrPlain, ErrDamaged, ErrRows, ErrDiffers, ErrSampleFolder})
}

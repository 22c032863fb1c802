package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"zhucan/events"
	"zhucan/projections/archive"
	"zhucan/projections/report"
)

func (p *program) traceCommand() *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use:   "trace ID",
		Short: "the whole story of a payment, claim, party or entry, each step proved (单笔全链)",
		Long: `Tells everything that happened around one payment, claim, party or entry in the
order in which it was recorded: who did it, by which clause, what was booked. Each
step carries the proof that it is in the log (-o json shows it whole). Where a claim and
a payment have one number, --kind says which is meant.`,
		Example: "  zhucan trace SAMPLE-2023-001-P1\n  zhucan trace SAMPLE-2023-001 -o json",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error {
				story, err := report.Trace(cmd.Context(), s.pool, kind, arg[0], cut)
				if err != nil {
					return err
				}
				t := table{head: []string{">seq", p.say("业务日期", "effective"), p.say("事件", "type"), p.say("事项", "case"), p.say("操作人", "actor"), ">" + p.say("金额", "amount"), p.say("依据", "clause"), p.say("证明", "proof")}}
				for _, step := range story.Steps {
					amount := ""
					if step.Amount != nil {
						amount = grouped(*step.Amount)
					}
					t.rows = append(t.rows, []string{number(step.Seq), step.EffectiveDate, step.Type, caseOf(step), step.Actor, amount, step.Clause, hex.EncodeToString(step.Proof.Leaf[:4]) + "… ✓"})
				}
				t.foot = p.basis(story.Basis)
				if len(story.Steps) > 0 {
					t.foot += "\n" + p.say("根哈希 ", "root ") + hex.EncodeToString(story.Steps[0].Proof.Root[:])
				}
				return p.print(story, t)
			})
		},
	}
	c.Flags().StringVar(&kind, "kind", "", "only this `kind`: claim, payment (batches too), party, budget, levy or journal")
	return c
}

// caseOf is the case of a step, with its months where it has some.
func caseOf(s report.Step) string {
	if s.Months == "" {
		return s.Case
	}
	return s.Case + " (" + s.Months + ")"
}

func (p *program) eventCommand() *cobra.Command {
	var name, about string
	all := listing(p, "list", "list events (事件清单)", "  zhucan event list --type payment.confirmed.v1 --limit 10",
		func(ctx context.Context, s *stores, cut report.Cut, at place) (report.EventPage, error) {
			after, err := at.seq()
			if err != nil {
				return report.EventPage{}, err
			}
			return report.Events(ctx, s.pool, name, about, cut, after, at.limit)
		},
		func(l report.EventPage) (table, string, report.Basis) {
			t := table{head: []string{">seq", p.say("记录时间", "recorded"), p.say("业务日期", "effective"), p.say("事件", "type"), p.say("事项", "case"), p.say("操作人", "actor"), p.say("叶哈希", "leaf")}}
			for _, e := range l.Events {
				t.rows = append(t.rows, []string{number(e.Seq), e.RecordedAt.Format(time.RFC3339), e.EffectiveDate, e.Type, e.Case, e.Actor, e.Leaf[:8]})
			}
			return t, l.Next, l.Basis
		})
	all.Flags().StringVar(&name, "type", "", "only this `type`")
	all.Flags().StringVar(&about, "case", "", "only of this `case`")
	show := &cobra.Command{
		Use: "show SEQ", Short: "one event with everything that is hashed, and its proof (查看事件)", Example: "  zhucan event show 12", Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			seq, err := strconv.ParseUint(arg[0], 10, 64)
			if err != nil || seq == 0 {
				return usage("%q is no sequence number", arg[0])
			}
			return p.reading(cmd.Context(), func(s *stores, cut report.Cut) error {
				e, err := report.EventAt(cmd.Context(), s.pool, seq, cut)
				if err != nil {
					return err
				}
				return printJSON(p.stdout, e)
			})
		},
	}
	var from uint64
	tail := &cobra.Command{
		Use: "tail", Short: "follow the log as it grows, one JSON object a line (跟踪事件)", Example: "  zhucan event tail --from 100", Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			if !cmd.Flags().Changed("from") {
				if from, err = s.log.Last(cmd.Context()); err != nil {
					return err
				}
			}
			return p.tail(cmd.Context(), s, from)
		},
	}
	tail.Flags().Uint64Var(&from, "from", 0, "begin after this `sequence` (default: now)")
	restore := &cobra.Command{
		Use:   "restore",
		Short: "append to the log what only the second copy still has (恢复日志)",
		Long: `When the log lost its end, or is empty because its disk was lost, the archive in
Postgres still has every record, byte for byte. This appends to the log what is
missing behind its last record, after comparing that record and the tree: a log
with another history is refused. Records get their old numbers and leaves, so every
proof and signed checkpoint stays valid.`,
		Example: "  zhucan event restore",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.restoreLog(cmd.Context()) },
	}
	return group("event", "raw events: list, show, tail, restore (事件)", all, show, tail, restore)
}

func (p *program) restoreLog(ctx context.Context) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if s.server != nil {
		return ErrInUse.Of("%s is served by process %d: stop it first", s.dir, s.server.PID)
	}
	from, to, err := archive.Restore(ctx, s.pool, s.log)
	if errors.Is(err, archive.ErrOther) {
		return ErrDamaged.Of("%v", err)
	}
	if err != nil {
		return err
	}
	return p.print(map[string]any{"restored": to - from, "from": from, "seq": to}, table{
		head: []string{">" + p.say("原末尾", "log ended at"), ">" + p.say("现末尾", "log ends at"), ">" + p.say("恢复", "restored")},
		rows: [][]string{{number(from), number(to), number(to - from)}},
	})
}

func (p *program) tail(ctx context.Context, s *stores, from uint64) error {
	for r, err := range s.log.Follow(ctx, from) {
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		d, err := events.Decode(r)
		if err != nil {
			return err
		}
		b, err := json.Marshal(map[string]any{
			"seq": r.Seq, "type": d.Name, "case": d.Event.Case(), "recorded_at": d.Meta.Time, "effective_date": d.Event.Effective(),
			"actor": d.Meta.Actor, "data": jsontext.Value(r.Data),
		}, json.Deterministic(true))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(p.stdout, "%s\n", b); err != nil {
			return err
		}
	}
	return nil
}

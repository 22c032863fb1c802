package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/journal"
	"zhucan/projections/report"
)

func (p *program) periodCommand() *cobra.Command {
	var reason string
	reopen := &cobra.Command{
		Use:     "reopen PERIOD",
		Short:   "open the latest closed month again (反结账)",
		Example: "  zhucan period reopen 2023-03 --reason 漏记回单 --as accountant-2",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			period, err := ledger.ParsePeriod(arg[0])
			if err != nil {
				return err
			}
			return p.act(cmd.Context(), "", journal.Reopen{Period: period, Reason: reason})
		},
	}
	reopen.Flags().StringVar(&reason, "reason", "", "why")
	closing := &cobra.Command{
		Use:   "close PERIOD",
		Short: "close a month: nothing is dated in it any more (结账)",
		Long: `Closes a month. What the books were at that moment is kept in the event: the
totals of debits and credits up to the end of the month, the sequence they were
computed at and the root of the tree over the log there. A checkpoint is signed.`,
		Example: "  zhucan period close 2023-03 --as accountant",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			period, err := ledger.ParsePeriod(arg[0])
			if err != nil {
				return err
			}
			return p.closePeriod(cmd.Context(), period)
		},
	}
	return group("period", "accounting months: list, close, reopen (会计期间)", p.periodList(), closing, reopen)
}

// act has one action decided in the name of the actor of the command line.
func (p *program) act(ctx context.Context, id ledger.CommandID, do any) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	o, err := p.order(s, id, ledger.Date{})
	if err != nil {
		return err
	}
	return p.submit(ctx, s, events.Request{Command: book.Command{Order: o, Do: do}})
}

func (p *program) closePeriod(ctx context.Context, period ledger.Period) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := p.project(ctx, s); err != nil {
		return err
	}
	do, err := report.Closing(ctx, s.pool, period)
	if err != nil {
		return err
	}
	o, err := p.order(s, ledger.CommandID(fmt.Sprintf("close:%s:%d", period, do.Seq)), ledger.Date{})
	if err != nil {
		return err
	}
	if err := p.submit(ctx, s, events.Request{Command: book.Command{Order: o, Do: do}}); err != nil {
		return err
	}
	if err := p.project(ctx, s); err != nil {
		return err
	}
	_, err = p.signCheckpoint(ctx, s)
	return err
}

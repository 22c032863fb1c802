package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"zhucan/projections"
	"zhucan/projections/verify"
)

// What verify looks at.
const (
	verifyAll   = ""
	verifyLog   = "log"
	verifyModel = "readmodel"
)

func (p *program) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify [log | readmodel | event SEQ]",
		Short: "check that the books follow from the log and the log from its signed heads (核验)",
		Long: `Reads the log from its first record to its last: numbers without a gap, every record
decoded strictly and hashed, every entry balanced, the root of the tree, the signed
checkpoints, the second copy byte for byte, and that every document an event refers to
is in the store with its hash, readable or not. Then folds it anew and compares the
result with the tables that are served. What differs is named with its place.

Three verdicts: VERIFIED, FAILED, and INCOMPLETE with what was not checked. Exit code
3 unless it is VERIFIED.`,
		Example:   "  zhucan verify\n  zhucan verify log -o json\n  zhucan verify event 12",
		Args:      args(cobra.MaximumNArgs(2)),
		ValidArgs: []string{verifyLog, verifyModel, "event"},
		RunE: func(cmd *cobra.Command, arg []string) error {
			what := verifyAll
			if len(arg) > 0 {
				what = arg[0]
			}
			switch {
			case what == "event" && len(arg) == 2:
				seq, err := strconv.ParseUint(arg[1], 10, 64)
				if err != nil || seq == 0 {
					return usage("%q is no sequence number", arg[1])
				}
				return p.verifyEvent(cmd.Context(), seq)
			case len(arg) == 2, what != verifyAll && what != verifyLog && what != verifyModel:
				return usage("verify looks at log, readmodel or event SEQ")
			}
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			return p.printVerified(cmd.Context(), s, what)
		},
	}
}

// verified verifies, after the read models are brought to what the log holds. A
// projection that stands still is told, and what can be verified is.
func (p *program) verified(ctx context.Context, s *stores, what string) (verify.Result, error) {
	if err := p.project(ctx, s); err != nil {
		if _, halted := errors.AsType[*projections.Halt](err); !halted {
			return verify.Result{}, err
		}
		fmt.Fprintf(p.stderr, "%s: %v\n", p.say("投影已停止", "the projection stands still"), err)
	}
	last, err := s.log.Last(ctx)
	if err != nil {
		return verify.Result{}, err
	}
	bar := p.progress(p.say("核验", "verifying"), int64(last))
	defer bar.done()
	known, err := p.verifiers(s)
	if err != nil {
		return verify.Result{}, err
	}
	options := verify.Options{Known: known, Documents: s.papers.Store, Progress: func(n int) { bar.add(n) }}
	switch what {
	case verifyLog:
		return verify.Log(ctx, s.pool, s.log, options)
	case verifyModel:
		return verify.ReadModel(ctx, s.pool, s.runner, options)
	}
	return verify.All(ctx, s.pool, s.log, s.runner, options)
}

// printVerified verifies and prints.
func (p *program) printVerified(ctx context.Context, s *stores, what string) error {
	result, err := p.verified(ctx, s, what)
	if err != nil {
		return err
	}
	t := table{head: []string{p.say("检查", "check"), p.say("结论", "verdict"), p.say("说明", "detail")}}
	for _, c := range result.Checks {
		t.rows = append(t.rows, []string{c.Name, string(c.Verdict), c.Detail})
	}
	t.foot = fmt.Sprintf("%s · %s %d · %s %s", result.Verdict, p.say("事件", "events"), result.Events, p.say("根哈希", "root"), result.Root)
	if err := p.print(result, t); err != nil {
		return err
	}
	if result.Verdict != verify.Verified {
		return errFound
	}
	return nil
}

// verifyEvent proves one event against the newest signed checkpoint that has it.
func (p *program) verifyEvent(ctx context.Context, seq uint64) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	known, err := p.verifiers(s)
	if err != nil {
		return err
	}
	result, err := verify.Event(ctx, s.pool, s.log, seq, verify.Options{Known: known})
	if err != nil {
		return err
	}
	t := table{head: []string{p.say("检查", "check"), p.say("结论", "verdict"), p.say("说明", "detail")}, foot: string(result.Verdict)}
	for _, c := range result.Checks {
		t.rows = append(t.rows, []string{c.Name, string(c.Verdict), c.Detail})
	}
	if err := p.print(result, t); err != nil {
		return err
	}
	if result.Verdict != verify.Verified {
		return errFound
	}
	return nil
}

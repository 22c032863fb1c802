package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zhucan/projections"
	"zhucan/projections/report"
)

func (p *program) replayCommand() *cobra.Command {
	var into string
	var to uint64
	c := &cobra.Command{
		Use:   "replay",
		Short: "fold the log into new read models beside those that are served (重放)",
		Long: `Builds the read models anew from the log, in tables of their own, while the old ones
are served. Then compare them (replay diff), and when every difference is explained,
switch (replay switch). Nothing is corrected in place.

With --to the version is as of that record and stays so: compared with the one that is
served it shows what happened since. It cannot be served itself.

  zhucan replay --into v0002
  zhucan replay diff serving v0002
  zhucan replay switch v0002`,
		Example: "  zhucan replay --into check\n  zhucan replay --to 500 --into then",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("to") && to == 0 {
				return usage("--to is the number of a record, from 1")
			}
			return p.replaying(cmd.Context(), func(s *stores) error { return p.replay(cmd.Context(), s, into, to) })
		},
	}
	c.Flags().StringVar(&into, "into", "", "`name` of the new version: lower-case letters, digits, underscore; the next of v0001, v0002, … by default")
	c.Flags().Uint64Var(&to, "to", 0, "`sequence` of the last record that counts (default: the last there is)")
	var limit int
	diff := &cobra.Command{
		Use:   "diff A B",
		Short: "how two versions differ, table by table, to the fen (差异)",
		Long: `Compares the tables of two versions row by row. "serving" stands for the version that
is served. Versions that different programs made are compared by the columns that both
have, and the others are named. Exit code 3 when they differ.`,
		Example: "  zhucan replay diff serving check",
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.replaying(cmd.Context(), func(s *stores) error {
				return p.diff(cmd.Context(), s, arg[0], arg[1], limit)
			})
		},
	}
	diff.Flags().IntVar(&limit, "limit", 100, "most differing `rows` listed for each table; all are counted")
	change := &cobra.Command{
		Use:     "switch NAME",
		Short:   "serve another version; the old one stays to go back to (切换)",
		Example: "  zhucan replay switch v0002",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.replaying(cmd.Context(), func(s *stores) error {
				if err := s.runner.Switch(cmd.Context(), arg[0]); err != nil {
					return err
				}
				return p.print(map[string]any{"serving": arg[0]}, table{head: []string{p.say("现行版本", "serving")}, rows: [][]string{{arg[0]}}})
			})
		},
	}
	drop := &cobra.Command{
		Use:     "drop NAME",
		Short:   "remove a version that is not served (删除版本)",
		Example: "  zhucan replay drop check",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.replaying(cmd.Context(), func(s *stores) error {
				if err := s.runner.Drop(cmd.Context(), arg[0]); err != nil {
					return err
				}
				return p.print(map[string]any{"dropped": arg[0]}, table{head: []string{p.say("已删除", "dropped")}, rows: [][]string{{arg[0]}}})
			})
		},
	}
	c.AddCommand(diff, change, drop)
	return c
}

// replaying opens the stores for work on versions of the read models. It goes on when the
// one that is served was made by another program, which nothing else mends; a server at
// work projects by itself.
func (p *program) replaying(ctx context.Context, f func(*stores) error) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if s.server == nil {
		err := p.project(ctx, s)
		if halt, ok := errors.AsType[*projections.Halt](err); err != nil && !(ok && halt.Reason == projections.FoldChanged) {
			return err
		}
	}
	return f(s)
}

// replay builds a version: of all records, or as of the record to if that is not 0.
func (p *program) replay(ctx context.Context, s *stores, into string, to uint64) error {
	st, err := s.runner.Status(ctx)
	if err != nil {
		return err
	}
	for n := 1; into == ""; n++ {
		name := fmt.Sprintf("v%04d", n)
		if !slices.ContainsFunc(st.Models, func(m projections.Model) bool { return m.Name == name }) {
			into = name
		}
	}
	seq := cmp.Or(to, st.HeadSeq)
	bar := p.progress(p.say("重放", "replaying"), int64(seq))
	runner := projections.New(s.pool, s.log, projectorConfig(projections.Config{Logger: p.logger(), Step: func(string) { bar.add(0) }}))
	if to > 0 {
		err = runner.RebuildTo(ctx, into, to)
	} else {
		err = runner.Rebuild(ctx, into)
	}
	if err != nil {
		return err
	}
	bar.done()
	digests, err := report.Digest(ctx, s.pool, into, s.runner.Tables())
	if err != nil {
		return err
	}
	t := table{head: []string{p.say("表", "table"), ">" + p.say("行数", "rows"), p.say("摘要", "digest")}}
	for _, d := range digests {
		t.rows = append(t.rows, []string{d.Name, number(d.Rows), d.Digest[:16]})
	}
	return p.print(map[string]any{"version": into, "seq": seq, "tables": digests}, t)
}

func (p *program) diff(ctx context.Context, s *stores, a, b string, limit int) error {
	if s.server != nil { // versions are compared at one record: the last
		if err := p.project(ctx, s); err != nil {
			return err
		}
	}
	st, err := s.runner.Status(ctx)
	if err != nil {
		return err
	}
	for _, name := range []*string{&a, &b} {
		if *name == "serving" {
			*name = st.Version
		}
	}
	d, err := report.Compare(ctx, s.pool, a, b, s.runner.Tables(), limit)
	if err != nil {
		return err
	}
	t := table{head: []string{p.say("表", "table"), ">" + p.say("相同", "same"), ">" + p.say("改变", "changed"), ">" + p.say("新增", "added"), ">" + p.say("缺少", "removed")}}
	for _, x := range d.Tables {
		t.rows = append(t.rows, []string{x.Name, number(x.Same), number(x.Changed), number(x.Added), number(x.Removed)})
	}
	var foot []string
	if d.Same() {
		foot = append(foot, p.say("没有差异", "no difference"))
	}
	for _, x := range d.Tables {
		if len(x.Left) > 0 {
			foot = append(foot, p.say("未比较（只有一个版本有）：", "not compared, as one version only has it: ")+x.Name+"."+strings.Join(x.Left, ", "+x.Name+"."))
		}
	}
	for _, x := range d.Differences {
		foot = append(foot, fmt.Sprintf("%s[%s].%s: %s → %s (seq %d)", x.Table, x.Key, x.Column, shown(x.Before), shown(x.After), x.Seq))
	}
	t.foot = strings.Join(foot, "\n")
	if err := p.print(d, t); err != nil {
		return err
	}
	if !d.Same() {
		return errFound
	}
	return nil
}

func shown(s *string) string {
	if s == nil {
		return "—"
	}
	return *s
}

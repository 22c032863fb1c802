package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"zhucan/projections"
	"zhucan/projections/report"
	"zhucan/projections/verify"
	"zhucan/schema/embedded"
)

func (p *program) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "how far log and read models are, and whether anything stands still (状态)",
		Example: "  zhucan status\n  zhucan status -o json",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			st, err := s.runner.Status(cmd.Context())
			if err != nil {
				return err
			}
			whole := struct {
				projections.Status
				Server string `json:"server"` // empty: none runs
			}{Status: st}
			served := p.say("未运行", "no server runs")
			if s.server != nil {
				whole.Server = fmt.Sprintf("http://%s (%d)", s.server.HTTP, s.server.PID)
				served = whole.Server
			}
			state := p.say("正常", "running")
			if st.Halted {
				state = p.say("已停止：", "halted: ") + st.Reason + " " + st.Detail
			}
			err = p.print(whole, table{head: []string{p.say("项目", "fact"), p.say("值", "value")}, rows: [][]string{
				{"head_seq", number(st.HeadSeq)}, {"projected_seq", number(st.ProjectedSeq)}, {"lag_events", number(st.LagEvents)},
				{"lag_seconds", fmt.Sprintf("%.1f", st.LagSeconds)}, {"version", st.Version}, {p.say("状态", "state"), state}, {p.say("服务", "server"), served},
			}})
			if err == nil && st.Halted {
				return errFound
			}
			return err
		},
	}
}

// A finding is one line of the doctor.
type finding struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"` // ok, warning, danger
	Detail  string `json:"detail"`
}

func (p *program) doctorCommand() *cobra.Command {
	var sweep bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "look for risks in configuration and machine (体检)",
		Long: `Checks what the guarantees rest on: that the log syncs before it acknowledges and
is configured as a ledger's log must be, that Postgres keeps what it commits, that
the second copy agrees with the log, that every person has a key and no erased person
has one, that the files of keys are readable by their owner only, room on the disk, and the clock.

Also lists what the store of documents has and no event refers to: what was stored when
the program ended before it was recorded, or whose order was refused. --sweep removes
what is older than a day of it, and nothing while a document that an event refers to is
missing. In the same way it treats keys of parties that the book does not know, which
rows that were refused have left, while no server runs.`,
		Example: "  zhucan doctor\n  zhucan doctor --sweep\n  zhucan doctor --nats nats://127.0.0.1:4222 --postgres postgres://…",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings, err := p.examine(cmd.Context(), sweep)
			if err != nil {
				return err
			}
			t := table{head: []string{p.say("检查", "check"), p.say("结论", "verdict"), p.say("说明", "detail")}}
			bad := false
			for _, f := range findings {
				t.rows = append(t.rows, []string{f.Name, f.Verdict, f.Detail})
				bad = bad || f.Verdict != "ok"
			}
			if err := p.print(map[string]any{"checks": findings}, t); err != nil {
				return err
			}
			if bad {
				return errFound
			}
			return nil
		},
	}
	c.Flags().BoolVar(&sweep, "sweep", false, "remove stored documents that no event refers to, and keys of parties that the book does not know")
	return c
}

func (p *program) examine(ctx context.Context, sweep bool) ([]finding, error) {
	var all []finding
	say := func(name, verdict, format string, args ...any) {
		all = append(all, finding{name, verdict, fmt.Sprintf(format, args...)})
	}
	if bin, v, err := embedded.Find(); err == nil {
		say("postgres-binaries", "ok", "%s in %s", v, bin)
	} else if p.postgres == "" {
		say("postgres-binaries", "danger", "%v", err)
		return all, nil
	}
	s, err := p.open(ctx)
	if err != nil {
		say("open", "danger", "%v", err)
		return all, nil
	}
	defer s.close()
	say("log-configuration", "ok", "the live stream has every setting it must have")
	switch {
	case s.log.Synced():
		say("log-sync", "ok", "sync_interval is always: an acknowledgement means on disk")
	case s.server != nil:
		say("log-sync", "ok", "the log belongs to the server that runs, which checked it when it started")
	default:
		say("log-sync", "warning", "an external server's sync_interval cannot be seen from here: make sure that it is always")
	}
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit", "data_checksums"} {
		var value string
		if err := s.pool.QueryRow(ctx, "select current_setting($1)", name).Scan(&value); err != nil {
			return nil, fmt.Errorf("read setting %s: %w", name, err)
		}
		if value == "on" {
			say("postgres-"+name, "ok", "on")
		} else {
			say("postgres-"+name, "danger", "%s is %s; it must be on", name, value)
		}
	}
	st, err := s.runner.Status(ctx)
	if err != nil {
		return nil, err
	}
	if st.Halted {
		say("projection", "danger", "halted: %s %s", st.Reason, st.Detail)
	} else {
		say("projection", "ok", "%d of %d projected, version %s", st.ProjectedSeq, st.HeadSeq, st.Version)
	}
	if err := p.checkVault(ctx, s); err != nil {
		say("vault", "danger", "%v", err)
	} else if n, err := s.vault.Count(ctx); err == nil {
		say("vault", "ok", "%d keys, every person has one", n)
		reserved, err := p.checkReserved(ctx, s, sweep)
		if err != nil {
			return nil, err
		}
		all = append(all, reserved)
	}
	erasures, err := p.checkErasures(ctx, s)
	if err != nil {
		return nil, err
	}
	all = append(all, erasures)
	for _, name := range []string{"keys/master.key", "keys/checkpoint.key", "access.json"} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		switch {
		case errors.Is(err, os.ErrNotExist):
			say(name, "ok", "not made yet")
		case err != nil:
			return nil, err
		case info.Mode().Perm()&0o077 != 0:
			say(name, "danger", "mode %o: others can read it; chmod 600", info.Mode().Perm())
		default:
			say(name, "ok", "readable by its owner only")
		}
	}
	papers, err := p.checkDocuments(ctx, s, sweep)
	if err != nil {
		return nil, err
	}
	all = append(all, papers)
	var disk unix.Statfs_t
	if err := unix.Statfs(s.dir, &disk); err == nil {
		free := disk.Bavail * uint64(disk.Bsize) >> 20
		verdict := "ok"
		if free < 2048 {
			verdict = "warning"
		}
		say("disk", verdict, "%d MB free where the data is", free)
	}
	if now := p.now(); now.Before(time.Date(2022, 10, 10, 0, 0, 0, 0, time.UTC)) {
		say("clock", "danger", "%s is before the plan was published", now.Format(time.RFC3339))
	} else {
		say("clock", "ok", "%s", now.UTC().Format(time.RFC3339))
	}
	return all, nil
}

// checkErasures looks for keys of persons whose erasure is on record.
func (p *program) checkErasures(ctx context.Context, s *stores) (finding, error) {
	erased, err := report.Erased(ctx, s.pool)
	if err != nil {
		return finding{}, err
	}
	left, err := s.vault.Surviving(ctx, slices.Collect(maps.Keys(erased)))
	if err != nil {
		return finding{}, err
	}
	if len(left) > 0 {
		return finding{"erasures", "danger", fmt.Sprintf("%d of %d erased persons still have a key, among them %s: start the server anew, or run zhucan party erase on it again", len(left), len(erased), left[0])}, nil
	}
	return finding{"erasures", "ok", fmt.Sprintf("%d erased, no key of them is left", len(erased))}, nil
}

// checkReserved looks for keys that were made more than a day ago for parties that the
// book does not know, and removes them if told to. While a server runs it does not: an
// import might be about to register one of them. The book has been projected.
func (p *program) checkReserved(ctx context.Context, s *stores, sweep bool) (finding, error) {
	registered, err := report.EveryParty(ctx, s.pool)
	if err != nil {
		return finding{}, err
	}
	before := p.now().Add(-24 * time.Hour)
	reserved, err := s.vault.Reserved(ctx, registered, before)
	if err != nil {
		return finding{}, err
	}
	switch {
	case len(reserved) == 0:
		return finding{"reservations", "ok", "nothing is kept for longer than a day of parties that the book does not know"}, nil
	case sweep && s.server == nil:
		if err := s.vault.Release(ctx, reserved, before); err != nil {
			return finding{}, err
		}
		return finding{"reservations", "ok", fmt.Sprintf("removed the keys of %d parties that the book does not know", len(reserved))}, nil
	}
	return finding{"reservations", "warning", fmt.Sprintf("the vault has keys of %d parties that the book does not know (zhucan doctor --sweep removes them when no server runs)", len(reserved))}, nil
}

// checkDocuments compares the store of documents with the log, and removes what is
// nobody's if told to.
func (p *program) checkDocuments(ctx context.Context, s *stores, sweep bool) (finding, error) {
	found, err := verify.Unreferred(ctx, s.log, s.papers.Store, p.now())
	if err != nil {
		return finding{}, fmt.Errorf("compare documents with the log: %w", err)
	}
	f := finding{"documents", "ok", fmt.Sprintf("%d kept; %d stored and not recorded yet", found.Referred, found.Young)}
	var names []string
	for _, d := range found.Stale {
		names = append(names, d.Name)
	}
	switch {
	case len(found.Missing) > 0:
		f.Verdict, f.Detail = "danger", fmt.Sprintf("%d of %d are missing from the store, among them %s: restore it from a backup", len(found.Missing), found.Referred, found.Missing[0])
	case len(names) > 0 && sweep:
		if err := verify.Sweep(ctx, s.papers.Store, found); err != nil {
			return finding{}, fmt.Errorf("remove documents that are nobody's: %w", err)
		}
		f.Detail += fmt.Sprintf("; removed %d that no event refers to: %s", len(names), strings.Join(names, " "))
	case len(names) > 0:
		f.Verdict = "warning"
		f.Detail += fmt.Sprintf("; %d that no event refers to (zhucan doctor --sweep removes them): %s", len(names), strings.Join(names, " "))
	}
	return f, nil
}

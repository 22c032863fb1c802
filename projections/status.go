package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Status says how far the read models are.
type Status struct {
	HeadSeq      uint64  `json:"head_seq"`      // last record of the log
	ProjectedSeq uint64  `json:"projected_seq"` // last record in the version that is served
	LagEvents    uint64  `json:"lag_events"`
	LagSeconds   float64 `json:"lag_seconds"` // since the last projected record was recorded; 0 when there is no lag
	Halted       bool    `json:"halted"`
	Reason       string  `json:"reason,omitempty"`  // why it is halted
	Detail       string  `json:"detail,omitempty"`  // of a halt, or of the fault that is being retried
	Version      string  `json:"version,omitempty"` // that is served
	Active       bool    `json:"active"`            // this runner is the active one
	Models       []Model `json:"models"`

	Counters Counters `json:"counters"`
}

// A Model is the checkpoint of a version, or of the archive.
type Model struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Seq    uint64 `json:"seq"`
	Root   string `json:"root"`
	Fold   string `json:"fold,omitempty"`
	Usable bool   `json:"usable"` // made by this program's fold
}

// Counters count what a runner did since it was made.
type Counters struct {
	Events     uint64 `json:"events"`
	Rows       uint64 `json:"rows"`
	Chunks     uint64 `json:"chunks"`
	Retries    uint64 `json:"retries"`
	Duplicates uint64 `json:"duplicates"` // records delivered again, without effect
}

// Status asks log and database. A runner that is halted in another process is
// halted here too.
func (r *Runner) Status(ctx context.Context) (Status, error) {
	s := Status{Counters: Counters{
		Events: r.counters.events.Load(), Rows: r.counters.rows.Load(), Chunks: r.counters.chunks.Load(),
		Retries: r.counters.retries.Load(), Duplicates: r.counters.duplicates.Load(),
	}}
	r.mu.Lock()
	halt := r.halt
	s.Active, s.Detail = r.active, r.trouble
	r.mu.Unlock()
	all, err := targets(ctx, r.pool, listTargets, nil)
	if err != nil {
		return s, err
	}
	for _, t := range all {
		m := Model{Name: t.Name, Status: t.Status, Seq: t.Seq, Root: fmt.Sprintf("%x", t.Root), Fold: t.Fold, Usable: t.archive() || t.Fold == r.fold}
		s.Models = append(s.Models, m)
		if t.Status == "serving" {
			s.Version, s.ProjectedSeq = t.Name, t.Seq
		}
	}
	if halt == nil {
		var h Halt
		err := r.pool.QueryRow(ctx, selectHalt).Scan(&h.Reason, &h.Seq, &h.Detail)
		switch {
		case err == nil:
			halt = &h
		case !errors.Is(err, pgx.ErrNoRows):
			return s, fmt.Errorf("read the halt: %w", err)
		}
	}
	if halt != nil {
		s.Halted, s.Reason, s.Detail = true, string(halt.Reason), halt.Error()
	}
	if s.HeadSeq, err = r.log.Last(ctx); err != nil {
		return s, fmt.Errorf("read the log's last number: %w", err)
	}
	if s.HeadSeq <= s.ProjectedSeq {
		return s, nil
	}
	s.LagEvents = s.HeadSeq - s.ProjectedSeq
	var recorded time.Time
	err = r.pool.QueryRow(ctx, selectRecordedAt, pgx.NamedArgs{"seq": s.ProjectedSeq}).Scan(&recorded)
	switch {
	case err == nil:
		s.LagSeconds = max(0, r.cfg.Clock().Sub(recorded).Seconds())
	case !errors.Is(err, pgx.ErrNoRows):
		return s, fmt.Errorf("read the time of %d: %w", s.ProjectedSeq, err)
	}
	return s, nil
}

// elsewhere is how often the checkpoint is read while another process projects.
const elsewhere = 100 * time.Millisecond

// Wait returns once the version that is served has record seq, so that who wrote
// it reads it. It returns the [Halt] if the runner stands still, and ctx's error
// when that ends.
func (r *Runner) Wait(ctx context.Context, seq uint64) error {
	for {
		r.mu.Lock()
		active, done, halt, changed := r.active, r.seq >= seq, r.halt, r.changed
		r.mu.Unlock()
		switch {
		case done:
			return nil
		case halt != nil:
			return halt
		}
		var poll <-chan time.Time
		if !active {
			all, err := targets(ctx, r.pool, listTargets, nil)
			if err != nil && (ctx.Err() != nil || !transient(err)) {
				return err
			}
			for _, t := range all {
				if t.Status == "serving" && t.Seq >= seq {
					return nil
				}
			}
			poll = time.After(elsewhere)
		}
		select {
		case <-changed:
		case <-poll:
		case <-ctx.Done():
			return fmt.Errorf("wait for record %d to be projected: %w", seq, ctx.Err())
		}
	}
}

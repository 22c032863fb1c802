package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"zhucan/projections"
	"zhucan/projections/report"
)

// A progress bar for long work: shown on a terminal only, and only once the work
// has taken two seconds.
type progress struct {
	bar   *progressbar.ProgressBar
	begin time.Time
	held  int
}

// progress begins a bar of most steps; -1 when their number is not known. A nil
// bar is one that is not shown.
func (p *program) progress(what string, most int64) *progress {
	f, ok := p.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return &progress{begin: time.Now(), bar: progressbar.NewOptions64(most,
		progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(200*time.Millisecond),
	)}
}

func (b *progress) add(n int) {
	if b == nil {
		return
	}
	if b.held += n; time.Since(b.begin) > 2*time.Second {
		_ = b.bar.Add(b.held) // a bar that cannot be drawn is no fault of the work
		b.held = 0
	}
}

func (b *progress) done() {
	if b != nil {
		_ = b.bar.Finish()
	}
}

func number[N int | int64 | uint64](n N) string { return strconv.FormatInt(int64(n), 10) }

// project brings the read models to what the log holds, here, or by waiting for
// whoever projects into the database.
func (p *program) project(ctx context.Context, s *stores) error {
	if s.server == nil {
		err := s.runner.CatchUp(ctx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, projections.ErrNotActive) {
			return fmt.Errorf("project: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute) // it may have stopped
	defer cancel()
	return p.projected(ctx, s)
}

// projected waits until what the log holds is projected.
func (p *program) projected(ctx context.Context, s *stores) error {
	head, err := s.log.Last(ctx)
	if err != nil {
		return err
	}
	if err := s.runner.Wait(ctx, head); err != nil {
		return fmt.Errorf("wait until %d is projected: %w", head, err)
	}
	return nil
}

// projecting does work that records much and projects beside it.
func (p *program) projecting(ctx context.Context, s *stores, work func() error) error {
	if s.server != nil {
		if err := work(); err != nil {
			return err
		}
		return p.project(ctx, s)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.runner.Run(running) // waiting for it tells what stopped it
	}()
	defer func() {
		stop()
		<-ended
	}()
	if err := work(); err != nil {
		return err
	}
	return p.projected(ctx, s)
}

// checkVault compares the vault with the persons of the book, so that nobody is
// registered a second time because a key was lost.
func (p *program) checkVault(ctx context.Context, s *stores) error {
	if err := p.project(ctx, s); err != nil {
		return err
	}
	persons, err := report.Persons(ctx, s.pool)
	if err != nil {
		return err
	}
	return s.vault.Check(ctx, persons)
}

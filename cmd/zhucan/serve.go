package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhucan/cmd/zhucan/api"
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/projections"
)

func (p *program) serveCommand() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "serve",
		Short: "run the ledger and serve it over HTTP (运行服务)",
		Long: `Runs the appender, the projector and the HTTP interface on a data folder, with
the log's server and the database in the same process tree unless --nats and
--postgres name others. Listens on the loopback address unless told otherwise;
anywhere else every page and every call needs a bearer token (zhucan access add).`,
		Example: "  zhucan serve\n  zhucan serve --data /var/lib/zhucan --listen 127.0.0.1:9090",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			return p.serve(cmd.Context(), s, listen)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "`address` to listen on")
	return c
}

// serve runs until ctx ends.
func (p *program) serve(ctx context.Context, s *stores, listen string) error {
	if s.server != nil {
		return ErrInUse.Of("%s is served by process %d on %s", s.dir, s.server.PID, s.server.HTTP)
	}
	logger := slog.New(slog.NewTextHandler(p.stderr, nil))
	metrics := api.NewMetrics()
	appender := events.NewAppender(metrics.Log(s.log), events.Config{Book: bookCode, Logger: logger, Today: p.today, Step: p.step})
	// Whoever finds the server finds read models, or the reason why there are none;
	// and nothing is written behind a log that lost its end.
	if err := whole(s.runner.CatchUp(ctx)); err != nil {
		return err
	}
	if _, err := appender.Load(ctx); err != nil {
		return fmt.Errorf("load the book: %w", err)
	}

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return appender.Run(ctx) })
	g.Go(func() error { return p.runProjector(ctx, s) })
	if s.fatal != nil {
		g.Go(func() error {
			select {
			case err := <-s.fatal:
				return fmt.Errorf("the database: %w", err)
			case <-ctx.Done():
				return nil
			}
		})
	}
	var persons []ledger.PartyID
	if err := appender.View(ctx, func(b *book.State) { persons = b.Persons() }); err != nil {
		return err
	}
	vaultErr := s.vault.Check(ctx, persons)
	if vaultErr != nil {
		logger.Error("the vault is not complete: nobody is registered until it is restored", slog.Any("error", vaultErr))
	}

	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	s.mine.HTTP, s.mine.PID, s.mine.Started, s.mine.Token, s.mine.Version = listener.Addr().String(), os.Getpid(), p.now().UTC(), newToken(), version()
	server := &http.Server{
		Handler: api.New(api.Config{
			Submit: appender, DB: s.pool, Runner: s.runner, Log: s.log, Access: s.access, LocalToken: s.mine.Token, Version: version(),
			Loopback: isLoopback(listener.Addr()), Logger: logger, Now: p.now, Metrics: metrics,
			Vault: func() error { return vaultErr },
		}),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(ctx)
	})
	g.Go(func() error { return p.signHourly(ctx, s, logger) })
	if err := s.writeServerFile(); err != nil {
		return fmt.Errorf("write server.json: %w", err)
	}
	logger.Info("serving", slog.String("address", "http://"+s.mine.HTTP), slog.String("data", s.dir))
	err = g.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// runProjector projects until ctx ends. When it halts for the sake of the read
// models the server stays up, not ready, and says why: stopping would take the
// reason away with it. When it halts because the log itself is damaged, everything
// stops.
func (p *program) runProjector(ctx context.Context, s *stores) error {
	err := s.runner.Run(ctx)
	if _, halted := errors.AsType[*projections.Halt](err); halted && whole(err) == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return whole(err)
}

func isLoopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// signHourly signs a checkpoint of the log when the server starts and every hour
// after that, as long as it grows.
func (p *program) signHourly(ctx context.Context, s *stores, logger *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := p.signCheckpoint(ctx, s); err != nil && ctx.Err() == nil {
			logger.Error("sign a checkpoint", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

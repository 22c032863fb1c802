package main

import (
	"context"
	"crypto/tls"
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

// A door is where and how the server is reached.
type door struct {
	listen    string
	cert, key string // files of its certificate; "" for none
	proxied   bool   // a proxy in front of it speaks TLS
}

func (d *door) flags(c *cobra.Command) {
	c.Flags().StringVar(&d.listen, "listen", "127.0.0.1:8080", "`address` to listen on")
	c.Flags().StringVar(&d.cert, "tls-cert", "", "`file` of the certificate chain, in PEM")
	c.Flags().StringVar(&d.key, "tls-key", "", "`file` of the certificate's private key, in PEM")
	c.Flags().BoolVar(&d.proxied, "behind-proxy", false, "a proxy on this listener speaks TLS and adds to X-Forwarded-For")
}

// ErrPlain refuses to send tokens over a network for everybody to read.
var ErrPlain = &ledger.Rejection{
	Code: "tls-missing", Rule: "over a network the server speaks TLS", RuleZH: "通过网络访问时须使用 TLS 加密",
	Source: "GB/T 22239-2019 8.1.2.2", Next: "give --tls-cert and --tls-key; or --behind-proxy when a proxy speaks TLS; or listen on 127.0.0.1",
	NextZH: "请提供 --tls-cert 与 --tls-key；由代理提供 TLS 时使用 --behind-proxy；或仅监听 127.0.0.1",
}

// open checks how the server is to be reached and returns its TLS configuration, nil
// for none.
func (d *door) open() (*tls.Config, error) {
	if (d.cert == "") != (d.key == "") {
		return nil, usage("--tls-cert and --tls-key are given together")
	}
	if d.cert != "" {
		pair, err := tls.LoadX509KeyPair(d.cert, d.key)
		if err != nil {
			return nil, usage("--tls-cert, --tls-key: %v", err)
		}
		return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
	}
	a, err := net.ResolveTCPAddr("tcp", d.listen)
	if err != nil {
		return nil, usage("--listen %q: %v", d.listen, err)
	}
	if !isLoopback(a) && !d.proxied {
		return nil, ErrPlain.Of("--listen %s", d.listen)
	}
	return nil, nil
}

// limits are those of every connection: nobody holds one by saying nothing.
func limits(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
}

func (p *program) serveCommand() *cobra.Command {
	var d door
	c := &cobra.Command{
		Use:   "serve",
		Short: "run the ledger and serve it over HTTP (运行服务)",
		Long: `Runs the appender, the projector and the HTTP interface on a data folder, with
the log's server and the database in the same process tree unless --nats and
--postgres name others. Listens on the loopback address unless told otherwise;
anywhere else every page and every call needs a bearer token (zhucan access add), and
the server speaks TLS or stands behind a proxy that does. The command line of the
same machine then reaches it on a loopback port of its own.`,
		Example: "  zhucan serve\n  zhucan serve --data /var/lib/zhucan --listen 127.0.0.1:9090\n  zhucan serve --listen :8443 --tls-cert cert.pem --tls-key key.pem",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := d.open(); err != nil {
				return err
			}
			s, err := p.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			return p.serve(cmd.Context(), s, d, func() {})
		},
	}
	d.flags(c)
	return c
}

// serve runs until ctx ends. It calls serving when other invocations of the program find it.
func (p *program) serve(ctx context.Context, s *stores, d door, serving func()) error {
	if s.server != nil {
		return ErrInUse.Of("%s is served by process %d on %s", s.dir, s.server.PID, s.server.HTTP)
	}
	secured, err := d.open()
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(p.stderr, nil))
	metrics := api.NewMetrics()
	appender := events.NewAppender(metrics.Log(s.log), events.Config{Book: bookCode, Documents: s.papers.Store, Logger: logger, Today: p.today, Step: p.step})
	// Whoever finds the server finds read models, or the reason why there are none;
	// and nothing is written behind a log that lost its end.
	if err := p.catchUp(ctx, s); err != nil {
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

	listener, err := net.Listen("tcp", d.listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", d.listen, err)
	}
	doors := []net.Listener{listener}
	loopback := isLoopback(listener.Addr())
	if !loopback || secured != nil {
		// The command line of this machine neither leaves it nor knows the name in
		// the certificate.
		own, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("listen for the command line: %w", err)
		}
		doors = append(doors, own)
	}
	s.mine.HTTP, s.mine.PID, s.mine.Started, s.mine.Token, s.mine.Version = doors[len(doors)-1].Addr().String(), os.Getpid(), p.now().UTC(), newToken(), version()
	server := limits(api.New(api.Config{
		Submit: appender, DB: s.pool, Runner: s.runner, Log: s.log, Access: s.access, LocalToken: s.mine.Token, Version: version(),
		Loopback: loopback && !d.proxied, Proxied: d.proxied, Logger: logger, Now: p.now, Metrics: metrics,
		Vault: func() error { return vaultErr }, Reveal: s.vault.Reveal, Erase: s.vault.Erase, Documents: s.papers,
	}), logger)
	server.TLSConfig = secured
	for i, l := range doors {
		g.Go(func() error {
			var err error
			if i == 0 && secured != nil {
				err = server.ServeTLS(l, "", "")
			} else {
				err = server.Serve(l)
			}
			if !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	g.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return server.Shutdown(ctx)
	})
	g.Go(func() error { return p.hourly(ctx, s, logger) })
	if err := s.writeServerFile(); err != nil {
		return fmt.Errorf("write server.json: %w", err)
	}
	scheme := "http://"
	if secured != nil {
		scheme = "https://"
	}
	logger.Info("serving", slog.String("address", scheme+listener.Addr().String()), slog.String("data", s.dir))
	serving()
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

// hourly signs a checkpoint of the log when the server starts and every hour after
// that, as long as it grows; and destroys the keys of persons whose erasure was recorded
// when nobody waited for the answer any more.
func (p *program) hourly(ctx context.Context, s *stores, logger *slog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := p.signCheckpoint(ctx, s); err != nil && ctx.Err() == nil {
			logger.Error("sign a checkpoint", slog.Any("error", err))
		}
		if err := p.destroyErased(ctx, s); err != nil && ctx.Err() == nil {
			logger.Error("destroy keys of the erased", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

package natslog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"zhucan/events"
)

// ServerConfig says where the embedded server keeps its files and who reaches it.
type ServerConfig struct {
	Dir       string       // for the server's files alone; made if absent
	Listen    string       // "" is in process only; 127.0.0.1:-1 a free port of the loopback. Anything but the loopback is refused
	Token     string       // asked of every client; needed with Listen
	MaxMemory int64        // for streams and consumers in memory; 256 MiB by default
	MinFree   int64        // bytes of the disk that Append leaves free; 64 MiB by default
	Logger    *slog.Logger // what the server says; silent by default
}

// A Server is a nats-server in this process that syncs each record to disk before
// it acknowledges it.
type Server struct {
	nats   *server.Server
	cfg    ServerConfig
	lock   *os.File
	logger *serverLog
}

// ErrLocked means that another process uses the folder.
var ErrLocked = errors.New("the folder is in use by another server")

// StartServer starts a server and waits until it has recovered what is in its
// folder, which takes some seconds for millions of records. It fails with
// [ErrLocked] while another server has the folder, and with [events.ErrFull] when
// an interrupted batch is to be completed and the disk has no room. If ctx ends
// before it is ready, it returns at once and the server stops, and lets go of the
// folder, as soon as recovery can be interrupted.
func StartServer(ctx context.Context, cfg ServerConfig) (*Server, error) {
	s, err := startServer(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("start nats-server in %s: %w", cfg.Dir, err)
	}
	return s, nil
}

func startServer(ctx context.Context, cfg ServerConfig) (*Server, error) {
	if cfg.MaxMemory == 0 {
		cfg.MaxMemory = 256 << 20
	}
	if cfg.MinFree == 0 {
		cfg.MinFree = 64 << 20
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	opts := &server.Options{
		ServerName:    "zhucan",
		DontListen:    cfg.Listen == "",
		NoSigs:        true,
		Authorization: cfg.Token,

		JetStream:          true,
		StoreDir:           cfg.Dir,
		SyncAlways:         true,
		JetStreamMaxMemory: cfg.MaxMemory,
		// By default the server takes three quarters of what is free when it starts
		// for the most it may ever store, and refuses beyond it. The disk and
		// MinFree are the limit here.
		JetStreamMaxStore: 1 << 62,
	}
	if cfg.Listen != "" {
		host, port, err := net.SplitHostPort(cfg.Listen)
		if err != nil {
			return nil, err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() || cfg.Token == "" {
			return nil, fmt.Errorf("listen on %s: an address of the loopback and a token are needed", cfg.Listen)
		}
		if opts.Port, err = strconv.Atoi(port); err != nil {
			return nil, fmt.Errorf("listen on %s: %w", cfg.Listen, err)
		}
		opts.Host = host
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, lock: lock, logger: &serverLog{log: cfg.Logger}}
	if err := s.roomToRecover(); err != nil {
		unlockDir(lock)
		return nil, err
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		unlockDir(lock)
		return nil, err
	}
	s.nats = ns
	ns.SetLogger(s.logger, false, false)
	started := make(chan struct{})
	go func() {
		ns.Start()
		close(started)
	}()
	select {
	case <-started:
	case <-ctx.Done():
		go func() {
			<-started
			s.Shutdown()
		}()
		return nil, ctx.Err()
	}
	// ctx is asked once more when the server is ready: it may have ended while that was waited for.
	for ready := false; !ready; {
		ready = ns.ReadyForConnections(100 * time.Millisecond)
		if err := errors.Join(ctx.Err(), s.logger.fatal()); err != nil {
			s.Shutdown()
			return nil, err
		}
	}
	if !ns.JetStreamEnabled() {
		s.Shutdown()
		return nil, errors.Join(errors.New("JetStream did not start"), s.logger.fatal())
	}
	return s, nil
}

// lockDir keeps a second server away: two on one folder destroy it. The kernel
// lets go of the lock when the process dies.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "server.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return f, nil
}

// unlockDir lets go at once: a process that is being started elsewhere in the
// program shares the open file until it has become itself.
func unlockDir(f *os.File) {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // closing does it too, later
	f.Close()
}

// Connect returns a connection within the process, which passes no socket.
func (s *Server) Connect(opts ...nats.Option) (*nats.Conn, error) {
	opts = append([]nats.Option{nats.InProcessServer(s.nats), nats.Token(s.cfg.Token)}, opts...)
	return Connect("", s.cfg.Logger, opts...)
}

// ClientURL is where other processes reach the server, with [ServerConfig] Token,
// or "" if they do not.
func (s *Server) ClientURL() string {
	if s.cfg.Listen == "" {
		return ""
	}
	return s.nats.ClientURL()
}

// Shutdown stops the server and waits until its files are closed.
func (s *Server) Shutdown() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
	unlockDir(s.lock)
}

// Health returns what keeps the server from storing records. A stream that met a
// write error, such as a full disk, takes no more records until the server is
// started again.
func (s *Server) Health() error {
	if h := s.nats.Healthz(&server.HealthzOptions{}); h.StatusCode >= 400 || h.Status != "ok" {
		return fmt.Errorf("nats-server is not healthy: %s", h.Error)
	}
	return nil
}

func (s *Server) syncAlways() bool {
	c := s.nats.JetStreamConfig()
	return c != nil && c.SyncAlways
}

// roomFor refuses bytes for which the disk has no room, before the server tries:
// a server that finds the disk full gives no answer, and takes nothing more until
// it is started again. A batch is written twice, to its staging store and to the
// stream.
func (s *Server) roomFor(bytes int) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(s.cfg.Dir, &fs); err != nil {
		return fmt.Errorf("free space of %s: %w", s.cfg.Dir, err)
	}
	free := int64(fs.Bavail) * fs.Bsize
	if need := s.cfg.MinFree + 2*int64(bytes); free < need {
		return fmt.Errorf("%w: %d bytes are free, %d are needed", events.ErrFull, free, need)
	}
	return nil
}

// roomToRecover refuses to start while there is a batch of which a part may be in
// the stream and no room for the rest: the server would give up the rest for good.
func (s *Server) roomToRecover() error {
	batches, err := filepath.Glob(filepath.Join(s.cfg.Dir, server.JetStreamStoreDir, "*", "streams", "*", "batches", "*"))
	if err != nil || len(batches) == 0 {
		return err
	}
	return s.roomFor(0)
}

// Connect connects to a server. A connection that is lost is sought again for
// ever; what would be sent meanwhile fails at once instead of being kept, so that
// a command does not arrive long after its sender gave up. What goes wrong in the
// background, such as a publish that permissions refuse, goes to log.
func Connect(url string, log *slog.Logger, opts ...nats.Option) (*nats.Conn, error) {
	nc, err := nats.Connect(url, append([]nats.Option{
		nats.Name("zhucan"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectBufSize(-1),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Error("nats", slog.Any("error", err))
		}),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("nats disconnected", slog.Any("error", err))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("nats reconnected") }),
	}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to nats: %w", err)
	}
	return nc, nil
}

// A serverLog hands on what the server says, and keeps what it dies of: with a
// logger of its own the server would end the process.
type serverLog struct {
	log   *slog.Logger
	cause atomic.Pointer[error]
}

func (l *serverLog) fatal() error {
	if err := l.cause.Load(); err != nil {
		return *err
	}
	return nil
}

func (l *serverLog) Fatalf(format string, v ...any) {
	err := fmt.Errorf(format, v...)
	l.cause.Store(&err)
	l.log.Error("nats-server", slog.Any("error", err))
}

func (l *serverLog) say(level slog.Level, format string, v []any) {
	if ctx := context.Background(); l.log.Enabled(ctx, level) {
		l.log.Log(ctx, level, "nats-server", slog.String("said", fmt.Sprintf(format, v...)))
	}
}

func (l *serverLog) Noticef(format string, v ...any) { l.say(slog.LevelInfo, format, v) }
func (l *serverLog) Warnf(format string, v ...any)   { l.say(slog.LevelWarn, format, v) }
func (l *serverLog) Errorf(format string, v ...any)  { l.say(slog.LevelError, format, v) }
func (l *serverLog) Debugf(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }
func (l *serverLog) Tracef(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }

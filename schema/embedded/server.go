//go:build linux || darwin

package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A Server is a running private Postgres. Its methods may be called from several
// goroutines.
type Server struct {
	dir, socket string
	command     *exec.Cmd
	output      *output

	stopping atomic.Bool
	exited   chan struct{}
	reason   error // why it ended unasked; written before exited is closed
	done     chan error
}

// Start runs a server on cfg.Dir and returns once it takes queries, crash
// recovery included. ctx bounds the starting only; the server runs until
// [Server.Stop] or the end of this process.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	dir, err := locate(cfg.Dir)
	if err != nil {
		return nil, err
	}
	with, err := choose(cfg.Bin, dir)
	if err != nil {
		return nil, err
	}
	u, err := servant(dir)
	if err != nil {
		return nil, err
	}
	socket, err := socketFolder(dir, u)
	if err != nil {
		return nil, fmt.Errorf("make the socket's folder: %w", err)
	}
	if err := tidy(ctx, dir, socket); err != nil {
		return nil, err
	}
	if err := furnish(ctx, with, dir, cfg.Durable, u); err != nil {
		return nil, fmt.Errorf("make a cluster in %s: %w", dir, err)
	}
	logger := cfg.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		dir: dir, socket: socket,
		output: &output{logger: logger},
		exited: make(chan struct{}),
		done:   make(chan error, 1),
	}
	s.command = exec.Command(filepath.Join(with.bin, "postgres"), s.arguments(cfg.Durable)...)
	s.command.Dir = dir
	s.command.Env = environment()
	s.command.SysProcAttr = attributes(u)
	s.command.Stdout, s.command.Stderr = s.output, s.output
	s.command.WaitDelay = time.Second // backends that outlive it hold its output open
	if err := s.launch(); err != nil {
		return nil, fmt.Errorf("start Postgres %s on %s: %w", with.version, dir, reachable(err, dir, u))
	}
	if err := s.ready(ctx); err != nil {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("start Postgres %s on %s: %w", with.version, dir, err), s.Stop(ending))
	}
	return s, nil
}

// arguments are the server's settings: for a machine of two cores and from 4 GiB
// that it shares with the program and its log, valid from version 13 to 18.
func (s *Server) arguments(durable bool) []string {
	onOff := "off"
	if durable {
		onOff = "on"
	}
	args := []string{"-D", s.dir, "-k", s.socket, "-p", port}
	for _, setting := range []string{
		owner + "=" + strconv.Itoa(os.Getpid()),
		"listen_addresses=",
		"unix_socket_permissions=0700",
		"fsync=" + onOff,
		"full_page_writes=" + onOff,
		"synchronous_commit=" + onOff,
		"shared_buffers=256MB",
		"maintenance_work_mem=256MB",
		"max_wal_size=4GB",
		"wal_level=minimal", // nobody replicates it: tables made and filled in one transaction are synced instead of logged
		"max_wal_senders=0",
		"checkpoint_timeout=15min",
		"wal_compression=on",
		"jit=off",      // costs more than it gains on queries of milliseconds
		"timezone=UTC", // a date computed in SQL must not depend on where the machine stands
		"log_timezone=UTC",
		"logging_collector=off",
		"log_destination=stderr",
		"log_line_prefix=",
		"log_min_messages=log", // an ERROR is its client's affair, and quotes what the client sent
		"log_min_error_statement=panic",
		"log_error_verbosity=terse", // no DETAIL, no CONTEXT: they quote rows
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// launch runs the command in a goroutine that keeps its thread until the server
// has ended: the kernel signals a child when the thread that forked it ends.
func (s *Server) launch() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := s.command.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		_ = s.command.Wait() // the state says more than the error
		killed := s.command.ProcessState.Sys().(syscall.WaitStatus).Signaled()
		if !s.stopping.Load() || killed { // killed perhaps just before it was to stop
			s.reason = fmt.Errorf("%w: %s: %s", ErrDied, s.command.ProcessState, s.output)
			s.done <- s.reason
		}
		close(s.done)
		close(s.exited)
	}()
	return <-started
}

// locked reports whether the folder is this server's: were it another's, the
// socket would be too, and this one about to give up.
func (s *Server) locked() bool {
	b, err := os.ReadFile(filepath.Join(s.dir, lockName))
	return err == nil && strings.HasPrefix(string(b), strconv.Itoa(s.Pid())+"\n")
}

// ready waits until the server takes connections.
func (s *Server) ready(ctx context.Context) error {
	var last error // what kept it from taking one so far
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		if s.locked() {
			conn, err := pgx.Connect(ctx, s.URL())
			if err == nil {
				return conn.Close(ctx)
			}
			last = err
			// 57P03, cannot_connect_now: still recovering. Any other answer is final.
			if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code != "57P03" {
				return err
			}
		}
		select {
		case <-s.exited:
			return s.reason
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait until it takes connections: %w: %s", context.Cause(ctx), s.output), last)
		case <-time.After(wait):
		}
	}
}

// URL returns the address of the database postgres, for pgx and for psql, as the
// superuser. Only this user, root and the server's user can use it.
func (s *Server) URL() string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/postgres"}
	u.RawQuery = url.Values{"host": {s.socket}, "port": {port}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// Dir returns the data folder, absolute and without symbolic links.
func (s *Server) Dir() string { return s.dir }

// Pid returns the process number of the postmaster.
func (s *Server) Pid() int { return s.command.Process.Pid }

// Done is closed when the server has ended. If it ended by itself, the reason,
// which wraps [ErrDied], is sent first; there is one, so one goroutine receives.
func (s *Server) Done() <-chan error { return s.done }

// Stop shuts the server down fast: clients are cut off, what they committed is
// kept, and the next start needs no recovery. It returns when the process is gone.
// When ctx ends first, the server is stopped without a checkpoint, which costs the
// next start a recovery, and the error says so. Stopping twice, or a server that
// was killed or ended by itself, is no error: [Server.Done] tells.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	s.signal(syscall.SIGINT)
	select {
	case <-s.exited:
	case <-ctx.Done():
		s.signal(syscall.SIGQUIT)
		select {
		case <-s.exited:
		case <-time.After(10 * time.Second): // it gives its children 5 s itself
			s.signal(syscall.SIGKILL)
			<-s.exited
		}
		return fmt.Errorf("stop Postgres on %s in order: %w", s.dir, context.Cause(ctx))
	}
	if s.reason == nil && !s.command.ProcessState.Success() {
		return fmt.Errorf("stop Postgres on %s: %s: %s", s.dir, s.command.ProcessState, s.output)
	}
	if s.socket != s.dir {
		_ = os.Remove(s.socket) // not empty after a crash, and then the next Start uses it again
	}
	return nil
}

// signal tells the server to stop; that it is gone already is as good.
func (s *Server) signal(sig syscall.Signal) {
	_ = s.command.Process.Signal(sig)
}

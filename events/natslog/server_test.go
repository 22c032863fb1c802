package natslog_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

var discard = slog.New(slog.DiscardHandler)

func write(t testing.TB, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// await asks until ok or ctx ends.
func await(t testing.TB, ctx context.Context, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, ctx.Err())
		case <-tick.C:
		}
	}
}

func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func TestARestartKeepsEverything(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	for n := 0; n < 60; n += 20 {
		s := start(t, natslog.ServerConfig{Dir: dir})
		log := open(t, s)
		logtest.Expect(t, ctx, log, 0, logtest.Records(1, n))
		if _, err := log.Append(ctx, uint64(n), logtest.Record(n+1)); err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(ctx, uint64(n+1), logtest.Records(n+2, n+20)...); err != nil {
			t.Fatal(err)
		}
		s.Shutdown()
	}
	logtest.Expect(t, ctx, open(t, start(t, natslog.ServerConfig{Dir: dir})), 0, logtest.Records(1, 60))
}

// follow follows log after the record numbered after in the background, and returns what comes.
// The error that it ends with is sent to failed, unless the test is over.
func follow(t *testing.T, ctx context.Context, log *natslog.Log, after uint64) (records <-chan events.Record, failed <-chan error) {
	t.Helper()
	came, ended := make(chan events.Record), make(chan error, 1)
	var done sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	t.Cleanup(func() { cancel(); done.Wait() })
	done.Go(func() {
		for r, err := range log.Follow(ctx, after) {
			if err != nil {
				ended <- err
				return
			}
			select {
			case came <- r:
			case <-ctx.Done():
			}
		}
	})
	return came, ended
}

// consumers returns the names of the book's consumers.
func consumers(t *testing.T, ctx context.Context, js jetstream.JetStream) (names []string) {
	t.Helper()
	s, err := js.Stream(ctx, bookStream)
	if err != nil {
		t.Fatal(err)
	}
	for name := range s.ConsumerNames(ctx).Name() {
		names = append(names, name)
	}
	return names
}

func expect(t *testing.T, ctx context.Context, records <-chan events.Record, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		select {
		case r := <-records:
			if r.Seq != uint64(n) || !logtest.Same(r, logtest.Record(n)) {
				t.Fatalf("record %v, want %d", r, n)
			}
		case <-ctx.Done():
			t.Fatalf("record %d: %v", n, ctx.Err())
		}
	}
}

// Through a consumer, and from the files of the server.
func TestFollowingOutlivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]bool{"consumer": false, "files": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			s, log, again := restartable(t, ctx, files)
			records, failed := follow(t, ctx, log, 3)
			if !files {
				await(t, ctx, "a consumer", func() bool { return len(consumers(t, ctx, connect(t, s))) > 0 })
			}
			for n := 3; n < 9; n += 3 {
				s = again(func(string) {})
				if _, err := open(t, s).Append(ctx, uint64(n), logtest.Records(n+1, n+3)...); err != nil {
					t.Fatal(err)
				}
				expect(t, ctx, records, n+1, n+3)
			}
			select {
			case err := <-failed:
				t.Error(err)
			default:
			}
		})
	}
}

// restartable returns a server with three records, a log on a connection that outlives it, and
// what starts it anew, with something done to its folder in between.
func restartable(t *testing.T, ctx context.Context, files bool) (*natslog.Server, *natslog.Log, func(between func(dir string)) *natslog.Server) {
	t.Helper()
	cfg := natslog.ServerConfig{Dir: t.TempDir(), Token: "secret", Listen: net.JoinHostPort("127.0.0.1", strconv.Itoa(freePorts(t, 1)[0]))}
	s := start(t, cfg)
	if _, err := open(t, s).Append(ctx, 0, logtest.Records(1, 3)...); err != nil {
		t.Fatal(err)
	}
	nc, err := natslog.Connect(s.ClientURL(), discard, nats.Token("secret"), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	of := natslog.Config{Book: logtest.Book, Timeout: 2 * time.Second}
	if files {
		of.Dir = cfg.Dir
	}
	log, err := natslog.Open(ctx, js, of)
	if err != nil {
		t.Fatal(err)
	}
	return s, log, func(between func(dir string)) *natslog.Server {
		s.Shutdown()
		between(cfg.Dir)
		s = start(t, cfg)
		return s
	}
}

// What has been read is not on the server any more when it comes back.
func TestFollowingALogThatBecomesShorter(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]bool{"consumer": false, "files": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			shorter := t.TempDir()
			s := start(t, natslog.ServerConfig{Dir: shorter})
			if _, err := open(t, s).Append(ctx, 0, logtest.Records(1, 2)...); err != nil {
				t.Fatal(err)
			}
			s.Shutdown()

			_, log, again := restartable(t, ctx, files)
			records, failed := follow(t, ctx, log, 0)
			expect(t, ctx, records, 1, 3)
			again(func(dir string) {
				if err := errors.Join(os.RemoveAll(dir), os.Rename(shorter, dir)); err != nil {
					t.Fatal(err)
				}
			})
			select {
			case err := <-failed:
				if !errors.Is(err, events.ErrGap) {
					t.Errorf("%v, want ErrGap", err)
				}
			case r := <-records:
				t.Errorf("record %v", r)
			case <-ctx.Done():
				t.Error(ctx.Err())
			}
		})
	}
}

func TestAConsumerThatIsTakenAwayIsReplaced(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	js := connect(t, start(t, natslog.ServerConfig{Dir: t.TempDir()}))
	log, err := natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, Timeout: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(ctx, 0, logtest.Record(1)); err != nil {
		t.Fatal(err)
	}
	records, _ := follow(t, ctx, log, 0)
	expect(t, ctx, records, 1, 1)
	for _, name := range consumers(t, ctx, js) {
		if err := js.DeleteConsumer(ctx, bookStream, name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := log.Append(ctx, 1, logtest.Records(2, 4)...); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, records, 2, 4)
}

// Who follows the server of this process needs no consumer, whoever appends.
func TestFollowingFromFiles(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	log, other := open(t, s), open(t, s)
	records, _ := follow(t, ctx, log, 0)
	for n := 0; n < 3000; n += 1000 {
		for i, by := range []*natslog.Log{log, other} {
			n := n + i*500
			if _, err := by.Append(ctx, uint64(n), logtest.Records(n+1, n+499)...); err != nil {
				t.Fatal(err)
			}
			expect(t, ctx, records, n+1, n+499)
			if _, err := by.Append(ctx, uint64(n+499), logtest.Record(n+500)); err != nil {
				t.Fatal(err)
			}
			expect(t, ctx, records, n+500, n+500)
		}
	}
	if names := consumers(t, ctx, connect(t, s)); len(names) > 0 {
		t.Errorf("consumers %v", names)
	}
}

// What the files do not show comes through a consumer.
func TestFollowingWithoutTheRightFiles(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	log, err := natslog.Open(ctx, connect(t, s), natslog.Config{Book: logtest.Book, Server: s, Dir: t.TempDir(), Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	records, _ := follow(t, ctx, log, 0)
	for n := 0; n < 6; n += 3 {
		if _, err := log.Append(ctx, uint64(n), logtest.Records(n+1, n+3)...); err != nil {
			t.Fatal(err)
		}
		expect(t, ctx, records, n+1, n+3)
	}
	logtest.Expect(t, ctx, log, 0, logtest.Records(1, 6))
}

func TestAServerKeepsItsFolderAndItsDoorToItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	s := start(t, natslog.ServerConfig{Dir: dir, Listen: "127.0.0.1:-1", Token: "secret"})
	if _, err := natslog.StartServer(ctx, natslog.ServerConfig{Dir: dir}); !errors.Is(err, natslog.ErrLocked) {
		t.Errorf("a second server on the folder: %v, want ErrLocked", err)
	}
	for _, token := range []string{"", "other"} {
		if nc, err := natslog.Connect(s.ClientURL(), discard, nats.Token(token)); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("token %q: %v, want ErrAuthorization", token, err)
			nc.Close()
		}
	}
	for _, listen := range []string{"0.0.0.0:-1", "192.0.2.1:-1", ":4222", "localhost", "127.0.0.1:x"} {
		if _, err := natslog.StartServer(ctx, natslog.ServerConfig{Dir: t.TempDir(), Listen: listen, Token: "secret"}); err == nil {
			t.Errorf("listens on %s", listen)
		}
	}
	if _, err := natslog.StartServer(ctx, natslog.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:-1"}); err == nil {
		t.Error("listens without a token")
	}
	if _, err := natslog.StartServer(ctx, natslog.ServerConfig{Dir: t.TempDir(), Listen: hostPort(t, s), Token: "secret"}); err == nil {
		t.Error("listens where another does")
	}
	s.Shutdown()
	start(t, natslog.ServerConfig{Dir: dir}).Shutdown()
}

func TestAServerThatIsNotWantedAnyMoreDoesNotStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 10 { // it may be recovered before it is told, or be told before
		if s, err := natslog.StartServer(over, natslog.ServerConfig{Dir: dir}); !errors.Is(err, context.Canceled) {
			s.Shutdown()
			t.Fatalf("%v, want context.Canceled", err)
		}
		await(t, ctx, "the folder", func() bool {
			s, err := natslog.StartServer(ctx, natslog.ServerConfig{Dir: dir})
			if err == nil {
				s.Shutdown()
			}
			return err == nil
		})
	}
}

func hostPort(t testing.TB, s *natslog.Server) string {
	t.Helper()
	u, err := url.Parse(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

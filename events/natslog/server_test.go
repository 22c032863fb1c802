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

// follow follows log after the record numbered after in the background, and
// returns what comes once the server has a consumer for it, whose name it returns.
func follow(t *testing.T, ctx context.Context, log *natslog.Log, js jetstream.JetStream, after uint64) (<-chan events.Record, string) {
	t.Helper()
	records := make(chan events.Record)
	var done sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	t.Cleanup(func() { cancel(); done.Wait() })
	done.Go(func() {
		for r, err := range log.Follow(ctx, after) {
			if err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			select {
			case records <- r:
			case <-ctx.Done():
			}
		}
	})
	var name string
	await(t, ctx, "a consumer", func() bool {
		s, err := js.Stream(ctx, bookStream)
		if err != nil {
			return false
		}
		for name = range s.ConsumerNames(ctx).Name() {
		}
		return name != ""
	})
	return records, name
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

func TestFollowingOutlivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
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
	js := stream(t, nc)
	log, err := natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	records, _ := follow(t, ctx, log, js, 3)
	for n := 3; n < 9; n += 3 {
		s.Shutdown()
		s = start(t, cfg)
		if _, err := open(t, s).Append(ctx, uint64(n), logtest.Records(n+1, n+3)...); err != nil {
			t.Fatal(err)
		}
		expect(t, ctx, records, n+1, n+3)
	}
}

func TestAConsumerThatIsTakenAwayIsReplaced(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	js := connect(t, s)
	log, err := natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, Server: s, Timeout: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(ctx, 0, logtest.Record(1)); err != nil {
		t.Fatal(err)
	}
	records, name := follow(t, ctx, log, js, 0)
	expect(t, ctx, records, 1, 1)
	if err := js.DeleteConsumer(ctx, bookStream, name); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(ctx, 1, logtest.Records(2, 4)...); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, records, 2, 4)
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

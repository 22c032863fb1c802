package natslog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

// heavy returns n records of 10 kB, told apart by from.
func heavy(from, n int) []events.Record {
	r := logtest.Records(from, from+n-1)
	for i := range r {
		r[i].Data = bytes.Repeat([]byte{byte(from + i), byte(i), '\n', 0x5a}, 2500)
	}
	return r
}

// fill appends until something is refused, one record and ten in turn, and
// returns what was acknowledged and why it ended.
func fill(ctx context.Context, log events.Log, have []events.Record) ([]events.Record, error) {
	for {
		r := heavy(len(have)+1, 1)
		if len(have)%2 == 1 {
			r = heavy(len(have)+1, 10)
		}
		if _, err := log.Append(ctx, uint64(len(have)), r...); err != nil {
			return have, err
		}
		have = append(have, r...)
	}
}

func TestAStreamThatIsFullTakesNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	js := connect(t, s)
	log, err := natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, Server: s, MaxBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	have, err := fill(ctx, log, nil)
	if !errors.Is(err, events.ErrFull) || len(have) < 50 {
		t.Fatalf("%d records, then %v, want ErrFull", len(have), err)
	}
	for _, r := range [][]events.Record{heavy(1, 30), heavy(1, 1000), heavy(1, 20)} {
		if _, err := log.Append(ctx, uint64(len(have)), r...); !errors.Is(err, events.ErrFull) {
			t.Errorf("append of %d: %v, want ErrFull", len(r), err)
		}
	}
	logtest.Expect(t, ctx, log, 0, have)

	// What is small may still fit, and there may be more room later.
	live, err := js.Stream(ctx, bookStream)
	if err != nil {
		t.Fatal(err)
	}
	c := live.CachedInfo().Config
	c.MaxBytes = 8 << 20
	if _, err := js.UpdateStream(ctx, c); err != nil {
		t.Fatal(err)
	}
	more := heavy(len(have)+1, 50)
	if _, err := log.Append(ctx, uint64(len(have)), more...); err != nil {
		t.Fatal(err)
	}
	logtest.Expect(t, ctx, log, 0, append(have, more...))
}

// limited runs a server with limits of its own and returns a connection to it.
func limited(t *testing.T, account, all string) jetstream.JetStream {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats.conf")
	write(t, file, fmt.Appendf(nil, `
server_name: n1, port: -1, host: 127.0.0.1
accounts { BOOK: { jetstream: %s, users: [{user: book, password: book}] } }
jetstream { store_dir: %q, sync_interval: always, max_file_store: %s }
`, account, t.TempDir(), all))
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := natslog.Connect(clientURL(t, external(t, opts)), discard, nats.UserInfo("book", "book"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return stream(t, nc)
}

func TestAnOperatorsLimitIsAFullLog(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, test := range []struct{ name, account, server string }{
		{"of the account", "{max_file: 2097152}", "1GB"},
		{"of the server", "enabled", "2097152"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			js := limited(t, test.account, test.server)
			cfg := natslog.Config{Book: logtest.Book}
			if _, err := natslog.Open(ctx, js, cfg); err == nil {
				t.Fatal("a stream was made for which the limit has no room")
			}
			cfg.MaxBytes = 1 << 20
			log, err := natslog.Open(ctx, js, cfg)
			if err != nil {
				t.Fatal(err)
			}
			have, err := fill(ctx, log, nil)
			if !errors.Is(err, events.ErrFull) || len(have) < 50 {
				t.Fatalf("%d records, then %v, want ErrFull", len(have), err)
			}
			logtest.Expect(t, ctx, log, 0, have)
		})
		t.Run(test.name+", used up by another stream", func(t *testing.T) {
			t.Parallel()
			js := limited(t, test.account, test.server)
			log, err := natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, MaxBytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "RIVAL", Subjects: []string{"rival"}}); err != nil {
				t.Fatal(err)
			}
			for err = nil; err == nil; {
				_, err = js.Publish(ctx, "rival", make([]byte, 50_000))
			}
			r := logtest.Record(1)
			r.Data = make([]byte, 200_000)
			if _, err = log.Append(ctx, 0, r); !errors.Is(err, events.ErrFull) {
				t.Errorf("%v, want ErrFull", err)
			}
			logtest.Expect(t, ctx, log, 0, nil)
		})
	}
}

func TestAServerLeavesTheDiskTheRoomItWasTold(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	s := start(t, natslog.ServerConfig{Dir: dir, MinFree: 1 << 60})
	for _, r := range [][]events.Record{heavy(1, 1), heavy(1, 10)} {
		if _, err := open(t, s).Append(ctx, 0, r...); !errors.Is(err, events.ErrFull) {
			t.Errorf("append of %d: %v, want ErrFull", len(r), err)
		}
	}
	logtest.Expect(t, ctx, open(t, s), 0, nil)
	s.Shutdown()
	s = start(t, natslog.ServerConfig{Dir: dir, MinFree: 1})
	if _, err := open(t, s).Append(ctx, 0, heavy(1, 10)...); err != nil {
		t.Fatal(err)
	}
}

// tiny mounts a disk of so many bytes, or returns "" where that is not permitted.
func tiny(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Logf("no small disk: mounting needs root (%v)", err)
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestADiskThatFillsUpIsNoticedBeforeItIsFull(t *testing.T) {
	t.Parallel()
	dir := tiny(t, "32m")
	if dir == "" {
		return
	}
	ctx := context.Background()
	s := start(t, natslog.ServerConfig{Dir: dir, MinFree: 4 << 20})
	log := open(t, s)
	ballast := dir + "/ballast"
	write(t, ballast, make([]byte, 16<<20))
	have, err := fill(ctx, log, nil)
	if !errors.Is(err, events.ErrFull) || len(have) < 100 {
		t.Fatalf("%d records, then %v, want ErrFull", len(have), err)
	}
	logtest.Expect(t, ctx, log, 0, have)
	if err := s.Health(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	more := heavy(len(have)+1, 200)
	if _, err := log.Append(ctx, uint64(len(have)), more...); err != nil {
		t.Fatal(err)
	}
	logtest.Expect(t, ctx, log, 0, append(have, more...))
}

func TestADiskThatIsFullLeavesNothingHalfWritten(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		size int // of one append
	}{{"one record", 1}, {"a small batch", 7}, {"a large batch", 400}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := tiny(t, "32m")
			if dir == "" {
				return
			}
			ctx := context.Background()
			unguarded := natslog.ServerConfig{Dir: dir, MinFree: -1 << 40}
			s := start(t, unguarded)
			log, err := natslog.Open(ctx, connect(t, s), natslog.Config{Book: logtest.Book, Server: s, Timeout: 10 * time.Second}) // a slow machine is no full disk
			if err != nil {
				t.Fatal(err)
			}
			ballast := dir + "/ballast"
			write(t, ballast, make([]byte, 20<<20))
			var have, last []events.Record
			for err == nil {
				have = append(have, last...)
				last = heavy(len(have)+1, test.size)
				_, err = log.Append(ctx, uint64(len(have)), last...)
			}
			t.Logf("%d records, then %v; %v", len(have), err, s.Health())
			if !errors.Is(err, events.ErrUnknown) && !errors.Is(err, events.ErrFull) {
				t.Errorf("%v, want ErrUnknown or ErrFull", err)
			}
			s.Shutdown()
			guarded := natslog.ServerConfig{Dir: dir, MinFree: 8 << 20}
			if s, err := natslog.StartServer(ctx, guarded); test.size > 1 && !errors.Is(err, events.ErrFull) {
				s.Shutdown()
				t.Errorf("start with a batch to complete and no room: %v, want ErrFull", err)
			} else if err == nil {
				s.Shutdown()
			}
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}

			log = open(t, start(t, guarded))
			n, err := log.Last(ctx)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("after the restart: %d records", n)
			if n != uint64(len(have)) {
				have = append(have, last...)
			}
			logtest.Expect(t, ctx, log, 0, have)
			if _, err := log.Append(ctx, uint64(len(have)), heavy(len(have)+1, test.size)...); err != nil {
				t.Fatal(err)
			}
		})
	}
}

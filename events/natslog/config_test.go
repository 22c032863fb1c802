package natslog_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

const bookStream = "BOOK_" + logtest.Book

func TestOpenRefusesADriftedStreamAndNamesTheField(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	type config = jetstream.StreamConfig
	for _, test := range []struct {
		field  string
		create bool // the field can only be set when the stream is made
		change func(*config)
	}{
		{"subjects", false, func(c *config) { c.Subjects = append(c.Subjects, "rival.>") }},
		{"description", false, func(c *config) { c.Description = "changed" }},
		{"metadata", false, func(c *config) { c.Metadata["zhucan.book"] = "220100" }},
		{"metadata", false, func(c *config) { c.Metadata = nil }},
		{"storage", true, func(c *config) { c.Storage = jetstream.MemoryStorage }},
		{"retention", true, func(c *config) { c.Retention = jetstream.InterestPolicy }},
		{"retention", true, func(c *config) { c.Retention = jetstream.WorkQueuePolicy }},
		{"discard", false, func(c *config) { c.Discard = jetstream.DiscardOld }},
		{"discard_new_per_subject", false, func(c *config) { c.DiscardNewPerSubject, c.MaxMsgsPerSubject = true, 9 }},
		{"max_bytes", false, func(c *config) { c.MaxBytes = 1 << 20 }},
		{"max_msgs", false, func(c *config) { c.MaxMsgs = 10 }},
		{"max_msgs_per_subject", false, func(c *config) { c.MaxMsgsPerSubject = 1 }},
		{"max_msg_size", false, func(c *config) { c.MaxMsgSize = 10 }},
		{"max_age", false, func(c *config) { c.MaxAge, c.Duplicates = time.Hour, time.Minute }},
		{"max_consumers", true, func(c *config) { c.MaxConsumers = 3 }},
		{"duplicate_window", false, func(c *config) { c.Duplicates = time.Hour }},
		{"compression", false, func(c *config) { c.Compression = jetstream.S2Compression }},
		{"sealed", false, func(c *config) { c.Sealed = true }},
		{"no_ack", false, func(c *config) { c.NoAck, c.AllowAtomicPublish = true, false }},
		{"deny_delete", true, func(c *config) { c.DenyDelete = false }},
		{"deny_purge", true, func(c *config) { c.DenyPurge = false }},
		{"allow_rollup_hdrs", true, func(c *config) { c.AllowRollup, c.DenyPurge = true, false }},
		{"allow_direct", false, func(c *config) { c.AllowDirect = false }},
		{"allow_atomic", false, func(c *config) { c.AllowAtomicPublish = false }},
		{"allow_batched", false, func(c *config) { c.AllowBatchPublish = true }},
		{"allow_msg_ttl", false, func(c *config) { c.AllowMsgTTL = true }},
		{"allow_msg_counter", true, func(c *config) { c.AllowMsgCounter, c.Discard = true, jetstream.DiscardOld }},
		{"allow_msg_schedules", true, func(c *config) {
			c.AllowMsgSchedules, c.AllowRollup, c.DenyPurge, c.Discard = true, true, false, jetstream.DiscardOld
		}},
		{"persist_mode", true, func(c *config) { c.PersistMode, c.AllowAtomicPublish = jetstream.AsyncPersistMode, false }},
		{"subject_transform", false, func(c *config) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "book.220000.>", Destination: "book.220000.x.>"}
		}},
		{"republish", false, func(c *config) {
			c.RePublish = &jetstream.RePublish{Source: "book.220000.>", Destination: "copy.>"}
		}},
		{"sources", false, func(c *config) { c.Sources = []*jetstream.StreamSource{{Name: "OTHER"}} }},
		{"first_seq", true, func(c *config) { c.FirstSeq = 100 }},
	} {
		t.Run(test.field, func(t *testing.T) {
			t.Parallel()
			s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
			js := connect(t, s)
			cfg := natslog.Config{Book: logtest.Book, Server: s}
			reopen := func() error {
				_, err := natslog.Open(ctx, js, cfg)
				return err
			}
			if err := reopen(); err != nil {
				t.Fatal(err)
			}
			if err := reopen(); err != nil {
				t.Fatalf("unchanged: %v", err)
			}
			live, err := js.Stream(ctx, bookStream)
			if err != nil {
				t.Fatal(err)
			}
			c := live.CachedInfo().Config
			test.change(&c)
			if test.create {
				if err := js.DeleteStream(ctx, bookStream); err != nil {
					t.Fatal(err)
				}
				// The server removes the old stream's folder a moment after it has answered.
				await(t, ctx, "room for the new stream", func() bool {
					_, err = js.CreateStream(ctx, c)
					api, ok := errors.AsType[*jetstream.APIError](err)
					return !ok || api.ErrorCode != 10049
				})
			} else {
				_, err = js.UpdateStream(ctx, c)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := reopen(); !errors.Is(err, events.ErrDrift) || !strings.Contains(err.Error(), test.field+" is ") {
				t.Errorf("%v, want ErrDrift naming %s", err, test.field)
			}
		})
	}
}

func TestOpenRefusesAStreamThatHasLostRecords(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, test := range []struct {
		name string
		lose func(jetstream.Stream) error
		want error
		says string
	}{
		{"from the front", func(s jetstream.Stream) error { return s.Purge(ctx, jetstream.WithPurgeSequence(3)) }, events.ErrDrift, "first record is 3"},
		{"all", func(s jetstream.Stream) error { return s.Purge(ctx) }, events.ErrDrift, "first record is 6"},
		{"from the middle", func(s jetstream.Stream) error { return s.DeleteMsg(ctx, 4) }, events.ErrGap, ": 4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
			js := connect(t, s)
			// The stream is made by someone who may purge, and filled through a log,
			// which refuses it: so its records come by hand.
			c := jetstream.StreamConfig{Name: bookStream, Subjects: []string{"book.220000.>"}}
			live, err := js.CreateStream(ctx, c)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 5 {
				if _, err := js.Publish(ctx, "book.220000.claim", fmt.Append(nil, n)); err != nil {
					t.Fatal(err)
				}
			}
			if err := test.lose(live); err != nil {
				t.Fatal(err)
			}
			c = live.CachedInfo().Config
			c.Discard, c.MaxMsgSize, c.DenyDelete, c.DenyPurge, c.AllowDirect, c.AllowAtomicPublish = jetstream.DiscardNew, natslog.MaxRecord, true, true, true, true
			c.Metadata = map[string]string{"zhucan.book": logtest.Book, "zhucan.log": "1"}
			if _, err := js.UpdateStream(ctx, c); err != nil {
				t.Fatal(err)
			}
			_, err = natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, Server: s})
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "wanted true") {
				t.Errorf("%v, want %v saying %q", err, test.want, test.says)
			}
		})
	}
}

func TestOpenRefusesWhatIsNoBook(t *testing.T) {
	t.Parallel()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	for _, book := range []string{"", "22.00", "*", ">", "22 00", "../x", "吉林"} {
		if _, err := natslog.Open(context.Background(), connect(t, s), natslog.Config{Book: book}); err == nil {
			t.Errorf("book %q was opened", book)
		}
	}
}

func TestALimitThatWasNotAskedForIsTakenAsItIsOnAnotherServer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	js := connect(t, s)
	open(t, s)
	for _, test := range []struct {
		max  int64
		want error
	}{{0, nil}, {1 << 30, events.ErrDrift}} {
		if _, err := natslog.Open(ctx, js, natslog.Config{Book: logtest.Book, MaxBytes: test.max}); !errors.Is(err, test.want) {
			t.Errorf("limit of %d: %v, want %v", test.max, err, test.want)
		}
	}
	log, err := natslog.Open(ctx, js, natslog.Config{Book: "220100"})
	if err != nil {
		t.Fatal(err)
	}
	logtest.Expect(t, ctx, log, 0, nil)
	if live, err := js.Stream(ctx, "BOOK_220100"); err != nil || live.CachedInfo().Config.MaxBytes != 16<<30 {
		t.Errorf("%+v, %v", live, err)
	}
}

func TestABookIsNotReadAsAnother(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	mine := open(t, s)
	other, err := natslog.Open(ctx, connect(t, s), natslog.Config{Book: "220100", Server: s})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Append(ctx, 0, logtest.Record(1)); err == nil || errors.Is(err, events.ErrUnknown) {
		t.Errorf("a record of another book: %v, want a refusal", err)
	}
	for _, subject := range []string{"book.220000", "book.220000.", "book.220000.>", "book.220000.*", "book.220000.a b", "book.220000..a", "$JS.API.STREAM.DELETE.BOOK_220000"} {
		r := logtest.Record(1)
		r.Subject = subject
		if _, err := mine.Append(ctx, 0, r); err == nil || errors.Is(err, events.ErrUnknown) {
			t.Errorf("subject %q: %v, want a refusal", subject, err)
		}
	}
	logtest.Expect(t, ctx, mine, 0, nil)
	logtest.Expect(t, ctx, other, 0, nil)
}

// external starts a server as an operator might, with the given options.
func external(t testing.TB, opts *server.Options) *server.Server {
	t.Helper()
	opts.NoSigs, opts.NoLog, opts.JetStream = true, true, true
	if opts.StoreDir == "" {
		opts.StoreDir = t.TempDir()
	}
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// clientURL waits until the server listens.
func clientURL(t testing.TB, s *server.Server) string {
	t.Helper()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server is not ready")
	}
	return s.ClientURL()
}

func TestAServerThatAcknowledgesBeforeItHasSyncedIsRefusedWhereItCanBeSeen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const config = `
server_name: n1
port: -1
host: 127.0.0.1
accounts {
  SYS: { users: [{user: sys, password: sys}], exports: [{service: "$SYS.REQ.SERVER.PING.VARZ", response: stream}] }
  BOOK: { jetstream: enabled, users: [{user: book, password: book}], imports: [%s] }
}
system_account: SYS
jetstream { store_dir: %q, sync_interval: %s }
`
	const imported = `{service: {account: SYS, subject: "$SYS.REQ.SERVER.PING.VARZ"}}`
	for _, test := range []struct {
		name, imports, sync string
		want                error
		synced              bool
	}{
		{"seen to sync", imported, "always", nil, true},
		{"seen not to sync", imported, "2m", events.ErrDrift, false},
		{"not seen", "", "2m", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "nats.conf")
			write(t, file, fmt.Appendf(nil, config, test.imports, t.TempDir(), test.sync))
			opts, err := server.ProcessConfigFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts.NoSigs, opts.NoLog = true, true
			s := external(t, opts)
			nc, err := natslog.Connect(clientURL(t, s), discard, nats.UserInfo("book", "book"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(nc.Close)
			log, err := natslog.Open(ctx, stream(t, nc), natslog.Config{Book: logtest.Book})
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if err == nil && log.Synced() != test.synced {
				t.Errorf("Synced = %t, want %t", log.Synced(), test.synced)
			}
		})
	}
}

// The cluster's ports are fixed when its servers are made: routes need them.
func TestAReplicatedStreamIsALog(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	var routes []*url.URL
	for _, port := range ports {
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
	}
	var s *server.Server
	for i, port := range ports {
		s = external(t, &server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: -1, SyncAlways: true,
			Cluster: server.ClusterOpts{Name: "c", Host: "127.0.0.1", Port: port}, Routes: routes,
		})
	}
	nc, err := natslog.Connect(clientURL(t, s), discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js := stream(t, nc)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	await(t, ctx, "a leader of the cluster", func() bool {
		ask, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, err := js.AccountInfo(ask)
		return err == nil
	})
	logtest.Run(t, func(t *testing.T) events.Log {
		if err := js.DeleteStream(ctx, bookStream); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			t.Fatal(err)
		}
		var log *natslog.Log
		await(t, t.Context(), "three servers for the stream", func() bool {
			log, err = natslog.Open(t.Context(), js, natslog.Config{Book: logtest.Book, Replicas: 3, Timeout: 30 * time.Second})
			return err == nil
		})
		// The servers tell each other a little later who takes the subjects. Until
		// then an append is answered with ErrUnknown; one that expects too much is
		// refused as soon as it arrives.
		await(t, t.Context(), "the subjects of the stream", func() bool {
			_, err := log.Append(t.Context(), 99, logtest.Record(1))
			return errors.Is(err, events.ErrConflict)
		})
		return log
	})
}

package natslog_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

// A wire stands between a client and a server. It is cut once, in front of the
// first piece of traffic that holds a given text, and carries nothing while muted.
type wire struct {
	server         string
	request, reply atomic.Pointer[string]
	muted          atomic.Bool
}

func (w *wire) listen(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", w.server)
			if err != nil {
				client.Close()
				continue
			}
			go w.carry(server, client, &w.request)
			go w.carry(client, server, &w.reply)
		}
	}()
	return "nats://" + l.Addr().String()
}

// connect connects a client to the server through the wire.
func (w *wire) connect(t testing.TB, opts ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := natslog.Connect(w.listen(t), discard, append(opts, nats.Token("secret"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func (w *wire) carry(to, from net.Conn, cut *atomic.Pointer[string]) {
	defer to.Close()
	defer from.Close()
	b := make([]byte, 1<<20)
	for {
		n, err := from.Read(b)
		if text := cut.Load(); text != nil && bytes.Contains(b[:n], []byte(*text)) {
			cut.Store(nil)
			return
		}
		if w.muted.Load() && err == nil {
			continue
		}
		if _, werr := to.Write(b[:n]); err != nil || werr != nil {
			return
		}
	}
}

func TestAnUnclearOutcomeIsResolvedByReadingBack(t *testing.T) {
	t.Parallel()
	request, reply := "Nats-Expected-Last-Sequence", `"stream":"`+bookStream+`"`
	commit := "Nats-Batch-Commit"
	for _, test := range []struct {
		name           string
		request, reply *string
		rival          bool // another writer appends meanwhile
		n              int
		want           error
		stored         int // of the records appended
	}{
		{"one record, request lost", &request, nil, false, 1, events.ErrUnknown, 0},
		{"one record, acknowledgement lost", nil, &reply, false, 1, nil, 1},
		{"one record, request lost, another writer", &request, nil, true, 1, events.ErrConflict, 0},
		{"a batch, request lost", &request, nil, false, 20, events.ErrUnknown, 0},
		{"a batch, commit lost", &commit, nil, false, 20, events.ErrUnknown, 0},
		{"a batch, acknowledgement lost", nil, &reply, false, 20, nil, 20},
		{"a batch, commit lost, another writer", &commit, nil, true, 20, events.ErrConflict, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			s := start(t, natslog.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:-1", Token: "secret"})
			direct := open(t, s)
			if _, err := direct.Append(ctx, 0, logtest.Record(1)); err != nil {
				t.Fatal(err)
			}
			var once sync.Once
			w := &wire{server: hostPort(t, s)}
			nc := w.connect(t, nats.ReconnectWait(time.Millisecond),
				nats.DisconnectErrHandler(func(*nats.Conn, error) {
					once.Do(func() {
						if test.rival {
							if _, err := direct.Append(ctx, 1, logtest.Record(9)); err != nil {
								t.Error(err)
							}
						}
					})
				}))
			log, err := natslog.Open(ctx, stream(t, nc), natslog.Config{Book: logtest.Book, Timeout: 2 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			w.request.Store(test.request)
			w.reply.Store(test.reply)
			mine := logtest.Records(2, test.n+1)
			first, err := log.Append(ctx, 1, mine...)
			if !errors.Is(err, test.want) || err == nil && first != 2 {
				t.Errorf("first %d, %v, want %v", first, err, test.want)
			}
			if w.request.Load() != nil || w.reply.Load() != nil {
				t.Fatal("the wire was not cut")
			}
			want := append(logtest.Records(1, 1), mine[:test.stored]...)
			if test.rival {
				want = append(want, logtest.Record(9))
			}
			logtest.Expect(t, ctx, direct, 0, want)
			await(t, ctx, "the connection", nc.IsConnected)
			logtest.Expect(t, ctx, log, 0, want)
			if test.want == events.ErrUnknown {
				if _, err := log.Append(ctx, 1, mine...); err != nil {
					t.Errorf("again: %v", err)
				}
			}
		})
	}
}

func TestAnAppendThatIsCancelledUnderWayHasAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:-1", Token: "secret"})
	w := &wire{server: hostPort(t, s)}
	log, err := natslog.Open(context.Background(), stream(t, w.connect(t)), natslog.Config{Book: logtest.Book, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	w.muted.Store(true)
	for n := range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := log.Append(ctx, 0, logtest.Records(1, n+1)...); !errors.Is(err, events.ErrUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want ErrUnknown because of context.Canceled", err)
		}
	}
}

func TestAServerThatIsGoneLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	log, err := natslog.Open(ctx, connect(t, s), natslog.Config{Book: logtest.Book, Timeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	for n := range 2 {
		if _, err := log.Append(ctx, 0, logtest.Records(1, n+1)...); !errors.Is(err, events.ErrUnknown) {
			t.Errorf("%v, want ErrUnknown", err)
		}
	}
	for _, err := range log.Read(ctx, 0) {
		if err == nil || errors.Is(err, events.ErrGap) {
			t.Errorf("read: %v, want a fault", err)
		}
	}
}

// What a client sends to a server that is about to go is lost without a word.
func TestAQuestionThatIsLostIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:-1", Token: "secret"})
	want := logtest.Records(1, 3)
	if _, err := open(t, s).Append(t.Context(), 0, want...); err != nil {
		t.Fatal(err)
	}
	for _, lost := range []string{"STREAM.INFO", "CONSUMER.CREATE", "CONSUMER.MSG.NEXT", "STREAM.MSG.GET"} {
		t.Run(lost, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			w := &wire{server: hostPort(t, s)}
			nc := w.connect(t, nats.ReconnectWait(time.Millisecond))
			log, err := natslog.Open(ctx, stream(t, nc), natslog.Config{Book: logtest.Book, Timeout: 2 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			w.request.Store(&lost)
			if lost != "STREAM.MSG.GET" {
				logtest.Expect(t, ctx, log, 0, want)
			} else if r, err := log.Tail(ctx, 1, 1); err != nil || !logtest.Same(r[0], want[0]) {
				t.Errorf("%v, %v", r, err)
			}
			if w.request.Load() != nil {
				t.Error("nothing was lost")
			}
		})
	}
}

func TestRecordsThatFillARequestBeforeItsCountDoNotStallAReader(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := start(t, natslog.ServerConfig{Dir: t.TempDir()})
	log, err := natslog.Open(ctx, connect(t, s), natslog.Config{Book: logtest.Book, Server: s, Timeout: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r := logtest.Records(1, 150)
	for i := range r {
		r[i].Data = bytes.Repeat([]byte{byte(i)}, 200_000)
	}
	if _, err := log.Append(ctx, 0, r...); err != nil {
		t.Fatal(err)
	}
	logtest.Expect(t, ctx, log, 0, r)
}

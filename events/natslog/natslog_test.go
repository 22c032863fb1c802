package natslog_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/natslog"
)

// start runs a server on dir until the test ends or stop is called.
func start(t testing.TB, cfg natslog.ServerConfig) *natslog.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := natslog.StartServer(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t testing.TB, s *natslog.Server) jetstream.JetStream {
	t.Helper()
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return stream(t, nc)
}

func stream(t testing.TB, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func open(t testing.TB, s *natslog.Server) *natslog.Log {
	t.Helper()
	log, err := natslog.Open(context.Background(), connect(t, s), natslog.Config{Book: logtest.Book, Server: s, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestAStreamIsALog(t *testing.T) {
	t.Parallel()
	logtest.Run(t, func(t *testing.T) events.Log {
		return open(t, start(t, natslog.ServerConfig{Dir: t.TempDir()}))
	})
}

// A server that is not in this process is read through nats.go, or from its files where they
// are at hand.
func TestAStreamOfAnotherServerIsALog(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]bool{"elsewhere": false, "on this machine": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logtest.Run(t, func(t *testing.T) events.Log {
				dir := t.TempDir()
				s := start(t, natslog.ServerConfig{Dir: dir, Listen: "127.0.0.1:-1", Token: "secret"})
				nc, err := natslog.Connect(s.ClientURL(), discard, nats.Token("secret"))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(nc.Close)
				cfg := natslog.Config{Book: logtest.Book, Timeout: 30 * time.Second}
				if files {
					cfg.Dir = dir
				}
				log, err := natslog.Open(t.Context(), stream(t, nc), cfg)
				if err != nil {
					t.Fatal(err)
				}
				return log
			})
		})
	}
}

package natslog

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"zhucan/events"
	"zhucan/events/logtest"
)

const header = "NATS/1.0\r\nce-type: t\r\nNats-Expected-Last-Sequence: 6\r\nce-id: 1\r\n\r\n"

func TestAHeaderEndsWhereItSays(t *testing.T) {
	const data = "{\"a\":1}"
	whole := header + data
	for border := range len(whole) + 1 {
		fields, err := parseHeader([]byte(whole[:border]))
		decoded, broken := nats.DecodeHeadersMsg([]byte(whole[:border]))
		var same events.Header
		if broken == nil {
			same, broken = headerOf(decoded, border)
		}
		switch border {
		case 0:
			if err != nil || len(fields) > 0 {
				t.Errorf("no header: %v, %v", fields, err)
			}
		case len(header):
			if err != nil || broken != nil || !slices.Equal(fields, events.Header{{Key: "ce-id", Value: "1"}, {Key: "ce-type", Value: "t"}}) || !slices.Equal(fields, same) {
				t.Errorf("the whole header: %v, %v; through nats.go %v, %v", fields, err, same, broken)
			}
		default:
			if !errors.Is(err, events.ErrMalformed) {
				t.Errorf("a header of %q: %v, %v", whole[:border], fields, err)
			}
			if broken == nil {
				t.Errorf("through nats.go, a header of %q: %v", whole[:border], same)
			}
		}
	}
	for _, bad := range []string{"NATS/1.0\r\nce-id:1\r\n\r\n", "NATS/1.0\r\nce-id:  1\r\n\r\n", "NATS/1.0\r\n: 1\r\n\r\n", "NATS/1.0 100\r\n\r\n", "nats/1.0\r\n\r\n", "NATS/1.0\r\nce-id: 1\rce-x: 2\r\n\r\n"} {
		if fields, err := parseHeader([]byte(bad)); !errors.Is(err, events.ErrMalformed) {
			t.Errorf("%q: %v, %v", bad, fields, err)
		}
	}
}

func TestARecordHasEachFieldOnceAndNoneOfTheServers(t *testing.T) {
	for _, test := range []struct {
		header string
		want   events.Header // nil: refused
	}{
		{"b: 2\r\nNats-X: 0\r\nnats-y: 0\r\na: 1\r\n", events.Header{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}},
		{"b: 2\r\na: 1\r\nb: 2\r\n", nil},
	} {
		d := delivered{seq: 7, subject: "s"}
		d.header, d.err = parseHeader([]byte("NATS/1.0\r\n" + test.header + "\r\n"))
		if d.err != nil {
			t.Fatal(d.err)
		}
		r, err := d.record()
		if test.want == nil && !errors.Is(err, events.ErrMalformed) || !slices.Equal(r.Header, test.want) {
			t.Errorf("%q: %v, %v", test.header, r, err)
		}
	}
}

const readerName = "reader"

// kick closes the connections of readers, and returns how many there were.
func kick(t *testing.T, s *Server) (closed int) {
	t.Helper()
	all, err := s.nats.Connz(&server.ConnzOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all.Conns {
		if c.Name == readerName {
			if err := s.nats.DisconnectClientByID(c.Cid); err != nil {
				t.Fatal(err)
			}
			closed++
		}
	}
	return closed
}

func TestAReaderWhoseConnectionBreaksReadsOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, log := embedded(t)
	reader := through(t, s, nats.Name(readerName), nats.ReconnectWait(time.Millisecond))
	reader.cfg.Dir, reader.cfg.Timeout = "", time.Second // all through the consumer
	const each, times = 2500, 4                          // more than is asked for at once
	last := uint64(0)
	for range times {
		for range each / 500 {
			if _, err := log.Append(ctx, last, logtest.Records(int(last)+1, int(last)+500)...); err != nil {
				t.Fatal(err)
			}
			last += 500
		}
	}
	closed, want := 0, uint64(1)
	for r, err := range reader.Follow(ctx, 0) {
		if err != nil {
			t.Fatalf("after %d: %v", want-1, err)
		}
		if r.Seq != want {
			t.Fatalf("%d comes after %d", r.Seq, want-1)
		}
		want++
		if r.Seq%each == 0 {
			closed += kick(t, s)
		}
		if r.Seq == last {
			if last == each*times {
				// One more, for a reader that waits with nothing on its way.
				if _, err := log.Append(ctx, last, logtest.Records(int(last)+1, int(last)+1)...); err != nil {
					t.Fatal(err)
				}
				last++
				continue
			}
			break
		}
	}
	if want != last+1 || closed == 0 {
		t.Errorf("read up to %d of %d, %d connections closed", want-1, last, closed)
	}
}

package natslog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
	"zhucan/events/logtest"
)

// scripted returns a wire to a server that says, after the greetings, what say says.
// said is what the wire has written by then.
func scripted(t *testing.T, say func(conn net.Conn, said *bufio.Reader)) (*wire, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		said := bufio.NewReader(theirs)
		io.WriteString(theirs, "INFO {\"headers\":true}\r\n")
		for range 3 {
			if _, err := said.ReadString('\n'); err != nil {
				return
			}
		}
		say(theirs, said)
	}()
	w, err := newWire(ours, "secret", "_INBOX.1", 10*time.Second)
	if err == nil {
		t.Cleanup(w.close)
	}
	return w, err
}

const header = "NATS/1.0\r\nce-type: t\r\nNats-Expected-Last-Sequence: 6\r\nce-id: 1\r\n\r\n"

func hmsg(reply, header, data string) string {
	return fmt.Sprintf("HMSG _INBOX.1 1 %s%d %d\r\n%s%s\r\n", reply, len(header), len(header)+len(data), header, data)
}

const ack = "$JS.ACK.BOOK_1.c.1.7.1.1700000000000000000.0 "

func TestAWireBringsWhatTheServerSays(t *testing.T) {
	want := delivered{seq: 7, subject: "_INBOX.1", data: []byte("data"), header: events.Header{{Key: "ce-id", Value: "1"}, {Key: "ce-type", Value: "t"}}}
	for _, test := range []struct {
		name, says string
		want       delivered
		fails      string
	}{
		{name: "a record", says: hmsg(ack, header, "data"), want: want},
		{name: "a record of a server with a domain", says: hmsg("$JS.ACK.hub.abc.BOOK_1.c.1.7.1.1700000000000000000.0 ", header, "data"), want: want},
		{name: "a record among others' words", says: "+OK\r\nPONG\r\nINFO {}\r\n" + hmsg(ack, header, "data"), want: want},
		{name: "a record without header", says: "MSG _INBOX.1 1 " + ack + "4\r\ndata\r\n", want: delivered{seq: 7, subject: "_INBOX.1", data: []byte("data")}},
		{name: "what it will not send", says: hmsg("", "NATS/1.0 409 Message Size Exceeds MaxBytes\r\nNats-Pending-Messages: 12\r\nNats-Pending-Bytes: 9\r\n\r\n", ""), want: delivered{left: 12, subject: "_INBOX.1"}},
		{name: "the end of the consumer", says: hmsg("", "NATS/1.0 409 Consumer Deleted\r\n\r\n", ""), want: delivered{left: -1, subject: "_INBOX.1"}},
		{name: "a refusal", says: "-ERR 'Permissions Violation'\r\n", fails: "Permissions Violation"},
		{name: "half a record", says: hmsg(ack, header, "data")[:60], fails: "EOF"},
		{name: "no number", says: hmsg("a.b ", header, "data"), fails: "names no record"},
		{name: "no such record", says: hmsg("$JS.ACK.BOOK_1.c.1.0.1.1.0 ", header, "data"), fails: "names no record"},
		{name: "a header beyond the message", says: "HMSG _INBOX.1 1 " + ack + "9 4\r\ndata\r\n", fails: "the server says"},
		{name: "more than a record can be", says: "MSG _INBOX.1 1 " + ack + "99999999\r\n", fails: "the server says"},
		{name: "too few words", says: "HMSG _INBOX.1 1\r\n", fails: "the server says"},
		{name: "too many words", says: "HMSG _INBOX.1 1 2 3 4 5\r\n", fails: "the server says"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, err := scripted(t, func(conn net.Conn, _ *bufio.Reader) { io.WriteString(conn, "PONG\r\n"+test.says) })
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.next(t.Context(), nil)
			if test.fails != "" {
				if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("%v, want one that says %q", err, test.fails)
				}
				return
			}
			if err != nil || got.err != nil {
				t.Fatal(err, got.err)
			}
			if got.seq != test.want.seq || got.left != test.want.left || got.subject != test.want.subject || !bytes.Equal(got.data, test.want.data) || !slices.Equal(got.header, test.want.header) {
				t.Errorf("%+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestAWireAnswersAndAsks(t *testing.T) {
	heard := make(chan string, 1)
	w, err := scripted(t, func(conn net.Conn, said *bufio.Reader) {
		io.WriteString(conn, "PONG\r\nPING\r\n")
		line, _ := said.ReadString('\n')
		heard <- line
		all := make([]byte, len("PUB a.b _INBOX.1 3\r\n{1}\r\n"))
		io.ReadFull(said, all)
		heard <- string(all)
	})
	if err != nil {
		t.Fatal(err)
	}
	if line := <-heard; line != "PONG\r\n" {
		t.Errorf("the server heard %q", line)
	}
	if err := w.ask("a.b", []byte("{1}")); err != nil {
		t.Fatal(err)
	}
	if line := <-heard; line != "PUB a.b _INBOX.1 3\r\n{1}\r\n" {
		t.Errorf("the server heard %q", line)
	}
	if _, err := w.next(t.Context(), nil); !errors.Is(err, errBroken) {
		t.Errorf("after the server left: %v", err)
	}
}

func TestAWireThatIsRefusedSaysWhy(t *testing.T) {
	_, err := scripted(t, func(conn net.Conn, _ *bufio.Reader) { io.WriteString(conn, "-ERR 'Authorization Violation'\r\n") })
	if err == nil || !strings.Contains(err.Error(), "Authorization Violation") {
		t.Errorf("%v", err)
	}
}

func TestAWireEndsWithItsContext(t *testing.T) {
	w, err := scripted(t, func(conn net.Conn, said *bufio.Reader) {
		io.WriteString(conn, "PONG\r\n")
		said.ReadByte() // until the wire is closed
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.next(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	tick := make(chan time.Time, 1)
	tick <- time.Time{}
	if _, err := w.next(t.Context(), tick); !errors.Is(err, errIdle) {
		t.Errorf("%v", err)
	}
}

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
	s, err := StartServer(ctx, ServerConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	nc, err := s.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	log, err := Open(ctx, js, Config{Book: logtest.Book, Server: s})
	if err != nil {
		t.Fatal(err)
	}
	const each, times = 2500, 4 // more than is asked for at once
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
	for r, err := range log.Follow(ctx, 0) {
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

package natslog

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"zhucan/events"
)

// A delivered message is a record, or what the server says in place of one.
type delivered struct {
	seq     uint64 // of the record; 0 for what the server says
	left    int    // of what the server says: how many messages asked for it will not send, -1 if it says anything else
	subject string
	header  events.Header // in the order of its keys, without the server's own fields
	err     error         // why the header cannot be read
	data    []byte
}

// record returns the record that d brings.
func (d delivered) record() (events.Record, error) {
	if d.err != nil {
		return events.Record{}, fmt.Errorf("record %d: %w", d.seq, d.err)
	}
	h := d.header
	for i := 1; i < len(h); i++ {
		if h[i-1].Key == h[i].Key {
			return events.Record{}, fmt.Errorf("%w: record %d has header %s twice", events.ErrMalformed, d.seq, h[i].Key)
		}
	}
	return events.Record{Seq: d.seq, Subject: d.subject, Header: h, Data: d.data}, nil
}

// A feed is where a reader gets the messages of its consumer.
type feed interface {
	// ask publishes a request whose answers come from next. It fails with
	// nats.ErrReconnectBufExceeded while there is no connection: to be asked again.
	ask(subject string, request []byte) error
	// next returns the next message, errIdle after a tick of idle without one, or
	// the error of ctx. Any other error ends the feed; errBroken tells that another may
	// do better.
	next(ctx context.Context, idle <-chan time.Time) (delivered, error)
	close()
}

var (
	errIdle   = errors.New("nothing came")
	errBroken = errors.New("the feed broke off")
)

// feed returns a wire to the embedded server, and a subscription to any other.
func (l *Log) feed() (feed, error) {
	inbox := l.js.Conn().NewInbox()
	if l.cfg.Server != nil {
		conn, err := l.cfg.Server.nats.InProcessConn()
		if err != nil {
			return nil, err
		}
		return newWire(conn, l.cfg.Server.cfg.Token, inbox, l.cfg.Timeout)
	}
	f := &subscription{nc: l.js.Conn(), inbox: inbox, in: make(chan *nats.Msg, backlog)}
	var err error
	f.sub, err = f.nc.ChanSubscribe(inbox, f.in)
	return f, err
}

// backlog is more than can be on its way to a reader.
const backlog = 2*window + 64

// A subscription is a feed through nats.go.
type subscription struct {
	nc    *nats.Conn
	sub   *nats.Subscription
	inbox string
	in    chan *nats.Msg
}

func (f *subscription) close() { _ = f.sub.Unsubscribe() }

func (f *subscription) ask(subject string, request []byte) error {
	return f.nc.PublishRequest(subject, f.inbox, request)
}

func (f *subscription) next(ctx context.Context, idle <-chan time.Time) (delivered, error) {
	select {
	case <-ctx.Done():
		return delivered{}, ctx.Err()
	case <-idle:
		return delivered{}, errIdle
	case m, ok := <-f.in:
		if !ok {
			return delivered{}, nats.ErrConnectionClosed
		}
		if m.Reply == "" {
			return delivered{left: unfilled(m.Header.Get(pendingMessages))}, nil
		}
		meta, err := m.Metadata()
		if err != nil {
			return delivered{}, err
		}
		d := delivered{seq: meta.Sequence.Stream, subject: m.Subject, data: m.Data}
		d.header, d.err = headerOf(m.Header, m.Size()-len(m.Subject)-len(m.Reply)-len(m.Data))
		return d, nil
	}
}

const pendingMessages = "Nats-Pending-Messages"

func unfilled(pending string) int {
	n, err := strconv.Atoi(pending)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// A wire is a feed on a connection of its own to the embedded server. It takes each
// header as the bytes that it is, where nats.go makes a map of it that a log does
// not want, which costs more than everything else that is done to read a record.
// It knows of the protocol of NATS what one subscription of a reader needs:
// https://docs.nats.io/reference/reference-protocols/nats-protocol
type wire struct {
	conn  net.Conn
	r     *bufio.Reader
	inbox string
	in    chan []delivered // closed once err is set
	got   []delivered      // of in, what next has not returned
	done  chan struct{}
	err   error // why in is closed

	subjects map[string]string // each subject that came, once
	room     []byte            // for what comes; not used again
}

// readerName is what the server calls a wire.
const readerName = "zhucan reader"

// newWire subscribes to inbox, and closes conn if it fails.
func newWire(conn net.Conn, token, inbox string, timeout time.Duration) (_ *wire, err error) {
	defer func() {
		if err != nil {
			conn.Close()
			err = fmt.Errorf("connect to the embedded server: %w", err)
		}
	}()
	w := &wire{
		conn: conn, r: bufio.NewReaderSize(conn, 64<<10), inbox: inbox,
		in: make(chan []delivered, backlog), done: make(chan struct{}), subjects: map[string]string{},
	}
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if line, err := w.r.ReadSlice('\n'); err != nil || !bytes.HasPrefix(line, []byte("INFO ")) {
		return nil, fmt.Errorf("no greeting: %q: %w", line, err)
	}
	hello, err := json.Marshal(map[string]any{
		"name": readerName, "lang": "go", "version": nats.Version, "protocol": 1, "auth_token": token,
		"headers": true, "no_responders": true, "verbose": false, "pedantic": false,
	})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(conn, "CONNECT %s\r\nSUB %s 1\r\nPING\r\n", hello, inbox); err != nil {
		return nil, err
	}
	switch line, err := w.r.ReadSlice('\n'); {
	case err != nil:
		return nil, err
	case string(line) != "PONG\r\n":
		return nil, fmt.Errorf("the server says %q", line)
	}
	_ = conn.SetDeadline(time.Time{}) // fails if the server has gone, which receive finds out
	go w.receive()
	return w, nil
}

func (w *wire) close() {
	close(w.done)
	w.conn.Close()
}

// ask does not fail: next tells of a connection that is closed, after what still came.
func (w *wire) ask(subject string, request []byte) error {
	_, _ = fmt.Fprintf(w.conn, "PUB %s %s %d\r\n%s\r\n", subject, w.inbox, len(request), request)
	return nil
}

func (w *wire) next(ctx context.Context, idle <-chan time.Time) (delivered, error) {
	if len(w.got) == 0 {
		select {
		case <-ctx.Done():
			return delivered{}, ctx.Err()
		case <-idle:
			return delivered{}, errIdle
		case got, ok := <-w.in:
			if !ok {
				return delivered{}, fmt.Errorf("%w: %w", errBroken, w.err)
			}
			w.got = got
		}
	}
	d := w.got[0]
	w.got = w.got[1:]
	return d, nil
}

// receive hands on what comes, at once but many together if many came together,
// so that the server never waits for a reader.
func (w *wire) receive() {
	defer close(w.in)
	var got []delivered
	for {
		d, ok, err := w.line()
		if err != nil {
			w.err = err
			return
		}
		if ok {
			got = append(got, d)
		}
		if len(got) == 0 || len(got) < 64 && w.r.Buffered() > 0 {
			continue
		}
		select {
		case w.in <- got:
			got = make([]delivered, 0, 64)
		case <-w.done:
			return
		}
	}
}

// line reads one operation of the protocol, and returns false if it is none that
// brings a message.
func (w *wire) line() (delivered, bool, error) {
	line, err := w.r.ReadSlice('\n')
	if err != nil {
		return delivered{}, false, err
	}
	verb, rest, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\r\n")), []byte(" "))
	switch string(verb) {
	case "MSG", "HMSG":
	case "PING":
		// Not here: the server may be waiting to be read from.
		go io.WriteString(w.conn, "PONG\r\n")
		return delivered{}, false, nil
	case "PONG", "INFO", "+OK":
		return delivered{}, false, nil
	default:
		return delivered{}, false, fmt.Errorf("the server says %q", line)
	}

	// subject sid [reply] [bytes of header] bytes in all
	var words [5][]byte
	word := words[:0]
	for w := range bytes.SplitSeq(rest, []byte(" ")) {
		word = append(word, w)
	}
	header, size, sizes := 0, 0, 1
	if string(verb) == "HMSG" {
		sizes = 2
	}
	isRecord := len(word) == 3+sizes // the reply says which
	if !isRecord && len(word) != 2+sizes {
		return delivered{}, false, fmt.Errorf("the server says %q", line)
	}
	size, err = strconv.Atoi(string(word[len(word)-1]))
	if err == nil && sizes == 2 {
		header, err = strconv.Atoi(string(word[len(word)-2]))
	}
	if err != nil || header < 0 || size < header || size > MaxRecord+maxHeader {
		return delivered{}, false, fmt.Errorf("the server says %q", line)
	}
	d := delivered{subject: w.subject(word[0])}
	if isRecord {
		if d.seq, err = sequence(word[2]); err != nil {
			return delivered{}, false, err
		}
	}

	if len(w.room) < size+2 {
		w.room = make([]byte, max(64<<10, size+2))
	}
	if _, err := io.ReadFull(w.r, w.room[:size+2]); err != nil {
		return delivered{}, false, err
	}
	head := w.room[:header]
	d.data = w.room[header:size:size]
	w.room = w.room[size+2:]
	if isRecord {
		d.header, d.err = parseHeader(head)
		return d, true, nil
	}
	_, pending, _ := strings.Cut(string(head), "\r\n"+pendingMessages+": ")
	pending, _, _ = strings.Cut(pending, "\r\n")
	d.left = unfilled(pending)
	return d, true, nil
}

func (w *wire) subject(b []byte) string {
	s, ok := w.subjects[string(b)]
	if !ok {
		if len(w.subjects) == 1000 {
			clear(w.subjects)
		}
		s = string(b)
		w.subjects[s] = s
	}
	return s
}

// sequence returns the number of the record that a reply subject names, which ends with
// <deliveries>.<record>.<delivery>.<time>.<pending>, whatever version it is of.
func sequence(reply []byte) (uint64, error) {
	rest := reply
	for range 3 {
		rest = rest[:max(0, bytes.LastIndexByte(rest, '.'))]
	}
	seq, err := strconv.ParseUint(string(rest[bytes.LastIndexByte(rest, '.')+1:]), 10, 64)
	if err != nil || seq == 0 {
		return 0, fmt.Errorf("%q names no record", reply)
	}
	return seq, nil
}

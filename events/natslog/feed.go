package natslog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"zhucan/events"
)

// A delivered message is a record, or what the server says in place of one.
type delivered struct {
	seq     uint64 // of the record; 0 for what the server says
	left    int    // of what the server says: how many messages asked for it will not send, -1 if it says anything else
	behind  uint64 // how many records the log has after it, as its server knew
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

// backlog is more than can be on its way to a reader.
const backlog = 2*window + 64

// A feed is where a reader gets the messages of its consumer.
type feed struct {
	nc    *nats.Conn
	sub   *nats.Subscription
	inbox string
	in    chan *nats.Msg
}

var errIdle = errors.New("nothing came")

func newFeed(nc *nats.Conn) (*feed, error) {
	f := &feed{nc: nc, inbox: nc.NewInbox(), in: make(chan *nats.Msg, backlog)}
	var err error
	f.sub, err = nc.ChanSubscribe(f.inbox, f.in)
	return f, err
}

func (f *feed) close() { _ = f.sub.Unsubscribe() }

// ask publishes a request whose answers come from next. It fails with
// nats.ErrReconnectBufExceeded while there is no connection: to be asked again.
func (f *feed) ask(subject string, request []byte) error {
	return f.nc.PublishRequest(subject, f.inbox, request)
}

// next returns the next message, errIdle after a tick of idle without one, or the error of
// ctx. Any other error ends the feed.
func (f *feed) next(ctx context.Context, idle <-chan time.Time) (delivered, error) {
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
		d := delivered{seq: meta.Sequence.Stream, behind: meta.NumPending, subject: m.Subject, data: m.Data}
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

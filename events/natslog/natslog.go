package natslog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
)

// MaxRecord is the most bytes that the header and the data of one record may have
// together, as they travel.
const MaxRecord = 256 << 10

// Config says which book a log holds and how its server keeps it.
//
// Without MaxBytes, a stream on the embedded server has the whole disk. On any
// other server, Open makes it with 16 GiB, and takes the limit it finds: a limit of
// the server or of the account tears a batch apart (the contract tests show it), one
// of the stream does not, and the server keeps free what it allows.
type Config struct {
	Book     string        // the book's code, of letters and digits: 220000
	Replicas int           // how many servers keep a copy: 1 (the default), 3 or 5
	MaxBytes int64         // room for the whole stream, beyond which Append fails with events.ErrFull; see below for the default
	Timeout  time.Duration // how long one answer, or the next record, may take; 5 s by default
	Server   *Server       // the embedded server, if the connection is to one
	Dir      string        // of an embedded server's files, if this process can read them; that of Server by default
	Logger   *slog.Logger  // hears of lost acknowledgements; silent by default
}

// A Log is one book's stream. It is safe for concurrent use.
type Log struct {
	js     jetstream.JetStream
	cfg    Config
	stream string // BOOK_<book>
	prefix string // of the subjects of its records
	api    string // of the JetStream API
	synced bool

	mu   sync.Mutex
	more chan struct{} // closed at the next Append; nil if nobody waits for it
}

var (
	_    events.Log = (*Log)(nil)
	book            = regexp.MustCompile(`^[0-9A-Za-z]{1,32}$`)
)

// Open returns the log of cfg.Book. It creates the stream when there is none;
// otherwise it changes nothing, and refuses with [events.ErrDrift] a stream or a
// server that is not configured as [Log] needs it, naming each field with the
// live and the wanted value, and with [events.ErrGap] a stream that lacks a record.
func Open(ctx context.Context, js jetstream.JetStream, cfg Config) (*Log, error) {
	if !book.MatchString(cfg.Book) {
		return nil, fmt.Errorf("open log: %q is no code of a book", cfg.Book)
	}
	if cfg.Replicas == 0 {
		cfg.Replicas = 1
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Dir == "" && cfg.Server != nil {
		cfg.Dir = cfg.Server.cfg.Dir
	}
	l := &Log{js: js, cfg: cfg, stream: "BOOK_" + cfg.Book, prefix: "book." + cfg.Book + ".", api: apiPrefix(js.Options())}
	if err := l.open(ctx); err != nil {
		return nil, fmt.Errorf("open log %s: %w", l.stream, err)
	}
	return l, nil
}

// apiPrefix returns what the subjects of the JetStream API begin with.
func apiPrefix(o jetstream.JetStreamOptions) string {
	switch {
	case o.APIPrefix != "":
		return strings.TrimSuffix(o.APIPrefix, ".") + "."
	case o.Domain != "":
		return "$JS." + o.Domain + ".API."
	}
	return "$JS.API."
}

// Last returns the number of the last record. The stream's leader answers.
func (l *Log) Last(ctx context.Context) (uint64, error) {
	info, err := l.info(ctx)
	if err != nil {
		return 0, fmt.Errorf("last record of %s: %w", l.stream, err)
	}
	return info.State.LastSeq, nil
}

// appended returns a channel that is closed when this Log has next appended.
func (l *Log) appended() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more == nil {
		l.more = make(chan struct{})
	}
	return l.more
}

// wake tells those who wait for an Append that there was one.
func (l *Log) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
}

// info asks the leader for the stream's configuration and state.
func (l *Log) info(ctx context.Context) (*jetstream.StreamInfo, error) {
	return ask(ctx, l, func(ctx context.Context) (*jetstream.StreamInfo, error) {
		s, err := l.js.Stream(ctx, l.stream)
		if err != nil {
			return nil, err
		}
		return s.CachedInfo(), nil
	})
}

// ask puts a question that may be put more than once, and waits for its answer as long as
// Config.Timeout. What is on its way to a server that goes is lost without a word, so once the
// client is connected anew the question is put anew.
func ask[T any](ctx context.Context, l *Log, question func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	nc := l.js.Conn()
	connected := nc.StatusChanged(nats.CONNECTED)
	defer nc.RemoveStatusListener(connected)
	for {
		once, giveUp := context.WithCancelCause(ctx)
		go func() {
			select {
			case <-connected:
				giveUp(errLost)
			case <-once.Done():
			}
		}()
		answer, err := question(once)
		if errors.Is(err, nats.ErrReconnectBufExceeded) {
			<-once.Done() // not connected just now
		}
		giveUp(nil)
		if err == nil || context.Cause(once) != errLost || nc.IsClosed() {
			return answer, err
		}
	}
}

var errLost = errors.New("the connection was lost under way")

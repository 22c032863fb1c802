package natslog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"zhucan/events"
)

// wanted is the configuration of the stream, with the defaults a server fills in.
func (l *Log) wanted() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:     l.stream,
		Subjects: []string{l.prefix + ">"},
		Metadata: map[string]string{"zhucan.book": l.cfg.Book, "zhucan.log": "1"},

		Storage:   jetstream.FileStorage,
		Replicas:  l.cfg.Replicas,
		Retention: jetstream.LimitsPolicy,

		// A full stream refuses what is new and keeps what is old.
		Discard:           jetstream.DiscardNew,
		MaxBytes:          cmp.Or(l.cfg.MaxBytes, -1),
		MaxMsgSize:        MaxRecord,
		MaxMsgs:           -1,
		MaxMsgsPerSubject: -1,
		MaxConsumers:      -1,

		DenyDelete:         true,
		DenyPurge:          true,
		AllowDirect:        true,
		AllowAtomicPublish: true,

		// The server insists on a window. Records carry no Nats-Msg-Id, so nothing
		// is ever in it.
		Duplicates: 2 * time.Minute,
	}
}

func (l *Log) open(ctx context.Context) error {
	info, err := l.info(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		create, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
		defer cancel()
		want := l.wanted()
		if want.MaxBytes < 0 && l.cfg.Server == nil {
			want.MaxBytes = 16 << 30
		}
		if _, err := l.js.CreateStream(create, want); err != nil {
			return err
		}
		info, err = l.info(ctx)
	}
	if err != nil {
		return err
	}
	want := l.wanted()
	if l.cfg.MaxBytes == 0 && l.cfg.Server == nil {
		want.MaxBytes = info.Config.MaxBytes
	}
	drift := differences(info.Config, want)
	if s := info.State; s.FirstSeq > 1 || s.Msgs == 0 && s.LastSeq > 0 {
		drift = append(drift, fmt.Sprintf("first record is %d, wanted 1", s.FirstSeq))
	}
	unsynced, err := l.verifySync(ctx)
	if err != nil {
		return err
	}
	if drift = append(drift, unsynced...); len(drift) > 0 {
		return fmt.Errorf("%w: %s", events.ErrDrift, strings.Join(drift, "; "))
	}
	if info.State.Msgs != info.State.LastSeq {
		return l.firstMissing(ctx, info.State)
	}
	return nil
}

// differences compares every field that the client knows, so that one added by an
// upgrade is compared too. Keys of the metadata that begin with an underscore are
// the server's own.
func differences(live, want jetstream.StreamConfig) []string {
	live.Metadata = maps.Clone(live.Metadata)
	maps.DeleteFunc(live.Metadata, func(key, _ string) bool { return strings.HasPrefix(key, "_") })
	l, w := reflect.ValueOf(live), reflect.ValueOf(want)
	var differ []string
	for i := range l.NumField() {
		a, b := l.Field(i), w.Field(i)
		if reflect.DeepEqual(a.Interface(), b.Interface()) || empty(a) && empty(b) {
			continue
		}
		name, _, _ := strings.Cut(l.Type().Field(i).Tag.Get("json"), ",")
		differ = append(differ, fmt.Sprintf("%s is %s, wanted %s", name, show(a), show(b)))
	}
	return differ
}

// empty tells whether v is as good as absent: a server may send {} for what was
// not set.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Pointer:
		return v.IsNil()
	}
	return v.IsZero()
}

func show(v reflect.Value) string {
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return fmt.Sprint(v.Interface())
	}
	return string(b)
}

// firstMissing says which record the stream lacks first.
func (l *Log) firstMissing(ctx context.Context, s jetstream.StreamState) error {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	stream, err := l.js.Stream(ctx, l.stream)
	if err != nil {
		return err
	}
	info, err := stream.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return err
	}
	for _, seq := range info.State.Deleted {
		return missing(seq)
	}
	return fmt.Errorf("%w: %d of %d", events.ErrGap, s.LastSeq-s.Msgs, s.LastSeq)
}

// Synced tells whether the server was seen to put each record on disk before it
// acknowledges it (sync_interval: always). It is false when the server may not be
// asked: an ordinary account does not see the settings of its server unless the
// operator imports $SYS.REQ.SERVER.PING.VARZ into it.
func (l *Log) Synced() bool { return l.synced }

// verifySync returns as drift each server that acknowledges before it has synced.
func (l *Log) verifySync(ctx context.Context) ([]string, error) {
	if s := l.cfg.Server; s != nil {
		l.synced = s.syncAlways()
		if !l.synced {
			return []string{"sync_interval is not always"}, nil
		}
		return nil, nil
	}
	servers, err := l.askServers(ctx)
	if err != nil {
		return nil, err
	}
	var drift []string
	for _, s := range servers {
		if js := s.Data.JetStream.Config; js != nil && !js.SyncAlways {
			drift = append(drift, fmt.Sprintf("sync_interval of server %s is not always", s.Server.Name))
		}
	}
	l.synced = len(servers) >= l.cfg.Replicas && len(drift) == 0
	if len(servers) == 0 {
		l.cfg.Logger.WarnContext(ctx, "cannot verify that the server syncs always", slog.String("stream", l.stream))
	}
	return drift, nil
}

// A varz is what of a server's answer matters here.
type varz struct {
	Server struct{ Name string }
	Data   struct {
		JetStream struct {
			Config *struct {
				SyncAlways bool `json:"sync_always"`
			}
		}
	}
}

// askServers collects the answers of all servers that may be asked.
func (l *Log) askServers(ctx context.Context) ([]varz, error) {
	nc := l.js.Conn()
	inbox := nc.NewInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer answers.Unsubscribe()
	if err := nc.PublishRequest("$SYS.REQ.SERVER.PING.VARZ", inbox, nil); err != nil {
		return nil, err
	}
	// There is no last answer to wait for: what has not come in half a second
	// counts as unverified.
	wait, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	var servers []varz
	for {
		m, err := answers.NextMsgWithContext(wait)
		if err != nil {
			return servers, ctx.Err()
		}
		var v varz
		if json.Unmarshal(m.Data, &v) == nil && v.Data.JetStream.Config != nil {
			servers = append(servers, v)
		}
	}
}

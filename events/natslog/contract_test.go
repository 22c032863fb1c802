package natslog_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"zhucan/events/natslog"
)

// The tests of this file hold nothing of this package. They are the facts about
// nats-server, nats.go and jetstreamext that it rests on, to be asked again of
// every new version.

const (
	expected        = "Nats-Expected-Last-Sequence"
	expectedSubject = "Nats-Expected-Last-Subject-Sequence"
)

func contract(t *testing.T) (jetstream.JetStream, jetstream.Stream, jetstream.StreamConfig) {
	t.Helper()
	js := connect(t, start(t, natslog.ServerConfig{Dir: t.TempDir()}))
	c := jetstream.StreamConfig{
		Name: "C", Subjects: []string{"c.>"}, Discard: jetstream.DiscardNew,
		DenyDelete: true, DenyPurge: true, AllowDirect: true, AllowAtomicPublish: true,
	}
	s, err := js.CreateStream(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return js, s, c
}

func msg(subject string, header ...string) *nats.Msg {
	m := nats.NewMsg(subject)
	for i := 0; i < len(header); i += 2 {
		m.Header.Set(header[i], header[i+1])
	}
	return m
}

// code is the server's code of an error, 0 without one, -1 for any other error.
func code(err error) jetstream.ErrorCode {
	api, ok := errors.AsType[*jetstream.APIError](err)
	switch {
	case err == nil:
		return 0
	case ok:
		return api.ErrorCode
	}
	return 1<<16 - 1
}

func answer(t *testing.T, what string, err error, want jetstream.ErrorCode) {
	t.Helper()
	if code(err) != want {
		t.Errorf("%s: code %d (%v), want %d", what, code(err), err, want)
	}
}

func messages(t *testing.T, js jetstream.JetStream, want uint64) {
	t.Helper()
	s, err := js.Stream(context.Background(), "C")
	if err != nil {
		t.Fatal(err)
	}
	if state := s.CachedInfo().State; state.Msgs != want || state.LastSeq != want {
		t.Errorf("%d messages, last %d, want %d", state.Msgs, state.LastSeq, want)
	}
}

func TestContractExpectedSequence(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	js, _, _ := contract(t)
	one := func(m *nats.Msg) error { _, err := js.PublishMsg(ctx, m); return err }
	batch := func(m ...*nats.Msg) error { _, err := jetstreamext.PublishMsgBatch(ctx, js, m); return err }

	answer(t, "the first message expects 0", one(msg("c.1", expected, "0")), 0)
	answer(t, "a message that expects less", one(msg("c.1", expected, "0")), 10071)
	answer(t, "a message that expects more", one(msg("c.1", expected, "2")), 10071)
	answer(t, "a batch that expects less", batch(msg("c.1", expected, "0"), msg("c.1")), 10071)
	answer(t, "a batch whose second message expects too", batch(msg("c.2"), msg("c.3", expected, "2")), 10164)
	answer(t, "a batch that checks a subject it has written", batch(msg("c.4", expectedSubject, "0"), msg("c.4", expectedSubject, "0")), 10164)
	messages(t, js, 1)
	answer(t, "a batch that expects right", batch(msg("c.1", expected, "1"), msg("c.1"), msg("c.1")), 0)
	messages(t, js, 4)
}

func TestContractABatchIsAllOrNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	js, _, c := contract(t)
	var m []*nats.Msg
	for i := range 1001 {
		m = append(m, msg(fmt.Sprintf("c.%d", i)))
	}
	_, err := jetstreamext.PublishMsgBatch(ctx, js, m)
	answer(t, "1001 messages", err, 10199)
	messages(t, js, 0)
	ack, err := jetstreamext.PublishMsgBatch(ctx, js, m[:1000])
	answer(t, "1000 messages", err, 0)
	if err == nil && (ack.Sequence != 1000 || ack.BatchSize != 1000) {
		t.Errorf("the acknowledgement is %+v, want the number of the last message and the count", ack)
	}
	messages(t, js, 1000)

	// One that is left out, refused or never committed takes the others with it.
	for i, text := range []string{"1", "2", "4"} {
		if err := js.Conn().PublishMsg(msg("c.x", "Nats-Batch-Id", "gap", "Nats-Batch-Sequence", text)); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := js.Conn().RequestMsg(msg("c.x", "Nats-Batch-Id", "gap", "Nats-Batch-Sequence", "5", "Nats-Batch-Commit", "1"), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	messages(t, js, 1000)

	c.MaxMsgs = 1005
	if _, err := js.UpdateStream(ctx, c); err != nil {
		t.Fatal(err)
	}
	_, err = jetstreamext.PublishMsgBatch(ctx, js, m[:6])
	answer(t, "a batch beyond the limit", err, 10077)
	messages(t, js, 1000)
}

func TestContractDenialsHoldAndUpdatesAndDeletionDoNot(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	js, s, c := contract(t)
	for range 20 {
		if _, err := js.Publish(ctx, "c.1", nil); err != nil {
			t.Fatal(err)
		}
	}
	answer(t, "purge", s.Purge(ctx), 10110)
	if err := s.DeleteMsg(ctx, 1); !errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
		t.Errorf("delete a message: %v", err)
	}
	for _, off := range []func(*jetstream.StreamConfig){
		func(c *jetstream.StreamConfig) { c.DenyDelete = false },
		func(c *jetstream.StreamConfig) { c.DenyPurge = false },
	} {
		loose := c
		off(&loose)
		_, err := js.UpdateStream(ctx, loose)
		answer(t, "a denial is taken back", err, 10052)
	}
	messages(t, js, 20)
	// Why Open compares the configuration, and production accounts may not update.
	c.Discard, c.MaxMsgs = jetstream.DiscardOld, 10
	_, err := js.UpdateStream(ctx, c)
	answer(t, "a limit that drops messages", err, 0)
	if info, err := s.Info(ctx); err != nil || info.State.Msgs != 10 {
		t.Errorf("the limit left %v, %v; it used to drop ten messages", info.State, err)
	}
	answer(t, "the stream is deleted", js.DeleteStream(ctx, "C"), 0)
}

func TestContractAMirrorStripsTheServersHeadersOnly(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	js, s, _ := contract(t)
	if _, err := jetstreamext.PublishMsgBatch(ctx, js, []*nats.Msg{msg("c.1", "ce-type", "x", expected, "0"), msg("c.2")}); err != nil {
		t.Fatal(err)
	}
	a, err := s.GetMsg(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "M", Mirror: &jetstream.StreamSource{Name: "C"}})
	if err != nil {
		t.Fatal(err)
	}
	await(t, ctx, "the mirror", func() bool {
		info, err := mirror.Info(ctx)
		return err == nil && info.State.LastSeq == 2
	})
	b, err := mirror.GetMsg(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if a.Header.Get(expected) != "0" || b.Header.Get(expected) != "" || b.Header.Get("Nats-Batch-Id") != "" {
		t.Errorf("headers %v and, in the mirror, %v", a.Header, b.Header)
	}
	if b.Header.Get("ce-type") != "x" || a.Sequence != b.Sequence || a.Subject != b.Subject {
		t.Errorf("the mirror has %v", b)
	}
}

func TestContractMessageSizes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	js, _, c := contract(t)
	c.MaxMsgSize = 100
	if _, err := js.UpdateStream(ctx, c); err != nil {
		t.Fatal(err)
	}
	m := msg("c.1")
	m.Data = make([]byte, 101)
	_, err := js.PublishMsg(ctx, m)
	answer(t, "a message that is too large", err, 10054)
	c.MaxMsgSize, c.MaxBytes = -1, 1000
	if _, err := js.UpdateStream(ctx, c); err != nil {
		t.Fatal(err)
	}
	m = msg("c.1")
	m.Data = make([]byte, 1001)
	_, err = js.PublishMsg(ctx, m)
	answer(t, "a stream that is full", err, 10077)
}

// Why a stream on a server with limits has a limit of its own.
func TestContractALimitOfTheAccountTearsABatchApart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	js := limited(t, "{max_file: 100000}", "1GB")
	_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "C", Subjects: []string{"c.>"}, AllowAtomicPublish: true})
	if err != nil {
		t.Fatal(err)
	}
	var m []*nats.Msg
	for range 20 {
		m = append(m, msg("c.1"))
		m[len(m)-1].Data = make([]byte, 10_000)
	}
	if _, err := jetstreamext.PublishMsgBatch(ctx, js, m); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; it used to be left without an answer", err)
	}
	messages(t, js, 9)
}

package natslog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"zhucan/events"
)

// unacknowledged is how many bytes of a batch may be on their way before the
// server is waited for: it drops what waits in front of a stream above 128 MiB.
const unacknowledged = 16 << 20

// Append adds r after the record numbered last: one record as a plain message,
// several as one atomic batch. A record that would not come back byte for byte is
// refused.
//
// When no answer comes, or one that says nothing about the outcome, Append reads
// back from the leader. It returns [events.ErrUnknown] only if what was sent may
// still arrive. Appending again after the same last record is then safe: the
// server accepts one of the two.
func (l *Log) Append(ctx context.Context, last uint64, r ...events.Record) (uint64, error) {
	first, err := l.append(ctx, last, r)
	l.wake()
	if err != nil {
		return 0, fmt.Errorf("append to %s after %d: %w", l.stream, last, err)
	}
	return first, nil
}

func (l *Log) append(ctx context.Context, last uint64, r []events.Record) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if len(r) == 0 || len(r) > events.MaxAppend {
		return 0, fmt.Errorf("%d records: from 1 to %d are taken", len(r), events.MaxAppend)
	}
	messages, largest, total := make([]*nats.Msg, len(r)), 0, 0
	for i, r := range r {
		size, err := l.check(r)
		if err != nil {
			return 0, fmt.Errorf("record %d of %d: %w", i+1, len(messages), err)
		}
		messages[i] = message(r)
		largest, total = max(largest, size), total+size
	}
	messages[0].Header[jetstream.ExpectedLastSeqHeader] = []string{strconv.FormatUint(last, 10)}
	if s := l.cfg.Server; s != nil {
		if err := s.roomFor(total); err != nil {
			return 0, err
		}
	}

	send, cancel := context.WithTimeout(ctx, l.cfg.Timeout)
	defer cancel()
	first, err := l.publish(send, messages, largest)
	if err = translate(err); errors.Is(err, events.ErrUnknown) {
		return l.landed(ctx, last, r, err)
	}
	return first, err
}

// publish sends the messages and returns the number of the first.
func (l *Log) publish(ctx context.Context, m []*nats.Msg, largest int) (uint64, error) {
	if len(m) == 1 {
		// No attempt is repeated here: what became of the first would be lost.
		ack, err := l.js.PublishMsg(ctx, m[0], jetstream.WithRetryAttempts(0))
		if err != nil {
			return 0, err
		}
		return ack.Sequence, nil
	}
	flow := jetstreamext.BatchFlowControl{AckTimeout: l.cfg.Timeout}
	if every := unacknowledged / largest; every < len(m) {
		flow.AckEvery = every
	}
	ack, err := jetstreamext.PublishMsgBatch(ctx, l.js, m, flow)
	if err != nil {
		return 0, err
	}
	return ack.Sequence - ack.BatchSize + 1, nil
}

// landed finds out what became of records whose outcome is unknown because of
// cause. It is not cut short by the end of ctx, which may be the cause.
func (l *Log) landed(ctx context.Context, last uint64, r []events.Record, cause error) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.Timeout)
	defer cancel()
	end := last + uint64(len(r))
	var stored []events.Record
	head, err := l.Last(ctx)
	if err == nil {
		stored, err = l.Tail(ctx, last+1, min(head, end))
	}
	for i, s := range stored {
		if !same(s, r[i]) {
			return 0, fmt.Errorf("%w: record %d is another writer's", events.ErrConflict, s.Seq)
		}
	}
	// Of a batch there may be a part: the server, when it restarts, adds the rest.
	if len(stored) < len(r) {
		if s := l.cfg.Server; s != nil {
			err = errors.Join(err, s.Health())
		}
		return 0, errors.Join(cause, err)
	}
	l.cfg.Logger.WarnContext(ctx, "records without acknowledgement found in the log",
		slog.String("stream", l.stream), slog.Uint64("first", last+1), slog.Int("records", len(r)), slog.Any("error", cause))
	return last + 1, nil
}

// translate turns what the server and the client say about an Append into the
// errors of the contract: by code, never by text. What it does not know from the
// server is a refusal, for the server answers with an error only where it has
// stored nothing; what it does not know from the client is an unknown outcome.
func translate(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api):
		switch api.ErrorCode {
		case jetstream.JSErrCodeStreamWrongLastSequence, jetstream.JSErrCodeStreamWrongLastSequenceConstant:
			return fmt.Errorf("%w: %w", events.ErrConflict, err)
		case codeAccountResources, codeInsufficientResources, codeStoreFailed:
			return fmt.Errorf("%w: %w", events.ErrFull, err)
		case jetstreamext.JSErrCodeBatchPublishIncomplete, jetstreamext.JSErrCodeBatchPublishDuplicateMsgID:
			return fmt.Errorf("%w: %w", events.ErrUnknown, err)
		}
		return err
	case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, nats.ErrBadSubject), errors.Is(err, nats.ErrHeadersNotSupported):
		return err // not sent; of a batch, the commit was not sent
	}
	return fmt.Errorf("%w: %w", events.ErrUnknown, err)
}

// Codes of the server that nats.go does not name.
const (
	codeAccountResources      jetstream.ErrorCode = 10002
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeStoreFailed           jetstream.ErrorCode = 10077 // a limit of the stream; a failing disk is answered by silence
)

package memlog_test

import (
	"context"
	"errors"
	"testing"

	"zhucan/events"
	"zhucan/events/logtest"
	"zhucan/events/memlog"
)

func TestALogInMemoryIsALog(t *testing.T) {
	t.Parallel()
	logtest.Run(t, func(*testing.T) events.Log { return new(memlog.Log) })
}

func TestAFaultDoesWhatItSays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, test := range []struct {
		name    string
		fault   memlog.Fault
		want    error
		written int // right after the failed append
		later   int // after one more append that expects what was there before the failed one
		again   error
	}{
		{"none", memlog.None, nil, 3, 3, events.ErrConflict},
		{"refused", memlog.Refused, memlog.ErrRefused, 1, 2, nil},
		{"dropped", memlog.Dropped, events.ErrUnknown, 1, 2, nil},
		{"lost", memlog.Lost, events.ErrUnknown, 3, 3, events.ErrConflict},
		{"late", memlog.Late, events.ErrUnknown, 1, 3, events.ErrConflict},
		{"full", memlog.Full, events.ErrFull, 1, 2, nil},
		{"conflict", memlog.Conflict, events.ErrConflict, 1, 2, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log := &memlog.Log{Fail: func(n int, r []events.Record) memlog.Fault {
				if n == 2 && len(r) == 2 {
					return test.fault
				}
				return memlog.None
			}}
			if _, err := log.Append(ctx, 0, logtest.Record(1)); err != nil {
				t.Fatal(err)
			}
			if _, err := log.Append(ctx, 1, logtest.Records(2, 3)...); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			logtest.Expect(t, ctx, log, 0, logtest.Records(1, test.written))
			if _, err := log.Append(ctx, 1, logtest.Record(2)); !errors.Is(err, test.again) {
				t.Errorf("again: %v, want %v", err, test.again)
			}
			logtest.Expect(t, ctx, log, 0, logtest.Records(1, test.later))
		})
	}
}

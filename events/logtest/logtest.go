// Package logtest holds what every log must do: order, numbers without a gap, all
// records of an append or none, the fence against a second writer, and bytes that
// come back as they went in.
package logtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zhucan/events"
)

// Book is the book to which the suite's records belong.
const Book = "220000"

// patience is how long the suite waits for what must happen, on a machine that has
// other things to do as well.
const patience = 3 * time.Minute

// Run runs the suite. open returns an empty log of [Book] each time; the tests run
// one after another, so that it may be the same place, emptied.
func Run(t *testing.T, open func(*testing.T) events.Log) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, context.Context, events.Log)
	}{
		{"an empty log has no records", empty},
		{"records are numbered from 1 in the order of appending", order},
		{"reading begins after any record", middle},
		{"reading after a record that is not there is a gap", beyond},
		{"reading ends with the last record there was", ends},
		{"a reader may stop", stops},
		{"an append after another record than the last is a conflict", conflict},
		{"no record, or more than the most, is refused", sizes},
		{"the most records are appended at once", most},
		{"a record comes back byte for byte", bytewise},
		{"what would not come back as it was is refused whole", hostile},
		{"records of 200 KB come back", large},
		{"appending changes no record of the caller's", untouched},
		{"concurrent writers lose no acknowledged record", writers},
		{"a cancelled append writes nothing", cancelled},
		{"a cancelled read says so", cancelledRead},
		{"following waits for later records", follow},
		{"following ends with its context", followEnds},
		{"followers all see the same", followers},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			test.run(t, ctx, open(t))
		})
	}
}

// Record returns a record that n distinguishes.
func Record(n int) events.Record {
	return events.Record{
		Subject: "book." + Book + ".claim",
		Header: events.Header{
			{Key: "ce-id", Value: fmt.Sprintf("01JTEST%019d:1", n)},
			{Key: "ce-source", Value: "/zhucan/" + Book},
			{Key: "ce-type", Value: "claim.submitted.v1"},
		},
		Data: fmt.Appendf(nil, `{"amount":"%d.00"}`, n),
	}
}

// Records returns the records from..to, both included.
func Records(from, to int) []events.Record {
	var r []events.Record
	for n := from; n <= to; n++ {
		r = append(r, Record(n))
	}
	return r
}

// Same tells whether two records are equal but for their numbers.
func Same(a, b events.Record) bool {
	return a.Subject == b.Subject && slices.Equal(a.Header, b.Header) && bytes.Equal(a.Data, b.Data)
}

// Expect fails the test unless log holds exactly want after the record numbered
// after.
func Expect(t testing.TB, ctx context.Context, log events.Log, after uint64, want []events.Record) {
	t.Helper()
	n := 0
	for r, err := range log.Read(ctx, after) {
		if err != nil {
			t.Fatalf("after %d records: %v", n, err)
		}
		if n == len(want) {
			t.Fatalf("more than the %d records expected", n)
		}
		if r.Seq != after+uint64(n)+1 {
			t.Fatalf("record %d of the reading has number %d, want %d", n+1, r.Seq, after+uint64(n)+1)
		}
		if !Same(r, want[n]) {
			t.Fatalf("record %d is %.200v\nwant %.200v", r.Seq, r, want[n])
		}
		n++
	}
	if n != len(want) {
		t.Fatalf("%d records, want %d", n, len(want))
	}
	last, err := log.Last(ctx)
	if err != nil || last != after+uint64(n) {
		t.Fatalf("Last = %d, %v, want %d", last, err, after+uint64(n))
	}
}

func add(t testing.TB, ctx context.Context, log events.Log, last uint64, r ...events.Record) {
	t.Helper()
	first, err := log.Append(ctx, last, r...)
	if err != nil || first != last+1 {
		t.Fatalf("append %d records after %d: first %d, %v", len(r), last, first, err)
	}
}

func empty(t *testing.T, ctx context.Context, log events.Log) {
	Expect(t, ctx, log, 0, nil)
}

func order(t *testing.T, ctx context.Context, log events.Log) {
	want := Records(1, 60)
	add(t, ctx, log, 0, want[0])
	add(t, ctx, log, 1, want[1:11]...)
	add(t, ctx, log, 11, want[11:13]...)
	for i := 13; i < 60; i++ {
		add(t, ctx, log, uint64(i), want[i])
	}
	Expect(t, ctx, log, 0, want)
	Expect(t, ctx, log, 0, want)
}

func middle(t *testing.T, ctx context.Context, log events.Log) {
	want := Records(1, 30)
	add(t, ctx, log, 0, want...)
	for after := range 31 {
		Expect(t, ctx, log, uint64(after), want[after:])
	}
}

func beyond(t *testing.T, ctx context.Context, log events.Log) {
	add(t, ctx, log, 0, Records(1, 3)...)
	for name, records := range map[string]iter.Seq2[events.Record, error]{"read": log.Read(ctx, 4), "follow": log.Follow(ctx, 4)} {
		n := 0
		for _, err := range records {
			if n++; !errors.Is(err, events.ErrGap) {
				t.Errorf("%s: %v, want ErrGap", name, err)
			}
		}
		if n != 1 {
			t.Errorf("%s yielded %d times, want once", name, n)
		}
	}
}

func ends(t *testing.T, ctx context.Context, log events.Log) {
	add(t, ctx, log, 0, Records(1, 5)...)
	n := 0
	for r, err := range log.Read(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			add(t, ctx, log, 5, Records(6, 9)...)
		}
		if r.Seq > 5 {
			t.Errorf("record %d was not there when reading began", r.Seq)
		}
	}
	if n != 5 {
		t.Errorf("%d records, want 5", n)
	}
}

func stops(t *testing.T, ctx context.Context, log events.Log) {
	add(t, ctx, log, 0, Records(1, 9)...)
	for r, err := range log.Read(ctx, 2) {
		if err != nil || r.Seq != 3 {
			t.Fatalf("record %d, %v", r.Seq, err)
		}
		break
	}
	for r, err := range log.Follow(ctx, 2) {
		if err != nil || r.Seq > 4 {
			t.Fatalf("record %d, %v", r.Seq, err)
		}
		if r.Seq == 4 {
			break
		}
	}
	Expect(t, ctx, log, 0, Records(1, 9))
}

func conflict(t *testing.T, ctx context.Context, log events.Log) {
	refused := func(last uint64, r ...events.Record) {
		t.Helper()
		if first, err := log.Append(ctx, last, r...); !errors.Is(err, events.ErrConflict) || first != 0 {
			t.Errorf("append of %d after %d: first %d, %v, want ErrConflict", len(r), last, first, err)
		}
	}
	refused(1, Record(1))
	refused(1, Records(1, 3)...)
	add(t, ctx, log, 0, Records(1, 3)...)
	for _, last := range []uint64{0, 1, 2, 4, 1 << 40} {
		refused(last, Record(9))
		refused(last, Records(9, 20)...)
	}
	Expect(t, ctx, log, 0, Records(1, 3))
	add(t, ctx, log, 3, Record(4))
	refused(3, Record(4))
	Expect(t, ctx, log, 0, Records(1, 4))
}

func sizes(t *testing.T, ctx context.Context, log events.Log) {
	for _, r := range [][]events.Record{nil, Records(1, events.MaxAppend+1)} {
		_, err := log.Append(ctx, 0, r...)
		if err == nil || errors.Is(err, events.ErrUnknown) || errors.Is(err, events.ErrConflict) {
			t.Errorf("append of %d records: %v, want a refusal", len(r), err)
		}
	}
	Expect(t, ctx, log, 0, nil)
}

func most(t *testing.T, ctx context.Context, log events.Log) {
	want := Records(1, 2*events.MaxAppend)
	add(t, ctx, log, 0, want[:events.MaxAppend]...)
	add(t, ctx, log, events.MaxAppend, want[events.MaxAppend:]...)
	Expect(t, ctx, log, 0, want)
}

func bytewise(t *testing.T, ctx context.Context, log events.Log) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	subject := "book." + Book + ".claim"
	want := []events.Record{
		{Subject: subject, Data: all},
		{Subject: subject},
		{Subject: subject, Header: events.Header{{Key: "ce-subject", Value: "补贴 申请 𬸚"}}, Data: []byte("残疾人就业保障金\r\n\x00")},
		{Subject: subject, Header: events.Header{{Key: "a", Value: ""}, {Key: "a-b", Value: "x:y: z"}, {Key: "b", Value: "\"'\\;,=%0a"}, {Key: "c", Value: "two  spaces"}}},
		{Subject: subject, Header: events.Header{{Key: "description", Value: "no"}, {Key: "status", Value: "503"}}},
		{Subject: "book." + Book + ".payment.batch", Data: bytes.Repeat([]byte("\xff\x00\r\n"), 100)},
	}
	for i, r := range want {
		add(t, ctx, log, uint64(i), r)
	}
	add(t, ctx, log, uint64(len(want)), want...)
	Expect(t, ctx, log, 0, append(slices.Clone(want), want...))
}

// A log may be able to keep these or not; what it may not do is change them.
func hostile(t *testing.T, ctx context.Context, log events.Log) {
	var kept []events.Record
	for _, h := range []events.Header{
		{{Key: "ce-id", Value: " leading"}},
		{{Key: "ce-id", Value: "trailing\t"}},
		{{Key: "ce-id", Value: "line\nbreak"}},
		{{Key: "ce-id", Value: "line\r\nce-type: other"}},
		{{Key: "ce-id", Value: "nul\x00"}},
		{{Key: "ce-id", Value: "bad \xff utf8"}},
		{{Key: "ce-id", Value: "\u00a0nbsp\u00a0"}},
		{{Key: "ce-id", Value: strings.Repeat("v", 60<<10)}},
		{{Key: "ce-id", Value: strings.Repeat("v", 70<<10)}},
		{{Key: "", Value: "no key"}},
		{{Key: "ce id", Value: "space"}},
		{{Key: "ce:id", Value: "colon"}},
		{{Key: "Ce-Id", Value: "capitals"}},
		{{Key: "Nats-Msg-Id", Value: "server's"}},
		{{Key: "nats-expected-last-sequence", Value: "77"}},
		{{Key: "b", Value: "order"}, {Key: "a", Value: "order"}},
		{{Key: "a", Value: "twice"}, {Key: "a", Value: "twice"}},
	} {
		r := events.Record{Subject: "book." + Book + ".claim", Header: h, Data: []byte("{}")}
		good := Record(len(kept))
		for _, r := range [][]events.Record{{r}, {good, r}, {r, good}} {
			switch first, err := log.Append(ctx, uint64(len(kept)), r...); {
			case err == nil && first == uint64(len(kept))+1:
				kept = append(kept, r...)
			case err == nil || errors.Is(err, events.ErrUnknown) || errors.Is(err, events.ErrConflict):
				t.Errorf("header %.80q: first %d, %v, want a refusal or %d", h, first, err, len(kept)+1)
			}
		}
	}
	Expect(t, ctx, log, 0, kept)
	add(t, ctx, log, uint64(len(kept)), Record(1))
}

func large(t *testing.T, ctx context.Context, log events.Log) {
	var want []events.Record
	for n := range 200 {
		r := Record(n)
		r.Data = bytes.Repeat([]byte{byte(n), byte(n >> 8), 0xa5, '\n'}, 50_000)
		want = append(want, r)
	}
	add(t, ctx, log, 0, want[0])
	add(t, ctx, log, 1, want[1:]...)
	Expect(t, ctx, log, 0, want)
}

func untouched(t *testing.T, ctx context.Context, log events.Log) {
	mine := Records(1, 3)
	add(t, ctx, log, 0, mine...)
	add(t, ctx, log, 3, mine[0])
	for i, r := range mine {
		if r.Seq != 0 || !Same(r, Record(i+1)) {
			t.Errorf("record %d is now %v", i+1, r)
		}
	}
	for r, err := range log.Read(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		r.Data[0], r.Header[0].Value = '!', "changed"
		mine[0].Data[0] = '!'
	}
	Expect(t, ctx, log, 0, append(Records(1, 3), Record(1)))
}

func writers(t *testing.T, ctx context.Context, log events.Log) {
	const each, count = 25, 4
	type written struct {
		first uint64
		r     []events.Record
	}
	acknowledged := make(chan written, each*count)
	var wg sync.WaitGroup
	for w := range count {
		wg.Go(func() {
			for n := 0; n < each; {
				last, err := log.Last(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				r := Records(1000*w+10*n, 1000*w+10*n+n%3)
				switch first, err := log.Append(ctx, last, r...); {
				case err == nil:
					if first != last+1 {
						t.Errorf("first is %d after %d", first, last)
					}
					acknowledged <- written{first, r}
					n++
				case !errors.Is(err, events.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(acknowledged)
	if t.Failed() {
		return
	}
	var want []events.Record
	for a := range acknowledged {
		want = append(want, make([]events.Record, max(0, int(a.first)-1+len(a.r)-len(want)))...)
		for i, r := range a.r {
			at := int(a.first) - 1 + i
			if want[at].Subject != "" {
				t.Fatalf("record %d was acknowledged to two writers", at+1)
			}
			want[at] = r
		}
	}
	Expect(t, ctx, log, 0, want)
}

func cancelled(t *testing.T, ctx context.Context, log events.Log) {
	over, cancel := context.WithCancel(ctx)
	cancel()
	for _, r := range [][]events.Record{Records(1, 1), Records(1, 3)} {
		if _, err := log.Append(over, 0, r...); !errors.Is(err, context.Canceled) {
			t.Errorf("append of %d: %v, want context.Canceled", len(r), err)
		}
	}
	if _, err := log.Last(over); !errors.Is(err, context.Canceled) {
		t.Errorf("Last: %v, want context.Canceled", err)
	}
	Expect(t, ctx, log, 0, nil)
}

func cancelledRead(t *testing.T, ctx context.Context, log events.Log) {
	add(t, ctx, log, 0, Records(1, events.MaxAppend)...)
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	var last uint64
	var fault error
	for r, err := range log.Read(over, 0) {
		if fault != nil {
			t.Fatal("something follows an error")
		}
		if fault = err; err == nil {
			if r.Seq != last+1 {
				t.Fatalf("record %d after %d", r.Seq, last)
			}
			last = r.Seq
		}
		cancel()
	}
	// What had come before is yielded or not; that it is not all is said.
	if last != events.MaxAppend && !errors.Is(fault, context.Canceled) {
		t.Errorf("ended after %d with %v, want context.Canceled", last, fault)
	}
	for _, err := range log.Read(over, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
	}
}

func follow(t *testing.T, ctx context.Context, log events.Log) {
	add(t, ctx, log, 0, Records(1, 5)...)
	n := 2
	for r, err := range log.Follow(ctx, 2) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; r.Seq != uint64(n) || !Same(r, Record(n)) {
			t.Fatalf("record %v, want %d", r, n)
		}
		switch n {
		case 5:
			add(t, ctx, log, 5, Record(6))
		case 6:
			add(t, ctx, log, 6, Records(7, 1006)...)
		case 1006:
			return
		}
	}
	t.Errorf("following ended after %d", n)
}

func followEnds(t *testing.T, ctx context.Context, log events.Log) {
	add(t, ctx, log, 0, Record(1))
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	var fault error
	for r, err := range log.Follow(over, 0) {
		if fault != nil || err == nil && r.Seq != 1 {
			t.Fatalf("%v, %v after %v", r, err, fault)
		}
		fault = err
		time.AfterFunc(time.Millisecond, cancel)
	}
	if !errors.Is(fault, context.Canceled) {
		t.Errorf("ended with %v, want context.Canceled", fault)
	}
}

func followers(t *testing.T, ctx context.Context, log events.Log) {
	const n = 300
	var wg sync.WaitGroup
	for f := range 3 {
		wg.Go(func() {
			at := uint64(0)
			for r, err := range log.Follow(ctx, 0) {
				if at++; err != nil || r.Seq != at || !Same(r, Record(int(at))) {
					t.Errorf("follower %d: %v, %v, want record %d", f, r, err, at)
					return
				}
				if at == n {
					return
				}
			}
		})
	}
	for i := 0; i < n; i += 3 {
		add(t, ctx, log, uint64(i), Records(i+1, i+3)...)
	}
	wg.Wait()
}

package events_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/budget"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

// run starts an appender that is stopped when the test ends.
func run(t testing.TB, log events.Log, cfg events.Config) *events.Appender {
	t.Helper()
	a, stop := start(t, log, cfg)
	t.Cleanup(func() {
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("the appender ended with %v", err)
		}
	})
	return a
}

// start starts an appender and returns what stops it and says why it ended.
func start(t testing.TB, log events.Log, cfg events.Config) (*events.Appender, func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a := events.NewAppender(log, cfg)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
}

// ticking returns a clock that is a second later each time it is asked.
func ticking() func() time.Time {
	now := time.Date(2023, 3, 1, 8, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

// A shaky log does something before it appends or reads. An error is what the
// caller gets instead.
type shaky struct {
	*memlog.Log
	append, read func() error
	failed       atomic.Int32 // appends
}

func (l *shaky) Append(ctx context.Context, last uint64, r ...events.Record) (uint64, error) {
	if l.append != nil {
		if err := l.append(); err != nil {
			return 0, err
		}
	}
	first, err := l.Log.Append(ctx, last, r...)
	if err != nil {
		l.failed.Add(1)
	}
	return first, err
}

func (l *shaky) Read(ctx context.Context, after uint64) iter.Seq2[events.Record, error] {
	if l.read != nil {
		if err := l.read(); err != nil {
			return source(nil, err)
		}
	}
	return l.Log.Read(ctx, after)
}

// opening is how many commands of the scenario make a book that takes payments.
const opening = 7

// opened returns a log with a policy, parties and money, and its faults from
// then on: the first is that of the first append.
func opened(t testing.TB, faults ...memlog.Fault) *memlog.Log {
	t.Helper()
	log := new(memlog.Log)
	a, stop := start(t, log, events.Config{Clock: ticking()})
	defer stop()
	expect(t, a, scenario()[:opening], func(i int, r events.Receipt) bool { return r.Seq == uint64(i)+1 && r.Err == nil })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	log.Fail = func(int, []events.Record) memlog.Fault {
		if len(faults) == 0 {
			return memlog.None
		}
		f := faults[0]
		faults = faults[1:]
		return f
	}
	return log
}

// paid asks to record a payment made elsewhere.
func paid(id ledger.CommandID, p ledger.PaymentID, fen int64) events.Request {
	return order(id, ledgertest.Clerk, day, payment.Record{Amount: ledger.Fen(fen), Line: line, Party: "P1", Payment: p, Source: hash + ":1"})
}

// many asks to record n payments.
func many(n int) []events.Request {
	var rs []events.Request
	for i := range n {
		rs = append(rs, paid(ledger.CommandID(fmt.Sprintf("many-%04d", i)), ledger.PaymentID(fmt.Sprintf("M%04d", i)), 100))
	}
	return rs
}

// expect submits commands and holds each receipt against ok.
func expect(t testing.TB, a *events.Appender, rs []events.Request, ok func(int, events.Receipt) bool) []events.Receipt {
	t.Helper()
	receipts, err := a.SubmitAll(context.Background(), rs)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if !ok(i, r) {
			t.Fatalf("%s: %+v", rs[i].Command.ID, r)
		}
	}
	return receipts
}

// once holds a log against receipts: each command that has one stands in the log
// exactly once, at that place; nothing else does.
func once(t testing.TB, log events.Log, rs []events.Request, receipts []events.Receipt) {
	t.Helper()
	at := make(map[ledger.CommandID]uint64)
	for _, r := range read(t, log) {
		d, err := events.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		if at[d.Meta.Command] != 0 {
			t.Fatalf("%s stands at %d and %d", d.Meta.Command, at[d.Meta.Command], r.Seq)
		}
		at[d.Meta.Command] = r.Seq
	}
	for i, r := range receipts {
		switch id := rs[i].Command.ID; {
		case r.Err == nil && (r.Seq == 0 || at[id] != r.Seq):
			t.Errorf("%s was answered %+v and stands at %d", id, r, at[id])
		case r.Err != nil && at[id] != 0 && !errors.Is(r.Err, events.ErrReused):
			t.Errorf("%s was refused (%v) and stands at %d", id, r.Err, at[id])
		}
	}
}

func TestACommandHasOneEffectForEver(t *testing.T) {
	t.Parallel()
	log := opened(t)
	a, stop := start(t, log, events.Config{})
	first, err := a.Submit(t.Context(), paid("once", "A1", 100))
	if err != nil || first.Seq != opening+1 || first.Repeats {
		t.Fatalf("%+v, %v", first, err)
	}
	refused := paid("refused", "A1", 100)
	if r, err := a.Submit(t.Context(), refused); !errors.Is(err, payment.ErrTaken) || r.Seq != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	intent := paid("row", "A2", 100)
	intent.Intent = []byte("row 7 of a file")
	row, err := a.Submit(t.Context(), intent)
	if err != nil {
		t.Fatal(err)
	}

	again := func(a *events.Appender) {
		t.Helper()
		if r, err := a.Submit(t.Context(), paid("once", "A1", 100)); err != nil || r != (events.Receipt{Seq: first.Seq, Repeats: true}) {
			t.Errorf("repeated: %+v, %v", r, err)
		}
		laterDay := paid("once", "A1", 100)
		laterDay.Command.On = day.AddDays(1)
		for _, r := range []events.Request{
			paid("once", "A1", 101), laterDay,
			order("once", ledgertest.Cashier, day, payment.Confirm{Payment: "A1", Serial: "1"}),
		} {
			if r, err := a.Submit(t.Context(), r); !errors.Is(err, events.ErrReused) || r.Seq != 0 {
				t.Errorf("with another content: %+v, %v", r, err)
			}
		}
		// A row that is mapped in another way is the same row.
		if r, err := a.Submit(t.Context(), events.Request{Command: paid("row", "A3", 200).Command, Intent: intent.Intent}); err != nil || r != (events.Receipt{Seq: row.Seq, Repeats: true}) {
			t.Errorf("the same intent: %+v, %v", r, err)
		}
		if _, err := a.Submit(t.Context(), events.Request{Command: intent.Command, Intent: []byte("row 8 of a file")}); !errors.Is(err, events.ErrReused) {
			t.Errorf("another intent: %v", err)
		}
	}
	again(a)
	stop()
	a = run(t, log, events.Config{})
	again(a)

	// What was refused may be asked for again, and for something else.
	if r, err := a.Submit(t.Context(), paid("refused", "A4", 100)); err != nil || r.Repeats || r.Seq != row.Seq+1 {
		t.Errorf("an identifier of a refusal: %+v, %v", r, err)
	}
	if last, _ := log.Last(t.Context()); last != row.Seq+1 {
		t.Errorf("the log has %d records", last)
	}
}

func TestDuplicatesHaveOneEffect(t *testing.T) {
	t.Parallel()
	t.Run("within one submission", func(t *testing.T) {
		t.Parallel()
		log := opened(t)
		a := run(t, log, events.Config{})
		expect(t, a, []events.Request{paid("a", "A1", 100), paid("a", "A1", 100), paid("a", "A1", 100)}, func(i int, r events.Receipt) bool {
			return r == events.Receipt{Seq: opening + 1, Repeats: i > 0}
		})
	})
	t.Run("within one group that is written in the second attempt", func(t *testing.T) {
		t.Parallel()
		log := opened(t, memlog.Dropped)
		a := run(t, log, events.Config{})
		expect(t, a, []events.Request{paid("a", "A1", 100), paid("a", "A1", 100)}, func(i int, r events.Receipt) bool {
			return r == events.Receipt{Seq: opening + 1, Repeats: i > 0}
		})
	})
	t.Run("of ten callers at once", func(t *testing.T) {
		t.Parallel()
		for _, fault := range []memlog.Fault{memlog.None, memlog.Dropped, memlog.Lost, memlog.Late, memlog.Conflict} {
			log := opened(t, fault)
			a := run(t, log, events.Config{})
			receipts := together(t, a, slices.Repeat([]events.Request{paid("a", "A1", 100)}, 10))
			fresh := 0
			for _, r := range receipts {
				if r.Err != nil || r.Seq != opening+1 {
					t.Errorf("fault %d: %+v", fault, r)
				}
				if !r.Repeats {
					fresh++
				}
			}
			if fresh != 1 {
				t.Errorf("fault %d: %d callers were told that they were the first", fault, fresh)
			}
			if last, _ := log.Last(t.Context()); last != opening+1 {
				t.Errorf("fault %d: the log has %d records", fault, last)
			}
		}
	})
	t.Run("while the first is on its way", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			held := make(chan struct{})
			log := &shaky{Log: opened(t), append: func() error { <-held; return nil }}
			a, stop := start(t, log, events.Config{})
			defer stop()
			answers := make(chan events.Receipt, 2)
			for range 2 {
				go func() {
					r, _ := a.Submit(context.Background(), paid("a", "A1", 100))
					answers <- r
				}()
				synctest.Wait()
			}
			if len(answers) != 0 {
				t.Errorf("%d answers before anything is on disk", len(answers))
			}
			close(held)
			if first, second := <-answers, <-answers; first.Seq != opening+1 || second.Seq != opening+1 || first.Repeats == second.Repeats {
				t.Errorf("%+v and %+v", first, second)
			}
		})
	})
}

// together submits each request from a goroutine of its own.
func together(t testing.TB, a *events.Appender, rs []events.Request) []events.Receipt {
	t.Helper()
	receipts := make([]events.Receipt, len(rs))
	var wg sync.WaitGroup
	for i, r := range rs {
		wg.Go(func() {
			receipts[i], receipts[i].Err = a.Submit(context.Background(), r)
		})
	}
	wg.Wait()
	return receipts
}

func TestManyClientsAreWrittenInGroups(t *testing.T) {
	t.Parallel()
	log := opened(t)
	appends := 0
	log.Fail = func(int, []events.Record) memlog.Fault { appends++; return memlog.None }
	held := make(chan struct{})
	gate := &shaky{Log: log, append: func() error { <-held; return nil }}
	a := run(t, gate, events.Config{Clock: ticking()})

	const clients, each = 64, 20
	answered := make([][]events.Receipt, clients)
	asked := make([][]events.Request, clients)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", c, i)
				r := paid(ledger.CommandID("client-"+id), ledger.PaymentID("P-"+id), int64(100+i))
				receipt, err := a.Submit(context.Background(), r)
				receipt.Err = err
				asked[c], answered[c] = append(asked[c], r), append(answered[c], receipt)
			}
		})
	}
	close(held)
	wg.Wait()
	once(t, log, slices.Concat(asked...), slices.Concat(answered...))
	records := read(t, log)
	if len(records) != opening+clients*each {
		t.Errorf("the log has %d records", len(records))
	}
	for c := range clients {
		for i, r := range answered[c] {
			if r.Err != nil || r.Repeats || i > 0 && r.Seq <= answered[c][i-1].Seq {
				t.Fatalf("client %d: %+v", c, answered[c])
			}
			d := decode(t, records[r.Seq-1])
			if e := d.Event.(payment.Recorded); e.Payment != asked[c][i].Command.Do.(payment.Record).Payment || e.Amount.String() != ledger.Fen(int64(100+i)).String() {
				t.Fatalf("record %d is %+v", r.Seq, e)
			}
		}
	}
	if appends >= clients*each {
		t.Errorf("%d appends for %d commands: nothing was grouped", appends, clients*each)
	}
	if n := gate.failed.Load(); n != 0 {
		t.Errorf("%d appends expected another number than the log's last", n)
	}
}

func TestCommandsThatAreSubmittedTogetherHaveEffectInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, faults := range [][]memlog.Fault{nil, {memlog.Dropped, memlog.None, memlog.Conflict}} {
		log := &shaky{Log: opened(t, faults...)}
		a := run(t, log, events.Config{})
		rs := many(4500) // more groups than can be on their way at once
		receipts := expect(t, a, rs, func(i int, r events.Receipt) bool { return r == events.Receipt{Seq: opening + uint64(i) + 1} })
		once(t, log, rs, receipts)
		if n := log.failed.Load(); faults == nil && n != 0 {
			t.Errorf("%d appends expected another number than the log's last", n)
		}
	}
}

// introduced asks to record a payment made elsewhere, to a person who is made known
// ahead of it.
func introduced(n string, fen int64) []events.Request {
	who := ledger.PartyID("P-" + n)
	known := order(ledger.CommandID("known-"+n), ledgertest.Clerk, day, party.Register{Kind: policy.Person, Party: who, Region: "220104", Sealed: ledgertest.Sealed})
	known.Ahead = true
	return []events.Request{known, order(ledger.CommandID("paid-"+n), ledgertest.Clerk, day, payment.Record{
		Amount: ledger.Fen(fen), Line: line, Party: who, Payment: ledger.PaymentID("pay-" + n), Source: hash + ":1",
	})}
}

func TestWhatGoesAheadHasEffectWithTheCommandItServes(t *testing.T) {
	t.Parallel()
	log := opened(t)
	a := run(t, log, events.Config{})
	unsealed := func(n string) events.Request {
		q := introduced(n, 100)[0]
		q.Command.Do = party.Register{Kind: policy.Person, Party: ledger.PartyID("P-" + n), Region: "220104"}
		return q
	}
	rs := slices.Concat(introduced("1", 100), introduced("2", 0),
		[]events.Request{unsealed("3"), introduced("3", 100)[1]},
		[]events.Request{unsealed("4"), paid("paid-4", "pay-4", 100)}) // what is ahead is refused, and is no reason
	refused := map[int]*ledger.Rejection{2: ledger.ErrAmountSign, 3: ledger.ErrAmountSign, 4: party.ErrKind, 5: party.ErrUnknown, 6: party.ErrKind}
	check := func(again bool) []events.Receipt {
		return expect(t, a, rs, func(i int, r events.Receipt) bool {
			if rule := refused[i]; rule != nil {
				return errors.Is(r.Err, rule)
			}
			return r.Err == nil && r.Repeats == again
		})
	}
	once(t, log, rs, check(false))
	once(t, log, rs, check(true))
	// Who was made known for nothing is unknown, and made known by the row put right.
	right := introduced("2", 100)
	right[1].Command.ID = "paid-2-right"
	got := expect(t, a, right, func(_ int, r events.Receipt) bool { return r.Err == nil && !r.Repeats })
	once(t, log, right, got)
	// Nobody is made known for what was done long ago.
	before, err := log.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, a, []events.Request{introduced("5", 100)[0], rs[1]}, func(_ int, r events.Receipt) bool { return r.Err == nil && r.Repeats })
	if last, err := log.Last(t.Context()); err != nil || last != before {
		t.Errorf("%d records after a repetition, %d before: %v", last, before, err)
	}
	if _, err := a.Submit(t.Context(), introduced("5", 100)[1]); !errors.Is(err, party.ErrUnknown) {
		t.Errorf("a payment to somebody made known for a repetition: %v", err)
	}
	if _, err := a.SubmitAll(t.Context(), slices.Concat(slices.Repeat([]events.Request{rs[0]}, events.MaxAhead+1), many(1))); !errors.Is(err, events.ErrUnfit) {
		t.Errorf("more ahead than is taken: %v", err)
	}
}

// A command and what goes ahead of it are on disk together or not at all, however
// few are written and whatever fails.
func TestWhatGoesAheadIsOnDiskWithTheCommandItServes(t *testing.T) {
	t.Parallel()
	for fault := memlog.None; fault <= memlog.Conflict; fault++ {
		log := opened(t)
		first := true
		log.Fail = func(_ int, records []events.Record) memlog.Fault {
			if len(records)%2 != 0 {
				t.Errorf("fault %d: %d records are written of pairs", fault, len(records))
			}
			if first {
				first = false
				return fault
			}
			return memlog.None
		}
		a := run(t, log, events.Config{})
		rs := slices.Concat(introduced("1", 100), introduced("2", 100), introduced("3", 100))
		receipts, err := a.SubmitAll(t.Context(), rs)
		if err != nil {
			t.Fatal(err)
		}
		once(t, log, rs, receipts)
		for i := 0; i < len(rs); i += 2 {
			if (receipts[i].Err == nil) != (receipts[i+1].Err == nil) {
				t.Errorf("fault %d: %+v", fault, receipts[i:i+2])
			}
		}
		again := expect(t, a, rs, func(_ int, r events.Receipt) bool { return r.Err == nil })
		once(t, log, rs, again)
	}
}

// One group of each size meets each fault once: at its first append, and where
// records are appended one by one also at the second.
func TestAFaultLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 3, 20, 1000} {
		for fault := memlog.Refused; fault <= memlog.Conflict; fault++ {
			for at := range 2 {
				if at == 1 && size != 3 {
					continue
				}
				t.Run(fmt.Sprintf("fault %d in append %d of %d records", fault, at+1, size), func(t *testing.T) {
					t.Parallel()
					log := opened(t, append(make([]memlog.Fault, at), fault)...)
					a := run(t, log, events.Config{})
					rs := many(size)
					receipts := expect(t, a, rs, func(i int, r events.Receipt) bool {
						switch {
						case i < at: // it was on disk before the fault
							return r.Err == nil && !r.Repeats
						case fault == memlog.Refused:
							return errors.Is(r.Err, memlog.ErrRefused)
						case fault == memlog.Full:
							return errors.Is(r.Err, events.ErrNoRoom)
						}
						return r == events.Receipt{Seq: opening + uint64(i) + 1}
					})
					once(t, log, rs, receipts)
					again := expect(t, a, rs, func(i int, r events.Receipt) bool {
						return r.Err == nil && r.Seq == opening+uint64(i)+1 && r.Repeats == (receipts[i].Err == nil)
					})
					once(t, log, rs, again)
				})
			}
		}
	}
}

func TestAnOutcomeIsNotGuessed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		faults []memlog.Fault
		want   error
	}{
		{"conflicts without end", slices.Repeat([]memlog.Fault{memlog.Conflict}, 5), events.ErrUnsure},
		{"silence without end", slices.Repeat([]memlog.Fault{memlog.Dropped}, 5), events.ErrUnsure},
		{"no room", []memlog.Fault{memlog.Full}, events.ErrNoRoom},
		{"a conflict, then no room", []memlog.Fault{memlog.Conflict, memlog.Full}, events.ErrNoRoom},
		{"silence, then no room", []memlog.Fault{memlog.Late, memlog.Full}, nil}, // it came late, in front of the second append
		{"a lost request, then no room", []memlog.Fault{memlog.Dropped, memlog.Full}, events.ErrUnsure},
		{"a lost request, then a refusal", []memlog.Fault{memlog.Dropped, memlog.Refused}, events.ErrUnsure},
		{"four conflicts", slices.Repeat([]memlog.Fault{memlog.Conflict}, 4), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log := opened(t, test.faults...)
			a := run(t, log, events.Config{})
			rs := many(20)
			receipts := expect(t, a, rs, func(_ int, r events.Receipt) bool { return errors.Is(r.Err, test.want) })
			once(t, log, rs, receipts)
			receipts = expect(t, a, rs, func(i int, r events.Receipt) bool { return r.Err == nil && r.Seq == opening+uint64(i)+1 })
			once(t, log, rs, receipts)
		})
	}
}

func TestWhileTheLogCannotBeReadNothingIsDecided(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	log := &shaky{Log: opened(t, memlog.Lost)}
	log.read = func() error {
		if broken.Load() {
			return errors.New("no answer")
		}
		return nil
	}
	appends := 0
	log.append = func() error {
		appends++
		broken.Store(appends == 1) // from the first on nothing can be read back
		return nil
	}
	a := run(t, log, events.Config{})
	if _, err := a.Submit(t.Context(), paid("a", "A1", 100)); !errors.Is(err, events.ErrUnsure) {
		t.Fatalf("an outcome that cannot be read back: %v", err)
	}
	// What is on record is not known: neither a decision nor a refusal is told.
	for _, r := range []events.Request{paid("b", "A1", 100), order("c", ledgertest.Cashier, day, payment.Confirm{Payment: "A1", Serial: "1"})} {
		if _, err := a.Submit(t.Context(), r); !errors.Is(err, events.ErrUnsure) {
			t.Fatalf("%s, meanwhile: %v", r.Command.ID, err)
		}
	}
	if err := a.View(t.Context(), func(*book.State) { broken.Store(false) }); err != nil {
		t.Fatal(err)
	}
	if r, err := a.Submit(t.Context(), paid("a", "A1", 100)); err != nil || r != (events.Receipt{Seq: opening + 1, Repeats: true}) {
		t.Errorf("repeated: %+v, %v", r, err)
	}
	if _, err := a.Submit(t.Context(), paid("b", "A1", 100)); !errors.Is(err, payment.ErrTaken) {
		t.Errorf("the payment is on record: %v", err)
	}
	if appends != 1 {
		t.Errorf("%d appends: something was decided on a book that was not known", appends)
	}
}

func TestADamagedLogStopsTheAppender(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		log := new(memlog.Log)
		bad := recorded(t)
		bad.Data = []byte(`{}`)
		if _, err := log.Append(t.Context(), 0, bad); err != nil {
			t.Fatal(err)
		}
		if err := events.NewAppender(log, events.Config{}).Run(t.Context()); !errors.Is(err, events.ErrMalformed) {
			t.Errorf("%v", err)
		}
	})
	t.Run("while commands wait", func(t *testing.T) {
		t.Parallel()
		log := &shaky{Log: opened(t, memlog.Conflict)}
		loaded := false
		log.read = func() error {
			if !loaded {
				loaded = true
				return nil
			}
			return fmt.Errorf("%w: 3", events.ErrGap)
		}
		a, stop := start(t, log, events.Config{})
		if _, err := a.Submit(t.Context(), paid("a", "A1", 100)); !errors.Is(err, events.ErrUnsure) {
			t.Errorf("who waits: %v", err)
		}
		if err := stop(); !errors.Is(err, events.ErrGap) {
			t.Errorf("the appender ended with %v", err)
		}
		if err := a.View(t.Context(), func(*book.State) { t.Error("seen") }); !errors.Is(err, events.ErrUnsure) {
			t.Errorf("a view: %v", err)
		}
	})
}

func TestTwoAppendersOnOneLogBothMakeProgress(t *testing.T) {
	t.Parallel()
	log := opened(t)
	appenders := []*events.Appender{run(t, log, events.Config{}), run(t, log, events.Config{})}
	rs := many(40)
	receipts := make([][]events.Receipt, len(appenders))
	var wg sync.WaitGroup
	for n, a := range appenders { // both are given the same commands
		receipts[n] = make([]events.Receipt, len(rs))
		for i, r := range rs {
			wg.Go(func() {
				for {
					receipt, err := a.Submit(context.Background(), r)
					if receipts[n][i] = receipt; err == nil {
						return
					}
					if !errors.Is(err, events.ErrUnsure) { // too many conflicts: repeat it
						t.Error(err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	for n := range appenders {
		once(t, log, rs, receipts[n])
	}
	if last, _ := log.Last(t.Context()); last != uint64(opening+len(rs)) {
		t.Errorf("the log has %d records", last)
	}
	for _, a := range appenders { // and both know the whole book
		expect(t, a, rs, func(_ int, r events.Receipt) bool { return r.Err == nil && r.Repeats })
	}
}

// The second command is refused because of the first, which is on its way and
// then turns out not to have been written. The refusal must not be told.
func TestARefusalIsToldOnlyWhenWhatItRestsOnIsOnDisk(t *testing.T) {
	t.Parallel()
	for _, fault := range []memlog.Fault{memlog.None, memlog.Refused, memlog.Full} {
		t.Run(fmt.Sprintf("fault %d", fault), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				held := make(chan struct{})
				log := &shaky{Log: opened(t, fault), append: func() error { <-held; return nil }}
				a, stop := start(t, log, events.Config{})
				defer stop()
				first, second := make(chan error, 1), make(chan error, 1)
				go func() {
					_, err := a.Submit(context.Background(), paid("a", "A1", 100))
					first <- err
				}()
				synctest.Wait()
				go func() {
					_, err := a.Submit(context.Background(), paid("b", "A1", 100))
					second <- err
				}()
				synctest.Wait()
				if len(second) > 0 {
					t.Fatalf("%v, before the first is on disk", <-second)
				}
				if err := a.View(t.Context(), func(s *book.State) {
					if _, err := book.Decide(s, paid("c", "A1", 100).Command); !errors.Is(err, payment.ErrTaken) {
						t.Errorf("the test is pointless: the second was not refused in the meantime, but %v", err)
					}
				}); err != nil {
					t.Error(err)
				}
				close(held)
				if err := <-first; (err == nil) != (fault == memlog.None) {
					t.Errorf("first: %v", err)
				}
				if err := <-second; fault == memlog.None && !errors.Is(err, payment.ErrTaken) || fault != memlog.None && err != nil {
					t.Errorf("second: %v", err)
				}
			})
		})
	}
}

func TestWhoStopsWaitingHasNotStoppedTheCommand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		log := &shaky{Log: opened(t), append: func() error { <-held; return nil }}
		a, stop := start(t, log, events.Config{})
		defer stop()
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := a.Submit(ctx, paid("a", "A1", 100))
			gone <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		close(held)
		if r, err := a.Submit(t.Context(), paid("a", "A1", 100)); err != nil || r != (events.Receipt{Seq: opening + 1, Repeats: true}) {
			t.Errorf("repeated: %+v, %v", r, err)
		}
	})
}

func TestStoppingAnswersEverybody(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{nil, events.ErrUnknown} {
		synctest.Test(t, func(t *testing.T) {
			held := make(chan struct{})
			log := &shaky{Log: opened(t), append: func() error { <-held; return lost }}
			a, stop := start(t, log, events.Config{})
			answers := make([]error, 30)
			var wg sync.WaitGroup
			for i, r := range many(len(answers)) {
				wg.Go(func() { _, answers[i] = a.Submit(context.Background(), r) })
				synctest.Wait() // the first is on its way, the others are decided behind it
			}
			stopped := make(chan error)
			go func() { stopped <- stop() }()
			synctest.Wait()
			close(held)
			if err := <-stopped; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			wg.Wait()
			for i, err := range answers {
				if i == 0 && lost == nil && err == nil {
					continue // it was on disk: that is said
				}
				if !errors.Is(err, events.ErrUnsure) || i == 0 && lost == nil {
					t.Errorf("command %d: %v", i, err)
				}
			}
			if _, err := a.Submit(context.Background(), paid("after", "A1", 100)); !errors.Is(err, events.ErrUnsure) {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

func TestAFullQueueIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := events.NewAppender(opened(t), events.Config{Queue: 2})
		var wg sync.WaitGroup
		rs := many(3)
		for _, r := range rs[:2] {
			wg.Go(func() {
				if _, err := a.Submit(context.Background(), r); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if _, err := a.Submit(t.Context(), rs[2]); !errors.Is(err, events.ErrBusy) {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go a.Run(ctx)
		wg.Wait()
		if _, err := a.Submit(t.Context(), rs[2]); err != nil {
			t.Errorf("when there is room: %v", err)
		}
		cancel()
	})
}

func TestRecordedTimeNeverDecreases(t *testing.T) {
	t.Parallel()
	log := opened(t)
	year := time.Date(2023, 6, 1, 0, 0, 0, 0, time.UTC)
	times := []time.Time{year.AddDate(0, 0, 5), year, year.AddDate(1, 0, 0), year.AddDate(0, 0, 6), year.AddDate(1, 0, 0).Add(time.Microsecond)}
	n := 0
	clock := func() time.Time { n++; return times[(n-1)%len(times)].In(time.FixedZone("CST", 8*3600)) }
	for round := range 2 { // the second begins with a clock that is a year behind
		a, stop := start(t, log, events.Config{Clock: clock})
		n = 0
		for i := range times {
			id := fmt.Sprintf("%d-%d", round, i)
			if _, err := a.Submit(t.Context(), paid(ledger.CommandID(id), ledger.PaymentID(id), 100)); err != nil {
				t.Fatal(err)
			}
		}
		stop()
	}
	var before time.Time
	for _, r := range read(t, log) {
		d := decode(t, r)
		if d.Meta.Time.Before(before) {
			t.Errorf("record %d was made at %s, after one of %s", r.Seq, d.Meta.Time, before)
		}
		before = d.Meta.Time
	}
	if !before.Equal(times[4]) {
		t.Errorf("the last record is of %s", before)
	}
}

// One command must not take those beside it down.
func TestWhatCannotBeKeptIsRefusedAlone(t *testing.T) {
	t.Parallel()
	log := opened(t)
	groups := 0
	a := run(t, log, events.Config{Step: func(step string) {
		if step == "append" {
			groups++
		}
	}})
	long := order("long", ledgertest.Accountant, day, journal.ProposeEntry{
		Memo: strings.Repeat("长", events.MaxData/3),
		Postings: []ledger.Posting{
			{Account: "5001", Amount: ledger.Fen(7), Side: ledger.Debit}, {Account: "2103", Amount: ledger.Fen(7), Side: ledger.Credit},
		},
	})
	lines := paid("lines", "L1", 100)
	lines.Correlation = "file\r\nce-actor: somebody else"
	foreign := paid("foreign", "L2", 100)
	foreign.Correlation = "bad \xff utf8"
	wordy := paid("wordy", "L3", 100)
	wordy.Correlation = strings.Repeat("x", 513)
	mangled := order("mangled", ledgertest.Accountant, day, budget.Appropriate{Amount: ledger.Fen(1), Document: "bad \xff utf8", Line: line})
	hidden := mangled
	hidden.Command.ID, hidden.Intent = "hidden", []byte("row 1")
	beyond := paid("beyond", "L4", 100) // a day that could be written and not be read
	beyond.Command.On = ledger.DateOf(10000, 1, 1)
	odd := order("odd", ledgertest.Accountant, day, journal.ProposeEntry{
		Line: ledger.BudgetLine{Region: "22 01", Scheme: "startup", Fund: "levy", Year: 2023}, Memo: "a line that could be written and not be read",
		Postings: []ledger.Posting{
			{Account: "5001", Amount: ledger.Fen(7), Side: ledger.Debit}, {Account: "2103", Amount: ledger.Fen(7), Side: ledger.Credit},
		},
	})
	rs := []events.Request{paid("before", "B1", 100), long, lines, foreign, wordy, mangled, hidden, beyond, odd, paid("behind", "B2", 100)}
	receipts := expect(t, a, rs, func(i int, r events.Receipt) bool {
		if i == 0 || i == len(rs)-1 {
			return r.Err == nil
		}
		return errors.Is(r.Err, events.ErrUnfit) || errors.Is(r.Err, ledger.ErrDate) || errors.Is(r.Err, ledger.ErrCharacter)
	})
	once(t, log, rs, receipts)
	if groups > 2 {
		t.Errorf("%d attempts: they were found one by one", groups)
	}
}

func TestAViewSeesTheBookBetweenTwoDecisions(t *testing.T) {
	t.Parallel()
	log := opened(t)
	a := run(t, log, events.Config{})
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 50 {
				id := ledger.CommandID(fmt.Sprintf("move-%d-%d", n, i))
				if _, err := a.Submit(context.Background(), order(id, ledgertest.Accountant, day, budget.Transfer{Amount: ledger.Fen(1), Document: "示例" + string(id), Line: line, To: other})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	total := ledger.Fen(100_000_00)
	for range 200 {
		if err := a.View(t.Context(), func(s *book.State) {
			if sum := s.Budget().Use(line).Voted.Add(s.Budget().Use(other).Voted); !sum.Equal(total) {
				t.Errorf("money is on its way between two lines: %s", sum)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	idle := events.NewAppender(log, events.Config{})
	if err := idle.View(ended, func(*book.State) { t.Error("seen without an appender") }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if last, err := idle.Load(t.Context()); err != nil || last != opening+200 {
		t.Errorf("loaded %d records, %v", last, err)
	}
}

// Whoever ends the process at a step finds the command done or not done at all,
// and repeating it does the rest: F01 to F03.
func TestEveryStepCanBeTheLast(t *testing.T) {
	t.Parallel()
	for step, stored := range map[string]uint64{"append": opening, "appended": opening + 1, "answer": opening + 1} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			log := opened(t)
			dead := make(chan struct{})
			crashed := events.NewAppender(log, events.Config{Step: func(s string) {
				if s == step {
					close(dead)
					select {} // it never takes another step
				}
			}})
			go crashed.Run(context.Background())
			go crashed.Submit(context.Background(), paid("a", "A1", 100))
			<-dead
			if last, _ := log.Last(t.Context()); last != stored {
				t.Errorf("the log has %d records", last)
			}
			r, err := run(t, log, events.Config{}).Submit(t.Context(), paid("a", "A1", 100))
			if err != nil || r != (events.Receipt{Seq: opening + 1, Repeats: stored > opening}) {
				t.Errorf("repeated: %+v, %v", r, err)
			}
		})
	}
}

package events_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/budget"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/payment"
)

// A world is a log that fails, an appender on it that dies, and what its clients
// were told: the model is a map of first effects.
type world struct {
	log    *memlog.Log
	faults []memlog.Fault // of the next appends
	a      *events.Appender
	stop   func() error
	told   map[ledger.CommandID]effect // what is on record, as somebody was told
	unsure map[ledger.CommandID]bool   // some answer did not say whether it has effect
	no     map[ledger.CommandID]bool   // some answer said that it has none
	looks  int
	pairs  int // commands that something went ahead of

	// What the log has, as far as it has been checked.
	at     map[ledger.CommandID]uint64
	folded *book.State
	last   events.Recorded
}

// An effect is where the event of a command stands, and what was asked.
type effect struct {
	seq uint64
	do  any
}

// TestWhateverFailsEveryCommandHasOneEffect lets clients ask at random, from a
// small stock of identifiers and contents so that they collide, while appends fail
// and appenders die. A failing run prints the seed that repeats it.
func TestWhateverFailsEveryCommandHasOneEffect(t *testing.T) {
	t.Parallel()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // under the race detector a hundred take long
		if err := f.Value.Set("25"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			log: new(memlog.Log), told: make(map[ledger.CommandID]effect),
			unsure: make(map[ledger.CommandID]bool), no: make(map[ledger.CommandID]bool),
			at: make(map[ledger.CommandID]uint64), folded: new(book.State),
		}
		w.log.Fail = func(int, []events.Record) memlog.Fault {
			if len(w.faults) == 0 {
				return memlog.None
			}
			f := w.faults[0]
			w.faults = w.faults[1:]
			return f
		}
		w.start()
		defer func() { w.stop() }()
		w.ask(t, w.a, scenario()[:opening])
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				w.plan(t)
				w.clients(t, w.a)
			},
			"rival": func(t *rapid.T) { // another appender on the same log, without notice
				rival, stop := launch(w.log)
				defer stop()
				w.plan(t)
				w.clients(t, w.a, rival)
			},
			"die": func(t *rapid.T) { // while clients wait
				w.plan(t)
				var wg sync.WaitGroup
				wg.Go(func() { w.stop() })
				w.clients(t, w.a)
				wg.Wait()
				w.start()
			},
			"restart": func(*rapid.T) {
				w.stop()
				w.start()
			},
			"": w.check,
		})
	})
}

func launch(log events.Log) (*events.Appender, func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	a := events.NewAppender(log, events.Config{Clock: ticking()})
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	return a, func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
}

func (w *world) start() { w.a, w.stop = launch(w.log) }

// plan draws the faults of the next appends.
func (w *world) plan(t *rapid.T) {
	w.faults = rapid.SliceOfN(rapid.SampledFrom([]memlog.Fault{
		memlog.None, memlog.None, memlog.Refused, memlog.Dropped, memlog.Lost, memlog.Late, memlog.Full, memlog.Conflict,
	}), 0, 8).Draw(t, "faults")
}

// clients has some clients ask at the same time, each of one of the appenders.
func (w *world) clients(t *rapid.T, appenders ...*events.Appender) {
	type client struct {
		a        *events.Appender
		requests []events.Request
		receipts []events.Receipt
		err      error
	}
	clients := make([]client, rapid.IntRange(1, 6).Draw(t, "clients"))
	var wg sync.WaitGroup
	for i := range clients {
		c := &clients[i]
		c.a = rapid.SampledFrom(appenders).Draw(t, "appender")
		c.requests = rapid.SliceOfN(rapid.Custom(request), 1, 12).Draw(t, "requests")
		if rapid.Bool().Draw(t, "pair") {
			c.requests = append(c.requests, w.pair(rapid.Int64Range(1, 3).Draw(t, "fen"))...)
		}
	}
	for i := range clients {
		c := &clients[i]
		wg.Go(func() { c.receipts, c.err = c.a.SubmitAll(context.Background(), c.requests) })
	}
	wg.Wait()
	w.faults = nil
	for _, c := range clients {
		w.hear(t, c.requests, c.receipts, c.err)
	}
}

// request draws one of few commands.
func request(t *rapid.T) events.Request {
	id := ledger.CommandID(fmt.Sprintf("c%d", rapid.IntRange(0, 30).Draw(t, "id")))
	fen := rapid.Int64Range(1, 3).Draw(t, "fen")
	p := ledger.PaymentID(fmt.Sprintf("R%d", rapid.IntRange(0, 12).Draw(t, "payment")))
	switch rapid.IntRange(0, 4).Draw(t, "action") {
	case 0:
		return order(id, ledgertest.Accountant, day, budget.Transfer{Amount: ledger.Fen(40_000_00 * fen), Document: "示例" + string(id), Line: line, To: other})
	case 1:
		return order(id, ledgertest.Accountant, day, budget.Appropriate{Amount: ledger.Fen(fen), Document: "示例" + string(id), Line: line})
	case 2:
		return order(id, ledgertest.Approver, day, payment.DemandRecovery{Amount: ledger.Fen(fen), Deadline: day, Decision: "D", Ground: "G", Payment: p})
	}
	return paid(id, p, fen)
}

// pair is a transfer that may be refused, and what goes ahead of it.
func (w *world) pair(fen int64) []events.Request {
	w.pairs++
	ahead := order(ledger.CommandID(fmt.Sprintf("ahead-%d", w.pairs)), ledgertest.Accountant, day, budget.Appropriate{Amount: ledger.Fen(1), Document: fmt.Sprintf("示例前%d", w.pairs), Line: line})
	ahead.Ahead = true
	return []events.Request{ahead, order(ledger.CommandID(fmt.Sprintf("pair-%d", w.pairs)), ledgertest.Accountant, day,
		budget.Transfer{Amount: ledger.Fen(40_000_00 * fen), Document: fmt.Sprintf("示例后%d", w.pairs), Line: line, To: other})}
}

func (w *world) ask(t *rapid.T, a *events.Appender, rs []events.Request) {
	receipts, err := a.SubmitAll(context.Background(), rs)
	w.hear(t, rs, receipts, err)
}

// hear notes what clients were told and holds it against what others were told.
func (w *world) hear(t *rapid.T, rs []events.Request, receipts []events.Receipt, err error) {
	for i, r := range rs {
		id := r.Command.ID
		if err != nil {
			if !errors.Is(err, events.ErrUnsure) {
				t.Fatalf("%s: %v", id, err)
			}
			w.unsure[id] = true
			continue
		}
		switch got := receipts[i]; {
		case errors.Is(got.Err, events.ErrUnsure):
			w.unsure[id] = true
		case errors.Is(got.Err, events.ErrReused):
			w.unsure[id] = true // another content of it has effect; whoever asked for that may not have been told
		case got.Err != nil:
			w.no[id] = true
		case got.Seq == 0:
			t.Fatalf("%s was answered with nothing", id)
		default:
			e := effect{got.Seq, r.Command.Do}
			if old, ok := w.told[id]; ok && !reflect.DeepEqual(old, e) {
				t.Fatalf("%s was told %+v, and before %+v", id, e, old)
			}
			w.told[id] = e
		}
	}
}

// check holds the log against what was told, and the book of the appender against
// the book that the log folds to.
func (w *world) check(t *rapid.T) {
	// Whatever is on its way still, or written by a rival, is on record and known
	// to the appender once it has written something itself.
	w.looks++
	w.ask(t, w.a, []events.Request{order(ledger.CommandID(fmt.Sprintf("look-%d", w.looks)), ledgertest.Accountant, day, budget.Appropriate{Amount: ledger.Fen(1), Document: fmt.Sprintf("示例%d", w.looks), Line: line})})

	for r, err := range w.log.Read(context.Background(), w.last.Seq) {
		if err != nil {
			t.Fatal(err)
		}
		d, err := events.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		id := d.Meta.Command
		if d.Seq != w.last.Seq+1 || w.at[id] != 0 {
			t.Fatalf("%s stands at %d, after %d, and at %d", id, d.Seq, w.last.Seq, w.at[id])
		}
		if d.Meta.Time.Before(w.last.Meta.Time) {
			t.Fatalf("record %d was made at %s, before the one in front of it", d.Seq, d.Meta.Time)
		}
		if e, ok := w.told[id]; ok && d.Seq > opening && !says(d.Event, e.do) {
			t.Fatalf("%s at %d is %+v, told was %+v", id, d.Seq, d.Event, e.do)
		}
		w.at[id], w.last, w.folded = d.Seq, d, book.Evolve(w.folded, d.Event)
	}
	for id, e := range w.told {
		if w.at[id] != e.seq {
			t.Fatalf("%s was told to stand at %d and stands at %d", id, e.seq, w.at[id])
		}
	}
	for id, seq := range w.at {
		if _, ok := w.told[id]; !ok && !w.unsure[id] {
			t.Fatalf("%s stands at %d; nobody was told, and refused was it %t", id, seq, w.no[id])
		}
	}
	for n := range w.pairs {
		ahead, main := w.at[ledger.CommandID(fmt.Sprintf("ahead-%d", n+1))], w.at[ledger.CommandID(fmt.Sprintf("pair-%d", n+1))]
		if (ahead == 0) != (main == 0) || main != 0 && main != ahead+1 {
			t.Fatalf("pair %d stands at %d and %d", n+1, ahead, main)
		}
	}
	var differ string
	err := w.a.View(context.Background(), func(s *book.State) { differ = compare(s, w.folded) })
	if err != nil || differ != "" {
		t.Fatalf("the appender and the log differ: %s (%v)", differ, err)
	}
}

// compare says where two books differ: in money, or in what they would decide.
func compare(a, b *book.State) string {
	if a, b := fmt.Sprint(maps.Collect(a.Budget().Lines())), fmt.Sprint(maps.Collect(b.Budget().Lines())); a != b {
		return a + " and " + b
	}
	for n := range 13 {
		c := paid("probe", ledger.PaymentID(fmt.Sprintf("R%d", n)), 1).Command
		decidedA, errA := book.Decide(a, c)
		decidedB, errB := book.Decide(b, c)
		if !reflect.DeepEqual(decidedA, decidedB) || fmt.Sprint(errA) != fmt.Sprint(errB) {
			return fmt.Sprintf("%+v (%v) and %+v (%v)", decidedA, errA, decidedB, errB)
		}
	}
	return ""
}

// says tells whether an event is what an action asks for.
func says(e ledger.Event, do any) bool {
	switch do := do.(type) {
	case payment.Record:
		e, ok := e.(payment.Recorded)
		return ok && e.Payment == do.Payment && e.Amount.Equal(do.Amount)
	case payment.DemandRecovery:
		e, ok := e.(payment.RecoveryDemanded)
		return ok && e.Payment == do.Payment && e.Amount.Equal(do.Amount)
	case budget.Transfer:
		e, ok := e.(budget.Transferred)
		return ok && e.Amount.Equal(do.Amount)
	case budget.Appropriate:
		e, ok := e.(budget.Appropriated)
		return ok && e.Amount.Equal(do.Amount)
	}
	return false
}

package events_test

import (
	"context"
	"fmt"
	"testing"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

func BenchmarkEncode(b *testing.B) {
	d := decode(b, recorded(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events.Encode("220000", d.Event, d.Meta); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	r := recorded(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := events.Decode(r); err != nil {
			b.Fatal(err)
		}
	}
}

// population is how many parties the benchmarks pay, each once.
const population = 200_000

func payments(n int) []events.Request {
	rs := make([]events.Request, n)
	for i := range rs {
		p := ledger.PartyID(fmt.Sprintf("P%06d", i%population))
		rs[i] = order(ledger.CommandID(fmt.Sprintf("import:%09d", i)), ledgertest.Clerk, day, payment.Record{
			Amount: ledger.Fen(int64(500_000 + i)), Line: line, Party: p, Payment: ledger.PaymentID(fmt.Sprintf("pay-%09d", i)), Source: hash + ":1",
		})
	}
	return rs
}

func populated(b *testing.B) *book.State {
	b.Helper()
	s := book.Evolve(&book.State{}, policy.Published{By: "operator", On: day, Pack: ledgertest.Pack()})
	for i := range population {
		s = book.Evolve(s, party.Registered{Kind: policy.Person, On: day, Party: ledger.PartyID(fmt.Sprintf("P%06d", i)), Sealed: ledgertest.Sealed})
	}
	return s
}

func BenchmarkDecideAndEncode(b *testing.B) {
	s, rs, meta := populated(b), payments(population), decode(b, recorded(b)).Meta
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i == len(rs) {
			b.StopTimer()
			s, i = populated(b), 0
			b.StartTimer()
		}
		decided, err := book.Decide(s, rs[i].Command)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := events.Encode("220000", decided[0], meta); err != nil {
			b.Fatal(err)
		}
		s = book.Evolve(s, decided[0])
		i++
	}
}

// BenchmarkSubmit measures all that one command costs apart from the disk: hash,
// decision, encoding, reading back, group, answer.
func BenchmarkSubmit(b *testing.B) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a := events.NewAppender(new(memlog.Log), events.Config{})
	go a.Run(ctx)
	submit := func(rs []events.Request) {
		receipts, err := a.SubmitAll(ctx, rs)
		if err != nil {
			b.Fatal(err)
		}
		for i, r := range receipts {
			if r.Err != nil {
				b.Fatalf("%s: %v", rs[i].Command.ID, r.Err)
			}
		}
	}
	submit([]events.Request{order("pack", ledgertest.Operator, day, policy.Publish{Pack: ledgertest.Pack()})})
	parties := make([]events.Request, population)
	for i := range parties {
		id := fmt.Sprintf("P%06d", i)
		parties[i] = order(ledger.CommandID(id), ledgertest.Clerk, day, party.Register{Kind: policy.Person, Party: ledger.PartyID(id), Sealed: ledgertest.Sealed})
	}
	submit(parties)
	rs := payments(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	submit(rs)
}

func BenchmarkBatches(b *testing.B) {
	ctx := context.Background()
	log := new(memlog.Log)
	const n = 100_000
	records := some(b, n)
	for at := 0; at < n; at += events.MaxAppend {
		if _, err := log.Append(ctx, uint64(at), records[at:at+events.MaxAppend]...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		seen := 0
		for batch, err := range events.Batches(ctx, log.Read(ctx, 0), events.MaxAppend) {
			if err != nil {
				b.Fatal(err)
			}
			seen += len(batch)
		}
		if seen != n {
			b.Fatal(seen)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

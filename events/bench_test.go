package events_test

import (
	"fmt"
	"testing"
	"time"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
)

func BenchmarkRecord(b *testing.B) {
	s := &book.State{}
	day := ledger.DateOf(2023, 4, 20)
	do := func(id string, by ledger.Actor, do any) ledger.Event {
		decided, err := book.Decide(s, book.Command{Order: ledger.Order{ID: ledger.CommandID(id), By: by, On: day}, Do: do})
		if err != nil {
			b.Fatal(err)
		}
		s = book.Evolve(s, decided[0])
		return decided[0]
	}
	do("p", ledgertest.Operator, policy.Publish{Pack: ledgertest.Pack()})
	do("q", ledgertest.Clerk, party.Register{Party: "P1", Kind: policy.Person, Sealed: "sealed"})
	line, _ := ledger.ParseBudgetLine("220104/startup/levy/2023")
	rec := func(i int) payment.Record {
		return payment.Record{Amount: ledger.Fen(int64(5000_00 + i)), Line: line, Party: "P1", Payment: ledger.PaymentID(fmt.Sprintf("pay-%09d", i)), Source: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef:12"}
	}
	e := do("r", ledgertest.Clerk, rec(0))
	m := events.Meta{Command: "import:0123456789abcdef:00001", Actor: "clerk", Time: time.Date(2023, 4, 20, 1, 2, 3, 0, time.UTC), Correlation: "file:0123456789abcdef"}
	r, err := events.Encode("220000", e, m)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%s", r.Data)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			events.Encode("220000", e, m)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := events.Decode(r); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decide", func(b *testing.B) {
		b.ReportAllocs()
		i := 1
		for b.Loop() {
			i++
			c := book.Command{Order: ledger.Order{ID: ledger.CommandID("c"), By: ledgertest.Clerk, On: day}, Do: rec(i)}
			d, err := book.Decide(s, c)
			if err != nil {
				b.Fatal(err)
			}
			s = book.Evolve(s, d[0])
		}
	})
	b.Run("leaf", func(b *testing.B) {
		b.ReportAllocs()
		var scratch []byte
		for b.Loop() {
			_, scratch = r.Leaf(scratch)
		}
	})
}

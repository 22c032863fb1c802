package events_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/ledgertest"
)

// papers is a store with what the scenario attaches: object D1.
func papers(t testing.TB, at time.Time) *memlog.Documents {
	t.Helper()
	store := &memlog.Documents{Clock: func() time.Time { return at }}
	if err := store.Put(t.Context(), "D1", sealedPaper); err != nil {
		t.Fatal(err)
	}
	return store
}

var (
	sealedPaper = bytes.Repeat([]byte("synthetic "), 7)
	paper       = claim.Document{
		Hash: hash, Kind: "certificate", Media: "image/png", Object: "D1", Sealed: "P5", Size: 30,
		Stored: fmt.Sprintf("%x", sha256.Sum256(sealedPaper)),
	}
)

// Whoever gives the order and however it comes, the log does not refer to what is not
// stored.
func TestNoEventRefersToADocumentThatIsNotStored(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 1, 20, 8, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	rs := scenario()
	attach := rs[len(rs)-1]
	for _, test := range []struct {
		name   string
		store  func(*memlog.Documents) events.Documents
		stored time.Time
		change func(*claim.Document)
	}{
		{name: "there is no store", store: func(*memlog.Documents) events.Documents { return nil }, stored: now},
		{name: "it is not there", stored: now, change: func(d *claim.Document) { d.Object = "D2" }},
		{name: "it has no name", stored: now, change: func(d *claim.Document) { d.Object = "" }},
		{name: "it is another", stored: now, change: func(d *claim.Document) { d.Stored = hash }},
		{name: "it was changed", stored: now, store: func(s *memlog.Documents) events.Documents {
			s.Change("D1", func(b []byte) []byte { b[3]++; return b })
			return s
		}},
		{name: "it is about to be swept", stored: now.Add(-events.Fresh - time.Second)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := papers(t, test.stored)
			cfg := events.Config{Clock: clock, Documents: store}
			if test.store != nil {
				cfg.Documents = test.store(store)
			}
			log := new(memlog.Log)
			a := run(t, log, cfg)
			receipts, err := a.SubmitAll(t.Context(), rs[:len(rs)-1])
			if err != nil || receipts[len(receipts)-1].Err != nil {
				t.Fatal(err, receipts[len(receipts)-1].Err)
			}
			before := len(read(t, log))
			r := attach
			d := paper
			if test.change != nil {
				test.change(&d)
			}
			r.Command.Do = claim.Attach{Claim: "C5", Document: d}
			_, err = a.Submit(t.Context(), r)
			if !errors.Is(err, events.ErrUnkept) && !errors.Is(err, ledger.ErrID) {
				t.Errorf("%v", err)
			}
			if after := len(read(t, log)); after != before {
				t.Errorf("%d records became %d", before, after)
			}
		})
	}
}

// What was recorded is not asked for again when the order is repeated, however late.
func TestARepeatedOrderToAttachFindsItsRecord(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 1, 20, 8, 0, 0, 0, time.UTC)
	store := papers(t, now)
	log := new(memlog.Log)
	a := run(t, log, events.Config{Clock: func() time.Time { return now }, Documents: store})
	rs := scenario()
	first, err := a.SubmitAll(t.Context(), rs)
	if err != nil || first[len(rs)-1].Err != nil {
		t.Fatal(err, first[len(rs)-1].Err)
	}
	if err := store.Remove(t.Context(), events.Stored{Name: "D1"}); err != nil {
		t.Fatal(err)
	}
	again, err := a.Submit(t.Context(), rs[len(rs)-1])
	if err != nil || !again.Repeats || again.Seq != first[len(rs)-1].Seq {
		t.Errorf("%+v %v", again, err)
	}
	if _, err := a.Submit(t.Context(), order("another", ledgertest.Clerk, day, claim.Attach{Claim: "C5", Document: paper})); !errors.Is(err, events.ErrUnkept) {
		t.Errorf("%v", err)
	}
}

package verify_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/projections/sampletest"
	"zhucan/projections/verify"
)

func TestADocumentThatIsNotAsItsEventSaysIsNamed(t *testing.T) {
	t.Parallel()
	_, log, pool, o := book(t)
	store := o.Documents.(*memlog.Documents)
	look := func() verify.Check {
		t.Helper()
		r, err := verify.Log(t.Context(), pool, log, o)
		if err != nil {
			t.Fatal(err)
		}
		c := check(t, r, "documents")
		if c.Verdict != r.Verdict {
			t.Errorf("the check says %s, the whole %s", c.Verdict, r.Verdict)
		}
		return c
	}
	if c := look(); c.Verdict != verify.Verified || !strings.Contains(c.Detail, "all 1 ") {
		t.Errorf("%+v", c)
	}
	flip := func(b []byte) []byte { b[7] ^= 1; return b }
	for what, change := range map[string]func([]byte) []byte{
		"a flipped bit": flip,
		"a cut end":     func(b []byte) []byte { return b[:len(b)-1] },
		"a longer one":  func(b []byte) []byte { return append(b, 0) },
	} {
		var kept []byte
		store.Change("D8", func(b []byte) []byte { kept = append(kept, b...); return change(b) })
		if c := look(); c.Verdict != verify.Failed || !strings.Contains(c.Detail, "certificate of claim C8") {
			t.Errorf("%s: %+v", what, c)
		}
		store.Change("D8", func([]byte) []byte { return kept })
	}
	if c := look(); c.Verdict != verify.Verified {
		t.Errorf("put back: %+v", c)
	}
	if err := store.Remove(t.Context(), events.Stored{Name: "D8"}); err != nil {
		t.Fatal(err)
	}
	if c := look(); c.Verdict != verify.Failed || !strings.Contains(c.Detail, "no document is stored") {
		t.Errorf("removed: %+v", c)
	}
	o.Documents = nil
	if c := look(); c.Verdict != verify.Incomplete {
		t.Errorf("without a store: %+v", c)
	}
}

func TestOnlyWhatNoEventRefersToIsSweptAndOnlyWhenItIsOld(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := time.Date(2023, 4, 1, 0, 0, 0, 0, time.UTC)
	at := now
	store := &memlog.Documents{Clock: func() time.Time { return at }}
	put := func(name string, when time.Time) {
		t.Helper()
		at = when
		if err := store.Put(ctx, name, []byte("synthetic")); err != nil {
			t.Fatal(err)
		}
	}
	b := sampletest.New(t)
	at = now.Add(-events.Stale * 2)
	b.Document(store)
	put("old", now.Add(-events.Stale))
	put("young", now.Add(-events.Stale+time.Second))
	log := b.Log()
	found, err := verify.Unreferred(ctx, log, store, now)
	if err != nil || found.Referred != 1 || len(found.Missing) != 0 || len(found.Stale) != 1 || found.Stale[0].Name != "old" || found.Young != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	if err := verify.Sweep(ctx, store, found); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"D8": nil, "young": nil, "old": events.ErrNoDocument} {
		if _, err := store.Get(ctx, name, io.Discard); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}

	// A store that lacks what is referred to is not swept: what looks like nobody's may
	// be what is left of it.
	put("older", now.Add(-events.Stale))
	if err := store.Remove(ctx, events.Stored{Name: "D8"}); err != nil {
		t.Fatal(err)
	}
	if found, err = verify.Unreferred(ctx, log, store, now); err != nil || len(found.Missing) != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	if err := verify.Sweep(ctx, store, found); !errors.Is(err, verify.ErrSweep) {
		t.Errorf("%v", err)
	}
	if _, err := store.Get(ctx, "older", io.Discard); err != nil {
		t.Error(err)
	}
}

// An object is too old to be put on record before it is old enough to be swept, with
// time for an order on its way.
func TestWhatMayBeRecordedIsNeverSwept(t *testing.T) {
	t.Parallel()
	if events.Stale < 2*events.Fresh {
		t.Errorf("fresh for %s, stale after %s", events.Fresh, events.Stale)
	}
}

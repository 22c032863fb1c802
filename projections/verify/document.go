package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zhucan/events"
	"zhucan/ledger/claim"
)

// document checks that what an event says is stored is, byte for byte. That takes no
// key: the document of a person who was erased is checked as any other, and stays
// unreadable. One document is read at a time and none is kept.
func (p *pass) document(ctx context.Context, d events.Recorded) error {
	e, ok := d.Event.(claim.EvidenceAttached)
	if !ok {
		return nil
	}
	if p.store == nil {
		p.documents.open = "documents were not looked at: no store was given"
		return nil
	}
	switch _, err := events.CheckStored(ctx, p.store, e.Document); {
	case err == nil:
		p.stored++
	case errors.Is(err, events.ErrNoDocument), errors.Is(err, events.ErrDamaged):
		p.documents.fail("record %d: %s of claim %s: %v", d.Seq, e.Document.Kind, e.Claim, err)
	default:
		return fmt.Errorf("record %d: look for %s of claim %s: %w", d.Seq, e.Document.Kind, e.Claim, err)
	}
	return nil
}

// Documents are what a store has and the log does not refer to.
type Documents struct {
	Referred int             // documents that events refer to
	Missing  []string        // those of them that the store does not list
	Stale    []events.Stored // not referred to, and too old to be ever: see [events.Stale]
	Young    int             // not referred to yet
}

// Unreferred compares the store with the log. The store is listed first, so that what
// is stored and recorded meanwhile is not taken for stale.
func Unreferred(ctx context.Context, log events.Log, store events.Documents, now time.Time) (Documents, error) {
	all, err := store.List(ctx)
	if err != nil {
		return Documents{}, err
	}
	listed := make(map[string]events.Stored, len(all))
	var parts []events.Stored
	for _, s := range all {
		if s.Partial {
			parts = append(parts, s)
		} else {
			listed[s.Name] = s
		}
	}
	last, err := log.Last(ctx)
	if err != nil {
		return Documents{}, err
	}
	var found Documents
	seen := make(map[string]bool)
	for batch, err := range events.Batches(ctx, first(log.Read(ctx, 0), last), 2000) {
		if err != nil {
			return Documents{}, fmt.Errorf("read the log: %w", err)
		}
		for _, d := range batch {
			e, ok := d.Event.(claim.EvidenceAttached)
			if !ok || seen[e.Document.Object] {
				continue
			}
			name := e.Document.Object
			seen[name] = true
			found.Referred++
			if _, ok := listed[name]; !ok {
				// It may have been stored since the list was made.
				if _, err := events.CheckStored(ctx, store, e.Document); err != nil {
					found.Missing = append(found.Missing, name)
				}
			}
			delete(listed, name)
		}
	}
	for _, s := range listed {
		parts = append(parts, s)
	}
	for _, s := range parts {
		if now.Sub(s.At) < events.Stale {
			found.Young++
		} else {
			found.Stale = append(found.Stale, s)
		}
	}
	return found, nil
}

// ErrSweep refuses to remove anything while a document is missing: what looks like
// nobody's may be what is left of it.
var ErrSweep = errors.New("documents that events refer to are missing from the store; nothing is removed before they are back")

// Sweep removes what is stale.
func Sweep(ctx context.Context, store events.Documents, d Documents) error {
	if len(d.Missing) > 0 {
		return fmt.Errorf("%w: %d, among them %s", ErrSweep, len(d.Missing), d.Missing[0])
	}
	for _, s := range d.Stale {
		if err := store.Remove(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

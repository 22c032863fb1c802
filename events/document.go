package events

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"zhucan/ledger"
	"zhucan/ledger/claim"
)

// MaxStored is the most bytes that a store of documents takes as one: it has to be
// in memory while it is sealed.
const MaxStored = 64<<20 + 1<<10

// Documents keeps the bytes of documents, each under a name that is used once.
// Events refer to them by name and hash, and no event refers to what is not there:
// it is stored first. Package logtest holds what every store must do.
type Documents interface {
	// Put stores data under name and returns once it is on disk and was read back.
	// Whatever it returns an error for may be there in part. An error wraps
	// [ErrStored] when the name was used before, [ErrFull] for want of room.
	Put(ctx context.Context, name string, data []byte) error

	// Get writes what is stored under name to w and returns when it was stored. What
	// it wrote counts only if there is no error. An error wraps [ErrNoDocument] when
	// there is none of that name, [ErrDamaged] when it is not as it was put.
	Get(ctx context.Context, name string, w io.Writer) (time.Time, error)

	// List returns everything that is stored, in no order.
	List(ctx context.Context) ([]Stored, error)

	// Remove removes what List returned. Nobody may refer to it.
	Remove(ctx context.Context, s Stored) error
}

// A Stored is one thing in a store of documents.
type Stored struct {
	Name    string
	At      time.Time // when it was stored
	Partial bool      // a Put that ended on its way; its Name is the store's own
}

// What may be wrong with a stored document.
var (
	ErrStored     = errors.New("a document is stored under that name")
	ErrNoDocument = errors.New("no document is stored under that name")
	ErrDamaged    = errors.New("the document is not as it was stored")
)

// What is stored is referred to soon or never: an order to attach what is older than
// Fresh is refused, so that what is older than Stale and not referred to never will
// be, and can be removed while others write.
const (
	Fresh = 6 * time.Hour
	Stale = 24 * time.Hour
)

// ErrUnkept refuses an order that would make an event refer to a document that the
// store has not.
var ErrUnkept = &ledger.Rejection{
	Code: "document-unkept", Rule: "only a document is put on record that the store has whole, and took within six hours before", RuleZH: "只登记存储中完整留存、且在六小时内存入的材料",
	Next: "attach the document again: zhucan claim attach", NextZH: "请重新附件：zhucan claim attach",
}

// kept refuses the request if it refers to a document that is not in the store as
// it says.
func (a *Appender) kept(ctx context.Context, r Request) error {
	attach, ok := r.Command.Do.(claim.Attach)
	if !ok {
		return nil
	}
	d := attach.Document
	if a.cfg.Documents == nil {
		return ErrUnkept.Of("object %s: there is no store of documents", d.Object)
	}
	if err := ledger.CheckID(d.Object); err != nil {
		return err
	}
	at, err := CheckStored(ctx, a.cfg.Documents, d)
	switch {
	case errors.Is(err, ErrNoDocument), errors.Is(err, ErrDamaged):
		return ErrUnkept.Of("object %s of claim %s: %v", d.Object, attach.Claim, err)
	case err != nil:
		return fmt.Errorf("look for object %s: %w", d.Object, err)
	case a.cfg.Clock().Sub(at) > Fresh:
		return ErrUnkept.Of("object %s was stored at %s", d.Object, at.UTC().Format(time.RFC3339))
	}
	return nil
}

// CheckStored reads what is stored of d without keeping it and returns when it was
// stored, or an error that wraps [ErrNoDocument] or [ErrDamaged] if it is not what d
// says. It needs no key.
func CheckStored(ctx context.Context, s Documents, d claim.Document) (time.Time, error) {
	h := sha256.New()
	at, err := s.Get(ctx, d.Object, h)
	if err != nil {
		return time.Time{}, err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != d.Stored {
		return time.Time{}, fmt.Errorf("%w: its SHA-256 is %s, recorded is %s", ErrDamaged, got, d.Stored)
	}
	return at, nil
}

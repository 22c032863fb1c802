// Package ledgertest tells the rules of a decider as cases: given these events,
// when this is asked, then that happens or is refused.
package ledgertest

import (
	"errors"
	"reflect"
	"testing"

	"zhucan/ledger"
)

// A Case is one rule, named by a sentence. Reject is the rejection expected;
// without one, exactly the events Then are, which may be none.
type Case[C, E any] struct {
	Name   string
	Given  []E
	When   C
	Then   []E
	Reject error
	Again  bool // asked again it is decided again: only the identifier of the order, which the appender remembers, says that it is the same
}

// Run checks every case on a state of its own. It also decides each twice, to see
// that deciding changes nothing, and repeats each accepted command: unless the
// case says Again, nothing more may be recorded.
func Run[S, C, E any](t *testing.T, d ledger.Decider[*S, C, E], cases []Case[C, E]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			state := d.Fold(new(S), c.Given...)
			got, err := d.Decide(state, c.When)
			if twice, err2 := d.Decide(state, c.When); !reflect.DeepEqual(got, twice) || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
				t.Fatalf("decided twice in one state it gives\n %+v, %v\nand\n %+v, %v", got, err, twice, err2)
			}
			if c.Reject != nil {
				if !errors.Is(err, c.Reject) {
					t.Fatalf("refused with %v, want %v", err, c.Reject)
				}
				if len(got) != 0 {
					t.Fatalf("refused and yet decided %+v", got)
				}
				return
			}
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			if len(got) != len(c.Then) || (len(got) > 0 && !reflect.DeepEqual(got, c.Then)) {
				t.Fatalf("decided\n %+v\nwant\n %+v", got, c.Then)
			}
			if len(got) == 0 {
				return
			}
			again, err := d.Decide(d.Fold(state, got...), c.When)
			if decides := err == nil && len(again) > 0; decides != c.Again {
				t.Fatalf("repeated, it decided %+v, %v", again, err)
			}
		})
	}
}

// Booked returns the entry that an event carries, nil for none.
func Booked(e ledger.Event) *ledger.Entry {
	if entry, ok := e.Booked(); ok {
		return &entry
	}
	return nil
}

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
}

// Run checks every case on a state of its own. It also repeats each accepted
// command and demands that nothing more be recorded: that a command can be sent
// twice is a law of the house.
func Run[S, C, E any](t *testing.T, d ledger.Decider[*S, C, E], cases []Case[C, E]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			state := d.Fold(new(S), c.Given...)
			got, err := d.Decide(state, c.When)
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
			if again, err := d.Decide(d.Fold(state, got...), c.When); err == nil && len(again) > 0 {
				t.Fatalf("repeated, it decided %+v", again)
			}
		})
	}
}

package ledger

// A Decider is a set of rules: Decide answers a command in a state with events
// or a refusal, Evolve applies an event to a state.
//
// Both are pure: no clock, no context, no randomness, no I/O. The zero State is
// the state before the first event. Decide returns nil, nil when the command
// has already been carried out. Evolve is total and may reuse the storage of
// the state it is given; callers keep only the result, as with append.
type Decider[State, Command, Event any] struct {
	Decide func(State, Command) ([]Event, error)
	Evolve func(State, Event) State
}

// Fold returns the state that events lead to from s.
func (d Decider[State, Command, Event]) Fold(s State, events ...Event) State {
	for _, e := range events {
		s = d.Evolve(s, e)
	}
	return s
}

package ledger

import "iter"

// A Table is a map that can take back what was written to it tentatively.
//
// The appender decides commands on top of events that are not yet on disk.
// Each group of such commands lies between Begin and either Commit, which makes
// the oldest group final, or Rollback, which takes back every group that is not
// final yet. Outside a group writes are final at once and cost what a map
// costs. The zero Table is empty and ready to use. Values are replaced, never
// modified in place.
type Table[K comparable, V any] struct {
	rows  map[K]V
	undo  []change[K, V]
	marks []int // where each open group begins in undo
}

type change[K comparable, V any] struct {
	key K
	old V
	had bool
}

// Get returns the value at k and whether there is one.
func (t *Table[K, V]) Get(k K) (V, bool) {
	v, ok := t.rows[k]
	return v, ok
}

// At returns the value at k, or the zero value.
func (t *Table[K, V]) At(k K) V { return t.rows[k] }

// Has tells whether there is a value at k.
func (t *Table[K, V]) Has(k K) bool {
	_, ok := t.rows[k]
	return ok
}

// Len returns the number of keys.
func (t *Table[K, V]) Len() int { return len(t.rows) }

// All yields keys and values in no particular order.
func (t *Table[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, v := range t.rows {
			if !yield(k, v) {
				return
			}
		}
	}
}

// Set puts v at k.
func (t *Table[K, V]) Set(k K, v V) {
	if t.rows == nil {
		t.rows = make(map[K]V)
	}
	t.remember(k)
	t.rows[k] = v
}

// Delete removes k.
func (t *Table[K, V]) Delete(k K) {
	if _, ok := t.rows[k]; ok {
		t.remember(k)
		delete(t.rows, k)
	}
}

func (t *Table[K, V]) remember(k K) {
	if len(t.marks) > 0 {
		old, had := t.rows[k]
		t.undo = append(t.undo, change[K, V]{k, old, had})
	}
}

// Begin opens a group of tentative writes.
func (t *Table[K, V]) Begin() { t.marks = append(t.marks, len(t.undo)) }

// Commit makes the oldest open group final.
func (t *Table[K, V]) Commit() {
	if len(t.marks) == 1 {
		clear(t.undo)
		t.undo, t.marks = t.undo[:0], t.marks[:0]
		return
	}
	n := t.marks[1]
	rest := copy(t.undo, t.undo[n:])
	clear(t.undo[rest:])
	t.undo = t.undo[:rest]
	t.marks = append(t.marks[:0], t.marks[1:]...)
	for i := range t.marks {
		t.marks[i] -= n
	}
}

// Rollback takes back all open groups, newest write first.
func (t *Table[K, V]) Rollback() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		if c := t.undo[i]; c.had {
			t.rows[c.key] = c.old
		} else {
			delete(t.rows, c.key)
		}
	}
	clear(t.undo)
	t.undo, t.marks = t.undo[:0], t.marks[:0]
}

// A Tentative part of a state can be tried and taken back; a [Table] is one.
type Tentative interface {
	Begin()
	Commit()
	Rollback()
}

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
	rows map[K]V
	undo undo[K, V]
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
	if t.undo.open() {
		old, had := t.rows[k]
		t.undo.add(k, old, had)
	}
}

// Begin opens a group of tentative writes.
func (t *Table[K, V]) Begin() { t.undo.begin() }

// Commit makes the oldest open group final.
func (t *Table[K, V]) Commit() { t.undo.commit() }

// Rollback takes back all open groups, newest write first.
func (t *Table[K, V]) Rollback() {
	t.undo.rollback(func(k K, old V, had bool) {
		if had {
			t.rows[k] = old
		} else {
			delete(t.rows, k)
		}
	})
}

// A Column is a [Table] whose keys are the numbers of [Names], nearly all of them: its
// rows lie side by side and cost what they hold. The zero V is no row. The zero Column
// is empty and ready to use.
type Column[V comparable] struct {
	rows [][]V // in blocks, so that what is there stays where it is
	undo undo[Number, V]
}

// At returns the row at n, or the zero value when there is none.
func (t *Column[V]) At(n Number) (v V) {
	if block := int(n / blockSize); block < len(t.rows) {
		v = t.rows[block][n%blockSize]
	}
	return v
}

// Set puts v at n, or removes what is there if v is zero.
func (t *Column[V]) Set(n Number, v V) {
	for int(n/blockSize) >= len(t.rows) {
		t.rows = append(t.rows, make([]V, blockSize))
	}
	at := &t.rows[n/blockSize][n%blockSize]
	if t.undo.open() {
		t.undo.add(n, *at, true)
	}
	*at = v
}

// Begin opens a group of tentative writes.
func (t *Column[V]) Begin() { t.undo.begin() }

// Commit makes the oldest open group final.
func (t *Column[V]) Commit() { t.undo.commit() }

// Rollback takes back all open groups, newest write first.
func (t *Column[V]) Rollback() {
	t.undo.rollback(func(n Number, old V, _ bool) { t.rows[n/blockSize][n%blockSize] = old })
}

// An undo is what was there before tentative writes.
type undo[K comparable, V any] struct {
	changes []change[K, V]
	marks   []int // where each open group begins in changes
}

type change[K comparable, V any] struct {
	key K
	old V
	had bool
}

func (u *undo[K, V]) open() bool { return len(u.marks) > 0 }

func (u *undo[K, V]) add(k K, old V, had bool) {
	u.changes = append(u.changes, change[K, V]{k, old, had})
}

func (u *undo[K, V]) begin() { u.marks = append(u.marks, len(u.changes)) }

func (u *undo[K, V]) commit() {
	if len(u.marks) == 1 {
		clear(u.changes)
		u.changes, u.marks = u.changes[:0], u.marks[:0]
		return
	}
	n := u.marks[1]
	rest := copy(u.changes, u.changes[n:])
	clear(u.changes[rest:])
	u.changes = u.changes[:rest]
	u.marks = append(u.marks[:0], u.marks[1:]...)
	for i := range u.marks {
		u.marks[i] -= n
	}
}

func (u *undo[K, V]) rollback(put func(k K, old V, had bool)) {
	for i := len(u.changes) - 1; i >= 0; i-- {
		c := u.changes[i]
		put(c.key, c.old, c.had)
	}
	clear(u.changes)
	u.changes, u.marks = u.changes[:0], u.marks[:0]
}

// A Tentative part of a state can be tried and taken back; a [Table] is one.
type Tentative interface {
	Begin()
	Commit()
	Rollback()
}

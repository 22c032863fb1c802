package ledger

import "iter"

// A Table is a map that can take back what was written to it tentatively.
//
// The appender decides commands on top of events that are not yet on disk.
// Each group of such commands lies between Begin and either Commit, which makes
// the oldest group final, or Rollback, which takes back every group that is not
// final yet; in between, the newest group alone can be taken back (Undo) or become
// part of the one before it (Join). Outside a group writes are final at once and cost
// what a map costs. The zero Table is empty and ready to use. Values are replaced,
// never modified in place.
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

// Join makes the newest open group part of the one before it.
func (t *Table[K, V]) Join() { t.undo.join() }

// Undo takes back the newest open group, newest write first.
func (t *Table[K, V]) Undo() { t.undo.back(t.undo.newest(), t.put) }

// Rollback takes back all open groups, newest write first.
func (t *Table[K, V]) Rollback() { t.undo.back(0, t.put) }

func (t *Table[K, V]) put(c change[K, V]) {
	if c.had {
		t.rows[c.key] = c.old
	} else {
		delete(t.rows, c.key)
	}
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

// Join makes the newest open group part of the one before it.
func (t *Column[V]) Join() { t.undo.join() }

// Undo takes back the newest open group, newest write first.
func (t *Column[V]) Undo() { t.undo.back(t.undo.newest(), t.put) }

// Rollback takes back all open groups, newest write first.
func (t *Column[V]) Rollback() { t.undo.back(0, t.put) }

func (t *Column[V]) put(c change[Number, V]) { t.rows[c.key/blockSize][c.key%blockSize] = c.old }

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

func (u *undo[K, V]) join() { u.marks = u.marks[:len(u.marks)-1] }

// newest is the number of the newest open group.
func (u *undo[K, V]) newest() int { return len(u.marks) - 1 }

// back takes back the open groups from one on.
func (u *undo[K, V]) back(group int, put func(change[K, V])) {
	if len(u.marks) == 0 {
		return
	}
	n := u.marks[group]
	for i := len(u.changes) - 1; i >= n; i-- {
		put(u.changes[i])
	}
	clear(u.changes[n:])
	u.changes, u.marks = u.changes[:n], u.marks[:group]
}

// A Tentative part of a state can be tried and taken back; a [Table] is one, and a
// [Column].
type Tentative interface {
	Begin()
	Commit()
	Join()
	Undo()
	Rollback()
}

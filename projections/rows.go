package projections

import (
	"errors"
	"fmt"
	"time"

	"zhucan/ledger"
	"zhucan/projections/pgcopy"
)

// Rows collects what the records of a chunk become, until the chunk is written.
// A projection uses it inside Fold and keeps nothing of it.
type Rows struct {
	tables []*tableRows
	of     map[*Table]*tableRows
	latest [Merged + 1]*tableRows // asked for last, of each mode
	err    error
	key    Key
}

// tableRows is what is to be written to one table: rows to be copied, then
// changes to be made.
type tableRows struct {
	*Table
	copy    *pgcopy.Buffer
	at      map[string]int // Keyed: where in copy the row of a key begins
	dead    [][2]int       // parts of copy that a later version of the row replaces
	changes map[string]*Change
}

// A Change is what happens to one row: new values of some columns, additions to
// sums.
type Change struct {
	rows  *Rows
	table *Table
	set   uint64 // bit for each column with a value
	cells []cell
}

type cell struct {
	column int
	value  []byte     // encoded
	sum    pgcopy.Sum // of a column that is a sum
}

// errTwice is a fold that inserts a key a second time in one chunk; between chunks
// the primary key says so.
var errTwice = errors.New("a row is inserted under a key that is taken")

func newRows(tables []*Table) *Rows {
	r := &Rows{of: make(map[*Table]*tableRows, len(tables))}
	for _, t := range tables {
		tr := &tableRows{Table: t, copy: pgcopy.NewBuffer(t.types()), changes: make(map[string]*Change)}
		if t.Mode == Keyed {
			tr.at = make(map[string]int)
		}
		r.tables, r.of[t] = append(r.tables, tr), tr
	}
	return r
}

// reset empties r and keeps its storage.
func (r *Rows) reset() {
	r.err = nil
	for _, t := range r.tables {
		t.copy.Reset()
		clear(t.at)
		clear(t.changes)
		t.dead = t.dead[:0]
	}
}

// exchange puts changes, table by table, in the place of those of r, which it
// returns; nil puts none. A bulk fill carries them from chunk to chunk, since they
// are written after all rows.
func (r *Rows) exchange(changes []map[string]*Change) []map[string]*Change {
	old := make([]map[string]*Change, len(r.tables))
	for i, t := range r.tables {
		old[i] = t.changes
		if t.changes = make(map[string]*Change); changes != nil {
			t.changes = changes[i]
		}
	}
	return old
}

// some returns what is to be written to the tables of these numbers.
func (r *Rows) some(numbers []int) []*tableRows {
	tables := make([]*tableRows, len(numbers))
	for i, n := range numbers {
		tables[i] = r.tables[n]
	}
	return tables
}

// pending counts the changes.
func (r *Rows) pending() (n int) {
	for _, t := range r.tables {
		n += len(t.changes)
	}
	return n
}

func (r *Rows) table(t *Table, mode Mode) *tableRows {
	if last := r.latest[mode]; last != nil && last.Table == t {
		return last
	}
	tr, ok := r.of[t]
	if !ok || t.Mode != mode {
		panic(fmt.Sprintf("projections: table %s is not there, or of another mode", t.Name))
	}
	r.latest[mode] = tr
	return tr
}

// Append begins a row of an append table; the caller writes its columns in their
// order.
func (r *Rows) Append(t *Table) *pgcopy.Buffer { return r.table(t, Append).copy.Row() }

// Insert begins the row of a key that is new, and writes the key; the caller
// writes the other columns.
func (r *Rows) Insert(t *Table, key string) *pgcopy.Buffer {
	tr := r.table(t, Keyed)
	n := len(tr.at) // which a key that is taken does not change
	if tr.at[key] = tr.copy.Size(); len(tr.at) == n || tr.changes[key] != nil {
		r.fail(fmt.Errorf("table %s, key %q: %w", t.Name, key, errTwice))
	}
	return tr.copy.Row().Text(key)
}

// Update changes the row of a key that was inserted by an earlier record.
func (r *Rows) Update(t *Table, key string) *Change {
	tr := r.table(t, Keyed)
	c, ok := tr.changes[key]
	if !ok {
		c = &Change{rows: r, table: t}
		tr.changes[key] = c
	}
	c.rows = r
	return c
}

// A Key is the key of a row of a merged table, its columns in their order.
type Key struct {
	cells []byte
	lines pgcopy.Lines
}

// Key begins a key. It is valid until the next one begins.
func (r *Rows) Key() *Key {
	r.key.cells = r.key.cells[:0]
	return &r.key
}

// Text adds a string to the key.
func (k *Key) Text(s string) *Key {
	k.cells = pgcopy.AppendText(k.cells, s)
	return k
}

// Int4 adds a number to the key.
func (k *Key) Int4(n int) *Key {
	k.cells = pgcopy.AppendInt4(k.cells, int32(n))
	return k
}

// Line adds the four parts of a budget line to the key.
func (k *Key) Line(l ledger.BudgetLine) *Key {
	k.cells = k.lines.Append(k.cells, l)
	return k
}

// Merge changes the row of a key, which comes into being with its first change.
func (r *Rows) Merge(t *Table, k *Key) *Change {
	tr := r.table(t, Merged)
	c, ok := tr.changes[string(k.cells)]
	if !ok {
		c = &Change{rows: r, table: t}
		tr.changes[string(k.cells)] = c
	}
	c.rows = r
	return c
}

func (r *Rows) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Amount returns an amount as it is written. One that no column holds stops the
// runner.
func (r *Rows) Amount(m ledger.Money) pgcopy.Sum {
	s, ok := pgcopy.SumOf(m)
	if !ok {
		r.fail(fmt.Errorf("amount %s is not a number of fen", m))
	}
	return s
}

// cell returns the place of a column's value, whose type must be t.
func (c *Change) cell(name string, t pgcopy.Type) *cell {
	i := c.table.column(name)
	column := c.table.Columns[i]
	if column.Type != t || i < len(c.table.Key) {
		panic(fmt.Sprintf("projections: %s.%s is not set to a %s", c.table.Name, name, t.SQL()))
	}
	if c.set&(1<<i) != 0 {
		for j := range c.cells {
			if c.cells[j].column == i {
				return &c.cells[j]
			}
		}
	}
	c.set |= 1 << i
	c.cells = append(c.cells, cell{column: i})
	return &c.cells[len(c.cells)-1]
}

// Text sets a column.
func (c *Change) Text(name, s string) *Change {
	k := c.cell(name, pgcopy.Text)
	k.value = pgcopy.AppendText(nil, s)
	return c
}

// Bool sets a column.
func (c *Change) Bool(name string, v bool) *Change {
	k := c.cell(name, pgcopy.Bool)
	k.value = pgcopy.AppendBool(nil, v)
	return c
}

// Date sets a column; no day is null.
func (c *Change) Date(name string, d ledger.Date) *Change {
	k := c.cell(name, pgcopy.Date)
	if d.IsZero() {
		k.value = pgcopy.AppendNull(nil)
	} else {
		k.value = pgcopy.AppendDate(nil, d)
	}
	return c
}

// Timestamp sets a column.
func (c *Change) Timestamp(name string, t time.Time) *Change {
	k := c.cell(name, pgcopy.Timestamp)
	k.value = pgcopy.AppendTimestamp(nil, t)
	return c
}

// Seq sets a column to the number of a record.
func (c *Change) Seq(name string, seq uint64) *Change {
	k := c.cell(name, pgcopy.Int8)
	k.value = pgcopy.AppendInt8(nil, int64(seq))
	return c
}

// Int4 sets a column.
func (c *Change) Int4(name string, n int) *Change {
	k := c.cell(name, pgcopy.Int4)
	k.value = pgcopy.AppendInt4(nil, int32(n))
	return c
}

// Money sets a column.
func (c *Change) Money(name string, m ledger.Money) *Change {
	k := c.cell(name, pgcopy.Money)
	k.value = pgcopy.AppendMoney(nil, c.rows.Amount(m))
	return c
}

// Add adds an amount to a sum.
func (c *Change) Add(name string, amount pgcopy.Sum) *Change {
	k := c.cell(name, pgcopy.Total)
	k.sum = k.sum.Add(amount)
	return c
}

// Count adds to a count.
func (c *Change) Count(name string, n int) *Change {
	k := c.cell(name, pgcopy.Int8)
	k.sum = k.sum.Add(pgcopy.Count(int64(n)))
	return c
}

// encode returns the value of a cell in its final form.
func (c *Change) encode(k cell) []byte {
	switch column := c.table.Columns[k.column]; {
	case !column.Sum:
		return k.value
	case column.Type == pgcopy.Total:
		return pgcopy.AppendMoney(nil, k.sum)
	default:
		n, ok := k.sum.Int()
		if !ok {
			panic("projections: a count of more than 64 bits")
		}
		return pgcopy.AppendInt8(nil, n)
	}
}

// merge puts the changes of rows that the same chunk inserts into those rows.
func (r *Rows) merge() {
	for _, t := range r.tables {
		if t.Mode != Keyed || len(t.at) == 0 {
			continue
		}
		for key, c := range t.changes {
			offset, ok := t.at[key]
			if !ok {
				continue
			}
			cells, end := t.copy.Cells(offset)
			parts := pgcopy.Split(cells, len(t.Columns))
			for _, k := range c.cells {
				switch column := t.Columns[k.column]; {
				case !column.Sum:
				case column.Type == pgcopy.Total:
					k.sum = k.sum.Add(pgcopy.ReadMoney(parts[k.column]))
				default:
					k.sum = k.sum.Add(pgcopy.ReadInt(parts[k.column]))
				}
				parts[k.column] = c.encode(k)
			}
			var row []byte
			for _, p := range parts {
				row = append(row, p...)
			}
			t.copy.Raw(row)
			t.dead = append(t.dead, [2]int{offset, end})
			delete(t.changes, key)
		}
		t.copy.Cut(t.dead)
	}
}

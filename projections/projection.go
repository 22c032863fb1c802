package projections

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"zhucan/events"
	"zhucan/projections/pgcopy"
)

// A Projection folds records into rows. It is a pure function of the log: no
// clock, no network, nothing read from any table.
type Projection interface {
	// Name is the name and the version of what Fold does, "books/1". It changes
	// when the same records are folded into other rows.
	Name() string
	// Tables are the shapes of its rows, the same ones at every call.
	Tables() []*Table
	// Fold adds the rows of one record. An error stops the runner at r.
	Fold(rows *Rows, r events.Recorded) error
}

// A Mode says how rows come into a table.
type Mode uint8

// The modes. Append: rows are added and never changed. Keyed: a row is inserted
// once under its key and updated afterwards. Merged: a row comes into being with
// the first change to its key, and changes are merged into it; sums are of this
// mode.
const (
	Append Mode = 1 + iota
	Keyed
	Merged
)

// A Column is one column of a [Table].
type Column struct {
	Name string
	Type pgcopy.Type
	Rest string // of its definition: "not null check (amount > 0)"
	Sum  bool   // changes are added to what is there
}

// A Table is the shape of a table in the schema of a read model.
type Table struct {
	Name    string
	Comment string
	Mode    Mode
	Columns []Column
	Key     []string // primary key: its first columns; of one text column when Keyed
	Indexes []string // each: "(party)", with a method in front or a where clause behind perhaps

	// View is the query of the view read.<Name>, over the tables of the same
	// version by their plain names; empty: the table as it is.
	View string
}

// types returns the types of the columns.
func (t *Table) types() []pgcopy.Type {
	types := make([]pgcopy.Type, len(t.Columns))
	for i, c := range t.Columns {
		types[i] = c.Type
	}
	return types
}

// ColumnNames returns the names of the columns, for a list in SQL.
func (t *Table) ColumnNames() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// column returns the number of a column by its name.
func (t *Table) column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	panic(fmt.Sprintf("projections: table %s has no column %s", t.Name, name))
}

// check panics at a shape that cannot be kept: a programmer's error.
func (t *Table) check() {
	for i, name := range t.Key {
		if i >= len(t.Columns) || t.Columns[i].Name != name {
			panic(fmt.Sprintf("projections: the key of %s is not its first columns", t.Name))
		}
	}
	if len(t.Key) == 0 || (t.Mode == Keyed && (len(t.Key) != 1 || t.Columns[0].Type != pgcopy.Text)) {
		panic(fmt.Sprintf("projections: the key of %s", t.Name))
	}
	if t.Comment == "" || len(t.Columns) > 64 {
		panic(fmt.Sprintf("projections: table %s has no comment or too many columns", t.Name))
	}
}

// create returns the statement that makes the table without its key.
func (t *Table) create(schema string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "create table %s.%s (", quote(schema), t.Name)
	for i, c := range t.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s %s", c.Name, c.Type.SQL(), c.Rest)
	}
	fmt.Fprintf(&b, "); comment on table %s.%s is %s", quote(schema), t.Name, literal(t.Comment))
	return b.String()
}

// key returns the statement that makes the primary key.
func (t *Table) key(schema string) string {
	return fmt.Sprintf("alter table %s.%s add primary key (%s)", quote(schema), t.Name, strings.Join(t.Key, ", "))
}

// secondary returns the statements that make the other indexes.
func (t *Table) secondary(schema string) []string {
	var all []string
	for _, def := range t.Indexes {
		all = append(all, fmt.Sprintf("create index on %s.%s %s", quote(schema), t.Name, def))
	}
	return all
}

// fingerprint names the fold and the shapes of its rows. A read model with
// another one was made by other code.
func fingerprint(all []Projection) string {
	h := sha256.New()
	for _, p := range all {
		fmt.Fprintf(h, "%s\n", p.Name())
		for _, t := range p.Tables() {
			fmt.Fprintf(h, "%d %s %s\n", t.Mode, t.create("rm"), t.key("rm"))
			for _, c := range t.Columns {
				fmt.Fprintf(h, "%s %v\n", c.Name, c.Sum)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// tablesOf returns the tables of all projections in their order.
func tablesOf(all []Projection) []*Table {
	var tables []*Table
	for _, p := range all {
		for _, t := range p.Tables() {
			t.check()
			if slices.ContainsFunc(tables, func(o *Table) bool { return o.Name == t.Name }) {
				panic(fmt.Sprintf("projections: two tables %s", t.Name))
			}
			tables = append(tables, t)
		}
	}
	return tables
}

// quote quotes an identifier that may need it.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal quotes a string constant.
func literal(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }

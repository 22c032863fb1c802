package projections

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"zhucan/projections/pgcopy"
)

// A Copy is one COPY as it was sent.
type Copy struct {
	Table   string // with its schema, quoted
	Columns string // a list
	Rows    int
	Data    []byte // COPY … FROM STDIN (FORMAT BINARY); valid during the call only
}

// send copies the rows of a buffer into a table.
func (r *Runner) send(ctx context.Context, tx pgx.Tx, c Copy, option string) error {
	if c.Rows == 0 {
		return nil
	}
	if r.cfg.Tap != nil {
		r.cfg.Tap(c)
	}
	sql := fmt.Sprintf("copy %s (%s) from stdin (format binary%s)", c.Table, c.Columns, option)
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(c.Data), sql)
	if err != nil {
		return fmt.Errorf("copy into %s: %w", c.Table, err)
	}
	if int(tag.RowsAffected()) != c.Rows {
		return fmt.Errorf("%w: %d rows of %d copied into %s", errRows, tag.RowsAffected(), c.Rows, c.Table)
	}
	r.counters.rows.Add(uint64(c.Rows))
	return nil
}

// copyRows writes the rows of tables.
func (r *Runner) copyRows(ctx context.Context, tx pgx.Tx, schema string, tables []*tableRows, option string) error {
	for _, t := range tables {
		if t.copy.Rows() == 0 {
			continue
		}
		c := Copy{Table: quote(schema) + "." + t.Name, Columns: t.ColumnNames(), Rows: t.copy.Rows(), Data: t.copy.Bytes()}
		if err := r.send(ctx, tx, c, option); err != nil {
			return err
		}
	}
	return nil
}

// slice is how many changes one statement makes.
const slice = 10_000

// change makes the changes of tables.
func (r *Runner) change(ctx context.Context, tx pgx.Tx, schema string, tables []*tableRows) error {
	for _, t := range tables {
		if len(t.changes) == 0 {
			continue
		}
		// One statement for each set of columns: a claim that is approved changes
		// others than one that is shown.
		shapes := make(map[uint64][]string)
		for _, key := range slices.Sorted(maps.Keys(t.changes)) {
			set := t.changes[key].set
			shapes[set] = append(shapes[set], key)
		}
		for _, set := range slices.Sorted(maps.Keys(shapes)) {
			for keys := range slices.Chunk(shapes[set], slice) {
				if err := changeRows(ctx, tx, schema, t, set, keys); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// changeRows makes changes of one shape in one statement and checks that each
// found its row.
func changeRows(ctx context.Context, tx pgx.Tx, schema string, t *tableRows, set uint64, keys []string) error {
	var columns []int // the key, then those that change
	for i := range t.Columns {
		if i < len(t.Key) || set&(1<<i) != 0 {
			columns = append(columns, i)
		}
	}
	values := make([][]byte, len(columns)) // for each column its cells
	for _, key := range keys {
		c := t.changes[key]
		parts := [][]byte{pgcopy.AppendText(nil, key)}
		if t.Mode == Merged {
			parts = pgcopy.Split([]byte(key), len(t.Key))
		}
		for i, p := range parts {
			values[i] = append(values[i], p...)
		}
		for _, k := range c.cells {
			i, _ := slices.BinarySearch(columns, k.column)
			values[i] = append(values[i], c.encode(k)...)
		}
	}
	params, oids := make([][]byte, len(columns)), make([]uint32, len(columns))
	names, arrays := make([]string, len(columns)), make([]string, len(columns))
	for i, n := range columns {
		typ := t.Columns[n].Type
		params[i], oids[i] = pgcopy.AppendArray(nil, typ, len(keys), values[i]), typ.ArrayOID()
		names[i], arrays[i] = t.Columns[n].Name, fmt.Sprintf("$%d", i+1)
	}
	var assign []string
	for _, n := range columns[len(t.Key):] {
		name, from := t.Columns[n].Name, "excluded."
		if t.Mode == Keyed {
			from = "u."
		}
		if t.Columns[n].Sum {
			assign = append(assign, fmt.Sprintf("%s = t.%s + %s%s", name, name, from, name))
		} else {
			assign = append(assign, fmt.Sprintf("%s = %s%s", name, from, name))
		}
	}
	table := quote(schema) + "." + t.Name
	var sql string
	if t.Mode == Keyed {
		sql = fmt.Sprintf("update %s as t set %s from unnest(%s) as u (%s) where t.%s = u.%s",
			table, strings.Join(assign, ", "), strings.Join(arrays, ", "), strings.Join(names, ", "), t.Key[0], t.Key[0])
	} else {
		sql = fmt.Sprintf("insert into %s as t (%s) select * from unnest(%s) on conflict (%s) do update set %s",
			table, strings.Join(names, ", "), strings.Join(arrays, ", "), strings.Join(t.Key, ", "), strings.Join(assign, ", "))
	}
	tag, err := execute(ctx, tx, sql, params, oids)
	if err != nil {
		return fmt.Errorf("change %s: %w", table, err)
	}
	if int(tag.RowsAffected()) != len(keys) {
		return fmt.Errorf("%w: %d rows of %d changed in %s", errRows, tag.RowsAffected(), len(keys), table)
	}
	return nil
}

// execute runs a statement with parameters that are encoded already.
func execute(ctx context.Context, tx pgx.Tx, sql string, params [][]byte, oids []uint32) (pgconn.CommandTag, error) {
	result := tx.Conn().PgConn().ExecParams(ctx, sql, params, oids, []int16{pgx.BinaryFormatCode}, nil)
	return result.Close()
}

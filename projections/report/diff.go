package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"zhucan/projections"
)

// A TableDigest is the hash of a table's rows in the order of its key.
type TableDigest struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Digest string `json:"digest"` // SHA-256 of the rows in the text form of COPY
}

// Digest hashes the tables of a version. Versions with the same rows have the same
// digests.
func Digest(ctx context.Context, db DB, version string, tables []*projections.Table) ([]TableDigest, error) {
	tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var all []TableDigest
	for _, t := range tables {
		h := sha256.New()
		sql := fmt.Sprintf("copy (select %s from %s order by %s) to stdout", t.ColumnNames(), table("rm_"+version, t), strings.Join(t.Key, ", "))
		tag, err := tx.Conn().PgConn().CopyTo(ctx, h, sql)
		if err != nil {
			return nil, fmt.Errorf("digest of %s: %w", t.Name, err)
		}
		all = append(all, TableDigest{t.Name, tag.RowsAffected(), hex.EncodeToString(h.Sum(nil))})
	}
	return all, nil
}

func table(schema string, t *projections.Table) string {
	return pgx.Identifier{schema, t.Name}.Sanitize()
}

// A TableDiff counts how the rows of a table differ between two versions. Versions that
// were made by different programs are compared by the columns that both have; a table that
// one lacks is empty there.
type TableDiff struct {
	Name    string   `json:"name"`
	Same    int64    `json:"same"`
	Changed int64    `json:"changed"`
	Added   int64    `json:"added"`          // in the second only
	Removed int64    `json:"removed"`        // in the first only
	Left    []string `json:"left,omitempty"` // columns that only one version has
}

// A Difference is one value that differs. A row that only one version has is one
// difference, of column "*".
type Difference struct {
	Table  string  `json:"table"`
	Key    string  `json:"key"` // its columns separated by blanks
	Column string  `json:"column"`
	Before *string `json:"before"`
	After  *string `json:"after"`
	Seq    uint64  `json:"seq"` // of the record that made or last changed the row; 0 when the table does not say
}

// A Diff is how the second version differs from the first. Every difference is
// counted; Differences lists the first of each table.
type Diff struct {
	Before      string       `json:"before"`
	After       string       `json:"after"`
	Tables      []TableDiff  `json:"tables"`
	Differences []Difference `json:"differences"`
}

// Same tells whether there is no difference.
func (d Diff) Same() bool {
	return !slices.ContainsFunc(d.Tables, func(t TableDiff) bool { return t.Changed+t.Added+t.Removed > 0 })
}

// Compare compares two versions, with at most limit rows listed for each table.
func Compare(ctx context.Context, db DB, before, after string, tables []*projections.Table, limit int) (Diff, error) {
	tx, err := db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Diff{}, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	d, err := CompareIn(ctx, tx, "rm_"+before, "rm_"+after, tables, limit)
	d.Before, d.After = before, after
	return d, err
}

// CompareIn compares the tables of two schemas as tx sees them, those too that no read
// model of this program has.
func CompareIn(ctx context.Context, tx pgx.Tx, before, after string, tables []*projections.Table, limit int) (Diff, error) {
	d := Diff{Before: before, After: after, Differences: []Difference{}}
	var pairs []pair
	for _, t := range tables {
		pairs = append(pairs, pair{name: t.Name, before: before, after: after, key: t.Key})
	}
	rows, err := tx.Query(ctx, selectShapes, pgx.NamedArgs{"before": before, "after": after})
	if err != nil {
		return d, fmt.Errorf("shapes of tables: %w", err)
	}
	shapes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[shape])
	if err != nil {
		return d, fmt.Errorf("shapes of tables: %w", err)
	}
	for _, schema := range []string{before, after} {
		if !slices.ContainsFunc(shapes, func(s shape) bool { return s.Schema == schema }) {
			return d, projections.ErrVersion.Of("there is no version %s", strings.TrimPrefix(schema, "rm_"))
		}
	}
	for _, s := range shapes {
		i := slices.IndexFunc(pairs, func(p pair) bool { return p.name == s.Table })
		if i < 0 {
			i, pairs = len(pairs), append(pairs, pair{name: s.Table, before: before, after: after})
		}
		if s.Schema == before {
			pairs[i].a = s.Columns
		} else {
			pairs[i].b = s.Columns
		}
	}
	for _, p := range pairs {
		count, rows, err := p.compare(ctx, tx, limit)
		if err != nil {
			return d, fmt.Errorf("compare %s: %w", p.name, err)
		}
		d.Tables = append(d.Tables, count)
		d.Differences = append(d.Differences, rows...)
	}
	return d, nil
}

const selectShapes = `
select n.nspname, c.relname, array_agg(a.attname::text order by a.attnum)
from pg_namespace n
join pg_class c on c.relnamespace = n.oid
join pg_attribute a on a.attrelid = c.oid
where n.nspname in (@before, @after) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
group by 1, 2
order by 2, 1`

type shape struct {
	Schema, Table string
	Columns       []string
}

// A pair is one table in two schemas, a and b in queries.
type pair struct {
	name, before, after string
	a, b                []string // its columns; none where there is no such table
	key                 []string // by which rows are matched if both have it; otherwise the same rows match
}

func (p pair) compare(ctx context.Context, tx pgx.Tx, limit int) (TableDiff, []Difference, error) {
	count, columns := TableDiff{Name: p.name}, p.a
	switch {
	case len(p.a) == 0:
		columns = p.b
	case len(p.b) > 0:
		columns = slices.DeleteFunc(slices.Clone(p.a), func(c string) bool { return !slices.Contains(p.b, c) })
		count.Left = slices.DeleteFunc(slices.Concat(p.a, p.b), func(c string) bool { return slices.Contains(columns, c) })
	}
	list, key := strings.Join(columns, ", "), strings.Join(p.key, ", ")
	matched := len(p.key) > 0 && !slices.ContainsFunc(p.key, func(c string) bool { return !slices.Contains(columns, c) })
	if !matched {
		key = "whole"
	}
	from := func(schema string, there bool, other string) string {
		in, where := pgx.Identifier{schema, p.name}.Sanitize(), ""
		if !there {
			in, where = pgx.Identifier{other, p.name}.Sanitize(), " where false"
		}
		if matched {
			return fmt.Sprintf("(select %s from %s%s)", list, in, where)
		}
		return fmt.Sprintf("(select encode(sha256(convert_to(row(%[1]s)::text, 'UTF8')), 'hex') || ' ' || row_number() over (partition by row(%[1]s)::text) as whole, %[1]s from %[2]s%[3]s)", list, in, where)
	}
	// The key of a row that one side does not have is null there; keys are never null.
	joined := fmt.Sprintf("from %s a full join %s b using (%s)", from(p.before, len(p.a) > 0, p.after), from(p.after, len(p.b) > 0, p.before), key)
	others := slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return !matched || slices.Contains(p.key, c) })
	differ := "false"
	if len(others) > 0 {
		differ = fmt.Sprintf("(a.%s) is distinct from (b.%s)", strings.Join(others, ", a."), strings.Join(others, ", b."))
	}
	first, _, _ := strings.Cut(key, ",")
	inA, inB := "a."+first+" is not null", "b."+first+" is not null"
	sql := fmt.Sprintf(`select
    count(*) filter (where %[1]s and %[2]s and not %[3]s),
    count(*) filter (where %[1]s and %[2]s and %[3]s),
    count(*) filter (where not %[1]s), count(*) filter (where not %[2]s) %[4]s`, inA, inB, differ, joined)
	if err := tx.QueryRow(ctx, sql).Scan(&count.Same, &count.Changed, &count.Added, &count.Removed); err != nil {
		return count, nil, err
	}
	if count.Changed+count.Added+count.Removed == 0 || limit <= 0 {
		return count, nil, nil
	}
	sql = fmt.Sprintf(`select concat_ws(' ', %[1]s), case when %[2]s then to_json(a) end, case when %[3]s then to_json(b) end %[4]s
where not %[2]s or not %[3]s or %[5]s
order by %[1]s
limit %[6]d`, key, inA, inB, joined, differ, limit)
	rows, err := tx.Query(ctx, sql)
	if err != nil {
		return count, nil, err
	}
	var (
		found []Difference
		of    string
		x, y  []byte
	)
	_, err = pgx.ForEachRow(rows, []any{&of, &x, &y}, func() error {
		more, err := differences(p.name, others, of, x, y)
		found = append(found, more...)
		return err
	})
	return count, found, err
}

// differences compares columns of two rows in JSON; one that is nil is not there.
func differences(table string, columns []string, key string, a, b []byte) ([]Difference, error) {
	var before, after map[string]json.RawMessage
	for _, side := range []struct {
		row  []byte
		into *map[string]json.RawMessage
	}{{a, &before}, {b, &after}} {
		if side.row == nil {
			continue
		}
		if err := json.Unmarshal(side.row, side.into); err != nil {
			return nil, err
		}
	}
	d := Difference{Table: table, Key: key}
	for _, row := range []map[string]json.RawMessage{before, after} {
		for _, column := range []string{"seq", "last_seq"} { // the last that is there counts
			if raw, ok := row[column]; ok {
				if err := json.Unmarshal(raw, &d.Seq); err != nil {
					return nil, err
				}
			}
		}
	}
	if a == nil || b == nil {
		d.Column, d.Before, d.After = "*", text(a), text(b)
		return []Difference{d}, nil
	}
	var all []Difference
	for _, c := range columns {
		if x, y := before[c], after[c]; string(x) != string(y) {
			d.Column, d.Before, d.After = c, text(x), text(y)
			all = append(all, d)
		}
	}
	return all, nil
}

// text returns a JSON value as it is shown: a string without its quotes, null as nil.
func text(raw []byte) *string {
	s := string(raw)
	switch {
	case raw == nil || s == "null":
		return nil
	case s[0] == '"':
		if err := json.Unmarshal(raw, &s); err != nil {
			s = string(raw)
		}
	}
	return &s
}

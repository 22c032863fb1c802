package pgcopy_test

import (
	"bytes"
	"context"
	"unicode"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/projections/pgcopy"
)

type fataler interface {
	Context() context.Context
	Fatal(...any)
	Helper()
}

// rangeOf is the characters of names, with some that are rare.
func rangeOf() *unicode.RangeTable {
	return &unicode.RangeTable{
		R16: []unicode.Range16{{Lo: 0x20, Hi: 0x7e, Stride: 1}, {Lo: 0x4e00, Hi: 0x9fff, Stride: 1}},
		R32: []unicode.Range32{{Lo: 0x20000, Hi: 0x2a6df, Stride: 1}},
	}
}

func put(t fataler, tx pgx.Tx, table string, b *pgcopy.Buffer) {
	t.Helper()
	if _, err := tx.Conn().PgConn().CopyFrom(t.Context(), bytes.NewReader(b.Bytes()), "copy "+table+" from stdin (format binary)"); err != nil {
		t.Fatal(err)
	}
}

// roundTrip copies the rows in and reads them back with pgx.
func roundTrip(t fataler, pool *pgxpool.Pool, b *pgcopy.Buffer, names string) []row {
	t.Helper()
	var got []row
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "delete from t"); err != nil {
			return err
		}
		put(t, tx, "t ("+names+")", b)
		rows, err := tx.Query(t.Context(), "select c0, c1, c2, c3, c4, c5, c6, c7::text, c8::text, c9, c10 from t order by n")
		if err != nil {
			return err
		}
		got, err = pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Stamp != nil {
			*got[i].Stamp = got[i].Stamp.UTC()
		}
	}
	return got
}

// texts copies one row of one column in and reads it back as text.
func texts(t fataler, pool *pgxpool.Pool, b *pgcopy.Buffer) (s string) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "create temporary table one (v "+b.Columns()[0].SQL()+") on commit drop"); err != nil {
			return err
		}
		put(t, tx, "one", b)
		return tx.QueryRow(t.Context(), "select v::text from one").Scan(&s)
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

package bench

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Employers writes n filings for levy compute: of every class that is liable, below and
// above the quota, with wages below and above the cap, none of them refused.
func Employers(w io.Writer, n int) error {
	out := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintln(out, "id,filing_year,region,unit_class,staff,disabled_weighted,average_wage,social_average_wage")
	classes := []string{"organ", "social_org", "enterprise", "institution", "nonprofit"}
	for i := range n {
		staff := 1 + i*7%900
		fmt.Fprintf(out, "E%07d,%d,2201%02d,%s,%d,%d,%d.%02d,68000.00\n", i, 2022+i%3, 2+i%5, classes[i%len(classes)], staff, i*3%(staff/40+1), 38_000+i*13%160_000, i%100)
	}
	return out.Flush()
}

// CopyCSV reads a CSV and writes its rows again to nowhere, and returns how long that
// took.
func CopyCSV(path string) (time.Duration, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	begin := time.Now()
	r, w := csv.NewReader(bufio.NewReaderSize(f, 1<<16)), csv.NewWriter(io.Discard)
	r.ReuseRecord = true
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = w.Write(row)
		}
		if err != nil {
			return 0, err
		}
	}
	w.Flush()
	return time.Since(begin), w.Error()
}

// Count counts the rows of tables, one after the other.
func Count(ctx context.Context, pool *pgxpool.Pool, tables ...string) error {
	for _, table := range tables {
		if _, err := pool.Exec(ctx, "select count(*) from "+table); err != nil {
			return fmt.Errorf("count %s: %w", table, err)
		}
	}
	return nil
}

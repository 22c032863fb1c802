package projections_test

import (
	"fmt"
	"testing"
	"time"

	"zhucan/projections"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
	"github.com/jackc/pgx/v5"
	"context"
)

func TestYY(t *testing.T) {
	b := sampletest.New(t)
	b.Record(100000)
	log := b.Log()
	pool := schematest.New(t)
	for range 2 {
		start := time.Now()
		n := 0
		r := runner(pool, log, func(c *projections.Config) { c.Step = func(s string) { n++; fmt.Println(s, time.Since(start).Milliseconds()) } })
		if err := r.Rebuild(t.Context(), "v0002"); err != nil {
			t.Fatal(err)
		}
		fmt.Println("done", time.Since(start).Milliseconds())
		pgx.BeginFunc(context.Background(), pool, func(tx pgx.Tx) error {
			for _, tb := range r.Tables() {
				for _, ix := range tb.Indexes {
					s := time.Now()
					tx.Exec(context.Background(), "create index on rm_v0002."+tb.Name+" "+ix)
					fmt.Println(tb.Name, ix, time.Since(s).Milliseconds())
				}
				s := time.Now()
				tx.Exec(context.Background(), "analyze rm_v0002."+tb.Name)
				fmt.Println("analyze", tb.Name, time.Since(s).Milliseconds())
			}
			return nil
		})
		var a, c string
		pool.QueryRow(context.Background(), "select current_setting('max_parallel_maintenance_workers'), datcollate from pg_database where datname = current_database()").Scan(&a, &c)
		fmt.Println(a, c)
	}
}

package projections_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"zhucan/projections"
	"zhucan/projections/sampletest"
	"zhucan/projections/verify"
	"zhucan/schema/schematest"
)

func TestZZ(t *testing.T) {
	b := sampletest.New(t)
	b.Record(100000)
	n := float64(len(b.Records))
	log := b.Log()
	raw := func(copies []projections.Copy, like string) float64 {
		pool := schematest.New(t)
		if err := runner(pool, sampletest.New(t).Log()).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec(t, pool, "create schema raw")
		names := map[string]string{}
		for _, c := range copies {
			if names[c.Table] == "" {
				names[c.Table] = fmt.Sprintf("raw.t%d", len(names))
				tab := c.Table
				if tab[1] == 'r' && tab[:4] == `"rm_` {
					tab = `"rm_v0001"` + tab[len(tab)-len(tab[bytes.IndexByte([]byte(tab), '.'):]):]
				}
				exec(t, pool, fmt.Sprintf("create table %s (like %s %s)", names[c.Table], tab, like))
			}
		}
		conn, _ := pool.Acquire(t.Context())
		defer conn.Release()
		start := time.Now()
		for _, c := range copies {
			if _, err := conn.Conn().PgConn().CopyFrom(t.Context(), bytes.NewReader(c.Data), fmt.Sprintf("copy %s (%s) from stdin (format binary)", names[c.Table], c.Columns)); err != nil {
				t.Fatal(err)
			}
		}
		return n / time.Since(start).Seconds()
	}
	for range 2 {
		var live, bulk []projections.Copy
		pool := schematest.New(t)
		tap := func(to *[]projections.Copy) func(*projections.Config) {
			return func(c *projections.Config) {
				c.Tap = func(x projections.Copy) { x.Data = bytes.Clone(x.Data); *to = append(*to, x) }
			}
		}
		tick := time.Now()
		if err := runner(pool, log, tap(&live)).CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		l := n / time.Since(tick).Seconds()
		tick = time.Now()
		if err := runner(pool, log, tap(&bulk)).Rebuild(t.Context(), "v0002"); err != nil {
			t.Fatal(err)
		}
		r := n / time.Since(tick).Seconds()
		rl, rb := raw(live, "including defaults including indexes including constraints"), raw(bulk, "including defaults")
		fmt.Printf("live %.0f raw %.0f ratio %.2f; rebuild %.0f raw %.0f ratio %.2f\n", l, rl, l/rl, r, rb, r/rb)
		tick = time.Now()
		res, err := verify.Log(t.Context(), pool, log, verify.Options{})
		fmt.Printf("verify %.0f %v %s\n", n/time.Since(tick).Seconds(), err, res.Verdict)
		tick = time.Now()
		res, err = verify.ReadModel(t.Context(), pool, runner(pool, log), verify.Options{})
		fmt.Printf("readmodel %.0f %v %+v\n", n/time.Since(tick).Seconds(), err, res.Verdict)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhucan/schema/schematest"
)

// Both halves of the bench run to their end, every figure is measured, and nothing is left.
// A user's own servers are left alone: what is measured is synthetic.
func TestTheBenchMeasuresTheBooksAndThePlan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args    []string
		figures string
	}{
		{[]string{"--events", "20000"}, "append_bulk append_growth append_concurrent append_p99 append_single project_live rebuild verify_log restart"},
		{[]string{"--province", "small"}, "levy_compute import_roster import_province indicators rebuild verify_log"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(schematest.Dir(t), "data")
			own := []string{"ZHUCAN_NATS=nats://127.0.0.1:1", "ZHUCAN_POSTGRES=postgres://127.0.0.1:1/none"}
			c, out := childIn(t, own, dir, append([]string{"bench", "--output", "json"}, test.args...)...)
			if err := c.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			said := out.String()
			got := answer[benchResult](t, said[max(0, strings.Index(said, "{")):])
			var names []string
			for _, f := range got.Figures {
				names = append(names, f.Name)
				if f.Value <= 0 || f.Events <= 0 || (f.Raw > 0) != (f.Ratio > 0) {
					t.Errorf("%+v", f)
				}
			}
			if figures := strings.Join(names, " "); figures != test.figures {
				t.Errorf("figures %s, want %s", figures, test.figures)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

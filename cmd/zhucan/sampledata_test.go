package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/sampledata"
	"zhucan/ledger"
	"zhucan/projections/report"
	"zhucan/schema/schematest"
)

func TestASampleIsWrittenAmongNothingElse(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "province")
	write := func(args ...string) (int, string) {
		code, _, stderr := zhucan(t, t.TempDir(), append([]string{"sample-data", "--out", out}, args...)...)
		return code, stderr
	}
	if code, stderr := write(); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	before, err := os.ReadFile(filepath.Join(out, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	if code, stderr := write(); code != 0 {
		t.Errorf("the same once more: exit %d: %s", code, stderr)
	}
	if after, err := os.ReadFile(filepath.Join(out, "truth.json")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the truth has changed (%v)", err)
	}
	if code, stderr := write("--seed", "2"); code != 2 || !strings.Contains(stderr, "sample-folder") {
		t.Errorf("another seed: exit %d: %s", code, stderr)
	}
	if code, stderr := write("--scale", "huge"); code != 2 || !strings.Contains(stderr, "usage") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// The whole program, on real servers, sees exactly what the truth of the sample says: counts,
// refusals by line and code, doubles, trial balance, levies and indicators, which the sample
// reckons by itself.
func TestTheSyntheticProvinceIsSeenAsItsTruthSays(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "province")
	must(t, t.TempDir(), "sample-data", "--out", out)
	text, err := os.ReadFile(filepath.Join(out, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	truth := answer[sampledata.Truth](t, string(text))
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "access", "add", sampledata.Federation, "--role", "clerk", "--role", "reviewer")

	load := func(again bool) (last uint64) {
		for _, s := range truth.Steps {
			args := s.In(out)
			if args[0] == "levy" {
				if got := answer[struct{ Assessed, Refused int }](t, must(t, dir, append(args, "-o", "json")...)); got.Assessed != s.Assessed && !again || again && got.Assessed != 0 || got.Refused != 0 {
					t.Errorf("%v: %+v, want %d", args, got, s.Assessed)
				}
				continue
			}
			refused := filepath.Join(t.TempDir(), "refused.csv")
			got := answer[totals](t, must(t, dir, append(args, "--refused", refused, "-o", "json")...))
			last = max(last, got.Seq)
			if s.File == nil {
				continue
			}
			if again {
				got.Accepted, got.Duplicates = got.Duplicates, got.Accepted
			}
			if f := s.File; got.Read != f.Rows || got.Accepted != f.Accepted || got.Refused != f.Refused || got.Duplicates != 0 || got.Total != f.Total {
				t.Errorf("%s: %+v, want %d %d %d %s", f.Path, got, f.Rows, f.Accepted, f.Refused, f.Total)
			}
			if want, is := wrong(s.File.Wrong), refusedRows(t, refused); is != want {
				t.Errorf("%s refuses\n%swant\n%s", s.File.Path, is, want)
			}
		}
		return last
	}
	if last := load(false); last != uint64(truth.Events) {
		t.Errorf("the last event is %d, want %d", last, truth.Events)
	}

	t.Run("the trial balance", func(t *testing.T) {
		got := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
		if got.DebitTotal != truth.Total || got.CreditTotal != truth.Total {
			t.Errorf("%s and %s, want %s", got.DebitTotal, got.CreditTotal, truth.Total)
		}
		var is, want strings.Builder
		for _, a := range got.Accounts {
			if a.Debit != "0.00" || a.Credit != "0.00" {
				fmt.Fprintln(&is, a.Code, a.Debit, a.Credit)
			}
		}
		for _, a := range truth.Accounts {
			fmt.Fprintln(&want, a.Code, a.Debit, a.Credit)
		}
		if is.String() != want.String() {
			t.Errorf("\n%swant\n%s", is.String(), want.String())
		}
	})
	t.Run("levies", func(t *testing.T) {
		for _, want := range truth.Levies {
			is := sampledata.Levy{Year: want.Year, NotLiable: want.NotLiable, QuotaMet: want.QuotaMet, Small: want.Small, Capped: want.Capped}
			var full, relief, due, paid ledger.Money
			for _, l := range answer[report.LevyPage](t, must(t, dir, "levy", "list", "--year", strconv.Itoa(want.Year), "--limit", "100000", "-o", "json")).Levies {
				if l.Policy == "" {
					continue // reviewed only
				}
				is.Assessed++
				if l.Due.Sign() > 0 {
					is.Owing++
				}
				full, relief, due, paid = full.Add(l.Full), relief.Add(l.Relief), due.Add(l.Due), paid.Add(l.Paid)
			}
			is.Affected, is.Change = want.Affected, want.Change
			is.Full, is.Relief, is.Due, is.Received = full.String(), relief.String(), due.String(), paid.String()
			if is != want {
				t.Errorf("%+v, want %+v", is, want)
			}
		}
		affected, change := 0, ledger.Money{}
		for _, want := range truth.Levies {
			m, err := ledger.ParseMoney(want.Change)
			if err != nil {
				t.Fatal(err)
			}
			affected, change = affected+want.Affected, change.Add(m)
		}
		changed := answer[struct {
			Affected []affectedLevy
			Change   string
		}](t, must(t, dir, "levy", "affected", "--known", truth.AsOf, "-o", "json"))
		if len(changed.Affected) != affected || changed.Change != change.String() || affected == 0 {
			t.Errorf("%d are affected by %s, want %d by %s", len(changed.Affected), changed.Change, affected, change)
		}
	})
	t.Run("indicators", func(t *testing.T) {
		got := answer[report.Indicators](t, must(t, dir, "indicator", "list", "--as-of", truth.AsOf, "-o", "json"))
		if len(truth.Indicators) < 15 {
			t.Errorf("%d indicators", len(truth.Indicators))
		}
		for _, want := range truth.Indicators {
			x, _ := got.Find(want.Code)
			if x.Actual != want.Actual || want.Of != 0 && int(x.Of) != want.Of || want.Persons != 0 && int(x.Persons) != want.Persons || want.Times != 0 && int(x.Times) != want.Times {
				t.Errorf("%s %s: %s, %d persons, %d times; want %+v", want.Code, x.NameEN, x.Actual, x.Persons, x.Times, want)
			}
		}
	})
	t.Run("suspected doubles", func(t *testing.T) {
		var is, want strings.Builder
		for _, s := range answer[report.SuspectPage](t, must(t, dir, "suspects", "--limit", "100000", "-o", "json")).Suspects {
			fmt.Fprintln(&is, s.Payment, s.Earlier)
		}
		for _, s := range truth.Steps {
			if s.File == nil {
				continue
			}
			for _, x := range s.File.Suspects {
				fmt.Fprintf(&want, "%.16s:%d %.16s:%d\n", s.File.SHA256, x.Row, s.File.SHA256, x.Of)
			}
		}
		if is.String() != want.String() || is.Len() == 0 {
			t.Errorf("\n%swant\n%s", is.String(), want.String())
		}
	})
	t.Run("a second import adds nothing", func(t *testing.T) {
		load(true)
		if got := answer[verdict](t, must(t, dir, "verify", "-o", "json")); got.Verdict != "VERIFIED" || got.Events != uint64(truth.Events) {
			t.Errorf("%s, %d events, want %d", got.Verdict, got.Events, truth.Events)
		}
	})
}

func wrong(rows []sampledata.Wrong) string {
	var b strings.Builder
	for _, w := range rows {
		fmt.Fprintln(&b, w.Line, w.Code)
	}
	return b.String()
}

// refusedRows reads line and code of a file of refused rows.
func refusedRows(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "" // none was
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range rows[1:] {
		fmt.Fprintln(&b, r[0], r[3])
	}
	return b.String()
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhucan/schema/schematest"
)

type parameterRow struct {
	Name, Region, From, To, Published, Value, Certainty, Source string
	InForce                                                     bool `json:"in_force"`
}

func TestPolicyCheckListsWhatIsUnset(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := zhucan(t, t.TempDir(), "policy", "check", "-o", "json")
	got := answer[struct {
		Policy     string
		Parameters int
		Unset      []parameterRow
	}](t, stdout)
	if code != 3 || got.Policy != "jilin-2022-2024.2" || got.Parameters < 600 || stderr != "" {
		t.Fatalf("exit %d: %+v %s", code, got, stderr)
	}
	seen := make(map[string]bool)
	for _, u := range got.Unset {
		seen[u.Name+" "+u.Region+" "+u.From] = true
		if u.Value != "" || u.Source == "" {
			t.Errorf("%+v", u)
		}
	}
	for _, want := range []string{"levy.late_fee.first_day CN ", "social_average_wage.weighted 220100 2021-01-01", "levy.tier.rate_below_threshold CN 2028-01-01", "startup.standard  2022-10-10", "late_return  "} {
		if !seen[want] {
			t.Errorf("%q is not listed", want)
		}
	}
	if code, stdout, _ := zhucan(t, t.TempDir(), "policy", "check", "--lang", "en"); code != 3 || !strings.Contains(stdout, "levy.late_fee.first_day") || !strings.Contains(stdout, "to be confirmed") {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if code, _, stderr := zhucan(t, t.TempDir(), "policy", "check", t.TempDir()); code != 2 || !strings.Contains(stderr, "policy-malformed") {
		t.Errorf("an empty folder: exit %d %s", code, stderr)
	}
}

func TestPolicyShowMarksTheRowThatWasKnownToHold(t *testing.T) {
	t.Parallel()
	type shown struct{ Rows []parameterRow }
	dir := t.TempDir()
	for known, want := range map[string]string{"": "2023-03-26 0.5", "2023-03-26": "2023-03-26 0.5", "2023-03-25": " 1"} {
		held, args := "", []string{"policy", "show", "levy.tier.rate_at_or_above_threshold", "--as-of", "2023-01-15", "-o", "json"}
		if known != "" {
			args = append(args, "--known-by", known)
		}
		for _, r := range answer[shown](t, must(t, dir, args...)).Rows {
			if r.InForce {
				held += r.Published + " " + r.Value
			}
			if r.Source == "" {
				t.Errorf("%+v has no source", r)
			}
		}
		if held != want {
			t.Errorf("known by %q: %q, want %q", known, held, want)
		}
	}
	rows := answer[shown](t, must(t, dir, "policy", "show", "minimum_wage.monthly", "--region", "220104", "--as-of", "2023-06-30", "-o", "json")).Rows
	held := 0
	for _, r := range rows {
		if r.InForce {
			held++
		}
		if r.Region != "220104" {
			t.Errorf("%+v", r)
		}
	}
	if len(rows) < 3 || held != 1 {
		t.Errorf("%d rows, %d in force", len(rows), held)
	}
	for _, args := range [][]string{{"levy.ratoi"}, {"levy.ratio", "--known-by", "12"}, {"levy.ratio", "--region", "229999"}} {
		if code, _, stderr := zhucan(t, dir, append([]string{"policy", "show"}, args...)...); code != 2 || stderr == "" {
			t.Errorf("%v: exit %d %s", args, code, stderr)
		}
	}
}

func TestPolicyDiffFindsWhatChanged(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	other := filepath.Join(t.TempDir(), "other")
	if err := os.CopyFS(other, os.DirFS("../../schema/policy/jilin")); err != nil {
		t.Fatal(err)
	}
	edit := func(file, from, to string) {
		path := filepath.Join(other, file)
		content, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(content), from) {
			t.Fatalf("%s has no %q: %v", file, from, err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(content), from, to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	edit("pack.yaml", "jilin-2022-2024.2", "jilin-2022-2024.3")
	edit("parameters.csv", "levy.ratio,220000,2016-01-01,,2016-09-13,0.016,", "levy.ratio,220000,2016-01-01,,2016-09-13,0.017,")
	const want = "kind,key,field,before,after\npack,,version,jilin-2022-2024.2,jilin-2022-2024.3\nparameter,levy.ratio 220000 from 2016-01-01 published 2016-09-13,value,0.016,0.017\n"
	if code, stdout, _ := zhucan(t, dir, "policy", "diff", "jilin", other, "-o", "csv", "--lang", "en"); code != 3 || stdout != want {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if code, stdout, _ := zhucan(t, dir, "policy", "diff", "jilin", "jilin"); code != 0 {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if code, _, stderr := zhucan(t, dir, "policy", "diff", "jilin-2022-2024.2", other); code != 2 || !strings.Contains(stderr, "policy-missing") {
		t.Errorf("nothing was published: exit %d %s", code, stderr)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a question made a data folder: %v", err)
	}

	// Published, both versions stay in the log.
	must(t, dir, "import", "policy", "jilin")
	must(t, dir, "import", "policy", other)
	if code, stdout, _ := zhucan(t, dir, "policy", "diff", "jilin-2022-2024.2", "jilin-2022-2024.3", "-o", "csv", "--lang", "en"); code != 3 || stdout != want {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if code, _, stderr := zhucan(t, dir, "policy", "diff", "jilin-2022-2024.2", "jilin-2022-2024.4"); code != 2 || !strings.Contains(stderr, "policy-missing") {
		t.Errorf("exit %d %s", code, stderr)
	}
	must(t, dir, "verify")
	must(t, dir, "import", "policy", other) // again: nothing
}

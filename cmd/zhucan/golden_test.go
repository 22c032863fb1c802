package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zhucan/schema/schematest"
)

// With -update what the verbs print is written anew:
//
//	go test ./cmd/zhucan -run AsItWas -update
//
// Read the difference before it is committed: other programs read these answers.
var update = flag.Bool("update", false, "write the golden answers of the verbs anew")

// goldenVerbs are the verbs that show something, on the sample year.
var goldenVerbs = []struct{ name, args string }{
	{"trial-balance", "trial-balance"},
	{"trial-balance-as-of", "trial-balance --as-of 2023-05-25 --known-by 867"},
	{"balance", "balance 2303"},
	{"balance-filtered", "balance 5001 --scheme startup --as-of 2023-06-30"},
	{"register", "register 2303 --limit 6"},
	{"trace", "trace SAMPLE-2023-005-P1"},
	{"event-list", "event list --after 3 --limit 4"},
	{"claims", "claim list --limit 4"},
	{"payments", "payment list --limit 4"},
	{"periods", "period list"},
	{"suspects", "suspects --limit 4"},
	{"verify", "verify"},
	{"status", "status"},
	{"id-check", "id check certificate 22010219000101001643"},
}

func TestWhatAVerbPrintsIsAsItWas(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "demo", "--once", "-o", "json")
	printed := make(map[string]string)
	collect := func(name, args string) {
		for form, flags := range map[string]string{"zh.txt": "--lang zh", "en.txt": "--lang en", "csv": "--lang en -o csv", "json": "-o json"} {
			printed[name+"."+form] = constant(must(t, dir, strings.Fields(args+" "+flags)...))
		}
		if english := constant(must(t, dir, strings.Fields(args+" --lang en -o json")...)); english != printed[name+".json"] {
			t.Errorf("the JSON of %s depends on the language: %s", name, firstDifference(printed[name+".json"], english))
		}
	}
	collect("status", "status") // before a server runs, which has an address and a number
	serve(t, dir)
	for _, v := range goldenVerbs {
		if v.name != "status" {
			collect(v.name, v.args)
		}
	}
	t.Run("a list that is read in pages is the whole list", func(t *testing.T) {
		for verb, limit := range map[string]string{"claim list": "20", "payment list": "90", "suspects": "7"} {
			whole := must(t, dir, append(strings.Fields(verb), "--limit", "1000", "-o", "csv")...)
			head, rows, _ := strings.Cut(whole, "\n")
			var pages strings.Builder
			for after, more := "", true; more; {
				page := append(strings.Fields(verb), "--limit", limit, "--after", after)
				_, some, _ := strings.Cut(must(t, dir, append(page, "-o", "csv")...), "\n")
				pages.WriteString(some)
				after = answer[struct{ Next string }](t, must(t, dir, append(page, "-o", "json")...)).Next
				more = after != ""
			}
			if pages.String() != rows || strings.Count(rows, "\n") < 10 {
				t.Errorf("%s (%s): %s", verb, head, firstDifference(rows, pages.String()))
			}
		}
	})
	for file, got := range printed {
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not as it was:\n%s", path, firstDifference(string(want), got))
		}
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d is\n%s\nand was\n%s", i+1, b, a)
		}
	}
	return ""
}

// What differs from run to run: seals, hashes over them and over times, the identifiers of
// persons, when a thing was recorded, and the day the policy was published. Each is
// replaced by something as long, so that tables keep their form.
var (
	hashes  = regexp.MustCompile(`(?m)\b[0-9a-f]{64}\b|\b[0-9a-f]{8}(… ✓|$)|\b[A-Za-z0-9+/]{43}=`)
	folds   = regexp.MustCompile(`"fold": "[0-9a-f]{16}"`) // of the program that made a read model
	sealed  = regexp.MustCompile(`"s1\.[A-Za-z0-9_-]+"`)
	persons = regexp.MustCompile(`\bP[0-9A-HJKMNP-TV-Z]{26}\b`)
	moments = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

func constant(text string) string {
	text = sealed.ReplaceAllString(text, `"s1.#"`)
	text = folds.ReplaceAllString(text, `"fold": "#"`)
	text = hashes.ReplaceAllStringFunc(text, func(s string) string {
		hash, mark, _ := strings.Cut(s, "…")
		if mark != "" {
			mark = "…" + mark
		}
		return strings.Repeat("#", len(hash)) + mark
	})
	seen := make(map[string]string)
	text = persons.ReplaceAllStringFunc(text, func(s string) string {
		if seen[s] == "" {
			seen[s] = fmt.Sprintf("P%026d", len(seen)+1)
		}
		return seen[s]
	})
	return moments.ReplaceAllString(text, "0000-00-00T00:00:00Z")
}

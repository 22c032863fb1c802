package ledger_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed is what the rules may be made of besides the standard library.
var allowed = []string{"github.com/shopspring/decimal", "github.com/oklog/ulid/v2"}

// TestTheLedgerImportsNoStrangers asks go list for what each package of the
// ledger imports: not in its tests, but all the way down.
func TestTheLedgerImportsNoStrangers(t *testing.T) {
	t.Parallel()
	for _, line := range list(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "zhucan/ledger/...") {
		if line != "zhucan/ledger" && !strings.HasPrefix(line, "zhucan/ledger/") && !slices.Contains(allowed, line) {
			t.Errorf("the ledger depends on a stranger: %s", line)
		}
	}
}

// TestDecidersMeetInTheBookOnly: package policy is read by all, package book
// reads all, and the test helpers are nobody's but the tests'.
func TestDecidersMeetInTheBookOnly(t *testing.T) {
	t.Parallel()
	const ours = "zhucan/ledger"
	seen := 0
	for _, line := range list(t, "-f", "{{.ImportPath}}:{{range .Imports}} {{.}}{{end}}", ours+"/...") {
		path, imports, _ := strings.Cut(line, ":")
		name := strings.TrimPrefix(path, ours+"/")
		seen++
		for _, other := range strings.Fields(imports) {
			sibling, below := strings.CutPrefix(other, ours+"/")
			switch {
			case other == ours && path == ours, below && path == ours:
				t.Errorf("%s imports %s, which is built on it", path, other)
			case !below, name == "book" && sibling != "ledgertest":
			case sibling != "policy" || name == "policy":
				t.Errorf("%s imports its sibling %s", path, other)
			}
		}
	}
	if seen < 8 {
		t.Errorf("go list named %d packages only", seen)
	}
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

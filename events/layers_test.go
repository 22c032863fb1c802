package events_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Imports point from cmd to ledger. Package events knows the rules and nothing of the
// server, the database or whoever reads the log.
func TestEventsKnowsNoServerAndNoReader(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "zhucan/events", "zhucan/events/memlog", "zhucan/events/merkle").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "zhucan/ledger/book") {
		t.Fatal("the list is not the list of dependencies")
	}
	for _, dep := range deps {
		for _, stranger := range []string{"zhucan/cmd", "zhucan/projections", "zhucan/schema", "zhucan/events/natslog", "github.com/nats-io", "github.com/jackc", "net/http"} {
			if dep == stranger || strings.HasPrefix(dep, stranger+"/") {
				t.Errorf("events depends on %s", dep)
			}
		}
	}
}

package ledgertest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
)

// A shelf takes each thing once; what is wrong with it is said by broken.
func shelf(broken string) ledger.Decider[*[]string, string, string] {
	return ledger.Decider[*[]string, string, string]{
		Decide: func(s *[]string, thing string) ([]string, error) {
			for _, have := range *s {
				if have == thing && broken != "repeats" {
					if broken == "confused" {
						return []string{thing}, ledger.ErrID.Of("%s", thing)
					}
					return nil, ledger.ErrID.Of("%s", thing)
				}
			}
			if broken == "impure" {
				*s = append(*s, thing)
			}
			if broken == "wrong" {
				thing += "?"
			}
			return []string{thing}, nil
		},
		Evolve: func(s *[]string, thing string) *[]string { *s = append(*s, thing); return s },
	}
}

var cases = []ledgertest.Case[string, string]{
	{Name: "a thing is taken", Given: []string{"book"}, When: "cup", Then: []string{"cup"}},
	{Name: "a thing is taken once", Given: []string{"cup"}, When: "cup", Reject: ledger.ErrID},
}

func TestRunPassesWhatKeepsItsRules(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, shelf(""), cases)
}

func TestRunExpectsToBeDecidedAgainWhatSaysAgain(t *testing.T) {
	t.Parallel()
	d := shelf("repeats")
	ledgertest.Run(t, d, []ledgertest.Case[string, string]{{Name: "things are taken as often as they come", When: "cup", Then: []string{"cup"}, Again: true}})
}

// TestBroken is run by the test below, in another process, where it must fail.
func TestBroken(t *testing.T) {
	broken := os.Getenv("ZHUCAN_BROKEN_SHELF")
	if broken == "" {
		return
	}
	ledgertest.Run(t, shelf(broken), cases)
}

func TestRunFailsWhatBreaksARule(t *testing.T) {
	t.Parallel()
	for broken, says := range map[string]string{
		"impure": "decided twice", "repeats": "refused with <nil>", "wrong": "decided", "confused": "refused and yet decided",
	} {
		command := exec.Command(os.Args[0], "-test.run=^TestBroken$")
		command.Env = append(os.Environ(), "ZHUCAN_BROKEN_SHELF="+broken)
		out, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(out), says) {
			t.Errorf("%s: %v\n%s", broken, err, out)
		}
	}
}

func TestTheSamplePackIsWhole(t *testing.T) {
	t.Parallel()
	if _, err := ledgertest.Pack().Check(); err != nil {
		t.Error(err)
	}
	p, q := ledgertest.Pack(), ledgertest.Pack()
	p.Schemes[0].Standards[0].Amount, *p.Schemes[1].Cap = ledger.Fen(1), ledger.Fen(1)
	if q.Schemes[0].Standards[0].Amount.Equal(ledger.Fen(1)) || q.Schemes[1].Cap.Equal(ledger.Fen(1)) {
		t.Error("two packs share what they hold: one test could change another's")
	}
}

func TestEachActorHasOneDuty(t *testing.T) {
	t.Parallel()
	seen := make(map[ledger.ActorID]bool)
	for _, a := range []ledger.Actor{
		ledgertest.Clerk, ledgertest.First, ledgertest.Second, ledgertest.Approver, ledgertest.Cashier, ledgertest.Accountant, ledgertest.Operator,
	} {
		if len(a.Roles) != 1 || seen[a.ID] {
			t.Errorf("%+v", a)
		}
		seen[a.ID] = true
	}
}

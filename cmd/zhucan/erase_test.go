package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/party"
)

// check returns what the doctor says of one thing.
func check(t *testing.T, dir, name string, flags ...string) string {
	t.Helper()
	_, stdout, stderr := zhucan(t, dir, append([]string{"doctor", "-o", "json"}, flags...)...)
	for _, c := range answer[verdict](t, stdout).Checks {
		if c.Name == name {
			return c.Verdict + " " + c.Detail
		}
	}
	t.Fatalf("the doctor does not look at %s: %s%s", name, stdout, stderr)
	return ""
}

// withdrawn returns the parties of two claims that were withdrawn.
func withdrawn(t *testing.T, dir string) (ids []string) {
	t.Helper()
	row := "D-2,startup,220104,2024-01,2024-12,1," + evidenceA + ",2024-03-01,person,样乙,220104190001020022,,,6217992200000000000,\n"
	must(t, dir, "import", "applications", write(t, "b.csv", sampleHeader+row))
	for _, id := range []string{"D-1", "D-2"} {
		must(t, dir, "claim", "withdraw", id, "--reason", "本人撤回")
	}
	for _, p := range answer[struct{ Parties []struct{ Party string } }](t, must(t, dir, "party", "list", "-o", "json")).Parties {
		ids = append(ids, p.Party)
	}
	return ids
}

// The key of a person whose erasure is on record is destroyed, whoever recorded it and
// whatever happened then.
func TestAnErasureOnRecordDestroysTheKey(t *testing.T) {
	t.Parallel()
	dir, _ := claimed(t)
	ids := withdrawn(t, dir)
	killed, out := child(t, "appended:1", dir, "party", "erase", ids[0], "--basis", "个人信息保护法第四十七条")
	if err := killed.Wait(); err == nil || killed.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("it was not killed: %v %s", err, out)
	}
	if got := check(t, dir, "erasures"); !strings.HasPrefix(got, "danger 1 of 1 ") || !strings.Contains(got, ids[0]) {
		t.Errorf("killed before the key was destroyed: %s", got)
	}
	serve(t, dir)
	if got := check(t, dir, "erasures"); !strings.HasPrefix(got, "ok 1 erased") {
		t.Errorf("after a start: %s", got)
	}
	// Over HTTP, by whoever has the right and never runs the command line.
	f, err := readServerFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	who := &remote{base: "http://" + f.HTTP, token: f.Token}
	o := ledger.Order{ID: "erase-2", By: ledger.Actor{ID: "local"}, On: ledger.DateOf(2024, 3, 2)}
	got, err := who.SubmitAll(t.Context(), []events.Request{{Command: book.Command{Order: o, Do: party.Erase{Basis: "个人信息保护法第四十七条", Party: ledger.PartyID(ids[1])}}}})
	if err != nil || got[0].Err != nil {
		t.Fatal(got, err)
	}
	if got := check(t, dir, "vault"); !strings.HasPrefix(got, "ok 0 keys") {
		t.Errorf("after an order over HTTP: %s", got)
	}
}

// What a row that was refused leaves of its person is swept once it is old, and never
// while somebody may be registering.
func TestNothingIsKeptOfAPersonWhomTheBookDoesNotKnow(t *testing.T) {
	t.Parallel()
	dir, _ := claimed(t)
	row := "N-1,startup,220104,2024-01,2024-12,1,,2024-03-01,person,样乙,220104190001020022,,,6217992200000000000,\n"
	if code, _, stderr := zhucan(t, dir, "import", "applications", write(t, "b.csv", sampleHeader+row), "--refused", filepath.Join(t.TempDir(), "r.csv")); code != 2 {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	later := func(flags ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		p := &program{getenv: func(string) string { return "" }, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, now: func() time.Time { return time.Now().Add(25 * time.Hour) }}
		p.run(t.Context(), append([]string{"--data", dir, "doctor", "-o", "json"}, flags...))
		for _, c := range answer[verdict](t, stdout.String()).Checks {
			if c.Name == "reservations" {
				return c.Verdict + " " + c.Detail
			}
		}
		t.Fatal(stdout.String() + stderr.String())
		return ""
	}
	if got := check(t, dir, "reservations", "--sweep"); !strings.HasPrefix(got, "ok nothing") {
		t.Errorf("young: %s", got)
	}
	server := serve(t, dir)
	if got := later("--sweep"); !strings.HasPrefix(got, "warning the vault has keys of 1 ") {
		t.Errorf("while a server runs: %s", got)
	}
	_ = server.Process.Signal(syscall.SIGTERM)
	_ = server.Wait()
	for _, want := range []string{"warning", "ok removed the keys of 1 ", "ok nothing"} {
		flags := []string{"--sweep"}
		if want == "warning" {
			flags = nil
		}
		if got := later(flags...); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := check(t, dir, "vault"); !strings.HasPrefix(got, "ok 1 keys") {
		t.Error(got)
	}
}

// A file that is imported again has no effect, though a person in it was erased since: nobody is
// made known for a row that is recorded already. A row that was refused may be taken now, and
// makes its person known as another party.
func TestAFileImportedAgainBringsNobodyBack(t *testing.T) {
	t.Parallel()
	dir, _ := claimed(t)
	ids := withdrawn(t, dir)
	row := func(claim, number string) string {
		return claim + ",startup,220104,2024-01,2024-12,1," + evidenceA + ",2024-03-01,person,样丙," + number + ",,,6217992200000000000,\n"
	}
	one := write(t, "one.csv", sampleHeader+row("E-1", "220102190001030041"))
	two := write(t, "two.csv", sampleHeader+row("E-2", "220102190001040063")+row("E-3", "220102190001040063"))
	type counts struct{ Accepted, Refused, Duplicates int }
	take := func(file string) counts {
		return answer[counts](t, must(t, dir, "import", "applications", file, "-o", "json", "--refused", filepath.Join(t.TempDir(), "r.csv")))
	}
	if first, second := take(one), take(two); first != (counts{Accepted: 1}) || second != (counts{Accepted: 1, Refused: 1}) {
		t.Fatal(first, second)
	}
	known := func() (ids []string) {
		for _, p := range answer[struct {
			Parties []struct {
				Party  string
				Erased bool
			}
		}](t, must(t, dir, "party", "list", "-o", "json")).Parties {
			if !p.Erased {
				ids = append(ids, p.Party)
			}
		}
		return ids
	}
	for _, claim := range []string{"E-1", "E-2"} {
		must(t, dir, "claim", "withdraw", claim, "--reason", "本人撤回")
	}
	for _, id := range known() {
		must(t, dir, "party", "erase", id, "--basis", "个人信息保护法第四十七条")
	}
	root := func() string { return answer[verdict](t, must(t, dir, "verify", "-o", "json")).Root }
	before := root()
	if got := take(one); got != (counts{Duplicates: 1}) || root() != before || len(known()) > 0 {
		t.Errorf("again: %+v, parties %v of %d", got, known(), len(ids)+2)
	}
	if got := take(two); got != (counts{Accepted: 1, Duplicates: 1}) || len(known()) != 1 {
		t.Errorf("with a row that was refused: %+v, parties %v", got, known())
	}
}

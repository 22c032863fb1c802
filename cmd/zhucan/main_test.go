package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"zhucan/events/natslog"
	"zhucan/projections/report"
	"zhucan/schema/schematest"
)

// The test binary is also the program: with ZHUCAN_TEST_PROGRAM set it runs the
// arguments as the command line, and with ZHUCAN_TEST_KILL=step:n it ends itself
// with SIGKILL at the n-th time it comes to a step.
func TestMain(m *testing.M) {
	if os.Getenv("ZHUCAN_TEST_PROGRAM") != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		p := &program{getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, step: killer(os.Getenv("ZHUCAN_TEST_KILL"))}
		os.Exit(p.run(ctx, os.Args[1:]))
	}
	schematest.Main(m, func(context.Context, *pgx.Conn) error { return nil })
}

func killer(at string) func(string) {
	name, count, ok := strings.Cut(at, ":")
	if !ok {
		return nil
	}
	left, _ := strconv.Atoi(count)
	return func(step string) {
		if step != name {
			return
		}
		if left--; left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it is delivered
		}
	}
}

// zhucan runs the program in this process and returns its exit code and what it
// printed.
func zhucan(t *testing.T, dir string, args ...string) (int, string, string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), append([]string{"--data", dir}, args...), func(string) string { return "" }, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// must is zhucan that is expected to succeed.
func must(t *testing.T, dir string, args ...string) string {
	t.Helper()
	code, stdout, stderr := zhucan(t, dir, args...)
	if code != 0 {
		t.Fatalf("zhucan %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// answer decodes a JSON answer.
func answer[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

// child starts the program in a process of its own, which is killed at a step.
func child(t *testing.T, kill, dir string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	return childIn(t, []string{"ZHUCAN_TEST_KILL=" + kill}, dir, args...)
}

// childIn starts the program in a process with some variables of its own.
func childIn(t *testing.T, env []string, dir string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, append([]string{"--data", dir}, args...)...)
	// When the test ends it stops its servers in order, and is waited for: they are below
	// a folder that is removed then.
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	c.Env = append(append(os.Environ(), "ZHUCAN_TEST_PROGRAM=1"), env...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Wait() })
	return c, &out
}

type totals struct {
	Read, Accepted, Refused, Duplicates int
	Total                               string
	RefusedFile                         string `json:"refused_file"`
	Seq                                 uint64
}

type trial struct {
	Accounts []struct {
		Code, Name, Debit, Credit string
	}
	DebitTotal  string `json:"debit_total"`
	CreditTotal string `json:"credit_total"`
	Seq         uint64
}

type verdict struct {
	Verdict string
	Events  uint64
	Root    string
	Checks  []struct{ Name, Verdict, Detail string }
}

// A mapping and a list in the shape of the public list that schema/mapping/nrw-esf.yaml
// is for. Synthetic.
func list(t *testing.T, rows int) (path string, total int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("Jahr der Bewilligung,Name des Begünstigten,Sitz des Begünstigten,Bezeichnung des Vorhabens,Zuwendungen des Landes NRW\n")
	for i := range rows {
		amount := 1000 + i
		total += amount
		fmt.Fprintf(&b, "2010,\"Synthetischer Träger %d\ngGmbH\",Köln,Muster (synthetisch),%d.%03d €\n", i%37, amount/1000, amount%1000)
	}
	path = filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, total
}

const nrw = "../../schema/mapping/nrw-esf.yaml"

func TestAProvinceIsTakenInOnceWhileTheProgramServes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	type demo struct {
		Added, Records, Expected int
		Trial                    trial `json:"trial_balance"`
		Indicators               jsontext.Value
		Verify                   verdict
	}
	load := func() demo {
		return answer[demo](t, must(t, dir, "demo", "--scale", "small", "--listen", "127.0.0.1:0", "--once", "-o", "json"))
	}
	first := load()
	if first.Added == 0 || first.Added != first.Expected || first.Records != first.Expected || first.Verify.Verdict != "VERIFIED" || first.Trial.DebitTotal != first.Trial.CreditTotal || len(first.Indicators) < 100 {
		t.Fatalf("%d of %d, %+v", first.Added, first.Expected, first.Verify)
	}
	if second := load(); second.Added != 0 || second.Verify.Root != first.Verify.Root {
		t.Fatalf("a second run added %d; root %s, was %s", second.Added, second.Verify.Root, first.Verify.Root)
	}
	must(t, dir, "period", "close", "2019-01")
	if code, stdout, stderr := zhucan(t, dir, "demo", "--scale", "small", "--listen", "127.0.0.1:0", "--once", "-o", "json"); code != 3 {
		t.Errorf("beside a record that is not the province's: exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, stderr := zhucan(t, dir, "demo", "--scale", "huge"); code != 2 || !strings.Contains(stderr, "huge") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestTheSampleIsLoadedOnceAndTheBooksVerify(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	type demo struct {
		Added  int
		Trial  trial `json:"trial_balance"`
		Verify verdict
	}
	first := answer[demo](t, must(t, dir, "demo", "--once", "-o", "json"))
	if first.Added < 900 || first.Verify.Verdict != "VERIFIED" || first.Trial.DebitTotal != first.Trial.CreditTotal || first.Trial.DebitTotal == "0.00" {
		t.Fatalf("%+v", first)
	}
	second := answer[demo](t, must(t, dir, "demo", "--once", "-o", "json"))
	if second.Added != 0 || second.Verify.Root != first.Verify.Root || second.Trial.DebitTotal != first.Trial.DebitTotal {
		t.Fatalf("a second run added %d; root %s, was %s", second.Added, second.Verify.Root, first.Verify.Root)
	}

	t.Run("a payment's story is told with its proofs", func(t *testing.T) {
		story := answer[struct {
			ID    string
			Steps []struct {
				Seq    uint64
				Type   string
				Clause string
				Proof  struct{ Root string }
			}
		}](t, must(t, dir, "trace", "SAMPLE-2023-001-P1", "-o", "json"))
		seen := make(map[string]bool)
		for _, s := range story.Steps {
			seen[s.Type] = true
			if s.Proof.Root != first.Verify.Root {
				t.Errorf("step %d is proved in a tree with root %s, not %s", s.Seq, s.Proof.Root, first.Verify.Root)
			}
		}
		for _, want := range []string{"party.registered.v1", "claim.submitted.v1", "claim.publicity-ended.v1", "claim.approved.v1", "payment.instructed.v1", "payment.batch-approved.v1", "payment.confirmed.v1"} {
			if !seen[want] {
				t.Errorf("the story lacks %s", want)
			}
		}
	})
	t.Run("an earlier day and an earlier knowledge balance too", func(t *testing.T) {
		earlier := answer[struct {
			RecordedAt string `json:"recorded_at"`
		}](t, must(t, dir, "event", "show", "700", "-o", "json")).RecordedAt
		for _, cut := range [][]string{{"--as-of", "2023-05-25"}, {"--known-by", "700"}, {"--known-by", earlier}, {"--as-of", "2022-12-31", "--known-by", "500"}} {
			got := answer[trial](t, must(t, dir, append(cut, "trial-balance", "-o", "json")...))
			if got.DebitTotal != got.CreditTotal || got.DebitTotal == first.Trial.DebitTotal {
				t.Errorf("%v: %s and %s", cut, got.DebitTotal, got.CreditTotal)
			}
		}
	})
	t.Run("read models made anew are the same", func(t *testing.T) {
		must(t, dir, "replay", "--into", "check")
		must(t, dir, "replay", "diff", "serving", "check")
		must(t, dir, "replay", "switch", "check")
		if got := must(t, dir, "status", "-o", "json"); !strings.Contains(got, `"version": "check"`) {
			t.Error(got)
		}
		must(t, dir, "verify")
	})
	t.Run("read models as of a record stay so and are not served", func(t *testing.T) {
		type built struct {
			Version string
			Seq     uint64
		}
		if got := answer[built](t, must(t, dir, "replay", "--to", "700", "-o", "json")); got != (built{"v0002", 700}) {
			t.Errorf("%+v", got)
		}
		type diff struct {
			Tables []struct {
				Name                          string
				Same, Changed, Added, Removed int
			}
		}
		code, stdout, stderr := zhucan(t, dir, "replay", "diff", "v0002", "serving", "-o", "json")
		seen := make(map[string]int)
		for _, x := range answer[diff](t, stdout).Tables {
			seen[x.Name] = x.Added
			if x.Removed > 0 {
				t.Errorf("%+v: what is known is not known less later", x)
			}
		}
		if code != 3 || seen["payment"] == 0 || seen["entry"] == 0 {
			t.Errorf("exit %d: %v %s", code, seen, stderr)
		}
		if again := must(t, dir, "status", "-o", "json"); !strings.Contains(again, `"seq": 700,`) {
			t.Error(again)
		}
		for _, args := range [][]string{{"replay", "switch", "v0002"}, {"replay", "diff", "serving", "nosuch"}, {"replay", "--to", "100000", "--into", "later"}} {
			if code, _, stderr := zhucan(t, dir, args...); code != 2 || !strings.Contains(stderr, "read-models-unfit") {
				t.Errorf("%v: exit %d: %s", args, code, stderr)
			}
		}
		must(t, dir, "replay", "drop", "v0002")
	})
	t.Run("a checkpoint is signed, witnessed, and verified", func(t *testing.T) {
		must(t, dir, "checkpoint", "sign")
		head := answer[struct {
			Size     uint64
			Verifier string
		}](t, must(t, dir, "checkpoint", "show", "-o", "json"))
		w := t.TempDir()
		update := filepath.Join(w, "update.txt")
		if err := os.WriteFile(update, []byte(must(t, dir, "checkpoint", "show", "--since", "0")), 0o600); err != nil {
			t.Fatal(err)
		}
		must(t, dir, "checkpoint", "witness", update, "--state", filepath.Join(w, "last.txt"), "--key", filepath.Join(w, "witness.key"), "--verifier", head.Verifier)
		must(t, dir, "verify", "event", "5")
		if got := answer[verdict](t, must(t, dir, "verify", "log", "-o", "json")); got.Verdict != "VERIFIED" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a person is erased and nothing else changes", func(t *testing.T) {
		erased, kept := "", 0
		for _, p := range answer[report.PartyPage](t, must(t, dir, "party", "list", "--limit", "1000", "-o", "json")).Parties {
			if p.Kind != "person" {
				continue
			}
			if !strings.Contains(p.Name, "*") {
				t.Errorf("a person is listed as %q", p.Name)
			}
			if erased != "" && kept > 0 {
				continue
			}
			switch code, _, stderr := zhucan(t, dir, "party", "erase", p.Party, "--basis", "个人信息保护法第四十七条", "--as", "sample-operator"); {
			case code == 0:
				erased = p.Party
			case code == 2 && strings.Contains(stderr, "erasure-too-early"):
				kept++
			default:
				t.Errorf("exit %d %s", code, stderr)
			}
		}
		if erased == "" || kept == 0 {
			t.Errorf("erased %q; kept %d, whose claim is open", erased, kept)
		}
		if got := answer[trial](t, must(t, dir, "trial-balance", "-o", "json")); got.DebitTotal != first.Trial.DebitTotal {
			t.Errorf("debits %s, were %s", got.DebitTotal, first.Trial.DebitTotal)
		}
		must(t, dir, "verify")
		must(t, dir, "replay", "--into", "after")
		must(t, dir, "replay", "diff", "serving", "after")
	})

	t.Run("it is left alone when a person in it was erased", func(t *testing.T) {
		who := answer[struct{ Payments []struct{ Party string } }](t, must(t, dir, "payment", "list", "--limit", "1", "-o", "json")).Payments[0].Party
		must(t, dir, "party", "erase", who, "--basis", "个人信息保护法第四十七条", "--as", "sample-operator")
		if again := answer[demo](t, must(t, dir, "demo", "--once", "-o", "json")); again.Added != 0 {
			t.Errorf("%d records added", again.Added)
		}
	})
}

func TestAListOfPaymentsComesInToTheUnitAndOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", "../../schema/policy/sample")
	path, sum := list(t, 800)
	want := fmt.Sprintf("%d.00", sum)
	first := answer[totals](t, must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json"))
	if first.Read != 800 || first.Accepted != 800 || first.Total != want || first.Refused != 0 {
		t.Fatalf("%+v, want 800 of %s", first, want)
	}
	books := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
	for _, a := range books.Accounts {
		if a.Code == "5001" && a.Debit != want {
			t.Errorf("expense of %s, want %s", a.Debit, want)
		}
	}
	text, err := os.ReadFile(nrw)
	if err != nil {
		t.Fatal(err)
	}
	explained := write(t, "explained.yaml", string(text)+"# it reads as before\n")
	for _, mapping := range []string{nrw, explained} {
		again := answer[totals](t, must(t, dir, "import", "payments", path, "--mapping", mapping, "-o", "json"))
		if again.Accepted != 0 || again.Duplicates != 800 || again.Total != want {
			t.Fatalf("again by %s: %+v", mapping, again)
		}
	}
	if got := answer[trial](t, must(t, dir, "trial-balance", "-o", "json")); got.Seq != books.Seq || got.DebitTotal != books.DebitTotal {
		t.Fatalf("importing again changed the books: %+v, were %+v", got, books)
	}
	must(t, dir, "verify")
}

func TestBadInputIsRefusedWithItsCode(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	empty := filepath.Join(t.TempDir(), "empty.csv")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, "usage", []string{"no-such-verb"}},
		{2, "usage", []string{"trial-balance", "--no-such-flag"}},
		{2, "usage", []string{"trial-balance", "-o", "xml"}},
		{2, "date-form", []string{"trial-balance", "--as-of", "2023-02-30"}},
		{2, "known-by-form", []string{"trial-balance", "--known-by", "yesterday"}},
		{2, "known-by-form", []string{"claim", "list", "--known-by", "2023-05-31"}},
		{2, "usage", []string{"register", "1011", "--limit", "0"}},
		{2, "usage", []string{"suspects", "--after", "x"}},
		{2, "usage", []string{"import", "payments", empty}},
		{2, "usage", []string{"import", "nonsense", empty}},
		{2, "policy-missing", []string{"claim", "withdraw", "C1", "--reason", "x"}},
		{2, "actor-unknown", []string{"claim", "withdraw", "C1", "--reason", "x", "--as", "nobody"}},
		{2, "usage", []string{"period", "reopen", "2023-01", "--reason", "x", "--as-of", "2023-02-01"}},
		{2, "usage", []string{"period", "reopen", "2023-01", "--reason", "x", "--known-by", "1"}},
		{2, "amount-form", []string{"payment", "demand-recovery", "P1", "--amount", "1.234", "--deadline", "2023-01-01", "--decision", "x", "--ground", "y"}},
		{2, "person-number-check", []string{"id", "check", "person", "220102190001010017"}},
		{2, "person-number-date", []string{"id", "check", "person", "220102190013010013"}},
		{2, "credit-code-check", []string{"id", "check", "uscc", "91220101999999998H"}},
		{2, "region-unknown", []string{"id", "check", "region", "229999"}},
		{2, "not-found", []string{"trace", "NOTHING"}},
		{2, "account-unknown", []string{"balance", "9999"}},
	} {
		code, _, stderr := zhucan(t, dir, append(c.args, "-o", "json")[:len(c.args)]...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, %s", c.args, code, stderr)
		}
		if strings.Contains(stderr, "220102190001010017") {
			t.Errorf("%v: a number is quoted", c.args)
		}
	}
}

// serve starts the server in a process of its own and waits until it is ready.
func serve(t *testing.T, dir string, flags ...string) *exec.Cmd {
	t.Helper()
	c, out := child(t, "", dir, append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
	deadline := time.After(time.Minute)
	for {
		if f, err := readServerFile(dir); err == nil && f.PID == c.Process.Pid {
			return c
		}
		select {
		case <-deadline:
			t.Fatalf("the server did not start: %s", out)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestOtherInvocationsGoThroughTheServerThatRuns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	server := serve(t, dir)
	must(t, dir, "import", "policy", "../../schema/policy/sample")
	path, sum := list(t, 300)
	got := answer[totals](t, must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json"))
	if got.Accepted != 300 || got.Total != fmt.Sprintf("%d.00", sum) {
		t.Fatalf("%+v", got)
	}
	if code, _, stderr := zhucan(t, dir, "serve", "--listen", "127.0.0.1:0"); code != 2 || !strings.Contains(stderr, "data-in-use") {
		t.Errorf("a second server: exit %d, %s", code, stderr)
	}
	must(t, dir, "verify")
	must(t, dir, "status")
	before := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))

	// Killed, nothing that was acknowledged is missing.
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()
	after := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
	if after.Seq != before.Seq || after.DebitTotal != before.DebitTotal {
		t.Fatalf("after SIGKILL %+v, before %+v", after, before)
	}
	must(t, dir, "verify")
}

// TestKilledAtEachStepNothingIsLostOrDoubled ends an import with SIGKILL at every
// step of append and projection, repeats it, and demands that the books are those
// of an import that was left alone.
func TestKilledAtEachStepNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	path, sum := list(t, 1200)
	want := fmt.Sprintf("%d.00", sum)
	for _, step := range []string{
		"append:2", "appended:1", "appended:2", "answer:3",
		"chunk-begin:2", "copied:2", "written:2", "checkpointed:2", "committed:2",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(schematest.Dir(t), "data")
			must(t, dir, "import", "policy", "../../schema/policy/sample")
			killed, out := child(t, step, dir, "import", "payments", path, "--mapping", nrw, "-o", "json")
			if err := killed.Wait(); err == nil || killed.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("it was not killed at %s: %v %s", step, err, out)
			}
			must(t, dir, "verify", "log")
			got := answer[totals](t, must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json"))
			if got.Accepted+got.Duplicates != 1200 || got.Refused != 0 || got.Total != want {
				t.Fatalf("%+v", got)
			}
			books := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
			for _, a := range books.Accounts {
				if a.Code == "5001" && a.Debit != want {
					t.Errorf("expense of %s, want %s", a.Debit, want)
				}
			}
			must(t, dir, "verify")
		})
	}
}

// TestRestoredToAnEmptyDatabaseTheSameIsStillRefused loses the whole database and
// keeps the log.
func TestRestoredToAnEmptyDatabaseTheSameIsStillRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "demo", "--once", "-o", "json")
	path, _ := list(t, 50)
	must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json")
	before := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
	if err := os.RemoveAll(filepath.Join(dir, "postgres")); err != nil {
		t.Fatal(err)
	}

	after := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
	if after.Seq != before.Seq || after.DebitTotal != before.DebitTotal {
		t.Fatalf("restored %+v, was %+v", after, before)
	}
	again := answer[totals](t, must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json"))
	if again.Accepted != 0 || again.Duplicates != 50 {
		t.Errorf("the list came in again: %+v", again)
	}
	// A recovery beyond what was demanded, a second payment, a second award: refused
	// before, refused now.
	for _, c := range [][]string{
		{"payment", "confirm", "SAMPLE-2023-001-P1", "--serial", "X", "--as", "sample-cashier"},
		{"payment", "instruct", "SAMPLE-2023-001-P9", "--batch", "SAMPLE-B1", "--claim", "SAMPLE-2023-001", "--as", "sample-cashier"},
		{"claim", "first-review", "SAMPLE-2023-001", "--as", "sample-reviewer-1"},
	} {
		if code, stdout, stderr := zhucan(t, dir, c...); code != 2 {
			t.Errorf("%v: exit %d %s%s", c, code, stdout, stderr)
		}
	}
	// The keys of persons are gone: nobody who might be known already is registered
	// anew.
	if code, stdout, stderr := zhucan(t, dir, "import", "applications", "../../schema/sample/applications.csv"); code == 0 || !strings.Contains(stderr, "vault") {
		t.Errorf("persons are registered over a lost vault: exit %d %s%s", code, stdout, stderr)
	}
	must(t, dir, "verify")
}

// TestALostLogComesBackFromTheSecondCopy loses the log's folder and keeps the
// database.
func TestALostLogComesBackFromTheSecondCopy(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", "../../schema/policy/sample")
	path, _ := list(t, 120)
	must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json")
	before := answer[verdict](t, must(t, dir, "verify", "-o", "json"))
	if err := os.RemoveAll(filepath.Join(dir, "nats")); err != nil {
		t.Fatal(err)
	}

	// Nothing is written behind a log that lost its records.
	other, _ := list(t, 5)
	if code, _, stderr := zhucan(t, dir, "import", "payments", other, "--mapping", nrw); code != 2 || !strings.Contains(stderr, "log-damaged") {
		t.Fatalf("written behind a lost log: exit %d %s", code, stderr)
	}
	if code, stdout, _ := zhucan(t, dir, "verify", "-o", "json"); code != 3 || strings.Contains(stdout, `"verdict": "VERIFIED",\n  "events"`) {
		t.Fatalf("a lost log verifies: exit %d %s", code, stdout)
	}
	must(t, dir, "event", "restore")
	after := answer[verdict](t, must(t, dir, "verify", "-o", "json"))
	if after.Root != before.Root || after.Events != before.Events {
		t.Fatalf("restored %d events with root %s, were %d with %s", after.Events, after.Root, before.Events, before.Root)
	}
	if got := answer[totals](t, must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json")); got.Duplicates != 120 {
		t.Fatalf("%+v", got)
	}
}

// TestServersOfTheUsersOwnDoAsWell runs the same binary against a NATS server and a
// Postgres that it did not start.
func TestServersOfTheUsersOwnDoAsWell(t *testing.T) {
	t.Parallel()
	server, err := natslog.StartServer(t.Context(), natslog.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:-1", Token: "synthetic-token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	dir := filepath.Join(schematest.Dir(t), "data")
	own := []string{
		"--nats", strings.Replace(server.ClientURL(), "nats://", "nats://synthetic-token@", 1),
		"--postgres", schematest.Cluster(t).URL(),
	}
	must(t, dir, append(own, "import", "policy", "../../schema/policy/sample")...)
	path, _ := list(t, 60)
	if got := answer[totals](t, must(t, dir, append(own, "import", "payments", path, "--mapping", nrw, "-o", "json")...)); got.Accepted != 60 {
		t.Fatalf("%+v", got)
	}
	must(t, dir, append(own, "verify")...)
	if _, err := os.Stat(filepath.Join(dir, "postgres")); !os.IsNotExist(err) {
		t.Errorf("a private database was made as well: %v", err)
	}
}

// TestAnotherFoldIsReplacedAsTheErrorSays follows the upgrade of the README: the read
// models that are served were made by an earlier program.
func TestAnotherFoldIsReplacedAsTheErrorSays(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", "../../schema/policy/sample")
	path, _ := list(t, 40)
	must(t, dir, "import", "payments", path, "--mapping", nrw)
	before := must(t, dir, "trial-balance", "-o", "json")
	p := &program{getenv: func(string) string { return "" }, stdout: &strings.Builder{}, stderr: &strings.Builder{}, now: time.Now, data: dir}
	s, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.pool.Exec(t.Context(), "update meta.read_model set fold = 'earlier' where status = 'serving'; alter table rm_v0001.posting add column earlier int")
	s.close()
	if err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := zhucan(t, dir, "trial-balance"); code != 1 || !strings.Contains(stderr, "rebuild under another name and switch") {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	must(t, dir, "replay", "--into", "v0002")
	if out := must(t, dir, "replay", "diff", "serving", "v0002"); !strings.Contains(out, "posting.earlier") {
		t.Errorf("the column that one version has is not named: %s", out)
	}
	must(t, dir, "replay", "switch", "v0002")
	if after := must(t, dir, "trial-balance", "-o", "json"); after != before {
		t.Errorf("%s\nwas\n%s", after, before)
	}
	must(t, dir, "replay", "drop", "v0001")
	must(t, dir, "verify")
}

func TestAMonthIsClosedAndLateFactsAdjustIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", "../../schema/policy/sample")
	path, _ := list(t, 10) // dated 2010-12-31
	must(t, dir, "import", "payments", path, "--mapping", nrw)
	must(t, dir, "period", "close", "2010-12")
	if code, _, stderr := zhucan(t, dir, "period", "close", "2011-02"); code != 2 || !strings.Contains(stderr, "period-order") {
		t.Errorf("a month was left out: exit %d %s", code, stderr)
	}
	if got := must(t, dir, "period", "list"); !strings.Contains(got, "2010-12") || !strings.Contains(got, "closed") {
		t.Error(got)
	}
	must(t, dir, "checkpoint", "show")
	if code, _, stderr := zhucan(t, dir, "claim", "withdraw", "C1", "--reason", "x", "--on", "9999-11-30"); code != 2 || !strings.Contains(stderr, "date-in-future") {
		t.Errorf("an order of a day that has not come: exit %d %s", code, stderr)
	}
	rebook := []string{"correct", "rebook", "--id", "ADJ-1", "--memo", "更正", "--on", "2011-01-05",
		"--postings", `[{"account":"5001","amount":"5.00","side":"debit"},{"account":"4001","amount":"5.00","side":"credit"}]`}
	unadjusted := must(t, dir, "trial-balance", "-o", "csv")
	must(t, dir, rebook...)
	if got := must(t, dir, "trial-balance", "-o", "csv"); got != unadjusted {
		t.Errorf("an entry that is only proposed is in the books:\n%s", got)
	}
	if code, _, stderr := zhucan(t, dir, "correct", "approve", "ADJ-1"); code != 2 || !strings.Contains(stderr, "duties-not-separated") {
		t.Errorf("approved by who proposed it: exit %d %s", code, stderr)
	}
	must(t, dir, "access", "add", "accountant-2", "--role", "accountant")
	must(t, dir, "correct", "approve", "ADJ-1", "--as", "accountant-2")
	if got := must(t, dir, "correct", "list"); !strings.Contains(got, "ADJ-1") || !strings.Contains(got, "posted") || !strings.Contains(got, "accountant-2") {
		t.Error(got)
	}
	if got := must(t, dir, "trial-balance", "-o", "csv"); got == unadjusted {
		t.Error("the entry that is approved is not in the books")
	}
	must(t, dir, "access", "add", "cashier-1", "--role", "cashier")
	must(t, dir, "payment", "open-batch", "B1", "--as", "cashier-1")
	must(t, dir, "payment", "cancel-batch", "B1", "--as", "cashier-1")
	if code, _, stderr := zhucan(t, dir, "payment", "cancel-batch", "B1", "--as", "cashier-1"); code != 2 || !strings.Contains(stderr, "payment-step") {
		t.Errorf("a batch is cancelled twice: exit %d %s", code, stderr)
	}
	before := must(t, dir, "trial-balance", "--as-of", "2010-12-31", "-o", "csv")
	late, _ := list(t, 11) // another file of the same year: it comes too late for December
	must(t, dir, "import", "payments", late, "--mapping", nrw)
	if after := must(t, dir, "trial-balance", "--as-of", "2010-12-31", "-o", "csv"); after != before {
		t.Errorf("a closed month changed:\n%s\nwas\n%s", after, before)
	}
	must(t, dir, "verify")
}

// TestTheCommandsOfTheReadmeDoWhatItSays runs every command line of the README that
// is not a service, with small synthetic files in the place of the reader's own.
func TestTheCommandsOfTheReadmeDoWhatItSays(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(schematest.Dir(t), "data")
	ran := 0
	for line := range strings.Lines(string(readme)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "bin/zhucan ")
		if !ok {
			continue
		}
		command, _, _ = strings.Cut(command, " #")
		var args []string
		for _, a := range strings.Fields(command) {
			switch {
			case a == "list.csv", a == "grants.json":
				a = "intake/testdata/grants" + filepath.Ext(a)
			case strings.HasPrefix(a, "schema/"):
				a = "../../" + a
			}
			args = append(args, a)
		}
		if args[0] == "import" {
			args = append(args, "--refused", filepath.Join(t.TempDir(), "refused.csv"))
		}
		must(t, dir, args...)
		ran++
	}
	if ran < 5 {
		t.Fatalf("the README has only %d commands", ran)
	}
}

func TestEveryVerbHasHelpWithAnExample(t *testing.T) {
	t.Parallel()
	p := &program{getenv: func(string) string { return "" }, stdout: &bytes.Buffer{}, stderr: &bytes.Buffer{}, now: time.Now}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s says nothing of itself", c.CommandPath())
		}
		if !c.HasSubCommands() && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(p.command())
}

func TestEveryPublishedCodeIsUnique(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, r := range rejections() {
		if seen[r.Code] {
			t.Errorf("code %s is published twice", r.Code)
		}
		seen[r.Code] = true
	}
}

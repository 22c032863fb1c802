package main

import (
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zhucan/ledger"
	"zhucan/schema/schematest"
)

// The tests of this file go through the list of bad input, line by line, on
// the sample year. Each line is refused with its published code in both languages,
// with its place, with exit code 2, and the log is as long as before.

const (
	sampleHeader = "claim,scheme,region,from,to,units,evidence,date,kind,name,person_number,certificate,uscc,bank_card,bank_account\n"
	evidenceA    = "application-form:0101010101010101010101010101010101010101010101010101010101010101 business-licence:0202020202020202020202020202020202020202020202020202020202020202"
	someHash     = "0303030303030303030303030303030303030303030303030303030303030303"
)

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// length is how many events the log has.
func length(t *testing.T, dir string) uint64 {
	t.Helper()
	return answer[struct {
		Head uint64 `json:"head_seq"`
	}](t, must(t, dir, "status", "-o", "json")).Head
}

// sampleYear is a folder with the sample year, served.
func sampleYear(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "demo", "--once", "-o", "json")
	serve(t, dir)
	return dir
}

func TestEveryLineOfBadInputIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	dir := sampleYear(t)
	// One person entered, reviewed and shown: what is refused of the rest.
	application := "BI-1,startup,220104,2024-01,2024-12,1," + evidenceA + ",2024-03-01,person,样甲,220102190001010016,,,6217992200000000000,\n"
	must(t, dir, "import", "applications", write(t, "a.csv", sampleHeader+application), "--as", "sample-clerk")
	must(t, dir, "access", "add", "everything", "--role", "clerk", "--role", "reviewer", "--role", "approver", "--role", "cashier", "--role", "accountant")
	entered := strings.Replace(strings.Replace(application, "BI-1", "BI-2", 1), "220102190001010016", "220104190001020022", 1)
	must(t, dir, "import", "applications", write(t, "b.csv", sampleHeader+entered), "--as", "everything")
	must(t, dir, "claim", "first-review", "BI-1", "--as", "sample-reviewer-1", "--on", "2024-03-02")
	must(t, dir, "claim", "compare", "BI-1", "--outcome", "matched", "--sources", `["社保"]`, "--manifest", someHash, "--as", "sample-reviewer-1", "--on", "2024-03-02")
	must(t, dir, "claim", "second-review", "BI-1", "--as", "sample-reviewer-2", "--on", "2024-03-03")
	publicise := []string{"claim", "publicise", "BI-1", "--place", "网站", "--notice", someHash, "--as", "sample-reviewer-2", "--on", "2024-03-04", "--from", "2024-03-04", "--to"}
	cut := append(publicise[:len(publicise):len(publicise)], "2024-03-09")

	post := func(debit, credit, account string) []string {
		return []string{"correct", "rebook", "--memo", "更正", "--on", "2024-03-01", "--as", "sample-accountant", "--postings",
			`[{"account":"1011","amount":"` + debit + `","side":"debit"},{"account":"` + account + `","amount":"` + credit + `","side":"credit"}]`}
	}
	check := func(code, where string, args ...string) {
		t.Helper()
		exit, stdout, stderr := zhucan(t, dir, args...)
		if exit != 2 || code != "rows-refused" && stdout != "" || !strings.Contains(stderr, "["+code+"]") || !strings.Contains(stderr, where) {
			t.Errorf("%v: exit %d, %s%s\nwant %s at %q", args, exit, stdout, stderr, code, where)
		}
		for _, r := range rejections() {
			if r.Code == code && (!strings.Contains(stderr, r.Rule) || !strings.Contains(stderr, r.RuleZH)) {
				t.Errorf("%v: the rule is not said in both languages: %s", args, stderr)
			}
		}
	}
	before := length(t, dir)
	unchanged := func() {
		t.Helper()
		if after := length(t, dir); after != before {
			t.Errorf("all was refused, and the log grew from %d to %d", before, after)
		}
	}
	check("entry-unbalanced", "0.01", post("5.00", "4.99", "4001")...)
	check("entry-unbalanced", "5.00 in the financial book", post("5.00", "5.00", "6001")...)
	check("amount-not-positive", "posting 1", post("-5.00", "-5.00", "4001")...)
	for _, amount := range []string{"5.001", "1e3", "\u22125.00", "５.００"} {
		check("amount-form", "/postings/0/amount", post(amount, amount, "4001")...)
	}
	check("amount-range", "/postings/0/amount", post("100000000000.00", "100000000000.00", "4001")...)
	check("account-unknown", `posting 2: account "9999"`, post("5.00", "5.00", "9999")...)
	check("period-closed", "2022-12", "correct", "rebook", "--memo", "x", "--on", "2022-12-31", "--as", "sample-accountant", "--postings", `[{"account":"1011","amount":"1.00","side":"debit"},{"account":"4001","amount":"1.00","side":"credit"}]`)
	check("publicity-cut-short", "2024-03-10 at least", cut...)
	unchanged()
	must(t, dir, append(publicise, "2024-03-10")...)
	check("publicity-cut-short", "2024-03-10", "claim", "end-publicity", "BI-1", "--as", "sample-reviewer-2", "--on", "2024-03-10")
	must(t, dir, "claim", "end-publicity", "BI-1", "--as", "sample-reviewer-2", "--on", "2024-03-11")
	before = length(t, dir)
	check("budget-exceeded", "0.00 available", "claim", "approve", "BI-1", "--decision", "决1", "--line", "220104/startup/levy/2024", "--as", "sample-approver", "--on", "2024-03-11")
	check("role-missing", "sample-clerk", "claim", "approve", "BI-1", "--decision", "决1", "--line", "220104/startup/levy/2024", "--as", "sample-clerk", "--on", "2024-03-11")
	check("duties-not-separated", "everything", "claim", "first-review", "BI-2", "--as", "everything", "--on", "2024-03-02")
	check("order-malformed", "/postings/0/x", "correct", "rebook", "--memo", "x", "--as", "sample-accountant", "--postings", `[{"account":"1011","amount":"1.00","side":"debit","x":1}]`)
	check("usage", "duplicate", "correct", "rebook", "--memo", "x", "--as", "sample-accountant", "--postings", `[{"account":"1011","account":"1011"}]`)
	check("usage", "UTF-8", "claim", "withdraw", "BI-1", "--reason", "\xff", "--as", "sample-clerk")
	// Nothing that is typed moves the cursor or pretends to be a line of its own.
	check("claim-unknown", `a\u001B[2J\u202E`, "claim", "withdraw", "a\x1b[2J\u202e", "--reason", "x", "--as", "sample-clerk")
	check("claim-unknown", "a\n        zhucan: done", "claim", "withdraw", "a\nzhucan: done", "--reason", "x", "--as", "sample-clerk")
	check("identifier-form", "../../etc/passwd", "payment", "open-batch", "../../etc/passwd", "--as", "sample-cashier")
	check("not-found", "../../etc/passwd", "trace", "../../etc/passwd")
	check("claim-unknown", "  where: BI-8\n", "claim", "withdraw", "BI-8", "--reason", "x", "--as", "sample-clerk", "--lang", "en")
	unchanged()

	refuse := func(kind, code, column, content string, args ...string) {
		t.Helper()
		refused := filepath.Join(t.TempDir(), "refused.csv")
		exit, _, stderr := zhucan(t, dir, append([]string{"import", kind, write(t, "list.csv", content), "--refused", refused}, args...)...)
		if exit != 2 || !strings.Contains(stderr, "[rows-refused]") || !strings.Contains(stderr, code+" × 1 (行 2)") {
			t.Errorf("%s: exit %d, %s", content, exit, stderr)
		}
		text, err := os.ReadFile(refused)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 2 || rows[1][0] != "2" || rows[1][1] != "1" || rows[1][2] != column || rows[1][3] != code {
			t.Errorf("%s: refused rows %q, %v; want %s in column %q", content, rows, err, code, column)
		}
	}
	const budget = "region,scheme,fund,year,amount,document,date\n220104,startup,levy,2024,"
	refuse("budget", "amount-not-positive", "amount", budget+"-1.00,甲,2024-01-05\n", "--as", "sample-accountant")
	refuse("budget", "amount-form", "amount", budget+"1.005,甲,2024-01-05\n", "--as", "sample-accountant")
	refuse("budget", "date-form", "date", budget+"1.00,甲,2024-02-30\n", "--as", "sample-accountant")
	refuse("budget", "period-closed", "", strings.Replace(budget, "2024", "2022", 1)+"1.00,甲,2022-12-30\n", "--as", "sample-accountant")
	refuse("budget", "formula-in-text", "document", budget+"1.00,=1+1,2024-01-05\n", "--as", "sample-accountant")
	refuse("budget", "row-cut", "", budget+"1.00,甲,2024-01-05", "--as", "sample-accountant")
	again := func(from, to string) string {
		return sampleHeader + strings.Replace(strings.Replace(application, "BI-1", "BI-9", 1), from, to, 1)
	}
	refuse("applications", "person-number-check", "person_number", again("220102190001010016", "220102190001010017"), "--as", "sample-clerk")
	refuse("applications", "person-number-date", "person_number", again("220102190001010016", "220102190013010013"), "--as", "sample-clerk")
	refuse("applications", "bank-card-check", "bank_card", again("6217992200000000000", "6217992200000000001"), "--as", "sample-clerk")
	refuse("applications", "formula-in-text", "name", again("样甲", "＝样甲"), "--as", "sample-clerk")
	refuse("applications", "text-character", "name", again("样甲", "样\u202e甲"), "--as", "sample-clerk")

	// What is wrong with the file refuses it whole.
	whole := func(code, where, content string) {
		t.Helper()
		check(code, where, "import", "budget", write(t, "list.csv", content), "--as", "sample-accountant")
	}
	good := budget + "1.00,甲,2024-01-05\n"
	whole("file-structure", "line 3", good+"220104,startup,levy,2024,\"1.0")
	whole("file-bytes", "line 3, character 25", "\xef\xbb\xbf"+good+"220104,startup,levy,2024\xff,")
	whole("file-encoding", "line 2", "region\n\xff\n")
	whole("file-columns", "column 8", strings.Replace(good, "date\n", "date,note\n", 1))
	whole("file-columns", "date", strings.Replace(good, ",date\n", "\n", 1))

	unchanged()

	// A second claim for the same thing, in another year and in another county. The
	// account that came with it is kept; the claim is not.
	claims := must(t, dir, "claim", "list", "-o", "csv")
	refuse("applications", "already-awarded", "", strings.Replace(again("2024-01,2024-12", "2025-01,2025-12"), ",2024-03-01,person", ",2025-03-01,person", 1), "--as", "sample-clerk")
	refuse("applications", "already-awarded", "", again("220104,", "220202,"), "--as", "sample-clerk")
	if after := must(t, dir, "claim", "list", "-o", "csv"); after != claims {
		t.Errorf("refused, and the claims are\n%s\nwere\n%s", after, claims)
	}

	// And what is right in a file with a row that is wrong is recorded.
	before = length(t, dir)
	got := answer[totals](t, must(t, dir, "import", "budget", write(t, "part.csv", good+"220104,startup,levy,2024,1.005,乙,2024-01-05\n220104,startup,levy,2024,2.00,丙,2024-01-05\n"),
		"--as", "sample-accountant", "--refused", filepath.Join(t.TempDir(), "refused.csv"), "-o", "json"))
	if got.Read != 3 || got.Accepted != 2 || got.Refused != 1 || got.Total != "3.00" || length(t, dir) != before+2 {
		t.Errorf("of three rows one of which is wrong: %+v", got)
	}
	// The same rows in another order are another file; the money is not voted again.
	before = length(t, dir)
	refuse("budget", "document-booked", "", budget+"2.00,丙,2024-01-05\n", "--as", "sample-accountant")
	check("rows-refused", "document-booked × 2 (行 2, 3)", "import", "budget", write(t, "other.csv", budget+"2.00,丙,2024-01-05\n220104,startup,levy,2024,1.00,甲,2024-01-05\n"),
		"--as", "sample-accountant", "--refused", filepath.Join(t.TempDir(), "refused.csv"))
	unchanged()
	must(t, dir, "verify")
}

func TestTheFileOfRefusedRowsIsNeverTheFileThatIsRead(t *testing.T) {
	t.Parallel()
	const content = "region,scheme,fund,year,amount,document,date\n220104,startup,levy,2024,1.005,甲,2024-01-05\n"
	path := write(t, "list.csv", content)
	link := filepath.Join(filepath.Dir(path), "link.csv")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, refused := range []string{path, link} {
		if code, _, stderr := zhucan(t, t.TempDir(), "import", "budget", path, "--dry-run", "--refused", refused); code != 2 || !strings.Contains(stderr, "usage") {
			t.Errorf("%s: exit %d, %s", refused, code, stderr)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("the list is now %q, %v", got, err)
	}
}

// What a file of corrections holds is not masked: it never stands where others read it,
// and what stood there before is not lost to an import that does not end.
func TestCorrectionsAreAFileOfTheirOwnForOneUser(t *testing.T) {
	t.Parallel()
	const content = "region,scheme,fund,year,amount,document,date\n220104,startup,levy,2024,1.005,甲,2024-01-05\n"
	dir := t.TempDir()
	path, one := write(t, "list.csv", content), filepath.Join(dir, "one.csv")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, one)
	if err != nil {
		t.Fatal(err)
	}
	for _, refused := range []string{relative, one, filepath.Join(dir, "link.csv")} {
		if code, _, stderr := zhucan(t, t.TempDir(), "import", "budget", path, "--dry-run", "--refused", refused, "--corrections", one); code != 2 || !strings.Contains(stderr, "file of refused rows as well") {
			t.Errorf("%s: exit %d, %s", refused, code, stderr)
		}
		if err := os.WriteFile(one, []byte("kept"), 0o644); err != nil {
			t.Fatal(err)
		}
		_ = os.Symlink(one, filepath.Join(dir, "link.csv"))
	}
	reader, err := os.Open(one) // by somebody while everybody may
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	args := []string{"import", "budget", path, "--dry-run", "--refused", filepath.Join(t.TempDir(), "r.csv"), "--corrections", one}
	if code, _, stderr := zhucan(t, t.TempDir(), args...); code != 2 || !strings.Contains(stderr, "rows-refused") {
		t.Fatalf("exit %d, %s", code, stderr)
	}
	before, err := io.ReadAll(reader)
	if err != nil || string(before) != "kept" {
		t.Errorf("who had the file open reads %q, %v", before, err)
	}
	after, err := os.ReadFile(one)
	info, statErr := os.Stat(one)
	if err != nil || statErr != nil || !strings.Contains(string(after), "1.005") || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v, %v", after, info, err, statErr)
	}
	args[5] = "/dev/full" // the refused rows cannot be written
	if code, _, stderr := zhucan(t, t.TempDir(), args...); code != 1 {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if left, err := os.ReadFile(one); err != nil || string(left) != string(after) {
		t.Errorf("the corrections of an import that failed: %q, %v", left, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestATextIsFlatOnAScreenAndGuardedInAFile(t *testing.T) {
	t.Parallel()
	rows := table{head: []string{"text", ">n"}, rows: [][]string{{">a\nb\x1b[2J\u202ec\td", "-1.00"}, {"=1+1", "2"}, {"'x", "3"}}}
	var screen, file strings.Builder
	printTable(&screen, rows)
	if err := printCSV(&file, rows); err != nil {
		t.Fatal(err)
	}
	want := "text                          n\n────────────────────────  ─────\n" +
		`>a\nb\u001B[2J\u202Ec\td` + "  -1.00\n=1+1                          2\n'x                            3\n"
	if got := screen.String(); got != want {
		t.Errorf("the screen shows\n%s\nnot\n%s", got, want)
	}
	wantFile := "text,n\n\">a\nb\\u001B[2J\\u202Ec\td\",-1.00\n'=1+1,2\n''x,3\n"
	if got := file.String(); got != wantFile {
		t.Errorf("the file has %q, want %q", got, wantFile)
	}
}

// A fault of the server, such as a log that refuses, is not taken for a refusal of
// the rows that were sent.
func TestAFaultOfTheServerIsNoRefusal(t *testing.T) {
	t.Parallel()
	for code, refused := range map[string]bool{"fault": false, "budget-exceeded": true} {
		if rule, _ := ledger.Refused(refusal{Code: code, Rule: "rule", Detail: "detail"}.err()); (rule != nil) != refused {
			t.Errorf("%s: a refusal: %v", code, rule != nil)
		}
	}
}

// F13: a bit that flipped on the disk of the database.
func TestADamagedPageOfTheDatabaseIsNamedAndARebuildHealsTheReadModel(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", "../../schema/policy/sample")
	path, _ := list(t, 100)
	must(t, dir, "import", "payments", path, "--mapping", nrw, "-o", "json")
	before := must(t, dir, "trial-balance", "-o", "json")

	flip := func(table string) (restore func()) {
		t.Helper()
		p := &program{getenv: func(string) string { return "" }, stdout: &strings.Builder{}, stderr: &strings.Builder{}, now: time.Now, data: dir}
		s, err := p.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var relation string
		err = s.pool.QueryRow(t.Context(), "select pg_relation_filepath($1::regclass)", table).Scan(&relation)
		s.close()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "postgres", relation)
		page, err := os.ReadFile(file)
		if err != nil || len(page) < 8192 {
			t.Fatalf("%s has %d bytes, %v", table, len(page), err)
		}
		overwrite := func(mask byte) {
			f, err := os.OpenFile(file, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt([]byte{page[8000] ^ mask}, 8000); err != nil { // rows fill a page from its end
				t.Fatal(err)
			}
		}
		overwrite(1)
		return func() { overwrite(0) }
	}
	damaged := func(table string) {
		t.Helper()
		code, stdout, stderr := zhucan(t, dir, "verify", "-o", "json")
		if code != 3 {
			t.Fatalf("%s: exit %d, %s%s", table, code, stdout, stderr)
		}
		got := answer[verdict](t, stdout)
		for _, c := range got.Checks {
			if c.Name == "database-pages" && c.Verdict == "FAILED" && strings.Contains(c.Detail, "block 0 of relation") && got.Verdict == "FAILED" {
				return
			}
		}
		t.Errorf("%s: %s", table, stdout)
	}
	restore := flip("archive.record")
	damaged("archive.record")
	restore()
	must(t, dir, "verify")

	flip("rm_v0001.posting")
	damaged("rm_v0001.posting")
	must(t, dir, "replay", "--into", "healed")
	must(t, dir, "replay", "switch", "healed")
	must(t, dir, "verify")
	if after := must(t, dir, "trial-balance", "-o", "json"); after != before {
		t.Errorf("healed:\n%s\nwas\n%s", after, before)
	}
}

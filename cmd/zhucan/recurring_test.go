package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/projections/report"
	"zhucan/schema/schematest"
)

// monthlyPack is the sample policy with a post that is paid by the month, and a share of contributions.
// Amounts, shares and limits are synthetic.
func monthlyPack(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pack")
	if err := os.CopyFS(dir, os.DirFS("../../schema/policy/sample")); err != nil {
		t.Fatal(err)
	}
	for name, more := range map[string]string{
		"schemes.yaml": `  - code: public-post
    name_zh: 公益性岗位补贴（样本）
    name_en: Subsidy for public-welfare posts (sample)
    flow: F15
    clause: 吉政办发〔2022〕35号 三（五）
    claimants: [person, employer]
    funds: [employment]
    group: public-post
    once: month
    recurring:
      every: month
      term: 18
      placements: none
      source: 样本参数，非官方 · sample value, not official
    unit: 人 · person
    evidence: [post-contract]
    needs: [persons]
    from: 2022-10-10
    publicity:
      days: 7
      source: 样本参数，非官方 · sample value, not official
  - code: social-insurance
    name_zh: 社会保险补贴（样本）
    name_en: Social-insurance subsidy (sample)
    flow: F13
    clause: 吉政办发〔2022〕35号 三（五）
    claimants: [person]
    funds: [employment]
    group: social-insurance
    once: month
    recurring:
      every: month
      term: 36
      near_retirement: 5
      placements: none
      source: 样本参数，非官方 · sample value, not official
    unit: 人 · person
    evidence: [contribution-proof]
    from: 2022-10-10
`,
	} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(more); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	standards := "scheme,region,amount,share,from,to,source\n" +
		"public-post,220000,1880.00,,2022-10-10,,样本参数，非官方 · sample value\n" +
		"social-insurance,220000,,2/3,2022-10-10,,样本参数，非官方 · sample value\n"
	if err := os.WriteFile(filepath.Join(dir, "standards.csv"), []byte(standards), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A post over twelve months through the program: awarded for a year, paid until October,
// stopped in November from September on, two months demanded back, the term not exceeded.
func TestAPostIsPaidByTheMonthAndStopped(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", monthlyPack(t))
	for who, role := range map[string]string{"clerk": "clerk", "one": "reviewer", "two": "reviewer", "approver": "approver", "chief": "approver", "cashier": "cashier", "accountant": "accountant"} {
		must(t, dir, "access", "add", who, "--role", role)
	}
	serve(t, dir)
	must(t, dir, "import", "budget", write(t, "b.csv", "region,scheme,fund,year,amount,document,date\n220000,public-post,employment,2023,30000.00,样本指标〔2023〕9号,2023-01-10\n"), "--as", "accountant")
	const header = "claim,scheme,region,from,to,units,evidence,date,kind,name,person_number,bank_card\n"
	apply := func(id, from, to, on string) string {
		return write(t, id+".csv", header+strings.Join([]string{id, "public-post", "220104", from, to, "1", "post-contract:" + someHash, on, "person", "样甲", "220102190001010016", "6217992200000000000"}, ",")+"\n")
	}
	must(t, dir, "import", "applications", apply("POST-1", "2023-01", "2023-12", "2023-01-10"), "--as", "clerk")
	do := func(as, on string, args ...string) {
		t.Helper()
		must(t, dir, append(args, "--as", as, "--on", on)...)
	}
	refused := func(code, says string, args ...string) {
		t.Helper()
		if exit, _, stderr := zhucan(t, dir, args...); exit != 2 || !strings.Contains(stderr, "["+code+"]") || !strings.Contains(stderr, says) {
			t.Errorf("%v: exit %d, %s\nwant %s with %q", args, exit, stderr, code, says)
		}
	}
	do("one", "2023-01-11", "claim", "first-review", "POST-1")
	do("one", "2023-01-11", "claim", "compare", "POST-1", "--outcome", "matched", "--sources", `["社保"]`, "--manifest", someHash)
	do("two", "2023-01-12", "claim", "second-review", "POST-1")
	do("two", "2023-01-12", "claim", "publicise", "POST-1", "--place", "网站", "--notice", someHash, "--from", "2023-01-13", "--to", "2023-01-19")
	do("two", "2023-01-20", "claim", "end-publicity", "POST-1")
	do("approver", "2023-01-20", "claim", "approve", "POST-1", "--decision", "决字1号", "--line", "220000/public-post/employment/2023")

	if l := answer[report.ArrearPage](t, must(t, dir, "claim", "arrears", "--as-of", "2023-03-30", "-o", "json")).Arrears; len(l) != 2 || l[0].Month != "2023-01" || l[1].Month != "2023-02" || l[1].Status != "not-instructed" {
		t.Errorf("in arrears on 30 March, when March is not over: %+v", l)
	}
	refused("claim-month", "2023-11", "payment", "instruct", "PAY-11", "--batch", "B1", "--claim", "POST-1", "--month", "2023-11", "--as", "cashier", "--on", "2023-10-25")
	do("cashier", "2023-10-25", "payment", "open-batch", "B1")
	for m := 1; m <= 10; m++ {
		do("cashier", "2023-10-25", "payment", "instruct", fmt.Sprint("PAY-", m), "--batch", "B1", "--claim", "POST-1", "--month", fmt.Sprintf("2023-%02d", m))
	}
	refused("claim-paid", "PAY-3", "payment", "instruct", "PAY-X", "--batch", "B1", "--claim", "POST-1", "--month", "2023-03", "--as", "cashier", "--on", "2023-10-25")
	do("cashier", "2023-10-25", "payment", "submit-batch", "B1", "--lines", "10", "--total", "18800.00")
	do("chief", "2023-10-26", "payment", "approve-batch", "B1", "--lines", "10", "--total", "18800.00")
	refused("claim-instructed", "PAY-9", "claim", "stop", "POST-1", "--from", "2023-09", "--reason", "已在其他单位就业", "--evidence", someHash, "--as", "chief", "--on", "2023-10-26")
	do("cashier", "2023-10-26", "payment", "send-batch", "B1", "--voucher", "5201-1")
	do("cashier", "2023-10-27", "payment", "fail", "PAY-1", "--reason", "账户冻结")
	for m := 2; m <= 10; m++ {
		do("cashier", "2023-10-27", "payment", "confirm", fmt.Sprint("PAY-", m), "--serial", "S-1")
	}
	if l := answer[report.ArrearPage](t, must(t, dir, "claim", "arrears", "--as-of", "2023-12-31", "-o", "json")).Arrears; len(l) != 3 || l[0].Month != "2023-01" || l[0].Payment != "PAY-1" || l[0].Status != "failed" || l[2].Month != "2023-12" {
		t.Errorf("in arrears at the end of the year: %+v", l)
	}

	must(t, dir, "claim", "stop", "POST-1", "--from", "2023-09", "--reason", "已在其他单位就业", "--evidence", someHash, "--as", "chief", "--on", "2023-11-20")
	over := func(args ...string) []report.Overpayment {
		t.Helper()
		return answer[report.OverpaymentPage](t, must(t, dir, append([]string{"claim", "overpaid", "-o", "json"}, args...)...)).Overpaid
	}
	if l := over(); len(l) != 2 || l[0].Month != "2023-09" || l[1].Month != "2023-10" || l[1].Outstanding.String() != "1880.00" || l[0].StoppedFrom != "2023-09" {
		t.Errorf("overpaid: %+v", l)
	}
	if l := over("--as-of", "2023-11-19"); len(l) != 0 {
		t.Errorf("overpaid before the stop was known: %+v", l)
	}
	if l := answer[report.ArrearPage](t, must(t, dir, "claim", "arrears", "--as-of", "2023-12-31", "-o", "json")).Arrears; len(l) != 1 || l[0].Month != "2023-01" {
		t.Errorf("in arrears after the stop: %+v", l)
	}
	budgets := answer[report.Trial](t, must(t, dir, "trial-balance", "-o", "json"))
	for _, a := range budgets.Accounts {
		// January failed and waits: 1880.00 are promised. November and December are free again.
		if want := map[ledger.AccountCode]string{"9102": "1880.00", "9103": "16920.00"}[a.Code]; want != "" && a.Credit.String() != want {
			t.Errorf("account %s has %s, want %s", a.Code, a.Credit, want)
		}
	}
	again := must(t, dir, "claim", "list", "-o", "json")
	if l := answer[report.ClaimPage](t, again).Claims; len(l) != 1 || l[0].Monthly.String() != "1880.00" || l[0].StoppedFrom != "2023-09" || l[0].Amount.String() != "22560.00" {
		t.Errorf("%+v", l)
	}
	if l := answer[report.ClaimPage](t, must(t, dir, "claim", "list", "--as-of", "2023-11-19", "-o", "json")).Claims; len(l) != 1 || l[0].StoppedFrom != "" {
		t.Errorf("before the stop: %+v", l)
	}
	if l := answer[report.PaymentPage](t, must(t, dir, "payment", "list", "--as-of", "2023-11-19", "-o", "json")).Payments; len(l) != 10 || l[0].Month == "" {
		t.Errorf("%+v", l)
	}

	// Two thirds of contributions of 1000.01 for four years, since retirement is nearer than five.
	insured := func(id, contribution, retires string) string {
		return write(t, id+".csv", strings.TrimSuffix(header, "\n")+",contribution,retires\n"+
			strings.Join([]string{id, "social-insurance", "220104", "2023-01", "2026-12", "1", "contribution-proof:" + someHash, "2023-01-10", "person", "样乙", "220102190001020011", "6217992200000000000", contribution, retires}, ",")+"\n")
	}
	for says, file := range map[string]string{
		"term-exhausted": insured("INS-1", "1000.01", "2028-02-01"), "claim-facts": insured("INS-1", "", "2027-12-31"), "claim-retirement": insured("INS-1", "1000.01", "2026-11-30"),
	} {
		refused("rows-refused", says, "import", "applications", file, "--as", "clerk", "--refused", filepath.Join(t.TempDir(), "r.csv"))
	}
	must(t, dir, "import", "applications", insured("INS-1", "1000.01", "2027-12-31"), "--as", "clerk")
	if l := answer[report.ClaimPage](t, must(t, dir, "claim", "list", "-o", "json")).Claims; len(l) != 2 || l[0].Claim != "INS-1" || l[0].Monthly.String() != "666.67" || l[0].Amount.String() != "32000.16" {
		t.Errorf("a share of contributions: %+v", l)
	}

	// Another post in the same months.
	refused("rows-refused", "already-awarded", "import", "applications", apply("POST-4", "2023-08", "2023-12", "2023-11-21"), "--as", "clerk", "--refused", filepath.Join(t.TempDir(), "r.csv"))

	// Next year: ten months are had, two of them not due and not back.
	refused("rows-refused", "term-exhausted", "import", "applications", apply("POST-2", "2024-01", "2024-10", "2024-01-10"), "--as", "clerk", "--refused", filepath.Join(t.TempDir(), "r.csv"))
	for _, m := range []string{"9", "10"} {
		do("chief", "2023-11-21", "payment", "demand-recovery", "PAY-"+m, "--amount", "1880.00", "--deadline", "2023-12-31", "--decision", "追字"+m+"号", "--ground", "POST-1 自2023年9月停发")
		do("accountant", "2023-12-05", "payment", "receive-recovery", "PAY-"+m, "--amount", "1880.00", "--voucher", "5408-"+m)
	}
	if l := over(); len(l) != 0 {
		t.Errorf("overpaid when all is back: %+v", l)
	}
	if l := over("--as-of", "2023-11-30"); len(l) != 2 || l[0].Demanded.String() != "1880.00" || !l[0].Recovered.IsZero() {
		t.Errorf("overpaid at the end of November: %+v", l)
	}
	must(t, dir, "import", "applications", apply("POST-3", "2024-01", "2024-10", "2024-01-10"), "--as", "clerk")
	if story := must(t, dir, "trace", "PAY-9"); !strings.Contains(story, "POST-1 (2023-01/2023-12)") || !strings.Contains(story, "POST-1 (2023-09/)") || !strings.Contains(story, "PAY-9 (2023-09)") {
		t.Errorf("the story has no months:\n%s", story)
	}
	if v := must(t, dir, "verify"); !strings.Contains(v, "VERIFIED") {
		t.Error(v)
	}
}

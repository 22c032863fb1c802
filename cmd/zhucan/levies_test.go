package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/projections/report"
	"zhucan/schema/schematest"
)

// The levy from the files of the sample to the books, and what 财政部公告2023年第8号 changes
// backwards (policy.md §1.13). All employers are synthetic.
func TestTheLevyFromFilesToTheBooksAndBack(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", "../../schema/policy/sample")
	must(t, dir, "access", "add", "chief", "--role", "approver")
	must(t, dir, "access", "add", "federation", "--role", "clerk", "--role", "reviewer")
	load := func(as, kind string, read, accepted, duplicates int) {
		t.Helper()
		args := []string{"import", kind, "../../schema/sample/" + kind + ".csv", "--refused", filepath.Join(t.TempDir(), "refused.csv"), "-o", "json", "--as", as}
		got := answer[totals](t, must(t, dir, args...))
		if got.Read != read || got.Accepted != accepted || got.Duplicates != duplicates || got.Refused != read-accepted-duplicates {
			t.Fatalf("%s: %+v", kind, got)
		}
	}
	load("local", "declarations", 10, 6, 0)
	must(t, dir, "access", "add", "reviewer", "--role", "reviewer")
	if code, _, stderr := zhucan(t, dir, "import", "reviews", "../../schema/sample/reviews.csv", "--refused", filepath.Join(t.TempDir(), "refused.csv"), "--as", "reviewer"); code != 2 || !strings.Contains(stderr, "role-missing") || strings.Contains(stderr, "party-unknown") {
		t.Errorf("a reviewer who makes nobody known: exit %d: %s", code, stderr)
	}
	load("federation", "reviews", 4, 3, 0)
	must(t, dir, "levy", "assess", "--year", "2022", "--on", "2022-11-16")
	must(t, dir, "levy", "assess", "--year", "2023", "--on", "2023-02-10")
	load("local", "receipts", 5, 3, 0)
	load("local", "declarations", 10, 0, 6)
	load("federation", "reviews", 4, 0, 3)
	load("local", "receipts", 5, 0, 3)

	stands := func(employer string) report.Levy {
		t.Helper()
		l := answer[report.LevyPage](t, must(t, dir, "levy", "list", "--employer", "U"+employer, "-o", "json")).Levies
		if len(l) != 1 {
			t.Fatalf("%d levies of %s", len(l), employer)
		}
		return l[0]
	}
	const paid, unpaid, part, small, closing, met = "912201049999999121", "91220104999999920U", "12220104999999939X", "91220104999999947K", "91220104999999955E", "912201049999999639"
	for employer, want := range map[string]string{
		paid:    "settled 36000.00 18000.00 18000.00 0.00",
		unpaid:  "owing 192000.00 172800.00 0.00 172800.00", // capped at 2 × 60000.00
		part:    "owing 21600.00 19440.00 5000.00 14440.00", // an institution of 25 is not exempt
		small:   "settled 23040.00 0.00 0.00 0.00",
		met:     "settled 0.00 0.00 0.00 0.00", // grade 1 counts as two
		closing: "settled 10500.00 10500.00 10500.00 0.00",
	} {
		v := stands(employer)
		if got := strings.Join([]string{v.Status, v.Full.String(), v.Due.String(), v.Paid.String(), v.Owed.String()}, " "); got != want {
			t.Errorf("%s: %s, want %s", employer, got, want)
		}
	}

	// What is corrected after it was assessed is listed, and assessed anew with the others of its year.
	corrected := filepath.Join(t.TempDir(), "corrected.csv")
	row := "filing_year,region,name,uscc,staff,average_wage,date\n2022,220104,样本缴费单位04有限公司（合成）," + small + ",29,48000.00,2022-11-18\n"
	if err := os.WriteFile(corrected, []byte(row), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "import", "declarations", corrected, "--as", "local")
	if v := stands(small); !v.Stale || v.Status != "settled" || stands(paid).Stale {
		t.Errorf("%+v", v)
	}
	if list := must(t, dir, "levy", "list", "--employer", "U"+small); !strings.Contains(list, "须重新核定") || !strings.Contains(list, "是") {
		t.Error(list)
	}
	assessed := answer[struct{ Assessed, Unchanged, Refused int }](t, must(t, dir, "levy", "assess", "--year", "2022", "--on", "2022-11-19", "-o", "json"))
	if v := stands(small); assessed.Assessed != 1 || assessed.Unchanged+assessed.Refused != 0 || v.Stale || v.Staff != "29" {
		t.Errorf("%+v, %+v", assessed, v)
	}

	above := answer[surplusPage](t, must(t, dir, "levy", "surplus", "--year", "2022", "-o", "json")).Levies
	if len(above) != 1 || above[0].Employer != "U"+met || above[0].Excess != "0.4" || above[0].Persons != 0 || above[0].Reward != nil {
		t.Errorf("above the ratio: %+v", above)
	}

	// In default: warned, ordered, charged 5‰ of each day from 1 November.
	arrears := answer[report.LevyPage](t, must(t, dir, "levy", "arrears", "--on", "2022-11-20", "-o", "json")).Levies
	if len(arrears) != 2 || arrears[0].Age != 20 {
		t.Errorf("%+v", arrears)
	}
	for _, region := range []string{"220104", "220100", "220000"} {
		if below := answer[report.LevyPage](t, must(t, dir, "levy", "arrears", "--on", "2022-11-20", "--region", region, "-o", "json")).Levies; len(below) != 2 {
			t.Errorf("in %s or below it: %+v", region, below)
		}
	}
	for want, args := range map[string][]string{
		"region-unknown": {"levy", "arrears", "--region", "999999"},
		"none of [reviewed declared owing overpaid to-refund settled]": {"levy", "list", "--status", "bogus", "--lang", "en"},
		"filter-value":          {"payment", "list", "--status", "payd"},
		"publicity-ended":       {"claim", "list", "--status", "bogus", "--lang", "en"},
		"none of [policy party": {"trace", "levy:U" + unpaid + ":2022", "--kind", "zzz", "--lang", "en"},
		"--as-of":               {"levy", "list", "--as-of", ""},
	} {
		if code, _, stderr := zhucan(t, dir, args...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	case2022 := []string{"--employer", "U" + unpaid, "--year", "2022", "--as", "chief"}
	levy := func(args ...string) { t.Helper(); must(t, dir, append([]string{"levy"}, args...)...) }
	levy(append([]string{"warn", "--document", "样本警告1号", "--on", "2022-11-21"}, case2022...)...)
	levy(append([]string{"order-payment", "--deadline", "2022-11-30", "--document", "样本限缴1号", "--on", "2022-11-22"}, case2022...)...)
	notice := must(t, dir, "levy", "notice", "levy:U"+unpaid+":2022", "--on", "2022-11-25")
	for _, want := range []string{"样本缴费单位02有限公司（合成）", "172,800.00", "逾期25天", "2022年11月30日前缴纳"} {
		if !strings.Contains(notice, want) {
			t.Errorf("the notice does not say %s:\n%s", want, notice)
		}
	}
	if notice := must(t, dir, "levy", "notice", "levy:U"+unpaid+":2022", "--on", "2022-11-21"); strings.Contains(notice, "2022年11月30日") {
		t.Errorf("the notice of a day before the order names it:\n%s", notice)
	}
	levy(append([]string{"charge-late-fee", "--document", "样本加收1号", "--on", "2022-12-10"}, case2022...)...)
	if v := stands(unpaid); v.LateFee.String() != "34560.00" || v.Owed.String() != "207360.00" { // 40 days
		t.Errorf("a late fee of %s, %s owed", v.LateFee, v.Owed)
	}
	if code, _, stderr := zhucan(t, dir, "levy", "relieve", "--employer", "U"+part, "--year", "2022", "--amount", "20000.00", "--decision", "样本减免1号", "--reason", "洪涝", "--on", "2022-11-20", "--as", "chief"); code != 2 || !strings.Contains(stderr, "levy-hardship") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	levy("relieve", "--employer", "U"+part, "--year", "2022", "--amount", "4440.00", "--decision", "样本减免1号", "--reason", "洪涝", "--on", "2022-11-20", "--as", "chief")

	// A rule that is published on 2023-03-26 and in force from 2023-01-01.
	type affected struct {
		Affected []affectedLevy
		Change   string
	}
	if a := answer[affected](t, must(t, dir, "levy", "affected", "--known", "2023-03-25", "-o", "json")); len(a.Affected) != 0 {
		t.Errorf("the day before: %+v", a)
	}
	a := answer[affected](t, must(t, dir, "levy", "affected", "--known", "2023-03-26", "-o", "json"))
	if len(a.Affected) != 1 || a.Affected[0].Due.String() != "10500.00" || a.Affected[0].DueNow.String() != "5250.00" || a.Change != "-5250.00" || !strings.Contains(strings.Join(a.Affected[0].Sources, " "), "财政部公告2023年第8号") {
		t.Errorf("%+v", a)
	}
	before := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
	levy("assess", "--employer", "U"+closing, "--year", "2023", "--on", "2023-04-03")
	if v := stands(closing); v.Status != "overpaid" || v.Owed.String() != "-5250.00" {
		t.Errorf("%+v", v)
	}
	levy("decide-refund", "--employer", "U"+closing, "--year", "2023", "--amount", "5250.00", "--claim", "样本申请1号", "--decision", "样本退费1号", "--on", "2023-04-06", "--as", "chief")
	levy("pay-refund", "--employer", "U"+closing, "--year", "2023", "--amount", "5250.00", "--voucher", "样本5209-1", "--on", "2023-04-10")
	if v := stands(closing); v.Status != "settled" || v.Refunded.String() != "5250.00" {
		t.Errorf("%+v", v)
	}
	levy("deregister", "--employer", "U"+closing, "--document", "样本注销1号", "--on", "2023-04-11")

	// As known before, the books say what they said; now they balance, and the events prove them.
	if then := answer[trial](t, must(t, dir, "trial-balance", "--known-by", number(before.Seq), "-o", "json")); then.DebitTotal != before.DebitTotal {
		t.Errorf("debits of %s, then %s", then.DebitTotal, before.DebitTotal)
	}
	books := answer[trial](t, must(t, dir, "trial-balance", "-o", "json"))
	if books.DebitTotal != books.CreditTotal {
		t.Errorf("%s debits, %s credits", books.DebitTotal, books.CreditTotal)
	}
	income := answer[report.IncomePage](t, must(t, dir, "levy", "income", "-o", "json")).Income
	if len(income) != 2 || income[0].Net.String() != "23000.00" || income[1].Net.String() != "5250.00" {
		t.Errorf("%+v", income)
	}

	// A receipt of a day before the order had passed takes the late fee back, and nothing else.
	early := filepath.Join(t.TempDir(), "early.csv")
	if err := os.WriteFile(early, []byte("filing_year,uscc,name,receipt,amount,date\n2022,"+unpaid+",样本缴费单位０２有限公司(合成),样本缴款书-0009,172800.00,2022-11-28\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	misnamed := write(t, "misnamed.csv", "filing_year,uscc,name,receipt,amount,date\n2022,"+unpaid+",样本缴费单位03中心（合成）,样本缴款书-0008,5.00,2022-11-28\n")
	if code, _, stderr := zhucan(t, dir, "import", "receipts", misnamed, "--as", "local", "--refused", filepath.Join(t.TempDir(), "refused.csv")); code != 2 || !strings.Contains(stderr, "row-party-differs") {
		t.Errorf("a receipt that names another employer: exit %d: %s", code, stderr)
	}
	must(t, dir, "import", "receipts", early, "--as", "local") // the same name in other characters
	dashed := write(t, "dashed.csv", "filing_year,uscc,name,receipt,amount,date\n2022,"+unpaid+",——,样本缴款书-0009,172800.00,2022-11-28\n")
	if code, _, stderr := zhucan(t, dir, "import", "receipts", dashed, "--as", "local", "--refused", filepath.Join(t.TempDir(), "refused.csv")); strings.Contains(stderr, "row-party-differs") {
		t.Errorf("a dash in place of a name: exit %d: %s", code, stderr)
	}
	for region, want := range map[string]int{"220381": 0, "999999": 2} { // a code withdrawn since may still be that of a filing
		if code, _, stderr := zhucan(t, dir, "levy", "list", "--region", region); code != want {
			t.Errorf("levies of %s: exit %d: %s", region, code, stderr)
		}
	}
	a = answer[affected](t, must(t, dir, "levy", "affected", "--known", "2022-12-11", "-o", "json"))
	if !slices.ContainsFunc(a.Affected, func(v affectedLevy) bool {
		return v.Levy == "levy:U"+unpaid+":2022" && v.Change.IsZero() && v.Fee.String() == "34560.00"
	}) {
		t.Errorf("%+v", a)
	}

	// It was another employer's: an accountant other than who recorded it withdraws it, and the
	// list, the income and the books follow.
	net := func() (n ledger.Money) {
		for _, i := range answer[report.IncomePage](t, must(t, dir, "levy", "income", "-o", "json")).Income {
			n = n.Add(i.Net)
		}
		return n
	}
	had, owed := net(), stands(unpaid).Owed
	if code, _, stderr := zhucan(t, dir, "levy", "withdraw-receipt", "--receipt", "样本缴款书-0009", "--reason", "属其他单位", "--on", "2022-12-12", "--as", "local"); code != 2 || !strings.Contains(stderr, "duties-not-separated") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	must(t, dir, "access", "add", "cashier", "--role", "accountant")
	levy("withdraw-receipt", "--receipt", "样本缴款书-0009", "--reason", "属其他单位", "--on", "2022-12-12", "--as", "cashier")
	if v := stands(unpaid); !v.Paid.IsZero() || !v.Owed.Equal(owed.Add(money(t, "172800.00"))) || !net().Equal(had.Sub(money(t, "172800.00"))) {
		t.Errorf("%s paid, %s owed, %s received in all", v.Paid, v.Owed, net())
	}

	// What was refunded and is owed after all is on the notice.
	again := "filing_year,region,name,uscc,staff,average_wage,date\n2022,220104,样本缴费单位01有限公司（合成）," + paid + ",100,"
	for i, step := range []struct{ wage, filed, assessed string }{{"30000.00", "2022-11-20", "2022-11-20"}, {"60000.00", "2023-04-20", "2023-04-20"}} {
		if err := os.WriteFile(corrected, []byte(again+step.wage+","+step.filed+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		must(t, dir, "import", "declarations", corrected, "--as", "local")
		levy("assess", "--employer", "U"+paid, "--year", "2022", "--on", step.assessed)
		if i == 0 {
			of := []string{"--employer", "U" + paid, "--year", "2022", "--amount", "9000.00"}
			levy(append([]string{"decide-refund", "--claim", "样本申请2号", "--decision", "样本退费2号", "--on", "2023-04-12", "--as", "chief"}, of...)...)
			levy(append([]string{"pay-refund", "--voucher", "样本5209-2", "--on", "2023-04-13"}, of...)...)
		}
	}
	if notice := must(t, dir, "levy", "notice", "levy:U"+paid+":2022", "--on", "2023-04-21"); !strings.Contains(notice, "已缴18,000.00元，已退9,000.00元。") || !strings.Contains(notice, "尚欠9,000.00元") {
		t.Error(notice)
	}
	if out := must(t, dir, "verify"); !strings.Contains(out, "VERIFIED") {
		t.Error(out)
	}
	must(t, dir, "replay", "--into", "after")
	must(t, dir, "replay", "diff", "serving", "after")
	if story := must(t, dir, "trace", "levy:U"+closing+":2023"); !strings.Contains(story, "5250.00") && !strings.Contains(story, "5,250.00") {
		t.Error(story)
	}
}

// The reward of an employer above the ratio is of whole persons, and nothing where no
// amount is set (残疾人保障法 art. 33; policy.md §3).
func TestARewardIsOfWholePersonsAndNeverInvented(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ folder, gap, persons, reward, reason string }{
		{"../../schema/policy/sample", "-2.4", "2", "7200.00", ""},
		{"../../schema/policy/sample", "-1", "1", "3600.00", ""},
		{"../../schema/policy/sample", "-14/15", "0", "", ""},
		{"../../schema/policy/jilin", "-3.2", "3", "", "parameter-unset: employer-reward.standard for region 220104 on 2023-12-01"},
	} {
		pack, err := readPolicy(c.folder)
		if err != nil {
			t.Fatal(err)
		}
		x, err := aboveRatio(pack, "employer-reward", report.Levy{Levy: "levy:U1:2023", Region: "220104", Gap: c.gap}, ledger.DateOf(2023, 12, 1))
		if err != nil {
			t.Fatal(err)
		}
		reward := ""
		if x.Reward != nil {
			reward = x.Reward.String()
		}
		if number(x.Persons) != c.persons || reward != c.reward || x.Reason != c.reason || "-"+x.Excess != c.gap {
			t.Errorf("%s %s: %+v", c.folder, c.gap, x)
		}
	}
}

// The reward is for enterprises (吉政办发〔2022〕35号 三（二）): who else is above the ratio is listed without one.
func TestNoRewardIsOfferedToAnOrgan(t *testing.T) {
	t.Parallel()
	pack := ledgertest.Pack()
	pack.Schemes[1].Classes = []ledger.UnitClass{ledger.Enterprise}
	for class, reward := range map[ledger.UnitClass]string{ledger.Enterprise: "6000.00", ledger.Organ: ""} {
		v := report.Levy{Class: string(class), Employer: "U1", Gap: "-2.4", Levy: "levy:U1:2022", Region: "220104"}
		x, err := aboveRatio(pack, "employer", v, ledger.DateOf(2023, 4, 3))
		switch {
		case err != nil:
			t.Fatal(err)
		case reward == "" && (x.Reward != nil || !strings.HasPrefix(x.Reason, "claimant-kind: ")):
			t.Errorf("%s: %+v", class, x)
		case reward != "" && (x.Reward == nil || x.Reward.String() != reward):
			t.Errorf("%s: %+v", class, x)
		}
	}
}

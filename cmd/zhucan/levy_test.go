package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"zhucan/ledger"
)

const levyExamples = "../../ledger/levy/testdata/examples.csv"

// compute runs levy compute on a file and returns its rows by column name.
func compute(t *testing.T, content string, args ...string) []map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return computed(t, must(t, t.TempDir(), append([]string{"levy", "compute", path, "--lang", "en"}, args...)...))
}

func computed(t *testing.T, text string) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := make(map[string]string)
		for i, cell := range line {
			row[lines[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// Every figure of the worked examples comes out, but for P8, whose year has no filing
// window, and P9 and P10, which give no wage.
func TestTheWorkedExamplesAreComputed(t *testing.T) {
	t.Parallel()
	got := must(t, t.TempDir(), "levy", "compute", levyExamples, "--uncapped", "--lang", "en")
	const golden = "testdata/levy/examples.en.csv"
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; it is now\n%s", golden, got)
	}
	for _, row := range computed(t, got) {
		if row["id"] == "P8" {
			if !strings.HasPrefix(row["reason"], "parameter-unset: ") || row["full"] != "" {
				t.Errorf("P8: %v", row)
			}
			continue
		}
		for _, figure := range []string{"gap", "full", "due"} {
			if want := row["expected_"+figure]; want != "" && row[figure] != want {
				t.Errorf("%s: %s is %s, want %s", row["id"], figure, row[figure], want)
			}
		}
		if want := row["input_tier"]; want != "" && row["tier"] != want {
			t.Errorf("%s: tier %s, want %s", row["id"], row["tier"], want)
		}
	}
}

func TestWithoutALocalAverageWageTheRowIsRefusedUnlessNothingIsDue(t *testing.T) {
	t.Parallel()
	for _, row := range computed(t, must(t, t.TempDir(), "levy", "compute", levyExamples, "--lang", "en")) {
		if given := row["social_average_wage"] != "" || row["tier"] == "none"; given != (row["due"] != "") || !given && !strings.Contains(row["reason"], "parameter-unset") && !strings.Contains(row["reason"], "levy-wage") {
			t.Errorf("%s: %q", row["id"], row["reason"])
		}
	}
}

const levyHead = "id,filing_year,region,unit_class,staff,disabled_weighted,average_wage,social_average_wage,payroll,ratio,rounding,registered_on,paid_on,assessed_on\n"

func TestARowThatCannotBeComputedSaysWhyAndTheRestGoOn(t *testing.T) {
	t.Parallel()
	bad := []struct{ row, code string }{
		{"2022,229999,enterprise,100,1,60000,90000,,,,,,", "region-unknown"},
		{"2022,,enterprise,100,1,60000,90000,,,,,,", "region-unknown"},
		{"2022,220381,enterprise,100,1,60000,90000,,,,,,", "region-retired"},
		{"2022,220100,foundation,100,1,60000,90000,,,,,,", "levy-unit-class"},
		{"2022,220100,enterprise,0,0,60000,90000,,,,,,", "levy-staff"},
		{"2022,220100,enterprise,-5,0,60000,90000,,,,,,", "levy-staff"},
		{"2022,220100,enterprise,,0,60000,90000,,,,,,", "number-form"},
		{"2022,220100,enterprise,1e3,0,60000,90000,,,,,,", "number-form"},
		{"2022,220100,enterprise,100,201,60000,90000,,,,,,", "levy-disabled"},
		{"2022,220100,enterprise,100,-1,60000,90000,,,,,,", "levy-disabled"},
		{"2022,220100,enterprise,100,1,-60000,90000,,,,,,", "levy-wage"},
		{"2022,220100,enterprise,100,1,,90000,,,,,,", "levy-wage"},
		{"2022,220100,enterprise,100,1,0.00,90000,,,,,,", "levy-wage"},
		{"2022,220100,enterprise,100,1,60000.005,90000,,,,,,", "amount-form"},
		{"2022,220100,enterprise,100,1,60000,90000,,0.16,,,,", "levy-ratio"},
		{"2022,220100,enterprise,100,1,60000,90000,,16,,,,", "levy-ratio"},
		{"2022,220100,enterprise,100,1,60000,90000,,16%,,,,", "number-form"},
		{"2022,220100,enterprise,100,1,60000,90000,,0.0016,,,,", "levy-ratio"},
		{"2022,220100,enterprise,100,1,60000,,,,,,,", "parameter-unset"},
		{"2022,220100,enterprise,100,1,60000,90000,,,unheard-of,,,", "parameter-unset"},
		{"2015,220100,enterprise,100,1,60000,90000,,,,,,", "parameter-unset"},
		{"2028,220100,enterprise,100,1,60000,90000,,,,,,", "parameter-unset"},
		{"22,220100,enterprise,100,1,60000,90000,,,,,,", "row-value"},
		{"2022,220100,enterprise,100,1,60000,90000,,,,2022-11-31,,", "date-form"},
		{"2022,220100,enterprise,100,1,60000,90000,,,,2023-01-01,,", "levy-dates"},
		{"2022,220100,enterprise,100,1,60000,90000,,,,,,2021-12-31", "levy-dates"},
		{"2022,220100,enterprise,100,1,60000", "row-ragged"},
		{"2022,220100,enterprise,100,1,60000,90000,,,,,,,,", "row-ragged"},
		{"2022,220100,enterprise\u202e,100,1,60000,90000,,,,,,", "text-character"},
		{"2022,220100,enterprise,30.4,0,60000,90000,,,,,,", "parameter-unset"}, // which N is "at most 30" is not stated
		{"2022,220100,enterprise,10000000,0,99999999999.99,99999999999.99,,,,,,", "levy-range"},
	}
	content := levyHead
	for _, b := range bad {
		content += "X," + b.row + "\nGOOD,2022,220100,enterprise,100,1,60000,90000,,,,,,\n"
	}
	rows := compute(t, content)
	if len(rows) != 2*len(bad) {
		t.Fatalf("%d rows of %d", len(rows), 2*len(bad))
	}
	for i, row := range rows {
		if i%2 == 1 {
			if row["due"] != "18000.00" || row["reason"] != "" {
				t.Errorf("after %q: %v", bad[i/2].row, row)
			}
		} else if b := bad[i/2]; !strings.HasPrefix(row["reason"], b.code+": ") || row["due"]+row["full"]+row["relief"]+row["late_fee"]+row["base"] != "" || b.code == "levy-ratio" && row["gap"] != "" || row["tier"] == "exempt" {
			t.Errorf("%q: reason %q, full %q due %q; want %s", b.row, row["reason"], row["full"], row["due"], b.code)
		}
	}
	if row := compute(t, levyHead+"X,2020,220381,enterprise,100,1,60000,90000,,,,,,\n")[0]; row["due"] != "18000.00" {
		t.Errorf("a code in the year in which it ended: %v", row)
	}
	if rows := compute(t, strings.TrimSuffix(levyHead+"X,2022,220100,enterprise,100,1,60000,90000,,,,,,2022-11-01\n", "1\n")); !strings.HasPrefix(rows[0]["reason"], "row-cut: ") {
		t.Errorf("a file that was cut: %v", rows[0])
	}
}

func TestColumnsStandInAnyOrderAndOthersPassThrough(t *testing.T) {
	t.Parallel()
	row := compute(t, "note,social_average_wage,due,staff,unit_class,disabled_weighted,filing_year,average_wage\n\"=1+1, \"\"a\"\"\nb\",90000,7, 100 ,enterprise,1,2022,60000\n")[0]
	if row["note"] != "'=1+1, \"a\"\nb" || row["input_due"] != "7" || row["staff"] != " 100 " || row["due"] != "18000.00" || row["full"] != "36000.00" || row["relief"] != "18000.00" || row["gap"] != "0.6" || row["base"] != "60000.00" || row["tier"] != "0.5" {
		t.Errorf("%v", row)
	}
	if !strings.Contains(row["clauses"], "ratio: 吉财税〔2016〕726号 art. 2") || !strings.Contains(row["clauses"], "full: 财税〔2015〕72号 art. 8") {
		t.Errorf("clauses %q", row["clauses"])
	}
}

// A column that is nearly one that is read would be passed over, and the row be computed without it.
func TestNamesOfColumnsAreReadWithoutBlanksAroundThemAndNotGuessed(t *testing.T) {
	t.Parallel()
	row := compute(t, "filing_year, unit_class,staff ,disabled_weighted,average_wage,\tsocial_average_wage, due \n2022,enterprise,100,1,60000,90000,7\n")[0]
	if row["due"] != "18000.00" || row["input_due"] != "7" {
		t.Errorf("%v", row)
	}
	for name, says := range map[string]string{
		"Social_Average_Wage": "social_average_wage", "social average wage": "social_average_wage", "socialAverageWage": "social_average_wage", "ASSESSED_ON": "assessed_on", " staff": "twice",
	} {
		path := filepath.Join(t.TempDir(), "in.csv")
		if err := os.WriteFile(path, []byte("filing_year,unit_class,staff,disabled_weighted,average_wage,"+name+"\n2022,enterprise,100,1,60000,90000\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, stdout, stderr := zhucan(t, t.TempDir(), "levy", "compute", path); code != 2 || stdout != "" || !strings.Contains(stderr, "file-columns") || !strings.Contains(stderr, says) {
			t.Errorf("%q: exit %d, %q, %s", name, code, stdout, stderr)
		}
	}
}

func TestAPayrollDecidesTheAverageWage(t *testing.T) {
	t.Parallel()
	row := compute(t, levyHead+"X,2022,220100,enterprise,31,0,1.00,90000,1500000,,,,,\n")[0]
	if row["base"] != "48387.10" || row["full"] != "24000.00" || row["due"] != "21600.00" {
		t.Errorf("%v", row)
	}
}

func TestWhatIsSpecialIsSaidInTheReason(t *testing.T) {
	t.Parallel()
	rows := compute(t, levyHead+
		"SMALL,2022,220100,enterprise,30,0,60000,90000,,,,,,\n"+
		"MET,2022,220100,enterprise,125,2,60000,90000,,,,,,\n"+
		"NONE,2022,220100,individual,8,0,60000,,,,,,,\n"+
		"CAP,2022,220100,organ,100,0,230000,97134,,,,,,\n"+
		"NEW,2019,220100,enterprise,30,0,60000,90000,,,,2018-05-05,,\n"+
		"EARLY,2023,220100,enterprise,25,0,60000,90000,,,,,,2023-01-15\n"+
		"LATER,2023,220100,enterprise,25,0,60000,90000,,,,,,2023-03-26\n"+
		"LATE,2022,220100,organ,100,0,60000,90000,,,,,2022-11-30,\n"+
		"INTIME,2022,220100,organ,100,0,60000,90000,,,,,2022-10-31,\n")
	for i, want := range []string{
		"small-enterprise|exempt|28800.00|28800.00|0.00|", "quota-met|none|0.00|0.00|0.00|", "not-liable||0.00|0.00|0.00|", "capped|0.9|310828.80|31082.88|279745.92|",
		"new-enterprise|exempt|28800.00|28800.00|0.00|", "|1|24000.00|0.00|24000.00|", "small-enterprise|exempt|24000.00|24000.00|0.00|",
		"parameter-unset|0.9|96000.00|9600.00|86400.00|", "|0.9|96000.00|9600.00|86400.00|0.00",
	} {
		row := rows[i]
		code, _, _ := strings.Cut(row["reason"], ":")
		if got := strings.Join([]string{code, row["tier"], row["full"], row["relief"], row["due"], row["late_fee"]}, "|"); got != want {
			t.Errorf("%s: %s, want %s (%s)", row["id"], got, want, row["reason"])
		}
		full, due, relief := money(t, row["full"]), money(t, row["due"]), money(t, row["relief"])
		if !full.Equal(due.Add(relief)) {
			t.Errorf("%s: %s is not %s and %s", row["id"], full, due, relief)
		}
	}
	if why := rows[7]["reason"]; !strings.Contains(why, "levy.late_fee.first_day") {
		t.Errorf("the late fee: %s", why)
	}
}

func money(t *testing.T, s string) ledger.Money {
	t.Helper()
	m, err := ledger.ParseMoney(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A pack of one's own sets what the program's leaves open.
func TestAPackOfOnesOwnSetsWhatIsUnset(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "own")
	if err := os.CopyFS(folder, os.DirFS("../../schema/policy/jilin")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "parameters.csv")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, change := range [][2]string{
		{"levy.late_fee.first_day,CN,,,,,rule: deadline|day_after_deadline,", "levy.late_fee.first_day,CN,,,,day_after_deadline,rule: deadline|day_after_deadline,"},
		{"levy.late_fee.payment_day_counts,CN,,,,,bool,", "levy.late_fee.payment_day_counts,CN,,,,true,bool,"},
		{"social_average_wage.weighted,220100,2021-01-01,2021-12-31,,,yuan/year,weighted figure for data year 2021 not found,unknown", "social_average_wage.weighted,220100,2021-01-01,2021-12-31,,90000,yuan/year,synthetic,verified"},
	} {
		if !strings.Contains(text, change[0]) {
			t.Fatalf("the pack has no %q", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	for _, name := range []string{"levy.late_fee.first_day", "levy.late_fee.payment_day_counts"} {
		i := strings.Index(text, name)
		text = text[:i] + strings.Replace(text[i:], ",unknown\n", ",verified\n", 1)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := compute(t, levyHead+"X,2022,220104,enterprise,60,0,36000,,,,,,2022-11-30,\n", "--policy", folder)
	// 0.96 × 36000 = 34560; × 0.9 = 31104; 30 days at 5‰
	if rows[0]["due"] != "31104.00" || rows[0]["late_fee"] != "4665.60" || rows[0]["reason"] != "" {
		t.Errorf("%v", rows[0])
	}
}

func TestAFileThatIsNoneIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := levyHead + "X,2022,220100,enterprise,100,1,60000,90000,,,,,,\n"
	for _, c := range []struct {
		says string
		args []string
	}{
		{"file-columns", []string{file("a.csv", "id,filing_year\n1,2022\n")}},
		{"file-columns", []string{file("b.csv", "id,id\n1,2022\n")}},
		{"file-columns", []string{file("c.csv", "")}},
		{"file-structure", []string{file("d.csv", good+"\"X,2022\n")}},
		{"file-encoding", []string{file("e.csv", good+"\xff\xfe\n")}},
		{"--encoding", []string{file("e.csv", good+"\xff\xfe\n")}},
		{"file-unreadable", []string{dir}},
		{"file-unreadable", []string{filepath.Join(dir, "nothing.csv")}},
		{"file-unreadable", []string{file("f.csv", good), "--policy", filepath.Join(dir, "nothing")}},
		{"usage", []string{file("f.csv", good), "-o", "json"}},
		{"policy-malformed", []string{file("f.csv", good), "--policy", dir}},
	} {
		code, stdout, stderr := zhucan(t, dir, append([]string{"levy", "compute"}, c.args...)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, %q, %s", c.args, code, stdout, stderr)
		}
	}
	chinese, err := simplifiedchinese.GB18030.NewEncoder().String("说明，" + "\n")
	if err != nil {
		t.Fatal(err)
	}
	text := "note," + levyHead + strings.TrimSuffix(chinese, "\n") + ",X,2022,220100,enterprise,100,1,60000,90000,,,,,,\n"
	if row := computed(t, must(t, dir, "levy", "compute", file("g.csv", text)))[0]; row["note"] != "说明，" || row["due"] != "18000.00" {
		t.Errorf("GB18030: %v", row)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// A row of a known person, or of a known organisation, that calls it otherwise is not
// taken for it; and whoever was reserved by a row that was refused is listed by the name
// that was registered.
func TestARowThatCallsAPartyOtherwiseIsRefusedAndNobodyKeepsAWrongName(t *testing.T) {
	t.Parallel()
	dir, _ := claimed(t) // D-1 of 样甲, 220102190001010016
	row := func(id, kind, scheme, name, person, code, evidence string) string {
		return id + "," + scheme + ",220104,2024-01,2024-12,1," + evidence + ",2024-03-01," + kind + "," + name + "," + person + ",," + code + ",6217992200000000000,\n"
	}
	give := func(rows ...string) (total imported, why string) {
		t.Helper()
		_, stdout, why := zhucan(t, dir, "--lang", "en", "import", "applications", write(t, "a.csv", sampleHeader+strings.Join(rows, "")), "--refused", filepath.Join(t.TempDir(), "r.csv"), "-o", "json")
		return answer[imported](t, stdout), why
	}
	const code = "91220101999999998G"
	confirmed := strings.Replace(evidenceA, "business-licence", "review-confirmation", 1)
	got, why := give(
		row("N-1", "person", "startup", "样 甲", "220102190001010016", "", evidenceA), // awarded once: refused by the book
		row("N-2", "person", "startup", "样乙", "220102190001010016", "", evidenceA),
		row("N-3", "employer", "employer-reward", "示例单位", "", code, confirmed),
		row("N-4", "employer", "employer-reward", "另一单位", "", code, confirmed),
		row("N-5", "institution", "assisted", "示例单位", "", code, confirmed),
		row("N-6", "person", "startup", "错名", "220104190001020022", "", ""),
	)
	if got.Accepted != 1 || !strings.Contains(why, "row-party-differs × 3 (line 3, 5, 6)") {
		t.Errorf("%+v: %s", got, why)
	}
	if got, why = give(row("N-7", "person", "startup", "样丙丁", "220104190001020022", "", evidenceA), row("N-8", "employer", "employer-reward", "另一单位", "", code, confirmed)); got.Accepted != 1 || !strings.Contains(why, "row-party-differs × 1 (line 3)") {
		t.Errorf("%+v: %s", got, why)
	}
	if list := must(t, dir, "party", "list"); !strings.Contains(list, "样*丁") || strings.Contains(list, "错") {
		t.Errorf("listed by a name that nobody was registered by:\n%s", list)
	}
}

// A county hands in a workbook. What is right in it is recorded, the rest comes back as
// it was with the reason beside; mended, it is recorded as well, and nothing twice.
func TestARosterComesBackWithReasonsAndIsAcceptedOnceItIsRight(t *testing.T) {
	t.Parallel()
	dir := sampleYear(t)
	roster, corrections := filepath.Join(t.TempDir(), "名册.xlsx"), filepath.Join(t.TempDir(), "待更正.xlsx")
	f := excelize.NewFile()
	set := func(row int, cells ...any) {
		t.Helper()
		at, _ := excelize.CoordinatesToCellName(1, row)
		if err := f.SetSheetRow("Sheet1", at, &cells); err != nil {
			t.Fatal(err)
		}
	}
	application := func(row int, id string, units any, person any) {
		t.Helper()
		set(row, id, "startup", "220104", "2024-01", "2024-12", units, evidenceA, "2024-03-01", "person", "样甲", person, "", "", "6217992200000000000", "")
	}
	set(1, "# 合成样本 synthetic sample")
	header := make([]any, 0, 15)
	for name := range strings.SplitSeq(strings.TrimSpace(sampleHeader), ",") {
		header = append(header, name)
	}
	set(2, header...)
	application(3, "R-1", 1, "220102190001010016")
	application(4, "R-2", 1, 220104190001020022) // its last digits are lost
	application(5, "R-3", 1, "220104190001020022")
	application(6, "R-4", 1, "220104190001020022")
	application(7, "R-5", 1, "220104190001020023") // check digit
	set(8, "R-6", "startup", "220104", "2024-01", "2024-12", 1, "", "2024-03-01", "person", "样乙", "220102190001010032", "", "", "6217992200000000000", "")
	_ = f.SetRowVisible("Sheet1", 5, false)
	_ = f.SetCellFormula("Sheet1", "F6", "1+1")
	if err := f.SaveAs(roster); err != nil {
		t.Fatal(err)
	}
	args := []string{"import", "applications", roster, "--as", "sample-clerk", "--corrections", corrections, "--refused", filepath.Join(t.TempDir(), "r.csv"), "-o", "json"}
	before := length(t, dir)
	first := answer[imported](t, must(t, dir, args...))
	if first.Read != 6 || first.Accepted != 1 || first.Refused != 5 || first.Corrections != corrections {
		t.Fatalf("%+v", first)
	}
	if grown := length(t, dir) - before; grown != 2 { // a person with the account, and the claim; of a row that is refused, nothing
		t.Errorf("one application is %d events", grown)
	}
	if info, err := os.Stat(corrections); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("corrections are for one user: %v, %v", info, err)
	}
	mend, err := excelize.OpenFile(corrections)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := mend.GetRows("Sheet1")
	if err != nil || len(rows) != 6 {
		t.Fatalf("%v, %v", rows, err)
	}
	if number, units := rows[1][10], rows[3][5]; !strings.HasPrefix(number, "2.2010419") || !strings.HasSuffix(number, "E+17") || units != "1" {
		t.Errorf("the cells to be corrected came back as %q and %q", number, units)
	}
	for i, want := range []string{"row-number：", "row-hidden：", "row-formula：", "person-number-check：", "evidence-missing："} {
		row := rows[i+1]
		if reason := row[len(row)-1]; !strings.HasPrefix(reason, want) || !strings.HasPrefix(row[9], "样") {
			t.Errorf("row %d came back with %q", i+2, reason)
		}
	}
	// One is mended, one was right but hidden and is another's now, three go.
	_ = mend.SetCellStr("Sheet1", "K2", "220104190001020022")
	_ = mend.RemoveRow("Sheet1", 6)
	_ = mend.RemoveRow("Sheet1", 5)
	_ = mend.RemoveRow("Sheet1", 4)
	_ = mend.RemoveRow("Sheet1", 3)
	mended := filepath.Join(t.TempDir(), "已更正.xlsx")
	if err := mend.SaveAs(mended); err != nil {
		t.Fatal(err)
	}
	second := answer[imported](t, must(t, dir, "import", "applications", mended, "--as", "sample-clerk", "-o", "json"))
	if second.Read != 1 || second.Accepted != 1 {
		t.Errorf("mended: %+v", second)
	}
	before = length(t, dir)
	again := answer[imported](t, must(t, dir, args...))
	if again.Duplicates != 1 || again.Accepted != 0 || length(t, dir) != before {
		t.Errorf("the roster again: %+v", again)
	}
}

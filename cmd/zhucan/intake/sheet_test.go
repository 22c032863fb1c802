package intake_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xuri/excelize/v2"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
)

// workbook returns a workbook that a program for sheets writes after edit.
func workbook(t testing.TB, edit func(f *excelize.File)) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	edit(f)
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// set fills in cells: a date gets a format, everything else is as it comes.
func set(t testing.TB, f *excelize.File, sheet string, cells map[string]any) {
	t.Helper()
	for at, v := range cells {
		if err := f.SetCellValue(sheet, at, v); err != nil {
			t.Fatal(err)
		}
	}
}

// styled gives a cell a number format.
func styled(t testing.TB, f *excelize.File, at, code string) {
	t.Helper()
	id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
	if err == nil {
		err = f.SetCellStyle("Sheet1", at, at, id)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWorkbookGivesTheRowsOfTheSameTableAsCSV(t *testing.T) {
	t.Parallel()
	want, err := all(open(t, "claim,name,on,month,amount,account,units\nC1,样 甲,2023-04-05,2023-04,4.35,0012345,2\nC2,\"两\n行\",2023-12-31,2023-12,99999999999.99,0000007,10\n", intake.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	content := workbook(t, func(f *excelize.File) {
		set(t, f, "Sheet1", map[string]any{
			"B1": "# 示例名册 synthetic", "B3": "claim", "C3": "name", "D3": "on", "E3": "month", "F3": "amount", "G3": "account", "H3": "units",
			"B4": "C1", "C4": "样 甲", "D4": time.Date(2023, 4, 5, 0, 0, 0, 0, time.UTC), "E4": 45017, "F4": 4.35, "G4": 12345, "H4": 2,
			"B6": "C2", "C6": "两\n行", "D6": 45291, "E6": "2023-12", "F6": 99999999999.99, "G6": "0000007", "H6": 10.0,
		})
		styled(t, f, "D4", `yyyy"年"m"月"d"日"`)
		styled(t, f, "D6", `[$-804]yyyy\-mm\-dd;@`)
		styled(t, f, "E4", "mmm-yy")
		styled(t, f, "G4", "0000000")
		styled(t, f, "F4", "#,##0.00")
		if err := f.SetColVisible("Sheet1", "K:M", false); err != nil { // none of the list's
			t.Fatal(err)
		}
	})
	got, err := all(open(t, content, intake.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if !slices.Equal(got[i].Cells, want[i].Cells) || got[i].Fault != nil || got[i].Hash != want[i].Hash || got[i].Row != i+1 || got[i].Line != 4+2*i {
			t.Errorf("row %d: %+v; as CSV %+v", i, got[i], want[i])
		}
	}
}

func TestARowOfASheetThatCannotBeTakenAsItStandsSaysWhyAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(f *excelize.File)
		want *ledger.Rejection
		says string
	}{
		{"hidden", func(f *excelize.File) { _ = f.SetRowVisible("Sheet1", 3, false) }, intake.ErrHidden, "row 3"},
		{"of no height", func(f *excelize.File) { _ = f.SetRowHeight("Sheet1", 3, 0) }, intake.ErrHidden, "row 3"},
		{"merged over columns", func(f *excelize.File) { _ = f.MergeCell("Sheet1", "A3", "B3") }, intake.ErrMerged, "A3:B3"},
		{"merged outside the list", func(f *excelize.File) { _ = f.MergeCell("Sheet1", "H3", "I3") }, intake.ErrMerged, "H3:I3"},
		{"a formula", func(f *excelize.File) { _ = f.SetCellFormula("Sheet1", "B3", "SUM(B1:B2)") }, intake.ErrFormulaCell, `column "b"`},
		{"an error", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": "#N/A"}) }, nil, ""}, // a text that looks like one
		{"eighteen digits", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": 110105194912310021}) }, intake.ErrNumber, `column "b"`},
		{"an account that lost its last digits", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": 6.22202999999999e+18}) }, intake.ErrNumber, "more than 15 digits"},
		{"sixteen digits, zeros among them", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": 1e15}) }, intake.ErrNumber, "more than 15 digits"},
		{"fifteen digits", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": 100000000000000}) }, nil, ""},
		{"a small number", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": 1e-20}) }, nil, ""},
		{"half a day", func(f *excelize.File) {
			set(t, f, "Sheet1", map[string]any{"B3": 45017.5})
			styled(t, f, "B3", "yyyy-mm-dd")
		}, intake.ErrNumber, "no whole day"},
		{"a month that is a day", func(f *excelize.File) {
			set(t, f, "Sheet1", map[string]any{"B3": 45020})
			styled(t, f, "B3", "yyyy-mm")
		}, intake.ErrNumber, "shows its month alone"},
		{"a day of 1900", func(f *excelize.File) {
			set(t, f, "Sheet1", map[string]any{"B3": 60})
			styled(t, f, "B3", "yyyy-mm-dd")
		}, intake.ErrNumber, "no whole day"},
		{"a time", func(f *excelize.File) {
			set(t, f, "Sheet1", map[string]any{"B3": 0.25})
			styled(t, f, "B3", "h:mm")
		}, intake.ErrNumber, "a time of day"},
		{"a cell more", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"C3": "x"}) }, intake.ErrRagged, "3 cells, 2 columns"},
		{"zero-width space", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": "a\u200bb"}) }, ledger.ErrCharacter, "U+200B"},
		{"a date as a mere number", func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"B3": 45017}) }, nil, ""}, // 45017, and no date
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rows, err := all(open(t, workbook(t, func(f *excelize.File) {
				set(t, f, "Sheet1", map[string]any{"A1": "a", "B1": "b", "A2": "1", "B2": "2", "A3": "3", "B3": "4", "A4": "5", "B4": "6"})
				c.edit(f)
			}), intake.Options{}))
			if err != nil || len(rows) != 3 || rows[0].Fault != nil || rows[2].Fault != nil || rows[1].Line != 3 {
				t.Fatalf("rows %+v, error %v", rows, err)
			}
			switch fault := rows[1].Fault; {
			case c.want == nil && fault != nil:
				t.Error(fault)
			case c.want != nil && (!errors.Is(fault, c.want) || !strings.Contains(fault.Error(), c.says)):
				t.Errorf("%v; want %s saying %q", fault, c.want.Code, c.says)
			}
		})
	}
}

func TestCellsMergedOverRowsRefuseEachOfThem(t *testing.T) {
	t.Parallel()
	rows, err := all(open(t, workbook(t, func(f *excelize.File) {
		set(t, f, "Sheet1", map[string]any{"A1": "a", "B1": "b", "C1": "c"})
		for i := 2; i <= 9; i++ {
			set(t, f, "Sheet1", map[string]any{fmt.Sprintf("A%d", i): "x", fmt.Sprintf("B%d", i): i, fmt.Sprintf("C%d", i): i})
		}
		_ = f.MergeCell("Sheet1", "B3", "B7") // an area in another, and one behind
		_ = f.MergeCell("Sheet1", "A4", "A5")
		_ = f.MergeCell("Sheet1", "A9", "B9")
	}), intake.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var merged []int
	for _, r := range rows {
		if errors.Is(r.Fault, intake.ErrMerged) {
			merged = append(merged, r.Line)
		}
	}
	if !slices.Equal(merged, []int{3, 4, 5, 6, 7, 9}) || len(rows) != 8 {
		t.Errorf("merged: %v of %d", merged, len(rows))
	}
}

// The values of such a formula stand in their cells as if they had been entered.
func TestAFormulaOverCellsRefusesTheRowOfEachOfThem(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"array", "dataTable"} {
		rows, err := all(open(t, raw(t, `<row r="2"><c><v>1</v></c><c><v>1</v></c></row>`+
			`<row r="3"><c r="A3"><v>1</v></c><c r="B3"><f t="`+kind+`" ref="B3:B5">H3:H5</f><v>1</v></c></row>`+
			`<row r="4"><c><v>1</v></c><c><f t="array" ref="B4">1</f><v>1</v></c></row>`+
			`<row r="5"><c><v>1</v></c><c><v>1</v></c></row><row r="6"><c><v>1</v></c><c><v>1</v></c></row>`+
			`<row r="7"><c><v>1</v></c><c><f t="shared" ref="B7:B8" si="0">1</f><v>1</v></c></row><row r="8"><c><v>1</v></c><c><v>1</v></c></row>`), intake.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		var refused []int
		for _, r := range rows {
			if errors.Is(r.Fault, intake.ErrFormulaCell) {
				refused = append(refused, r.Line)
			}
		}
		if !slices.Equal(refused, []int{3, 4, 5, 7}) || len(rows) != 7 || !strings.Contains(rows[3].Fault.Error(), "B3:B5") {
			t.Errorf("%s: lines %v of %+v", kind, refused, rows)
		}
	}
}

func TestAWorkbookThatLeavesADoubtIsRefusedWhole(t *testing.T) {
	t.Parallel()
	table := map[string]any{"A1": "a", "B1": "b", "A2": "1", "B2": "2"}
	two := workbook(t, func(f *excelize.File) {
		set(t, f, "Sheet1", table)
		_, _ = f.NewSheet("二季度")
		set(t, f, "二季度", map[string]any{"A1": "a", "B1": "b", "A2": "3", "B2": "4"})
	})
	plain := workbook(t, func(f *excelize.File) { set(t, f, "Sheet1", table) })
	protected := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)
	for _, c := range []struct {
		name, content string
		options       intake.Options
		want          *ledger.Rejection
		says          string
	}{
		{"two sheets", two, intake.Options{}, intake.ErrWorkbook, `2 sheets with rows to be read: "Sheet1", "二季度"`},
		{"a sheet that is not there", two, intake.Options{Sheet: "三季度"}, intake.ErrWorkbook, "0 sheets"},
		{"nothing in it", workbook(t, func(*excelize.File) {}), intake.Options{}, intake.ErrWorkbook, "0 sheets"},
		{"a hidden column of the list", workbook(t, func(f *excelize.File) {
			set(t, f, "Sheet1", table)
			_ = f.SetColVisible("Sheet1", "B", false)
		}), intake.Options{}, intake.ErrWorkbook, "columns 2 to 2 of the sheet are hidden"},
		{"a column of no width", workbook(t, func(f *excelize.File) {
			set(t, f, "Sheet1", table)
			_ = f.SetColWidth("Sheet1", "B", "C", 0)
		}), intake.Options{}, intake.ErrWorkbook, "columns 2 to 3 of the sheet are hidden"},
		{"a merged header", workbook(t, func(f *excelize.File) {
			set(t, f, "Sheet1", table)
			_ = f.MergeCell("Sheet1", "A1", "B1")
		}), intake.Options{}, intake.ErrColumns, "A1:B1"},
		{"a header from a formula", workbook(t, func(f *excelize.File) {
			set(t, f, "Sheet1", table)
			_ = f.SetCellFormula("Sheet1", "B1", "A1")
		}), intake.Options{}, intake.ErrColumns, "a formula"},
		{"a column twice", workbook(t, func(f *excelize.File) { set(t, f, "Sheet1", map[string]any{"A1": "a", "B1": "a", "A2": "1"}) }), intake.Options{}, intake.ErrColumns, "the name of column 2 is that of column 1"},
		{"an old or protected workbook", protected, intake.Options{}, intake.ErrWorkbook, "is an .xls, or has a password"},
		{"cut", plain[:len(plain)/2], intake.Options{}, intake.ErrWorkbook, "cut"},
		{"no workbook at all", "a,b\n1,2\n", intake.Options{Format: intake.XLSX}, intake.ErrWorkbook, "is none"},
		{"another archive", archive(t, map[string]string{"a.txt": "x"}), intake.Options{}, intake.ErrWorkbook, "it has no xl/workbook.xml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := newFile(t, c.content, c.options)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want %s saying %q", err, c.want.Code, c.says)
			}
		})
	}
	rows, err := all(open(t, two, intake.Options{Sheet: "二季度"}))
	if err != nil || len(rows) != 1 || rows[0].Cells[0] != "3" {
		t.Errorf("the named sheet: %+v, %v", rows, err)
	}
}

// One sheet after the other is imported from a workbook, and none for another: but for
// the first the name of the sheet is part of the name of a row.
func TestRowsOfTheSecondSheetHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	table := map[string]any{"A1": "a", "A2": "1"}
	content := workbook(t, func(f *excelize.File) {
		for _, sheet := range []string{"封面", "一季度", "隐藏", "二季度", "三季度"} {
			_, _ = f.NewSheet(sheet)
			if sheet != "封面" {
				set(t, f, sheet, table)
			}
		}
		_ = f.SetSheetVisible("隐藏", false)
	})
	seen := make(map[string]string)
	for sheet, plain := range map[string]bool{"一季度": true, "隐藏": false, "二季度": false, "三季度": false} {
		f := open(t, content, intake.Options{Sheet: sheet})
		rows, err := all(f)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%s: %v, %v", sheet, rows, err)
		}
		id := rows[0].ID
		if (id == f.SHA256[:16]+":1") != plain || ledger.CheckID(id) != nil || seen[id] != "" {
			t.Errorf("%s: row 1 is %s, as that of %q", sheet, id, seen[id])
		}
		seen[id] = sheet
	}
	one := open(t, workbook(t, func(f *excelize.File) {
		_, _ = f.NewSheet("名册")
		set(t, f, "名册", table)
	}), intake.Options{})
	if rows, err := all(one); err != nil || rows[0].ID != one.SHA256[:16]+":1" {
		t.Errorf("behind an empty sheet: %+v, %v", rows, err)
	}
}

func archive(t testing.TB, parts map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range parts {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// raw returns a workbook of a sheet's rows as other programs write them: without the
// names of cells, days counted from 1904, texts in runs with readings.
func raw(t testing.TB, rows string) string {
	t.Helper()
	return archive(t, map[string]string{
		"xl/workbook.xml":            `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="1"/><sheets><sheet name="S" sheetId="1" r:id="rId9"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9" Target="/xl/worksheets/s.xml"/></Relationships>`,
		"xl/sharedStrings.xml":       `<sst><si><r><t>示</t></r><r><t xml:space="preserve">例 </t></r><rPh sb="0" eb="1"><t>shi</t></rPh></si><si><t>a_x000A_b</t></si></sst>`,
		"xl/styles.xml":              `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
		"xl/worksheets/s.xml":        `<worksheet><sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><r><t>b</t></r></is></c></row>` + rows + `</sheetData></worksheet>`,
	})
}

func TestWhatOtherProgramsWriteIsRead(t *testing.T) {
	t.Parallel()
	rows, err := all(open(t, raw(t, `<row r="5"><c t="s"><v>0</v></c><c s="1"><v>43559</v></c></row><row/><row><c t="s"><v>1</v></c><c t="b"><v>1</v></c></row><row><c t="s"><v>9</v></c></row><row><c t="e"><v>#DIV/0!</v></c></row>`), intake.Options{}))
	if err != nil || len(rows) != 4 {
		t.Fatalf("%+v, %v", rows, err)
	}
	if !slices.Equal(rows[0].Cells, []string{"示例 ", "2023-04-05"}) || rows[0].Line != 5 || !slices.Equal(rows[1].Cells, []string{"a\nb", "TRUE"}) || rows[1].Line != 7 {
		t.Errorf("%+v", rows)
	}
	if !errors.Is(rows[2].Fault, intake.ErrWorkbook) || !errors.Is(rows[3].Fault, intake.ErrFormulaCell) {
		t.Errorf("%v, %v", rows[2].Fault, rows[3].Fault)
	}
	for name, text := range map[string]string{
		"an element that is not closed": `<row><c>`,
		"rows out of order":             `<row r="9"/><row r="3"/>`,
		"cells out of order":            `<row><c r="C2"><v>1</v></c><c r="B2"><v>1</v></c></row>`,
		"a cell of two megabytes":       `<row><c t="str"><v>` + strings.Repeat("x", 2<<20) + `</v></c></row>`,
		"a row of two megabytes":        `<row>` + strings.Repeat(`<c t="str"><v>`+strings.Repeat("x", 1<<10)+`</v></c>`, 2<<10) + `</row>`,
	} {
		if _, err := newFile(t, raw(t, text), intake.Options{}); err == nil {
			t.Errorf("%s is read", name)
		} else if rule, _ := ledger.Refused(err); rule == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What else stands in a sheet than its rows holds for a row wherever that is read from.
func TestRowsThatAreHeldInMemoryAreThoseOfTheSheet(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]string{
		"nothing": ``,
		"notes and empty rows before and between": `<row r="4"><c s="1"/><c r="B4" t="str"><v>#x</v></c></row><row/><row><c t="e"/></row><row><c/></row>`,
		"a formula over rows to come":             `<row><c><f t="array" ref="A2:A3">1</f><v>1</v></c></row><row><c><v>2</v></c></row><row><c><v>3</v></c></row>`,
		"one in no cell":                          `<f t="array" ref="A2:A2"/><row><c><v>2</v></c></row>`,
		"merged cells behind":                     `<row><c><v>1</v></c></row><row><c><v>2</v></c></row><mergeCell ref="A3:B9"/>`,
		"styles that are not there":               `<row><c s="1"><v>43559</v></c><c s="-1"><v>1</v></c></row><row><c s="4294967297"><v>43559</v></c><c s="x"><v>1</v></c></row>`,
		"all types":                               `<row><c t="d"><v>2023-04-05T00:00:00</v></c><c t="x"><v>_x0041_</v></c></row><row><c t=""><v>1e2</v></c><c t="n"><v>y</v></c></row>`,
		"cells in cells, text in none":            `<row><c><v>1<c><v>2</v></c>3</v></c><v>4</v></row><row><c t="str"><v>5</c>6</v></row>`,
		"more cells than columns":                 `<row><c r="B2"><v>1</v></c><c r="XFD2"><v>2</v></c></row>`,
	} {
		if _, err := newFile(t, raw(t, rows), intake.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRowsAreHeldInMemoryAsLongAsAllOfThemMayBe(t *testing.T) {
	t.Parallel()
	const n = 100 // rows, of 96 bytes, two cells of 12, and 4 characters
	content := raw(t, strings.Repeat(`<row><c><v>1</v></c><c/><c><v>123</v></c></row><row/>`, n))
	for most, want := range map[int]int{0: n, 124 * n: n, 124*n - 1: 0, 1: 0} {
		f, err := intake.New(strings.NewReader(content), intake.Keeping(intake.Options{}, most))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Kept(); got != want {
			t.Errorf("up to %d bytes: %d rows are held, want %d", most, got, want)
		}
		if rows, err := all(f); err != nil || len(rows) != n {
			t.Errorf("up to %d bytes: %d rows, %v", most, len(rows), err)
		}
	}
}

func TestADamagedWorkbookOrItsRowIsRefusedOrReadAsItWas(t *testing.T) {
	t.Parallel()
	content := raw(t, `<row><c t="s"><v>0</v></c><c><v>1</v></c></row>`)
	want, err := all(open(t, content, intake.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for i := len("PK\x03\x04"); i < len(content); i += 5 {
		f, err := newFile(t, content[:i]+string(content[i]^4)+content[i+1:], intake.Options{})
		if rule, _ := ledger.Refused(err); err != nil && rule == nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		if err != nil {
			continue
		}
		if rows, err := all(f); err != nil || len(rows) != 1 || rows[0].Fault == nil && !slices.Equal(rows[0].Cells, want[0].Cells) {
			t.Errorf("byte %d: %+v, %v", i, rows, err)
		}
	}
}

// What unpacks a sheet ends with its reading: a bubble does not end before its goroutines.
func TestAReadingThatEndsEarlyLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	content := raw(t, strings.Repeat(`<row><c><v>1</v></c><c><v>2</v></c></row>`, 20_000))
	synctest.Test(t, func(t *testing.T) {
		f, err := intake.New(strings.NewReader(content), intake.Keeping(intake.Options{}, 1))
		if err != nil {
			t.Fatal(err)
		}
		for range f.Rows() {
			synctest.Wait() // until it can go no further
			break
		}
	})
}

// A text takes room even when it is empty: a table of some kilobytes could unpack to
// hundreds of megabytes of them.
func TestATableOfTextsTakesNoMoreMemoryThanItMay(t *testing.T) {
	t.Parallel()
	const n = 10_000
	read := func(table string, most int64) ([]string, error) {
		t.Helper()
		content := archive(t, map[string]string{"t": "<sst>" + table + "</sst>"})
		parts, err := zip.NewReader(strings.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		return intake.SharedTexts(parts.File[0], most)
	}
	if _, err := read(strings.Repeat("<si/>", n+1), 16*n); !errors.Is(err, intake.ErrWorkbook) || !strings.Contains(err.Error(), "table of texts takes more than 160000 bytes") {
		t.Errorf("empty texts: %v", err)
	}
	var table strings.Builder
	for i := range n {
		fmt.Fprintf(&table, "<si><t>%d</t></si>", i)
	}
	got, err := read(table.String(), 30*n)
	if err != nil || len(got) != n || got[0] != "0" || got[4095] != "4095" || got[4096] != "4096" || got[n-1] != fmt.Sprint(n-1) {
		t.Errorf("%d texts, %v", len(got), err)
	}
}

func FuzzASheetIsReadOrRefused(f *testing.F) {
	f.Add(`<row r="5"><c t="s"><v>0</v></c><c s="1"><v>43559</v></c></row>`)
	f.Add(`<row hidden="1"><c r="A2"><f>1</f><v>2</v></c></row><mergeCell ref="A2:B3"/>`)
	f.Fuzz(func(t *testing.T, rows string) {
		file, err := newFile(t, raw(t, rows), intake.Options{})
		if err != nil {
			if rule, _ := ledger.Refused(err); rule == nil {
				t.Fatal(err)
			}
			return
		}
		n := 0
		for r, err := range file.Rows() {
			if n++; err != nil || r.Row != n {
				t.Fatalf("%+v, %v", r, err)
			}
		}
	})
}

// What a county gets back is the sheet it sent, with the rows to be corrected alone and
// why beside each; corrected, it comes in as it is.
func TestCorrectionsComeInAgainAsSoonAsTheyAreRight(t *testing.T) {
	t.Parallel()
	header := []string{"region", "scheme", "fund", "year", "amount", "document", "date"}
	rowsOf := func(amount string) [][]string {
		return [][]string{header,
			{"220102", "startup", "levy", "2023", "100.00", "示例〔2023〕1号", "2023-01-05"},
			{"220102", "startup", "levy", "2023", amount, "示例〔2023〕2号", "2023-01-05"},
			{"220102", "startup", "levy", "2023", "200.00", "示例〔2023〕3号", "2023-01-05"}}
	}
	asBook := func(amount string) string {
		return workbook(t, func(f *excelize.File) {
			for i, row := range rowsOf(amount) {
				_ = f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row)
			}
		})
	}
	asText := func(amount string) string {
		var b strings.Builder
		for _, row := range rowsOf(amount) {
			b.WriteString(strings.Join(row, ",") + "\n")
		}
		return b.String()
	}
	for name, content := range map[string]string{"workbook": asBook("1.234"), "text": asText("1.234")} {
		var out bytes.Buffer
		f := open(t, content, intake.Options{})
		c, err := intake.NewCorrections(&out, f)
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for _, err := range intake.ReadBudget(f) {
			if refused, ok := errors.AsType[*intake.Refused](err); ok {
				err = c.Write(refused)
			} else {
				read++
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(); err != nil || read != 2 {
			t.Fatalf("%s: %d read, %v", name, read, err)
		}
		again, err := all(open(t, out.String(), intake.Options{}))
		if err != nil || len(again) != 1 || !slices.Equal(again[0].Cells, rowsOf("1.234")[2]) {
			t.Fatalf("%s: %+v, %v", name, again, err)
		}
		if name == "text" {
			if !strings.Contains(out.String(), "amount-form：") {
				t.Errorf("no reason in %s", out.String())
			}
			continue
		}
		book, err := excelize.OpenReader(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		reason, _ := book.GetCellValue("Sheet1", "H2")
		if !strings.HasPrefix(reason, "amount-form：") {
			t.Errorf("the reason is %q", reason)
		}
		_ = book.SetCellStr("Sheet1", "E2", "1.23")
		var mended bytes.Buffer
		if _, err := book.WriteTo(&mended); err != nil {
			t.Fatal(err)
		}
		for b, err := range intake.ReadBudget(open(t, mended.String(), intake.Options{})) {
			if err != nil || b.Appropriate.Amount.String() != "1.23" {
				t.Errorf("corrected: %+v, %v", b, err)
			}
		}
	}
}

// corrected returns what comes back of a list of budgets when its refused rows are
// written to a file, and that is read, and the file of refused rows.
func corrected(t *testing.T, content string) (f *intake.File, rows []intake.Row, masked string) {
	t.Helper()
	var out, refusedOut bytes.Buffer
	list := open(t, content, intake.Options{})
	c, err := intake.NewCorrections(&out, list)
	if err != nil {
		t.Fatal(err)
	}
	r := intake.NewRefusedFile(&refusedOut, list)
	_, refused := collect(t, intake.ReadBudget(list))
	for _, one := range refused {
		if err := errors.Join(c.Write(one), r.Write(one)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(c.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	f = open(t, out.String(), intake.Options{})
	if rows, err = all(f); err != nil {
		t.Fatal(err)
	}
	return f, rows, refusedOut.String()
}

func TestWhatWasSeenOfACellComesBackToBeCorrected(t *testing.T) {
	t.Parallel()
	content := workbook(t, func(f *excelize.File) {
		for i, row := range [][]any{
			{"region", "scheme", "fund", "year", "amount", "document", "date"},
			{"220102", "startup", "levy", 2023, 6.22202999999999e+18, "示例1号", "2023-01-05"},
			{"220102", "startup", "levy", 2023, 110105194912310021, "示例2号", "2023-01-05"},
			{"220102", "startup", "levy", 2023, "1.00", "示例3号", 45017.5},
			{"220102", "startup", "levy", 2023, 1.5, "示例4号", "2023-01-05"},
		} {
			_ = f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row)
		}
		styled(t, f, "G4", "yyyy-mm-dd")
		_ = f.SetCellFormula("Sheet1", "E5", "E4")
	})
	_, rows, masked := corrected(t, content)
	if len(rows) != 4 {
		t.Fatalf("%+v", rows)
	}
	for i, want := range []struct {
		at   int
		cell string
	}{{4, "6.22202999999999E+18"}, {4, "1.1010519491231002E+17"}, {6, "45017.5"}, {4, "1.5"}} {
		if got := rows[i].Cells[want.at]; got != want.cell {
			t.Errorf("row %d comes back with %q, want %q", i+1, got, want.cell)
		}
	}
	if strings.Contains(masked, "1949") || !strings.Contains(masked, ",1.10105************,") {
		t.Errorf("a date of birth is shown:\n%s", masked)
	}
}

func TestCellsThatAreGuardedInCorrectionsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	documents := []string{"'示例", "''示例", "'", "=1+1", "'=1", "-5.00", "@x", "＝1"}
	content := "region,scheme,fund,year,amount,document,date\n"
	for _, d := range documents {
		content += "220102,startup,levy,2023,1.234," + d + ",2023-01-05\n"
	}
	want, err := all(open(t, content, intake.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := corrected(t, content)
	for i := range want {
		if len(rows) != len(want) || !slices.Equal(rows[i].Cells, want[i].Cells) || rows[i].Hash != want[i].Hash {
			t.Fatalf("%q comes back as %+v", documents[i], rows)
		}
	}
	// A list that nobody was given to correct is as it stands.
	if rows, err := all(open(t, "a,b\n''x,'=1\n", intake.Options{})); err != nil || !slices.Equal(rows[0].Cells, []string{"''x", "'=1"}) {
		t.Errorf("%+v, %v", rows, err)
	}
	f := open(t, "'=a,b,"+intake.ReasonColumn+"\n'x,2,\n", intake.Options{})
	if rows, err := all(f); err != nil || f.Columns[0] != "=a" || rows[0].Cells[0] != "'x" {
		t.Errorf("%q, %+v, %v", f.Columns, rows, err)
	}
}

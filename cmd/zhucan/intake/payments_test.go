package intake_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"reflect"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
)

// collect separates what is accepted from what is refused.
func collect[T any](t *testing.T, rows iter.Seq2[T, error]) (accepted []T, refused []*intake.Refused) {
	t.Helper()
	for v, err := range rows {
		if r, ok := errors.AsType[*intake.Refused](err); ok {
			refused = append(refused, r)
		} else if err != nil {
			t.Fatal(err)
		} else {
			accepted = append(accepted, v)
		}
	}
	return accepted, refused
}

func TestAListInTheShapeOfTheEuropeanSocialFundIsReadToTheUnit(t *testing.T) {
	t.Parallel()
	m := mapping(t, "../../../schema/mapping/nrw-esf.yaml")
	f, err := intake.Open("testdata/grants.csv", m.Options())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	payments, refused := collect(t, intake.ReadPayments(f, m))
	if len(payments) != 5 || len(refused) != 0 {
		t.Fatalf("%d accepted, %v refused", len(payments), refused)
	}
	var totals intake.Totals
	for _, p := range payments {
		totals.Accept(p.Amount)
	}
	if totals.Amount.String() != "1486972.00" || totals.Read != 5 {
		t.Errorf("totals %+v", totals)
	}
	p := payments[1]
	if p.Line != 4 || p.Payee.Name != "Beispiel-Landesstelle des erfundenen Handwerks e. V." || p.Amount.String() != "1234567.00" ||
		p.Date.String() != "2007-12-31" || p.Budget.String() != "DE-NRW/esf/esf/2007" || p.Note != "EUR: 100 erfundene Plätze für Beispiele" {
		t.Errorf("second payment %+v, payee %q", p, p.Payee.Name)
	}
	if p := payments[2]; p.Line != 7 || p.Payee.Name != `Muster "Ö" & Co. KG` || p.Payee.Place != "Nirgendwo Ausland" {
		t.Errorf("third payment on line %d: %q, %q", p.Line, p.Payee.Name, p.Payee.Place)
	}
	if a, b := payments[3], payments[4]; a.Hash != b.Hash || a.ID == b.ID {
		t.Errorf("a row twice: %+v, %+v", a, b)
	}
	record := p.Record("P-1")
	if record.Payment != ledger.PaymentID(f.SHA256[:16]+":2") || record.Source != "sha256:"+f.SHA256+" row 2 line 4" || ledger.CheckID(record.Payment) != nil {
		t.Errorf("recorded as %+v", record)
	}
}

func TestAListInTheShapeOf360GivingIsReadFromItsLiteralText(t *testing.T) {
	t.Parallel()
	m := mapping(t, "../../../schema/mapping/360giving.yaml")
	f, err := intake.Open("testdata/grants.json", m.Options())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	payments, refused := collect(t, intake.ReadPayments(f, m))
	var got []string
	for _, p := range payments {
		got = append(got, fmt.Sprintf("%d %s %s %s|%s|%s", p.Line, p.Amount, p.Date, p.Payee.Name, p.Payee.Place, p.Note))
	}
	want := []string{
		"2 40000.00 2014-06-05 Example School|Nowhere|GBP: Grant to Example School",
		"5 9007199254.74 2014-12-31 Example Trust||GBP:",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var why []string
	for _, r := range refused {
		why = append(why, fmt.Sprintf("%d@%d %s", r.Row, r.Line, r.Code()))
	}
	wantWhy := []string{
		"3@7 amount-not-positive", "4@9 row-value", "5@11 amount-form", "6@13 amount-form",
		"7@15 currency-differs", "8@17 date-form", "9@19 text-character",
	}
	if !reflect.DeepEqual(why, wantWhy) {
		t.Errorf("refused %q, want %q", why, wantWhy)
	}
}

const header = "编号,支付日期,收款人类型,收款人,身份证号,统一社会信用代码,行政区划代码,补贴项目,资金来源,金额（元）,摘要\n"

func TestAPaymentThatCannotBeMeantIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	m := mapping(t, "../../../schema/mapping/sample.yaml")
	const person, unit = "220102190001010016", "91220101999999998G"
	// Where no column is named, several contradict each other.
	columns := map[string]string{
		"date-form": "支付日期", "amount-form": "金额（元）", "amount-range": "金额（元）", "amount-not-positive": "金额（元）", "person-number-check": "身份证号",
		"person-number-date": "身份证号", "person-number-future": "身份证号", "credit-code-check": "统一社会信用代码", "formula-in-text": "收款人",
		"budget-line-form": "行政区划代码", "text-character": "收款人",
	}
	for _, c := range []struct{ name, row, code string }{
		{"no such day", "1,2023-02-29,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,1.00,", "date-form"},
		{"three decimals", "1,2023-02-28,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,1.005,", "amount-form"},
		{"an exponent", "1,2023-02-28,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,1e3,", "amount-form"},
		{"the minus sign of Unicode", "1,2023-02-28,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,\u22125,", "amount-form"},
		{"full-width digits", "1,2023-02-28,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,１２３,", "amount-form"},
		{"more than an amount can be", "1,2023-02-28,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,100000000000.00,", "amount-range"},
		{"a day that no number has, checksum right", "1,2023-02-28,个人,样甲,220102190013010013,,220102,自主创业扶持,残疾人就业保障金,1.00,", "person-number-date"},
		{"zero", "1,2023-02-28,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,0.00,", "amount-not-positive"},
		{"negative", "1,2023-02-28,个人,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,-1.00,", "amount-not-positive"},
		{"an unknown kind", "1,2023-02-28,家庭,样甲," + person + ",,220102,自主创业扶持,残疾人就业保障金,1.00,", "row-value"},
		{"an unknown scheme", "1,2023-02-28,个人,样甲," + person + ",,220102,其他,残疾人就业保障金,1.00,", "row-value"},
		{"a person without number", "1,2023-02-28,个人,样甲,,,220102,自主创业扶持,残疾人就业保障金,1.00,", "row-party"},
		{"a person with a credit code", "1,2023-02-28,个人,样甲," + person + "," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "row-party"},
		{"a unit with a person's number", "1,2023-02-28,机构,样机构," + person + ",,220102,自主创业扶持,残疾人就业保障金,1.00,", "row-party"},
		{"a wrong check digit", "1,2023-02-28,个人,样甲,220102190001010017,,220102,自主创业扶持,残疾人就业保障金,1.00,", "person-number-check"},
		{"born after being paid", "1,1900-01-01,个人,样甲,220102190001020011,,220102,自主创业扶持,残疾人就业保障金,1.00,", "person-number-future"},
		{"a wrong credit code", "1,2023-02-28,机构,样机构,,91220101999999998H,220102,自主创业扶持,残疾人就业保障金,1.00,", "credit-code-check"},
		{"no name", "1,2023-02-28,机构, ,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "row-party"},
		{"a formula", "1,2023-02-28,机构,=1+1,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "formula-in-text"},
		{"a formula behind a blank", "1,2023-02-28,机构,\" \n@SUM(A1)\",," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "formula-in-text"},
		{"a full-width formula", "1,2023-02-28,机构,＝1,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "formula-in-text"},
		{"a tab in front", "1,2023-02-28,机构,\t样,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "formula-in-text"},
		{"a number in the name", "1,2023-02-28,机构,样机构" + person + ",," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "personal-data-in-text"},
		{"a number in the note", "1,2023-02-28,机构,样机构,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,见" + person, "personal-data-in-text"},
		{"a note without end", "1,2023-02-28,机构,样机构,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00," + strings.Repeat("长", 501), "row-value"},
		{"a region that cannot be quoted", "1,2023-02-28,机构,样机构,," + unit + ",吉林,自主创业扶持,残疾人就业保障金,1.00,", "budget-line-form"},
		{"a cell less", "1,2023-02-28,机构,样机构,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00", "row-ragged"},
		{"U+202E in a name", "1,2023-02-28,机构,样\u202e机构,," + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,", "text-character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			good := "2,2023/3/1,机构,样机构,," + unit + ",220102,自主创业扶持,残疾人就业保障金,\"1,000.50\",好\n"
			f := open(t, header+good+c.row+"\n"+good, m.Options())
			accepted, refused := collect(t, intake.ReadPayments(f, m))
			if len(accepted) != 2 || len(refused) != 1 {
				t.Fatalf("%d accepted, refused %v", len(accepted), refused)
			}
			if r := refused[0]; r.Line != 3 || r.Row != 2 || r.Code() != c.code {
				t.Errorf("line %d, %v; want %s", r.Line, r, c.code)
			} else if want, one := columns[c.code]; one && r.Column() != want {
				t.Errorf("%v: column %q, want %q", r, r.Column(), want)
			} else if r.Column() != "" && !strings.Contains(r.Error(), r.Column()) {
				t.Errorf("%v does not say %q", r, r.Column())
			}
			if text := refused[0].Error() + strings.Join(refused[0].Fields, "|"); strings.Contains(text, "19000101") || strings.Contains(text, "19000102") {
				t.Errorf("a date of birth is shown: %s", text)
			}
			zh, en := refused[0].Reason()
			if zh == "" || en == "" {
				t.Error("no reason")
			}
		})
	}
}

func TestAMissingColumnRefusesTheListAndNamesIt(t *testing.T) {
	t.Parallel()
	m := mapping(t, "../../../schema/mapping/sample.yaml")
	f := open(t, strings.Replace(header, "支付日期", "日期", 1), m.Options())
	if err := firstError(intake.ReadPayments(f, m)); !errors.Is(err, intake.ErrColumns) || !strings.Contains(err.Error(), "支付日期") {
		t.Errorf("got %v", err)
	}
}

func firstError[T any](rows iter.Seq2[T, error]) error {
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

// A list cut anywhere gives rows of the whole list, or none: never a row that is
// not in it.
func TestAListThatIsCutGivesNoRowThatIsNotInIt(t *testing.T) {
	t.Parallel()
	for path, name := range map[string]string{"testdata/grants.csv": "nrw-esf", "testdata/grants.json": "360giving", "../../../schema/sample/payments.csv": "sample"} {
		m := mapping(t, "../../../schema/mapping/"+name+".yaml")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content = content[:min(len(content), 2500)]
		if i := bytes.LastIndexByte(content, '\n'); name == "sample" {
			content = content[:i+1]
		}
		whole, _ := collect(t, intake.ReadPayments(open(t, string(content), m.Options()), m))
		if len(whole) < 2 {
			t.Fatalf("%s: %d rows", path, len(whole))
		}
		for cut := range len(content) {
			f, err := intake.New(bytes.NewReader(content[:cut]), m.Options())
			if err != nil {
				continue
			}
			i := 0
			for p, err := range intake.ReadPayments(f, m) {
				if err != nil {
					continue
				}
				if name == "360giving" && cut < len(content)-1 {
					t.Fatalf("%s cut at %d gives a row", path, cut)
				}
				if w := whole[i]; p.Amount.String() != w.Amount.String() || p.Date != w.Date || p.Payee != w.Payee || p.Note != w.Note || p.Hash != w.Hash {
					t.Fatalf("%s cut at %d: row %d is %+v, not %+v", path, cut, p.Row, p, w)
				}
				i++
			}
		}
	}
}

func TestRefusedRowsAreSafeToOpenAndToShow(t *testing.T) {
	t.Parallel()
	m := mapping(t, "../../../schema/mapping/sample.yaml")
	const unit = "91220101999999998G"
	f := open(t, header+
		"=1,2023-02-30,个人,张样三,220102190001010016,,220102,自主创业扶持,残疾人就业保障金,-352.00,\"王五,二二\"\n"+
		"2,2023-02-28,机构,\"=HYPERLINK(\"\"x\"\")\",,"+unit+",220102,自主创业扶持,残疾人就业保障金,1.00,'x\n"+
		"3,2023-02-28,个人,李样四,2201021900 0101 0017,,220102\n"+
		"4,2023-02-28,机构,\"a\u202eb\",,"+unit+",220102,自主创业扶持,残疾人就业保障金,1.00,２２０１０２１９０００１０１００１６４３B1\n", m.Options())
	_, refused := collect(t, intake.ReadPayments(f, m))
	var out bytes.Buffer
	file := intake.NewRefusedFile(&out, f)
	for _, r := range refused {
		if err := file.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	got := strings.Split(out.String(), "\n")
	for i, want := range []struct{ start, end string }{
		{"\ufeffline,row,column,code,reason_zh,reason_en,编号,支付日期,", "摘要"},
		{"2,1,支付日期,date-form,\"日期须为真实存在的日期", ",************,2023-02-30,个人,张*三,220102************,,220102,自主创业扶持,残疾人就业保障金,-352.00,王*二"},
		{"3,2,收款人,formula-in-text,", `,************,2023-02-28,机构,"'=HYPERLINK(""x"")",,` + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,''x"},
		{"4,3,,row-ragged,", ",************,************,个*,李*四,220102************,,************"},
		{"5,4,收款人,text-character,", `,a\u202Eb,,` + unit + ",220102,自主创业扶持,残疾人就业保障金,1.00,２２０１０２************"},
	} {
		if i >= len(got) || !strings.HasPrefix(got[i], want.start) || !strings.HasSuffix(got[i], want.end) {
			t.Errorf("line %d: got %s\nwant %s…%s", i+1, got[i], want.start, want.end)
		}
	}
	if none := intake.NewRefusedFile(&out, f); none.Close() != nil {
		t.Error("a file without rows is not closed")
	}
}

func TestANumberThatIsNearlyRightIsMasked(t *testing.T) {
	t.Parallel()
	m := mapping(t, "../../../schema/mapping/sample.yaml")
	for _, number := range []string{"22010219O001010016", "220102.19000101.0016", "220102/19000101/0016", "22010219000101", "220102_19000101_001X", "220102–19000101–0016"} {
		for _, kind := range []string{"个人", "机构"} {
			f := open(t, header+"1,2022-11-01,"+kind+",张三丰,"+number+",,220102,自主创业扶持,残疾人就业保障金,1.00,\n", m.Options())
			_, refused := collect(t, intake.ReadPayments(f, m))
			if len(refused) != 1 {
				t.Fatalf("%s is accepted", number)
			}
			if r := refused[0]; r.Fields[4] != "************" || strings.Contains(r.Error(), "1900") {
				t.Errorf("%s is shown as %s: %v", number, r.Fields[4], r)
			}
		}
	}
}

// Whatever a cell begins with, no spreadsheet runs what is written, and taking one '
// away gives the text back.
func TestAGuardedCellIsNoFormulaAndCanBeReadBack(t *testing.T) {
	t.Parallel()
	starts := []string{"", "'", "''", "=", "+", "-", "@", "\t", "＝", "＋", "－", "＠", "'=", "=-", " =", "x=", "1", "-1", "+1", "-1-"}
	rests := []string{"", "1", "352.00", "1,234.56", "cmd|' /C calc'!A0", "HYPERLINK(\"x\")", "样甲", "'"}
	seen := make(map[string]string)
	for _, start := range starts {
		for _, rest := range rests {
			cell := start + rest
			got := intake.Guard(cell)
			number := strings.Trim(strings.TrimLeft(cell, "+-"), "0123456789.,") == "" && strings.ContainsAny(cell, "0123456789")
			if strings.IndexAny(got, "=+-@\t\r＝＋－＠") == 0 && !number {
				t.Errorf("%q is written as %q", cell, got)
			}
			if back := strings.TrimPrefix(got, "'"); back != cell {
				t.Errorf("%q is written as %q, and read back as %q", cell, got, back)
			}
			if other, twice := seen[got]; twice && other != cell {
				t.Errorf("%q and %q are both written as %q", cell, other, got)
			}
			seen[got] = cell
		}
	}
	for _, number := range []string{"-352.00", "+1", "-1,234.56", "0"} {
		if got := intake.Guard(number); got != number {
			t.Errorf("the number %q is written as %q", number, got)
		}
	}
	for cell, want := range map[string]string{"a\rb": `a\u000Db`, "\r=1": `\u000D=1`, "a\x00": `a\u0000`, "\x1b[2J": `\u001B[2J`, "a\u202eb": `a\u202Eb`, "\ufeff=1": `\uFEFF=1`} {
		if got := intake.Guard(cell); got != want {
			t.Errorf("%q is written as %q, not %q", cell, got, want)
		}
	}
}

func TestAPartyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	p := intake.Application{Claimant: intake.Party{Kind: "person", Name: "张样三", Person: "220102190001010016", Account: "6217992200000000000"}}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, p); strings.Contains(text, "张样三") || strings.Contains(text, "220102") || strings.Contains(text, "6217") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

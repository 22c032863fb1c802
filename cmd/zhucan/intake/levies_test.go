package intake_test

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
	"zhucan/ledger/levy"
)

// refusedRows returns the column and code of each row that is refused.
func refusedRows[T any](t *testing.T, rows iter.Seq2[T, error]) (read []T, refused []string) {
	t.Helper()
	for v, err := range rows {
		if r, ok := errors.AsType[*intake.Refused](err); ok {
			refused = append(refused, r.Column()+" "+r.Code())
		} else if err != nil {
			t.Fatal(err)
		} else {
			read = append(read, v)
		}
	}
	return read, refused
}

const unit91, unit12 = "91220104999999920U", "12220104999999939X" // an enterprise, an institution

func TestAFilingSaysWhatTheLevyNeeds(t *testing.T) {
	t.Parallel()
	const header = "filing_year,region,name,uscc,staff,date,unit_class,average_wage,payroll,registered_on,closing,seasonal_months\n"
	good := []string{"2023", "220104", "示例单位", unit91, "120.50", "2023-09-01", "", "60000.00", "", "2015-06-01", "yes", "36"}
	with := func(column int, cell string) string {
		row := slices.Clone(good)
		row[column] = cell
		return strings.Join(row, ",") + "\n"
	}
	read, refused := refusedRows(t, intake.ReadDeclarations(open(t, header+
		with(0, "2023")+with(6, "enterprise")+
		with(0, "23")+with(0, "year")+with(1, "220105199")+with(1, "110000")+with(3, "")+with(3, unit91[:17]+"1")+with(4, "121/12")+with(4, "many")+
		with(5, "2023-09-31")+with(6, "institution")+with(7, "")+with(8, "1.00")+with(7, "-60000.00")+with(7, "6e4")+with(9, "soon")+with(10, "maybe")+with(11, "1.5"), intake.Options{})))
	want := []string{
		"filing_year row-levy", "filing_year row-levy", "region region-unknown", "region region-unknown", "uscc row-levy", "uscc credit-code-check", "staff number-form", "staff number-form",
		"date date-form", "unit_class row-levy", "payroll row-levy", "payroll row-levy", "average_wage amount-not-positive", "average_wage amount-form", "registered_on date-form", "closing row-value", "seasonal_months row-value",
	}
	if !slices.Equal(refused, want) {
		t.Errorf("refused %q\nwant    %q", refused, want)
	}
	if len(read) != 2 || read[0].Declare.Class != ledger.Enterprise || read[0].Declare.Staff.String() != "120.5" || !read[0].Declare.Closing || read[0].Declare.Seasonal != 36 || read[0].Employer.Code != unit91 || read[0].Declare.Wage.String() != "60000.00" {
		t.Errorf("%+v", read)
	}
}

func TestAConfirmationNamesWhoCountsAndShowsNobody(t *testing.T) {
	t.Parallel()
	const header = "filing_year,region,name,uscc,confirmation,persons,date\n"
	row := func(persons string) string {
		return "2022,220104,示例单位," + unit91 + ",示例确认〔2022〕1号," + persons + ",2022-04-12\n"
	}
	const who = "试甲子/22010219000101301411"
	f := open(t, header+
		row(who+"/2021-01/2021-12; "+who+"/2021-01/2021-03/1")+row("")+
		row("试/220102190001010016/2021-01/2021-12//military-3")+
		row(who)+row(who+"/2021-13/2021-12")+row(who+"/2021-01/2021-12/13")+row("试甲子/22010219000101301415/2021-01/2021-12")+
		row("试/220102190001010016/2021-01/2021-12//general-3")+row(who+"/2021-01/2021-12;x")+
		row(who+"/2021-01/2021-12//until-2022-02-30")+row(who+"/2021-01/2021-12//until-2022-06-30/until-2022-06-30")+
		row(who+"/2021-01/2021-12/1/until-2022-06-30; 试/220102190001010016/2021-01/2021-12//until-2022-07-31/military-3"), intake.Options{})
	var texts []string
	for _, err := range intake.ReadReviews(f) {
		if r, ok := errors.AsType[*intake.Refused](err); ok {
			texts = append(texts, r.Error()+strings.Join(r.Fields, ","))
		}
	}
	if all := strings.Join(texts, "\n"); len(texts) != 8 || strings.Contains(all, "试甲子") || strings.Contains(all, "19000101") {
		t.Errorf("%d refusals name a person: %s", len(texts), all)
	}
	read, refused := refusedRows(t, intake.ReadReviews(f))
	want := []string{"persons row-levy", "persons date-form", "persons row-levy", "persons certificate-grade", "persons row-levy", "persons row-levy", "persons date-form", "persons row-levy"}
	if !slices.Equal(refused, want) {
		t.Errorf("refused %q\nwant    %q", refused, want)
	}
	if len(read) != 4 || len(read[0].Review.Persons) != 2 || read[0].Review.Persons[1].PartMonths != 1 || read[0].Review.Persons[0].Grade != 1 || len(read[1].Counted) != 0 ||
		read[2].Review.Persons[0].Card != levy.MilitaryCard || read[2].Review.Persons[0].Grade != 3 {
		t.Errorf("%+v", read)
	}
	if p := read[3].Review.Persons; len(p) != 2 || p[0].Until.String() != "2022-06-30" || p[0].PartMonths != 1 || p[0].Card != levy.DisabilityCard ||
		p[1].Until.String() != "2022-07-31" || p[1].Card != levy.MilitaryCard || p[1].Grade != 3 {
		t.Errorf("%+v", p)
	}
}

func TestAReceiptIsOfAnEmployerAndAKind(t *testing.T) {
	t.Parallel()
	const header = "filing_year,uscc,receipt,amount,date,kind\n"
	read, refused := refusedRows(t, intake.ReadReceipts(open(t, header+
		"2022,"+unit12+",示例缴款书1号,1000.00,2022-10-12,\n2022,"+unit12+",示例缴款书2号,5.00,2022-11-12,late-fee\n"+
		"22,"+unit12+",示例缴款书3号,1.00,2022-10-12,\n2022,"+unit12[:17]+"0,示例缴款书3号,1.00,2022-10-12,\n2022,"+unit12+",示例缴款书3号,0.00,2022-10-12,\n"+
		"2022,"+unit12+",示例缴款书3号,1.001,2022-10-12,\n2022,"+unit12+",示例缴款书3号,1.00,2022-10-32,\n2022,"+unit12+",身份证11010519491231002X,1.00,2022-10-12,\n", intake.Options{})))
	want := []string{"filing_year row-levy", "uscc credit-code-check", "amount amount-not-positive", "amount amount-form", "date date-form", "receipt personal-data-in-text"}
	if !slices.Equal(refused, want) {
		t.Errorf("refused %q\nwant    %q", refused, want)
	}
	if len(read) != 2 || read[0].Receive.Kind != levy.Principal || read[1].Receive.Kind != levy.LateFees || read[0].Receive.Employer != "U"+unit12 {
		t.Errorf("%+v", read)
	}
}

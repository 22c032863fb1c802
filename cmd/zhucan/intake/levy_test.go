package intake_test

import (
	"strings"
	"testing"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
	"zhucan/ledger/levy"
)

// Whatever stands in the cells is refused with a published code, or computes to figures
// that add up.
func FuzzLevyRow(f *testing.F) {
	for _, row := range []string{
		"2022,220100,enterprise,100,1,60000,90000,,,,,,", "2020,220381,organ,62,1,,97134,4340000.00,0.016,default,2019-05-05,2020-12-01,2021-01-01",
		"2028,R-CBS,individual,0.5,-1,-1,1e3,9,16%,x,2022-11-31,,", ",,,,,,,,,,,,", "2022,220100,nonprofit,9999999.999999,9999999.99,99999999999.99,99999999999.99,,0.149999,,,,",
	} {
		f.Add(row)
	}
	pack := jilin(f)
	columns, err := intake.FindLevyColumns(strings.Split("filing_year,region,unit_class,staff,disabled_weighted,average_wage,social_average_wage,payroll,ratio,rounding,registered_on,paid_on,assessed_on", ","), "220000")
	if err != nil {
		f.Fatal(err)
	}
	refused := func(t *testing.T, err error) bool {
		if err == nil {
			return false
		}
		if rule, _ := ledger.Refused(err); rule == nil {
			t.Fatalf("no refusal: %v", err)
		}
		return true
	}
	f.Fuzz(func(t *testing.T, text string) {
		cells := strings.Split(text, ",")
		if len(cells) != 13 {
			return
		}
		row, err := columns.Read(cells)
		if refused(t, err) {
			return
		}
		filed, err := levy.FilingDay(&pack, row.Region, row.Year, row.Assessed)
		if refused(t, err) {
			return
		}
		rules, err := levy.NewRules(&pack, row.Region, filed, row.Assessed, row.Rounding)
		if refused(t, err) {
			return
		}
		row.Facts.Uncapped = true
		a, err := rules.Assess(row.Facts)
		if refused(t, err) {
			return
		}
		if !a.Full.Equal(a.Due.Add(a.Relief)) || a.Due.Sign() < 0 || a.Relief.Sign() < 0 || a.Full.Cmp(ledger.MaxMoney) > 0 {
			t.Fatalf("%s: %+v", text, a)
		}
		if !row.Paid.IsZero() {
			if late, err := rules.LateFee(a.Due, row.Paid); !refused(t, err) && late.Fee.Cmp(a.Due) > 0 {
				t.Fatalf("%s: a late fee of %s on %s", text, late.Fee, a.Due)
			}
		}
	})
}

package intake_test

import (
	"errors"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
)

func TestAnAmountIsReadExactlyOrRefused(t *testing.T) {
	t.Parallel()
	plain := intake.AmountForm{}
	euro := intake.AmountForm{Decimal: ",", Thousands: ".", Suffix: "€"}
	yuan := intake.AmountForm{Thousands: ",", Prefix: "¥"}
	swiss := intake.AmountForm{Thousands: "'"}
	french := intake.AmountForm{Decimal: ",", Thousands: "\u202f"}
	for _, c := range []struct {
		form    intake.AmountForm
		literal string
		want    string // or empty, and
		refused *ledger.Rejection
	}{
		{plain, "1234.56", "1234.56", nil},
		{plain, " 40000.0 ", "40000.00", nil},
		{plain, "0.01", "0.01", nil},
		{plain, "99999999999.99", "99999999999.99", nil},
		{plain, "9007199254.74", "9007199254.74", nil},
		{plain, "90071992547.41", "90071992547.41", nil}, // more fen than a float64 counts
		{euro, "172.306 €", "172306.00", nil},
		{euro, "1.234.567 €", "1234567.00", nil},
		{euro, "1.234,5€", "1234.50", nil},
		{euro, "99\u00a0€", "99.00", nil},
		{euro, "1234567 €", "1234567.00", nil},
		{yuan, "¥5,000.00", "5000.00", nil},
		{swiss, "12'345.60", "12345.60", nil},
		{french, "12\u202f345,60", "12345.60", nil},

		{plain, "", "", ledger.ErrAmountForm},
		{plain, "-", "", ledger.ErrAmountForm},
		{plain, "1.005", "", ledger.ErrAmountForm},
		{plain, "1.000", "", ledger.ErrAmountForm},
		{plain, "1,234.56", "", ledger.ErrAmountForm},
		{plain, "1,23", "", ledger.ErrAmountForm},
		{plain, "1.2.3", "", ledger.ErrAmountForm},
		{plain, "1e3", "", ledger.ErrAmountForm},
		{plain, "+1", "", ledger.ErrAmountForm},
		{plain, "007", "", ledger.ErrAmountForm},
		{plain, ".5", "", ledger.ErrAmountForm},
		{plain, "5.", "", ledger.ErrAmountForm},
		{plain, "1 000", "", ledger.ErrAmountForm},
		{plain, "１２３", "", ledger.ErrAmountForm},
		{plain, "−5", "", ledger.ErrAmountForm},
		{plain, "NaN", "", ledger.ErrAmountForm},
		{plain, "0x10", "", ledger.ErrAmountForm},
		{plain, "100000000000.00", "", ledger.ErrAmountRange},
		{plain, strings.Repeat("9", 400), "", ledger.ErrAmountRange},
		{plain, "0", "", ledger.ErrAmountSign},
		{plain, "0.0", "", ledger.ErrAmountSign},
		{plain, "-352.00", "", ledger.ErrAmountSign},
		{euro, "172.306", "", ledger.ErrAmountForm}, // cut before the sign
		{euro, "172.30 €", "", ledger.ErrAmountForm},
		{euro, "17.2306 €", "", ledger.ErrAmountForm},
		{euro, "1234.567 €", "", ledger.ErrAmountForm},
		{euro, ".123 €", "", ledger.ErrAmountForm},
		{euro, "1..234 €", "", ledger.ErrAmountForm},
		{euro, "1.234,567 €", "", ledger.ErrAmountForm},
		{euro, "1,234.56 €", "", ledger.ErrAmountForm}, // written the other way round
		{euro, "1.234,56 $", "", ledger.ErrAmountForm},
		{euro, "€ 5", "", ledger.ErrAmountForm},
		{euro, "-1.234 €", "", ledger.ErrAmountSign},
		{yuan, "5,000.00", "", ledger.ErrAmountForm},
		{intake.AmountForm{Decimal: ",", Suffix: "€"}, "172.306 €", "", ledger.ErrAmountForm},
		{intake.AmountForm{Decimal: ",", Suffix: "€"}, "172.30 €", "", ledger.ErrAmountForm}, // thousands, or cents?
	} {
		got, err := c.form.Parse(c.literal)
		switch {
		case c.refused == nil && (err != nil || got.String() != c.want):
			t.Errorf("%q: got %s, %v; want %s", c.literal, got, err, c.want)
		case c.refused != nil && !errors.Is(err, c.refused):
			t.Errorf("%q: got %s, %v; want %s", c.literal, got, err, c.refused.Code)
		}
	}
}

func TestADayIsReadByTheFormatThatIsStated(t *testing.T) {
	t.Parallel()
	year := intake.DateForm{Formats: []string{"YYYY"}, Rule: "YYYY-12-31"}
	chinese := intake.DateForm{Formats: []string{"YYYY年M月D日", "YYYYMMDD", "YYYY/M/D"}}
	british := intake.DateForm{Formats: []string{"DD/MM/YYYY"}}
	both := intake.DateForm{Formats: []string{"DD/MM/YYYY", "MM/DD/YYYY"}}
	for _, c := range []struct {
		form       intake.DateForm
		cell, want string // empty: refused
	}{
		{year, "2006", "2006-12-31"},
		{year, "06", ""},
		{year, "2006-01", ""},
		{chinese, "2023年4月1日", "2023-04-01"},
		{chinese, "20230401", "2023-04-01"},
		{chinese, "2023/12/31", "2023-12-31"},
		{chinese, "2023/13/1", ""},
		{chinese, "2023年4月31日", ""},
		{chinese, "", ""},
		{british, "05/06/2014", "2014-06-05"},
		{british, "5/6/2014", ""},
		{british, "29/02/2014", ""},
		{british, "05/06/2014 00:00", ""},
		{both, "13/04/2023", "2023-04-13"},
		{both, "04/04/2023", "2023-04-04"},
		{both, "03/04/2023", ""}, // two days
	} {
		got, err := c.form.Parse(c.cell)
		if c.want == "" && !errors.Is(err, ledger.ErrDate) || c.want != "" && (err != nil || got.String() != c.want) {
			t.Errorf("%q: got %s, %v; want %q", c.cell, got, err, c.want)
		}
	}
}

// What is read is what is written: digits are neither lost nor made.
func FuzzAmount(f *testing.F) {
	for _, seed := range []string{"172.306 €", "1.234.567,89 €", "0,0 €", "1.005 €", "99 €", "-1 €", "９ €", "1..2 €", "00 €"} {
		f.Add(seed)
	}
	form := intake.AmountForm{Decimal: ",", Thousands: ".", Suffix: "€"}
	f.Fuzz(func(t *testing.T, literal string) {
		amount, err := form.Parse(literal)
		if err != nil {
			if rule, _ := ledger.Refused(err); rule == nil {
				t.Fatalf("%q: %v is no refusal", literal, err)
			}
			return
		}
		digits := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s)
		}
		_, cents, _ := strings.Cut(literal, ",")
		want := digits(literal) + strings.Repeat("0", 2-len(digits(cents)))
		if got := digits(amount.String()); strings.TrimLeft(got, "0") != strings.TrimLeft(want, "0") {
			t.Errorf("%q is read as %s", literal, amount)
		}
	})
}

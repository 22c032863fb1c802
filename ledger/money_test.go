package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"zhucan/ledger"
)

func TestAmountsAreReadExactly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		prints string
		reject *ledger.Rejection
	}{
		{"0", "0.00", nil},
		{"0.0", "0.00", nil},
		{"0.01", "0.01", nil},
		{"1234", "1234.00", nil},
		{"1234.5", "1234.50", nil},
		{"1234.56", "1234.56", nil},
		{"-0.01", "-0.01", nil},
		{"-1234.56", "-1234.56", nil},
		{"99999999999.99", "99999999999.99", nil},
		{"-99999999999.99", "-99999999999.99", nil},
		{"100000000000", "", ledger.ErrAmountRange},
		{"100000000000.00", "", ledger.ErrAmountRange},
		{"-100000000000.00", "", ledger.ErrAmountRange},
		{"92233720368547758.08", "", ledger.ErrAmountRange},     // 2^63 fen
		{"184467440737095516.16", "", ledger.ErrAmountRange},    // 2^64 fen, 0 if it wrapped
		{"18446744073709551616000", "", ledger.ErrAmountRange},  // and longer
		{"-18446744073709551616000", "", ledger.ErrAmountRange}, //
		{"", "", ledger.ErrAmountForm},
		{"-", "", ledger.ErrAmountForm},
		{"--1", "", ledger.ErrAmountForm},
		{".", "", ledger.ErrAmountForm},
		{".5", "", ledger.ErrAmountForm},
		{"1.", "", ledger.ErrAmountForm},
		{"1.2.3", "", ledger.ErrAmountForm},
		{"1.234", "", ledger.ErrAmountForm},
		{"1.000", "", ledger.ErrAmountForm},
		{"01", "", ledger.ErrAmountForm},
		{"00.50", "", ledger.ErrAmountForm},
		{"-0", "", ledger.ErrAmountForm},
		{"-0.00", "", ledger.ErrAmountForm},
		{"+1", "", ledger.ErrAmountForm},
		{"1e3", "", ledger.ErrAmountForm},
		{"1E3", "", ledger.ErrAmountForm},
		{"1e-2", "", ledger.ErrAmountForm},
		{"0x10", "", ledger.ErrAmountForm},
		{"1_000", "", ledger.ErrAmountForm},
		{"1,000.00", "", ledger.ErrAmountForm},
		{"1.-5", "", ledger.ErrAmountForm},
		{" 1", "", ledger.ErrAmountForm},
		{"1 ", "", ledger.ErrAmountForm},
		{"1\n", "", ledger.ErrAmountForm},
		{"−1", "", ledger.ErrAmountForm}, // U+2212
		{"－1", "", ledger.ErrAmountForm}, // full-width
		{"１２３", "", ledger.ErrAmountForm},
		{"1．5", "", ledger.ErrAmountForm},
		{"٣", "", ledger.ErrAmountForm},
		{"¥1", "", ledger.ErrAmountForm},
		{"一百", "", ledger.ErrAmountForm},
		{"NaN", "", ledger.ErrAmountForm},
		{"Inf", "", ledger.ErrAmountForm},
		{"1\x00", "", ledger.ErrAmountForm},
	} {
		m, err := ledger.ParseMoney(c.text)
		refusedWith(t, err, c.reject)
		if err == nil && m.String() != c.prints {
			t.Errorf("%q prints %s, want %s", c.text, m, c.prints)
		}
		if err != nil && !m.IsZero() {
			t.Errorf("%q is refused and yet %s", c.text, m)
		}
	}
}

func TestSumsAreExactBeyondTheFloatsAndTheIntegers(t *testing.T) {
	t.Parallel()
	fen := ledger.Fen(1)
	for _, c := range []struct {
		from int64
		want string
	}{
		{1 << 53, "90071992547409.93"},            // the float64 2^53 + 1 is 2^53
		{math.MaxInt64, "92233720368547758.08"},   // the int64 would be negative
		{-(1 << 53) - 2, "-90071992547409.93"},    //
		{math.MinInt64, "-92233720368547758.07"},  //
		{99_999_999_999_99, "100000000000.00"},    // more than one amount may be
		{10, "0.11"}, {-1, "0.00"}, {-2, "-0.01"}, // signs
	} {
		if got := ledger.Fen(c.from).Add(fen).String(); got != c.want {
			t.Errorf("%d + 1 is %s, want %s", c.from, got, c.want)
		}
	}
	top := ledger.Fen(math.MaxInt64)
	if back := top.Add(top).Add(fen).Sub(top).Sub(top); !back.Equal(fen) {
		t.Errorf("came back as %s", back)
	}
	if got := ledger.MaxMoney.Times(1_000_000).String(); got != "99999999999990000.00" {
		t.Errorf("a million times the largest amount is %s", got)
	}
	if n, ok := top.Add(fen).Fen(); ok {
		t.Errorf("2^63 fen fit 64 bits as %d", n)
	}
	if n, ok := top.Fen(); !ok || n != math.MaxInt64 {
		t.Errorf("got %d, %t", n, ok)
	}
}

func TestArithmeticIsThatOfWholeFen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOf(rapid.Int64()).Draw(t, "fen")
		times := rapid.Int64().Draw(t, "times")
		var sum ledger.Money
		model := new(big.Int)
		for i, n := range amounts {
			if i%3 == 2 {
				sum = sum.Sub(ledger.Fen(n))
				model.Sub(model, big.NewInt(n))
			} else {
				sum = sum.Add(ledger.Fen(n))
				model.Add(model, big.NewInt(n))
			}
		}
		model.Mul(model, big.NewInt(times))
		sum = sum.Times(times)
		sign, abs := "", new(big.Int).Abs(model)
		if model.Sign() < 0 {
			sign = "-"
		}
		yuan, cents := new(big.Int).QuoRem(abs, big.NewInt(100), new(big.Int))
		if want := fmt.Sprintf("%s%s.%02d", sign, yuan, cents.Int64()); sum.String() != want {
			t.Fatalf("%s, want %s", sum, want)
		}
		if sum.Sign() != model.Sign() || sum.IsZero() != (model.Sign() == 0) {
			t.Fatalf("sign of %s is %d", sum, sum.Sign())
		}
		if n, ok := sum.Fen(); ok != model.IsInt64() || ok && n != model.Int64() {
			t.Fatalf("%s is %d fen, %t", sum, n, ok)
		}
	})
}

func TestAmountsCompare(t *testing.T) {
	t.Parallel()
	small, large := ledger.Fen(-1), ledger.Fen(100)
	if small.Cmp(large) >= 0 || large.Cmp(small) <= 0 || large.Cmp(ledger.Fen(99).Add(ledger.Fen(1))) != 0 {
		t.Error("order is wrong")
	}
	if !(ledger.Money{}).Equal(ledger.Fen(0)) || !(ledger.Money{}).IsZero() || (ledger.Money{}).String() != "0.00" || small.Equal(large) {
		t.Error("equality is wrong")
	}
	if got := ledger.Fen(12345).Decimal().String(); got != "123.45" {
		t.Errorf("in yuan %s", got)
	}
}

func TestAnAmountHasOneSpellingInTheLog(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0.00", "0.01", "-0.01", "1234.50", "99999999999.99"} {
		var m ledger.Money
		if err := m.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if b, err := m.MarshalText(); err != nil || string(b) != text {
			t.Errorf("%s came back as %s, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "0", "1", "12", "123", "1234", "1.5", "-1.5", "-0.00", ".00", "1.005", "01.00", "+1.00", "1e2.00"} {
		m := ledger.Fen(7)
		refusedWith(t, m.UnmarshalText([]byte(text)), ledger.ErrAmountForm)
		if !m.Equal(ledger.Fen(7)) {
			t.Errorf("%q is refused and yet changed the amount to %s", text, m)
		}
	}
	var m ledger.Money
	refusedWith(t, m.UnmarshalText([]byte("100000000000.00")), ledger.ErrAmountRange)
}

func TestAnAmountInJSONIsAString(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(struct{ A ledger.Money }{ledger.Fen(1234500)})
	if err != nil || string(b) != `{"A":"12345.00"}` {
		t.Errorf("%s, %v", b, err)
	}
	var v struct{ A ledger.Money }
	if err := json.Unmarshal([]byte(`{"A":12345.00}`), &v); err == nil {
		t.Errorf("a number is read as %s", v.A)
	}
}

func TestRefusalsQuoteWhatWasTypedShortlyAndWithoutPersonalNumbers(t *testing.T) {
	t.Parallel()
	_, form := ledger.ParseMoney("22018419000615008X")
	_, size := ledger.ParseMoney("220102190001010016")
	_, date := ledger.ParseDate("6222029999999999992")
	_, region := ledger.FindRegion("220102190001010016", testDay)
	_, line := ledger.ParseBudgetLine("220104/220102190001010016/levy")
	id := ledger.CheckID(ledger.PartyID("张三 220102190001010016"))
	for _, err := range []error{form, size, date, region, line, id} {
		if _, particulars := ledger.Refused(err); !strings.Contains(particulars, "(a personal number)") || ledger.FindPersonalNumber(particulars) {
			t.Errorf("quoted: %v", err)
		}
	}
	_, long := ledger.ParseMoney(strings.Repeat("元", 41))
	if _, particulars := ledger.Refused(long); particulars != `"`+strings.Repeat("元", 40)+`…"` {
		t.Errorf("quoted: %s", particulars)
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"0", "-0", "-0.00", "1234.5", "-1234.56", "99999999999.99", "100000000000", "1e3", "−1", "１", "1.", "18446744073709551616"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ledger.ParseMoney(s)
		if err != nil {
			if r, _ := ledger.Refused(err); r == nil || !m.IsZero() {
				t.Fatalf("%q: %s, %v", s, m, err)
			}
			return
		}
		// An independent reader of decimals agrees.
		exact, ok := new(big.Rat).SetString(s)
		if !ok || exact.Cmp(m.Decimal().Rat()) != 0 {
			t.Fatalf("%q is read as %s", s, m)
		}
		again, err := ledger.ParseMoney(m.String())
		if err != nil || !again.Equal(m) || again.String() != m.String() {
			t.Fatalf("%q became %s, then %s, %v", s, m, again, err)
		}
		var stored ledger.Money
		if err := stored.UnmarshalText([]byte(m.String())); err != nil || !stored.Equal(m) {
			t.Fatalf("%s is stored as %s, %v", m, stored, err)
		}
	})
}

func ExampleMoney() {
	monthly, _ := ledger.ParseMoney("810.5")
	paid := monthly.Times(12)
	fmt.Println(paid, paid.Sub(ledger.Fen(1)))

	_, err := ledger.ParseMoney("8,105.00")
	r, _ := ledger.Refused(err)
	fmt.Println(r.Code)
	// Output:
	// 9726.00 9725.99
	// amount-form
}

func TestATotalIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0.00", "0.01", "99999999999.99", "120009564000.00", "9999999999999999.99"} {
		var total ledger.Total
		if err := total.UnmarshalText([]byte(text)); err != nil || total.String() != text {
			t.Errorf("%s is %s, %v", text, total, err)
		}
		if b, err := total.MarshalText(); err != nil || string(b) != text {
			t.Errorf("%s is written %s, %v", text, b, err)
		}
	}
	for text, want := range map[string]*ledger.Rejection{
		"10000000000000000.00": ledger.ErrTotalRange, "99999999999999999999999.00": ledger.ErrTotalRange, "1": ledger.ErrAmountForm, "1.0": ledger.ErrAmountForm,
		"01.00": ledger.ErrAmountForm, "": ledger.ErrAmountForm, "1e3.00": ledger.ErrAmountForm,
	} {
		var total ledger.Total
		if err := total.UnmarshalText([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %s", text, err, want.Code)
		}
	}
}

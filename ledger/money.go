package ledger

import (
	"math/big"
	"strconv"

	"github.com/shopspring/decimal"
)

// Money is an exact amount in yuan with two decimals (元, to the 分). The zero
// Money is 0.00. Amounts in events and commands are positive; only balances and
// differences have a sign.
type Money struct{ yuan decimal.Decimal }

// Refusals of amounts.
var (
	ErrAmountForm = &Rejection{
		Code: "amount-form", Rule: "an amount is digits with at most two decimals", RuleZH: "金额由数字组成，小数不超过两位",
		Next: "write the amount in yuan as 1234.56, without separators, exponent or currency sign", NextZH: "请以元为单位填写，如 1234.56",
	}
	ErrAmountRange = &Rejection{
		Code: "amount-range", Rule: "an amount is at most 99999999999.99", RuleZH: "金额不超过99,999,999,999.99元",
		Next: "check the unit of the amount", NextZH: "请核对金额单位",
	}
	ErrTotalRange = &Rejection{
		Code: "total-range", Rule: "a total of the books is at most 9999999999999999.99", RuleZH: "账簿合计不超过9,999,999,999,999,999.99元",
		Next: "check the unit of the amounts", NextZH: "请核对金额单位",
	}
	ErrAmountSign = &Rejection{
		Code: "amount-not-positive", Rule: "an amount is greater than zero; the side says the direction", RuleZH: "金额必须大于零，方向由借贷表示",
		Next: "give a positive amount, or use the verb that takes money back", NextZH: "请填写正数金额，或使用相应的退回操作",
	}
)

// MaxMoney is the largest amount that ParseMoney accepts.
var MaxMoney = Fen(maxFen)

const maxFen = 99_999_999_999_99

// A Total is a sum over the books, which may be larger than any one amount: it is kept in its
// own type, so that no amount of a command or an event is.
type Total Money

// MaxTotal is the largest total that can be read back.
var MaxTotal = Total(Fen(999_999_999_999_999_999))

// Fen returns n hundredths of a yuan.
func Fen(n int64) Money { return Money{decimal.New(n, -2)} }

// ParseMoney reads an amount such as "1234", "1234.5" or "-1234.56". It refuses
// exponents, separators, a plus sign, the Unicode minus, leading zeros, more
// than two decimals and more than [MaxMoney].
func ParseMoney(s string) (Money, error) {
	n, ok := parseFen(s)
	if !ok {
		return Money{}, ErrAmountForm.Of("%q", clip(s))
	}
	if n > maxFen || n < -maxFen {
		return Money{}, ErrAmountRange.Of("%s", clip(s))
	}
	return Fen(n), nil
}

// parseFen reads s as hundredths; a number too long to be an amount comes back
// as one that is out of range.
func parseFen[S ~string | ~[]byte](s S) (n int64, ok bool) {
	begin := 0
	if len(s) > 0 && s[0] == '-' {
		begin = 1
	}
	point := len(s)
	for i := begin; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && point == len(s):
			point = i
			continue
		case c < '0' || c > '9':
			return 0, false
		}
		if n < 1e15 {
			n = n*10 + int64(s[i]-'0')
		}
	}
	whole, cents := point-begin, len(s)-point-1
	if whole == 0 || whole > 1 && s[begin] == '0' || cents == 0 || cents > 2 {
		return 0, false
	}
	for range 2 - max(cents, 0) {
		n *= 10
	}
	if begin == 1 {
		return -n, n != 0 // zero has one spelling
	}
	return n, true
}

// clip makes what was typed fit to be quoted in a refusal. Columns of an import
// may have shifted, so a personal number is not quoted.
func clip(s string) string {
	if FindPersonalNumber(s) {
		return "(a personal number)"
	}
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// Add returns m + n, exactly, whatever its size.
func (m Money) Add(n Money) Money { return Money{m.yuan.Add(n.yuan)} }

// Sub returns m - n.
func (m Money) Sub(n Money) Money { return Money{m.yuan.Sub(n.yuan)} }

// Times returns m multiplied by a count.
func (m Money) Times(n int64) Money { return Money{m.yuan.Mul(decimal.NewFromInt(n))} }

// Part returns a share of m, rounded down to the fen where m is not negative.
func (m Money) Part(share *big.Rat) Money {
	fen := m.yuan.Shift(2).BigInt()
	fen.Quo(fen.Mul(fen, share.Num()), share.Denom())
	return Money{decimal.NewFromBigInt(fen, -2)}
}

// Cmp is negative, zero or positive as m is less than, equal to or more than n.
func (m Money) Cmp(n Money) int { return m.yuan.Cmp(n.yuan) }

// Equal tells whether m and n are the same amount.
func (m Money) Equal(n Money) bool { return m.yuan.Equal(n.yuan) }

// Sign is -1, 0 or 1.
func (m Money) Sign() int { return m.yuan.Sign() }

// IsZero tells whether m is 0.00.
func (m Money) IsZero() bool { return m.yuan.IsZero() }

// Decimal returns the amount in yuan.
func (m Money) Decimal() decimal.Decimal { return m.yuan }

// Fen returns the amount in hundredths of a yuan and whether it fits 64 bits.
func (m Money) Fen() (int64, bool) {
	if m.yuan.Exponent() == -2 && m.yuan.NumDigits() < 19 {
		return m.yuan.CoefficientInt64(), true // no garbage: this is asked millions of times
	}
	c := m.yuan.Shift(2).BigInt()
	return c.Int64(), c.IsInt64()
}

// String writes the amount with two decimals and no separators: "1234.50".
func (m Money) String() string { return m.yuan.StringFixed(2) }

// AppendText appends what [Money.String] writes.
func (m Money) AppendText(b []byte) ([]byte, error) {
	n, ok := m.Fen()
	if !ok {
		return append(b, m.String()...), nil
	}
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/100, 10)
	return append(b, '.', byte('0'+n/10%10), byte('0'+n%10)), nil
}

// String writes t as [Money.String] does.
func (t Total) String() string { return Money(t).String() }

// AppendText appends what [Total.String] writes.
func (t Total) AppendText(b []byte) ([]byte, error) { return Money(t).AppendText(b) }

// MarshalText writes t as [Money.String] does.
func (t Total) MarshalText() ([]byte, error) { return Money(t).MarshalText() }

// UnmarshalText reads what MarshalText wrote.
func (t *Total) UnmarshalText(b []byte) error {
	if _, ok := parseFen(b); !ok || len(b) < 4 || b[len(b)-3] != '.' {
		return ErrAmountForm.Of("%q has not two decimals", clip(string(b)))
	}
	n, err := strconv.ParseInt(string(b[:len(b)-3])+string(b[len(b)-2:]), 10, 64)
	if most, _ := Money(MaxTotal).Fen(); err != nil || n > most || n < -most {
		return ErrTotalRange.Of("%s", clip(string(b)))
	}
	*t = Total(Fen(n))
	return nil
}

// MarshalText writes m as [Money.String] does.
func (m Money) MarshalText() ([]byte, error) { return m.AppendText(nil) }

// UnmarshalText reads what MarshalText wrote: two decimals, no less, so that an
// amount has one spelling in the log.
func (m *Money) UnmarshalText(b []byte) error {
	n, ok := parseFen(b)
	if !ok || n > maxFen || n < -maxFen {
		_, err := ParseMoney(string(b))
		return err
	}
	if len(b) < 4 || b[len(b)-3] != '.' {
		return ErrAmountForm.Of("%q has not two decimals", clip(string(b)))
	}
	*m = Fen(n)
	return nil
}

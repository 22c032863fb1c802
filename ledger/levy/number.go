package levy

import (
	"errors"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"zhucan/ledger"
)

// A Number is an exact fraction: persons and their weights, ratios, multiples. The
// zero Number is 0. What does not fit 64 bits over 64 bits becomes no number, which
// every rule refuses; nothing is ever rounded but by [Number.Round].
type Number struct{ num, den int64 } // in lowest terms, den > 0; {0, 0} is 0; den < 0 is no number

// ErrNumber refuses what is no number of persons or ratio.
var ErrNumber = &ledger.Rejection{
	Code: "number-form", Rule: "a number is at most nine digits and six decimals", RuleZH: "数值由不超过九位整数和六位小数组成",
	Next: "write it as 120, 1.5 or 0.016, without separators, percent sign or exponent", NextZH: "请填写如 120、1.5、0.016 的数值，不带千分位、百分号或指数",
}

var none = Number{1, -1}

// Int returns n.
func Int(n int) Number { return Number{int64(n), 1} }

// Frac returns n/d in lowest terms.
func Frac(n, d int64) Number {
	if d <= 0 {
		return none
	}
	if g := gcd(abs(n), d); g > 1 {
		n, d = n/g, d/g
	}
	return Number{n, d}
}

// of returns a policy's number.
func of(r *big.Rat) (Number, error) {
	if !r.Num().IsInt64() || !r.Denom().IsInt64() {
		return none, errors.New("a number of the policy is too long")
	}
	return Number{r.Num().Int64(), r.Denom().Int64()}, nil
}

var tens = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000}

// ParseNumber reads digits with at most six decimals, and a minus sign for rules to
// refuse.
func ParseNumber(s string) (Number, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, decimals, point := strings.Cut(digits, ".")
	if whole == "" || len(whole) > 9 || len(whole) > 1 && whole[0] == '0' || point && decimals == "" || len(decimals) > 6 {
		return none, ErrNumber.Of("%s", quote(s))
	}
	var n int64
	for _, part := range [2]string{whole, decimals} {
		for i := range len(part) {
			if part[i] < '0' || part[i] > '9' {
				return none, ErrNumber.Of("%s", quote(s))
			}
			n = n*10 + int64(part[i]-'0')
		}
	}
	if negative {
		n = -n
	}
	return Frac(n, tens[len(decimals)]), nil
}

// quote shows what was typed: short, and never a personal number.
func quote(s string) string {
	if ledger.FindPersonalNumber(s) {
		return "(a personal number)"
	}
	if r := []rune(s); len(r) > 20 {
		s = string(r[:20]) + "…"
	}
	return strconv.Quote(s)
}

// String writes a decimal where the fraction ends, otherwise n/d.
func (a Number) String() string { return string(a.Append(nil)) }

// Append appends what String writes.
func (a Number) Append(b []byte) []byte {
	n, d := a.num, a.denominator()
	if d < 0 {
		return append(b, "(too long)"...)
	}
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	places, scale := 0, int64(1)
	for scale%d != 0 && places < 12 {
		places, scale = places+1, scale*10
	}
	if scale%d != 0 {
		return strconv.AppendInt(append(strconv.AppendInt(b, n, 10), '/'), d, 10)
	}
	b = strconv.AppendInt(b, n/d, 10)
	if places == 0 {
		return b
	}
	b = append(b, '.')
	for rest := n % d; places > 0; places-- { // rest < d <= 10^12
		rest *= 10
		b = append(b, byte('0'+rest/d))
		rest %= d
	}
	return b
}

// AppendText appends what String writes, if a is a number.
func (a Number) AppendText(b []byte) ([]byte, error) {
	if a.den < 0 {
		return b, ErrRange.Of("no number")
	}
	return a.Append(b), nil
}

// MarshalText writes a as String does.
func (a Number) MarshalText() ([]byte, error) { return a.AppendText(nil) }

// UnmarshalText reads what MarshalText wrote.
func (a *Number) UnmarshalText(b []byte) error {
	r, ok := new(big.Rat).SetString(string(b))
	if !ok || len(b) > 40 || strings.ContainsAny(string(b), "eExX_+pP ") {
		return ErrNumber.Of("%s", quote(string(b)))
	}
	n, err := of(r)
	if err != nil || n.String() != string(b) {
		return ErrNumber.Of("%s", quote(string(b)))
	}
	*a = n
	return nil
}

func (a Number) denominator() int64 {
	if a.den == 0 {
		return 1
	}
	return a.den
}

func (a Number) bad() bool { return a.den < 0 }

// Sign is -1, 0 or 1.
func (a Number) Sign() int {
	switch {
	case a.num < 0:
		return -1
	case a.num > 0:
		return 1
	}
	return 0
}

// Mul returns a × b.
func (a Number) Mul(b Number) Number {
	if a.bad() || b.bad() {
		return none
	}
	an, ad, bn, bd := a.num, a.denominator(), b.num, b.denominator()
	g, h := gcd(abs(an), bd), gcd(abs(bn), ad)
	if g > 1 {
		an, bd = an/g, bd/g
	}
	if h > 1 {
		bn, ad = bn/h, ad/h
	}
	n, ok := product(an, bn)
	d, fits := product(ad, bd)
	if !ok || !fits {
		return none
	}
	return Number{n, d}
}

// Add returns a + b.
func (a Number) Add(b Number) Number {
	if a.bad() || b.bad() {
		return none
	}
	ad, bd := a.denominator(), b.denominator()
	g := gcd(ad, bd)
	x, ok := product(a.num, bd/g)
	y, okay := product(b.num, ad/g)
	d, fits := product(ad, bd/g)
	if !ok || !okay || !fits {
		return none
	}
	return Frac(x+y, d) // each is less than 2^62
}

// Sub returns a - b.
func (a Number) Sub(b Number) Number { return a.Add(Number{-b.num, b.den}) }

// Cmp is negative, zero or positive as a is less than, equal to or more than b, both
// of which must be numbers.
func (a Number) Cmp(b Number) int {
	ah, al := wide(a.num, b.denominator())
	bh, bl := wide(b.num, a.denominator())
	switch {
	case a.Sign() != b.Sign():
		return a.Sign() - b.Sign()
	case ah == bh && al == bl:
		return 0
	case (ah < bh || ah == bh && al < bl) == (a.Sign() > 0):
		return -1
	}
	return 1
}

// Round returns a to a number of decimals (at most six), half away from zero. It is
// never half to even (policy.md §1.9).
func (a Number) Round(places int) Number {
	if a.bad() || a.denominator() == 1 {
		return a
	}
	n, ok := half(a, tens[places])
	if !ok {
		return none
	}
	return Frac(n, tens[places])
}

// half returns a × n as a whole number, half away from zero.
func half(a Number, n int64) (int64, bool) {
	if a.bad() || n < 0 {
		return 0, false
	}
	d := uint64(a.denominator())
	hi, lo := wide(a.num, n)
	if hi >= d {
		return 0, false
	}
	q, rest := bits.Div64(hi, lo, d)
	if rest >= d-rest {
		q++
	}
	if q >= 1<<62 {
		return 0, false
	}
	if a.num < 0 {
		return -int64(q), true
	}
	return int64(q), true
}

// wide returns |a| × b in 128 bits.
func wide(a, b int64) (hi, lo uint64) { return bits.Mul64(uint64(abs(a)), uint64(b)) }

func product(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(abs(a)), uint64(abs(b)))
	if hi != 0 || lo >= 1<<62 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func abs(n int64) int64 { return max(n, -n) }

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

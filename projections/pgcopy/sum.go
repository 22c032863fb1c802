package pgcopy

import (
	"encoding/binary"
	"math/bits"

	"zhucan/ledger"
)

// A Sum is an amount or a sum of amounts in fen, 128 bits wide, so that no number
// of entries overflows it.
type Sum struct {
	hi int64
	lo uint64
}

// SumOf returns an amount as a sum. It is false for one that is not a whole number
// of fen in 64 bits, which no event that decodes can carry.
func SumOf(m ledger.Money) (Sum, bool) {
	d := m.Decimal()
	if d.Exponent() == -2 && d.NumDigits() <= 18 {
		return Count(d.CoefficientInt64()), true
	}
	fen, ok := m.Fen()
	return Count(fen), ok && ledger.Fen(fen).Equal(m)
}

// Count returns a plain number as a sum.
func Count(n int64) Sum { return Sum{n >> 63, uint64(n)} }

// Add returns s + t.
func (s Sum) Add(t Sum) Sum {
	lo, carry := bits.Add64(s.lo, t.lo, 0)
	return Sum{s.hi + t.hi + int64(carry), lo}
}

// Int returns s as a number of 64 bits, and whether it is one.
func (s Sum) Int() (int64, bool) { return int64(s.lo), s.hi == int64(s.lo)>>63 }

// AppendMoney appends a sum of fen as a numeric with two decimals: number of
// digits, weight of the first, sign, scale, then digits to the base 10000.
func AppendMoney(dst []byte, s Sum) []byte {
	sign := uint16(0)
	if s.hi < 0 {
		s, sign = s.Negative(), 0x4000
	}
	hi, lo := uint64(s.hi), s.lo
	var digits [12]uint16 // least first; digits[0] is the decimals
	var rem uint64
	hi, lo, rem = divide(hi, lo, 100)
	digits[0] = uint16(rem * 100)
	n := 1
	for hi != 0 || lo != 0 {
		hi, lo, rem = divide(hi, lo, 10_000)
		digits[n] = uint16(rem)
		n++
	}
	first := 0 // trailing zeros are not stored
	for first < n && digits[first] == 0 {
		first++
	}
	weight := n - 2
	if first == n {
		first, n, weight = 0, 0, 0
	}
	dst = length(dst, 8+2*(n-first))
	dst = binary.BigEndian.AppendUint16(dst, uint16(n-first))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, 2)
	for i := n - 1; i >= first; i-- {
		dst = binary.BigEndian.AppendUint16(dst, digits[i])
	}
	return dst
}

func divide(hi, lo, by uint64) (qhi, qlo, rem uint64) {
	qhi, rem = hi/by, hi%by
	qlo, rem = bits.Div64(rem, lo, by)
	return qhi, qlo, rem
}

// ReadMoney reads the cell that [AppendMoney] wrote; null is zero.
func ReadMoney(cell []byte) Sum {
	var s Sum
	if cellSize(cell) == 4 {
		return s
	}
	body := cell[4:]
	count := int(binary.BigEndian.Uint16(body))
	weight := int(int16(binary.BigEndian.Uint16(body[2:])))
	var hi, lo uint64
	for place := weight; place >= 0; place-- { // whole yuan
		hi, lo = multiply(hi, lo, 10_000)
		if i := weight - place; i < count {
			hi, lo = plus(hi, lo, uint64(binary.BigEndian.Uint16(body[8+2*i:])))
		}
	}
	hi, lo = multiply(hi, lo, 100)
	if i := weight + 1; i < count {
		hi, lo = plus(hi, lo, uint64(binary.BigEndian.Uint16(body[8+2*i:]))/100)
	}
	s = Sum{int64(hi), lo}
	if binary.BigEndian.Uint16(body[4:]) == 0x4000 {
		s = s.Negative()
	}
	return s
}

// ReadInt reads the cell of a whole number of any width; null is zero.
func ReadInt(cell []byte) Sum {
	switch body := cell[4:]; cellSize(cell) - 4 {
	case 2:
		return Count(int64(int16(binary.BigEndian.Uint16(body))))
	case 4:
		return Count(int64(int32(binary.BigEndian.Uint32(body))))
	case 8:
		return Count(int64(binary.BigEndian.Uint64(body)))
	}
	return Sum{}
}

func multiply(hi, lo, by uint64) (uint64, uint64) {
	carry, low := bits.Mul64(lo, by)
	return hi*by + carry, low
}

func plus(hi, lo, n uint64) (uint64, uint64) {
	low, carry := bits.Add64(lo, n, 0)
	return hi + carry, low
}

// Negative returns -s.
func (s Sum) Negative() Sum {
	lo, borrow := bits.Sub64(0, s.lo, 0)
	hi, _ := bits.Sub64(0, uint64(s.hi), borrow)
	return Sum{int64(hi), lo}
}

package ledger

import (
	"fmt"
	"time"
)

// A Date is a day of the accounting calendar, without time or zone (Asia/Shanghai
// wherever one is implied). The zero Date is no day and is written as "".
type Date struct {
	year       int16
	month, day int8
}

// ErrDate refuses what is no day of the calendar.
var ErrDate = &Rejection{
	Code: "date-form", Rule: "a date is a day of the calendar, written 2023-04-30", RuleZH: "日期须为真实存在的日期，格式如2023-04-30",
	Next: "correct the date", NextZH: "请更正日期",
}

// DateOf returns a day; values outside their range are normalised as
// [time.Date] does.
func DateOf(year int, month time.Month, day int) Date {
	y, m, d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Date()
	return Date{int16(y), int8(m), int8(d)}
}

// China is the zone in which a time has its day; the country has one and no summer time.
var China = time.FixedZone("CST", 8*60*60)

// DayOf returns the day of a time.
func DayOf(t time.Time) Date {
	y, m, d := t.In(China).Date()
	return DateOf(y, m, d)
}

// ParseDate reads a day written as 2006-01-02, from year 1900 to 9999.
func ParseDate(s string) (Date, error) {
	d, ok := parseDate(s)
	if !ok {
		return Date{}, ErrDate.Of("%q", clip(s))
	}
	return d, nil
}

func parseDate[S ~string | ~[]byte](s S) (Date, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, false
	}
	y, m, d := digits(s[:4]), digits(s[5:7]), digits(s[8:])
	if y < 1900 || m < 1 || m > 12 || d < 1 || d > daysIn(y, m) {
		return Date{}, false
	}
	return Date{int16(y), int8(m), int8(d)}, true
}

// digits reads a decimal number, or returns -1.
func digits[S ~string | ~[]byte](s S) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// Year returns the calendar year, which is the fiscal year (预算法 art. 18).
func (d Date) Year() int { return int(d.year) }

// Month returns the month.
func (d Date) Month() time.Month { return time.Month(d.month) }

// Day returns the day of the month.
func (d Date) Day() int { return int(d.day) }

// IsZero tells whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// Time returns midnight UTC of d.
func (d Date) Time() time.Time {
	return time.Date(int(d.year), time.Month(d.month), int(d.day), 0, 0, 0, 0, time.UTC)
}

// AddDays returns the day n days later.
func (d Date) AddDays(n int) Date { return DateOf(int(d.year), time.Month(d.month), int(d.day)+n) }

// AddMonths returns the day n months later, or n before where n is negative; in a month that
// has not the day, its last.
func (d Date) AddMonths(n int) Date {
	last := DateOf(int(d.year), time.Month(d.month)+time.Month(n)+1, 0)
	return last.AddDays(min(int(d.day)-last.Day(), 0))
}

// Compare is negative, zero or positive as d is before, at or after e.
func (d Date) Compare(e Date) int {
	return (int(d.year)-int(e.year))*512 + (int(d.month)-int(e.month))*32 + int(d.day) - int(e.day)
}

// Before tells whether d comes before e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After tells whether d comes after e.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// Period returns the month that d lies in.
func (d Date) Period() Period { return Period{d.year, d.month} }

// String writes 2006-01-02, or "" for the zero Date.
func (d Date) String() string {
	var b [10]byte
	text, _ := d.AppendText(b[:0]) // it has no error
	return string(text)
}

func put(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i], n = byte('0'+n%10), n/10
	}
}

// AppendText appends what String writes.
func (d Date) AppendText(b []byte) ([]byte, error) {
	if d.IsZero() {
		return b, nil
	}
	n := len(b)
	b = append(b, "0000-00-00"...)
	put(b[n:n+4], int(d.year))
	put(b[n+5:n+7], int(d.month))
	put(b[n+8:], int(d.day))
	return b, nil
}

// MarshalText writes d as String does.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	var ok bool
	if *d, ok = parseDate(b); !ok {
		_, err = ParseDate(string(b))
	}
	return err
}

// A Period is an accounting month, written 2023-04. The zero Period is none and
// is written as "".
type Period struct {
	year  int16
	month int8
}

// PeriodOf returns a month.
func PeriodOf(year int, month time.Month) Period { return Period{int16(year), int8(month)} }

// ParsePeriod reads a month written as 2006-01.
func ParsePeriod(s string) (Period, error) {
	d, err := ParseDate(s + "-01")
	if err != nil || len(s) != 7 {
		return Period{}, ErrDate.Of("period %q", clip(s))
	}
	return d.Period(), nil
}

// Contains tells whether d lies in p.
func (p Period) Contains(d Date) bool { return d.Period() == p }

// First returns the first day of p.
func (p Period) First() Date { return Date{p.year, p.month, 1} }

// Last returns the last day of p.
func (p Period) Last() Date { return p.Next().First().AddDays(-1) }

// Next returns the month after p.
func (p Period) Next() Period { return p.First().AddDays(31).Period() }

// Year returns the calendar year of p.
func (p Period) Year() int { return int(p.year) }

// IsZero tells whether p is no month.
func (p Period) IsZero() bool { return p == Period{} }

// Compare is negative, zero or positive as p is before, at or after q.
func (p Period) Compare(q Period) int { return p.First().Compare(q.First()) }

// Months lists the months from one to another, both included, in their order; none when
// to is before from.
func Months(from, to Period) []Period {
	var all []Period
	for p := from; p.Compare(to) <= 0; p = p.Next() {
		all = append(all, p)
	}
	return all
}

// String writes 2006-01, or "" for the zero Period.
func (p Period) String() string {
	if p.IsZero() {
		return ""
	}
	return p.First().String()[:7]
}

// AppendText appends what String writes.
func (p Period) AppendText(b []byte) ([]byte, error) { return append(b, p.String()...), nil }

// MarshalText writes p as String does.
func (p Period) MarshalText() ([]byte, error) { return p.AppendText(nil) }

// UnmarshalText reads what MarshalText wrote.
func (p *Period) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*p = Period{}
		return nil
	}
	*p, err = ParsePeriod(string(b))
	if err != nil {
		return fmt.Errorf("period: %w", err)
	}
	return nil
}

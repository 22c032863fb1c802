package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhucan/ledger"
)

func TestOnlyDaysOfTheCalendarAreDates(t *testing.T) {
	t.Parallel()
	for text, reject := range map[string]*ledger.Rejection{
		"2024-02-29": nil, // divisible by 4
		"2023-02-29": ledger.ErrDate,
		"2000-02-29": nil, // by 400
		"1900-02-29": ledger.ErrDate,
		"2100-02-29": ledger.ErrDate,
		"1900-01-01": nil,
		"9999-12-31": nil,
		"1899-12-31": ledger.ErrDate,
		"2023-01-31": nil, "2023-02-28": nil, "2023-03-31": nil, "2023-04-30": nil, "2023-05-31": nil, "2023-06-30": nil,
		"2023-07-31": nil, "2023-08-31": nil, "2023-09-30": nil, "2023-10-31": nil, "2023-11-30": nil, "2023-12-31": nil,
		"2023-01-32": ledger.ErrDate, "2023-02-30": ledger.ErrDate, "2023-04-31": ledger.ErrDate, "2023-06-31": ledger.ErrDate,
		"2023-09-31": ledger.ErrDate, "2023-11-31": ledger.ErrDate, "2023-12-32": ledger.ErrDate,
		"2023-00-01": ledger.ErrDate, "2023-13-01": ledger.ErrDate, "2023-01-00": ledger.ErrDate,
		"": ledger.ErrDate, "2023-1-01": ledger.ErrDate, "2023/01/01": ledger.ErrDate, "20230101": ledger.ErrDate,
		"2023-01-01T": ledger.ErrDate, " 2023-01-0": ledger.ErrDate, "2023-01--1": ledger.ErrDate, "-023-01-01": ledger.ErrDate,
		"2023-+1-01": ledger.ErrDate, "２023-01-": ledger.ErrDate,
	} {
		d, err := ledger.ParseDate(text)
		refusedWith(t, err, reject)
		if err == nil && d.String() != text || err != nil && !d.IsZero() {
			t.Errorf("%q is %q, %v", text, d, err)
		}
	}
}

func TestDatesCountAsTheCalendarDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) ledger.Date {
			return ledger.DateOf(rapid.IntRange(1900, 2199).Draw(t, name+" year"), time.Month(rapid.IntRange(1, 12).Draw(t, name+" month")), rapid.IntRange(1, 31).Draw(t, name+" day"))
		}
		d, e := draw("d"), draw("e")
		n := rapid.IntRange(-400, 400).Draw(t, "days")
		if got, want := d.AddDays(n).Time(), d.Time().AddDate(0, 0, n); !got.Equal(want) {
			t.Fatalf("%s + %d is %s, want %s", d, n, got, want)
		}
		order := d.Time().Compare(e.Time())
		if d.Before(e) != (order < 0) || d.After(e) != (order > 0) || (d.Compare(e) == 0) != (order == 0) || (d == e) != (order == 0) {
			t.Fatalf("%s and %s compare as %d", d, e, d.Compare(e))
		}
		if s := d.Time().Format(time.DateOnly); d.String() != s {
			t.Fatalf("%s is written %s", s, d)
		}
		if y, m, day := d.Time().Date(); d.Year() != y || d.Month() != m || d.Day() != day {
			t.Fatalf("parts of %s", d)
		}
		again, err := ledger.ParseDate(d.String())
		if err != nil || again != d {
			t.Fatalf("%s came back as %s, %v", d, again, err)
		}
		if p := d.Period(); !p.Contains(d) || d.Before(p.First()) || d.After(p.Last()) || p.Contains(p.First().AddDays(-1)) || p.Contains(p.Last().AddDays(1)) {
			t.Fatalf("%s in %s", d, p)
		}
	})
}

func TestAPeriodIsAMonth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, first, last, next string }{
		{"2023-04", "2023-04-01", "2023-04-30", "2023-05"},
		{"2023-12", "2023-12-01", "2023-12-31", "2024-01"},
		{"2023-02", "2023-02-01", "2023-02-28", "2023-03"},
		{"2024-02", "2024-02-01", "2024-02-29", "2024-03"},
		{"2024-01", "2024-01-01", "2024-01-31", "2024-02"},
		{"1900-02", "1900-02-01", "1900-02-28", "1900-03"},
	} {
		p, err := ledger.ParsePeriod(c.text)
		if err != nil || p.String() != c.text || p.First().String() != c.first || p.Last().String() != c.last || p.Next().String() != c.next {
			t.Errorf("%s: %s from %s to %s, then %s, %v", c.text, p, p.First(), p.Last(), p.Next(), err)
		}
	}
	for _, text := range []string{"", "2023", "2023-4", "2023-13", "2023-00", "2023-04-", "2023-04-01", "202304", "1899-12"} {
		p, err := ledger.ParsePeriod(text)
		refusedWith(t, err, ledger.ErrDate)
		if !p.IsZero() {
			t.Errorf("%q is refused and yet %s", text, p)
		}
	}
}

func TestPeriodsFollowOneAnother(t *testing.T) {
	t.Parallel()
	p := ledger.PeriodOf(1999, time.January)
	for range 600 {
		next := p.Next()
		if next.First() != p.Last().AddDays(1) || p.Compare(next) >= 0 || next.Compare(p) <= 0 || p.Compare(p) != 0 {
			t.Fatalf("%s is followed by %s", p, next)
		}
		p = next
	}
	if p != ledger.PeriodOf(2049, time.January) || p.Year() != 2049 {
		t.Errorf("600 months later it is %s", p)
	}
}

func TestNoDayAndNoMonthAreWrittenEmpty(t *testing.T) {
	t.Parallel()
	d, p := testDay, testDay.Period()
	if err := d.UnmarshalText(nil); err != nil || !d.IsZero() || d.String() != "" {
		t.Errorf("day %q, %v", d, err)
	}
	if err := p.UnmarshalText(nil); err != nil || !p.IsZero() || p.String() != "" {
		t.Errorf("month %q, %v", p, err)
	}
	refusedWith(t, d.UnmarshalText([]byte("2023-02-30")), ledger.ErrDate)
	refusedWith(t, p.UnmarshalText([]byte("2023-02-01")), ledger.ErrDate)
	for _, text := range []string{"", "2024-02-29"} {
		if err := d.UnmarshalText([]byte(text)); err != nil {
			t.Error(err)
		}
		if b, err := d.MarshalText(); err != nil || string(b) != text {
			t.Errorf("%q came back as %q, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "2024-02"} {
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Error(err)
		}
		if b, err := p.MarshalText(); err != nil || string(b) != text {
			t.Errorf("%q came back as %q, %v", text, b, err)
		}
	}
}

func TestAMonthThatHasNotTheDayEndsWithItsLast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from   string
		months int
		to     string
	}{
		{"2023-03-31", 6, "2023-09-30"}, {"2023-03-30", 6, "2023-09-30"}, {"2023-12-31", 2, "2024-02-29"}, {"2022-12-31", 2, "2023-02-28"},
		{"2028-02-29", -60, "2023-02-28"}, {"2023-05-15", 8, "2024-01-15"}, {"2023-05-15", 0, "2023-05-15"}, {"2023-01-31", -1, "2022-12-31"},
	} {
		from, _ := ledger.ParseDate(c.from)
		if to := from.AddMonths(c.months); to.String() != c.to {
			t.Errorf("%s and %d months: %s, want %s", c.from, c.months, to, c.to)
		}
	}
}

func ExampleDate() {
	d, _ := ledger.ParseDate("2024-01-31")
	fmt.Println(d.AddDays(29), d.Period(), d.Period().Next().Last())

	_, err := ledger.ParseDate("2023-02-29")
	r, particulars := ledger.Refused(err)
	fmt.Println(r.Code, particulars)
	// Output:
	// 2024-02-29 2024-01 2024-02-29
	// date-form "2023-02-29"
}

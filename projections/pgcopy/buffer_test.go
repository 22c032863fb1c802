package pgcopy_test

import (
	"bytes"
	"fmt"
	"math/big"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhucan/ledger"
	"zhucan/projections/pgcopy"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, nil) }

// A row has one value of each type, some of which may be null.
type row struct {
	Text  *string
	Bool  *bool
	Int2  *int16
	Int4  *int32
	Int8  *int64
	Date  *time.Time
	Stamp *time.Time
	Money *string
	Total *string
	Bytes []byte
	Array []string
}

var columns = []pgcopy.Type{
	pgcopy.Text, pgcopy.Bool, pgcopy.Int2, pgcopy.Int4, pgcopy.Int8, pgcopy.Date, pgcopy.Timestamp, pgcopy.Money, pgcopy.Total,
	pgcopy.Bytea, pgcopy.TextArray,
}

func maybe[T any](t *rapid.T, name string, g *rapid.Generator[T], write func(T), null func()) *T {
	if rapid.IntRange(0, 4).Draw(t, name+" null") == 0 {
		null()
		return nil
	}
	v := g.Draw(t, name)
	write(v)
	return &v
}

// yuan writes fen with two decimals.
func yuan(fen *big.Int) string {
	s := new(big.Int).Abs(fen).String()
	for len(s) < 3 {
		s = "0" + s
	}
	s = s[:len(s)-2] + "." + s[len(s)-2:]
	if fen.Sign() < 0 {
		s = "-" + s
	}
	return s
}

func TestWhatIsWrittenIsReadBackByPgx(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	definition := "n serial"
	for i, c := range columns {
		definition += fmt.Sprintf(", c%d %s", i, c.SQL())
	}
	if _, err := pool.Exec(t.Context(), "create table t ("+definition+")"); err != nil {
		t.Fatal(err)
	}
	const names = "c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10"
	b := pgcopy.NewBuffer(columns)
	rapid.Check(t, func(t *rapid.T) {
		b.Reset()
		var want []row
		for range rapid.IntRange(1, 20).Draw(t, "rows") {
			w := b.Row()
			null := func() { w.Null() }
			var r row
			r.Text = maybe(t, "text", rapid.StringOf(rapid.RuneFrom(nil, rangeOf()).Filter(func(r rune) bool { return r != 0 })), func(v string) { w.Text(v) }, null)
			r.Bool = maybe(t, "bool", rapid.Bool(), func(v bool) { w.Bool(v) }, null)
			r.Int2 = maybe(t, "int2", rapid.Int16(), func(v int16) { w.Int2(v) }, null)
			r.Int4 = maybe(t, "int4", rapid.Int32(), func(v int32) { w.Int4(v) }, null)
			r.Int8 = maybe(t, "int8", rapid.Int64(), func(v int64) { w.Int8(v) }, null)
			day := rapid.Custom(func(t *rapid.T) time.Time {
				return ledger.DateOf(1900, 1, 1).AddDays(rapid.IntRange(0, 2_000_000).Draw(t, "day")).Time()
			})
			r.Date = maybe(t, "date", day, func(v time.Time) { w.Date(ledger.DateOf(v.Date())) }, null)
			moment := rapid.Custom(func(t *rapid.T) time.Time {
				return time.UnixMicro(rapid.Int64Range(-2e15, 4e15).Draw(t, "moment")).UTC()
			})
			r.Stamp = maybe(t, "stamp", moment, func(v time.Time) { w.Timestamp(v) }, null)
			amount := func(digits int64) *rapid.Generator[string] {
				return rapid.Custom(func(t *rapid.T) string {
					fen := big.NewInt(rapid.OneOf(rapid.Int64Range(-digits, digits), rapid.SampledFrom([]int64{0, 1, -1, 99, 100, 9999_99, 10000_00, 1_0000_0000_00, digits})).Draw(t, "fen"))
					return yuan(fen)
				})
			}
			r.Money = maybe(t, "money", amount(9_999_999_999_999_999), func(v string) {
				m, ok := pgcopy.SumOf(money(t, v))
				if !ok {
					t.Fatalf("amount %s", v)
				}
				w.Money(m)
			}, null)
			r.Total = maybe(t, "total", amount(9_000_000_000_000_000_00), func(v string) {
				m, _ := pgcopy.SumOf(money(t, v))
				w.Money(m)
			}, null)
			if p := maybe(t, "bytes", rapid.SliceOf(rapid.Byte()), func(v []byte) { w.Bytea(v) }, null); p != nil {
				r.Bytes = append([]byte{}, *p...)
			}
			if p := maybe(t, "array", rapid.SliceOf(rapid.StringMatching(`[a-z|"{},\\ ]{0,8}`)), func(v []string) { w.TextArray(v) }, null); p != nil {
				r.Array = append([]string{}, *p...)
			}
			want = append(want, r)
		}
		got := roundTrip(t, pool, b, names)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

func TestSumsAreExactBeyond64Bits(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		var sum pgcopy.Sum
		exact := new(big.Int)
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			n := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{1<<63 - 1, -1 << 63})).Draw(t, "add")
			sum = sum.Add(pgcopy.Count(n))
			exact.Add(exact, big.NewInt(n))
		}
		b := pgcopy.NewBuffer([]pgcopy.Type{pgcopy.Total})
		b.Row().Money(sum)
		got := texts(t, pool, b)
		if want := yuan(exact); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		cells, _ := b.Cells(19)
		if back := pgcopy.ReadMoney(cells); back != sum {
			t.Fatalf("%s is read as %v, not %v", got, back, sum)
		}
		if sum.Add(sum.Negative()) != (pgcopy.Sum{}) {
			t.Fatal("a sum and its negative do not cancel")
		}
	})
}

func TestAValueOfAnotherTypeOrTooFewPanic(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(*pgcopy.Buffer){
		"another type": func(b *pgcopy.Buffer) { b.Row().Text("x").Int8(1) },
		"too many":     func(b *pgcopy.Buffer) { b.Row().Text("x").Int4(1).Null() },
		"too few":      func(b *pgcopy.Buffer) { b.Row().Text("x"); b.Row() },
		"cut off":      func(b *pgcopy.Buffer) { b.Row().Text("x"); b.Bytes() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is written", name)
				}
			}()
			write(pgcopy.NewBuffer([]pgcopy.Type{pgcopy.Text, pgcopy.Int4}))
		}()
	}
}

func TestTextThatPostgresCannotHoldIsShownAsSuch(t *testing.T) {
	t.Parallel()
	pool := schematest.New(t)
	b := pgcopy.NewBuffer([]pgcopy.Type{pgcopy.Text})
	b.Row().Text("a\x00b\xffc")
	if got := texts(t, pool, b); got != "a␀b\uFFFDc" {
		t.Errorf("got %q", got)
	}
}

func TestRowsAreCutOut(t *testing.T) {
	t.Parallel()
	b, want := pgcopy.NewBuffer([]pgcopy.Type{pgcopy.Int4}), pgcopy.NewBuffer([]pgcopy.Type{pgcopy.Int4})
	var dead [][2]int
	for i := range int32(9) {
		begin := b.Size()
		b.Row().Int4(i)
		if _, end := b.Cells(begin); i%4 == 0 {
			dead = append([][2]int{{begin, end}}, dead...)
		} else {
			want.Row().Int4(i)
		}
	}
	b.Cut(dead)
	if b.Rows() != want.Rows() || string(b.Bytes()) != string(want.Bytes()) {
		t.Errorf("%d rows: %x", b.Rows(), b.Bytes())
	}
}

func money(t *rapid.T, s string) ledger.Money {
	n, ok := new(big.Int).SetString(s[:len(s)-3]+s[len(s)-2:], 10)
	if !ok || !n.IsInt64() {
		t.Fatalf("amount %s", s)
	}
	return ledger.Fen(n.Int64())
}

func TestALineIsItsFourParts(t *testing.T) {
	t.Parallel()
	types := []pgcopy.Type{pgcopy.Text, pgcopy.Text, pgcopy.Text, pgcopy.Int4}
	a := ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}
	other := a
	other.Year = 2024
	lines, parts := pgcopy.NewBuffer(types), pgcopy.NewBuffer(types)
	for _, l := range []ledger.BudgetLine{{}, a, a, other, {}, a} { // what was written last is remembered
		lines.Row().Line(l)
		parts.Row().Text(string(l.Region)).Text(string(l.Scheme)).Text(string(l.Fund)).Int4(int32(l.Year))
	}
	if !bytes.Equal(lines.Bytes(), parts.Bytes()) {
		t.Errorf("lines\n%x\nparts\n%x", lines.Bytes(), parts.Bytes())
	}
}

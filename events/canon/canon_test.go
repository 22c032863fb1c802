package canon_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"zhucan/events/canon"
	"zhucan/ledger"
)

// everything has a member of each kind and of each way to be left out.
type everything struct {
	Amount  ledger.Money      `json:"amount"`
	Date    ledger.Date       `json:"date"`
	Deep    *inner            `json:"deep,omitempty"`
	Line    ledger.BudgetLine `json:"line,omitzero"`
	List    []inner           `json:"list"`
	Maybe   *ledger.Money     `json:"maybe"`
	Names   []string          `json:"names,omitempty"`
	Number  int               `json:"number"`
	Period  ledger.Period     `json:"period,omitzero"`
	Seq     uint64            `json:"seq,string"`
	Text    string            `json:"text"`
	Text2   string            `json:"text_2,omitempty"`
	Working bool              `json:"working"`
}

type inner struct {
	On   ledger.Date `json:"on,omitempty"`
	Side ledger.Side `json:"side"`
}

var shape = canon.For[everything]()

func draw(t *rapid.T) everything {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "初审", `"`, `\`, "\u2028<&>\x7f\x00\n", "𬸚"}))
	date := rapid.Custom(func(t *rapid.T) ledger.Date {
		return ledger.DateOf(rapid.IntRange(1900, 2100).Draw(t, "year"), 1, rapid.IntRange(1, 366).Draw(t, "day"))
	})
	money := rapid.Custom(func(t *rapid.T) ledger.Money {
		return ledger.Fen(rapid.Int64Range(-99_999_999_999_99, 99_999_999_999_99).Draw(t, "fen"))
	})
	in := rapid.Custom(func(t *rapid.T) inner {
		return inner{rapid.OneOf(date, rapid.Just(ledger.Date{})).Draw(t, "on"), ledger.Side(text.Draw(t, "side"))}
	})
	v := everything{
		Amount: money.Draw(t, "amount"), Date: date.Draw(t, "date"), Deep: rapid.Ptr(in, true).Draw(t, "deep"),
		List: rapid.SliceOfN(in, 0, 9).Draw(t, "list"), Maybe: rapid.Ptr(money, true).Draw(t, "maybe"),
		Names: rapid.SliceOfN(text, 0, 6).Draw(t, "names"), Number: rapid.Int().Draw(t, "number"),
		Seq: rapid.Uint64().Draw(t, "seq"), Text: text.Draw(t, "text"), Text2: text.Draw(t, "text 2"), Working: rapid.Bool().Draw(t, "working"),
	}
	if rapid.Bool().Draw(t, "has line") {
		v.Line = ledger.BudgetLine{Region: "220104", Scheme: "startup", Fund: "levy", Year: 2023}
		v.Period = v.Date.Period()
	}
	return v
}

func TestWhatIsWrittenIsWhatEncodingJSONWritesAndIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t)
		got, err := shape.Append([]byte("before"), &v)
		if err != nil {
			t.Fatal(err)
		}
		got = bytes.TrimPrefix(got, []byte("before"))
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("wrote\n%s, encoding/json writes\n%s", got, want)
		}
		back, err := shape.Read(got)
		if err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if again, _ := json.Marshal(back); !bytes.Equal(again, want) {
			t.Fatalf("read\n%s of\n%s", again, want)
		}
	})
}

// One byte more, less or other than written is another value or none.
func TestAChangedByteIsRefusedOrReadAsWhatItSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := draw(t)
		data, err := shape.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "what") {
		case 0:
			data[at] = rapid.Byte().Draw(t, "byte")
		case 1:
			data = append(data[:at], data[at+1:]...)
		case 2:
			data = append(data[:at], append([]byte{rapid.SampledFrom([]byte(` ,"0\{}[]:nu`)).Draw(t, "byte")}, data[at:]...)...)
		}
		holds(t, data)
	})
}

// holds checks invariant 2 on arbitrary data, against the general decoder.
func holds(t interface{ Fatalf(string, ...any) }, data []byte) {
	v, err := shape.Read(data)
	if err != nil {
		return
	}
	again, err := shape.Append(nil, &v)
	if err != nil || !bytes.Equal(again, data) {
		t.Fatalf("accepted\n%q, which is written\n%q (%v)", data, again, err)
	}
	var general everything
	if err := json.Unmarshal(data, &general, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("accepted %q, encoding/json does not: %v", data, err)
	}
	if other, _ := json.Marshal(general); !bytes.Equal(other, data) {
		t.Fatalf("encoding/json reads %q as %q", data, other)
	}
}

func TestARefusalSaysWhereAndWhy(t *testing.T) {
	t.Parallel()
	type one struct {
		Amount ledger.Money  `json:"amount"`
		By     string        `json:"by"`
		Cap    *ledger.Money `json:"cap,omitempty"`
		List   []inner       `json:"list,omitempty"`
		N      int           `json:"n"`
	}
	shape := canon.For[one]()
	for _, test := range []struct{ data, says string }{
		{`{"amount":"1.00","by":"a","n":1}`, ""},
		{`{"amount":"1.00","by":"a","cap":"2.00","list":[{"side":"debit"}],"n":-1}`, ""},
		{``, "at byte 0: not {"},
		{`{"amount":"1.0","by":"a","n":1}`, "amount: at byte 10"},
		{`{"amount":"1.00","n":1}`, `at byte 16: the member "by" must come here`},
		{`{"by":"a","amount":"1.00","n":1}`, `at byte 1: the member "amount" must come here`},
		{`{"amount":"1.00","by":"a","cap":null,"n":1}`, `the member "cap" has no value`},
		{`{"amount":"1.00","by":"a","list":[],"n":1}`, `the member "list" has no value`},
		{`{"amount":"1.00","by":"a","list":[{"on":"","side":"debit"}],"n":1}`, `list: 0: at byte 40: the member "on" has no value`},
		{`{"amount":"1.00","by":"a","list":[{"side":"debit"},],"n":1}`, "list: 1: "},
		{`{"amount":"1.00","by":"a","n":1,"n":1}`, "the object must end here"},
		{`{"amount":"1.00","by":"a","n":1}x`, "at byte 32: more data"},
		{`{"amount":"1.00","by":"a","n":01}`, "n: at byte 30: not a whole number"},
		{`{"amount":"1.00","by":"a","n":-0}`, "not a whole number"},
		{`{"amount":"1.00","by":"a","n":1e3}`, "the object must end here"},
		{`{"amount":"1.00","by":"\u0061","n":1}`, "by: at byte 23: a string that is not spelled as it is written"},
		{`{"amount":"1.00","by":"` + "\xff" + `","n":1}`, "not of UTF-8"},
		{`{"amount":"1.00","by":"` + "\t" + `","n":1}`, "by: "},
		{`{"amount":"1.00","by":"a`, "a string without an end"},
		{`{"amount":"1.00","by":"a\`, "a string without an end"},
		{`{"amount": "1.00","by":"a","n":1}`, "amount: at byte 10: not \""},
	} {
		switch _, err := shape.Read([]byte(test.data)); {
		case test.says == "" && err != nil:
			t.Errorf("%s: %v", test.data, err)
		case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
			t.Errorf("%s: %v, wanted %q", test.data, err, test.says)
		}
	}
}

func TestATypeWithoutOneSpellingIsRefused(t *testing.T) {
	t.Parallel()
	refused := func(name string, f func()) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("a type with %s has a shape", name)
			}
		}()
		f()
	}
	refused("a float", func() {
		canon.For[struct {
			F float64 `json:"f"`
		}]()
	})
	refused("a map", func() {
		canon.For[struct {
			M map[string]string `json:"m"`
		}]()
	})
	refused("members out of order", func() {
		canon.For[struct {
			B string `json:"b"`
			A string `json:"a"`
		}]()
	})
	refused("a member without a name", func() { canon.For[struct{ A string }]() })
	refused("an unsafe number", func() {
		canon.For[struct {
			N uint64 `json:"n"`
		}]()
	})
}

func TestAStringThatIsNotOfUTF8IsNotWritten(t *testing.T) {
	t.Parallel()
	if b, err := shape.Append(nil, &everything{Text: "\xff"}); err == nil || !strings.Contains(err.Error(), "text") {
		t.Errorf("wrote %q, %v", b, err)
	}
}

// The cache of strings and the last value of a type must not leak between values.
func TestValuesReadTogetherStayTheirOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(draw), 2, 5).Draw(t, "values")
		data, read := make([][]byte, len(values)), make([]everything, len(values))
		for i := range values {
			var err error
			if data[i], err = shape.Append(nil, &values[i]); err != nil {
				t.Fatal(err)
			}
			if read[i], err = shape.Read(bytes.Clone(data[i])); err != nil {
				t.Fatal(err)
			}
		}
		for i := range read {
			if again, err := shape.Append(nil, &read[i]); err != nil || !bytes.Equal(again, data[i]) {
				t.Fatalf("value %d is %s, was %s", i, again, data[i])
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"amount":"5000.00","date":"2023-04-01","list":[{"side":"debit"}],"maybe":null,"number":7,"seq":"1","text":"初审","working":true}`))
	f.Add([]byte(`{"amount":"-0.01","date":"","deep":{"on":"2023-04-01","side":"\n"},"line":"220104/startup/levy/2023","list":[],"maybe":"1.00","names":["a","b"],"number":-7,"period":"2023-04","seq":"18446744073709551615","text":"","text_2":"x","working":false}`))
	f.Fuzz(func(t *testing.T, data []byte) { holds(t, data) })
}

package intake_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/intake"
)

const minimal = `source: synthetic
currency: CNY
amount: {column: amount}
date: {column: date, formats: [YYYY-MM-DD]}
payee: {kind: {value: employer}, name: {column: name}}
scheme: {value: s}
region: {value: r}
fund: {value: f}
`

func TestEveryMappingOfTheRepositoryIsRead(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../../schema/mapping/*.yaml")
	if err != nil || len(paths) < 3 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		mapping(t, path)
	}
}

func mapping(t *testing.T, path string) intake.Mapping {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := intake.ReadMapping(content)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

func TestAMappingSaysNothingThatIsNotUnderstood(t *testing.T) {
	t.Parallel()
	if _, err := intake.ReadMapping([]byte(minimal)); err != nil {
		t.Fatal(err)
	}
	change := func(from, to string) string { return strings.Replace(minimal, from, to, 1) }
	for _, c := range []struct{ name, yaml, says string }{
		{"empty", "", "empty"},
		{"an unknown key", minimal + "colour: red\n", "line 9: field colour"},
		{"an unknown key inside", change("{column: amount}", "{column: amount, round: up}"), "line 3: field round"},
		{"a key twice", minimal + "currency: EUR\n", "currency"},
		{"two documents", minimal + "---\n" + minimal, "second document"},
		{"a list for a text", change("source: synthetic", "source: [a]"), "line 1"},
		{"no source", change("source: synthetic", "source: ''"), "source: missing"},
		{"no currency", change("currency: CNY\n", ""), "currency"},
		{"a currency by sign", change("CNY", "€"), "currency"},
		{"an unknown format", minimal + "format: xlsx\n", "format"},
		{"an unknown encoding", minimal + "encoding: latin1\n", "encoding"},
		{"a separator of two characters", minimal + "comma: ',,'\n", "comma"},
		{"a list in a CSV", minimal + "list: grants\n", "list"},
		{"JSON without a list", minimal + "format: json\n", "list"},
		{"JSON with header names", minimal + "format: json\nlist: grants\n", "no JSON Pointer"},
		{"no amount", change("amount: {column: amount}\n", ""), "amount: no column"},
		{"a decimal that is none", change("{column: amount}", "{column: amount, decimal: '5'}"), "decimal"},
		{"decimal and thousands the same", change("{column: amount}", "{column: amount, thousands: '.'}"), "the same"},
		{"thousands by a digit", change("{column: amount}", "{column: amount, thousands: '0'}"), "thousands"},
		{"a suffix that changes the amount", change("{column: amount}", "{column: amount, suffix: '00'}"), "part of a number"},
		{"no date format", change("formats: [YYYY-MM-DD]", "formats: []"), "date: no format"},
		{"a year of two digits", change("YYYY-MM-DD", "YY-MM-DD"), "YYYY"},
		{"a month without day", change("YYYY-MM-DD", "YYYY-MM"), "one month and one day"},
		{"a year without rule", change("YYYY-MM-DD", "YYYY"), "no rule"},
		{"a rule that is no day", change("formats: [YYYY-MM-DD]", "formats: [YYYY], rule: YYYY-02-30"), "no day of a year"},
		{"no name", change("name: {column: name}", "name: {}"), "payee.name: neither"},
		{"column and value", change("name: {column: name}", "name: {column: name, value: x}"), "payee.name: both"},
		{"values without column", change("fund: {value: f}", "fund: {value: f, values: {a: b}}"), "fund: values"},
		{"one number for all", change("name: {column: name}", "name: {column: name}, person_number: {value: x}"), "same for every row"},
		{"an unknown kind", change("employer", "company"), "payee.kind"},
		{"an unknown kind among values", change("{value: employer}", "{column: k, values: {a: company}}"), "payee.kind"},
		{"an anchor", change("source: synthetic", "source: &s synthetic"), "line 1: an anchor"},
		{"a billion laughs", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" + minimal, "line 1: an anchor"},
		// Decoded, this is some minutes of merging.
		{"merged over and over", change("fund: {value: f}", "fund: {column: f, values: {<<: ["+strings.Repeat("*m,", 50_000)+"*m]}}") +
			"note: {column: n, values: &m {" + strings.Repeat("k: v, ", 10_000) + "}}\n", "anchor"},
		{"more entries than a mapping has", change("{column: amount}", "{column: amount, prefix: ["+strings.Repeat("a,", 30_000)+"a]}"), "more than 10000"},
		{"nested without end", "source: " + strings.Repeat("[", 400_000), "depth"},
		{"objects nested without end", "source: " + strings.Repeat("{a: ", 200_000), "depth"},
		{"longer than a mapping is", "source: " + strings.Repeat("x", 2<<20), "longer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.ReadMapping([]byte(c.yaml))
			if !errors.Is(err, intake.ErrMapping) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want one saying %q", err, c.says)
			}
		})
	}
}

func FuzzMapping(f *testing.F) {
	f.Add(minimal)
	f.Add("payee: {kind: &a {column: x}, name: *a}")
	f.Add("date: {formats: [YYYYMMDD, 年]}")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := intake.ReadMapping([]byte(text))
		if err != nil {
			if !errors.Is(err, intake.ErrMapping) {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		// A mapping that is read can be used: it reads or refuses, whatever the file.
		file, err := intake.New(strings.NewReader("date,amount,name\n2023-01-01,1,x\n"), m.Options())
		if err != nil {
			return
		}
		for range intake.ReadPayments(file, m) {
		}
	})
}

package intake_test

import (
	"errors"
	"fmt"
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
		{"two unknown keys", minimal + "colour: red\nshape: round\n", "line 9: field colour not found; line 10: field shape not found"},
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

// Rows are asked for once under one mapping: what it says besides how to read them is no
// reason to take them for others.
func TestAMappingThatReadsRowsInAnotherWayHasAnotherHash(t *testing.T) {
	t.Parallel()
	hash := func(yaml string) string {
		t.Helper()
		m, err := intake.ReadMapping([]byte(yaml))
		if err != nil {
			t.Fatalf("%v in\n%s", err, yaml)
		}
		return fmt.Sprintf("%x", m.Hash())
	}
	full := minimal + "note: {column: n, values: {a: b, c: d}}\ncurrency_column: cur\n"
	change := func(from, to string) string {
		t.Helper()
		if !strings.Contains(full, from) {
			t.Fatalf("no %s", from)
		}
		return strings.Replace(full, from, to, 1)
	}
	want := hash(full)
	for name, yaml := range map[string]string{
		"a comment":               "# 说明\n" + full,
		"keys in another order":   "currency_column: cur\n" + strings.Replace(full, "currency_column: cur\n", "", 1),
		"values in another order": change("{a: b, c: d}", "{c: d, a: b}"),
		"quotes":                  change("CNY", "'CNY'"),
		"another source":          change("synthetic", "somebody else"),
		"a default written out":   full + "format: csv\ncomma: ','\n",
	} {
		if hash(yaml) != want {
			t.Errorf("%s is another request", name)
		}
	}
	seen := map[string]string{want: "as it was"}
	for name, yaml := range map[string]string{
		"encoding": full + "encoding: gb18030\n", "comma": full + "comma: ';'\n", "currency": change("CNY", "EUR"),
		"currency column": change("cur\n", "curr\n"), "amount column": change("{column: amount}", "{column: a}"),
		"decimal": change("column: amount", "column: amount, decimal: ','"), "thousands": change("column: amount", "column: amount, thousands: ','"),
		"prefix": change("column: amount", "column: amount, prefix: ¥"), "suffix": change("column: amount", "column: amount, suffix: ¥"),
		"date column": change("column: date", "column: d"), "date format": change("[YYYY-MM-DD]", "[YYYY/M/D]"), "two formats": change("[YYYY-MM-DD]", "[YYYY-MM-DD, YYYY/M/D]"),
		"years": change("[YYYY-MM-DD]", "[YYYY], rule: YYYY-12-31"), "another day": change("[YYYY-MM-DD]", "[YYYY], rule: YYYY-12-30"),
		"kind": change("employer", "institution"), "name": change("column: name", "column: other"), "place": change("name: {column: name}", "name: {column: name}, place: {column: name}"),
		"person": change("name: {column: name}", "name: {column: name}, person_number: {column: p}"), "certificate": change("name: {column: name}", "name: {column: name}, certificate: {column: p}"),
		"code": change("name: {column: name}", "name: {column: name}, uscc: {column: p}"), "scheme": change("value: s", "value: x"), "scheme by column": change("value: s", "column: s"),
		"region": change("value: r", "value: x"), "fund": change("value: f", "value: x"), "a value": change("a: b", "a: x"), "what is translated": change("a: b", "x: b"),
		"no note": minimal + "currency_column: cur\n", "a value the less": change("a: b, ", ""), "a value that is nothing": change("a: b, ", "a: '', "),
	} {
		h := hash(yaml)
		if other, twice := seen[h]; twice {
			t.Errorf("%s: the hash of %s", name, other)
		}
		seen[h] = name
	}
	const list = "format: json\nlist: l\n"
	pointers := strings.NewReplacer("column: amount", "column: /amount", "column: date", "column: /date", "column: name", "column: /name").Replace(minimal)
	if hash(pointers+list) == hash(pointers+"format: json\nlist: m\n") || hash(pointers+list) == hash(pointers) {
		t.Error("another list, or none, has the same hash")
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

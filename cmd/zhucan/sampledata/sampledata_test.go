package sampledata_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"zhucan/cmd/zhucan/intake"
	"zhucan/cmd/zhucan/sampledata"
	"zhucan/ledger"
	"zhucan/ledger/levy"
	"zhucan/ledger/policy"
)

var update = flag.Bool("update", false, "write the hashes anew")

// memory keeps the files of a sample.
type memory map[string]*bytes.Buffer

type open struct{ *bytes.Buffer }

func (open) Close() error { return nil }

func (m memory) create(path string) (io.WriteCloser, error) {
	m[path] = new(bytes.Buffer)
	return open{m[path]}, nil
}

// under gives the files of a folder.
func (m memory) under(folder string) fs.FS {
	all := make(fstest.MapFS)
	for path, content := range m {
		if name, ok := strings.CutPrefix(path, folder); ok {
			all[name] = &fstest.MapFile{Data: content.Bytes()}
		}
	}
	return all
}

func write(t *testing.T, seed uint64, scale sampledata.Scale) (memory, sampledata.Truth) {
	t.Helper()
	files := make(memory)
	truth, err := sampledata.Write(seed, scale, files.create, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return files, truth
}

// The hashes are those of another day, and perhaps of another machine. Who changes what is
// written on purpose writes them anew with -update.
func TestASeedGivesTheSameBytesForEver(t *testing.T) {
	t.Parallel()
	files, truth := write(t, 1, sampledata.Small)
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(files[path].Bytes()), path)
	}
	const golden = "testdata/small-1.sha256"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || b.String() != string(want) {
		t.Errorf("%v; the hashes are now\n%s", err, b.String())
	}
	for _, s := range truth.Steps {
		if s.File != nil && s.File.SHA256 != fmt.Sprintf("%x", sha256.Sum256(files[s.File.Path].Bytes())) {
			t.Errorf("%s has another hash than the truth says", s.File.Path)
		}
	}
	other, _ := write(t, 2, sampledata.Small)
	for _, path := range []string{"2023/declarations.csv", "2023/achievements.csv", "2023/payments.csv", "2023/applications.csv"} {
		if bytes.Equal(other[path].Bytes(), files[path].Bytes()) {
			t.Errorf("%s is the same for another seed", path)
		}
	}
}

func TestEveryFileSaysThatItIsSynthetic(t *testing.T) {
	t.Parallel()
	files, _ := write(t, 1, sampledata.Small)
	if len(files) < 20 {
		t.Fatalf("%d files", len(files))
	}
	for path, content := range files {
		lines := strings.SplitN(content.String(), "\n", 4)
		if !strings.Contains(strings.Join(lines[:3], "\n"), sampledata.Label) {
			t.Errorf("%s begins %q", path, lines[:3])
		}
	}
}

func TestThePolicyOfTheSampleIsOne(t *testing.T) {
	t.Parallel()
	files, truth := write(t, 1, sampledata.Small)
	pack, err := intake.ReadPack(files.under("policy/"))
	if err != nil || pack.Version != truth.Policy || len(pack.Targets) != 25 {
		t.Errorf("%v: version %s, %d targets", err, pack.Version, len(pack.Targets))
	}
}

// Numbers are valid and of ranges in which nobody real has one.
func TestTheNumbersOfTheSampleAreNobodys(t *testing.T) {
	t.Parallel()
	files, _ := write(t, 1, sampledata.Small)
	found := make(map[string]int)
	day := ledger.DateOf(2023, 12, 31)
	for path, content := range files {
		if !strings.HasSuffix(path, ".csv") || strings.HasPrefix(path, "policy/") {
			continue
		}
		r := csv.NewReader(content)
		r.Comment = '#'
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			for i, cell := range row {
				switch rows[0][i] {
				case "person_number", "身份证号", "certificate":
					n, err := ledger.ParsePersonNumber(cell[:min(18, len(cell))], day)
					if cell == "" || err != nil {
						continue
					}
					if found["person"]++; n.Birth().Year() != 1900 {
						t.Errorf("%s is born in %d", n.Masked(), n.Birth().Year())
					}
				case "uscc", "employer_uscc", "统一社会信用代码":
					c, err := ledger.ParseCreditCode(cell)
					if cell == "" || err != nil {
						continue
					}
					if found["employer"]++; c[8:14] != "999999" {
						t.Errorf("credit code %s", c)
					}
				case "bank_card":
					if c, err := ledger.ParseBankCard(cell); err == nil {
						if found["card"]++; c[:4] != "9999" {
							t.Errorf("card %s", c)
						}
					}
				case "name", "收款人", "beneficiary", "employer", "对方户名":
					if cell != "" && !strings.HasPrefix(cell, "示例") {
						t.Errorf("%s: name %q", path, cell)
					}
				}
			}
		}
	}
	if found["person"] < 1000 || found["employer"] < 500 || found["card"] < 100 {
		t.Errorf("%v", found)
	}
}

// The rules of package levy give in each filing year, with the tiers and exemptions in force
// then, what the sample reckons by itself.
func TestTheLeviesOfFiveYearsAreThoseOfTheRules(t *testing.T) {
	t.Parallel()
	files, rest := make(memory), int64(0)
	create := func(path string) (io.WriteCloser, error) {
		if strings.HasPrefix(path, "policy/") || strings.HasSuffix(path, "/declarations.csv") || strings.HasSuffix(path, "/reviews.csv") {
			return files.create(path)
		}
		return &counter{&rest}, nil
	}
	// The whole province has 150,000 levies, in half a gigabyte.
	truth, err := sampledata.WriteFewEmployers(1, create)
	if os.Getenv("ZHUCAN_SOAK") != "" {
		if truth, err = sampledata.Write(1, sampledata.FiveYears, create, func(int) {}); truth.Events < 4_000_000 || truth.Events > 5_000_000 {
			t.Errorf("%d events in %d bytes", truth.Events, rest)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(truth.Levies) != 5 {
		t.Errorf("%d years", len(truth.Levies))
	}
	pack, err := intake.ReadPack(files.under("policy/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range truth.Levies {
		if (want.Affected > 0) != (want.Year == 2023) {
			t.Errorf("%+v", want)
		}
		is := assess(t, pack, files, want.Year)
		// Who closed before 财政部公告2023年第8号 is assessed elsewhere, and in the truth too.
		if is.Assessed != want.Assessed-want.Affected || is.NotLiable != want.NotLiable || is.QuotaMet != want.QuotaMet || is.Small != want.Small || is.Owing != want.Owing-want.Affected {
			t.Errorf("%+v, want %+v", is, want)
		}
		if want.Affected == 0 && (is.Full != want.Full || is.Relief != want.Relief || is.Due != want.Due) {
			t.Errorf("%+v, want %+v", is, want)
		}
	}
}

// assess assesses the filings of a year at its end with package levy.
func assess(t *testing.T, pack policy.Pack, files memory, year int) (sum sampledata.Levy) {
	t.Helper()
	table := func(kind string) *intake.File {
		f, err := intake.New(bytes.NewReader(files[fmt.Sprintf("%d/%s.csv", year, kind)].Bytes()), intake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	known := ledger.DateOf(year, 12, 31)
	reviewed := make(map[ledger.CreditCode][]levy.Spell)
	for v, err := range intake.ReadReviews(table("reviews")) {
		if err != nil || v.On.Month() > 6 || reviewed[v.Employer.Code] != nil {
			continue // wrong, outside the window, or wrong after a right one
		}
		for _, x := range v.Review.Persons {
			reviewed[v.Employer.Code] = append(reviewed[v.Employer.Code], levy.Spell{Card: x.Card, Grade: x.Grade, Months: int(x.To.Last().Month()) - int(x.From.Last().Month()) + 1})
		}
	}
	type place struct {
		region ledger.RegionCode
		filed  ledger.Date
	}
	rules := make(map[place]*levy.Rules)
	var full, relief, due ledger.Money
	for d, err := range intake.ReadDeclarations(table("declarations")) {
		if err != nil || d.On.Month() < 8 || d.Declare.Staff.Sign() < 0 {
			continue // wrong
		}
		last, err := levy.FilingDay(&pack, d.Declare.Region, year, known)
		if err != nil {
			t.Fatal(err)
		}
		at := place{d.Declare.Region, d.On}
		if d.On.After(last) {
			at.filed = last
		}
		if rules[at] == nil {
			if rules[at], err = levy.NewRules(&pack, at.region, at.filed, known, ""); err != nil {
				t.Fatal(err)
			}
		}
		disabled, _, err := rules[at].Disabled(reviewed[d.Employer.Code])
		if err != nil {
			t.Fatal(err)
		}
		a, err := rules[at].Assess(levy.Facts{Class: d.Declare.Class, Staff: d.Declare.Staff, Disabled: disabled, Payroll: d.Declare.Payroll, Wage: d.Declare.Wage, Registered: d.Declare.Registered})
		if err != nil {
			t.Fatal(err)
		}
		sum.Assessed++
		switch a.Outcome {
		case levy.NotLiable:
			sum.NotLiable++
		case levy.QuotaMet:
			sum.QuotaMet++
		case levy.SmallEnterprise:
			sum.Small++
		default:
			sum.Owing++
		}
		full, relief, due = full.Add(a.Full), relief.Add(a.Relief), due.Add(a.Due)
	}
	sum.Full, sum.Relief, sum.Due = full.String(), relief.String(), due.String()
	return sum
}

type counter struct{ n *int64 }

func (c *counter) Write(b []byte) (int, error) { *c.n += int64(len(b)); return len(b), nil }
func (c *counter) Close() error                { return nil }

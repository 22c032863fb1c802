package ledger

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A RegionCode names an administrative division (行政区划代码, GB/T 2260), such as
// 220104, or a body that reports but has no such code, such as R-CBS. The same
// code may have meant another division once: it is read together with a day.
type RegionCode string

// A RegionLevel is a rank in the hierarchy of regions.
type RegionLevel string

// The levels. A statistical zone has a code of the National Bureau of Statistics
// and a reporting body one of this program; neither is in GB/T 2260.
const (
	LevelProvince   RegionLevel = "province"
	LevelPrefecture RegionLevel = "prefecture"
	LevelCounty     RegionLevel = "county" // districts, county-level cities, counties, autonomous counties
	LevelStatZone   RegionLevel = "stat_zone"
	LevelReporting  RegionLevel = "reporting"
)

// A Region is what a code meant in the years From to To, both included: the
// source has the precision of a year, and in the year of a change old and new
// are right. From is 0 where the beginning is not known, To is 0 in force. The
// record begins in 1981, which says nothing about what was before.
type Region struct {
	Code   RegionCode
	NameZH string
	NameEN string
	Level  RegionLevel
	Parent RegionCode // "" of the province
	From   int
	To     int
	Note   string // what became of it
}

// Refusals of regions, in the order of checking.
var (
	ErrRegion = &Rejection{
		Code: "region-unknown", Rule: "a region is one of Jilin Province that existed on the day", RuleZH: "行政区划须为当日已设立的吉林省行政区划",
		Source: "GB/T 2260", Next: "use a code of the region table", NextZH: "请使用区划表中的代码",
	}
	ErrRegionRetired = &Rejection{
		Code: "region-retired", Rule: "a region is used until the year its code was withdrawn", RuleZH: "行政区划代码撤销后不得用于以后日期",
		Source: "GB/T 2260", Next: "use the successor", NextZH: "请使用接续的区划代码",
	}
)

// RegionRejections lists the refusals of this file in the order of checking.
var RegionRejections = []*Rejection{ErrRegion, ErrRegionRetired}

//go:embed regions.csv
var regionsCSV string

// regions is the table by code, each code's rows from the oldest to the newest.
// A mistake in it is a programmer's.
var regions = sync.OnceValue(func() map[RegionCode][]Region {
	rows, err := csv.NewReader(strings.NewReader(regionsCSV)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("ledger: regions.csv: %v", err))
	}
	table := make(map[RegionCode][]Region)
	for _, row := range rows[1:] {
		r := Region{
			Code: RegionCode(row[0]), NameZH: row[1], NameEN: row[2], Level: RegionLevel(row[3]),
			Parent: RegionCode(row[4]), From: year(row[5]), To: year(row[6]), Note: row[7],
		}
		table[r.Code] = append(table[r.Code], r)
	}
	for _, rows := range table {
		slices.SortFunc(rows, func(a, b Region) int { return a.From - b.From })
	}
	return table
})

func year(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("ledger: regions.csv: year %q", s))
	}
	return n
}

// FindRegion returns what code meant on a day. When it changed its meaning in
// that year, that is the new one, as at 31 December. A code not known then is
// refused with [ErrRegion], one withdrawn before with [ErrRegionRetired], which
// names the successors.
func FindRegion(code RegionCode, on Date) (Region, error) {
	rows := regions()[code]
	if len(rows) == 0 {
		return Region{}, ErrRegion.Of("%q", clip(string(code)))
	}
	if on.Year() < rows[0].From {
		return Region{}, ErrRegion.Of("%s %s is on record from %d, not on %s", code, rows[0].NameZH, rows[0].From, on)
	}
	var last Region
	for _, r := range rows {
		if r.From <= on.Year() {
			last = r
		}
	}
	if last.To != 0 && last.To < on.Year() {
		fate, _, _ := strings.Cut(last.Note, ";")
		return Region{}, ErrRegionRetired.Of("%s %s ended in %d: %s", code, last.NameZH, last.To, fate)
	}
	return last, nil
}

// Prefecture returns what a region was under on a day, directly below the province, or the
// region itself. It follows the table: 公主岭 was under 四平 until 2020.
func Prefecture(code RegionCode, on Date) RegionCode {
	for at := code; ; {
		r, err := FindRegion(at, on)
		if err != nil || r.Parent == "" {
			return code
		}
		if above, err := FindRegion(r.Parent, on); err == nil && above.Level == LevelProvince {
			return at
		}
		at = r.Parent
	}
}

// RegionsIn returns the regions of a day in the order of their codes, with those
// that began or ended in its year.
func RegionsIn(on Date) []Region {
	var found []Region
	for code := range regions() {
		if r, err := FindRegion(code, on); err == nil {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b Region) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return found
}

// Under tells whether child is parent or belonged to it on a day, directly or
// through other regions. It follows the table and not the digits: 公主岭 was under
// 四平 until 2020, and is under 长春 since. A region not in force belongs to none.
func Under(parent, child RegionCode, on Date) bool {
	for child != "" {
		r, err := FindRegion(child, on)
		if err != nil {
			return false
		}
		if child == parent {
			return true
		}
		child = r.Parent
	}
	return false
}

// successors are the regions that have the place of a code on a day: itself while it is in force.
func successors(code RegionCode, on Date) (all []RegionCode) {
	if _, err := FindRegion(code, on); err == nil {
		return []RegionCode{code}
	}
	rows := regions()[code]
	if len(rows) == 0 || rows[len(rows)-1].To >= on.Year() {
		return nil
	}
	fate, _, _ := strings.Cut(rows[len(rows)-1].Note, ";")
	next, retired := strings.CutPrefix(fate, "retired -> ")
	if !retired {
		return nil
	}
	for _, code := range strings.Fields(next) {
		all = append(all, successors(RegionCode(code), on)...)
	}
	return all
}

// StandsIn returns the region in which lies on a day what was put under a code before: that
// of the code, or the one that took its place. A code with several successors has none.
func StandsIn(code RegionCode, on Date) (Region, error) {
	if all := successors(code, on); len(all) == 1 {
		code = all[0]
	}
	return FindRegion(code, on)
}

// StoodIn returns the code under which lay on a day what a code is of that came later: 公主岭, 220184
// since 2020, stood in 220381 before. Of any other, and where several became one, it is the code.
func StoodIn(code RegionCode, on Date) RegionCode {
	rows := regions()[code]
	if len(rows) == 0 || rows[0].From <= on.Year() {
		return code
	}
	var before []RegionCode
	for _, r := range RegionsIn(on) {
		if slices.Equal(successors(r.Code, DateOf(rows[0].From+1, 1, 1)), []RegionCode{code}) {
			before = append(before, r.Code)
		}
	}
	if len(before) == 1 {
		return before[0]
	}
	return code
}

// KnownHere tells whether a code is one of this province, on whatever day.
func KnownHere(code RegionCode) bool { return len(regions()[code]) > 0 }

// CodesIn returns every code, also one withdrawn before, of what lies in a region or below
// it on a day.
func CodesIn(parent RegionCode, on Date) []RegionCode {
	var found []RegionCode
	for code := range regions() {
		all := successors(code, on)
		if len(all) > 0 && !slices.ContainsFunc(all, func(c RegionCode) bool { return !Under(parent, c, on) }) {
			found = append(found, code)
		}
	}
	slices.Sort(found)
	return found
}

// KnownAnywhere tells whether code was ever a region of Jilin, or begins as
// those of another province do (GB/T 2260). A number issued to a person or an
// organisation whose region is not known deserves a warning and is not refused:
// it carries the code of its day, from anywhere in the country.
func KnownAnywhere(code RegionCode) bool {
	if KnownHere(code) {
		return true
	}
	if len(code) != 6 || notDigit(string(code)) >= 0 {
		return false
	}
	return slices.Contains(otherProvinces, string(code[:2]))
}

var otherProvinces = []string{
	"11", "12", "13", "14", "15", "21", "23", "31", "32", "33", "34", "35", "36", "37",
	"41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
	"71", "81", "82", "83",
}

package ledger_test

import (
	"encoding/csv"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"zhucan/ledger"
)

func dayIn(year int) ledger.Date { return ledger.DateOf(year, 7, 1) }

func TestACodeMeansWhatItMeantOnTheDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code   ledger.RegionCode
		year   int
		name   string
		reject *ledger.Rejection
	}{
		{"220000", 2024, "吉林省", nil},
		{"220104", 2024, "朝阳区", nil},
		{"220105", 1994, "二道河子区", nil},
		{"220105", 1995, "二道区", nil}, // the year of change: as at 31 December
		{"220105", 2024, "二道区", nil},
		{"220381", 2019, "公主岭市", nil},
		{"220381", 2020, "公主岭市", nil}, // still right in its last year
		{"220381", 2021, "", ledger.ErrRegionRetired},
		{"220184", 2019, "", ledger.ErrRegion},
		{"220184", 2020, "公主岭市", nil},
		{"220181", 2014, "九台市", nil},
		{"220181", 2015, "", ledger.ErrRegionRetired},
		{"220600", 1993, "浑江市", nil},
		{"220600", 1994, "白山市", nil},
		{"220602", 2010, "浑江区", nil},
		{"222421", 1983, "龙井县", nil},
		{"222421", 1982, "延吉县", nil},
		{"222200", 2024, "", ledger.ErrRegionRetired},
		{"229001", 1989, "公主岭市", nil},
		{"220100", 1980, "", ledger.ErrRegion}, // before the record begins
		{"220171", 2024, "长春经济技术开发区", nil},
		{"R-CBS", 2024, "长白山管委会", nil},
		{"110105", 2024, "", ledger.ErrRegion},
		{"220199", 2024, "", ledger.ErrRegion},
		{"", 2024, "", ledger.ErrRegion},
	} {
		r, err := ledger.FindRegion(c.code, dayIn(c.year))
		refusedWith(t, err, c.reject)
		if r.NameZH != c.name {
			t.Errorf("%s in %d is %q, want %q", c.code, c.year, r.NameZH, c.name)
		}
	}
}

func TestARetiredCodeNamesItsSuccessors(t *testing.T) {
	t.Parallel()
	for code, want := range map[ledger.RegionCode]string{
		"220381": "220381 公主岭市 ended in 2020: retired -> 220184",
		"220181": "220181 九台市 ended in 2014: retired -> 220113",
		"220724": "220724 扶余县 ended in 2013: retired -> 220781",
		"220111": "220111 郊区 ended in 1995: retired -> 220102 220103 220104 220105 220106",
		"222300": "222300 白城地区 ended in 1993: retired",
	} {
		_, err := ledger.FindRegion(code, dayIn(2024))
		if _, particulars := ledger.Refused(err); particulars != want {
			t.Errorf("%s: %q, want %q", code, particulars, want)
		}
	}
}

func TestWhatWasPutUnderARetiredCodeLiesWhereTheOneSuccessorDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code, want ledger.RegionCode
		year       int
	}{
		{"220104", "220104", 2023},
		{"220381", "220381", 2020}, // in its last year
		{"220381", "220184", 2021},
		{"229005", "220113", 2023}, // through 220181
		{"220111", "", 2023},       // several
		{"222300", "", 2023},       // none
		{"220184", "", 2019},       // not yet
		{"110105", "", 2023},
	} {
		if r, err := ledger.StandsIn(c.code, dayIn(c.year)); r.Code != c.want || (err == nil) != (c.want != "") {
			t.Errorf("what was put under %s lies in %q in %d, %v; want %q", c.code, r.Code, c.year, err, c.want)
		}
	}
	for parent, want := range map[ledger.RegionCode]string{"220184": "220381", "220100": "220111 220381", "220000": "220111 220381", "220300": "", "220102": ""} {
		var got []string
		for _, code := range ledger.CodesIn(parent, dayIn(2023)) {
			if code == "220381" || code == "220111" { // 220111 became several districts of 220100
				got = append(got, string(code))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("in %s lies what was put under %q, want %q", parent, got, want)
		}
	}
}

func TestTheProvinceHasNinePrefecturesAndSixtyCounties(t *testing.T) {
	t.Parallel()
	count := make(map[ledger.RegionLevel]int)
	regions := ledger.RegionsIn(dayIn(2024))
	for _, r := range regions {
		count[r.Level]++
		if !ledger.Under("220000", r.Code, dayIn(2024)) {
			t.Errorf("%s %s is not under the province", r.Code, r.NameZH)
		}
	}
	for level, want := range map[ledger.RegionLevel]int{
		ledger.LevelProvince: 1, ledger.LevelPrefecture: 9, ledger.LevelCounty: 60, ledger.LevelStatZone: 9, ledger.LevelReporting: 3,
	} {
		if count[level] != want {
			t.Errorf("%d of level %s, want %d", count[level], level, want)
		}
	}
	if !slices.IsSortedFunc(regions, func(a, b ledger.Region) int { return strings.Compare(string(a.Code), string(b.Code)) }) {
		t.Error("regions are not in order")
	}
}

func TestBothCodesOfATransferAreRightInItsYear(t *testing.T) {
	t.Parallel()
	for year, want := range map[int][]ledger.RegionCode{
		2019: {"220381"}, 2020: {"220184", "220381"}, 2021: {"220184"},
	} {
		var got []ledger.RegionCode
		for _, r := range ledger.RegionsIn(dayIn(year)) {
			if r.NameZH == "公主岭市" {
				got = append(got, r.Code)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("公主岭 in %d is %s, want %s", year, got, want)
		}
	}
}

func TestTheHierarchyIsThatOfTheDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		parent, child ledger.RegionCode
		year          int
		want          bool
	}{
		{"220300", "220381", 2019, true},
		{"220100", "220381", 2019, false},
		{"220100", "220184", 2021, true},
		{"220300", "220184", 2021, false},
		{"220300", "220381", 2021, false},
		{"220100", "220184", 2019, false},
		{"220000", "220104", 2024, true},
		{"220104", "220000", 2024, false},
		{"220104", "220104", 2024, true},
		{"220104", "220105", 2024, false},
		{"222200", "222221", 1984, true},
		{"222200", "222221", 1986, false},
		{"220000", "229001", 1989, true},
		{"220500", "220581", 2024, true},
		{"220000", "R-CBS", 2024, true},
		{"220100", "R-CCXQ", 2024, true},
		{"220000", "110105", 2024, false},
		{"110105", "110105", 2024, false},
		{"", "220104", 2024, false},
		{"", "", 2024, false},
	} {
		if got := ledger.Under(c.parent, c.child, dayIn(c.year)); got != c.want {
			t.Errorf("%s under %s in %d: %t", c.child, c.parent, c.year, got)
		}
	}
}

func TestRegionsOfNumbersAreKnownAnywhereInTheCountry(t *testing.T) {
	t.Parallel()
	for code, want := range map[ledger.RegionCode]bool{
		"220104": true, "220381": true, "222301": true, "220125": true, "110105": true, "350100": true, "220171": true,
		"220101": false, "229999": false, "990101": false, "000000": false, "11010": false, "11010X": false, "": false,
	} {
		if got := ledger.KnownAnywhere(code); got != want {
			t.Errorf("%s: %t", code, got)
		}
	}
}

// The data: each row's parent existed all its life, rows of one code follow one
// another, and successors exist.
func TestTheRegionTableIsConsistent(t *testing.T) {
	t.Parallel()
	file, err := os.Open("regions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	codes := make(map[string]bool)
	for _, row := range rows[1:] {
		codes[row[0]] = true
	}
	ended := make(map[string]string)
	successor := regexp.MustCompile(`(?:retired|changed) -> ([0-9 ]+)`)
	for _, row := range rows[1:] {
		code, level, parent, from, to, note := row[0], ledger.RegionLevel(row[3]), row[4], row[5], row[6], row[7]
		switch level {
		case ledger.LevelProvince, ledger.LevelPrefecture, ledger.LevelCounty, ledger.LevelStatZone, ledger.LevelReporting:
		default:
			t.Errorf("%s has level %q", code, level)
		}
		if before, ok := ended[code]; ok && (before == "" || from < before) {
			t.Errorf("%s from %s overlaps with its row to %q", code, from, before)
		}
		ended[code] = to
		if m := successor.FindStringSubmatch(note); m != nil {
			for _, next := range strings.Fields(m[1]) {
				if !codes[next] {
					t.Errorf("%s is followed by %s, which is not in the table", code, next)
				}
			}
		}
		if from == "" {
			from = "1994" // a zone or body of unknown date, younger than the prefectures
		}
		if to == "" {
			to = "2025"
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || first > last {
			t.Errorf("%s is in force from %q to %q", code, from, to)
		}
		for year := first; year <= last && parent != ""; year++ {
			if !ledger.Under(ledger.RegionCode(parent), ledger.RegionCode(code), dayIn(year)) {
				t.Errorf("%s is not under %s in %d", code, parent, year)
			}
		}
	}
}

func TestARegionStoodInTheCodeItHadBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code ledger.RegionCode
		year int
		want ledger.RegionCode
	}{
		{"220184", 2019, "220381"}, {"220184", 2020, "220184"}, {"220381", 2019, "220381"}, {"220104", 2019, "220104"}, {"999999", 2019, "999999"},
	} {
		if got := ledger.StoodIn(c.code, dayIn(c.year)); got != c.want {
			t.Errorf("%s stood in %s in %d, want %s", c.code, got, c.year, c.want)
		}
	}
}

func TestARegionIsUnderItsPrefectureOfTheDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code ledger.RegionCode
		year int
		want ledger.RegionCode
	}{
		{"220104", 2023, "220100"}, {"220100", 2023, "220100"}, {"220000", 2023, "220000"},
		{"220381", 2019, "220300"}, {"220184", 2021, "220100"}, {"110105", 2023, "110105"},
	} {
		if got := ledger.Prefecture(c.code, dayIn(c.year)); got != c.want {
			t.Errorf("%s in %d is under %s, want %s", c.code, c.year, got, c.want)
		}
	}
}

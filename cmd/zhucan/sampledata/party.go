package sampledata

import (
	"fmt"
	"strings"

	"zhucan/ledger"
)

// A county is one of the county-level units, numbered in the order of their codes.
type county struct {
	n    int
	code ledger.RegionCode
}

// counties are the county-level units of today.
func counties() []county {
	var all []county
	for _, r := range ledger.RegionsIn(ledger.DateOf(2024, 12, 31)) {
		if r.Level == ledger.LevelCounty {
			all = append(all, county{len(all), r.Code})
		}
	}
	return all
}

// in is the code that a county files under in a year. 公主岭 was 220381 under 四平 until
// 2020 and has been 220184 under 长春 since.
func (c county) in(year int) string {
	if c.code == "220184" && year <= 2020 {
		return "220381"
	}
	return string(c.code)
}

// The parts that persons have, by the first number of each. Who comes anew each year is
// numbered on from there.
const (
	trainees   = 0
	monthly    = 20_000
	founders   = 40_000
	students   = 60_000
	applicants = 80_000
	growers    = 100_000
	posted     = 120_000
	jobless    = 140_000
	graduates  = 160_000
	staff      = 200_000 // most to an employer, one employer after another
	relatives  = 220_000
	persons    = 240_000 // of one county, at most
)

const most = 8 // disabled persons of an employer

// A person is a number in a county, and everything else follows.
type person struct {
	county county
	n      int
}

var monthDays = [12]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31} // of 1900

// number is born in 1900, with a check character of its own (GB 11643-1999).
func (p person) number() string {
	day, month := p.n%365, 0
	for day >= monthDays[month] {
		day, month = day-monthDays[month], month+1
	}
	s := fmt.Sprintf("%s1900%02d%02d%03d", p.county.code, month+1, day+1, p.n/365)
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return s + "10X98765432"[sum%11:][:1]
}

// grade is that of the disability: 1 and 2 count double for the levy.
func (p person) grade() int { return 1 + (p.n+p.n/most)%4 }

func (p person) certificate() string {
	return fmt.Sprintf("%s%d%d", p.number(), 1+p.n/4%7, p.grade())
}

func (p person) name() string {
	stems := []rune("甲乙丙丁戊己庚辛壬癸")
	return fmt.Sprintf("示例%c%02d%06d", stems[p.n%10], p.county.n, p.n)
}

// card has a check digit (ISO/IEC 7812-1, annex B) and a beginning of no bank.
func (p person) card() string { return withLuhn(fmt.Sprintf("9999%02d%012d", p.county.n, p.n)) }

func withLuhn(digits string) string {
	return checked(digits, func(s string) error { _, err := ledger.ParseBankCard(s); return err })
}

// checked ends a number with the character that its kind checks.
func checked(number string, parse func(string) error) string {
	for _, c := range creditSymbols {
		if s := number + string(c); parse(s) == nil {
			return s
		}
	}
	panic("sampledata: no check character for " + number)
}

// damaged changes the last character of a number that has a check character.
func damaged(number string) string {
	last := "0"
	if strings.HasSuffix(number, "0") {
		last = "1"
	}
	return number[:len(number)-1] + last
}

// An employer is a number in a county, with what does not change from year to year.
type employer struct {
	county  county
	n       int
	class   string // the first two characters of its code
	heads   int    // staff, about
	closing bool   // files before the window, because it closes
}

// maxEmployers is how many bodies there are for one county, those made for wrong rows included.
const maxEmployers = 31 * 31

func (p *province) employer(c county, n int) employer {
	d := cast(p.seed, 'e', c.n, n)
	e := employer{county: c, n: n, class: "91"}
	switch d.below(16) {
	case 0, 1:
		e.class = "12"
	case 2:
		e.class = "52"
	case 3:
		e.class = "11"
	case 4:
		e.class = "92"
	}
	switch size := d.below(10); {
	case size < 5:
		e.heads = 5 + d.below(26)
	case size < 8:
		e.heads = 31 + d.below(70)
	default:
		e.heads = 101 + d.below(500)
	}
	return e
}

// closer is an enterprise that closes at the beginning of the year, in one county of ten: in
// 2023 before anything followed 财政部公告2019年第98号.
func (p *province) closer(c county) (employer, bool) {
	if p.year != 2023 || c.n%10 != 0 {
		return employer{}, false
	}
	for n := p.size.employers + 4; ; n++ { // behind those for wrong rows
		if e := p.employer(c, n); e.enterprise() {
			e.closing = true
			return e, true
		}
	}
}

func (e employer) enterprise() bool { return e.class == "91" }
func (e employer) liable() bool     { return e.class != "92" }

const creditSymbols = "0123456789ABCDEFGHJKLMNPQRTUWXY" // GB 32100-2015

// code is a credit code whose body begins with 999999, with both of its check characters.
func (e employer) code() string {
	body := "999999" + creditSymbols[e.n/31:][:1] + creditSymbols[e.n%31:][:1]
	sum := 0
	for i, w := range [8]int{3, 7, 9, 10, 5, 8, 4, 2} {
		value := int(body[i] - '0')
		if body[i] > '9' {
			value = int(body[i]-'A') + 10
		}
		sum += value * w
	}
	s := e.class + string(e.county.code) + body + "0123456789X"[(11-sum%11)%11:][:1]
	sum, weight := 0, 1
	for _, c := range s {
		sum, weight = sum+strings.IndexRune(creditSymbols, c)*weight, weight*3%31
	}
	return s + creditSymbols[(31-sum%31)%31:][:1]
}

func (e employer) name() string {
	kind := map[string]string{"11": "机关", "12": "中心", "52": "服务中心", "91": "有限公司", "92": "商店"}[e.class]
	return fmt.Sprintf("示例%02d%03d%s（合成）", e.county.n, e.n, kind)
}

// worker is one of the disabled persons that an employer may have.
func (e employer) worker(i int) person { return person{e.county, staff + e.n*most + i} }

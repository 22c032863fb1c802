package intake

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"zhucan/ledger"
)

// An AmountForm says how amounts are written in a list. The zero AmountForm is
// 1234.56.
type AmountForm struct {
	Decimal   string // "." or ","; default "."
	Thousands string // what groups three digits; default: nothing does
	Prefix    string // currency sign in front, on every amount
	Suffix    string // currency sign behind, on every amount
}

// Parse reads an amount exactly. White space outside and beside the currency sign
// is ignored. The sign must be there, so that an amount cut short is noticed;
// groups must be whole; more than two decimals are refused whatever they are;
// zero and negative amounts are refused, because a list of payments says how much
// was paid.
func (f AmountForm) Parse(literal string) (ledger.Money, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(literal), f.Prefix)
	if !ok {
		return ledger.Money{}, ledger.ErrAmountForm.Of("%s without %q in front", quote(literal), f.Prefix)
	}
	if text, ok = strings.CutSuffix(text, f.Suffix); !ok {
		return ledger.Money{}, ledger.ErrAmountForm.Of("%s without %q behind", quote(literal), f.Suffix)
	}
	text = strings.TrimSpace(text)
	point := f.Decimal
	if point == "" {
		point = "."
	}
	whole, cents, fraction := strings.Cut(text, point)
	if f.Thousands != "" && strings.Contains(whole, f.Thousands) {
		groups := strings.Split(strings.TrimPrefix(whole, "-"), f.Thousands)
		for i, g := range groups {
			if len(g) != 3 && (i > 0 || len(g) == 0 || len(g) > 3) {
				return ledger.Money{}, ledger.ErrAmountForm.Of("%s: group %d", quote(literal), i+1)
			}
		}
		whole = strings.ReplaceAll(whole, f.Thousands, "")
	}
	// A point that is not the decimal one must not become it.
	if strings.ContainsAny(whole, ".,") || strings.ContainsAny(cents, ".,") {
		return ledger.Money{}, ledger.ErrAmountForm.Of("%s", quote(literal))
	}
	if fraction {
		whole += "." + cents
	}
	amount, err := ledger.ParseMoney(whole)
	if err != nil {
		rule, _ := ledger.Refused(err)
		return ledger.Money{}, rule.Of("%s", quote(literal))
	}
	if amount.Sign() <= 0 {
		return ledger.Money{}, ledger.ErrAmountSign.Of("%s", amount)
	}
	return amount, nil
}

// quote shows a cell in an error: short, and without personal numbers. A cell
// without a digit is only counted: columns may have changed places, and it may be
// a name.
func quote(cell string) string {
	if !strings.ContainsFunc(cell, isDigit) {
		return "(" + strconv.Itoa(len([]rune(cell))) + " characters)"
	}
	cell = Visible(mask(cell, open))
	if r := []rune(cell); len(r) > 40 {
		cell = string(r[:40]) + "…"
	}
	return strconv.Quote(cell)
}

// A DateForm says how days are written in a list.
type DateForm struct {
	Formats []string // such as YYYY-MM-DD, D.M.YYYY or YYYY年M月D日; YY has no meaning
	Rule    string   // of a list that gives only years: the day assigned, as YYYY-12-31
}

// Parse reads a day. When two formats read it as two days it is refused:
// 03/04/2023 is one day in London and another in New York.
func (f DateForm) Parse(cell string) (ledger.Date, error) {
	var found ledger.Date
	for _, format := range f.Formats {
		text, ok := arrange(strings.TrimSpace(cell), format, f.Rule)
		if !ok {
			continue
		}
		d, err := ledger.ParseDate(text)
		if err != nil {
			continue
		}
		if !found.IsZero() && found != d {
			return ledger.Date{}, ledger.ErrDate.Of("%s is %s or %s", quote(cell), found, d)
		}
		found = d
	}
	if found.IsZero() {
		return ledger.Date{}, ledger.ErrDate.Of("%s is not written as %s", quote(cell), strings.Join(f.Formats, ", "))
	}
	return found, nil
}

// arrange rewrites a cell from format to YYYY-MM-DD. YYYY, MM and DD stand for
// that many digits, M and D for one or two, anything else for itself.
func arrange(cell, format, rule string) (string, bool) {
	year, month, day := "", "", ""
	for format != "" {
		part, least, most := &year, 4, 4
		switch {
		case strings.HasPrefix(format, "YYYY"):
			format = format[4:]
		case strings.HasPrefix(format, "MM"):
			part, least, most, format = &month, 2, 2, format[2:]
		case strings.HasPrefix(format, "DD"):
			part, least, most, format = &day, 2, 2, format[2:]
		case strings.HasPrefix(format, "M"):
			part, least, most, format = &month, 1, 2, format[1:]
		case strings.HasPrefix(format, "D"):
			part, least, most, format = &day, 1, 2, format[1:]
		default:
			_, size := utf8.DecodeRuneInString(format)
			if !strings.HasPrefix(cell, format[:size]) {
				return "", false
			}
			cell, format = cell[size:], format[size:]
			continue
		}
		n := 0
		for n < len(cell) && n < most && '0' <= cell[n] && cell[n] <= '9' {
			n++
		}
		if n < least {
			return "", false
		}
		*part, cell = cell[:n], cell[n:]
	}
	if cell != "" {
		return "", false
	}
	if month == "" && day == "" {
		return strings.Replace(rule, "YYYY", year, 1), true
	}
	return year + "-" + pad(month) + "-" + pad(day), true
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// check refuses a form that cannot be meant.
func (f DateForm) check() string {
	if len(f.Formats) == 0 {
		return "no format"
	}
	for _, format := range f.Formats {
		years, months, days := strings.Count(format, "YYYY"), strings.Count(format, "M"), strings.Count(format, "D")
		switch {
		case years != 1 || strings.Count(format, "Y") != 4:
			return "format " + strconv.Quote(format) + " has not one YYYY"
		case months == 0 && days == 0 && f.Rule == "":
			return "format " + strconv.Quote(format) + " gives no day, and no rule assigns one"
		case months == 0 && days == 0:
			if _, err := ledger.ParseDate(strings.Replace(f.Rule, "YYYY", "2001", 1)); err != nil || !strings.HasPrefix(f.Rule, "YYYY-") {
				return "rule " + strconv.Quote(f.Rule) + " is no day of a year, such as YYYY-12-31"
			}
		case months == 0 || days == 0 || months > 2 || days > 2 || months == 2 && !strings.Contains(format, "MM") || days == 2 && !strings.Contains(format, "DD"):
			return "format " + strconv.Quote(format) + " has not one month and one day"
		}
	}
	return ""
}

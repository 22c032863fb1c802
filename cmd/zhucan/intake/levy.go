package intake

import (
	"fmt"
	"slices"
	"strings"

	"zhucan/ledger"
	"zhucan/ledger/levy"
)

// A LevyRow is what a row says of one employer and filing year.
type LevyRow struct {
	Year     int
	Region   ledger.RegionCode
	Rounding string      // profile; empty: the policy's
	Paid     ledger.Date // none: not said
	Assessed ledger.Date // day up to which publications count; none: all do
	Facts    levy.Facts
}

// LevyColumns says where the cells of a [LevyRow] stand.
type LevyColumns struct {
	index   [len(levyColumns)]int
	region  ledger.RegionCode
	Ignored []string // columns that mean nothing here
}

// levyColumns are the columns that are read, those that must be there first.
var levyColumns = [...]string{
	"filing_year", "unit_class", "staff", "disabled_weighted",
	"region", "average_wage", "payroll", "social_average_wage", "ratio", "rounding", "registered_on", "paid_on", "assessed_on",
}

const (
	atYear = iota
	atClass
	atStaff
	atDisabled
	atRegion
	atWage
	atPayroll
	atSocial
	atRatio
	atRounding
	atRegistered
	atPaid
	atAssessed

	levyNeeded = atRegion
)

// FindLevyColumns finds the columns in a header, whatever blanks stand around their names. A
// column that is nearly one that is read is refused, for it would be passed over. Without a
// column for them, all rows are of the region.
func FindLevyColumns(header []string, region ledger.RegionCode) (LevyColumns, error) {
	c := LevyColumns{region: region}
	columns := make([]string, len(header))
	for i, name := range header {
		if columns[i] = strings.TrimSpace(name); slices.Contains(levyColumns[:], columns[i]) && slices.Contains(columns[:i], columns[i]) {
			return c, ErrColumns.Of("column %q twice", columns[i])
		}
	}
	for _, name := range columns {
		for _, known := range levyColumns {
			if name != known && folded(name) == folded(known) {
				return c, ErrColumns.Of("column %s, which is nearly %q", quote(name), known)
			}
		}
	}
	for i, name := range levyColumns {
		c.index[i] = slices.Index(columns, name)
		if c.index[i] < 0 && i < levyNeeded {
			return c, ErrColumns.Of("no column %q", name)
		}
	}
	if c.index[atWage] < 0 && c.index[atPayroll] < 0 {
		return c, ErrColumns.Of("no column %q and no column %q", "average_wage", "payroll")
	}
	for _, name := range columns {
		if name != "id" && !slices.Contains(levyColumns[:], name) {
			c.Ignored = append(c.Ignored, name)
		}
	}
	return c, nil
}

// folded is a name without case, blanks, dashes and underscores.
func folded(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(strings.Join(strings.Fields(name), "")))
}

func (c *LevyColumns) cell(cells []string, at int) string {
	if i := c.index[at]; i >= 0 {
		return strings.TrimSpace(cells[i])
	}
	return ""
}

// Read reads the cells of a row. What is there is read strictly; what it means is for
// [levy.Rules] to judge.
func (c *LevyColumns) Read(cells []string) (LevyRow, error) {
	r := LevyRow{Region: c.region, Rounding: c.cell(cells, atRounding)}
	year := c.cell(cells, atYear)
	first, err := ledger.ParseDate(year + "-01-01")
	if err != nil {
		return r, ErrValue.Of("filing_year %s", quote(year))
	}
	r.Year = first.Year()
	if c.index[atRegion] >= 0 {
		r.Region = ledger.RegionCode(c.cell(cells, atRegion))
	}
	r.Facts.Class = ledger.UnitClass(c.cell(cells, atClass))
	for _, n := range [...]struct {
		at     int
		to     *levy.Number
		needed bool
	}{{atStaff, &r.Facts.Staff, true}, {atDisabled, &r.Facts.Disabled, true}, {atRatio, &r.Facts.Ratio, false}} {
		text := c.cell(cells, n.at)
		if text == "" && !n.needed {
			continue
		}
		if *n.to, err = levy.ParseNumber(text); err != nil {
			return r, fmt.Errorf("%s: %w", levyColumns[n.at], err)
		}
	}
	for _, m := range [...]struct {
		at int
		to *ledger.Money
	}{{atWage, &r.Facts.Wage}, {atPayroll, &r.Facts.Payroll}, {atSocial, &r.Facts.Social}} {
		text := c.cell(cells, m.at)
		if text == "" {
			continue
		}
		if *m.to, err = ledger.ParseMoney(text); err != nil {
			return r, fmt.Errorf("%s: %w", levyColumns[m.at], err)
		}
		if m.to.Sign() <= 0 {
			return r, levy.ErrWage.Of("%s %s", levyColumns[m.at], m.to)
		}
	}
	for _, d := range [...]struct {
		at int
		to *ledger.Date
	}{{atRegistered, &r.Facts.Registered}, {atPaid, &r.Paid}, {atAssessed, &r.Assessed}} {
		text := c.cell(cells, d.at)
		if text == "" {
			continue
		}
		if *d.to, err = ledger.ParseDate(text); err != nil {
			return r, fmt.Errorf("%s: %w", levyColumns[d.at], err)
		}
	}
	if !r.Assessed.IsZero() && r.Assessed.Year() < r.Year {
		return r, levy.ErrDates.Of("assessed on %s for filing year %d", r.Assessed, r.Year)
	}
	return r, nil
}

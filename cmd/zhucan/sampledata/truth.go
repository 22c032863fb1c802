package sampledata

import (
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
)

// Label stands on every file.
const Label = "合成样本，非真实数据：个人出生年份均为1900，单位代码主体以999999开头，银行卡以9999开头，金额为样本值，非官方 · synthetic sample: no real person, organisation or payment; amounts are sample values, not official"

// A Truth is what must be seen when the files are imported in their order into an empty
// book: amounts in yuan with two decimals.
type Truth struct {
	Label      string       `json:"label"`
	Seed       uint64       `json:"seed"`
	Scale      Scale        `json:"scale"`
	Policy     string       `json:"policy"`
	Years      []int        `json:"years"`
	AsOf       string       `json:"as_of"` // day on which the indicators are asked
	Persons    int          `json:"persons"`
	Employers  int          `json:"employers"`
	Events     int          `json:"events"` // of the whole log
	Steps      []Step       `json:"steps"`  // in their order
	Accounts   []Account    `json:"accounts"`
	Total      string       `json:"trial_balance_total"` // of debits, and of credits
	Levies     []Levy       `json:"levies"`
	Indicators []Indicator  `json:"indicators"` // those that are reckoned here
	Regions    []RegionLine `json:"regions"`
	Statements []Statement  `json:"statements"`
}

// A Step is one command: an import of a file, or the assessment of a year.
type Step struct {
	Args     []string `json:"args"` // behind zhucan; paths are of the folder
	File     *File    `json:"file,omitempty"`
	Assessed int      `json:"assessed,omitempty"`
}

// In returns the arguments for a program that does not stand in the folder, into which
// refused rows go.
func (s Step) In(folder string) []string {
	args := slices.Clone(s.Args)
	for i := range args {
		if args[0] == "import" && (i == 2 || args[max(i, 1)-1] == "--mapping") {
			args[i] = filepath.Join(folder, filepath.FromSlash(args[i]))
		}
	}
	if s.File != nil {
		args = append(args, "--refused", filepath.Join(folder, "refused-"+strings.ReplaceAll(s.File.Path, "/", "-")))
	}
	return args
}

// A File is what an import prints of it.
type File struct {
	Path     string    `json:"path"`
	SHA256   string    `json:"sha256"`
	Rows     int       `json:"rows"`
	Accepted int       `json:"accepted"`
	Refused  int       `json:"refused"`
	Late     int       `json:"late,omitempty"` // of those accepted, filed after the window
	Total    string    `json:"total"`          // of those accepted
	Wrong    []Wrong   `json:"wrong,omitempty"`
	Suspects []Suspect `json:"suspects,omitempty"`
}

// A Wrong row is refused.
type Wrong struct {
	Line  int    `json:"line"`
	Code  string `json:"code"`
	Why   string `json:"why"`
	WhyZH string `json:"why_zh"`
}

// A Suspect is a payment that is recorded and flagged as what an earlier one paid. Rows are
// counted from the first behind the header.
type Suspect struct {
	Row int `json:"row"`
	Of  int `json:"of"`
}

// An Account stands in the trial balance on one side; those that are not named have nothing.
type Account struct {
	Code   string `json:"code"`
	Debit  string `json:"debit"`
	Credit string `json:"credit"`
}

// A Levy sums up the assessments and receipts of one filing year.
type Levy struct {
	Year      int    `json:"year"`
	Assessed  int    `json:"assessed"`
	NotLiable int    `json:"not_liable"`
	QuotaMet  int    `json:"quota_met"`
	Small     int    `json:"small"`
	Owing     int    `json:"owing"` // who is due something, paid or not
	Capped    int    `json:"capped"`
	Full      string `json:"full"`
	Relief    string `json:"relief"`
	Due       string `json:"due"`
	Received  string `json:"received"`
	Affected  int    `json:"affected"` // by what was published after they were assessed
	Change    string `json:"change"`   // of what these are due
}

// An Indicator is what counts towards a target of the plan in the province as of the day.
type Indicator struct {
	Code    string `json:"code"`
	Actual  string `json:"actual"`
	Persons int    `json:"persons,omitempty"`
	Times   int    `json:"times,omitempty"`
	Of      int    `json:"of,omitempty"` // bodies that are asked
}

// A RegionLine is what one county has of one scheme in one year.
type RegionLine struct {
	Year     int    `json:"year"`
	Region   string `json:"region"`
	Scheme   string `json:"scheme"`
	Voted    string `json:"voted"`
	Payments int    `json:"payments"`
	Paid     string `json:"paid"`
	Claims   int    `json:"claims"`
}

// A Statement is a bank statement of the receipts of a year: what its lines say, which is not
// what the books say, and where the two differ.
type Statement struct {
	Path    string           `json:"path"`
	SHA256  string           `json:"sha256"`
	Lines   int              `json:"lines"`
	Opening string           `json:"opening"`
	Closing string           `json:"closing"`
	Books   string           `json:"books"` // received in the year, as the books have it
	Errors  []StatementError `json:"errors"`
}

// A StatementError is a difference, under the code of the break it makes. Line is that of the
// statement; none where the bank has no line.
type StatementError struct {
	Code    string `json:"code"`
	Line    int    `json:"line,omitempty"`
	Receipt string `json:"receipt,omitempty"`
	Bank    string `json:"bank,omitempty"`  // amount by the bank
	Books   string `json:"books,omitempty"` // amount by the books
	Why     string `json:"why"`
	WhyZH   string `json:"why_zh"`
}

// yuan writes fen as an amount.
func yuan(fen int) string {
	if fen < 0 {
		return "-" + yuan(-fen)
	}
	return fmt.Sprintf("%d.%02d", fen/100, fen%100)
}

// grouped writes an amount as 1,234.56.
func grouped(fen int) string {
	s := yuan(fen)
	for i := len(s) - 6; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// halfUp divides and rounds half up; neither is negative.
func halfUp(a, by int) int { return (2*a + by) / (2 * by) }

// percent is part of whole in per cent.
func percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return new(big.Rat).SetFrac64(int64(100*part), int64(whole)).FloatString(2)
}

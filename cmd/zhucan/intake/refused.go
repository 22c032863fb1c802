package intake

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"zhucan/ledger"
)

// Rejections of this package, in the order of checking: files, mappings, rows.
var Rejections = []*ledger.Rejection{
	ErrFile, ErrWorkbook, ErrEncoding, ErrBytes, ErrStructure, ErrColumns, ErrChanged, ErrMapping,
	ErrHidden, ErrMerged, ErrFormulaCell, ErrNumber, ErrRagged, ErrCut, ErrValue, ErrCurrency, ErrApplication, ErrLevyRow, ErrAchievement,
	ErrParty, ErrPersonDiffers, ErrFormula, ErrAccountNumber,
}

// A Refused row: where it stands, why it is refused, and what it says with
// personal data masked. It wraps the [ledger.Rejection].
type Refused struct {
	Origin
	Fields []string // in the order of the file's columns
	cells  []string // the same unmasked
	err    error
}

func (r *Refused) Error() string {
	return fmt.Sprintf("row %d, line %d: %v", r.Row, r.Line, r.err)
}

func (r *Refused) Unwrap() error { return r.err }

// Column returns the column the refusal is about, or "" when it is about the row.
func (r *Refused) Column() string {
	if m, ok := errors.AsType[*misplaced](r.err); ok {
		return m.column
	}
	return ""
}

// A misplaced error is about one cell of a row.
type misplaced struct {
	column string
	err    error
}

// in says in which column a cell is refused, or returns nil for nil. Without a
// column, such as for a value that the mapping gives, the error stays as it is.
func in(column string, err error) error {
	if err == nil || column == "" {
		return err
	}
	return &misplaced{column, err}
}

func (m *misplaced) Error() string { return fmt.Sprintf("column %q: %v", m.column, m.err) }
func (m *misplaced) Unwrap() error { return m.err }

// Code returns the published code of the refusal.
func (r *Refused) Code() string {
	rule, _ := ledger.Refused(r.err)
	return rule.Code
}

// Reason returns why the row is refused and what to do, in Chinese and English.
func (r *Refused) Reason() (zh, en string) {
	rule, detail := ledger.Refused(r.err)
	if detail != "" {
		detail = " [" + detail + "]"
	}
	return rule.RuleZH + detail + "；" + rule.NextZH, rule.Rule + detail + "; " + rule.Next
}

// Totals are the control totals of an import.
type Totals struct {
	Read, Accepted, Refused int
	Amount                  ledger.Money // of what was accepted
}

// Accept counts a row of an amount; a row without one counts zero.
func (t *Totals) Accept(amount ledger.Money) {
	t.Read++
	t.Accepted++
	t.Amount = t.Amount.Add(amount)
}

// Refuse counts a row that is refused.
func (t *Totals) Refuse() {
	t.Read++
	t.Refused++
}

// A RefusedFile is a CSV of refused rows for whoever has to correct them: UTF-8
// with a byte order mark, so that spreadsheets read it; line, row, column, code and
// reason, then the columns of the original. Cells are written by [Guard].
type RefusedFile struct {
	w      *csv.Writer
	header []string
	out    io.Writer
}

// NewRefusedFile returns a file of refused rows with the columns of f. Nothing is
// written before the first row.
func NewRefusedFile(w io.Writer, f *File) *RefusedFile {
	header := append([]string{"line", "row", "column", "code", "reason_zh", "reason_en"}, f.Columns...)
	return &RefusedFile{out: w, header: header}
}

// Write adds a row.
func (f *RefusedFile) Write(r *Refused) error {
	if f.w == nil {
		if _, err := io.WriteString(f.out, "\ufeff"); err != nil {
			return fmt.Errorf("refused rows: %w", err)
		}
		f.w = csv.NewWriter(f.out)
		for i, cell := range f.header {
			f.header[i] = Guard(cell)
		}
		if err := f.w.Write(f.header); err != nil {
			return fmt.Errorf("refused rows: %w", err)
		}
	}
	zh, en := r.Reason()
	row := []string{strconv.Itoa(r.Line), strconv.Itoa(r.Row), Guard(r.Column()), r.Code(), Guard(zh), Guard(en)}
	for _, cell := range r.Fields {
		row = append(row, Guard(cell))
	}
	if err := f.w.Write(row); err != nil {
		return fmt.Errorf("refused rows: %w", err)
	}
	return nil
}

// Close writes what is buffered. It does not close the writer below.
func (f *RefusedFile) Close() error {
	if f.w == nil {
		return nil
	}
	f.w.Flush()
	if err := f.w.Error(); err != nil {
		return fmt.Errorf("refused rows: %w", err)
	}
	return nil
}

// Guard makes a cell of a CSV safe to open in a spreadsheet and to look at. A text
// that a spreadsheet would take for a formula, or that begins with ', gets ' before
// it; taking one ' away gives the text back. A number such as -352.00 stays one.
// Characters that control display are made [Visible].
func Guard(cell string) string {
	cell = Visible(cell)
	if (startsFormula(cell) || strings.HasPrefix(cell, "'")) && !isNumber(cell) {
		return "'" + cell
	}
	return cell
}

// startsFormula tells whether a spreadsheet may take a cell for a formula.
func startsFormula(cell string) bool {
	return strings.IndexAny(cell, "=+-@\t\r＝＋－＠") == 0
}

func isNumber(cell string) bool {
	digits := strings.TrimLeft(cell, "+-")
	return len(cell)-len(digits) <= 1 && digits != "" && strings.Trim(digits, "0123456789.,") == ""
}

// Visible writes the characters that no cell may hold (NUL, escape, U+202E,
// zero-width and the like) as \u202E. Line breaks and tabs stay.
func Visible(s string) string {
	if ledger.CheckText(s) == nil {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !ledger.Legible(r) {
			fmt.Fprintf(&b, `\u%04X`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// A privacy says how a cell is shown in a refusal.
type privacy int

const (
	open    privacy = iota // shown; numbers of 15 digits and more are masked all the same
	private                // a name as in public lists, a number by its first six digits at most
)

// mask shows a cell that may hold personal data. A number that is nearly right is
// nearly as telling as a right one, so validity is not asked for.
func mask(cell string, p privacy) string {
	if p == open && scientific.MatchString(cell) {
		return cell[:len("1.23456")] + stars
	}
	if _, err := ledger.ParseCreditCode(cell); p == open && err == nil && !ledger.FindPersonalNumber(cell) {
		return cell
	}
	masked := maskDigits(cell)
	switch {
	case p == open:
		return masked
	case !strings.ContainsFunc(cell, isDigit):
		return ledger.MaskName(cell)
	case masked != cell:
		before, _, _ := strings.Cut(masked, stars)
		if strings.ContainsFunc(before, func(r rune) bool { return !isDigit(r) && !strings.ContainsRune(" -\u00a0\u3000－", r) }) {
			return stars // a name stands in front
		}
		return before + stars
	}
	return stars
}

const stars = "************"

// scientific is how a number is seen that is too long for its cell.
var scientific = regexp.MustCompile(`^\d\.\d{6,}E\+\d\d$`)

// maskDigits replaces what follows the sixth digit in runs of 15 digits and more,
// half-width or full-width, also when blanks or hyphens stand between: the length
// of the shortest personal number, and more than any amount or date has.
func maskDigits(s string) string {
	runes := []rune(s)
	var b strings.Builder
	for i := 0; i < len(runes); {
		end, count, sixth := i, 0, i
		for j := i; j < len(runes); j++ {
			if isDigit(runes[j]) {
				count++
				end = j + 1
				if count == 6 {
					sixth = end
				}
			} else if count == 0 || !strings.ContainsRune(" -\u00a0\u3000－", runes[j]) {
				break
			}
		}
		if count < 15 {
			end = max(end, i+1)
			b.WriteString(string(runes[i:end]))
			i = end
			continue
		}
		b.WriteString(string(runes[i:sixth]) + stars)
		// What follows directly is part of the number: check character, suffix.
		for end < len(runes) && (isDigit(runes[end]) || strings.ContainsRune("XxＸｘBbＢｂ", runes[end])) {
			end++
		}
		i = end
	}
	return b.String()
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' || '０' <= r && r <= '９' }

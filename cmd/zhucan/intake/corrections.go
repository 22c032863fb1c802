package intake

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// ReasonColumn is the last column of a sheet of corrections. A list that has it is
// read without it, so that the sheet comes in again as soon as its rows are right.
const ReasonColumn = "zhucan_reason"

// Corrections is the same sheet with the rows that were refused, as they came in, and
// why beside each: for whoever corrects them and imports it again. Unlike a
// [RefusedFile] it is not masked. It is a workbook when the list was one, otherwise a
// CSV in UTF-8 with a byte order mark and the separator of the list.
type Corrections struct {
	out  io.Writer
	book *excelize.File
	rows *excelize.StreamWriter
	text *csv.Writer
	line int
}

// NewCorrections returns corrections of f. A list that is no table has none.
func NewCorrections(w io.Writer, f *File) (*Corrections, error) {
	c := &Corrections{out: w}
	switch {
	case f.options.Format == JSON:
		return nil, ErrFile.Of("%s is no table; corrections are made where it comes from", f.Name)
	case f.book == nil:
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return nil, fmt.Errorf("corrections: %w", err)
		}
		c.text = csv.NewWriter(w)
		c.text.Comma = f.options.Comma
	default:
		c.book = excelize.NewFile()
		var err error
		if c.rows, err = c.book.NewStreamWriter("Sheet1"); err != nil {
			return nil, fmt.Errorf("corrections: %w", err)
		}
	}
	return c, c.add(f.Columns, ReasonColumn)
}

// Write adds a row.
func (c *Corrections) Write(r *Refused) error {
	zh, en := r.Reason()
	return c.add(r.cells, r.Code()+"："+zh+"\n"+en)
}

func (c *Corrections) add(cells []string, reason string) error {
	c.line++
	if c.text != nil {
		row := make([]string, 0, len(cells)+1)
		for _, cell := range cells {
			row = append(row, Guard(cell))
		}
		if err := c.text.Write(append(row, Guard(reason))); err != nil {
			return fmt.Errorf("corrections: %w", err)
		}
		return nil
	}
	row := make([]any, 0, len(cells)+1)
	for _, cell := range cells {
		row = append(row, Visible(cell)) // a text is never run as a formula
	}
	if err := c.rows.SetRow(fmt.Sprintf("A%d", c.line), append(row, Visible(reason))); err != nil {
		return fmt.Errorf("corrections: %w", err)
	}
	return nil
}

// unguard takes away what [Guard] put before the cells of corrections.
func unguard(cells []string) {
	for i, cell := range cells {
		if text, ok := strings.CutPrefix(cell, "'"); ok && Guard(text) == cell {
			cells[i] = text
		}
	}
}

// Close writes what is buffered. It does not close the writer below.
func (c *Corrections) Close() error {
	if c.text != nil {
		c.text.Flush()
		if err := c.text.Error(); err != nil {
			return fmt.Errorf("corrections: %w", err)
		}
		return nil
	}
	if err := c.rows.Flush(); err != nil {
		return fmt.Errorf("corrections: %w", err)
	}
	if _, err := c.book.WriteTo(c.out); err != nil {
		return fmt.Errorf("corrections: %w", err)
	}
	return c.book.Close()
}

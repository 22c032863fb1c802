package intake

import (
	"archive/zip"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhucan/ledger"
)

// Refusals of workbooks and of their rows, in the order of checking.
var (
	ErrWorkbook = &ledger.Rejection{
		Code: "workbook-unreadable", Rule: "a workbook is an .xlsx without password, whole, with one visible sheet that holds rows, no column of which is hidden", RuleZH: "工作簿须为未加密、完整的 .xlsx，仅有一张含数据的可见工作表，且无隐藏列",
		Next: "save the sheet as .xlsx anew, show what is hidden, or name the sheet with --sheet", NextZH: "请另存为 .xlsx、取消隐藏，或用 --sheet 指定工作表",
	}
	ErrHidden = &ledger.Rejection{
		Code: "row-hidden", Rule: "a row that is hidden or filtered away was not seen by whoever signed the list", RuleZH: "隐藏或被筛选的行不予录入，须先显示核对",
		Next: "show the row and check it, or delete it", NextZH: "请取消隐藏或筛选并核对，或删除该行",
	}
	ErrMerged = &ledger.Rejection{
		Code: "row-merged", Rule: "a cell of a list belongs to one row and one column", RuleZH: "名册不得使用合并单元格",
		Next: "unmerge the cells and fill in each of them", NextZH: "请取消合并并逐格填写",
	}
	ErrFormulaCell = &ledger.Rejection{
		Code: "row-formula", Rule: "a cell holds what was entered, not a formula, whose result depends on other cells, nor an error", RuleZH: "单元格须为录入值，不得为公式或错误值",
		Next: "paste the value in place of the formula", NextZH: "请将公式粘贴为数值",
	}
	ErrNumber = &ledger.Rejection{
		Code: "row-number", Rule: "a number cell holds at most 15 digits, a date cell a whole day since 1900-03-01 and shows it", RuleZH: "数字单元格不得超过15位有效数字；日期单元格须为1900年3月1日以后的完整日期",
		Next: "format the column as text and enter the value again: digits beyond 15 are lost", NextZH: "请将该列设为文本格式后重新录入；超过15位的数字已失真",
	}
)

// Limits of what is unpacked from a workbook.
const (
	maxPart    = 1 << 30   // bytes of a sheet
	maxStrings = 256 << 20 // bytes of the table of texts, which is held in memory: in the part, and as held
	maxKept    = 64 << 20  // bytes of the rows of a sheet that are held in memory
)

// A workbook is what of an .xlsx (ECMA-376 part 1) a sheet is read with.
type workbook struct {
	sheet  *zip.File
	name   string  // of the sheet; "" of the first visible one with rows
	texts  texts   // the shared strings
	styles []shown // by the number of a cell's style
	epoch  time.Time
	unseen []span // hidden columns, as far as they were read

	front  int        // rows up to the header, and with it
	first  int        // column in which the header begins; 0 until it is found
	merged []span     // rows with merged cells, by their first
	kept   []sheetRow // those behind the header, or nil: then the sheet is read again
}

// shown says what a number looks like.
type shown struct {
	as     format
	digits int // of a whole number that is filled up with zeros
}

type format int

const (
	asNumber format = iota
	asDay
	asMonth // a day of which only year and month are seen
	asTime
)

// A span is rows, or columns, from and to included, and what they are called.
type span struct {
	ref      string
	from, to int
}

// openWorkbook finds the sheet to be read: the named one, or the only visible one
// that has cells.
func openWorkbook(source io.ReaderAt, size int64, name string) (*workbook, error) {
	files, err := zip.NewReader(source, size)
	if err != nil {
		return nil, ErrWorkbook.Of("it is no zip archive, or cut")
	}
	parts := make(map[string]*zip.File, len(files.File))
	for _, f := range files.File {
		parts[f.Name] = f
	}
	var book struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			State string     `xml:"state,attr"`
			ID    string     `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
			Any   []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	var relations struct {
		Relations []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := part(parts, "xl/workbook.xml", &book); err != nil {
		return nil, err
	}
	if err := part(parts, "xl/_rels/workbook.xml.rels", &relations); err != nil {
		return nil, err
	}
	b := &workbook{epoch: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	if v := book.Properties.Date1904; v == "1" || v == "true" {
		b.epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var names []string
	front := true // no visible sheet with cells came before
	for _, s := range book.Sheets {
		visible := s.State == "" || s.State == "visible"
		wanted := name == "" && visible || name != "" && s.Name == name
		if !wanted && !(visible && front) {
			continue
		}
		id := s.ID
		for _, a := range s.Any { // the strict form has another name space
			if a.Name.Local == "id" {
				id = a.Value
			}
		}
		for _, r := range relations.Relations {
			if r.ID != id {
				continue
			}
			target := path.Join("xl", r.Target)
			if strings.HasPrefix(r.Target, "/") {
				target = strings.TrimPrefix(path.Clean(r.Target), "/")
			}
			sheet := parts[target]
			if sheet == nil {
				return nil, ErrWorkbook.Of("sheet %q is missing", s.Name)
			}
			has, err := hasCells(sheet)
			if err != nil {
				return nil, err
			}
			if has && wanted {
				b.sheet, b.name, names = sheet, s.Name, append(names, strconv.Quote(s.Name))
				if visible && front {
					b.name = ""
				}
			}
			front = front && !(has && visible)
		}
	}
	if len(names) != 1 {
		return nil, ErrWorkbook.Of("%d sheets with rows to be read: %s", len(names), strings.Join(names, ", "))
	}
	if b.texts, err = sharedTexts(parts["xl/sharedStrings.xml"], maxStrings); err != nil {
		return nil, err
	}
	b.styles, err = numberStyles(parts)
	return b, err
}

// part reads a small part of a workbook.
func part(parts map[string]*zip.File, name string, into any) error {
	f := parts[name]
	if f == nil {
		return ErrWorkbook.Of("it has no %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return broken(name, err)
	}
	defer r.Close()
	if err := xml.NewDecoder(io.LimitReader(r, 64<<20)).Decode(into); err != nil {
		return broken(name, err)
	}
	return nil
}

func broken(name string, err error) error {
	if rule, _ := ledger.Refused(err); rule != nil {
		return err
	}
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return ErrWorkbook.Of("%s is no XML from line %d", name, syntax.Line)
	}
	return ErrWorkbook.Of("%s cannot be unpacked whole", name)
}

// elements calls start, text and end for the elements of a part by their local
// names, with what is good for the call alone. It refuses a part that ends before its
// first element does.
func elements(f *zip.File, limit int64, start func(name []byte, attr []attribute) error, text func([]byte), end func(name []byte) error) error {
	r, err := f.Open()
	if err != nil {
		return broken(f.Name, err)
	}
	defer r.Close()
	ahead := readAhead(io.LimitReader(r, limit))
	defer ahead.Close()
	m := newMarkup(ahead, 1<<16)
	var t token
	for depth := 0; ; {
		err := m.next(&t)
		if err == io.EOF && depth == 0 {
			return nil
		}
		if err != nil {
			return broken(f.Name, err)
		}
		switch t.kind {
		case startToken:
			depth++
			err = start(t.name, t.attr)
		case endToken:
			if depth--; depth < 0 {
				return ErrWorkbook.Of("%s closes what is not open", f.Name)
			}
			err = end(t.name)
		case textToken:
			text(t.text)
		}
		if err != nil {
			return err
		}
	}
}

// An aheadReader reads on while what has come is worked upon: a part is unpacked beside
// the reading of its elements.
type aheadReader struct {
	full chan []byte
	stop chan struct{}
	rest []byte // of the last that was taken from full
	err  error  // why there is no more, once full is closed
}

const aheadBuffers = 8

func readAhead(r io.Reader) *aheadReader {
	a := &aheadReader{
		full: make(chan []byte, aheadBuffers-2), // one more is being filled, and one read
		stop: make(chan struct{}),
	}
	go func() {
		defer close(a.full)
		var buffers [aheadBuffers][1 << 15]byte
		for i := 0; a.err == nil; i = (i + 1) % aheadBuffers {
			var n int
			n, a.err = r.Read(buffers[i][:])
			select {
			case a.full <- buffers[i][:n]:
			case <-a.stop:
				return
			}
		}
	}()
	return a
}

func (a *aheadReader) Read(b []byte) (int, error) {
	for len(a.rest) == 0 {
		var more bool
		if a.rest, more = <-a.full; !more {
			return 0, a.err
		}
	}
	n := copy(b, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close returns when nothing is read any more.
func (a *aheadReader) Close() {
	close(a.stop)
	for range a.full {
	}
}

var errEnough = errors.New("enough was read")

// hasCells tells whether a sheet holds anything.
func hasCells(f *zip.File) (bool, error) {
	err := elements(f, maxPart, func(name []byte, _ []attribute) error {
		switch string(name) {
		case "v", "is", "f":
			return errEnough
		}
		return nil
	}, func([]byte) {}, func([]byte) error { return nil })
	if err == errEnough {
		return true, nil
	}
	return false, err
}

// Shared strings are held in pieces of so many each: one list would be copied again and again
// as it grows.
type texts [][]string

const piece = 4096

func (t *texts) add(text string) {
	if n := len(*t); n == 0 || len((*t)[n-1]) == piece {
		*t = append(*t, make([]string, 0, piece))
	}
	last := &(*t)[len(*t)-1]
	*last = append(*last, text)
}

// at gives the text of a number, if there is one.
func (t texts) at(n int) (string, bool) {
	if n < 0 || n/piece >= len(t) || n%piece >= len(t[n/piece]) {
		return "", false
	}
	return t[n/piece][n%piece], true
}

// sharedTexts reads the texts that cells refer to by number. Readings of
// characters, which Excel keeps beside some, are no part of them. Each counts 16 bytes
// besides its own towards most: an empty one takes room as well.
func sharedTexts(f *zip.File, most int64) (all texts, err error) {
	if f == nil {
		return nil, nil
	}
	var b strings.Builder
	in, reading, held := false, 0, int64(0)
	err = elements(f, most, func(name []byte, _ []attribute) error {
		switch string(name) {
		case "t":
			in = reading == 0
		case "rPh":
			reading++
		}
		return nil
	}, func(s []byte) {
		if in {
			b.Write(s)
		}
	}, func(name []byte) error {
		switch string(name) {
		case "t":
			in = false
		case "rPh":
			reading--
		case "si":
			if held += 16 + int64(b.Len()); held > most {
				return ErrWorkbook.Of("its table of texts takes more than %d bytes", most)
			}
			all.add(unescape(b.String()))
			b.Reset()
		}
		return nil
	})
	return all, err
}

var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescape gives back the characters that XML cannot hold, written _x000D_.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, _ := strconv.ParseUint(e[2:6], 16, 16)
		return string(rune(n))
	})
}

// numberStyles reads what numbers look like.
func numberStyles(parts map[string]*zip.File) ([]shown, error) {
	if parts["xl/styles.xml"] == nil {
		return nil, nil
	}
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := part(parts, "xl/styles.xml", &sheet); err != nil {
		return nil, err
	}
	own := make(map[int]shown)
	for _, f := range sheet.Formats {
		own[f.ID] = formatted(f.Code)
	}
	styles := make([]shown, len(sheet.Cells))
	for i, c := range sheet.Cells {
		var ok bool
		if styles[i], ok = own[c.Format]; !ok {
			styles[i].as = builtIn(c.Format)
		}
	}
	return styles, nil
}

// builtIn gives the formats that have numbers (ECMA-376 part 1, §18.8.30), those of
// zh-cn among them.
func builtIn(id int) format {
	switch {
	case slices.Contains([]int{17, 27, 36, 50, 52, 57}, id):
		return asMonth
	case slices.Contains([]int{14, 15, 16, 22, 28, 29, 30, 31, 51, 53, 54, 58}, id):
		return asDay
	case 18 <= id && id <= 21, 32 <= id && id <= 35, 45 <= id && id <= 47, id == 55, id == 56:
		return asTime
	}
	return asNumber
}

var quoted = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|\\.|_.|\*.`)

// formatted tells what a format code shows: yyyy"年"m"月"d"日" a day.
func formatted(code string) shown {
	code, _, _ = strings.Cut(strings.ToLower(quoted.ReplaceAllString(code, "")), ";")
	if code == "general" || code == "@" {
		return shown{}
	}
	if strings.Trim(code, "0") == "" && len(code) > 1 {
		return shown{digits: len(code)}
	}
	year := strings.Contains(code, "y") || strings.Contains(strings.NewReplacer("e+", "", "e-", "").Replace(code), "e")
	switch {
	case strings.Contains(code, "d"):
		return shown{as: asDay}
	case year && strings.Contains(code, "m"):
		return shown{as: asMonth}
	case year, strings.ContainsAny(code, "mhs"):
		return shown{as: asTime}
	}
	return shown{}
}

// A sheetRow is a row as it stands in a sheet. Empty cells are none.
type sheetRow struct {
	line   int
	hidden bool
	array  *span // rows of the formula that reaches furthest down, of those up to here
	cells  []sheetCell
	text   string // the values of the cells, one behind the other
}

// emptyLast tells whether nothing stands in the last cell.
func (r sheetRow) emptyLast() bool {
	n := len(r.cells) - 1
	c, from := r.cells[n], uint32(0)
	if n > 0 {
		from = r.cells[n-1].end
	}
	return c.end == from && c.kind != 'e' && !c.formula
}

// A sheetCell is small, because many are kept.
type sheetCell struct {
	end     uint32 // of its value in the text of the row
	style   int32
	column  uint16 // 1 is A
	kind    byte   // its type if that is a letter, 0 for none, and 't' for the others, which are texts
	formula bool
}

// Bytes that a row, and a cell of it, take besides their text.
const (
	rowBytes  = 96
	cellBytes = 12
)

// text gives what was typed into a cell; with an error, what is seen of it, for
// whoever corrects it.
func (b *workbook) text(c sheetCell, value string) (string, error) {
	switch {
	case c.formula:
		c.formula = false
		result, _ := b.text(c, value)
		return result, ErrFormulaCell.Of("a formula")
	case c.kind == 'e':
		return value, ErrFormulaCell.Of("an error value")
	case value == "":
		return "", nil
	case c.kind == 's':
		n, err := strconv.Atoi(value)
		text, ok := b.texts.at(n)
		if err != nil || !ok {
			return "", ErrWorkbook.Of("a text that is not in the table of texts")
		}
		return text, nil
	case c.kind == 'b':
		return map[string]string{"1": "TRUE", "0": "FALSE"}[value], nil
	case c.kind == 'd':
		return strings.TrimSuffix(value, "T00:00:00"), nil
	case c.kind == 0 || c.kind == 'n':
		return b.number(c, value)
	}
	return unescape(value), nil
}

// number gives the digits that a number shows. A sheet holds binary numbers, written
// to 17 digits; the shortest decimal that is the same number is what was typed, as
// long as that had at most 15. Nothing is computed with it.
func (b *workbook) number(c sheetCell, value string) (string, error) {
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return value, ErrNumber.Of("no number")
	}
	var s shown
	if c.style >= 0 && int(c.style) < len(b.styles) {
		s = b.styles[c.style]
	}
	switch s.as {
	case asDay, asMonth:
		d := b.epoch.AddDate(0, 0, int(x))
		switch {
		case x != math.Trunc(x) || x < 61 || x > 2958465:
			return value, ErrNumber.Of("no whole day")
		case s.as == asMonth && d.Day() != 1:
			return value, ErrNumber.Of("a day that shows its month alone")
		case s.as == asMonth:
			return d.Format("2006-01"), nil
		}
		return d.Format("2006-01-02"), nil
	case asTime:
		return value, ErrNumber.Of("a time of day, or a date without year, month and day")
	}
	text := strconv.FormatFloat(x, 'f', -1, 64)
	// Where Excel cut an integer it put zeros, which count therefore. They are not
	// written out: as a text they would pass for digits of an account.
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if len(whole) > 15 {
		return strconv.FormatFloat(x, 'E', -1, 64), ErrNumber.Of("more than 15 digits")
	}
	if len(strings.Trim(whole+fraction, "0")) > 15 {
		return text, ErrNumber.Of("more than 15 digits")
	}
	if len(text) < s.digits && strings.Trim(text, "0123456789") == "" {
		text = strings.Repeat("0", s.digits-len(text)) + text
	}
	return text, nil
}

// survey reads the sheet once, for its header, the merged cells, which stand behind the
// rows, and whether it is whole. It keeps the rows unless they take too much.
func (f *File) survey() error {
	b, held := f.book, 0
	merged, err := b.parse(func(r sheetRow) error {
		if b.first == 0 {
			b.front++
			return f.sheetHeader(r)
		}
		if held += rowBytes + cellBytes*len(r.cells) + len(r.text) + len(r.array.ref); held > f.options.kept {
			b.kept = nil
			return nil
		}
		r.cells = slices.Clone(r.cells)
		b.kept = append(b.kept, r)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(merged, func(x, y span) int { return cmp.Compare(x.from, y.from) })
	for _, m := range merged {
		if m.from <= f.headerLine && f.headerLine <= m.to {
			return ErrColumns.Of("cells %s of the header are merged", m.ref)
		}
	}
	b.merged = merged
	return nil
}

// readSheet gives the rows of a workbook's sheet; a row's line is its number in the
// sheet. It returns false when no more are wanted.
func (f *File) readSheet(yield func(Row, error) bool) (bool, error) {
	n, merged, until := 0, f.book.merged, span{}
	err := f.book.rows(func(r sheetRow) error {
		for ; len(merged) > 0 && merged[0].from <= r.line; merged = merged[1:] {
			if merged[0].to > until.to {
				until = merged[0]
			}
		}
		texts, _, fault := f.typed(r)
		if texts == nil {
			return nil
		}
		n++
		width := len(f.Columns)
		if f.annotated {
			width++
		}
		for len(texts) < width {
			texts = append(texts, "")
		}
		texts = f.trim(texts)
		if fault == nil {
			fault = check(texts, f.Columns)
		}
		if r.line <= r.array.to && !errors.Is(fault, ErrFormulaCell) {
			fault = ErrFormulaCell.Of("a formula over %s", r.array.ref)
		}
		if r.line <= until.to {
			fault = ErrMerged.Of("cells %s are merged", until.ref)
		}
		if r.hidden {
			fault = ErrHidden.Of("row %d of the sheet", r.line)
		}
		if !yield(Row{Origin: f.origin(n, r.line, texts), Cells: texts, Fault: fault}, nil) {
			return errEnough
		}
		return nil
	})
	if err == errEnough {
		return false, nil
	}
	return true, err
}

// rows calls each for the rows behind the header.
func (b *workbook) rows(each func(sheetRow) error) error {
	if b.kept == nil {
		n := 0
		_, err := b.parse(func(r sheetRow) error {
			if n++; n <= b.front {
				return nil
			}
			return each(r)
		})
		return err
	}
	for _, r := range b.kept {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// parse calls each for the rows of the sheet in which something stands, with cells that
// are good for the call alone, and returns which rows have merged cells.
func (b *workbook) parse(each func(sheetRow) error) (merged []span, err error) {
	b.unseen = nil
	r := sheetRow{array: new(span)}
	var (
		value        []byte // the text of r, as far as it has come
		size         int    // of it, were there no limit
		column       int    // of the last cell
		inCell, text bool
		reading      int
	)
	start := func(name []byte, attr []attribute) error {
		switch string(name) {
		case "row":
			r.line++
			r.cells, r.hidden, value, size, column, inCell = r.cells[:0], false, value[:0], 0, 0, false
			for _, a := range attr {
				switch string(a.name) {
				case "r":
					n, err := strconv.Atoi(string(a.value))
					if err != nil || n < r.line {
						return ErrWorkbook.Of("row %d is numbered %.20q", r.line, a.value)
					}
					r.line = n
				case "hidden":
					r.hidden = r.hidden || isTrue(string(a.value))
				case "ht":
					r.hidden = r.hidden || isZero(string(a.value))
				}
			}
		case "c":
			column++
			c, at := sheetCell{end: uint32(len(value))}, column
			for _, a := range attr {
				switch string(a.name) {
				case "r":
					if column, _ = place(string(a.value)); column < at {
						return ErrWorkbook.Of("row %d has a cell %.20q out of order", r.line, a.value)
					}
				case "t":
					switch len(a.value) {
					case 0:
						c.kind = 0
					case 1:
						c.kind = a.value[0]
					default:
						c.kind = 't'
					}
				case "s":
					n, _ := strconv.ParseInt(string(a.value), 10, 32)
					c.style = int32(n)
				}
			}
			if column > 16384 {
				return ErrWorkbook.Of("row %d has more columns than a sheet", r.line)
			}
			c.column = uint16(column)
			r.cells, inCell = append(r.cells, c), true
		case "f":
			if inCell {
				r.cells[len(r.cells)-1].formula = true
			}
			if s, ok := formulaOver(attr); ok && s.to > r.array.to {
				r.array = &s
			}
		case "v", "t":
			text = reading == 0 && inCell
		case "rPh":
			reading++
		case "col":
			if s, ok := hiddenColumns(attr); ok {
				b.unseen = append(b.unseen, s)
			}
		case "mergeCell":
			for _, a := range attr {
				if string(a.name) == "ref" {
					merged = append(merged, rowsOf(string(a.value)))
				}
			}
		}
		return nil
	}
	chars := func(s []byte) {
		if !text {
			return
		}
		if size += len(s); size <= maxRow && inCell {
			value = append(value, s...)
			r.cells[len(r.cells)-1].end = uint32(len(value))
		}
	}
	end := func(name []byte) error {
		switch string(name) {
		case "v", "t":
			text = false
		case "rPh":
			reading--
		case "c":
			if inCell && r.emptyLast() {
				r.cells = r.cells[:len(r.cells)-1]
			}
			inCell = false
		case "row":
			if size > maxRow {
				return ErrStructure.Of("row %d is longer than %d bytes", r.line, maxRow)
			}
			if len(r.cells) == 0 {
				return nil
			}
			r.text = string(value)
			return each(r)
		}
		return nil
	}
	err = elements(b.sheet, maxPart, start, chars, end)
	return merged, err
}

// sheetHeader takes a row for the header, unless nothing stands in it, or a note does:
// its first cell begins with #.
func (f *File) sheetHeader(r sheetRow) error {
	texts, begin, fault := f.typed(r)
	if texts == nil || strings.HasPrefix(texts[0], "#") {
		return nil
	}
	if fault != nil {
		_, detail := ledger.Refused(fault)
		return ErrColumns.Of("the header, row %d, has %s", r.line, detail)
	}
	for _, s := range f.book.unseen {
		if s.from < begin+len(texts) && begin <= s.to {
			return ErrWorkbook.Of("columns %s of the sheet are hidden", s.ref)
		}
	}
	f.book.first, f.headerLine = begin, r.line
	return f.header(texts)
}

// typed gives what was typed into the cells of a row, from the column on in which the
// header begins or, in front of it, the row does; and the first fault of them.
func (f *File) typed(r sheetRow) (texts []string, begin int, fault error) {
	begin = f.book.first
	header, from := begin == 0, uint32(0)
	for _, c := range r.cells {
		text, err := f.book.text(c, r.text[from:c.end])
		from = c.end
		if err == nil && text == "" {
			continue
		}
		if err != nil && header {
			text = "" // #N/A begins no note, and names no column
		}
		if begin == 0 {
			begin = int(c.column)
		}
		at := int(c.column) - begin
		if at < 0 { // in front of the header's first column
			err = ErrRagged.Of("a cell in column %d, in front of the first", c.column)
			at = 0
		}
		if texts == nil {
			texts = make([]string, 0, len(f.Columns)+1)
		}
		for len(texts) <= at {
			texts = append(texts, "")
		}
		if texts[at] += text; fault == nil && err != nil {
			if fault = err; !header && at < len(f.Columns) {
				fault = in(f.Columns[at], err)
			}
		}
	}
	return texts, begin, fault
}

func isTrue(v string) bool { return v == "1" || v == "true" }

// isZero tells whether a height or width is none.
func isZero(v string) bool { return v != "" && strings.Trim(v, "0.") == "" }

// formulaOver reads over which rows one formula gives the values, which stand in their
// cells as if they had been entered.
func formulaOver(attr []attribute) (s span, ok bool) {
	for _, a := range attr {
		switch string(a.name) {
		case "t":
			ok = string(a.value) == "array" || string(a.value) == "dataTable"
		case "ref":
			s = rowsOf(string(a.value))
		}
	}
	return s, ok
}

// hiddenColumns reads which columns are not seen.
func hiddenColumns(attr []attribute) (s span, hidden bool) {
	for _, a := range attr {
		switch string(a.name) {
		case "min":
			s.from, _ = strconv.Atoi(string(a.value))
		case "max":
			s.to, _ = strconv.Atoi(string(a.value))
		case "hidden":
			hidden = hidden || isTrue(string(a.value))
		case "width":
			hidden = hidden || isZero(string(a.value))
		}
	}
	s.ref = fmt.Sprintf("%d to %d", s.from, s.to)
	return s, hidden
}

// place reads a reference such as AB12: column 28, row 12. What is none is 0, 0.
func place(ref string) (column, row int) {
	i := 0
	for ; i < len(ref) && i < 3 && 'A' <= ref[i] && ref[i] <= 'Z'; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	row, err := strconv.Atoi(ref[i:])
	if err != nil || column == 0 {
		return 0, 0
	}
	return column, row
}

// rowsOf gives the rows of an area such as A3:B4.
func rowsOf(ref string) span {
	from, to, _ := strings.Cut(ref, ":")
	s := span{ref: ref}
	_, s.from = place(from)
	if _, s.to = place(to); s.to < s.from {
		s.to = s.from
	}
	return s
}

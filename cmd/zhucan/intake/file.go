package intake

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"zhucan/ledger"
)

// A Format is how rows stand in a file.
type Format string

// The formats.
const (
	CSV  Format = "csv"  // separated values with a header, quoted as in RFC 4180
	XLSX Format = "xlsx" // a sheet of a workbook; known by its first bytes
	JSON Format = "json" // an object with a list of objects, read one at a time
)

// Options say how a file is to be read.
type Options struct {
	Name     string   // what refusals call it; default the path, or "input"
	Format   Format   // default CSV
	Encoding Encoding // default: detected
	Comma    rune     // separator of a CSV; default ','
	MaxBytes int64    // size from which a file is refused unread; default 512 MiB
	Sheet    string   // of a workbook; default the only visible one with rows
	kept     int      // most bytes of memory for the rows of a workbook; default maxKept

	List  string   // of a JSON file: the member that holds the list
	Paths []string // of a JSON file: what to read of each item, as JSON Pointers (RFC 6901)
}

// Limits of a row. They bound memory, whatever the file.
const (
	maxBytes   = 512 << 20
	maxRow     = 1 << 20
	maxColumns = 1000
)

// Refusals of files, in the order of checking. [ErrEncoding] comes second,
// [ErrBytes] third.
var (
	ErrFile = &ledger.Rejection{
		Code: "file-unreadable", Rule: "a file is there, may be read, is a regular file and has at most 512 MiB, or as the command allows", RuleZH: "文件须存在、可读、为普通文件且不超过512 MiB（或命令允许的大小）",
		Next: "give the right file, or split it", NextZH: "请更换文件或拆分文件",
	}
	ErrStructure = &ledger.Rejection{
		Code: "file-structure", Rule: "a file keeps its structure to the last byte: quotes are closed, brackets match, names are not repeated, rows are at most 1 MiB", RuleZH: "文件结构须完整：引号、括号配对，名称不重复，每行不超过1 MiB",
		Next: "get the file again: it may be cut; otherwise correct the line", NextZH: "文件可能不完整，请重新获取；或更正所指行",
	}
	ErrColumns = &ledger.Rejection{
		Code: "file-columns", Rule: "a file has the columns that are read, each named once, and a list of a fixed form has no others", RuleZH: "文件须有所需各列且列名不重复；固定格式文件不得有其他列",
		Next: "correct the header, or the mapping", NextZH: "请更正表头或映射文件",
	}
	ErrChanged = &ledger.Rejection{
		Code: "file-changed", Rule: "a file stays as it is while it is read", RuleZH: "读取过程中文件不得变动",
		Next: "wait until the file is complete and import it again", NextZH: "请待文件写入完成后重新导入",
	}
)

// Refusals of rows, whatever the file means, in the order of checking.
var (
	ErrRagged = &ledger.Rejection{
		Code: "row-ragged", Rule: "a row has as many cells as the header", RuleZH: "每行列数须与表头一致",
		Next: "compare the row with the original", NextZH: "请与原始数据核对",
	}
	ErrCut = &ledger.Rejection{
		Code: "row-cut", Rule: "the last line ends with a line break; without one the file may have been cut there", RuleZH: "末行须以换行结束，否则文件可能被截断",
		Next: "compare the last row with the original and end it with a line break", NextZH: "请与原始数据核对末行并补上换行",
	}
	ErrValue = &ledger.Rejection{
		Code: "row-value", Rule: "a cell holds one value that the column is for", RuleZH: "单元格须为该列允许的单一值",
		Next: "correct the cell, or the mapping", NextZH: "请更正单元格或映射文件",
	}
)

// An Origin says where a row stands.
type Origin struct {
	Row  int    // 1 is the first after the header, or of the list
	Line int    // physical line where the row begins
	ID   string // first 16 hexadecimal digits of the file's SHA-256, colon, Row; see the package comment
	Hash string // SHA-256 over the cells, each preceded by its length as 8 bytes, big-endian; of a JSON item, over its bytes

	refuse func(error) *Refused
}

// Refuse returns the refusal of a row that was read, for a reason found later: by
// the book, say.
func (o Origin) Refuse(err error) *Refused { return o.refuse(err) }

// A Row is one row with its cells in the order of the file's columns.
type Row struct {
	Origin
	Cells []string
	Fault error // why the cells cannot be used as they stand; nil when they can
}

// A File is a file that holds together from its first byte to its last.
type File struct {
	Name     string
	SHA256   string // hexadecimal
	Size     int64
	Encoding Encoding // "" of a workbook
	Columns  []string // header of a table, paths of a JSON list

	options    Options
	mark       int  // bytes of a byte order mark
	headerLine int  // 0 of a JSON list
	annotated  bool // the last column is ReasonColumn, and no part of the rows
	book       *workbook
	within     string // what stands before the number of a row in its name: the sheet or list, unless it is the first
	source     io.ReadSeeker
	close      func() error
}

// Open reads the file at path once and checks it as a whole.
func Open(path string, o Options) (*File, error) {
	if o.Name == "" {
		o.Name = path
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(o.Name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, ErrFile.Of("%s is no regular file", o.Name)
	}
	source, err := os.Open(path)
	if err != nil {
		return nil, unreadable(o.Name, err)
	}
	f, err := New(source, o)
	if err != nil {
		return nil, errors.Join(err, source.Close())
	}
	f.close = source.Close
	return f, nil
}

// unreadable says why a file cannot be opened. That it is not there, or not for
// this user, is for whoever named it to mend; the rest is a fault.
func unreadable(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid):
		return ErrFile.Of("%s does not exist", name)
	case errors.Is(err, syscall.ENOTDIR):
		return ErrFile.Of("%s is no folder", name)
	case errors.Is(err, fs.ErrPermission):
		return ErrFile.Of("%s may not be read by this user", name)
	}
	return fmt.Errorf("open %s: %w", name, err)
}

// ReadText reads a small file whole: a mapping, a file of a policy pack. One that
// is larger than most bytes is refused without being read.
func ReadText(files fs.FS, name string, most int64) ([]byte, error) {
	info, err := fs.Stat(files, name) // first: to open a pipe would wait for its writer
	if err != nil {
		return nil, unreadable(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, ErrFile.Of("%s is no regular file", name)
	}
	if info.Size() > most {
		return nil, ErrFile.Of("%s has %d bytes, more than %d", name, info.Size(), most)
	}
	file, err := files.Open(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(text)) > most {
		return nil, ErrFile.Of("%s has more than %d bytes", name, most)
	}
	return text, nil
}

// New reads source once from its beginning and checks it as a whole. The caller
// keeps it unchanged and open until the last row is read.
func New(source io.ReadSeeker, o Options) (*File, error) {
	if o.Name == "" {
		o.Name = "input"
	}
	if o.Format == "" {
		o.Format = CSV
	}
	if o.Comma == 0 {
		o.Comma = ','
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = maxBytes
	}
	if o.kept == 0 {
		o.kept = maxKept
	}
	f := &File{Name: o.Name, options: o, source: source}
	size, err := source.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.Name, err)
	}
	if f.Size = size; size > o.MaxBytes {
		return nil, ErrFile.Of("%s has %d bytes, more than %d", f.Name, size, o.MaxBytes)
	}
	if err := f.recognise(); err != nil {
		return nil, err
	}
	if err := f.identify(); err != nil {
		return nil, err
	}
	for _, err := range f.scan() {
		if err != nil {
			return nil, err
		}
	}
	if len(f.Columns) == 0 {
		return nil, ErrColumns.Of("%s has no header", f.Name)
	}
	return f, nil
}

// recognise tells a workbook from a table of text by its first bytes.
func (f *File) recognise() error {
	head := make([]byte, 8)
	if _, err := f.source.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	n, err := io.ReadFull(f.source, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) && f.options.Format != JSON:
		f.options.Format = XLSX
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return ErrWorkbook.Of("%s is an .xls, or has a password", f.Name)
	case f.options.Format == XLSX:
		return ErrWorkbook.Of("%s is none", f.Name)
	}
	if f.options.Format != XLSX {
		return nil
	}
	at, ok := f.source.(io.ReaderAt)
	if !ok {
		return ErrWorkbook.Of("%s cannot be read in any order", f.Name)
	}
	if f.book, err = openWorkbook(at, f.Size, f.options.Sheet); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if f.book.name != "" {
		f.within = named(f.book.name)
	}
	return nil
}

// identify computes the hash and settles the encoding.
func (f *File) identify() error {
	if _, err := f.source.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	hash, content := sha256.New(), new(probe)
	into := io.MultiWriter(hash, content)
	if f.book != nil {
		into = hash
	}
	if _, err := io.Copy(into, f.source); err != nil {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	f.SHA256 = hex.EncodeToString(hash.Sum(nil))
	if f.book != nil {
		return nil
	}
	declared := f.options.Encoding
	if declared == "" && f.options.Format == JSON && content.valid() {
		declared = UTF8 // JSON is no other (RFC 8259 §8.1)
	}
	encoding, mark, err := content.settle(declared)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if f.options.Format == JSON && encoding != UTF8 {
		return ErrEncoding.Of("%s is JSON in %s, not utf-8 (RFC 8259 §8.1)", f.Name, encoding)
	}
	f.Encoding, f.mark = encoding, mark
	return nil
}

// Close closes the file that Open opened.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Rows reads the file again and gives its rows; those of a workbook may be held in
// memory from the first time. An error that comes with a row ends them: the file
// has changed since it was opened, or cannot be read any more. What was taken from
// the rows before it is not to be relied on.
func (f *File) Rows() iter.Seq2[Row, error] { return f.scan() }

// Column returns the index of a column, or -1.
func (f *File) Column(name string) int { return slices.Index(f.Columns, name) }

func (f *File) scan() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if f.book != nil {
			f.scanBook(yield)
			return
		}
		if _, err := f.source.Seek(0, io.SeekStart); err != nil {
			yield(Row{}, fmt.Errorf("read %s: %w", f.Name, err))
			return
		}
		hash := sha256.New()
		raw := bufio.NewReaderSize(io.TeeReader(io.LimitReader(f.source, f.Size+1), hash), 1<<16)
		_, err := raw.Discard(f.mark)
		more := true
		if err == nil {
			text := &limited{r: decode(raw, f.Encoding), left: maxRow}
			if f.options.Format == JSON {
				more, err = f.readList(text, yield)
			} else {
				more, err = f.readTable(text, yield)
			}
		}
		if !more {
			return
		}
		if err == nil && hex.EncodeToString(hash.Sum(nil)) != f.SHA256 {
			err = ErrChanged.Of("%s", f.Name)
		}
		if err != nil {
			yield(Row{}, f.interpret(err))
		}
	}
}

// scanBook gives the rows of a workbook, or none of them the first time. Its parts are
// not read in their order: its hash is computed again behind them.
func (f *File) scanBook(yield func(Row, error) bool) {
	more, err := true, error(nil)
	if f.Columns == nil {
		err = f.survey()
	} else {
		more, err = f.readSheet(yield)
	}
	if !more {
		return
	}
	if err == nil {
		_, err = f.source.Seek(0, io.SeekStart)
	}
	hash := sha256.New()
	if err == nil {
		_, err = io.Copy(hash, f.source)
	}
	if err == nil && hex.EncodeToString(hash.Sum(nil)) != f.SHA256 {
		err = ErrChanged.Of("%s", f.Name)
	}
	if err != nil {
		yield(Row{}, f.interpret(err))
	}
}

// interpret says which file an error is about and turns those of the CSV reader
// into refusals. Its own text could quote the file, so only places are kept.
func (f *File) interpret(err error) error {
	if rule, _ := ledger.Refused(err); rule != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	if syntax, ok := errors.AsType[*csv.ParseError](err); ok {
		what := "a quote stands in an unquoted cell"
		if errors.Is(syntax.Err, csv.ErrQuote) {
			what = "a quoted cell is not closed, or goes on after its closing quote"
		}
		return ErrStructure.Of("%s: line %d, in a row that begins on line %d: %s", f.Name, syntax.Line, syntax.StartLine, what)
	}
	return fmt.Errorf("read %s: %w", f.Name, err)
}

// readTable gives the rows of a CSV. It returns false when no more are wanted.
func (f *File) readTable(text *limited, yield func(Row, error) bool) (bool, error) {
	r := csv.NewReader(text)
	r.Comma, r.Comment, r.FieldsPerRecord = f.options.Comma, '#', -1
	before := 0
	text.after = func() string { return behind(before) }
	for n := 0; ; n++ {
		cells, err := r.Read()
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return true, err
		}
		text.left = maxRow
		line, _ := r.FieldPos(0)
		before = line
		if n == 0 {
			if err := f.header(cells); err != nil {
				return true, err
			}
			f.headerLine = line
			r.Comment = 0 // from here # is text
			if f.annotated {
				unguard(f.Columns)
			}
			continue
		}
		cells = f.trim(cells)
		if f.annotated {
			unguard(cells)
		}
		row := Row{Origin: f.origin(n, line, cells), Cells: cells, Fault: check(cells, f.Columns)}
		if row.Fault == nil && text.ended && r.InputOffset() == text.read && text.last != '\n' {
			row.Fault = ErrCut.Of("%d characters in the last cell", len([]rune(cells[len(cells)-1])))
		}
		if !yield(row, nil) {
			return false, nil
		}
	}
}

func (f *File) header(cells []string) error {
	if len(cells) > maxColumns {
		return ErrColumns.Of("%d columns, more than %d", len(cells), maxColumns)
	}
	for i, c := range cells {
		if err := ledger.CheckText(c); err != nil {
			_, where := ledger.Refused(err)
			return ErrColumns.Of("the name of column %d: %s", i+1, where)
		}
		if other := slices.Index(cells[:i], c); other >= 0 { // a list without header has cells of a row here
			return ErrColumns.Of("the name of column %d is that of column %d", i+1, other+1)
		}
	}
	if f.annotated = cells[len(cells)-1] == ReasonColumn; f.annotated {
		cells = cells[:len(cells)-1]
	}
	f.Columns = cells
	return nil
}

// trim takes away the cell of [ReasonColumn].
func (f *File) trim(cells []string) []string {
	if f.annotated && len(cells) == len(f.Columns)+1 {
		return cells[:len(cells)-1]
	}
	return cells
}

func (f *File) origin(row, line int, cells []string) Origin {
	return f.at(row, line, hash(cells))
}

// hash is the SHA-256 over texts, each preceded by its length as 8 bytes, big-endian.
func hash(texts []string) []byte {
	b := make([]byte, 0, 1<<10)
	for _, t := range texts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(t)))
		b = append(b, t...)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// named is what a sheet or a list puts into the names of its rows, which hold no text
// of the file.
func named(part string) string {
	sum := sha256.Sum256([]byte(part))
	return hex.EncodeToString(sum[:8]) + ":"
}

func (f *File) at(row, line int, hash []byte) Origin {
	return Origin{Row: row, Line: line, ID: f.SHA256[:16] + ":" + f.within + strconv.Itoa(row), Hash: hex.EncodeToString(hash)}
}

// check refuses cells that do not stand under the columns or hold characters
// that no cell may hold.
func check(cells, columns []string) error {
	if len(cells) != len(columns) {
		return ErrRagged.Of("%d cells, %d columns", len(cells), len(columns))
	}
	for i, c := range cells {
		if err := ledger.CheckText(c); err != nil {
			return in(columns[i], err)
		}
	}
	return nil
}

// behind says where a row begins that follows another, or the first.
func behind(line int) string {
	if line == 0 {
		return "at the beginning"
	}
	return fmt.Sprintf("after that on line %d", line)
}

// limited reads text, and refuses a row that does not end within maxRow bytes:
// a quote that is never closed would otherwise take the whole file into memory.
type limited struct {
	r     io.Reader
	left  int           // bytes that the row at hand may still take
	after func() string // where the row at hand stands
	read  int64
	last  byte
	ended bool
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrStructure.Of("the row %s is longer than %d bytes", l.after(), maxRow)
	}
	n, err := l.r.Read(b)
	l.left -= n
	l.read += int64(n)
	if n > 0 {
		l.last = b[n-1]
	}
	l.ended = l.ended || err == io.EOF
	return n, err
}

// fold makes one blank of every run of white space and none at the ends.
func fold(s string) string { return strings.Join(strings.Fields(s), " ") }

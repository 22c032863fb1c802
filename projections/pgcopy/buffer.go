// Package pgcopy writes rows in the binary format of Postgres's COPY, straight
// from the values of the ledger into one reusable buffer.
//
// # Encoding
//
// A buffer begins with the eleven bytes of the signature and eight bytes of flags
// and extension, all zero. A row is the number of its columns as an int16 and
// then its cells. A cell is the length of its value as an int32, -1 for null, and
// the value in the type's binary form, all integers big-endian. An int16 of -1
// ends the data (PostgreSQL documentation, COPY, "Binary Format"). Arrays that
// are sent as parameters hold the same cells ([AppendArray]).
//
// # Invariants
//
//  1. A value is written only into a column of its type, and a row has all its
//     columns: anything else is a programmer's error and panics. Postgres would
//     take eight wrong bytes for another date without complaint.
//  2. An amount is written exactly, whatever its size, with two decimals.
//
// # Design
//
// pgx.CopyFrom encodes the same format from []any, a row and a heap allocation per
// value at a time; with seven rows to an event that was a third of the projector's
// time.
package pgcopy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"zhucan/ledger"
)

// A Type is the type of a column.
type Type uint8

// The types that tables of this program are made of. Money is one amount, Total a
// sum of any number of them.
const (
	Text Type = 1 + iota
	Bool
	Int2
	Int4
	Int8
	Date
	Timestamp
	Money
	Total
	Bytea
	TextArray
)

var types = [...]struct {
	sql        string
	oid, array uint32
}{
	Text:      {"text", 25, 1009},
	Bool:      {"boolean", 16, 1000},
	Int2:      {"smallint", 21, 1005},
	Int4:      {"integer", 23, 1007},
	Int8:      {"bigint", 20, 1016},
	Date:      {"date", 1082, 1182},
	Timestamp: {"timestamptz", 1184, 1185},
	Money:     {"numeric(18,2)", 1700, 1231},
	Total:     {"numeric(30,2)", 1700, 1231},
	Bytea:     {"bytea", 17, 1001},
	TextArray: {"text[]", 1009, 0},
}

// SQL returns the type's name in a table definition.
func (t Type) SQL() string { return types[t].sql }

// ArrayOID returns the number of the type's array type. There are no arrays of
// arrays here, so it is 0 for [TextArray].
func (t Type) ArrayOID() uint32 { return types[t].array }

// header is the signature, the flags and the length of the extension.
const header = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// spare is how many bytes most rows take less than. A buffer that has not as many left doubles:
// append would move what there is time and again.
const spare = 1024

// A Buffer holds rows of one table. It is used from one goroutine.
type Buffer struct {
	columns []Type
	data    []byte
	rows    int
	next    int // column to be written; len(columns) between rows
	lines   Lines
}

// NewBuffer returns an empty buffer for rows of these columns.
func NewBuffer(columns []Type) *Buffer {
	b := &Buffer{columns: columns}
	b.Reset()
	return b
}

// Reset empties the buffer and keeps its storage.
func (b *Buffer) Reset() {
	b.data, b.rows, b.next = append(b.data[:0], header...), 0, len(b.columns)
}

// Columns returns the types of the columns.
func (b *Buffer) Columns() []Type { return b.columns }

// Rows returns how many rows there are.
func (b *Buffer) Rows() int { return b.rows }

// Reader returns what COPY FROM STDIN (FORMAT BINARY) reads. It is valid until the
// buffer is next written to.
func (b *Buffer) Reader() io.Reader {
	return bytes.NewReader(b.Bytes())
}

// Bytes returns the same as one slice, valid until the buffer is next written to.
func (b *Buffer) Bytes() []byte {
	b.whole()
	b.data = append(b.data, 0xff, 0xff)
	out := b.data
	b.data = b.data[:len(b.data)-2]
	return out
}

// Row begins a row. Its columns follow in their order.
func (b *Buffer) Row() *Buffer {
	b.whole()
	if cap(b.data)-len(b.data) < spare {
		b.data = slices.Grow(b.data, max(spare, len(b.data)))
	}
	b.data = binary.BigEndian.AppendUint16(b.data, uint16(len(b.columns)))
	b.rows++
	b.next = 0
	return b
}

// Raw adds a whole row of cells that were encoded before.
func (b *Buffer) Raw(cells []byte) {
	b.Row()
	b.data, b.next = append(b.data, cells...), len(b.columns)
}

// Cut takes out whole rows, each from the byte where it begins to the byte after
// it. Offsets of the rows behind are no longer right.
func (b *Buffer) Cut(rows [][2]int) {
	if len(rows) == 0 {
		return
	}
	b.whole()
	slices.SortFunc(rows, func(a, c [2]int) int { return a[0] - c[0] })
	kept := b.data[:rows[0][0]]
	for i, row := range rows {
		end := len(b.data)
		if i+1 < len(rows) {
			end = rows[i+1][0]
		}
		kept = append(kept, b.data[row[1]:end]...)
	}
	b.data, b.rows = kept, b.rows-len(rows)
}

// Size returns the number of bytes so far: where the next row will begin.
func (b *Buffer) Size() int {
	b.whole()
	return len(b.data)
}

// Cells returns the cells of the row that begins at offset and where it ends.
func (b *Buffer) Cells(offset int) (cells []byte, end int) {
	b.whole()
	end = offset + 2
	for range b.columns {
		end += cellSize(b.data[end:])
	}
	return b.data[offset+2 : end], end
}

func (b *Buffer) whole() {
	if b.next != len(b.columns) {
		panic(fmt.Sprintf("pgcopy: row ends before column %d of %d", b.next+1, len(b.columns)))
	}
}

func (b *Buffer) expect(t Type) {
	if b.next >= len(b.columns) || b.columns[b.next] != t {
		panic(fmt.Sprintf("pgcopy: %s written into column %d", t.SQL(), b.next+1))
	}
	b.next++
}

// The following write the next column of the row.

// Null writes no value, into a column of any type.
func (b *Buffer) Null() *Buffer {
	if b.next >= len(b.columns) {
		panic("pgcopy: null written after the last column")
	}
	b.next++
	b.data = AppendNull(b.data)
	return b
}

// Text writes a string.
func (b *Buffer) Text(s string) *Buffer {
	b.expect(Text)
	b.data = AppendText(b.data, s)
	return b
}

// TextOrNull writes a string, or null when it is empty.
func (b *Buffer) TextOrNull(s string) *Buffer {
	if s == "" {
		return b.Null()
	}
	return b.Text(s)
}

// Bool writes a truth value.
func (b *Buffer) Bool(v bool) *Buffer {
	b.expect(Bool)
	b.data = AppendBool(b.data, v)
	return b
}

// Int2 writes a small number.
func (b *Buffer) Int2(n int16) *Buffer {
	b.expect(Int2)
	b.data = AppendInt2(b.data, n)
	return b
}

// Int4 writes a number.
func (b *Buffer) Int4(n int32) *Buffer {
	b.expect(Int4)
	b.data = AppendInt4(b.data, n)
	return b
}

// Int8 writes a large number.
func (b *Buffer) Int8(n int64) *Buffer {
	b.expect(Int8)
	b.data = AppendInt8(b.data, n)
	return b
}

// Date writes a day, or null for no day.
func (b *Buffer) Date(d ledger.Date) *Buffer {
	if d.IsZero() {
		return b.Null()
	}
	b.expect(Date)
	b.data = AppendDate(b.data, d)
	return b
}

// Timestamp writes a moment, to the microsecond.
func (b *Buffer) Timestamp(t time.Time) *Buffer {
	b.expect(Timestamp)
	b.data = AppendTimestamp(b.data, t)
	return b
}

// Money writes an amount into a column of type Money or Total.
func (b *Buffer) Money(m Sum) *Buffer {
	if b.next < len(b.columns) && b.columns[b.next] == Total {
		b.expect(Total)
	} else {
		b.expect(Money)
	}
	b.data = AppendMoney(b.data, m)
	return b
}

// Line writes a budget line into four columns.
func (b *Buffer) Line(l ledger.BudgetLine) *Buffer {
	b.expect(Text)
	b.expect(Text)
	b.expect(Text)
	b.expect(Int4)
	b.data = b.lines.Append(b.data, l)
	return b
}

// Bytea writes bytes.
func (b *Buffer) Bytea(p []byte) *Buffer {
	b.expect(Bytea)
	b.data = AppendBytea(b.data, p)
	return b
}

// TextArray writes a list of strings.
func (b *Buffer) TextArray(list []string) *Buffer {
	b.expect(TextArray)
	b.data = AppendTextArray(b.data, list)
	return b
}

func length(dst []byte, n int) []byte { return binary.BigEndian.AppendUint32(dst, uint32(n)) }

// cellSize returns the bytes that the first cell of b takes.
func cellSize(b []byte) int {
	if n := int32(binary.BigEndian.Uint32(b)); n > 0 {
		return 4 + int(n)
	}
	return 4
}

// Split cuts cells, one after the other, into n cells.
func Split(cells []byte, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		size := cellSize(cells)
		all[i], cells = cells[:size:size], cells[size:]
	}
	return all
}

// AppendNull and the following functions append one cell to dst.
func AppendNull(dst []byte) []byte { return append(dst, 0xff, 0xff, 0xff, 0xff) }

// AppendText appends a string. NUL, which Postgres cannot hold in a text, is
// written as its picture ␀, and bytes that are not UTF-8 as the replacement
// character: a remark with such a byte in it must not stop the books. The event
// itself keeps its bytes in the archive.
func AppendText(dst []byte, s string) []byte {
	if !plain(s) && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)) {
		s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "␀")
	}
	return append(length(dst, len(s)), s...)
}

// plain tells whether s is of ASCII without NUL: most strings are, and short.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == 0 || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// AppendBool appends a truth value.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(length(dst, 1), 1)
	}
	return append(length(dst, 1), 0)
}

// AppendInt2 appends a small number.
func AppendInt2(dst []byte, n int16) []byte {
	return binary.BigEndian.AppendUint16(length(dst, 2), uint16(n))
}

// AppendInt4 appends a number.
func AppendInt4(dst []byte, n int32) []byte {
	return binary.BigEndian.AppendUint32(length(dst, 4), uint32(n))
}

// AppendInt8 appends a large number.
func AppendInt8(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(length(dst, 8), uint64(n))
}

// epoch is Postgres's first moment, 2000-01-01 UTC, in seconds of Unix.
const epoch = 946_684_800

// AppendDate appends a day.
func AppendDate(dst []byte, d ledger.Date) []byte {
	return AppendInt4(dst, int32((d.Time().Unix()-epoch)/86_400))
}

// AppendTimestamp appends a moment, to the microsecond.
func AppendTimestamp(dst []byte, t time.Time) []byte {
	return AppendInt8(dst, t.UnixMicro()-epoch*1_000_000)
}

// AppendBytea appends bytes.
func AppendBytea(dst, p []byte) []byte { return append(length(dst, len(p)), p...) }

// AppendTextArray appends a list of strings.
func AppendTextArray(dst []byte, list []string) []byte {
	size := len(dst)
	dst = length(dst, 0)
	var elements []byte
	for _, s := range list {
		elements = AppendText(elements, s)
	}
	dst = AppendArray(dst, Text, len(list), elements)
	binary.BigEndian.PutUint32(dst[size:], uint32(len(dst)-size-4))
	return dst
}

// Lines appends budget lines, four cells each: region, scheme, fund, year. It keeps the last
// one, since the postings of an entry are on one line, nearly always. The zero value is ready.
type Lines struct {
	line  ledger.BudgetLine
	cells []byte
}

// Append appends the cells of a line.
func (s *Lines) Append(dst []byte, l ledger.BudgetLine) []byte {
	if l != s.line || s.cells == nil {
		cells := AppendText(AppendText(AppendText(s.cells[:0], string(l.Region)), string(l.Scheme)), string(l.Fund))
		s.line, s.cells = l, AppendInt4(cells, int32(l.Year))
	}
	return append(dst, s.cells...)
}

// AppendArray appends the binary form of an array of n cells, without its length:
// a parameter.
func AppendArray(dst []byte, t Type, n int, cells []byte) []byte {
	if n == 0 {
		dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0) // no dimension, no null
		return binary.BigEndian.AppendUint32(dst, types[t].oid)
	}
	dst = append(dst, 0, 0, 0, 1, 0, 0, 0, 1) // one dimension, may have nulls
	dst = binary.BigEndian.AppendUint32(dst, types[t].oid)
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	return append(append(dst, 0, 0, 0, 1), cells...)
}

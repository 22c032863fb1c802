// Package intake turns files into commands: policy packs, budgets, applications
// and lists of payments. It opens no database and no connection.
//
// A file is read twice. [Open] reads it whole, computes its SHA-256, settles its
// encoding and checks that its structure holds to the last byte; only then does
// [File.Rows] give rows, one at a time. What is wrong with the file refuses the
// file before anything of it is used; what is wrong with one row refuses that
// row as a [Refused], with its line, and the rest goes on:
//
//	f, err := intake.Open("list.csv", mapping.Options())
//	for p, err := range intake.ReadPayments(f, mapping) {
//		if refused, ok := errors.AsType[*intake.Refused](err); ok { … }
//	}
//
// # Invariants
//
//  1. No row is lost: read = accepted + refused ([Totals]).
//  2. Nothing is repaired silently. Bytes that are no text in the encoding of the
//     file refuse the file with their line; they never become U+FFFD.
//  3. An amount is read from the text in the file, exactly; JSON numbers never
//     pass through a binary float.
//  4. A row is named by its file and place: the first 16 hexadecimal digits of the
//     file's SHA-256, a colon, and the number of the row, 1 being the first after
//     the header. The same bytes have the same names, so that a file imported
//     twice changes nothing the second time. In a workbook or JSON file of several
//     lists the rows of all but the first have, before their number, 16 hexadecimal
//     digits of the SHA-256 of the name of their sheet or list, and a colon.
//  5. Personal numbers are in memory and in what is sealed, never in an error or
//     in a file of refused rows, except masked.
//  6. However long the file, one row of it is held at a time; of a workbook, rows that
//     take at most 64 MiB together.
//
// # Failures
//
// A refusal names the place: line and character of a byte that is no text, line and
// column of a cell. The file is refused for: not there, too large, not a regular
// file, encoding that is not known or not kept to, a quote that is never closed or
// stands where none may, JSON that ends early or names a member twice, a row over
// 1 MiB, columns that are missing, unknown or named twice, bytes that changed
// between the readings.
//
// A row is refused for: more or fewer cells than the header has, control and
// bidirectional characters (NUL, U+202E, zero-width characters, a byte order mark
// inside), and whatever its values are refused for. A last line without a line
// break is refused too: the file may have been cut there, and 1200 cut from
// 1200.50 looks like an amount.
//
// Rows that repeat each other are all given: that a payment may be a double is
// flagged by the book, where the whole history is known. A file whose rows were
// put in another order, or of which one byte changed, is another file with other
// row names; its rows come in again and are flagged as suspected doubles.
//
// # Design
//
// Text is kept as it is in the file, with one exception that is stated here: in
// names, places, notes and documents, runs of white space (line breaks included)
// become one blank and those at the ends go, because published lists break names
// over lines and one payee must stay one. No Unicode normalisation is done: it
// would replace compatibility ideographs that occur in personal names.
//
// A name or place that begins with = + - @ TAB CR or their full-width forms is
// refused (formula-in-text): it would be run as a formula by the next spreadsheet
// that opens a public list. Files written here put ' before such cells.
//
// Encodings are detected where that is safe: a byte order mark, valid UTF-8, or
// GB18030 whose characters are nearly all of GB 2312. A short list may be both: UTF-8
// without a Chinese character that is GB18030 as well is taken for neither. Everything
// else is named by whoever imports it; Windows-1252 can hold any bytes, so that a guess of it
// would prove nothing.
//
// Lines that begin with # before the header are notes and are skipped; nowhere
// else has # a meaning. Blank lines are no rows.
//
// A workbook (.xlsx) is a table like a CSV, wherever one may be given. Its cells are
// what was typed: a text as it is, a number as its shortest decimal, a whole day as
// 2023-04-05 and a month as 2023-04 where the cell's format shows one. What a person
// who signs a list does not see, or what a cell does not hold by itself, refuses the
// row: rows that are hidden, filtered away or of no height, merged cells, formulas and
// all cells that one gives the values of, errors, numbers whose digits are lost. Hidden
// columns of the list refuse the file, and so does a second sheet with rows unless the
// sheet is named. A row's line is its number in the sheet. The sheet is read as a
// stream, its table of texts is held in memory, and so are its rows as the first reading
// finds them, unless they take too much: to unpack and parse them takes most of the time.
// What they mean is made out anew whenever they are given, once all that stands behind
// them is known, and the bytes of the file are read again then.
//
// Refused rows go to a [RefusedFile], masked, or to [Corrections], as they came in:
// the same sheet with the reason beside each row, to be corrected and read again. Where
// a cell was no text, what is seen of it comes back; digits that are lost are not made up.
package intake

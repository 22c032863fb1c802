package intake

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// A Stream is a CSV whose rows are read once and kept nowhere. It is refused for what a
// [File] is refused for; its rows have no names and no hashes, which cost more than
// reading them.
type Stream struct {
	Columns []string

	file *File
}

// OpenStream reads the file at path once and checks it as a whole, as [Open] does. The
// size is not limited unless the options say so: one row is in memory at a time.
func OpenStream(path string, o Options) (*Stream, error) {
	if o.Name == "" {
		o.Name = path
	}
	if o.Comma == 0 {
		o.Comma = ','
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(o.Name, err)
	}
	if !info.Mode().IsRegular() || o.MaxBytes > 0 && info.Size() > o.MaxBytes {
		return nil, ErrFile.Of("%s is no regular file of the size allowed", o.Name)
	}
	source, err := os.Open(path)
	if err != nil {
		return nil, unreadable(o.Name, err)
	}
	s := &Stream{file: &File{Name: o.Name, Size: info.Size(), options: o, source: source, close: source.Close}}
	err = s.file.identify()
	if err == nil {
		err = s.read(decode, func(int, []string, error) error { return nil })
	}
	if err == nil && len(s.file.Columns) == 0 {
		err = ErrColumns.Of("%s has no header", o.Name)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	s.Columns = s.file.Columns
	return s, nil
}

// Close closes the file.
func (s *Stream) Close() error { return s.file.Close() }

// Rows calls row for each row with its line and cells, which are only good until it
// returns, and why they cannot be used as they stand. An error of row ends the reading.
func (s *Stream) Rows(row func(line int, cells []string, fault error) error) error {
	text := decode
	if s.file.Encoding == UTF8 {
		text = func(r io.Reader, _ Encoding) io.Reader { return r } // found to be UTF-8 by OpenStream; the hash says that it still is
	}
	return s.read(text, func(line int, cells []string, fault error) error {
		if fault == nil {
			fault = checkFast(cells, s.Columns)
		}
		return row(line, cells, fault)
	})
}

func (s *Stream) read(decoded func(io.Reader, Encoding) io.Reader, row func(int, []string, error) error) error {
	f := s.file
	if _, err := f.source.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	hash := sha256.New()
	raw := bufio.NewReaderSize(io.TeeReader(io.LimitReader(f.source, f.Size+1), hash), 1<<16)
	if _, err := raw.Discard(f.mark); err != nil {
		return fmt.Errorf("read %s: %w", f.Name, err)
	}
	text := &limited{r: decoded(raw, f.Encoding), left: maxRow}
	r := csv.NewReader(text)
	r.Comma, r.Comment, r.FieldsPerRecord = f.options.Comma, '#', -1
	before := 0
	text.after = func() string { return behind(before) }
	for n := 0; ; n++ {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return f.interpret(err)
		}
		text.left = maxRow
		before, _ = r.FieldPos(0)
		if n == 0 {
			if err := f.header(cells); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
			r.Comment, r.ReuseRecord = 0, true
			continue
		}
		var fault error
		if text.ended && r.InputOffset() == text.read && text.last != '\n' {
			fault = ErrCut.Of("the last line")
		}
		if err := row(before, cells, fault); err != nil {
			return err
		}
	}
	if hex.EncodeToString(hash.Sum(nil)) != f.SHA256 {
		return ErrChanged.Of("%s", f.Name)
	}
	return nil
}

// checkFast is check for rows that are nearly always plain ASCII.
func checkFast(cells, columns []string) error {
	for _, c := range cells {
		for i := range len(c) {
			if c[i] < ' ' || c[i] > '~' {
				return check(cells, columns)
			}
		}
	}
	if len(cells) != len(columns) {
		return check(cells, columns)
	}
	return nil
}

package intake

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"zhucan/ledger"
)

// readList gives the items of the list of a JSON file. Everything around them is
// read too, so that a file that ends early or repeats a name is refused. It
// returns false when no more are wanted.
func (f *File) readList(text *limited, yield func(Row, error) bool) (bool, error) {
	f.Columns = f.options.Paths
	lines := &lineCounter{r: text, line: 1}
	d := jsontext.NewDecoder(lines)
	text.after = func() string { return fmt.Sprintf("that begins on line %d", lines.at(d.InputOffset())) }
	broken := func(err error) error {
		if rule, _ := ledger.Refused(err); rule != nil {
			return err
		}
		syntax, ok := errors.AsType[*jsontext.SyntacticError](err)
		if ok || err == io.EOF {
			offset := d.InputOffset()
			if ok {
				offset = max(offset, syntax.ByteOffset)
			}
			return ErrStructure.Of("line %d, byte %d: no JSON from here", lines.at(offset), offset)
		}
		return err
	}
	if token, err := d.ReadToken(); err != nil {
		return true, broken(err)
	} else if token.Kind() != '{' {
		return true, ErrStructure.Of("not an object with a list %q", f.options.List)
	}
	found := false
	for {
		token, err := d.ReadToken()
		if err != nil {
			return true, broken(err)
		}
		if token.Kind() == '}' {
			break
		}
		if token.String() != f.options.List {
			other, err := d.ReadValue()
			if err != nil {
				return true, broken(err)
			}
			if !found && other.Kind() == '[' && bytes.HasPrefix(bytes.TrimLeft(other[1:], " \t\r\n"), []byte("{")) {
				f.within = named(f.options.List) // another list of items comes first
			}
			text.left = maxRow
			continue
		}
		found = true
		if token, err = d.ReadToken(); err != nil {
			return true, broken(err)
		} else if token.Kind() != '[' {
			return true, ErrStructure.Of("%q is no list", f.options.List)
		}
		for n := 1; d.PeekKind() != ']'; n++ {
			item, err := d.ReadValue()
			if err != nil {
				return true, broken(err)
			}
			text.left = maxRow
			hash := sha256.Sum256(item)
			row := Row{Origin: f.at(n, lines.at(d.InputOffset()-int64(len(item))), hash[:])}
			row.Cells, row.Fault = f.pick(item)
			if row.Fault == nil {
				row.Fault = check(row.Cells, f.Columns)
			}
			if !yield(row, nil) {
				return false, nil
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return true, broken(err)
		}
	}
	if !found {
		return true, ErrColumns.Of("no list %q", f.options.List)
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return true, ErrStructure.Of("line %d: something follows the end", lines.at(d.InputOffset()))
	}
	return true, nil
}

// pick returns the texts at the paths. What is not there is empty.
func (f *File) pick(item jsontext.Value) ([]string, error) {
	cells := make([]string, len(f.Columns))
	var fault error
	for i, path := range f.Columns {
		var err error
		if cells[i], err = at(item, jsontext.Pointer(path)); err != nil && fault == nil {
			fault = in(path, err)
		}
	}
	return cells, fault
}

// at returns the text at a pointer: a string unquoted, a number or a boolean as
// it is written. A list on the way must have one element: to take the first of
// several would lose the others silently.
func at(v jsontext.Value, path jsontext.Pointer) (string, error) {
	for name := range path.Tokens() {
		d := jsontext.NewDecoder(bytes.NewReader(v))
		open, err := d.ReadToken()
		if err != nil {
			return "", err
		}
		switch open.Kind() {
		case '{':
			if v, err = member(d, name); err != nil || v == nil {
				return "", err
			}
		case '[':
			if d.PeekKind() == ']' {
				return "", nil
			}
			if v, err = d.ReadValue(); err != nil {
				return "", err
			}
			v = slices.Clone(v)
			if name != "0" || d.PeekKind() != ']' {
				return "", ErrValue.Of("a list that has not exactly one element")
			}
		default:
			return "", ErrValue.Of("no object")
		}
	}
	switch v.Kind() {
	case '"':
		text, err := jsontext.AppendUnquote(nil, v)
		return string(text), err
	case 'n':
		return "", nil
	case '{', '[':
		return "", ErrValue.Of("no text and no number")
	}
	return string(v), nil
}

// member returns the value of a member of the object that d is in, or nil.
func member(d *jsontext.Decoder, name string) (jsontext.Value, error) {
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		if token.String() == name {
			v, err := d.ReadValue()
			return slices.Clone(v), err
		}
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// checkPointer refuses what is no JSON Pointer of at least one member.
func checkPointer(path string) error {
	if p := jsontext.Pointer(path); path == "" || !p.IsValid() {
		return fmt.Errorf("%s is no JSON Pointer such as /recipientOrganization/0/name", strconv.Quote(path))
	}
	return nil
}

// lineCounter knows the lines of what was read ahead.
type lineCounter struct {
	r      io.Reader
	offset int64
	line   int
	breaks []int64 // offsets behind line breaks that at has not passed yet
}

func (l *lineCounter) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	for i, c := range b[:n] {
		if c == '\n' {
			l.breaks = append(l.breaks, l.offset+int64(i)+1)
		}
	}
	l.offset += int64(n)
	return n, err
}

// at returns the line of an offset that is not before the one asked for last.
func (l *lineCounter) at(offset int64) int {
	passed := 0
	for passed < len(l.breaks) && l.breaks[passed] <= offset {
		passed++
	}
	l.line += passed
	l.breaks = slices.Delete(l.breaks, 0, passed)
	return l.line
}

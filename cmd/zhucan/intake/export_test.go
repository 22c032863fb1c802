package intake

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
)

// Tokens writes the tokens of r, read through a buffer of size bytes, and how they end.
func Tokens(r io.Reader, size int) (all []string) {
	m := newMarkup(r, size)
	var t token
	for {
		if err := m.next(&t); err != nil {
			return append(all, err.Error())
		}
		switch t.kind {
		case startToken:
			s := "<" + string(t.name)
			for _, a := range t.attr {
				s += fmt.Sprintf(" %s=%q", a.name, a.value)
			}
			all = append(all, s)
		case endToken:
			all = append(all, "/"+string(t.name))
		case textToken:
			all = append(all, fmt.Sprintf("%q", t.text))
		}
	}
}

// XMLTokens is what encoding/xml makes of r, in the form of Tokens.
func XMLTokens(r io.Reader) (all []string) {
	d := xml.NewDecoder(r)
	for {
		t, err := d.RawToken()
		if err != nil {
			return append(all, err.Error())
		}
		switch t := t.(type) {
		case xml.StartElement:
			s := "<" + t.Name.Local
			for _, a := range t.Attr {
				s += fmt.Sprintf(" %s=%q", a.Name.Local, a.Value)
			}
			all = append(all, s)
		case xml.EndElement:
			all = append(all, "/"+t.Name.Local)
		case xml.CharData:
			all = append(all, fmt.Sprintf("%q", t))
		}
	}
}

// SharedTexts reads a table of texts that may take most bytes.
func SharedTexts(f *zip.File, most int64) (all []string, err error) {
	held, err := sharedTexts(f, most)
	for n := 0; ; n++ {
		text, ok := held.at(n)
		if !ok {
			return all, err
		}
		all = append(all, text)
	}
}

// Keeping returns o with rows of a workbook held in memory up to most bytes: with 1 they
// are read again each time.
func Keeping(o Options, most int) Options {
	o.kept = most
	return o
}

// Kept returns how many rows are held in memory.
func (f *File) Kept() int { return len(f.book.kept) }

package intake

import (
	"bytes"
	"encoding/xml"
	"io"
	"unicode/utf8"
)

// A markup gives the tokens of an XML document exactly as [xml.Decoder.RawToken] does,
// names without their prefix, and most of them many times faster: those that are
// plain, as in a sheet nearly all are from the first row to the last. What is not
// plain, or wrong, is left to encoding/xml, so that it alone says what XML is: a
// fuzz test holds the two against each other.
//
// Plain is a tag that is written with ASCII names, single blanks between them and
// values in double quotes, and text; neither holds a reference, a carriage return
// or another control character, and each fits the buffer.
type markup struct {
	r   io.Reader
	err error  // why r gives no more
	buf []byte // what of r has come and was not given yet begins at at
	at  int

	closes []byte // name of the plain element that ended where it began: <c/>

	slow  *xml.Decoder
	held  bool // slow may keep a byte or the end of an element, which comes first
	lines int  // given without slow
}

// A token's slices are good until the next is asked for. What is not of its kind is left
// from others.
type token struct {
	kind tokenKind
	name []byte // of an element
	attr []attribute
	text []byte
}

type tokenKind int

const (
	otherToken tokenKind = iota // a comment, say
	startToken
	endToken
	textToken
)

type attribute struct{ name, value []byte }

// newMarkup reads r through a buffer of size bytes.
func newMarkup(r io.Reader, size int) *markup {
	m := &markup{r: r, buf: make([]byte, 0, size)}
	m.slow = xml.NewDecoder(m)
	return m
}

// next puts the next token into t, as there are many and it is large. A [xml.SyntaxError]
// names the line of the document.
func (m *markup) next(t *token) error {
	if m.closes != nil {
		t.kind, t.name = endToken, m.closes
		m.closes = nil
		return nil
	}
	if !m.held && m.plain(t) {
		return nil
	}
	raw, err := m.slow.RawToken()
	if syntax, ok := err.(*xml.SyntaxError); ok {
		syntax.Line += m.lines
	}
	m.held = false
	t.kind = otherToken
	switch raw := raw.(type) {
	case xml.StartElement:
		m.held = true
		t.kind, t.name, t.attr = startToken, []byte(raw.Name.Local), t.attr[:0]
		for _, a := range raw.Attr {
			t.attr = append(t.attr, attribute{[]byte(a.Name.Local), []byte(a.Value)})
		}
	case xml.EndElement:
		t.kind, t.name = endToken, []byte(raw.Name.Local)
	case xml.CharData:
		m.held = true
		t.kind, t.text = textToken, raw
	}
	return err
}

// plain gives the next token if it is plain.
func (m *markup) plain(t *token) bool {
	if m.at == len(m.buf) && !m.fill() {
		return false
	}
	if m.buf[m.at] != '<' {
		n := m.find('<')
		if n < 0 || !plainText(m.buf[m.at:m.at+n]) {
			return false
		}
		t.kind, t.text = textToken, m.buf[m.at:m.at+n]
		m.at += n
		m.lines += bytes.Count(t.text, []byte{'\n'})
		return true
	}
	n := m.find('>')
	if n < 2 || !m.tag(m.buf[m.at+1:m.at+n], t) {
		return false
	}
	m.at += n + 1
	return true
}

// tag reads what stands between < and >, unless it is not plain.
func (m *markup) tag(s []byte, t *token) bool {
	if s[0] == '/' {
		n := name(s[1:])
		t.kind, t.name = endToken, s[1:]
		return n > 0 && n == len(s)-1
	}
	empty := s[len(s)-1] == '/'
	if empty {
		s = s[:len(s)-1]
	}
	n := name(s)
	t.kind, t.name, t.attr = startToken, s[:n], t.attr[:0]
	for s = s[n:]; len(s) > 0; {
		if s[0] != ' ' {
			return false
		}
		if s = s[1:]; len(s) == 0 {
			break // <c />
		}
		n := name(s)
		if n == 0 {
			return false
		}
		a := attribute{name: s[:n]}
		if s = s[n:]; len(s) > 0 && s[0] == ':' {
			if n = name(s[1:]); n == 0 {
				return false
			}
			a.name, s = s[1:1+n], s[1+n:]
		}
		if len(s) < 2 || s[0] != '=' || s[1] != '"' {
			return false
		}
		end := bytes.IndexByte(s[2:], '"')
		if end < 0 || !plainText(s[2:2+end]) || bytes.IndexByte(s[2:2+end], '\n') >= 0 {
			return false
		}
		a.value, s = s[2:2+end], s[2+end+1:]
		t.attr = append(t.attr, a)
	}
	if n == 0 {
		return false
	}
	if empty {
		m.closes = t.name
	}
	return true
}

// name returns the length of the name without colon that s begins with.
func name(s []byte) int {
	for i, c := range s {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '.' || c == '-'):
		default:
			return i
		}
	}
	return len(s)
}

func plainText(s []byte) bool {
	ascii, bracket := true, false
	for _, c := range s {
		switch {
		case c < ' ' && c != '\n' && c != '\t', c == '&', c == '<':
			return false
		case c == ']':
			bracket = true
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return (!bracket || !bytes.Contains(s, []byte("]]>"))) &&
		(ascii || utf8.Valid(s) && !bytes.Contains(s, []byte("\uFFFE")) && !bytes.Contains(s, []byte("\uFFFF")))
}

// find returns how far away the next c is, or -1 when it is not in what the buffer
// can hold.
func (m *markup) find(c byte) int {
	for from := 0; ; {
		if i := bytes.IndexByte(m.buf[m.at+from:], c); i >= 0 {
			return from + i
		}
		from = len(m.buf) - m.at
		if !m.fill() {
			return -1
		}
	}
}

// fill reads on, and makes room for it in front.
func (m *markup) fill() bool {
	if m.at > 0 {
		m.buf = m.buf[:copy(m.buf, m.buf[m.at:])]
		m.at = 0
	}
	if m.err != nil || len(m.buf) == cap(m.buf) {
		return false
	}
	n, err := io.ReadAtLeast(m.r, m.buf[len(m.buf):cap(m.buf)], 1)
	m.buf, m.err = m.buf[:len(m.buf)+n], err
	return n > 0
}

// ReadByte gives the decoder what comes next, and no more than it asks for.
func (m *markup) ReadByte() (byte, error) {
	if m.at == len(m.buf) && !m.fill() {
		return 0, m.err
	}
	m.at++
	return m.buf[m.at-1], nil
}

func (m *markup) Read(b []byte) (int, error) { panic("intake: the decoder reads by the byte") }

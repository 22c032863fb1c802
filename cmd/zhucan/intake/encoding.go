package intake

import (
	"bytes"
	"io"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"zhucan/ledger"
)

// An Encoding says what the bytes of a file mean. The empty Encoding is to be
// detected.
type Encoding string

// The encodings. GB18030 includes GBK and GB 2312.
const (
	UTF8        Encoding = "utf-8"        // with or without byte order mark
	GB18030     Encoding = "gb18030"      // GB 18030
	Windows1252 Encoding = "windows-1252" // Western European, never detected
	UTF16       Encoding = "utf-16"       // with byte order mark
)

func (e Encoding) known() bool {
	return e == UTF8 || e == GB18030 || e == Windows1252 || e == UTF16
}

// Refusals of encodings, in the order of checking.
var (
	ErrEncoding = &ledger.Rejection{
		Code: "file-encoding", Rule: "the encoding of a file is known: utf-8, gb18030, windows-1252 or utf-16 with byte order mark", RuleZH: "须能确定文件编码：utf-8、gb18030、windows-1252或带字节顺序标记的utf-16",
		Next: "name the encoding in the mapping, or with --encoding where there is none, or save the file as UTF-8", NextZH: "请在映射文件中写明编码，没有映射文件的用 --encoding 指明，或将文件另存为UTF-8",
	}
	ErrBytes = &ledger.Rejection{
		Code: "file-bytes", Rule: "every byte of a file is text in its encoding", RuleZH: "文件内容须全部符合其编码",
		Next: "look at the line; correct the encoding, or get the file again", NextZH: "请查看所指行；更正编码或重新获取文件",
	}
)

// A probe learns from all bytes of a file what it may be encoded in.
type probe struct {
	head     []byte // the first three bytes
	tail     []byte // an unfinished UTF-8 sequence
	notUTF8  bool
	breaks   int  // line breaks before the first byte that is no UTF-8
	wide     bool // has characters beyond ASCII, if UTF-8
	long     bool // has three-byte characters, if UTF-8
	han      bool // has Chinese characters, if UTF-8
	gb       int  // bytes seen of an unfinished GB18030 character
	lead     byte
	notGB    bool
	pairs    int // GB18030 characters of two bytes
	standard int // of these, those of GB 2312
}

func (p *probe) Write(b []byte) (int, error) {
	if n := 3 - len(p.head); n > 0 {
		p.head = append(p.head, b[:min(n, len(b))]...)
	}
	for _, c := range b {
		p.tryGB(c)
	}
	p.tryUTF8(b)
	return len(b), nil
}

func (p *probe) tryUTF8(b []byte) {
	if len(p.tail) > 0 {
		b = append(p.tail, b...)
	}
	for len(b) > 0 && !p.notUTF8 {
		if b[0] < utf8.RuneSelf {
			if b[0] == '\n' {
				p.breaks++
			}
			b = b[1:]
			continue
		}
		if !utf8.FullRune(b) {
			break
		}
		r, size := utf8.DecodeRune(b)
		p.notUTF8 = r == utf8.RuneError && size == 1
		p.wide, p.long = true, p.long || size == 3
		p.han = p.han || size >= 3 && unicode.Is(unicode.Han, r)
		b = b[size:]
	}
	p.tail = bytes.Clone(b)
	if p.notUTF8 {
		p.tail = nil
	}
}

func (p *probe) tryGB(c byte) {
	switch {
	case p.notGB:
	case p.gb == 0 && c < 0x80:
	case p.gb == 0:
		p.lead, p.gb, p.notGB = c, 1, c == 0x80 || c == 0xff
	case p.gb == 1 && '0' <= c && c <= '9':
		p.gb = 2
	case p.gb == 1:
		p.gb, p.notGB = 0, c < 0x40 || c == 0x7f || c == 0xff
		p.pairs++
		if p.lead >= 0xa1 && c >= 0xa1 {
			p.standard++
		}
	case p.gb == 2:
		p.gb, p.notGB = 3, c < 0x81 || c == 0xff
	case p.gb == 3:
		p.gb, p.notGB = 0, c < '0' || c > '9'
	}
}

// valid tells whether all was UTF-8.
func (p *probe) valid() bool { return !p.notUTF8 && len(p.tail) == 0 }

// settle returns the encoding and the length of the byte order mark in front.
// declared wins over what is detected, unless the file contradicts it.
func (p *probe) settle(declared Encoding) (Encoding, int, error) {
	if declared != "" && !declared.known() {
		return "", 0, ErrEncoding.Of("%q", declared)
	}
	marked, length := Encoding(""), 0
	switch {
	case bytes.HasPrefix(p.head, []byte("\xef\xbb\xbf")):
		marked, length = UTF8, 3
	case bytes.HasPrefix(p.head, []byte("\xff\xfe")), bytes.HasPrefix(p.head, []byte("\xfe\xff")):
		marked = UTF16 // the decoder reads the mark
	}
	valid, gb := p.valid(), !p.notGB && p.gb == 0
	usual := gb && p.standard > 0 && p.standard*10 >= p.pairs*9
	switch {
	case marked != "" && declared != "" && marked != declared:
		return "", 0, ErrEncoding.Of("declared %s, with the byte order mark of %s", declared, marked)
	case marked != "":
		return marked, length, nil
	case declared == UTF16:
		return "", 0, ErrEncoding.Of("declared utf-16, without byte order mark")
	case declared == Windows1252 && valid && p.wide, declared == GB18030 && valid && p.long:
		return "", 0, ErrEncoding.Of("declared %s, and is utf-8", declared)
	case declared != "":
		return declared, 0, nil
	case valid && p.wide && !p.han && (usual || gb && !p.long): // 谢小毛 in GB18030 is лСë in UTF-8
		return "", 0, ErrEncoding.Of("it can be gb18030 with Chinese characters, or utf-8 without one: say which with --encoding")
	case valid:
		return UTF8, 0, nil
	case usual:
		return GB18030, 0, nil
	}
	return "", 0, ErrEncoding.Of("not utf-8 on line %d, and not surely another", p.breaks+1)
}

// decode returns the text of r as UTF-8. It stops with [ErrBytes], naming line and
// character, at the first byte that is no text.
func decode(r io.Reader, e Encoding) io.Reader {
	text := &strict{foreign: e != UTF8, line: 1}
	switch e {
	case GB18030:
		return transform.NewReader(r, transform.Chain(simplifiedchinese.GB18030.NewDecoder(), text))
	case Windows1252:
		return transform.NewReader(r, transform.Chain(charmap.Windows1252.NewDecoder(), text))
	case UTF16:
		return transform.NewReader(r, transform.Chain(xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM).NewDecoder(), text))
	}
	return transform.NewReader(r, text)
}

// strict passes UTF-8 on and refuses what is not. Decoders of other encodings
// report what they cannot read as U+FFFD, which is refused likewise.
type strict struct {
	foreign bool
	line    int
	passed  int // characters of the line
}

func (s *strict) Reset() {}

func (s *strict) Transform(dst, src []byte, atEOF bool) (n, read int, err error) {
	for read < len(src) {
		size := 1
		if c := src[read]; c >= utf8.RuneSelf {
			if !atEOF && !utf8.FullRune(src[read:]) {
				return n, read, transform.ErrShortSrc
			}
			var r rune
			r, size = utf8.DecodeRune(src[read:])
			if r == utf8.RuneError && (size == 1 || s.foreign) {
				return n, read, ErrBytes.Of("line %d, character %d", s.line, s.passed+1)
			}
		}
		if n+size > len(dst) {
			return n, read, transform.ErrShortDst
		}
		s.passed++
		if src[read] == '\n' {
			s.line, s.passed = s.line+1, 0
		}
		n += copy(dst[n:], src[read:read+size])
		read += size
	}
	return n, read, nil
}

package ledger

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrCharacter refuses text that does not show what it holds.
var ErrCharacter = &Rejection{
	Code: "text-character", Rule: "text holds no control characters, bidirectional or zero-width characters, nor the traces of lost ones", RuleZH: "文字中不得含有控制字符、双向或零宽字符，也不得含有乱码替换符",
	Next: "remove the character; write the text anew where it was lost", NextZH: "请删除该字符；文字已损坏的请重新填写",
}

// CheckText refuses a text with a character that is not read but does something:
// see [Legible].
func CheckText(s string) error {
	for i, r := range s {
		if !Legible(r) {
			return ErrCharacter.Of("%U, character %d", r, utf8.RuneCountInString(s[:i])+1)
		}
	}
	return nil
}

// Legible tells whether r is read, or breaks a line or aligns as a tab does. It is
// not when it controls display or processing: NUL and the other controls,
// bidirectional and zero-width characters, a byte order mark inside a text,
// separators of lines that are no line breaks, noncharacters, and U+FFFD, the
// trace of text that was lost before. Variation selectors, which choose between
// forms of rare characters, are legible.
func Legible(r rune) bool {
	switch {
	case ' ' <= r && r <= '~', r == '\n', r == '\t':
		return true
	case r == utf8.RuneError || r&0xfffe == 0xfffe || 0xfdd0 <= r && r <= 0xfdef:
		return false
	}
	switch r {
	case '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0': // letters and a symbol that are drawn as nothing
		return false
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// ErrNumber refuses what would be taken for the number of another paper.
var ErrNumber = &Rejection{
	Code: "number-blank", Rule: "the number of a document, voucher, serial or slip is one line, and neither begins nor ends with a blank", RuleZH: "文号、凭证号、流水号、缴款书号须为一行，首尾不得有空格",
	Source: "DA/T 95—2022 §8.2.2", Next: "write the number as it is printed", NextZH: "请按票面填写号码",
}

// CheckNumber refuses a number of a paper that looks like another: with characters that are not
// read, with a line break, with blanks at its ends or nothing else. None at all is for its rule to refuse.
func CheckNumber(s string) error {
	if strings.ContainsAny(s, "\n\t") || strings.TrimSpace(s) != s {
		return ErrNumber.Of("%q", clip(s))
	}
	return CheckText(s)
}

// FoldNumber writes a number of a paper as it is compared with others: without blanks, in half-width
// characters and upper case, all brackets round, all hyphens and dashes one. 吉财指〔2023〕7号 and 吉财指[2023] 7号 are one document.
func FoldNumber(s string) string {
	other := func(r rune) bool { return r > '~' || r <= ' ' || 'a' <= r && r <= 'z' || r == '[' || r == ']' }
	if strings.IndexFunc(s, other) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case strings.ContainsRune("[［〔【", r):
			return '('
		case strings.ContainsRune("]］〕】", r):
			return ')'
		case '\u2010' <= r && r <= '\u2015', r == '\u2043', r == '\u2212', r == '\ufe58', r == '\ufe63':
			return '-'
		}
		return r
	}, normalise(s))
}

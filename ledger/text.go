package ledger

import (
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
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

package intake_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"zhucan/cmd/zhucan/intake"
)

// Pieces that sheets are made of, and what could be taken for them.
var pieces = []string{
	`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, "\r\n", "\n", " ", "x", "/", ">", "<", "=", `"`, "'", "&", ";", ":", "!", "?", "-", "]", "]]>", "\x00", "\x7f", "\xff", "\ufffe", "\uffff", "\ufffd", "\U0010ffff",
	`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:x14ac='y' mc:Ignorable="x14ac">`, `<sheetData>`, `</sheetData>`, `</worksheet>`,
	`<row r="1" spans="1:2" x14ac:dyDescent="0.25">`, `<row r="2" hidden="1"/>`, `</row>`, `<c r="A1" t="inlineStr">`, `<c r="A1" s="1" />`, `<c r = "B1">`, `<c  r="B1">`, `<c r='B1'>`, `<c r="B1"t="s">`, `<c r="B1" r="C1">`, `<c r="a>b">`, `<c r="a&amp;b">`, `<c r="a<b">`, `<c r="a` + "\n" + `b">`, `<c r="a` + "\t" + `b"/>`, `<c r="a/">`, `<c r="]]>"/>`, `<c r=1>`, `<c r>`, `</c>`, `</c >`, `</ c>`, `<x:c x:r="1">`, `</x:c>`, `<a:b:c>`, `<:c>`, `<c:>`, `<c :r="1">`, `<c r:="1">`, `<c a:b:r="1">`, `<1c>`, `<-c>`, `<c.d-1_>`, `<汉 字="1">`, `</汉>`, `<>`, `</>`, `< c>`, `<c/ >`, `<c//>`, `<c /r="1">`,
	`<v>`, `1.25`, `</v>`, `<v/>`, `<is><t xml:space="preserve">`, `示例甲`, `a&lt;b&#10;&#x4E2D;`, `&nosuch;`, `&#0;`, `</t></is>`, `<f>A1+1</f>`,
	`<!-- a -->`, `<!-- a -- b -->`, `<![CDATA[ </row> ]]>`, `<!DOCTYPE a [ <!ENTITY b "c"> ]>`, `<?pi <row> ?>`, `<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>`,
}

// The tokens, the refusals and their lines are those of encoding/xml, whatever is read,
// however it comes and wherever the buffer ends.
func sameAsXML(t interface{ Errorf(string, ...any) }, text []byte) {
	want := intake.XMLTokens(bytes.NewReader(text))
	for _, size := range []int{16, 29, 1 << 10} {
		for how, r := range map[string]io.Reader{
			"with the end": iotest.DataErrReader(bytes.NewReader(text)), "by the byte": iotest.OneByteReader(bytes.NewReader(text)),
		} {
			if got := intake.Tokens(r, size); !slices.Equal(got, want) {
				t.Errorf("%q\nin a buffer of %d, %s:\n%q\nwant\n%q", text, size, how, got, want)
			}
		}
	}
}

func TestMarkupIsReadAsXMLIs(t *testing.T) {
	t.Parallel()
	for _, p := range pieces {
		for _, q := range pieces {
			sameAsXML(t, []byte(`<c r="A1"><v>1</v></c>`+p+q+"</row>\n<c/>"))
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		sameAsXML(r, []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(r, "pieces"), "")))
	})
}

func FuzzMarkup(f *testing.F) {
	for _, p := range pieces {
		f.Add([]byte(p))
	}
	f.Add([]byte(strings.Join(pieces, "")))
	f.Fuzz(func(t *testing.T, text []byte) { sameAsXML(t, text) })
}

func TestAFaultBeneathMarkupIsTold(t *testing.T) {
	t.Parallel()
	fault := errors.New("the disk is gone")
	for _, text := range []string{"", "<row>", `<row r="1`, "<v>12", "<v>1</v>", "<c/>"} {
		want := intake.XMLTokens(io.MultiReader(strings.NewReader(text), iotest.ErrReader(fault)))
		got := intake.Tokens(io.MultiReader(strings.NewReader(text), iotest.ErrReader(fault)), 64)
		if !slices.Equal(got, want) || got[len(got)-1] != fault.Error() {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

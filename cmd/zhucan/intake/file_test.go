package intake_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
)

func open(t *testing.T, content string, o intake.Options) *intake.File {
	t.Helper()
	f, err := newFile(t, content, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// newFile reads content. A workbook is read twice, once with its rows held in memory and
// once with them read again, and everything must be the same.
func newFile(t testing.TB, content string, o intake.Options) (*intake.File, error) {
	t.Helper()
	f, err := intake.New(strings.NewReader(content), o)
	if strings.HasPrefix(content, "PK") {
		again, errAgain := intake.New(strings.NewReader(content), intake.Keeping(o, 1))
		if errAgain == nil && again.Kept() != 0 {
			t.Errorf("%d rows are held in memory", again.Kept())
		}
		if kept, read := told(f, err), told(again, errAgain); !slices.Equal(kept, read) {
			t.Errorf("held in memory:\n%q\nread again:\n%q", kept, read)
		}
	}
	return f, err
}

// told says all that a file gives: its rows, as far as the first, and again.
func told(f *intake.File, err error) (all []string) {
	if err != nil {
		return []string{err.Error()}
	}
	all = append(all, fmt.Sprintf("%s %d %q", f.SHA256, f.Size, f.Columns))
	for _, most := range []int{math.MaxInt, 1, math.MaxInt} {
		for r, err := range f.Rows() {
			all = append(all, fmt.Sprintf("%d %d %s %s %q %v %v", r.Row, r.Line, r.ID, r.Hash, r.Cells, r.Fault, err))
			if r.Row >= most {
				break
			}
		}
	}
	return all
}

// all returns what there is before the first error, which ends it.
func all(f *intake.File) (rows []intake.Row, err error) {
	for r, err := range f.Rows() {
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func TestARowKnowsItsPhysicalLineAndItsName(t *testing.T) {
	t.Parallel()
	f := open(t, "# a note\r\na,b\r\n1,\"x\r\ny\"\r\n\r\n2,\"#z\"\r\n#3,w\r\n", intake.Options{})
	rows, err := all(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		if r.Fault != nil {
			t.Errorf("row %d: %v", r.Row, r.Fault)
		}
		got = append(got, fmt.Sprintf("%d@%d %q %v", r.Row, r.Line, r.Cells, r.ID == fmt.Sprintf("%s:%d", f.SHA256[:16], r.Row)))
	}
	want := []string{`1@3 ["1" "x\ny"] true`, `2@6 ["2" "#z"] true`, `3@7 ["#3" "w"] true`}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFileThatDoesNotHoldTogetherIsRefusedBeforeItsFirstRow(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2<<20)
	for _, c := range []struct {
		name    string
		content string
		options intake.Options
		want    *ledger.Rejection
		says    string
	}{
		{"empty", "", intake.Options{}, intake.ErrColumns, "no header"},
		{"only notes", "# a\n# b\n", intake.Options{}, intake.ErrColumns, "no header"},
		{"a column twice", "a,b,a\n1,2,3\n", intake.Options{}, intake.ErrColumns, "the name of column 3 is that of column 1"},
		{"no header at all", "张三,220102190001010016,张三\n李四,2,3\n", intake.Options{}, intake.ErrColumns, ": the name of column 3 is that of column 1"},
		{"a control character in the header", "a,b\x00\n1,2\n", intake.Options{}, intake.ErrColumns, "the name of column 2: U+0000, character 2"},
		{"a million columns", strings.Repeat(",", 1_000_000) + "\n", intake.Options{}, intake.ErrColumns, "more than 1000"},
		{"a quote never closed", "a,b\n1,2\n3,\"4\n5,6\n", intake.Options{}, intake.ErrStructure, "row that begins on line 3"},
		{"a quote inside a bare cell", "a,b\n1,2\n3,4\"5\n", intake.Options{}, intake.ErrStructure, "line 3"},
		{"text after a closing quote", "a,b\n1,\"2\"3\n", intake.Options{}, intake.ErrStructure, "line 2"},
		{"a row of two megabytes", "a,b\n1," + long + "\n", intake.Options{}, intake.ErrStructure, "the row after that on line 1 is longer than"},
		{"a quote that would take the whole file", "a,b\n1,\"" + strings.Repeat("2,3\n", 1<<20), intake.Options{}, intake.ErrStructure, "longer than"},
		{"declared UTF-8 and is not", "a,b\n1,2\n3,\xff\n", intake.Options{Encoding: intake.UTF8}, intake.ErrBytes, "line 3, character 3"},
		{"GB18030 read as UTF-8", "a,b\n1,张\xd5\xc5\n", intake.Options{Encoding: intake.UTF8}, intake.ErrBytes, "line 2, character 4"},
		{"UTF-16 read as UTF-8", "\xff\xfea\x00,\x00b\x00\n\x00", intake.Options{Encoding: intake.UTF8}, intake.ErrEncoding, "byte order mark of utf-16"},
		{"UTF-16 without a mark", "a\x00,\x00b\x00\n\x00", intake.Options{}, intake.ErrColumns, "U+0000"},
		{"half a character at the end", "a,b\n1,\xe5\xbc", intake.Options{Encoding: intake.UTF8}, intake.ErrBytes, "line 2, character 3"},
		{"an overlong form", "a,b\n1,\xc0\xaf\n", intake.Options{Encoding: intake.UTF8}, intake.ErrBytes, "line 2"},
		{"a surrogate in UTF-8", "a,b\n1,\xed\xa0\x80\n", intake.Options{Encoding: intake.UTF8}, intake.ErrBytes, "line 2"},
		{"declared GB18030 and is not", "a,b\n1,\xd5\xc5\n2,\xd5\x20\n", intake.Options{Encoding: intake.GB18030}, intake.ErrBytes, "line 3"},
		{"half a four-byte character at the end", "a,b\n1,\x82\x30", intake.Options{Encoding: intake.GB18030}, intake.ErrBytes, "line 2"},
		{"a byte Windows-1252 does not have", "a,b\n1,\x81\n", intake.Options{Encoding: intake.Windows1252}, intake.ErrBytes, "line 2"},
		{"UTF-8 declared as Windows-1252", "a,b\n1,ü\n", intake.Options{Encoding: intake.Windows1252}, intake.ErrEncoding, "is utf-8"},
		{"UTF-8 declared as GB18030", "a,b\n1,张\n", intake.Options{Encoding: intake.GB18030}, intake.ErrEncoding, "is utf-8"},
		{"a byte order mark of another encoding", "\xef\xbb\xbfa,b\n", intake.Options{Encoding: intake.GB18030}, intake.ErrEncoding, "byte order mark"},
		{"UTF-16 without byte order mark", "a\x00,\x00", intake.Options{Encoding: intake.UTF16}, intake.ErrEncoding, "without byte order mark"},
		{"half a surrogate pair", "\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00\x00\xd8\n\x00", intake.Options{}, intake.ErrBytes, "line 2"},
		{"an odd byte of UTF-16", "\xff\xfea\x00\n\x001\x00\n\x00\x01", intake.Options{}, intake.ErrBytes, "line 3"},
		{"Western European, undeclared", "a,b\n1,M\xfcller\n", intake.Options{}, intake.ErrEncoding, "not utf-8 on line 2, and not surely"},
		{"Western European that could be Chinese", "a,b\n1,M\xfcller\n2,Gr\xf6\xdfe\n3,L\xf6sung\n", intake.Options{}, intake.ErrEncoding, "not surely"},
		{"GB18030 that could be UTF-8", "a,b\n1,\xd0\xbb\xd0\xa1\xc3\xab\n", intake.Options{}, intake.ErrEncoding, "gb18030 with Chinese characters, or utf-8 without one: say which with --encoding"},
		{"UTF-8 that could be GB18030", "a,b\n1,Müller\n", intake.Options{}, intake.ErrEncoding, "gb18030 with Chinese characters"},
		{"an unknown encoding", "a,b\n", intake.Options{Encoding: "latin1"}, intake.ErrEncoding, "latin1"},
		{"larger than allowed", "a,b\n1,2\n", intake.Options{MaxBytes: 7}, intake.ErrFile, "8 bytes, more than 7"},
		{"JSON cut", `{"l": [{"a": 1},`, jsonList, intake.ErrStructure, "line 1"},
		{"JSON cut in a text", "{\"l\": [{\"a\": 1},\n{\"a\": \"x", jsonList, intake.ErrStructure, "line 2"},
		{"JSON with a name twice in an item", `{"l": [{"a": 1, "a": 2}]}`, jsonList, intake.ErrStructure, "byte"},
		{"JSON with the list twice", `{"l": [{"a": 1}], "l": []}`, jsonList, intake.ErrStructure, "byte"},
		{"JSON without the list", `{"m": []}`, jsonList, intake.ErrColumns, `no list "l"`},
		{"JSON with something behind", `{"l": []} {}`, jsonList, intake.ErrStructure, "follows the end"},
		{"JSON that is a list", `[]`, jsonList, intake.ErrStructure, "not an object"},
		{"JSON whose list is none", `{"l": {}}`, jsonList, intake.ErrStructure, "no list"},
		{"JSON with invalid UTF-8", "{\"l\": [{\"a\": \"\xff\"}]}", intake.Options{Format: intake.JSON, List: "l", Paths: []string{"/a"}, Encoding: intake.UTF8}, intake.ErrBytes, "line 1"},
		{"JSON with a lone surrogate", `{"l": [{"a": "\ud800"}]}`, jsonList, intake.ErrStructure, "byte"},
		{"JSON with an item of two megabytes", "{\"l\": [\n{\"a\": \"" + long + "\"}]}", jsonList, intake.ErrStructure, "the row that begins on line 1 is longer than"},
		{"JSON nested without end", `{"l": [` + strings.Repeat("[", 20_000), jsonList, intake.ErrStructure, "byte"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := intake.New(strings.NewReader(c.content), c.options)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want %s saying %q", err, c.want.Code, c.says)
			}
		})
	}
}

var jsonList = intake.Options{Format: intake.JSON, List: "l", Paths: []string{"/a"}}

func TestARowThatCannotBeUsedSaysWhyAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, row string
		want      *ledger.Rejection
		says      string
	}{
		{"a cell less", "1\n", intake.ErrRagged, "1 cells, 2 columns"},
		{"a cell more", "1,2,3\n", intake.ErrRagged, "3 cells, 2 columns"},
		{"a million cells", "1,2" + strings.Repeat(",", 1_000_000) + "\n", intake.ErrRagged, "1000002 cells, 2 columns"},
		{"NUL", "1,a\x00b\n", ledger.ErrCharacter, `column "b": `},
		{"a character behind others", "1,张三\x00b\n", ledger.ErrCharacter, "U+0000, character 3"},
		{"right-to-left override", "1,a\u202eb\n", ledger.ErrCharacter, "U+202E"},
		{"isolate", "1,a\u2066b\n", ledger.ErrCharacter, "U+2066"},
		{"zero-width space", "1,a\u200bb\n", ledger.ErrCharacter, "U+200B"},
		{"soft hyphen", "1,a\u00adb\n", ledger.ErrCharacter, "U+00AD"},
		{"byte order mark inside", "1,a\ufeffb\n", ledger.ErrCharacter, "U+FEFF"},
		{"text lost before", "1,a\ufffdb\n", ledger.ErrCharacter, "U+FFFD"},
		{"line separator", "1,a\u2028b\n", ledger.ErrCharacter, "U+2028"},
		{"carriage return alone", "1,a\rb\n", ledger.ErrCharacter, "U+000D"},
		{"escape", "1,\x1b[31m\n", ledger.ErrCharacter, "U+001B"},
		{"tag character", "1,a\U000e0041\n", ledger.ErrCharacter, "U+E0041"},
		{"noncharacter", "1,a\U0001ffff\n", ledger.ErrCharacter, "U+1FFFF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rows, err := all(open(t, "a,b\n0,0\n"+c.row+"9,9\n", intake.Options{Encoding: intake.UTF8}))
			if err != nil || len(rows) != 3 || rows[0].Fault != nil || rows[2].Fault != nil {
				t.Fatalf("rows %v, error %v", rows, err)
			}
			if bad := rows[1]; bad.Line != 3 || !errors.Is(bad.Fault, c.want) || !strings.Contains(bad.Fault.Error(), c.says) {
				t.Errorf("line %d: %v; want %s saying %q", bad.Line, bad.Fault, c.want.Code, c.says)
			}
		})
	}
}

func TestALastLineWithoutALineBreakIsRefused(t *testing.T) {
	t.Parallel()
	rows, err := all(open(t, "a,b\n1,1200.50\n2,1200", intake.Options{}))
	if err != nil || len(rows) != 2 || rows[0].Fault != nil || !errors.Is(rows[1].Fault, intake.ErrCut) {
		t.Errorf("rows %v, error %v", rows, err)
	}
}

// rare holds two-byte and four-byte GB18030, of the basic plane and beyond.
const rare = "姓名,地点\n张三,𬸚𬭸\n䶮,𠮷野\n㙍,延吉市\n李四,\"朝阳区\n南湖\"\n王五,长春市人民大街\n"

func encode(t *testing.T, e encoding.Encoding, s string) string {
	t.Helper()
	b, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryEncodingGivesTheSameText(t *testing.T) {
	t.Parallel()
	want, err := all(open(t, rare, intake.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	if want[0].Cells[1] != "𬸚𬭸" || want[1].Cells[0] != "䶮" {
		t.Fatalf("UTF-8 changed: %+v", want)
	}
	for _, c := range []struct {
		name, content string
		options       intake.Options
		encoding      intake.Encoding
	}{
		{"UTF-8 with byte order mark", "\ufeff" + rare, intake.Options{}, intake.UTF8},
		{"GB18030 declared", encode(t, simplifiedchinese.GB18030, rare), intake.Options{Encoding: intake.GB18030}, intake.GB18030},
		{"GB18030 detected", encode(t, simplifiedchinese.GB18030, rare), intake.Options{}, intake.GB18030},
		{"UTF-16 little-endian", encode(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), rare), intake.Options{}, intake.UTF16},
		{"UTF-16 big-endian", encode(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), rare), intake.Options{Encoding: intake.UTF16}, intake.UTF16},
		{"another separator", strings.ReplaceAll(rare, ",", ";"), intake.Options{Comma: ';'}, intake.UTF8},
		{"CRLF", strings.ReplaceAll(rare, "\n", "\r\n"), intake.Options{}, intake.UTF8},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := open(t, c.content, c.options)
			if f.Encoding != c.encoding {
				t.Errorf("encoding %s, want %s", f.Encoding, c.encoding)
			}
			got, err := all(f)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%d rows, error %v", len(got), err)
			}
			for i := range got {
				if !reflect.DeepEqual(got[i].Cells, want[i].Cells) || got[i].Hash != want[i].Hash || got[i].Line != want[i].Line || got[i].Fault != nil {
					t.Errorf("row %d: got %+v, want %+v", i+1, got[i], want[i])
				}
				if got[i].ID == want[i].ID {
					t.Errorf("row %d of another file has the same name %s", i+1, got[i].ID)
				}
			}
		})
	}
	// What can be read in two ways is read as declared, or as what else stands in it says.
	for _, c := range []struct {
		content  string
		encoding intake.Encoding
		want     string
	}{
		{"\xd0\xbb\xd0\xa1\xc3\xab", intake.GB18030, "谢小毛"}, {"\xd0\xbb\xd0\xa1\xc3\xab", intake.UTF8, "лСë"},
		{"Müller", intake.UTF8, "Müller"}, {"Müller 张", "", "Müller 张"}, {"Müller, Größe 3 €", "", "Müller, Größe 3 €"}, {"각", "", "각"}, {"it’s", "", "it’s"},
	} {
		rows, err := all(open(t, "a\n\""+c.content+"\"\n", intake.Options{Encoding: c.encoding}))
		if err != nil || rows[0].Cells[0] != c.want {
			t.Errorf("%q in %s: %v, %v", c.content, c.encoding, rows, err)
		}
	}
	if rows, err := all(open(t, "\ufeffa\nMüller\n", intake.Options{})); err != nil || rows[0].Cells[0] != "Müller" {
		t.Errorf("with a byte order mark: %v, %v", rows, err)
	}
	if rows, err := all(open(t, `{"l": [{"a": "Müller"}]}`, jsonList)); err != nil || rows[0].Cells[0] != "Müller" {
		t.Errorf("JSON: %v, %v", rows, err)
	}
	latin := "a,b\nMüller,5 €\n"
	rows, err := all(open(t, encode(t, charmap.Windows1252, latin), intake.Options{Encoding: intake.Windows1252}))
	if err != nil || !reflect.DeepEqual(rows[0].Cells, []string{"Müller", "5 €"}) {
		t.Errorf("Windows-1252: %v, %v", rows, err)
	}
}

func TestAFileOfTwoGigabytesIsRefusedUnread(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large.csv")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2<<30); err != nil { // takes no room on disk
		t.Fatal(err)
	}
	for _, o := range []intake.Options{{}, jsonList} {
		if _, err := intake.Open(path, o); !errors.Is(err, intake.ErrFile) {
			t.Errorf("%+v: got %v", o, err)
		}
	}
	if _, err := intake.OpenMapping(path); !errors.Is(err, intake.ErrFile) {
		t.Errorf("as a mapping: got %v", err)
	}
	for _, name := range []string{"schemes.yaml", "calendar.csv"} {
		pack := t.TempDir()
		if err := os.CopyFS(pack, os.DirFS("../../../schema/policy/sample")); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(pack, name), 2<<30); err != nil {
			t.Fatal(err)
		}
		if _, err := intake.ReadPack(os.DirFS(pack)); !errors.Is(err, intake.ErrFile) || !strings.Contains(err.Error(), name) {
			t.Errorf("as %s of a policy pack: got %v", name, err)
		}
	}
}

func TestWhatIsNoFileToReadIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe") // to open it would wait for a writer for ever
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, "/dev/zero", filepath.Join(dir, "nothing"), filepath.Join(dir, "no", "thing")} {
		if _, err := intake.Open(path, intake.Options{}); !errors.Is(err, intake.ErrFile) {
			t.Errorf("%s: got %v", path, err)
		}
		if _, err := intake.OpenMapping(path); !errors.Is(err, intake.ErrFile) {
			t.Errorf("%s as a mapping: got %v", path, err)
		}
	}
	if _, err := intake.ReadPack(os.DirFS(filepath.Join(dir, "nothing"))); !errors.Is(err, intake.ErrFile) {
		t.Errorf("as a policy pack: got %v", err)
	}
}

// However long a file, a row of it is held at a time, and of a workbook what may be kept.
func TestALongFileTakesLittleMemory(t *testing.T) {
	const n = 120_000 // 12 MB
	padding := strings.Repeat("x", 90)
	for name, f := range map[string]func() *intake.File{
		"csv": func() *intake.File {
			return open(t, "a,b\n"+strings.Repeat("1,\""+padding+"\"\n", n), intake.Options{})
		},
		"json": func() *intake.File {
			return open(t, `{"l": [`+strings.Repeat(`{"a": "1", "b": "`+padding+`"},`+"\n", n-1)+`{"a": 3}]}`, jsonList)
		},
		"xlsx": func() *intake.File {
			rows := strings.Repeat(`<row><c><v>1</v></c><c t="str"><v>`+padding+`</v></c></row>`, n)
			f, err := intake.New(strings.NewReader(raw(t, rows)), intake.Keeping(intake.Options{}, 1<<20))
			if err != nil {
				t.Fatal(err)
			}
			return f
		},
	} {
		file, rows := f(), 0
		before := heap()
		for r, err := range file.Rows() {
			if err != nil || r.Fault != nil {
				t.Fatalf("%s: row %d: %v, %v", name, r.Row, err, r.Fault)
			}
			if rows++; rows%(n/4) == 0 {
				if grown := heap() - before; grown > 4<<20 {
					t.Errorf("%s: %d bytes more after %d rows", name, grown, rows)
				}
			}
		}
		if rows != n {
			t.Errorf("%s: %d rows", name, rows)
		}
	}
}

// heap returns how much is alive.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAFileThatChangesWhileItIsReadIsRefused(t *testing.T) {
	t.Parallel()
	const list = "a,b\n1,2\n"
	book := raw(t, "<row><c><v>1</v></c></row>")
	for _, c := range []struct {
		name, content, change string
		options               intake.Options
	}{
		{"another amount", list, "a,b\n1,3\n", intake.Options{}},
		{"a row more", list, "a,b\n1,2\n3,4\n", intake.Options{}},
		{"cut", list, "a,b\n", intake.Options{}},
		{"a workbook", book, book + "x", intake.Options{}},
		{"a workbook that is read again", book, book + "x", intake.Keeping(intake.Options{}, 1)},
	} {
		path := filepath.Join(t.TempDir(), "list.csv")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := intake.Open(path, c.options)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.change), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := all(f); !errors.Is(err, intake.ErrChanged) {
			t.Errorf("%s: got %v", c.name, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTheSameBytesHaveTheSameNamesAndRepeatedRowsAreAllGiven(t *testing.T) {
	t.Parallel()
	content := "a,b\n1,2\n1,2\n3,4\n"
	first, err := all(open(t, content, intake.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	second, err := all(open(t, content, intake.Options{}))
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("second reading: %v, %v", second, err)
	}
	if len(first) != 3 || first[0].Hash != first[1].Hash || first[0].ID == first[1].ID || first[0].Hash == first[2].Hash {
		t.Errorf("repeated rows: %+v", first)
	}
	reordered, err := all(open(t, "a,b\n3,4\n1,2\n1,2\n", intake.Options{}))
	if err != nil || reordered[0].Hash != first[2].Hash || reordered[0].ID == first[2].ID {
		t.Errorf("reordered rows: %+v, %v", reordered, err)
	}
}

func TestItemsOfTheSecondListHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	const content = `{"tags": ["x"], "of": {"l": []}, "l": [{"a": 1}], "m": [ {"a": 1}], "n": []}`
	for list, plain := range map[string]bool{"l": true, "m": false} {
		f := open(t, content, intake.Options{Format: intake.JSON, List: list, Paths: []string{"/a"}})
		for range 2 { // read again, it is named the same
			rows, err := all(f)
			if err != nil || len(rows) != 1 || (rows[0].ID == f.SHA256[:16]+":1") != plain || ledger.CheckID(rows[0].ID) != nil {
				t.Errorf("%s: %+v, %v", list, rows, err)
			}
		}
	}
}

func TestTheLimitOfARowIsNoLimitOfAFile(t *testing.T) {
	t.Parallel()
	const n = 150_000 // over 1 MiB together
	for _, f := range []*intake.File{
		open(t, "a,b\n"+strings.Repeat("1,\"2\n3\"\n", n), intake.Options{}),
		open(t, `{"before": 1, "l": [`+strings.Repeat(`{"a": "2"},`, n-1)+`{"a": 3}]}`, jsonList),
	} {
		count := 0
		for r, err := range f.Rows() {
			if err != nil || r.Fault != nil {
				t.Fatalf("row %d: %v, %v", r.Row, err, r.Fault)
			}
			count++
		}
		if count != n {
			t.Errorf("%d rows of %s, want %d", count, f.Name, n)
		}
	}
}

func TestCellsThatRunTogetherHaveOtherHashes(t *testing.T) {
	t.Parallel()
	rows, err := all(open(t, "a,b\n12,3\n1,23\n", intake.Options{}))
	if err != nil || rows[0].Hash == rows[1].Hash {
		t.Errorf("rows %v, error %v", rows, err)
	}
}

// Whatever is written as CSV is read back, row by row and cell by cell; whatever
// is read at all is read the same way twice.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{rare, "a,b\n1,\"2\n3\"\n", "\ufeffa\n\x00\n", "a,b\r\n1\r\n", "# n\na\n#\n", "a\n\"\"\n", "\xff\xfea\x00\n\x00", "a,b\n1,\xd5\xc5\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		file, err := intake.New(strings.NewReader(content), intake.Options{})
		if err != nil {
			return
		}
		rows, err := all(file)
		if err != nil {
			t.Fatalf("checked, then refused: %v", err)
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		for _, record := range append([][]string{file.Columns}, cells(rows)...) {
			if len(record) == 1 && record[0] == "" {
				return // an empty line is no row
			}
			if err := w.Write(record); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		if strings.HasPrefix(out.String(), "#") || strings.HasPrefix(out.String(), "\ufeff") {
			return // would be read as a note or a mark
		}
		file, err = intake.New(bytes.NewReader(out.Bytes()), intake.Options{Encoding: intake.UTF8})
		if err != nil {
			if errors.Is(err, intake.ErrStructure) || errors.Is(err, intake.ErrEncoding) {
				return // longer with its quotes; begins like UTF-16
			}
			t.Fatalf("written and refused: %v", err)
		}
		again, err := all(file)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fixReturns(cells(again)), fixReturns(cells(rows))) {
			t.Errorf("read %q, then %q", cells(rows), cells(again))
		}
	})
}

func cells(rows []intake.Row) (all [][]string) {
	for _, r := range rows {
		all = append(all, r.Cells)
	}
	return all
}

// fixReturns takes out carriage returns: those before line breaks are part of the
// line break, the others refuse the row.
func fixReturns(rows [][]string) [][]string {
	for _, r := range rows {
		for i := range r {
			r[i] = strings.ReplaceAll(r[i], "\r", "")
		}
	}
	return rows
}

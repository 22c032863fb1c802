package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhucan/projections/report"
	"zhucan/schema/schematest"
)

// Bodies that employ disabled people are shown to the public (吉政办发〔2022〕35号 三（一）),
// by name and region, and without a figure that could point at somebody.
func TestTheListOfEmployingBodiesSaysWhoAndNoFigure(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	must(t, dir, "import", "policy", "jilin")
	row := func(id, typ, region, name, posts, staff, disabled, weighted string) string {
		return strings.Join([]string{id, "headcount", typ, region, "2023-06-30", someHash, id, name, posts, staff, disabled, weighted}, ",") + "\n"
	}
	list := "achievement,kind,type,region,date,evidence,body,body_name,posts,staff,disabled,weighted\n" +
		row("O1", "organ", "220100", "示例市直机关甲", "50", "48", "1", "2") +
		row("O2", "organ", "220100", "示例市直机关乙", "60", "60", "0", "0") +
		row("O3", "organ", "220100", "示例市直机关丙", "49", "48", "0", "0") +
		row("O4", "organ", "220104", "示例区局", "9", "8", "1", "1") +
		row("O5", "organ", "220104", "示例区局乙", "9", "8", "1", "1") +
		strings.Replace(row("O5", "organ", "220104", "示例区局乙", "9", "8", "0", "0"), "O5,headcount,organ,220104,2023-06-30", "O5-2,headcount,organ,220104,2023-07-31", 1) + // not any more
		strings.Replace(row("O4", "member", "220104", "示例区局", "9", "8", "1", "1"), "O4,", "M4,", 1) +
		row("S1", "school", "220202", "示例学校", "200", "190", "1", "1") +
		row("U1", "federation", "220104", "示例区残联", "9", "7", "1", "2")
	must(t, dir, "import", "achievements", write(t, "headcounts.csv", list))

	organs := answer[report.BodyList](t, must(t, dir, "indicator", "bodies", "T04", "--as-of", "2023-12-31", "-o", "json"))
	if len(organs.Bodies) != 2 || organs.Bodies[0].Subject != "O2" || organs.Bodies[0].Met || !organs.Bodies[1].Met || organs.Met != 1 {
		t.Errorf("%+v", organs)
	}
	offices := answer[report.BodyList](t, must(t, dir, "indicator", "bodies", "T07", "--as-of", "2023-12-31", "-o", "json"))
	if len(offices.Bodies) != 1 || offices.Bodies[0].Met { // 1 of 7 is 14.3 %
		t.Errorf("%+v", offices)
	}
	out := filepath.Join(t.TempDir(), "disclosure.csv")
	shown := answer[struct {
		SHA256 string `json:"sha256"`
		Rows   int    `json:"rows"`
	}](t, must(t, dir, "indicator", "bodies", "--as-of", "2023-12-31", "--out", out, "-o", "json"))
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "\ufeff序号,单位名称,区划,种类\n1,示例市直机关甲,长春市,机关\n2,示例区局,朝阳区,机关\n3,示例学校,昌邑区,学校\n"; string(text) != want || shown.Rows != 3 {
		t.Errorf("%q, want %q", text, want)
	}
	if sum := sha256.Sum256(text); shown.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("the hash is %s", shown.SHA256)
	}
	for want, args := range map[string][]string{
		"1,示例学校,昌邑区,学校\n":      {"--region", "220200"},
		"1,示例区局,朝阳区,残工委成员单位\n": {"T06"},
	} {
		must(t, dir, append([]string{"indicator", "bodies", "--as-of", "2023-12-31", "--out", out}, args...)...)
		if text, err = os.ReadFile(out); err != nil || string(text) != "\ufeff序号,单位名称,区划,种类\n"+want {
			t.Errorf("%v: %q, %v", args, text, err)
		}
	}
	if exit, _, _ := zhucan(t, dir, "indicator", "bodies"); exit != 2 {
		t.Error("bodies of no target are listed")
	}
	for code, args := range map[string][]string{
		"target-of-no-bodies": {"indicator", "bodies", "T01"},
		"target-unknown":      {"indicator", "bodies", "T99"},
		"disclosure-list":     {"indicator", "bodies", "T07", "--as-of", "2023-12-31", "--out", out},
	} {
		if exit, _, stderr := zhucan(t, dir, args...); exit != 2 || !strings.Contains(stderr, "["+code+"]") {
			t.Errorf("%v: exit %d, %s", args, exit, stderr)
		}
	}
}

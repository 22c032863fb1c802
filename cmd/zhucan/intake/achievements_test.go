package intake_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
)

// facts reads a list of facts. All values are synthetic.
func facts(t *testing.T, header string, rows ...string) (all []intake.Achievement, refused []*intake.Refused, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "facts.csv")
	if err := os.WriteFile(path, []byte(header+"\n"+strings.Join(rows, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := intake.Open(path, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for a, err := range intake.ReadAchievements(f) {
		if r, ok := errors.AsType[*intake.Refused](err); ok {
			refused = append(refused, r)
			continue
		}
		if err != nil {
			return all, refused, err
		}
		all = append(all, a)
	}
	return all, refused, nil
}

const factHeader = "achievement,kind,type,region,date,evidence,until,quality,name,person_number,course,employer,employer_uscc,beneficiary,beneficiary_number,body,body_name,posts,staff,disabled,weighted,new_sites,allotted"

var evidence = strings.Repeat("0a", 32)

// row fills the columns of factHeader that are named.
func factRow(cells string) string {
	given := make(map[string]string)
	for _, c := range strings.Fields("achievement=A1 region=220104 date=2023-04-01 evidence=" + evidence + " " + cells) {
		name, value, _ := strings.Cut(c, "=")
		given[name] = value
	}
	var all []string
	for name := range strings.SplitSeq(factHeader, ",") {
		all = append(all, given[name])
	}
	return strings.Join(all, ",")
}

func TestAFactIsReadWithWhoItIsAbout(t *testing.T) {
	t.Parallel()
	all, refused, err := facts(t, factHeader,
		factRow("kind=training type=skills name=张三 person_number=220102190001010016 course=K1 quality=rural"),
		factRow("kind=placement type=placed name=张三 person_number=220102190001010016 employer=示例企业 employer_uscc=91350100M000100Y43"),
		factRow("kind=support type=planting name=张三 person_number=220102190001010016 beneficiary=李四 beneficiary_number=220581190003050123"),
		factRow("kind=headcount type=organ region=220100 body=B1 body_name=示例机关 posts=50 staff=48 disabled=1 weighted=2"),
		factRow("kind=sites type=kiosk body=S1 new_sites=10 allotted=1"),
	)
	if err != nil || len(refused) > 0 || len(all) != 5 {
		t.Fatal(len(all), refused, err)
	}
	if a := all[0]; a.Person.Person != "220102190001010016" || a.Record.Course != "K1" || a.Record.Quality != "rural" || a.Employer.Kind != "" {
		t.Errorf("%v %+v", a.Person, a.Record)
	}
	if a := all[1]; a.Employer.Code != "91350100M000100Y43" || a.Record.Party != "" {
		t.Errorf("%v %+v", a.Employer, a.Record)
	}
	if a := all[2]; a.Beneficiary.Person != "220581190003050123" {
		t.Errorf("%v", a.Beneficiary)
	}
	if a := all[3]; a.Record.Headcount == nil || *a.Record.Headcount != (struct {
		Disabled int `json:"disabled"`
		Posts    int `json:"posts"`
		Staff    int `json:"staff"`
		Weighted int `json:"weighted"`
	}{1, 50, 48, 2}) || a.Person.Kind != "" || a.Record.Name != "示例机关" {
		t.Errorf("%+v", a.Record)
	}
	if a := all[4]; a.Record.Sites == nil || a.Record.Sites.New != 10 || a.Record.Sites.Allotted != 1 {
		t.Errorf("%+v", a.Record)
	}
	for _, a := range all {
		if text := fmt.Sprintf("%v %+v", a.Person, a); strings.Contains(text, "张三") || strings.Contains(text, "220102190001010016") {
			t.Errorf("printed, it names a person: %s", text)
		}
	}
}

func TestAFactThatCannotBeMeantIsRefusedAndMasked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, cells, code string }{
		{"a number that is none", "kind=headcount type=organ body=B1 posts=50 staff=4x disabled=1 weighted=1", "row-achievement"},
		{"a number missing", "kind=headcount type=organ body=B1 posts=50 staff=48 disabled=1", "row-achievement"},
		{"a negative number", "kind=sites type=kiosk body=S1 new_sites=-1 allotted=0", "row-achievement"},
		{"an employer without code", "kind=placement type=placed name=张三 person_number=220102190001010016 employer=示例企业", "row-achievement"},
		{"a person without a number", "kind=training type=skills name=张三 course=K1", "row-party"},
		{"a number with a wrong check character", "kind=training type=skills name=张三 person_number=220102190001010017 course=K1", "person-number-check"},
		{"a region of another province", "kind=training type=skills region=110101 name=张三 person_number=220102190001010016 course=K1", "region-unknown"},
		{"a day that is none", "kind=training type=skills date=2023-02-30 name=张三 person_number=220102190001010016 course=K1", "date-form"},
		{"a name that is a formula", "kind=base type=incubator body=B1 body_name==1+1", "formula-in-text"},
		{"a personal number as a name", "kind=base type=incubator body=B1 body_name=220102190001010016", "personal-data-in-text"},
	} {
		all, refused, err := facts(t, factHeader, factRow(c.cells))
		if err != nil || len(all) != 0 || len(refused) != 1 {
			t.Errorf("%s: %d read, %v, %v", c.name, len(all), refused, err)
			continue
		}
		if refused[0].Code() != c.code {
			t.Errorf("%s: refused with %s, want %s", c.name, refused[0].Code(), c.code)
		}
		if text := strings.Join(refused[0].Fields, " ") + refused[0].Error(); strings.Contains(text, "张三") || strings.Contains(text, "22010219000101001") {
			t.Errorf("%s: the refusal names a person: %s", c.name, text)
		}
	}
	if _, _, err := facts(t, "achievement,kind,type,region,date", "A1,base,incubator,220104,2023-04-01"); !errors.Is(err, intake.ErrColumns) {
		t.Errorf("a list without evidence: %v", err)
	}
	if rule, _ := ledger.Refused(intake.ErrAchievement.Of("x")); rule != intake.ErrAchievement {
		t.Error("it is not published")
	}
}

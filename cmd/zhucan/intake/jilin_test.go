package intake_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-json-experiment/json"

	"zhucan/cmd/zhucan/intake"
	"zhucan/events/natslog"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/policy"
)

func jilin(t testing.TB) policy.Pack {
	t.Helper()
	pack, err := intake.ReadPack(os.DirFS("../../../schema/policy/jilin"))
	if err != nil {
		t.Fatal(err)
	}
	return pack
}

func TestTheJilinPackInventsNothing(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	if strings.Contains(pack.Label, "样本") || len(pack.Parameters) < 600 || len(pack.Schemes) < 3 || pack.LateReturn != "" {
		t.Errorf("%q, %d parameters, %d schemes", pack.Label, len(pack.Parameters), len(pack.Schemes))
	}
	var recurring []string
	for _, s := range pack.Schemes {
		if s.Cap != nil || len(s.Standards) > 0 || s.Publicity.Days != 0 {
			t.Errorf("%s has an amount or a term; which document gives it?", s.Code)
		}
		if r := s.Recurring; r != nil {
			recurring = append(recurring, s.Flow)
			if r.Term != 0 || r.Placements != 0 {
				t.Errorf("%s has a term or placements; which document gives them?", s.Code)
			}
		}
	}
	if got := strings.Join(recurring, " "); got != "F12 F13 F15" {
		t.Errorf("paid by the month are %s", got)
	}
}

// The weighted average wage of no prefecture is known; the wages of non-private
// units stand in the same file and must not take its place (policy.md §1.5).
func TestTheJilinPackHasNoSocialAverageWage(t *testing.T) {
	t.Parallel()
	for _, x := range jilin(t).Parameters {
		if strings.HasPrefix(x.Name, "social_average_wage.") && x.Value != "" {
			t.Errorf("%+v", x)
		}
	}
}

func TestTheJilinPackIsPublishedInOneRecord(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	var state book.State
	by := ledger.Actor{ID: "operator", Roles: ledger.Roles}
	events, err := book.Decide(&state, book.Command{Order: ledger.Order{ID: "c1", By: by, On: ledger.DateOf(2024, 1, 1)}, Do: policy.Publish{Pack: pack}})
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	data, err := json.Marshal(events[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes of at most %d", len(data), natslog.MaxRecord)
	if len(data) > natslog.MaxRecord*3/4 {
		t.Errorf("the event has %d bytes: at %d a record is refused", len(data), natslog.MaxRecord)
	}
}

func TestAParameterThatIsWrongIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	const file = "../../../schema/policy/jilin"
	for _, c := range []struct{ name, from, to, says string }{
		{"a lost point", "levy.ratio,220000,2016-01-01,,2016-09-13,0.016,", "levy.ratio,220000,2016-01-01,,2016-09-13,0.16,", "parameters.csv line 4: policy-malformed"},
		{"a name nothing reads", "levy.tier.threshold,CN,2020", "levy.tier.treshold,CN,2020", "no rule reads this name"},
		{"a day that is none", "2020-01-01,2022-12-31,,0.01", "2020-01-01,2022-12-32,,0.01", "valid_to: date-form"},
		{"a row twice", "levy.tier.threshold,CN,2023-01-01,2027-12-31,2023-03-26", "levy.tier.threshold,CN,2022-12-31,2027-12-31,", "two rows from 2022-12-31 to 2022-12-31"},
		{"no source", "残疾人就业条例 art. 8,verified", ",verified", "parameters.csv line 3"},
	} {
		content, err := os.ReadFile(file + "/parameters.csv")
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(content), c.from, c.to, 1)
		if changed == string(content) {
			t.Fatalf("%s: the file has no %q", c.name, c.from)
		}
		files := fstest.MapFS{"parameters.csv": {Data: []byte(changed)}}
		for _, name := range []string{"pack.yaml", "chart.csv", "schemes.yaml", "standards.csv", "exclusions.csv", "calendar.csv"} {
			data, err := os.ReadFile(file + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: data}
		}
		_, err = intake.ReadPack(files)
		if rule, _ := ledger.Refused(err); rule == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The plan words 25 targets (吉政办发〔2022〕35号). Their yearly progress stood in an annex that
// was not published: nobody's split may be in the pack.
func TestTheJilinPackHasThe25TargetsAndNoSplit(t *testing.T) {
	t.Parallel()
	targets := jilin(t).Targets
	if len(targets) != 25 {
		t.Fatalf("%d targets", len(targets))
	}
	about := make(map[string]policy.Strength)
	actions := make(map[string]bool)
	for i, x := range targets {
		if x.Code != fmt.Sprintf("T%02d", i+1) || len(x.Splits) > 0 || (len(x.Departments) == 0) != (x.Action == "二") {
			t.Errorf("%+v", x)
		}
		actions[x.Action] = true
		if strings.Contains(x.Quote, "左右") != (x.Strength == policy.About) || strings.Contains(x.Quote, "力争") != (x.Strength == policy.Strive) {
			about[x.Code] = x.Strength
		}
	}
	if len(about) > 0 || len(actions) != 11 {
		t.Errorf("strengths that are not those of the wording: %v; %d actions", about, len(actions))
	}
	if x := targets[22]; x.Restates != "T01" {
		t.Errorf("T23 restates %q", x.Restates)
	}
}

func TestATargetThatIsWrongIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	folder := os.DirFS("../../../schema/policy/jilin")
	load := func() fstest.MapFS {
		files := make(fstest.MapFS)
		entries, err := fs.ReadDir(folder, ".")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := fs.ReadFile(folder, e.Name())
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()] = &fstest.MapFile{Data: data}
		}
		return files
	}
	const header = "target,region,year,value,author,date,source\n"
	for _, c := range []struct{ name, file, from, to, says string }{
		{"a fact nobody records", "targets.csv", "paid/F05", "approved/F05", "targets.csv line 12: policy-malformed"},
		{"no posts", "targets.csv", "prefecture,50", "prefecture,050", "targets.csv line 6: min_posts"},
		{"a code twice", "targets.csv", "\nT11,", "\nT10,", "targets.csv line 13: target T10 twice"},
		{"a day that is none", "targets.csv", "2025-12-31", "2025-12-32", "targets.csv line 6: date-form"},
		{"a split of no target", "target-splits.csv", header, header + "T26,220100,2023,5,planner,2023-01-10,user input\n", "target-splits.csv line 3"},
		{"a split that is called official", "target-splits.csv", header, header + "T10,220100,2023,5,planner,2023-01-10,附件\n", "target-splits.csv line 3: policy-malformed"},
		{"a year that is none", "target-splits.csv", header, header + "T10,220100,MMXXIII,5,planner,2023-01-10,user input\n", "target-splits.csv line 3: year"},
	} {
		files := load()
		changed := strings.Replace(string(files[c.file].Data), c.from, c.to, 1)
		if changed == string(files[c.file].Data) {
			t.Fatalf("%s: the file has no %q", c.name, c.from)
		}
		files[c.file] = &fstest.MapFile{Data: []byte(changed)}
		_, err := intake.ReadPack(files)
		if rule, _ := ledger.Refused(err); rule == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	files := load()
	delete(files, "targets.csv")
	delete(files, "target-splits.csv")
	if pack, err := intake.ReadPack(files); err != nil || len(pack.Targets) != 0 {
		t.Errorf("a pack without targets: %v", err)
	}
}

// The map of the plan counts thirty flows of money and material, F01 to F30.
func TestEveryFlowOfThePlanIsASchemeOrHasAReason(t *testing.T) {
	t.Parallel()
	pack := jilin(t)
	if len(pack.Flows) != 30 {
		t.Fatalf("%d flows", len(pack.Flows))
	}
	for i, f := range pack.Flows {
		if want := fmt.Sprintf("F%02d", i+1); f.Code != want {
			t.Errorf("flow %d is %s, want %s", i+1, f.Code, want)
		}
	}
	kinds := map[string]policy.FlowKind{
		"F01": policy.LevyFlow, "F03": policy.MemoFlow, "F04": policy.InKindFlow, "F14": policy.MemoFlow,
		"F27": policy.UmbrellaFlow, "F28": policy.FlagFlow, "F29": policy.NoFlow,
	}
	for _, f := range pack.Flows {
		want, ok := kinds[f.Code]
		if !ok {
			want = policy.PaidFlow
		}
		if f.Kind != want {
			t.Errorf("%s is %s, want %s", f.Code, f.Kind, want)
		}
	}
	plan, unit := "吉政办发〔2022〕35号 ", []string{"人 · person", "人次 · person-time", "机构 · institution", "基地 · base"}
	for _, s := range pack.Schemes {
		if s.Flow == "" || !strings.HasPrefix(s.Clause, plan) || !strings.Contains(s.Clause, "「") || len(s.Evidence) == 0 || !slices.Contains(unit, s.Unit) {
			t.Errorf("scheme %s of flow %q is counted in %q, asks for %v and rests on %q", s.Code, s.Flow, s.Unit, s.Evidence, s.Clause)
		}
	}
}

func TestAFlowWithoutItsPlaceIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, from, to, says string }{
		{"a flow twice", "F03,memo", "F01,memo", "flows.csv line 5: policy-malformed"},
		{"a scheme that is not there", "F02,scheme,employer-reward", "F02,scheme,employer-gift", "flows.csv line 4: policy-malformed"},
		{"a kind that is none", "F29,none", "F29,nothing", "flows.csv line 31: policy-malformed"},
		{"a memo that is paid", "F03,memo,,", "F03,memo,startup,", "flows.csv line 5: policy-malformed"},
		{"a scheme without its flow", "F10,scheme,assisted", "F10,scheme,startup", "scheme assisted is of flow F10, which does not name it"},
		{"no reason", "总括条款：记入具体项目，不得另付", "", "flows.csv line 29: policy-malformed"},
	} {
		files := make(fstest.MapFS)
		folder := os.DirFS("../../../schema/policy/jilin")
		names, err := fs.Glob(folder, "*")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(folder, name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = &fstest.MapFile{Data: data}
		}
		changed := strings.Replace(string(files["flows.csv"].Data), c.from, c.to, 1)
		if changed == string(files["flows.csv"].Data) {
			t.Fatalf("%s: the file has no %q", c.name, c.from)
		}
		files["flows.csv"].Data = []byte(changed)
		_, err = intake.ReadPack(files)
		if rule, _ := ledger.Refused(err); rule == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

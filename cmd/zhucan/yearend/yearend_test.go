package yearend_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/cmd/zhucan/yearend"
	"zhucan/ledger"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
)

// synthetic is a report of made-up figures.
func synthetic() yearend.Report {
	x := func(code, action string, change func(*report.Indicator)) report.Indicator {
		i := report.Indicator{
			Code: code, Action: action, NameZH: "目标" + code, Quote: "引文<" + code + ">", Clause: "synthetic", DefinitionZH: "口径" + code, Kind: policy.Persons, Strength: policy.AtLeast,
			Unit: "人", Target: "200", TargetSource: "user input: planner 2023-01-10", Actual: "150", Persons: 150, Times: 160, Rate: "75.00", Verdict: report.UnderWay, Sources: 160, Late: 3,
		}
		change(&i)
		return i
	}
	return yearend.Report{
		Region: ledger.Region{Code: "220100", NameZH: "长春市"}, Year: 2023, Sample: true,
		Indicators: report.Indicators{Region: "220100", Year: 2023, Late: 9, Basis: report.Basis{Seq: 77, AsOf: "2023-12-31", Policy: "test-1"}, Indicators: []report.Indicator{
			x("T02", "二", func(i *report.Indicator) { i.Strength, i.Verdict = policy.About, report.NotJudged }),
			x("T09", "三（二）", func(i *report.Indicator) { i.Strength, i.Verdict = policy.Strive, report.Shortfall }),
			x("T10", "三（三）", func(i *report.Indicator) {
				i.Target, i.TargetSource, i.Rate, i.Verdict, i.Reason = "", "", "", report.Unset, "该年度不在目标期限内"
			}),
			x("T11", "三（三）", func(i *report.Indicator) {
				i.Kind, i.Strength, i.Unit, i.Actual, i.Rate, i.Verdict = policy.Stock, policy.Steady, "个", "250", "125.00", report.Reached
			}),
			x("T06", "三（一）", func(i *report.Indicator) {
				i.Kind, i.Unit, i.Target, i.Actual, i.Of, i.Times = policy.Coverage, "%", "1.6", "40", 60, 40
			}),
			x("T23", "三（十）", func(i *report.Indicator) { i.Restates = "T01" }),
		}},
	}
}

func TestThePageSaysInWordsWhatThePictureShows(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := synthetic().HTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		"长春市2023年", "截至序号77，业务日期2023-12-31，政策test-1", "合成样本", `role="img"`, "T11 目标T11 完成率125.00%，已达到", "200人左右", "力争200人", "稳定在200个以上", "未填报",
		"引文&lt;T02&gt;", "150人 / 160人次", "目标来源 user input: planner 2023-01-10", "160（3）", "与T01同一计数", "该年度不在目标期限内", "共9条",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(page, "<svg"); n != 5 || strings.Count(page, "<desc") != n || strings.Count(page, "<table") != n {
		t.Errorf("%d pictures, %d descriptions, %d tables", n, strings.Count(page, "<desc"), strings.Count(page, "<table"))
	}
	// What is over its target ends at the edge of the picture, and what has no rate has no bar.
	if !strings.Contains(page, `width="363"`) || strings.Count(page, `class="bar"`)+strings.Count(page, `class="soft"`) != 5 {
		t.Error("bars are not those of the rates")
	}
}

func TestTheWorkbookHasNumbersAsNumbers(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := synthetic().XLSX(&b); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, want := range map[string]string{"A3": "T02", "E3": "200", "H3": "150", "L3": "75", "O3": "3", "E5": "", "G4": "力争200人", "E7": "1.6", "H7": "40/60"} {
		if got, err := f.GetCellValue("完成情况", cell); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", cell, got, err, want)
		}
		kind, err := f.GetCellType("完成情况", cell)
		if number := kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber; err != nil || want != "" && number != (strings.Trim(want, "0123456789.") == "") {
			t.Errorf("%s is of type %d", cell, kind)
		}
	}
	if got, _ := f.GetCellValue("口径", "C3"); got != "引文<T02>" {
		t.Errorf("quote %q", got)
	}
}

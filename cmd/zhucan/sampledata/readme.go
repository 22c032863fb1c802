package sampledata

import (
	"fmt"
	"path/filepath"
	"strings"
)

// README is that of the folder. It is a function of seed and scale alone, so that a folder is
// known by it.
func README(seed uint64, scale Scale) string {
	return fmt.Sprintf(`# 合成省份样本 · Synthetic province

%s

zhucan sample-data --seed %d --scale %s

| 文件 File | 说明 What it is | 导入 Import |
|---|---|---|
| policy/ | 政策包：残保金规则照录，其余为样本值 · policy pack: rules of the levy as they are, the rest sample values | import policy policy |
| 年/budget.csv | 指标 · appropriations | import budget |
| 年/declarations.csv | 用人单位申报（含逾期） · employers' filings, some late | import declarations |
| 年/reviews.csv | 残联审核确认 · confirmations of the federation | import reviews --as %s |
| 2023/closings.csv | 2023年初注销单位的申报，按当时所知核定 · filings of who closed early in 2023, assessed by what was known then | import declarations |
| | 核定 · assessment | levy assess --year 年 --on 日 |
| 年/receipts.csv | 国库缴款 · receipts of the treasury | import receipts |
| 年/achievements.csv | 非资金成效 · facts that are no money | import achievements |
| 年/payments.csv | 他处已付款（含疑似重复） · payments made elsewhere, some suspected doubles | import payments --mapping payments.yaml |
| 年/applications.csv | 补贴申报 · applications | import applications |
| 年/statement.csv | 国库缴款的银行对账单，含已知差错，留待对账 · bank statement of the receipts with known errors, for reconciliation | |
| import.sh | 按顺序执行全部导入 · all imports in their order | ZHUCAN=…/zhucan sh import.sh |
| truth.json | 应有结果：行数、合计、试算平衡、残保金、指标、疑似重复、对账差错、故意有误的行 · what must come of it | |

每个清单中都有少量故意有误的行，行号和拒绝代码见 truth.json 各文件的 wrong。
In every list a few rows are wrong on purpose; truth.json has their lines and codes under wrong of each file.
再次导入不增加任何记录。 A second import adds nothing.
`, Label, seed, scale, Federation)
}

// script runs every step. Rows are refused on purpose; only that nothing of a file was accepted
// ends it.
func (p *province) script() string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n# " + Label + "\n")
	b.WriteString("# ZHUCAN: the program (default zhucan); ZHUCAN_DATA: where the book is kept (default: data, in this folder)\n")
	b.WriteString("set -e\ncd \"$(dirname \"$0\")\"\nzhucan=${ZHUCAN:-zhucan}\n")
	b.WriteString("\"$zhucan\" access add " + Federation + " --role clerk --role reviewer -o json >/dev/null\n")
	for _, s := range p.truth.Steps {
		b.WriteString(`"$zhucan" ` + filepath.ToSlash(strings.Join(s.In(""), " ")) + "\n")
	}
	return b.String()
}

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"zhucan/ledger"
	"zhucan/projections/report"
)

func (p *program) publicityListCommand() *cobra.Command {
	var region, scheme, out string
	var shown bool
	c := &cobra.Command{
		Use:   "publicity-list",
		Short: "write the list that is shown to the public, masked, with its hash (公示名单)",
		Long: `Writes claims that have passed the second review as the list to be shown: masked name, county,
scheme, standard, amount, and nothing else. Category, grade, numbers and accounts are never on
it (个人信息保护法 arts. 25, 28). The SHA-256 that is printed goes into claim publicise --notice,
which also records the place and the days. Take the list down when they are over.`,
		Example: "  zhucan claim publicity-list --region 220104 --scheme startup --out notice.csv\n  zhucan claim publicity-list --shown --out shown.csv",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			on, err := p.asOfDate()
			if err != nil {
				return err
			}
			if on.IsZero() {
				on = p.today()
			}
			return p.reading(cmd.Context(), func(s *stores, _ report.Cut) error {
				list, err := report.Public(cmd.Context(), s.pool, ledger.RegionCode(region), ledger.SchemeCode(scheme), shown, on)
				if err != nil {
					return err
				}
				return p.writePublicList(list, out)
			})
		},
	}
	c.Flags().StringVar(&region, "region", "", "only this `region` and what lies below it (default: the province)")
	c.Flags().StringVar(&scheme, "scheme", "", "only this `scheme`")
	c.Flags().BoolVar(&shown, "shown", false, "what is being shown, instead of what is still to be")
	c.Flags().StringVar(&out, "out", "", "`file` to write (CSV)")
	_ = c.MarkFlagRequired("out")
	return c
}

func (p *program) writePublicList(list report.PublicList, out string) error {
	t := table{head: []string{">" + "序号", "姓名或单位", "县（市、区）", "项目", ">" + "标准（元）", ">" + "金额（元）"}}
	var total ledger.Money
	for i, r := range list.Rows {
		amount, err := ledger.ParseMoney(r.Amount)
		if err != nil {
			return err
		}
		total = total.Add(amount)
		t.rows = append(t.rows, []string{number(i + 1), r.Name, r.Region, r.Scheme, r.Standard, r.Amount})
	}
	hash, err := writePublic(out, t)
	if err != nil {
		return err
	}
	return p.print(map[string]any{"file": out, "sha256": hash, "rows": len(list.Rows), "total": total, "seq": list.Seq, "as_of": list.AsOf, "policy": list.Policy},
		table{head: []string{p.say("文件", "file"), ">" + p.say("行", "rows"), ">" + p.say("合计", "total"), "sha256"}, rows: [][]string{{out, number(len(list.Rows)), grouped(total), hash}}, foot: p.basis(list.Basis)})
}

// writePublic writes a list for the public and returns its SHA-256.
func writePublic(path string, t table) (string, error) {
	b := bytes.NewBufferString("\ufeff") // so that spreadsheets read it
	if err := printCSV(b, t); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("write the list: %w", err)
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:]), nil
}

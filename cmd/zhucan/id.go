package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"zhucan/ledger"
)

func (p *program) idCommand() *cobra.Command {
	kinds := []string{"person", "certificate", "uscc", "region", "bankcard"}
	check := &cobra.Command{
		Use:       "check KIND VALUE",
		Short:     "check an identifier: " + strings.Join(kinds, ", "),
		Long:      "Checks the form and the check digits of an identifier. A number that passes need not exist;\nonly a register can say that. The value is not stored and not shown again.",
		Example:   "  zhucan id check person 11010519491231002X\n  zhucan id check uscc 91350100M000100Y43\n  zhucan id check region 220381 --as-of 2019-06-30",
		Args:      args(cobra.ExactArgs(2)),
		ValidArgs: kinds,
		RunE: func(_ *cobra.Command, arg []string) error {
			facts, err := p.checkID(arg[0], arg[1])
			if err != nil {
				return err
			}
			whole := map[string]any{"kind": arg[0], "valid": true}
			t := table{head: []string{p.say("项目", "fact"), p.say("值", "value")}}
			for _, f := range facts {
				whole[f[0]] = f[1]
				t.rows = append(t.rows, f[:])
			}
			return p.print(whole, t)
		},
	}
	return group("id", "check identifiers (证件号码校验)", check)
}

func (p *program) checkID(kind, value string) ([][]string, error) {
	on, err := p.asOfDate()
	if err != nil {
		return nil, err
	}
	if on.IsZero() {
		on = p.today()
	}
	switch kind {
	case "person":
		n, err := ledger.ParsePersonNumber(value, on)
		if err != nil {
			return nil, err
		}
		return [][]string{{"number", n.Masked()}, {"birth", n.Birth().String()}, {"region", string(n.Region())}, {"region_known", fmt.Sprint(ledger.KnownAnywhere(n.Region()))}}, nil
	case "certificate":
		n, err := ledger.ParseCertificateNumber(value, on)
		if err != nil {
			return nil, err
		}
		return [][]string{{"number", n.Masked()}, {"grade", fmt.Sprint(n.Grade())}, {"reissue", fmt.Sprint(n.Reissue())}}, nil
	case "uscc":
		n, err := ledger.ParseCreditCode(value)
		if err != nil {
			return nil, err
		}
		class := string(n.UnitClass())
		if class == "" {
			class = p.say("未定：须配置", "unknown: configure")
		}
		return [][]string{{"code", string(n)}, {"unit_class", class}, {"region", string(n.Region())}}, nil
	case "region":
		r, err := ledger.FindRegion(ledger.RegionCode(value), on)
		if err != nil {
			return nil, err
		}
		return [][]string{{"code", string(r.Code)}, {"name_zh", r.NameZH}, {"name_en", r.NameEN}, {"level", string(r.Level)}, {"parent", string(r.Parent)}, {"on", on.String()}}, nil
	case "bankcard":
		n, err := ledger.ParseBankCard(value)
		if err != nil {
			return nil, err
		}
		return [][]string{{"number", n.Masked()}}, nil
	}
	return nil, usage("no identifier is of kind %q; known are person, certificate, uscc, region, bankcard", kind)
}

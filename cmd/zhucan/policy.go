package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/intake"
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
	"zhucan/schema"
)

// builtInPack is the pack that is used where none is named.
const builtInPack = "jilin"

func (p *program) policyCommand() *cobra.Command {
	check := &cobra.Command{
		Use:   "check [PACK]",
		Short: "check a policy pack and list what is unset (检查政策包)",
		Long: `Reads a policy pack, a folder or a built-in one by its name, as publishing will, and lists
what no source gives. What is unset computes nothing. Exit code 3 says that something is.`,
		Example: "  zhucan policy check\n  zhucan policy check my-pack -o csv",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, arg []string) error {
			name := builtInPack
			if len(arg) > 0 {
				name = arg[0]
			}
			return p.checkPolicy(name)
		},
	}
	var pack, region string
	show := &cobra.Command{
		Use:   "show NAME",
		Short: "a parameter's history with its sources (参数沿革)",
		Long: `Prints every row of a parameter, or of all whose names begin with NAME and a dot, with
region, days in force, day of publication, value, certainty and source. With --as-of, the row
in force on that day is marked for --region (default: the province); with --known-by DATE, as
it was known on that day.`,
		Example: "  zhucan policy show levy.ratio\n" +
			"  zhucan policy show levy.tier --as-of 2023-01-15 --known-by 2023-03-01\n" +
			"  zhucan policy show minimum_wage.monthly --region 220104 --as-of 2023-06-30",
		Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, arg []string) error {
			return p.showParameter(arg[0], pack, ledger.RegionCode(region))
		},
	}
	show.Flags().StringVar(&pack, "policy", builtInPack, "policy pack: a `folder`, or the name of a built-in one")
	show.Flags().StringVar(&region, "region", "", "only rows that count in this `region`")
	diff := &cobra.Command{
		Use:   "diff A B",
		Short: "what changes from one policy pack to another (政策差异)",
		Long: `Compares two policy packs: folders, built-in ones by their names, or versions that were
published in the data folder. Exit code 3 says that they differ.`,
		Example: "  zhucan policy diff jilin my-pack\n  zhucan policy diff sample-2023.2 jilin-2022-2024.2",
		Args:    args(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, arg []string) error {
			return p.diffPolicies(cmd.Context(), arg[0], arg[1])
		},
	}
	return group("policy", "policy packs: check, show, diff (政策包)", check, show, diff)
}

// policyFolder opens the files of a pack: a folder, or a built-in pack by its name.
func policyFolder(name string) (fs.FS, error) {
	if _, err := os.Stat(name); err == nil || !isBuiltIn(name) {
		return os.DirFS(name), nil // which says when it is not there
	}
	return fs.Sub(schema.Files, "policy/"+name)
}

func isBuiltIn(name string) bool {
	packs, err := fs.ReadDir(schema.Files, "policy")
	return err == nil && slices.ContainsFunc(packs, func(e fs.DirEntry) bool { return e.Name() == name })
}

func readPolicy(name string) (policy.Pack, error) {
	folder, err := policyFolder(name)
	if err != nil {
		return policy.Pack{}, err
	}
	return intake.ReadPack(folder)
}

// span writes days in force: from–to, open where there is none.
func span(from, to ledger.Date) string { return from.String() + "–" + to.String() }

func (p *program) checkPolicy(name string) error {
	pack, err := readPolicy(name)
	if err != nil {
		return err
	}
	open := pack.Unset()
	confirm := 0
	for _, x := range pack.Parameters {
		if x.Certainty == policy.Memory || x.Certainty == policy.Derived {
			confirm++
		}
	}
	t := table{head: []string{p.say("未定参数", "unset"), p.say("区划", "region"), p.say("适用期", "in force"), p.say("说明", "source")}}
	for _, x := range open {
		t.rows = append(t.rows, []string{x.Name, string(x.Region), span(x.From, x.To), x.Source})
	}
	t.foot = fmt.Sprintf("%s %s · %s %d · %s %d · %s %d · %s %d · %s %d", p.say("政策", "policy"), pack.Version, p.say("参数", "parameters"), len(pack.Parameters),
		p.say("项目", "schemes"), len(pack.Schemes), p.say("目标", "targets"), len(pack.Targets), p.say("未定", "unset"), len(open), p.say("待核对", "to be confirmed"), confirm)
	err = p.print(map[string]any{
		"policy": pack.Version, "label": pack.Label, "parameters": len(pack.Parameters), "schemes": len(pack.Schemes), "targets": len(pack.Targets), "unset": open, "to_confirm": confirm,
	}, t)
	if err == nil && len(open) > 0 {
		return errFound
	}
	return err
}

// A shownRow is one row of a parameter's history.
type shownRow struct {
	policy.Parameter
	InForce bool `json:"in_force"`
}

func (p *program) showParameter(name, from string, region ledger.RegionCode) error {
	pack, err := readPolicy(from)
	if err != nil {
		return err
	}
	on, err := p.asOfDate()
	if err != nil {
		return err
	}
	known := ledger.Date{}
	if p.knownBy != "" {
		if known, err = ledger.ParseDate(p.knownBy); err != nil {
			return usage("--known-by %q is no date; a pack has no sequence", p.knownBy)
		}
	}
	rows, err := p.history(pack, name, region, on, known)
	if err != nil {
		return err
	}
	t := table{head: []string{p.say("参数", "parameter"), p.say("区划", "region"), p.say("适用期", "in force"), p.say("公布", "published"), p.say("值", "value"), p.say("单位", "unit"), p.say("可靠程度", "certainty"), p.say("依据", "source")}}
	for _, x := range rows {
		value := x.Value
		if value == "" {
			value = p.say("未定", "unset")
		}
		if x.InForce {
			value += " ←"
		}
		t.rows = append(t.rows, []string{x.Name, string(x.Region), span(x.From, x.To), x.Published.String(), value, x.Unit, string(x.Certainty), x.Source})
	}
	t.foot = p.say("政策", "policy") + " " + pack.Version
	if !on.IsZero() {
		t.foot += " · ← " + p.say("当日适用", "in force on") + " " + on.String()
	}
	return p.print(map[string]any{"policy": pack.Version, "name": name, "region": region, "as_of": on, "known_by": known, "rows": rows}, t)
}

// history returns the rows of the parameters that a name means, oldest first, and marks
// those in force on a day, if one is given.
func (p *program) history(pack policy.Pack, name string, region ledger.RegionCode, on, known ledger.Date) ([]shownRow, error) {
	day := on
	if day.IsZero() {
		day = p.today()
	}
	of := region
	if of == "" {
		of = bookCode
	}
	view, err := pack.In(of, day, known)
	if err != nil {
		return nil, err
	}
	rows := []shownRow{}
	var near []string
	for _, x := range pack.Parameters {
		if x.Name != name && !strings.HasPrefix(x.Name, name+".") {
			if strings.Contains(x.Name, name) && !slices.Contains(near, x.Name) {
				near = append(near, x.Name)
			}
			continue
		}
		if region != "" && x.Region != policy.Nation && !ledger.Under(x.Region, region, day) || !known.IsZero() && x.Published.After(known) {
			continue
		}
		held, _ := view.Find(x.Name) // unset, too, a row is in force
		rows = append(rows, shownRow{x, !on.IsZero() && held == x})
	}
	if len(rows) == 0 {
		if len(near) == 0 {
			for _, x := range pack.Parameters {
				if group, _, _ := strings.Cut(x.Name, "."); !slices.Contains(near, group) {
					near = append(near, group)
				}
			}
		}
		return nil, usage("policy %s has no parameter %q for it; there are %s", pack.Version, name, strings.Join(near, ", "))
	}
	slices.SortStableFunc(rows, func(a, b shownRow) int {
		if c := strings.Compare(a.Name+" "+string(a.Region), b.Name+" "+string(b.Region)); c != 0 {
			return c
		}
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return a.Published.Compare(b.Published)
	})
	return rows, nil
}

func (p *program) diffPolicies(ctx context.Context, from, to string) error {
	a, err := p.anyPolicy(ctx, from)
	if err != nil {
		return err
	}
	b, err := p.anyPolicy(ctx, to)
	if err != nil {
		return err
	}
	changes := a.Changes(b)
	t := table{head: []string{p.say("类别", "kind"), p.say("对象", "key"), p.say("字段", "field"), p.say("原", "before"), p.say("现", "after")}}
	for _, c := range changes {
		t.rows = append(t.rows, []string{c.Kind, c.Key, c.Field, c.Before, c.After})
	}
	t.foot = fmt.Sprintf("%s → %s · %s %d", a.Version, b.Version, p.say("差异", "changes"), len(changes))
	if err := p.print(map[string]any{"before": a.Version, "after": b.Version, "changes": changes}, t); err != nil {
		return err
	}
	if len(changes) > 0 {
		return errFound
	}
	return nil
}

// anyPolicy reads a pack from its folder, or from the log when the name is that of a
// version published there.
func (p *program) anyPolicy(ctx context.Context, name string) (pack policy.Pack, err error) {
	if _, missing := os.Stat(name); missing == nil || isBuiltIn(name) {
		return readPolicy(name)
	}
	if _, missing := os.Stat(p.data); missing != nil && p.nats == "" {
		return pack, policy.ErrNone.Of("%q is no folder and no built-in pack, and %s holds no versions", name, p.data)
	}
	err = p.reading(ctx, func(s *stores, _ report.Cut) error {
		pack, err = p.publishedPolicy(ctx, s, name)
		return err
	})
	return pack, err
}

// publishedPolicy reads a version from the log.
func (p *program) publishedPolicy(ctx context.Context, s *stores, version string) (policy.Pack, error) {
	page, err := report.Events(ctx, s.pool, "policy.published.v1", "policy:"+version, report.Cut{}, 0, 1)
	if err != nil {
		return policy.Pack{}, err
	}
	found := page.Events
	if len(found) == 0 {
		return policy.Pack{}, policy.ErrNone.Of("%q is no folder, no built-in pack and no published version", version)
	}
	for r, err := range s.log.Read(ctx, found[0].Seq-1) {
		if err != nil {
			return policy.Pack{}, err
		}
		d, err := events.Decode(r)
		if err != nil {
			return policy.Pack{}, err
		}
		e, ok := d.Event.(policy.Published)
		if !ok {
			return policy.Pack{}, fmt.Errorf("record %d is a %s", r.Seq, d.Name)
		}
		return e.Pack, nil
	}
	return policy.Pack{}, fmt.Errorf("the log has no record %d", found[0].Seq)
}

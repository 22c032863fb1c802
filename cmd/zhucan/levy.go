package main

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
	"zhucan/ledger/levy"
	"zhucan/ledger/policy"
)

func (p *program) levyCommand() *cobra.Command {
	var f levyFlags
	compute := &cobra.Command{
		Use:   "compute FILE",
		Short: "compute the levy of each row of a CSV, as CSV on standard output (残保金测算)",
		Long: `Reads a CSV of employers and filing years and writes it again with the levy of each
row (财税〔2015〕72号 art. 8), without a server and without keeping anything.

Columns read, in any order; others are passed through unread and named on stderr, and
refused where they differ from one of these only by case, blanks, "-" or "_":

  filing_year unit_class staff disabled_weighted      needed
  average_wage or payroll        own wages of the year before; of a payroll the average
                                 wage follows, whatever average_wage says
  region                         without the column all rows are of --region
  social_average_wage            local average wage; empty: of the policy pack
  ratio                          0.016 for 1.6 %; empty: of the policy pack
  rounding                       profile; empty: levy.rounding.profile of the pack
  registered_on                  for the exemption of new enterprises
  paid_on                        a late fee if it is after the filing window
  assessed_on                    the policy as it was known on that day

Columns added: gap, base, full, tier, relief, due, late_fee, reason, clauses. An added
column that the file has already is passed through as input_NAME. tier is the rate, none
where the quota is met, exempt where an exemption holds. full = due + relief.

The rules are those in force on the last day of the filing window of the filing year: the
rule of the filing year applies to the data of the year before. late_fee is what 残疾人就业
条例 art. 27 gives if payment was ordered and the deadline of the order passed as well.

A row that cannot be computed says why in reason and the rest go on. What no source gives is
unset and refuses: without a local average wage the row is refused, unless --uncapped.`,
		Example: "  zhucan levy compute employers.csv > levy.csv\n" +
			"  zhucan levy compute employers.csv --uncapped --region 220100\n" +
			"  zhucan levy compute employers.csv --policy my-pack --lang en",
		Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, arg []string) error { return p.computeLevies(arg[0], f) },
	}
	compute.Flags().StringVar(&f.policy, "policy", builtInPack, "policy pack: a `folder`, or the name of a built-in one")
	compute.Flags().StringVar(&f.region, "region", bookCode, "`region` of all rows of a file without that column")
	compute.Flags().BoolVar(&f.uncapped, "uncapped", false, "where no local average wage is known, let the own wage stand")
	compute.Flags().StringVar(&f.encoding, "encoding", "", "`encoding` of the file when it is not detected: utf-8, gb18030, windows-1252")
	return group("levy", "the employment security fund levy (残疾人就业保障金)", append([]*cobra.Command{compute}, p.levyVerbs()...)...)
}

type levyFlags struct {
	policy, region, encoding string
	uncapped                 bool
}

var levyAdded = []string{"gap", "base", "full", "tier", "relief", "due", "late_fee", "reason", "clauses"}

func (p *program) computeLevies(path string, f levyFlags) (err error) {
	if p.output == "json" {
		return usage("levy compute writes CSV")
	}
	pack, err := readPolicy(f.policy)
	if err != nil {
		return err
	}
	in, err := intake.OpenStream(path, intake.Options{Encoding: intake.Encoding(f.encoding)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	columns, err := intake.FindLevyColumns(in.Columns, ledger.RegionCode(f.region))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(columns.Ignored) > 0 {
		fmt.Fprintf(p.stderr, "%s %s\n", p.say("未读取、原样输出的列：", "passed through unread:"), strings.Join(columns.Ignored, ", "))
	}
	c := &levyTable{p: p, pack: &pack, editions: pack.Editions(), columns: columns, uncapped: f.uncapped, out: bufio.NewWriterSize(p.stdout, 1<<16), width: len(in.Columns)}
	c.header(in.Columns)
	if err := in.Rows(c.row); err != nil {
		return errors.Join(err, c.out.Flush())
	}
	if err := c.out.Flush(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	c.settle()
	fmt.Fprintf(p.stderr, "%s %d · %s %d · %s %d · %s %s · %s %s · %s %s · %s %s\n",
		p.say("读取", "read"), c.read, p.say("计算", "computed"), c.read-c.refused, p.say("未能计算", "refused"), c.refused,
		p.say("应缴", "full"), grouped(c.full), p.say("减免", "relief"), grouped(c.relief), p.say("实缴", "due"), grouped(c.due), p.say("政策", "policy"), pack.Version)
	return nil
}

// A levyTable computes row by row. Rules are read once for all rows that have them in common.
type levyTable struct {
	p        *program
	pack     *policy.Pack
	editions policy.Editions
	columns  intake.LevyColumns
	uncapped bool
	out      *bufio.Writer
	width    int
	line     []byte
	known    map[levyKey]*levyRules

	read, refused             int
	full, relief, due         ledger.Money
	fullFen, reliefFen, since int64 // not yet in the totals
}

type levyKey struct {
	region   ledger.RegionCode
	year     int
	known    ledger.Date
	rounding string
}

// A levyRules is the rules of rows with one key, or why there are none, with the clauses
// as they are written.
type levyRules struct {
	*levy.Rules
	err     error
	clauses map[levy.Basis]string
}

// maxRules bounds what is kept: a file may name any region, profile and day.
const maxRules = 4_000

func (c *levyTable) rules(r intake.LevyRow) *levyRules {
	key := levyKey{r.Region, r.Year, c.editions.Of(r.Assessed), r.Rounding}
	if found, ok := c.known[key]; ok {
		return found
	}
	if len(c.known) >= maxRules {
		clear(c.known)
	}
	if c.known == nil {
		c.known = make(map[levyKey]*levyRules)
	}
	made := &levyRules{clauses: make(map[levy.Basis]string)}
	filed, err := levy.FilingDay(c.pack, key.region, key.year, key.known)
	if made.err = err; err == nil {
		made.Rules, made.err = levy.NewRules(c.pack, key.region, filed, key.known, key.rounding)
	}
	key.region, key.rounding = ledger.RegionCode(strings.Clone(string(key.region))), strings.Clone(key.rounding)
	c.known[key] = made
	return made
}

// cite writes the clauses of a basis, those of one source together.
func (r *levyRules) cite(b levy.Basis) string {
	if s, ok := r.clauses[b]; ok {
		return s
	}
	var sources []string
	figures := make(map[string][]string)
	for _, c := range r.Clauses(b) {
		source := c.Source
		if c.Certainty == policy.Memory || c.Certainty == policy.Derived {
			source += " (" + string(c.Certainty) + ")"
		}
		if !slices.Contains(sources, source) {
			sources = append(sources, source)
		}
		if !slices.Contains(figures[source], c.Figure) {
			figures[source] = append(figures[source], c.Figure)
		}
	}
	for i, s := range sources {
		sources[i] = strings.Join(figures[s], ", ") + ": " + s
	}
	cell := string(appendCell(nil, strings.Join(sources, "; ")))
	r.clauses[b] = cell
	return cell
}

func (c *levyTable) header(columns []string) {
	for _, name := range columns {
		if plain := strings.TrimSpace(name); slices.Contains(levyAdded, plain) {
			name = "input_" + plain
		}
		c.line = append(appendCell(c.line, passed(name)), ',')
	}
	c.line = append(append(c.line, strings.Join(levyAdded, ",")...), '\n')
	_, _ = c.out.Write(c.line) // what is wrong with it comes back from Flush
}

// row computes one row and writes it.
func (c *levyTable) row(line int, cells []string, fault error) error {
	c.read++
	c.line = c.line[:0]
	for i := range c.width {
		if i < len(cells) {
			c.line = appendCell(c.line, passed(cells[i]))
		}
		c.line = append(c.line, ',')
	}
	c.compute(cells, fault)
	c.line = append(c.line, '\n')
	_, err := c.out.Write(c.line)
	if err != nil {
		return fmt.Errorf("write line %d: %w", line, err)
	}
	return nil
}

func (c *levyTable) compute(cells []string, fault error) {
	if fault != nil {
		c.refuse(levy.Assessment{}, fault)
		return
	}
	r, err := c.columns.Read(cells)
	if err != nil {
		c.refuse(levy.Assessment{}, err)
		return
	}
	rules := c.rules(r)
	if rules.err != nil {
		c.refuse(levy.Assessment{}, rules.err)
		return
	}
	r.Facts.Uncapped = c.uncapped
	a, err := rules.Assess(r.Facts)
	if err != nil {
		c.refuse(a, err)
		return
	}
	var late levy.LateFee
	if !r.Paid.IsZero() {
		late, err = rules.LateFee(a.Due, r.Paid)
	}
	c.figures(a, r, late, err)
	c.line = append(append(c.line, ','), rules.cite(a.Basis|late.Basis)...)
	c.add(a)
}

// figures writes what was computed, up to the reason. A late fee that cannot be computed
// leaves the levy as it is.
func (c *levyTable) figures(a levy.Assessment, r intake.LevyRow, late levy.LateFee, lateErr error) {
	money := func(m ledger.Money) {
		c.line, _ = m.AppendText(c.line) // it has no error
		c.line = append(c.line, ',')
	}
	if a.Outcome == levy.NotLiable {
		c.line = append(c.line, ",,"...)
	} else {
		c.line = append(a.Gap.Append(c.line), ',')
		money(a.Base)
	}
	money(a.Full)
	c.line = append(appendTier(c.line, a), ',')
	money(a.Relief)
	money(a.Due)
	switch {
	case lateErr == nil && !r.Paid.IsZero():
		money(late.Fee)
	default:
		c.line = append(c.line, ',')
	}
	c.line = append(c.line, c.reason(a, lateErr)...)
}

func appendTier(b []byte, a levy.Assessment) []byte {
	switch a.Outcome {
	case levy.NotLiable:
		return b
	case levy.QuotaMet:
		return append(b, "none"...)
	case levy.SmallEnterprise, levy.NewEnterprise:
		return append(b, "exempt"...)
	}
	return a.Tier.Append(b)
}

// reason says in codes and words why nothing is owed, what is special about the base, and
// why there is no late fee.
func (c *levyTable) reason(a levy.Assessment, lateErr error) []byte {
	var all []string
	switch a.Outcome {
	case levy.NotLiable:
		all = append(all, string(a.Outcome)+": "+c.p.say("个体工商户不属用人单位，不属征收对象", "an individual business is no employer that owes the levy"))
	case levy.QuotaMet:
		all = append(all, string(a.Outcome)+": "+c.p.say("已达到规定比例", "the quota is met"))
	case levy.SmallEnterprise:
		all = append(all, string(a.Outcome)+": "+c.p.say("小型企业暂免征收", "small enterprises are exempt"))
	case levy.NewEnterprise:
		all = append(all, string(a.Outcome)+": "+c.p.say("新设企业免征", "new enterprises are exempt"))
	}
	if a.Capped {
		all = append(all, "capped: "+c.p.say("工资超过上限，按上限计", "the wage is above the cap"))
	}
	if a.Uncapped {
		all = append(all, "uncapped: "+c.p.say("无当地社会平均工资，未封顶", "no local average wage is known"))
	}
	if lateErr != nil {
		all = append(all, c.why(lateErr))
	}
	if len(all) == 0 {
		return nil
	}
	return appendCell(nil, strings.Join(all, "; "))
}

// why is a refusal as a cell: published code, rule, particulars.
func (c *levyTable) why(err error) string {
	rule, detail := ledger.Refused(err)
	if rule == nil {
		return "fault: " + err.Error()
	}
	return rule.Code + ": " + c.p.say(rule.RuleZH, rule.Rule) + " (" + detail + ")"
}

// refuse writes a row without amounts. The gap and the tier may have been reached.
func (c *levyTable) refuse(a levy.Assessment, err error) {
	c.refused++
	if a.Ratio.Sign() > 0 {
		c.line = a.Gap.Append(c.line)
	}
	c.line = append(c.line, ",,,"...)
	if a.Outcome != "" || a.Tier.Sign() > 0 {
		c.line = appendTier(c.line, a)
	}
	c.line = append(c.line, ",,,,"...)
	c.line = append(appendCell(c.line, c.why(err)), ',')
}

// add counts amounts in fen and settles them before they could exceed 64 bits.
func (c *levyTable) add(a levy.Assessment) {
	full, _ := a.Full.Fen() // amounts of an assessment fit
	relief, _ := a.Relief.Fen()
	c.fullFen, c.reliefFen, c.since = c.fullFen+full, c.reliefFen+relief, c.since+1
	if c.since == 100_000 {
		c.settle()
	}
}

func (c *levyTable) settle() {
	c.full, c.relief, c.due = c.full.Add(ledger.Fen(c.fullFen)), c.relief.Add(ledger.Fen(c.reliefFen)), c.due.Add(ledger.Fen(c.fullFen-c.reliefFen))
	c.fullFen, c.reliefFen, c.since = 0, 0, 0
}

// passed makes a cell that is passed through safe to open in a spreadsheet; nearly all are.
func passed(cell string) string {
	if cell == "" || ('0' <= cell[0] && cell[0] <= '9' || 'A' <= cell[0] && cell[0] <= 'Z') && isASCII(cell) {
		return cell
	}
	return intake.Guard(cell)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendCell appends a cell as RFC 4180 has it.
func appendCell(b []byte, cell string) []byte {
	quoted := cell != "" && (cell[0] == ' ' || cell[0] == '\t')
	for i := 0; i < len(cell) && !quoted; i++ {
		switch cell[i] {
		case ',', '"', '\n', '\r':
			quoted = true
		}
	}
	if !quoted {
		return append(b, cell...)
	}
	b = append(b, '"')
	for i := range len(cell) {
		if cell[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, cell[i])
	}
	return append(b, '"')
}

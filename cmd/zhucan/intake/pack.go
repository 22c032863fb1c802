package intake

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"zhucan/ledger"
	"zhucan/ledger/policy"
)

// The files of a policy pack. A folder of them is readable by whoever answers for
// the policy, and compares line by line with the version before.
//
//	pack.yaml       version, label, source, late_return (restore, or left out: unset)
//	chart.csv       code,name_zh,name_en,book,normal,duty
//	parameters.csv  name,region,valid_from,valid_to,published,value,unit,source,certainty; see [policy.Parameter]
//	schemes.yaml    schemes: a list; see [policy.Scheme]. kept: true asks for the documents
//	                of its evidence themselves, kept before the approval; without it for
//	                their hashes, with the application. units_each is how many units one
//	                claim may have for each person it is for; left out, one. A unit
//	                that begins with 人 or person counts persons; of any other a claim has one. classes
//	                are those of the credit codes (enterprise, organ …) that may claim; left out, any
//	standards.csv   scheme,region,amount,from,to,source; perhaps share, where the amount is empty: 2/3 of
//	                the contributions that a claim states
//	exclusions.csv  scheme,group,scope,source; perhaps verdict: deny (none says the same), allow or cap
//	calendar.csv    date,working,source; working is yes or no
//	targets.csv     code,action,name_zh,name_en,quote,text_en,clause,departments,value,unit,kind,strength,from,to,
//	                facts,level,min_posts,overlaps,restates,definition_zh,definition_en; see [policy.Target]
//	target-splits.csv  target,region,year,value,author,date,source; see [policy.Split]
//	flows.csv       flow,kind,scheme,reason_zh,reason_en,source; schemes apart by spaces; see [policy.Flow]
//
// Standards and exclusions may have a column published: the day of their source.
// Departments are separated by 、, facts and overlaps by blanks. All must be there, with
// their header if with nothing else; those of targets and flows and README.md may be.
// Unknown files, keys and columns are errors, and every error names file and line.
const (
	packFile       = "pack.yaml"
	chartFile      = "chart.csv"
	parametersFile = "parameters.csv"
	schemesFile    = "schemes.yaml"
	standardsFile  = "standards.csv"
	exclusionsFile = "exclusions.csv"
	calendarFile   = "calendar.csv"
	targetsFile    = "targets.csv"
	splitsFile     = "target-splits.csv"
	flowsFile      = "flows.csv"
)

// maxTable is the size from which a CSV of a policy pack is refused.
const maxTable = 16 << 20

// A text is a YAML scalar and the line it stands on.
type text struct {
	value string
	line  int
}

// UnmarshalYAML takes any scalar as it is written: an amount of 5000.00 stays one,
// and a version 1.10 does not become 1.1.
func (t *text) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: not a single value", n.Line)
	}
	t.value, t.line = strings.TrimSpace(n.Value), n.Line
	return nil
}

type schemeFile struct {
	Code      text          `yaml:"code"`
	NameZH    text          `yaml:"name_zh"`
	NameEN    text          `yaml:"name_en"`
	Flow      text          `yaml:"flow"`
	Clause    text          `yaml:"clause"`
	Claimants []text        `yaml:"claimants"`
	Classes   []text        `yaml:"classes"`
	Funds     []text        `yaml:"funds"`
	Group     text          `yaml:"group"`
	Once      text          `yaml:"once"`
	Unit      text          `yaml:"unit"`
	Evidence  []text        `yaml:"evidence"`
	From      text          `yaml:"from"`
	To        text          `yaml:"to"`
	Cap       text          `yaml:"cap"`
	Kept      bool          `yaml:"kept"` // documents and not only their hashes
	MinMonths text          `yaml:"min_months"`
	UnitsEach text          `yaml:"units_each"`
	Needs     []text        `yaml:"needs"`
	Publicity publicityFile `yaml:"publicity"`
	Published text          `yaml:"published"`
	Recurring recurringFile `yaml:"recurring"`
}

type recurringFile struct {
	Every          text `yaml:"every"`
	NearRetirement text `yaml:"near_retirement"`
	Placements     text `yaml:"placements"`
	Source         text `yaml:"source"`
	Term           text `yaml:"term"`
}

type publicityFile struct {
	Days    text `yaml:"days"`
	Working text `yaml:"working"`
	Source  text `yaml:"source"`
}

// A pack being read.
type packReader struct {
	files fs.FS
	pack  policy.Pack
	lines map[ledger.SchemeCode]int // of schemes
}

// ReadPack reads a policy pack from a folder and checks it, as publishing will.
// It refuses with [policy.ErrPack] or what [policy.Pack.Check] says.
func ReadPack(files fs.FS) (policy.Pack, error) {
	r := &packReader{files: files, lines: make(map[ledger.SchemeCode]int)}
	for _, step := range []func() error{r.names, r.head, r.chart, r.parameters, r.schemes, r.exclusions, r.standards, r.calendar, r.targets, r.flows} {
		if err := step(); err != nil {
			return policy.Pack{}, err
		}
	}
	if _, err := r.pack.Check(); err != nil {
		return policy.Pack{}, inFile(packFile, 1, err)
	}
	return r.pack, nil
}

// inFile names file and line of an error that a rule raised.
func inFile(file string, line int, err error) error {
	return fmt.Errorf("%s line %d: %w", file, line, err)
}

func wrong(file string, line int, format string, args ...any) error {
	return policy.ErrPack.Of("%s line %d: %s", file, line, fmt.Sprintf(format, args...))
}

func (r *packReader) names() error {
	known := []string{packFile, chartFile, parametersFile, schemesFile, standardsFile, exclusionsFile, calendarFile}
	entries, err := fs.ReadDir(r.files, ".")
	if err != nil {
		return unreadable("the folder of the policy pack", err)
	}
	for _, e := range entries {
		if i := slices.Index(known, e.Name()); i >= 0 && e.Type().IsRegular() {
			known = slices.Delete(known, i, i+1)
		} else if !slices.Contains([]string{"README.md", targetsFile, splitsFile, flowsFile}, e.Name()) || !e.Type().IsRegular() {
			return wrong(e.Name(), 1, "no file of a policy pack")
		}
	}
	if len(known) > 0 {
		return wrong(known[0], 1, "missing")
	}
	return nil
}

func (r *packReader) yaml(name string, v any) error {
	content, err := ReadText(r.files, name, maxYAML)
	if err != nil {
		return err
	}
	if err := decodeYAML(content, v); err != nil {
		return policy.ErrPack.Of("%s: %v", name, err)
	}
	return nil
}

// table calls row for each row of a CSV that has exactly the columns, and perhaps
// the optional ones.
func (r *packReader) table(name string, columns, optional []string, row func(line int, cell func(string) string) error) error {
	content, err := ReadText(r.files, name, maxTable)
	if err != nil {
		return err
	}
	f, err := New(bytes.NewReader(content), Options{Name: name})
	if err != nil {
		return err
	}
	if err := f.exactly(columns, optional); err != nil {
		return inFile(name, f.headerLine, err)
	}
	for one, err := range f.Rows() {
		if err != nil {
			return err
		}
		if one.Fault != nil {
			return inFile(name, one.Line, one.Fault)
		}
		if err := row(one.Line, f.cells(one)); err != nil {
			return err
		}
	}
	return nil
}

func (r *packReader) head() error {
	var file struct {
		Version    text `yaml:"version"`
		Label      text `yaml:"label"`
		Source     text `yaml:"source"`
		LateReturn text `yaml:"late_return"`
	}
	if err := r.yaml(packFile, &file); err != nil {
		return err
	}
	for _, needed := range []struct {
		key string
		text
	}{{"version", file.Version}, {"label", file.Label}, {"source", file.Source}} {
		if needed.value == "" {
			return wrong(packFile, max(needed.line, 1), "no %s", needed.key)
		}
	}
	if err := ledger.CheckID(file.Version.value); err != nil {
		return wrong(packFile, file.Version.line, "version: %v", err)
	}
	if late := file.LateReturn; late.value != "" && late.value != policy.Restore {
		return wrong(packFile, late.line, "late_return %q is not %s", late.value, policy.Restore)
	}
	r.pack.Version, r.pack.Label, r.pack.Source, r.pack.LateReturn = file.Version.value, file.Label.value, file.Source.value, file.LateReturn.value
	return nil
}

func (r *packReader) chart() error {
	duties := make(map[ledger.Duty]bool)
	last := 1
	err := r.table(chartFile, []string{"code", "name_zh", "name_en", "book", "normal", "duty"}, nil, func(line int, cell func(string) string) error {
		a := ledger.Account{
			Book: ledger.Book(cell("book")), Code: ledger.AccountCode(cell("code")), Duty: ledger.Duty(cell("duty")),
			NameEN: cell("name_en"), NameZH: cell("name_zh"), Normal: ledger.Side(cell("normal")),
		}
		switch {
		case ledger.CheckID(a.Code) != nil:
			return wrong(chartFile, line, "code %q", a.Code)
		case slices.ContainsFunc(r.pack.Accounts, func(b ledger.Account) bool { return b.Code == a.Code }):
			return wrong(chartFile, line, "account %s twice", a.Code)
		case a.NameZH == "" || a.NameEN == "":
			return wrong(chartFile, line, "account %s has no name", a.Code)
		case a.Book != ledger.Financial && a.Book != ledger.Budgetary && a.Book != ledger.Control:
			return wrong(chartFile, line, "book %q", a.Book)
		case a.Normal != ledger.Debit && a.Normal != ledger.Credit:
			return wrong(chartFile, line, "normal side %q", a.Normal)
		case a.Duty != "" && !slices.Contains(ledger.Duties, a.Duty) && !slices.Contains(ledger.LevyDuties, a.Duty):
			return wrong(chartFile, line, "duty %q is none a rule knows", a.Duty)
		case a.Duty != "" && duties[a.Duty]:
			return wrong(chartFile, line, "a second account with duty %s", a.Duty)
		}
		duties[a.Duty], last = true, line
		r.pack.Accounts = append(r.pack.Accounts, a)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := ledger.NewChart(r.pack.Accounts); err != nil {
		return inFile(chartFile, last, err) // a duty is missing at the end
	}
	return nil
}

func (r *packReader) parameters() error {
	var lines []int
	columns := []string{"name", "region", "valid_from", "valid_to", "published", "value", "unit", "source", "certainty"}
	err := r.table(parametersFile, columns, nil, func(line int, cell func(string) string) error {
		x := policy.Parameter{
			Certainty: policy.Certainty(cell("certainty")), Name: cell("name"), Region: ledger.RegionCode(cell("region")),
			Source: cell("source"), Unit: cell("unit"), Value: cell("value"),
		}
		for _, d := range []struct {
			column string
			date   *ledger.Date
		}{{"valid_from", &x.From}, {"valid_to", &x.To}, {"published", &x.Published}} {
			var err error
			if *d.date, err = dayOrNone(cell(d.column)); err != nil {
				return inFile(parametersFile, line, fmt.Errorf("%s: %w", d.column, err))
			}
		}
		r.pack.Parameters, lines = append(r.pack.Parameters, x), append(lines, line)
		return nil
	})
	if err != nil {
		return err
	}
	if i, err := policy.CheckParameters(r.pack.Parameters); err != nil {
		return inFile(parametersFile, lines[i], err)
	}
	return nil
}

func dayOrNone(s string) (ledger.Date, error) {
	if s == "" {
		return ledger.Date{}, nil
	}
	return ledger.ParseDate(s)
}

func (r *packReader) schemes() error {
	var file struct {
		Schemes []schemeFile `yaml:"schemes"`
	}
	if err := r.yaml(schemesFile, &file); err != nil {
		return err
	}
	for i, s := range file.Schemes {
		if s.Code.value == "" {
			return wrong(schemesFile, max(s.Code.line, s.NameZH.line, 1), "scheme %d has no code", i+1)
		}
		if err := r.scheme(s); err != nil {
			return err
		}
	}
	return nil
}

func (r *packReader) scheme(f schemeFile) error {
	s := policy.Scheme{
		Clause: f.Clause.value, Code: ledger.SchemeCode(f.Code.value), Flow: f.Flow.value, Group: f.Group.value, Kept: f.Kept,
		NameEN: f.NameEN.value, NameZH: f.NameZH.value, Once: policy.Scope(f.Once.value), Unit: f.Unit.value,
		Publicity: policy.Publicity{Source: f.Publicity.Source.value},
	}
	for _, k := range f.Claimants {
		s.Claimants = append(s.Claimants, policy.Kind(k.value))
	}
	for _, k := range f.Classes {
		s.Classes = append(s.Classes, ledger.UnitClass(k.value))
	}
	for _, k := range f.Funds {
		if ledger.CheckID(k.value) != nil {
			return wrong(schemesFile, k.line, "fund %q", k.value)
		}
		s.Funds = append(s.Funds, ledger.FundCode(k.value))
	}
	for _, k := range f.Evidence {
		if ledger.CheckID(k.value) != nil {
			return wrong(schemesFile, k.line, "evidence %q", k.value)
		}
		s.Evidence = append(s.Evidence, k.value)
	}
	for _, k := range f.Needs {
		s.Needs = append(s.Needs, policy.Need(k.value))
	}
	var err error
	for _, n := range []struct {
		key string
		text
		into *int
	}{{"min_months", f.MinMonths, &s.MinMonths}, {"units_each", f.UnitsEach, &s.UnitsEach}} {
		if n.value == "" {
			continue
		}
		if *n.into, err = strconv.Atoi(n.value); err != nil || *n.into < 1 {
			return wrong(schemesFile, n.line, "%s: %q", n.key, n.value)
		}
	}
	if s.From, err = ledger.ParseDate(f.From.value); err != nil {
		return wrong(schemesFile, max(f.From.line, f.Code.line), "from: %v", err)
	}
	if f.To.value != "" {
		if s.To, err = ledger.ParseDate(f.To.value); err != nil || s.To.Before(s.From) {
			return wrong(schemesFile, f.To.line, "to: %q is no day, or before from", f.To.value)
		}
	}
	if s.Published, err = dayOrNone(f.Published.value); err != nil {
		return wrong(schemesFile, f.Published.line, "published: %v", err)
	}
	if f.Cap.value != "" {
		amount, err := (AmountForm{}).Parse(f.Cap.value)
		if err != nil {
			return wrong(schemesFile, f.Cap.line, "cap: %v", err)
		}
		s.Cap = &amount
	}
	if f.Publicity.Days.value != "" {
		if s.Publicity.Days, err = strconv.Atoi(f.Publicity.Days.value); err != nil || s.Publicity.Days < 1 || s.Publicity.Days > 366 {
			return wrong(schemesFile, f.Publicity.Days.line, "publicity: %q days", f.Publicity.Days.value)
		}
	}
	if s.Recurring, err = f.Recurring.read(); err != nil {
		return err
	}
	if s.Publicity.Working, err = yes(f.Publicity.Working.value); err != nil && f.Publicity.Working.value != "" {
		return wrong(schemesFile, f.Publicity.Working.line, "publicity: working %v", err)
	}
	if _, twice := r.lines[s.Code]; twice {
		return wrong(schemesFile, f.Code.line, "scheme %s twice", s.Code)
	}
	if err := r.check(s); err != nil {
		return inFile(schemesFile, f.Code.line, err)
	}
	r.lines[s.Code] = f.Code.line
	r.pack.Schemes = append(r.pack.Schemes, s)
	return nil
}

// read reads how a scheme recurs, or nil where it says nothing of it. Its limits are numbers, or the
// word none where the source says that there is none; left out, unset.
func (f recurringFile) read() (*policy.Recurring, error) {
	if f == (recurringFile{}) {
		return nil, nil
	}
	r := &policy.Recurring{Every: policy.Scope(f.Every.value), Source: f.Source.value}
	for _, n := range []struct {
		key  string
		cell text
		into *int
	}{{"term", f.Term, &r.Term}, {"placements", f.Placements, &r.Placements}, {"near_retirement", f.NearRetirement, &r.NearRetirement}} {
		switch n.cell.value {
		case "":
			continue
		case "none":
			*n.into = policy.None
			continue
		}
		var err error
		if *n.into, err = strconv.Atoi(n.cell.value); err != nil || *n.into < 1 {
			return nil, wrong(schemesFile, n.cell.line, "recurring: %s %q is no number from 1, and not none", n.key, n.cell.value)
		}
	}
	return r, nil
}

// check asks the policy itself about one scheme.
func (r *packReader) check(s policy.Scheme) error {
	one := r.pack
	one.Flows, one.Parameters, one.Schemes = nil, nil, []policy.Scheme{s} // the parameters have been checked
	_, err := one.Check()
	return err
}

func (r *packReader) find(file string, line int, code string) (*policy.Scheme, error) {
	i := slices.IndexFunc(r.pack.Schemes, func(s policy.Scheme) bool { return string(s.Code) == code })
	if i < 0 {
		return nil, wrong(file, line, "scheme %q is not in %s", code, schemesFile)
	}
	return &r.pack.Schemes[i], nil
}

func (r *packReader) exclusions() error {
	return r.table(exclusionsFile, []string{"scheme", "group", "scope", "source"}, []string{"published", "verdict"}, func(line int, cell func(string) string) error {
		s, err := r.find(exclusionsFile, line, cell("scheme"))
		if err != nil {
			return err
		}
		x := policy.Exclusion{Group: cell("group"), Scope: policy.Scope(cell("scope")), Source: cell("source"), Verdict: policy.Verdict(cell("verdict"))}
		if x.Published, err = dayOrNone(cell("published")); err != nil {
			return inFile(exclusionsFile, line, err)
		}
		if slices.ContainsFunc(s.Excludes, func(y policy.Exclusion) bool { return y.Group == x.Group }) {
			return wrong(exclusionsFile, line, "scheme %s excludes group %s twice", s.Code, x.Group)
		}
		if !slices.ContainsFunc(r.pack.Schemes, func(s policy.Scheme) bool { return s.Group == x.Group }) {
			return wrong(exclusionsFile, line, "no scheme has group %q", x.Group)
		}
		one := *s
		one.Excludes = []policy.Exclusion{x}
		if err := r.check(one); err != nil {
			return inFile(exclusionsFile, line, err)
		}
		s.Excludes = append(s.Excludes, x)
		return nil
	})
}

func (r *packReader) standards() error {
	return r.table(standardsFile, []string{"scheme", "region", "amount", "from", "to", "source"}, []string{"published", "share"}, func(line int, cell func(string) string) error {
		s, err := r.find(standardsFile, line, cell("scheme"))
		if err != nil {
			return err
		}
		a := policy.Standard{Region: ledger.RegionCode(cell("region")), Share: cell("share"), Source: cell("source")}
		if text := cell("amount"); text != "" || a.Share == "" {
			if a.Amount, err = (AmountForm{}).Parse(text); err != nil {
				return inFile(standardsFile, line, err)
			}
		}
		if a.From, err = ledger.ParseDate(cell("from")); err != nil {
			return inFile(standardsFile, line, err)
		}
		if a.Published, err = dayOrNone(cell("published")); err != nil {
			return inFile(standardsFile, line, err)
		}
		if to := cell("to"); to != "" {
			if a.To, err = ledger.ParseDate(to); err != nil || a.To.Before(a.From) {
				return wrong(standardsFile, line, "to: %q is no day, or before from", to)
			}
		}
		if _, err := ledger.FindRegion(a.Region, a.From); err != nil {
			return inFile(standardsFile, line, err)
		}
		// Only standards of one region can contradict each other.
		one := *s
		one.Standards = nil
		for _, b := range s.Standards {
			if b.Region == a.Region {
				one.Standards = append(one.Standards, b)
			}
		}
		one.Standards = append(one.Standards, a)
		if err := r.check(one); err != nil {
			return inFile(standardsFile, line, err)
		}
		s.Standards = append(s.Standards, a)
		return nil
	})
}

func (r *packReader) calendar() error {
	return r.table(calendarFile, []string{"date", "working", "source"}, nil, func(line int, cell func(string) string) error {
		date, err := ledger.ParseDate(cell("date"))
		if err != nil {
			return inFile(calendarFile, line, err)
		}
		working, err := yes(cell("working"))
		if err != nil {
			return wrong(calendarFile, line, "working: %v", err)
		}
		if cell("source") == "" {
			return wrong(calendarFile, line, "no source")
		}
		if n := len(r.pack.Days); n > 0 && !r.pack.Days[n-1].Date.Before(date) {
			return wrong(calendarFile, line, "%s is not after the day before it", date)
		}
		r.pack.Days = append(r.pack.Days, policy.Day{Date: date, Working: working})
		return nil
	})
}

func (r *packReader) flows() error {
	if _, err := fs.Stat(r.files, flowsFile); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var lines []int
	err := r.table(flowsFile, []string{"flow", "kind", "scheme", "reason_zh", "reason_en", "source"}, nil, func(line int, cell func(string) string) error {
		f := policy.Flow{Code: cell("flow"), Kind: policy.FlowKind(cell("kind")), ReasonEN: cell("reason_en"), ReasonZH: cell("reason_zh"), Source: cell("source")}
		for code := range strings.FieldsSeq(cell("scheme")) {
			f.Schemes = append(f.Schemes, ledger.SchemeCode(code))
		}
		r.pack.Flows, lines = append(r.pack.Flows, f), append(lines, line)
		return nil
	})
	if err != nil {
		return err
	}
	if i, err := policy.CheckFlows(r.pack.Flows, r.pack.Schemes); err != nil {
		return inFile(flowsFile, lines[i], err)
	}
	return nil
}

// yes reads yes or no: true, 1 and 是 would be read by some and not by others.
func yes(s string) (bool, error) {
	switch s {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", s)
}

// targets reads what the plan promises, where the pack has it, and how it was split.
func (r *packReader) targets() error {
	lines := make(map[string]int)
	there := func(name string) bool {
		_, err := fs.Stat(r.files, name)
		return err == nil
	}
	if there(targetsFile) {
		columns := []string{
			"code", "action", "name_zh", "name_en", "quote", "text_en", "clause", "departments", "value", "unit", "kind", "strength",
			"from", "to", "facts", "level", "min_posts", "overlaps", "restates", "definition_zh", "definition_en",
		}
		if err := r.table(targetsFile, columns, nil, func(line int, cell func(string) string) error { return r.target(lines, line, cell) }); err != nil {
			return err
		}
	}
	if there(splitsFile) {
		if err := r.table(splitsFile, []string{"target", "region", "year", "value", "author", "date", "source"}, nil, r.split); err != nil {
			return err
		}
	}
	if i, err := policy.CheckTargets(r.pack.Targets); err != nil {
		return inFile(targetsFile, lines[r.pack.Targets[i].Code], err)
	}
	return nil
}

func (r *packReader) target(lines map[string]int, line int, cell func(string) string) (err error) {
	t := policy.Target{
		Action: cell("action"), Clause: cell("clause"), Code: cell("code"), DefinitionEN: cell("definition_en"), DefinitionZH: cell("definition_zh"),
		Kind: policy.TargetKind(cell("kind")), Level: ledger.RegionLevel(cell("level")), NameEN: cell("name_en"), NameZH: cell("name_zh"),
		Overlaps: strings.Fields(cell("overlaps")), Quote: cell("quote"), Restates: cell("restates"), Strength: policy.Strength(cell("strength")),
		TextEN: cell("text_en"), Unit: cell("unit"), Value: cell("value"),
	}
	if d := cell("departments"); d != "" {
		t.Departments = strings.Split(d, "、")
	}
	for _, f := range strings.Fields(cell("facts")) {
		t.Facts = append(t.Facts, policy.Fact(f))
	}
	if t.From, err = dayOrNone(cell("from")); err != nil {
		return inFile(targetsFile, line, err)
	}
	if t.To, err = dayOrNone(cell("to")); err != nil {
		return inFile(targetsFile, line, err)
	}
	if n := cell("min_posts"); n != "" {
		if t.MinPosts, err = strconv.Atoi(n); err != nil || t.MinPosts < 1 || strconv.Itoa(t.MinPosts) != n {
			return wrong(targetsFile, line, "min_posts %q", n)
		}
	}
	if _, twice := lines[t.Code]; twice {
		return wrong(targetsFile, line, "target %s twice", t.Code)
	}
	lines[t.Code] = line
	r.pack.Targets = append(r.pack.Targets, t)
	return nil
}

func (r *packReader) split(line int, cell func(string) string) (err error) {
	s := policy.Split{Author: cell("author"), Region: ledger.RegionCode(cell("region")), Source: cell("source"), Value: cell("value")}
	if s.Date, err = dayOrNone(cell("date")); err != nil {
		return inFile(splitsFile, line, err)
	}
	if y := cell("year"); y != "" {
		if s.Year, err = strconv.Atoi(y); err != nil {
			return wrong(splitsFile, line, "year %q", y)
		}
	}
	i := slices.IndexFunc(r.pack.Targets, func(t policy.Target) bool { return t.Code == cell("target") })
	if i < 0 {
		return wrong(splitsFile, line, "target %q is not in %s", cell("target"), targetsFile)
	}
	t := &r.pack.Targets[i]
	t.Splits = append(t.Splits, s)
	if _, err := policy.CheckTargets(r.pack.Targets); err != nil {
		return inFile(splitsFile, line, err)
	}
	return nil
}

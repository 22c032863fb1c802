package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhucan/cmd/zhucan/intake"
	"zhucan/events"
	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
	"zhucan/projections/vault"
)

func (p *program) importCommand() *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import KIND FILE",
		Short: "turn a file into commands: policy, budget, applications, payments, the levy (导入)",
		Long: `Reads a file and has each of its rows decided. What is wrong with the file as a
whole (cut off, wrong encoding, unknown columns, over 512 MiB) refuses the file
before anything of it is used. What is wrong with a row refuses that row: it goes
to a file of refused rows with line, column, code and reason, and the rest is
recorded. A list of however many rows takes little memory. Wherever CSV is said, a
workbook (.xlsx) will do: merged cells, hidden rows, formulas and numbers that lost
digits are refused row by row. With --corrections the refused rows come back as they
came in, with the reason beside each, to be corrected and imported again.

A row is named by the file's hash and its number, in a second sheet or list by that
too: the same file imported again changes nothing. Exit code: 0 when rows were
recorded, now or before; 2 when the file or every row of it was refused. A policy pack
is published whole or refused.

  policy        a folder with the files of a policy pack, or jilin: the one of this program
  budget        CSV: region,scheme,fund,year,amount,document,date
  applications  CSV: claim,scheme,region,from,to,units,evidence,date,kind,name; person_number or
                certificate of a person, uscc of an organisation; bank_card or bank_account;
                what a scheme needs: household, base, since, persons, costs, contribution
                (for one unit, in a month, where a share of it is paid), retires (a day,
                where the term may run until then)
  declarations  CSV of employers' yearly filings of the levy: filing_year,region,name,uscc,
                staff,date and payroll or average_wage; unit_class (empty: as the credit
                code says), registered_on, closing (yes: files before the window),
                seasonal_months (workers hired for a part of the year, who are not among
                the staff: heads × months)
  reviews       CSV of the federation's confirmations, one row each: filing_year,region,
                name,uscc,confirmation,date and persons, separated by ; each as
                NAME/CERTIFICATE/FROM/TO, for example 张样三/…/2021-01/2021-12; behind that
                /PART, the number of incomplete months, or nothing, and behind that
                /until-2023-06-30, the last day on which the card is valid, and /military-3,
                with an identity number in place of the certificate
  receipts      CSV of receipts of the treasury: filing_year,uscc,receipt,amount,date and
                kind (levy or late-fee; empty: levy), name (of the employer, as registered)
  achievements  CSV: achievement,kind,type,region,date,evidence and what the kind needs:
                  training, attendance  skills upgrading startup special; name, person_number or
                                        certificate, course; quality rural
                  placement             employed placed; person; employer, employer_uscc
                  support               planting graduate; person; beneficiary, beneficiary_number
                  talent                influencer; person
                  post                  public-welfare; person; quality urban or rural; employer, until
                  jobless               need no-need; person of working age; until
                  service               check assessment registration service; person
                  base                  incubator network-incubator assisted rural massage service-body
                                        service-standard; body, body_name, until
                  headcount             organ institution school member federation; body, posts, staff,
                                        disabled, weighted
                  contest               skills network livestream; body
                  sites                 kiosk; body, new_sites, allotted
                evidence is the SHA-256 of the document; persons are sealed, never kept by name
  payments      payments made elsewhere: any CSV, or a JSON list such as 360Giving,
                read by a --mapping; a suspected double is flagged, never refused`,
		Example: "  zhucan import policy jilin\n" +
			"  zhucan import applications 名册.xlsx --corrections 待更正.xlsx\n" +
			"  zhucan import payments list.csv --mapping schema/mapping/nrw-esf.yaml\n" +
			"  zhucan import payments list.csv --mapping m.yaml --dry-run -o json",
		Args:      args(cobra.ExactArgs(2)),
		ValidArgs: []string{"policy", "budget", "applications", "declarations", "reviews", "receipts", "achievements", "payments"},
		RunE: func(cmd *cobra.Command, arg []string) error {
			source, err := f.open(arg[0], arg[1])
			if err != nil {
				return err
			}
			defer source.Close()
			return p.runImport(cmd.Context(), source, f.dry)
		},
	}
	c.Flags().StringVar(&f.mapping, "mapping", "", "`file` that says how to read a list of payments")
	c.Flags().StringVar(&f.encoding, "encoding", "", "`encoding` of the file when it is not detected: utf-8, gb18030, windows-1252")
	c.Flags().StringVar(&f.refused, "refused", "", "`file` for refused rows (default: refused-<file> beside where you stand)")
	c.Flags().StringVar(&f.sheet, "sheet", "", "`name` of the sheet of a workbook, where more than one has rows")
	c.Flags().StringVar(&f.corrections, "corrections", "", "`file` for refused rows as they came in, with the reason beside, to be corrected and imported again; not masked")
	c.Flags().BoolVar(&f.dry, "dry-run", false, "read and check the file, record nothing")
	return c
}

type importFlags struct {
	mapping, encoding, refused, sheet, corrections string
	dry                                            bool
}

// A source is a file to be imported, with what reads it.
type source struct {
	kind    string
	name    string
	refused string // where refused rows go; empty: nowhere, they are counted
	correct string // where they go unmasked; empty: nowhere
	file    *intake.File
	mapping intake.Mapping
	intent  []byte // of the mapping: the same rows read in another way are another request
	pack    *policy.Pack
}

func (s *source) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func (f importFlags) open(kind, path string) (*source, error) {
	s := &source{kind: kind, name: filepath.Base(path), refused: f.refused, correct: f.corrections}
	if s.refused == "" {
		s.refused = "refused-" + strings.TrimSuffix(s.name, filepath.Ext(s.name)) + ".csv"
	}
	for flag, out := range map[string]string{"refused": s.refused, "corrections": s.correct} {
		if same(out, path) || same(out, f.mapping) {
			return nil, usage("--%s %q is the file that is read", flag, out)
		}
	}
	if s.correct != "" && (same(s.correct, s.refused) ||
		filepath.Base(s.correct) == filepath.Base(s.refused) && same(filepath.Dir(s.correct), filepath.Dir(s.refused))) {
		return nil, usage("--corrections %q is the file of refused rows as well", s.correct)
	}
	options := intake.Options{Encoding: intake.Encoding(f.encoding), Sheet: f.sheet}
	switch kind {
	case "policy":
		folder, err := policyFolder(path)
		if err != nil {
			return nil, err
		}
		return s, s.readPack(folder, path)
	case "budget", "applications", "declarations", "reviews", "receipts", "achievements":
	case "payments":
		if f.mapping == "" {
			return nil, usage("import payments needs --mapping")
		}
		mapping, err := intake.OpenMapping(f.mapping)
		if err != nil {
			return nil, err
		}
		s.use(mapping)
		options = s.mapping.Options()
		options.Sheet = f.sheet
		if f.encoding != "" {
			options.Encoding = intake.Encoding(f.encoding)
		}
	default:
		return nil, usage("nothing is imported as %q; known are policy, budget, applications, declarations, reviews, receipts, achievements, payments", kind)
	}
	var err error
	s.file, err = intake.Open(path, options)
	return s, err
}

// same tells whether two paths are one file that exists.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func (s *source) readPack(folder fs.FS, name string) error {
	pack, err := intake.ReadPack(folder)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.pack = &pack
	return nil
}

// use has the file read by a mapping.
func (s *source) use(mapping intake.Mapping) {
	s.mapping, s.intent = mapping, mapping.Hash()
}

// ErrRows refuses an import of which nothing was accepted.
var ErrRows = &ledger.Rejection{
	Code: "rows-refused", Rule: "an import of which every row is refused has recorded nothing", RuleZH: "全部行被拒，未作任何记录",
	Next: "see the file of refused rows for line, column and reason", NextZH: "请查看被拒行文件中的行、列和原因",
}

// An imported is what an import prints.
type imported struct {
	Read        int          `json:"read"`
	Accepted    int          `json:"accepted"`
	Refused     int          `json:"refused"`
	Duplicates  int          `json:"duplicates"` // rows that were recorded before
	Total       ledger.Money `json:"total"`      // of the rows accepted and recorded before
	RefusedFile string       `json:"refused_file"`
	Corrections string       `json:"corrections_file,omitempty"`
	Seq         uint64       `json:"seq"` // of the last event
	File        string       `json:"file"`
	SHA256      string       `json:"sha256,omitempty"`
	DryRun      bool         `json:"dry_run,omitempty"`
}

func (p *program) runImport(ctx context.Context, src *source, dry bool) error {
	if dry {
		im := &importer{p: p, src: src}
		if err := im.run(ctx); err != nil {
			return err
		}
		return im.report()
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	who, stop, err := p.submitter(ctx, s)
	if err != nil {
		return err
	}
	defer stop()
	im := &importer{p: p, src: src, stores: s, who: who}
	if err := p.projecting(ctx, s, func() error { return im.run(ctx) }); err != nil {
		return err
	}
	return im.report()
}

// report prints what an import did, and on the error output why rows were refused,
// so that it is noticed without opening their file.
func (im *importer) report() error {
	p, r := im.p, im.result
	note := p.say("全部读取", "everything was read")
	if r.Refused > 0 {
		note = p.say("被拒行见 ", "refused rows are in ") + r.RefusedFile
	}
	total := "" // of a list without amounts
	if slices.Contains([]string{"budget", "payments", "receipts"}, im.src.kind) {
		total = grouped(r.Total)
	}
	err := p.print(r, table{
		head: []string{p.say("文件", "file"), ">" + p.say("读取", "read"), ">" + p.say("接受", "accepted"), ">" + p.say("拒绝", "refused"), ">" + p.say("重复", "duplicates"), ">" + p.say("合计", "total"), ">seq"},
		rows: [][]string{{r.File, number(r.Read), number(r.Accepted), number(r.Refused), number(r.Duplicates), total, number(r.Seq)}},
		foot: note,
	})
	if err != nil || r.Refused == 0 {
		return err
	}
	var why []string
	for _, code := range slices.Sorted(maps.Keys(im.lines)) {
		lines := im.lines[code]
		text := fmt.Sprintf("%s × %d (%s %s", code, lines.count, p.say("行", "line"), strings.Join(lines.first, ", "))
		if lines.count > len(lines.first) {
			text += ", …"
		}
		why = append(why, text+")")
	}
	if r.Refused == r.Read {
		return ErrRows.Of("%s: %s", r.File, strings.Join(why, "; "))
	}
	fmt.Fprintf(p.stderr, "%s: %s\n", p.say("被拒", "refused"), strings.Join(why, "; "))
	return nil
}

// An importer has the rows of one file decided.
type importer struct {
	p      *program
	src    *source
	stores *stores // nil: nothing is recorded
	who    submitter
	result imported

	as       ledger.ActorID                     // who gives the orders; empty: the actor of the command line
	accepted func(do any, on ledger.Date) error // told what each row became, now or before

	order       ledger.Order
	registered  sync.Map // parties, in this run
	said        map[ledger.PartyID]called
	lines       map[string]*refusedLines // by code
	refused     *intake.RefusedFile
	corrections *intake.Corrections
	out         []*os.File
	unfinished  *os.File // what is to be the file of corrections
	bar         *progress
}

// A refusedLines says where rows were refused for one reason.
type refusedLines struct {
	count int
	first []string // the first few lines
}

// A row is what one row of the file asks for.
type row struct {
	origin  intake.Origin
	amount  ledger.Money
	on      ledger.Date
	region  ledger.RegionCode
	claimer intake.Party   // who it is for; the zero Party for nobody
	others  []intake.Party // further parties that are to be known
	do      func(id ledger.PartyID, others ...ledger.PartyID) any
	account ledger.AccountRef // under which the claimer's account is added; "" for none
}

// batch is how many rows are decided together.
const batch = 1000

func (im *importer) run(ctx context.Context) (err error) {
	im.result, im.said = imported{File: im.src.name, DryRun: im.stores == nil}, make(map[ledger.PartyID]called)
	if im.stores != nil {
		if im.order, err = im.p.orderAs(im.stores, im.as, "import", im.p.today()); err != nil {
			return err
		}
		// A vault that lost keys keeps nobody out but persons it would have to find.
		if err := im.p.checkVault(ctx, im.stores); errors.Is(err, vault.ErrIncomplete) {
			fmt.Fprintf(im.p.stderr, "%v\n", err)
		} else if err != nil {
			return err
		}
	}
	if im.src.pack != nil {
		return im.publish(ctx)
	}
	im.result.SHA256 = im.src.file.SHA256
	if c := im.src.mapping.Currency; c != "" && c != "CNY" {
		fmt.Fprintf(im.p.stderr, "%s %s\n", im.p.say("注意：清单币种不是人民币，金额按该币种单位入账，不作换算，宜单独使用一个 --data 目录：", "note: amounts enter as units of the list's currency, nothing is converted; a --data folder of its own is advisable:"), c)
	}
	im.bar = im.p.progress(im.p.say("导入 ", "importing ")+im.src.name, -1)
	defer im.bar.done()
	defer func() { err = im.closeRefused(err) }()

	// One chunk is read and made into commands while the one before it is decided.
	g, ctx := errgroup.WithContext(ctx)
	chunks := make(chan chunk, 1)
	g.Go(func() error {
		defer close(chunks)
		return im.read(ctx, chunks)
	})
	g.Go(func() error {
		for c := range chunks {
			if err := im.decide(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// A chunk is rows that are decided together.
type chunk struct {
	rows     []row
	refused  []*intake.Refused // read between them
	requests []events.Request
	main     []int          // index of the request that is a row's own
	names    map[int]string // by index of the request that may register a person reserved earlier
}

// read gives the rows of the file in chunks.
func (im *importer) read(ctx context.Context, chunks chan<- chunk) error {
	var c chunk
	send := func() error {
		if im.stores != nil {
			if err := im.prepare(ctx, &c); err != nil {
				return err
			}
		}
		select {
		case chunks <- c:
			c = chunk{}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for r, err := range im.rows() {
		if refused, ok := errors.AsType[*intake.Refused](err); ok {
			c.refused = append(c.refused, refused)
		} else if err != nil {
			return err
		} else {
			c.rows = append(c.rows, r)
		}
		if len(c.rows)+len(c.refused) == batch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

func (im *importer) publish(ctx context.Context) error {
	im.result.Read = 1
	if im.stores == nil {
		_, err := im.src.pack.Check()
		im.result.Accepted = 1
		return err
	}
	o := im.order
	o.ID = ledger.CommandID("policy:" + im.src.pack.Version)
	receipts, err := im.who.SubmitAll(ctx, []events.Request{{Command: book.Command{Order: o, Do: policy.Publish{Pack: *im.src.pack}}}})
	if err != nil {
		return err
	}
	if receipts[0].Err != nil {
		return receipts[0].Err
	}
	im.count(receipts[0], ledger.Money{})
	return nil
}

// rows gives what the rows of the file ask for.
func (im *importer) rows() iter.Seq2[row, error] {
	f := im.src.file
	switch im.src.kind {
	case "budget":
		return convert(intake.ReadBudget(f), func(b intake.Budget) row {
			return row{origin: b.Origin, amount: b.Appropriate.Amount, on: b.On, do: func(ledger.PartyID, ...ledger.PartyID) any { return b.Appropriate }}
		})
	case "applications":
		return convert(intake.ReadApplications(f), func(a intake.Application) row {
			ref := ledger.AccountRef(a.Submit.Claim)
			return row{origin: a.Origin, on: a.On, region: a.Submit.Region, claimer: a.Claimant, account: ref, do: func(id ledger.PartyID, _ ...ledger.PartyID) any {
				a.Submit.Party, a.Submit.Account = id, ref
				return a.Submit
			}}
		})
	case "declarations":
		return convert(intake.ReadDeclarations(f), func(d intake.Declaration) row {
			return row{origin: d.Origin, on: d.On, region: d.Declare.Region, claimer: d.Employer, do: func(id ledger.PartyID, _ ...ledger.PartyID) any {
				d.Declare.Employer = id
				return d.Declare
			}}
		})
	case "reviews":
		return convert(intake.ReadReviews(f), func(v intake.Review) row {
			return row{origin: v.Origin, on: v.On, region: v.Review.Region, claimer: v.Employer, others: v.Counted, do: func(id ledger.PartyID, others ...ledger.PartyID) any {
				v.Review.Employer = id
				for i := range v.Review.Persons {
					v.Review.Persons[i].Party = others[i]
				}
				return v.Review
			}}
		})
	case "receipts":
		return convert(intake.ReadReceipts(f), func(x intake.Receipt) row {
			return row{origin: x.Origin, amount: x.Receive.Amount, on: x.On, claimer: x.Employer, do: func(ledger.PartyID, ...ledger.PartyID) any { return x.Receive }}
		})
	case "achievements":
		return convert(intake.ReadAchievements(f), achievementRow)
	}
	return convert(intake.ReadPayments(f, im.src.mapping), func(q intake.Payment) row {
		return row{origin: q.Origin, amount: q.Amount, on: q.Date, region: q.Budget.Region, claimer: q.Payee, do: func(id ledger.PartyID, _ ...ledger.PartyID) any { return q.Record(id) }}
	})
}

// achievementRow is what a fact asks for, of a person and perhaps of an employer and
// whoever benefits in the person's place.
func achievementRow(a intake.Achievement) row {
	r := row{origin: a.Origin, on: a.On, region: a.Record.Region, claimer: a.Person}
	for _, p := range []intake.Party{a.Employer, a.Beneficiary} {
		if p.Kind != "" {
			r.others = append(r.others, p)
		}
	}
	r.do = func(id ledger.PartyID, others ...ledger.PartyID) any {
		do := a.Record
		do.Party = id
		if a.Employer.Kind != "" {
			do.Employer, others = others[0], others[1:]
		}
		if a.Beneficiary.Kind != "" {
			do.Beneficiary = others[0]
		}
		return do
	}
	return r
}

func convert[T any](rows iter.Seq2[T, error], f func(T) row) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for t, err := range rows {
			var r row
			if err == nil {
				r = f(t)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// further returns a row for each further party of rows.
func further(rows []row) (all []row) {
	for _, r := range rows {
		for _, p := range r.others {
			all = append(all, row{origin: r.origin, on: r.on, region: r.region, claimer: p})
		}
	}
	return all
}

// prepare makes commands of a chunk's rows, those that make its parties known in front
// of those that need them.
func (im *importer) prepare(ctx context.Context, c *chunk) error {
	known, err := im.identify(ctx, c.rows)
	if err != nil {
		return err
	}
	others, err := im.identify(ctx, further(c.rows))
	if err != nil {
		return err
	}
	registered, err := im.lookUp(ctx, slices.Concat(known, others))
	if err != nil {
		return err
	}
	c.names = make(map[int]string)
	rows := c.rows
	c.rows = nil
	for i, r := range rows {
		all := append([]row{r}, further(rows[i:i+1])...)
		who := append([]payee{known[i]}, others[:len(r.others)]...)
		others = others[len(r.others):]
		if err := im.differs(all, who, registered); err != nil {
			c.refused = append(c.refused, r.origin.Refuse(err))
			continue
		}
		ids := make([]ledger.PartyID, len(all))
		for n := range all {
			before, err := im.introduce(all[n], who[n])
			if err != nil {
				return err
			}
			if _, ok := registered[who[n].id]; !ok && !who[n].reserved && all[n].claimer.Kind == policy.Person && len(before) > 0 {
				c.names[len(c.requests)] = all[n].claimer.Name
			}
			c.requests, ids[n] = append(c.requests, before...), who[n].id
		}
		c.rows, c.main = append(c.rows, r), append(c.main, len(c.requests))
		c.requests = append(c.requests, im.request(r, "row:"+r.origin.ID, r.do(ids[0], ids[1:]...), append([]byte(r.origin.Hash), im.src.intent...)))
	}
	slices.SortFunc(c.refused, func(a, b *intake.Refused) int { return cmp.Compare(a.Row, b.Row) })
	return nil
}

// lookUp returns those of parties that are registered, as they are. All of a chunk are
// asked for at once.
func (im *importer) lookUp(ctx context.Context, parties []payee) (map[ledger.PartyID]report.Registered, error) {
	var ids []ledger.PartyID
	for _, who := range parties {
		if who.id != "" && !who.reserved {
			ids = append(ids, who.id)
		}
	}
	return report.RegisteredAs(ctx, im.stores.pool, ids)
}

// ErrDiffers refuses a row that would be recorded for a party it does not mean.
var ErrDiffers = &ledger.Rejection{
	Code: "row-party-differs", Rule: "a row calls a party as it is registered, or as the rows before it do", RuleZH: "同一对象的姓名（名称）、类别须与登记或前面各行一致",
	Source: "个人信息保护法 art. 8", Next: "compare number and name with the documents; where the name has changed since, write the one that is registered", NextZH: "请核对证件号与姓名（名称）；已更名的，填写已登记的姓名（名称）",
}

// called is what a row says of a party, or the register.
type called struct {
	kind policy.Kind
	name string // without blanks and punctuation
}

// differs refuses a row that calls one of its parties otherwise than it is registered,
// or than the first row of the file did: of the two one is wrong, and what the row says
// would be dropped. Its number may be another's. A payment made elsewhere is a fact and
// is taken as it is; only a list of applications says of which kind an organisation is.
func (im *importer) differs(rows []row, who []payee, registered map[ledger.PartyID]report.Registered) error {
	if im.src.kind == "payments" {
		return nil
	}
	for n, r := range rows {
		id, c := who[n].id, r.claimer
		if c.Kind == "" {
			continue
		}
		says := called{c.Kind, bare(c.Name)}
		is, ok := im.said[id]
		if !ok {
			is = says
			if known, ok := registered[id]; ok {
				is = called{known.Kind, bare(known.Name)}
				if c.Kind == policy.Person && known.Kind == policy.Person {
					is.name = says.name // where what is sealed does not open: that is not the row's fault
					if person, err := seal.OpenPerson(who[n].key, id, known.Sealed); err == nil {
						is.name = bare(person.Name)
					}
				}
			}
			im.said[id] = is
		}
		switch {
		case im.src.kind == "applications" && says.kind != is.kind:
			return ErrDiffers.Of("column kind: party %s is of kind %s", id, is.kind)
		case im.src.kind == "receipts" && says.name == "": // a dash in place of one
		case says.name != is.name && n == 0 && (im.src.kind != "achievements" || c.Kind == policy.Person):
			return ErrDiffers.Of("column name: party %s has another", id)
		case says.name != is.name:
			return ErrDiffers.Of("party %s has another name", id)
		}
	}
	return nil
}

// bare is a name without what is written in one list and not in the other, in half-width characters.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) {
			return -1
		}
		return r
	}, ledger.FoldNumber(name))
}

// decide has a chunk decided and counts what became of its rows.
func (im *importer) decide(ctx context.Context, c chunk) error {
	im.result.Read += len(c.rows) + len(c.refused)
	defer im.bar.add(len(c.rows) + len(c.refused))
	if im.stores == nil {
		for _, r := range c.rows {
			im.count(events.Receipt{}, r.amount)
		}
		return im.refuseAll(c.refused)
	}
	receipts, err := im.who.SubmitAll(ctx, c.requests)
	if err != nil {
		return err
	}
	names := make(map[ledger.PartyID]string)
	read := c.refused // those that the reader refused stand between the others
	for i, r := range c.rows {
		n := 0
		for n < len(read) && read[n].Row < r.origin.Row {
			n++
		}
		if err := im.refuseAll(read[:n]); err != nil {
			return err
		}
		read = read[n:]
		got := receipts[c.main[i]]
		for n := c.main[i] - 1; errors.Is(got.Err, party.ErrUnknown) && n >= 0 && c.requests[n].Ahead; n-- {
			if errors.Is(receipts[n].Err, ledger.ErrRole) { // who may not make a party known is told so
				got.Err = receipts[n].Err
			}
		}
		if err := im.settle(r, got); err != nil {
			return err
		}
		for n := c.main[i] - 1; got.Err == nil && n >= 0 && c.requests[n].Ahead; n-- {
			if do, ok := c.requests[n].Command.Do.(party.Register); ok && (receipts[n].Seq > 0 || receipts[n].Err != nil) {
				_, before := im.registered.LoadOrStore(do.Party, true)
				if name, ok := c.names[n]; ok && !before {
					names[do.Party] = name
				}
			}
		}
		if got.Err == nil && im.accepted != nil {
			if err := im.accepted(c.requests[c.main[i]].Command.Do, r.on); err != nil {
				return err
			}
		}
	}
	// Reserved by a row that was refused, a person was listed by the name in that one.
	if len(names) > 0 {
		if err := im.stores.vault.Display(ctx, names); err != nil {
			return err
		}
	}
	return im.refuseAll(read)
}

func (im *importer) refuseAll(rows []*intake.Refused) error {
	for _, r := range rows {
		if err := im.refuse(r); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) request(r row, id string, do any, intent []byte) events.Request {
	o := im.order
	o.ID, o.On = ledger.CommandID(id), r.on
	return events.Request{Command: book.Command{Order: o, Do: do}, Intent: intent, Correlation: "file:" + im.src.file.SHA256[:16]}
}

// settle counts a row, or refuses it. A fault, such as an outcome that is unknown,
// ends the import: it can be repeated.
func (im *importer) settle(r row, got events.Receipt) error {
	if got.Err == nil {
		im.count(got, r.amount)
		return nil
	}
	rule, _ := ledger.Refused(got.Err)
	if rule == nil || rule.Code == events.ErrUnsure.Code || rule.Code == events.ErrNoRoom.Code || rule.Code == events.ErrBusy.Code {
		return fmt.Errorf("row %d, line %d: %w", r.origin.Row, r.origin.Line, got.Err)
	}
	return im.refuse(r.origin.Refuse(got.Err))
}

func (im *importer) count(got events.Receipt, amount ledger.Money) {
	if got.Repeats {
		im.result.Duplicates++
	} else {
		im.result.Accepted++
	}
	im.result.Total = im.result.Total.Add(amount)
	im.result.Seq = max(im.result.Seq, got.Seq)
}

// A payee is a party of a row, with the key to seal for it where that is needed.
type payee struct {
	id       ledger.PartyID
	key      *seal.Key
	reserved bool // by this row: the party is not registered yet
}

// identify finds the party of each row, or chooses the identifier it will have. A
// person is found by the keyed hash in the vault; an organisation by its credit
// code, or where it has none by name and place.
func (im *importer) identify(ctx context.Context, rows []row) ([]payee, error) {
	known := make([]payee, len(rows))
	var who []vault.Identity
	var at []int
	for i, r := range rows {
		c := r.claimer
		switch {
		case c.Kind == "":
			continue
		case c.Kind == policy.Person:
			who = append(who, vault.Identity{Kind: seal.OfPerson, Name: c.Name, Number: string(c.Person), Party: ledger.PartyID("P" + newULID(im.p.now()))})
			at = append(at, i)
			continue
		case c.Code != "":
			known[i].id = party.OfCode(c.Code)
		default:
			sum := sha256.Sum256([]byte(c.Name + "\x00" + c.Place))
			known[i].id = ledger.PartyID("N" + hex.EncodeToString(sum[:12]))
		}
		if r.account != "" {
			kind, number := seal.OfOrganisation, string(c.Code)
			if c.Code == "" {
				kind, number = seal.OfName, c.Name+"\x1f"+c.Place
			}
			who = append(who, vault.Identity{Kind: kind, Number: number, Party: known[i].id})
			at = append(at, i)
		}
	}
	if len(who) == 0 {
		return known, nil
	}
	found, err := im.stores.vault.Identify(ctx, who)
	if err != nil {
		return nil, err
	}
	for n, i := range at {
		known[i] = payee{found[n].Party, found[n].Key, found[n].New}
	}
	return known, nil
}

// introduce returns the commands that make the party of a row known and add its
// account. They go ahead of the row's own: nobody is made known by a row that is
// refused. They are named after what they say, so that repeating them is nothing. A
// person comes with the account in one. An organisation may have been written in
// another way before, which must not keep its account out: it takes two.
func (im *importer) introduce(r row, who payee) (before []events.Request, err error) {
	c := r.claimer
	_, known := im.registered.Load(who.id)
	if c.Kind == "" || known && r.account == "" || im.src.kind == "receipts" { // who filed is known
		return nil, nil
	}
	ahead := func(id string, do any, intent string) {
		q := im.request(r, id, do, []byte(intent))
		q.Ahead = true
		before = append(before, q)
	}
	do := party.Register{Kind: c.Kind, Party: who.id, Region: r.region}
	if c.Kind == policy.Person {
		do.Sealed, err = seal.SealPerson(who.key, who.id, seal.Person{Name: c.Name, Number: c.Person, Certificate: c.Certificate})
		if err != nil {
			return nil, fmt.Errorf("seal a person: %w", err)
		}
	} else {
		do.Code, do.Name, do.Place = c.Code, c.Name, c.Place
	}
	withAccount := func(do any) { ahead("account:"+r.origin.ID, do, "account "+r.origin.Hash) }
	var account ledger.Sealed
	if r.account != "" {
		if account, err = seal.SealAccount(who.key, who.id, r.account, c.Account); err != nil {
			return nil, fmt.Errorf("seal an account: %w", err)
		}
		if c.Kind == policy.Person {
			do.Account, do.Ref = account, r.account
			withAccount(do)
			return before, nil
		}
	}
	if !known {
		ahead("register:"+string(who.id), do, "register "+string(who.id))
	}
	if r.account != "" {
		withAccount(party.AddAccount{Account: account, Party: who.id, Ref: r.account})
	}
	return before, nil
}

func (im *importer) refuse(r *intake.Refused) error {
	im.result.Refused++
	if im.lines == nil {
		im.lines = make(map[string]*refusedLines)
	}
	at := im.lines[r.Code()]
	if at == nil {
		at = new(refusedLines)
		im.lines[r.Code()] = at
	}
	if at.count++; at.count <= 5 {
		at.first = append(at.first, fmt.Sprint(r.Line))
	}
	if im.src.refused != "" {
		if im.refused == nil {
			out, err := im.create(im.src.refused)
			if err != nil {
				return err
			}
			im.refused, im.result.RefusedFile = intake.NewRefusedFile(out, im.src.file), im.src.refused
		}
		if err := im.refused.Write(r); err != nil {
			return err
		}
	}
	if im.src.correct == "" {
		return nil
	}
	if im.corrections == nil {
		out, err := im.createCorrections()
		if err != nil {
			return err
		}
		if im.corrections, err = intake.NewCorrections(out, im.src.file); err != nil {
			return err
		}
		im.result.Corrections = im.src.correct
	}
	return im.corrections.Write(r)
}

// create makes a file that holds what people wrote, for this user alone.
func (im *importer) create(path string) (*os.File, error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write refused rows: %w", err)
	}
	im.out = append(im.out, out)
	return out, nil
}

// createCorrections makes the file of corrections beside the place where it will stand
// when it is whole: what stands there may be open to others, who would read on.
func (im *importer) createCorrections() (*os.File, error) {
	path := im.src.correct
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return im.create(path) // a pipe, say, keeps nothing
	}
	out, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // for this user alone
	if err != nil {
		return nil, fmt.Errorf("write corrections: %w", err)
	}
	im.out, im.unfinished = append(im.out, out), out
	return out, nil
}

// closeRefused ends the files of refused rows after an import that ended with err.
// Corrections of one that did not end well, which is repeated, are left out.
func (im *importer) closeRefused(err error) error {
	if im.refused != nil {
		err = errors.Join(err, im.refused.Close())
	}
	if im.corrections != nil {
		err = errors.Join(err, im.corrections.Close())
	}
	for _, out := range im.out {
		err = errors.Join(err, out.Close())
	}
	switch {
	case im.unfinished == nil:
		return err
	case err != nil:
		return errors.Join(err, os.Remove(im.unfinished.Name()))
	}
	if err := os.Rename(im.unfinished.Name(), im.src.correct); err != nil {
		return fmt.Errorf("write corrections: %w", err)
	}
	return nil
}

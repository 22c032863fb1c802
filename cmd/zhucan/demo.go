package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"zhucan/cmd/zhucan/intake"
	"zhucan/cmd/zhucan/sampledata"
	"zhucan/events"
	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/book"
	"zhucan/ledger/claim"
	"zhucan/ledger/party"
	"zhucan/ledger/payment"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
	"zhucan/projections/verify"
	"zhucan/schema"
)

func (p *program) demoCommand() *cobra.Command {
	var d door
	var once bool
	var scale string
	c := &cobra.Command{
		Use:   "demo",
		Short: "load a synthetic sample year once, show the books, and serve (演示)",
		Long: `Loads a committed sample that is synthetic and says so: a policy, budgets,
applications, payments made elsewhere, and what reviewers, approvers, cashiers and
the bank did with them in a year. A second run finds it all recorded and adds
nothing. Then it prints the trial balance and the result of verify, and serves.

With --scale it takes in a synthetic province in place of the sample (see sample-data),
file by file through the ordinary imports, while it serves: small is some thousand events,
year a million and a few minutes. It prints the indicators too, and exits with 3 when the
log has not as many events as the province's truth.json says: use a data folder of its own.
What was interrupted goes on where it was.`,
		Example: "  zhucan demo\n  zhucan demo --once -o json\n  zhucan --data province demo --scale year",
		Args:    args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if scale != "" && !slices.Contains(sampledata.Scales, sampledata.Scale(scale)) {
				return usage("--scale %q is none of %v", scale, sampledata.Scales)
			}
			if _, err := d.open(); err != nil {
				return err
			}
			s, err := p.open(ctx)
			if err != nil {
				return err
			}
			defer s.close()
			if s.server != nil {
				return ErrInUse.Of("%s is served by process %d on http://%s", s.dir, s.server.PID, s.server.HTTP)
			}
			if scale != "" {
				return p.demoProvince(ctx, s, d, sampledata.Scale(scale), once)
			}
			added, err := p.loadSample(ctx, s)
			if err != nil {
				return fmt.Errorf("load the sample: %w", err)
			}
			fmt.Fprintf(p.stderr, "%s %d\n", p.say("样本：新增记录", "sample: records added"), added)
			if err := p.printDemo(ctx, s, added); err != nil {
				return err
			}
			if once {
				return nil
			}
			return p.serve(ctx, s, d, func() {})
		},
	}
	d.flags(c)
	c.Flags().BoolVar(&once, "once", false, "stop after printing")
	c.Flags().StringVar(&scale, "scale", "", "`size` of a synthetic province to take in: small, year, five-years")
	return c
}

// demoProvince writes a synthetic province into the data folder and takes it in as its
// counties would, through a program that serves.
func (p *program) demoProvince(ctx context.Context, s *stores, d door, scale sampledata.Scale, once bool) error {
	folder := filepath.Join(s.dir, "province-"+string(scale))
	truth, err := p.writeSample(1, scale, folder)
	if err != nil {
		return err
	}
	before, err := s.log.Last(ctx)
	if err != nil {
		return err
	}
	if _, err := s.access.Actor(sampledata.Federation); err != nil {
		if _, err := s.access.Add(sampledata.Federation, []ledger.Role{ledger.Clerk, ledger.Reviewer}, time.Time{}); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	serving := make(chan struct{})
	g.Go(func() error { return p.serve(ctx, s, d, func() { close(serving) }) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return nil
		case <-serving:
		}
		err := p.takeIn(ctx, s, truth, folder, before)
		if err == nil && once {
			stop()
		}
		return err
	})
	return g.Wait()
}

// takeIn gives the orders of a province one after the other, and prints what came of them.
func (p *program) takeIn(ctx context.Context, s *stores, truth sampledata.Truth, folder string, before uint64) error {
	order := func(out io.Writer, args ...string) error {
		q := &program{getenv: p.getenv, stdin: strings.NewReader(""), stdout: out, stderr: p.stderr, now: p.now}
		args = append(args, "--data", s.dir, "--nats", p.nats, "--postgres", p.postgres, "--lang", p.lang)
		switch code := q.run(ctx, args); {
		case code == 0:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case code == 3:
			return errFound
		default:
			return fmt.Errorf("zhucan %s: exit %d", strings.Join(args, " "), code)
		}
	}
	for _, step := range truth.Steps {
		args := step.In(folder)
		fmt.Fprintln(p.stderr, "zhucan", strings.Join(args, " "))
		if err := order(io.Discard, args...); err != nil {
			return err
		}
	}
	last, err := s.log.Last(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, "%s %d, %s %d, %s %d\n", p.say("省：新增记录", "province: records added"), last-before, p.say("共有", "in all"), last, p.say("应有", "expected"), truth.Events)
	answers := make([]bytes.Buffer, 3)
	var found error
	for i, args := range [][]string{{"trial-balance"}, {"indicator", "list", "--as-of", truth.AsOf}, {"verify"}} {
		switch err := order(&answers[i], append(args, "--output", p.output)...); {
		case errors.Is(err, errFound):
			found = errFound
		case err != nil:
			return err
		}
	}
	if p.output == "json" {
		err = printJSON(p.stdout, map[string]any{
			"added": last - before, "records": last, "expected": truth.Events, "trial_balance": jsontext.Value(answers[0].Bytes()),
			"indicators": jsontext.Value(answers[1].Bytes()), "verify": jsontext.Value(answers[2].Bytes()),
		})
	} else {
		for i := range answers {
			_, failed := answers[i].WriteTo(p.stdout)
			err = errors.Join(err, failed)
		}
	}
	if last != uint64(truth.Events) {
		found = errFound
	}
	return cmp.Or(err, found)
}

// printDemo prints the books and whether they verify: as JSON in one object.
func (p *program) printDemo(ctx context.Context, s *stores, added int) error {
	if p.output != "json" {
		return errors.Join(p.printTrialBalance(ctx, s, report.Cut{}), p.printVerified(ctx, s, verifyAll))
	}
	trial, err := report.TrialBalance(ctx, s.pool, report.Cut{})
	if err != nil {
		return err
	}
	result, err := p.verified(ctx, s, verifyAll)
	if err != nil {
		return err
	}
	if err := printJSON(p.stdout, map[string]any{"added": added, "trial_balance": trial, "verify": result}); err != nil {
		return err
	}
	if result.Verdict != verify.Verified || !trial.Balanced() {
		return errFound
	}
	return nil
}

// The people of the sample. Their names say what they do.
var sampleActors = map[ledger.ActorID][]ledger.Role{
	"sample-clerk":      {ledger.Clerk},
	"sample-reviewer-1": {ledger.Reviewer},
	"sample-reviewer-2": {ledger.Reviewer},
	"sample-approver":   {ledger.Approver},
	"sample-approver-2": {ledger.Approver},
	"sample-cashier":    {ledger.Cashier},
	"sample-accountant": {ledger.Accountant},
	"sample-operator":   {ledger.Operator},
}

// A sample is the sample year being loaded. Every command in it has a name of its
// own, so that loading it again adds nothing.
type sample struct {
	p      *program
	s      *stores
	who    submitter
	queue  []events.Request
	pack   policy.Pack
	claims []sampled // those that were accepted, in the order of the file
	payee  ledger.PartyID
}

// A sampled claim is one of the sample that was accepted.
type sampled struct {
	claim.Submit
	amount ledger.Money
}

// latePayment is the last thing that the sample records.
const latePayment = "SAMPLE-LATE-1"

// loadSample loads the sample and returns how many records that added. Once it is loaded it is
// left alone: who was erased since would be a new person to its files.
func (p *program) loadSample(ctx context.Context, s *stores) (int, error) {
	if err := p.project(ctx, s); err != nil {
		return 0, err
	}
	if loaded, err := report.Known(ctx, s.pool, latePayment); err != nil || loaded {
		return 0, err
	}
	for id, roles := range sampleActors {
		if _, err := s.access.Actor(id); err == nil {
			continue
		}
		if _, err := s.access.Add(id, roles, time.Time{}); err != nil {
			return 0, err
		}
	}
	before, err := s.log.Last(ctx)
	if err != nil {
		return 0, err
	}
	who, stop, err := p.submitter(ctx, s)
	if err != nil {
		return 0, err
	}
	defer stop()
	y := &sample{p: p, s: s, who: who}
	for _, step := range []func(context.Context) error{y.files, y.review, y.decide, y.pay, y.correct, y.close} {
		if err := step(ctx); err != nil {
			return 0, err
		}
		if err := p.project(ctx, s); err != nil {
			return 0, err
		}
	}
	after, err := s.log.Last(ctx)
	return int(after - before), err
}

// files imports the committed files, as a user would.
func (y *sample) files(ctx context.Context) error {
	folder, err := fs.Sub(schema.Files, "policy/sample")
	if err != nil {
		return err
	}
	first := &source{kind: "policy", name: "policy/sample"}
	if err := first.readPack(folder, first.name); err != nil {
		return err
	}
	y.pack = *first.pack
	sources := []struct {
		as  ledger.ActorID
		src *source
	}{{"sample-operator", first}}
	for _, f := range []struct {
		kind, name string
		as         ledger.ActorID
	}{
		{"budget", "sample/budget.csv", "sample-accountant"},
		{"payments", "sample/payments.csv", "sample-clerk"},
		{"applications", "sample/applications.csv", "sample-clerk"},
	} {
		src := &source{kind: f.kind, name: f.name}
		options := intake.Options{Name: f.name}
		if f.kind == "payments" {
			text, err := fs.ReadFile(schema.Files, "mapping/sample.yaml")
			if err != nil {
				return err
			}
			mapping, err := intake.ReadMapping(text)
			if err != nil {
				return err
			}
			src.use(mapping)
			options = mapping.Options()
		}
		if src.file, err = openEmbedded(f.name, options); err != nil {
			return err
		}
		sources = append(sources, struct {
			as  ledger.ActorID
			src *source
		}{f.as, src})
	}
	for _, one := range sources {
		im := &importer{p: y.p, src: one.src, stores: y.s, who: y.who, as: one.as, accepted: y.accepted}
		if err := im.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", one.src.name, err)
		}
		fmt.Fprintf(y.p.stderr, "%-28s %s %d, %s %d, %s %d, %s %d\n", one.src.name,
			y.p.say("读取", "read"), im.result.Read, y.p.say("接受", "accepted"), im.result.Accepted,
			y.p.say("拒绝", "refused"), im.result.Refused, y.p.say("重复", "duplicates"), im.result.Duplicates)
	}
	return nil
}

// accepted remembers what a row became, now or in an earlier run.
func (y *sample) accepted(do any, on ledger.Date) error {
	switch do := do.(type) {
	case claim.Submit:
		scheme, err := y.pack.Find(do.Scheme, on)
		if err != nil {
			return err
		}
		standard, err := scheme.Standard(do.Region, on)
		if err != nil {
			return err
		}
		y.claims = append(y.claims, sampled{do, scheme.Award(standard, do.Units, do.Contribution)})
	case payment.Record:
		if y.payee == "" {
			y.payee = do.Party
		}
	}
	return nil
}

// give queues one command of the sample.
func (y *sample) give(as ledger.ActorID, on ledger.Date, name string, do any) {
	y.queue = append(y.queue, events.Request{
		Command:     book.Command{Order: ledger.Order{ID: ledger.CommandID("sample:" + name), By: ledger.Actor{ID: as, Roles: sampleActors[as]}, On: on}, Do: do},
		Intent:      []byte("sample " + name),
		Correlation: "sample",
	})
}

// flush has the queued commands decided, each actor's on their own behalf. None
// may be refused: the sample is made to be accepted.
func (y *sample) flush(ctx context.Context) error {
	for len(y.queue) > 0 {
		n := 1
		for n < len(y.queue) && n < events.MaxAppend && y.queue[n].Command.By.ID == y.queue[0].Command.By.ID {
			n++
		}
		receipts, err := y.who.SubmitAll(ctx, y.queue[:n])
		if err != nil {
			return err
		}
		for i, r := range receipts {
			if r.Err != nil {
				return fmt.Errorf("%s: %w", y.queue[i].Command.ID, r.Err)
			}
		}
		y.queue = y.queue[n:]
	}
	return nil
}

func on(month time.Month, day int) ledger.Date { return ledger.DateOf(2023, month, day) }

// hash stands for the content of a document of the sample.
func hash(text string) string {
	sum := sha256.Sum256([]byte("合成样本 synthetic sample " + text))
	return hex.EncodeToString(sum[:])
}

// The claims of the sample whose way is out of the ordinary, by their place in
// the list: the others are approved and paid.
func fate(i int) string {
	switch i % 15 {
	case 3:
		return "rejected"
	case 6:
		return "withdrawn"
	case 9:
		return "upheld"
	case 10:
		return "dismissed"
	case 13:
		return "public"
	}
	return "approved"
}

// review takes every claim through its reviews and its publicity.
func (y *sample) review(ctx context.Context) error {
	for i, k := range y.claims {
		id, name := k.Claim, string(k.Claim)
		y.give("sample-reviewer-1", on(5, 4), name+":first", claim.FirstReview{Claim: id})
		if fate(i) == "withdrawn" {
			y.give("sample-clerk", on(5, 5), name+":withdraw", claim.Withdraw{Claim: id, Reason: "申请人撤回（样本）"})
			continue
		}
		outcome, reason := claim.Matched, ""
		if i%7 == 2 {
			outcome, reason = claim.Differs, "社保缴费月份差异已核实（样本）"
		}
		y.give("sample-reviewer-1", on(5, 5), name+":compare", claim.Compare{Claim: id, Manifest: hash(name + " 比对"), Outcome: outcome, Sources: []string{"社保", "工商", "民政"}})
		if fate(i) == "rejected" {
			y.give("sample-reviewer-2", on(5, 8), name+":reject", claim.Reject{Claim: id, Reason: "经营场所核查不符（样本）"})
			continue
		}
		y.give("sample-reviewer-2", on(5, 8), name+":second", claim.SecondReview{Claim: id, Reason: reason})
		y.give("sample-reviewer-2", on(5, 9), name+":publicise", claim.Publicise{Claim: id, From: on(5, 10), To: on(5, 18), Place: "县残联公示栏和政府网站（样本）", Notice: hash("公示名单")})
		if f := fate(i); f == "upheld" || f == "dismissed" {
			y.give("sample-clerk", on(5, 12), name+":object", claim.Object{Claim: id, Objection: "O1", Statement: hash(name + " 异议")})
			y.give("sample-reviewer-1", on(5, 15), name+":resolve", claim.Resolve{Claim: id, Objection: "O1", Outcome: claim.Outcome(f), Reason: "已核实（样本）"})
		}
		switch fate(i) {
		case "upheld":
			y.give("sample-reviewer-2", on(5, 16), name+":reject", claim.Reject{Claim: id, Reason: "异议成立（样本）"})
		case "public":
		default:
			y.give("sample-reviewer-2", on(5, 19), name+":end", claim.EndPublicity{Claim: id})
		}
	}
	return y.flush(ctx)
}

// decided tells whether the claim at i was approved.
func decided(i int) bool { return fate(i) == "approved" || fate(i) == "dismissed" }

func (y *sample) decide(ctx context.Context) error {
	for i, k := range y.claims {
		if decided(i) {
			line := ledger.BudgetLine{Region: "220000", Scheme: k.Scheme, Fund: "levy", Year: 2023}
			y.give("sample-approver", on(5, 22), string(k.Claim)+":approve", claim.Approve{Claim: k.Claim, Decision: "样本决字〔2023〕1号", Line: line})
		}
	}
	return y.flush(ctx)
}

// batch submits, approves and sends a batch with the totals it has.
func (y *sample) batch(id ledger.BatchID, from ledger.Date, lines int, total ledger.Money) {
	y.give("sample-cashier", from, string(id)+":submit", payment.SubmitBatch{Batch: id, Lines: lines, Total: total})
	y.give("sample-approver-2", from.AddDays(1), string(id)+":approve", payment.ApproveBatch{Batch: id, Lines: lines, Total: total})
	y.give("sample-cashier", from.AddDays(2), string(id)+":send", payment.SendBatch{Batch: id, Voucher: "样本凭证-" + string(id)})
}

// The payments of the sample whose way is out of the ordinary, by their place
// among the approved.
func bank(j int) string {
	switch j % 20 {
	case 4:
		return "failed"
	case 7, 15:
		return "returned"
	case 11:
		return "treasury"
	case 12:
		return "recovered"
	}
	return "paid"
}

// approved yields the claims that were approved, by their place among them, with
// the payment made first for each.
func (y *sample) approved(f func(j int, k sampled, pay ledger.PaymentID)) {
	j := 0
	for i, k := range y.claims {
		if decided(i) {
			f(j, k, ledger.PaymentID(k.Claim+"-P1"))
			j++
		}
	}
}

func (y *sample) pay(ctx context.Context) error {
	y.give("sample-cashier", on(5, 24), "B1:open", payment.OpenBatch{Batch: "SAMPLE-B1"})
	var lines int
	var total ledger.Money
	y.approved(func(_ int, k sampled, pay ledger.PaymentID) {
		y.give("sample-cashier", on(5, 24), string(k.Claim)+":instruct", payment.Instruct{Batch: "SAMPLE-B1", Claim: k.Claim, Payment: pay})
		lines, total = lines+1, total.Add(k.amount)
	})
	y.batch("SAMPLE-B1", on(5, 24), lines, total)
	y.approved(func(j int, k sampled, pay ledger.PaymentID) {
		name := string(k.Claim)
		if bank(j) == "failed" {
			y.give("sample-cashier", on(5, 29), name+":fail", payment.Fail{Payment: pay, Reason: "收款账号不存在（样本）"})
			return
		}
		y.give("sample-cashier", on(5, 29), name+":confirm", payment.Confirm{Payment: pay, Serial: fmt.Sprintf("SAMPLE-0529-%d", j)})
		if b := bank(j); b == "returned" || b == "treasury" {
			y.give("sample-cashier", on(6, 5), name+":return", payment.Return{Payment: pay, Reason: "收款账户已销户（样本）", Serial: fmt.Sprintf("SAMPLE-R-%d", j)})
		}
	})
	return y.flush(ctx)
}

// correct mends what did not arrive, and recovers what was paid wrongly.
func (y *sample) correct(ctx context.Context) (err error) {
	y.give("sample-cashier", on(6, 12), "B2:open", payment.OpenBatch{Batch: "SAMPLE-B2"})
	var total ledger.Money
	var again []ledger.PaymentID
	y.approved(func(j int, k sampled, pay ledger.PaymentID) {
		name, next := string(k.Claim), ledger.PaymentID(k.Claim+"-P2")
		switch bank(j) {
		case "failed", "returned":
			err = errors.Join(err, y.account(ctx, k.Party, name, j))
			y.give("sample-cashier", on(6, 7), name+":correct", payment.CorrectPayee{Account: "2", Payment: pay, Reason: "收款人更换银行卡（样本）"})
			y.give("sample-approver-2", on(6, 8), name+":approve-correction", payment.ApproveCorrection{Account: "2", Payment: pay})
			y.give("sample-cashier", on(6, 12), name+":reissue", payment.Reissue{As: next, Batch: "SAMPLE-B2", Payment: pay})
			again, total = append(again, next), total.Add(k.amount)
		case "treasury":
			y.give("sample-approver-2", on(6, 20), name+":treasury", payment.ReturnToTreasury{Payment: pay, Reason: "收款人放弃（样本）"})
		case "recovered":
			y.give("sample-approver-2", on(7, 10), name+":demand", payment.DemandRecovery{Amount: ledger.Fen(2_000_00), Deadline: on(8, 31), Decision: "样本追字〔2023〕1号", Ground: "事后核查部分条件不符（样本）", Payment: pay})
			y.give("sample-accountant", on(7, 31), name+":recovered", payment.ReceiveRecovery{Amount: ledger.Fen(1_500_00), Payment: pay, Voucher: "SAMPLE-5408-" + name})
		}
	})
	if err != nil {
		return err
	}
	y.batch("SAMPLE-B2", on(6, 12), len(again), total)
	for n, pay := range again {
		y.give("sample-cashier", on(6, 15), string(pay)+":confirm", payment.Confirm{Payment: pay, Serial: fmt.Sprintf("SAMPLE-0615-%d", n)})
	}
	return y.flush(ctx)
}

// account adds a second account of a party.
func (y *sample) account(ctx context.Context, id ledger.PartyID, name string, j int) error {
	keys, err := y.s.vault.Open(ctx, id)
	if err != nil {
		return err
	}
	sealed, err := seal.SealAccount(keys[id], id, "2", fmt.Sprintf("99%010d", j)) // an account number, not a card: no check digit
	if err != nil {
		return err
	}
	y.give("sample-clerk", on(6, 6), name+":account", party.AddAccount{Account: sealed, Party: id, Ref: "2"})
	return nil
}

// close closes the year before and takes a fact that came late.
func (y *sample) close(ctx context.Context) error {
	do, err := report.Closing(ctx, y.s.pool, ledger.PeriodOf(2022, 12))
	if err != nil {
		return err
	}
	y.give("sample-accountant", on(8, 1), "close:2022-12", do)
	y.give("sample-clerk", ledger.DateOf(2022, 12, 20), "late", payment.Record{
		Amount: ledger.Fen(3_600_00), Line: ledger.BudgetLine{Region: "220000", Scheme: "employer-reward", Fund: "levy", Year: 2022},
		Note: "结账后补录（样本）", Party: y.payee, Payment: latePayment, Source: "合成样本，纸质凭证",
	})
	return y.flush(ctx)
}

// openEmbedded opens a file that is part of the program.
func openEmbedded(name string, o intake.Options) (*intake.File, error) {
	f, err := schema.Files.Open(name)
	if err != nil {
		return nil, err
	}
	reader, ok := f.(io.ReadSeeker)
	if !ok {
		return nil, errors.New(name + " cannot be read twice")
	}
	o.Name = name
	return intake.New(reader, o)
}

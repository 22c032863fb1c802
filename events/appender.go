package events

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"zhucan/ledger"
	"zhucan/ledger/book"
)

// A Request is one command to be decided, and what it belongs to.
type Request struct {
	Command book.Command
	// Intent is what was asked for, as bytes that a retry repeats exactly: a row of
	// a file, say. Nil stands for the command's own name, day and particulars. It is
	// hashed into the log, so nothing personal goes in that could be guessed back.
	Intent      []byte
	Correlation string // what the command belongs to: a file, a session
	// Ahead says that the command serves the next one that is not ahead itself: it has
	// effect if that one has, now, and not otherwise. A person is made known for a claim.
	Ahead bool
	// Refuse, when set, is why the command is refused unless it had been carried out before: what
	// whoever submits it knows and the book does not.
	Refuse error
}

// A Receipt says what became of one command.
type Receipt struct {
	Seq     uint64 // of its event; 0 when it found nothing left to do
	Repeats bool   // it had been carried out before, now or long ago
	Err     error  // why it has no effect; nil otherwise
}

// Refusals of the appender.
var (
	ErrReused = &ledger.Rejection{
		Code: "command-reused", Rule: "a command identifier names one request for ever", RuleZH: "同一操作编号不得用于不同内容",
		Next: "repeat the request exactly, or use a new identifier", NextZH: "请原样重发，或使用新的编号",
	}
	ErrBusy = &ledger.Rejection{
		Code: "queue-full", Rule: "no more commands are taken than can be decided soon", RuleZH: "待处理操作已满",
		Next: "try again in a moment with the same identifier", NextZH: "请稍后以同一编号重试",
	}
	ErrNoRoom = &ledger.Rejection{
		Code: "log-full", Rule: "nothing is decided that cannot be kept", RuleZH: "存储空间不足，未作任何记录",
		Next: "make room on the disk of the log, then repeat the request with the same identifier", NextZH: "请清理日志所在磁盘空间后以同一编号重试",
	}
	ErrUnfit = &ledger.Rejection{
		Code: "record-unfit", Rule: "nothing is recorded that could not be kept or read back", RuleZH: "不得记录无法保存或无法读回的内容",
		Next: "shorten or correct the value that is named", NextZH: "请缩短或更正所指明的内容",
	}
	ErrUnsure = &ledger.Rejection{
		Code: "outcome-unknown", Rule: "an outcome that cannot be read back is not guessed", RuleZH: "无法确认是否已记录",
		Next: "repeat the request with the same identifier: it has one effect", NextZH: "请以同一编号重试，不会重复记录",
	}
)

// ErrFuture refuses an order of a day that has not come: a month closed in the year
// 9999 would close every month before it.
var ErrFuture = &ledger.Rejection{
	Code: "date-in-future", Rule: "an order is dated today or earlier", RuleZH: "业务日期不得晚于当日",
	Next: "correct the date, or give the order on its day", NextZH: "请更正日期，或于当日办理",
}

// Rejections of this package.
var Rejections = []*ledger.Rejection{ErrOrder, ErrFuture, ErrReused, ErrBusy, ErrNoRoom, ErrUnfit, ErrUnkept, ErrUnsure}

// A Config says how an appender works. The zero Config works for book "220000".
type Config struct {
	Book   string           // code of the province; default 220000
	Queue  int              // most submissions waiting, of one or many commands; default 8192
	Clock  func() time.Time // default time.Now
	Logger *slog.Logger     // default none

	// Documents is where the documents are that orders refer to; nil: none can be
	// attached.
	Documents Documents

	// Today, when set, is the last day that an order may be dated.
	Today func() ledger.Date

	// Step, when set, is told each step by name; tests end the process there.
	Step func(step string)
}

// MaxAhead is how many commands at most go ahead of one.
const MaxAhead = 100

// few is up to how many records are appended one by one: on one node a batch
// costs several single appends, whatever its size.
const few = 8

// attempts is how often a command is decided anew after another writer was first.
const attempts = 5

// An Appender decides the commands of one book in the order in which they come
// and appends what they decide. It is the book's only writer.
//
// It holds the whole book in memory, folded from the log by [Appender.Load].
// Commands that wait together are appended together: while one group is on its
// way to disk a second is being encoded and a third decided on top of both. Nobody
// is answered before everything that the answer rests on is on disk, refusals
// included.
//
// When a group is not known to be on disk, whatever was decided since is taken
// back, the log is read from where the book stood, and the commands are decided
// again under their identifiers: those that did reach the log are found there,
// the others are decided anew. So another writer (ErrConflict), a lost
// acknowledgement (ErrUnknown) and a record that arrives late all come to the same
// path, and a command has one effect. Only when the log has no room (ErrFull) or
// keeps failing are commands refused; the book itself stays as the log is.
type Appender struct {
	log     Log
	cfg     Config
	in      chan *job
	view    chan func(*book.State)
	stopped chan struct{}

	// The book as far as it is on disk, and beyond it what Run decided tentatively.
	state  *book.State
	done   ledger.Table[[16]byte, outcome]
	parts  []ledger.Tentative // of both; they are changed in place
	last   uint64             // record that the state has been folded to
	latest time.Time          // when that was recorded

	backlog []item   // waiting to be decided
	next    *group   // being decided
	flying  []*group // on their way to disk, in their order
	stale   bool     // the log may have more than the state knows
}

// An outcome is what became of a command: where its event is, and what was asked.
type outcome struct {
	seq     uint64
	request [8]byte
}

// A job is commands that were submitted together and are answered together.
type job struct {
	requests []Request
	asked    []asked
	receipts []Receipt
	items    []item
	left     int           // items not yet answered
	answered chan struct{} // closed when none is left
}

// What is asked is hashed by whoever asks.
type asked struct {
	key     [16]byte // of the command's identifier
	request [16]byte
	err     error
	refuse  error // why, unless it had been carried out before: see [Request], or its document cannot be put on record
}

// An item is one command of a job, with those that go ahead of it.
type item struct {
	job      *job
	from, to int   // its commands, those before to
	tries    int   // how often a group with it did not come through
	sent     bool  // its records were in such a group
	late     bool  // and may arrive still
	cause    error // refuse with this if it turns out not to be written
}

func (i item) receipts() []Receipt { return i.job.receipts[i.from:i.to] }

// A group is what is decided, written and answered together.
type group struct {
	first  uint64 // number its first record is to have
	items  []item
	events []ledger.Event
	metas  []Meta
	owner  []int // which item each event is of
	full   bool  // no more goes in
	whole  bool  // some records are on disk together or not at all

	finished chan struct{} // closed when it is known what became of it
	err      error         // why it is not known to be on disk
	unfit    map[int]error // with errUnfit: why, for each event that cannot be recorded
}

// Why a group was not even sent: some of its events cannot be recorded, or a group
// in front of it did not come through.
var (
	errUnfit  = errors.New("not every event can be recorded")
	errBehind = errors.New("a group in front did not come through")
)

// NewAppender returns an appender for log. It does nothing before Run.
func NewAppender(log Log, cfg Config) *Appender {
	if cfg.Book == "" {
		cfg.Book = "220000"
	}
	if cfg.Queue == 0 {
		cfg.Queue = 8192
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Step == nil {
		cfg.Step = func(string) {}
	}
	return &Appender{
		log: log, cfg: cfg,
		in: make(chan *job, cfg.Queue), view: make(chan func(*book.State)), stopped: make(chan struct{}),
	}
}

// Submit has one command decided and recorded.
func (a *Appender) Submit(ctx context.Context, r Request) (Receipt, error) {
	receipts, err := a.SubmitAll(ctx, []Request{r})
	if err != nil {
		return Receipt{}, err
	}
	return receipts[0], receipts[0].Err
}

// SubmitAll has commands decided in their order, each on its own but for those that go
// ahead of another: one that is refused does not keep the others from having effect. It
// returns when all of them are answered. An error means that nothing is known of any of
// them, because ctx ended, the queue was full or the appender stopped; they can be repeated.
func (a *Appender) SubmitAll(ctx context.Context, rs []Request) ([]Receipt, error) {
	if len(rs) == 0 {
		return nil, nil
	}
	j := &job{requests: rs, asked: make([]asked, len(rs)), receipts: make([]Receipt, len(rs)), answered: make(chan struct{})}
	for from := 0; from < len(rs); {
		to := from + 1
		for rs[to-1].Ahead && to < len(rs) {
			to++
		}
		if to-from > MaxAhead+1 {
			return nil, ErrUnfit.Of("command %s has %d ahead: at most %d", rs[to-1].Command.ID, to-from-1, MaxAhead)
		}
		j.items = append(j.items, item{job: j, from: from, to: to})
		from = to
	}
	j.left = len(j.items)
	for i, r := range rs {
		j.asked[i].key = key(r.Command.ID)
		j.asked[i].request, j.asked[i].err = r.request()
		j.asked[i].refuse = cmp.Or(r.Refuse, a.kept(ctx, r))
	}
	select {
	case a.in <- j:
	default:
		return nil, ErrBusy.Of("%d requests are waiting", len(a.in))
	}
	select {
	case <-j.answered:
		return j.receipts, nil
	case <-a.stopped:
	case <-ctx.Done():
	}
	select {
	case <-j.answered: // just before that
		return j.receipts, nil
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("submit %s: %w", rs[0].Command.ID, err)
	}
	return nil, ErrUnsure.Of("the appender stopped")
}

// View calls f with the book as it stands between two decisions. What f sees may
// not be on disk yet. f must not keep the state.
func (a *Appender) View(ctx context.Context, f func(*book.State)) error {
	seen := make(chan struct{})
	select {
	case a.view <- func(s *book.State) { f(s); close(seen) }:
		<-seen
		return nil
	case <-a.stopped:
		return ErrUnsure.Of("the appender stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Load folds the log into the book and returns the number of its last record.
func (a *Appender) Load(ctx context.Context) (uint64, error) {
	a.state, a.last, a.latest = &book.State{}, 0, time.Time{}
	a.done = ledger.Table[[16]byte, outcome]{}
	a.parts = append(a.state.Tentative(), &a.done)
	err := a.catchUp(ctx)
	return a.last, err
}

// Run decides and appends until ctx ends, or the log turns out to be damaged. It
// folds the log first unless Load has. An appender runs once.
func (a *Appender) Run(ctx context.Context) error {
	defer close(a.stopped)
	if a.state == nil {
		if _, err := a.Load(ctx); err != nil {
			return err
		}
	}
	for {
		if a.stale {
			if err := a.refresh(ctx); err != nil {
				return err
			}
			continue // it may be stale still
		}
		a.decideBacklog()
		if n := len(a.flying); a.next != nil && (n == 0 || n == 1 && a.next.full) {
			a.launch(ctx)
			continue
		}
		in := a.in
		if len(a.backlog) > 0 {
			in = nil // the group is full: what comes next waits in the queue
		}
		var finished chan struct{}
		if len(a.flying) > 0 {
			finished = a.flying[0].finished
		}
		select {
		case <-ctx.Done():
			for len(a.flying) > 0 {
				<-a.flying[0].finished
				if a.flying[0].err != nil {
					break
				}
				a.settle()
			}
			return ctx.Err()
		case f := <-a.view:
			f(a.state)
		case j := <-in:
			a.take(j)
		case <-finished:
			a.cfg.Step("appended")
			if a.flying[0].err == nil {
				a.settle()
			} else {
				a.takeBack()
			}
		}
	}
}

// launch sends the next group on its way to disk, behind the one that is flying.
func (a *Appender) launch(ctx context.Context) {
	g := a.next
	a.next = nil
	var before *group
	if n := len(a.flying); n > 0 {
		before = a.flying[n-1]
	}
	a.flying = append(a.flying, g)
	a.cfg.Step("append")
	go func() {
		defer close(g.finished)
		g.err = a.write(context.WithoutCancel(ctx), g, before)
	}()
}

// take puts a job's commands into the backlog, and those of the jobs that wait
// behind it.
func (a *Appender) take(j *job) {
	for {
		a.backlog = append(a.backlog, j.items...)
		if len(a.backlog) >= MaxAppend {
			return
		}
		select {
		case j = <-a.in:
		default:
			return
		}
	}
}

// decideBacklog decides what waits, as long as the next group has room.
func (a *Appender) decideBacklog() {
	for len(a.backlog) > 0 {
		if a.next == nil {
			a.next = &group{first: a.last + 1, finished: make(chan struct{})}
			for _, g := range a.flying {
				a.next.first += uint64(len(g.events))
			}
			for _, t := range a.parts {
				t.Begin()
			}
		}
		i := a.backlog[0]
		if a.next.full = a.next.full || len(a.next.events)+i.to-i.from > MaxAppend; a.next.full || len(a.next.items) == 8*MaxAppend {
			return
		}
		a.backlog = a.backlog[1:]
		a.decideItem(i)
		a.next.items = append(a.next.items, i)
		a.next.full = len(a.next.events) == MaxAppend
	}
}

// decideItem decides a command and those that go ahead of it, which are taken back unless it
// has effect now: when it is refused, and when it only repeats what was done long ago and finds
// nothing left to do. One ahead that is refused is no reason: the person may be known already.
func (a *Appender) decideItem(i item) {
	rs, last := i.receipts(), i.to-i.from-1
	if last == 0 {
		rs[0] = a.decide(i, i.from)
		return
	}
	g, n := a.next, len(a.next.events)
	for _, t := range a.parts {
		t.Begin()
	}
	var ahead int
	for k := range rs {
		ahead = len(g.events)
		rs[k] = a.decide(i, i.from+k)
	}
	if len(g.events) > ahead {
		for _, t := range a.parts {
			t.Join()
		}
		g.whole = g.whole || len(g.events) > n+1
		return
	}
	for _, t := range a.parts {
		t.Undo()
	}
	g.events, g.metas, g.owner = g.events[:n], g.metas[:n], g.owner[:n]
	for k := range rs[:last] {
		if rs[k].Seq >= g.first+uint64(n) {
			rs[k] = Receipt{Repeats: rs[last].Err == nil, Err: rs[last].Err}
		}
	}
}

// decide answers the k-th command of a job, provisionally: its event is added to the next group
// and the state is what it would be after it.
func (a *Appender) decide(i item, k int) Receipt {
	r, asked := i.job.requests[k], i.job.asked[k]
	if asked.err != nil {
		return Receipt{Err: ErrUnfit.Of("command %s: %v", r.Command.ID, asked.err)}
	}
	if old, ok := a.done.Get(asked.key); ok {
		if old.request != [8]byte(asked.request[:8]) {
			return Receipt{Err: ErrReused.Of("%s, recorded as %d", r.Command.ID, old.seq)}
		}
		return Receipt{Seq: old.seq, Repeats: !i.sent}
	}
	if i.cause != nil {
		return Receipt{Err: i.cause}
	}
	if asked.refuse != nil {
		return Receipt{Err: asked.refuse}
	}
	if a.cfg.Today != nil {
		if today := a.cfg.Today(); r.Command.On.After(today) {
			return Receipt{Err: ErrFuture.Of("order %s is dated %s; today is %s", r.Command.ID, r.Command.On, today)}
		}
	}
	decided, err := book.Decide(a.state, r.Command)
	if err != nil {
		return Receipt{Err: err}
	}
	if len(decided) == 0 {
		return Receipt{Repeats: true}
	}
	if len(decided) > 1 {
		panic(fmt.Sprintf("events: command %s decided %d events", r.Command.ID, len(decided)))
	}
	e := decided[0]
	a.next.events = append(a.next.events, e)
	a.next.metas = append(a.next.metas, Meta{
		Command: r.Command.ID, Actor: r.Command.By.ID, Time: a.now(), Correlation: r.Correlation, Request: asked.request,
	})
	a.next.owner = append(a.next.owner, len(a.next.items))
	seq := a.next.first + uint64(len(a.next.events)) - 1
	a.state = book.Evolve(a.state, e)
	a.done.Set(asked.key, outcome{seq, [8]byte(asked.request[:8])})
	return Receipt{Seq: seq}
}

// encode makes the records of a group, each read back: one that the log refuses
// would take its whole group with it, and one that cannot be read would stop the
// book for ever.
func (a *Appender) encode(g *group) ([]Record, error) {
	records := make([]Record, len(g.events))
	g.unfit = make(map[int]error)
	for i, e := range g.events {
		var err error
		if records[i], err = Encode(a.cfg.Book, e, g.metas[i]); err == nil {
			err = fit(records[i], e)
		}
		if err != nil {
			g.unfit[i] = err
		}
	}
	if len(g.unfit) > 0 {
		return nil, errUnfit
	}
	return records, nil
}

func fit(r Record, e ledger.Event) error {
	if len(r.Data) > MaxData {
		return fmt.Errorf("%d bytes: a record has at most %d", len(r.Data), MaxData)
	}
	for _, f := range r.Header {
		if len(f.Value) > 512 || !utf8.ValidString(f.Value) || strings.TrimSpace(f.Value) != f.Value || strings.ContainsFunc(f.Value, unicode.IsControl) {
			return fmt.Errorf("%s is too long or no plain text", f.Key)
		}
	}
	_, err := byName[NameOf(e)].read(r.Data, e.Case())
	return err
}

// now is the time of the next record: never before that of the record in front
// of it, whatever the clock does.
func (a *Appender) now() time.Time {
	if t := a.cfg.Clock().UTC().Truncate(time.Microsecond); t.After(a.latest) {
		a.latest = t
	}
	return a.latest
}

// write encodes a group and, once the one before it is on disk, appends it: a few
// records one after the other; many, or some that belong together, as one batch. What
// it has written when it fails is for the log to say.
func (a *Appender) write(ctx context.Context, g, before *group) error {
	records, err := a.encode(g)
	if before != nil {
		<-before.finished
		if before.err != nil {
			return errBehind
		}
	}
	if err != nil {
		return err
	}
	if len(records) > few || g.whole {
		_, err := a.log.Append(ctx, g.first-1, records...)
		return err
	}
	for i, r := range records {
		if _, err := a.log.Append(ctx, g.first-1+uint64(i), r); err != nil {
			return err
		}
	}
	return nil
}

// settle makes the first flying group final and answers it.
func (a *Appender) settle() {
	g := a.flying[0]
	a.flying = a.flying[1:]
	for _, t := range a.parts {
		t.Commit()
	}
	a.last += uint64(len(g.events))
	a.cfg.Step("answer")
	for _, i := range g.items {
		i.answer()
	}
}

func (i item) answer() {
	if i.job.left--; i.job.left == 0 {
		close(i.job.answered)
	}
}

// takeBack undoes every decision that is not known to be on disk and queues its
// commands again, in their order.
func (a *Appender) takeBack() {
	failed := a.flying[0]
	a.cfg.Logger.Warn("a group did not come through", slog.Uint64("after", a.last), slog.Int("records", len(failed.events)), slog.Any("error", failed.err))
	for _, t := range a.parts {
		t.Rollback()
	}
	failed.blame()
	again := failed.items
	for _, g := range a.flying[1:] {
		<-g.finished // it gives up, since the group in front of it failed
		again = append(again, g.items...)
	}
	if a.next != nil {
		again = append(again, a.next.items...)
	}
	a.backlog = append(again, a.backlog...)
	a.flying, a.next, a.stale = nil, nil, true
}

// blame says for each command of a group that failed what is to become of it if it
// turns out not to be written.
func (g *group) blame() {
	if errors.Is(g.err, errUnfit) {
		for n, err := range g.unfit {
			i := &g.items[g.owner[n]]
			i.cause = ErrUnfit.Of("command %s: %v", g.metas[n].Command, err)
		}
		return
	}
	for n := range g.items {
		i := &g.items[n]
		i.tries++
		i.sent = i.sent || slices.ContainsFunc(i.receipts(), func(r Receipt) bool { return r.Err == nil && r.Seq > 0 && !r.Repeats })
		i.late = i.late || i.sent && errors.Is(g.err, ErrUnknown)
		anew := errors.Is(g.err, ErrConflict) || errors.Is(g.err, ErrUnknown)
		switch {
		case anew && i.tries < attempts:
		case anew || i.late:
			i.cause = ErrUnsure.Of("after %d attempts: %v", i.tries, g.err)
		case errors.Is(g.err, ErrFull):
			i.cause = ErrNoRoom.Of("%v", g.err)
		default:
			i.cause = fmt.Errorf("append: %w", g.err)
		}
	}
}

// refresh reads what the log has beyond the state before anything more is
// decided. While it cannot, what waits is refused as unsure. It returns an error
// only when the log is damaged or ctx ends.
func (a *Appender) refresh(ctx context.Context) error {
	err := a.catchUp(ctx)
	switch {
	case err == nil:
		a.stale = false
		return nil
	case ctx.Err() != nil, errors.Is(err, ErrGap), errors.Is(err, ErrType), errors.Is(err, ErrMalformed):
		return err
	}
	a.cfg.Logger.Warn("the log cannot be read", slog.Uint64("after", a.last), slog.Any("error", err))
	for _, i := range a.backlog {
		for k := range i.receipts() {
			i.receipts()[k] = Receipt{Err: ErrUnsure.Of("the log cannot be read")}
		}
		i.answer()
	}
	a.backlog = nil
	select { // nothing to do before somebody asks again
	case j := <-a.in:
		a.take(j)
	case f := <-a.view:
		f(a.state)
	case <-ctx.Done():
	}
	return ctx.Err()
}

// catchUp folds what the log has beyond the state.
func (a *Appender) catchUp(ctx context.Context) error {
	for batch, err := range batches(ctx, a.log.Read(ctx, a.last), MaxAppend, Decode) {
		if err != nil {
			return fmt.Errorf("read the book after %d: %w", a.last, err)
		}
		for _, r := range batch {
			if r.Seq != a.last+1 {
				return fmt.Errorf("%w: %d after %d", ErrGap, r.Seq, a.last)
			}
			a.state = book.Evolve(a.state, r.Event)
			a.done.Set(key(r.Meta.Command), outcome{r.Seq, [8]byte(r.Meta.Request[:8])})
			a.last = r.Seq
			if r.Meta.Time.After(a.latest) {
				a.latest = r.Meta.Time
			}
		}
	}
	return nil
}

func key(id ledger.CommandID) [16]byte {
	sum := sha256.Sum256([]byte(id))
	return [16]byte(sum[:16])
}

// request hashes what is asked for.
func (r Request) request() ([16]byte, error) {
	intent := r.Intent
	if intent == nil {
		var b bytes.Buffer
		b.WriteString(OrderOf(r.Command.Do) + "\x00" + r.Command.On.String() + "\x00")
		if err := json.MarshalWrite(&b, r.Command.Do); err != nil {
			return [16]byte{}, err
		}
		intent = b.Bytes()
	}
	sum := sha256.Sum256(intent)
	return [16]byte(sum[:16]), nil
}

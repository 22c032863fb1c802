package report

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"zhucan/events"
	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/projections/archive"
)

// ErrNothing refuses to tell of something that is not on record.
var ErrNothing = &ledger.Rejection{
	Code: "not-found", Rule: "only what is on record can be shown", RuleZH: "只能查询已记录的内容",
	Next: "check the identifier, or wait until it is projected", NextZH: "请核对编号，或等待入账",
}

// ErrSeveral refuses to tell the stories of several things as one.
var ErrSeveral = &ledger.Rejection{
	Code: "several-named", Rule: "a story is of one thing; a claim and a payment may have one number", RuleZH: "全链查询只针对一个事项；申报与支付可能同号",
	Next: "say which: --kind claim, or kind=claim in the address", NextZH: "请指明类别：--kind claim，或在地址中加 kind=claim",
}

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrKnownBy, ErrAhead, ErrFilter, ErrNothing, ErrSeveral, ErrTarget, ErrBodies, ErrPublic, ErrEmploying}

// A Step is one event of a story.
type Step struct {
	Seq           uint64                `json:"seq"`
	Type          string                `json:"type"`
	Case          string                `json:"case"`
	RecordedAt    time.Time             `json:"recorded_at"`
	EffectiveDate string                `json:"effective_date"`
	Actor         string                `json:"actor"`
	Clause        string                `json:"clause"`
	Amount        *ledger.Money         `json:"amount"`
	Months        string                `json:"months,omitempty"` // that it is about, of a recurring claim: "2023-01", "2023-01/2023-12", "2023-09/" from a stop on
	Entry         *ledger.Entry         `json:"entry,omitempty"`
	Data          jsontext.Value        `json:"data"`
	Proof         merkle.InclusionProof `json:"proof"`
}

// A Story is everything that happened around one claim, payment, party or entry,
// in the order in which it was recorded. Each step comes with the proof that it
// is in the log as far as Seq.
type Story struct {
	ID    string   `json:"id"`
	Cases []string `json:"cases"` // what belongs together
	Steps []Step   `json:"steps"`
	More  bool     `json:"more,omitzero"` // there are further steps than are shown
	Basis
}

// longest is how many steps of a story are shown, and how many cases belong to it
// at most: a party may have any number of payments.
const longest = 1000

const (
	// selectRelated finds what belongs to the cases at hand: a payment's claim,
	// party, batch, and the payments before and after it; a claim's party and
	// payments; a party's claims and payments only when it is what is asked for. A case
	// is written with its kind: a claim and a payment may have one number.
	selectRelated = `
select unnest(array['claim/' || p.claim, 'party/' || p.party, 'payment/' || p.batch, 'payment/' || p.replaces, 'payment/' || r.payment, 'payment/' || p.payment,
	'journal/payment:' || p.payment])
from read.payment p
left join read.payment r on r.payment = p.replaced_by and r.seq <= @seq
where (p.payment = any (@payments) or p.claim = any (@claims) or p.party = any (@parties)) and p.seq <= @seq
union
select unnest(array['claim/' || claim, 'party/' || party])
from read.claim
where (claim = any (@claims) or party = any (@parties)) and seq <= @seq
union
select unnest(array[split_part(name, '.', 1) || '/' || case_id, 'journal/' || entry_id])
from read.entry
where entry_id = any (@entries) and seq <= @seq
limit @limit`

	selectKnown = `
select exists (select from archive.record where case_id = @id)`

	selectIsParty = `
select exists (select from read.party where party = @id)`

	selectKinds = `
select split_part(name, '.', 1)
from archive.record
where case_id = @id and seq <= @seq
union
select 'journal'
from read.entry
where entry_id = @id and seq <= @seq
order by 1`

	selectSteps = `
select ` + archive.Columns + `
from archive.record
where case_id = any (@ids) and split_part(name, '.', 1) || '/' || case_id = any (@cases) and seq <= @seq
order by seq
limit @limit`
)

// Known tells whether anything is recorded under the name of a case.
func Known(ctx context.Context, db DB, id string) (known bool, err error) {
	if err := db.QueryRow(ctx, selectKnown, pgx.NamedArgs{"id": id}).Scan(&known); err != nil {
		return false, fmt.Errorf("find a case: %w", err)
	}
	return known, nil
}

// Trace tells the story of id: a payment or batch, a claim, a party, a budget line, a levy, an
// entry. Kind is the first part of the names of its events, such as claim or payment; without one, id must be of one
// kind only ([ErrSeveral]).
func Trace(ctx context.Context, db DB, kind, id string, cut Cut) (story Story, err error) {
	var kinds []string
	for _, name := range events.Names() {
		if of, _, _ := strings.Cut(name, "."); !slices.Contains(kinds, of) {
			kinds = append(kinds, of)
		}
	}
	if err := oneOf("kind", kind, kinds...); err != nil {
		return Story{}, err
	}
	err = snapshot(ctx, db, cut, func(tx pgx.Tx, b Basis) error {
		story = Story{ID: id, Steps: []Step{}, Basis: b}
		rows, err := tx.Query(ctx, selectKinds, pgx.NamedArgs{"id": id, "seq": b.Seq})
		if err != nil {
			return err
		}
		kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
		switch {
		case err != nil:
			return err
		case len(kinds) == 0 || kind != "" && !slices.Contains(kinds, kind):
			return ErrNothing.Of("%q", id)
		case kind == "" && len(kinds) > 1:
			return ErrSeveral.Of("%s is a name of %s", id, strings.Join(kinds, ", "))
		case kind == "":
			kind = kinds[0]
		}
		cases, err := related(ctx, tx, kind, id, b.Seq)
		if err != nil {
			return err
		}
		for _, c := range cases {
			_, name, _ := strings.Cut(c, "/")
			story.Cases = append(story.Cases, name)
		}
		slices.Sort(story.Cases)
		story.Cases = slices.Compact(story.Cases)
		rows, err = tx.Query(ctx, selectSteps, pgx.NamedArgs{"ids": story.Cases, "cases": cases, "seq": b.Seq, "limit": longest + 1})
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, scan)
		if err != nil {
			return err
		}
		if len(found) > longest {
			found, story.More = found[:longest], true
		}
		tree := archive.Tree(ctx, tx)
		for _, r := range found {
			if step, err := tell(r, b.Seq, tree); err != nil {
				return err
			} else if cut.AsOf.IsZero() || step.EffectiveDate <= cut.AsOf.String() {
				story.Steps = append(story.Steps, step)
			}
		}
		if len(story.Steps) == 0 {
			return ErrNothing.Of("%q", id)
		}
		return nil
	})
	if err != nil {
		return Story{}, fmt.Errorf("trace: %w", err)
	}
	return story, nil
}

// related collects what belonged to a case by a record, until nothing new turns up. Cases are
// written "kind/name".
func related(ctx context.Context, tx pgx.Tx, kind, id string, seq uint64) ([]string, error) {
	cases, parties := []string{kind + "/" + id}, []string{}
	if kind == "party" {
		parties = []string{id}
	}
	for {
		of := map[string][]string{"claim": {}, "journal": {}, "payment": {}}
		for _, c := range cases {
			kind, name, _ := strings.Cut(c, "/")
			of[kind] = append(of[kind], name)
		}
		rows, err := tx.Query(ctx, selectRelated, pgx.NamedArgs{
			"claims": of["claim"], "entries": of["journal"], "parties": parties, "payments": of["payment"], "seq": seq, "limit": longest,
		})
		if err != nil {
			return nil, err
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[*string])
		if err != nil {
			return nil, err
		}
		before := len(cases)
		for _, f := range found {
			if f != nil && *f != "" && !slices.Contains(cases, *f) {
				cases = append(cases, *f)
			}
		}
		if len(cases) == before || kind == "party" || len(cases) >= longest {
			return cases, nil
		}
	}
}

func scan(row pgx.CollectableRow) (r archive.Row, err error) {
	var on *time.Time
	err = row.Scan(&r.Seq, &r.Time, &on, &r.Name, &r.Case, &r.Command, &r.Actor, &r.Subject, &r.Header, &r.Data, &r.Hashes)
	if on != nil {
		r.On = *on
	}
	return r, err
}

// tell makes a step of an archived record, with its proof in the tree of a size.
func tell(r archive.Row, size uint64, tree tlog.HashReader) (Step, error) {
	d, err := r.Record()
	if err != nil {
		return Step{}, err
	}
	// What an event is worth and rests on stands under the same names in each.
	var said struct {
		Amount  *ledger.Money `json:"amount"`
		Clause  string        `json:"clause"`
		From    string        `json:"from"`
		Month   string        `json:"month"`
		Monthly string        `json:"monthly"`
		To      string        `json:"to"`
	}
	if err := json.Unmarshal(r.Data, &said); err != nil {
		return Step{}, fmt.Errorf("record %d: %w", r.Seq, err)
	}
	s := Step{
		Seq: r.Seq, Type: d.Name, Case: r.Case, RecordedAt: d.Meta.Time, EffectiveDate: d.Event.Effective().String(),
		Actor: string(d.Meta.Actor), Clause: said.Clause, Amount: said.Amount, Data: jsontext.Value(r.Data),
	}
	if entry, ok := d.Event.Booked(); ok {
		s.Entry = &entry
	}
	switch d.Event.(type) {
	case claim.Submitted:
		if said.Monthly != "" {
			s.Months = said.From + "/" + said.To
		}
	case claim.Stopped:
		s.Months = said.From + "/"
	default:
		s.Months = said.Month
	}
	if s.Clause == "" && s.Entry != nil {
		s.Clause = s.Entry.Clause
	}
	s.Proof, err = merkle.Inclusion(size, r.Seq-1, tree)
	if err != nil {
		return Step{}, fmt.Errorf("prove record %d: %w", r.Seq, err)
	}
	return s, nil
}

// An Event is one record with everything that is hashed, and its proof.
type Event struct {
	Step
	Subject string         `json:"subject"`
	Header  []events.Field `json:"header"`
	Root    string         `json:"root"`
	Basis   Basis          `json:"basis"` // of which the proof is: seq here is the event's own
}

const (
	selectRecord = `
select ` + archive.Columns + `
from archive.record
where seq = @seq`

	selectRecords = `
select ` + archive.Columns + `
from archive.record
where seq > @after and seq <= @seq and (@as_of::date is null or effective <= @as_of)
	and (@name = '' or name = @name) and (@case = '' or case_id = @case)
order by seq
limit @limit`
)

// EventAt returns the record of a number, proved in the tree of the records that
// count.
func EventAt(ctx context.Context, db DB, seq uint64, cut Cut) (e Event, err error) {
	err = snapshot(ctx, db, cut, func(tx pgx.Tx, b Basis) error {
		rows, err := tx.Query(ctx, selectRecord, pgx.NamedArgs{"seq": seq})
		if err != nil {
			return err
		}
		r, err := pgx.CollectExactlyOneRow(rows, scan)
		if errors.Is(err, pgx.ErrNoRows) || seq > b.Seq {
			return ErrNothing.Of("event %d; the last is %d", seq, b.Seq)
		}
		if err != nil {
			return err
		}
		if !cut.AsOf.IsZero() && ledger.DateOf(r.On.Date()).After(cut.AsOf) {
			return ErrNothing.Of("event %d as of %s; it is dated %s", seq, cut.AsOf, ledger.DateOf(r.On.Date()))
		}
		header, err := events.ParseHeader(r.Header)
		if err != nil {
			return err
		}
		step, err := tell(r, b.Seq, archive.Tree(ctx, tx))
		e = Event{Step: step, Subject: r.Subject, Header: header, Root: hex.EncodeToString(step.Proof.Root[:]), Basis: b}
		return err
	})
	if err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	return e, nil
}

// A Listed event is one line of a list of events.
type Listed struct {
	Seq           uint64    `json:"seq"`
	Type          string    `json:"type"`
	Case          string    `json:"case"`
	RecordedAt    time.Time `json:"recorded_at"`
	EffectiveDate string    `json:"effective_date"`
	Actor         string    `json:"actor"`
	Command       string    `json:"command"`
	Leaf          string    `json:"leaf"`
}

// An EventPage is a page of a list of events. Next is the parameter after of the
// page that follows; "" after the last.
type EventPage struct {
	Events []Listed `json:"events"`
	Next   string   `json:"next,omitempty"`
	Basis
}

// Events lists records after a number: of one type and of one case, where these
// are given.
func Events(ctx context.Context, db DB, name, about string, cut Cut, after uint64, limit int) (EventPage, error) {
	args := pgx.NamedArgs{"after": after, "name": name, "case": about}
	rows, next, b, err := page(ctx, db, cut, selectRecords, args, limit, func(row pgx.CollectableRow) (Listed, error) {
		r, err := scan(row)
		leaf, _ := r.Leaf()
		l := Listed{Seq: r.Seq, Type: r.Name, Case: r.Case, RecordedAt: r.Time.UTC(), Actor: r.Actor, Command: r.Command, Leaf: hex.EncodeToString(leaf[:])}
		if !r.On.IsZero() {
			l.EffectiveDate = r.On.Format(time.DateOnly)
		}
		return l, err
	}, func(l Listed) string { return strconv.FormatUint(l.Seq, 10) })
	if err != nil {
		return EventPage{}, fmt.Errorf("list events: %w", err)
	}
	return EventPage{rows, next, b}, nil
}

const selectEntry = `
select seq
from read.entry
where entry_id = @id
order by seq
limit 1`

// EntryOf returns an entry as it is on record.
func EntryOf(ctx context.Context, db DB, id ledger.EntryID) (ledger.Entry, error) {
	var seq uint64
	err := db.QueryRow(ctx, selectEntry, pgx.NamedArgs{"id": id}).Scan(&seq)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Entry{}, ErrNothing.Of("entry %q", id)
	}
	if err != nil {
		return ledger.Entry{}, fmt.Errorf("find entry %s: %w", id, err)
	}
	e, err := EventAt(ctx, db, seq, Cut{})
	if err != nil {
		return ledger.Entry{}, err
	}
	return *e.Entry, nil
}

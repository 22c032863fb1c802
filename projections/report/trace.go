package report

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// Rejections of this package, in the order of checking.
var Rejections = []*ledger.Rejection{ErrKnownBy, ErrAhead, ErrNothing, ErrTarget, ErrBodies, ErrPublic, ErrEmploying}

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
	// payments; a party's claims and payments only when it is what is asked for.
	selectRelated = `
select unnest(array[p.claim, p.party, p.batch, p.replaces, r.payment, p.payment, 'payment:' || p.payment])
from read.payment p
left join read.payment r on r.payment = p.replaced_by and r.seq <= @seq
where (p.payment = any (@cases) or p.claim = any (@cases) or (@party and p.party = @id)) and p.seq <= @seq
union
select unnest(array[claim, party])
from read.claim
where (claim = any (@cases) or (@party and party = @id)) and seq <= @seq
union
select unnest(array[case_id, entry_id])
from read.entry
where entry_id = any (@cases) and seq <= @seq
limit @limit`

	selectKnown = `
select exists (select from archive.record where case_id = @id)`

	selectIsParty = `
select exists (select from read.party where party = @id)`

	selectSteps = `
select ` + archive.Columns + `
from archive.record
where case_id = any (@cases) and seq <= @seq
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

// Trace tells the story of id: a payment, claim, party, batch or entry.
func Trace(ctx context.Context, db DB, id string, cut Cut) (story Story, err error) {
	err = snapshot(ctx, db, cut, func(tx pgx.Tx, b Basis) error {
		story = Story{ID: id, Steps: []Step{}, Basis: b}
		if story.Cases, err = related(ctx, tx, id, b.Seq); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectSteps, pgx.NamedArgs{"cases": story.Cases, "seq": b.Seq, "limit": longest + 1})
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

// related collects what belonged to id by a record, until nothing new turns up.
func related(ctx context.Context, tx pgx.Tx, id string, seq uint64) ([]string, error) {
	cases := []string{id}
	var party bool
	if err := tx.QueryRow(ctx, selectIsParty, pgx.NamedArgs{"id": id}).Scan(&party); err != nil {
		return nil, err
	}
	for {
		rows, err := tx.Query(ctx, selectRelated, pgx.NamedArgs{"cases": cases, "party": party, "id": id, "seq": seq, "limit": longest})
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
		if len(cases) == before || party || len(cases) >= longest {
			slices.Sort(cases)
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
		Actor: string(d.Meta.Actor), Clause: said.Clause, Amount: said.Amount, Entry: d.Event.Booked(), Data: jsontext.Value(r.Data),
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

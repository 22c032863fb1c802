// Package indicators projects what the targets of the plan are, and the facts that are no
// money they are counted from. Payments are counted from the rows that package cases has.
//
// # Tables
//
// fact, one row for each fact on record, with what it is of, where and when; target and
// target_split, what the plan promises, by version of the policy.
//
// # Invariants
//
//  1. A row says of itself from when to when it counts, and from which record on that was
//     known, so that every cut (a day, a record) is a condition on rows and needs no other
//     state: a row counts at day D as known by record S if seq <= S, day <= D, it was not
//     withdrawn by S, and its last day, as known by S, is not before D.
//  2. Nothing is counted here. Persons are counted once and person-times every time by who
//     asks, from the same rows.
package indicators

import (
	"zhucan/events"
	"zhucan/ledger"
	"zhucan/ledger/achievement"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/pgcopy"
)

// New returns the projection.
func New() projections.Projection { return indicators{} }

type indicators struct{}

func (indicators) Name() string { return "indicators/3" }

func (indicators) Tables() []*projections.Table {
	return []*projections.Table{facts, targets, splits}
}

var facts = &projections.Table{
	Name:    "fact",
	Comment: "owner: projections/indicators. What targets are counted from: facts on record.",
	Mode:    projections.Keyed,
	Columns: []projections.Column{
		{Name: "achievement", Type: pgcopy.Text, Rest: "not null"},
		{Name: "counter", Type: pgcopy.Text, Rest: "not null"}, // kind/type:quality, as [policy.FactOf]
		{Name: "subject", Type: pgcopy.Text, Rest: "not null"}, // the party, or the body, however it is written: what is counted once
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "prefecture", Type: pgcopy.Text, Rest: "not null"}, // that the region was under on the day; the region itself under none
		{Name: "day", Type: pgcopy.Date, Rest: "not null"},
		{Name: "until", Type: pgcopy.Date},                 // last day, as recorded
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"}, // from which it is known
		{Name: "recorded_on", Type: pgcopy.Date, Rest: "not null"},
		{Name: "ended_on", Type: pgcopy.Date}, // last day, as ended later
		{Name: "ended_seq", Type: pgcopy.Int8},
		{Name: "withdrawn_seq", Type: pgcopy.Int8},
		{Name: "name", Type: pgcopy.Text},   // of a body
		{Name: "posts", Type: pgcopy.Int4},  // authorised
		{Name: "base", Type: pgcopy.Int4},   // staff, or sites built
		{Name: "part", Type: pgcopy.Int4},   // disabled staff, or sites given
		{Name: "weight", Type: pgcopy.Int4}, // disabled staff, weighted
	},
	Key:     []string{"achievement"},
	Indexes: []string{"(counter, day)"},
}

var targets = &projections.Table{
	Name:    "target",
	Comment: "owner: projections/indicators. What the plan promises, by version of the policy.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "version", Type: pgcopy.Text, Rest: "not null"},
		{Name: "n", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "code", Type: pgcopy.Text, Rest: "not null"},
		{Name: "action", Type: pgcopy.Text, Rest: "not null"},
		{Name: "name_zh", Type: pgcopy.Text, Rest: "not null"},
		{Name: "name_en", Type: pgcopy.Text, Rest: "not null"},
		{Name: "quote", Type: pgcopy.Text, Rest: "not null"},
		{Name: "text_en", Type: pgcopy.Text, Rest: "not null"},
		{Name: "clause", Type: pgcopy.Text, Rest: "not null"},
		{Name: "departments", Type: pgcopy.TextArray, Rest: "not null"},
		{Name: "value", Type: pgcopy.Text, Rest: "not null"},
		{Name: "unit", Type: pgcopy.Text, Rest: "not null"},
		{Name: "kind", Type: pgcopy.Text, Rest: "not null"},
		{Name: "strength", Type: pgcopy.Text, Rest: "not null"},
		{Name: "valid_from", Type: pgcopy.Date},
		{Name: "valid_to", Type: pgcopy.Date},
		{Name: "facts", Type: pgcopy.TextArray, Rest: "not null"},
		{Name: "level", Type: pgcopy.Text, Rest: "not null"},
		{Name: "min_posts", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "overlapping", Type: pgcopy.TextArray, Rest: "not null"},
		{Name: "restates", Type: pgcopy.Text, Rest: "not null"},
		{Name: "definition_zh", Type: pgcopy.Text, Rest: "not null"},
		{Name: "definition_en", Type: pgcopy.Text, Rest: "not null"},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"version", "n"},
}

var splits = &projections.Table{
	Name:    "target_split",
	Comment: "owner: projections/indicators. Parts of targets that users entered for regions and years.",
	Mode:    projections.Append,
	Columns: []projections.Column{
		{Name: "version", Type: pgcopy.Text, Rest: "not null"},
		{Name: "code", Type: pgcopy.Text, Rest: "not null"},
		{Name: "n", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "region", Type: pgcopy.Text, Rest: "not null"},
		{Name: "year", Type: pgcopy.Int4, Rest: "not null"},
		{Name: "value", Type: pgcopy.Text, Rest: "not null"},
		{Name: "author", Type: pgcopy.Text, Rest: "not null"},
		{Name: "entered_on", Type: pgcopy.Date, Rest: "not null"},
		{Name: "source", Type: pgcopy.Text, Rest: "not null"},
		{Name: "seq", Type: pgcopy.Int8, Rest: "not null"},
	},
	Key: []string{"version", "code", "n"},
}

// Fold adds the row of what is counted, and ends or withdraws it.
func (indicators) Fold(rows *projections.Rows, r events.Recorded) error {
	switch e := r.Event.(type) {
	case policy.Published:
		publish(rows, r.Seq, e.Pack)
	case achievement.Recorded:
		record(rows, r, e)
	case achievement.Ended:
		rows.Update(facts, string(e.Achievement)).Date("ended_on", e.On).Seq("ended_seq", r.Seq)
	case achievement.Withdrawn:
		rows.Update(facts, string(e.Achievement)).Seq("withdrawn_seq", r.Seq)
	}
	return nil
}

func record(rows *projections.Rows, r events.Recorded, e achievement.Recorded) {
	subject := string(e.Party)
	if subject == "" {
		subject = ledger.FoldNumber(e.Body) // as package achievement compares it
	}
	row := rows.Insert(facts, string(e.Achievement)).
		Text(string(policy.FactOf(e.Kind, e.Type, e.Quality))).Text(subject).Text(string(e.Region)).Text(string(ledger.Prefecture(e.Region, e.On))).
		Date(e.On).Date(e.To).Int8(int64(r.Seq)).Date(ledger.DayOf(r.Meta.Time)).Null().Null().Null().TextOrNull(e.Name)
	switch {
	case e.Headcount != nil:
		h := e.Headcount
		row.Int4(int32(h.Posts)).Int4(int32(h.Staff)).Int4(int32(h.Disabled)).Int4(int32(h.Weighted))
	case e.Sites != nil:
		row.Null().Int4(int32(e.Sites.New)).Int4(int32(e.Sites.Allotted)).Null()
	default:
		row.Null().Null().Null().Null()
	}
}

func publish(rows *projections.Rows, seq uint64, p policy.Pack) {
	for i, t := range p.Targets {
		rows.Append(targets).
			Text(p.Version).Int4(int32(i)).Text(t.Code).Text(t.Action).Text(t.NameZH).Text(t.NameEN).Text(t.Quote).Text(t.TextEN).Text(t.Clause).
			TextArray(t.Departments).Text(t.Value).Text(t.Unit).Text(string(t.Kind)).Text(string(t.Strength)).Date(t.From).Date(t.To).
			TextArray(texts(t.Facts)).Text(string(t.Level)).Int4(int32(t.MinPosts)).TextArray(t.Overlaps).Text(t.Restates).
			Text(t.DefinitionZH).Text(t.DefinitionEN).Int8(int64(seq))
		for n, s := range t.Splits {
			rows.Append(splits).
				Text(p.Version).Text(t.Code).Int4(int32(n)).Text(string(s.Region)).Int4(int32(s.Year)).Text(s.Value).Text(s.Author).Date(s.Date).
				Text(s.Source).Int8(int64(seq))
		}
	}
}

func texts(list []policy.Fact) []string {
	all := make([]string, len(list))
	for i, f := range list {
		all[i] = string(f)
	}
	return all
}

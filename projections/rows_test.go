package projections_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"zhucan/events"
	"zhucan/ledger"
	"zhucan/projections"
	"zhucan/projections/pgcopy"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

var (
	tally = &projections.Table{
		Name: "tally", Comment: "owner: this test", Mode: projections.Keyed, Key: []string{"name"},
		Columns: []projections.Column{
			{Name: "name", Type: pgcopy.Text, Rest: "not null"},
			{Name: "word", Type: pgcopy.Text},
			{Name: "amount", Type: pgcopy.Total, Rest: "not null", Sum: true},
			{Name: "n", Type: pgcopy.Int8, Rest: "not null", Sum: true},
		},
	}
	groups = &projections.Table{
		Name: "groups", Comment: "owner: this test", Mode: projections.Merged, Key: []string{"a", "b"},
		Columns: []projections.Column{
			{Name: "a", Type: pgcopy.Text, Rest: "not null"},
			{Name: "b", Type: pgcopy.Int4, Rest: "not null"},
			{Name: "amount", Type: pgcopy.Total, Rest: "not null default 0", Sum: true},
			{Name: "word", Type: pgcopy.Text},
		},
	}
)

// counting inserts a row with every fifth record and changes it with the four that
// follow, so that changes meet their row in the same chunk or in an earlier one.
type counting struct{}

func (counting) Name() string                 { return "counting/1" }
func (counting) Tables() []*projections.Table { return []*projections.Table{tally, groups} }

func (counting) Fold(rows *projections.Rows, r events.Recorded) error {
	i := int(r.Seq) - 1
	name, amount := fmt.Sprintf("row %02d", i/5), rows.Amount(ledger.Fen(int64(r.Seq)))
	switch i % 5 {
	case 0:
		rows.Insert(tally, name).Text("first").Money(amount).Int8(100)
	case 3:
		rows.Update(tally, name).Text("word", "third").Add("amount", amount).Count("n", 1)
	default:
		rows.Update(tally, name).Add("amount", amount.Negative()).Count("n", 1)
	}
	g := rows.Merge(groups, rows.Key().Text("g").Int4(i%3))
	g.Add("amount", amount)
	if i%4 == 0 {
		g.Text("word", name)
	}
	return nil
}

func TestChangesMeetTheirRowInWhicheverChunkItIs(t *testing.T) {
	t.Parallel()
	b := sampletest.Story(t)
	all := b.Records[:60]
	var wantTally, wantGroups []string
	for row := range 12 {
		first := int64(5*row + 1)
		fen := first - (first + 1) - (first + 2) + (first + 3) - (first + 4)
		wantTally = append(wantTally, fmt.Sprintf("row %02d third %s 104", row, ledger.Fen(fen)))
	}
	for g := range 3 {
		sum, word := int64(0), ""
		for i := g; i < 60; i += 3 {
			sum += int64(i) + 1
			if i%4 == 0 {
				word = fmt.Sprintf("row %02d", i/5)
			}
		}
		wantGroups = append(wantGroups, fmt.Sprintf("g %d %s %s", g, ledger.Fen(sum), word))
	}
	for _, size := range []int{1, 2, 3, 7, 60} {
		pool, log := schematest.New(t), (&sampletest.Book{}).Log()
		sampletest.Extend(t, log, all)
		r := projections.New(pool, log, projections.Config{Projections: []projections.Projection{counting{}}, Live: size, Bulk: size})
		if err := r.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Rebuild(t.Context(), "v0002"); err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"v0001", "v0002"} {
			if got := rows(t, pool, "name, word, amount, n", "rm_"+version+".tally order by name"); !reflect.DeepEqual(got, wantTally) {
				t.Errorf("chunks of %d, %s: %v\nwant %v", size, version, got, wantTally)
			}
			if got := rows(t, pool, "a, b, amount, word", "rm_"+version+".groups order by b"); !reflect.DeepEqual(got, wantGroups) {
				t.Errorf("chunks of %d, %s: %v\nwant %v", size, version, got, wantGroups)
			}
		}
	}
}

func TestAKeyThatIsTakenHalts(t *testing.T) {
	t.Parallel()
	b := sampletest.Story(t)
	for _, size := range []int{1, 60} { // in an earlier chunk, in the same
		pool, log := schematest.New(t), b.Log()
		twice := twice{at: 31}
		r := projections.New(pool, log, projections.Config{Projections: []projections.Projection{twice}, Live: size})
		halted(t, r.CatchUp(t.Context()), projections.Poison, 31)
		halt, ok := errors.AsType[*projections.Halt](r.Rebuild(t.Context(), "v0002"))
		if !ok || halt.Reason != projections.Poison {
			t.Errorf("rebuild: %v", halt)
		}
		// The other table may be there, whole, but no version is.
		if err := r.Switch(t.Context(), "v0002"); !errors.Is(err, projections.ErrVersion) {
			t.Errorf("switch to an unfinished version: %v", err)
		}
		twice.at = 0
		right := projections.New(pool, log, projections.Config{Projections: []projections.Projection{twice}})
		if err := right.Rebuild(t.Context(), "v0002"); err != nil {
			t.Fatal(err)
		}
		if got := query[int64](t, pool, "select count(*) from rm_v0002.tally union all select count(*) from rm_v0002.seen"); !slices.Equal(got, []int64{int64(len(b.Records)), int64(len(b.Records))}) {
			t.Errorf("rows of a rebuild after one that halted: %v", got)
		}
	}
}

func TestAChangeBeforeItsRowHalts(t *testing.T) {
	t.Parallel()
	b := sampletest.Story(t)
	for _, size := range []int{1, 60} {
		pool := schematest.New(t)
		r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{early{}}, Live: size, Bulk: size})
		halted(t, r.CatchUp(t.Context()), projections.Poison, 31)
		halt, ok := errors.AsType[*projections.Halt](r.Rebuild(t.Context(), "v0002"))
		if !ok || halt.Reason != projections.Poison {
			t.Errorf("rebuild in chunks of %d: %v", size, halt)
		}
	}
}

// early changes with record 31 the row that record 40 inserts.
type early struct{}

func (early) Name() string                 { return "early/1" }
func (early) Tables() []*projections.Table { return []*projections.Table{tally} }

func (early) Fold(rows *projections.Rows, r events.Recorded) error {
	if r.Seq == 31 {
		rows.Update(tally, "40").Text("word", "early")
	}
	rows.Insert(tally, fmt.Sprint(r.Seq)).Null().Money(pgcopy.Sum{}).Int8(0)
	return nil
}

// twice inserts the key of the first record again, into one of two tables.
type twice struct{ at uint64 }

var seen = &projections.Table{
	Name: "seen", Comment: "Records.", Mode: projections.Append,
	Columns: []projections.Column{{Name: "seq", Type: pgcopy.Int8, Rest: "not null"}},
	Key:     []string{"seq"},
}

func (twice) Name() string                 { return "twice/1" }
func (twice) Tables() []*projections.Table { return []*projections.Table{tally, seen} }

func (p twice) Fold(rows *projections.Rows, r events.Recorded) error {
	rows.Append(seen).Int8(int64(r.Seq))
	name := fmt.Sprint(r.Seq)
	if r.Seq == p.at {
		name = "1"
	}
	rows.Insert(tally, name).Null().Money(pgcopy.Sum{}).Int8(0)
	return nil
}

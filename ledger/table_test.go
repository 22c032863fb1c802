package ledger_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"zhucan/ledger"
)

// grouped adds to actions on a part of a state those that begin and end groups. The model
// is put back to what it was when a group began that is taken back.
func grouped[K comparable](part ledger.Tentative, model *map[K]int, actions map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	var before []map[K]int
	maps.Copy(actions, map[string]func(*rapid.T){
		"Begin": func(*rapid.T) {
			part.Begin()
			before = append(before, maps.Clone(*model))
		},
		"Commit": func(*rapid.T) {
			if len(before) > 0 {
				part.Commit()
				before = before[1:]
			}
		},
		"Join": func(*rapid.T) {
			if n := len(before); n > 0 {
				part.Join()
				before = before[:n-1]
			}
		},
		"Undo": func(*rapid.T) {
			if n := len(before); n > 0 {
				part.Undo()
				*model, before = before[n-1], before[:n-1]
			}
		},
		"Rollback": func(*rapid.T) {
			part.Rollback()
			if len(before) > 0 {
				*model = before[0]
			}
			before = nil
		},
	})
	return actions
}

// The model of a Table keeps a copy of the whole map for each open group: the map
// as it was when the group began.
func TestATableTakesBackWhatIsNotFinal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var table ledger.Table[int, int]
		model := make(map[int]int)
		t.Repeat(grouped(&table, &model, map[string]func(*rapid.T){
			"Set": func(t *rapid.T) {
				k, v := rapid.IntRange(0, 5).Draw(t, "key"), rapid.IntRange(0, 9).Draw(t, "value")
				table.Set(k, v)
				model[k] = v
			},
			"Delete": func(t *rapid.T) {
				k := rapid.IntRange(0, 5).Draw(t, "key")
				table.Delete(k)
				delete(model, k)
			},
			"": func(t *rapid.T) {
				if got := maps.Collect(table.All()); !maps.Equal(got, model) || table.Len() != len(model) {
					t.Fatalf("table %v of %d, want %v", got, table.Len(), model)
				}
				for k := range 6 {
					want, has := model[k]
					if v, ok := table.Get(k); v != want || ok != has || table.At(k) != want || table.Has(k) != has {
						t.Fatalf("at %d: %d, %t, want %d, %t", k, v, ok, want, has)
					}
				}
			},
		}))
	})
}

// The model of a Column is that of a [ledger.Table], without the rows that are zero.
func TestAColumnTakesBackWhatIsNotFinal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var column ledger.Column[int]
		model := make(map[ledger.Number]int)
		number := rapid.SampledFrom([]ledger.Number{1, 2, 255, 256, 257, 1000})
		t.Repeat(grouped(&column, &model, map[string]func(*rapid.T){
			"Set": func(t *rapid.T) {
				n, v := number.Draw(t, "number"), rapid.IntRange(0, 9).Draw(t, "value")
				column.Set(n, v)
				model[n] = v
			},
			"": func(t *rapid.T) {
				for _, n := range []ledger.Number{0, 1, 2, 3, 254, 255, 256, 257, 258, 1000, 5000} {
					if got := column.At(n); got != model[n] {
						t.Fatalf("at %d: %d, want %d", n, got, model[n])
					}
				}
			},
		}))
	})
}

func TestCommitMakesTheOldestGroupFinal(t *testing.T) {
	t.Parallel()
	var table ledger.Table[string, int]
	table.Set("a", 1)
	table.Begin()
	table.Set("a", 2)
	table.Begin()
	table.Set("a", 3)
	table.Begin()
	table.Delete("a")
	table.Commit()
	table.Rollback()
	if got := table.At("a"); got != 2 {
		t.Errorf("rolled back to %d, want what the first group wrote", got)
	}
}

func TestWritesOutsideAGroupAreFinal(t *testing.T) {
	t.Parallel()
	var table ledger.Table[string, int]
	table.Set("a", 1)
	table.Set("b", 1)
	table.Delete("b")
	table.Rollback()
	table.Begin()
	table.Commit()
	table.Set("c", 1)
	table.Rollback()
	if got := maps.Collect(table.All()); !maps.Equal(got, map[string]int{"a": 1, "c": 1}) {
		t.Errorf("got %v", got)
	}
}

func TestTheZeroTableIsEmpty(t *testing.T) {
	t.Parallel()
	var table ledger.Table[string, int]
	table.Delete("a")
	if _, ok := table.Get("a"); ok || table.Has("a") || table.At("a") != 0 || table.Len() != 0 {
		t.Error("it has a row")
	}
	for range table.All() {
		t.Error("it yields a row")
	}
	table.Begin()
	table.Set("a", 1)
	table.Rollback()
	if table.Len() != 0 {
		t.Error("the row was not taken back")
	}
}

func TestAllStopsWhenAsked(t *testing.T) {
	t.Parallel()
	var table ledger.Table[int, int]
	for k := range 9 {
		table.Set(k, k)
	}
	n := 0
	for range table.All() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("yielded %d rows", n)
	}
}

var (
	_ ledger.Tentative = (*ledger.Table[string, int])(nil)
	_ ledger.Tentative = (*ledger.Column[int])(nil)
)

package merkle_test

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"zhucan/events/merkle"
)

func TestEveryStoredHashIsLocated(t *testing.T) {
	t.Parallel()
	// Rows written one after the other are tlog's dense order.
	var index int64
	var f merkle.Frontier
	for n := range int64(1000) {
		for position := range f.Append(leafHash(uint64(n))) {
			row, at := merkle.Locate(index)
			if row != n || at != position {
				t.Fatalf("index %d: row %d position %d, want %d and %d", index, row, at, n, position)
			}
			index++
		}
	}
	same(t, "hashes of 1000 leaves", index, tlog.StoredHashCount(1000))

	row, at := merkle.Locate(tlog.StoredHashIndex(51, 1))
	same(t, "row of a high node", row, int64(1<<52-1))
	same(t, "position of a high node", at, 51)
}

func TestRowsAreFetchedOnceAscendingWithoutRepetition(t *testing.T) {
	t.Parallel()
	s, _ := grow(leafHashes(8)...)
	var fetched [][]int64
	r := merkle.RowReader(func(rows []int64) (map[int64][]byte, error) {
		fetched = append(fetched, rows)
		return s.rows, nil
	})
	indexes := []int64{
		tlog.StoredHashIndex(3, 0), tlog.StoredHashIndex(0, 2), tlog.StoredHashIndex(0, 7), tlog.StoredHashIndex(1, 0),
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows", fetched, [][]int64{{1, 2, 7}})
	_, f := grow(leafHashes(8)...)
	_, two := grow(leafHashes(2)...)
	if want := []merkle.Hash{f.Root(), leafHash(2), leafHash(7), two.Root()}; !slices.Equal(hashes, want) {
		t.Errorf("hashes are not in the order of the indexes")
	}
}

func TestARowMissingOrOfWrongLengthIsRefused(t *testing.T) {
	t.Parallel()
	spoil := map[string]func(*store){
		"missing":     func(s *store) { delete(s.rows, 7) },
		"empty":       func(s *store) { s.rows[7] = nil },
		"short":       func(s *store) { s.rows[7] = s.rows[7][:127] },
		"a hash less": func(s *store) { s.rows[7] = s.rows[7][:96] },
		"long":        func(s *store) { s.rows[7] = append(s.rows[7], make([]byte, 32)...) },
	}
	for name, f := range spoil {
		s, _ := grow(leafHashes(8)...)
		f(s)
		if _, err := merkle.FrontierAt(8, s.reader()); !errors.Is(err, merkle.ErrStored) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := merkle.Inclusion(8, 7, s.reader()); !errors.Is(err, merkle.ErrStored) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("connection lost")
	r := merkle.RowReader(func([]int64) (map[int64][]byte, error) { return nil, broken })
	if _, err := merkle.Inclusion(8, 7, r); !errors.Is(err, broken) || errors.Is(err, merkle.ErrStored) {
		t.Errorf("fault of the database: %v", err)
	}
}

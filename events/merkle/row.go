package merkle

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Row returns the stored form of what [Frontier.Append] returned: the hashes one
// after the other, without separator. The row with number n, counted from 0, is
// that of leaf n, the record with sequence number n+1; it is written with the
// record and never again.
//
// Row n has one hash for the leaf and one for each trailing 1 bit of n: 32 bytes
// for every even n, and 64 on average. The rows of a log, put one after the
// other, are tlog's stored hashes in their order.
func Row(stored []Hash) []byte {
	row := make([]byte, 0, len(stored)*tlog.HashSize)
	for _, h := range stored {
		row = append(row, h[:]...)
	}
	return row
}

func splitRow(row []byte) []Hash {
	hashes := make([]Hash, 0, len(row)/tlog.HashSize)
	for h := range slices.Chunk(row, tlog.HashSize) {
		hashes = append(hashes, Hash(h))
	}
	return hashes
}

// Locate returns the row in which tlog's stored hash with the given index is
// found, and its position there, counted in hashes: the first byte is
// 32*position. It panics if index is negative.
func Locate(index int64) (row int64, position int) {
	level, n := tlog.SplitStoredHashIndex(index)
	// The subtree is complete with its last leaf, and each row begins at level 0.
	return (n+1)<<level - 1, level
}

// RowReader reads stored hashes from rows. For each ReadHashes it calls fetch
// once, with the numbers of the rows it needs, ascending and without repetition;
// fetch returns their contents by number. A row that is absent or does not have
// the length its number demands is [ErrStored].
func RowReader(fetch func(rows []int64) (map[int64][]byte, error)) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		needed := make(map[int64]bool, len(indexes))
		for _, index := range indexes {
			row, _ := Locate(index)
			needed[row] = true
		}
		numbers := slices.Sorted(maps.Keys(needed))
		rows, err := fetch(numbers)
		if err != nil {
			return nil, fmt.Errorf("fetch rows of hashes: %w", err)
		}
		for _, n := range numbers {
			row, ok := rows[n]
			if !ok {
				return nil, fmt.Errorf("%w: row %d is missing", ErrStored, n)
			}
			want := (1 + bits.TrailingZeros64(^uint64(n))) * tlog.HashSize
			if len(row) != want {
				return nil, fmt.Errorf("%w: row %d has %d bytes, not %d", ErrStored, n, len(row), want)
			}
		}
		hashes := make([]Hash, len(indexes))
		for i, index := range indexes {
			row, position := Locate(index)
			hashes[i] = Hash(rows[row][position*tlog.HashSize:][:tlog.HashSize])
		}
		return hashes, nil
	})
}

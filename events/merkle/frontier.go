package merkle

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// frontierVersion is the first byte of an encoded Frontier.
const frontierVersion = 1

// levels is the number of bits of a size up to MaxSize.
const levels = 53

// A Frontier is the right edge of a tree: the roots of the complete subtrees it
// is made of, at most one of each height. That is all that is needed to append
// leaves and to compute the root. The zero Frontier is the empty tree.
//
// It is a value of about 1.7 kB without pointers: a copy is independent, so a
// caller whose transaction fails goes on from the copy made before, and two
// frontiers of the same tree are equal with ==. It is not safe for concurrent
// use.
type Frontier struct {
	size uint64
	// peaks[i] is the root of the complete subtree of 1<<i leaves if bit i of
	// size is set, and zero otherwise, so that == compares trees.
	peaks [levels]Hash
}

// FrontierAt reads the frontier of the tree of the given size from stored
// hashes, with one call of r. It cannot see whether r told the truth: compare
// [Frontier.Root] with a checkpoint.
func FrontierAt(size uint64, r tlog.HashReader) (Frontier, error) {
	if err := checkSize(size); err != nil {
		return Frontier{}, err
	}
	f := Frontier{size: size}
	if size == 0 {
		return f, nil
	}
	// Higher subtrees stand further left.
	var indexes []int64
	var leaves uint64
	for level := levels - 1; level >= 0; level-- {
		if f.holds(level) {
			indexes = append(indexes, tlog.StoredHashIndex(level, int64(leaves>>level)))
			leaves += 1 << level
		}
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return Frontier{}, fmt.Errorf("read frontier of %d: %w", size, err)
	}
	if len(hashes) != len(indexes) {
		return Frontier{}, fmt.Errorf("%w: %d hashes for %d indexes", ErrStored, len(hashes), len(indexes))
	}
	f.fill(hashes)
	return f, nil
}

// holds says whether the tree has a complete subtree of 1<<level leaves on its
// right edge.
func (f *Frontier) holds(level int) bool { return f.size>>level&1 == 1 }

// fill sets the peaks from hashes, given from the largest subtree down.
func (f *Frontier) fill(hashes []Hash) {
	for level := levels - 1; level >= 0; level-- {
		if f.holds(level) {
			f.peaks[level], hashes = hashes[0], hashes[1:]
		}
	}
}

// Size returns the number of leaves, which is also the sequence number of the
// last record.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds a leaf and returns the hashes it completes: its own, then that of
// each subtree that is complete now, upwards; on average two. They are what
// tlog.StoredHashesForRecordHash returns, and together one [Row].
func (f *Frontier) Append(leaf Hash) (stored []Hash) {
	if f.size >= MaxSize {
		panic("merkle: append to a tree of the largest size")
	}
	merges := bits.TrailingZeros64(^f.size)
	stored = make([]Hash, 1, 1+merges)
	stored[0] = leaf
	for level := range merges {
		leaf = tlog.NodeHash(f.peaks[level], leaf)
		f.peaks[level] = Hash{}
		stored = append(stored, leaf)
	}
	f.peaks[merges] = leaf
	f.size++
	return stored
}

// Root returns the root of the tree: RFC 6962 §2.1, by which the root of the
// empty tree is SHA-256 of the empty string. It costs a hash per subtree.
func (f *Frontier) Root() Hash {
	if f.size == 0 {
		return emptyRoot()
	}
	level := bits.TrailingZeros64(f.size)
	root := f.peaks[level]
	for level++; level < levels; level++ {
		if f.holds(level) {
			root = tlog.NodeHash(f.peaks[level], root)
		}
	}
	return root
}

// emptyRoot is what tlog says of no leaves; it asks no reader and cannot fail.
func emptyRoot() Hash {
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		panic(fmt.Sprintf("merkle: empty tree: %v", err))
	}
	return root
}

// MarshalBinary encodes f as
//
//	1 byte    version, 0x01
//	8 bytes   size, big-endian
//	32 bytes  for each bit set in size, from the highest down: the root of the
//	          complete subtree of that many leaves
//
// A new layout takes the next version byte. The error is always nil.
func (f *Frontier) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 9+bits.OnesCount64(f.size)*tlog.HashSize)
	b = append(b, frontierVersion)
	b = binary.BigEndian.AppendUint64(b, f.size)
	for level := levels - 1; level >= 0; level-- {
		if f.holds(level) {
			b = append(b, f.peaks[level][:]...)
		}
	}
	return b, nil
}

// UnmarshalBinary accepts exactly what [Frontier.MarshalBinary] makes and leaves
// f alone otherwise. Nothing in the bytes shows that the hashes are right:
// compare [Frontier.Root] with a checkpoint.
func (f *Frontier) UnmarshalBinary(b []byte) error {
	if len(b) < 1 {
		return fmt.Errorf("%w: empty frontier", ErrMalformed)
	}
	if b[0] != frontierVersion {
		return fmt.Errorf("%w: frontier version %d", ErrVersion, b[0])
	}
	if len(b) < 9 {
		return fmt.Errorf("%w: frontier of %d bytes", ErrMalformed, len(b))
	}
	size := binary.BigEndian.Uint64(b[1:])
	b = b[9:]
	if err := checkSize(size); err != nil {
		return fmt.Errorf("%w: frontier: %w", ErrMalformed, err)
	}
	if want := bits.OnesCount64(size) * tlog.HashSize; len(b) != want {
		return fmt.Errorf("%w: frontier of size %d has %d bytes of hashes, not %d", ErrMalformed, size, len(b), want)
	}
	*f = Frontier{size: size}
	f.fill(splitRow(b))
	return nil
}

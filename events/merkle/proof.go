package merkle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// An InclusionProof shows that the leaf with a given index is in the tree with a
// given root. Hashes is the audit path of RFC 6962 §2.1.1, from the leaf's
// sibling to a child of the root.
//
// Its JSON form, for reports and screens, is
//
//	{"leaf":"…","index":6,"size":8,"root":"…","hashes":["…","…","…"]}
//
// with hashes as 64 lower-case hexadecimal digits; unknown members are refused.
// Leaf and Root are there to be read: [CheckInclusion] believes neither.
type InclusionProof struct {
	Leaf   Hash
	Index  uint64
	Size   uint64
	Root   Hash
	Hashes []Hash
}

// Inclusion proves that the leaf with the given index is in the tree of the
// given size. An index the tree does not hold is [ErrRange]. The proof has been
// checked: stored hashes that contradict one another are [ErrStored].
func Inclusion(size, index uint64, r tlog.HashReader) (InclusionProof, error) {
	if err := checkSize(size); err != nil {
		return InclusionProof{}, err
	}
	if index >= size {
		return InclusionProof{}, fmt.Errorf("%w: index %d in a tree of %d", ErrRange, index, size)
	}
	leaf, err := r.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
	if err != nil {
		return InclusionProof{}, fmt.Errorf("read leaf %d: %w", index, err)
	}
	if len(leaf) != 1 {
		return InclusionProof{}, fmt.Errorf("%w: %d hashes for one index", ErrStored, len(leaf))
	}
	root, err := tlog.TreeHash(int64(size), r)
	if err != nil {
		return InclusionProof{}, fmt.Errorf("root of %d: %w", size, err)
	}
	hashes, err := tlog.ProveRecord(int64(size), int64(index), r)
	if err != nil {
		return InclusionProof{}, fmt.Errorf("prove leaf %d in %d: %w", index, size, err)
	}
	if err := tlog.CheckRecord(hashes, int64(size), root, int64(index), leaf[0]); err != nil {
		return InclusionProof{}, fmt.Errorf("%w: on the path of leaf %d in %d", ErrStored, index, size)
	}
	return InclusionProof{Leaf: leaf[0], Index: index, Size: size, Root: root, Hashes: hashes}, nil
}

// CheckInclusion checks that p shows the record with sequence number seq and the
// given leaf hash to be under c. The caller has c from [Open] and leaf from
// [Leaf.Hash] over the record in hand; a proof about another leaf, place or tree
// is [ErrProof] even if it is right in itself.
func CheckInclusion(c Checkpoint, seq uint64, leaf Hash, p InclusionProof) error {
	if err := checkSize(c.Size); err != nil {
		return err
	}
	if seq == 0 || seq > c.Size {
		return fmt.Errorf("%w: record %d under a checkpoint of %d", ErrRange, seq, c.Size)
	}
	switch {
	case p.Index != seq-1:
		return fmt.Errorf("%w: it is about index %d, not record %d", ErrProof, p.Index, seq)
	case p.Leaf != leaf:
		return fmt.Errorf("%w: it is about another content of record %d", ErrProof, seq)
	case p.Size != c.Size || p.Root != c.Root:
		return fmt.Errorf("%w: record %d is proved in another tree", ErrProof, seq)
	}
	if err := tlog.CheckRecord(p.Hashes, int64(c.Size), c.Root, int64(p.Index), leaf); err != nil {
		return fmt.Errorf("%w: record %d in a tree of %d", ErrProof, seq, c.Size)
	}
	return nil
}

// A ConsistencyProof shows that a tree begins with all the leaves of an older
// one, unchanged and in their order: RFC 6962 §2.1.2. Between equal sizes, and
// from the empty tree, Hashes is empty. Its JSON form is
//
//	{"old_size":5,"old_root":"…","new_size":8,"new_root":"…","hashes":["…"]}
//
// under the same rules as that of [InclusionProof]; [CheckConsistency] does not
// believe the roots.
type ConsistencyProof struct {
	OldSize uint64
	OldRoot Hash
	NewSize uint64
	NewRoot Hash
	Hashes  []Hash
}

// Consistency proves that the tree of newSize begins with that of oldSize, which
// may be 0. An old size above the new is [ErrRange]. The proof has been checked:
// stored hashes that contradict one another are [ErrStored].
func Consistency(oldSize, newSize uint64, r tlog.HashReader) (ConsistencyProof, error) {
	if err := checkSize(newSize); err != nil {
		return ConsistencyProof{}, err
	}
	if oldSize > newSize {
		return ConsistencyProof{}, fmt.Errorf("%w: old size %d in a tree of %d", ErrRange, oldSize, newSize)
	}
	p := ConsistencyProof{OldSize: oldSize, NewSize: newSize}
	var err error
	if p.OldRoot, err = tlog.TreeHash(int64(oldSize), r); err != nil {
		return ConsistencyProof{}, fmt.Errorf("root of %d: %w", oldSize, err)
	}
	if p.NewRoot, err = tlog.TreeHash(int64(newSize), r); err != nil {
		return ConsistencyProof{}, fmt.Errorf("root of %d: %w", newSize, err)
	}
	if oldSize > 0 {
		if p.Hashes, err = tlog.ProveTree(int64(newSize), int64(oldSize), r); err != nil {
			return ConsistencyProof{}, fmt.Errorf("prove %d in %d: %w", oldSize, newSize, err)
		}
	}
	if err := p.check(); err != nil {
		return ConsistencyProof{}, fmt.Errorf("%w: between %d and %d", ErrStored, oldSize, newSize)
	}
	return p, nil
}

// CheckConsistency checks that p shows next to begin with all of previous. It
// looks at sizes and roots only; [Witness] also knows what a refusal means.
func CheckConsistency(previous, next Checkpoint, p ConsistencyProof) error {
	if p.OldSize != previous.Size || p.OldRoot != previous.Root || p.NewSize != next.Size || p.NewRoot != next.Root {
		return fmt.Errorf("%w: it is about other trees than those of %d and %d", ErrProof, previous.Size, next.Size)
	}
	if err := p.check(); err != nil {
		return fmt.Errorf("%w: from %d to %d: %w", ErrProof, previous.Size, next.Size, err)
	}
	return nil
}

// check checks p against its own sizes and roots. tlog has no proofs about empty
// trees; every tree begins with one.
func (p ConsistencyProof) check() error {
	if err := checkSize(p.NewSize); err != nil {
		return err
	}
	if p.NewSize == 0 && p.NewRoot != emptyRoot() {
		return errors.New("the new tree is empty and its root is not")
	}
	if p.OldSize == 0 {
		if p.OldRoot != emptyRoot() || len(p.Hashes) != 0 {
			return errors.New("the old tree is empty and its root or proof is not")
		}
		return nil
	}
	if p.OldSize > p.NewSize {
		return errors.New("the new tree is smaller")
	}
	return tlog.CheckTree(p.Hashes, int64(p.NewSize), p.NewRoot, int64(p.OldSize), p.OldRoot)
}

// hexHash is a Hash that writes itself as 64 lower-case hexadecimal digits.
type hexHash Hash

func (h hexHash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

func (h *hexHash) UnmarshalText(text []byte) error {
	var got hexHash
	if len(text) != hex.EncodedLen(len(got)) {
		return fmt.Errorf("%w: hash of %d characters", ErrMalformed, len(text))
	}
	if _, err := hex.Decode(got[:], text); err != nil || !bytes.Equal(hex.AppendEncode(nil, got[:]), text) {
		return fmt.Errorf("%w: hash is not lower-case hexadecimal", ErrMalformed)
	}
	*h = got
	return nil
}

func toHex(hashes []Hash) []hexHash {
	s := make([]hexHash, len(hashes))
	for i, h := range hashes {
		s[i] = hexHash(h)
	}
	return s
}

func fromHex(s []hexHash) []Hash {
	hashes := make([]Hash, len(s))
	for i, h := range s {
		hashes[i] = Hash(h)
	}
	return hashes
}

type inclusionJSON struct {
	Leaf   *hexHash  `json:"leaf"`
	Index  *uint64   `json:"index"`
	Size   *uint64   `json:"size"`
	Root   *hexHash  `json:"root"`
	Hashes []hexHash `json:"hashes"`
}

// MarshalJSON writes the form described at [InclusionProof].
func (p InclusionProof) MarshalJSON() ([]byte, error) {
	return json.Marshal(inclusionJSON{(*hexHash)(&p.Leaf), &p.Index, &p.Size, (*hexHash)(&p.Root), toHex(p.Hashes)})
}

// UnmarshalJSON reads the form described at [InclusionProof]; every member must
// be there. What it reads is not yet checked.
func (p *InclusionProof) UnmarshalJSON(data []byte) error {
	var j inclusionJSON
	if err := decodeStrict(data, &j); err != nil {
		return err
	}
	if j.Leaf == nil || j.Index == nil || j.Size == nil || j.Root == nil || j.Hashes == nil {
		return fmt.Errorf("%w: inclusion proof lacks a member", ErrMalformed)
	}
	*p = InclusionProof{Hash(*j.Leaf), *j.Index, *j.Size, Hash(*j.Root), fromHex(j.Hashes)}
	return nil
}

type consistencyJSON struct {
	OldSize *uint64   `json:"old_size"`
	OldRoot *hexHash  `json:"old_root"`
	NewSize *uint64   `json:"new_size"`
	NewRoot *hexHash  `json:"new_root"`
	Hashes  []hexHash `json:"hashes"`
}

// MarshalJSON writes the form described at [ConsistencyProof].
func (p ConsistencyProof) MarshalJSON() ([]byte, error) {
	return json.Marshal(consistencyJSON{&p.OldSize, (*hexHash)(&p.OldRoot), &p.NewSize, (*hexHash)(&p.NewRoot), toHex(p.Hashes)})
}

// UnmarshalJSON reads the form described at [ConsistencyProof]; every member
// must be there. What it reads is not yet checked.
func (p *ConsistencyProof) UnmarshalJSON(data []byte) error {
	var j consistencyJSON
	if err := decodeStrict(data, &j); err != nil {
		return err
	}
	if j.OldSize == nil || j.OldRoot == nil || j.NewSize == nil || j.NewRoot == nil || j.Hashes == nil {
		return fmt.Errorf("%w: consistency proof lacks a member", ErrMalformed)
	}
	*p = ConsistencyProof{*j.OldSize, Hash(*j.OldRoot), *j.NewSize, Hash(*j.NewRoot), fromHex(j.Hashes)}
	return nil
}

func decodeStrict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: proof: %w", ErrMalformed, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("%w: text after the proof", ErrMalformed)
	}
	return nil
}

package merkle_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zhucan/events/merkle"
)

const origin = "ledger.example/zhucan"

// head is the checkpoint of the first n leaves, unsigned.
func head(n uint64) merkle.Checkpoint {
	_, f := grow(leafHashes(n)...)
	return merkle.Checkpoint{Origin: origin, Size: n, Root: f.Root()}
}

// tampered returns hashes with each change that a proof must not survive.
func tampered(hashes []merkle.Hash) map[string][]merkle.Hash {
	all := map[string][]merkle.Hash{
		"a hash appended":  append(slices.Clone(hashes), leafHash(999)),
		"a hash prepended": append([]merkle.Hash{leafHash(999)}, hashes...),
	}
	for i := range hashes {
		flipped := slices.Clone(hashes)
		flipped[i][i%32] ^= 0x10
		all["a bit flipped in hash "+string(rune('a'+i))] = flipped
		all["without hash "+string(rune('a'+i))] = slices.Delete(slices.Clone(hashes), i, i+1)
		if i > 0 {
			swapped := slices.Clone(hashes)
			swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
			all["exchanged up to hash "+string(rune('a'+i))] = swapped
		}
	}
	return all
}

func TestEveryRecordOfSmallLogsIsProved(t *testing.T) {
	t.Parallel()
	s, _ := grow(leafHashes(40)...)
	for size := uint64(1); size <= 40; size++ {
		c := head(size)
		for index := range size {
			p, err := merkle.Inclusion(size, index, s.reader())
			if err != nil {
				t.Fatal(err)
			}
			if p.Root != c.Root || p.Leaf != leafHash(index) || p.Index != index || p.Size != size {
				t.Fatalf("proof of %d in %d says %+v", index, size, p)
			}
			if err := merkle.CheckInclusion(c, index+1, leafHash(index), p); err != nil {
				t.Fatalf("proof of %d in %d: %v", index, size, err)
			}
			for seq := range size + 3 {
				if seq != index+1 && merkle.CheckInclusion(c, seq, leafHash(index), p) == nil {
					t.Fatalf("proof of %d in %d passes for record %d", index, size, seq)
				}
			}
		}
	}
}

func TestATamperedProofOfInclusionIsRefused(t *testing.T) {
	t.Parallel()
	const most = 600
	s, _ := grow(leafHashes(most)...)
	random := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		size := 1 + random.Uint64N(most)
		index := random.Uint64N(size)
		c := head(size)
		good, err := merkle.Inclusion(size, index, s.reader())
		if err != nil {
			t.Fatal(err)
		}
		refused := func(what string, c merkle.Checkpoint, leaf merkle.Hash, p merkle.InclusionProof) {
			t.Helper()
			if err := merkle.CheckInclusion(c, index+1, leaf, p); !errors.Is(err, merkle.ErrProof) {
				t.Errorf("%d in %d, %s: %v", index, size, what, err)
			}
		}
		for what, hashes := range tampered(good.Hashes) {
			p := good
			p.Hashes = hashes
			refused(what, c, good.Leaf, p)
		}
		other := leafHash(5000)
		p := good
		p.Leaf = other
		refused("another leaf claimed", c, good.Leaf, p)
		refused("another leaf in hand", c, other, good)
		refused("another leaf in both", c, other, p)
		p = good
		p.Root = other
		refused("another root", c, good.Leaf, p)
		p = good
		p.Size++
		refused("another size", c, good.Leaf, p)
		p = good
		p.Index ^= 1
		refused("another index", c, good.Leaf, p)
		forged := c
		forged.Root = other
		p = good
		p.Root = other
		refused("the root of another checkpoint", forged, good.Leaf, p)
	}
}

func TestAProofIsAskedWithinTheTree(t *testing.T) {
	t.Parallel()
	s, _ := grow(leafHashes(4)...)
	for _, c := range [][2]uint64{{0, 0}, {4, 4}, {4, 5}, {4, math.MaxUint64}, {merkle.MaxSize + 1, 0}, {math.MaxUint64, 1}} {
		if _, err := merkle.Inclusion(c[0], c[1], s.reader()); !errors.Is(err, merkle.ErrRange) {
			t.Errorf("size %d index %d: %v", c[0], c[1], err)
		}
	}
	for _, c := range [][2]uint64{{5, 4}, {1, 0}, {0, merkle.MaxSize + 1}, {math.MaxUint64, math.MaxUint64}} {
		if _, err := merkle.Consistency(c[0], c[1], s.reader()); !errors.Is(err, merkle.ErrRange) {
			t.Errorf("from %d to %d: %v", c[0], c[1], err)
		}
	}
	p, err := merkle.Inclusion(4, 0, s.reader())
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []uint64{0, 1 << 62, math.MaxInt64, math.MaxUint64} {
		c := merkle.Checkpoint{Origin: origin, Size: size, Root: p.Root}
		p.Size = size
		if err := merkle.CheckInclusion(c, 1, p.Leaf, p); !errors.Is(err, merkle.ErrRange) {
			t.Errorf("check under %d: %v", size, err)
		}
	}
	if err := merkle.CheckInclusion(head(4), 5, p.Leaf, p); !errors.Is(err, merkle.ErrRange) {
		t.Errorf("record 5 under 4: %v", err)
	}
}

// A forged size must neither pass nor keep tlog busy for ever.
func TestAForgedSizeIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	next := head(4)
	for _, size := range []uint64{merkle.MaxSize + 1, 1 << 62, math.MaxInt64, math.MaxUint64} {
		next.Size = size
		p := merkle.ConsistencyProof{OldSize: 4, OldRoot: next.Root, NewSize: size, NewRoot: next.Root, Hashes: leafHashes(3)}
		if err := merkle.CheckConsistency(head(4), next, p); !errors.Is(err, merkle.ErrProof) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

// Invariant 5: damage in the second copy is found when proving.
func TestDamagedHashesAreNotHandedOutAsAProof(t *testing.T) {
	t.Parallel()
	const size = 21
	sound, _ := grow(leafHashes(size)...)
	for n, row := range sound.rows {
		for position := range len(row) / 32 {
			s, _ := grow(leafHashes(size)...)
			s.rows[n][position*32+7] ^= 1
			for index := range uint64(size) {
				p, err := merkle.Inclusion(size, index, s.reader())
				if err == nil && merkle.CheckInclusion(head(size), index+1, leafHash(index), p) == nil {
					continue // the damage is off the path, above or beside it
				}
				// Damage that no other hash contradicts is met by the checkpoint.
				if err == nil && p.Root == head(size).Root {
					t.Errorf("row %d hash %d: proof of %d is wrong under the right root", n, position, index)
				}
				if err != nil && !errors.Is(err, merkle.ErrStored) {
					t.Errorf("row %d hash %d: proof of %d: %v", n, position, index, err)
				}
			}
		}
	}
	s, _ := grow(leafHashes(size)...)
	s.rows[3][0] ^= 1
	if _, err := merkle.Inclusion(size, 3, s.reader()); !errors.Is(err, merkle.ErrStored) {
		t.Errorf("damaged leaf: %v", err)
	}
	s, _ = grow(leafHashes(size)...)
	s.rows[3][32*2] ^= 1 // the first four leaves
	if _, err := merkle.Consistency(6, size, s.reader()); !errors.Is(err, merkle.ErrStored) {
		t.Errorf("damaged node: %v", err)
	}
}

func TestEveryGrowthOfSmallLogsIsProved(t *testing.T) {
	t.Parallel()
	s, _ := grow(leafHashes(33)...)
	for size := range uint64(34) {
		for old := range size + 1 {
			p, err := merkle.Consistency(old, size, s.reader())
			if err != nil {
				t.Fatal(err)
			}
			if err := merkle.CheckConsistency(head(old), head(size), p); err != nil {
				t.Fatalf("from %d to %d: %v", old, size, err)
			}
			for what, hashes := range tampered(p.Hashes) {
				bad := p
				bad.Hashes = hashes
				if err := merkle.CheckConsistency(head(old), head(size), bad); !errors.Is(err, merkle.ErrProof) {
					t.Fatalf("from %d to %d, %s: %v", old, size, what, err)
				}
			}
			for i, bad := range []merkle.ConsistencyProof{p, p, p, p} {
				switch i {
				case 0:
					bad.OldSize++
				case 1:
					bad.NewSize++
				case 2:
					bad.OldRoot[0] ^= 1
				case 3:
					bad.NewRoot[0] ^= 1
				}
				if err := merkle.CheckConsistency(head(old), head(size), bad); !errors.Is(err, merkle.ErrProof) {
					t.Fatalf("from %d to %d, change %d: %v", old, size, i, err)
				}
			}
		}
	}
}

func TestAProofFromTheRootOfAnotherSizeIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := grow(leafHashes(20)...)
	p, err := merkle.Consistency(4, 20, s.reader())
	if err != nil {
		t.Fatal(err)
	}
	lying := head(4)
	lying.Size = 5
	if err := merkle.CheckConsistency(lying, head(20), p); !errors.Is(err, merkle.ErrProof) {
		t.Errorf("the root of 4 passes for that of 5: %v", err)
	}
}

func TestProofsAreReadBackFromJSON(t *testing.T) {
	t.Parallel()
	s, _ := grow(leafHashes(9)...)
	p, err := merkle.Inclusion(9, 8, s.reader())
	if err != nil {
		t.Fatal(err)
	}
	inclusion, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	// One hash on the path: the subtree of the first eight.
	want := `{"leaf":"` + hexOf(leafHash(8)) + `","index":8,"size":9,"root":"` + hexOf(head(9).Root) +
		`","hashes":["` + hexOf(head(8).Root) + `"]}`
	same(t, "inclusion", string(inclusion), want)
	var p2 merkle.InclusionProof
	if err := json.Unmarshal(inclusion, &p2); err != nil || !reflect.DeepEqual(p, p2) {
		t.Errorf("inclusion read back: %v, %v", p2, err)
	}

	c, err := merkle.Consistency(8, 9, s.reader())
	if err != nil {
		t.Fatal(err)
	}
	consistency, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	want = `{"old_size":8,"old_root":"` + hexOf(head(8).Root) + `","new_size":9,"new_root":"` + hexOf(head(9).Root) +
		`","hashes":["` + hexOf(leafHash(8)) + `"]}`
	same(t, "consistency", string(consistency), want)
	var c2 merkle.ConsistencyProof
	if err := json.Unmarshal(consistency, &c2); err != nil || !reflect.DeepEqual(c, c2) {
		t.Errorf("consistency read back: %v, %v", c2, err)
	}

	if b, err := json.Marshal(merkle.ConsistencyProof{}); err != nil || !strings.HasSuffix(string(b), `"hashes":[]}`) {
		t.Errorf("no hashes are written as %s, %v", b, err)
	}
}

func TestMalformedJSONProofsAreRefused(t *testing.T) {
	t.Parallel()
	h := hexOf(leafHash(0))
	good := `{"leaf":"` + h + `","index":0,"size":1,"root":"` + h + `","hashes":[]}`
	if err := new(merkle.InclusionProof).UnmarshalJSON([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]string{
		"no leaf":        strings.Replace(good, `"leaf":"`+h+`",`, "", 1),
		"no index":       strings.Replace(good, `"index":0,`, "", 1),
		"no size":        strings.Replace(good, `"size":1,`, "", 1),
		"no root":        strings.Replace(good, `"root":"`+h+`",`, "", 1),
		"no hashes":      strings.Replace(good, `,"hashes":[]`, "", 1),
		"null hashes":    strings.Replace(good, `[]`, "null", 1),
		"unknown member": strings.Replace(good, `{`, `{"extra":1,`, 1),
		"upper case":     strings.Replace(good, h, strings.ToUpper(h), 1),
		"short hash":     strings.Replace(good, h, h[2:], 1),
		"no hexadecimal": strings.Replace(good, h, "zz"+h[2:], 1),
		"negative index": strings.Replace(good, `"index":0`, `"index":-1`, 1),
		"text after":     good + "{}",
		"null":           "null",
		"empty":          "",
	} {
		if err := new(merkle.InclusionProof).UnmarshalJSON([]byte(bad)); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, bad := range map[string]string{
		"members of the other": good,
		"no hashes":            `{"old_size":0,"old_root":"` + h + `","new_size":1,"new_root":"` + h + `"}`,
		"empty object":         `{}`,
	} {
		if err := new(merkle.ConsistencyProof).UnmarshalJSON([]byte(bad)); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("consistency, %s: %v", what, err)
		}
	}
}

func BenchmarkCheckInclusion(b *testing.B) {
	const size = 1 << 15
	s, f := grow(leafHashes(size)...)
	c := merkle.Checkpoint{Origin: origin, Size: size, Root: f.Root()}
	p, err := merkle.Inclusion(size, 12345, s.reader())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := merkle.CheckInclusion(c, 12346, p.Leaf, p); err != nil {
			b.Fatal(err)
		}
	}
}

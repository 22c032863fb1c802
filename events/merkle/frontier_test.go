package merkle_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"zhucan/events/merkle"
)

// leafHash makes distinct leaf hashes in quantity.
func leafHash(i uint64) merkle.Hash {
	return merkle.Leaf{Seq: i + 1, Subject: "zc.test"}.Hash()
}

// A store keeps rows as a table would, and reads them through RowReader.
type store struct {
	rows map[int64][]byte
}

func (s *store) reader() tlog.HashReader {
	return merkle.RowReader(func(numbers []int64) (map[int64][]byte, error) {
		found := make(map[int64][]byte)
		for _, n := range numbers {
			if row, ok := s.rows[n]; ok {
				found[n] = row
			}
		}
		return found, nil
	})
}

// grow returns the rows of the leaves given, and the frontier after them.
func grow(leaves ...merkle.Hash) (*store, merkle.Frontier) {
	s := &store{rows: make(map[int64][]byte)}
	var f merkle.Frontier
	for i, h := range leaves {
		s.rows[int64(i)] = merkle.Row(f.Append(h))
	}
	return s, f
}

func leafHashes(n uint64) []merkle.Hash {
	leaves := make([]merkle.Hash, n)
	for i := range leaves {
		leaves[i] = leafHash(uint64(i))
	}
	return leaves
}

func TestRootsAreThoseOfCertificateTransparency(t *testing.T) {
	t.Parallel()
	// The vectors of google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc.
	inputs := []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	var f merkle.Frontier
	for i, want := range roots {
		root := f.Root()
		if got := hex.EncodeToString(root[:]); got != want {
			t.Errorf("root of %d: %s, want %s", i, got, want)
		}
		if i < len(inputs) {
			f.Append(tlog.RecordHash(unhex(t, inputs[i])))
		}
	}
}

// Invariants 2, 3 and 4 against tlog's own code, at every size.
func TestFrontierAgreesWithTlogAtEverySize(t *testing.T) {
	t.Parallel()
	var reference []merkle.Hash // tlog's dense order
	dense := tlog.HashReaderFunc(func(indexes []int64) ([]merkle.Hash, error) {
		hashes := make([]merkle.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = reference[index]
		}
		return hashes, nil
	})
	rows := &store{rows: make(map[int64][]byte)}
	var f merkle.Frontier
	for size := range uint64(301) {
		same(t, "size", f.Size(), size)
		want, err := tlog.TreeHash(int64(size), dense)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Root(); got != want {
			t.Fatalf("root of %d: %v, want %v", size, got, want)
		}
		if got, err := tlog.TreeHash(int64(size), rows.reader()); err != nil || got != want {
			t.Fatalf("root of %d from rows: %v, %v", size, got, err)
		}
		for _, r := range []tlog.HashReader{dense, rows.reader()} {
			if got, err := merkle.FrontierAt(size, r); err != nil || got != f {
				t.Fatalf("frontier at %d: %v", size, err)
			}
		}

		stored, err := tlog.StoredHashesForRecordHash(int64(size), leafHash(size), dense)
		if err != nil {
			t.Fatal(err)
		}
		reference = append(reference, stored...)
		got := f.Append(leafHash(size))
		if !slices.Equal(got, stored) {
			t.Fatalf("leaf %d completes %v, want %v", size, got, stored)
		}
		rows.rows[int64(size)] = merkle.Row(got)
	}
}

func TestFrontierAgreesWithTlogAtRandomLargeSizes(t *testing.T) {
	t.Parallel()
	// A tree nobody could fill: every stored hash is made from its index.
	made := tlog.HashReaderFunc(func(indexes []int64) ([]merkle.Hash, error) {
		hashes := make([]merkle.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(index)))
		}
		return hashes, nil
	})
	random := rand.New(rand.NewPCG(1, 2))
	sizes := []uint64{merkle.MaxSize - 1, merkle.MaxSize, merkle.MaxSize - 2, 1 << 51, 1<<40 - 1}
	for range 200 {
		sizes = append(sizes, random.Uint64N(merkle.MaxSize)>>random.IntN(50))
	}
	for _, size := range sizes {
		f, err := merkle.FrontierAt(size, made)
		if err != nil {
			t.Fatal(err)
		}
		want, err := tlog.TreeHash(int64(size), made)
		if err != nil || f.Root() != want || f.Size() != size {
			t.Fatalf("root of %d: %v, want %v, %v", size, f.Root(), want, err)
		}
		if size == merkle.MaxSize {
			continue
		}
		stored, err := tlog.StoredHashesForRecordHash(int64(size), leafHash(0), made)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Append(leafHash(0)); !slices.Equal(got, stored) {
			t.Fatalf("leaf %d completes %v, want %v", size, got, stored)
		}
	}
	if _, err := merkle.FrontierAt(merkle.MaxSize+1, made); !errors.Is(err, merkle.ErrRange) {
		t.Errorf("beyond the largest size: %v", err)
	}
}

func TestACopyOfAFrontierIsIndependent(t *testing.T) {
	t.Parallel()
	_, f := grow(leafHashes(11)...)
	before, root := f, f.Root()
	for i := range uint64(20) {
		f.Append(leafHash(100 + i))
	}
	if before.Root() != root || before.Size() != 11 {
		t.Error("the copy moved with the original")
	}
}

func TestFrontierIsReadBackFromItsBytes(t *testing.T) {
	t.Parallel()
	var f merkle.Frontier
	for size := range uint64(130) {
		b, err := f.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		got := merkle.Frontier{}
		if err := got.UnmarshalBinary(b); err != nil || got != f {
			t.Fatalf("size %d: %v", size, err)
		}
		for n := range b {
			if err := got.UnmarshalBinary(b[:n]); !errors.Is(err, merkle.ErrMalformed) {
				t.Fatalf("size %d cut to %d bytes: %v", size, n, err)
			}
		}
		if err := got.UnmarshalBinary(append(slices.Clone(b), 0)); !errors.Is(err, merkle.ErrMalformed) {
			t.Fatalf("size %d with a byte too many: %v", size, err)
		}
		if got != f {
			t.Fatalf("size %d: a refused encoding changed the frontier", size)
		}
		f.Append(leafHash(size))
	}
}

func TestEncodedFrontierIsThatOfTheVector(t *testing.T) {
	t.Parallel()
	// Three leaves of the vectors above: the subtree of two, then the third leaf.
	var f merkle.Frontier
	for _, input := range []string{"", "00", "10"} {
		f.Append(tlog.RecordHash(unhex(t, input)))
	}
	b, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "bytes", hex.EncodeToString(b), "01"+"0000000000000003"+
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"+
		"0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7")

	b[0] = 2
	if err := f.UnmarshalBinary(b); !errors.Is(err, merkle.ErrVersion) {
		t.Errorf("version 2: %v", err)
	}
	beyond := binary.BigEndian.AppendUint64([]byte{1}, merkle.MaxSize+1)
	if err := f.UnmarshalBinary(append(beyond, make([]byte, 64)...)); !errors.Is(err, merkle.ErrMalformed) {
		t.Errorf("beyond the largest size: %v", err)
	}
}

// The tamper matrix of a whole log: each edit of the records, and only that,
// gives another root or another size.
func TestEveryEditOfTheRecordsChangesTheRoot(t *testing.T) {
	t.Parallel()
	records := func() []merkle.Leaf {
		var r []merkle.Leaf
		for i := range 13 {
			r = append(r, merkle.Leaf{Seq: uint64(i + 1), Subject: "zc.test", Header: []byte{1}, Data: []byte{byte(i), 0}})
		}
		return r
	}
	root := func(r []merkle.Leaf) merkle.Hash {
		var f merkle.Frontier
		for _, l := range r {
			f.Append(l.Hash())
		}
		return f.Root()
	}
	want := root(records())
	if root(records()) != want {
		t.Fatal("the same records have two roots")
	}
	for i := range records() {
		edits := map[string]func([]merkle.Leaf) []merkle.Leaf{
			"seq":     func(r []merkle.Leaf) []merkle.Leaf { r[i].Seq++; return r },
			"subject": func(r []merkle.Leaf) []merkle.Leaf { r[i].Subject = "zc.tesu"; return r },
			"header":  func(r []merkle.Leaf) []merkle.Leaf { r[i].Header[0]++; return r },
			"data":    func(r []merkle.Leaf) []merkle.Leaf { r[i].Data[1]++; return r },
			"drop":    func(r []merkle.Leaf) []merkle.Leaf { return slices.Delete(r, i, i+1) },
			"repeat":  func(r []merkle.Leaf) []merkle.Leaf { return slices.Insert(r, i, r[i]) },
			"cut":     func(r []merkle.Leaf) []merkle.Leaf { return r[:i] },
			"insert": func(r []merkle.Leaf) []merkle.Leaf {
				return slices.Insert(r, i, merkle.Leaf{Seq: uint64(i + 1), Subject: "zc.test"})
			},
			"drop and renumber": func(r []merkle.Leaf) []merkle.Leaf {
				r = slices.Delete(r, i, i+1)
				for k := range r {
					r[k].Seq = uint64(k + 1)
				}
				return r
			},
		}
		for j := range i {
			edits["exchange with "+strconv.Itoa(j)] = func(r []merkle.Leaf) []merkle.Leaf {
				r[i], r[j] = r[j], r[i]
				return r
			}
			edits["exchange and renumber with "+strconv.Itoa(j)] = func(r []merkle.Leaf) []merkle.Leaf {
				r[i], r[j] = r[j], r[i]
				r[i].Seq, r[j].Seq = r[j].Seq, r[i].Seq
				return r
			}
		}
		for name, edit := range edits {
			if root(edit(records())) == want {
				t.Errorf("%s at %d: the root did not change", name, i)
			}
		}
	}
}

func BenchmarkFrontierAppend(b *testing.B) {
	var f merkle.Frontier
	h := leafHash(0)
	b.ReportAllocs()
	for b.Loop() {
		f.Append(h)
	}
}

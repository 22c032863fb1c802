package merkle_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"zhucan/events/merkle"
)

var sample = merkle.Leaf{
	Seq:     7,
	Subject: "zc.1",
	Header:  []byte{0x0a, 0x0b},
	Data:    []byte("{}"),
}

// The vectors were written by another program, in another language, from the
// comment on AppendLeaf alone.
func TestPreImageAndHashAreThoseOfTheVectors(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/leaf.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name, Seq, Subject, Header, Data, Hash string
		PreImage                               string `json:"pre_image"`
	}
	if err := json.Unmarshal(file, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 6 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, v := range vectors {
		seq, err := strconv.ParseUint(v.Seq, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		l := merkle.Leaf{Seq: seq, Subject: v.Subject, Header: unhex(t, v.Header), Data: unhex(t, v.Data)}
		pre := merkle.AppendLeaf(nil, l)
		if got := hex.EncodeToString(pre); got != v.PreImage {
			t.Errorf("%s: pre-image %s, want %s", v.Name, got, v.PreImage)
		}
		h := l.Hash()
		if got := hex.EncodeToString(h[:]); got != v.Hash {
			t.Errorf("%s: hash %s, want %s", v.Name, got, v.Hash)
		}
		back, err := merkle.ParseLeaf(pre)
		if err != nil || !sameLeaf(back, l) {
			t.Errorf("%s: read back as %+v, %v", v.Name, back, err)
		}
	}
}

func TestHashIsTheRecordHashOfThePreImage(t *testing.T) {
	t.Parallel()
	// 1,600 bytes and more do not fit the buffer on the stack.
	for _, n := range []int{0, 1, 55, 64, 800, 1500, 1536, 1600, 100_000} {
		l := merkle.Leaf{Seq: 1, Subject: "zc.1", Data: bytes.Repeat([]byte{0xa5}, n)}
		if got, want := l.Hash(), tlog.RecordHash(merkle.AppendLeaf(nil, l)); got != want {
			t.Errorf("%d bytes: %v, want %v", n, got, want)
		}
	}
}

func TestAppendLeafKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	got := merkle.AppendLeaf([]byte("before"), sample)
	if want := append([]byte("before"), merkle.AppendLeaf(nil, sample)...); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestEveryChangeOfALeafChangesItsHash(t *testing.T) {
	t.Parallel()
	l := merkle.Leaf{Seq: 300, Subject: "zc.ledger", Header: []byte{0, 0, 0, 1, 'k'}, Data: []byte(`{"fen":"120000"}`)}
	seen := map[merkle.Hash]string{l.Hash(): "untouched"}
	expectNew := func(what string, l merkle.Leaf) {
		t.Helper()
		h := l.Hash()
		if other, ok := seen[h]; ok {
			t.Errorf("%s has the hash of %s", what, other)
		}
		seen[h] = what
	}
	flip := func(b []byte, i, bit int) []byte {
		b = bytes.Clone(b)
		b[i] ^= 1 << bit
		return b
	}
	for bit := range 64 {
		changed := l
		changed.Seq ^= 1 << bit
		expectNew("seq bit "+strconv.Itoa(bit), changed)
	}
	for bit := range 8 {
		for i := range l.Subject {
			changed := l
			changed.Subject = string(flip([]byte(l.Subject), i, bit))
			expectNew("subject byte "+strconv.Itoa(i)+"."+strconv.Itoa(bit), changed)
		}
		for i := range l.Header {
			changed := l
			changed.Header = flip(l.Header, i, bit)
			expectNew("header byte "+strconv.Itoa(i)+"."+strconv.Itoa(bit), changed)
		}
		for i := range l.Data {
			changed := l
			changed.Data = flip(l.Data, i, bit)
			expectNew("data byte "+strconv.Itoa(i)+"."+strconv.Itoa(bit), changed)
		}
	}
}

func TestEveryFlippedBitOfAPreImageIsAnotherLeafOrRefused(t *testing.T) {
	t.Parallel()
	pre := merkle.AppendLeaf(nil, sample)
	for i := range pre {
		for bit := range 8 {
			changed := bytes.Clone(pre)
			changed[i] ^= 1 << bit
			l, err := merkle.ParseLeaf(changed)
			switch {
			case i == 0:
				if !errors.Is(err, merkle.ErrVersion) {
					t.Errorf("version byte %d: %v", changed[0], err)
				}
			case err != nil:
				if !errors.Is(err, merkle.ErrMalformed) {
					t.Errorf("byte %d bit %d: %v", i, bit, err)
				}
			case l.Hash() == sample.Hash():
				t.Errorf("byte %d bit %d: the hash did not change", i, bit)
			}
		}
	}
	for n := range pre {
		if _, err := merkle.ParseLeaf(pre[:n]); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	if _, err := merkle.ParseLeaf(append(bytes.Clone(pre), 0)); !errors.Is(err, merkle.ErrMalformed) {
		t.Errorf("with a byte too many: %v", err)
	}
}

// moved returns l with n bytes shifted across each border between its fields,
// in both directions.
func moved(l merkle.Leaf, n int) []merkle.Leaf {
	var all []merkle.Leaf
	add := func(subject string, header, data []byte) {
		all = append(all, merkle.Leaf{Seq: l.Seq, Subject: subject, Header: header, Data: data})
	}
	join := func(a, b []byte) []byte { return append(bytes.Clone(a), b...) }
	if k := len(l.Subject); k >= n {
		add(l.Subject[:k-n], join([]byte(l.Subject[k-n:]), l.Header), l.Data)
	}
	if k := len(l.Header); k >= n {
		add(l.Subject+string(l.Header[:n]), l.Header[n:], l.Data)
		add(l.Subject, l.Header[:k-n], join(l.Header[k-n:], l.Data))
	}
	if len(l.Data) >= n {
		add(l.Subject, join(l.Header, l.Data[:n]), l.Data[n:])
	}
	return all
}

func TestDifferentLeavesHaveDifferentPreImages(t *testing.T) {
	t.Parallel()
	// Few letters and short fields, so that leaves are often nearly the same.
	gen := rapid.Custom(func(t *rapid.T) merkle.Leaf {
		field := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a'}), 0, 6)
		return merkle.Leaf{
			Seq:     rapid.Uint64Range(0, 2).Draw(t, "seq"),
			Subject: string(field.Draw(t, "subject")),
			Header:  field.Draw(t, "header"),
			Data:    field.Draw(t, "data"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		if bytes.Equal(merkle.AppendLeaf(nil, a), merkle.AppendLeaf(nil, b)) != sameLeaf(a, b) {
			t.Fatalf("%+v and %+v share a pre-image", a, b)
		}
	})
}

func FuzzLeafPreimage(f *testing.F) {
	f.Add(uint64(7), "zc.1", []byte{0x0a, 0x0b}, []byte("{}"), uint8(1))
	f.Add(uint64(0), "", []byte{}, []byte{}, uint8(0))
	f.Add(uint64(1), "ab", []byte{0, 0, 0, 1}, []byte{0, 0, 0, 2, 'x', 'y'}, uint8(4))
	f.Fuzz(func(t *testing.T, seq uint64, subject string, header, data []byte, n uint8) {
		l := merkle.Leaf{Seq: seq, Subject: subject, Header: header, Data: data}
		pre := merkle.AppendLeaf(nil, l)
		back, err := merkle.ParseLeaf(pre)
		if err != nil || !sameLeaf(back, l) {
			t.Fatalf("%+v is read back as %+v, %v", l, back, err)
		}
		for _, other := range moved(l, int(n)) {
			if n > 0 && bytes.Equal(merkle.AppendLeaf(nil, other), pre) {
				t.Fatalf("%+v and %+v share a pre-image", l, other)
			}
		}
		// Any bytes at all are refused, or are the pre-image of what they say.
		if l, err := merkle.ParseLeaf(data); err == nil && !bytes.Equal(merkle.AppendLeaf(nil, l), data) {
			t.Fatalf("%x reads as %+v, whose pre-image is another", data, l)
		}
	})
}

func TestHashOfACommonRecordDoesNotAllocate(t *testing.T) {
	l := leaf800()
	if n := testing.AllocsPerRun(100, func() { l.Hash() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLeafHash(b *testing.B) {
	l := leaf800()
	b.ReportAllocs()
	for b.Loop() {
		l.Hash()
	}
}

func leaf800() merkle.Leaf {
	return merkle.Leaf{Seq: 1 << 20, Subject: "zc.ledger.220100", Header: make([]byte, 150), Data: make([]byte, 634)}
}

func sameLeaf(a, b merkle.Leaf) bool {
	// An absent field and an empty one are the same.
	return a.Seq == b.Seq && a.Subject == b.Subject && bytes.Equal(a.Header, b.Header) && bytes.Equal(a.Data, b.Data)
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

package ledger

import "hash/maphash"

// A Number stands for a name or a value in the rows of a state: four bytes without a
// pointer, where a string has sixteen and its text. A table of numbers is small, and
// the garbage collector does not look into it. Numbers begin at 1; 0 is none. They are
// a state's own: nothing that is decided depends on which they are.
type Number uint32

// Names numbers identifiers, of which there may be millions. A name keeps its number
// for ever; it is not taken back, for one that no row refers to says nothing. The zero
// Names is empty and ready to use.
type Names[ID ~string] struct {
	numbers map[uint32]Number // by hash; where two collide the second has the next free one
	blocks  []*block
	n       int
}

// A block is the text of names that follow one another.
type block struct {
	text []byte
	ends [blockSize]uint32
}

const blockSize = 256

var nameSeed = maphash.MakeSeed()

func hashOf[ID ~string](id ID) uint32 { return uint32(maphash.String(nameSeed, string(id))) }

// Find returns the number of id, or 0 when it has none.
func (t *Names[ID]) Find(id ID) Number {
	for h := hashOf(id); ; h++ {
		n, ok := t.numbers[h]
		if !ok || string(t.text(n)) == string(id) {
			return n
		}
	}
}

// Number returns the number of id, which it gets now if it has none.
func (t *Names[ID]) Number(id ID) Number {
	h := hashOf(id)
	for ; ; h++ {
		n, ok := t.numbers[h]
		if !ok {
			break
		}
		if string(t.text(n)) == string(id) {
			return n
		}
	}
	if t.numbers == nil {
		t.numbers = make(map[uint32]Number)
	}
	at := t.n % blockSize
	if at == 0 {
		t.blocks = append(t.blocks, &block{})
	}
	b := t.blocks[len(t.blocks)-1]
	b.text = append(b.text, id...)
	b.ends[at] = uint32(len(b.text))
	if at == blockSize-1 {
		b.text = append(make([]byte, 0, len(b.text)), b.text...) // no longer than it must be
	}
	t.n++
	t.numbers[h] = numberOf(t.n)
	return t.numbers[h]
}

// Name returns what n stands for, or "" for 0.
func (t *Names[ID]) Name(n Number) ID {
	if n == 0 {
		return ""
	}
	return ID(t.text(n))
}

func (t *Names[ID]) text(n Number) []byte {
	b, at := t.blocks[(n-1)/blockSize], (n-1)%blockSize
	begin := uint32(0)
	if at > 0 {
		begin = b.ends[at-1]
	}
	return b.text[begin:b.ends[at]]
}

// numberOf panics when there are no more numbers.
func numberOf(n int) Number {
	if int(Number(n)) != n {
		panic("ledger: more than 4294967295 names")
	}
	return Number(n)
}

// Values numbers values of which there are few, such as budget lines, as [Names] does
// identifiers. The zero Values is empty and ready to use.
type Values[V comparable] struct {
	numbers map[V]Number
	all     []V
}

// Find returns the number of v, or 0 when it has none.
func (t *Values[V]) Find(v V) Number { return t.numbers[v] }

// Number returns the number of v, which it gets now if it has none.
func (t *Values[V]) Number(v V) Number {
	if n, ok := t.numbers[v]; ok {
		return n
	}
	if t.numbers == nil {
		t.numbers = make(map[V]Number)
	}
	t.all = append(t.all, v)
	n := numberOf(len(t.all))
	t.numbers[v] = n
	return n
}

// Value returns what n stands for, or the zero value for 0.
func (t *Values[V]) Value(n Number) (v V) {
	if n == 0 {
		return v
	}
	return t.all[n-1]
}

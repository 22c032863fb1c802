package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// leafVersion is the first byte of every pre-image.
const leafVersion = 1

// A Leaf is a record as the tree sees it. Its index in the tree is Seq-1.
type Leaf struct {
	Seq     uint64 // in the stream, from 1
	Subject string
	Header  []byte // the record's own headers, in the canonical encoding of package events; opaque here
	Data    []byte // the payload, byte for byte
}

// Hash returns SHA-256(0x00 ‖ [AppendLeaf](nil, l)): the leaf hash of RFC 6962
// §2.1, equal to tlog.RecordHash of the pre-image. It does not allocate for
// records up to some 1,500 bytes.
func (l Leaf) Hash() Hash {
	var buf [1536]byte
	return sha256.Sum256(AppendLeaf(append(buf[:0], 0x00), l))
}

// AppendLeaf appends the pre-image of l to dst: the bytes that an auditor hashes
// to find the leaf again. Version 1 is
//
//	1 byte   version, 0x01
//	8 bytes  Seq, big-endian
//	4 bytes  length of Subject in bytes, big-endian; then Subject
//	4 bytes  length of Header in bytes, big-endian; then Header
//	4 bytes  length of Data in bytes, big-endian; then Data
//
// and nothing after it. For example Seq 7, Subject "zc.1", Header 0x0a0b and
// Data "{}" give
//
//	01 0000000000000007 00000004 7a632e31 00000002 0a0b 00000002 7b7d
//
// whose leaf hash is
//
//	78bdddfa212fb612c1730d8ed5a727973141d05ec8d883ff830c943a848d54ff
//
// More vectors are in testdata/leaf.v1.json.
//
// To extend it: a new layout takes the next version byte and its own vectors.
// Leaf then gets a Version field, filled from the record, whose zero value means
// 1; leaves once hashed keep their version, and Hash, AppendLeaf and [ParseLeaf]
// know every version for ever. A layout once released never changes.
//
// AppendLeaf panics if a field is longer than its length prefix can say: cutting
// the length would let two leaves share a pre-image.
func AppendLeaf(dst []byte, l Leaf) []byte {
	dst = append(dst, leafVersion)
	dst = binary.BigEndian.AppendUint64(dst, l.Seq)
	dst = append(appendLength(dst, len(l.Subject)), l.Subject...)
	dst = append(appendLength(dst, len(l.Header)), l.Header...)
	dst = append(appendLength(dst, len(l.Data)), l.Data...)
	return dst
}

func appendLength(dst []byte, n int) []byte {
	if uint64(n) > math.MaxUint32 {
		panic(fmt.Sprintf("merkle: leaf field of %d bytes", n))
	}
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}

// ParseLeaf reads a pre-image back. It accepts exactly what [AppendLeaf] makes,
// and refuses other versions with [ErrVersion]. Header and Data share the
// storage of preImage.
func ParseLeaf(preImage []byte) (Leaf, error) {
	if len(preImage) == 0 {
		return Leaf{}, fmt.Errorf("%w: empty pre-image", ErrMalformed)
	}
	if v := preImage[0]; v != leafVersion {
		return Leaf{}, fmt.Errorf("%w: leaf version %d", ErrVersion, v)
	}
	b := preImage[1:]
	if len(b) < 8 {
		return Leaf{}, fmt.Errorf("%w: pre-image of %d bytes", ErrMalformed, len(preImage))
	}
	l := Leaf{Seq: binary.BigEndian.Uint64(b)}
	b = b[8:]

	var fields [3][]byte
	for i := range fields {
		if len(b) < 4 {
			return Leaf{}, fmt.Errorf("%w: pre-image ends before field %d", ErrMalformed, i+1)
		}
		n := uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n > uint64(len(b)) {
			return Leaf{}, fmt.Errorf("%w: pre-image ends within field %d", ErrMalformed, i+1)
		}
		fields[i], b = b[:n:n], b[n:]
	}
	if len(b) != 0 {
		return Leaf{}, fmt.Errorf("%w: %d bytes after the pre-image", ErrMalformed, len(b))
	}
	l.Subject, l.Header, l.Data = string(fields[0]), fields[1], fields[2]
	return l, nil
}

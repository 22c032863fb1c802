package ledger

import (
	"crypto/sha256"
	"encoding/binary"
)

// Digest returns the first half of SHA-256 over parts, each after its length, so
// that no two lists of parts run into each other. It stands for them where a state
// must recognise what it need not repeat.
func Digest(parts ...string) [16]byte {
	b := make([]byte, 0, 512)
	for _, s := range parts {
		b = AppendPart(b, s)
	}
	return DigestParts(b)
}

// AppendPart writes a part after its length behind b, for [DigestParts].
func AppendPart[S ~string | ~[]byte](b []byte, s S) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// DigestParts is [Digest] of parts that [AppendPart] wrote one behind the other.
func DigestParts(b []byte) [16]byte {
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

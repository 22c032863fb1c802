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
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

package merkle

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Witness is the rule by which an outsider agrees to a checkpoint: next must
// contain all that previous, the last one agreed to, contained. A witness that
// has seen nothing yet passes the zero Checkpoint, and takes the first one on
// trust. Both come from [Open].
//
// It refuses, in this order, another log ([ErrOrigin]), fewer records
// ([ErrRollback]), the same number with another content ([ErrFork]), and a proof
// that does not show next to continue previous ([ErrProof]). The witness stores
// next before it gives its signature away, and lets no second checkpoint in
// between: else an older one could follow a newer.
func Witness(previous, next Checkpoint, proof ConsistencyProof) error {
	if err := next.check(); err != nil {
		return err
	}
	if previous == (Checkpoint{}) {
		previous = Checkpoint{Origin: next.Origin, Root: emptyRoot()}
	}
	switch {
	case next.Origin != previous.Origin:
		return fmt.Errorf("%w: %q after %q", ErrOrigin, next.Origin, previous.Origin)
	case next.Size < previous.Size:
		return fmt.Errorf("%w: %d records after %d", ErrRollback, next.Size, previous.Size)
	case next.Size == previous.Size && next.Root != previous.Root:
		return fmt.Errorf("%w: %d records, roots %s and %s", ErrFork, next.Size, previous.Root, next.Root)
	}
	return CheckConsistency(previous, next, proof)
}

// An Update is what a log sends its witness: a new signed checkpoint, and the
// proof that it continues the one of OldSize, or nothing if that is 0.
type Update struct {
	OldSize    uint64
	Hashes     []Hash
	Checkpoint []byte // the signed note, byte for byte
}

// Check opens u's checkpoint and applies [Witness] to it. It returns the
// checkpoint to be remembered, and to be signed with [Cosign].
func (u Update) Check(previous Checkpoint, known note.Verifiers) (Checkpoint, error) {
	next, _, err := Open(u.Checkpoint, known)
	if err != nil {
		return Checkpoint{}, err
	}
	old := previous.Root
	if previous == (Checkpoint{}) {
		old = emptyRoot()
	}
	proof := ConsistencyProof{OldSize: u.OldSize, OldRoot: old, NewSize: next.Size, NewRoot: next.Root, Hashes: u.Hashes}
	if err := Witness(previous, next, proof); err != nil {
		return Checkpoint{}, err
	}
	return next, nil
}

// MarshalText writes the add-checkpoint request of https://c2sp.org/tlog-witness:
//
//	old <size in decimal>
//	<base64 hash>, a line for each
//
//	<the signed checkpoint>
func (u Update) MarshalText() ([]byte, error) {
	if len(u.Hashes) > maxHashes || u.OldSize > MaxSize || len(u.Checkpoint) == 0 {
		return nil, fmt.Errorf("%w: update with %d hashes from %d and %d bytes of checkpoint", ErrMalformed, len(u.Hashes), u.OldSize, len(u.Checkpoint))
	}
	b := fmt.Appendf(nil, "old %d\n", u.OldSize)
	return appendProof(b, u.Hashes, u.Checkpoint), nil
}

// UnmarshalText accepts exactly what [Update.MarshalText] makes. The checkpoint
// in it is not opened, nor the proof checked: see [Update.Check].
func (u *Update) UnmarshalText(text []byte) error {
	head, checkpoint, _ := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	size, err := parseNumber(lines[0], "old ")
	if err != nil {
		return err
	}
	hashes, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	got := Update{OldSize: size, Hashes: hashes, Checkpoint: []byte(checkpoint)}
	again, err := got.MarshalText()
	if err != nil {
		return err
	}
	if !slices.Equal(again, text) {
		return fmt.Errorf("%w: update is not in its canonical form", ErrMalformed)
	}
	*u = got
	return nil
}

// Package merkle holds the proof layer: the leaf hash, the tree, proofs and
// signed checkpoints that let anyone see whether the log was altered.
//
// Every record of the log is a leaf of a Merkle tree as RFC 6962 (Certificate
// Transparency) defines it, in the order of the stream: the record with
// sequence number s is the leaf with index s-1. The root of the tree at a given
// size stands for every byte of every record up to there. A [Checkpoint] is
// that root, signed; a [Certificate] shows that one record is under it; an
// [Update] shows that a later checkpoint only adds to an earlier one. All of
// them are checked offline, with a public key and nothing else.
//
// The package is pure: it reads stored hashes through [tlog.HashReader], and
// knows neither the stream nor the database.
//
// # Invariants
//
//  1. Two different leaves never have the same pre-image: fields are delimited
//     by their lengths and the first byte names the layout ([AppendLeaf]).
//  2. Nodes, roots and proofs are those of RFC 6962 §2.1 and of package tlog,
//     so that other programs can check them.
//  3. A [Frontier] of size n gives the root that tlog gives for n leaves, and a
//     copy of it is independent of the original.
//  4. Row n of the stored hashes holds exactly the hashes that leaf n completes,
//     and is never changed afterwards ([Row], [Locate]).
//  5. No proof is handed out that does not check: [Inclusion] and [Consistency]
//     check their own result.
//  6. A proof is checked against a checkpoint the caller trusts, never against
//     the root that came with the proof ([CheckInclusion], [CheckConsistency]).
//  7. What [Open] returns was signed by a known key that bears the name of the
//     log, and is formatted in the only way a checkpoint can be.
//  8. A witness agrees only to a log that grew: [Witness] tells a smaller log
//     ([ErrRollback]) from a rewritten one ([ErrFork]) and both from a proof
//     that shows nothing ([ErrProof]).
//
// # Failures
//
// Each is a sentinel, found with [errors.Is]. None is ever to be retried,
// except ErrRange when the log has grown meanwhile.
//
//   - [ErrMalformed]: bytes or text that no function of this package makes.
//   - [ErrVersion]: an encoding newer than this program. The check is
//     incomplete, not failed: verify with a newer program.
//   - [ErrRange]: a size or an index outside the tree, such as a record the
//     checkpoint does not cover yet.
//   - [ErrStored]: stored hashes are missing, have a wrong length or contradict
//     one another. The second copy is damaged; the log itself may be sound.
//   - [ErrProof]: a proof does not show what it is said to show.
//   - [ErrUnknownKey], [ErrSignature], [ErrOrigin]: nobody we know signed the
//     checkpoint; somebody we know did not sign this text; it is not the log's
//     own signature, or another log's checkpoint.
//   - [ErrRollback], [ErrFork]: history was cut or rewritten. Keep both signed
//     checkpoints: together they prove it.
//
// A field longer than four gigabytes, a tree larger than [MaxSize] and a
// negative index are programmer's errors, and panic.
//
// # What is proved
//
// That no record was changed, removed, inserted or moved after a checkpoint
// over it had left the operator's hands. Not that what was entered was true,
// and nothing about the time before the first checkpoint was published: as long
// as one operator holds every copy, a tree proves nothing. Therefore the
// evaluator keeps each checkpoint, applies [Witness] to the next, and adds a
// signature of its own with [Cosign].
//
// # Design
//
//   - golang.org/x/mod/sumdb/tlog and note, the code behind the Go checksum
//     database, rather than Trillian or Tessera: those give a record its place
//     in the tree themselves, and here the stream has done so already.
//   - A chain of hashes was rejected: to check one record it takes all the
//     others, whereas a proof of inclusion in a million leaves is 20 hashes.
//   - Checkpoints are those of https://c2sp.org/tlog-checkpoint, and not
//     tlog.FormatTree, whose first line always says "go.sum database tree".
//     Certificates are https://c2sp.org/tlog-proof, updates the request of
//     https://c2sp.org/tlog-witness. JSON forms, for reports and screens, carry
//     hashes in hexadecimal; the texts above carry them in base64, as specified.
//   - Open demands the log's own signature, which the specification only
//     recommends: with the witness's key on the same list, a text that only the
//     witness signed would otherwise pass for the log's word.
//   - A witness signs with plain Ed25519 notes (type 0x01), not with timestamped
//     cosignatures (type 0x04): the pages on which checkpoints are published are
//     dated, and the format is read by note.Open alone.
//   - A signature by SM2 can stand beside Ed25519 on the same note:
//     [note.Signer] and [note.Verifier] are interfaces. The tree itself stays on
//     SHA-256.
//   - The time at which the server stored a record is not in the leaf: a
//     restored or mirrored stream is the same log. The record's own time is in
//     its header.
package merkle

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// A Hash is the SHA-256 hash of a leaf or node. Its String and JSON forms are
// base64; the proofs of this package write hexadecimal in JSON instead.
type Hash = tlog.Hash

// MaxSize is the largest tree this package handles. Up to it tlog's arithmetic
// is sound (beyond 1<<62 leaves some of its loops do not end, so that a forged
// size could hang a verifier) and a JSON number is exact in every reader.
const MaxSize = 1 << 52

// maxHashes bounds the hashes of one proof, as https://c2sp.org/tlog-witness does.
const maxHashes = 63

// What can be wrong with a proof, and who must act, is told in the package
// comment under Failures.
var (
	ErrMalformed  = errors.New("merkle: malformed")
	ErrVersion    = errors.New("merkle: encoding newer than this program")
	ErrRange      = errors.New("merkle: outside the tree")
	ErrStored     = errors.New("merkle: stored hashes are missing or contradict one another")
	ErrProof      = errors.New("merkle: proof does not hold")
	ErrUnknownKey = errors.New("merkle: not signed by any known key")
	ErrSignature  = errors.New("merkle: signature does not fit the text")
	ErrOrigin     = errors.New("merkle: not this log")
	ErrRollback   = errors.New("merkle: the log has become shorter")
	ErrFork       = errors.New("merkle: two different logs of one size")
)

// checkSize refuses sizes with which tlog must not be called.
func checkSize(size uint64) error {
	if size > MaxSize {
		return fmt.Errorf("%w: size %d exceeds %d", ErrRange, size, uint64(MaxSize))
	}
	return nil
}

package merkle

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// proofHeader is the first line of https://c2sp.org/tlog-proof.
const proofHeader = "c2sp.org/tlog-proof@v1"

// A Certificate is one record with everything that shows it to be in the log:
// its leaf, the path from there to the root, and the signed checkpoint with that
// root. For a record of 300 bytes in a log of a million it is some 1,700 bytes
// of text, and fits a QR code.
type Certificate struct {
	Leaf       Leaf
	Hashes     []Hash // of the [InclusionProof]
	Checkpoint []byte // the signed note, byte for byte
}

// Check opens the checkpoint with the known keys and checks that the leaf is
// under it, in the place its sequence number says. What the record says is then
// as the log has it; nothing else in the certificate needs to be believed.
func (c Certificate) Check(known note.Verifiers) (Checkpoint, error) {
	head, _, err := Open(c.Checkpoint, known)
	if err != nil {
		return Checkpoint{}, err
	}
	leaf := c.Leaf.Hash()
	p := InclusionProof{Leaf: leaf, Index: c.Leaf.Seq - 1, Size: head.Size, Root: head.Root, Hashes: c.Hashes}
	if err := CheckInclusion(head, c.Leaf.Seq, leaf, p); err != nil {
		return Checkpoint{}, err
	}
	return head, nil
}

// MarshalText writes c as https://c2sp.org/tlog-proof version 1, with the
// pre-image of the leaf ([AppendLeaf]) as extra data:
//
//	c2sp.org/tlog-proof@v1
//	extra <base64 pre-image>
//	index <Seq-1 in decimal>
//	<base64 hash>, a line for each, from the leaf to the root
//
//	<the signed checkpoint>
//
// Any verifier of such proofs can check it, given the pre-image as the entry.
func (c Certificate) MarshalText() ([]byte, error) {
	if c.Leaf.Seq == 0 || c.Leaf.Seq > MaxSize || len(c.Hashes) > maxHashes || len(c.Checkpoint) == 0 {
		return nil, fmt.Errorf("%w: certificate of record %d with %d hashes and %d bytes of checkpoint", ErrMalformed, c.Leaf.Seq, len(c.Hashes), len(c.Checkpoint))
	}
	b := fmt.Appendf(nil, "%s\nextra %s\nindex %d\n", proofHeader,
		base64.StdEncoding.EncodeToString(AppendLeaf(nil, c.Leaf)), c.Leaf.Seq-1)
	return appendProof(b, c.Hashes, c.Checkpoint), nil
}

// UnmarshalText accepts exactly what [Certificate.MarshalText] makes; a leaf of
// a later version is [ErrVersion]. Nothing is checked yet: see
// [Certificate.Check].
func (c *Certificate) UnmarshalText(text []byte) error {
	head, checkpoint, _ := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || lines[0] != proofHeader {
		return fmt.Errorf("%w: not a certificate", ErrMalformed)
	}
	extra, ok := strings.CutPrefix(lines[1], "extra ")
	if !ok {
		return fmt.Errorf("%w: certificate without its record", ErrMalformed)
	}
	preImage, err := base64.StdEncoding.DecodeString(extra)
	if err != nil {
		return fmt.Errorf("%w: record of the certificate is not base64", ErrMalformed)
	}
	leaf, err := ParseLeaf(preImage)
	if err != nil {
		return err
	}
	hashes, err := parseHashes(lines[3:])
	if err != nil {
		return err
	}
	got := Certificate{Leaf: leaf, Hashes: hashes, Checkpoint: []byte(checkpoint)}
	again, err := got.MarshalText()
	if err != nil {
		return err
	}
	// This compares the index line with the leaf too.
	if !slices.Equal(again, text) {
		return fmt.Errorf("%w: certificate is not in its canonical form", ErrMalformed)
	}
	*c = got
	return nil
}

func appendProof(b []byte, hashes []Hash, checkpoint []byte) []byte {
	for _, h := range hashes {
		b = append(b, h.String()...)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	return append(b, checkpoint...)
}

func parseNumber(line, name string) (uint64, error) {
	digits, ok := strings.CutPrefix(line, name)
	n, err := strconv.ParseUint(digits, 10, 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("%w: no line %q with a number", ErrMalformed, name)
	}
	return n, nil
}

func parseHashes(lines []string) ([]Hash, error) {
	if len(lines) > maxHashes {
		return nil, fmt.Errorf("%w: proof of %d hashes", ErrMalformed, len(lines))
	}
	var hashes []Hash
	for _, line := range lines {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return nil, fmt.Errorf("%w: hash is not 32 bytes in base64", ErrMalformed)
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

package merkle

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Checkpoint is the head of a log at one size, as
// https://c2sp.org/tlog-checkpoint defines it. Checkpoints are compared with ==.
type Checkpoint struct {
	Origin string // the log's name, and that of its key; best a URL without scheme
	Size   uint64 // leaves, and so the sequence number of the last record
	Root   Hash

	// Extension holds lines after the root, none of them empty and each with its
	// newline. They are signed but mean nothing to the tree; the specification
	// advises against them, and they are kept as they come.
	Extension string
}

// String returns the text that is signed:
//
//	<origin>
//	<size in decimal>
//	<base64 of the root>
//	<extension lines, if any>
//
// each line ending in a newline. It carries no signature and proves nothing.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s", c.Origin, c.Size, c.Root, c.Extension)
}

// check refuses a checkpoint whose text would not be read back as c.
func (c Checkpoint) check() error {
	got, err := parseCheckpoint(c.String())
	if err != nil {
		return err
	}
	if got != c {
		return fmt.Errorf("%w: checkpoint: its text reads as another", ErrMalformed)
	}
	return nil
}

// parseCheckpoint reads what [Checkpoint.String] writes and nothing else: one
// checkpoint has one text.
func parseCheckpoint(text string) (Checkpoint, error) {
	malformed := func(what string) (Checkpoint, error) {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: %s", ErrMalformed, what)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 && r != '\n' }) {
		return malformed("text with control characters or not in UTF-8")
	}
	lines := strings.SplitAfterN(text, "\n", 4)
	if len(lines) != 4 {
		return malformed("fewer than three lines")
	}
	c := Checkpoint{Origin: strings.TrimSuffix(lines[0], "\n"), Extension: lines[3]}
	if c.Origin == "" {
		return malformed("no origin")
	}

	size := strings.TrimSuffix(lines[1], "\n")
	n, err := strconv.ParseUint(size, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != size || n > MaxSize {
		return malformed("size is not a plain number within the limit")
	}
	c.Size = n

	encoded := strings.TrimSuffix(lines[2], "\n")
	root, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(root) != tlog.HashSize || base64.StdEncoding.EncodeToString(root) != encoded {
		return malformed("root is not 32 bytes in base64")
	}
	c.Root = Hash(root)
	if c.Size == 0 && c.Root != emptyRoot() {
		return malformed("an empty log with the root of another")
	}

	if c.Extension != "" {
		body, ended := strings.CutSuffix(c.Extension, "\n")
		if !ended || slices.Contains(strings.Split(body, "\n"), "") {
			return malformed("extension line empty or without newline")
		}
	}
	return c, nil
}

// Sign returns c as a signed note. One of the signers must bear the name of the
// log, or nobody could open it ([ErrOrigin]). A log never signs a checkpoint
// that does not agree with all those it signed before; that is for the caller to
// see to, with [CheckConsistency].
func Sign(c Checkpoint, signers ...note.Signer) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(signers, func(s note.Signer) bool { return s.Name() == c.Origin }) {
		return nil, fmt.Errorf("%w: no key is named %q", ErrOrigin, c.Origin)
	}
	msg, err := note.Sign(&note.Note{Text: c.String()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint of %d: %w", c.Size, err)
	}
	return msg, nil
}

// Open reads a signed checkpoint. It succeeds only if every signature by a known
// key is right ([ErrSignature]), there is one ([ErrUnknownKey]), one of them is
// by a key with the log's name ([ErrOrigin]), and the text is a checkpoint
// ([ErrMalformed]). Whether enough witnesses signed is for the caller to see in
// the note's Sigs. Signatures by unknown keys are in UnverifiedSigs and say
// nothing.
func Open(msg []byte, known note.Verifiers) (Checkpoint, *note.Note, error) {
	// Opened without keys, a note is either unverified or malformed; so the two
	// are told apart here, as note has no name for the second.
	_, err := note.Open(msg, nil)
	unverified, ok := errors.AsType[*note.UnverifiedNoteError](err)
	if !ok {
		return Checkpoint{}, nil, fmt.Errorf("%w: checkpoint: %w", ErrMalformed, err)
	}
	n, err := note.Open(msg, known)
	if err != nil {
		if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
			return Checkpoint{}, nil, fmt.Errorf("%w: %s", ErrUnknownKey, keys(unverified.Note.UnverifiedSigs))
		}
		if wrong, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
			return Checkpoint{}, nil, fmt.Errorf("%w: %s+%08x", ErrSignature, wrong.Name, wrong.Hash)
		}
		return Checkpoint{}, nil, fmt.Errorf("open checkpoint: %w", err)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	if !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return s.Name == c.Origin }) {
		return Checkpoint{}, nil, fmt.Errorf("%w: checkpoint of %q is signed by %s", ErrOrigin, c.Origin, keys(n.Sigs))
	}
	return c, n, nil
}

// keys names the keys of sigs as they are named in verifier keys.
func keys(sigs []note.Signature) string {
	names := make([]string, len(sigs))
	for i, s := range sigs {
		names[i] = fmt.Sprintf("%s+%08x", s.Name, s.Hash)
	}
	return strings.Join(names, ", ")
}

// Cosign adds signer's signature to a signed checkpoint that opens with known.
// All signatures already there are kept, in their order, also those by keys that
// are not known; only an older one by signer itself is replaced. A witness calls
// [Witness] or [Update.Check] first: Cosign does not know what it signed before.
func Cosign(msg []byte, signer note.Signer, known note.Verifiers) ([]byte, error) {
	c, n, err := Open(msg, known)
	if err != nil {
		return nil, err
	}
	msg, err = note.Sign(n, signer)
	if err != nil {
		return nil, fmt.Errorf("cosign checkpoint of %d: %w", c.Size, err)
	}
	return msg, nil
}

// GenerateKey makes an Ed25519 key for the log or witness of the given name,
// which must not be empty nor contain spaces or plus signs. Private goes to
// note.NewSigner and is kept secret, also from logs; verifier goes to
// note.NewVerifier and is published. With a nil rand it uses crypto/rand.
func GenerateKey(rand io.Reader, name string) (private, verifier string, err error) {
	private, verifier, err = note.GenerateKey(rand, name)
	if err != nil {
		return "", "", fmt.Errorf("generate key: %w", err)
	}
	// note makes keys for any name, and refuses the bad ones when they are used.
	if _, err := note.NewVerifier(verifier); err != nil {
		return "", "", fmt.Errorf("%w: key name %q", ErrMalformed, name)
	}
	return private, verifier, nil
}

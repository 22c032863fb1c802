package merkle_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"zhucan/events/merkle"
)

func hexOf(h merkle.Hash) string { return hex.EncodeToString(h[:]) }

// A key of a log or witness, the same for the same seed.
type key struct {
	note.Signer
	verifier note.Verifier
}

func newKey(t testing.TB, name string, seed byte) key {
	t.Helper()
	private, public, err := merkle.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 64)), name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return key{signer, verifier}
}

func trust(keys ...key) note.Verifiers {
	var list []note.Verifier
	for _, k := range keys {
		list = append(list, k.verifier)
	}
	return note.VerifierList(list...)
}

func sign(t testing.TB, c merkle.Checkpoint, keys ...key) []byte {
	t.Helper()
	var signers []note.Signer
	for _, k := range keys {
		signers = append(signers, k)
	}
	msg, err := merkle.Sign(c, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// signText signs any text, as a careless or hostile holder of the key could.
func signText(t testing.TB, text string, keys ...key) []byte {
	t.Helper()
	var signers []note.Signer
	for _, k := range keys {
		signers = append(signers, k)
	}
	msg, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func TestSignedCheckpointIsThatOfTheVector(t *testing.T) {
	t.Parallel()
	// The signature was computed from RFC 8032 by another program; the seed is 32 bytes 0x01.
	k := newKey(t, origin, 1)
	c := merkle.Checkpoint{Origin: origin, Size: 8, Root: merkle.Hash(unhex(t, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"))}
	want := "ledger.example/zhucan\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
	same(t, "text", c.String(), want)
	msg := sign(t, c, k)
	same(t, "message", string(msg), want+"\n— ledger.example/zhucan X64hqzLpPeFBWN7aWxOcP3hymyv8FyJ4t44SdBTkmJVBB0pfuxMfybMen7rVN/VHIN3b3V4cp6rqQVEVj7Ve5fvQBwA=\n")
}

func TestCheckpointIsReadBack(t *testing.T) {
	t.Parallel()
	log := newKey(t, origin, 1)
	empty := new(merkle.Frontier).Root()
	for _, c := range []merkle.Checkpoint{
		head(1),
		head(300),
		{Origin: origin, Size: 0, Root: empty},
		{Origin: origin, Size: merkle.MaxSize, Root: leafHash(1)},
		{Origin: origin, Size: 5, Root: leafHash(1), Extension: "period 2026-03 closed\n"},
		{Origin: origin, Size: 5, Root: leafHash(1), Extension: "一\n二 \n \n"},
	} {
		got, n, err := merkle.Open(sign(t, c, log), trust(log))
		if err != nil || got != c {
			t.Errorf("%q is read back as %+v, %v", c, got, err)
			continue
		}
		same(t, "text", n.Text, c.String())
		same(t, "signatures", len(n.Sigs), 1)
	}
	// An origin is any line; the form of a URL is only advised.
	spaced := merkle.Checkpoint{Origin: "助残账本 + 1", Size: 1, Root: leafHash(0)}
	if _, err := merkle.Sign(spaced, log); !errors.Is(err, merkle.ErrOrigin) {
		t.Errorf("signed as a log whose name no key can bear: %v", err)
	}
}

func TestTextThatIsNoCheckpointIsRefused(t *testing.T) {
	t.Parallel()
	log := newKey(t, origin, 1)
	root := leafHash(1).String()
	good := origin + "\n5\n" + root + "\n"
	if _, _, err := merkle.Open(signText(t, good, log), trust(log)); err != nil {
		t.Fatal(err)
	}
	lastBits := strings.Replace(root, root[42:43], string(root[42]+1), 1)
	for what, text := range map[string]string{
		"no root":               origin + "\n5\n",
		"no size":               origin + "\n" + root + "\n",
		"empty origin":          "\n5\n" + root + "\n",
		"leading zero":          origin + "\n05\n" + root + "\n",
		"sign":                  origin + "\n+5\n" + root + "\n",
		"negative":              origin + "\n-5\n" + root + "\n",
		"space before size":     origin + "\n 5\n" + root + "\n",
		"hexadecimal":           origin + "\n0x5\n" + root + "\n",
		"underscore":            origin + "\n5_0\n" + root + "\n",
		"beyond largest size":   origin + "\n4503599627370497\n" + root + "\n",
		"beyond uint64":         origin + "\n18446744073709551616\n" + root + "\n",
		"empty log, wrong root": origin + "\n0\n" + root + "\n",
		"root too short":        origin + "\n5\n" + base64.StdEncoding.EncodeToString(make([]byte, 31)) + "\n",
		"root too long":         origin + "\n5\n" + base64.StdEncoding.EncodeToString(make([]byte, 33)) + "\n",
		"root without padding":  origin + "\n5\n" + strings.TrimSuffix(root, "=") + "\n",
		"root with loose bits":  origin + "\n5\n" + lastBits + "\n",
		"root of URL alphabet":  origin + "\n5\n" + strings.Repeat("_", 43) + "=\n",
		"empty extension":       good + "\n",
		"empty line between":    good + "a\n\nb\n",
		"form of go.sum":        "go.sum database tree\n5\n" + root + "x\n",
	} {
		if _, _, err := merkle.Open(signText(t, text, log), trust(log)); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, c := range map[string]merkle.Checkpoint{
		"zero":                     {},
		"no origin":                {Size: 5, Root: leafHash(1)},
		"origin with another head": {Origin: origin + "\n6\n" + root, Size: 5, Root: leafHash(1)},
		"origin of two lines":      {Origin: origin + "\n6", Size: 5, Root: leafHash(1)},
		"origin with control":      {Origin: origin + "\t", Size: 5, Root: leafHash(1)},
		"origin not UTF-8":         {Origin: origin + "\xff", Size: 5, Root: leafHash(1)},
		"size beyond the largest":  {Origin: origin, Size: merkle.MaxSize + 1, Root: leafHash(1)},
		"empty log, wrong root":    {Origin: origin, Root: leafHash(1)},
		"extension without end":    {Origin: origin, Size: 5, Root: leafHash(1), Extension: "a"},
		"empty line in extension":  {Origin: origin, Size: 5, Root: leafHash(1), Extension: "a\n\nb\n"},
		"extension of empty line":  {Origin: origin, Size: 5, Root: leafHash(1), Extension: "\n"},
		"control in extension":     {Origin: origin, Size: 5, Root: leafHash(1), Extension: "a\r\n"},
		"signature as extension":   {Origin: origin, Size: 5, Root: leafHash(1), Extension: "\n— x AAAA\n"},
	} {
		if _, err := merkle.Sign(c, log); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("sign %s: %v", what, err)
		}
	}
}

func TestEveryChangedByteOfASignedCheckpointIsRefused(t *testing.T) {
	t.Parallel()
	log, witness := newKey(t, origin, 1), newKey(t, "witness.example/w1", 2)
	c := head(37)
	c.Extension = "period 2026-03 closed\n"
	msg := sign(t, c, log, witness)
	refusals := []error{merkle.ErrMalformed, merkle.ErrUnknownKey, merkle.ErrSignature, merkle.ErrOrigin}
	for i := range msg {
		for bit := range 8 {
			changed := bytes.Clone(msg)
			changed[i] ^= 1 << bit
			got, n, err := merkle.Open(changed, trust(log, witness))
			if err == nil {
				// The witness's line may have become that of a stranger, and the
				// last digit of base64 has bits that are not part of a signature.
				if got != c || n.Text != c.String() {
					t.Fatalf("byte %d bit %d: opened as %+v", i, bit, got)
				}
				continue
			}
			if !slices.ContainsFunc(refusals, func(e error) bool { return errors.Is(err, e) }) {
				t.Fatalf("byte %d bit %d: %v", i, bit, err)
			}
		}
	}
	for n := range msg {
		if got, _, err := merkle.Open(msg[:n], trust(log, witness)); err == nil && got != c {
			t.Fatalf("cut to %d bytes: opened as %+v", n, got)
		}
	}
}

func TestATamperedSignatureIsRefused(t *testing.T) {
	t.Parallel()
	log := newKey(t, origin, 1)
	msg := sign(t, head(37), log)
	text, line, _ := strings.Cut(string(msg), "\n\n")
	prefix := "— " + origin + " "
	sig, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(line, prefix), "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sig {
		for bit := range 8 {
			changed := bytes.Clone(sig)
			changed[i] ^= 1 << bit
			want := merkle.ErrSignature
			if i < 4 { // the key's hash
				want = merkle.ErrUnknownKey
			}
			bad := text + "\n\n" + prefix + base64.StdEncoding.EncodeToString(changed) + "\n"
			if _, _, err := merkle.Open([]byte(bad), trust(log)); !errors.Is(err, want) {
				t.Fatalf("byte %d bit %d: %v", i, bit, err)
			}
		}
	}
}

func TestAnUnknownKeyIsSaid(t *testing.T) {
	t.Parallel()
	log, other := newKey(t, origin, 1), newKey(t, origin, 2)
	msg := sign(t, head(3), log)
	for what, known := range map[string]note.Verifiers{"another key": trust(other), "no key": trust(), "nil": nil} {
		_, _, err := merkle.Open(msg, known)
		if !errors.Is(err, merkle.ErrUnknownKey) || !strings.Contains(err.Error(), origin+"+") {
			t.Errorf("%s: %v", what, err)
		}
	}
	// A right signature beside it does not make a wrong one good.
	both := sign(t, head(3), log, other)
	forged := bytes.Replace(both, []byte("\n3\n"), []byte("\n4\n"), 1)
	if _, _, err := merkle.Open(forged, trust(log)); !errors.Is(err, merkle.ErrSignature) {
		t.Errorf("forged: %v", err)
	}
	broken := errors.New("key store unreachable")
	if _, _, err := merkle.Open(msg, failing{broken}); !errors.Is(err, broken) || errors.Is(err, merkle.ErrUnknownKey) {
		t.Errorf("fault of the key store: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Verifier(string, uint32) (note.Verifier, error) { return nil, f.err }

func TestTheWitnessAloneDoesNotSpeakForTheLog(t *testing.T) {
	t.Parallel()
	log, witness := newKey(t, origin, 1), newKey(t, "witness.example/w1", 2)
	msg := signText(t, head(3).String(), witness)
	if _, _, err := merkle.Open(msg, trust(log, witness)); !errors.Is(err, merkle.ErrOrigin) {
		t.Errorf("opened: %v", err)
	}
	if _, err := merkle.Sign(head(3), witness); !errors.Is(err, merkle.ErrOrigin) {
		t.Errorf("signed: %v", err)
	}
	if _, err := merkle.Sign(head(3)); !errors.Is(err, merkle.ErrOrigin) {
		t.Errorf("signed by nobody: %v", err)
	}
}

func TestCosigningKeepsTheOtherSignatures(t *testing.T) {
	t.Parallel()
	log, w1, w2 := newKey(t, origin, 1), newKey(t, "witness.example/w1", 2), newKey(t, "witness.example/w2", 3)
	c := head(3)
	c.Extension = "period 2026-03 closed\n"
	msg := sign(t, c, log)
	// The second witness does not know the first.
	one, err := merkle.Cosign(msg, w1, trust(log))
	if err != nil {
		t.Fatal(err)
	}
	two, err := merkle.Cosign(one, w2, trust(log))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(two, one) || !bytes.HasPrefix(one, msg) {
		t.Error("what was signed before was not kept as it stood")
	}
	got, n, err := merkle.Open(two, trust(log, w1, w2))
	if err != nil || got != c {
		t.Fatalf("%+v, %v", got, err)
	}
	var names []string
	for _, s := range n.Sigs {
		names = append(names, s.Name)
	}
	if want := []string{origin, w1.Name(), w2.Name()}; !reflect.DeepEqual(names, want) {
		t.Errorf("signed by %v, want %v", names, want)
	}
	again, err := merkle.Cosign(two, w2, trust(log))
	if err != nil || !bytes.Equal(again, two) {
		t.Errorf("cosigning again changed the note: %v", err)
	}
	if _, err := merkle.Cosign(msg, w1, trust(w2)); !errors.Is(err, merkle.ErrUnknownKey) {
		t.Errorf("a checkpoint by nobody known was cosigned: %v", err)
	}
	forged := bytes.Replace(msg, []byte("\n3\n"), []byte("\n4\n"), 1)
	if _, err := merkle.Cosign(forged, w1, trust(log)); !errors.Is(err, merkle.ErrSignature) {
		t.Errorf("a forged checkpoint was cosigned: %v", err)
	}
}

func TestKeysHaveUsableNames(t *testing.T) {
	t.Parallel()
	private, public, err := merkle.GenerateKey(nil, origin)
	if err != nil || !strings.HasPrefix(private, "PRIVATE+KEY+"+origin+"+") || !strings.HasPrefix(public, origin+"+") {
		t.Errorf("public key %s, %v", public, err)
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "\xff"} {
		if private, _, err := merkle.GenerateKey(nil, name); !errors.Is(err, merkle.ErrMalformed) || private != "" {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := merkle.GenerateKey(strings.NewReader("short"), origin); err == nil {
		t.Error("a key was made without enough randomness")
	}
}

func FuzzOpen(f *testing.F) {
	log := newKey(f, origin, 1)
	f.Add(head(3).String())
	f.Add(origin + "\n0\n" + new(merkle.Frontier).Root().String() + "\nextension\n")
	f.Fuzz(func(t *testing.T, text string) {
		msg, err := note.Sign(&note.Note{Text: text}, log)
		if err != nil {
			return
		}
		c, n, err := merkle.Open(msg, trust(log))
		if err != nil {
			return
		}
		if c.String() != n.Text {
			t.Fatalf("%q reads as %+v, which writes %q", n.Text, c, c.String())
		}
	})
}

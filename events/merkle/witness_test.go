package merkle_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"zhucan/events/merkle"
)

func consistency(t testing.TB, s *store, from, to uint64) merkle.ConsistencyProof {
	t.Helper()
	p, err := merkle.Consistency(from, to, s.reader())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAWitnessAgreesOnlyToALogThatGrew(t *testing.T) {
	t.Parallel()
	s, _ := grow(leafHashes(20)...)
	rewritten := leafHashes(20)
	rewritten[4] = leafHash(4000)
	other, otherTip := grow(rewritten...)
	fork := merkle.Checkpoint{Origin: origin, Size: 20, Root: otherTip.Root()}
	stranger := head(20)
	stranger.Origin = "ledger.example/other"
	empty := merkle.Checkpoint{Origin: origin, Root: new(merkle.Frontier).Root()}
	wrongEmpty := merkle.Checkpoint{Origin: origin, Root: leafHash(1)}
	extended := head(20)
	extended.Extension = "period closed\n"

	for _, c := range []struct {
		name           string
		previous, next merkle.Checkpoint
		proof          merkle.ConsistencyProof
		want           error
	}{
		{"growth", head(8), head(20), consistency(t, s, 8, 20), nil},
		{"the same again", head(20), head(20), consistency(t, s, 20, 20), nil},
		{"the same with an extension", head(20), extended, consistency(t, s, 20, 20), nil},
		{"the first one seen", merkle.Checkpoint{}, head(20), consistency(t, s, 0, 20), nil},
		{"the first one seen, empty", merkle.Checkpoint{}, empty, consistency(t, s, 0, 0), nil},
		{"the first record", empty, head(20), consistency(t, s, 0, 20), nil},
		{"a smaller log", head(20), head(19), consistency(t, s, 19, 20), merkle.ErrRollback},
		{"an emptied log", head(20), empty, consistency(t, s, 0, 20), merkle.ErrRollback},
		{"another root at the same size", head(20), fork, consistency(t, s, 20, 20), merkle.ErrFork},
		{"another root at the same size, with its own proof", head(20), fork, consistency(t, other, 20, 20), merkle.ErrFork},
		{"rewritten below, with its own proof", head(8), fork, consistency(t, other, 8, 20), merkle.ErrProof},
		{"rewritten below, with the honest proof", head(8), fork, consistency(t, s, 8, 20), merkle.ErrProof},
		{"a proof from another size", head(8), head(20), consistency(t, s, 7, 20), merkle.ErrProof},
		{"no proof", head(8), head(20), merkle.ConsistencyProof{}, merkle.ErrProof},
		{"a proof where none is needed", head(20), head(20), consistency(t, s, 8, 20), merkle.ErrProof},
		{"another log", head(8), stranger, consistency(t, s, 8, 20), merkle.ErrOrigin},
		{"a next one that is no checkpoint", head(8), merkle.Checkpoint{}, merkle.ConsistencyProof{}, merkle.ErrMalformed},
		{"an empty log with a root", merkle.Checkpoint{}, wrongEmpty, consistency(t, s, 0, 0), merkle.ErrMalformed},
	} {
		if err := merkle.Witness(c.previous, c.next, c.proof); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	// Every rewriting of the past is refused, from every size seen.
	for seen := uint64(5); seen < 20; seen++ {
		p := consistency(t, other, seen, 20)
		p.OldRoot = head(seen).Root
		if err := merkle.Witness(head(seen), fork, p); !errors.Is(err, merkle.ErrProof) {
			t.Errorf("seen %d: %v", seen, err)
		}
	}
}

func TestAnUpdateIsCheckedAsItWasSent(t *testing.T) {
	t.Parallel()
	log := newKey(t, origin, 1)
	s, _ := grow(leafHashes(20)...)
	for _, from := range []uint64{0, 1, 8, 13, 20} {
		sent := merkle.Update{OldSize: from, Hashes: consistency(t, s, from, 20).Hashes, Checkpoint: sign(t, head(20), log)}
		text, err := sent.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var u merkle.Update
		if err := u.UnmarshalText(text); err != nil {
			t.Fatalf("from %d: %v", from, err)
		}
		previous := head(from)
		if from == 0 {
			previous = merkle.Checkpoint{}
		}
		next, err := u.Check(previous, trust(log))
		if err != nil || next != head(20) {
			t.Errorf("from %d: %+v, %v", from, next, err)
		}
		if _, err := u.Check(head(21), trust(log)); !errors.Is(err, merkle.ErrRollback) {
			t.Errorf("from %d, after 21: %v", from, err)
		}
		if _, err := u.Check(head(7), trust(log)); !errors.Is(err, merkle.ErrProof) {
			t.Errorf("from %d, after 7: %v", from, err)
		}
		if _, err := u.Check(previous, trust(newKey(t, origin, 2))); !errors.Is(err, merkle.ErrUnknownKey) {
			t.Errorf("from %d, unknown key: %v", from, err)
		}
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 1
			var u merkle.Update
			if err := u.UnmarshalText(changed); err != nil {
				if !errors.Is(err, merkle.ErrMalformed) {
					t.Fatalf("from %d, byte %d: %v", from, i, err)
				}
				continue
			}
			if next, err := u.Check(previous, trust(log)); err == nil && next != head(20) {
				t.Fatalf("from %d, byte %d: accepted %+v", from, i, next)
			}
		}
	}
}

func TestAnUpdateHasTheFormOfTheSpecification(t *testing.T) {
	t.Parallel()
	u := merkle.Update{OldSize: 8, Hashes: []merkle.Hash{leafHash(8)}, Checkpoint: []byte("note\n")}
	text, err := u.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	same(t, "text", string(text), "old 8\n"+leafHash(8).String()+"\n\nnote\n")
	hash := leafHash(8).String()
	for what, bad := range map[string]string{
		"empty":           "",
		"no checkpoint":   "old 8\n\n",
		"no empty line":   "old 8\n" + hash + "\nnote\n",
		"no size":         hash + "\n\nnote\n",
		"leading zero":    "old 08\n\nnote\n",
		"two spaces":      "old  8\n\nnote\n",
		"carriage return": "old 8\n" + hash + "\r\n\nnote\n",
		"short hash":      "old 8\n" + hash[4:] + "\n\nnote\n",
		"too large":       "old 4503599627370497\n\nnote\n",
		"too many hashes": "old 8\n" + strings.Repeat(hash+"\n", 64) + "\nnote\n",
		"loose bits":      "old 8\n" + strings.Repeat("A", 42) + "B=\n\nnote\n",
	} {
		if err := u.UnmarshalText([]byte(bad)); !errors.Is(err, merkle.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	u.Hashes = make([]merkle.Hash, 64)
	if _, err := u.MarshalText(); !errors.Is(err, merkle.ErrMalformed) {
		t.Errorf("64 hashes: %v", err)
	}
}

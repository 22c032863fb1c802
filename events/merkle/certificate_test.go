package merkle_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"zhucan/events/merkle"
)

// certify returns certificates of n records under one checkpoint.
func certify(t testing.TB, log key, n uint64) []merkle.Certificate {
	t.Helper()
	var leaves []merkle.Leaf
	var hashes []merkle.Hash
	for seq := uint64(1); seq <= n; seq++ {
		l := merkle.Leaf{Seq: seq, Subject: "zc.test", Header: []byte{0, 1}, Data: fmt.Appendf(nil, `{"fen":"%d"}`, 100*seq)}
		leaves, hashes = append(leaves, l), append(hashes, l.Hash())
	}
	s, f := grow(hashes...)
	msg := sign(t, merkle.Checkpoint{Origin: origin, Size: n, Root: f.Root()}, log)
	var all []merkle.Certificate
	for _, l := range leaves {
		p, err := merkle.Inclusion(n, l.Seq-1, s.reader())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, merkle.Certificate{Leaf: l, Hashes: p.Hashes, Checkpoint: msg})
	}
	return all
}

func TestACertificateShowsItsRecord(t *testing.T) {
	t.Parallel()
	log := newKey(t, origin, 1)
	for _, n := range []uint64{1, 2, 13} {
		for _, sent := range certify(t, log, n) {
			text, err := sent.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			var c merkle.Certificate
			if err := c.UnmarshalText(text); err != nil || !sameLeaf(c.Leaf, sent.Leaf) {
				t.Fatalf("record %d of %d: %v", sent.Leaf.Seq, n, err)
			}
			head, err := c.Check(trust(log))
			if err != nil || head.Size != n || head.Origin != origin {
				t.Fatalf("record %d of %d: %+v, %v", sent.Leaf.Seq, n, head, err)
			}
		}
	}
}

func TestAChangedCertificateIsRefused(t *testing.T) {
	t.Parallel()
	log := newKey(t, origin, 1)
	all := certify(t, log, 13)
	good := all[5]
	for what, edit := range map[string]func(*merkle.Certificate){
		"amount":           func(c *merkle.Certificate) { c.Leaf.Data = []byte(`{"fen":"601"}`) },
		"subject":          func(c *merkle.Certificate) { c.Leaf.Subject = "zc.tesu" },
		"header":           func(c *merkle.Certificate) { c.Leaf.Header = nil },
		"sequence":         func(c *merkle.Certificate) { c.Leaf.Seq++ },
		"path of another":  func(c *merkle.Certificate) { c.Hashes = all[6].Hashes },
		"leaf of another":  func(c *merkle.Certificate) { c.Leaf = all[6].Leaf },
		"another log head": func(c *merkle.Certificate) { c.Checkpoint = certify(t, log, 12)[0].Checkpoint },
	} {
		c := good
		edit(&c)
		if _, err := c.Check(trust(log)); !errors.Is(err, merkle.ErrProof) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, seq := range []uint64{0, 14, 1 << 63} {
		c := good
		c.Leaf.Seq = seq
		if _, err := c.Check(trust(log)); !errors.Is(err, merkle.ErrRange) {
			t.Errorf("record %d: %v", seq, err)
		}
	}
	if _, err := good.Check(trust(newKey(t, origin, 2))); !errors.Is(err, merkle.ErrUnknownKey) {
		t.Errorf("unknown key: %v", err)
	}

	text, err := good.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			var c merkle.Certificate
			if c.UnmarshalText(changed) != nil {
				continue
			}
			// Bits of the last digit of the signature are part of nothing.
			if _, err := c.Check(trust(log)); err == nil && !reflect.DeepEqual(c.Leaf, good.Leaf) {
				t.Fatalf("byte %d bit %d: accepted as %+v", i, bit, c.Leaf)
			}
		}
	}
}

func TestACertificateHasTheFormOfTheSpecification(t *testing.T) {
	t.Parallel()
	c := merkle.Certificate{Leaf: sample, Hashes: []merkle.Hash{leafHash(1)}, Checkpoint: []byte("note\n")}
	text, err := c.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	const extra = "AQAAAAAAAAAHAAAABHpjLjEAAAACCgsAAAACe30="
	hash := leafHash(1).String()
	good := "c2sp.org/tlog-proof@v1\nextra " + extra + "\nindex 6\n" + hash + "\n\nnote\n"
	same(t, "text", string(text), good)

	newer := merkle.AppendLeaf(nil, sample)
	newer[0] = 2
	for what, bad := range map[string]struct {
		text string
		want error
	}{
		"empty":            {"", merkle.ErrMalformed},
		"another version":  {strings.Replace(good, "@v1", "@v2", 1), merkle.ErrMalformed},
		"without record":   {strings.Replace(good, "extra "+extra+"\n", "", 1), merkle.ErrMalformed},
		"record cut":       {strings.Replace(good, extra, extra[:len(extra)-4], 1), merkle.ErrMalformed},
		"record not read":  {strings.Replace(good, extra, "!"+extra[1:], 1), merkle.ErrMalformed},
		"newer record":     {strings.Replace(good, extra, base64.StdEncoding.EncodeToString(newer), 1), merkle.ErrVersion},
		"index of another": {strings.Replace(good, "index 6", "index 7", 1), merkle.ErrMalformed},
		"leading zero":     {strings.Replace(good, "index 6", "index 06", 1), merkle.ErrMalformed},
		"no checkpoint":    {strings.TrimSuffix(good, "note\n"), merkle.ErrMalformed},
		"no empty line":    {strings.Replace(good, "\n\n", "\n", 1), merkle.ErrMalformed},
		"bad hash":         {strings.Replace(good, hash, hash[1:], 1), merkle.ErrMalformed},
	} {
		if err := c.UnmarshalText([]byte(bad.text)); !errors.Is(err, bad.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := (merkle.Certificate{Checkpoint: []byte("note\n")}).MarshalText(); !errors.Is(err, merkle.ErrMalformed) {
		t.Errorf("record 0: %v", err)
	}
}

func FuzzCertificate(f *testing.F) {
	log := newKey(f, origin, 1)
	for _, c := range certify(f, log, 5) {
		text, err := c.MarshalText()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c merkle.Certificate
		if c.UnmarshalText(text) != nil {
			return
		}
		again, err := c.MarshalText()
		if err != nil || !bytes.Equal(again, text) {
			t.Fatalf("%q is written as %q, %v", text, again, err)
		}
		if _, err := c.Check(trust(log)); err == nil && c.Leaf.Seq > 5 {
			t.Fatalf("a record that was never signed is certified: %+v", c.Leaf)
		}
	})
}

package ledger_test

import (
	"encoding/hex"
	"testing"

	"zhucan/ledger"
)

func TestADigestTellsWhereAPartEnds(t *testing.T) {
	t.Parallel()
	seen := make(map[[16]byte][]string)
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"ab", ""}, {"", "ab"}} {
		d := ledger.Digest(parts...)
		if other, ok := seen[d]; ok {
			t.Errorf("%q and %q have one digest", parts, other)
		}
		seen[d] = parts
	}
}

// SHA-256 over 00000001 61, as sha256sum gives it.
func TestADigestIsHalfOfSHA256(t *testing.T) {
	t.Parallel()
	d := ledger.Digest("a")
	if got := hex.EncodeToString(d[:]); got != "72ff6b02949dad95006c343e3db31500" {
		t.Error(got)
	}
}

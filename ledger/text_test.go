package ledger_test

import (
	"errors"
	"testing"

	"zhucan/ledger"
)

func TestANumberOfAPaperIsOneLineWithoutBlanksAround(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "0012345", "吉财指〔2023〕7号", "PV 1", "（2023）第7号"} {
		if err := ledger.CheckNumber(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for s, r := range map[string]*ledger.Rejection{
		" ": ledger.ErrNumber, "0012345 ": ledger.ErrNumber, "\u30000012345": ledger.ErrNumber, "00\n12345": ledger.ErrNumber, "00\t12345": ledger.ErrNumber,
		"0012345\u00a0": ledger.ErrNumber, "0012345\u200b": ledger.ErrCharacter, "\u3164": ledger.ErrCharacter, "00\u280012345": ledger.ErrCharacter, "00\u202e12345": ledger.ErrCharacter,
	} {
		if err := ledger.CheckNumber(s); !errors.Is(err, r) {
			t.Errorf("%q: %v, want %s", s, err, r.Code)
		}
	}
}

func TestNumbersThatReadTheSameAreOne(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"吉财指〔2023〕7号", "吉财指[2023]7号", "吉财指（2023）7号", "吉财指【２０２３】７号", "吉财指〔2023〕 7号", "吉财指\u3000〔2023〕7号"},
		{"PV1", "pv1", "PV 1", "ＰＶ１"},
		{"T-12", "t\u201112", "T‐12", "T–12", "T—12", "T−12", "T－12", "t﹣12"},
		{"0012345", "00 12345", "００１２３４５"},
	} {
		for _, s := range same {
			if got := ledger.FoldNumber(s); got != ledger.FoldNumber(same[0]) {
				t.Errorf("%q is %q, %q is %q", s, got, same[0], ledger.FoldNumber(same[0]))
			}
		}
	}
	for _, pair := range [][2]string{{"0012345", "12345"}, {"吉财指〔2023〕7号", "吉财指〔2023〕17号"}, {"PV-1", "PV1"}, {"A1", "A2"}, {"1〜3", "1-3"}} {
		if ledger.FoldNumber(pair[0]) == ledger.FoldNumber(pair[1]) {
			t.Errorf("%q and %q are one", pair[0], pair[1])
		}
	}
}

package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"zhucan/ledger"
)

func TestARejectionSaysCodeRuleAndSource(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]*ledger.Rejection{
		"some-code: a rule":                   {Code: "some-code", Rule: "a rule"},
		"some-code: a rule（规则）":               {Code: "some-code", Rule: "a rule", RuleZH: "规则", Next: "do it again"},
		"some-code: a rule [预算法 art. 13]":     {Code: "some-code", Rule: "a rule", Source: "预算法 art. 13"},
		"some-code: a rule（规则） [预算法 art. 13]": {Code: "some-code", Rule: "a rule", RuleZH: "规则", Source: "预算法 art. 13"},
	} {
		if r.Error() != want {
			t.Errorf("%q, want %q", r.Error(), want)
		}
	}
}

func TestARefusalIsFoundUnderItsParticulars(t *testing.T) {
	t.Parallel()
	err := ledger.ErrDate.Of("line %d: 50%%", 3)
	if !errors.Is(err, ledger.ErrDate) || errors.Is(err, ledger.ErrAmountForm) {
		t.Errorf("%v is another rejection", err)
	}
	if r, particulars := ledger.Refused(err); r != ledger.ErrDate || particulars != "line 3: 50%" {
		t.Errorf("%v, %q", r, particulars)
	}
	if want := ledger.ErrDate.Error() + ": line 3: 50%"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if r, particulars := ledger.Refused(ledger.ErrDate); r != ledger.ErrDate || particulars != "" {
		t.Errorf("%v, %q", r, particulars)
	}
	if r, _ := ledger.Refused(fmt.Errorf("claim C1: %w", err)); r != ledger.ErrDate {
		t.Errorf("wrapped again it is %v", r)
	}
}

func TestAFaultIsNoRefusal(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, io.ErrUnexpectedEOF} {
		if r, particulars := ledger.Refused(err); r != nil || particulars != "" {
			t.Errorf("%v is refused with %v, %q", err, r, particulars)
		}
	}
}

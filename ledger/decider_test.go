package ledger_test

import (
	"fmt"
	"slices"
	"testing"

	"zhucan/ledger"
)

// A till counts what it is given and refuses to give what it has not.
var till = ledger.Decider[int, int, int]{
	Decide: func(held, asked int) ([]int, error) {
		if held+asked < 0 {
			return nil, ledger.ErrAmountSign.Of("%d of %d", asked, held)
		}
		return []int{asked}, nil
	},
	Evolve: func(held, moved int) int { return held + moved },
}

func TestFoldAppliesEventsInTheirOrder(t *testing.T) {
	t.Parallel()
	var order []int
	d := ledger.Decider[int, int, int]{Evolve: func(s, e int) int { order = append(order, e); return s*10 + e }}
	if got := d.Fold(0, 1, 2, 3); got != 123 || !slices.Equal(order, []int{1, 2, 3}) {
		t.Errorf("%d in order %v", got, order)
	}
	if got := d.Fold(7); got != 7 {
		t.Errorf("nothing happened and the state is %d", got)
	}
}

func ExampleDecider() {
	held := till.Fold(0, 5, 3)
	events, err := till.Decide(held, -8)
	fmt.Println(events, err, till.Fold(held, events...))

	_, err = till.Decide(held, -9)
	r, particulars := ledger.Refused(err)
	fmt.Println(r.Code, particulars)
	// Output:
	// [-8] <nil> 0
	// amount-not-positive -9 of 8
}

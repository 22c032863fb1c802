package ledger_test

import (
	"fmt"
	"testing"

	"zhucan/ledger"
)

func TestEveryOrderHasAnIdentifierAnActorAndADay(t *testing.T) {
	t.Parallel()
	good := ledger.Order{ID: "c1", By: ledger.Actor{ID: "li"}, On: testDay}
	for name, c := range map[string]struct {
		change func(*ledger.Order)
		reject *ledger.Rejection
	}{
		"complete":                {func(*ledger.Order) {}, nil},
		"no identifier":           {func(o *ledger.Order) { o.ID = "" }, ledger.ErrID},
		"a blank in it":           {func(o *ledger.Order) { o.ID = "c 1" }, ledger.ErrID},
		"no actor":                {func(o *ledger.Order) { o.By.ID = "" }, ledger.ErrActor},
		"a name as the account":   {func(o *ledger.Order) { o.By.ID = "李" }, ledger.ErrID},
		"no day":                  {func(o *ledger.Order) { o.On = ledger.Date{} }, ledger.ErrDate},
		"identifier before actor": {func(o *ledger.Order) { *o = ledger.Order{} }, ledger.ErrID},
		"actor before day":        {func(o *ledger.Order) { *o = ledger.Order{ID: "c1"} }, ledger.ErrActor},
	} {
		o := good
		c.change(&o)
		t.Run(name, func(t *testing.T) { refusedWith(t, o.Check(), c.reject) })
	}
}

func TestAnOrderNeedsTheRoleForIt(t *testing.T) {
	t.Parallel()
	for _, held := range ledger.Roles {
		o := ledger.Order{By: ledger.Actor{ID: "li", Roles: []ledger.Role{held}}}
		for _, asked := range ledger.Roles {
			want := ledger.ErrRole
			if asked == held {
				want = nil
			}
			refusedWith(t, o.Needs(asked), want)
		}
	}
}

func TestOnePersonDoesNotActTwiceInACase(t *testing.T) {
	t.Parallel()
	o := ledger.Order{By: ledger.Actor{ID: "li"}}
	refusedWith(t, o.Apart(), nil)
	refusedWith(t, o.Apart("wang", "zhao"), nil)
	refusedWith(t, o.Apart("wang", "li"), ledger.ErrDuties)
}

func ExampleOrder_Apart() {
	o := ledger.Order{By: ledger.Actor{ID: "li", Roles: []ledger.Role{ledger.Clerk, ledger.Approver}}}
	r, particulars := ledger.Refused(o.Apart("li"))
	fmt.Println(r.Code, "-", particulars)
	// Output: duties-not-separated - li has already acted in this case
}

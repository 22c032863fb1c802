package ledger_test

import (
	"strconv"
	"testing"

	"zhucan/ledger"
)

// So many names that some hashes of 32 bits collide.
func TestEachNameHasANumberOfItsOwn(t *testing.T) {
	t.Parallel()
	names := make([]string, 200_000)
	for i := range names {
		names[i] = "P" + strconv.Itoa(i)
	}
	var all ledger.Names[string]
	for i, name := range names {
		if n := all.Find(name); n != 0 {
			t.Fatalf("%s has number %d before it is there", name, n)
		}
		if n := all.Number(name); int(n) != i+1 {
			t.Fatalf("%s has number %d, want %d", name, n, i+1)
		}
	}
	for i, name := range names {
		if n := all.Find(name); int(n) != i+1 || all.Number(name) != n || all.Name(n) != name {
			t.Fatalf("%s has number %d, of %s, want %d", name, n, all.Name(n), i+1)
		}
	}
}

func TestNamesOfAnyLength(t *testing.T) {
	t.Parallel()
	var all ledger.Names[string]
	names := []string{"", "a", string(make([]byte, 100_000)), "b", ""}
	for _, name := range names {
		if got := all.Name(all.Number(name)); got != name {
			t.Errorf("%.10q became %.10q", name, got)
		}
	}
	if all.Number("") != 1 || all.Find("b") != 4 {
		t.Error("a name has two numbers")
	}
}

func TestNumberZeroIsNone(t *testing.T) {
	t.Parallel()
	var names ledger.Names[string]
	var values ledger.Values[int]
	if names.Find("a") != 0 || names.Name(0) != "" || values.Find(7) != 0 || values.Value(0) != 0 {
		t.Error("an empty one has something")
	}
}

func TestEachValueHasANumberOfItsOwn(t *testing.T) {
	t.Parallel()
	var all ledger.Values[ledger.BudgetLine]
	a, b := ledger.BudgetLine{Year: 2023}, ledger.BudgetLine{Year: 2024}
	one, two := all.Number(a), all.Number(b)
	if one == two || all.Number(a) != one || all.Find(b) != two || all.Value(one) != a || all.Value(two) != b {
		t.Errorf("numbers %d, %d of %v, %v", one, two, all.Value(one), all.Value(two))
	}
}

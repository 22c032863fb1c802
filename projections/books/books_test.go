package books_test

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"testing"

	"zhucan/ledger"
	"zhucan/projections/books"
	"zhucan/schema"
)

func TestPlacesAreInTheOrderOfARegister(t *testing.T) {
	t.Parallel()
	const account, last = ledger.AccountCode("1218.01"), 1<<34 - 1
	r := rand.New(rand.NewPCG(1, 2))
	date := func() ledger.Date { return ledger.DateOf(1900, 1, 1+r.IntN(511*365)) }
	for range 100_000 {
		a, b := date(), date()
		if r.IntN(4) == 0 {
			b = a
		}
		m, n := r.Uint64N(last+1), r.Uint64N(last+1)
		want := a.Before(b) || a == b && m < n
		if got := books.Place(account, a, m) < books.Place(account, b, n); got != want {
			t.Fatalf("record %d of %s is before %d of %s: %v", m, a, n, b, got)
		}
		from, to := books.Places(account, b)
		if p := books.Place(account, a, m); (from <= p && p <= to) != !a.After(b) {
			t.Fatalf("record %d of %s is at %d; places up to %s are %d to %d", m, a, p, b, from, to)
		}
	}
	from, to := books.Places(account, ledger.Date{})
	for _, day := range []ledger.Date{ledger.DateOf(1900, 1, 1), ledger.DateOf(2411, 12, 31), ledger.DateOf(9999, 12, 31)} {
		if p := books.Place(account, day, last); p < from || p > to {
			t.Errorf("the last record of %s is not among all", day)
		}
	}
}

// TestAccountsOfOurChartsShareNoPlaces: sharing costs time only, and none is better.
func TestAccountsOfOurChartsShareNoPlaces(t *testing.T) {
	t.Parallel()
	at := make(map[int64]ledger.AccountCode)
	for _, pack := range []string{"sample", "jilin"} {
		text, err := schema.Files.ReadFile("policy/" + pack + "/chart.csv")
		if err != nil {
			t.Fatal(err)
		}
		rows := csv.NewReader(bytes.NewReader(text))
		rows.Comment = '#'
		accounts, err := rows.ReadAll()
		if err != nil || len(accounts) < 10 {
			t.Fatalf("chart of %s: %d rows, %v", pack, len(accounts), err)
		}
		for _, row := range accounts[1:] {
			account := ledger.AccountCode(row[0])
			from, _ := books.Places(account, ledger.Date{})
			if other, taken := at[from]; taken && other != account {
				t.Errorf("%s has the places of %s", account, other)
			}
			at[from] = account
		}
	}
}

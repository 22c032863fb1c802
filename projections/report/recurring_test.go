package report_test

import (
	"fmt"
	"strings"
	"testing"

	"zhucan/events/memlog"
	"zhucan/ledger"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/levies"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// Months of the story of package sampletest, as of days and as known at the end.
func TestArrearsAndOverpaidMonths(t *testing.T) {
	t.Parallel()
	b, pool, log := sampletest.Story(t), schematest.New(t), new(memlog.Log)
	b.Posts()
	sampletest.Extend(t, log, b.Records)
	r := projections.New(pool, log, projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for day, want := range map[ledger.Date][2]string{
		// Nothing is awarded yet.
		ledger.DateOf(2023, 4, 9): {"", ""},
		// Four months were applied for late; April is not over.
		ledger.DateOf(2023, 4, 10): {"M1 2023-01 not-instructed, M1 2023-02 not-instructed, M1 2023-03 not-instructed", ""},
		ledger.DateOf(2023, 4, 13): {"M1 2023-02 failed POST2, M1 2023-03 not-instructed", ""},
		// March and April are under way, then March is paid.
		ledger.DateOf(2023, 4, 30): {"M1 2023-02 failed POST2", ""},
		ledger.DateOf(2023, 5, 8):  {"M1 2023-02 failed POST2", ""},
		// April is at the bank: no more due, and not paid either.
		ledger.DateOf(2023, 5, 9):  {"M1 2023-02 failed POST2", "2023-03 POST4 1000.00 - 0.00 - 0.00 = 1000.00"},
		ledger.DateOf(2023, 5, 20): {"M1 2023-02 failed POST2", "2023-03 POST4 1000.00 - 1000.00 - 400.00 = 600.00, 2023-04 POST5 1000.00 - 0.00 - 0.00 = 1000.00"},
		ledger.DateOf(2023, 6, 29): {"", "2023-03 POST4 1000.00 - 1000.00 - 400.00 = 600.00, 2023-04 POST5 1000.00 - 0.00 - 0.00 = 1000.00"},
		ledger.DateOf(2023, 6, 30): {"M2 2023-06 not-instructed", "2023-03 POST4 1000.00 - 1000.00 - 400.00 = 600.00, 2023-04 POST5 1000.00 - 0.00 - 0.00 = 1000.00"},
	} {
		cut := report.Cut{AsOf: day}
		due, err := report.Arrears(t.Context(), pool, report.InstalmentFilter{}, day, cut, "", all)
		if err != nil {
			t.Fatal(err)
		}
		over, err := report.Overpaid(t.Context(), pool, report.InstalmentFilter{}, cut, "", all)
		if err != nil {
			t.Fatal(err)
		}
		var arrears, overpaid []string
		for _, a := range due.Arrears {
			arrears = append(arrears, strings.TrimSpace(fmt.Sprint(a.Claim, " ", a.Month, " ", a.Status, " ", a.Payment)))
		}
		for _, o := range over.Overpaid {
			overpaid = append(overpaid, fmt.Sprintf("%s %s %s - %s - %s = %s", o.Month, o.Payment, o.Amount, o.Demanded, o.Recovered, o.Outstanding))
		}
		if got := [2]string{strings.Join(arrears, ", "), strings.Join(overpaid, ", ")}; got != want {
			t.Errorf("on %s\n %q\nwant\n %q", day, got, want)
		}
	}

	// A page ends and the next goes on.
	first, err := report.Overpaid(t.Context(), pool, report.InstalmentFilter{Claim: "M1"}, report.Cut{}, "", 1)
	if err != nil || len(first.Overpaid) != 1 || first.Next != "M1:2023-03" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := report.Overpaid(t.Context(), pool, report.InstalmentFilter{Party: "P6"}, report.Cut{}, first.Next, 1)
	if err != nil || len(second.Overpaid) != 1 || second.Overpaid[0].Month != "2023-04" || second.Next != "" {
		t.Fatalf("%+v, %v", second, err)
	}
	if none, err := report.Arrears(t.Context(), pool, report.InstalmentFilter{Scheme: "startup"}, ledger.DateOf(2023, 6, 30), report.Cut{}, "", all); err != nil || len(none.Arrears) != 0 {
		t.Fatalf("of a scheme that does not recur: %+v, %v", none, err)
	}
}

package intake_test

import (
	"reflect"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/intake"
	"zhucan/ledger"
	"zhucan/ledger/claim"
)

// A list of applications to an organisation's scheme, by its last cells.
func factsOf(t *testing.T, cells string) (claim.Submit, []*intake.Refused) {
	t.Helper()
	text := "claim,scheme,region,from,to,units,evidence,date,kind,name,uscc,bank_account,household,base,since,persons,costs,contribution,retires\n" +
		"C1,incubator,220104,2023-04,2023-04,1,,2023-04-03,institution,示例机构（样本）,91350100M000100Y43,1234567890," + cells + "\n"
	f, err := intake.New(strings.NewReader(text), intake.Options{Name: "list.csv"})
	if err != nil {
		t.Fatal(err)
	}
	all, refused := collect(t, intake.ReadApplications(f))
	if len(all) != 1 {
		return claim.Submit{}, refused
	}
	return all[0].Submit, refused
}

func TestAnApplicationStatesTheFactsItsSchemeNeeds(t *testing.T) {
	t.Parallel()
	got, refused := factsOf(t, "H1,BASE1,2022-01-01,P1 P2,roof:INV-1:9000.00 door:INV-2:100.50:20.00,812.34,2031-05-01")
	want := claim.Submit{
		Base: "BASE1", Contribution: ledger.Fen(812_34), Household: "H1", Persons: []ledger.PartyID{"P1", "P2"}, Retires: ledger.DateOf(2031, 5, 1), Since: ledger.DateOf(2022, 1, 1),
		Costs: []claim.Cost{
			{Cost: ledger.Fen(9_000_00), Invoice: "INV-1", Item: "roof"},
			{Cost: ledger.Fen(100_50), Invoice: "INV-2", Item: "door", Other: ledger.Fen(20_00)},
		},
	}
	got = claim.Submit{Base: got.Base, Contribution: got.Contribution, Retires: got.Retires, Household: got.Household, Persons: got.Persons, Since: got.Since, Costs: got.Costs}
	if len(refused) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, refused)
	}
	if got, refused := factsOf(t, ",,,,,,"); len(refused) > 0 || got.Costs != nil || !got.Contribution.IsZero() || !got.Retires.IsZero() || got.Persons != nil || !got.Since.IsZero() {
		t.Errorf("%+v, %v", got, refused)
	}
}

func TestAFactThatIsWrittenWrongIsRefused(t *testing.T) {
	t.Parallel()
	for cells, column := range map[string]string{
		"户 1,,,,,,": "household", ",基地,,,,,": "base", ",,2022-13-01,,,,": "since", ",,,P1 张三,,,": "persons", ",,,,roof:INV-1,,": "costs",
		",,,,roof:INV-1:many,,": "costs", ",,,,roof:INV-1:1.00:2.00:3.00,,": "costs", ",,,,roof::1.00,,": "costs",
		",,,,,812.345,": "contribution", ",,,,,八百,": "contribution", ",,,,,,2031-02-30": "retires",
	} {
		if got, refused := factsOf(t, cells); len(refused) != 1 || !strings.Contains(refused[0].Error(), `column "`+column+`"`) {
			t.Errorf("%s: %+v, %v", cells, got, refused)
		}
	}
}

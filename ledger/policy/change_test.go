package policy_test

import (
	"slices"
	"strings"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
)

func TestWhatIsUnsetIsListed(t *testing.T) {
	t.Parallel()
	p := packOf(t, "x|CN||||1|persons", "y|220100|2023-01-01|2023-12-31|||persons")
	p.Schemes[2].Recurring = &policy.Recurring{Every: policy.Month}
	var got []string
	for _, u := range p.Unset() {
		if u.Value != "" || u.Certainty != policy.Unknown || u.Source == "" {
			t.Errorf("%+v", u)
		}
		got = append(got, u.Name)
	}
	if want := "y assisted.term assisted.placements assisted.near_retirement unset.standard unset.publicity.days late_return"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestChangesOfAPackAreFoundPartByPart(t *testing.T) {
	t.Parallel()
	a := packOf(t, "x|CN|2022-01-01|||1|persons", "y|CN||||1|persons")
	b := packOf(t, "x|CN|2022-01-01|2022-12-31||1|persons", "x|CN|2023-01-01||2023-03-26|2|persons")
	b.Version = "test-2"
	b.Schemes[0].Standards = slices.Clone(b.Schemes[0].Standards)
	b.Schemes[0].Standards[0].Amount = ledger.Fen(6_000_00)
	b.Schemes[1].Funds = []ledger.FundCode{"levy", "lottery"}
	b.Schemes[2].Excludes = nil
	b.Accounts[0].NameEN = "Deposits"
	b.Days = b.Days[:1]
	var got []string
	for _, c := range a.Changes(*b) {
		got = append(got, strings.Join([]string{c.Kind, c.Key, c.Field, c.Before, c.After}, "|"))
	}
	want := []string{
		"pack||version|test-1|test-2",
		"account|1002|name_en|Bank deposits|Deposits",
		"parameter|x CN from 2022-01-01|to||2022-12-31",
		"parameter|x CN from 2023-01-01 published 2023-03-26|||certainty=verified from=2023-01-01 name=x published=2023-03-26 region=CN source=synthetic unit=persons value=2",
		"standard|startup 220000 from 2022-01-01|amount|5000.00|6000.00",
		`scheme|employer|funds|["levy"]|["levy","lottery"]`,
		"parameter|y CN||certainty=verified name=y region=CN source=synthetic unit=persons value=1|",
		"exclusion|assisted startup||group=startup scope=life source=synthetic|",
		"day|2023-05-06||date=2023-05-06 working=true|",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if same := a.Changes(*a); len(same) != 0 {
		t.Errorf("a pack differs from itself: %+v", same)
	}
	if p := ledgertest.Pack(); len(p.Changes(p)) != 0 || p.Schemes[2].Excludes == nil {
		t.Error("comparing changed a pack")
	}
}

func TestTheFirstWorkingDayIsTheDayOrALaterOne(t *testing.T) {
	t.Parallel()
	p := ledgertest.Pack() // 1 May 2023 is off, Saturday 6 May is worked
	for from, want := range map[string]string{"2023-04-28": "2023-04-28", "2023-04-29": "2023-05-02", "2023-05-01": "2023-05-02", "2023-05-06": "2023-05-06", "2023-05-07": "2023-05-08"} {
		if got, err := p.WorkingDay(day(t, from)); err != nil || got.String() != want {
			t.Errorf("from %s: %s, %v, want %s", from, got, err, want)
		}
	}
	if _, err := p.WorkingDay(day(t, "2024-04-30")); err == nil {
		t.Error("a year without a calendar has working days")
	}
}

package report_test

import (
	"errors"
	"fmt"
	"testing"

	"zhucan/ledger"
	"zhucan/ledger/claim"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/indicators"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
	"zhucan/schema/schematest"
)

// reviewed takes a claim of a person to its second review.
func reviewed(b *sampletest.Book, id ledger.ClaimID, p ledger.PartyID) {
	b.Person(p)
	march := ledger.PeriodOf(2023, 3)
	evidence := []claim.Evidence{{Hash: sampletest.Hash, Kind: "certificate"}, {Hash: sampletest.Licence, Kind: "licence"}}
	b.Do(ledgertest.Clerk, sampletest.Day, claim.Submit{Account: "1", Claim: id, Evidence: evidence, From: march, Party: p, Region: "220104", Scheme: "startup", To: march, Units: 1})
	b.Do(ledgertest.First, sampletest.Day, claim.FirstReview{Claim: id})
	b.Do(ledgertest.First, sampletest.Day, claim.Compare{Claim: id, Manifest: sampletest.Hash, Outcome: claim.Matched, Sources: []string{"register"}})
	b.Do(ledgertest.Second, sampletest.Day, claim.SecondReview{Claim: id})
}

// A claim under a standard that is a share (社会保险补贴) does not keep the others off the list, and neither does the code of a
// region that has another since: 公主岭 was 220381 until 2020.
func TestAPublicListHasSharesAndRegionsThatHaveAnotherCode(t *testing.T) {
	t.Parallel()
	b, pool := sampletest.New(t), schematest.New(t)
	pack := ledgertest.Pack()
	pack.Version = "test-2"
	ledgertest.Insured(&pack)
	insurance := &pack.Schemes[len(pack.Schemes)-1]
	insurance.From, insurance.Standards[0].From = ledger.DateOf(2020, 1, 1), ledger.DateOf(2020, 1, 1)
	b.Do(ledgertest.Operator, sampletest.Day, policy.Publish{Pack: pack})
	day := ledger.DateOf(2020, 6, 1)
	b.Do(ledgertest.Clerk, day, party.Register{Account: ledgertest.Sealed, Code: "91220101MA0000007M", Kind: policy.Institution, Name: "示例机构", Party: "U91220101MA0000007M", Region: "220381"})
	b.Do(ledgertest.Clerk, day, claim.Submit{
		Account: "1", Claim: "C9", Contribution: ledger.Fen(1000_01), Evidence: []claim.Evidence{{Hash: sampletest.Hash, Kind: "certificate"}},
		From: ledger.PeriodOf(2020, 1), Party: "U91220101MA0000007M", Region: "220381", Scheme: "insurance", To: ledger.PeriodOf(2020, 12), Units: 1,
	})
	b.Do(ledgertest.First, day, claim.FirstReview{Claim: "C9"})
	b.Do(ledgertest.First, day, claim.Compare{Claim: "C9", Manifest: sampletest.Hash, Outcome: claim.Matched, Sources: []string{"register"}})
	b.Do(ledgertest.Second, day, claim.SecondReview{Claim: "C9"})
	r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), indicators.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	const want = "[{示例机构 公主岭市 社会保险补贴 Social-insurance subsidy 缴费额的2/3 8000.04}]"
	for _, region := range []ledger.RegionCode{"", "220100", "220184"} {
		if got, err := report.Public(t.Context(), pool, region, "", false, sampletest.Day); err != nil || fmt.Sprint(got.Rows) != want {
			t.Errorf("region %q: %v, %v; want %s", region, got.Rows, err, want)
		}
	}
	if got, err := report.Public(t.Context(), pool, "220300", "", false, sampletest.Day); !errors.Is(err, report.ErrPublic) {
		t.Errorf("where it does not lie any more: %v, %v", got.Rows, err)
	}
}

func TestAPublicListSaysWhatANoticeMaySayAndNothingElse(t *testing.T) {
	t.Parallel()
	b, pool := sampletest.Story(t), schematest.New(t)
	reviewed(b, "C7", "P7")
	reviewed(b, "C8", "P8")
	b.Do(ledgertest.First, sampletest.Day, claim.Publicise{Claim: "C8", From: sampletest.Day, Notice: sampletest.Hash, Place: "示例公示栏", To: sampletest.Day.AddDays(6)})
	r := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), indicators.New()}})
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask := func(region ledger.RegionCode, shown bool) (report.PublicList, error) {
		return report.Public(t.Context(), pool, region, "", shown, sampletest.Day)
	}
	if _, err := ask("", false); !errors.Is(err, report.ErrPublic) {
		t.Errorf("a person whose name is not known: %v", err)
	}
	for party, masked := range map[string]string{"P7": "张*三", "P8": "李*"} {
		if _, err := pool.Exec(t.Context(), "insert into vault.key (party, wrapped, master_id) values ($1, decode(repeat('ab', 69), 'hex'), repeat('ab', 8))", party); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Exec(t.Context(), "insert into vault.display (party, masked) values ($1, $2)", party, masked); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		region ledger.RegionCode
		shown  bool
		want   string
	}{
		{"", false, "[{张*三 朝阳区 自主创业扶持 Entrepreneurship grant 5000.00 5000.00}]"},
		{"220100", true, "[{李* 朝阳区 自主创业扶持 Entrepreneurship grant 5000.00 5000.00}]"},
	} {
		got, err := ask(c.region, c.shown)
		if err != nil || fmt.Sprint(got.Rows) != c.want {
			t.Errorf("region %q: %v, %v; want %s", c.region, got.Rows, err, c.want)
		}
	}
	if got, err := ask("220200", false); !errors.Is(err, report.ErrPublic) {
		t.Errorf("a city without claims: %v, %v", got.Rows, err)
	}
	// A person whose claim is open is not erased; one who withdrew it may be.
	b.Do(ledgertest.Clerk, sampletest.Day.AddDays(1), claim.Withdraw{Claim: "C7", Reason: "本人撤回"})
	b.Do(ledgertest.Operator, sampletest.Day.AddDays(1), party.Erase{Basis: "个人信息保护法 art. 47", Party: "P7"})
	again := projections.New(pool, b.Log(), projections.Config{Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), indicators.New()}})
	if err := again.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := ask("", false); !errors.Is(err, report.ErrPublic) {
		t.Errorf("who was erased is on the list: %v, %v", got.Rows, err)
	}
}

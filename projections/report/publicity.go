package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/ledger"
)

// A PublicRow is one line of a list that is shown to the public (公示). It has what the
// notice may say and nothing else: no number, account, category, grade, address or phone
// (个人信息保护法 arts. 25, 28; policy.md §15, identifiers.md §7).
type PublicRow struct {
	Name     string `json:"name"` // of a person masked, of an organisation whole
	Region   string `json:"region"`
	Scheme   string `json:"scheme"`
	SchemeEN string `json:"scheme_en"`
	Standard string `json:"standard"` // of one unit, or the share of contributions (缴费额)
	Amount   string `json:"amount"`
}

// A PublicList is what is to be shown of claims that have passed their reviews.
type PublicList struct {
	Rows []PublicRow `json:"rows"`
	Basis
}

// ErrPublic refuses a list with nobody on it, or with somebody who was erased.
var ErrPublic = &ledger.Rejection{
	Code: "publicity-list", Rule: "a public list names claims that have passed the second review, and nobody who was erased", RuleZH: "公示名单只列已通过复核的申报，且不含已删除个人信息的对象",
	Source: "个人信息保护法 arts. 25, 28, 47", Next: "finish the reviews, or reject the claim of who was erased", NextZH: "请先完成复核，或对已删除对象的申报作出处理",
}

// ErrEmploying refuses a list of employing bodies with none on it, or with one nobody could
// tell.
var ErrEmploying = &ledger.Rejection{
	Code: "disclosure-list", Rule: "the list of bodies that employ disabled people has at least one, and each with its name", RuleZH: "已安排残疾人就业单位名单不得为空，且每一单位须有名称",
	Source: "吉政办发〔2022〕35号 三（一）", Next: "import the headcounts of the bodies, with body_name", NextZH: "请先导入各单位人数（含单位名称）",
}

// selectPublic takes the standard from the event, where it was fixed: an amount, or a share.
const selectPublic = `
select p.kind, p.erased, coalesce(p.name, '') as name, c.region, s.name_zh, s.name_en,
	coalesce(d.standard ->> 'amount', '缴费额的' || (d.standard ->> 'share')) as standard, c.amount::text as amount
from read.claim c
join read.party p on p.party = c.party
join read.scheme s on s.version = c.policy and s.code = c.scheme
join archive.record r on r.seq = c.seq
cross join lateral (select convert_from(r.data, 'UTF8')::jsonb -> 'standard' as standard) d
where c.status = any(@steps) and (@scheme = '' or c.scheme = @scheme) and c.region = any(@regions) and c.seq <= @seq
order by c.region, c.scheme, c.seq`

// Public lists claims of a region, or below it, also under codes it had before, that have passed the second review and
// wait to be shown, or with shown those that are being shown.
func Public(ctx context.Context, pool *pgxpool.Pool, region ledger.RegionCode, scheme ledger.SchemeCode, shown bool, on ledger.Date) (out PublicList, err error) {
	if region == "" {
		region = "220000"
	}
	if _, err := ledger.FindRegion(region, on); err != nil {
		return PublicList{}, err
	}
	steps := []string{"second-reviewed"}
	if shown {
		steps = []string{"publicised"}
	}
	err = snapshot(ctx, pool, Cut{}, func(tx pgx.Tx, b Basis) error {
		out.Basis = b
		rows, err := tx.Query(ctx, selectPublic, pgx.NamedArgs{"steps": steps, "scheme": string(scheme), "regions": ledger.CodesIn(region, on), "seq": b.Seq})
		if err != nil {
			return err
		}
		var kind, place string
		var erased bool
		var r PublicRow
		_, err = pgx.ForEachRow(rows, []any{&kind, &erased, &r.Name, &place, &r.Scheme, &r.SchemeEN, &r.Standard, &r.Amount}, func() error {
			if erased || r.Name == "" {
				return ErrPublic.Of("a claim in %s is of a party without a name", place)
			}
			lies, err := ledger.StandsIn(ledger.RegionCode(place), on)
			if err != nil {
				return err
			}
			r.Region = lies.NameZH
			out.Rows = append(out.Rows, r)
			return nil
		})
		if err == nil && len(out.Rows) == 0 {
			err = ErrPublic.Of("region %s, scheme %q: none", region, scheme)
		}
		return err
	})
	if err != nil {
		return PublicList{}, fmt.Errorf("public list: %w", err)
	}
	return out, nil
}

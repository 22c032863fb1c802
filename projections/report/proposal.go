package report

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// A Proposal is one line of the list of adjusting entries that were proposed.
type Proposal struct {
	Seq        uint64 `json:"seq"`
	Entry      string `json:"entry"`
	Status     string `json:"status"` // proposed, posted or rejected
	Date       string `json:"date"`
	Memo       string `json:"memo"`
	ProposedBy string `json:"proposed_by"`
	DecidedBy  string `json:"decided_by"`
	DecidedOn  string `json:"decided_on"`
	Reason     string `json:"reason"` // why it was rejected
}

// A ProposalPage is a page of the list of proposals.
type ProposalPage struct {
	Proposals []Proposal `json:"proposals"`
	Next      string     `json:"next,omitempty"`
	Basis
}

// A proposal stands where the last record that counts left it: it waits until the day of its
// decision, though its entry, once posted, is dated on the day on which it was proposed.
const selectProposals = `
select p.seq, p.entry, case when d.seq is null then 'proposed' else p.status end, p.date::text, p.memo, p.proposed_by,
	case when d.seq is null then '' else p.decided_by end,
	case when d.seq is null then '' else p.decided_on::text end,
	case when d.seq is null then '' else coalesce(p.reason, '') end
from read.proposal p
left join lateral (
	select max(e.seq) as seq
	from archive.record e
	where e.case_id = p.entry and e.seq > p.seq and e.seq <= @seq
		and (e.name like 'journal.entry-posted.%' or e.name like 'journal.entry-rejected.%')
		and (@as_of::date is null or p.decided_on <= @as_of)) d on true -- a proposal is decided once
where p.seq > @after and p.seq <= @seq and (@as_of::date is null or p.date <= @as_of)
order by p.seq
limit @limit`

// Proposals lists adjusting entries that were proposed, from records above after.
func Proposals(ctx context.Context, db DB, cut Cut, after uint64, limit int) (ProposalPage, error) {
	rows, next, b, err := page(ctx, db, cut, selectProposals, pgx.NamedArgs{"after": after}, limit,
		pgx.RowToStructByPos[Proposal], func(p Proposal) string { return strconv.FormatUint(p.Seq, 10) })
	if err != nil {
		return ProposalPage{}, fmt.Errorf("list proposals: %w", err)
	}
	return ProposalPage{rows, next, b}, nil
}

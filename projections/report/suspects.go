package report

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/ledger"
)

// A Suspect is a payment made elsewhere that looks like an earlier one.
type Suspect struct {
	Seq     uint64           `json:"seq"`
	Payment ledger.PaymentID `json:"payment"`
	Earlier string           `json:"earlier"` // a payment, or the claim that had the purpose already
	Party   ledger.PartyID   `json:"party"`
	Amount  ledger.Money     `json:"amount"`
	Date    string           `json:"date"`
	Status  string           `json:"status"` // of the payment now: somebody may have reversed it
}

const selectSuspects = `
select s.seq, s.payment, s.earlier, s.party, s.amount::text, s.date::text, p.status
from read.suspect s
join read.payment p on p.payment = s.payment
where s.seq > @after and s.seq <= @seq and (@as_of::date is null or s.date <= @as_of)
order by s.seq
limit @limit`

// Suspects lists payments that may have been made twice, from records above after.
func Suspects(ctx context.Context, pool *pgxpool.Pool, cut Cut, after uint64, limit int) (all []Suspect, basis Basis, err error) {
	err = snapshot(ctx, pool, cut, func(tx pgx.Tx, b Basis) error {
		basis, all = b, []Suspect{}
		rows, err := tx.Query(ctx, selectSuspects, pgx.NamedArgs{"after": after, "seq": b.Seq, "as_of": day(cut.AsOf), "limit": limit})
		if err != nil {
			return err
		}
		var (
			s      Suspect
			amount string
		)
		_, err = pgx.ForEachRow(rows, []any{&s.Seq, &s.Payment, &s.Earlier, &s.Party, &amount, &s.Date, &s.Status}, func() error {
			if s.Amount, err = money(amount); err != nil {
				return err
			}
			all = append(all, s)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, basis, fmt.Errorf("suspects: %w", err)
	}
	return all, basis, nil
}

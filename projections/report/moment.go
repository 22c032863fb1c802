package report

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
)

// A Moment says up to when what is recorded counts: up to a record, or to a time.
// The zero Moment is now.
type Moment struct {
	seq uint64
	at  time.Time
}

// ParseMoment reads the number of a record, or a time: RFC 3339, or without a zone
// as it is in China. A day alone is refused, since it may mean its beginning or its
// end; "" is the zero Moment.
func ParseMoment(text string) (m Moment, err error) {
	if text == "" {
		return m, nil
	}
	if seq, err := strconv.ParseUint(text, 10, 64); err == nil && seq > 0 && strconv.FormatUint(seq, 10) == text {
		return Moment{seq: seq}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return Moment{at: at}, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, text, ledger.China); err == nil {
			return Moment{at: at}, nil
		}
	}
	return m, ErrKnownBy
}

// Search halves the log until it has the last record that is not later: no record
// is ever earlier than the one in front of it.
const selectSeqAt = `
with recursive search(low, high) as (
	select 0::bigint, @last::bigint
	union all
	select case when r.recorded_at <= @at then r.seq else s.low end,
		case when r.recorded_at <= @at then s.high else r.seq - 1 end
	from search s
	join archive.record r on r.seq = (s.low + s.high + 1) / 2
	where s.low < s.high
)
select low
from search
where low >= high`

// Seq returns the last record that counts, and whether that is the last which is
// projected: records that are not may then belong before the moment as well.
// A time that has not come is [ErrAhead], one before the first record [ErrKnownBy].
// Seq of the zero Moment is 0, which a [Cut] takes for all.
func (m Moment) Seq(ctx context.Context, db DB, now time.Time) (seq uint64, last bool, err error) {
	switch {
	case m.at.IsZero():
		return m.seq, false, nil
	case m.at.After(now):
		return 0, false, ErrAhead.Of("%s has not come", m.at.Format(time.RFC3339))
	}
	err = snapshot(ctx, db, Cut{}, func(tx pgx.Tx, b Basis) error {
		if err := tx.QueryRow(ctx, selectSeqAt, pgx.NamedArgs{"at": m.at, "last": b.Seq}).Scan(&seq); err != nil {
			return err
		}
		if last = seq == b.Seq; seq == 0 {
			return ErrKnownBy.Of("nothing was recorded by %s", m.at.Format(time.RFC3339))
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("known by a time: %w", err)
	}
	return seq, last, nil
}

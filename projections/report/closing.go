package report

import (
	"context"
	"fmt"

	"zhucan/ledger"
	"zhucan/ledger/journal"
)

// Closing is the order to close a month with what the books are: the totals of its
// trial balance, the record up to which they were taken and the root of the tree there.
func Closing(ctx context.Context, db DB, month ledger.Period) (journal.Close, error) {
	return closing(ctx, db, month, 0)
}

// closing is Closing as of a record; as of the last one where seq is 0.
func closing(ctx context.Context, db DB, month ledger.Period, seq uint64) (journal.Close, error) {
	trial, err := TrialBalance(ctx, db, Cut{AsOf: month.Last(), KnownBy: seq})
	if err != nil {
		return journal.Close{}, err
	}
	root, err := Root(ctx, db, trial.Seq)
	if err != nil {
		return journal.Close{}, err
	}
	return journal.Close{
		Credits: ledger.Total(trial.CreditTotal), Debits: ledger.Total(trial.DebitTotal), Period: month, Root: root, Seq: trial.Seq,
	}, nil
}

// CheckClosing refuses to close a month with what the books were not at the record that is
// named, or are no more. An order that names no month is refused by the book.
func CheckClosing(ctx context.Context, db DB, do journal.Close) error {
	if do.Period.IsZero() {
		return nil
	}
	now, err := Closing(ctx, db, do.Period)
	if err != nil {
		return fmt.Errorf("close %s: %w", do.Period, err)
	}
	then := now
	if do.Seq != now.Seq {
		if do.Seq == 0 || do.Seq > now.Seq {
			return journal.ErrBooks.Of("%s as of record %d; the last one that is projected is %d", do.Period, do.Seq, now.Seq)
		}
		if then, err = closing(ctx, db, do.Period, do.Seq); err != nil {
			return fmt.Errorf("close %s: %w", do.Period, err)
		}
	}
	for _, books := range []journal.Close{then, now} {
		if ledger.Money(do.Debits).Equal(ledger.Money(books.Debits)) && ledger.Money(do.Credits).Equal(ledger.Money(books.Credits)) {
			continue
		}
		return journal.ErrBooks.Of("%s with debits %s and credits %s; as of record %d they are %s and %s", do.Period, do.Debits, do.Credits, books.Seq, books.Debits, books.Credits)
	}
	if do.Root != then.Root {
		return journal.ErrBooks.Of("%s under root %q; that of record %d is %s", do.Period, do.Root, then.Seq, then.Root)
	}
	return nil
}

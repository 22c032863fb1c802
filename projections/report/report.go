package report

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/projections/archive"
)

// A Cut says which entries count. The zero Cut counts all.
type Cut struct {
	AsOf    ledger.Date // dated up to here
	KnownBy uint64      // recorded up to here
}

// A Basis is what an answer rests on. Every answer carries it.
type Basis struct {
	Seq    uint64 `json:"seq"`    // last record that counts
	AsOf   string `json:"as_of"`  // accounting date up to which entries count; "" for all
	Policy string `json:"policy"` // version in force at Seq
}

const (
	selectPosition = `
select seq
from read.position`

	selectPolicy = `
select coalesce((
	select version
	from read.policy
	where seq <= @seq
	order by seq desc
	limit 1), '')`
)

// ErrNotServed is a database in which no read model is served yet.
var ErrNotServed = errors.New("no read model is served yet")

// snapshot runs f in one read-only snapshot and tells it what the answer rests on.
func snapshot(ctx context.Context, pool *pgxpool.Pool, cut Cut, f func(tx pgx.Tx, b Basis) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, pool, options, func(tx pgx.Tx) error {
		b := Basis{AsOf: cut.AsOf.String()}
		switch err := tx.QueryRow(ctx, selectPosition).Scan(&b.Seq); {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotServed
		case err != nil:
			return fmt.Errorf("read the position: %w", err)
		}
		if cut.KnownBy != 0 && cut.KnownBy < b.Seq {
			b.Seq = cut.KnownBy
		}
		if err := tx.QueryRow(ctx, selectPolicy, pgx.NamedArgs{"seq": b.Seq}).Scan(&b.Policy); err != nil {
			return fmt.Errorf("read the policy: %w", err)
		}
		return f(tx, b)
	})
}

// Root returns the root of the tree over the first size records, in hexadecimal.
func Root(ctx context.Context, db archive.DB, size uint64) (string, error) {
	tree, err := merkle.FrontierAt(size, archive.Tree(ctx, db))
	if err != nil {
		return "", fmt.Errorf("root at %d: %w", size, err)
	}
	root := tree.Root()
	return hex.EncodeToString(root[:]), nil
}

// day is a date as an argument of a query: null when there is none.
func day(d ledger.Date) any {
	if d.IsZero() {
		return nil
	}
	return d.Time()
}

// money reads a sum that Postgres wrote as text with two decimals. It may be larger
// than any one amount, and than 64 bits.
func money(s string) (m ledger.Money, err error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, cents, _ := strings.Cut(digits, ".")
	if cents == "" {
		cents = "00" // the sum of nothing
	}
	if len(cents) != 2 {
		return m, fmt.Errorf("amount %q in the database", s)
	}
	for part := range slices.Chunk([]byte(whole+cents), 15) {
		n, err := strconv.ParseUint(string(part), 10, 63)
		if err != nil {
			return m, fmt.Errorf("amount %q in the database: %w", s, err)
		}
		shift := int64(1)
		for range part {
			shift *= 10
		}
		m = m.Times(shift).Add(ledger.Fen(int64(n)))
	}
	if negative {
		m = ledger.Money{}.Sub(m)
	}
	return m, nil
}

// Queries are the statements of this package, for a test to prepare.
var Queries = map[string]string{
	"selectPosition": selectPosition, "selectPolicy": selectPolicy, "selectTrial": selectTrial, "selectTrialCut": selectTrialCut,
	"selectAccount": selectAccount, "selectBalance": selectBalance, "selectOpening": selectOpening, "selectLines": selectLines,
	"selectRelated": selectRelated, "selectIsParty": selectIsParty, "selectSteps": selectSteps, "selectRecord": selectRecord,
	"selectRecords": selectRecords, "selectEntry": selectEntry, "selectSuspects": selectSuspects,
	"selectHead": selectHead, "selectNote": selectNote, "insertNote": insertNote,
}

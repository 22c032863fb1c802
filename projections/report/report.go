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
	"github.com/jackc/pgx/v5/pgconn"

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
	Label  string `json:"-"`      // what that policy calls itself
}

const (
	selectPosition = `
select seq
from read.position`

	selectPolicy = `
select version, label
from read.policy
where seq <= @seq
order by seq desc
limit 1`
)

// ErrNotServed is a database in which no read model is served yet.
var ErrNotServed = errors.New("no read model is served yet")

// Refusals of a cut, in the order of checking.
var (
	ErrKnownBy = &ledger.Rejection{
		Code: "known-by-form", Rule: "what was known is asked for by a record, or by a time at which there was one", RuleZH: "认知截至须为序号，或已有记录之后的时间",
		Next: "give a number from 1, or a time such as 2023-05-31T18:00:00+08:00", NextZH: "请填写从1起的序号，或时间（如 2023-05-31T18:00:00+08:00）",
	}
	ErrAhead = &ledger.Rejection{
		Code: "known-by-ahead", Rule: "figures count what is recorded and projected, and nothing that is still to come", RuleZH: "只统计已记录并已入账的内容",
		Next: "ask for an earlier record or time, or try again when it is projected", NextZH: "请使用更早的序号或时间，或待入账后重试",
	}
)

// ErrFilter refuses to narrow a list to what there is nothing of, whatever is on record.
var ErrFilter = &ledger.Rejection{
	Code: "filter-value", Rule: "a list is narrowed to a status, and a story to a kind, that there is", RuleZH: "筛选条件须为规定的状态或类别",
	Next: "give one of those that are named", NextZH: "请填写所列取值之一",
}

// oneOf refuses a value, unless it is none or one of those there are.
func oneOf[S ~string](what string, value string, all ...S) error {
	if value == "" || slices.Contains(all, S(value)) {
		return nil
	}
	return ErrFilter.Of("%s %q is none of %v", what, value, all)
}

var reading = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// snapshot runs f in one read-only snapshot and tells it what the answer rests on.
func snapshot(ctx context.Context, db DB, cut Cut, f func(tx pgx.Tx, b Basis) error) error {
	return pgx.BeginTxFunc(ctx, db, reading, func(tx pgx.Tx) error {
		b := Basis{AsOf: cut.AsOf.String()}
		switch err := tx.QueryRow(ctx, selectPosition).Scan(&b.Seq); {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotServed
		case err != nil:
			return fmt.Errorf("read the position: %w", err)
		}
		switch {
		case cut.KnownBy > b.Seq:
			// They would be other figures once it is projected.
			return ErrAhead.Of("record %d; the last one that is projected is %d", cut.KnownBy, b.Seq)
		case cut.KnownBy != 0:
			b.Seq = cut.KnownBy
		}
		err := tx.QueryRow(ctx, selectPolicy, pgx.NamedArgs{"seq": b.Seq}).Scan(&b.Policy, &b.Label)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("read the policy: %w", err)
		}
		return f(tx, b)
	})
}

// Now returns what an answer without a cut rests on.
func Now(ctx context.Context, db DB) (now Basis, err error) {
	err = snapshot(ctx, db, Cut{}, func(_ pgx.Tx, b Basis) error {
		now = b
		return nil
	})
	return now, err
}

// A DB is what answers are read from; a pool is one.
type DB interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
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
	"selectDocument": selectDocument, "selectClaimant": selectClaimant,
	"selectPosition": selectPosition, "selectPolicy": selectPolicy, "selectSeqAt": selectSeqAt,
	"selectTrial": selectTrial, "selectTrialCut": selectTrialCut, "selectNames": selectNames,
	"selectAccount": selectAccount, "selectBalance": selectBalance, "selectOpening": selectOpening, "selectLines": selectLines,
	"selectRelated": selectRelated, "selectIsParty": selectIsParty, "selectSteps": selectSteps, "selectRecord": selectRecord,
	"selectRecords": selectRecords, "selectEntry": selectEntry, "selectKnown": selectKnown,
	"selectClaims": selectClaims, "selectClaimsThen": selectClaimsThen, "selectPayments": selectPayments,
	"selectPaymentsThen": selectPaymentsThen, "selectLinesNow": selectLinesNow, "selectLinesThen": selectLinesThen,
	"selectArrearsNow": selectArrearsNow, "selectArrearsThen": selectArrearsThen, "selectOverpaidNow": selectOverpaidNow, "selectOverpaidThen": selectOverpaidThen,
	"selectSuspects": selectSuspects, "selectParties": selectParties, "selectPeriods": selectPeriods, "selectProposals": selectProposals,
	"selectLevies": selectLevies, "selectLeviesThen": selectLeviesThen, "selectIncome": selectIncome, "selectIncomeThen": selectIncomeThen,
	"selectPersons": selectPersons, "selectEveryParty": selectEveryParty, "selectErased": selectErased, "selectRegistered": selectRegistered,
	"selectHead": selectHead, "selectNote": selectNote, "selectSigned": selectSigned, "insertNote": insertNote,
	"selectTargets": selectTargets, "selectSplits": selectSplits, "selectFlows": selectFlows, "roomy": roomy, "selectPublic": selectPublic, "selectLabel": selectLabel,
	"countFacts": countFacts, "countPayments": countPayments, "selectShapes": selectShapes, "selectCovered": selectCovered, "selectBodies": selectBodies, "selectFacts": selectFacts,
}

package report

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/ledger"
	"zhucan/projections/books"
)

// An AccountBalance is one line of a trial balance. The balance stands in one of
// the two columns; debits and credits are what moved.
type AccountBalance struct {
	Code    ledger.AccountCode `json:"code"`
	Name    string             `json:"name"`
	NameEN  string             `json:"name_en"`
	Book    ledger.Book        `json:"book"`
	Debit   ledger.Money       `json:"debit"`
	Credit  ledger.Money       `json:"credit"`
	Debits  ledger.Money       `json:"debits"`
	Credits ledger.Money       `json:"credits"`
}

// A BookTotal says whether one of the books kept side by side balances.
type BookTotal struct {
	Book     ledger.Book  `json:"book"`
	Debit    ledger.Money `json:"debit"`
	Credit   ledger.Money `json:"credit"`
	Balanced bool         `json:"balanced"`
}

// A Trial is a trial balance (试算平衡表): all balances, debits equal credits in each
// book. Debits and Credits are the sums of everything that moved.
type Trial struct {
	Accounts    []AccountBalance `json:"accounts"`
	Books       []BookTotal      `json:"books"`
	DebitTotal  ledger.Money     `json:"debit_total"`
	CreditTotal ledger.Money     `json:"credit_total"`
	Debits      ledger.Money     `json:"debits"`
	Credits     ledger.Money     `json:"credits"`
	Basis
}

// Balanced tells whether debits equal credits in every book.
func (t Trial) Balanced() bool {
	for _, b := range t.Books {
		if !b.Balanced {
			return false
		}
	}
	return t.DebitTotal.Equal(t.CreditTotal) && t.Debits.Equal(t.Credits)
}

const (
	selectTrial = `
select a.code, a.name_zh, a.name_en, a.book, sum(b.debit)::text, sum(b.credit)::text
from read.account a
join read.balance b on b.account = a.code
group by a.code, a.name_zh, a.name_en, a.book, a.position
order by a.position, a.code`

	selectTrialCut = `
select a.code, a.name_zh, a.name_en, a.book,
	coalesce(sum(p.amount) filter (where p.side = 'debit'), 0)::text,
	coalesce(sum(p.amount) filter (where p.side = 'credit'), 0)::text
from read.account a
join read.posting p on p.account = a.code
where (@as_of::date is null or p.date <= @as_of) and p.seq <= @seq
group by a.code, a.name_zh, a.name_en, a.book, a.position
order by a.position, a.code`
)

// TrialBalance returns the balances of all accounts that moved.
func TrialBalance(ctx context.Context, db DB, cut Cut) (t Trial, err error) {
	err = snapshot(ctx, db, cut, func(tx pgx.Tx, b Basis) error {
		t = Trial{Basis: b}
		query := selectTrial
		var args []any
		if cut != (Cut{}) {
			query, args = selectTrialCut, []any{pgx.NamedArgs{"as_of": day(cut.AsOf), "seq": b.Seq}}
		}
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		var a AccountBalance
		var debits, credits string
		_, err = pgx.ForEachRow(rows, []any{&a.Code, &a.Name, &a.NameEN, &a.Book, &debits, &credits}, func() error {
			if a.Debits, err = money(debits); err != nil {
				return err
			}
			if a.Credits, err = money(credits); err != nil {
				return err
			}
			t.add(a)
			return nil
		})
		return err
	})
	if err != nil {
		return Trial{}, fmt.Errorf("trial balance: %w", err)
	}
	return t, nil
}

const selectNames = `
select code, name_zh, name_en
from read.account`

// A Name is what an account is called.
type Name struct{ ZH, EN string }

// Names returns what every account is called that ever was in the chart.
func Names(ctx context.Context, db DB) (map[ledger.AccountCode]Name, error) {
	rows, err := db.Query(ctx, selectNames)
	if err != nil {
		return nil, fmt.Errorf("names of accounts: %w", err)
	}
	names := make(map[ledger.AccountCode]Name)
	var code ledger.AccountCode
	var n Name
	if _, err := pgx.ForEachRow(rows, []any{&code, &n.ZH, &n.EN}, func() error {
		names[code] = n
		return nil
	}); err != nil {
		return nil, fmt.Errorf("names of accounts: %w", err)
	}
	return names, nil
}

func (t *Trial) add(a AccountBalance) {
	a.Debit, a.Credit = ledger.Money{}, ledger.Money{}
	if net := a.Debits.Sub(a.Credits); net.Sign() >= 0 {
		a.Debit = net
	} else {
		a.Credit = ledger.Money{}.Sub(net)
	}
	t.Accounts = append(t.Accounts, a)
	t.DebitTotal, t.CreditTotal = t.DebitTotal.Add(a.Debit), t.CreditTotal.Add(a.Credit)
	t.Debits, t.Credits = t.Debits.Add(a.Debits), t.Credits.Add(a.Credits)
	for i := range t.Books {
		if b := &t.Books[i]; b.Book == a.Book {
			b.Debit, b.Credit = b.Debit.Add(a.Debit), b.Credit.Add(a.Credit)
			b.Balanced = b.Debit.Equal(b.Credit)
			return
		}
	}
	t.Books = append(t.Books, BookTotal{a.Book, a.Debit, a.Credit, a.Debit.Equal(a.Credit)})
}

// A Balance is that of one account, stated with its side.
type Balance struct {
	Account ledger.AccountCode `json:"account"`
	Name    string             `json:"name"`
	NameEN  string             `json:"name_en"`
	Debits  ledger.Money       `json:"debits"`
	Credits ledger.Money       `json:"credits"`
	Balance ledger.Money       `json:"balance"`
	Side    ledger.Side        `json:"side"`
	Basis
}

// A Filter narrows a balance or a register to budget lines. Empty parts count all.
type Filter struct {
	Region ledger.RegionCode
	Scheme ledger.SchemeCode
	Fund   ledger.FundCode
	Year   int
}

func (f Filter) args(cut Cut, seq uint64, account ledger.AccountCode) pgx.NamedArgs {
	first, last := books.Places(account, cut.AsOf)
	return pgx.NamedArgs{
		"account": account, "first": first, "last": last, "as_of": day(cut.AsOf), "seq": seq,
		"region": f.Region, "scheme": f.Scheme, "fund": f.Fund, "year": f.Year,
	}
}

const (
	selectAccount = `
select name_zh, name_en, normal
from read.account
where code = @account`

	// where narrows postings to what counts.
	where = `
where place between @first and @last and account = @account and (@as_of::date is null or date <= @as_of) and seq <= @seq
	and (@region = '' or region = @region) and (@scheme = '' or scheme = @scheme)
	and (@fund = '' or fund = @fund) and (@year::int = 0 or year = @year)`

	selectBalance = `
select coalesce(sum(amount) filter (where side = 'debit'), 0)::text,
	coalesce(sum(amount) filter (where side = 'credit'), 0)::text
from read.posting` + where
)

// AccountBalanceOf returns the balance of one account, or of those of its
// postings that the filter lets through. An account that is in no chart is
// [ledger.ErrAccount].
func AccountBalanceOf(ctx context.Context, db DB, account ledger.AccountCode, f Filter, cut Cut) (out Balance, err error) {
	err = snapshot(ctx, db, cut, func(tx pgx.Tx, b Basis) error {
		out = Balance{Account: account, Basis: b}
		normal, err := find(ctx, tx, account, &out.Name, &out.NameEN)
		if err != nil {
			return err
		}
		var debits, credits string
		if err := tx.QueryRow(ctx, selectBalance, f.args(cut, b.Seq, account)).Scan(&debits, &credits); err != nil {
			return err
		}
		if out.Debits, err = money(debits); err != nil {
			return err
		}
		if out.Credits, err = money(credits); err != nil {
			return err
		}
		net := out.Debits.Sub(out.Credits)
		if normal == ledger.Credit {
			net = ledger.Money{}.Sub(net)
		}
		out.Side, out.Balance = normal, net
		if net.Sign() < 0 {
			out.Side, out.Balance = normal.Opposite(), ledger.Money{}.Sub(net)
		}
		return nil
	})
	if err != nil {
		return Balance{}, fmt.Errorf("balance of %s: %w", account, err)
	}
	return out, nil
}

func find(ctx context.Context, tx pgx.Tx, account ledger.AccountCode, zh, en *string) (normal ledger.Side, err error) {
	err = tx.QueryRow(ctx, selectAccount, pgx.NamedArgs{"account": account}).Scan(zh, en, &normal)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ledger.ErrAccount.Of("%q", account)
	}
	return normal, err
}

// A Line is one posting of a register, with the balance after it on the account's
// normal side.
type Line struct {
	Date    string       `json:"date"`
	Seq     uint64       `json:"seq"`
	N       int          `json:"n"`
	Entry   string       `json:"entry"`
	Case    string       `json:"case"`
	Memo    string       `json:"memo"`
	Side    ledger.Side  `json:"side"`
	Amount  ledger.Money `json:"amount"`
	Balance ledger.Money `json:"balance"`
	Region  string       `json:"region"`
	Scheme  string       `json:"scheme"`
	Fund    string       `json:"fund"`
	Year    int          `json:"year"`
}

// A Place is where a page of a register begins: after this posting.
type Place struct {
	Date ledger.Date
	Seq  uint64
	N    int
}

// A Register is the postings of an account by accounting date (明细账), one page of
// them. Next is where the following page begins; nil after the last.
type Register struct {
	Account ledger.AccountCode `json:"account"`
	Name    string             `json:"name"`
	NameEN  string             `json:"name_en"`
	Opening ledger.Money       `json:"opening"` // on the normal side
	Lines   []Line             `json:"lines"`
	Next    *Place             `json:"-"`
	More    bool               `json:"more"`
	Basis
}

const (
	selectOpening = `
select coalesce(sum(case when side = @normal then amount else -amount end), 0)::text
from read.posting` + where + `
	and (place, n) <= (@after, @after_n::int)`

	selectLines = `
select p.date::text, p.seq, p.n, e.entry_id, e.case_id, e.memo, p.side, p.amount::text, p.region, p.scheme, p.fund, p.year
from (
	select *
	from read.posting` + where + `
		and (place, n) > (@after, @after_n::int)
	order by place, n
	limit @limit
) p
join read.entry e on e.seq = p.seq
order by p.place, p.n`
)

// RegisterOf returns a page of an account's postings.
func RegisterOf(ctx context.Context, db DB, account ledger.AccountCode, f Filter, cut Cut, after Place, limit int) (out Register, err error) {
	if after.Date.IsZero() {
		after.Date = ledger.DateOf(1900, 1, 1)
	}
	err = snapshot(ctx, db, cut, func(tx pgx.Tx, b Basis) error {
		out = Register{Account: account, Lines: []Line{}, Basis: b}
		normal, err := find(ctx, tx, account, &out.Name, &out.NameEN)
		if err != nil {
			return err
		}
		args := f.args(cut, b.Seq, account)
		args["normal"], args["limit"] = normal, limit+1
		args["after"], args["after_n"] = books.Place(account, after.Date, after.Seq), after.N
		var opening string
		if err := tx.QueryRow(ctx, selectOpening, args).Scan(&opening); err != nil {
			return err
		}
		if out.Opening, err = money(opening); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectLines, args)
		if err != nil {
			return err
		}
		balance := out.Opening
		var l Line
		var amount string
		_, err = pgx.ForEachRow(rows, []any{&l.Date, &l.Seq, &l.N, &l.Entry, &l.Case, &l.Memo, &l.Side, &amount, &l.Region, &l.Scheme, &l.Fund, &l.Year}, func() error {
			if len(out.Lines) == limit {
				last := out.Lines[limit-1]
				date, err := ledger.ParseDate(last.Date)
				out.More, out.Next = true, &Place{date, last.Seq, last.N}
				return err
			}
			if l.Amount, err = money(amount); err != nil {
				return err
			}
			if l.Side == normal {
				balance = balance.Add(l.Amount)
			} else {
				balance = balance.Sub(l.Amount)
			}
			l.Balance = balance
			out.Lines = append(out.Lines, l)
			return nil
		})
		return err
	})
	if err != nil {
		return Register{}, fmt.Errorf("register of %s: %w", account, err)
	}
	return out, nil
}

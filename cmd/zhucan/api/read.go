package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"zhucan/ledger"
	"zhucan/projections/report"
)

// How many rows a page of a list has.
const (
	usual = 100
	most  = 1000
)

// cut reads which entries count. What had been recorded by a time is told once
// everything is projected that has been recorded until now.
func (s *server) cut(ctx context.Context, q query) (c report.Cut, err error) {
	if c.AsOf, err = q.date("as_of"); err != nil {
		return c, err
	}
	m, err := report.ParseMoment(q.text("known_by"))
	if err != nil {
		return c, err
	}
	seq, last, err := m.Seq(ctx, s.DB, s.Now())
	if err != nil || !last {
		c.KnownBy = seq
		return c, err
	}
	head, err := s.Log.Last(ctx)
	if err != nil {
		return c, err
	}
	if head > seq {
		if !*s.wait(ctx, true, head) {
			return c, report.ErrAhead.Of("record %d is not projected yet, and may belong before that time", head)
		}
		seq, _, err = m.Seq(ctx, s.DB, s.Now())
	}
	c.KnownBy = seq
	return c, err
}

// filter reads which budget lines count.
func (q query) filter() (f report.Filter, err error) {
	parts := map[string]*string{"region": (*string)(&f.Region), "scheme": (*string)(&f.Scheme), "fund": (*string)(&f.Fund)}
	for name, part := range parts {
		if *part, err = q.id(name); err != nil {
			return f, err
		}
	}
	year, err := q.number("year", 0, 9999)
	f.Year = int(year)
	return f, err
}

func (s *server) trialBalance(w http.ResponseWriter, r *http.Request, q query) error {
	c, err := s.cut(r.Context(), q)
	if err != nil {
		return err
	}
	t, err := report.TrialBalance(r.Context(), s.DB, c)
	return told(w, t, err)
}

// about reads what a balance and a register are of.
func (s *server) about(ctx context.Context, q query) (account ledger.AccountCode, f report.Filter, c report.Cut, err error) {
	id, err := q.id("account")
	if err != nil {
		return "", f, c, err
	}
	if id == "" {
		return "", f, c, ErrValue.Of("account is the code of an account")
	}
	if f, err = q.filter(); err != nil {
		return "", f, c, err
	}
	c, err = s.cut(ctx, q)
	return ledger.AccountCode(id), f, c, err
}

func (s *server) balance(w http.ResponseWriter, r *http.Request, q query) error {
	account, f, c, err := s.about(r.Context(), q)
	if err != nil {
		return err
	}
	b, err := report.AccountBalanceOf(r.Context(), s.DB, account, f, c)
	return told(w, b, err)
}

func (s *server) register(w http.ResponseWriter, r *http.Request, q query) error {
	account, f, c, err := s.about(r.Context(), q)
	if err != nil {
		return err
	}
	after, err := q.place("after")
	if err != nil {
		return err
	}
	limit, err := q.number("limit", usual, most)
	if err != nil {
		return err
	}
	g, err := report.RegisterOf(r.Context(), s.DB, account, f, c, after, int(limit))
	if err != nil {
		return err
	}
	a := registerAnswer{Register: g}
	if g.Next != nil {
		a.Next = fmt.Sprintf("%s.%d.%d", g.Next.Date, g.Next.Seq, g.Next.N)
	}
	return answer(w, http.StatusOK, a)
}

// place reads where a page of a register begins, as the page before it said.
func (q query) place(name string) (p report.Place, err error) {
	v := q.text(name)
	if v == "" {
		return p, nil
	}
	part := strings.Split(v, ".")
	if len(part) == 3 {
		day, err1 := ledger.ParseDate(part[0])
		seq, err2 := strconv.ParseUint(part[1], 10, 53)
		n, err3 := strconv.ParseUint(part[2], 10, 15)
		if err1 == nil && err2 == nil && err3 == nil {
			return report.Place{Date: day, Seq: seq, N: int(n)}, nil
		}
	}
	return p, ErrValue.Of("%s is what the page before it said as next", name)
}

func (s *server) trace(w http.ResponseWriter, r *http.Request, q query) error {
	c, err := s.cut(r.Context(), q)
	if err != nil {
		return err
	}
	story, err := s.storyOf(r, q, c)
	return told(w, story, err)
}

// storyOf reads the story of the identifier in the path.
func (s *server) storyOf(r *http.Request, q query, c report.Cut) (report.Story, error) {
	id := r.PathValue("id")
	if err := ledger.CheckID(id); err != nil {
		return report.Story{}, err
	}
	return report.Trace(r.Context(), s.DB, q.text("kind"), id, c)
}

func (s *server) events(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := q.ids("type", "case")
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 1<<53)
	if err != nil {
		return err
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.EventPage, error) {
		return report.Events(r.Context(), s.DB, f["type"], f["case"], c, after, limit)
	})
}

func (s *server) event(w http.ResponseWriter, r *http.Request, q query) error {
	c, err := s.cut(r.Context(), q)
	if err != nil {
		return err
	}
	a, err := s.eventOf(r, c)
	return told(w, a, err)
}

// eventOf reads the record whose number is in the path.
func (s *server) eventOf(r *http.Request, c report.Cut) (eventAnswer, error) {
	v := r.PathValue("seq")
	seq, err := strconv.ParseUint(v, 10, 53)
	if err != nil || seq == 0 || strconv.FormatUint(seq, 10) != v {
		return eventAnswer{}, ErrMissing.Of("a record has a number from 1")
	}
	e, err := report.EventAt(r.Context(), s.DB, seq, c)
	if err != nil {
		return eventAnswer{}, err
	}
	a := eventAnswer{Event: eventBody{Step: e.Step, Subject: e.Subject}, Basis: e.Basis}
	for _, f := range e.Header {
		a.Event.Header = append(a.Event.Header, field{f.Key, f.Value})
	}
	return a, nil
}

func (s *server) budgets(w http.ResponseWriter, r *http.Request, q query) error {
	var after ledger.BudgetLine
	if err := after.UnmarshalText([]byte(q.text("after"))); err != nil {
		return err
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.BudgetPage, error) {
		return report.Budgets(r.Context(), s.DB, c, after, limit)
	})
}

func (s *server) claims(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := q.ids("party", "status", "after")
	if err != nil {
		return err
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.ClaimPage, error) {
		return report.Claims(r.Context(), s.DB, report.ClaimFilter{Party: f["party"], Status: f["status"]}, c, f["after"], limit)
	})
}

// arrears lists what is due on the day as_of, or today.
func (s *server) arrears(w http.ResponseWriter, r *http.Request, q query) error {
	f, after, err := q.instalments()
	if err != nil {
		return err
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.ArrearPage, error) {
		return report.Arrears(r.Context(), s.DB, f, s.dayOr(c.AsOf), c, after, limit)
	})
}

// dayOr returns a day, or today where none is given.
func (s *server) dayOr(d ledger.Date) ledger.Date { return cmp.Or(d, ledger.DayOf(s.Now())) }

func (s *server) overpaid(w http.ResponseWriter, r *http.Request, q query) error {
	f, after, err := q.instalments()
	if err != nil {
		return err
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.OverpaymentPage, error) {
		return report.Overpaid(r.Context(), s.DB, f, c, after, limit)
	})
}

// instalments reads which months of claims count.
func (q query) instalments() (f report.InstalmentFilter, after string, err error) {
	ids, err := q.ids("party", "claim", "scheme", "after")
	return report.InstalmentFilter{Party: ids["party"], Claim: ids["claim"], Scheme: ids["scheme"]}, ids["after"], err
}

func (s *server) payments(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := q.ids("party", "claim", "batch", "status", "after")
	if err != nil {
		return err
	}
	filter := report.PaymentFilter{Party: f["party"], Claim: f["claim"], Batch: f["batch"], Status: f["status"]}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.PaymentPage, error) {
		return report.Payments(r.Context(), s.DB, filter, c, f["after"], limit)
	})
}

func (s *server) levies(w http.ResponseWriter, r *http.Request, q query) error {
	ids, err := q.ids("employer", "region", "status", "after")
	if err != nil {
		return err
	}
	f := report.LevyFilter{Employer: ids["employer"], Region: ids["region"], Status: ids["status"]}
	year, err := q.number("year", 0, 9999)
	if err != nil {
		return err
	}
	f.Year = int(year)
	if f.Overdue, err = q.flag("overdue"); err != nil {
		return err
	}
	if f.Above, err = q.flag("above"); err != nil {
		return err
	}
	on, err := q.date("on")
	if err != nil {
		return err
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.LevyPage, error) {
		f.On = s.dayOr(cmp.Or(on, c.AsOf))
		return report.Levies(r.Context(), s.DB, f, c, ids["after"], limit)
	})
}

func (s *server) levyIncome(w http.ResponseWriter, r *http.Request, q query) error {
	after := q.text("after")
	if region, _, _ := strings.Cut(after, "/"); region != "" && ledger.CheckID(region) != nil {
		return ErrValue.Of("after is what next of the page before said")
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.IncomePage, error) {
		return report.LevyIncome(r.Context(), s.DB, c, after, limit)
	})
}

// ask reads which indicators are wanted. What stands is asked of a day: today, unless
// as_of says.
func (s *server) ask(ctx context.Context, q query) (a report.Ask, err error) {
	region, err := q.id("region")
	if err != nil {
		return a, err
	}
	year, err := q.number("year", 0, 9999)
	if err != nil {
		return a, err
	}
	a.Region, a.Year = ledger.RegionCode(region), int(year)
	if a.Cut, err = s.cut(ctx, q); err != nil {
		return a, err
	}
	a.AsOf = s.dayOr(a.AsOf)
	return a, nil
}

func (s *server) indicators(w http.ResponseWriter, r *http.Request, q query) error {
	ask, err := s.ask(r.Context(), q)
	if err != nil {
		return err
	}
	all, err := report.ListIndicators(r.Context(), s.DB, ask)
	return told(w, all, err)
}

func (s *server) indicator(w http.ResponseWriter, r *http.Request, q query) error {
	ask, err := s.ask(r.Context(), q)
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 1<<53)
	if err != nil {
		return err
	}
	limit, err := q.number("limit", usual, most)
	if err != nil {
		return err
	}
	one, err := report.ShowIndicator(r.Context(), s.DB, r.PathValue("code"), ask, after, int(limit))
	return told(w, one, err)
}

func (s *server) suspects(w http.ResponseWriter, r *http.Request, q query) error {
	after, err := q.number("after", 0, 1<<53)
	if err != nil {
		return err
	}
	return listed(s, w, r, q, func(c report.Cut, limit int) (report.SuspectPage, error) {
		return report.Suspects(r.Context(), s.DB, c, after, limit)
	})
}

// listed answers with a page of a list.
func listed[A any](s *server, w http.ResponseWriter, r *http.Request, q query, read func(c report.Cut, limit int) (A, error)) error {
	c, err := s.cut(r.Context(), q)
	if err != nil {
		return err
	}
	limit, err := q.number("limit", usual, most)
	if err != nil {
		return err
	}
	a, err := read(c, int(limit))
	return told(w, a, err)
}

func (s *server) status(w http.ResponseWriter, r *http.Request, _ query) error {
	a, err := s.standing(r.Context())
	return told(w, a, err)
}

// standing says how far everything is.
func (s *server) standing(ctx context.Context) (statusAnswer, error) {
	p, err := s.Runner.Status(ctx)
	if err != nil {
		return statusAnswer{}, err
	}
	b, err := report.Now(ctx, s.DB)
	if errors.Is(err, report.ErrNotServed) {
		err = nil // that is what it says
	}
	return statusAnswer{
		HeadSeq: p.HeadSeq, ProjectedSeq: p.ProjectedSeq, LagEvents: p.LagEvents, LagSeconds: p.LagSeconds,
		Halted: p.Halted, Reason: p.Reason, Detail: firstLine(p.Detail), Version: s.Version, Model: p.Version, Basis: b,
	}, err
}

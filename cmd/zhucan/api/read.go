package api

import (
	"context"
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

// cut reads which entries count.
func (q query) cut() (c report.Cut, err error) {
	if c.AsOf, err = q.date("as_of"); err != nil {
		return c, err
	}
	c.KnownBy, err = q.number("known_by", 0, 1<<53)
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

func (q query) limit() (int, error) {
	n, err := q.number("limit", usual, most)
	return int(n), err
}

// reached refuses figures that stop before the record that was asked for: they
// would not be those figures once it is projected.
func reached(c report.Cut, b report.Basis) error {
	if c.KnownBy > b.Seq {
		return ErrValue.Of("record %d is not projected yet; the last one is %d", c.KnownBy, b.Seq)
	}
	return nil
}

func (s *server) trialBalance(w http.ResponseWriter, r *http.Request, q query) error {
	c, err := q.cut()
	if err != nil {
		return err
	}
	t, err := report.TrialBalance(r.Context(), s.DB, c)
	if err != nil {
		return err
	}
	if err := reached(c, t.Basis); err != nil {
		return err
	}
	return answer(w, http.StatusOK, t)
}

// about reads what a balance and a register are of.
func about(q query) (account ledger.AccountCode, f report.Filter, c report.Cut, err error) {
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
	c, err = q.cut()
	return ledger.AccountCode(id), f, c, err
}

func (s *server) balance(w http.ResponseWriter, r *http.Request, q query) error {
	account, f, c, err := about(q)
	if err != nil {
		return err
	}
	b, err := report.AccountBalanceOf(r.Context(), s.DB, account, f, c)
	if err != nil {
		return err
	}
	if err := reached(c, b.Basis); err != nil {
		return err
	}
	return answer(w, http.StatusOK, b)
}

func (s *server) register(w http.ResponseWriter, r *http.Request, q query) error {
	account, f, c, err := about(q)
	if err != nil {
		return err
	}
	after, err := q.place("after")
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	g, err := report.RegisterOf(r.Context(), s.DB, account, f, c, after, limit)
	if err != nil {
		return err
	}
	if err := reached(c, g.Basis); err != nil {
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
	story, err := s.storyOf(r, q)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, story)
}

// storyOf reads the story of the identifier in the path.
func (s *server) storyOf(r *http.Request, q query) (report.Story, error) {
	c, err := q.cut()
	if err != nil {
		return report.Story{}, err
	}
	id := r.PathValue("id")
	if err := ledger.CheckID(id); err != nil {
		return report.Story{}, err
	}
	story, err := report.Trace(r.Context(), s.DB, id, c)
	if err != nil {
		return report.Story{}, err
	}
	return story, reached(c, story.Basis)
}

func (s *server) events(w http.ResponseWriter, r *http.Request, q query) error {
	name, err := q.id("type")
	if err != nil {
		return err
	}
	of, err := q.id("case")
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 1<<53)
	if err != nil {
		return err
	}
	limit, err := q.limit()
	if err != nil {
		return err
	}
	found, b, err := report.Events(r.Context(), s.DB, after, name, of, limit+1)
	if err != nil {
		return err
	}
	a := eventsAnswer{Events: []report.Listed{}, Basis: b}
	for i, e := range found {
		if i == limit {
			a.Next = strconv.FormatUint(found[i-1].Seq, 10)
			break
		}
		a.Events = append(a.Events, e)
	}
	return answer(w, http.StatusOK, a)
}

func (s *server) event(w http.ResponseWriter, r *http.Request, _ query) error {
	a, err := s.eventOf(r)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, a)
}

// eventOf reads the record whose number is in the path.
func (s *server) eventOf(r *http.Request) (eventAnswer, error) {
	v := r.PathValue("seq")
	seq, err := strconv.ParseUint(v, 10, 53)
	if err != nil || seq == 0 || strconv.FormatUint(seq, 10) != v {
		return eventAnswer{}, ErrMissing.Of("a record has a number from 1")
	}
	e, err := report.EventAt(r.Context(), s.DB, seq)
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
	return listed(w, q, func(limit int) (budgetsAnswer, error) { return s.listBudgets(r.Context(), after, limit) })
}

func (s *server) claims(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := q.ids("party", "status", "after")
	if err != nil {
		return err
	}
	return listed(w, q, func(limit int) (claimsAnswer, error) { return s.listClaims(r.Context(), f, limit) })
}

func (s *server) payments(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := q.ids("party", "claim", "batch", "status", "after")
	if err != nil {
		return err
	}
	return listed(w, q, func(limit int) (paymentsAnswer, error) { return s.listPayments(r.Context(), f, limit) })
}

func (s *server) suspects(w http.ResponseWriter, r *http.Request, q query) error {
	c, err := q.cut()
	if err != nil {
		return err
	}
	after, err := q.number("after", 0, 1<<53)
	if err != nil {
		return err
	}
	return listed(w, q, func(limit int) (suspectsAnswer, error) { return s.listSuspects(r.Context(), c, after, limit) })
}

func (s *server) listSuspects(ctx context.Context, c report.Cut, after uint64, limit int) (suspectsAnswer, error) {
	found, b, err := report.Suspects(ctx, s.DB, c, after, limit+1)
	if err != nil {
		return suspectsAnswer{}, err
	}
	a := suspectsAnswer{Suspects: found, Basis: b}
	if len(found) > limit {
		a.Suspects, a.Next = found[:limit], strconv.FormatUint(found[limit-1].Seq, 10)
	}
	return a, reached(c, b)
}

// listed answers with a page of a list.
func listed[A any](w http.ResponseWriter, q query, read func(limit int) (A, error)) error {
	limit, err := q.limit()
	if err != nil {
		return err
	}
	a, err := read(limit)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, a)
}

func (s *server) status(w http.ResponseWriter, r *http.Request, _ query) error {
	a, err := s.standing(r.Context())
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, a)
}

// standing says how far everything is.
func (s *server) standing(ctx context.Context) (statusAnswer, error) {
	p, err := s.Runner.Status(ctx)
	if err != nil {
		return statusAnswer{}, err
	}
	b, _, err := s.basis(ctx)
	return statusAnswer{
		HeadSeq: p.HeadSeq, ProjectedSeq: p.ProjectedSeq, LagEvents: p.LagEvents, LagSeconds: p.LagSeconds,
		Halted: p.Halted, Reason: p.Reason, Detail: firstLine(p.Detail), Version: s.Version, Model: p.Version, Basis: b,
	}, err
}

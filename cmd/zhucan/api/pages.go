package api

import (
	"bytes"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"

	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/projections"
	"zhucan/projections/report"
)

//go:embed page
var pageFiles embed.FS

// pages are the templates, one for each kind of page.
type pages struct {
	templates map[string]*template.Template
	css       []byte
}

func newPages() pages {
	funcs := template.FuncMap{
		"amount":  grouped,
		"column":  column,
		"hex":     func(h merkle.Hash) string { return hex.EncodeToString(h[:]) },
		"short":   func(hash string) string { return hash[:min(8, len(hash))] },
		"isID":    func(id string) bool { return ledger.CheckID(id) == nil },
		"moment":  func(t time.Time) string { return t.In(ledger.China).Format("2006-01-02 15:04:05") },
		"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
	p := pages{templates: make(map[string]*template.Template)}
	for _, name := range []string{"overview", "story", "event", "refusal"} {
		p.templates[name] = template.Must(template.New(name).Funcs(funcs).ParseFS(pageFiles, "page/layout.html", "page/"+name+".html"))
	}
	css, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		panic("api: " + err.Error()) // it is part of the program
	}
	p.css = css
	return p
}

// column writes an amount in a column of a trial balance, where nothing is a dash.
func column(m ledger.Money) string {
	if m.IsZero() {
		return "—"
	}
	return grouped(m)
}

// A frame is what every page has.
type frame struct {
	Title   string
	Path    string
	Version string
	Known   bool // the figures have a basis
	Basis   report.Basis

	english bool
	cut     report.Cut
	kept    url.Values // what links take along: language and basis
	all     url.Values // what a change of language takes along
}

// An item is one parameter.
type item struct{ Name, Value string }

// carried are the parameters that links take along, in the order of a form.
var carried = []string{"lang", "as_of", "known_by"}

// frame begins the page of a request whose parameters have been checked.
func (s *server) frame(r *http.Request, q query) (frame, error) {
	f := frame{Path: r.URL.Path, Version: s.Version, all: q.values, kept: make(url.Values)}
	switch q.text("lang") {
	case "", "zh":
	case "en":
		f.english = true
	default:
		return f, ErrValue.Of("lang is zh or en")
	}
	for _, name := range carried {
		if v := q.text(name); v != "" {
			f.kept.Set(name, v)
		}
	}
	var err error
	f.cut, err = s.cut(r.Context(), q)
	return f, err
}

// stand says what the figures of the page are a function of.
func (f *frame) stand(b report.Basis) { f.Known, f.Basis = true, b }

// Say returns the text in the language of the page.
func (f frame) Say(zh, en string) string {
	if f.english {
		return en
	}
	return zh
}

// Lang is the language of the page, OtherLang the one it can be switched to.
func (f frame) Lang() string      { return f.Say("zh-CN", "en") }
func (f frame) OtherLang() string { return f.Say("en", "zh-CN") }

// LabelLang is the language of a label: Chinese if it has a Chinese character.
func (f frame) LabelLang() string {
	for _, r := range f.Basis.Label {
		if r >= 0x3400 {
			return "zh-CN"
		}
	}
	return "en"
}

// Sample tells whether the policy says that it is a sample.
func (f frame) Sample() bool { return isSample(f.Basis.Label) }

// Link returns the address of a path in the same language and on the same basis.
func (f frame) Link(path string) string {
	u := url.URL{Path: path, RawQuery: f.kept.Encode()}
	return u.String()
}

// Other returns the same place in the other language.
func (f frame) Other() string {
	all := make(url.Values)
	for name, v := range f.all {
		all[name] = v
	}
	all.Set("lang", f.Say("en", "zh"))
	u := url.URL{Path: f.Path, RawQuery: all.Encode()}
	return u.String()
}

// Past tells whether the figures are those of an earlier day or knowledge.
func (f frame) Past() bool { return f.Known && f.cut != (report.Cut{}) }

// Present returns the same place with everything that counts now.
func (f frame) Present() string {
	u := url.URL{Path: f.Path}
	if f.english {
		u.RawQuery = "lang=en"
	}
	return u.String()
}

// Carried lists what a form takes along.
func (f frame) Carried() []item {
	var all []item
	for _, name := range carried {
		if v := f.kept.Get(name); v != "" {
			all = append(all, item{name, v})
		}
	}
	return all
}

// KnownBy is the record or time up to which the page is asked for, "" for all.
func (f frame) KnownBy() string { return f.kept.Get("known_by") }

// Event says what an event of a type is called, EventOther in the other language.
func (f frame) Event(name string) string {
	w := wordsOf(name)
	return f.Say(w.ZH, w.EN)
}

// EventOther is Event in the other language.
func (f frame) EventOther(name string) string {
	w := wordsOf(name)
	return f.Say(w.EN, w.ZH)
}

// show renders a page, whole before its first byte is sent.
func (p pages) show(w http.ResponseWriter, status int, name string, data any) error {
	var b bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that has gone needs no answer
	return nil
}

// refusePage shows a refusal as a page.
func (s *server) refusePage(w http.ResponseWriter, r *http.Request, p problem) {
	f := frame{Path: r.URL.Path, Version: s.Version, english: r.URL.Query().Get("lang") == "en", kept: make(url.Values), all: r.URL.Query()}
	if f.english {
		f.kept.Set("lang", "en")
	}
	f.Title = f.Say("无法显示", "This cannot be shown")
	if p.Status == http.StatusNotFound {
		f.Title = f.Say("没有找到", "Not found")
	}
	err := s.pages.show(w, p.Status, "refusal", struct {
		frame
		Problem problem
	}{f, p})
	if err != nil {
		send(w, "application/problem+json", p.Status, p)
	}
}

// style sends the style sheet.
func (s *server) style(w http.ResponseWriter, _ *http.Request, _ query) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(s.pages.css)
	return nil
}

// find leads from an identifier, or the number of a record, to its page.
func (s *server) find(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := s.frame(r, q)
	if err != nil {
		return err
	}
	id, err := q.id("id")
	if err != nil {
		return err
	}
	if id == "" {
		return ErrValue.Of("id is an identifier, or the number of a record")
	}
	to := "/payment/" + id
	if seq, err := strconv.ParseUint(id, 10, 53); err == nil && seq > 0 {
		known, err := report.Known(r.Context(), s.DB, id)
		if err != nil {
			return err
		}
		if !known { // not the identifier of a case
			to = "/event/" + strconv.FormatUint(seq, 10)
		}
	}
	http.Redirect(w, r, f.Link(to), http.StatusSeeOther)
	return nil
}

// shown is how many rows of a list the overview has.
const shown = 100

// A bookView is one book of the trial balance.
type bookView struct {
	phrase
	report.BookTotal
	Accounts []report.AccountBalance
}

// A lineView is one budget line with its bar.
type lineView struct {
	report.Budget
	Number int
}

// share returns part of the voted money in per cent, with two decimals.
func (l lineView) share(part ledger.Money) decimal.Decimal {
	if l.Voted.Sign() <= 0 {
		return decimal.Zero
	}
	return part.Decimal().Mul(decimal.NewFromInt(100)).DivRound(l.Voted.Decimal(), 2)
}

// PaidShare, PromisedShare and FreeShare are the parts of the bar, in per cent.
func (l lineView) PaidShare() string     { return l.share(l.Disbursed).StringFixed(2) }
func (l lineView) PromisedShare() string { return l.share(l.Committed).StringFixed(2) }
func (l lineView) FreeShare() string     { return l.share(l.Available).StringFixed(2) }

// Used is what is disbursed or committed, in per cent.
func (l lineView) Used() string { return l.share(l.Disbursed.Add(l.Committed)).StringFixed(2) + "%" }

// overview shows how the books stand.
func (s *server) overview(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := s.frame(r, q)
	if err != nil {
		return err
	}
	f.Title = f.Say("总览", "Overview")
	d := struct {
		frame
		Trial    report.Trial
		Books    []bookView
		Lines    report.BudgetPage
		Bars     []lineView
		Suspects report.SuspectPage
		Note     *report.Signed
		Status   projections.Status
		Reason   phrase
	}{frame: f}
	ctx := r.Context()
	if d.Trial, err = report.TrialBalance(ctx, s.DB, f.cut); err != nil {
		return err
	}
	if d.Lines, err = report.Budgets(ctx, s.DB, f.cut, ledger.BudgetLine{}, shown); err != nil {
		return err
	}
	if d.Suspects, err = report.Suspects(ctx, s.DB, f.cut, 0, shown); err != nil {
		return err
	}
	if d.Note, err = report.LastSigned(ctx, s.DB); err != nil {
		return err
	}
	if d.Status, err = s.Runner.Status(ctx); err != nil {
		return err
	}
	d.stand(d.Trial.Basis)
	d.Books = booksOf(d.Trial)
	for i, l := range d.Lines.Budgets {
		d.Bars = append(d.Bars, lineView{l, i + 1})
	}
	d.Reason = reasonWords[projections.Reason(d.Status.Reason)]
	return s.pages.show(w, http.StatusOK, "overview", d)
}

// booksOf groups the accounts by book.
func booksOf(t report.Trial) []bookView {
	var all []bookView
	for _, total := range t.Books {
		b := bookView{phrase: bookWords[total.Book], BookTotal: total}
		for _, a := range t.Accounts {
			if a.Book == total.Book {
				b.Accounts = append(b.Accounts, a)
			}
		}
		all = append(all, b)
	}
	return all
}

// A stepView is one step of a story, with its entry as it is shown.
type stepView struct {
	report.Step
	Postings []postingView
}

// A postingView is one posting in the column of its side.
type postingView struct {
	phrase
	Account       ledger.AccountCode
	Line          ledger.BudgetLine
	Debit, Credit *ledger.Money
}

// story shows everything that happened to a payment, claim, party or batch.
func (s *server) story(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := s.frame(r, q)
	if err != nil {
		return err
	}
	told, err := s.storyOf(r, q, f.cut)
	if err != nil {
		return err
	}
	names, err := report.Names(r.Context(), s.DB)
	if err != nil {
		return err
	}
	f.stand(told.Basis)
	f.Title = f.Say("全过程："+told.ID, "The whole story of "+told.ID)
	d := struct {
		frame
		Steps   []stepView
		Related []string
		More    bool
	}{frame: f, More: told.More}
	for _, id := range told.Cases {
		if id != told.ID {
			d.Related = append(d.Related, id)
		}
	}
	for _, step := range told.Steps {
		d.Steps = append(d.Steps, stepView{step, postingsOf(step.Entry, names)})
	}
	return s.pages.show(w, http.StatusOK, "story", d)
}

func postingsOf(e *ledger.Entry, names map[ledger.AccountCode]report.Name) []postingView {
	if e == nil {
		return nil
	}
	var all []postingView
	for _, p := range e.Postings {
		v := postingView{phrase: phrase(names[p.Account]), Account: p.Account, Line: p.Of(*e)}
		if p.Side == ledger.Debit {
			v.Debit = &p.Amount
		} else {
			v.Credit = &p.Amount
		}
		all = append(all, v)
	}
	return all
}

// rawEvent shows a record as it is stored, with its proof.
func (s *server) rawEvent(w http.ResponseWriter, r *http.Request, q query) error {
	f, err := s.frame(r, q)
	if err != nil {
		return err
	}
	found, err := s.eventOf(r, f.cut)
	if err != nil {
		return err
	}
	e := found.Event
	f.stand(found.Basis)
	f.Title = f.Say(fmt.Sprintf("记录 %d", e.Seq), fmt.Sprintf("Record %d", e.Seq))
	pretty := e.Data.Clone()
	if err := pretty.Indent(jsontext.WithIndent("  ")); err != nil {
		return fmt.Errorf("indent record %d: %w", e.Seq, err)
	}
	d := struct {
		frame
		Record        eventBody
		Pretty        string
		Before, After uint64
	}{frame: f, Record: e, Pretty: string(pretty), Before: e.Seq - 1}
	if e.Seq < found.Basis.Seq {
		d.After = e.Seq + 1
	}
	return s.pages.show(w, http.StatusOK, "event", d)
}

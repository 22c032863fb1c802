package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"

	"zhucan/cmd/zhucan/access"
	"zhucan/cmd/zhucan/api"
	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/ledger/policy"
	"zhucan/projections"
	"zhucan/projections/books"
	"zhucan/projections/budgets"
	"zhucan/projections/cases"
	"zhucan/projections/indicators"
	"zhucan/projections/levies"
	"zhucan/projections/sampletest"
	"zhucan/schema"
	"zhucan/schema/schematest"
)

func TestMain(m *testing.M) { schematest.Main(m, schema.Migrate) }

// now is the time of every test, after the last record of the sample.
var now = time.Date(2023, 4, 20, 2, 0, 0, 0, time.UTC)

const localToken = "local-token-of-the-server-file"

// hostile is what a name must not become.
const hostile = `"><img src=x onerror=alert(1)></script><script>alert(2)</script>`

// A house is a whole server over a book: the real appender, runner and database,
// and a log in memory that fails when told to.
type house struct {
	api.Config
	handler http.Handler
	pool    *pgxpool.Pool
	log     *memlog.Log
	runner  *projections.Runner
	access  *access.Access
	file    string        // of access
	logged  *bytes.Buffer // what the server logs; read when nothing is asked any more
}

// sample is the story of package sampletest and an organisation with a hostile
// name.
func sample(t testing.TB) *sampletest.Book {
	b := sampletest.Story(t)
	b.Do(ledgertest.Clerk, sampletest.Day, party.Register{
		Account: ledgertest.Sealed, Kind: policy.Institution, Name: hostile, Party: "X1", Region: "220104",
	})
	return b
}

// open builds a house over records. Nothing projects or decides before run.
func open(t testing.TB, records []events.Record, change ...func(*api.Config)) *house {
	t.Helper()
	h := &house{pool: schematest.New(t), log: new(memlog.Log), logged: new(bytes.Buffer)}
	sampletest.Extend(t, h.log, records)
	h.runner = projections.New(h.pool, h.log, projections.Config{
		Projections: []projections.Projection{books.New(), cases.New(), budgets.New(), levies.New(), indicators.New()}, Clock: func() time.Time { return now },
	})
	h.file = filepath.Join(t.TempDir(), "access.json")
	var err error
	if h.access, err = access.Open(h.file); err != nil {
		t.Fatal(err)
	}
	for _, a := range []ledger.Actor{
		ledgertest.Clerk, ledgertest.First, ledgertest.Second, ledgertest.Approver, ledgertest.Cashier, ledgertest.Accountant, ledgertest.Operator,
	} {
		if _, err := h.access.Add(a.ID, a.Roles, now.AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
	}
	metrics := api.NewMetrics()
	h.Config = api.Config{
		DB: h.pool, Runner: h.runner, Log: h.log, Access: h.access, LocalToken: localToken, Loopback: true, Metrics: metrics,
		Version: "test", Logger: slog.New(slog.NewTextHandler(h.logged, nil)), Now: func() time.Time { return now },
	}
	for _, c := range change {
		c(&h.Config)
	}
	if h.Submit == nil {
		cfg := events.Config{Clock: func() time.Time { return now }}
		if h.Documents != nil {
			cfg.Documents = h.Documents.Store
		}
		appender := events.NewAppender(metrics.Log(h.log), cfg)
		h.Submit = appender
		during(t, appender.Run)
	}
	h.handler = api.New(h.Config)
	return h
}

// during runs f until the test ends.
func during(t testing.TB, f func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// filled is a house over the sample, all of it projected.
func filled(t testing.TB, change ...func(*api.Config)) *house {
	t.Helper()
	h := open(t, sample(t).Records, change...)
	if err := h.runner.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

// A call changes a request before it is sent.
type call func(*http.Request)

func header(name, value string) call { return func(r *http.Request) { r.Header.Set(name, value) } }
func bearer(token string) call       { return header("Authorization", "Bearer "+token) }
func as(id ledger.ActorID) call      { return header("Zhucan-Actor", string(id)) }
func host(name string) call          { return func(r *http.Request) { r.Host = name } }

// ask sends a request as the local token's holder unless calls say otherwise.
func (h *house) ask(t testing.TB, method, target, body string, calls ...call) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost:8080"+target, strings.NewReader(body))
	bearer(localToken)(r)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range calls {
		c(r)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func (h *house) get(t testing.TB, target string, calls ...call) *httptest.ResponseRecorder {
	t.Helper()
	return h.ask(t, http.MethodGet, target, "", calls...)
}

// decode reads an answer.
func decode[A any](t testing.TB, w *httptest.ResponseRecorder) (a A) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return a
}

// A problem is what a refusal looks like from outside.
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance"`
	Code     string `json:"code"`
	Rule     string `json:"rule"`
	RuleZH   string `json:"rule_zh"`
	Source   string `json:"source"`
	Next     string `json:"next"`
	NextZH   string `json:"next_zh"`
}

// refused checks that an answer is a problem with a status and a code.
func refused(t testing.TB, w *httptest.ResponseRecorder, status int, code string) problem {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("content type %q, status %d: %s", got, w.Code, w.Body)
	}
	p := decode[problem](t, w)
	if w.Code != status || p.Status != status || p.Code != code {
		t.Fatalf("refused with %d %d %s, want %d %s: %s", w.Code, p.Status, p.Code, status, code, w.Body)
	}
	if p.Rule == "" || p.RuleZH == "" || p.Next == "" || p.NextZH == "" || p.Type != "urn:zhucan:problem:"+code || p.Title != p.Rule ||
		p.Instance != "urn:zhucan:request:"+w.Header().Get("Request-Id") {
		t.Errorf("the problem is not complete: %s", w.Body)
	}
	return p
}

// submitterFunc is a submitter whose answer a test chooses.
type submitterFunc func(context.Context, []events.Request) ([]events.Receipt, error)

func (f submitterFunc) SubmitAll(ctx context.Context, rs []events.Request) ([]events.Receipt, error) {
	return f(ctx, rs)
}

// person is a command that registers a person.
func person(id, who string) string {
	return fmt.Sprintf(`{"id":%[1]q,"do":"party.register","on":"2023-04-20","with":{"account":%[3]q,"kind":"person","party":%[2]q,"region":"220104","sealed":%[3]q}}`, id, who, ledgertest.Sealed)
}

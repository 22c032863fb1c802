package api_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/api"
	"zhucan/events"
	"zhucan/events/merkle"
	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/policy"
	"zhucan/projections/report"
	"zhucan/projections/sampletest"
)

func chmod(t *testing.T, h *house, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(h.file, mode); err != nil {
		t.Fatal(err)
	}
}

type basis struct {
	Seq    uint64 `json:"seq"`
	AsOf   string `json:"as_of"`
	Policy string `json:"policy"`
}

func TestEveryFigureSaysWhatItIsAFunctionOf(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, target := range []string{
		"/v1/trial-balance", "/v1/balance?account=5001", "/v1/register?account=5001", "/v1/trace/C1", "/v1/events", "/v1/events/1",
		"/v1/budgets", "/v1/claims", "/v1/claims/arrears", "/v1/claims/overpaid", "/v1/payments", "/v1/levies", "/v1/levies/income",
		"/v1/suspects", "/v1/status",
	} {
		if got := decode[basis](t, h.get(t, target)); got != (basis{92, "", "test-1"}) {
			t.Errorf("%s rests on %+v", target, got)
		}
	}
	for _, target := range []string{
		"/v1/trial-balance?", "/v1/balance?account=5001&", "/v1/register?account=5001&", "/v1/trace/C1?", "/v1/suspects?",
		"/v1/events?", "/v1/events/1?", "/v1/budgets?", "/v1/claims?", "/v1/claims/arrears?", "/v1/claims/overpaid?", "/v1/payments?", "/v1/levies?", "/v1/levies/income?",
	} {
		for _, known := range []string{"60", "2023-03-01T01:00:59Z", "2023-03-01T09:00:59.5%2B08:00", "2023-03-01T09:00:59"} { // a record each second
			w := h.get(t, target+"as_of=2023-04-04&known_by="+known)
			if got := decode[basis](t, w); got != (basis{60, "2023-04-04", "test-1"}) {
				t.Errorf("%s known by %s rests on %+v", target, known, got)
			}
		}
		refused(t, h.get(t, target+"known_by=93"), http.StatusBadRequest, "known-by-ahead")
		refused(t, h.get(t, target+"known_by=2023-04-20T02:00:01Z"), http.StatusBadRequest, "known-by-ahead")
		refused(t, h.get(t, target+"known_by=2023-02-28T00:00:00Z"), http.StatusBadRequest, "known-by-form")
	}
}

func TestDebitsEqualCreditsAtEveryCut(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, target := range []string{"/v1/trial-balance", "/v1/trial-balance?known_by=55", "/v1/trial-balance?as_of=2023-03-31"} {
		got := decode[report.Trial](t, h.get(t, target))
		if !got.DebitTotal.Equal(got.CreditTotal) || got.DebitTotal.IsZero() || len(got.Books) != 3 {
			t.Errorf("%s: %s and %s in %d books", target, got.DebitTotal, got.CreditTotal, len(got.Books))
		}
	}
}

func TestWhatAQueryDoesNotKnowIsRefused(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, pattern := range api.Routes() {
		method, _, _ := strings.Cut(pattern, " ")
		target, sign := paths[pattern], "?"
		if strings.Contains(target, "?") {
			sign = "&"
		}
		w := h.ask(t, method, target+sign+"as-of=2023-01-01", "{}")
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s with a parameter it does not know: %d", pattern, w.Code)
		}
	}
	for query, code := range map[string]string{
		"/v1/trial-balance?as_of=2023-01-01&as_of=2023-02-01": "parameter-unknown",
		"/v1/trial-balance?as_of=2023-02-30":                  "parameter-form",
		"/v1/trial-balance?known_by=0":                        "known-by-form",
		"/v1/trial-balance?known_by=-1":                       "known-by-form",
		"/v1/trial-balance?known_by=1e3":                      "known-by-form",
		"/v1/trial-balance?known_by=18446744073709551616":     "known-by-form",
		"/v1/claims?known_by=2023-03-01":                      "known-by-form",
		"/v1/trial-balance?%zz":                               "parameter-form",
		"/v1/trial-balance?as_of=2023-01-01;known_by=3":       "parameter-form",
		"/v1/claims?limit=1001":                               "parameter-form",
		"/v1/claims?limit=0":                                  "parameter-form",
		"/v1/balance":                                         "parameter-form",
		"/v1/register?account=5001&after=x":                   "parameter-form",
		"/v1/events?after=x":                                  "parameter-form",
		"/v1/balance?account=5001&year=99999":                 "parameter-form",
		"/v1/payments?status=%27%20or%201=1":                  "identifier-form",
		"/v1/budgets?after=x":                                 "budget-line-form",
		"/v1/balance?account=9999":                            "account-unknown",
		"/v1/trace/nobody":                                    "not-found",
		"/v1/events/99":                                       "not-found",
		"/v1/events/0":                                        "address-unknown",
		"/v1/events/01":                                       "address-unknown",
		"/v1/events/x":                                        "address-unknown",
	} {
		refused(t, h.get(t, query), api.StatusOf(code), code)
	}
}

func TestAListIsReadInPages(t *testing.T) {
	t.Parallel()
	h := filled(t)
	type page struct {
		Payments []struct{ Payment string } `json:"payments"`
		Claims   []struct{ Claim string }   `json:"claims"`
		Budgets  []struct{ Line string }    `json:"budgets"`
		Suspects []struct{ Payment string } `json:"suspects"`
		Events   []struct{ Case string }    `json:"events"`
		Lines    []struct{ Entry string }   `json:"lines"`
		Next     string                     `json:"next"`
	}
	for target, want := range map[string]int{
		"/v1/payments?limit=1": 8, "/v1/claims?limit=1": 5, "/v1/budgets?limit=1": 3, "/v1/suspects?limit=1": 2, "/v1/events?limit=7": 92,
		"/v1/register?account=5001&limit=2": 12, "/v1/payments?limit=1&party=P1": 2, "/v1/payments?limit=1&status=recorded": 2,
		"/v1/payments?limit=5&batch=B1": 2, "/v1/payments?claim=C1": 2, "/v1/claims?status=withdrawn": 1, "/v1/claims?party=P2": 1,
		"/v1/events?case=C1&limit=2": 9, "/v1/events?type=payment.recorded.v1&limit=2": 3,
	} {
		seen, after := make(map[string]bool), ""
		total := 0
		for range 100 {
			next := target
			if after != "" {
				next += "&after=" + after
			}
			p := decode[page](t, h.get(t, next))
			total += len(p.Payments) + len(p.Claims) + len(p.Budgets) + len(p.Suspects) + len(p.Events) + len(p.Lines)
			if after = p.Next; after == "" {
				break
			}
			if seen[after] {
				t.Fatalf("%s goes in circles at %q", target, after)
			}
			seen[after] = true
		}
		if total != want {
			t.Errorf("%s has %d rows, want %d", target, total, want)
		}
	}
}

// An auditor computes the leaf from the answer alone and finds it under the root.
func TestARecordIsProvedByItsAnswer(t *testing.T) {
	t.Parallel()
	book := sample(t)
	h := filled(t)
	got := decode[struct {
		Event struct {
			Proof   merkle.InclusionProof `json:"proof"`
			Subject string                `json:"subject"`
			Header  []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"header"`
			Data jsonText `json:"data"`
		} `json:"event"`
		Seq uint64 `json:"seq"`
	}](t, h.get(t, "/v1/events/40"))
	r := events.Record{Seq: 40, Subject: got.Event.Subject, Data: got.Event.Data}
	for _, f := range got.Event.Header {
		r.Header = append(r.Header, events.Field{Key: f.Name, Value: f.Value})
	}
	leaf, _ := r.Leaf(nil)
	var tree merkle.Frontier
	for _, stored := range book.Records {
		l, _ := stored.Leaf(nil)
		tree.Append(l)
	}
	c := merkle.Checkpoint{Size: got.Seq, Root: tree.Root()}
	if err := merkle.CheckInclusion(c, 40, leaf, got.Event.Proof); err != nil {
		t.Errorf("%v; root %s", err, hex.EncodeToString(c.Root[:]))
	}
}

// jsonText keeps the bytes of a value as they came.
type jsonText []byte

func (j *jsonText) UnmarshalJSON(b []byte) error {
	*j = append((*j)[:0], b...)
	return nil
}

func TestBeforeTheFirstProjectionFiguresAreRefusedAndNotZero(t *testing.T) {
	t.Parallel()
	h := empty(t)
	for _, target := range []string{
		"/v1/trial-balance", "/v1/events", "/v1/trace/C1", "/v1/budgets", "/v1/claims", "/v1/payments", "/v1/suspects", "/v1/claims?known_by=2023-04-01T00:00:00Z",
	} {
		refused(t, h.get(t, target), http.StatusServiceUnavailable, "not-served")
	}
	if w := h.get(t, "/"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("the overview: %d", w.Code)
	}
}

func TestAnyRoleReads(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, role := range ledger.Roles {
		token, err := h.access.Add("reader", []ledger.Role{role}, now.AddDate(0, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		if w := h.get(t, "/v1/trial-balance", bearer(token)); w.Code != http.StatusOK {
			t.Errorf("%s: %d", role, w.Code)
		}
	}
}

// What was known at a time is not told while records that belong before it are not
// projected.
func TestATimeWaitsForWhatIsNotProjected(t *testing.T) {
	t.Parallel()
	records := sample(t).Records
	h := open(t, records[:60])
	if err := h.runner.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	sampletest.Extend(t, h.log, records)
	poison := events.Record{Subject: "book.220000.claim", Header: events.Header{{Key: "ce-type", Value: "claim.unheard-of.v1"}}, Data: []byte("{}")}
	if _, err := h.log.Append(t.Context(), uint64(len(records)), poison); err != nil {
		t.Fatal(err)
	}
	const late = "/v1/claims?known_by=2023-03-02T00:00:00Z"
	if err := h.runner.CatchUp(t.Context()); err == nil {
		t.Fatal("a record of an unknown type is projected")
	}
	refused(t, h.get(t, late), http.StatusBadRequest, "known-by-ahead")
	// Of a time that lies behind what is projected nothing is missing.
	if got := decode[basis](t, h.get(t, "/v1/claims?known_by=2023-03-01T01:00:30Z")); got.Seq != 31 {
		t.Errorf("rests on %+v", got)
	}
}

func TestTargetsAreListedWithTheRecordsBehindThem(t *testing.T) {
	t.Parallel()
	b := sample(t)
	pack := ledgertest.Pack()
	pack.Version, pack.LateReturn = "test-2", policy.Restore
	target := policy.Target{
		Action: "三（六）", Clause: "synthetic", Code: "T11", DefinitionEN: "synthetic", DefinitionZH: "示例", Facts: []policy.Fact{"base/incubator"}, From: ledger.DateOf(2022, 1, 1),
		Kind: policy.Stock, NameEN: "bases", NameZH: "基地", Overlaps: []string{"T12"}, Quote: "示例", Strength: policy.AtLeast, TextEN: "synthetic", To: ledger.DateOf(2024, 12, 31), Unit: "个", Value: "2",
		Splits: []policy.Split{{Author: "planner", Date: ledger.DateOf(2023, 1, 1), Region: "220100", Source: policy.UserInput, Value: "1"}},
	}
	flow := target
	flow.Code, flow.Facts, flow.Kind, flow.Overlaps, flow.Splits, flow.Unit = "T12", []policy.Fact{"training"}, policy.PersonTimes, nil, nil, "人次"
	pack.Targets = []policy.Target{target, flow}
	b.Do(ledgertest.Operator, sampletest.Day, policy.Publish{Pack: pack})
	b.Facts()
	h := open(t, b.Records)
	if err := h.runner.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := load(t)
	c.fits(t, "/v1/indicators", http.MethodGet, h.get(t, "/v1/indicators?as_of=2023-12-31"))
	for _, target := range []string{"T11", "T12", "T12?year=2023", "T99"} {
		c.fits(t, "/v1/indicators/{code}", http.MethodGet, h.get(t, "/v1/indicators/"+target))
	}
	all := decode[report.Indicators](t, h.get(t, "/v1/indicators?as_of=2023-12-31"))
	if len(all.Indicators) != 2 || all.Indicators[0].Actual != "1" || all.Indicators[0].Rate != "50.00" || all.Policy != "test-2" || len(all.Indicators[0].Overlaps) != 1 {
		t.Errorf("%+v", all)
	}
	if here := decode[report.Indicators](t, h.get(t, "/v1/indicators?as_of=2023-12-31&region=220200&year=2023")); len(here.Indicators) != 2 || here.Indicators[0].Actual != "0" {
		t.Errorf("%+v", here)
	}
	one := decode[report.Drill](t, h.get(t, "/v1/indicators/T11?as_of=2023-12-31&limit=1"))
	if len(one.Rows) != 1 || one.Rows[0].Fact != "achievement:A1" || one.More || one.SplitSum != "1" || one.Gap != "1" {
		t.Errorf("%+v", one)
	}
	if one = decode[report.Drill](t, h.get(t, fmt.Sprintf("/v1/indicators/T11?as_of=2023-12-31&after=%d", one.Rows[0].Seq))); len(one.Rows) != 0 {
		t.Errorf("after the last: %+v", one)
	}
	if years := decode[report.Drill](t, h.get(t, "/v1/indicators/T12?as_of=2023-12-31")).Indicator.Years; len(years) != 2 {
		t.Errorf("%+v", years)
	}
	refused(t, h.get(t, "/v1/indicators/T99"), http.StatusUnprocessableEntity, "target-unknown")
	refused(t, h.get(t, "/v1/indicators?year=x"), http.StatusBadRequest, "parameter-form")
	refused(t, h.get(t, "/v1/indicators?region=229999"), http.StatusUnprocessableEntity, "region-unknown")
}

func TestLeviesAreListedAsTheyStand(t *testing.T) {
	t.Parallel()
	b := sample(t)
	b.Levy()
	h := open(t, b.Records)
	if err := h.runner.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	type levies struct {
		Levies []struct {
			Levy   string `json:"levy"`
			Status string `json:"status"`
			Paid   string `json:"paid"`
		} `json:"levies"`
	}
	all := decode[levies](t, h.get(t, "/v1/levies?year=2023")).Levies
	if len(all) != 1 || all[0].Levy != "levy:E1:2023" || all[0].Status != "owing" || all[0].Paid != "1000.00" {
		t.Errorf("%+v", all)
	}
	for target, want := range map[string]int{
		"/v1/levies?employer=E1": 1, "/v1/levies?employer=E2": 0, "/v1/levies?year=2022": 0, "/v1/levies?region=220104": 1, "/v1/levies?status=settled": 0,
		"/v1/levies?above=true": 0, "/v1/levies?after=levy:E1:2023": 0, "/v1/levies?overdue=true&on=2023-10-30": 0, "/v1/levies?overdue=true&on=2024-01-31": 1,
	} {
		if got := decode[levies](t, h.get(t, target)).Levies; len(got) != want {
			t.Errorf("%s: %+v", target, got)
		}
	}
	type incomes struct {
		Income []struct {
			Region   string `json:"region"`
			Levy     string `json:"levy"`
			Net      string `json:"net"`
			Use      string `json:"use"`
			Year     int    `json:"year"`
			Receipts int    `json:"receipts"`
		} `json:"income"`
	}
	in := decode[incomes](t, h.get(t, "/v1/levies/income")).Income
	if len(in) != 1 || in[0].Region != "220104" || in[0].Year != 2023 || in[0].Levy != "1000.00" || in[0].Net != "1000.00" || in[0].Receipts != 1 {
		t.Errorf("%+v", in)
	}
	if was := decode[incomes](t, h.get(t, "/v1/levies/income?as_of=2023-11-09")).Income; len(was) != 1 || was[0].Receipts != 0 || was[0].Net != "0.00" || was[0].Use != in[0].Use || was[0].Use == "0.00" {
		t.Errorf("the day before it came: %+v", was)
	}
	if was := decode[levies](t, h.get(t, "/v1/levies?as_of=2023-11-09")).Levies; len(was) != 1 || was[0].Paid != "0.00" {
		t.Errorf("the day before it came: %+v", was)
	}
	refused(t, h.get(t, "/v1/levies?overdue=yes"), http.StatusBadRequest, "parameter-form")
}

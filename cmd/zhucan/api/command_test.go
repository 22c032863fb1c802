package api_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"zhucan/cmd/zhucan/api"
	"zhucan/events"
	"zhucan/events/memlog"
	"zhucan/events/seal"
	"zhucan/ledger"
	"zhucan/ledger/journal"
	"zhucan/ledger/ledgertest"
	"zhucan/ledger/party"
	"zhucan/projections/sampletest"
	"zhucan/projections/vault"
	"zhucan/schema/schematest"
)

type accepted struct {
	ID        string `json:"id"`
	Seq       uint64 `json:"seq"`
	Repeats   bool   `json:"repeats"`
	Projected *bool  `json:"projected"`
}

type receipts struct {
	Receipts []struct {
		Index   int     `json:"index"`
		ID      string  `json:"id"`
		Seq     uint64  `json:"seq"`
		Repeats bool    `json:"repeats"`
		Error   problem `json:"error"`
	} `json:"receipts"`
	Accepted  int    `json:"accepted"`
	Refused   int    `json:"refused"`
	Seq       uint64 `json:"seq"`
	Projected *bool  `json:"projected"`
}

// empty is a house over a book with a policy and money, nothing projected.
func empty(t testing.TB, change ...func(*api.Config)) *house {
	t.Helper()
	return open(t, sample(t).Records[:3], change...)
}

func TestACommandIsRecordedOnceAndAnswersRepeat(t *testing.T) {
	t.Parallel()
	h := empty(t)
	for i, repeats := range []bool{false, true} {
		w := h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), as("clerk"))
		if got := decode[accepted](t, w); w.Code != http.StatusOK || got != (accepted{ID: "c1", Seq: 4, Repeats: repeats}) {
			t.Errorf("time %d: %d, %+v", i+1, w.Code, got)
		}
	}
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P8"), as("clerk")), http.StatusConflict, "command-reused")
	if last, err := h.log.Last(t.Context()); err != nil || last != 4 {
		t.Errorf("the log has %d records, %v", last, err)
	}
}

func TestWhoActsIsSaidByTheTokenAndNotByTheBody(t *testing.T) {
	t.Parallel()
	h := empty(t, func(c *api.Config) { // the vault opens it
		c.Reveal = func(context.Context, ledger.PartyID, vault.Sealed) (vault.Clear, error) { return vault.Clear{}, nil }
	})
	body := strings.Replace(person("c1", "P9"), `"id"`, `"by":"operator","id"`, 1)
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", body, as("clerk")), http.StatusBadRequest, "body-malformed")
	// A cashier's own token registers nobody.
	token, err := h.access.Add("cashier", []ledger.Role{ledger.Cashier}, now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), bearer(token)), http.StatusForbidden, "role-missing")
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), bearer(token), as("clerk")), http.StatusForbidden, "actor-named")
	// The record says who it was.
	token, err = h.access.Add("clerk", []ledger.Role{ledger.Clerk}, now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if w := h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), bearer(token)); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for r, err := range h.log.Read(t.Context(), 3) {
		if err != nil || r.Header.Get("ce-actor") != "clerk" {
			t.Errorf("record %d is by %q, %v", r.Seq, r.Header.Get("ce-actor"), err)
		}
	}
}

// A month is closed with what the books are, whoever asks for it.
func TestAMonthIsClosedWithWhatTheBooksAre(t *testing.T) {
	t.Parallel()
	b := sample(t)
	h := open(t, b.Records)
	if err := h.runner.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	april := b.Closing(ledger.PeriodOf(2023, 4))
	post := func(id string, change func(*journal.Close)) *httptest.ResponseRecorder {
		do := april
		change(&do)
		with, err := json.Marshal(do)
		if err != nil {
			t.Fatal(err)
		}
		return h.ask(t, http.MethodPost, "/v1/commands", `{"id":"`+id+`","do":"journal.close","on":"2023-08-02","with":`+string(with)+`}`, as("accountant"))
	}
	one := ledger.Total(ledger.Fen(1_00))
	for id, change := range map[string]func(*journal.Close){
		"totals": func(k *journal.Close) { k.Debits, k.Credits = one, one },
		"root":   func(k *journal.Close) { k.Root = sampletest.Hash },
		"word":   func(k *journal.Close) { k.Root = "abc" },
		"before": func(k *journal.Close) { k.Seq = 5 },
		"ahead":  func(k *journal.Close) { k.Seq += 9 },
		"none":   func(k *journal.Close) { k.Seq = 0 },
	} {
		refused(t, post(id, change), http.StatusUnprocessableEntity, "closing-books")
	}
	for i := range 2 {
		if w := post("c1", func(*journal.Close) {}); w.Code != http.StatusOK || decode[accepted](t, w).Repeats != (i == 1) {
			t.Errorf("time %d: %d %s", i+1, w.Code, w.Body)
		}
	}
	// What was done is done, whatever the books are by now.
	april.Seq++
	refused(t, post("c1", func(*journal.Close) {}), http.StatusConflict, "command-reused")
	april.Seq--
	record := `{"id":"r9","do":"payment.record","on":"2023-04-11","with":{"amount":"1.00","line":"220104/startup/levy/2023","party":"P1","payment":"R9","source":"paper"}}`
	if w := h.ask(t, http.MethodPost, "/v1/commands?wait=true", record, as("clerk")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if w := post("c1", func(*journal.Close) {}); w.Code != http.StatusOK || !decode[accepted](t, w).Repeats {
		t.Errorf("repeated later: %d %s", w.Code, w.Body)
	}
}

func TestAnArrayIsAnsweredCommandByCommand(t *testing.T) {
	t.Parallel()
	h := empty(t)
	body := "[" + strings.Join([]string{
		person("c1", "P9"),
		person("c2", "P9"), // taken
		`{"id":"c3","do":"party.unmake","on":"2023-04-20","with":{}}`,
		`{"id":"c 4","do":"party.erase","on":"2023-04-20","with":{}}`,
		`17`,
		person("c1", "P9"), // again
		`{"id":"c6","do":"party.register","on":"2023-04-20","with":{"party":"P1","more":1}}`,
		person("c7", "P7"),
	}, ",") + "]"
	w := h.ask(t, http.MethodPost, "/v1/commands", body, as("clerk"))
	got := decode[receipts](t, w)
	if w.Code != http.StatusMultiStatus || got.Accepted != 3 || got.Refused != 5 || got.Seq != 5 || len(got.Receipts) != 8 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	for i, want := range []struct {
		id, code string
		seq      uint64
		repeats  bool
	}{
		{"c1", "", 4, false}, {"c2", "party-taken", 0, false}, {"c3", "order-malformed", 0, false}, {"", "identifier-form", 0, false},
		{"", "body-malformed", 0, false}, {"c1", "", 4, true}, {"c6", "order-malformed", 0, false}, {"c7", "", 5, false},
	} {
		r := got.Receipts[i]
		if r.Index != i || r.ID != want.id || r.Error.Code != want.code || r.Seq != want.seq || r.Repeats != want.repeats {
			t.Errorf("command %d: %+v", i, r)
		}
	}
	w = h.ask(t, http.MethodPost, "/v1/commands", "["+person("c1", "P9")+"]", as("clerk"))
	if got := decode[receipts](t, w); w.Code != http.StatusOK || got.Accepted != 1 || got.Refused != 0 {
		t.Errorf("all accepted: %d %s", w.Code, w.Body)
	}
}

func TestARefusedCommandSaysTheRuleAndWhatToDo(t *testing.T) {
	t.Parallel()
	h := empty(t)
	body := `{"id":"c1","do":"budget.carry-over","on":"2023-04-20","with":{"amount":"99999999999.99","document":"示例","line":"220104/startup/levy/2023"}}`
	w := h.ask(t, http.MethodPost, "/v1/commands", body, as("accountant"))
	p := refused(t, w, http.StatusUnprocessableEntity, "budget-exceeded")
	if p.Source == "" || !strings.Contains(p.Detail, "220104/startup/levy/2023") {
		t.Errorf("the refusal is %s", w.Body)
	}
}

func TestABodyThatIsNoCommandIsRefusedWhole(t *testing.T) {
	t.Parallel()
	h := empty(t, func(c *api.Config) {
		c.Submit = submitterFunc(func(_ context.Context, rs []events.Request) ([]events.Receipt, error) {
			if len(rs) > 0 {
				return nil, errors.New("a command was submitted")
			}
			return nil, nil
		})
	})
	valid := person("c1", "P9")
	for body, want := range map[string]string{
		"":                          "body-malformed",
		"{":                         "body-malformed",
		"[]":                        "body-malformed",
		"null":                      "body-malformed",
		`"command"`:                 "body-malformed",
		valid + valid:               "body-malformed",
		`{"id":"c1","id":"c2"}`:     "body-malformed",
		"\xff":                      "body-malformed",
		strings.Repeat("[", 100000): "body-malformed",
		`{"id":"c1","do":"party.erase","on":"2023-02-30","with":{}}`:                                "date-form",
		`{"id":"c1","do":"party.erase","on":"2023-02-03","with":{},"extra":1}`:                      "body-malformed",
		`{"id":"c1","do":"party.erase","on":"2023-02-03","with":{},"intent":""}`:                    "body-malformed",
		`{"id":"c1","do":"party.erase","on":"2023-02-03","with":{},"intent":"***"}`:                 "body-malformed",
		`{"id":"c1","do":"party.erase","on":"2023-02-03","with":{},"correlation":"a\r\nNats-x: y"}`: "identifier-form",
		`{"do":"party.erase","on":"2023-02-03","with":{}}`:                                          "identifier-form",
		`{"id":"c1","do":"party.erase","on":"2023-02-03"}`:                                          "order-malformed",
	} {
		w := h.ask(t, http.MethodPost, "/v1/commands", body, as("clerk"))
		if len(body) > 200 {
			body = body[:200]
		}
		if p := decode[problem](t, w); p.Code != want || w.Code != api.StatusOf(want) {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", `"`+strings.Repeat("x", 8<<20)+`"`, as("clerk")), http.StatusRequestEntityTooLarge, "body-too-large")
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", "["+strings.Repeat("0,", 1000)+"0]", as("clerk")), http.StatusRequestEntityTooLarge, "body-too-large")
}

func TestARetryIsKnownByItsIntent(t *testing.T) {
	t.Parallel()
	h := empty(t)
	intent := base64.StdEncoding.EncodeToString([]byte("row 7 of the file"))
	with := func(sealed string) string { // sealing anew gives other bytes
		return fmt.Sprintf(`{"id":"c1","do":"party.register","on":"2023-04-20","intent":%q,"correlation":"import-1","with":{"kind":"person","party":"P9","region":"220104","sealed":%q}}`, intent, sealed)
	}
	for i, sealed := range []string{string(ledgertest.Sealed), string(ledgertest.Sealed) + "AA"} {
		w := h.ask(t, http.MethodPost, "/v1/commands", with(sealed), as("clerk"))
		if got := decode[accepted](t, w); w.Code != http.StatusOK || got.Seq != 4 || got.Repeats != (i == 1) {
			t.Errorf("time %d: %d %s", i+1, w.Code, w.Body)
		}
	}
	for r := range h.log.Read(t.Context(), 3) {
		if got := r.Header.Get("ce-correlationid"); got != "import-1" {
			t.Errorf("the record belongs to %q", got)
		}
	}
}

func TestWhatTheLogDoesBecomesAStatus(t *testing.T) {
	t.Parallel()
	for fault, want := range map[memlog.Fault]struct {
		status int
		code   string
	}{
		memlog.Full:    {http.StatusInsufficientStorage, "log-full"},
		memlog.Dropped: {http.StatusServiceUnavailable, "outcome-unknown"},
		memlog.Refused: {http.StatusInternalServerError, "fault"},
	} {
		h := empty(t)
		h.log.Fail = func(int, []events.Record) memlog.Fault { return fault }
		w := h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), as("clerk"))
		p := refused(t, w, want.status, want.code)
		if want.code == "fault" && (p.Detail != "" || !strings.Contains(h.logged.String(), p.Instance[len("urn:zhucan:request:"):])) {
			t.Errorf("a fault tells %q; logged is %s", p.Detail, h.logged)
		}
		if (want.status == http.StatusServiceUnavailable) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%s has Retry-After %q", want.code, w.Header().Get("Retry-After"))
		}
		w = h.ask(t, http.MethodPost, "/v1/commands", "["+person("c1", "P9")+"]", as("clerk"))
		if got := decode[receipts](t, w); w.Code != http.StatusMultiStatus || got.Receipts[0].Error.Code != want.code {
			t.Errorf("in an array: %d %s", w.Code, w.Body)
		}
	}
}

func TestWhatTheAppenderSaysOfAllBecomesAStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{events.ErrBusy.Of("8192 requests are waiting"), http.StatusTooManyRequests, "queue-full"},
		{events.ErrUnsure.Of("the appender stopped"), http.StatusServiceUnavailable, "outcome-unknown"},
		{fmt.Errorf("submit: %w", context.DeadlineExceeded), http.StatusServiceUnavailable, "outcome-unknown"},
	} {
		h := empty(t, func(cfg *api.Config) {
			cfg.Submit = submitterFunc(func(context.Context, []events.Request) ([]events.Receipt, error) { return nil, c.err })
		})
		w := h.ask(t, http.MethodPost, "/v1/commands", "["+person("c1", "P9")+"]", as("clerk"))
		refused(t, w, c.status, c.code)
		if w.Header().Get("Retry-After") == "" {
			t.Errorf("%s does not say when to come back", c.code)
		}
	}
}

// Every published code has one status, so that a program can act on either.
func TestEveryRefusalHasAStatus(t *testing.T) {
	t.Parallel()
	for _, r := range api.Rejections {
		if s := api.StatusOf(r.Code); s == http.StatusUnprocessableEntity || s < 400 {
			t.Errorf("%s is a refusal of the protocol with status %d", r.Code, s)
		}
	}
	for code, want := range map[string]int{
		"token-invalid": 401, "token-expired": 401, "token-revoked": 401, "actor-unknown": 403, "role-missing": 403, "duties-not-separated": 422,
		"order-malformed": 422, "command-reused": 409, "queue-full": 429, "log-full": 507, "outcome-unknown": 503, "not-found": 404,
		"budget-exceeded": 422, "access-exposed": 500,
	} {
		if got := api.StatusOf(code); got != want {
			t.Errorf("%s has status %d, not %d", code, got, want)
		}
	}
}

func TestWaitingAnswersWhenFiguresHaveTheEvent(t *testing.T) {
	t.Parallel()
	h := empty(t)
	during(t, h.runner.Run)
	w := h.ask(t, http.MethodPost, "/v1/commands?wait=true", person("c1", "P9"), as("clerk"))
	if got := decode[accepted](t, w); w.Code != http.StatusOK || got.Projected == nil || !*got.Projected {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.get(t, "/v1/trace/P9"); w.Code != http.StatusOK {
		t.Errorf("what was waited for is not shown: %d %s", w.Code, w.Body)
	}
	refused(t, h.ask(t, http.MethodPost, "/v1/commands?wait=yes", person("c1", "P9"), as("clerk")), http.StatusBadRequest, "parameter-form")
}

func TestOnlyJSONIsACommand(t *testing.T) {
	t.Parallel()
	h := empty(t)
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json, text/plain", "application/jsonx"} {
		w := h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), as("clerk"), header("Content-Type", media))
		refused(t, w, http.StatusUnsupportedMediaType, "media-type")
	}
	w := h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), as("clerk"), header("Content-Type", "application/json; charset=utf-8"))
	if w.Code != http.StatusOK {
		t.Errorf("with a charset: %d %s", w.Code, w.Body)
	}
}

func TestABodyThatEndsEarlyIsNotGuessedAt(t *testing.T) {
	t.Parallel()
	h := empty(t)
	w := h.ask(t, http.MethodPost, "/v1/commands", "", as("clerk"), func(r *http.Request) {
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(person("c1", "P9")), brokenReader{}))
	})
	refused(t, w, http.StatusBadRequest, "body-malformed")
	if last, err := h.log.Last(t.Context()); err != nil || last != 3 {
		t.Errorf("the log has %d records, %v", last, err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnErasureOnRecordDestroysTheKey(t *testing.T) {
	t.Parallel()
	fails := true
	var destroyed []string
	h := empty(t, func(c *api.Config) {
		c.Erase = func(_ context.Context, id ledger.PartyID, seq uint64) error {
			if fails {
				return errors.New("the database does not answer")
			}
			destroyed = append(destroyed, fmt.Sprint(id, " ", seq))
			return nil
		}
	})
	erase := func(id, who string) string {
		return fmt.Sprintf(`{"id":%q,"do":"party.erase","on":"2023-04-20","with":{"basis":"个人信息保护法 art. 47","party":%q}}`, id, who)
	}
	if w := h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), as("clerk")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", erase("e1", "P9"), as("clerk")), http.StatusForbidden, "role-missing")
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", erase("e1", "P9"), as("operator")), http.StatusInternalServerError, "fault")
	fails = false
	w := h.ask(t, http.MethodPost, "/v1/commands", "["+erase("e1", "P9")+","+erase("e2", "P8")+"]", as("operator"))
	if got := decode[receipts](t, w); got.Accepted != 1 || !got.Receipts[0].Repeats || fmt.Sprint(destroyed) != "[P9 5]" {
		t.Errorf("repeated: %s, destroyed %v", w.Body, destroyed)
	}
}

// What nobody can open is not recorded as sealed: neither what is in the clear, whoever
// asks, nor, from elsewhere than this machine, what the vault's key does not open.
func TestNothingPersonalIsRecordedInTheClear(t *testing.T) {
	t.Parallel()
	var v *vault.Vault
	h := empty(t, func(c *api.Config) {
		pool := schematest.New(t)
		master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"))
		if err != nil {
			t.Fatal(err)
		}
		v = vault.New(pool, master)
		if err := v.Check(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		c.Reveal = v.Reveal
	})
	token, err := h.access.Add("clerk", []ledger.Role{ledger.Clerk}, now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	// Synthetic: a birthday of 1900.
	who := seal.Person{Name: "样某", Number: "220102190001010016"}
	known, err := v.Identify(t.Context(), []vault.Identity{{Kind: seal.OfPerson, Name: who.Name, Number: string(who.Number), Party: "P1"}})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.SealPerson(known[0].Key, "P1", who)
	if err != nil {
		t.Fatal(err)
	}
	account, err := seal.SealAccount(known[0].Key, "P1", party.FirstAccount, "6217992200000000000")
	if err != nil {
		t.Fatal(err)
	}
	register := func(party string, sealed, account ledger.Sealed) string {
		return fmt.Sprintf(`{"id":"r%s","do":"party.register","on":"2023-04-20","with":{"account":%q,"kind":"person","party":%q,"sealed":%q}}`, party, account, party, sealed)
	}
	add := func(account ledger.Sealed) string {
		return fmt.Sprintf(`{"id":"a1","do":"party.add-account","on":"2023-04-20","with":{"account":%q,"party":"P1","ref":"2"}}`, account)
	}
	ask := func(body string, from call) *httptest.ResponseRecorder {
		return h.ask(t, http.MethodPost, "/v1/commands", body, from)
	}
	for _, from := range []call{as("clerk"), bearer(token)} {
		refused(t, ask(register("P1", "样某 220102190001010016", account), from), http.StatusUnprocessableEntity, "not-sealed")
		refused(t, ask(register("P1", sealed, "6217992200000000000"), from), http.StatusUnprocessableEntity, "not-sealed")
	}
	refused(t, ask(register("P2", sealed, ""), bearer(token)), http.StatusUnprocessableEntity, "not-sealed") // no key
	refused(t, ask(register("P1", ledgertest.Sealed, ""), bearer(token)), http.StatusUnprocessableEntity, "not-sealed")
	refused(t, ask(register("P1", sealed, ledgertest.Sealed), bearer(token)), http.StatusUnprocessableEntity, "not-sealed")
	if w := ask(register("P1", sealed, account), bearer(token)); w.Code != http.StatusOK {
		t.Errorf("what the vault opens: %d %s", w.Code, w.Body)
	}
	refused(t, ask(add("6217992200000000000"), as("clerk")), http.StatusUnprocessableEntity, "not-sealed")
	refused(t, ask(add(account), bearer(token)), http.StatusUnprocessableEntity, "not-sealed") // of another number
}

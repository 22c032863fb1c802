package api_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zhucan/cmd/zhucan/api"
	"zhucan/cmd/zhucan/document"
	"zhucan/events/memlog"
	"zhucan/ledger"
)

// roster is a document of an institution, which is not sealed. Synthetic.
const roster = "synthetic roster"

// withDocuments is a house whose projector runs, with a claim N1 of the institution X1
// and its roster kept.
func withDocuments(t testing.TB, change ...func(*api.Config)) *house {
	t.Helper()
	store := new(memlog.Documents)
	h := filled(t, append(change, func(c *api.Config) {
		c.Documents = &document.Keeper{Store: store, DB: c.DB, Max: 1 << 20}
	})...)
	during(t, h.runner.Run)
	submit := fmt.Sprintf(`{"id":"n1","do":"claim.submit","on":"2023-04-20","with":{"account":"1","claim":"N1","evidence":[{"hash":"%x","kind":"roster"}],"from":"2023-04","party":"X1","region":"220104","scheme":"assisted","to":"2023-04","units":1}}`, sha256.Sum256([]byte(roster)))
	if w := h.ask(t, http.MethodPost, "/v1/commands", submit, as("clerk")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if w := h.ask(t, http.MethodPost, attachRoster, roster, as("clerk")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	return h
}

const attachRoster = "/v1/claims/N1/documents/roster?id=n2&on=2023-04-20&wait=true"

func TestADocumentGoesInAndComesOut(t *testing.T) {
	t.Parallel()
	h := withDocuments(t)
	w := h.get(t, "/v1/claims/N1/documents/roster", as("first"))
	if w.Code != http.StatusOK || w.Body.String() != roster {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": "attachment", "Document-Media": "text/plain",
		"Document-Hash": fmt.Sprintf("%x", sha256.Sum256([]byte(roster))), "X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	type kept struct {
		Seq     uint64 `json:"seq"`
		Repeats bool   `json:"repeats"`
	}
	for _, target := range []string{attachRoster, strings.Replace(attachRoster, "n2", "n3", 1)} {
		if got := decode[kept](t, h.ask(t, http.MethodPost, target, roster, as("clerk"))); !got.Repeats || got.Seq == 0 {
			t.Errorf("%s again: %+v", target, got)
		}
	}
}

func TestADocumentIsRefusedWithItsStatus(t *testing.T) {
	t.Parallel()
	h := withDocuments(t)
	post := func(target, body string, by ledger.ActorID) func() *http.Response {
		return func() *http.Response { return h.ask(t, http.MethodPost, target, body, as(by)).Result() }
	}
	for name, c := range map[string]struct {
		ask    func() *http.Response
		status int
	}{
		"a cashier reads":            {func() *http.Response { return h.get(t, "/v1/claims/N1/documents/roster", as("cashier")).Result() }, http.StatusForbidden},
		"no such kind":               {func() *http.Response { return h.get(t, "/v1/claims/N1/documents/none", as("first")).Result() }, http.StatusNotFound},
		"a hash that is not there":   {func() *http.Response { return h.get(t, "/v1/claims/N1/documents/roster?hash=00", as("first")).Result() }, http.StatusNotFound},
		"a reviewer attaches":        {post("/v1/claims/N1/documents/photo?id=n4&on=2023-04-20", "x", "first"), http.StatusForbidden},
		"without a day":              {post("/v1/claims/N1/documents/photo?id=n4", "x", "clerk"), http.StatusBadRequest},
		"without an identifier":      {post("/v1/claims/N1/documents/photo?on=2023-04-20", "x", "clerk"), http.StatusBadRequest},
		"nothing":                    {post("/v1/claims/N1/documents/photo?id=n4&on=2023-04-20", "", "clerk"), http.StatusRequestEntityTooLarge},
		"too much":                   {post("/v1/claims/N1/documents/photo?id=n4&on=2023-04-20", strings.Repeat("x", 1<<20+1), "clerk"), http.StatusRequestEntityTooLarge},
		"another than stated":        {post("/v1/claims/N1/documents/roster?id=n4&on=2023-04-20", "x", "clerk"), http.StatusUnprocessableEntity},
		"a claim that is not there":  {post("/v1/claims/N9/documents/photo?id=n4&on=2023-04-20", "x", "clerk"), http.StatusUnprocessableEntity},
		"an identifier that is used": {post("/v1/claims/N1/documents/photo?id=n1&on=2023-04-20", "x", "clerk"), http.StatusConflict},
	} {
		if got := c.ask(); got.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, got.StatusCode, c.status)
		}
	}
	// An order that names an object itself gets no further than the store.
	order := fmt.Sprintf(`{"id":"n9","do":"claim.attach","on":"2023-04-20","with":{"claim":"N1","document":{"hash":"%[1]s","kind":"photo","media":"a/b","object":"O1","size":1,"stored":"%[1]s"}}}`, strings.Repeat("0", 64))
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", order, as("clerk")), http.StatusUnprocessableEntity, "document-unkept")
	// Nor does one with a token that names what is stored under another claim.
	token, err := h.access.Add("clerk-2", []ledger.Role{ledger.Clerk}, now.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Documents.Store.Put(t.Context(), "O1", []byte("x")); err != nil {
		t.Fatal(err)
	}
	order = strings.ReplaceAll(order, strings.Repeat("0", 64), fmt.Sprintf("%x", sha256.Sum256([]byte("x"))))
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", order, bearer(token)), http.StatusUnprocessableEntity, "document-unkept")
}

// A timed writer keeps until when a body is waited for.
type timed struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (w *timed) SetReadDeadline(t time.Time) error {
	w.until = t
	return nil
}

// Who may not send a document does not take a place from those who may, and who may
// gives it back though the body never ends.
func TestASlowBodyStopsNoDocuments(t *testing.T) {
	t.Parallel()
	h := withDocuments(t)
	for range 4 {
		body, _ := io.Pipe() // nothing comes
		refused(t, h.ask(t, http.MethodPost, "/v1/claims/N1/documents/photo?id=n4&on=2023-04-20", "", as("cashier"), func(r *http.Request) { r.Body = body }), http.StatusForbidden, "role-missing")
	}
	w := &timed{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:8080"+attachRoster, strings.NewReader(roster))
	bearer(localToken)(r)
	as("clerk")(r)
	h.handler.ServeHTTP(w, r)
	if left := time.Until(w.until); w.Code != http.StatusOK || left <= 0 || left > time.Minute {
		t.Errorf("%d; a body is waited for until %s", w.Code, w.until)
	}
}

func TestWhoReadWhichDocumentIsLogged(t *testing.T) {
	t.Parallel()
	h := withDocuments(t)
	if w := h.get(t, "/v1/claims/N1/documents/roster", as("first")); w.Code != http.StatusOK {
		t.Fatal(errors.New(w.Body.String()))
	}
	if got := h.logged.String(); !strings.Contains(got, `msg="document read"`) || !strings.Contains(got, "actor=first") || strings.Contains(got, roster) {
		t.Error(got)
	}
}

package api_test

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/api"
	"zhucan/ledger"
	"zhucan/ledger/ledgertest"
)

func remote(c *api.Config) { c.Loopback = false }

func none(r *http.Request) { r.Header.Del("Authorization") }

func basic(token string) call { return func(r *http.Request) { r.SetBasicAuth("anybody", token) } }

// paths is a target of every route.
var paths = map[string]string{
	"GET /{$}": "/", "GET /find": "/find?id=C1", "GET /payment/{id}": "/payment/PAY1", "GET /event/{seq}": "/event/1", "GET /style.css": "/style.css",
	"GET /healthz": "/healthz", "GET /readyz": "/readyz", "GET /metrics": "/metrics", "POST /v1/commands": "/v1/commands",
	"GET /v1/trial-balance": "/v1/trial-balance", "GET /v1/balance": "/v1/balance?account=5001", "GET /v1/register": "/v1/register?account=5001",
	"GET /v1/trace/{id}": "/v1/trace/C1", "GET /v1/events": "/v1/events", "GET /v1/events/{seq}": "/v1/events/1", "GET /v1/budgets": "/v1/budgets",
	"POST /v1/claims/{claim}/documents/{kind}": attachRoster, "GET /v1/claims/{claim}/documents/{kind}": "/v1/claims/N1/documents/roster",
	"GET /v1/claims": "/v1/claims", "GET /v1/claims/arrears": "/v1/claims/arrears", "GET /v1/claims/overpaid": "/v1/claims/overpaid",
	"GET /v1/levies": "/v1/levies", "GET /v1/levies/income": "/v1/levies/income", "GET /v1/indicators": "/v1/indicators", "GET /v1/indicators/{code}": "/v1/indicators/T01", "GET /v1/payments": "/v1/payments", "GET /v1/suspects": "/v1/suspects", "GET /v1/status": "/v1/status",
}

// open on loopback: the pages and what operators watch.
func isOpen(pattern string) bool { return !strings.Contains(pattern, " /v1/") }

func TestOnLoopbackOnlyPagesAreShownWithoutAToken(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, pattern := range api.Routes() {
		method, _, _ := strings.Cut(pattern, " ")
		body := ""
		if method == http.MethodPost {
			body = person("c1", "P9")
		}
		w := h.ask(t, method, paths[pattern], body, none)
		switch {
		case isOpen(pattern) && w.Code >= 400:
			t.Errorf("%s without a token: %d %s", pattern, w.Code, w.Body)
		case !isOpen(pattern):
			refused(t, w, http.StatusUnauthorized, "token-invalid")
			if !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s asks for %q", pattern, w.Header().Get("WWW-Authenticate"))
			}
		}
	}
}

func TestElsewhereEverythingNeedsAToken(t *testing.T) {
	t.Parallel()
	h := withDocuments(t, remote)
	token, err := h.access.Add("a1", []ledger.Role{ledger.Auditor}, now.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	askers := 0 // each from an address of its own
	for _, pattern := range append(api.Routes(), "GET /nowhere", "GET /v1/nowhere") {
		method, path, _ := strings.Cut(pattern, " ")
		target, ok := paths[pattern]
		if !ok {
			target = path
		}
		askers++
		for _, without := range []call{none, bearer("x"), basic("x"), bearer("")} {
			if w := h.ask(t, method, target, "{}", without, host("ledger.example"), from(fmt.Sprintf("192.0.2.%d:1", askers))); w.Code != http.StatusUnauthorized {
				t.Errorf("%s without a valid token: %d", pattern, w.Code)
			}
		}
		if method == http.MethodPost || !ok {
			continue
		}
		for _, with := range []call{bearer(token), basic(token)} {
			if w := h.ask(t, method, target, "", with, host("ledger.example")); w.Code >= 400 && !untargeted(w) {
				t.Errorf("%s with a token: %d %s", pattern, w.Code, w.Body)
			}
		}
	}
	if w := h.get(t, "/", none); w.Header().Get("WWW-Authenticate") != `Basic realm="zhucan", charset="UTF-8"` {
		t.Errorf("a page asks a browser for %q", w.Header().Get("WWW-Authenticate"))
	}
}

func TestATokenThatEndedOrWasRevokedLetsNobodyIn(t *testing.T) {
	t.Parallel()
	h := empty(t)
	ended, err := h.access.Add("a1", []ledger.Role{ledger.Auditor}, now)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, h.get(t, "/v1/status", bearer(ended)), http.StatusUnauthorized, "token-expired")
	revoked, err := h.access.Add("a1", []ledger.Role{ledger.Auditor}, now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.access.Revoke("a1"); err != nil {
		t.Fatal(err)
	}
	refused(t, h.get(t, "/v1/status", bearer(revoked)), http.StatusUnauthorized, "token-revoked")
	refused(t, h.get(t, "/v1/status", as("a1")), http.StatusUnauthorized, "token-revoked")
	refused(t, h.get(t, "/v1/status", as("nobody")), http.StatusForbidden, "actor-unknown")
	refused(t, h.get(t, "/v1/status", as("no body")), http.StatusUnprocessableEntity, "identifier-form")
}

func TestWithoutALocalTokenNobodyIsLocal(t *testing.T) {
	t.Parallel()
	h := empty(t, func(c *api.Config) { c.LocalToken = "" })
	for _, c := range []call{bearer(""), none, basic("")} {
		refused(t, h.get(t, "/v1/status", c, as("operator")), http.StatusUnauthorized, "token-invalid")
	}
}

func TestANameFromOutsideThatPointsHereReadsNothing(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, name := range []string{"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example:80", "0.0.0.0:8080", "", "169.254.0.1", "127.0.0.2"} {
		if w := h.get(t, "/", host(name)); w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "1011") {
			t.Errorf("as %q: %d", name, w.Code)
		}
		refused(t, h.get(t, "/v1/trial-balance", host(name)), http.StatusMisdirectedRequest, "host-unknown")
	}
	for _, name := range []string{"localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:8080"} {
		if w := h.get(t, "/", host(name)); w.Code != http.StatusOK {
			t.Errorf("as %q: %d", name, w.Code)
		}
	}
}

func TestNoOtherSiteGivesOrders(t *testing.T) {
	t.Parallel()
	h := empty(t)
	for _, foreign := range [][]call{
		{header("Origin", "https://evil.example")},
		{header("Origin", "null")},
		{header("Origin", "http://localhost:8081")},
		{header("Sec-Fetch-Site", "cross-site")},
		{header("Sec-Fetch-Site", "same-site")},
	} {
		refused(t, h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), append(foreign, as("clerk"))...), http.StatusForbidden, "cross-origin")
	}
	// What a browser sends by itself does not suffice, even from our own page.
	own := header("Origin", "http://localhost:8080")
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), own, basic(localToken)), http.StatusUnauthorized, "token-invalid")
	refused(t, h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), own, none, header("Cookie", "token="+localToken)), http.StatusUnauthorized, "token-invalid")
	if last, err := h.log.Last(t.Context()); err != nil || last != 3 {
		t.Errorf("the log has %d records, %v", last, err)
	}
	if w := h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), own, as("clerk")); w.Code != http.StatusOK {
		t.Errorf("a program on this machine: %d %s", w.Code, w.Body)
	}
}

func TestEveryAnswerCarriesSecurityHeaders(t *testing.T) {
	t.Parallel()
	h := filled(t)
	for _, target := range []string{"/", "/style.css", "/v1/status", "/nowhere", "/v1/nowhere", "/metrics"} {
		w := h.get(t, target)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control": map[bool]string{true: "max-age=300", false: "no-store"}[target == "/style.css"], "Strict-Transport-Security": "",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", target, name, got)
			}
		}
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "form-action 'self'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") {
			t.Errorf("%s: policy %q", target, csp)
		}
		if len(w.Header().Get("Request-Id")) < 16 {
			t.Errorf("%s: request %q", target, w.Header().Get("Request-Id"))
		}
	}
}

func TestOverTLSABrowserIsToldToStayThere(t *testing.T) {
	t.Parallel()
	w := empty(t).get(t, "/healthz", func(r *http.Request) { r.TLS = &tls.ConnectionState{} })
	if got := w.Header().Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("got %q", got)
	}
}

func TestAnAddressThatDoesNotExistAndAWrongMethodAreToldApart(t *testing.T) {
	t.Parallel()
	h := empty(t)
	refused(t, h.get(t, "/v1/nowhere"), http.StatusNotFound, "address-unknown")
	w := h.get(t, "/v1/commands")
	refused(t, w, http.StatusMethodNotAllowed, "method")
	if w.Header().Get("Allow") != "POST" {
		t.Errorf("allowed is %q", w.Header().Get("Allow"))
	}
	refused(t, h.ask(t, http.MethodDelete, "/v1/events/1", ""), http.StatusMethodNotAllowed, "method")
	w = h.get(t, "/nowhere")
	if w.Code != http.StatusNotFound || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("a page that does not exist: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}

func TestTheLogSaysWhatWasAskedButNeitherTokensNorBodies(t *testing.T) {
	t.Parallel()
	h := filled(t)
	token, err := h.access.Add("a1", []ledger.Role{ledger.Auditor}, now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	const secret = "c2VjcmV0"
	w := h.ask(t, http.MethodPost, "/v1/commands", strings.Replace(person("c1", "P9"), string(ledgertest.Sealed), secret, 2), as("clerk"))
	h.get(t, "/v1/status", bearer(token))
	h.get(t, "/v1/payments?party="+secret)
	h.get(t, "/payment/"+secret)
	h.get(t, "/nowhere/"+secret+"%0Alevel=ERROR")
	h.get(t, "/v1/payments?"+secret+"=1")
	log := h.logged.String()
	for _, never := range []string{secret, token, localToken, base64.StdEncoding.EncodeToString([]byte("anybody:" + token)), "level=ERROR"} {
		if strings.Contains(log, never) {
			t.Errorf("logged %q: %s", never, log)
		}
	}
	for _, want := range []string{
		"request=" + w.Header().Get("Request-Id"), `route="POST /v1/commands"`, "actor=clerk", "actor=a1", "status=404", "code=parameter-unknown", "route=none",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("not logged %s: %s", want, log)
		}
	}
	if lines := strings.Count(log, "\n"); lines != 6 {
		t.Errorf("%d lines for 6 requests: %s", lines, log)
	}
}

func TestAnExposedAccessFileLetsNobodyIn(t *testing.T) {
	t.Parallel()
	h := empty(t)
	chmod(t, h, 0o644)
	refused(t, h.get(t, "/v1/status"), http.StatusInternalServerError, "access-exposed")
}

// untargeted tells whether an answer says that the policy has no targets, as the story's.
func untargeted(w *httptest.ResponseRecorder) bool {
	return strings.Contains(w.Body.String(), `"target-unknown"`)
}

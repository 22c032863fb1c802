package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"zhucan/cmd/zhucan/api"
	"zhucan/events"
	"zhucan/projections/sampletest"
)

type readiness struct {
	Ready   bool `json:"ready"`
	Reasons []struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	} `json:"reasons"`
}

func (h *house) readiness(t *testing.T, status int, codes ...string) {
	t.Helper()
	w := h.get(t, "/readyz")
	got := decode[readiness](t, w)
	if w.Code != status || got.Ready != (status == http.StatusOK) || len(got.Reasons) != len(codes) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for i, code := range codes {
		if got.Reasons[i].Code != code {
			t.Errorf("reason %d is %s, not %s", i+1, got.Reasons[i].Code, code)
		}
	}
}

func TestAServerThatIsUpToDateIsReady(t *testing.T) {
	t.Parallel()
	h := filled(t, func(c *api.Config) { c.Vault = func() error { return nil } })
	h.readiness(t, http.StatusOK)
	if w := h.get(t, "/healthz"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "alive") {
		t.Errorf("alive: %d %s", w.Code, w.Body)
	}
}

func TestAServerWhoseFiguresLagIsNotReady(t *testing.T) {
	t.Parallel()
	records := sample(t).Records
	h := open(t, records[:10], func(c *api.Config) { c.MaxLag = 82 })
	if err := h.runner.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	sampletest.Extend(t, h.log, records[:91])
	h.readiness(t, http.StatusOK)
	sampletest.Extend(t, h.log, records)
	h.readiness(t, http.StatusServiceUnavailable, "projection-behind")
	if got := decode[map[string]any](t, h.get(t, "/v1/status")); got["head_seq"] != 92.0 || got["projected_seq"] != 10.0 || got["lag_events"] != 82.0 {
		t.Errorf("status %v", got)
	}
	w := h.get(t, "/")
	if body := w.Body.String(); !strings.Contains(body, "落后 82 条") {
		t.Errorf("the overview does not say how far it is behind: %d", w.Code)
	}
}

func TestAProjectionThatStandsStillIsSaidEverywhere(t *testing.T) {
	t.Parallel()
	h := filled(t)
	poison := events.Record{Subject: "book.220000.claim", Header: events.Header{{Key: "ce-type", Value: "claim.unheard-of.v1"}}, Data: []byte("{}")}
	if _, err := h.log.Append(t.Context(), 92, poison); err != nil {
		t.Fatal(err)
	}
	if err := h.runner.CatchUp(t.Context()); err == nil {
		t.Fatal("a record of an unknown type is projected")
	}
	h.readiness(t, http.StatusServiceUnavailable, "projection-halted")
	if got := decode[map[string]any](t, h.get(t, "/v1/status")); got["halted"] != true || got["reason"] != "poison" {
		t.Errorf("status %v", got)
	}
	if body := h.get(t, "/").Body.String(); !strings.Contains(body, "已停止: 有记录无法入账") {
		t.Error("the overview does not say so")
	}
	if body := h.get(t, "/metrics").Body.String(); !strings.Contains(body, `zhucan_projection_halted{reason="poison"} 1`) {
		t.Error("the metrics do not say so")
	}
}

func TestAnIncompleteVaultAndAClosedDatabaseAreNotReady(t *testing.T) {
	t.Parallel()
	h := filled(t, func(c *api.Config) { c.Vault = func() error { return errors.New("three keys are missing") } })
	h.readiness(t, http.StatusServiceUnavailable, "vault-incomplete")
	h.pool.Close()
	h.readiness(t, http.StatusServiceUnavailable, "database-unreachable", "vault-incomplete")
	refused(t, h.get(t, "/v1/trial-balance"), http.StatusInternalServerError, "fault")
	if body := h.get(t, "/metrics").Body.String(); !strings.Contains(body, "zhucan_log_reachable 0") {
		t.Error("the metrics do not say that the read models do not answer")
	}
}

func TestMetricsCountByClosedSets(t *testing.T) {
	t.Parallel()
	h := filled(t)
	h.ask(t, http.MethodPost, "/v1/commands", person("c1", "P9"), as("clerk"))
	h.ask(t, http.MethodPost, "/v1/commands", person("c2", "P9"), as("clerk"))
	h.ask(t, http.MethodPost, "/v1/commands", `{"id":"c3","do":"c2VjcmV0","on":"2023-04-20","with":{}}`, as("clerk"))
	h.get(t, "/payment/c2VjcmV0")
	h.get(t, "/c2VjcmV0")
	w := h.get(t, "/metrics")
	body := w.Body.String()
	for _, want := range []string{
		`zhucan_commands_total{code="accepted",do="party.register"} 1`,
		`zhucan_commands_total{code="party-taken",do="party.register"} 1`,
		`zhucan_commands_total{code="order-malformed",do="unknown"} 1`,
		`zhucan_http_requests_total{route="GET /payment/{id}",status="404"} 1`,
		`zhucan_http_requests_total{route="none",status="404"} 1`,
		`zhucan_append_seconds_count{outcome="appended"} 1`,
		"zhucan_head_seq 93", "zhucan_projected_seq 92", "zhucan_lag_events 1", "zhucan_log_reachable 1",
		`zhucan_projection_halted{reason="gap"} 0`, "go_goroutines",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("not counted: %s", want)
		}
	}
	if strings.Contains(body, "c2VjcmV0") || strings.Contains(body, `"P9"`) {
		t.Error("what was asked is a label")
	}
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("metrics are %s", w.Header().Get("Content-Type"))
	}
}
